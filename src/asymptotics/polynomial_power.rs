//! The n-th power of a polynomial with positive coefficients, from its low end, without subtraction.
//!
//! For `c(z) = a(z)^n`, `a c' = n a' c` gives `c_m = (1/(m a_0)) sum_i (i n - m + i) a_i c_{m-i}` (J.C.P. Miller's
//! recurrence). Every term is non-negative for `m <= n + 1`: there the relative error grows only like `m * 1e-16`
//! (1e-14 at n = 200). Beyond, negative terms make it useless (errors of 1e78 at n = 200, degree 5), so the function
//! stops there; the high end comes from the reversed polynomial. Cost `O(count * k)` for `k` non-zero coefficients.

use super::scaled::Scaled;

/// Logarithms of the first `count` coefficients (at most `n + 2`) of `(sum_i a_i z^step_i)^n`. `steps` holds 0, and the
/// coefficient there is positive.
pub(crate) fn low_coefficients(steps: &[u64], coefficients: &[f64], n: u64, count: usize) -> Vec<f64> {
    let count = count.min(n.saturating_add(2) as usize);
    let Some(zero) = steps.iter().position(|&step| step == 0) else { return Vec::new() };
    let constant = Scaled::new(coefficients[zero]);
    // log c_0 = n log a_0 is added at the end: the recurrence runs on c_m / c_0.
    let log_first = n as f64 * coefficients[zero].ln();
    let ratios: Vec<(u64, Scaled)> = steps
        .iter()
        .zip(coefficients)
        .filter(|&(&step, &a)| step > 0 && a > 0.0)
        .map(|(&step, &a)| (step, quotient(Scaled::new(a), constant)))
        .collect();
    let mut relative = vec![Scaled::ONE; count];
    for m in 1..count {
        let mut total = Scaled::ZERO;
        for &(step, ratio) in &ratios {
            if step as usize <= m {
                // i (n + 1) - m >= 0 as m <= n + 1 and i >= 1.
                let weight = step as f64 * (n as f64 + 1.0) - m as f64;
                let term = ratio.times(relative[m - step as usize]).times(Scaled::new(weight / m as f64));
                total = total.plus(term);
            }
        }
        relative[m] = total;
    }
    relative.iter().map(|c| c.ln() + log_first).collect()
}

/// `a / b` of two scaled numbers that come from floats.
fn quotient(a: Scaled, b: Scaled) -> Scaled {
    a.times(b.reciprocal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binomial_coefficients() {
        let logs = low_coefficients(&[0, 1], &[1.0, 1.0], 10, 12);
        let exact = [1.0, 10.0, 45.0, 120.0, 210.0, 252.0, 210.0, 120.0, 45.0, 10.0, 1.0];
        for (log, value) in logs.iter().zip(exact) {
            assert!((log - f64::ln(value)).abs() < 1e-14);
        }
        assert_eq!(logs[11], f64::NEG_INFINITY);
    }

    #[test]
    fn gaps_stay_exactly_empty() {
        let logs = low_coefficients(&[0, 2, 3], &[0.5, 0.25, 0.25], 4, 6);
        assert_eq!(logs[1], f64::NEG_INFINITY);
        // z^5: choose one 2 and one 3 of 4 factors: 12 * .25 * .25 * .5^2.
        assert!((logs[5] - (12.0f64 / 64.0).ln()).abs() < 1e-14);
    }

    #[test]
    fn survives_coefficients_of_any_size() {
        let logs = low_coefficients(&[0, 1], &[1.0, 1e-300], 3, 4);
        assert!((logs[3] - 3.0 * 1e-300f64.ln()).abs() < 1e-11);
    }
}
