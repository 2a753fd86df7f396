//! The law of a reward on its distinct values, with both tails accurate.
//!
//! Levels $v_1 < \dots < v_M$ carry masses $P_j$, survival $S_j = P(R > v_j)$ and $F_j = P(R \le v_j)$. Best-of-N and every
//! other rank transform sees a law only through these. Kept in logarithms so that $N = e^{10^4}$ and masses of
//! $e^{-10^4}$ are ordinary numbers:
//!
//! | symbol | field | meaning |
//! |---|---|---|
//! | $\log P_j$ | `log_mass` | |
//! | $\log S_j$ | `log_survival` | summed from the top; `-inf` at the top level |
//! | $c_j = -\log F_j$ | `neg_log_cdf` | from $S_j$ below one half, from $F_j$ summed from the bottom above |
//! | $\log c_j$ | `log_neg_log_cdf` | the spec's $g(\log S_j)$; does not underflow with $S_j$ |
//! | $\log \log(F_j/F_{j-1})$ | `log_cdf_step` | from $P_j/F_j$ where that is small; `+inf` at the bottom level |
//!
//! Cost: O(k log k) to sort outcomes, O(M) otherwise.

use super::Law;
use crate::numerics::log_space::{log_neg_log1m_exp, log_sum_exp};
use crate::numerics::sum::{Sum, sum};
use crate::{Error, Result};

/// A real-valued law on ascending levels.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    values: Vec<f64>,
    log_mass: Vec<f64>,
    log_survival: Vec<f64>,
    neg_log_cdf: Vec<f64>,
    log_neg_log_cdf: Vec<f64>,
    log_cdf_step: Vec<f64>,
}

impl Levels {
    /// The levels of reward `r` (finite, one entry an outcome) under `law`, and the level of every outcome (`None` where
    /// there is no mass). Rewards belong together when they are equal.
    ///
    /// ```
    /// use tilt::prob::{Law, Levels};
    /// let law = Law::new(&[0.25, 0.25, 0.25, 0.25])?;
    /// let (levels, of) = Levels::of_outcomes(&law, &[1.0, 0.0, 1.0, 2.0]);
    /// assert_eq!(levels.values(), [0.0, 1.0, 2.0]);
    /// assert_eq!(of, [Some(1), Some(0), Some(1), Some(2)]);
    /// # Ok::<(), tilt::Error>(())
    /// ```
    pub fn of_outcomes(law: &Law, r: &[f64]) -> (Levels, Vec<Option<usize>>) {
        Levels::grouped(law, r, |i, j| r[i] == r[j])
    }

    /// Every outcome with mass as a level of its own, in the total order by (reward, index): the "order" tie rule.
    /// Values are then ascending but not strictly.
    pub fn by_order(law: &Law, r: &[f64]) -> (Levels, Vec<Option<usize>>) {
        Levels::grouped(law, r, |_, _| false)
    }

    fn grouped(law: &Law, r: &[f64], together: impl Fn(usize, usize) -> bool) -> (Levels, Vec<Option<usize>>) {
        let mut order = law.support().to_vec();
        order.sort_by(|&i, &j| r[i].partial_cmp(&r[j]).unwrap_or(std::cmp::Ordering::Equal)); // stable: ties by index
        let mut level_of = vec![None; law.len()];
        let (mut values, mut masses) = (Vec::new(), Vec::new());
        for group in order.chunk_by(|&i, &j| together(i, j)) {
            for &i in group {
                level_of[i] = Some(values.len());
            }
            values.push(r[group[0]]);
            let mass = sum(group.iter().map(|&i| law.probs()[i]));
            let log_mass = if mass > f64::MIN_POSITIVE {
                mass.ln()
            } else {
                log_sum_exp(&group.iter().map(|&i| law.log_probs()[i]).collect::<Vec<_>>())
            };
            masses.push((mass, log_mass));
        }
        (Levels::build(values, &masses), level_of)
    }

