//! The quadratic program behind chi-squared penalties, exact by its piecewise-quadratic dual.
//!
//! $$\max_w\ \langle R, w\rangle_{\mu_{ref}} - l\,\|w\|^2_{\mu_{ref}} \quad\text{s.t.}\quad w \ge -1,\ G^\top(\mu_{ref}\,w) = 0,$$
//! $w = \mu/\mu_{ref} - 1$ over occupancies $\mu \ll \mu_{ref}$; pairs may be excluded ($w = -1$). With $y = R + G\phi$ the maximum
//! over $w$ for fixed $\phi$ is separate, $w = \max(-1, y/2l)$, and the dual
//! $$\min_\phi F(\phi) = \sum \mu_{ref}\,h(y), \qquad h(y) = y w - l w^2$$
//! is convex, piecewise quadratic, unconstrained, with one unknown a state of the support. Newton steps with an exact line
//! search end after finitely many pieces at the exact active set (Li and Swetits 1997). $\nabla F = G^\top(\mu_{ref} w)$ is the
//! violation of the flow equations. Each iteration is a Cholesky factorisation, $O(S^3/3)$; 3 to 30 iterations.
//!
//! Where a state is left altogether its potential has no curvature: a ridge of $10^{-14}$, relative to the diagonal, keeps the
//! step finite; the line search makes it safe. Unknowns are scaled by the diagonal, so that $\mu_{ref}$ may reach $10^{-17}$.

use super::reference::Reference;
use crate::numerics::least_squares::NormalFactor;
use crate::{Error, Result};

/// The quadratic programs of one reference.
#[derive(Clone, Debug)]
pub struct ChiSquared<'a> {
    reference: &'a Reference<'a>,
    /// States of the support.
    unknowns: Vec<usize>,
    /// Pairs of the support.
    pairs: Vec<usize>,
    /// Row of $G$ for each pair of the support: positions among the unknowns and values.
    rows: Vec<Vec<(usize, f64)>>,
    /// $\mu_{ref}$ on them.
    mu: Vec<f64>,
}

/// The maximiser of one program.
#[derive(Clone, Debug, PartialEq)]
pub struct Maximiser {
    /// $w$ on the pairs of the support, in their order.
    pub w: Vec<f64>,
    /// The potential $\phi$ on the states of the support: a warm start.
    pub phi: Vec<f64>,
    /// The dual value $F(\phi)$, an upper bound on the maximum.
    pub dual: f64,
    /// Newton steps.
    pub iterations: usize,
    /// Whether the last piece holds the minimum; otherwise the certificate of the caller decides.
    pub settled: bool,
}

const ITERATIONS: usize = 200;
const RIDGE: f64 = 1e-14;

impl<'a> ChiSquared<'a> {
    /// Prepares the rows of $G$ on the support of `reference`.
    pub fn new(reference: &'a Reference<'a>) -> Self {
        let mdp = reference.mdp;
        let pairs: Vec<usize> = (0..mdp.pairs()).filter(|&pair| reference.support[pair]).collect();
        let mut position = vec![usize::MAX; mdp.states()];
        let mut unknowns = Vec::new();
        for &pair in &pairs {
            let s = pair / mdp.actions();
            if position[s] == usize::MAX {
                position[s] = unknowns.len();
                unknowns.push(s);
            }
        }
        let row = |&pair: &usize| {
            let here = position[pair / mdp.actions()];
            let mut row = vec![(here, -1.0)];
            mdp.transitions().visit(mdp.states(), pair, |t, p, _| {
                // At gamma = 0 the next state may lie outside the support; its entry is 0.
                let value = mdp.gamma() * p;
                if value > 0.0 && position[t] == here {
                    row[0].1 += value;
                } else if value > 0.0 {
                    row.push((position[t], value));
                }
            });
            row
        };
        let rows = pairs.iter().map(row).collect();
        let mu = pairs.iter().map(|&pair| reference.mu[pair]).collect();
        ChiSquared { reference, unknowns, pairs, rows, mu }
    }

