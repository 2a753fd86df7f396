//! Correlated proxies and penalised optima. All rewards enter through their expectation on pairs; returns are normalised,
//! except in `action_kl_optimum`.

use super::model::{MdpInput, RewardInput, by_state, random_mdp_of, random_reward, shape};
use crate::Result;
use crate::lab::{Estimate, Instances, Quantity, Sampling};
use crate::rewards::action_kl::action_kl_optimum;
use crate::rewards::mdp::Mdp;
use crate::rewards::orpo::{Orpo, Penalty};
use crate::rewards::policy::Policy;
use crate::rewards::proxy::{bounds, correlation};
use crate::rewards::reference::Reference;
use crate::rewards::sampling::Simulator;
use crate::sampling::{Plan, VectorMoments};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StatsInput {
    /// The process.
    mdp: MdpInput,
    /// The reference policy.
    pi_ref: Vec<Vec<f64>>,
    /// The true reward.
    #[serde(rename = "R")]
    r: RewardInput,
    /// The proxy.
    #[serde(rename = "R_proxy")]
    r_proxy: RewardInput,
}

#[derive(Serialize, JsonSchema)]
struct StatsOutput {
    /// Correlation under the reference's occupancy.
    r: f64,
    /// Standard deviation of the true reward.
    sigma_true: f64,
    /// Standard deviation of the proxy.
    sigma_proxy: f64,
    /// Normalised return of the reference.
    j_ref_true: f64,
    /// The same under the proxy.
    j_ref_proxy: f64,
}

fn proxy_stats(input: StatsInput) -> Result<StatsOutput> {
    let mdp = input.mdp.build()?;
    let (truth, proxy) = (input.r.build(&mdp, "R")?, input.r_proxy.build(&mdp, "R_proxy")?);
    let reference = Reference::new(&mdp, Policy::new(&mdp, "pi_ref", &input.pi_ref)?)?;
    let found = correlation(&reference, &truth, &proxy)?;
    Ok(StatsOutput {
        r: found.r,
        sigma_true: found.sigma_true,
        sigma_proxy: found.sigma_proxy,
        j_ref_true: found.j_ref_true,
        j_ref_proxy: found.j_ref_proxy,
    })
}

