//! Large systems without a matrix: GMRES for $(I - \gamma M)x = b$, conjugate gradients for least squares.
//!
//! [`contraction`]: $M$ is given by its action, $\|M\| \le 1$ in the maximum norm (or, transposed, in the sum norm) and
//! $0 \le \gamma < 1$. Restarted GMRES (Saad and Schultz 1986); a cycle that does not lower the residual is replaced by plain
//! sweeps $x \leftarrow b + \gamma M x$, each of which shrinks it by $\gamma$: convergence is certain. The answer carries its
//! residual $\rho$ in the norm of the contraction; its error is at most $\rho/(1 - \gamma)$.
//!
//! [`least_squares`]: conjugate gradients on the normal equations without forming them; iterations of the order of the
//! condition number times the digits wanted.
//!
//! Memory: GMRES 40 vectors, least squares 6.

use crate::{Error, Result};

/// Vectors of a cycle of GMRES.
const RESTART: usize = 40;
/// Cycles before giving up.
const CYCLES: usize = 500;
/// Plain sweeps after a cycle that did not help.
const SWEEPS: usize = 50;

/// The norm in which $M$ does not expand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contraction {
    /// Largest entry: rows of mass at most one.
    Largest,
    /// Sum of entries: columns of mass at most one.
    Total,
}

