//! Studies of the judge engine, and the checks of its claims.

mod best_of_k;
pub mod claims;
mod curves;
mod difficulty;
mod equivalents;
mod judges;
mod misfit;
mod noisy;
mod phase;
pub mod tasks;
mod temperature;
mod tradeoff;
mod training;

use crate::lab::Study;

/// All studies of the engine.
pub fn all() -> Vec<Study> {
    vec![
        judges::study(),
        best_of_k::study(),
        equivalents::study(),
        difficulty::study(),
        tradeoff::study(),
        phase::study(),
        temperature::study(),
        misfit::study(),
        noisy::study(),
    ]
}
