//! When is another answer worth more than another datum?
//!
//! Paper: Halder and Pehlevan 2025, Remark 6 (through an independent audit): inference wins. Claims: R12, R12b, R11. Model: white
//! inputs, teacher as judge, T = 0, two-point covariance. Curves of equal error in the plane of data (n/d) and answers (k), and
//! the exchange rate along them, d ln k/d ln n at fixed error, exact and by the law 1/k^2, whose slope in k is -2. Beyond
//! rho = 1/2 the law does not hold and data win. Cost: an average a point, negligible.

use super::super::grid;
use super::curves::{average_along, once};
use crate::judge::equivalents::{self, equivalents};
use crate::judge::model::{BiasLaw, Candidates};
use crate::judge::tradeoff::tradeoff;
use crate::lab::{Axis, Cell, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Variance of the label noise, in units of y^2; > 0.
    sigma2: f64,
    /// Variance of the prior, in units of a squared weight; > 0.
    gamma2: f64,
    /// |w_T|^2/d of the teacher; >= 0.
    teacher_norm: f64,
    /// Smallest n/d; > 0.
    data_min: f64,
    /// Largest n/d.
    data_max: f64,
    /// Values of n/d; >= 3.
    points: usize,
    /// Errors of the curves of equal error, in units of sigma^2; > 0.
    errors: Vec<f64>,
    /// Largest number of answers, log to base 10; at most 12.
    log10_k_max: f64,
    /// Numbers of answers of the exchange rate; 2 or more.
    candidates: Vec<u64>,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("judge/tradeoff", include_str!("../../../sims/judge/tradeoff.toml"), run).about(
        "When is another answer worth more than another datum?",
        "Halder, Pehlevan, arXiv 2512.19905, Remark 6 (from an independent audit)",
        &["judge/R11", "judge/R12", "judge/R12b"],
        "15 s, quick 1 s",
    )
}

