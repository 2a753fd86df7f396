//! Studies of the judge engine, and the checks of its claims.

pub mod claims;
mod judges;
mod training;

use crate::lab::Study;

/// All studies of the engine.
pub fn all() -> Vec<Study> {
    vec![judges::study()]
}
