//! Three judges of one teacher: which one is best, and with how many answers?
//!
//! Paper: Halder and Pehlevan 2025, finite-temperature simulation (parameters from the authors' scripts). Claims: R1, R2b, R3,
//! R6, R7b, R8, R9. Model: d = 10 inputs, n = 10^4 points; the judge prefers y_R = y_T - c (m - y_T): it over-corrects the
//! model's bias by a factor c. Exact error averaged over inputs, its series at high temperature, and a simulation of training
//! sets, inputs and answers. Cost: the simulation, d n + k normals a training set and input.

use super::super::grid;
use super::curves::{average_along, candidates};
use super::training::{Regression, dot};
use crate::judge::equivalents::{self, equivalents};
use crate::judge::high_temperature::average_high_temperature;
use crate::judge::infinite::average_infinite;
use crate::judge::model::{BiasLaw, Candidates};
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
    /// Training points; 1 to 100,000.
    n: usize,
    /// Deviation of the label noise, in units of y; > 0.
    sigma: f64,
    /// Deviation of the prior, in units of a weight; > 0.
    gamma: f64,
    /// |w_T|^2/d of the teacher; >= 0.
    teacher_norm: f64,
    /// Temperature of the judge, in units of 2 sigma^2; > 0.
    temperature: f64,
    /// Factors c by which the judges over-correct the bias.
    corrections: Vec<f64>,
    /// Largest number of answers of the curves; 2 to 10,000.
    candidates: u64,
    /// Numbers of answers that are simulated, ascending, at most `candidates`.
    simulated_candidates: Vec<u64>,
    /// Simulated training sets; >= 2.
    training_sets: u64,
    /// Test inputs a training set; >= 1.
    inputs_per_set: usize,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("judge/judges", include_str!("../../../sims/judge/judges.toml"), run).about(
        "Which judge is best, and is the teacher?",
        "Halder, Pehlevan, arXiv 2512.19905, finite temperature (parameters from the authors' scripts)",
        &["judge/R1", "judge/R2b", "judge/R3", "judge/R6", "judge/R7b", "judge/R8", "judge/R9"],
        "20 s, quick 1 s",
    )
}