    /// A law given by strictly ascending `values` and the logarithms of their masses, renormalised to sum to one.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `values` or `log_masses`: lengths, finiteness, order, or a total mass farther than
    /// 1e-9 from one.
    pub fn from_log_masses(values: Vec<f64>, log_masses: Vec<f64>) -> Result<Levels> {
        if values.is_empty() || values.len() != log_masses.len() {
            let found = format!("a vector of length {}", log_masses.len());
            return Err(Error::invalid("log_masses", found, format!("{} >= 1 entries, one a value", values.len())));
        }
        if let Some(j) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::invalid(format!("values[{j}]"), values[j], "a finite number"));
        }
        if let Some(j) = (1..values.len()).find(|&j| values[j - 1] >= values[j]) {
            return Err(Error::invalid(format!("values[{j}]"), values[j], "strictly ascending values"));
        }
        if let Some(j) = log_masses.iter().position(|m| !m.is_finite()) {
            return Err(Error::invalid(format!("log_masses[{j}]"), log_masses[j], "a finite log-mass"));
        }
        let total = log_sum_exp(&log_masses);
        if total.abs() > 1e-9 {
            let found = format!("a vector of log-sum {total}");
            return Err(Error::invalid("log_masses", found, "log-sum 0 (within 1e-9)"));
        }
        let masses: Vec<(f64, f64)> = log_masses.iter().map(|m| ((m - total).exp(), m - total)).collect();
        Ok(Levels::build(values, &masses))
    }

    /// From values and pairs (mass, log-mass); the mass may have underflowed.
    fn build(values: Vec<f64>, masses: &[(f64, f64)]) -> Levels {
        let count = values.len();
        let mut log_mass: Vec<f64> = masses.iter().map(|m| m.1).collect();
        let mut log_survival = vec![f64::NEG_INFINITY; count];
        let mut above = LogSum::default();
        for j in (1..count).rev() {
            above.add(masses[j]);
            log_survival[j - 1] = above.log().min(0.0);
        }
        let (mut neg_log_cdf, mut log_neg_log_cdf) = (vec![0.0; count], vec![f64::NEG_INFINITY; count]);
        let mut below = LogSum::default();
        for j in 0..count.saturating_sub(1) {
            below.add(masses[j]);
            let survival = log_survival[j].exp();
            if survival < 0.5 {
                neg_log_cdf[j] = -(-survival).ln_1p();
                log_neg_log_cdf[j] = log_neg_log1m_exp(log_survival[j]);
            } else {
                neg_log_cdf[j] = -below.log();
                log_neg_log_cdf[j] = neg_log_cdf[j].ln();
            }
        }
        if let Some(heavy) = masses.iter().position(|m| m.0 > 0.5) {
            let below = if heavy > 0 { (-neg_log_cdf[heavy - 1]).exp() } else { 0.0 };
            log_mass[heavy] = (-(below + log_survival[heavy].exp())).ln_1p();
        }
        let mut log_cdf_step = vec![f64::INFINITY; count];
        for j in 1..count {
            let log_share = log_mass[j] + neg_log_cdf[j]; // log(P_j / F_j)
            log_cdf_step[j] = if log_share < -std::f64::consts::LN_2 {
                log_neg_log1m_exp(log_share)
            } else {
                (neg_log_cdf[j - 1] - neg_log_cdf[j]).ln()
            };
        }
        Levels { values, log_mass, log_survival, neg_log_cdf, log_neg_log_cdf, log_cdf_step }
    }

    /// Number of levels, at least one.
    #[allow(clippy::len_without_is_empty)] // a law is never empty
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The level values, ascending.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// $\log P_j$.
    pub fn log_mass(&self) -> &[f64] {
        &self.log_mass
    }

    /// $\log S_j = \log P(R > v_j)$.
    pub fn log_survival(&self) -> &[f64] {
        &self.log_survival
    }

    /// $-\log F_j = -\log P(R \le v_j)$, in relative accuracy at both ends (0 at the top level; underflows to 0 where
    /// $S_j$ does).
    pub fn neg_log_cdf(&self) -> &[f64] {
        &self.neg_log_cdf
    }

    /// $\log(-\log F_j)$; `-inf` at the top level.
    pub fn log_neg_log_cdf(&self) -> &[f64] {
        &self.log_neg_log_cdf
    }

    /// $\log \log(F_j/F_{j-1})$; `+inf` at the bottom level.
    pub fn log_cdf_step(&self) -> &[f64] {
        &self.log_cdf_step
    }

    /// Mean of the values.
    pub fn mean(&self) -> f64 {
        let (low, high) = (self.values[0], self.values[self.len() - 1]);
        sum(self.values.iter().zip(&self.log_mass).map(|(v, m)| v * m.exp())).clamp(low, high)
    }
}

/// A running sum of masses that may each be far below the smallest `f64`: compensated, in a floating unit.
#[derive(Default)]
struct LogSum {
    log_unit: f64,
    sum: Sum,
}

impl LogSum {
    /// Units change in steps of e^300, so that both sums within a unit and exponents stay in range.
    const STEP: f64 = 300.0;

