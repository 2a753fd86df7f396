//! R12, R13, R13b: inexact and sampled steps of Nash mirror prox.

use super::audited::{RESOLVED, Solved, bound};
use crate::Result;
use crate::games::equilibrium::equilibrium;
use crate::games::families::cyclic;
use crate::games::game::Game;
use crate::games::learner::consistent_prox::ConsistentProx;
use crate::games::learner::mirror_prox::MirrorProx;
use crate::games::learner::oracle::SharedOpponents;
use crate::games::learner::{Arena, Exact, Iterate, Learner, Oracle};
use crate::games::policy::{Reference, kl, normalise, span};
use crate::games::step::Step;
use crate::lab::{Check, Claim, Recorded, Sampling, z_limit};
use crate::sampling::{Stream, VectorMoments};
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "games/R12",
            statement: "If half and full step have log-errors of span eps_u, eps_v: KL(pi*||v) <= KL(pi*||w)/(1+eta) + eps_u \
                        + eps_v, hence a floor (1+1/eta)(eps_u+eps_v).",
            source: "derived",
            conditions: "eta = 2 beta",
            recorded: Recorded::Holds,
            checks: &[random_errors, aligned_errors],
        },
        Claim {
            id: "games/R13",
            statement: "With unbiased payoffs E KL_{k+1} <= (E KL_k + eta V)/(1+eta), V = (2/3)(eta/beta^2) \
                        E[(span(noise_u - noise_w)/2)^2]: a floor below V, proportional to eta/(m beta^2).",
            source: "derived",
            conditions: "independent estimates at both half steps, eta <= beta",
            recorded: Recorded::Holds,
            checks: &[floor_below_its_bound, floor_in_samples, floor_in_step],
        },
        Claim {
            id: "games/R13b",
            statement: "With eta_k = 2/(k + 2/beta): E KL(pi*||pi_k) <= max(a KL_0, 4 v (1+1/a))/(k+a): rate 1/k, no floor.",
            source: "derived",
            conditions: "unbiased independent payoffs",
            recorded: Recorded::Holds,
            checks: &[consistent_bound, consistent_rate],
        },
    ]
}

fn add(iterate: &mut Iterate, errors: &[f64], log_reference: &[f64]) {
    iterate.log_ratio.iter_mut().zip(errors).for_each(|(r, e)| *r += e);
    normalise(log_reference, &mut iterate.log_ratio, &mut iterate.policy);
}

/// One inexact iteration; `errors` gives the log-errors of half and full step from the exact ones.
fn inexact_step(solved: &Solved, errors: impl Fn(&Iterate, bool) -> Vec<f64>) -> Result<Option<(f64, f64)>> {
    let beta = solved.game.beta();
    let before = solved.kl(&solved.start)?;
    if before <= RESOLVED {
        return Ok(None);
    }
    let step = Step::Proximal(2.0 * beta).mirror(beta)?;
    let arena = solved.arena();
    let mut oracle = Exact(solved.game.preference());
    let mut payoff = vec![0.0; solved.game.size()];
    oracle.query(&solved.start.policy, &mut payoff);
    let mut half = solved.start.clone();
    half.step(&arena, step, &payoff);
    let first = errors(&half, false);
    add(&mut half, &first, arena.log_reference);
    oracle.query(&half.policy, &mut payoff);
    let mut full = solved.start.clone();
    full.step(&arena, step, &payoff);
    let second = errors(&full, true);
    add(&mut full, &second, arena.log_reference);
    let allowed = before / (1.0 + 2.0 * beta) + span(first) + span(second);
    Ok(Some((solved.kl(&full)?, allowed)))
}

/// A number in (-1, 1) that depends on the knob, the action and the half.
fn pseudo(knob: f64, i: usize, second: bool) -> f64 {
    ((knob + 1.0) * 1e4 * (i as f64 + if second { 17.3 } else { 1.7 })).sin()
}

fn random_errors(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R12", "KL after inexact steps, random errors", 0.97, |instance| {
        let solved = Solved::new(instance)?;
        let scale = 10f64.powf(-3.0 + 4.5 * instance.knob);
        inexact_step(&solved, |iterate, second| {
            (0..iterate.policy.len()).map(|i| scale * pseudo(instance.knob, i, second)).collect()
        })
    })
}

