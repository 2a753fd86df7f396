//! Divergences between laws on the same outcomes, given as probability slices of equal length.
//!
//! KL is computed as $D(a\|b) = \sum b_i \psi(\log a_i/b_i)$, $\psi(u) = u e^u - e^u + 1 \ge 0$: every term is
//! non-negative, so laws that are close keep the relative accuracy of their divergence, and a rounding defect of either
//! sum does not enter.

use super::tilt::divergence_term;
use crate::numerics::log_space::psi;
use crate::numerics::sum::sum;

/// $\log(a/b)$ for positive `a`, `b`, with full relative accuracy where they are close.
fn log_ratio(a: f64, b: f64) -> f64 {
    let ratio = a / b;
    if (0.5..2.0).contains(&ratio) {
        ((a - b) / b).ln_1p()
    } else if ratio.is_normal() {
        ratio.ln()
    } else {
        a.ln() - b.ln()
    }
}

/// Kullback-Leibler divergence $D(a\|b)$ in nats; infinite where `a` has mass and `b` has none.
///
/// ```
/// let d = tilt::prob::kl(&[0.5, 0.5], &[0.25, 0.75]);
/// assert!((d - 0.5 * (4f64 / 3.0).ln()).abs() < 1e-15);
/// ```
pub fn kl(a: &[f64], b: &[f64]) -> f64 {
    sum(a.iter().zip(b).map(|(&a, &b)| match (a > 0.0, b > 0.0) {
        (false, _) => b,
        (true, false) => f64::INFINITY,
        (true, true) => divergence_term(b, a, log_ratio(a, b)),
    }))
}

/// $\sum p_i \psi(u_i) = D(q\|p)$ for $q = p\,e^u$, over the entries with `p > 0`; `u` may be `-inf`.
pub fn kl_of_log_ratio(p: &[f64], u: &[f64]) -> f64 {
    let with_mass = p.iter().zip(u).filter(|(p, _)| **p > 0.0);
    sum(with_mass.map(|(&p, &u)| divergence_term(p, if u < 700.0 { p * u.exp() } else { (p.ln() + u).exp() }, u)))
}

/// The $f$-divergence $\sum b_i f(a_i/b_i)$ of a convex generator with $f(1) = 0$. `slope_at_infinity` is
/// $\lim f(t)/t$, the price of mass where `b` has none.
pub fn f_divergence(a: &[f64], b: &[f64], f: impl Fn(f64) -> f64, slope_at_infinity: f64) -> f64 {
    sum(a
        .iter()
        .zip(b)
        .filter(|(a, b)| **a > 0.0 || **b > 0.0)
        .map(|(&a, &b)| if b > 0.0 { b * f(a / b) } else { a * slope_at_infinity }))
}

/// $\chi^2(a\|b) = \sum (a_i - b_i)^2 / b_i$; infinite where `a` has mass and `b` has none.
pub fn chi_squared(a: &[f64], b: &[f64]) -> f64 {
    sum(a.iter().zip(b).map(|(&a, &b)| match (a > 0.0, b > 0.0) {
        (false, _) => b,
        (true, false) => f64::INFINITY,
        (true, true) => (a - b) * ((a - b) / b),
    }))
}

/// Total variation $\tfrac12 \sum |a_i - b_i|$.
pub fn total_variation(a: &[f64], b: &[f64]) -> f64 {
    0.5 * sum(a.iter().zip(b).map(|(a, b)| (a - b).abs()))
}

