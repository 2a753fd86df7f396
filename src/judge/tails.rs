//! How fast the best of $k$ improves: the tail at a point (R10) and averaged over inputs (R11), at temperature 0.
//!
//! **At a point**: $\delta = (D_T - D_R)^2 + \frac{\pi s^2 e^{b^2}}{k^2}\,(1 + 2b(a-b)) + o(k^{-2})$; for the teacher as reward
//! Result 3 of Halder and Pehlevan (2025), in general derived. A finite number of candidates is best as soon as $2b(b-a) > 1$.
//! Reached only for $k \gg e^{b^2/2}$.
//!
//! **Averaged**, teacher reward, $\rho = V_{TT}/s^2$ (derived; below $\frac12$ the paper's Remark 5 with its limits replaced):
//!
//! | $\rho$ | leading term |
//! |---|---|
//! | $< \frac12$ | $\pi s^2 / (k^2\sqrt{1-2\rho})$ |
//! | $= \frac12$ | $2s^2\sqrt{2\pi\ln k}/k^2$ |
//! | $> \frac12$ | $\frac{2s^2}{\sqrt{2\pi\rho}}\,e^{-b_k^2/2\rho}\,b_k^{-3}\,I(\rho)$, $k(1-\Phi(b_k)) = 1$, $I = \frac\pi4\,\Gamma(\frac1{2\rho})^2/\sin\frac\pi{2\rho}$ |
//!
//! In the last case $E\,e^{D_T^2/s^2} = \infty$ and the rate is $k^{-1/\rho}$ up to logarithms: large biases, where the nearest of
//! $k$ answers is still far, decide. Corrections $O(1/\ln k)$; for $\rho$ just below $\frac12$, $O(k^{-(1/\rho-2)})$. $O(1)$ each.

use super::model::{Point, check_positive};
use crate::numerics::roots::newton_bracketed;
use crate::numerics::special::normal_log_sf;
use crate::{Error, Result};
use std::f64::consts::{LN_2, PI};

/// The tail at a point (quantity `judge.bok_tail`): $\delta \approx$ `floor + coeff` $/k^2$, in units of $y^2$.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct BestOfTail {
    /// $(D_T - D_R)^2$.
    pub floor: f64,
    /// The coefficient of $k^{-2}$; infinite where it overflows.
    pub coeff: f64,
}

/// The tail of best-of-$k$ at a point.
///
/// ```
/// use tilt::judge::{model::Point, tails::best_of_tail};
/// let tail = best_of_tail(&Point::new(0.3, 0.8, 0.1, 0.6)?);
/// assert!((tail.floor - 0.25).abs() < 1e-15 && (tail.coeff - 1.2294233329876643).abs() < 1e-14);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn best_of_tail(point: &Point) -> BestOfTail {
    let gap = point.mean() - point.teacher() - point.reward_bias(); // y_R - y_T by way of the biases
    let reduced = point.reduced();
    let (a, b) = (reduced.a, reduced.b);
    let factor = 1.0 + 2.0 * b * (a - b);
    let log_size = (PI * point.variance()).ln() + b * b + factor.abs().ln();
    let coeff = if factor == 0.0 { 0.0 } else { log_size.exp().copysign(factor) };
    BestOfTail { floor: gap * gap, coeff }
}

/// How the average over inputs decays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// $\rho < \frac12$: $k^{-2}$.
    InverseSquare,
    /// $\rho = \frac12$: $k^{-2}\sqrt{\ln k}$.
    Critical,
    /// $\rho > \frac12$: $k^{-1/\rho}$ up to logarithms.
    Slow,
}

/// The tail of the average over inputs (quantity `judge.bok_x_tail`).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct AverageTail {
    /// The regime of $\rho$.
    pub regime: Regime,
    /// The exponent of $1/k$: 2, 2 or $1/\rho$.
    pub exponent: f64,
    /// The leading term at this $k$, in units of $y^2$; 0 where it underflows.
    pub leading: f64,
}

/// The tail at difficulty `rho` and predictive variance `s2` after $e^{\mathtt{log\_k}}$ candidates, teacher reward.
///
/// # Errors
/// As [`log_leading`]; also about `s2`.
///
/// ```
/// use tilt::judge::tails::{Regime, average_tail};
/// let tail = average_tail(0.8, 1.0, 20.0)?;
/// assert_eq!((tail.regime, tail.exponent), (Regime::Slow, 1.25));
/// assert!((tail.leading / 3.185513869882878e-12 - 1.0).abs() < 1e-13);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn average_tail(rho: f64, s2: f64, log_k: f64) -> Result<AverageTail> {
    check_positive("s2", s2)?;
    let log_leading = log_leading(rho, log_k)?;
    let regime = regime(rho);
    let exponent = if regime == Regime::Slow { 1.0 / rho } else { 2.0 };
    Ok(AverageTail { regime, exponent, leading: s2 * log_leading.exp() })
}

