//! Figures as descriptions: which columns of which tables, on which axes, with which marks.
//!
//! A figure holds no numbers of its own. A layer names a table and its columns, so whatever is drawn can be read in the
//! run's tables. Theory is drawn as lines, simulation as points with error bars.

use super::Cell;
use serde::{Deserialize, Serialize};

/// How an axis maps numbers to lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Equal steps are equal lengths.
    Linear,
    /// Equal factors are equal lengths; numbers <= 0 are not drawn.
    Log,
}

/// An axis: label with unit, scale, and optionally its range (otherwise that of the data).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// Label with the unit, as `KL (nats)`.
    pub label: String,
    /// The scale.
    pub scale: Scale,
    /// Lower and upper end, where the data's own would mislead.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// A linear axis.
    pub fn linear(label: &str) -> Self {
        Axis { label: label.to_string(), scale: Scale::Linear, range: None }
    }

    /// A logarithmic axis.
    pub fn log(label: &str) -> Self {
        Axis { label: label.to_string(), scale: Scale::Log, range: None }
    }

    /// The same axis with fixed ends.
    pub fn between(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }
}

/// How a layer is drawn. Columns beyond x and y are named here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A solid line through the rows in order; breaks at empty cells.
    Line,
    /// A dashed line: a bound or a limit.
    Dashed,
    /// A dotted line: an approximation.
    Dotted,
    /// Points without error bars.
    Points,
    /// Points with a bar of two standard errors each way.
    ErrorBars {
        /// The column of standard errors.
        standard_error: String,
    },
    /// A band between y and this column.
    Band {
        /// The column of the upper edge.
        upper: String,
    },
    /// Vertical bars from zero (histograms); x is the middle of a bar.
    Bars,
}

/// One series of a panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Legend entry; empty for none.
    pub label: String,
    /// The table, by name.
    pub table: String,
    /// The column of abscissae.
    pub x: String,
    /// The column of ordinates.
    pub y: String,
    /// Only the rows whose column of this name holds this cell.
    pub only: Option<(String, Cell)>,
    /// The mark.
    pub mark: Mark,
    /// Index into the palette; layers of one object share it.
    pub colour: usize,
}

impl Layer {
    /// A layer of `table`: y against x.
    pub fn new(label: &str, table: &str, x: &str, y: &str, mark: Mark, colour: usize) -> Self {
        Layer {
            label: label.to_string(),
            table: table.to_string(),
            x: x.to_string(),
            y: y.to_string(),
            only: None,
            mark,
            colour,
        }
    }

    /// The same layer with only the rows where `column` holds `cell`.
    pub fn only(mut self, column: &str, cell: impl Into<Cell>) -> Self {
        self.only = Some((column.to_string(), cell.into()));
        self
    }
}

/// One pair of axes with its layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Title of the panel; short.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// The series, drawn in order.
    pub layers: Vec<Layer>,
}

impl Panel {
    /// A panel without layers.
    pub fn new(title: &str, x: Axis, y: Axis) -> Self {
        Panel { title: title.to_string(), x, y, layers: Vec::new() }
    }

    /// The same panel with one more layer.
    pub fn with(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }
}

/// A figure: panels side by side, with a caption that states the finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// File name without extension.
    pub name: String,
    /// Title over all panels.
    pub title: String,
    /// The finding, in one or two sentences.
    pub caption: String,
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// Panels in a row.
    pub per_row: usize,
}

impl Figure {
    /// A figure without panels, two in a row.
    pub fn new(name: &str, title: &str, caption: &str) -> Self {
        Figure {
            name: name.to_string(),
            title: title.to_string(),
            caption: caption.to_string(),
            panels: Vec::new(),
            per_row: 2,
        }
    }

    /// The same figure with one more panel.
    pub fn with(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }
}
