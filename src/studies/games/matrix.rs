//! A user's own preferences: equilibrium, winner, intransitivity, and the way there.
//!
//! `sim run games/matrix --set file=mine.csv` (or `.json`): a square matrix of probabilities `P`, or of counts of wins with
//! `--set counts=true`. Claims: games/R6 on the run. Without a file, the game of the specification's reference values.
//! Cost: instant up to 200 actions.

use crate::games::equilibrium::equilibrium;
use crate::games::game::{Game, exploitability};
use crate::games::intransitivity::intransitivity;
use crate::games::learner::mirror_prox::MirrorProx;
use crate::games::learner::{Arena, Exact, Iterate, Learner};
use crate::games::payoff::Payoff;
use crate::games::policy::{Reference, kl, kl_of};
use crate::games::preference::Preference;
use crate::games::step::Step;
use crate::games::von_neumann::von_neumann;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// A CSV or JSON file with a square matrix; empty for the matrix below.
    file: String,
    /// The matrix, used without a file.
    matrix: Vec<Vec<f64>>,
    /// Whether entries are counts (row preferred to column) instead of probabilities.
    counts: bool,
    /// Pseudo-count a side of each pair, with counts; >= 0.
    pseudo_count: f64,
    /// Strength of the regularisation; > 0.
    beta: f64,
    /// Reference policy, positive; empty for the uniform one.
    reference: Vec<f64>,
    /// Iterations of mirror prox that are shown; >= 1.
    iterations: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("games/matrix", include_str!("../../../sims/games/matrix.toml"), run).about(
        "What are equilibrium, winner and intransitivity of a given preference matrix?",
        "the lab's tool for a matrix of one's own; default: reference game Q of the specification",
        &["games/R6"],
        "instant",
    )
}

/// Rows of numbers from JSON (an array of arrays) or CSV (a first row or column of names is skipped).
fn read(path: &str) -> Result<Vec<Vec<f64>>> {
    let failure = |message: String| Error::File { path: path.to_string(), message };
    let text = std::fs::read_to_string(path).map_err(|error| failure(error.to_string()))?;
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(&text).map_err(|error| failure(error.to_string()));
    }
    let mut rows: Vec<Vec<Option<f64>>> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let separator = if line.contains(';') { ';' } else { ',' };
        rows.push(line.split(separator).map(|cell| cell.trim().trim_matches('"').parse().ok()).collect());
    }
    // A header has no number after its first cell; a column of names has none at all.
    if rows.first().is_some_and(|row| row.iter().skip(1).all(Option::is_none)) && rows.len() > 1 {
        rows.remove(0);
    }
    if rows.iter().all(|row| row.first().is_some_and(Option::is_none)) {
        rows.iter_mut().for_each(|row| _ = row.remove(0));
    }
    let complete = |(i, row): (usize, Vec<Option<f64>>)| {
        let cells = row.into_iter().enumerate();
        cells.map(|(j, x)| x.ok_or_else(|| failure(format!("row {} column {} is no number", i + 1, j + 1)))).collect()
    };
    rows.into_iter().enumerate().map(complete).collect()
}

