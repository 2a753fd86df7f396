//! R17, R18, R20, R25: one map under many names, one gradient of two losses, the exact proximal point, reference refresh.

use super::audited::{EFFORT, Solved};
use crate::Result;
use crate::games::auditor::random_instance;
use crate::games::ipo::{ipo_gradient, ipo_gradient_by_pairs};
use crate::games::learner::mirror_descent::MirrorDescent;
use crate::games::learner::mirror_prox::MirrorProx;
use crate::games::learner::proximal_point::ProximalPoint;
use crate::games::learner::{Exact, Iterate, Learner, Oracle};
use crate::games::payoff::Payoff;
use crate::games::policy::{kl, span};
use crate::games::stages::refresh;
use crate::games::step::Step;
use crate::games::von_neumann::winner_set;
use crate::lab::{Check, Claim, Recorded, Sampling};
use crate::numerics::sum::dot;
use crate::prob::Law;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "games/R17",
            statement: "EGPO(e) = Nash mirror prox(eta) with e = eta/(beta(1+eta)); MMD = OMD = INPO (e = 1/eta_INPO); SPO, \
                        SPPO, Hedge = OMD at beta = 0; mirror prox with infinite inner repetitions = exact prox.",
            source: "derived",
            conditions: "exact payoffs",
            recorded: Recorded::Holds,
            checks: &[step_maps, direct_products, inner_repetitions],
        },
        Claim {
            id: "games/R18",
            statement: "The gradient of the Online IPO loss is -(4/beta) times the self-play gradient; in softmax logits \
                        pi_y (q_y - E q).",
            source: "equivalence: abstract of v2 (2505.19731); constant derived",
            conditions: "sampling distribution frozen",
            recorded: Recorded::Holds,
            checks: &[gradient_by_pairs, gradient_by_differences],
        },
        Claim {
            id: "games/R20",
            statement: "Exact proximal point: (1+1/eta) KL(pi*||v) + KL(v||pi*) + KL(v||w)/eta = KL(pi*||w)/eta.",
            source: "derived",
            conditions: "any eta > 0",
            recorded: Recorded::Holds,
            checks: &[proximal_identity],
        },
        Claim {
            id: "games/R25",
            statement: "Reference refresh: KL(nu||pi^{s+1}) = KL(nu||pi^s) - KL(pi^{s+1}||pi^s) - <A pi^{s+1}, nu>/beta for \
                        every winner nu, last product >= 0; exploitability is not monotone.",
            source: "derived; scheme of COMAL (2410.23223) and MPO (2410.16714)",
            conditions: "any winner",
            recorded: Recorded::Holds,
            checks: &[refresh_identity, exploitability_may_rise],
        },
    ]
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn step_maps(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R17", "policies of 50 iterations under all step conventions")
        .tolerance(1e-12, "rounding of 50 stable iterations");
    let address = sampling.executor.address("R17");
    for draw in 0..300 {
        let mut instance = random_instance(&mut address.stream(draw))?;
        instance.beta = instance.beta.clamp(0.05, 5.0);
        let solved = Solved::new(&instance)?;
        let beta = solved.game.beta();
        // Steps with a contraction: errors of rounding do not grow.
        let eta = instance.knob * 2.0 * beta;
        let e = eta / (beta * (1.0 + eta));
        let small = instance.knob * 4.0 * beta * beta;
        let small_e = small / (beta * (1.0 + small));
        let prox = |step: Step| -> Result<Box<dyn Learner>> { Ok(Box::new(MirrorProx::new(step.mirror(beta)?))) };
        let descent = |step: Step| -> Result<Box<dyn Learner>> { Ok(Box::new(MirrorDescent::new(step.mirror(beta)?))) };
        let groups = [
            vec![prox(Step::Proximal(eta))?, prox(Step::Explicit(e))?, prox(Step::Magnetic(eta / beta))?],
            vec![
                descent(Step::Proximal(small))?,
                descent(Step::Magnetic(small / beta))?,
                descent(Step::Explicit(small_e))?,
                descent(Step::Inverse(1.0 / small_e))?,
                descent(Step::AllPairs {
                    rate: small_e * beta * solved.game.size() as f64 / 4.0,
                    size: solved.game.size(),
                })?,
            ],
        ];
        for group in groups {
            let mut ends: Vec<Iterate> = Vec::new();
            for mut learner in group {
                let mut iterate = solved.start.clone();
                for _ in 0..50 {
                    solved.advance(learner.as_mut(), &mut iterate)?;
                }
                ends.push(iterate);
            }
            for other in &ends[1..] {
                check.equal(largest_difference(&ends[0].policy, &other.policy), 0.0, 1.0, || json!(instance));
            }
        }
    }
    Ok(check.finish())
}

