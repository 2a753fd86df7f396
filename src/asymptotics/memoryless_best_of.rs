//! Best-of-N on a memoryless model against the KL-constrained optimum with the same budget (R19, R23).
//!
//! Exact: the law of `R` on its levels, then best-of-N on levels for real `log N`. The optimum at `delta = (log N) / n`
//! nats a symbol is the product tilt `phi^n`, and `D(best of N || phi^n) = sum_j phi_j psi(log b_j - log phi_j)` over
//! levels, a sum of non-negative terms, with `log phi_j = log P_j + n KL + beta (v_j - n m)`: nothing of size `n delta`
//! cancels. With a saturated budget and more than one level the divergence is exactly infinite (best-of-N misses the top
//! with positive probability). Source: Yang et al. 2024 (limits); exact engine derived.

use super::markov::relative_entropy_term;
use super::memoryless::Memoryless;
use super::reward_law::{RewardLaw, log_tilt_ratio, reward_law};
use crate::numerics::sum::sum;
use crate::prob::{BestOf, Levels, Optimum, Regime, best_of, best_of_kl_bound, kl_optimum};
use crate::{Error, Result};

/// Best-of-N on sequences. Quantity `asymptotics.mem_bon`.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct MemorylessBestOf {
    /// Mean total reward.
    pub mean: f64,
    /// `D(best of N || base)`, nats.
    pub kl: f64,
    /// `log(N) / n`.
    pub delta: f64,
    /// The case of the budget problem a symbol at `delta`.
    pub regime: Regime,
    /// Mean reward a symbol of the optimum at `delta`.
    pub rl_mean_per_symbol: f64,
    /// `D(best of N || phi^n)`; infinite if saturated, 0 if degenerate.
    pub kl_to_rl: f64,
    /// Probability of beating one base sequence, half a point for equal rewards.
    pub win_rate: f64,
    /// `log N - (N - 1) / N`.
    pub kl_bound: f64,
}

/// Best of `N = e^log_best_of` sequences of the model.
///
/// ```
/// use tilt::asymptotics::{memoryless::Memoryless, memoryless_best_of::memoryless_best_of};
/// let model = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.0], 30).unwrap();
/// let best = memoryless_best_of(&model, 6.0).unwrap();
/// assert!((best.mean - 34.11119561415674).abs() < 1e-12);
/// assert!((best.kl_to_rl - 0.6991487645070052).abs() < 1e-13);
/// ```
///
/// # Errors
/// Field `log_best_of` (finite, >= 0); [`Error::TooLarge`] from the exact law.
pub fn memoryless_best_of(model: &Memoryless, log_best_of: f64) -> Result<MemorylessBestOf> {
    check_log_best_of(log_best_of)?;
    memoryless_best_of_on(model, &reward_law(model)?, log_best_of)
}

/// As [`memoryless_best_of`] on a law already computed: a sweep over `N` costs `O(M)` each.
///
/// # Errors
/// Field `log_best_of`.
pub fn memoryless_best_of_on(model: &Memoryless, law: &RewardLaw, log_best_of: f64) -> Result<MemorylessBestOf> {
    check_log_best_of(log_best_of)?;
    let n = model.length() as f64;
    let delta = log_best_of / n;
    let optimum =
        spending(delta, kl_optimum(model.letters(), model.rewards(), delta).map_err(|e| e.in_field("r", "s"))?)?;
    let best = best_of(&law.levels, log_best_of);
    let log_ratio = |levels: &Levels| log_tilt_ratio(model, &optimum.tilt, levels.values());
    let kl_to_rl = divergence_from_optimum(&law.levels, &best, &optimum, log_ratio);
    Ok(MemorylessBestOf {
        mean: best.mean,
        kl: best.kl,
        delta,
        regime: optimum.regime,
        rl_mean_per_symbol: optimum.tilt.mean,
        kl_to_rl,
        win_rate: best.win_rate,
        kl_bound: best_of_kl_bound(log_best_of),
    })
}

/// The optimum, if it spends its budget: everything measured against it would be wrong otherwise.
pub(crate) fn spending(budget: f64, optimum: Optimum) -> Result<Optimum> {
    let residual = (optimum.tilt.kl / budget - 1.0).abs();
    if optimum.regime == Regime::Interior && !residual.le(&SPENT) {
        let method = "the KL budget".into();
        return Err(Error::NotConverged { method, iterations: 1, residual, tolerance: SPENT });
    }
    Ok(optimum)
}

/// Largest relative error of the divergence that the optimum spends.
const SPENT: f64 = 1e-9;

/// `D(best || optimum)` on levels, `log_ratio` giving `log(optimum / base)` a level.
pub(crate) fn divergence_from_optimum(
    levels: &Levels,
    best: &BestOf,
    optimum: &Optimum,
    log_ratio: impl Fn(&Levels) -> Vec<f64>,
) -> f64 {
    match optimum.regime {
        Regime::Degenerate => 0.0,
        Regime::Base => best.kl,
        Regime::Saturated if levels.len() > 1 => f64::INFINITY,
        Regime::Saturated => 0.0,
        Regime::Interior => {
            let ratio = log_ratio(levels);
            sum(ratio.iter().enumerate().map(|(j, u)| {
                let log_phi = levels.log_mass()[j] + u;
                // log b_j - log phi_j without the base mass.
                relative_entropy_term(log_phi.exp(), best.log_probs[j].exp(), best.log_ratio[j] - u)
            }))
        }
    }
}