/// The law of the biases at n/d of white inputs: sums over one eigenvalue, exact for any d.
fn law(parameters: &Parameters, data: f64) -> Result<BiasLaw> {
    let at = tradeoff(1.0 / data, parameters.sigma2, parameters.gamma2, 1.0, parameters.teacher_norm)?;
    BiasLaw::new(at.v_two, at.v_two, at.v_two, at.s2)
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    if !(parameters.log10_k_max > 0.0 && parameters.log10_k_max <= 12.0) {
        return Err(Error::invalid("log10_k_max", parameters.log10_k_max, "a number in (0, 12]"));
    }
    if let Some(k) = parameters.candidates.iter().find(|k| **k < 2) {
        return Err(Error::invalid("candidates", k, "2 or more"));
    }
    if let Some(error) = parameters.errors.iter().find(|e| !(**e > 0.0 && e.is_finite())) {
        return Err(Error::invalid("errors", error, "errors > 0"));
    }
    let mut contours = Table::new(
        "contours",
        "Answers needed for an error, by the amount of data.",
        &[
            ("error_sigma2", "the error, in units of sigma^2"),
            ("data", "training points an input dimension, n/d"),
            ("k", "answers for that error, any real number; empty if out of range"),
            ("law_k", "by the law 1/k^2; empty where rho >= 1/2"),
        ],
    );
    let mut exchange = Table::new(
        "exchange",
        "d ln(error)/d ln n over d ln(error)/d ln k: how many answers, relatively, a datum replaces.",
        &[
            ("data", "training points an input dimension, n/d"),
            ("k", "number of answers; 0 for the laws"),
            ("kind", "exact, law (two-point) or paper (one-point)"),
            ("rate", "d ln k/d ln n at fixed error, sign reversed; above 1 data are worth more"),
        ],
    );
    let mut difficulty = Table::new(
        "difficulty",
        "Difficulty of the task by the amount of data.",
        &[("data", "training points an input dimension, n/d"), ("rho", "V_TT/s^2")],
    );
    let mut match_equivalents =
        Check::agreement("judge/R12b", "V_TT and s^2 of the trade-off against those of the equivalents, d = 7")
            .tolerance(1e-12, "rounding of two routes to one root");
    let mut approach =
        Check::bound("judge/R12b", "|exact exchange rate - law| at the most data and answers against 1/k")
            .tolerance(20.0, "correction of the law, of relative order 3/k, in the slope");
    let data = grid::logarithmic("points", parameters.data_min, parameters.data_max, parameters.points)?;
    let steps = 1 + 6 * parameters.log10_k_max.ceil() as usize;
    let logs = grid::linear("points", 0.0, parameters.log10_k_max * std::f64::consts::LN_10, steps)?;
    let ks: Vec<Candidates> = logs.iter().map(|x| Candidates::from_log(*x)).collect::<Result<_>>()?;
    let h: f64 = 0.02;
    let mut counts = parameters.candidates.clone();
    counts.sort_unstable();
    let near: Vec<Candidates> = counts
        .iter()
        .flat_map(|k| [-h, 0.0, h].map(|shift| (*k as f64).ln() + shift))
        .map(Candidates::from_log)
        .collect::<Result<_>>()?;
    let mut last_hard: f64 = 0.0;
    for (i, &x) in data.iter().enumerate() {
        let biases = law(parameters, x)?;
        let closed = tradeoff(1.0 / x, parameters.sigma2, parameters.gamma2, 1.0, parameters.teacher_norm)?;
        difficulty.push([x, biases.difficulty()].map(Into::into));
        if biases.difficulty() >= 0.5 {
            last_hard = last_hard.max(x);
        }
        let curve = average_along(context.executor, &biases, 0.0, &ks)?;
        // slopes by central differences, all numbers of answers from one table a bias
        let here = average_along(context.executor, &biases, 0.0, &near)?;
        let shifted = |shift: f64| average_along(context.executor, &law(parameters, x * shift.exp())?, 0.0, &near);
        let (less, more) = (shifted(-h)?, shifted(h)?);
        for (j, &count) in counts.iter().enumerate() {
            let in_data = (more[3 * j + 1] / less[3 * j + 1]).ln();
            let in_k = (here[3 * j + 2] / here[3 * j]).ln();
            let rate = in_data / in_k;
            exchange.push([x.into(), (count as f64).into(), "exact".into(), rate.into()]);
            if let (Some(slope), true) = (closed.slope_n_full, i + 1 == data.len()) {
                let instance = || json!({"n/d": x, "k": count, "exact": rate, "law": -slope / 2.0});
                approach.at_most((rate + slope / 2.0).abs(), 0.0, 1.0 / count as f64, instance);
            }
        }
        for &error in &parameters.errors {
            let target = (error * parameters.sigma2).ln();
            // the curve falls: interpolate ln k in ln error between neighbours (the slope varies slowly)
            let place = curve.windows(2).position(|pair| pair[0].ln() >= target && pair[1].ln() < target);
            let k = place.map(|j| {
                let (above, below) = (curve[j].ln(), curve[j + 1].ln());
                (logs[j] + (logs[j + 1] - logs[j]) * (above - target) / (above - below)).exp()
            });
            let law_k = closed.coeff_full.map(|c| (c / (error * parameters.sigma2)).sqrt()).filter(|k| *k >= 2.0);
            contours.push([error.into(), x.into(), Cell::from(k), law_k.into()]);
        }
        for (kind, slope) in [("paper", closed.slope_n_paper), ("law", closed.slope_n_full)] {
            exchange.push([x.into(), 0.0.into(), kind.into(), slope.map(|s| -s / 2.0).into()]);
        }
        if i % (parameters.points / 3).max(1) == 0 {
            let n = 7 * x.round().max(1.0) as u64;
            let w = vec![parameters.teacher_norm.max(0.0).sqrt(); 7];
            let (sigma, gamma) = (parameters.sigma2.sqrt(), parameters.gamma2.sqrt());
            let limit = equivalents(&equivalents::Regression::new(&[1.0; 7], &w, &w, n, sigma, gamma)?)?;
            let here = tradeoff(7.0 / n as f64, parameters.sigma2, parameters.gamma2, 1.0, parameters.teacher_norm)?;
            match_equivalents.equal(here.v_two, limit.v_tt, limit.v_tt, || json!({"n/d": n as f64 / 7.0}));
            match_equivalents.equal(here.s2, limit.s2, limit.s2, || json!({"n/d": n as f64 / 7.0}));
        }
    }
    let counter = tradeoff(0.2, 0.1, 0.1, 1.0, 1.0)?;
    let worst = exchange_above_one(&exchange);
    Ok(Report {
        finding: format!(
            "Answers are worth more than data except on hard tasks: rho passes 1/2 at n = {last_hard:.2} d{}. At alpha = .2, sigma^2 = \
             gamma^2 = .1 even the paper's own slope, {:.3}, is steeper than -2.",
            worst.map_or(String::new(), |(x, k)| format!(", and data win up to n = {x:.2} d at k = {k}")),
            counter.slope_n_paper.unwrap_or(f64::NAN),
        ),
        tables: vec![contours, exchange, difficulty],
        figures: vec![figure(parameters, last_hard)],
        checks: vec![match_equivalents.finish(), approach.finish()],
        warnings: vec![format!(
            "the law 1/k^2 and its slopes do not exist below n = {last_hard:.2} d, where rho >= 1/2"
        )],
    })
}

