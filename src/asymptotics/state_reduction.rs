//! Elimination of states without subtraction: linear systems of non-negative matrices whose row sums are known.
//!
//! The matrix is `M = D - B` with `B >= 0` off the diagonal and `M 1 = e >= 0` given (the *excess*). Then the diagonal
//! never has to be stored, every pivot is a sum of non-negative numbers, and solutions with non-negative right sides have
//! every entry to full relative accuracy, however nearly singular `M` is (W.K. Grassmann, M.I. Taksar, D.P. Heyman 1985
//! for Markov chains; A.S. Alfa, J. Xue, Q. Ye 2002 for M-matrices). With `e = 0` and `B` a stochastic matrix this is the
//! stationary law. Numbers are [`Scaled`], so transitions of `e^-1000` are as good as any. Cost `O(k^3)` once, `O(k^2)` a
//! right side.

use super::scaled::Scaled;

/// The eliminated system: states are removed in the order `order[k-1], ..., order[1]`; `order[0]` stays.
pub(crate) struct StateReduction {
    order: Vec<usize>,
    /// In elimination order: `flow[a * k + b]`, the (censored) weight from `a` to `b` when the larger of the two goes.
    flow: Vec<Scaled>,
    pivot: Vec<Scaled>,
}

impl StateReduction {
    /// Eliminates all states but `last`. `off_diagonal` is row-major; its diagonal is ignored. The excess is `M 1`.
    pub(crate) fn new(off_diagonal: &[Scaled], excess: &[f64], last: usize) -> StateReduction {
        let states = excess.len();
        let mut order: Vec<usize> = (0..states).collect();
        order.swap(0, last);
        let mut flow: Vec<Scaled> =
            order.iter().flat_map(|&a| order.iter().map(move |&b| off_diagonal[a * states + b])).collect();
        let mut excess: Vec<Scaled> = order.iter().map(|&a| Scaled::new(excess[a])).collect();
        let mut pivot = vec![Scaled::ZERO; states];
        for gone in (0..states).rev() {
            pivot[gone] = (0..gone).fold(excess[gone], |total, b| total.plus(flow[gone * states + b]));
            if gone == 0 || pivot[gone].is_zero() {
                continue;
            }
            let inverse = pivot[gone].reciprocal();
            for a in 0..gone {
                let factor = flow[a * states + gone].times(inverse);
                if factor.is_zero() {
                    continue;
                }
                for b in 0..gone {
                    if a != b {
                        flow[a * states + b] = flow[a * states + b].plus(factor.times(flow[gone * states + b]));
                    }
                }
                excess[a] = excess[a].plus(factor.times(excess[gone]));
            }
        }
        StateReduction { order, flow, pivot }
    }

    /// `y = M^-1 1`, every entry to full relative accuracy, divided by its largest entry; `None` if `M` is singular.
    pub(crate) fn solve_ones(&self) -> Option<Vec<Scaled>> {
        let states = self.order.len();
        if self.pivot.iter().any(|p| p.is_zero()) {
            return None;
        }
        let mut right = vec![Scaled::ONE; states];
        for gone in (1..states).rev() {
            let share = right[gone].times(self.pivot[gone].reciprocal());
            for (a, value) in right[..gone].iter_mut().enumerate() {
                *value = value.plus(share.times(self.flow[a * states + gone]));
            }
        }
        let mut y: Vec<Scaled> = Vec::with_capacity(states);
        for (a, &known) in right.iter().enumerate() {
            let total = (0..a).fold(known, |total, b| total.plus(self.flow[a * states + b].times(y[b])));
            y.push(total.times(self.pivot[a].reciprocal()));
        }
        Some(self.unordered(&normalised(&y)))
    }

    /// Logarithm of the stationary law of the stochastic matrix `B` (excess 0), to full relative accuracy.
    pub(crate) fn log_stationary(&self) -> Vec<f64> {
        let states = self.order.len();
        let mut mass: Vec<Scaled> = vec![Scaled::ONE];
        for b in 1..states {
            let inflow = (0..b).fold(Scaled::ZERO, |total, a| total.plus(mass[a].times(self.flow[a * states + b])));
            mass.push(if inflow.is_zero() { Scaled::ZERO } else { inflow.times(self.pivot[b].reciprocal()) });
        }
        let logs: Vec<f64> = normalised(&mass).iter().map(|m| m.ln()).collect();
        let log_total = logs.iter().map(|l| l.exp()).sum::<f64>().ln();
        self.unordered(&logs.iter().map(|l| l - log_total).collect::<Vec<_>>())
    }

