//! Integrals of one real variable.
//!
//! - [`GaussLegendre`]: fixed nodes on a finite interval; exact for polynomials of degree $2m-1$, geometric convergence
//!   for analytic integrands. No error estimate: compare two sizes. Nodes and weights by Bogaert (2014) through the
//!   `gauss-quad` crate, in $O(m)$.
//! - [`tanh_sinh`]: double-exponential trapezoid rule (Takahasi and Mori 1974) on finite or infinite intervals, with an
//!   error estimate; keeps its convergence when the integrand has integrable singularities at the ends.
//!
//! With $x = x(t)$ the substitution and $h = 2^{-k}$ the step at level $k$,
//! $\int_a^b f(x)\,dx \approx h \sum_j f(x(jh))\, x'(jh)$, $|jh| \le T$:
//!
//! | interval | $x(t)$ | $T$ |
//! |---|---|---|
//! | finite | $\frac{a+b}2 + \frac{b-a}2\tanh(\frac\pi2\sinh t)$ | 6.1 |
//! | $(a, \infty)$, $(-\infty, b)$ | $a + e^{\frac\pi2\sinh t}$, $b - e^{\frac\pi2\sinh t}$ | 6.1 |
//! | $(-\infty,\infty)$ | $\sinh(\frac\pi2\sinh t)$ | 6.1 |
//!
//! Loses digits: towards a finite end $c \ne 0$ the abscissa is known only to $u|c|$, so a singularity there is resolved to
//! that distance (an inverse square root to about $10^{-8}$). Shift such an end to zero: abscissas then reach $10^{-300}$.

use super::sum::{Sum, sum};
use std::f64::consts::FRAC_PI_2;

/// A Gauss-Legendre rule.
///
/// ```
/// use tilt::numerics::quadrature::GaussLegendre;
/// let rule = GaussLegendre::new(12);
/// assert!((rule.integrate(0.0, 1.0, f64::exp) - (1f64.exp() - 1.0)).abs() < 1e-15);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GaussLegendre {
    nodes: Vec<f64>,
    weights: Vec<f64>,
}

impl GaussLegendre {
    /// The rule with this many points (at least one: zero is taken as one).
    pub fn new(points: usize) -> Self {
        let points = std::num::NonZeroUsize::new(points).unwrap_or(std::num::NonZeroUsize::MIN);
        let (nodes, weights) = gauss_quad::GaussLegendre::new(points).iter().copied().unzip();
        GaussLegendre { nodes, weights }
    }

    /// The nodes in $(-1, 1)$, ascending.
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// The weights of the nodes, positive, sum 2.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// $\int_a^b f$, with a compensated sum. `a > b` gives the negative integral.
    pub fn integrate(&self, a: f64, b: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
        let (middle, half) = (0.5 * a + 0.5 * b, 0.5 * b - 0.5 * a);
        half * sum(self.nodes.iter().zip(&self.weights).map(|(x, w)| w * f(middle + half * x)))
    }
}

/// An integral with its error estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quadrature {
    /// The integral.
    pub value: f64,
    /// Estimated absolute error: the change at the last halving of the step, at least the rounding of the sum; infinite
    /// if the integrand was not finite somewhere inside the interval.
    pub error: f64,
    /// Evaluations of the integrand.
    pub evaluations: usize,
}

/// Halvings of the step before [`tanh_sinh`] gives up (its `error` then tells): about 12,500 evaluations.
const LEVELS: i32 = 10;
/// The end of the range of $t$: beyond, $x(t)$ leaves the range of `f64`.
const RANGE: f64 = 6.1;

/// $\int_a^b f(x)\,dx$ by double-exponential quadrature; either end may be infinite.
///
/// Halves the step until two results differ by at most `tolerance * |integral|` or by the rounding
/// $2^{-52}\int|f|$, at most 10 times. Whether the tolerance was met is seen from `error`. Convergence is quadratic in
/// general (digits double a halving), so the true error is usually far below the estimate.
///
/// `f` is not evaluated at finite ends. A term that is not finite inside is left out and makes `error` infinite.
///
/// ```
/// use tilt::numerics::quadrature::tanh_sinh;
/// let log = tanh_sinh(|x| x.ln(), 0.0, 1.0, 1e-14);
/// assert!((log.value + 1.0).abs() < 1e-14 && log.error < 1e-13);
/// let gauss = tanh_sinh(|x| (-x * x).exp(), f64::NEG_INFINITY, f64::INFINITY, 1e-14);
/// assert!((gauss.value - std::f64::consts::PI.sqrt()).abs() < 1e-14);
/// ```
pub fn tanh_sinh(mut f: impl FnMut(f64) -> f64, a: f64, b: f64, tolerance: f64) -> Quadrature {
    if a == b {
        return Quadrature { value: 0.0, error: 0.0, evaluations: 0 };
    }
    if a > b {
        let reversed = tanh_sinh(f, b, a, tolerance);
        return Quadrature { value: -reversed.value, ..reversed };
    }
    let mut rule = Trapezoid::default();
    let mut sample = |rule: &mut Trapezoid, t: f64| {
        let (x, slope) = substitution(a, b, t);
        // Rounded onto an end, or out of range: nothing is left there.
        if x > a && x < b && slope > 0.0 && slope.is_finite() {
            rule.add(f(x) * slope);
        }
    };
    sample(&mut rule, 0.0);
    for j in 1..=RANGE as u32 {
        sample(&mut rule, f64::from(j));
        sample(&mut rule, -f64::from(j));
    }
    let mut value = rule.total.value();
    let mut error = f64::INFINITY;
    for level in 1..=LEVELS {
        let step = 0.5f64.powi(level);
        let mut t = step;
        while t <= RANGE {
            sample(&mut rule, t);
            sample(&mut rule, -t);
            t += 2.0 * step;
        }
        let finer = step * rule.total.value();
        let rounding = f64::EPSILON * step * rule.size.value();
        error = (finer - value).abs().max(rounding);
        value = finer;
        // The first levels are too coarse to have seen a narrow integrand at all.
        if level >= 3 && error <= (tolerance * value.abs()).max(rounding) {
            break;
        }
    }
    if rule.broken {
        error = f64::INFINITY;
    }
    Quadrature { value, error, evaluations: rule.evaluations }
}