/// Error of every judge at every simulated number of answers, in units of sigma^2: means over training sets.
fn simulate(parameters: &Parameters, regression: &Regression, run: &Run) -> Result<VectorMoments> {
    let counts = &parameters.simulated_candidates;
    let (judges, inputs) = (parameters.corrections.len(), parameters.inputs_per_set);
    let sigma2 = parameters.sigma * parameters.sigma;
    let temp = parameters.temperature * 2.0 * sigma2;
    let last = counts[counts.len() - 1];
    let plan = Plan::fixed(parameters.training_sets).blocks_of(4);
    run.executor.run(
        "training sets",
        &plan,
        || VectorMoments::new(judges * counts.len()),
        |block, moments| {
            let mut phi = vec![0.0; regression.eigs.len()];
            let mut sums = vec![[0.0; 3]; judges];
            for mut stream in block.streams() {
                let posterior = regression.train(&mut stream);
                let mut errors = vec![0.0; judges * counts.len()];
                for _ in 0..inputs {
                    regression.input(&mut stream, &mut phi);
                    let truth = dot(&phi, &regression.w_t);
                    let (mean, variance) = posterior.predict(&mut phi);
                    let (bias, deviation) = (mean - truth, variance.sqrt());
                    // best reward so far, sum of weights, sum of weights times losses
                    sums.fill([f64::NEG_INFINITY, 0.0, 0.0]);
                    let mut next = 0;
                    for k in 1..=last {
                        let z = deviation * stream.normal();
                        let loss = (z + bias) * (z + bias);
                        for (sums, c) in sums.iter_mut().zip(&parameters.corrections) {
                            let distance = z + (1.0 + c) * bias;
                            let reward = -distance * distance / temp;
                            if reward > sums[0] {
                                let shrink = (sums[0] - reward).exp();
                                *sums = [reward, sums[1] * shrink, sums[2] * shrink];
                            }
                            let weight = (reward - sums[0]).exp();
                            sums[1] += weight;
                            sums[2] += weight * loss;
                        }
                        if counts[next] == k {
                            for (j, sums) in sums.iter().enumerate() {
                                errors[j * counts.len() + next] += sums[2] / sums[1] / (sigma2 * inputs as f64);
                            }
                            next = (next + 1).min(counts.len() - 1);
                        }
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
    grid::size("n", parameters.n, 1, 100_000)?;
    grid::size("candidates", parameters.candidates as usize, 2, 10_000)?;
    let counts = &parameters.simulated_candidates;
    let ascending = counts.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || counts.first().is_none_or(|k| *k == 0) || counts.last() > Some(&parameters.candidates) {
        let expected = "whole numbers from 1 to candidates, ascending";
        return Err(Error::invalid("simulated_candidates", format!("{counts:?}"), expected));
    }
    if parameters.corrections.is_empty() {
        return Err(Error::invalid("corrections", "empty", "at least one judge"));
    }
    let (d, sigma2) = (parameters.d, parameters.sigma * parameters.sigma);
    let temp = parameters.temperature * 2.0 * sigma2;
    let w = vec![parameters.teacher_norm.max(0.0).sqrt(); d];
    let task =
        equivalents::Regression::new(&vec![1.0; d], &w, &w, parameters.n as u64, parameters.sigma, parameters.gamma)?;
    let limit = equivalents(&task)?;
    let law = |v: f64, c: f64| BiasLaw::new(v, (1.0 + c) * v, (1.0 + c) * (1.0 + c) * v, limit.s2);
    let mut curves = Table::new(
        "curves",
        "Error averaged over inputs against the number of answers, in units of sigma^2.",
        &[
            ("correction", "factor c of the judge"),
            ("k", "number of answers"),
            ("exact_sigma2", "exact, two-point covariance"),
            ("series_sigma2", "high-temperature series to second order, one-point covariance"),
            ("limit_sigma2", "infinitely many answers"),
        ],
    );
    let mut optima = Table::new(
        "optima",
        "The number of answers of the least error.",
        &[
            ("correction", "factor c of the judge"),
            ("k", "number of answers of the least error, up to the largest"),
            ("error_sigma2", "error there, in units of sigma^2"),
            ("series_k", "number of answers that the series gives; empty if it has no optimum"),
            ("limit_sigma2", "error of infinitely many answers"),
        ],
    );
    let mut simulated = Table::new(
        "simulated",
        "Simulated error, in units of sigma^2.",
        &[
            ("correction", "factor c of the judge"),
            ("k", "number of answers"),
            ("error_sigma2", "mean over training sets"),
            ("standard_error_sigma2", "its standard error"),
        ],
    );
    let mut agree =
        Check::agreement("judge/R2b", "simulated training sets, inputs and answers against the exact average")
            .tolerance(
                1.0,
                "z standard errors, z from the false-alarm budget, and 2/n of the error for finite d and n",
            );
    let mut over_correction = Check::bound("judge/R8", "limit at c = t against the limits of the study's judges")
        .tolerance(1e-13, "rounding");
    let mut series = Check::bound("judge/R6", "|series - exact| against its next term at the largest k").tolerance(
        0.0,
        "C3/t^3, half as much again for the order after it, and the 3% of V_TT of the one-point covariance",
    );
    let t = temp / (2.0 * limit.s2);
    let best_limit = average_infinite(&law(limit.v_tt, t)?, temp)? / sigma2;
    let mut words = Vec::new();
    let moments = simulate(parameters, task_as_drawn(&task).as_ref(), context)?;
    for (j, &c) in parameters.corrections.iter().enumerate() {
        let (two, one) = (law(limit.v_tt, c)?, law(limit.v_tt_one, c)?);
        let ks: Vec<u64> = (1..=parameters.candidates).collect();
        let exact = average_along(context.executor, &two, temp, &candidates(&ks)?)?;
        let order2 = |k: u64| -> Result<f64> { Ok(average_high_temperature(&one, temp, Candidates::new(k)?)?.order2) };
        let infinite = average_infinite(&two, temp)? / sigma2;
        over_correction.at_most(best_limit, infinite, 1.0, || json!({"c": c, "t": t}));
        let mut least = (1, f64::INFINITY);
        for (&k, exact) in ks.iter().zip(&exact) {
            let exact = exact / sigma2;
            if exact < least.1 {
                least = (k, exact);
            }
            curves.push([c, k as f64, exact, order2(k)? / sigma2, infinite].map(Into::into));
        }
        let last = average_high_temperature(&one, temp, Candidates::new(parameters.candidates)?)?;
        let off = (last.order2 - exact[exact.len() - 1]).abs() / sigma2;
        // 3% of V_TT in C1/t besides: the series is the paper's, with its one-point covariance
        let next = (1.5 * last.c3 / t.powi(3) + 0.03 * (limit.v_tt + 2.0 * (1.0 + c) * limit.v_tt / t)) / sigma2;
        series.at_most(off, next, 1.0, || json!({"c": c, "k": parameters.candidates}));
        // the optimum of the series, from averages in the place of products
        let ratio = t * last.c1 / last.c2;
        let series_k = (last.c2 > 0.0 && (-1.0..3.0).contains(&ratio)).then(|| 4.0 / (3.0 - ratio));
        optima.push([c.into(), least.0.into(), least.1.into(), series_k.into(), infinite.into()]);
        words.push(if least.0 == parameters.candidates {
            format!("c = {c}: falls to {infinite:.4}")
        } else {
            format!("c = {c}: least at k = {} ({:.4}), limit {infinite:.4}", least.0, least.1)
        });
        for (i, &k) in counts.iter().enumerate() {
            let at = j * counts.len() + i;
            let (mean, error) = (moments.means()[at], moments.standard_errors()[at]);
            let exact = exact[k as usize - 1] / sigma2;
            let allowed = z_limit() * error + 2.0 * exact / parameters.n as f64;
            agree.equal(mean, exact, allowed, || json!({"c": c, "k": k, "standard error": error}));
            simulated.push([c, k as f64, mean, error].map(Into::into));
        }
    }
    let warnings = vec![format!(
        "t = {t:.2}: the series in 1/t is cut after its second order and is used outside its validity where C2/t is not small \
         against C1 (here up to {:.2})",
        parameters.corrections.iter().map(|c| (1.0 + c) * limit.v_tt * (1.0 + c) / limit.s2 / t).fold(0.0, f64::max)
    )];
    Ok(Report {
        finding: format!(
            "In units of sigma^2: {}. The best of all judges is c = t = {t:.2}, not the teacher.",
            words.join("; ")
        ),
        tables: vec![curves, simulated, optima],
        figures: vec![figure(&parameters.corrections)],
        checks: vec![agree.finish(), over_correction.finish(), series.finish()],
        warnings,
    })
}

/// The task with its training sets to be drawn.
fn task_as_drawn(task: &equivalents::Regression) -> Box<Regression> {
    Box::new(Regression {
        eigs: task.eigs().to_vec(),
        w_t: task.teacher().to_vec(),
        w_r: task.judge().to_vec(),
        n: task.data() as usize,
        sigma: task.sigma(),
        gamma: task.gamma(),
    })
}

fn figure(corrections: &[f64]) -> Figure {
    let panel = |title: &str, x: Axis, y: Axis, labels: bool| {
        let mut panel = Panel::new(title, x, y);
        for (colour, &c) in corrections.iter().enumerate() {
            // one entry a judge, and one a kind of line
            let named = |text: &str, every: bool| {
                if labels && (every || colour == 0) { text.to_string() } else { String::new() }
            };
            let layer = |name: String, table: &str, y: &str, mark| {
                Layer::new(&name, table, "k", y, mark, colour).only("correction", c)
            };
            let bars = Mark::ErrorBars { standard_error: "standard_error_sigma2".into() };
            panel = panel
                .with(layer(named(&format!("c = {c}: exact"), true), "curves", "exact_sigma2", Mark::Line))
                .with(layer(named("simulation", false), "simulated", "error_sigma2", bars))
                .with(layer(named("series", false), "curves", "series_sigma2", Mark::Dotted))
                .with(layer(named("limit", false), "curves", "limit_sigma2", Mark::Dashed));
        }
        panel
    };
    let error = "error (sigma^2)";
    Figure::new(
        "judges",
        "A judge that over-corrects the bias too much has a best number of answers",
        "One teacher, three judges at t = 10. The judge with c = t is best with many answers; the one beyond it turns, with its \
         least error at k = 8. The high-temperature series (dotted) is crude at this temperature.",
    )
    .with(panel("all answers", Axis::log("answers k"), Axis::linear(error), true))
    .with(panel(
        "the turn, enlarged",
        Axis::log("answers k").between(4.0, 100.0),
        Axis::linear(error).between(0.908, 0.93),
        false,
    ))
}
