//! Best-of-N against the KL-constrained optimum as the length grows. The flagship of the engine.
//!
//! Paper: Yang et al. 2024, "best-of-N and KL-constrained RL are asymptotically equivalent" (abstract; the instances are
//! ours). Claims: R23, R24, R25. Model: memoryless sequences of length n, N = e^(n delta). Per symbol the two agree in the
//! limit; the divergence between them, not divided by n, grows like (1/2) log n. Exact at every length against the
//! second-order formula; simulated by plain draws of the maximum. Cost: O(n^2) a non-lattice length, O(n log n) on a
//! lattice.

use super::super::grid;
use crate::asymptotics::best_of_asymptotic::best_of_asymptotic;
use crate::asymptotics::level_sampling::best_level;
use crate::asymptotics::memoryless::Memoryless;
use crate::asymptotics::memoryless_best_of::memoryless_best_of_on;
use crate::asymptotics::reward_law::reward_law;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::prob::kl_optimum;
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
    /// Rewards of a symbol, one instance each.
    rewards: Vec<Vec<f64>>,
    /// Lattice span of each instance; 0 for non-lattice.
    spans: Vec<f64>,
    /// Budget a symbol in nats, below saturation.
    delta: f64,
    /// Largest length, in symbols; >= 10.
    length_max: u64,
    /// Number of lengths; >= 2.
    lengths: usize,
    /// Number of lengths that are also simulated; >= 2.
    simulated_lengths: usize,
    /// Draws of best-of-N a simulated length; >= 2.
    draws: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/length", include_str!("../../../sims/asymptotics/length.toml"), run).about(
        "How far is best-of-N from the KL-constrained optimum at length n?",
        "Yang et al., arXiv 2404.01730 (abstract; instances ours)",
        &["asymptotics/R23", "asymptotics/R24", "asymptotics/R25"],
        "30 s; quick 1 s",
    )
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    if parameters.spans.len() != parameters.rewards.len() {
        let expected = format!("one span for each of {} instances", parameters.rewards.len());
        return Err(Error::invalid("spans", parameters.spans.len(), expected));
    }
    let mut table = Table::new(
        "length",
        "Best-of-N at N = e^(n delta): exact and to second order, against the optimum at the same budget.",
        &[
            ("instance", "index of the reward vector"),
            ("n_symbols", "length"),
            ("reward_per_symbol", "mean reward of best-of-N over n, exact"),
            ("reward_per_symbol_second_order", "the same from the second-order formula"),
            ("optimum_per_symbol", "mean reward of the optimum over n"),
            ("kl_to_optimum_nats", "divergence of best-of-N from the optimum, exact"),
            ("kl_to_optimum_second_order_nats", "the same from the second-order formula"),
            ("kl_to_optimum_per_symbol_nats", "that divergence over n"),
            ("half_log_n_nats", "(1/2) log n, shifted to meet the curve at the last length"),
        ],
    );
    let mut simulated = Table::new(
        "simulated",
        "Mean reward of simulated best-of-N.",
        &[
            ("instance", "index of the reward vector"),
            ("n_symbols", "length"),
            ("reward_per_symbol", "simulated mean reward over n"),
            ("reward_per_symbol_standard_error", "its standard error"),
        ],
    );
    let mut frontier = Check::bound("asymptotics/R25", "mean reward of best-of-N <= the optimum at its divergence")
        .tolerance(1e-12, "rounding, relative to the reward");
    let mut second = Check::agreement("asymptotics/R24", "n |exact - second order| / log^2 n stays below 2")
        .tolerance(2.0, "the stated order log^2(n)/n, constant from the specification's table (1.2 at n = 10)");
    for (instance, (rewards, &span)) in parameters.rewards.iter().zip(&parameters.spans).enumerate() {
        let letter = Memoryless::new(&parameters.p, rewards, 1)?;
        let lengths = grid::whole("lengths", 10, parameters.length_max, parameters.lengths)?;
        let rows = context.executor.map(&lengths, |&n| {
            context.memo(&format!("instance {instance}, n {n}"), || {
                let model = letter.with_length(n)?;
                let law = reward_law(&model)?;
                let best = memoryless_best_of_on(&model, &law, n as f64 * parameters.delta)?;
                Ok((best.mean, best.rl_mean_per_symbol, best.kl_to_rl, best.kl))
            })
        })?;
        let last = lengths.last().zip(rows.last());
        let shift = last.map_or(0.0, |(&n, row)| row.2 - 0.5 * (n as f64).ln());
        for (&n, &(mean, optimum, kl_to_rl, kl)) in lengths.iter().zip(&rows) {
            let length = n as f64;
            let formula = best_of_asymptotic(&letter.with_length(n)?, parameters.delta, span)?;
            let at_same_kl = kl_optimum(letter.letters(), letter.rewards(), kl / length)?.tilt.mean;
            let here = || json!({"instance": instance, "n": n});
            frontier.at_most(mean, length * at_same_kl, mean.abs(), here);
            second.equal(mean, formula.mean, length.ln().powi(2) / length, here);
            let numbers = [
                instance as f64,
                length,
                mean / length,
                formula.mean / length,
                optimum,
                kl_to_rl,
                formula.kl_to_rl,
                kl_to_rl / length,
                shift + 0.5 * length.ln(),
            ];
            table.push(numbers.map(Into::into));
        }
        for n in grid::whole("simulated_lengths", 10, parameters.length_max, parameters.simulated_lengths)? {
            let law = reward_law(&letter.with_length(n)?)?;
            let (log_n, length) = (n as f64 * parameters.delta, n as f64);
            let label = format!("instance={instance}/n={n}");
            let mean =
                context.executor.run(&label, &Plan::fixed(parameters.draws), Moments::new, |block, moments| {
                    for mut stream in block.streams() {
                        moments.add(law.levels.values()[best_level(&law.levels, log_n, &mut stream)] / length);
                    }
                    Ok(())
                })?;
            simulated.push([instance as f64, length, mean.mean(), mean.standard_error()].map(Into::into));
        }
    }
    Ok(Report {
        finding:
            "Per symbol best-of-N reaches the optimum; the divergence between the two, not divided by n, grows like \
                  (1/2) log n, as the second-order formula says."
                .to_string(),
        tables: vec![table, simulated],
        figures: vec![figure(parameters.rewards.len())],
        checks: vec![frontier.finish(), second.finish()],
        warnings: Vec::new(),
    })
}

