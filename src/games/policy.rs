//! Policies and references as finite laws, and the log-ratio $r = \log(\pi/\pi_{ref})$ in which everything iterates.
//!
//! A policy that an algorithm produces is kept by its logarithms: exponentiating and taking logarithms again loses actions
//! below 1e-308, and with them $D(\pi^*\|\pi)$ and spans. Divergences sum $q\,\psi(\log p/q) \ge 0$, so policies that are
//! close keep the digits of theirs; where $p = 0$ the term is $q$, not 0.

use crate::numerics::lanes::{Kernel, Lanes, dispatch, exp8, sum8};
use crate::numerics::log_space::psi;
use crate::numerics::sum::sum;
use crate::prob::Law;
use crate::{Error, Result};

/// A reference policy: a law with mass on every action.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference(Law);

impl Reference {
    /// A reference from its probabilities.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `ref`: not a law (sum 1 within 1e-9), or an action without mass.
    ///
    /// ```
    /// use tilt::games::policy::Reference;
    /// assert!(Reference::new(&[0.5, 0.5]).is_ok());
    /// assert!(Reference::new(&[1.0, 0.0]).unwrap_err().to_string().starts_with("ref[1] is 0"));
    /// ```
    pub fn new(p: &[f64]) -> Result<Reference> {
        Reference::of_law(Law::new(p).map_err(|error| error.in_field("p", "ref"))?)
    }

    /// The uniform reference on `size` >= 1 actions.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `ref` if `size` is 0.
    pub fn uniform(size: usize) -> Result<Reference> {
        Reference::from_logits(&vec![0.0; size])
    }

    /// The reference $\propto e^{l}$.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `ref`: empty, or a logit that is not finite.
    pub fn from_logits(logits: &[f64]) -> Result<Reference> {
        Reference::of_law(law_of_logits("ref", logits)?)
    }

    fn of_law(law: Law) -> Result<Reference> {
        match law.log_probs().iter().position(|l| *l == f64::NEG_INFINITY) {
            Some(i) => Err(Error::invalid(format!("ref[{i}]"), 0, "mass > 0 on every action")),
            None => Ok(Reference(law)),
        }
    }

    /// The law.
    pub fn law(&self) -> &Law {
        &self.0
    }

    /// Probabilities.
    pub fn probs(&self) -> &[f64] {
        self.0.probs()
    }

    /// Natural logarithms of the probabilities, all finite.
    pub fn log_probs(&self) -> &[f64] {
        self.0.log_probs()
    }

    /// The number of actions.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// The policy at log-ratio `log_ratio` (up to a constant) from this reference.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `log_ratio` if an entry is not finite.
    pub fn policy_at(&self, log_ratio: &[f64]) -> Result<Law> {
        let logits: Vec<f64> = self.log_probs().iter().zip(log_ratio).map(|(l, r)| l + r).collect();
        law_of_logits("log_ratio", &logits)
    }
}

/// The law $\propto e^l$.
///
/// # Errors
/// [`Error::InvalidInput`] about `field`: empty, or a logit that is not finite.
pub fn law_of_logits(field: &str, logits: &[f64]) -> Result<Law> {
    if logits.is_empty() {
        return Err(Error::invalid(field, "empty", "at least one action"));
    }
    if let Some(i) = logits.iter().position(|l| !l.is_finite()) {
        return Err(Error::invalid(format!("{field}[{i}]"), logits[i], "a finite number"));
    }
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shifted: Vec<f64> = logits.iter().map(|l| l - top).collect();
    let total = crate::numerics::log_space::log_sum_exp(&shifted);
    Law::from_log_probs(&shifted.iter().map(|l| l - total).collect::<Vec<_>>())
}

/// A policy on `size` actions from its probabilities; actions without mass are allowed.
///
/// # Errors
/// [`Error::InvalidInput`] about `field`: wrong length, negative, or of a sum farther than 1e-9 from 1.
pub fn policy(field: &str, p: &[f64], size: usize) -> Result<Law> {
    if p.len() != size {
        let expected = format!("{size} probabilities, one an action");
        return Err(Error::invalid(field, format!("a vector of length {}", p.len()), expected));
    }
    Law::new(p).map_err(|error| error.in_field("p", field))
}

/// $\max - \min$; 0 for an empty slice.
pub fn span(x: impl IntoIterator<Item = f64>) -> f64 {
    let (low, high) = x.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    if low > high { 0.0 } else { high - low }
}

/// The span of $\log p - \log q$; infinite where exactly one has mass.
pub fn log_ratio_span(p: &Law, q: &Law) -> f64 {
    let both = p.log_probs().iter().zip(q.log_probs());
    span(both.map(|(p, q)| p - q).filter(|d| !d.is_nan()))
}

/// $D(p\|q)$ in nats from the logarithms of both; infinite where `p` has mass and `q` has none.
///
/// ```
/// use tilt::{games::policy::kl, prob::Law};
/// let (p, q) = (Law::new(&[1.0, 0.0])?, Law::new(&[0.25, 0.75])?);
/// assert!((kl(&p, &q) - 4f64.ln()).abs() < 1e-15);
/// assert_eq!(kl(&q, &p), f64::INFINITY);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn kl(p: &Law, q: &Law) -> f64 {
    sum((0..p.len()).map(|i| kl_term(p.probs()[i], q.probs()[i], p.log_probs()[i] - q.log_probs()[i])))
}

/// $D(p\|q)$ from probabilities and log-ratios of both from one reference: no logarithm is taken.
pub fn kl_of(p: &[f64], log_ratio_p: &[f64], q: &[f64], log_ratio_q: &[f64]) -> f64 {
    sum((0..p.len()).map(|i| kl_term(p[i], q[i], log_ratio_p[i] - log_ratio_q[i])))
}

