//! Do two rewards order all policies alike? Exact up to rounding (R3).
//!
//! They do if and only if their advantages $a_1, a_2$ under any fixed policy, in the reachable states, are positively
//! proportional, or both vanish. $\alpha = \langle a_1,a_2\rangle/\langle a_1,a_1\rangle$; the same order if $\alpha > 0$ and
//! $\|a_2 - \alpha a_1\| \le 10^{-9}\|a_2\|$. Unreachable states are masked. Cost: one factorisation.
//! Source: Skalse et al. (2023, 2024), recalled; proof in the specification.

use super::canonical::{ZERO, uniform_advantage};
use super::mdp::Mdp;
use super::reward::Reward;
use crate::Result;

/// The comparison of two orders.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SameOrder {
    /// Whether $J_1(\pi) \le J_1(\pi') \iff J_2(\pi) \le J_2(\pi')$ for all policies.
    pub same_order: bool,
    /// The factor with $c(R_2) = \alpha\,c(R_1)$; none if the orders differ or both rewards are trivial.
    pub alpha: Option<f64>,
}

/// Compares the orders of two rewards.
///
/// ```
/// use tilt::rewards::{mdp::Mdp, order::same_order, reward::Reward};
/// let mdp = Mdp::new(&[vec![vec![1.0]; 2]], &[1.0], 0.5)?;
/// let reward = |r: [f64; 2]| Reward::from_fn(&mdp, "R", move |_, a, _| r[a]);
/// let answer = same_order(&mdp, &reward([0.0, 1.0])?, &reward([5.0, 8.0])?)?;
/// assert!(answer.same_order && (answer.alpha.unwrap() - 3.0).abs() < 1e-14);
/// # Ok::<(), tilt::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::NotConverged`] from a sparse process.
pub fn same_order(mdp: &Mdp, r1: &Reward, r2: &Reward) -> Result<SameOrder> {
    let reachable = |reward: &Reward| -> Result<Vec<f64>> {
        let a = uniform_advantage(mdp, reward.expected())?;
        let rows = a.chunks_exact(mdp.actions()).zip(mdp.reachable());
        let kept: Vec<f64> = rows.filter(|(_, reachable)| **reachable).flat_map(|(row, _)| row.to_vec()).collect();
        let largest = kept.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        // Scaled to one, so that no unit of reward overflows a square; empty if zero.
        let zero = largest <= ZERO * reward.largest() / (1.0 - mdp.gamma());
        Ok(if zero { Vec::new() } else { kept.iter().map(|x| x / largest).chain([largest]).collect() })
    };
    let (mut a1, mut a2) = (reachable(r1)?, reachable(r2)?);
    let (Some(size1), Some(size2)) = (a1.pop(), a2.pop()) else {
        return Ok(SameOrder { same_order: a1.is_empty() && a2.is_empty(), alpha: None });
    };
    let dot = |x: &[f64], y: &[f64]| crate::numerics::lanes::dot_lanes(x, y);
    let alpha = dot(&a1, &a2) / dot(&a1, &a1);
    let apart: Vec<f64> = a1.iter().zip(&a2).map(|(x, y)| y - alpha * x).collect();
    let same_order = alpha > 0.0 && dot(&apart, &apart).sqrt() <= 1e-9 * dot(&a2, &a2).sqrt();
    Ok(SameOrder { same_order, alpha: same_order.then_some(alpha * (size2 / size1)) })
}
