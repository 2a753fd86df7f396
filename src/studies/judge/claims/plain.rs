//! The model by brute force: sums over tuples of answers, quantiles, plain linear algebra. Nothing here shares code with the
//! engine; it is slow, and right for moderate parameters only.

use crate::numerics::roots::bisect;
use crate::numerics::special::normal_cdf;
use crate::sampling::Stream;
use serde_json::{Value, json};

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
/// `u = x^2 (3 - 2 x)` takes the edge singularities away; accurate to about 1e-9 for |b| <= 3, k <= 1000.
pub(super) fn best_by_quantiles(k: u64, a: f64, b: f64) -> f64 {
    let points = 4000;
    let mut total = 0.0;
    for i in 0..points {
        let x = (f64::from(i) + 0.5) / f64::from(points);
        let (u, slope) = (x * x * (3.0 - 2.0 * x), 6.0 * x * (1.0 - x));
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

/// A Bayesian linear regression with a diagonal input covariance.
#[derive(Clone, Debug)]
pub(super) struct Regression {
    pub eigs: Vec<f64>,
    pub w_t: Vec<f64>,
    pub w_r: Vec<f64>,
    pub n: usize,
    pub sigma: f64,
    pub gamma: f64,
}

impl Regression {
    pub(super) fn describe(&self) -> Value {
        let (d, n) = (self.eigs.len(), self.n);
        json!({"d": d, "n": n, "sigma": self.sigma, "gamma": self.gamma, "last eigenvalue": self.eigs[d - 1]})
    }

    /// One training set: the covariances of the biases over inputs, `[V_TT, V_TR, V_RR]`, and the mean of s^2, all exact
    /// given the set, from a d x d posterior.
    pub(super) fn draw(&self, stream: &mut Stream) -> [f64; 4] {
        let d = self.eigs.len();
        let mut precision = vec![0.0; d * d];
        let mut right = vec![0.0; d];
        for i in 0..d {
            precision[i * d + i] = (self.sigma / self.gamma).powi(2);
        }
        let mut row = vec![0.0; d];
        for _ in 0..self.n {
            for (x, eig) in row.iter_mut().zip(&self.eigs) {
                *x = (eig / d as f64).sqrt() * stream.normal();
            }
            let label = row.iter().zip(&self.w_t).map(|(x, w)| x * w).sum::<f64>() + self.sigma * stream.normal();
            for i in 0..d {
                right[i] += row[i] * label;
                for j in 0..=i {
                    precision[i * d + j] += row[i] * row[j];
                }
            }
        }
        let factor = cholesky(precision, d);
        let half = forward(&factor, &right);
        let w = backward(&factor, &half);
        let mut v = [0.0; 3];
        for i in 0..d {
            let (teacher, reward) = (w[i] - self.w_t[i], w[i] - self.w_r[i]);
            for (v, product) in v.iter_mut().zip([teacher * teacher, teacher * reward, reward * reward]) {
                *v += self.eigs[i] * product / d as f64;
            }
        }
        let mut spread = 0.0;
        for i in 0..d {
            let mut unit = vec![0.0; d];
            unit[i] = (self.eigs[i] / d as f64).sqrt();
            spread += forward(&factor, &unit).iter().map(|x| x * x).sum::<f64>();
        }
        [v[0], v[1], v[2], self.sigma.powi(2) * (1.0 + spread)]
    }
}

/// The lower factor of a symmetric matrix given by its lower half.
fn cholesky(mut matrix: Vec<f64>, d: usize) -> Vec<f64> {
    for j in 0..d {
        for i in j..d {
            let dot: f64 = (0..j).map(|l| matrix[i * d + l] * matrix[j * d + l]).sum();
            let rest = matrix[i * d + j] - dot;
            matrix[i * d + j] = if i == j { rest.sqrt() } else { rest / matrix[j * d + j] };
        }
    }
    matrix
}

fn forward(factor: &[f64], right: &[f64]) -> Vec<f64> {
    let d = right.len();
    let mut x = vec![0.0; d];
    // leading zeros of the right side stay zeros
    let first = right.iter().position(|r| *r != 0.0).unwrap_or(0);
    for i in first..d {
        let dot: f64 = (first..i).map(|l| factor[i * d + l] * x[l]).sum();
        x[i] = (right[i] - dot) / factor[i * d + i];
    }
    x
}

fn backward(factor: &[f64], right: &[f64]) -> Vec<f64> {
    let d = right.len();
    let mut x = vec![0.0; d];
    for i in (0..d).rev() {
        let dot: f64 = (i + 1..d).map(|l| factor[l * d + i] * x[l]).sum();
        x[i] = (right[i] - dot) / factor[i * d + i];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_over_pairs_triples_and_quantiles_meet_known_values() {
        // a = .25, b = -.375, t = 2/1.28: the third reference value of the specification
        assert!((0.64 * softmax_of_two(0.25, -0.375, 1.5625) - 0.549_383_353_008_365_4).abs() < 1e-13);
        assert!((softmax_of_three(0.3, -2.0, 0.3) - 1.757_759_644_104_69).abs() < 1e-4);
        assert!((0.64 * best_by_quantiles(7, 0.25, -0.375) - 0.268_374_489_036_037).abs() < 1e-8);
        assert!((tilted_mean(-1.0, 1.0, |z| z) - 0.5).abs() < 1e-14);
    }

    #[test]
    fn the_posterior_of_one_point_is_known() {
        // d = 1, n = 0: the prior
        let prior = Regression { eigs: vec![2.0], w_t: vec![1.0], w_r: vec![3.0], n: 0, sigma: 0.5, gamma: 2.0 };
        let mut stream = crate::sampling::Address::new(1, "plain", "prior").stream(0);
        assert_eq!(prior.draw(&mut stream), [2.0, 6.0, 18.0, 0.25 + 8.0]);
    }
}
