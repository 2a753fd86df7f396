//! Sections 3b, 3c and 3f: best-of-N, its estimator, its rivals, its twin reward, and when to stop.

use super::budget::{random_rewards, tempered_rewards};
use crate::asymptotics::best_of_n::{BestOfN, Ties, best_of_n, check_log_best_of};
use crate::asymptotics::estimator::{EstimatorMean, check_share, estimator_mean, estimator_value};
use crate::asymptotics::hedge::{Hedge, HedgeFamily, hedge};
use crate::asymptotics::outcome_sampling::{Draws, atom_log_ratio, soft_shares};
use crate::asymptotics::random_best_of::{RandomBestOf, random_best_of};
use crate::asymptotics::soft_best_of::{SoftBestOf, soft_best_of};
use crate::asymptotics::soft_expansion::soft_expansion;
use crate::asymptotics::tilt_sampling::SharesTilt;
use crate::asymptotics::twin::{Twin, twin};
use crate::asymptotics::win_rate_frontier::{
    FrontierPoint, frontier_expansion, frontier_rank, frontier_slope, win_rate_frontier,
};
use crate::lab::{Count, Estimate, Quantity, Sampling};
use crate::prob::{Law, RankLaw, kl};
use crate::sampling::{Plan, Stream, VectorMoments};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BonInput {
    /// Base law.
    p: Vec<f64>,
    /// Rewards.
    r: Vec<f64>,
    /// log N >= 0.
    log_best_of: f64,
    /// `random` (default) or `order`.
    #[serde(default = "random_ties")]
    ties: String,
}

