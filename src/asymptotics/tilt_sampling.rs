//! The tilt from base draws alone: self-normalised importance sampling with errors by the delta method.
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
//! shared with the exact tilt.

use super::constrained::ExponentialTilt;

/// Estimates and standard errors of the tilt by `beta` from the counts of base draws; both in the shape of the exact answer.
///
/// `counts` has an entry an outcome and a positive total; `r` is finite.
pub fn tilt_from_counts(counts: &[u64], r: &[f64], beta: f64) -> (ExponentialTilt, ExponentialTilt) {
    let draws: u64 = counts.iter().sum();
    let seen: Vec<usize> = (0..counts.len()).filter(|&i| counts[i] > 0).collect();
    let share = |i: usize| counts[i] as f64 / draws as f64;
    let top = seen.iter().map(|&i| beta * r[i]).fold(f64::NEG_INFINITY, f64::max);
    let scale: f64 = seen.iter().map(|&i| share(i) * (beta * r[i] - top).exp()).sum();
    let weight = |i: usize| (beta * r[i] - top).exp() / scale;
    let phi = |i: usize| if counts[i] > 0 { share(i) * weight(i) } else { 0.0 };
    let mean: f64 = seen.iter().map(|&i| phi(i) * r[i]).sum();
    let base_mean: f64 = seen.iter().map(|&i| share(i) * r[i]).sum();
    let central = |power: i32| seen.iter().map(|&i| phi(i) * (r[i] - mean).powi(power)).sum::<f64>();
    let (variance, third, log_z) = (central(2), central(3), top + scale.ln());
    let error = |influence: &dyn Fn(usize) -> f64| {
        (seen.iter().map(|&i| share(i) * influence(i).powi(2)).sum::<f64>() / draws as f64).sqrt()
    };
    let kl = |i: usize| beta * weight(i) * (r[i] - mean) - (weight(i) - 1.0);
    let reverse = |i: usize| (weight(i) - 1.0) - beta * (r[i] - base_mean);
    let outcomes = 0..counts.len();
    let estimate = ExponentialTilt {
        phi: outcomes.clone().map(phi).collect(),
        log_z,
        mean,
        variance,
        third_cumulant: third,
        kl: beta * mean - log_z,
        reverse_kl: log_z - beta * base_mean,
        jeffreys: beta * (mean - base_mean),
    };
    let errors = ExponentialTilt {
        phi: outcomes.map(|j| error(&|i| weight(i) * (f64::from(i == j) - phi(j)))).collect(),
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
    fn one_outcome_has_no_error() {
        let (estimate, errors) = tilt_from_counts(&[0, 10], &[5.0, 1.0], -3.0);
        assert_eq!((estimate.phi, estimate.kl), (vec![0.0, 1.0], 0.0));
        assert_eq!(errors.mean, 0.0);
    }
}
