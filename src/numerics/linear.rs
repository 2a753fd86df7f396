//! Dense linear systems by Gaussian elimination with partial pivoting.
//!
//! Rows are first scaled by powers of two to a largest entry in $[1, 2)$, so that a well-posed system in mixed units is
//! not mistaken for a singular one. Below 16 unknowns by `nalgebra` (no set-up cost), from there on by `faer`
//! (blocked, SIMD). Backward stable: the answer solves a system within about $n u \cdot$ growth of the scaled one.
//! $O(n^3)$ time, $O(n^2)$ memory.

use crate::{Error, Result};

/// From this many unknowns on, `faer` is faster than `nalgebra`.
const LARGE: usize = 16;

/// The solution of $A x = b$; `a` is row-major, $n \times n$ with $n$ = `b.len()`.
///
/// # Errors
/// [`Error::InvalidInput`] if the shapes disagree, an entry is not finite, or $A$ is singular to working precision: a pivot
/// of the scaled matrix below $n\,2^{-52}$ times the largest one, or a solution that overflows.
///
/// ```
/// use tilt::numerics::linear::solve;
/// assert_eq!(solve(&[2.0, 1.0, 0.0, 4.0], &[4.0, 8.0]).unwrap(), [1.0, 2.0]);
/// assert!(solve(&[1.0, 2.0, 2.0, 4.0], &[1.0, 1.0]).is_err());
/// ```
pub fn solve(a: &[f64], b: &[f64]) -> Result<Vec<f64>> {
    let n = b.len();
    if a.len() != n * n {
        return Err(Error::invalid("a", format!("of length {}", a.len()), format!("{n} x {n} entries, row by row")));
    }
    if let Some((i, value)) = a.iter().chain(b).enumerate().find(|(_, v)| !v.is_finite()) {
        let field = if i < a.len() { format!("a[{i}]") } else { format!("b[{}]", i - a.len()) };
        return Err(Error::invalid(field, value, "a finite number"));
    }
    if n == 0 {
        return Ok(Vec::new());
    }
    let singular = || Error::invalid("a", "singular to working precision", "a regular matrix");
    let mut matrix = a.to_vec();
    let mut right = b.to_vec();
    for (row, value) in matrix.chunks_exact_mut(n).zip(&mut right) {
        let largest = row.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        if largest == 0.0 {
            return Err(singular());
        }
        let exponent = -libm::ilogb(largest);
        row.iter_mut().for_each(|x| *x = libm::scalbn(*x, exponent));
        *value = libm::scalbn(*value, exponent);
    }
    let (pivots, solution) = if n < LARGE { solve_small(&matrix, &right) } else { solve_large(&matrix, &right) };
    let (least, most) =
        pivots.iter().fold((f64::INFINITY, 0.0), |(lo, hi): (f64, f64), p| (lo.min(p.abs()), hi.max(p.abs())));
    if least <= n as f64 * f64::EPSILON * most || solution.iter().any(|x| !x.is_finite()) {
        return Err(singular());
    }
    Ok(solution)
}

/// The pivots and the solution, by `nalgebra`. (A zero pivot leaves the right side: the caller refuses it.)
fn solve_small(matrix: &[f64], right: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let n = right.len();
    let lu = nalgebra::DMatrix::from_row_slice(n, n, matrix).lu();
    let mut solution = nalgebra::DVector::from_column_slice(right);
    lu.solve_mut(&mut solution);
    (lu.u().diagonal().iter().copied().collect(), solution.iter().copied().collect())
}

/// The pivots and the solution, by `faer`.
fn solve_large(matrix: &[f64], right: &[f64]) -> (Vec<f64>, Vec<f64>) {
    use faer::linalg::solvers::Solve;
    let n = right.len();
    let lu = faer::Mat::from_fn(n, n, |i, j| matrix[i * n + j]).partial_piv_lu();
    let solution = lu.solve(faer::Mat::from_fn(n, 1, |i, _| right[i]));
    ((0..n).map(|i| lu.U()[(i, i)]).collect(), (0..n).map(|i| solution[(i, 0)]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A system with a known solution, diagonally dominant (condition below 3 after scaling), rows in units from 1e-20 on.
    fn system(n: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let x: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).sin() + 2.0).collect();
        let mut a = vec![0.0; n * n];
        for i in 0..n {
            let unit = 10f64.powi(i as i32 % 41 - 20);
            for j in 0..n {
                a[i * n + j] = unit * if i == j { n as f64 } else { ((i * 3 + j * 5) % 7) as f64 / 14.0 };
            }
        }
        let b = a.chunks_exact(n).map(|row| crate::numerics::sum::dot(row, &x)).collect();
        (a, b, x)
    }

    #[test]
    fn both_solvers_find_a_known_solution() {
        for n in [1, 2, 5, 15, 16, 17, 60] {
            let (a, b, x) = system(n);
            let got = solve(&a, &b).unwrap();
            for (g, w) in got.iter().zip(&x) {
                assert!((g - w).abs() <= 10.0 * n as f64 * f64::EPSILON * 3.0, "n = {n}: {g} {w}");
            }
        }
    }

    #[test]
    fn pivoting_is_needed_and_done() {
        assert_eq!(solve(&[0.0, 1.0, 1.0, 0.0], &[3.0, 5.0]).unwrap(), [5.0, 3.0]);
        let n = 20;
        let mut cyclic = vec![0.0; n * n];
        (0..n).for_each(|i| cyclic[i * n + (i + 1) % n] = 1.0);
        let b: Vec<f64> = (0..n).map(|i| i as f64).collect();
        assert_eq!(solve(&cyclic, &b).unwrap()[1..], b[..n - 1]);
    }

    #[test]
    fn singular_and_malformed_systems_are_errors() {
        assert!(solve(&[0.0], &[1.0]).is_err());
        for n in [3, 30] {
            // Rank one, and rank n - 1 with rounding: the rows of a Markov generator sum to zero.
            assert!(solve(&vec![1.0; n * n], &vec![1.0; n]).is_err());
            let mut a = vec![0.1; n * n];
            (0..n).for_each(|i| a[i * n + i] = -0.1 * (n - 1) as f64);
            assert!(solve(&a, &vec![1.0; n]).is_err());
        }
        assert!(solve(&[1.0, 2.0], &[1.0]).is_err());
        assert!(solve(&[f64::NAN], &[1.0]).is_err());
        let (tiny, huge) = (0.5f64.powi(1000), 2f64.powi(1000));
        assert_eq!(solve(&[tiny], &[1.0]).unwrap(), [huge]);
        assert_eq!(solve(&[], &[]).unwrap(), Vec::<f64>::new());
    }
}
