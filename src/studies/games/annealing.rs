//! Annealing: exploitability against queries, slope -1 (E4).
//!
//! Paper: derived (R23). Claims: games/R23. Model: the sine game, a random game, and a Bradley-Terry game whose winner is pure.
//! Halving beta with a warm start reaches the unregularised game at O(1/N); faster where the winner is pure. Cost: seconds.

use crate::Result;
use crate::games::families::{bradley_terry, sine, uniform_random};
use crate::games::policy::Reference;
use crate::games::stages::anneal;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Actions; >= 2.
    actions: usize,
    /// Halvings of beta, from 1/2; >= 4.
    stages: u32,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("games/annealing", include_str!("../../../sims/games/annealing.toml"), run).about(
        "How many queries does an unregularised winner cost by annealing?",
        "R23 (derived)",
        &["games/R23"],
        "seconds",
    )
}

fn run(parameters: &Parameters, run: &Run) -> Result<Report> {
    let n = parameters.actions;
    let rewards: Vec<f64> = (0..n).map(|i| i as f64 / 5.0).collect();
    let mut stream = run.executor.address("random game").stream(0);
    let games = [
        ("sine", sine(n)),
        ("random", uniform_random(n, &mut stream)),
        ("bradley_terry", bradley_terry(&rewards, 1.0)?),
    ];
    let mut table = Table::new(
        "annealing",
        "Exploitability at the end of each stage.",
        &[
            ("game", "family"),
            ("beta", "strength of the stage"),
            ("queries", "payoff vectors asked so far"),
            ("exploitability", "largest advantage of an action"),
            ("constant", "queries x exploitability / log Y"),
            ("one_over_n", "the line log Y / N"),
        ],
    );
    let mut slopes = Check::rates("games/R23", "slope of log exploitability in log N on the sine game: -1, not -1/2");
    let mut stated = Check::identity("games/R23", "E4: queries and exploitability of the sine game with 20 actions")
        .tolerance(5e-5, "five printed digits, relative");
    let mut found = String::new();
    for (name, game) in games {
        let stages = anneal(&game, &Reference::uniform(n)?, parameters.stages)?;
        for stage in &stages {
            let line = (n as f64).ln() / stage.queries as f64;
            let constant = stage.exploitability / line;
            table.push([
                name.into(),
                stage.beta.into(),
                stage.queries.into(),
                stage.exploitability.into(),
                constant.into(),
                line.into(),
            ]);
        }
        if name == "sine" && stages.len() >= 8 {
            let (a, b) = (&stages[stages.len() - 3], &stages[stages.len() - 1]);
            let slope = (b.exploitability / a.exploitability).ln() / (b.queries as f64 / a.queries as f64).ln();
            slopes.rate(slope, 0.05, -1.0, -0.5, || json!({"slope": slope}));
            found = format!(
                "On the sine game exploitability falls with slope {slope:.3} in log-log, N times it / log Y = {:.2}",
                b.exploitability * b.queries as f64 / (n as f64).ln()
            );
            if n == 20 {
                for (stage, wanted) in
                    stages.iter().zip([1.2232e-1, 1.1274e-1, 6.9075e-2, 3.7058e-2, 1.8983e-2, 9.6225e-3, 4.8295e-3])
                {
                    stated.equal(stage.exploitability, wanted, wanted, || json!({"beta": stage.beta}));
                }
            }
        }
    }
    let panel = ["sine", "random", "bradley_terry"].into_iter().enumerate().fold(
        Panel::new("", Axis::log("queries"), Axis::log("exploitability")),
        |panel, (colour, name)| {
            panel
                .with(Layer::new(name, "annealing", "queries", "exploitability", Mark::Line, colour).only("game", name))
        },
    );
    let panel =
        panel.with(Layer::new("log Y / N", "annealing", "queries", "one_over_n", Mark::Dashed, 4).only("game", "sine"));
    let figure = Figure::new(
        "annealing",
        "Halving beta reaches the unregularised game at rate 1/N",
        "Exploitability at the end of each stage against all queries so far.",
    );
    let mut checks = vec![slopes.finish()];
    if n == 20 {
        checks.push(stated.finish());
    }
    Ok(Report {
        finding: format!("{found}."),
        tables: vec![table],
        figures: vec![figure.with(panel)],
        checks,
        warnings: Vec::new(),
    })
}
