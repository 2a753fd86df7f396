//! The exponential tilt $\varphi_b(i) = p_i\,e^{b r_i} / Z(b)$: the one operation behind KL-regularised learning, Hedge,
//! soft Bellman backups, softmax judges and Bayesian updating.
//!
//! Everything is computed from the log-ratio $u_i = \log(\varphi_i/p_i)$. With $\psi(u) = u e^u - e^u + 1 \ge 0$,
//! $D(\varphi\|p) = \sum p_i \psi(u_i)$ and $D(p\|\varphi) = \sum p_i (e^{u_i} - 1 - u_i)$: all terms are non-negative,
//! so both keep their relative accuracy down to the smallest $b$, where $b\,m - \log Z$ keeps none.
//!
//! The reference reward is the base mean $\mu$ while $b(r_{max} - \mu)$ is small, so that $u_i = z_i -
//! \log(1 + \sum p\,(e^{z} - 1))$ keeps the relative accuracy of small ratios (rare outcomes included), and the largest
//! $b r$ beyond, so that nothing overflows. Differences of rewards that overflow are taken at half scale.
//!
//! Cost: one pass of logarithms and exponentials, O(k). Digits are lost only as $|b r| \epsilon$ in the logarithm of a
//! probability, which is the conditioning of the problem.

use super::Law;
use crate::numerics::log_space::psi;
use crate::numerics::sum::sum;

/// A tilted law with its cumulants and divergences; entries of vectors belong to the outcomes of the base law.
#[derive(Clone, Debug, PartialEq)]
pub struct Tilt {
    /// The inverse temperature $b$.
    pub beta: f64,
    /// $\varphi_b$.
    pub probs: Vec<f64>,
    /// $\log(\varphi_b/p)$; 0 off the support of $p$, `-inf` where only $\varphi$ has no mass.
    pub log_ratio: Vec<f64>,
    /// $\log \sum p\,e^{b r}$.
    pub log_z: f64,
    /// Mean reward $m(b)$.
    pub mean: f64,
    /// Variance of the reward.
    pub variance: f64,
    /// Third central moment, the third cumulant.
    pub third_cumulant: f64,
    /// Fourth cumulant: fourth central moment less three squared variances.
    pub fourth_cumulant: f64,
    /// $D(\varphi_b\|p)$.
    pub kl: f64,
    /// $D(p\|\varphi_b)$.
    pub reverse_kl: f64,
}

/// Above this largest exponent relative to the base mean the reference moves to the maximum.
const MEAN_REFERENCE_LIMIT: f64 = 8.0;

/// The tilt of `law` by `beta` times the reward `r`, for any finite `beta` of either sign.
///
/// `r` must be finite and of the law's length (see [`check_rewards`](super::check_rewards)). Moments of rewards near
/// the largest `f64` may overflow to infinity; nothing becomes NaN.
///
/// ```
/// use tilt::prob::{Law, tilt};
/// let phi = tilt(&Law::new(&[0.5, 0.5])?, &[0.0, 1.0], 3f64.ln());
/// assert!((phi.probs[1] - 0.75).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn tilt(law: &Law, r: &[f64], beta: f64) -> Tilt {
    let mut log_ratio = vec![0.0; law.len()];
    let log_z = write_log_ratio(law, r, beta, &mut log_ratio);
    describe(law, r, beta, log_ratio, log_z)
}

/// The limit of the tilt as $b \to \infty$: the base law conditioned on the maximisers of `r` over the support.
///
/// `beta` is infinite, `kl` is $-\log p(A^*)$, and `reverse_kl` infinite unless every outcome with mass is a maximiser.
pub fn tilt_to_limit(law: &Law, r: &[f64]) -> Tilt {
    let (_, top) = super::reward_range(law, r);
    let u = -log_mass_where(law, |i| r[i] == top);
    let mut log_ratio = vec![0.0; law.len()];
    for &i in law.support() {
        log_ratio[i] = if r[i] == top { u } else { f64::NEG_INFINITY };
    }
    let log_z = if top == 0.0 { -u } else { f64::INFINITY * top };
    Tilt { kl: u, ..describe(law, r, f64::INFINITY, log_ratio, log_z) }
}

