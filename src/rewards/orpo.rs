//! The optimum of a proxy's return less a chi-squared penalty on occupancies, with a certificate (R16, R19).
//!
//! $\max_\pi J_n(\pi,\tilde R) - \lambda\sqrt{\chi^2}$ (Laidlaw et al. 2025) or $- \lambda\chi^2$, $\chi^2 = \chi^2(\mu_\pi\|\mu_{ref})$, over
//! $\mu_\pi \ll \mu_{ref}$; normalised returns. With $c_y$ the minimal canonicalisation of $\tilde R$ in $L_2(\mu_{ref})$:
//!
//! - the optimum of the root penalty is $\mu_{ref}$ itself iff $\lambda \ge \lambda_{crit} = \|c_y\|$;
//! - below, it is the optimum $w(l)$ of the penalty $l\chi^2$ at the root of $\varphi(l) = 2l\|w(l)\| = \lambda$; $\varphi$ is nondecreasing
//!   and equals $\lambda_{crit}$ for large $l$ (derived);
//! - $\lambda = 0$: among the optima of $\tilde R$ alone the one of least $\chi^2$.
//!
//! The programs are those of [`chi_squared`](super::chi_squared). The certificate is the Frank-Wolfe gap
//! $\max_{\mu'} \langle\nabla, \mu' - \mu\rangle$, one policy iteration on $\tilde R - \lambda w/\|w\|$ (or $\tilde R - 2\lambda w$): no occupancy is better
//! by more than that.

use super::chi_squared::{ChiSquared, Maximiser};
use super::minimal::Minimal;
use super::occupancy::occupancy;
use super::optimal::{Goal, Planner};
use super::policy::Policy;
use super::proxy::masked;
use super::reference::Reference;
use crate::{Error, Result};

/// What is subtracted from the proxy's return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Penalty {
    /// $\lambda\sqrt{\chi^2}$.
    SqrtChi2,
    /// $\lambda\chi^2$.
    Chi2,
}

/// An optimum and how far it can be from the best.
#[derive(Clone, Debug, PartialEq)]
pub struct OrpoOptimum {
    /// $J_n(\pi,\tilde R)$ less the penalty.
    pub objective: f64,
    /// $\chi^2(\mu_\pi\|\mu_{ref})$.
    pub chi2: f64,
    /// $\lambda_{crit}$.
    pub critical_lambda: f64,
    /// The optimal policy.
    pub policy: Policy,
    /// No occupancy has a larger objective by more than this (Frank-Wolfe gap).
    pub gap: f64,
}

/// Largest gap that still counts as an optimum, relative to the size of the proxy; as a rule it is below 1e-12.
const GAP: f64 = 1e-6;

/// The penalised optima of one reference and proxy.
#[derive(Clone, Debug)]
pub struct Orpo<'a> {
    program: ChiSquared<'a>,
    /// The proxy on pairs, as given.
    proxy: Vec<f64>,
    /// $c_y$ on the pairs of the support.
    canonical: Vec<f64>,
    critical_lambda: f64,
    reference_return: f64,
    /// $V^*$ of $c_y$ on the states of the support: where the potential goes as the penalty vanishes.
    limit: Vec<f64>,
}

impl<'a> Orpo<'a> {
    /// Prepares the problems of a proxy `r` on pairs.
    ///
    /// # Errors
    /// [`Error::NotConverged`] from a sparse process.
    pub fn new(reference: &'a Reference<'a>, r: &[f64]) -> Result<Self> {
        let program = ChiSquared::new(reference);
        let (_, c) = Minimal::new(reference.mdp, masked(reference))?.apply(r)?;
        let canonical: Vec<f64> = program.pairs().iter().map(|&pair| c[pair]).collect();
        let critical_lambda = reference.norm(|i| c[i]);
        let reference_return = reference.mean(|i| r[i]);
        let mut planner = Planner::restricted(reference.mdp, reference.support.clone());
        planner.optimise(&c, Goal::Maximise)?;
        let limit = program.states().iter().map(|&s| planner.values()[s]).collect();
        Ok(Orpo { program, proxy: r.to_vec(), canonical, critical_lambda, reference_return, limit })
    }

    /// $\lambda_{crit} = \|c_y\|_{L_2(\mu_{ref})}$.
    pub fn critical_lambda(&self) -> f64 {
        self.critical_lambda
    }

