//! When is best-of-N a tilt? Its distance from the family of tilts, and the one reward that closes it.
//!
//! Paper: question of Yang et al. 2024, answered per the abstract of Balasundaram and Rameshwar 2026 (derived here). Claims:
//! R30, R30b. Model: one symbol. Best-of-N is a tilt exactly when the reward is affine in its twin, log(policy/base) on
//! the levels: always with two levels; with three or more where the reward is affine in the twin (R30). Cost: one root a point.

use super::super::grid;
use crate::asymptotics::twin::twin;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::prob::Law;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Base laws, one instance each, without zeros.
    laws: Vec<Vec<f64>>,
    /// Their rewards, ascending and distinct, three at least.
    rewards: Vec<Vec<f64>>,
    /// The N at which an additional instance, the first law with its twin as reward, is a tilt; > 1.
    tuned_best_of: f64,
    /// Values of N whose twin rewards are drawn, on the last law; > 1, ascending.
    twin_best_of: Vec<f64>,
    /// Largest log N, in nats; > 0.
    log_best_of_max: f64,
    /// Points a curve; >= 2.
    points: usize,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/twin", include_str!("../../../sims/asymptotics/twin.toml"), run).about(
        "When is best-of-N a tilt?",
        "question of Yang et al., arXiv 2404.01730; answered per the abstract of arXiv 2610.01828; derived",
        &["asymptotics/R30"],
        "instant",
    )
}

/// The twin reward, finite on every outcome.
fn twin_reward(law: &Law, rewards: &[f64], n: f64) -> Result<Vec<f64>> {
    let found: Option<Vec<f64>> = twin(law, rewards, n.ln())?.twin.into_iter().collect();
    match found.filter(|reward| reward.iter().all(|t| t.is_finite())) {
        Some(reward) => Ok(reward),
        None => Err(Error::invalid("twin_best_of", n, "an N whose twin is finite, on a law without zeros")),
    }
}

