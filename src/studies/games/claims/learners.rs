//! R14 to R16, R21, R22: the rates of the other learners, and what is wrong with some of them.

use super::audited::{EFFORT, RESOLVED, SLACK, Solved, bound, control};
use crate::Result;
use crate::games::auditor::{Instance, random_instance};
use crate::games::families::{sine, uniform_random};
use crate::games::learner::mirror_descent::MirrorDescent;
use crate::games::learner::nash_md::{NashMd, Schedule};
use crate::games::learner::optimistic::RegularisedOptimistic;
use crate::games::learner::{Algorithm, Arena, Exact, Iterate};
use crate::games::observed_rate::nash_md_limit;
use crate::games::payoff::Payoff;
use crate::games::policy::{Reference, kl, span};
use crate::games::preference::Preference;
use crate::games::step::{MirrorStep, Step};
use crate::games::von_neumann::winner_set;
use crate::lab::{Check, Claim, Recorded, Sampling};
use crate::prob::Law;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "games/R14",
            statement: "Magnetic mirror descent with eta <= 4 beta^2: KL(pi*||pi_{k+1}) <= KL(pi*||pi_k)/(1+eta).",
            source: "derived (OpenSpiel's default step is eta = 4 beta^2: code)",
            conditions: "eta <= 4 beta^2",
            recorded: Recorded::Holds,
            checks: &[descent_step, descent_beyond],
        },
        Claim {
            id: "games/R15",
            statement: "Nash-MD with e_t = 2/(beta(t+2)): KL(pi*||pi_T) <= 8/(beta^2 (T+1)); one step KL_{t+1} <= (1-e beta) \
                        KL_t + e^2/8, so 1/(2 beta^2 (T+1)) holds.",
            source: "Munos et al., arXiv 2312.00886, Theorem 1 (recalled); one step and sharper constant derived",
            conditions: "start at the reference",
            recorded: Recorded::Holds,
            checks: &[nash_md_step, nash_md_run],
        },
        Claim {
            id: "games/R16",
            statement: "Constant-step Nash-MD converges to softmax(log ref + P m/beta), m the equilibrium at \
                        beta/(1 - e beta), not to pi*.",
            source: "derived",
            conditions: "where it converges",
            recorded: Recorded::Holds,
            checks: &[nash_md_is_biased],
        },
        Claim {
            id: "games/R21",
            statement: "PU (EGPO) with e <= 2/(1+2 beta): KL_t <= (1-e beta)^t KL_0. Regularised OMWU with e <= min(1/(2 beta \
                        + 1), 1/2): KL(pi*||pi_t) <= (1-e beta)^t KL_0, KL(pi*||pibar_{t+1}) <= 2 (1-e beta)^t KL_0.",
            source: "Cen, Wei, Chi, arXiv 2105.15186 (form recalled)",
            conditions: "pibar_0 = pi_0",
            recorded: Recorded::Holds,
            checks: &[predictive_step, optimistic_run, optimistic_prediction, optimistic_beyond],
        },
        Claim {
            id: "games/R22",
            statement: "Hedge self-play: exploitability of the average <= sqrt(log Y/(2T)) at e = sqrt(8 log Y/T); its last \
                        iterate moves away from an interior winner; OMWU (e <= 1/4) converges there.",
            source: "average: standard; last iterate derived; OMWU: abstract of arXiv 2512.24818",
            conditions: "uniform start; interior winner for the last iterates",
            recorded: Recorded::Holds,
            checks: &[hedge_average, hedge_moves_away, optimism_converges],
        },
    ]
}

fn descent(instance: &Instance, factor: f64) -> Result<Option<(f64, f64)>> {
    let solved = Solved::new(instance)?;
    let before = solved.kl(&solved.start)?;
    if before <= RESOLVED {
        return Ok(None);
    }
    let beta = solved.game.beta();
    let eta = factor * beta * beta;
    let mut iterate = solved.start.clone();
    solved.advance(&mut MirrorDescent::new(Step::Proximal(eta).mirror(beta)?), &mut iterate)?;
    Ok(Some(((1.0 + eta) * solved.kl(&iterate)?, before)))
}

fn descent_step(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R14", "(1+eta) KL_{k+1} <= KL_k at eta = 4 beta^2", 0.99, |i| descent(i, 4.0))
}

fn descent_beyond(sampling: &Sampling) -> Result<Check> {
    control(sampling, "games/R14", "the same at 12 beta^2", 4 * EFFORT.draws, |i| descent(i, 12.0))
}

fn nash_md_step(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R15", "KL_{t+1} <= (1-e beta) KL_t + e^2/8", 0.99, |instance| {
        let solved = Solved::new(instance)?;
        let before = solved.kl(&solved.start)?;
        if before <= RESOLVED {
            return Ok(None);
        }
        let beta = solved.game.beta();
        let e = instance.knob / beta;
        let step = Step::Explicit(e).mirror(beta)?;
        let mut iterate = solved.start.clone();
        solved.advance(&mut NashMd::new(Schedule::Constant(step)), &mut iterate)?;
        Ok(Some((solved.kl(&iterate)?, step.keep * before + e * e / 8.0)))
    })
}