impl Contraction {
    fn norm(self, x: &[f64]) -> f64 {
        match self {
            Contraction::Largest => x.iter().fold(0.0, |m: f64, x| m.max(x.abs())),
            Contraction::Total => x.iter().map(|x| x.abs()).sum(),
        }
    }
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn add(out: &mut [f64], factor: f64, x: &[f64]) {
    out.iter_mut().zip(x).for_each(|(out, x)| *out += factor * x);
}

/// Solves $(I - \gamma M)x = b$; `x` holds the start and receives the answer. Returns the residual in the norm of `kind`.
///
/// Stops at a residual of `2^-52` times $\|b\| + 2\|x\|$, what rounding leaves of it.
///
/// # Errors
/// [`Error::NotConverged`] with the residual after 500 cycles.
pub fn contraction(
    apply: impl Fn(&[f64], &mut [f64]),
    gamma: f64,
    kind: Contraction,
    b: &[f64],
    x: &mut [f64],
) -> Result<f64> {
    let n = b.len();
    let mut image = vec![0.0; n];
    let mut residual = vec![0.0; n];
    let mut measure = |x: &[f64], residual: &mut [f64]| {
        apply(x, &mut image);
        for i in 0..n {
            residual[i] = b[i] - (x[i] - gamma * image[i]);
        }
        kind.norm(residual)
    };
    let mut size = measure(x, &mut residual);
    let mut target = f64::INFINITY;
    for _ in 0..CYCLES {
        target = f64::EPSILON * (kind.norm(b) + 2.0 * kind.norm(x));
        if size <= target {
            return Ok(size);
        }
        let mut trial = x.to_vec();
        cycle(&apply, gamma, &residual, &mut trial);
        let mut after = measure(&trial, &mut residual);
        if after <= 0.5 * size {
            x.copy_from_slice(&trial);
            size = after;
            continue;
        }
        if after < size {
            x.copy_from_slice(&trial);
        } else {
            after = measure(x, &mut residual);
        }
        // One sweep adds the residual.
        let before = size;
        size = after;
        for _ in 0..SWEEPS {
            add(x, 1.0, &residual);
            size = measure(x, &mut residual);
            if size <= target {
                return Ok(size);
            }
        }
        // Rounding of the residual itself: nothing more can be had.
        if size >= 0.9 * before && size <= 64.0 * target {
            return Ok(size);
        }
    }
    Err(Error::NotConverged { method: "GMRES".into(), iterations: CYCLES * RESTART, residual: size, tolerance: target })
}

/// One cycle of GMRES from the residual: adds the correction of least residual to `x`.
fn cycle(apply: &impl Fn(&[f64], &mut [f64]), gamma: f64, residual: &[f64], x: &mut [f64]) {
    let n = residual.len();
    let start = norm(residual);
    if start == 0.0 || !start.is_finite() {
        return;
    }
    let mut basis = vec![residual.iter().map(|r| r / start).collect::<Vec<f64>>()];
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut rotations: Vec<(f64, f64)> = Vec::new();
    let mut right = vec![start];
    let mut next = vec![0.0; n];
    for k in 0..RESTART {
        apply(&basis[k], &mut next);
        let mut w: Vec<f64> = basis[k].iter().zip(&next).map(|(v, m)| v - gamma * m).collect();
        let mut h = vec![0.0; k + 2];
        for _ in 0..2 {
            // twice: orthogonal to rounding
            for (h, v) in h.iter_mut().zip(&basis) {
                let c = dot(&w, v);
                *h += c;
                add(&mut w, -c, v);
            }
        }
        let length = norm(&w);
        h[k + 1] = length;
        for (i, &(c, s)) in rotations.iter().enumerate() {
            (h[i], h[i + 1]) = (c * h[i] + s * h[i + 1], c * h[i + 1] - s * h[i]);
        }
        let hypotenuse = h[k].hypot(h[k + 1]);
        if hypotenuse == 0.0 {
            break;
        }
        let (c, s) = (h[k] / hypotenuse, h[k + 1] / hypotenuse);
        rotations.push((c, s));
        h[k] = hypotenuse;
        right.push(-s * right[k]);
        right[k] *= c;
        columns.push(h);
        if right[k + 1].abs() <= 1e-17 * start || length <= 1e-16 {
            break;
        }
        w.iter_mut().for_each(|w| *w /= length);
        basis.push(w);
    }
    let m = columns.len();
    let mut y = vec![0.0; m];
    for i in (0..m).rev() {
        let known: f64 = (i + 1..m).map(|j| columns[j][i] * y[j]).sum();
        y[i] = (right[i] - known) / columns[i][i];
    }
    for (y, v) in y.iter().zip(&basis) {
        add(x, *y, v);
    }
}

/// Restarts of [`least_squares`], each from the true residual.
const ROUNDS: usize = 6;

/// The least-squares solution of $\min\|b - Ax\|$ for $A$ of full column rank, by conjugate gradients (CGLS; Hestenes and
/// Stiefel 1952) from 0, restarted from the true residual. `forward` writes $Ax$, `adjoint` writes $A^\top y$; `columns` is the
/// length of $x$. Returns $x$ and the true $\|A^\top(b - Ax)\|_2$ that is left: the error of $x$ is at most that over
/// $\sigma_{min}(A)^2$, to first order of rounding.
///
/// # Errors
/// [`Error::NotConverged`] if that is above 1e-11 of $\|A^\top b\|$ and above rounding after 6 rounds of `4 columns + 2000` steps.
pub fn least_squares(
    forward: impl Fn(&[f64], &mut [f64]),
    adjoint: impl Fn(&[f64], &mut [f64]),
    columns: usize,
    b: &[f64],
) -> Result<(Vec<f64>, f64)> {
    let (mut x, mut gradient) = (vec![0.0; columns], vec![0.0; columns]);
    let (mut residual, mut image) = (b.to_vec(), vec![0.0; b.len()]);
    adjoint(&residual, &mut gradient);
    let (first, size) = (norm(&gradient), norm(b));
    let (mut best, mut best_x) = (first, x.clone());
    // A lower bound on the norm of A, for what rounding leaves of the gradient.
    let mut operator = 0.0f64;
    for _ in 0..ROUNDS {
        let mut direction = gradient.clone();
        let mut square = dot(&gradient, &gradient);
        let start = square;
        for _ in 0..4 * columns + 2000 {
            forward(&direction, &mut image);
            let curvature = dot(&image, &image);
            operator = operator.max((curvature / dot(&direction, &direction)).sqrt());
            // Ten digits a round, but not below what rounding leaves: past that the recurrence drifts away again.
            let floor = 4.0 * f64::EPSILON * operator * size;
            if square <= (floor * floor).max(1e-20 * start) || curvature <= 0.0 {
                break;
            }
            let step = square / curvature;
            add(&mut x, step, &direction);
            add(&mut residual, -step, &image);
            adjoint(&residual, &mut gradient);
            let (before, after) = (square, dot(&gradient, &gradient));
            square = after;
            direction.iter_mut().zip(&gradient).for_each(|(d, g)| *d = g + after / before * *d);
        }
        forward(&x, &mut image);
        residual.iter_mut().zip(b.iter().zip(&image)).for_each(|(r, (b, a))| *r = b - a);
        adjoint(&residual, &mut gradient);
        let left = norm(&gradient);
        let stalled = left > 0.25 * best;
        if left < best {
            best = left;
            best_x.copy_from_slice(&x);
        }
        if stalled {
            break;
        }
    }
    let tolerance = (1e-11 * first).max(64.0 * f64::EPSILON * operator * size);
    match best <= tolerance {
        true => Ok((best_x, best)),
        false => Err(Error::NotConverged {
            method: "CGLS".into(),
            iterations: ROUNDS * (4 * columns + 2000),
            residual: best,
            tolerance,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A walk on a ring that steps on, back or far away.
    fn walk(n: usize) -> impl Fn(&[f64], &mut [f64]) {
        move |x, out| {
            for i in 0..n {
                out[i] = 0.6 * x[(i + 1) % n] + 0.3 * x[(i + n - 1) % n] + 0.1 * x[i * 7 % n];
            }
        }
    }

    #[test]
    fn contractions_are_solved_up_to_their_conditioning() {
        for gamma in [0.0, 0.5, 0.99, 0.9999] {
            let n = 300;
            let truth: Vec<f64> = (0..n).map(|i| (i as f64 * 0.37).sin() + 1.0).collect();
            let mut b = vec![0.0; n];
            walk(n)(&truth, &mut b);
            b.iter_mut().zip(&truth).for_each(|(b, x)| *b = x - gamma * *b);
            let mut x = vec![0.0; n];
            let residual = contraction(walk(n), gamma, Contraction::Largest, &b, &mut x).unwrap();
            let error = x.iter().zip(&truth).map(|(x, t)| (x - t).abs()).fold(0.0, f64::max);
            // The right side was rounded too: an error of a few ulp of 2 over 1 - gamma.
            assert!(error <= (residual + 8.0 * f64::EPSILON) / (1.0 - gamma), "{gamma}: {error:e} {residual:e}");
            assert!(residual <= 64.0 * 8.0 * f64::EPSILON);
        }
    }

    #[test]
    fn least_squares_leave_an_orthogonal_residual() {
        // A = (gamma M - I) stacked on itself doubled: full rank, conditioned as 1/(1 - gamma).
        let (n, gamma) = (120, 0.97);
        let forward = |x: &[f64], out: &mut [f64]| {
            let mut image = vec![0.0; n];
            walk(n)(x, &mut image);
            for i in 0..n {
                out[i] = gamma * image[i] - x[i];
                out[n + i] = 2.0 * x[i];
            }
        };
        let adjoint = |y: &[f64], out: &mut [f64]| {
            for i in 0..n {
                out[i] = 2.0 * y[n + i] - y[i];
            }
            for i in 0..n {
                out[(i + 1) % n] += gamma * 0.6 * y[i];
                out[(i + n - 1) % n] += gamma * 0.3 * y[i];
                out[i * 7 % n] += gamma * 0.1 * y[i];
            }
        };
        let b: Vec<f64> = (0..2 * n).map(|i| (i as f64 * 1.3).cos()).collect();
        let (x, left) = least_squares(forward, adjoint, n, &b).unwrap();
        let (mut image, mut gradient) = (vec![0.0; 2 * n], vec![0.0; n]);
        forward(&x, &mut image);
        image.iter_mut().zip(&b).for_each(|(a, b)| *a = b - *a);
        adjoint(&image, &mut gradient);
        assert!(norm(&gradient) < 1e-13 && left < 1e-13 && norm(&image) > 1.0, "{left}");
        // An orthogonal right side gives 0.
        let (zero, _) = least_squares(forward, adjoint, n, &image).unwrap();
        assert!(norm(&zero) < 1e-12);
    }
}
