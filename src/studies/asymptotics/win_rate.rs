//! The best win rate at a divergence, and how close sampling mechanisms come to it.
//!
//! Paper: Beirami et al. 2024 (notes: win rate against KL); the frontier recalled from Gui et al. 2024, the rest derived.
//! Claims: R12, R13, R14, R15. Model: rewards without atoms for best-of-N and threshold rejection; a uniform law on many levels
//! for best of a random number, half a point for ties. The zero-truncated Poisson number is on the frontier up to the
//! levels' width, c/(24 M^2); a law with ties lies above best-of-N's own curve without atoms. Cost: O(levels) a point.

use super::super::grid;
use crate::Result;
use crate::asymptotics::win_rate_frontier::{best_of_n_win_rate, threshold_rejection, win_rate_frontier};
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use crate::prob::{Law, Levels, RankLaw, best_of, best_of_random};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Levels M of the uniform law of the random numbers; a whole number >= 2.
    levels: usize,
    /// Smallest divergence, in nats; > 0.
    kl_min: f64,
    /// Largest divergence, in nats; below log(levels).
    kl_max: f64,
    /// Points a curve; >= 2.
    points: usize,
    /// A law with ties; rewards increase with the index.
    instance_p: Vec<f64>,
    /// Its number of draws, real >= 1.
    instance_best_of: f64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("asymptotics/win-rate", include_str!("../../../sims/asymptotics/win-rate.toml"), run).about(
        "Which way of sampling wins most often at a given divergence?",
        "Beirami et al., arXiv 2401.01879 (notes); frontier recalled from Gui et al., arXiv 2406.00832; rest derived",
        &["asymptotics/R12", "asymptotics/R13", "asymptotics/R14", "asymptotics/R15"],
        "0.1 s",
    )
}

fn uniform(count: usize) -> Result<Levels> {
    grid::size("levels", count, 2, 1_000_000)?;
    let rewards: Vec<f64> = (0..count).map(|i| i as f64).collect();
    Ok(Levels::of_outcomes(&Law::new(&vec![1.0 / count as f64; count])?, &rewards).0)
}

