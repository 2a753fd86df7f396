//! The equilibrium $\pi^*$ of the regularised game: the only solution of $\pi = \mathrm{softmax}(\log\pi_{ref} + A\pi/\beta)$
//! (R1).
//!
//! Unknown $x = \log(\pi/\pi_{ref})$ up to a constant, $F(x) = x - A\,\mathrm{softmax}(\log\pi_{ref} + x)/\beta$. Its Jacobian
//! $J = I - A C/\beta$, $C = \mathrm{diag}(\pi) - \pi\pi^T$, has spectrum $1 \mp i\lambda/\beta$: regular for every
//! $\beta$. Newton's iteration, damped until $|F|$ falls by $1 - t/10$ along step $t$, with homotopy from $\max(1, \beta)$
//! down to $\beta$ by factors of 0.65, nearer to 1 where that stalls. In the metric $C^{1/2}$, $|J^{-1}| \le 1$, so the residual bounds the error: $x$ is
//! within a few $u/\beta$ of the solution.
//!
//! Two linear solvers: LU of $J$ up to [`DENSE`] actions, $O(Y^3)$ a step, and beyond, or where the matrix is not stored,
//! conjugate gradients. With $D = \mathrm{diag}\sqrt{\pi}$, $d = \sqrt\pi$, $K = (I - dd^T) D A D (I - dd^T)$ skew, the step
//! $\delta$ solves $(I - K/\beta) w = -(I - dd^T) D F$, $\delta = -F + A D w/\beta$; its normal equations
//! $(I - K^2/\beta^2) w = \dots$ are well conditioned, about $(\lambda/\beta)\log(1/\epsilon)$ pairs of queries.
//!
//! Sources: the fixed point is standard; Jacobian, spectrum and the symmetric form are derived.

use super::game::Game;
use super::payoff::Payoff;
use super::policy::{normalise, span};
use super::preference::Preference;
use super::tangent::Skew;
use crate::numerics::linear::solve;
use crate::numerics::sum::dot;
use crate::prob::Law;
use crate::{Error, Result};

/// Up to this many actions the Jacobian is factorised.
pub const DENSE: usize = 256;
/// Newton steps a stage of the homotopy.
const STEPS: usize = 60;
/// Ratio of consecutive $\beta$ of the homotopy.
const FACTOR: f64 = 0.65;
/// Where the ratio is nearer to 1 than this the iteration is given up.
const NEAREST: f64 = 0.99;

/// A solved equilibrium.
#[derive(Clone, Debug, PartialEq)]
pub struct Equilibrium {
    /// $\pi^*$, with the logarithms of all its entries.
    pub policy: Law,
    /// $\log(\pi^*/\pi_{ref})$.
    pub log_ratio: Vec<f64>,
    /// The span of $\log\pi^* - \log\pi_{ref} - A\pi^*/\beta$.
    pub residual: f64,
    /// Newton steps, over all stages.
    pub iterations: usize,
}

/// The equilibrium of a dense game.
///
/// # Errors
/// [`Error::NotConverged`] if Newton's iteration stalls above rounding.
///
/// ```
/// use tilt::games::{equilibrium::equilibrium, game::Game, policy::Reference, preference::Preference};
/// let preference = Preference::new(&[vec![0.5, 0.8], vec![0.2, 0.5]])?;
/// let game = Game::new(preference, Reference::new(&[0.1, 0.9])?, 0.1)?;
/// // Two actions in closed form: the log-odds rise by (P - 1/2)/beta = 3.
/// let odds = 3f64.exp() / 9.0;
/// assert!((equilibrium(&game)?.policy.probs()[0] - odds / (1.0 + odds)).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn equilibrium(game: &Game) -> Result<Equilibrium> {
    if game.size() <= DENSE { newton(game, None, dense_step) } else { newton(game, None, krylov_step) }
}

/// The same for any game, from payoffs alone: memory $O(Y)$.
///
/// # Errors
/// As [`equilibrium`].
pub fn equilibrium_matrix_free<P: Payoff>(game: &Game<P>) -> Result<Equilibrium> {
    newton(game, None, krylov_step)
}

