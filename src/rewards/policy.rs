//! Stationary stochastic policies $\pi(a|s)$ on the pairs of an MDP, validated.

use super::mdp::Mdp;
use super::transitions::{check_law, check_length};
use crate::Result;

/// A policy: for each state a law on actions, `[S, A]` row-major. Rows are used as given (mass one within 1e-9).
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    actions: usize,
    probs: Vec<f64>,
}

impl Policy {
    /// The policy `rows[s][a]`.
    ///
    /// # Errors
    /// `field` with its indices: wrong shape or a row that is no law.
    ///
    /// ```
    /// # use tilt::rewards::{mdp::Mdp, policy::Policy};
    /// let mdp = Mdp::new(&[vec![vec![1.0], vec![1.0]]], &[1.0], 0.5)?;
    /// assert!(Policy::new(&mdp, "pi", &[vec![0.3, 0.7]]).is_ok());
    /// assert!(Policy::new(&mdp, "pi", &[vec![0.3, 0.6]]).unwrap_err().to_string().starts_with("pi[0]"));
    /// # Ok::<(), tilt::Error>(())
    /// ```
    pub fn new(mdp: &Mdp, field: &str, rows: &[Vec<f64>]) -> Result<Policy> {
        check_length(field, rows.len(), mdp.states(), "state")?;
        for (s, row) in rows.iter().enumerate() {
            let field = format!("{field}[{s}]");
            check_length(&field, row.len(), mdp.actions(), "action")?;
            check_law(&field, row)?;
        }
        Ok(Policy { actions: mdp.actions(), probs: rows.concat() })
    }

    /// The policy that plays every action alike.
    pub fn uniform(mdp: &Mdp) -> Policy {
        Policy { actions: mdp.actions(), probs: vec![1.0 / mdp.actions() as f64; mdp.pairs()] }
    }

    /// The policy that plays `choice[s]` in state `s`.
    pub fn deterministic(mdp: &Mdp, choice: &[usize]) -> Policy {
        let mut probs = vec![0.0; mdp.pairs()];
        choice.iter().enumerate().for_each(|(s, a)| probs[s * mdp.actions() + a] = 1.0);
        Policy { actions: mdp.actions(), probs }
    }

    /// The policy whose occupancy is proportional to `mass` on pairs: rows normalised, uniform where a state has no mass.
    pub fn of_occupancy(mdp: &Mdp, mass: &[f64]) -> Policy {
        let actions = mdp.actions();
        let mut probs = mass.to_vec();
        for row in probs.chunks_exact_mut(actions) {
            let total: f64 = row.iter().map(|m| m.max(0.0)).sum();
            let normal = total > 0.0 && total.is_finite();
            row.iter_mut().for_each(|m| *m = if normal { m.max(0.0) / total } else { 1.0 / actions as f64 });
        }
        Policy { actions, probs }
    }

    /// Mixture in each state: `weight` of `self`, the rest of `other`.
    pub fn mixed(&self, weight: f64, other: &Policy) -> Policy {
        let mix = |(p, q): (&f64, &f64)| weight * p + (1.0 - weight) * q;
        Policy { actions: self.actions, probs: self.probs.iter().zip(&other.probs).map(mix).collect() }
    }

    /// Number of actions.
    pub fn actions(&self) -> usize {
        self.actions
    }

    /// Probabilities on pairs, `[S, A]`.
    pub fn probs(&self) -> &[f64] {
        &self.probs
    }

    /// The law on actions in state `s`.
    pub fn row(&self, s: usize) -> &[f64] {
        &self.probs[s * self.actions..(s + 1) * self.actions]
    }

    /// The law of each state as a vector of its own.
    pub fn rows(&self) -> Vec<Vec<f64>> {
        self.probs.chunks_exact(self.actions).map(<[f64]>::to_vec).collect()
    }

    /// `out[s] = sum_a pi(a|s) x(s,a)`.
    pub fn average(&self, x: &[f64], out: &mut [f64]) {
        for ((out, p), x) in out.iter_mut().zip(self.probs.chunks_exact(self.actions)).zip(x.chunks_exact(self.actions))
        {
            *out = p.iter().zip(x).map(|(p, x)| p * x).sum();
        }
    }
}
