//! How hard a task is decides how fast best-of-k improves.
//!
//! Paper: Halder and Pehlevan 2025, Remark 5 (through an independent audit), whose law needs rho = V_TT/s^2 < 1/2; what follows
//! beyond is derived. Claims: R11, R11b, R11c. Model: the teacher as judge, T = 0, biases N(0, rho s^2). The exponent of 1/k is
//! min(2, 1/rho) in the limit; with a flat prior rho = d/n. Exact averages with log k as the variable, and a simulation
//! whose cost does not depend on k: biases from a mixture that covers |b| near sqrt(2 ln k), the nearest distance by its
//! quantile. Cost: one table a value of rho, negligible.

use super::super::grid;
use super::curves::{average_along, once};
use crate::judge::model::{BiasLaw, Candidates};
use crate::judge::tails::{Regime, average_tail, log_leading};
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table, z_limit};
use crate::numerics::log_space::log_add_exp;
use crate::numerics::roots::bisect;
use crate::numerics::special::{normal_cdf, normal_log_cdf};
use crate::sampling::Moments;
use crate::sampling::{Plan, Stream};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Smallest difficulty rho of the rate map; > 0.
    rho_min: f64,
    /// Largest difficulty rho of the rate map.
    rho_max: f64,
    /// Points of the rate map; >= 2.
    points: usize,
    /// Logarithms to base 10 of the numbers of answers at which the local exponent is taken; > 0.
    log10_k: Vec<f64>,
    /// Difficulties of the decay curves.
    rho: Vec<f64>,
    /// Largest number of answers of the decay curves, log to base 10; at most 12.
    log10_k_max: f64,
    /// Points a decay curve; >= 2.
    decay_points: usize,
    /// Simulated points a decay curve; >= 2.
    simulated_points: usize,
    /// Draws a simulated point; >= 2.
    draws: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("judge/difficulty", include_str!("../../../sims/judge/difficulty.toml"), run).about(
        "How does the rate of best-of-k depend on the difficulty of the task?",
        "Halder, Pehlevan, arXiv 2512.19905, Remark 5 (from an independent audit); beyond rho = 1/2 derived",
        &["judge/R11", "judge/R11b", "judge/R11c"],
        "12 s, quick 2 s",
    )
}

