//! What is said about a policy: the outputs of `games.equilibrium`, `games.suboptimality` and `games.run`.

use super::equilibrium::{Equilibrium, equilibrium};
use super::game::{Game, exploitability};
use super::learner::{Algorithm, Arena, Iterate, run_exact};
use super::payoff::Payoff;
use super::policy::{Reference, kl, log_ratio_span, span};
use super::preference::Preference;
use crate::prob::{Law, kl_of_log_ratio};
use crate::{Error, Result};

/// The equilibrium with its distances (quantity `games.equilibrium`).
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct EquilibriumReport {
    /// $\pi^*$.
    pub pi: Vec<f64>,
    /// Span of $\log(\pi^*/\pi_{ref})$; at most $1/\beta$.
    pub log_ratio_span: f64,
    /// $D(\pi^*\|\pi_{ref})$.
    pub kl_ref: f64,
    /// $P(\pi^* \succ \pi_{ref})$.
    pub win_vs_ref: f64,
    /// Exploitability of $\pi^*$ at $\beta = 0$.
    pub exploitability: f64,
}

/// The report of any policy given by its log-ratio from the reference.
pub fn describe(game: &Game, policy: &Law, log_ratio: &[f64]) -> EquilibriumReport {
    let reference = game.reference().probs();
    EquilibriumReport {
        log_ratio_span: span(log_ratio.iter().copied()),
        kl_ref: kl_of_log_ratio(reference, log_ratio),
        win_vs_ref: 0.5 + game.preference().edge(policy.probs(), reference),
        exploitability: exploitability(game.preference(), policy.probs()),
        pi: policy.probs().to_vec(),
    }
}

/// The equilibrium of a game, described.
///
/// # Errors
/// Those of [`equilibrium`].
pub fn equilibrium_report(game: &Game) -> Result<EquilibriumReport> {
    let solved: Equilibrium = equilibrium(game)?;
    Ok(describe(game, &solved.policy, &solved.log_ratio))
}

/// What a policy loses (quantity `games.suboptimality`); the optional fields only for $\beta > 0$.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Suboptimality {
    /// $\mathrm{SubOpt}_\beta(\pi)$; the exploitability at $\beta = 0$.
    pub subopt: f64,
    /// $BR_\beta(\pi)$.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_response: Option<Vec<f64>>,
    /// $D(\pi\|BR)$.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_pi_best_response: Option<f64>,
    /// $D(\pi\|\pi^*)$.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_pi_star: Option<f64>,
    /// $D(\pi^*\|\pi)$.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_star_pi: Option<f64>,
}

/// The exploitability as a [`Suboptimality`] at $\beta = 0$.
pub fn unregularised_suboptimality(preference: &Preference, pi: &Law) -> Suboptimality {
    Suboptimality {
        subopt: exploitability(preference, pi.probs()),
        best_response: None,
        kl_pi_best_response: None,
        kl_pi_star: None,
        kl_star_pi: None,
    }
}

/// What a policy loses at $\beta > 0$.
///
/// # Errors
/// Those of [`equilibrium`].
pub fn suboptimality_report(game: &Game, pi: &Law) -> Result<Suboptimality> {
    let best = game.best_response(pi)?;
    let star = equilibrium(game)?.policy;
    let divergence = kl(pi, &best);
    Ok(Suboptimality {
        subopt: game.beta() * divergence,
        best_response: Some(best.probs().to_vec()),
        kl_pi_best_response: Some(divergence),
        kl_pi_star: Some(kl(pi, &star)),
        kl_star_pi: Some(kl(&star, pi)),
    })
}

/// The end of a run (quantity `games.run`); `exploitability` without $\beta$, the others with it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct RunReport {
    /// The last policy.
    pub pi: Vec<f64>,
    /// Queries made.
    pub queries: u64,
    /// $D(\pi^*\|\pi)$.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_star: Option<f64>,
    /// $\mathrm{SubOpt}_\beta(\pi)$.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subopt: Option<f64>,
    /// Span of $\log\pi - \log\pi^*$.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<f64>,
    /// Exploitability, where nothing is regularised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploitability: Option<f64>,
}

/// A run to be made.
#[derive(Clone, Debug)]
pub struct RunRequest<'a> {
    /// The game's preference.
    pub preference: &'a Preference,
    /// The reference.
    pub reference: &'a Reference,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Its step; absent for `nash_md_decay`.
    pub step: Option<f64>,
    /// $\beta$; absent for `hedge` and `omwu`.
    pub beta: Option<f64>,
    /// Iterations.
    pub iterations: u64,
    /// The start; the reference if absent.
    pub init: Option<&'a Law>,
}

/// The multiplications above which a run is refused.
const WORK: f64 = 1e13;

/// Runs an algorithm with exact payoffs and reports on its last policy.
///
/// # Errors
/// [`Error::InvalidInput`] about `beta` (missing, or given where there is none), `step`, `ref` or `init`;
/// [`Error::TooLarge`] above 1e13 multiplications; [`Error::NotConverged`] where the iterate overflows.
///
/// ```
/// use tilt::games::{families::sine, learner::Algorithm, policy::Reference, report::{RunRequest, run_report}};
/// let (preference, reference) = (sine(6), Reference::uniform(6)?);
/// let request = RunRequest {
///     preference: &preference, reference: &reference, algorithm: Algorithm::Mp,
///     step: Some(0.1), beta: Some(0.05), iterations: 20, init: None,
/// };
/// let report = run_report(&request)?;
/// assert!((report.kl_star.unwrap() - 0.000123367801364364).abs() < 1e-16 && report.queries == 40);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn run_report(request: &RunRequest) -> Result<RunReport> {
    let (preference, reference) = (request.preference, request.reference);
    let beta = match (request.algorithm.regularised(), request.beta) {
        (true, None) => return Err(Error::invalid("beta", "missing", "a number > 0")),
        (false, Some(beta)) => return Err(Error::invalid("beta", beta, "absent: hedge and omwu are unregularised")),
        (true, Some(beta)) => beta,
        // A game at any strength serves to check the reference.
        (false, None) => 1.0,
    };
    let game = Game::new(preference.clone(), reference.clone(), beta)?;
    let work = request.iterations as f64 * (preference.size() as f64).powi(2);
    if work > WORK {
        return Err(Error::too_large("the run", work, WORK, "multiplications"));
    }
    let mut iterate = match request.init {
        Some(init) => Iterate::of_policy(reference, init)?,
        None => Iterate::reference(reference),
    };
    let arena =
        Arena { log_reference: reference.log_probs(), beta: if request.algorithm.regularised() { beta } else { 0.0 } };
    let mut learner = request.algorithm.learner(preference, beta, request.step)?;
    let queries = run_exact(learner.as_mut(), &arena, preference, &mut iterate, request.iterations)?;
    let law = match request.init {
        Some(init) if request.iterations == 0 => init.clone(),
        _ => iterate.law(reference)?,
    };
    let pi = law.probs().to_vec();
    if !request.algorithm.regularised() {
        let exploitability = Some(exploitability(preference, &pi));
        return Ok(RunReport { pi, queries, kl_star: None, subopt: None, span: None, exploitability });
    }
    let star = equilibrium(&game)?.policy;
    Ok(RunReport {
        pi,
        queries,
        kl_star: Some(kl(&star, &law)),
        subopt: Some(game.suboptimality(&law)?),
        span: Some(log_ratio_span(&law, &star)),
        exploitability: None,
    })
}
