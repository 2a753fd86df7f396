//! The model by brute force: sums over tuples of answers, quantiles, plain draws. Nothing here shares code with the
//! engine; it is slow, and right for moderate parameters only.

use crate::numerics::roots::bisect;
use crate::numerics::special::normal_cdf;
use crate::sampling::Stream;

/// Density of the standard normal law.
pub(super) fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// Equally spaced points of the trapezoid rule under the normal law, with their masses.
fn normal_grid(step: f64) -> Vec<(f64, f64)> {
    let half = (9.0 / step) as i64;
    (-half..=half).map(|i| i as f64 * step).map(|z| (z, step * density(z))).collect()
}

/// Mean of `f` over one normal variable.
pub(super) fn normal_mean(f: impl Fn(f64) -> f64) -> f64 {
    normal_grid(0.02).into_iter().map(|(z, mass)| mass * f(z)).sum()
}

/// Mean of the loss of one of two answers by their softmax shares, in units of s^2: a sum over pairs.
pub(super) fn softmax_of_two(a: f64, b: f64, t: f64) -> f64 {
    let grid = normal_grid(0.04);
    let answers: Vec<[f64; 3]> =
        grid.iter().map(|(z, mass)| [*mass, (-(z + b).powi(2) / (2.0 * t)).exp(), (z + a).powi(2)]).collect();
    let mut total = 0.0;
    for [m1, w1, f1] in &answers {
        total += m1 * answers.iter().map(|[m2, w2, f2]| m2 * (w1 * f1 + w2 * f2) / (w1 + w2)).sum::<f64>();
    }
    total
}

/// As [`softmax_of_two`] for three answers: a sum over triples.
pub(super) fn softmax_of_three(a: f64, b: f64, t: f64) -> f64 {
    let grid = normal_grid(0.125);
    let answers: Vec<[f64; 3]> =
        grid.iter().map(|(z, mass)| [*mass, (-(z + b).powi(2) / (2.0 * t)).exp(), (z + a).powi(2)]).collect();
    let mut total = 0.0;
    for [m1, w1, f1] in &answers {
        for [m2, w2, f2] in &answers {
            let (mass, w, wf) = (m1 * m2, w1 + w2, w1 * f1 + w2 * f2);
            total += mass * answers.iter().map(|[m3, w3, f3]| m3 * (wf + w3 * f3) / (w + w3)).sum::<f64>();
        }
    }
    total
}

/// P(|Z + b| > r).
pub(super) fn farther(r: f64, b: f64) -> f64 {
    normal_cdf(-b - r) + normal_cdf(b - r)
}

/// Mean loss of the nearest of k, by quantiles of the distance of the nearest one: P(distance > r) = P(|Z + b| > r)^k = u.
/// `u = x^3 (10 - 15 x + 6 x^2)` takes the edge singularities away; accurate to about 1e-10 for |b| <= 1.
pub(super) fn best_by_quantiles(k: u64, a: f64, b: f64) -> f64 {
    let points = 4000;
    let mut total = 0.0;
    for i in 0..points {
        let x = (f64::from(i) + 0.5) / f64::from(points);
        let (u, slope) = (x.powi(3) * (10.0 + x * (6.0 * x - 15.0)), 30.0 * (x * (1.0 - x)).powi(2));
        let level = u.powf(1.0 / k as f64);
        let r = bisect(|r| farther(r, b) - level, 0.0, b.abs() + 12.0).x;
        let (near, far) = (density(r - b), density(r + b));
        let loss = (near * (a - b + r).powi(2) + far * (a - b - r).powi(2)) / (near + far);
        total += loss * slope / f64::from(points);
    }
    total
}

/// Mean loss of the nearest of k drawn answers: one draw.
pub(super) fn drawn_best(k: u64, a: f64, b: f64, stream: &mut Stream) -> f64 {
    let nearest = (0..k).map(|_| stream.normal()).min_by(|x, y| (x + b).abs().total_cmp(&(y + b).abs()));
    nearest.map_or(0.0, |z| (z + a).powi(2))
}

/// Softmax-weighted loss of k drawn answers: one draw.
pub(super) fn drawn_softmax(k: u64, a: f64, b: f64, t: f64, stream: &mut Stream) -> f64 {
    let z: Vec<f64> = (0..k).map(|_| stream.normal()).collect();
    let nearest = z.iter().map(|z| (z + b).powi(2)).fold(f64::INFINITY, f64::min);
    let weights: Vec<f64> = z.iter().map(|z| (-((z + b).powi(2) - nearest) / (2.0 * t)).exp()).collect();
    let total: f64 = weights.iter().sum();
    z.iter().zip(&weights).map(|(z, w)| w * (z + a).powi(2)).sum::<f64>() / total
}

/// Mean of `f` under the law proportional to phi(z) e^{-(z+b)^2/2t}, by the trapezoid rule about its mode.
pub(super) fn tilted_mean(b: f64, t: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (centre, scale) = (-b / (1.0 + t), (t / (1.0 + t)).sqrt());
    normal_mean(|x| f(centre + scale * x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_over_pairs_triples_and_quantiles_meet_known_values() {
        // a = .25, b = -.375, t = 2/1.28: the third reference value of the specification
        assert!((0.64 * softmax_of_two(0.25, -0.375, 1.5625) - 0.549_383_353_008_365_4).abs() < 1e-13);
        assert!((softmax_of_three(0.3, -2.0, 0.3) - 1.757_759_644_104_69).abs() < 1e-4);
        assert!((0.64 * best_by_quantiles(7, 0.25, -0.375) - 0.268_374_489_036_037).abs() < 1e-10);
        assert!((4.0 * best_by_quantiles(3, 0.5, 0.5) - 0.982_356_031_021_067_3).abs() < 1e-9);
        assert!((tilted_mean(-1.0, 1.0, |z| z) - 0.5).abs() < 1e-14);
    }
}
