//! The optimum of a return less $\lambda$ times the action-KL from a reference policy.
//!
//! $$V(s) = \lambda\log\sum_a \pi_{ref}(a|s)\,e^{Q(s,a)/\lambda}, \qquad Q = \bar r + \gamma P V, \qquad
//!   \pi = \pi_{ref}\,e^{(Q - V)/\lambda}$$
//! (unnormalised returns): in each state the exponential tilt of $\pi_{ref}$ by $Q$ at inverse temperature $1/\lambda$. Solved by
//! soft policy iteration, which is Newton's method on the equation for $V$: evaluate $\pi$ with reward $\bar r - \lambda\,
//! \mathrm{KL}(\pi\|\pi_{ref})$, tilt again. Monotone and quadratic. Off the support of $\pi_{ref}$ nothing is played; where the
//! reference never comes $V$ and $\pi$ are still the optimum of that state. The error of $V$ is at most the residual of the
//! equation over $1-\gamma$. Cost: one elimination an iteration, 5 to 15 of them.

use super::evaluation::PolicySystem;
use super::mdp::Mdp;
use super::policy::Policy;
use crate::prob::{Law, tilt};
use crate::{Error, Result};

/// The regularised optimum.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionKlOptimum {
    /// $V$ on states, unnormalised.
    pub v: Vec<f64>,
    /// The optimal policy.
    pub policy: Policy,
    /// A bound on the error of $V$: the residual over $1-\gamma$.
    pub error_bound: f64,
}

const ITERATIONS: usize = 200;

/// The optimum for the reward `r` on pairs at `lambda > 0`.
///
/// ```
/// use tilt::rewards::{action_kl::action_kl_optimum, mdp::Mdp, policy::Policy};
/// // A bandit whose best arm is cut short by gamma = 0: V = log((1 + e) / 2).
/// let mdp = Mdp::new(&[vec![vec![1.0]; 2]], &[1.0], 0.0)?;
/// let optimum = action_kl_optimum(&mdp, &Policy::uniform(&mdp), &[0.0, 1.0], 1.0)?;
/// assert!((optimum.v[0] - ((1.0 + 1f64.exp()) / 2.0).ln()).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
///
/// # Errors
/// Field `lambda` unless positive, finite and with a finite reciprocal; [`Error::NotConverged`] with the residual.
pub fn action_kl_optimum(mdp: &Mdp, reference: &Policy, r: &[f64], lambda: f64) -> Result<ActionKlOptimum> {
    if !(lambda > 0.0 && lambda.is_finite() && (1.0 / lambda).is_finite()) {
        return Err(Error::invalid("lambda", lambda, "a finite number > 0 (with a finite reciprocal)"));
    }
    let (states, actions) = (mdp.states(), mdp.actions());
    let laws: Vec<Law> = (0..states).map(|s| Law::new(reference.row(s))).collect::<Result<_>>()?;
    let mut system = PolicySystem::new(mdp);
    let (mut v, mut q) = (vec![0.0; states], vec![0.0; mdp.pairs()]);
    let mut policy = reference.clone();
    let mut penalty = vec![0.0; states];
    let largest_reward = r.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let mut last = f64::INFINITY;
    for _ in 0..ITERATIONS {
        // Evaluate the policy, then look one step ahead.
        system.load(&policy);
        policy.average(r, &mut v);
        v.iter_mut().zip(&penalty).for_each(|(v, kl)| *v -= kl);
        system.solve(&mut v)?;
        mdp.backup(r, &v, &mut q);
        let mut probs = Vec::with_capacity(mdp.pairs());
        let mut residual = 0.0f64;
        for (s, law) in laws.iter().enumerate() {
            let tilted = tilt(law, &q[s * actions..(s + 1) * actions], 1.0 / lambda);
            penalty[s] = lambda * tilted.kl;
            let improved = tilted.mean - penalty[s];
            residual = residual.max((improved - v[s]).abs());
            v[s] = improved;
            probs.extend(tilted.probs);
        }
        policy = Policy::of_occupancy(mdp, &probs);
        let scale = v.iter().fold(largest_reward, |m: f64, v| m.max(v.abs()));
        if residual <= 4.0 * f64::EPSILON * scale || (residual >= 0.5 * last && residual <= 1e-13 * scale) {
            return Ok(ActionKlOptimum { v, policy, error_bound: residual / (1.0 - mdp.gamma()) });
        }
        last = residual;
    }
    Err(Error::NotConverged {
        method: "soft policy iteration".into(),
        iterations: ITERATIONS,
        residual: last,
        tolerance: 1e-13 * largest_reward,
    })
}
