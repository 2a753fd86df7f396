//! The tilt and the budget problem from base draws alone: self-normalised importance sampling with errors by the delta
//! method.
//!
//! From the frequencies $\hat p$ of $M$ base draws, weights $w = e^{b r}/\sum \hat p\,e^{b r}$ give $\hat\varphi = \hat p\,w$
//! and all moments under it. The influence function of a functional at a draw with reward $r$, $m$ and $V$ the mean and
//! variance under $\hat\varphi$, $\mu$ the base mean, is
//!
//! | functional | influence |
//! |---|---|
//! | $\log Z$ | $w - 1$ |
//! | $m$ | $w (r - m)$ |
//! | $V$ | $w ((r - m)^2 - V)$ |
//! | $\kappa_3$ | $w ((r - m)^3 - \kappa_3 - 3 V (r - m))$ |
//! | $D(\varphi\|p) = b m - \log Z$ | $b w (r - m) - (w - 1)$ |
//! | $D(p\|\varphi) = \log Z - b \mu$ | $(w - 1) - b (r - \mu)$ |
//! | $\varphi_i$ | $w (1_i - \varphi_i)$ |
//!
//! and its standard error $\sqrt{\sum \hat p\,\mathrm{influence}^2 / M}$. Derived. Biased by $O(e^{D_2}/M)$; no formula is
//! shared with the exact tilt: the sums are the textbook's, the root is bisected.

use super::constrained::{ExponentialTilt, KlConstrained};
use super::near_optimal::NearOptimal;
use crate::prob::{Rate, Regime};
use crate::{Error, Result};

/// The tilt of a law given by its shares: the textbook sums, relative to the largest exponent so that nothing overflows.
#[derive(Clone, Debug)]
pub struct SharesTilt<'a> {
    shares: &'a [f64],
    r: &'a [f64],
    /// The inverse temperature.
    pub beta: f64,
    /// `phi / p`; 0 where there is no share.
    pub weights: Vec<f64>,
    /// `log sum p e^{beta r}`.
    pub log_z: f64,
    /// Mean reward.
    pub mean: f64,
    /// Variance of the reward.
    pub variance: f64,
}

impl<'a> SharesTilt<'a> {
    /// The tilt by `beta` of `shares` (>= 0, sum 1) with finite rewards `r`.
    pub fn new(shares: &'a [f64], r: &'a [f64], beta: f64) -> SharesTilt<'a> {
        let seen = || (0..r.len()).filter(|&i| shares[i] > 0.0);
        let top = seen().map(|i| beta * r[i]).fold(f64::NEG_INFINITY, f64::max);
        let scale: f64 = seen().map(|i| shares[i] * (beta * r[i] - top).exp()).sum();
        let weight = |i: usize| if shares[i] > 0.0 { (beta * r[i] - top).exp() / scale } else { 0.0 };
        let weights: Vec<f64> = (0..r.len()).map(weight).collect();
        let mean: f64 = seen().map(|i| shares[i] * weights[i] * r[i]).sum();
        let variance = seen().map(|i| shares[i] * weights[i] * (r[i] - mean).powi(2)).sum();
        SharesTilt { shares, r, beta, weights, log_z: top + scale.ln(), mean, variance }
    }

    /// The tilted mass of an outcome.
    pub fn phi(&self, i: usize) -> f64 {
        self.shares[i] * self.weights[i]
    }

    /// `D(phi || p) = beta m - log Z`.
    pub fn kl(&self) -> f64 {
        self.beta * self.mean - self.log_z
    }

    /// `sum phi^2 / p`: the draws that one draw of the tilt is worth.
    pub fn second_moment(&self) -> f64 {
        (0..self.r.len()).map(|i| self.phi(i) * self.weights[i]).sum()
    }

    fn third_cumulant(&self) -> f64 {
        (0..self.r.len()).map(|i| self.phi(i) * (self.r[i] - self.mean).powi(3)).sum()
    }

    /// The standard error of a functional with the given influence of an outcome, at `draws` draws.
    fn error(&self, draws: f64, influence: impl Fn(usize) -> f64) -> f64 {
        let seen = (0..self.r.len()).filter(|&i| self.shares[i] > 0.0);
        (seen.map(|i| self.shares[i] * influence(i).powi(2)).sum::<f64>() / draws).sqrt()
    }
}

