//! Best-of-N on a long Markov chain to second order (R28: "the same limit and the same (1/2) log n growth"; constants
//! derived here).
//!
//! For a chain whose transitions are all positive, `E e^{bR} = c(b) e^{n Lambda(b)} (1 + e^{-O(n)})` with
//! `c = e^{-Lambda} (sum_i init_i e^{b s_i} h_i) (sum_j pi_j / h_j)`, `h` the right Perron vector and `pi` the stationary law
//! of the tilted chain. A tail probability is then `c` times that of independent symbols with the same `Lambda`, so with
//! `N = e^{n delta}`, `b = beta(delta)`, `x* = Lambda'(b)`, `V = Lambda''(b)` and `G` a standard Gumbel variable
//!
//! - `R_N = n x* + (1/b)(G + log c - log(2 pi n V b^2)/2) + o(1)`, on a lattice the sums of
//!   [`best_of_asymptotic`](super::best_of_asymptotic) with their origin moved by `log c / b`;
//! - the optimum of the same `n` has mean `n x* + log c / b + O(1/n)` and tilt `b + O(1/n)`;
//! - `D(best of N || optimum) = D(best of N || base) - n delta - b (E R_N - that mean)`: the `c` cancels, and what is left
//!   is that of independent symbols.
//!
//! Errors `O(log^2 n / n)`. Cost `O(k^3)`, for any `n`. With transitions of probability zero the lattice of `R` may be
//! coarser than that of the rewards and depend on both ends of the path: refused.

use super::best_of_asymptotic::{second_order_constants, widest_lattice};
use super::markov::{Chain, markov_tilt};
use super::markov_best_of::MarkovBestOf;
use super::markov_finite::check_start;
use super::markov_solve::markov_solve;
use super::memoryless::level_tolerance;
use super::memoryless_best_of::check_log_best_of;
use super::perron::perron;
use crate::numerics::log_space::log_sum_exp;
use crate::prob::Regime;
use crate::{Error, Result};

/// Best of `N = e^log_best_of` chains of `n` symbols to second order.
///
/// # Errors
/// Fields `initial`, `n`; `transition` (an entry of 0); `log_best_of`: not positive, not below `n Delta_max`, or so small
/// that the expansion has no value; [`Error::NotConverged`] from the tilted chain.
pub fn markov_best_of_expansion(chain: &Chain, initial: &[f64], n: u64, log_best_of: f64) -> Result<MarkovBestOf> {
    check_log_best_of(log_best_of)?;
    let first = check_start(chain, initial, n)?;
    let (k, length) = (chain.states(), n as f64);
    if let Some(e) = chain.transition().iter().position(|&p| p == 0.0) {
        let expected = "a positive probability, to expand the law of the reward";
        return Err(Error::invalid(format!("transition[{}][{}]", e / k, e % k), 0.0, expected));
    }
    if chain.range() == 0.0 {
        let mean = length * chain.reward()[0];
        let regime = Regime::Degenerate;
        return Ok(MarkovBestOf { mean, kl: 0.0, rl_mean: mean, rl_beta: 0.0, regime, kl_to_rl: 0.0 });
    }
    let too_small =
        || Error::invalid("log_best_of", log_best_of, "a number large enough for the second-order expansion");
    if log_best_of == 0.0 {
        return Err(too_small());
    }
    let optimum = markov_solve(chain, log_best_of / length).map_err(|e| match e {
        Error::InvalidInput { expected, .. } => {
            Error::invalid("log_best_of", log_best_of, format!("n = {n} times {expected}"))
        }
        other => other,
    })?;
    let (beta, centre) = (optimum.beta, length * optimum.mean);
    let tilted = markov_tilt(chain, beta)?;
    let log_tilted: Vec<f64> =
        chain.log_transition().iter().enumerate().map(|(e, p)| p + beta * chain.reward()[e % k]).collect();
    let log_h = perron(&log_tilted, k)?.log_right;
    let start: Vec<f64> = (0..k).map(|i| first[i].ln() + beta * chain.reward()[i] + log_h[i]).collect();
    let end: Vec<f64> = (0..k).map(|j| tilted.stationary[j].ln() - log_h[j]).collect();
    let log_c = log_sum_exp(&start) + log_sum_exp(&end) - tilted.scgf;
    let lowest = chain.reward().iter().copied().fold(f64::INFINITY, f64::min);
    let span = widest_lattice(chain.reward(), level_tolerance(n, chain.reward()) / length);
    let constants = second_order_constants(length, lowest, centre, beta, tilted.variance, span, log_c)?;
    let (mean, kl, rl_mean) = (centre + constants.mean, log_best_of + constants.kl, centre + log_c / beta);
    let kl_to_rl = constants.kl - beta * (mean - rl_mean);
    if kl < 0.0 || kl_to_rl < 0.0 {
        return Err(too_small());
    }
    Ok(MarkovBestOf { mean, kl, rl_mean, rl_beta: beta, regime: Regime::Interior, kl_to_rl })
}

