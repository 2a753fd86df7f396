//! Random processes and rewards for the checks, and the two-state example of the specification.

use crate::Result;
use crate::lab::Instances;
use crate::rewards::canonical::{Canonical, Canonicalisation, Canonicaliser, Laws};
use crate::rewards::distance::{Metric, distance};
use crate::rewards::mdp::Mdp;
use crate::rewards::norm::Norm;
use crate::rewards::policy::Policy;
use crate::rewards::reward::Reward;

/// A process of 2 to 4 states and 2 to 3 actions whose laws are all positive: every state is reachable.
pub fn positive_mdp(draw: &mut Instances) -> Result<Mdp> {
    let (states, actions) = (draw.count(2, 4) as usize, draw.count(2, 3) as usize);
    let p: Vec<Vec<Vec<f64>>> =
        (0..states).map(|_| (0..actions).map(|_| draw.positive_law(states)).collect()).collect();
    Mdp::new(&p, &draw.positive_law(states), draw.uniform(0.1, 0.95))
}

/// A reward with independent entries in [-2, 3].
pub fn reward(draw: &mut Instances, mdp: &Mdp) -> Result<Reward> {
    let values = (0..mdp.transitions().stored()).map(|_| draw.uniform(-2.0, 3.0)).collect();
    Reward::on_transitions(mdp, "R", values)
}

/// A policy of full support.
pub fn policy(draw: &mut Instances, mdp: &Mdp) -> Result<Policy> {
    let rows: Vec<Vec<f64>> = (0..mdp.states()).map(|_| draw.positive_law(mdp.actions())).collect();
    Policy::new(mdp, "pi", &rows)
}

/// `scale` times a reward, shaped by a random potential and redistributed over next states: the same order.
pub fn equivalent(draw: &mut Instances, mdp: &Mdp, r: &Reward, scale: f64) -> Result<Reward> {
    let phi: Vec<f64> = (0..mdp.states()).map(|_| draw.uniform(-2.0, 2.0)).collect();
    let noise = reward(draw, mdp)?;
    let mut values = Vec::with_capacity(r.values().len());
    for pair in 0..mdp.pairs() {
        mdp.transitions().visit(mdp.states(), pair, |t, _, i| {
            let shaping = mdp.gamma() * phi[t] - phi[pair / mdp.actions()];
            values.push(scale * r.values()[i] + shaping + noise.values()[i] - noise.expected()[pair]);
        });
    }
    Reward::on_transitions(mdp, "R", values)
}

/// The two-state process of the specification's section 8.
pub fn two_states() -> Result<Mdp> {
    Mdp::new(&[vec![vec![0.9, 0.1], vec![0.2, 0.8]], vec![vec![0.5, 0.5], vec![0.3, 0.7]]], &[0.5, 0.5], 0.9)
}

/// Its rewards R1 and R2.
pub fn two_rewards(mdp: &Mdp) -> Result<[Reward; 2]> {
    let r1 = vec![1.0, 0.0, 0.0, 2.0, -1.0, 0.5, 0.3, 0.0];
    let r2 = vec![0.5, 0.2, 0.1, 1.5, 0.0, 0.4, -0.6, 0.2];
    Ok([Reward::on_transitions(mdp, "R1", r1)?, Reward::on_transitions(mdp, "R2", r2)?])
}

/// The reward X and the pure redistribution N of the specification's C1 and C2.
pub fn signal_and_redistribution(mdp: &Mdp) -> Result<[Reward; 2]> {
    let x = vec![0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    let n = vec![0.1, -0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    Ok([Reward::on_transitions(mdp, "X", x)?, Reward::on_transitions(mdp, "N", n)?])
}

/// The canonical reward under uniform laws.
pub fn canonical(mdp: &Mdp, kind: Canonicalisation, r: &Reward) -> Result<Canonical> {
    Canonicaliser::new(mdp, kind, &Laws::uniform(mdp))?.apply(r)
}

/// The distance with one norm for both purposes, under uniform laws.
pub fn apart(mdp: &Mdp, kind: Canonicalisation, norm: Norm, r1: &Reward, r2: &Reward) -> Result<f64> {
    let (c1, c2) = (canonical(mdp, kind, r1)?, canonical(mdp, kind, r2)?);
    distance(mdp, &c1, &c2, Some(norm), Metric::Of(norm))
}

/// The span distance of the rewards themselves.
pub fn span_distance(mdp: &Mdp, r1: &Reward, r2: &Reward) -> Result<f64> {
    apart(mdp, Canonicalisation::Val, Norm::Span, r1, r2)
}

/// Largest difference between two slices.
pub fn difference(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).fold(0.0, |m: f64, (x, y)| m.max((x - y).abs()))
}
