//! Softmax policies by plain gradient steps on their logits.
//!
//! | direction | $\theta_y \leftarrow \theta_y + \mathrm{lr}\cdot$ |
//! |---|---|
//! | self-play | $\pi_y (q_y - E_\pi q)$, $q = A\pi - \beta\log(\pi/\pi_{ref})$ |
//! | Nash-MD-PG | the same with $q = A m - \beta\log(\pi/\pi_{ref})$, $m \propto \pi^{c}\pi_{ref}^{1-c}$ |
//! | Online IPO, pairs from the own policy | $\tfrac4\beta \pi_y (q_y - E_\pi q)$: minus the gradient of its loss (R18) |
//!
//! The logits are the log-ratio plus a constant. Plain self-play is unstable for large rates: on rock-paper-scissors with a
//! uniform reference beyond $6\beta/(\beta^2+\lambda^2)$ (R19, derived). One query.

use super::{Arena, Iterate, Learner, Oracle, sized};
use crate::games::policy::normalise;
use crate::{Error, Result};

/// Which gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Direction {
    /// Self-play.
    SelfPlay,
    /// Against the geometric mixture with the reference, of this exponent.
    Mixture(f64),
    /// Minus the gradient of the Online IPO loss on pairs from the own policy.
    OnlineIpo,
}

/// Softmax gradient.
#[derive(Clone, Debug)]
pub struct PolicyGradient {
    direction: Direction,
    rate: f64,
    mixture: Vec<f64>,
    opponent: Vec<f64>,
    payoff: Vec<f64>,
}

impl PolicyGradient {
    /// With a learning rate.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `step`, unless positive and finite.
    pub fn new(direction: Direction, rate: f64) -> Result<PolicyGradient> {
        if !(rate.is_finite() && rate > 0.0) {
            return Err(Error::invalid("step", rate, "a number > 0"));
        }
        Ok(PolicyGradient { direction, rate, mixture: Vec::new(), opponent: Vec::new(), payoff: Vec::new() })
    }
}

/// Adds `rate` $\pi_y (q_y - E_\pi q)$ to `log_ratio`, $q$ in `value`.
pub(super) fn ascend(log_ratio: &mut [f64], policy: &[f64], value: &[f64], rate: f64) {
    let mean: f64 = policy.iter().zip(value).map(|(p, q)| p * q).sum();
    for ((r, p), q) in log_ratio.iter_mut().zip(policy).zip(value) {
        *r += rate * p * (q - mean);
    }
}

impl Learner for PolicyGradient {
    fn queries(&self) -> u64 {
        1
    }

    fn advance(&mut self, arena: &Arena, oracle: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()> {
        let n = iterate.policy.len();
        let payoff = sized(&mut self.payoff, n);
        if let Direction::Mixture(exponent) = self.direction {
            let mixture = sized(&mut self.mixture, n);
            mixture.iter_mut().zip(&iterate.log_ratio).for_each(|(m, r)| *m = exponent * r);
            normalise(arena.log_reference, mixture, sized(&mut self.opponent, n));
            oracle.query(&self.opponent, payoff);
        } else {
            oracle.query(&iterate.policy, payoff);
        }
        payoff.iter_mut().zip(&iterate.log_ratio).for_each(|(q, r)| *q -= arena.beta * r);
        let rate = match self.direction {
            Direction::OnlineIpo => 4.0 * self.rate / arena.beta,
            _ => self.rate,
        };
        ascend(&mut iterate.log_ratio, &iterate.policy, payoff, rate);
        normalise(arena.log_reference, &mut iterate.log_ratio, &mut iterate.policy);
        Ok(())
    }
}
