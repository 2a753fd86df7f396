//! The exact proximal point (Tiapkin et al. 2026, v2; any $\eta > 0$): $v = T(w, v)$.
//!
//! It is the equilibrium with reference $\propto (\pi_{ref}^\eta w)^{1/(1+\eta)}$ and strength $\beta(1+\eta)/\eta$ (R20,
//! derived), which Newton's iteration solves, and the limit of mirror prox with inner repetitions. It needs the game itself;
//! no queries are counted.

use super::{Arena, Iterate, Learner, Oracle};
use crate::games::equilibrium::equilibrium;
use crate::games::game::Game;
use crate::games::policy::Reference;
use crate::games::preference::Preference;
use crate::{Error, Result};

/// The exact proximal point.
#[derive(Clone, Debug)]
pub struct ProximalPoint {
    preference: Preference,
    eta: f64,
}

impl ProximalPoint {
    /// With the step $\eta$.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `step`, unless positive and finite.
    pub fn new(preference: Preference, eta: f64) -> Result<ProximalPoint> {
        if !(eta.is_finite() && eta > 0.0) {
            return Err(Error::invalid("step", eta, "a number > 0"));
        }
        Ok(ProximalPoint { preference, eta })
    }
}

impl Learner for ProximalPoint {
    fn queries(&self) -> u64 {
        0
    }

    fn advance(&mut self, arena: &Arena, _: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()> {
        let keep = 1.0 / (1.0 + self.eta);
        let logits = |i: usize| arena.log_reference[i] + keep * iterate.log_ratio[i];
        let shifted = Reference::from_logits(&(0..iterate.policy.len()).map(logits).collect::<Vec<_>>())?;
        let game = Game::new(self.preference.clone(), shifted, arena.beta * (1.0 + self.eta) / self.eta)?;
        let solved = equilibrium(&game)?;
        for (r, own) in iterate.log_ratio.iter_mut().zip(&solved.log_ratio) {
            *r = keep * *r + own;
        }
        crate::games::policy::normalise(arena.log_reference, &mut iterate.log_ratio, &mut iterate.policy);
        Ok(())
    }
}
