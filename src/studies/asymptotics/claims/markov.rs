//! Claims R27 to R29: Markov chains.
//!
//! The growth rate is computed here by repeated squaring of `T_t` in logarithms, the cycles by powers in the (max, +)
//! algebra: neither is the engine's route.

use crate::Result;
use crate::asymptotics::constrained::exponential_tilt;
use crate::asymptotics::critical_cycles::chain_limit;
use crate::asymptotics::markov::{Chain, markov_tilt};
use crate::asymptotics::markov_best_of::{markov_best_of, markov_best_of_on};
use crate::asymptotics::markov_finite::markov_finite;
use crate::asymptotics::markov_reward_law::markov_reward_law;
use crate::asymptotics::markov_sampling::{OptimumSampler, PathSampler};
use crate::asymptotics::markov_solve::markov_solve;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling, z_limit};
use crate::numerics::log_space::log_sum_exp;
use crate::prob::Law;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "asymptotics/R27",
            statement: "Lambda(t) = log rho(T_t), T_ij = P_ij e^{t s_j}; the Doob tilt Q has stationary mean reward \
                        Lambda'(t), asymptotic variance Lambda''(t), KL rate t Lambda' - Lambda.",
            source: "derived",
            conditions: "P irreducible, periodic allowed; reward on states.",
            recorded: Recorded::Holds,
            checks: &[
                growth_rate_has_the_stated_derivatives,
                kl_rate_has_two_forms,
                doob_tilt_is_a_chain,
                simulated_tilt_has_the_mean_and_variance,
            ],
        },
        Claim {
            id: "asymptotics/R28",
            statement: "The optimum of n symbols is p e^{bR}/Z_n; (1/n) log Z_n, its mean and its KL a symbol tend to \
                        Lambda, Lambda', t Lambda' - Lambda with error O(1/n). Best of e^{n delta} has the same limits, and \
                        its divergence to the optimum grows like (1/2) log n.",
            source: "derived",
            conditions: "0 < delta < Delta_max; the exponents for an aperiodic chain.",
            recorded: Recorded::Holds,
            checks: &[
                finite_optimum_is_that_of_all_paths,
                no_path_law_beats_the_finite_optimum,
                finite_totals_err_by_one_over_n,
                best_of_n_has_the_same_limits,
                divergence_to_the_optimum_grows_like_half_log_n,
                simulated_optimum_has_its_mean,
            ],
        },
        Claim {
            id: "asymptotics/R29",
            statement: "The largest KL rate is Delta_max = -log rho(P on the critical edges), those on cycles \
            of maximal mean \
                        reward; for one simple cycle C it is -(1/|C|) sum_C log P_e; equal rows are the memoryless case.",
            source: "derived (maximal cycle mean: Karp, recalled)",
            conditions: "P irreducible.",
            recorded: Recorded::Holds,
            checks: &[
                large_tilts_reach_the_limit,
                one_cycle_has_its_mean_log_probability,
                equal_rows_are_memoryless,
                kl_rate_stays_below_the_limit,
            ],
        },
    ]
}

/// Product of two matrices given by logarithms, row-major `[k, k]`; `max` replaces sums where `tropical`.
fn product(a: &[f64], b: &[f64], k: usize, tropical: bool) -> Vec<f64> {
    (0..k * k)
        .map(|e| {
            let terms: Vec<f64> = (0..k).map(|l| a[e / k * k + l] + b[l * k + e % k]).collect();
            if tropical { terms.iter().copied().fold(f64::NEG_INFINITY, f64::max) } else { log_sum_exp(&terms) }
        })
        .collect()
}

/// `T_t` in logarithms.
fn tilted(chain: &Chain, t: f64) -> Vec<f64> {
    let k = chain.states();
    (0..k * k).map(|e| chain.log_transition()[e] + t * chain.reward()[e % k]).collect()
}

/// `log rho` of a matrix given by logarithms, as `2^-m log |T^(2^m)|`, `m = 60`, the scale taken out at each squaring.
fn log_root(log_matrix: &[f64], k: usize) -> f64 {
    let (mut power, mut log_scale, mut weight) = (log_matrix.to_vec(), 0.0, 1.0);
    for _ in 0..60 {
        let largest = power.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        log_scale += weight * largest;
        let scaled: Vec<f64> = power.iter().map(|x| x - largest).collect();
        power = product(&scaled, &scaled, k, false);
        weight *= 0.5;
    }
    log_scale
}

