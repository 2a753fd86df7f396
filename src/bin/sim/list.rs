//! `sim list`: the studies.

use crate::failure::{Failure, Outcome};
use crate::terminal::Terminal;
use serde_json::json;
use tilt::lab::Laboratory;

pub fn list(laboratory: &Laboratory, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut table = terminal.table(&["study", "question", "paper", "claims", "cost"]);
    for study in &laboratory.studies {
        if terminal.json {
            terminal.print_json(&json!({
                "study": study.name,
                "title": study.title,
                "paper": study.paper,
                "claims": study.claims,
                "cost": study.cost,
            }))?;
        }
        table.add_row(vec![study.name, study.title, study.paper, &study.claims.join(", "), study.cost]);
    }
    if !terminal.json {
        terminal.print(table.trim_fmt())?;
    }
    Ok(Outcome::Done)
}
