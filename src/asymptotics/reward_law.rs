//! The exact law of the reward of a memoryless model, on its levels.
//!
//! Methods, in order of preference; every one has full relative accuracy of the log-masses, `e^{-1000000}` included:
//!
//! | method | when | cost |
//! |---|---|---|
//! | type classes | at most 2e5 types; or at most 2^24 and no lattice with fewer points | `C(n+k-1, k-1)`, and sorting |
//! | saddle windows | rewards on a lattice, at most 2^24 points, no holes | `O(n w (k + log n))` |
//! | polynomial power | lattice of width at most 2 | `O(n w k)` |
//! | lattice program | lattice with holes | `O(n^2 w k)`, at most 4e9 |
//!
//! Sums of rewards that differ by at most `1e-12 max(1, n max|s|)` are one level, so a lattice is accepted when every
//! reward is within that tolerance over `2n` of its point, and its span is larger than the tolerance. What no method can
//! do within its limit is refused with the size, never truncated.

use super::lattice::Lattice;
use super::memoryless::Memoryless;
use super::polynomial_power::low_coefficients;
use super::saddle_windows;
use super::scaled::Scaled;
use super::type_classes::{for_each_type, type_count};
use crate::numerics::log_space::{log_add_exp, log_sum_exp};
use crate::prob::{Levels, tilt};
use crate::{Error, Result};
use rayon::slice::ParallelSliceMut;

/// Largest number of types or lattice points in a table: 2^24.
pub const ENTRY_LIMIT: f64 = 16_777_216.0;

/// Largest number of cell updates of the lattice program.
pub const OPERATION_LIMIT: f64 = 4e9;

/// Below this number of types nothing else is worth its set-up.
const FEW_TYPES: f64 = 2e5;

/// How the exact law is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Enumeration of letter counts.
    TypeClasses,
    /// Tilted Fourier inversion in stitched windows.
    SaddleWindows,
    /// Miller's recurrence from both ends.
    PolynomialPower,
    /// Symbol by symbol on the lattice.
    LatticeProgram,
}

/// The exact law of the reward.
#[derive(Clone, Debug, PartialEq)]
pub struct RewardLaw {
    /// The law on its levels.
    pub levels: Levels,
    /// Rewards closer than this are one level.
    pub tolerance: f64,
    /// The method used.
    pub method: Method,
}

impl RewardLaw {
    /// `log P(R >= threshold)`; a level within the tolerance of the threshold counts as reaching it.
    pub fn log_survival_ge(&self, threshold: f64) -> f64 {
        match self.first_reaching(threshold) {
            0 => 0.0,
            j => self.levels.log_survival()[j - 1],
        }
    }

    /// `log P(R = value)` up to the tolerance; `-inf` where there is no level.
    pub fn log_pmf(&self, value: f64) -> f64 {
        let j = self.first_reaching(value);
        match self.levels.values().get(j) {
            Some(level) if (level - value).abs() <= self.tolerance => self.levels.log_mass()[j],
            _ => f64::NEG_INFINITY,
        }
    }

    fn first_reaching(&self, threshold: f64) -> usize {
        self.levels.values().partition_point(|v| *v < threshold - self.tolerance)
    }

    /// The law of the reward under the tilt of every symbol by `beta`, on the same levels.
    ///
    /// # Errors
    /// Field `beta` if not finite.
    pub fn tilted(&self, model: &Memoryless, beta: f64) -> Result<RewardLaw> {
        if !beta.is_finite() {
            return Err(Error::invalid("beta", beta, "a finite number"));
        }
        if beta == 0.0 {
            return Ok(self.clone());
        }
        let log_ratio = log_tilt_ratio(model, &tilt(model.letters(), model.rewards(), beta), self.levels.values());
        let log_mass: Vec<f64> = self.levels.log_mass().iter().zip(log_ratio).map(|(m, u)| m + u).collect();
        let total = log_sum_exp(&log_mass);
        let log_mass = log_mass.into_iter().map(|m| m - total).collect();
        let levels = Levels::from_log_masses(self.levels.values().to_vec(), log_mass)?;
        Ok(RewardLaw { levels, ..*self })
    }
}

