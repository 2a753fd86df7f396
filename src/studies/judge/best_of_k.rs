//! How best-of-k decays in the number of answers, and what data do to it.
//!
//! Paper: Halder and Pehlevan 2025, zero-temperature simulation (parameters from the authors' scripts). Claims: R5, R10, R11.
//! Model: d = 10 inputs, n from 1e4 to 3e4 points, the teacher as judge, T = 0. The law pi s^2/(k^2 sqrt(1 - 2 rho)) leaves a gap
//! of relative size 3/k; with (k+1)(k+2) in the place of k^2 (derived: the nearest of k points of a uniform density) most of
//! it is gone. Cost: the simulation, d n + k normals a training set and input.

use super::super::grid;
use super::curves::{average_along, candidates};
use super::training::{Regression, dot};
use crate::judge::equivalents::{self, equivalents};
use crate::judge::tails::{Regime, average_tail};
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table, z_limit};
use crate::sampling::{Plan, VectorMoments};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Inputs a point; 1 to 200.
    d: usize,
    /// Training points, one curve each; 1 to 100,000.
    n: Vec<usize>,
    /// Deviation of the label noise, in units of y; > 0.
    sigma: f64,
    /// Deviation of the prior, in units of a weight; > 0.
    gamma: f64,
    /// |w_T|^2/d of the teacher; >= 0.
    teacher_norm: f64,
    /// Smallest number of answers; >= 1.
    candidates_min: u64,
    /// Largest number of answers; <= 10,000.
    candidates_max: u64,
    /// Points a curve; >= 3.
    points: usize,
    /// Numbers of answers that are simulated, ascending.
    simulated_candidates: Vec<u64>,
    /// Simulated training sets; >= 2.
    training_sets: u64,
    /// Test inputs a training set; >= 1.
    inputs_per_set: usize,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("judge/best-of-k", include_str!("../../../sims/judge/best-of-k.toml"), run).about(
        "How fast does best-of-k decay, and what is left of the law at k = 100?",
        "Halder, Pehlevan, arXiv 2512.19905, zero temperature (parameters from the authors' scripts)",
        &["judge/R5", "judge/R10", "judge/R11"],
        "12 s, quick 1 s",
    )
}

