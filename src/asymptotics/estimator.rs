//! An estimator of the divergence of best-of-N that sees only the base probability of the chosen outcome (R10).
//!
//! $\hat D(e) = (1-e)^N[L + (N-1)\log(1-e) - (N-1)/N] + (1-(1-e)^N)\log\frac{1-(1-e)^N}{e}$ (Beirami et al. 2024) is the
//! exact divergence of best-of-N when the top outcome is an atom $e$ and the rest has none; its mean over the policy is
//! never below the true divergence (derived; their Conjecture 4.4).
//!
//! $g_N(q)$ is the divergence from uniform of the density proportional to $u^{N-1}$ on $(1-q, 1]$: what an atom of share
//! $q = P_j/F_j$ takes from the bound $B(N)$.
//!
//! Both are divergences, computed as integrals of $\psi \ge 0$ where the closed forms would cancel (small $N - 1$, small
//! $q$).

use super::best_of_n::{Ties, check_log_best_of};
use crate::numerics::log_space::psi;
use crate::numerics::quadrature::GaussLegendre;
use crate::numerics::sum::sum;
use crate::prob::{Law, best_of, best_of_kl_bound, check_rewards};
use crate::{Error, Result};
use std::sync::LazyLock;

/// $\hat D(\epsilon)$ at an observed base probability (quantity `asymptotics.bon_estimator_value`, field `value`).
///
/// # Errors
/// [`Error::InvalidInput`] about `eps` (outside (0, 1]) or `log_best_of`.
///
/// ```
/// use tilt::asymptotics::estimator::estimator_value;
/// assert_eq!(estimator_value(1.0, 3.0)?, 0.0);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn estimator_value(eps: f64, log_best_of: f64) -> Result<f64> {
    check_share(eps)?;
    check_log_best_of(log_best_of)?;
    Ok(dhat(eps, log_best_of))
}

/// `eps` is a probability in (0, 1].
pub(crate) fn check_share(eps: f64) -> Result<()> {
    let valid = eps > 0.0 && eps <= 1.0;
    if valid { Ok(()) } else { Err(Error::invalid("eps", eps, "a probability in (0, 1]")) }
}

/// $\hat D(e)$ without checks: `e` in (0, 1], `log_n` >= 0 finite.
fn dhat(e: f64, log_n: f64) -> f64 {
    if e == 1.0 || log_n == 0.0 {
        return 0.0;
    }
    let bound = best_of_kl_bound(log_n);
    let l = -(-e).ln_1p(); // -log(1-e)
    let log_l = l.ln();
    let h = (log_n + log_l).exp(); // -N log(1-e)
    let lost = if log_n < 600.0 { log_n.exp_m1() * l } else { h }; // (N-1) l
    // (1-(1-e)^N)/e = 1 + (1-e)(1-(1-e)^{N-1})/e
    let gained =
        if log_n < 600.0 { ((1.0 - e) * -(-lost).exp_m1() / e).ln_1p() } else { (-(-h).exp_m1()).ln() - e.ln() };
    let at_rest = if log_n < 0.05 && (log_n - lost).abs() < 0.1 {
        (1.0 - e) * mean_psi(log_n - lost, log_n.exp_m1())
    } else {
        return ((-h).exp() * (bound - lost.min(1e300)) - (-h).exp_m1() * gained).clamp(0.0, bound);
    };
    (e * psi(gained) + at_rest).clamp(0.0, bound)
}

/// $E\,\psi(c - x X)$ for $X$ standard exponential and small $c$, $x$: the series $\sum_k \frac{k-1}{k!} M_k$ with
/// $M_k = E(c - xX)^k = c^k - k x M_{k-1}$.
fn mean_psi(c: f64, x: f64) -> f64 {
    let (mut moment, mut power, mut factorial, mut total) = (1.0, 1.0, 1.0, 0.0);
    for k in 1..=24 {
        let k = f64::from(k);
        power *= c;
        factorial *= k;
        moment = power - k * x * moment;
        total += (k - 1.0) / factorial * moment;
    }
    total
}

