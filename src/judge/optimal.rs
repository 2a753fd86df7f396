//! The best number of candidates, temperature and reward (R7 to R9, R14, A7).
//!
//! **At $k = \infty$** (closed form, R8): the best judge over-corrects the bias, $y_R^* = y_T - t(m - y_T)$, with error
//! $\frac{s^2t}{1+t}$; the best temperature at a reward has $\frac1{1+t^*} = \mathrm{clamp}\frac{s^2+2D_TD_R}{2D_R^2}$.
//!
//! **At finite $k$**: by the exact error. The number of candidates: all of them up to $n$ at once, and $K_1$ of R9 for what is
//! beyond. Temperature and reward: a grid in $\ln t$ or $b$, then golden sections around its best point. The reward may have its
//! infimum at $b \to +\infty$, a judge of a linear score, whose error is $E(|a| - \max_i z_i)^2$ ([`linear_judge`]); the answer says so
//! (`at_boundary`). Searches are for the global minimum on the grid; minima closer together than it are not told apart.

use super::best_of_k::best_of_k;
use super::every_k::every_k;
use super::infinite::{finite_k_excess, softmax_infinite};
use super::model::{Candidates, Point, Reduced, positive_temperature};
use super::softmax::softmax;
use super::tails::extreme_quantile;
use crate::numerics::quadrature::GaussLegendre;
use crate::numerics::special::normal_log_cdf;
use crate::numerics::sum::sum;
use crate::{Error, Result};

/// Optima at infinitely many candidates (quantity `judge.optimal_inf`).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct OptimalInfinite {
    /// The reward answer of least error at this temperature.
    pub y_r_star: f64,
    /// $\delta_\infty$ there, $s^2t/(1+t)$.
    pub delta_at_y_r_star: f64,
    /// The best temperature for the given reward; `None` if infinite.
    pub temp_star: Option<f64>,
    /// $\delta_\infty$ there.
    pub delta_at_temp_star: f64,
}

/// The best reward at this temperature and the best temperature at this reward, $k = \infty$.
///
/// # Errors
/// [`Error::InvalidInput`] about `temp` (> 0).
///
/// ```
/// use tilt::judge::{model::Point, optimal::optimal_infinite};
/// let best = optimal_infinite(&Point::new(0.5, 1.0, 0.0, 0.0)?, 2.0)?;
/// assert_eq!((best.y_r_star, best.delta_at_y_r_star), (-0.5, 0.5));
/// assert_eq!((best.temp_star, best.delta_at_temp_star), (Some(0.0), 0.0)); // the teacher should be trusted fully
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn optimal_infinite(point: &Point, temp: f64) -> Result<OptimalInfinite> {
    let s2 = point.variance();
    let t = positive_temperature(temp, s2)?;
    let Reduced { a, b, .. } = point.reduced();
    let p = best_share(a, b);
    let bias = a - b * p;
    Ok(OptimalInfinite {
        y_r_star: point.teacher() - t * point.teacher_bias(),
        delta_at_y_r_star: s2 * (t / (1.0 + t)),
        temp_star: (p > 0.0).then(|| 2.0 * s2 * ((1.0 - p) / p)).filter(|temp| temp.is_finite()),
        delta_at_temp_star: s2 * (bias * bias + (1.0 - p)),
    })
}

/// $p^* = 1/(1+t^*)$: 1 is temperature 0, 0 infinite temperature.
fn best_share(a: f64, b: f64) -> f64 {
    if b == 0.0 { 1.0 } else { ((0.5 / b + a) / b).clamp(0.0, 1.0) }
}

/// A best number of candidates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimalCount {
    /// The number; `None` if more are always better as far as known (see [`optimal_k`]).
    pub k: Option<u64>,
    /// The error in units of $s^2$: there, or the limit at infinity.
    pub loss: f64,
    /// Whether the best number found is the last one tried, and the limit is not better.
    pub at_boundary: bool,
}

