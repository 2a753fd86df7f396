//! Marks: how a series becomes ink inside the frame of a panel.
//!
//! Everything is clipped here, in floating point, so that no back end sees a coordinate far outside. Lines and points are
//! thinned to what can be told apart at half a pixel, in the order of the rows: the same numbers give the same picture.

use super::axis::{Span, place};
use super::canvas::{Canvas, Pixel};
use super::series::{Point, Series};
use super::theme;
use crate::lab::Mark;
use plotters_backend::{BackendColor, DrawingBackend};
use std::collections::BTreeSet;

/// The rectangle of a panel in pixels, with what its axes show.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    pub x: Span,
    pub y: Span,
}

impl Frame {
    /// Pixel column of axis units `at`.
    pub fn column(&self, at: f64) -> f64 {
        self.left + self.x.fraction(at) * (self.right - self.left)
    }

    /// Pixel row of axis units `at`.
    pub fn row(&self, at: f64) -> f64 {
        self.bottom - self.y.fraction(at) * (self.bottom - self.top)
    }

    fn pixel(&self, x: f64, y: f64) -> Option<Pixel> {
        Some((self.column(place(self.x.scale, x)?), self.row(place(self.y.scale, y)?)))
    }

    /// The row of `y`; numbers that a logarithmic axis cannot show lie at its bottom.
    fn row_or_bottom(&self, y: f64) -> f64 {
        place(self.y.scale, y).map_or(self.bottom, |at| self.row(at)).clamp(self.top, self.bottom)
    }

    fn holds(&self, (x, y): Pixel) -> bool {
        let slack = 0.01;
        (self.left - slack..=self.right + slack).contains(&x) && (self.top - slack..=self.bottom + slack).contains(&y)
    }

    /// The part of the segment inside the frame (Liang and Barsky, 1984).
    fn clip_segment(&self, a: Pixel, b: Pixel) -> Option<(Pixel, Pixel)> {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let (mut from, mut to) = (0.0f64, 1.0f64);
        for (step, room) in
            [(-dx, a.0 - self.left), (dx, self.right - a.0), (-dy, a.1 - self.top), (dy, self.bottom - a.1)]
        {
            if step == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if step < 0.0 {
                from = from.max(room / step);
            } else {
                to = to.min(room / step);
            }
        }
        (from <= to).then_some(((a.0 + from * dx, a.1 + from * dy), (a.0 + to * dx, a.1 + to * dy)))
    }

    /// The parts of a path inside the frame.
    fn clip_path(&self, path: &[Pixel]) -> Vec<Vec<Pixel>> {
        let mut parts: Vec<Vec<Pixel>> = Vec::new();
        for pair in path.windows(2) {
            let Some((a, b)) = self.clip_segment(pair[0], pair[1]) else { continue };
            match parts.last_mut() {
                Some(part) if part.last() == Some(&a) => part.push(b),
                _ => parts.push(vec![a, b]),
            }
        }
        parts
    }
}

/// Draws a series inside the frame.
pub fn draw<B: DrawingBackend>(canvas: &mut Canvas<B>, frame: &Frame, series: &Series) {
    let colour = theme::colour(series.layer.colour);
    match &series.layer.mark {
        Mark::Line => lines(canvas, frame, series, None),
        Mark::Dashed => lines(canvas, frame, series, Some(theme::DASHES)),
        Mark::Dotted => lines(canvas, frame, series, Some(theme::DOTS)),
        Mark::Points => {
            for point in visible_points(frame, series) {
                marker(canvas, point.0, series.layer.colour);
            }
        }
        Mark::ErrorBars { .. } => {
            for (centre, point) in visible_points(frame, series) {
                if point.extra.is_finite() {
                    let (low, high) = (point.y - 2.0 * point.extra, point.y + 2.0 * point.extra);
                    let ends = (frame.row_or_bottom(low), frame.row_or_bottom(high));
                    error_bar(canvas, centre.0, ends, colour);
                }
                marker(canvas, centre, series.layer.colour);
            }
        }
        Mark::Band { .. } => band(canvas, frame, series),
        Mark::Bars => bars(canvas, frame, series),
    }
}

/// Whether the series has a point that the axes can show.
pub fn shows(frame: &Frame, series: &Series) -> bool {
    series.points.iter().any(|p| frame.pixel(p.x, p.y).is_some())
}

