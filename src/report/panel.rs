//! The furniture of a panel: title, grid, axes with ticks and labels.

use super::axis::{Span, Tick, TickLabel, Ticks};
use super::canvas::Canvas;
use super::figure::{lines_height, write_lines};
use super::marks::Frame;
use super::text::{Align, bold, regular};
use super::theme;
use crate::lab::Panel;
use plotters_backend::DrawingBackend;

/// Space to the right of a frame and below a row of panels.
pub const PANEL_GAP: f64 = 26.0;
const TICK: f64 = 5.0;
const MINOR_TICK: f64 = 3.0;
const PAD: f64 = 4.0;
/// Height of digits above the baseline, in em.
const DIGIT: f64 = 0.73;

fn label_size(label: &TickLabel) -> (f64, f64) {
    let exponent = regular(theme::EXPONENT_SIZE).width(&label.exponent);
    (regular(theme::TICK_SIZE).width(&label.base) + exponent, theme::TICK_SIZE)
}

/// As many ticks as stand apart on an axis of `length` pixels.
pub fn fitting_ticks(span: &Span, length: f64, upright: bool) -> Ticks {
    let most = (length / if upright { 34.0 } else { 50.0 }).clamp(2.0, 9.0) as usize;
    let apart = |ticks: &[Tick]| {
        ticks.windows(2).all(|pair| {
            let distance = (span.fraction(pair[1].at) - span.fraction(pair[0].at)) * length;
            let ((a, height), (b, _)) = (label_size(&pair[0].label), label_size(&pair[1].label));
            distance >= if upright { 1.4 * height } else { (a + b) / 2.0 + 10.0 }
        })
    };
    for most in (1..=most).rev() {
        let ticks = span.ticks(most);
        if apart(&ticks.major) {
            return ticks;
        }
    }
    Ticks::default()
}

/// Width of the space left of the frame: axis label, tick labels, ticks.
pub fn gutter(panel: &Panel, ticks: &Ticks, height: f64) -> f64 {
    let labels = ticks.major.iter().map(|tick| label_size(&tick.label).0).fold(0.0, f64::max);
    let title = regular(theme::LABEL_SIZE).lines(&panel.y.label, height);
    let title = if panel.y.label.is_empty() { 0.0 } else { lines_height(&title, theme::LABEL_SIZE) + PAD };
    title + labels + TICK + 2.0 * PAD
}

/// Height of the space between the frame and the legend.
pub fn axis_height(panel: &Panel, width: f64) -> f64 {
    let label = regular(theme::LABEL_SIZE).lines(&panel.x.label, width);
    let label = if panel.x.label.is_empty() { 0.0 } else { lines_height(&label, theme::LABEL_SIZE) };
    TICK + theme::TICK_SIZE * theme::LINE_HEIGHT + PAD + label + 8.0
}

/// Height of the panel's title with the space below it.
pub fn title_height(title: &str, width: f64) -> f64 {
    if title.is_empty() {
        return 8.0;
    }
    lines_height(&bold(theme::LABEL_SIZE).lines(title, width), theme::LABEL_SIZE) + 10.0
}

/// Says in the middle of an empty frame that its layers have nothing to show on these axes.
pub fn draw_nothing<B: DrawingBackend>(canvas: &mut Canvas<B>, frame: &Frame) {
    let middle = ((frame.left + frame.right) / 2.0, (frame.top + frame.bottom) / 2.0);
    canvas.text("nothing to show", middle, regular(theme::LABEL_SIZE), Align::Middle, theme::SMALL_PRINT);
}

/// The title, above the frame.
pub fn draw_title<B: DrawingBackend>(canvas: &mut Canvas<B>, title: &str, left: f64, frame: &Frame) {
    if !title.is_empty() {
        let lines = bold(theme::LABEL_SIZE).lines(title, frame.right - left);
        let top = frame.top - 10.0 - lines_height(&lines, theme::LABEL_SIZE);
        write_lines(canvas, &lines, (left, top), bold(theme::LABEL_SIZE), theme::INK);
    }
}