/// $D(a\|b)$ between two tilts of the same base law, from their log-ratios: masses that underflow keep their part.
pub fn divergence_between_tilts(a: &Tilt, b: &Tilt) -> f64 {
    sum((0..a.probs.len()).map(|i| match a.log_ratio[i] - b.log_ratio[i] {
        // both lost to underflow of the exponent
        u if u.is_nan() => 0.0,
        u if u == f64::INFINITY => {
            if a.probs[i] > 0.0 {
                f64::INFINITY
            } else {
                0.0
            }
        }
        u => divergence_term(b.probs[i], a.probs[i], u),
    }))
}

/// $\log p(\text{set})$, accurate also where the set has nearly all the mass.
pub(super) fn log_mass_where(law: &Law, in_set: impl Fn(usize) -> bool) -> f64 {
    let mass = |inside: bool| sum(law.support().iter().filter(|&&i| in_set(i) == inside).map(|&i| law.probs()[i]));
    let inside = mass(true);
    if inside > 0.5 {
        (-mass(false)).ln_1p()
    } else if inside > f64::MIN_POSITIVE {
        inside.ln()
    } else {
        let logs: Vec<f64> = law.support().iter().filter(|&&i| in_set(i)).map(|&i| law.log_probs()[i]).collect();
        crate::numerics::log_space::log_sum_exp(&logs)
    }
}

/// $b (r - s)$ where the difference itself may overflow; never NaN for finite arguments.
fn scaled_difference(b: f64, r: f64, s: f64) -> f64 {
    let d = r - s;
    if d.is_finite() { b * d } else { 2.0 * (b * (0.5 * r - 0.5 * s)) }
}

/// The most probable outcome: the pivot from which the base mean is measured.
fn heaviest(law: &Law) -> usize {
    law.support().iter().copied().max_by(|&i, &j| law.log_probs()[i].total_cmp(&law.log_probs()[j])).unwrap_or(0)
}

/// Writes $\log(\varphi_i/p_i)$ on the support and returns $\log \sum p\,e^{b r}$.
fn write_log_ratio(law: &Law, r: &[f64], beta: f64, log_ratio: &mut [f64]) -> f64 {
    // z relative to the pivot, then to the mean: the pivot's own z is then minus a sum of small terms, not a difference.
    let pivot = r[heaviest(law)];
    let z_mean = law.expectation(|i| scaled_difference(beta, r[i], pivot));
    let mut z_max = f64::NEG_INFINITY;
    let mut best = law.support()[0];
    for &i in law.support() {
        log_ratio[i] = scaled_difference(beta, r[i], pivot) - z_mean;
        if log_ratio[i] > z_max {
            (z_max, best) = (log_ratio[i], i);
        }
    }
    // Exponents beyond the range of f64 leave z_max at -inf, infinite or NaN: only the maximum can be the reference then.
    if z_max.is_finite() && z_max <= MEAN_REFERENCE_LIMIT {
        let log_z = law.expectation(|i| log_ratio[i].exp_m1()).ln_1p();
        for &i in law.support() {
            log_ratio[i] -= log_z;
        }
        return (beta * pivot + z_mean) + log_z;
    }
    // The maximum of beta * r, not of the rounded z: rewards far apart may tie in z.
    for &i in law.support() {
        if scaled_difference(beta, r[i], r[best]) > 0.0 {
            best = i;
        }
    }
    for &i in law.support() {
        log_ratio[i] = scaled_difference(beta, r[i], r[best]);
    }
    let (probs, log_probs) = (law.probs(), law.log_probs());
    let weight =
        |i: usize, z: f64| if probs[i] > f64::MIN_POSITIVE { probs[i] * z.exp() } else { (log_probs[i] + z).exp() };
    let total = sum(law.support().iter().map(|&i| weight(i, log_ratio[i])));
    let log_total = if total > f64::MIN_POSITIVE {
        total.ln()
    } else {
        let logs: Vec<f64> = law.support().iter().map(|&i| log_probs[i] + log_ratio[i]).collect();
        crate::numerics::log_space::log_sum_exp(&logs)
    };
    for &i in law.support() {
        log_ratio[i] -= log_total;
    }
    beta * r[best] + log_total
}

/// A probability from its base value and its log-ratio: the product where it is accurate, the log sum beyond.
pub(super) fn ratio_to_prob(p: f64, log_p: f64, u: f64) -> f64 {
    if p > f64::MIN_POSITIVE && u.abs() < 700.0 { p * u.exp() } else { (log_p + u).exp() }
}

/// The term $p\,\psi(u)$ of a divergence, without overflow for large $u$; `q` is $p e^u$.
pub(super) fn divergence_term(p: f64, q: f64, u: f64) -> f64 {
    if u < 1.0 { p * psi(u) } else { q * (u - 1.0) + p }
}

