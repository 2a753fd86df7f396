//! Draws for the Monte-Carlo routes of the finite-law quantities.
//!
//! | draw | how | shares with the exact route |
//! |---|---|---|
//! | best-of-N, real $N$ | $E$ exponential, the level of survival $1 - e^{-E/N}$ (inverse cdf of the maximum: $-N\log F = E$) | the level table |
//! | best-of-N, integer $N$ | $N$ plain draws, keep the best | nothing |
//! | random number of draws | draw $N$ from its law, then best-of-N | no generating function |
//! | best-of-N of a law with one atom, at the top | the rank $e^{-E/N}$ | nothing |
//! | soft best-of-n | $n$ plain draws, the softmax shares given to all of them (Rao-Blackwell) | nothing |
//!
//! Variances: a mean reward has $\mathrm{Var}_\pi(r)/M$ after $M$ draws, a win rate at most $1/(4M)$, the divergence from
//! the frequencies $\mathrm{Var}_\pi(\log(\pi/p))/M$, about $1/M$; the shares of soft best-of-n at most $\pi(1-\pi)/M$ an entry.

use super::best_of_n::Ties;
use super::level_sampling::best_level;
use crate::Result;
use crate::prob::{Law, Levels, RankLaw, check_rewards};
use crate::sampling::{Categorical, Stream};
/// A base law and a reward, ready for draws.
#[derive(Clone, Debug)]
pub struct Draws {
    base: Categorical,
    levels: Levels,
    level_of: Vec<Option<usize>>,
    /// Outcomes of a level, and their law within it.
    members: Vec<(Vec<usize>, Option<Categorical>)>,
}

impl Draws {
    /// Prepares the reward `r` under `law` with a tie rule.
    ///
    /// # Errors
    /// [`Error::InvalidInput`](crate::Error::InvalidInput) about `r`.
    pub fn new(law: &Law, r: &[f64], ties: Ties) -> Result<Draws> {
        check_rewards("r", r, law)?;
        let (levels, level_of) = ties.levels(law, r);
        let mut outcomes = vec![Vec::new(); levels.len()];
        for &i in law.support() {
            if let Some(j) = level_of[i] {
                outcomes[j].push(i);
            }
        }
        let members = outcomes.into_iter().enumerate().map(|(j, inside): (usize, Vec<usize>)| {
            let within = if inside.len() > 1 {
                let shares = inside.iter().map(|&i| (law.log_probs()[i] - levels.log_mass()[j]).exp());
                Some(Categorical::new(&shares.collect::<Vec<_>>())?)
            } else {
                None
            };
            Ok((inside, within))
        });
        let members = members.collect::<Result<Vec<_>>>()?;
        Ok(Draws { base: Categorical::new(law.probs())?, levels, level_of, members })
    }

    /// The levels of the reward.
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// The level of an outcome that has been drawn.
    pub fn level(&self, outcome: usize) -> usize {
        self.level_of[outcome].unwrap_or(0)
    }

    /// One outcome of the base law. One position of the stream.
    pub fn base(&self, stream: &mut Stream) -> usize {
        self.base.draw(stream)
    }

    /// The best of $N = e^{L}$ draws by the inverse cdf of the maximum. One or two positions.
    pub fn best_of(&self, log_n: f64, stream: &mut Stream) -> usize {
        let (inside, within) = &self.members[best_level(&self.levels, log_n, stream)];
        inside[within.as_ref().map_or(0, |law| law.draw(stream))]
    }

    /// The best of `n` plain draws; ties between outcomes of a level uniform among the draws. Shares no formula with
    /// [`Draws::best_of`]. Cost O(n).
    pub fn best_of_plain(&self, n: u64, stream: &mut Stream) -> usize {
        let mut best = self.base(stream);
        let mut tied = 1.0;
        for _ in 1..n {
            let next = self.base(stream);
            let (here, there) = (self.level(best), self.level(next));
            if there > here {
                (best, tied) = (next, 1.0);
            } else if there == here {
                tied += 1.0;
                if stream.uniform() * tied < 1.0 {
                    best = next;
                }
            }
        }
        best
    }

