//! The tilted chain from its regeneration cycles, a route to its rates that shares nothing with the exact one.
//!
//! The tilted chain `Q_ij = T_ij h_j / (rho h_i)`, `T_ij = P_ij e^{beta s_j}`, by power iteration on `T/rho + I` (periodic
//! chains included). A path of `Q` that starts in a state and stops on its return is a cycle; cycles are independent, of
//! length `L`, reward `R`, log-likelihood ratio `K` and `V_i` visits, and need neither a burn-in nor the stationary law
//! (regenerative method; M.A. Crane and D.L. Iglehart 1974):
//!
//! | rate | cycles | influence of a cycle, times `E L` |
//! |---|---|---|
//! | mean `m` | `E R / E L` | `D = R - m L` |
//! | KL rate `c` | `E K / E L` | `K - c L` |
//! | stationary law `pi_i` | `E V_i / E L` | `V_i - pi_i L` |
//! | variance `v` | `E D^2 / E L` | `D^2 - v L - 2 (E D L / E L) D` |
//!
//! Cost: the power iteration, slow if the spectral gap is small; then about `k` steps a cycle.

use super::markov::{Chain, check_beta};
use crate::sampling::Categorical;
use crate::{Error, Result};
use rand::{Rng, RngExt};

/// Largest `|beta|` times the range of the rewards: beyond, the entries of `T` leave the range of floats.
const TILT_LIMIT: f64 = 300.0;

/// Largest number of power iterations.
const ITERATIONS: usize = 1_000_000;

/// Draws cycles of the tilted chain.
#[derive(Clone, Debug)]
pub struct CycleSampler {
    rows: Vec<Categorical>,
    reward: Vec<f64>,
    /// `log (Q_ij / P_ij)`, row-major.
    log_ratio: Vec<f64>,
    /// Where cycles begin and end: a state as frequent as any.
    anchor: usize,
    /// `Lambda(beta) = log rho`.
    pub scgf: f64,
    /// The tilted chain `Q`, row-major `[k, k]`.
    pub transition: Vec<f64>,
}

impl CycleSampler {
    /// The tilt of `chain` by `beta`.
    ///
    /// # Errors
    /// Field `beta` (finite, `|beta|` times the range of rewards at most 300); [`Error::NotConverged`].
    pub fn new(chain: &Chain, beta: f64) -> Result<CycleSampler> {
        check_beta(chain, beta)?;
        if beta.abs() * chain.range() > TILT_LIMIT {
            let expected = format!("a tilt of at most {TILT_LIMIT} over the range of the rewards, to iterate");
            return Err(Error::invalid("beta", beta, expected));
        }
        let (k, p) = (chain.states(), chain.transition());
        let top = chain.reward().iter().map(|s| beta * s).fold(f64::NEG_INFINITY, f64::max);
        let grow: Vec<f64> = chain.reward().iter().map(|s| (beta * s - top).exp()).collect();
        let product = |h: &[f64], i: usize| (0..k).map(|j| p[i * k + j] * grow[j] * h[j]).sum::<f64>();
        let mut rho = 1.0;
        let right = converge(vec![1.0; k], 1e-14, |h| {
            let next: Vec<f64> = (0..k).map(|i| product(h, i)).collect();
            rho = next.iter().sum::<f64>() / h.iter().sum::<f64>();
            next.iter().map(|x| x / rho).collect()
        })?;
        let mut transition: Vec<f64> =
            (0..k * k).map(|e| p[e] * grow[e % k] * right[e % k] / (rho * right[e / k])).collect();
        for row in transition.chunks_mut(k) {
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|q| *q /= total);
        }
        let stationary = converge(vec![1.0; k], 1e-3, |pi| {
            (0..k).map(|j| (0..k).map(|i| pi[i] * transition[i * k + j]).sum()).collect()
        })?;
        let anchor = (0..k).fold(0, |a, i| if stationary[i] > stationary[a] { i } else { a });
        Ok(CycleSampler {
            rows: transition.chunks(k).map(Categorical::new).collect::<Result<_>>()?,
            reward: chain.reward().to_vec(),
            log_ratio: transition.iter().zip(p).map(|(q, p)| if *q > 0.0 { (q / p).ln() } else { 0.0 }).collect(),
            anchor,
            scgf: top + rho.ln(),
            transition,
        })
    }

    /// Numbers of a cycle: visits of each state, then the log-likelihood ratio.
    pub fn width(&self) -> usize {
        self.reward.len() + 1
    }

    /// Appends the numbers of one cycle to `out`.
    pub fn draw(&self, out: &mut Vec<f64>, rng: &mut impl Rng) {
        let (k, start) = (self.reward.len(), out.len());
        out.resize(start + k + 1, 0.0);
        let numbers = &mut out[start..];
        let mut state = self.anchor;
        loop {
            let next = self.rows[state].at(rng.random());
            numbers[next] += 1.0;
            numbers[k] += self.log_ratio[state * k + next];
            state = next;
            if state == self.anchor {
                return;
            }
        }
    }

    /// The rates from cycles drawn, each with its standard error.
    pub fn rates(&self, cycles: &[f64]) -> (CycleRates, CycleRates) {
        let k = self.reward.len();
        let count = (cycles.len() / (k + 1)) as f64;
        let length = |c: &[f64]| c[..k].iter().sum::<f64>();
        let reward = |c: &[f64]| c[..k].iter().zip(&self.reward).map(|(v, s)| v * s).sum::<f64>();
        let average = |f: &dyn Fn(&[f64]) -> f64| cycles.chunks(k + 1).map(f).sum::<f64>() / count;
        let mean_length = average(&length);
        let error =
            |influence: &dyn Fn(&[f64]) -> f64| (average(&|c| influence(c).powi(2)) / count).sqrt() / mean_length;
        let ratio = |f: &dyn Fn(&[f64]) -> f64| {
            let value = average(f) / mean_length;
            (value, error(&|c| f(c) - value * length(c)))
        };
        let (mean, mean_error) = ratio(&reward);
        let (kl_rate, kl_error) = ratio(&|c| c[k]);
        let visits: Vec<(f64, f64)> = (0..k).map(|i| ratio(&|c| c[i])).collect();
        let excess = |c: &[f64]| reward(c) - mean * length(c);
        let variance = average(&|c| excess(c).powi(2)) / mean_length;
        let slope = 2.0 * average(&|c| excess(c) * length(c)) / mean_length;
        let variance_error = error(&|c| excess(c).powi(2) - variance * length(c) - slope * excess(c));
        let stationary = visits.iter().map(|v| v.0).collect();
        let stationary_error = visits.iter().map(|v| v.1).collect();
        (
            CycleRates { mean, variance, kl_rate, stationary },
            CycleRates { mean: mean_error, variance: variance_error, kl_rate: kl_error, stationary: stationary_error },
        )
    }
}