/// One weighted draw of the squared distance of the nearest of e^log_k answers, in units of s^2.
fn draw(rho: f64, log_k: f64, stream: &mut Stream) -> f64 {
    let width = rho.sqrt();
    let reach = (2.0 * log_k).sqrt() + 4.0;
    let b = if stream.uniform() < 0.5 { width * stream.normal() } else { reach * (2.0 * stream.uniform() - 1.0) };
    let density = (-0.5 * (b / width).powi(2)).exp() / (width * (2.0 * std::f64::consts::PI).sqrt());
    let weight = density / (0.5 * density + if b.abs() < reach { 0.25 / reach } else { 0.0 });
    // k (-ln P(|Z + b| > r)) is a standard exponential; solved in ln r
    let log_hazard = stream.exponential().ln() - log_k;
    let b = b.abs();
    let hazard = |r: f64| {
        let inside = normal_cdf(r - b) - normal_cdf(-r - b);
        match inside {
            // 2 r phi(b): the difference would cancel
            _ if r * (1.0 + b) < 1e-5 => (2.0 * r).ln() - 0.5 * b * b - 0.5 * (2.0 * std::f64::consts::PI).ln(),
            x if x < 0.5 => (-(-x).ln_1p()).ln(),
            _ => (-log_add_exp(normal_log_cdf(b - r), normal_log_cdf(-b - r))).ln(),
        }
    };
    let log_r = bisect(|x| hazard(x.exp()) - log_hazard, -60.0, (b + 12.0).ln()).x;
    weight * (2.0 * log_r).exp()
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    if !(parameters.log10_k_max > 0.0 && parameters.log10_k_max <= 12.0) {
        return Err(Error::invalid("log10_k_max", parameters.log10_k_max, "a number in (0, 12]"));
    }
    if let Some(bad) = parameters.log10_k.iter().find(|x| !(**x > 0.0 && **x <= 200.0)) {
        return Err(Error::invalid("log10_k", bad, "numbers in (0, 200]"));
    }
    grid::size("simulated_points", parameters.simulated_points, 2, 100)?;
    let ten = std::f64::consts::LN_10;
    let law = |rho: f64| BiasLaw::new(rho, rho, rho, 1.0);
    let mut map = Table::new(
        "map",
        "Local exponent -d ln error/d ln k against difficulty.",
        &[
            ("rho", "difficulty V_TT/s^2"),
            ("log10_k", "log to base 10 of the number of answers; inf: the limit"),
            ("exponent", "exponent of 1/k"),
        ],
    );
    let mut decay = Table::new(
        "decay",
        "Error averaged over inputs, in units of s^2.",
        &[
            ("rho", "difficulty"),
            ("k", "number of answers"),
            ("exact", "exact"),
            ("leading", "leading term of its regime; empty where it is not defined"),
        ],
    );
    let mut simulated = Table::new(
        "simulated",
        "Simulated error, in units of s^2.",
        &[
            ("rho", "difficulty"),
            ("k", "number of answers"),
            ("error", "weighted mean"),
            ("standard_error", "its standard error"),
        ],
    );
    let mut kink = Check::rates("judge/R11b", "local exponent at the largest k: min(2, 1/rho), away from the kink")
        .tolerance(0.0, "3/ln k, and k^-(1/rho - 2) below the kink: points between .35 and .6 are left out");
    let mut leading =
        Check::identity("judge/R11b", "exact over leading term at the largest k of the curves, against 1")
            .tolerance(1.0, "slow regime: 8 rho/ln k; below 1/2: 4/k + 3 k^-(1/rho - 2); critical: 4/ln k");
    let mut agree = Check::agreement("judge/R11", "simulated error against the exact average")
        .tolerance(z_limit(), "standard errors; the share of this comparison in the false-alarm budget");
    let h = 0.05;
    let ks: Vec<Candidates> = parameters
        .log10_k
        .iter()
        .flat_map(|x| [x * ten - h, x * ten + h])
        .map(|log_k| Candidates::from_log(log_k.max(0.0)))
        .collect::<Result<_>>()?;
    let furthest = parameters.log10_k.iter().copied().fold(0.0, f64::max);
    for rho in grid::linear("points", parameters.rho_min, parameters.rho_max, parameters.points)? {
        let errors = each(context, &law(rho)?, &ks)?;
        for (i, &log10_k) in parameters.log10_k.iter().enumerate() {
            let exponent = -(errors[2 * i + 1] / errors[2 * i]).ln() / (2.0 * h);
            map.push([rho, log10_k, exponent].map(Into::into));
            let limit = (1.0 / rho).min(2.0);
            if log10_k == furthest && !(0.35..0.6).contains(&rho) {
                let competitor = if rho < 0.5 { 1.0 / rho } else { 2.0 };
                kink.rate(
                    exponent,
                    3.0 / (log10_k * ten),
                    limit,
                    competitor,
                    || json!({"rho": rho, "log10_k": log10_k}),
                );
            }
        }
        map.push([rho, f64::INFINITY, (1.0 / rho).min(2.0)].map(Into::into));
    }
    let logs = grid::linear("decay_points", 0.0, parameters.log10_k_max, parameters.decay_points)?;
    let mut warnings = Vec::new();
    for &rho in &parameters.rho {
        let ks: Vec<Candidates> = logs.iter().map(|x| Candidates::from_log(x * ten)).collect::<Result<_>>()?;
        let errors = average_along(context.executor, &law(rho)?, 0.0, &ks)?;
        for (&log10_k, &exact) in logs.iter().zip(&errors) {
            let leading = log_leading(rho, log10_k * ten).ok().map(f64::exp).filter(|x| *x < 10.0);
            decay.push([rho.into(), 10f64.powf(log10_k).into(), exact.into(), leading.into()]);
        }
        let log_k = parameters.log10_k_max * ten;
        let tail = average_tail(rho, 1.0, log_k)?;
        let near = match tail.regime {
            Regime::InverseSquare => 4.0 * (-log_k).exp() + 3.0 * (-(1.0 / rho - 2.0) * log_k).exp(),
            Regime::Critical => 4.0 / log_k,
            Regime::Slow => 8.0 * rho / log_k,
        };
        leading.equal(errors[errors.len() - 1] / tail.leading, 1.0, near, || json!({"rho": rho, "ln k": log_k}));
        if tail.regime != Regime::InverseSquare {
            warnings.push(format!(
                "rho = {rho}: the law 1/k^2 is outside its validity, the exponent is {:.3}",
                tail.exponent
            ));
        }
        for log10_k in grid::linear("simulated_points", 1.0, parameters.log10_k_max, parameters.simulated_points)? {
            let k = Candidates::from_log(log10_k * ten)?;
            let exact = average_along(context.executor, &law(rho)?, 0.0, &[k])?[0];
            let plan = Plan::fixed(parameters.draws);
            let label = format!("rho={rho}/k={log10_k}");
            let moments = context.executor.run(&label, &plan, Moments::new, |block, moments| {
                for mut stream in block.streams() {
                    moments.add(draw(rho, log10_k * ten, &mut stream));
                }
                Ok(())
            })?;
            let instance = || json!({"rho": rho, "log10_k": log10_k, "draws": parameters.draws});
            agree.equal(moments.mean(), exact, moments.standard_error(), instance);
            simulated.push([rho, 10f64.powf(log10_k), moments.mean(), moments.standard_error()].map(Into::into));
        }
    }
    Ok(Report {
        finding: "The exponent of best-of-k is 2 below rho = 1/2 and 1/rho above; with a flat prior rho = d/n, so 1/k^2 needs n > 2d. \
                  The kink is sharp only at astronomically many answers."
            .to_string(),
        tables: vec![map, decay, simulated],
        figures: vec![figure(parameters)],
        checks: vec![kink.finish(), leading.finish(), agree.finish()],
        warnings,
    })
}

