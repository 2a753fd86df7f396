//! Dense linear least squares $\min\|b - Ax\|_2$ with one factor for many right sides.
//!
//! Columns are scaled to length one, then $A^\top A = R^\top R$ with $R$ from Householder QR of $A$ (or, where only the Gram
//! matrix is at hand, from its Cholesky factor; the condition of $A$ is then squared). [`NormalFactor::solve`] applies
//! $(A^\top A)^{-1}$; iterating $x \leftarrow x + (A^\top A)^{-1}A^\top(b - Ax)$ gives the corrected semi-normal equations
//! (Björck 1987), as accurate as QR with $Q$ while the condition of $A$ is below $10^7$, without storing $Q$.
//! $O(mn^2)$ once by `faer`, $O(n^2)$ a solution.

use crate::{Error, Result};
use faer::Side;

/// The triangular factor of a normal matrix.
#[derive(Clone, Debug)]
pub struct NormalFactor {
    columns: usize,
    /// $R$, upper triangular, row by row.
    r: Vec<f64>,
    /// $1/\|a_j\|$.
    scale: Vec<f64>,
}

fn rank_deficient() -> Error {
    Error::invalid("a", "rank deficient", "a matrix of full column rank")
}

impl NormalFactor {
    /// From the `rows` x `columns` matrix with entries `entry(i, j)`, `rows >= columns >= 1`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `a` if it is not finite or of deficient rank (a zero column or pivot).
    pub fn of_matrix(rows: usize, columns: usize, entry: impl Fn(usize, usize) -> f64) -> Result<NormalFactor> {
        if columns == 0 || rows < columns {
            return Err(rank_deficient());
        }
        let mut matrix = faer::Mat::from_fn(rows, columns, entry);
        let mut scale = Vec::with_capacity(columns);
        for j in 0..columns {
            let length = matrix.col(j).norm_l2();
            if !(length > 0.0 && length.is_finite()) {
                return Err(rank_deficient());
            }
            (0..rows).for_each(|i| matrix[(i, j)] /= length);
            scale.push(1.0 / length);
        }
        let qr = matrix.qr();
        let upper = qr.thin_R();
        let r = (0..columns * columns).map(|k| upper[(k / columns, k % columns)]).collect();
        NormalFactor { columns, r, scale }.checked()
    }

    /// From the Gram matrix $A^\top A$, row by row.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `a` if it is not positive definite to working precision.
    pub fn of_gram(columns: usize, gram: &[f64]) -> Result<NormalFactor> {
        let scale: Vec<f64> = (0..columns).map(|j| 1.0 / gram[j * columns + j].sqrt()).collect();
        let scaled = faer::Mat::from_fn(columns, columns, |i, j| gram[i * columns + j] * scale[i] * scale[j]);
        let factor = scaled.llt(Side::Lower).map_err(|_| rank_deficient())?;
        let lower = factor.L();
        let r = (0..columns * columns).map(|k| lower[(k % columns, k / columns)]).collect();
        NormalFactor { columns, r, scale }.checked()
    }

    fn checked(self) -> Result<NormalFactor> {
        let n = self.columns;
        let pivots = (0..n).map(|j| self.r[j * n + j].abs());
        let regular = pivots.fold(true, |fine, p| fine && p > 8.0 * n as f64 * f64::EPSILON && p.is_finite());
        if regular { Ok(self) } else { Err(rank_deficient()) }
    }

    /// Replaces `g` by $(A^\top A)^{-1} g$.
    pub fn solve(&self, g: &mut [f64]) {
        let n = self.columns;
        g.iter_mut().zip(&self.scale).for_each(|(g, s)| *g *= s);
        for i in 0..n {
            let row = &self.r[i * n..(i + 1) * n];
            let x = g[i] / row[i];
            g[i] = x;
            g[i + 1..].iter_mut().zip(&row[i + 1..]).for_each(|(g, r)| *g -= x * r);
        }
        for i in (0..n).rev() {
            let row = &self.r[i * n..(i + 1) * n];
            let known: f64 = row[i + 1..].iter().zip(&g[i + 1..]).map(|(r, g)| r * g).sum();
            g[i] = (g[i] - known) / row[i];
        }
        g.iter_mut().zip(&self.scale).for_each(|(g, s)| *g *= s);
    }
}

/// The singular values of the `rows` x `columns` matrix with entries `entry(i, j)`, largest first; none for an empty one.
///
/// # Errors
/// [`Error::InvalidInput`] about `a` if it is not finite.
///
/// ```
/// let values = tilt::numerics::least_squares::singular_values(2, 2, |i, j| if i == j { 3.0 - i as f64 } else { 0.0 })?;
/// assert!((values[0] - 3.0).abs() < 1e-15 && (values[1] - 2.0).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn singular_values(rows: usize, columns: usize, entry: impl Fn(usize, usize) -> f64) -> Result<Vec<f64>> {
    if rows == 0 || columns == 0 {
        return Ok(Vec::new());
    }
    let matrix = faer::Mat::from_fn(rows, columns, entry);
    matrix.singular_values().map_err(|_| Error::invalid("a", "not finite", "a matrix of finite numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_factors_solve_the_normal_equations() {
        let (rows, columns) = (9, 4);
        // Columns in units from 1 to 1e-12: scaling keeps them apart from dependence.
        let entry = |i: usize, j: usize| ((i * 7 + j * 3 + i * i * j) % 11) as f64 * 10f64.powi(-4 * j as i32);
        let product = |k: usize| (0..rows).map(|i| entry(i, k / columns) * entry(i, k % columns)).sum::<f64>();
        let gram: Vec<f64> = (0..columns * columns).map(product).collect();
        let truth = [1.0, -2e4, 3e8, 4e12];
        let right: Vec<f64> =
            gram.chunks(columns).map(|row| row.iter().zip(&truth).map(|(g, x)| g * x).sum()).collect();
        for factor in [NormalFactor::of_matrix(rows, columns, entry), NormalFactor::of_gram(columns, &gram)] {
            let mut x = right.clone();
            factor.unwrap().solve(&mut x);
            for (x, truth) in x.iter().zip(truth) {
                assert!((x / truth - 1.0).abs() < 1e-12, "{x} {truth}");
            }
        }
    }

    #[test]
    fn dependent_columns_are_refused() {
        assert!(NormalFactor::of_matrix(3, 2, |i, _| i as f64).is_err());
        assert!(NormalFactor::of_matrix(3, 2, |i, j| (i * j) as f64).is_err());
        assert!(NormalFactor::of_gram(2, &[1.0, 1.0, 1.0, 1.0]).is_err());
        assert!(NormalFactor::of_matrix(1, 2, |_, j| j as f64 + 1.0).is_err());
    }
}
