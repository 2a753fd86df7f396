//! A reference policy with its occupancy: where correlations and divergences are measured.
//!
//! The support (states visited and pairs played) is decided by graph search, never by comparing a solved occupancy with 0.

use super::mdp::Mdp;
use super::occupancy::occupancy;
use super::policy::Policy;
use crate::{Error, Result};

/// A policy, its occupancy $\mu_{ref}$ on pairs, and the support.
#[derive(Clone, Debug)]
pub struct Reference<'a> {
    /// The process.
    pub mdp: &'a Mdp,
    /// The policy.
    pub policy: Policy,
    /// $\mu_{ref}(s,a)$, of mass one.
    pub mu: Vec<f64>,
    /// Whether a pair has mass.
    pub support: Vec<bool>,
}

impl<'a> Reference<'a> {
    /// The reference of a policy.
    ///
    /// # Errors
    /// [`Error::NotConverged`] from a sparse process; field `pi_ref` if an occupancy in the support underflows to 0.
    pub fn new(mdp: &'a Mdp, policy: Policy) -> Result<Self> {
        let mu = occupancy(mdp, &policy)?;
        let support = played(mdp, &policy);
        if let Some(pair) = (0..mu.len()).find(|&pair| support[pair] && mu[pair] < f64::MIN_POSITIVE) {
            let field = format!("pi_ref[{}][{}]", pair / mdp.actions(), pair % mdp.actions());
            return Err(Error::invalid(field, policy.probs()[pair], "an occupancy above 2e-308, or exactly 0"));
        }
        Ok(Reference { mdp, policy, mu, support })
    }

    /// $\langle f\rangle_{\mu_{ref}}$ of a function on pairs.
    pub fn mean(&self, f: impl Fn(usize) -> f64) -> f64 {
        crate::numerics::sum::sum((0..self.mu.len()).filter(|&i| self.support[i]).map(|i| self.mu[i] * f(i)))
    }

    /// The norm of a function on pairs in $L_2(\mu_{ref})$.
    pub fn norm(&self, f: impl Fn(usize) -> f64) -> f64 {
        self.mean(|i| f(i).powi(2)).sqrt()
    }

    /// $w = \mu_\pi/\mu_{ref} - 1$ on pairs (0 off the support), for a policy absolutely continuous to the reference.
    ///
    /// # Errors
    /// Field `pi` where `policy` plays a pair that the reference does not: the divergence is infinite.
    pub fn density(&self, policy: &Policy) -> Result<Vec<f64>> {
        let plays = played(self.mdp, policy);
        if let Some(pair) = (0..plays.len()).find(|&pair| plays[pair] && !self.support[pair]) {
            let (s, a) = (pair / self.mdp.actions(), pair % self.mdp.actions());
            let expected = "0 where the reference has no occupancy: chi-squared is infinite otherwise";
            return Err(Error::invalid(format!("pi[{s}][{a}]"), policy.probs()[pair], expected));
        }
        let mu = occupancy(self.mdp, policy)?;
        let w = |i: usize| if self.support[i] { (mu[i] - self.mu[i]) / self.mu[i] } else { 0.0 };
        Ok((0..mu.len()).map(w).collect())
    }
}

/// The pairs that a policy plays with positive probability from the start law.
pub fn played(mdp: &Mdp, policy: &Policy) -> Vec<bool> {
    let visited = mdp.visited(|pair| policy.probs()[pair] > 0.0);
    (0..mdp.pairs()).map(|pair| visited[pair / mdp.actions()] && policy.probs()[pair] > 0.0).collect()
}