/// The largest mean reward of a closed walk of at most `k` edges, hence of a cycle.
fn cycle_mean(chain: &Chain) -> f64 {
    let k = chain.states();
    let edge = |e: usize| if chain.transition()[e] > 0.0 { chain.reward()[e % k] } else { f64::NEG_INFINITY };
    let weights: Vec<f64> = (0..k * k).map(edge).collect();
    let (mut power, mut best) = (weights.clone(), f64::NEG_INFINITY);
    for length in 1..=k {
        best = (0..k).map(|i| power[i * k + i] / length as f64).fold(best, f64::max);
        power = product(&power, &weights, k, true);
    }
    best
}

/// A random chain: positive, or with a third of the edges missing beside a cycle through all states, or that cycle alone
/// with one chord (periodic now and then).
fn random_chain(draw: &mut Instances, k: usize, reward: Vec<f64>) -> Result<Chain> {
    let kept = draw.pick(&[1.0, 0.6, 0.15]);
    let rows: Vec<Vec<f64>> = (0..k)
        .map(|i| {
            let row: Vec<f64> = (0..k)
                .map(|j| if j == (i + 1) % k || draw.chance(kept) { draw.uniform(0.2, 1.0) } else { 0.0 })
                .collect();
            let total: f64 = row.iter().sum();
            row.iter().map(|p| p / total).collect()
        })
        .collect();
    Chain::new(&rows, &reward)
}

fn describe(chain: &Chain, t: f64) -> serde_json::Value {
    json!({"transition": chain.transition(), "reward": chain.reward(), "beta": t})
}

fn growth_rate_has_the_stated_derivatives(_: &Sampling) -> Result<Check> {
    let mut check = Check::agreement(
        "asymptotics/R27",
        "log rho, its first and second differences = scgf, mean, variance",
    )
    .tolerance(
        1e-7,
        "five-point differences, step 0.01: h^4 times a derivative of order 6 below 10, 1e-15/h^2 = 1e-11 rounding",
    );
    let mut draw = Instances::new(2701);
    for _ in 0..40 {
        let k = draw.count(2, 4) as usize;
        let reward: Vec<f64> = (0..k).map(|_| draw.uniform(0.0, 1.0)).collect();
        let chain = random_chain(&mut draw, k, reward)?;
        let (t, h) = (draw.uniform(-1.5, 1.5), 0.01);
        let at = |steps: f64| log_root(&tilted(&chain, t + steps * h), k);
        let values = [at(-2.0), at(-1.0), at(0.0), at(1.0), at(2.0)];
        let first = (values[0] - 8.0 * values[1] + 8.0 * values[3] - values[4]) / (12.0 * h);
        let second = (-values[0] + 16.0 * values[1] - 30.0 * values[2] + 16.0 * values[3] - values[4]) / (12.0 * h * h);
        let found = markov_tilt(&chain, t)?;
        check.equal(found.scgf, values[2], 1e-5, || describe(&chain, t));
        check.equal(found.mean, first, 1.0, || describe(&chain, t));
        check.equal(found.variance, second, 1.0, || describe(&chain, t));
    }
    Ok(check.finish())
}

fn kl_rate_has_two_forms(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity("asymptotics/R27", "sum pi_i Q_ij log(Q_ij/P_ij) = t Lambda' - Lambda = kl_rate")
        .tolerance(1e-11, "rounding of t Lambda' - Lambda, numbers below 10, with a condition of the chain below 1e3");
    let mut draw = Instances::new(2702);
    for _ in 0..80 {
        let k = draw.count(2, 5) as usize;
        let reward = draw.rewards(k);
        let chain = random_chain(&mut draw, k, reward)?;
        let t = draw.uniform(-2.0, 2.0);
        let found = markov_tilt(&chain, t)?;
        let (q, p) = (&found.tilted_transition, chain.transition());
        let direct: f64 =
            (0..k * k).filter(|&e| q[e] > 0.0).map(|e| found.stationary[e / k] * q[e] * (q[e] / p[e]).ln()).sum();
        check.equal(direct, t * found.mean - log_root(&tilted(&chain, t), k), 1.0, || describe(&chain, t));
        check.equal(found.kl_rate, direct, 1.0, || describe(&chain, t));
    }
    Ok(check.finish())
}

