//! Rates near the equilibrium (R10) and the steps at which learners lose stability (R11). Derived.
//!
//! The span error contracts by the spectral radius $\rho$, the largest over the moduli $\lambda$ of
//! [the spectrum](super::tangent) of
//!
//! | learner | modulus of the multiplier, $z = \eta\lambda/\beta$, $a = 1 - e\beta$ |
//! |---|---|
//! | mirror prox $\eta$ | $\lvert 1 + i z (1 + i z)/(1+\eta)\rvert/(1+\eta)$ |
//! | MMD $\eta$ | $\lvert 1 + i z\rvert/(1+\eta)$ |
//! | exact proximal point $\eta$ | $1/\lvert 1 + \eta - i z\rvert$ |
//! | OMD $e$ | $\lvert a + i e\lambda\rvert$ |
//! | EGPO $e$ | $\lvert a + i e\lambda(a + i e\lambda)\rvert$ |
//! | Nash-MD $e$ | $a\lvert 1 + i e\lambda\rvert$ (at its own limit; here evaluated at $\pi^*$) |
//!
//! With $c = \lambda_{max}/\beta > 1$ the critical step is $2/(c^2-1)$ for MMD and, for mirror prox, the positive root of
//! $(c^4-1)x^3 - (2c^2+4)x^2 - (c^2+5)x - 2$; for $c \le 1$ there is none.

use super::equilibrium::equilibrium;
use super::game::Game;
use super::learner::Algorithm;
use super::step::Step;
use super::tangent::{moduli, moduli_by_eigenvalues};
use crate::numerics::roots::bisect;
use crate::{Error, Result};

/// The local rate of a learner (quantity `games.local_rate`).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct LocalRate {
    /// The largest modulus of the spectrum of $A C$; at most $1/\pi$.
    pub lambda_max: f64,
    /// The asymptotic contraction of the span error an iteration.
    pub spectral_radius: f64,
}

/// The modulus of the multiplier of one mode.
fn multiplier(algorithm: Algorithm, beta: f64, step: f64, lambda: f64) -> Result<f64> {
    let mirror = match algorithm {
        Algorithm::Mp | Algorithm::Mmd | Algorithm::Prox => Step::Proximal(step),
        Algorithm::Omd | Algorithm::Egpo | Algorithm::NashMd => Step::Explicit(step),
        other => {
            let name = serde_json::to_string(&other).unwrap_or_default();
            return Err(Error::invalid("algorithm", name, "one of mp, mmd, prox, omd, egpo, nash_md"));
        }
    }
    .mirror(beta)?;
    // One convention: r <- keep r + gain A o. A turn is gain * lambda; prox steps scale it by 1/(1 + eta) = keep already.
    let (keep, turn) = (mirror.keep, mirror.gain * lambda);
    Ok(match algorithm {
        Algorithm::Mmd | Algorithm::Omd => keep.hypot(turn),
        Algorithm::Mp | Algorithm::Egpo => (keep - turn * turn).hypot(turn * keep),
        Algorithm::Prox => keep / 1f64.hypot(turn),
        _ => keep * 1f64.hypot(turn),
    })
}

/// The local rate at the equilibrium of the game.
///
/// # Errors
/// [`Error::InvalidInput`] about `algorithm` (no rate for it) or `step`; those of the equilibrium and of the spectrum.
///
/// ```
/// use tilt::games::{families::cyclic, game::Game, learner::Algorithm, local_rate::local_rate, policy::Reference};
/// let game = Game::new(cyclic(3, 1.0)?, Reference::uniform(3)?, 0.1)?;
/// assert!((local_rate(&game, Algorithm::Mp, 0.2)?.spectral_radius - 0.723171266287653).abs() < 1e-14);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn local_rate(game: &Game, algorithm: Algorithm, step: f64) -> Result<LocalRate> {
    rate_of(game, algorithm, step, moduli(game.preference(), equilibrium(game)?.policy.probs())?)
}

/// The same from the eigenvalues of $A C$: the second route.
///
/// # Errors
/// As [`local_rate`].
pub fn local_rate_by_eigenvalues(game: &Game, algorithm: Algorithm, step: f64) -> Result<LocalRate> {
    let policy = equilibrium(game)?.policy;
    rate_of(game, algorithm, step, moduli_by_eigenvalues(game.preference(), policy.probs())?)
}

fn rate_of(game: &Game, algorithm: Algorithm, step: f64, moduli: Vec<f64>) -> Result<LocalRate> {
    // The step is refused even where the game is trivial.
    multiplier(algorithm, game.beta(), step, 0.0)?;
    let mut spectral_radius = 0.0f64;
    for &lambda in &moduli {
        spectral_radius = spectral_radius.max(multiplier(algorithm, game.beta(), step, lambda)?);
    }
    Ok(LocalRate { lambda_max: moduli.first().copied().unwrap_or(0.0), spectral_radius })
}

