//! The best mean reward at a KL budget: $\max E_\varphi r$ subject to $D(\varphi\|p) \le \Delta$.
//!
//! For $0 < \Delta < \Delta_{max} = -\log p(A^*)$ the unique solution is the tilt $\varphi_b$ with $b = \beta(\Delta)$ the
//! root of $KL(b) = \Delta$; $KL'(b) = b V(b) > 0$ (Yang, Salamatian, Sun, Suresh, Beirami 2024; proof derived in R1, R2).
//!
//! The root is sought in $\log b$, where $\log KL$ is nearly linear at small budgets. Past half of $\Delta_{max}$ the
//! equation solved is $\log(\Delta_{max} - KL(b)) = \log(\Delta_{max} - \Delta)$, the deficit written as a sum of
//! non-negative terms, so that the root stays well defined up to the last representable budget.
//!
//! Cost: about ten tilts.

use super::{Law, Tilt, check_rewards, reward_range, tilt, tilt_to_limit};
use crate::numerics::roots::newton_bracketed;
use crate::numerics::sum::sum;
use crate::{Error, Result};

/// Which case of the budget problem holds; tested in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// The reward is constant on the support: every feasible law is optimal, the answer is the base law.
    Degenerate,
    /// No budget: the base law.
    Base,
    /// The budget covers the base law conditioned on the maximisers, which is the canonical answer.
    Saturated,
    /// The unique tilt that spends the budget.
    Interior,
}

impl Regime {
    /// The name used by the quantities: `degenerate`, `base`, `saturated`, `interior`.
    pub fn name(self) -> &'static str {
        match self {
            Regime::Degenerate => "degenerate",
            Regime::Base => "base",
            Regime::Saturated => "saturated",
            Regime::Interior => "interior",
        }
    }
}

/// The solution of the budget problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// The case.
    pub regime: Regime,
    /// $\beta(\Delta)$: 0 where degenerate or base, infinite where saturated.
    pub beta: f64,
    /// The optimal law with its cumulants and divergences.
    pub tilt: Tilt,
    /// $-\log p(A^*)$, the budget beyond which nothing is gained; 0 where degenerate.
    pub delta_max: f64,
    /// The largest reward on the support.
    pub r_max: f64,
}

/// Solves the budget problem for `delta` nats.
///
/// # Errors
/// [`Error::InvalidInput`] about `r` (length, finite) or `delta` (finite, >= 0).
///
/// ```
/// use tilt::prob::{Law, Regime, kl_optimum};
/// let best = kl_optimum(&Law::new(&[0.5, 0.3, 0.2])?, &[0.0, 1.0, 2.0], 0.2)?;
/// assert_eq!(best.regime, Regime::Interior);
/// assert!((best.beta - 0.7751746209852189).abs() < 1e-14);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn kl_optimum(law: &Law, r: &[f64], delta: f64) -> Result<Optimum> {
    check_rewards("r", r, law)?;
    if !(delta.is_finite() && delta >= 0.0) {
        return Err(Error::invalid("delta", delta, "a finite budget >= 0"));
    }
    let (low, r_max) = reward_range(law, r);
    if low == r_max {
        return Ok(Optimum { regime: Regime::Degenerate, beta: 0.0, tilt: tilt(law, r, 0.0), delta_max: 0.0, r_max });
    }
    let limit = tilt_to_limit(law, r);
    let delta_max = limit.kl;
    if delta == 0.0 {
        return Ok(Optimum { regime: Regime::Base, beta: 0.0, tilt: tilt(law, r, 0.0), delta_max, r_max });
    }
    if delta >= delta_max {
        return Ok(Optimum { regime: Regime::Saturated, beta: f64::INFINITY, tilt: limit, delta_max, r_max });
    }
    let (offsets, exponent) = unit_offsets(r, r_max, 0.5 * r_max - 0.5 * low);
    let b = solve(law, &offsets, delta, delta_max)?;
    let beta = libm::scalbn(b, -exponent);
    let at_root = if beta.is_normal() {
        tilt(law, r, beta)
    } else {
        // beta itself leaves the range of f64: the law is right in the scaled reward, the moments are of the real one.
        super::tilt::with_moments_of(law, r, beta, tilt(law, &offsets, b))
    };
    Ok(Optimum { regime: Regime::Interior, beta, tilt: at_root, delta_max, r_max })
}