fn describe(law: &Law, r: &[f64], beta: f64, log_ratio: Vec<f64>, log_z: f64) -> Tilt {
    let p = law.probs();
    let probs = law.reweighted(|i| log_ratio[i]);
    let kl = sum(law.support().iter().map(|&i| divergence_term(p[i], probs[i], log_ratio[i])));
    let reverse_kl = sum(law.support().iter().map(|&i| reverse_term(p[i], probs[i], log_ratio[i])));
    let Moments { mean, variance, third_cumulant, fourth_cumulant } = moments(law, r, &probs);
    let log_z = if log_z.is_nan() { f64::INFINITY } else { log_z };
    Tilt { beta, probs, log_ratio, log_z, mean, variance, third_cumulant, fourth_cumulant, kl, reverse_kl }
}

/// The term $p (e^u - 1 - u)$ of the reverse divergence; $e^u \psi(-u)$ is the same without cancellation.
fn reverse_term(p: f64, q: f64, u: f64) -> f64 {
    if u.abs() < 1.0 {
        q * psi(-u)
    } else if u == f64::NEG_INFINITY {
        f64::INFINITY
    } else {
        (q - p) - p * u
    }
}

/// The same law with the moments of another reward `r`, and `beta` restated in its units.
pub(super) fn with_moments_of(law: &Law, r: &[f64], beta: f64, scaled: Tilt) -> Tilt {
    let Moments { mean, variance, third_cumulant, fourth_cumulant } = moments(law, r, &scaled.probs);
    // log Z = b m - KL is all that is left where b itself has left the range of f64.
    let log_z = if mean == 0.0 { -scaled.kl } else { beta * mean - scaled.kl };
    Tilt { beta, mean, variance, third_cumulant, fourth_cumulant, log_z, ..scaled }
}

struct Moments {
    mean: f64,
    variance: f64,
    third_cumulant: f64,
    fourth_cumulant: f64,
}