#[cfg(test)]
mod tests {
    use super::super::best_of_asymptotic::best_of_asymptotic;
    use super::super::markov_best_of::markov_best_of;
    use super::super::memoryless::Memoryless;
    use super::*;

    #[test]
    fn every_field_is_within_its_order() {
        let rows = [vec![0.9, 0.1], vec![0.4, 0.6]];
        for (reward, initial) in [([0.0, 1.0], [0.8, 0.2]), ([0.0, 1.0], [0.0, 1.0]), ([-1.0, 0.5], [0.5, 0.5])] {
            let chain = Chain::new(&rows, &reward).unwrap();
            for n in [160u64, 640] {
                let log_n = 0.1 * n as f64;
                let exact = markov_best_of(&chain, &initial, n, log_n).unwrap();
                let found = markov_best_of_expansion(&chain, &initial, n, log_n).unwrap();
                let order = 2.0 * (n as f64).ln().powi(2) / n as f64;
                for (a, b) in [
                    (found.mean, exact.mean),
                    (found.kl, exact.kl),
                    (found.rl_mean, exact.rl_mean),
                    (found.rl_beta, exact.rl_beta),
                    (found.kl_to_rl, exact.kl_to_rl),
                ] {
                    assert!((a - b).abs() < order, "{n} {initial:?}: {found:?} {exact:?}");
                }
            }
        }
    }

    #[test]
    fn equal_rows_are_independent_symbols() {
        let (p, s) = ([0.5, 0.3, 0.2], [0.0, 1.0, 2.0]);
        let chain = Chain::new(&vec![p.to_vec(); 3], &s).unwrap();
        let found = markov_best_of_expansion(&chain, &p, 300, 60.0).unwrap();
        let wanted = best_of_asymptotic(&Memoryless::new(&p, &s, 300).unwrap(), 0.2, 1.0).unwrap();
        for (a, b) in [(found.mean, wanted.mean), (found.kl, wanted.kl), (found.kl_to_rl, wanted.kl_to_rl)] {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }

    #[test]
    fn outside_its_domain() {
        let chain = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap();
        for log_n in [0.0, 1e-6, 1e4] {
            assert!(markov_best_of_expansion(&chain, &[0.8, 0.2], 100, log_n).is_err(), "{log_n}");
        }
        let cycle = Chain::new(&[vec![0.0, 1.0], vec![0.5, 0.5]], &[0.0, 1.0]).unwrap();
        let error = markov_best_of_expansion(&cycle, &[0.8, 0.2], 100, 5.0).unwrap_err().to_string();
        assert!(error.starts_with("transition[0][0]"), "{error}");
        let flat = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[2.0, 2.0]).unwrap();
        assert_eq!(markov_best_of_expansion(&flat, &[0.8, 0.2], 10, 5.0).unwrap().mean, 20.0);
    }
}