/// A marker; its shape goes with the colour.
pub fn marker<B: DrawingBackend>(canvas: &mut Canvas<B>, (x, y): Pixel, index: usize) {
    let (colour, r) = (theme::colour(index), theme::MARKER_RADIUS);
    match index % 4 {
        0 => canvas.disc((x, y), r, colour),
        1 => {
            let half = 0.9 * r;
            canvas.rectangle((x - half, y - half), (x + half, y + half), colour);
        }
        2 => {
            let (half, up, down) = (1.15 * r, 1.25 * r, 0.8 * r);
            canvas.polygon(&[(x, y - up), (x + half, y + down), (x - half, y + down)], colour);
        }
        _ => {
            let half = 1.3 * r;
            canvas.polygon(&[(x, y - half), (x + half, y), (x, y + half), (x - half, y)], colour);
        }
    }
}

/// A vertical bar with caps.
pub fn error_bar<B: DrawingBackend>(canvas: &mut Canvas<B>, x: f64, (low, high): (f64, f64), colour: BackendColor) {
    let cap = theme::MARKER_RADIUS;
    canvas.path(&[(x, low), (x, high)], colour, theme::AXIS_WIDTH);
    canvas.path(&[(x - cap, low), (x + cap, low)], colour, theme::AXIS_WIDTH);
    canvas.path(&[(x - cap, high), (x + cap, high)], colour, theme::AXIS_WIDTH);
}

/// A path in ink and gaps of these lengths, or solid.
pub fn stroke<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    path: &[Pixel],
    pattern: Option<(f64, f64)>,
    colour: BackendColor,
) {
    match pattern {
        None => canvas.path(path, colour, theme::LINE_WIDTH),
        Some((ink, gap)) => {
            for dash in dashes(path, ink, gap) {
                canvas.path(&dash, colour, theme::LINE_WIDTH);
            }
        }
    }
}

