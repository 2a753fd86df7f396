//! Canonical rewards, distances, Pearson's distance, distances from rollouts.

use super::model::{
    MdpInput, RewardInput, policy_or_uniform, random_mdp, random_mdp_of, random_policy, random_reward, shape,
};
use crate::lab::{Count, Estimate, Instances, Quantity, Sampling};
use crate::rewards::canonical::{Canonical, Canonicalisation, Canonicaliser, Laws};
use crate::rewards::distance::{Metric, distance, pearson};
use crate::rewards::mc_distance::{Estimated, Rollouts, block_sums, blocks};
use crate::rewards::mdp::Mdp;
use crate::rewards::norm::Norm;
use crate::rewards::policy::Policy;
use crate::rewards::sampling::Simulator;
use crate::rewards::transitions::{check_law, check_length};
use crate::sampling::Address;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Canon {
    None,
    Epic,
    Dard,
    Val,
    ValPotential,
    MinPotentialL2,
    MinPotentialL2Tau,
    MinimalL2,
    MinimalL2Tau,
}

impl Canon {
    const ALL: [Canon; 9] = [
        Canon::None,
        Canon::Epic,
        Canon::Dard,
        Canon::Val,
        Canon::ValPotential,
        Canon::MinPotentialL2,
        Canon::MinPotentialL2Tau,
        Canon::MinimalL2,
        Canon::MinimalL2Tau,
    ];

    fn kind(self) -> Canonicalisation {
        // In one order: see Canonicalisation::ALL.
        Canonicalisation::ALL[self as usize]
    }
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum NormInput {
    L1,
    L2,
    Linf,
    L1Tau,
    L2Tau,
    LinfTau,
    None,
    Span,
}

impl NormInput {
    const ALL: [NormInput; 8] = [
        NormInput::L1,
        NormInput::L2,
        NormInput::Linf,
        NormInput::L1Tau,
        NormInput::L2Tau,
        NormInput::LinfTau,
        NormInput::None,
        NormInput::Span,
    ];

    fn norm(self) -> Option<Norm> {
        Some(match self {
            NormInput::L1 => Norm::L1,
            NormInput::L2 => Norm::L2,
            NormInput::Linf => Norm::Linf,
            NormInput::L1Tau => Norm::L1Tau,
            NormInput::L2Tau => Norm::L2Tau,
            NormInput::LinfTau => Norm::LinfTau,
            NormInput::Span => Norm::Span,
            NormInput::None => return None,
        })
    }
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum MetricInput {
    L1,
    L2,
    Linf,
    L1Tau,
    L2Tau,
    LinfTau,
    Span,
    Angle,
}

impl MetricInput {
    const ALL: [MetricInput; 8] = [
        MetricInput::L1,
        MetricInput::L2,
        MetricInput::Linf,
        MetricInput::L1Tau,
        MetricInput::L2Tau,
        MetricInput::LinfTau,
        MetricInput::Span,
        MetricInput::Angle,
    ];

