//! The posterior of Bayesian linear regression at finite dimension and finite data.
//!
//! Features $\phi = x/\sqrt d$, labels $y = \phi\cdot w + \sigma\eta$, prior $N(0, \gamma^2I)$. With the rows of $\Phi$ the features,
//! $$P = \Phi'\Phi + \frac{\sigma^2}{\gamma^2}I = LL',\qquad \hat w = P^{-1}\Phi'y,\qquad m = \phi\cdot\hat w,\qquad
//!   s^2 = \sigma^2 + \sigma^2|L^{-1}\phi|^2.$$
//! [`dual`] is the same by the $n \times n$ Gram matrix, $K = \gamma^2\Phi\Phi' + \sigma^2I$: $m = \gamma^2\phi'\Phi'K^{-1}y$,
//! $s^2 = \sigma^2 + \gamma^2|\phi|^2 - \gamma^4|L_K^{-1}\Phi\phi|^2$, which cancels where the data determine the answer.
//!
//! Textbook (Bishop 2006, section 3.3). $O(d^2(n+d))$, dual $O(n^2(n+d))$; relative error about $du$ times the condition of $P$.

use super::model::{check_finite, check_positive};
use crate::numerics::cholesky::{Cholesky, gram};
use crate::numerics::sum::dot;
use crate::sampling::Stream;
use crate::{Error, Result};

/// Predictive mean and variance at an input (quantity `judge.posterior`).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Prediction {
    /// $m$.
    pub m: f64,
    /// $s^2$, label noise included.
    pub s2: f64,
}

/// A posterior, factored.
///
/// ```
/// use tilt::judge::posterior::Posterior;
/// let posterior = Posterior::new(&[vec![1.0, 0.0], vec![1.0, 1.0]], &[0.5, 1.0], 2, 1.0, 1.0)?;
/// let at = posterior.predict(&[1.0, 2.0])?;
/// assert!((at.m - 17.0 / 22.0).abs() < 1e-15 && (at.s2 - 26.0 / 11.0).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Posterior {
    factor: Cholesky,
    mean: Vec<f64>,
    sigma2: f64,
}

impl Posterior {
    /// The posterior given raw inputs `x_train` (rows of length `d`; there may be none) and labels `y`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `x_train` (ragged, not finite, or so large that squares overflow), `y`, `sigma`, `gamma`, or
    /// `x` if `d` is 0.
    pub fn new(x_train: &[Vec<f64>], y: &[f64], d: usize, sigma: f64, gamma: f64) -> Result<Self> {
        check(x_train, y, d, sigma, gamma)?;
        // The transpose of Phi, so that Phi'Phi is its Gram matrix.
        let root = (d as f64).sqrt();
        let features: Vec<f64> = (0..d).flat_map(|j| x_train.iter().map(move |x| x[j] / root)).collect();
        let n = x_train.len();
        let mut precision = gram(&features, d, n);
        let ridge = (sigma / gamma) * (sigma / gamma);
        (0..d).for_each(|j| precision[j * d + j] += ridge);
        let factor = Cholesky::new(&precision, d).map_err(|_| overflowing())?;
        let mut mean: Vec<f64> = features.chunks(n.max(1)).map(|column| dot(column, y)).collect();
        mean.resize(d, 0.0);
        factor.solve(&mut mean);
        Ok(Posterior { factor, mean, sigma2: sigma * sigma })
    }

    /// The posterior mean $\hat w$.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The prediction at the raw input `x`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `x` (length, finite).
    pub fn predict(&self, x: &[f64]) -> Result<Prediction> {
        let mut phi = features_of(x, self.mean.len())?;
        let m = dot(&phi, &self.mean);
        self.factor.solve_lower(&mut phi);
        finite(Prediction { m, s2: self.sigma2 * (1.0 + dot(&phi, &phi)) })
    }
}

/// The data seen from one input by their Gram matrix: $K^{-1}$ applied to the covariances with the input.
struct Dual {
    features: Vec<f64>,
    phi: Vec<f64>,
    factor: Cholesky,
    /// $\gamma^2\Phi\phi$.
    across: Vec<f64>,
}