/// `log (phi_beta^n / p^n)` at total rewards `values`, as `n KL + beta (R - n m)`.
pub(crate) fn log_tilt_ratio(model: &Memoryless, tilted: &crate::prob::Tilt, values: &[f64]) -> Vec<f64> {
    let n = model.length() as f64;
    values.iter().map(|v| n * tilted.kl + tilted.beta * (v - n * tilted.mean)).collect()
}

/// The exact law of the reward, by the cheapest method of full accuracy.
///
/// ```
/// use tilt::asymptotics::{memoryless::Memoryless, reward_law::reward_law};
/// let law = reward_law(&Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.0], 40).unwrap()).unwrap();
/// assert_eq!(law.levels.len(), 81);
/// assert!((law.log_pmf(80.0) - 40.0 * 0.2f64.ln()).abs() < 1e-13);
/// ```
///
/// # Errors
/// [`Error::TooLarge`] with the size that would be needed.
pub fn reward_law(model: &Memoryless) -> Result<RewardLaw> {
    let types = type_count(model.length(), model.letters().len());
    // A lattice with more points than there are types is sparse (or an accident of a short sum): types are the levels.
    let lattice = sum_lattice(model.rewards(), model.length(), ENTRY_LIMIT.min(types));
    let Some(lattice) = lattice else {
        if types <= ENTRY_LIMIT {
            return build(model, Method::TypeClasses, by_types(model));
        }
        return Err(Error::too_large(
            "the exact law of the reward by type classes",
            types,
            ENTRY_LIMIT,
            "table entries",
        ));
    };
    let letters = model.letters().len() as f64;
    let operations = 0.5 * (model.length() as f64).powi(2) * lattice.width() as f64 * letters;
    let (method, log_masses) = if types <= FEW_TYPES || letters <= 2.0 {
        (Method::TypeClasses, on_lattice_by_types(model, &lattice))
    } else if let Some(log_masses) = by_windows(model, &lattice) {
        (Method::SaddleWindows, log_masses)
    } else if lattice.width() <= 2 {
        (Method::PolynomialPower, by_recurrence(model, &lattice))
    } else if types <= 3.0 * ENTRY_LIMIT {
        (Method::TypeClasses, on_lattice_by_types(model, &lattice))
    } else if operations <= OPERATION_LIMIT {
        (Method::LatticeProgram, by_program(model, &lattice))
    } else {
        return Err(Error::too_large(
            "the exact law of the reward on its lattice",
            operations,
            OPERATION_LIMIT,
            "operations",
        ));
    };
    build(model, method, lattice_levels(model, &lattice, log_masses))
}

/// The lattice of sums of `n` rewards with at most `limit` points, if merging by the level tolerance agrees with it.
pub(crate) fn sum_lattice(rewards: &[f64], length: u64, limit: f64) -> Option<Lattice> {
    let n = length as f64;
    let tolerance = super::memoryless::level_tolerance(length, rewards);
    let lattice = Lattice::detect(rewards, 0.5 * tolerance / n, (limit - 1.0) / n)?;
    (lattice.span > 2.0 * tolerance || lattice.width() == 0).then_some(lattice)
}

/// The law by one given method, to hold methods against each other; `None` where the method does not apply.
///
/// # Errors
/// None beyond a law that fails its own normalisation.
pub fn reward_law_by(model: &Memoryless, method: Method) -> Result<Option<RewardLaw>> {
    let lattice = sum_lattice(model.rewards(), model.length(), ENTRY_LIMIT);
    let log_masses = match (&lattice, method) {
        (None, Method::TypeClasses) => return build(model, method, by_types(model)).map(Some),
        (None, _) => None,
        (Some(lattice), Method::TypeClasses) => Some(on_lattice_by_types(model, lattice)),
        (Some(lattice), Method::SaddleWindows) => by_windows(model, lattice),
        (Some(lattice), Method::PolynomialPower) => (lattice.width() <= 2).then(|| by_recurrence(model, lattice)),
        (Some(lattice), Method::LatticeProgram) => Some(by_program(model, lattice)),
    };
    match (lattice, log_masses) {
        (Some(lattice), Some(masses)) => build(model, method, lattice_levels(model, &lattice, masses)).map(Some),
        _ => Ok(None),
    }
}

