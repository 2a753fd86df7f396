//! Studies of the asymptotics engine, and the checks of its claims.

mod blocks;
pub mod claims;
mod hedge;
mod length;
mod saturation;
mod staircase;
pub mod tasks;
mod threshold;
mod window;

use crate::lab::Study;

/// All studies of the engine.
pub fn all() -> Vec<Study> {
    vec![
        length::study(),
        window::study(),
        threshold::study(),
        saturation::study(),
        staircase::study(),
        blocks::study(),
        hedge::study(),
    ]
}