    /// The reference.
    pub fn reference(&self) -> &'a Reference<'a> {
        self.reference
    }

    /// The pairs of the support, ascending: the order of every $w$.
    pub fn pairs(&self) -> &[usize] {
        &self.pairs
    }

    /// Solves the program for the reward `r` on the pairs of the support, `l > 0`, from the potential `start` (0 if none).
    /// Pairs with `excluded` must have $w = -1$; what is left must hold an occupancy.
    ///
    /// Where weights span many orders of magnitude the iteration may stop at its limit, close to the optimum but not at its
    /// piece: `settled` says so.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the normal matrix is not finite.
    pub fn solve(&self, r: &[f64], l: f64, excluded: Option<&[bool]>, start: Option<&[f64]>) -> Result<Maximiser> {
        let fixed = |i: usize| excluded.is_some_and(|mask| mask[i]);
        let mut phi = start.map_or_else(|| vec![0.0; self.unknowns.len()], <[f64]>::to_vec);
        let mut y = r.to_vec();
        self.add_image(&phi, &mut y);
        let (mut gradient, mut flow) = (vec![0.0; phi.len()], vec![0.0; phi.len()]);
        let mut direction_image = vec![0.0; y.len()];
        let free_of = |y: &[f64]| -> Vec<bool> { (0..y.len()).map(|i| !fixed(i) && y[i] > -2.0 * l).collect() };
        let density = |y: &[f64], free: &[bool]| -> Vec<f64> {
            y.iter().zip(free).map(|(y, free)| if *free { y / (2.0 * l) } else { -1.0 }).collect()
        };
        let mut free = free_of(&y);
        let mut settled = false;
        for iteration in 0..=ITERATIONS {
            let w = density(&y, &free);
            self.write_gradient(&w, &mut gradient, &mut flow, |row, i| {
                // What rounding of y = r + G phi makes of w, beside w itself.
                let size = r[i].abs() + row.iter().map(|(j, g)| (g * phi[*j]).abs()).sum::<f64>();
                w[i].abs() + if free[i] { size / (2.0 * l) } else { 0.0 }
            });
            let balanced = gradient.iter().zip(&flow).all(|(g, flow)| g.abs() <= 4.0 * f64::EPSILON * flow);
            if settled || balanced || iteration == ITERATIONS {
                let dual = (0..y.len()).map(|i| self.mu[i] * (y[i] * w[i] - l * w[i] * w[i])).sum();
                return Ok(Maximiser { w, phi, dual, iterations: iteration, settled: settled || balanced });
            }
            // A violation that is rounding must not move a state without curvature.
            let seen = |(g, flow): (&f64, &f64)| if g.abs() <= 4.0 * f64::EPSILON * flow { 0.0 } else { -2.0 * l * g };
            let mut step: Vec<f64> = gradient.iter().zip(&flow).map(seen).collect();
            self.factor(&free)?.solve(&mut step);
            direction_image.fill(0.0);
            self.add_image(&step, &mut direction_image);
            let length = self.line_search(&y, &direction_image, &free, l, &fixed);
            phi.iter_mut().zip(&step).for_each(|(phi, d)| *phi += length * d);
            y.copy_from_slice(r);
            self.add_image(&phi, &mut y);
            let next = free_of(&y);
            // A full step that keeps the piece is the minimum; one that moves nothing cannot do better in this arithmetic.
            let moved = step.iter().zip(&phi).any(|(d, phi)| (length * d).abs() > 1e-15 * (phi.abs() + l));
            settled = (next == free && (length - 1.0).abs() < 1e-6) || !moved;
            free = next;
        }
        Err(Error::invalid("lambda", l, "a penalty for which the chi-squared program is finite"))
    }

