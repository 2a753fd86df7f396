//! Text: the embedded font, its measures, and lines broken to a width.

use ab_glyph::{Font as _, FontRef, ScaleFont as _, point};
use plotters_backend::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendTextStyle, FontFamily, FontStyle, FontTransform};
use std::sync::LazyLock;

/// A viewer without DejaVu Sans falls back to Verdana, which has the same widths.
const FAMILY: &str = "DejaVu Sans, Verdana, Geneva, sans-serif";

static REGULAR: LazyLock<FontRef<'static>> =
    LazyLock::new(|| embedded(include_bytes!("../../assets/DejaVuSans.subset.ttf")));
static BOLD: LazyLock<FontRef<'static>> =
    LazyLock::new(|| embedded(include_bytes!("../../assets/DejaVuSans-Bold.subset.ttf")));

fn embedded(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the embedded font is a font")
}

/// Size of the em in the units of the surface, weight and colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Type {
    pub size: f64,
    pub bold: bool,
}

/// Regular type of this size.
pub const fn regular(size: f64) -> Type {
    Type { size, bold: false }
}

/// Bold type of this size.
pub const fn bold(size: f64) -> Type {
    Type { size, bold: true }
}

impl Type {
    fn font(self) -> &'static FontRef<'static> {
        if self.bold { &BOLD } else { &REGULAR }
    }

    /// The crate's scale is the height from descent to ascent; type is measured by its em.
    fn scale(self) -> f32 {
        let font = self.font();
        let per_em = font.units_per_em().unwrap_or(2048.0);
        self.size as f32 * font.height_unscaled() / per_em
    }

    /// Width of `text`.
    pub fn width(self, text: &str) -> f64 {
        let font = self.font().as_scaled(self.scale());
        text.chars().map(|c| f64::from(font.h_advance(font.glyph_id(c)))).sum()
    }

    /// `text` broken into lines no wider than `width`, at spaces where possible. At least one line.
    pub fn lines(self, text: &str, width: f64) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let last = lines.last_mut().expect("starts with a line");
            let longer = if last.is_empty() { word.to_string() } else { format!("{last} {word}") };
            if self.width(&longer) <= width {
                *last = longer;
                continue;
            }
            if !last.is_empty() {
                lines.push(String::new());
            }
            for c in word.chars() {
                let last = lines.last_mut().expect("starts with a line");
                if !last.is_empty() && self.width(last) + self.width(&c.to_string()) > width {
                    lines.push(c.to_string());
                } else {
                    last.push(c);
                }
            }
        }
        lines
    }
}

/// Where the given point lies along a line of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Align {
    Start,
    Middle,
    End,
}

/// The baseline lies this far below the top that the SVG back end works with, in em.
pub const BASELINE: f64 = 0.76;

/// Type with colour, alignment and direction, as the back ends want it. The anchor is the top.
pub struct Styled {
    pub face: Type,
    pub colour: BackendColor,
    pub align: Align,
    pub upwards: bool,
}

impl BackendTextStyle for Styled {
    type FontError = std::convert::Infallible;

    fn color(&self) -> BackendColor {
        self.colour
    }

    /// The SVG back end divides by this factor to get the em.
    fn size(&self) -> f64 {
        self.face.size * 1.24
    }

    fn transform(&self) -> FontTransform {
        if self.upwards { FontTransform::Rotate270 } else { FontTransform::None }
    }

    fn style(&self) -> FontStyle {
        if self.face.bold { FontStyle::Bold } else { FontStyle::Normal }
    }

    fn anchor(&self) -> Pos {
        let horizontal = match self.align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        Pos::new(horizontal, VPos::Top)
    }

    fn family(&self) -> FontFamily<'_> {
        FontFamily::Name(FAMILY)
    }

    fn layout_box(&self, text: &str) -> Result<((i32, i32), (i32, i32)), Self::FontError> {
        Ok(((0, 0), (self.face.width(text).round() as i32, self.face.size.round() as i32)))
    }

    fn draw<E, DrawFunc: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        text: &str,
        (left, top): BackendCoord,
        mut draw: DrawFunc,
    ) -> Result<Result<(), E>, Self::FontError> {
        let font = self.face.font().as_scaled(self.face.scale());
        let baseline = (BASELINE * self.face.size) as f32;
        let mut x = 0.0;
        for c in text.chars() {
            let glyph = font.glyph_id(c);
            let placed = glyph.with_scale_and_position(self.face.scale(), point(x, baseline));
            x += font.h_advance(glyph);
            let Some(outline) = font.outline_glyph(placed) else { continue };
            let corner = outline.px_bounds().min;
            let (column, row) = (left + corner.x as i32, top + corner.y as i32);
            let mut outcome = Ok(());
            outline.draw(|i, j, cover| {
                if outcome.is_ok() && cover > 0.0 {
                    let colour = self.colour.mix(f64::from(cover.min(1.0)));
                    outcome = draw(column + i as i32, row + j as i32, colour);
                }
            });
            if outcome.is_err() {
                return Ok(outcome);
            }
        }
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_nothing() {
        let face = regular(12.0);
        let text = "KL(q, p) of best-of-N against log N - (N - 1)/N averyveryverylongwordwithoutanyspacetobreakat";
        let lines = face.lines(text, 120.0);
        assert!(lines.len() > 3 && lines.iter().all(|line| face.width(line) <= 120.0));
        let joined: String = lines.concat().split_whitespace().collect();
        assert_eq!(joined, text.split_whitespace().collect::<String>());
        assert_eq!(face.lines("", 10.0), [""]);
        assert_eq!(face.lines("ab", 0.0), ["a", "b"]);
    }

    #[test]
    fn the_font_has_what_labels_need() {
        for face in [regular(10.0), bold(10.0)] {
            for c in "aZ09αβδεπΩ₀ₙ‖⁻¹²⁶≤≥≈∞×−√∑∫∂·…–éℝ→".chars() {
                assert_ne!(face.font().glyph_id(c).0, 0, "{c} is missing");
            }
        }
    }
}
