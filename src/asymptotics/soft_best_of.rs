//! Soft best-of-n (R16 to R18): of $n$ base draws pick $X_i$ with probability proportional to $a(X_i) = e^{r/\lambda}$.
//!
//! $$\pi_n(x) = n\,p(x)\,a(x) \int_0^\infty e^{-t a(x)} M(t)^{n-1} dt, \qquad M(t) = E_p\,e^{-t a(X)}$$
//! (Mayrink Verdun et al. 2025; integral derived). $\lambda \to 0$ is best-of-n with random ties, $\lambda \to \infty$ or
//! $n = 1$ the base law; the target is the tilt by $1/\lambda$.
//!
//! After $t = e^u$ the integrand is analytic in a strip and the trapezoid rule of step 1/8 exact to rounding. Level $j$ acts
//! only where $y_j = u + r_j/\lambda$ is moderate; the grid walks through these windows from the top level down, in
//! coordinates anchored at the nearest level, so that neither $r/\lambda \sim 10^9$ nor $n = 10^9$ costs digits. Entries are
//! summed in logarithms and keep relative accuracy down to $p(x)^n$.
//!
//! [`soft_best_of_by_types`] computes the policy by enumeration instead, for small $n$.

use crate::numerics::sum::sum;
use crate::prob::{Law, Levels, Tilt, check_rewards, divergence_between_tilts, reward_range, tilt, tilt_to_limit};
use crate::{Error, Result};

/// Soft best-of-n against its base and its target (quantity `asymptotics.soft_bon`).
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct SoftBestOf {
    /// Probability of every outcome.
    pub policy: Vec<f64>,
    /// Mean reward.
    pub mean: f64,
    /// $D(\pi\|p)$.
    pub kl_base: f64,
    /// The target: the tilt by $1/\lambda$.
    pub tilt: Vec<f64>,
    /// Mean reward of the target.
    pub tilt_mean: f64,
    /// $D(\varphi\|\pi)$.
    pub kl_tilt: f64,
    /// $D(\pi\|\varphi)$.
    pub kl_tilt_rev: f64,
    /// $\chi^2(\varphi\|p) = \sum \varphi^2/p - 1$.
    pub chi2: f64,
    /// $\log(1 + \chi^2/n)$, an upper bound on `kl_tilt` (R17).
    pub kl_tilt_bound: f64,
}

/// Soft best-of-n at temperature `lambda`, exactly by quadrature.
///
/// Cost: about $8\,(50 + \log n)$ evaluations a group of levels closer than that in $r/\lambda$, independent of $\lambda$.
///
/// # Errors
/// [`Error::InvalidInput`] about `r`, `n` (at least 1) or `lambda` (finite, > 0).
///
/// ```
/// use tilt::{asymptotics::soft_best_of::soft_best_of, prob::Law};
/// let law = Law::new(&[0.5, 0.3, 0.2])?;
/// let soft = soft_best_of(&law, &[0.0, 1.0, 2.0], 10, 1.0)?;
/// assert!((soft.policy[0] - 0.20767113189918912).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn soft_best_of(law: &Law, r: &[f64], n: u64, lambda: f64) -> Result<SoftBestOf> {
    check(law, r, n, lambda)?;
    let (levels, level_of) = Levels::of_outcomes(law, r);
    let per_level = if n == 1 { vec![0.0; levels.len()] } else { log_ratio_by_quadrature(&levels, n, lambda) };
    let log_ratio: Vec<f64> = level_of.iter().map(|j| j.map_or(0.0, |j| per_level[j])).collect();
    let target = target(law, r, lambda);
    let base = tilt(law, r, 0.0);
    let policy = Tilt { probs: law.reweighted(|i| log_ratio[i]), log_ratio, ..base.clone() };
    let (low, high) = reward_range(law, r);
    let chi2 = chi_squared(law, &target);
    Ok(SoftBestOf {
        mean: sum(law.support().iter().map(|&i| policy.probs[i] * r[i])).clamp(low, high),
        kl_base: divergence_between_tilts(&policy, &base),
        tilt_mean: target.mean,
        kl_tilt: divergence_between_tilts(&target, &policy),
        kl_tilt_rev: divergence_between_tilts(&policy, &target),
        chi2,
        kl_tilt_bound: (chi2 / n as f64).ln_1p(),
        policy: policy.probs,
        tilt: target.probs,
    })
}

