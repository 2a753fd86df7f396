//! Studies of the rewards engine, and the checks of its claims.

pub mod claims;
pub mod tasks;
mod wedge;

use crate::lab::Study;

/// All studies of the engine.
pub fn all() -> Vec<Study> {
    vec![wedge::study()]
}
