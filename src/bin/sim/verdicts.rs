//! Checks and their verdicts, as tables and as JSON.

use crate::terminal::{Terminal, short};
use comfy_table::{Cell, Table};
use serde_json::{Value, json};
use tilt::lab::{Check, Laboratory, Recorded, Verdict};

/// A table of checks, a row each.
pub fn table<'a>(checks: impl IntoIterator<Item = &'a Check>, terminal: &Terminal) -> Table {
    let header = ["claim", "what", "left", "right", "tolerance", "resolution", "instances", "verdict"];
    let mut table = terminal.table(&header);
    for check in checks {
        table.add_row([
            Cell::new(&check.subject),
            Cell::new(&check.what),
            Cell::new(short(check.left.0)),
            Cell::new(short(check.right.0)),
            Cell::new(short(check.tolerance.value)),
            Cell::new(short(check.resolution.0)),
            Cell::new(check.instances),
            terminal.verdict(check.verdict.word()),
        ]);
    }
    table
}

/// What a verdict says beyond its word: the condition, the counter-example, what would decide.
pub fn detail(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Holds => None,
        Verdict::HoldsUnder(text) | Verdict::Fails(text) | Verdict::Undecided(text) => Some(shortened(text)),
    }
}

/// The start of a text: a counter-example may be as large as the model.
fn shortened(text: &str) -> String {
    const LENGTH: usize = 300;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

/// A check in brief, for one line of JSON a run.
pub fn brief(check: &Check) -> Value {
    json!({"subject": check.subject, "what": check.what, "verdict": check.verdict.word()})
}

/// Whether a check of a study contradicts the record. One check alone cannot confirm that a claim fails, and a quick run
/// may leave it undecided; but it must not fail where the claim is on record as holding.
pub fn contradicts_record(laboratory: &Laboratory, check: &Check) -> bool {
    let claim = laboratory.claims.iter().find(|claim| claim.id == check.subject);
    let may_fail = claim.is_some_and(|claim| matches!(claim.recorded, Recorded::Fails(_)));
    matches!(check.verdict, Verdict::Fails(_)) && !may_fail
}