fn nash_md_run(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R15", "KL_T <= 1/(2 beta^2 (T+1)) from the reference", 0.1, |instance| {
        let mut instance = instance.clone();
        instance.start_logits.clone_from(&instance.reference_logits);
        let solved = Solved::new(&instance)?;
        let mut learner = NashMd::new(Schedule::Decaying);
        let mut iterate = solved.start.clone();
        let last = 1 + (40.0 * instance.knob) as u64;
        for _ in 0..last {
            solved.advance(&mut learner, &mut iterate)?;
        }
        Ok(Some((solved.kl(&iterate)?, 0.5 / solved.game.beta().powi(2) / (last as f64 + 1.0))))
    })
}

fn nash_md_is_biased(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R16", "limit of constant-step Nash-MD = its closed form")
        .tolerance(1e-10, "iterated until it stands still; log-ratios, in units of 1 + 1/beta");
    let address = sampling.executor.address("R16");
    let mut biased = 0.0f64;
    for draw in 0..EFFORT.draws {
        let mut instance = random_instance(&mut address.stream(draw))?;
        instance.beta = instance.beta.max(0.3);
        let solved = Solved::new(&instance)?;
        let step = 0.5 * instance.knob / instance.beta;
        let limit = nash_md_limit(&solved.game, step)?;
        let mut learner = NashMd::new(Schedule::Constant(Step::Explicit(step).mirror(instance.beta)?));
        let mut iterate = solved.start.clone();
        // The contraction is at worst (1 - e beta) sqrt(1 + (e lambda)^2), lambda <= 1/pi, e beta <= 1/2, beta >= 0.3: below 1.
        let mut moved = f64::INFINITY;
        for _ in 0..200_000 {
            let before = iterate.log_ratio.clone();
            solved.advance(&mut learner, &mut iterate)?;
            moved = span(before.iter().zip(&iterate.log_ratio).map(|(a, b)| a - b));
            if moved < 1e-15 * (1.0 + 1.0 / instance.beta) {
                break;
            }
        }
        if moved < 1e-13 && step * instance.beta > 1e-2 {
            let error = span(limit.iter().zip(&iterate.log_ratio).map(|(a, b)| a - b));
            check.equal(error, 0.0, 1.0 + 1.0 / instance.beta, || json!(instance));
            biased = biased.max(span(solved.star.log_ratio.iter().zip(&limit).map(|(a, b)| a - b)));
        }
    }
    // And it is not the equilibrium: 1e-3 somewhere.
    check.equal(f64::from(u8::from(biased > 1e-3)), 1.0, 0.0, || json!({"largest bias (span)": biased}));
    Ok(check.finish())
}

fn predictive_step(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R21", "PU at e = 2/(1+2 beta): KL_1 <= (1-e beta) KL_0", 0.99, |instance| {
        let solved = Solved::new(instance)?;
        let before = solved.kl(&solved.start)?;
        if before <= RESOLVED {
            return Ok(None);
        }
        let step = Step::Explicit(2.0 / (1.0 + 2.0 * solved.game.beta()));
        let mirror = step.mirror(solved.game.beta())?;
        let mut iterate = solved.start.clone();
        solved.advance(&mut crate::games::learner::mirror_prox::MirrorProx::new(mirror), &mut iterate)?;
        Ok(Some((solved.kl(&iterate)?, mirror.keep * before)))
    })
}

/// Up to 15 iterations of regularised OMWU at `factor` times its step: the largest ratios of pi and of pibar.
fn optimistic(instance: &Instance, factor: f64) -> Result<Option<[(f64, f64); 2]>> {
    let solved = Solved::new(instance)?;
    let before = solved.kl(&solved.start)?;
    if before <= 1e-6 {
        return Ok(None);
    }
    let beta = solved.game.beta();
    let e = (factor * (1.0 / (2.0 * beta + 1.0)).min(0.5)).min(1.0 / beta);
    let step: MirrorStep = Step::Explicit(e).mirror(beta)?;
    let mut learner = RegularisedOptimistic::new(step);
    let mut iterate = solved.start.clone();
    let mut worst = [(0.0, 1.0); 2];
    let mut allowed = before;
    for _ in 0..15 {
        solved.advance(&mut learner, &mut iterate)?;
        // pibar_{t+1} belongs to the bound at t.
        let bar = kl(&solved.star.policy, &solved.law(learner.predicted())?);
        if 2.0 * allowed > RESOLVED && bar / (2.0 * allowed) > worst[1].0 / worst[1].1 {
            worst[1] = (bar, 2.0 * allowed);
        }
        allowed *= step.keep;
        let observed = solved.kl(&iterate)?;
        if allowed > RESOLVED && observed / allowed > worst[0].0 / worst[0].1 {
            worst[0] = (observed, allowed);
        }
    }
    Ok(Some(worst))
}

