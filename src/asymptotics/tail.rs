//! Tail probabilities of a memoryless reward: Chernoff, Bahadur-Rao (with and without its `1/n` term), Lugannani-Rice (R22).
//!
//! At the threshold `t = n x`, `n mu < t < n s_max`: `tau` the tilt with mean `x`, `V, k3, k4` the cumulants and `I` the
//! divergence of the tilted symbol law. Span `d` (0: non-lattice),
//! `a_d = (1 - e^{-tau d})/d`, `E1 = d rho/(1-rho)`, `E2 = d^2 rho (1+rho)/(1-rho)^2`, `rho = e^{-tau d}`; in the limit
//! `d = 0`: `tau, 1/tau, 2/tau^2`.
//!
//! - Chernoff: `P(R >= t) <= e^{-nI}`, for every `n`.
//! - Bahadur-Rao: `e^{-nI} / (a_d sqrt(2 pi n V)) (1 + c/n)`,
//!   `c = k4/(8V^2) - 5 k3^2/(24 V^3) - k3 E1/(2V^2) - E2/(2V)`; errors of the logarithm `O(1/n)` and `O(1/n^2)`.
//! - Lugannani-Rice: `1 - Phi(w) + phi(w)(1/u - 1/w)`, `w = sqrt(2nI)`, `u = a_d sqrt(nV)`; near the mean `1/u - 1/w` is
//!   0/0 and its series in `tau` is used.
//!
//! Sources: R.R. Bahadur and R.R. Rao 1960; R. Lugannani and S. Rice 1980; the `1/n` term derived (spec R22).

use super::lattice::is_on;
use super::memoryless::Memoryless;
use super::reward_law::reward_law;
use crate::numerics::special::{normal_cdf, normal_log_sf};
use crate::prob::{Tilt, tilt, tilt_to_mean};
use crate::{Error, Result};
use std::f64::consts::TAU;

/// How close a number must be to a lattice to be on it, relative to its size.
const ON_LATTICE: f64 = 1e-9;

/// Approximations of a tail probability beside its exact value; all logarithms. Quantity `asymptotics.tail_approx`.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct TailApproximations {
    /// The tilt whose mean reward a symbol is `threshold / n`.
    pub tau: f64,
    /// `log P(R >= threshold)`.
    pub log_exact: f64,
    /// `-n I`.
    pub log_chernoff: f64,
    /// Bahadur-Rao.
    pub log_bahadur_rao: f64,
    /// With the `1/n` term; `None` where its bracket is not positive.
    pub log_bahadur_rao_1: Option<f64>,
    /// Lugannani-Rice; `None` where it is not positive.
    pub log_lugannani_rice: Option<f64>,
}

/// `P(R >= threshold)` exactly and by its approximations; `span` 0 for the non-lattice formulas.
///
/// # Errors
/// Field `threshold` (in `(n mu, n s_max)`, on the lattice if there is one), `span` (finite, >= 0), `s` (on the lattice);
/// [`Error::TooLarge`] from the exact law.
pub fn tail_approximations(model: &Memoryless, threshold: f64, span: f64) -> Result<TailApproximations> {
    let formulas = tail_formulas(model, threshold, span)?;
    Ok(TailApproximations { log_exact: reward_law(model)?.log_survival_ge(threshold), ..formulas })
}

/// As [`tail_approximations`] without the exact law: its place is taken by Bahadur-Rao with the `1/n` term, which for a
/// fixed reward a symbol is off by `O(n^-2)` on a lattice. Cost `O(k)`, for any `n`.
///
/// # Errors
/// As [`tail_approximations`]; field `threshold` also where the bracket of the `1/n` term is not positive.
pub fn tail_expansion(model: &Memoryless, threshold: f64, span: f64) -> Result<TailApproximations> {
    let formulas = tail_formulas(model, threshold, span)?;
    let refusal = || Error::invalid("threshold", threshold, "a threshold where the 1/n term leaves a positive bracket");
    Ok(TailApproximations { log_exact: formulas.log_bahadur_rao_1.ok_or_else(refusal)?, ..formulas })
}

