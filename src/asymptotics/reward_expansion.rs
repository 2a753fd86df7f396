//! The law of the total reward of lattice symbols from its saddle points, for `n` beyond any table.
//!
//! At the lattice point `t = n x`, with `b` the tilt of mean `x`, `V, k3, k4` its cumulants, `d` the span and
//! `I = D(phi_b || phi_beta)`:
//!
//! - `P(R = t) = d e^{-nI} / sqrt(2 pi n V) (1 + (k4/(8V^2) - 5 k3^2/(24 V^3))/n + O(n^-2))`;
//! - `P(R >= t)` by Lugannani-Rice above the mean, `1 - P(R <= t - d)` by the same formula for `-R` below it; relative error
//!   `O(1/n)` of the smaller tail;
//! - at the two ends the probability of one sequence of letters, exactly; the number of levels from the gaps.
//!
//! Off a lattice the probability of one value is that of a few types and no smooth function of the threshold: refused.
//! Sources: H.E. Daniels 1954; R. Lugannani and S. Rice 1980. Cost: about ten tilts a threshold.

use super::lattice::Lattice;
use super::level_count::level_count;
use super::memoryless::Memoryless;
use super::reward_law::RewardDistribution;
use super::tail::Saddle;
use crate::numerics::log_space::log1m_exp;
use crate::prob::{Tilt, divergence_between_tilts, tilt, tilt_to_mean};
use crate::{Error, Result};
use std::f64::consts::TAU;

/// Widest lattice whose sums are expanded.
const WIDTH_LIMIT: f64 = 1e6;

/// The law of the reward under the tilt of every symbol by `beta`, at `thresholds`, from its saddle points.
///
/// ```
/// use tilt::asymptotics::{memoryless::Memoryless, reward_expansion::reward_expansion};
/// let model = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.0], 40).unwrap();
/// let at = reward_expansion(&model, &[40.0], 0.0).unwrap();
/// assert!((at.log_survival_ge[0] + 4.472625990181798).abs() < 2e-3);
/// assert!((at.log_pmf[0] + 5.3714022677138615).abs() < 1e-3);
/// ```
///
/// # Errors
/// Fields `thresholds` (finite; not so near an end that a formula has no value), `beta` (finite), `s` (on a lattice).
pub fn reward_expansion(model: &Memoryless, thresholds: &[f64], beta: f64) -> Result<RewardDistribution> {
    if let Some(i) = thresholds.iter().position(|t| !t.is_finite()) {
        return Err(Error::invalid(format!("thresholds[{i}]"), thresholds[i], "a finite number"));
    }
    if !beta.is_finite() {
        return Err(Error::invalid("beta", beta, "a finite number"));
    }
    let tolerance = model.tolerance();
    let lattice = Lattice::detect(model.rewards(), 0.5 * tolerance / model.length() as f64, WIDTH_LIMIT);
    let Some(lattice) = lattice.filter(|lattice| lattice.span > 2.0 * tolerance || lattice.width() == 0) else {
        let expected = format!("rewards on a lattice at most {WIDTH_LIMIT} spans wide, to expand the law of their sum");
        return Err(Error::invalid("s", format!("{:?}", model.rewards()), expected));
    };
    let base = tilt(model.letters(), model.rewards(), beta);
    let expansion =
        Expansion { model, span: lattice.span, points: model.length() as f64 * lattice.width() as f64, base };
    let mut out = RewardDistribution { levels: level_count(model)?, log_survival_ge: vec![], log_pmf: vec![] };
    for (i, &t) in thresholds.iter().enumerate() {
        // The place of the threshold on the lattice, and of the first point that reaches it.
        let place = (t - model.length() as f64 * lattice.minimum) / lattice.span;
        let slack = tolerance / lattice.span;
        let (nearest, reaching) = (place.round(), (place - slack).ceil());
        let no_value = || Error::invalid(format!("thresholds[{i}]"), t, "a threshold where the expansion has a value");
        out.log_survival_ge.push(expansion.log_survival(reaching).ok_or_else(no_value)?);
        let on_lattice = (place - nearest).abs() <= slack;
        out.log_pmf.push(if on_lattice { expansion.log_pmf(nearest).ok_or_else(no_value)? } else { f64::NEG_INFINITY });
    }
    Ok(out)
}

/// The sum of lattice symbols; points are counted from the lowest.
struct Expansion<'a> {
    model: &'a Memoryless,
    span: f64,
    /// The highest point; the lowest is 0.
    points: f64,
    /// The law of a symbol.
    base: Tilt,
}

