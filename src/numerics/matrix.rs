//! Products of a dense row-major matrix with a vector, from either side, eight doubles at a time.
//!
//! `product` gives $A x$ by dot products of rows, `transposed_product` gives $A^\top y$ by sums of scaled rows. Error of a
//! dot product as in [`dot_lanes`](super::lanes::dot_lanes): $(n/8 + 4)u\sum|a_i x_i|$; the other sums run in the order of
//! the rows. Both read the matrix once and allocate nothing; the bits do not depend on the instruction set.

use super::lanes::{Kernel, dispatch, sum8};

/// `out[i] = sum_j a[i][j] x[j]`; `a` is `[out.len(), x.len()]`, row by row.
///
/// ```
/// let mut out = [0.0; 2];
/// tilt::numerics::matrix::product(&[1.0, 2.0, 3.0, 4.0], &[1.0, 10.0], &mut out);
/// assert_eq!(out, [21.0, 43.0]);
/// ```
pub fn product(a: &[f64], x: &[f64], out: &mut [f64]) {
    debug_assert_eq!(a.len(), out.len() * x.len());
    dispatch(Rows { a, x, out });
}

/// Adds `sum_i y[i] a[i][j]` to `out[j]`; `a` is `[y.len(), out.len()]`, row by row. Rows with `y[i] = 0` are not read.
pub fn add_transposed_product(a: &[f64], y: &[f64], out: &mut [f64]) {
    debug_assert_eq!(a.len(), out.len() * y.len());
    dispatch(Columns { a, y, out });
}

/// `out[i] = sum_j a[i][j] b[i][j]`: dot products of rows of two matrices of one shape.
pub fn row_dots(a: &[f64], b: &[f64], out: &mut [f64]) {
    debug_assert!(a.len() == b.len() && (out.is_empty() || a.len().is_multiple_of(out.len())));
    dispatch(RowDots { a, b, out });
}

struct Rows<'a> {
    a: &'a [f64],
    x: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for Rows<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        if self.x.is_empty() {
            return self.out.fill(0.0);
        }
        for (row, out) in self.a.chunks_exact(self.x.len()).zip(self.out) {
            *out = dot(row, self.x);
        }
    }
}

struct RowDots<'a> {
    a: &'a [f64],
    b: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for RowDots<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let width = self.a.len() / self.out.len().max(1);
        if width == 0 {
            return self.out.fill(0.0);
        }
        for ((a, b), out) in self.a.chunks_exact(width).zip(self.b.chunks_exact(width)).zip(self.out) {
            *out = dot(a, b);
        }
    }
}

struct Columns<'a> {
    a: &'a [f64],
    y: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for Columns<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        if self.out.is_empty() {
            return;
        }
        for (row, &y) in self.a.chunks_exact(self.out.len()).zip(self.y) {
            if y != 0.0 {
                for (out, a) in self.out.iter_mut().zip(row) {
                    *out += y * a;
                }
            }
        }
    }
}

/// The dot product with eight accumulators, for inlining into kernels.
#[inline(always)]
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut total = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            total[i] += a[i] * b[i];
        }
    }
    for (total, (a, b)) in total.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *total += a * b;
    }
    sum8(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_from_both_sides() {
        for (rows, columns) in [(1, 1), (3, 8), (5, 13), (40, 17)] {
            let a: Vec<f64> = (0..rows * columns).map(|k| ((k * 7 + 3) % 11) as f64).collect();
            let x: Vec<f64> = (0..columns).map(|j| (j % 5) as f64 - 2.0).collect();
            let y: Vec<f64> = (0..rows).map(|i| (i % 3) as f64).collect();
            // Small whole numbers: every order of summation is exact.
            let (mut ax, mut ya, mut dots) = (vec![9.0; rows], vec![1.0; columns], vec![9.0; rows]);
            product(&a, &x, &mut ax);
            add_transposed_product(&a, &y, &mut ya);
            row_dots(&a, &a, &mut dots);
            for i in 0..rows {
                let row = &a[i * columns..(i + 1) * columns];
                assert_eq!(ax[i], row.iter().zip(&x).map(|(a, x)| a * x).sum::<f64>());
                assert_eq!(dots[i], row.iter().map(|a| a * a).sum::<f64>());
            }
            for j in 0..columns {
                assert_eq!(ya[j], 1.0 + (0..rows).map(|i| y[i] * a[i * columns + j]).sum::<f64>());
            }
        }
    }

    #[test]
    fn nothing_times_nothing() {
        let mut out = [1.0; 2];
        product(&[], &[], &mut out);
        assert_eq!(out, [0.0; 2]);
        add_transposed_product(&[], &[], &mut out);
        row_dots(&[], &[], &mut []);
        assert_eq!(out, [0.0; 2]);
    }
}
