//! R1 to R5b: the equilibrium, what is lost against it, and how far it is from the reference.

use super::audited::{EFFORT, Solved, bound, bound_with};
use crate::Result;
use crate::games::auditor::{Effort, Instance, random_instance};
use crate::games::equilibrium::equilibrium_from;
use crate::games::expansion::log_ratio_expansion;
use crate::games::game::suboptimality_in;
use crate::games::learner::mirror_prox::MirrorProx;
use crate::games::payoff::Payoff;
use crate::games::policy::{kl, span};
use crate::games::step::{Step, largest_prox_step};
use crate::lab::{Check, Claim, Recorded, Sampling};
use crate::numerics::sum::dot;
use crate::prob::Law;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "games/R1",
            statement: "The regularised game has one equilibrium, the only solution of pi = softmax(log ref + P pi/beta).",
            source: "fixed point standard; uniqueness derived",
            conditions: "any P, ref > 0, beta > 0",
            recorded: Recorded::Holds,
            checks: &[fixed_point, newton_against_mirror_prox, one_solution_from_any_start],
        },
        Claim {
            id: "games/R2",
            statement: "With two actions log(pi1/pi2) = log(ref1/ref2) + (P12 - 1/2)/beta.",
            source: "derived",
            conditions: "two actions",
            recorded: Recorded::Holds,
            checks: &[two_actions],
        },
        Claim {
            id: "games/R3",
            statement: "P_beta(pi* > pi) - 1/2 = beta KL(pi||pi*).",
            source: "derived",
            conditions: "every policy",
            recorded: Recorded::Holds,
            checks: &[regret_identity],
        },
        Claim {
            id: "games/R4",
            statement: "SubOpt_beta(pi) = beta KL(pi||BR(pi)) >= beta KL(pi||pi*), and <= beta span(h)^2/8 for pi > 0.",
            source: "derived",
            conditions: "upper bound: pi > 0 everywhere",
            recorded: Recorded::Holds,
            checks: &[suboptimality_identity, certificate, hoeffding],
        },
        Claim {
            id: "games/R5",
            statement: "KL(pi*||ref) + KL(ref||pi*) = (P(pi* > ref) - 1/2)/beta <= min(1/(2 beta), 1/(4 beta^2)); each \
                        divergence <= 1/(8 beta^2); span(log pi*/ref) <= 1/beta; ||pi* - ref||_1 <= 1/(2 beta).",
            source: "derived",
            conditions: "any game",
            recorded: Recorded::Holds,
            checks: &[jeffreys, distance_half_beta, distance_eighth, jeffreys_quarter, ratio_span, distance_l1],
        },
        Claim {
            id: "games/R5b",
            statement: "log(pi*/ref) = A ref/beta + A C A ref/beta^2 + O(beta^-3); the first remainder has span <= \
                        1/(2 beta^2), the second <= 0.05/beta^3.",
            source: "derived (second constant observed)",
            conditions: "any game; informative for large beta",
            recorded: Recorded::Holds,
            checks: &[first_order, second_order],
        },
    ]
}

fn fixed_point(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R1", "span(log pi* - log ref - P pi*/beta) = 0")
        .tolerance(1e-11, "the specification's, for beta >= 1e-3");
    let address = sampling.executor.address("R1");
    for draw in 0..EFFORT.draws {
        let instance = random_instance(&mut address.stream(draw))?;
        check.equal(Solved::new(&instance)?.star.residual, 0.0, 1.0, || json!(instance));
    }
    Ok(check.finish())
}

/// Mirror prox at its largest proved step until its certificate is below 1e-14, then distance by R4 and Pinsker.
fn newton_against_mirror_prox(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::agreement("games/R1", "Newton = mirror prox, in l1")
        .tolerance(1.5e-7, "SubOpt < 1e-14, R4 and Pinsker: sqrt(2e-14/beta); in units of 1/sqrt(beta)");
    let address = sampling.executor.address("R1 mirror prox");
    for draw in 0..400 {
        let instance = random_instance(&mut address.stream(draw))?;
        let solved = Solved::new(&instance)?;
        let beta = solved.game.beta();
        let mut learner = MirrorProx::new(Step::Proximal(largest_prox_step(beta)).mirror(beta)?);
        let mut iterate = solved.start.clone();
        let (mut payoff, mut work) = (vec![0.0; iterate.policy.len()], vec![0.0; iterate.policy.len()]);
        for _ in 0..200_000 {
            solved.advance(&mut learner, &mut iterate)?;
            let gap = suboptimality_in(&solved.game, &iterate.log_ratio, &iterate.policy, &mut payoff, &mut work);
            if gap < 1e-14 {
                break;
            }
        }
        let distance: f64 = iterate.policy.iter().zip(solved.star.policy.probs()).map(|(a, b)| (a - b).abs()).sum();
        check.equal(distance, 0.0, 1.0 / beta.sqrt(), || json!(instance));
    }
    Ok(check.finish())
}

