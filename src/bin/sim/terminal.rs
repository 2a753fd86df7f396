//! What is printed where: results to standard output, notes to standard error.

use crate::arguments::{Colour, Global, Level};
use crate::failure::Failure;
use comfy_table::presets::NOTHING;
use comfy_table::{Cell, Color, ContentArrangement, LineStyle, Table, TableStyle};
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// The two streams and what they can show.
pub struct Terminal {
    /// Results as JSON, one object a line.
    pub json: bool,
    pub colour_of_errors: bool,
    pub errors_on_terminal: bool,
    /// Progress is shown.
    pub progress: bool,
    colour: bool,
    quiet: bool,
    level: Level,
}

impl Terminal {
    pub fn new(global: &Global) -> Terminal {
        let (results, errors) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = |on_terminal: bool| match global.color {
            Colour::Auto => on_terminal && !plain,
            Colour::Always => true,
            Colour::Never => false,
        };
        Terminal {
            json: global.json,
            colour_of_errors: colour(errors),
            errors_on_terminal: errors,
            progress: errors && !global.quiet,
            colour: colour(results),
            quiet: global.quiet,
            level: global.log,
        }
    }

    /// A line of results.
    pub fn print(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        Ok(writeln!(std::io::stdout().lock(), "{text}")?)
    }

    /// A line of JSON.
    pub fn print_json(&self, value: &impl Serialize) -> Result<(), Failure> {
        self.print(tilt::lab::to_json(value)?)
    }

    /// A remark for people, on standard error; left out when quiet or when nobody reads it for pleasure.
    pub fn note(&self, text: impl std::fmt::Display) {
        if !self.quiet && !self.json {
            eprintln!("{text}");
        }
    }

    /// A message of the log.
    pub fn log(&self, level: Level, text: impl std::fmt::Display) {
        if level <= self.level {
            eprintln!("{}: {text}", ["off", "warn", "info", "debug"][level as usize]);
        }
    }

    /// A table as wide as the terminal, or as its contents where there is none.
    pub fn table(&self, header: &[&str]) -> Table {
        let mut table = Table::new();
        table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_header(header.to_vec());
        if self.colour {
            table.enforce_styling();
        }
        table
    }

    /// A verdict's word as a cell, in its colour.
    pub fn verdict(&self, word: &str) -> Cell {
        let cell = Cell::new(word);
        let colour = match word {
            "holds" | "as recorded" => Color::Green,
            "holds under a condition" => Color::Cyan,
            "undecided" | "uncovered" => Color::Yellow,
            "fails" | "error" => Color::Red,
            _ => return cell,
        };
        if self.colour { cell.fg(colour) } else { cell }
    }
}

/// Columns of text with a rule under the header.
const STYLE: TableStyle = NOTHING.header_separator(LineStyle::none().fill('-').junction(' '));

/// A number for people: up to 6 digits.
pub fn short(x: f64) -> String {
    match x.abs() {
        0.0 => "0".to_string(),
        a if a.is_infinite() || (1e-3..1e6).contains(&a) => {
            let digits = if a.is_finite() { (5 - a.log10().floor() as i32).clamp(0, 9) as usize } else { 0 };
            let text = format!("{x:.digits$}");
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
        }
        _ => format!("{x:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_are_short() {
        for (x, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (100.0, "100"),
            (-0.25, "-0.25"),
            (2.0 / 3.0, "0.666667"),
            (123456.7, "123457"),
            (1e-9, "1.00e-9"),
            (2.5e300, "2.50e300"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(short(x), text);
        }
    }
}
