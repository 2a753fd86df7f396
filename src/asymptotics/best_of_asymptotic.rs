//! Best-of-N on a memoryless model at large `n`: second-order expansions (R24) and the self-consistent threshold.
//!
//! With `N = e^{n delta}`, `0 < delta < Delta_max`, `b = beta(delta)`, `V` the tilted symbol variance, `x* = m(b)` and
//! `G` a standard Gumbel variable, `R_N = n x* + (1/b)(G - log(2 pi n V b^2)/2) + o(1)` (non-lattice). On a lattice of
//! span `d` the constants are periodic in the phase: with `y0 = n x* - (1/b) log(a_d sqrt(2 pi n V))` and
//! `T(y) = e^{-b (y - y0)}`, the lattice point `y` has probability `e^{-T(y+d)} - e^{-T(y)}`; the sums run over all of
//! `n s_min + d Z` between `T = 750` and `T = 1e-20`. Error `O(log^2 n / n)`. Source: derived (spec R24, section 7).
//! Cost: `O(1)`, on a lattice `53 / (b d)` terms.

use super::lattice::Lattice;
use super::memoryless::Memoryless;
use super::memoryless_best_of::{MemorylessBestOf, check_log_best_of, spending};
use super::tail::{Saddle, check_span, lattice_tilt};
use crate::numerics::log_space::log1m_exp;
use crate::numerics::roots::bisect;
use crate::numerics::special::EULER_GAMMA;
use crate::numerics::sum::Sum;
use crate::prob::{Regime, Tilt, kl_optimum, tilt};
use crate::{Error, Result};
use std::f64::consts::{PI, TAU};

/// Second-order expansion of best-of-N. Quantity `asymptotics.bon_asymptotic`.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct BestOfAsymptotic {
    /// Mean total reward.
    pub mean: f64,
    /// `D(best of N || base)`.
    pub kl: f64,
    /// `D(best of N || phi^n)`.
    pub kl_to_rl: f64,
}

/// The expansion at `N = e^{n delta}`; `span` 0 for the non-lattice formulas.
///
/// # Errors
/// Field `delta` outside `(0, Delta_max)`, `span` (finite, >= 0), `s` not on the lattice; [`Error::TooLarge`] if the
/// lattice sum has more than 1e8 terms (`b d` below 5e-7).
pub fn best_of_asymptotic(model: &Memoryless, delta: f64, span: f64) -> Result<BestOfAsymptotic> {
    check_span(model, span)?;
    let n = model.length() as f64;
    let optimum =
        spending(delta, kl_optimum(model.letters(), model.rewards(), delta).map_err(|e| e.in_field("r", "s"))?)?;
    if optimum.regime != Regime::Interior {
        let expected = format!("a budget in (0, Delta_max) = (0, {})", optimum.delta_max);
        return Err(Error::invalid("delta", delta, expected));
    }
    let Tilt { beta, variance, mean: symbol_mean, .. } = optimum.tilt;
    let constants = second_order_constants(n, model.rewards()[0], n * symbol_mean, beta, variance, span, 0.0)?;
    Ok(BestOfAsymptotic {
        mean: n * symbol_mean + constants.mean,
        kl: n * delta + constants.kl,
        // D - b E R + n Lambda(b), with n delta = b n x* - n Lambda(b).
        kl_to_rl: constants.kl - beta * constants.mean,
    })
}

/// What the window of best-of-N adds to the leading terms.
pub(crate) struct Constants {
    /// `E R - n x*`.
    pub(crate) mean: f64,
    /// `D(best of N || base) - n delta`.
    pub(crate) kl: f64,
    /// `N (1 - win rate)`, half a point for a tie.
    lost: f64,
}