/// Errors that push away from the equilibrium: -1/2 where it has more mass than the step, +1/2 elsewhere.
fn aligned_errors(sampling: &Sampling) -> Result<Check> {
    bound(sampling, "games/R12", "KL after inexact steps, errors aligned against the equilibrium", 0.97, |instance| {
        let solved = Solved::new(instance)?;
        let scale = 10f64.powf(-3.0 + 4.5 * instance.knob);
        let star = solved.star.policy.probs().to_vec();
        inexact_step(&solved, |iterate, _| {
            let sign = |i: usize| if star[i] > iterate.policy[i] { -0.5 } else { 0.5 };
            (0..star.len()).map(|i| scale * sign(i)).collect()
        })
    })
}

/// The game of the specification's numbers: rock-paper-scissors, reference (.6, .3, .1), beta = 0.1.
fn game() -> Result<(Game, crate::prob::Law)> {
    let game = Game::new(cyclic(3, 1.0)?, Reference::new(&[0.6, 0.3, 0.1])?, 0.1)?;
    let star = equilibrium(&game)?.policy;
    Ok((game, star))
}

/// Remembers the error of the last two estimates.
struct Watched<'a> {
    inner: SharedOpponents<'a>,
    errors: [Vec<f64>; 2],
}

impl Oracle for Watched<'_> {
    fn query(&mut self, opponent: &[f64], out: &mut [f64]) {
        self.inner.query(opponent, out);
        self.errors.swap(0, 1);
        let mut exact = vec![0.0; out.len()];
        Exact(self.inner.preference).query(opponent, &mut exact);
        self.errors[1] = out.iter().zip(&exact).map(|(a, b)| a - b).collect();
    }
}

impl Watched<'_> {
    /// $(\mathrm{span}(\mathrm{noise}_u - \mathrm{noise}_w)/2)^2$ of the last iteration.
    fn square(&self) -> f64 {
        let half = 0.5 * span(self.errors[0].iter().zip(&self.errors[1]).map(|(a, b)| a - b));
        half * half
    }
}

const REPLICAS: u64 = 400;

/// Replicas of a run: the means of divergence over the second half of 20/eta steps, and of the squared noise.
fn floor(sampling: &Sampling, eta: f64, samples: u32) -> Result<VectorMoments> {
    let (game, star) = game()?;
    let steps = (20.0 / eta) as u64;
    let step = Step::Proximal(eta).mirror(0.1)?;
    let one = |stream: &mut Stream, out: &mut [f64]| {
        let mut oracle = Watched {
            inner: SharedOpponents { preference: game.preference(), samples, stream },
            errors: [vec![0.0; 3], vec![0.0; 3]],
        };
        let arena = Arena { log_reference: game.reference().log_probs(), beta: 0.1 };
        let (mut learner, mut iterate) = (MirrorProx::new(step), Iterate::reference(game.reference()));
        out.fill(0.0);
        for k in 0..steps {
            // Mirror prox never fails: its step was validated above.
            if learner.advance(&arena, &mut oracle, &mut iterate).is_err() {
                out.fill(f64::INFINITY);
            }
            if 2 * k >= steps {
                let weight = 1.0 / (steps - steps / 2) as f64;
                out[0] += weight * iterate.law(game.reference()).map_or(f64::INFINITY, |law| kl(&star, &law));
                out[1] += weight * oracle.square();
            }
        }
    };
    let executor = sampling.executor.within(&format!("floor eta {eta} m {samples}"));
    Sampling { executor: &executor, samples: REPLICAS }.moments(2, one)
}

fn floor_below_its_bound(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::bound("games/R13", "floor of sampled mirror prox <= V")
        .tolerance(z_limit(), "standard errors of floor and V");
    for (eta, samples) in [(0.1, 10), (0.1, 160), (0.025, 10)] {
        let found = floor(sampling, eta, samples)?;
        let (means, errors) = (found.means(), found.standard_errors());
        let scale = 2.0 / 3.0 * eta / 0.01;
        check.at_most(
            means[0],
            scale * means[1],
            errors[0].hypot(scale * errors[1]),
            || json!({"eta": eta, "m": samples, "floor/V": means[0] / (scale * means[1])}),
        );
    }
    Ok(check.finish())
}