impl Dual {
    fn new(x_train: &[Vec<f64>], y: &[f64], sigma: f64, gamma: f64, x: &[f64]) -> Result<Self> {
        let d = x.len();
        check(x_train, y, d, sigma, gamma)?;
        let phi = features_of(x, d)?;
        let (n, root, gamma2) = (x_train.len(), (d as f64).sqrt(), gamma * gamma);
        let features: Vec<f64> = x_train.iter().flat_map(|row| row.iter().map(|x| x / root)).collect();
        let mut kernel = gram(&features, n, d);
        kernel.iter_mut().for_each(|k| *k *= gamma2);
        (0..n).for_each(|i| kernel[i * n + i] += sigma * sigma);
        let factor = Cholesky::new(&kernel, n).map_err(|_| overflowing())?;
        let across = features.chunks_exact(d).map(|row| gamma2 * dot(row, &phi)).collect();
        Ok(Dual { features, phi, factor, across })
    }
}

/// The prediction at `x` by the Gram matrix of the data: the same numbers by another matrix.
///
/// # Errors
/// As [`Posterior::new`] and [`Posterior::predict`].
pub fn dual(x_train: &[Vec<f64>], y: &[f64], sigma: f64, gamma: f64, x: &[f64]) -> Result<Prediction> {
    let Dual { phi, factor, mut across, .. } = Dual::new(x_train, y, sigma, gamma, x)?;
    let mut labels = y.to_vec();
    factor.solve_lower(&mut across);
    factor.solve_lower(&mut labels);
    let s2 = sigma * sigma + gamma * gamma * dot(&phi, &phi) - dot(&across, &across);
    finite(Prediction { m: dot(&across, &labels), s2 })
}

/// Draws of $\phi\cdot w$ from the posterior by conditioning a draw of prior and noise on the data (Matheron's rule):
/// $\phi\cdot w_0 + c\cdot(y - \Phi w_0 - \sigma\varepsilon)$ with $c = \gamma^2K^{-1}\Phi\phi$.
pub struct PathwiseDraws {
    /// $\gamma(\phi - \Phi'c)$ and $-\sigma c$, side by side.
    response: Vec<f64>,
    mean: f64,
}

impl PathwiseDraws {
    /// Prepares draws at the raw input `x`.
    ///
    /// # Errors
    /// As [`Posterior::new`] and [`Posterior::predict`].
    pub fn new(x_train: &[Vec<f64>], y: &[f64], sigma: f64, gamma: f64, x: &[f64]) -> Result<Self> {
        let Dual { features, phi: mut response, factor, across: mut c } = Dual::new(x_train, y, sigma, gamma, x)?;
        factor.solve(&mut c);
        for (row, c) in features.chunks_exact(x.len()).zip(&c) {
            response.iter_mut().zip(row).for_each(|(r, x)| *r -= c * x);
        }
        response.iter_mut().for_each(|r| *r *= gamma);
        response.extend(c.iter().map(|c| -sigma * c));
        let mean = dot(&c, y);
        if mean.is_finite() && response.iter().all(|r| r.is_finite()) {
            Ok(PathwiseDraws { response, mean })
        } else {
            Err(overflowing())
        }
    }

    /// The mean of the draws, $c\cdot y$.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// One draw. $d + n$ positions.
    pub fn draw(&self, stream: &mut Stream) -> f64 {
        self.mean + self.response.iter().map(|r| r * stream.normal()).sum::<f64>()
    }
}

fn finite(at: Prediction) -> Result<Prediction> {
    if at.m.is_finite() && at.s2.is_finite() { Ok(at) } else { Err(overflowing()) }
}

fn overflowing() -> Error {
    Error::invalid(
        "x_train",
        "so large or so ill-conditioned",
        "inputs whose squares and ridge are doubles of like size",
    )
}

fn features_of(x: &[f64], d: usize) -> Result<Vec<f64>> {
    if x.len() != d {
        return Err(Error::invalid("x", format!("of length {}", x.len()), format!("{d} entries")));
    }
    x.iter().enumerate().try_for_each(|(j, &x)| check_finite(&format!("x[{j}]"), x))?;
    let root = (d as f64).sqrt();
    Ok(x.iter().map(|x| x / root).collect())
}

