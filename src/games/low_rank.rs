//! Low-rank preferences: a score $S = U V^T - V U^T$ of rank $2r$ and a link, never stored as a matrix.
//!
//! | link | $A_{ij}$ | one query |
//! |---|---|---|
//! | `logistic` | $\tfrac12\tanh(S_{ij}/2)$ | $Y^2/2$ scores and links by tiles, $O(Y^2 r)$ |
//! | `linear` | $S_{ij}$, an error where $\lvert S_{ij}\rvert > \tfrac12$ | $U(V^T o) - V(U^T o)$, $O(Y r)$ |
//!
//! Memory: the factors, $16 Y r$ bytes, and one tile a thread. A tile of the upper triangle serves both its rows and its
//! columns; tiles of one row band are reduced in order, so the bits do not depend on the number of threads.
//! The range of a linear link is validated at construction by tiles, $O(Y^2 r)$ once.

use super::payoff::Payoff;
use super::preference::Preference;
use crate::numerics::lanes::{Kernel, Lanes, dispatch, exp8};
use crate::numerics::sum::dot;
use crate::{Error, Result};
use rayon::prelude::*;

/// How a score becomes a preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// $P = \sigma(S)$.
    Logistic,
    /// $P = \tfrac12 + S$.
    Linear,
}

/// A validated low-rank preference.
///
/// ```
/// use tilt::games::{low_rank::{Link, LowRank}, payoff::Payoff};
/// let game = LowRank::new(&[vec![0.5], vec![0.0]], &[vec![0.0], vec![1.0]], Link::Linear)?;
/// let mut payoff = [0.0; 2];
/// game.apply(&[0.5, 0.5], &mut payoff);
/// assert_eq!(payoff, [0.25, -0.25]);
/// # Ok::<(), tilt::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LowRank {
    size: usize,
    rank: usize,
    link: Link,
    /// $[U, V]$ by factor: entry $k Y + i$ is $U_{ik}$ for $k < r$, $V_{i,k-r}$ beyond.
    factors: Vec<f64>,
}

impl LowRank {
    /// A preference from the factors $U$, $V$, each $Y$ rows of length $r$.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `U` or `V`: empty, ragged, of different shape or not finite; or a linear link that
    /// leaves $[0, 1]$.
    pub fn new(u: &[Vec<f64>], v: &[Vec<f64>], link: Link) -> Result<LowRank> {
        let size = u.len();
        let rank = u.first().map_or(0, Vec::len);
        if size == 0 || rank == 0 {
            return Err(Error::invalid("U", "empty", "at least one row of at least one factor"));
        }
        if v.len() != size {
            return Err(Error::invalid("V", format!("{} rows", v.len()), format!("{size} rows, as U")));
        }
        for (name, factor) in [("U", u), ("V", v)] {
            for (i, row) in factor.iter().enumerate() {
                if row.len() != rank {
                    let expected = format!("{rank} factors, as U[0]");
                    return Err(Error::invalid(format!("{name}[{i}]"), format!("a row of {}", row.len()), expected));
                }
                if let Some(k) = row.iter().position(|x| !x.is_finite()) {
                    return Err(Error::invalid(format!("{name}[{i}][{k}]"), row[k], "a finite number"));
                }
            }
        }
        let column = |k: usize| (0..size).map(move |i| if k < rank { u[i][k] } else { v[i][k - rank] });
        LowRank::from_factors(size, rank, (0..2 * rank).flat_map(column).collect(), link)
    }

    /// As [`new`](Self::new), from $[U, V]$ column by column (each column of length `size`).
    ///
    /// # Errors
    /// As [`new`](Self::new), about `factors`.
    pub fn from_factors(size: usize, rank: usize, factors: Vec<f64>, link: Link) -> Result<LowRank> {
        let game = LowRank::from_factors_unchecked(size, rank, factors, link)?;
        if link == Link::Linear
            && let Some((i, j, score)) = game.outside()
        {
            let found = format!("of score {score} at ({i}, {j})");
            return Err(Error::invalid("U", found, "U V^T - V U^T in [-1/2, 1/2] for a linear link"));
        }
        Ok(game)
    }

