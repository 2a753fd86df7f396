//! Throughput tasks of the engine: the games and units of the scripts that time other libraries.
//!
//! $A = \tfrac12\tanh(z - z^T)$, $z$ a matrix of standard normals, always the same; reference uniform, $\beta = 0.05$,
//! $\gamma = 0.5$. `small-prox` runs ten thousand games of ten actions at once; an iteration is one of one game.

use crate::games::batch::{Batch, BatchLearner};
use crate::games::certified_winner::certified_winner;
use crate::games::game::{Game, suboptimality_in};
use crate::games::learner::mirror_descent::MirrorDescent;
use crate::games::learner::mirror_prox::MirrorProx;
use crate::games::learner::{Arena, Iterate, Learner, run_exact};
use crate::games::policy::Reference;
use crate::games::preference::Preference;
use crate::games::step::{MirrorStep, Step};
use crate::lab::{Task, Work};
use crate::sampling::Address;
use serde_json::{Value, json};

const BETA: f64 = 0.05;
const GAMMA: f64 = 0.5;
const SIZE: usize = 1000;
const ITERATIONS: u64 = 500;
const SMALL: usize = 10;
const GAMES: u64 = 10_000;
const SMALL_ITERATIONS: u64 = 100;
const VALUE_SIZE: usize = 200;

/// All tasks of the engine.
pub fn all() -> Vec<Task> {
    let large = || json!({"size": SIZE, "iters": ITERATIONS, "tau": BETA, "eta": GAMMA});
    vec![
        Task {
            name: "games/prox",
            unit: "iterations",
            parameters: large,
            prepare: || learning(Box::new(|step| Box::new(MirrorProx::new(step)))),
        },
        Task {
            name: "games/md",
            unit: "iterations",
            parameters: large,
            prepare: || learning(Box::new(|step| Box::new(MirrorDescent::new(step)))),
        },
        Task {
            name: "games/small-prox",
            unit: "iterations",
            parameters: || json!({"size": SMALL, "games": GAMES, "iters": SMALL_ITERATIONS, "tau": BETA, "eta": GAMMA}),
            prepare: || {
                let games: Vec<Game> = (0..GAMES).map(|g| game(SMALL, g)).collect();
                let batch = Batch::new(&games).expect("games of one size");
                Box::new(move || {
                    let out = batch
                        .run(BatchLearner::MirrorProx, SMALL_ITERATIONS, |beta| Step::Magnetic(GAMMA).mirror(beta))
                        .expect("a valid step");
                    let worst = (0..games.len()).map(|g| {
                        let range = g * SMALL..(g + 1) * SMALL;
                        gap(&games[g], &out.log_ratios[range.clone()], &out.policies[range])
                    });
                    let worst = worst.fold(0.0, f64::max);
                    Work { units: (GAMES * SMALL_ITERATIONS) as f64, check: json!({"largest_suboptimality": worst}) }
                })
            },
        },
        Task {
            name: "games/certified-value",
            unit: "games",
            parameters: || json!({"size": VALUE_SIZE}),
            prepare: || {
                let game = game(VALUE_SIZE, 0);
                Box::new(move || {
                    let winner = certified_winner(game.preference()).expect("a game has a value");
                    Work { units: 1.0, check: json!({"exploitability": winner.exploitability}) }
                })
            },
        },
    ]
}

/// $\tfrac12\tanh(z - z^T)$.
fn game(size: usize, number: u64) -> Game {
    let mut stream = Address::new(0, "games/tasks", "game").stream(number);
    let z: Vec<f64> = (0..size * size).map(|_| stream.normal()).collect();
    let preference = Preference::from_upper(size, |i, j| 0.5 * (z[i * size + j] - z[j * size + i]).tanh());
    let reference = Reference::uniform(size).expect("at least one action");
    Game::new(preference, reference, BETA).expect("a positive strength")
}

fn gap(game: &Game, log_ratio: &[f64], policy: &[f64]) -> f64 {
    let (mut payoff, mut work) = (vec![0.0; policy.len()], vec![0.0; policy.len()]);
    suboptimality_in(game, log_ratio, policy, &mut payoff, &mut work)
}

type Maker = Box<dyn Fn(MirrorStep) -> Box<dyn Learner>>;

fn learning(make: Maker) -> Box<dyn FnMut() -> Work> {
    let game = game(SIZE, 0);
    let step = Step::Magnetic(GAMMA).mirror(BETA).expect("a positive step");
    Box::new(move || {
        let mut iterate = Iterate::reference(game.reference());
        let arena = Arena { log_reference: game.reference().log_probs(), beta: BETA };
        let done = run_exact(make(step).as_mut(), &arena, game.preference(), &mut iterate, ITERATIONS);
        let check: Value = match done {
            Ok(_) => json!({"suboptimality": gap(&game, &iterate.log_ratio, &iterate.policy)}),
            Err(error) => json!({"error": error.to_string()}),
        };
        Work { units: ITERATIONS as f64, check }
    })
}
