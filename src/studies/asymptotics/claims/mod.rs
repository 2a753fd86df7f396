//! The claims of the specification, each with its source as far as it was read, and its checks.
//!
//! One file a group of results. A check is a function from a sampling context to a [`Check`](crate::lab::Check); it draws
//! its own instances, so that it can be run alone.

use crate::lab::Claim;

/// All claims of the engine.
pub fn all() -> Vec<Claim> {
    Vec::new()
}
