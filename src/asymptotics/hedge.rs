//! When to stop sampling: the true ("gold") reward of best-of-N chosen by a proxy (R31).
//!
//! With $m_j = E[\text{gold} \mid \text{proxy level } j]$ and increments $\Delta_j = m_{j+1} - m_j$,
//! $$E\,\text{gold}(\theta) = \sum_j b_j m_j = m_M - \sum_{j<M} \Delta_j\,G_\theta(F_j),$$
//! $G_\theta$ the rank cdf: $F^N$ ($\theta = \log N$), zero-truncated Poisson or 1 + Poisson ($\theta = c$). The rank
//! densities are totally positive, so the curve turns at most as often as $m$ (derived; Khalaf, Verdun, Oesterling,
//! Lakkaraju, Calmon 2025 for the rise and fall).
//!
//! The global maximum: the derivative $-\sum \Delta_j\,\partial_\theta G_\theta(F_j)$ is read on a grid finer than the
//! width of its kernel (one in $\log N$ or $\log c$), every change from rising to falling is solved to the last bit, and
//! the maxima, the base and the limit are compared. Cost: O(M) a grid point, about $20 \log(1/P_M)$ points.

use crate::Error;
use crate::Result;
use crate::numerics::roots::bisect;
use crate::numerics::sum::sum;
use crate::prob::{Law, Levels, check_rewards};

/// The family along which candidates are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HedgeFamily {
    /// Best-of-N, parameter $\log N$.
    BestOf,
    /// Best of a zero-truncated Poisson number, parameter $c$.
    ZeroTruncatedPoisson,
    /// Best of one and a Poisson number more, parameter $c$.
    PoissonPlusOne,
}

impl HedgeFamily {
    /// The family of the given name: `bon`, `zero_truncated_poisson`, `poisson_plus_one`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `family`.
    pub fn named(name: &str) -> Result<HedgeFamily> {
        match name {
            "bon" => Ok(HedgeFamily::BestOf),
            "zero_truncated_poisson" => Ok(HedgeFamily::ZeroTruncatedPoisson),
            "poisson_plus_one" => Ok(HedgeFamily::PoissonPlusOne),
            _ => Err(Error::invalid(
                "family",
                format!("{name:?}"),
                "one of bon, zero_truncated_poisson, poisson_plus_one",
            )),
        }
    }
}

/// Where the gold reward is largest; tested in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HedgeRegime {
    /// The gold reward does not vary.
    Flat,
    /// Largest at the base: do not sample.
    Falling,
    /// Largest in the limit: sample for ever.
    Rising,
    /// Largest in between.
    Interior,
}

impl HedgeRegime {
    /// The name used by the quantities: `flat`, `falling`, `rising`, `interior`.
    pub fn name(self) -> &'static str {
        match self {
            HedgeRegime::Flat => "flat",
            HedgeRegime::Falling => "falling",
            HedgeRegime::Rising => "rising",
            HedgeRegime::Interior => "interior",
        }
    }
}

/// The best point to stop (quantity `asymptotics.hedge`).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Hedge {
    /// Where the maximum lies.
    pub regime: HedgeRegime,
    /// The maximising $\log N$ or $c$: 0 at the base, infinite in the limit.
    pub param_star: f64,
    /// The gold reward there.
    pub gold_star: f64,
    /// The gold reward of the base law.
    pub gold_base: f64,
    /// The gold reward of the top proxy level.
    pub gold_limit: f64,
}

/// The gold reward along one family, as a function of its parameter.
#[derive(Clone, Debug)]
pub struct GoldCurve {
    family: HedgeFamily,
    base: f64,
    limit: f64,
    /// Below the top: (increment of the gold reward to the next level, survival, -log F and its log).
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    increment: f64,
    survival: f64,
    neg_log_cdf: f64,
    log_neg_log_cdf: f64,
}

