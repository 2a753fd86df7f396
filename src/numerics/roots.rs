//! Roots of one real function in a bracket, to the last bit.
//!
//! Given $f$ and $lo < hi$ with $f(lo)$ and $f(hi)$ of opposite sign, find neighbouring doubles between which $f$ changes
//! sign. [`bisect`] needs the signs only; [`newton_bracketed`] takes Newton steps while they help.
//!
//! Bisection halves the number of *doubles* in the bracket, not its length: at most 64 halvings separate any two
//! doubles, be they $10^{-300}$ and $10^{300}$, $-\infty$ and $\infty$. Newton's step is refused when it leaves the bracket
//! or when three of them did not halve the bracket in that sense; so neither method evaluates $f$ more than about 260
//! times, and neither needs finite values, only signs. Once Newton's steps are small they are lengthened slightly, to land
//! beyond the root and close the bracket from both sides.
//!
//! Why it stopped is part of the answer ([`Stop`]); a caller that needs a root checks [`Root::found`].
//! Source: Press et al., "Numerical Recipes", `rtsafe`, for the safeguard; the ordering of doubles is IEEE 754's; the rest is derived.

/// Where and why a root search ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Root {
    /// The best abscissa: of the final bracket, the end with the smaller `|value|`.
    pub x: f64,
    /// The function's value there.
    pub value: f64,
    /// Evaluations of the function.
    pub iterations: usize,
    /// Why it stopped.
    pub reason: Stop,
}

/// Why a root search stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// The value is exactly zero.
    ExactZero,
    /// The function changes sign between `x` and a neighbouring double.
    BracketAtResolution,
    /// The value is within the tolerance asked for.
    ValueWithinTolerance,
    /// The values at the ends of the bracket have the same sign; `x` is the end with the smaller one.
    NoSignChange,
    /// The function, or an end of the bracket, is not a number at `x`.
    NotANumber,
    /// The limit of evaluations was reached (a guard; the methods end before it).
    IterationLimit,
}

impl Root {
    /// Whether `x` is a root: an exact zero, a sign change at resolution, or a value within tolerance.
    pub fn found(&self) -> bool {
        matches!(self.reason, Stop::ExactZero | Stop::BracketAtResolution | Stop::ValueWithinTolerance)
    }
}

/// Evaluations after which a search gives up.
const LIMIT: usize = 400;

/// The position of a double among all doubles in ascending order; both zeros are 0.
fn rank(x: f64) -> i64 {
    let bits = x.to_bits() as i64;
    if bits < 0 { -(bits & i64::MAX) } else { bits }
}

/// The double at a position: the inverse of [`rank`].
fn at_rank(rank: i64) -> f64 {
    f64::from_bits(if rank < 0 { rank.unsigned_abs() | 1 << 63 } else { rank as u64 })
}

/// A root of `f` in `[lo, hi]` by bisection over the doubles: at most 66 evaluations.
///
/// `f` may increase or decrease, jump, be flat, or take infinite values; only its signs are used.
///
/// ```
/// use tilt::numerics::roots::{Stop, bisect};
/// let root = bisect(|x| x * x - 2.0, 0.0, f64::INFINITY);
/// assert_eq!(root.reason, Stop::BracketAtResolution);
/// assert!((root.x - 2f64.sqrt()).abs() <= 2.3e-16);
/// ```
pub fn bisect(mut f: impl FnMut(f64) -> f64, lo: f64, hi: f64) -> Root {
    search(|x| (f(x), f64::NAN), lo, hi, None, -1.0)
}

/// A root of `f` in `[lo, hi]` by Newton's method with safeguards, from `start`, to the last bit.
///
/// `f` returns (value, derivative) and may increase or decrease. A derivative that is zero, infinite or NaN only costs a
/// bisection step.
///
/// ```
/// use tilt::numerics::roots::newton_bracketed;
/// let root = newton_bracketed(|x| (x.exp() - 3.0, x.exp()), -1e308, 1e308, 0.0);
/// assert!(root.found() && root.iterations < 30);
/// assert!((root.x - 3f64.ln()).abs() <= 2.3e-16);
/// ```
pub fn newton_bracketed(f: impl FnMut(f64) -> (f64, f64), lo: f64, hi: f64, start: f64) -> Root {
    search(f, lo, hi, Some(start), -1.0)
}

