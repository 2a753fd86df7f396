//! The claims of the specification, each with its source as far as it was read, and its checks.
//!
//! One file a group of results. A check is a function from a sampling context to a [`Check`](crate::lab::Check); it draws
//! its own instances, so that it can be run alone. What it compares with is in `plain`, which shares no code with the
//! engine.

mod difficulty;
mod equivalents;
mod infinite;
mod monotone;
mod plain;
mod selection;
mod temperature;

use crate::Result;
use crate::judge::best_of_k::best_of_k;
use crate::judge::model::{Candidates, Reduced};
use crate::judge::softmax::{SoftmaxTable, softmax};
use crate::lab::Claim;
use crate::numerics::quadrature::tanh_sinh;

/// All claims of the engine.
pub fn all() -> Vec<Claim> {
    let groups = [
        equivalents::claims(),
        selection::claims(),
        temperature::claims(),
        infinite::claims(),
        difficulty::claims(),
        monotone::claims(),
    ];
    groups.into_iter().flatten().collect()
}

/// The engine's error of softmax selection among k, in units of s^2.
fn softmax_of(k: u64, a: f64, b: f64, t: f64) -> Result<f64> {
    softmax(&Reduced::new(a, b)?, t, Candidates::new(k)?)
}

/// As [`softmax_of`] for many k, ascending, at once.
fn softmax_along(k: &[u64], a: f64, b: f64, t: f64) -> Result<Vec<f64>> {
    let counts = k.iter().map(|k| Candidates::new(*k)).collect::<Result<Vec<_>>>()?;
    let table = SoftmaxTable::new(&Reduced::new(a, b)?, t, counts[counts.len() - 1])?;
    Ok(counts.into_iter().map(|k| table.at(k)).collect())
}

/// The engine's error of the nearest of k, in units of s^2.
fn best(k: u64, a: f64, b: f64) -> Result<f64> {
    Ok(best_of_k(&Reduced::new(a, b)?, Candidates::new(k)?))
}

/// Mean squared distance to y_T of the nearest of k answers: `int 2 r P(|Z + b| > r)^k dr`, by plain quadrature.
fn nearest_of(k: u64, b: f64) -> f64 {
    let tail = |r: f64| 2.0 * r * plain::farther(r, b).powf(k as f64);
    let cuts = [0.0, (4.0 / k as f64).min(0.5), 1.0, b.abs() + 1.0, b.abs() + 12.0];
    cuts.windows(2).map(|w| tanh_sinh(tail, w[0], w[1], 1e-13).value).sum()
}
