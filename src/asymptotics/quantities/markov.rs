//! Section 3e: Markov chains.

use crate::asymptotics::markov::{Chain, MarkovTilt, markov_tilt};
use crate::asymptotics::markov_best_of::{MarkovBestOf, markov_best_of};
use crate::asymptotics::markov_finite::{MarkovFinite, markov_finite};
use crate::asymptotics::markov_solve::{MarkovOptimum, markov_solve};
use crate::lab::{Count, Instances, Quantity};
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

impl From<MarkovTilt> for TiltOutput {
    fn from(t: MarkovTilt) -> Self {
        let rows = t.tilted_transition.chunks(t.stationary.len()).map(<[f64]>::to_vec).collect();
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

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<TiltInput, TiltOutput>("asymptotics.markov", "tilted Markov chain and its rates", |draw| {
            let (transition, reward) = random_chain(draw);
            TiltInput { transition, reward, beta: draw.uniform(-1.5, 1.5) }
        })
        .exact::<TiltInput, TiltOutput>(1e-11, |i| {
            Ok(markov_tilt(&Chain::new(&i.transition, &i.reward)?, i.beta)?.into())
        }),
        Quantity::new::<SolveInput, MarkovOptimum>(
            "asymptotics.markov_solve",
            "the tilted chain that spends a KL rate",
            |draw| {
                let (transition, reward) = random_chain(draw);
                SolveInput { transition, reward, delta: draw.uniform(0.0, 0.3) }
            },
        )
        .exact::<SolveInput, MarkovOptimum>(1e-11, |i| markov_solve(&Chain::new(&i.transition, &i.reward)?, i.delta)),
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
        }),
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
        }),
    ]
}
