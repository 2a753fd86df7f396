//! How many repetitions a cell takes, and in what blocks.

use crate::{Error, Result};

/// The repetitions of one cell: a fixed number, or until the standard error reaches a target.
///
/// The block is the unit of work, of the journal and of the interrupt: choose its size so that a block takes from
/// milliseconds to seconds. It is part of the result's last bits, as the merge tree is made of blocks.
///
/// ```
/// use tilt::sampling::Plan;
/// let plan = Plan::fixed(10_000).blocks_of(512);
/// let adaptive = Plan::until(1e-3, 10_000, 10_000_000);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The number of repetitions, at most.
    pub repetitions: u64,
    /// Repetitions in a block; the last block may be shorter.
    pub block_size: u64,
    /// When to stop before that.
    pub target: Option<Target>,
    /// The label whose draws are used, instead of the cell's own: cells with the same one see the same random numbers.
    pub draws: Option<String>,
}

/// A standard error to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The standard error wanted, in the unit of the estimate; of the worst mean if there are several.
    pub standard_error: f64,
    /// Repetitions before the first look, at least. The next looks follow at each doubling.
    pub at_least: u64,
}

impl Plan {
    /// Exactly `repetitions`.
    pub fn fixed(repetitions: u64) -> Self {
        Plan { repetitions, block_size: 1024, target: None, draws: None }
    }

    /// At least `at_least` and at most `at_most` repetitions, until the estimator's largest standard error is at most
    /// `standard_error`.
    ///
    /// The decision is taken after rounds that double the number of blocks, hence alike for any number of threads. The
    /// standard error at a data-dependent stop is slightly optimistic; with few looks (about
    /// $\log_2(\text{at most}/\text{at least})$) and thousands of repetitions before the first it does not matter.
    pub fn until(standard_error: f64, at_least: u64, at_most: u64) -> Self {
        Plan { target: Some(Target { standard_error, at_least }), ..Plan::fixed(at_most) }
    }

    /// The same plan in blocks of `size` repetitions (1024 unless told).
    pub fn blocks_of(self, size: u64) -> Self {
        Plan { block_size: size, ..self }
    }

    /// The same plan with the draws of `label`: common random numbers for every cell that names it.
    pub fn with_draws_of(self, label: impl Into<String>) -> Self {
        Plan { draws: Some(label.into()), ..self }
    }

    /// The number of blocks, at most.
    pub fn blocks(&self) -> u64 {
        self.repetitions.div_ceil(self.block_size.max(1))
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.repetitions == 0 {
            return Err(Error::invalid("repetitions", 0, "at least 1"));
        }
        if self.block_size == 0 {
            return Err(Error::invalid("block_size", 0, "at least 1"));
        }
        match self.target {
            Some(Target { standard_error: e, .. }) if !(e > 0.0 && e.is_finite()) => {
                Err(Error::invalid("standard_error", e, "finite and above 0"))
            }
            _ => Ok(()),
        }
    }

    /// The number of blocks after which the result is looked at, ascending, the last one all of them.
    pub(super) fn looks(&self) -> Vec<u64> {
        let all = self.blocks();
        let Some(target) = self.target else { return vec![all] };
        let first = target.at_least.div_ceil(self.block_size).max(1).checked_next_power_of_two().unwrap_or(all);
        let mut looks: Vec<u64> =
            std::iter::successors(Some(first), |n| n.checked_mul(2)).take_while(|&n| n < all).collect();
        looks.push(all);
        looks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_double_and_end_at_the_last_block() {
        assert_eq!(Plan::fixed(1000).blocks_of(100).looks(), [10]);
        assert_eq!(Plan::until(0.1, 250, 1900).blocks_of(100).looks(), [4, 8, 16, 19]);
        assert_eq!(Plan::until(0.1, 0, 400).blocks_of(100).looks(), [1, 2, 4]);
        assert_eq!(Plan::until(0.1, u64::MAX, 400).blocks_of(100).looks(), [4]);
        assert_eq!(Plan::until(0.1, 1, u64::MAX).blocks_of(1).looks().len(), 65);
    }

    #[test]
    fn rejects_what_cannot_run() {
        for plan in [Plan::fixed(0), Plan::fixed(5).blocks_of(0), Plan::until(0.0, 1, 2), Plan::until(f64::NAN, 1, 2)] {
            assert!(plan.check().is_err());
        }
    }
}
