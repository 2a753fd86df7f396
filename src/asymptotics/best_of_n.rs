//! Best-of-N on a finite outcome set (R6 to R9, R11): policy, divergence, win rate, and the bounds around them.
//!
//! | symbol | meaning |
//! |---|---|
//! | $L = \log N \ge 0$ | `log_best_of`, any real |
//! | $b_j = F_j^N - F_{j-1}^N$ | law of the best draw on the levels; policy $p\,b_j/P_j$ |
//! | $B(N) = L - 1 + 1/N$ | `kl_bound`: the divergence without atoms |
//! | $N/(N+1)$ | `win_rate_bound`: the win rate without atoms |
//!
//! (Beirami et al. 2024 for distinct rewards; ties, real $N$ and the clean bounds derived.)

use super::estimator::atom_gap;
use crate::numerics::sum::sum;
use crate::prob::{BestOf, Law, Levels, best_of, best_of_kl_bound, check_rewards};
use crate::{Error, Result};

/// How ties between equally rewarded draws are broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// Uniformly at random among the maximisers: the policy is proportional to `p` on a level.
    #[default]
    Random,
    /// By the total order (reward, index): the larger index wins.
    Order,
}

impl Ties {
    /// The rule of the given name, `random` or `order`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `ties`.
    pub fn named(name: &str) -> Result<Ties> {
        match name {
            "random" => Ok(Ties::Random),
            "order" => Ok(Ties::Order),
            _ => Err(Error::invalid("ties", format!("{name:?}"), "one of random, order")),
        }
    }

    /// The levels of `r` under this rule, and the level of every outcome.
    pub fn levels(self, law: &Law, r: &[f64]) -> (Levels, Vec<Option<usize>>) {
        match self {
            Ties::Random => Levels::of_outcomes(law, r),
            Ties::Order => Levels::by_order(law, r),
        }
    }
}

/// Checks $L = \log N$: finite and >= 0.
///
/// # Errors
/// [`Error::InvalidInput`] about `log_best_of`.
pub fn check_log_best_of(log_best_of: f64) -> Result<()> {
    if log_best_of.is_finite() && log_best_of >= 0.0 {
        Ok(())
    } else {
        Err(Error::invalid("log_best_of", log_best_of, "the finite logarithm of a number of draws >= 1"))
    }
}

/// Best-of-N against its base law (quantity `asymptotics.bon`).
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct BestOfN {
    /// Probability of every outcome.
    pub policy: Vec<f64>,
    /// Mean reward.
    pub mean: f64,
    /// $D(\pi\|p)$.
    pub kl: f64,
    /// $B(N)$, an upper bound on `kl`.
    pub kl_bound: f64,
    /// Probability of beating a base draw, half a point for a tie of levels.
    pub win_rate: f64,
    /// $N/(N+1)$, an upper bound on `win_rate`.
    pub win_rate_bound: f64,
}

/// Best of $N = e^{L}$ draws, exactly, for real $N$.
///
/// Cost: O(k log k), independent of $N$.
///
/// # Errors
/// [`Error::InvalidInput`] about `r` or `log_best_of`.
///
/// ```
/// use tilt::{asymptotics::best_of_n::{Ties, best_of_n}, prob::Law};
/// let law = Law::new(&[0.5, 0.3, 0.2])?;
/// let bon = best_of_n(&law, &[0.0, 1.0, 2.0], 4f64.ln(), Ties::Random)?;
/// assert!((bon.policy[0] - 0.0625).abs() < 1e-16);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn best_of_n(law: &Law, r: &[f64], log_best_of: f64, ties: Ties) -> Result<BestOfN> {
    check_rewards("r", r, law)?;
    check_log_best_of(log_best_of)?;
    let (levels, level_of) = ties.levels(law, r);
    let best = best_of(&levels, log_best_of);
    Ok(BestOfN {
        policy: spread(law, &level_of, &best),
        mean: best.mean,
        kl: best.kl,
        kl_bound: best_of_kl_bound(log_best_of),
        win_rate: best.win_rate,
        win_rate_bound: win_rate_bound(log_best_of),
    })
}

/// The policy on outcomes of a law on levels: $p(y)\,b_j/P_j$.
pub fn spread(law: &Law, level_of: &[Option<usize>], best: &BestOf) -> Vec<f64> {
    law.reweighted(|i| level_of[i].map_or(0.0, |j| best.log_ratio[j]))
}

/// $N/(N+1)$.
pub fn win_rate_bound(log_best_of: f64) -> f64 {
    1.0 / (1.0 + (-log_best_of).exp())
}