    /// The optimum at `lambda >= 0`.
    ///
    /// # Errors
    /// Field `lambda` if negative or not finite; [`Error::NotConverged`] if the gap is above 1e-6 of the proxy's size.
    pub fn optimum(&self, lambda: f64, penalty: Penalty) -> Result<OrpoOptimum> {
        Ok(self.path(&[lambda], penalty)?.remove(0))
    }

    /// The optima at several `lambdas`; fastest in descending order, each starting from the one before.
    ///
    /// # Errors
    /// As [`optimum`](Self::optimum).
    pub fn path(&self, lambdas: &[f64], penalty: Penalty) -> Result<Vec<OrpoOptimum>> {
        let mut warm = None;
        lambdas.iter().map(|&lambda| self.next(lambda, penalty, &mut warm)).collect()
    }

    fn next(&self, lambda: f64, penalty: Penalty, warm: &mut Option<(f64, Vec<f64>)>) -> Result<OrpoOptimum> {
        if !(lambda >= 0.0 && lambda.is_finite()) {
            return Err(Error::invalid("lambda", lambda, "a finite number >= 0"));
        }
        if lambda == 0.0 {
            return self.unpenalised();
        }
        let found = match penalty {
            Penalty::Chi2 => self.warm_solve(lambda, warm)?,
            Penalty::SqrtChi2 if lambda >= self.critical_lambda => return Ok(self.stay()),
            Penalty::SqrtChi2 => self.root(lambda, warm)?,
        };
        self.certified(found, lambda, penalty)
    }

    /// The reference itself.
    fn stay(&self) -> OrpoOptimum {
        let policy = self.program.reference().policy.clone();
        let (objective, critical_lambda) = (self.reference_return, self.critical_lambda);
        OrpoOptimum { objective, chi2: 0.0, critical_lambda, policy, gap: 0.0 }
    }

    fn warm_solve(&self, l: f64, warm: &mut Option<(f64, Vec<f64>)>) -> Result<Maximiser> {
        // The dual is convex: the start of least value is the best informed.
        let zero = vec![0.0; self.limit.len()];
        let starts = [Some(&zero), Some(&self.limit), warm.as_ref().map(|(_, phi)| phi)].into_iter().flatten();
        let value = |phi: &&Vec<f64>| self.program.dual(&self.canonical, l, phi);
        let start = starts.min_by(|a, b| value(a).total_cmp(&value(b))).map(Vec::as_slice);
        let found = self.program.solve(&self.canonical, l, None, start)?;
        *warm = Some((l, found.phi.clone()));
        Ok(found)
    }

    fn norm(&self, w: &[f64]) -> f64 {
        let mu = &self.program.reference().mu;
        self.program.pairs().iter().zip(w).map(|(&pair, w)| mu[pair] * w * w).sum::<f64>().sqrt()
    }

    /// The program whose coefficient is the root of $2l\|w(l)\| = \lambda$: Illinois steps in logarithms, inside a bracket.
    fn root(&self, lambda: f64, warm: &mut Option<(f64, Vec<f64>)>) -> Result<Maximiser> {
        let target = lambda.ln();
        let mut at = |log_l: f64| -> Result<(f64, Maximiser)> {
            let found = self.warm_solve(log_l.exp(), warm)?;
            Ok((std::f64::consts::LN_2 + log_l + self.norm(&found.w).ln() - target, found))
        };
        // Above, w = c/2l is in the interior and phi = lambda_crit; phi(l) = lambda has its root below.
        let largest = self.canonical.iter().fold(0.0, |m: f64, c| m.max(-c));
        let mut high = (0.5 * largest).max(f64::MIN_POSITIVE).ln();
        let mut high_value = self.critical_lambda.ln() - target;
        let mut low = (high - std::f64::consts::LN_2).min(high + target - self.critical_lambda.ln());
        let (mut low_value, mut found) = at(low)?;
        while low_value > 0.0 {
            (high, high_value) = (low, low_value);
            low -= 2.0 * std::f64::consts::LN_2 + low_value;
            (low_value, found) = at(low)?;
            if low < -700.0 {
                break;
            }
        }
        let mut side = 0;
        for _ in 0..200 {
            if high - low <= 4.0 * f64::EPSILON * low.abs().max(1.0) || low_value.abs() <= 1e-15 {
                break;
            }
            let mut middle = low - low_value * (high - low) / (high_value - low_value);
            if !(middle > low && middle < high) {
                middle = 0.5 * (low + high);
            }
            if !(middle > low && middle < high) {
                break;
            }
            let (value, candidate) = at(middle)?;
            found = candidate;
            if value.abs() <= 1e-15 {
                break;
            }
            if value > 0.0 {
                (high, high_value) = (middle, value);
                low_value *= if side == 1 { 0.5 } else { 1.0 };
                side = 1;
            } else {
                (low, low_value) = (middle, value);
                high_value *= if side == -1 { 0.5 } else { 1.0 };
                side = -1;
            }
        }
        Ok(found)
    }

