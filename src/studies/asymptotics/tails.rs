//! Tail probabilities of the total reward: the rate function in the limit, and how good its refinements are at length n.
//!
//! Paper: Yang et al. 2024 (abstract: large deviations of the reward; instance ours); Bahadur-Rao and Lugannani-Rice recalled,
//! the 1/n term derived. Claims: R21, R22. Model: memoryless sequences with lattice rewards, thresholds on the lattice. Exact
//! at every length; simulated by importance sampling under the tilt whose mean is the threshold. Cost: one exact law a length.

use crate::asymptotics::memoryless::Memoryless;
use crate::asymptotics::memoryless_sampling::TailSampler;
use crate::asymptotics::reward_law::reward_law;
use crate::asymptotics::tail::{TailApproximations, tail_approximations};
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::prob::rate;
use crate::sampling::{Moments, Plan};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Reward of a symbol, on a lattice.
    s: Vec<f64>,
    /// Largest span of that lattice; > 0.
    span: f64,
    /// Lengths of the curves against the rate function, in symbols.
    lengths: Vec<u64>,
    /// The length that is also simulated, in symbols.
    simulated_length: u64,
    /// Thresholds that are simulated; >= 1.
    simulated_points: usize,
    /// Weighted draws a simulated threshold; >= 2.
    draws: u64,
    /// Threshold a symbol of the approximations, above the mean and below the largest reward.
    threshold_per_symbol: f64,
    /// Lengths of the approximations, ascending, thresholds on the lattice; 3 at least.
    approximation_lengths: Vec<u64>,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/tails", include_str!("../../../sims/asymptotics/tails.toml"), run).about(
        "How well do the rate function and its refinements describe the tail of the reward?",
        "Yang et al., arXiv 2404.01730 (abstract; instance ours); classical expansions recalled, 1/n term derived",
        &["asymptotics/R21", "asymptotics/R22"],
        "0.2 s",
    )
}

