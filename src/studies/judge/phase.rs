//! Where more answers hurt: the phase diagram of judge and temperature.
//!
//! Paper: Halder and Pehlevan 2025, abstract (near the teacher more answers help, a misspecified judge has a finite optimum);
//! the boundary K1 = 0 is derived, its being the whole boundary is conjectured. The curve at a = .2, b = -1.8, t = 5 is one of an
//! independent audit. Claims: R9, R9b, R13, R13b. Model: one input with bias a; the judge is off the teacher by a - b. Contours
//! of the best number of answers k*: where the errors of k and k + 1 are equal. Cost: a root a contour and temperature, one
//! table an iteration.

use super::super::grid;
use super::curves::once;
use crate::judge::infinite::{finite_k_excess, softmax_infinite};
use crate::judge::model::{Candidates, Reduced};
use crate::judge::softmax::SoftmaxTable;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table, z_limit};
use crate::numerics::roots::bisect;
use crate::sampling::{Plan, VectorMoments};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Bias of the model, in units of its deviation; >= 0.
    a: f64,
    /// Largest shift a - b of the judge, in the same unit; > 0.
    shift_max: f64,
    /// Smallest reduced temperature; >= .05.
    t_min: f64,
    /// Largest reduced temperature.
    t_max: f64,
    /// Temperatures of the diagram; >= 2.
    points: usize,
    /// Numbers of answers k at which a contour separates k* <= k from k* > k; at most 1,000,000.
    contours: Vec<u64>,
    /// Shifts a - b of the curves on the right.
    shifts: Vec<f64>,
    /// Reduced temperature of those curves; > 0.
    curve_t: f64,
    /// Largest number of answers there; 2 to 100,000.
    candidates: u64,
    /// Numbers of answers that are simulated there, ascending; at most 1,000.
    simulated_candidates: Vec<u64>,
    /// Draws of the simulation; >= 2.
    draws: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("judge/phase", include_str!("../../../sims/judge/phase.toml"), run).about(
        "For which judges and temperatures do more answers hurt?",
        "Halder, Pehlevan, arXiv 2512.19905 (abstract); boundary derived; one curve of an independent audit",
        &["judge/R9", "judge/R9b", "judge/R13", "judge/R13b"],
        "10 s, quick 2 s",
    )
}

