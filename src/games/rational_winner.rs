//! A von Neumann winner in exact rational arithmetic, for small games with rational preferences.
//!
//! Each $P_{ij}$ is read as the fraction of smallest denominator (at most 10000) that rounds to it. All $P_{ij} - \tfrac12$
//! are brought to one denominator, and the linear program of the [simplex method](super::certified_winner) is solved with
//! integer pivots (Edmonds 1967, Bareiss 1968): entries are minors of the integer matrix, divisions are exact, and Bland's
//! rule excludes cycles. The answer is checked in integers, $A\pi \le 0$. 128-bit integers hold about 15 actions with entries
//! of two digits; beyond, the method says that it is too large.

use super::payoff::Payoff;
use super::preference::Preference;
use crate::{Error, Result};

/// A winner $\pi_i$ = numerator / denominator, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RationalWinner {
    /// Numerators, >= 0, of sum `denominator`.
    pub numerators: Vec<i128>,
    /// The common denominator, in lowest terms.
    pub denominator: i128,
}

impl RationalWinner {
    /// The nearest doubles.
    pub fn policy(&self) -> Vec<f64> {
        self.numerators.iter().map(|x| *x as f64 / self.denominator as f64).collect()
    }
}

/// Largest denominator of a preference.
const DENOMINATOR: i128 = 10_000;

