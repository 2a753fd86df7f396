//! What the claims about finite laws share: random instances, and the level table by plain sums.

use crate::Result;
use crate::lab::Instances;
use crate::prob::Law;

/// A random law, a third of the time an awkward one, with rewards that often tie.
pub fn finite_law(draw: &mut Instances, largest: u64) -> Result<(Law, Vec<f64>)> {
    let k = draw.count(1, largest) as usize;
    Ok((Law::new(&draw.law(k))?, draw.rewards(k)))
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
