//! Large deviations of a finite law: the tilt that moves the mean to $x$, and what it costs.
//!
//! $I_\beta(x) = \sup_t\,(t x - \Lambda_\beta(t)) = D(\varphi_{\beta+\tau}\|\varphi_\beta)$ with $\tau$ the further tilt of
//! $\varphi_\beta$ whose mean is $x$ (Cramér; the tilted form is R21). At an end point of the support the rate is
//! $-\log \varphi_\beta(\text{end})$ and $\tau$ infinite; outside, the rate is infinite and there is no $\tau$.
//!
//! $\tau$ solves $\log \sum_{r > x} p\,(r - x) e^{t (r - x)} = \log \sum_{r < x} p\,(x - r) e^{t (r - x)}$: the difference
//! of the two sides is increasing and nearly linear in $t$, so Newton's method needs few steps wherever $x$ lies.
//! $\tau$ inherits the rounding of the mean of the data: absolute error about $\epsilon / \text{range}$. It is sought from
//! $\varphi_\beta$, where small rates keep their digits; where it comes out long, from the base law, since a long $\tau$ is
//! rounded by more than the mean forgives.

use super::{Law, Tilt, check_rewards, divergence_between_tilts, reward_range, tilt, tilt_to_limit};
use crate::numerics::roots::newton_bracketed;
use crate::{Error, Result};

/// The rate of large deviations at a point.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Rate {
    /// $I_\beta(x)$ in nats; infinite outside the range of the reward.
    pub rate: f64,
    /// The further tilt that reaches $x$; infinite at the ends, `None` outside.
    pub tau: Option<f64>,
}

/// Times half the range of the rewards: a longer tilt is sought from the base law.
const LONG_TILT: f64 = 15.0;

/// $I_\beta(x)$ for the reward `s` under the tilt of `law` by `beta`.
///
/// # Errors
/// [`Error::InvalidInput`] about `s`, `x` or `beta`: lengths and finiteness.
///
/// ```
/// use tilt::prob::{Law, rate};
/// let fair = Law::new(&[0.5, 0.5])?;
/// let at = rate(&fair, &[0.0, 1.0], 0.75, 0.0)?;
/// assert!((at.tau.unwrap() - 3f64.ln()).abs() < 1e-14);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn rate(law: &Law, s: &[f64], x: f64, beta: f64) -> Result<Rate> {
    check_rewards("s", s, law)?;
    for (field, value) in [("x", x), ("beta", beta)] {
        if !value.is_finite() {
            return Err(Error::invalid(field, value, "a finite number"));
        }
    }
    let tilted = if beta == 0.0 { None } else { Some(tilt(law, s, beta)) };
    let tilted_law = tilted.as_ref().map(|tilted| law_of(law, tilted)).transpose()?;
    let base = tilted_law.as_ref().unwrap_or(law);
    let (low, high) = reward_range(base, s);
    Ok(if x < low || x > high {
        Rate { rate: f64::INFINITY, tau: None }
    } else if low == high {
        Rate { rate: 0.0, tau: Some(0.0) }
    } else if x == high {
        Rate { rate: tilt_to_limit(base, s).kl, tau: Some(f64::INFINITY) }
    } else if x == low {
        let mirrored: Vec<f64> = s.iter().map(|v| -v).collect();
        Rate { rate: tilt_to_limit(base, &mirrored).kl, tau: Some(f64::NEG_INFINITY) }
    } else {
        let at = tilt_to_mean(base, s, x);
        match &tilted {
            Some(tilted) if at.beta.abs() * (0.5 * high - 0.5 * low) > LONG_TILT => {
                let at = tilt_to_mean(law, s, x);
                Rate { rate: divergence_between_tilts(&at, tilted), tau: Some(at.beta - beta) }
            }
            _ => Rate { rate: at.kl, tau: Some(at.beta) },
        }
    })
}

/// A tilt of `law` as a base law of its own, masses below the smallest `f64` included.
fn law_of(law: &Law, tilted: &Tilt) -> Result<Law> {
    let log_p: Vec<f64> = law.log_probs().iter().zip(&tilted.log_ratio).map(|(p, u)| p + u).collect();
    Law::from_log_probs(&log_p)
}