/// The same from a guess of $\log(\pi^*/\pi_{ref})$, without homotopy if that suffices.
///
/// # Errors
/// As [`equilibrium`].
pub fn equilibrium_from(game: &Game, log_ratio: &[f64]) -> Result<Equilibrium> {
    if game.size() <= DENSE {
        newton(game, Some(log_ratio), dense_step)
    } else {
        newton(game, Some(log_ratio), krylov_step)
    }
}

/// An iterate with everything that a step needs.
struct Point {
    /// $x$.
    x: Vec<f64>,
    /// softmax at $x$.
    policy: Vec<f64>,
    /// $A\,\mathrm{policy}$.
    payoff: Vec<f64>,
    /// $F(x)$.
    residual: Vec<f64>,
    /// $\max|F|$.
    size: f64,
    beta: f64,
}

impl Point {
    fn new(size: usize) -> Point {
        let zero = || vec![0.0; size];
        Point { x: zero(), policy: zero(), payoff: zero(), residual: zero(), size: f64::INFINITY, beta: 1.0 }
    }

    fn evaluate<P: Payoff>(&mut self, game: &Game<P>) {
        self.residual.copy_from_slice(&self.x);
        normalise(game.reference().log_probs(), &mut self.residual, &mut self.policy);
        game.preference().apply(&self.policy, &mut self.payoff);
        self.size = 0.0;
        for i in 0..self.x.len() {
            self.residual[i] = self.x[i] - self.payoff[i] / self.beta;
            self.size = self.size.max(self.residual[i].abs());
        }
    }

    /// A few ulp of the largest entry: $F$ cannot be evaluated below that.
    fn rounding(&self) -> f64 {
        4.0 * f64::EPSILON * self.x.iter().fold(0.25 / self.beta, |top: f64, x| top.max(x.abs()))
    }
}

fn newton<P: Payoff>(
    game: &Game<P>,
    guess: Option<&[f64]>,
    step: impl Fn(&Game<P>, &Point, &mut [f64]) -> Result<()>,
) -> Result<Equilibrium> {
    let n = game.size();
    let (mut here, mut next, mut direction) = (Point::new(n), Point::new(n), vec![0.0; n]);
    let mut iterations = 0;
    if let Some(guess) = guess {
        here.beta = game.beta();
        here.x.copy_from_slice(guess);
        // A guess is up to a constant; F fixes it at the first full step.
        if descend(game, &mut here, &mut next, &mut direction, &step, 0.0, &mut iterations)? {
            return finish(game, here, iterations);
        }
        here = Point::new(n);
    }
    here.beta = game.beta().max(1.0);
    // The last stage that was solved, and the ratio of its beta to the next one's.
    let (mut solved, mut solved_beta, mut factor) = (here.x.clone(), f64::INFINITY, FACTOR);
    loop {
        let last = here.beta <= game.beta();
        let goal = if last { 0.0 } else { 1e-3 };
        if descend(game, &mut here, &mut next, &mut direction, &step, goal, &mut iterations)? {
            if last {
                return finish(game, here, iterations);
            }
            solved.copy_from_slice(&here.x);
            solved_beta = here.beta;
            factor = (factor * factor).max(FACTOR);
        } else if factor > NEAREST || solved_beta == f64::INFINITY {
            return Err(Error::NotConverged {
                method: format!("Newton's iteration for the equilibrium at beta = {}", here.beta),
                iterations,
                residual: here.size,
                tolerance: here.rounding(),
            });
        } else {
            here.x.copy_from_slice(&solved);
            factor = factor.sqrt();
        }
        here.beta = (solved_beta * factor).max(game.beta());
    }
}

