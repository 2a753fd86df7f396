//! Thousands of small games of one size at once: eight games a lane group, groups over threads.
//!
//! Structure of arrays: entry $(i, j)$ of eight games side by side, so that products, maxima and exponentials of a mirror
//! step run on whole lanes without a horizontal operation. The log-ratio is kept up to a constant (a step with $\kappa \le 1$
//! keeps it bounded) and normalised once at the end. The result of a game depends on that game alone: not on its
//! neighbours, the number of threads or the instruction set.
//!
//! Memory: $8 Y^2 + O(Y)$ bytes a game. Time a step and game, $Y = 10$: about 20 nanoseconds with AVX-512.

use super::game::Game;
use super::policy::{Reference, normalise};
use super::step::MirrorStep;
use crate::numerics::lanes::{Kernel, Lanes, dispatch, exp8};
use crate::{Error, Result};
use rayon::prelude::*;

/// Many games of one size.
#[derive(Clone, Debug)]
pub struct Batch {
    size: usize,
    references: Vec<Reference>,
    betas: Vec<f64>,
    groups: Vec<Group>,
}

/// Eight games side by side; lanes beyond the last game hold a game of ties.
#[derive(Clone, Debug)]
struct Group {
    /// Entry $i Y + j$: $A_{ij}$ of the eight games.
    advantages: Vec<Lanes>,
    log_reference: Vec<Lanes>,
}

/// Where a batch of learners stands.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchOutcome {
    /// $\log(\pi/\pi_{ref})$, shape [games, actions].
    pub log_ratios: Vec<f64>,
    /// $\pi$, shape [games, actions].
    pub policies: Vec<f64>,
}

/// Which learner a batch runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchLearner {
    /// Nash mirror prox: two queries.
    MirrorProx,
    /// Mirror descent: one query.
    MirrorDescent,
}

impl Batch {
    /// A batch of games of one size.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `games`: none, or of unequal sizes.
    pub fn new(games: &[Game]) -> Result<Batch> {
        let Some(first) = games.first() else {
            return Err(Error::invalid("games", "empty", "at least one game"));
        };
        let size = first.size();
        if let Some(g) = games.iter().position(|game| game.size() != size) {
            let found = format!("{} actions", games[g].size());
            return Err(Error::invalid(format!("games[{g}]"), found, format!("{size} actions, as games[0]")));
        }
        let group = |games: &[Game]| {
            let mut advantages = vec![[0.0; 8]; size * size];
            let mut log_reference = vec![[0.0; 8]; size];
            for (lane, game) in games.iter().enumerate() {
                for (entry, a) in advantages.iter_mut().zip(game.preference().advantages()) {
                    entry[lane] = *a;
                }
                for (entry, l) in log_reference.iter_mut().zip(game.reference().log_probs()) {
                    entry[lane] = *l;
                }
            }
            Group { advantages, log_reference }
        };
        Ok(Batch {
            size,
            references: games.iter().map(|game| game.reference().clone()).collect(),
            betas: games.iter().map(Game::beta).collect(),
            groups: games.chunks(8).map(group).collect(),
        })
    }

    /// The number of games.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.betas.len()
    }

    /// `iterations` of a learner in every game from its reference; `step` gives the step of a game from its $\beta$.
    ///
    /// # Errors
    /// Those of `step`.
    ///
    /// ```
    /// use tilt::games::{batch::{Batch, BatchLearner}, families::cyclic, game::Game, policy::Reference, step::Step};
    /// let game = Game::new(cyclic(3, 1.0)?, Reference::new(&[0.6, 0.3, 0.1])?, 0.1)?;
    /// let batch = Batch::new(&vec![game; 11])?;
    /// let out = batch.run(BatchLearner::MirrorProx, 100, |beta| Step::Proximal(2.0 * beta).mirror(beta))?;
    /// assert_eq!(out.policies.len(), 33);
    /// # Ok::<(), tilt::Error>(())
    /// ```
    pub fn run(
        &self,
        learner: BatchLearner,
        iterations: u64,
        step: impl Fn(f64) -> Result<MirrorStep>,
    ) -> Result<BatchOutcome> {
        let steps: Vec<MirrorStep> = self.betas.iter().map(|&beta| step(beta)).collect::<Result<_>>()?;
        let n = self.size;
        let mut log_ratios = vec![0.0; self.len() * n];
        let mut policies = vec![0.0; self.len() * n];
        let jobs = self.groups.par_iter().zip(steps.par_chunks(8)).zip(self.references.par_chunks(8));
        let outputs = log_ratios.par_chunks_mut(8 * n).zip(policies.par_chunks_mut(8 * n));
        jobs.zip(outputs).for_each(|(((group, steps), references), (log_ratios, policies))| {
            let at =
                |f: fn(&MirrorStep) -> f64| -> Lanes { std::array::from_fn(|lane| steps.get(lane).map_or(0.0, f)) };
            let mut ratio = vec![[0.0; 8]; n];
            dispatch(Steps {
                group,
                keep: at(|step| step.keep),
                gain: at(|step| step.gain),
                two: learner == BatchLearner::MirrorProx,
                iterations,
                ratio: &mut ratio,
            });
            for (lane, reference) in references.iter().enumerate() {
                let own = &mut log_ratios[lane * n..][..n];
                own.iter_mut().zip(&ratio).for_each(|(own, ratio)| *own = ratio[lane]);
                normalise(reference.log_probs(), own, &mut policies[lane * n..][..n]);
            }
        });
        Ok(BatchOutcome { log_ratios, policies })
    }
}