/// Lattice thresholds strictly between the mean and the largest total reward.
fn thresholds(model: &Memoryless, span: f64) -> Vec<f64> {
    let n = model.length() as f64;
    let (low, high) = (n * model.rewards()[0], n * model.rewards()[model.rewards().len() - 1]);
    let count = ((high - low) / span).round() as u64;
    let mean = n * model.symbol_mean();
    // Half a step away from the mean, where the rate vanishes.
    (0..count).map(|i| low + i as f64 * span).filter(|t| *t > mean + 0.5 * span).collect()
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    let lengths = &parameters.approximation_lengths;
    if lengths.len() < 3 || lengths.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Error::invalid(
            "approximation_lengths",
            format!("{lengths:?}"),
            "three ascending lengths at least",
        ));
    }
    let letter = Memoryless::new(&parameters.p, &parameters.s, 1)?;
    let widest = parameters.s.iter().fold(0.0f64, |widest, s| widest.max((s - parameters.s[0]).abs()));
    if !(parameters.span > widest * 1e-6 && parameters.span.is_finite()) {
        return Err(Error::invalid("span", parameters.span, "the span of the lattice of s, finite and > 0"));
    }
    let mut decay = Table::new(
        "decay",
        "Decay of the exact tail against the rate function.",
        &[
            ("n_symbols", "length"),
            ("threshold_per_symbol", "threshold over n"),
            ("decay_nats", "-(1/n) log P(R >= threshold)"),
            ("rate_nats", "rate function"),
        ],
    );
    let mut simulated = Table::new(
        "simulated",
        "Decay of the tail by importance sampling.",
        &[
            ("n_symbols", "length"),
            ("threshold_per_symbol", "threshold over n"),
            ("decay_nats", "simulated -(1/n) log P(R >= threshold)"),
            ("decay_standard_error_nats", "its standard error"),
        ],
    );
    let mut errors = Table::new(
        "errors",
        "Absolute errors of the logarithm of the tail at one threshold a symbol.",
        &[
            ("n_symbols", "length"),
            ("chernoff", "error of -n I"),
            ("bahadur_rao", "error of Bahadur-Rao"),
            ("bahadur_rao_1", "error of Bahadur-Rao with its 1/n term"),
            ("lugannani_rice", "error of Lugannani-Rice"),
            ("slope_one", "1/n, through the last error of Bahadur-Rao"),
            ("slope_two", "1/n^2, through the last error with the 1/n term"),
        ],
    );
    let mut chernoff = Check::bound("asymptotics/R22", "P(R >= t) <= e^(-nI)")
        .tolerance(1e-12, "rounding of the logarithms, relative to their size");
    let mut excess = Check::agreement("asymptotics/R21", "-log P - n I - (1/2) log n is constant up to O(1/n)")
        .tolerance(5.0, "the 1/n term: about 1.5 on the specification's instance, three times that allowed");
    let mut agree =
        Check::agreement("asymptotics/R22", "importance sampling = exact tail").tolerance(5.0, "five standard errors");
    for &n in &parameters.lengths {
        let model = letter.with_length(n)?;
        let length = n as f64;
        let law = reward_law(&model)?;
        let points = thresholds(&model, parameters.span);
        for &t in &points {
            let (log_tail, x) = (law.log_survival_ge(t), t / length);
            let rate = rate(model.letters(), model.rewards(), x, 0.0)?.rate;
            chernoff.at_most(log_tail, -length * rate, log_tail.abs().max(1.0), || json!({"n": n, "threshold": t}));
            decay.push([length, x, -log_tail / length, rate].map(Into::into));
        }
        if n != parameters.simulated_length {
            continue;
        }
        let step = points.len().div_ceil(parameters.simulated_points.max(1)).max(1);
        for &t in points.iter().step_by(step) {
            let sampler = TailSampler::new(&model, t)?;
            let plan = Plan::fixed(parameters.draws);
            let weight = context.executor.run(&format!("n={n}/t={t}"), &plan, Moments::new, |block, moments| {
                for mut stream in block.streams() {
                    moments.add(sampler.weight(&mut stream));
                }
                Ok(())
            })?;
            let log_tail = sampler.log_scale + weight.mean().ln();
            let error = weight.standard_error() / weight.mean();
            agree.equal(log_tail, law.log_survival_ge(t), error, || json!({"n": n, "threshold": t}));
            simulated.push([length, t / length, -log_tail / length, error / length].map(Into::into));
        }
    }
    if simulated.rows.is_empty() {
        return Err(Error::invalid("simulated_length", parameters.simulated_length, "one of lengths"));
    }
    let rows = context.executor.map(lengths, |&n| {
        let threshold = (parameters.threshold_per_symbol * n as f64 / parameters.span).round() * parameters.span;
        tail_approximations(&letter.with_length(n)?, threshold, parameters.span)
    })?;
    let mut curves: [Vec<(f64, f64)>; 3] = Default::default();
    let shape = |n: f64, at: &TailApproximations| at.log_chernoff - at.log_exact - 0.5 * n.ln();
    let last = rows.len() - 1;
    let last_length = lengths[last] as f64;
    let error = |approximate: Option<f64>, at: &TailApproximations| {
        approximate.map_or(f64::NAN, |value| (value - at.log_exact).abs())
    };
    let of = |at: &TailApproximations| {
        [Some(at.log_bahadur_rao), at.log_bahadur_rao_1, at.log_lugannani_rice].map(|value| error(value, at))
    };
    let ends = of(&rows[last]);
    for (&n, at) in lengths.iter().zip(&rows) {
        let length = n as f64;
        let here = of(at);
        for (curve, value) in curves.iter_mut().zip(here) {
            curve.push((length, value));
        }
        excess.equal(shape(length, at), shape(last_length, &rows[last]), 1.0 / length, || json!({"n": n}));
        let ratio = last_length / length;
        let references = [ends[0] * ratio, ends[1] * ratio * ratio];
        let numbers =
            [length, error(Some(at.log_chernoff), at), here[0], here[1], here[2], references[0], references[1]];
        errors.push(numbers.map(Into::into));
    }
    let mut checks = vec![chernoff.finish(), excess.finish(), agree.finish()];
    let mut slopes = Vec::new();
    for (name, curve, (stated, competitor)) in [
        ("Bahadur-Rao", &curves[0], (-1.0, -2.0)),
        ("Bahadur-Rao with its 1/n term", &curves[1], (-2.0, -1.0)),
        ("Lugannani-Rice", &curves[2], (-1.0, -2.0)),
    ] {
        let what = format!("the exponent of the log error of {name} in n is {stated}");
        let mut exponent = Check::rates("asymptotics/R22", &what);
        let ((from, before), (to, after)) = (curve[last - 1], curve[last]);
        let slope = (after / before).ln() / (to / from).ln();
        // A next order 1 + a/n with a <= 20 moves the slope by a/n at most.
        exponent.rate(slope, 20.0 / from, stated, competitor, || json!({"n from": from, "n to": to}));
        slopes.push(format!("{name} n^({slope:.2})"));
        checks.push(exponent.finish());
    }
    Ok(Report {
        finding: format!(
            "The tail decays at the rate function plus (log n)/(2n); errors of the logarithm fall like {}.",
            slopes.join(", ")
        ),
        tables: vec![decay, simulated, errors],
        figures: vec![figure(&parameters.lengths)],
        checks,
        warnings: Vec::new(),
    })
}

