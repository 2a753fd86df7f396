//! Quantities of learning: runs, bounds, local rates, sequences.

use super::input::{self, Whole, random_beta, random_matrix, random_reference};
use crate::games::bounds::{RateBound, rate_bound};
use crate::games::learner::Algorithm;
use crate::games::local_rate::{LocalRate, critical_step, local_rate};
use crate::games::observed_rate::observed_local_rate;
use crate::games::payoff::Payoff;
use crate::games::preference::Preference;
use crate::games::report::{RunReport, RunRequest, run_report};
use crate::games::stages::{ProxSequence, prox_sequence};
use crate::lab::Quantity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RunInput {
    /// Preference matrix.
    #[serde(rename = "P")]
    p: Vec<Vec<f64>>,
    /// mp, mmd, omd, egpo, omwu_reg, nash_md, nash_md_decay, hedge, omwu or prox.
    algorithm: Algorithm,
    /// Step > 0 in the convention of the algorithm (eta: mp, mmd, prox; e: the others); absent for nash_md_decay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<f64>,
    /// Iterations >= 0.
    iters: Whole,
    /// Strength > 0; absent for hedge and omwu.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beta: Option<f64>,
    /// Reference policy, positive; uniform if absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<f64>>,
    /// Starting policy, positive; the reference if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    init: Option<Vec<f64>>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RateBoundInput {
    /// Strength > 0.
    beta: f64,
    /// Queries >= 0.
    queries: Whole,
    /// Divergence of the start from the equilibrium, in nats; 1/(2 beta) if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kl0: Option<f64>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LocalRateInput {
    /// Preference matrix.
    #[serde(rename = "P")]
    p: Vec<Vec<f64>>,
    /// Strength > 0.
    beta: f64,
    /// Reference policy, positive; uniform if absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<f64>>,
    /// mp, mmd, prox, omd, egpo or nash_md.
    algorithm: Algorithm,
    /// Step > 0 in the convention of the algorithm.
    step: f64,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CriticalStepInput {
    /// Preference matrix.
    #[serde(rename = "P")]
    p: Vec<Vec<f64>>,
    /// Strength > 0.
    beta: f64,
    /// Reference policy, positive; uniform if absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<f64>>,
    /// mp or mmd.
    algorithm: Algorithm,
}

/// The first step at which the local rate is 1.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
struct CriticalStep {
    /// The step; null if no step is unstable.
    step: Option<f64>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProxSequenceInput {
    /// Preference matrix.
    #[serde(rename = "P")]
    p: Vec<Vec<f64>>,
    /// Strength > 0.
    beta: f64,
    /// First reference, positive; uniform if absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<f64>>,
    /// Refreshes >= 0.
    stages: Whole,
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<RunInput, RunReport>("games.run", "the last policy of a learner with exact payoffs", |draw| {
            let p = random_matrix(draw, 6);
            let algorithm = draw.pick(&[
                Algorithm::Mp,
                Algorithm::Mmd,
                Algorithm::Omd,
                Algorithm::Egpo,
                Algorithm::OmwuReg,
                Algorithm::NashMd,
                Algorithm::NashMdDecay,
                Algorithm::Hedge,
                Algorithm::Omwu,
                Algorithm::Prox,
            ]);
            let beta = draw.log_uniform(0.1, 5.0);
            let step = (algorithm != Algorithm::NashMdDecay).then(|| draw.uniform(0.01, 1.0) * beta.min(1.0 / beta));
            let init = if draw.chance(0.5) { Some(draw.positive_law(p.len())) } else { None };
            RunInput {
                algorithm,
                step,
                iters: Whole(draw.count(0, 30)),
                beta: algorithm.regularised().then_some(beta),
                reference: random_reference(draw, p.len()),
                init,
                p,
            }
        })
        .exact::<RunInput, RunReport>(1e-9, |i| {
            let preference = Preference::new(&i.p)?;
            let reference = input::reference(i.reference.as_ref(), preference.size())?;
            let init = i.init.as_ref().map(|p| input::pi("init", p, preference.size())).transpose()?;
            run_report(&RunRequest {
                preference: &preference,
                reference: &reference,
                algorithm: i.algorithm,
                step: i.step,
                beta: i.beta,
                iterations: i.iters.0,
                init: init.as_ref(),
            })
        }),
        Quantity::new::<RateBoundInput, RateBound>(
            "games.rate_bound",
            "bounds on the divergence from equilibrium after a number of queries",
            |draw| {
                let kl0 = if draw.chance(0.5) { None } else { Some(draw.uniform(0.0, 5.0)) };
                RateBoundInput { beta: draw.log_uniform(1e-3, 20.0), queries: Whole(draw.count(0, 500)), kl0 }
            },
        )
        .exact::<RateBoundInput, RateBound>(1e-12, |i| rate_bound(i.beta, i.queries.0, i.kl0)),
        Quantity::new::<LocalRateInput, LocalRate>(
            "games.local_rate",
            "asymptotic contraction an iteration of a learner near the equilibrium",
            |draw| {
                let p = random_matrix(draw, 6);
                let reference = random_reference(draw, p.len());
                let algorithm = draw.pick(&[
                    Algorithm::Mp,
                    Algorithm::Mmd,
                    Algorithm::Prox,
                    Algorithm::Omd,
                    Algorithm::Egpo,
                    Algorithm::NashMd,
                ]);
                let beta = random_beta(draw);
                LocalRateInput { p, beta, reference, algorithm, step: draw.uniform(0.05, 1.0) / beta }
            },
        )
        .exact::<LocalRateInput, LocalRate>(1e-11, |i| {
            local_rate(&input::game(&i.p, i.beta, i.reference.as_ref())?, i.algorithm, i.step)
        })
        .asymptotic::<LocalRateInput, LocalRate>("decay of a run, renormalised: 3e-3 in the logarithm", |i| {
            observed_local_rate(&input::game(&i.p, i.beta, i.reference.as_ref())?, i.algorithm, i.step)
        })
        .in_the_limit::<LocalRateInput>(
            // Stable steps of a regularised game, the limit of many iterations; a step is another size of game.
            |draw, step| {
                let n = 2 + step as usize;
                let edges = |_, _| draw.uniform(-0.5, 0.5);
                let p = Preference::from_upper(n, edges).matrix();
                let algorithm = draw.pick(&[Algorithm::Mp, Algorithm::Mmd, Algorithm::Prox, Algorithm::Egpo]);
                let beta = draw.log_uniform(0.3, 3.0);
                LocalRateInput { p, beta, reference: None, algorithm, step: draw.uniform(0.1, 0.4) / beta }
            },
            |_, field| if field == "lambda_max" { 1e-9 } else { 3e-3 },
        ),
        Quantity::new::<CriticalStepInput, CriticalStep>(
            "games.critical_step",
            "first step at which mirror prox or mirror descent loses local stability",
            |draw| {
                let p = random_matrix(draw, 6);
                let reference = random_reference(draw, p.len());
                let algorithm = draw.pick(&[Algorithm::Mp, Algorithm::Mmd]);
                CriticalStepInput { p, beta: draw.log_uniform(0.01, 1.0), reference, algorithm }
            },
        )
        .exact::<CriticalStepInput, CriticalStep>(1e-10, |i| {
            let game = input::game(&i.p, i.beta, i.reference.as_ref())?;
            Ok(CriticalStep { step: critical_step(&game, i.algorithm)? })
        }),
        Quantity::new::<ProxSequenceInput, ProxSequence>(
            "games.prox_sequence",
            "equilibria whose reference is the one before: reference refresh",
            |draw| {
                let p = random_matrix(draw, 6);
                let reference = random_reference(draw, p.len());
                ProxSequenceInput { p, beta: draw.log_uniform(0.1, 5.0), reference, stages: Whole(draw.count(0, 4)) }
            },
        )
        .exact::<ProxSequenceInput, ProxSequence>(1e-10, |i| {
            prox_sequence(&input::game(&i.p, i.beta, i.reference.as_ref())?, i.stages.0)
        }),
    ]
}