fn simulate(parameters: &Parameters, n: usize, run: &Run) -> Result<VectorMoments> {
    let counts = &parameters.simulated_candidates;
    let weight = parameters.teacher_norm.max(0.0).sqrt();
    let regression = Regression {
        eigs: vec![1.0; parameters.d],
        w_t: vec![weight; parameters.d],
        w_r: vec![weight; parameters.d],
        n,
        sigma: parameters.sigma,
        gamma: parameters.gamma,
    };
    let inputs = parameters.inputs_per_set;
    let (last, unit) = (counts[counts.len() - 1], parameters.sigma.powi(2) * inputs as f64);
    let plan = Plan::fixed(parameters.training_sets).blocks_of(4);
    run.executor.run(
        &format!("n={n}"),
        &plan,
        || VectorMoments::new(counts.len()),
        |block, moments| {
            let mut phi = vec![0.0; parameters.d];
            let mut noise = vec![0.0; last as usize];
            for mut stream in block.streams() {
                let posterior = regression.train(&mut stream);
                let mut errors = vec![0.0; counts.len()];
                for _ in 0..inputs {
                    regression.input(&mut stream, &mut phi);
                    let truth = dot(&phi, &regression.w_t);
                    let (mean, variance) = posterior.predict(&mut phi);
                    let (bias, deviation) = (mean - truth, variance.sqrt());
                    stream.normal_block(&mut noise);
                    let (mut from, mut nearest) = (0, f64::INFINITY);
                    for (error, &k) in errors.iter_mut().zip(counts) {
                        for z in &noise[from..k as usize] {
                            nearest = nearest.min((bias + deviation * z).abs());
                        }
                        from = k as usize;
                        *error += nearest * nearest / unit;
                    }
                }
                moments.add(&errors);
            }
            Ok(())
        },
    )
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    grid::size("d", parameters.d, 1, 200)?;
    for &n in &parameters.n {
        grid::size("n", n, 1, 100_000)?;
    }
    grid::size("candidates_max", parameters.candidates_max as usize, 2, 10_000)?;
    grid::size("points", parameters.points, 3, 10_000)?;
    let counts = &parameters.simulated_candidates;
    let ascending = counts.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || counts.first().is_none_or(|k| *k == 0) || counts.last() > Some(&10_000) {
        return Err(Error::invalid("simulated_candidates", format!("{counts:?}"), "1 to 10,000, ascending"));
    }
    if parameters.n.is_empty() {
        return Err(Error::invalid("n", "empty", "at least one number of training points"));
    }
    let sigma2 = parameters.sigma * parameters.sigma;
    let mut curves = Table::new(
        "curves",
        "Error averaged over inputs, in units of sigma^2.",
        &[
            ("n", "training points"),
            ("k", "number of answers"),
            ("exact_sigma2", "exact"),
            ("law_sigma2", "pi s^2/(k^2 sqrt(1 - 2 rho))"),
            ("corrected_sigma2", "the same with (k+1)(k+2) for k^2"),
            ("exact_over_law", "exact over law"),
            ("corrected_over_law", "k^2/((k+1)(k+2))"),
        ],
    );
    let mut simulated = Table::new(
        "simulated",
        "Simulated error.",
        &[
            ("n", "training points"),
            ("k", "number of answers"),
            ("error_sigma2", "mean over training sets, in units of sigma^2"),
            ("standard_error_sigma2", "its standard error"),
            ("over_law", "mean over the law"),
            ("standard_error_over_law", "its standard error"),
        ],
    );
    let mut agree = Check::agreement("judge/R5", "simulated nearest answers against the exact average")
        .tolerance(1.0, "z standard errors, z from the false-alarm budget, and 4/n of the error for finite d and n");
    let mut gap = Check::identity("judge/R11", "k (1 - exact/law) at the largest k against 3")
        .tolerance(20.0, "next orders: 7/k of the uniform density, and 6/k (found) of its curvature; that much again");
    let mut exponent = Check::rates("judge/R11", "exponent of (k+1)(k+2) exact^-1 in k, less 0: not 1")
        .tolerance(0.02, "what is left is of relative order 1/k^2, k >= 50");
    let mut warnings = Vec::new();
    let mut ends = Vec::new();
    let ks = grid::whole("points", parameters.candidates_min.max(1), parameters.candidates_max, parameters.points)?;
    for &n in &parameters.n {
        let w = vec![parameters.teacher_norm.max(0.0).sqrt(); parameters.d];
        let eigs = vec![1.0; parameters.d];
        let task = equivalents::Regression::new(&eigs, &w, &w, n as u64, parameters.sigma, parameters.gamma)?;
        let law = equivalents(&task)?.two_point()?;
        let rho = law.difficulty();
        let exact = average_along(context.executor, &law, 0.0, &candidates(&ks)?)?;
        let at = |k: f64| average_tail(rho, law.s2, k.ln());
        if at(100.0)?.regime != Regime::InverseSquare {
            warnings.push(format!("n = {n}: rho = {rho:.3} is not below 1/2, the law 1/k^2 does not hold"));
        }
        // the biases that carry the coefficient are N(0, rho/(1 - 2 rho)); at three of their deviations k must exceed e^(b^2/2)
        let needed = (4.5 * rho / (1.0 - 2.0 * rho)).exp();
        if rho < 0.5 && (ks[0] as f64) < needed {
            warnings.push(format!("n = {n}: the law 1/k^2 is drawn from k = {}, below e^(b^2/2) = {needed:.0}", ks[0]));
        }
        for (&k, &exact) in ks.iter().zip(&exact) {
            let x = k as f64;
            let leading = at(x.max(1.5))?.leading;
            let correction = x * x / ((x + 1.0) * (x + 2.0));
            let unit = [exact, leading, leading * correction].map(|error| error / sigma2);
            curves.push([n as f64, x, unit[0], unit[1], unit[2], exact / leading, correction].map(Into::into));
        }
        let last = ks.len() - 1;
        let (first, most) = (ks[0] as f64, ks[last] as f64);
        gap.equal(
            most * (1.0 - exact[last] / at(most)?.leading),
            3.0,
            1.0 / most,
            || json!({"n": n, "k": most, "rho": rho}),
        );
        let rise = |k: f64, error: f64| (k + 1.0) * (k + 2.0) * error;
        let slope = (rise(most, exact[last]) / rise(first, exact[0])).ln() / (most / first).ln();
        exponent.rate(slope, 0.02, 0.0, 1.0, || json!({"n": n, "k": [first, most]}));
        ends.push(exact[last] / sigma2);
        let moments = simulate(parameters, n, context)?;
        let simulated_exact = average_along(context.executor, &law, 0.0, &candidates(counts)?)?;
        for (i, &k) in counts.iter().enumerate() {
            let (mean, error, exact) = (moments.means()[i], moments.standard_errors()[i], simulated_exact[i] / sigma2);
            let leading = at((k as f64).max(1.5))?.leading / sigma2;
            let allowed = z_limit() * error + 4.0 * exact / n as f64;
            agree.equal(mean, exact, allowed, || json!({"n": n, "k": k, "standard error": error}));
            simulated.push([n as f64, k as f64, mean, error, mean / leading, error / leading].map(Into::into));
        }
    }
    let bought = 100.0 * (1.0 - ends[ends.len() - 1] / ends[0]);
    Ok(Report {
        finding: format!(
            "Best-of-k falls like 1/((k+1)(k+2)); from n = {} to n = {} data buy {bought:.1}% of the error, while doubling k buys \
             a factor close to 4.",
            parameters.n[0],
            parameters.n[parameters.n.len() - 1]
        ),
        tables: vec![curves, simulated],
        figures: vec![figure(&parameters.n)],
        checks: vec![agree.finish(), gap.finish(), exponent.finish()],
        warnings,
    })
}

