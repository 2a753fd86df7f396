//! From a ranking to a cycle: who wins in a mixture of Bradley-Terry and cyclic preferences (E9).
//!
//! Paper: the motive of Munos et al. 2023 and Swamy et al. 2024 (a reward model cannot express cycles). Claims: games/R10, R24,
//! R28. Model: $(1-w)\,\mathrm{BT} + w\,\mathrm{cycle}$. The von Neumann winner goes from one action to many, the spectrum of the
//! game from small to the cycle's, and the equilibrium beats the optimum of reward-based fine-tuning
//! $\mathrm{softmax}(\log\pi_{ref} + r/\beta)$. Cost: instant.

use super::super::grid;
use crate::Result;
use crate::games::equilibrium::equilibrium;
use crate::games::families::{bradley_terry, cyclic, mixture};
use crate::games::game::{Game, exploitability};
use crate::games::intransitivity::intransitivity;
use crate::games::policy::Reference;
use crate::games::tangent::moduli;
use crate::games::von_neumann::{von_neumann, winner_set};
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::f64::consts::PI;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Reward of each action; an odd number of them, at least 3.
    rewards: Vec<f64>,
    /// Strength of the cycle in [-1, 1].
    strength: f64,
    /// Strength of the regularisation; > 0.
    beta: f64,
    /// Weights of the cycle between 0 and 1; >= 3.
    points: usize,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("games/transitivity", include_str!("../../../sims/games/transitivity.toml"), run).about(
        "What does a reward model lose as preferences become cyclic?",
        "Munos et al., arXiv 2312.00886, and Swamy et al. 2024 (motive); the mixture is the lab's",
        &["games/R10", "games/R24", "games/R28"],
        "instant",
    )
}

fn run(parameters: &Parameters, _: &Run) -> Result<Report> {
    let n = parameters.rewards.len();
    let (ranking, cycle) = (bradley_terry(&parameters.rewards, 1.0)?, cyclic(n, parameters.strength)?);
    let reference = Reference::uniform(n)?;
    let mut table = Table::new(
        "mixture",
        "The game along the mixture.",
        &[
            ("cycle_weight", "weight of the cycle"),
            ("support", "actions of the von Neumann winner"),
            ("winner_exploitability", "its certificate"),
            ("lambda_max", "largest modulus of the spectrum at the equilibrium"),
            ("curl_fraction", "share of the squared advantage that no ranking explains"),
            ("strict_cycles", "strict three-cycles"),
            ("win_rate", "equilibrium against the reward optimum"),
            ("regularised_gain", "regularised win rate of the equilibrium against it, less 1/2"),
            ("exploitability_star", "exploitability of the equilibrium"),
            ("exploitability_reward", "exploitability of the reward optimum"),
        ],
    );
    let mut beats = Check::bound("games/R3", "the equilibrium wins the regularised game against the reward optimum")
        .tolerance(1e-12, "rounding of a win rate");
    let mut spectrum = Check::bound("games/R10", "lambda_max <= 1/pi along the mixture").tolerance(1e-13, "rounding");
    let (mut widest, mut exploited) = (0, (0.0f64, 0.0f64));
    for weight in grid::linear("points", 0.0, 1.0, parameters.points)? {
        let preference = mixture(&[1.0 - weight, weight], &[ranking.clone(), cycle.clone()])?;
        let game = Game::new(preference, reference.clone(), parameters.beta)?;
        let star = equilibrium(&game)?.policy;
        let logits: Vec<f64> = parameters.rewards.iter().map(|r| r / parameters.beta).collect();
        let tuned = reference.policy_at(&logits)?;
        let support = winner_set(game.preference())?.support.len();
        let winner = von_neumann(game.preference(), &reference)?;
        let lambda = moduli(game.preference(), star.probs())?.first().copied().unwrap_or(0.0);
        let report = intransitivity(game.preference());
        let win = 0.5 + game.preference().edge(star.probs(), tuned.probs());
        let gain = game.regularised_win_rate(&star, &tuned) - 0.5;
        let here = || json!({"weight": weight});
        beats.at_most(0.0, gain, 1.0, here);
        spectrum.at_most(lambda, 1.0 / PI, 1.0, here);
        widest = widest.max(support);
        let (own, other) =
            (exploitability(game.preference(), star.probs()), exploitability(game.preference(), tuned.probs()));
        exploited = (exploited.0.max(own), exploited.1.max(other));
        table.push([
            weight.into(),
            (support as u64).into(),
            winner.exploitability.into(),
            lambda.into(),
            report.curl_fraction.into(),
            report.strict_cycles.into(),
            win.into(),
            gain.into(),
            own.into(),
            other.into(),
        ]);
    }
    let x = || Axis::linear("weight of the cycle");
    let line = |label: &str, y: &str, colour| Layer::new(label, "mixture", "cycle_weight", y, Mark::Line, colour);
    let figure = Figure::new(
        "transitivity",
        "As preferences become cyclic the winner mixes, and a reward model is exploited",
        "Along the mixture of a Bradley-Terry ranking and a cycle: support of the von Neumann winner, spectrum and curl, win rate \
         of the equilibrium against the reward optimum, exploitability of both.",
    )
    .with(Panel::new("support of the winner", x(), Axis::linear("actions")).with(line("", "support", 0)))
    .with(
        Panel::new("intransitivity", x(), Axis::linear("share, modulus"))
            .with(line("curl fraction", "curl_fraction", 1))
            .with(line("lambda_max", "lambda_max", 2)),
    )
    .with(Panel::new("equilibrium against reward optimum", x(), Axis::linear("win rate")).with(line("", "win_rate", 3)))
    .with(
        Panel::new("exploitability", x(), Axis::linear("largest advantage"))
            .with(line("equilibrium", "exploitability_star", 0))
            .with(line("reward optimum", "exploitability_reward", 1)),
    );
    Ok(Report {
        finding: format!(
            "The winner's support grows from 1 to {widest} actions; the reward optimum is exploited by up to {:.3}, the \
             equilibrium by at most {:.3}.",
            exploited.1, exploited.0
        ),
        tables: vec![table],
        figures: vec![figure],
        checks: vec![beats.finish(), spectrum.finish()],
        warnings: Vec::new(),
    })
}
