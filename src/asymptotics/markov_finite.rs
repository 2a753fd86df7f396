//! The finite-length optimum of a Markov chain: `p e^{beta R} / Z_n`, a time-inhomogeneous chain (R28).
//!
//! Backward in the number `l` of symbols still to come, for the state `i` now: the partition sum `h_l(i)`, the mean
//! `m_l(i)` and variance `v_l(i)` of the reward to come, and its divergence `k_l(i)`. With the step
//! `Q_ij = P_ij e^{beta s_j} h_{l-1}(j) / h_l(i)`,
//! - `m_l(i) = sum_j Q_ij (s_j + m_{l-1}(j))`,
//! - `v_l(i) = sum_j Q_ij v_{l-1}(j) + Var_{Q_i}(s_j + m_{l-1}(j))` (total variance),
//! - `k_l(i) = sum_j Q_ij k_{l-1}(j) + D(Q_i || P_i)` (chain rule),
//!
//! with increments of variance and divergence that are sums of non-negative terms. All four are kept relative to state 0,
//! with a compensated common part, so nothing of size `n` cancels and rounding does not pile up with `n`. Derived. Cost `O(n k^2)`, memory `O(k)`.

use super::markov::{Chain, MarkovTilt, check_beta, markov_tilt, normalised, relative_entropy_term};
use crate::numerics::sum::Sum;
use crate::{Error, Result};

/// Largest number of multiplications of the recursion, `n k^2`.
pub const OPERATION_LIMIT: f64 = 1e10;

/// Totals over `n` symbols of the tilted chain. Quantity `asymptotics.markov_finite`.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct MarkovFinite {
    /// `log Z_n = log E e^{beta R}`.
    pub log_z: f64,
    /// Mean of `R` under the tilt.
    pub mean: f64,
    /// Variance of `R` under the tilt.
    pub variance: f64,
    /// Divergence of the tilt from the base chain, nats.
    pub kl: f64,
}

/// The totals of `n` symbols as `n` times the rates of the tilted chain, whatever the first state: errors `O(1)`, that is
/// `O(1/n)` a symbol (R28). Cost `O(k^3)`, for any `n`.
///
/// # Errors
/// Fields `initial`, `n`, `beta`; [`Error::NotConverged`] from the tilted chain.
pub fn markov_finite_expansion(chain: &Chain, initial: &[f64], n: u64, beta: f64) -> Result<MarkovFinite> {
    check_start(chain, initial, n)?;
    let MarkovTilt { scgf, mean, variance, kl_rate, .. } = markov_tilt(chain, beta)?;
    let n = n as f64;
    Ok(MarkovFinite { log_z: n * scgf, mean: n * mean, variance: n * variance, kl: n * kl_rate })
}

/// Totals of one state relative to the common part.
#[derive(Clone, Copy, Debug, Default)]
struct Ahead {
    log_h: f64,
    mean: f64,
    variance: f64,
    kl: f64,
}

/// The optimum `p e^{beta R} / Z_n` of a chain of `n` symbols, the first drawn from `initial`.
///
/// ```
/// use tilt::asymptotics::{markov::Chain, markov_finite::markov_finite};
/// let chain = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap();
/// let total = markov_finite(&chain, &[0.8, 0.2], 20, 0.8).unwrap();
/// assert!((total.log_z - 7.538305223040794).abs() < 1e-14);
/// ```
///
/// # Errors
/// Fields `initial` (a law on the states), `n` (>= 1), `beta`; [`Error::TooLarge`] beyond `n k^2 = 1e10`.
pub fn markov_finite(chain: &Chain, initial: &[f64], n: u64, beta: f64) -> Result<MarkovFinite> {
    let states = chain.states();
    let initial = check_start(chain, initial, n)?;
    check_beta(chain, beta)?;
    let operations = n as f64 * (states * states) as f64;
    if operations > OPERATION_LIMIT {
        return Err(Error::too_large("the backward recursion of the chain", operations, OPERATION_LIMIT, "operations"));
    }
    let log_initial: Vec<f64> = initial.iter().map(|p| p.ln()).collect();
    let mut ahead = vec![Ahead::default(); states];
    let mut next = ahead.clone();
    let (mut log_h, mut mean, mut variance, mut kl) = (Sum::new(), Sum::new(), Sum::new(), Sum::new());
    for _ in 1..n {
        for (i, to) in next.iter_mut().enumerate() {
            let row = i * states..(i + 1) * states;
            *to = step(&chain.transition()[row.clone()], &chain.log_transition()[row], chain.reward(), beta, &ahead);
        }
        let common = next[0];
        log_h.add(common.log_h);
        mean.add(common.mean);
        variance.add(common.variance);
        kl.add(common.kl);
        for (to, from) in ahead.iter_mut().zip(&next) {
            *to = Ahead {
                log_h: from.log_h - common.log_h,
                mean: from.mean - common.mean,
                variance: from.variance - common.variance,
                kl: from.kl - common.kl,
            };
        }
    }
    let first = step(&initial, &log_initial, chain.reward(), beta, &ahead);
    log_h.add(first.log_h);
    mean.add(first.mean);
    variance.add(first.variance);
    kl.add(first.kl);
    Ok(MarkovFinite {
        log_z: log_h.value(),
        mean: mean.value(),
        variance: variance.value().max(0.0),
        kl: kl.value().max(0.0),
    })
}

/// Validates the first law and the length.
pub(crate) fn check_start(chain: &Chain, initial: &[f64], n: u64) -> Result<Vec<f64>> {
    if n == 0 {
        return Err(Error::invalid("n", n, "an integer >= 1"));
    }
    normalised(initial, chain.states(), "initial")
}

