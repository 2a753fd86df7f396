//! Section 3d: sums of independent symbols. Rates, tails, the exact law of the reward, best-of-N.

use super::budget::counts_of_draws;
use super::simulate_best_of;
use crate::asymptotics::best_of_asymptotic::{BestOfAsymptotic, best_of_asymptotic, memoryless_best_of_expansion};
use crate::asymptotics::drawn_law::Reference;
use crate::asymptotics::level_count::level_count;
use crate::asymptotics::memoryless::Memoryless;
use crate::asymptotics::memoryless_best_of::{MemorylessBestOf, check_log_best_of, memoryless_best_of};
use crate::asymptotics::memoryless_sampling::{RewardSampler, TailSampler};
use crate::asymptotics::rate::{ScaledCumulants, aligned_laws, rate, scaled_cumulants};
use crate::asymptotics::reward_expansion::reward_expansion;
use crate::asymptotics::reward_law::{RewardDistribution, reward_distribution};
use crate::asymptotics::tail::{TailApproximations, tail_approximations, tail_expansion, tail_formulas};
use crate::asymptotics::tilt_sampling::{RESOLVED, SharesTilt, budget_of_shares, least_tilt, rate_from_counts};
use crate::lab::{Count, Estimate, Instances, Quantity, Sampling};
use crate::numerics::log_space::log1m_exp;
use crate::prob::{Law, Rate, Regime, check_rewards};
use crate::sampling::Categorical;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RateInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Reward of a symbol.
    s: Vec<f64>,
    /// Reward a symbol, of which the rate is asked.
    x: f64,
    /// Tilt of the base; 0 if absent.
    #[serde(default)]
    beta: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScgfInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Aligned law; normalised.
    q: Vec<f64>,
    /// Tilt of the base.
    beta: f64,
    /// Argument of the cumulant generating function.
    t: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RewardDistInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Reward of a symbol.
    s: Vec<f64>,
    /// Length, in symbols.
    n: Count,
    /// Total rewards at which the law is asked.
    thresholds: Vec<f64>,
    /// Tilt of the base; 0 if absent.
    #[serde(default)]
    beta: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MemBonInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Reward of a symbol.
    s: Vec<f64>,
    /// Length, in symbols.
    n: Count,
    /// log N >= 0.
    log_best_of: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TailInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Reward of a symbol.
    s: Vec<f64>,
    /// Length, in symbols.
    n: Count,
    /// Total reward, strictly between n mu and n s_max.
    threshold: f64,
    /// Lattice span of the rewards, the largest; 0 for the non-lattice formulas.
    span: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BonAsymptoticInput {
    /// Law of a symbol.
    p: Vec<f64>,
    /// Reward of a symbol.
    s: Vec<f64>,
    /// Length, in symbols.
    n: Count,
    /// Budget a symbol in nats, strictly between 0 and delta_max.
    delta: f64,
    /// Lattice span of the rewards, the largest; 0 for the non-lattice formulas.
    span: f64,
}

fn model(p: &[f64], s: &[f64], n: Count) -> Result<Memoryless> {
    Memoryless::new(p, s, n.0)
}

/// A random alphabet law with its rewards, and a length.
fn random_model(draw: &mut Instances) -> (Vec<f64>, Vec<f64>, Count) {
    let k = draw.count(2, 4) as usize;
    (draw.law(k), draw.rewards(k), Count(draw.count(1, 25)))
}

/// As [`random_model`], on a lattice or not, without rare letters: where the constants of the expansions are of order one.
fn tempered_model(draw: &mut Instances, lattice: bool) -> (Vec<f64>, Vec<f64>) {
    let p = draw.positive_law(3).iter().map(|p| 0.5 * p + 1.0 / 6.0).collect();
    let top = if lattice { draw.pick(&[2.0, 1.5, 3.0]) } else { draw.pick(&[2f64.sqrt(), 5f64.sqrt()]) };
    (p, vec![0.0, 1.0, top])
}

/// Thresholds that have mass or nearly so: attainable sums, and a number between.
fn random_thresholds(draw: &mut Instances, s: &[f64], n: u64) -> Vec<f64> {
    let attainable = |draw: &mut Instances| {
        let (i, j, count) = (draw.index(s.len()), draw.index(s.len()), draw.count(0, n));
        count as f64 * s[i] + (n - count) as f64 * s[j]
    };
    vec![attainable(draw), attainable(draw), draw.uniform(0.0, 1.0) * n as f64]
}