fn build(model: &Memoryless, method: Method, (values, log_masses): (Vec<f64>, Vec<f64>)) -> Result<RewardLaw> {
    Ok(RewardLaw { levels: Levels::from_log_masses(values, log_masses)?, tolerance: model.tolerance(), method })
}

/// Values and log-masses of the lattice points that have mass.
fn lattice_levels(model: &Memoryless, lattice: &Lattice, log_masses: Vec<f64>) -> (Vec<f64>, Vec<f64>) {
    log_masses
        .into_iter()
        .enumerate()
        .filter(|(_, m)| *m > f64::NEG_INFINITY)
        .map(|(i, m)| (lattice.sum_value(model.length(), i as u64), m))
        .unzip()
}

fn points(model: &Memoryless, lattice: &Lattice) -> usize {
    (model.length() * lattice.width() + 1) as usize
}

fn by_types(model: &Memoryless) -> (Vec<f64>, Vec<f64>) {
    let (law, n) = (model.letters(), model.length());
    let mut types: Vec<(f64, f64)> = Vec::with_capacity(type_count(n, law.len()) as usize);
    for_each_type(law.probs(), law.log_probs(), model.rewards(), n, &mut |value, log_mass| {
        types.push((value, log_mass))
    });
    // By mass within a value: the order of summation does not depend on the sort.
    types.par_sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    merge_levels(&types, model.tolerance())
}

/// Merges ascending `(value, log mass)` into levels: a level holds what lies within `tolerance` of its first value.
pub(crate) fn merge_levels(sorted: &[(f64, f64)], tolerance: f64) -> (Vec<f64>, Vec<f64>) {
    let (mut values, mut log_masses) = (Vec::with_capacity(sorted.len()), Vec::with_capacity(sorted.len()));
    let mut group = Vec::new();
    let mut at = 0;
    while at < sorted.len() {
        let first = sorted[at].0;
        let end = at + sorted[at..].iter().take_while(|t| t.0 - first <= tolerance).count();
        let log_mass = match end - at {
            1 => sorted[at].1,
            2 => log_add_exp(sorted[at].1, sorted[at + 1].1),
            _ => {
                group.clear();
                group.extend(sorted[at..end].iter().map(|t| t.1));
                log_sum_exp(&group)
            }
        };
        values.push(first);
        log_masses.push(log_mass);
        at = end;
    }
    (values, log_masses)
}

fn on_lattice_by_types(model: &Memoryless, lattice: &Lattice) -> Vec<f64> {
    let law = model.letters();
    let steps: Vec<f64> = lattice.steps.iter().map(|&s| s as f64).collect();
    // Linear sums of scaled numbers: repeated logarithms would add a rounding of the logarithm's size each time.
    let mut cells = vec![Scaled::ZERO; points(model, lattice)];
    for_each_type(law.probs(), law.log_probs(), &steps, model.length(), &mut |place, log_mass| {
        let cell = &mut cells[place as usize];
        *cell = cell.plus(Scaled::exp(log_mass));
    });
    cells.iter().map(|c| c.ln()).collect()
}

/// Both ends by the recurrence, the middle by windows.
fn by_windows(model: &Memoryless, lattice: &Lattice) -> Option<Vec<f64>> {
    let (n, width) = (model.length(), lattice.width());
    let top = n * width;
    // Fifty jumps from an end the law is smooth, if it ever is.
    let end = (50 * width).min(n + 1).min(top / 2);
    let mut out = low_coefficients(&lattice.steps, model.letters().probs(), n, end as usize);
    let steps: Vec<f64> = lattice.steps.iter().map(|&s| s as f64).collect();
    out.extend(saddle_windows::log_masses(model.letters(), &steps, n, end, top - end)?);
    let mut high = low_coefficients(&reversed(lattice), model.letters().probs(), n, end as usize);
    high.reverse();
    out.extend(high);
    Some(out)
}

fn reversed(lattice: &Lattice) -> Vec<u64> {
    lattice.steps.iter().map(|step| lattice.width() - step).collect()
}

