//! Properties of the Markov engine on random chains, sparse and periodic ones included.

use proptest::prelude::*;
use tilt::asymptotics::critical_cycles::{chain_limit, maximal_cycle_mean};
use tilt::asymptotics::markov::{Chain, markov_tilt};
use tilt::asymptotics::markov_best_of::markov_best_of_on;
use tilt::asymptotics::markov_finite::markov_finite;
use tilt::asymptotics::markov_reward_law::markov_reward_law;
use tilt::asymptotics::markov_solve::markov_solve;
use tilt::asymptotics::memoryless::Memoryless;
use tilt::asymptotics::memoryless_best_of::memoryless_best_of;
use tilt::numerics::log_space::log_sum_exp;
use tilt::prob;

/// An irreducible chain on 2 to 4 states: a cycle through all states, other edges present or not, masses of any size
/// between 1e-6 and 1.
fn chain() -> impl Strategy<Value = Chain> {
    (2usize..5)
        .prop_flat_map(|k| {
            let edges = prop::collection::vec((any::<bool>(), -14.0f64..0.0), k * k);
            (Just(k), edges, prop::collection::vec(-2.0f64..2.0, k))
        })
        .prop_map(|(k, edges, reward)| {
            let rows: Vec<Vec<f64>> = (0..k)
                .map(|i| {
                    let masses: Vec<f64> = (0..k)
                        .map(|j| {
                            let (present, log) = edges[i * k + j];
                            if present || j == (i + 1) % k { log.exp() } else { 0.0 }
                        })
                        .collect();
                    let total: f64 = masses.iter().sum();
                    masses.iter().map(|m| m / total).collect()
                })
                .collect();
            Chain::new(&rows, &reward).unwrap()
        })
}

fn uniform(chain: &Chain) -> Vec<f64> {
    vec![1.0 / chain.states() as f64; chain.states()]
}

