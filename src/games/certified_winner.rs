//! A von Neumann winner with its certificate: the fast exact answer for a game of hundreds of actions, by two methods.
//!
//! **By support** ([`certified_winner`]): the [central path](super::central_path) is followed until the actions with
//! $\pi_i > s_i$, an odd number of them, carry a policy with $A_{SS}\pi = 0$, $\pi \ge 0$ and $A\pi \le 0$, solved by LU: about ten
//! factorisations. Where there are several winners no such system is regular, and the path is followed to its end.
//!
//! **By pivots** ([`simplex_winner`]): with $B = A + \mathbf 1\mathbf 1^T > 0$: maximise $\sum x$ subject to $B x \le 1$, $x \ge 0$. The value of a symmetric game is
//! 1 there, so $\sum x = 1$ and $A x \le 0$. The tableau is condensed, $(Y+1)^2$ numbers exchanged in place, a pivot one pass
//! over it in lanes; the entering column has the largest gain, and Bland's rule takes over while the method stands still, so
//! that it cannot cycle. The last basis is solved afresh by LU, so the rounding of the pivots does not enter.
//!
//! The certificate is the exploitability $\max_y (A\pi)_y$ of the answer, an upper bound on its distance from value 0,
//! about 1e-16. Any winner may be returned where there are several: [`von_neumann`](super::von_neumann) breaks ties.
//! $O(Y^2)$ a pivot, about $Y$ pivots. Source: von Neumann (1947), Dantzig (1951); Bland (1977).

use super::central_path::follow;
use super::game::exploitability;
use super::payoff::Payoff;
use super::preference::Preference;
use super::von_neumann::winner_set;
use crate::numerics::factorised::Factorised;
use crate::numerics::lanes::{Kernel, dispatch};
use crate::numerics::sum::sum;
use crate::{Error, Result};

/// A winner with its certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct CertifiedWinner {
    /// The policy.
    pub policy: Vec<f64>,
    /// The largest advantage of an action against it.
    pub exploitability: f64,
    /// Pivots, or points of the central path.
    pub pivots: usize,
}

/// Reduced costs below this are rounding.
const COST: f64 = 1e-13;
/// Pivots below this are rounding.
const TOLERANCE: f64 = 1e-11;

/// A von Neumann winner of a preference, by its support.
///
/// # Errors
/// [`Error::NotConverged`] if neither a support nor the end of the central path gives a certificate below 1e-13.
///
/// ```
/// use tilt::games::{certified_winner::certified_winner, families::cyclic};
/// let winner = certified_winner(&cyclic(5, 1.0)?)?;
/// assert!(winner.exploitability < 1e-15 && winner.policy.iter().all(|p| (p - 0.2).abs() < 1e-15));
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn certified_winner(preference: &Preference) -> Result<CertifiedWinner> {
    let mut found = None;
    let mut steps = 0;
    let mut last: Vec<usize> = Vec::new();
    follow(preference, 1e-12, |policy, slack, _| {
        steps += 1;
        let support: Vec<usize> = (0..policy.len()).filter(|&i| policy[i] > slack[i]).collect();
        // A support that has already failed is not tried again.
        if support.len() % 2 == 1 && support != last {
            found = on_support(preference, &support);
            last = support;
        }
        found.is_some()
    })?;
    let policy = match found {
        Some(policy) => policy,
        None => winner_set(preference)?.centre,
    };
    let exploitability = exploitability(preference, &policy);
    Ok(CertifiedWinner { policy, exploitability, pivots: steps })
}

/// The policy on an odd support with $A_{SS}\pi = 0$, if it is one and nothing beats it beyond 1e-13.
fn on_support(preference: &Preference, support: &[usize]) -> Option<Vec<f64>> {
    let k = support.len();
    // A_SS is skew of odd order: the last equation follows from the others and makes room for the sum.
    let row = |&i: &usize| support.iter().map(move |&j| preference.advantage(i, j));
    let mut matrix: Vec<f64> = support[..k - 1].iter().flat_map(row).collect();
    matrix.extend(vec![1.0; k]);
    let mut right = vec![0.0; k];
    right[k - 1] = 1.0;
    let solution = Factorised::new(&matrix, k).ok()?.solve(&right).ok()?;
    if solution.iter().any(|x| x.is_nan() || *x < 0.0) {
        return None;
    }
    let mut policy = vec![0.0; preference.size()];
    support.iter().zip(&solution).for_each(|(&i, x)| policy[i] = *x);
    (exploitability(preference, &policy) <= 1e-13).then_some(policy)
}

