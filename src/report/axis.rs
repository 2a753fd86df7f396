//! Axes: ranges, ticks and their labels.
//!
//! A number is first taken to *axis units* (itself on a linear axis, its decimal logarithm on a logarithmic one); a
//! [`Span`] is an interval in those units. Ticks are multiples of 1, 2 or 5 times a power of ten; a logarithmic axis has
//! powers of ten if three fit, else 1, 2, 5 times them, else linear ticks at their logarithms.

use crate::lab::{Axis, Scale};
use crate::{Error, Result};

/// A label, with an exponent to be raised: `2×10` and `−6`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickLabel {
    pub base: String,
    pub exponent: String,
}

/// A labelled tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Position in axis units.
    pub at: f64,
    pub label: TickLabel,
}

/// The ticks of an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ticks {
    pub major: Vec<Tick>,
    /// Positions of unlabelled ticks, in axis units.
    pub minor: Vec<f64>,
}

/// The part of an axis that is drawn, in axis units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub scale: Scale,
    pub low: f64,
    pub high: f64,
}

/// Empty margin on both sides of the data.
const MARGIN: f64 = 0.04;
/// Numbers beyond this are drawn there, so that differences stay finite.
const FAR: f64 = 1e307;

/// A number in axis units; `None` if it has no place on the axis.
pub fn place(scale: Scale, x: f64) -> Option<f64> {
    match scale {
        _ if !x.is_finite() => None,
        Scale::Linear => Some(x.clamp(-FAR, FAR)),
        Scale::Log => (x > 0.0).then(|| x.log10()),
    }
}

