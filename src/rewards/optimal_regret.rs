//! Optimal-policy regret: what is lost under one reward by playing an optimal policy of the other (Skalse et al. 2024, section 4).
//!
//! $\mathrm{regret}_1 = (J_1(\pi_1^*) - J_1(\pi_2^*))/(\max J_1 - \min J_1)$, $\mathrm{regret}_2$ the same with the rewards exchanged, and their mean.
//! $\pi_2^*$ need not be unique: actions are restricted to those with $Q_2^* \ge \max - 10^{-9}\max(\max|V_2|, \max|\bar r_2|)$ and $J_1$ is
//! minimised (`Worst`) or maximised (`Best`) over them. A trivial reward has regret 0 itself; every action is optimal for it.
//! Optimal sets are invariant to shaping, so uniform advantages stand in for the rewards except in the tolerance.

use super::canonical::{ZERO, uniform_advantage};
use super::mdp::Mdp;
use super::optimal::{Goal, Planner, extremes};
use super::reward::Reward;
use crate::Result;

/// Which of several optimal policies is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// The one of least return under the other reward.
    Worst,
    /// The one of largest.
    Best,
}

/// Regrets of playing the other reward's optimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimalRegret {
    /// Under $R_1$, playing for $R_2$.
    pub regret1: f64,
    /// Under $R_2$, playing for $R_1$.
    pub regret2: f64,
    /// Their mean.
    pub regret: f64,
}

/// Actions within this of the best are optimal, relative to the size of values.
const TIE: f64 = 1e-9;

/// The pairs that are optimal for the reward `r` on pairs, by $Q^*$ and the tolerance of the module.
///
/// # Errors
/// As [`Planner::optimise`].
pub fn optimal_pairs(mdp: &Mdp, r: &[f64]) -> Result<Vec<bool>> {
    let mut planner = Planner::new(mdp);
    planner.optimise(r, Goal::Maximise)?;
    let largest = |x: &[f64]| x.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let allowed = TIE * largest(planner.values()).max(largest(r));
    let mut optimal = Vec::with_capacity(mdp.pairs());
    for q in planner.action_values().chunks_exact(mdp.actions()) {
        let best = q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        optimal.extend(q.iter().map(|q| *q >= best - allowed));
    }
    Ok(optimal)
}

/// Whether all policies have the same return, up to the zero tests of the specification.
///
/// # Errors
/// As [`extremes`].
pub fn is_trivial(mdp: &Mdp, reward: &Reward) -> Result<bool> {
    let advantage = uniform_advantage(mdp, reward.expected())?;
    let allowed = ZERO * reward.largest() / (1.0 - mdp.gamma());
    let largest = advantage.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    Ok(largest <= allowed || extremes(mdp, &advantage)?.span() <= allowed / (1.0 - mdp.gamma()))
}

/// The regret under `r1` of an optimum of `r2`.
fn one_sided(mdp: &Mdp, r1: &Reward, r2: &Reward, tie: Tie) -> Result<f64> {
    if is_trivial(mdp, r1)? {
        return Ok(0.0);
    }
    if is_trivial(mdp, r2)? {
        return Ok(if tie == Tie::Worst { 1.0 } else { 0.0 });
    }
    let x = uniform_advantage(mdp, r1.expected())?;
    let returns = extremes(mdp, &x)?;
    let mut planner = Planner::restricted(mdp, optimal_pairs(mdp, r2.expected())?);
    let goal = if tie == Tie::Worst { Goal::Minimise } else { Goal::Maximise };
    let found = planner.optimise(&x, goal)?;
    Ok(((returns.j_max - found) / returns.span()).clamp(0.0, 1.0))
}

/// The optimal-policy regrets of two rewards.
///
/// ```
/// use tilt::rewards::{mdp::Mdp, optimal_regret::{Tie, optimal_regret}, reward::Reward};
/// let mdp = Mdp::new(&[vec![vec![1.0]; 3]], &[1.0], 0.5)?;
/// let reward = |r: [f64; 3]| Reward::from_fn(&mdp, "R", move |_, a, _| r[a]);
/// let (r1, r2) = (reward([0.0, 1.0, 2.0])?, reward([1.0, 0.0, 1.0])?);
/// assert_eq!(optimal_regret(&mdp, &r1, &r2, Tie::Worst)?.regret1, 1.0);
/// assert_eq!(optimal_regret(&mdp, &r1, &r2, Tie::Best)?.regret1, 0.0);
/// # Ok::<(), tilt::Error>(())
/// ```
///
/// # Errors
/// As [`Planner::optimise`].
pub fn optimal_regret(mdp: &Mdp, r1: &Reward, r2: &Reward, tie: Tie) -> Result<OptimalRegret> {
    let (regret1, regret2) = (one_sided(mdp, r1, r2, tie)?, one_sided(mdp, r2, r1, tie)?);
    Ok(OptimalRegret { regret1, regret2, regret: 0.5 * (regret1 + regret2) })
}
