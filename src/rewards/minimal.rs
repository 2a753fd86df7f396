//! Minimal canonicalisations in weighted $L_2$: the smallest reward that differs by shaping and redistribution only.
//!
//! $$\min_\phi \sum_{s,a} \omega(s,a)\,(\bar r(s,a) + (G\phi)(s,a))^2, \qquad G\phi = \gamma P\phi - \phi, \qquad x = \bar r + G\phi.$$
//!
//! | norm of $R$ | $\omega(s,a)$ | $R'(s,a,s')$ |
//! |---|---|---|
//! | $L_2$ unweighted | $1/\|P(\cdot\|s,a)\|_2^2$ | $x\,P(s')/\|P\|_2^2$ |
//! | $\tau$-weighted $L_2$ | 1 | $x$ |
//! | $L_2(\mu_{ref})$ | $\mu_{ref}(s,a)$ | $x$ |
//!
//! $G$ has full column rank: $\|G\phi\|_\infty \ge (1-\gamma)\|\phi\|_\infty$. States all of whose $\omega$ vanish, and that no weighted
//! pair leads to, are left out ($\phi = 0$ there). Dense: QR of $\sqrt\omega\,G$ once, $O(S^3A)$, then $O(S^2A)$ a reward with
//! semi-normal equations corrected until they stand still. Sparse: conjugate gradients, condition at most about
//! $\frac{1+\gamma}{1-\gamma}\sqrt A$. Source: Skalse et al. (2024), Definition 4 (recalled); the reduction to $\phi$ derived.

use super::mdp::Mdp;
use crate::numerics::iterative::least_squares;
use crate::numerics::least_squares::NormalFactor;
use crate::{Error, Result};

/// The weighted minimal canonicalisation of one MDP, for many rewards.
#[derive(Clone, Debug)]
pub struct Minimal<'a> {
    mdp: &'a Mdp,
    weights: Vec<f64>,
    /// States with an unknown, and the factor of the normal matrix on them (dense processes).
    unknowns: Vec<usize>,
    factor: Option<NormalFactor>,
}

/// Corrections of the semi-normal equations; each gains the digits that the condition leaves.
const CORRECTIONS: usize = 8;

impl<'a> Minimal<'a> {
    /// With weights `omega >= 0` on pairs.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the weighted $G$ is singular to working precision.
    pub fn new(mdp: &'a Mdp, weights: Vec<f64>) -> Result<Self> {
        let (states, actions) = (mdp.states(), mdp.actions());
        let mut weighted = vec![false; states];
        for (pair, _) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            weighted[pair / actions] = true;
            mdp.transitions().visit(states, pair, |t, p, _| weighted[t] |= mdp.gamma() * p > 0.0);
        }
        let unknowns: Vec<usize> = (0..states).filter(|&s| weighted[s]).collect();
        let factor = match mdp.dense() {
            Some(p) if !unknowns.is_empty() => {
                let rows: Vec<usize> = (0..mdp.pairs()).filter(|&pair| weights[pair] > 0.0).collect();
                let entry = |i: usize, j: usize| {
                    let (pair, state) = (rows[i], unknowns[j]);
                    let leaving = f64::from(u8::from(pair / actions == state));
                    weights[pair].sqrt() * (mdp.gamma() * p[pair * states + state] - leaving)
                };
                Some(NormalFactor::of_matrix(rows.len(), unknowns.len(), entry)?)
            }
            _ => None,
        };
        Ok(Minimal { mdp, weights, unknowns, factor })
    }

    /// The weights $1/\|P(\cdot|s,a)\|_2^2$ of the unweighted $L_2$ norm, which are also the factors of its expansion.
    pub fn unweighted(mdp: &Mdp) -> Vec<f64> {
        let weight = |pair| {
            let mut square = 0.0;
            mdp.transitions().visit(mdp.states(), pair, |_, p, _| square += p * p);
            1.0 / square
        };
        (0..mdp.pairs()).map(weight).collect()
    }

    /// The minimiser: the potential $\phi$ on states and $x = \bar r + G\phi$ on pairs (also where the weight is 0).
    ///
    /// # Errors
    /// [`Error::NotConverged`] from a sparse process.
    pub fn apply(&self, r: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
        let mdp = self.mdp;
        let (mut phi, mut x) = (vec![0.0; mdp.states()], r.to_vec());
        let mut image = vec![0.0; mdp.pairs()];
        let Some(factor) = &self.factor else {
            if self.unknowns.is_empty() {
                return Ok((phi, x));
            }
            phi = self.iterate(r)?;
            mdp.shaping(&phi, &mut image);
            x.iter_mut().zip(&image).for_each(|(x, g)| *x += g);
            return Ok((phi, x));
        };
        let mut gradient = vec![0.0; mdp.states()];
        let mut packed = vec![0.0; self.unknowns.len()];
        let mut last = f64::INFINITY;
        for _ in 0..CORRECTIONS {
            image.iter_mut().zip(&x).zip(&self.weights).for_each(|((m, x), w)| *m = -w * x);
            mdp.shaping_transposed(&image, &mut gradient);
            packed.iter_mut().zip(&self.unknowns).for_each(|(g, &s)| *g = gradient[s]);
            factor.solve(&mut packed);
            let step = packed.iter().fold(0.0, |m: f64, d| m.max(d.abs()));
            if step >= 0.5 * last {
                break;
            }
            last = step;
            packed.iter().zip(&self.unknowns).for_each(|(d, &s)| phi[s] += d);
            mdp.shaping(&phi, &mut image);
            x.iter_mut().zip(r).zip(&image).for_each(|((x, r), g)| *x = r + g);
        }
        if x.iter().any(|x| !x.is_finite()) {
            return Err(Error::NotConverged {
                method: "the minimal canonicalisation".into(),
                iterations: CORRECTIONS,
                residual: last,
                tolerance: f64::EPSILON,
            });
        }
        Ok((phi, x))
    }

    /// Conjugate gradients on $\sqrt\omega(\bar r + G\phi)$.
    fn iterate(&self, r: &[f64]) -> Result<Vec<f64>> {
        let mdp = self.mdp;
        let roots: Vec<f64> = self.weights.iter().map(|w| w.sqrt()).collect();
        let right: Vec<f64> = r.iter().zip(&roots).map(|(r, w)| -w * r).collect();
        let forward = |phi: &[f64], out: &mut [f64]| {
            mdp.shaping(phi, out);
            out.iter_mut().zip(&roots).for_each(|(x, w)| *x *= w);
        };
        let adjoint = |y: &[f64], out: &mut [f64]| {
            let weighted: Vec<f64> = y.iter().zip(&roots).map(|(y, w)| y * w).collect();
            mdp.shaping_transposed(&weighted, out);
        };
        Ok(least_squares(forward, adjoint, mdp.states(), &right)?.0)
    }
}
