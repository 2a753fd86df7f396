//! Markov chains with a reward on states: the growth rate of `E e^{beta R}` and the tilted chain (R27).
//!
//! `R = sum_i s(y_i)` along a chain with irreducible transition matrix `P` (periodic allowed). With
//! `T_ij = P_ij e^{beta s_j}`, Perron root `rho` and right vector `h`:
//!
//! - `Lambda(beta) = log rho = lim (1/n) log E e^{beta R}`;
//! - the tilted chain (Doob transform) `Q_ij = T_ij h_j / (rho h_i)` with stationary law `pi`;
//! - `Lambda'(beta) = sum_i pi_i s_i`; `Lambda''(beta)` = the asymptotic variance of `R` under `Q`;
//! - KL rate `sum_i pi_i sum_j Q_ij log(Q_ij / P_ij) = beta Lambda' - Lambda`.
//!
//! | here | symbol |
//! |---|---|
//! | `transition` | `P`, row-stochastic `[k, k]` |
//! | `reward` | `s`, `[k]` |
//! | `tilted_transition` | `Q` |
//! | `stationary` | `pi` |
//!
//! Numerics. `Q` comes from [`perron`] (row sums 1 by construction, entries accurate whatever their size), `pi` from
//! elimination without subtraction. The variance is the mean square of the martingale differences of
//! `g`, `g - Q g = s - Lambda'` (Poisson's equation; the fundamental matrix applied to `s`):
//! `Lambda'' = sum_i pi_i sum_{j<l} Q_ij Q_il (g_j - g_l)^2`, a sum of non-negative terms, equal to
//! `Var_pi(s) + 2 Cov_pi(s, (I - Q + 1 pi^T)^{-1} Q s)`. For small `|beta|` the root is `1 + O(beta)` and its logarithm
//! and the KL rate would lose their digits: there `Lambda = int_0^beta Lambda'` and `KL = int_0^beta t Lambda''(t) dt` by
//! 8-point Gauss-Legendre. Source: spec R27 (derived); H.D. Miller 1961 for the tilted chain. Cost `O(k^3)`.

use super::critical_cycles::reachable;
use super::perron::perron;
use super::state_reduction::StateReduction;
use crate::numerics::log_space::psi;
use crate::numerics::quadrature::GaussLegendre;
use crate::{Error, Result};

/// A Markov chain with a reward on states, validated: square, row-stochastic, irreducible, finite rewards.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    states: usize,
    transition: Vec<f64>,
    log_transition: Vec<f64>,
    reward: Vec<f64>,
}

impl Chain {
    /// The chain with `transition[i][j] = P(next = j | now = i)` and `reward[j]` for being in `j`.
    ///
    /// # Errors
    /// Fields `transition` and `reward`: not square, an entry negative or not finite, a row sum off 1 by more than 1e-9
    /// (then rows are renormalised), a reducible chain, a reward that is not finite or whose length differs.
    pub fn new(transition: &[Vec<f64>], reward: &[f64]) -> Result<Chain> {
        let states = transition.len();
        if states == 0 {
            return Err(Error::invalid("transition", "[]", "at least one state"));
        }
        let mut flat = Vec::with_capacity(states * states);
        for (i, row) in transition.iter().enumerate() {
            flat.extend(normalised(row, states, &format!("transition[{i}]"))?);
        }
        check_finite("reward", reward, states)?;
        let forward = reachable(states, 0, |i, j| flat[i * states + j] > 0.0);
        let backward = reachable(states, 0, |i, j| flat[j * states + i] > 0.0);
        if let Some(lost) = (0..states).find(|&i| !forward[i] || !backward[i]) {
            let expected = format!("an irreducible chain: states 0 and {lost} do not reach each other");
            return Err(Error::invalid("transition", "reducible", expected));
        }
        let log_transition = flat.iter().map(|p| p.ln()).collect();
        Ok(Chain { states, transition: flat, log_transition, reward: reward.to_vec() })
    }

    /// Number of states `k`.
    pub fn states(&self) -> usize {
        self.states
    }

    /// The transition matrix, row-major `[k, k]`.
    pub fn transition(&self) -> &[f64] {
        &self.transition
    }