fn simulate_rate(input: RateInput, sampling: &Sampling) -> Result<Estimate<Rate>> {
    let law = Law::new(&input.p)?;
    check_rewards("s", &input.s, &law)?;
    for (field, value) in [("x", input.x), ("beta", input.beta)] {
        if !value.is_finite() {
            return Err(Error::invalid(field, value, "a finite number"));
        }
    }
    let counts = counts_of_draws("draws", law.probs(), sampling)?;
    let (output, stderr) = rate_from_counts(&counts, law.probs(), &input.s, input.x, input.beta)?;
    Ok(Estimate { output, stderr, samples: sampling.samples })
}

fn simulate_scgf(input: ScgfInput, sampling: &Sampling) -> Result<Estimate<ScaledCumulants>> {
    let (base, aligned) = aligned_laws(&input.p, &input.q, input.beta, input.t)?;
    let (k, t) = (base.len(), input.t);
    let log_q: Vec<f64> = (0..k).map(|i| if base.probs()[i] > 0.0 { aligned.probs()[i].ln() } else { 0.0 }).collect();
    let tilted = SharesTilt::new(base.probs(), &log_q, input.beta);
    // The second moment of the weights q^t relative to their squared mean.
    let log_z = |beta: f64| SharesTilt::new(base.probs(), &log_q, beta).log_z;
    let needed = (log_z(input.beta + 2.0 * t) + tilted.log_z - 2.0 * log_z(input.beta + t)).exp() / RESOLVED;
    if needed.is_nan() || needed > sampling.samples as f64 {
        return Err(Error::invalid(
            "t",
            t,
            format!("a power that {} draws resolve, not {needed:.0}", sampling.samples),
        ));
    }
    let phi = Categorical::new(&(0..k).map(|i| tilted.phi(i)).collect::<Vec<_>>())?;
    let top = base.support().iter().map(|&i| t * log_q[i]).fold(f64::NEG_INFINITY, f64::max);
    let moments = sampling.moments(2, |stream, numbers| {
        let i = phi.draw(stream);
        (numbers[0], numbers[1]) = ((t * log_q[i] - top).exp(), log_q[i]);
    })?;
    let (mean, error) = (moments.means(), moments.standard_errors());
    let (value, value_error) = (top + mean[0].ln(), error[0] / mean[0]);
    // Next to the Shannon point the quotient has no digits, and the entropy is the limit up to t times a variance.
    let shannon = t.abs() < 1e-8;
    let entropy = |power: f64, log: f64, sign: f64| if shannon { sign * log } else { sign * power / t };
    Ok(Estimate {
        output: ScaledCumulants { value, order: 1.0 + t, renyi_cross_entropy: entropy(value, mean[1], -1.0) },
        stderr: ScaledCumulants {
            value: value_error,
            order: 0.0,
            renyi_cross_entropy: entropy(value_error, error[1], 1.0).abs(),
        },
        samples: sampling.samples,
    })
}

/// What is known of a threshold without a draw: outside the range of the sum, or at one of its two ends.
fn known_threshold(model: &Memoryless, beta: f64, threshold: f64) -> Option<(f64, f64)> {
    let (n, top) = (model.length() as f64, model.rewards().len() - 1);
    let above = threshold - n * model.rewards()[top];
    let below = threshold - n * model.rewards()[0];
    let tilted = SharesTilt::new(model.letters().probs(), model.rewards(), beta);
    let log_phi =
        |i: usize| n * (model.letters().probs()[i].ln() + (beta * model.rewards()[i] - tilted.log_z)).min(0.0);
    if above > model.tolerance() {
        Some((f64::NEG_INFINITY, f64::NEG_INFINITY))
    } else if above >= -model.tolerance() {
        Some((log_phi(top), log_phi(top)))
    } else if below < -model.tolerance() {
        Some((0.0, f64::NEG_INFINITY))
    } else if below <= model.tolerance() {
        Some((0.0, log_phi(0)))
    } else {
        None
    }
}

/// The logarithm of a probability and its error from the mean of weights in [0, 1]. To the relative standard error it adds
/// what two weights of one, that no draw has had, would add: few draws with most of the weight underestimate their own
/// spread. Without any weight there is no mass as far as the draws can tell, with an infinite error.
fn log_of_weights(sampler: &TailSampler, mean: f64, error: f64, draws: u64) -> (f64, f64) {
    if mean > 0.0 {
        (sampler.log_scale + mean.ln(), (error + 2.0 / draws as f64) / mean)
    } else {
        (f64::NEG_INFINITY, f64::INFINITY)
    }
}

