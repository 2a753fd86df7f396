//! R6 to R9, R27: the linear rate of Nash mirror prox, where it is tight, and what follows for spans and suboptimality.

use super::audited::{EFFORT, RESOLVED, Solved, bound, control};
use crate::Result;
use crate::games::auditor::{Instance, random_instance};
use crate::games::bounds::span_and_suboptimality_bound;
use crate::games::families::bradley_terry;
use crate::games::learner::Algorithm;
use crate::games::learner::mirror_prox::MirrorProx;
use crate::games::local_rate::local_rate;
use crate::games::policy::{kl, span};
use crate::games::step::{Step, largest_prox_step};
use crate::lab::{Check, Claim, Recorded, Sampling};
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "games/R6",
            statement: "Nash mirror prox with eta = 2 beta: (1+eta) KL(pi*||pi_{k+1}) + eta KL(pi_{k+1/2}||pi*) <= \
                        KL(pi*||pi_k); hence KL(pi*||pi_K) <= (1+2 beta)^-K KL(pi*||pi_0).",
            source: "Tiapkin et al., arXiv 2505.19731, rate in the abstract; constants and strong form derived",
            conditions: "any game, any beta > 0",
            recorded: Recorded::Holds,
            checks: &[strong_form, contraction, rate_from_the_reference],
        },
        Claim {
            id: "games/R7",
            statement: "The same for every 0 < eta <= 2 beta (beta + sqrt(1+beta^2)), where the contraction is \
                        exp(-2 asinh beta).",
            source: "derived",
            conditions: "any game, any beta > 0",
            recorded: Recorded::Holds,
            checks: &[any_step_below, largest_step, twice_the_largest_step_fails],
        },
        Claim {
            id: "games/R8",
            statement: "R6 is tight far from the equilibrium; near it the divergence contracts by rho^2 with \
                        rho <= 1/(1+eta), a factor two in the exponent.",
            source: "derived",
            conditions: "far: start with mass 1e-10 on the support of pi*",
            recorded: Recorded::Holds,
            checks: &[tight_far_away, twice_the_exponent_near],
        },
        Claim {
            id: "games/R9",
            statement: "At eta = 2 beta: ||pi_{k+1/2} - pi*||_1^2 <= KL(pi*||pi_k)/(2 beta), span(log pi_K - log pi*) <= S_K, \
                        SubOpt <= (beta/8)(sqrt(2 (1+2 beta)^-K KL_0)/beta + S_K)^2.",
            source: "\"linear, uniform in log-probabilities\": abstract; explicit bounds derived",
            conditions: "any game; none depends on Y",
            recorded: Recorded::Holds,
            checks: &[half_step_distance, span_bound, suboptimality_bound],
        },
        Claim {
            id: "games/R27",
            statement: "span(log pi_k/ref) <= max(span(log pi_0/ref), 1/beta) along mirror prox.",
            source: "derived",
            conditions: "any step",
            recorded: Recorded::Holds,
            checks: &[bounded_iterates],
        },
    ]
}

/// One iteration: (observed, bound) of the strong form at the step eta.
fn one_step(instance: &Instance, eta: impl Fn(f64) -> f64, strong: bool) -> Result<Option<(f64, f64)>> {
    let solved = Solved::new(instance)?;
    let before = solved.kl(&solved.start)?;
    if before <= RESOLVED {
        return Ok(None);
    }
    let eta = eta(solved.game.beta());
    let mut learner = MirrorProx::new(Step::Proximal(eta).mirror(solved.game.beta())?);
    let mut iterate = solved.start.clone();
    solved.advance(&mut learner, &mut iterate)?;
    let mut after = (1.0 + eta) * solved.kl(&iterate)?;
    if strong {
        after += eta * kl(&solved.law(learner.half_step())?, &solved.star.policy);
    }
    Ok(Some((after, before)))
}

fn strong_form(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R6", "(1+eta) KL_{k+1} + eta KL(half||pi*) <= KL_k at eta = 2 beta", 0.99, |instance| {
        one_step(instance, |beta| 2.0 * beta, true)
    })
}

fn contraction(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R6", "(1+2 beta) KL_{k+1} <= KL_k", 0.99, |instance| one_step(instance, |b| 2.0 * b, false))
}

/// Twenty iterations from the reference against (1+2 beta)^{-K}/(2 beta).
fn rate_from_the_reference(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R6", "KL_K <= (1+2 beta)^-K/(2 beta) from the reference", 0.5, |instance| {
        let mut instance = instance.clone();
        instance.start_logits.clone_from(&instance.reference_logits);
        let solved = Solved::new(&instance)?;
        let beta = solved.game.beta();
        let mut learner = MirrorProx::new(Step::Proximal(2.0 * beta).mirror(beta)?);
        let mut iterate = solved.start.clone();
        let iterations = 1 + (20.0 * instance.knob) as i32;
        for _ in 0..iterations {
            solved.advance(&mut learner, &mut iterate)?;
        }
        let observed = solved.kl(&iterate)?;
        Ok((observed > RESOLVED).then_some((observed, (1.0 + 2.0 * beta).powi(-iterations) / (2.0 * beta))))
    })
}

fn any_step_below(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R7", "strong form at eta = U eta_max", 0.99, |instance| {
        one_step(instance, |beta| instance.knob * largest_prox_step(beta), true)
    })
}

fn largest_step(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R7", "strong form at eta_max", 0.99, |instance| one_step(instance, largest_prox_step, true))
}

fn twice_the_largest_step_fails(sampling: &Sampling) -> Result<Check> {
    control(sampling, "games/R7", "the strong form at 2 eta_max", EFFORT.draws, |instance| {
        one_step(instance, |beta| 2.0 * largest_prox_step(beta), true)
    })
}

