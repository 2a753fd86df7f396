//! `sim claims`: every claim, what covers it, and what the last check of it said.

use crate::arguments::ClaimsArguments;
use crate::check::last_verdicts;
use crate::failure::{Failure, Outcome};
use crate::terminal::Terminal;
use comfy_table::Cell;
use serde_json::{Value, json};
use tilt::lab::{Claim, Laboratory};

pub fn claims(laboratory: &Laboratory, arguments: &ClaimsArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let last = last_verdicts(&arguments.out.out);
    let verdict = |claim: &Claim| match claim.checks {
        [] => Value::from("uncovered"),
        _ => last.get(claim.id).map_or(Value::Null, |known| known["verdict"].clone()),
    };
    let mut table = terminal.table(&["claim", "statement", "source", "checks", "recorded", "last verdict"]);
    for claim in &laboratory.claims {
        let verdict = verdict(claim);
        if terminal.json {
            terminal.print_json(&json!({
                "claim": claim.id,
                "source": claim.source,
                "statement": claim.statement,
                "conditions": claim.conditions,
                "checks": claim.checks.len(),
                "recorded": claim.recorded.word(),
                "last_verdict": verdict,
            }))?;
        }
        table.add_row([
            Cell::new(claim.id),
            Cell::new(claim.statement),
            Cell::new(claim.source),
            Cell::new(claim.checks.len()),
            Cell::new(claim.recorded.word()),
            terminal.verdict(verdict.as_str().unwrap_or("not run")),
        ]);
    }
    if !terminal.json {
        terminal.print(table.trim_fmt())?;
    }
    Ok(Outcome::Done)
}
