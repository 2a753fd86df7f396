//! Studies of the asymptotics engine, and the checks of its claims.

mod blocks;
pub mod claims;
mod hedge;
mod length;
mod markov;
mod path;
mod saturation;
mod soft;
mod staircase;
mod tails;
pub mod tasks;
mod threshold;
mod twin;
mod win_rate;
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
        win_rate::study(),
        soft::study(),
        tails::study(),
        markov::study(),
        path::study(),
        twin::study(),
    ]
}
