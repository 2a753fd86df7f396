//! KL against queries: Nash mirror prox with the paper's bound, the sharp bound and the local slope.
//!
//! Paper: Tiapkin et al. 2025 (abstract: rate $(1+2\beta)^{-N/2}$); E2 and E5 of the specification. Claims: games/R6, R7, R9, R10,
//! R14. Model: sine and Bradley-Terry games, one strength; and OpenSpiel's perturbed rock-paper-scissors for mirror descent.
//! Far from the equilibrium the divergence follows the bound, near it twice its exponent. Cost: seconds.

use crate::Result;
use crate::games::bounds::{rate_bound, span_and_suboptimality_bound};
use crate::games::equilibrium::equilibrium;
use crate::games::families::{bradley_terry, cyclic, sine, uniform_random};
use crate::games::game::Game;
use crate::games::learner::mirror_descent::MirrorDescent;
use crate::games::learner::mirror_prox::MirrorProx;
use crate::games::learner::{Algorithm, Arena, Exact, Iterate, Learner};
use crate::games::local_rate::local_rate;
use crate::games::payoff::Payoff;
use crate::games::policy::{Reference, kl, kl_of, span};
use crate::games::preference::Preference;
use crate::games::step::{Step, largest_prox_step};
use crate::lab::{Axis, Check, Figure, Layer, Mark, Panel, Report, Run, Study, Table};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Parameters of the study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Strengths of the regularisation; > 0.
    betas: Vec<f64>,
    /// Actions of each game; >= 2.
    actions: usize,
    /// Queries are followed until the divergence is below this, in nats; > 0.
    target: f64,
    /// Iterations at most; >= 1.
    iterations: u64,
}

/// The study's entry.
pub fn study() -> Study {
    Study::new("games/convergence", include_str!("../../../sims/games/convergence.toml"), run).about(
        "How fast does Nash mirror prox reach the equilibrium, against what is proved?",
        "Tiapkin et al., arXiv 2505.19731 (rate in the abstract; constants, sharp step and local slope derived)",
        &["games/R6", "games/R7", "games/R9", "games/R10", "games/R14"],
        "seconds",
    )
}

fn games(actions: usize, run: &Run) -> Result<Vec<(&'static str, Preference)>> {
    let rewards: Vec<f64> = (0..actions).map(|i| i as f64 / 5.0).collect();
    let mut stream = run.executor.address("random game").stream(0);
    Ok(vec![
        ("sine", sine(actions)),
        ("bradley_terry", bradley_terry(&rewards, 1.0)?),
        ("cyclic", cyclic(actions | 1, 1.0)?),
        ("random", uniform_random(actions, &mut stream)),
    ])
}