/// Width at most 2: the lower half of the recurrence from each end.
fn by_recurrence(model: &Memoryless, lattice: &Lattice) -> Vec<f64> {
    let (n, count) = (model.length(), points(model, lattice));
    let low = count.div_ceil(2);
    let mut out = low_coefficients(&lattice.steps, model.letters().probs(), n, low);
    let mut high = low_coefficients(&reversed(lattice), model.letters().probs(), n, count - low);
    high.reverse();
    out.extend(high);
    out
}

/// Symbol by symbol, in place from the top: all terms positive.
fn by_program(model: &Memoryless, lattice: &Lattice) -> Vec<f64> {
    let count = points(model, lattice);
    let letters: Vec<(usize, Scaled)> =
        lattice.steps.iter().zip(model.letters().probs()).map(|(&s, &p)| (s as usize, Scaled::new(p))).collect();
    let mut cells = vec![Scaled::ZERO; count];
    cells[0] = Scaled::ONE;
    for symbol in 1..=model.length() {
        for at in (0..=(symbol * lattice.width()) as usize).rev() {
            let mut total = Scaled::ZERO;
            for &(step, p) in letters.iter().filter(|letter| letter.0 <= at) {
                total = total.plus(p.times(cells[at - step]));
            }
            cells[at] = total;
        }
    }
    cells.iter().map(|c| c.ln()).collect()
}

/// Exact law of the reward at thresholds. Quantity `asymptotics.reward_dist`.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct RewardDistribution {
    /// Number of levels.
    pub levels: usize,
    /// `log P(R >= t)` for each threshold.
    pub log_survival_ge: Vec<f64>,
    /// `log P(R = t)` for each threshold, within the level tolerance.
    pub log_pmf: Vec<f64>,
}

