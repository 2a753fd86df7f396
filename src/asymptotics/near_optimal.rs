//! Near-optimal laws are close to the optimum (R3).
//!
//! For $\omega \ll p$ and finite $b$,
//! $D(\omega\|\varphi_b) = D(\omega\|p) - D(\varphi_b\|p) - b\,(E_\omega r - E_{\varphi_b} r)$ (derived), so a law that
//! spends at most $\epsilon$ more than the budget and earns at most $\gamma$ less than the optimum has
//! $D(\omega\|\varphi_\Delta) \le \epsilon + \beta(\Delta)\,\gamma$, with equality for its own $\epsilon$, $\gamma$
//! (Yang et al. 2024 state the asymptotic form). Void where the budget saturates, $\beta = \infty$.
//!
//! `kl_omega_phi` is computed from $\omega$ and $\varphi$ alone, not by the identity.

use crate::numerics::sum::sum;
use crate::prob::{Law, Regime, kl, kl_optimum, reward_range};
use crate::{Error, Result};

/// A law measured against the budget optimum (quantity `asymptotics.near_optimal`).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct NearOptimal {
    /// $\beta(\Delta)$.
    pub beta: f64,
    /// $D(\omega\|p)$.
    pub kl_omega_p: f64,
    /// $E_\omega r$.
    pub reward_omega: f64,
    /// $E_{\varphi_\Delta} r$.
    pub reward_phi: f64,
    /// $D(\omega\|\varphi_\Delta)$.
    pub kl_omega_phi: f64,
    /// $D(\omega\|p) - D(\varphi_\Delta\|p)$.
    pub epsilon: f64,
    /// $E_{\varphi_\Delta} r - E_\omega r$.
    pub gamma: f64,
    /// $\epsilon + \beta\gamma$.
    pub bound: f64,
}

/// Measures `omega` against the optimum of reward `r` at budget `delta`.
///
/// # Errors
/// [`Error::InvalidInput`] about `omega` (not a law, or mass where `p` has none), `r`, or `delta` (negative, or so large
/// that the optimum saturates).
pub fn near_optimal(law: &Law, r: &[f64], delta: f64, omega: &[f64]) -> Result<NearOptimal> {
    let best = kl_optimum(law, r, delta)?;
    let omega = law_dominated_by(law, omega)?;
    if best.regime == Regime::Saturated {
        let expected = format!("a budget below {}, where the optimum saturates", best.delta_max);
        return Err(Error::invalid("delta", delta, expected));
    }
    let w = omega.probs();
    let kl_omega_p = kl(w, law.probs());
    // D(omega || phi) from log(omega/p) - log(phi/p): phi itself may underflow where omega does not.
    let kl_omega_phi = sum(law.support().iter().map(|&i| {
        let phi = best.tilt.probs[i];
        if phi > f64::MIN_POSITIVE {
            kl(&w[i..=i], &[phi])
        } else if w[i] > 0.0 {
            w[i] * (omega.log_probs()[i] - law.log_probs()[i] - best.tilt.log_ratio[i]) - w[i]
        } else {
            0.0
        }
    }));
    let (_, top) = reward_range(law, r);
    let gamma = sum(law.support().iter().map(|&i| (best.tilt.probs[i] - w[i]) * (r[i] - top)));
    let epsilon = kl_omega_p - best.tilt.kl;
    Ok(NearOptimal {
        beta: best.beta,
        kl_omega_p,
        reward_omega: omega.expectation(|i| r[i]),
        reward_phi: best.tilt.mean,
        kl_omega_phi,
        epsilon,
        gamma,
        bound: epsilon + best.beta * gamma,
    })
}

/// `omega` as a law on the outcomes of `law`, with no mass where `law` has none.
pub(crate) fn law_dominated_by(law: &Law, omega: &[f64]) -> Result<Law> {
    if omega.len() != law.len() {
        let expected = format!("{} entries, one an outcome", law.len());
        return Err(Error::invalid("omega", format!("a vector of length {}", omega.len()), expected));
    }
    let omega = Law::new(omega).map_err(|error| error.in_field("p", "omega"))?;
    match omega.support().iter().find(|&&i| law.log_probs()[i] == f64::NEG_INFINITY) {
        Some(&i) => Err(Error::invalid(format!("omega[{i}]"), omega.probs()[i], "0, as p has no mass there")),
        None => Ok(omega),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_value() {
        let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
        let at = near_optimal(&law, &[0.0, 1.0, 2.0], 0.2, &[0.3, 0.3, 0.4]).unwrap();
        for (value, exact) in [
            (at.beta, 0.7751746209852189),
            (at.kl_omega_p, 0.12401118509418092),
            (at.reward_omega, 1.1),
            (at.reward_phi, 1.2113855050744704),
            (at.kl_omega_phi, 0.010354401773530688),
            (at.epsilon, -0.07598881490581907),
            (at.gamma, 0.1113855050744704),
            (at.bound, 0.010354401773530688),
        ] {
            // the bound is a difference of terms of size 0.1
            assert!((value - exact).abs() < 1e-15 * exact.abs() + 2e-16, "{value} {exact}");
        }
    }

    #[test]
    fn the_optimum_itself_is_at_distance_zero() {
        let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
        let phi = kl_optimum(&law, &[0.0, 1.0, 2.0], 0.4).unwrap().tilt.probs;
        let at = near_optimal(&law, &[0.0, 1.0, 2.0], 0.4, &phi).unwrap();
        assert!(at.kl_omega_phi < 1e-30 && at.bound.abs() < 1e-15);
    }

    #[test]
    fn errors_name_their_field() {
        let law = Law::new(&[0.5, 0.5, 0.0]).unwrap();
        let r = [0.0, 1.0, 2.0];
        for (delta, omega, field) in [
            (0.1, &[0.5, 0.4, 0.1][..], "omega[2]"),
            (0.1, &[0.5, 0.4][..], "omega"),
            (0.1, &[0.5, 0.4, 0.2][..], "omega"),
            (2.0, &[0.5, 0.5, 0.0][..], "delta"),
            (-1.0, &[0.5, 0.5, 0.0][..], "delta"),
        ] {
            assert!(near_optimal(&law, &r, delta, omega).unwrap_err().to_string().starts_with(field));
        }
    }
}