/// $g_N(q) = \log\frac{Nq}{1-a^N} - (N-1)\big[\frac1N + \frac{a^N\log a}{1-a^N}\big]$, $a = 1-q$: the divergence from
/// uniform of the density proportional to $u^{N-1}$ on $(1-q, 1]$, for `q` in [0, 1] and `log_n` >= 0.
///
/// Nondecreasing in $q$ from $g_N(0) = 0$ to $g_N(1) = B(N)$. For $(N-1)q \ll 1$ it is the quadrature of
/// $\psi(\log f)$, in full relative accuracy; elsewhere the closed form, error about $\epsilon(1 + L)$.
pub fn atom_gap(q: f64, log_n: f64) -> f64 {
    if q <= 0.0 || log_n == 0.0 {
        return 0.0;
    }
    let bound = best_of_kl_bound(log_n);
    if q >= 1.0 {
        return bound;
    }
    let l = -(-q).ln_1p();
    let extra = log_n.exp_m1();
    if extra * l < 1.0 {
        // Density on [0,1] proportional to (1 - q x)^{N-1}. With x = (1 - e^{-l y})/q its logarithm is linear in y, and
        // the integrands are entire: a 20-point rule on panels of l y <= 3 is exact to rounding.
        static RULE: LazyLock<GaussLegendre> = LazyLock::new(|| GaussLegendre::new(20));
        let panels = (l / 3.0).ceil();
        let integrate = |f: &dyn Fn(f64) -> f64| {
            let jacobian = |y: f64| l * (-l * y).exp() / q;
            let panel =
                |k: i32| RULE.integrate(f64::from(k) / panels, f64::from(k + 1) / panels, |y| jacobian(y) * f(y));
            sum((0..panels as i32).map(panel))
        };
        let log_mean = integrate(&|y| (-extra * l * y).exp_m1()).ln_1p();
        return integrate(&|y| psi(-extra * l * y - log_mean));
    }
    let h = (log_n + l.ln()).exp();
    let log_top = (-(-h).exp_m1()).ln(); // log(1 - a^N)
    // -(N-1) a^N log a / (1 - a^N) = (h - l)/(e^h - 1)
    let tail = if h > 700.0 { 0.0 } else { (h - l) / h.exp_m1() };
    (log_n + q.ln() - log_top + (-log_n).exp_m1() + tail).clamp(0.0, bound)
}

/// The estimator's mean under best-of-N (quantity `asymptotics.bon_estimator`, order ties).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct EstimatorMean {
    /// $E_\pi \hat D(p(y))$.
    pub expected: f64,
    /// $D(\pi\|p)$.
    pub kl: f64,
    /// $B(N)$.
    pub bound: f64,
}

