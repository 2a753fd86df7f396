//! Worst-case regret, regret of optimal policies, equal order.

use super::model::{MdpInput, RewardInput, random_mdp, random_reward};
use crate::Result;
use crate::lab::{Instances, Quantity};
use crate::rewards::mdp::Mdp;
use crate::rewards::optimal_regret::{Tie, optimal_regret};
use crate::rewards::order::same_order;
use crate::rewards::regret::worst_case_regret;
use crate::rewards::reward::Reward;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PairInput {
    /// The process.
    mdp: MdpInput,
    /// The reward that counts.
    #[serde(rename = "R1")]
    r1: RewardInput,
    /// The reward that approves.
    #[serde(rename = "R2")]
    r2: RewardInput,
}

impl PairInput {
    fn build(&self) -> Result<(Mdp, Reward, Reward)> {
        let mdp = self.mdp.build()?;
        let (r1, r2) = (self.r1.build(&mdp, "R1")?, self.r2.build(&mdp, "R2")?);
        Ok((mdp, r1, r2))
    }

    fn random(draw: &mut Instances) -> PairInput {
        let mdp = random_mdp(draw);
        PairInput { r1: random_reward(draw, &mdp), r2: random_reward(draw, &mdp), mdp }
    }
}

#[derive(Serialize, JsonSchema)]
struct WorstCaseOutput {
    /// Largest loss of unnormalised return under R1 that R2 does not mind.
    regret: f64,
    /// The same over the span of R1.
    normalised: f64,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TieInput {
    Worst,
    Best,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OptimalInput {
    /// The process.
    mdp: MdpInput,
    /// One reward.
    #[serde(rename = "R1")]
    r1: RewardInput,
    /// The other.
    #[serde(rename = "R2")]
    r2: RewardInput,
    /// Which of several optimal policies is played: the worst or the best for the other reward.
    tie: TieInput,
}

#[derive(Serialize, JsonSchema)]
struct OptimalOutput {
    /// Regret under R1 of an optimum of R2, over the span of R1.
    regret1: f64,
    /// Regret under R2 of an optimum of R1.
    regret2: f64,
    /// Their mean.
    regret: f64,
}

#[derive(Serialize, JsonSchema)]
struct OrderOutput {
    /// Whether the rewards order all policies alike.
    same_order: bool,
    /// R2 counts as alpha R1; null if the orders differ or both rewards are trivial.
    alpha: Option<f64>,
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<PairInput, WorstCaseOutput>(
            "rewards.worst_case_regret",
            "the largest loss under R1 of a change that R2 approves",
            PairInput::random,
        )
        .exact::<PairInput, WorstCaseOutput>(1e-11, |input| {
            let (mdp, r1, r2) = input.build()?;
            let worst = worst_case_regret(&mdp, &r1, &r2)?;
            Ok(WorstCaseOutput { regret: worst.regret, normalised: worst.normalised })
        }),
        Quantity::new::<OptimalInput, OptimalOutput>(
            "rewards.optimal_regret",
            "the loss under one reward of playing an optimum of the other",
            |draw| {
                let PairInput { mdp, r1, r2 } = PairInput::random(draw);
                OptimalInput { mdp, r1, r2, tie: draw.pick(&[TieInput::Worst, TieInput::Best]) }
            },
        )
        .exact::<OptimalInput, OptimalOutput>(1e-11, |input| {
            let OptimalInput { mdp, r1, r2, tie } = input;
            let (mdp, r1, r2) = PairInput { mdp, r1, r2 }.build()?;
            let tie = match tie {
                TieInput::Worst => Tie::Worst,
                TieInput::Best => Tie::Best,
            };
            let found = optimal_regret(&mdp, &r1, &r2, tie)?;
            Ok(OptimalOutput { regret1: found.regret1, regret2: found.regret2, regret: found.regret })
        }),
        Quantity::new::<PairInput, OrderOutput>(
            "rewards.same_order",
            "whether two rewards order all policies alike",
            |draw| {
                let mut input = PairInput::random(draw);
                if draw.chance(0.3) {
                    input.r2 = input.r1.clone();
                }
                input
            },
        )
        .exact::<PairInput, OrderOutput>(1e-11, |input| {
            let (mdp, r1, r2) = input.build()?;
            let found = same_order(&mdp, &r1, &r2)?;
            Ok(OrderOutput { same_order: found.same_order, alpha: found.alpha })
        }),
    ]
}
