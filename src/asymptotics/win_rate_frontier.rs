//! The best win rate at a KL budget, for rewards without atoms (R12), and threshold rejection next to it (R15).
//!
//! The win rate depends on a law only through the density of the rank $U$, between 0 and 1, of its draws. The best density at a
//! given divergence is $c\,e^{cu}/(e^c - 1)$, with $x = c/2$
//! $$KL(c) = x\coth x - 1 - \log\frac{\sinh x}{x}, \qquad W(c) = \tfrac12 + \tfrac12\Big(\coth x - \frac1x\Big),
//! \qquad \frac{dW}{dKL} = \frac1c.$$
//! With half a point for ties no law on a discrete space lies above the curve. (Gui, Garbacea, Veitch 2024; derived.)
//!
//! Small $c$ by the series of $\log(\sinh x / x)$; large $c$ by $e^{-2x}$; no cancellation in either.

use super::tilt_sampling::least_tilt;
use crate::numerics::roots::newton_bracketed;
use crate::{Error, Result};

/// A point of the frontier (quantity `asymptotics.win_rate_frontier`).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct FrontierPoint {
    /// The slope of the log-density of the rank; infinite where it overflows.
    pub c: f64,
    /// The largest win rate at this divergence.
    pub win_rate: f64,
}

/// The frontier at a divergence of `kl` nats.
///
/// # Errors
/// [`Error::InvalidInput`] about `kl` (negative or not finite).
///
/// ```
/// let at = tilt::asymptotics::win_rate_frontier::win_rate_frontier(1.0)?;
/// assert!((at.win_rate - 0.8645791680793354).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn win_rate_frontier(kl: f64) -> Result<FrontierPoint> {
    if !(kl.is_finite() && kl >= 0.0) {
        return Err(Error::invalid("kl", kl, "a finite divergence >= 0"));
    }
    if kl == 0.0 {
        return Ok(FrontierPoint { c: 0.0, win_rate: 0.5 });
    }
    if kl > 30.0 {
        // KL(c) = log c - 1 + O(c e^{-c}), and c > e^31
        let c = (kl + 1.0).exp();
        return Ok(FrontierPoint { c, win_rate: frontier_win_rate(c) });
    }
    // c^2/24 >= KL(c) >= log c - 1 bracket the root; log KL is nearly linear in log c at the bottom.
    let (lo, hi) = (0.5 * (24.0 * kl).ln() - 1e-9, kl + 1.0 + 1e-9);
    let hi = hi.max(lo + 1.0);
    let residual = |log_c: f64| {
        let c = log_c.exp();
        let at = frontier_kl(c);
        ((at / kl).ln(), c * c * rank_variance(c) / at)
    };
    let root = newton_bracketed(residual, lo, hi, lo + 1e-9);
    // log c has the absolute accuracy of its own size: one Newton step in c itself
    let c = root.x.exp();
    let (value, slope) = residual(root.x);
    let c = c * (1.0 - value / slope);
    Ok(FrontierPoint { c, win_rate: frontier_win_rate(c) })
}

/// The frontier at both its ends: below half a nat $c = \sqrt{24\,kl}\,(1 + 3\,kl/10)$ and
/// $W = \tfrac12 + \sqrt{kl/6}\,(1 - kl/10)$, errors $O(kl^{5/2})$; above $c = e^{kl+1}$, $W = 1 - 1/c$, errors $O(c^2
/// e^{-c})$ and $O(e^{-c})$. Derived (R12).
///
/// # Errors
/// [`Error::InvalidInput`] about `kl` (negative or not finite).
pub fn frontier_expansion(kl: f64) -> Result<FrontierPoint> {
    if !(kl.is_finite() && kl >= 0.0) {
        return Err(Error::invalid("kl", kl, "a finite divergence >= 0"));
    }
    if kl < 0.5 {
        let c = (24.0 * kl).sqrt() * (1.0 + 0.3 * kl);
        return Ok(FrontierPoint { c, win_rate: 0.5 + (kl / 6.0).sqrt() * (1.0 - 0.1 * kl) });
    }
    let c = (kl + 1.0).exp();
    Ok(FrontierPoint { c, win_rate: 1.0 - 1.0 / c })
}