fn check(law: &Law, r: &[f64], n: u64, lambda: f64) -> Result<()> {
    check_rewards("r", r, law)?;
    if n == 0 {
        return Err(Error::invalid("n", n, "an integer >= 1"));
    }
    if lambda.is_finite() && lambda > 0.0 {
        Ok(())
    } else {
        Err(Error::invalid("lambda", lambda, "a finite temperature > 0"))
    }
}

/// The tilt by $1/\lambda$; its limit where $1/\lambda$ overflows.
fn target(law: &Law, r: &[f64], lambda: f64) -> Tilt {
    let beta = 1.0 / lambda;
    if beta.is_finite() { tilt(law, r, beta) } else { tilt_to_limit(law, r) }
}

/// $\sum p\,(e^u - 1)^2$, one factor at a time: the square alone may overflow.
fn chi_squared(law: &Law, t: &Tilt) -> f64 {
    let deviation = |i: usize| t.log_ratio[i].exp_m1();
    sum(law.support().iter().map(|&i| {
        if t.log_ratio[i] > 700.0 { t.probs[i] * deviation(i) } else { law.probs()[i] * deviation(i) * deviation(i) }
    }))
}

/// Step of the trapezoid rule in $u = \log t$; its error is about $e^{-\pi^2/h} = 5 \cdot 10^{-35}$. A power of two, so that
/// nodes are summed without rounding.
const STEP: f64 = 0.125;
/// Above this $y$, $e^{-e^y}$ is below the smallest `f64`.
const GONE: f64 = 6.7;
/// A window ends here: $e^{-e^5} \approx 10^{-64}$.
const WINDOW_END: f64 = 5.0;

/// A sum of exponentials in a floating unit.
#[derive(Clone, Copy)]
struct LogSum {
    unit: f64,
    sum: f64,
}

impl LogSum {
    const EMPTY: LogSum = LogSum { unit: f64::NEG_INFINITY, sum: 0.0 };

    fn add(&mut self, log_term: f64) {
        if log_term <= self.unit {
            self.sum += (log_term - self.unit).exp();
        } else if log_term > f64::NEG_INFINITY {
            self.sum = 1.0 + self.sum * (self.unit - log_term).exp();
            self.unit = log_term;
        }
    }

    fn log(self) -> f64 {
        self.unit + self.sum.ln()
    }
}

/// $\log(\pi_n/p)$ on the levels.
fn log_ratio_by_quadrature(levels: &Levels, n: u64, lambda: f64) -> Vec<f64> {
    let count = levels.len();
    let values = levels.values();
    // (v_i - v_j)/lambda, infinite rather than NaN where the difference overflows
    let offset = |i: usize, j: usize| {
        let d = (values[i] - values[j]) / lambda;
        if d.is_finite() { d } else { 2.0 * ((0.5 * values[i] - 0.5 * values[j]) / lambda) }
    };
    let mass: Vec<f64> = levels.log_mass().iter().map(|m| m.exp()).collect();
    let survival: Vec<f64> = levels.log_survival().iter().map(|s| s.exp()).collect();
    let cdf: Vec<f64> = levels.neg_log_cdf().iter().map(|c| (-c).exp()).collect();
    let (log_n, extra) = ((n as f64).ln(), (n - 1) as f64);
    // Below this y a level is untouched: n (1 - e^{-e^y}) < 3e-20.
    let window_start = -45.0 - log_n.ceil();

    let mut entries = vec![LogSum::EMPTY; count];
    // Levels below `bottom` are untouched so far: their integrals are a_x times this common one, in y of the anchor.
    let mut untouched = LogSum::EMPTY;
    let (mut bottom, mut top) = (count, count - 1); // active levels are bottom..=top
    let (mut anchor, mut w) = (count - 1, window_start);
    let mut factors: Vec<(f64, f64)> = vec![(0.0, 0.0); count]; // y and e^y of the active levels
    loop {
        while bottom > 0 && w + offset(bottom - 1, anchor) >= window_start {
            bottom -= 1;
            if untouched.sum > 0.0 {
                entries[bottom] = LogSum { unit: untouched.unit + offset(bottom, anchor), sum: untouched.sum };
            }
        }
        while top > bottom && w + offset(top, anchor) > GONE {
            top -= 1;
        }
        // M(t) - 1 = -S_top + sum over active levels of P (e^{-e^y} - 1)
        let mut deficit = -survival[top];
        for i in bottom..=top {
            let y = w + offset(i, anchor);
            factors[i] = (y, y.exp());
            deficit += mass[i] * (-factors[i].1).exp_m1();
        }
        let log_m = if deficit > -0.5 {
            deficit.ln_1p()
        } else {
            let below = if bottom > 0 { cdf[bottom - 1] } else { 0.0 };
            (below + (bottom..=top).map(|i| mass[i] * (-factors[i].1).exp()).sum::<f64>()).ln()
        };
        let common = log_n + extra * log_m;
        for (entry, (y, exp_y)) in entries[bottom..=top].iter_mut().zip(&factors[bottom..=top]) {
            entry.add(common + (y - exp_y));
        }
        untouched.add(common + w);

        w += STEP;
        while w > WINDOW_END {
            if anchor == 0 {
                return entries.iter().map(|entry| STEP.ln() + entry.log()).collect();
            }
            let gap = offset(anchor, anchor - 1);
            anchor -= 1;
            untouched.unit -= gap;
            // Between windows the integrand is a plateau times e^u, negligible against its upper end: skip.
            w = if w - gap < window_start { window_start } else { w - gap };
        }
    }
}

