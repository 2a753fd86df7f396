//! Arithmetic on probabilities that are given by their natural logarithms.
//!
//! A log-probability is any `f64` in $[-\infty, 0]$ (or above, for unnormalised masses); $-\infty$ is mass zero and is an
//! ordinary value here. With $u = 2^{-53}$, every function is accurate to a few $u$ relative to its own result unless its
//! docstring says otherwise (sums of logarithms that cancel have an absolute bound instead: there the result is
//! ill-conditioned in its arguments, not lost by the formula).
//!
//! Sources: Mächler (2012), "Accurately computing log(1 - exp(-|a|))", for the switch at $\log 2$; the rest derived.
//! Cost: one or two elementary functions a call (an element, for [`log_sum_exp`]).

use std::f64::consts::LN_2;

use super::sum::Sum;

/// $\log(e^a + e^b)$.
///
/// Exact when either argument is $-\infty$ or when both are the same infinity. Absolute error below
/// $3u\max(1, |\max(a,b)|)$, and relative error of a few $u$ when the larger argument is zero.
///
/// ```
/// use tilt::numerics::log_space::log_add_exp;
/// assert_eq!(log_add_exp(f64::NEG_INFINITY, -3.0), -3.0);
/// assert_eq!(log_add_exp(0.0, -50.0), (-50.0f64).exp());
/// ```
pub fn log_add_exp(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if high == low {
        return high + LN_2; // also both infinite with one sign, where the difference below would be undefined
    }
    high + (low - high).exp().ln_1p()
}

/// $\log(e^a - e^b)$ for $a \ge b$; $-\infty$ if they are equal.
///
/// The difference `a - b` is rounded before use: relative error of $e^a - e^b$ is a few $u$ times
/// $1 + \max(|a|,|b|)/(a-b)$, which is the conditioning of the problem.
///
/// For $a < b$ the difference is negative and has no logarithm: the result is NaN.
pub fn log_sub_exp(a: f64, b: f64) -> f64 {
    if a == b {
        return f64::NEG_INFINITY;
    }
    a + log1m_exp(b - a)
}

/// $\log \sum_i e^{x_i}$; $-\infty$ for an empty slice or one that is all $-\infty$, $+\infty$ if an element is.
///
/// The largest term is taken out and the others enter through `ln_1p` of a compensated sum, so that the result keeps its
/// relative accuracy when the largest element is zero and the rest is tiny. Two passes, no allocation.
pub fn log_sum_exp(x: &[f64]) -> f64 {
    let (at, max) = x
        .iter()
        .copied()
        .enumerate()
        .fold((0, f64::NEG_INFINITY), |best, here| if here.1 > best.1 || here.1.is_nan() { here } else { best });
    if !max.is_finite() {
        return max;
    }
    let rest: Sum = x.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, v)| (v - max).exp()).collect();
    max + rest.value().ln_1p()
}

/// $\log(1 - e^x)$ for $x \le 0$: the logarithm of the complement of a probability.
///
/// `log1m_exp(0) = -inf`, `log1m_exp(-inf) = 0`; NaN for $x > 0$. Relative error below $3u$ at both ends.
///
/// ```
/// use tilt::numerics::log_space::log1m_exp;
/// assert!((log1m_exp(-1e-300) - 1e-300f64.ln()).abs() < 1e-12);
/// assert_eq!(log1m_exp(-100.0), -(-100.0f64).exp());
/// ```
pub fn log1m_exp(x: f64) -> f64 {
    if x > -LN_2 { (-x.exp_m1()).ln() } else { (-x.exp()).ln_1p() }
}

/// $\log(-\log(1 - e^{s}))$ for $s \le 0$: if $s$ is a log-survival then this is the log of minus the log of the
/// distribution function, without forming either.
///
/// $-\infty$ at $s = -\infty$, $+\infty$ at $s = 0$. Below $s = -18$ it is $s + e^s/2$, whose next term
/// $5e^{2s}/24$ is below $u |s|$. Error below $4u \max(1, |\text{result}|)$.
pub fn log_neg_log1m_exp(log_survival: f64) -> f64 {
    if log_survival < -18.0 { log_survival + 0.5 * log_survival.exp() } else { (-log1m_exp(log_survival)).ln() }
}