/// The largest mean weight over simple cycles, by walking all of them.
fn best_simple_cycle(weights: &[f64], k: usize) -> f64 {
    fn walk(weights: &[f64], k: usize, path: &mut Vec<usize>, total: f64, best: &mut f64) {
        let (here, start) = (path[path.len() - 1], path[0]);
        *best = best.max((total + weights[here * k + start]) / path.len() as f64);
        for next in start + 1..k {
            let w = weights[here * k + next];
            if w > f64::NEG_INFINITY && !path.contains(&next) {
                path.push(next);
                walk(weights, k, path, total + w, best);
                path.pop();
            }
        }
    }
    let mut best = f64::NEG_INFINITY;
    for start in 0..k {
        walk(weights, k, &mut vec![start], 0.0, &mut best);
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_tilted_chain_is_a_chain_and_its_law_stationary(chain in chain(), beta in -30.0f64..30.0) {
        let k = chain.states();
        let tilted = markov_tilt(&chain, beta).unwrap();
        for i in 0..k {
            let row: f64 = tilted.tilted_transition[i * k..(i + 1) * k].iter().sum();
            prop_assert!((row - 1.0).abs() < 1e-13, "row {}", row);
            let inflow: f64 = (0..k).map(|j| tilted.stationary[j] * tilted.tilted_transition[j * k + i]).sum();
            prop_assert!((inflow - tilted.stationary[i]).abs() < 1e-13);
        }
        // Two forms of the KL rate.
        let other = beta * tilted.mean - tilted.scgf;
        prop_assert!((tilted.kl_rate - other).abs() < 1e-12 * (1.0 + beta.abs() * 2.0), "{} {}", tilted.kl_rate, other);
        prop_assert!(tilted.kl_rate >= 0.0 && tilted.variance >= 0.0);
    }

    #[test]
    fn derivatives_of_the_growth_rate(chain in chain(), beta in -3.0f64..3.0) {
        let step = 1e-4;
        let (down, at, up) =
            (markov_tilt(&chain, beta - step).unwrap(), markov_tilt(&chain, beta).unwrap(), markov_tilt(&chain, beta + step).unwrap());
        // Central differences: step^2 / 6 times the third derivative, which is bounded by the change of the second.
        let third = (up.variance - down.variance).abs() / (2.0 * step);
// Rounding: a few 1e-16 of the terms of scgf, over the step.
        let rounding = 4e-16 * (1.0 + at.scgf.abs() + 2.0 * beta.abs()) * 4.0 / step;
        let room = step * (up.variance - at.variance).abs().max((at.variance - down.variance).abs()) + rounding;
        prop_assert!(((up.scgf - down.scgf) / (2.0 * step) - at.mean).abs() <= room + third * step * step);
        // The derivative of the mean lies between the variances near by, and their spread.
        let slope = (up.mean - down.mean) / (2.0 * step);
        let spread = (up.variance - down.variance).abs() + 1e-3 * at.variance + 1e-9;
        prop_assert!((slope - at.variance).abs() <= spread, "{} {}", slope, at.variance);
    }

    #[test]
    fn karp_is_the_best_simple_cycle(chain in chain()) {
        let k = chain.states();
        let weights: Vec<f64> =
            (0..k * k).map(|e| if chain.transition()[e] > 0.0 { chain.reward()[e % k] } else { f64::NEG_INFINITY }).collect();
        let best = best_simple_cycle(&weights, k);
        prop_assert!((maximal_cycle_mean(&weights, k) - best).abs() < 1e-14 * (1.0 + best.abs()) * 10.0);
        // R29: mean and KL rate tend to the critical graph's; corrections are e^{-beta gap}, so go far.
        let limit = chain_limit(&chain).unwrap();
        let far = markov_tilt(&chain, 1e5).unwrap();
        prop_assert!(limit.mean - far.mean < 1e-3 && far.mean < limit.mean + 1e-12);
        prop_assert!(far.kl_rate <= limit.delta_max + 1e-9, "{} {}", far.kl_rate, limit.delta_max);
    }

    #[test]
    fn solving_inverts_the_rate(chain in chain(), share in 0.01f64..0.95) {
        let limit = chain_limit(&chain).unwrap().delta_max;
        prop_assume!(limit > 1e-6);
        let best = match markov_solve(&chain, share * limit) {
            // A jump within one rounding of beta (see the unit test): no solution among the doubles.
            Err(tilt::Error::NotConverged { .. }) => return Ok(()),
            other => other.unwrap(),
        };
        // The promise of the solver (chains with a spectral gap g know their rate to about 1e-16 / g only), and a bracket.
        let budget = share * limit;
        prop_assert!((best.kl_rate / budget - 1.0).abs() <= 1e-9, "{} {}", best.kl_rate, budget);
        let rate = |factor: f64| markov_tilt(&chain, factor * best.beta).unwrap().kl_rate;
        prop_assert!(rate(1.0 - 1e-5) <= budget * (1.0 + 1e-9) && rate(1.0 + 1e-5) >= budget * (1.0 - 1e-9));
        prop_assert!(best.beta > 0.0);
        prop_assert!(markov_solve(&chain, limit * 1.0001).is_err());
    }

    #[test]
    fn finite_chains_are_the_tilt_of_the_exact_law(chain in chain(), n in 1u64..9, beta in -3.0f64..3.0) {
        // Independent: enumerate the law of R, then tilt it.
        let levels = markov_reward_law(&chain, &uniform(&chain), n).unwrap();
        let terms: Vec<f64> = levels.values().iter().zip(levels.log_mass()).map(|(v, m)| m + beta * v).collect();
        let log_z = log_sum_exp(&terms);
        let q: Vec<f64> = terms.iter().map(|t| (t - log_z).exp()).collect();
        let mean: f64 = q.iter().zip(levels.values()).map(|(q, v)| q * v).sum();
        let variance: f64 = q.iter().zip(levels.values()).map(|(q, v)| q * (v - mean) * (v - mean)).sum();
        let found = markov_finite(&chain, &uniform(&chain), n, beta).unwrap();
        prop_assert!((found.log_z - log_z).abs() < 1e-11);
        prop_assert!((found.mean - mean).abs() < 1e-11 * (1.0 + mean.abs()));
        prop_assert!((found.variance - variance).abs() < 1e-10 * (1.0 + variance));
        prop_assert!((found.kl - (beta * mean - log_z)).abs() < 1e-10);
    }

    #[test]
    fn best_of_n_stays_below_the_frontier(chain in chain(), n in 1u64..9, log_n in 0.0f64..18.0) {
        let levels = markov_reward_law(&chain, &uniform(&chain), n).unwrap();
        let best = markov_best_of_on(&levels, log_n).unwrap();
        prop_assert!(best.mean <= best.rl_mean + 1e-11 * (1.0 + best.rl_mean.abs()));
        prop_assert!(best.kl <= log_n + (-log_n).exp() - 1.0 + 1e-12 * (1.0 + log_n));
        prop_assert!(best.kl_to_rl >= 0.0);
        match best.regime {
            prob::Regime::Saturated => prop_assert!(best.kl_to_rl == f64::INFINITY && best.rl_beta == f64::INFINITY),
            _ => prop_assert!(best.kl_to_rl.is_finite() && best.rl_beta.is_finite()),
        }
    }

    #[test]
    fn equal_rows_are_memoryless(p in prop::array::uniform3(0.05f64..1.0), x in 0.1f64..3.0, beta in -4.0f64..4.0, n in 1u64..12) {
        let total: f64 = p.iter().sum();
        let p: Vec<f64> = p.iter().map(|m| m / total).collect();
        let s = [0.0, 1.0, 1.0 + x];
        let chain = Chain::new(&[p.clone(), p.clone(), p.clone()], &s).unwrap();
        let tilted = markov_tilt(&chain, beta).unwrap();
        let symbol = prob::tilt(&prob::Law::new(&p).unwrap(), &s, beta);
        prop_assert!((tilted.scgf - symbol.log_z).abs() < 1e-13 * (1.0 + symbol.log_z.abs()));
        prop_assert!((tilted.mean - symbol.mean).abs() < 1e-13);
        prop_assert!((tilted.variance - symbol.variance).abs() < 1e-12);
        prop_assert!((tilted.kl_rate - symbol.kl).abs() < 1e-13);
        let levels = markov_reward_law(&chain, &p, n).unwrap();
        let one = markov_best_of_on(&levels, 1.5).unwrap();
        let other = memoryless_best_of(&Memoryless::new(&p, &s, n).unwrap(), 1.5).unwrap();
        prop_assert!((one.mean - other.mean).abs() < 1e-11);
        prop_assert!((one.kl - other.kl).abs() < 1e-11);
    }
}

#[test]
fn rare_top_level_at_a_large_budget() {
    // Four loops at state 1: log P(top) = -47.3. KL = 24.9 at beta = 14.99.
    let chain = Chain::new(&[vec![0.0, 1.0], vec![1.0 - 8.606863e-6, 8.606863e-6]], &[0.0, 1.573865015331608]).unwrap();
    let levels = markov_reward_law(&chain, &[0.5, 0.5], 5).unwrap();
    for log_n in [20.0, 24.915485526739733, 26.0, 40.0] {
        let best = markov_best_of_on(&levels, log_n).unwrap();
        assert!(best.mean <= best.rl_mean);
    }
}

#[test]
fn nearly_reducible_periodic_and_steep_chains_converge() {
    for (rows, beta) in [
        (vec![vec![1.0 - 1e-14, 1e-14], vec![1e-14, 1.0 - 1e-14]], 0.0),
        (vec![vec![1.0 - 1e-9, 1e-9], vec![1e-12, 1.0 - 1e-12]], 1e-8),
        (vec![vec![0.0, 1.0], vec![1.0, 0.0]], 700.0),
        (vec![vec![1e-300, 1.0], vec![1.0, 1e-300]], 300.0),
        (vec![vec![0.5, 0.5], vec![0.5, 0.5]], -5000.0),
    ] {
        let tilted = markov_tilt(&Chain::new(&rows, &[0.0, 1.0]).unwrap(), beta).unwrap();
        assert!(tilted.scgf.is_finite() && tilted.variance.is_finite() && tilted.kl_rate >= 0.0, "{rows:?} {beta}");
    }
}
