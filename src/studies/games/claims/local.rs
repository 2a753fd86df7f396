//! R10, R11, R19: exact local rates, the spectral bound 1/pi, and the steps at which learners lose stability.

use super::audited::Solved;
use crate::Result;
use crate::games::auditor::random_instance;
use crate::games::equilibrium::equilibrium;
use crate::games::families::cyclic;
use crate::games::game::Game;
use crate::games::learner::policy_gradient::{Direction, PolicyGradient};
use crate::games::learner::{Algorithm, Arena, Exact, Iterate, Learner};
use crate::games::local_rate::{critical_step, critical_step_at, critical_step_by_bisection, local_rate};
use crate::games::observed_rate::observed_local_rate;
use crate::games::policy::{Reference, span};
use crate::games::preference::Preference;
use crate::games::tangent::{moduli, moduli_by_eigenvalues};
use crate::lab::{Check, Claim, Recorded, Sampling};
use serde_json::json;
use std::f64::consts::PI;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "games/R10",
            statement: "The span error contracts by the largest multiplier over the imaginary spectrum of A C; its largest \
                        modulus is at most 1/pi for every preference and policy.",
            source: "derived",
            conditions: "local rates: near the equilibrium",
            recorded: Recorded::Holds,
            checks: &[two_spectra, fitted_rates, below_one_over_pi, climbing_to_one_over_pi],
        },
        Claim {
            id: "games/R11",
            statement: "No critical step where lambda_max <= beta; else 2/(c^2-1) for MMD and the root of a cubic for mirror \
                        prox, c = lambda_max/beta; never below pi beta for mirror prox.",
            source: "derived",
            conditions: "local; on rock-paper-scissors also the fate of runs",
            recorded: Recorded::Holds,
            checks: &[cubic_against_bisection, mirror_prox_keeps_order_beta, runs_at_the_threshold],
        },
        Claim {
            id: "games/R19",
            statement: "Plain self-play softmax gradient on rock-paper-scissors with uniform reference is stable iff \
                        lr < 6 beta/(beta^2 + lambda^2), lambda = sqrt(3)/6.",
            source: "instability mentioned in the abstract of v2 (2505.19731); threshold derived",
            conditions: "rock-paper-scissors, uniform reference",
            recorded: Recorded::Holds,
            checks: &[self_play_threshold],
        },
    ]
}

fn two_spectra(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::agreement("games/R10", "moduli by singular values = by eigenvalues, the largest")
        .tolerance(1e-9, "eigenvalues of a matrix similar to a skew one; the similarity is conditioned by the policy");
    let address = sampling.executor.address("R10 spectra");
    for draw in 0..500 {
        let mut instance = random_instance(&mut address.stream(draw))?;
        // Moderate policies: the similarity D = diag sqrt(pi) is then well conditioned.
        instance.reference_logits.iter_mut().for_each(|l| *l = l.clamp(-3.0, 3.0));
        instance.beta = instance.beta.max(0.05);
        let solved = Solved::new(&instance)?;
        let policy = solved.star.policy.probs();
        let (a, b) =
            (moduli(solved.game.preference(), policy)?, moduli_by_eigenvalues(solved.game.preference(), policy)?);
        // A largest modulus of (nearly) zero is a defective zero of the matrix: half the digits.
        check.equal(a[0], b[0], if a[0] > 1e-4 { 1.0 } else { 1e3 }, || json!(instance));
    }
    Ok(check.finish())
}

fn fitted_rates(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::agreement("games/R10", "log rho = decay of a renormalised run, six learners")
        .tolerance(4e-3, "the phase of a turning mode over 1600 iterations; a mode as slow as the second is mixed in");
    let address = sampling.executor.address("R10 fits");
    for draw in 0..60 {
        let mut instance = random_instance(&mut address.stream(draw))?;
        instance.reference_logits.iter_mut().for_each(|l| *l = l.clamp(-2.0, 2.0));
        instance.beta = 0.05 + 0.3 * instance.knob;
        let game = instance.game()?;
        let beta = game.beta();
        for (algorithm, step) in [
            (Algorithm::Mp, 2.0 * beta),
            (Algorithm::Mmd, 4.0 * beta * beta),
            (Algorithm::Prox, 0.3),
            (Algorithm::Omd, 0.2),
            (Algorithm::Egpo, 0.5),
            (Algorithm::NashMd, 0.2),
        ] {
            if algorithm == Algorithm::Prox && draw % 6 != 0 {
                continue;
            }
            // The rate of Nash-MD belongs to its own limit, whose spectrum is another: only near the equilibrium's.
            let loose = if algorithm == Algorithm::NashMd { 10.0 } else { 1.0 };
            let stated = local_rate(&game, algorithm, step)?.spectral_radius;
            let seen = observed_local_rate(&game, algorithm, step)?.spectral_radius;
            check.equal(stated.ln(), seen.ln(), loose, || json!({"instance": instance, "algorithm": algorithm}));
        }
    }
    Ok(check.finish())
}