fn doob_tilt_is_a_chain(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity(
        "asymptotics/R27",
        "Q_ij Q_jl.. round every cycle of two or three states = T../rho^len; pi Q = pi",
    )
    .tolerance(1e-11, "relative rounding of products of three entries; the right vector cancels round a cycle");
    let mut draw = Instances::new(2703);
    for _ in 0..40 {
        let k = draw.count(2, 4) as usize;
        let reward = draw.rewards(k);
        let chain = random_chain(&mut draw, k, reward)?;
        let t = draw.uniform(-2.0, 2.0);
        let found = markov_tilt(&chain, t)?;
        let (q, base) = (&found.tilted_transition, tilted(&chain, t));
        let root = log_root(&base, k);
        for i in 0..k {
            let row: f64 = q[i * k..(i + 1) * k].iter().sum();
            check.equal(row, 1.0, 1.0, || describe(&chain, t));
            let flow: f64 = (0..k).map(|j| found.stationary[j] * q[j * k + i]).sum();
            check.equal(flow, found.stationary[i], 1.0, || describe(&chain, t));
            for j in 0..k {
                let pair = (base[i * k + j] + base[j * k + i] - 2.0 * root).exp();
                check.equal(q[i * k + j] * q[j * k + i], pair, 1.0, || describe(&chain, t));
                for l in 0..k {
                    let triple = (base[i * k + j] + base[j * k + l] + base[l * k + i] - 3.0 * root).exp();
                    check.equal(q[i * k + j] * q[j * k + l] * q[l * k + i], triple, 1.0, || describe(&chain, t));
                }
            }
        }
    }
    Ok(check.finish())
}

fn example() -> Result<Chain> {
    Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0])
}

const INITIAL: [f64; 2] = [0.8, 0.2];

fn simulated_tilt_has_the_mean_and_variance(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::agreement("asymptotics/R27", "mean and variance of R along simulated stationary paths of Q")
        .tolerance(
            z_limit(),
            "standard errors, at the common false-alarm budget; the end effect on the variance is added",
        );
    let chain = example()?;
    let tilts = [0.8, -0.5].map(|t| markov_tilt(&chain, t));
    let tilts = tilts.into_iter().collect::<Result<Vec<_>>>()?;
    let samplers: Vec<PathSampler> = tilts.iter().map(|t| PathSampler::stationary(&chain, t)).collect::<Result<_>>()?;
    let n = 200u64;
    let x = n as f64;
    let few = Sampling { executor: sampling.executor, samples: sampling.samples.min(10_000) };
    let moments = few.moments(4, |stream, numbers| {
        for (i, sampler) in samplers.iter().enumerate() {
            let centred = sampler.reward(n, stream) - x * tilts[i].mean;
            (numbers[2 * i], numbers[2 * i + 1]) = (centred, centred * centred / x);
        }
    })?;
    for (i, t) in tilts.iter().enumerate() {
        let (mean, error) = (&moments.means()[2 * i..], &moments.standard_errors()[2 * i..]);
        check.equal(mean[0], 0.0, error[0], || describe(&chain, t.beta));
        // Var R = n Lambda'' - 2 sum_l l c_l; with the second eigenvalue at most 0.6 the sum is below 2 (1/4) 0.6/0.16 < 2.
        check.equal(mean[1], t.variance, error[1] + 2.0 / x / z_limit(), || describe(&chain, t.beta));
    }
    Ok(check.finish())
}

/// Probabilities and rewards of all `k^n` paths.
fn paths(chain: &Chain, initial: &[f64], n: u32) -> (Vec<f64>, Vec<f64>) {
    let k = chain.states();
    (0..k.pow(n))
        .map(|code| {
            let y: Vec<usize> = (0..n).map(|i| code / k.pow(i) % k).collect();
            let steps: f64 = y.windows(2).map(|w| chain.transition()[w[0] * k + w[1]]).product();
            (initial[y[0]] * steps, y.iter().map(|&i| chain.reward()[i]).sum::<f64>())
        })
        .unzip()
}

