//! The Perron root and vector of a non-negative irreducible matrix given by the logarithms of its entries.
//!
//! Steps. (1) Scale by the max-plus eigenvector `h` of the logarithms: with `mu` the maximal cycle mean,
//! `B_ij = exp(a_ij - mu + h_j - h_i) <= 1` with a 1 in every row (to rounding), so entries that span `e^{+-1000}` are
//! tame. (2) Noda's iteration (T. Noda 1971): with row sums `r` and `rho = max r`, solve `(rho - B) y = 1`, rescale by
//! `y`. `max r` decreases and `min r` increases to the root, from any start, periodic or not, at a quadratic rate
//! (L. Elsner 1976) that does not depend on the spectral gap, where the power iteration slows down without limit. The
//! system is solved without subtraction, so the vector is accurate entry by entry.
//!
//! Cost: `O(k^3)` an iteration, about 10 iterations. The root is bracketed by `min r` and `max r`: the bracket is the
//! residual that an error reports.

use super::critical_cycles::{critical_graph, max_plus_potential};
use super::scaled::Scaled;
use super::state_reduction::StateReduction;
use crate::numerics::log_space::log_sum_exp;
use crate::{Error, Result};

/// The Perron root and right vector, as logarithms.
#[derive(Clone, Debug, PartialEq)]
pub struct Perron {
    /// Logarithm of the root.
    pub log_root: f64,
    /// Logarithm of the right vector, 0 at its largest entry.
    pub log_right: Vec<f64>,
    /// A vertex of a cycle of largest mean log-weight.
    pub(crate) anchor: usize,
    /// Row-major `B_ij = A_ij h_j / (rho h_i)`: the stochastic matrix of the root.
    pub(crate) stochastic: Vec<Scaled>,
}

const ITERATIONS: usize = 100;

/// The Perron root and vector of the irreducible matrix with entries `exp(log_matrix)`, row-major `[k, k]`, `-inf` for
/// zero.
///
/// # Errors
/// [`Error::NotConverged`] with the relative width of the bracket of the root.
pub fn perron(log_matrix: &[f64], states: usize) -> Result<Perron> {
    let graph = critical_graph(log_matrix, states);
    let anchor = graph.edges.first().map_or(0, |edge| edge.0);
    // Rows that are already of one size (a stochastic matrix, a small tilt) need no scaling; ones are then closer.
    let row_sizes = log_matrix.chunks(states).map(log_sum_exp);
    let (low, high) = row_sizes.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), r| (a.min(r), b.max(r)));
    let mut log_right = match high - low {
        spread if spread < 1.0 => vec![0.0; states],
        _ => max_plus_potential(log_matrix, states, graph.mean, anchor),
    };
    let mut matrix: Vec<Scaled> = (0..states * states)
        .map(|e| Scaled::exp(log_matrix[e] - graph.mean + log_right[e % states] - log_right[e / states]))
        .collect();
    // Row sums carry one rounding an entry; the scaled entries of one row are at most a few.
    let tolerance = 2.0 * f64::EPSILON * (states as f64).sqrt().max(2.0);
    let mut residual = f64::INFINITY;
    let mut best: Option<(f64, Vec<f64>, Vec<Scaled>, f64)> = None;
    for iteration in 0..ITERATIONS {
        let rows: Vec<f64> = (0..states)
            .map(|i| {
                let row = &matrix[i * states..(i + 1) * states];
                row.iter().fold(Scaled::ZERO, |total, &x| total.plus(x)).ln().exp()
            })
            .collect();
        let high = rows.iter().copied().fold(0.0, f64::max);
        let low = rows.iter().copied().fold(f64::INFINITY, f64::min);
        let width = (high - low) / high;
        let stalled = width >= residual;
        if !stalled {
            residual = width;
            // Between low and high: the middle.
            best = Some((0.5 * (low + high), log_right.clone(), matrix.clone(), width));
        }
        // The width reaches rounding after a few quadratic steps; once there, it only jitters.
        if width <= tolerance || (stalled && residual < 1e-13 && iteration > 3) {
            break;
        }
        let excess: Vec<f64> = rows.iter().map(|r| (high - r).max(0.0)).collect();
        let Some(step) = StateReduction::new(&matrix, &excess, anchor).solve_ones() else { break };
        for (i, own) in step.iter().enumerate() {
            log_right[i] += own.ln();
            let inverse = own.reciprocal();
            for (j, other) in step.iter().enumerate() {
                matrix[i * states + j] = matrix[i * states + j].times(other.times(inverse));
            }
        }
    }
    match best {
        Some((root, log_right, matrix, width)) if width < 1e-12 => {
            let top = log_right.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let inverse = Scaled::new(root).reciprocal();
            Ok(Perron {
                log_root: graph.mean + root.ln(),
                log_right: log_right.iter().map(|h| h - top).collect(),
                anchor,
                stochastic: matrix.iter().map(|&x| x.times(inverse)).collect(),
            })
        }
        _ => Err(Error::NotConverged {
            method: "Noda's iteration for the Perron root".into(),
            iterations: ITERATIONS,
            residual,
            tolerance,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(x: &[f64]) -> Vec<f64> {
        x.iter().map(|v| v.ln()).collect()
    }

    #[test]
    fn two_by_two_in_closed_form() {
        let (a, b, c, d) = (0.9, 0.3, 2.0, 0.6);
        let root = 0.5 * (a + d + f64::sqrt((a - d) * (a - d) + 4.0 * b * c));
        let found = perron(&logs(&[a, b, c, d]), 2).unwrap();
        assert!((found.log_root - f64::ln(root)).abs() < 1e-15);
        let ratio = (found.log_right[1] - found.log_right[0]).exp();
        assert!((ratio - (root - a) / b).abs() < 1e-14 * ratio);
    }

    #[test]
    fn periodic_matrices_converge() {
        // A 3-cycle with weights 1, 2, 4: root 2.
        let found = perron(&logs(&[0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 4.0, 0.0, 0.0]), 3).unwrap();
        assert!((found.log_root - 2f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn nearly_reducible_matrices_converge() {
        // [[1, e], [e, 1 - 1e-9]] with e = 1e-12: root 1 + e^2 / 1e-9 = 1 + 1e-15 (the gap is 1e-9).
        let found = perron(&logs(&[1.0, 1e-12, 1e-12, 1.0 - 1e-9]), 2).unwrap();
        assert!(found.log_root.abs() < 3e-15, "{}", found.log_root);
        let ratio = (found.log_right[1] - found.log_right[0]).exp();
        assert!((ratio / 1e-3 - 1.0).abs() < 1e-5, "{ratio}");
        // Symmetric and weakly joined: root 1 + 1e-30, equal entries.
        let found = perron(&logs(&[1.0, 1e-30, 1e-30, 1.0]), 2).unwrap();
        assert_eq!(found.log_root, 0.0);
        assert_eq!(found.log_right, [0.0, 0.0]);
    }

    #[test]
    fn entries_may_span_any_range() {
        let found = perron(&[-900.0, 700.0, -1500.0, -2000.0], 2).unwrap();
        // Roots of x^2 - (e^-900 + e^-2000) x = e^-800: x = e^-400 up to e^-500 relative.
        assert!((found.log_root + 400.0).abs() < 1e-12);
        assert!((found.log_right[1] - found.log_right[0] + 1100.0).abs() < 1e-12);
    }
}