impl Expansion<'_> {
    /// The tilt of mean `point`, relative to the law of a symbol; `point` strictly inside.
    fn tilted(&self, point: f64) -> Tilt {
        let rewards = self.model.rewards();
        let x = rewards[0] + (rewards[rewards.len() - 1] - rewards[0]) * (point / self.points);
        let at = tilt_to_mean(self.model.letters(), rewards, x);
        Tilt { kl: divergence_between_tilts(&at, &self.base), beta: at.beta - self.base.beta, ..at }
    }

    /// `n log` of the probability of the lowest or the highest symbol.
    fn end(&self, letter: usize) -> f64 {
        self.model.length() as f64 * (self.model.letters().log_probs()[letter] + self.base.log_ratio[letter])
    }

    fn log_pmf(&self, point: f64) -> Option<f64> {
        if point < 0.0 || point > self.points {
            return Some(f64::NEG_INFINITY);
        } else if point == 0.0 || point == self.points {
            return Some(self.end(if point == 0.0 { 0 } else { self.model.rewards().len() - 1 }));
        }
        let n = self.model.length() as f64;
        let Tilt { kl, variance: v, third_cumulant: k3, fourth_cumulant: k4, .. } = self.tilted(point);
        let bracket = 1.0 + (k4 / (8.0 * v * v) - 5.0 * k3 * k3 / (24.0 * v * v * v)) / n;
        (bracket > 0.0).then(|| self.span.ln() - n * kl - 0.5 * (TAU * n * v).ln() + bracket.ln())
    }

    /// `log P(R >= point)`.
    fn log_survival(&self, point: f64) -> Option<f64> {
        let n = self.model.length() as f64;
        let top = self.model.rewards().len() - 1;
        if point <= 0.0 {
            Some(0.0)
        } else if point > self.points {
            Some(f64::NEG_INFINITY)
        } else if point == self.points {
            Some(self.end(top))
        } else {
            let at = self.tilted(point);
            if at.beta > 0.0 {
                Saddle::new(&at, n, self.span).log_lugannani_rice(&self.base)
            } else if point == 1.0 {
                Some(log1m_exp(self.end(0)))
            } else {
                let below = Saddle::new(&reflected(self.tilted(point - 1.0)), n, self.span)
                    .log_lugannani_rice(&reflected(self.base.clone()))?;
                (below < 0.0).then(|| log1m_exp(below))
            }
        }
    }
}

/// The tilt of the reward with its sign turned.
fn reflected(tilt: Tilt) -> Tilt {
    Tilt { beta: -tilt.beta, mean: -tilt.mean, third_cumulant: -tilt.third_cumulant, ..tilt }
}

#[cfg(test)]
mod tests {
    use super::super::reward_law::reward_distribution;
    use super::*;

    /// `n` times the error of the survival and `n^2` times that of the mass, at their largest over both tails.
    fn scaled_errors(n: u64, beta: f64) -> (f64, f64) {
        let model = Memoryless::new(&[0.4, 0.3, 0.1, 0.2], &[-0.5, 0.0, 1.0, 1.5], n).unwrap();
        let thresholds: Vec<f64> = (1..16).map(|i| ((-0.5 + i as f64 / 8.0) * n as f64 * 2.0).round() / 2.0).collect();
        let exact = reward_distribution(&model, &thresholds, beta).unwrap();
        let found = reward_expansion(&model, &thresholds, beta).unwrap();
        assert_eq!(found.levels, exact.levels);
        let worst = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let x = n as f64;
        (x * worst(&found.log_survival_ge, &exact.log_survival_ge), x * x * worst(&found.log_pmf, &exact.log_pmf))
    }

    #[test]
    fn errors_are_of_their_orders_in_both_tails() {
        for beta in [0.0, 0.6, -0.6] {
            let (at, far) = (scaled_errors(64, beta), scaled_errors(1024, beta));
            assert!(at.0 < 2.0 && far.0 < 2.0, "{beta}: survival {at:?} {far:?}");
            assert!(at.1 < 4.0 && far.1 < 4.0, "{beta}: mass {at:?} {far:?}");
        }
    }

    #[test]
    fn ends_and_what_lies_outside_are_exact() {
        let model = Memoryless::new(&[0.4, 0.3, 0.3], &[0.0, 3.0, 5.0], 50).unwrap();
        let thresholds = [-1.0, 0.0, 1.0, 250.0, 250.5];
        let exact = reward_distribution(&model, &thresholds, 0.3).unwrap();
        let found = reward_expansion(&model, &thresholds, 0.3).unwrap();
        for (a, b) in found.log_survival_ge.iter().zip(&exact.log_survival_ge) {
            // The exact law adds from the top: next to 1 it has the accuracy of 1.
            assert!(a == b || (a - b).abs() < 1e-12 * b.abs().max(1e-4), "{a} {b}");
        }
        assert_eq!(found.log_pmf[0], f64::NEG_INFINITY);
        assert!((found.log_pmf[3] / exact.log_pmf[3] - 1.0).abs() < 1e-13);
        let flat = Memoryless::new(&[0.5, 0.5], &[2.0, 2.0], 9).unwrap();
        let at = reward_expansion(&flat, &[18.0, 18.5, 17.0], 1.0).unwrap();
        assert_eq!((at.levels, &at.log_survival_ge[..]), (1, &[0.0, f64::NEG_INFINITY, 0.0][..]));
        assert_eq!(at.log_pmf, [0.0, f64::NEG_INFINITY, f64::NEG_INFINITY]);
        let irrational = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2f64.sqrt()], 9).unwrap();
        assert!(reward_expansion(&irrational, &[3.0], 0.0).is_err());
    }

    #[test]
    fn lengths_beyond_any_table() {
        let model = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.0], 1_000_000_000).unwrap();
        let at = reward_expansion(&model, &[0.7e9, 1.2e9], 0.0).unwrap();
        assert!((at.log_survival_ge[0] + 2f64.ln()).abs() < 1e-4 && at.log_survival_ge[1] < -1e8);
    }
}