/// Central moments of `r` under `probs`, in units of the largest deviation where squares would overflow or vanish.
fn moments(law: &Law, r: &[f64], probs: &[f64]) -> Moments {
    let (low, high) = super::reward_range(law, r);
    let mean = sum(law.support().iter().map(|&i| probs[i] * r[i])).clamp(low, high);
    if low == high {
        return Moments { mean, variance: 0.0, third_cumulant: 0.0, fourth_cumulant: 0.0 };
    }
    let half_range = 0.5 * high - 0.5 * low;
    let unit = if (1e-50..1e50).contains(&half_range) { 1.0 } else { half_range };
    let heaviest = law.support().iter().copied().max_by(|&i, &j| probs[i].total_cmp(&probs[j])).unwrap_or(0);
    let from_heaviest = |i: usize| {
        let d = r[i] - r[heaviest];
        if d.is_finite() { d / unit } else { r[i] / unit - r[heaviest] / unit }
    };
    let shift = sum(law.support().iter().map(|&i| probs[i] * from_heaviest(i)));
    let central = |power: i32| sum(law.support().iter().map(|&i| probs[i] * (from_heaviest(i) - shift).powi(power)));
    let (second, third, fourth) = (central(2), central(3), central(4));
    let restore = |x: f64, power: i32| if x == 0.0 { 0.0 } else { (0..power).fold(x, |y, _| y * unit) };
    Moments {
        mean,
        variance: restore(second, 2),
        third_cumulant: restore(third, 3),
        fourth_cumulant: restore(fourth - 3.0 * second * second, 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(p: &[f64]) -> Law {
        Law::new(p).unwrap()
    }

    fn close(a: f64, b: f64, rtol: f64) {
        assert!((a - b).abs() <= rtol * b.abs(), "{a:e} against {b:e}");
    }

    #[test]
    fn two_outcomes_in_closed_form() {
        // p = (1-q, q), r = (0, 1): phi = q e^b / Z, cumulants of a coin.
        for (q, b) in [(0.3, 0.7), (0.3, -5.0), (0.3, 40.0), (1e-10, 3.0), (1e-10, 20.0), (1e-300, 600.0)] {
            let t = tilt(&law(&[1.0 - q, q]), &[0.0, 1.0], b);
            let z = q * f64::exp_m1(b) + 1.0;
            let (x, y) = (q * f64::exp(b) / z, (1.0 - q) / z);
            close(t.mean, x, 1e-14);
            close(t.variance, x * y, 1e-13);
            close(t.third_cumulant, x * y * (y - x), 1e-13);
            close(t.fourth_cumulant, x * y * (1.0 - 6.0 * x * y), 1e-12);
            // Beyond the mean reference log Z and the ratios carry the absolute rounding of b r.
            let log_z = (q * f64::exp_m1(b)).ln_1p();
            assert!((t.log_z - log_z).abs() < 1e-14 * log_z.abs() + if b > 8.0 { 2e-16 * b } else { 0.0 });
            assert!((t.log_ratio[0] + log_z).abs() < 1e-14 * log_z.abs() + if b > 8.0 { 2e-16 * b } else { 0.0 });
        }
    }

    #[test]
    fn divergences_keep_their_digits_at_small_b() {
        // KL = b^2 kappa_2 / 2 + b^3 kappa_3 / 3, reverse b^2 kappa_2 / 2 + b^3 kappa_3 / 6; (.5,.3,.2): .61, .276.
        let p = law(&[0.5, 0.3, 0.2]);
        for b in [1e-6, 1e-9, 1e-150] {
            let t = tilt(&p, &[0.0, 1.0, 2.0], b);
            close(t.kl, b * b * (0.305 + b * 0.092), 1e-12);
            close(t.reverse_kl, b * b * (0.305 + b * 0.046), 1e-12);
        }
    }

    #[test]
    fn jeffreys_identity() {
        let p = law(&[0.1, 0.2, 0.3, 0.4]);
        let r = [3.0, -1.0, 0.5, 2.0];
        let base_mean = tilt(&p, &r, 0.0).mean;
        for b in [-30.0, -1.0, 1e-3, 1.0, 12.0] {
            let t = tilt(&p, &r, b);
            close(t.kl + t.reverse_kl, b * (t.mean - base_mean), 1e-12);
        }
    }

    #[test]
    fn shift_and_scale_of_the_reward() {
        let p = law(&[0.5, 0.3, 0.2]);
        let t = tilt(&p, &[0.0, 1.0, 2.0], 0.8);
        let moved = tilt(&p, &[1024.0, 1025.0, 1026.0], 0.8);
        assert_eq!(t.probs, moved.probs);
        let scaled = tilt(&p, &[0.0, 1e300, 2e300], 0.8e-300);
        close(scaled.kl, t.kl, 1e-14);
        close(scaled.mean, t.mean * 1e300, 1e-14);
        assert_eq!(scaled.variance, f64::INFINITY);
    }

    #[test]
    fn nothing_becomes_nan() {
        let p = law(&[0.25, 0.25, 0.25, 0.25]);
        for r in [[-1.7e308, 1.7e308, 0.0, 1.0], [1e300, 1e300, -1e300, 0.0], [1.0, 1.0 + 1e-12, 1.0, 1.0]] {
            for b in [0.0, 1e-308, 1e-12, 1.0, -1.0, 1e10, -1e308] {
                let t = tilt(&p, &r, b);
                let total: f64 = t.probs.iter().sum();
                assert!((total - 1.0).abs() < 1e-15, "{r:?} {b}");
                for x in [t.log_z, t.mean, t.variance, t.third_cumulant, t.fourth_cumulant, t.kl, t.reverse_kl] {
                    assert!(!x.is_nan(), "{r:?} {b} {t:?}");
                }
                assert!(t.kl >= 0.0 && t.kl <= 4f64.ln() + 1e-15 && t.reverse_kl >= 0.0);
            }
        }
    }

    #[test]
    fn the_limit_is_the_conditional_law() {
        let p = law(&[0.5, 0.25, 0.25, 0.0]);
        let t = tilt_to_limit(&p, &[0.0, 1.0, 1.0, 5.0]);
        assert_eq!(t.probs, [0.0, 0.5, 0.5, 0.0]);
        close(t.kl, 2f64.ln(), 1e-15);
        assert_eq!((t.mean, t.variance, t.reverse_kl, t.beta), (1.0, 0.0, f64::INFINITY, f64::INFINITY));
        // A tilt far out is at the limit.
        close(tilt(&p, &[0.0, 1.0, 1.0, 5.0], 1e6).kl, t.kl, 1e-15);
        // Nearly all mass on the maximiser: -log(1 - 1e-20) is 1e-20, not 0.
        close(tilt_to_limit(&law(&[1e-20, 1.0]), &[0.0, 1.0]).kl, 1e-20, 1e-15);
    }
}
