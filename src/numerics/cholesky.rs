//! Positive definite systems $A = LL'$, and the products that lead to them.
//!
//! Below 16 unknowns by a plain loop (no set-up cost), from there on by `faer` (blocked, SIMD), always on one thread, so that a
//! result does not depend on how many there are. Backward stable: a solution solves a system within about $nu\|A\|$. $O(n^3)$
//! time for the factor, $O(n^2)$ for a solution. Matrices are row by row.

use crate::{Error, Result};
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Accum, MatMut, MatRef, Par};

/// From this many unknowns on, `faer` is faster.
const LARGE: usize = 16;

/// The lower triangular factor of a positive definite matrix.
///
/// ```
/// use tilt::numerics::cholesky::Cholesky;
/// let factor = Cholesky::new(&[4.0, 2.0, 2.0, 5.0], 2)?;
/// let mut x = [2.0, 5.0];
/// factor.solve(&mut x);
/// assert_eq!(x, [0.0, 1.0]);
/// assert!(Cholesky::new(&[1.0, 2.0, 2.0, 1.0], 2).is_err());
/// # Ok::<(), tilt::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cholesky {
    n: usize,
    /// Row-major; above the diagonal unspecified.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors the symmetric `a` ($n \times n$; only its lower triangle is read).
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `a` if its length is not $n^2$ or it is not positive definite to working precision.
    pub fn new(a: &[f64], n: usize) -> Result<Self> {
        if a.len() != n * n {
            return Err(Error::invalid(
                "a",
                format!("of length {}", a.len()),
                format!("{n} x {n} entries, row by row"),
            ));
        }
        let not_positive =
            || Error::invalid("a", "not positive definite to working precision", "a positive definite matrix");
        let mut lower = a.to_vec();
        if n < LARGE {
            for j in 0..n {
                for i in j..n {
                    let inner: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
                    let rest = lower[i * n + j] - inner;
                    if i == j {
                        if !(rest > 0.0 && rest.is_finite()) {
                            return Err(not_positive());
                        }
                        lower[j * n + j] = rest.sqrt();
                    } else {
                        lower[i * n + j] = rest / lower[j * n + j];
                    }
                }
            }
        } else {
            use faer::dyn_stack::{MemBuffer, MemStack};
            use faer::linalg::cholesky::llt::factor;
            let scratch = factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default());
            let matrix = MatMut::from_row_major_slice_mut(&mut lower, n, n);
            let done = factor::cholesky_in_place(
                matrix,
                Default::default(),
                Par::Seq,
                MemStack::new(&mut MemBuffer::new(scratch)),
                Default::default(),
            );
            if done.is_err() {
                return Err(not_positive());
            }
        }
        if (0..n).any(|i| !lower[i * n..=i * n + i].iter().all(|x| x.is_finite())) {
            return Err(not_positive());
        }
        Ok(Cholesky { n, lower })
    }

    /// The number of unknowns.
    pub fn dimension(&self) -> usize {
        self.n
    }

    /// $b \leftarrow L^{-1}b$, for a vector of length $n$ (panics otherwise).
    pub fn solve_lower(&self, b: &mut [f64]) {
        assert_eq!(b.len(), self.n, "one entry an unknown");
        for i in 0..self.n {
            let row = &self.lower[i * self.n..][..=i];
            let inner: f64 = crate::numerics::lanes::dot_lanes(&row[..i], &b[..i]);
            b[i] = (b[i] - inner) / row[i];
        }
    }

    /// $b \leftarrow L'^{-1}b$, for a vector of length $n$ (panics otherwise).
    pub fn solve_upper(&self, b: &mut [f64]) {
        assert_eq!(b.len(), self.n, "one entry an unknown");
        for i in (0..self.n).rev() {
            let row = &self.lower[i * self.n..][..=i];
            b[i] /= row[i];
            let value = b[i];
            b[..i].iter_mut().zip(row).for_each(|(b, l)| *b -= value * l);
        }
    }

    /// $b \leftarrow A^{-1}b$, for a vector of length $n$ (panics otherwise).
    pub fn solve(&self, b: &mut [f64]) {
        self.solve_lower(b);
        self.solve_upper(b);
    }

    /// $B \leftarrow L^{-1}B$ for `columns` right sides at once; `b` row by row, $n \times$ `columns` (panics otherwise).
    pub fn solve_lower_many(&self, b: &mut [f64], columns: usize) {
        assert_eq!(b.len(), self.n * columns, "n x columns entries");
        if columns == 0 || self.n == 0 {
            return;
        }
        let lower = MatRef::from_row_major_slice(&self.lower, self.n, self.n);
        solve_lower_triangular_in_place(lower, MatMut::from_row_major_slice_mut(b, self.n, columns), Par::Seq);
    }
}