/// The tilt of `law` whose mean reward is `x`; `x` must lie strictly between the smallest and the largest reward of the
/// support (outside, the tilt at the end of the search bracket is returned).
pub fn tilt_to_mean(law: &Law, r: &[f64], x: f64) -> Tilt {
    let (low, high) = reward_range(law, r);
    let (offsets, exponent) = super::budget::unit_offsets(r, x, 0.5 * high - 0.5 * low);
    let balance = |t: f64| {
        let (above, slope_above) = side(law, &offsets, t, 1.0);
        let (below, slope_below) = side(law, &offsets, t, -1.0);
        (above - below, slope_above - slope_below)
    };
    let (value, slope) = balance(0.0);
    let t = if value == 0.0 { 0.0 } else { solve(balance, value, slope) };
    let tau = libm::scalbn(t, -exponent);
    if tau.is_finite() && (tau.is_normal() || t == 0.0) {
        tilt(law, r, tau)
    } else {
        super::tilt::with_moments_of(law, r, tau, tilt(law, &offsets, t))
    }
}

/// The root of an increasing function that is nearly linear, from its value and slope at 0.
fn solve(balance: impl Fn(f64) -> (f64, f64), value: f64, slope: f64) -> f64 {
    let direction = -value.signum();
    let first = (value / slope).abs().clamp(1e-300, 1e300);
    let (mut inner, mut outer, mut growth) = (0.0, 2.0 * first, 4.0);
    while balance(direction * outer).0 * value > 0.0 && outer < 1e300 {
        inner = outer;
        outer *= growth;
        growth *= growth;
    }
    let (lo, hi) = if direction > 0.0 { (inner, outer) } else { (-outer, -inner) };
    newton_bracketed(balance, lo, hi, (direction * first).clamp(lo, hi)).x
}