fn below_one_over_pi(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::bound("games/R10", "lambda_max <= 1/pi").tolerance(1e-13, "rounding of singular values");
    let address = sampling.executor.address("R10 bound");
    for draw in 0..1500 {
        let instance = random_instance(&mut address.stream(draw))?;
        let start = Reference::from_logits(&instance.start_logits)?;
        let lambda = moduli(&Preference::new(&instance.p)?, start.probs())?;
        check.at_most(lambda[0], 1.0 / PI, 1.0, || json!(instance));
    }
    for n in [3usize, 5, 7, 51, 101] {
        let lambda = moduli(&cyclic(n, 1.0)?, &vec![1.0 / n as f64; n])?[0];
        let sines: f64 = (1..=(n - 1) / 2).map(|d| (2.0 * PI * d as f64 / n as f64).sin()).sum::<f64>() / n as f64;
        check.at_most((lambda - sines).abs(), 0.0, 1.0, || json!({"cyclic": n}));
        check.at_most(lambda, 1.0 / PI, 1.0, || json!({"cyclic": n}));
    }
    Ok(check.finish())
}

/// Hill climbing over signs of A and the policy at seven actions reaches 0.98/pi.
fn climbing_to_one_over_pi(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::ordering("games/R10", "hill climbing at Y = 7: 0.98/pi <= largest lambda_max <= 1/pi")
        .tolerance(1e-13, "rounding of singular values");
    let size = 7;
    let mut stream = sampling.executor.address("R10 climb").stream(0);
    let mut best = (0.0, Vec::new());
    for _ in 0..12 {
        let mut signs: Vec<f64> = (0..size * size).map(|_| if stream.uniform() < 0.5 { 0.5 } else { -0.5 }).collect();
        let mut logits = vec![0.0; size];
        let evaluate = |signs: &[f64], logits: &[f64]| -> Result<f64> {
            let game = Preference::new(
                &(0..size)
                    .map(|i| {
                        let entry = |j: usize| match i.cmp(&j) {
                            std::cmp::Ordering::Less => 0.5 + signs[i * size + j],
                            std::cmp::Ordering::Equal => 0.5,
                            std::cmp::Ordering::Greater => 0.5 - signs[j * size + i],
                        };
                        (0..size).map(entry).collect()
                    })
                    .collect::<Vec<Vec<f64>>>(),
            )?;
            Ok(moduli(&game, Reference::from_logits(logits)?.probs())?[0])
        };
        let mut value = evaluate(&signs, &logits)?;
        for _ in 0..600 {
            let (mut new_signs, mut new_logits) = (signs.clone(), logits.clone());
            let at = (stream.uniform() * (size * size) as f64) as usize % (size * size);
            if stream.uniform() < 0.5 {
                new_signs[at] = -new_signs[at];
            } else {
                new_logits[at % size] += 0.3 * stream.normal();
            }
            let new = evaluate(&new_signs, &new_logits)?;
            if new >= value {
                (signs, logits, value) = (new_signs, new_logits, new);
            }
        }
        if value > best.0 {
            best = (value, logits);
        }
    }
    check.at_most(0.98 / PI, best.0, 1.0, || json!({"lambda_max": best.0, "logits": best.1}));
    check.at_most(best.0, 1.0 / PI, 1.0, || json!({"lambda_max": best.0}));
    Ok(check.finish())
}

fn cubic_against_bisection(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::agreement("games/R11", "closed form = first crossing of rho = 1 over the spectrum")
        .tolerance(1e-8, "relative; the crossing is conditioned by 1/(c - 1), c > 1.01");
    let address = sampling.executor.address("R11");
    for draw in 0..400 {
        let mut instance = random_instance(&mut address.stream(draw))?;
        instance.reference_logits.iter_mut().for_each(|l| *l = l.clamp(-2.0, 2.0));
        instance.beta = 10f64.powf(-2.0 + 1.7 * instance.knob);
        let game = instance.game()?;
        let lambda = moduli(game.preference(), equilibrium(&game)?.policy.probs())?[0];
        for algorithm in [Algorithm::Mp, Algorithm::Mmd] {
            let stated = critical_step(&game, algorithm)?;
            if lambda <= game.beta() {
                check.equal(f64::from(u8::from(stated.is_some())), 0.0, 0.0, || json!(instance));
            } else if lambda > 1.01 * game.beta() {
                let (a, b) =
                    (stated.unwrap_or(f64::NAN), critical_step_by_bisection(&game, algorithm)?.unwrap_or(f64::NAN));
                check.equal(a, b, b, || json!({"instance": instance, "algorithm": algorithm}));
            }
        }
    }
    Ok(check.finish())
}

