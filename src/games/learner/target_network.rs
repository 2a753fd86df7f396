//! The practical variant: gradient steps of a softmax policy against a target that follows it by exponential averaging.
//!
//! $\theta \mathrel{+}= \mathrm{lr}\,\pi(q - E_\pi q)$, $q = A\pi_{tgt} - \beta\log(\pi/\pi_{ref}) -
//! (\beta/\eta)\log(\pi/\pi_{tgt})$; then $\theta_{tgt} \leftarrow (1-k)\theta_{tgt} + k\theta$ (the exact form is the lab's;
//! "exponential moving average for stability": review of the paper). One query.

use super::policy_gradient::ascend;
use super::{Arena, Iterate, Learner, Oracle, sized};
use crate::games::policy::normalise;
use crate::{Error, Result};

/// Softmax gradient with a target.
#[derive(Clone, Debug)]
pub struct TargetNetwork {
    rate: f64,
    /// $\beta/\eta$.
    anchor: f64,
    follow: f64,
    target: Option<Iterate>,
    payoff: Vec<f64>,
}

impl TargetNetwork {
    /// With the learning rate, the anchor $\beta/\eta \ge 0$ and the weight $k \in (0, 1]$ with which the target follows.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `rate`, `anchor` or `follow`.
    pub fn new(rate: f64, anchor: f64, follow: f64) -> Result<TargetNetwork> {
        if !(rate.is_finite() && rate > 0.0) {
            return Err(Error::invalid("rate", rate, "a number > 0"));
        }
        if !(anchor.is_finite() && anchor >= 0.0) {
            return Err(Error::invalid("anchor", anchor, "a number >= 0"));
        }
        if !(follow > 0.0 && follow <= 1.0) {
            return Err(Error::invalid("follow", follow, "in (0, 1]"));
        }
        Ok(TargetNetwork { rate, anchor, follow, target: None, payoff: Vec::new() })
    }
}

impl Learner for TargetNetwork {
    fn queries(&self) -> u64 {
        1
    }

    fn advance(&mut self, arena: &Arena, oracle: &mut dyn Oracle, iterate: &mut Iterate) -> Result<()> {
        let target = self.target.get_or_insert_with(|| iterate.clone());
        let value = sized(&mut self.payoff, iterate.policy.len());
        oracle.query(&target.policy, value);
        for ((q, r), t) in value.iter_mut().zip(&iterate.log_ratio).zip(&target.log_ratio) {
            *q -= arena.beta * r + self.anchor * (r - t);
        }
        ascend(&mut iterate.log_ratio, &iterate.policy, value, self.rate);
        normalise(arena.log_reference, &mut iterate.log_ratio, &mut iterate.policy);
        for (t, r) in target.log_ratio.iter_mut().zip(&iterate.log_ratio) {
            *t += self.follow * (r - *t);
        }
        normalise(arena.log_reference, &mut target.log_ratio, &mut target.policy);
        Ok(())
    }
}
