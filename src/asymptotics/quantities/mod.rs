//! The engine's quantities: thin adapters from JSON to the functions of this engine, and nothing else.
//!
//! One file a section of the specification. An entry gives name, meaning, a generator of random inputs, and one closure a
//! route. Field names and shapes are those of the specification's table, to the letter.

mod best_of;
mod budget;
mod markov;
mod memoryless;

use crate::lab::Quantity;

/// All quantities of the engine.
pub fn all() -> Vec<Quantity> {
    [budget::all(), best_of::all(), memoryless::all(), markov::all()].into_iter().flatten().collect()
}
