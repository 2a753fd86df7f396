//! Figures: from a description and the tables it names to a picture.
//!
//! The layout is computed once in pixels and drawn on either back end, so SVG and PNG show the same. From the top: title,
//! rows of panels (title, frame with axes, legend), the command that repeats the run. Frames of one column are aligned.

use super::axis::{Span, Ticks};
use super::canvas::{Canvas, SUPERSAMPLING, SVG_UNITS};
use super::legend::Legend;
use super::marks::{self, Frame};
use super::panel::{self, PANEL_GAP};
use super::series::Series;
use super::text::{Align, bold, regular};
use super::{escape, theme};
use crate::lab::{Figure, Mark, Panel, Table};
use crate::{Error, Result};
use plotters::prelude::{BitMapBackend, SVGBackend};
use plotters_backend::DrawingBackend;

/// Largest picture as a bitmap, in pixels at 100 %: half a gigabyte while it is drawn.
const MOST_PIXELS: f64 = 1e7;
/// Space around the figure.
const EDGE: f64 = 14.0;

/// A panel with everything known that its size depends on.
struct Prepared<'a> {
    panel: &'a Panel,
    series: Vec<Series<'a>>,
    spans: (Span, Span),
    y_ticks: Ticks,
    title: String,
}

/// A panel with its place.
struct Placed<'a> {
    prepared: Prepared<'a>,
    frame: Frame,
    x_ticks: Ticks,
    legend: Legend<'a>,
    /// Left end of the space for the vertical axis.
    left: f64,
}

/// A figure ready to be drawn.
pub struct Layout<'a> {
    width: f64,
    height: f64,
    title: Vec<String>,
    panels: Vec<Placed<'a>>,
    command: Vec<String>,
}

/// Width of a panel and height of its frame, by the number of panels across.
fn panel_size(across: usize) -> (f64, f64) {
    match across {
        1 => (760.0, 400.0),
        2 => (546.0, 320.0),
        _ => (440.0, 270.0),
    }
}