/// The mean of $\hat D$ over the best-of-N policy, ties broken by the order (reward, index).
///
/// # Errors
/// [`Error::InvalidInput`] about `r` or `log_best_of`.
pub fn estimator_mean(law: &Law, r: &[f64], log_best_of: f64) -> Result<EstimatorMean> {
    check_rewards("r", r, law)?;
    check_log_best_of(log_best_of)?;
    let (levels, _) = Ties::Order.levels(law, r);
    let best = best_of(&levels, log_best_of);
    let expected = sum(best.log_probs.iter().zip(levels.log_mass()).map(|(log_b, log_p)| {
        // an outcome rarer than the smallest f64 is as good as one without mass: Dhat(0+) = B(N)
        let e = log_p.exp();
        log_b.exp() * if e > 0.0 { dhat(e.min(1.0), log_best_of) } else { best_of_kl_bound(log_best_of) }
    }));
    Ok(EstimatorMean { expected, kl: best.kl, bound: best_of_kl_bound(log_best_of) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, rtol: f64) {
        assert!((a - b).abs() <= rtol * b.abs(), "{a:e} against {b:e}");
    }

    #[test]
    fn reference_values() {
        let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
        let at = estimator_mean(&law, &[0.0, 1.0, 2.0], 4f64.ln()).unwrap();
        close(at.expected, 0.6094997297260881, 2e-15);
        close(at.kl, 0.5597505603574843, 1e-15);
        close(at.bound, 0.6362943611198906, 1e-15);
    }

    #[test]
    fn uniform_experiment() {
        for (outcomes, n, exact, expected, bound) in [
            (10, 10.0, 1.3610971767098816, 1.3788867362548953, 1.402585092994046),
            (10, 100.0, 2.302278677076586, 2.3023163422984885, 3.615170185988092),
            (100, 100.0, 3.5744761759535075, 3.5896667076996462, 3.615170185988092),
            (1000, 1e4, 6.90725812492486, 6.907317039019652, 8.210440371976183),
        ] {
            let law = Law::new(&vec![1.0 / f64::from(outcomes); outcomes as usize]).unwrap();
            let r: Vec<f64> = (0..outcomes).map(f64::from).collect();
            let at = estimator_mean(&law, &r, f64::ln(n)).unwrap();
            close(at.kl, exact, 3e-15);
            close(at.expected, expected, 3e-15);
            close(at.bound, bound, 3e-15);
        }
    }

    #[test]
    fn ends_and_series() {
        assert_eq!(estimator_value(1.0, 5.0).unwrap(), 0.0);
        close(estimator_value(1e-300, 5.0).unwrap(), best_of_kl_bound(5.0), 1e-14);
        // The series joins the closed form: at L = 0.05 both apply; the closed form's error is eps * L / Dhat.
        for e in [1e-3, 0.3, 0.6] {
            close(dhat(e, 0.049_999_999_999), dhat(e, 0.050_000_000_001), 1e-9);
            // quadratic as L -> 0
            close(dhat(e, 1e-9), dhat(e, 1e-7) * 1e-4, 1e-6);
        }
        // 40-digit values (mpmath)
        for (e, log_n, exact) in [
            (0.3, 0.03, 0.000_444_031_441_330_650_36),
            (0.001, 1e-8, 4.999_999_982_916_25e-17),
            (0.9, 0.04, 0.000_531_217_963_186_000_9),
            (0.9, 3.0, 0.105_360_515_657_826_28),
            (1e-8, 16.0, 14.999_972_143_015_396),
        ] {
            close(dhat(e, log_n), exact, 1e-13);
        }
        assert!(estimator_value(0.0, 1.0).is_err() && estimator_value(0.5, -1.0).is_err());
        close(estimator_value(0.5, 2000.0).unwrap(), 2f64.ln(), 1e-14);
    }

    #[test]
    fn atom_gap_is_monotone_and_joins_its_forms() {
        for log_n in [1e-9, 1e-3, 0.5, 2.0, 8.0, 40.0, 2000.0] {
            let mut last = 0.0;
            for step in 1..400 {
                let q = (f64::from(step) / 10.0 - 40.0).exp();
                let g = atom_gap(q, log_n);
                assert!(
                    g >= last * (1.0 - 1e-13) - 1e-15 * (1.0 + log_n) * f64::from(log_n > 0.5),
                    "{q} {log_n}: {last:e} {g:e}"
                );
                last = g;
            }
            assert!(last <= best_of_kl_bound(log_n));
        }
        // 40-digit values (mpmath)
        for (q, log_n, exact) in [
            (0.3, 0.1, 5.820_589_220_717_296e-5),
            (0.99, 0.1, 0.003_969_742_228_165_326),
            (0.999999, 0.001, 4.997_387_209_027_787e-7),
            (1e-5, 3.0, 1.5177556744877574e-9),
            (0.2, 3.0, 0.500_448_470_954_756_4),
            (0.9, 0.5, 0.058_188_829_673_618_55),
        ] {
            // 1 - q is rounded: relative eps/(1-q) in log(1-q), damped by its weight
            close(atom_gap(q, log_n), exact, 1e-13);
        }
        // small q: (N-1)^2 q^2 / 24, next term relative (N-1) q
        close(atom_gap(1e-9, 3f64.ln()), 4e-18 / 24.0, 1e-8);
        close(atom_gap(1.0 - 1e-12, 1.0), best_of_kl_bound(1.0), 1e-9);
    }
}