/// A von Neumann winner of a preference, by the simplex method.
///
/// # Errors
/// [`Error::NotConverged`] if the pivots do not end, or the certificate of the last basis is above 1e-12.
pub fn simplex_winner(preference: &Preference) -> Result<CertifiedWinner> {
    let n = preference.size();
    let width = (n + 1).next_multiple_of(8);
    let mut tableau = Tableau::new(preference, width);
    let mut pivots = 0;
    let mut still = 0;
    let mut value = 0.0;
    while let Some(column) = tableau.entering(still > 20) {
        let Some(row) = tableau.leaving(column, still > 20) else { break };
        tableau.pivot(row, column);
        pivots += 1;
        still = if tableau.value() > value + 1e-13 { 0 } else { still + 1 };
        value = tableau.value();
        if pivots > 50 * (n + 20) {
            return Err(unfinished(pivots, value - 1.0));
        }
    }
    let policy = tableau.basic_solution(preference)?;
    let exploitability = exploitability(preference, &policy);
    if exploitability.is_nan() || exploitability > 1e-12 {
        return Err(unfinished(pivots, exploitability));
    }
    Ok(CertifiedWinner { policy, exploitability, pivots })
}

fn unfinished(iterations: usize, residual: f64) -> Error {
    Error::NotConverged { method: "the simplex method for the game".into(), iterations, residual, tolerance: 1e-12 }
}

/// Rows $0..Y$ are constraints, row $Y$ the objective; column $Y$ the right side.
struct Tableau {
    size: usize,
    width: usize,
    entries: Vec<f64>,
    /// What each row and each column stands for: actions below `size`, slacks from there on.
    row_names: Vec<usize>,
    column_names: Vec<usize>,
}

impl Tableau {
    fn new(preference: &Preference, width: usize) -> Tableau {
        let n = preference.size();
        let mut entries = vec![0.0; (n + 1) * width];
        for i in 0..n {
            let row = &mut entries[i * width..][..width];
            row.iter_mut().zip(preference.row(i)).for_each(|(entry, a)| *entry = 1.0 + a);
            row[n] = 1.0;
        }
        entries[n * width..][..n].fill(-1.0);
        Tableau { size: n, width, entries, row_names: (n..2 * n).collect(), column_names: (0..n).collect() }
    }

    fn objective(&self) -> &[f64] {
        &self.entries[self.size * self.width..][..self.size]
    }

    fn value(&self) -> f64 {
        self.entries[self.size * self.width + self.size]
    }

    fn entering(&self, careful: bool) -> Option<usize> {
        let improving = self.objective().iter().enumerate().filter(|(_, cost)| **cost < -COST);
        if careful {
            improving.min_by_key(|(column, _)| self.column_names[*column]).map(|(column, _)| column)
        } else {
            improving.min_by(|a, b| a.1.total_cmp(b.1)).map(|(column, _)| column)
        }
    }

    fn leaving(&self, column: usize, careful: bool) -> Option<usize> {
        let mut best: Option<(f64, f64, usize)> = None;
        for row in 0..self.size {
            let entry = self.entries[row * self.width + column];
            if entry <= TOLERANCE {
                continue;
            }
            let ratio = self.entries[row * self.width + self.size].max(0.0) / entry;
            let better = match best {
                None => true,
                Some((least, pivot, other)) => {
                    if (ratio - least).abs() <= 1e-12 * least.max(1e-3) {
                        if careful { self.row_names[row] < self.row_names[other] } else { entry > pivot }
                    } else {
                        ratio < least
                    }
                }
            };
            if better {
                best = Some((ratio, entry, row));
            }
        }
        best.map(|(_, _, row)| row)
    }

    fn pivot(&mut self, row: usize, column: usize) {
        dispatch(Exchange { entries: &mut self.entries, width: self.width, row, column });
        std::mem::swap(&mut self.row_names[row], &mut self.column_names[column]);
    }

