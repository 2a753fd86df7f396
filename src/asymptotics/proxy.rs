//! Tilting by a proxy reward (R5).
//!
//! The tilt $\omega$ by $r' = r + e$ at inverse temperature $b$ loses, in the KL-penalised objective
//! $J(\omega) = E_\omega r - D(\omega\|p)/b$ of the true reward,
//! $$J(\varphi_b) - J(\omega) = \frac{D(\omega\|\varphi_b)}{b} = b\int_0^1 u\,\mathrm{Var}_u(e)\,du,$$
//! $\mathrm{Var}_u$ under the tilt by $r + u e$ (derived; qualitatively Monteiro Paes et al. 2026). The loss is
//! nondecreasing in $t$ when $e$ is replaced by $t e$; the true gain alone is not monotone.

use crate::numerics::quadrature::GaussLegendre;
use crate::prob::{Law, check_rewards, divergence_between_tilts, tilt};
use crate::{Error, Result};

/// The tilt by a proxy, judged by the true reward.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct ProxyTilt {
    /// The law tilted by the proxy.
    pub omega: Vec<f64>,
    /// $E_\omega r - E_p r$ for the true reward.
    pub true_gain: f64,
    /// $J(\varphi_b) - J(\omega)$, from the two objectives.
    pub objective_gap: f64,
    /// $D(\omega\|\varphi_b)/b$, the same number.
    pub divergence_over_b: f64,
}

/// The tilt by `r + error` at `beta` > 0, judged by `r`.
///
/// # Errors
/// [`Error::InvalidInput`] about `r`, `error` or `beta`.
///
/// ```
/// use tilt::{asymptotics::proxy::proxy_tilt, prob::Law};
/// let law = Law::new(&[0.99, 0.01])?;
/// let gain = |e: f64| proxy_tilt(&law, &[0.0, 1.0], &[0.0, e], 1.0).map(|p| p.true_gain);
/// assert!((gain(0.0)? - 0.0167236310).abs() < 1e-10);
/// assert!((0.5 * gain(2.0)? + 0.5 * gain(-2.0)? - 0.0761834927).abs() < 1e-10);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn proxy_tilt(law: &Law, r: &[f64], error: &[f64], beta: f64) -> Result<ProxyTilt> {
    check(law, r, error, beta)?;
    let proxy: Vec<f64> = r.iter().zip(error).map(|(r, e)| r + e).collect();
    check_rewards("error", &proxy, law)?;
    let (phi, omega) = (tilt(law, r, beta), tilt(law, &proxy, beta));
    let base_mean = law.expectation(|i| r[i]);
    let true_gain = law.expectation(|i| omega.log_ratio[i].exp_m1() * (r[i] - base_mean));
    let best_gain = law.expectation(|i| phi.log_ratio[i].exp_m1() * (r[i] - base_mean));
    Ok(ProxyTilt {
        true_gain,
        objective_gap: (best_gain - phi.kl / beta) - (true_gain - omega.kl / beta),
        divergence_over_b: divergence_between_tilts(&omega, &phi) / beta,
        omega: omega.probs,
    })
}

/// $b\int_0^1 u\,\mathrm{Var}_u(e)\,du$ by Gauss-Legendre quadrature with 40 points on each of `panels` panels: the third
/// form of the gap. Exact to rounding for $b\,(\max e - \min e)$ up to about ten a panel.
///
/// # Errors
/// As [`proxy_tilt`].
pub fn proxy_gap_integral(law: &Law, r: &[f64], error: &[f64], beta: f64, panels: usize) -> Result<f64> {
    check(law, r, error, beta)?;
    let rule = GaussLegendre::new(40);
    let mut proxy = r.to_vec();
    let mut weighted_variance = |u: f64| {
        proxy.iter_mut().zip(r.iter().zip(error)).for_each(|(x, (r, e))| *x = r + u * e);
        let q = tilt(law, &proxy, beta).probs;
        let mean: f64 = q.iter().zip(error).map(|(q, e)| q * e).sum();
        u * q.iter().zip(error).map(|(q, e)| q * (e - mean) * (e - mean)).sum::<f64>()
    };
    let width = 1.0 / panels.max(1) as f64;
    let panel = |k: usize| rule.integrate(k as f64 * width, (k + 1) as f64 * width, &mut weighted_variance);
    Ok(beta * (0..panels.max(1)).map(panel).sum::<f64>())
}

fn check(law: &Law, r: &[f64], error: &[f64], beta: f64) -> Result<()> {
    check_rewards("r", r, law)?;
    check_rewards("error", error, law)?;
    if beta.is_finite() && beta > 0.0 { Ok(()) } else { Err(Error::invalid("beta", beta, "a finite number > 0")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms_of_the_gap() {
        let law = Law::new(&[0.4, 0.3, 0.2, 0.1]).unwrap();
        let (r, e) = ([0.0, 1.0, 3.0, -1.0], [0.5, -1.0, 0.3, 2.0]);
        for beta in [0.1, 1.0, 3.0] {
            let at = proxy_tilt(&law, &r, &e, beta).unwrap();
            assert!((at.objective_gap - at.divergence_over_b).abs() < 1e-14, "{beta}");
            let integral = proxy_gap_integral(&law, &r, &e, beta, 2).unwrap();
            assert!((integral / at.divergence_over_b - 1.0).abs() < 1e-13, "{beta}");
        }
    }

    #[test]
    fn the_gap_grows_with_the_noise() {
        let law = Law::new(&[0.4, 0.3, 0.2, 0.1]).unwrap();
        let mut last = -1.0;
        for t in 0..40 {
            let e: Vec<f64> = [0.5, -1.0, 0.3, 2.0].iter().map(|e| e * 0.25 * f64::from(t)).collect();
            let gap = proxy_tilt(&law, &[0.0, 1.0, 3.0, -1.0], &e, 1.0).unwrap().divergence_over_b;
            assert!(gap > last);
            last = gap;
        }
    }
}
