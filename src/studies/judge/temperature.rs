//! The optimal temperature of a biased judge, exact and by the paper's formula.
//!
//! Paper: Halder and Pehlevan 2025, Remark 4 (through an independent audit): t* = 2 (1 - 2/k) C2/C1, from the series to second
//! order. Claims: R7, R8, R13d. Model: one input, model unbiased (a = 0), judge off by b. At infinitely many answers the exact
//! optimum is the formula less 3; at finite k the difference stays below 3, so the formula is good where t* >> 1. Cost: a
//! minimisation a point, one table a step.

use super::super::grid;
use super::curves::once;
use crate::judge::high_temperature::expansion_optima;
use crate::judge::model::{Candidates, Point, Reduced};
use crate::judge::optimal::optimal_temperature;
use crate::judge::softmax::softmax;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table, z_limit};
use crate::sampling::{Moments, Plan};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Bias of the model, in units of its deviation.
    a: f64,
    /// Smallest bias b of the judge of the left panel, in units of s; > 0.
    b_min: f64,
    /// Largest bias b there; at most 30.
    b_max: f64,
    /// Points of the left panel; >= 2.
    points: usize,
    /// Numbers of answers; 3 to 10,000.
    candidates: Vec<u64>,
    /// Bias of the judge of the right panel, in units of s.
    b: f64,
    /// Smallest reduced temperature there; > 0.
    t_min: f64,
    /// Largest reduced temperature there.
    t_max: f64,
    /// Temperatures there; >= 3.
    curve_points: usize,
    /// Simulated temperatures a number of answers; >= 2.
    simulated_points: usize,
    /// Draws a simulated point; >= 2.
    draws: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("judge/temperature", include_str!("../../../sims/judge/temperature.toml"), run).about(
        "How good is the formula for the optimal temperature?",
        "Halder, Pehlevan, arXiv 2512.19905, Remark 4 (from an independent audit)",
        &["judge/R7", "judge/R8", "judge/R13d"],
        "14 s, quick 3 s",
    )
}