/// $\psi(u) = u e^u - (e^u - 1) \ge 0$: the generator of the Kullback-Leibler divergence in terms of the log-ratio,
/// $D(a\|c) = \sum_i c_i\, \psi(\log a_i/c_i)$, in which every term is non-negative.
///
/// $\psi(-\infty) = 1$, $\psi(0) = 0$, $\psi(+\infty) = +\infty$. Relative error below $5u$ everywhere: between $-2$
/// and $1$ it is summed as a series of positive terms, $\sum_{k\ge2} \frac{k-1}{k!}u^k$ for $u > 0$ and
/// $e^{u}\sum_{k\ge2} |u|^k/k!$ for $u < 0$.
///
/// ```
/// use tilt::numerics::log_space::psi;
/// assert_eq!(psi(f64::NEG_INFINITY), 1.0);
/// assert!((psi(1e-150) / 0.5e-300 - 1.0).abs() < 1e-15);
/// ```
pub fn psi(u: f64) -> f64 {
    if u == f64::NEG_INFINITY {
        1.0
    } else if u < -2.0 {
        1.0 - (1.0 - u) * u.exp()
    } else if u > 1.0 {
        1.0 + (u - 1.0) * u.exp()
    } else {
        let size = u.abs();
        let mut power = 0.5 * size * size; // |u|^k / k!
        let mut total = power;
        for k in 3..30 {
            let before = total;
            power *= size / f64::from(k);
            total += if u < 0.0 { power } else { f64::from(k - 1) * power };
            if total == before {
                break;
            }
        }
        if u < 0.0 { u.exp() * total } else { total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: f64 = f64::NEG_INFINITY;
    const ALL: f64 = f64::INFINITY;

    #[test]
    fn infinite_logarithms_are_ordinary_values() {
        assert_eq!(
            [log_add_exp(NONE, NONE), log_add_exp(NONE, 2.0), log_add_exp(ALL, NONE), log_add_exp(ALL, ALL)],
            [NONE, 2.0, ALL, ALL]
        );
        assert_eq!([log_sub_exp(NONE, NONE), log_sub_exp(2.0, NONE), log_sub_exp(2.0, 2.0)], [NONE, 2.0, NONE]);
        assert!(log_sub_exp(1.0, 2.0).is_nan());
        assert_eq!([log_sum_exp(&[]), log_sum_exp(&[NONE, NONE]), log_sum_exp(&[1.0, ALL, 3.0])], [NONE, NONE, ALL]);
        assert!(log_sum_exp(&[1.0, f64::NAN, 3.0]).is_nan());
        assert_eq!([log1m_exp(NONE), log1m_exp(0.0)], [0.0, NONE]);
        assert_eq!([log_neg_log1m_exp(NONE), log_neg_log1m_exp(0.0)], [NONE, ALL]);
        assert_eq!([psi(NONE), psi(0.0), psi(-0.0), psi(ALL)], [1.0, 0.0, 0.0, ALL]);
    }

    #[test]
    fn tiny_and_huge_masses() {
        assert_eq!(log_sum_exp(&[-745.0, 0.0, -745.0]), 2.0 * (-745f64).exp());
        assert_eq!(log_sum_exp(&[1e300, 1e300]), 1e300);
        assert!((log_sum_exp(&[-1e4; 1000]) - (-1e4 + 1000f64.ln())).abs() < 1e-11); // 1 ulp of 1e4 is 2e-12
        assert_eq!(log1m_exp(-1e-300), 1e-300f64.ln());
        assert_eq!(log1m_exp(-745.0), -(-745f64).exp());
        // -log(1 - e^s) = e^s (1 + e^s/2 + ...): the switch at -18 shows no jump.
        let step = log_neg_log1m_exp(-18.0) - log_neg_log1m_exp((-18f64).next_down());
        assert!(step.abs() <= 3.0 * f64::EPSILON * 18.0);
        assert_eq!(log_neg_log1m_exp(-1e4), -1e4);
    }

    #[test]
    fn psi_switches_without_a_jump() {
        for u in [-2.0f64, 1.0] {
            let (below, above) = (psi(u.next_down()), psi(u.next_up()));
            assert!((above / below - 1.0).abs() <= 6.0 * f64::EPSILON, "{u}: {below} {above}");
        }
    }
}
