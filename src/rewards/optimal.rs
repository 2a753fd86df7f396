//! Optimal returns by Howard's policy iteration, and what rewards can spread: $\mathrm{span}(R) = \max_\pi J - \min_\pi J$.
//!
//! A [`Planner`] solves one MDP for many rewards. It starts from the policy that it found last (warm), or from the greedy
//! policy after a few sweeps of value iteration (cold). A state changes its action only for a gain above
//! $10^{-12}\max(\max|V|, \max|\bar r|)$: ties cannot cycle, and nothing depends on the unit of reward. The last evaluation is
//! refined once; then $0 \le V^* - V \le \max(\text{gain})/(1-\gamma)$.
//!
//! Cost: an $O(S^3/3)$ elimination and an $O(S^2A)$ backup an iteration, 2 to 5 iterations. Source: Howard (1960); MacQueen
//! (1966) for the bounds of [`value_iteration`]; Puterman (1994).

use super::evaluation::PolicySystem;
use super::mdp::Mdp;
use crate::{Error, Result};

/// Largest or least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The policy of largest return.
    Maximise,
    /// The policy of least return.
    Minimise,
}

/// Most sweeps of value iteration before the first policy of a cold start, and how many must leave the policy alone.
const WARM_UP: (usize, usize) = (40, 3);
/// Iterations before giving up: far beyond what finite termination needs in practice.
const ITERATIONS: usize = 1000;

/// Policy iteration on one MDP, with workspace.
#[derive(Clone, Debug)]
pub struct Planner<'a> {
    mdp: &'a Mdp,
    system: PolicySystem<'a>,
    allowed: Option<Vec<bool>>,
    choice: Vec<usize>,
    warm: bool,
    v: Vec<f64>,
    q: Vec<f64>,
    gap: f64,
}

impl<'a> Planner<'a> {
    /// A planner that may play every action.
    pub fn new(mdp: &'a Mdp) -> Self {
        Planner {
            mdp,
            system: PolicySystem::new(mdp),
            allowed: None,
            choice: vec![0; mdp.states()],
            warm: false,
            v: vec![0.0; mdp.states()],
            q: vec![0.0; mdp.pairs()],
            gap: 0.0,
        }
    }

    /// A planner that may play only the pairs marked in `allowed` (all actions of a state where none is marked).
    pub fn restricted(mdp: &'a Mdp, mut allowed: Vec<bool>) -> Self {
        for row in allowed.chunks_exact_mut(mdp.actions()) {
            if !row.contains(&true) {
                row.fill(true);
            }
        }
        Planner { allowed: Some(allowed), ..Planner::new(mdp) }
    }

    /// The optimal $J$ (unnormalised) for the reward `r` on pairs; policy, $V$ and $Q$ are then at hand.
    ///
    /// # Errors
    /// [`Error::NotConverged`] if policies keep changing (not seen), or from a sparse system.
    pub fn optimise(&mut self, r: &[f64], goal: Goal) -> Result<f64> {
        self.find(r, goal)?;
        self.refine()?;
        Ok(crate::numerics::sum::dot(self.mdp.start(), &self.v))
    }

    /// Finds the optimal policy without refining its values: for who needs its visits only.
    ///
    /// # Errors
    /// As [`optimise`](Self::optimise).
    pub fn find(&mut self, r: &[f64], goal: Goal) -> Result<()> {
        if !self.warm {
            self.warm_up(r, goal);
        }
        self.warm = true;
        let largest_reward = r.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        for _ in 0..ITERATIONS {
            self.evaluate_choice(r)?;
            let largest = self.v.iter().fold(largest_reward, |m: f64, x| m.max(x.abs()));
            let (changed, gap) = self.improve(goal, 1e-12 * largest);
            if changed {
                continue;
            }
            self.gap = gap / (1.0 - self.mdp.gamma());
            return Ok(());
        }
        Err(Error::NotConverged {
            method: "policy iteration".into(),
            iterations: ITERATIONS,
            residual: self.gap,
            tolerance: 1e-12 * largest_reward,
        })
    }

    /// The optimal policy found last.
    pub fn choice(&self) -> &[usize] {
        &self.choice
    }

    /// Starts the next search from `choice`.
    pub fn start_from(&mut self, choice: &[usize]) {
        self.choice.copy_from_slice(choice);
        self.warm = true;
    }

    /// The values of the last search, `[S]`.
    pub fn values(&self) -> &[f64] {
        &self.v
    }

    /// The action values of the last search, `[S, A]`.
    pub fn action_values(&self) -> &[f64] {
        &self.q
    }

    /// How far the values may still be from optimal: the largest gain left, over $1-\gamma$.
    pub fn gap(&self) -> f64 {
        self.gap
    }

    /// Unnormalised discounted visits of states under the policy of the last search, from $\mu_0$: $J$ of any reward is a sum.
    ///
    /// # Errors
    /// [`Error::NotConverged`] from a sparse system.
    pub fn visits(&self, out: &mut [f64]) -> Result<()> {
        out.copy_from_slice(self.mdp.start());
        self.system.solve_transposed(out).map(|_| ())
    }

