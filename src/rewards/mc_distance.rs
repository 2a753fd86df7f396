//! The STARC distance from a sampler alone, without the bias of plugging in noisy estimates.
//!
//! For each pair two independent replicates of `n` rollouts, both rewards scored on the same rollouts. With $a_i, b_i$ the
//! canonical rewards estimated from the two replicates, products of replicates are unbiased where squares are not:
//! $$\cos = \frac{(a_1\cdot b_2 + b_1\cdot a_2)/2}{\sqrt{(a_1\cdot b_1)(a_2\cdot b_2)}}, \qquad \hat d = \sqrt{2 - 2\cos}.$$
//! A single replicate inflates the norms by the variance of the estimates. The standard error is a jackknife over 20 blocks
//! of rollouts. The policy is uniform, the norm $L_2$ (on pairs for VAL, on all transitions for VALPotential).
//! Source: specification, section 4.11 (derived); Skalse et al. (2024) report the bias.

use super::mdp::Mdp;
use super::policy::Policy;
use super::potential::shape;
use super::reward::Reward;
use super::sampling::Simulator;
use crate::sampling::{Address, position};
use crate::{Error, Result};

/// Which canonicalisation is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimated {
    /// The advantage.
    Val,
    /// Shaping by the value function.
    ValPotential,
}

/// A distance from rollouts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DistanceEstimate {
    /// $\hat d$.
    pub d_hat: f64,
    /// Its jackknife standard error.
    pub std_err: f64,
    /// The distance from one replicate of all rollouts: biased, for comparison.
    pub naive: f64,
}

/// Blocks of the jackknife (fewer if there are fewer rollouts).
const BLOCKS: usize = 20;
/// Most rollouts a pair and replicate.
const MOST_ROLLOUTS: u64 = 100_000_000;

/// Sums of returns by block: `[block][replicate][reward][pair]`.
#[derive(Clone, Debug)]
pub struct Rollouts<'a> {
    mdp: &'a Mdp,
    kind: Estimated,
    counts: Vec<f64>,
    sums: Vec<Vec<f64>>,
}

/// The returns of one block of rollouts, `[replicate][reward][pair]`.
///
/// The stream of rollout `i` of a pair in a replicate is its own: blocks may be computed in any order, by any thread.
pub fn block_sums(
    simulator: &Simulator,
    rewards: [&Reward; 2],
    pairs: usize,
    address: Address,
    rollouts: std::ops::Range<u64>,
) -> Vec<f64> {
    let mut sums = vec![0.0; 4 * pairs];
    for i in rollouts {
        for replicate in 0..2 {
            for pair in 0..pairs {
                let mut stream = address.stream(i);
                stream.seek(position((2 * pair + replicate) as u32, 0));
                let totals = simulator.returns(pair, rewards, &mut stream);
                sums[2 * replicate * pairs + pair] += totals[0];
                sums[(2 * replicate + 1) * pairs + pair] += totals[1];
            }
        }
    }
    sums
}

/// The blocks of `n` rollouts: ranges of rollout numbers.
///
/// # Errors
/// Field `n` unless from 2 to 1e8.
pub fn blocks(n: u64) -> Result<Vec<std::ops::Range<u64>>> {
    if !(2..=MOST_ROLLOUTS).contains(&n) {
        return Err(Error::invalid("n", n, "from 2 to 1e8 rollouts"));
    }
    let count = (BLOCKS as u64).min(n);
    Ok((0..count).map(|b| b * n / count..(b + 1) * n / count).collect())
}

impl<'a> Rollouts<'a> {
    /// Collects the sums of all blocks.
    pub fn new(mdp: &'a Mdp, kind: Estimated, blocks: &[std::ops::Range<u64>], sums: Vec<Vec<f64>>) -> Self {
        Rollouts { mdp, kind, counts: blocks.iter().map(|b| (b.end - b.start) as f64).collect(), sums }
    }

    /// The distance, its error, and the naive distance.
    ///
    /// # Errors
    /// Field `n` if a product of replicates is not positive: more rollouts are needed to tell a reward from a trivial one.
    pub fn estimate(&self, r1: &Reward, r2: &Reward) -> Result<DistanceEstimate> {
        let whole = self.canonical(None, r1, r2);
        let d_hat = debiased(&whole)?;
        let blocks = self.counts.len() as f64;
        let left_out: Vec<f64> =
            (0..self.counts.len()).map(|b| debiased(&self.canonical(Some(b), r1, r2))).collect::<Result<_>>()?;
        let mean = left_out.iter().sum::<f64>() / blocks;
        let square: f64 = left_out.iter().map(|d| (d - mean).powi(2)).sum();
        let [a1, a2, ..] = &whole;
        let cosine = dot(a1, a2) / (dot(a1, a1) * dot(a2, a2)).sqrt();
        let naive = (2.0 - 2.0 * cosine).max(0.0).sqrt();
        Ok(DistanceEstimate { d_hat, std_err: (square * (blocks - 1.0) / blocks).sqrt(), naive })
    }

    /// $a_1, a_2, b_1, b_2$ without one block.
    fn canonical(&self, without: Option<usize>, r1: &Reward, r2: &Reward) -> [Vec<f64>; 4] {
        let pairs = self.mdp.pairs();
        let kept = || (0..self.counts.len()).filter(move |&b| Some(b) != without);
        let count: f64 = kept().map(|b| self.counts[b]).sum();
        std::array::from_fn(|k| {
            let mut q: Vec<f64> =
                (0..pairs).map(|pair| kept().map(|b| self.sums[b][k * pairs + pair]).sum::<f64>() / count).collect();
            let mut v = vec![0.0; self.mdp.states()];
            Policy::uniform(self.mdp).average(&q, &mut v);
            match self.kind {
                Estimated::Val => {
                    for (q, v) in q.chunks_exact_mut(self.mdp.actions()).zip(&v) {
                        q.iter_mut().for_each(|q| *q -= v);
                    }
                    q
                }
                Estimated::ValPotential => {
                    let mut values = if k % 2 == 0 { r1 } else { r2 }.values().to_vec();
                    shape(self.mdp, &mut values, &v, 0.0);
                    values
                }
            }
        })
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    crate::numerics::lanes::dot_lanes(x, y)
}

fn debiased([a1, a2, b1, b2]: &[Vec<f64>; 4]) -> Result<f64> {
    let (square1, square2) = (dot(a1, b1), dot(a2, b2));
    if !(square1 > 0.0 && square2 > 0.0) {
        let expected = "more rollouts: n is too small to tell the rewards from trivial ones";
        return Err(Error::invalid("n", format!("with products {square1:e} and {square2:e} of replicates"), expected));
    }
    let cosine = 0.5 * (dot(a1, b2) + dot(b1, a2)) / (square1 * square2).sqrt();
    Ok((2.0 - 2.0 * cosine).max(0.0).sqrt())
}