/// Rates of the tilted chain.
#[derive(Clone, Debug, PartialEq)]
pub struct CycleRates {
    /// Mean reward a symbol.
    pub mean: f64,
    /// Asymptotic variance of the reward.
    pub variance: f64,
    /// KL rate.
    pub kl_rate: f64,
    /// Stationary law.
    pub stationary: Vec<f64>,
}

/// The fixed direction of a positive linear map, by averaging with the identity, 1 at its largest entry.
fn converge(mut x: Vec<f64>, tolerance: f64, mut map: impl FnMut(&[f64]) -> Vec<f64>) -> Result<Vec<f64>> {
    let mut residual = f64::INFINITY;
    for _ in 0..ITERATIONS {
        let next: Vec<f64> = map(&x).iter().zip(&x).map(|(y, x)| 0.5 * (x + y)).collect();
        let top = next.iter().copied().fold(0.0, f64::max);
        residual = next.iter().zip(&x).map(|(y, x)| (y / top - x).abs() / x.max(f64::MIN_POSITIVE)).fold(0.0, f64::max);
        x = next.iter().map(|y| y / top).collect();
        // A step changes the direction by a share of what is missing; the share is the spectral gap.
        if residual <= tolerance {
            return Ok(x);
        }
    }
    let method = "power iteration for the tilted chain".into();
    Err(Error::NotConverged { method, iterations: ITERATIONS, residual, tolerance })
}

#[cfg(test)]
mod tests {
    use super::super::markov::markov_tilt;
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    #[test]
    fn cycles_have_the_rates_of_the_tilt() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(10);
        let periodic = vec![vec![0.0, 1.0, 0.0], vec![0.3, 0.0, 0.7], vec![0.0, 1.0, 0.0]];
        let plain = vec![vec![0.9, 0.1], vec![0.4, 0.6]];
        for (rows, reward, beta) in
            [(&plain, &[0.0, 1.0][..], 0.8), (&plain, &[0.0, 1.0], -1.5), (&periodic, &[1.0, 0.0, 2.0], 0.7)]
        {
            let chain = Chain::new(rows, reward).unwrap();
            let exact = markov_tilt(&chain, beta).unwrap();
            let sampler = CycleSampler::new(&chain, beta).unwrap();
            assert!((sampler.scgf - exact.scgf).abs() < 1e-12);
            for (q, wanted) in sampler.transition.iter().zip(&exact.tilted_transition) {
                assert!((q - wanted).abs() < 1e-12, "{q} {wanted}");
            }
            let mut cycles = Vec::new();
            (0..40_000).for_each(|_| sampler.draw(&mut cycles, &mut rng));
            let (found, error) = sampler.rates(&cycles);
            // Five standard errors: 6e-7 a comparison.
            for (found, error, wanted) in [
                (found.mean, error.mean, exact.mean),
                (found.variance, error.variance, exact.variance),
                (found.kl_rate, error.kl_rate, exact.kl_rate),
                (found.stationary[0], error.stationary[0], exact.stationary[0]),
            ] {
                assert!((found - wanted).abs() <= 5.0 * error + 1e-12, "{found} +- {error}, not {wanted}");
            }
        }
        let chain = Chain::new(&plain, &[0.0, 1.0]).unwrap();
        assert!(CycleSampler::new(&chain, 1e4).is_err());
    }
}
