//! A strictly complementary von Neumann winner by an interior point.
//!
//! $\pi$ is a winner iff $s = -A\pi \ge 0$; as $\pi^T A \pi = 0$, such a pair is complementary by itself, and some pair is
//! strictly so, $\pi + s > 0$ (Goldman, Tucker 1956): its support is that of **all** winners together. The central path
//! $$s = t\,\mathbf 1 - A\pi,\quad \mathbf 1^T\pi = 1,\quad \pi_i s_i = t/Y$$
//! exists for every $t > 0$ (derived: $\pi^T s = t$) and its limit is strictly complementary. Mehrotra's predictor and
//! corrector on $(\mathrm{diag}(s/\pi) - A)\,d\pi + dt\,\mathbf 1 = \rho/\pi$, $\mathbf 1^T d\pi = 0$, a matrix with positive
//! definite symmetric part: one LU an iteration, 10 to 25 iterations.

use super::payoff::Payoff;
use super::preference::Preference;
use crate::numerics::factorised::Factorised;
use crate::numerics::sum::sum;
use crate::{Error, Result};

/// A point of the central path.
#[derive(Clone, Debug, PartialEq)]
pub struct CentralPoint {
    /// $\pi > 0$, of sum 1.
    pub policy: Vec<f64>,
    /// $s > 0$, at most $t$ above $-A\pi$.
    pub slack: Vec<f64>,
    /// $t$: the exploitability of $\pi$ is below it.
    pub gap: f64,
}

/// The point of the central path at a gap of at most `gap`.
///
/// # Errors
/// [`Error::NotConverged`] if the gap is not reached.
pub fn central_point(preference: &Preference, gap: f64) -> Result<CentralPoint> {
    follow(preference, gap, |_, _, _| false)
}

/// Follows the path down to `gap`, or until `stop(policy, slack, gap)` says so; every point is strictly inside.
///
/// # Errors
/// As [`central_point`].
pub fn follow(
    preference: &Preference,
    gap: f64,
    mut stop: impl FnMut(&[f64], &[f64], f64) -> bool,
) -> Result<CentralPoint> {
    let n = preference.size();
    let mut policy = vec![1.0 / n as f64; n];
    let mut payoff = vec![0.0; n];
    preference.apply(&policy, &mut payoff);
    let mut t = 1.0 + 2.0 * payoff.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let mut slack: Vec<f64> = payoff.iter().map(|a| t - a).collect();
    let failure = |t: f64, iterations| Error::NotConverged {
        method: "the central path".into(),
        iterations,
        residual: t,
        tolerance: gap,
    };
    for iteration in 0..200 {
        if t <= gap || stop(&policy, &slack, t) {
            return Ok(CentralPoint { policy, slack, gap: t });
        }
        let mut matrix: Vec<f64> = preference.advantages().iter().map(|a| -a).collect();
        for i in 0..n {
            matrix[i * n + i] += slack[i] / policy[i];
        }
        let factorised = Factorised::new(&matrix, n)?;
        let shift = factorised.solve(&vec![1.0; n])?;
        let mean = sum(policy.iter().zip(&slack).map(|(p, s)| p * s)) / n as f64;
        // The direction towards pi s = target - products: (d pi, d s, d t).
        let direction = |target: &dyn Fn(usize) -> f64| -> Result<(Vec<f64>, Vec<f64>, f64)> {
            let right: Vec<f64> = (0..n).map(|i| target(i) / policy[i] - slack[i]).collect();
            let plain = factorised.solve(&right)?;
            let dt = sum(plain.iter().copied()) / sum(shift.iter().copied());
            let d_policy: Vec<f64> = plain.iter().zip(&shift).map(|(y, z)| y - dt * z).collect();
            // From the complementarity row: no cancellation in small slacks.
            let d_slack = (0..n).map(|i| (target(i) - slack[i] * d_policy[i]) / policy[i] - slack[i]).collect();
            Ok((d_policy, d_slack, dt))
        };
        let (d_policy, d_slack, _) = direction(&|_| 0.0)?;
        let length = step_length(&policy, &d_policy).min(step_length(&slack, &d_slack)).min(1.0);
        let after =
            sum((0..n).map(|i| (policy[i] + length * d_policy[i]) * (slack[i] + length * d_slack[i]))) / n as f64;
        let centring = (after / mean).max(0.0).powi(3) * mean;
        let (d_policy, d_slack, dt) = direction(&|i| centring - d_policy[i] * d_slack[i])?;
        let longest = step_length(&policy, &d_policy).min(step_length(&slack, &d_slack));
        let length = (0.99 * longest).min(1.0);
        if length.is_nan() || length <= 1e-10 {
            return Err(failure(t, iteration));
        }
        for i in 0..n {
            policy[i] += length * d_policy[i];
            slack[i] += length * d_slack[i];
        }
        t += length * dt;
        // The products define the gap better than the accumulated t once it is small.
        t = t.max(sum(policy.iter().zip(&slack).map(|(p, s)| p * s)));
    }
    Err(failure(t, 200))
}

/// The step to the boundary of the positive orthant.
fn step_length(x: &[f64], d: &[f64]) -> f64 {
    x.iter().zip(d).filter(|(_, d)| **d < 0.0).map(|(x, d)| -x / d).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::{cyclic, sine};

    #[test]
    fn the_limit_is_a_winner_and_strictly_complementary() {
        for preference in [sine(1), sine(2), sine(20), sine(60), cyclic(7, 0.4).unwrap(), cyclic(8, 1.0).unwrap()] {
            let point = central_point(&preference, 1e-12).unwrap();
            let mut payoff = vec![0.0; preference.size()];
            preference.apply(&point.policy, &mut payoff);
            assert!((point.policy.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for ((a, s), p) in payoff.iter().zip(&point.slack).zip(&point.policy) {
                assert!(*a <= 1e-12 && (a + s).abs() <= 2e-12 && p + s > 1e-6, "{a} {s} {p}");
            }
        }
    }
}