    /// As [`from_factors`](Self::from_factors), without the $O(Y^2 r)$ check of a linear link's range: for factors whose
    /// scores are known to be at most 1/2.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `factors`.
    pub fn from_factors_unchecked(size: usize, rank: usize, factors: Vec<f64>, link: Link) -> Result<LowRank> {
        if size == 0 || rank == 0 || factors.len() != 2 * rank * size || factors.iter().any(|x| !x.is_finite()) {
            return Err(Error::invalid("factors", format!("{} numbers", factors.len()), "2 r Y finite numbers"));
        }
        Ok(LowRank { size, rank, link, factors })
    }

    /// The rank parameter $r$: $S$ has rank at most $2r$.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The link.
    pub fn link(&self) -> Link {
        self.link
    }

    /// Factor $k$ of $[U, V]$, a vector over actions.
    pub fn factor(&self, k: usize) -> &[f64] {
        &self.factors[k * self.size..][..self.size]
    }

    fn score(&self, i: usize, j: usize) -> f64 {
        (0..self.rank)
            .map(|k| {
                let (u, v) = (self.factor(k), self.factor(k + self.rank));
                u[i] * v[j] - v[i] * u[j]
            })
            .sum()
    }

    /// $A_{ij}$.
    pub fn advantage(&self, i: usize, j: usize) -> f64 {
        match self.link {
            Link::Logistic => 0.5 * (0.5 * self.score(i, j)).tanh(),
            Link::Linear => self.score(i, j),
        }
    }

    /// The first pair whose linear preference leaves $[0, 1]$ beyond rounding.
    fn outside(&self) -> Option<(usize, usize, f64)> {
        (0..self.size).into_par_iter().find_map_first(|i| {
            let mut scores = vec![0.0; self.size - i];
            self.scores(i, i, &mut scores);
            let j = scores.iter().position(|s| s.is_nan() || s.abs() > 0.5 + 1e-12)?;
            Some((i, i + j, scores[j]))
        })
    }

    /// Scores of row `i` against the columns from `first` on.
    fn scores(&self, i: usize, first: usize, out: &mut [f64]) {
        out.fill(0.0);
        for k in 0..self.rank {
            let (u, v) = (self.factor(k), self.factor(k + self.rank));
            let (own_u, own_v) = (u[i], v[i]);
            let (u, v) = (&u[first..first + out.len()], &v[first..first + out.len()]);
            for (out, (u, v)) in out.iter_mut().zip(u.iter().zip(v)) {
                *out += own_u * v - own_v * u;
            }
        }
    }

    /// The preference as a dense matrix.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above 2^27 entries (one gibibyte).
    pub fn dense(&self) -> Result<Preference> {
        let entries = (self.size as f64) * (self.size as f64);
        if entries > 134_217_728.0 {
            return Err(Error::too_large("a dense preference matrix", entries, 134_217_728.0, "entries"));
        }
        Ok(Preference::from_upper(self.size, |i, j| self.advantage(i, j)))
    }

    fn apply_linear(&self, policy: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for k in 0..self.rank {
            let (u, v) = (self.factor(k), self.factor(k + self.rank));
            let (along_u, along_v) = (dot(u, policy), dot(v, policy));
            for (out, (u, v)) in out.iter_mut().zip(u.iter().zip(v)) {
                *out += u * along_v - v * along_u;
            }
        }
    }

    /// Row bands against tiles of the upper triangle; each band returns its contribution to all later actions.
    fn apply_logistic(&self, policy: &[f64], out: &mut [f64]) {
        let bands: Vec<usize> = (0..self.size).step_by(BAND).collect();
        out.fill(0.0);
        // A few bands at a time: the memory of their contributions is bounded by a constant times Y.
        for group in bands.chunks(GROUP) {
            let parts: Vec<Vec<f64>> = group.par_iter().map(|&first| self.band(first, policy)).collect();
            for (&first, part) in group.iter().zip(&parts) {
                for (out, part) in out[first..].iter_mut().zip(part) {
                    *out += part;
                }
            }
        }
    }

    fn band(&self, first: usize, policy: &[f64]) -> Vec<f64> {
        let mut part = vec![0.0; self.size - first];
        let last = (first + BAND).min(self.size);
        let mut tile = vec![0.0; TILE];
        for left in (first..self.size).step_by(TILE) {
            let right = (left + TILE).min(self.size);
            for i in first..last {
                let start = left.max(i + 1);
                if start >= right {
                    continue;
                }
                let tile = &mut tile[..right - start];
                self.scores(i, start, tile);
                part[i - first] += dispatch(LogisticRow {
                    scores: tile,
                    policy: &policy[start..right],
                    own: policy[i],
                    out: &mut part[start - first..right - first],
                });
            }
        }
        part
    }
}

