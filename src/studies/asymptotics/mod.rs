//! Studies of the asymptotics engine, and the checks of its claims.

mod saturation;
mod staircase;

use crate::lab::Study;

/// All studies of the engine.
pub fn all() -> Vec<Study> {
    vec![saturation::study(), staircase::study()]
}
