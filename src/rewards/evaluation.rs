//! Policy evaluation: $V = (I - \gamma P_\pi)^{-1} r_\pi$ and discounted visits, one factorisation for many rewards.
//!
//! | here | symbol |
//! |---|---|
//! | [`PolicySystem`] | $I - \gamma P_\pi$, factorised (dense) or ready for iteration (sparse) |
//! | [`PolicySystem::solve`] | $(I - \gamma P_\pi)^{-1} b$ |
//! | [`PolicySystem::solve_transposed`] | $(I - \gamma P_\pi)^{-\top} b$ |
//! | [`Evaluation`] | $V$, $Q = \bar r + \gamma P V$, $J = \mu_0 \cdot V$ (unnormalised) |
//!
//! Dense: one LU, $O(S^3/3)$, then $O(S^2)$ a reward, with one step of iterative refinement. Sparse: GMRES, each solution with
//! its residual. Digits: the error of $V$ is at most the residual over $1 - \gamma$, in the maximum norm.

use super::mdp::Mdp;
use super::policy::Policy;
use crate::Result;
use crate::numerics::dominant::Dominant;
use crate::numerics::iterative::{Contraction, contraction};

/// The linear system of one policy at a time; holds its workspace, so that many policies need no allocation (dense).
#[derive(Clone, Debug)]
pub struct PolicySystem<'a> {
    mdp: &'a Mdp,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Dense(Box<Dominant>),
    /// Rows of $P_\pi$: offsets, targets, probabilities.
    Sparse(Vec<usize>, Vec<usize>, Vec<f64>),
}

impl<'a> PolicySystem<'a> {
    /// The workspace for policies of `mdp`; [`load`](Self::load) or [`load_choice`](Self::load_choice) must follow.
    pub fn new(mdp: &'a Mdp) -> Self {
        let kind = match mdp.dense() {
            Some(_) => Kind::Dense(Box::new(Dominant::new(mdp.states()))),
            None => Kind::Sparse(vec![0; mdp.states() + 1], Vec::new(), Vec::new()),
        };
        PolicySystem { mdp, kind }
    }

    /// The system of `policy`.
    pub fn of(mdp: &'a Mdp, policy: &Policy) -> Self {
        let mut system = PolicySystem::new(mdp);
        system.load(policy);
        system
    }

    /// Takes the system of a stochastic policy.
    pub fn load(&mut self, policy: &Policy) {
        let (states, actions) = (self.mdp.states(), self.mdp.actions());
        self.load_rows(|s, row| {
            for (a, &weight) in policy.row(s).iter().enumerate().filter(|(_, w)| **w > 0.0) {
                row(s * actions + a, weight);
            }
        });
        debug_assert_eq!(policy.probs().len(), states * actions);
    }

    /// Takes the system of the deterministic policy `choice`.
    pub fn load_choice(&mut self, choice: &[usize]) {
        let (actions, states, gamma) = (self.mdp.actions(), self.mdp.states(), self.mdp.gamma());
        let (Kind::Dense(factors), Some(p)) = (&mut self.kind, self.mdp.dense()) else {
            return self.load_rows(|s, row| row(s * actions + choice[s], 1.0));
        };
        // The inner loop of policy iteration: one pass, no indirection.
        factors.factorise(|matrix| {
            for (s, row) in matrix.chunks_exact_mut(states).enumerate() {
                let law = &p[(s * actions + choice[s]) * states..][..states];
                row.iter_mut().zip(law).for_each(|(x, p)| *x = -gamma * p);
                row[s] += 1.0;
            }
        });
    }

    /// `pairs(s, add)` calls `add(pair, weight)` for what state `s` plays.
    fn load_rows(&mut self, pairs: impl Fn(usize, &mut dyn FnMut(usize, f64))) {
        let (mdp, states) = (self.mdp, self.mdp.states());
        match &mut self.kind {
            Kind::Dense(factors) => factors.factorise(|matrix| {
                let p = mdp.dense().unwrap_or(&[]);
                for (s, row) in matrix.chunks_exact_mut(states).enumerate() {
                    let mut first = true;
                    pairs(s, &mut |pair, weight| {
                        let scale = -mdp.gamma() * weight;
                        let law = &p[pair * states..(pair + 1) * states];
                        if first {
                            row.iter_mut().zip(law).for_each(|(x, p)| *x = scale * p);
                        } else {
                            row.iter_mut().zip(law).for_each(|(x, p)| *x += scale * p);
                        }
                        first = false;
                    });
                    row[s] += 1.0;
                }
            }),
            Kind::Sparse(offsets, targets, probs) => {
                targets.clear();
                probs.clear();
                for s in 0..states {
                    pairs(s, &mut |pair, weight| {
                        mdp.transitions().visit(states, pair, |t, p, _| {
                            targets.push(t);
                            probs.push(weight * p);
                        });
                    });
                    offsets[s + 1] = targets.len();
                }
            }
        }
    }

