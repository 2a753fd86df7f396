//! Sampled preferences: the floor of a constant step, and the decreasing step that has none (E8).
//!
//! Paper: R13 and R13b, derived. Claims: games/R13, R13b. Model: rock-paper-scissors with a skewed reference; every query draws m
//! opponents, shared by all rows. Cost: a minute; quick: seconds.

use crate::Result;
use crate::games::equilibrium::equilibrium;
use crate::games::families::cyclic;
use crate::games::game::Game;
use crate::games::learner::consistent_prox::ConsistentProx;
use crate::games::learner::mirror_prox::MirrorProx;
use crate::games::learner::oracle::SharedOpponents;
use crate::games::learner::{Arena, Iterate, Learner};
use crate::games::policy::{Reference, kl_of};
use crate::games::step::Step;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table, z_limit};
use crate::sampling::{Plan, Stream, VectorMoments};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Strength; > 0.
    beta: f64,
    /// Reference policy, positive, three entries.
    reference: Vec<f64>,
    /// Steps eta of the constant runs; > 0.
    etas: Vec<f64>,
    /// Opponents a query; >= 1.
    samples: Vec<u32>,
    /// Iterations of every run; >= 10.
    iterations: u64,
    /// Replicas; >= 2.
    replicas: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("games/sampled", include_str!("../../../sims/games/sampled.toml"), run).about(
        "What do sampled preferences cost?",
        "R13, R13b (derived); algorithm: Tiapkin et al., arXiv 2505.19731",
        &["games/R13", "games/R13b"],
        "a minute; quick: seconds",
    )
}

/// Iterations at which divergences are read: about 40, logarithmic.
fn times(iterations: u64) -> Vec<u64> {
    let mut times: Vec<u64> = (0..40).map(|i| (iterations as f64).powf(f64::from(i) / 39.0).round() as u64).collect();
    times.dedup();
    times
}

fn run(parameters: &Parameters, run: &Run) -> Result<Report> {
    let reference = Reference::new(&parameters.reference).map_err(|error| error.in_field("ref", "reference"))?;
    let game = Game::new(cyclic(3, 1.0)?, reference, parameters.beta)?;
    let star = equilibrium(&game)?;
    let times = times(parameters.iterations);
    let simulate = |label: &str, eta: Option<f64>, samples: u32| -> Result<VectorMoments> {
        let step = eta.map(|eta| Step::Proximal(eta).mirror(parameters.beta)).transpose()?;
        let one = |mut stream: Stream| -> Result<Vec<f64>> {
            let mut oracle = SharedOpponents { preference: game.preference(), samples, stream: &mut stream };
            let arena = Arena { log_reference: game.reference().log_probs(), beta: parameters.beta };
            let mut learner: Box<dyn Learner> = match step {
                Some(step) => Box::new(MirrorProx::new(step)),
                None => Box::new(ConsistentProx::new()),
            };
            let mut iterate = Iterate::reference(game.reference());
            let (mut out, mut done) = (Vec::with_capacity(times.len()), 0);
            for &time in &times {
                for _ in done..time {
                    learner.advance(&arena, &mut oracle, &mut iterate)?;
                }
                done = time;
                out.push(kl_of(star.policy.probs(), &star.log_ratio, &iterate.policy, &iterate.log_ratio));
            }
            Ok(out)
        };
        run.executor.run(
            label,
            &Plan::fixed(parameters.replicas).blocks_of(16),
            || VectorMoments::new(times.len()),
            |block, moments| {
                for stream in block.streams() {
                    moments.add(&one(stream)?);
                }
                Ok(())
            },
        )
    };
    let mut curves = Table::new(
        "curves",
        "Mean divergence over replicas.",
        &[
            ("run", "step and opponents a query"),
            ("iteration", "iterations done"),
            ("kl_nats", "mean of KL(pi*||pi)"),
            ("standard_error", "of the mean"),
        ],
    );
    let mut floors = Table::new(
        "floors",
        "End of each run with a constant step.",
        &[
            ("eta", "step"),
            ("samples", "opponents a query"),
            ("eta_over_m", "eta/m"),
            ("kl_nats", "mean divergence at the end"),
            ("standard_error", "of the mean"),
            ("scaled", "kl m/eta"),
        ],
    );
    let mut slope = Check::rates("games/R13b", "slope of log KL in log(k + a) of the decreasing step: -1, not -1/2");
    let mut scaled = Vec::new();
    for &samples in &parameters.samples {
        for eta in parameters.etas.iter().copied().map(Some).chain([None]) {
            let label = match eta {
                Some(eta) => format!("eta = {eta}, m = {samples}"),
                None => format!("decreasing, m = {samples}"),
            };
            let moments = simulate(&label, eta, samples)?;
            let (means, errors) = (moments.means(), moments.standard_errors());
            for (at, &time) in times.iter().enumerate() {
                curves.push([label.as_str().into(), time.into(), means[at].into(), errors[at].into()]);
            }
            let last = times.len() - 1;
            match eta {
                Some(eta) => {
                    let ratio = eta / f64::from(samples);
                    scaled.push(means[last] / ratio);
                    floors.push([
                        eta.into(),
                        u64::from(samples).into(),
                        ratio.into(),
                        means[last].into(),
                        errors[last].into(),
                        (means[last] / ratio).into(),
                    ]);
                }
                None => {
                    let a = 2.0 / parameters.beta;
                    let first = times.iter().position(|t| *t as f64 > 5.0 * a).unwrap_or(0).min(last.saturating_sub(1));
                    let range = ((times[last] as f64 + a) / (times[first] as f64 + a)).ln();
                    let fitted = (means[last] / means[first]).ln() / range;
                    let error = (errors[last] / means[last]).hypot(errors[first] / means[first]) / range;
                    slope.rate(fitted, z_limit() * error + 0.05, -1.0, -0.5, || json!({"m": samples, "slope": fitted}));
                }
            }
        }
    }
    let (low, high) = scaled.iter().fold((f64::INFINITY, 0.0f64), |(l, h), x| (l.min(*x), h.max(*x)));
    let mut figure = Figure::new(
        "sampled",
        "A constant step stops at a floor of order eta/m; a decreasing step goes on at 1/k",
        "Mean divergence of the equilibrium from the policy against iterations, with bars of two standard errors.",
    );
    for &samples in &parameters.samples {
        let mut panel =
            Panel::new(&format!("{samples} opponents a query"), Axis::log("iteration"), Axis::log("KL (nats)"));
        let labels = parameters.etas.iter().map(|eta| (format!("eta = {eta}"), format!("eta = {eta}, m = {samples}")));
        let labels = labels.chain([("decreasing".to_string(), format!("decreasing, m = {samples}"))]);
        for (colour, (legend, label)) in labels.enumerate() {
            let mark = Mark::ErrorBars { standard_error: "standard_error".to_string() };
            panel = panel
                .with(Layer::new(&legend, "curves", "iteration", "kl_nats", mark, colour).only("run", label.as_str()));
        }
        figure = figure.with(panel);
    }
    Ok(Report {
        finding: format!(
            "The floor of a constant step is {low:.2} to {high:.2} times eta/m; the decreasing step falls like 1/k."
        ),
        tables: vec![curves, floors],
        figures: vec![figure],
        checks: vec![slope.finish()],
        warnings: Vec::new(),
    })
}
