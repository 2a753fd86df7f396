//! Reward of best-of-N against the budget, through the saturation of the optimum.
//!
//! Paper: Yang et al. 2024 (abstract; instance ours). Claims: R23, R25. Model: memoryless sequences, N = e^(n delta). Below
//! Delta_max the reward per symbol tends to the frontier; at Delta_max the best sequence is found with probability tending
//! to 1 - 1/e; above, the miss probability is (1 - P*)^N, doubly exponential, and the divergence stops at Delta_max.
//! Cost: one exact law a length, O(n) a budget.

use super::super::grid;
use crate::Result;
use crate::asymptotics::memoryless::Memoryless;
use crate::asymptotics::reward_law::reward_law;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::prob::{best_of, kl_optimum};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Rewards of a symbol.
    rewards: Vec<f64>,
    /// Lengths, in symbols; one curve each.
    lengths: Vec<u64>,
    /// Largest budget a symbol, in nats; > 0.
    delta_max: f64,
    /// Budgets; >= 2.
    points: usize,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/threshold", include_str!("../../../sims/asymptotics/threshold.toml"), run).about(
        "What happens to best-of-N when the budget passes the saturation of the optimum?",
        "Yang et al., arXiv 2404.01730 (abstract; instance ours)",
        &["asymptotics/R23", "asymptotics/R25"],
        "1 s",
    )
}

fn run(parameters: &Parameters, _: &Run) -> Result<Report> {
    let letter = Memoryless::new(&parameters.p, &parameters.rewards, 1)?;
    let saturation = kl_optimum(letter.letters(), letter.rewards(), 0.0)?.delta_max;
    let mut budgets = grid::linear("points", 0.0, parameters.delta_max, parameters.points)?;
    if saturation > 0.0 && saturation < parameters.delta_max {
        budgets.push(saturation);
        budgets.sort_by(f64::total_cmp);
    }
    let mut table = Table::new(
        "budget",
        "Best-of-N at N = e^(n delta) against the budget delta.",
        &[
            ("n_symbols", "length; inf for the optimum"),
            ("delta_nats", "budget a symbol, log(N)/n"),
            ("reward_per_symbol", "mean reward over n"),
            ("kl_per_symbol_nats", "divergence from the base over n"),
            ("hit_probability", "probability of the largest total reward"),
        ],
    );
    let mut miss = Check::identity("asymptotics/R23", "log P(R < n s_max) = N log(1 - P*)")
        .tolerance(1e-10, "rounding, relative to the logarithm");
    for &n in &parameters.lengths {
        let length = n as f64;
        let levels = reward_law(&letter.with_length(n)?)?.levels;
        let top = levels.len() - 1;
        for &delta in &budgets {
            let best = best_of(&levels, length * delta);
            let hit = best.log_probs[top].exp();
            // N log(1 - P*) from the symbol law alone; N is formed only where it is a double.
            let expected = (length * delta).exp() * (-(-length * saturation).exp()).ln_1p();
            if top > 0 && hit < 1.0 - 1e-6 && expected < -1e-6 {
                miss.equal((-hit).ln_1p(), expected, expected.abs(), || json!({"n": n, "delta": delta}));
            }
            table.push([length, delta, best.mean / length, best.kl / length, hit].map(Into::into));
        }
    }
    for &delta in &budgets {
        let optimum = kl_optimum(letter.letters(), letter.rewards(), delta)?;
        let hit = if delta >= saturation { 1.0 } else { f64::NAN };
        table.push([f64::INFINITY, delta, optimum.tilt.mean, optimum.tilt.kl, hit].map(Into::into));
    }
    let axis = || Axis::linear("budget per symbol log(N)/n (nats)");
    let mut reward = Panel::new("reward", axis(), Axis::linear("mean reward per symbol"));
    let mut kl = Panel::new("divergence", axis(), Axis::linear("KL from the base per symbol (nats)"));
    let mut hit = Panel::new("finding the best sequence", axis(), Axis::linear("P(R = n s_max)"));
    for (colour, &n) in parameters.lengths.iter().enumerate() {
        let line = |y| {
            Layer::new(&format!("n = {n}"), "budget", "delta_nats", y, Mark::Line, colour).only("n_symbols", n as f64)
        };
        reward = reward.with(line("reward_per_symbol"));
        kl = kl.with(line("kl_per_symbol_nats"));
        hit = hit.with(line("hit_probability"));
    }
    let optimum = |y| {
        Layer::new("optimum", "budget", "delta_nats", y, Mark::Dashed, parameters.lengths.len())
            .only("n_symbols", f64::INFINITY)
    };
    let mut figure = Figure::new(
        "threshold",
        "Past saturation more draws buy nothing: the best sequence is found",
        "Reward and divergence of best-of-N per symbol meet the optimum's from below; the probability of the best sequence jumps \
         from 0 to 1 at Delta_max, passing 1 - 1/e there.",
    )
    .with(reward.with(optimum("reward_per_symbol")))
    .with(kl.with(optimum("kl_per_symbol_nats")))
    .with(hit);
    figure.per_row = 3;
    Ok(Report {
        finding: format!(
            "The optimum saturates at {saturation:.4} nats a symbol; best-of-N jumps to the best sequence there."
        ),
        tables: vec![table],
        figures: vec![figure],
        checks: vec![miss.finish()],
        warnings: Vec::new(),
    })
}
