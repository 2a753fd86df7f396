//! The von Neumann winner as the limit of regularised equilibria: the asymptotic route (R24).
//!
//! $\pi^*_\beta \to$ the KL projection of the reference on the winners as $\beta \to 0$. The distance is $O(\beta)$, and
//! $O(\beta\log(1/\beta))$ where a constraint is active at the projection. Equilibria at $2\beta$ and $\beta$ are
//! extrapolated, $2\pi_\beta - \pi_{2\beta}$, where that stays a policy; a cross-check, not a solver.

use super::equilibrium::{equilibrium, equilibrium_from};
use super::game::{Game, exploitability};
use super::policy::Reference;
use super::preference::Preference;
use super::von_neumann::VonNeumann;
use crate::Result;
use crate::numerics::sum::sum;

/// The smallest strength of the continuation.
const STRENGTH: f64 = 1.0 / 16_384.0;

/// The winner by continuation to $\beta = 2^{-14}$.
///
/// # Errors
/// Those of [`equilibrium`], and of a reference of another size.
pub fn von_neumann_by_continuation(preference: &Preference, reference: &Reference) -> Result<VonNeumann> {
    let before = equilibrium(&Game::new(preference.clone(), reference.clone(), 2.0 * STRENGTH)?)?;
    let last = equilibrium_from(&Game::new(preference.clone(), reference.clone(), STRENGTH)?, &before.log_ratio)?;
    let pairs = last.policy.probs().iter().zip(before.policy.probs());
    let extrapolated: Vec<f64> = pairs.map(|(p, q)| (2.0 * p - q).max(0.0)).collect();
    let total = sum(extrapolated.iter().copied());
    let extrapolated: Vec<f64> = extrapolated.iter().map(|p| p / total).collect();
    let plain = exploitability(preference, last.policy.probs());
    let improved = exploitability(preference, &extrapolated);
    Ok(if improved <= plain {
        VonNeumann { pi: extrapolated, exploitability: improved }
    } else {
        VonNeumann { pi: last.policy.probs().to_vec(), exploitability: plain }
    })
}