impl Span {
    /// The span of `axis`: its own range, or that of `data` with a margin. Without data it is arbitrary.
    ///
    /// `anchored` data starts at zero on a linear axis and gets no margin there (bars).
    pub fn of(axis: &Axis, data: impl IntoIterator<Item = f64>, anchored: bool) -> Result<Span> {
        if let Some((low, high)) = axis.range {
            let ends = place(axis.scale, low).zip(place(axis.scale, high)).filter(|(low, high)| low < high);
            let (low, high) = ends.ok_or_else(|| {
                let positive = if axis.scale == Scale::Log { "positive " } else { "" };
                let expected = format!("two {positive}numbers in ascending order");
                Error::invalid(format!("range of axis `{}`", axis.label), format!("{low}..{high}"), expected)
            })?;
            return Ok(Span { scale: axis.scale, low, high });
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for x in data.into_iter().filter_map(|x| place(axis.scale, x)) {
            (low, high) = (low.min(x), high.max(x));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        let largest = low.abs().max(high.abs());
        if high - low <= 1e-13 * largest || largest < 1e-290 {
            // One value: show it in the middle of a range of its own size.
            let around = match axis.scale {
                Scale::Log => 0.5,
                Scale::Linear if largest < 1e-290 => 1.0,
                Scale::Linear => 0.1 * largest,
            };
            return Ok(Span { scale: axis.scale, low: low - around, high: high + around });
        }
        let margin = MARGIN * (high - low);
        let (mut from, mut to) = (low - margin, high + margin);
        if anchored && axis.scale == Scale::Linear {
            from = if low >= 0.0 { low } else { from };
            to = if high <= 0.0 { high } else { to };
        }
        Ok(Span { scale: axis.scale, low: from, high: to })
    }

    /// Where axis units `at` lie between the ends: 0 is the lower, 1 the upper. Far outside it is cut off.
    pub fn fraction(&self, at: f64) -> f64 {
        ((at - self.low) / (self.high - self.low)).clamp(-1e5, 1e5)
    }

    /// Ticks, at most `most` of them labelled.
    pub fn ticks(&self, most: usize) -> Ticks {
        match self.scale {
            Scale::Linear => Ticks { major: linear_ticks(self.low, self.high, most), minor: Vec::new() },
            Scale::Log => log_ticks(self.low, self.high, most),
        }
    }
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten, the smallest such step with at most `most` ticks.
fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<Tick> {
    if !(low < high && (high - low).is_normal()) {
        return Vec::new();
    }
    let most = most.max(1) as f64;
    // One step finer than could be right, then upwards.
    let start = ((high - low) / (most + 1.0)).log10().floor() as i32;
    for exponent in start.. {
        for digit in [1.0, 2.0, 5.0] {
            let value = |index: f64| index * digit * 10f64.powi(exponent);
            let step = value(1.0);
            if !step.is_finite() {
                return Vec::new();
            }
            let (first, last) = ((low / step - 1e-6).ceil(), (high / step + 1e-6).floor());
            if last - first + 1.0 > most {
                continue;
            }
            // Dividing by a power of ten rounds once; multiplying by a negative power would round twice.
            let exact = |index: f64| match exponent {
                -300..0 => index * digit / 10f64.powi(-exponent),
                _ => value(index),
            };
            let values: Vec<f64> = (0..=(last - first).max(-1.0) as i64)
                .take_while(|_| last >= first)
                .map(|offset| exact(first + offset as f64))
                .collect();
            return values.iter().map(|&at| Tick { at, label: linear_label(at, &values, exponent) }).collect();
        }
    }
    Vec::new()
}

/// The label of `value` on an axis with ticks at `values`, which are whole multiples of 10^`exponent`.
fn linear_label(value: f64, values: &[f64], exponent: i32) -> TickLabel {
    let largest = values.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    let decimals = (-exponent).max(0) as usize;
    if value == 0.0 {
        return plain("0".to_string());
    }
    if largest < 1e6 && (decimals <= 4 || largest > 0.09) {
        let text = format!("{value:.decimals$}");
        return plain(if largest >= 1e4 { grouped(&text) } else { text });
    }
    // One power of ten for the whole axis, so that labels can be compared.
    let power = largest.log10().floor() as i32;
    let digits = (power - exponent).max(0) as usize;
    TickLabel {
        base: minus(&format!("{:.digits$}×10", value / 10f64.powi(power))),
        exponent: minus(&power.to_string()),
    }
}

fn log_ticks(low: f64, high: f64, most: usize) -> Ticks {
    let (first, last) = ((low - 1e-9).ceil() as i32, (high + 1e-9).floor() as i32);
    let powers = last - first + 1;
    let between = |digits: &[f64]| -> Vec<(f64, i32)> {
        let all = (first - 1..=last).flat_map(|k| digits.iter().map(move |&digit| (digit, k)));
        all.filter(|(digit, k)| (low - 1e-9..=high + 1e-9).contains(&(digit.log10() + f64::from(*k)))).collect()
    };
    let at = |&(digit, k): &(f64, i32)| digit.log10() + f64::from(k);
    if powers < 3 {
        let candidates = between(&[1.0, 2.0, 5.0]);
        if (3..=most).contains(&candidates.len()) {
            let short = candidates.iter().all(|(_, k)| (-3..=4).contains(k));
            let major = candidates.iter().map(|c| Tick { at: at(c), label: log_label(c.0, c.1, short) }).collect();
            let minor = between(&[3.0, 4.0, 6.0, 7.0, 8.0, 9.0]).iter().map(at).collect();
            return Ticks { major, minor };
        }
        let linear = linear_ticks(10f64.powf(low), 10f64.powf(high), most);
        let positive = linear.into_iter().filter(|tick| tick.at > 0.0);
        let major: Vec<Tick> = positive.map(|tick| Tick { at: tick.at.log10(), ..tick }).collect();
        // At the ends of the doubles there are none.
        if !major.is_empty() {
            return Ticks { major, minor: Vec::new() };
        }
    }
    let multiples = |stride: i32| (first..=last).filter(move |k| k.rem_euclid(stride) == 0);
    let strides = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500];
    let stride = strides.into_iter().find(|&s| multiples(s).count() <= most).unwrap_or(1000);
    let short = first >= -3 && last <= 4;
    let major = multiples(stride).map(|k| Tick { at: f64::from(k), label: log_label(1.0, k, short) }).collect();
    let minor = match stride {
        1 => between(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]).iter().map(at).collect(),
        _ if powers <= 50 => (first..=last).filter(|k| k.rem_euclid(stride) != 0).map(f64::from).collect(),
        _ => Vec::new(),
    };
    Ticks { major, minor }
}

/// `digit` x 10^`k`, written out if `short`.
fn log_label(digit: f64, k: i32, short: bool) -> TickLabel {
    if short {
        let text = format!("{:.*}", (-k).max(0) as usize, digit * 10f64.powi(k));
        return plain(if k >= 4 { grouped(&text) } else { text });
    }
    let base = if digit == 1.0 { "10".to_string() } else { format!("{digit}×10") };
    TickLabel { base, exponent: minus(&k.to_string()) }
}

fn plain(text: String) -> TickLabel {
    TickLabel { base: minus(&text), exponent: String::new() }
}

/// The hyphen of machines to the minus sign of readers.
fn minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

/// Thousands set apart by thin spaces.
fn grouped(text: &str) -> String {
    let whole = text.find('.').unwrap_or(text.len());
    let mut out = String::new();
    for (i, c) in text.char_indices() {
        let behind = whole.saturating_sub(i);
        if i > 0 && i < whole && behind % 3 == 0 && !out.ends_with('-') {
            out.push('\u{2009}');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<String> {
        ticks.iter().map(|tick| format!("{}{}", tick.label.base, tick.label.exponent)).collect()
    }

    fn log(low: f64, high: f64, most: usize) -> Ticks {
        Span { scale: Scale::Log, low: low.log10(), high: high.log10() }.ticks(most)
    }

    #[test]
    fn linear_steps_are_1_2_5() {
        assert_eq!(labels(&linear_ticks(0.0, 1.0, 6)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&linear_ticks(-1.0, 1.0, 6)), ["−1.0", "−0.5", "0", "0.5", "1.0"]);
        assert_eq!(labels(&linear_ticks(0.2, 0.21, 6)), ["0.200", "0.202", "0.204", "0.206", "0.208", "0.210"]);
        assert_eq!(
            labels(&linear_ticks(1e5, 3e5, 5)),
            ["100\u{2009}000", "150\u{2009}000", "200\u{2009}000", "250\u{2009}000", "300\u{2009}000"]
        );
        assert_eq!(labels(&linear_ticks(0.0, 3e-7, 4)), ["0", "1×10−7", "2×10−7", "3×10−7"]);
        assert_eq!(labels(&linear_ticks(-2e9, 0.0, 5)), ["−2.0×109", "−1.5×109", "−1.0×109", "−0.5×109", "0"]);
        assert_eq!(linear_ticks(0.0, 0.3, 4)[3].at, 0.3, "ticks are the decimal numbers that they say");
    }

    #[test]
    fn log_ticks_suit_the_range() {
        assert_eq!(labels(&log(1.0, 100.0, 8).major), ["1", "10", "100"]);
        assert_eq!(log(1.0, 100.0, 8).minor.len(), 16);
        assert_eq!(labels(&log(1e-12, 1e3, 6).major), ["10−12", "10−9", "10−6", "10−3", "100", "103"]);
        assert_eq!(labels(&log(0.9, 11.0, 8).major), ["1", "2", "5", "10"]);
        assert_eq!(labels(&log(1e-6, 9e-6, 8).major), ["1×10−6", "2×10−6", "5×10−6"].map(|s| s.replace("1×10", "10")));
        assert_eq!(labels(&log(0.2, 0.21, 6).major), ["0.200", "0.202", "0.204", "0.206", "0.208", "0.210"]);
        assert!((log(0.2, 0.21, 6).major[1].at - 0.202f64.log10()).abs() < 1e-15);
    }

    #[test]
    fn ranges_have_margins_and_survive_degenerate_data() {
        let linear = Axis::linear("x");
        let span = Span::of(&linear, [0.0, 1.0], false).unwrap();
        assert_eq!((span.low, span.high), (-0.04, 1.04));
        assert_eq!(Span::of(&linear, [0.0, 1.0], true).unwrap().low, 0.0);
        let log = Span::of(&Axis::log("x"), [-1.0, 0.0, 1.0, 100.0, f64::INFINITY], false).unwrap();
        assert_eq!((log.low, log.high), (-0.08, 2.08));
        for data in [vec![], vec![3.0], vec![0.0; 3], vec![f64::MAX, -f64::MAX], vec![5e-324], vec![1.0, 1.0 + 1e-15]] {
            for axis in [Axis::linear("x"), Axis::log("x")] {
                let span = Span::of(&axis, data.clone(), false).unwrap();
                assert!(span.low < span.high && (span.high - span.low).is_finite(), "{data:?}");
                for most in 1..10 {
                    assert!(span.ticks(most).major.len() <= most);
                }
            }
        }
        assert!(Span::of(&Axis::log("x").between(0.0, 1.0), [], false).is_err());
        assert!(Span::of(&Axis::linear("x").between(1.0, 1.0), [], false).is_err());
        assert!(Span::of(&Axis::linear("x").between(0.0, f64::INFINITY), [], false).is_err());
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped("-123456.789"), "-123\u{2009}456.789");
        assert_eq!(grouped("1000"), "1\u{2009}000");
    }
}
