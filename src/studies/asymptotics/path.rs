//! The optimum's path through the simplex of letters, and where best-of-N puts its letters.
//!
//! Paper: Yang et al. 2024 (abstract; instance and figure ours). Claims: R19, R23. Model: memoryless sequences over three
//! letters. The optimum at budget n delta is a product of one tilt, so its letter frequencies are a point of the curve
//! b -> phi_b; best-of-N is no product, yet its mean frequencies lie beside the curve and join it as n grows. Simulated
//! by N plain sequences, without any formula. Cost: O(n N) a repetition.

use super::super::grid;
use crate::asymptotics::memoryless::Memoryless;
use crate::asymptotics::memoryless_best_of::memoryless_best_of_on;
use crate::asymptotics::memoryless_sampling::SequenceSampler;
use crate::asymptotics::reward_law::reward_law;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::prob::{Law, kl_optimum, tilt, tilt_to_mean};
use crate::sampling::{Plan, VectorMoments};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Law of the three letters, each of positive probability.
    p: Vec<f64>,
    /// Their rewards, ascending and distinct.
    s: Vec<f64>,
    /// Largest inverse temperature of the path; > 0.
    beta_max: f64,
    /// Points of the path; >= 2.
    points: usize,
    /// Lengths, in symbols.
    lengths: Vec<u64>,
    /// Values of N, whole numbers >= 1.
    draws_of_best: Vec<u64>,
    /// Repetitions a simulated point; >= 2.
    repetitions: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/path", include_str!("../../../sims/asymptotics/path.toml"), run).about(
        "Which letters do the optimum and best-of-N write?",
        "Yang et al., arXiv 2404.01730 (abstract; instance and figure ours)",
        &["asymptotics/R19", "asymptotics/R23"],
        "5 s; quick 0.1 s",
    )
}

/// Height of a triangle of side 1.
fn height() -> f64 {
    0.75f64.sqrt()
}

/// The point of the triangle with these masses at (0, 0), (1, 0) and the top.
fn barycentric(masses: &[f64]) -> (f64, f64) {
    (masses[1] + 0.5 * masses[2], masses[2] * height())
}