/// The constants of a sum of `n` with centre `n x*`, tilt `beta` and variance `n V`, on `n s_min + span Z` (0: off a lattice),
/// whose tail probabilities are `e^log_factor` times those of independent symbols.
pub(crate) fn second_order_constants(
    n: f64,
    s_min: f64,
    centre: f64,
    beta: f64,
    variance: f64,
    span: f64,
    log_factor: f64,
) -> Result<Constants> {
    let log_prefactor = (lattice_tilt(beta, span) * (TAU * n * variance).sqrt()).ln() - log_factor;
    if span > 0.0 {
        lattice_constants(n, s_min, centre, beta, span, log_prefactor)
    } else {
        Ok(Constants { mean: (EULER_GAMMA - log_prefactor) / beta, kl: -1.0, lost: 1.0 })
    }
}

/// The span of the lattice that the rewards lie on to within half of `tolerance`, 0 if there is none or a wide one.
pub(crate) fn widest_lattice(rewards: &[f64], tolerance: f64) -> f64 {
    Lattice::detect(rewards, 0.5 * tolerance, WIDTH_LIMIT).map_or(0.0, |lattice| lattice.span)
}

/// The constants of the lattice law.
fn lattice_constants(n: f64, s_min: f64, centre: f64, beta: f64, span: f64, log_prefactor: f64) -> Result<Constants> {
    let terms = (750f64.ln() + 20.0 * 10f64.ln()) / (beta * span);
    if terms > 1e8 {
        return Err(Error::too_large("the lattice sum of the expansion", terms, 1e8, "terms"));
    }
    // Lattice points relative to y0 = centre - log_prefactor / beta.
    let origin = n * s_min;
    // A level has probability e^{-T(y+d)} - e^{-T(y)}: it counts as long as T(y+d), one step above, is not large.
    let first = ((centre - (log_prefactor + 750f64.ln()) / beta - origin) / span).ceil() - 1.0;
    let base = (origin - centre) + first * span;
    let growth = -(-beta * span).exp_m1();
    let (mut mean, mut divergence, mut lost) = (Sum::new(), Sum::new(), Sum::new());
    for i in 0..=terms as u64 + 2 {
        // y - n x*
        let y = base + i as f64 * span;
        let t = (-(beta * y + log_prefactor)).exp();
        let difference = t * growth; // T(y) - T(y + d)
        let log_share = log1m_exp(-difference);
        let prob = (log_share - (t - difference)).exp();
        if t < 1e-20 || t - difference > 750.0 {
            continue;
        }
        mean.add(prob * y);
        divergence.add(prob * (log_share - (t - difference) - difference.ln()));
        // T = N P(R >= y): a base sequence beats the level with T(y + d)/N, ties with the difference.
        lost.add(prob * (t - 0.5 * difference));
    }
    Ok(Constants { mean: mean.value(), kl: divergence.value(), lost: lost.value() })
}

/// Widest lattice on which the periodic constants are summed; wider ones are as good as none.
const WIDTH_LIMIT: f64 = 1e4;

/// From here on above `n Delta_max` the best sequence is missed with probability below `e^{-e^{3.7}} = 3e-18`.
const SURE: f64 = 3.7;

