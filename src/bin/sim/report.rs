//! `sim report`: one page of all stored runs below a folder.

use crate::arguments::ReportArguments;
use crate::failure::{Failure, Outcome};
use crate::glob;
use crate::terminal::Terminal;
use serde_json::json;
use std::path::Path;
use tilt::report::{page, read_run, write_whole};

pub fn report(arguments: &ReportArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let folder = &arguments.folder;
    let records = glob::files_below(folder, &|path| path.file_name().is_some_and(|name| name == "record.json"));
    if records.is_empty() {
        return Err(Failure::input(format!("{}: no stored runs (record.json) below it", folder.display()), None));
    }
    let runs: Vec<_> =
        records.iter().map(|path| read_run(path.parent().unwrap_or(Path::new(".")))).collect::<Result<_, _>>()?;
    let path = folder.join("report.html");
    write_whole(&path, page("Stored runs", &runs)?.as_bytes())?;
    let path = path.display().to_string();
    match terminal.json {
        true => terminal.print_json(&json!({"runs": runs.len(), "report": path}))?,
        false => terminal.print(path)?,
    }
    Ok(Outcome::Done)
}