/// Everything but the exact value, for which Chernoff's stands.
pub(crate) fn tail_formulas(model: &Memoryless, threshold: f64, span: f64) -> Result<TailApproximations> {
    check_span(model, span)?;
    let n = model.length() as f64;
    let (low, high) = (n * model.symbol_mean(), n * model.rewards()[model.rewards().len() - 1]);
    if !(threshold > low && threshold < high) {
        return Err(Error::invalid("threshold", threshold, format!("a number in ({low}, {high}) = (n mu, n s_max)")));
    }
    if span > 0.0 && !is_on(threshold, n * model.rewards()[0], span, ON_LATTICE) {
        return Err(Error::invalid("threshold", threshold, format!("a point of n s_min + {span} Z")));
    }
    let tilted = tilt_to_mean(model.letters(), model.rewards(), threshold / n);
    let saddle = Saddle::new(&tilted, n, span);
    let log_chernoff = -n * tilted.kl;
    Ok(TailApproximations {
        tau: tilted.beta,
        log_exact: log_chernoff,
        log_chernoff,
        log_bahadur_rao: saddle.log_bahadur_rao(),
        log_bahadur_rao_1: saddle.log_bahadur_rao_1(),
        log_lugannani_rice: saddle.log_lugannani_rice(&tilt(model.letters(), model.rewards(), 0.0)),
    })
}

/// `span` is 0, or the rewards lie on `s_min + span Z`.
pub(crate) fn check_span(model: &Memoryless, span: f64) -> Result<()> {
    if !(span.is_finite() && span >= 0.0) {
        return Err(Error::invalid("span", span, "a finite number >= 0 (0: non-lattice)"));
    }
    let off = |s: &&f64| span > 0.0 && !is_on(**s, model.rewards()[0], span, ON_LATTICE);
    match model.rewards().iter().find(off) {
        Some(s) => Err(Error::invalid("s", s, format!("rewards on s_min + {span} Z (to 1e-9)"))),
        None => Ok(()),
    }
}

/// `(1 - e^{-tau d}) / d`, `tau` at `d = 0`.
pub(crate) fn lattice_tilt(tau: f64, span: f64) -> f64 {
    if span > 0.0 { -(-tau * span).exp_m1() / span } else { tau }
}

/// The constants of the formulas at one threshold.
pub(crate) struct Saddle<'a> {
    tilted: &'a Tilt,
    n: f64,
    span: f64,
}

impl<'a> Saddle<'a> {
    pub(crate) fn new(tilted: &'a Tilt, n: f64, span: f64) -> Self {
        Saddle { tilted, n, span }
    }

    pub(crate) fn log_bahadur_rao(&self) -> f64 {
        let Tilt { beta, variance, kl, .. } = *self.tilted;
        -self.n * kl - (lattice_tilt(beta, self.span) * (TAU * self.n * variance).sqrt()).ln()
    }

    /// The bracket `1 + c/n`.
    pub(crate) fn correction(&self) -> f64 {
        let Tilt { beta: tau, variance: v, third_cumulant: k3, fourth_cumulant: k4, .. } = *self.tilted;
        let d = self.span;
        let (e1, e2) = if d > 0.0 {
            // rho/(1-rho) = 1/(e^{tau d} - 1), (1+rho)/(1-rho) = 1 + 2 rho/(1-rho).
            let odds = 1.0 / (tau * d).exp_m1();
            (d * odds, d * d * odds * (1.0 + 2.0 * odds))
        } else {
            (1.0 / tau, 2.0 / (tau * tau))
        };
        let c = k4 / (8.0 * v * v) - 5.0 * k3 * k3 / (24.0 * v * v * v) - k3 * e1 / (2.0 * v * v) - e2 / (2.0 * v);
        1.0 + c / self.n
    }

    pub(crate) fn log_bahadur_rao_1(&self) -> Option<f64> {
        let bracket = self.correction();
        (bracket > 0.0).then(|| self.log_bahadur_rao() + bracket.ln())
    }

    /// Lugannani-Rice; `base` is the law without tilt, for the series near the mean.
    pub(crate) fn log_lugannani_rice(&self, base: &Tilt) -> Option<f64> {
        let Tilt { beta: tau, variance, kl, .. } = *self.tilted;
        let w = (2.0 * self.n * kl).sqrt();
        let u = lattice_tilt(tau, self.span) * (self.n * variance).sqrt();
        let d = self.span;
        // Powers of tau in w and u: (1 + A tau + B tau^2)^(1/2) and (1 + C tau + D tau^2)^(1/2).
        let (c, dd) = (base.third_cumulant / base.variance, base.fourth_cumulant / (2.0 * base.variance));
        let (a, b) = (2.0 / 3.0 * c, 0.5 * dd);
        let scale = tau * (c.abs() + dd.abs().sqrt() + d);
        let difference = if scale < 1e-5 {
            let slope = d * d / 12.0 - c * d / 4.0 + 0.375 * (c * c - a * a) - 0.5 * (dd - b);
            (0.5 * (d - c + a) + tau * slope) / (self.n * base.variance).sqrt()
        } else {
            1.0 / u - 1.0 / w
        };
        let log_density = -0.5 * w * w - 0.5 * TAU.ln();
        let value = if w > 50.0 {
            // (1 - Phi(w))/phi(w) = 1/w - 1/w^3 + 3/w^5 - ...: the 1/w cancels.
            let y = 1.0 / (w * w);
            1.0 / u - y / w * (1.0 - y * (3.0 - 15.0 * y))
        } else if w < 1.0 {
            return positive_log(normal_cdf(-w) + log_density.exp() * difference);
        } else {
            (normal_log_sf(w) - log_density).exp() + difference
        };
        positive_log(value).map(|log| log_density + log)
    }
}