/// Best of `N = e^log_best_of` sequences to second order: every field of the exact answer, for `n` beyond any table.
///
/// Inside the budget the lattice sums of [`best_of_asymptotic`], or without a lattice the mean of
/// [`best_of_self_consistent`] and the divergence `log N - (N-1)/N` of a law without atoms; errors of `mean`, `kl` and
/// `kl_to_rl` are `O(log^2 n / n)` at fixed `log N / n`, that of the win rate `e^{-log N}` times as much. Above
/// `n Delta_max` the best sequence is found up to a doubly exponential error. Source: derived (spec R23, R24, section 7).
///
/// # Errors
/// Field `log_best_of`: not finite or negative, so small that the expansion has no value (a mean below that of the base,
/// a negative divergence), or within 3.7 above `n Delta_max`, where the best sequence is found with a probability of order
/// one; [`Error::TooLarge`] as [`best_of_asymptotic`].
pub fn memoryless_best_of_expansion(model: &Memoryless, log_best_of: f64) -> Result<MemorylessBestOf> {
    check_log_best_of(log_best_of)?;
    let n = model.length() as f64;
    let (letters, rewards) = (model.letters(), model.rewards());
    let (low, high) = (n * model.symbol_mean(), n * rewards[rewards.len() - 1]);
    let delta = log_best_of / n;
    let optimum = spending(delta, kl_optimum(letters, rewards, delta).map_err(|e| e.in_field("r", "log_best_of"))?)?;
    let answer = |mean: f64, kl: f64, kl_to_rl: f64, log_lost: f64| MemorylessBestOf {
        mean,
        kl,
        delta,
        regime: optimum.regime,
        rl_mean_per_symbol: optimum.tilt.mean,
        kl_to_rl,
        win_rate: 1.0 - log_lost.exp(),
        kl_bound: log_best_of + (-log_best_of).exp_m1(),
    };
    let one_half = 0.5f64.ln();
    match optimum.regime {
        Regime::Degenerate | Regime::Base => return Ok(answer(low, 0.0, 0.0, one_half)),
        Regime::Saturated if log_best_of - n * optimum.delta_max < SURE => {
            let top = n * optimum.delta_max;
            let expected = format!("a number outside [{top}, {}], where the best is found by chance", top + SURE);
            return Err(Error::invalid("log_best_of", log_best_of, expected));
        }
        Regime::Saturated => {
            let kl = n * optimum.delta_max;
            return Ok(answer(high, kl, f64::INFINITY, one_half - kl));
        }
        Regime::Interior => {}
    }
    let span = widest_lattice(rewards, model.tolerance() / n);
    let Tilt { beta, variance, mean: symbol_mean, .. } = optimum.tilt;
    let constants = if span > 0.0 {
        second_order_constants(n, rewards[0], n * symbol_mean, beta, variance, span, 0.0)?
    } else {
        Constants {
            mean: best_of_self_consistent(model, log_best_of)?.mean - n * symbol_mean,
            kl: (-log_best_of).exp_m1(),
            lost: 1.0,
        }
    };
    let kl_to_rl = constants.kl - beta * constants.mean;
    let (mean, kl) = (n * symbol_mean + constants.mean, log_best_of + constants.kl);
    if mean < low || mean > high || kl < 0.0 || kl_to_rl < 0.0 || constants.lost.ln() - log_best_of > one_half {
        return Err(Error::invalid("log_best_of", log_best_of, "a number large enough for the second-order expansion"));
    }
    Ok(answer(mean, kl, kl_to_rl, constants.lost.ln() - log_best_of))
}

/// Mean reward of best-of-N from the tail formula with its `1/n` term, for `n` beyond any table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SelfConsistent {
    /// The total reward `t` with `log P(R >= t) = -log N`.
    pub threshold: f64,
    /// The mean reward `t + gamma/tau - ...`, error `O(n^-2)`.
    pub mean: f64,
    /// The tilt at the threshold.
    pub tau: f64,
}

