//! A dense matrix factorised once, for several right sides: LU with partial pivoting and power-of-two row scaling.
//!
//! [`linear::solve`](super::linear::solve) for one right side; it also refuses a matrix that is singular to working
//! precision. Here nearly singular matrices are allowed, as in interior-point methods, whose directions stay accurate where
//! the matrix is not: only a solution that is not finite is refused. $O(n^3)$ once, $O(n^2)$ a solution.

use crate::{Error, Result};

/// From this many unknowns on, `faer` is faster than `nalgebra`.
const LARGE: usize = 16;

enum Factors {
    Small(nalgebra::LU<f64, nalgebra::Dyn, nalgebra::Dyn>),
    Large(faer::linalg::solvers::PartialPivLu<f64>),
}

/// The factors of an $n \times n$ matrix.
///
/// ```
/// let lu = tilt::numerics::factorised::Factorised::new(&[2.0, 1.0, 0.0, 4.0], 2)?;
/// assert_eq!(lu.solve(&[4.0, 8.0])?, [1.0, 2.0]);
/// assert_eq!(lu.solve(&[2.0, 0.0])?, [1.0, 0.0]);
/// # Ok::<(), tilt::Error>(())
/// ```
pub struct Factorised {
    factors: Factors,
    /// Powers of two that scale the rows.
    exponents: Vec<i32>,
}

impl Factorised {
    /// Factorises a row-major matrix.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `a`: wrong length, an entry that is not finite, or a row of zeros.
    pub fn new(a: &[f64], n: usize) -> Result<Factorised> {
        if a.len() != n * n || n == 0 {
            return Err(Error::invalid(
                "a",
                format!("of length {}", a.len()),
                format!("{n} x {n} entries, at least one"),
            ));
        }
        if let Some(i) = a.iter().position(|x| !x.is_finite()) {
            return Err(Error::invalid(format!("a[{i}]"), a[i], "a finite number"));
        }
        let mut matrix = a.to_vec();
        let mut exponents = Vec::with_capacity(n);
        for row in matrix.chunks_exact_mut(n) {
            let largest = row.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            if largest == 0.0 {
                return Err(Error::invalid("a", "singular", "a matrix without a row of zeros"));
            }
            let exponent = -libm::ilogb(largest);
            let factor = libm::scalbn(1.0, exponent);
            if factor.is_normal() {
                row.iter_mut().for_each(|x| *x *= factor);
            } else {
                row.iter_mut().for_each(|x| *x = libm::scalbn(*x, exponent));
            }
            exponents.push(exponent);
        }
        let factors = if n < LARGE {
            Factors::Small(nalgebra::DMatrix::from_row_slice(n, n, &matrix).lu())
        } else {
            Factors::Large(faer::Mat::from_fn(n, n, |i, j| matrix[i * n + j]).partial_piv_lu())
        };
        Ok(Factorised { factors, exponents })
    }

    /// The solution of $A x = b$.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if `b` has another length, or the solution is not finite: the matrix is singular.
    pub fn solve(&self, b: &[f64]) -> Result<Vec<f64>> {
        let n = self.exponents.len();
        if b.len() != n {
            return Err(Error::invalid("b", format!("of length {}", b.len()), format!("{n} entries")));
        }
        let scaled = b.iter().zip(&self.exponents).map(|(b, e)| libm::scalbn(*b, *e));
        let x: Vec<f64> = match &self.factors {
            Factors::Small(lu) => {
                let mut x = nalgebra::DVector::from_iterator(n, scaled);
                if !lu.solve_mut(&mut x) {
                    return Err(Error::invalid("a", "singular", "a regular matrix"));
                }
                x.iter().copied().collect()
            }
            Factors::Large(lu) => {
                use faer::linalg::solvers::Solve;
                let scaled: Vec<f64> = scaled.collect();
                let x = lu.solve(faer::Mat::from_fn(n, 1, |i, _| scaled[i]));
                (0..n).map(|i| x[(i, 0)]).collect()
            }
        };
        if x.iter().any(|x| !x.is_finite()) {
            return Err(Error::invalid("a", "singular", "a regular matrix"));
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_factorisation_serves_many_right_sides() {
        for n in [1, 4, 15, 16, 40] {
            let a: Vec<f64> = (0..n * n)
                .map(|k| if k % (n + 1) == 0 { n as f64 } else { ((k * k % 7) as f64 - 3.0) / 4.0 })
                .collect();
            let lu = Factorised::new(&a, n).unwrap();
            for shift in 0..3 {
                let x: Vec<f64> = (0..n).map(|i| (i + shift) as f64 - 2.5).collect();
                let b: Vec<f64> = a.chunks_exact(n).map(|row| crate::numerics::sum::dot(row, &x)).collect();
                for (found, wanted) in lu.solve(&b).unwrap().iter().zip(&x) {
                    assert!((found - wanted).abs() < 1e-12, "{n}: {found} {wanted}");
                }
            }
        }
    }

    #[test]
    fn singular_and_malformed_matrices_are_errors() {
        assert!(Factorised::new(&[0.0], 1).is_err());
        assert!(Factorised::new(&[1.0, 2.0], 2).is_err());
        assert!(Factorised::new(&[f64::NAN], 1).is_err());
        assert!(Factorised::new(&[1.0, 1.0, 1.0, 1.0], 2).unwrap().solve(&[1.0, 2.0]).is_err());
        assert!(Factorised::new(&[1.0], 1).unwrap().solve(&[1.0, 2.0]).is_err());
    }
}
