//! When to stop sampling: the gold reward of a sample chosen by a proxy.
//!
//! Paper: Khalaf et al. 2025 (abstract; proof derived, instance ours). Claims: R31, R31b. Model: outcomes with a proxy reward
//! that picks and a gold reward that counts; the gold reward turns over on the rarest proxy levels. Along each family (fixed N,
//! zero-truncated Poisson, one and Poisson more) the gold reward rises, then falls, once. Where gold grows with the
//! proxy, as the proxy itself does, it rises for ever. Cost: negligible.

use super::super::grid;
use crate::Result;
use crate::asymptotics::hedge::{GoldCurve, HedgeFamily, hedge};
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::numerics::sum::sum;
use crate::prob::{Law, Levels, RankLaw, best_of, best_of_random, check_rewards};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Base law.
    p: Vec<f64>,
    /// Proxy reward of each outcome: the largest is chosen.
    r: Vec<f64>,
    /// Gold reward of each outcome.
    gold: Vec<f64>,
    /// Largest log of the number of draws, in nats; > 0.
    log_best_of_max: f64,
    /// Points a curve; >= 3.
    points: usize,
}

/// The families, with the names of the table and of the legend.
const FAMILIES: [(HedgeFamily, &str, &str); 3] = [
    (HedgeFamily::BestOf, "bon", "best-of-N"),
    (HedgeFamily::ZeroTruncatedPoisson, "zero_truncated_poisson", "zero-truncated Poisson"),
    (HedgeFamily::PoissonPlusOne, "poisson_plus_one", "1 + Poisson"),
];

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/hedge", include_str!("../../../sims/asymptotics/hedge.toml"), run).about(
        "When does choosing by a proxy stop raising the gold reward?",
        "Khalaf et al., arXiv 2506.19248 (abstract; proof derived, instance ours)",
        &["asymptotics/R31", "asymptotics/R31b"],
        "instant",
    )
}

/// Log of the mean number of draws, mean proxy reward and divergence from the base at one parameter of a family.
fn mechanism(levels: &Levels, family: HedgeFamily, parameter: f64) -> (f64, f64, f64) {
    if parameter == 0.0 || family == HedgeFamily::BestOf {
        let best = best_of(levels, parameter);
        return (parameter, best.mean, best.kl);
    }
    let rank = match family {
        HedgeFamily::ZeroTruncatedPoisson => RankLaw::ZeroTruncatedPoisson(parameter),
        _ => RankLaw::PoissonPlusOne(parameter),
    };
    let best = best_of_random(levels, rank);
    (rank.mean().ln(), best.mean, best.kl)
}

/// How often the differences of a sequence change sign; differences within `tolerance` are none.
pub(super) fn turns(values: &[f64], tolerance: f64) -> usize {
    let steps = values.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| step.abs() > tolerance);
    let signs: Vec<bool> = steps.map(|step| step > 0.0).collect();
    signs.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

