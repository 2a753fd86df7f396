//! Values, occupancies, optimal returns.

use super::model::{MdpInput, RewardInput, by_state, policy_or_uniform, random_mdp, random_policy, random_reward};
use crate::Result;
use crate::lab::{Estimate, Quantity, Sampling};
use crate::rewards::evaluation::evaluate;
use crate::rewards::occupancy::occupancy;
use crate::rewards::optimal::extremes;
use crate::rewards::sampling::Simulator;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ValueInput {
    /// The process.
    mdp: MdpInput,
    /// The reward.
    #[serde(rename = "R")]
    r: RewardInput,
    /// The policy; uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pi: Option<Vec<Vec<f64>>>,
}

#[derive(Serialize, JsonSchema)]
struct ValueOutput {
    /// Value of each state.
    #[serde(rename = "V")]
    v: Vec<f64>,
    /// Value of each action.
    #[serde(rename = "Q")]
    q: Vec<Vec<f64>>,
    /// Return from the start law, unnormalised.
    #[serde(rename = "J")]
    j: f64,
}

fn policy_value(input: ValueInput) -> Result<ValueOutput> {
    let mdp = input.mdp.build()?;
    let (reward, policy) = (input.r.build(&mdp, "R")?, policy_or_uniform(&mdp, "pi", input.pi.as_ref())?);
    let found = evaluate(&mdp, &policy, reward.expected())?;
    Ok(ValueOutput { q: by_state(&mdp, &found.q), v: found.v, j: found.j })
}

/// One stopped rollout from every pair a draw.
fn simulate_value(input: ValueInput, sampling: &Sampling) -> Result<Estimate<ValueOutput>> {
    let mdp = input.mdp.build()?;
    let (reward, policy) = (input.r.build(&mdp, "R")?, policy_or_uniform(&mdp, "pi", input.pi.as_ref())?);
    let simulator = Simulator::new(&mdp, &policy)?;
    let (pairs, states) = (mdp.pairs(), mdp.states());
    let moments = sampling.moments(pairs + states + 1, |stream, numbers| {
        let (q, rest) = numbers.split_at_mut(pairs);
        let (v, j) = rest.split_at_mut(states);
        for (pair, q) in q.iter_mut().enumerate() {
            *q = simulator.returns(pair, [&reward], stream)[0];
        }
        policy.average(q, v);
        j[0] = v.iter().zip(mdp.start()).map(|(v, p)| v * p).sum();
    })?;
    let output = |x: &[f64]| ValueOutput {
        q: by_state(&mdp, &x[..pairs]),
        v: x[pairs..pairs + states].to_vec(),
        j: x[pairs + states],
    };
    Ok(Estimate {
        output: output(moments.means()),
        stderr: output(&moments.standard_errors()),
        samples: sampling.samples,
    })
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OccupancyInput {
    /// The process.
    mdp: MdpInput,
    /// The policy; uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pi: Option<Vec<Vec<f64>>>,
}

#[derive(Serialize, JsonSchema)]
struct OccupancyOutput {
    /// Share of discounted time in each pair of a state and an action; sums to 1.
    mu: Vec<Vec<f64>>,
}

fn simulate_occupancy(input: OccupancyInput, sampling: &Sampling) -> Result<Estimate<OccupancyOutput>> {
    let mdp = input.mdp.build()?;
    let simulator = Simulator::new(&mdp, &policy_or_uniform(&mdp, "pi", input.pi.as_ref())?)?;
    let moments = sampling.moments(mdp.pairs(), |stream, numbers| {
        numbers.fill(0.0);
        numbers[simulator.occupied(stream)] = 1.0;
    })?;
    let output = |x: &[f64]| OccupancyOutput { mu: by_state(&mdp, x) };
    Ok(Estimate {
        output: output(moments.means()),
        stderr: output(&moments.standard_errors()),
        samples: sampling.samples,
    })
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OptimalInput {
    /// The process.
    mdp: MdpInput,
    /// The reward.
    #[serde(rename = "R")]
    r: RewardInput,
}

#[derive(Serialize, JsonSchema)]
struct OptimalOutput {
    /// Largest return of any policy, unnormalised.
    j_max: f64,
    /// Least return.
    j_min: f64,
    /// Their difference.
    span: f64,
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<ValueInput, ValueOutput>("rewards.policy_value", "values and return of a policy", |draw| {
            let mdp = random_mdp(draw);
            let pi = draw.chance(0.7).then(|| random_policy(draw, &mdp));
            ValueInput { r: random_reward(draw, &mdp), pi, mdp }
        })
        .exact::<ValueInput, ValueOutput>(1e-12, policy_value)
        .monte_carlo::<ValueInput, ValueOutput>(simulate_value),
        Quantity::new::<OccupancyInput, OccupancyOutput>(
            "rewards.occupancy",
            "discounted occupancy measure of a policy, of mass one",
            |draw| {
                let mdp = random_mdp(draw);
                OccupancyInput { pi: draw.chance(0.7).then(|| random_policy(draw, &mdp)), mdp }
            },
        )
        .exact::<OccupancyInput, OccupancyOutput>(1e-12, |input| {
            let mdp = input.mdp.build()?;
            let policy = policy_or_uniform(&mdp, "pi", input.pi.as_ref())?;
            Ok(OccupancyOutput { mu: by_state(&mdp, &occupancy(&mdp, &policy)?) })
        })
        .monte_carlo::<OccupancyInput, OccupancyOutput>(simulate_occupancy),
        Quantity::new::<OptimalInput, OptimalOutput>(
            "rewards.optimal_value",
            "largest and least return of a reward, and its span",
            |draw| {
                let mdp = random_mdp(draw);
                OptimalInput { r: random_reward(draw, &mdp), mdp }
            },
        )
        .exact::<OptimalInput, OptimalOutput>(1e-12, |input| {
            let mdp = input.mdp.build()?;
            let found = extremes(&mdp, input.r.build(&mdp, "R")?.expected())?;
            Ok(OptimalOutput { j_max: found.j_max, j_min: found.j_min, span: found.span() })
        }),
    ]
}
