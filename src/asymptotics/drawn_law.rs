//! Best-of-N on a law of rewards that is known from draws only, for every real `N = e^L` however large.
//!
//! The rewards `R` are drawn half from the base law `p`, half from its tilt `p e^{beta R}/Z`: with the weight
//! `w = p/q = 2 / (1 + e^{beta R}/Z) <= 2` of the mixture `q`, both the body of the law and the window where best-of-N
//! lies are seen, and the survival function `S_j` of the drawn values is a sum of weights from the top. Best-of-N on it is
//! the inverse cdf of the maximum, integrated over its exponential variable: with `h_j = -N log F_j`,
//! `b_j = e^{-h_j} - e^{-h_{j-1}}`.
//!
//! | estimate | influence of a draw at level `i`, centred, times `w / E w` |
//! |---|---|
//! | mean `sum b v` | `sum_{j<i} N F_j^{N-1} (v_{j+1} - v_j)` |
//! | divergence `sum b l`, `l = log(b/P)` | `sum_{j<i} N F_j^{N-1} (l_{j+1} - l_j) - b_i/P_i` |
//! | win rate `1 - sum b (S_{j-1} + S_j)/2` | `sum_{j<i} [N F_j^{N-1} (P_j + P_{j+1}) - (b_j + b_{j+1})]/2` |
//! | divergence from a tilt `sum b (l - beta v + log Z)` | that of the divergence less `beta` times that of the mean |
//!
//! Derived (functional delta method; spec section 4, `bon_is`). Biased by `O(1/M)`. Nothing is shared with the exact laws of
//! rewards, nor with the exact best-of-N on levels. Cost: `O(M log M)`.

use crate::numerics::log_space::log_add_exp;
use crate::sampling::Estimator;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Largest number of draws kept.
const DRAW_LIMIT: u64 = 1 << 24;

/// Numbers drawn, in the order of the draws.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Drawn(pub Vec<f64>);

impl Drawn {
    /// None yet, where `draws` of them can be kept.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond 2^24.
    pub fn room_for(draws: u64) -> Result<Drawn> {
        if draws > DRAW_LIMIT {
            return Err(Error::too_large("the list of draws", draws as f64, DRAW_LIMIT as f64, "draws"));
        }
        Ok(Drawn::default())
    }
}

impl Estimator for Drawn {
    fn merge(&mut self, later: &Self) {
        self.0.extend_from_slice(&later.0);
    }
}

/// A law of rewards estimated from weighted draws.
#[derive(Clone, Debug)]
pub struct DrawnLaw {
    /// Distinct values, ascending.
    values: Vec<f64>,
    /// Number of draws of each.
    counts: Vec<f64>,
    /// `log (w / mean w)` of each.
    log_weight: Vec<f64>,
    /// Logarithm of the estimated mass of each.
    log_mass: Vec<f64>,
    /// `log S_j`, the mass above.
    log_survival: Vec<f64>,
    /// `-log F_j`.
    neg_log_cdf: Vec<f64>,
}

/// A tilt that best-of-N is measured against.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// Its inverse temperature.
    pub beta: f64,
    /// `log E e^{beta R}`.
    pub log_z: f64,
}

/// Best-of-N on a drawn law: mean reward, divergence from the base, win rate, divergence from the reference.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DrawnBestOf {
    /// Mean reward.
    pub mean: f64,
    /// `D(best of N || base)`.
    pub kl: f64,
    /// Probability of beating one base draw, half a point for a tie.
    pub win_rate: f64,
    /// `D(best of N || reference)`.
    pub kl_to_reference: f64,
}