fn one_solution_from_any_start(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R1", "Newton from 20 starts finds one point")
        .tolerance(1e-12, "rounding of log-ratios, in units of 1 + 1/beta");
    let address = sampling.executor.address("R1 starts");
    for draw in 0..100 {
        let mut stream = address.stream(draw);
        let instance = random_instance(&mut stream)?;
        let solved = Solved::new(&instance)?;
        for _ in 0..20 {
            let start: Vec<f64> =
                solved.star.log_ratio.iter().map(|_| stream.normal() * 2.0 / instance.beta.min(1.0)).collect();
            let other = equilibrium_from(&solved.game, &start)?;
            let difference = solved.star.log_ratio.iter().zip(&other.log_ratio).map(|(a, b)| a - b);
            check.equal(span(difference), 0.0, 1.0 + 1.0 / instance.beta, || json!(instance));
        }
    }
    Ok(check.finish())
}

fn two_actions(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R2", "log-odds of the equilibrium")
        .tolerance(1e-12, "rounding of the log-odds, relative to 1 + their size");
    let address = sampling.executor.address("R2");
    for draw in 0..EFFORT.draws {
        let mut instance = random_instance(&mut address.stream(draw))?;
        instance.p = vec![instance.p[0][..2].to_vec(), instance.p[1][..2].to_vec()];
        instance.reference_logits.truncate(2);
        instance.start_logits.truncate(2);
        let solved = Solved::new(&instance)?;
        let odds = |law: &Law| law.log_probs()[0] - law.log_probs()[1];
        let stated = odds(solved.game.reference().law()) + (instance.p[0][1] - 0.5) / instance.beta;
        let scale = 1.0 + stated.abs() + 1.0 / instance.beta;
        check.equal(odds(&solved.star.policy), stated, scale, || json!(instance));
    }
    Ok(check.finish())
}

/// The policies of an instance on which identities are tried: its start, and a pure one.
fn policies(solved: &Solved, knob: f64) -> Result<Vec<Law>> {
    let size = solved.game.size();
    let mut pure = vec![0.0; size];
    pure[(knob * size as f64) as usize % size] = 1.0;
    Ok(vec![solved.law(&solved.start)?, Law::new(&pure)?])
}

fn regret_identity(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R3", "P_beta(pi* > pi) - 1/2 = beta KL(pi||pi*)")
        .tolerance(1e-9, "relative to the terms that cancel");
    let address = sampling.executor.address("R3");
    for draw in 0..EFFORT.draws {
        let instance = random_instance(&mut address.stream(draw))?;
        let solved = Solved::new(&instance)?;
        let reference = solved.game.reference().law();
        for policy in policies(&solved, instance.knob)? {
            let left = solved.game.regularised_win_rate(&solved.star.policy, &policy) - 0.5;
            let terms = solved.game.beta() * (kl(&policy, reference) + kl(&solved.star.policy, reference));
            // The win rate itself is rounded to an ulp of 1.
            let right = solved.game.beta() * kl(&policy, &solved.star.policy);
            check.equal(left, right, right.max(terms) + 1e-6, || json!(instance));
        }
    }
    Ok(check.finish())
}

fn suboptimality_identity(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R4", "max_pi' P_beta(pi' > pi) - 1/2 = beta KL(pi||BR)")
        .tolerance(1e-9, "relative to the terms that cancel");
    let address = sampling.executor.address("R4");
    for draw in 0..EFFORT.draws {
        let instance = random_instance(&mut address.stream(draw))?;
        let solved = Solved::new(&instance)?;
        for policy in policies(&solved, instance.knob)? {
            let (stated, direct) = (solved.game.suboptimality(&policy)?, solved.game.suboptimality_by_log_sum(&policy));
            let terms = solved.game.beta() * kl(&policy, solved.game.reference().law());
            // The definition is rounded to 1e-16 max(1, beta).
            let rounded = 1e-6 * (1.0 + solved.game.beta());
            check.equal(direct, stated, stated.max(terms) + rounded, || json!(instance));
            // The best response attains it.
            let best = solved.game.best_response(&policy)?;
            let attained = solved.game.regularised_win_rate(&best, &policy) - 0.5;
            let terms = terms.max(solved.game.beta() * kl(&best, solved.game.reference().law()));
            check.equal(attained, stated, stated.max(terms) + rounded, || json!(instance));
        }
    }
    Ok(check.finish())
}

fn certificate(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R4", "beta KL(pi||pi*) <= SubOpt_beta(pi)", 0.99, |instance| {
        let solved = Solved::new(instance)?;
        let policy = solved.law(&solved.start)?;
        let observed = solved.game.beta() * kl(&policy, &solved.star.policy);
        Ok((observed > 1e-10).then_some((observed, solved.game.suboptimality(&policy)?)))
    })
}

fn hoeffding(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R4", "SubOpt_beta(pi) <= beta span(h)^2/8", 0.99, |instance| {
        let solved = Solved::new(instance)?;
        let mut payoff = vec![0.0; solved.game.size()];
        solved.game.preference().apply(&solved.start.policy, &mut payoff);
        let h = payoff.iter().zip(&solved.start.log_ratio).map(|(a, r)| a / solved.game.beta() - r);
        let width = span(h);
        let policy = solved.law(&solved.start)?;
        Ok((width > 1e-5).then_some((solved.game.suboptimality(&policy)?, solved.game.beta() * width * width / 8.0)))
    })
}