/// Newton steps until $|F|$ is below `goal` or rounding; false if it stalls above.
fn descend<P: Payoff>(
    game: &Game<P>,
    here: &mut Point,
    next: &mut Point,
    direction: &mut [f64],
    step: &impl Fn(&Game<P>, &Point, &mut [f64]) -> Result<()>,
    goal: f64,
    iterations: &mut usize,
) -> Result<bool> {
    here.evaluate(game);
    for _ in 0..STEPS {
        if here.size <= goal.max(here.rounding()) {
            return Ok(true);
        }
        step(game, here, direction)?;
        *iterations += 1;
        next.beta = here.beta;
        let mut length = 1.0;
        loop {
            for ((next, here), d) in next.x.iter_mut().zip(&here.x).zip(direction.iter()) {
                *next = here + length * d;
            }
            next.evaluate(game);
            if next.size <= (1.0 - 0.1 * length) * here.size {
                break;
            }
            length *= 0.5;
            if length < 1e-6 {
                // Rounding of sums of Y terms may lie above the nominal few ulp.
                return Ok(here.size <= 64.0 * here.rounding());
            }
        }
        std::mem::swap(here, next);
    }
    Ok(false)
}

fn finish<P: Payoff>(game: &Game<P>, point: Point, iterations: usize) -> Result<Equilibrium> {
    let residual = span(point.residual.iter().copied());
    let mut log_ratio = point.x;
    let mut policy = point.policy;
    normalise(game.reference().log_probs(), &mut log_ratio, &mut policy);
    let log_probs: Vec<f64> = game.reference().log_probs().iter().zip(&log_ratio).map(|(l, r)| l + r).collect();
    Ok(Equilibrium { policy: Law::from_log_probs(&log_probs)?, log_ratio, residual, iterations })
}

/// $\delta$ from LU of $J_{ij} = \delta_{ij} - \pi_j (A_{ij} - (A\pi)_i)/\beta$.
fn dense_step(game: &Game<Preference>, at: &Point, step: &mut [f64]) -> Result<()> {
    let n = step.len();
    let mut jacobian = vec![0.0; n * n];
    for (i, row) in jacobian.chunks_exact_mut(n).enumerate() {
        for (j, (entry, a)) in row.iter_mut().zip(game.preference().row(i)).enumerate() {
            *entry = f64::from(i == j) - at.policy[j] * (a - at.payoff[i]) / at.beta;
        }
    }
    let minus: Vec<f64> = at.residual.iter().map(|f| -f).collect();
    step.copy_from_slice(&solve(&jacobian, &minus)?);
    Ok(())
}

