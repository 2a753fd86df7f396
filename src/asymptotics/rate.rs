//! Large-deviation rate of the reward a symbol, and its scaled cumulants.
//!
//! Under `phi_beta^n` the reward a symbol `R/n` has rate function
//! `I_beta(x) = D(phi_{beta+tau} || phi_beta) = I(x) - beta x + Lambda(beta)` (R21), and
//! `(1/n) log E e^{t R} = Lambda(beta + t) - Lambda(beta)` exactly for every `n`; with `s = log q` that is
//! `log sum phi q^t = -t H_{1+t}(phi; q)`, a Renyi cross entropy of order `1 + t` (R20; Yang et al. 2024, abstract).

use crate::numerics::log_space::log_sum_exp;
use crate::numerics::sum::sum;
use crate::prob::{self, Law};
use crate::{Error, Result};

pub use crate::prob::Rate;

/// Rate `I_beta(x)` of the mean symbol reward under the law `p` tilted by `beta s`. Quantity `asymptotics.rate`.
///
/// ```
/// let at = tilt::asymptotics::rate::rate(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.0], 1.5, 0.3).unwrap();
/// assert!((at.rate - 0.2815370384182219).abs() < 1e-15);
/// assert!((at.tau.unwrap() - 0.9780001499658946).abs() < 1e-14);
/// ```
///
/// # Errors
/// Fields `p`, `s`, `x`, `beta`.
pub fn rate(p: &[f64], s: &[f64], x: f64, beta: f64) -> Result<Rate> {
    prob::rate(&Law::new(p)?, s, x, beta)
}

/// Scaled cumulants of the log-likelihood reward. Quantity `asymptotics.scgf`.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct ScaledCumulants {
    /// `log sum phi q^t`, `phi` proportional to `p q^beta`.
    pub value: f64,
    /// `1 + t`.
    pub order: f64,
    /// `-value / t`, the Renyi cross entropy of that order; the Shannon cross entropy at `t = 0`.
    pub renyi_cross_entropy: f64,
}

/// `log sum phi q^t` with `phi` proportional to `p q^beta`; `q` is normalised.
///
/// # Errors
/// Fields `p`, `q` (non-negative, positive where `p` is, finite), `beta`, `t` (finite).
pub fn scaled_cumulants(p: &[f64], q: &[f64], beta: f64, t: f64) -> Result<ScaledCumulants> {
    let (base, aligned) = aligned_laws(p, q, beta, t)?;
    let log_q: Vec<f64> = base.support().iter().map(|&i| aligned.log_probs()[i]).collect();
    let unnormalised: Vec<f64> =
        base.support().iter().zip(&log_q).map(|(&i, l)| base.log_probs()[i] + beta * l).collect();
    let log_z = log_sum_exp(&unnormalised);
    let log_phi: Vec<f64> = unnormalised.iter().map(|l| l - log_z).collect();
    let shannon = -sum(log_phi.iter().zip(&log_q).map(|(f, l)| f.exp() * l));
    let spread = log_q.iter().fold(0.0f64, |a, l| a.max((t * l).abs()));
    // For small t the sum is 1 + O(t): its logarithm from the increments.
    let value = if spread < 1.0 {
        sum(log_phi.iter().zip(&log_q).map(|(f, l)| f.exp() * (t * l).exp_m1())).ln_1p()
    } else {
        log_sum_exp(&log_phi.iter().zip(&log_q).map(|(f, l)| f + t * l).collect::<Vec<_>>())
    };
    // Below the smallest normal t the quotient has no digits and the limit is exact.
    let renyi_cross_entropy = if t.is_normal() { -value / t } else { shannon };
    Ok(ScaledCumulants { value, order: 1.0 + t, renyi_cross_entropy })
}

/// The base and the aligned law, validated with the two numbers.
pub(crate) fn aligned_laws(p: &[f64], q: &[f64], beta: f64, t: f64) -> Result<(Law, Law)> {
    let base = Law::new(p)?;
    if q.len() != p.len() {
        return Err(Error::invalid("q", format!("of length {}", q.len()), format!("length {}", p.len())));
    }
    let aligned = Law::new(q).map_err(|e| e.in_field("p", "q"))?;
    if let Some(&i) = base.support().iter().find(|&&i| aligned.probs()[i] == 0.0) {
        return Err(Error::invalid(format!("q[{i}]"), 0.0, "a positive probability where p is positive"));
    }
    for (field, value) in [("beta", beta), ("t", t)] {
        if !value.is_finite() {
            return Err(Error::invalid(field, value, "a finite number"));
        }
    }
    Ok((base, aligned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_values() {
        let found = scaled_cumulants(&[0.5, 0.3, 0.2], &[0.2, 0.3, 0.5], 0.7, 0.5).unwrap();
        assert!((found.value + 0.5874045491496294).abs() < 1e-15);
        assert!((found.renyi_cross_entropy - 1.1748090982992587).abs() < 2e-15);
        assert_eq!(found.order, 1.5);
    }

    #[test]
    fn entropy_is_continuous_at_the_shannon_point() {
        let at = |t| scaled_cumulants(&[0.5, 0.3, 0.2], &[0.2, 0.3, 0.5], 0.7, t).unwrap().renyi_cross_entropy;
        assert!((at(1e-9) - at(0.0)).abs() < 1e-8);
        assert!((at(-1e-300) - at(0.0)).abs() < 1e-14);
        // Both sides of the switch between the two sums: the slope is of order 1.
        let switch = 1.0 / -(0.2f64.ln());
        assert!((at(switch * 0.9999999) - at(switch * 1.0000001)).abs() < 1e-6);
    }

    #[test]
    fn tilting_back_gives_the_base_law() {
        // beta + t = 0: value = -log Z(beta), even where phi has underflowed.
        let found = scaled_cumulants(&[0.5, 0.5], &[0.25, 0.75], 5e3, -5e3).unwrap();
        let log_z = 5e3 * 0.75f64.ln() + 0.5f64.ln();
        assert!((found.value + log_z).abs() < 1e-11);
        assert!(scaled_cumulants(&[0.5, 0.5], &[1.0, 0.0], 1.0, 1.0).is_err());
    }

    #[test]
    fn ends_and_outside() {
        let at = |x| rate(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.0], x, 0.0).unwrap();
        assert_eq!(at(2.0).tau, Some(f64::INFINITY));
        assert!((at(2.0).rate + 0.2f64.ln()).abs() < 1e-15);
        assert_eq!(at(0.0).tau, Some(f64::NEG_INFINITY));
        assert_eq!((at(2.5).rate, at(2.5).tau), (f64::INFINITY, None));
    }
}