/// The least `b >= 0` at which `reached` turns true, by doubling from `unit` and halving the bracket; `reached` is monotone.
pub fn least_tilt(unit: f64, mut reached: impl FnMut(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, unit);
    while !reached(high) && 2.0 * high < f64::INFINITY {
        (low, high) = (high, 2.0 * high);
    }
    // Below the unit the bracket is one in the logarithm.
    while low == 0.0 && 0.5 * high > 0.0 && reached(0.5 * high) {
        high *= 0.5;
    }
    low = low.max(0.5 * high).min(high);
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if reached(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// The budget problem of a law given by its shares.
#[derive(Clone, Copy, Debug)]
pub struct SharesBudget {
    /// Which case holds.
    pub regime: Regime,
    /// The inverse temperature, infinite if saturated.
    pub beta: f64,
    /// The budget that saturates.
    pub delta_max: f64,
    /// The largest reward.
    pub r_max: f64,
}

/// The case and the tilt of the budget problem at `delta` nats, by bisection.
pub fn budget_of_shares(shares: &[f64], r: &[f64], delta: f64) -> SharesBudget {
    let seen = || (0..r.len()).filter(|&i| shares[i] > 0.0);
    let r_max = seen().map(|i| r[i]).fold(f64::NEG_INFINITY, f64::max);
    let low = seen().map(|i| r[i]).fold(f64::INFINITY, f64::min);
    let delta_max = -seen().filter(|&i| r[i] == r_max).map(|i| shares[i]).sum::<f64>().min(1.0).ln();
    let case = |regime, beta, delta_max| SharesBudget { regime, beta, delta_max, r_max };
    if low == r_max {
        case(Regime::Degenerate, 0.0, 0.0)
    } else if delta == 0.0 {
        case(Regime::Base, 0.0, delta_max)
    } else if delta >= delta_max {
        case(Regime::Saturated, f64::INFINITY, delta_max)
    } else {
        let beta = least_tilt((r_max - low).recip(), |b| SharesTilt::new(shares, r, b).kl() >= delta);
        case(Regime::Interior, beta, delta_max)
    }
}

fn shares_of(counts: &[u64]) -> (Vec<f64>, f64) {
    let draws = counts.iter().sum::<u64>() as f64;
    (counts.iter().map(|&count| count as f64 / draws).collect(), draws)
}

/// Estimates and standard errors of the tilt by `beta` from the counts of base draws; both in the shape of the exact answer.
///
/// `counts` has an entry an outcome and a positive total; `r` is finite.
pub fn tilt_from_counts(counts: &[u64], r: &[f64], beta: f64) -> (ExponentialTilt, ExponentialTilt) {
    let (shares, draws) = shares_of(counts);
    let tilted = SharesTilt::new(&shares, r, beta);
    let base_mean = SharesTilt::new(&shares, r, 0.0).mean;
    let (mean, variance, third, log_z) = (tilted.mean, tilted.variance, tilted.third_cumulant(), tilted.log_z);
    let weight = |i: usize| tilted.weights[i];
    let kl = |i: usize| beta * weight(i) * (r[i] - mean) - (weight(i) - 1.0);
    let reverse = |i: usize| (weight(i) - 1.0) - beta * (r[i] - base_mean);
    let outcomes = 0..counts.len();
    let estimate = ExponentialTilt {
        phi: outcomes.clone().map(|i| tilted.phi(i)).collect(),
        log_z,
        mean,
        variance,
        third_cumulant: third,
        kl: tilted.kl(),
        reverse_kl: log_z - beta * base_mean,
        jeffreys: beta * (mean - base_mean),
    };
    let error = |influence: &dyn Fn(usize) -> f64| tilted.error(draws, influence);
    let errors = ExponentialTilt {
        phi: outcomes.map(|j| error(&|i| weight(i) * (f64::from(i == j) - tilted.phi(j)))).collect(),
        log_z: error(&|i| weight(i) - 1.0),
        mean: error(&|i| weight(i) * (r[i] - mean)),
        variance: error(&|i| weight(i) * ((r[i] - mean).powi(2) - variance)),
        third_cumulant: error(&|i| weight(i) * ((r[i] - mean).powi(3) - third - 3.0 * variance * (r[i] - mean))),
        kl: error(&kl),
        reverse_kl: error(&reverse),
        jeffreys: error(&|i| kl(i) + reverse(i)),
    };
    (estimate, errors)
}

/// Largest `sum phi^2 / p` a draw: beyond, the draws do not resolve the tilt and its standard errors mean nothing.
pub(crate) const RESOLVED: f64 = 1e-3;

/// Refuses a tilt that `draws` draws of the law `p` do not resolve; `field` asked for it.
pub(crate) fn check_resolved(p: &[f64], r: &[f64], beta: f64, draws: f64, field: &str, value: f64) -> Result<()> {
    let needed = SharesTilt::new(p, r, beta).second_moment() / RESOLVED;
    if needed <= draws {
        return Ok(());
    }
    Err(Error::invalid(field, value, format!("a tilt that {draws} draws resolve: this one needs {needed:.0}")))
}

/// Refuses rewards whose variance is no positive double: the influences divide by it.
fn check_variance(at: &SharesTilt, field: &str) -> Result<()> {
    if at.variance > 0.0 && at.variance.is_finite() {
        return Ok(());
    }
    Err(Error::invalid(field, format!("{:e} in variance", at.variance), "rewards whose variance is a positive double"))
}

/// Estimates and standard errors of the budget problem of the law `p` from the counts of base draws (R4, plug-in).
///
/// The case, `delta_max` and `r_max` are those of `p`; with $b$ solving $\hat D(b) = \Delta$, the influences at fixed
/// budget are $-(b w (r - m) - (w - 1))/(b V)$ on $b$, $(w - 1)/b$ on the mean and, through $b$, on the masses.
///
/// # Errors
/// Field `delta`: a tilt, or a top outcome, that the draws do not resolve; `r`: its variance is no positive double.
pub fn budget_from_counts(counts: &[u64], p: &[f64], r: &[f64], delta: f64) -> Result<(KlConstrained, KlConstrained)> {
    let (shares, draws) = shares_of(counts);
    let known = budget_of_shares(p, r, delta);
    let answer = |beta, phi, mean, kl, random: bool| KlConstrained {
        regime: known.regime,
        beta,
        phi,
        mean,
        kl,
        delta_max: if random { 0.0 } else { known.delta_max },
        r_max: if random { 0.0 } else { known.r_max },
    };
    let outcomes = 0..r.len();
    match known.regime {
        Regime::Saturated => {
            let top = |i: usize| f64::from(p[i] > 0.0 && r[i] == known.r_max);
            let mass: f64 = outcomes.clone().map(|i| shares[i] * top(i)).sum();
            if mass * draws < RESOLVED.recip().sqrt() {
                let expected = "a budget that leaves the top outcomes aside, or more draws to see them";
                return Err(Error::invalid("delta", delta, expected));
            }
            let phi: Vec<f64> = outcomes.map(|i| shares[i] * top(i) / mass).collect();
            let error = phi.iter().map(|f| (f * (1.0 - f) / (mass * draws)).sqrt()).collect();
            let found = answer(f64::INFINITY, phi, known.r_max, known.delta_max, false);
            Ok((found, answer(0.0, error, 0.0, 0.0, true)))
        }
        Regime::Degenerate | Regime::Base => {
            let base = SharesTilt::new(&shares, r, 0.0);
            let phi_error = shares.iter().map(|f| (f * (1.0 - f) / draws).sqrt()).collect();
            let mean_error = base.error(draws, |i| r[i] - base.mean);
            let found = answer(0.0, shares.clone(), base.mean, 0.0, false);
            Ok((found, answer(0.0, phi_error, mean_error, 0.0, true)))
        }
        Regime::Interior => {
            check_resolved(p, r, known.beta, draws, "delta", delta)?;
            let b = budget_of_shares(&shares, r, delta).beta;
            if !b.is_finite() || b == 0.0 {
                return Err(Error::invalid("delta", delta, "a budget below what the drawn outcomes can spend"));
            }
            let at = SharesTilt::new(&shares, r, b);
            check_variance(&at, "r")?;
            let (w, m) = (&at.weights, at.mean);
            let on_beta = |i: usize| ((w[i] - 1.0) - b * w[i] * (r[i] - m)) / (b * at.variance);
            let on_phi = |j: usize| {
                let at = &at;
                move |i: usize| w[i] * (f64::from(i == j) - at.phi(j)) + at.phi(j) * (r[j] - m) * on_beta(i)
            };
            let phi = outcomes.clone().map(|i| at.phi(i)).collect();
            let phi_error = outcomes.map(|j| at.error(draws, on_phi(j))).collect();
            let mean_error = at.error(draws, |i| (w[i] - 1.0) / b);
            let found = answer(b, phi, m, delta, false);
            Ok((found, answer(at.error(draws, on_beta), phi_error, mean_error, 0.0, true)))
        }
    }
}

/// Estimates and standard errors of a law's distance from the optimum of the budget problem, from the counts of base draws
/// and of draws of that law `omega`, independent of each other.
///
/// With $b$ and $\log Z$ at the budget from the base draws, influences those of [`budget_from_counts`] and
/// $(w - 1) + m\,\mathrm{on}_b$ on $\log Z(b)$; the rest are means over the draws of `omega`.
///
/// # Errors
/// Field `delta`: a tilt that the draws do not resolve, or a budget that saturates.
pub fn near_optimal_from_counts(
    (base, drawn): (&[u64], &[u64]),
    (p, omega): (&[f64], &[f64]),
    r: &[f64],
    delta: f64,
) -> Result<(NearOptimal, NearOptimal)> {
    let (optimum, optimum_error) = budget_from_counts(base, p, r, delta)?;
    if optimum.regime == Regime::Saturated {
        return Err(Error::invalid("delta", delta, "a budget below that where the optimum saturates"));
    }
    let (shares, draws) = shares_of(base);
    let at = SharesTilt::new(&shares, r, optimum.beta);
    let (b, w) = (optimum.beta, &at.weights);
    let (seen, drawn_draws) = shares_of(drawn);
    let outside = SharesTilt::new(&seen, r, 0.0);
    let ratio = |i: usize| (omega[i] / p[i]).ln();
    let mean_of =
        |f: &dyn Fn(usize) -> f64| -> f64 { (0..r.len()).filter(|&i| seen[i] > 0.0).map(|i| seen[i] * f(i)).sum() };
    let spread = |f: &dyn Fn(usize) -> f64| {
        let mean = mean_of(f);
        outside.error(drawn_draws, |i| f(i) - mean)
    };
    // Both samples are independent: variances add.
    let both = |of_base: f64, of_omega: f64| of_base.hypot(of_omega);
    let (kl_omega_p, reward_omega) = (mean_of(&ratio), outside.mean);
    let on_beta =
        |i: usize| if b > 0.0 { ((w[i] - 1.0) - b * w[i] * (r[i] - at.mean)) / (b * at.variance) } else { 0.0 };
    // Of log Z - b E_omega r, at the estimated E_omega r.
    let on_kl = |i: usize| (w[i] - 1.0) + (at.mean - reward_omega) * on_beta(i);
    let (gamma, epsilon) = (at.mean - reward_omega, kl_omega_p - optimum.kl);
    // epsilon + b gamma = kl_omega_p - b E_omega r + log Z: the identity of R3.
    let kl_error = both(at.error(draws, on_kl), spread(&|i| ratio(i) - b * r[i]));
    let estimate = NearOptimal {
        beta: b,
        kl_omega_p,
        reward_omega,
        reward_phi: at.mean,
        kl_omega_phi: kl_omega_p - b * reward_omega + at.log_z,
        epsilon,
        gamma,
        bound: epsilon + b * gamma,
    };
    let errors = NearOptimal {
        beta: optimum_error.beta,
        kl_omega_p: spread(&ratio),
        reward_omega: spread(&|i| r[i]),
        reward_phi: optimum_error.mean,
        kl_omega_phi: kl_error,
        epsilon: spread(&ratio),
        gamma: both(optimum_error.mean, spread(&|i| r[i])),
        bound: kl_error,
    };
    Ok((estimate, errors))
}

/// Estimates and standard errors of the rate $I_\beta(x) = \tau x - \Lambda(\beta + \tau) + \Lambda(\beta)$ from the counts of
/// base draws: the Legendre transform of their cumulants.
///
/// The influence is $w_\beta - w_{\beta+\tau}$ on the rate and $-w_{\beta+\tau} (s - x)/V$ on $\tau$. What lies outside
/// the rewards of `p` is infinite without a draw.
///
/// # Errors
/// Field `beta` or `x`: a tilt that the draws do not resolve; `s`: its variance is no positive double.
pub fn rate_from_counts(counts: &[u64], p: &[f64], s: &[f64], x: f64, beta: f64) -> Result<(Rate, Rate)> {
    let (shares, draws) = shares_of(counts);
    let held = || (0..s.len()).filter(|&i| p[i] > 0.0);
    let low = held().map(|i| s[i]).fold(f64::INFINITY, f64::min);
    let high = held().map(|i| s[i]).fold(f64::NEG_INFINITY, f64::max);
    let exact = |rate: f64, tau: Option<f64>| (Rate { rate, tau }, Rate { rate: 0.0, tau: tau.map(|_| 0.0) });
    if x < low || x > high {
        return Ok(exact(f64::INFINITY, None));
    } else if low == high {
        return Ok(exact(0.0, Some(0.0)));
    }
    check_resolved(p, s, beta, draws, "beta", beta)?;
    let base = SharesTilt::new(&shares, s, beta);
    if x == low || x == high {
        let at_end = |i: usize| f64::from(s[i] == x);
        let mass: f64 = (0..s.len()).map(|i| base.phi(i) * at_end(i)).sum();
        if mass * draws * RESOLVED.sqrt() < 1.0 {
            return Err(Error::invalid("x", x, format!("a reward that {draws} draws see")));
        }
        let tau = f64::INFINITY.copysign(x - 0.5 * (low + high));
        let rate = base.error(draws, |i| base.weights[i] * (at_end(i) / mass - 1.0));
        return Ok((Rate { rate: -mass.ln(), tau: Some(tau) }, Rate { rate, tau: Some(0.0) }));
    }
    let root = |shares: &[f64]| {
        let sign = (x - SharesTilt::new(shares, s, 0.0).mean).signum();
        let beyond = |b: f64| sign * (SharesTilt::new(shares, s, sign * b).mean - x) >= 0.0;
        sign * least_tilt((high - low).recip(), beyond)
    };
    check_resolved(p, s, root(p), draws, "x", x)?;
    let b = root(&shares);
    let at = SharesTilt::new(&shares, s, b);
    check_variance(&at, "s")?;
    let found = Rate { rate: (b - beta) * x - at.log_z + base.log_z, tau: Some(b - beta) };
    let rate = at.error(draws, |i| base.weights[i] - at.weights[i]);
    let tau = at.error(draws, |i| at.weights[i] * (s[i] - x) / at.variance);
    Ok((found, Rate { rate, tau: Some(tau) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prob::{Law, tilt};

    #[test]
    fn counts_in_the_shares_of_the_law_give_its_tilt() {
        let (estimate, errors) = tilt_from_counts(&[500, 300, 200], &[0.0, 1.0, 2.0], 0.7);
        let exact = tilt(&Law::new(&[0.5, 0.3, 0.2]).unwrap(), &[0.0, 1.0, 2.0], 0.7);
        for (found, wanted) in [
            (estimate.log_z, exact.log_z),
            (estimate.variance, exact.variance),
            (estimate.third_cumulant, exact.third_cumulant),
            (estimate.kl, exact.kl),
            (estimate.reverse_kl, exact.reverse_kl),
            (estimate.phi[2], exact.probs[2]),
        ] {
            assert!((found - wanted).abs() < 1e-14, "{found} instead of {wanted}");
        }
        // Relative variance of the normaliser: (e^{Lam(2b) - 2 Lam(b)} - 1) / M.
        let twice = tilt(&Law::new(&[0.5, 0.3, 0.2]).unwrap(), &[0.0, 1.0, 2.0], 1.4).log_z;
        assert!((errors.log_z - ((twice - 2.0 * exact.log_z).exp_m1() / 1000.0).sqrt()).abs() < 1e-14);
    }

    #[test]
    fn counts_in_the_shares_of_the_law_give_its_optimum() {
        let (p, r) = ([0.5, 0.3, 0.2], [0.0, 1.0, 2.0]);
        let (found, errors) = budget_from_counts(&[50_000, 30_000, 20_000], &p, &r, 0.2).unwrap();
        assert!((found.beta - 0.7751746209852189).abs() < 1e-12 && (found.mean - 1.2113855050744704).abs() < 1e-12);
        // The errors are derivatives: move a share and compare.
        let moved = |i: usize| {
            let mut counts = [50_000_000u64, 30_000_000, 20_000_000];
            counts[i] += 1000;
            let (moved, _) = budget_from_counts(&counts, &p, &r, 0.2).unwrap();
            let slope = |a: f64, b: f64| (a - b) * 1e5;
            [slope(moved.beta, found.beta), slope(moved.mean, found.mean), slope(moved.phi[2], found.phi[2])]
        };
        let mut square = [0.0; 3];
        (0..3).for_each(|i| (0..3).for_each(|k| square[k] += p[i] * moved(i)[k].powi(2)));
        for (error, square) in [errors.beta, errors.mean, errors.phi[2]].iter().zip(square) {
            let wanted = (square / 1e5f64).sqrt();
            assert!((error / wanted - 1.0).abs() < 1e-3, "{error} {wanted}");
        }
        let (top, _) = budget_from_counts(&[50_000, 30_000, 20_000], &p, &r, 5.0).unwrap();
        assert_eq!((top.phi, top.beta), (vec![0.0, 0.0, 1.0], f64::INFINITY));
        assert!(budget_from_counts(&[50, 30, 20], &p, &r, 0.2).is_err());
        assert_eq!(budget_of_shares(&p, &[1.0; 3], 0.2).regime, Regime::Degenerate);
    }

    #[test]
    fn one_outcome_has_no_error() {
        let (estimate, errors) = tilt_from_counts(&[0, 10], &[5.0, 1.0], -3.0);
        assert_eq!((estimate.phi, estimate.kl), (vec![0.0, 1.0], 0.0));
        assert_eq!(errors.mean, 0.0);
    }
}