impl DrawnLaw {
    /// The law from `draws` (at least one), half from the base and half from its tilt by `tilt`; values closer than
    /// `tolerance` are one level.
    pub fn new(mut draws: Vec<f64>, tilt: Reference, tolerance: f64) -> DrawnLaw {
        draws.sort_unstable_by(f64::total_cmp);
        let (mut values, mut counts): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        for draw in draws {
            match values.last() {
                Some(last) if draw - last <= tolerance => counts[values.len() - 1] += 1.0,
                _ => {
                    values.push(draw);
                    counts.push(1.0);
                }
            }
        }
        let raw = |v: f64| 2f64.ln() - log_add_exp(0.0, tilt.beta * v - tilt.log_z);
        let total: f64 = values.iter().zip(&counts).map(|(&v, count)| count * raw(v).exp()).sum();
        let draws: f64 = counts.iter().sum();
        let log_weight: Vec<f64> = values.iter().map(|&v| raw(v) - (total / draws).ln()).collect();
        let log_mass: Vec<f64> = log_weight.iter().zip(&counts).map(|(w, count)| w + (count / draws).ln()).collect();
        let levels = values.len();
        let mut log_survival = vec![f64::NEG_INFINITY; levels];
        for j in (0..levels - 1).rev() {
            log_survival[j] = log_add_exp(log_survival[j + 1], log_mass[j + 1]);
        }
        let mut below = f64::NEG_INFINITY;
        let neg_log_cdf = (0..levels)
            .map(|j| {
                below = log_add_exp(below, log_mass[j]);
                let above = log_survival[j].exp();
                if j + 1 == levels {
                    0.0
                } else if above < 0.5 {
                    -(-above).ln_1p()
                } else {
                    -below
                }
            })
            .collect();
        DrawnLaw { values, counts, log_weight, log_mass, log_survival, neg_log_cdf }
    }

    /// Best of `e^log_n` and its standard errors.
    pub fn best_of(&self, log_n: f64, reference: Reference) -> (DrawnBestOf, DrawnBestOf) {
        let levels = self.values.len();
        // h_j = -N log F_j, where a probability below the smallest may underflow together with its logarithm.
        let h = |j: usize| match self.neg_log_cdf[j] {
            0.0 if j + 1 < levels => (log_n + self.log_survival[j]).exp(),
            c => (log_n + c.ln()).exp(),
        };
        let log_ratio = |j: usize| {
            if h(j) == f64::INFINITY {
                return f64::NEG_INFINITY;
            }
            let step = if j == 0 { f64::INFINITY } else { h(j - 1) - h(j) };
            -h(j) + (-(-step).exp_m1()).ln() - self.log_mass[j]
        };
        let ratio: Vec<f64> = (0..levels).map(log_ratio).collect();
        let share: Vec<f64> = ratio.iter().zip(&self.log_mass).map(|(u, p)| (u + p).exp()).collect();
        let tie = |j: usize| {
            let at_least = if j == 0 { 1.0 } else { self.log_survival[j - 1].exp() };
            0.5 * (at_least + self.log_survival[j].exp())
        };
        let mut best = DrawnBestOf { win_rate: 1.0, ..DrawnBestOf::default() };
        for j in (0..levels).filter(|&j| share[j] > 0.0) {
            best.mean += share[j] * self.values[j];
            best.kl += share[j] * ratio[j];
            best.win_rate -= share[j] * tie(j);
            best.kl_to_reference += share[j] * (ratio[j] - (reference.beta * self.values[j] - reference.log_z));
        }
        (best, self.errors(log_n, reference.beta, &ratio, &share, h))
    }