/// The most data at which the exact exchange rate is above 1, and the number of answers there.
fn exchange_above_one(exchange: &Table) -> Option<(f64, f64)> {
    let exact = exchange.rows.iter().filter(|row| row[2] == Cell::from("exact"));
    let above = exact.filter(|row| row[3].number().is_some_and(|rate| rate > 1.0));
    above.filter_map(|row| Some((row[0].number()?, row[1].number()?))).max_by(|x, y| x.0.total_cmp(&y.0))
}

fn figure(parameters: &Parameters, last_hard: f64) -> Figure {
    let mut plane =
        Panel::new("curves of equal error", Axis::log("training points an input n/d"), Axis::log("answers k"));
    for (colour, &error) in parameters.errors.iter().enumerate() {
        let label = format!("error {error} sigma^2");
        plane = plane
            .with(Layer::new(&label, "contours", "data", "k", Mark::Line, colour).only("error_sigma2", error))
            .with(
                Layer::new(once(colour, "law 1/k^2"), "contours", "data", "law_k", Mark::Dashed, colour)
                    .only("error_sigma2", error),
            );
    }
    let mut rate = Panel::new(
        "what a datum is worth",
        Axis::log("training points an input n/d"),
        Axis::linear("exchange rate -d ln k/d ln n").between(0.0, 2.0),
    );
    for (colour, &k) in parameters.candidates.iter().enumerate() {
        let layer = Layer::new(&format!("k = {k}: exact"), "exchange", "data", "rate", Mark::Line, colour);
        rate = rate.with(layer.only("k", k as f64));
    }
    let next = parameters.candidates.len();
    rate = rate
        .with(Layer::new("law, two-point", "exchange", "data", "rate", Mark::Dashed, next).only("kind", "law"))
        .with(
            Layer::new("law, one-point (paper)", "exchange", "data", "rate", Mark::Dotted, next + 1)
                .only("kind", "paper"),
        );
    Figure::new(
        "tradeoff",
        "Another answer beats another datum on easy tasks; next to rho = 1/2 the datum wins",
        &format!(
            "Left: answers needed for an error by the amount of data, exact (lines) and by the law 1/k^2 (dashed), which ends at \
             n = {last_hard:.2} d, where rho = 1/2. Right: relative number of answers that a relative datum replaces; above 1 data \
             are worth more."
        ),
    )
    .with(plane)
    .with(rate)
}
