//! Soundness and completeness constants of STARC metrics on one MDP (R5, R6).
//!
//! $L\,d \le \mathrm{Reg} \le U\,d$. For $d_{span}$ (norm and metric the span) $U = 1$, $L = 1/2$ on every MDP. For VAL with
//! $n = m = L_\infty$ on pairs: $h_{min}\,n \le \mathrm{span} \le \frac{2}{1-\gamma}\,n$ gives $U = \frac{2}{(1-\gamma)h_{min}}$ and
//! $L = \frac{h_{min}(1-\gamma)}{4}$, $h_s = E[\gamma^{T_s}]$ the discounted first-hit weight of $s$ under the policy of VAL.
//! By the renewal at the first visit $d(s) = h_s\,G(s,s)$ with $G = (I - \gamma P_\pi)^{-1}$ and $d = \mu_0^\top G$: a ratio of positive
//! numbers, no cancellation. Cost $O(S^3)$. Source: derived.

use super::evaluation::PolicySystem;
use super::mdp::Mdp;
use super::policy::Policy;
use crate::Result;

/// The constants of one MDP and policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Constants {
    /// $h_s$, `[S]`; exactly 0 where the policy never comes.
    pub first_hit: Vec<f64>,
    /// $h_{min}$.
    pub least_hit: f64,
    /// $U$; none if $h_{min} = 0$ (an unvisited state): the theorem says nothing then.
    pub upper: Option<f64>,
    /// $L$; none if $h_{min} = 0$.
    pub lower: Option<f64>,
}

/// The constants of VAL under `policy` with $L_\infty$ on pairs.
///
/// ```
/// use tilt::rewards::{constants::constants, mdp::Mdp, policy::Policy};
/// // State 1 is reached after one step: h = (1, gamma).
/// let mdp = Mdp::new(&[vec![vec![0.0, 1.0]], vec![vec![0.0, 1.0]]], &[1.0, 0.0], 0.75)?;
/// let found = constants(&mdp, &Policy::uniform(&mdp))?;
/// assert_eq!((found.least_hit, found.upper, found.lower), (0.75, Some(8.0 / 0.75), Some(0.75 / 16.0)));
/// # Ok::<(), tilt::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::NotConverged`] from a sparse process.
pub fn constants(mdp: &Mdp, policy: &Policy) -> Result<Constants> {
    let system = PolicySystem::of(mdp, policy);
    let mut visits = mdp.start().to_vec();
    system.solve_transposed(&mut visits)?;
    let visited = mdp.visited(|pair| policy.probs()[pair] > 0.0);
    let mut first_hit = vec![0.0; mdp.states()];
    for s in (0..mdp.states()).filter(|&s| visited[s]) {
        let mut column = vec![0.0; mdp.states()];
        column[s] = 1.0;
        system.solve(&mut column)?;
        first_hit[s] = (visits[s] / column[s]).clamp(0.0, 1.0);
    }
    let least_hit = first_hit.iter().copied().fold(1.0, f64::min);
    let known = |value: f64| (least_hit > 0.0).then_some(value);
    let horizon = 1.0 / (1.0 - mdp.gamma());
    Ok(Constants {
        least_hit,
        upper: known(2.0 * horizon / least_hit),
        lower: known(least_hit / (4.0 * horizon)),
        first_hit,
    })
}
