//! Posterior and biases in the high-dimensional limit: the one-point equivalents of the paper and the two-point ones (R1, R2).
//!
//! Inputs $x \sim N(0,\Sigma)$, features $x/\sqrt d$, $n$ labels $y = \phi\cdot w_T + \sigma\eta$, prior $N(0,\gamma^2 I)$. With
//! $\alpha = d/n$, $\lambda = \alpha\sigma^2/\gamma^2$, the ridge $R$, $B = R(\Sigma+R)^{-1}$, $\Delta = w_T - w_R$,
//! $$s^2 = \sigma^2 + \frac{\gamma^2}d\mathrm{Tr}\,\Sigma B,\quad v_1 = \frac{w_T'B\Sigma Bw_T}d,\quad c_1 = \frac{w_T'B\Sigma\Delta}d,\quad \frac{\Delta'\Sigma\Delta}d.$$
//!
//! | | $V_{TT}$ | $V_{TR}$ | $V_{RR}$ |
//! |---|---|---|---|
//! | one-point | $v_1$ | $v_1 - c_1$ | $v_1 - 2c_1 + \Delta'\Sigma\Delta/d$ |
//! | two-point | $\frac{v_1+\alpha\sigma^2\mathrm{df}_2}{1-\alpha\,\mathrm{df}_2}$ | $V_{TT}-c_1$ | $V_{TT}-2c_1+\Delta'\Sigma\Delta/d$ |
//!
//! One-point: Halder and Pehlevan (2025), Result 1, right as $\alpha\to0$. Two-point (derived): the fluctuations of $\hat w$ from
//! labels and design, which do not vanish at $\alpha$ of order one. At finite $d$ both carry a bias $O(1/d)$. $O(d)$ after the ridge.

use super::model::{BiasLaw, check_finite, check_positive};
use super::ridge::{check_spectrum, renormalised_ridge};
use crate::numerics::sum::sum;
use crate::{Error, Result};

/// A regression task in the eigenbasis of $\Sigma$.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    eigs: Vec<f64>,
    w_t: Vec<f64>,
    w_r: Vec<f64>,
    n: u64,
    sigma: f64,
    gamma: f64,
}

impl Regression {
    /// Spectrum, teacher and judge in the eigenbasis; number of data; deviations of the label noise and of the prior.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `eigs`, `w_t`, `w_r` (one length), `n` (>= 1), `sigma` or `gamma` (> 0).
    pub fn new(eigs: &[f64], w_t: &[f64], w_r: &[f64], n: u64, sigma: f64, gamma: f64) -> Result<Self> {
        check_spectrum(eigs)?;
        for (field, w) in [("w_t", w_t), ("w_r", w_r)] {
            if w.len() != eigs.len() {
                let found = format!("of length {}", w.len());
                return Err(Error::invalid(field, found, format!("{} entries, as eigs", eigs.len())));
            }
            w.iter().enumerate().try_for_each(|(i, &w)| check_finite(&format!("{field}[{i}]"), w))?;
        }
        if n == 0 {
            return Err(Error::invalid("n", n, "an integer >= 1"));
        }
        check_positive("sigma", sigma)?;
        check_positive("gamma", gamma)?;
        Ok(Regression { eigs: eigs.to_vec(), w_t: w_t.to_vec(), w_r: w_r.to_vec(), n, sigma, gamma })
    }

    /// The eigenvalues of $\Sigma$.
    pub fn eigs(&self) -> &[f64] {
        &self.eigs
    }

    /// The teacher.
    pub fn teacher(&self) -> &[f64] {
        &self.w_t
    }

    /// The judge.
    pub fn judge(&self) -> &[f64] {
        &self.w_r
    }

    /// The number of training points.
    pub fn data(&self) -> u64 {
        self.n
    }

    /// The deviation of the label noise.
    pub fn sigma(&self) -> f64 {
        self.sigma
    }

    /// The deviation of the prior.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// $\alpha = d/n$.
    pub fn alpha(&self) -> f64 {
        self.eigs.len() as f64 / self.n as f64
    }
}

/// The deterministic equivalents (quantity `judge.predictive_de`).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Equivalents {
    /// $\lambda$.
    pub lambda: f64,
    /// The renormalised ridge $R$.
    pub r: f64,
    /// Predictive variance $s^2$.
    pub s2: f64,
    /// One-point $V_{TT}$.
    pub v_tt_one: f64,
    /// One-point $V_{TR}$.
    pub v_tr_one: f64,
    /// One-point $V_{RR}$.
    pub v_rr_one: f64,
    /// Two-point $V_{TT}$.
    pub v_tt: f64,
    /// Two-point $V_{TR}$.
    pub v_tr: f64,
    /// Two-point $V_{RR}$.
    pub v_rr: f64,
}

impl Equivalents {
    /// The paper's law of the biases.
    ///
    /// # Errors
    /// As [`BiasLaw::new`], where a variance underflows or overflows.
    pub fn one_point(&self) -> Result<BiasLaw> {
        BiasLaw::new(self.v_tt_one, self.v_tr_one, self.v_rr_one, self.s2)
    }

    /// The law of the biases that holds at $\alpha$ of order one.
    ///
    /// # Errors
    /// As [`one_point`](Self::one_point).
    pub fn two_point(&self) -> Result<BiasLaw> {
        BiasLaw::new(self.v_tt, self.v_tr, self.v_rr, self.s2)
    }
}