    fn add(&mut self, (mass, log_mass): (f64, f64)) {
        if self.sum.value() == 0.0 {
            self.log_unit = if log_mass < -Self::STEP { log_mass } else { 0.0 };
        } else if self.log_unit < 0.0 && log_mass > self.log_unit + Self::STEP {
            let unit = if log_mass < -Self::STEP { log_mass } else { 0.0 };
            let rescaled = self.sum.value() * (self.log_unit - unit).exp();
            self.sum = Sum::new();
            self.sum.add(rescaled);
            self.log_unit = unit;
        }
        self.sum.add(if self.log_unit == 0.0 { mass } else { (log_mass - self.log_unit).exp() });
    }

    fn log(&self) -> f64 {
        self.log_unit + self.sum.value().ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_equal_rewards_and_drops_zero_mass() {
        let law = Law::new(&[0.2, 0.0, 0.3, 0.5]).unwrap();
        let (levels, of) = Levels::of_outcomes(&law, &[0.0, 9.0, -0.0, -1.0]);
        assert_eq!((levels.values(), of), (&[-1.0, 0.0][..], vec![Some(1), None, Some(1), Some(0)]));
        assert!((levels.log_survival()[0] - 0.5f64.ln()).abs() < 1e-15);
        let (ordered, of) = Levels::by_order(&law, &[0.0, 9.0, -0.0, -1.0]);
        assert_eq!((ordered.len(), of), (3, vec![Some(1), None, Some(2), Some(0)]));
    }

    #[test]
    fn tails_keep_relative_accuracy() {
        let law = Law::new(&[1e-200, 1.0 - 2e-17, 1e-17]).unwrap();
        let (levels, _) = Levels::of_outcomes(&law, &[0.0, 1.0, 2.0]);
        // c_1 = -log(1e-200), c_2 = -log(1 - 1e-17) = 1e-17, c_3 = 0.
        assert!((levels.neg_log_cdf()[0] / (200.0 * 10f64.ln()) - 1.0).abs() < 1e-15);
        assert!((levels.neg_log_cdf()[1] / 1e-17 - 1.0).abs() < 1e-14);
        assert_eq!(levels.neg_log_cdf()[2], 0.0);
        assert!((levels.log_cdf_step()[2] - 1e-17f64.ln()).abs() < 1e-13);
        assert!((levels.log_cdf_step()[1].exp() / (200.0 * 10f64.ln()) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn masses_below_the_smallest_double() {
        // Geometric masses e^{-j}/Z: S_j = e^{-(j+1)} / (1 - e^{-5000}) - ..., to rounding e^{-(j+1)} for j << 5000.
        let log_norm = (-(-1f64).exp()).ln_1p();
        let levels = Levels::from_log_masses(
            (0..5000).map(f64::from).collect(),
            (0..5000).map(|j| f64::from(-j) + log_norm).collect(),
        )
        .unwrap();
        for j in [0usize, 10, 300, 2000, 4000] {
            assert!((levels.log_survival()[j] + (j + 1) as f64).abs() < 2e-16 * (j as f64 + 20.0), "{j}");
            assert!((levels.log_neg_log_cdf()[j] - levels.log_survival()[j]).abs() < 0.3);
        }
        // Ascending instead: F_j is the tiny one.
        let levels = Levels::from_log_masses(
            (0..5000).map(f64::from).collect(),
            (0..5000).map(|j| f64::from(j - 4999) + log_norm).collect(),
        )
        .unwrap();
        for j in [10usize, 300, 2000, 4000] {
            let exact = 4999.0 - j as f64 - (-(-(j as f64 + 1.0)).exp()).ln_1p();
            assert!((levels.neg_log_cdf()[j] / exact - 1.0).abs() < 1e-14, "{j}");
        }
    }

    #[test]
    fn rejects_tables_that_are_not_laws() {
        let half = 0.5f64.ln();
        for (values, masses, field) in [
            (vec![], vec![], "log_masses"),
            (vec![0.0, 0.0], vec![half, half], "values[1]"),
            (vec![0.0, f64::NAN], vec![half, half], "values[1]"),
            (vec![0.0, 1.0], vec![half, f64::NEG_INFINITY], "log_masses[1]"),
            (vec![0.0, 1.0], vec![half, -1.0], "log_masses"),
        ] {
            assert!(Levels::from_log_masses(values, masses).unwrap_err().to_string().starts_with(field));
        }
    }
}