fn finite_optimum_is_that_of_all_paths(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity(
        "asymptotics/R28",
        "log Z_n, mean, variance, KL of p e^{bR}/Z_n summed over k^n paths = the recursion",
    )
    .tolerance(1e-11, "rounding of at most 4^6 positive terms and of b mean - log Z");
    let mut draw = Instances::new(2801);
    for _ in 0..50 {
        let (k, n) = (draw.count(2, 4) as usize, draw.count(1, 6) as u32);
        let reward = draw.rewards(k);
        let chain = random_chain(&mut draw, k, reward)?;
        let (initial, b) = (draw.positive_law(k), draw.uniform(-1.5, 1.5));
        let (probs, rewards) = paths(&chain, &initial, n);
        let weights: Vec<f64> = probs.iter().zip(&rewards).map(|(p, r)| p * (b * r).exp()).collect();
        let z: f64 = weights.iter().sum();
        let expect = |f: &dyn Fn(f64) -> f64| weights.iter().zip(&rewards).map(|(w, r)| w / z * f(*r)).sum::<f64>();
        let mean = expect(&|r| r);
        let found = markov_finite(&chain, &initial, n.into(), b)?;
        let case = || json!({"chain": describe(&chain, b), "initial": initial, "n": n});
        check.equal(found.log_z, z.ln(), 1.0 + z.ln().abs(), case);
        check.equal(found.mean, mean, 1.0 + mean.abs(), case);
        check.equal(found.variance, expect(&|r| (r - mean).powi(2)), 10.0, case);
        check.equal(found.kl, expect(&|r| b * r - z.ln()), 1.0 + (b * mean).abs(), case);
    }
    Ok(check.finish())
}

fn no_path_law_beats_the_finite_optimum(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R28", "E R - KL/b of a random law on paths <= that of p e^{bR}/Z_n")
        .tolerance(1e-12, "rounding of sums of at most 3^5 terms");
    let mut draw = Instances::new(2802);
    for _ in 0..60 {
        let (k, n, b) = (draw.count(2, 3) as usize, draw.count(1, 5) as u32, draw.uniform(0.3, 2.0));
        let reward = draw.rewards(k);
        let chain = random_chain(&mut draw, k, reward)?;
        let initial = draw.positive_law(k);
        let (probs, rewards) = paths(&chain, &initial, n);
        let noise = draw.log_uniform(1e-3, 1.0);
        let weights: Vec<f64> =
            probs.iter().zip(&rewards).map(|(p, r)| p * (b * r + noise * draw.uniform(-1.0, 1.0)).exp()).collect();
        let total: f64 = weights.iter().sum();
        let terms = weights.iter().map(|w| w / total).zip(probs.iter().zip(&rewards)).filter(|(w, _)| *w > 0.0);
        let objective: f64 = terms.map(|(w, (p, r))| w * (r - (w / p).ln() / b)).sum();
        let best = markov_finite(&chain, &initial, n.into(), b)?;
        let case = || json!({"chain": describe(&chain, b), "initial": initial, "n": n, "noise": noise});
        check.at_most(objective, best.mean - best.kl / b, 10.0 / b, case);
    }
    Ok(check.finish())
}

fn finite_totals_err_by_one_over_n(_: &Sampling) -> Result<Check> {
    let mut check = Check::rates("asymptotics/R28", "log Z_n / n, mean / n and KL / n err with exponent 1, not 2")
        .tolerance(
            0.02,
            "end effects die like the second eigenvalue to the n, e^-20 at n = 60; rounding 1e-13 n of an error > 1e-3",
        );
    let chain = example()?;
    for b in [0.3, 0.8, -0.6] {
        let limit = markov_tilt(&chain, b)?;
        let errors = |n: u64| -> Result<[f64; 3]> {
            let (x, at) = (n as f64, markov_finite(&chain, &INITIAL, n, b)?);
            Ok([at.log_z / x - limit.scgf, at.mean / x - limit.mean, at.kl / x - limit.kl_rate])
        };
        let (short, long) = (errors(60)?, errors(600)?);
        for (i, name) in ["log_z", "mean", "kl"].iter().enumerate() {
            let found = (short[i] / long[i]).abs().log10();
            check.rate(found, 0.02, 1.0, 2.0, || json!({"beta": b, "total": name, "n": [60, 600]}));
        }
    }
    Ok(check.finish())
}

