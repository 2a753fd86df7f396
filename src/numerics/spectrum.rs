//! Spectra of small dense matrices: singular values, eigenvalues, null spaces. Row-major slices in, plain numbers out.
//!
//! By `faer` (blocked Householder reductions). Backward stable: singular values and the eigenvalues of normal matrices are
//! within about $n u \|A\|$ of the true ones; those of other matrices within that times their condition number. $O(n^3)$
//! time, $O(n^2)$ memory.

use crate::{Error, Result};

fn matrix(a: &[f64], rows: usize, columns: usize) -> Result<faer::Mat<f64>> {
    if a.len() != rows * columns {
        return Err(Error::invalid("a", format!("of length {}", a.len()), format!("{rows} x {columns} entries")));
    }
    if let Some(i) = a.iter().position(|x| !x.is_finite()) {
        return Err(Error::invalid(format!("a[{i}]"), a[i], "a finite number"));
    }
    Ok(faer::Mat::from_fn(rows, columns, |i, j| a[i * columns + j]))
}

fn stalled(method: &str) -> Error {
    Error::NotConverged { method: method.to_string(), iterations: 0, residual: f64::INFINITY, tolerance: f64::EPSILON }
}

/// The singular values of a `rows` x `columns` matrix, largest first.
///
/// # Errors
/// [`Error::InvalidInput`] if the shapes disagree or an entry is not finite; [`Error::NotConverged`] if the iteration stalls.
///
/// ```
/// let s = tilt::numerics::spectrum::singular_values(&[0.0, 3.0, -3.0, 0.0], 2, 2)?;
/// assert!((s[0] - 3.0).abs() < 1e-14 && (s[1] - 3.0).abs() < 1e-14);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn singular_values(a: &[f64], rows: usize, columns: usize) -> Result<Vec<f64>> {
    if a.is_empty() {
        return Ok(Vec::new());
    }
    matrix(a, rows, columns)?.singular_values().map_err(|_| stalled("singular values"))
}

/// The eigenvalues of an $n \times n$ matrix as (real, imaginary) parts, in no particular order.
///
/// # Errors
/// As [`singular_values`].
pub fn eigenvalues(a: &[f64], n: usize) -> Result<Vec<(f64, f64)>> {
    if a.is_empty() {
        return Ok(Vec::new());
    }
    let values = matrix(a, n, n)?.eigenvalues().map_err(|_| stalled("eigenvalues"))?;
    Ok(values.into_iter().map(|z| (z.re, z.im)).collect())
}

/// An orthonormal basis of the null space of a `rows` x `columns` matrix, one vector a row of the answer: the right
/// singular vectors whose singular value is below `tolerance` times the largest.
///
/// # Errors
/// As [`singular_values`].
///
/// ```
/// let null = tilt::numerics::spectrum::null_space(&[1.0, 1.0], 1, 2, 1e-12)?;
/// assert!(null.len() == 1 && (null[0][0] + null[0][1]).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn null_space(a: &[f64], rows: usize, columns: usize, tolerance: f64) -> Result<Vec<Vec<f64>>> {
    // Rows of zeros make the matrix at least square, so that the decomposition carries all right singular vectors.
    let height = rows.max(columns);
    let mut padded = a.to_vec();
    padded.resize(height * columns, 0.0);
    if a.len() != rows * columns {
        return Err(Error::invalid("a", format!("of length {}", a.len()), format!("{rows} x {columns} entries")));
    }
    let svd = matrix(&padded, height, columns)?.svd().map_err(|_| stalled("null space"))?;
    let values = svd.S().column_vector();
    let largest = (0..columns).map(|k| values[k]).fold(0.0, f64::max);
    let null = (0..columns).filter(|&k| values[k] <= tolerance * largest);
    Ok(null.map(|k| (0..columns).map(|i| svd.V()[(i, k)]).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_has_eigenvalues_on_the_circle() {
        let (c, s) = (0.6, 0.8);
        let mut values = eigenvalues(&[c, -s, s, c], 2).unwrap();
        values.sort_by(|a, b| a.1.total_cmp(&b.1));
        assert!((values[0].0 - c).abs() < 1e-15 && (values[0].1 + s).abs() < 1e-15);
        assert!((values[1].1 - s).abs() < 1e-15);
    }

    #[test]
    fn null_spaces_are_orthogonal_to_the_rows() {
        // Rank 2 of 3 rows in 5 columns: three null vectors, orthonormal.
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 3.0, 3.0, 5.0, 5.0];
        let null = null_space(&a, 3, 5, 1e-12).unwrap();
        assert_eq!(null.len(), 3);
        for (i, v) in null.iter().enumerate() {
            for row in a.chunks_exact(5) {
                assert!(row.iter().zip(v).map(|(a, v)| a * v).sum::<f64>().abs() < 1e-14);
            }
            for (j, w) in null.iter().enumerate() {
                let product: f64 = v.iter().zip(w).map(|(v, w)| v * w).sum();
                assert!((product - f64::from(i == j)).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn malformed_matrices_are_errors() {
        assert!(singular_values(&[1.0, 2.0], 2, 2).is_err());
        assert!(eigenvalues(&[f64::NAN], 1).is_err());
        assert!(null_space(&[1.0, 2.0, 3.0], 1, 2, 1e-12).is_err());
        assert_eq!(eigenvalues(&[], 0).unwrap(), []);
    }
}