/// Rows of a band, columns of a tile, bands in flight.
const BAND: usize = 64;
const TILE: usize = 1024;
const GROUP: usize = 16;

/// One row of a tile: returns $\sum_j a_j o_j$ and subtracts $a_j o_i$ from the columns, $a_j = \tfrac12\tanh(s_j/2)$.
struct LogisticRow<'a> {
    scores: &'a [f64],
    policy: &'a [f64],
    own: f64,
    out: &'a mut [f64],
}

/// $\tfrac12\tanh(s/2) = \tfrac12 (1 - e^{-s})/(1 + e^{-s})$ on the side where nothing overflows.
#[inline(always)]
fn half_tanh(s: Lanes) -> Lanes {
    let e = exp8(s.map(|s| -s.abs()));
    let mut a = [0.0; 8];
    for lane in 0..8 {
        a[lane] = (0.5 * (1.0 - e[lane]) / (1.0 + e[lane])).copysign(s[lane]);
    }
    a
}

impl Kernel for LogisticRow<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let (scores, scores_rest) = self.scores.as_chunks::<8>();
        let (policy, policy_rest) = self.policy.as_chunks::<8>();
        let (out, out_rest) = self.out.as_chunks_mut::<8>();
        let mut total: Lanes = [0.0; 8];
        for ((s, o), out) in scores.iter().zip(policy).zip(out) {
            let a = half_tanh(*s);
            for lane in 0..8 {
                total[lane] += a[lane] * o[lane];
                out[lane] -= a[lane] * self.own;
            }
        }
        for (((s, o), out), total) in scores_rest.iter().zip(policy_rest).zip(out_rest).zip(&mut total) {
            let a = half_tanh([*s; 8])[0];
            *total += a * o;
            *out -= a * self.own;
        }
        crate::numerics::lanes::sum8(total)
    }
}

impl Payoff for LowRank {
    fn size(&self) -> usize {
        self.size
    }

    fn apply(&self, policy: &[f64], out: &mut [f64]) {
        match self.link {
            Link::Linear => self.apply_linear(policy, out),
            Link::Logistic => self.apply_logistic(policy, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(size: usize, rank: usize, scale: f64) -> Vec<f64> {
        (0..2 * rank * size).map(|i| scale * ((i * i) as f64 * 0.37).sin()).collect()
    }

    #[test]
    fn streamed_tiles_are_the_dense_product() {
        for (size, link, scale) in
            [(1, Link::Logistic, 1.0), (63, Link::Linear, 0.3), (200, Link::Logistic, 2.0), (2100, Link::Logistic, 1.0)]
        {
            let game = LowRank::from_factors(size, 2, factors(size, 2, scale), link).unwrap();
            let dense = game.dense().unwrap();
            let policy: Vec<f64> = (0..size).map(|i| (1.5 + (i as f64).sin()) / (1.5 * size as f64)).collect();
            let (mut streamed, mut product) = (vec![0.0; size], vec![0.0; size]);
            game.apply(&policy, &mut streamed);
            dense.apply(&policy, &mut product);
            // Sums of Y terms of size 1/Y, added in two orders: Y u at most.
            for (a, b) in streamed.iter().zip(&product) {
                assert!((a - b).abs() < 2e-15, "{size}: {a} {b}");
            }
        }
    }

    #[test]
    fn malformed_factors_are_errors() {
        let fine = vec![vec![1.0], vec![0.0]];
        assert!(LowRank::new(&[], &[], Link::Linear).is_err());
        assert!(LowRank::new(&fine, &[vec![0.0]], Link::Logistic).is_err());
        assert!(LowRank::new(&fine, &[vec![0.0], vec![f64::NAN]], Link::Logistic).is_err());
        assert!(LowRank::new(&fine, &[vec![0.0], vec![0.0, 1.0]], Link::Logistic).is_err());
        let error = LowRank::new(&fine, &[vec![0.0], vec![2.0]], Link::Linear).unwrap_err().to_string();
        assert!(error.starts_with("U is of score 2 at (0, 1)"), "{error}");
        assert!(LowRank::new(&fine, &[vec![0.0], vec![2.0]], Link::Logistic).is_ok());
    }
}
