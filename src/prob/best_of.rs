//! Best-of-N on levels, for every real $N \ge 1$ given as $L = \log N$.
//!
//! The best of $N$ independent draws lands on level $j$ with probability $b_j = F_j^N - F_{j-1}^N$. With $c_j = -\log F_j$
//! and $s_j = \log(F_j/F_{j-1})$ the log-ratio to the base mass is
//! $$u_j = \log\frac{b_j}{P_j} = -(N-1)\,c_j + \log\Big(1 + \frac{1 - e^{-(N-1)s_j}}{e^{s_j} - 1}\Big),$$
//! a form without cancellation: both terms vanish with $N - 1$, neither needs $F^N$ or $N$ itself, and the divergence
//! $\sum P_j \psi(u_j)$ is exact as $N \to 1$. (Pmf: Beirami et al. 2024; this form derived.)
//!
//! Cost: O(M). Relative error of $b_j$ about $\epsilon (1 + |L| + |\log P_j|)$.

use super::Levels;
use super::tilt::{divergence_term, ratio_to_prob};
use crate::numerics::log_space::{log_add_exp, psi};
use crate::numerics::sum::sum;

/// The law of the best draw on the levels of the base law.
#[derive(Clone, Debug, PartialEq)]
pub struct BestOf {
    /// $\log b_j$, `-inf` where below every scale.
    pub log_probs: Vec<f64>,
    /// $\log(b_j/P_j)$: an outcome at level $j$ has policy $p\,b_j/P_j$ (ties broken uniformly at random).
    pub log_ratio: Vec<f64>,
    /// Mean value.
    pub mean: f64,
    /// $D(b\|P)$ in nats, also the divergence of the policy from the base law.
    pub kl: f64,
    /// Probability of beating an independent base draw, half a point for a tie.
    pub win_rate: f64,
}

/// The best of $N = e^{L}$ draws, `log_n` $= L \ge 0$ finite.
///
/// ```
/// use tilt::prob::{Law, Levels, best_of};
/// let (levels, _) = Levels::of_outcomes(&Law::new(&[0.5, 0.3, 0.2])?, &[0.0, 1.0, 2.0]);
/// assert!((best_of(&levels, 4f64.ln()).mean - 1.5279).abs() < 1e-14);
/// assert!((best_of(&levels, 2000.0).mean - 2.0).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn best_of(levels: &Levels, log_n: f64) -> BestOf {
    let extra = log_n.exp_m1(); // N - 1, used only while it and its products with c and s stay in range
    let in_range = log_n < 600.0;
    let log_extra = if in_range { extra.ln() } else { log_n };
    let log_ratio = (0..levels.len()).map(|j| {
        let log_step = levels.log_cdf_step()[j];
        let lost =
            if in_range { extra * levels.neg_log_cdf()[j] } else { (log_extra + levels.log_neg_log_cdf()[j]).exp() };
        let gained = if log_step == f64::INFINITY {
            0.0
        } else if in_range && log_step > -700.0 {
            let step = log_step.exp();
            (-(-extra * step).exp_m1() / step.exp_m1()).ln_1p()
        } else {
            softplus(log_decay(log_extra + log_step) - log_growth(log_step))
        };
        gained - lost
    });
    best_of_from_log_ratio(levels, log_ratio.collect())
}

/// $\log(1 + e^x)$.
pub(super) fn softplus(x: f64) -> f64 {
    log_add_exp(0.0, x)
}

/// $\log\frac{1 - e^{-x}}{x}$ for $x \ge 0$; 0 at 0.
pub(super) fn log_decay_mean(x: f64) -> f64 {
    if x > 54.0 {
        -x.ln() // the numerator is one to rounding
    } else if x < 0.25 {
        // Taylor series of log((1 - e^{-x})/x); the next term is below 1e-17 relative at x = 1/4
        let y = x * x;
        let even =
            1.0 / 24.0 + y * (-1.0 / 2880.0 + y * (1.0 / 181_440.0 + y * (-1.0 / 9_676_800.0 + y / 479_001_600.0)));
        -0.5 * x + y * even
    } else {
        (-(-x).exp_m1() / x).ln()
    }
}

/// $\log(1 - e^{-x})$ at $x = e^{\ell}$.
pub(super) fn log_decay(log_x: f64) -> f64 {
    if log_x > 4.0 { 0.0 } else { log_x + log_decay_mean(log_x.exp()) }
}

/// $\log(e^{x} - 1)$ at $x = e^{\ell}$; infinite at $\ell = \infty$.
pub(super) fn log_growth(log_x: f64) -> f64 {
    log_x.exp() + log_decay(log_x)
}