fn optimistic_run(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R21", "OMWU: KL(pi*||pi_t) <= (1-e beta)^t KL_0", 0.99, |i| {
        Ok(optimistic(i, 1.0)?.map(|sides| sides[0]))
    })
}

fn optimistic_prediction(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R21", "OMWU: KL(pi*||pibar_{t+1}) <= 2 (1-e beta)^t KL_0", 0.5, |i| {
        Ok(optimistic(i, 1.0)?.map(|sides| sides[1]))
    })
}

fn optimistic_beyond(sampling: &Sampling) -> Result<Check> {
    control(sampling, "games/R21", "the bound of OMWU at 3 times its step", 4 * EFFORT.draws, |i| {
        Ok(optimistic(i, 3.0)?.map(|sides| sides[0]))
    })
}

fn hedge_average(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R22", "exploitability of Hedge's average <= sqrt(log Y/(2T))", 0.55, |instance| {
        let preference = Preference::new(&instance.p)?;
        let size = preference.size();
        let reference = Reference::uniform(size)?;
        let rounds = 1 + (200.0 * instance.knob * instance.knob) as u64;
        let step = (8.0 * (size as f64).ln() / rounds as f64).sqrt();
        let mut learner = Algorithm::Hedge.learner(&preference, 1.0, Some(step))?;
        let arena = Arena { log_reference: reference.log_probs(), beta: 0.0 };
        let mut iterate = Iterate::reference(&reference);
        let mut average = vec![0.0; size];
        for _ in 0..rounds {
            average.iter_mut().zip(&iterate.policy).for_each(|(a, p)| *a += p / rounds as f64);
            learner.advance(&arena, &mut Exact(&preference), &mut iterate)?;
        }
        let observed = crate::games::game::exploitability(&preference, &average);
        Ok(Some((observed, ((size as f64).ln() / (2.0 * rounds as f64)).sqrt())))
    })
}

/// Games with an interior winner, and the winner.
fn interior_games(sampling: &Sampling, label: &str) -> Result<Vec<(Preference, Law)>> {
    let address = sampling.executor.address(label);
    let mut games = Vec::new();
    for draw in 0.. {
        let mut stream = address.stream(draw);
        let size = if draw % 2 == 0 { 3 } else { 5 };
        let game = uniform_random(size, &mut stream);
        let set = winner_set(&game)?;
        let least = set.centre.iter().copied().fold(1.0, f64::min);
        if set.support.len() == size && set.directions.is_empty() && least > 0.05 {
            games.push((game, Law::new(&set.centre)?));
        }
        if games.len() == 20 || draw > 20_000 {
            break;
        }
    }
    Ok(games)
}

fn hedge_moves_away(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::ordering("games/R22", "Hedge: KL(nu||pi_{t+1}) > KL(nu||pi_t) at every step")
        .tolerance(1e-13, "rounding of the divergences, relative");
    for (game, winner) in interior_games(sampling, "R22 away")? {
        let reference = Reference::uniform(game.size())?;
        let mut learner = Algorithm::Hedge.learner(&game, 1.0, Some(0.3))?;
        let arena = Arena { log_reference: reference.log_probs(), beta: 0.0 };
        let mut iterate = Iterate::reference(&reference);
        let mut before = kl(&winner, &iterate.law(&reference)?);
        for step in 0..200 {
            learner.advance(&arena, &mut Exact(&game), &mut iterate)?;
            let now = kl(&winner, &iterate.law(&reference)?);
            check.at_most(before, now, now, || json!({"P": game.matrix(), "step": step}));
            before = now;
        }
    }
    Ok(check.finish())
}

fn optimism_converges(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::ordering("games/R22", "OMWU at e = 1/4 reaches an interior winner: KL < 1e-10")
        .tolerance(SLACK, "none needed");
    for (game, winner) in interior_games(sampling, "R22 optimism")? {
        let reference = Reference::uniform(game.size())?;
        let mut learner = Algorithm::Omwu.learner(&game, 1.0, Some(0.25))?;
        let arena = Arena { log_reference: reference.log_probs(), beta: 0.0 };
        let mut iterate = Iterate::reference(&reference);
        let mut end = f64::INFINITY;
        for step in 0..3_000_000 {
            learner.advance(&arena, &mut Exact(&game), &mut iterate)?;
            if step % 1000 == 0 {
                end = kl(&winner, &iterate.law(&reference)?);
                if end <= 1e-10 {
                    break;
                }
            }
        }
        check.at_most(end, 1e-10, 0.0, || json!({"P": game.matrix(), "kl": end}));
    }
    // A game without a unique interior winner for contrast of sizes: its winner set is a face.
    check.at_most(1.0, winner_set(&sine(4))?.support.len() as f64, 0.0, || json!("sine4"));
    Ok(check.finish())
}
