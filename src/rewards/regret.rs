//! Worst-case regret: how much return under $R_1$ can be lost by a change that $R_2$ approves of. Exact.
//!
//! $$\mathrm{Reg}(R_1,R_2) = \sup\{J_1(\pi_1) - J_1(\pi_2) : J_2(\pi_2) \ge J_2(\pi_1)\}, \qquad
//!   \mathrm{Reg}(R_1,R_2) = \min_{\lambda\ge0} \mathrm{span}(R_1 - \lambda R_2)$$
//! (R4: a linear program over pairs of occupancies and its dual). $f(\lambda) = \mathrm{span}(R_1 - \lambda R_2)$ is convex and
//! piecewise linear; each evaluation is two optimal policies $p, q$ and gives the supporting line $a - \lambda c$,
//! $a = J_1(p) - J_1(q)$, $c = J_2(p) - J_2(q)$. Lines of opposite slope are intersected until the function touches their
//! crossing. The witness mixes the occupancies of the two end pairs so that $J_2$ is equal; its loss and $f$ at the crossing
//! enclose the answer.
//!
//! Rewards are replaced by their uniform advantages, $R_2$'s scaled to the size of $R_1$'s: same orders, nothing to cancel.
//! Conventions: $R_1$ trivial gives 0; $R_2$ trivial gives $\mathrm{span}(R_1)$, normalised 1. $J$ is unnormalised. Cost: 10 to 20 warm
//! policy iterations. Source: derived.

use super::canonical::{ZERO, levelled};
use super::evaluation::{PolicySystem, evaluate};
use super::mdp::Mdp;
use super::optimal::{Goal, Planner};
use super::policy::Policy;
use super::reward::Reward;
use crate::{Error, Result};

/// The worst case of two rewards.
#[derive(Clone, Debug, PartialEq)]
pub struct WorstCase {
    /// The regret in units of $R_1$'s unnormalised return.
    pub regret: f64,
    /// The regret over $\mathrm{span}(R_1)$, in $[0, 1]$; 0 if that is 0.
    pub normalised: f64,
    /// $\mathrm{span}(R_1)$.
    pub span: f64,
    /// The multiplier of the dual, for the rewards as given (not unique).
    pub lambda: f64,
    /// The dual value $f(\lambda)$: an upper bound.
    pub upper: f64,
    ends: [End; 2],
    /// Weight of the first end in the witness.
    weight: f64,
}

/// A supporting line of $f$ and the deterministic policies that give it.
#[derive(Clone, Debug, PartialEq)]
struct End {
    a: f64,
    c: f64,
    best: Vec<usize>,
    worst: Vec<usize>,
}

/// A pair of policies that attains the regret.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The policy that is left, $\pi_1$.
    pub from: Policy,
    /// The policy that $R_2$ likes at least as well, $\pi_2$.
    pub to: Policy,
    /// $J_1(\pi_1) - J_1(\pi_2)$, evaluated from the policies: a lower bound on the regret where `approval >= 0`.
    pub loss: f64,
    /// $J_2(\pi_2) - J_2(\pi_1)$, 0 up to rounding (or positive if the best and worst policy already are such a pair).
    pub approval: f64,
}

/// Solves pairs of rewards on one MDP.
#[derive(Clone, Debug)]
pub struct RegretSolver<'a> {
    mdp: &'a Mdp,
    uniform: Policy,
    system: PolicySystem<'a>,
    best: Planner<'a>,
    worst: Planner<'a>,
    visits: Vec<f64>,
}

/// Relative to $\mathrm{span}(R_1)$: the function touches the crossing of two lines.
const TOUCH: f64 = 1e-12;
/// Far beyond the number of pieces met in practice.
const LINES: usize = 200;

impl<'a> RegretSolver<'a> {
    /// A solver for `mdp`.
    pub fn new(mdp: &'a Mdp) -> Self {
        let uniform = Policy::uniform(mdp);
        RegretSolver {
            mdp,
            system: PolicySystem::of(mdp, &uniform),
            uniform,
            best: Planner::new(mdp),
            worst: Planner::new(mdp),
            visits: vec![0.0; mdp.states()],
        }
    }

    /// The worst case.
    ///
    /// # Errors
    /// [`Error::NotConverged`] if the lines do not meet (not seen), or from a sparse process.
    pub fn solve(&mut self, r1: &Reward, r2: &Reward) -> Result<WorstCase> {
        let x = levelled(self.mdp, &self.uniform, &self.system, r1.expected())?;
        let y = levelled(self.mdp, &self.uniform, &self.system, r2.expected())?;
        self.solve_levelled(x, r1.largest(), y, r2.largest())
    }