/// $A A'$ for `a` of shape `rows` $\times$ `columns`, row by row: the whole symmetric matrix.
///
/// Panics if the length is not `rows * columns`.
pub fn gram(a: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    assert_eq!(a.len(), rows * columns, "rows x columns entries");
    let mut product = vec![0.0; rows * rows];
    if rows > 0 && columns > 0 {
        let matrix = MatRef::from_row_major_slice(a, rows, columns);
        let out = MatMut::from_row_major_slice_mut(&mut product, rows, rows);
        faer::linalg::matmul::matmul(out, Accum::Replace, matrix, matrix.transpose(), 1.0, Par::Seq);
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::linear::solve;

    /// $I + GG'/n$ with entries of $G$ in $[-1, 1]$: condition below 3.
    fn matrix(n: usize) -> Vec<f64> {
        let g: Vec<f64> = (0..n * n).map(|i| ((i * 7919 + 13) as f64 * 0.61803).fract() * 2.0 - 1.0).collect();
        let mut a = gram(&g, n, n);
        a.iter_mut().for_each(|x| *x /= n as f64);
        (0..n).for_each(|i| a[i * n + i] += 1.0);
        a
    }

    #[test]
    fn solutions_are_those_of_elimination() {
        for n in [1, 2, 15, 16, 17, 70] {
            let a = matrix(n);
            let b: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
            let factor = Cholesky::new(&a, n).unwrap();
            let mut x = b.clone();
            factor.solve(&mut x);
            for (x, y) in x.iter().zip(solve(&a, &b).unwrap()) {
                assert!((x - y).abs() < 1e-14, "{n}: {x} {y}");
            }
            let mut one = b.clone();
            factor.solve_lower(&mut one);
            let mut many: Vec<f64> = b.iter().flat_map(|&x| [x, -2.0 * x, 0.0]).collect();
            factor.solve_lower_many(&mut many, 3);
            for (i, x) in one.iter().enumerate() {
                assert!(
                    (many[3 * i] - x).abs() < 1e-14
                        && (many[3 * i + 1] + 2.0 * x).abs() < 2e-14
                        && many[3 * i + 2] == 0.0
                );
            }
        }
    }

    #[test]
    fn products() {
        assert_eq!(gram(&[1.0, 2.0, 3.0, 0.0, 1.0, -1.0], 2, 3), [14.0, -1.0, -1.0, 2.0]);
        assert_eq!(gram(&[], 0, 3), Vec::<f64>::new());
        assert_eq!(gram(&[], 2, 0), [0.0; 4]);
    }

    #[test]
    fn what_is_not_positive_definite_is_an_error() {
        for n in [3, 40] {
            let mut a = matrix(n);
            a[(n - 1) * n + n - 1] = -1.0;
            assert!(Cholesky::new(&a, n).is_err());
            assert!(Cholesky::new(&vec![f64::NAN; n * n], n).is_err());
            assert!(Cholesky::new(&vec![0.0; n * n], n).is_err());
        }
        assert!(Cholesky::new(&[1.0], 2).is_err());
        assert_eq!(Cholesky::new(&[], 0).unwrap().dimension(), 0);
    }
}
