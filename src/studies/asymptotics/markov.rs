//! Best-of-N on a Markov chain against the KL-constrained optimum as the length grows.
//!
//! Paper: derived; the memoryless theorem is Yang et al. 2024, its extension to chains Balasundaram and Rameshwar 2026
//! (abstracts; instance ours). Claims: R27, R28. Model: an irreducible chain with a reward for each state, N = e^(n delta).
//! Per symbol the two tend to one rate; the divergence between them grows like (1/2) log n. A chain with equal rows is the
//! memoryless model. Cost: one exact law of the reward a length.

use super::super::grid;
use crate::asymptotics::level_sampling::best_level;
use crate::asymptotics::markov::{Chain, markov_tilt};
use crate::asymptotics::markov_best_of::{markov_best_of, markov_best_of_on};
use crate::asymptotics::markov_reward_law::markov_reward_law;
use crate::asymptotics::markov_solve::markov_solve;
use crate::asymptotics::memoryless::Memoryless;
use crate::asymptotics::memoryless_best_of::memoryless_best_of;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::sampling::{Moments, Plan};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Transition probabilities, one row a state; irreducible.
    transition: Vec<Vec<f64>>,
    /// Law of the first state.
    initial: Vec<f64>,
    /// Reward of each state, on a lattice.
    reward: Vec<f64>,
    /// Budget a symbol in nats, above 0 and below the saturation of the chain.
    delta: f64,
    /// Largest length, in symbols; >= 100.
    length_max: u64,
    /// Number of lengths; >= 4.
    lengths: usize,
    /// Number of lengths that are also simulated; >= 2.
    simulated_lengths: usize,
    /// Draws of best-of-N a simulated length; >= 2.
    draws: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/markov", include_str!("../../../sims/asymptotics/markov.toml"), run).about(
        "Does best-of-N reach the optimum on sequences with memory?",
        "derived; Yang et al., arXiv 2404.01730, and its extension arXiv 2610.01828 (abstracts; instance ours)",
        &["asymptotics/R27", "asymptotics/R28"],
        "0.3 s",
    )
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    if parameters.length_max < 100 || parameters.lengths < 4 {
        return Err(Error::invalid("length_max", parameters.length_max, "100 symbols at least, and 4 lengths"));
    }
    let chain = Chain::new(&parameters.transition, &parameters.reward)?;
    let limit = markov_solve(&chain, parameters.delta)?;
    let mut table = Table::new(
        "length",
        "Best-of-N at N = e^(n delta) on the chain, the optimum of the same length, and the asymptotic rate.",
        &[
            ("n_symbols", "length"),
            ("reward_per_symbol", "mean reward of best-of-N over n"),
            ("optimum_per_symbol", "mean reward of the optimum at budget log N, over n"),
            ("rate_per_symbol", "mean reward a symbol of the asymptotic optimum"),
            ("kl_to_optimum_nats", "divergence of best-of-N from the optimum"),
            ("half_log_n_nats", "(1/2) log n, shifted to meet the curve at the last length"),
        ],
    );
    let mut simulated = Table::new(
        "simulated",
        "Mean reward of simulated best-of-N.",
        &[
            ("n_symbols", "length"),
            ("reward_per_symbol", "simulated mean reward over n"),
            ("reward_per_symbol_standard_error", "its standard error"),
        ],
    );
    let mut rates = Check::identity("asymptotics/R27", "KL rate = b Lambda'(b) - Lambda(b) at the asymptotic optimum")
        .tolerance(1e-12, "rounding, relative to the larger term");
    let mut frontier = Check::bound("asymptotics/R28", "best-of-N <= the optimum at budget log N")
        .tolerance(1e-12, "rounding, relative to the reward");
    let mut converges = Check::rates("asymptotics/R28", "the optimum per symbol tends to the rate like 1/n");
    let mut growth = Check::rates("asymptotics/R28", "the divergence to the optimum grows like (1/2) log n");
    let mut memoryless = Check::agreement("asymptotics/R28", "a chain with equal rows is the memoryless model")
        .tolerance(1e-10, "rounding of two exact laws, relative");
    let mut agree = Check::agreement("asymptotics/R28", "simulated best-of-N = exact mean reward")
        .tolerance(5.0, "five standard errors");
    let tilted = markov_tilt(&chain, limit.beta)?;
    let terms = (limit.beta * tilted.mean, tilted.scgf);
    rates.equal(tilted.kl_rate, terms.0 - terms.1, terms.0.abs().max(terms.1.abs()), || json!({"beta": limit.beta}));

    let lengths = grid::whole("lengths", 10, parameters.length_max, parameters.lengths)?;
    let rows = context.executor.map(&lengths, |&n| {
        context.memo(&format!("n {n}"), || {
            let best = markov_best_of(&chain, &parameters.initial, n, n as f64 * parameters.delta)?;
            Ok((best.mean, best.rl_mean, best.kl_to_rl))
        })
    })?;
    let last = rows.len() - 1;
    let (end, at_end) = (lengths[last] as f64, rows[last]);
    for (&n, &(mean, optimum, kl_to_rl)) in lengths.iter().zip(&rows) {
        let length = n as f64;
        frontier.at_most(mean, optimum, optimum.abs(), || json!({"n": n}));
        let half_log = at_end.2 + 0.5 * (length / end).ln();
        table.push([length, mean / length, optimum / length, limit.mean, kl_to_rl, half_log].map(Into::into));
    }
    // From a quarter of the largest length to the largest.
    let from = lengths.iter().rposition(|&n| 4 * n <= lengths[last]).unwrap_or(0);
    let (start, at_start) = (lengths[from] as f64, rows[from]);
    let instance = || json!({"n from": start, "n to": end});
    let excess = |n: f64, total: f64| (total / n - limit.mean).abs();
    let factor = (end / start).ln();
    let exponent = (excess(end, at_end.1) / excess(start, at_start.1)).ln() / factor;
    // A next order 1 + a/n with a <= 10 moves the slope by a/n at most.
    converges.rate(exponent, 10.0 / start, -1.0, -0.5, instance);
    // The error of the second order is below 2 log^2(n)/n, as on memoryless sequences (R24).
    let half_width = 2.0 * start.ln().powi(2) / start / factor;
    let slope = (at_end.2 - at_start.2) / factor;
    growth.rate(slope, half_width, 0.5, 0.0, instance);

    let equal_rows = Chain::new(&vec![parameters.initial.clone(); chain.states()], &parameters.reward)?;
    for n in [10, 30, 100] {
        let log_n = n as f64 * parameters.delta;
        let with_memory = markov_best_of(&equal_rows, &parameters.initial, n, log_n)?;
        let without = memoryless_best_of(&Memoryless::new(&parameters.initial, &parameters.reward, n)?, log_n)?;
        memoryless.equal(with_memory.mean, without.mean, without.mean.abs(), || json!({"n": n, "what": "mean"}));
        memoryless.equal(with_memory.kl, without.kl, without.kl, || json!({"n": n, "what": "kl"}));
        let optimum = n as f64 * without.rl_mean_per_symbol;
        memoryless.equal(with_memory.rl_mean, optimum, optimum.abs(), || json!({"n": n, "what": "optimum"}));
    }

    for n in grid::whole("simulated_lengths", 10, parameters.length_max, parameters.simulated_lengths)? {
        let levels = markov_reward_law(&chain, &parameters.initial, n)?;
        let (log_n, length) = (n as f64 * parameters.delta, n as f64);
        let plan = Plan::fixed(parameters.draws);
        let mean = context.executor.run(&format!("n={n}"), &plan, Moments::new, |block, moments| {
            for mut stream in block.streams() {
                moments.add(levels.values()[best_level(&levels, log_n, &mut stream)] / length);
            }
            Ok(())
        })?;
        let exact = markov_best_of_on(&levels, log_n)?.mean / length;
        agree.equal(mean.mean(), exact, mean.standard_error(), || json!({"n": n}));
        simulated.push([length, mean.mean(), mean.standard_error()].map(Into::into));
    }
    Ok(Report {
        finding: format!(
            "With memory as without: per symbol best-of-N and the optimum tend to {:.6}, and the divergence between them grows \
             by {slope:.3} a unit of log n.",
            limit.mean
        ),
        tables: vec![table, simulated],
        figures: vec![figure()],
        checks: vec![
            rates.finish(),
            frontier.finish(),
            converges.finish(),
            growth.finish(),
            memoryless.finish(),
            agree.finish(),
        ],
        warnings: Vec::new(),
    })
}