    /// The solution of `M g = right` with `g = 0` at the last state and that state's equation dropped: Poisson's equation
    /// of a stochastic `B`, up to a constant, if `right` has mean 0 under the stationary law.
    pub(crate) fn solve_pinned(&self, right: &[f64]) -> Vec<f64> {
        let states = self.order.len();
        let mut right: Vec<f64> = self.order.iter().map(|&a| right[a]).collect();
        let ratio = |x: Scaled, y: Scaled| if x.is_zero() { 0.0 } else { (x.ln() - y.ln()).exp() };
        for gone in (1..states).rev() {
            for a in 1..gone {
                right[a] += right[gone] * ratio(self.flow[a * states + gone], self.pivot[gone]);
            }
        }
        let mut g = vec![0.0; states];
        for a in 1..states {
            // Written with the weights of the remaining states as probabilities, so that it cannot overflow.
            let passed: f64 = (0..a).map(|b| ratio(self.flow[a * states + b], self.pivot[a]) * g[b]).sum();
            g[a] = passed + right[a] * (-self.pivot[a].ln()).exp();
        }
        self.unordered(&g)
    }

    fn unordered<T: Copy>(&self, x: &[T]) -> Vec<T> {
        let mut out = x.to_vec();
        for (&place, &value) in self.order.iter().zip(x) {
            out[place] = value;
        }
        out
    }
}

/// Divided by the largest entry; before any logarithm, which would round entries of `e^100000` to 1e-11.
fn normalised(x: &[Scaled]) -> Vec<Scaled> {
    let largest = x.iter().copied().max_by(|a, b| a.ln().total_cmp(&b.ln())).unwrap_or(Scaled::ONE);
    let inverse = largest.reciprocal();
    x.iter().map(|v| v.times(inverse)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(x: &[f64]) -> Vec<Scaled> {
        x.iter().map(|&v| Scaled::new(v)).collect()
    }

    #[test]
    fn stationary_law_of_a_nearly_split_chain() {
        // Two halves joined by 1e-200 and 2e-200: masses 2/3 and 1/3, exactly.
        let q = scaled(&[0.5, 0.5, 0.0, 0.5, 0.5, 1e-200, 0.0, 2e-200, 1.0]);
        for last in 0..3 {
            let log = StateReduction::new(&q, &[0.0; 3], last).log_stationary();
            let third = 2e-200 / (2e-200 + 0.5e-200);
            // Detailed balance of the path 0 - 1 - 2: pi = (1, 1, 1/2) / 2.5.
            assert!((log[0].exp() - third / 2.0).abs() < 1e-15, "{log:?}");
            assert!((log[2].exp() - 0.2).abs() < 1e-15);
        }
    }

    #[test]
    fn solves_a_dominant_system() {
        // M = [[3, -1], [-2, 4]], M 1 = (2, 2): M^-1 1 = (.5, .5).
        let b = scaled(&[0.0, 1.0, 2.0, 0.0]);
        let y = StateReduction::new(&b, &[2.0, 2.0], 1).solve_ones().unwrap();
        assert_eq!(y, [Scaled::ONE, Scaled::ONE]);
        assert!(StateReduction::new(&b, &[0.0, 0.0], 1).solve_ones().is_none());
    }

    #[test]
    fn poisson_equation_of_two_states() {
        // (I - Q) g = right with Q = [[.9, .1], [.4, .6]], right centred under (.8, .2): g_1 - g_0 = right_1 / .4.
        let q = scaled(&[0.9, 0.1, 0.4, 0.6]);
        let g = StateReduction::new(&q, &[0.0; 2], 0).solve_pinned(&[-0.2, 0.8]);
        assert!((g[1] - g[0] - 2.0).abs() < 1e-15);
        let g = StateReduction::new(&q, &[0.0; 2], 1).solve_pinned(&[-0.2, 0.8]);
        assert!((g[1] - g[0] - 2.0).abs() < 1e-15);
    }
}
