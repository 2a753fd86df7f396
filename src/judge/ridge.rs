//! The renormalised ridge of Bayesian linear regression in high dimension (R1).
//!
//! With eigenvalues $e_i$ of the input covariance and $\alpha = d/n$ (dimension over data), $R \ge 0$ solves
//! $$R\,\big(1 - \alpha\,m(R)\big) = \lambda, \qquad m(R) = \frac1d\sum_i \frac{e_i}{e_i+R}, \qquad \lambda = \frac{\alpha\sigma^2}{\gamma^2}.$$
//! Degrees of freedom $\mathrm{df}_j = \frac1d\sum_i (e_i/(e_i+R))^j$. At $\lambda = 0$: $R = 0$ if $\alpha$ times the share of
//! positive $e_i$ is at most 1, otherwise the positive root. Source: Halder and Pehlevan (2025), Result 1.
//!
//! Bracketed Newton to the last bit on $(1-\alpha) + \alpha(1-m) - \lambda/R$, which increases: 5 to 60 steps of $O(d)$. Relative error
//! $10^{-15}$ for $\alpha \le 1$; beyond, as $1-\alpha$ and $\alpha(1-m)$ cancel.

use super::model::check_positive;
use crate::numerics::roots::newton_bracketed;
use crate::numerics::sum::sum;
use crate::{Error, Result};

/// The ridge and its degrees of freedom (quantity `judge.ridge`).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Ridge {
    /// $R$, in units of the eigenvalues.
    pub r: f64,
    /// $m(R)$, the mean of $e/(e+R)$; 0 where $e = 0$.
    pub df1: f64,
    /// The mean of $(e/(e+R))^2$.
    pub df2: f64,
}

/// The renormalised ridge of a spectrum.
///
/// # Errors
/// [`Error::InvalidInput`] about `eigs` (non-empty, finite, >= 0), `alpha` (> 0) or `lambda` (>= 0);
/// [`Error::NotConverged`] is not known to happen.
///
/// ```
/// use tilt::judge::ridge::renormalised_ridge;
/// let ridge = renormalised_ridge(&[3.0, 1.0, 0.2], 0.8, 0.05)?;
/// assert!((ridge.r - 0.14082278174637163).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn renormalised_ridge(eigs: &[f64], alpha: f64, lambda: f64) -> Result<Ridge> {
    check_spectrum(eigs)?;
    check_positive("alpha", alpha)?;
    if !(lambda.is_finite() && lambda >= 0.0) {
        return Err(Error::invalid("lambda", lambda, "a finite number >= 0"));
    }
    let d = eigs.len() as f64;
    let positive: Vec<f64> = eigs.iter().copied().filter(|&e| e > 0.0).collect();
    let share = positive.len() as f64 / d;
    let mean = |f: &dyn Fn(f64) -> f64| sum(positive.iter().map(|&e| f(e))) / d;
    let at = |r: f64| Ridge { r, df1: mean(&|e| e / (e + r)), df2: mean(&|e| (e / (e + r)) * (e / (e + r))) };
    if positive.is_empty() || (lambda == 0.0 && alpha * share <= 1.0) {
        return Ok(at(lambda));
    }
    // R >= lambda; with no ridge, below the least eigenvalue times (alpha share - 1) the left side is still negative.
    let least = positive.iter().copied().fold(f64::INFINITY, f64::min);
    let low = if lambda > 0.0 { lambda } else { 0.5 * least * (alpha * share - 1.0) };
    let high = (lambda + alpha * mean(&|e| e)) * (1.0 + 1e-12);
    // 1 - alpha m without the cancellation near alpha = 1
    let spare = 1.0 - alpha * share;
    let residual = |r: f64| {
        let slope = alpha * mean(&|e| (e / (e + r)) / (e + r)) + lambda / r / r;
        (spare + alpha * mean(&|e| r / (e + r)) - lambda / r, slope)
    };
    let root = newton_bracketed(residual, low, high, low.max(0.5 * high));
    if root.found() || root.value.abs() < 1e-12 {
        return Ok(at(root.x));
    }
    Err(Error::NotConverged {
        method: "the renormalised ridge".into(),
        iterations: root.iterations,
        residual: root.value,
        tolerance: 0.0,
    })
}