    /// Adds $G\phi$ to `y`.
    fn add_image(&self, phi: &[f64], y: &mut [f64]) {
        for (y, row) in y.iter_mut().zip(&self.rows) {
            *y += row.iter().map(|(j, g)| g * phi[*j]).sum::<f64>();
        }
    }

    /// $G^\top(\mu w)$, and the same sum of sizes, with `size` in the place of $w$.
    fn write_gradient(
        &self,
        w: &[f64],
        gradient: &mut [f64],
        flow: &mut [f64],
        size: impl Fn(&[(usize, f64)], usize) -> f64,
    ) {
        gradient.fill(0.0);
        flow.fill(0.0);
        for (i, ((row, w), mu)) in self.rows.iter().zip(w).zip(&self.mu).enumerate() {
            let size = size(row, i);
            for (j, g) in row {
                gradient[*j] += mu * w * g;
                flow[*j] += mu * size * g.abs();
            }
        }
    }

    /// The states of the support, ascending: the order of every potential.
    pub fn states(&self) -> &[usize] {
        &self.unknowns
    }

    /// $F(\phi)$, the dual value.
    pub fn dual(&self, r: &[f64], l: f64, phi: &[f64]) -> f64 {
        let mut y = r.to_vec();
        self.add_image(phi, &mut y);
        let h = |y: f64| if y > -2.0 * l { y * y / (4.0 * l) } else { -y - l };
        y.iter().zip(&self.mu).map(|(y, mu)| mu * h(*y)).sum()
    }

    /// The factor of $\sum_{free} \mu\,g g^\top$, with its ridge.
    fn factor(&self, free: &[bool]) -> Result<NormalFactor> {
        let n = self.unknowns.len();
        let mut gram = vec![0.0; n * n];
        let mut whole = vec![0.0; n];
        for ((row, free), mu) in self.rows.iter().zip(free).zip(&self.mu) {
            for &(j, g) in row {
                whole[j] += mu * g * g;
                if *free {
                    row.iter().for_each(|&(k, h)| gram[j * n + k] += mu * g * h);
                }
            }
        }
        for j in 0..n {
            let diagonal = &mut gram[j * n + j];
            *diagonal = if *diagonal > 0.0 { *diagonal * (1.0 + RIDGE) } else { RIDGE * whole[j] };
        }
        NormalFactor::of_gram(n, &gram).or_else(|_| {
            // Several free pairs left alone together can be dependent to rounding: a larger ridge.
            (0..n).for_each(|j| gram[j * n + j] *= 1.0 + 1e-11);
            NormalFactor::of_gram(n, &gram)
        })
    }

    /// The minimiser of $F$ along a direction with image `d`, by walking over the breakpoints of its slope.
    fn line_search(&self, y: &[f64], d: &[f64], free: &[bool], l: f64, fixed: &impl Fn(usize) -> bool) -> f64 {
        let (mut slope, mut curvature) = (0.0, 0.0);
        let mut events: Vec<(f64, f64)> = Vec::new();
        for i in 0..y.len() {
            let bend = self.mu[i] * d[i] * d[i] / (2.0 * l);
            if free[i] {
                slope += self.mu[i] * d[i] * y[i] / (2.0 * l);
                curvature += bend;
            } else {
                slope -= self.mu[i] * d[i];
            }
            let at = (-2.0 * l - y[i]) / d[i];
            let crosses = !fixed(i) && at > 0.0 && at.is_finite() && (free[i] == (d[i] < 0.0));
            if crosses {
                events.push((at, if free[i] { -bend } else { bend }));
            }
        }
        if slope >= 0.0 {
            return 1.0;
        }
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut t = 0.0;
        for (at, bend) in events {
            let reached = slope + curvature.max(0.0) * (at - t);
            if reached >= 0.0 {
                break;
            }
            (slope, t) = (reached, at);
            curvature += bend;
        }
        if curvature > 0.0 { t - slope / curvature } else { t.max(1.0) }
    }
}
