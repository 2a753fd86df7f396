//! What the claims about finite laws share: random instances, and the level table by plain sums.

use crate::Result;
use crate::lab::Instances;
use crate::prob::Law;

/// A random law, a third of the time an awkward one, with rewards that often tie.
pub fn finite_law(draw: &mut Instances, largest: u64) -> Result<(Law, Vec<f64>)> {
    let k = draw.count(1, largest) as usize;
    Ok((Law::new(&draw.law(k))?, draw.rewards(k)))
}

/// A random law without zero or tiny masses, with distinct rewards 0, 1, 2, ...
pub fn ordered_law(draw: &mut Instances, smallest: u64, largest: u64) -> Result<(Law, Vec<f64>)> {
    let k = draw.count(smallest, largest);
    Ok((Law::new(&draw.positive_law(k as usize))?, (0..k).map(|i| i as f64).collect()))
}

/// The logarithm of a real number of draws from 1 to 1000, now and then a whole one.
pub fn log_draws(draw: &mut Instances) -> f64 {
    if draw.chance(0.25) { (draw.count(1, 20) as f64).ln() } else { draw.log_uniform(1.0, 1e3).ln() }
}

/// The levels of a reward by sorting and adding, without the engine's table.
pub struct Steps {
    /// Rewards, increasing.
    pub value: Vec<f64>,
    /// Their masses.
    pub mass: Vec<f64>,
    /// Mass strictly below.
    pub below: Vec<f64>,
    /// Mass up to and with the level.
    pub up_to: Vec<f64>,
}

impl Steps {
    /// The levels of `r` on the outcomes with mass.
    pub fn new(p: &[f64], r: &[f64]) -> Steps {
        let mut value: Vec<f64> = (0..p.len()).filter(|&i| p[i] > 0.0).map(|i| r[i]).collect();
        value.sort_by(f64::total_cmp);
        value.dedup();
        let total = |keep: &dyn Fn(f64) -> bool| -> f64 { (0..p.len()).filter(|&i| keep(r[i])).map(|i| p[i]).sum() };
        Steps {
            mass: value.iter().map(|&v| total(&|x| x == v)).collect(),
            below: value.iter().map(|&v| total(&|x| x < v)).collect(),
            // from above: keeps the digits of a cdf near one
            up_to: value.iter().map(|&v| 1.0 - total(&|x| x > v)).collect(),
            value,
        }
    }

    /// The law of the best of `n` draws on the levels, `F_j^n - F_{j-1}^n`, for any cdf transform.
    pub fn best(&self, cdf: impl Fn(f64) -> f64) -> Vec<f64> {
        let below = |j: usize| if j == 0 { 0.0 } else { self.up_to[j - 1] };
        (0..self.mass.len()).map(|j| cdf(self.up_to[j]) - cdf(below(j))).collect()
    }

    /// Sum of the squared masses.
    pub fn collision(&self) -> f64 {
        self.mass.iter().map(|m| m * m).sum()
    }
}

/// `D(a || b)` by the plain sum.
pub fn plain_kl(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).filter(|(a, _)| **a > 0.0).map(|(a, b)| a * (a / b).ln()).sum()
}

/// `E_a r` by the plain sum.
pub fn plain_mean(a: &[f64], r: &[f64]) -> f64 {
    a.iter().zip(r).map(|(a, r)| a * r).sum()
}

/// The tilt `p e^{b r} / Z` by plain sums, shifted by the largest exponent.
pub fn plain_tilt(p: &[f64], r: &[f64], b: f64) -> Vec<f64> {
    let top = (0..p.len()).filter(|&i| p[i] > 0.0).map(|i| b * r[i]).fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> =
        p.iter().zip(r).map(|(p, r)| if *p > 0.0 { p * (b * r - top).exp() } else { 0.0 }).collect();
    let z: f64 = weights.iter().sum();
    weights.iter().map(|w| w / z).collect()
}