impl GoldCurve {
    /// The curve for proxy reward `r` and gold reward `gold` on the outcomes of `law`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `r` or `gold`.
    pub fn new(law: &Law, r: &[f64], gold: &[f64], family: HedgeFamily) -> Result<GoldCurve> {
        check_rewards("r", r, law)?;
        check_rewards("gold", gold, law)?;
        let (levels, level_of) = Levels::of_outcomes(law, r);
        let level_means = level_means(law, gold, &level_of, &levels);
        // Level means that agree to the rounding of their averages are one.
        let tolerance = 4.0 * f64::EPSILON * gold.iter().fold(0.0, |top: f64, g| top.max(g.abs()));
        let steps = (1..levels.len()).filter_map(|j| {
            let increment = level_means[j] - level_means[j - 1];
            (increment.abs() > tolerance).then(|| Step {
                increment,
                survival: levels.log_survival()[j - 1].exp(),
                neg_log_cdf: levels.neg_log_cdf()[j - 1],
                log_neg_log_cdf: levels.log_neg_log_cdf()[j - 1],
            })
        });
        Ok(GoldCurve {
            family,
            base: law.expectation(|i| gold[i]),
            limit: level_means[levels.len() - 1],
            steps: steps.collect(),
        })
    }

    /// $E$ gold at parameter $\theta \ge 0$ ($\log N$ or $c$).
    pub fn at(&self, theta: f64) -> f64 {
        self.limit - sum(self.steps.iter().map(|s| s.increment * self.log_cdf(s, theta).exp()))
    }

    /// $dE\,\text{gold}/d\theta$.
    pub fn slope(&self, theta: f64) -> f64 {
        -sum(self.steps.iter().map(|s| self.slope_term(s, theta)))
    }

    fn slope_term(&self, s: &Step, theta: f64) -> f64 {
        s.increment * self.log_cdf(s, theta).exp() * self.log_cdf_slope(s, theta)
    }

    /// $\log G_\theta(F)$.
    fn log_cdf(&self, s: &Step, theta: f64) -> f64 {
        match self.family {
            HedgeFamily::BestOf => -(theta + s.log_neg_log_cdf).exp(),
            HedgeFamily::PoissonPlusOne => -s.neg_log_cdf - theta * s.survival,
            HedgeFamily::ZeroTruncatedPoisson if theta == 0.0 => -s.neg_log_cdf,
            // e^{-cS} (1 - e^{-cF})/(1 - e^{-c})
            HedgeFamily::ZeroTruncatedPoisson => {
                let below = (-theta * (-s.neg_log_cdf).exp()).exp_m1();
                -theta * s.survival + (below / (-theta).exp_m1()).ln()
            }
        }
    }

    /// $\partial_\theta \log G_\theta(F) \le 0$.
    fn log_cdf_slope(&self, s: &Step, theta: f64) -> f64 {
        match self.family {
            HedgeFamily::BestOf => -(theta + s.log_neg_log_cdf).exp(),
            HedgeFamily::PoissonPlusOne => -s.survival,
            // -S + F k(cF) - k(c), k(x) = 1/(e^x - 1) - 1/x
            HedgeFamily::ZeroTruncatedPoisson => {
                let f = (-s.neg_log_cdf).exp();
                -s.survival + f * decay_rate(theta * f) - decay_rate(theta)
            }
        }
    }

    /// Parameters at which to read the slope: 0 first, and then until the slope of the last step has died.
    fn grid(&self) -> Vec<f64> {
        let Some(last) = self.steps.last() else { return vec![0.0] };
        let spacing = 0.05;
        match self.family {
            HedgeFamily::BestOf => {
                let end = (600f64.ln() - last.log_neg_log_cdf).max(spacing);
                (0..=(end / spacing).ceil() as usize).map(|i| i as f64 * spacing).collect()
            }
            _ => {
                // Below c = 1e-3 every cdf is quadratic in c to 1e-3: one interval.
                let (start, end) = (1e-3f64.ln(), (600.0 / last.survival).ln().min(700.0));
                let points =
                    (0..=((end - start) / spacing).ceil() as usize).map(|i| (start + i as f64 * spacing).exp());
                std::iter::once(0.0).chain(points).collect()
            }
        }
    }
}

/// $1/(e^x - 1) - 1/x$ for $x \ge 0$; $-1/2$ at 0.
fn decay_rate(x: f64) -> f64 {
    if x < 0.3 {
        let y = x * x;
        -0.5 + x
            * (1.0 / 12.0 + y * (-1.0 / 720.0 + y * (1.0 / 30_240.0 + y * (-1.0 / 1_209_600.0 + y / 47_900_160.0))))
    } else {
        x.exp_m1().recip() - x.recip()
    }
}

