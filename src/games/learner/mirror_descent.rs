//! Mirror descent on the regularised game: one step against the own policy.
//!
//! $r \leftarrow \kappa r + e A\pi$. Magnetic mirror descent (Sokota et al. 2022), OMD, INPO (Zhang et al. 2024), bandit MTPO
//! (Shani et al. 2024) and the exact natural step of Online IPO are this map (R17, derived); with $\kappa = 1$ it is Hedge,
//! SPO and SPPO. Converges at rate $(1+\eta)^{-1}$ for $\eta \le 4\beta^2$ (R14), and diverges where
//! $\eta > 2/(\lambda^2/\beta^2 - 1)$ (R11): its step is $O(\beta^2)$ where mirror prox has $O(\beta)$. One query.

use super::{Arena, Iterate, Learner, Oracle, sized};
use crate::Result;
use crate::games::step::MirrorStep;

/// Mirror descent.
#[derive(Clone, Debug)]
pub struct MirrorDescent {
    step: MirrorStep,
    payoff: Vec<f64>,
}

impl MirrorDescent {
    /// With a step from any convention.
    pub fn new(step: MirrorStep) -> MirrorDescent {
        MirrorDescent { step, payoff: Vec::new() }
    }
}

impl Learner for MirrorDescent {
    fn queries(&self) -> u64 {
        1
    }

    fn advance(&mut self, arena: &Arena, oracle: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()> {
        let payoff = sized(&mut self.payoff, iterate.policy.len());
        oracle.query(&iterate.policy, payoff);
        iterate.step(arena, self.step, payoff);
        Ok(())
    }
}