/// $(r_i - r_{ref})\,2^{-e}$ with $e$ chosen so that the range is about one, and $e$.
/// The scaling is by a power of two, so it rounds nothing.
pub(super) fn unit_offsets(r: &[f64], reference: f64, half_range: f64) -> (Vec<f64>, i32) {
    let exponent = libm::ilogb(half_range) + 1;
    let offset = |x: &f64| {
        let d = x - reference;
        if d.is_finite() { libm::scalbn(d, -exponent) } else { libm::scalbn(0.5 * x - 0.5 * reference, 1 - exponent) }
    };
    // Outcomes off the support may lie anywhere; keep them finite.
    (r.iter().map(|x| offset(x).clamp(-f64::MAX, f64::MAX)).collect(), exponent)
}

/// The root of $KL(b) = \Delta$ for offsets $r - r_{max}$ and $0 < \Delta < \Delta_{max}$.
fn solve(law: &Law, offsets: &[f64], delta: f64, delta_max: f64) -> Result<f64> {
    let (low, _) = reward_range(law, offsets);
    let at_base = tilt(law, offsets, 0.0);
    let quadratic = ((2.0 * delta).sqrt() / at_base.variance.sqrt()).min(1e300);
    if quadratic * -low < 1e-17 {
        return Ok(quadratic); // the next term is smaller by a factor b * range
    }
    let near_saturation = delta > 0.5 * delta_max;
    let deficit_wanted = delta_max - delta;
    let residual = |log_b: f64| {
        let t = tilt(law, offsets, log_b.exp());
        let slope = t.beta * t.beta * t.variance; // d KL / d log b
        if near_saturation {
            let deficit = deficit(law, offsets, &t, delta_max);
            ((deficit_wanted / deficit).ln(), slope / deficit)
        } else {
            ((t.kl / delta).ln(), slope / t.kl)
        }
    };
    // KL(b) <= b^2 range^2 / 8 (Hoeffding), so the root is at least this; the other end is found by growing steps.
    let lo = (0.5 * (8.0 * delta).ln() - (-low).ln()).max(-709.0) - 1e-9;
    let (mut hi, mut step) = (quadratic.ln().max(lo) + 0.1, 0.5);
    while residual(hi).0 < 0.0 && hi < 709.0 {
        hi = (hi + step).min(709.0);
        step *= 2.0;
    }
    let start = quadratic.ln().clamp(lo, hi);
    let root = newton_bracketed(residual, lo, hi, start);
    // One Newton step in b itself: log b has the absolute accuracy of its own size only.
    let b = root.x.exp();
    let (value, slope) = residual(root.x);
    let polished = b * (1.0 - value / slope);
    if !root.found() && hi < 709.0 {
        return Err(Error::NotConverged {
            method: "the KL budget".into(),
            iterations: root.iterations,
            residual: value,
            tolerance: 0.0,
        });
    }
    Ok(if polished.is_finite() && (polished / b - 1.0).abs() < 1e-6 { polished } else { b })
}

