//! `sim` alone: the flagship study of every engine at quick size.

use crate::execute::execute;
use crate::failure::{Failure, Outcome};
use crate::plan::{Plan, Wishes};
use crate::run::folder;
use crate::terminal::Terminal;
use crate::{interrupt, verdicts};
use serde_json::json;
use std::path::Path;
use tilt::lab::{Check, Laboratory};
use tilt::report::{page, write_whole};

pub fn tour(laboratory: &Laboratory, terminal: &Terminal) -> Result<Outcome, Failure> {
    let out = Path::new("out/tour");
    let wishes = Wishes { quick: true, ..Wishes::default() };
    let studies = laboratory.tour.iter().filter_map(|name| laboratory.study(name));
    let plans = studies.map(|study| Plan::of_study(study, &wishes)).collect::<Result<Vec<_>, _>>()?;
    let interrupt = interrupt::flag();
    let mut runs = Vec::new();
    for plan in &plans {
        let finished = execute(plan, &folder(out, plan), false, &interrupt, terminal).map_err(|failure| {
            let Failure::Interrupted(_) = failure else { return failure };
            Failure::Interrupted("interrupted; the studies finished before are in out/tour. Again: sim".to_string())
        })?;
        terminal.note(format!("{} ({:.1} s)", plan.study.name, finished.record.wall_seconds));
        if !terminal.json {
            terminal.print(format!("{}: {}", plan.study.name, finished.report.finding))?;
        }
        runs.push((finished.record, finished.report));
    }
    let checks: Vec<&Check> = runs.iter().flat_map(|(_, report)| &report.checks).collect();
    let path = out.join("report.html");
    write_whole(&path, page("A tour of the laboratory", &runs)?.as_bytes())?;
    let path = path.display().to_string();
    if terminal.json {
        let checks: Vec<_> = checks.iter().map(|check| verdicts::brief(check)).collect();
        terminal.print_json(&json!({"studies": laboratory.tour, "checks": checks, "report": path}))?;
    } else {
        if !checks.is_empty() {
            terminal.print(verdicts::table(checks.iter().copied(), terminal).trim_fmt())?;
        }
        terminal.print(path)?;
    }
    Ok(Outcome::of(!checks.iter().any(|check| verdicts::contradicts_record(laboratory, check))))
}