/// The slope $c$ at a divergence by bisection of $KL(c) = c/(e^c - 1) - 1 + \log c - \log(1 - e^{-c})$ as printed, for the
/// simulation; below $10^{-6}$ nats, where that has lost its digits, $\sqrt{24\,kl}$.
///
/// # Errors
/// [`Error::InvalidInput`] about `kl`: negative, not finite, or so large that $c$ overflows.
pub fn frontier_slope(kl: f64) -> Result<f64> {
    if !(0.0..708.0).contains(&kl) {
        return Err(Error::invalid("kl", kl, "a divergence in [0, 708), whose c is a finite double"));
    }
    if kl < 1e-6 {
        return Ok((24.0 * kl).sqrt());
    }
    let textbook = |c: f64| c / c.exp_m1() - 1.0 + c.ln() - (-(-c).exp_m1()).ln();
    Ok(least_tilt(1.0, |c| textbook(c) >= kl))
}

/// Coefficients $a_k$ of $\log(\sinh x / x) = \sum_{k \ge 1} a_k x^{2k}$, $a_k = 2^{2k-1} B_{2k} / (k\,(2k)!)$.
const LOG_SINHC: [f64; 12] = [
    1.666_666_666_666_666_6e-1,
    -5.555_555_555_555_556e-3,
    3.527_336_860_670_194e-4,
    -2.645_502_645_502_645_6e-5,
    2.137_779_915_557_693_5e-6,
    -1.803_670_234_005_331e-7,
    1.566_139_132_276_698_3e-8,
    -1.388_413_049_373_729_9e-9,
    1.250_435_917_600_499_7e-10,
    -1.140_257_560_229_609_1e-11,
    1.050_292_390_863_755_7e-12,
    -9.754_877_841_593_701e-14,
];

/// The series applies below this half-slope: the first term left out is below 1e-17 of the first.
const SERIES_BELOW: f64 = 0.7;

/// $KL(c)$, the divergence of the optimal rank density from uniform, for `c` of either sign.
pub fn frontier_kl(c: f64) -> f64 {
    let x = 0.5 * c.abs();
    if x < SERIES_BELOW {
        // x coth x - 1 = x d/dx log(sinh x / x): coefficient (2k - 1) a_k
        let y = x * x;
        return y * (1..=12).rev().fold(0.0, |sum, k| sum * y + (2 * k - 1) as f64 * LOG_SINHC[k - 1]);
    }
    // coth x = 1 + 2 e/(1-e), log sinh x = x - log 2 + log(1-e), e = e^{-2x}
    let e = (-2.0 * x).exp();
    let tail = if e == 0.0 { 0.0 } else { 2.0 * x * e / (1.0 - e) };
    tail - 1.0 + (2.0 * x).ln() - (-e).ln_1p()
}

/// $W(c)$, the win rate of the optimal rank density, for `c` of either sign.
pub fn frontier_win_rate(c: f64) -> f64 {
    let x = 0.5 * c.abs();
    let above_half = if x < SERIES_BELOW {
        // half of d/dx log(sinh x / x)
        let y = x * x;
        x * (1..=12).rev().fold(0.0, |sum, k| sum * y + k as f64 * LOG_SINHC[k - 1])
    } else {
        let e = (-2.0 * x).exp();
        0.5 - 0.5 / x + e / (1.0 - e)
    };
    0.5 + above_half.copysign(c)
}

/// Variance of the rank under the optimal density, $1/c^2 - 1/(4\sinh^2(c/2))$: the derivative of $W$.
fn rank_variance(c: f64) -> f64 {
    let x = 0.5 * c.abs();
    if x < SERIES_BELOW {
        let y = x * x;
        return 0.25 * (1..=12).rev().fold(0.0, |sum, k| sum * y + (2 * k * (2 * k - 1)) as f64 * LOG_SINHC[k - 1]);
    }
    let e = (-2.0 * x).exp();
    1.0 / (c * c) - e / ((1.0 - e) * (1.0 - e))
}

/// The rank of a draw of the optimal density from a uniform `v` in [0, 1): $\log(1 + v(e^c - 1))/c$.
pub fn frontier_rank(c: f64, v: f64) -> f64 {
    if c == 0.0 {
        v
    } else if c < 1.0 {
        (v * c.exp_m1()).ln_1p() / c
    } else {
        1.0 + (v + (1.0 - v) * (-c).exp()).ln() / c
    }
}