fn figure() -> Figure {
    let symbols = || Axis::log("length n (symbols)");
    let of = |label: &str, y, mark, colour| Layer::new(label, "length", "n_symbols", y, mark, colour);
    let errors = Mark::ErrorBars { standard_error: "reward_per_symbol_standard_error".into() };
    let reward = Panel::new("reward", symbols(), Axis::linear("mean reward per symbol"))
        .with(of("asymptotic rate", "rate_per_symbol", Mark::Dashed, 0))
        .with(of("optimum at length n", "optimum_per_symbol", Mark::Line, 1))
        .with(of("best-of-N, exact", "reward_per_symbol", Mark::Line, 2))
        .with(Layer::new("best-of-N, simulated", "simulated", "n_symbols", "reward_per_symbol", errors, 2));
    let divergence = Panel::new("divergence, not divided by n", symbols(), Axis::linear("KL to the optimum (nats)"))
        .with(of("best-of-N, exact", "kl_to_optimum_nats", Mark::Line, 2))
        .with(of("(1/2) log n", "half_log_n_nats", Mark::Dashed, 3));
    Figure::new(
        "markov",
        "Memory changes the rate, not the law: best-of-N on a chain reaches the optimum per symbol",
        "N = e^(n delta) on a chain. Left: optimum and best-of-N tend to one rate, the optimum like 1/n, best-of-N like \
         log(n)/n. Right: the divergence between them grows like (1/2) log n.",
    )
    .with(reward)
    .with(divergence)
}
