//! Best-of-N draws from a law on levels, for every real `N`: `log N` enters, `N` is never formed.
//!
//! The best of `N` draws has distribution function `F^N`; with `E ~ Exp(1)`, `F^N >= U = e^{-E}` means
//! `-log F_j <= E / N`, so the level is the first with `log(-log F_j) <= log E - log N`. Exact; `O(log M)` a draw. It
//! shares the survival function with the exact route, and none of its formulas for best-of-N.

use crate::prob::Levels;
use rand::{Rng, RngExt};

/// A level index under best of `e^log_best_of` draws; `log_best_of = 0` draws from the law itself.
///
/// Monte Carlo of the mean reward: `values[j]`; of the divergence: `log(b_j / P_j)` (variance about 1 while `N P_j` is
/// small); of the win rate: an independent draw at 0, half a point for the same level.
pub fn best_level(levels: &Levels, log_best_of: f64, rng: &mut impl Rng) -> usize {
    let bound = exponential(rng).ln() - log_best_of;
    levels.log_neg_log_cdf().partition_point(|g| *g > bound).min(levels.len() - 1)
}

/// An exponential variable of mean 1, never 0 and never infinite.
pub(crate) fn exponential(rng: &mut impl Rng) -> f64 {
    // 1 - u is in (0, 1]; the half step keeps its logarithm off 0.
    let u: f64 = rng.random();
    -(1.0 - u - 0.5f64.powi(54)).ln()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::prob::{Law, best_of};
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    /// Mean and standard error of `count` draws.
    pub(crate) fn mean_of(count: usize, mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..count {
            let x = draw();
            sum += x;
            squares += x * x;
        }
        let mean = sum / count as f64;
        (mean, ((squares / count as f64 - mean * mean).max(0.0) / count as f64).sqrt())
    }

    /// Within 5 standard errors (6e-7 a comparison); seeds are fixed.
    pub(crate) fn agrees((mean, error): (f64, f64), wanted: f64) {
        assert!((mean - wanted).abs() <= 5.0 * error + 1e-12, "{mean} +- {error}, not {wanted}");
    }

    #[test]
    fn best_of_draws_have_the_exact_law() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let (levels, _) = Levels::of_outcomes(&Law::new(&[0.5, 0.3, 0.2]).unwrap(), &[0.0, 1.0, 2.0]);
        for log_n in [0.0, 0.3, 1.7, 5.0] {
            let exact = best_of(&levels, log_n);
            agrees(mean_of(20_000, || levels.values()[best_level(&levels, log_n, &mut rng)]), exact.mean);
            agrees(mean_of(20_000, || exact.log_ratio[best_level(&levels, log_n, &mut rng)]), exact.kl);
            let win = mean_of(20_000, || {
                let (a, b) = (best_level(&levels, log_n, &mut rng), best_level(&levels, 0.0, &mut rng));
                if a == b { 0.5 } else { f64::from(u8::from(a > b)) }
            });
            agrees(win, exact.win_rate);
        }
        assert_eq!(best_level(&levels, 1e6, &mut rng), 2);
    }
}