    /// The least-chi-squared optimum of the proxy alone.
    fn unpenalised(&self) -> Result<OrpoOptimum> {
        let reference = self.program.reference();
        let mut planner = Planner::restricted(reference.mdp, reference.support.clone());
        planner.optimise(&self.proxy, Goal::Maximise)?;
        let largest = |x: &[f64]| x.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        let allowed = 1e-9 * largest(planner.values()).max(largest(&self.proxy));
        let actions = reference.mdp.actions();
        let q = planner.action_values();
        let excluded: Vec<bool> = (self.program.pairs().iter())
            .map(|&pair| {
                let s = pair / actions;
                let inside = (s * actions..(s + 1) * actions).filter(|&other| reference.support[other]);
                let best = inside.map(|other| q[other]).fold(f64::NEG_INFINITY, f64::max);
                q[pair] < best - allowed
            })
            .collect();
        let flat = vec![0.0; self.canonical.len()];
        let found = self.program.solve(&flat, 1.0, Some(&excluded), None)?;
        self.certified(found, 0.0, Penalty::Chi2)
    }

    /// Re-evaluates the policy of a maximiser and bounds what it misses.
    fn certified(&self, found: Maximiser, lambda: f64, penalty: Penalty) -> Result<OrpoOptimum> {
        let reference = self.program.reference();
        let (mdp, pairs) = (reference.mdp, self.program.pairs());
        let mut mass = vec![0.0; mdp.pairs()];
        for (&pair, w) in pairs.iter().zip(&found.w) {
            mass[pair] = reference.mu[pair] * (1.0 + w).max(0.0);
        }
        // Where nothing goes, the reference.
        let mut policy = Policy::of_occupancy(mdp, &mass);
        let empty: Vec<bool> = mass.chunks_exact(mdp.actions()).map(|row| row.iter().all(|m| *m == 0.0)).collect();
        if empty.contains(&true) {
            let rows: Vec<f64> = (0..mdp.pairs())
                .map(|i| if empty[i / mdp.actions()] { reference.policy.probs()[i] } else { policy.probs()[i] })
                .collect();
            policy = Policy::of_occupancy(mdp, &rows);
        }
        let mu = occupancy(mdp, &policy)?;
        let w: Vec<f64> = (0..mdp.pairs())
            .map(|i| if reference.support[i] { (mu[i] - reference.mu[i]) / reference.mu[i] } else { 0.0 })
            .collect();
        let chi2 = reference.mean(|i| w[i] * w[i]);
        let gain = reference.mean(|i| w[i] * self.proxy[i]);
        let root = chi2.sqrt();
        let (cost, slope) = match penalty {
            Penalty::Chi2 => (lambda * chi2, 2.0 * lambda),
            Penalty::SqrtChi2 => (lambda * root, lambda / root),
        };
        let marginal: Vec<f64> = (0..mdp.pairs()).map(|i| self.proxy[i] - slope * w[i]).collect();
        let mut planner = Planner::restricted(mdp, reference.support.clone());
        let best = (1.0 - mdp.gamma()) * planner.optimise(&marginal, Goal::Maximise)?;
        let gap = (best - crate::numerics::sum::dot(&mu, &marginal)).max(0.0);
        let size = self.proxy.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        if gap > GAP * size {
            return Err(Error::NotConverged {
                method: "the penalised optimum (Frank-Wolfe gap)".into(),
                iterations: found.iterations,
                residual: gap,
                tolerance: GAP * size,
            });
        }
        Ok(OrpoOptimum {
            objective: self.reference_return + gain - cost,
            chi2,
            critical_lambda: self.critical_lambda,
            policy,
            gap,
        })
    }
}
