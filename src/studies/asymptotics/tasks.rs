//! Throughput tasks of the engine: the models and units of the scripts that time other libraries.
//!
//! A vocabulary of 1,024 outcomes with a uniformly drawn base law and normal rewards. Draws are counted as base draws: a
//! best-of-64 maximum stands for the 64 draws that the other libraries make for it.

use crate::asymptotics::level_sampling::best_level;
use crate::lab::{Task, Work};
use crate::prob::{BestOfSweep, Law, Levels, TiltSweep};
use crate::sampling::Address;
use serde_json::json;

const VOCABULARY: usize = 1024;
const BATCH: u64 = 2000;
const BEST_OF: u64 = 64;

/// All tasks of the engine.
pub fn all() -> Vec<Task> {
    let parameters = || json!({"vocab": VOCABULARY, "n": BEST_OF, "batch": BATCH});
    vec![
        Task {
            name: "asymptotics/exact",
            unit: "policies",
            parameters,
            prepare: || {
                let (law, rewards) = vocabulary();
                let sweep = BestOfSweep::new(Levels::of_outcomes(&law, &rewards).0);
                Box::new(move || {
                    let mut total = 0.0;
                    for i in 0..BATCH {
                        total += sweep.at(((1 + i % BEST_OF) as f64).ln()).kl;
                    }
                    let last = sweep.at((BEST_OF as f64).ln());
                    Work { units: BATCH as f64, check: json!({"reward": last.mean, "kl": last.kl, "kl_sum": total}) }
                })
            },
        },
        Task {
            name: "asymptotics/tilt",
            unit: "policies",
            parameters,
            prepare: || {
                let (law, rewards) = vocabulary();
                let sweep = TiltSweep::new(&law, &rewards).expect("a valid law and finite rewards");
                Box::new(move || {
                    let (mut reward, mut kl, mut total) = (0.0, 0.0, 0.0);
                    for i in 0..BATCH {
                        let point = sweep.at(0.01 + 4.99 * i as f64 / (BATCH - 1) as f64);
                        (reward, kl) = (point.mean, point.kl);
                        total += kl;
                    }
                    Work { units: BATCH as f64, check: json!({"reward": reward, "kl": kl, "kl_sum": total}) }
                })
            },
        },
        Task {
            name: "asymptotics/draws",
            unit: "draws",
            parameters,
            prepare: || {
                let (law, rewards) = vocabulary();
                let levels = Levels::of_outcomes(&law, &rewards).0;
                let address = Address::new(1, "asymptotics/draws", "task");
                Box::new(move || {
                    let mut stream = address.stream(0);
                    let log_n = (BEST_OF as f64).ln();
                    let total: f64 = (0..BATCH).map(|_| levels.values()[best_level(&levels, log_n, &mut stream)]).sum();
                    Work { units: (BATCH * BEST_OF) as f64, check: json!({"reward": total / BATCH as f64}) }
                })
            },
        },
    ]
}

/// The vocabulary that both sides are timed on (`benches/peers/_common.py` makes the same): a base law drawn uniformly from
/// the simplex and standard normal rewards, from Knuth's 64-bit linear congruential generator.
fn vocabulary() -> (Law, Vec<f64>) {
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    };
    let weights: Vec<f64> = (0..VOCABULARY).map(|_| -uniform().ln()).collect();
    let total: f64 = weights.iter().sum();
    let law = Law::new(&weights.iter().map(|w| w / total).collect::<Vec<_>>()).expect("normalised weights");
    let normal = |_| (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    (law, (0..VOCABULARY).map(normal).collect())
}
