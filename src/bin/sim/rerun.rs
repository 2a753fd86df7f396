//! `sim rerun`: a stored run again, compared byte for byte.

use crate::arguments::RerunArguments;
use crate::execute::{compute, use_threads};
use crate::failure::{Failure, Outcome};
use crate::plan::Plan;
use crate::terminal::Terminal;
use crate::{glob, interrupt};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tilt::lab::{Laboratory, Record};
use tilt::report::{read_run, write_run};
use tilt::sampling::Journal;

pub fn rerun(laboratory: &Laboratory, arguments: &RerunArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let named = &arguments.record;
    if !named.exists() {
        return Err(Failure::input(format!("{}: no such file or folder", named.display()), None));
    }
    let folder = match named.is_dir() {
        true => named.as_path(),
        false => named.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")),
    };
    let (first, _) = read_run(folder)?;
    let names = || laboratory.studies.iter().map(|study| study.name);
    let study =
        laboratory.study(&first.study).ok_or_else(|| Failure::unknown("study", &first.study, names(), "sim list"))?;
    if first.version != env!("CARGO_PKG_VERSION") {
        terminal.note(format!("the run is of version {}, this is {}", first.version, env!("CARGO_PKG_VERSION")));
    }
    use_threads(&arguments.threads)?;
    let plan = Plan::of_record(study, &first.parameters, first.seed)?;
    let (second, report) = compute(&plan, Journal::none(), &interrupt::flag(), terminal)?;
    let again = fresh_folder(&arguments.out, &plan);
    // The command is printed in the figures: that of the stored run, which is repeated here.
    write_run(&again, &Record { command: first.command, ..second }, &report)?;
    let (same, different) = compare(folder, &again);
    if terminal.json {
        let folders = [folder, &again].map(|folder| folder.display().to_string());
        terminal.print_json(&json!({"study": study.name, "folders": folders, "same": same, "different": different}))?;
    } else {
        for file in &different {
            terminal.print(format!("different: {file}"))?;
        }
        let count = same.len();
        terminal.print(format!("{}: {count} files the same, {} different", study.name, different.len()))?;
        terminal.print(again.display())?;
    }
    Ok(Outcome::of(different.is_empty()))
}

/// A folder that does not exist yet.
fn fresh_folder(out: &Path, plan: &Plan) -> PathBuf {
    let base = crate::run::folder(out, plan);
    let numbered = |n: u32| if n == 1 { base.clone() } else { base.with_file_name(format!("{}-{n}", name(&base))) };
    (1..).map(numbered).find(|folder| !folder.exists()).unwrap_or_else(|| base.clone())
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The files of numbers of two runs: those with equal bytes, and the others.
fn compare(first: &Path, second: &Path) -> (Vec<String>, Vec<String>) {
    let files = |folder: &Path| {
        let parts = ["tables", "figures"].map(|part| glob::files_below(&folder.join(part), &|_| true));
        let relative = |path: PathBuf| path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        let mut names: BTreeSet<String> = parts.into_iter().flatten().map(relative).collect();
        names.insert("checks.json".to_string());
        names
    };
    let all: BTreeSet<String> = files(first).union(&files(second)).cloned().collect();
    all.into_iter().partition(|name| {
        let read = |folder: &Path| std::fs::read(folder.join(name)).ok();
        read(first).is_some_and(|bytes| read(second).is_some_and(|other| bytes == other))
    })
}
