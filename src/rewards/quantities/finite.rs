//! Hackability on a finite set of policies.

use super::model::{MdpInput, RewardInput, random_mdp, random_policy, random_reward};
use crate::Result;
use crate::lab::Quantity;
use crate::rewards::finite_set::finite_set;
use crate::rewards::policy::Policy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FiniteInput {
    /// The process.
    mdp: MdpInput,
    /// The policies, `[n][S][A]`.
    policies: Vec<Vec<Vec<f64>>>,
    /// One reward.
    #[serde(rename = "R1")]
    r1: RewardInput,
    /// The other.
    #[serde(rename = "R2")]
    r2: RewardInput,
}

#[derive(Serialize, JsonSchema)]
struct FiniteOutput {
    /// Whether some change lowers J1 and raises J2.
    hackable: bool,
    /// Dimension of the span of differences of occupancies.
    dim_f: usize,
    /// Dimension of the span of differences within classes of equal J1.
    dim_z: usize,
    /// Whether R1 has a non-trivial simplification on the set.
    simplification_exists: bool,
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<FiniteInput, FiniteOutput>(
            "hack.finite_set",
            "hackability and simplification on a finite set of policies",
            |draw| {
                let mdp = random_mdp(draw);
                let policies = (0..draw.count(1, 5)).map(|_| random_policy(draw, &mdp)).collect();
                FiniteInput { policies, r1: random_reward(draw, &mdp), r2: random_reward(draw, &mdp), mdp }
            },
        )
        .exact::<FiniteInput, FiniteOutput>(1e-12, |input| {
            let mdp = input.mdp.build()?;
            let policy = |(i, rows): (usize, &Vec<Vec<f64>>)| Policy::new(&mdp, &format!("policies[{i}]"), rows);
            let policies: Vec<Policy> = input.policies.iter().enumerate().map(policy).collect::<Result<_>>()?;
            let (r1, r2) = (input.r1.build(&mdp, "R1")?, input.r2.build(&mdp, "R2")?);
            let found = finite_set(&mdp, &policies, &r1, &r2)?;
            Ok(FiniteOutput {
                hackable: found.hackable,
                dim_f: found.dim_f,
                dim_z: found.dim_z,
                simplification_exists: found.simplification_exists,
            })
        }),
    ]
}
