//! Correlated proxies and what they guarantee (R15 to R18).
//!
//! $r = E_{\mu_{ref}}[(\tilde R - \tilde J)(R - J)]/(\tilde\sigma\sigma)$ on pairs (Laidlaw et al. 2025, Definition 4.1). For
//! $\mu_\pi \ll \mu_{ref}$, $w = \mu_\pi/\mu_{ref} - 1$, $\chi^2 = \|w\|^2$, $g = (J_n(\pi,\tilde R) - J_n(ref,\tilde R))/\tilde\sigma$:
//!
//! | bound on $(J_n(\pi,R) - J_n(ref,R))/\sigma$ | formula | source |
//! |---|---|---|
//! | `paper` | $\frac1r\left[g - \sqrt{(1-r^2)\chi^2}\right]$, $r > 0$ | Laidlaw et al. (2025), Theorem 5.1 |
//! | `sharp` | $r g - \sqrt{1-r^2}\sqrt{\chi^2 - g^2}$, attained | Liu, Sun, Zheng (2026), equation 9 |
//! | `canonical` | $\frac{\|c_x\|}{\sigma}\left[r_c g_c - \sqrt{1-r_c^2}\sqrt{\chi^2 - g_c^2}\right]$ | derived |
//!
//! $c_x, c_y$: the minimal canonicalisations of $R, \tilde R$ in $L_2(\mu_{ref})$, $r_c$ their cosine, $g_c$ the proxy's gain over
//! $\|c_y\|$: invariant to potential shaping, where $r$ is not. canonical >= sharp >= paper always. $\sqrt{1-r^2}$ is the norm of
//! the residual of one standardised reward on the other: nothing cancels as $r \to 1$. Returns are normalised, $J_n = \mu\cdot\bar r$.

use super::canonical::ZERO;
use super::minimal::Minimal;
use super::policy::Policy;
use super::reference::Reference;
use super::reward::Reward;
use crate::{Error, Result};

/// A reward standardised under the reference.
#[derive(Clone, Debug, PartialEq)]
struct Standardised {
    mean: f64,
    sigma: f64,
    /// $(\bar r - J_n)/\sigma$ on pairs.
    unit: Vec<f64>,
}

fn standardise(reference: &Reference, field: &str, reward: &Reward) -> Result<Standardised> {
    let r = reward.expected();
    let mean = reference.mean(|i| r[i]);
    let sigma = reference.norm(|i| r[i] - mean);
    if sigma <= ZERO * reward.largest() {
        let found = format!("of standard deviation {sigma:e} under the reference");
        return Err(Error::invalid(field, found, "a reward that varies where the reference plays"));
    }
    Ok(Standardised { mean, sigma, unit: r.iter().map(|r| (r - mean) / sigma).collect() })
}

/// Correlation of proxy and true reward under the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correlation {
    /// $r$, in $[-1, 1]$.
    pub r: f64,
    /// $\sqrt{1-r^2}$ without cancellation.
    pub residual: f64,
    /// $\sigma$ of the true reward.
    pub sigma_true: f64,
    /// $\tilde\sigma$ of the proxy.
    pub sigma_proxy: f64,
    /// Normalised return of the reference under the true reward.
    pub j_ref_true: f64,
    /// Under the proxy.
    pub j_ref_proxy: f64,
}

impl Correlation {
    /// The penalty of Laidlaw et al. on $\sqrt{\chi^2}$: $\lambda = \tilde\sigma\sqrt{1-r^2}$.
    pub fn paper_lambda(&self) -> f64 {
        self.sigma_proxy * self.residual
    }
}

/// $r$, the standard deviations, and the reference's returns.
///
/// # Errors
/// `R` or `R_proxy` if it does not vary under the reference.
pub fn correlation(reference: &Reference, truth: &Reward, proxy: &Reward) -> Result<Correlation> {
    let (x, y) = (standardise(reference, "R", truth)?, standardise(reference, "R_proxy", proxy)?);
    let (r, residual) = cosine(reference, &x.unit, &y.unit);
    let (sigma_true, sigma_proxy) = (x.sigma, y.sigma);
    Ok(Correlation { r, residual, sigma_true, sigma_proxy, j_ref_true: x.mean, j_ref_proxy: y.mean })
}

