//! What every figure looks like: colours, sizes in pixels at 100 %, line widths.
//!
//! The palette is that of Okabe and Ito (2008), made to be told apart with any colour vision; its yellow, unreadable on
//! white, is replaced by grey. Layers also differ by marker and line style, never by colour alone.

use plotters_backend::BackendColor;

/// An opaque colour.
const fn rgb(red: u8, green: u8, blue: u8) -> BackendColor {
    BackendColor { alpha: 1.0, rgb: (red, green, blue) }
}

/// Background.
pub const PAPER: BackendColor = rgb(0xff, 0xff, 0xff);
/// Text and axes.
pub const INK: BackendColor = rgb(0x22, 0x22, 0x22);
/// The command line and other small print.
pub const SMALL_PRINT: BackendColor = rgb(0x77, 0x77, 0x77);
/// Grid lines.
pub const GRID: BackendColor = rgb(0xe6, 0xe6, 0xe6);

const PALETTE: [BackendColor; 8] = [
    rgb(0x00, 0x72, 0xb2), // blue
    rgb(0xd5, 0x5e, 0x00), // vermilion
    rgb(0x00, 0x9e, 0x73), // bluish green
    rgb(0xcc, 0x79, 0xa7), // reddish purple
    rgb(0xe6, 0x9f, 0x00), // orange
    rgb(0x56, 0xb4, 0xe9), // sky blue
    rgb(0x00, 0x00, 0x00), // black
    rgb(0x8c, 0x8c, 0x8c), // grey
];

/// The colour of a layer.
pub fn colour(index: usize) -> BackendColor {
    PALETTE[index % PALETTE.len()]
}

/// Size of the figure's title.
pub const TITLE_SIZE: f64 = 16.0;
/// Size of panel titles and axis labels.
pub const LABEL_SIZE: f64 = 13.0;
/// Size of tick labels and legends.
pub const TICK_SIZE: f64 = 12.0;
/// Size of the exponent in a tick label.
pub const EXPONENT_SIZE: f64 = 9.0;
/// Size of the command line.
pub const COMMAND_SIZE: f64 = 10.0;
/// Height of a line of text in units of its size.
pub const LINE_HEIGHT: f64 = 1.35;

/// Width of lines that carry data.
pub const LINE_WIDTH: f64 = 1.8;
/// Width of axes and error bars.
pub const AXIS_WIDTH: f64 = 1.0;
/// Radius of a marker.
pub const MARKER_RADIUS: f64 = 3.4;
/// Opacity of bands.
pub const BAND_OPACITY: f64 = 0.25;
/// Opacity of bars: two histograms in one panel stay readable.
pub const BAR_OPACITY: f64 = 0.45;
/// Lengths of ink and gap of a dashed line.
pub const DASHES: (f64, f64) = (7.0, 4.0);
/// Lengths of ink and gap of a dotted line.
pub const DOTS: (f64, f64) = (1.8, 3.2);
