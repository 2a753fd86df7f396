//! Distances between rewards: standardised canonical rewards under a metric, and Pearson's distance.
//!
//! $d(R_1,R_2) = m(s(R_1), s(R_2))$, $s(R) = c(R)/n(c(R))$, or 0 for a trivial reward (Skalse et al. 2024, Definition 3). Trivial is
//! decided entrywise, $\max|c(R)| \le 10^{-13}\max|R|/(1-\gamma)$ (on the support of $P$ for $\tau$-weighted norms); for the span norm
//! by $\mathrm{span} \le 10^{-13}\max|R|/(1-\gamma)^2$. Without standardisation (`norm` none) nothing is tested.
//! The angle is $2\arcsin(\|u_1 - u_2\|/2)$ of unit vectors in the Frobenius norm; Pearson's distance is
//! $\sqrt{(1-\rho)/2} = \|u_1 - u_2\|/2$ of centred unit vectors under the coverage: both without cancellation for near rewards.

use super::canonical::{Canonical, Form, ZERO};
use super::mdp::Mdp;
use super::norm::{Norm, largest_entry, norm};
use crate::{Error, Result};

/// How standardised rewards are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// The norm of the difference.
    Of(Norm),
    /// The angle in radians, whatever the standardisation.
    Angle,
}

/// Whether $c(R)$ is 0 up to rounding, for the purposes of `kind`.
///
/// # Errors
/// As [`norm`].
pub fn is_trivial(mdp: &Mdp, c: &Canonical, kind: Norm) -> Result<bool> {
    let allowed = ZERO * c.reward_size / (1.0 - mdp.gamma());
    match kind {
        Norm::Span => Ok(norm(mdp, c, Norm::Span)? <= allowed / (1.0 - mdp.gamma())),
        _ => Ok(largest_entry(mdp, c, kind.is_tau()) <= allowed),
    }
}

/// The factor that standardises: $1/n(c(R))$, 0 for a trivial reward, 1 without a norm.
///
/// # Errors
/// As [`norm`].
pub fn standardising_factor(mdp: &Mdp, c: &Canonical, kind: Option<Norm>) -> Result<f64> {
    let Some(kind) = kind else { return Ok(1.0) };
    let size = norm(mdp, c, kind)?;
    let allowed = ZERO * c.reward_size / (1.0 - mdp.gamma());
    let trivial = match kind {
        Norm::Span => size <= allowed / (1.0 - mdp.gamma()),
        _ => largest_entry(mdp, c, kind.is_tau()) <= allowed,
    };
    Ok(if trivial || size == 0.0 { 0.0 } else { 1.0 / size })
}

/// The distance of two canonical rewards of one kind on one process.
///
/// # Errors
/// `norm`, `metric`, or, for the angle, `R1` or `R2` if trivial.
pub fn distance(mdp: &Mdp, c1: &Canonical, c2: &Canonical, kind: Option<Norm>, metric: Metric) -> Result<f64> {
    match metric {
        Metric::Angle => angle(mdp, c1, c2),
        Metric::Of(metric) => {
            let (x, y) = (standardising_factor(mdp, c1, kind)?, standardising_factor(mdp, c2, kind)?);
            norm(mdp, &c1.combined(x, c2, -y), metric).map_err(|error| error.in_field("norm", "metric"))
        }
    }
}

/// The angle between two canonical rewards in the unweighted $L_2$ norm, radians.
///
/// # Errors
/// `R1` or `R2` if trivial.
pub fn angle(mdp: &Mdp, c1: &Canonical, c2: &Canonical) -> Result<f64> {
    let unit = |field: &str, c: &Canonical| match standardising_factor(mdp, c, Some(Norm::L2))? {
        0.0 => Err(Error::invalid(field, "trivial", "a reward that is not trivial: its angle is undefined")),
        factor => Ok(factor),
    };
    let (x, y) = (unit("R1", c1)?, unit("R2", c2)?);
    let chord = norm(mdp, &c1.combined(x, c2, -y), Norm::L2)?;
    if chord <= std::f64::consts::SQRT_2 {
        return Ok(2.0 * (0.5 * chord).asin());
    }
    // Beyond a right angle, from the far side.
    let chord = norm(mdp, &c1.combined(x, c2, y), Norm::L2)?;
    Ok(std::f64::consts::PI - 2.0 * (0.5 * chord).min(1.0).asin())
}

/// Pearson's distance and correlation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pearson {
    /// $\sqrt{(1-\rho)/2}$.
    pub d: f64,
    /// $\rho$, in $[-1, 1]$.
    pub rho: f64,
}

/// Pearson's distance of two canonical rewards under `coverage`, a law on the stored transitions (uniform if absent).
///
/// # Errors
/// `R1` or `R2` if its standard deviation is at most $10^{-13}\max|R|/(1-\gamma)$; `mdp` for a sparse process.
pub fn pearson(mdp: &Mdp, c1: &Canonical, c2: &Canonical, coverage: Option<&[f64]>) -> Result<Pearson> {
    if mdp.dense().is_none() {
        return Err(Error::invalid("mdp", "sparse", "a dense process: the coverage is a law on all (s, a, s')"));
    }
    let uniform = 1.0 / mdp.transitions().stored() as f64;
    let weight = |i: usize| coverage.map_or(uniform, |law| law[i]);
    let unit = |field: &str, c: &Canonical| {
        let mut u = match &c.form {
            Form::Transitions(values) => values.clone(),
            Form::Pairs(_) => c.on_transitions(mdp),
        };
        let mass: f64 = (0..u.len()).map(weight).sum();
        let mean = u.iter().enumerate().map(|(i, x)| weight(i) * x).sum::<f64>() / mass;
        u.iter_mut().for_each(|x| *x -= mean);
        let deviation = u.iter().enumerate().map(|(i, x)| weight(i) * x * x).sum::<f64>().sqrt();
        if deviation <= ZERO * c.reward_size / (1.0 - mdp.gamma()) {
            let found = format!("of standard deviation {deviation:e} under the coverage");
            return Err(Error::invalid(field, found, "a canonical reward that varies"));
        }
        u.iter_mut().for_each(|x| *x /= deviation);
        Ok(u)
    };
    let (u1, u2) = (unit("R1", c1)?, unit("R2", c2)?);
    let (mut apart, mut together) = (0.0, 0.0);
    for (i, (x, y)) in u1.iter().zip(&u2).enumerate() {
        apart += weight(i) * (x - y) * (x - y);
        together += weight(i) * x * y;
    }
    Ok(Pearson { d: (0.25 * apart).sqrt().min(1.0), rho: together.clamp(-1.0, 1.0) })
}
