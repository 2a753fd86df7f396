//! Nash-EMA (Munos et al. 2023): a step against the exponential average of the policies.
//!
//! $r \leftarrow (1-e\beta) r + e A\bar\pi$, then $\bar\pi \leftarrow (1-k)\bar\pi + k\pi$, arithmetic, $\bar\pi_0 = \pi_0$ (the
//! lab's convention for the order). One query.

use super::{Arena, Iterate, Learner, Oracle, sized};
use crate::games::step::MirrorStep;
use crate::{Error, Result};

/// Nash-EMA.
#[derive(Clone, Debug)]
pub struct NashEma {
    step: MirrorStep,
    weight: f64,
    average: Vec<f64>,
    payoff: Vec<f64>,
}

impl NashEma {
    /// With a step and the weight $k$ of the new policy.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `weight`, outside $(0, 1]$.
    pub fn new(step: MirrorStep, weight: f64) -> Result<NashEma> {
        if !(weight > 0.0 && weight <= 1.0) {
            return Err(Error::invalid("weight", weight, "in (0, 1]"));
        }
        Ok(NashEma { step, weight, average: Vec::new(), payoff: Vec::new() })
    }
}

impl Learner for NashEma {
    fn queries(&self) -> u64 {
        1
    }

    fn advance(&mut self, arena: &Arena, oracle: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()> {
        if self.average.is_empty() {
            self.average = iterate.policy.clone();
        }
        let payoff = sized(&mut self.payoff, iterate.policy.len());
        oracle.query(&self.average, payoff);
        iterate.step(arena, self.step, payoff);
        for (average, policy) in self.average.iter_mut().zip(&iterate.policy) {
            *average += self.weight * (policy - *average);
        }
        Ok(())
    }
}