    /// The best of a random number of draws: the number first, then the best of that many.
    pub fn best_of_random(&self, law: RankLaw, stream: &mut Stream) -> usize {
        let n = draw_count(law, stream);
        self.best_of(n.ln(), stream)
    }

    /// Half a point for a tie of levels, one for a win of `outcome` against `other`.
    pub fn score(&self, outcome: usize, other: usize) -> f64 {
        let (a, b) = (self.level(outcome), self.level(other));
        if a > b { 1.0 } else { f64::from(a == b) * 0.5 }
    }
}

/// A number of draws from its law, as a real number >= 1; the parameter must be valid.
///
/// A Poisson parameter beyond $10^{18}$ is its own draw, off by one part in $10^9$.
pub fn draw_count(law: RankLaw, stream: &mut Stream) -> f64 {
    match law {
        RankLaw::Fixed(n) => n,
        RankLaw::PoissonPlusOne(c) => 1.0 + poisson(c, stream),
        RankLaw::ZeroTruncatedPoisson(c) => {
            // Arrivals on [0, c], given that there is one: the first at T < c, the rest Poisson on what is left.
            let first = -(stream.uniform() * (-c).exp_m1()).ln_1p();
            1.0 + poisson(c - first.min(c), stream)
        }
        RankLaw::Geometric(1.0) => 1.0,
        RankLaw::Geometric(t) => 1.0 + (stream.exponential() / -(-t).ln_1p()).floor(),
    }
}

fn poisson(mean: f64, stream: &mut Stream) -> f64 {
    use rand_distr::Distribution;
    if mean > 1e18 {
        return mean;
    }
    // the only error is a parameter that is not > 0: no arrivals then
    rand_distr::Poisson::new(mean).map_or(0.0, |law| law.sample(stream))
}

/// The log-likelihood ratio, against the base, of one draw of the best of $N = e^{L}$ from a law on ranks whose top share
/// `e` in (0, 1] is an atom and the rest has none; its mean is $\hat D(e)$ (R10). One position.
///
/// The rank of the best is $U = e^{-E/N}$, $E$ exponential: below $1 - e$ the ratio of the densities is $N U^{N-1}$, on the
/// atom it is $(1 - (1-e)^N)/e$.
pub fn atom_log_ratio(e: f64, log_n: f64, stream: &mut Stream) -> f64 {
    let exponential = stream.exponential();
    let gap = -(-e).ln_1p(); // -log(1 - e)
    if exponential * (-log_n).exp() < gap {
        let missed = -(log_n.exp() * gap); // N log(1 - e)
        (-missed.exp_m1()).ln() - e.ln()
    } else {
        log_n + exponential * (-log_n).exp_m1()
    }
}

/// One draw of soft best-of-n: `n` plain draws, of which each adds its softmax share to `shares` (which is zeroed first).
/// The expectation of `shares[i]` is $\pi_n(i)$. `drawn` is scratch of length `n`.
pub fn soft_shares(
    draws: &Draws,
    r: &[f64],
    lambda: f64,
    drawn: &mut [usize],
    stream: &mut Stream,
    shares: &mut [f64],
) {
    shares.fill(0.0);
    let mut top = f64::NEG_INFINITY;
    for outcome in drawn.iter_mut() {
        *outcome = draws.base(stream);
        top = top.max(r[*outcome]);
    }
    let weight = |i: usize| ((r[i] - top) / lambda).exp();
    let total: f64 = drawn.iter().map(|&i| weight(i)).sum();
    for &i in drawn.iter() {
        shares[i] += weight(i) / total;
    }
}

#[cfg(test)]
mod tests {
    use super::super::best_of_n::best_of_n;
    use super::super::random_best_of::random_best_of;
    use super::super::soft_best_of::soft_best_of;
    use super::*;
    use crate::sampling::Address;

