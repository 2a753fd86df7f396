//! Best-of-N on a Markov chain of `n` symbols against the KL-constrained optimum of the same length (R28).
//!
//! Both from the exact law of `R`: best-of-N on its levels, and the tilt of that law at budget `log N` (the optimum is
//! `p e^{b R}/Z_n`, a function of `R` alone). `D(best of N || optimum)` as in the memoryless case. Exact; derived.

use super::markov::Chain;
use super::markov_reward_law::markov_reward_law;
use super::memoryless_best_of::{check_log_best_of, divergence_from_optimum, spending};
use crate::Result;
use crate::prob::{Law, Levels, Regime, best_of, kl_optimum};

/// Best-of-N on a chain. Quantity `asymptotics.markov_bon`.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct MarkovBestOf {
    /// Mean total reward.
    pub mean: f64,
    /// `D(best of N || base)`, nats.
    pub kl: f64,
    /// Mean total reward of the optimum at budget `log N`.
    pub rl_mean: f64,
    /// Its tilt; infinite if saturated.
    pub rl_beta: f64,
    /// The case of the budget problem.
    pub regime: Regime,
    /// `D(best of N || optimum)`; infinite if saturated.
    pub kl_to_rl: f64,
}

/// Best of `N = e^log_best_of` chains of `n` symbols.
///
/// ```
/// use tilt::asymptotics::{markov::Chain, markov_best_of::markov_best_of};
/// let chain = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap();
/// let best = markov_best_of(&chain, &[0.8, 0.2], 10, 1.0).unwrap();
/// assert!((best.rl_beta - 0.5350944214687183).abs() < 1e-13);
/// ```
///
/// # Errors
/// Fields `initial`, `n`, `log_best_of`; [`Error::TooLarge`](crate::Error::TooLarge) from the exact law;
/// [`Error::NotConverged`](crate::Error::NotConverged) if the optimum misses its budget.
pub fn markov_best_of(chain: &Chain, initial: &[f64], n: u64, log_best_of: f64) -> Result<MarkovBestOf> {
    check_log_best_of(log_best_of)?;
    markov_best_of_on(&markov_reward_law(chain, initial, n)?, log_best_of)
}

/// As [`markov_best_of`] on a law already computed.
///
/// # Errors
/// Field `log_best_of`.
pub fn markov_best_of_on(levels: &Levels, log_best_of: f64) -> Result<MarkovBestOf> {
    check_log_best_of(log_best_of)?;
    let law = Law::from_log_probs(levels.log_mass())?;
    let optimum = kl_optimum(&law, levels.values(), log_best_of).map_err(|e| e.in_field("delta", "log_best_of"))?;
    let optimum = spending(log_best_of, optimum)?;
    let best = best_of(levels, log_best_of);
    let kl_to_rl = divergence_from_optimum(levels, &best, &optimum, |_| optimum.tilt.log_ratio.clone());
    Ok(MarkovBestOf {
        mean: best.mean,
        kl: best.kl,
        rl_mean: optimum.tilt.mean,
        rl_beta: optimum.beta,
        regime: optimum.regime,
        kl_to_rl,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, wanted: f64) {
        assert!((found - wanted).abs() <= 1e-12 * wanted.abs(), "{found} instead of {wanted}");
    }

    #[test]
    fn reference_values() {
        let chain = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap();
        let rows = [
            (
                10,
                1.0,
                [3.6122612748176683, 0.3470204463994602, 5.41304112574912, 0.5350944214687183, 0.3106076989261501],
            ),
            (
                40,
                4.0,
                [19.4036092205489, 3.006141678426454, 22.622904092339287, 0.49722273252926263, 0.6068482713955103],
            ),
            (
                160,
                16.0,
                [86.95208378089319, 14.983360936428639, 91.4140123073633, 0.48876818183784826, 1.1642096298018583],
            ),
        ];
        for (n, log_n, wanted) in rows {
            let found = markov_best_of(&chain, &[0.8, 0.2], n, log_n).unwrap();
            close(found.mean, wanted[0]);
            close(found.kl, wanted[1]);
            close(found.rl_mean, wanted[2]);
            close(found.rl_beta, wanted[3]);
            close(found.kl_to_rl, wanted[4]);
            assert_eq!(found.regime, Regime::Interior);
        }
    }

    #[test]
    fn saturation_far_below_the_smallest_float() {
        // The top level has probability .2 * .6^1999 = e^-1023.
        let chain = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap();
        let levels = markov_reward_law(&chain, &[0.8, 0.2], 2000).unwrap();
        let delta_max = -(0.2f64.ln() + 1999.0 * 0.6f64.ln());
        assert_eq!(markov_best_of_on(&levels, delta_max * 1.001).unwrap().regime, Regime::Saturated);
        let none = markov_best_of_on(&levels, 0.0).unwrap();
        assert_eq!((none.regime, none.kl, none.kl_to_rl, none.rl_beta), (Regime::Base, 0.0, 0.0, 0.0));
    }

    #[test]
    fn interior_just_below_saturation() {
        let chain = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap();
        let levels = markov_reward_law(&chain, &[0.8, 0.2], 2000).unwrap();
        let delta_max = -(0.2f64.ln() + 1999.0 * 0.6f64.ln());
        let below = markov_best_of_on(&levels, delta_max * 0.999).unwrap();
        assert_eq!(below.regime, Regime::Interior);
        assert!(below.kl_to_rl.is_finite() && below.rl_mean < 2000.0);
    }
}
