//! Section 3a: the tilt, the budget problem, near-optimal laws.

use crate::asymptotics::constrained::{ExponentialTilt, KlConstrained, exponential_tilt, kl_constrained};
use crate::asymptotics::near_optimal::{NearOptimal, near_optimal};
use crate::lab::{Instances, Quantity};
use crate::prob::Law;
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
        .exact::<TiltInput, ExponentialTilt>(1e-12, |i| exponential_tilt(&Law::new(&i.p)?, &i.r, i.beta)),
        Quantity::new::<BudgetInput, KlConstrained>(
            "asymptotics.kl_rl",
            "largest mean reward within a KL budget",
            |draw| {
                let (p, r) = random_rewards(draw);
                BudgetInput { p, r, delta: draw.pick(&[0.0, 0.01, 0.1, 0.5, 3.0]) }
            },
        )
        .exact::<BudgetInput, KlConstrained>(1e-12, |i| kl_constrained(&Law::new(&i.p)?, &i.r, i.delta)),
        Quantity::new::<NearOptimalInput, NearOptimal>(
            "asymptotics.near_optimal",
            "distance of a law from the optimum of the budget problem, and its bound",
            |draw| {
                let k = draw.count(2, 6) as usize;
                let (p, r, omega) = (draw.positive_law(k), draw.rewards(k), draw.positive_law(k));
                NearOptimalInput { p, r, delta: draw.uniform(0.0, 0.2), omega }
            },
        )
        .exact::<NearOptimalInput, NearOptimal>(1e-12, |i| near_optimal(&Law::new(&i.p)?, &i.r, i.delta, &i.omega)),
    ]
}