/// The equivalents of a task.
///
/// # Errors
/// As [`renormalised_ridge`]; [`Error::InvalidInput`] about `sigma` or `gamma` where $\lambda$ leaves the range of numbers.
///
/// ```
/// use tilt::judge::equivalents::{Regression, equivalents};
/// let task = Regression::new(&[1.5, 1.0, 0.5], &[1.0, 0.5, -1.0], &[0.8, 0.5, -1.2], 5, 0.3, 1.0)?;
/// let limit = equivalents(&task)?;
/// assert!((limit.s2 - 0.1906969223613344).abs() < 1e-15 && (limit.v_tt - 0.09576054789415188).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn equivalents(task: &Regression) -> Result<Equivalents> {
    let (alpha, d) = (task.alpha(), task.eigs.len() as f64);
    let ratio = task.sigma / task.gamma;
    let lambda = alpha * ratio * ratio;
    if !lambda.is_normal() {
        return Err(Error::invalid("gamma", task.gamma, "of a size that leaves sigma^2/gamma^2 a normal double"));
    }
    let ridge = renormalised_ridge(&task.eigs, alpha, lambda)?;
    let keep = |e: f64| ridge.r / (e + ridge.r);
    let mean = |f: &dyn Fn(f64, f64, f64) -> f64| {
        sum((0..task.eigs.len()).map(|i| f(task.eigs[i], keep(task.eigs[i]) * task.w_t[i], task.w_t[i] - task.w_r[i])))
            / d
    };
    let v_tt_one = mean(&|e, bias, _| e * bias * bias);
    let v_tr_one = mean(&|e, bias, delta| e * bias * (bias - delta));
    let v_rr_one = mean(&|e, bias, delta| e * (bias - delta) * (bias - delta));
    let sigma2 = task.sigma * task.sigma;
    let shrink = alpha * ridge.df2;
    // 1 - alpha df2 = lambda/R + alpha (df1 - df2), two positive terms
    let left = lambda / ridge.r + alpha * mean(&|e, _, _| e / (e + ridge.r) * keep(e));
    let fluctuation = shrink * (v_tt_one + sigma2) / left;
    Ok(Equivalents {
        lambda,
        r: ridge.r,
        s2: sigma2 + task.gamma * task.gamma * sum(task.eigs.iter().map(|&e| e * keep(e))) / d,
        v_tt_one,
        v_tr_one,
        v_rr_one,
        v_tt: v_tt_one + fluctuation,
        v_tr: v_tr_one + fluctuation,
        v_rr: v_rr_one + fluctuation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_values() {
        let task = Regression::new(&[1.5, 1.0, 0.5], &[1.0, 0.5, -1.0], &[0.8, 0.5, -1.2], 5, 0.3, 1.0).unwrap();
        let e = equivalents(&task).unwrap();
        for (found, wanted) in [
            (e.r, 0.11441815341680063),
            (e.s2, 0.1906969223613344),
            (e.v_tt_one, 0.009169679048223555),
            (e.v_tt, 0.09576054789415188),
            (e.v_tr, 0.0948806778365009),
            (e.v_rr, 0.1206674744455166),
        ] {
            assert!((found / wanted - 1.0).abs() < 4e-15, "{found} {wanted}");
        }
    }

    /// Values the specification measured by simulation, and its two-point values.
    #[test]
    fn isotropic_values_of_the_specification() {
        let at = |n, sigma, gamma| {
            let ones = vec![1.0; 200];
            equivalents(&Regression::new(&ones, &ones, &ones, n, sigma, gamma).unwrap()).unwrap()
        };
        let first = at(400, 0.5, 1.0);
        assert!((first.v_tt - 0.1754).abs() < 5e-5 && (first.v_tt_one - 0.0308).abs() < 5e-5);
        let second = at(250, 0.3, 2.0);
        assert!((second.v_tt - 0.2219).abs() < 5e-5 && (second.v_tt_one - 0.0044).abs() < 5e-5);
    }

    /// Well specified: averaged over teachers from the prior, the bias variance is the posterior variance.
    #[test]
    fn a_teacher_from_the_prior() {
        let eigs = [2.0, 0.7, 0.1, 0.0];
        let gamma = 1.3;
        let e = equivalents(&Regression::new(&eigs, &[gamma; 4], &[gamma; 4], 3, 0.6, gamma).unwrap()).unwrap();
        assert!((e.v_tt - (e.s2 - 0.36)).abs() < 4e-15 * e.s2, "{e:?}");
    }

    #[test]
    fn bad_tasks() {
        let make = |w: &[f64], n, sigma, gamma| Regression::new(&[1.0, 1.0], w, &[0.0, 0.0], n, sigma, gamma);
        for (bad, field) in [
            (make(&[1.0], 5, 1.0, 1.0), "w_t"),
            (make(&[1.0, f64::NAN], 5, 1.0, 1.0), "w_t[1]"),
            (make(&[1.0, 1.0], 0, 1.0, 1.0), "n"),
            (make(&[1.0, 1.0], 5, 0.0, 1.0), "sigma"),
            (make(&[1.0, 1.0], 5, 1.0, -1.0), "gamma"),
        ] {
            assert!(bad.unwrap_err().to_string().starts_with(field));
        }
    }
}
