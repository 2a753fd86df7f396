//! Nash mirror prox with the decreasing step $\eta_k = 2/(k + a)$, $a = 2/\beta$ (R13b, derived).
//!
//! With unbiased payoffs its error falls like $1/k$ to the exact equilibrium, without a floor:
//! $E D(\pi^*\|\pi_k) \le \max(a D_0, 4 v (1 + 1/a))/(k + a)$. Two queries.

use super::mirror_prox::MirrorProx;
use super::{Arena, Iterate, Learner, Oracle};
use crate::Result;
use crate::games::step::Step;

/// Nash mirror prox with a decreasing step.
#[derive(Clone, Debug)]
pub struct ConsistentProx {
    inner: Option<MirrorProx>,
    time: u64,
}

impl ConsistentProx {
    /// From the first iteration, $k = 0$.
    #[allow(clippy::new_without_default)] // a learner is made, not defaulted
    pub fn new() -> ConsistentProx {
        ConsistentProx { inner: None, time: 0 }
    }
}

impl Learner for ConsistentProx {
    fn queries(&self) -> u64 {
        2
    }

    fn advance(&mut self, arena: &Arena, oracle: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()> {
        let step = Step::Proximal(2.0 / (self.time as f64 + 2.0 / arena.beta)).mirror(arena.beta)?;
        self.time += 1;
        let inner = self.inner.get_or_insert_with(|| MirrorProx::new(step));
        inner.set_step(step);
        inner.advance(arena, oracle, iterate)
    }
}