/// The best of 1 to `most` candidates and infinitely many, at reduced temperature `t` (0: best of $k$).
///
/// At `t` > 0 the limit counts as the best if no number up to `most` is below it. (Where $K_1 \ge 0$ none has ever been found below
/// it, R9.) At `t` = 0 the limit is $(a-b)^2 + \tau^2$. Ties go to the smaller number.
///
/// # Errors
/// [`Error::InvalidInput`] about `most` (1 to $10^7$); as [`SoftmaxTable::new`](super::softmax::SoftmaxTable::new).
pub fn optimal_k(point: &Reduced, t: f64, most: u64) -> Result<OptimalCount> {
    if most == 0 || most > 10_000_000 {
        return Err(Error::invalid("most", most, "from 1 to 10000000"));
    }
    let mut losses = vec![0.0; most as usize];
    every_k(point, t, &mut losses)?;
    let (at, loss) = losses
        .iter()
        .copied()
        .enumerate()
        .fold((0, f64::INFINITY), |best, here| if here.1 < best.1 { here } else { best });
    let gap = point.a - point.b;
    let (limit, approached_from_below) = if t == 0.0 {
        (gap * gap + point.tau2, -2.0 * point.b * gap > 1.0)
    } else {
        (softmax_infinite(point, t), finite_k_excess(point, t) > 0.0)
    };
    // Rounding: a number must beat the limit by more, unless the law of approach says that some do.
    if loss < limit * (1.0 - 1e-13) || (approached_from_below && loss <= limit) {
        Ok(OptimalCount { k: Some(at as u64 + 1), loss, at_boundary: at + 1 == losses.len() && most > 1 })
    } else if approached_from_below {
        Ok(OptimalCount { k: Some(most), loss, at_boundary: true })
    } else {
        Ok(OptimalCount { k: None, loss: limit, at_boundary: false })
    }
}

/// A best temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimalTemperature {
    /// The reduced temperature: 0 for best of $k$, infinite for one candidate at random.
    pub t: f64,
    /// The error in units of $s^2$.
    pub loss: f64,
    /// Whether the best is at an end, $t = 0$ or $t = \infty$.
    pub at_boundary: bool,
}

/// The best reduced temperature for `k` candidates: a grid of 5 points an $e$-fold for $t$ from $10^{-4}$ to $10^{8}$, refined.
///
/// # Errors
/// As [`softmax`].
pub fn optimal_temperature(point: &Reduced, k: Candidates) -> Result<OptimalTemperature> {
    let ends = [(0.0, best_of_k(point, k)), (f64::INFINITY, point.single())];
    let (t, loss) = ends[if ends[1].1 < ends[0].1 { 1 } else { 0 }];
    if k.is_one() {
        return Ok(OptimalTemperature { t, loss, at_boundary: true });
    }
    let (low, high) = (1e-4f64.ln(), 1e8f64.ln());
    let (ln_t, inside) = minimum(low, high, 0.2, |ln_t| softmax(point, ln_t.exp(), k))?;
    if inside < loss && ln_t < high && ln_t > low {
        Ok(OptimalTemperature { t: ln_t.exp(), loss: inside, at_boundary: false })
    } else {
        Ok(OptimalTemperature { t, loss, at_boundary: true })
    }
}

/// A best reward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimalReward {
    /// $b = (m - y_R)/s$ of the best judge; infinite (with the sign of $a$) where the infimum is a linear score.
    pub b: f64,
    /// The error in units of $s^2$.
    pub loss: f64,
    /// Whether the infimum is at infinity.
    pub at_boundary: bool,
}