fn mirror_prox_keeps_order_beta(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("games/R11", "critical step of mirror prox: pi beta <= beta/lambda_max <= eta_c")
        .tolerance(1e-12, "rounding");
    for k in 1..200 {
        let lambda = k as f64 / 200.0 / PI;
        for beta in [1e-6, 1e-3, 0.03, 0.1, 0.3] {
            let Some(step) = critical_step_at(lambda, beta, Algorithm::Mp)? else { continue };
            check.at_most(beta / lambda, step, step, || json!({"lambda": lambda, "beta": beta}));
            check.at_most(PI * beta, beta / lambda, step, || json!({"lambda": lambda, "beta": beta}));
        }
    }
    // From above, as beta falls.
    let lambda = 3f64.sqrt() / 6.0;
    let step = critical_step_at(lambda, 1e-6, Algorithm::Mp)?.unwrap_or(f64::NAN);
    check.at_most((step / 1e-6 * lambda - 1.0).abs(), 1e-5, 1.0, || json!({"eta_c lambda/beta": step * lambda / 1e-6}));
    Ok(check.finish())
}

fn rps(beta: f64) -> Result<(Game, Iterate)> {
    let game = Game::new(cyclic(3, 1.0)?, Reference::uniform(3)?, beta)?;
    let near = Reference::from_logits(&[0.005, 0.0, -0.005])?;
    let start = Iterate::of_policy(game.reference(), near.law())?;
    Ok((game, start))
}

/// The span of the log-ratio (the equilibrium is uniform) after a run from a span of 0.01.
fn final_span(learner: &mut dyn Learner, game: &Game, start: &Iterate, iterations: u64) -> Result<f64> {
    let arena = Arena { log_reference: game.reference().log_probs(), beta: game.beta() };
    let mut iterate = start.clone();
    for _ in 0..iterations {
        learner.advance(&arena, &mut Exact(game.preference()), &mut iterate)?;
    }
    Ok(span(iterate.log_ratio.iter().copied()))
}

fn runs_at_the_threshold(_: &Sampling) -> Result<Check> {
    let mut check = Check::ordering("games/R11", "2% below the threshold: span < 1e-12; 2% above: span > 0.3");
    let (game, start) = rps(0.1)?;
    for algorithm in [Algorithm::Mp, Algorithm::Mmd] {
        let critical = critical_step(&game, algorithm)?.unwrap_or(f64::NAN);
        for (factor, iterations) in [(0.98, 12_000), (1.02, 6000)] {
            let mut learner = algorithm.learner(game.preference(), 0.1, Some(factor * critical))?;
            let end = final_span(learner.as_mut(), &game, &start, iterations)?;
            let instance = || json!({"algorithm": algorithm, "step/critical": factor, "span": end});
            if factor < 1.0 { check.at_most(end, 1e-12, 0.0, instance) } else { check.at_most(0.3, end, 0.0, instance) }
        }
    }
    // The specification's example: beta = 0.01, eta = 3.6 beta converges, 4 beta does not.
    let (game, start) = rps(0.01)?;
    for (eta, low, high) in [(0.036, 0.0, 1e-12), (0.04, 0.3, f64::INFINITY)] {
        let mut learner = Algorithm::Mp.learner(game.preference(), 0.01, Some(eta))?;
        let end = final_span(learner.as_mut(), &game, &start, 6000)?;
        check.at_most(low, end, 0.0, || json!({"eta": eta, "span": end}));
        check.at_most(end, high, 0.0, || json!({"eta": eta, "span": end}));
    }
    Ok(check.finish())
}

fn self_play_threshold(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::ordering("games/R19", "from a span of 0.01, 2% below the threshold: < 1e-12; 2% above: > 0.1");
    for beta in [0.05, 0.1, 0.2] {
        let (game, start) = rps(beta)?;
        let threshold = 6.0 * beta / (beta * beta + 1.0 / 12.0);
        // The rate falls with beta, 2% from the threshold: long runs below it.
        for (factor, iterations) in [(0.98, 60_000), (1.02, 6000)] {
            let mut learner = PolicyGradient::new(Direction::SelfPlay, factor * threshold)?;
            let end = final_span(&mut learner, &game, &start, iterations)?;
            let instance = || json!({"beta": beta, "lr/threshold": factor, "span": end});
            if factor < 1.0 { check.at_most(end, 1e-12, 0.0, instance) } else { check.at_most(0.1, end, 0.0, instance) }
        }
    }
    Ok(check.finish())
}
