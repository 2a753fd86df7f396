//! Runs as folders: written whole, read back from the files alone.

use super::csv::{has_misleading_words, read_rows, table_csv};
use super::{figure_png, figure_svg, page};
use crate::lab::{Check, Column, Figure, Record, Report, Table};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What `record.json` holds of the report: everything but rows and checks, which have files of their own.
#[derive(Serialize, Deserialize)]
struct Outline {
    finding: String,
    warnings: Vec<String>,
    tables: Vec<TableOutline>,
    figures: Vec<Figure>,
}

#[derive(Serialize, Deserialize)]
struct TableOutline {
    name: String,
    caption: String,
    columns: Vec<Column>,
    /// Columns whose fields are all words, also those that look like numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    words: Vec<String>,
}

/// `record.json`: the record's fields, and the report's under one key.
#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(flatten)]
    record: Record,
    report: Outline,
}

impl Outline {
    fn of(report: &Report) -> Self {
        let table = |table: &Table| TableOutline {
            name: table.name.clone(),
            caption: table.caption.clone(),
            columns: table.columns.clone(),
            words: (0..table.columns.len())
                .filter(|&column| has_misleading_words(table, column))
                .map(|column| table.columns[column].name.clone())
                .collect(),
        };
        Outline {
            finding: report.finding.clone(),
            warnings: report.warnings.clone(),
            tables: report.tables.iter().map(table).collect(),
            figures: report.figures.clone(),
        }
    }
}

/// Writes the files of a run into `folder`, which is made if need be. `record.json` comes last: a folder that has it is
/// complete.
///
/// # Errors
/// [`Error::File`] if a file cannot be written; [`Error::InvalidInput`] if two tables or two figures share a name, if a
/// name is no file name, or if a figure cannot be drawn.
pub fn write_run(folder: &Path, record: &Record, report: &Report) -> Result<()> {
    check_names("table", report.tables.iter().map(|table| table.name.as_str()))?;
    check_names("figure", report.figures.iter().map(|figure| figure.name.as_str()))?;
    for table in &report.tables {
        write_whole(&table_path(folder, &table.name), table_csv(table).as_bytes())?;
    }
    for figure in &report.figures {
        let path = folder.join("figures").join(&figure.name);
        let svg = figure_svg(figure, &report.tables, &record.command)?;
        write_whole(&with_extension(&path, "svg"), svg.as_bytes())?;
        write_whole(&with_extension(&path, "png"), &figure_png(figure, &report.tables, &record.command)?)?;
    }
    write_whole(&folder.join("checks.json"), &json(&report.checks, "checks")?)?;
    let html = page(&record.study, &[(record.clone(), report.clone())])?;
    write_whole(&folder.join("report.html"), html.as_bytes())?;
    let document = Document { record: record.clone(), report: Outline::of(report) };
    write_whole(&folder.join("record.json"), &json(&document, "record")?)
}

/// Reads back what [`write_run`] wrote. A word of a table that is empty comes back as "no value".
///
/// # Errors
/// [`Error::File`] names the file that is missing or not as it was written.
pub fn read_run(folder: &Path) -> Result<(Record, Report)> {
    let Document { record, report: Outline { finding, warnings, tables: outlines, figures } } =
        read_json(&folder.join("record.json"))?;
    let checks: Vec<Check> = read_json(&folder.join("checks.json"))?;
    check_names("table", outlines.iter().map(|table| table.name.as_str()))?;
    let mut tables = Vec::with_capacity(outlines.len());
    for TableOutline { name, caption, columns, words } in outlines {
        let path = table_path(folder, &name);
        let words: Vec<bool> = columns.iter().map(|column| words.contains(&column.name)).collect();
        let rows = read_rows(&read_text(&path)?, &columns, &words, &path.display().to_string())?;
        tables.push(Table { name, caption, columns, rows });
    }
    Ok((record, Report { finding, tables, figures, checks, warnings }))
}

/// Writes a file whole or not at all: beside it first, then renamed. Missing folders are made.
///
/// # Errors
/// [`Error::File`] with the path and the system's reason.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |error: std::io::Error| file_error(path, error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // The process is in the name: two that write the same file do not write into each other.
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = fs::File::create(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&part);
        failed(error)
    })
}

fn table_path(folder: &Path, name: &str) -> PathBuf {
    with_extension(&folder.join("tables").join(name), "csv")
}

/// `Path::with_extension` would cut a name at its last dot.
fn with_extension(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

fn check_names<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        let fit = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(fit) {
            let expected = "letters, digits, `_`, `-` and `.`, since it names a file";
            return Err(Error::invalid(format!("name of a {what}"), format!("`{name}`"), expected));
        }
        // Some file systems do not tell capitals from small letters.
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err(Error::invalid(format!("name of a {what}"), format!("`{name}` twice"), "a name of its own"));
        }
    }
    Ok(())
}

fn json(value: &impl Serialize, what: &str) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| Error::invalid(what, error, "finite numbers or infinities throughout"))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| file_error(path, error))
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = read_text(path)?;
    let mut reader = serde_json::Deserializer::from_str(&text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| file_error(path, error))
}

fn file_error(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::File { path: path.display().to_string(), message: error.to_string() }
}