fn figure(lengths: &[u64]) -> Figure {
    let mut decay = Panel::new(
        "decay of the tail",
        Axis::linear("threshold per symbol (reward)"),
        Axis::linear("-(1/n) log P (nats per symbol)"),
    );
    for (colour, &n) in lengths.iter().enumerate() {
        let label = format!("n = {n}: exact");
        let layer = Layer::new(&label, "decay", "threshold_per_symbol", "decay_nats", Mark::Line, colour);
        decay = decay.with(layer.only("n_symbols", n as f64));
    }
    let errors = Mark::ErrorBars { standard_error: "decay_standard_error_nats".into() };
    decay = decay.with(Layer::new(
        "importance sampling",
        "simulated",
        "threshold_per_symbol",
        "decay_nats",
        errors,
        lengths.len(),
    ));
    if let Some(&longest) = lengths.iter().max() {
        let limit =
            Layer::new("rate function", "decay", "threshold_per_symbol", "rate_nats", Mark::Dashed, lengths.len() + 1);
        decay = decay.with(limit.only("n_symbols", longest as f64));
    }
    let of = |label: &str, y, mark, colour| Layer::new(label, "errors", "n_symbols", y, mark, colour);
    let approximations =
        Panel::new("approximations", Axis::log("length n (symbols)"), Axis::log("absolute error of log P (nats)"))
            .with(of("Chernoff e^(-nI)", "chernoff", Mark::Line, 0))
            .with(of("Bahadur-Rao", "bahadur_rao", Mark::Line, 1))
            .with(of("with its 1/n term", "bahadur_rao_1", Mark::Line, 2))
            .with(of("Lugannani-Rice", "lugannani_rice", Mark::Line, 3))
            .with(of("slope -1", "slope_one", Mark::Dashed, 4))
            .with(of("slope -2", "slope_two", Mark::Dashed, 5));
    Figure::new(
        "tails",
        "The rate function needs hundreds of symbols; its refinements are good from ten on",
        "Left: the exact decay comes down to the rate function like (log n)/(2n). Right: at one threshold Bahadur-Rao errs by \
         O(1/n), its 1/n term makes that O(1/n^2), and Lugannani-Rice is O(1/n) with a small constant.",
    )
    .with(decay)
    .with(approximations)
}