/// The best reward for a bias `a` of the model at reduced temperature `t` (0: best of $k$) and `k` candidates: a grid of
/// step $\frac14$ in $|b| \le B$, $B = 4 (1+|a|)(1+t) + 20$ at most 400, refined, and the limit of a linear score.
///
/// # Errors
/// [`Error::InvalidInput`] about `a`; as [`softmax`].
pub fn optimal_reward(a: f64, t: f64, k: Candidates) -> Result<OptimalReward> {
    Reduced::new(a, 0.0)?;
    let size = a.abs();
    let bound = (4.0 * (1.0 + size) * (1.0 + t) + 20.0).min(400.0);
    let step = if bound > 100.0 { 1.0 } else { 0.25 };
    // |a| and b of one sign: the judge must prefer what lies on the teacher's side.
    let (b, loss) = minimum(0.0, bound, step, |b| softmax(&Reduced::new(size, b)?, t, k))?;
    // At fixed t a judge at distance b has weights e^{-z b/t}: as b grows, the smallest z of k, whatever t.
    let limit = linear_judge(a, k);
    if limit < loss {
        return Ok(OptimalReward { b: f64::INFINITY.copysign(a), loss: limit, at_boundary: true });
    }
    Ok(OptimalReward { b: b.copysign(a), loss, at_boundary: false })
}

/// $E(|a| - \max_{i\le k} z_i)^2 = k\int\varphi(z)\,\Phi(z)^{k-1}(|a| - z)^2dz$: the error of a judge that takes the answer of the largest
/// linear score. Gauss-Legendre panels around the extreme quantile, relative error $10^{-14}$.
pub fn linear_judge(a: f64, k: Candidates) -> f64 {
    if k.is_one() {
        return 1.0 + a * a;
    }
    let top = extreme_quantile(k.ln().max(std::f64::consts::LN_2));
    // Phi^k is nothing 10 below for few candidates, and on the scale 1/top for many; the density beyond falls as e^{-top x}.
    let scale = 1.0 / (1.0 + top);
    let rule = GaussLegendre::new(24);
    let density = |z: f64| {
        let fallen = (k.ln_less_one() + (-normal_log_cdf(z)).ln()).exp();
        let loss = a.abs() - z;
        (k.ln() - fallen - 0.5 * z * z).exp() * loss * loss
    };
    let panels = (-20..=100).map(|i| {
        let from = top + 0.5 * scale * f64::from(i);
        rule.integrate(from, from + 0.5 * scale, density)
    });
    sum(panels) / (2.0 * std::f64::consts::PI).sqrt()
}