/// $\log \sum p\,|o|\,e^{t o}$ over offsets $o$ of one sign, and its derivative in $t$.
fn side(law: &Law, offsets: &[f64], t: f64, sign: f64) -> (f64, f64) {
    let terms = || {
        let here = law.support().iter().filter(|&&i| sign * offsets[i] > 0.0);
        here.map(|&i| (law.log_probs()[i] + offsets[i].abs().ln() + t * offsets[i], offsets[i]))
    };
    let top = terms().map(|(log, _)| log).fold(f64::NEG_INFINITY, f64::max);
    let (mut weight, mut first) = (0.0, 0.0);
    for (log, offset) in terms() {
        let w = (log - top).exp();
        weight += w;
        first += w * offset;
    }
    (top + weight.ln(), first / weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_value() {
        let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
        let at = rate(&law, &[0.0, 1.0, 2.0], 1.5, 0.3).unwrap();
        assert!((at.rate / 0.2815370384182219 - 1.0).abs() < 1e-14, "{}", at.rate);
        assert!((at.tau.unwrap() / 0.9780001499658946 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn ends_outside_and_constant() {
        let law = Law::new(&[0.5, 0.3, 0.2, 0.0]).unwrap();
        let s = [0.0, 1.0, 2.0, 9.0];
        let at = |x| rate(&law, &s, x, 0.0).unwrap();
        assert_eq!(at(2.0).tau, Some(f64::INFINITY));
        assert!((at(2.0).rate - 5f64.ln()).abs() < 1e-15);
        assert_eq!(at(0.0).tau, Some(f64::NEG_INFINITY));
        assert!((at(0.0).rate - 2f64.ln()).abs() < 1e-15);
        assert_eq!(at(2.5), Rate { rate: f64::INFINITY, tau: None });
        let constant = Law::new(&[0.5, 0.5]).unwrap();
        assert_eq!(rate(&constant, &[3.0, 3.0], 3.0, 1.0).unwrap(), Rate { rate: 0.0, tau: Some(0.0) });
        assert_eq!(rate(&constant, &[3.0, 3.0], 4.0, 0.0).unwrap().tau, None);
    }

    #[test]
    fn two_outcomes_in_closed_form() {
        // p = (1-q, q), mean x: tau = log(x (1-q) / ((1-x) q)), I = x log(x/q) + (1-x) log((1-x)/(1-q)).
        for (q, x) in [(0.3, 0.9), (0.3, 1e-12), (1e-200, 0.5), (0.5, 1.0 - 1e-13), (0.2, 0.2 + 1e-6)] {
            let at = rate(&Law::new(&[1.0 - q, q]).unwrap(), &[0.0, 1.0], x, 0.0).unwrap();
            let tau = (x / q).ln() - ((1.0 - x) / (1.0 - q)).ln();
            let exact = super::super::kl(&[1.0 - x, x], &[1.0 - q, q]);
            assert!((at.tau.unwrap() - tau).abs() <= 1e-14 * tau.abs() + 2e-15, "{q} {x}");
            // Relative error of the rate near the mean: twice that of tau, eps / tau.
            assert!((at.rate / exact - 1.0).abs() < 1e-13 + 4e-16 / tau.abs(), "{q} {x}");
        }
    }

    #[test]
    fn further_tilt_is_a_difference_of_tilts() {
        let law = Law::new(&[0.4, 0.35, 0.25]).unwrap();
        let s = [-1.0, 0.5, 3.0];
        let from_base = rate(&law, &s, 1.25, 0.0).unwrap().tau.unwrap();
        for beta in [-2.0, 0.7, 30.0, 900.0] {
            let further = rate(&law, &s, 1.25, beta).unwrap();
            assert!((further.tau.unwrap() + beta - from_base).abs() < 1e-14 * (1.0 + beta.abs()), "{beta}");
        }
        // I_beta(x) = I(x) - beta x + Lam(beta).
        let i0 = rate(&law, &s, 1.25, 0.0).unwrap().rate;
        let expected = i0 - 0.7 * 1.25 + tilt(&law, &s, 0.7).log_z;
        assert!((rate(&law, &s, 1.25, 0.7).unwrap().rate - expected).abs() < 1e-14);
    }

    #[test]
    fn extreme_scales() {
        let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
        let unit = rate(&law, &[0.0, 1.0, 2.0], 1.5, 0.0).unwrap();
        for scale in [1e-300, 1e-12, 8e307] {
            let at = rate(&law, &[0.0, scale, 2.0 * scale], 1.5 * scale, 0.0).unwrap();
            assert!((at.rate / unit.rate - 1.0).abs() < 1e-12, "{scale}");
            assert!((at.tau.unwrap() * scale / unit.tau.unwrap() - 1.0).abs() < 1e-12);
        }
    }

    /// Coins: $I_b(x) = x \log x/m + (1-x) \log (1-x)/(1-m)$, $\log m = -\log(1 + e^{-b})$, on both sides of [`LONG_TILT`] and
    /// far beyond, where a tilt sought from the tilted law is rounded by more than the rate.
    #[test]
    fn rates_under_long_tilts() {
        let fair = Law::new(&[0.5, 0.5]).unwrap();
        for size in [3.0f64, 20.0, 29.0, 31.0, 200.0, 1e5, 1e10, 1e16, 1e300] {
            for (beta, x) in [(size, 0.25f64), (-size, 0.25), (size, 0.5), (-size, 0.875)] {
                let log_m = -if beta > 0.0 { (-beta).exp().ln_1p() } else { -beta + beta.exp().ln_1p() };
                let wanted = x * (x.ln() - log_m) + (1.0 - x) * ((1.0 - x).ln() - (log_m - beta));
                let at = rate(&fair, &[0.0, 1.0], x, beta).unwrap();
                assert!((at.rate / wanted - 1.0).abs() < 1e-13, "{beta} {x}: {} {wanted}", at.rate);
                let tau = (x / (1.0 - x)).ln() - beta;
                assert!((at.tau.unwrap() / tau - 1.0).abs() < 1e-13, "{beta} {x}: {:?} {tau}", at.tau);
            }
        }
    }
}