/// Solves `log P(R >= t) = -log_best_of` with the corrected Bahadur-Rao formula (non-lattice), then
/// `E R = t + g/tau - (g^2 + pi^2/6)/(2 n V tau^3) - (g/(n tau^2))(1/(V tau) + k3/(2 V^2))`, `g` Euler's constant.
///
/// # Errors
/// Field `log_best_of`: not positive, `log_best_of / n` not below `Delta_max`, or so small that the formula has no value.
pub fn best_of_self_consistent(model: &Memoryless, log_best_of: f64) -> Result<SelfConsistent> {
    check_log_best_of(log_best_of)?;
    let n = model.length() as f64;
    let (letters, rewards) = (model.letters(), model.rewards());
    let delta = log_best_of / n;
    let optimum = spending(delta, kl_optimum(letters, rewards, delta).map_err(|e| e.in_field("r", "s"))?)?;
    if optimum.regime != Regime::Interior {
        let expected = format!("a number in (0, n Delta_max) = (0, {})", n * optimum.delta_max);
        return Err(Error::invalid("log_best_of", log_best_of, expected));
    }
    let excess = |tau: f64| {
        let tilted = tilt(letters, rewards, tau);
        Saddle::new(&tilted, n, 0.0).log_bahadur_rao_1().map(|log| log + log_best_of)
    };
    let refusal = || Error::invalid("log_best_of", log_best_of, "a number large enough for the 1/n term to be small");
    // At beta(delta) the tail is lighter than 1/N; walk down until it is heavier.
    let high = optimum.beta;
    let mut low = high;
    loop {
        low *= 0.9;
        match excess(low) {
            Some(value) if value > 0.0 => break,
            Some(_) if low > 1e-3 * high => {}
            _ => return Err(refusal()),
        }
    }
    let tau = bisect(|tau| excess(tau).unwrap_or(f64::INFINITY), low, high).x;
    let tilted = tilt(letters, rewards, tau);
    let Tilt { variance: v, third_cumulant: k3, mean, .. } = tilted;
    let g = EULER_GAMMA;
    let threshold = n * mean;
    let shift = g / tau
        - (g * g + PI * PI / 6.0) / (2.0 * n * v * tau.powi(3))
        - g / (n * tau * tau) * (1.0 / (v * tau) + k3 / (2.0 * v * v));
    Ok(SelfConsistent { threshold, mean: threshold + shift, tau })
}

#[cfg(test)]
mod tests {
    use super::super::memoryless_best_of::memoryless_best_of;
    use super::*;

    const P: [f64; 3] = [0.5, 0.3, 0.2];
    const IRRATIONAL: [f64; 3] = [0.0, 1.0, 1.8384776310850235];

    fn close(found: f64, wanted: f64, relative: f64) {
        assert!((found - wanted).abs() <= relative * wanted.abs(), "{found} instead of {wanted}");
    }

    #[test]
    fn reference_values() {
        let model = Memoryless::new(&P, &[0.0, 1.0, 2.0], 300).unwrap();
        let found = best_of_asymptotic(&model, 0.2, 1.0).unwrap();
        close(found.mean, 359.87574810332296, 1e-14);
        close(found.kl, 58.951237974292496, 1e-14);
        close(found.kl_to_rl, 1.6952812654541538, 1e-12);
        let model = Memoryless::new(&P, &IRRATIONAL, 300).unwrap();
        let found = best_of_asymptotic(&model, 0.2, 0.0).unwrap();
        close(found.mean, 338.5904575896003, 1e-14);
        close(found.kl, 59.0, 1e-14);
        close(found.kl_to_rl, 1.707704542502984, 1e-12);
        for (n, mean) in [(10u64, 10.2077770), (30, 32.3466306), (100, 111.3861404), (300, 338.5904576)] {
            let model = Memoryless::new(&P, &IRRATIONAL, n).unwrap();
            assert!((best_of_asymptotic(&model, 0.2, 0.0).unwrap().mean - mean).abs() < 6e-8);
        }
    }

    #[test]
    fn fine_lattices_tend_to_the_non_lattice_constants() {
        // Shifting by half a span: the mean of a lattice law is that of its left ends.
        let model = Memoryless::new(&P, &[0.0, 1.0, 2.0], 300).unwrap();
        let smooth = best_of_asymptotic(&model, 0.2, 0.0).unwrap();
        let fine = best_of_asymptotic(&model, 0.2, 1.0 / 1024.0).unwrap();
        assert!((fine.mean - smooth.mean).abs() < 1e-6, "{} {}", fine.mean, smooth.mean);
        assert!((fine.kl - smooth.kl).abs() < 1e-6);
    }

