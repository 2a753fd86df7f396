//! The engine's quantities: thin adapters from JSON to the functions of this engine, and nothing else.
//!
//! Field names and shapes are those of the specification's table, to the letter. An MDP or a reward may also be sparse, or a
//! file: see [`model`].

mod distances;
mod finite;
pub mod model;
mod proxies;
mod regrets;
mod values;

use crate::lab::Quantity;

/// All quantities of the engine.
pub fn all() -> Vec<Quantity> {
    [values::all(), distances::all(), regrets::all(), proxies::all(), finite::all()].into_iter().flatten().collect()
}
