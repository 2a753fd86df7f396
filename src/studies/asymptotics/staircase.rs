//! KL of best-of-N from a base with a rare best outcome.
//!
//! Paper: Beirami et al. 2024, hand-made base (from notes; exact parameters unknown, ours). Claims: R7, R9, R10. Model: few
//! outcomes of very different probability; each in turn is found, then kept, as N grows: a staircase whose steps are at
//! `-log P(R >= v)`. Cost: negligible.

use super::super::grid;
use crate::Result;
use crate::asymptotics::estimator::estimator_mean;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::prob::{Law, Levels, best_of, best_of_kl_bound};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Base law; the reward of an outcome is its index.
    p: Vec<f64>,
    /// Largest log N, in nats; > 0.
    log_best_of_max: f64,
    /// Values of N; >= 2.
    points: usize,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/staircase", include_str!("../../../sims/asymptotics/staircase.toml"), run).about(
        "How does the divergence of best-of-N grow when the best outcome is rare?",
        "Beirami et al., arXiv 2401.01879, hand-made base (from notes; parameters ours)",
        &["asymptotics/R7", "asymptotics/R9", "asymptotics/R10"],
        "instant",
    )
}

fn run(parameters: &Parameters, _: &Run) -> Result<Report> {
    let law = Law::new(&parameters.p)?;
    let rewards: Vec<f64> = (0..law.len()).map(|i| i as f64).collect();
    let (levels, _) = Levels::of_outcomes(&law, &rewards);
    let mut table = Table::new(
        "kl",
        "Divergence of best-of-N, its bound, its estimator, and the divergence of the mean reward's level.",
        &[
            ("n", "number of draws N"),
            ("kl_nats", "exact divergence"),
            ("bound_nats", "log N - (N-1)/N"),
            ("estimator_nats", "mean of the estimator"),
            ("mean_reward", "mean reward of best-of-N"),
        ],
    );
    let mut bound = Check::bound("asymptotics/R7", "D <= -log P(top)").tolerance(1e-13, "rounding");
    let mut ordering = Check::ordering("asymptotics/R7", "D is nondecreasing in N").tolerance(1e-13, "rounding");
    let mut last = 0.0;
    for log_n in grid::linear("points", 0.0, parameters.log_best_of_max, parameters.points)? {
        let best = best_of(&levels, log_n);
        bound.at_most(best.kl, -levels.log_mass()[levels.len() - 1], 1.0, || json!({"log_best_of": log_n}));
        ordering.at_most(last, best.kl, 1.0, || json!({"log_best_of": log_n}));
        last = best.kl;
        let estimator = estimator_mean(&law, &rewards, log_n)?.expected;
        let numbers = [log_n.exp(), best.kl, best_of_kl_bound(log_n), estimator, best.mean];
        table.push(numbers.map(Into::into));
    }
    let kl = Panel::new("divergence", Axis::log("number of draws N"), Axis::linear("KL from the base (nats)"))
        .with(Layer::new("exact", "kl", "n", "kl_nats", Mark::Line, 0))
        .with(Layer::new("mean of the estimator", "kl", "n", "estimator_nats", Mark::Dotted, 1))
        .with(Layer::new("bound log N - (N-1)/N", "kl", "n", "bound_nats", Mark::Dashed, 2));
    let reward = Panel::new("reward", Axis::log("number of draws N"), Axis::linear("mean reward")).with(Layer::new(
        "best-of-N",
        "kl",
        "n",
        "mean_reward",
        Mark::Line,
        0,
    ));
    let figure = Figure::new(
        "staircase",
        "With rare good outcomes the divergence of best-of-N is a staircase",
        "Each step is one outcome found, then kept. The bound misses the steps; the estimator follows them.",
    )
    .with(kl)
    .with(reward);
    Ok(Report {
        finding: format!(
            "The divergence climbs in steps to {:.3} nats = -log P(top), while the bound passes {:.3}.",
            last,
            best_of_kl_bound(parameters.log_best_of_max)
        ),
        tables: vec![table],
        figures: vec![figure],
        checks: vec![bound.finish(), ordering.finish()],
        warnings: Vec::new(),
    })
}
