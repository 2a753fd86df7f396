//! Compensated sums and dot products, and the double-double numbers behind them.
//!
//! With $u = 2^{-53}$ and $\gamma_n = nu/(1-nu)$, for $n$ terms without overflow:
//!
//! | | error bound |
//! |---|---|
//! | [`Sum`], [`sum`] | $u\,\lvert s\rvert + \gamma_n^2 \sum \lvert x_i\rvert$ (roughly) |
//! | [`dot`] | $u\,\lvert s\rvert + \gamma_n^2 \sum \lvert a_i b_i\rvert$, plus underflow of products below $10^{-290}$ |
//! | [`DoubleDouble`] | relative $2^{-104}$ an addition of like signs or product, $2^{-102}$ a quotient |
//!
//! That is, as if computed with twice the digits and rounded once. For positive terms the result is right to the last
//! bit or its neighbour, whatever $n < 10^{14}$.
//!
//! Sources: Neumaier (1974); Ogita, Rump and Oishi (2005), "Accurate sum and dot product", Dot2; Dekker (1971);
//! Joldes, Muller and Popescu (2017) for the double-double bounds. The error of a product is taken by a fused
//! multiply-add, which is exact on every machine (in software where the processor has none) and, unlike splitting, does
//! not overflow near $10^{300}$.

/// The rounded sum and its exact rounding error: `a + b == s + e` (Knuth).
#[inline(always)]
pub fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

/// The rounded product and its exact rounding error: `a * b == p + e` (short of underflow).
#[inline(always)]
pub fn two_product(a: f64, b: f64) -> (f64, f64) {
    let p = a * b;
    (p, a.mul_add(b, -p))
}

/// A running sum with Neumaier's (Kahan-Babuška) compensation.
///
/// ```
/// use tilt::numerics::sum::Sum;
/// let s: Sum = [1e100, 1.0, -1e100].into_iter().collect();
/// assert_eq!(s.value(), 1.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    /// The empty sum.
    pub fn new() -> Self {
        Sum::default()
    }

    /// Adds one term.
    #[inline]
    pub fn add(&mut self, term: f64) {
        let (total, lost) = two_sum(self.total, term);
        self.total = total;
        self.lost += lost;
    }

    /// Adds another sum, with what it had lost.
    pub fn merge(&mut self, other: &Sum) {
        self.add(other.total);
        self.lost += other.lost;
    }

    /// The sum of the terms so far. An infinite total stays infinite (and opposite infinities give NaN, as in plain sums).
    pub fn value(self) -> f64 {
        if self.total.is_finite() { self.total + self.lost } else { self.total }
    }
}

impl Extend<f64> for Sum {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, terms: I) {
        for term in terms {
            self.add(term);
        }
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Sum::new();
        sum.extend(terms);
        sum
    }
}

/// The compensated sum of the terms; error bound in the [module header](self).
pub fn sum(terms: impl IntoIterator<Item = f64>) -> f64 {
    terms.into_iter().collect::<Sum>().value()
}

/// The compensated dot product $\sum_i a_i b_i$ (over the shorter length); error bound in the [module header](self).
///
/// ```
/// use tilt::numerics::sum::dot;
/// assert_eq!(dot(&[1e10, 1.0, 1e10], &[1e10, 1e-5, -1e10]), 1e-5);
/// ```
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    let mut sum = Sum::new();
    for (&x, &y) in a.iter().zip(b) {
        let (product, lost) = two_product(x, y);
        sum.add(product);
        sum.lost += lost;
    }
    sum.value()
}

/// An unevaluated sum `high + low` with `|low| <= ulp(high) / 2`: about 32 decimal digits, the exponent range of `f64`.
///
/// Only what the special functions need; not a number tower.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DoubleDouble {
    /// The nearest `f64`.
    pub high: f64,
    /// What it misses.
    pub low: f64,
}

impl DoubleDouble {
    /// The exact sum of two doubles.
    #[inline]
    pub fn sum_of(a: f64, b: f64) -> Self {
        let (high, low) = two_sum(a, b);
        DoubleDouble { high, low }
    }

    /// An integer, exactly.
    #[inline]
    pub fn from_integer(n: u64) -> Self {
        let top = n & !0xffff_ffff;
        DoubleDouble::sum_of(top as f64, (n - top) as f64) // both halves have at most 32 significant bits
    }

    /// The nearest `f64`.
    #[inline]
    pub fn value(self) -> f64 {
        self.high + self.low
    }
}

impl From<f64> for DoubleDouble {
    fn from(x: f64) -> Self {
        DoubleDouble { high: x, low: 0.0 }
    }
}

impl std::ops::Neg for DoubleDouble {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        DoubleDouble { high: -self.high, low: -self.low }
    }
}

impl std::ops::Add for DoubleDouble {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        let (s, e) = two_sum(self.high, other.high);
        let (t, f) = two_sum(self.low, other.low);
        let (s, e) = two_sum(s, e + t);
        DoubleDouble::sum_of(s, e + f)
    }
}

impl std::ops::Sub for DoubleDouble {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl std::ops::Mul for DoubleDouble {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        let (p, e) = two_product(self.high, other.high);
        DoubleDouble::sum_of(p, e + (self.high * other.low + self.low * other.high))
    }
}

impl std::ops::Div for DoubleDouble {
    type Output = Self;
    #[inline]
    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * first.into();
        let second = rest.high / other.high;
        let rest = rest - other * second.into();
        DoubleDouble::sum_of(first, second) + (rest.high / other.high).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_survive_cancellation_that_plain_ones_do_not() {
        // 1 + 2^-60 n - 1: a plain sum gives 0.
        let tiny = 0.5f64.powi(60);
        let terms = std::iter::once(1.0).chain((0..1000).map(|_| tiny)).chain([-1.0]);
        assert_eq!(sum(terms), 1000.0 * tiny);
        let mut left: Sum = [1e100, 1.0].into_iter().collect();
        left.merge(&[-1e100, 1.0].into_iter().collect());
        assert_eq!(left.value(), 2.0);
        assert_eq!(Sum::new().value(), 0.0);
        assert_eq!(sum([1.0, f64::INFINITY]), f64::INFINITY);
    }

    #[test]
    fn dot_products_survive_cancellation_and_large_factors() {
        let x = 1.0 + f64::EPSILON;
        // x^2 - (1 + 2 eps) = eps^2 exactly.
        assert_eq!(dot(&[x, -1.0], &[x, 1.0 + 2.0 * f64::EPSILON]), f64::EPSILON * f64::EPSILON);
        assert_eq!(dot(&[1e300, -1e300, 1.0], &[1e8, 1e8, 3.0]), 3.0);
        assert_eq!(dot(&[], &[]), 0.0);
    }

    #[test]
    fn double_doubles_keep_thirty_digits() {
        let third = DoubleDouble::from(1.0) / 3.0.into();
        assert!((third * 3.0.into() - 1.0.into()).value().abs() < 1e-31);
        let square = third * third * 9.0.into();
        assert!((square - 1.0.into()).value().abs() < 3e-31);
        let n = u64::MAX;
        let exact = DoubleDouble::from_integer(n);
        assert_eq!((exact - DoubleDouble::from_integer(n - 1)).value(), 1.0);
    }
}
