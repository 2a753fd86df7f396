//! A non-negative number with a huge exponent range: the cell of the dynamic programs.
//!
//! A value is `mantissa * 2^(512 exponent)` with the mantissa zero or in `[2^-256, 2^256)`. Products of two such
//! mantissas neither overflow nor underflow, sums of terms of one sign lose at most one rounding each, so a program of
//! `n` positive sums and products keeps a relative error of about `n * 1e-16` however deep the tail: `e^-1000000` is as
//! accurate as `0.5`, where logarithms would carry an absolute error of `1e-16 * 1000000`.

const STEP: f64 = f64::from_bits((1023 + 512) << 52); // 2^512
const STEP_DOWN: f64 = f64::from_bits((1023 - 512) << 52); // 2^-512
const HIGH: f64 = f64::from_bits((1023 + 256) << 52); // 2^256
const LOW: f64 = f64::from_bits((1023 - 256) << 52); // 2^-256
const LOG_STEP: f64 = 512.0 * std::f64::consts::LN_2;

/// A non-negative number `mantissa * 2^(512 exponent)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scaled {
    mantissa: f64,
    exponent: i64,
}

impl Scaled {
    /// Zero.
    pub(crate) const ZERO: Scaled = Scaled { mantissa: 0.0, exponent: 0 };
    /// One.
    pub(crate) const ONE: Scaled = Scaled { mantissa: 1.0, exponent: 0 };

    /// The finite number `x >= 0`, exactly.
    pub(crate) fn new(x: f64) -> Scaled {
        // Twice: a subnormal needs two steps.
        Scaled { mantissa: x, exponent: 0 }.normalised().normalised()
    }

    /// `e^x`; `|x|` is cut at 1e15, far beyond any sum of logarithms of probabilities.
    pub(crate) fn exp(x: f64) -> Scaled {
        if x < -1e15 {
            return Scaled::ZERO;
        }
        let x = x.min(1e15);
        let steps = (x / LOG_STEP).round();
        Scaled { mantissa: (x - steps * LOG_STEP).exp(), exponent: steps as i64 }.normalised()
    }

    /// True for zero.
    pub(crate) fn is_zero(self) -> bool {
        self.mantissa == 0.0
    }

    #[inline]
    fn normalised(self) -> Scaled {
        if self.mantissa >= HIGH {
            Scaled { mantissa: self.mantissa * STEP_DOWN, exponent: self.exponent + 1 }
        } else if self.mantissa < LOW && self.mantissa > 0.0 {
            Scaled { mantissa: self.mantissa * STEP, exponent: self.exponent - 1 }
        } else {
            self
        }
    }

    /// The product.
    #[inline]
    pub(crate) fn times(self, other: Scaled) -> Scaled {
        Scaled { mantissa: self.mantissa * other.mantissa, exponent: self.exponent + other.exponent }.normalised()
    }

    /// `1 / self`, for a positive number.
    pub(crate) fn reciprocal(self) -> Scaled {
        Scaled { mantissa: 1.0 / self.mantissa, exponent: -self.exponent }.normalised()
    }

    /// The sum.
    #[inline]
    pub(crate) fn plus(self, other: Scaled) -> Scaled {
        if self.mantissa == 0.0 {
            return other;
        }
        if other.mantissa == 0.0 {
            return self;
        }
        let (large, small) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        match large.exponent - small.exponent {
            0 => Scaled { mantissa: large.mantissa + small.mantissa, ..large }.normalised(),
            1 => Scaled { mantissa: large.mantissa + small.mantissa * STEP_DOWN, ..large }.normalised(),
            // The ratio is below 2^-512: nothing to add.
            _ => large,
        }
    }

    /// The natural logarithm; `-inf` at zero.
    pub(crate) fn ln(self) -> f64 {
        self.mantissa.ln() + LOG_STEP * self.exponent as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_agrees_with_floats_where_floats_reach() {
        for (a, b) in [(0.3, 0.7), (1e-200, 3e100), (5e-324, 1.0), (0.0, 2.0), (1e200, 1e-120)] {
            let (x, y) = (Scaled::new(a), Scaled::new(b));
            assert!((x.plus(y).ln() - (a + b).ln()).abs() <= 1e-13 * (a + b).ln().abs());
            let log_product = x.times(y).ln();
            let wanted = a.ln() + b.ln();
            assert!(log_product == wanted || (log_product - wanted).abs() <= 1e-13 * wanted.abs());
        }
    }

    #[test]
    fn powers_go_far_below_the_smallest_float() {
        let mut power = Scaled::ONE;
        for _ in 0..100_000 {
            power = power.times(Scaled::new(0.1));
        }
        assert!((power.ln() + 100_000.0 * std::f64::consts::LN_10).abs() < 1e-9);
        // Half plus half of a tiny number is that number.
        let half = power.times(Scaled::new(0.5));
        assert!((half.plus(half).ln() - power.ln()).abs() < 1e-10);
        for x in [-1e6, -1000.5, 0.0, 3.25, 900.0] {
            assert!((Scaled::exp(x).ln() - x).abs() <= 2e-16 * f64::abs(x) + 2e-16);
        }
        assert!(Scaled::ZERO.is_zero() && Scaled::ZERO.ln() == f64::NEG_INFINITY);
    }

    #[test]
    fn neighbouring_units_add_up() {
        // Mantissas live in [2^-256, 2^256): at unit 1 the number 2^257 has mantissa 2^-255, and 2^255 at unit 0 is a
        // quarter of it, not nothing; 2^-255 is below its rounding.
        let at = |e: i32| Scaled::new(f64::from(e).exp2());
        for (large, small) in [(257, 255), (300, 254), (256, 256), (-255, -257), (-256, -300)] {
            let wanted = f64::from(large) * std::f64::consts::LN_2 + f64::from(small - large).exp2().ln_1p();
            for sum in [at(large).plus(at(small)), at(small).plus(at(large))] {
                assert!((sum.ln() - wanted).abs() <= 4e-16 * wanted.abs(), "{large} {small}: {} {wanted}", sum.ln());
            }
        }
        assert_eq!(at(257).plus(at(-255)), at(257));
        assert_eq!(at(600).plus(at(-600)), at(600));
    }
}