/// The sum of a trapezoid rule so far.
#[derive(Default)]
struct Trapezoid {
    total: Sum,
    /// Sum of absolute values.
    size: Sum,
    evaluations: usize,
    /// Whether a term was not finite.
    broken: bool,
}

impl Trapezoid {
    fn add(&mut self, term: f64) {
        self.evaluations += 1;
        if term.is_finite() {
            self.total.add(term);
            self.size.add(term.abs());
        } else {
            self.broken = true;
        }
    }
}

/// $x(t)$ and $x'(t)$ for the interval, measured from the nearer end.
fn substitution(a: f64, b: f64, t: f64) -> (f64, f64) {
    let s = FRAC_PI_2 * t.sinh();
    let ds = FRAC_PI_2 * t.cosh();
    match (a.is_finite(), b.is_finite()) {
        (true, true) => {
            // tanh s = 1 - 2/(1 + e^{2s}): the distance to the nearer end is (b - a) / (1 + e^{2|s|}).
            let decay = (-2.0 * s.abs()).exp();
            let near = decay / (1.0 + decay);
            let width = b - a;
            let slope = 2.0 * width * ds * near / (1.0 + decay);
            (if s < 0.0 { a + width * near } else { b - width * near }, slope)
        }
        (true, false) => (a + s.exp(), ds * s.exp()),
        (false, true) => (b - s.exp(), ds * s.exp()),
        (false, false) => (s.sinh(), ds * s.cosh()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn gauss_legendre_is_exact_on_polynomials() {
        let rule = GaussLegendre::new(5);
        // Degree 9 = 2*5 - 1 is exact, degree 10 is not: the error of x^10 is 2^11 (5!)^4 / (11 (10!)^2) = 2.9e-3.
        assert!((rule.integrate(0.0, 1.0, |x| x.powi(9)) - 0.1).abs() < 2e-16);
        let missed = rule.integrate(-1.0, 1.0, |x| x.powi(10)) - 2.0 / 11.0;
        let expected = -2f64.powi(11) * 120f64.powi(4) / (11.0 * 3628800f64.powi(2));
        assert!((missed / expected - 1.0).abs() < 1e-10, "{missed} {expected}");
        assert_eq!(rule.nodes().len(), 5);
        assert!(rule.nodes().windows(2).all(|w| w[0] < w[1]));
        for points in [1, 2, 33, 500] {
            assert!((sum(GaussLegendre::new(points).weights().iter().copied()) - 2.0).abs() < 1e-14);
        }
        assert_eq!(GaussLegendre::new(0), GaussLegendre::new(1));
    }

    #[test]
    fn double_exponential_meets_its_estimate() {
        let check = |q: Quadrature, want: f64, tolerance: f64| {
            assert!(q.error <= tolerance * want.abs(), "{q:?} for {want}");
            assert!((q.value - want).abs() <= q.error, "{q:?} is not {want}");
        };
        check(tanh_sinh(f64::exp, 0.0, 1.0, 1e-13), 1f64.exp() - 1.0, 1e-13);
        check(tanh_sinh(|x| x.powf(-0.9), 0.0, 1.0, 1e-12), 10.0, 1e-12);
        check(tanh_sinh(|x| (-x).exp(), 0.0, f64::INFINITY, 1e-13), 1.0, 1e-13);
        check(tanh_sinh(|x| 1.0 / (1.0 + x * x), f64::NEG_INFINITY, f64::INFINITY, 1e-13), PI, 1e-13);
        check(tanh_sinh(f64::exp, f64::NEG_INFINITY, 2.0, 1e-13), 2f64.exp(), 1e-13);
        check(tanh_sinh(|x| (-1e6 * x).exp(), 0.0, 1.0, 1e-13), 1e-6, 1e-13);
        check(tanh_sinh(|x| x, 1.0, 0.0, 1e-13), -0.5, 1e-13);
    }

    #[test]
    fn what_cannot_be_integrated_says_so() {
        assert_eq!(tanh_sinh(|x| x, 2.0, 2.0, 1e-9).evaluations, 0);
        assert_eq!(tanh_sinh(|_| f64::NAN, 0.0, 1.0, 1e-9).error, f64::INFINITY);
        // A jump inside: no convergence, and the estimate admits it.
        let jump = tanh_sinh(|x| if x < 0.3 { 1.0 } else { 0.0 }, 0.0, 1.0, 1e-13);
        assert!(jump.error > 1e-6 && (jump.value - 0.3).abs() < 0.01);
        // An inverse square root at an end that is not zero.
        let far = tanh_sinh(|x| 1.0 / (1.0 - x).sqrt(), 0.0, 1.0, 1e-13);
        assert!((far.value - 2.0).abs() < 1e-7);
    }
}