/// $E[\text{gold} \mid \text{level}]$, between the extremes of the level.
fn level_means(law: &Law, gold: &[f64], level_of: &[Option<usize>], levels: &Levels) -> Vec<f64> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); levels.len()];
    for &i in law.support() {
        if let Some(j) = level_of[i] {
            members[j].push(i);
        }
    }
    let mean = |(j, inside): (usize, &Vec<usize>)| {
        let low = inside.iter().map(|&i| gold[i]).fold(f64::INFINITY, f64::min);
        let high = inside.iter().map(|&i| gold[i]).fold(f64::NEG_INFINITY, f64::max);
        let share = |i: usize| (law.log_probs()[i] - levels.log_mass()[j]).exp();
        let mass = levels.log_mass()[j].exp();
        let weighted = |i: usize| if mass > f64::MIN_POSITIVE { law.probs()[i] / mass } else { share(i) };
        sum(inside.iter().map(|&i| weighted(i) * gold[i])).clamp(low, high)
    };
    members.iter().enumerate().map(mean).collect()
}

/// The best point to stop along `family`; the global one where there are several.
///
/// # Errors
/// [`Error::InvalidInput`] about `r` or `gold`.
///
/// ```
/// use tilt::{asymptotics::hedge::{HedgeFamily, HedgeRegime, hedge}, prob::Law};
/// let law = Law::new(&[0.4, 0.3, 0.2, 0.1])?;
/// let at = hedge(&law, &[0.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 2.0, -1.0], HedgeFamily::BestOf)?;
/// assert_eq!(at.regime, HedgeRegime::Interior);
/// assert!((at.gold_star - 0.7942130996300724).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn hedge(law: &Law, r: &[f64], gold: &[f64], family: HedgeFamily) -> Result<Hedge> {
    let curve = GoldCurve::new(law, r, gold, family)?;
    let (gold_base, gold_limit) = (curve.base, curve.limit);
    let at = |regime, param_star, gold_star| Hedge { regime, param_star, gold_star, gold_base, gold_limit };
    if curve.steps.is_empty() {
        return Ok(at(HedgeRegime::Flat, 0.0, gold_base));
    }
    let mut best = at(HedgeRegime::Falling, 0.0, gold_base);
    if gold_limit > best.gold_star {
        best = at(HedgeRegime::Rising, f64::INFINITY, gold_limit);
    }
    let grid = curve.grid();
    let mut here = curve.slope(grid[0]);
    for pair in grid.windows(2) {
        let next = curve.slope(pair[1]);
        if here > 0.0 && next <= 0.0 {
            let top = bisect(|theta| curve.slope(theta), pair[0], pair[1]).x;
            let gold = curve.at(top);
            if gold > best.gold_star {
                best = at(HedgeRegime::Interior, top, gold);
            }
        }
        here = next;
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(p: &[f64]) -> Law {
        Law::new(p).unwrap()
    }

    const FAMILIES: [HedgeFamily; 3] =
        [HedgeFamily::BestOf, HedgeFamily::ZeroTruncatedPoisson, HedgeFamily::PoissonPlusOne];

    #[test]
    fn reference_values() {
        for (family, param, gold) in [
            (HedgeFamily::BestOf, 0.902260553264723, 0.7942130996300724),
            (HedgeFamily::ZeroTruncatedPoisson, 2.1225776952834496, 0.701409173784555),
            (HedgeFamily::PoissonPlusOne, 1.4879532090817513, 0.7149494693622817),
        ] {
            let at = hedge(&law(&[0.4, 0.3, 0.2, 0.1]), &[0.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 2.0, -1.0], family).unwrap();
            assert_eq!(at.regime, HedgeRegime::Interior);
            assert!((at.param_star / param - 1.0).abs() < 4e-15, "{family:?} {}", at.param_star);
            assert!((at.gold_star / gold - 1.0).abs() < 1e-15, "{family:?}");
            assert!((at.gold_base - 0.6).abs() < 1e-15 && at.gold_limit == -1.0);
        }
    }

    #[test]
    fn regimes() {
        let p = law(&[0.4, 0.3, 0.2, 0.1]);
        let r = [0.0, 1.0, 2.0, 3.0];
        for family in FAMILIES {
            let regime = |r: &[f64], gold: &[f64]| hedge(&p, r, gold, family).unwrap().regime;
            assert_eq!(regime(&r, &[0.1; 4]), HedgeRegime::Flat);
            assert_eq!(regime(&[5.0; 4], &[1.0, 2.0, 3.0, 4.0]), HedgeRegime::Flat);
            // equal level means that round differently: (.4*.3 + .3*.3)/.7 against .3
            assert_eq!(regime(&[0.0, 0.0, 1.0, 1.0], &[0.3, 0.3, 0.3, 0.3]), HedgeRegime::Flat);
            assert_eq!(regime(&r, &[0.0, -1.0, -2.0, -3.0]), HedgeRegime::Falling);
            assert_eq!(regime(&r, &[0.0, 1.0, 2.0, 3.0]), HedgeRegime::Rising);
            // falls first, then rises above the base
            assert_eq!(regime(&r, &[0.0, -5.0, 0.0, 4.0]), HedgeRegime::Rising);
            assert_eq!(regime(&r, &[0.0, -5.0, 0.0, -4.0]), HedgeRegime::Falling);
        }
    }

    #[test]
    fn the_larger_of_two_maxima() {
        // Levels far apart in rarity, gold up-down-up-down: two local maxima; which is global depends on the heights.
        let p = law(&[0.989, 0.01, 9.9e-4, 9e-6, 1e-6]);
        let r = [0.0, 1.0, 2.0, 3.0, 4.0];
        for family in FAMILIES {
            let early = hedge(&p, &r, &[0.0, 3.0, 0.0, 2.0, 0.0], family).unwrap();
            let late = hedge(&p, &r, &[0.0, 2.0, 0.0, 3.0, 0.0], family).unwrap();
            assert!(early.regime == HedgeRegime::Interior && late.regime == HedgeRegime::Interior);
            let curve = GoldCurve::new(&p, &r, &[0.0, 2.0, 0.0, 3.0, 0.0], family).unwrap();
            assert!(late.param_star > 2.0 * early.param_star, "{family:?}");
            assert!(late.gold_star > curve.at(early.param_star));
        }
    }

    #[test]
    fn slopes_are_derivatives() {
        let p = law(&[0.3, 0.25, 0.25, 0.2]);
        for family in FAMILIES {
            let curve = GoldCurve::new(&p, &[0.0, 1.0, 1.0, 2.0], &[0.3, -1.0, 2.0, 0.1], family).unwrap();
            for theta in [0.2, 0.29, 0.31, 1.0, 4.0] {
                let h = 1e-4;
                let difference = (curve.at(theta + h) - curve.at(theta - h)) / (2.0 * h);
                assert!((curve.slope(theta) - difference).abs() < 1e-8, "{family:?} {theta}");
            }
            // at the base: the expectation of the gold reward under p
            assert!((curve.at(0.0) - curve.base).abs() < 1e-15);
        }
    }

    #[test]
    fn a_maximum_next_to_the_base() {
        // E gold = c-quadratic with a tiny initial slope: the maximum must not be taken for the base.
        let p = law(&[0.5, 0.25, 0.25]);
        let curve_end = |x: f64| hedge(&p, &[0.0, 1.0, 2.0], &[0.0, 1.0, -x], HedgeFamily::BestOf).unwrap();
        // initial slope zero where increments balance: D1 g1 + D2 g2 = 0, g = c e^{-c}, c1 = log 2, c2 = log(4/3)
        let (g1, g2) = (2f64.ln() * 0.5, (4f64 / 3.0).ln() * 0.75);
        let balance = g1 / g2 - 1.0; // 1 + x = g1/g2
        let at = curve_end(balance - 1e-4);
        assert!(at.regime == HedgeRegime::Interior && at.param_star < 0.01, "{at:?}");
        assert_eq!(curve_end(balance + 1e-4).regime, HedgeRegime::Falling);
    }
}
