//! The claims of the specification, each with its source as far as it was read, and its checks.
//!
//! One file a group of results. A check is a function from a sampling context to a [`Check`](crate::lab::Check); it draws
//! its own instances, so that it can be run alone.

mod best_of_n;
mod best_of_n_sequences;
mod coincidence;
mod constrained;
mod finite;
mod markov;
mod memoryless;
mod soft_best_of_n;

use crate::lab::Claim;

/// All claims of the engine.
pub fn all() -> Vec<Claim> {
    let groups = [
        constrained::claims(),
        best_of_n::claims(),
        soft_best_of_n::claims(),
        memoryless::claims(),
        best_of_n_sequences::claims(),
        markov::claims(),
        coincidence::claims(),
    ];
    groups.into_iter().flatten().collect()
}
