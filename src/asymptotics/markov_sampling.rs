//! Simulation of Markov chains: under a transition matrix from its stationary law, and of the finite-length optimum.
//!
//! Under the tilted chain `Q` started in its stationary law, `R/n` has mean `Lambda'(beta)` and variance
//! `Lambda''(beta)/n + O(n^-2)`. The optimum of `n` symbols starts from `init_i e^{beta s_i} h_{n-1}(i)` and steps by
//! `P_ij e^{beta s_j} h_{l-1}(j)`, `l` the symbols still to come (R28): exact draws.

use super::markov::{Chain, MarkovTilt, check_beta};
use super::markov_finite::check_start;
use crate::numerics::log_space::log_sum_exp;
use crate::sampling::Categorical;
use crate::{Error, Result};
use rand::{Rng, RngExt};

/// Draws paths of a chain with fixed transition matrix.
#[derive(Clone, Debug)]
pub struct PathSampler {
    first: Categorical,
    rows: Vec<Categorical>,
    reward: Vec<f64>,
}

impl PathSampler {
    /// The base chain, its first state drawn from `initial`.
    ///
    /// # Errors
    /// Field `initial`.
    pub fn base(chain: &Chain, initial: &[f64]) -> Result<PathSampler> {
        PathSampler::of(&check_start(chain, initial, 1)?, chain.transition(), chain.reward())
    }

    /// The tilted chain in its stationary law.
    ///
    /// # Errors
    /// None for the tilt of a valid chain.
    pub fn stationary(chain: &Chain, tilted: &MarkovTilt) -> Result<PathSampler> {
        PathSampler::of(&tilted.stationary, &tilted.tilted_transition, chain.reward())
    }

    fn of(first: &[f64], transition: &[f64], reward: &[f64]) -> Result<PathSampler> {
        let states = reward.len();
        Ok(PathSampler {
            first: Categorical::new(first)?,
            rows: transition.chunks(states).map(Categorical::new).collect::<Result<_>>()?,
            reward: reward.to_vec(),
        })
    }

    /// The total reward of one path of `n >= 1` symbols, `O(n log k)`.
    pub fn reward(&self, n: u64, rng: &mut impl Rng) -> f64 {
        let mut state = self.first.at(rng.random());
        let mut total = self.reward[state];
        for _ in 1..n {
            state = self.rows[state].at(rng.random());
            total += self.reward[state];
        }
        total
    }

    /// The largest total reward of `draws` (at least one) paths: best-of-N without any formula.
    pub fn best_of(&self, n: u64, draws: u64, rng: &mut impl Rng) -> f64 {
        (1..draws).fold(self.reward(n, rng), |best, _| best.max(self.reward(n, rng)))
    }
}

/// Draws paths of the optimum `p e^{beta R} / Z_n`.
#[derive(Clone, Debug)]
pub struct OptimumSampler {
    first: Categorical,
    /// `steps[l - 1][i]`: the law of the next state from `i` with `l` symbols to come.
    steps: Vec<Vec<Categorical>>,
    reward: Vec<f64>,
    /// `log Z_n = log E e^{beta R}`, by the sums that give the step laws.
    pub log_z: f64,
}

/// Largest number of cumulative masses kept, `n k^2`.
const ENTRY_LIMIT: f64 = 1e8;

impl OptimumSampler {
    /// The optimum of `n` symbols at `beta`. Cost and memory `O(n k^2)`.
    ///
    /// # Errors
    /// Fields `initial`, `n`, `beta`; [`Error::TooLarge`] beyond `n k^2 = 1e8`.
    pub fn new(chain: &Chain, initial: &[f64], n: u64, beta: f64) -> Result<OptimumSampler> {
        let initial = check_start(chain, initial, n)?;
        check_beta(chain, beta)?;
        let states = chain.states();
        let entries = n as f64 * (states * states) as f64;
        if entries > ENTRY_LIMIT {
            return Err(Error::too_large("the step laws of the optimum", entries, ENTRY_LIMIT, "table entries"));
        }
        let mut log_h = vec![0.0; states];
        let mut shift = 0.0;
        let mut steps = Vec::with_capacity(n as usize - 1);
        for _ in 1..n {
            let weights =
                |i: usize, j: usize| chain.log_transition()[i * states + j] + beta * chain.reward()[j] + log_h[j];
            let next: Vec<f64> =
                (0..states).map(|i| log_sum_exp(&(0..states).map(|j| weights(i, j)).collect::<Vec<_>>())).collect();
            let row = |i| Categorical::new(&(0..states).map(|j| (weights(i, j) - next[i]).exp()).collect::<Vec<_>>());
            steps.push((0..states).map(row).collect::<Result<_>>()?);
            log_h = next.iter().map(|h| h - next[0]).collect();
            shift += next[0];
        }
        let start: Vec<f64> = (0..states).map(|j| initial[j].ln() + beta * chain.reward()[j] + log_h[j]).collect();
        let log_z = log_sum_exp(&start);
        let first = Categorical::new(&start.iter().map(|w| (w - log_z).exp()).collect::<Vec<_>>())?;
        Ok(OptimumSampler { first, steps, reward: chain.reward().to_vec(), log_z: log_z + shift })
    }

    /// The total reward of one path.
    pub fn reward(&self, rng: &mut impl Rng) -> f64 {
        let mut state = self.first.at(rng.random());
        let mut total = self.reward[state];
        for step in self.steps.iter().rev() {
            state = step[state].at(rng.random());
            total += self.reward[state];
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::super::level_sampling::tests::{agrees, mean_of};
    use super::super::markov::markov_tilt;
    use super::super::markov_best_of::markov_best_of;
    use super::super::markov_finite::markov_finite;
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    fn example() -> Chain {
        Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap()
    }

    #[test]
    fn stationary_paths_have_the_mean_and_variance_of_the_tilt() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
        let tilted = markov_tilt(&example(), 0.8).unwrap();
        let sampler = PathSampler::stationary(&example(), &tilted).unwrap();
        let n = 500u64;
        let x = n as f64;
        agrees(mean_of(4000, || sampler.reward(n, &mut rng) / x), tilted.mean);
        // The variance of R is n Lambda'' - c, c = 2 sum l Cov_l = O(1): allow it.
        let (variance, error) = mean_of(4000, || (sampler.reward(n, &mut rng) - x * tilted.mean).powi(2) / x);
        assert!((variance - tilted.variance).abs() < 5.0 * error + 3.0 / x, "{variance} {}", tilted.variance);
    }

    #[test]
    fn optimum_paths_have_the_exact_mean() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(8);
        for beta in [0.8, -2.0] {
            let exact = markov_finite(&example(), &[0.8, 0.2], 20, beta).unwrap();
            let sampler = OptimumSampler::new(&example(), &[0.8, 0.2], 20, beta).unwrap();
            agrees(mean_of(20_000, || sampler.reward(&mut rng)), exact.mean);
            agrees(mean_of(20_000, || (sampler.reward(&mut rng) - exact.mean).powi(2)), exact.variance);
        }
    }

    #[test]
    fn plain_best_of_n_is_the_exact_one() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
        let sampler = PathSampler::base(&example(), &[0.8, 0.2]).unwrap();
        for draws in [1u64, 6] {
            let exact = markov_best_of(&example(), &[0.8, 0.2], 25, (draws as f64).ln()).unwrap();
            agrees(mean_of(10_000, || sampler.best_of(25, draws, &mut rng)), exact.mean);
        }
    }
}