fn simulate_reward_dist(input: RewardDistInput, sampling: &Sampling) -> Result<Estimate<RewardDistribution>> {
    let model = model(&input.p, &input.s, input.n)?;
    if let Some(i) = input.thresholds.iter().position(|t| !t.is_finite()) {
        return Err(Error::invalid(format!("thresholds[{i}]"), input.thresholds[i], "a finite number"));
    }
    let mut samplers = Vec::new();
    for &t in &input.thresholds {
        samplers.push(match known_threshold(&model, input.beta, t) {
            Some(known) => Err(known),
            None => Ok(TailSampler::new(&model, input.beta, t)?),
        });
    }
    let drawn: Vec<&TailSampler> = samplers.iter().flatten().collect();
    let moments = sampling.moments(2 * drawn.len(), |stream, numbers| {
        for (sampler, numbers) in drawn.iter().zip(numbers.chunks_mut(2)) {
            (numbers[0], numbers[1]) = sampler.weights(stream);
        }
    })?;
    let errors = moments.standard_errors();
    let none = || RewardDistribution { levels: 0, log_survival_ge: Vec::new(), log_pmf: Vec::new() };
    let (mut output, mut stderr) = (RewardDistribution { levels: level_count(&model)?, ..none() }, none());
    let mut place = 0;
    for sampler in &samplers {
        let (survival, pmf) = match sampler {
            Err((survival, pmf)) => ((*survival, 0.0), (*pmf, 0.0)),
            Ok(sampler) => {
                place += 2;
                let log = |j: usize| log_of_weights(sampler, moments.means()[j], errors[j], sampling.samples);
                let (tail, error) = log(place - 2);
                let survival = match sampler.is_upper() {
                    true => (tail, error),
                    false if error == f64::INFINITY => (0.0, error),
                    // log(1 - P), and P times its relative error over 1 - P.
                    false => (log1m_exp(tail.min(0.0)), error / (-tail).exp_m1().max(0.0)),
                };
                (survival, log(place - 1))
            }
        };
        output.log_survival_ge.push(survival.0);
        stderr.log_survival_ge.push(survival.1);
        output.log_pmf.push(pmf.0);
        stderr.log_pmf.push(pmf.1);
    }
    Ok(Estimate { output, stderr, samples: sampling.samples })
}

fn simulate_tail(input: TailInput, sampling: &Sampling) -> Result<Estimate<TailApproximations>> {
    let model = model(&input.p, &input.s, input.n)?;
    let formulas = tail_formulas(&model, input.threshold, input.span)?;
    let sampler = TailSampler::new(&model, 0.0, input.threshold)?;
    let moments = sampling.moments(1, |stream, numbers| numbers[0] = sampler.weights(stream).0)?;
    let (log_exact, error) =
        log_of_weights(&sampler, moments.means()[0], moments.standard_errors()[0], sampling.samples);
    Ok(Estimate {
        output: TailApproximations { log_exact, ..formulas },
        stderr: TailApproximations {
            tau: 0.0,
            log_exact: error,
            log_chernoff: 0.0,
            log_bahadur_rao: 0.0,
            log_bahadur_rao_1: formulas.log_bahadur_rao_1.map(|_| 0.0),
            log_lugannani_rice: formulas.log_lugannani_rice.map(|_| 0.0),
        },
        samples: sampling.samples,
    })
}