/// The law of the reward under the tilt of every symbol by `beta`, at `thresholds`.
///
/// # Errors
/// Fields `thresholds`, `beta` if not finite; [`Error::TooLarge`].
pub fn reward_distribution(model: &Memoryless, thresholds: &[f64], beta: f64) -> Result<RewardDistribution> {
    if let Some(i) = thresholds.iter().position(|t| !t.is_finite()) {
        return Err(Error::invalid(format!("thresholds[{i}]"), thresholds[i], "a finite number"));
    }
    let law = reward_law(model)?.tilted(model, beta)?;
    Ok(RewardDistribution {
        levels: law.levels.len(),
        log_survival_ge: thresholds.iter().map(|&t| law.log_survival_ge(t)).collect(),
        log_pmf: thresholds.iter().map(|&t| law.log_pmf(t)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, wanted: f64, relative: f64) {
        assert!((found - wanted).abs() <= relative * wanted.abs(), "{found} instead of {wanted}");
    }

    #[test]
    fn reference_values() {
        let model = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.0], 40).unwrap();
        let found = reward_distribution(&model, &[40.0, 60.0, 79.0, 80.0], 0.0).unwrap();
        assert_eq!(found.levels, 81);
        let survival = [-4.472625990181798, -21.817155847454277, -60.266642633190706, -64.37751649736401];
        let pmf = [-5.3714022677138615, -22.134289862956777, -60.283171935141915, -64.37751649736401];
        for i in 0..4 {
            close(found.log_survival_ge[i], survival[i], 1e-14);
            close(found.log_pmf[i], pmf[i], 1e-14);
        }
        let none = reward_distribution(&model, &[40.5, -1.0, 81.0], 0.0).unwrap();
        assert_eq!(none.log_pmf, [f64::NEG_INFINITY; 3]);
        assert_eq!((none.log_survival_ge[1], none.log_survival_ge[2]), (0.0, f64::NEG_INFINITY));
    }

    #[test]
    fn methods_agree() {
        // Width 2, smooth: all four methods; the deepest log-mass is -400 log 5.
        let model = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 0.1, 0.2], 400).unwrap();
        let types = reward_law_by(&model, Method::TypeClasses).unwrap().unwrap();
        for method in [Method::SaddleWindows, Method::PolynomialPower, Method::LatticeProgram] {
            let other = reward_law_by(&model, method).unwrap().unwrap();
            assert_eq!(other.levels.values(), types.levels.values());
            for (a, b) in other.levels.log_mass().iter().zip(types.levels.log_mass()) {
                assert!((a - b).abs() < 1e-12, "{method:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn holes_and_rare_letters_fall_back() {
        // Point 1 has no mass; odd points need one of the rare letters.
        let model = Memoryless::new(&[0.5, 0.5 - 1e-9, 1e-9], &[0.0, 2.0, 3.0], 700).unwrap();
        let law = reward_law(&model).unwrap();
        assert_eq!(law.method, Method::TypeClasses);
        let program = reward_law_by(&model, Method::LatticeProgram).unwrap().unwrap();
        assert_eq!(law.levels.values(), program.levels.values());
        assert_eq!(law.levels.len(), 2101 - 1);
        for (a, b) in law.levels.log_mass().iter().zip(program.levels.log_mass()) {
            assert!((a - b).abs() < 1e-12 + 1e-15 * a.abs(), "{a} {b}");
        }
        let model = Memoryless::new(&[0.5, 1e-30, 0.5 - 1e-30], &[0.0, 1.0, 2.0], 2000).unwrap();
        let law = reward_law(&model).unwrap();
        assert_eq!(law.method, Method::PolynomialPower);
        // R = 1: one middle letter among n - 1 low ones.
        close(law.log_pmf(1.0), (2000f64).ln() + 1e-30f64.ln() + 1999.0 * 0.5f64.ln(), 1e-13);
    }

    #[test]
    fn brute_force_over_all_sequences() {
        let (p, s) = ([0.4, 0.1, 0.3, 0.2], [0.0, 1.0, 2f64.sqrt(), -0.7]);
        let n = 6;
        let law = reward_law(&Memoryless::new(&p, &s, n).unwrap()).unwrap();
        let threshold = 2.0 + 2f64.sqrt() - 0.7;
        let (mut at, mut above) = (0.0, 0.0);
        for index in 0..4usize.pow(n as u32) {
            let letters = (0..n as u32).map(|i| index / 4usize.pow(i) % 4);
            let (mass, reward) = letters.fold((1.0, 0.0), |(m, r), l| (m * p[l], r + s[l]));
            if (reward - threshold).abs() < 1e-12 {
                at += mass;
            }
            if reward > threshold - 1e-12 {
                above += mass;
            }
        }
        close(law.log_pmf(threshold), f64::ln(at), 1e-13);
        close(law.log_survival_ge(threshold), f64::ln(above), 1e-13);
    }

    #[test]
    fn tilted_law_is_the_law_of_tilted_symbols() {
        let model = Memoryless::new(&[0.5, 0.3, 0.2], &[0.0, 1.0, 2.5], 50).unwrap();
        let phi = tilt(model.letters(), model.rewards(), 0.9);
        let direct = reward_law(&Memoryless::new(&phi.probs, model.rewards(), 50).unwrap()).unwrap();
        let tilted = reward_law(&model).unwrap().tilted(&model, 0.9).unwrap();
        for (a, b) in direct.levels.log_mass().iter().zip(tilted.levels.log_mass()) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
        // A tilt that leaves every other letter below the smallest float.
        let frozen = reward_law(&model).unwrap().tilted(&model, 1e4).unwrap();
        assert!(frozen.log_pmf(125.0).abs() < 1e-9);
    }

    #[test]
    fn sizes_are_refused_by_name() {
        let model = Memoryless::new(&[0.25; 4], &[0.0, 1.0, 2f64.sqrt(), 5f64.sqrt()], 1000).unwrap();
        assert!(matches!(reward_law(&model).unwrap_err(), Error::TooLarge { needed, .. } if needed > 1.6e8));
    }

    #[test]
    fn one_letter_is_one_level() {
        let law = reward_law(&Memoryless::new(&[0.5, 0.5], &[3.0, 3.0], 1_000_000).unwrap()).unwrap();
        assert_eq!((law.levels.values(), law.levels.log_mass()), (&[3e6][..], &[0.0][..]));
    }
}
