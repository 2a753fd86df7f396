//! The claims of the specification, each with its source as far as it was read, and its checks.
//!
//! One file a group of results. A check is a function from a sampling context to a [`Check`](crate::lab::Check); it draws
//! its own instances, so that it can be run alone.

mod canonical;
mod constants;
mod epic;
mod instances;
mod optima;
mod order;
mod proxies;

use crate::lab::Claim;

/// All claims of the engine.
pub fn all() -> Vec<Claim> {
    let groups = [
        canonical::claims(),
        constants::claims(),
        epic::claims(),
        proxies::claims(),
        optima::claims(),
        order::claims(),
    ];
    groups.into_iter().flatten().collect()
}
