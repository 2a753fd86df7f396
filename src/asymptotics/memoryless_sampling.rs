//! Simulation of the memoryless model: rewards under the base law and its tilts, tails by importance sampling, best-of-N
//! by `N` plain draws. None of it uses the exact law of `R`.
//!
//! The reward of a sequence depends on its letter counts, a multinomial drawn as `k - 1` conditional binomials: `O(k)` a
//! sequence whatever its length. Tails: draw `R` under the tilt `tau` with mean at the threshold `t` and weigh by
//! `e^{-tau (R - t)} 1{R >= t}`; `P(R >= t) = e^{-n I} E[weight]`, relative variance about `tau sqrt(2 pi n V)/2 - 1`
//! (non-lattice; derived, spec section 4), for any `n`. Below the mean the same with `tau < 0` and `P(R < t)`.

use super::memoryless::Memoryless;
use crate::prob::{divergence_between_tilts, tilt, tilt_to_mean};
use crate::sampling::Categorical;
use crate::{Error, Result};
use rand::{Rng, RngExt};
use rand_distr::{Binomial, Distribution};

/// Draws total rewards of a memoryless model under the tilt `phi_beta^n`.
#[derive(Clone, Debug)]
pub struct RewardSampler {
    /// For each letter but the last, the law of its count has this share of what the letters before it left.
    shares: Vec<f64>,
    rewards: Vec<f64>,
    length: u64,
}

impl RewardSampler {
    /// A sampler under the tilt of every symbol by `beta` (0: the base law).
    ///
    /// # Errors
    /// Field `beta` if not finite.
    pub fn new(model: &Memoryless, beta: f64) -> Result<RewardSampler> {
        if !beta.is_finite() {
            return Err(Error::invalid("beta", beta, "a finite number"));
        }
        Ok(RewardSampler::of_law(&tilt(model.letters(), model.rewards(), beta).probs, model.rewards(), model.length()))
    }

    /// A sampler of sums of symbols with this law.
    pub(crate) fn of_law(probs: &[f64], rewards: &[f64], length: u64) -> RewardSampler {
        let mut left = vec![0.0; probs.len() + 1];
        for i in (0..probs.len()).rev() {
            left[i] = left[i + 1] + probs[i];
        }
        let shares = (0..probs.len() - 1).map(|i| if left[i] > 0.0 { (probs[i] / left[i]).min(1.0) } else { 1.0 });
        RewardSampler { shares: shares.collect(), rewards: rewards.to_vec(), length }
    }

    /// One total reward.
    pub fn draw(&self, rng: &mut impl Rng) -> f64 {
        let mut left = self.length;
        let mut total = 0.0;
        for (share, reward) in self.shares.iter().zip(&self.rewards) {
            let count = binomial(left, *share, rng);
            total += count as f64 * reward;
            left -= count;
        }
        total + left as f64 * self.rewards[self.rewards.len() - 1]
    }

    /// The largest of `draws` (at least one) total rewards: best-of-N without any formula.
    pub fn best_of(&self, draws: u64, rng: &mut impl Rng) -> f64 {
        (1..draws).fold(self.draw(rng), |best, _| best.max(self.draw(rng)))
    }
}

/// A binomial count; the parameters are valid by construction, and a degenerate share needs no draw.
fn binomial(n: u64, share: f64, rng: &mut impl Rng) -> u64 {
    if n == 0 || share <= 0.0 {
        0
    } else if share >= 1.0 {
        n
    } else {
        Binomial::new(n, share).map_or(0, |law| law.sample(rng))
    }
}

/// Importance sampling of `P(R >= threshold)` and `P(R = threshold)` under the tilt whose mean is the threshold.
#[derive(Clone, Debug)]
pub struct TailSampler {
    sampler: RewardSampler,
    /// The tilt beyond that of the model.
    tau: f64,
    threshold: f64,
    tolerance: f64,
    /// `-n I`: the logarithm of the factor of every weight.
    pub log_scale: f64,
}

impl TailSampler {
    /// The sampler at `threshold` in `(n s_min, n s_max)`, for the model with every symbol tilted by `beta`.
    ///
    /// # Errors
    /// Fields `threshold`, `beta`.
    pub fn new(model: &Memoryless, beta: f64, threshold: f64) -> Result<TailSampler> {
        let n = model.length() as f64;
        let (low, high) = (n * model.rewards()[0], n * model.rewards()[model.rewards().len() - 1]);
        if !(threshold > low && threshold < high) {
            return Err(Error::invalid("threshold", threshold, format!("a number in ({low}, {high})")));
        }
        if !beta.is_finite() {
            return Err(Error::invalid("beta", beta, "a finite number"));
        }
        let (letters, rewards) = (model.letters(), model.rewards());
        let (base, tilted) = (tilt(letters, rewards, beta), tilt_to_mean(letters, rewards, threshold / n));
        let tau = tilted.beta - beta;
        Ok(TailSampler {
            sampler: RewardSampler::of_law(&tilted.probs, rewards, model.length()),
            tau,
            threshold,
            tolerance: model.tolerance(),
            log_scale: -n * divergence_between_tilts(&tilted, &base) - tau * (threshold - n * tilted.mean),
        })
    }

