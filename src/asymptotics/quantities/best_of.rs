//! Sections 3b, 3c and 3f: best-of-N, its estimator, its rivals, its twin reward, and when to stop.

use super::budget::random_rewards;
use crate::asymptotics::best_of_n::{BestOfN, Ties, best_of_n};
use crate::asymptotics::estimator::{EstimatorMean, estimator_mean, estimator_value};
use crate::asymptotics::hedge::{Hedge, HedgeFamily, hedge};
use crate::asymptotics::random_best_of::{RandomBestOf, random_best_of};
use crate::asymptotics::soft_best_of::{SoftBestOf, soft_best_of};
use crate::asymptotics::twin::{Twin, twin};
use crate::asymptotics::win_rate_frontier::{FrontierPoint, win_rate_frontier};
use crate::lab::{Count, Quantity};
use crate::prob::{Law, RankLaw};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BonInput {
    /// Base law.
    p: Vec<f64>,
    /// Rewards.
    r: Vec<f64>,
    /// log N >= 0.
    log_best_of: f64,
    /// `random` (default) or `order`.
    #[serde(default = "random_ties")]
    ties: String,
}

fn random_ties() -> String {
    "random".to_string()
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RandomBonInput {
    /// Base law.
    p: Vec<f64>,
    /// Rewards.
    r: Vec<f64>,
    /// `fixed`, `poisson_plus_one`, `zero_truncated_poisson` or `geometric`.
    law: String,
    /// N >= 1; c > 0; c > 0; t in (0, 1].
    param: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EstimatorValueInput {
    /// Base probability of the observed outcome, in (0, 1].
    eps: f64,
    /// log N >= 0.
    log_best_of: f64,
}

#[derive(Serialize, JsonSchema)]
struct EstimatorValueOutput {
    value: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogBestOfInput {
    /// Base law.
    p: Vec<f64>,
    /// Rewards.
    r: Vec<f64>,
    /// log N >= 0.
    log_best_of: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FrontierInput {
    /// Divergence in nats, >= 0.
    kl: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SoftInput {
    /// Base law.
    p: Vec<f64>,
    /// Rewards.
    r: Vec<f64>,
    /// Number of candidates.
    n: Count,
    /// Temperature > 0, in units of reward.
    lambda: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HedgeInput {
    /// Base law.
    p: Vec<f64>,
    /// Proxy rewards, which select.
    r: Vec<f64>,
    /// Gold rewards, which count.
    gold: Vec<f64>,
    /// `bon`, `zero_truncated_poisson` or `poisson_plus_one`.
    family: String,
}

const RANK_LAWS: [&str; 4] = ["fixed", "poisson_plus_one", "zero_truncated_poisson", "geometric"];
const FAMILIES: [&str; 3] = ["bon", "zero_truncated_poisson", "poisson_plus_one"];

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<BonInput, BestOfN>(
            "asymptotics.bon",
            "best-of-N policy for real log N: divergence, win rate and their bounds",
            |draw| {
                let (p, r) = random_rewards(draw);
                BonInput { p, r, log_best_of: draw.uniform(0.0, 5.0), ties: draw.pick(&["random", "order"]).into() }
            },
        )
        .exact::<BonInput, BestOfN>(1e-12, |i| best_of_n(&Law::new(&i.p)?, &i.r, i.log_best_of, Ties::named(&i.ties)?)),
        Quantity::new::<RandomBonInput, RandomBestOf>(
            "asymptotics.random_bon",
            "best of a random number of draws",
            |draw| {
                let (p, r) = random_rewards(draw);
                let law = draw.pick(&RANK_LAWS);
                let param = if law == "geometric" { draw.uniform(0.05, 1.0) } else { draw.uniform(1.0, 12.0) };
                RandomBonInput { p, r, law: law.to_string(), param }
            },
        )
        .exact::<RandomBonInput, RandomBestOf>(1e-12, |i| {
            random_best_of(&Law::new(&i.p)?, &i.r, RankLaw::named(&i.law, i.param)?)
        }),
        Quantity::new::<EstimatorValueInput, EstimatorValueOutput>(
            "asymptotics.bon_estimator_value",
            "estimate of the divergence of best-of-N from the base probability of one outcome",
            |draw| EstimatorValueInput { eps: draw.log_uniform(1e-12, 1.0), log_best_of: draw.uniform(0.0, 10.0) },
        )
        .exact::<EstimatorValueInput, EstimatorValueOutput>(1e-12, |i| {
            Ok(EstimatorValueOutput { value: estimator_value(i.eps, i.log_best_of)? })
        }),
        Quantity::new::<LogBestOfInput, EstimatorMean>(
            "asymptotics.bon_estimator",
            "mean of that estimate under best-of-N, against the divergence and the bound",
            |draw| {
                let (p, r) = random_rewards(draw);
                LogBestOfInput { p, r, log_best_of: draw.uniform(0.0, 5.0) }
            },
        )
        .exact::<LogBestOfInput, EstimatorMean>(1e-12, |i| estimator_mean(&Law::new(&i.p)?, &i.r, i.log_best_of)),
        Quantity::new::<FrontierInput, FrontierPoint>(
            "asymptotics.win_rate_frontier",
            "largest win rate at a divergence, for continuous rewards",
            |draw| FrontierInput { kl: draw.log_uniform(1e-4, 20.0) },
        )
        .exact::<FrontierInput, FrontierPoint>(1e-12, |i| win_rate_frontier(i.kl)),
        Quantity::new::<SoftInput, SoftBestOf>(
            "asymptotics.soft_bon",
            "soft best-of-n: one of n candidates by softmax of the reward, against its target tilt",
            |draw| {
                let k = draw.count(1, 5) as usize;
                let (p, r) = (draw.positive_law(k), draw.rewards(k));
                SoftInput { p, r, n: Count(draw.count(1, 30)), lambda: draw.log_uniform(0.2, 5.0) }
            },
        )
        .exact::<SoftInput, SoftBestOf>(1e-11, |i| soft_best_of(&Law::new(&i.p)?, &i.r, i.n.0, i.lambda)),
        Quantity::new::<LogBestOfInput, Twin>(
            "asymptotics.bon_twin",
            "the reward whose tilt best-of-N is, and the distance of best-of-N from the tilts of its own reward",
            |draw| {
                let (p, r) = random_rewards(draw);
                LogBestOfInput { p, r, log_best_of: draw.uniform(0.0, 4.0) }
            },
        )
        .exact::<LogBestOfInput, Twin>(1e-11, |i| twin(&Law::new(&i.p)?, &i.r, i.log_best_of)),
        Quantity::new::<HedgeInput, Hedge>(
            "asymptotics.hedge",
            "where sampling against a proxy reward stops helping the gold reward",
            |draw| {
                let (p, r) = random_rewards(draw);
                let gold = draw.rewards(p.len());
                HedgeInput { p, r, gold, family: draw.pick(&FAMILIES).to_string() }
            },
        )
        .exact::<HedgeInput, Hedge>(1e-10, |i| hedge(&Law::new(&i.p)?, &i.r, &i.gold, HedgeFamily::named(&i.family)?)),
    ]
}