    const SAMPLES: u64 = 40_000;

    fn law() -> Law {
        Law::new(&[0.3, 0.0, 0.25, 0.25, 0.2]).unwrap()
    }
    const REWARD: [f64; 5] = [0.0, 9.0, 1.0, 1.0, -1.0];

    /// Frequencies within 5 standard errors of the policy: 5e-7 a comparison, about 60 comparisons here.
    fn agree(name: &str, policy: &[f64], draw: impl Fn(&mut Stream) -> usize) {
        let address = Address::new(7, "sampling", name);
        let mut counts = vec![0u64; policy.len()];
        for repetition in 0..SAMPLES {
            counts[draw(&mut address.stream(repetition))] += 1;
        }
        for (count, p) in counts.iter().zip(policy) {
            let (mean, m) = (*count as f64 / SAMPLES as f64, SAMPLES as f64);
            assert!((mean - p).abs() <= 5.0 * (p * (1.0 - p) / m).sqrt(), "{name}: {mean} against {p}");
        }
    }

    #[test]
    fn best_of_n_by_both_samplers() {
        for ties in [Ties::Random, Ties::Order] {
            let draws = Draws::new(&law(), &REWARD, ties).unwrap();
            for n in [1u64, 2, 7] {
                let log_n = (n as f64).ln();
                let policy = best_of_n(&law(), &REWARD, log_n, ties).unwrap().policy;
                agree("inverse", &policy, |stream| draws.best_of(log_n, stream));
                agree("plain", &policy, |stream| draws.best_of_plain(n, stream));
            }
            let policy = best_of_n(&law(), &REWARD, 0.5, ties).unwrap().policy;
            agree("real", &policy, |stream| draws.best_of(0.5, stream));
        }
    }

    #[test]
    fn beyond_every_number_of_draws() {
        let draws = Draws::new(&law(), &REWARD, Ties::Order).unwrap();
        for log_n in [60.0, 2000.0, 1e4] {
            for repetition in 0..100 {
                let outcome = draws.best_of(log_n, &mut Address::new(1, "far", "cell").stream(repetition));
                assert_eq!(outcome, 3);
            }
        }
    }

    #[test]
    fn random_numbers_of_draws() {
        let draws = Draws::new(&law(), &REWARD, Ties::Random).unwrap();
        for rank in [
            RankLaw::Fixed(2.5),
            RankLaw::PoissonPlusOne(1.5),
            RankLaw::ZeroTruncatedPoisson(0.3),
            RankLaw::ZeroTruncatedPoisson(4.0),
            RankLaw::Geometric(0.3),
            RankLaw::Geometric(1.0),
        ] {
            let policy = random_best_of(&law(), &REWARD, rank).unwrap().policy;
            agree("random", &policy, |stream| draws.best_of_random(rank, stream));
        }
        assert!(draw_count(RankLaw::PoissonPlusOne(1e300), &mut Address::new(1, "big", "cell").stream(0)) >= 1e300);
    }

    #[test]
    fn soft_best_of_n_by_shares() {
        let draws = Draws::new(&law(), &REWARD, Ties::Random).unwrap();
        let policy = soft_best_of(&law(), &REWARD, 4, 0.7).unwrap().policy;
        let address = Address::new(7, "sampling", "soft");
        let (mut total, mut shares, mut drawn) = ([0.0; 5], [0.0; 5], [0; 4]);
        for repetition in 0..SAMPLES {
            soft_shares(&draws, &REWARD, 0.7, &mut drawn, &mut address.stream(repetition), &mut shares);
            total.iter_mut().zip(&shares).for_each(|(t, s)| *t += s);
        }
        for (total, p) in total.iter().zip(&policy) {
            let mean = total / SAMPLES as f64;
            assert!((mean - p).abs() <= 5.0 * (p * (1.0 - p) / SAMPLES as f64).sqrt(), "{mean} against {p}");
        }
    }
}