/// Light lines at the ticks.
pub fn draw_grid<B: DrawingBackend>(canvas: &mut Canvas<B>, frame: &Frame, x: &Ticks, y: &Ticks) {
    for tick in &x.major {
        let column = frame.column(tick.at);
        canvas.path(&[(column, frame.top), (column, frame.bottom)], theme::GRID, theme::AXIS_WIDTH);
    }
    for tick in &y.major {
        let row = frame.row(tick.at);
        canvas.path(&[(frame.left, row), (frame.right, row)], theme::GRID, theme::AXIS_WIDTH);
    }
}

/// Axes, ticks, tick labels and axis labels; `left` is where the space for the vertical axis begins.
pub fn draw_axes<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    panel: &Panel,
    frame: &Frame,
    x: &Ticks,
    y: &Ticks,
    left: f64,
) {
    let corners = [(frame.left, frame.top), (frame.left, frame.bottom), (frame.right, frame.bottom)];
    canvas.path(&corners, theme::INK, theme::AXIS_WIDTH);

    let mut columns: Vec<(f64, f64)> = x.minor.iter().map(|&at| (frame.column(at), MINOR_TICK)).collect();
    columns.extend(x.major.iter().map(|tick| (frame.column(tick.at), TICK)));
    for (column, length) in columns {
        canvas.path(&[(column, frame.bottom), (column, frame.bottom + length)], theme::INK, theme::AXIS_WIDTH);
    }
    let mut rows: Vec<(f64, f64)> = y.minor.iter().map(|&at| (frame.row(at), MINOR_TICK)).collect();
    rows.extend(y.major.iter().map(|tick| (frame.row(tick.at), TICK)));
    for (row, length) in rows {
        canvas.path(&[(frame.left - length, row), (frame.left, row)], theme::INK, theme::AXIS_WIDTH);
    }

    let baseline = frame.bottom + TICK + PAD + DIGIT * theme::TICK_SIZE + 2.0;
    for tick in &x.major {
        let start = frame.column(tick.at) - label_size(&tick.label).0 / 2.0;
        draw_label(canvas, &tick.label, start, baseline);
    }
    for tick in &y.major {
        let start = frame.left - TICK - PAD - label_size(&tick.label).0;
        draw_label(canvas, &tick.label, start, frame.row(tick.at) + DIGIT / 2.0 * theme::TICK_SIZE);
    }

    let face = regular(theme::LABEL_SIZE);
    let (middle, centre) = ((frame.left + frame.right) / 2.0, (frame.top + frame.bottom) / 2.0);
    let step = theme::LABEL_SIZE * theme::LINE_HEIGHT;
    let below = frame.bottom + TICK + theme::TICK_SIZE * theme::LINE_HEIGHT + PAD + theme::LABEL_SIZE;
    for (i, line) in face.lines(&panel.x.label, frame.right - frame.left).iter().enumerate() {
        canvas.text(line, (middle, below + i as f64 * step), face, Align::Middle, theme::INK);
    }
    for (i, line) in face.lines(&panel.y.label, frame.bottom - frame.top).iter().enumerate() {
        let baseline = left + theme::LABEL_SIZE + i as f64 * step;
        canvas.text_upwards(line, (baseline, centre), face, Align::Middle, theme::INK);
    }
}

fn draw_label<B: DrawingBackend>(canvas: &mut Canvas<B>, label: &TickLabel, start: f64, baseline: f64) {
    let (base, exponent) = (regular(theme::TICK_SIZE), regular(theme::EXPONENT_SIZE));
    if label.exponent.is_empty() {
        // Anchored in the middle: right also in a font of other widths.
        let middle = start + base.width(&label.base) / 2.0;
        return canvas.text(&label.base, (middle, baseline), base, Align::Middle, theme::INK);
    }
    let joint = start + base.width(&label.base);
    canvas.text(&label.base, (joint, baseline), base, Align::End, theme::INK);
    canvas.text(&label.exponent, (joint + 0.5, baseline - 0.38 * base.size), exponent, Align::Start, theme::INK);
}