/// Rényi divergence $D_\alpha(a\|b) = \frac{1}{\alpha - 1} \log \sum a^\alpha b^{1-\alpha}$ for `order` $\alpha > 0$;
/// order 1 is [`kl`].
///
/// The logarithm is taken of $1 + \sum b\,[\chi(\alpha u) - \alpha \chi(u)]$, $u = \log(a/b)$, $\chi(u) = e^u - 1 - u =
/// e^u \psi(-u)$, whose terms have one sign, so that close laws keep their digits (less $1/|\alpha - 1|$); far apart it is
/// a log-sum-exp.
pub fn renyi(a: &[f64], b: &[f64], order: f64) -> f64 {
    if order == 1.0 {
        return kl(a, b);
    }
    let outside = a.iter().zip(b).any(|(&a, &b)| a > 0.0 && b == 0.0);
    if outside && order > 1.0 {
        return f64::INFINITY;
    }
    let close = a.iter().zip(b).all(|(&a, &b)| (a == 0.0 && b == 0.0) || (0.5..2.0).contains(&(a / b)));
    if close {
        let excess = sum(a.iter().zip(b).filter(|(_, b)| **b > 0.0).map(|(&a, &b)| {
            let u = log_ratio(a, b);
            let chi = |u: f64| u.exp() * psi(-u);
            b * (chi(order * u) - order * chi(u))
        }));
        return (excess.ln_1p() / (order - 1.0)).max(0.0);
    }
    let both = a.iter().zip(b).filter(|(a, b)| **a > 0.0 && **b > 0.0);
    let logs: Vec<f64> = both.map(|(&a, &b)| order * a.ln() + (1.0 - order) * b.ln()).collect();
    (crate::numerics::log_space::log_sum_exp(&logs) / (order - 1.0)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_laws_keep_their_digits() {
        // a = b (1 +- h), both representable: D = ((1+h) log(1+h) + (1-h) log(1-h)) / 2 = h^2/2 + h^4/12 + ...
        let h = 2f64.powi(-30);
        let (a, b) = ([0.5 + 0.5 * h, 0.5 - 0.5 * h], [0.5, 0.5]);
        let exact = h * h / 2.0 * (1.0 + h * h / 6.0);
        assert!((kl(&a, &b) / exact - 1.0).abs() < 1e-14);
        assert!((chi_squared(&a, &b) / (h * h) - 1.0).abs() < 1e-14);
        // Renyi of order alpha is alpha h^2 / 2 to leading order.
        assert!((renyi(&a, &b, 2.0) / (h * h) - 1.0).abs() < 1e-8);
    }

    #[test]
    fn zero_masses() {
        assert_eq!(kl(&[1.0, 0.0], &[1.0, 0.0]), 0.0);
        assert_eq!(kl(&[0.5, 0.5], &[1.0, 0.0]), f64::INFINITY);
        assert!((kl(&[1.0, 0.0], &[0.5, 0.5]) - 2f64.ln()).abs() < 1e-15);
        assert!((kl(&[1.0, 0.0], &[1e-300, 1.0]) - 300.0 * 10f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn generators_agree_with_the_named_divergences() {
        let (a, b) = ([0.2, 0.5, 0.3], [0.4, 0.4, 0.2]);
        let by_generator = f_divergence(&a, &b, |t| t * t.ln(), f64::INFINITY);
        assert!((by_generator - kl(&a, &b)).abs() < 1e-15);
        assert!((f_divergence(&a, &b, |t| (t - 1.0) * (t - 1.0), f64::INFINITY) - chi_squared(&a, &b)).abs() < 1e-15);
        assert!((f_divergence(&a, &b, |t| 0.5 * (t - 1.0).abs(), 0.5) - total_variation(&a, &b)).abs() < 1e-15);
        let direct = (0.2f64.powi(2) / 0.4 + 0.25 / 0.4 + 0.09 / 0.2).ln();
        assert!((renyi(&a, &b, 2.0) - direct).abs() < 1e-15);
        assert!((renyi(&a, &b, 1.0 + 1e-7) - kl(&a, &b)).abs() < 1e-7);
    }

    #[test]
    fn renyi_far_apart_uses_logs() {
        assert!((renyi(&[1.0, 0.0], &[1e-200, 1.0], 3.0) - 200.0 * 10f64.ln()).abs() < 1e-12);
        assert_eq!(renyi(&[0.5, 0.5], &[1.0, 0.0], 2.0), f64::INFINITY);
        assert!((renyi(&[0.5, 0.5], &[1.0, 0.0], 0.5) - 2f64.ln()).abs() < 1e-15);
    }
}
