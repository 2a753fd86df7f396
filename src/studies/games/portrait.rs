//! Hedge, mirror prox and the proximal point on rock-paper-scissors: three fates on one simplex.
//!
//! Paper: none of its figures; the picture behind R6, R20 and R22. Claims: games/R20, games/R22. Model: rock-paper-scissors, any
//! reference and start. Hedge spirals out to the boundary, mirror prox and the exact proximal point spiral in to the
//! regularised equilibrium. Cost: instant.

use crate::Result;
use crate::games::equilibrium::equilibrium;
use crate::games::families::cyclic;
use crate::games::game::Game;
use crate::games::learner::{Algorithm, Arena, Exact, Iterate};
use crate::games::policy::{Reference, kl, policy};
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Strength of the regularisation; > 0.
    beta: f64,
    /// Reference policy, positive, three entries.
    reference: Vec<f64>,
    /// Starting policy, positive, three entries.
    start: Vec<f64>,
    /// Step of Hedge; > 0.
    hedge_step: f64,
    /// Step eta of mirror prox and of the proximal point; > 0.
    eta: f64,
    /// Iterations; >= 1.
    iterations: u64,
}

const LEARNERS: [(Algorithm, &str, &str); 3] = [
    (Algorithm::Hedge, "hedge", "Hedge"),
    (Algorithm::Mp, "mp", "Nash mirror prox"),
    (Algorithm::Prox, "prox", "exact proximal point"),
];

/// The study's entry.
pub fn study() -> Study {
    Study::new("games/portrait", include_str!("../../../sims/games/portrait.toml"), run).about(
        "Where do three learners go on rock-paper-scissors?",
        "picture of R6, R20, R22 (derived); algorithms: Tiapkin et al., arXiv 2505.19731",
        &["games/R20", "games/R22"],
        "instant",
    )
}

/// The corner coordinates of a policy in the plane: rock left, paper right, scissors on top.
fn plane(p: &[f64]) -> (f64, f64) {
    (p[1] + 0.5 * p[2], 0.75f64.sqrt() * p[2])
}

fn run(parameters: &Parameters, _: &Run) -> Result<Report> {
    let preference = cyclic(3, 1.0)?;
    policy("reference", &parameters.reference, 3)?;
    let reference = Reference::new(&parameters.reference).map_err(|error| error.in_field("ref", "reference"))?;
    let start = policy("start", &parameters.start, 3)?;
    let game = Game::new(preference, reference, parameters.beta)?;
    let star = equilibrium(&game)?.policy;
    let columns = [
        ("learner", "algorithm"),
        ("iteration", "iterations done"),
        ("x", "plane coordinate"),
        ("y", "plane coordinate"),
        ("kl_nats", "divergence of the equilibrium from the policy"),
    ];
    let mut paths = Table::new("paths", "Policies of each learner in the plane of the simplex.", &columns);
    let mut marks = Table::new(
        "marks",
        "Corners, equilibrium and reference.",
        &[("what", "point"), ("x", "plane coordinate"), ("y", "plane coordinate")],
    );
    for (name, p) in [
        ("corner", [1.0, 0.0, 0.0]),
        ("corner", [0.0, 1.0, 0.0]),
        ("corner", [0.0, 0.0, 1.0]),
        ("corner", [1.0, 0.0, 0.0]),
    ] {
        let (x, y) = plane(&p);
        marks.push([name.into(), x.into(), y.into()]);
    }
    for (name, p) in [("equilibrium", star.probs()), ("reference", game.reference().probs())] {
        let (x, y) = plane(p);
        marks.push([name.into(), x.into(), y.into()]);
    }
    let mut decreasing =
        Check::ordering("games/R20", "divergence from the equilibrium falls along mirror prox and proximal point")
            .tolerance(1e-12, "rounding near the equilibrium");
    let mut outward = Check::ordering("games/R22", "Hedge moves away from the uniform winner at every step")
        .tolerance(1e-12, "rounding");
    let uniform = policy("pi", &[1.0 / 3.0; 3], 3)?;
    let mut ends = Vec::new();
    for (algorithm, name, label) in LEARNERS {
        let step = if algorithm == Algorithm::Hedge { parameters.hedge_step } else { parameters.eta };
        let mut learner = algorithm.learner(game.preference(), game.beta(), Some(step))?;
        let beta = if algorithm == Algorithm::Hedge { 0.0 } else { game.beta() };
        let arena = Arena { log_reference: game.reference().log_probs(), beta };
        let mut iterate = Iterate::of_policy(game.reference(), &start)?;
        let mut before = (f64::INFINITY, 0.0);
        for k in 0..=parameters.iterations {
            let law = iterate.law(game.reference())?;
            let (x, y) = plane(law.probs());
            let (distance, away) = (kl(&star, &law), kl(&uniform, &law));
            paths.push([name.into(), k.into(), x.into(), y.into(), distance.into()]);
            if algorithm == Algorithm::Hedge {
                outward.at_most(before.1, away, away.max(1.0), || json!({"iteration": k}));
            } else {
                decreasing.at_most(distance, before.0, 1.0, || json!({"learner": name, "iteration": k}));
            }
            before = (distance, away);
            learner.advance(&arena, &mut Exact(game.preference()), &mut iterate)?;
        }
        ends.push(format!("{label} ends at divergence {:.2e}", before.0));
    }
    Ok(Report {
        finding: format!("{}.", ends.join("; ")),
        tables: vec![paths, marks],
        figures: vec![figure()],
        checks: vec![decreasing.finish(), outward.finish()],
        warnings: Vec::new(),
    })
}

fn figure() -> Figure {
    let axis = |label: &str| Axis::linear(label);
    let mut panel =
        Panel::new("rock (left), paper (right), scissors (top)", axis("paper + scissors/2"), axis("scissors, scaled"))
            .with(Layer::new("", "marks", "x", "y", Mark::Dotted, 7).only("what", "corner"));
    for (colour, (_, name, label)) in LEARNERS.into_iter().enumerate() {
        panel = panel.with(Layer::new(label, "paths", "x", "y", Mark::Line, colour).only("learner", name));
    }
    panel = panel
        .with(Layer::new("equilibrium", "marks", "x", "y", Mark::Points, 3).only("what", "equilibrium"))
        .with(Layer::new("reference", "marks", "x", "y", Mark::Points, 4).only("what", "reference"));
    let mut distance =
        Panel::new("distance", Axis::linear("iteration"), Axis::log("KL of the equilibrium from the policy (nats)"));
    for (colour, (_, name, _)) in LEARNERS.into_iter().enumerate() {
        distance =
            distance.with(Layer::new("", "paths", "iteration", "kl_nats", Mark::Line, colour).only("learner", name));
    }
    Figure::new(
        "portrait",
        "Hedge spirals out, Nash mirror prox and the proximal point spiral in",
        "Policies on the simplex of rock-paper-scissors, and the divergence of the regularised equilibrium from them.",
    )
    .with(panel)
    .with(distance)
}
