//! Throughput tasks of the engine: the model and sizes of the scripts that time other libraries.
//!
//! `best-of-k`: Bayesian regression of 16 dimensions from 64 points, a posterior draw as the judge of 32 candidates. The training set
//! is drawn by its sufficient statistics, the candidates entry by entry; `best-of-k-scalars` draws of the candidates only what
//! matters, the largest score ([`trials`](crate::judge::trials)). `all-k`: the error of softmax selection at every number of
//! candidates up to a million.

use crate::judge::every_k::every_k;
use crate::judge::model::Reduced;
use crate::judge::trials::{CandidateDraws, Trials, WIDTH};
use crate::lab::{Task, Work};
use crate::sampling::Address;
use serde_json::json;

const DIMENSION: usize = 16;
const DATA: usize = 64;
const CANDIDATES: usize = 32;
const SIGMA: f64 = 0.5;
/// Trials a call: a multiple of the lanes.
const TRIALS: u64 = 2048;
const MOST: usize = 1_000_000;

/// All tasks of the engine.
pub fn all() -> Vec<Task> {
    let trial_sizes = || json!({"dim": DIMENSION, "data": DATA, "k": CANDIDATES, "trials": TRIALS});
    vec![
        Task {
            name: "judge/best-of-k",
            unit: "trials",
            parameters: trial_sizes,
            prepare: || trials(CandidateDraws::All),
        },
        Task {
            name: "judge/best-of-k-scalars",
            unit: "trials",
            parameters: trial_sizes,
            prepare: || trials(CandidateDraws::Best),
        },
        Task {
            name: "judge/all-k",
            unit: "numbers of candidates",
            parameters: || json!({"a": 0.2, "b": -1.8, "t": 5.0, "k": MOST}),
            prepare: || {
                let point = Reduced::new(0.2, -1.8).expect("a valid point");
                let mut losses = vec![0.0; MOST];
                Box::new(move || {
                    every_k(&point, 5.0, &mut losses).expect("a valid temperature");
                    Work {
                        units: MOST as f64,
                        check: json!({"loss_2": losses[1], "loss_256": losses[255], "loss_last": losses[MOST - 1]}),
                    }
                })
            },
        },
    ]
}

/// [`TRIALS`] trials a call, fresh ones each time.
fn trials(draws: CandidateDraws) -> Box<dyn FnMut() -> Work> {
    let mut trials = Trials::new(DIMENSION, DATA, CANDIDATES, SIGMA, draws).expect("valid sizes");
    let address = Address::new(1, "judge/tasks", "trials");
    let mut first = 0;
    Box::new(move || {
        let (mut gold, mut total) = ([0.0; WIDTH], 0.0);
        for _ in 0..TRIALS / WIDTH as u64 {
            trials.run(&mut address.lanes(first..first + WIDTH as u64), &mut gold);
            total += gold.iter().sum::<f64>();
            first += WIDTH as u64;
        }
        Work { units: TRIALS as f64, check: json!({"mean_gold_reward": total / TRIALS as f64}) }
    })
}
