//! Throughput tasks: the same work as the scripts that time other libraries, in one shape for `sim bench` and criterion.

use serde_json::Value;

/// Work done by one call of a prepared task.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Units done: policies, draws, plays.
    pub units: f64,
    /// A number that another implementation of the same task must reproduce.
    pub check: Value,
}

/// A unit of work ready to be timed.
pub type PreparedTask = Box<dyn FnMut() -> Work>;

/// A benchmark task of the reference size.
#[derive(Clone, Copy)]
pub struct Task {
    /// `<engine>/<name>`.
    pub name: &'static str,
    /// What a unit is, in the plural.
    pub unit: &'static str,
    /// Sizes, as printed.
    pub parameters: fn() -> Value,
    /// Builds the model; what it returns is timed.
    pub prepare: fn() -> PreparedTask,
}