fn tight_far_away(_: &Sampling) -> Result<Check> {
    let mut check = Check::ordering("games/R8", "0.9999 <= (1+eta) KL_1/KL_0 in a far start, and <= 1 everywhere");
    for beta in [0.01, 0.1, 1.0] {
        let instance = Instance {
            p: bradley_terry(&[0.0, 50.0], 1.0)?.matrix(),
            reference_logits: vec![0.0, 0.0],
            start_logits: vec![0.0, -1e5],
            beta,
            knob: 0.0,
        };
        if let Some((after, before)) = one_step(&instance, |beta| 2.0 * beta, false)? {
            check.at_most(0.9999, after / before, 0.0, || json!({"beta": beta, "ratio": after / before}));
            check.at_most(after / before, 1.0 + 1e-12, 0.0, || json!({"beta": beta, "ratio": after / before}));
        }
    }
    Ok(check.finish())
}

/// Ten iterations from a deviation of 1e-4: the divergence falls by rho^20, to the nonlinearity and the phase of a mode.
fn twice_the_exponent_near(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::bound("games/R8", "KL_{k+1}/KL_k <= rho^2 on the slowest mode's scale, rho <= 1/(1+eta)")
        .tolerance(1e-3, "nonlinearity of a deviation of 1e-4, times 20 steps");
    let address = sampling.executor.address("R8");
    for draw in 0..300 {
        let mut stream = address.stream(draw);
        let instance = random_instance(&mut stream)?;
        let solved = Solved::new(&instance)?;
        let beta = solved.game.beta();
        let rate = local_rate(&solved.game, Algorithm::Mp, 2.0 * beta)?;
        check.at_most(rate.spectral_radius * (1.0 + 2.0 * beta), 1.0, 1.0, || json!(instance));
        let mut iterate = solved.start.clone();
        iterate.log_ratio = solved.star.log_ratio.iter().map(|r| r + 1e-4 * stream.normal()).collect();
        let law = solved.law(&iterate)?;
        iterate = crate::games::learner::Iterate::of_policy(solved.game.reference(), &law)?;
        let before = solved.kl(&iterate)?;
        let mut learner = MirrorProx::new(Step::Proximal(2.0 * beta).mirror(beta)?);
        for _ in 0..10 {
            solved.advance(&mut learner, &mut iterate)?;
        }
        let after = solved.kl(&iterate)?;
        // K is skew, so the step is a normal matrix in the metric of the divergence: no transient growth.
        if after > 1e-18 {
            check.at_most(after / before / rate.spectral_radius.powi(20), 1.0, 20.0, || json!(instance));
        }
    }
    Ok(check.finish())
}

fn half_step_distance(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R9", "||pi_{k+1/2} - pi*||_1^2 <= KL_k/(2 beta)", 0.3, |instance| {
        let solved = Solved::new(instance)?;
        let beta = solved.game.beta();
        let before = solved.kl(&solved.start)?;
        if before <= RESOLVED {
            return Ok(None);
        }
        let mut learner = MirrorProx::new(Step::Proximal(2.0 * beta).mirror(beta)?);
        solved.advance(&mut learner, &mut solved.start.clone())?;
        let pairs = learner.half_step().policy.iter().zip(solved.star.policy.probs());
        let distance: f64 = pairs.map(|(a, b)| (a - b).abs()).sum();
        Ok(Some((distance * distance, before / (2.0 * beta))))
    })
}

/// A run of up to 12 iterations: (span, SubOpt) against their bounds.
fn run_against_bounds(instance: &Instance) -> Result<Option<[(f64, f64); 2]>> {
    let solved = Solved::new(instance)?;
    let beta = solved.game.beta();
    let kl0 = solved.kl(&solved.start)?;
    if kl0 <= RESOLVED {
        return Ok(None);
    }
    let width = |r: &[f64]| span(r.iter().zip(&solved.star.log_ratio).map(|(a, b)| a - b));
    let span0 = width(&solved.start.log_ratio);
    let iterations = 1 + (12.0 * instance.knob * instance.knob) as u64;
    let mut learner = MirrorProx::new(Step::Proximal(2.0 * beta).mirror(beta)?);
    let mut iterate = solved.start.clone();
    for _ in 0..iterations {
        solved.advance(&mut learner, &mut iterate)?;
    }
    let (span_bound, gap_bound) = span_and_suboptimality_bound(beta, iterations, kl0, span0);
    let gap = solved.game.suboptimality(&solved.law(&iterate)?)?;
    Ok(Some([(width(&iterate.log_ratio), span_bound), (gap, gap_bound)]))
}

fn span_bound(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R9", "span_K <= S_K", 0.99, |i| Ok(run_against_bounds(i)?.map(|sides| sides[0])))
}

fn suboptimality_bound(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R9", "SubOpt_K <= its bound", 0.4, |i| Ok(run_against_bounds(i)?.map(|sides| sides[1])))
}

fn bounded_iterates(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R27", "span(log pi_k/ref) <= max(span_0, 1/beta)", 0.99, |instance| {
        let solved = Solved::new(instance)?;
        let beta = solved.game.beta();
        let mut learner = MirrorProx::new(Step::Proximal(5.0 * instance.knob * beta).mirror(beta)?);
        let mut iterate = solved.start.clone();
        let mut widest = 0.0f64;
        for _ in 0..8 {
            solved.advance(&mut learner, &mut iterate)?;
            widest = widest.max(span(iterate.log_ratio.iter().copied()));
        }
        Ok(Some((widest, span(solved.start.log_ratio.iter().copied()).max(1.0 / beta))))
    })
}