/// The smallest shift in (0, end) at which `f` changes from <= 0 to > 0, by a scan of 60 steps and bisection.
fn first_crossing(end: f64, f: impl Fn(f64) -> Result<f64>) -> Result<Option<f64>> {
    let step = end / 60.0;
    for i in 1..=60 {
        let x = f64::from(i) * step;
        if f(x)? > 0.0 {
            let mut failure = None;
            let root = bisect(
                |x| {
                    f(x).unwrap_or_else(|error| {
                        failure = Some(error);
                        0.0
                    })
                },
                x - step,
                x,
            );
            return match failure {
                Some(error) => Err(error),
                None => Ok(Some(root.x)),
            };
        }
    }
    Ok(None)
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    let Parameters { a, t_min, t_max, .. } = *parameters;
    if !(a.is_finite() && a >= 0.0) {
        return Err(Error::invalid("a", a, "a finite bias >= 0"));
    }
    if t_min.is_nan() || t_min < 0.05 {
        return Err(Error::invalid("t_min", t_min, "a reduced temperature >= .05"));
    }
    if let Some(k) = parameters.contours.iter().find(|k| !(1..=1_000_000).contains(*k)) {
        return Err(Error::invalid("contours", k, "whole numbers from 1 to 1,000,000"));
    }
    grid::size("candidates", parameters.candidates as usize, 2, 100_000)?;
    let counts = &parameters.simulated_candidates;
    let ascending = counts.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || counts.first().is_none_or(|k| *k == 0) || counts.last() > Some(&1000) {
        return Err(Error::invalid("simulated_candidates", format!("{counts:?}"), "1 to 1,000, ascending"));
    }
    let mut diagram = Table::new(
        "diagram",
        "Shift of the judge at which the best number of answers passes k, by temperature.",
        &[
            ("t", "reduced temperature T/2s^2"),
            ("k", "the contour: beyond the shift at most k answers are best; inf: K1 = 0"),
            ("shift", "a - b, in units of s; empty if not reached"),
        ],
    );
    let mut curves = Table::new(
        "curves",
        "Error against the number of answers at one temperature.",
        &[
            ("shift", "a - b, in units of s"),
            ("k", "number of answers"),
            ("error", "exact error, in units of s^2"),
            ("limit", "infinitely many answers"),
        ],
    );
    let mut simulated = Table::new(
        "simulated",
        "Simulated error at that temperature.",
        &[
            ("shift", "a - b, in units of s"),
            ("k", "number of answers"),
            ("error", "mean, in units of s^2"),
            ("standard_error", "its standard error"),
        ],
    );
    let mut boundary =
        Check::bound("judge/R9", "beyond the boundary K1 = 0, by 5%: least error over finite k against the limit")
            .tolerance(1e-12, "rounding of a long quadrature");
    let mut inside =
        Check::bound("judge/R9b", "before it, by 5%: limit against the least error over k = 1, 2, 4, .. 2^20")
            .tolerance(1e-12, "rounding of a long quadrature");
    let mut order = Check::ordering("judge/R13b", "contours are ordered: fewer answers need a larger shift")
        .tolerance(1e-9, "bisection");
    let mut agree = Check::agreement("judge/R4", "simulated softmax shares against the exact error")
        .tolerance(z_limit(), "standard errors; the share of this comparison in the false-alarm budget");
    let temperatures = grid::logarithmic("points", t_min, t_max, parameters.points)?;
    let mut contours = parameters.contours.clone();
    contours.sort_unstable();
    contours.dedup();
    let rows = context.executor.map(&temperatures, |&t| {
        let mut shifts = Vec::new();
        for &k in &contours {
            let (k, next) = (Candidates::new(k)?, Candidates::new(k + 1)?);
            shifts.push(first_crossing(parameters.shift_max, |shift| {
                let table = SoftmaxTable::new(&Reduced::new(a, a - shift)?, t, next)?;
                Ok(table.at(next) - table.at(k))
            })?);
        }
        shifts
            .push(first_crossing(parameters.shift_max, |shift| Ok(finite_k_excess(&Reduced::new(a, a - shift)?, t)))?);
        Ok(shifts)
    })?;
    let doublings: Vec<Candidates> = (0..=20).map(|i| Candidates::new(1 << i)).collect::<Result<_>>()?;
    for (i, (&t, shifts)) in temperatures.iter().zip(&rows).enumerate() {
        let names = contours.iter().map(|k| *k as f64).chain([f64::INFINITY]);
        for (k, shift) in names.zip(shifts) {
            diagram.push([t.into(), k.into(), (*shift).into()]);
        }
        for pair in shifts.windows(2) {
            if let [Some(fewer), Some(more)] = pair {
                order.at_most(*more, *fewer, 1.0, || json!({"t": t}));
            }
        }
        if let (Some(Some(shift)), 0) = (shifts.last(), i % 4) {
            let least = |shift: f64| -> Result<(f64, f64)> {
                let point = Reduced::new(a, a - shift)?;
                let table = SoftmaxTable::new(&point, t, doublings[20])?;
                let least = doublings.iter().map(|k| table.at(*k)).fold(f64::INFINITY, f64::min);
                Ok((least, softmax_infinite(&point, t)))
            };
            let (beyond, limit) = least(1.05 * shift)?;
            boundary.at_most(beyond, limit, 1.0, || json!({"a": a, "shift": 1.05 * shift, "t": t}));
            let (before, limit) = least(0.95 * shift)?;
            inside.at_most(limit, before, 1.0, || json!({"a": a, "shift": 0.95 * shift, "t": t}));
        }
    }
    let ks = grid::whole("candidates", 1, parameters.candidates, 120)?;
    let t = parameters.curve_t;
    let mut words = Vec::new();
    for &shift in &parameters.shifts {
        let point = Reduced::new(a, a - shift)?;
        let table = SoftmaxTable::new(&point, t, Candidates::new(parameters.candidates)?)?;
        let limit = softmax_infinite(&point, t);
        let mut least = (1, f64::INFINITY);
        for &k in &ks {
            let error = table.at(Candidates::new(k)?);
            if error < least.1 {
                least = (k, error);
            }
            curves.push([shift, k as f64, error, limit].map(Into::into));
        }
        words.push(match least.0 == parameters.candidates {
            true => format!("shift {shift}: more is better"),
            false => format!("shift {shift}: least at k = {}", least.0),
        });
        let moments = simulate(&point, t, counts, parameters.draws, context, &format!("shift={shift}"))?;
        for (i, &k) in counts.iter().enumerate() {
            let (mean, error) = (moments.means()[i], moments.standard_errors()[i]);
            let instance = || json!({"a": a, "shift": shift, "t": t, "k": k, "draws": parameters.draws});
            agree.equal(mean, table.at(Candidates::new(k)?), error, instance);
            simulated.push([shift, k as f64, mean, error].map(Into::into));
        }
    }
    Ok(Report {
        finding: format!("At t = {t}: {}. Beyond K1 = 0 a finite number of answers is best.", words.join("; ")),
        tables: vec![diagram, curves, simulated],
        figures: vec![figure(&contours, parameters)],
        checks: vec![boundary.finish(), inside.finish(), order.finish(), agree.finish()],
        warnings: Vec::new(),
    })
}

