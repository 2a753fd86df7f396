//! The game near a policy: the skew operator $K = (I - dd^T) D A D (I - dd^T)$, $D = \mathrm{diag}\sqrt\pi$, $d = \sqrt\pi$.
//!
//! With $C = \mathrm{diag}(\pi) - \pi\pi^T = D (I - dd^T) D$, the matrix $A C$ that governs every learner near the equilibrium
//! is similar to $K$ on the quotient by constants: its spectrum is imaginary, $\pm i\lambda$, and the $\lambda$ are the
//! singular values of $K$ without one zero. Derived.

use super::payoff::Payoff;
use super::preference::Preference;
use crate::numerics::spectrum::{eigenvalues, singular_values};
use crate::numerics::sum::dot;
use crate::{Error, Result};

/// $K$ as an operator: one query an application.
#[derive(Clone, Debug)]
pub struct Skew<'a, P> {
    preference: &'a P,
    root: Vec<f64>,
    work: Vec<f64>,
}

impl<'a, P: Payoff> Skew<'a, P> {
    /// $K$ at a policy.
    pub fn new(preference: &'a P, policy: &[f64]) -> Skew<'a, P> {
        let root: Vec<f64> = policy.iter().map(|p| p.sqrt()).collect();
        let work = vec![0.0; root.len()];
        Skew { preference, root, work }
    }

    /// $\sqrt\pi$.
    pub fn root(&self) -> &[f64] {
        &self.root
    }

    /// $w \leftarrow (I - dd^T) w$.
    pub fn project(&self, w: &mut [f64]) {
        let along = dot(&self.root, w);
        w.iter_mut().zip(&self.root).for_each(|(w, d)| *w -= along * d);
    }

    /// `out = K w`.
    pub fn apply(&mut self, w: &[f64], out: &mut [f64]) {
        let along = dot(&self.root, w);
        for ((work, w), d) in self.work.iter_mut().zip(w).zip(&self.root) {
            *work = (w - along * d) * d;
        }
        self.preference.apply(&self.work, out);
        out.iter_mut().zip(&self.root).for_each(|(w, d)| *w *= d);
        self.project(out);
    }
}

/// Largest matrix whose whole spectrum is computed.
const DENSE: usize = 2000;

/// The moduli $\lambda \ge 0$ of the spectrum of $A C$ on the quotient by constants, largest first; $Y - 1$ of them.
/// From the singular values of $K$.
///
/// # Errors
/// [`Error::TooLarge`] above 2000 actions ([`largest_modulus`] goes on); [`Error::NotConverged`] if the iteration stalls.
///
/// ```
/// use tilt::games::{families::cyclic, tangent::moduli};
/// let lambda = moduli(&cyclic(3, 1.0)?, &[1.0 / 3.0; 3])?;
/// assert!((lambda[0] - 3f64.sqrt() / 6.0).abs() < 1e-15 && lambda.len() == 2);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn moduli(preference: &Preference, policy: &[f64]) -> Result<Vec<f64>> {
    let n = policy.len();
    if n > DENSE {
        return Err(Error::too_large("the spectrum of a game", n as f64, DENSE as f64, "actions"));
    }
    let mut skew = Skew::new(preference, policy);
    // K is skew: its rows are minus its columns, and moduli do not see the sign.
    let mut matrix = vec![0.0; n * n];
    let mut unit = vec![0.0; n];
    for (i, row) in matrix.chunks_exact_mut(n).enumerate() {
        unit[i] = 1.0;
        skew.apply(&unit, row);
        unit[i] = 0.0;
    }
    let mut values = singular_values(&matrix, n, n)?;
    values.pop();
    Ok(values)
}

/// The same from the eigenvalues of $A C$, $(AC)_{ij} = \pi_j (A_{ij} - (A\pi)_i)$. The second route; half the digits where
/// eigenvalues are nearly defective.
///
/// # Errors
/// As [`moduli`].
pub fn moduli_by_eigenvalues(preference: &Preference, policy: &[f64]) -> Result<Vec<f64>> {
    let n = policy.len();
    if n > DENSE {
        return Err(Error::too_large("the spectrum of a game", n as f64, DENSE as f64, "actions"));
    }
    let mut payoff = vec![0.0; n];
    preference.apply(policy, &mut payoff);
    let entry = |i: usize, j: usize| policy[j] * (preference.advantage(i, j) - payoff[i]);
    let matrix: Vec<f64> = (0..n * n).map(|k| entry(k / n, k % n)).collect();
    let mut values: Vec<f64> = eigenvalues(&matrix, n)?.into_iter().map(|(re, im)| re.hypot(im)).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values.pop();
    Ok(values)
}

