//! Norms of canonical rewards on $(s,a,s')$, and the span as a norm.
//!
//! | name | $n(C)$ |
//! |---|---|
//! | `l1`, `l2`, `linf` | $\sum\|C\|$, $\sqrt{\sum C^2}$, $\max\|C\|$ over all $(s,a,s')$ |
//! | `l1_tau`, `l2_tau`, `linf_tau` | $\sum P\|C\|$, $\sqrt{\sum P C^2}$, $\max P\|C\|$ |
//! | `span` | $\max_\pi J_C - \min_\pi J_C$, unnormalised |
//!
//! The $\tau$-weighted ones are seminorms: they ignore what $P$ never plays. A canonical reward that is constant in $s'$ is
//! never expanded: sums get the factor $S$, $\tau$-weights the mass of the row.

use super::canonical::{Canonical, Form};
use super::mdp::Mdp;
use super::optimal::extremes;
use crate::{Error, Result};

/// A norm of canonical rewards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Norm {
    /// $\sum|C|$.
    L1,
    /// $\sqrt{\sum C^2}$.
    L2,
    /// $\max|C|$.
    Linf,
    /// $\sum P|C|$.
    L1Tau,
    /// $\sqrt{\sum P C^2}$.
    L2Tau,
    /// $\max P|C|$.
    LinfTau,
    /// $\max J_C - \min J_C$.
    Span,
}

impl Norm {
    /// The six norms that need no planning.
    pub const ENTRYWISE: [Norm; 6] = [Norm::L1, Norm::L2, Norm::Linf, Norm::L1Tau, Norm::L2Tau, Norm::LinfTau];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Norm::L1 => "l1",
            Norm::L2 => "l2",
            Norm::Linf => "linf",
            Norm::L1Tau => "l1_tau",
            Norm::L2Tau => "l2_tau",
            Norm::LinfTau => "linf_tau",
            Norm::Span => "span",
        }
    }

    /// Whether it is weighted by $P$.
    pub fn is_tau(self) -> bool {
        matches!(self, Norm::L1Tau | Norm::L2Tau | Norm::LinfTau)
    }
}

/// Folds `f(weight, |C|)` over all entries: weight 1, or $P$ for $\tau$-weighted norms.
fn fold(mdp: &Mdp, c: &Canonical, norm: Norm) -> f64 {
    let (mut sum, mut largest) = (0.0f64, 0.0f64);
    let tau = norm.is_tau();
    let square = matches!(norm, Norm::L2 | Norm::L2Tau);
    let mut add = |weight: f64, heaviest: f64, x: f64| {
        sum += weight * if square { x * x } else { x.abs() };
        largest = largest.max(heaviest * x.abs());
    };
    match &c.form {
        Form::Transitions(values) if !tau => values.iter().for_each(|&x| add(1.0, 1.0, x)),
        Form::Pairs(values) if !tau => {
            let states = mdp.states() as f64;
            values.iter().for_each(|&x| add(states, 1.0, x));
        }
        Form::Transitions(values) => {
            for pair in 0..mdp.pairs() {
                mdp.transitions().visit(mdp.states(), pair, |_, p, i| add(p, p, values[i]));
            }
        }
        Form::Pairs(values) => {
            for (pair, &x) in values.iter().enumerate() {
                let (mut mass, mut heaviest) = (0.0, 0.0f64);
                mdp.transitions().visit(mdp.states(), pair, |_, p, _| {
                    mass += p;
                    heaviest = heaviest.max(p);
                });
                add(mass, heaviest, x);
            }
        }
    }
    match norm {
        Norm::L1 | Norm::L1Tau => sum,
        Norm::L2 | Norm::L2Tau => sum.sqrt(),
        _ => largest,
    }
}

/// $n(C)$.
///
/// # Errors
/// `norm` where a sparse process does not store what the norm sums over; [`Error::NotConverged`] from planning.
pub fn norm(mdp: &Mdp, c: &Canonical, norm: Norm) -> Result<f64> {
    match norm {
        Norm::Span => Ok(extremes(mdp, &c.expected(mdp))?.span()),
        _ if !c.stored_is_all && !norm.is_tau() && matches!(c.form, Form::Transitions(_)) => {
            let expected = "a tau-weighted norm or span: a sparse process does not store all (s, a, s')";
            Err(Error::invalid("norm", norm.name(), expected))
        }
        _ => Ok(fold(mdp, c, norm)),
    }
}

/// Largest entry in size; only where $P > 0$ for $\tau$-weighted norms.
pub fn largest_entry(mdp: &Mdp, c: &Canonical, on_support: bool) -> f64 {
    match &c.form {
        Form::Transitions(values) if on_support => {
            let mut largest = 0.0f64;
            for pair in 0..mdp.pairs() {
                mdp.transitions().visit(mdp.states(), pair, |_, p, i| {
                    largest = if p > 0.0 { largest.max(values[i].abs()) } else { largest };
                });
            }
            largest
        }
        _ => c.values().iter().fold(0.0, |m: f64, x| m.max(x.abs())),
    }
}