/// Errors at all `counts` from the same answers, softmax shares over the first k of them.
fn simulate(point: &Reduced, t: f64, counts: &[u64], draws: u64, context: &Run, label: &str) -> Result<VectorMoments> {
    let (a, b) = (point.a, point.b);
    let last = counts[counts.len() - 1] as usize;
    context.executor.run(
        label,
        &Plan::fixed(draws),
        || VectorMoments::new(counts.len()),
        |block, moments| {
            let (mut z, mut errors) = (vec![0.0; last], vec![0.0; counts.len()]);
            for mut stream in block.streams() {
                stream.normal_block(&mut z);
                let (mut from, mut top, mut weights, mut losses) = (0, f64::NEG_INFINITY, 0.0, 0.0);
                for (error, &k) in errors.iter_mut().zip(counts) {
                    for z in &z[from..k as usize] {
                        let reward = -(z + b) * (z + b) / (2.0 * t);
                        if reward > top {
                            let shrink = (top - reward).exp();
                            (top, weights, losses) = (reward, weights * shrink, losses * shrink);
                        }
                        let weight = (reward - top).exp();
                        weights += weight;
                        losses += weight * (z + a) * (z + a);
                    }
                    from = k as usize;
                    *error = losses / weights;
                }
                moments.add(&errors);
            }
            Ok(())
        },
    )
}

fn figure(contours: &[u64], parameters: &Parameters) -> Figure {
    let mut diagram = Panel::new(
        "best number of answers",
        Axis::linear("shift of the judge a - b (s)").between(0.0, parameters.shift_max),
        Axis::log("reduced temperature t = T/2s^2"),
    );
    let limit = Layer::new("K1 = 0", "diagram", "shift", "t", Mark::Dashed, contours.len());
    diagram = diagram.with(limit.only("k", f64::INFINITY));
    for (colour, &k) in contours.iter().enumerate().rev() {
        let label = format!("{k} and {} answers tie", k + 1);
        diagram = diagram.with(Layer::new(&label, "diagram", "shift", "t", Mark::Line, colour).only("k", k as f64));
    }
    let mut curves = Panel::new(
        &format!("error at t = {}", parameters.curve_t),
        Axis::log("answers k"),
        Axis::linear("error (s^2)"),
    );
    for (colour, &shift) in parameters.shifts.iter().enumerate() {
        let bars = Mark::ErrorBars { standard_error: "standard_error".into() };
        curves = curves
            .with(
                Layer::new(&format!("a - b = {shift}"), "curves", "k", "error", Mark::Line, colour)
                    .only("shift", shift),
            )
            .with(Layer::new(once(colour, "limit"), "curves", "k", "limit", Mark::Dashed, colour).only("shift", shift))
            .with(Layer::new(once(colour, "simulation"), "simulated", "k", "error", bars, colour).only("shift", shift));
    }
    Figure::new(
        "phase",
        "A judge far enough from the teacher has a finite best number of answers",
        "Left: right of the dashed line K1 = 0 a finite number of answers is best; right of a contour at most k answers. Right: one curve \
         from each region; points are simulated, dashed lines the limits of infinitely many answers.",
    )
    .with(diagram)
    .with(curves)
}
