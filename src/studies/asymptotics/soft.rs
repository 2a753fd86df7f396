//! Soft best-of-n between the base, best-of-n and its target, the tilt.
//!
//! Paper: Mayrink Verdun et al. 2025 (notes; rate O(1/n) from the abstract, exact rates derived), Aminian et al. 2025
//! (notes). Claims: R16, R17, R17b, R18. Model: of n draws one is picked with probability proportional to e^(r/lambda). At
//! fixed lambda the divergence to the tilt falls like 1/n^2, one power faster than the published bound. Cost: one
//! quadrature a point, independent of n and lambda.

use super::super::grid;
use crate::asymptotics::soft_best_of::{soft_best_of, soft_best_of_by_types, soft_kl_bound, soft_rates};
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::prob::{Law, Levels, best_of, check_rewards, kl_optimum};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Base law.
    p: Vec<f64>,
    /// Reward of each outcome.
    r: Vec<f64>,
    /// Candidates n of the curves in the reward-KL plane; whole numbers in 2..=20.
    draws: Vec<u64>,
    /// Smallest temperature of those curves, in units of reward; > 0.
    lambda_min: f64,
    /// Largest temperature, in units of reward.
    lambda_max: f64,
    /// Points a curve; >= 2.
    points: usize,
    /// Temperature at which the distance to the target is followed, in units of reward; > 0.
    target_lambda: f64,
    /// Largest number of candidates there; >= 20.
    draws_max: u64,
    /// Numbers of candidates there; >= 3.
    draws_points: usize,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/soft", include_str!("../../../sims/asymptotics/soft.toml"), run).about(
        "How fast does soft best-of-n approach its target?",
        "Mayrink Verdun et al., arXiv 2505.03156; Aminian et al., arXiv 2507.05913 (notes; exact rates derived)",
        &["asymptotics/R16", "asymptotics/R17", "asymptotics/R17b", "asymptotics/R18"],
        "0.1 s",
    )
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    if let Some(n) = parameters.draws.iter().find(|n| !(2..=20).contains(*n)) {
        return Err(Error::invalid("draws", n, "whole numbers in 2..=20"));
    }
    if parameters.draws_points < 3 || parameters.draws_max < 20 {
        return Err(Error::invalid(
            "draws_points",
            parameters.draws_points,
            "3 points at least, up to 20 candidates or more",
        ));
    }
    let law = Law::new(&parameters.p)?;
    let r = &parameters.r;
    check_rewards("r", r, &law)?;
    let (levels, _) = Levels::of_outcomes(&law, r);
    let mut plane = Table::new(
        "plane",
        "Mean reward against divergence from the base.",
        &[
            ("curve", "tilt, bon, or soft"),
            ("n", "number of candidates; 0 for the tilt and for best-of-N along N"),
            ("kl_nats", "divergence from the base"),
            ("mean_reward", "mean reward"),
        ],
    );
    let mut target = Table::new(
        "target",
        "Distance of soft best-of-n to the tilt at one temperature.",
        &[
            ("n", "number of candidates"),
            ("kl_tilt_nats", "divergence of the tilt from soft best-of-n"),
            ("kl_tilt_reverse_nats", "divergence of soft best-of-n from the tilt"),
            ("bound_nats", "log(1 + chi^2/n)"),
            ("limit_nats", "Var(phi/p)/(2 n^2) under the tilt phi"),
            ("reward_gap", "mean reward of the tilt less that of soft best-of-n"),
        ],
    );
    let mut frontier = Check::bound("asymptotics/R1", "no soft best-of-n is above the frontier of tilts")
        .tolerance(1e-13, "rounding, relative to the reward");
    let mut range =
        Check::bound("asymptotics/R18", "D(soft best-of-n, base) <= log(n / (1 + (n-1) e^(-range/lambda)))")
            .tolerance(1e-13, "rounding");
    let mut types = Check::agreement("asymptotics/R16", "quadrature = enumeration of types, mean reward")
        .tolerance(1e-13, "rounding, relative to the reward");
    let mut cold = Check::agreement("asymptotics/R16", "the coldest soft best-of-n is best-of-n")
        .tolerance(1.0, "n e^(-gap/lambda) of the smallest gap, and rounding 1e-13");
    let mut bound =
        Check::bound("asymptotics/R17", "D(tilt, soft best-of-n) <= log(1 + chi^2/n)").tolerance(1e-13, "rounding");
    let mut limit = Check::agreement("asymptotics/R17b", "n^2 D(tilt, soft best-of-n) tends to Var(phi/p)/2")
        .tolerance(6.0, "next order, relative: about 2/n on the specification's law, three times that allowed");
    let mut exponent = Check::rates("asymptotics/R17b", "the exponent of D(tilt, soft best-of-n) in n is -2, not -1");
    for kl in grid::linear("points", 0.0, 0.999 * kl_optimum(&law, r, 0.0)?.delta_max, parameters.points)? {
        let optimum = kl_optimum(&law, r, kl)?.tilt;
        plane.push(["tilt".into(), 0.0.into(), optimum.kl.into(), optimum.mean.into()]);
    }
    for log_n in grid::linear("points", 0.0, (parameters.draws_max as f64).ln(), parameters.points)? {
        let best = best_of(&levels, log_n);
        plane.push(["bon".into(), 0.0.into(), best.kl.into(), best.mean.into()]);
    }
    let values = levels.values();
    let gap = values.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let scale = values.iter().fold(1.0f64, |top, v| top.max(v.abs()));
    for &n in &parameters.draws {
        let lambdas = grid::logarithmic("points", parameters.lambda_min, parameters.lambda_max, parameters.points)?;
        let rows = context.executor.map(&lambdas, |&lambda| soft_best_of(&law, r, n, lambda))?;
        for (&lambda, soft) in lambdas.iter().zip(&rows) {
            let here = || json!({"n": n, "lambda": lambda});
            frontier.at_most(soft.mean, kl_optimum(&law, r, soft.kl_base)?.tilt.mean, scale, here);
            range.at_most(soft.kl_base, soft_kl_bound(&law, r, n, lambda)?, 1.0, here);
            plane.push(["soft".into(), (n as f64).into(), soft.kl_base.into(), soft.mean.into()]);
        }
        let lambda = parameters.target_lambda;
        let enumerated: f64 = soft_best_of_by_types(&law, r, n, lambda)?.iter().zip(r).map(|(pi, r)| pi * r).sum();
        types.equal(soft_best_of(&law, r, n, lambda)?.mean, enumerated, scale, || json!({"n": n, "lambda": lambda}));
        let allowed = scale * (n as f64 * (-gap / parameters.lambda_min).exp() + 1e-13);
        cold.equal(rows[0].mean, best_of(&levels, (n as f64).ln()).mean, allowed, || json!({"n": n}));
    }
    let rates = soft_rates(&law, r, parameters.target_lambda)?;
    let mut curve = Vec::new();
    for n in grid::whole("draws_points", 1, parameters.draws_max, parameters.draws_points)? {
        let soft = soft_best_of(&law, r, n, parameters.target_lambda)?;
        let draws = n as f64;
        bound.at_most(soft.kl_tilt, soft.kl_tilt_bound, 1.0, || json!({"n": n}));
        if n >= 10 {
            let shared = rates.kl / draws;
            limit.equal(draws * draws * soft.kl_tilt, rates.kl, shared, || json!({"n": n}));
        }
        let limit_here = rates.kl / (draws * draws);
        let gap = soft.tilt_mean - soft.mean;
        let numbers = [draws, soft.kl_tilt, soft.kl_tilt_rev, soft.kl_tilt_bound, limit_here, gap];
        target.push(numbers.map(Into::into));
        curve.push((draws, soft.kl_tilt));
    }
    let (&(from, before), &(to, after)) = (&curve[curve.len() - 3], &curve[curve.len() - 1]);
    let slope = (after / before).ln() / (to / from).ln();
    // The correction 1 + a/n with a <= 6 moves the slope by a/n at most.
    exponent.rate(slope, 6.0 / from, -2.0, -1.0, || json!({"n from": from, "n to": to}));
    let checks = vec![
        frontier.finish(),
        range.finish(),
        types.finish(),
        cold.finish(),
        bound.finish(),
        limit.finish(),
        exponent.finish(),
    ];
    Ok(Report {
        finding: format!(
            "The divergence between soft best-of-n and its target falls like n^({slope:.3}), with constant {:.5}: one power \
             faster than the bound log(1 + chi^2/n).",
            rates.kl
        ),
        tables: vec![plane, target],
        figures: vec![figure(&parameters.draws)],
        checks,
        warnings: Vec::new(),
    })
}