fn run(parameters: &Parameters, _: &Run) -> Result<Report> {
    let law = Law::new(&parameters.p)?;
    check_rewards("r", &parameters.r, &law)?;
    check_rewards("gold", &parameters.gold, &law)?;
    let (levels, level_of) = Levels::of_outcomes(&law, &parameters.r);
    let mut curves = Table::new(
        "curves",
        "Gold and proxy reward along each family.",
        &[
            ("family", "how the number of draws is chosen"),
            ("log_mean_draws_nats", "log of the mean number of draws"),
            ("kl_nats", "divergence from the base"),
            ("gold", "mean gold reward"),
            ("proxy", "mean proxy reward"),
        ],
    );
    let mut stops = Table::new(
        "stops",
        "The point of the largest gold reward of each family.",
        &[
            ("family", "how the number of draws is chosen"),
            ("parameter", "log N, or the Poisson parameter"),
            ("log_mean_draws_nats", "log of the mean number of draws"),
            ("kl_nats", "divergence from the base"),
            ("gold", "gold reward there"),
            ("gold_limit", "gold reward of endless sampling"),
        ],
    );
    let scale = parameters.gold.iter().fold(1.0f64, |top, g| top.max(g.abs()));
    let mut best = Check::bound("asymptotics/R31", "no point of a curve is above its hedged optimum")
        .tolerance(1e-13, "rounding, relative to the gold reward");
    let mut routes = Check::agreement("asymptotics/R31", "the gold curve is the gold reward of the levels' law")
        .tolerance(1e-13, "rounding, relative to the gold reward");
    let mut unimodal = Check::bound("asymptotics/R31", "turns of the curve <= turns of the gold reward over levels")
        .tolerance(0.0, "whole numbers");
    let mut control = Check::ordering("asymptotics/R31b", "a reward that grows with the proxy rises for ever")
        .tolerance(1e-13, "rounding, relative to the reward");
    let members =
        |level: usize| law.support().iter().copied().filter(|&i| level_of[i] == Some(level)).collect::<Vec<_>>();
    let level_gold: Vec<f64> = (0..levels.len())
        .map(|level| {
            let mass = sum(members(level).into_iter().map(|i| law.probs()[i]));
            sum(members(level).into_iter().map(|i| law.probs()[i] * parameters.gold[i])) / mass
        })
        .collect();
    let mut found = Vec::new();
    for (family, name, label) in FAMILIES {
        let curve = GoldCurve::new(&law, &parameters.r, &parameters.gold, family)?;
        let stop = hedge(&law, &parameters.r, &parameters.gold, family)?;
        let grid = match family {
            HedgeFamily::BestOf => grid::linear("points", 0.0, parameters.log_best_of_max, parameters.points)?,
            _ => grid::logarithmic("points", 1e-2, parameters.log_best_of_max.exp(), parameters.points)?,
        };
        let (mut golds, mut last_proxy) = (Vec::new(), f64::NEG_INFINITY);
        for parameter in grid {
            let here = || json!({"family": name, "parameter": parameter});
            let (draws, proxy, kl) = mechanism(&levels, family, parameter);
            let gold = curve.at(parameter);
            best.at_most(gold, stop.gold_star, scale, here);
            control.at_most(last_proxy, proxy, proxy.abs().max(1.0), here);
            let direct = match family {
                HedgeFamily::BestOf => best_of(&levels, parameter),
                HedgeFamily::ZeroTruncatedPoisson => best_of_random(&levels, RankLaw::ZeroTruncatedPoisson(parameter)),
                HedgeFamily::PoissonPlusOne => best_of_random(&levels, RankLaw::PoissonPlusOne(parameter)),
            };
            let expected = sum(direct.log_probs.iter().zip(&level_gold).map(|(b, gold)| b.exp() * gold));
            routes.equal(gold, expected, scale, here);
            last_proxy = proxy;
            golds.push(gold);
            curves.push([name.into(), draws.into(), kl.into(), gold.into(), proxy.into()]);
        }
        let instance = || json!({"family": name});
        unimodal.at_most(turns(&golds, 1e-13 * scale) as f64, turns(&level_gold, 0.0) as f64, 1.0, instance);
        if stop.param_star.is_finite() {
            let (draws, _, kl) = mechanism(&levels, family, stop.param_star);
            let numbers = [stop.param_star, draws, kl, stop.gold_star, stop.gold_limit];
            stops.push(std::iter::once(name.into()).chain(numbers.map(Into::into)));
            found.push(format!("{label}: {:.2} draws (log {draws:.3}), gold {:.4}", draws.exp(), stop.gold_star));
        } else {
            found.push(format!("{label}: never, gold {:.4}", stop.gold_limit));
        }
    }
    Ok(Report {
        finding: format!("Stop sampling at {}.", found.join("; ")),
        tables: vec![curves, stops],
        figures: vec![figure()],
        checks: vec![best.finish(), routes.finish(), unimodal.finish(), control.finish()],
        warnings: Vec::new(),
    })
}

fn figure() -> Figure {
    let panel = |title: &str, axis: Axis, x: &str| {
        let mut panel = Panel::new(title, axis, Axis::linear("mean reward"));
        for (colour, (_, name, label)) in FAMILIES.into_iter().enumerate() {
            let layer = |label: String, table: &str, y: &str, mark| {
                Layer::new(&label, table, x, y, mark, colour).only("family", name)
            };
            panel = panel
                .with(layer(format!("{label}: gold"), "curves", "gold", Mark::Line))
                .with(layer(format!("{label}: proxy"), "curves", "proxy", Mark::Dotted))
                .with(layer(format!("{label}: stop here"), "stops", "gold", Mark::Points));
        }
        panel
    };
    Figure::new(
        "hedge",
        "The proxy rises for ever; the gold reward turns, and sampling should stop there",
        "Gold reward (solid) and proxy reward (dotted) of the sample that the proxy picks, against the number of draws and \
         against the divergence spent. Points mark the largest gold reward of each family.",
    )
    .with(panel("by draws", Axis::linear("log of the mean number of draws (nats)"), "log_mean_draws_nats"))
    .with(panel("by divergence", Axis::linear("KL from the base (nats)"), "kl_nats"))
}