/// As [`newton_bracketed`], but content with `|value| <= tolerance`: saves the last few evaluations when they are costly.
pub fn newton_bracketed_within(f: impl FnMut(f64) -> (f64, f64), lo: f64, hi: f64, start: f64, tolerance: f64) -> Root {
    search(f, lo, hi, Some(start), tolerance)
}

/// The one search: bisection over ranks, with Newton steps from `start` on if there is one. A negative tolerance asks for
/// the last bit.
fn search(mut f: impl FnMut(f64) -> (f64, f64), lo: f64, hi: f64, start: Option<f64>, tolerance: f64) -> Root {
    let mut evaluate = |x: f64, iterations: usize| {
        let (value, slope) = f(x);
        let here = Point { x, value, slope };
        if value.is_nan() || x.is_nan() {
            Err(here.root(iterations, Stop::NotANumber))
        } else if value == 0.0 {
            Err(here.root(iterations, Stop::ExactZero))
        } else if value.abs() <= tolerance {
            Err(here.root(iterations, Stop::ValueWithinTolerance))
        } else {
            Ok(here)
        }
    };
    let mut low = match evaluate(lo, 1) {
        Ok(point) => point,
        Err(root) => return root,
    };
    let mut high = match evaluate(hi, 2) {
        Ok(point) => point,
        Err(root) => return root,
    };
    if (low.value < 0.0) == (high.value < 0.0) {
        return low.nearer(high).root(2, Stop::NoSignChange);
    }
    if low.x > high.x {
        std::mem::swap(&mut low, &mut high);
    }

    let mut next = start;
    let mut width = u64::MAX; // doubles in the bracket when it was last halved
    let mut idle = 0; // steps since
    for iterations in 3..LIMIT {
        let (low_rank, high_rank) = (rank(low.x), rank(high.x));
        if high_rank.abs_diff(low_rank) <= 1 {
            return low.nearer(high).root(iterations - 1, Stop::BracketAtResolution);
        }
        let x = match next {
            Some(x) if x > low.x && x < high.x => x,
            _ => at_rank(low_rank.midpoint(high_rank)),
        };
        let here = match evaluate(x, iterations) {
            Ok(point) => point,
            Err(root) => return root,
        };
        if (here.value < 0.0) == (low.value < 0.0) {
            low = here
        } else {
            high = here
        }
        let now = rank(high.x).abs_diff(rank(low.x));
        if now <= width / 2 {
            (width, idle) = (now, 0);
        } else {
            idle += 1;
        }
        next = if start.is_some() && idle < 3 { here.newton() } else { None };
    }
    low.nearer(high).root(LIMIT, Stop::IterationLimit)
}

/// One evaluation.
#[derive(Clone, Copy)]
struct Point {
    x: f64,
    value: f64,
    slope: f64,
}

impl Point {
    fn root(self, iterations: usize, reason: Stop) -> Root {
        Root { x: self.x, value: self.value, iterations, reason }
    }

    fn nearer(self, other: Point) -> Point {
        if other.value.abs() < self.value.abs() { other } else { self }
    }