/// The map T as a product of powers, and its arg-min form: the objective at T is least.
fn direct_products(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R17", "T(w, o) = argmin P(o > pi)/beta + KL(pi||ref) + KL(pi||w)/eta")
        .tolerance(1e-9, "relative: a minimum is flat, so the objective near it is compared to second order");
    let address = sampling.executor.address("R17 argmin");
    for draw in 0..400 {
        let mut stream = address.stream(draw);
        let mut instance = random_instance(&mut stream)?;
        instance.beta = instance.beta.max(0.05);
        let solved = Solved::new(&instance)?;
        let (beta, eta) = (solved.game.beta(), 2.0 * instance.knob + 0.01);
        let mut payoff = vec![0.0; solved.game.size()];
        Exact(solved.game.preference()).query(&solved.start.policy, &mut payoff);
        let mut stepped = solved.start.clone();
        stepped.step(&solved.arena(), Step::Proximal(eta).mirror(beta)?, &payoff);
        let (start, best) = (solved.law(&solved.start)?, solved.law(&stepped)?);
        let reference = solved.game.reference().law();
        let objective = |pi: &Law| -dot(pi.probs(), &payoff) / beta + kl(pi, reference) + kl(pi, &start) / eta;
        let trial_ratio: Vec<f64> = stepped.log_ratio.iter().map(|r| r + stream.normal()).collect();
        let trial = solved.game.reference().policy_at(&trial_ratio)?;
        // The objective is (1 + 1/eta) KL(pi||T) + const: exactly.
        let excess = (1.0 + 1.0 / eta) * kl(&trial, &best);
        let scale = objective(&trial).abs().max(objective(&best).abs()).max(excess) + 1.0 / beta;
        check.equal(objective(&trial) - objective(&best), excess, scale, || json!(instance));
    }
    Ok(check.finish())
}

fn inner_repetitions(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R17", "u <- T(w, u) repeated = exact proximal point")
        .tolerance(1e-11, "log-ratios; 400 repetitions of a contraction below 0.8");
    let address = sampling.executor.address("R17 inner");
    for draw in 0..200 {
        let mut instance = random_instance(&mut address.stream(draw))?;
        instance.beta = instance.beta.clamp(0.05, 5.0);
        let solved = Solved::new(&instance)?;
        let (beta, eta) = (solved.game.beta(), instance.knob * instance.beta);
        let step = Step::Proximal(eta).mirror(beta)?;
        let mut inner = solved.start.clone();
        let mut payoff = vec![0.0; solved.game.size()];
        for _ in 0..400 {
            Exact(solved.game.preference()).query(&inner.policy, &mut payoff);
            inner.step_from(&solved.arena(), &solved.start.log_ratio, step, &payoff);
        }
        let mut exact = solved.start.clone();
        solved.advance(&mut ProximalPoint::new(solved.game.preference().clone(), eta)?, &mut exact)?;
        let difference = inner.log_ratio.iter().zip(&exact.log_ratio).map(|(a, b)| a - b);
        check.equal(span(difference), 0.0, 1.0 + span(exact.log_ratio.iter().copied()), || json!(instance));
    }
    Ok(check.finish())
}

fn gradient_by_pairs(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R18", "closed form = enumeration of pairs")
        .tolerance(1e-9, "relative to the largest residual of a pair");
    let address = sampling.executor.address("R18");
    for draw in 0..EFFORT.draws {
        let instance = random_instance(&mut address.stream(draw))?;
        let game = instance.game()?;
        let closed = ipo_gradient(&game, &instance.start_logits)?;
        let pairs = ipo_gradient_by_pairs(&game, &instance.start_logits)?;
        let shift = instance.start_logits.iter().zip(&instance.reference_logits).map(|(a, b)| a - b);
        let scale = span(shift) + 1.0 / instance.beta;
        for ((a, b), own) in closed.ipo_grad.iter().zip(&pairs).zip(&closed.self_play_grad) {
            check.equal(*a, *b, scale, || json!(instance));
            check.equal(*a, -4.0 / instance.beta * own, scale, || json!(instance));
        }
    }
    Ok(check.finish())
}

