//! Legends: entries in rows below a panel, where they cover no data.

use super::canvas::{Canvas, Pixel};
use super::marks;
use super::text::{Align, Type, regular};
use super::theme;
use crate::lab::{Layer, Mark};
use plotters_backend::DrawingBackend;

const SAMPLE: f64 = 28.0;
const GAP: f64 = 7.0;
const BETWEEN: f64 = 20.0;
const FACE: Type = regular(theme::TICK_SIZE);
const ROW: f64 = theme::TICK_SIZE * theme::LINE_HEIGHT;

struct Entry<'a> {
    layer: &'a Layer,
    lines: Vec<String>,
    /// Upper left corner within the legend.
    corner: Pixel,
}

/// The legend of a panel, laid out.
pub struct Legend<'a> {
    entries: Vec<Entry<'a>>,
    /// Height in pixels; 0 without entries.
    pub height: f64,
}

impl<'a> Legend<'a> {
    /// Lays out the labelled layers in rows of `width`. Layers that look and read alike share an entry.
    pub fn new(layers: &'a [Layer], width: f64) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        let (mut x, mut y, mut row_height) = (0.0, 0.0, 0.0f64);
        for layer in layers.iter().filter(|layer| !layer.label.trim().is_empty()) {
            let alike = |other: &Entry| {
                let other = other.layer;
                other.label == layer.label && other.colour == layer.colour && same_kind(&other.mark, &layer.mark)
            };
            if entries.iter().any(alike) {
                continue;
            }
            let lines = FACE.lines(&layer.label, (width - SAMPLE - GAP).max(4.0 * theme::TICK_SIZE));
            let text = lines.iter().map(|line| FACE.width(line)).fold(0.0, f64::max);
            let entry = SAMPLE + GAP + text;
            if x > 0.0 && x + entry > width {
                (x, y, row_height) = (0.0, y + row_height, 0.0);
            }
            row_height = row_height.max(lines.len() as f64 * ROW + 3.0);
            entries.push(Entry { layer, lines, corner: (x, y) });
            x += entry + BETWEEN;
        }
        Legend { height: if entries.is_empty() { 0.0 } else { y + row_height }, entries }
    }

    /// Draws the legend with its upper left corner at `origin`.
    pub fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<B>, origin: Pixel) {
        for entry in &self.entries {
            let (x, y) = (origin.0 + entry.corner.0, origin.1 + entry.corner.1);
            sample(canvas, entry.layer, (x, y + ROW / 2.0));
            for (i, line) in entry.lines.iter().enumerate() {
                let baseline = y + i as f64 * ROW + ROW / 2.0 + 0.36 * theme::TICK_SIZE;
                canvas.text(line, (x + SAMPLE + GAP, baseline), FACE, Align::Start, theme::INK);
            }
        }
    }
}

fn same_kind(a: &Mark, b: &Mark) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// A sample of the layer's mark, `SAMPLE` wide, starting at the middle of its left side.
fn sample<B: DrawingBackend>(canvas: &mut Canvas<B>, layer: &Layer, (x, y): Pixel) {
    let (middle, right) = (x + SAMPLE / 2.0, x + SAMPLE);
    let colour = theme::colour(layer.colour);
    let path = [(x, y), (right, y)];
    match &layer.mark {
        Mark::Line => marks::stroke(canvas, &path, None, colour),
        Mark::Dashed => marks::stroke(canvas, &path, Some(theme::DASHES), colour),
        Mark::Dotted => marks::stroke(canvas, &path, Some(theme::DOTS), colour),
        Mark::Points => marks::marker(canvas, (middle, y), layer.colour),
        Mark::ErrorBars { .. } => {
            marks::error_bar(canvas, middle, (y + 6.5, y - 6.5), colour);
            marks::marker(canvas, (middle, y), layer.colour);
        }
        Mark::Band { .. } => canvas.rectangle((x, y - 5.0), (right, y + 5.0), colour.mix(theme::BAND_OPACITY)),
        Mark::Bars => canvas.rectangle((x + 6.0, y - 5.0), (right - 6.0, y + 5.0), colour.mix(theme::BAR_OPACITY)),
    }
}