    /// Standard errors by the influences of the table above: accumulated from the bottom, in logarithms, since the
    /// factor `N F^{N-1}` of a level grows as its weight falls.
    fn errors(&self, log_n: f64, beta: f64, ratio: &[f64], share: &[f64], h: impl Fn(usize) -> f64) -> DrawnBestOf {
        let levels = self.values.len();
        let (mut log_mean, mut log_kl, mut win) = (f64::NEG_INFINITY, f64::NEG_INFINITY, 0.0);
        let mut influences = Vec::with_capacity(levels);
        for i in 0..levels {
            let w = self.log_weight[i];
            let mean = (w + log_mean).exp();
            let kl = (w + log_kl).exp() - (w + ratio[i]).exp();
            influences.push([mean, kl, w.exp() * win, kl - beta * mean]);
            if i + 1 < levels {
                // log N F_i^{N-1}
                let slope = log_n - h(i) + self.neg_log_cdf[i];
                log_mean = log_add_exp(log_mean, slope + (self.values[i + 1] - self.values[i]).ln());
                let rise = ratio[i + 1] - ratio[i];
                if rise > 0.0 && rise < f64::INFINITY {
                    log_kl = log_add_exp(log_kl, slope + rise.ln());
                }
                let pair = log_add_exp(self.log_mass[i], self.log_mass[i + 1]);
                win += 0.5 * ((slope + pair).exp() - share[i] - share[i + 1]);
            }
        }
        let draws: f64 = self.counts.iter().sum();
        let mut centre = [0.0; 4];
        for (influence, count) in influences.iter().zip(&self.counts) {
            (0..4).for_each(|k| centre[k] += count / draws * influence[k]);
        }
        let mut square = [0.0; 4];
        for ((influence, count), w) in influences.iter().zip(&self.counts).zip(&self.log_weight) {
            (0..4).for_each(|k| square[k] += count * (influence[k] - w.exp() * centre[k]).powi(2));
        }
        let [mean, kl, win_rate, kl_to_reference] = square.map(|s| s.sqrt() / draws);
        DrawnBestOf { mean, kl, win_rate, kl_to_reference }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The law (.5, .3, .2) on 0, 1, 2 in its shares: half of the draws from the base, half from the tilt by log 2, whose
    /// masses are (.5, .6, .8)/1.9.
    fn in_shares() -> DrawnLaw {
        let counts =
            [0.5 + 0.5 / 1.9, 0.3 + 0.6 / 1.9, 0.2 + 0.8 / 1.9].map(|share: f64| (share * 1.9e4).round() as usize);
        let draws = counts.iter().enumerate().flat_map(|(v, &count)| vec![v as f64; count]).collect();
        DrawnLaw::new(draws, Reference { beta: 2f64.ln(), log_z: 1.9f64.ln() }, 1e-12)
    }

    #[test]
    fn shares_of_the_law_give_its_best_of_n() {
        // Reference values of asymptotics.bon at N = 4.
        let (best, errors) = in_shares().best_of(4f64.ln(), Reference { beta: 0.0, log_z: 0.0 });
        for (found, wanted) in [
            (best.mean, 1.5279),
            (best.kl, 0.5597505603574843),
            (best.win_rate, 0.7726),
            (best.kl_to_reference, best.kl),
        ] {
            assert!((found - wanted).abs() < 1e-13, "{found} {wanted}");
        }
        assert!(errors.mean > 0.0 && errors.kl > 0.0 && errors.win_rate > 0.0);
    }

    #[test]
    fn influences_are_derivatives() {
        // One more draw at level i moves an estimate by its influence over the number of draws: compare the sum of squares.
        let law = in_shares();
        let (log_n, reference) = (2.5, Reference { beta: 0.7, log_z: 0.9 });
        let draws: f64 = law.counts.iter().sum();
        let fields = |b: DrawnBestOf| [b.mean, b.kl, b.win_rate, b.kl_to_reference];
        let base = fields(law.best_of(log_n, reference).0);
        let mut square = [0.0; 4];
        for i in 0..3 {
            let mut list: Vec<f64> = Vec::new();
            for (v, &count) in law.values.iter().zip(&law.counts) {
                list.extend(vec![*v; count as usize]);
            }
            list.push(law.values[i]);
            let moved = DrawnLaw::new(list, Reference { beta: 2f64.ln(), log_z: 1.9f64.ln() }, 1e-12);
            let moved = fields(moved.best_of(log_n, reference).0);
            (0..4).for_each(|k| square[k] += law.counts[i] * ((moved[k] - base[k]) * (draws + 1.0)).powi(2));
        }
        let errors = fields(law.best_of(log_n, reference).1);
        for k in 0..4 {
            let wanted = square[k].sqrt() / draws;
            // The difference quotient is off by one part in the number of draws.
            assert!((errors[k] / wanted - 1.0).abs() < 2e-3, "{k}: {} {wanted}", errors[k]);
        }
    }

    #[test]
    fn every_number_of_draws() {
        let law = in_shares();
        let none = law.best_of(0.0, Reference { beta: 0.0, log_z: 0.0 }).0;
        assert!((none.mean - 0.7).abs() < 1e-14 && none.kl.abs() < 1e-14 && (none.win_rate - 0.5).abs() < 1e-14);
        for log_n in [10.0, 700.0, 1e4] {
            let (best, errors) = law.best_of(log_n, Reference { beta: 1.0, log_z: 1.0 });
            assert!((best.mean - 2.0).abs() < 1e-12 && (best.kl + 0.2f64.ln()).abs() < 1e-12);
            assert!(errors.mean < 1e-6 && errors.kl.is_finite() && errors.win_rate.is_finite());
        }
        let one = DrawnLaw::new(vec![3.0; 5], Reference { beta: 1.0, log_z: 3.0 }, 0.0);
        let (best, errors) = one.best_of(50.0, Reference { beta: 0.0, log_z: 0.0 });
        assert_eq!((best.mean, best.kl, best.win_rate, errors.kl), (3.0, 0.0, 0.5, 0.0));
        assert!(Drawn::room_for(1 << 30).is_err());
    }
}