fn figure(n: &[usize]) -> Figure {
    let mut decay = Panel::new("error", Axis::log("answers k"), Axis::log("error (sigma^2)"));
    let mut ratio = Panel::new(
        "error over the law",
        Axis::log("answers k"),
        Axis::linear("error over pi s^2/(k^2 sqrt(1 - 2 rho))"),
    );
    for (colour, &n) in n.iter().enumerate() {
        let exact = |label: String, y| Layer::new(&label, "curves", "k", y, Mark::Line, colour).only("n", n as f64);
        let drawn = |label: &str, y, e: &str| {
            let bars = Mark::ErrorBars { standard_error: e.into() };
            Layer::new(label, "simulated", "k", y, bars, colour).only("n", n as f64)
        };
        decay = decay.with(exact(format!("n = {n}: exact"), "exact_sigma2")).with(drawn(
            &format!("n = {n}: simulation"),
            "error_sigma2",
            "standard_error_sigma2",
        ));
        ratio =
            ratio.with(exact(String::new(), "exact_over_law")).with(drawn("", "over_law", "standard_error_over_law"));
    }
    let grey = n.len();
    let first = n.first().map_or(0.0, |n| *n as f64);
    let of = |label: &str, y, mark, colour| Layer::new(label, "curves", "k", y, mark, colour).only("n", first);
    decay = decay.with(of("law 1/k^2, smallest n", "law_sigma2", Mark::Dashed, grey)).with(of(
        "with (k+1)(k+2), smallest n",
        "corrected_sigma2",
        Mark::Dotted,
        grey + 1,
    ));
    ratio = ratio.with(of("k^2/((k+1)(k+2))", "corrected_over_law", Mark::Dotted, grey + 1));
    Figure::new(
        "best_of_k",
        "Best-of-k falls like 1/((k+1)(k+2)): the published law is 3/k too high",
        "Left: error of the nearest of k answers, teacher as judge. More data (n) hardly move it. Right: the same over the law \
         pi s^2/(k^2 sqrt(1 - 2 rho)); the gap is 3/k.",
    )
    .with(decay)
    .with(ratio)
}
