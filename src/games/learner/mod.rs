//! Learners: what is done between two iterates, one file each.
//!
//! A [`Learner`] turns the iterate into the next one with a number of queries to an [`Oracle`], the payoff vector $A o$
//! against an opponent $o$, exact or sampled. The state is the log-ratio $r = \log(\pi/\pi_{ref})$; nearly every learner is a
//! few [`MirrorStep`]s of it, $r \leftarrow \kappa r + e A o$, that is one tilt of the reference.
//!
//! | file | algorithms | queries an iteration |
//! |---|---|---|
//! | `mirror_prox` | Nash mirror prox, EGPO / PU | 2 |
//! | `mirror_descent` | MMD, OMD, INPO, bandit MTPO, exact Online IPO; Hedge, SPO, SPPO at $\beta = 0$ | 1 |
//! | `optimistic` | optimistic multiplicative weights, plain and regularised | 1 |
//! | `nash_md` | Nash-MD, constant step and decaying | 1 |
//! | `nash_ema` | Nash-EMA | 1 |
//! | `proximal_point` | the exact proximal point | 0 |
//! | `inner_gradient` | Nash-MP with softmax gradient steps inside | 2 M |
//! | `target_network` | softmax gradient with a target that follows by exponential averaging | 1 |
//! | `policy_gradient` | self-play softmax gradient, Nash-MD-PG, Online IPO from self-sampled pairs | 1 |
//! | `consistent_prox` | Nash mirror prox with the decreasing step of R13b | 2 |
//!
//! **To add a learner**: a file with a type that implements [`Learner`], and a line in [`Algorithm`] if it is to have a name
//! on the command line. Cost of an iteration: its queries and $O(Y)$; nothing is allocated after the first.

pub mod consistent_prox;
pub mod inner_gradient;
pub mod mirror_descent;
pub mod mirror_prox;
pub mod nash_ema;
pub mod nash_md;
pub mod optimistic;
pub mod oracle;
pub mod policy_gradient;
pub mod proximal_point;
pub mod registry;
pub mod target_network;

pub use oracle::{Exact, Oracle};
pub use registry::Algorithm;

use super::payoff::Payoff;
use super::policy::{Reference, normalise};
use super::step::MirrorStep;
use crate::prob::Law;
use crate::{Error, Result};

/// A policy by its log-ratio from the reference, normalised.
#[derive(Clone, Debug, PartialEq)]
pub struct Iterate {
    /// $r = \log(\pi/\pi_{ref})$.
    pub log_ratio: Vec<f64>,
    /// $\pi$.
    pub policy: Vec<f64>,
}

impl Iterate {
    /// The reference itself.
    pub fn reference(reference: &Reference) -> Iterate {
        Iterate { log_ratio: vec![0.0; reference.size()], policy: reference.probs().to_vec() }
    }

    /// A policy with mass on every action.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `init`: another size, or an action without mass.
    pub fn of_policy(reference: &Reference, policy: &Law) -> Result<Iterate> {
        if policy.len() != reference.size() {
            let expected = format!("{} probabilities, one an action", reference.size());
            return Err(Error::invalid("init", format!("a vector of length {}", policy.len()), expected));
        }
        if let Some(i) = policy.log_probs().iter().position(|l| *l == f64::NEG_INFINITY) {
            return Err(Error::invalid(format!("init[{i}]"), 0, "mass > 0 on every action"));
        }
        let log_ratio = policy.log_probs().iter().zip(reference.log_probs()).map(|(p, q)| p - q).collect();
        Ok(Iterate { log_ratio, policy: policy.probs().to_vec() })
    }

    /// The policy with the logarithms of all its entries.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the iterate has diverged to infinite log-ratios.
    pub fn law(&self, reference: &Reference) -> Result<Law> {
        reference.policy_at(&self.log_ratio)
    }

    /// Becomes the mirror step from `from` against the payoff `payoff`.
    pub fn step_from(&mut self, arena: &Arena, from: &[f64], step: MirrorStep, payoff: &[f64]) {
        for ((r, from), g) in self.log_ratio.iter_mut().zip(from).zip(payoff) {
            *r = step.keep * from + step.gain * g;
        }
        normalise(arena.log_reference, &mut self.log_ratio, &mut self.policy);
    }

    /// The mirror step in place.
    pub fn step(&mut self, arena: &Arena, step: MirrorStep, payoff: &[f64]) {
        for (r, g) in self.log_ratio.iter_mut().zip(payoff) {
            *r = step.keep * *r + step.gain * g;
        }
        normalise(arena.log_reference, &mut self.log_ratio, &mut self.policy);
    }
}

/// What a learner may know beside the oracle.
#[derive(Clone, Copy, Debug)]
pub struct Arena<'a> {
    /// $\log\pi_{ref}$.
    pub log_reference: &'a [f64],
    /// $\beta$; 0 for the unregularised algorithms.
    pub beta: f64,
}

/// One algorithm with its memory.
pub trait Learner: Send {
    /// Queries of one iteration.
    fn queries(&self) -> u64;

    /// Replaces the iterate by the next one.
    ///
    /// # Errors
    /// Of an inner solver; the others never fail.
    fn advance(&mut self, arena: &Arena, oracle: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()>;
}

/// `iterations` iterations of a learner from an iterate; returns the queries made. `watch` sees every iterate and may stop
/// the run by returning false.
///
/// # Errors
/// Of the learner; [`Error::NotConverged`] if the iterate stops being finite (a step far beyond stability).
pub fn run(
    learner: &mut dyn Learner,
    arena: &Arena,
    oracle: &mut dyn Oracle,
    iterate: &mut Iterate,
    iterations: u64,
    mut watch: impl FnMut(u64, &Iterate) -> bool,
) -> Result<u64> {
    for done in 0..iterations {
        learner.advance(arena, oracle, iterate)?;
        if iterate.log_ratio.iter().any(|r| !r.is_finite()) {
            return Err(Error::NotConverged {
                method: "the learner (its step is beyond stability)".into(),
                iterations: done as usize + 1,
                residual: f64::INFINITY,
                tolerance: f64::MAX,
            });
        }
        if !watch(done + 1, iterate) {
            return Ok((done + 1) * learner.queries());
        }
    }
    Ok(iterations * learner.queries())
}

/// A run with exact payoffs, the whole of it.
///
/// # Errors
/// As [`run`].
pub fn run_exact<P: Payoff>(
    learner: &mut dyn Learner,
    arena: &Arena,
    preference: &P,
    iterate: &mut Iterate,
    iterations: u64,
) -> Result<u64> {
    run(learner, arena, &mut Exact(preference), iterate, iterations, |_, _| true)
}

/// A buffer of the right length.
pub(super) fn sized(buffer: &mut Vec<f64>, size: usize) -> &mut [f64] {
    buffer.resize(size, 0.0);
    buffer
}
