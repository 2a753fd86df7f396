//! Nash mirror prox (Tiapkin et al. 2025, v1): half step against the own policy, full step against the half step.
//!
//! $u = T(\pi, \pi)$, $\pi^+ = T(\pi, u)$. With $\eta = 2\beta$, $D(\pi^*\|\pi^+) \le D(\pi^*\|\pi)/(1+2\beta)$ (R6); the same for
//! every $\eta \le 2\beta(\beta + \sqrt{1+\beta^2})$ (R7, derived). EGPO (Zhou, Fazel, Du 2025) and the predictive update of
//! Cen, Wei, Chi (2021) are the same map with the explicit step (R17). Two queries.

use super::{Arena, Iterate, Learner, Oracle, sized};
use crate::Result;
use crate::games::step::MirrorStep;

/// Nash mirror prox, EGPO.
#[derive(Clone, Debug)]
pub struct MirrorProx {
    step: MirrorStep,
    half: Iterate,
    payoff: Vec<f64>,
}

impl MirrorProx {
    /// With a step, from any convention: [`Step::mirror`](crate::games::step::Step::mirror).
    pub fn new(step: MirrorStep) -> MirrorProx {
        MirrorProx { step, half: Iterate { log_ratio: Vec::new(), policy: Vec::new() }, payoff: Vec::new() }
    }

    /// The half step of the last iteration, $\pi_{k+1/2}$; empty before the first.
    pub fn half_step(&self) -> &Iterate {
        &self.half
    }

    /// The step from now on.
    pub fn set_step(&mut self, step: MirrorStep) {
        self.step = step;
    }
}

impl Learner for MirrorProx {
    fn queries(&self) -> u64 {
        2
    }

    fn advance(&mut self, arena: &Arena, oracle: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()> {
        let n = iterate.policy.len();
        let payoff = sized(&mut self.payoff, n);
        sized(&mut self.half.log_ratio, n);
        sized(&mut self.half.policy, n);
        oracle.query(&iterate.policy, payoff);
        self.half.step_from(arena, &iterate.log_ratio, self.step, payoff);
        oracle.query(&self.half.policy, payoff);
        iterate.step(arena, self.step, payoff);
        Ok(())
    }
}