fn best_of_n_has_the_same_limits(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound(
        "asymptotics/R28",
        "reward gap to Lambda' and unspent KL a symbol <= (1 + log n)/(b n), 3/n; falling",
    )
    .tolerance(1e-10, "rounding of divergences of order n");
    let chain = example()?;
    for delta in [0.05, 0.1, 0.25] {
        let limit = markov_solve(&chain, delta)?;
        let mut before = f64::INFINITY;
        for n in [40u64, 160, 640] {
            let x = n as f64;
            let found = markov_best_of(&chain, &INITIAL, n, x * delta)?;
            let gap = (limit.mean - found.mean / x).abs();
            let case = || json!({"delta": delta, "n": n});
            check.at_most(gap, (1.0 + x.ln()) / (limit.beta * x), 1.0, case);
            check.at_most((delta - found.kl / x).abs(), 3.0 / x, 1.0, case);
            check.at_most(gap, before, 1.0, case);
            check.at_most(found.kl_to_rl / x, x.ln() / x, 1.0, case);
            before = gap;
        }
    }
    Ok(check.finish())
}

fn divergence_to_the_optimum_grows_like_half_log_n(_: &Sampling) -> Result<Check> {
    let mut check = Check::rates(
        "asymptotics/R28",
        "D(pi_N||optimum), averaged over phases, grows by 1/2 a unit of log n",
    )
    .tolerance(
        0.15,
        "the phase moves it by less than 0.01 at these tilts, b d < 1; log^2 n/n is 0.14 at n = 200, over log 4",
    );
    let chain = example()?;
    let deltas = [0.05, 0.1, 0.2];
    let average = |first: u64| -> Result<Vec<f64>> {
        let mut totals = vec![0.0; deltas.len()];
        for n in first..first + 5 {
            let levels = markov_reward_law(&chain, &INITIAL, n)?;
            for (total, delta) in totals.iter_mut().zip(deltas) {
                *total += markov_best_of_on(&levels, n as f64 * delta)?.kl_to_rl / 5.0;
            }
        }
        Ok(totals)
    };
    let (short, long) = (average(198)?, average(798)?);
    for (i, delta) in deltas.into_iter().enumerate() {
        let slope = (long[i] - short[i]) / (800f64 / 200.0).ln();
        check.rate(slope, 0.15, 0.5, 0.0, || json!({"delta": delta, "n": [200, 800]}));
    }
    Ok(check.finish())
}

fn simulated_optimum_has_its_mean(sampling: &Sampling) -> Result<Check> {
    let mut check =
        Check::agreement("asymptotics/R28", "mean of R along simulated paths of the time-inhomogeneous chain")
            .tolerance(z_limit(), "standard errors, at the common false-alarm budget");
    let chain = example()?;
    let (n, tilts) = (30u64, [0.8, -0.6]);
    let samplers = tilts.map(|b| OptimumSampler::new(&chain, &INITIAL, n, b));
    let samplers = samplers.into_iter().collect::<Result<Vec<_>>>()?;
    let moments = sampling.moments(2, |stream, numbers| {
        for (number, sampler) in numbers.iter_mut().zip(&samplers) {
            *number = sampler.reward(stream);
        }
    })?;
    for (i, &b) in tilts.iter().enumerate() {
        let exact = markov_finite(&chain, &INITIAL, n, b)?.mean;
        check.equal(moments.means()[i], exact, moments.standard_errors()[i], || json!({"beta": b, "n": n}));
    }
    Ok(check.finish())
}

/// Whole rewards 0, 1, 2: cycle means of up to four states that differ do so by at least 1/12.
fn whole_rewards(draw: &mut Instances, k: usize) -> Vec<f64> {
    (0..k).map(|_| draw.count(0, 2) as f64).collect()
}

fn large_tilts_reach_the_limit(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::agreement("asymptotics/R29", "t lambda - log rho(T_t) at t = 600 = Delta_max; lambda by (max,+) powers")
            .tolerance(
                1e-10,
                "other cycles weigh e^{-t/12} = 2e-22, under a square root at worst; t lambda cancels to 600 e-16",
            );
    let mut draw = Instances::new(2901);
    for _ in 0..80 {
        let k = draw.count(2, 4) as usize;
        let reward = whole_rewards(&mut draw, k);
        let chain = random_chain(&mut draw, k, reward)?;
        let (lambda, t) = (cycle_mean(&chain), 600.0);
        let found = chain_limit(&chain)?;
        check.equal(found.mean, lambda, 1.0, || describe(&chain, t));
        check.equal(found.delta_max, t * lambda - log_root(&tilted(&chain, t), k), 1.0, || describe(&chain, t));
    }
    let found = chain_limit(&example()?)?.delta_max;
    check.equal(found, 0.510825623765991, 1.0, || json!("the example of the specification"));
    Ok(check.finish())
}