/// The best point of a grid on [`low`, `high`], refined by golden sections to $10^{-8}$ of the step; an end only if it is the best.
fn minimum(low: f64, high: f64, step: f64, loss: impl Fn(f64) -> Result<f64>) -> Result<(f64, f64)> {
    let count = ((high - low) / step).ceil() as usize;
    let at = |i: usize| low + (high - low) * (i as f64 / count as f64);
    let mut best = (0, f64::INFINITY);
    for i in 0..=count {
        let here = loss(at(i))?;
        if here < best.1 {
            best = (i, here);
        }
    }
    let (mut from, mut to) = (at(best.0.saturating_sub(1)), at((best.0 + 1).min(count)));
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut left, mut right) = (to - GOLDEN * (to - from), from + GOLDEN * (to - from));
    let (mut at_left, mut at_right) = (loss(left)?, loss(right)?);
    for _ in 0..40 {
        if at_left < at_right {
            (to, right, at_right) = (right, left, at_left);
            left = to - GOLDEN * (to - from);
            at_left = loss(left)?;
        } else {
            (from, left, at_left) = (left, right, at_right);
            right = from + GOLDEN * (to - from);
            at_right = loss(right)?;
        }
    }
    let (x, value) = if at_left < at_right { (left, at_left) } else { (right, at_right) };
    Ok(if value < best.1 { (x, value) } else { (at(best.0), best.1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn k(k: u64) -> Candidates {
        Candidates::new(k).unwrap()
    }

    #[test]
    fn nothing_beats_the_closed_forms() {
        let point = Point::new(0.4, 0.7, -0.3, 1.9).unwrap();
        let temp = 1.3;
        let best = optimal_infinite(&point, temp).unwrap();
        let at = |y_r: f64, temp: f64| {
            super::super::infinite::at_infinity(&Point::new(0.4, 0.7, -0.3, y_r).unwrap(), temp).unwrap().delta
        };
        assert!((at(best.y_r_star, temp) / best.delta_at_y_r_star - 1.0).abs() < 1e-14);
        for i in -50..50 {
            let shift = 0.1 * f64::from(i);
            assert!(at(best.y_r_star + shift, temp) >= best.delta_at_y_r_star * (1.0 - 1e-14));
            assert!(at(1.9, temp * shift.exp()) >= best.delta_at_temp_star * (1.0 - 1e-14));
        }
        // y_R beyond y_T on the wrong side: random choice is best
        let wrong = optimal_infinite(&Point::new(1.0, 0.1, 0.0, 5.0).unwrap(), 1.0).unwrap();
        assert_eq!(wrong.temp_star, None);
        assert!((wrong.delta_at_temp_star - 1.01).abs() < 1e-15);
    }

    #[test]
    fn numbers_of_the_specification() {
        // E4: the optimum is 2; the teacher as reward wants ever more
        let found = optimal_k(&Reduced::new(0.2, -1.8).unwrap(), 5.0, 300).unwrap();
        assert!(found.k == Some(2) && (found.loss - 1.0232862802714).abs() < 1e-13);
        assert_eq!(optimal_k(&Reduced::new(0.5, 0.5).unwrap(), 1.0, 1000).unwrap().k, None);
        assert_eq!(optimal_k(&Reduced::new(0.5, 0.5).unwrap(), 0.0, 1000).unwrap().k, None);
        let cut = optimal_k(&Reduced::new(0.2, -0.9).unwrap(), 0.0, 3).unwrap();
        assert!(cut.k.is_some());
        assert!(optimal_k(&Reduced::new(0.2, -1.8).unwrap(), 5.0, 0).is_err());
    }

    #[test]
    fn temperatures_of_the_specification() {
        for (count, t) in [(3, 25.8206), (10, 57.2644), (50, 68.2477)] {
            let found = optimal_temperature(&Reduced::new(0.0, 6.0).unwrap(), k(count)).unwrap();
            assert!((found.t - t).abs() < 2e-4 && !found.at_boundary, "{count}: {found:?}");
        }
        let teacher = optimal_temperature(&Reduced::new(0.5, 0.5).unwrap(), k(10)).unwrap();
        assert!(teacher.t == 0.0 && teacher.at_boundary);
    }

    #[test]
    fn rewards_of_the_specification() {
        for (count, b) in [(3, 1.2436), (10, 1.0551), (100, 1.0049)] {
            let found = optimal_reward(0.5, 1.0, k(count)).unwrap();
            assert!((found.b - b).abs() < 1e-4 && !found.at_boundary, "{count}: {found:?}");
            let mirrored = optimal_reward(-0.5, 1.0, k(count)).unwrap();
            assert!((mirrored.b + found.b).abs() < 1e-9);
        }
        let far = optimal_reward(0.5, 5.0, k(3)).unwrap();
        assert!(far.at_boundary && far.b == f64::INFINITY && (far.loss - 0.67938).abs() < 5e-6);
    }

    #[test]
    fn the_linear_judge_is_the_distant_one() {
        for (a, log_k) in [(0.5f64, 3f64.ln()), (-2.0, 1000f64.ln()), (3.0, 40.0), (0.0, 300.0), (1.0, 2f64.ln())] {
            let n = Candidates::from_log(log_k).unwrap();
            let distant = best_of_k(&Reduced::new(a.abs(), 1e12).unwrap(), n);
            assert!(
                (linear_judge(a, n) / distant - 1.0).abs() < 2e-11,
                "{a} {log_k}: {} {distant}",
                linear_judge(a, n)
            );
        }
    }
}