    fn metric(self) -> Metric {
        Metric::Of(match self {
            MetricInput::L1 => Norm::L1,
            MetricInput::L2 => Norm::L2,
            MetricInput::Linf => Norm::Linf,
            MetricInput::L1Tau => Norm::L1Tau,
            MetricInput::L2Tau => Norm::L2Tau,
            MetricInput::LinfTau => Norm::LinfTau,
            MetricInput::Span => Norm::Span,
            MetricInput::Angle => return Metric::Angle,
        })
    }
}

/// The laws that an input gives, uniform where it does not.
fn laws(mdp: &Mdp, pi: Option<&Vec<Vec<f64>>>, d_s: &Option<Vec<f64>>, d_a: &Option<Vec<f64>>) -> Result<Laws> {
    let uniform = Laws::uniform(mdp);
    let laws = Laws {
        policy: policy_or_uniform(mdp, "pi", pi)?,
        states: d_s.clone().unwrap_or(uniform.states),
        actions: d_a.clone().unwrap_or(uniform.actions),
    };
    laws.check(mdp)?;
    Ok(laws)
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CanonicaliseInput {
    /// The process.
    mdp: MdpInput,
    /// The reward.
    #[serde(rename = "R")]
    r: RewardInput,
    /// The canonicalisation.
    canon: Canon,
    /// The policy of val and val_potential; uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pi: Option<Vec<Vec<f64>>>,
    /// The law of states of epic; uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d_s: Option<Vec<f64>>,
    /// The law of actions of epic and dard; uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d_a: Option<Vec<f64>>,
}

#[derive(Serialize, JsonSchema)]
struct CanonicaliseOutput {
    /// The canonical reward `C[s][a][s']`; on a sparse process a row holds the stored next states only.
    #[serde(rename = "C")]
    c: Vec<Vec<Vec<f64>>>,
}

fn canonicalise(input: CanonicaliseInput) -> Result<CanonicaliseOutput> {
    let mdp = input.mdp.build()?;
    let reward = input.r.build(&mdp, "R")?;
    let laws = laws(&mdp, input.pi.as_ref(), &input.d_s, &input.d_a)?;
    let values = Canonicaliser::new(&mdp, input.canon.kind(), &laws)?.apply(&reward)?.on_transitions(&mdp);
    let mut next = values.into_iter();
    let row = |pair| {
        let mut row = Vec::new();
        mdp.transitions().visit(mdp.states(), pair, |_, _, _| row.extend(next.next()));
        row
    };
    let rows: Vec<Vec<f64>> = (0..mdp.pairs()).map(row).collect();
    Ok(CanonicaliseOutput { c: rows.chunks_exact(mdp.actions()).map(<[_]>::to_vec).collect() })
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DistanceInput {
    /// The process.
    mdp: MdpInput,
    /// One reward.
    #[serde(rename = "R1")]
    r1: RewardInput,
    /// The other.
    #[serde(rename = "R2")]
    r2: RewardInput,
    /// The canonicalisation.
    canon: Canon,
    /// The norm that standardises.
    norm: NormInput,
    /// The metric that compares; angle ignores the norm.
    metric: MetricInput,
    /// The policy of val and val_potential; uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pi: Option<Vec<Vec<f64>>>,
    /// The law of states of epic; uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d_s: Option<Vec<f64>>,
    /// The law of actions of epic and dard; uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d_a: Option<Vec<f64>>,
}

#[derive(Serialize, JsonSchema)]
struct DistanceOutput {
    /// The distance; radians for the angle.
    d: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PearsonInput {
    /// The process.
    mdp: MdpInput,
    /// One reward.
    #[serde(rename = "R1")]
    r1: RewardInput,
    /// The other.
    #[serde(rename = "R2")]
    r2: RewardInput,
    /// The canonicalisation.
    canon: Canon,
    /// A law on all (s, a, s'); uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coverage: Option<Vec<Vec<Vec<f64>>>>,
    /// The policy of val and val_potential; uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pi: Option<Vec<Vec<f64>>>,
    /// The law of states of epic; uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d_s: Option<Vec<f64>>,
    /// The law of actions of epic and dard; uniform if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d_a: Option<Vec<f64>>,
}

#[derive(Serialize, JsonSchema)]
struct PearsonOutput {
    /// Pearson's distance, sqrt((1 - rho) / 2).
    d: f64,
    /// The correlation under the coverage.
    rho: f64,
}

/// Both canonical rewards.
fn pair(mdp: &Mdp, r1: &RewardInput, r2: &RewardInput, canon: Canon, laws: &Laws) -> Result<[Canonical; 2]> {
    let canonicaliser = Canonicaliser::new(mdp, canon.kind(), laws)?;
    Ok([canonicaliser.apply(&r1.build(mdp, "R1")?)?, canonicaliser.apply(&r2.build(mdp, "R2")?)?])
}

fn pearson_distance(input: PearsonInput) -> Result<PearsonOutput> {
    let mdp = input.mdp.build()?;
    let laws = laws(&mdp, input.pi.as_ref(), &input.d_s, &input.d_a)?;
    let [c1, c2] = pair(&mdp, &input.r1, &input.r2, input.canon, &laws)?;
    let coverage = input.coverage.as_ref().map(|rows| flat_coverage(&mdp, rows)).transpose()?;
    let found = pearson(&mdp, &c1, &c2, coverage.as_deref())?;
    Ok(PearsonOutput { d: found.d, rho: found.rho })
}

fn flat_coverage(mdp: &Mdp, rows: &[Vec<Vec<f64>>]) -> Result<Vec<f64>> {
    check_length("coverage", rows.len(), mdp.states(), "state")?;
    for (s, of_state) in rows.iter().enumerate() {
        check_length(&format!("coverage[{s}]"), of_state.len(), mdp.actions(), "action")?;
        for (a, row) in of_state.iter().enumerate() {
            check_length(&format!("coverage[{s}][{a}]"), row.len(), mdp.states(), "next state")?;
        }
    }
    let flat = rows.concat().concat();
    check_law("coverage", &flat)?;
    Ok(flat)
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum SampledCanon {
    Val,
    ValPotential,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum SampledNorm {
    L2,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SampledInput {
    /// The process, used as a sampler only.
    mdp: MdpInput,
    /// One reward.
    #[serde(rename = "R1")]
    r1: RewardInput,
    /// The other.
    #[serde(rename = "R2")]
    r2: RewardInput,
    /// The canonicalisation, under the uniform policy.
    canon: SampledCanon,
    /// The norm and metric.
    norm: SampledNorm,
    /// Rollouts from each pair of a state and an action, in each of two replicates.
    n: Count,
    /// Seed of the rollouts.
    seed: u64,
}

#[derive(Serialize, JsonSchema)]
struct SampledOutput {
    /// The debiased distance (the exact one by the exact route).
    d_hat: f64,
    /// Its jackknife standard error (0 by the exact route).
    std_err: f64,
}

fn mc_distance(input: SampledInput, sampling: &Sampling) -> Result<Estimate<SampledOutput>> {
    let mdp = input.mdp.build()?;
    let (r1, r2) = (input.r1.build(&mdp, "R1")?, input.r2.build(&mdp, "R2")?);
    let simulator = Simulator::new(&mdp, &Policy::uniform(&mdp))?;
    let address = Address::new(input.seed, "rewards.mc_distance", "rollouts");
    let ranges = blocks(input.n.0)?;
    let sums = sampling
        .executor
        .map(&ranges, |range| Ok(block_sums(&simulator, [&r1, &r2], mdp.pairs(), address, range.clone())))?;
    let kind = match input.canon {
        SampledCanon::Val => Estimated::Val,
        SampledCanon::ValPotential if mdp.dense().is_some() => Estimated::ValPotential,
        SampledCanon::ValPotential => return Err(Error::invalid("canon", "val_potential", "val for a sparse process")),
    };
    let found = Rollouts::new(&mdp, kind, &ranges, sums).estimate(&r1, &r2)?;
    Ok(Estimate {
        output: SampledOutput { d_hat: found.d_hat, std_err: found.std_err },
        // The exact route's 0 is the limit of the error: it is within the error of the error.
        stderr: SampledOutput { d_hat: found.std_err, std_err: found.std_err },
        samples: input.n.0,
    })
}

/// A random pair of rewards with laws half of the time.
#[allow(clippy::type_complexity)]
fn random_pair(
    draw: &mut Instances,
) -> (MdpInput, RewardInput, RewardInput, Option<Vec<Vec<f64>>>, Option<Vec<f64>>, Option<Vec<f64>>) {
    let mdp = random_mdp(draw);
    let (states, actions) = shape(&mdp);
    let (r1, r2) = (random_reward(draw, &mdp), random_reward(draw, &mdp));
    let pi = draw.chance(0.5).then(|| random_policy(draw, &mdp));
    let (d_s, d_a) = (draw.chance(0.5).then(|| draw.law(states)), draw.chance(0.5).then(|| draw.law(actions)));
    (mdp, r1, r2, pi, d_s, d_a)
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<CanonicaliseInput, CanonicaliseOutput>(
            "rewards.canonicalise",
            "the canonical representative of a reward",
            |draw| {
                let (mdp, r, _, pi, d_s, d_a) = random_pair(draw);
                CanonicaliseInput { mdp, r, canon: draw.pick(&Canon::ALL), pi, d_s, d_a }
            },
        )
        .exact::<CanonicaliseInput, CanonicaliseOutput>(1e-11, canonicalise),
        Quantity::new::<DistanceInput, DistanceOutput>(
            "rewards.distance",
            "the distance of two standardised canonical rewards",
            |draw| {
                let (mdp, r1, r2, pi, d_s, d_a) = random_pair(draw);
                let (canon, norm) = (draw.pick(&Canon::ALL), draw.pick(&NormInput::ALL));
                DistanceInput { mdp, r1, r2, canon, norm, metric: draw.pick(&MetricInput::ALL), pi, d_s, d_a }
            },
        )
        .exact::<DistanceInput, DistanceOutput>(1e-10, |input| {
            let mdp = input.mdp.build()?;
            let laws = laws(&mdp, input.pi.as_ref(), &input.d_s, &input.d_a)?;
            let [c1, c2] = pair(&mdp, &input.r1, &input.r2, input.canon, &laws)?;
            Ok(DistanceOutput { d: distance(&mdp, &c1, &c2, input.norm.norm(), input.metric.metric())? })
        }),
        Quantity::new::<PearsonInput, PearsonOutput>(
            "rewards.pearson_distance",
            "Pearson's distance of two canonical rewards under a coverage",
            |draw| {
                let (mdp, r1, r2, pi, d_s, d_a) = random_pair(draw);
                let (states, actions) = shape(&mdp);
                let coverage = draw.chance(0.5).then(|| {
                    let law = draw.positive_law(states * actions * states);
                    let rows: Vec<Vec<f64>> = law.chunks(states).map(<[f64]>::to_vec).collect();
                    rows.chunks(actions).map(<[_]>::to_vec).collect()
                });
                PearsonInput { mdp, r1, r2, canon: draw.pick(&Canon::ALL), coverage, pi, d_s, d_a }
            },
        )
        .exact::<PearsonInput, PearsonOutput>(1e-10, pearson_distance),
        Quantity::new::<SampledInput, SampledOutput>(
            "rewards.mc_distance",
            "STARC distance from rollouts, debiased by two replicates",
            |draw| {
                let (states, actions) = (draw.count(2, 3) as usize, draw.count(2, 3) as usize);
                let mdp = random_mdp_of(draw, states, actions);
                // Not trivial: the angle to a trivial reward is noise.
                let mut reward = || {
                    let mut row = || (0..states).map(|_| draw.uniform(-2.0, 3.0)).collect::<Vec<f64>>();
                    RewardInput::Dense((0..states).map(|_| (0..actions).map(|_| row()).collect()).collect())
                };
                let (r1, r2) = (reward(), reward());
                let canon = draw.pick(&[SampledCanon::Val, SampledCanon::ValPotential]);
                SampledInput { mdp, r1, r2, canon, norm: SampledNorm::L2, n: Count(2000), seed: draw.count(0, 1 << 32) }
            },
        )
        .exact::<SampledInput, SampledOutput>(1e-10, |input| {
            let mdp = input.mdp.build()?;
            blocks(input.n.0)?;
            let canon = match input.canon {
                SampledCanon::Val => Canon::Val,
                SampledCanon::ValPotential => Canon::ValPotential,
            };
            let [c1, c2] = pair(&mdp, &input.r1, &input.r2, canon, &Laws::uniform(&mdp))?;
            let d_hat = distance(&mdp, &c1, &c2, Some(Norm::L2), Metric::Of(Norm::L2))?;
            Ok(SampledOutput { d_hat, std_err: 0.0 })
        })
        .monte_carlo::<SampledInput, SampledOutput>(mc_distance),
    ]
}