    /// Newton's next abscissa; near convergence (a small relative step) a little beyond it, by about the error that the
    /// step leaves and at least one double, so that the next sign closes the bracket from the other side.
    fn newton(self) -> Option<f64> {
        let step = -self.value / self.slope;
        let target = self.x + step;
        if !target.is_finite() || step == 0.0 {
            return None;
        }
        let relative = (step / self.x).abs();
        if relative > 1e-3 {
            return Some(target);
        }
        let beyond = target + 4.0 * relative * step;
        Some(if step > 0.0 { beyond.next_up() } else { beyond.next_down() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_order_the_doubles() {
        let ladder =
            [f64::NEG_INFINITY, -1.0, -5e-324, 0.0, 5e-324, 1e-300, 1.0, 1f64.next_up(), f64::MAX, f64::INFINITY];
        for pair in ladder.windows(2) {
            assert!(rank(pair[0]) < rank(pair[1]));
        }
        for x in ladder {
            assert_eq!(at_rank(rank(x)), x);
        }
        assert_eq!(rank(-0.0), rank(0.0));
        assert_eq!(rank(1f64.next_up()) - rank(1.0), 1);
    }

    /// Every root here is irrational, so the answer must be one of the two doubles around it.
    #[test]
    fn newton_finds_the_last_bit_from_far_away() {
        let about = |root: Root, want: f64, most: usize| {
            assert!(root.found(), "{root:?}");
            assert!(rank(root.x).abs_diff(rank(want)) <= 1, "{root:?} is not {want}");
            assert!(root.iterations <= most, "{root:?} took more than {most}");
        };
        about(newton_bracketed(|x| (x * x - 2.0, 2.0 * x), 0.0, 1e300, 1e299), 2f64.sqrt(), 40);
        about(newton_bracketed(|x| (2.0 - x * x, -2.0 * x), 0.0, 2.0, 1.0), 2f64.sqrt(), 12);
        about(newton_bracketed(|x| (x * 1e217 - 1.0 / 3.0, 1e217), 0.0, 1.0, 0.5), 1.0 / 3e217, 12);
        about(newton_bracketed(|x| (x.exp() - 3.0, x.exp()), f64::NEG_INFINITY, f64::INFINITY, 700.0), 3f64.ln(), 40);
        about(newton_bracketed(|x| (x.powi(3) - 5e-30, 3.0 * x * x), -1.0, 1.0, 0.9), 5e-30f64.cbrt(), 60);
        about(newton_bracketed(|x| (x.atan() - 1.0, 1.0 / (1.0 + x * x)), -1e9, 1e9, 1e8), 1f64.tan(), 60);
    }

    #[test]
    fn bisection_needs_signs_only() {
        let step = bisect(|x| if x < 0.3 { f64::NEG_INFINITY } else { 1.0 }, f64::NEG_INFINITY, f64::INFINITY);
        assert_eq!((step.reason, step.x), (Stop::BracketAtResolution, 0.3));
        assert!(step.iterations <= 66);
        let reversed = bisect(|x| 1.0 - x * 3.0, 1.0, 0.0);
        assert!(reversed.found() && (reversed.x - 1.0 / 3.0).abs() <= 1e-16);
    }

    #[test]
    fn hostile_functions_end_with_a_reason() {
        assert_eq!(newton_bracketed(|x| (x * x + 1.0, 2.0 * x), -1.0, 2.0, 0.0).reason, Stop::NoSignChange);
        assert_eq!(newton_bracketed(|_| (f64::NAN, 0.0), -1.0, 2.0, 0.0).reason, Stop::NotANumber);
        assert_eq!(bisect(|x| x, f64::NAN, 1.0).reason, Stop::NotANumber);
        assert_eq!(bisect(|x| x, 0.0, 1.0).reason, Stop::ExactZero);
        // Flat but for a jump, with derivatives that lie, point away, or are not numbers.
        for slope in [0.0, 1e-300, -1e300, 1.0, f64::NAN, f64::INFINITY] {
            let jump = newton_bracketed(|x| (if x < 0.7 { -1.0 } else { 1.0 }, slope), -1e300, 1e300, f64::NAN);
            assert_eq!(jump.reason, Stop::BracketAtResolution);
            assert!((jump.x - 0.7).abs() <= 1.2e-16 && jump.iterations <= 260, "{jump:?}");
        }
    }

    #[test]
    fn a_tolerance_ends_early() {
        let root = newton_bracketed_within(|x| (x * x - 2.0, 2.0 * x), 0.0, 2.0, 1.0, 1e-3);
        assert_eq!(root.reason, Stop::ValueWithinTolerance);
        assert!(root.iterations <= 6 && root.value.abs() <= 1e-3);
    }
}
