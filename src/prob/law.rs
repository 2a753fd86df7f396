//! Finite probability laws, validated once.

use crate::numerics::log_space::log_sum_exp;
use crate::numerics::sum::sum;
use crate::{Error, Result};

/// A law on outcomes `0..len()`, kept as probabilities and as their logarithms.
///
/// Outcomes may have mass zero (log-probability `-inf`). A law made by [`Law::from_log_probs`] may also hold masses
/// below the smallest `f64`: their probability reads 0, their logarithm is right, and they belong to the support.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    probs: Vec<f64>,
    log_probs: Vec<f64>,
    support: Vec<usize>,
}

impl Law {
    /// A law from its probabilities, renormalised to sum to one.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] with field `p` (or `p[i]`) when `p` is empty, has an entry that is negative or not
    /// finite, or sums to something farther than 1e-9 from one.
    ///
    /// ```
    /// let law = tilt::prob::Law::new(&[0.5, 0.0, 0.5])?;
    /// assert_eq!(law.support(), [0, 2]);
    /// assert!(tilt::prob::Law::new(&[0.5, 0.4]).is_err());
    /// # Ok::<(), tilt::Error>(())
    /// ```
    pub fn new(p: &[f64]) -> Result<Law> {
        if p.is_empty() {
            return Err(Error::invalid("p", "empty", "at least one probability"));
        }
        if let Some(i) = p.iter().position(|&x| !(x.is_finite() && x >= 0.0)) {
            return Err(Error::invalid(format!("p[{i}]"), p[i], "a probability: finite and >= 0"));
        }
        let total = sum(p.iter().copied());
        if (total - 1.0).abs() > 1e-9 {
            return Err(Error::invalid(
                "p",
                format!("a vector of sum {total}"),
                "probabilities of sum 1 (within 1e-9)",
            ));
        }
        let probs: Vec<f64> = p.iter().map(|x| x.abs() / total).collect();
        let mut log_probs: Vec<f64> = probs.iter().map(|x| x.ln()).collect();
        if let Some(heavy) = probs.iter().position(|&x| x > 0.5) {
            // what is missing from one has more digits than one less that
            let rest = sum(probs.iter().enumerate().filter(|(i, _)| *i != heavy).map(|(_, x)| *x));
            log_probs[heavy] = (-rest).ln_1p();
        }
        Ok(Law::from_parts(probs, log_probs))
    }

    /// A law from its log-probabilities, renormalised to sum to one; `-inf` means no mass.
    ///
    /// # Errors
    /// As [`Law::new`], with field `log_p`.
    pub fn from_log_probs(log_p: &[f64]) -> Result<Law> {
        if let Some(i) = log_p.iter().position(|&x| x.is_nan() || x == f64::INFINITY) {
            return Err(Error::invalid(format!("log_p[{i}]"), log_p[i], "a log-probability: finite or -inf"));
        }
        let total = log_sum_exp(log_p);
        if total.is_nan() || total.abs() > 1e-9 {
            return Err(Error::invalid("log_p", format!("a vector of log-sum {total}"), "log-sum 0 (within 1e-9)"));
        }
        let log_probs: Vec<f64> = log_p.iter().map(|x| x - total).collect();
        Ok(Law::from_parts(log_probs.iter().map(|x| x.exp()).collect(), log_probs))
    }

    fn from_parts(probs: Vec<f64>, log_probs: Vec<f64>) -> Law {
        let support = (0..probs.len()).filter(|&i| log_probs[i] > f64::NEG_INFINITY).collect();
        Law { probs, log_probs, support }
    }

    /// Number of outcomes, those without mass included.
    #[allow(clippy::len_without_is_empty)] // a law is never empty
    pub fn len(&self) -> usize {
        self.probs.len()
    }

    /// Probabilities.
    pub fn probs(&self) -> &[f64] {
        &self.probs
    }

    /// Natural logarithms of the probabilities, `-inf` where there is no mass.
    pub fn log_probs(&self) -> &[f64] {
        &self.log_probs
    }

    /// Indices of the outcomes with mass, ascending; never empty.
    pub fn support(&self) -> &[usize] {
        &self.support
    }

    /// The measure $p_i e^{u_i}$ for a log-ratio $u$ on the support, 0 off it; masses below the smallest `f64` are
    /// multiplied in logarithms.
    pub fn reweighted(&self, log_ratio: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut q = vec![0.0; self.len()];
        for &i in &self.support {
            q[i] = super::tilt::ratio_to_prob(self.probs[i], self.log_probs[i], log_ratio(i));
        }
        q
    }

    /// The expectation of `f(i)` over outcomes `i` with mass, by a compensated sum.
    pub fn expectation(&self, f: impl Fn(usize) -> f64) -> f64 {
        sum(self.support.iter().map(|&i| self.probs[i] * f(i)))
    }
}

/// Checks that `r` is a reward on the outcomes of `law`: of the same length, every entry finite.
///
/// # Errors
/// [`Error::InvalidInput`] about `field` or `field[i]`.
pub fn check_rewards(field: &str, r: &[f64], law: &Law) -> Result<()> {
    if r.len() != law.len() {
        let expected = format!("{} entries, one an outcome", law.len());
        return Err(Error::invalid(field, format!("a vector of length {}", r.len()), expected));
    }
    match r.iter().position(|x| !x.is_finite()) {
        Some(i) => Err(Error::invalid(format!("{field}[{i}]"), r[i], "a finite number")),
        None => Ok(()),
    }
}

/// Smallest and largest reward over the support of `law`.
pub fn reward_range(law: &Law, r: &[f64]) -> (f64, f64) {
    let on_support = || law.support.iter().map(|&i| r[i]);
    (on_support().fold(f64::INFINITY, f64::min), on_support().fold(f64::NEG_INFINITY, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_what_is_not_a_law() {
        for (p, field) in [
            (&[][..], "p is empty"),
            (&[0.5, -0.5, 1.0][..], "p[1]"),
            (&[f64::NAN, 1.0][..], "p[0]"),
            (&[0.5, f64::INFINITY][..], "p[1]"),
            (&[0.5, 0.5 + 2e-9][..], "p is a vector of sum"),
        ] {
            assert!(Law::new(p).unwrap_err().to_string().starts_with(field));
        }
    }

    #[test]
    fn renormalises_within_the_tolerance() {
        let law = Law::new(&[0.5, 0.5 + 5e-10]).unwrap();
        assert!((law.probs()[0] + law.probs()[1] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_logarithm_of_nearly_all_mass_is_what_is_missing() {
        let law = Law::new(&[1e-30, 1.0, 2e-30]).unwrap();
        assert!((law.log_probs()[1] / -3e-30 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn log_masses_below_the_smallest_double_belong_to_the_support() {
        let law = Law::from_log_probs(&[0.0, -2000.0, f64::NEG_INFINITY]).unwrap();
        assert_eq!((law.support(), law.probs()[1], law.log_probs()[1]), (&[0, 1][..], 0.0, -2000.0));
    }

    #[test]
    fn rewards_are_checked_by_field() {
        let law = Law::new(&[0.5, 0.5]).unwrap();
        assert!(
            check_rewards("gold", &[1.0], &law).unwrap_err().to_string().starts_with("gold is a vector of length 1")
        );
        assert!(check_rewards("r", &[1.0, f64::NAN], &law).unwrap_err().to_string().starts_with("r[1]"));
        assert_eq!(reward_range(&Law::new(&[0.0, 0.5, 0.5]).unwrap(), &[9.0, 1.0, 2.0]), (1.0, 2.0));
    }
}
