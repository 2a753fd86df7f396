//! Type classes: sequences with the same letter counts, their number of ways and their reward.
//!
//! A type `c` (counts of `k` letters, sum `n`) has probability `n! prod p_i^{c_i} / c_i!`. Written with Poisson weights
//! `w_i(c) = log( m_i^c e^{-m_i} / c! )`, `m_i = n p_i`, it is `sum_i w_i(c_i) - log( n^n e^{-n} / n! )`: the factorials'
//! thousands of nats cancel inside each weight, `w = -m psi(log(c/m)) - log(2 pi c)/2 - stirling(c)` (C. Loader 2000), so
//! the log-probability of a type has an error of a few `1e-16` times itself, not times `n log n`.
//! There are `C(n+k-1, k-1)` types; each costs two additions.

use crate::numerics::log_space::psi;
use crate::numerics::special::log_factorial;

/// Number of types of length `n` over `letters` letters, as a float (possibly infinite).
pub fn type_count(n: u64, letters: usize) -> f64 {
    (1..letters).fold(1.0, |count, i| count * ((n as f64 + i as f64) / i as f64))
}

/// Calls `visit(sum_i c_i position_i, log probability)` for every type of length `n`.
pub(crate) fn for_each_type(
    probs: &[f64],
    log_probs: &[f64],
    positions: &[f64],
    n: u64,
    visit: &mut impl FnMut(f64, f64),
) {
    let whole = log_poisson(n, n as f64, (n as f64).ln());
    let weights: Vec<Vec<f64>> = probs
        .iter()
        .zip(log_probs)
        .map(|(p, log_p)| (0..=n).map(|c| log_poisson(c, n as f64 * p, (n as f64).ln() + log_p)).collect())
        .collect();
    descend(&weights, positions, n as usize, 0.0, -whole, visit);
}

fn descend(
    weights: &[Vec<f64>],
    positions: &[f64],
    left: usize,
    position: f64,
    log_mass: f64,
    visit: &mut impl FnMut(f64, f64),
) {
    match weights {
        [] => {}
        [only] => visit(position + left as f64 * positions[0], log_mass + only[left]),
        [first, second] => {
            for (c, (low, high)) in first[..=left].iter().zip(second[..=left].iter().rev()).enumerate() {
                let place = position + (c as f64 * positions[0] + (left - c) as f64 * positions[1]);
                visit(place, log_mass + (low + high));
            }
        }
        [first, rest @ ..] => {
            for (c, weight) in first[..=left].iter().enumerate() {
                let place = position + c as f64 * positions[0];
                descend(rest, &positions[1..], left - c, place, log_mass + weight, visit);
            }
        }
    }
}

/// `log( m^c e^{-m} / c! )` with `log_mean = log m` given (`m` may have underflowed to 0).
pub(crate) fn log_poisson(count: u64, mean: f64, log_mean: f64) -> f64 {
    if count == 0 {
        return -mean;
    }
    let c = count as f64;
    let offset = (c - mean) / mean;
    // c log(c/m) - c + m, >= 0.
    let deviance = if offset.abs() < 0.5 { mean * psi(offset.ln_1p()) } else { c * (c.ln() - log_mean) - c + mean };
    -deviance - 0.5 * (std::f64::consts::TAU * c).ln() - stirling_remainder(count)
}

/// `log c! - (c + 1/2) log c + c - log(2 pi) / 2`, `c >= 1`.
fn stirling_remainder(count: u64) -> f64 {
    let c = count as f64;
    if count < 16 {
        log_factorial(count) - (c + 0.5) * c.ln() + c - 0.5 * std::f64::consts::TAU.ln()
    } else {
        // The next term is below 1/(1188 * 16^9) = 1e-14 of 1/192.
        let y = 1.0 / (c * c);
        (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y / 1188.0)))) / c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_weights() {
        for (c, m) in [(0u64, 2.0), (3, 2.0), (20, 18.5), (100, 3.0), (15, 16.0), (16, 16.0), (7, 1e-200)] {
            let wanted = c as f64 * f64::ln(m) - m - log_factorial(c);
            let found = log_poisson(c, m, m.ln());
            assert!((found - wanted).abs() < 4e-14 * (1.0 + wanted.abs()), "{c} {m}: {found} {wanted}");
        }
        // log( n^n e^-n / n! ) at 1e12 is -log(2 pi n)/2 - 1/(12 n); the plain form is a difference of numbers of 3e13.
        let n = 1e12f64;
        let wanted = -0.5 * (std::f64::consts::TAU * n).ln() - 1.0 / (12.0 * n);
        assert!((log_poisson(1_000_000_000_000, n, n.ln()) - wanted).abs() < 1e-14);
    }

    #[test]
    fn types_are_the_multinomial_law() {
        let p = [0.2, 0.5, 0.3];
        let (mut count, mut total) = (0, 0.0);
        let mut third = 0.0;
        for_each_type(&p, &p.map(f64::ln), &[1.0, 100.0, 10_000.0], 7, &mut |position, log_mass| {
            count += 1;
            total += log_mass.exp();
            if position == 3.0 + 200.0 + 20_000.0 {
                third = log_mass.exp();
            }
        });
        assert_eq!(count as f64, type_count(7, 3));
        assert!((total - 1.0).abs() < 1e-14);
        // 7!/(3! 2! 2!) .2^3 .5^2 .3^2
        assert!((third - 210.0 * 0.008 * 0.25 * 0.09).abs() < 1e-15);
    }
}
