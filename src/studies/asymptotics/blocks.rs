//! Best-of-N on independent blocks of symbols, at one divergence per symbol.
//!
//! Paper: derived; motivated by Verdun et al. 2025 (notes). Claims: R26, R26b. Model: memoryless symbols, best-of-N on blocks
//! of length b with the real N that spends the given divergence per symbol. The reward tends to the optimum's as blocks
//! grow, at a price N ~ e^(b delta), but not monotonically: short blocks lose first. Cost: one exact law a block length.

use crate::asymptotics::block::block_best_of_at_kl;
use crate::asymptotics::memoryless::Memoryless;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::prob::kl_optimum;
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
    /// Divergence from the base per symbol, in nats; below saturation.
    kl_per_symbol: f64,
    /// Block lengths are 1, 2, 4, ... up to 2 to this power; at most 12.
    doublings: u32,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/blocks", include_str!("../../../sims/asymptotics/blocks.toml"), run).about(
        "Is best-of-N on longer blocks better at the same divergence?",
        "derived; motivated by Verdun et al., arXiv 2505.03156 (notes)",
        &["asymptotics/R26", "asymptotics/R26b"],
        "2 s",
    )
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    if parameters.doublings > 12 {
        return Err(Error::invalid("doublings", parameters.doublings, "a whole number at most 12"));
    }
    let mut table = Table::new(
        "blocks",
        "Best-of-N on blocks, at one divergence per symbol.",
        &[
            ("instance", "index of the reward vector"),
            ("block_symbols", "block length b"),
            ("log_best_of_nats", "log N a block"),
            ("reward_per_symbol", "mean reward over b"),
            ("optimum_per_symbol", "mean reward of the optimum at the same divergence"),
            ("shortfall", "optimum less reward, per symbol"),
        ],
    );
    let mut frontier = Check::bound("asymptotics/R25", "blocks never beat the optimum").tolerance(1e-12, "rounding");
    for (instance, rewards) in parameters.rewards.iter().enumerate() {
        let letter = Memoryless::new(&parameters.p, rewards, 1)?;
        let optimum = kl_optimum(letter.letters(), letter.rewards(), parameters.kl_per_symbol)?.tilt.mean;
        for doubling in 0..=parameters.doublings {
            let length = 1u64 << doubling;
            let block = context.memo(&format!("instance {instance}, block {length}"), || {
                let best = block_best_of_at_kl(&letter.with_length(length)?, parameters.kl_per_symbol)?;
                Ok((best.log_best_of, best.mean_per_symbol))
            })?;
            let (log_n, mean) = block;
            frontier.at_most(mean, optimum, 1.0, || json!({"instance": instance, "block": length}));
            table.push([instance as f64, length as f64, log_n, mean, optimum, optimum - mean].map(Into::into));
        }
    }
    let axis = || Axis::log("block length b (symbols)");
    let mut reward = Panel::new("reward", axis(), Axis::linear("mean reward per symbol"));
    let mut price = Panel::new("price", axis(), Axis::log("log N a block (nats)"));
    for (i, _) in parameters.rewards.iter().enumerate() {
        let name = ["A", "B", "C", "D"].get(i).map_or_else(|| i.to_string(), |name| name.to_string());
        let layer =
            |label: &str, y, mark| Layer::new(label, "blocks", "block_symbols", y, mark, i).only("instance", i as f64);
        reward = reward
            .with(layer(&format!("{name}: optimum"), "optimum_per_symbol", Mark::Dashed))
            .with(layer(&format!("{name}: best-of-N on blocks"), "reward_per_symbol", Mark::Line))
            .with(layer("", "reward_per_symbol", Mark::Points));
        price = price.with(layer(&name, "log_best_of_nats", Mark::Line));
    }
    let figure = Figure::new(
        "blocks",
        "Longer blocks first lose, then win, at an exponential price",
        "Best-of-N on independent blocks at one divergence per symbol. The reward dips before it climbs to the optimum; single \
         symbols are beaten only by blocks of about 64, at a million draws a block.",
    )
    .with(reward)
    .with(price);
    Ok(Report {
        finding: "The reward of block best-of-N at fixed divergence is not monotone in the block length.".to_string(),
        tables: vec![table],
        figures: vec![figure],
        checks: vec![frontier.finish()],
        warnings: Vec::new(),
    })
}