/// The largest number of types that [`soft_best_of_by_types`] enumerates.
pub const TYPE_LIMIT: f64 = 1e7;

/// The soft best-of-n policy by enumeration of the multinomial types of the other $n - 1$ draws:
/// $\pi_n(x) = n\,p(x)\,E\,\frac{a(x)}{a(x) + \sum_{i<n} a(X_i)}$. Shares no formula with [`soft_best_of`].
///
/// Cost: $\binom{n+M-2}{M-1}$ types of $M$ levels.
///
/// # Errors
/// [`Error::InvalidInput`] as [`soft_best_of`]; [`Error::TooLarge`] beyond [`TYPE_LIMIT`].
pub fn soft_best_of_by_types(law: &Law, r: &[f64], n: u64, lambda: f64) -> Result<Vec<f64>> {
    check(law, r, n, lambda)?;
    let (levels, level_of) = Levels::of_outcomes(law, r);
    let count = levels.len();
    let types = (1..count).fold(1.0, |c, i| c * (n as f64 - 1.0 + i as f64) / i as f64);
    if types > TYPE_LIMIT {
        return Err(Error::too_large("soft best-of-n by types", types, TYPE_LIMIT, "types"));
    }
    let values = levels.values();
    // a_j / a_x, infinite where it overflows
    let ratio = |x: usize| (0..count).map(|j| (values[j] / lambda - values[x] / lambda).exp()).collect();
    let mut walk = TypeWalk {
        ratios: (0..count).map(ratio).collect(),
        mass: levels.log_mass().iter().map(|m| m.exp()).collect(),
        counts: vec![0; count],
        share: vec![0.0; count],
    };
    walk.descend(0, n - 1, 1.0);
    Ok(law.reweighted(|i| level_of[i].map_or(0.0, |j| (n as f64 * walk.share[j]).ln())))
}

/// Enumerates counts level by level; `share[x]` gathers $E\,[1 + \sum_j k_j\,a_j/a_x]^{-1}$.
struct TypeWalk {
    ratios: Vec<Vec<f64>>,
    mass: Vec<f64>,
    counts: Vec<u64>,
    share: Vec<f64>,
}

impl TypeWalk {
    /// Levels from `level` on still share `left` draws; `prob` is the multinomial weight so far.
    fn descend(&mut self, level: usize, left: u64, prob: f64) {
        if level + 1 == self.mass.len() {
            self.counts[level] = left;
            let prob = prob * self.mass[level].powf(left as f64);
            for (share, ratios) in self.share.iter_mut().zip(&self.ratios) {
                let drawn = self.counts.iter().zip(ratios).filter(|(k, _)| **k > 0);
                *share += prob / (1.0 + drawn.map(|(k, a)| *k as f64 * a).sum::<f64>());
            }
            return;
        }
        let mut term = prob; // times C(left, taken) P^taken
        for taken in 0..=left {
            self.counts[level] = taken;
            self.descend(level + 1, left - taken, term);
            term *= (left - taken) as f64 / (taken + 1) as f64 * self.mass[level];
        }
    }
}