/// Threshold rejection: redraw until the reward is in the top `share` of the base law.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct ThresholdRejection {
    /// $\log(1/a)$.
    pub kl: f64,
    /// $1 - a/2$.
    pub win_rate: f64,
}

/// Threshold rejection at top share $a$ in (0, 1], for rewards without atoms.
///
/// # Errors
/// [`Error::InvalidInput`] about `share`.
pub fn threshold_rejection(share: f64) -> Result<ThresholdRejection> {
    if share > 0.0 && share <= 1.0 {
        Ok(ThresholdRejection { kl: -share.ln(), win_rate: 1.0 - 0.5 * share })
    } else {
        Err(Error::invalid("share", share, "a share in (0, 1]"))
    }
}

/// The win rate of threshold rejection at a divergence of `kl` nats: $1 - e^{-KL}/2$.
pub fn rejection_win_rate(kl: f64) -> f64 {
    1.0 - 0.5 * (-kl).exp()
}

/// The win rate of best-of-N without atoms at a divergence of `kl` nats: $N/(N+1)$ at the real $N$ with $B(N)$ = `kl`.
///
/// # Errors
/// [`Error::InvalidInput`] about `kl`.
pub fn best_of_n_win_rate(kl: f64) -> Result<f64> {
    if !(kl.is_finite() && kl >= 0.0) {
        return Err(Error::invalid("kl", kl, "a finite divergence >= 0"));
    }
    if kl == 0.0 {
        return Ok(0.5);
    }
    // B(L) = L - 1 + e^{-L}, between L^2/2 - L^3/6 and both L^2/2 and L; slope 1 - e^{-L}
    let residual = |l: f64| (crate::prob::best_of_kl_bound(l) - kl, -(-l).exp_m1());
    let root = newton_bracketed(residual, kl.max((2.0 * kl).sqrt()), kl + 1.0 + (2.0 * kl).sqrt(), (2.0 * kl).sqrt());
    Ok(super::best_of_n::win_rate_bound(root.x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansion_and_plain_root() {
        for kl in [1e-9, 1e-3, 0.1, 0.4999, 0.5, 1.0, 3.0, 40.0, 700.0] {
            let exact = win_rate_frontier(kl).unwrap();
            let found = frontier_expansion(kl).unwrap();
            let tail = (-exact.c).exp();
            let (on_c, on_w) =
                if kl < 0.5 { (kl.powf(2.5), kl.powf(2.5)) } else { (2.0 * exact.c * (exact.c * tail), 4.0 * tail) };
            assert!((found.c - exact.c).abs() <= on_c + 1e-13 * exact.c, "{kl}: {} {}", found.c, exact.c);
            assert!((found.win_rate - exact.win_rate).abs() <= on_w + 1e-15, "{kl}");
            let root = frontier_slope(kl).unwrap();
            assert!((root / exact.c - 1.0).abs() < 1e-9, "{kl}: {root} {}", exact.c);
        }
        assert_eq!((frontier_slope(0.0).unwrap(), frontier_expansion(0.0).unwrap().win_rate), (0.0, 0.5));
        assert!(frontier_slope(1e3).is_err() && frontier_expansion(-1.0).is_err());
        assert_eq!(frontier_expansion(1e3).unwrap().c, f64::INFINITY);
    }

    fn close(a: f64, b: f64, rtol: f64) {
        assert!((a - b).abs() <= rtol * b.abs(), "{a:e} against {b:e}");
    }

    #[test]
    fn reference_values() {
        let at = win_rate_frontier(1.0).unwrap();
        close(at.c, 7.349473057081898, 1e-15);
        close(at.win_rate, 0.8645791680793354, 1e-15);
        // R13
        close(win_rate_frontier(0.16801301000202687).unwrap().win_rate, 0.664493997, 1e-9);
        close(best_of_n_win_rate(0.16801301000202687).unwrap(), 0.655097675, 1e-9);
        // R15
        for (kl, best, rejection) in [(0.2, 0.66968, 0.59063), (1.0, 0.86311, 0.81606), (4.0, 0.99326, 0.99084)] {
            assert!((best_of_n_win_rate(kl).unwrap() - best).abs() < 5.1e-6);
            assert!((rejection_win_rate(kl) - rejection).abs() < 5.1e-6);
        }
    }

    #[test]
    fn ends_of_the_frontier() {
        assert_eq!(win_rate_frontier(0.0).unwrap(), FrontierPoint { c: 0.0, win_rate: 0.5 });
        for kl in [1e-300, 1e-30, 1e-12] {
            close(win_rate_frontier(kl).unwrap().c, (24.0 * kl).sqrt(), 1e-12);
        }
        close(win_rate_frontier(30.0 + 1e-9).unwrap().c, 31f64.exp(), 1e-8);
        close(win_rate_frontier(30.0).unwrap().c, 31f64.exp(), 1e-14);
        assert_eq!(win_rate_frontier(1e4).unwrap(), FrontierPoint { c: f64::INFINITY, win_rate: 1.0 });
        assert!(win_rate_frontier(-1e-9).is_err() && win_rate_frontier(f64::INFINITY).is_err());
    }

    #[test]
    fn series_and_closed_forms_agree_where_they_meet() {
        // Closed forms of the module header, cancelling by about 1e-15/KL here.
        for c in [0.8, 1.3, 1.399_999, 1.400_001, 3.0, 20.0] {
            let kl = c / -f64::exp_m1(-c) - 1.0 + (c / f64::exp_m1(c)).ln();
            close(frontier_kl(c), kl, 1e-13);
            close(frontier_win_rate(c), 1.0 / -f64::exp_m1(-c) - 1.0 / c, 1e-14);
            close(frontier_win_rate(-c), 1.0 - frontier_win_rate(c), 1e-14);
        }
    }

    #[test]
    fn round_trip_and_slope() {
        for c in [1e-9, 1e-3, 0.5, 1.4, 2.0, 10.0, 1e3, 1e9] {
            close(win_rate_frontier(frontier_kl(c)).unwrap().c, c, 4e-15 * (1.0 + f64::ln(1.0 + c)));
        }
        // dW/dKL = 1/c by central differences in c; error h^2
        for c in [0.2, 1.4, 6.0] {
            let h = 1e-4;
            let slope =
                (frontier_win_rate(c + h) - frontier_win_rate(c - h)) / (frontier_kl(c + h) - frontier_kl(c - h));
            close(slope, 1.0 / c, 1e-7);
        }
    }

    #[test]
    fn ranks_follow_the_density() {
        for c in [1e-9, 0.5, 0.999, 1.001, 5.0, 800.0] {
            assert_eq!(frontier_rank(c, 0.0).abs(), if c < 1.0 { 0.0 } else { frontier_rank(c, 0.0).abs() });
            // cdf (e^{cu} - 1)/(e^c - 1) at the rank is v
            for v in [0.01, 0.5, 0.99] {
                let u = frontier_rank(c, v);
                let cdf = if c < 300.0 { (c * u).exp_m1() / c.exp_m1() } else { (c * (u - 1.0)).exp() };
                close(cdf, v, 1e-12 * (1.0 + c));
            }
        }
    }

    #[test]
    fn variance_of_the_rank() {
        // 1/c^2 - e^-c/(1 - e^-c)^2 in 40 digits, on both sides of the switch at c = 1.4; it is the slope of the win rate.
        let table = [
            (1e-6, 0.083_333_333_333_329_17),
            (0.3, 0.082_959_668_412_590_9),
            (1.0, 0.079_326_405_792_207_68),
            (1.39, 0.075_860_878_325_005_17),
            (1.41, 0.075_660_402_181_078_78),
            (3.0, 0.055_970_105_609_051_35),
            (12.0, 0.006_938_300_156_587_729),
            (60.0, 1.0 / 3600.0),
        ];
        for (c, variance) in table {
            // the closed form is what is left of 1/c^2, seven times as large at the switch
            close(rank_variance(c), variance, 8e-15);
            let h = 1e-3 * c.min(1.0);
            let slope = (frontier_win_rate(c + h) - frontier_win_rate(c - h)) / (2.0 * h);
            // a third derivative over 6, times h^2; and the rounding of numbers of order one, over h
            close(slope, variance, 1e-6 + 2e-16 / (h * variance));
            // dKL/dc = c Var
            let rise = (frontier_kl(c + h) - frontier_kl(c - h)) / (2.0 * h);
            close(rise, c * variance, 1e-6 + 4e-16 * (1.0 + c) / (h * c * variance));
        }
    }
}
