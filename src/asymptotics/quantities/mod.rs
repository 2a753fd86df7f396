//! The engine's quantities: thin adapters from JSON to the functions of this engine, and nothing else.
//!
//! One file a section of the specification. An entry gives name, meaning, a generator of random inputs, and one closure a
//! route. Field names and shapes are those of the specification's table, to the letter.
//!
//! An asymptotic route comes with the inputs of `in_the_limit`, models without rare outcomes for which the constants are of
//! order one, and with the constants themselves: about twice the largest seen on 400 such models, the same at all three
//! steps towards the limit.

mod best_of;
mod budget;
mod markov;
mod memoryless;

use crate::Result;
use crate::asymptotics::drawn_law::{Drawn, DrawnBestOf, DrawnLaw, Reference};
use crate::lab::{Quantity, Sampling};
use crate::sampling::{Plan, Stream};

/// Best of `e^log_best_of` total rewards, from draws of `base` and of its `tilted` law in turn; measured against
/// `reference`.
fn simulate_best_of(
    sampling: &Sampling,
    (tilt, reference, tolerance, log_best_of): (Reference, Reference, f64, f64),
    base: impl Fn(&mut Stream) -> f64 + Sync,
    tilted: impl Fn(&mut Stream) -> f64 + Sync,
) -> Result<(DrawnBestOf, DrawnBestOf)> {
    Drawn::room_for(sampling.samples)?;
    let draws = sampling.executor.run("draws", &Plan::fixed(sampling.samples), Drawn::default, |block, drawn| {
        for mut stream in block.streams() {
            let even = stream.repetition() % 2 == 0;
            drawn.0.push(if even { base(&mut stream) } else { tilted(&mut stream) });
        }
        Ok(())
    })?;
    Ok(DrawnLaw::new(draws.0, tilt, tolerance).best_of(log_best_of, reference))
}

/// All quantities of the engine.
pub fn all() -> Vec<Quantity> {
    [budget::all(), best_of::all(), memoryless::all(), markov::all()].into_iter().flatten().collect()
}
