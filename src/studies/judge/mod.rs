//! Studies of the judge engine, and the checks of its claims.

mod best_of_k;
pub mod claims;
mod curves;
mod difficulty;
mod judges;
mod phase;
mod temperature;
mod training;

use crate::lab::Study;

/// All studies of the engine.
pub fn all() -> Vec<Study> {
    vec![judges::study(), best_of_k::study(), difficulty::study(), phase::study(), temperature::study()]
}