/// Completes a law on levels from its log-ratios $u_j = \log(b_j/P_j)$ to the base masses (of any rank transform).
pub fn best_of_from_log_ratio(levels: &Levels, log_ratio: Vec<f64>) -> BestOf {
    let log_mass = levels.log_mass();
    let survival = |j: usize| levels.log_survival()[j].exp();
    let (mut mean, mut kl, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    let (mut log_probs, mut above) = (Vec::with_capacity(levels.len()), 1.0);
    for (j, &u) in log_ratio.iter().enumerate() {
        let mass = log_mass[j].exp();
        let b = ratio_to_prob(mass, log_mass[j], u);
        log_probs.push(log_mass[j] + u);
        mean.push(b * levels.values()[j]);
        kl.push(divergence_term(mass, b, u));
        lost.push(b * (above + survival(j)));
        above = survival(j);
    }
    let (low, high) = (levels.values()[0], levels.values()[levels.len() - 1]);
    BestOf { log_probs, log_ratio, mean: sum(mean).clamp(low, high), kl: sum(kl), win_rate: 1.0 - 0.5 * sum(lost) }
}

/// $B(N) = \log N - (N-1)/N$, the divergence of best-of-N without atoms and an upper bound with them
/// (Beirami et al. 2024, Theorem 3.1); accurate as $N \to 1$, where it is $L^2/2$.
pub fn best_of_kl_bound(log_n: f64) -> f64 {
    if log_n < 1.0 { (-log_n).exp() * psi(log_n) } else { log_n + (-log_n).exp_m1() }
}

#[cfg(test)]
mod tests {
    use super::super::Law;
    use super::*;

    fn levels(p: &[f64]) -> Levels {
        Levels::of_outcomes(&Law::new(p).unwrap(), &(0..p.len()).map(|i| i as f64).collect::<Vec<_>>()).0
    }

    fn close(a: f64, b: f64, rtol: f64) {
        assert!((a - b).abs() <= rtol * b.abs(), "{a:e} against {b:e}");
    }

    #[test]
    fn log_means_against_their_definition() {
        for x in [1e-3, 0.1, 0.249_999, 0.250_001, 1.0, 3.0, 30.0, 60.0] {
            let direct = (-f64::exp_m1(-x) / x).ln();
            assert!((log_decay_mean(x) - direct).abs() < 3e-16 * (1.0 + direct.abs()), "{x}");
        }
        assert_eq!(log_decay_mean(0.0), 0.0);
        close(log_decay_mean(1e-9), -0.5e-9 + 1e-18 / 24.0, 4e-16);
    }

    #[test]
    fn integer_powers() {
        let best = best_of(&levels(&[0.5, 0.3, 0.2]), 4f64.ln());
        let probs: Vec<f64> = best.log_probs.iter().map(|x| x.exp()).collect();
        for (b, exact) in probs.iter().zip([0.0625, 0.4096 - 0.0625, 1.0 - 0.4096]) {
            close(*b, exact, 1e-15);
        }
        close(best.kl, 0.5597505603574843, 1e-15);
        close(best.win_rate, 0.7726, 1e-15);
    }

    #[test]
    fn one_draw_is_the_base_law() {
        let best = best_of(&levels(&[0.5, 0.3, 0.2]), 0.0);
        assert_eq!((best.log_ratio, best.kl), (vec![0.0; 3], 0.0));
        close(best.win_rate, 0.5, 1e-15);
    }

    #[test]
    fn near_one_draw_the_divergence_is_quadratic() {
        // d u_j / d N at N = 1, u'_j = (F_j log F_j - F_{j-1} log F_{j-1}) / P_j, and KL -> (L^2/2) sum P u'^2.
        let levels = levels(&[0.5, 0.3, 0.2]);
        let g = |f: f64| if f == 0.0 { 0.0 } else { f * f.ln() };
        let u = [g(0.5) / 0.5, (g(0.8) - g(0.5)) / 0.3, -g(0.8) / 0.2];
        let second = 0.5 * u[0] * u[0] + 0.3 * u[1] * u[1] + 0.2 * u[2] * u[2];
        for l in [1e-8, 1e-12, 1e-100] {
            close(best_of(&levels, l).kl, l * l / 2.0 * second, 1e-14 + 2.0 * l);
        }
    }

    #[test]
    fn beyond_every_number_of_draws_the_top_level_is_left() {
        for l in [60.0, 700.0, 2000.0, 1e4] {
            let best = best_of(&levels(&[0.5, 0.3, 0.2]), l);
            assert_eq!(best.log_probs[0].exp(), 0.0);
            close(best.mean, 2.0, 3e-16);
            close(best.kl, 5f64.ln(), 1e-15);
            close(best.win_rate, 0.9, 1e-15);
        }
    }

    #[test]
    fn masses_below_the_smallest_double() {
        // P = (1 - e^-2000, e^-2000) and N = e^2000: F_1^N = (1 - 1/N)^N = 1/e.
        let levels = Levels::from_log_masses(vec![0.0, 1.0], vec![0.0, -2000.0]).unwrap();
        let best = best_of(&levels, 2000.0);
        close(best.mean, 1.0 - (-1f64).exp(), 1e-12);
        close(best.log_probs[0], -1.0, 1e-12);
        // KL = b log b/P + (1-b) log(1-b) with b = 1 - 1/e.
        let b = 1.0 - (-1f64).exp();
        close(best.kl, b * (b.ln() + 2000.0) - (-1f64).exp(), 1e-12);
    }

    #[test]
    fn tiny_mass_below_a_heavy_cdf() {
        // A level of mass 1e-18 at F = 1/2: b_j = N P_j F_j^{N-1}, not a difference of powers.
        let levels = levels(&[0.5, 1e-18, 0.5]);
        close(best_of(&levels, 3f64.ln()).log_probs[1].exp(), 3.0 * 1e-18 * 0.25, 1e-14);
    }

    #[test]
    fn the_bound_at_both_ends() {
        close(best_of_kl_bound(1e-9), 0.5e-18 - 1e-27 / 6.0, 1e-15);
        close(best_of_kl_bound(1.0), (-1f64).exp(), 1e-15);
        close(best_of_kl_bound(4f64.ln()), 0.6362943611198906, 1e-15);
        assert_eq!(best_of_kl_bound(0.0), 0.0);
        assert_eq!(best_of_kl_bound(1e4), 9999.0);
    }
}
