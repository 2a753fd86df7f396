//! What a study returns.

use super::{Check, Figure, Table};
use serde::{Deserialize, Serialize};

/// Tables, figures, checks and one sentence that says what was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The finding, in one or two sentences with its numbers.
    pub finding: String,
    /// All numbers.
    pub tables: Vec<Table>,
    /// Descriptions of the figures; they refer to `tables`.
    pub figures: Vec<Figure>,
    /// Checks of claims made on the run's numbers.
    pub checks: Vec<Check>,
    /// What the reader should know before trusting a number: laws outside their validity, unresolved differences.
    pub warnings: Vec<String>,
}