/// $\Delta_{max} - KL(b)$ by the mass $\ell$ off the maximisers: $\ell \Delta_{max} - (1-\ell)\log(1-\ell) - \sum_{off}
/// \varphi u$, whose terms are non-negative once the others are rarer than under the base law.
fn deficit(law: &Law, offsets: &[f64], t: &Tilt, delta_max: f64) -> f64 {
    let off = || law.support().iter().copied().filter(|&i| offsets[i] < 0.0 && t.probs[i] > 0.0);
    let leak = sum(off().map(|i| t.probs[i]));
    let kept = sum(law.support().iter().filter(|&&i| offsets[i] == 0.0).map(|&i| t.probs[i]));
    let log_kept = if leak < 0.5 { (-leak).ln_1p() } else { kept.max(f64::MIN_POSITIVE).ln() };
    sum([leak * delta_max, -kept * log_kept].into_iter().chain(off().map(|i| -t.probs[i] * t.log_ratio[i])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(p: &[f64]) -> Law {
        Law::new(p).unwrap()
    }

    #[test]
    fn regimes_in_order() {
        let p = law(&[0.5, 0.3, 0.2]);
        let regime = |r: &[f64], delta: f64| kl_optimum(&p, r, delta).unwrap().regime;
        assert_eq!(regime(&[1.0; 3], 0.0), Regime::Degenerate);
        assert_eq!(regime(&[0.0, 1.0, 2.0], 0.0), Regime::Base);
        assert_eq!(regime(&[0.0, 1.0, 2.0], 5f64.ln()), Regime::Saturated);
        assert_eq!(regime(&[0.0, 1.0, 2.0], 5f64.ln() - 1e-12), Regime::Interior);
        // A zero-mass outcome with the largest reward changes nothing.
        let q = law(&[0.5, 0.5, 0.0]);
        assert_eq!(kl_optimum(&q, &[1.0, 1.0, 7.0], 0.3).unwrap().regime, Regime::Degenerate);
    }

    #[test]
    fn reference_value() {
        let best = kl_optimum(&law(&[0.5, 0.3, 0.2]), &[0.0, 1.0, 2.0], 0.2).unwrap();
        assert!((best.beta / 0.7751746209852189 - 1.0).abs() < 1e-14);
        assert!((best.tilt.mean / 1.2113855050744704 - 1.0).abs() < 1e-14);
        assert!((best.tilt.kl / 0.2 - 1.0).abs() < 1e-14);
        assert!((best.delta_max / 1.6094379124341003 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn rare_maximiser_at_a_tiny_budget() {
        // Two outcomes, p1 = 1e-10: KL = q log(q/p1) + (1-q) log((1-q)/(1-p1)); 40-digit root for the stored p (mpmath).
        let best = kl_optimum(&law(&[1.0 - 1e-10, 1e-10]), &[0.0, 1.0], 1e-12).unwrap();
        assert!((best.beta / RARE_BETA - 1.0).abs() < 1e-12, "{}", best.beta);
    }
    const RARE_BETA: f64 = 0.135_157_284_366_493_1;

    #[test]
    fn budgets_from_the_smallest_to_the_last() {
        let p = law(&[0.5, 0.3, 0.2]);
        let r = [0.0, 1.0, 2.0];
        for delta in [1e-320, 1e-300, 1e-100, 1e-20, 1e-12, 1e-3, 0.5, 1.0, 1.6, 5f64.ln() - 1e-13] {
            let best = kl_optimum(&p, &r, delta).unwrap();
            assert_eq!(best.regime, Regime::Interior, "{delta}");
            // KL is resolved to 2e-16 of delta_max near saturation and to a subnormal at the bottom.
            assert!((best.tilt.kl - delta).abs() <= 4e-15 * delta + 1e-322, "{delta}: {}", best.tilt.kl);
        }
        // Quadratic law at the bottom: beta = sqrt(2 delta / kappa_2), kappa_2 = 0.61.
        let best = kl_optimum(&p, &r, 1e-300).unwrap();
        assert!((best.beta / (2e-300f64 / 0.61).sqrt() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn scale_of_the_reward_only_scales_beta() {
        let p = law(&[0.5, 0.3, 0.2]);
        let unit = kl_optimum(&p, &[0.0, 1.0, 2.0], 0.2).unwrap();
        for scale in [1e-300, 1e-12, 1e12, 8e307] {
            let best = kl_optimum(&p, &[0.0, scale, 2.0 * scale], 0.2).unwrap();
            assert!((best.beta * scale / unit.beta - 1.0).abs() < 1e-13, "{scale}");
            assert!((best.tilt.mean / scale - unit.tilt.mean).abs() < 1e-13);
        }
        let best = kl_optimum(&p, &[-1.5e308, 0.0, 1.5e308], 0.2).unwrap();
        assert!((best.beta * 1.5e308 / unit.beta - 1.0).abs() < 1e-13);
        let best = kl_optimum(&p, &[0.0, 5e-324, 1e-323], 0.2).unwrap();
        assert!((best.tilt.kl - 0.2).abs() < 1e-14 && best.beta == f64::INFINITY);
    }

    #[test]
    fn errors_name_their_field() {
        let p = law(&[0.5, 0.5]);
        for (r, delta, field) in [
            (&[0.0, 1.0][..], -1.0, "delta"),
            (&[0.0, 1.0][..], f64::NAN, "delta"),
            (&[0.0, 1.0][..], f64::INFINITY, "delta"),
            (&[0.0][..], 1.0, "r is"),
            (&[0.0, f64::INFINITY][..], 1.0, "r[1]"),
        ] {
            assert!(kl_optimum(&p, r, delta).unwrap_err().to_string().starts_with(field));
        }
    }
}