/// Central differences of the frozen objective P(pi_theta > sg pi) - beta KL(pi_theta||ref).
fn gradient_by_differences(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R18", "self-play gradient = differences of the frozen objective")
        .tolerance(1e-7, "h^2 of the differences at h = 1e-4 and rounding 1e-16/h, in units of 1 + beta span^2");
    let address = sampling.executor.address("R18 differences");
    for draw in 0..200 {
        let mut instance = random_instance(&mut address.stream(draw))?;
        instance.start_logits.iter_mut().for_each(|l| *l = l.clamp(-4.0, 4.0));
        instance.reference_logits.iter_mut().for_each(|l| *l = l.clamp(-4.0, 4.0));
        let game = instance.game()?;
        let law = |logits: &[f64]| crate::games::policy::law_of_logits("logits", logits);
        let frozen = law(&instance.start_logits)?;
        let objective = |logits: &[f64]| -> Result<f64> {
            let pi = law(logits)?;
            let margin = game.preference().win_margin(pi.probs(), frozen.probs());
            Ok(margin - game.beta() * kl(&pi, game.reference().law()))
        };
        let stated = ipo_gradient(&game, &instance.start_logits)?.self_play_grad;
        for (y, stated) in stated.iter().enumerate() {
            let at = |h: f64| {
                let mut moved = instance.start_logits.clone();
                moved[y] += h;
                objective(&moved)
            };
            let difference = (at(1e-4)? - at(-1e-4)?) / 2e-4;
            check.equal(*stated, difference, 1.0 + 64.0 * game.beta(), || json!(instance));
        }
    }
    Ok(check.finish())
}

fn proximal_identity(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R20", "(1+1/eta) KL(pi*||v) + KL(v||pi*) + KL(v||w)/eta = KL(pi*||w)/eta")
        .tolerance(1e-9, "relative; divergences of laws at 1e-16 of each other are rounded");
    let address = sampling.executor.address("R20");
    for draw in 0..EFFORT.draws {
        let instance = random_instance(&mut address.stream(draw))?;
        let solved = Solved::new(&instance)?;
        let eta = 10f64.powf(4.0 * instance.knob - 2.0);
        let mut iterate = solved.start.clone();
        solved.advance(&mut ProximalPoint::new(solved.game.preference().clone(), eta)?, &mut iterate)?;
        let (v, w, star) = (solved.law(&iterate)?, solved.law(&solved.start)?, &solved.star.policy);
        let left = (1.0 + 1.0 / eta) * kl(star, &v) + kl(&v, star) + kl(&v, &w) / eta;
        let right = kl(star, &w) / eta;
        check.equal(left, right, right + 1e-6, || json!(instance));
    }
    Ok(check.finish())
}

fn refresh_identity(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R25", "divergence of a winner along refreshes, and the sign of its gain")
        .tolerance(1e-9, "relative to the divergences and the gain");
    let address = sampling.executor.address("R25");
    for draw in 0..400 {
        let mut instance = random_instance(&mut address.stream(draw))?;
        instance.beta = instance.beta.max(0.05);
        let game = instance.game()?;
        let winner = Law::new(&winner_set(game.preference())?.centre)?;
        for pair in refresh(&game, 3)?.windows(2) {
            let gain = game.preference().edge(winner.probs(), pair[1].probs()) / game.beta();
            let (before, after) = (kl(&winner, &pair[0]), kl(&winner, &pair[1]));
            // <A pi, nu> = nu^T A pi >= 0 for a winner: nobody beats it.
            check.equal(gain.min(0.0), 0.0, 1e-3 / game.beta(), || json!(instance));
            check.equal(after, before - kl(&pair[1], &pair[0]) - gain, before + gain + 1e-6, || json!(instance));
        }
    }
    Ok(check.finish())
}

fn exploitability_may_rise(_: &Sampling) -> Result<Check> {
    let mut check = Check::ordering("games/R25", "control: S10, exploitability rises at stage 4");
    let p = vec![
        vec![0.5, 0.7, 0.2, 0.9, 0.6],
        vec![0.3, 0.5, 0.8, 0.4, 0.45],
        vec![0.8, 0.2, 0.5, 0.35, 0.7],
        vec![0.1, 0.6, 0.65, 0.5, 0.25],
        vec![0.4, 0.55, 0.3, 0.75, 0.5],
    ];
    let preference = crate::games::preference::Preference::new(&p)?;
    let reference = crate::games::policy::Reference::uniform(5)?;
    let game = crate::games::game::Game::new(preference, reference, 0.2)?;
    let stages = crate::games::stages::prox_sequence(&game, 4)?.exploitability;
    check.at_most(stages[2] + 1e-3, stages[3], 0.0, || json!({"exploitability": stages}));
    Ok(check.finish())
}
