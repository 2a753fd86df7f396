//! Claims on best-of-N over sequences of independent symbols: the limit, the second order, the frontier, blocks.

use crate::Result;
use crate::asymptotics::best_of_asymptotic::best_of_asymptotic;
use crate::asymptotics::block::block_best_of_at_kl;
use crate::asymptotics::memoryless::Memoryless;
use crate::asymptotics::memoryless_best_of::memoryless_best_of;
use crate::asymptotics::reward_law::reward_law;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling};
use crate::prob::{best_of, best_of_kl_bound, kl_optimum};
use serde_json::json;

const P: [f64; 3] = [0.5, 0.3, 0.2];
const LATTICE: [f64; 3] = [0.0, 1.0, 2.0];
const NON_LATTICE: [f64; 3] = [0.0, 1.0, 1.838_477_631_085_023_5];

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "asymptotics/R23",
            statement: "With N = e^(n delta) best-of-N tends to the KL-constrained optimum per symbol below Delta_max; the \
                        best sequence is missed with probability (1-P*)^N.",
            source: "Yang et al., arXiv 2404.01730 (abstract); derived",
            conditions: "memoryless symbols",
            recorded: Recorded::Holds,
            checks: &[divergence_per_symbol_vanishes, miss_probability],
        },
        Claim {
            id: "asymptotics/R24",
            statement: "Mean reward, divergence and divergence to the optimum of best-of-N have the second-order expansions of \
                        the Gumbel window; the last grows like (1/2) log n.",
            source: "derived; not in the abstract of Yang et al., arXiv 2404.01730",
            conditions: "0 < delta < Delta_max; on a lattice the constants are periodic",
            recorded: Recorded::Holds,
            checks: &[second_order],
        },
        Claim {
            id: "asymptotics/R25",
            statement: "Best-of-N never beats the frontier: E R <= n Rw(D/n) <= n Rw((log N - (N-1)/N)/n).",
            source: "derived",
            conditions: "memoryless symbols, every n and real N",
            recorded: Recorded::Holds,
            checks: &[never_beats_the_frontier],
        },
        Claim {
            id: "asymptotics/R26",
            statement: "At fixed divergence per symbol the reward of best-of-N on blocks tends to the optimum as blocks grow.",
            source: "derived; motivated by Verdun et al., arXiv 2505.03156 (notes)",
            conditions: "memoryless symbols",
            recorded: Recorded::Holds,
            checks: &[long_blocks_win],
        },
        Claim {
            id: "asymptotics/R26b",
            statement: "The reward of best-of-N on blocks grows with the block length at fixed divergence per symbol.",
            source: "derived",
            conditions: "as stated for all block lengths",
            recorded: Recorded::Fails("blocks of 2 earn less than single symbols"),
            checks: &[blocks_are_ordered],
        },
    ]
}

fn divergence_per_symbol_vanishes(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::rates("asymptotics/R23", "growth of D(pi||phi) per log n between lengths 200 and 800 is 1/2, not 1");
    for s in [LATTICE, NON_LATTICE] {
        let at = |n: u64| Ok(memoryless_best_of(&Memoryless::new(&P, &s, n)?, 0.2 * n as f64)?.kl_to_rl);
        let (low, high): (f64, f64) = (at(200)?, at(800)?);
        // The remainder is O(log^2(n)/n) at each end, about 0.14 and 0.056, and a periodic term on the lattice.
        check.rate((high - low) / 4f64.ln(), 0.15, 0.5, 1.0, || json!({"s": s, "kl": [low, high]}));
    }
    Ok(check.finish())
}

fn miss_probability(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity("asymptotics/R23", "P(R < n s_max) = (1-P*)^N below, at and above Delta_max")
        .tolerance(1e-11, "rounding, relative to 1 plus the exponent");
    let saturation = -(0.2f64.ln());
    for n in [1u64, 5, 20, 80] {
        let levels = reward_law(&Memoryless::new(&P, &LATTICE, n)?)?.levels;
        for delta in [0.7 * saturation, saturation, 1.02 * saturation] {
            let log_n = n as f64 * delta;
            let miss: f64 = best_of(&levels, log_n).log_probs[..levels.len() - 1].iter().map(|x| x.exp()).sum();
            let exponent = log_n.exp() * (-(-(n as f64) * saturation).exp()).ln_1p();
            check.equal(miss, exponent.exp(), 1.0 - exponent, || json!({"n": n, "delta": delta}));
        }
    }
    Ok(check.finish())
}