/// $\lambda_{max}$ for any number of actions: Lanczos on $-K^2$ with full reorthogonalisation, until the largest Ritz value
/// settles to a relative 1e-13 or 300 steps. Two queries a step; memory 300 vectors at most.
///
/// # Errors
/// [`Error::NotConverged`] if it does not settle.
pub fn largest_modulus<P: Payoff>(preference: &P, policy: &[f64]) -> Result<f64> {
    let n = policy.len();
    let mut skew = Skew::new(preference, policy);
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let (mut diagonal, mut side): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    // A start without symmetry of its own.
    let mut next: Vec<f64> = (0..n).map(|i| (1.0 + i as f64 * 0.754_877_666_246_692_7).sin()).collect();
    next.iter_mut().zip(skew.root().to_vec()).for_each(|(x, d)| *x *= d);
    skew.project(&mut next);
    let (mut once, mut twice, mut last) = (vec![0.0; n], vec![0.0; n], f64::INFINITY);
    for step in 0..300usize {
        let norm = dot(&next, &next).sqrt();
        if norm <= 1e-14 * last.min(1.0) || step + 1 > n {
            return Ok(if last.is_finite() { last.max(0.0).sqrt() } else { 0.0 });
        }
        if step > 0 {
            side.push(norm);
        }
        let own: Vec<f64> = next.iter().map(|x| x / norm).collect();
        skew.apply(&own, &mut once);
        skew.apply(&once, &mut twice);
        next.iter_mut().zip(&twice).for_each(|(x, k)| *x = -k);
        diagonal.push(dot(&next, &own));
        basis.push(own);
        for _ in 0..2 {
            for vector in &basis {
                let along = dot(vector, &next);
                next.iter_mut().zip(vector).for_each(|(x, v)| *x -= along * v);
            }
        }
        let ritz = largest_of_tridiagonal(&diagonal, &side);
        if step > 4 && (ritz - last).abs() <= 1e-14 * ritz {
            return Ok(ritz.max(0.0).sqrt());
        }
        last = ritz;
    }
    Err(Error::NotConverged {
        method: "Lanczos for the largest modulus".into(),
        iterations: 300,
        residual: last,
        tolerance: 1e-14,
    })
}

/// The largest eigenvalue of a symmetric tridiagonal matrix, by bisection on the sign of its Sturm sequence.
fn largest_of_tridiagonal(diagonal: &[f64], side: &[f64]) -> f64 {
    let radius = |i: usize| {
        let left = if i > 0 { side[i - 1].abs() } else { 0.0 };
        left + side.get(i).map_or(0.0, |s| s.abs())
    };
    let mut high = (0..diagonal.len()).map(|i| diagonal[i] + radius(i)).fold(f64::NEG_INFINITY, f64::max);
    let mut low = diagonal.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // x is above all eigenvalues iff every pivot of T - x is negative.
    let above = |x: f64| {
        let mut pivot = diagonal[0] - x;
        let mut all = pivot < 0.0;
        for i in 1..diagonal.len() {
            pivot = diagonal[i] - x - side[i - 1] * side[i - 1] / if pivot == 0.0 { -f64::MIN_POSITIVE } else { pivot };
            all &= pivot < 0.0;
        }
        all
    };
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if above(middle) { high = middle } else { low = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::{cyclic, sine};

    #[test]
    fn three_routes_to_the_spectrum() {
        for n in [2, 3, 6, 11, 40] {
            let policy: Vec<f64> = (0..n).map(|i| 1.0 + (i as f64).sin()).collect();
            let total: f64 = policy.iter().sum();
            let policy: Vec<f64> = policy.iter().map(|p| p / total).collect();
            let game = sine(n);
            let (by_values, by_eigenvalues) =
                (moduli(&game, &policy).unwrap(), moduli_by_eigenvalues(&game, &policy).unwrap());
            assert_eq!(by_values.len(), n - 1);
            for (a, b) in by_values.iter().zip(&by_eigenvalues) {
                // A zero of the quotient beside that of the constants is nearly defective: half the digits.
                assert!((a - b).abs() < if *a < 1e-6 { 1e-7 } else { 1e-12 }, "{n}: {a} {b}");
            }
            assert!((largest_modulus(&game, &policy).unwrap() - by_values[0]).abs() < 1e-12);
        }
    }

    #[test]
    fn the_regular_cycle_in_closed_form() {
        for n in [3usize, 5, 101] {
            let uniform = vec![1.0 / n as f64; n];
            let exact: f64 =
                (1..=(n - 1) / 2).map(|d| (2.0 * std::f64::consts::PI * d as f64 / n as f64).sin()).sum::<f64>()
                    / n as f64;
            let game = cyclic(n, 1.0).unwrap();
            assert!((moduli(&game, &uniform).unwrap()[0] - exact).abs() < 1e-14);
            assert!((largest_modulus(&game, &uniform).unwrap() - exact).abs() < 1e-12);
            assert!(exact < 1.0 / std::f64::consts::PI);
        }
        assert!(moduli(&sine(1), &[1.0]).unwrap().is_empty());
        assert_eq!(largest_modulus(&sine(1), &[1.0]).unwrap(), 0.0);
    }
}
