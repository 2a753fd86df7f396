//! Sequences of regularised games: reference refresh (R25) and annealing (R23).
//!
//! **Refresh** (the scheme of COMAL and MPO; identity derived): $\pi^{s+1}$ = equilibrium($\beta$, reference $\pi^s$). For every
//! von Neumann winner $\nu$, $D(\nu\|\pi^{s+1}) = D(\nu\|\pi^s) - D(\pi^{s+1}\|\pi^s) - \langle A\pi^{s+1},\nu\rangle/\beta$ with
//! the last product $\ge 0$: the divergence falls; the exploitability need not.
//!
//! **Annealing** (derived): $\beta_j = 2^{-j}$, mirror prox at $\eta = 2\beta_j$ from the last policy, reference fixed,
//! $\lceil \log 8/\log(1+2\beta_j)\rceil$ iterations a stage: exploitability $O(1/N)$.

use super::equilibrium::equilibrium;
use super::game::{Game, exploitability};
use super::learner::mirror_prox::MirrorProx;
use super::learner::{Arena, Iterate, run_exact};
use super::policy::{Reference, kl};
use super::preference::Preference;
use super::step::Step;
use crate::Result;
use crate::prob::Law;

/// Reference refresh (quantity `games.prox_sequence`).
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct ProxSequence {
    /// The last policy.
    pub pi: Vec<f64>,
    /// Exploitability after each stage.
    pub exploitability: Vec<f64>,
    /// Divergence of each policy from the one before.
    pub kl_step: Vec<f64>,
}

/// All policies of `stages` refreshes, the reference first.
///
/// # Errors
/// Those of the equilibrium; [`Error::InvalidInput`](crate::Error::InvalidInput) about `ref` if a stage leaves an action without
/// mass even in logarithms.
pub fn refresh(game: &Game, stages: u64) -> Result<Vec<Law>> {
    let mut laws = vec![game.reference().law().clone()];
    let mut game = game.clone();
    for _ in 0..stages {
        let policy = equilibrium(&game)?.policy;
        game = game.with_reference(Reference::from_logits(policy.log_probs())?)?;
        laws.push(policy);
    }
    Ok(laws)
}

/// Reference refresh, as the quantity states it.
///
/// # Errors
/// As [`refresh`].
pub fn prox_sequence(game: &Game, stages: u64) -> Result<ProxSequence> {
    let laws = refresh(game, stages)?;
    Ok(ProxSequence {
        pi: laws[laws.len() - 1].probs().to_vec(),
        exploitability: laws[1..].iter().map(|law| exploitability(game.preference(), law.probs())).collect(),
        kl_step: laws.windows(2).map(|pair| kl(&pair[1], &pair[0])).collect(),
    })
}

/// A stage of annealing, at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Annealed {
    /// The strength of the stage.
    pub beta: f64,
    /// Queries so far.
    pub queries: u64,
    /// Exploitability of the policy.
    pub exploitability: f64,
    /// The policy.
    pub policy: Vec<f64>,
}

/// Annealing over $\beta = 2^{-1}, \dots, 2^{-\mathrm{stages}}$.
///
/// # Errors
/// As [`Game::new`] about `ref`.
pub fn anneal(preference: &Preference, reference: &Reference, stages: u32) -> Result<Vec<Annealed>> {
    let mut iterate = Iterate::reference(reference);
    let mut queries = 0;
    let mut done = Vec::new();
    let mut beta = 1.0;
    Game::new(preference.clone(), reference.clone(), beta)?;
    for _ in 0..stages {
        beta *= 0.5;
        // 8 = 2^3: at beta = 1/2 the quotient is 3, which rounding must not lift to 4.
        let iterations = (8f64.ln() / (2.0 * beta).ln_1p() - 1e-9).ceil() as u64;
        let arena = Arena { log_reference: reference.log_probs(), beta };
        let mut learner = MirrorProx::new(Step::Proximal(2.0 * beta).mirror(beta)?);
        queries += run_exact(&mut learner, &arena, preference, &mut iterate, iterations)?;
        let exploitability = exploitability(preference, &iterate.policy);
        done.push(Annealed { beta, queries, exploitability, policy: iterate.policy.clone() });
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::sine;

    #[test]
    fn annealing_as_specified() {
        // E4: (queries, exploitability) on sine20, five printed digits.
        let stages = anneal(&sine(20), &Reference::uniform(20).unwrap(), 8).unwrap();
        let wanted = [
            (6, 1.2232e-1),
            (18, 1.1274e-1),
            (38, 6.9075e-2),
            (74, 3.7058e-2),
            (144, 1.8983e-2),
            (280, 9.6225e-3),
            (550, 4.8295e-3),
            (1086, 2.4172e-3),
        ];
        for (stage, (queries, exploitability)) in stages.iter().zip(wanted) {
            assert_eq!(stage.queries, queries);
            assert!((stage.exploitability / exploitability - 1.0).abs() < 5e-5, "{stage:?}");
        }
    }

    #[test]
    fn no_stage_is_the_reference() {
        let game = Game::new(sine(4), Reference::uniform(4).unwrap(), 0.2).unwrap();
        let none = prox_sequence(&game, 0).unwrap();
        assert_eq!((none.pi, none.exploitability.len()), (vec![0.25; 4], 0));
    }
}
