//! Nash-MD (Munos et al. 2023): a step against the geometric mixture of the own policy and the reference.
//!
//! $m = \mathrm{normalise}[\pi^{1-e\beta}\pi_{ref}^{e\beta}]$, $r \leftarrow (1-e\beta) r + e A m$. With a constant step it
//! converges to the wrong point: the equilibrium mixture of strength $\beta/(1-e\beta)$ (R16, derived). The step
//! $e_t = 2/(\beta(t+2))$ repairs it: $D(\pi^*\|\pi_T) \le 8/(\beta^2(T+1))$ (Theorem 1, recalled), indeed
//! $1/(2\beta^2(T+1))$ (R15, derived). One query.

use super::{Arena, Iterate, Learner, Oracle, sized};
use crate::Result;
use crate::games::policy::normalise;
use crate::games::step::MirrorStep;

/// How the step of Nash-MD moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// The same in every iteration.
    Constant(MirrorStep),
    /// $e_t = 2/(\beta(t+2))$.
    Decaying,
}

/// Nash-MD.
#[derive(Clone, Debug)]
pub struct NashMd {
    schedule: Schedule,
    /// The exponent of the policy in the mixture, where it is not $1 - e\beta$ (the published code of EGPO's comparison).
    exponent: Option<f64>,
    mixture: Iterate,
    payoff: Vec<f64>,
    time: u64,
}

impl NashMd {
    /// With a schedule.
    pub fn new(schedule: Schedule) -> NashMd {
        let mixture = Iterate { log_ratio: Vec::new(), policy: Vec::new() };
        NashMd { schedule, exponent: None, mixture, payoff: Vec::new(), time: 0 }
    }

    /// The same with the mixture $\pi^{c}\pi_{ref}^{1-c}$ instead of the matching $c = 1 - e\beta$.
    pub fn with_exponent(self, exponent: f64) -> NashMd {
        NashMd { exponent: Some(exponent), ..self }
    }

    fn step(&self, beta: f64) -> MirrorStep {
        match self.schedule {
            Schedule::Constant(step) => step,
            Schedule::Decaying => {
                let t = self.time as f64;
                MirrorStep { keep: t / (t + 2.0), gain: 2.0 / (beta * (t + 2.0)) }
            }
        }
    }
}

impl Learner for NashMd {
    fn queries(&self) -> u64 {
        1
    }

    fn advance(&mut self, arena: &Arena, oracle: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()> {
        let step = self.step(arena.beta);
        let exponent = self.exponent.unwrap_or(step.keep);
        let n = iterate.policy.len();
        let mixture = sized(&mut self.mixture.log_ratio, n);
        mixture.iter_mut().zip(&iterate.log_ratio).for_each(|(m, r)| *m = exponent * r);
        normalise(arena.log_reference, mixture, sized(&mut self.mixture.policy, n));
        let payoff = sized(&mut self.payoff, n);
        oracle.query(&self.mixture.policy, payoff);
        iterate.step(arena, step, payoff);
        self.time += 1;
        Ok(())
    }
}