/// Averages at numbers of answers that lie orders apart: pairs of neighbours share a table.
fn each(context: &Run, law: &BiasLaw, ks: &[Candidates]) -> Result<Vec<f64>> {
    let mut errors = Vec::new();
    for pair in ks.chunks(2) {
        errors.extend(average_along(context.executor, law, 0.0, pair)?);
    }
    Ok(errors)
}

fn figure(parameters: &Parameters) -> Figure {
    let mut map = Panel::new(
        "rate",
        Axis::linear("difficulty rho = V_TT/s^2 (d/n with a flat prior)"),
        Axis::linear("local exponent of 1/k").between(0.0, 2.6),
    );
    for (colour, &log10_k) in parameters.log10_k.iter().enumerate() {
        let layer = Layer::new(&format!("k = 1e{log10_k}"), "map", "rho", "exponent", Mark::Line, colour);
        map = map.with(layer.only("log10_k", log10_k));
    }
    let limit = Layer::new("limit min(2, 1/rho)", "map", "rho", "exponent", Mark::Dashed, parameters.log10_k.len());
    map = map.with(limit.only("log10_k", f64::INFINITY));
    let mut decay = Panel::new("decay", Axis::log("answers k"), Axis::log("error (s^2)"));
    for (colour, &rho) in parameters.rho.iter().enumerate() {
        let bars = Mark::ErrorBars { standard_error: "standard_error".into() };
        decay = decay
            .with(
                Layer::new(&format!("rho = {rho}: exact"), "decay", "k", "exact", Mark::Line, colour).only("rho", rho),
            )
            .with(
                Layer::new(once(colour, "leading term"), "decay", "k", "leading", Mark::Dashed, colour)
                    .only("rho", rho),
            )
            .with(Layer::new(once(colour, "simulation"), "simulated", "k", "error", bars, colour).only("rho", rho));
    }
    Figure::new(
        "difficulty",
        "Best-of-k decays like 1/k^2 on easy tasks only: beyond rho = 1/2 the exponent is 1/rho",
        "Left: local exponent of the exact error; the kink of the limit (dashed) is approached slowly. Right: exact error (lines), \
         leading terms (dashed) and simulation (points).",
    )
    .with(map)
    .with(decay)
}