fn check(x_train: &[Vec<f64>], y: &[f64], d: usize, sigma: f64, gamma: f64) -> Result<()> {
    if d == 0 {
        return Err(Error::invalid("x", "empty", "at least one input"));
    }
    check_positive("sigma", sigma)?;
    check_positive("gamma", gamma)?;
    for (i, row) in x_train.iter().enumerate() {
        if row.len() != d {
            let found = format!("of length {}", row.len());
            return Err(Error::invalid(format!("x_train[{i}]"), found, format!("{d} entries, as x")));
        }
        row.iter().enumerate().try_for_each(|(j, &x)| check_finite(&format!("x_train[{i}][{j}]"), x))?;
    }
    if y.len() != x_train.len() {
        let found = format!("of length {}", y.len());
        return Err(Error::invalid("y", found, format!("{} entries, as x_train", x_train.len())));
    }
    y.iter().enumerate().try_for_each(|(i, &y)| check_finite(&format!("y[{i}]"), y))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(n: usize, d: usize) -> (Vec<Vec<f64>>, Vec<f64>, Vec<f64>) {
        let wave = |i: usize| ((i * 7919 + 17) as f64 * 0.754877).fract() * 4.0 - 2.0;
        let x: Vec<Vec<f64>> = (0..n).map(|i| (0..d).map(|j| wave(i * d + j)).collect()).collect();
        (x, (0..n).map(|i| wave(i + 999)).collect(), (0..d).map(|j| wave(j + 555)).collect())
    }

    #[test]
    fn primal_and_dual_agree() {
        for (n, d) in [(1, 1), (3, 5), (5, 3), (40, 20), (20, 40), (70, 70)] {
            let (x_train, y, x) = data(n, d);
            let primal = Posterior::new(&x_train, &y, d, 0.4, 1.7).unwrap().predict(&x).unwrap();
            let dual = dual(&x_train, &y, 0.4, 1.7, &x).unwrap();
            // condition of P at most 1 + gamma^2 |Phi|^2 / sigma^2 < 1e4
            assert!(
                (primal.m - dual.m).abs() < 1e-11 && (primal.s2 / dual.s2 - 1.0).abs() < 1e-11,
                "{n} {d}: {primal:?} {dual:?}"
            );
        }
    }

    #[test]
    fn without_data_the_prior_answers() {
        let at = Posterior::new(&[], &[], 2, 0.5, 3.0).unwrap().predict(&[1.0, -1.0]).unwrap();
        assert_eq!(at.m, 0.0);
        assert!((at.s2 - 9.25).abs() < 2e-15);
        let prior = dual(&[], &[], 0.5, 3.0, &[1.0, -1.0]).unwrap();
        assert!(prior.m == 0.0 && (prior.s2 - 9.25).abs() < 2e-15);
    }

    #[test]
    fn bad_input() {
        let rows = [vec![1.0, 2.0], vec![1.0]];
        let make = |x: &[Vec<f64>], y: &[f64], sigma, gamma| Posterior::new(x, y, 2, sigma, gamma).map(|_| ());
        for (bad, field) in [
            (make(&rows, &[1.0, 1.0], 1.0, 1.0), "x_train[1]"),
            (make(&rows[..1], &[], 1.0, 1.0), "y"),
            (make(&rows[..1], &[f64::NAN], 1.0, 1.0), "y[0]"),
            (make(&rows[..1], &[1.0], 0.0, 1.0), "sigma"),
            (make(&rows[..1], &[1.0], 1.0, f64::INFINITY), "gamma"),
            (make(&[vec![1e200, 1.0]], &[1.0], 1.0, 1.0), "x_train"),
            (Posterior::new(&[], &[], 0, 1.0, 1.0).map(|_| ()), "x"),
        ] {
            assert!(bad.unwrap_err().to_string().starts_with(field), "{field}");
        }
        let posterior = Posterior::new(&rows[..1], &[1.0], 2, 1.0, 1.0).unwrap();
        assert!(posterior.predict(&[1.0]).is_err() && posterior.predict(&[1.0, f64::NAN]).is_err());
    }
}
