//! Approximate Nash mirror prox for softmax policies: each prox step by $M$ gradient steps on the logits.
//!
//! The inner objective is $P(o \succ \pi_\theta) + \beta D(\pi_\theta\|\pi_{ref}) + (\beta/\eta) D(\pi_\theta\|\pi_k)$, with
//! gradient $-\pi_y(q_y - E_\pi q)$, $q = A o - \beta\log(\pi/\pi_{ref}) - (\beta/\eta)\log(\pi/\pi_k)$, started at $\pi_k$.
//! The opponent is fixed in the inner loop, so its payoff is asked once a half step: two queries an iteration. The error of
//! the two inner problems, as spans from the exact steps, goes into R12.

use super::policy_gradient::ascend;
use super::{Arena, Iterate, Learner, Oracle, sized};
use crate::games::policy::{normalise, span};
use crate::games::step::Step;
use crate::{Error, Result};

/// Nash mirror prox with inner gradient steps.
#[derive(Clone, Debug)]
pub struct InnerGradient {
    eta: f64,
    rate: f64,
    inner_steps: u32,
    half: Iterate,
    payoff: Vec<f64>,
    value: Vec<f64>,
    start: Vec<f64>,
    /// Spans of the log-error of the last half and full step.
    pub inner_error: (f64, f64),
}

impl InnerGradient {
    /// With the outer step $\eta$, the learning rate and the number $M$ of inner steps.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `step`, `rate` or `inner_steps`, unless positive.
    pub fn new(eta: f64, rate: f64, inner_steps: u32) -> Result<InnerGradient> {
        for (field, x) in [("step", eta), ("rate", rate), ("inner_steps", f64::from(inner_steps))] {
            if !(x.is_finite() && x > 0.0) {
                return Err(Error::invalid(field, x, "a number > 0"));
            }
        }
        let half = Iterate { log_ratio: Vec::new(), policy: Vec::new() };
        let (payoff, value, start) = (Vec::new(), Vec::new(), Vec::new());
        Ok(InnerGradient { eta, rate, inner_steps, half, payoff, value, start, inner_error: (0.0, 0.0) })
    }

    /// Moves `iterate` from `start` towards the prox step against `payoff`; returns the span of its log-error.
    fn descend(&self, arena: &Arena, iterate: &mut Iterate, value: &mut [f64]) -> Result<f64> {
        let anchor = arena.beta / self.eta;
        for _ in 0..self.inner_steps {
            for (i, q) in value.iter_mut().enumerate() {
                let r = iterate.log_ratio[i];
                *q = self.payoff[i] - arena.beta * r - anchor * (r - self.start[i]);
            }
            ascend(&mut iterate.log_ratio, &iterate.policy, value, self.rate);
            normalise(arena.log_reference, &mut iterate.log_ratio, &mut iterate.policy);
        }
        let exact = Step::Proximal(self.eta).mirror(arena.beta)?;
        let error = |i: usize| iterate.log_ratio[i] - (exact.keep * self.start[i] + exact.gain * self.payoff[i]);
        Ok(span((0..value.len()).map(error)))
    }
}

impl Learner for InnerGradient {
    fn queries(&self) -> u64 {
        2
    }

    fn advance(&mut self, arena: &Arena, oracle: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()> {
        let n = iterate.policy.len();
        self.start = iterate.log_ratio.clone();
        let mut value = std::mem::take(&mut self.value);
        let mut half = std::mem::replace(&mut self.half, iterate.clone());
        half.clone_from(iterate);
        oracle.query(&iterate.policy, sized(&mut self.payoff, n));
        let half_error = self.descend(arena, &mut half, sized(&mut value, n))?;
        oracle.query(&half.policy, &mut self.payoff);
        let full_error = self.descend(arena, iterate, &mut value)?;
        (self.half, self.value, self.inner_error) = (half, value, (half_error, full_error));
        Ok(())
    }
}
