//! The memoryless language model: `n` independent symbols of one law, reward additive over symbols.
//!
//! `p(y) = prod p(y_i)`, `R(y) = sum s(y_i)` over an alphabet of `k` symbols. Symbols of equal reward are merged into one
//! *letter*: nothing here depends on more than the law of the symbol reward. With `s = log q` the reward is the
//! log-likelihood of an aligned model (Yang, Salamatian, Sun, Suresh, Beirami 2024); their `m` is the length here.

use crate::prob::{Law, Levels, check_rewards};
use crate::{Error, Result};

/// A memoryless model: the law of the symbol reward on its distinct values, and the length.
#[derive(Clone, Debug, PartialEq)]
pub struct Memoryless {
    letters: Law,
    rewards: Vec<f64>,
    length: u64,
}

impl Memoryless {
    /// The model with symbol law `p`, symbol rewards `s` and `length` symbols.
    ///
    /// ```
    /// use tilt::asymptotics::memoryless::Memoryless;
    /// let model = Memoryless::new(&[0.2, 0.5, 0.3, 0.0], &[1.0, 0.0, 1.0, 9.0], 10).unwrap();
    /// assert_eq!(model.rewards(), [0.0, 1.0]);
    /// assert_eq!(model.letters().probs(), [0.5, 0.5]);
    /// ```
    ///
    /// # Errors
    /// Fields `p`, `s` (as `prob::Law`, `prob::check_rewards`), `n` (at least 1, sums of rewards finite).
    pub fn new(p: &[f64], s: &[f64], length: u64) -> Result<Memoryless> {
        let law = Law::new(p)?;
        check_rewards("s", s, &law)?;
        if length == 0 {
            return Err(Error::invalid("n", length, "an integer >= 1"));
        }
        let (levels, level_of) = Levels::of_outcomes(&law, s);
        let rewards = levels.values().to_vec();
        let largest = rewards.iter().fold(0.0f64, |a, r| a.max(r.abs()));
        if !(2.0 * largest * length as f64).is_finite() {
            return Err(Error::invalid("s", largest, "rewards whose sum over n symbols is finite"));
        }
        let mut masses = vec![0.0; rewards.len()];
        for (i, level) in level_of.iter().enumerate() {
            if let Some(level) = *level {
                masses[level] += law.probs()[i];
            }
        }
        Ok(Memoryless { letters: Law::new(&masses)?, rewards, length })
    }

    /// The law of the letters, by ascending reward; every letter has mass.
    pub fn letters(&self) -> &Law {
        &self.letters
    }

    /// The distinct rewards of the letters, ascending.
    pub fn rewards(&self) -> &[f64] {
        &self.rewards
    }

    /// Number of symbols `n`.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The same symbols at another length.
    ///
    /// # Errors
    /// Field `n` if zero; field `s` if sums overflow.
    pub fn with_length(&self, length: u64) -> Result<Memoryless> {
        Memoryless::new(self.letters.probs(), &self.rewards, length)
    }

    /// Mean reward of one symbol.
    pub fn symbol_mean(&self) -> f64 {
        self.letters.expectation(|i| self.rewards[i])
    }

    /// Sums of rewards that differ by less are one level: `1e-12 max(1, n max|s|)`.
    pub fn tolerance(&self) -> f64 {
        level_tolerance(self.length, &self.rewards)
    }
}

/// `1e-12 max(1, n max|s|)`: sums of `n` rewards closer than this are one level.
pub(crate) fn level_tolerance(length: u64, rewards: &[f64]) -> f64 {
    1e-12 * rewards.iter().fold(0.0f64, |a, s| a.max(s.abs() * length as f64)).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_models_cannot_be_built() {
        assert!(Memoryless::new(&[0.5, 0.5], &[0.0], 3).is_err());
        assert!(Memoryless::new(&[0.5, 0.5], &[0.0, 1.0], 0).is_err());
        assert!(Memoryless::new(&[0.5, 0.5], &[0.0, 1e308], 1000).is_err());
        assert!(Memoryless::new(&[], &[], 1).is_err());
        // Rewards of symbols without mass do not count, whatever their size.
        assert!(Memoryless::new(&[1.0, 0.0], &[0.0, 1e308], 1000).is_ok());
    }
}
