//! The registry: all quantities, claims, studies and tasks, looked up by name.

use super::{Claim, Quantity, Study, Task};

/// Everything that the laboratory knows.
#[derive(Default)]
pub struct Laboratory {
    /// Quantities, by engine.
    pub quantities: Vec<Quantity>,
    /// Claims, by engine.
    pub claims: Vec<Claim>,
    /// Studies, by engine.
    pub studies: Vec<Study>,
    /// Benchmark tasks, by engine.
    pub tasks: Vec<Task>,
    /// Studies of the tour: the flagship of every engine.
    pub tour: Vec<&'static str>,
}

impl Laboratory {
    /// The quantity called `name`.
    pub fn quantity(&self, name: &str) -> Option<&Quantity> {
        self.quantities.iter().find(|quantity| quantity.name == name)
    }

    /// The study called `name`.
    pub fn study(&self, name: &str) -> Option<&Study> {
        self.studies.iter().find(|study| study.name == name)
    }
}

/// The candidate most like `name`, if any is like it: Damerau-Levenshtein distance at most a third of its length plus one.
///
/// ```
/// assert_eq!(tilt::lab::nearest("asymptotics.bom", ["asymptotics.bon", "asymptotics.rate"]), Some("asymptotics.bon"));
/// assert_eq!(tilt::lab::nearest("xyzzy", ["asymptotics.bon"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(name, candidate);
    let best = candidates.into_iter().min_by_key(|candidate| distance(candidate))?;
    (distance(best) <= name.len() / 3 + 1).then_some(best)
}