fn jeffreys(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::identity("games/R5", "KL(pi*||ref) + KL(ref||pi*) = (P(pi* > ref) - 1/2)/beta")
        .tolerance(1e-9, "relative; the margin is rounded to 1e-16/beta");
    let address = sampling.executor.address("R5");
    for draw in 0..EFFORT.draws {
        let instance = random_instance(&mut address.stream(draw))?;
        let solved = Solved::new(&instance)?;
        let (star, reference) = (&solved.star.policy, solved.game.reference().law());
        let left = kl(star, reference) + kl(reference, star);
        let right = solved.game.preference().edge(star.probs(), reference.probs()) / solved.game.beta();
        check.equal(left, right, left + 1e-6 / solved.game.beta(), || json!(instance));
    }
    Ok(check.finish())
}

fn distance_half_beta(sampling: &Sampling) -> Result<Check> {
    // Tight only where 1/(2 beta) is thousands and the reference as far: a long climb at a tenth of the strengths.
    let effort = Effort { moves: 2000, ..EFFORT };
    bound_with(sampling, effort, "games/R5", "KL(pi*||ref) <= 1/(2 beta)", 0.99, |instance| {
        let solved = Solved::new(&Instance { beta: 0.1 * instance.beta, ..instance.clone() })?;
        Ok(Some((kl(&solved.star.policy, solved.game.reference().law()), 0.5 / solved.game.beta())))
    })
}

fn distance_eighth(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R5", "KL(pi*||ref), KL(ref||pi*) <= 1/(8 beta^2)", 0.3, |instance| {
        let solved = Solved::new(instance)?;
        let (star, reference) = (&solved.star.policy, solved.game.reference().law());
        Ok(Some((kl(star, reference).max(kl(reference, star)), 0.125 / solved.game.beta().powi(2))))
    })
}

fn jeffreys_quarter(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R5", "KL(pi*||ref) + KL(ref||pi*) <= 1/(4 beta^2)", 0.2, |instance| {
        let solved = Solved::new(instance)?;
        let (star, reference) = (&solved.star.policy, solved.game.reference().law());
        Ok(Some((kl(star, reference) + kl(reference, star), 0.25 / solved.game.beta().powi(2))))
    })
}

fn ratio_span(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R5", "span(log pi*/ref) <= 1/beta", 0.99, |instance| {
        let solved = Solved::new(instance)?;
        Ok(Some((span(solved.star.log_ratio.iter().copied()), 1.0 / solved.game.beta())))
    })
}

fn distance_l1(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R5", "||pi* - ref||_1 <= 1/(2 beta)", 0.4, |instance| {
        let solved = Solved::new(instance)?;
        let pairs = solved.star.policy.probs().iter().zip(solved.game.reference().probs());
        Ok(Some((pairs.map(|(p, q)| (p - q).abs()).sum(), 0.5 / solved.game.beta())))
    })
}

/// The span of the error of the expansion.
fn remainder(solved: &Solved, second: bool) -> f64 {
    let expansion = log_ratio_expansion(&solved.game, second);
    span(solved.star.log_ratio.iter().zip(&expansion).map(|(a, b)| a - b))
}

fn first_order(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R5b", "first-order remainder <= 1/(2 beta^2)", 0.1, |instance| {
        let solved = Solved::new(instance)?;
        Ok(Some((remainder(&solved, false), 0.5 / solved.game.beta().powi(2))))
    })
}

/// The observed constant, on random instances only, and the formula of the divergence to leading order.
fn second_order(sampling: &Sampling) -> Result<Check> {
    let mut check =
        Check::bound("games/R5b", "second-order remainder <= 0.05/beta^3, and KL ~ Var_ref(A ref)/(2 beta^2)")
            .tolerance(1e-9, "relative; beta <= 20, where rounding is far below");
    let address = sampling.executor.address("R5b");
    for draw in 0..EFFORT.draws {
        let mut instance = random_instance(&mut address.stream(draw))?;
        instance.beta = 10f64.powf(1.3 * instance.knob);
        let solved = Solved::new(&instance)?;
        let beta = solved.game.beta();
        check.at_most(remainder(&solved, true) * beta.powi(3), 0.05, 0.05, || json!(instance));
        let (star, reference) = (&solved.star.policy, solved.game.reference());
        let mut payoff = vec![0.0; solved.game.size()];
        solved.game.preference().apply(reference.probs(), &mut payoff);
        let mean = dot(reference.probs(), &payoff);
        let squares: Vec<f64> = payoff.iter().map(|a| (a - mean) * (a - mean)).collect();
        let leading = dot(reference.probs(), &squares) / (2.0 * beta * beta);
        // The next order is a third cumulant and a remainder of the log-ratio: relative O(1/beta), constants below 1.
        let error = (kl(star, reference.law()) - leading).abs();
        check.at_most(error, (leading / beta).max(1e-3 / beta.powi(3)), leading, || json!(instance));
    }
    Ok(check.finish())
}