fn regime(rho: f64) -> Regime {
    if rho < 0.5 {
        Regime::InverseSquare
    } else if rho == 0.5 {
        Regime::Critical
    } else {
        Regime::Slow
    }
}

/// The logarithm of the leading term in units of $s^2$, for $k$ beyond the range of numbers.
///
/// # Errors
/// [`Error::InvalidInput`] about `rho` (> 0) or `log_k` (> 0; above $\ln 2$ where $\rho > \frac12$).
pub fn log_leading(rho: f64, log_k: f64) -> Result<f64> {
    check_positive("rho", rho)?;
    check_positive("log_k", log_k)?;
    match regime(rho) {
        Regime::InverseSquare => Ok(PI.ln() - 0.5 * (-2.0 * rho).ln_1p() - 2.0 * log_k),
        Regime::Critical => Ok(LN_2 + 0.5 * (2.0 * PI * log_k).ln() - 2.0 * log_k),
        Regime::Slow => {
            if log_k <= LN_2 {
                return Err(Error::invalid("log_k", log_k, "above ln 2 where rho > 1/2"));
            }
            let b = extreme_quantile(log_k);
            let half = 0.5 / rho;
            // sin(pi/2rho) by the distance from pi, which is exact near rho = 1/2
            let sine = if half > 0.5 { (PI * ((rho - 0.5) / rho)).sin() } else { (PI * half).sin() };
            let log_integral = (0.25 * PI).ln() + 2.0 * libm::lgamma(half) - sine.ln();
            Ok(LN_2 - 0.5 * (2.0 * PI * rho).ln() - b * b * half - 3.0 * b.ln() + log_integral)
        }
    }
}

/// $b_k$ with $k\,(1-\Phi(b_k)) = 1$, for $\ln k \ge \ln 2$: the size of the largest of $k$ normals.
pub fn extreme_quantile(log_k: f64) -> f64 {
    let log_density = |b: f64| -0.5 * b * b - 0.5 * (2.0 * PI).ln();
    let residual = |b: f64| {
        let log_sf = normal_log_sf(b);
        (log_sf + log_k, -(log_density(b) - log_sf).exp())
    };
    let high = (2.0 * log_k).sqrt() + 1.0;
    newton_bracketed(residual, 0.0, high, (high - 1.5).max(0.0)).x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_and_overflow() {
        let point = |a: f64, b: f64| Point::new(0.0, 1.0, -a, -b).unwrap();
        for (a, b, coeff) in [(0.5, -0.3, 1.787474), (0.2, -1.8, -497.343)] {
            assert!((best_of_tail(&point(a, b)).coeff / coeff - 1.0).abs() < 1e-6);
        }
        assert_eq!(best_of_tail(&point(0.0, 30.0)).coeff, f64::NEG_INFINITY);
        assert_eq!(best_of_tail(&point(90.0, 30.0)).coeff, f64::INFINITY);
        // 1 + 2b(a - b) = 0 exactly
        assert_eq!(best_of_tail(&point(0.5, 1.0)).coeff, 0.0);
    }

    #[test]
    fn the_extreme_quantile_inverts_the_tail() {
        for log_k in [0.7, 1.0, 20.0, 700.0, 1e5] {
            let b = extreme_quantile(log_k);
            assert!((normal_log_sf(b) + log_k).abs() <= 1e-15 * log_k.max(1.0) * 4.0, "{log_k}");
        }
    }

    #[test]
    fn regimes() {
        let at = |rho| average_tail(rho, 2.0, 30.0).unwrap();
        assert_eq!(
            [at(0.4).regime, at(0.5).regime, at(0.6).regime],
            [Regime::InverseSquare, Regime::Critical, Regime::Slow]
        );
        assert!((at(0.4).leading / (2.0 * PI * (-60f64).exp() / 0.2f64.sqrt()) - 1.0).abs() < 1e-14);
        // The slow coefficient has the pole 1/(2 rho - 1) of the transition: I (2 rho - 1) -> 1/2 pi^2/4 / (pi/2)...
        let near = log_leading(0.5 + 1e-9, 30.0).unwrap() - log_leading(0.5 + 2e-9, 30.0).unwrap();
        assert!((near - LN_2).abs() < 1e-6);
        for bad in [
            average_tail(0.0, 1.0, 5.0),
            average_tail(0.3, 1.0, 0.0),
            average_tail(0.8, 1.0, 0.6),
            average_tail(0.3, 0.0, 5.0),
        ] {
            assert!(bad.is_err());
        }
    }
}
