//! When is best-of-N a tilt? (R30)
//!
//! Best-of-N equals a tilt exactly when the reward is affine in the **twin** $t_j = \log(b_j/P_j)$ on the levels: always
//! with one or two levels, and for one reward (up to affine maps) on three or more (question of Yang et al. 2024; derived).
//!
//! The nearest tilt is the one with best-of-N's own mean reward: $\partial_b D(\pi\|\varphi_b) = E_{\varphi_b} r - E_\pi r$.
//! The difference of the two means is summed from differences of the two laws, $\pi\,(e^{\log\varphi/\pi} - 1)$, so neither
//! $\log N \to 0$ nor $\log N \to \infty$ costs digits.

use super::best_of_n::check_log_best_of;
use crate::numerics::roots::newton_bracketed;
use crate::numerics::sum::sum;
use crate::prob::{
    Law, Levels, Tilt, best_of, check_rewards, divergence_between_tilts, reward_range, tilt, tilt_to_limit,
};
use crate::{Error, Result};

/// Best-of-N against the family of tilts (quantity `asymptotics.bon_twin`).
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Twin {
    /// $\log(\pi/p)$ centred to base mean 0; `None` off the support; infinite where it overflows.
    pub twin: Vec<Option<f64>>,
    /// The inverse temperature of the tilt with the same mean reward; infinite where the mean is the maximum to
    /// underflow.
    pub beta_star: f64,
    /// $D(\pi\|\varphi_{\beta^*})$, the distance to the family.
    pub kl_to_tilt: f64,
}

/// The twin reward of best-of-N and the nearest tilt, random ties.
///
/// # Errors
/// [`Error::InvalidInput`] about `r` or `log_best_of`.
pub fn twin(law: &Law, r: &[f64], log_best_of: f64) -> Result<Twin> {
    check_rewards("r", r, law)?;
    check_log_best_of(log_best_of)?;
    let (levels, level_of) = Levels::of_outcomes(law, r);
    let best = best_of(&levels, log_best_of);
    let log_ratio: Vec<f64> = level_of.iter().map(|j| j.map_or(0.0, |j| best.log_ratio[j])).collect();
    let centre = law.expectation(|i| log_ratio[i]);
    // Where log(b/P) ~ -N c overflows (c = -log F), only the sign of E_p c - c_j is left of the centred twin.
    let c = levels.neg_log_cdf();
    let mean_c = law.expectation(|i| level_of[i].map_or(0.0, |j| c[j]));
    let centred = |j: usize, u: f64| {
        if centre.is_finite() {
            u - centre
        } else if mean_c == c[j] {
            0.0
        } else {
            f64::INFINITY.copysign(mean_c - c[j])
        }
    };
    let twin = level_of.iter().zip(&log_ratio).map(|(j, &u)| j.map(|j| centred(j, u))).collect();
    let nearest = tilt_matching_mean(law, r, &log_ratio)?;
    let policy = Tilt { probs: law.reweighted(|i| log_ratio[i]), log_ratio, ..nearest.clone() };
    let kl_to_tilt = divergence_between_tilts(&policy, &nearest);
    Ok(Twin { twin, beta_star: nearest.beta, kl_to_tilt })
}