fn second_order(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::agreement("asymptotics/R24", "n |exact - expansion| / log^2 n <= 2 for mean and divergences")
            .tolerance(2.0, "the stated order, constant from the specification's own table (1.2)");
    for (s, span) in [(LATTICE, 1.0), (NON_LATTICE, 0.0)] {
        for n in [50u64, 100, 200, 400, 800] {
            let model = Memoryless::new(&P, &s, n)?;
            let (exact, formula) =
                (memoryless_best_of(&model, 0.2 * n as f64)?, best_of_asymptotic(&model, 0.2, span)?);
            let order = (n as f64).ln().powi(2) / n as f64;
            for (name, a, b) in [
                ("mean", exact.mean, formula.mean),
                ("kl", exact.kl, formula.kl),
                ("kl_to_rl", exact.kl_to_rl, formula.kl_to_rl),
            ] {
                check.equal(a, b, order, || json!({"s": s, "n": n, "output": name}));
            }
        }
    }
    Ok(check.finish())
}

fn never_beats_the_frontier(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R25", "E R / n <= Rw(D/n) <= Rw(bound/n)").tolerance(1e-12, "rounding");
    let mut draw = Instances::new(25);
    for _ in 0..200 {
        let k = draw.count(2, 4) as usize;
        let (p, s, n) = (draw.positive_law(k), draw.rewards(k), draw.count(1, 30));
        let log_n = draw.uniform(0.0, 10.0);
        let model = Memoryless::new(&p, &s, n)?;
        let best = memoryless_best_of(&model, log_n)?;
        let length = n as f64;
        let frontier = |kl: f64| -> Result<f64> { Ok(kl_optimum(model.letters(), model.rewards(), kl)?.tilt.mean) };
        let (here, above) = (frontier(best.kl.max(0.0) / length)?, frontier(best_of_kl_bound(log_n) / length)?);
        let instance = || json!({"p": p, "s": s, "n": n, "log_best_of": log_n});
        check.at_most(best.mean / length, here, 1.0, instance);
        check.at_most(here, above, 1.0, instance);
    }
    Ok(check.finish())
}

/// Reward per symbol of blocks of length 1, 2, 4, ... at .2 nats a symbol.
fn block_rewards(s: &[f64], lengths: &[u64]) -> Result<Vec<f64>> {
    let reward = |&length: &u64| Ok(block_best_of_at_kl(&Memoryless::new(&P, s, length)?, 0.2)?.mean_per_symbol);
    lengths.iter().map(reward).collect()
}

fn long_blocks_win(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::bound("asymptotics/R26", "shortfall of blocks of 4b <= 0.75 of that of blocks of b, b >= 16")
            .tolerance(1e-10, "root of the divergence, to rounding");
    let optimum = kl_optimum(Memoryless::new(&P, &LATTICE, 1)?.letters(), &LATTICE, 0.2)?.tilt.mean;
    let lengths = [16, 64, 256];
    let rewards = block_rewards(&LATTICE, &lengths)?;
    for (i, pair) in rewards.windows(2).enumerate() {
        check.at_most(optimum - pair[1], 0.75 * (optimum - pair[0]), 1.0, || json!({"block": lengths[i]}));
    }
    Ok(check.finish())
}

fn blocks_are_ordered(_: &Sampling) -> Result<Check> {
    let mut check = Check::ordering("asymptotics/R26b", "reward of blocks of b <= reward of blocks of 2b")
        .tolerance(1e-10, "root of the divergence, to rounding");
    let lengths = [1, 2, 4, 8, 16, 32, 64];
    let rewards = block_rewards(&LATTICE, &lengths)?;
    for (i, pair) in rewards.windows(2).enumerate() {
        check.at_most(pair[0], pair[1], 1.0, || json!({"p": P, "s": LATTICE, "block": lengths[i]}));
    }
    Ok(check.finish())
}
