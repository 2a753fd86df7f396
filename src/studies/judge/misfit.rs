//! A judge that is a little off: one posterior, three judges, best-of-k.
//!
//! Paper: an independent audit of Halder and Pehlevan 2025 (fixed-posterior sweep; its seed is not ours, so shapes and not values
//! are reproduced). Claims: R3, R10, R10b, R13b. Model: d = 60, n = 300, judge w_R = w_T + eta v with v orthogonal to w_T and as
//! long. The teacher falls like 1/k^2; a judge off by eta = .05 still helps at k = 1000; one off by .15 is best with a handful of
//! answers, then worse. Error of every test input exact (no sampling of answers), averaged over training sets, against the
//! average R3 at alpha = .2. Cost: one table an input and judge.

use super::super::grid;
use super::curves::{average_along, candidates, once};
use super::training::{Regression, dot};
use crate::judge::best_of_k::BestOfTable;
use crate::judge::equivalents::{self, equivalents};
use crate::judge::model::{Candidates, Reduced};
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
    /// Inputs a point; 2 to 200, even.
    d: usize,
    /// Training points; 1 to 10,000.
    n: usize,
    /// Deviation of the label noise, in units of y; > 0.
    sigma: f64,
    /// Deviation of the prior, in units of a weight; > 0.
    gamma: f64,
    /// Distance of the judge from the teacher, in units of the teacher's length; one curve each.
    eta: Vec<f64>,
    /// Largest number of answers; 10 to 1,000,000.
    candidates: u64,
    /// Points a curve; >= 3.
    points: usize,
    /// Simulated training sets; >= 2.
    training_sets: u64,
    /// Test inputs a training set; >= 1.
    inputs_per_set: usize,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("judge/misfit", include_str!("../../../sims/judge/misfit.toml"), run).about(
        "How far may the judge be off before more answers hurt?",
        "independent audit of Halder, Pehlevan, arXiv 2512.19905, fixed-posterior sweep (shapes; the seed is ours)",
        &["judge/R3", "judge/R10", "judge/R10b", "judge/R13b"],
        "15 s, quick 1 s",
    )
}