fn formula(a: f64, b: f64, k: Candidates) -> Result<Option<f64>> {
    Ok(expansion_optima(&Point::new(0.0, 1.0, -a, -b)?, 1.0, k)?.t_star)
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    let a = parameters.a;
    if !(parameters.b_min > 0.0 && parameters.b_max <= 30.0) {
        return Err(Error::invalid("b_max", parameters.b_max, "biases above 0 and at most 30"));
    }
    if let Some(k) = parameters.candidates.iter().find(|k| !(3..=10_000).contains(*k)) {
        return Err(Error::invalid("candidates", k, "whole numbers from 3 to 10,000"));
    }
    grid::size("simulated_points", parameters.simulated_points, 2, 100)?;
    let mut optima = Table::new(
        "optima",
        "Optimal reduced temperature against the bias of the judge.",
        &[
            ("b", "bias of the judge, in units of s"),
            ("k", "number of answers; inf: the limit"),
            ("exact", "t of the least exact error"),
            ("formula", "2 (1 - 2/k) C2/C1"),
            ("difference", "formula less exact"),
        ],
    );
    let mut curves = Table::new(
        "curves",
        "Error against temperature at one judge.",
        &[("k", "number of answers"), ("t", "reduced temperature"), ("error", "exact error, in units of s^2")],
    );
    let mut marks = Table::new(
        "marks",
        "Exact error at the formula's temperature and at the exact optimum.",
        &[
            ("k", "number of answers"),
            ("exact_t", "t of the least exact error"),
            ("least", "error there, in units of s^2"),
            ("formula_t", "t of the formula"),
            ("at_formula", "exact error there"),
        ],
    );
    let mut simulated = Table::new(
        "simulated",
        "Simulated error.",
        &[
            ("k", "number of answers"),
            ("t", "reduced temperature"),
            ("error", "mean softmax-weighted loss, in units of s^2"),
            ("standard_error", "its standard error"),
        ],
    );
    let mut constant =
        Check::bound("judge/R7", "|formula - exact optimum| against 3").tolerance(0.05, "search for a flat minimum");
    let mut agree = Check::agreement("judge/R4", "simulated softmax shares against the exact error")
        .tolerance(z_limit(), "standard errors; the share of this comparison in the false-alarm budget");
    let mut interior = Check::bound("judge/R13d", "least error against the errors of both ends of the temperatures")
        .tolerance(1e-12, "rounding");
    let biases = grid::linear("points", parameters.b_min, parameters.b_max, parameters.points)?;
    for &count in &parameters.candidates {
        let k = Candidates::new(count)?;
        let rows = context
            .executor
            .map(&biases, |&b| Ok((formula(a, b, k)?, optimal_temperature(&Reduced::new(a, b)?, k)?)))?;
        for (&b, (stated, exact)) in biases.iter().zip(&rows) {
            let found = Some(exact.t).filter(|t| !exact.at_boundary && t.is_finite() && *t > 0.0);
            let difference = stated.zip(found).map(|(stated, exact)| stated - exact);
            if let Some(difference) = difference {
                constant.at_most(difference.abs(), 3.0, 1.0, || json!({"a": a, "b": b, "k": count}));
            }
            optima.push([b.into(), (count as f64).into(), found.into(), (*stated).into(), difference.into()]);
        }
    }
    for &b in &biases {
        let (c1, d_r2) = (1.0 + 2.0 * a * b, b * b);
        let exact = Some(2.0 * d_r2 / c1 - 1.0).filter(|t| c1 > 0.0 && *t > 0.0);
        let stated = Some(2.0 * (c1 + d_r2) / c1).filter(|_| c1 > 0.0);
        let difference = stated.zip(exact).map(|(stated, exact)| stated - exact);
        optima.push([b.into(), f64::INFINITY.into(), exact.into(), stated.into(), difference.into()]);
    }
    let temperatures = grid::logarithmic("curve_points", parameters.t_min, parameters.t_max, parameters.curve_points)?;
    let point = Reduced::new(a, parameters.b)?;
    let mut words = Vec::new();
    for &count in &parameters.candidates {
        let k = Candidates::new(count)?;
        let errors = context.executor.map(&temperatures, |&t| softmax(&point, t, k))?;
        for (&t, &error) in temperatures.iter().zip(&errors) {
            curves.push([count as f64, t, error].map(Into::into));
        }
        let exact = optimal_temperature(&point, k)?;
        let ends = errors[0].min(errors[errors.len() - 1]);
        interior.at_most(exact.loss, ends, 1.0, || json!({"a": a, "b": parameters.b, "k": count}));
        let stated = formula(a, parameters.b, k)?;
        let at_formula = match stated {
            Some(t) => Some(softmax(&point, t, k)?),
            None => None,
        };
        marks.push([(count as f64).into(), exact.t.into(), exact.loss.into(), stated.into(), at_formula.into()]);
        if let Some(stated) = stated {
            words.push(format!("k = {count}: {:.2} (formula {stated:.2})", exact.t));
        }
        for t in grid::logarithmic("simulated_points", parameters.t_min, parameters.t_max, parameters.simulated_points)?
        {
            let plan = Plan::fixed(parameters.draws);
            let label = format!("k={count}/t={t}");
            let moments = context.executor.run(&label, &plan, Moments::new, |block, moments| {
                for mut stream in block.streams() {
                    let (mut top, mut weights, mut losses) = (f64::NEG_INFINITY, 0.0, 0.0);
                    for _ in 0..count {
                        let z = stream.normal();
                        let reward = -(z + point.b) * (z + point.b) / (2.0 * t);
                        if reward > top {
                            let shrink = (top - reward).exp();
                            (top, weights, losses) = (reward, weights * shrink, losses * shrink);
                        }
                        let weight = (reward - top).exp();
                        weights += weight;
                        losses += weight * (z + point.a) * (z + point.a);
                    }
                    moments.add(losses / weights);
                }
                Ok(())
            })?;
            let instance = || json!({"a": a, "b": parameters.b, "k": count, "t": t, "draws": parameters.draws});
            agree.equal(moments.mean(), softmax(&point, t, k)?, moments.standard_error(), instance);
            simulated.push([count as f64, t, moments.mean(), moments.standard_error()].map(Into::into));
        }
    }
    Ok(Report {
        finding: format!("Optimal t at b = {}: {}.", parameters.b, words.join("; ")),
        tables: vec![optima, curves, marks, simulated],
        figures: vec![figure(&parameters.candidates, parameters.b)],
        checks: vec![constant.finish(), interior.finish(), agree.finish()],
        warnings: vec![
            "the formula is used outside its validity wherever its t* is not large: it is off by up to 3".to_string(),
        ],
    })
}

fn figure(candidates: &[u64], b: f64) -> Figure {
    let mut optima = Panel::new(
        "optimal temperature",
        Axis::linear("bias of the judge b (s)"),
        Axis::log("optimal t = T/2s^2").between(0.1, 500.0),
    );
    let named =
        candidates.iter().map(|k| (*k as f64, format!("k = {k}"))).chain([(f64::INFINITY, "k = inf".to_string())]);
    for (colour, (k, name)) in named.enumerate() {
        optima = optima
            .with(Layer::new(&format!("{name}: exact"), "optima", "b", "exact", Mark::Line, colour).only("k", k))
            .with(Layer::new(once(colour, "formula"), "optima", "b", "formula", Mark::Dotted, colour).only("k", k));
    }
    let mut curves =
        Panel::new(&format!("error at b = {b}"), Axis::log("reduced temperature t"), Axis::linear("error (s^2)"));
    for (colour, &k) in candidates.iter().enumerate() {
        let bars = Mark::ErrorBars { standard_error: "standard_error".into() };
        curves = curves
            .with(Layer::new(&format!("k = {k}"), "curves", "t", "error", Mark::Line, colour).only("k", k as f64))
            .with(Layer::new(once(colour, "simulation"), "simulated", "t", "error", bars, colour).only("k", k as f64));
    }
    let last = candidates.len() + 1;
    curves = curves.with(Layer::new("at the formula's t*", "marks", "formula_t", "at_formula", Mark::Points, last));
    Figure::new(
        "temperature",
        "The formula for the optimal temperature is off by a constant: good for strongly biased judges",
        "Left: exact optimum (lines) and the formula 2 (1 - 2/k) C2/C1 (dotted); they differ by at most 3, whatever the bias. \
         Right: error against temperature, exact and simulated; single points sit at the formula's temperature.",
    )
    .with(optima)
    .with(curves)
}
