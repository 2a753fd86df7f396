//! Section 3a: the tilt, the budget problem, near-optimal laws.

use crate::asymptotics::constrained::{
    ExponentialTilt, KlConstrained, exponential_tilt, kl_constrained, kl_constrained_expansion,
};
use crate::asymptotics::near_optimal::{NearOptimal, law_dominated_by, near_optimal};
use crate::asymptotics::tilt_sampling::{budget_from_counts, near_optimal_from_counts, tilt_from_counts};
use crate::lab::{Estimate, Instances, Quantity, Sampling};
use crate::prob::{Law, check_rewards};
use crate::sampling::{Categorical, Histogram, Plan};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TiltInput {
    /// Base law.
    p: Vec<f64>,
    /// Rewards.
    r: Vec<f64>,
    /// Inverse temperature, any finite number.
    beta: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BudgetInput {
    /// Base law.
    p: Vec<f64>,
    /// Rewards.
    r: Vec<f64>,
    /// Budget in nats, >= 0.
    delta: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NearOptimalInput {
    /// Base law.
    p: Vec<f64>,
    /// Rewards.
    r: Vec<f64>,
    /// Budget in nats, below saturation.
    delta: f64,
    /// Law to compare with the optimum; no mass where the base law has none.
    omega: Vec<f64>,
}

/// A random law with its rewards.
pub(super) fn random_rewards(draw: &mut Instances) -> (Vec<f64>, Vec<f64>) {
    let k = draw.count(1, 7) as usize;
    (draw.law(k), draw.rewards(k))
}

/// How often each outcome of the law `p` is drawn; no `label` twice in a route.
pub(super) fn counts_of_draws(label: &str, p: &[f64], sampling: &Sampling) -> Result<Vec<u64>> {
    let base = Categorical::new(p)?;
    let outcomes = Histogram::whole_numbers(p.len() as u32 - 1);
    let drawn = sampling.executor.run(
        label,
        &Plan::fixed(sampling.samples),
        || outcomes.clone(),
        |block, counts| {
            for mut stream in block.streams() {
                counts.add(base.draw(&mut stream) as f64);
            }
            Ok(())
        },
    )?;
    Ok(drawn.counts().to_vec())
}

fn simulate_tilt(input: TiltInput, sampling: &Sampling) -> Result<Estimate<ExponentialTilt>> {
    let law = Law::new(&input.p)?;
    check_rewards("r", &input.r, &law)?;
    if !input.beta.is_finite() {
        return Err(Error::invalid("beta", input.beta, "a finite number"));
    }
    let counts = counts_of_draws("draws", law.probs(), sampling)?;
    let (output, stderr) = tilt_from_counts(&counts, &input.r, input.beta);
    Ok(Estimate { output, stderr, samples: sampling.samples })
}

fn budget_law(p: &[f64], r: &[f64], delta: f64) -> Result<Law> {
    let law = Law::new(p)?;
    check_rewards("r", r, &law)?;
    if !(delta.is_finite() && delta >= 0.0) {
        return Err(Error::invalid("delta", delta, "a finite budget >= 0"));
    }
    Ok(law)
}

fn simulate_near_optimal(input: NearOptimalInput, sampling: &Sampling) -> Result<Estimate<NearOptimal>> {
    let law = budget_law(&input.p, &input.r, input.delta)?;
    let omega = law_dominated_by(&law, &input.omega)?;
    let base = counts_of_draws("base", law.probs(), sampling)?;
    let drawn = counts_of_draws("omega", omega.probs(), sampling)?;
    let laws = (law.probs(), omega.probs());
    let (output, stderr) = near_optimal_from_counts((&base, &drawn), laws, &input.r, input.delta)?;
    Ok(Estimate { output, stderr, samples: sampling.samples })
}

fn simulate_budget(input: BudgetInput, sampling: &Sampling) -> Result<Estimate<KlConstrained>> {
    let law = budget_law(&input.p, &input.r, input.delta)?;
    let counts = counts_of_draws("draws", law.probs(), sampling)?;
    let (output, stderr) = budget_from_counts(&counts, law.probs(), &input.r, input.delta)?;
    Ok(Estimate { output, stderr, samples: sampling.samples })
}

/// A law without rare outcomes, and a reward of range 1 to 2: where expansions have constants of order one.
pub(super) fn tempered_rewards(draw: &mut Instances, k: usize) -> (Vec<f64>, Vec<f64>) {
    let p = draw.positive_law(k).iter().map(|p| 0.5 * p + 0.5 / k as f64).collect();
    let r = (0..k).map(|i| i as f64 / (k - 1) as f64 + draw.uniform(0.0, 1.0)).collect();
    (p, r)
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<TiltInput, ExponentialTilt>(
            "asymptotics.tilt",
            "exponential tilt of a law, its cumulants and divergences",
            |draw| {
                let (p, r) = random_rewards(draw);
                TiltInput { p, r, beta: draw.uniform(-3.0, 3.0) }
            },
        )
        .exact::<TiltInput, ExponentialTilt>(1e-12, |i| exponential_tilt(&Law::new(&i.p)?, &i.r, i.beta))
        .monte_carlo::<TiltInput, ExponentialTilt>(simulate_tilt),
        Quantity::new::<BudgetInput, KlConstrained>(
            "asymptotics.kl_rl",
            "largest mean reward within a KL budget",
            |draw| {
                let (p, r) = random_rewards(draw);
                BudgetInput { p, r, delta: draw.pick(&[0.0, 0.01, 0.1, 0.5, 3.0]) }
            },
        )
        .exact::<BudgetInput, KlConstrained>(1e-12, |i| kl_constrained(&Law::new(&i.p)?, &i.r, i.delta))
        .asymptotic::<BudgetInput, KlConstrained>("O(delta^(3/2)), delta -> 0", |i| {
            kl_constrained_expansion(&Law::new(&i.p)?, &i.r, i.delta)
        })
        .in_the_limit::<BudgetInput>(
            |draw, step| {
                let k = draw.count(2, 5) as usize;
                let (p, r) = tempered_rewards(draw, k);
                BudgetInput { p, r, delta: draw.uniform(0.005, 0.02) * 0.0625f64.powi(step as i32) }
            },
            |input, field| {
                input.delta.powf(1.5)
                    * match field {
                        "beta" => 30.0,
                        "mean" => 0.4,
                        "phi" => 1.2,
                        _ => 0.0,
                    }
            },
        )
        .monte_carlo::<BudgetInput, KlConstrained>(simulate_budget),
        Quantity::new::<NearOptimalInput, NearOptimal>(
            "asymptotics.near_optimal",
            "distance of a law from the optimum of the budget problem, and its bound",
            |draw| {
                let k = draw.count(2, 6) as usize;
                let (p, r, omega) = (draw.positive_law(k), draw.rewards(k), draw.positive_law(k));
                NearOptimalInput { p, r, delta: draw.uniform(0.0, 0.2), omega }
            },
        )
        .exact::<NearOptimalInput, NearOptimal>(1e-12, |i| near_optimal(&Law::new(&i.p)?, &i.r, i.delta, &i.omega))
        .monte_carlo::<NearOptimalInput, NearOptimal>(simulate_near_optimal),
    ]
}