fn run(parameters: &Parameters, run: &Run) -> Result<Report> {
    let mut curves = Table::new(
        "curves",
        "Divergence, suboptimality and span along Nash mirror prox, with their bounds.",
        &[
            ("game", "family"),
            ("beta", "strength"),
            ("game_beta", "family and strength"),
            ("queries", "payoff vectors asked"),
            ("kl_nats", "KL(pi*||pi) at eta = 2 beta"),
            ("kl_bound_nats", "R6"),
            ("kl_local_nats", "slope rho^2 an iteration through the last point"),
            ("kl_sharp_nats", "KL at eta_max"),
            ("kl_sharp_bound_nats", "R7"),
            ("subopt", "suboptimality at eta = 2 beta"),
            ("subopt_bound", "R9"),
            ("span", "span of log pi - log pi* at eta = 2 beta"),
            ("span_bound", "R9"),
        ],
    );
    let mut bounds = Check::bound("games/R6", "KL, sharp KL, span and SubOpt stay below their bounds at every query")
        .tolerance(1e-9, "the equilibrium decides below 1e-10");
    let mut slopes = Check::rates("games/R10", "KL(k+1)/KL(k) -> rho^2, not the bound's 1/(1+2 beta)");
    for (name, preference) in games(parameters.actions, run)? {
        for &beta in &parameters.betas {
            let reference =
                Reference::from_logits(&(0..preference.size()).map(|i| (i as f64).sin()).collect::<Vec<_>>())?;
            let game = Game::new(preference.clone(), reference, beta)?;
            follow(parameters, name, &game, &mut curves, &mut bounds, &mut slopes)?;
        }
    }
    let e2 = perturbed_rock_paper_scissors()?;
    let mut table = Table::new(
        "openspiel",
        "OpenSpiel's perturbed rock-paper-scissors, 1000 steps of mirror descent.",
        &[("kl_start_nats", "KL(pi*||pi_0)"), ("kl_end_nats", "KL(pi*||pi_1000)"), ("bound_nats", "R14")],
    );
    table.push(e2.map(Into::into));
    let mut descent =
        Check::bound("games/R14", "1000 steps of MMD at eta = 4 beta^2 stay below (1+4 beta^2)^-1000 KL_0");
    descent.at_most(e2[1], e2[2], 0.0, || json!({"kl": e2[1]}));
    let mut stated = Check::identity("games/R14", "E2 of the specification: KL(pi*||pi_1000) = 0.0122678")
        .tolerance(5e-8, "printed digits");
    stated.equal(e2[1], 0.0122678, 1.0, || json!({"kl": e2[1]}));
    Ok(Report {
        finding: format!(
            "Nash mirror prox stays below (1+2 beta)^-N/2 on every game and ends at twice that exponent or more; OpenSpiel's example \
             ends at KL {:.7}, bound {:.4}.",
            e2[1], e2[2]
        ),
        tables: vec![curves, table],
        figures: vec![figure(parameters)],
        checks: vec![bounds.finish(), slopes.finish(), descent.finish(), stated.finish()],
        warnings: Vec::new(),
    })
}

fn follow(
    parameters: &Parameters,
    name: &str,
    game: &Game,
    curves: &mut Table,
    bounds: &mut crate::lab::CheckBuilder,
    slopes: &mut crate::lab::CheckBuilder,
) -> Result<()> {
    let beta = game.beta();
    let star = equilibrium(game)?;
    let arena = Arena { log_reference: game.reference().log_probs(), beta };
    let kl0 = kl(&star.policy, game.reference().law());
    let span0 = span(star.log_ratio.iter().copied());
    let distance = |iterate: &Iterate| kl_of(star.policy.probs(), &star.log_ratio, &iterate.policy, &iterate.log_ratio);
    let mut plain = MirrorProx::new(Step::Proximal(2.0 * beta).mirror(beta)?);
    let mut sharp = MirrorProx::new(Step::Proximal(largest_prox_step(beta)).mirror(beta)?);
    let (mut a, mut b) = (Iterate::reference(game.reference()), Iterate::reference(game.reference()));
    let mut rows = Vec::new();
    for k in 0..=parameters.iterations {
        let bound = rate_bound(beta, 2 * k, Some(kl0))?;
        let (span_bound, gap_bound) = span_and_suboptimality_bound(beta, k, kl0, span0);
        let width = span(a.log_ratio.iter().zip(&star.log_ratio).map(|(x, y)| x - y));
        let gap = game.suboptimality(&a.law(game.reference())?)?;
        let (own, other) = (distance(&a), distance(&b));
        let here = || json!({"game": name, "beta": beta, "k": k});
        if own > 1e-10 {
            bounds.at_most(own, bound.kl_bound, bound.kl_bound, here);
            bounds.at_most(width, span_bound, span_bound, here);
            bounds.at_most(gap, gap_bound, gap_bound, here);
        }
        if other > 1e-10 {
            bounds.at_most(other, bound.kl_bound_sharp, bound.kl_bound_sharp, here);
        }
        rows.push((k, own, bound.kl_bound, other, bound.kl_bound_sharp, gap, gap_bound, width, span_bound));
        if own < parameters.target {
            break;
        }
        plain.advance(&arena, &mut Exact(game.preference()), &mut a)?;
        sharp.advance(&arena, &mut Exact(game.preference()), &mut b)?;
    }
    let rho = local_rate(game, Algorithm::Mp, 2.0 * beta)?.spectral_radius;
    let last = rows.len() - 1;
    for (i, row) in rows.iter().enumerate() {
        let local = rows[last].1 * rho.powf(2.0 * (i as f64 - last as f64));
        let label = format!("{name}, beta = {beta}");
        curves.push([
            name.into(),
            beta.into(),
            label.as_str().into(),
            (2 * row.0).into(),
            row.1.into(),
            row.2.into(),
            local.into(),
            row.3.into(),
            row.4.into(),
            row.5.into(),
            row.6.into(),
            row.7.into(),
            row.8.into(),
        ]);
    }
    // Over the last third: an oscillating mode's phase and what is left of the transient.
    let third = last / 3;
    if rows[last].1 < 1e-8 && third >= 6 {
        let slope = (rows[last].1 / rows[last - third].1).ln() / third as f64;
        let proved = -(2.0 * beta).ln_1p();
        // No mode is slower than rho; the run may not excite the slowest. The competitor is the bound's exponent.
        let half_width = 1.5 / third as f64 + 0.02 * rho.ln().abs();
        if 2.0 * rho.ln() < proved - 2.0 * half_width {
            slopes.rate(
                slope.max(2.0 * rho.ln()),
                half_width,
                2.0 * rho.ln(),
                proved,
                || json!({"game": name, "beta": beta, "slope": slope}),
            );
        }
    }
    Ok(())
}