impl<'a> Layout<'a> {
    /// Lays out `figure`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] names a table or column that does not exist, or an axis range that is none.
    pub fn new(figure: &'a Figure, tables: &[Table], command: &str) -> Result<Layout<'a>> {
        let across = figure.per_row.clamp(1, figure.panels.len().max(1));
        let (cell, frame_height) = panel_size(across);
        let width = across as f64 * cell + 2.0 * EDGE;
        let inner = width - 2.0 * EDGE;
        let title = non_empty(bold(theme::TITLE_SIZE).lines(&figure.title, inner));
        let command = non_empty(regular(theme::COMMAND_SIZE).lines(command, inner));

        let prepared: Vec<Prepared> = (0..figure.panels.len())
            .map(|index| prepare(figure, index, tables, frame_height))
            .collect::<Result<_>>()?;
        let mut gutters = vec![0.0f64; across];
        for (index, panel) in prepared.iter().enumerate() {
            let needed = panel::gutter(panel.panel, &panel.y_ticks, frame_height);
            gutters[index % across] = gutters[index % across].max(needed);
        }

        let mut y = EDGE + lines_height(&title, theme::TITLE_SIZE) + if title.is_empty() { 0.0 } else { 6.0 };
        let mut panels = Vec::with_capacity(prepared.len());
        let mut rest = prepared.into_iter().peekable();
        while rest.peek().is_some() {
            let row: Vec<Prepared> = rest.by_ref().take(across).collect();
            let head = row.iter().map(|p| panel::title_height(&p.title, cell - PANEL_GAP)).fold(0.0, f64::max);
            let top = y + head;
            let mut bottom = top + frame_height;
            for (column, prepared) in row.into_iter().enumerate() {
                let start = EDGE + column as f64 * cell;
                let (left, right) = (start + gutters[column], start + cell - PANEL_GAP);
                let (x, y) = prepared.spans;
                let frame = Frame { left, top, right, bottom: top + frame_height, x, y };
                let x_ticks = panel::fitting_ticks(&x, right - left, false);
                let legend = Legend::new(&prepared.panel.layers, right - left);
                let below = panel::axis_height(prepared.panel, right - left) + legend.height;
                bottom = bottom.max(frame.bottom + below);
                panels.push(Placed { prepared, frame, x_ticks, legend, left: start });
            }
            y = bottom + PANEL_GAP;
        }
        let height = y + lines_height(&command, theme::COMMAND_SIZE) + EDGE - 6.0;
        Ok(Layout { width, height: height.ceil(), title, panels, command })
    }

    fn draw<B: DrawingBackend>(&self, canvas: &mut Canvas<B>) {
        canvas.rectangle((0.0, 0.0), (self.width, self.height), theme::PAPER);
        write_lines(canvas, &self.title, (EDGE, EDGE), bold(theme::TITLE_SIZE), theme::INK);
        for placed in &self.panels {
            let Prepared { panel, series, y_ticks, title, .. } = &placed.prepared;
            panel::draw_title(canvas, title, placed.left, &placed.frame);
            panel::draw_grid(canvas, &placed.frame, &placed.x_ticks, y_ticks);
            for series in series {
                marks::draw(canvas, &placed.frame, series);
            }
            if !series.is_empty() && !series.iter().any(|series| marks::shows(&placed.frame, series)) {
                panel::draw_nothing(canvas, &placed.frame);
            }
            panel::draw_axes(canvas, panel, &placed.frame, &placed.x_ticks, y_ticks, placed.left);
            let below = placed.frame.bottom + panel::axis_height(panel, placed.frame.right - placed.frame.left);
            placed.legend.draw(canvas, (placed.frame.left, below));
        }
        let top = self.height - EDGE + 4.0 - lines_height(&self.command, theme::COMMAND_SIZE);
        write_lines(canvas, &self.command, (EDGE, top), regular(theme::COMMAND_SIZE), theme::SMALL_PRINT);
    }
}

fn prepare<'a>(figure: &'a Figure, index: usize, tables: &[Table], frame_height: f64) -> Result<Prepared<'a>> {
    let panel = &figure.panels[index];
    let many = figure.panels.len() > 1;
    let letter = panel_letter(index);
    let owner = format!("figure {}{}", figure.name, if many { format!(" ({letter})") } else { String::new() });
    let series: Vec<Series> =
        panel.layers.iter().map(|layer| Series::read(layer, tables, &owner)).collect::<Result<_>>()?;
    let in_figure = |error: Error| match error {
        Error::InvalidInput { field, value, expected } => {
            Error::InvalidInput { field: format!("{field} in {owner}"), value, expected }
        }
        other => other,
    };
    let has_bars = panel.layers.iter().any(|layer| layer.mark == Mark::Bars);
    let x = Span::of(&panel.x, series.iter().flat_map(|s| s.xs(panel.x.scale)), false).map_err(in_figure)?;
    let y = Span::of(&panel.y, series.iter().flat_map(|s| s.ys(panel.y.scale)), has_bars).map_err(in_figure)?;
    let title = if many { format!("({letter}) {}", panel.title) } else { panel.title.clone() };
    Ok(Prepared { panel, series, spans: (x, y), y_ticks: panel::fitting_ticks(&y, frame_height, true), title })
}

/// a, b, ..., z, aa, ab, ...
fn panel_letter(index: usize) -> String {
    let last = char::from(b'a' + (index % 26) as u8);
    if index < 26 { last.to_string() } else { format!("{}{last}", panel_letter(index / 26 - 1)) }
}

