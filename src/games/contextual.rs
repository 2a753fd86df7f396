//! Contextual games: independent games under a law of contexts; objectives and gaps are averages.
//!
//! The equilibrium decouples: one Newton solve a context, in parallel. A context of weight 0 adds 0 to an average, even where
//! its own number is infinite.

use super::equilibrium::{Equilibrium, equilibrium};
use super::families::check_weights;
use super::game::Game;
use super::policy::kl;
use crate::numerics::sum::sum;
use crate::prob::Law;
use crate::{Error, Result};
use rayon::prelude::*;

/// A validated contextual game.
#[derive(Clone, Debug, PartialEq)]
pub struct Contextual {
    games: Vec<Game>,
    weights: Vec<f64>,
}

/// A contextual policy against the equilibrium (quantity `games.contextual`).
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct ContextualReport {
    /// The equilibrium of each context.
    pub pi_star: Vec<Vec<f64>>,
    /// Average suboptimality.
    pub subopt: f64,
    /// Suboptimality in each context.
    pub subopt_per_context: Vec<f64>,
    /// Average $D(\pi^*\|\pi)$.
    pub kl_star: f64,
}

impl Contextual {
    /// Games with the law `rho` of their contexts; sizes may differ.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `P` (no context) or `rho` (not a distribution over them).
    pub fn new(games: Vec<Game>, rho: Vec<f64>) -> Result<Contextual> {
        if games.is_empty() {
            return Err(Error::invalid("P", "empty", "at least one context"));
        }
        check_weights("rho", &rho, games.len())?;
        Ok(Contextual { games, weights: rho })
    }

    /// The games, one a context.
    pub fn games(&self) -> &[Game] {
        &self.games
    }

    /// $\rho$.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The $\rho$-average of one number a context.
    pub fn average(&self, per_context: &[f64]) -> f64 {
        sum(self.weights.iter().zip(per_context).filter(|(w, _)| **w > 0.0).map(|(w, x)| w * x))
    }

    /// The equilibrium of every context, in parallel.
    ///
    /// # Errors
    /// The first failure by order of context.
    pub fn equilibria(&self) -> Result<Vec<Equilibrium>> {
        self.games.par_iter().map(equilibrium).collect::<Vec<_>>().into_iter().collect()
    }

    /// A policy a context against the equilibrium.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `pi` if there is not one of the right size a context; those of the equilibria.
    pub fn report(&self, policies: &[Law]) -> Result<ContextualReport> {
        if policies.len() != self.games.len() {
            let found = format!("{} policies", policies.len());
            return Err(Error::invalid("pi", found, format!("{}, one a context", self.games.len())));
        }
        for (x, (game, policy)) in self.games.iter().zip(policies).enumerate() {
            if policy.len() != game.size() {
                let found = format!("a vector of length {}", policy.len());
                return Err(Error::invalid(format!("pi[{x}]"), found, format!("{} probabilities", game.size())));
            }
        }
        let equilibria = self.equilibria()?;
        let pairs = self.games.iter().zip(policies);
        let subopt: Vec<f64> = pairs.map(|(game, pi)| game.suboptimality(pi)).collect::<Result<_>>()?;
        let kl_star: Vec<f64> = equilibria.iter().zip(policies).map(|(star, pi)| kl(&star.policy, pi)).collect();
        Ok(ContextualReport {
            subopt: self.average(&subopt),
            kl_star: self.average(&kl_star),
            subopt_per_context: subopt,
            pi_star: equilibria.into_iter().map(|e| e.policy.probs().to_vec()).collect(),
        })
    }
}
