//! The wedge d/2 <= Reg <= d of the span distance, and the family on which EPIC and DARD vanish while the regret stays 1.
//!
//! Paper: Skalse et al. 2024 (soundness and completeness; the universal constants derived here). Claims: R5, R11. Model:
//! random dense processes with laws uniform on the simplex; pairs of rewards from opposite over unrelated to nearly equal.
//! The family: eps X + N against -eps X + N, N a pure redistribution. Cost: 50 microseconds a pair of 8 states.

use super::super::grid;
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::rewards::canonical::{Canonicalisation, Canonicaliser, Laws};
use crate::rewards::distance::{Metric, distance};
use crate::rewards::mdp::Mdp;
use crate::rewards::norm::Norm;
use crate::rewards::regret::worst_case_regret;
use crate::rewards::reward::Reward;
use crate::sampling::Stream;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// States of a random process; 1 to 64.
    states: usize,
    /// Its actions; 2 to 16.
    actions: usize,
    /// Its discount; 0 <= gamma < 1.
    gamma: f64,
    /// Number of random processes; 1 to 100000.
    processes: usize,
    /// Pairs of rewards on each; 1 to 100000.
    pairs: usize,
    /// Least eps of the family; > 0, < 1.
    epsilon_min: f64,
    /// Points of the family; >= 2.
    points: usize,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("rewards/wedge", include_str!("../../../sims/rewards/wedge.toml"), run).about(
        "The regret lies between half the span distance and the span distance",
        "Skalse et al. 2024, arXiv 2309.15257 (recalled); constants and family derived",
        &["rewards/R5", "rewards/R11"],
        "seconds",
    )
}

/// A process with laws uniform on the simplex.
fn process(stream: &mut Stream, parameters: &Parameters) -> Result<Mdp> {
    let (states, actions) = (parameters.states, parameters.actions);
    let mut p: Vec<f64> = (0..states * actions * states).map(|_| stream.exponential()).collect();
    for row in p.chunks_exact_mut(states) {
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|x| *x /= total);
    }
    Mdp::from_flat(states, actions, p, &vec![1.0 / states as f64; states], parameters.gamma)
}

fn run(parameters: &Parameters, run: &Run) -> Result<Report> {
    grid::size("states", parameters.states, 1, 64)?;
    grid::size("actions", parameters.actions, 2, 16)?;
    grid::size("processes", parameters.processes, 1, 100_000)?;
    grid::size("pairs", parameters.pairs, 1, 100_000)?;
    if !(0.0..1.0).contains(&parameters.gamma) {
        return Err(Error::invalid("gamma", parameters.gamma, "a discount with 0 <= gamma < 1"));
    }
    let address = run.executor.address("processes");
    let indices: Vec<u64> = (0..parameters.processes as u64).collect();
    let points = run.executor.map(&indices, |&index| {
        let mut stream = address.stream(index);
        let mdp = process(&mut stream, parameters)?;
        let reward = |stream: &mut Stream| {
            let values = (0..mdp.transitions().stored()).map(|_| stream.normal()).collect();
            Reward::on_transitions(&mdp, "R", values)
        };
        let span = Canonicaliser::new(&mdp, Canonicalisation::Val, &Laws::uniform(&mdp))?;
        let mut found = Vec::with_capacity(parameters.pairs);
        for _ in 0..parameters.pairs {
            let (r1, noise) = (reward(&mut stream)?, reward(&mut stream)?);
            // From nearly opposite to nearly equal.
            let angle = std::f64::consts::PI * stream.uniform();
            let r2 = r1.combined(&mdp, angle.cos(), &noise, angle.sin());
            let (c1, c2) = (span.apply(&r1)?, span.apply(&r2)?);
            let d = distance(&mdp, &c1, &c2, Some(Norm::Span), Metric::Of(Norm::Span))?;
            found.push((d, worst_case_regret(&mdp, &r1, &r2)?.normalised));
        }
        Ok(found)
    })?;
    let mut wedge = Table::new(
        "wedge",
        "Random pairs of rewards.",
        &[
            ("span_distance", "distance with norm and metric the span"),
            ("regret", "worst-case regret over the span of R1"),
            ("half_distance", "half the span distance: the lower bound"),
        ],
    );
    let mut check =
        Check::bound("rewards/R5", "d/2 <= Reg <= d on random processes").tolerance(1e-11, "rounding of spans");
    let mut ratios = (f64::INFINITY, 0.0f64);
    for (d, regret) in points.into_iter().flatten() {
        check.at_most(0.5 * d, regret, 1.0, || json!({"d": d, "regret": regret}));
        check.at_most(regret, d, 1.0, || json!({"d": d, "regret": regret}));
        if d > 1e-9 {
            ratios = (ratios.0.min(regret / d), ratios.1.max(regret / d));
        }
        wedge.push([d, regret, 0.5 * d].map(Into::into));
    }
    let (family, constant) = family(parameters)?;
    Ok(Report {
        finding: format!(
            "Over {} pairs Reg / d_span is between {:.6} and {:.6}; on the family EPIC and DARD vanish with eps while Reg is 1.",
            parameters.processes * parameters.pairs,
            ratios.0,
            ratios.1
        ),
        tables: vec![wedge, family],
        figures: vec![figure()],
        checks: vec![check.finish(), constant],
        warnings: Vec::new(),
    })
}