fn one_cycle_has_its_mean_log_probability(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity("asymptotics/R29", "one critical cycle C: Delta_max = -(1/|C|) sum_C log P_e")
        .tolerance(1e-12, "rounding of a sum of at most 4 logarithms");
    let mut draw = Instances::new(2902);
    for _ in 0..60 {
        let k = draw.count(2, 4) as usize;
        // Rewards in general position: every mean of a simple cycle is another, except between orders of the same states.
        let reward: Vec<f64> = (0..k).map(|_| draw.uniform(0.0, 1.0)).collect();
        let chain = random_chain(&mut draw, k, reward)?;
        // Simple cycles through subsets of at most two states, and the loop of the best state.
        let (p, s) = (chain.transition(), chain.reward());
        let mut cycles: Vec<(f64, f64)> =
            (0..k).filter(|i| p[i * k + i] > 0.0).map(|i| (s[i], -p[i * k + i].ln())).collect();
        for i in 0..k {
            for j in 0..i {
                if p[i * k + j] * p[j * k + i] > 0.0 {
                    cycles.push((0.5 * (s[i] + s[j]), -0.5 * (p[i * k + j] * p[j * k + i]).ln()));
                }
            }
        }
        let best = cycles.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0));
        // Where a longer cycle is better the instance says nothing here.
        if let Some((_, log_probability)) = best.filter(|(mean, _)| *mean > cycle_mean(&chain) - 1e-9) {
            check.equal(chain_limit(&chain)?.delta_max, log_probability, 1.0, || describe(&chain, f64::INFINITY));
        }
    }
    Ok(check.finish())
}

fn equal_rows_are_memoryless(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity(
        "asymptotics/R29",
        "equal rows: rates of the chain = those of the symbol law; Delta_max = -log p(A*)",
    )
    .tolerance(1e-12, "rounding of sums of at most 5 terms");
    let mut draw = Instances::new(2903);
    for _ in 0..60 {
        let k = draw.count(2, 5) as usize;
        let (p, s, t) = (draw.positive_law(k), draw.rewards(k), draw.uniform(-2.0, 2.0));
        let chain = Chain::new(&vec![p.clone(); k], &s)?;
        let (found, symbol) = (markov_tilt(&chain, t)?, exponential_tilt(&Law::new(&p)?, &s, t)?);
        let case = || json!({"p": p, "s": s, "beta": t});
        check.equal(found.scgf, symbol.log_z, 10.0, case);
        check.equal(found.mean, symbol.mean, 10.0, case);
        check.equal(found.variance, symbol.variance, 10.0, case);
        check.equal(found.kl_rate, symbol.kl, 10.0, case);
        let largest = s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let top: f64 = p.iter().zip(&s).filter(|(_, s)| **s == largest).map(|(p, _)| p).sum();
        check.equal(chain_limit(&chain)?.delta_max, -top.ln(), 10.0, case);
    }
    Ok(check.finish())
}

fn kl_rate_stays_below_the_limit(_: &Sampling) -> Result<Check> {
    let mut check = Check::ordering("asymptotics/R29", "KL rates grow with the tilt and stay below Delta_max")
        .tolerance(1e-11, "rounding of rates below 10");
    let mut draw = Instances::new(2904);
    for _ in 0..40 {
        let k = draw.count(2, 4) as usize;
        let reward = whole_rewards(&mut draw, k);
        let chain = random_chain(&mut draw, k, reward)?;
        let limit = chain_limit(&chain)?.delta_max;
        let mut before = 0.0;
        for t in [0.1, 0.3, 1.0, 3.0, 10.0, 100.0] {
            let found = markov_tilt(&chain, t)?.kl_rate;
            check.at_most(before, found, 1.0, || describe(&chain, t));
            check.at_most(found, limit, 1.0, || describe(&chain, t));
            before = found;
        }
    }
    Ok(check.finish())
}