pub(crate) fn check_log_best_of(log_best_of: f64) -> Result<()> {
    if log_best_of.is_finite() && log_best_of >= 0.0 {
        Ok(())
    } else {
        Err(Error::invalid("log_best_of", log_best_of, "a finite number >= 0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: [f64; 3] = [0.5, 0.3, 0.2];
    const LATTICE: [f64; 3] = [0.0, 1.0, 2.0];
    const IRRATIONAL: [f64; 3] = [0.0, 1.0, 1.8384776310850235];

    fn close(found: f64, wanted: f64) {
        assert!((found - wanted).abs() <= 1e-12 * wanted.abs(), "{found} instead of {wanted}");
    }

    #[test]
    fn reference_values() {
        // (s, n, mean, kl, kl_to_rl, win_rate) at log N = n / 5.
        let rows = [
            (LATTICE, 10, 10.483704316872354, 1.116409553551012, 0.3800610308292871, 0.876460787082406),
            (LATTICE, 30, 34.11119561415674, 4.970222903170902, 0.6991487645070052, 0.9973634257187303),
            (LATTICE, 100, 118.23325663195139, 18.95788946288913, 1.209999541677147, 0.9999999977570315),
            (LATTICE, 300, 359.84175004770117, 58.95392538678237, 1.7243231078249246, 1.0),
            (IRRATIONAL, 10, 9.921488606057421, 1.132305495220311, 0.38277327757072205, 0.8801147023383666),
            (IRRATIONAL, 30, 32.1739397189236, 5.000714046315137, 0.7039233821176877, 0.9975186478363619),
            (IRRATIONAL, 100, 111.31395390519441, 18.99927396731864, 1.2190351153131516, 0.9999999979358501),
        ];
        for (s, n, mean, kl, kl_to_rl, win_rate) in rows {
            let found = memoryless_best_of(&Memoryless::new(&P, &s, n).unwrap(), n as f64 / 5.0).unwrap();
            close(found.mean, mean);
            close(found.kl, kl);
            close(found.kl_to_rl, kl_to_rl);
            close(found.win_rate, win_rate);
            assert_eq!(found.regime, Regime::Interior);
        }
        let found = memoryless_best_of(&Memoryless::new(&[0.7, 0.3], &[0.0, 1.0], 20).unwrap(), 30.0).unwrap();
        close(found.mean, 20.0);
        close(found.kl, 24.07945608651872);
        close(found.win_rate, 0.9999999999825661);
        close(found.kl_bound, 29.000000000000092);
        assert_eq!((found.regime, found.kl_to_rl, found.rl_mean_per_symbol), (Regime::Saturated, f64::INFINITY, 1.0));
    }

    #[test]
    fn convergence_rows() {
        for (n, mean, kl_to_rl) in [(300u64, Some(338.5573111), 1.7356112), (1000, None, 2.32145)] {
            let model = Memoryless::new(&P, &IRRATIONAL, n).unwrap();
            let found = memoryless_best_of(&model, n as f64 / 5.0).unwrap();
            if let Some(mean) = mean {
                assert!((found.mean - mean).abs() < 6e-8);
            }
            assert!((found.kl_to_rl - kl_to_rl).abs() < 6e-6);
        }
    }

    #[test]
    fn limits() {
        let model = Memoryless::new(&P, &LATTICE, 12).unwrap();
        let one = memoryless_best_of(&model, 0.0).unwrap();
        assert_eq!((one.regime, one.kl, one.kl_to_rl), (Regime::Base, 0.0, 0.0));
        assert!((one.win_rate - 0.5).abs() < 1e-15);
        let all = memoryless_best_of(&model, 1e6).unwrap();
        assert_eq!((all.mean, all.regime), (24.0, Regime::Saturated));
        close(all.kl, -12.0 * 0.2f64.ln());
        let flat = memoryless_best_of(&Memoryless::new(&P, &[1.0; 3], 12).unwrap(), 3.0).unwrap();
        assert_eq!((flat.regime, flat.kl_to_rl, flat.kl), (Regime::Degenerate, 0.0, 0.0));
        assert!(memoryless_best_of(&model, -1.0).is_err());
    }

    #[test]
    fn miss_probability_above_the_critical_budget() {
        // P(R < n s_max) = (1 - P*)^N, P* = e^{-n Delta_max} (R23): log(-log) of both sides.
        let model = Memoryless::new(&P, &LATTICE, 8).unwrap();
        let law = reward_law(&model).unwrap();
        for excess in [-2.0, 0.0, 1.0] {
            let log_n = -8.0 * 0.2f64.ln() + excess;
            let best = best_of(&law.levels, log_n);
            let miss: f64 = best.log_probs[..16].iter().map(|b| b.exp()).sum();
            close(miss, (log_n.exp() * (-0.2f64.powi(8)).ln_1p()).exp());
        }
    }
}