/// The term $q\,\psi(d)$ of $D(p\|q)$, $p = q e^d$; `d` is NaN where neither has mass.
pub(super) fn kl_term(p: f64, q: f64, d: f64) -> f64 {
    if d.is_nan() {
        0.0
    } else if d < 0.5 {
        q * psi(d)
    } else if d == f64::INFINITY {
        d
    } else {
        p * d + (q - p)
    }
}

/// Makes `log_ratio` the logarithm of policy over reference, by subtracting its normaliser, and writes the policy
/// $\pi_{ref} e^{r}/Z$. Returns $\log Z$. All slices of one length; two passes, no allocation, absolute error a few ulp of
/// the largest $|\log\pi_{ref} + r|$.
pub fn normalise(log_reference: &[f64], log_ratio: &mut [f64], policy: &mut [f64]) -> f64 {
    dispatch(Normalise { log_reference, log_ratio, policy })
}

struct Normalise<'a> {
    log_reference: &'a [f64],
    log_ratio: &'a mut [f64],
    policy: &'a mut [f64],
}

impl Kernel for Normalise<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let (reference, reference_rest) = self.log_reference.as_chunks::<8>();
        let (ratio, ratio_rest) = self.log_ratio.as_chunks_mut::<8>();
        let (policy, policy_rest) = self.policy.as_chunks_mut::<8>();
        let mut top: Lanes = [f64::NEG_INFINITY; 8];
        for (l, r) in reference.iter().zip(ratio.iter()) {
            for lane in 0..8 {
                let x = l[lane] + r[lane];
                top[lane] = if x > top[lane] { x } else { top[lane] };
            }
        }
        for (l, r) in reference_rest.iter().zip(ratio_rest.iter()) {
            top[0] = top[0].max(l + r);
        }
        let top = top.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut total: Lanes = [0.0; 8];
        for ((l, r), p) in reference.iter().zip(ratio.iter()).zip(policy.iter_mut()) {
            let mut x = [0.0; 8];
            for lane in 0..8 {
                x[lane] = (l[lane] + r[lane]) - top;
            }
            *p = exp8(x);
            for lane in 0..8 {
                total[lane] += p[lane];
            }
        }
        for (((l, r), p), total) in
            reference_rest.iter().zip(ratio_rest.iter()).zip(policy_rest.iter_mut()).zip(&mut total)
        {
            *p = exp8([(l + r) - top; 8])[0];
            *total += *p;
        }
        let total = sum8(total);
        let (scale, rest) = (1.0 / total, total.ln());
        for (p, r) in policy.iter_mut().zip(ratio) {
            for lane in 0..8 {
                p[lane] *= scale;
                r[lane] = (r[lane] - top) - rest;
            }
        }
        for (p, r) in policy_rest.iter_mut().zip(ratio_rest) {
            *p *= scale;
            *r = (*r - top) - rest;
        }
        top + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalised_ratios_are_logarithms_of_ratios() {
        for size in [1, 5, 8, 21] {
            let reference = Reference::from_logits(&(0..size).map(|i| (i as f64).sin()).collect::<Vec<_>>()).unwrap();
            let mut ratio: Vec<f64> = (0..size).map(|i| 900.0 - 37.0 * i as f64).collect();
            let mut probs = vec![0.0; size];
            normalise(reference.log_probs(), &mut ratio, &mut probs);
            assert!((probs.iter().sum::<f64>() - 1.0).abs() < 1e-15);
            for i in 0..size {
                // Ratios keep their digits beyond the range of the policy itself: one ulp of 900.
                assert!((ratio[i] - (ratio[0] - 37.0 * i as f64)).abs() < 3e-13);
                // One ulp of 900 again: the constant that is taken off is that large.
                assert!((probs[i] - (reference.log_probs()[i] + ratio[i]).exp()).abs() <= 3e-13);
            }
        }
    }

    #[test]
    fn divergences_of_close_and_of_disjoint_laws() {
        let h = 2f64.powi(-30);
        let (p, q) = (Law::new(&[0.5 + 0.5 * h, 0.5 - 0.5 * h]).unwrap(), Law::new(&[0.5, 0.5]).unwrap());
        // h^2/2 (1 + h^2/6); the logarithms carry h to 2^-53 / h = 1e-7 of its value.
        assert!((kl(&p, &q) / (h * h / 2.0) - 1.0).abs() < 1e-6);
        let lost = Law::from_log_probs(&[0.0, -800.0]).unwrap();
        let half = Law::new(&[0.5, 0.5]).unwrap();
        // D(half || lost) = log(1/2) + 400: the mass below 1e-308 is not lost.
        assert!((kl(&half, &lost) - (400.0 - 2f64.ln())).abs() < 1e-12);
        assert_eq!(log_ratio_span(&half, &Law::new(&[1.0, 0.0]).unwrap()), f64::INFINITY);
    }

    #[test]
    fn references_have_mass_everywhere() {
        assert!(Reference::new(&[0.5, 0.6]).unwrap_err().to_string().starts_with("ref is"));
        assert!(Reference::new(&[]).unwrap_err().to_string().starts_with("ref is empty"));
        assert!(Reference::from_logits(&[0.0, f64::INFINITY]).is_err());
        assert!(Reference::from_logits(&[0.0, -5000.0]).is_ok());
        assert!(policy("pi2", &[0.5, 0.4], 2).unwrap_err().to_string().starts_with("pi2 is"));
        assert!(policy("pi", &[1.0], 2).unwrap_err().to_string().starts_with("pi is a vector of length 1"));
    }
}