/// The exact gap $B(N) - D = \sum_j b_j\,g_N(P_j/F_j)$ that atoms open under the bound (R7): non-negative term by term,
/// by no formula shared with [`best_of_n`]'s divergence.
pub fn kl_gap(levels: &Levels, log_best_of: f64) -> f64 {
    let best = best_of(levels, log_best_of);
    sum((0..levels.len()).map(|j| {
        // the bottom level is all of its own cdf
        let share = if j == 0 { 1.0 } else { (levels.log_mass()[j] + levels.neg_log_cdf()[j]).exp().min(1.0) };
        let b = best.log_probs[j].exp();
        if b > 0.0 { b * atom_gap(share, log_best_of) } else { 0.0 }
    }))
}

/// The lower bound $\log(N P_M) - (N-1)/N$ on the gap (R9; $P_M$ the mass of the top level); negative where void.
pub fn kl_gap_lower_bound(levels: &Levels, log_best_of: f64) -> f64 {
    levels.log_mass()[levels.len() - 1] + best_of_kl_bound(log_best_of)
}

/// The upper bound $2N(N-1)\sum_j P_j^2$ on the gap (R8; Beirami et al. Theorem 3.4 for distinct rewards).
pub fn kl_gap_upper_bound(levels: &Levels, log_best_of: f64) -> f64 {
    2.0 * log_best_of.exp() * log_best_of.exp_m1() * collision(levels)
}

/// The leading term of the gap for small atoms, $\frac{N(N-1)^2}{24}\sum_j P_j^3 F_j^{N-3}$ (R8, derived).
pub fn kl_gap_small_atoms(levels: &Levels, log_best_of: f64) -> f64 {
    let n = log_best_of.exp();
    let terms = (0..levels.len()).map(|j| (3.0 * levels.log_mass()[j] - (n - 3.0) * levels.neg_log_cdf()[j]).exp());
    n * log_best_of.exp_m1().powi(2) / 24.0 * sum(terms)
}

/// The upper bound $\frac{N-1}{2}\sum_j P_j^2$ on $N/(N+1) - W$ (R11; Beirami et al. Theorem 5.4).
pub fn win_rate_gap_bound(levels: &Levels, log_best_of: f64) -> f64 {
    0.5 * log_best_of.exp_m1() * collision(levels)
}

