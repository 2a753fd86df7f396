//! Studies of the games engine, and the checks of its claims.

mod annealing;
pub mod claims;
mod convergence;
mod learners;
mod matrix;
mod portrait;
mod queries;
mod sampled;
mod stability;
pub mod tasks;
mod transitivity;

use crate::lab::Study;

/// All studies of the engine.
pub fn all() -> Vec<Study> {
    vec![
        portrait::study(),
        convergence::study(),
        stability::study(),
        learners::study(),
        queries::study(),
        sampled::study(),
        annealing::study(),
        transitivity::study(),
        matrix::study(),
    ]
}