fn simulate_mem_bon(input: MemBonInput, sampling: &Sampling) -> Result<Estimate<MemorylessBestOf>> {
    let model = model(&input.p, &input.s, input.n)?;
    check_log_best_of(input.log_best_of)?;
    let (n, log_n) = (model.length() as f64, input.log_best_of);
    let (p, s) = (model.letters().probs(), model.rewards());
    let top = s.len() - 1;
    let delta = log_n / n;
    let budget = budget_of_shares(p, s, delta);
    let varies = matches!(budget.regime, Regime::Interior | Regime::Saturated);
    // The tilt that spends the budget, or if less the one that has the best sequence half the time.
    let enough = |b: f64| {
        let at = SharesTilt::new(p, s, b);
        at.kl() >= delta || n * at.phi(top).ln() >= -std::f64::consts::LN_2
    };
    let proposal = if varies { least_tilt((s[top] - s[0]).recip(), enough) } else { 0.0 };
    let tilted = SharesTilt::new(p, s, proposal);
    let reference = SharesTilt::new(p, s, if budget.regime == Regime::Interior { budget.beta } else { 0.0 });
    let of = |tilt: &SharesTilt| Reference { beta: tilt.beta, log_z: n * tilt.log_z };
    let phi: Vec<f64> = (0..=top).map(|i| tilted.phi(i)).collect();
    let (base, far) = (RewardSampler::of_law(p, s, model.length()), RewardSampler::of_law(&phi, s, model.length()));
    let (best, error) = simulate_best_of(
        sampling,
        (of(&tilted), of(&reference), model.tolerance(), log_n),
        |stream| base.draw(stream),
        |stream| far.draw(stream),
    )?;
    let (kl_to_rl, kl_to_rl_error) = match budget.regime {
        Regime::Degenerate => (0.0, 0.0),
        Regime::Saturated => (f64::INFINITY, 0.0),
        Regime::Base | Regime::Interior => (best.kl_to_reference, error.kl_to_reference),
    };
    let output = MemorylessBestOf {
        mean: best.mean,
        kl: best.kl,
        delta,
        regime: budget.regime,
        rl_mean_per_symbol: if budget.regime == Regime::Saturated { budget.r_max } else { reference.mean },
        kl_to_rl,
        win_rate: best.win_rate,
        kl_bound: log_n + (-log_n).exp_m1(),
    };
    let stderr = MemorylessBestOf {
        mean: error.mean,
        kl: error.kl,
        delta: 0.0,
        rl_mean_per_symbol: 0.0,
        kl_to_rl: kl_to_rl_error,
        win_rate: error.win_rate,
        kl_bound: 0.0,
        ..output
    };
    Ok(Estimate { output, stderr, samples: sampling.samples })
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<RateInput, Rate>(
            "asymptotics.rate",
            "rate function of the mean reward of a tilted law",
            |draw| {
                let (p, s, _) = random_model(draw);
                let x = draw.uniform(-2.0, 3.0);
                RateInput { p, s, x, beta: draw.uniform(-1.0, 1.0) }
            },
        )
        .exact::<RateInput, Rate>(1e-12, |i| rate(&i.p, &i.s, i.x, i.beta))
        .monte_carlo::<RateInput, Rate>(simulate_rate),
        Quantity::new::<ScgfInput, ScaledCumulants>(
            "asymptotics.scgf",
            "scaled cumulant generating function of log q under the mismatched tilt: a Renyi cross entropy",
            |draw| {
                let k = draw.count(1, 6) as usize;
                let (beta, t) = (draw.uniform(0.0, 2.0), draw.uniform(-1.0, 2.0));
                ScgfInput { p: draw.law(k), q: draw.positive_law(k), beta, t }
            },
        )
        .exact::<ScgfInput, ScaledCumulants>(1e-12, |i| scaled_cumulants(&i.p, &i.q, i.beta, i.t))
        .monte_carlo::<ScgfInput, ScaledCumulants>(simulate_scgf),
        Quantity::new::<RewardDistInput, RewardDistribution>(
            "asymptotics.reward_dist",
            "law of the total reward of n independent symbols",
            |draw| {
                let (p, s, n) = random_model(draw);
                let thresholds = random_thresholds(draw, &s, n.0);
                RewardDistInput { p, s, n, thresholds, beta: draw.uniform(-0.5, 0.5) }
            },
        )
        .exact::<RewardDistInput, RewardDistribution>(1e-11, |i| {
            reward_distribution(&model(&i.p, &i.s, i.n)?, &i.thresholds, i.beta)
        })
        .asymptotic::<RewardDistInput, RewardDistribution>(
            "O(1/n) for log_survival_ge, O(n^-2) for log_pmf, at a fixed reward a symbol; lattice rewards only",
            |i| reward_expansion(&model(&i.p, &i.s, i.n)?, &i.thresholds, i.beta),
        )
        .in_the_limit::<RewardDistInput>(
            |draw, step| {
                let (p, s) = tempered_model(draw, true);
                let (n, x, beta) = (96 << (2 * step), draw.uniform(0.2, 0.8), draw.uniform(-0.5, 0.5));
                // Two points of the lattice, one on each side of the middle.
                let point = |x: f64| (x * s[2] * n as f64).round();
                let thresholds = vec![point(x), point(1.0 - x)];
                RewardDistInput { p, s, n: Count(n), thresholds, beta }
            },
            |input, field| {
                let n = input.n.0 as f64;
                match field {
                    "log_survival_ge" => 0.4 / n,
                    "log_pmf" => 0.4 / (n * n),
                    _ => 0.0,
                }
            },
        )
        .monte_carlo::<RewardDistInput, RewardDistribution>(simulate_reward_dist),
        Quantity::new::<MemBonInput, MemorylessBestOf>(
            "asymptotics.mem_bon",
            "best-of-N on sequences of independent symbols, against the KL-constrained optimum",
            |draw| {
                let (p, s, n) = random_model(draw);
                MemBonInput { p, s, n, log_best_of: draw.uniform(0.0, 5.0) }
            },
        )
        .exact::<MemBonInput, MemorylessBestOf>(1e-12, |i| memoryless_best_of(&model(&i.p, &i.s, i.n)?, i.log_best_of))
        .asymptotic::<MemBonInput, MemorylessBestOf>(
            "O(log^2 n / n) at a fixed log N / n; e^(-log N) times that for win_rate",
            |i| memoryless_best_of_expansion(&model(&i.p, &i.s, i.n)?, i.log_best_of),
        )
        .in_the_limit::<MemBonInput>(
            |draw, step| {
                let lattice = draw.chance(0.5);
                let (p, s) = tempered_model(draw, lattice);
                let n = 60 << (2 * step);
                // A share of the largest useful budget a symbol.
                let delta = -draw.uniform(0.1, 0.35) * p[2].ln();
                MemBonInput { p, s, n: Count(n), log_best_of: delta * n as f64 }
            },
            |input, field| {
                let n = input.n.0 as f64;
                let order = n.ln().powi(2) / n;
                match field {
                    "mean" => 2.5 * order,
                    "kl" => order,
                    "kl_to_rl" => 1.5 * order,
                    "win_rate" => 3.0 * order * (-input.log_best_of).exp(),
                    _ => 0.0,
                }
            },
        )
        .monte_carlo::<MemBonInput, MemorylessBestOf>(simulate_mem_bon),
        Quantity::new::<TailInput, TailApproximations>(
            "asymptotics.tail_approx",
            "upper tail of the total reward: exact, Chernoff, Bahadur-Rao, Lugannani-Rice",
            |draw| {
                let (p, s, n) = (draw.positive_law(3), vec![0.0, 1.0, 2.0], Count(draw.count(5, 60)));
                // From just above the mean to just below the top.
                let (low, top) = ((p[1] + 2.0 * p[2]) * n.0 as f64, 2.0 * n.0 as f64);
                let threshold = (low + draw.uniform(0.05, 0.95) * (top - low)).ceil().min(top - 1.0);
                TailInput { p, s, n, threshold, span: 1.0 }
            },
        )
        .exact::<TailInput, TailApproximations>(1e-11, |i| {
            tail_approximations(&model(&i.p, &i.s, i.n)?, i.threshold, i.span)
        })
        .asymptotic::<TailInput, TailApproximations>(
            "log_exact by Bahadur-Rao with its 1/n term: O(n^-2) on a lattice, O(n^(-(k-2)/2)) for k letters off it",
            |i| tail_expansion(&model(&i.p, &i.s, i.n)?, i.threshold, i.span),
        )
        .in_the_limit::<TailInput>(
            |draw, step| {
                let (p, s) = tempered_model(draw, true);
                let span = if s[2] == 1.5 { 0.5 } else { 1.0 };
                let (n, mean) = (96 << (2 * step), p[1] + p[2] * s[2]);
                let x = mean + draw.uniform(0.4, 0.7) * (s[2] - mean);
                TailInput { p, s, n: Count(n), threshold: (x * n as f64).round(), span }
            },
            |input, field| match field {
                "log_exact" => 600.0 / (input.n.0 as f64).powi(2),
                _ => 0.0,
            },
        )
        .monte_carlo::<TailInput, TailApproximations>(simulate_tail),
        Quantity::new::<BonAsymptoticInput, BestOfAsymptotic>(
            "asymptotics.bon_asymptotic",
            "second-order formulas of best-of-N at N = e^(n delta); one route, as it is what mem_bon is expanded to",
            |draw| {
                let (p, s) = (draw.positive_law(3), vec![0.0, 1.0, 2.0]);
                BonAsymptoticInput { p, s, n: Count(draw.count(20, 400)), delta: draw.uniform(0.01, 0.2), span: 1.0 }
            },
        )
        .exact::<BonAsymptoticInput, BestOfAsymptotic>(1e-11, |i| {
            best_of_asymptotic(&model(&i.p, &i.s, i.n)?, i.delta, i.span)
        }),
    ]
}