/// Cuts a path into pieces of length `ink` with gaps between them, measured along the path.
fn dashes(path: &[Pixel], ink: f64, gap: f64) -> Vec<Vec<Pixel>> {
    let mut pieces = Vec::new();
    let (mut piece, mut inked, mut left) = (Vec::new(), true, ink);
    for pair in path.windows(2) {
        let (mut a, b) = (pair[0], pair[1]);
        loop {
            let length = (b.0 - a.0).hypot(b.1 - a.1);
            if inked && piece.is_empty() {
                piece.push(a);
            }
            if length < left {
                left -= length;
                if inked {
                    piece.push(b);
                }
                break;
            }
            let t = left / length;
            a = (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
            if inked {
                piece.push(a);
                pieces.push(std::mem::take(&mut piece));
            }
            inked = !inked;
            left = if inked { ink } else { gap };
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

fn lines<B: DrawingBackend>(canvas: &mut Canvas<B>, frame: &Frame, series: &Series, pattern: Option<(f64, f64)>) {
    let pixels: Vec<Option<Pixel>> = series.points.iter().map(|p| frame.pixel(p.x, p.y)).collect();
    for run in pixels.split(Option::is_none) {
        let run: Vec<Pixel> = run.iter().flatten().copied().collect();
        for part in frame.clip_path(&thinned(&run)) {
            stroke(canvas, &part, pattern, theme::colour(series.layer.colour));
        }
        // A number between two gaps has no line to lie on; a dot keeps it from vanishing.
        if let [alone] = run[..]
            && frame.holds(alone)
        {
            canvas.disc(alone, theme::LINE_WIDTH, theme::colour(series.layer.colour));
        }
    }
}

/// Of successive points in one half-pixel column keeps the first, the extremes and the last.
fn thinned(path: &[Pixel]) -> Vec<Pixel> {
    let column = |point: &Pixel| (2.0 * point.0).floor();
    let mut kept: Vec<Pixel> = Vec::with_capacity(path.len().min(4096));
    for group in path.chunk_by(|a, b| column(a) == column(b)) {
        if group.len() <= 4 {
            kept.extend(group);
            continue;
        }
        let by_height = |&a: &usize, &b: &usize| group[a].1.total_cmp(&group[b].1);
        let (top, bottom) = ((0..group.len()).min_by(by_height), (0..group.len()).max_by(by_height));
        let chosen: BTreeSet<usize> = [Some(0), top, bottom, Some(group.len() - 1)].into_iter().flatten().collect();
        kept.extend(chosen.into_iter().map(|i| group[i]));
    }
    kept
}

/// Points inside the frame; one that would lie on an earlier one within half a pixel is left out, unless it has its own
/// error bar.
fn visible_points(frame: &Frame, series: &Series) -> Vec<(Pixel, Point)> {
    let mut taken = BTreeSet::new();
    let inside = series.points.iter().filter_map(|p| Some((frame.pixel(p.x, p.y)?, *p)));
    inside
        .filter(|(pixel, point)| {
            let cell = ((2.0 * pixel.0).round() as i64, (2.0 * pixel.1).round() as i64);
            frame.holds(*pixel) && (taken.insert(cell) || point.extra.is_finite())
        })
        .collect()
}

fn band<B: DrawingBackend>(canvas: &mut Canvas<B>, frame: &Frame, series: &Series) {
    let colour = theme::colour(series.layer.colour).mix(theme::BAND_OPACITY);
    let edges = |p: &Point| {
        let x = frame.column(place(frame.x.scale, p.x)?);
        let drawn = p.y.is_finite() && p.extra.is_finite();
        drawn.then(|| (x.clamp(frame.left, frame.right), frame.row_or_bottom(p.y), frame.row_or_bottom(p.extra)))
    };
    let edges: Vec<_> = series.points.iter().map(edges).collect();
    for run in edges.split(Option::is_none) {
        let run: Vec<_> = run.iter().flatten().copied().collect();
        let lower: Vec<Pixel> = run.iter().map(|&(x, y, _)| (x, y)).collect();
        let upper: Vec<Pixel> = run.iter().map(|&(x, _, y)| (x, y)).collect();
        let mut outline = thinned(&lower);
        outline.extend(thinned(&upper).into_iter().rev());
        canvas.polygon(&outline, colour);
    }
}

fn bars<B: DrawingBackend>(canvas: &mut Canvas<B>, frame: &Frame, series: &Series) {
    let colour = theme::colour(series.layer.colour).mix(theme::BAR_OPACITY);
    let half = series.bar_gap(frame.x.scale) / 2.0;
    let zero = frame.row_or_bottom(0.0);
    for point in series.points.iter().filter(|p| p.y.is_finite()) {
        let Some(at) = place(frame.x.scale, point.x) else { continue };
        let (left, right) = (frame.column(at - half), frame.column(at + half));
        if right < frame.left || left > frame.right {
            continue;
        }
        let (left, right) = (left.clamp(frame.left, frame.right), right.clamp(frame.left, frame.right));
        let right = right.max(left + 0.5);
        canvas.rectangle((left, zero), (right, frame.row_or_bottom(point.y)), colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Scale;

    fn frame() -> Frame {
        let span = Span { scale: Scale::Linear, low: 0.0, high: 1.0 };
        Frame { left: 0.0, top: 0.0, right: 100.0, bottom: 100.0, x: span, y: span }
    }

    #[test]
    fn paths_are_clipped_where_they_leave_the_frame() {
        let parts = frame().clip_path(&[(-50.0, 50.0), (50.0, 50.0), (50.0, 150.0), (80.0, 150.0), (80.0, 50.0)]);
        assert_eq!(parts, [vec![(0.0, 50.0), (50.0, 50.0), (50.0, 100.0)], vec![(80.0, 100.0), (80.0, 50.0)]]);
        assert_eq!(frame().clip_path(&[(-10.0, -10.0), (-20.0, 500.0)]), Vec::<Vec<Pixel>>::new());
    }

    #[test]
    fn dashes_turn_corners_and_keep_their_lengths() {
        let pieces = dashes(&[(0.0, 0.0), (6.0, 0.0), (6.0, 10.0)], 4.0, 1.0);
        assert_eq!(pieces[0], [(0.0, 0.0), (4.0, 0.0)]);
        assert_eq!(pieces[1], [(5.0, 0.0), (6.0, 0.0), (6.0, 3.0)]);
        assert_eq!(pieces.len(), 4);
    }

    #[test]
    fn thinning_keeps_the_extremes() {
        let path: Vec<Pixel> = (0..100_000).map(|i| (f64::from(i) * 1e-3, f64::from(i * 7919 % 1000))).collect();
        let thin = thinned(&path);
        assert!(thin.len() <= 4 * 201);
        let top = |path: &[Pixel]| path.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
        assert_eq!(top(&thin), top(&path));
        assert_eq!((thin[0], thin[thin.len() - 1]), (path[0], path[path.len() - 1]));
    }
}
