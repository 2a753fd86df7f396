//! Section 3d: sums of independent symbols. Rates, tails, the exact law of the reward, best-of-N.

use crate::Result;
use crate::asymptotics::best_of_asymptotic::{BestOfAsymptotic, best_of_asymptotic};
use crate::asymptotics::memoryless::Memoryless;
use crate::asymptotics::memoryless_best_of::{MemorylessBestOf, memoryless_best_of};
use crate::asymptotics::rate::{ScaledCumulants, rate, scaled_cumulants};
use crate::asymptotics::reward_law::{RewardDistribution, reward_distribution};
use crate::asymptotics::tail::{TailApproximations, tail_approximations};
use crate::lab::{Count, Instances, Quantity};
use crate::prob::Rate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RateInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Reward of a symbol.
    s: Vec<f64>,
    /// Reward a symbol, of which the rate is asked.
    x: f64,
    /// Tilt of the base; 0 if absent.
    #[serde(default)]
    beta: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScgfInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Aligned law; normalised.
    q: Vec<f64>,
    /// Tilt of the base.
    beta: f64,
    /// Argument of the cumulant generating function.
    t: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RewardDistInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Reward of a symbol.
    s: Vec<f64>,
    /// Length, in symbols.
    n: Count,
    /// Total rewards at which the law is asked.
    thresholds: Vec<f64>,
    /// Tilt of the base; 0 if absent.
    #[serde(default)]
    beta: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MemBonInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Reward of a symbol.
    s: Vec<f64>,
    /// Length, in symbols.
    n: Count,
    /// log N >= 0.
    log_best_of: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TailInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Reward of a symbol.
    s: Vec<f64>,
    /// Length, in symbols.
    n: Count,
    /// Total reward, strictly between n mu and n s_max.
    threshold: f64,
    /// Lattice span of the rewards, the largest; 0 for the non-lattice formulas.
    span: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BonAsymptoticInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Reward of a symbol.
    s: Vec<f64>,
    /// Length, in symbols.
    n: Count,
    /// Budget a symbol in nats, strictly between 0 and delta_max.
    delta: f64,
    /// Lattice span of the rewards, the largest; 0 for the non-lattice formulas.
    span: f64,
}

fn model(p: &[f64], s: &[f64], n: Count) -> Result<Memoryless> {
    Memoryless::new(p, s, n.0)
}

/// A random alphabet law with its rewards, and a length.
fn random_model(draw: &mut Instances) -> (Vec<f64>, Vec<f64>, Count) {
    let k = draw.count(2, 4) as usize;
    (draw.law(k), draw.rewards(k), Count(draw.count(1, 25)))
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<RateInput, Rate>(
            "asymptotics.rate",
            "rate function of the mean reward of a tilted law",
            |draw| {
                let (p, s, _) = random_model(draw);
                let x = draw.uniform(-2.0, 3.0);
                RateInput { p, s, x, beta: draw.uniform(-1.0, 1.0) }
            },
        )
        .exact::<RateInput, Rate>(1e-12, |i| rate(&i.p, &i.s, i.x, i.beta)),
        Quantity::new::<ScgfInput, ScaledCumulants>(
            "asymptotics.scgf",
            "scaled cumulant generating function of log q under the mismatched tilt: a Renyi cross entropy",
            |draw| {
                let k = draw.count(1, 6) as usize;
                let (beta, t) = (draw.uniform(0.0, 2.0), draw.uniform(-1.0, 2.0));
                ScgfInput { p: draw.law(k), q: draw.positive_law(k), beta, t }
            },
        )
        .exact::<ScgfInput, ScaledCumulants>(1e-12, |i| scaled_cumulants(&i.p, &i.q, i.beta, i.t)),
        Quantity::new::<RewardDistInput, RewardDistribution>(
            "asymptotics.reward_dist",
            "law of the total reward of n independent symbols",
            |draw| {
                let (p, s, n) = random_model(draw);
                let low = draw.uniform(0.0, 1.0) * n.0 as f64;
                RewardDistInput { p, s, n, thresholds: vec![low, 1.5 * low], beta: draw.uniform(-0.5, 0.5) }
            },
        )
        .exact::<RewardDistInput, RewardDistribution>(1e-11, |i| {
            reward_distribution(&model(&i.p, &i.s, i.n)?, &i.thresholds, i.beta)
        }),
        Quantity::new::<MemBonInput, MemorylessBestOf>(
            "asymptotics.mem_bon",
            "best-of-N on sequences of independent symbols, against the KL-constrained optimum",
            |draw| {
                let (p, s, n) = random_model(draw);
                MemBonInput { p, s, n, log_best_of: draw.uniform(0.0, 5.0) }
            },
        )
        .exact::<MemBonInput, MemorylessBestOf>(1e-12, |i| memoryless_best_of(&model(&i.p, &i.s, i.n)?, i.log_best_of)),
        Quantity::new::<TailInput, TailApproximations>(
            "asymptotics.tail_approx",
            "upper tail of the total reward: exact, Chernoff, Bahadur-Rao, Lugannani-Rice",
            |draw| {
                let (p, s, n) = (draw.positive_law(3), vec![0.0, 1.0, 2.0], Count(draw.count(5, 60)));
                let threshold = (1.9 * n.0 as f64).floor().max(1.0);
                TailInput { p, s, n, threshold, span: 1.0 }
            },
        )
        .exact::<TailInput, TailApproximations>(1e-11, |i| {
            tail_approximations(&model(&i.p, &i.s, i.n)?, i.threshold, i.span)
        }),
        Quantity::new::<BonAsymptoticInput, BestOfAsymptotic>(
            "asymptotics.bon_asymptotic",
            "second-order formulas of best-of-N at N = e^(n delta)",
            |draw| {
                let (p, s) = (draw.positive_law(3), vec![0.0, 1.0, 2.0]);
                BonAsymptoticInput { p, s, n: Count(draw.count(20, 400)), delta: draw.uniform(0.01, 0.2), span: 1.0 }
            },
        )
        .exact::<BonAsymptoticInput, BestOfAsymptotic>(1e-11, |i| {
            best_of_asymptotic(&model(&i.p, &i.s, i.n)?, i.delta, i.span)
        }),
    ]
}