/// $\delta$ by conjugate gradients on the normal equations, to a relative 1e-10: outer steps correct the rest.
fn krylov_step<P: Payoff>(game: &Game<P>, at: &Point, step: &mut [f64]) -> Result<()> {
    let n = step.len();
    let mut skew = Skew::new(game.preference(), &at.policy);
    let mut b: Vec<f64> = at.residual.iter().zip(skew.root()).map(|(f, d)| -f * d).collect();
    skew.project(&mut b);
    let mut once = vec![0.0; n];
    skew.apply(&b, &mut once);
    // Right side (I + K/beta) b; unknown w from 0.
    let mut residual: Vec<f64> = b.iter().zip(&once).map(|(b, k)| b + k / at.beta).collect();
    let (mut w, mut twice) = (vec![0.0; n], vec![0.0; n]);
    let mut direction = residual.clone();
    let mut square = dot(&residual, &residual);
    let goal = 1e-20 * square;
    for _ in 0..4 * n + 200 {
        if square <= goal || square == 0.0 {
            break;
        }
        skew.apply(&direction, &mut once);
        skew.apply(&once, &mut twice);
        let scale = 1.0 / (at.beta * at.beta);
        twice.iter_mut().zip(&direction).for_each(|(k, p)| *k = p - scale * *k);
        let length = square / dot(&direction, &twice);
        for i in 0..n {
            w[i] += length * direction[i];
            residual[i] -= length * twice[i];
        }
        let new = dot(&residual, &residual);
        let ratio = new / square;
        direction.iter_mut().zip(&residual).for_each(|(p, r)| *p = r + ratio * *p);
        square = new;
    }
    skew.project(&mut w);
    w.iter_mut().zip(skew.root()).for_each(|(w, d)| *w *= d);
    game.preference().apply(&w, step);
    step.iter_mut().zip(&at.residual).for_each(|(s, f)| *s = *s / at.beta - f);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::sine;
    use crate::games::game::exploitability;
    use crate::games::policy::Reference;

    #[test]
    fn specification_values() {
        // S3: sine6 at beta = .05, uniform reference.
        let game = Game::new(sine(6), Reference::uniform(6).unwrap(), 0.05).unwrap();
        let found = equilibrium(&game).unwrap();
        let wanted = [
            0.20192643535735,
            0.0920203116587663,
            0.408012263469155,
            0.102447524865566,
            0.0916524860989817,
            0.10394097855018,
        ];
        for (f, w) in found.policy.probs().iter().zip(wanted) {
            assert!((f - w).abs() < 1e-14, "{f} {w}");
        }
        assert!(found.residual < 1e-13);
        // S15: sine200 at beta = .02, by both linear solvers.
        let game = Game::new(sine(200), Reference::uniform(200).unwrap(), 0.02).unwrap();
        let dense = equilibrium(&game).unwrap();
        let free = equilibrium_matrix_free(&game).unwrap();
        assert!((dense.policy.probs()[52] - 0.00550137521143).abs() < 1e-14);
        assert!((dense.policy.probs()[0] - 0.00548458470217).abs() < 1e-14);
        for (a, b) in dense.log_ratio.iter().zip(&free.log_ratio) {
            assert!((a - b).abs() < 1e-13, "{a} {b}");
        }
        assert!((exploitability(game.preference(), dense.policy.probs()) - 0.00186559762393).abs() < 1e-14);
    }

    #[test]
    fn extremes_of_beta_and_reference() {
        for beta in [1e-3, 0.03, 1.0, 50.0, 1e6] {
            for scale in [0.0, 6.0, 40.0] {
                let logits: Vec<f64> = (0..9).map(|i| scale * ((i * i) as f64).cos()).collect();
                let game = Game::new(sine(9), Reference::from_logits(&logits).unwrap(), beta).unwrap();
                let found = equilibrium(&game).unwrap();
                assert!(found.residual < 1e-11 && found.residual < 1e-13 / beta, "{beta} {scale} {}", found.residual);
            }
        }
        let one = Game::new(sine(1), Reference::uniform(1).unwrap(), 0.1).unwrap();
        assert_eq!(equilibrium(&one).unwrap().policy.probs(), [1.0]);
        assert_eq!(equilibrium_matrix_free(&one).unwrap().policy.probs(), [1.0]);
    }

    #[test]
    fn small_strengths_and_far_references() {
        // The path turns sharply where a rare action takes over: some of these need a finer homotopy.
        let mut seed = 1u64;
        let mut next = move || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as f64 / (1u64 << 31) as f64
        };
        for _ in 0..1500 {
            let n = 2 + (next() * 9.0) as usize;
            let preference = Preference::from_upper(n, |_, _| next() - 0.5);
            let logits: Vec<f64> = (0..n).map(|_| 20.0 * next()).collect();
            let beta = 1e-4 * 30f64.powf(next());
            let found = equilibrium(&Game::new(preference, Reference::from_logits(&logits).unwrap(), beta).unwrap());
            assert!(found.unwrap().residual < 1e-13 / beta);
        }
    }

    #[test]
    fn a_guess_saves_the_homotopy() {
        let game = Game::new(sine(20), Reference::uniform(20).unwrap(), 0.02).unwrap();
        let cold = equilibrium(&game).unwrap();
        let warm = equilibrium_from(&game, &cold.log_ratio).unwrap();
        assert!(warm.iterations <= 2 && cold.iterations > 10);
        let lost = equilibrium_from(&game, &[1e3; 20].map(|x: f64| x)).unwrap();
        assert!((lost.policy.probs()[3] - cold.policy.probs()[3]).abs() < 1e-15);
    }
}
