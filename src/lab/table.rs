//! Tables: the numbers of a run. Everything that a figure shows is a column of a table.

use serde::{Deserialize, Serialize};

/// One entry of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// A number; infinities are printed `inf` and `-inf`.
    Number(super::Real),
    /// A word: a method, a regime, a law.
    Text(String),
    /// No value here: the formula has none, or the method does not apply.
    Empty,
}

impl From<f64> for Cell {
    /// NaN means "no value" and becomes [`Cell::Empty`]; it never leaves the laboratory as a number.
    fn from(x: f64) -> Self {
        if x.is_nan() { Cell::Empty } else { Cell::Number(super::Real(x)) }
    }
}

impl From<u64> for Cell {
    fn from(x: u64) -> Self {
        Cell::Number(super::Real(x as f64))
    }
}

impl From<Option<f64>> for Cell {
    fn from(x: Option<f64>) -> Self {
        x.map_or(Cell::Empty, Cell::from)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_string())
    }
}

impl Cell {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Number(x) => Some(x.0),
            _ => None,
        }
    }
}

/// A column: its name carries the unit, as `kl_nats`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Header in the CSV file.
    pub name: String,
    /// What the numbers are, in one line.
    pub about: String,
}

/// A rectangular table with named columns.
///
/// ```
/// use tilt::lab::Table;
/// let mut table = Table::new("kl", "KL of best-of-N", &[("n", "number of draws"), ("kl_nats", "exact KL")]);
/// table.push([1.0.into(), 0.0.into()]);
/// assert_eq!(table.column("kl_nats"), Some(1));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// File name without extension.
    pub name: String,
    /// What the table holds, in one sentence.
    pub caption: String,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows; each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table with `columns` given as (name, about).
    pub fn new(name: &str, caption: &str, columns: &[(&str, &str)]) -> Self {
        let columns = columns.iter().map(|(name, about)| Column { name: name.to_string(), about: about.to_string() });
        Table { name: name.to_string(), caption: caption.to_string(), columns: columns.collect(), rows: Vec::new() }
    }

    /// Appends a row.
    ///
    /// # Panics
    /// If the row has another length than the table has columns: a mistake of the study, not of its input.
    pub fn push(&mut self, row: impl IntoIterator<Item = Cell>) {
        let row: Vec<Cell> = row.into_iter().collect();
        assert_eq!(row.len(), self.columns.len(), "row length of table {}", self.name);
        self.rows.push(row);
    }

    /// The index of the column called `name`.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