    /// Logarithms of the transition matrix, row-major `[k, k]`.
    pub fn log_transition(&self) -> &[f64] {
        &self.log_transition
    }

    /// The rewards `[k]`.
    pub fn reward(&self) -> &[f64] {
        &self.reward
    }

    /// Largest minus smallest reward.
    pub fn range(&self) -> f64 {
        let high = self.reward.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        high - self.reward.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// `row` as a probability vector of length `states`, renormalised.
pub(crate) fn normalised(row: &[f64], states: usize, field: &str) -> Result<Vec<f64>> {
    if row.len() != states {
        return Err(Error::invalid(field, format!("of length {}", row.len()), format!("length {states}")));
    }
    if let Some((j, &p)) = row.iter().enumerate().find(|(_, p)| !p.is_finite() || **p < 0.0) {
        return Err(Error::invalid(format!("{field}[{j}]"), p, "a finite probability >= 0"));
    }
    let total: f64 = crate::numerics::sum::sum(row.iter().copied());
    if (total - 1.0).abs() > 1e-9 {
        return Err(Error::invalid(field, format!("of sum {total}"), "a sum of 1 (to 1e-9)"));
    }
    Ok(row.iter().map(|p| p / total).collect())
}

pub(crate) fn check_finite(field: &str, values: &[f64], length: usize) -> Result<()> {
    if values.len() != length {
        return Err(Error::invalid(field, format!("of length {}", values.len()), format!("length {length}")));
    }
    match values.iter().position(|x| !x.is_finite()) {
        Some(i) => Err(Error::invalid(format!("{field}[{i}]"), values[i], "a finite number")),
        None => Ok(()),
    }
}

/// The tilted chain and its rates, per symbol. Quantity `asymptotics.markov`.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkovTilt {
    /// The tilt.
    pub beta: f64,
    /// `Lambda(beta) = log rho(T_beta)`.
    pub scgf: f64,
    /// `Lambda'(beta)`: mean reward under the tilted chain.
    pub mean: f64,
    /// `Lambda''(beta)`: asymptotic variance of the reward under the tilted chain.
    pub variance: f64,
    /// KL rate of the tilted chain from the base chain, nats.
    pub kl_rate: f64,
    /// The tilted chain `Q`, row-major `[k, k]`.
    pub tilted_transition: Vec<f64>,
    /// Its stationary law `[k]`.
    pub stationary: Vec<f64>,
}

/// Below this product of `|beta|` and the scale of variation of `Lambda`, integrals replace differences.
const SMALL_TILT: f64 = 1e-2;

/// The chain tilted by `beta`. `|beta s|` beyond 1e3 is no problem.
///
/// ```
/// use tilt::asymptotics::markov::{Chain, markov_tilt};
/// let chain = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap();
/// let tilted = markov_tilt(&chain, 0.8).unwrap();
/// assert!((tilted.scgf - 0.3967498808297829).abs() < 1e-14);
/// assert!((tilted.variance - 0.4937780331770414).abs() < 1e-13);
/// ```
///
/// # Errors
/// Field `beta` if not finite, or so large that `beta s` is beyond 1e12; [`Error::NotConverged`] with the residual.
pub fn markov_tilt(chain: &Chain, beta: f64) -> Result<MarkovTilt> {
    check_beta(chain, beta)?;
    let mut tilted = tilt_directly(chain, beta)?;
    // Singularities of Lambda lie at a distance of about gap / range, and variance / range is about range / gap.
    let range = chain.range();
    let size = |variance: f64| beta.abs() * range.max(variance / range);
    if beta != 0.0 && range > 0.0 && size(tilted.variance) < SMALL_TILT {
        let rule = GaussLegendre::new(8);
        let (mut scgf, mut kl_rate, mut largest) = (0.0, 0.0, 0.0f64);
        for (node, weight) in rule.nodes().iter().zip(rule.weights()) {
            let t = 0.5 * beta * (1.0 + node);
            let inside = tilt_directly(chain, t)?;
            scgf += 0.5 * beta * weight * inside.mean;
            kl_rate += 0.5 * beta * weight * t * inside.variance;
            largest = largest.max(inside.variance);
        }
        // The integral adds digits to the direct form, so it must agree with it up to that form's rounding: a chain that
        // passes a transition on the way (a peak of the variance between the nodes) keeps the direct form.
        let rounding = 1e-13 / (beta.abs() * range);
        if size(largest) < SMALL_TILT && (kl_rate - tilted.kl_rate).abs() <= rounding * kl_rate + 1e-26 {
            (tilted.scgf, tilted.kl_rate) = (scgf, kl_rate);
        }
    } else if beta == 0.0 || range == 0.0 {
        (tilted.scgf, tilted.kl_rate) = (beta * tilted.mean, 0.0);
    }
    Ok(tilted)
}

pub(crate) fn check_beta(chain: &Chain, beta: f64) -> Result<()> {
    let largest = chain.reward.iter().fold(0.0f64, |a, s| a.max((beta * s).abs()));
    if !beta.is_finite() || !largest.is_finite() || largest > 1e12 {
        return Err(Error::invalid("beta", beta, "a finite number with |beta * reward| <= 1e12"));
    }
    Ok(())
}

fn tilt_directly(chain: &Chain, beta: f64) -> Result<MarkovTilt> {
    let k = chain.states;
    // Rewards relative to their middle: the root stays small for common shifts.
    let middle = 0.5 * chain.range() + chain.reward.iter().copied().fold(f64::INFINITY, f64::min);
    let log_matrix: Vec<f64> =
        (0..k * k).map(|e| chain.log_transition[e] + beta * (chain.reward[e % k] - middle)).collect();
    let root = perron(&log_matrix, k)?;
    let reduction = StateReduction::new(&root.stochastic, &vec![0.0; k], root.anchor);
    let log_stationary = reduction.log_stationary();
    let stationary: Vec<f64> = log_stationary.iter().map(|l| l.exp()).collect();
    let q: Vec<f64> = root.stochastic.iter().map(|x| x.ln().exp()).collect();
    // From the heaviest state: exact for constant rewards and at saturation.
    let heaviest = (0..k).max_by(|&a, &b| stationary[a].total_cmp(&stationary[b])).unwrap_or(0);
    let pivot = chain.reward[heaviest];
    let mean = pivot + (0..k).map(|i| stationary[i] * (chain.reward[i] - pivot)).sum::<f64>();
    // s_i - mean as a sum over pairs: exact where nearly all mass is on one reward.
    let centred: Vec<f64> =
        (0..k).map(|i| (0..k).map(|j| stationary[j] * (chain.reward[i] - chain.reward[j])).sum()).collect();
    let g = reduction.solve_pinned(&centred);
    let mut variance = 0.0;
    let mut kl_rate = 0.0;
    for i in 0..k {
        let row = &q[i * k..(i + 1) * k];
        let mut spread = 0.0;
        for j in 0..k {
            for l in 0..j {
                let weight = row[j] * row[l];
                if weight > 0.0 {
                    spread += weight * (g[j] - g[l]).powi(2);
                }
            }
        }
        variance += stationary[i] * spread;
        let divergence: f64 = (0..k)
            .map(|j| {
                let log_ratio = root.stochastic[i * k + j].ln() - chain.log_transition[i * k + j];
                relative_entropy_term(chain.transition[i * k + j], row[j], log_ratio)
            })
            .sum();
        kl_rate += stationary[i] * divergence;
    }
    if !variance.is_finite() {
        return Err(Error::NotConverged {
            method: "Poisson's equation of the tilted chain".into(),
            iterations: 1,
            residual: f64::INFINITY,
            tolerance: f64::EPSILON,
        });
    }
    Ok(MarkovTilt {
        beta,
        scgf: root.log_root + beta * middle,
        mean,
        variance,
        kl_rate,
        tilted_transition: q,
        stationary,
    })
}

/// `q log(q/p) - q + p >= 0`, given `log(q/p)`: the terms of a divergence, each non-negative, without cancellation.
pub(crate) fn relative_entropy_term(p: f64, q: f64, log_ratio: f64) -> f64 {
    if p == 0.0 && q == 0.0 {
        0.0
    } else if log_ratio.abs() < 1.0 {
        p * psi(log_ratio)
    } else if q == 0.0 {
        p
    } else {
        q * log_ratio - q + p
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn example() -> Chain {
        Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap()
    }

    fn close(found: f64, wanted: f64, relative: f64) {
        assert!((found - wanted).abs() <= relative * wanted.abs(), "{found} instead of {wanted}");
    }

    #[test]
    fn reference_values() {
        let tilted = markov_tilt(&example(), 0.8).unwrap();
        close(tilted.scgf, 0.3967498808297829, 1e-14);
        close(tilted.mean, 0.7946784460245021, 1e-14);
        close(tilted.variance, 0.4937780331770414, 1e-14);
        close(tilted.kl_rate, 0.23899287598981872, 1e-14);
        let q = [0.6052519892641359, 0.39474801073586413, 0.10199128389412132, 0.8980087161058787];
        for (found, wanted) in tilted.tilted_transition.iter().zip(q) {
            close(*found, wanted, 1e-14);
        }
        close(tilted.stationary[0], 0.20532155397549792, 1e-14);
    }

    #[test]
    fn small_tilts_keep_their_digits() {
        // beta -> 0: Lambda = m beta, KL = V beta^2 / 2 with m = .2, V = pi_0 pi_1 (1 + l)/(1 - l), l = .5: .48.
        for beta in [1e-9, -1e-9, 1e-100] {
            let tilted = markov_tilt(&example(), beta).unwrap();
            close(tilted.scgf, 0.2 * beta, 1e-8);
            close(tilted.kl_rate, 0.24 * beta * beta, 1e-8);
        }
        let none = markov_tilt(&example(), 0.0).unwrap();
        assert_eq!((none.scgf, none.kl_rate), (0.0, 0.0));
        close(none.variance, 0.48, 1e-14);
    }

    #[test]
    fn both_forms_of_the_rate_meet_at_the_switch() {
        // At beta of about SMALL_TILT the cancelling form still has 10 digits.
        for beta in [0.00999, 0.0101, 0.02] {
            let tilted = markov_tilt(&example(), beta).unwrap();
            close(tilted.kl_rate, beta * tilted.mean - tilted.scgf, 1e-9);
        }
    }

    #[test]
    fn large_tilts_neither_overflow_nor_lose_the_tail() {
        let tilted = markov_tilt(&example(), 2000.0).unwrap();
        close(tilted.kl_rate, -0.6f64.ln(), 1e-12);
        close(tilted.mean, 1.0, 1e-15);
        // Leaving state 1 and coming back costs e^-beta: variance of about c e^-2000, an underflow; at 300 it is seen.
        let tilted = markov_tilt(&example(), 300.0).unwrap();
        // Q_10 ~ .1 * .4 / .36 e^-300, excursions of one step: variance = their rate.
        close(tilted.variance, 0.04 / 0.36 * f64::exp(-300.0), 1e-12);
    }

    #[test]
    fn periodic_chain() {
        // 0 -> 1 -> 0 surely: R is deterministic up to the end effects.
        let chain = Chain::new(&[vec![0.0, 1.0], vec![1.0, 0.0]], &[0.0, 1.0]).unwrap();
        let tilted = markov_tilt(&chain, 3.0).unwrap();
        close(tilted.scgf, 1.5, 1e-15);
        assert_eq!((tilted.variance, tilted.kl_rate), (0.0, 0.0));
    }

    #[test]
    fn refuses_bad_chains() {
        let message = |t: &[Vec<f64>], r: &[f64]| Chain::new(t, r).unwrap_err().to_string();
        assert!(message(&[vec![1.0, 0.0], vec![0.5, 0.5]], &[0.0, 1.0]).contains("irreducible"));
        assert!(message(&[vec![0.5, 0.6], vec![0.5, 0.5]], &[0.0, 1.0]).starts_with("transition[0] is of sum"));
        assert!(message(&[vec![0.5, 0.5]], &[0.0]).contains("length 1"));
        assert!(message(&[vec![1.0]], &[f64::NAN]).starts_with("reward[0]"));
        assert!(message(&[vec![-0.5, 1.5], vec![0.5, 0.5]], &[0.0, 1.0]).starts_with("transition[0][0]"));
        assert!(markov_tilt(&example(), f64::INFINITY).is_err());
    }
}
