//! Floor 6: from records to files that people read.
//!
//! A run is a folder:
//!
//! ```text
//! record.json          what was run (the record), and under "report" everything about the report that is no number
//! tables/<name>.csv    the numbers
//! checks.json          the checks
//! figures/<name>.svg   and .png, drawn from the tables
//! report.html          all of it on one page that needs nothing else
//! ```
//!
//! [`write_run`] writes it and [`read_run`] reads it back. Two runs with equal parameters give the same bytes in tables,
//! figures and checks. A figure is drawn from its description and the tables by [`figure_svg`] and [`figure_png`], with
//! the font embedded; [`page`] puts any number of runs on one page.

mod axis;
mod canvas;
mod csv;
mod figure;
mod legend;
mod marks;
mod page;
mod panel;
mod run;
mod series;
mod text;
mod theme;

pub use csv::table_csv;
pub use figure::{figure_png, figure_svg};
pub use page::page;
pub use run::{read_run, write_run, write_whole};

/// Text made safe for the content and the attributes of XML and HTML; characters that XML forbids are left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
