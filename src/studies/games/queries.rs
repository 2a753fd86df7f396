//! Queries against the strength and against the number of actions (E3, E7).
//!
//! Paper: Tiapkin et al. 2025 (rate without the number of actions). Claims: games/R26, R6, R14, R21. Model: the specification's
//! cyc9, sine and bt20 games for the table; low-rank, Bradley-Terry and sine games up to 1e5 actions, streamed, for the size.
//! Cost: seconds to a minute.

use crate::Result;
use crate::games::bounds::iterations_to;
use crate::games::equilibrium::equilibrium_matrix_free;
use crate::games::families::{bradley_terry, cyclic, sine};
use crate::games::game::{Game, suboptimality_in};
use crate::games::learner::mirror_prox::MirrorProx;
use crate::games::learner::{Algorithm, Arena, Exact, Iterate, Learner};
use crate::games::low_rank::{Link, LowRank};
use crate::games::low_rank_equilibrium::{low_rank_equilibrium, sine_low_rank};
use crate::games::payoff::Payoff;
use crate::games::policy::{Reference, kl, kl_of};
use crate::games::preference::Preference;
use crate::games::reward_kernel::RewardKernel;
use crate::games::step::{Step, largest_prox_step};
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Strengths of the table of E3; > 0.
    betas: Vec<f64>,
    /// Numbers of actions for the second figure; >= 2.
    sizes: Vec<usize>,
    /// Largest size at which a logistic low-rank game is streamed (its queries cost Y^2).
    logistic_up_to: usize,
    /// Strength for the second figure; > 0.
    beta: f64,
    /// Divergence to reach there, in nats; > 0.
    target: f64,
    /// Actions of the larger sine game of the table; >= 2.
    sine_actions: usize,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("games/queries", include_str!("../../../sims/games/queries.toml"), run).about(
        "How many preference queries does an equilibrium cost, and does the number of actions matter?",
        "Tiapkin et al., arXiv 2505.19731 (abstract); table E3 and size independence derived",
        &["games/R26", "games/R6", "games/R14", "games/R21"],
        "a minute; quick: seconds",
    )
}

const METHODS: [&str; 5] = ["mp", "mp_max", "mmd", "omwu_reg", "nash_md_decay"];
/// Iterations after which the decaying schedule is given up, as in the specification.
const PATIENCE: u64 = 3000;

/// Queries until SubOpt < 1e-6, checked before each iteration; none after the patience.
fn queries(game: &Game, method: &str) -> Result<Option<u64>> {
    let beta = game.beta();
    let (algorithm, step) = match method {
        "mp" => (Algorithm::Mp, Some(2.0 * beta)),
        "mp_max" => (Algorithm::Mp, Some(largest_prox_step(beta))),
        "mmd" => (Algorithm::Mmd, Some(4.0 * beta * beta)),
        "omwu_reg" => (Algorithm::OmwuReg, Some((1.0 / (2.0 * beta + 1.0)).min(0.5))),
        _ => (Algorithm::NashMdDecay, None),
    };
    let mut learner = algorithm.learner(game.preference(), beta, step)?;
    let arena = Arena { log_reference: game.reference().log_probs(), beta };
    let mut iterate = Iterate::reference(game.reference());
    let (mut payoff, mut work) = (vec![0.0; game.size()], vec![0.0; game.size()]);
    let patience = if algorithm == Algorithm::NashMdDecay { PATIENCE } else { 1_000_000 };
    for k in 0..=patience {
        let gap = suboptimality_in(game, &iterate.log_ratio, &iterate.policy, &mut payoff, &mut work);
        if gap < 1e-6 {
            return Ok(Some(k * learner.queries()));
        }
        learner.advance(&arena, &mut Exact(game.preference()), &mut iterate)?;
    }
    Ok(None)
}

/// (KL_0, queries to the target) of mirror prox at eta = 2 beta from the uniform reference.
fn to_target<P: Payoff>(game: &Game<P>, star: &[f64], log_ratio: &[f64], target: f64) -> Result<u64> {
    let arena = Arena { log_reference: game.reference().log_probs(), beta: game.beta() };
    let mut learner = MirrorProx::new(Step::Proximal(2.0 * game.beta()).mirror(game.beta())?);
    let mut iterate = Iterate::reference(game.reference());
    for k in 0..100_000 {
        if kl_of(star, log_ratio, &iterate.policy, &iterate.log_ratio) <= target {
            return Ok(2 * k);
        }
        learner.advance(&arena, &mut Exact(game.preference()), &mut iterate)?;
    }
    Ok(u64::MAX)
}

