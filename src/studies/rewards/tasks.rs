//! Throughput tasks of the engine: the models and units of the scripts that time other libraries.
//!
//! Random dense processes of 32 states and 4 actions: rows uniform on the simplex, normal rewards.

use crate::lab::{Task, Work};
use crate::rewards::batch::Batch;
use crate::rewards::mdp::Mdp;
use crate::rewards::optimal::{Goal, Planner};
use crate::rewards::regret::RegretSolver;
use crate::rewards::reward::Reward;
use crate::sampling::{Address, Stream};
use serde_json::json;

const STATES: usize = 32;
const ACTIONS: usize = 4;
const PAIRS: usize = 500;
const PROCESSES: usize = 50;
const REGRETS: usize = 50;

/// All tasks of the engine.
pub fn all() -> Vec<Task> {
    vec![
        Task {
            name: "rewards/starc",
            unit: "pairs",
            parameters: || json!({"S": STATES, "A": ACTIONS, "pairs": PAIRS, "gamma": 0.9}),
            prepare: || pairs(false),
        },
        Task {
            name: "rewards/epic",
            unit: "pairs",
            parameters: || json!({"S": STATES, "A": ACTIONS, "pairs": PAIRS, "gamma": 0.9}),
            prepare: || pairs(true),
        },
        Task {
            name: "rewards/solve",
            unit: "mdps",
            parameters: || json!({"S": STATES, "A": ACTIONS, "gamma": 0.95, "count": PROCESSES}),
            prepare: || {
                let mut stream = Address::new(0, "rewards/tasks", "processes").stream(0);
                let processes: Vec<Mdp> = (0..PROCESSES).map(|_| process(&mut stream, 0.95)).collect();
                let rewards: Vec<f64> = (0..PROCESSES * STATES * ACTIONS).map(|_| stream.normal()).collect();
                Box::new(move || {
                    let mut total = 0.0;
                    for (mdp, r) in processes.iter().zip(rewards.chunks_exact(STATES * ACTIONS)) {
                        let mut planner = Planner::new(mdp);
                        planner.optimise(r, Goal::Maximise).expect("policy iteration ends");
                        total += planner.values().iter().sum::<f64>() / STATES as f64;
                    }
                    Work { units: PROCESSES as f64, check: json!({"mean_v": total / PROCESSES as f64}) }
                })
            },
        },
        Task {
            name: "rewards/worst-case-regret",
            unit: "pairs",
            parameters: || json!({"S": STATES, "A": ACTIONS, "pairs": REGRETS, "gamma": 0.9}),
            prepare: || {
                let mut stream = Address::new(0, "rewards/tasks", "regrets").stream(0);
                let mdp = process(&mut stream, 0.9);
                let reward = |values| Reward::on_transitions(&mdp, "R", values).expect("finite rewards");
                let rewards: Vec<Reward> = (0..2 * REGRETS).map(|_| reward(normals(&mut stream))).collect();
                Box::new(move || {
                    let mut solver = RegretSolver::new(&mdp);
                    let regret = |pair: &[Reward]| solver.solve(&pair[0], &pair[1]).expect("lines meet").normalised;
                    let total: f64 = rewards.chunks_exact(2).map(regret).sum();
                    Work { units: REGRETS as f64, check: json!({"mean_regret": total / REGRETS as f64}) }
                })
            },
        },
    ]
}

/// Distances of pairs of rewards on one process: STARC halved, as the script does, or EPIC.
fn pairs(epic: bool) -> Box<dyn FnMut() -> Work> {
    let mut stream = Address::new(0, "rewards/tasks", "pairs").stream(0);
    let mdp = process(&mut stream, 0.9);
    let rewards: Vec<Vec<f64>> = (0..2 * PAIRS).map(|_| normals(&mut stream)).collect();
    Box::new(move || {
        let mut batch = Batch::new(&mdp).expect("a dense process");
        let mut distance = |pair: &[Vec<f64>]| match epic {
            true => batch.epic(&pair[0], &pair[1]).expect("rewards that vary"),
            false => 0.5 * batch.val_l2(&pair[0], &pair[1]),
        };
        let total: f64 = rewards.chunks_exact(2).map(&mut distance).sum();
        Work { units: PAIRS as f64, check: json!({"mean_distance": total / PAIRS as f64}) }
    })
}

fn process(stream: &mut Stream, gamma: f64) -> Mdp {
    let mut p: Vec<f64> = (0..STATES * ACTIONS * STATES).map(|_| stream.exponential()).collect();
    for row in p.chunks_exact_mut(STATES) {
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|x| *x /= total);
    }
    Mdp::from_flat(STATES, ACTIONS, p, &[1.0 / STATES as f64; STATES], gamma).expect("normalised rows")
}

fn normals(stream: &mut Stream) -> Vec<f64> {
    (0..STATES * ACTIONS * STATES).map(|_| stream.normal()).collect()
}
