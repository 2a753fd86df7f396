//! The budget problem of a chain of `n` symbols without the law of its reward: by the backward recursion of R28.
//!
//! The optimum is `p e^{b R}/Z_n` with `b` the root of `KL_n(b) = Delta`, both by
//! [`markov_finite`]; the top of `R` and its probability by a recursion in max-plus
//! arithmetic. Cost: about a hundred recursions, `O(n k^2)` each.

use super::markov::Chain;
use super::markov_finite::{check_start, markov_finite};
use super::memoryless::level_tolerance;
use super::tilt_sampling::least_tilt;
use crate::Result;
use crate::numerics::log_space::log_add_exp;
use crate::prob::Regime;

/// The optimum of a chain within a budget, and the tilt under which best-of-N with as many nats is simulated.
#[derive(Clone, Copy, Debug)]
pub struct ChainBudget {
    /// Which case holds.
    pub regime: Regime,
    /// The inverse temperature; infinite if saturated.
    pub beta: f64,
    /// `log E e^{beta R}`; 0 if saturated.
    pub log_z: f64,
    /// Mean total reward of the optimum.
    pub mean: f64,
    /// The tilt that spends the budget, or if less the one that has the largest reward with probability one half.
    pub sampling_beta: f64,
    /// Sums of rewards closer than this are one level.
    pub tolerance: f64,
}

/// The budget problem at `budget` nats in all.
///
/// # Errors
/// Fields `initial`, `n`; [`Error::TooLarge`](crate::Error::TooLarge) from the recursion.
pub fn chain_budget(chain: &Chain, initial: &[f64], n: u64, budget: f64) -> Result<ChainBudget> {
    let first = check_start(chain, initial, n)?;
    let base = markov_finite(chain, initial, n, 0.0)?;
    let tolerance = level_tolerance(n, chain.reward());
    let (top, log_mass) = largest_reward(chain, &first, n, 1.0, tolerance);
    let (bottom, _) = largest_reward(chain, &first, n, -1.0, tolerance);
    let case =
        |regime, beta, log_z, mean, sampling_beta| ChainBudget { regime, beta, log_z, mean, sampling_beta, tolerance };
    if top + bottom <= tolerance {
        return Ok(case(Regime::Degenerate, 0.0, 0.0, base.mean, 0.0));
    }
    if budget == 0.0 {
        return Ok(case(Regime::Base, 0.0, 0.0, base.mean, 0.0));
    }
    let unit = 1.0 / (top + bottom);
    let at = |beta: f64| markov_finite(chain, initial, n, beta).ok();
    let half = |beta: f64| at(beta).is_none_or(|t| log_mass + beta * top - t.log_z >= -std::f64::consts::LN_2);
    let spent = |beta: f64| at(beta).is_none_or(|t| t.kl >= budget);
    if budget >= -log_mass {
        return Ok(case(Regime::Saturated, f64::INFINITY, 0.0, top, least_tilt(unit, half)));
    }
    let beta = least_tilt(unit, spent);
    let sampling_beta = if half(beta) { least_tilt(unit, half) } else { beta };
    let optimum = markov_finite(chain, initial, n, beta)?;
    Ok(case(Regime::Interior, beta, optimum.log_z, optimum.mean, sampling_beta))
}

/// The largest `sign R` over paths of positive probability, and the logarithm of the probability of reaching it.
fn largest_reward(chain: &Chain, first: &[f64], n: u64, sign: f64, tolerance: f64) -> (f64, f64) {
    let k = chain.states();
    // Over next states: the best of what lies ahead, probabilities of equal bests added.
    let best = |log_p: &dyn Fn(usize) -> f64, ahead: &[(f64, f64)]| {
        let options = || (0..k).filter(|&j| log_p(j) > f64::NEG_INFINITY);
        let value = |j: usize| sign * chain.reward()[j] + ahead[j].0;
        let top = options().map(value).fold(f64::NEG_INFINITY, f64::max);
        let reaching = options().filter(|&j| value(j) >= top - tolerance);
        (top, reaching.map(|j| log_p(j) + ahead[j].1).fold(f64::NEG_INFINITY, log_add_exp))
    };
    let mut ahead = vec![(0.0, 0.0); k];
    for _ in 1..n {
        ahead = (0..k).map(|i| best(&|j| chain.log_transition()[i * k + j], &ahead)).collect();
    }
    best(&|j| first[j].ln(), &ahead)
}

#[cfg(test)]
mod tests {
    use super::super::markov_best_of::markov_best_of;
    use super::*;

    #[test]
    fn is_the_optimum_on_the_law_of_the_reward() {
        let chain =
            Chain::new(&[vec![0.9, 0.1, 0.0], vec![0.3, 0.3, 0.4], vec![0.5, 0.0, 0.5]], &[0.0, 1.0, 2.0]).unwrap();
        let initial = [0.7, 0.0, 0.3];
        for (n, budget) in [(1u64, 0.2), (8, 1.0), (30, 3.0), (8, 0.0), (8, 50.0), (200, 20.0)] {
            let exact = markov_best_of(&chain, &initial, n, budget).unwrap();
            let found = chain_budget(&chain, &initial, n, budget).unwrap();
            assert_eq!(found.regime, exact.regime, "{n} {budget}");
            assert!((found.mean - exact.rl_mean).abs() < 1e-9 * exact.rl_mean, "{found:?} {exact:?}");
            let same = found.beta == exact.rl_beta || (found.beta / exact.rl_beta - 1.0).abs() < 1e-9;
            assert!(same && found.sampling_beta.is_finite(), "{found:?} {exact:?}");
        }
        let flat = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[1.0, 1.0]).unwrap();
        assert_eq!(chain_budget(&flat, &[0.5, 0.5], 9, 3.0).unwrap().regime, Regime::Degenerate);
    }
}