/// Teacher of length sqrt d and judges at distance eta along an orthogonal direction of the same length.
fn weights(d: usize, eta: f64) -> (Vec<f64>, Vec<f64>) {
    let teacher = vec![1.0; d];
    let judge = (0..d).map(|i| 1.0 + eta * if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
    (teacher, judge)
}

/// Numbers of answers of the curves and of the simulated points.
fn counts(parameters: &Parameters) -> Result<(Vec<u64>, Vec<u64>)> {
    let curve = grid::whole("points", 1, parameters.candidates, parameters.points)?;
    let step = curve.len().div_ceil(9).max(1);
    Ok((curve.clone(), curve.into_iter().step_by(step).collect()))
}

fn simulate(parameters: &Parameters, ks: &[Candidates], context: &Run) -> Result<VectorMoments> {
    let judges: Vec<Vec<f64>> = parameters.eta.iter().map(|eta| weights(parameters.d, *eta).1).collect();
    let (teacher, _) = weights(parameters.d, 0.0);
    let model = Regression {
        eigs: vec![1.0; parameters.d],
        w_t: teacher.clone(),
        w_r: teacher,
        n: parameters.n,
        sigma: parameters.sigma,
        gamma: parameters.gamma,
    };
    let (two, last) = (Candidates::new(2)?, ks[ks.len() - 1]);
    let plan = Plan::fixed(parameters.training_sets).blocks_of(1);
    context.executor.run(
        "training sets",
        &plan,
        || VectorMoments::new(judges.len() * ks.len()),
        |block, moments| {
            let mut phi = vec![0.0; parameters.d];
            for mut stream in block.streams() {
                let posterior = model.train(&mut stream);
                let mut errors = vec![0.0; judges.len() * ks.len()];
                for _ in 0..parameters.inputs_per_set {
                    model.input(&mut stream, &mut phi);
                    let truth = dot(&phi, &model.w_t);
                    let wanted: Vec<f64> = judges.iter().map(|w| dot(&phi, w)).collect();
                    let (mean, variance) = posterior.predict(&mut phi);
                    let s = variance.sqrt();
                    for (wanted, errors) in wanted.iter().zip(errors.chunks_exact_mut(ks.len())) {
                        let point = Reduced::new((mean - truth) / s, (mean - wanted) / s)?;
                        let table = BestOfTable::new(&point, two, last);
                        for (error, k) in errors.iter_mut().zip(ks) {
                            let loss = if k.is_one() { point.single() } else { table.at(*k) };
                            *error += variance * loss / parameters.inputs_per_set as f64;
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
    grid::size("d", parameters.d, 2, 200)?;
    grid::size("n", parameters.n, 1, 10_000)?;
    grid::size("candidates", parameters.candidates as usize, 10, 1_000_000)?;
    grid::size("points", parameters.points, 3, 1000)?;
    if parameters.d % 2 == 1 {
        return Err(Error::invalid("d", parameters.d, "an even number"));
    }
    if parameters.eta.is_empty() {
        return Err(Error::invalid("eta", "empty", "at least one judge"));
    }
    let mut curves = Table::new(
        "curves",
        "Error of the nearest of k answers, averaged over inputs: theory at infinite d.",
        &[
            ("eta", "distance of the judge from the teacher"),
            ("k", "number of answers"),
            ("error", "exact average with two-point V, in units of y^2"),
            ("floor", "infinitely many answers: E (y_R - y_T)^2; empty for the teacher"),
        ],
    );
    let mut simulated = Table::new(
        "simulated",
        "The same over simulated training sets and test inputs.",
        &[
            ("eta", "distance of the judge from the teacher"),
            ("k", "number of answers"),
            ("error", "mean over training sets, in units of y^2"),
            ("standard_error", "its standard error"),
        ],
    );
    let mut agree = Check::agreement("judge/R3", "error over training sets and inputs against the exact average")
        .tolerance(1.0, "z standard errors, z from the false-alarm budget, and the bias of order 1/d, here 3/d");
    let mut exponent =
        Check::rates("judge/R10", "teacher: exponent of the simulated error in k over the last decade: -2, not -1")
            .tolerance(0.02, "3/k at k >= a tenth of the largest, and the spread of rho over inputs");
    let mut floor =
        Check::identity("judge/R10b", "a judge that is off: error at the most answers against E (y_R - y_T)^2")
            .tolerance(
                0.03,
                "what is left falls like 1/k^2 times E e^(b^2) or like k^(-1/Q): relative, at the most answers",
            );
    let mut turns =
        Check::bound("judge/R13b", "a judge with E 2b(b-a) > 1: least error against the error at the most answers")
            .tolerance(1e-12, "rounding");
    let (curve_ks, simulated_ks) = counts(parameters)?;
    let moments = simulate(parameters, &candidates(&simulated_ks)?, context)?;
    let mut words = Vec::new();
    for (j, &eta) in parameters.eta.iter().enumerate() {
        let (teacher, judge) = weights(parameters.d, eta);
        let eigs = vec![1.0; parameters.d];
        let (n, sigma, gamma) = (parameters.n as u64, parameters.sigma, parameters.gamma);
        let law = equivalents(&equivalents::Regression::new(&eigs, &teacher, &judge, n, sigma, gamma)?)?.two_point()?;
        let limit = law.v_tt - 2.0 * law.v_tr + law.v_rr;
        let errors = average_along(context.executor, &law, 0.0, &candidates(&curve_ks)?)?;
        let mut least = (1, f64::INFINITY);
        for (&k, &error) in curve_ks.iter().zip(&errors) {
            if error < least.1 {
                least = (k, error);
            }
            let shown = Some(limit).filter(|floor| *floor > 1e-12);
            curves.push([eta.into(), (k as f64).into(), error.into(), shown.into()]);
        }
        let end = errors[errors.len() - 1];
        words.push(match least.0 == parameters.candidates {
            true => format!("eta = {eta}: falls to {end:.3e}"),
            false => format!("eta = {eta}: least at k = {} ({:.4}), then {end:.4}", least.0, least.1),
        });
        if limit > 1e-12 {
            floor.equal(end, limit, limit, || json!({"eta": eta, "k": parameters.candidates}));
            // averages over inputs of 2b(b-a)
            if 2.0 * (law.v_rr - law.v_tr) / law.s2 > 1.0 {
                turns.at_most(least.1, end * 0.99, 1.0, || json!({"eta": eta, "least at": least.0}));
            }
        }
        let at = |i: usize| {
            (moments.means()[j * simulated_ks.len() + i], moments.standard_errors()[j * simulated_ks.len() + i])
        };
        let exact = average_along(context.executor, &law, 0.0, &candidates(&simulated_ks)?)?;
        for (i, (&k, &exact)) in simulated_ks.iter().zip(&exact).enumerate() {
            let (mean, error) = at(i);
            let allowed = z_limit() * error + 3.0 * exact / parameters.d as f64;
            agree.equal(mean, exact, allowed, || json!({"eta": eta, "k": k, "standard error": error}));
            simulated.push([eta, k as f64, mean, error].map(Into::into));
        }
        if eta == 0.0 && simulated_ks.len() > 2 {
            let (near, far) = (simulated_ks.len() - 2, simulated_ks.len() - 1);
            let span = (simulated_ks[far] as f64 / simulated_ks[near] as f64).ln();
            let slope = (at(far).0 / at(near).0).ln() / span;
            let half = 0.02 + 5.0 / simulated_ks[near] as f64;
            exponent.rate(slope, half, -2.0, -1.0, || json!({"k": [simulated_ks[near], simulated_ks[far]]}));
        }
    }
    Ok(Report {
        finding: format!("{}.", words.join("; ")),
        tables: vec![curves, simulated],
        figures: vec![figure(&parameters.eta)],
        checks: [agree, exponent, floor, turns]
            .into_iter()
            .map(|check| check.finish())
            .filter(|c| c.instances > 0)
            .collect(),
        warnings: Vec::new(),
    })
}

fn figure(eta: &[f64]) -> Figure {
    let panel = |title: &str, y: Axis, labels: bool| {
        let mut panel = Panel::new(title, Axis::log("answers k"), y);
        let mut floors = 0;
        for (colour, &eta) in eta.iter().enumerate() {
            let label = |text: String| if labels { text } else { String::new() };
            let bars = Mark::ErrorBars { standard_error: "standard_error".into() };
            let name = if eta == 0.0 { "teacher".to_string() } else { format!("judge off by {eta}") };
            panel =
                panel.with(Layer::new(&label(name), "curves", "k", "error", Mark::Line, colour).only("eta", eta)).with(
                    Layer::new(&label(once(colour, "simulation").to_string()), "simulated", "k", "error", bars, colour)
                        .only("eta", eta),
                );
            if eta != 0.0 {
                let name = label(if floors == 0 { "floor".to_string() } else { String::new() });
                floors += 1;
                panel = panel.with(Layer::new(&name, "curves", "k", "floor", Mark::Dashed, colour).only("eta", eta));
            }
        }
        panel
    };
    Figure::new(
        "misfit",
        "The teacher falls for ever, a judge a little off to a floor, one further off turns",
        "Error of the nearest of k answers on logarithmic and linear scales: theory at infinite d (lines), simulated training sets \
         of d = 60 (points), and the floor (y_R - y_T)^2 (dashed).",
    )
    .with(panel("logarithmic", Axis::log("error (y^2)"), true))
    .with(panel("linear", Axis::linear("error (y^2)").between(0.0, 0.04), false))
}
