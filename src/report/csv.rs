//! Tables as CSV (RFC 4180): a header of column names, then the rows.
//!
//! A number is printed with the fewest digits that read back to the same double; infinities are `inf` and `-inf`; "no
//! value" is an empty field.

use crate::lab::{Cell, Column, Real, Table};
use crate::{Error, Result};

/// The shortest decimal that reads back to `x`: `0.1`, `1e300`, `3`, `-inf`.
pub fn number(x: f64) -> String {
    let text = format!("{x:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

/// A cell as a field. A number that is none is "no value".
pub fn field(cell: &Cell) -> String {
    match cell {
        Cell::Number(x) if x.0.is_nan() => String::new(),
        Cell::Number(x) => number(x.0),
        Cell::Text(text) => text.clone(),
        Cell::Empty => String::new(),
    }
}

/// The table in CSV.
///
/// ```
/// use tilt::lab::Table;
/// let mut table = Table::new("t", "", &[("n", ""), ("kl_nats", "")]);
/// table.push([4.0.into(), 0.1.into()]);
/// table.push([f64::INFINITY.into(), None.into()]);
/// assert_eq!(tilt::report::table_csv(&table), "n,kl_nats\n4,0.1\ninf,\n");
/// ```
pub fn table_csv(table: &Table) -> String {
    if table.columns.is_empty() {
        return String::new();
    }
    // Writing to memory cannot fail, and a flexible writer accepts rows of any length.
    let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let mut outcome = writer.write_record(table.columns.iter().map(|column| &column.name));
    for row in &table.rows {
        outcome = outcome.and_then(|()| writer.write_record(row.iter().map(field)));
    }
    debug_assert!(outcome.is_ok());
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Whether some word of the column would be read as a number or as "no value".
pub fn has_misleading_words(table: &Table, column: usize) -> bool {
    let misleads = |text: &String| !matches!(cell(text, false), Cell::Text(_));
    table.rows.iter().any(|row| matches!(row.get(column), Some(Cell::Text(text)) if misleads(text)))
}

/// A field as a cell: a number if it is printed exactly as [`number`] prints, unless the column holds `words`.
fn cell(text: &str, words: bool) -> Cell {
    match text.parse::<f64>() {
        _ if text.is_empty() && !words => Cell::Empty,
        Ok(x) if !words && number(x) == text => Cell::Number(Real(x)),
        _ => Cell::Text(text.to_string()),
    }
}

/// Rows from CSV. `words` tells for each column whether all its fields are words.
pub fn read_rows(csv: &str, columns: &[Column], words: &[bool], path: &str) -> Result<Vec<Vec<Cell>>> {
    let failed = |message: String| Error::File { path: path.to_string(), message };
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().map_err(|error| failed(error.to_string()))?;
    if !header.iter().eq(columns.iter().map(|column| column.name.as_str())) {
        return Err(failed("the header is not the columns of record.json".to_string()));
    }
    let row = |record: ::csv::StringRecord| record.iter().zip(words).map(|(text, &words)| cell(text, words)).collect();
    reader.records().map(|record| record.map(row).map_err(|error| failed(error.to_string()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact() {
        let cases = [
            (0.1, "0.1"),
            (3.0, "3"),
            (-0.0, "-0"),
            (1e300, "1e300"),
            (5e-324, "5e-324"),
            (0.1 + 0.2, "0.30000000000000004"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (x, text) in cases {
            assert_eq!(number(x), text);
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), x.to_bits());
        }
    }

    #[test]
    fn fields_are_quoted_and_words_stay_words() {
        let mut table = Table::new("t", "", &[("a,b", ""), ("c", "")]);
        table.push(["say \"x\"".into(), "nan".into()]);
        table.push(["two\nlines".into(), "1e0".into()]);
        let csv = table_csv(&table);
        assert_eq!(csv, "\"a,b\",c\n\"say \"\"x\"\"\",nan\n\"two\nlines\",1e0\n");
        assert_eq!(read_rows(&csv, &table.columns, &[false; 2], "t.csv").unwrap(), table.rows);
        assert!(!has_misleading_words(&table, 1));
        table.push(["x".into(), "1".into()]);
        assert!(has_misleading_words(&table, 1));
    }
}
