//! Preference models as dense matrices: $P_{ij} = \Pr(i \succ j)$ on actions $0..Y-1$, $P + P^T = 1$.
//!
//! Everything is computed from the advantage $A = P - \tfrac12$, $|A| \le \tfrac12$: adding a constant to $P\pi$ changes no
//! policy, and $A$ is better conditioned. $A$ is kept **as given** (skew to 1e-9); where it is skew to the last bit, the
//! payoff $A\pi$ reads only its upper triangle, kept a second time in reading order: 12 bytes an entry in all.

use super::payoff::{Payoff, SkewTiles, full_pass};
use crate::numerics::sum::dot;
use crate::{Error, Result};

/// The largest $|P + P^T - 1|$ accepted.
const SKEW_TOLERANCE: f64 = 1e-9;
/// How far outside $[0, 1]$ an entry may lie.
const RANGE_TOLERANCE: f64 = 1e-12;
/// From this many actions on a skew matrix is read by its upper triangle.
const HALF_PASS: usize = 64;

/// A validated preference matrix.
///
/// ```
/// use tilt::games::preference::Preference;
/// let rock_paper_scissors = Preference::new(&[vec![0.5, 1.0, 0.0], vec![0.0, 0.5, 1.0], vec![1.0, 0.0, 0.5]])?;
/// assert_eq!(rock_paper_scissors.advantage(0, 1), 0.5);
/// assert!(Preference::new(&[vec![0.5, 0.7], vec![0.7, 0.5]]).is_err());
/// # Ok::<(), tilt::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Preference {
    size: usize,
    /// $P - 1/2$, row by row.
    advantage: Vec<f64>,
    /// The upper triangle in reading order, where the matrix is skew to the last bit and large.
    tiles: Option<SkewTiles>,
}

impl Preference {
    /// A preference from the matrix $P$, a slice of rows.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `P`, `P[i]` or `P[i][j]`: empty, not square, not finite, outside $[0, 1]$ by more than
    /// 1e-12, or $|P_{ij} + P_{ji} - 1| > 10^{-9}$.
    pub fn new(p: &[Vec<f64>]) -> Result<Preference> {
        let size = p.len();
        if size == 0 {
            return Err(Error::invalid("P", "empty", "a square matrix of at least one action"));
        }
        if let Some(i) = p.iter().position(|row| row.len() != size) {
            let expected = format!("{size} entries: P is square");
            return Err(Error::invalid(format!("P[{i}]"), format!("a row of {}", p[i].len()), expected));
        }
        for (i, row) in p.iter().enumerate() {
            for (j, &x) in row.iter().enumerate() {
                if !(-RANGE_TOLERANCE..=1.0 + RANGE_TOLERANCE).contains(&x) {
                    return Err(Error::invalid(format!("P[{i}][{j}]"), x, "a probability in [0, 1]"));
                }
                if (x + p[j][i] - 1.0).abs() > SKEW_TOLERANCE {
                    let expected =
                        format!("{} = 1 - P[{j}][{i}] (within 1e-9): preferences of a pair sum to 1", 1.0 - p[j][i]);
                    return Err(Error::invalid(format!("P[{i}][{j}]"), x, expected));
                }
            }
        }
        Ok(Preference::of_advantage(size, p.iter().flatten().map(|x| x - 0.5).collect()))
    }

    /// A preference from its advantage $A = P - \tfrac12$, row by row.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `A`: wrong length, not finite, above 1/2 in size, or not skew.
    pub fn from_advantage(size: usize, advantage: Vec<f64>) -> Result<Preference> {
        if size == 0 || advantage.len() != size * size {
            let found = format!("{} entries", advantage.len());
            return Err(Error::invalid("A", found, format!("{size} x {size} entries, at least one")));
        }
        for i in 0..size {
            for j in 0..=i {
                let (x, mirrored) = (advantage[i * size + j], advantage[j * size + i]);
                if !(x.abs() <= 0.5 + RANGE_TOLERANCE && (x + mirrored).abs() <= SKEW_TOLERANCE) {
                    let expected = "in [-1/2, 1/2] and minus its mirror image";
                    return Err(Error::invalid(format!("A[{i}][{j}]"), x, expected));
                }
            }
        }
        Ok(Preference::of_advantage(size, advantage))
    }

    /// The advantage that `entry(i, j)`, $i < j$, gives above the diagonal; skew to the last bit.
    pub fn from_upper(size: usize, mut entry: impl FnMut(usize, usize) -> f64) -> Preference {
        let mut advantage = vec![0.0; size * size];
        for i in 0..size {
            for j in i + 1..size {
                let x = entry(i, j);
                advantage[i * size + j] = x;
                advantage[j * size + i] = -x;
            }
        }
        let tiles = (size >= HALF_PASS).then(|| SkewTiles::new(size, &advantage));
        Preference { size, advantage, tiles }
    }

