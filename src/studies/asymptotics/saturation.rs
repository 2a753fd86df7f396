//! KL of best-of-N from a uniform base over finitely many outcomes.
//!
//! Paper: Beirami et al. 2024, experiment on uniform bases (read in notes; parameters as there). Claims: R7, R9, R10.
//! Model: `Lo` equally likely outcomes with distinct rewards, N from 1 to beyond `Lo`. The exact divergence follows
//! `log N - (N-1)/N` until N reaches `Lo`, then saturates at `log Lo`; the bound grows on; the estimator from the base
//! probability of the selected outcome stays with the exact curve. Cost: O(Lo) a point.

use super::super::grid;
use crate::Result;
use crate::asymptotics::best_of_n::kl_gap_lower_bound;
use crate::asymptotics::estimator::estimator_mean;
use crate::asymptotics::level_sampling::best_level;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::prob::{Law, Levels, best_of, best_of_kl_bound};
use crate::sampling::{Moments, Plan};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Numbers of equally likely outcomes, one curve each; whole numbers from 2 to 1e6.
    outcomes: Vec<usize>,
    /// The largest N is this many times the number of outcomes; > 0.
    beyond: f64,
    /// Values of N a curve; >= 2.
    points: usize,
    /// Values of N that are also simulated; >= 2.
    simulated_points: usize,
    /// Draws of best-of-N a simulated point; >= 2.
    draws: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/saturation", include_str!("../../../sims/asymptotics/saturation.toml"), run).about(
        "Does the divergence of best-of-N follow log N - (N-1)/N?",
        "Beirami et al., arXiv 2401.01879, experiment on uniform bases (from notes)",
        &["asymptotics/R7", "asymptotics/R9", "asymptotics/R10"],
        "2 s; quick 0.2 s",
    )
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    let mut curves = Table::new(
        "kl",
        "Divergence of best-of-N from a uniform base, the upper bound, and the mean of the estimator.",
        &[
            ("outcomes", "equally likely outcomes"),
            ("n", "number of draws N"),
            ("kl_nats", "exact divergence"),
            ("bound_nats", "log N - (N-1)/N"),
            ("estimator_nats", "mean of the estimator under best-of-N"),
        ],
    );
    let mut simulated = Table::new(
        "simulated",
        "Mean of log(policy/base) over draws of best-of-N.",
        &[
            ("outcomes", "equally likely outcomes"),
            ("n", "number of draws N"),
            ("kl_nats", "simulated divergence"),
            ("kl_standard_error_nats", "its standard error"),
        ],
    );
    let mut bound =
        Check::bound("asymptotics/R7", "D <= log N - (N-1)/N on uniform bases").tolerance(1e-13, "rounding");
    let mut gap = Check::bound("asymptotics/R9", "log(N P_M) - (N-1)/N <= gap").tolerance(1e-12, "rounding");
    let mut estimator = Check::bound("asymptotics/R10", "D <= mean of the estimator").tolerance(1e-13, "rounding");
    for &outcomes in &parameters.outcomes {
        grid::size("outcomes", outcomes, 2, 1_000_000)?;
        let law = Law::new(&vec![1.0 / outcomes as f64; outcomes])?;
        let rewards: Vec<f64> = (0..outcomes).map(|i| i as f64).collect();
        let (levels, _) = Levels::of_outcomes(&law, &rewards);
        let largest = parameters.beyond * outcomes as f64;
        for n in grid::logarithmic("points", 1.0, largest, parameters.points)? {
            let instance = || json!({"outcomes": outcomes, "n": n});
            let exact = best_of(&levels, n.ln()).kl;
            let limit = best_of_kl_bound(n.ln());
            let mean = estimator_mean(&law, &rewards, n.ln())?.expected;
            bound.at_most(exact, limit, 1.0, instance);
            gap.at_most(kl_gap_lower_bound(&levels, n.ln()), limit - exact, 1.0, instance);
            estimator.at_most(exact, mean, 1.0, instance);
            curves.push([(outcomes as f64).into(), n.into(), exact.into(), limit.into(), mean.into()]);
        }
        for n in grid::logarithmic("simulated_points", 1.0, largest, parameters.simulated_points)? {
            let best = best_of(&levels, n.ln());
            let label = format!("outcomes={outcomes}/n={n}");
            let kl = context.executor.run(&label, &Plan::fixed(parameters.draws), Moments::new, |block, moments| {
                for mut stream in block.streams() {
                    moments.add(best.log_ratio[best_level(&levels, n.ln(), &mut stream)]);
                }
                Ok(())
            })?;
            simulated.push([(outcomes as f64).into(), n.into(), kl.mean().into(), kl.standard_error().into()]);
        }
    }
    let figure = figure(&parameters.outcomes);
    Ok(Report {
        finding:
            "The divergence of best-of-N leaves the bound log N - (N-1)/N once N reaches the number of outcomes and \
                  saturates at its logarithm; the estimator from one base probability follows it."
                .to_string(),
        tables: vec![curves, simulated],
        figures: vec![figure],
        checks: vec![bound.finish(), gap.finish(), estimator.finish()],
        warnings: Vec::new(),
    })
}

fn figure(outcomes: &[usize]) -> Figure {
    let mut panel = Panel::new("", Axis::log("number of draws N"), Axis::linear("KL from the base (nats)"));
    for (colour, &count) in outcomes.iter().enumerate() {
        let of = |layer: Layer| layer.only("outcomes", count as f64);
        let label = format!("{count} outcomes: exact");
        panel = panel
            .with(of(Layer::new(&label, "kl", "n", "kl_nats", Mark::Line, colour)))
            .with(of(Layer::new("", "kl", "n", "estimator_nats", Mark::Dotted, colour)))
            .with(of(Layer::new(
                "",
                "simulated",
                "n",
                "kl_nats",
                Mark::ErrorBars { standard_error: "kl_standard_error_nats".into() },
                colour,
            )));
    }
    if let Some(largest) = outcomes.iter().max() {
        let layer = Layer::new("bound log N - (N-1)/N", "kl", "n", "bound_nats", Mark::Dashed, outcomes.len());
        panel = panel.with(layer.only("outcomes", *largest as f64));
    }
    Figure::new(
        "saturation",
        "Best-of-N leaves its KL bound once N reaches the number of outcomes",
        "Lines: exact divergence from a uniform base. Dotted: mean of the estimator. Points: simulation, bars of two \
         standard errors. Dashed: the bound, which keeps growing.",
    )
    .with(panel)
}