/// Sample moments over draws from the occupancy; standard errors by influence functions over the same draws.
fn simulate_stats(input: StatsInput, sampling: &Sampling) -> Result<Estimate<StatsOutput>> {
    let mdp = input.mdp.build()?;
    let (truth, proxy) = (input.r.build(&mdp, "R")?, input.r_proxy.build(&mdp, "R_proxy")?);
    let policy = Policy::new(&mdp, "pi_ref", &input.pi_ref)?;
    // The same refusals as the exact route.
    correlation(&Reference::new(&mdp, policy.clone())?, &truth, &proxy)?;
    let simulator = Simulator::new(&mdp, &policy)?;
    let (x, y) = (truth.expected(), proxy.expected());
    // Relative to one pair's rewards: less to cancel.
    let pass = |label: &str, components: usize, write: &(dyn Fn(usize, &mut [f64]) + Sync)| {
        let plan = Plan::fixed(sampling.samples).with_draws_of("occupied");
        sampling.executor.run(
            label,
            &plan,
            || VectorMoments::new(components),
            |block, moments| {
                let mut numbers = vec![0.0; components];
                for mut stream in block.streams() {
                    write(simulator.occupied(&mut stream), &mut numbers);
                    moments.add(&numbers);
                }
                Ok(())
            },
        )
    };
    let means = pass("means", 2, &|pair, out| (out[0], out[1]) = (x[pair], y[pair]))?;
    let (mean_x, mean_y) = (means.means()[0], means.means()[1]);
    let second = pass("second moments", 3, &|pair, out| {
        let (u, v) = (x[pair] - mean_x, y[pair] - mean_y);
        (out[0], out[1], out[2]) = (u * u, v * v, u * v);
    })?;
    let [xx, yy, xy] = [second.means()[0], second.means()[1], second.means()[2]];
    let (sigma_x, sigma_y) = (xx.sqrt(), yy.sqrt());
    let r = if xx > 0.0 && yy > 0.0 { (xy / (sigma_x * sigma_y)).clamp(-1.0, 1.0) } else { 0.0 };
    let influence = pass("influence", 3, &|pair, out| {
        let u = if sigma_x > 0.0 { (x[pair] - mean_x) / sigma_x } else { 0.0 };
        let v = if sigma_y > 0.0 { (y[pair] - mean_y) / sigma_y } else { 0.0 };
        (out[0], out[1], out[2]) = (u * v - 0.5 * r * (u * u + v * v), 0.5 * sigma_x * u * u, 0.5 * sigma_y * v * v);
    })?;
    let errors = influence.standard_errors();
    let j = means.standard_errors();
    Ok(Estimate {
        output: StatsOutput { r, sigma_true: sigma_x, sigma_proxy: sigma_y, j_ref_true: mean_x, j_ref_proxy: mean_y },
        stderr: StatsOutput {
            r: errors[0],
            sigma_true: errors[1],
            sigma_proxy: errors[2],
            j_ref_true: j[0],
            j_ref_proxy: j[1],
        },
        samples: sampling.samples,
    })
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BoundsInput {
    /// The process.
    mdp: MdpInput,
    /// The reference policy.
    pi_ref: Vec<Vec<f64>>,
    /// The policy that is judged.
    pi: Vec<Vec<f64>>,
    /// The true reward.
    #[serde(rename = "R")]
    r: RewardInput,
    /// The proxy.
    #[serde(rename = "R_proxy")]
    r_proxy: RewardInput,
}

#[derive(Serialize, JsonSchema)]
struct BoundsOutput {
    /// Chi-squared divergence of occupancies.
    chi2: f64,
    /// The proxy's gain over its standard deviation.
    gain_proxy: f64,
    /// The true gain over its standard deviation.
    gain_true: f64,
    /// Lower bound of Laidlaw et al. on the true gain.
    bound_paper: f64,
    /// The sharp bound given r.
    bound_sharp: f64,
    /// Correlation of the minimal canonical rewards.
    r_canonical: f64,
    /// The bound that shaping does not change.
    bound_canonical: f64,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum PenaltyInput {
    SqrtChi2,
    Chi2,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OrpoInput {
    /// The process.
    mdp: MdpInput,
    /// The reference policy.
    pi_ref: Vec<Vec<f64>>,
    /// The proxy.
    #[serde(rename = "R_proxy")]
    r_proxy: RewardInput,
    /// Coefficient of the penalty, >= 0.
    lambda: f64,
    /// The penalty.
    penalty: PenaltyInput,
}

#[derive(Serialize, JsonSchema)]
struct OrpoOutput {
    /// Normalised proxy return less the penalty.
    objective: f64,
    /// Chi-squared divergence of the optimum.
    chi2: f64,
    /// From this lambda on the root penalty keeps the reference.
    critical_lambda: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ActionKlInput {
    /// The process.
    mdp: MdpInput,
    /// The reference policy.
    pi_ref: Vec<Vec<f64>>,
    /// The proxy.
    #[serde(rename = "R_proxy")]
    r_proxy: RewardInput,
    /// Coefficient of the penalty, > 0.
    lambda: f64,
}

#[derive(Serialize, JsonSchema)]
struct ActionKlOutput {
    /// Regularised value of each state, unnormalised.
    #[serde(rename = "V")]
    v: Vec<f64>,
    /// The optimal policy.
    pi: Vec<Vec<f64>>,
}

/// Regularised returns along paths of the optimal policy, whose mean is its value: a test of the values given the policy.
fn simulate_action_kl(input: ActionKlInput, sampling: &Sampling) -> Result<Estimate<ActionKlOutput>> {
    let mdp = input.mdp.build()?;
    let proxy = input.r_proxy.build(&mdp, "R_proxy")?;
    let reference = Policy::new(&mdp, "pi_ref", &input.pi_ref)?;
    let policy = action_kl_optimum(&mdp, &reference, proxy.expected(), input.lambda)?.policy;
    let simulator = Simulator::new(&mdp, &policy)?;
    // What a step earns: its expected reward less lambda log(pi/pi_ref).
    let earned: Vec<f64> = (0..mdp.pairs())
        .map(|i| match policy.probs()[i] {
            0.0 => 0.0,
            p => proxy.expected()[i] - input.lambda * (p / reference.probs()[i]).ln(),
        })
        .collect();
    let moments = sampling.moments(mdp.states(), |stream, numbers| {
        for (s, total) in numbers.iter_mut().enumerate() {
            *total = 0.0;
            let pair = simulator.choose(s, stream);
            simulator.rollout(pair, stream, |pair, _| *total += earned[pair]);
        }
    })?;
    let none = by_state(&mdp, &vec![0.0; mdp.pairs()]);
    Ok(Estimate {
        output: ActionKlOutput { v: moments.means().to_vec(), pi: policy.rows() },
        stderr: ActionKlOutput { v: moments.standard_errors(), pi: none },
        samples: sampling.samples,
    })
}

/// A random process with a reference of full support, most of the time.
fn random_reference(draw: &mut Instances) -> (MdpInput, Vec<Vec<f64>>) {
    let (states, actions) = (draw.count(1, 4) as usize, draw.count(2, 3) as usize);
    let mdp = random_mdp_of(draw, states, actions);
    let mut row = |_| if draw.chance(0.8) { draw.positive_law(actions) } else { draw.law(actions) };
    let pi_ref = (0..states).map(&mut row).collect();
    (mdp, pi_ref)
}

fn build(mdp: &MdpInput, pi_ref: &[Vec<f64>]) -> Result<(Mdp, Policy)> {
    let mdp = mdp.build()?;
    let policy = Policy::new(&mdp, "pi_ref", pi_ref)?;
    Ok((mdp, policy))
}

fn proxy_bounds(input: BoundsInput) -> Result<BoundsOutput> {
    let (mdp, reference) = build(&input.mdp, &input.pi_ref)?;
    let policy = Policy::new(&mdp, "pi", &input.pi)?;
    let (truth, proxy) = (input.r.build(&mdp, "R")?, input.r_proxy.build(&mdp, "R_proxy")?);
    let b = bounds(&Reference::new(&mdp, reference)?, &policy, &truth, &proxy)?;
    Ok(BoundsOutput {
        chi2: b.chi2,
        gain_proxy: b.gain_proxy,
        gain_true: b.gain_true,
        bound_paper: b.bound_paper,
        bound_sharp: b.bound_sharp,
        r_canonical: b.r_canonical,
        bound_canonical: b.bound_canonical,
    })
}

fn orpo_optimum(input: OrpoInput) -> Result<OrpoOutput> {
    let (mdp, reference) = build(&input.mdp, &input.pi_ref)?;
    let proxy = input.r_proxy.build(&mdp, "R_proxy")?;
    let reference = Reference::new(&mdp, reference)?;
    let penalty = match input.penalty {
        PenaltyInput::SqrtChi2 => Penalty::SqrtChi2,
        PenaltyInput::Chi2 => Penalty::Chi2,
    };
    let found = Orpo::new(&reference, proxy.expected())?.optimum(input.lambda, penalty)?;
    Ok(OrpoOutput { objective: found.objective, chi2: found.chi2, critical_lambda: found.critical_lambda })
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<StatsInput, StatsOutput>(
            "rewards.proxy_stats",
            "correlation of proxy and true reward under a reference policy",
            |draw| {
                let (mdp, pi_ref) = random_reference(draw);
                StatsInput { r: random_reward(draw, &mdp), r_proxy: random_reward(draw, &mdp), pi_ref, mdp }
            },
        )
        .exact::<StatsInput, StatsOutput>(1e-12, proxy_stats)
        .monte_carlo::<StatsInput, StatsOutput>(simulate_stats),
        Quantity::new::<BoundsInput, BoundsOutput>(
            "rewards.proxy_bounds",
            "what the proxy's gain guarantees for the true reward",
            |draw| {
                let (mdp, pi_ref) = random_reference(draw);
                let (states, actions) = shape(&mdp);
                let pi = (0..states).map(|_| draw.law(actions)).collect();
                let r = random_reward(draw, &mdp);
                // A proxy that is mostly the true reward, so that r > 0.
                let noise = random_reward(draw, &mdp);
                let r_proxy = match (&r, &noise) {
                    (RewardInput::Dense(r), RewardInput::Dense(noise)) => {
                        let mix = |(r, n): (&f64, &f64)| r + 0.3 * n;
                        let row = |(r, n): (&Vec<f64>, &Vec<f64>)| r.iter().zip(n).map(mix).collect();
                        let rows = |(r, n): (&Vec<Vec<f64>>, &Vec<Vec<f64>>)| r.iter().zip(n).map(row).collect();
                        RewardInput::Dense(r.iter().zip(noise).map(rows).collect())
                    }
                    _ => noise,
                };
                BoundsInput { mdp, pi_ref, pi, r, r_proxy }
            },
        )
        .exact::<BoundsInput, BoundsOutput>(1e-11, proxy_bounds),
        Quantity::new::<OrpoInput, OrpoOutput>(
            "rewards.orpo_optimum",
            "optimum of the proxy less a chi-squared penalty on occupancies",
            |draw| {
                let (mdp, pi_ref) = random_reference(draw);
                let r_proxy = random_reward(draw, &mdp);
                let lambda = if draw.chance(0.1) { 0.0 } else { draw.log_uniform(1e-3, 2.0) };
                let penalty = draw.pick(&[PenaltyInput::SqrtChi2, PenaltyInput::Chi2]);
                OrpoInput { mdp, pi_ref, r_proxy, lambda, penalty }
            },
        )
        .exact::<OrpoInput, OrpoOutput>(1e-11, orpo_optimum),
        Quantity::new::<ActionKlInput, ActionKlOutput>(
            "rewards.action_kl_optimum",
            "optimum of the proxy less an action-KL penalty",
            |draw| {
                let (mdp, pi_ref) = random_reference(draw);
                ActionKlInput { r_proxy: random_reward(draw, &mdp), lambda: draw.log_uniform(0.1, 10.0), pi_ref, mdp }
            },
        )
        .exact::<ActionKlInput, ActionKlOutput>(1e-12, |input| {
            let (mdp, reference) = build(&input.mdp, &input.pi_ref)?;
            let proxy = input.r_proxy.build(&mdp, "R_proxy")?;
            let found = action_kl_optimum(&mdp, &reference, proxy.expected(), input.lambda)?;
            Ok(ActionKlOutput { v: found.v, pi: found.policy.rows() })
        })
        .monte_carlo::<ActionKlInput, ActionKlOutput>(simulate_action_kl),
    ]
}
