//! Learners by name, as `games.run` knows them: one line each.
//!
//! | name | learner | step |
//! |---|---|---|
//! | `mp` | mirror prox | $\eta$ |
//! | `mmd` | mirror descent | $\eta$ ($= \gamma\beta$) |
//! | `omd` | mirror descent | $e$, $e\beta \le 1$ |
//! | `egpo` | mirror prox | $e$, $e\beta \le 1$ |
//! | `omwu_reg` | regularised optimistic weights | $e$, $e\beta \le 1$ |
//! | `nash_md` | Nash-MD | $e$, $e\beta \le 1$ |
//! | `nash_md_decay` | Nash-MD, decaying | none |
//! | `hedge`, `omwu` | unregularised | $e$; no $\beta$ |
//! | `prox` | exact proximal point | $\eta$ |

use super::Learner;
use super::mirror_descent::MirrorDescent;
use super::mirror_prox::MirrorProx;
use super::nash_md::{NashMd, Schedule};
use super::optimistic::{Optimistic, RegularisedOptimistic};
use super::proximal_point::ProximalPoint;
use crate::games::preference::Preference;
use crate::games::step::Step;
use crate::{Error, Result};

/// A named algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Nash mirror prox.
    Mp,
    /// Magnetic mirror descent.
    Mmd,
    /// Online mirror descent.
    Omd,
    /// EGPO.
    Egpo,
    /// Regularised optimistic multiplicative weights.
    OmwuReg,
    /// Nash-MD, constant step.
    NashMd,
    /// Nash-MD, decaying step.
    NashMdDecay,
    /// Hedge.
    Hedge,
    /// Optimistic multiplicative weights.
    Omwu,
    /// The exact proximal point.
    Prox,
}

impl Algorithm {
    /// Whether it knows $\beta$.
    pub fn regularised(self) -> bool {
        !matches!(self, Algorithm::Hedge | Algorithm::Omwu)
    }

    /// The learner with its step. `beta` is ignored by the unregularised ones.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `step`: missing, given to `nash_md_decay`, not positive, or $e\beta > 1$ where that is
    /// the convention.
    ///
    /// ```
    /// use tilt::games::{families::cyclic, learner::Algorithm};
    /// assert_eq!(Algorithm::Mp.learner(&cyclic(3, 1.0)?, 0.1, Some(0.2))?.queries(), 2);
    /// assert!(Algorithm::Omd.learner(&cyclic(3, 1.0)?, 0.1, Some(11.0)).is_err());
    /// # Ok::<(), tilt::Error>(())
    /// ```
    pub fn learner(self, preference: &Preference, beta: f64, step: Option<f64>) -> Result<Box<dyn Learner>> {
        if self == Algorithm::NashMdDecay {
            return match step {
                Some(step) => Err(Error::invalid("step", step, "absent: nash_md_decay has a schedule of its own")),
                None => Ok(Box::new(NashMd::new(Schedule::Decaying))),
            };
        }
        let step = step.ok_or_else(|| Error::invalid("step", "missing", "a number > 0"))?;
        let (proximal, explicit) = (Step::Proximal(step), Step::Explicit(step));
        Ok(match self {
            Algorithm::Mp => Box::new(MirrorProx::new(proximal.mirror(beta)?)),
            Algorithm::Mmd => Box::new(MirrorDescent::new(proximal.mirror(beta)?)),
            Algorithm::Omd => Box::new(MirrorDescent::new(explicit.mirror(beta)?)),
            Algorithm::Egpo => Box::new(MirrorProx::new(explicit.mirror(beta)?)),
            Algorithm::OmwuReg => Box::new(RegularisedOptimistic::new(explicit.mirror(beta)?)),
            Algorithm::NashMd => Box::new(NashMd::new(Schedule::Constant(explicit.mirror(beta)?))),
            Algorithm::NashMdDecay => Box::new(NashMd::new(Schedule::Decaying)),
            Algorithm::Hedge => Box::new(MirrorDescent::new(Step::Hedge(step).mirror(0.0)?)),
            Algorithm::Omwu => Box::new(Optimistic::new(Step::Hedge(step).mirror(0.0)?.gain)),
            Algorithm::Prox => Box::new(ProximalPoint::new(preference.clone(), step)?),
        })
    }
}
