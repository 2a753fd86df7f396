//! Optimistic multiplicative weights, plain and regularised: the last payoff predicts the next.
//!
//! Regularised (Cen, Wei, Chi 2021; form recalled, checked here): $\bar\pi^+ = T(\pi, \bar\pi)$, $\pi^+ = T(\pi, \bar\pi^+)$,
//! $\bar\pi_0 = \pi_0$; for $e \le \min(1/(2\beta+1), 1/2)$, $D(\pi^*\|\pi_t) \le (1-e\beta)^t D(\pi^*\|\pi_0)$ (R21). Plain:
//! $l \leftarrow l + e (2 A\pi_t - A\pi_{t-1})$, $\pi_{-1} = \pi_0$. One new query an iteration; the other is remembered.

use super::{Arena, Iterate, Learner, Oracle, sized};
use crate::Result;
use crate::games::step::MirrorStep;

/// Regularised optimistic multiplicative weights.
#[derive(Clone, Debug)]
pub struct RegularisedOptimistic {
    step: MirrorStep,
    bar: Iterate,
    payoff: Vec<f64>,
    started: bool,
}

impl RegularisedOptimistic {
    /// With a step from any convention.
    pub fn new(step: MirrorStep) -> RegularisedOptimistic {
        let bar = Iterate { log_ratio: Vec::new(), policy: Vec::new() };
        RegularisedOptimistic { step, bar, payoff: Vec::new(), started: false }
    }

    /// $\bar\pi$ of the last iteration.
    pub fn predicted(&self) -> &Iterate {
        &self.bar
    }
}

impl Learner for RegularisedOptimistic {
    fn queries(&self) -> u64 {
        1
    }

    fn advance(&mut self, arena: &Arena, oracle: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()> {
        let n = iterate.policy.len();
        if !self.started {
            self.started = true;
            self.bar = iterate.clone();
            // The payoff of the start, remembered from then on.
            oracle.query(&iterate.policy, sized(&mut self.payoff, n));
        }
        self.bar.step_from(arena, &iterate.log_ratio, self.step, &self.payoff);
        oracle.query(&self.bar.policy, &mut self.payoff);
        iterate.step(arena, self.step, &self.payoff);
        Ok(())
    }
}

/// Plain optimistic multiplicative weights.
#[derive(Clone, Debug)]
pub struct Optimistic {
    gain: f64,
    payoff: Vec<f64>,
    last: Vec<f64>,
}

impl Optimistic {
    /// With the step `gain` $= e$.
    pub fn new(gain: f64) -> Optimistic {
        Optimistic { gain, payoff: Vec::new(), last: Vec::new() }
    }
}

impl Learner for Optimistic {
    fn queries(&self) -> u64 {
        1
    }

    fn advance(&mut self, arena: &Arena, oracle: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()> {
        let first = self.payoff.is_empty();
        let payoff = sized(&mut self.payoff, iterate.policy.len());
        oracle.query(&iterate.policy, payoff);
        if first {
            self.last = payoff.to_vec();
        }
        for (last, now) in self.last.iter_mut().zip(payoff.iter_mut()) {
            let forecast = 2.0 * *now - *last;
            *last = *now;
            *now = forecast;
        }
        iterate.step(arena, MirrorStep { keep: 1.0, gain: self.gain }, payoff);
        Ok(())
    }
}
