//! Learners against each other on random games: who converges, who stalls, who is biased (E1).
//!
//! Paper: the official simulation of EGPO (Zhou, Fazel, Du 2025; its code), exact tabular part. Claims: games/R16, R17, R21.
//! Model: strictly lower triangle uniform on [0, 1], normal reference logits, start at the reference; the explicit step of
//! gradient descent on all pairs is 4 lr/(beta Y). EGPO is linear; OMD linear only where its step is below about
//! 2 beta/lambda^2; Nash-MD with a constant step stands still at its own point (R16). Cost: seconds.

use crate::Result;
use crate::games::families::uniform_random;
use crate::games::game::{Game, suboptimality_in};
use crate::games::learner::mirror_descent::MirrorDescent;
use crate::games::learner::mirror_prox::MirrorProx;
use crate::games::learner::nash_md::{NashMd, Schedule};
use crate::games::learner::policy_gradient::{Direction, PolicyGradient};
use crate::games::learner::{Arena, Exact, Iterate, Learner};
use crate::games::policy::Reference;
use crate::games::step::Step;
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
    /// Random games; >= 1.
    games: u64,
    /// Strength; > 0.
    beta: f64,
    /// Learning rate of the published code; > 0.
    rate: f64,
    /// Iterations; >= 10.
    iterations: u64,
}

const NAMES: [(&str, &str); 6] = [
    ("omd", "Online IPO 1 (OMD)"),
    ("ipo_2", "Online IPO 2"),
    ("nash_md", "Nash-MD"),
    ("nash_md_code", "Nash-MD, exponent of the code"),
    ("nash_md_pg", "Nash-MD-PG"),
    ("egpo", "EGPO = Nash mirror prox"),
];

/// The study's entry.
pub fn study() -> Study {
    Study::new("games/learners", include_str!("../../../sims/games/learners.toml"), run).about(
        "Which of the published learners reach the equilibrium of a random game?",
        "Zhou, Fazel, Du, arXiv 2503.08942 (official simulation, exact tabular part)",
        &["games/R16", "games/R17", "games/R21"],
        "seconds",
    )
}

fn learner(name: &str, parameters: &Parameters) -> Result<Box<dyn Learner>> {
    let beta = parameters.beta;
    let step = Step::AllPairs { rate: parameters.rate, size: parameters.actions }.mirror(beta)?;
    // The exponent of the published code: half of the matching value.
    let half = 1.0 - 0.5 * (1.0 - step.keep);
    Ok(match name {
        "omd" => Box::new(MirrorDescent::new(step)),
        "ipo_2" => Box::new(PolicyGradient::new(Direction::OnlineIpo, parameters.rate)?),
        "nash_md" => Box::new(NashMd::new(Schedule::Constant(step))),
        "nash_md_code" => Box::new(NashMd::new(Schedule::Constant(step)).with_exponent(half)),
        "nash_md_pg" => Box::new(PolicyGradient::new(Direction::Mixture(step.keep), parameters.rate)?),
        _ => Box::new(MirrorProx::new(step)),
    })
}

/// Iterations at which gaps are read: about 60, logarithmic.
fn times(iterations: u64) -> Vec<u64> {
    let mut times: Vec<u64> = (0..60).map(|i| (iterations as f64).powf(f64::from(i) / 59.0).round() as u64).collect();
    times.dedup();
    times
}

fn run(parameters: &Parameters, run: &Run) -> Result<Report> {
    let address = run.executor.address("games");
    let times = times(parameters.iterations);
    let cells: Vec<(usize, u64)> =
        (0..NAMES.len()).flat_map(|name| (0..parameters.games).map(move |game| (name, game))).collect();
    let gaps = run.executor.map(&cells, |&(name, number)| {
        let mut stream = address.stream(number);
        let preference = uniform_random(parameters.actions, &mut stream);
        let logits: Vec<f64> = (0..parameters.actions).map(|_| stream.normal()).collect();
        let game = Game::new(preference, Reference::from_logits(&logits)?, parameters.beta)?;
        let mut learner = learner(NAMES[name].0, parameters)?;
        let arena = Arena { log_reference: game.reference().log_probs(), beta: parameters.beta };
        let mut iterate = Iterate::reference(game.reference());
        let (mut payoff, mut work) = (vec![0.0; parameters.actions], vec![0.0; parameters.actions]);
        let (mut gaps, mut done) = (Vec::with_capacity(times.len()), 0);
        for &time in &times {
            for _ in done..time {
                learner.advance(&arena, &mut Exact(game.preference()), &mut iterate)?;
            }
            done = time;
            // The duality gap of the published code: twice SubOpt.
            gaps.push(2.0 * suboptimality_in(&game, &iterate.log_ratio, &iterate.policy, &mut payoff, &mut work));
        }
        Ok(gaps)
    })?;
    let mut curves = Table::new(
        "gaps",
        "Duality gap over random games.",
        &[
            ("learner", "algorithm"),
            ("iteration", "iterations done"),
            ("median_gap", "median of the duality gap, 2 SubOpt"),
            ("low_gap", "lower decile"),
            ("high_gap", "upper decile"),
        ],
    );
    let mut ends = Vec::new();
    for (name, (id, label)) in NAMES.into_iter().enumerate() {
        let of = |at: usize| -> Vec<f64> {
            let mut values: Vec<f64> =
                cells.iter().zip(&gaps).filter(|((n, _), _)| *n == name).map(|(_, gaps)| gaps[at].max(1e-30)).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        for (at, &time) in times.iter().enumerate() {
            let values = of(at);
            let rank = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
            curves.push([id.into(), time.into(), rank(0.5).into(), rank(0.1).into(), rank(0.9).into()]);
        }
        let last = of(times.len() - 1);
        ends.push((id, label, last[last.len() / 2], last[last.len() - 1]));
    }
    let end = |id: &str| ends.iter().find(|e| e.0 == id).map_or((f64::NAN, f64::NAN), |e| (e.2, e.3));
    let mut order = Check::ordering(
        "games/R16",
        "EGPO ends below 1e-6 in every game; constant-step Nash-MD does not, in the median",
    );
    order.at_most(end("egpo").1, 1e-6, 0.0, || json!({"largest EGPO gap": end("egpo").1}));
    order.at_most(1e-6, end("nash_md").0, 0.0, || json!({"median Nash-MD gap": end("nash_md").0}));
    let panel = NAMES.into_iter().enumerate().fold(
        Panel::new("", Axis::log("iteration"), Axis::log("duality gap, 2 SubOpt").between(1e-10, 3.0)),
        |panel, (colour, (id, label))| {
            let layer = |legend: &str, y: &str, mark| {
                Layer::new(legend, "gaps", "iteration", y, mark, colour).only("learner", id)
            };
            panel.with(layer("", "low_gap", Mark::Band { upper: "high_gap".to_string() })).with(layer(
                label,
                "median_gap",
                Mark::Line,
            ))
        },
    );
    let list: Vec<String> = ends.iter().map(|(_, label, median, _)| format!("{label} {median:.1e}")).collect();
    Ok(Report {
        finding: format!("Median gap after {} iterations: {}.", parameters.iterations, list.join("; ")),
        tables: vec![curves],
        figures: vec![
            Figure::new(
                "learners",
                "EGPO is linear, Nash-MD with a constant step stands still at the wrong point",
                "Duality gap of the published learners on random games: median and deciles.",
            )
            .with(panel),
        ],
        checks: vec![order.finish()],
        warnings: Vec::new(),
    })
}