    /// The worst case of two rewards given by their uniform advantages on pairs and $\max|R|$.
    ///
    /// # Errors
    /// As [`solve`](Self::solve).
    pub fn solve_levelled(&mut self, x: Vec<f64>, size1: f64, mut y: Vec<f64>, size2: f64) -> Result<WorstCase> {
        let (largest_x, largest_y) = (largest(&x), largest(&y));
        let start = self.line(&x, &y, 0.0)?;
        let span = start.a.max(0.0);
        let ends = |end: &End| [end.clone(), end.clone()];
        if self.is_trivial(largest_x, span, size1) {
            return Ok(WorstCase {
                regret: 0.0,
                normalised: 0.0,
                span: 0.0,
                lambda: 0.0,
                upper: 0.0,
                ends: ends(&start),
                weight: 1.0,
            });
        }
        let whole = |end: &End| WorstCase {
            regret: span,
            normalised: 1.0,
            span,
            lambda: 0.0,
            upper: span,
            ends: ends(end),
            weight: 1.0,
        };
        let unit = largest_x / largest_y;
        if largest_y <= ZERO * size2 / (1.0 - self.mdp.gamma()) || !unit.is_finite() {
            return Ok(whole(&start));
        }
        y.iter_mut().for_each(|y| *y *= unit);
        let mut left = End { c: start.c * unit, ..start };
        if left.c <= 0.0 {
            // Trivial or opposed: the best policy may be left for the worst.
            return Ok(whole(&left));
        }
        let mut lambda = 1.0;
        let mut right = loop {
            let line = self.line(&x, &y, lambda)?;
            if line.c < 0.0 {
                break line;
            }
            left = line;
            lambda *= 4.0;
            if lambda > 1e18 {
                // Only a reward whose span is rounding keeps the slope from turning: it approves of everything.
                left.c = 0.0;
                return Ok(whole(&left));
            }
        };
        let mut gap = f64::INFINITY;
        for _ in 0..LINES {
            lambda = ((left.a - right.a) / (left.c - right.c)).max(0.0);
            let weight = -right.c / (left.c - right.c);
            let crossing = weight * left.a + (1.0 - weight) * right.a;
            let line = self.line(&x, &y, lambda)?;
            let value = line.a - lambda * line.c;
            gap = value - crossing;
            if gap <= TOUCH * span {
                let regret = crossing.clamp(0.0, span);
                return Ok(WorstCase {
                    regret,
                    normalised: regret / span,
                    span,
                    lambda: lambda * unit,
                    upper: value.max(regret),
                    ends: [left, right],
                    weight,
                });
            }
            if line.c < 0.0 { right = line } else { left = line }
        }
        Err(Error::NotConverged {
            method: "worst-case regret".into(),
            iterations: LINES,
            residual: gap,
            tolerance: TOUCH * span,
        })
    }

    fn is_trivial(&self, largest: f64, span: f64, size: f64) -> bool {
        let allowed = ZERO * size / (1.0 - self.mdp.gamma());
        largest <= allowed || span <= allowed / (1.0 - self.mdp.gamma())
    }

    /// The supporting line of $f$ at `lambda`.
    fn line(&mut self, x: &[f64], y: &[f64], lambda: f64) -> Result<End> {
        let z: Vec<f64> = x.iter().zip(y).map(|(x, y)| x - lambda * y).collect();
        self.best.find(&z, Goal::Maximise)?;
        self.worst.find(&z, Goal::Minimise)?;
        let (mut a, mut c) = (0.0, 0.0);
        for (planner, sign) in [(&self.best, 1.0), (&self.worst, -1.0)] {
            planner.visits(&mut self.visits)?;
            for (s, (visits, choice)) in self.visits.iter().zip(planner.choice()).enumerate() {
                let pair = s * self.mdp.actions() + choice;
                a += sign * visits * x[pair];
                c += sign * visits * y[pair];
            }
        }
        Ok(End { a, c, best: self.best.choice().to_vec(), worst: self.worst.choice().to_vec() })
    }
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |m: f64, x| m.max(x.abs()))
}

/// The worst-case regret of `r2` for `r1`. See the [module](self).
///
/// ```
/// use tilt::rewards::{mdp::Mdp, regret::worst_case_regret, reward::Reward};
/// // A bandit: rewards (0, 1, 2) and (0, 2, 1). Leaving arm 2 for a mixture of arms 0 and 1.
/// let mdp = Mdp::new(&[vec![vec![1.0]; 3]], &[1.0], 0.5)?;
/// let reward = |r: [f64; 3]| Reward::from_fn(&mdp, "R", move |_, a, _| r[a]);
/// let worst = worst_case_regret(&mdp, &reward([0.0, 1.0, 2.0])?, &reward([0.0, 2.0, 1.0])?)?;
/// assert!((worst.regret - 3.0).abs() < 1e-12 && (worst.normalised - 0.75).abs() < 1e-12);
/// # Ok::<(), tilt::Error>(())
/// ```
///
/// # Errors
/// As [`RegretSolver::solve`].
pub fn worst_case_regret(mdp: &Mdp, r1: &Reward, r2: &Reward) -> Result<WorstCase> {
    RegretSolver::new(mdp).solve(r1, r2)
}

impl WorstCase {
    /// The pair of policies that attains the regret, re-evaluated under the rewards as given.
    ///
    /// # Errors
    /// [`Error::NotConverged`] from a sparse process.
    pub fn witness(&self, mdp: &Mdp, r1: &Reward, r2: &Reward) -> Result<Witness> {
        let mixed = |pick: fn(&End) -> &Vec<usize>| -> Result<Policy> {
            let mut mass = vec![0.0; mdp.pairs()];
            for (end, weight) in self.ends.iter().zip([self.weight, 1.0 - self.weight]) {
                let policy = Policy::deterministic(mdp, pick(end));
                let mu = super::occupancy::occupancy(mdp, &policy)?;
                mass.iter_mut().zip(mu).for_each(|(m, mu)| *m += weight * mu);
            }
            Ok(Policy::of_occupancy(mdp, &mass))
        };
        let (from, to) = (mixed(|end| &end.best)?, mixed(|end| &end.worst)?);
        let difference = |r: &[f64]| Ok(evaluate(mdp, &from, r)?.j - evaluate(mdp, &to, r)?.j);
        // The advantages: the same differences without a common offset.
        let uniform = |r: &Reward| super::canonical::uniform_advantage(mdp, r.expected());
        let loss = difference(&uniform(r1)?)?;
        let approval: Result<f64> = difference(&uniform(r2)?);
        Ok(Witness { loss, approval: -approval?, from, to })
    }
}
