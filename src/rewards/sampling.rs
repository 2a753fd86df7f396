//! Draws from a decision process: unbiased rollouts and exact draws of the occupancy, from a sampler alone.
//!
//! Before each further step a rollout stops with probability $1-\gamma$ instead of discounting: the sum of its rewards has mean
//! $Q(s,a)$, and its last pair, started from $\mu_0$, is a draw from $\mu_\pi$. Each takes $1/(1-\gamma)$ steps on average.

use super::mdp::Mdp;
use super::policy::Policy;
use super::reward::Reward;
use crate::Result;
use crate::sampling::{Categorical, Stream};

/// One MDP and policy, ready to be sampled.
#[derive(Clone, Debug)]
pub struct Simulator {
    gamma: f64,
    actions: usize,
    start: Categorical,
    choices: Vec<Categorical>,
    /// For each pair the law of the next state, over the stored entries of its row.
    steps: Vec<Categorical>,
    /// For each pair the next states and the indices of the stored entries.
    targets: Vec<Vec<(usize, usize)>>,
}

impl Simulator {
    /// The simulator of `policy` on `mdp`.
    ///
    /// # Errors
    /// None for valid laws.
    pub fn new(mdp: &Mdp, policy: &Policy) -> Result<Simulator> {
        let (mut steps, mut targets) = (Vec::new(), Vec::new());
        for pair in 0..mdp.pairs() {
            let (mut law, mut target) = (Vec::new(), Vec::new());
            mdp.transitions().visit(mdp.states(), pair, |t, p, i| {
                if p > 0.0 {
                    law.push(p);
                    target.push((t, i));
                }
            });
            steps.push(Categorical::new(&law)?);
            targets.push(target);
        }
        Ok(Simulator {
            gamma: mdp.gamma(),
            actions: mdp.actions(),
            start: Categorical::new(mdp.start())?,
            choices: (0..mdp.states()).map(|s| Categorical::new(policy.row(s))).collect::<Result<_>>()?,
            steps,
            targets,
        })
    }

    /// A start state.
    pub fn start(&self, stream: &mut Stream) -> usize {
        self.start.draw(stream)
    }

    /// The pair played in state `s`.
    pub fn choose(&self, s: usize, stream: &mut Stream) -> usize {
        s * self.actions + self.choices[s].draw(stream)
    }

    /// A transition from `pair`: the next state and the index of the stored entry.
    pub fn step(&self, pair: usize, stream: &mut Stream) -> (usize, usize) {
        self.targets[pair][self.steps[pair].draw(stream)]
    }

    /// Plays from `pair` until the coin stops it; `visit(pair, entry)` for every transition.
    pub fn rollout(&self, mut pair: usize, stream: &mut Stream, mut visit: impl FnMut(usize, usize)) {
        loop {
            let (next, entry) = self.step(pair, stream);
            visit(pair, entry);
            if stream.uniform() >= self.gamma {
                return;
            }
            pair = self.choose(next, stream);
        }
    }

    /// The undiscounted sums of rewards along one stopped rollout from `pair`: unbiased for $Q$, of each reward.
    pub fn returns<const N: usize>(&self, pair: usize, rewards: [&Reward; N], stream: &mut Stream) -> [f64; N] {
        let mut totals = [0.0; N];
        self.rollout(pair, stream, |_, entry| {
            totals.iter_mut().zip(&rewards).for_each(|(total, r)| *total += r.values()[entry]);
        });
        totals
    }

    /// A pair drawn from the occupancy $\mu_\pi$.
    pub fn occupied(&self, stream: &mut Stream) -> usize {
        let mut last = 0;
        let first = self.start(stream);
        let pair = self.choose(first, stream);
        self.rollout(pair, stream, |pair, _| last = pair);
        last
    }
}
