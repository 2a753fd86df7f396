//! Soft best-of-n at large `n`: the policy to first order around its target tilt (R17, derived).
//!
//! With `w = phi/p` and `chi2 = E_phi w - 1`, `pi_n = phi [1 + (chi2 + 1 - w)/n + O(n^-2)]`. Hence
//!
//! | field | expansion | error |
//! |---|---|---|
//! | `mean` | `E_phi r - Cov_phi(w, r)/n` | `O(n^-2)` |
//! | `kl_base` | `D(phi\|\|p) + E_phi[(chi2 + 1 - w) log w]/n` | `O(n^-2)` |
//! | `kl_tilt`, `kl_tilt_rev` | `Var_phi(w)/(2 n^2)` | `O(n^-3)` |
//!
//! It needs `n` beyond the largest `w`. Sums as in the textbook: nothing of the quadrature of `soft_best_of` nor of the
//! shared tilt. Source: the limit of n^2 D is derived; Mayrink Verdun et al. 2025 state the order of the bound.

use super::soft_best_of::SoftBestOf;
use super::tilt_sampling::SharesTilt;
use crate::prob::{Law, check_rewards};
use crate::{Error, Result};

/// Soft best-of-`n` at temperature `lambda` to first order in `1/n`.
///
/// # Errors
/// [`Error::InvalidInput`] about `r`, `lambda`, or `n`: not beyond the largest ratio of the tilt to the base.
pub fn soft_expansion(law: &Law, r: &[f64], n: u64, lambda: f64) -> Result<SoftBestOf> {
    check_rewards("r", r, law)?;
    if !(lambda > 0.0 && lambda.recip().is_finite()) {
        return Err(Error::invalid("lambda", lambda, "a temperature > 0 whose inverse is finite"));
    }
    let n = n as f64;
    let tilted = SharesTilt::new(law.probs(), r, lambda.recip());
    let (w, seen) = (&tilted.weights, law.support());
    let mean_of = |f: &dyn Fn(usize) -> f64| -> f64 { seen.iter().map(|&i| tilted.phi(i) * f(i)).sum() };
    let second = tilted.second_moment();
    let largest = w.iter().copied().fold(0.0, f64::max);
    if n <= largest {
        return Err(Error::invalid(
            "n",
            n,
            format!("more candidates than the largest ratio {largest} of tilt and base"),
        ));
    }
    let shift = |i: usize| (second - w[i]) / n;
    let log_w = |i: usize| if w[i] > 0.0 { w[i].ln() } else { 0.0 };
    let variance = mean_of(&|i| (w[i] - second).powi(2));
    let chi2 = mean_of(&|i| w[i] - 1.0).max(0.0);
    let kl = variance / (2.0 * n * n);
    Ok(SoftBestOf {
        policy: (0..law.len()).map(|i| tilted.phi(i) * (1.0 + shift(i))).collect(),
        mean: tilted.mean + mean_of(&|i| shift(i) * (r[i] - tilted.mean)),
        kl_base: mean_of(&log_w) + mean_of(&|i| shift(i) * log_w(i)),
        tilt: (0..law.len()).map(|i| tilted.phi(i)).collect(),
        tilt_mean: tilted.mean,
        kl_tilt: kl,
        kl_tilt_rev: kl,
        chi2,
        kl_tilt_bound: (chi2 / n).ln_1p(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::soft_best_of::soft_best_of;
    use super::*;

    #[test]
    fn every_field_is_within_its_order() {
        let law = Law::new(&[0.5, 0.3, 0.0, 0.2]).unwrap();
        let r = [0.0, 1.0, 9.0, 2.0];
        for lambda in [1.0, 3.0] {
            for n in [16u64, 64, 256, 1024] {
                let exact = soft_best_of(&law, &r, n, lambda).unwrap();
                let found = soft_expansion(&law, &r, n, lambda).unwrap();
                let x = (n as f64).recip();
                assert!(found.policy.iter().zip(&exact.policy).all(|(a, b)| (a - b).abs() < 4.0 * x * x));
                assert!(
                    (found.mean - exact.mean).abs() < 4.0 * x * x
                        && (found.kl_base - exact.kl_base).abs() < 8.0 * x * x
                );
                for (a, b) in [(found.kl_tilt, exact.kl_tilt), (found.kl_tilt_rev, exact.kl_tilt_rev)] {
                    assert!((a - b).abs() < 4.0 * x * x * x, "{n}: {a} {b}");
                }
                assert!((found.chi2 - exact.chi2).abs() < 1e-14 && (found.tilt_mean - exact.tilt_mean).abs() < 1e-14);
            }
        }
        assert!(soft_expansion(&law, &r, 2, 1.0).is_err());
        assert_eq!(soft_expansion(&law, &[1.0; 4], 2, 1.0).unwrap().kl_tilt, 0.0);
    }
}