/// The first step at which mirror prox (`mp`) or mirror descent (`mmd`) stops converging locally, given
/// $\lambda_{max}$; `None` if there is none.
///
/// # Errors
/// [`Error::InvalidInput`] about `algorithm`, if it is neither.
///
/// ```
/// use tilt::games::{learner::Algorithm, local_rate::critical_step_at};
/// let lambda = 3f64.sqrt() / 6.0;
/// assert!((critical_step_at(lambda, 0.1, Algorithm::Mmd)?.unwrap() - 3.0 / 11.0).abs() < 1e-15);
/// assert_eq!(critical_step_at(lambda, 0.3, Algorithm::Mp)?, None);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn critical_step_at(lambda: f64, beta: f64, algorithm: Algorithm) -> Result<Option<f64>> {
    if !matches!(algorithm, Algorithm::Mp | Algorithm::Mmd) {
        let name = serde_json::to_string(&algorithm).unwrap_or_default();
        return Err(Error::invalid("algorithm", name, "one of mp, mmd"));
    }
    if lambda <= beta {
        return Ok(None);
    }
    let c = lambda / beta;
    // c^2 - 1 from the difference itself: c may be near 1.
    let excess = (lambda - beta) / beta * (c + 1.0);
    let descent = 2.0 / excess;
    if algorithm == Algorithm::Mmd {
        return Ok(Some(descent));
    }
    let square = c * c;
    let lead = excess * (square + 1.0);
    let cubic = |x: f64| ((lead * x - (2.0 * square + 4.0)) * x - (square + 5.0)) * x - 2.0;
    // Cauchy's bound on the roots.
    let high = 1.0 + (2.0 * square + 4.0).max(square + 5.0) / lead;
    Ok(Some(bisect(cubic, 0.0, high).x))
}

/// The critical step of a game.
///
/// # Errors
/// As [`critical_step_at`], and those of the equilibrium.
pub fn critical_step(game: &Game, algorithm: Algorithm) -> Result<Option<f64>> {
    critical_step_at(0.0, 1.0, algorithm)?;
    let lambda = moduli(game.preference(), equilibrium(game)?.policy.probs())?;
    critical_step_at(lambda.first().copied().unwrap_or(0.0), game.beta(), algorithm)
}

/// The same by bisection on $\rho(\eta) = 1$ over the whole spectrum: the second route.
///
/// # Errors
/// As [`critical_step`].
pub fn critical_step_by_bisection(game: &Game, algorithm: Algorithm) -> Result<Option<f64>> {
    let lambda = moduli_by_eigenvalues(game.preference(), equilibrium(game)?.policy.probs())?;
    if lambda.first().is_none_or(|l| *l <= game.beta()) {
        return Ok(None);
    }
    let excess = |log_step: f64| {
        let radius = lambda.iter().map(|l| multiplier(algorithm, game.beta(), log_step.exp(), *l));
        radius.fold(-1.0, |top: f64, m| top.max(m.map_or(f64::NAN, |m| m - 1.0)))
    };
    // Both critical steps are above beta^2: 2 pi^2 beta^2 and pi beta (R10, R11), beta < 1/pi.
    let mut high = 2.0 * game.beta().ln();
    while excess(high) < 0.0 && high < 600.0 {
        high += 0.5;
    }
    Ok(Some(bisect(excess, high - 0.5, high).x.exp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::{cyclic, sine};
    use crate::games::policy::Reference;

    fn rps(beta: f64) -> Game {
        Game::new(cyclic(3, 1.0).unwrap(), Reference::uniform(3).unwrap(), beta).unwrap()
    }

    #[test]
    fn reference_values() {
        // S7, S16.
        let at = |beta, algorithm| critical_step(&rps(beta), algorithm).unwrap();
        assert!((at(0.1, Algorithm::Mp).unwrap() - 0.662542550429007).abs() < 1e-14);
        assert!((at(0.1, Algorithm::Mmd).unwrap() - 3.0 / 11.0).abs() < 1e-14);
        // Near lambda = beta the step has the relative condition 1/(c - 1) = 32.
        assert!((at(0.28, Algorithm::Mp).unwrap() / 48.167234900477 - 1.0).abs() < 1e-13);
        assert_eq!(at(0.3, Algorithm::Mp), None);
        assert_eq!(at(0.3, Algorithm::Mmd), None);
    }

    #[test]
    fn the_cubic_is_the_first_crossing() {
        for beta in [1e-3, 0.02, 0.15] {
            let game = Game::new(sine(9), Reference::uniform(9).unwrap(), beta).unwrap();
            for algorithm in [Algorithm::Mp, Algorithm::Mmd] {
                match (critical_step(&game, algorithm).unwrap(), critical_step_by_bisection(&game, algorithm).unwrap())
                {
                    (Some(a), Some(b)) => assert!((a / b - 1.0).abs() < 1e-9, "{algorithm:?} {beta}: {a} {b}"),
                    (a, b) => assert_eq!(a, b),
                }
            }
        }
    }
}