    fn warm_up(&mut self, r: &[f64], goal: Goal) {
        self.v.fill(0.0);
        let mut quiet = 0;
        for _ in 0..WARM_UP.0 {
            self.mdp.backup(r, &self.v, &mut self.q);
            quiet = if self.improve(goal, 0.0).0 { 0 } else { quiet + 1 };
            if quiet >= WARM_UP.1 {
                break;
            }
            for (s, v) in self.v.iter_mut().enumerate() {
                *v = self.q[s * self.mdp.actions() + self.choice[s]];
            }
        }
    }

    fn evaluate_choice(&mut self, r: &[f64]) -> Result<()> {
        let actions = self.mdp.actions();
        self.system.load_choice(&self.choice);
        for (s, v) in self.v.iter_mut().enumerate() {
            *v = r[s * actions + self.choice[s]];
        }
        self.system.solve(&mut self.v)?;
        self.mdp.backup(r, &self.v, &mut self.q);
        Ok(())
    }

    /// Adds the solution for the residual that the last backup left, and brings `q` in line.
    fn refine(&mut self) -> Result<()> {
        if self.mdp.dense().is_none() {
            return Ok(());
        }
        let actions = self.mdp.actions();
        let mut correction: Vec<f64> =
            (0..self.v.len()).map(|s| self.q[s * actions + self.choice[s]] - self.v[s]).collect();
        self.system.solve(&mut correction)?;
        self.v.iter_mut().zip(&correction).for_each(|(v, c)| *v += c);
        Ok(())
    }

    /// Switches to better actions; returns whether any changed and the largest gain that was left alone.
    fn improve(&mut self, goal: Goal, tolerance: f64) -> (bool, f64) {
        let actions = self.mdp.actions();
        let sign = if goal == Goal::Maximise { 1.0 } else { -1.0 };
        let (mut changed, mut left) = (false, 0.0f64);
        for (s, q) in self.q.chunks_exact(actions).enumerate() {
            let allowed = |a: usize| self.allowed.as_ref().is_none_or(|mask| mask[s * actions + a]);
            let current = self.choice[s];
            let mut best = current;
            let mut best_value = if allowed(current) { sign * q[current] } else { f64::NEG_INFINITY };
            let threshold = best_value + tolerance;
            for (a, q) in q.iter().enumerate() {
                if sign * q > best_value && allowed(a) {
                    (best, best_value) = (a, sign * q);
                }
            }
            if best_value > threshold {
                self.choice[s] = best;
                changed = true;
            } else {
                left = left.max(best_value - (threshold - tolerance));
            }
        }
        (changed, left)
    }
}

/// The extreme returns of a reward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
    /// $\max_\pi J$, unnormalised.
    pub j_max: f64,
    /// $\min_\pi J$.
    pub j_min: f64,
}

impl Extremes {
    /// $\max J - \min J$.
    pub fn span(&self) -> f64 {
        self.j_max - self.j_min
    }
}

/// Largest and least return of the reward `r` on pairs.
///
/// ```
/// use tilt::rewards::{mdp::Mdp, optimal::extremes};
/// let bandit = Mdp::new(&[vec![vec![1.0]; 3]], &[1.0], 0.5)?;
/// let returns = extremes(&bandit, &[0.0, 1.0, 2.0])?;
/// assert_eq!((returns.j_max, returns.j_min, returns.span()), (4.0, 0.0, 4.0));
/// # Ok::<(), tilt::Error>(())
/// ```
///
/// # Errors
/// As [`Planner::optimise`].
pub fn extremes(mdp: &Mdp, r: &[f64]) -> Result<Extremes> {
    let mut planner = Planner::new(mdp);
    let j_max = planner.optimise(r, Goal::Maximise)?;
    planner.warm = false;
    let j_min = planner.optimise(r, Goal::Minimise)?;
    Ok(Extremes { j_max, j_min })
}

/// A return between certified bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The optimum is at least this.
    pub low: f64,
    /// The optimum is at most this.
    pub high: f64,
}

/// $\max_\pi J$ by value iteration with MacQueen's bounds, until they are within `tolerance` of each other.
///
/// After a sweep with $\Delta = TV - V$: $\frac{\gamma}{1-\gamma}\min\Delta \le V^* - TV \le \frac{\gamma}{1-\gamma}\max\Delta$. No
/// linear system: the certificate for thousands of states, independent of policy iteration. Rounding is not in the bounds.
///
/// # Errors
/// [`Error::NotConverged`] after `100000` sweeps.
pub fn value_iteration(mdp: &Mdp, r: &[f64], tolerance: f64) -> Result<Interval> {
    const SWEEPS: usize = 100_000;
    let (mut v, mut q) = (vec![0.0; mdp.states()], vec![0.0; mdp.pairs()]);
    let factor = mdp.gamma() / (1.0 - mdp.gamma());
    let mut width = f64::INFINITY;
    for _ in 0..SWEEPS {
        mdp.backup(r, &v, &mut q);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for (v, q) in v.iter_mut().zip(q.chunks_exact(mdp.actions())) {
            let best = q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let change = best - *v;
            (least, most) = (least.min(change), most.max(change));
            *v = best;
        }
        width = factor * (most - least);
        if width <= tolerance {
            let j = crate::numerics::sum::dot(mdp.start(), &v);
            return Ok(Interval { low: j + factor * least, high: j + factor * most });
        }
    }
    Err(Error::NotConverged { method: "value iteration".into(), iterations: SWEEPS, residual: width, tolerance })
}
