//! Errors averaged over inputs at many numbers of answers from one table a bias: what the studies draw as curves.

use crate::Result;
use crate::judge::best_of_k::BestOfTable;
use crate::judge::model::{BiasLaw, Candidates, reduced_temperature};
use crate::judge::softmax::SoftmaxTable;
use crate::sampling::Executor;

/// The error averaged over inputs at every `k` (ascending), in units of y^2; `temp` 0 is best of k.
///
/// The trapezoid rule in the bias b of the engine's average, with the step of its largest k: 40 to 300 tables.
pub(super) fn average_along(executor: &Executor, law: &BiasLaw, temp: f64, ks: &[Candidates]) -> Result<Vec<f64>> {
    let t = reduced_temperature(temp, law.s2)?;
    let two = Candidates::new(2)?;
    let at_least_two = |k: Candidates| if k.is_one() { two } else { k };
    let (Some(&least), Some(&most)) = (ks.first(), ks.last()) else { return Ok(Vec::new()) };
    let deviation = law.reward_variance().sqrt();
    // step and reach of `average`, for the largest k
    let extreme = (2.0 * most.ln()).sqrt();
    let step = deviation.min(1.0) / (extreme * if t < 1.0 { 2.0 } else { 1.2 }).max(3.5);
    let q = law.reward_variance();
    let reach = match (t >= 1.0, q < 0.4) {
        (true, _) => 10.0 * deviation,
        (false, true) => 10.0 * deviation / (1.0 - 2.0 * q).sqrt(),
        (false, false) => extreme + 12.0 * deviation.max(1.0),
    };
    let biases: Vec<f64> = match deviation > 0.0 {
        true => (0..=(reach / step) as u64).map(|i| i as f64 * step).collect(),
        false => vec![0.0],
    };
    let rows = executor.map(&biases, |&b| {
        let point = law.at(b);
        let weight = if b == 0.0 { 0.5 } else { (-0.5 * (b / deviation).powi(2)).exp() };
        if weight == 0.0 {
            return Ok((0.0, vec![0.0; ks.len()]));
        }
        let losses: Vec<f64> = if t > 0.0 {
            let table = SoftmaxTable::new(&point, t, most)?;
            ks.iter().map(|k| table.at(*k)).collect()
        } else {
            let table = BestOfTable::new(&point, at_least_two(least), at_least_two(most));
            ks.iter().map(|k| if k.is_one() { point.single() } else { table.at(*k) }).collect()
        };
        Ok((weight, losses))
    })?;
    let mass: f64 = rows.iter().map(|(weight, _)| weight).sum();
    let mean = |i: usize| rows.iter().map(|(weight, losses)| weight * losses[i]).sum::<f64>() / mass;
    Ok((0..ks.len()).map(|i| law.s2 * mean(i)).collect())
}

/// A legend entry that the first object of a panel carries for all: one a kind of mark.
pub(super) fn once(colour: usize, label: &str) -> &str {
    if colour == 0 { label } else { "" }
}

/// Whole numbers as candidates.
pub(super) fn candidates(ks: &[u64]) -> Result<Vec<Candidates>> {
    ks.iter().map(|k| Candidates::new(*k)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::average::average;

    #[test]
    fn a_curve_is_its_averages() {
        let executor = Executor::new(1, "curves");
        let law = BiasLaw::new(0.1, 0.2, 0.9, 1.0).unwrap();
        for temp in [0.0, 4.0] {
            let ks = candidates(&[1, 3, 40]).unwrap();
            for (k, found) in ks.iter().zip(average_along(&executor, &law, temp, &ks).unwrap()) {
                let exact = average(&law, temp, *k).unwrap();
                assert!((found / exact - 1.0).abs() < 1e-12, "{temp} {k:?}: {found} {exact}");
            }
        }
    }
}