fn figure(draws: &[u64]) -> Figure {
    let mut plane =
        Panel::new("reward against divergence", Axis::linear("KL from the base (nats)"), Axis::linear("mean reward"))
            .with(
                Layer::new("best-of-N along N", "plane", "kl_nats", "mean_reward", Mark::Line, 1).only("curve", "bon"),
            );
    for (i, &n) in draws.iter().enumerate() {
        let label = format!("soft best-of-{n} along lambda");
        plane =
            plane.with(Layer::new(&label, "plane", "kl_nats", "mean_reward", Mark::Line, i + 2).only("n", n as f64));
    }
    plane = plane
        .with(Layer::new("frontier: tilt", "plane", "kl_nats", "mean_reward", Mark::Dashed, 0).only("curve", "tilt"));
    let of = |label: &str, y, mark, colour| Layer::new(label, "target", "n", y, mark, colour);
    let target =
        Panel::new("distance to the target", Axis::log("candidates n"), Axis::log("KL between tilt and policy (nats)"))
            .with(of("KL(tilt, soft best-of-n)", "kl_tilt_nats", Mark::Line, 0))
            .with(of("KL(soft best-of-n, tilt)", "kl_tilt_reverse_nats", Mark::Line, 1))
            .with(of("bound log(1 + chi^2/n), slope -1", "bound_nats", Mark::Dashed, 2))
            .with(of("limit Var(phi/p)/(2 n^2), slope -2", "limit_nats", Mark::Dashed, 3));
    Figure::new(
        "soft",
        "Soft best-of-n meets its target at rate 1/n^2, one power faster than the bound",
        "Left: along the temperature soft best-of-n runs from the base to best-of-n, below the frontier of tilts. Right: at \
         one temperature its divergence to the tilt falls with slope -2, the bound with slope -1.",
    )
    .with(plane)
    .with(target)
}