fn run(parameters: &Parameters, context: &Run) -> Result<Report> {
    let mut curves = Table::new(
        "win_rate",
        "Win rate against the base and shortfall from the frontier.",
        &[
            ("mechanism", "how the sample is chosen"),
            ("kl_nats", "divergence from the base"),
            ("win_rate", "probability of beating a base draw, half a point for a tie"),
            ("shortfall", "win rate of the frontier at this divergence less the win rate"),
        ],
    );
    let mut frontier = Check::bound("asymptotics/R12", "no mechanism is above the frontier")
        .tolerance(1e-13, "rounding of win rates summed over the levels");
    let mut instance = Check::bound("asymptotics/R13", "best-of-N without atoms < the instance with ties")
        .tolerance(0.0, "a strict inequality");
    let mut poisson = Check::agreement("asymptotics/R14", "shortfall of zero-truncated Poisson = c/(24 M^2)")
        .tolerance(
            0.1,
            "relative to c/(24 M^2): the next order (c/M)^2 is below 1/16 for c <= M/4, rounding below 1e-2",
        );
    let mut rejection = Check::bound("asymptotics/R15", "rejection is below best-of-N at equal divergence")
        .tolerance(1e-14, "rounding");
    let mut push = |name: &str, kl: f64, win_rate: f64| -> Result<f64> {
        let shortfall = win_rate_frontier(kl)?.win_rate - win_rate;
        frontier.at_most(win_rate, win_rate + shortfall, 1.0, || json!({"mechanism": name, "kl": kl}));
        curves.push([name.into(), kl.into(), win_rate.into(), shortfall.into()]);
        Ok(shortfall)
    };
    for kl in grid::logarithmic("points", parameters.kl_min, parameters.kl_max, parameters.points)? {
        let (best, rejected) = (best_of_n_win_rate(kl)?, threshold_rejection((-kl).exp())?);
        push("frontier", kl, win_rate_frontier(kl)?.win_rate)?;
        push("best-of-N", kl, best)?;
        push("rejection", kl, rejected.win_rate)?;
        rejection.at_most(rejected.win_rate, best, 1.0, || json!({"kl": kl}));
    }
    // The frontier spends kl at log c <= kl + 1; the other numbers of draws need little more.
    let levels = uniform(parameters.levels)?;
    let strengths = grid::logarithmic("points", 0.1, (parameters.kl_max + 2.0).exp(), parameters.points)?;
    let rows = context.executor.map(&strengths, |&c| {
        let of = |law| {
            let best = best_of_random(&levels, law);
            (best.kl, best.win_rate)
        };
        let geometric = of(RankLaw::Geometric(1.0 / (1.0 + c)));
        Ok([of(RankLaw::ZeroTruncatedPoisson(c)), of(RankLaw::PoissonPlusOne(c)), geometric])
    })?;
    let count = parameters.levels as f64;
    for (&c, row) in strengths.iter().zip(&rows) {
        for (name, &(kl, win_rate)) in ["zero-truncated Poisson", "1 + Poisson", "geometric"].into_iter().zip(row) {
            if kl < parameters.kl_min || kl > parameters.kl_max {
                continue;
            }
            let shortfall = push(name, kl, win_rate)?;
            if name == "zero-truncated Poisson" && c <= 0.25 * count {
                let width = c / (24.0 * count * count);
                poisson.equal(shortfall, width, width, || json!({"c": c, "levels": count}));
            }
        }
    }
    let law = Law::new(&parameters.instance_p)?;
    let rewards: Vec<f64> = (0..law.len()).map(|i| i as f64).collect();
    let tied = best_of(&Levels::of_outcomes(&law, &rewards).0, parameters.instance_best_of.ln());
    push("instance with ties", tied.kl, tied.win_rate)?;
    let above = tied.win_rate - best_of_n_win_rate(tied.kl)?;
    instance.at_most(-above, 0.0, 1.0, || json!({"p": parameters.instance_p, "n": parameters.instance_best_of}));
    Ok(Report {
        finding: format!(
            "A zero-truncated Poisson number of draws attains the best win rate; best-of-N stays below it, rejection below \
             best-of-N. With ties best-of-N can be above its own curve: by {above:.5} at {:.4} nats.",
            tied.kl
        ),
        tables: vec![curves],
        figures: vec![figure()],
        checks: vec![frontier.finish(), instance.finish(), poisson.finish(), rejection.finish()],
        warnings: Vec::new(),
    })
}

fn figure() -> Figure {
    let kl = || Axis::log("KL from the base (nats)");
    let mut rate = Panel::new("win rate", kl(), Axis::linear("win rate against the base"));
    let mut shortfall = Panel::new("shortfall", kl(), Axis::log("shortfall from the frontier (win rate)"));
    let mechanisms = [
        ("best-of-N", "best-of-N, no atoms", Mark::Line),
        ("rejection", "threshold rejection, no atoms", Mark::Line),
        ("1 + Poisson", "1 + Poisson number", Mark::Line),
        ("geometric", "geometric number", Mark::Line),
        ("zero-truncated Poisson", "zero-truncated Poisson number", Mark::Line),
        ("frontier", "frontier", Mark::Dashed),
        ("instance with ties", "best-of-N with ties", Mark::Points),
    ];
    for (colour, (name, label, mark)) in mechanisms.into_iter().enumerate() {
        let layer = |y| Layer::new(label, "win_rate", "kl_nats", y, mark.clone(), colour).only("mechanism", name);
        rate = rate.with(layer("win_rate"));
        if name != "frontier" {
            shortfall = shortfall.with(layer("shortfall"));
        }
    }
    Figure::new(
        "win_rate",
        "A zero-truncated Poisson number of draws wins most at its divergence; best-of-N comes close",
        "Left: win rates against divergence. Right: what is missing to the frontier. The Poisson curve is the width of the \
         levels, c/(24 M^2), and not a loss of the mechanism. The point is a law with ties: above best-of-N's curve.",
    )
    .with(rate)
    .with(shortfall)
}