struct Steps<'a> {
    group: &'a Group,
    keep: Lanes,
    gain: Lanes,
    two: bool,
    iterations: u64,
    ratio: &'a mut [Lanes],
}

/// Unnormalised policy in `policy`; returns the reciprocal of its sum.
#[inline(always)]
fn weights(log_reference: &[Lanes], ratio: &[Lanes], policy: &mut [Lanes]) -> Lanes {
    let mut top = [f64::NEG_INFINITY; 8];
    for ((l, r), p) in log_reference.iter().zip(ratio).zip(policy.iter_mut()) {
        for lane in 0..8 {
            let x = l[lane] + r[lane];
            p[lane] = x;
            top[lane] = if x > top[lane] { x } else { top[lane] };
        }
    }
    let mut total = [0.0; 8];
    for p in policy.iter_mut() {
        let mut x = *p;
        for lane in 0..8 {
            x[lane] -= top[lane];
        }
        *p = exp8(x);
        for lane in 0..8 {
            total[lane] += p[lane];
        }
    }
    total.map(|t| 1.0 / t)
}

/// `out = keep ratio + gain A policy scale`.
#[inline(always)]
fn step(
    group: &Group,
    ratio: &[Lanes],
    policy: &[Lanes],
    keep: &Lanes,
    gain: &Lanes,
    scale: &Lanes,
    out: &mut [Lanes],
) {
    let n = policy.len();
    for ((row, ratio), out) in group.advantages.chunks_exact(n).zip(ratio).zip(out) {
        let mut payoff = [0.0; 8];
        for (a, p) in row.iter().zip(policy) {
            for lane in 0..8 {
                payoff[lane] += a[lane] * p[lane];
            }
        }
        for lane in 0..8 {
            out[lane] = keep[lane] * ratio[lane] + gain[lane] * (payoff[lane] * scale[lane]);
        }
    }
}

impl Kernel for Steps<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let n = self.ratio.len();
        let (mut policy, mut half, mut next) = (vec![[0.0; 8]; n], vec![[0.0; 8]; n], vec![[0.0; 8]; n]);
        let reference = &self.group.log_reference;
        for _ in 0..self.iterations {
            let scale = weights(reference, self.ratio, &mut policy);
            step(self.group, self.ratio, &policy, &self.keep, &self.gain, &scale, &mut half);
            if self.two {
                let scale = weights(reference, &half, &mut policy);
                step(self.group, self.ratio, &policy, &self.keep, &self.gain, &scale, &mut next);
                self.ratio.copy_from_slice(&next);
            } else {
                self.ratio.copy_from_slice(&half);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::uniform_random;
    use crate::games::learner::{Algorithm, Arena, Iterate, run_exact};
    use crate::games::step::Step;
    use crate::sampling::Address;

    #[test]
    fn lanes_are_the_learners_one_by_one() {
        let address = Address::new(5, "test", "batch");
        for (size, count) in [(1usize, 3u64), (2, 9), (7, 20), (10, 8)] {
            let game = |g: u64| {
                let mut stream = address.stream(g);
                let logits: Vec<f64> = (0..size).map(|_| stream.normal()).collect();
                let beta = 0.05 + stream.uniform();
                Game::new(uniform_random(size, &mut stream), Reference::from_logits(&logits).unwrap(), beta).unwrap()
            };
            let games: Vec<Game> = (0..count).map(game).collect();
            let batch = Batch::new(&games).unwrap();
            for (learner, algorithm) in
                [(BatchLearner::MirrorProx, Algorithm::Mp), (BatchLearner::MirrorDescent, Algorithm::Mmd)]
            {
                let out = batch.run(learner, 15, |beta| Step::Proximal(0.7 * beta).mirror(beta)).unwrap();
                for (g, game) in games.iter().enumerate() {
                    let mut single =
                        algorithm.learner(game.preference(), game.beta(), Some(0.7 * game.beta())).unwrap();
                    let mut iterate = Iterate::reference(game.reference());
                    let arena = Arena { log_reference: game.reference().log_probs(), beta: game.beta() };
                    run_exact(single.as_mut(), &arena, game.preference(), &mut iterate, 15).unwrap();
                    for i in 0..size {
                        // Two orders of summation over 15 steps of gain 0.7: some ulp of a log-ratio below 10.
                        let difference = iterate.log_ratio[i] - out.log_ratios[g * size + i];
                        assert!(difference.abs() < 1e-13, "{size} {g} {i}: {difference}");
                    }
                }
            }
        }
        assert!(Batch::new(&[]).is_err());
    }
}