/// Distances and regret of eps X + N against -eps X + N on the two-state process of the specification.
fn family(parameters: &Parameters) -> Result<(Table, Check)> {
    let p = [vec![vec![0.9, 0.1], vec![0.2, 0.8]], vec![vec![0.5, 0.5], vec![0.3, 0.7]]];
    let mdp = Mdp::new(&p, &[0.5, 0.5], 0.9)?;
    let x = Reward::on_transitions(&mdp, "X", vec![0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])?;
    let n = Reward::on_transitions(&mdp, "N", vec![0.1, -0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])?;
    let mut table = Table::new(
        "family",
        "eps X + N against -eps X + N: opposite orders of all policies.",
        &[
            ("epsilon", "size of what orders the policies"),
            ("epic", "EPIC distance, L2"),
            ("dard", "DARD distance, L2"),
            ("val", "VAL distance, L2"),
            ("regret", "worst-case regret over the span"),
        ],
    );
    let mut check = Check::identity("rewards/R11", "Reg = 1 and VAL distance 2 on the whole family")
        .tolerance(1e-8, "rounding of N over eps");
    for eps in grid::logarithmic("points", parameters.epsilon_min, 1.0, parameters.points)? {
        let (r1, r2) = (x.combined(&mdp, eps, &n, 1.0), x.combined(&mdp, -eps, &n, 1.0));
        let mut row = vec![eps];
        for kind in [Canonicalisation::Epic, Canonicalisation::Dard, Canonicalisation::Val] {
            let canonicaliser = Canonicaliser::new(&mdp, kind, &Laws::uniform(&mdp))?;
            let (c1, c2) = (canonicaliser.apply(&r1)?, canonicaliser.apply(&r2)?);
            row.push(distance(&mdp, &c1, &c2, Some(Norm::L2), Metric::Of(Norm::L2))?);
        }
        let regret = worst_case_regret(&mdp, &r1, &r2)?.normalised;
        check.equal(regret, 1.0, 1.0, || json!({"epsilon": eps}));
        check.equal(row[3], 2.0, 1.0, || json!({"epsilon": eps}));
        row.push(regret);
        table.push(row.into_iter().map(Into::into));
    }
    Ok((table, check.finish()))
}

fn figure() -> Figure {
    let points = Panel::new("random pairs", Axis::linear("span distance d"), Axis::linear("worst-case regret"))
        .with(Layer::new("pairs", "wedge", "span_distance", "regret", Mark::Points, 0))
        .with(Layer::new("d/2", "wedge", "span_distance", "half_distance", Mark::Points, 1));
    let line = |label: &str, column: &str, colour| Layer::new(label, "family", "epsilon", column, Mark::Line, colour);
    let family = Panel::new("opposite orders", Axis::log("eps"), Axis::log("distance, regret"))
        .with(line("EPIC", "epic", 0))
        .with(line("DARD", "dard", 1))
        .with(line("VAL", "val", 2))
        .with(line("regret", "regret", 3));
    Figure::new(
        "wedge",
        "The span distance bounds the regret from both sides; EPIC and DARD do not",
        "Left: every pair of rewards on every process lies between d/2 and d (points above d = 1 are below 1). Right: rewards \
         of opposite order whose EPIC and DARD distances vanish.",
    )
    .with(points)
    .with(family)
}