/// The inner product of two unit functions and the length of the part of `y` orthogonal to `x`.
fn cosine(reference: &Reference, x: &[f64], y: &[f64]) -> (f64, f64) {
    let r = reference.mean(|i| x[i] * y[i]).clamp(-1.0, 1.0);
    (r, reference.norm(|i| y[i] - r * x[i]).min(1.0))
}

/// What the proxy's gain guarantees for the true reward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// $\chi^2(\mu_\pi\|\mu_{ref})$.
    pub chi2: f64,
    /// $g$: the proxy's gain over $\tilde\sigma$.
    pub gain_proxy: f64,
    /// The true gain over $\sigma$.
    pub gain_true: f64,
    /// The bound of Laidlaw et al.
    pub bound_paper: f64,
    /// The sharp bound given $r$.
    pub bound_sharp: f64,
    /// $r_c$, invariant to shaping.
    pub r_canonical: f64,
    /// The canonical bound.
    pub bound_canonical: f64,
}

/// All three bounds, and what they bound.
///
/// # Errors
/// `R`, `R_proxy` as in [`correlation`]; `R_proxy` if $r \le 0$; `pi` if it is not absolutely continuous to the reference.
pub fn bounds(reference: &Reference, policy: &Policy, truth: &Reward, proxy: &Reward) -> Result<Bounds> {
    let found = bounds_of_any_sign(reference, policy, truth, proxy)?;
    let r = correlation(reference, truth, proxy)?.r;
    if r <= 0.0 {
        let expected = "a proxy correlated with the true reward, r > 0";
        return Err(Error::invalid("R_proxy", format!("of correlation r = {r}"), expected));
    }
    Ok(found)
}

/// As [`bounds`] for any $r$; `bound_paper` is $-\infty$ where $r \le 0$: that theorem says nothing then.
///
/// # Errors
/// As [`bounds`], without the condition on $r$.
pub fn bounds_of_any_sign(reference: &Reference, policy: &Policy, truth: &Reward, proxy: &Reward) -> Result<Bounds> {
    let (x, y) = (standardise(reference, "R", truth)?, standardise(reference, "R_proxy", proxy)?);
    let (r, residual) = cosine(reference, &x.unit, &y.unit);
    let w = reference.density(policy)?;
    let chi2 = reference.mean(|i| w[i] * w[i]);
    let gain = |unit: &[f64]| reference.mean(|i| w[i] * unit[i]);
    let (gain_true, gain_proxy) = (gain(&x.unit), gain(&y.unit));
    let sharp = |r: f64, residual: f64, g: f64| r * g - residual * (chi2 - g * g).max(0.0).sqrt();
    let (r_canonical, bound_canonical) = {
        let minimal = Minimal::new(reference.mdp, masked(reference))?;
        let canonical = |reward: &Reward| -> Result<(Vec<f64>, f64)> {
            let (_, mut c) = minimal.apply(reward.expected())?;
            let largest = (0..c.len()).filter(|&i| reference.support[i]).fold(0.0, |m: f64, i| m.max(c[i].abs()));
            if largest <= ZERO * reward.largest() / (1.0 - reference.mdp.gamma()) {
                return Ok((c, 0.0));
            }
            let norm = reference.norm(|i| c[i]);
            c.iter_mut().for_each(|c| *c /= norm);
            Ok((c, norm))
        };
        let ((cx, norm_x), (cy, norm_y)) = (canonical(truth)?, canonical(proxy)?);
        let (r, residual, g) = match norm_x > 0.0 && norm_y > 0.0 {
            true => {
                let (r, residual) = cosine(reference, &cx, &cy);
                (r, residual, gain(&cy))
            }
            false => (0.0, 1.0, 0.0),
        };
        (r, norm_x / x.sigma * sharp(r, residual, g))
    };
    let bound_paper = if r > 0.0 { (gain_proxy - residual * chi2.sqrt()) / r } else { f64::NEG_INFINITY };
    let bound_sharp = sharp(r, residual, gain_proxy);
    Ok(Bounds { chi2, gain_proxy, gain_true, bound_paper, bound_sharp, r_canonical, bound_canonical })
}

/// $\mu_{ref}$ with exact zeros off the support.
pub fn masked(reference: &Reference) -> Vec<f64> {
    reference.mu.iter().zip(&reference.support).map(|(mu, inside)| if *inside { *mu } else { 0.0 }).collect()
}
