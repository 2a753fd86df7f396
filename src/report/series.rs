//! From a layer's columns to numbers: one series of points, with gaps where there is nothing to draw.

use crate::lab::{Layer, Mark, Scale, Table};
use crate::{Error, Result};

/// One row of a layer. NaN stands for "no number" inside this room only.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    /// Standard error or upper edge, as the mark has it.
    pub extra: f64,
}

/// The numbers of a layer.
pub struct Series<'a> {
    pub layer: &'a Layer,
    pub points: Vec<Point>,
}

impl<'a> Series<'a> {
    /// Reads the columns of `layer`. An error names the table or column that is missing; `owner` says whose layer it is.
    pub fn read(layer: &'a Layer, tables: &[Table], owner: &str) -> Result<Series<'a>> {
        let field = |what: &str| format!("{what} of layer `{}` in {owner}", layer.label);
        let table = tables.iter().find(|table| table.name == layer.table).ok_or_else(|| {
            let names = tables.iter().map(|table| table.name.as_str());
            Error::invalid(field("table"), &layer.table, one_of(names))
        })?;
        let column = |what: &str, name: &str| {
            table.column(name).ok_or_else(|| {
                let names = table.columns.iter().map(|column| column.name.as_str());
                Error::invalid(field(what), name, one_of(names))
            })
        };
        let (x, y) = (column("column x", &layer.x)?, column("column y", &layer.y)?);
        let extra = match &layer.mark {
            Mark::ErrorBars { standard_error } => Some(column("column of standard errors", standard_error)?),
            Mark::Band { upper } => Some(column("column of the upper edge", upper)?),
            _ => None,
        };
        let only = match &layer.only {
            Some((name, cell)) => Some((column("column of the condition", name)?, cell)),
            None => None,
        };
        let rows = table.rows.iter().filter(|row| only.is_none_or(|(index, cell)| row.get(index) == Some(cell)));
        let points = rows.map(|row| {
            let number = |index: usize| row.get(index).and_then(|cell| cell.number()).unwrap_or(f64::NAN);
            Point { x: number(x), y: number(y), extra: extra.map_or(f64::NAN, number) }
        });
        Ok(Series { layer, points: points.collect() })
    }

    /// The abscissae that the axis has to show.
    pub fn xs(&self, scale: Scale) -> impl Iterator<Item = f64> + '_ {
        let half = if self.layer.mark == Mark::Bars { self.bar_gap(scale) / 2.0 } else { 0.0 };
        let ends = move |x: f64| match scale {
            Scale::Linear => [x - half, x + half],
            Scale::Log => [x / 10f64.powf(half), x * 10f64.powf(half)],
        };
        self.points.iter().filter(|p| p.y.is_finite()).flat_map(move |p| ends(p.x))
    }

    /// The ordinates that the axis has to show.
    pub fn ys(&self, scale: Scale) -> impl Iterator<Item = f64> + '_ {
        self.points.iter().filter(|p| p.x.is_finite()).flat_map(move |p| {
            let others = match &self.layer.mark {
                Mark::ErrorBars { .. } => {
                    let low = p.y - 2.0 * p.extra;
                    // On a logarithmic axis a bar may reach down to zero; a decade of it is enough.
                    let low = if scale == Scale::Log { low.max(p.y / 10.0) } else { low };
                    [low, p.y + 2.0 * p.extra]
                }
                Mark::Band { .. } => [p.extra; 2],
                Mark::Bars if scale == Scale::Linear => [0.0; 2],
                _ => [p.y; 2],
            };
            [p.y, others[0], others[1]]
        })
    }

    /// The smallest distance between two bars in axis units: the width of each.
    pub fn bar_gap(&self, scale: Scale) -> f64 {
        let mut xs: Vec<f64> = self.points.iter().filter_map(|p| super::axis::place(scale, p.x)).collect();
        xs.sort_by(f64::total_cmp);
        let gaps = xs.windows(2).map(|pair| pair[1] - pair[0]).filter(|&gap| gap > 0.0);
        let gap = gaps.fold(f64::INFINITY, f64::min);
        if gap.is_finite() { gap } else { 1.0 }
    }
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { "none exists".to_string() } else { format!("one of {}", names.join(", ")) }
}
