//! The equilibrium of a linear low-rank game in $2r$ unknowns (derived).
//!
//! $A = B J B^T$, $B = [U\,V]$ ($Y \times 2r$), $J = \begin{pmatrix}0 & I\\ -I & 0\end{pmatrix}$. With $c = B^T\pi^*$,
//! $$c = B^T\,\mathrm{softmax}(\log\pi_{ref} + B J c/\beta),$$
//! solved by damped Newton with Jacobian $I - B^T C B J/\beta$ and the homotopy of the [dense solver](super::equilibrium):
//! $O(Y r^2)$ an iteration, memory $O(Y)$ beside the factors; a million actions in a second or so.

use super::equilibrium::Equilibrium;
use super::game::Game;
use super::low_rank::{Link, LowRank};
use super::payoff::Payoff;
use super::policy::{normalise, span};
use crate::numerics::linear::solve;
use crate::numerics::sum::dot;
use crate::prob::Law;
use crate::{Error, Result};

/// Newton steps a stage.
const STEPS: usize = 60;
/// Ratio of consecutive strengths.
const FACTOR: f64 = 0.65;

struct Reduced<'a> {
    game: &'a Game<LowRank>,
    beta: f64,
    /// Log-ratio and policy at the last evaluation.
    ratio: Vec<f64>,
    policy: Vec<f64>,
}

impl Reduced<'_> {
    fn rank(&self) -> usize {
        self.game.preference().rank()
    }

    /// $J c$.
    fn turned(&self, c: &[f64]) -> Vec<f64> {
        let r = self.rank();
        (0..2 * r).map(|k| if k < r { c[k + r] } else { -c[k - r] }).collect()
    }

    /// $c - B^T\pi(c)$.
    fn residual(&mut self, c: &[f64]) -> Vec<f64> {
        let turned = self.turned(c);
        self.ratio.fill(0.0);
        for (k, t) in turned.iter().enumerate() {
            let scale = t / self.beta;
            let factor = self.game.preference().factor(k);
            self.ratio.iter_mut().zip(factor).for_each(|(x, b)| *x += scale * b);
        }
        normalise(self.game.reference().log_probs(), &mut self.ratio, &mut self.policy);
        (0..c.len()).map(|k| c[k] - dot(self.game.preference().factor(k), &self.policy)).collect()
    }

    /// $I - B^T C B J/\beta$ at the last evaluation; $b$ is $B^T\pi$.
    fn jacobian(&self, b: &[f64]) -> Vec<f64> {
        let (r, n) = (self.rank(), b.len());
        let mut covariance = vec![0.0; n * n];
        for k in 0..n {
            for l in 0..=k {
                let (x, y) = (self.game.preference().factor(k), self.game.preference().factor(l));
                let second: f64 =
                    self.policy.iter().zip(x.iter().zip(y)).map(|(p, (x, y))| p * (x - b[k]) * (y - b[l])).sum();
                covariance[k * n + l] = second;
                covariance[l * n + k] = second;
            }
        }
        let mut jacobian = vec![0.0; n * n];
        for k in 0..n {
            for l in 0..n {
                // Column l of J: J e_l = -e_{l + r} for l < r, e_{l - r} beyond.
                let turned = if l < r { -covariance[k * n + l + r] } else { covariance[k * n + l - r] };
                jacobian[k * n + l] = f64::from(k == l) - turned / self.beta;
            }
        }
        jacobian
    }
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |m: f64, x| m.max(x.abs()))
}