/// The limits of R17 as $n \to \infty$ at fixed $p$, $\lambda$.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftRates {
    /// $\lim n^2 D(\varphi\|\pi_n) = \lim n^2 D(\pi_n\|\varphi) = \mathrm{Var}_\varphi(\varphi/p)/2$.
    pub kl: f64,
    /// $\lim n\,(E_\varphi r - E_{\pi_n} r) = \mathrm{Cov}_\varphi(\varphi/p, r)$.
    pub reward: f64,
}

/// The constants of the exact rates: KL to the target decays as $1/n^2$, the reward gap as $1/n$ (derived).
///
/// # Errors
/// [`Error::InvalidInput`] about `r` or `lambda`.
pub fn soft_rates(law: &Law, r: &[f64], lambda: f64) -> Result<SoftRates> {
    check(law, r, 1, lambda)?;
    let t = target(law, r, lambda);
    let on = |f: &dyn Fn(usize) -> f64| sum(law.support().iter().map(|&i| t.probs[i] * f(i)));
    let ratio = |i: usize| t.log_ratio[i].exp();
    let mean_ratio = on(&ratio);
    Ok(SoftRates {
        kl: 0.5 * on(&|i| (ratio(i) - mean_ratio) * (ratio(i) - mean_ratio)),
        reward: on(&|i| (ratio(i) - mean_ratio) * (r[i] - t.mean)),
    })
}

/// The bound $D(\pi_n\|p) \le \log\frac{n}{1 + (n-1)e^{-R/\lambda}}$ for rewards of range $R$ (R18; Aminian et al. 2025).
///
/// # Errors
/// [`Error::InvalidInput`] about `r`, `n` or `lambda`.
pub fn soft_kl_bound(law: &Law, r: &[f64], n: u64, lambda: f64) -> Result<f64> {
    check(law, r, n, lambda)?;
    let (low, high) = reward_range(law, r);
    let log_n = (n as f64).ln();
    Ok(log_n - ((n - 1) as f64 * (low / lambda - high / lambda).exp()).ln_1p())
}

#[cfg(test)]
mod tests {
    use super::super::best_of_n::{Ties, best_of_n};
    use super::*;

    fn law(p: &[f64]) -> Law {
        Law::new(p).unwrap()
    }

    fn close(a: f64, b: f64, rtol: f64) {
        assert!((a - b).abs() <= rtol * b.abs(), "{a:e} against {b:e}");
    }

    #[test]
    fn reference_value() {
        let soft = soft_best_of(&law(&[0.5, 0.3, 0.2]), &[0.0, 1.0, 2.0], 10, 1.0).unwrap();
        for (a, b) in soft.policy.iter().zip([0.20767113189918912, 0.31434299678871813, 0.47798587131209275]) {
            close(*a, b, 2e-15);
        }
        for (a, b) in soft.tilt.iter().zip([0.1790000205742738, 0.29194350193250623, 0.5290564774932199]) {
            close(*a, b, 1e-15);
        }
        close(soft.mean, 1.2703147394129037, 2e-15);
        close(soft.kl_base, 0.24866158753789297, 4e-15);
        close(soft.tilt_mean, 1.3500564569189462, 1e-15);
        // errors of the log-ratios, 1e-15, enter the divergence relative to its square root
        close(soft.kl_tilt, 0.005530888190831037, 2e-14);
        close(soft.kl_tilt_rev, 0.005569025766355485, 2e-14);
        close(soft.chi2, 0.7476891576875682, 2e-15);
        close(soft.kl_tilt_bound, 0.07210567639639252, 2e-15);
    }

    #[test]
    fn enumeration_of_types() {
        let p = law(&[0.3, 0.25, 0.0, 0.25, 0.2]);
        let r = [0.0, 1.5, 9.0, 1.5, -2.0];
        for n in [1, 2, 3, 10, 40] {
            for lambda in [1e-9, 0.01, 0.3, 1.0, 20.0, 1e9] {
                let (soft, types) =
                    (soft_best_of(&p, &r, n, lambda).unwrap(), soft_best_of_by_types(&p, &r, n, lambda).unwrap());
                for (a, b) in soft.policy.iter().zip(&types) {
                    close(*a, *b, 4e-15 * (1.0 - b.ln().max(-1e3)));
                }
            }
        }
        let refused = soft_best_of_by_types(&p, &r, 100_000, 1.0).unwrap_err();
        assert_eq!(refused.kind(), "too_large");
    }