    /// A preference from pairwise counts: $P_{ij} = (w_{ij} + c)/(w_{ij} + w_{ji} + 2c)$, $w_{ij}$ the times that $i$ was
    /// preferred to $j$ and $c \ge 0$ a pseudo-count a side. A pair never compared, with $c = 0$, is a tie.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `counts` or `pseudo`.
    pub fn from_counts(counts: &[Vec<f64>], pseudo: f64) -> Result<Preference> {
        let size = counts.len();
        if size == 0 || counts.iter().any(|row| row.len() != size) {
            return Err(Error::invalid("counts", "not square", "a square matrix of wins"));
        }
        if !(pseudo.is_finite() && pseudo >= 0.0) {
            return Err(Error::invalid("pseudo", pseudo, "a number >= 0"));
        }
        for (i, row) in counts.iter().enumerate() {
            if let Some(j) = row.iter().position(|x| !(x.is_finite() && *x >= 0.0)) {
                return Err(Error::invalid(format!("counts[{i}][{j}]"), row[j], "a number of wins >= 0"));
            }
        }
        Ok(Preference::from_upper(size, |i, j| {
            let (wins, losses) = (counts[i][j] + pseudo, counts[j][i] + pseudo);
            let total = wins + losses;
            // Halves first: counts near the largest double must not overflow.
            if total > 0.0 { 0.5 * ((wins / total) - (losses / total)) } else { 0.0 }
        }))
    }

    fn of_advantage(size: usize, advantage: Vec<f64>) -> Preference {
        let mirrored = |i: usize, j: usize| advantage[i * size + j] == -advantage[j * size + i];
        let skew = size >= HALF_PASS && (0..size).all(|i| (0..=i).all(|j| mirrored(i, j)));
        let tiles = skew.then(|| SkewTiles::new(size, &advantage));
        Preference { size, advantage, tiles }
    }

    /// $A_{ij} = P_{ij} - \tfrac12$.
    pub fn advantage(&self, i: usize, j: usize) -> f64 {
        self.advantage[i * self.size + j]
    }

    /// $A$, row by row.
    pub fn advantages(&self) -> &[f64] {
        &self.advantage
    }

    /// Row $i$ of $A$.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.advantage[i * self.size..][..self.size]
    }

    /// $P$ as rows.
    pub fn matrix(&self) -> Vec<Vec<f64>> {
        self.advantage.chunks_exact(self.size).map(|row| row.iter().map(|a| 0.5 + a).collect()).collect()
    }

    /// $P(\pi \succ \pi') - \tfrac12 = \pi^T A \pi'$, compensated.
    pub fn edge(&self, pi: &[f64], other: &[f64]) -> f64 {
        let rows: Vec<f64> = self.advantage.chunks_exact(self.size).map(|row| dot(row, other)).collect();
        dot(&rows, pi)
    }
}

impl Payoff for Preference {
    fn size(&self) -> usize {
        self.size
    }

    fn apply(&self, policy: &[f64], out: &mut [f64]) {
        match &self.tiles {
            Some(tiles) => tiles.apply(policy, out),
            None => full_pass(&self.advantage, policy, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_malformed_matrix_names_its_entry() {
        for (p, field) in [
            (vec![], "P is empty"),
            (vec![vec![0.5, 0.5]], "P[0]"),
            (vec![vec![0.5, 0.6], vec![0.5, 0.5]], "P[0][1]"),
            (vec![vec![0.5, 1.1], vec![-0.1, 0.5]], "P[0][1]"),
            (vec![vec![0.5, f64::NAN], vec![0.5, 0.5]], "P[0][1]"),
            (vec![vec![0.4]], "P[0][0]"),
        ] {
            let error = Preference::new(&p).unwrap_err().to_string();
            assert!(error.starts_with(field), "{error}");
        }
        // Within the tolerances: taken as given.
        let p = Preference::new(&[vec![0.5, 0.7], vec![0.3 + 5e-10, 0.5]]).unwrap();
        assert_eq!(p.advantage(1, 0), 0.3 + 5e-10 - 0.5);
        assert!(Preference::from_advantage(2, vec![0.0, 0.2, 0.2, 0.0]).is_err());
        assert!(Preference::from_advantage(2, vec![0.0, 0.6, -0.6, 0.0]).is_err());
        assert!(Preference::from_advantage(2, vec![0.0; 3]).is_err());
    }

    #[test]
    fn both_passes_are_the_matrix_product() {
        for size in [1, 2, 7, 63, 64, 65, 131, 255, 256, 257, 300, 530] {
            let game = Preference::from_upper(size, |i, j| 0.5 * ((i * 7 + j * 13) as f64).sin());
            let policy: Vec<f64> = (0..size).map(|i| (1.0 + (i as f64).cos()) / size as f64).collect();
            let (mut half, mut full) = (vec![0.0; size], vec![0.0; size]);
            SkewTiles::new(size, game.advantages()).apply(&policy, &mut half);
            full_pass(game.advantages(), &policy, &mut full);
            for i in 0..size {
                let exact = dot(game.row(i), &policy);
                assert!((half[i] - exact).abs() < 1e-15 && (full[i] - exact).abs() < 1e-15, "{size} {i}");
            }
        }
    }

    #[test]
    fn counts_become_frequencies() {
        let p = Preference::from_counts(&[vec![0.0, 3.0, 0.0], vec![1.0, 0.0, 0.0], vec![0.0, 0.0, 0.0]], 0.0).unwrap();
        assert_eq!((p.advantage(0, 1), p.advantage(0, 2)), (0.25, 0.0));
        let smoothed = Preference::from_counts(&[vec![0.0, 3.0], vec![1.0, 0.0]], 1.0).unwrap();
        assert!((smoothed.advantage(0, 1) - (4.0 / 6.0 - 0.5)).abs() < 1e-16);
        assert!(Preference::from_counts(&[vec![0.0, -1.0], vec![0.0, 0.0]], 0.0).is_err());
    }
}