    /// Replaces `b` (on states) by $(I - \gamma P_\pi)^{-1} b$. Dense: no refinement here. Sparse: returns the residual.
    ///
    /// # Errors
    /// [`crate::Error::NotConverged`] for sparse systems.
    pub fn solve(&self, b: &mut [f64]) -> Result<f64> {
        match &self.kind {
            Kind::Dense(factors) => {
                factors.solve(b);
                Ok(0.0)
            }
            Kind::Sparse(offsets, targets, probs) => {
                let apply = |x: &[f64], out: &mut [f64]| {
                    for (s, out) in out.iter_mut().enumerate() {
                        *out = (offsets[s]..offsets[s + 1]).map(|i| probs[i] * x[targets[i]]).sum();
                    }
                };
                let right = b.to_vec();
                contraction(apply, self.mdp.gamma(), Contraction::Largest, &right, b)
            }
        }
    }

    /// Replaces `b` (on states) by $(I - \gamma P_\pi)^{-\top} b$: from a start measure to discounted visits.
    ///
    /// # Errors
    /// [`crate::Error::NotConverged`] for sparse systems.
    pub fn solve_transposed(&self, b: &mut [f64]) -> Result<f64> {
        match &self.kind {
            Kind::Dense(factors) => {
                factors.solve_transposed(b);
                Ok(0.0)
            }
            Kind::Sparse(offsets, targets, probs) => {
                let apply = |x: &[f64], out: &mut [f64]| {
                    out.fill(0.0);
                    for (s, &x) in x.iter().enumerate() {
                        (offsets[s]..offsets[s + 1]).for_each(|i| out[targets[i]] += x * probs[i]);
                    }
                };
                let right = b.to_vec();
                contraction(apply, self.mdp.gamma(), Contraction::Total, &right, b)
            }
        }
    }
}

/// What a policy is worth under a reward.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// $V$ on states.
    pub v: Vec<f64>,
    /// $Q$ on pairs.
    pub q: Vec<f64>,
    /// $J = \mu_0 \cdot V$, unnormalised.
    pub j: f64,
    /// A bound on the error of $V$ in the maximum norm: the residual $|r_\pi + \gamma P_\pi V - V|$ over $1 - \gamma$.
    pub error_bound: f64,
}

/// Evaluates `policy`, whose `system` is loaded, for the reward `r` on pairs.
///
/// # Errors
/// [`crate::Error::NotConverged`] for sparse systems.
pub fn evaluate_with(system: &PolicySystem, policy: &Policy, r: &[f64]) -> Result<Evaluation> {
    let mdp = system.mdp;
    let (mut v, mut averaged) = (vec![0.0; mdp.states()], vec![0.0; mdp.states()]);
    let mut q = vec![0.0; mdp.pairs()];
    policy.average(r, &mut v);
    system.solve(&mut v)?;
    // One step of refinement, with the residual that the backup gives for nothing.
    mdp.backup(r, &v, &mut q);
    policy.average(&q, &mut averaged);
    averaged.iter_mut().zip(&v).for_each(|(x, v)| *x -= v);
    if mdp.dense().is_some() {
        system.solve(&mut averaged)?;
        v.iter_mut().zip(&averaged).for_each(|(v, x)| *v += x);
        mdp.backup(r, &v, &mut q);
        policy.average(&q, &mut averaged);
        averaged.iter_mut().zip(&v).for_each(|(x, v)| *x -= v);
    }
    let residual = averaged.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let j = crate::numerics::sum::dot(mdp.start(), &v);
    Ok(Evaluation { v, q, j, error_bound: residual / (1.0 - mdp.gamma()) })
}

/// Values, action values and return of `policy` under the reward `r` on pairs.
///
/// ```
/// use tilt::rewards::{evaluation::evaluate, mdp::Mdp, policy::Policy};
/// // One state, two actions: V = (0.25 + 1) / (1 - 0.5).
/// let mdp = Mdp::new(&[vec![vec![1.0], vec![1.0]]], &[1.0], 0.5)?;
/// let value = evaluate(&mdp, &Policy::new(&mdp, "pi", &[vec![0.75, 0.25]])?, &[1.0, 2.0])?;
/// assert!((value.j - 2.5).abs() < 1e-15 && (value.q[1] - 3.25).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::NotConverged`] for sparse processes.
pub fn evaluate(mdp: &Mdp, policy: &Policy, r: &[f64]) -> Result<Evaluation> {
    evaluate_with(&PolicySystem::of(mdp, policy), policy, r)
}

/// The advantage $A(s,a) = Q(s,a) - V(s)$ of an evaluation, on pairs.
pub fn advantage(mdp: &Mdp, evaluation: &Evaluation) -> Vec<f64> {
    let rows = evaluation.q.chunks_exact(mdp.actions()).zip(&evaluation.v);
    rows.flat_map(|(q, v)| q.iter().map(move |q| q - v)).collect()
}