fn run(parameters: &Parameters, _: &Run) -> Result<Report> {
    let (laws, rewards) = (&parameters.laws, &parameters.rewards);
    let ascending = |r: &Vec<f64>| r.len() >= 3 && r.windows(2).all(|pair| pair[0] < pair[1]);
    if laws.is_empty() || laws.len() != rewards.len() || !rewards.iter().all(ascending) {
        return Err(Error::invalid("rewards", format!("{rewards:?}"), "three ascending rewards or more for each law"));
    }
    let mut distance = Table::new(
        "distance",
        "Divergence of best-of-N from the nearest tilt.",
        &[
            ("instance", "index of the law; one more for the first law with its twin as reward"),
            ("log_best_of_nats", "log N"),
            ("kl_to_tilt_nats", "divergence from the tilt of the same mean reward"),
            ("beta_star", "inverse temperature of that tilt"),
        ],
    );
    let mut shapes = Table::new(
        "twin",
        "The twin reward on the levels of the last law, and the reward itself.",
        &[
            ("n", "number of draws N"),
            ("reward", "reward of the level"),
            ("twin_nats", "log(policy/base), centred"),
            ("twin_unit", "the twin from 0 at the lowest level to 1 at the highest"),
            ("reward_unit", "the reward on the same scale"),
        ],
    );
    let mut tuned = Check::identity("asymptotics/R30", "with its twin as reward best-of-N is the tilt of beta 1")
        .tolerance(1e-12, "rounding of the root; the divergence is its square");
    let mut two = Check::identity("asymptotics/R30", "with two levels best-of-N is a tilt")
        .tolerance(1e-12, "rounding of the root; the divergence is its square");
    let mut positive =
        Check::bound("asymptotics/R30", "three levels: a positive distance while the top level is missed")
            .tolerance(0.0, "a strict inequality: 1e-20 nats is above rounding");
    let mut alone =
        Check::bound("asymptotics/R30", "on the last law the twins of different N are not affine in each other")
            .tolerance(0.0, "a strict inequality: 1e-6 of the range is above rounding");
    let first = Law::new(&laws[0])?;
    let special = twin_reward(&first, &rewards[0], parameters.tuned_best_of)?;
    let instances = laws.iter().cloned().zip(rewards.iter().cloned()).chain([(laws[0].clone(), special.clone())]);
    let mut largest = (0.0f64, 0.0);
    for (instance, (p, r)) in instances.enumerate() {
        let law = Law::new(&p)?;
        for log_n in grid::linear("points", 0.01, parameters.log_best_of_max, parameters.points)? {
            let at = twin(&law, &r, log_n)?;
            // The distance is of the size of the mass that misses the top level, and must stand above rounding; the
            // tuned instance is a tilt at its own N.
            let missed = (log_n.exp() * (-law.probs()[law.len() - 1]).ln_1p()).exp();
            let tuned_here = instance == laws.len() && (log_n - parameters.tuned_best_of.ln()).abs() < 0.05;
            if missed > 1e-6 && !tuned_here {
                positive.at_most(1e-20, at.kl_to_tilt, 1.0, || json!({"instance": instance, "log_best_of": log_n}));
            }
            if instance < laws.len() && at.kl_to_tilt > largest.0 {
                largest = (at.kl_to_tilt, log_n);
            }
            distance.push([instance as f64, log_n, at.kl_to_tilt, at.beta_star].map(Into::into));
        }
        let pair = Law::new(&[p[0], 1.0 - p[0]])?;
        for &n in &parameters.twin_best_of {
            let here = || json!({"instance": instance, "n": n});
            let own = twin_reward(&law, &r, n)?;
            let at = twin(&law, &own, n.ln())?;
            tuned.equal(at.beta_star, 1.0, 1.0, here);
            tuned.equal(at.kl_to_tilt, 0.0, 1.0, here);
            two.equal(twin(&pair, &[r[0], r[1]], n.ln())?.kl_to_tilt, 0.0, 1.0, here);
        }
    }
    let (p, r) = (&laws[laws.len() - 1], &rewards[rewards.len() - 1]);
    let unit = |values: &[f64]| -> Vec<f64> {
        let (low, high) = (values[0], values[values.len() - 1]);
        values.iter().map(|v| (v - low) / (high - low)).collect()
    };
    let straight = unit(r);
    let law = Law::new(p)?;
    let mut before: Option<Vec<f64>> = None;
    for &n in &parameters.twin_best_of {
        let own = twin_reward(&law, r, n)?;
        let shape = unit(&own);
        if let Some(before) = before {
            let apart = before.iter().zip(&shape).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            alone.at_most(1e-6, apart, 1.0, || json!({"n": n}));
        }
        for level in 0..r.len() {
            shapes.push([n, r[level], own[level], shape[level], straight[level]].map(Into::into));
        }
        before = Some(shape);
    }
    Ok(Report {
        finding: format!(
            "Best-of-N is up to {:.4} nats from every tilt (at log N = {:.2}); with its twin at N = {} as \
             reward it is a tilt there.",
            largest.0, largest.1, parameters.tuned_best_of
        ),
        tables: vec![distance, shapes],
        figures: vec![figure(parameters)],
        checks: vec![tuned.finish(), two.finish(), positive.finish(), alone.finish()],
        warnings: Vec::new(),
    })
}

fn figure(parameters: &Parameters) -> Figure {
    let count = parameters.laws.len();
    let mut distance = Panel::new(
        "distance from the tilts",
        Axis::linear("log N (nats)"),
        Axis::log("KL to the nearest tilt (nats)").between(1e-9, 1.0),
    );
    for instance in 0..=count {
        let label = if instance < count {
            let levels = parameters.laws[instance].len();
            format!("{}: {levels} levels", ["A", "B", "C", "D"].get(instance).unwrap_or(&"other"))
        } else {
            format!("A with its twin at N = {} as reward", parameters.tuned_best_of)
        };
        let layer = Layer::new(&label, "distance", "log_best_of_nats", "kl_to_tilt_nats", Mark::Line, instance);
        distance = distance.with(layer.only("instance", instance as f64));
    }
    let mut shapes = Panel::new(
        "twin rewards of the last law",
        Axis::linear("reward of the level"),
        Axis::linear("twin, from 0 to 1 over the levels"),
    );
    for (colour, &n) in parameters.twin_best_of.iter().enumerate() {
        let layer = |label: &str, y, mark, colour| Layer::new(label, "twin", "reward", y, mark, colour).only("n", n);
        if colour == 0 {
            let colour = parameters.twin_best_of.len();
            shapes = shapes.with(layer("the reward itself", "reward_unit", Mark::Dashed, colour));
        }
        shapes = shapes.with(layer(&format!("twin at N = {n}"), "twin_unit", Mark::Line, colour));
    }
    Figure::new(
        "twin",
        "Best-of-N is a tilt only where the reward is affine in its twin",
        "Left: the divergence of best-of-N from the nearest tilt; with the twin of one N as reward it vanishes at that N. \
         Right: best-of-N is a tilt where the reward is affine in the twin, whose shape changes with N.",
    )
    .with(distance)
    .with(shapes)
}
