//! The local rate as a run shows it: the asymptotic route of `games.local_rate`.
//!
//! A learner is started at a span of 1e-6 from its limit; after every iteration the deviation is scaled back to that span, and
//! the logarithms of the factors are averaged over 1600 iterations after 400. Error of the mean: a turning mode's phase,
//! up to about 2e-3 in $\log\rho$; the curvature of the map, 1e-6. The limit of Nash-MD is its own, biased point (R16).

use super::equilibrium::equilibrium;
use super::game::Game;
use super::learner::{Algorithm, Arena, Iterate, run_exact};
use super::local_rate::LocalRate;
use super::policy::{normalise, span};
use super::step::Step;
use super::tangent::largest_modulus;
use crate::sampling::Moments;
use crate::{Error, Result};

/// The fitted contraction an iteration; `lambda_max` by Lanczos.
///
/// # Errors
/// [`Error::InvalidInput`] about `algorithm` or `step`; [`Error::NotConverged`] where the run does not converge.
pub fn observed_local_rate(game: &Game, algorithm: Algorithm, step: f64) -> Result<LocalRate> {
    if !algorithm.regularised() || matches!(algorithm, Algorithm::OmwuReg | Algorithm::NashMdDecay) {
        let name = serde_json::to_string(&algorithm).unwrap_or_default();
        return Err(Error::invalid("algorithm", name, "one of mp, mmd, prox, omd, egpo, nash_md"));
    }
    let star = equilibrium(game)?;
    let lambda_max = largest_modulus(game.preference(), star.policy.probs())?;
    let arena = Arena { log_reference: game.reference().log_probs(), beta: game.beta() };
    let mut learner = algorithm.learner(game.preference(), game.beta(), Some(step))?;
    let limit = if algorithm == Algorithm::NashMd { nash_md_limit(game, step)? } else { star.log_ratio };
    if game.size() == 1 {
        return Ok(LocalRate { lambda_max: 0.0, spectral_radius: 0.0 });
    }
    // A start that excites every mode.
    let mut iterate = Iterate { log_ratio: limit.clone(), policy: star.policy.probs().to_vec() };
    for (i, r) in iterate.log_ratio.iter_mut().enumerate() {
        *r += DEVIATION * (1.0 + 2.3 * i as f64).sin();
    }
    normalise(arena.log_reference, &mut iterate.log_ratio, &mut iterate.policy);
    let mut growth = Moments::new();
    for iteration in 0..LEAD + FITTED {
        let before = deviation(&iterate, &limit);
        run_exact(learner.as_mut(), &arena, game.preference(), &mut iterate, 1)?;
        let after = deviation(&iterate, &limit);
        if after <= 1e-7 * before {
            // Contraction below what the rounding of a step resolves.
            return Ok(LocalRate { lambda_max, spectral_radius: 0.0 });
        }
        if iteration >= LEAD {
            growth.add((after / before).ln());
        }
        let scale = DEVIATION / after;
        iterate.log_ratio.iter_mut().zip(&limit).for_each(|(r, l)| *r = l + scale * (*r - l));
        normalise(arena.log_reference, &mut iterate.log_ratio, &mut iterate.policy);
    }
    Ok(LocalRate { lambda_max, spectral_radius: growth.mean().exp() })
}

/// The span at which the deviation is held.
const DEVIATION: f64 = 1e-6;
/// Iterations before the average, and in it.
const LEAD: u32 = 400;
const FITTED: u32 = 1600;

fn deviation(iterate: &Iterate, limit: &[f64]) -> f64 {
    span(iterate.log_ratio.iter().zip(limit).map(|(r, l)| r - l))
}

/// The log-ratio to which constant-step Nash-MD converges: $A m/\beta$, $m$ the equilibrium at $\beta/(1-e\beta)$ (R16).
///
/// # Errors
/// [`Error::InvalidInput`] about `step`; those of the equilibrium.
pub fn nash_md_limit(game: &Game, step: f64) -> Result<Vec<f64>> {
    let mirror = Step::Explicit(step).mirror(game.beta())?;
    // keep = 0: the mixture is the reference itself.
    let mixture = if mirror.keep > 0.0 {
        equilibrium(&game.clone().with_beta(game.beta() / mirror.keep)?)?.policy.probs().to_vec()
    } else {
        game.reference().probs().to_vec()
    };
    let mut ratio = vec![0.0; game.size()];
    super::payoff::Payoff::apply(game.preference(), &mixture, &mut ratio);
    ratio.iter_mut().for_each(|x| *x /= game.beta());
    normalise(game.reference().log_probs(), &mut ratio, &mut vec![0.0; game.size()]);
    Ok(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::uniform_random;
    use crate::games::local_rate::{local_rate, local_rate_by_eigenvalues};
    use crate::games::policy::Reference;
    use crate::sampling::Address;

    #[test]
    fn runs_decay_at_the_stated_rate() {
        let preference = uniform_random(5, &mut Address::new(3, "test", "rate").stream(0));
        let reference = Reference::from_logits(&[0.0, 0.5, -0.5, 0.2, -0.1]).unwrap();
        let game = Game::new(preference, reference, 0.15).unwrap();
        for (algorithm, step) in [
            (Algorithm::Mp, 0.3),
            (Algorithm::Mmd, 0.09),
            (Algorithm::Omd, 0.5),
            (Algorithm::Egpo, 1.0),
            (Algorithm::Prox, 0.5),
        ] {
            let stated = local_rate(&game, algorithm, step).unwrap();
            let other = local_rate_by_eigenvalues(&game, algorithm, step).unwrap();
            assert!((stated.spectral_radius - other.spectral_radius).abs() < 1e-12);
            let seen = observed_local_rate(&game, algorithm, step).unwrap();
            let ratio = seen.spectral_radius.ln() / stated.spectral_radius.ln();
            // The phase of a turning mode over 1600 iterations, relative to a log-rate above 0.03.
            assert!((ratio - 1.0).abs() < 0.01, "{algorithm:?}: {seen:?} {stated:?}");
            assert!((seen.lambda_max - stated.lambda_max).abs() < 1e-12);
        }
    }

    #[test]
    fn constant_nash_md_goes_to_its_own_limit() {
        let preference = uniform_random(6, &mut Address::new(4, "test", "rate").stream(0));
        let game = Game::new(preference, Reference::uniform(6).unwrap(), 0.5).unwrap();
        let mut learner = Algorithm::NashMd.learner(game.preference(), 0.5, Some(0.4)).unwrap();
        let mut iterate = Iterate::reference(game.reference());
        let arena = Arena { log_reference: game.reference().log_probs(), beta: 0.5 };
        run_exact(learner.as_mut(), &arena, game.preference(), &mut iterate, 400).unwrap();
        let limit = nash_md_limit(&game, 0.4).unwrap();
        assert!(span(iterate.log_ratio.iter().zip(&limit).map(|(a, b)| a - b)) < 1e-13);
        let star = equilibrium(&game).unwrap().log_ratio;
        assert!(span(star.iter().zip(&limit).map(|(a, b)| a - b)) > 1e-4);
    }
}
