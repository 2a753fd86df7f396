//! The local rate as a run shows it: the asymptotic route of `games.local_rate`.
//!
//! A learner is started at a span of about 1e-3 from its limit and followed to 1e-11; the slope of the log-span is fitted by
//! least squares. Modes of complex multipliers turn, so the slope is good to their phase over the range. The limit of Nash-MD
//! is its own, biased point (R16): the error is measured from there.

use super::equilibrium::equilibrium;
use super::game::Game;
use super::learner::{Algorithm, Arena, Iterate, run_exact};
use super::local_rate::LocalRate;
use super::policy::{normalise, span};
use super::step::Step;
use super::tangent::largest_modulus;
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
        *r += 5e-4 * (1.0 + 2.3 * i as f64).sin();
    }
    normalise(arena.log_reference, &mut iterate.log_ratio, &mut iterate.policy);
    let mut points: Vec<(f64, f64)> = Vec::new();
    for k in 0..200_000u32 {
        let error = span(iterate.log_ratio.iter().zip(&limit).map(|(r, l)| r - l));
        if error < 1e-11 {
            break;
        }
        if error > 0.1 {
            break;
        }
        points.push((f64::from(k), error.ln()));
        run_exact(learner.as_mut(), &arena, game.preference(), &mut iterate, 1)?;
    }
    let n = points.len() as f64;
    // The first quarter still holds faster modes.
    let fitted = &points[points.len() / 4..];
    if fitted.len() < 2 {
        // Gone at once: contraction below what a step resolves.
        return Ok(LocalRate { lambda_max, spectral_radius: 0.0 });
    }
    let count = fitted.len() as f64;
    let (mean_k, mean_e) = (fitted.iter().map(|p| p.0).sum::<f64>() / count, fitted.iter().map(|p| p.1).sum::<f64>() / count);
    let top: f64 = fitted.iter().map(|p| (p.0 - mean_k) * (p.1 - mean_e)).sum();
    let bottom: f64 = fitted.iter().map(|p| (p.0 - mean_k) * (p.0 - mean_k)).sum();
    let slope = top / bottom;
    if !slope.is_finite() {
        return Err(Error::NotConverged {
            method: "the fit of the local rate".into(),
            iterations: n as usize,
            residual: f64::INFINITY,
            tolerance: 0.02,
        });
    }
    Ok(LocalRate { lambda_max, spectral_radius: slope.exp() })
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