fn run(parameters: &Parameters, _: &Run) -> Result<Report> {
    let rows = if parameters.file.is_empty() { parameters.matrix.clone() } else { read(&parameters.file)? };
    let preference = if parameters.counts {
        Preference::from_counts(&rows, parameters.pseudo_count)?
    } else {
        Preference::new(&rows)?
    };
    let n = preference.size();
    let reference = if parameters.reference.is_empty() {
        Reference::uniform(n)?
    } else {
        Reference::new(&parameters.reference).map_err(|error| error.in_field("ref", "reference"))?
    };
    let game = Game::new(preference, reference, parameters.beta)?;
    let star = equilibrium(&game)?;
    let winner = von_neumann(game.preference(), game.reference())?;
    let report = intransitivity(game.preference());
    let mut actions = Table::new(
        "actions",
        "Every action.",
        &[
            ("action", "index from 0"),
            ("reference", "reference policy"),
            ("equilibrium", "regularised equilibrium"),
            ("winner", "von Neumann winner"),
            ("borda", "mean preference over the other actions"),
        ],
    );
    for i in 0..n {
        let numbers = [game.reference().probs()[i], star.policy.probs()[i], winner.pi[i], report.borda[i]];
        actions.push(std::iter::once((i as u64).into()).chain(numbers.map(Into::into)));
    }
    let mut summary = Table::new(
        "summary",
        "The game in numbers.",
        &[
            ("actions", "Y"),
            ("beta", "strength"),
            ("kl_ref_nats", "KL(pi*||ref)"),
            ("win_vs_ref", "P(pi* > ref)"),
            ("exploitability_star", "exploitability of the equilibrium"),
            ("exploitability_winner", "certificate of the winner"),
            ("condorcet_winner", "index, -1 if none"),
            ("strict_cycles", "strict three-cycles"),
            ("curl_fraction", "share of the squared advantage that no ranking explains"),
        ],
    );
    let win = 0.5 + game.preference().edge(star.policy.probs(), game.reference().probs());
    summary.push([
        (n as u64).into(),
        game.beta().into(),
        kl(&star.policy, game.reference().law()).into(),
        win.into(),
        exploitability(game.preference(), star.policy.probs()).into(),
        winner.exploitability.into(),
        (report.condorcet_winner as f64).into(),
        report.strict_cycles.into(),
        report.curl_fraction.into(),
    ]);
    let mut path = Table::new(
        "path",
        "Nash mirror prox at eta = 2 beta from the reference.",
        &[("queries", "payoff vectors asked"), ("kl_nats", "KL(pi*||pi)"), ("bound_nats", "(1+2 beta)^-K KL_0")],
    );
    let mut bound =
        Check::bound("games/R6", "KL_K <= (1+2 beta)^-K KL_0 on this game").tolerance(1e-9, "relative, above 1e-10");
    let arena = Arena { log_reference: game.reference().log_probs(), beta: game.beta() };
    let mut learner = MirrorProx::new(Step::Proximal(2.0 * game.beta()).mirror(game.beta())?);
    let mut iterate = Iterate::reference(game.reference());
    let kl0 = kl(&star.policy, game.reference().law());
    for k in 0..=parameters.iterations {
        let now = kl_of(star.policy.probs(), &star.log_ratio, &iterate.policy, &iterate.log_ratio);
        let allowed = kl0 * (-(k as f64) * (2.0 * game.beta()).ln_1p()).exp();
        path.push([(2 * k).into(), now.into(), allowed.into()]);
        if now > 1e-10 {
            bound.at_most(now, allowed, allowed, || json!({"iteration": k}));
        }
        learner.advance(&arena, &mut Exact(game.preference()), &mut iterate)?;
    }
    let bars = |label: &str, y: &str, colour| Layer::new(label, "actions", "action", y, Mark::Points, colour);
    let figure = Figure::new(
        "matrix",
        "Equilibrium and winner of a preference matrix",
        "Left: reference, regularised equilibrium and von Neumann winner by action. Right: Nash mirror prox with its bound.",
    )
    .with(
        Panel::new("policies", Axis::linear("action"), Axis::linear("probability"))
            .with(bars("reference", "reference", 4))
            .with(bars("equilibrium", "equilibrium", 0))
            .with(bars("von Neumann winner", "winner", 1)),
    )
    .with(
        Panel::new("Nash mirror prox", Axis::linear("queries"), Axis::log("KL of the equilibrium from the policy (nats)"))
            .with(Layer::new("run", "path", "queries", "kl_nats", Mark::Line, 0))
            .with(Layer::new("bound", "path", "queries", "bound_nats", Mark::Dashed, 0)),
    );
    let support = winner.pi.iter().filter(|p| **p > 0.0).count();
    Ok(Report {
        finding: format!(
            "{n} actions, {} strict cycles, curl {:.3}; the winner mixes {support} actions; the equilibrium beats the reference \
             with probability {win:.4}.",
            report.strict_cycles, report.curl_fraction
        ),
        tables: vec![summary, actions, path],
        figures: vec![figure],
        checks: vec![bound.finish()],
        warnings: Vec::new(),
    })
}
