//! KL-constrained reinforcement learning on a finite outcome set (R1, R2, R4): the tilt, the budget optimum, the
//! reward-KL frontier and its expansion.
//!
//! The frontier $Rw(\Delta) = m(\beta(\Delta))$ is concave with slope $1/\beta(\Delta)$, and
//! $Rw(\Delta) = \mu + \sqrt{2\kappa_2\Delta} + \kappa_3\Delta/(3\kappa_2) + O(\Delta^{3/2})$ (derived);
//! $Rw - \mu \le (r_{max} - r_{min})\sqrt{\Delta/2}$ (Hoeffding).

use crate::prob::{Law, Regime, check_rewards, kl_optimum, reward_range, tilt};
use crate::{Error, Result};

/// The tilt of a base law and its divergences (quantity `asymptotics.tilt`).
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct ExponentialTilt {
    /// The tilted law.
    pub phi: Vec<f64>,
    /// $\log E_p e^{\beta r}$.
    pub log_z: f64,
    /// Mean reward under the tilt.
    pub mean: f64,
    /// Variance of the reward under the tilt.
    pub variance: f64,
    /// Third cumulant of the reward under the tilt.
    pub third_cumulant: f64,
    /// $D(\varphi\|p)$.
    pub kl: f64,
    /// $D(p\|\varphi)$.
    pub reverse_kl: f64,
    /// `kl + reverse_kl` $= \beta\,(E_\varphi r - E_p r)$.
    pub jeffreys: f64,
}

/// The tilt of `law` by `beta`, any finite real.
///
/// # Errors
/// [`Error::InvalidInput`] about `r` or `beta`.
pub fn exponential_tilt(law: &Law, r: &[f64], beta: f64) -> Result<ExponentialTilt> {
    check_rewards("r", r, law)?;
    if !beta.is_finite() {
        return Err(Error::invalid("beta", beta, "a finite number"));
    }
    let t = tilt(law, r, beta);
    Ok(ExponentialTilt {
        phi: t.probs,
        log_z: t.log_z,
        mean: t.mean,
        variance: t.variance,
        third_cumulant: t.third_cumulant,
        kl: t.kl,
        reverse_kl: t.reverse_kl,
        jeffreys: t.kl + t.reverse_kl,
    })
}

/// The best law within a KL budget (quantity `asymptotics.kl_rl`).
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct KlConstrained {
    /// Which case of the problem holds.
    pub regime: Regime,
    /// The inverse temperature: 0, 0, infinite, or the root, by regime.
    pub beta: f64,
    /// The canonical optimal law.
    pub phi: Vec<f64>,
    /// Its mean reward.
    pub mean: f64,
    /// Its divergence from the base law.
    pub kl: f64,
    /// The budget that saturates, $-\log p(A^*)$.
    pub delta_max: f64,
    /// The largest reward on the support.
    pub r_max: f64,
}

/// The optimum at a budget of `delta` nats.
///
/// # Errors
/// [`Error::InvalidInput`] about `r` or `delta`.
pub fn kl_constrained(law: &Law, r: &[f64], delta: f64) -> Result<KlConstrained> {
    let best = kl_optimum(law, r, delta)?;
    Ok(KlConstrained {
        regime: best.regime,
        beta: best.beta,
        phi: best.tilt.probs,
        mean: best.tilt.mean,
        kl: best.tilt.kl,
        delta_max: best.delta_max,
        r_max: best.r_max,
    })
}

/// The optimum at a small budget, to second order in $\sqrt\Delta$: $b = b_0 - \kappa_3 b_0^2/(3\kappa_2)$ with
/// $b_0 = \sqrt{2\Delta/\kappa_2}$, the masses $p\,e^{b(r-\mu)}$ normalised, the mean by [`frontier_expansion`]; errors
/// $O(\Delta^{3/2})$ (R2, derived).
///
/// # Errors
/// [`Error::InvalidInput`] about `r` or `delta`: also a budget so large that it saturates or that the expansion leaves the
/// range of the tilts.
pub fn kl_constrained_expansion(law: &Law, r: &[f64], delta: f64) -> Result<KlConstrained> {
    let mean = frontier_expansion(law, r, delta)?;
    let (low, r_max) = reward_range(law, r);
    let top: f64 = law.support().iter().filter(|&&i| r[i] == r_max).map(|&i| law.probs()[i]).sum();
    let answer = |regime, beta: f64, phi, mean, kl, delta_max: f64| {
        Ok(KlConstrained { regime, beta, phi, mean, kl, delta_max, r_max })
    };
    if low == r_max {
        return answer(Regime::Degenerate, 0.0, law.probs().to_vec(), mean, 0.0, 0.0);
    }
    let delta_max = -top.ln();
    if delta == 0.0 {
        return answer(Regime::Base, 0.0, law.probs().to_vec(), mean, 0.0, delta_max);
    }
    let mu = law.expectation(|i| r[i]);
    let central = |power: i32| law.expectation(|i| (r[i] - mu).powi(power));
    let leading = (2.0 * delta / central(2)).sqrt();
    let beta = leading - central(3) / (3.0 * central(2)) * leading * leading;
    if !(delta < delta_max && beta > 0.0 && mean < r_max) {
        return Err(Error::invalid("delta", delta, "a budget small enough for its expansion"));
    }
    let weight = |i: usize| law.probs()[i] * (beta * (r[i] - mu)).exp();
    let total: f64 = law.support().iter().map(|&i| weight(i)).sum();
    let phi = (0..law.len()).map(|i| if law.probs()[i] > 0.0 { weight(i) / total } else { 0.0 }).collect();
    answer(Regime::Interior, beta, phi, mean, delta, delta_max)
}