fn positive_log(x: f64) -> Option<f64> {
    (x > 0.0).then(|| x.ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: [f64; 3] = [0.5, 0.3, 0.2];

    fn close(found: f64, wanted: f64) {
        assert!((found - wanted).abs() <= 1e-13 * wanted.abs(), "{found} instead of {wanted}");
    }

    #[test]
    fn reference_values() {
        let model = Memoryless::new(&P, &[0.0, 1.0, 2.0], 60).unwrap();
        let found = tail_approximations(&model, 72.0, 1.0).unwrap();
        close(found.tau, 0.7575518499432885);
        close(found.log_exact, -13.621290002211667);
        close(found.log_chernoff, -11.476479568856725);
        close(found.log_bahadur_rao, -13.592886500064258);
        close(found.log_bahadur_rao_1.unwrap(), -13.62465986613231);
        close(found.log_lugannani_rice.unwrap(), -13.620099650234454);
        let model = Memoryless::new(&P, &[0.0, 1.0, 1.8384776310850235], 60).unwrap();
        let found = tail_approximations(&model, 69.0, 0.0).unwrap();
        close(found.tau, 0.8706612854942574);
        close(found.log_exact, -15.160397876141209);
        close(found.log_chernoff, -12.55479063654621);
        close(found.log_bahadur_rao, -15.055074320453187);
        close(found.log_bahadur_rao_1.unwrap(), -15.094493043728955);
        close(found.log_lugannani_rice.unwrap(), -15.090441621061029);
    }

    #[test]
    fn errors_fall_at_their_rates() {
        // Instance A, t = 1.2 n (spec R22).
        let table = [(20u64, 0.0739, -0.0246, 0.0037), (60, 0.0284, -0.0034, 0.0012), (200, 0.0091, -0.00034, 0.00035)];
        for (n, first, second, third) in table {
            let model = Memoryless::new(&P, &[0.0, 1.0, 2.0], n).unwrap();
            let at = tail_approximations(&model, 1.2 * n as f64, 1.0).unwrap();
            assert!((at.log_bahadur_rao - at.log_exact - first).abs() < 6e-5);
            assert!((at.log_bahadur_rao_1.unwrap() - at.log_exact - second).abs() < 6e-5);
            assert!((at.log_lugannani_rice.unwrap() - at.log_exact - third).abs() < 6e-5);
        }
    }

    #[test]
    fn near_the_mean_the_series_continues_the_formula() {
        let model = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 1.7], 50).unwrap();
        let base = tilt(model.letters(), model.rewards(), 0.0);
        let at = |tau: f64| {
            let tilted = tilt(model.letters(), model.rewards(), tau);
            Saddle::new(&tilted, 50.0, 0.1).log_lugannani_rice(&base).unwrap()
        };
        // Two points on each side of the switch: a line within their second differences.
        let x = [4.0e-6, 5.0e-6, 1.0e-5, 1.1e-5];
        let slope = (at(x[1]) - at(x[0])) / 1e-6;
        let predicted = at(x[0]) + slope * (x[3] - x[0]);
        assert!((at(x[3]) - predicted).abs() < 3e-9, "{} {}", at(x[3]), predicted);
        assert!((at(x[2]) - at(x[0]) - slope * 6e-6).abs() < 3e-9);
    }

    #[test]
    fn rejections() {
        let model = Memoryless::new(&P, &[0.0, 1.0, 2.0], 60).unwrap();
        for (threshold, span) in [(42.0, 1.0), (120.0, 1.0), (72.5, 1.0), (72.0, -1.0), (72.0, f64::NAN), (72.0, 0.7)] {
            assert!(tail_approximations(&model, threshold, span).is_err(), "{threshold} {span}");
        }
        // A divisor of the span passes.
        assert!(tail_approximations(&model, 72.0, 0.5).is_ok());
    }

    #[test]
    fn brackets_and_values_that_are_not_positive_are_none() {
        let model = Memoryless::new(&P, &[0.0, 1.0, 2.0], 3).unwrap();
        let at = tail_approximations(&model, 3.0, 0.0).unwrap();
        assert!(at.log_bahadur_rao_1.is_none());
    }
}