/// E2: payoffs [[0,-1,3],[1,0,-3],[-3,3,0]]/6, beta = 1/60, uniform start: (KL_0, KL_1000, its bound).
fn perturbed_rock_paper_scissors() -> Result<[f64; 3]> {
    let payoffs = [0.0, -1.0, 3.0, 1.0, 0.0, -3.0, -3.0, 3.0, 0.0];
    let preference = Preference::from_advantage(3, payoffs.map(|a| a / 6.0).to_vec())?;
    let beta = 1.0 / 60.0;
    let game = Game::new(preference, Reference::uniform(3)?, beta)?;
    let star = equilibrium(&game)?;
    let eta = 4.0 * beta * beta;
    let arena = Arena { log_reference: game.reference().log_probs(), beta };
    let mut learner = MirrorDescent::new(Step::Proximal(eta).mirror(beta)?);
    let mut iterate = Iterate::reference(game.reference());
    let start = kl(&star.policy, game.reference().law());
    for _ in 0..1000 {
        learner.advance(&arena, &mut Exact(game.preference()), &mut iterate)?;
    }
    let end = kl_of(star.policy.probs(), &star.log_ratio, &iterate.policy, &iterate.log_ratio);
    Ok([start, end, start * (-1000.0 * eta.ln_1p()).exp()])
}

fn figure(parameters: &Parameters) -> Figure {
    let mut figure = Figure::new(
        "convergence",
        "Nash mirror prox: the proved rate far away, twice its exponent near the equilibrium",
        "Divergence of the equilibrium from the policy against queries at eta = 2 beta (solid), its bound R6 (dashed), and the \
         local slope rho^2 an iteration through the last point (dotted).",
    );
    for beta in &parameters.betas {
        let mut panel = Panel::new(
            &format!("beta = {beta}"),
            Axis::linear("queries"),
            Axis::log("KL of the equilibrium from the policy (nats)").between(parameters.target, 10.0),
        );
        for (colour, name) in ["sine", "bradley_terry", "cyclic", "random"].into_iter().enumerate() {
            let label = format!("{name}, beta = {beta}");
            let layer = |legend: &str, y: &str, mark| {
                Layer::new(legend, "curves", "queries", y, mark, colour).only("game_beta", label.as_str())
            };
            panel = panel
                .with(layer(name, "kl_nats", Mark::Line))
                .with(layer("", "kl_bound_nats", Mark::Dashed))
                .with(layer("", "kl_local_nats", Mark::Dotted));
        }
        figure = figure.with(panel);
    }
    figure
}