/// The ridge of an isotropic spectrum $e_i = S^2$ in closed form:
/// $R = \frac{S^2}2\big[\alpha + q - 1 + \sqrt{(\alpha+q-1)^2 + 4q}\big]$, $q = \lambda/S^2$.
///
/// Arguments must be positive (`lambda` may be 0); not checked.
pub fn isotropic_ridge(s2: f64, alpha: f64, lambda: f64) -> f64 {
    let q = lambda / s2;
    let half = 0.5 * (alpha - 1.0 + q);
    let root = half.hypot(q.sqrt());
    // The smaller of the two roots of x^2 - 2 half x - q would cancel.
    s2 * if half >= 0.0 { half + root } else { q / (root - half) }
}

pub(super) fn check_spectrum(eigs: &[f64]) -> Result<()> {
    if eigs.is_empty() {
        return Err(Error::invalid("eigs", "empty", "at least one eigenvalue"));
    }
    match eigs.iter().position(|e| !(e.is_finite() && *e >= 0.0)) {
        Some(i) => Err(Error::invalid(format!("eigs[{i}]"), eigs[i], "a finite eigenvalue >= 0")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_form_and_root_agree() {
        for alpha in [1e-3, 0.3, 0.999, 1.0, 1.7, 50.0] {
            for lambda in [1e-12, 1e-9, 1e-3, 0.4, 30.0] {
                for s2 in [0.2, 1.0, 7.0] {
                    let closed = isotropic_ridge(s2, alpha, lambda);
                    let root = renormalised_ridge(&[s2; 5], alpha, lambda).unwrap();
                    // rounding of the three terms, over the logarithmic slope of their sum
                    let kept = closed / (s2 + closed);
                    let slope = alpha * (1.0 - kept) * kept + lambda / closed;
                    let terms = (1.0 - alpha).abs() + alpha * kept + lambda / closed;
                    let allowed = 4e-16 * terms / slope + 1e-15;
                    assert!((root.r / closed - 1.0).abs() < allowed, "{alpha} {lambda} {s2}: {} {closed}", root.r);
                    let m = s2 / (s2 + root.r);
                    assert!((root.df1 - m).abs() < 1e-15 && (root.df2 - m * m).abs() < 1e-15);
                }
            }
        }
    }

    #[test]
    fn without_a_ridge() {
        let at = |eigs: &[f64], alpha| renormalised_ridge(eigs, alpha, 0.0).unwrap();
        assert_eq!(at(&[1.0, 2.0, 0.0], 1.2), Ridge { r: 0.0, df1: 2.0 / 3.0, df2: 2.0 / 3.0 });
        assert_eq!(at(&[0.0, 0.0], 9.0), Ridge { r: 0.0, df1: 0.0, df2: 0.0 });
        // alpha m = 1 has the root e (alpha - 1) for equal eigenvalues
        assert!((at(&[2.0; 3], 1.5).r - 1.0).abs() < 1e-15);
        let mixed = at(&[5.0, 1e-3, 0.0], 4.0);
        assert!((4.0 * mixed.df1 - 1.0).abs() < 4e-15 && mixed.r > 0.0);
        assert_eq!(renormalised_ridge(&[0.0], 2.0, 0.7).unwrap().r, 0.7);
    }

    #[test]
    fn bad_input() {
        for (bad, field) in [
            (renormalised_ridge(&[], 1.0, 0.1), "eigs"),
            (renormalised_ridge(&[1.0, -1.0], 1.0, 0.1), "eigs[1]"),
            (renormalised_ridge(&[1.0], 0.0, 0.1), "alpha"),
            (renormalised_ridge(&[1.0], 1.0, -0.1), "lambda"),
        ] {
            assert!(bad.unwrap_err().to_string().starts_with(field));
        }
    }
}