    /// Solves the basis afresh: actions in the basis against the constraints without slack.
    fn basic_solution(&self, preference: &Preference) -> Result<Vec<f64>> {
        let n = self.size;
        let actions: Vec<usize> = self.row_names.iter().copied().filter(|name| *name < n).collect();
        let tight: Vec<usize> = self.column_names.iter().filter(|name| **name >= n).map(|name| name - n).collect();
        let k = actions.len();
        if k == 0 || k != tight.len() {
            return Err(unfinished(0, 1.0));
        }
        let matrix: Vec<f64> =
            tight.iter().flat_map(|&i| actions.iter().map(move |&j| 1.0 + preference.advantage(i, j))).collect();
        let solution = Factorised::new(&matrix, k)?.solve(&vec![1.0; k])?;
        let mut policy = vec![0.0; n];
        // Degenerate basics may be -1e-17.
        actions.iter().zip(&solution).for_each(|(&i, x)| policy[i] = x.max(0.0));
        let total = sum(policy.iter().copied());
        policy.iter_mut().for_each(|p| *p /= total);
        Ok(policy)
    }
}

/// The exchange of a basic and a non-basic variable, in place.
struct Exchange<'a> {
    entries: &'a mut [f64],
    width: usize,
    row: usize,
    column: usize,
}

impl Kernel for Exchange<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (width, row, column) = (self.width, self.row, self.column);
        let inverse = 1.0 / self.entries[row * width + column];
        let mut own: Vec<f64> = self.entries[row * width..][..width].to_vec();
        own.iter_mut().for_each(|x| *x *= inverse);
        for (i, other) in self.entries.chunks_exact_mut(width).enumerate() {
            let factor = other[column];
            if i == row || factor == 0.0 {
                continue;
            }
            let (other_lanes, own_lanes) = (other.as_chunks_mut::<8>().0, own.as_chunks::<8>().0);
            for (x, y) in other_lanes.iter_mut().zip(own_lanes) {
                for lane in 0..8 {
                    x[lane] -= factor * y[lane];
                }
            }
            other[column] = -factor * inverse;
        }
        own[column] = inverse;
        self.entries[row * width..][..width].copy_from_slice(&own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::{sign_random, sine, uniform_random};
    use crate::games::von_neumann::winner_set;
    use crate::sampling::Address;

    #[test]
    fn pivots_against_the_interior_point() {
        let address = Address::new(2, "test", "simplex");
        for seed in 0..30 {
            let mut stream = address.stream(seed);
            let size = 1 + (seed as usize * 7) % 60;
            let game = match seed % 3 {
                0 => uniform_random(size, &mut stream),
                1 => sign_random(size, &mut stream),
                _ => sine(size),
            };
            let by_support = certified_winner(&game).unwrap();
            assert!(by_support.exploitability <= 1e-13 && by_support.policy.iter().all(|p| *p >= 0.0));
            let winner = simplex_winner(&game).unwrap();
            // Reduced costs are exact to their tolerance, times the sum of a few.
            assert!(
                winner.exploitability <= 5e-13 && winner.policy.iter().all(|p| *p >= 0.0),
                "{seed} {}",
                winner.exploitability
            );
            let set = winner_set(&game).unwrap();
            if set.directions.is_empty() {
                for (i, b) in set.centre.iter().enumerate() {
                    let (a, c) = (winner.policy[i], by_support.policy[i]);
                    assert!((a - b).abs() < 1e-10 && (c - b).abs() < 1e-10, "{seed}: {a} {b} {c}");
                }
            }
        }
    }

    #[test]
    fn degenerate_games_end() {
        for size in [2, 5, 30] {
            let ties = Preference::from_upper(size, |_, _| 0.0);
            assert!(simplex_winner(&ties).unwrap().exploitability <= 1e-15);
            assert!(certified_winner(&ties).unwrap().exploitability <= 1e-15);
            let ladder = Preference::from_upper(size, |i, j| if j == i + 1 { 0.25 } else { 0.0 });
            assert!(simplex_winner(&ladder).unwrap().exploitability <= 1e-15);
            assert!(certified_winner(&ladder).unwrap().exploitability <= 1e-13);
        }
    }
}
