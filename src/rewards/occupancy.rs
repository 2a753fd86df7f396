//! Occupancy measures: where a policy spends its discounted time.
//!
//! $\mu_\pi(s,a) = (1-\gamma)\sum_t \gamma^t \Pr(s_t = s, a_t = a)$, of mass one. They fill the polytope
//! $\Omega = \{\mu \ge 0 : \sum_a \mu(s,a) - \gamma \sum_{x,b} P(s|x,b)\mu(x,b) = (1-\gamma)\mu_0(s)\}$, each point the occupancy of
//! $\pi = \mu/\text{row sum}$. Returns: $J = \mu\cdot\bar r/(1-\gamma)$ unnormalised, $J_n = \mu\cdot\bar r$ normalised.

use super::evaluation::PolicySystem;
use super::mdp::Mdp;
use super::policy::Policy;
use crate::Result;

/// The occupancy $\mu_\pi$ on pairs, of mass one. States that the policy does not visit (by graph search) have exactly 0.
///
/// ```
/// use tilt::rewards::{mdp::Mdp, occupancy::occupancy, policy::Policy};
/// // Leaves state 0 at once: it is there for 1 - gamma of the time.
/// let mdp = Mdp::new(&[vec![vec![0.0, 1.0]], vec![vec![0.0, 1.0]]], &[1.0, 0.0], 0.75)?;
/// assert_eq!(occupancy(&mdp, &Policy::uniform(&mdp))?, [0.25, 0.75]);
/// # Ok::<(), tilt::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::NotConverged`] for sparse processes.
pub fn occupancy(mdp: &Mdp, policy: &Policy) -> Result<Vec<f64>> {
    occupancy_with(&PolicySystem::of(mdp, policy), mdp, policy)
}

/// The same with the `system` of the policy at hand.
///
/// # Errors
/// [`crate::Error::NotConverged`] for sparse processes.
pub fn occupancy_with(system: &PolicySystem, mdp: &Mdp, policy: &Policy) -> Result<Vec<f64>> {
    let by_state = state_occupancy(system, mdp, |pair| policy.probs()[pair] > 0.0)?;
    let actions = mdp.actions();
    Ok(policy.probs().iter().enumerate().map(|(pair, p)| by_state[pair / actions] * p).collect())
}

/// The occupancy of states, for a loaded system of a policy that plays the pairs `played`.
fn state_occupancy(system: &PolicySystem, mdp: &Mdp, played: impl Fn(usize) -> bool) -> Result<Vec<f64>> {
    let mut mass: Vec<f64> = mdp.start().iter().map(|p| (1.0 - mdp.gamma()) * p).collect();
    system.solve_transposed(&mut mass)?;
    let visited = mdp.visited(played);
    mass.iter_mut().zip(visited).for_each(|(m, visited)| *m = if visited { m.max(0.0) } else { 0.0 });
    Ok(mass)
}

/// Largest violation of the flow equations of $\Omega$ by `mu` on pairs, in the maximum norm.
pub fn flow_violation(mdp: &Mdp, mu: &[f64]) -> f64 {
    let mut flow = vec![0.0; mdp.states()];
    mdp.shaping_transposed(mu, &mut flow);
    flow.iter().zip(mdp.start()).fold(0.0, |m: f64, (f, p)| m.max((f + (1.0 - mdp.gamma()) * p).abs()))
}