/// Letter frequencies of the best of `draws` plain sequences. The first of several best: as sequences are exchangeable,
/// that is a uniformly random one.
fn best_frequencies(
    model: &Memoryless,
    sampler: &SequenceSampler,
    draws: u64,
    sequence: &mut [usize],
    rng: &mut impl rand::Rng,
) -> [f64; 3] {
    let (mut best, mut top) = ([0.0; 3], f64::NEG_INFINITY);
    for _ in 0..draws {
        sampler.fill(sequence, rng);
        let mut counts = [0.0; 3];
        sequence.iter().for_each(|&letter| counts[letter] += 1.0);
        let reward: f64 = counts.iter().zip(model.rewards()).map(|(count, reward)| count * reward).sum();
        if reward > top + model.tolerance() {
            (best, top) = (counts, reward);
        }
    }
    best.map(|count| count / model.length() as f64)
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    let letter = Memoryless::new(&parameters.p, &parameters.s, 1)?;
    let rewards = letter.rewards().to_vec();
    if rewards.len() != 3 || rewards != parameters.s {
        return Err(Error::invalid("s", format!("{:?}", parameters.s), "three distinct rewards, ascending"));
    }
    let coordinates = [("x", "p2 + p3/2"), ("y", "p3 sqrt(3)/2")];
    let mut triangle = Table::new("triangle", "Edges of the simplex.", &coordinates);
    for (x, y) in [(0.0, 0.0), (1.0, 0.0), (0.5, height()), (0.0, 0.0)] {
        triangle.push([x, y].map(Into::into));
    }
    let mut path = Table::new(
        "path",
        "The tilts of the base law.",
        &[
            ("beta", "inverse temperature"),
            ("kl_nats", "divergence from the base, per symbol"),
            ("p1", "mass of the first letter"),
            ("p2", "mass of the second letter"),
            ("p3", "mass of the third letter"),
            coordinates[0],
            coordinates[1],
        ],
    );
    let mut best = Table::new(
        "best_of",
        "Mean letter frequencies of simulated best-of-N, and their distance from the path.",
        &[
            ("n_symbols", "length"),
            ("n_draws", "number of draws N"),
            ("log_best_of_per_symbol_nats", "log(N)/n"),
            coordinates[0],
            coordinates[1],
            ("y_standard_error", "standard error of y"),
            ("distance", "total variation from the tilt of the same mean reward"),
            ("distance_standard_error", "its standard error"),
        ],
    );
    let mut product =
        Check::identity("asymptotics/R19", "optimum of n symbols at budget n delta = n times that of one")
            .tolerance(1e-10, "rounding of the exact law and of two roots, relative");
    let mut agree = Check::agreement("asymptotics/R23", "mean reward of plain best-of-N = exact")
        .tolerance(5.0, "five standard errors");
    for beta in grid::linear("points", 0.0, parameters.beta_max, parameters.points)? {
        let at = tilt(letter.letters(), &rewards, beta);
        let (x, y) = barycentric(&at.probs);
        path.push([beta, at.kl, at.probs[0], at.probs[1], at.probs[2], x, y].map(Into::into));
    }
    let mut farthest = Vec::new();
    for &n in &parameters.lengths {
        let model = letter.with_length(n)?;
        let law = reward_law(&model)?;
        let length = n as f64;
        let total = Law::from_log_probs(law.levels.log_mass())?;
        let delta_max = -letter.letters().log_probs()[2];
        for share in [0.05, 0.3, 0.7] {
            let delta = share * delta_max;
            let one = kl_optimum(letter.letters(), &rewards, delta)?.tilt.mean;
            let all = kl_optimum(&total, law.levels.values(), length * delta)?.tilt.mean;
            product.equal(all, length * one, all.abs().max(1.0), || json!({"n": n, "delta": delta}));
        }
        let sampler = SequenceSampler::new(&model, 0.0)?;
        let mut worst = 0.0f64;
        for &draws in &parameters.draws_of_best {
            if draws == 0 {
                return Err(Error::invalid("draws_of_best", draws, "whole numbers >= 1"));
            }
            let plan = Plan::fixed(parameters.repetitions).blocks_of(64);
            let label = format!("n={n}/N={draws}");
            // The three frequencies and the reward a symbol.
            let moments = context.executor.run(
                &label,
                &plan,
                || VectorMoments::new(4),
                |block, moments| {
                    let mut sequence = vec![0; n as usize];
                    for mut stream in block.streams() {
                        let found = best_frequencies(&model, &sampler, draws, &mut sequence, &mut stream);
                        let reward: f64 = found.iter().zip(&rewards).map(|(f, s)| f * s).sum();
                        moments.add(&[found[0], found[1], found[2], reward]);
                    }
                    Ok(())
                },
            )?;
            let (means, errors) = (moments.means(), moments.standard_errors());
            let log_n = (draws as f64).ln();
            let exact = memoryless_best_of_on(&model, &law, log_n)?.mean / length;
            agree.equal(means[3], exact, errors[3], || json!({"n": n, "draws": draws}));
            let (x, y) = barycentric(means);
            // At one mean reward laws on three letters differ along one line: the second letter's mass is the distance
            // (half the sum of the differences, as those of the outer letters have the other sign).
            let nearest = tilt_to_mean(letter.letters(), &rewards, means[3]);
            let distance = (means[1] - nearest.probs[1]).abs();
            worst = worst.max(distance);
            let numbers = [length, draws as f64, log_n / length, x, y, errors[2] * height(), distance, errors[1]];
            best.push(numbers.map(Into::into));
        }
        farthest.push(format!("{worst:.4} at n = {n}"));
    }
    Ok(Report {
        finding: format!(
            "The mean letter frequencies of best-of-N stay beside the path of tilts; largest distance seen {}.",
            farthest.join(", ")
        ),
        tables: vec![triangle, path, best],
        figures: vec![figure(&parameters.lengths)],
        checks: vec![product.finish(), agree.finish()],
        warnings: Vec::new(),
    })
}

fn figure(lengths: &[u64]) -> Figure {
    let mut simplex = Panel::new(
        "simplex: letters 1 (left), 2 (right), 3 (top)",
        Axis::linear("p2 + p3/2 (probability)"),
        Axis::linear("p3 sqrt(3)/2 (probability)"),
    )
    .with(Layer::new("simplex", "triangle", "x", "y", Mark::Line, 0))
    .with(Layer::new("path of tilts", "path", "x", "y", Mark::Line, 1));
    let mut distance = Panel::new(
        "distance from the path",
        Axis::linear("log(N)/n (nats per symbol)"),
        Axis::linear("total variation from the nearest tilt"),
    );
    for (i, &n) in lengths.iter().enumerate() {
        let label = format!("best-of-N, n = {n}, simulated");
        let layer = |x: &str, y: &str, standard_error: &str| {
            let mark = Mark::ErrorBars { standard_error: standard_error.into() };
            Layer::new(&label, "best_of", x, y, mark, i + 2).only("n_symbols", n as f64)
        };
        simplex = simplex.with(layer("x", "y", "y_standard_error"));
        let log_n = "log_best_of_per_symbol_nats";
        distance = distance.with(layer(log_n, "distance", "distance_standard_error"));
    }
    Figure::new(
        "path",
        "Best-of-N writes almost the letters of the optimum, the closer the longer the sequence",
        "Left: tilts of the base law run to the corner of the best letter; the mean letter frequencies of best-of-N lie beside \
         that path. Right: their distance from the tilt of the same mean reward, at equal budget smaller for longer sequences.",
    )
    .with(simplex)
    .with(distance)
}