fn run(parameters: &Parameters, run: &Run) -> Result<Report> {
    let (table, stated) = strengths(parameters)?;
    let mut sizes = Table::new(
        "sizes",
        "Queries of mirror prox at eta = 2 beta to the target divergence.",
        &[
            ("game", "family"),
            ("actions", "Y"),
            ("kl_start_nats", "KL(pi*||ref)"),
            ("queries", "payoff vectors asked"),
            ("bound", "2 ceil(log(KL_0/target)/log(1+2 beta))"),
        ],
    );
    let mut bounds = Check::bound("games/R26", "queries <= 2 ceil(log(KL_0/target)/log(1+2 beta)), whatever Y");
    let mut seen = Vec::new();
    for &size in &parameters.sizes {
        let reference = Reference::uniform(size)?;
        let mut add = |name: &str, kl0: f64, queries: u64| {
            let bound = 2 * iterations_to(parameters.beta, kl0, parameters.target);
            bounds.at_most(queries as f64, bound as f64, 0.0, || json!({"game": name, "Y": size}));
            seen.push(queries);
            sizes.push([name.into(), (size as u64).into(), kl0.into(), queries.into(), bound.into()]);
        };
        let game = Game::new(sine_low_rank(size)?, reference.clone(), parameters.beta)?;
        let star = low_rank_equilibrium(&game)?;
        let found = to_target(&game, star.policy.probs(), &star.log_ratio, parameters.target)?;
        add("sine", kl(&star.policy, reference.law()), found);
        let mut stream = run.executor.address("rewards").stream(size as u64);
        let rewards: Vec<f64> = (0..size).map(|_| 2.0 * stream.normal()).collect();
        let game = Game::new(RewardKernel::new(&[1.0], &[rewards])?, reference.clone(), parameters.beta)?;
        let star = equilibrium_matrix_free(&game)?;
        let found = to_target(&game, star.policy.probs(), &star.log_ratio, parameters.target)?;
        add("bradley_terry", kl(&star.policy, reference.law()), found);
        if size <= parameters.logistic_up_to {
            let factors: Vec<f64> = (0..4 * size).map(|_| stream.normal()).collect();
            let game = Game::new(
                LowRank::from_factors(size, 2, factors, Link::Logistic)?,
                reference.clone(),
                parameters.beta,
            )?;
            let star = equilibrium_matrix_free(&game)?;
            let found = to_target(&game, star.policy.probs(), &star.log_ratio, parameters.target)?;
            add("low_rank", kl(&star.policy, reference.law()), found);
        }
    }
    let (least, most) = (seen.iter().min().copied().unwrap_or(0), seen.iter().max().copied().unwrap_or(0));
    let by_beta = METHODS.into_iter().enumerate().fold(
        Panel::new("sine game", Axis::log("beta"), Axis::log("queries until SubOpt < 1e-6")),
        |panel, (colour, method)| {
            panel.with(Layer::new(method, "strengths", "beta", method, Mark::Line, colour).only("game", "sine"))
        },
    );
    let by_size = ["sine", "bradley_terry", "low_rank"].into_iter().enumerate().fold(
        Panel::new(&format!("beta = {}", parameters.beta), Axis::log("actions"), Axis::linear("queries to the target")),
        |panel, (colour, name)| {
            panel
                .with(Layer::new(name, "sizes", "actions", "queries", Mark::Points, colour).only("game", name))
                .with(Layer::new("", "sizes", "actions", "bound", Mark::Dashed, colour).only("game", name))
        },
    );
    Ok(Report {
        finding: format!(
            "From {} to {} actions mirror prox needs {least} to {most} queries for KL <= {}; mirror descent pays 1/beta more.",
            parameters.sizes.iter().min().unwrap_or(&0),
            parameters.sizes.iter().max().unwrap_or(&0),
            parameters.target
        ),
        tables: vec![table, sizes],
        figures: vec![
            Figure::new(
                "queries",
                "Queries grow with 1/beta, not with the number of actions",
                "Left: queries until SubOpt < 1e-6 against the strength, five learners. Right: queries of mirror prox against the \
                 number of actions, with the bound (dashed).",
            )
            .with(by_beta)
            .with(by_size),
        ],
        checks: vec![bounds.finish(), stated],
        warnings: Vec::new(),
    })
}

/// The table of E3, and its agreement with the specification where that gives the number.
fn strengths(parameters: &Parameters) -> Result<(Table, Check)> {
    let rewards: Vec<f64> = (0..20).map(|i| f64::from(i) / 5.0).collect();
    let skewed: Vec<f64> = (1..=9).map(|i| f64::from(i) / 45.0).collect();
    let games: [(&str, Preference, Reference); 3] = [
        ("cyc9", cyclic(9, 1.0)?, Reference::new(&skewed)?),
        ("sine", sine(parameters.sine_actions), Reference::uniform(parameters.sine_actions)?),
        ("bt20", bradley_terry(&rewards, 1.0)?, Reference::uniform(20)?),
    ];
    let columns: Vec<(&str, &str)> = [("game", "family"), ("beta", "strength")]
        .into_iter()
        .chain(METHODS.map(|method| (method, "queries until SubOpt < 1e-6")))
        .collect();
    let mut table = Table::new("strengths", "Queries until SubOpt < 1e-6, start at the reference.", &columns);
    let mut stated = Check::identity("games/R6", "table E3 of the specification").tolerance(0.0, "whole numbers");
    // (game, beta): mp, eta_max, mmd, omwu_reg, decay (0 for "-").
    let known: [(&str, f64, [u64; 5]); 6] = [
        ("cyc9", 0.3, [18, 14, 21, 30, 313]),
        ("cyc9", 0.1, [42, 38, 182, 91, 480]),
        ("cyc9", 0.03, [136, 130, 2193, 290, 0]),
        ("bt20", 0.3, [24, 20, 18, 34, 86]),
        ("bt20", 0.1, [62, 56, 144, 110, 94]),
        ("bt20", 0.03, [166, 160, 1339, 318, 12]),
    ];
    for (name, preference, reference) in games {
        for &beta in &parameters.betas {
            let game = Game::new(preference.clone(), reference.clone(), beta)?;
            let counts = METHODS.map(|method| queries(&game, method)).into_iter().collect::<Result<Vec<_>>>()?;
            for (_, _, wanted) in known.iter().filter(|(known, b, _)| *known == name && *b == beta) {
                for ((found, wanted), method) in counts.iter().zip(wanted).zip(METHODS) {
                    let found = found.unwrap_or(0) as f64;
                    stated.equal(found, *wanted as f64, 1.0, || json!({"game": name, "beta": beta, "method": method}));
                }
            }
            let cells = counts.iter().map(|count| count.map(|c| c as f64).into());
            table.push([name.into(), beta.into()].into_iter().chain(cells));
        }
    }
    Ok((table, stated.finish()))
}
