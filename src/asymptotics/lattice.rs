//! Lattices: rewards that are `minimum + span * integer`.
//!
//! A sum of `n` lattice rewards lives on `n w + 1` points (`w` the width in spans), so its law is a polynomial power.
//! [`Lattice::detect`] finds the largest span by continued fractions of the ratios to the range (a number `x` within
//! `1/(2q^2)` of a fraction with denominator `q` has that fraction among its convergents), takes the common denominator
//! and then measures what is left: the lattice is accepted only if every reward is within the tolerance of its point.
//! Cost `O(k log w)`.

/// Rewards on `minimum + span * Z`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lattice {
    /// The smallest reward.
    pub minimum: f64,
    /// The span: distance of neighbouring lattice points; the largest that fits.
    pub span: f64,
    /// For each reward, its lattice point: `round((reward - minimum) / span)`.
    pub steps: Vec<u64>,
}

impl Lattice {
    /// The lattice of `rewards`, if there is one no wider than `max_width` spans with every reward within `tolerance` of
    /// its point. A single distinct reward has span 1 and width 0.
    ///
    /// ```
    /// use tilt::asymptotics::lattice::Lattice;
    /// let lattice = Lattice::detect(&[0.3, 0.1, 0.7], 1e-13, 1e6).unwrap();
    /// assert_eq!(lattice.steps, [1, 0, 3]);
    /// assert!((lattice.span - 0.2).abs() < 1e-15);
    /// assert!(Lattice::detect(&[0.0, 1.0, 2f64.sqrt()], 1e-13, 1e5).is_none());
    /// ```
    pub fn detect(rewards: &[f64], tolerance: f64, max_width: f64) -> Option<Lattice> {
        let minimum = rewards.iter().copied().fold(f64::INFINITY, f64::min);
        let range = rewards.iter().copied().fold(f64::NEG_INFINITY, f64::max) - minimum;
        if !range.is_finite() {
            return None;
        }
        if range == 0.0 {
            return Some(Lattice { minimum, span: 1.0, steps: vec![0; rewards.len()] });
        }
        let mut width = 1u64;
        for &reward in rewards {
            // Refine the common denominator by the denominator of what it does not yet explain.
            let ratio = (reward - minimum) / range;
            let denominator =
                convergent_denominator(ratio * width as f64, tolerance / range * width as f64, max_width)?;
            width = width.checked_mul(denominator)?;
            if width as f64 > max_width {
                return None;
            }
        }
        let steps: Vec<u64> =
            rewards.iter().map(|reward| ((reward - minimum) / range * width as f64).round() as u64).collect();
        let common = steps.iter().fold(0, |a, &b| greatest_common_divisor(a, b));
        let steps: Vec<u64> = steps.iter().map(|step| step / common).collect();
        let span = range / (width / common) as f64;
        let fits = rewards
            .iter()
            .zip(&steps)
            .all(|(reward, &step)| (reward - minimum - span * step as f64).abs() <= tolerance.max(4e-16 * range));
        fits.then_some(Lattice { minimum, span, steps })
    }

    /// Distance from the smallest to the largest reward, in spans.
    pub fn width(&self) -> u64 {
        self.steps.iter().copied().max().unwrap_or(0)
    }

    /// The value of the lattice point `index` of a sum of `length` rewards.
    pub fn sum_value(&self, length: u64, index: u64) -> f64 {
        length as f64 * self.minimum + self.span * index as f64
    }
}

/// True if `value` is within `tolerance * max(1, |value|)`, and not more than `tolerance` spans, of `origin + span * Z`.
pub(crate) fn is_on(value: f64, origin: f64, span: f64, tolerance: f64) -> bool {
    let offset = value - origin;
    let distance = (offset - span * (offset / span).round()).abs();
    distance <= tolerance * value.abs().max(origin.abs()).max(1.0) && distance <= 0.25 * span
}

/// The denominator of the first convergent of `x >= 0` within `tolerance`, if it is at most `limit`.
fn convergent_denominator(x: f64, tolerance: f64, limit: f64) -> Option<u64> {
    let (mut previous, mut current) = (0.0f64, 1.0f64);
    let mut remainder = x;
    // A convergent's denominator at least doubles every two steps, so 64 steps pass any limit that fits a float.
    for _ in 0..64 {
        let numerator = (x * current).round();
        if (x - numerator / current).abs() <= tolerance.max(4e-16 * x) {
            return Some(current as u64);
        }
        let fraction = remainder - remainder.floor();
        if fraction == 0.0 {
            return None;
        }
        remainder = 1.0 / fraction;
        (previous, current) = (current, remainder.floor() * current + previous);
        if current > limit {
            return None;
        }
    }
    None
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_fine_spans_under_large_rewards() {
        // Multiples of 1e-3 up to 1e2, none of them a float.
        let rewards = [99.999, 0.001, 37.123, 100.0, 64.002];
        let lattice = Lattice::detect(&rewards, 5e-11, 1e6).unwrap();
        assert!((lattice.span - 1e-3).abs() < 1e-15, "{lattice:?}");
        for (reward, &step) in rewards.iter().zip(&lattice.steps) {
            assert_eq!(step, ((reward - 0.001) * 1000.0).round() as u64);
        }
    }

    #[test]
    fn finds_the_largest_span() {
        let lattice = Lattice::detect(&[0.0, 2.0, 3.0, 7.0], 1e-13, 1e6).unwrap();
        assert_eq!((lattice.span, lattice.steps), (1.0, vec![0, 2, 3, 7]));
        let lattice = Lattice::detect(&[-6.0, 0.0, 3.0], 1e-13, 1e6).unwrap();
        assert_eq!((lattice.span, lattice.steps), (3.0, vec![0, 2, 3]));
        let thirds = [1.0 / 3.0, 2.0 / 7.0, 0.0];
        assert_eq!(Lattice::detect(&thirds, 1e-13, 1e6).unwrap().steps, [7, 6, 0]);
    }

    #[test]
    fn refuses_what_is_no_lattice() {
        assert!(Lattice::detect(&[0.0, 1.0, 1.8384776310850235], 5e-13, 1e5).is_none());
        assert!(Lattice::detect(&[0.0, 1.0, std::f64::consts::PI, std::f64::consts::E], 5e-13, 1e5).is_none());
        // 1e-3 off a lattice point is off.
        assert!(Lattice::detect(&[0.0, 1.0, 2.000_000_1], 1e-12, 1e5).is_none());
    }

    #[test]
    fn one_reward_is_a_lattice_of_one_point() {
        assert_eq!(Lattice::detect(&[2.5, 2.5], 1e-13, 10.0).unwrap().width(), 0);
    }
}
