//! Section 3e: Markov chains.

use super::simulate_best_of;
use crate::Result;
use crate::asymptotics::drawn_law::{Drawn, Reference};
use crate::asymptotics::markov::{Chain, MarkovTilt, markov_tilt};
use crate::asymptotics::markov_best_of::{MarkovBestOf, markov_best_of};
use crate::asymptotics::markov_budget::chain_budget;
use crate::asymptotics::markov_cycles::CycleSampler;
use crate::asymptotics::markov_expansion::markov_best_of_expansion;
use crate::asymptotics::markov_finite::{MarkovFinite, markov_finite, markov_finite_expansion};
use crate::asymptotics::markov_sampling::{OptimumSampler, PathSampler};
use crate::asymptotics::markov_solve::{MarkovOptimum, markov_solve, markov_solve_expansion};
use crate::asymptotics::memoryless_best_of::check_log_best_of;
use crate::lab::{Count, Estimate, Instances, Quantity, Sampling};
use crate::prob::Regime;
use crate::sampling::{Moments, Plan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TiltInput {
    /// Rows are laws of the next state.
    transition: Vec<Vec<f64>>,
    /// Reward of a state.
    reward: Vec<f64>,
    /// Inverse temperature.
    beta: f64,
}

#[derive(Serialize, JsonSchema)]
struct TiltOutput {
    scgf: f64,
    mean: f64,
    variance: f64,
    kl_rate: f64,
    tilted_transition: Vec<Vec<f64>>,
    stationary: Vec<f64>,
}

fn rows(matrix: &[f64], states: usize) -> Vec<Vec<f64>> {
    matrix.chunks(states).map(<[f64]>::to_vec).collect()
}

impl From<MarkovTilt> for TiltOutput {
    fn from(t: MarkovTilt) -> Self {
        let rows = rows(&t.tilted_transition, t.stationary.len());
        TiltOutput {
            scgf: t.scgf,
            mean: t.mean,
            variance: t.variance,
            kl_rate: t.kl_rate,
            tilted_transition: rows,
            stationary: t.stationary,
        }
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SolveInput {
    /// Rows are laws of the next state.
    transition: Vec<Vec<f64>>,
    /// Reward of a state.
    reward: Vec<f64>,
    /// Budget a symbol, nats.
    delta: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FiniteInput {
    /// Law of the first state.
    initial: Vec<f64>,
    /// Rows are laws of the next state.
    transition: Vec<Vec<f64>>,
    /// Reward of a state.
    reward: Vec<f64>,
    /// Length, in symbols.
    n: Count,
    /// Inverse temperature.
    beta: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BonInput {
    /// Law of the first state.
    initial: Vec<f64>,
    /// Rows are laws of the next state.
    transition: Vec<Vec<f64>>,
    /// Reward of a state.
    reward: Vec<f64>,
    /// Length, in symbols.
    n: Count,
    /// log N >= 0.
    log_best_of: f64,
}

/// A random chain: transition matrix and rewards.
fn random_chain(draw: &mut Instances) -> (Vec<Vec<f64>>, Vec<f64>) {
    let k = draw.count(2, 4) as usize;
    (draw.transition(k), (0..k).map(|_| draw.count(0, 3) as f64).collect())
}

/// A chain that mixes in a few steps, with the rewards 0, 1 and maybe 2: where expansions have constants of order one.
fn varied_chain(draw: &mut Instances) -> (Vec<Vec<f64>>, Vec<f64>) {
    let k = draw.count(2, 3) as usize;
    let even = 0.5 / k as f64;
    let rows = draw.transition(k).into_iter().map(|row| row.iter().map(|p| 0.5 * p + even).collect()).collect();
    (rows, (0..k).map(|i| i as f64).collect())
}

fn simulate_tilt(input: TiltInput, sampling: &Sampling) -> Result<Estimate<TiltOutput>> {
    let sampler = CycleSampler::new(&Chain::new(&input.transition, &input.reward)?, input.beta)?;
    let states = input.reward.len();
    Drawn::room_for(sampling.samples.saturating_mul(sampler.width() as u64))?;
    let cycles = sampling.executor.run("draws", &Plan::fixed(sampling.samples), Drawn::default, |block, drawn| {
        block.streams().for_each(|mut stream| sampler.draw(&mut drawn.0, &mut stream));
        Ok(())
    })?;
    let (found, error) = sampler.rates(&cycles.0);
    Ok(Estimate {
        output: TiltOutput {
            scgf: sampler.scgf,
            mean: found.mean,
            variance: found.variance,
            kl_rate: found.kl_rate,
            tilted_transition: rows(&sampler.transition, states),
            stationary: found.stationary,
        },
        stderr: TiltOutput {
            scgf: 0.0,
            mean: error.mean,
            variance: error.variance,
            kl_rate: error.kl_rate,
            tilted_transition: vec![vec![0.0; states]; states],
            stationary: error.stationary,
        },
        samples: sampling.samples,
    })
}

fn simulate_finite(input: FiniteInput, sampling: &Sampling) -> Result<Estimate<MarkovFinite>> {
    let chain = Chain::new(&input.transition, &input.reward)?;
    let sampler = OptimumSampler::new(&chain, &input.initial, input.n.0, input.beta)?;
    let moments = sampling.executor.run("draws", &Plan::fixed(sampling.samples), Moments::new, |block, moments| {
        block.streams().for_each(|mut stream| moments.add(sampler.reward(&mut stream)));
        Ok(())
    })?;
    let (mean, error) = (moments.mean(), moments.standard_error());
    Ok(Estimate {
        output: MarkovFinite {
            log_z: sampler.log_z,
            mean,
            variance: moments.variance(),
            kl: input.beta * mean - sampler.log_z,
        },
        stderr: MarkovFinite {
            log_z: 0.0,
            mean: error,
            variance: moments.variance_standard_error(),
            kl: input.beta.abs() * error,
        },
        samples: sampling.samples,
    })
}

fn simulate_bon(input: BonInput, sampling: &Sampling) -> Result<Estimate<MarkovBestOf>> {
    let chain = Chain::new(&input.transition, &input.reward)?;
    check_log_best_of(input.log_best_of)?;
    let (initial, n) = (&input.initial, input.n.0);
    let budget = chain_budget(&chain, initial, n, input.log_best_of)?;
    let base = PathSampler::base(&chain, initial)?;
    let tilted = OptimumSampler::new(&chain, initial, n, budget.sampling_beta)?;
    let tilt = Reference { beta: budget.sampling_beta, log_z: tilted.log_z };
    let reference = match budget.regime {
        Regime::Interior => Reference { beta: budget.beta, log_z: budget.log_z },
        _ => Reference { beta: 0.0, log_z: 0.0 },
    };
    let (best, error) = simulate_best_of(
        sampling,
        (tilt, reference, budget.tolerance, input.log_best_of),
        |stream| base.reward(n, stream),
        |stream| tilted.reward(stream),
    )?;
    let (kl_to_rl, kl_to_rl_error) = match budget.regime {
        Regime::Degenerate => (0.0, 0.0),
        Regime::Saturated => (f64::INFINITY, 0.0),
        Regime::Base | Regime::Interior => (best.kl_to_reference, error.kl_to_reference),
    };
    let output = MarkovBestOf {
        mean: best.mean,
        kl: best.kl,
        rl_mean: budget.mean,
        rl_beta: budget.beta,
        regime: budget.regime,
        kl_to_rl,
    };
    let stderr =
        MarkovBestOf { mean: error.mean, kl: error.kl, rl_mean: 0.0, rl_beta: 0.0, kl_to_rl: kl_to_rl_error, ..output };
    Ok(Estimate { output, stderr, samples: sampling.samples })
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<TiltInput, TiltOutput>("asymptotics.markov", "tilted Markov chain and its rates", |draw| {
            let (transition, reward) = random_chain(draw);
            TiltInput { transition, reward, beta: draw.uniform(-1.5, 1.5) }
        })
        .exact::<TiltInput, TiltOutput>(1e-11, |i| {
            Ok(markov_tilt(&Chain::new(&i.transition, &i.reward)?, i.beta)?.into())
        })
        .monte_carlo::<TiltInput, TiltOutput>(simulate_tilt),
        Quantity::new::<SolveInput, MarkovOptimum>(
            "asymptotics.markov_solve",
            "the tilted chain that spends a KL rate",
            |draw| {
                let (transition, reward) = random_chain(draw);
                SolveInput { transition, reward, delta: draw.uniform(0.0, 0.3) }
            },
        )
        .exact::<SolveInput, MarkovOptimum>(1e-11, |i| markov_solve(&Chain::new(&i.transition, &i.reward)?, i.delta))
        .asymptotic::<SolveInput, MarkovOptimum>("O(delta), delta -> 0", |i| {
            markov_solve_expansion(&Chain::new(&i.transition, &i.reward)?, i.delta)
        })
        .in_the_limit::<SolveInput>(
            |draw, step| {
                let (transition, reward) = varied_chain(draw);
                SolveInput { transition, reward, delta: draw.uniform(0.005, 0.02) * 0.0625f64.powi(step as i32) }
            },
            |input, field| match field {
                "beta" => 3.5 * input.delta,
                "mean" => 0.8 * input.delta,
                _ => 0.0,
            },
        ),
        Quantity::new::<FiniteInput, MarkovFinite>(
            "asymptotics.markov_finite",
            "the tilt of a chain of n symbols: totals",
            |draw| {
                let (transition, reward) = random_chain(draw);
                let (initial, n) = (draw.law(reward.len()), Count(draw.count(1, 30)));
                FiniteInput { initial, transition, reward, n, beta: draw.uniform(-1.0, 1.0) }
            },
        )
        .exact::<FiniteInput, MarkovFinite>(1e-11, |i| {
            markov_finite(&Chain::new(&i.transition, &i.reward)?, &i.initial, i.n.0, i.beta)
        })
        .asymptotic::<FiniteInput, MarkovFinite>("O(1) in totals, O(1/n) a symbol", |i| {
            markov_finite_expansion(&Chain::new(&i.transition, &i.reward)?, &i.initial, i.n.0, i.beta)
        })
        .in_the_limit::<FiniteInput>(
            |draw, step| {
                let (transition, reward) = varied_chain(draw);
                let (initial, n) = (draw.law(reward.len()), Count(25 << (2 * step)));
                FiniteInput { initial, transition, reward, n, beta: draw.uniform(-1.0, 1.0) }
            },
            |_, field| match field {
                "log_z" => 2.0,
                "kl" => 0.7,
                "mean" => 3.0,
                _ => 4.0,
            },
        )
        .monte_carlo::<FiniteInput, MarkovFinite>(simulate_finite),
        Quantity::new::<BonInput, MarkovBestOf>(
            "asymptotics.markov_bon",
            "best-of-N on chains of n symbols, against the KL-constrained optimum of the same n",
            |draw| {
                let (transition, reward) = random_chain(draw);
                let (initial, n) = (draw.law(reward.len()), Count(draw.count(1, 30)));
                BonInput { initial, transition, reward, n, log_best_of: draw.uniform(0.0, 5.0) }
            },
        )
        .exact::<BonInput, MarkovBestOf>(1e-11, |i| {
            markov_best_of(&Chain::new(&i.transition, &i.reward)?, &i.initial, i.n.0, i.log_best_of)
        })
        .asymptotic::<BonInput, MarkovBestOf>(
            "O(log^2 n / n), rl_mean and rl_beta O(1/n), at a fixed log N / n; positive transitions only",
            |i| markov_best_of_expansion(&Chain::new(&i.transition, &i.reward)?, &i.initial, i.n.0, i.log_best_of),
        )
        .in_the_limit::<BonInput>(
            |draw, step| {
                let (transition, reward) = varied_chain(draw);
                let (initial, n) = (draw.law(reward.len()), 100 << (2 * step));
                // The loop at the state of the largest reward bounds the useful budget a symbol.
                let delta = -draw.uniform(0.1, 0.35) * transition[reward.len() - 1][reward.len() - 1].ln();
                BonInput { initial, transition, reward, n: Count(n), log_best_of: delta * n as f64 }
            },
            |input, field| {
                let n = input.n.0 as f64;
                let order = n.ln().powi(2) / n;
                match field {
                    "mean" => 4.0 * order,
                    "kl" => order,
                    "kl_to_rl" => 1.5 * order,
                    "rl_mean" => 2.0 / n,
                    "rl_beta" => 10.0 / n,
                    _ => 0.0,
                }
            },
        )
        .monte_carlo::<BonInput, MarkovBestOf>(simulate_bon),
    ]
}
