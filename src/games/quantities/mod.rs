//! The engine's quantities: thin adapters from JSON to the functions of this engine, and nothing else.
//!
//! Field names and shapes are those of the specification's table, to the letter.

mod games;
mod input;
mod preferences;
mod runs;
mod sampled;

use crate::lab::Quantity;

/// All quantities of the engine.
pub fn all() -> Vec<Quantity> {
    [games::all(), runs::all(), preferences::all()].into_iter().flatten().collect()
}