/// The slope of log floor between two settings and its standard error.
fn slope(a: &VectorMoments, b: &VectorMoments, ratio: f64) -> (f64, f64) {
    let error = |m: &VectorMoments| m.standard_errors()[0] / m.means()[0];
    ((b.means()[0] / a.means()[0]).ln() / ratio.ln(), error(a).hypot(error(b)) / ratio.ln())
}

fn floor_in_samples(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::rates("games/R13", "slope of log floor in log m is -1, not -1/2")
        .tolerance(z_limit(), "standard errors, and 3% of curvature in 1/m");
    let (low, high) = (floor(sampling, 0.05, 10)?, floor(sampling, 0.05, 160)?);
    let (slope, error) = slope(&low, &high, 16.0);
    check.rate(slope, z_limit() * error + 0.03, -1.0, -0.5, || json!({"slope": slope, "standard error": error}));
    Ok(check.finish())
}

fn floor_in_step(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::rates("games/R13", "slope of log floor in log eta is +1, not +1/2")
        .tolerance(z_limit(), "standard errors, and the constant 2.7 to 3.4 of the specification: 0.17");
    let (low, high) = (floor(sampling, 0.025, 40)?, floor(sampling, 0.1, 40)?);
    let (slope, error) = slope(&low, &high, 4.0);
    check.rate(slope, z_limit() * error + 0.17, 1.0, 0.5, || json!({"slope": slope, "standard error": error}));
    Ok(check.finish())
}

/// Times at which the consistent runs are read.
const TIMES: [u64; 4] = [100, 400, 1600, 4000];

/// Divergence at the times, and the largest mean squared noise so far.
fn consistent(sampling: &Sampling) -> Result<VectorMoments> {
    let (game, star) = game()?;
    let one = |stream: &mut Stream, out: &mut [f64]| {
        let mut oracle = Watched {
            inner: SharedOpponents { preference: game.preference(), samples: 4, stream },
            errors: [vec![0.0; 3], vec![0.0; 3]],
        };
        let arena = Arena { log_reference: game.reference().log_probs(), beta: 0.1 };
        let (mut learner, mut iterate) = (ConsistentProx::new(), Iterate::reference(game.reference()));
        out.fill(0.0);
        for k in 1..=TIMES[3] {
            if learner.advance(&arena, &mut oracle, &mut iterate).is_err() {
                out.fill(f64::INFINITY);
            }
            out[4] += oracle.square() / TIMES[3] as f64;
            if let Some(at) = TIMES.iter().position(|t| *t == k) {
                out[at] = iterate.law(game.reference()).map_or(f64::INFINITY, |law| kl(&star, &law));
            }
        }
    };
    let executor = sampling.executor.within("consistent");
    Sampling { executor: &executor, samples: REPLICAS }.moments(5, one)
}

fn consistent_bound(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::bound("games/R13b", "E KL_k <= max(a KL_0, 4 v (1+1/a))/(k+a)")
        .tolerance(z_limit(), "standard errors; v from the run's own mean noise, at most its supremum");
    let (game, star) = game()?;
    let found = consistent(sampling)?;
    let (means, errors) = (found.means(), found.standard_errors());
    let a = 2.0 / 0.1;
    let v = 2.0 / 3.0 * means[4] / 0.01;
    let top = (a * kl(&star, game.reference().law())).max(4.0 * v * (1.0 + 1.0 / a));
    for (at, k) in TIMES.iter().enumerate() {
        let allowed = top / (*k as f64 + a);
        check.at_most(means[at], allowed, errors[at], || json!({"k": k, "ratio": means[at] / allowed}));
    }
    Ok(check.finish())
}

fn consistent_rate(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::rates("games/R13b", "slope of log KL in log(k + a) is -1, not -1/2")
        .tolerance(z_limit(), "standard errors, and 0.05 of transient");
    let found = consistent(sampling)?;
    let (means, errors) = (found.means(), found.standard_errors());
    let range = ((TIMES[3] as f64 + 20.0) / (TIMES[0] as f64 + 20.0)).ln();
    let slope = (means[3] / means[0]).ln() / range;
    let error = (errors[3] / means[3]).hypot(errors[0] / means[0]) / range;
    check.rate(slope, z_limit() * error + 0.05, -1.0, -0.5, || json!({"slope": slope, "standard error": error}));
    Ok(check.finish())
}