/// $\sum_j P_j^2$.
fn collision(levels: &Levels) -> f64 {
    sum(levels.log_mass().iter().map(|m| (2.0 * m).exp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(p: &[f64]) -> Law {
        Law::new(p).unwrap()
    }

    fn close(a: f64, b: f64, rtol: f64) {
        assert!((a - b).abs() <= rtol * b.abs(), "{a:e} against {b:e}");
    }

    #[test]
    fn reference_values() {
        let bon = best_of_n(&law(&[0.5, 0.3, 0.2]), &[0.0, 1.0, 2.0], 4f64.ln(), Ties::Random).unwrap();
        for (a, b) in bon.policy.iter().zip([0.0625, 0.3471, 0.5904]) {
            close(*a, b, 1e-15);
        }
        close(bon.mean, 1.5279, 1e-15);
        close(bon.kl, 0.5597505603574843, 1e-15);
        close(bon.kl_bound, 0.6362943611198906, 1e-15);
        close(bon.win_rate, 0.7726, 1e-15);
        close(bon.win_rate_bound, 0.8, 1e-15);
        let bon = best_of_n(&law(&[0.25; 4]), &[0.0, 1.0, 1.0, 2.0], 3f64.ln(), Ties::Random).unwrap();
        for (a, b) in bon.policy.iter().zip([0.015625, 0.203125, 0.203125, 0.578125]) {
            close(*a, b, 1e-15);
        }
        close(bon.mean, 1.5625, 1e-15);
        close(bon.kl, 0.3569838724764104, 1e-15);
        close(bon.win_rate, 0.7109375, 1e-15);
    }

    #[test]
    fn surprising_discrete_win_rate() {
        // R13: above the continuous curve at its own KL.
        let p = law(&[0.35, 0.13, 0.13, 0.13, 0.13, 0.13]);
        let bon = best_of_n(&p, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 2f64.ln(), Ties::Random).unwrap();
        close(bon.kl, 0.16801301000202687, 1e-14);
        close(bon.win_rate, 0.65769, 1e-14);
    }

    #[test]
    fn order_ties_split_a_level_by_index() {
        // N = 2, p uniform on four, r all equal: policy (2i - 1)/16 in index order.
        let bon = best_of_n(&law(&[0.25; 4]), &[1.0; 4], 2f64.ln(), Ties::Order).unwrap();
        for (i, a) in bon.policy.iter().enumerate() {
            close(*a, (2 * i + 1) as f64 / 16.0, 1e-15);
        }
        assert!(bon.win_rate > 0.5);
        let random = best_of_n(&law(&[0.25; 4]), &[1.0; 4], 2f64.ln(), Ties::Random).unwrap();
        assert_eq!((random.policy, random.kl, random.win_rate), (vec![0.25; 4], 0.0, 0.5));
    }

    #[test]
    fn brute_force_over_all_tuples() {
        let p = [0.1, 0.0, 0.35, 0.25, 0.3];
        let r = [2.0, 9.0, -1.0, 2.0, 0.0];
        for n in 1..=5u32 {
            let mut policy = [0.0; 5];
            for tuple in 0..5usize.pow(n) {
                let draws: Vec<usize> = (0..n).map(|i| tuple / 5usize.pow(i) % 5).collect();
                let weight: f64 = draws.iter().map(|&y| p[y]).product();
                if weight > 0.0 {
                    let top = draws.iter().map(|&y| r[y]).fold(f64::MIN, f64::max);
                    let winners: Vec<usize> = draws.into_iter().filter(|&y| r[y] == top).collect();
                    winners.iter().for_each(|&y| policy[y] += weight / winners.len() as f64);
                }
            }
            let bon = best_of_n(&law(&p), &r, f64::from(n).ln(), Ties::Random).unwrap();
            for (a, b) in bon.policy.iter().zip(policy) {
                assert!((a - b).abs() < 2e-15, "{n}");
            }
        }
    }

    #[test]
    fn sum_formulas_of_the_policy() {
        // R6: pi(y) = p(y) F_j^{N-1} sum_{i=1}^N (F_{j-1}/F_j)^{i-1}, and the binomial form (p/P) sum C(N,i) P^i F^{N-i}.
        let p = [0.5, 0.3, 0.2];
        let cdf: [f64; 4] = [0.0, 0.5, 0.8, 1.0];
        for n in [1i32, 2, 7, 30] {
            let bon = best_of_n(&law(&p), &[0.0, 1.0, 2.0], f64::from(n).ln(), Ties::Random).unwrap();
            for j in 0..3 {
                let geometric: f64 = (0..n).map(|i| (cdf[j] / cdf[j + 1]).powi(i)).sum();
                close(bon.policy[j], p[j] * f64::powi(cdf[j + 1], n - 1) * geometric, 1e-13);
                let mut choose = 1.0;
                let mut binomial = 0.0;
                for i in 1..=n {
                    choose *= f64::from(n + 1 - i) / f64::from(i);
                    binomial += choose * f64::powi(p[j], i) * f64::powi(cdf[j], n - i);
                }
                close(bon.policy[j], binomial, 1e-13);
            }
        }
    }

    #[test]
    fn the_gap_identity_and_the_bounds_around_it() {
        for p in [&[0.5, 0.3, 0.2][..], &[0.01; 100][..], &[0.9, 1e-9, 0.1 - 1e-9][..], &[1.0][..]] {
            let r: Vec<f64> = (0..p.len()).map(|i| i as f64).collect();
            let (levels, _) = Levels::of_outcomes(&law(p), &r);
            for log_n in [0.0, 1e-6, 0.3, 2.5f64.ln(), 10f64.ln(), 1e4f64.ln(), 50.0] {
                let gap = kl_gap(&levels, log_n);
                let direct = best_of_kl_bound(log_n) - best_of(&levels, log_n).kl;
                assert!((gap - direct).abs() < 1e-15 * (8.0 + 8.0 * log_n), "{p:?} {log_n} {gap} {direct}");
                assert!(gap >= kl_gap_lower_bound(&levels, log_n) - 1e-14 * (1.0 + log_n));
                assert!(gap <= kl_gap_upper_bound(&levels, log_n) * (1.0 + 1e-12) + 1e-300, "{p:?} {log_n}");
                let win_gap = win_rate_bound(log_n) - best_of(&levels, log_n).win_rate;
                assert!(win_gap <= win_rate_gap_bound(&levels, log_n) + 4e-16);
            }
        }
        // Small atoms: 1e4 of them at N = 10, relative correction O(N / 1e4).
        let (levels, _) = Levels::of_outcomes(&law(&[1e-4; 10_000]), &(0..10_000).map(f64::from).collect::<Vec<_>>());
        close(kl_gap(&levels, 10f64.ln()), kl_gap_small_atoms(&levels, 10f64.ln()), 2e-3);
    }
}