/// The tilt whose mean reward is that of the policy $p\,e^u$, for a log-ratio $u$ that raises the mean.
fn tilt_matching_mean(law: &Law, r: &[f64], log_ratio: &[f64]) -> Result<Tilt> {
    let (low, top) = reward_range(law, r);
    if low == top || log_ratio.iter().all(|&u| u == 0.0) {
        return Ok(tilt(law, r, 0.0));
    }
    let policy = law.reweighted(|i| log_ratio[i]);
    if law.support().iter().all(|&i| policy[i] == 0.0 || r[i] == top) {
        return Ok(tilt_to_limit(law, r));
    }
    // Rewards from the policy's heaviest outcome, in units of half the range: |x| <= 2, without overflow.
    let half_range = 0.5 * top - 0.5 * low;
    let heaviest =
        law.support().iter().copied().fold(law.support()[0], |h, i| if policy[i] > policy[h] { i } else { h });
    let scaled: Vec<f64> = r.iter().map(|x| (0.5 * x - 0.5 * r[heaviest]) / half_range).collect();
    // Mean of the tilt less mean of the policy, by differences of the two laws that keep their digits.
    let residual = |log_b: f64| {
        let t = tilt(law, &scaled, log_b.exp());
        let difference = |i: usize| match t.log_ratio[i] - log_ratio[i] {
            d if d.is_nan() => 0.0,
            d if d < 0.0 => policy[i] * d.exp_m1(),
            d => -t.probs[i] * (-d).exp_m1(),
        };
        (sum(law.support().iter().map(|&i| difference(i) * scaled[i])), t.beta * t.variance)
    };
    let (mut lo, mut hi, mut step) = (-0.1, 0.1, 0.5);
    while residual(lo).0 > 0.0 && lo > -740.0 {
        (lo, step) = (lo - step, 2.0 * step);
    }
    step = 0.5;
    while residual(hi).0 < 0.0 && hi < 709.0 {
        (hi, step) = ((hi + step).min(709.0), 2.0 * step);
    }
    let root = newton_bracketed(residual, lo, hi, 0.0f64.clamp(lo, hi));
    if !root.found() {
        return Err(Error::NotConverged {
            method: "the tilt of a given mean reward".into(),
            iterations: root.iterations,
            residual: root.value,
            tolerance: 0.0,
        });
    }
    // log b has the absolute accuracy of its own size: one Newton step in b itself
    let (value, slope) = residual(root.x);
    let correction = value / slope;
    let b = root.x.exp() * if correction.abs() < 1e-6 { 1.0 - correction } else { 1.0 };
    let nearest = tilt(law, &scaled, b);
    Ok(Tilt { beta: 0.5 * (b / half_range), ..nearest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(p: &[f64]) -> Law {
        Law::new(p).unwrap()
    }

    #[test]
    fn reference_values() {
        let at = twin(&law(&[0.5, 0.3, 0.2]), &[0.0, 1.0, 2.0], 4f64.ln()).unwrap();
        for (a, b) in at.twin.iter().zip([-1.299966486651025, 0.9253055032403504, 1.861957961767037]) {
            assert!((a.unwrap() / b - 1.0).abs() < 2e-15);
        }
        assert!((at.beta_star / 1.336096708045707 - 1.0).abs() < 2e-15);
        assert!((at.kl_to_tilt / 0.030282489397288833 - 1.0).abs() < 2e-14);
        let at = twin(&law(&[0.4, 0.6]), &[0.0, 3.0], 1.5).unwrap();
        assert!((at.twin[0].unwrap() / -2.2106779158261625 - 1.0).abs() < 1e-15);
        assert!((at.twin[1].unwrap() / 1.4737852772174416 - 1.0).abs() < 1e-15);
        assert!((at.beta_star / 1.2281543976812015 - 1.0).abs() < 2e-15);
        assert!(at.kl_to_tilt < 1e-30);
    }

    #[test]
    fn the_twin_as_reward_makes_best_of_n_a_tilt() {
        for log_n in [1e-8, 0.1, 1.0, 3.0, 6.0] {
            let p = law(&[0.1, 0.4, 0.0, 0.3, 0.2]);
            let at = twin(&p, &[0.0, 1.0, 7.0, 5.0, 6.0], log_n).unwrap();
            assert_eq!(at.twin[2], None);
            let reward: Vec<f64> = at.twin.iter().map(|t| t.unwrap_or(0.0)).collect();
            let again = twin(&p, &reward, log_n).unwrap();
            assert!((again.beta_star - 1.0).abs() < 1e-13, "{log_n}: {}", again.beta_star);
            assert!(again.kl_to_tilt < 1e-27 && at.kl_to_tilt >= 0.0, "{log_n}: {}", again.kl_to_tilt);
        }
    }

    #[test]
    fn ends() {
        let p = law(&[0.5, 0.3, 0.2]);
        let at = twin(&p, &[0.0, 1.0, 2.0], 0.0).unwrap();
        assert_eq!((at.beta_star, at.kl_to_tilt), (0.0, 0.0));
        let at = twin(&p, &[3.0; 3], 5.0).unwrap();
        assert_eq!((at.beta_star, at.kl_to_tilt, at.twin[0]), (0.0, 0.0, Some(0.0)));
        let at = twin(&p, &[0.0, 1.0, 2.0], 2000.0).unwrap();
        assert!(at.beta_star == f64::INFINITY && at.kl_to_tilt < 1e-30);
        assert_eq!(at.twin, [Some(f64::NEG_INFINITY), Some(f64::INFINITY), Some(f64::INFINITY)]);
        // Half way out: mean 2 - 0.8^N, still matched by its shortfall 1.5e-10.
        let at = twin(&p, &[0.0, 1.0, 2.0], 100f64.ln()).unwrap();
        let t = tilt(&p, &[0.0, 1.0, 2.0], at.beta_star);
        assert!(((t.probs[1] + 2.0 * t.probs[0]) / (0.8f64.powi(100) + 0.5f64.powi(100)) - 1.0).abs() < 1e-12);
        let at = twin(&p, &[0.0, 1e300, 2e300], 4f64.ln()).unwrap();
        assert!((at.beta_star * 1e300 / 1.336096708045707 - 1.0).abs() < 1e-13);
    }
}