fn random_ties() -> String {
    "random".to_string()
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RandomBonInput {
    /// Base law.
    p: Vec<f64>,
    /// Rewards.
    r: Vec<f64>,
    /// `fixed`, `poisson_plus_one`, `zero_truncated_poisson` or `geometric`.
    law: String,
    /// N >= 1; c > 0; c > 0; t in (0, 1].
    param: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EstimatorValueInput {
    /// Base probability of the observed outcome, in (0, 1].
    eps: f64,
    /// log N >= 0.
    log_best_of: f64,
}

#[derive(Serialize, JsonSchema)]
struct EstimatorValueOutput {
    value: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogBestOfInput {
    /// Base law.
    p: Vec<f64>,
    /// Rewards.
    r: Vec<f64>,
    /// log N >= 0.
    log_best_of: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FrontierInput {
    /// Divergence in nats, >= 0.
    kl: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SoftInput {
    /// Base law.
    p: Vec<f64>,
    /// Rewards.
    r: Vec<f64>,
    /// Number of candidates.
    n: Count,
    /// Temperature > 0, in units of reward.
    lambda: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HedgeInput {
    /// Base law.
    p: Vec<f64>,
    /// Proxy rewards, which select.
    r: Vec<f64>,
    /// Gold rewards, which count.
    gold: Vec<f64>,
    /// `bon`, `zero_truncated_poisson` or `poisson_plus_one`.
    family: String,
}

const FAMILIES: [&str; 3] = ["bon", "zero_truncated_poisson", "poisson_plus_one"];

/// The divergence of a policy known from `samples` draws, from their frequencies: the influence of a draw is its
/// log-ratio less the mean; half an outcome a draw is the size of the bias, added to the error.
fn divergence_of_shares(policy: &[f64], law: &Law, samples: u64) -> (f64, f64) {
    let drawn = || (0..policy.len()).filter(|&i| policy[i] > 0.0);
    let log_ratio = |i: usize| (policy[i] / law.probs()[i]).ln();
    let mean: f64 = drawn().map(|i| policy[i] * log_ratio(i)).sum();
    let variance: f64 = drawn().map(|i| policy[i] * (log_ratio(i) - mean).powi(2)).sum();
    (mean, (variance / samples as f64).sqrt() + 0.5 * drawn().count() as f64 / samples as f64)
}

/// Means and standard errors of outcome indicators, reward and half-tie win rate over draws of an outcome; the divergence
/// from the frequencies.
fn simulate_policy(
    draws: &Draws,
    law: &Law,
    r: &[f64],
    sampling: &Sampling,
    select: impl Fn(&mut Stream) -> usize + Sync,
) -> Result<Estimate<RandomBestOf>> {
    let k = r.len();
    let moments = sampling.moments(k + 2, |stream, numbers| {
        let chosen = select(stream);
        let rival = draws.base(stream);
        numbers.fill(0.0);
        numbers[chosen] = 1.0;
        numbers[k] = r[chosen];
        numbers[k + 1] = draws.score(chosen, rival);
    })?;
    let (kl, kl_error) = divergence_of_shares(&moments.means()[..k], law, sampling.samples);
    let shape = |x: &[f64], kl| RandomBestOf { policy: x[..k].to_vec(), mean: x[k], kl, win_rate: x[k + 1] };
    let (output, stderr) = (shape(moments.means(), kl), shape(&moments.standard_errors(), kl_error));
    Ok(Estimate { output, stderr, samples: sampling.samples })
}

fn simulate_bon(input: BonInput, sampling: &Sampling) -> Result<Estimate<BestOfN>> {
    let law = Law::new(&input.p)?;
    check_log_best_of(input.log_best_of)?;
    let draws = Draws::new(&law, &input.r, Ties::named(&input.ties)?)?;
    let select = |stream: &mut Stream| draws.best_of(input.log_best_of, stream);
    let estimate = simulate_policy(&draws, &law, &input.r, sampling, select)?;
    let complete = |part: RandomBestOf, kl_bound, win_rate_bound| BestOfN {
        policy: part.policy,
        mean: part.mean,
        kl: part.kl,
        kl_bound,
        win_rate: part.win_rate,
        win_rate_bound,
    };
    // L - (N-1)/N and N/(N+1).
    let l = input.log_best_of;
    Ok(Estimate {
        output: complete(estimate.output, l + (-l).exp_m1(), 1.0 / (1.0 + (-l).exp())),
        stderr: complete(estimate.stderr, 0.0, 0.0),
        samples: estimate.samples,
    })
}

fn simulate_random_bon(input: RandomBonInput, sampling: &Sampling) -> Result<Estimate<RandomBestOf>> {
    let law = Law::new(&input.p)?;
    let rank = RankLaw::named(&input.law, input.param)?;
    let draws = Draws::new(&law, &input.r, Ties::Random)?;
    simulate_policy(&draws, &law, &input.r, sampling, |stream| draws.best_of_random(rank, stream))
}

/// Draws of the log-likelihood ratio of which the estimator is the mean: best-of-N of a law whose top outcome is an atom.
fn simulate_estimator_value(input: EstimatorValueInput, sampling: &Sampling) -> Result<Estimate<EstimatorValueOutput>> {
    check_share(input.eps)?;
    check_log_best_of(input.log_best_of)?;
    let draw = |stream: &mut Stream| atom_log_ratio(input.eps, input.log_best_of, stream);
    let moments = sampling.moments(1, |stream, numbers| numbers[0] = draw(stream))?;
    Ok(Estimate {
        output: EstimatorValueOutput { value: moments.means()[0] },
        stderr: EstimatorValueOutput { value: moments.standard_errors()[0] },
        samples: sampling.samples,
    })
}

fn simulate_estimator(input: LogBestOfInput, sampling: &Sampling) -> Result<Estimate<EstimatorMean>> {
    let law = Law::new(&input.p)?;
    check_log_best_of(input.log_best_of)?;
    let draws = Draws::new(&law, &input.r, Ties::Order)?;
    // One value an outcome: the estimator reads the base probability of what was selected.
    let value = |&p: &f64| if p > 0.0 { estimator_value(p, input.log_best_of) } else { Ok(0.0) };
    let values = law.probs().iter().map(value).collect::<Result<Vec<f64>>>()?;
    let k = law.len();
    let moments = sampling.moments(k + 1, |stream, numbers| {
        let chosen = draws.best_of(input.log_best_of, stream);
        numbers.fill(0.0);
        numbers[chosen] = 1.0;
        numbers[k] = values[chosen];
    })?;
    let (kl, kl_error) = divergence_of_shares(&moments.means()[..k], &law, sampling.samples);
    let bound = input.log_best_of + (-input.log_best_of).exp_m1();
    Ok(Estimate {
        output: EstimatorMean { expected: moments.means()[k], kl, bound },
        stderr: EstimatorMean { expected: moments.standard_errors()[k], kl: kl_error, bound: 0.0 },
        samples: sampling.samples,
    })
}

fn simulate_frontier(input: FrontierInput, sampling: &Sampling) -> Result<Estimate<FrontierPoint>> {
    let c = frontier_slope(input.kl)?;
    let moments = sampling.moments(1, |stream, numbers| numbers[0] = frontier_rank(c, stream.uniform()))?;
    Ok(Estimate {
        output: FrontierPoint { c, win_rate: moments.means()[0] },
        stderr: FrontierPoint { c: 0.0, win_rate: moments.standard_errors()[0] },
        samples: sampling.samples,
    })
}

/// Largest number of candidates that soft best-of-n simulates one by one.
const SIMULATED_CANDIDATES: u64 = 1_000_000;

fn simulate_soft(input: SoftInput, sampling: &Sampling) -> Result<Estimate<SoftBestOf>> {
    let law = Law::new(&input.p)?;
    let draws = Draws::new(&law, &input.r, Ties::Random)?;
    if !(input.lambda > 0.0 && input.lambda.is_finite() && input.lambda.recip().is_finite()) {
        return Err(Error::invalid("lambda", input.lambda, "a finite temperature > 0 whose inverse is finite"));
    }
    if input.n.0 > SIMULATED_CANDIDATES {
        let limit = SIMULATED_CANDIDATES as f64;
        return Err(Error::too_large("a draw of soft best-of-n", input.n.0 as f64, limit, "candidates"));
    }
    let (k, r, target) = (law.len(), &input.r, SharesTilt::new(law.probs(), &input.r, 1.0 / input.lambda));
    let fresh = || vec![0usize; input.n.0 as usize];
    let moments = sampling.executor.run(
        "draws",
        &Plan::fixed(sampling.samples),
        || VectorMoments::new(k + 1),
        |block, moments| {
            let (mut drawn, mut numbers) = (fresh(), vec![0.0; k + 1]);
            for mut stream in block.streams() {
                let (shares, mean) = numbers.split_at_mut(k);
                soft_shares(&draws, r, input.lambda, &mut drawn, &mut stream, shares);
                mean[0] = shares.iter().zip(r).map(|(share, r)| share * r).sum();
                moments.add(&numbers);
            }
            Ok(())
        },
    )?;
    let error = moments.standard_errors();
    let policy = moments.means()[..k].to_vec();
    let chi2 = (target.second_moment() - 1.0).max(0.0);
    // A divergence of the estimated policy is f(pi); its first-order error is at most sum |f'_i| times that of pi_i.
    let q: Vec<f64> = (0..k).map(|i| target.phi(i)).collect();
    let slope =
        |f: &dyn Fn(usize) -> f64| -> f64 { (0..k).filter(|&i| policy[i] > 0.0).map(|i| f(i).abs() * error[i]).sum() };
    let bias = k as f64 / sampling.samples as f64;
    let stderr = SoftBestOf {
        mean: error[k],
        kl_base: slope(&|i| (policy[i] / law.probs()[i]).ln() + 1.0) + bias,
        tilt: vec![0.0; k],
        tilt_mean: 0.0,
        kl_tilt: slope(&|i| 1.0 - q[i] / policy[i]) + bias,
        kl_tilt_rev: slope(&|i| (policy[i] / q[i]).ln()) + bias,
        chi2: 0.0,
        kl_tilt_bound: 0.0,
        policy: error[..k].to_vec(),
    };
    let output = SoftBestOf {
        mean: moments.means()[k],
        kl_base: kl(&policy, law.probs()),
        tilt_mean: target.mean,
        kl_tilt: kl(&q, &policy),
        kl_tilt_rev: kl(&policy, &q),
        chi2,
        kl_tilt_bound: (chi2 / input.n.0 as f64).ln_1p(),
        tilt: q,
        policy,
    };
    Ok(Estimate { output, stderr, samples: sampling.samples })
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<BonInput, BestOfN>(
            "asymptotics.bon",
            "best-of-N policy for real log N: divergence, win rate and their bounds",
            |draw| {
                let (p, r) = random_rewards(draw);
                BonInput { p, r, log_best_of: draw.uniform(0.0, 5.0), ties: draw.pick(&["random", "order"]).into() }
            },
        )
        .exact::<BonInput, BestOfN>(1e-12, |i| best_of_n(&Law::new(&i.p)?, &i.r, i.log_best_of, Ties::named(&i.ties)?))
        .monte_carlo::<BonInput, BestOfN>(simulate_bon),
        Quantity::new::<RandomBonInput, RandomBestOf>(
            "asymptotics.random_bon",
            "best of a random number of draws",
            |draw| {
                let (p, r) = random_rewards(draw);
                let law = draw.pick(&RankLaw::NAMES);
                let param = if law == "geometric" { draw.uniform(0.05, 1.0) } else { draw.uniform(1.0, 12.0) };
                RandomBonInput { p, r, law: law.to_string(), param }
            },
        )
        .exact::<RandomBonInput, RandomBestOf>(1e-12, |i| {
            random_best_of(&Law::new(&i.p)?, &i.r, RankLaw::named(&i.law, i.param)?)
        })
        .monte_carlo::<RandomBonInput, RandomBestOf>(simulate_random_bon),
        Quantity::new::<EstimatorValueInput, EstimatorValueOutput>(
            "asymptotics.bon_estimator_value",
            "estimate of the divergence of best-of-N from the base probability of one outcome",
            |draw| EstimatorValueInput { eps: draw.log_uniform(1e-12, 1.0), log_best_of: draw.uniform(0.0, 10.0) },
        )
        .exact::<EstimatorValueInput, EstimatorValueOutput>(1e-12, |i| {
            Ok(EstimatorValueOutput { value: estimator_value(i.eps, i.log_best_of)? })
        })
        .monte_carlo::<EstimatorValueInput, EstimatorValueOutput>(simulate_estimator_value),
        Quantity::new::<LogBestOfInput, EstimatorMean>(
            "asymptotics.bon_estimator",
            "mean of that estimate under best-of-N, against the divergence and the bound",
            |draw| {
                let (p, r) = random_rewards(draw);
                LogBestOfInput { p, r, log_best_of: draw.uniform(0.0, 5.0) }
            },
        )
        .exact::<LogBestOfInput, EstimatorMean>(1e-12, |i| estimator_mean(&Law::new(&i.p)?, &i.r, i.log_best_of))
        .monte_carlo::<LogBestOfInput, EstimatorMean>(simulate_estimator),
        Quantity::new::<FrontierInput, FrontierPoint>(
            "asymptotics.win_rate_frontier",
            "largest win rate at a divergence, for continuous rewards",
            |draw| FrontierInput { kl: draw.log_uniform(1e-4, 20.0) },
        )
        .exact::<FrontierInput, FrontierPoint>(1e-12, |i| win_rate_frontier(i.kl))
        .asymptotic::<FrontierInput, FrontierPoint>(
            "O(kl^(5/2)) below kl = 1/2, above it O(c^2 e^(-c)) for c and O(e^(-c)) for win_rate",
            |i| frontier_expansion(i.kl),
        )
        .in_the_limit::<FrontierInput>(
            |draw, step| {
                // Towards 0 or towards infinity.
                let (low, high) = (draw.uniform(0.02, 0.49), draw.uniform(0.5, 1.0));
                let (small, step) = (draw.chance(0.5), f64::from(step));
                FrontierInput { kl: if small { low * 0.25f64.powf(step) } else { high + step } }
            },
            |input, field| {
                let c = (input.kl + 1.0).exp();
                match field {
                    _ if input.kl < 0.5 => 1.5 * input.kl.powf(2.5),
                    "c" => 2.0 * c * c * (-c).exp(),
                    _ => 4.0 * (-c).exp(),
                }
            },
        )
        .monte_carlo::<FrontierInput, FrontierPoint>(simulate_frontier),
        Quantity::new::<SoftInput, SoftBestOf>(
            "asymptotics.soft_bon",
            "soft best-of-n: one of n candidates by softmax of the reward, against its target tilt",
            |draw| {
                let k = draw.count(1, 5) as usize;
                let (p, r) = (draw.positive_law(k), draw.rewards(k));
                SoftInput { p, r, n: Count(draw.count(1, 30)), lambda: draw.log_uniform(0.2, 5.0) }
            },
        )
        .exact::<SoftInput, SoftBestOf>(1e-11, |i| soft_best_of(&Law::new(&i.p)?, &i.r, i.n.0, i.lambda))
        .asymptotic::<SoftInput, SoftBestOf>(
            "O(n^-2) for policy, mean and kl_base, O(n^-3) for kl_tilt and kl_tilt_rev",
            |i| soft_expansion(&Law::new(&i.p)?, &i.r, i.n.0, i.lambda),
        )
        .in_the_limit::<SoftInput>(
            |draw, step| {
                let k = draw.count(2, 5) as usize;
                let (p, r) = tempered_rewards(draw, k);
                SoftInput { p, r, n: Count(draw.count(20, 30) << (2 * step)), lambda: draw.log_uniform(1.0, 5.0) }
            },
            |input, field| {
                let n = input.n.0 as f64;
                match field {
                    "policy" | "mean" | "kl_base" => 1.5 / (n * n),
                    "kl_tilt" | "kl_tilt_rev" => 1.5 / (n * n * n),
                    _ => 0.0,
                }
            },
        )
        .monte_carlo::<SoftInput, SoftBestOf>(simulate_soft),
        Quantity::new::<LogBestOfInput, Twin>(
            "asymptotics.bon_twin",
            "the reward whose tilt best-of-N is, and its distance from the tilts of its own reward; one route, see the book",
            |draw| {
                let (p, r) = random_rewards(draw);
                LogBestOfInput { p, r, log_best_of: draw.uniform(0.0, 4.0) }
            },
        )
        .exact::<LogBestOfInput, Twin>(1e-11, |i| twin(&Law::new(&i.p)?, &i.r, i.log_best_of)),
        Quantity::new::<HedgeInput, Hedge>(
            "asymptotics.hedge",
            "where sampling against a proxy reward stops helping the gold reward; one route, see the book",
            |draw| {
                let (p, r) = random_rewards(draw);
                let gold = draw.rewards(p.len());
                HedgeInput { p, r, gold, family: draw.pick(&FAMILIES).to_string() }
            },
        )
        .exact::<HedgeInput, Hedge>(1e-10, |i| hedge(&Law::new(&i.p)?, &i.r, &i.gold, HedgeFamily::named(&i.family)?)),
    ]
}
