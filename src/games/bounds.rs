//! Convergence bounds that need no game (quantity `games.rate_bound`).
//!
//! | field | bound | result |
//! |---|---|---|
//! | `kl_bound` | $(1+2\beta)^{-K} D_0$, $K = \lfloor N/2 \rfloor$, mirror prox at $\eta = 2\beta$ | R6 (rate: abstract; constant derived) |
//! | `kl_bound_sharp` | $e^{-2K\,\mathrm{asinh}\beta} D_0$ at $\eta_{max}$ | R7, derived |
//! | `mmd_kl_bound` | $(1+4\beta^2)^{-N} D_0$, mirror descent at $\eta = 4\beta^2$ | R14, derived |
//! | `nash_md_bound` | $8/(\beta^2(N+1))$, Nash-MD decaying | R15, Munos et al. Theorem 1, recalled |
//!
//! $D_0 = D(\pi^*\|\pi_0)$, by default its bound $1/(2\beta)$ from the reference (R5).

use super::step::largest_prox_step;
use crate::{Error, Result};

/// Bounds after `queries` queries.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct RateBound {
    /// $2\beta$.
    pub eta: f64,
    /// $2\beta(\beta+\sqrt{1+\beta^2})$.
    pub eta_max: f64,
    /// Mirror prox at `eta`.
    pub kl_bound: f64,
    /// Mirror prox at `eta_max`.
    pub kl_bound_sharp: f64,
    /// Mirror descent at $4\beta^2$.
    pub mmd_kl_bound: f64,
    /// Nash-MD, decaying.
    pub nash_md_bound: f64,
}

/// The bounds at strength `beta` after `queries` queries from a divergence `kl0` (default $1/(2\beta)$).
///
/// # Errors
/// [`Error::InvalidInput`] about `beta` (not > 0) or `kl0` (not >= 0).
///
/// ```
/// let bound = tilt::games::bounds::rate_bound(0.1, 40, None)?;
/// assert!((bound.kl_bound - 0.130420266522944).abs() < 1e-15);
/// assert!((bound.kl_bound_sharp - 0.0921880060106293).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn rate_bound(beta: f64, queries: u64, kl0: Option<f64>) -> Result<RateBound> {
    if !(beta.is_finite() && beta > 0.0) {
        return Err(Error::invalid("beta", beta, "a number > 0"));
    }
    let kl0 = kl0.unwrap_or(0.5 / beta);
    if kl0.is_nan() || kl0 < 0.0 {
        return Err(Error::invalid("kl0", kl0, "a divergence >= 0"));
    }
    // Nothing times an infinite rate is nothing.
    let decay =
        |count: u64, rate: f64| if count == 0 || kl0 == 0.0 { kl0 } else { (-(count as f64) * rate).exp() * kl0 };
    Ok(RateBound {
        eta: 2.0 * beta,
        eta_max: largest_prox_step(beta),
        kl_bound: decay(queries / 2, (2.0 * beta).ln_1p()),
        kl_bound_sharp: decay(queries / 2, 2.0 * beta.asinh()),
        mmd_kl_bound: decay(queries, (2.0 * beta * (2.0 * beta)).ln_1p()),
        nash_md_bound: 8.0 / (beta * beta) / (queries as f64 + 1.0),
    })
}

/// The bounds R9 on span and suboptimality of mirror prox at $\eta = 2\beta$ after $K$ iterations: ($S_K$, SubOpt), from
/// $D_0 = D(\pi^*\|\pi_0)$ and $s_0 = \mathrm{span}(\log\pi_0 - \log\pi^*)$. Derived.
pub fn span_and_suboptimality_bound(beta: f64, iterations: u64, kl0: f64, span0: f64) -> (f64, f64) {
    let k = iterations as f64;
    let log_q = -0.5 * (2.0 * beta).ln_1p();
    let root = (kl0 / (2.0 * beta)).sqrt();
    let span = (2.0 * k * log_q).exp() * span0 + 2.0 * ((k + 1.0) * log_q).exp() / -log_q.exp_m1() * root;
    let l1 = (2.0 * (2.0 * k * log_q).exp() * kl0).sqrt() / beta;
    (span, beta / 8.0 * (l1 + span) * (l1 + span))
}

/// The divergence at which 1/(1 + 2 beta) contraction reaches `target` from `kl0`: iterations
/// $\lceil \log(D_0/\epsilon)/\log(1+2\beta) \rceil$ (R26).
pub fn iterations_to(beta: f64, kl0: f64, target: f64) -> u64 {
    ((kl0 / target).ln() / (2.0 * beta).ln_1p()).ceil().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_against_powers() {
        for (beta, queries) in [(0.1, 40), (0.01, 7), (3.0, 12)] {
            let bound = rate_bound(beta, queries, Some(0.7)).unwrap();
            let k = (queries / 2) as i32;
            let power = |base: f64, n: i32| 0.7 * base.powi(-n);
            assert!((bound.kl_bound / power(1.0 + 2.0 * beta, k) - 1.0).abs() < 1e-14);
            assert!((bound.kl_bound_sharp / power(1.0 + bound.eta_max, k) - 1.0).abs() < 1e-14);
            assert!((bound.mmd_kl_bound / power(1.0 + 4.0 * beta * beta, queries as i32) - 1.0).abs() < 1e-13);
        }
    }

    #[test]
    fn extremes() {
        for beta in [1e-320, 1e300] {
            for queries in [0, 1, u64::MAX] {
                let b = rate_bound(beta, queries, None).unwrap();
                for x in [b.kl_bound, b.kl_bound_sharp, b.mmd_kl_bound, b.nash_md_bound, b.eta_max] {
                    assert!(!x.is_nan(), "{beta} {queries} {b:?}");
                }
            }
        }
        assert_eq!(rate_bound(0.1, 40, Some(0.0)).unwrap().kl_bound, 0.0);
        assert!(rate_bound(0.1, 40, Some(-1.0)).is_err());
        assert!(rate_bound(0.0, 40, None).is_err());
    }
}
