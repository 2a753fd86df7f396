//! The page: runs for readers, in one HTML file that needs nothing else.
//!
//! The finding comes first, then what the checks say, then the figures; numbers and the record follow for whoever wants to
//! repeat the run. Figures stand in the page as SVG without identifiers, so that they cannot disturb each other.

use super::csv::{field, number};
use super::{escape, figure_svg};
use crate::Result;
use crate::lab::{Cell, Check, Figure, Record, Report, Table, Verdict};
use std::fmt::Write as _;

/// Rows of a table that the page shows; the CSV file has all.
const ROWS: usize = 30;

/// One page with all `runs` under `title`; see the module's header.
///
/// # Errors
/// As [`figure_svg`](super::figure_svg).
pub fn page(title: &str, runs: &[(Record, Report)]) -> Result<String> {
    let mut body = String::new();
    if runs.len() > 1 {
        body += &format!("<h1>{}</h1>\n{}", escape(title), contents(runs));
    }
    for (index, (record, report)) in runs.iter().enumerate() {
        let heading = if runs.len() == 1 { ("h1", title) } else { ("h2", record.study.as_str()) };
        body += &run(index, heading, record, report)?;
    }
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         <style>\n{}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(title),
        include_str!("page.css"),
    ))
}

/// One line a run: its name and what was found.
fn contents(runs: &[(Record, Report)]) -> String {
    let items = runs.iter().enumerate().map(|(index, (record, report))| {
        let (study, finding) = (escape(&record.study), escape(&report.finding));
        format!("<li><a href=\"#run-{index}\">{study}</a>: {finding}</li>\n")
    });
    format!("<nav><ul>\n{}</ul></nav>\n", items.collect::<String>())
}

fn run(index: usize, (tag, title): (&str, &str), record: &Record, report: &Report) -> Result<String> {
    let mut out = format!("<section class=\"run\" id=\"run-{index}\">\n<{tag}>{}</{tag}>\n", escape(title));
    if !report.finding.is_empty() {
        out += &format!("<p class=\"finding\">{}</p>\n", escape(&report.finding));
    }
    if !report.warnings.is_empty() {
        let items = report.warnings.iter().map(|warning| format!("<li>{}</li>\n", escape(warning)));
        out += &format!("<ul class=\"warnings\">\n{}</ul>\n", items.collect::<String>());
    }
    if !report.checks.is_empty() {
        out += &checks(&report.checks);
    }
    if !report.figures.is_empty() {
        out += "<h3>Figures</h3>\n";
    }
    for figure in &report.figures {
        out += &drawn(figure, &report.tables, &record.command)?;
    }
    if !report.tables.is_empty() {
        out += "<h3>Tables</h3>\n";
    }
    report.tables.iter().for_each(|t| out += &table(t));
    out += &provenance(record);
    out += "</section>\n";
    Ok(out)
}

fn drawn(figure: &Figure, tables: &[Table], command: &str) -> Result<String> {
    let svg = figure_svg(figure, tables, command)?;
    let caption = match figure.caption.as_str() {
        "" => String::new(),
        caption => format!("<figcaption>{}</figcaption>\n", escape(caption)),
    };
    Ok(format!("<figure>\n{svg}{caption}</figure>\n"))
}

fn checks(checks: &[Check]) -> String {
    let mut out = String::from(
        "<h3>Checks</h3>\n<div class=\"wide\"><table class=\"checks\">\n<thead><tr><th>Claim</th><th>What</th>\
         <th>Verdict</th><th class=\"number\">Left</th><th class=\"number\">Right</th><th>Tolerance</th>\
         <th class=\"number\">Resolution</th><th class=\"number\">Instances</th></tr></thead>\n<tbody>\n",
    );
    for check in checks {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"what\">{}</td><td>{}</td><td class=\"number\">{}</td>\
             <td class=\"number\">{}</td><td class=\"reason\">{}: {}</td><td class=\"number\">{}</td>\
             <td class=\"number\">{}</td></tr>",
            escape(&check.subject),
            escape(&check.what),
            verdict(&check.verdict),
            short(check.left.0),
            short(check.right.0),
            short(check.tolerance.value),
            escape(&check.tolerance.reason),
            short(check.resolution.0),
            check.instances,
        );
    }
    out += "</tbody></table></div>\n<p class=\"small\">Left and right on the worst instance. The resolution is the smallest \
            violation that the check would have caught.</p>\n";
    out
}

