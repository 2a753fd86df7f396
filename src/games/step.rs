//! One convention for the step of every learner, and the maps to the others (section 2; a common source of error).
//!
//! The mirror step is $T(w, o) = \mathrm{normalise}[w^{1-e\beta}\,\pi_{ref}^{e\beta}\,e^{e A o}]$; on log-ratios
//! $r = \log(\pi/\pi_{ref})$ it is $r \leftarrow \kappa r + e A o$ with $\kappa = 1 - e\beta$: a tilt of the reference.
//!
//! | name | its step | $e$ | $\kappa$ |
//! |---|---|---|---|
//! | Nash mirror prox, Nash prox | $\eta$ | $\eta/(\beta(1+\eta))$ | $1/(1+\eta)$ |
//! | magnetic mirror descent (Sokota et al. 2022) | $\gamma = \eta/\beta$ | $\gamma/(1+\gamma\beta)$ | $1/(1+\gamma\beta)$ |
//! | OMD, EGPO, Nash-MD, PU, bandit MTPO | $e$ | $e$ | $1 - e\beta$ |
//! | INPO (Zhang et al. 2024) | $\eta_{INPO}$ | $1/\eta_{INPO}$ | $1 - \beta/\eta_{INPO}$ |
//! | Hedge, SPO, SPPO | $e$ | $e$ | 1 |
//! | gradient descent on all pairs, E1 (Zhou et al. 2025, code) | $\mathrm{lr}$ | $4\,\mathrm{lr}/(\beta Y)$ | $1 - e\beta$ |

use crate::{Error, Result};

/// A step in the convention of its algorithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// $\eta$ of Nash mirror prox and of the proximal point.
    Proximal(f64),
    /// $\gamma$ of magnetic mirror descent.
    Magnetic(f64),
    /// $e$, the weight of the payoff; $e\beta \le 1$.
    Explicit(f64),
    /// $\eta$ of INPO.
    Inverse(f64),
    /// $e$ without regularisation.
    Hedge(f64),
    /// Learning rate of gradient descent on the squared loss over all pairs of `size` actions.
    AllPairs {
        /// The learning rate.
        rate: f64,
        /// The number of actions.
        size: usize,
    },
}

/// The mirror step $r \leftarrow \kappa r + e A o$.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MirrorStep {
    /// $\kappa = 1 - e\beta$, the weight of the own log-ratio.
    pub keep: f64,
    /// $e$, the weight of the payoff.
    pub gain: f64,
}

fn positive(step: f64) -> Result<f64> {
    if step.is_finite() && step > 0.0 { Ok(step) } else { Err(Error::invalid("step", step, "a number > 0")) }
}

impl Step {
    /// The mirror step at strength `beta` (ignored by [`Step::Hedge`]).
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `step`: not positive and finite, or $e\beta > 1$.
    ///
    /// ```
    /// use tilt::games::step::Step;
    /// let (beta, eta) = (0.1, 0.2);
    /// let prox = Step::Proximal(eta).mirror(beta)?;
    /// let explicit = Step::Explicit(eta / (beta * (1.0 + eta))).mirror(beta)?;
    /// assert!((prox.keep - explicit.keep).abs() < 1e-15 && (prox.gain - explicit.gain).abs() < 1e-15);
    /// # Ok::<(), tilt::Error>(())
    /// ```
    pub fn mirror(self, beta: f64) -> Result<MirrorStep> {
        let explicit = |e: f64| {
            let product = e * beta;
            // A step given as 1/beta may round above it.
            if product > 1.0 + 4.0 * f64::EPSILON {
                return Err(Error::invalid("step", e, format!("step * beta <= 1: at most {}", 1.0 / beta)));
            }
            Ok(MirrorStep { keep: (1.0 - product).max(0.0), gain: e })
        };
        match self {
            Step::Proximal(eta) => {
                let eta = positive(eta)?;
                // In this order nothing overflows for steps near the largest double.
                Ok(MirrorStep { keep: 1.0 / (1.0 + eta), gain: eta / (1.0 + eta) / beta })
            }
            Step::Magnetic(gamma) => Step::Proximal(positive(gamma)? * beta).mirror(beta),
            Step::Explicit(e) => explicit(positive(e)?),
            Step::Inverse(eta) => explicit(1.0 / positive(eta)?),
            Step::Hedge(e) => Ok(MirrorStep { keep: 1.0, gain: positive(e)? }),
            Step::AllPairs { rate, size } => explicit(4.0 * positive(rate)? / (beta * size as f64)),
        }
    }
}

impl MirrorStep {
    /// $\eta$ of Nash mirror prox with this step: $1/\kappa - 1$; infinite at $\kappa = 0$.
    pub fn proximal(self) -> f64 {
        1.0 / self.keep - 1.0
    }
}

/// The largest step of Nash mirror prox whose contraction is proved (R7): $2\beta(\beta + \sqrt{1+\beta^2})$. The contraction
/// an iteration is then $e^{-2\,\mathrm{asinh}\beta}$.
pub fn largest_prox_step(beta: f64) -> f64 {
    (2.0 * beta.asinh()).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conventions_meet() {
        for beta in [1e-3, 0.3, 7.0] {
            for eta in [1e-4, 0.5, 30.0] {
                let e = eta / (beta * (1.0 + eta));
                let one = Step::Proximal(eta).mirror(beta).unwrap();
                for other in [Step::Magnetic(eta / beta), Step::Explicit(e), Step::Inverse(1.0 / e)] {
                    let other = other.mirror(beta).unwrap();
                    assert!((one.keep - other.keep).abs() < 1e-15 && (one.gain / other.gain - 1.0).abs() < 1e-15);
                }
                // 1/kappa loses an ulp relative to 1.
                assert!((one.proximal() - eta).abs() < 4e-16 * (1.0 + eta) * (1.0 + eta));
            }
            let largest = largest_prox_step(beta);
            assert!((largest / (2.0 * beta * (beta + (1.0 + beta * beta).sqrt())) - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn steps_out_of_range_are_errors() {
        for step in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Step::Proximal(step).mirror(0.1).is_err());
            assert!(Step::Hedge(step).mirror(0.1).is_err());
        }
        assert!(Step::Explicit(10.1).mirror(0.1).is_err());
        assert_eq!(Step::Explicit(10.0).mirror(0.1).unwrap().keep, 0.0);
        assert!(Step::Inverse(0.05).mirror(0.1).is_err());
    }
}