/// The expansion of the frontier at a small budget: $\mu + \sqrt{2\kappa_2\Delta} + \kappa_3\Delta/(3\kappa_2)$.
///
/// # Errors
/// [`Error::InvalidInput`] about `r` or `delta`.
pub fn frontier_expansion(law: &Law, r: &[f64], delta: f64) -> Result<f64> {
    check_frontier(law, r, delta)?;
    let base = tilt(law, r, 0.0);
    if base.variance == 0.0 {
        return Ok(base.mean);
    }
    Ok(base.mean + (2.0 * base.variance * delta).sqrt() + base.third_cumulant * delta / (3.0 * base.variance))
}

/// The upper bound $\mu + (r_{max} - r_{min})\sqrt{\Delta/2}$ on every mean reward within the budget.
///
/// # Errors
/// [`Error::InvalidInput`] about `r` or `delta`.
pub fn frontier_bound(law: &Law, r: &[f64], delta: f64) -> Result<f64> {
    check_frontier(law, r, delta)?;
    let (low, high) = reward_range(law, r);
    Ok(tilt(law, r, 0.0).mean + (high - low) * (0.5 * delta).sqrt())
}

fn check_frontier(law: &Law, r: &[f64], delta: f64) -> Result<()> {
    check_rewards("r", r, law)?;
    if delta.is_finite() && delta >= 0.0 { Ok(()) } else { Err(Error::invalid("delta", delta, "a finite budget >= 0")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frontier_and_expansion_reference() {
        let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
        let r = [0.0, 1.0, 2.0];
        for (delta, exact, expansion) in
            [(1e-2, 0.8118175017660081, 0.8119618068931841), (1e-4, 0.7110602974217501, 0.7110604429844003)]
        {
            assert!((kl_constrained(&law, &r, delta).unwrap().mean - exact).abs() < 3e-16);
            assert!((frontier_expansion(&law, &r, delta).unwrap() - expansion).abs() < 3e-16);
            assert!(exact < frontier_bound(&law, &r, delta).unwrap());
        }
    }

    #[test]
    fn expansion_of_the_optimum() {
        let law = Law::new(&[0.5, 0.3, 0.0, 0.2]).unwrap();
        let r = [0.0, 1.0, 9.0, 2.0];
        for delta in [1e-2, 1e-4, 1e-6] {
            let exact = kl_constrained(&law, &r, delta).unwrap();
            let found = kl_constrained_expansion(&law, &r, delta).unwrap();
            // (b range)^3 = (2 sqrt(2 delta / .61))^3, with coefficients below one.
            let order = 48.0 * delta.powf(1.5);
            assert!((found.beta - exact.beta).abs() < order && (found.mean - exact.mean).abs() < order);
            assert!(found.phi.iter().zip(&exact.phi).all(|(a, b)| (a - b).abs() < order));
            assert!((found.delta_max - exact.delta_max).abs() < 1e-15 && found.regime == exact.regime);
        }
        assert_eq!(kl_constrained_expansion(&law, &r, 0.0).unwrap().regime, Regime::Base);
        assert_eq!(kl_constrained_expansion(&law, &[1.0; 4], 1.0).unwrap().regime, Regime::Degenerate);
        assert!(kl_constrained_expansion(&law, &r, 5.0).is_err());
    }

    #[test]
    fn slope_of_the_frontier_is_the_temperature() {
        let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
        let mean = |delta: f64| kl_constrained(&law, &[0.0, 1.0, 2.0], delta).unwrap().mean;
        let (delta, h) = (0.2, 1e-5);
        let slope = (mean(delta + h) - mean(delta - h)) / (2.0 * h);
        // central difference: h^2 Rw'''/6 ~ 1e-9, rounding 1e-16/h = 1e-11
        assert!((slope * 0.7751746209852189 - 1.0).abs() < 1e-8);
    }

    #[test]
    fn jeffreys_field() {
        let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
        let t = exponential_tilt(&law, &[0.0, 1.0, 2.0], 0.7).unwrap();
        assert!((t.jeffreys - 0.7 * (t.mean - 0.7)).abs() < 1e-15);
        assert!(exponential_tilt(&law, &[0.0, 1.0, 2.0], f64::INFINITY).is_err());
    }
}
