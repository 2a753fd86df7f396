//! Training sets drawn and solved by plain linear algebra: the simulation that studies and claims hold theory against.
//!
//! Inputs have a diagonal covariance, so that test inputs cost one normal draw a dimension. The posterior is formed in its
//! d x d form and factored once: P = L L', w = P^-1 Phi' y, s^2(x) = sigma^2 (1 + |L^-1 phi|^2). O(n d^2 + d^3) a set.

use crate::sampling::Stream;
use serde_json::{Value, json};

/// A Bayesian linear regression: eigenvalues of the input covariance, teacher and judge in its basis.
#[derive(Clone, Debug)]
pub(super) struct Regression {
    pub eigs: Vec<f64>,
    pub w_t: Vec<f64>,
    pub w_r: Vec<f64>,
    pub n: usize,
    pub sigma: f64,
    pub gamma: f64,
}

/// What one training set leaves: the posterior mean and the factor of the precision over sigma^2.
#[derive(Clone, Debug)]
pub(super) struct Posterior {
    pub w: Vec<f64>,
    factor: Vec<f64>,
    sigma2: f64,
}

impl Regression {
    /// Sizes and scales, for the record of an instance.
    pub(super) fn describe(&self) -> Value {
        let (d, n) = (self.eigs.len(), self.n);
        json!({"d": d, "n": n, "sigma": self.sigma, "gamma": self.gamma, "last eigenvalue": self.eigs[d - 1]})
    }

    /// A test or training input phi = x/sqrt d.
    pub(super) fn input(&self, stream: &mut Stream, phi: &mut [f64]) {
        let d = self.eigs.len() as f64;
        for (x, eig) in phi.iter_mut().zip(&self.eigs) {
            *x = (eig / d).sqrt() * stream.normal();
        }
    }

    /// The posterior of one training set.
    pub(super) fn train(&self, stream: &mut Stream) -> Posterior {
        let d = self.eigs.len();
        let mut precision = vec![0.0; d * d];
        let mut right = vec![0.0; d];
        for i in 0..d {
            precision[i * d + i] = (self.sigma / self.gamma).powi(2);
        }
        let mut phi = vec![0.0; d];
        for _ in 0..self.n {
            self.input(stream, &mut phi);
            let label = dot(&phi, &self.w_t) + self.sigma * stream.normal();
            for i in 0..d {
                right[i] += phi[i] * label;
                let x = phi[i];
                for (p, y) in precision[i * d..=i * d + i].iter_mut().zip(&phi) {
                    *p += x * y;
                }
            }
        }
        let factor = cholesky(precision, d);
        let mut half = right;
        forward(&factor, &mut half);
        let w = backward(&factor, &half);
        Posterior { w, factor, sigma2: self.sigma * self.sigma }
    }

    /// The covariances of the biases over inputs, `[V_TT, V_TR, V_RR]`, and the mean of s^2, exact given the training set.
    pub(super) fn covariances(&self, posterior: &Posterior) -> [f64; 4] {
        let d = self.eigs.len();
        let mut v = [0.0; 3];
        for i in 0..d {
            let (teacher, judge) = (posterior.w[i] - self.w_t[i], posterior.w[i] - self.w_r[i]);
            for (v, product) in v.iter_mut().zip([teacher * teacher, teacher * judge, judge * judge]) {
                *v += self.eigs[i] * product / d as f64;
            }
        }
        let mut spread = 0.0;
        let mut unit = vec![0.0; d];
        for i in 0..d {
            unit.fill(0.0);
            unit[i] = (self.eigs[i] / d as f64).sqrt();
            spread += posterior.spread(&mut unit);
        }
        [v[0], v[1], v[2], posterior.sigma2 * (1.0 + spread)]
    }
}

impl Posterior {
    /// The predictive mean and variance at an input, which is overwritten.
    pub(super) fn predict(&self, phi: &mut [f64]) -> (f64, f64) {
        let mean = dot(&self.w, phi);
        (mean, self.sigma2 * (1.0 + self.spread(phi)))
    }

    /// |L^-1 phi|^2; phi is overwritten.
    fn spread(&self, phi: &mut [f64]) -> f64 {
        forward(&self.factor, phi);
        dot(phi, phi)
    }
}

/// A plain inner product.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The lower factor of a symmetric matrix given by its lower half.
fn cholesky(mut matrix: Vec<f64>, d: usize) -> Vec<f64> {
    for j in 0..d {
        for i in j..d {
            let rest = matrix[i * d + j] - dot(&matrix[i * d..i * d + j], &matrix[j * d..j * d + j]);
            matrix[i * d + j] = if i == j { rest.sqrt() } else { rest / matrix[j * d + j] };
        }
    }
    matrix
}

/// x becomes L^-1 x; leading zeros stay zeros.
fn forward(factor: &[f64], x: &mut [f64]) {
    let d = x.len();
    let first = x.iter().position(|r| *r != 0.0).unwrap_or(0);
    for i in first..d {
        x[i] = (x[i] - dot(&factor[i * d + first..i * d + i], &x[first..i])) / factor[i * d + i];
    }
}

fn backward(factor: &[f64], right: &[f64]) -> Vec<f64> {
    let d = right.len();
    let mut x = vec![0.0; d];
    for i in (0..d).rev() {
        let known: f64 = (i + 1..d).map(|l| factor[l * d + i] * x[l]).sum();
        x[i] = (right[i] - known) / factor[i * d + i];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::linear::solve;

    fn stream() -> Stream {
        crate::sampling::Address::new(1, "training", "test").stream(0)
    }

    #[test]
    fn without_data_it_is_the_prior() {
        let prior = Regression { eigs: vec![2.0], w_t: vec![1.0], w_r: vec![3.0], n: 0, sigma: 0.5, gamma: 2.0 };
        let posterior = prior.train(&mut stream());
        for (found, known) in prior.covariances(&posterior).iter().zip([2.0, 6.0, 18.0, 0.25 + 8.0]) {
            assert!((found - known).abs() <= 4.0 * f64::EPSILON * known, "{found} {known}");
        }
    }

    #[test]
    fn the_posterior_is_the_kernel_s() {
        // three points in two dimensions, drawn again from the same stream: m and s^2 through the 3 x 3 Gram matrix
        let model =
            Regression { eigs: vec![1.0, 0.5], w_t: vec![1.0, -2.0], w_r: vec![0.0; 2], n: 3, sigma: 0.4, gamma: 1.5 };
        let posterior = model.train(&mut stream());
        let mut again = stream();
        let (mut points, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let mut phi = vec![0.0; 2];
            model.input(&mut again, &mut phi);
            labels.push(dot(&phi, &model.w_t) + model.sigma * again.normal());
            points.push(phi);
        }
        let kernel = |x: &[f64], y: &[f64]| model.gamma.powi(2) * dot(x, y);
        let gram: Vec<f64> = (0..9)
            .map(|i| kernel(&points[i / 3], &points[i % 3]) + if i % 4 == 0 { model.sigma.powi(2) } else { 0.0 })
            .collect();
        let phi = vec![0.7, -0.3];
        let cross: Vec<f64> = points.iter().map(|p| kernel(p, &phi)).collect();
        let weights = solve(&gram, &cross).unwrap();
        let (mean, variance) = posterior.predict(&mut phi.clone());
        assert!((mean - dot(&weights, &labels)).abs() < 1e-13);
        assert!((variance - model.sigma.powi(2) - kernel(&phi, &phi) + dot(&weights, &cross)).abs() < 1e-13);
    }
}