fn non_empty(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

/// Height of lines of text of one size.
pub(super) fn lines_height(lines: &[String], size: f64) -> f64 {
    lines.len() as f64 * size * theme::LINE_HEIGHT
}

/// Lines of text from `corner` downwards.
pub(super) fn write_lines<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    lines: &[String],
    corner: (f64, f64),
    face: super::text::Type,
    colour: plotters_backend::BackendColor,
) {
    for (i, line) in lines.iter().enumerate() {
        let baseline = corner.1 + face.size + i as f64 * face.size * theme::LINE_HEIGHT;
        canvas.text(line, (corner.0, baseline), face, Align::Start, colour);
    }
}

/// The figure as an SVG document, with its title and caption as `<title>` and `<desc>`. Without identifiers, so that
/// several can stand in one page. The same input gives the same bytes.
///
/// # Errors
/// [`Error::InvalidInput`] if a layer names a table or column that does not exist, or an axis has an impossible range.
pub fn figure_svg(figure: &Figure, tables: &[Table], command: &str) -> Result<String> {
    let layout = Layout::new(figure, tables, command)?;
    let (width, height) = (layout.width as u32, layout.height as u32);
    let mut body = String::new();
    let backend = SVGBackend::with_string(&mut body, (width * SVG_UNITS, height * SVG_UNITS));
    let mut canvas = Canvas::new(backend, SVG_UNITS, true);
    layout.draw(&mut canvas);
    canvas.finish().map_err(|message| failed(figure, message))?;
    // The back end draws in tenths of a pixel; its opening tag is replaced by one that says so.
    let content = body.split_once('>').map_or("", |(_, content)| content);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" stroke-linejoin=\"round\">\n<title>{}</title>\n<desc>{}</desc>{content}",
        width * SVG_UNITS,
        height * SVG_UNITS,
        escape(&figure.title),
        escape(&figure.caption),
    ))
}

/// The figure as a PNG of twice the size in pixels. The same input gives the same bytes.
///
/// # Errors
/// As [`figure_svg`]; [`Error::TooLarge`] beyond ten million pixels at 100 %, some fifty panels.
pub fn figure_png(figure: &Figure, tables: &[Table], command: &str) -> Result<Vec<u8>> {
    let layout = Layout::new(figure, tables, command)?;
    if layout.width * layout.height > MOST_PIXELS {
        let pixels = layout.width * layout.height;
        return Err(Error::too_large(format!("figure {}", figure.name), pixels, MOST_PIXELS, "pixels"));
    }
    let (width, height) = (layout.width as u32, layout.height as u32);
    let fine = (width * SUPERSAMPLING, height * SUPERSAMPLING);
    let mut pixels = vec![0xff; 3 * fine.0 as usize * fine.1 as usize];
    let mut canvas = Canvas::new(BitMapBackend::with_buffer(&mut pixels, fine), SUPERSAMPLING, false);
    layout.draw(&mut canvas);
    canvas.finish().map_err(|message| failed(figure, message))?;

    let half = halved(&pixels, fine.0 as usize);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, fine.0 / 2, fine.1 / 2);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Default);
    encoder.set_adaptive_filter(png::AdaptiveFilterType::Adaptive);
    let mut writer = encoder.write_header().map_err(|error| failed(figure, error.to_string()))?;
    writer.write_image_data(&half).map_err(|error| failed(figure, error.to_string()))?;
    writer.finish().map_err(|error| failed(figure, error.to_string()))?;
    Ok(bytes)
}

/// Averages squares of two by two pixels.
fn halved(pixels: &[u8], width: usize) -> Vec<u8> {
    let row = 3 * width;
    let mut out = Vec::with_capacity(pixels.len() / 4);
    for pair in pixels.chunks_exact(2 * row) {
        for i in (0..row).step_by(6) {
            for channel in i..i + 3 {
                let four = [channel, channel + 3, row + channel, row + channel + 3];
                let sum: u32 = four.iter().map(|&at| u32::from(pair[at])).sum();
                out.push(((sum + 2) / 4) as u8);
            }
        }
    }
    out
}

fn failed(figure: &Figure, message: String) -> Error {
    Error::File { path: format!("figure {}", figure.name), message }
}
