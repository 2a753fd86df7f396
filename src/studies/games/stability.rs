//! The stability map: which steps of mirror prox and of mirror descent converge (E6).
//!
//! Paper: none; R11, derived. Claims: games/R11. Model: the regular cycle of an odd number of actions, uniform reference, runs
//! from a small deviation. Mirror prox tolerates a step of order beta, mirror descent one of order beta^2; beyond, runs settle
//! on a cycle that is no equilibrium. Cost: seconds.

use super::super::grid;
use crate::Result;
use crate::games::families::cyclic;
use crate::games::game::Game;
use crate::games::learner::{Algorithm, Arena, Exact, Iterate};
use crate::games::local_rate::critical_step_at;
use crate::games::policy::{Reference, span};
use crate::games::tangent::moduli;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Actions of the cycle, odd; >= 3.
    actions: usize,
    /// Smallest strength; > 0.
    beta_min: f64,
    /// Largest strength.
    beta_max: f64,
    /// Strengths; >= 2.
    betas: usize,
    /// Smallest eta/beta; > 0.
    step_min: f64,
    /// Largest eta/beta.
    step_max: f64,
    /// Steps; >= 2.
    steps: usize,
    /// Iterations of a run; >= 1.
    iterations: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("games/stability", include_str!("../../../sims/games/stability.toml"), run).about(
        "Which steps of mirror prox and of mirror descent converge?",
        "R11 (derived); algorithms: Tiapkin et al., arXiv 2505.19731, and Sokota et al., arXiv 2206.05825",
        &["games/R11"],
        "seconds",
    )
}

const LEARNERS: [(Algorithm, &str, &str); 2] =
    [(Algorithm::Mp, "mp", "Nash mirror prox"), (Algorithm::Mmd, "mmd", "mirror descent")];

fn run(parameters: &Parameters, run: &Run) -> Result<Report> {
    let preference = cyclic(parameters.actions, 1.0)?;
    let uniform = Reference::uniform(parameters.actions)?;
    let lambda = moduli(&preference, uniform.probs())?.first().copied().unwrap_or(0.0);
    let betas = grid::logarithmic("betas", parameters.beta_min, parameters.beta_max, parameters.betas)?;
    let steps = grid::logarithmic("steps", parameters.step_min, parameters.step_max, parameters.steps)?;
    let columns = [
        ("learner", "algorithm"),
        ("fate", "converged, or cycles"),
        ("learner_fate", "both"),
        ("beta", "strength"),
        ("step_over_beta", "eta/beta"),
        ("span", "span of log pi - log pi* at the end"),
    ];
    let mut map = Table::new("map", "Where each run ends.", &columns);
    let mut curve = Table::new(
        "critical",
        "The critical step R11.",
        &[("learner", "algorithm"), ("beta", "strength"), ("step_over_beta", "critical eta/beta")],
    );
    let mut sides = Check::ordering("games/R11", "runs 10% below the critical step shrink, 10% above they do not");
    let mut cells = Vec::new();
    for (algorithm, name, _) in LEARNERS {
        for &beta in &betas {
            if let Some(step) = critical_step_at(lambda, beta, algorithm)? {
                curve.push([name.into(), beta.into(), (step / beta).into()]);
            }
            cells.extend(steps.iter().map(|&step| (algorithm, name, beta, step)));
        }
    }
    let ends = run.executor.map(&cells, |&(algorithm, _, beta, step)| {
        let game = Game::new(preference.clone(), uniform.clone(), beta)?;
        let mut learner = algorithm.learner(&preference, beta, Some(step * beta))?;
        let arena = Arena { log_reference: uniform.log_probs(), beta };
        let tilt: Vec<f64> = (0..parameters.actions).map(|i| 0.01 * (1.0 + 2.3 * i as f64).sin()).collect();
        let mut iterate = Iterate::of_policy(&uniform, &uniform.policy_at(&tilt)?)?;
        let start = span(iterate.log_ratio.iter().copied());
        for _ in 0..parameters.iterations {
            learner.advance(&arena, &mut Exact(game.preference()), &mut iterate)?;
        }
        Ok((start, span(iterate.log_ratio.iter().copied())))
    })?;
    let mut counts = [0u64; 2];
    for (&(algorithm, name, beta, step), &(start, end)) in cells.iter().zip(&ends) {
        let fate = if end < start { "converged" } else { "cycles" };
        counts[usize::from(end >= start)] += 1;
        map.push([
            name.into(),
            fate.into(),
            format!("{name} {fate}").as_str().into(),
            beta.into(),
            step.into(),
            end.into(),
        ]);
        let critical = critical_step_at(lambda, beta, algorithm)?.map_or(f64::INFINITY, |s| s / beta);
        let here = || json!({"learner": name, "beta": beta, "step/beta": step, "critical": critical, "span": end});
        if step < 0.9 * critical {
            sides.at_most(end, start, 0.0, here);
        } else if step > 1.1 * critical {
            sides.at_most(start, end, 0.0, here);
        }
    }
    Ok(Report {
        finding: format!(
            "{} runs converge and {} cycle, on the sides of the critical steps; as beta falls mirror prox keeps eta up to \
             {:.3} beta, mirror descent only up to {:.1} beta^2.",
            counts[0],
            counts[1],
            1.0 / lambda,
            2.0 / (lambda * lambda)
        ),
        tables: vec![map, curve],
        figures: vec![figure()],
        checks: vec![sides.finish()],
        warnings: vec!["steps beyond the critical curve do not converge: their runs end on a cycle".to_string()],
    })
}

fn figure() -> Figure {
    let mut figure = Figure::new(
        "stability",
        "Mirror prox tolerates steps of order beta, mirror descent of order beta squared",
        "End of runs from a deviation of 0.01 on a cycle: blue converged, red did not. Line: the critical step R11.",
    );
    for (_, name, label) in LEARNERS {
        let panel = Panel::new(label, Axis::log("beta"), Axis::log("eta/beta"))
            .with(
                Layer::new("converged", "map", "beta", "step_over_beta", Mark::Points, 0)
                    .only("learner_fate", format!("{name} converged").as_str()),
            )
            .with(
                Layer::new("cycles", "map", "beta", "step_over_beta", Mark::Points, 1)
                    .only("learner_fate", format!("{name} cycles").as_str()),
            )
            .with(
                Layer::new("critical step", "critical", "beta", "step_over_beta", Mark::Line, 2).only("learner", name),
            );
        figure = figure.with(panel);
    }
    figure
}
