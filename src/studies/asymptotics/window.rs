//! Where best-of-N and the KL-constrained optimum put the total reward at one length.
//!
//! Paper: derived (R24); the picture behind "equivalent per symbol" of Yang et al. 2024. Model: memoryless sequences, non-
//! lattice rewards. Best-of-N puts R in a window of width O(1), a Gumbel law of scale 1/beta shifted by
//! -log(2 pi n V beta^2)/(2 beta); the optimum spreads R over O(sqrt n), a Gaussian of variance n V. Both simulated, against
//! their limit densities. Cost: one exact law, then draws.

use super::super::grid;
use crate::asymptotics::level_sampling::best_level;
use crate::asymptotics::memoryless::Memoryless;
use crate::asymptotics::memoryless_sampling::RewardSampler;
use crate::asymptotics::reward_law::reward_law;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table, z_limit};
use crate::numerics::special::EULER_GAMMA;
use crate::prob::{Regime, kl_optimum};
use crate::sampling::{Histogram, Moments, Plan};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::f64::consts::PI;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Rewards of a symbol, not on a lattice.
    rewards: Vec<f64>,
    /// Budget a symbol in nats, strictly between 0 and saturation.
    delta: f64,
    /// Length, in symbols.
    length: u64,
    /// Bars of a histogram; from 10 to 10,000.
    bins: usize,
    /// Draws of each law; >= 2.
    draws: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/window", include_str!("../../../sims/asymptotics/window.toml"), run).about(
        "Where do best-of-N and the optimum put the total reward?",
        "derived; behind Yang et al., arXiv 2404.01730",
        &["asymptotics/R24"],
        "3 s; quick 0.5 s",
    )
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    grid::size("bins", parameters.bins, 10, 10_000)?;
    let model = Memoryless::new(&parameters.p, &parameters.rewards, parameters.length)?;
    let n = parameters.length as f64;
    let optimum = kl_optimum(model.letters(), model.rewards(), parameters.delta)?;
    if optimum.regime != Regime::Interior {
        let expected = format!("a number strictly between 0 and {}", optimum.delta_max);
        return Err(Error::invalid("delta", parameters.delta, expected));
    }
    let (beta, variance, centre) = (optimum.beta, optimum.tilt.variance, n * optimum.tilt.mean);
    let shift = -(2.0 * PI * n * variance * beta * beta).ln() / (2.0 * beta);
    let law = reward_law(&model)?;
    let base = RewardSampler::new(&model, beta)?;
    let plan = Plan::fixed(parameters.draws);

    let gumbel = |x: f64| {
        let z = beta * (x - shift);
        beta * (-z - (-z).exp()).exp()
    };
    let deviation = (n * variance).sqrt();
    let normal = |x: f64| (-0.5 * (x / deviation).powi(2)).exp() / (deviation * (2.0 * PI).sqrt());

    let mut table = Table::new(
        "density",
        "Density of R - n x* under best-of-N and under the optimum: simulated bars and limit laws.",
        &[
            ("law", "best-of-N or optimum"),
            ("reward_minus_centre", "R - n x*, in units of reward: middle of a bar"),
            ("simulated_density", "simulated, per unit of reward"),
            ("simulated_standard_error", "its standard error"),
            ("limit_density", "Gumbel or Gaussian density, per unit of reward"),
        ],
    );
    let mut fill = |name: &str, low: f64, high: f64, histogram: &Histogram, density: &dyn Fn(f64) -> f64| {
        let width = (high - low) / parameters.bins as f64;
        let total = histogram.count() as f64;
        for (i, &count) in histogram.counts().iter().enumerate() {
            let (x, share) = (low + (i as f64 + 0.5) * width, count as f64 / total);
            let error = (share * (1.0 - share) / total).sqrt();
            table.push([name.into(), x.into(), (share / width).into(), (error / width).into(), density(x).into()]);
        }
    };
    let (low, high) = (shift - 3.0 / beta, shift + 8.0 / beta);
    let edges = Histogram::uniform(low, high, parameters.bins)?;
    let (best, mean) = context.executor.run(
        "best-of-N",
        &plan,
        || (edges.clone(), Moments::new()),
        |block, (histogram, moments)| {
            for mut stream in block.streams() {
                let j = best_level(&law.levels, n * parameters.delta, &mut stream);
                let x = law.levels.values()[j] - centre;
                histogram.add(x);
                moments.add(x);
            }
            Ok(())
        },
    )?;
    fill("best-of-N", low, high, &best, &gumbel);
    let (low, high) = (-4.0 * deviation, 4.0 * deviation);
    let edges = Histogram::uniform(low, high, parameters.bins)?;
    let spread = context.executor.run(
        "optimum",
        &plan,
        || edges.clone(),
        |block, histogram| {
            for mut stream in block.streams() {
                histogram.add(base.draw(&mut stream) - centre);
            }
            Ok(())
        },
    )?;
    fill("optimum", low, high, &spread, &normal);

    let mut check = Check::agreement("asymptotics/R24", "simulated mean of R = Gumbel mean at this length").tolerance(
        1.0,
        "z standard errors, z from the suite's false-alarm budget, plus log^2(n)/n, the order of the formula's error",
    );
    let allowed = z_limit() * mean.standard_error() + n.ln().powi(2) / n;
    check.equal(mean.mean(), shift + EULER_GAMMA / beta, allowed, || json!({"n": parameters.length}));

    let bars = |law: &str, colour| {
        Layer::new("simulated", "density", "reward_minus_centre", "simulated_density", Mark::Bars, colour)
            .only("law", law)
    };
    let line = |label: &str, law: &str, colour| {
        Layer::new(label, "density", "reward_minus_centre", "limit_density", Mark::Line, colour).only("law", law)
    };
    let axis = || Axis::linear("total reward R - n x* (units of reward)");
    let density = || Axis::linear("density (per unit of reward)");
    let figure = Figure::new(
        "window",
        "Best-of-N keeps the reward in a window of fixed width, the optimum spreads it over sqrt(n)",
        "Left: best-of-N, a shifted Gumbel law of scale 1/beta. Right: the KL-constrained optimum, a Gaussian of variance n V. \
         Mind the \
         horizontal scales. The ragged bars on the left are no noise: with three letters the reward takes few values in so \
         narrow a window.",
    )
    .with(Panel::new("best-of-N", axis(), density()).with(bars("best-of-N", 0)).with(line("Gumbel", "best-of-N", 1)))
    .with(Panel::new("optimum", axis(), density()).with(bars("optimum", 0)).with(line("Gaussian", "optimum", 1)));
    Ok(Report {
        finding: format!(
            "At n = {} best-of-N has a standard deviation of {:.2} in R, the optimum of {:.1}.",
            parameters.length,
            mean.variance().sqrt(),
            deviation
        ),
        tables: vec![table],
        figures: vec![figure],
        checks: vec![check.finish()],
        warnings: Vec::new(),
    })
}