    #[test]
    fn cold_is_best_of_n() {
        let p = law(&[0.5, 0.3, 0.15, 0.05]);
        for r in [[0.0, 1.0, 1.0, 2.0], [0.0, 1e300, 1.5e308, -1.5e308]] {
            for n in [2u64, 10, 100] {
                let soft = soft_best_of(&p, &r, n, 1e-9).unwrap();
                let bon = best_of_n(&p, &r, (n as f64).ln(), Ties::Random).unwrap();
                for (a, b) in soft.policy.iter().zip(&bon.policy) {
                    // entries down to p^100 = 1e-131: the error is that of their logarithm
                    close(*a, *b, 4e-15 * (1.0 - b.ln()));
                }
            }
        }
    }

    #[test]
    fn hot_is_the_base_law() {
        let soft = soft_best_of(&law(&[0.5, 0.3, 0.2]), &[0.0, 1.0, 2.0], 7, 1e300).unwrap();
        soft.policy.iter().zip([0.5, 0.3, 0.2]).for_each(|(a, b)| close(*a, b, 2e-15));
        assert!(soft.kl_base < 1e-29 && soft.kl_tilt < 1e-29);
        let single = soft_best_of(&law(&[0.5, 0.3, 0.2]), &[0.0, 1.0, 2.0], 1, 0.1).unwrap();
        assert_eq!(single.policy, [0.5, 0.3, 0.2]);
    }

    #[test]
    fn rates_of_r17() {
        let (p, r) = (law(&[0.5, 0.3, 0.2]), [0.0, 1.0, 2.0]);
        let rates = soft_rates(&p, &r, 1.0).unwrap();
        assert!((rates.kl - 0.47354).abs() < 5e-6 && (rates.reward - 0.72363).abs() < 5e-6);
        for (n, kl, reward) in
            [(2, 0.50062, 0.80139), (10, 0.55309, 0.79742), (40, 0.49518, 0.74342), (160, 0.47895, 0.72859)]
        {
            let soft = soft_best_of(&p, &r, n, 1.0).unwrap();
            let n = n as f64;
            assert!((n * n * soft.kl_tilt - kl).abs() < 5.1e-6);
            assert!((n * (soft.tilt_mean - soft.mean) - reward).abs() < 5.1e-6);
            assert!(soft.kl_tilt <= soft.kl_tilt_bound);
        }
        // n = 1e6: corrections O(1/n), rounding 1e-15 n relative
        let soft = soft_best_of(&p, &r, 1_000_000, 1.0).unwrap();
        close(1e12 * soft.kl_tilt, rates.kl, 1e-5);
        close(1e12 * soft.kl_tilt_rev, rates.kl, 1e-5);
    }

    #[test]
    fn many_draws_and_many_levels() {
        let soft = soft_best_of(&law(&[0.5, 0.3, 0.2]), &[0.0, 1.0, 2.0], 1_000_000_000, 1.0).unwrap();
        soft.policy.iter().zip(&soft.tilt).for_each(|(a, b)| close(*a, *b, 3e-9));
        assert!((soft.policy.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        for lambda in [1e-9, 1e-3, 0.02, 1.0, 100.0] {
            let p = law(&[1.0 / 200.0; 200]);
            let r: Vec<f64> = (0..200).map(|i| f64::from(i * i % 211)).collect();
            let soft = soft_best_of(&p, &r, 1000, lambda).unwrap();
            assert!((soft.policy.iter().sum::<f64>() - 1.0).abs() < 2e-14, "{lambda}");
            assert!(soft.kl_base <= soft_kl_bound(&p, &r, 1000, lambda).unwrap() * (1.0 + 1e-13));
        }
    }

    #[test]
    fn errors_name_their_field() {
        let p = law(&[0.5, 0.5]);
        for (r, n, lambda, field) in [
            (&[0.0][..], 2, 1.0, "r"),
            (&[0.0, 1.0][..], 0, 1.0, "n"),
            (&[0.0, 1.0][..], 2, 0.0, "lambda"),
            (&[0.0, 1.0][..], 2, f64::INFINITY, "lambda"),
        ] {
            assert!(soft_best_of(&p, r, n, lambda).unwrap_err().to_string().starts_with(field));
        }
    }
}