/// The verdict in a colour and in words, with its condition or instance.
fn verdict(verdict: &Verdict) -> String {
    let (class, detail) = match verdict {
        Verdict::Holds => ("holds", None),
        Verdict::HoldsUnder(condition) => ("condition", Some(condition)),
        Verdict::Fails(instance) => ("fails", Some(instance)),
        Verdict::Undecided(reason) => ("undecided", Some(reason)),
    };
    let detail = detail.map_or(String::new(), |text| format!("<span class=\"detail\">{}</span>", escape(text)));
    format!("<span class=\"verdict {class}\">{}</span>{detail}", verdict.word())
}

fn table(table: &Table) -> String {
    let path = format!("tables/{}.csv", table.name);
    let numeric: Vec<bool> = (0..table.columns.len())
        .map(|i| !table.rows.iter().any(|row| matches!(row.get(i), Some(Cell::Text(_)))))
        .collect();
    let class = |i: usize| if numeric[i] { " class=\"number\"" } else { "" };
    let mut out = format!(
        "<details>\n<summary>{} <span class=\"small\">({} rows, <code>{}</code>)</span></summary>\n\
         <div class=\"wide\"><table>\n<thead><tr>",
        escape(if table.caption.is_empty() { &table.name } else { &table.caption }),
        table.rows.len(),
        escape(&path),
    );
    for (i, column) in table.columns.iter().enumerate() {
        let (name, about) = (escape(&column.name), escape(&column.about));
        out += &format!("<th{} title=\"{about}\">{name}</th>", class(i));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in table.rows.iter().take(ROWS) {
        out += "<tr>";
        for (i, cell) in row.iter().take(numeric.len()).enumerate() {
            let text = cell.number().map_or_else(|| escape(&field(cell)), short);
            out += &format!("<td{}>{text}</td>", class(i));
        }
        out += "</tr>\n";
    }
    out += "</tbody></table></div>\n";
    if table.rows.len() > ROWS {
        let total = table.rows.len();
        out += &format!(
            "<p class=\"small\">The first {ROWS} of {total} rows; all are in <code>{}</code>.</p>\n",
            escape(&path)
        );
    }
    let about: String = table
        .columns
        .iter()
        .filter(|column| !column.about.is_empty())
        .map(|column| format!("<br><code>{}</code> {}\n", escape(&column.name), escape(&column.about)))
        .collect();
    if !about.is_empty() {
        out += &format!("<p class=\"small\">{}</p>\n", about.trim_start_matches("<br>"));
    }
    out + "</details>\n"
}

fn provenance(record: &Record) -> String {
    let parameters = serde_json::to_string_pretty(&record.parameters).unwrap_or_default();
    let rows = [
        ("study", record.study.clone()),
        ("seed", record.seed.to_string()),
        ("version", format!("{} (commit {})", record.version, record.commit)),
        ("machine", format!("{}, {} threads", record.host, record.threads)),
        ("wall time", format!("{:.1} s", record.wall_seconds)),
    ];
    let rows: String =
        rows.iter().map(|(name, value)| format!("<tr><th>{name}</th><td>{}</td></tr>\n", escape(value))).collect();
    format!(
        "<h3>To repeat it</h3>\n<pre>{}</pre>\n<details>\n<summary>Record</summary>\n<table>\n{rows}</table>\n\
         <pre>{}</pre>\n</details>\n",
        escape(&record.command),
        escape(&parameters),
    )
}

/// A number for readers: six significant digits; the files have all.
fn short(x: f64) -> String {
    if x.is_nan() {
        return String::new();
    }
    if x.is_infinite() {
        return if x > 0.0 { "∞" } else { "−∞" }.to_string();
    }
    let rounded: f64 = format!("{x:.5e}").parse().unwrap_or(x);
    let text = if rounded != 0.0 && !(1e-4..1e9).contains(&rounded.abs()) {
        let text = format!("{rounded:e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        format!("{digits}×10<sup>{power}</sup>")
    } else {
        number(rounded)
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_for_readers() {
        let cases = [
            (0.0, "0"),
            (1.0 / 3.0, "0.333333"),
            (-1e-7, "−1×10<sup>−7</sup>"),
            (123456789.0, "123457000"),
            (0.00009999999999, "0.0001"),
            (1e300, "1×10<sup>300</sup>"),
            (f64::NEG_INFINITY, "−∞"),
        ];
        for (x, text) in cases {
            assert_eq!(short(x), text);
        }
    }

    #[test]
    fn nothing_gets_out_of_its_tag() {
        assert_eq!(escape("<a href='x'>&\"\u{1}"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
    }
}
