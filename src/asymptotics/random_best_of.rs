//! Best of a random number of draws on a finite outcome set (R14), random ties.

use super::best_of_n::spread;
use crate::Result;
use crate::prob::{Law, Levels, RankLaw, best_of_random, check_rewards};

/// Best of a random number of draws against the base law (quantity `asymptotics.random_bon`).
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct RandomBestOf {
    /// Probability of every outcome.
    pub policy: Vec<f64>,
    /// Mean reward.
    pub mean: f64,
    /// $D(\pi\|p)$.
    pub kl: f64,
    /// Probability of beating a base draw, half a point for a tie.
    pub win_rate: f64,
}

/// The best of $N$ draws with $N$ of law `rank`, exactly, by its generating function.
///
/// # Errors
/// [`Error::InvalidInput`](crate::Error::InvalidInput) about `r` or `param`.
///
/// ```
/// use tilt::{asymptotics::random_best_of::random_best_of, prob::{Law, RankLaw}};
/// let law = Law::new(&[0.5, 0.3, 0.2])?;
/// let rank = RankLaw::named("zero_truncated_poisson", 3.0)?;
/// let bon = random_best_of(&law, &[0.0, 1.0, 2.0], rank)?;
/// assert!((bon.mean - 1.2924031686752209).abs() < 1e-14);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn random_best_of(law: &Law, r: &[f64], rank: RankLaw) -> Result<RandomBestOf> {
    check_rewards("r", r, law)?;
    rank.check()?;
    let (levels, level_of) = Levels::of_outcomes(law, r);
    let best = best_of_random(&levels, rank);
    Ok(RandomBestOf { policy: spread(law, &level_of, &best), mean: best.mean, kl: best.kl, win_rate: best.win_rate })
}

#[cfg(test)]
mod tests {
    use super::super::win_rate_frontier::win_rate_frontier;
    use super::*;

    #[test]
    fn reference_value() {
        let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
        let bon = random_best_of(&law, &[0.0, 1.0, 2.0], RankLaw::ZeroTruncatedPoisson(3.0)).unwrap();
        for (a, b) in bon.policy.iter().zip([0.18242552380635635, 0.3427457837120664, 0.4748286924815773]) {
            assert!((a / b - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn mixture_over_the_number_of_draws() {
        // 1 + Poisson(1.5): the policy is the Poisson mixture of best-of-N policies.
        let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
        let r = [0.0, 1.0, 2.0];
        let c: f64 = 1.5;
        let mut mixture = [0.0; 3];
        let mut weight = (-c).exp();
        for n in 1..60 {
            let fixed = random_best_of(&law, &r, RankLaw::Fixed(f64::from(n))).unwrap();
            mixture.iter_mut().zip(&fixed.policy).for_each(|(m, p)| *m += weight * p);
            weight *= c / f64::from(n);
        }
        let bon = random_best_of(&law, &r, RankLaw::PoissonPlusOne(c)).unwrap();
        bon.policy.iter().zip(mixture).for_each(|(a, b)| assert!((a - b).abs() < 4e-16));
    }

    #[test]
    fn zero_truncated_poisson_attains_the_frontier_at_rate_m_squared() {
        let gap = |m: u32| {
            let law = Law::new(&vec![1.0 / f64::from(m); m as usize]).unwrap();
            let r: Vec<f64> = (0..m).map(f64::from).collect();
            let bon = random_best_of(&law, &r, RankLaw::ZeroTruncatedPoisson(3.0)).unwrap();
            win_rate_frontier(bon.kl).unwrap().win_rate - bon.win_rate
        };
        // The ratio of successive gaps is 4 up to the next order, m^-2.
        assert!(gap(100) > 0.0 && (gap(100) / gap(200) - 4.0).abs() < 1e-2);
    }
}
