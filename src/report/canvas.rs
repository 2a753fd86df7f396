//! A drawing surface in pixels at 100 %, on either back end of plotters.
//!
//! The back ends have whole-numbered coordinates, so the surface multiplies lengths by its `unit`: 10 for SVG (the view
//! box makes up for it), [`SUPERSAMPLING`] for bitmaps, which are averaged down afterwards. Drawing into memory does not
//! fail in practice; the first failure is kept and returned by [`Canvas::finish`].

use super::text::{Align, BASELINE, Styled, Type};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, DrawingBackend};

/// A point in pixels, y downwards.
pub type Pixel = (f64, f64);

/// Surface units of a pixel at 100 % in a bitmap.
pub const SUPERSAMPLING: u32 = 4;
/// Surface units of a pixel at 100 % in an SVG.
pub const SVG_UNITS: u32 = 10;

struct Stroke {
    colour: BackendColor,
    width: u32,
}

impl BackendStyle for Stroke {
    fn color(&self) -> BackendColor {
        self.colour
    }
    fn stroke_width(&self) -> u32 {
        self.width
    }
}

/// The surface.
pub struct Canvas<B: DrawingBackend> {
    backend: B,
    unit: f64,
    /// Whether paths are stroked as a whole; otherwise segment by segment, since the rasteriser of plotters fills a
    /// stroked path by the even-odd rule and leaves holes where it meets itself.
    whole_paths: bool,
    failure: Option<String>,
}

impl<B: DrawingBackend> Canvas<B> {
    /// A surface on `backend` with `unit` surface units a pixel.
    pub fn new(backend: B, unit: u32, whole_paths: bool) -> Self {
        Canvas { backend, unit: f64::from(unit), whole_paths, failure: None }
    }

    /// Finishes the drawing.
    pub fn finish(mut self) -> Result<(), String> {
        let outcome = self.backend.present();
        self.note(outcome);
        self.failure.map_or(Ok(()), Err)
    }

    fn note<E: std::fmt::Display>(&mut self, outcome: Result<(), E>) {
        if let Err(error) = outcome {
            self.failure.get_or_insert(error.to_string());
        }
    }

    fn place(&self, (x, y): Pixel) -> BackendCoord {
        ((x * self.unit).round() as i32, (y * self.unit).round() as i32)
    }

    fn stroke(&self, colour: BackendColor, width: f64) -> Stroke {
        Stroke { colour, width: ((width * self.unit).round() as u32).max(1) }
    }

    /// An open path.
    pub fn path(&mut self, points: &[Pixel], colour: BackendColor, width: f64) {
        let stroke = self.stroke(colour, width);
        let mut points: Vec<BackendCoord> = points.iter().map(|&point| self.place(point)).collect();
        points.dedup();
        if points.len() < 2 {
            return;
        }
        if self.whole_paths {
            let outcome = self.backend.draw_path(points, &stroke);
            return self.note(outcome);
        }
        for pair in points.windows(2) {
            let outcome = self.backend.draw_path([pair[0], pair[1]], &stroke);
            self.note(outcome);
        }
        for &joint in &points[1..points.len() - 1] {
            let outcome = self.backend.draw_circle(joint, stroke.width / 2, &stroke.colour, true);
            self.note(outcome);
        }
    }

    /// A filled polygon.
    pub fn polygon(&mut self, points: &[Pixel], colour: BackendColor) {
        if points.len() > 2 {
            let points: Vec<BackendCoord> = points.iter().map(|&point| self.place(point)).collect();
            let outcome = self.backend.fill_polygon(points, &colour);
            self.note(outcome);
        }
    }

    /// A filled rectangle between two opposite corners.
    pub fn rectangle(&mut self, a: Pixel, b: Pixel, colour: BackendColor) {
        let (a, b) = (self.place(a), self.place(b));
        let low = (a.0.min(b.0), a.1.min(b.1));
        let high = (a.0.max(b.0), a.1.max(b.1));
        let outcome = self.backend.draw_rect(low, high, &colour, true);
        self.note(outcome);
    }

    /// A filled circle.
    pub fn disc(&mut self, centre: Pixel, radius: f64, colour: BackendColor) {
        let centre = self.place(centre);
        let outcome = self.backend.draw_circle(centre, (radius * self.unit).round() as u32, &colour, true);
        self.note(outcome);
    }

    /// A line of text whose baseline goes through `point`.
    pub fn text(&mut self, text: &str, point: Pixel, face: Type, align: Align, colour: BackendColor) {
        let top = (point.0, point.1 - BASELINE * face.size);
        self.styled(text, top, face, align, colour, false);
    }

    /// The same, read upwards.
    pub fn text_upwards(&mut self, text: &str, point: Pixel, face: Type, align: Align, colour: BackendColor) {
        let top = (point.0 - BASELINE * face.size, point.1);
        self.styled(text, top, face, align, colour, true);
    }

    fn styled(&mut self, text: &str, top: Pixel, face: Type, align: Align, colour: BackendColor, upwards: bool) {
        if text.is_empty() {
            return;
        }
        let face = Type { size: face.size * self.unit, ..face };
        let top = self.place(top);
        let outcome = self.backend.draw_text(text, &Styled { face, colour, align, upwards }, top);
        self.note(outcome);
    }
}