fn overflow() -> Error {
    Error::too_large("an exact winner (its minors)", 128.0, 127.0, "bits")
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

/// The fraction of denominator at most 10000 that rounds to `x` (continued fractions), within 4 ulp of 1.
fn fraction(x: f64) -> Option<(i128, i128)> {
    let (mut h, mut k) = ((1i128, 0i128), (0i128, 1i128));
    let mut rest = x;
    for _ in 0..40 {
        let whole = rest.floor();
        let next = (whole as i128 * h.0 + h.1, whole as i128 * k.0 + k.1);
        if next.1 > DENOMINATOR {
            return None;
        }
        (h, k) = ((next.0, h.0), (next.1, k.0));
        if (h.0 as f64 / k.0 as f64 - x).abs() <= 4.0 * f64::EPSILON {
            return Some((h.0, k.0));
        }
        rest = 1.0 / (rest - whole);
    }
    None
}

/// $A$ times a common denominator, in integers.
fn integers(preference: &Preference) -> Result<Vec<i128>> {
    let n = preference.size();
    let mut fractions = Vec::with_capacity(n * n);
    let mut common = 1i128;
    for i in 0..n {
        for j in 0..n {
            // Above the diagonal; below is its mirror, so that the integer matrix is skew.
            let a = preference.advantage(i.min(j), i.max(j));
            let Some((p, q)) = fraction(a + 0.5) else {
                let expected = format!("a fraction of denominator at most {DENOMINATOR}");
                return Err(Error::invalid(format!("P[{}][{}]", i.min(j), i.max(j)), a + 0.5, expected));
            };
            // a = p/q - 1/2 = (2p - q)/(2q)
            let sign = if i < j {
                1
            } else if i > j {
                -1
            } else {
                0
            };
            let (top, bottom) = (sign * (2 * p - q), 2 * q);
            common = (common / gcd(common, bottom)).checked_mul(bottom).ok_or_else(overflow)?;
            fractions.push((top, bottom));
        }
    }
    let scaled: Vec<i128> = fractions
        .into_iter()
        .map(|(top, bottom)| top.checked_mul(common / bottom).ok_or_else(overflow))
        .collect::<Result<_>>()?;
    let divisor = scaled.iter().fold(0, |g, a| gcd(g, *a)).max(1);
    Ok(scaled.into_iter().map(|a| a / divisor).collect())
}

/// A von Neumann winner, exactly.
///
/// # Errors
/// [`Error::InvalidInput`] about an entry of `P` that is no fraction of denominator at most 10000; [`Error::TooLarge`] where a
/// minor leaves 128 bits.
///
/// ```
/// use tilt::games::{families::cyclic, rational_winner::rational_winner};
/// let winner = rational_winner(&cyclic(3, 0.2)?)?;
/// assert_eq!((winner.numerators, winner.denominator), (vec![1, 1, 1], 3));
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn rational_winner(preference: &Preference) -> Result<RationalWinner> {
    let n = preference.size();
    let a = integers(preference)?;
    let shift = 1 + a.iter().map(|x| x.abs()).max().unwrap_or(0);
    let width = n + 1;
    // Constraints (A + shift) x <= 1; the last row is the objective.
    let mut t = vec![0i128; (n + 1) * width];
    for i in 0..n {
        for j in 0..n {
            t[i * width + j] = a[i * n + j] + shift;
        }
        t[i * width + n] = 1;
        t[n * width + i] = -1;
    }
    let (mut rows, mut columns): (Vec<usize>, Vec<usize>) = ((n..2 * n).collect(), (0..n).collect());
    // All entries are over this positive denominator.
    let mut scale = 1i128;
    loop {
        let improving = (0..n).filter(|&j| t[n * width + j] < 0);
        let Some(column) = improving.min_by_key(|&j| columns[j]) else { break };
        let mut row: Option<usize> = None;
        for i in (0..n).filter(|&i| t[i * width + column] > 0) {
            row = match row {
                None => Some(i),
                Some(best) => {
                    // Ratios t[i][n] / t[i][column], compared by cross products.
                    let left = t[i * width + n].checked_mul(t[best * width + column]).ok_or_else(overflow)?;
                    let right = t[best * width + n].checked_mul(t[i * width + column]).ok_or_else(overflow)?;
                    let better = left < right || (left == right && rows[i] < rows[best]);
                    Some(if better { i } else { best })
                }
            };
        }
        // The feasible set is bounded: A + shift is positive.
        let Some(row) = row else { return Err(overflow()) };
        let pivot = t[row * width + column];
        for i in (0..=n).filter(|&i| i != row) {
            let factor = t[i * width + column];
            for j in (0..=n).filter(|&j| j != column) {
                let first = t[i * width + j].checked_mul(pivot).ok_or_else(overflow)?;
                let second = factor.checked_mul(t[row * width + j]).ok_or_else(overflow)?;
                t[i * width + j] = first.checked_sub(second).ok_or_else(overflow)? / scale;
            }
            t[i * width + column] = -factor;
        }
        t[row * width + column] = scale;
        scale = pivot;
        std::mem::swap(&mut rows[row], &mut columns[column]);
    }
    let mut numerators = vec![0i128; n];
    for (i, name) in rows.iter().enumerate().filter(|(_, name)| **name < n) {
        numerators[*name] = t[i * width + n];
    }
    let divisor = numerators.iter().fold(0, |g, x| gcd(g, *x)).max(1);
    numerators.iter_mut().for_each(|x| *x /= divisor);
    let denominator = numerators.iter().sum();
    for i in 0..n {
        let mut payoff = 0i128;
        for j in 0..n {
            let term = a[i * n + j].checked_mul(numerators[j]).ok_or_else(overflow)?;
            payoff = payoff.checked_add(term).ok_or_else(overflow)?;
        }
        if payoff > 0 {
            return Err(Error::NotConverged {
                method: "the exact winner (its certificate)".into(),
                iterations: 0,
                residual: payoff as f64,
                tolerance: 0.0,
            });
        }
    }
    Ok(RationalWinner { numerators, denominator })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::{cyclic, sign_random};
    use crate::games::von_neumann::winner_set;
    use crate::sampling::Address;

    #[test]
    fn the_specification_s_game() {
        let q = Preference::new(&[
            vec![0.5, 0.7, 0.2, 0.9, 0.6],
            vec![0.3, 0.5, 0.8, 0.4, 0.45],
            vec![0.8, 0.2, 0.5, 0.35, 0.7],
            vec![0.1, 0.6, 0.65, 0.5, 0.25],
            vec![0.4, 0.55, 0.3, 0.75, 0.5],
        ])
        .unwrap();
        let winner = rational_winner(&q).unwrap();
        assert_eq!((winner.numerators, winner.denominator), (vec![3, 3, 2, 0, 0], 8));
    }

    #[test]
    fn exact_against_floating() {
        let address = Address::new(9, "test", "rational");
        let mut unique = 0;
        for seed in 0..40 {
            let mut stream = address.stream(seed);
            let size = 1 + seed as usize % 9;
            let game = if seed % 2 == 0 {
                sign_random(size, &mut stream)
            } else {
                Preference::from_upper(size, |_, _| (stream.uniform() * 21.0).floor() / 20.0 - 0.5)
            };
            let exact = rational_winner(&game).unwrap();
            let set = winner_set(&game).unwrap();
            if set.directions.is_empty() {
                unique += 1;
                for (a, b) in exact.policy().iter().zip(&set.centre) {
                    assert!((a - b).abs() < 1e-12, "{seed}: {a} {b}");
                }
            }
        }
        assert!(unique > 20);
    }

    #[test]
    fn what_is_not_rational_or_too_large_is_refused() {
        let irrational = Preference::from_upper(2, |_, _| 0.1f64.sqrt());
        assert!(rational_winner(&irrational).unwrap_err().to_string().starts_with("P[0][1]"));
        assert_eq!(rational_winner(&cyclic(1, 1.0).unwrap()).unwrap().numerators, [1]);
        let mut stream = Address::new(9, "test", "rational").stream(1000);
        let large = Preference::from_upper(60, |_, _| (stream.uniform() * 9973.0).floor() / 9973.0 - 0.5);
        assert_eq!(rational_winner(&large).unwrap_err().kind(), "too_large");
    }
}