/// The equilibrium of a game with a linear low-rank preference.
///
/// # Errors
/// [`Error::InvalidInput`] about `link` if it is not linear; [`Error::NotConverged`] if the iteration stalls.
pub fn low_rank_equilibrium(game: &Game<LowRank>) -> Result<Equilibrium> {
    if game.preference().link() != Link::Linear {
        return Err(Error::invalid("link", "logistic", "linear: only then the game has 2r unknowns"));
    }
    let n = game.size();
    let unknowns = 2 * game.preference().rank();
    let mut reduced = Reduced { game, beta: game.beta().max(1.0), ratio: vec![0.0; n], policy: vec![0.0; n] };
    let mut c: Vec<f64> = (0..unknowns).map(|k| dot(game.preference().factor(k), game.reference().probs())).collect();
    let scale = (0..unknowns).map(|k| largest(game.preference().factor(k))).fold(0.0, f64::max);
    let rounding = 8.0 * f64::EPSILON * scale;
    let mut iterations = 0;
    loop {
        let last = reduced.beta <= game.beta();
        let goal = if last { rounding } else { (1e-3 * scale).max(rounding) };
        let mut residual = reduced.residual(&c);
        let mut size = largest(&residual);
        for step in 0.. {
            if size <= goal {
                break;
            }
            let mean: Vec<f64> = c.iter().zip(&residual).map(|(c, f)| c - f).collect();
            let minus: Vec<f64> = residual.iter().map(|f| -f).collect();
            let direction = solve(&reduced.jacobian(&mean), &minus)?;
            iterations += 1;
            let mut length = 1.0;
            let improved = loop {
                let next: Vec<f64> = c.iter().zip(&direction).map(|(c, d)| c + length * d).collect();
                let next_residual = reduced.residual(&next);
                let next_size = largest(&next_residual);
                if next_size <= (1.0 - 0.1 * length) * size {
                    (c, residual, size) = (next, next_residual, next_size);
                    break true;
                }
                length *= 0.5;
                if length < 1e-6 {
                    break false;
                }
            };
            if !improved && size <= 64.0 * rounding {
                break;
            }
            if !improved || step >= STEPS {
                return Err(Error::NotConverged {
                    method: format!("Newton's iteration in {unknowns} unknowns at beta = {}", reduced.beta),
                    iterations,
                    residual: size,
                    tolerance: goal,
                });
            }
        }
        if last {
            break;
        }
        reduced.beta = (reduced.beta * FACTOR).max(game.beta());
    }
    // At the last accepted c; a refused trial may have been evaluated after it.
    reduced.residual(&c);
    let (log_ratio, policy) = (reduced.ratio, reduced.policy);
    let mut payoff = vec![0.0; n];
    game.preference().apply(&policy, &mut payoff);
    let residual = span(log_ratio.iter().zip(&payoff).map(|(r, a)| r - a / game.beta()));
    let log_probs: Vec<f64> = game.reference().log_probs().iter().zip(&log_ratio).map(|(l, r)| l + r).collect();
    Ok(Equilibrium { policy: Law::from_log_probs(&log_probs)?, log_ratio, residual, iterations })
}

/// The deterministic game [`sine`](super::families::sine) as a linear game of rank parameter 1: $\tfrac12\sin(x_i - x_j)$,
/// $x_i = 0.7\,i(i+1)$.
///
/// # Errors
/// [`Error::InvalidInput`] about `factors` if `size` is 0.
pub fn sine_low_rank(size: usize) -> Result<LowRank> {
    let angle = |i: usize| 0.7 * (i as f64) * (i as f64 + 1.0);
    let left = (0..size).map(|i| 0.5 * angle(i).sin());
    LowRank::from_factors_unchecked(size, 1, left.chain((0..size).map(|i| angle(i).cos())).collect(), Link::Linear)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::equilibrium::{equilibrium, equilibrium_matrix_free};
    use crate::games::policy::Reference;

    #[test]
    fn three_solvers_agree() {
        for (size, rank, beta) in [(1usize, 1usize, 0.1), (40, 2, 0.03), (150, 3, 0.005)] {
            let scale = 0.45 / (rank as f64).sqrt() / 2.0;
            let factors: Vec<f64> = (0..2 * rank * size).map(|i| scale * ((i * i + 1) as f64 * 0.37).sin()).collect();
            let preference = LowRank::from_factors(size, rank, factors, Link::Linear).unwrap();
            let reference = Reference::from_logits(&(0..size).map(|i| (i as f64).cos()).collect::<Vec<_>>()).unwrap();
            let dense = equilibrium(&Game::new(preference.dense().unwrap(), reference.clone(), beta).unwrap()).unwrap();
            let game = Game::new(preference, reference, beta).unwrap();
            let reduced = low_rank_equilibrium(&game).unwrap();
            let free = equilibrium_matrix_free(&game).unwrap();
            for i in 0..size {
                let (a, b, c) = (dense.log_ratio[i], reduced.log_ratio[i], free.log_ratio[i]);
                assert!((a - b).abs() < 1e-12 && (a - c).abs() < 1e-12, "{size} {i}: {a} {b} {c}");
            }
        }
    }

    #[test]
    fn the_sine_game_has_rank_two() {
        let (low, dense) = (sine_low_rank(50).unwrap(), crate::games::families::sine(50));
        // Angles up to 1800 in the dense form: their rounding, 1e-13, is the difference.
        assert!((0..2500).all(|k| (low.advantage(k / 50, k % 50) - dense.advantage(k / 50, k % 50)).abs() < 1e-12));
        let game = Game::new(sine_low_rank(100_000).unwrap(), Reference::uniform(100_000).unwrap(), 0.02).unwrap();
        let solved = low_rank_equilibrium(&game).unwrap();
        assert!(solved.residual < 1e-12, "{}", solved.residual);
    }

    #[test]
    fn a_logistic_link_is_refused() {
        let preference = LowRank::from_factors(2, 1, vec![0.1; 4], Link::Logistic).unwrap();
        let game = Game::new(preference, Reference::uniform(2).unwrap(), 0.1).unwrap();
        assert!(low_rank_equilibrium(&game).unwrap_err().to_string().starts_with("link"));
    }
}