    /// True if the threshold is above the mean of the model: then the tail is `R >= threshold`, else `R < threshold`.
    pub fn is_upper(&self) -> bool {
        self.tau >= 0.0
    }

    /// The weights in `[0, 1]` (to rounding) of one draw, for the tail on the threshold's side of the mean and for the
    /// threshold itself: a probability is `e^{log_scale} E[weight]`.
    pub fn weights(&self, rng: &mut impl Rng) -> (f64, f64) {
        let above = self.sampler.draw(rng) - self.threshold;
        let weight = (-self.tau * above).exp();
        let reaches = above >= -self.tolerance;
        let (tail, hit) = (reaches == self.is_upper(), above.abs() <= self.tolerance);
        (if tail { weight } else { 0.0 }, if hit { weight } else { 0.0 })
    }
}

/// Draws whole sequences, as letter indices: for simulations that look at symbols.
#[derive(Clone, Debug)]
pub struct SequenceSampler(Categorical);

impl SequenceSampler {
    /// A sampler under the tilt of every symbol by `beta`.
    ///
    /// # Errors
    /// Field `beta` if not finite.
    pub fn new(model: &Memoryless, beta: f64) -> Result<SequenceSampler> {
        if !beta.is_finite() {
            return Err(Error::invalid("beta", beta, "a finite number"));
        }
        Ok(SequenceSampler(Categorical::new(&tilt(model.letters(), model.rewards(), beta).probs)?))
    }

    /// Fills `sequence` with independent letters (indices into [`Memoryless::rewards`]).
    pub fn fill(&self, sequence: &mut [usize], rng: &mut impl Rng) {
        for letter in sequence {
            *letter = self.0.at(rng.random());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::level_sampling::tests::{agrees, mean_of};
    use super::super::memoryless_best_of::memoryless_best_of;
    use super::super::reward_law::reward_law;
    use super::*;
    use crate::numerics::log_space::log_sum_exp;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    #[test]
    fn plain_best_of_n_is_the_exact_one() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let model = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 1.8384776310850235], 30).unwrap();
        let sampler = RewardSampler::new(&model, 0.0).unwrap();
        for draws in [1u64, 7] {
            let exact = memoryless_best_of(&model, (draws as f64).ln()).unwrap();
            agrees(mean_of(20_000, || sampler.best_of(draws, &mut rng)), exact.mean);
        }
    }

    #[test]
    fn tilted_rewards_have_the_tilted_mean() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
        let model = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.0], 1_000_000).unwrap();
        let tilted = tilt(model.letters(), model.rewards(), -0.4);
        let sampler = RewardSampler::new(&model, -0.4).unwrap();
        agrees(mean_of(2000, || sampler.draw(&mut rng)), 1e6 * tilted.mean);
        let frozen = RewardSampler::new(&model, 1e5).unwrap();
        assert_eq!(frozen.draw(&mut rng), 2e6);
    }

    #[test]
    fn deep_tails_by_importance() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        for (s, beta, threshold) in
            [([0.0, 1.0, 2.0], 0.0, 350.0), ([0.0, 1.0, 1.8384776310850235], 0.0, 330.0), ([0.0, 1.0, 2.0], 0.4, 60.0)]
        {
            let model = Memoryless::new(&[0.5, 0.3, 0.2], &s, 240).unwrap();
            let law = reward_law(&model).unwrap().tilted(&model, beta).unwrap();
            let sampler = TailSampler::new(&model, beta, threshold).unwrap();
            let exact = match sampler.is_upper() {
                true => law.log_survival_ge(threshold),
                false => {
                    let below = law.levels.values().partition_point(|v| *v < threshold - law.tolerance);
                    log_sum_exp(&law.levels.log_mass()[..below])
                }
            };
            let (mean, error) = mean_of(20_000, || sampler.weights(&mut rng).0);
            agrees((mean, error), (exact - sampler.log_scale).exp());
            assert!(exact < -30.0 && error < 0.05 * mean);
            let at = law.log_pmf(threshold);
            agrees(mean_of(20_000, || sampler.weights(&mut rng).1), (at - sampler.log_scale).exp());
        }
    }

    #[test]
    fn sequences_have_the_letters_of_the_law() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(6);
        let model = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.0], 10).unwrap();
        let sampler = SequenceSampler::new(&model, 0.0).unwrap();
        let mut sequence = [0; 10];
        let mean = mean_of(5000, || {
            sampler.fill(&mut sequence, &mut rng);
            sequence.iter().map(|&i| model.rewards()[i]).sum()
        });
        agrees(mean, 7.0);
    }
}
