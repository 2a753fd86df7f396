//! `sim run`: studies, stored below the output folder.

use crate::arguments::RunArguments;
use crate::execute::{Finished, execute, run_id, use_threads};
use crate::failure::{Failure, Outcome};
use crate::plan::{Plan, Wishes, plans};
use crate::terminal::Terminal;
use crate::{interrupt, verdicts};
use serde_json::json;
use std::path::{Path, PathBuf};
use tilt::lab::Laboratory;

pub fn run(laboratory: &Laboratory, arguments: &RunArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let wishes = Wishes { quick: arguments.quick, settings: &arguments.settings, seed: arguments.seed };
    let plans = plans(laboratory, &arguments.targets, &wishes)?;
    use_threads(&arguments.threads)?;
    let interrupt = interrupt::flag();
    let mut good = true;
    for plan in &plans {
        let folder = folder(&arguments.out.out, plan);
        let finished = execute(plan, &folder, arguments.resume, &interrupt, terminal)?;
        show(&finished, terminal)?;
        good &= !finished.report.checks.iter().any(|check| verdicts::contradicts_record(laboratory, check));
    }
    Ok(Outcome::of(good))
}

/// Where a plan's run is stored below `out`.
pub fn folder(out: &Path, plan: &Plan) -> PathBuf {
    out.join(plan.study.name).join(run_id(plan))
}

fn show(finished: &Finished, terminal: &Terminal) -> Result<(), Failure> {
    let Finished { folder, record, report, stored } = finished;
    let figures: Vec<String> = report
        .figures
        .iter()
        .map(|figure| folder.join("figures").join(format!("{}.svg", figure.name)).display().to_string())
        .collect();
    let page = folder.join("report.html").display().to_string();
    if terminal.json {
        return terminal.print_json(&json!({
            "study": record.study,
            "folder": folder.display().to_string(),
            "parameters": record.parameters,
            "seed": record.seed,
            "finding": report.finding,
            "checks": report.checks.iter().map(verdicts::brief).collect::<Vec<_>>(),
            "warnings": report.warnings,
            "figures": figures,
            "report": page,
            "stored": stored,
        }));
    }
    let how = if *stored { "stored before".to_string() } else { format!("{:.1} s", record.wall_seconds) };
    terminal.note(format!("{} ({how})", record.study));
    terminal.print(format!("{}: {}", record.study, report.finding))?;
    if !report.checks.is_empty() {
        terminal.print(verdicts::table(&report.checks, terminal).trim_fmt())?;
    }
    for check in &report.checks {
        if let Some(detail) = verdicts::detail(&check.verdict) {
            terminal.print(format!("{} {}: {detail}", check.subject, check.verdict.word()))?;
        }
    }
    for warning in &report.warnings {
        terminal.print(format!("warning: {warning}"))?;
    }
    for path in figures {
        terminal.print(path)?;
    }
    terminal.print(page)
}