/// One step back: from the law `base` of the next state and what lies ahead of it.
fn step(base: &[f64], log_base: &[f64], reward: &[f64], beta: f64, ahead: &[Ahead]) -> Ahead {
    let support = || (0..base.len()).filter(|&j| base[j] > 0.0);
    let exponent = |j: usize| beta * reward[j] + ahead[j].log_h;
    // Relative to the largest exponent: log-ratios then carry no rounding of beta s itself.
    let (low, top) = support().map(exponent).fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    let log_sum = if top - low < 1.0 {
        support().map(|j| base[j] * (exponent(j) - top).exp_m1()).sum::<f64>().ln_1p()
    } else {
        let log_weight = |j: usize| log_base[j] + (exponent(j) - top);
        let largest = support().map(log_weight).fold(f64::NEG_INFINITY, f64::max);
        largest + support().map(|j| (log_weight(j) - largest).exp()).sum::<f64>().ln()
    };
    let log_ratio = |j: usize| (exponent(j) - top) - log_sum;
    let law = |j: usize| (log_base[j] + log_ratio(j)).exp();
    let gain = |j: usize| reward[j] + ahead[j].mean;
    let mut out = Ahead { log_h: top + log_sum, ..Ahead::default() };
    for j in support() {
        let q = law(j);
        out.mean += q * gain(j);
        out.variance += q * ahead[j].variance;
        out.kl += q * ahead[j].kl + relative_entropy_term(base[j], q, log_ratio(j));
    }
    for j in support() {
        out.variance += law(j) * (gain(j) - out.mean).powi(2);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Chain {
        Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap()
    }

    fn close(found: f64, wanted: f64, relative: f64) {
        assert!((found - wanted).abs() <= relative * wanted.abs(), "{found} instead of {wanted}");
    }

    #[test]
    fn reference_values() {
        let found = markov_finite(&example(), &[0.8, 0.2], 20, 0.8).unwrap();
        close(found.log_z, 7.538305223040794, 2e-15);
        close(found.mean, 15.088499742842865, 2e-15);
        close(found.variance, 10.321830458272368, 2e-15);
        close(found.kl, 4.532494571233497, 4e-15);
    }

    #[test]
    fn brute_force_over_all_paths() {
        let chain =
            Chain::new(&[vec![0.5, 0.2, 0.3], vec![0.0, 0.1, 0.9], vec![0.7, 0.2, 0.1]], &[0.3, -1.0, 2.0]).unwrap();
        let (initial, n, beta) = ([0.2, 0.8, 0.0], 5u32, -0.6);
        let (mut z, mut first, mut second) = (0.0, 0.0, 0.0);
        for index in 0..3usize.pow(n) {
            let path: Vec<usize> = (0..n).map(|i| index / 3usize.pow(i) % 3).collect();
            let mass = path.windows(2).fold(initial[path[0]], |m, e| m * chain.transition()[e[0] * 3 + e[1]]);
            let reward: f64 = path.iter().map(|&i| chain.reward()[i]).sum();
            let weight = mass * (beta * reward).exp();
            z += weight;
            first += weight * reward;
            second += weight * reward * reward;
        }
        let found = markov_finite(&chain, &initial, n as u64, beta).unwrap();
        let mean = first / z;
        close(found.log_z, f64::ln(z), 1e-13);
        close(found.mean, mean, 1e-13);
        close(found.variance, second / z - mean * mean, 1e-12);
        close(found.kl, beta * mean - f64::ln(z), 1e-13);
    }

    #[test]
    fn tends_to_the_rates_of_the_chain() {
        // (1/n) log Z_n - Lambda = c/n: n times the difference is constant up to the gap's power.
        let tilted = markov_tilt(&example(), 0.8).unwrap();
        let excess = |n: u64| {
            let f = markov_finite(&example(), &[0.8, 0.2], n, 0.8).unwrap();
            let x = n as f64;
            [
                f.log_z - x * tilted.scgf,
                f.mean - x * tilted.mean,
                f.variance - x * tilted.variance,
                f.kl - x * tilted.kl_rate,
            ]
        };
        for (a, b) in excess(1000).iter().zip(excess(100_000)) {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }

    #[test]
    fn no_tilt_and_large_tilts() {
        let none = markov_finite(&example(), &[0.8, 0.2], 50, 0.0).unwrap();
        assert!(none.log_z.abs() < 1e-14 && none.kl.abs() < 1e-14);
        // Started in the stationary law, the mean is n pi s.
        close(none.mean, 10.0, 1e-14);
        let all = markov_finite(&example(), &[0.8, 0.2], 50, 3000.0).unwrap();
        close(all.mean, 50.0, 1e-15);
        close(all.kl, -(0.2f64.ln() + 49.0 * 0.6f64.ln()), 1e-13);
        // KL = Var b^2 / 2 for small b.
        let small = markov_finite(&example(), &[0.8, 0.2], 50, 1e-7).unwrap();
        close(small.kl, 0.5e-14 * none.variance, 1e-5);
    }

    #[test]
    fn rejections() {
        assert!(markov_finite(&example(), &[0.8, 0.3], 20, 0.8).is_err());
        assert!(markov_finite(&example(), &[0.8, 0.2], 0, 0.8).is_err());
        assert!(matches!(markov_finite(&example(), &[0.8, 0.2], 1 << 40, 0.8), Err(Error::TooLarge { .. })));
    }
}