fn figure(instances: usize) -> Figure {
    let symbols = || Axis::log("length n (symbols)");
    let mut reward = Panel::new("reward", symbols(), Axis::linear("mean reward per symbol"));
    let mut divergence =
        Panel::new("divergence, not divided by n", symbols(), Axis::linear("KL to the optimum (nats)"));
    let mut rate = Panel::new("divergence per symbol", symbols(), Axis::log("KL to the optimum per symbol (nats)"));
    let name = |i: usize| ["A", "B", "C", "D"].get(i).map_or_else(|| i.to_string(), |name| name.to_string());
    for i in 0..instances {
        let of = |layer: Layer| layer.only("instance", i as f64);
        let line = |label: String, y, mark| of(Layer::new(&label, "length", "n_symbols", y, mark, i));
        let errors = Mark::ErrorBars { standard_error: "reward_per_symbol_standard_error".into() };
        reward = reward
            .with(line(format!("{}: optimum", name(i)), "optimum_per_symbol", Mark::Dashed))
            .with(line(format!("{}: best-of-N, exact", name(i)), "reward_per_symbol", Mark::Line))
            .with(line(format!("{}: second order", name(i)), "reward_per_symbol_second_order", Mark::Dotted))
            .with(of(Layer::new(
                &format!("{}: simulated", name(i)),
                "simulated",
                "n_symbols",
                "reward_per_symbol",
                errors,
                i,
            )));
        divergence = divergence.with(line(format!("{}: exact", name(i)), "kl_to_optimum_nats", Mark::Line)).with(line(
            format!("{}: second order", name(i)),
            "kl_to_optimum_second_order_nats",
            Mark::Dotted,
        ));
        rate = rate.with(line(format!("{}: exact", name(i)), "kl_to_optimum_per_symbol_nats", Mark::Line));
    }
    let half = Layer::new("(1/2) log n", "length", "n_symbols", "half_log_n_nats", Mark::Dashed, instances);
    divergence = divergence.with(half.only("instance", 0.0));
    let mut figure = Figure::new(
        "length",
        "Best-of-N reaches the KL-constrained optimum per symbol, and only per symbol",
        "N = e^(n delta). Left: the reward per symbol closes in on the optimum like log(n)/n. Middle: the divergence between \
         the two grows like (1/2) log n. Right: divided by n it vanishes.",
    )
    .with(reward)
    .with(divergence)
    .with(rate);
    figure.per_row = 3;
    figure
}