    #[test]
    fn outside_its_domain() {
        let model = Memoryless::new(&P, &[0.0, 1.0, 2.0], 300).unwrap();
        for delta in [0.0, -1.0, 1.7, f64::NAN] {
            assert!(best_of_asymptotic(&model, delta, 1.0).is_err());
        }
        assert!(best_of_asymptotic(&model, 0.2, 0.7).is_err());
    }

    #[test]
    fn self_consistent_mean() {
        for (n, mean) in [(100u64, 111.30466), (300, 338.55668), (700, 793.775034)] {
            let model = Memoryless::new(&P, &IRRATIONAL, n).unwrap();
            let found = best_of_self_consistent(&model, 0.2 * n as f64).unwrap();
            assert!((found.mean - mean).abs() < 6e-6, "{n}: {}", found.mean);
        }
        // n^2 * error bounded, about -22 for this instance.
        let s = [0.0, 1.0, 2f64.sqrt(), 5f64.sqrt()];
        let model = Memoryless::new(&[0.4, 0.25, 0.2, 0.15], &s, 160).unwrap();
        let exact = memoryless_best_of(&model, 0.35 * 160.0).unwrap().mean;
        let scaled = 160.0 * 160.0 * (best_of_self_consistent(&model, 0.35 * 160.0).unwrap().mean - exact);
        assert!((scaled.abs() - 22.0).abs() < 2.0, "{scaled}");
    }

    /// At `N = e^{n/5}`: every field of the expansion against the exact answer, in units of `log^2 n / n`.
    #[test]
    fn every_field_is_within_its_order() {
        for s in [[0.0, 1.0, 2.0], [0.0, 1.0, 3.5], IRRATIONAL] {
            for n in [60u64, 240, 960] {
                let model = Memoryless::new(&P, &s, n).unwrap();
                let log_n = 0.2 * n as f64;
                let (exact, found) =
                    (memoryless_best_of(&model, log_n).unwrap(), memoryless_best_of_expansion(&model, log_n).unwrap());
                let order = (n as f64).ln().powi(2) / n as f64;
                let lost = |w: f64| (1.0 - w) * log_n.exp();
                for (a, b) in [
                    (exact.mean, found.mean),
                    (exact.kl, found.kl),
                    (exact.kl_to_rl, found.kl_to_rl),
                    (lost(exact.win_rate), lost(found.win_rate)),
                ] {
                    let rounding = 1e-14 * log_n.exp();
                    assert!((a - b).abs() < order + rounding, "{s:?} {n}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn outside_the_budget() {
        let model = Memoryless::new(&[0.7, 0.3], &[0.0, 1.0], 20).unwrap();
        for log_n in [0.0, 28.0, 30.0, 1e4] {
            let (a, b) =
                (memoryless_best_of(&model, log_n).unwrap(), memoryless_best_of_expansion(&model, log_n).unwrap());
            assert!((a.mean - b.mean).abs() < 1e-14 && (a.kl - b.kl).abs() < 1e-12 && a.kl_to_rl == b.kl_to_rl);
            assert!((a.win_rate - b.win_rate).abs() < 1e-15 && (a.kl_bound - b.kl_bound).abs() < 1e-15);
        }
        // Near n Delta_max = 24.08 on its upper side, and where the expansion is below the base.
        assert!(memoryless_best_of_expansion(&model, 25.0).is_err());
        assert!(memoryless_best_of_expansion(&model, 1e-3).is_err());
        let flat = Memoryless::new(&P, &[1.0; 3], 12).unwrap();
        assert_eq!(memoryless_best_of_expansion(&flat, 3.0).unwrap().win_rate, 0.5);
    }

    #[test]
    fn huge_lengths() {
        let model = Memoryless::new(&P, &IRRATIONAL, 1_000_000_000_000).unwrap();
        let found = best_of_self_consistent(&model, 0.2e12).unwrap();
        let expansion = best_of_asymptotic(&model, 0.2, 0.0).unwrap();
        // They differ by O(log^2 n / n), and by the rounding of 1e12.
        assert!((found.mean - expansion.mean).abs() < 1e-3);
    }
}
