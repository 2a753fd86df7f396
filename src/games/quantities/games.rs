//! Quantities of a game and of a policy in it.

use super::input::{self, random_beta, random_matrix, random_reference};
use super::sampled;
use crate::Result;
use crate::games::contextual::{Contextual, ContextualReport};
use crate::games::expansion::log_ratio_expansion;
use crate::games::game::Game;
use crate::games::ipo::{IpoGradient, ipo_gradient};
use crate::games::payoff::Payoff;
use crate::games::preference::Preference;
use crate::games::report::{
    EquilibriumReport, Suboptimality, describe, equilibrium_report, suboptimality_report, unregularised_suboptimality,
};
use crate::games::von_neumann::{VonNeumann, von_neumann};
use crate::games::winner_limit::von_neumann_by_continuation;
use crate::lab::Quantity;
use crate::prob::Law;
use crate::{Error, games};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EquilibriumInput {
    /// Preference matrix: `P[i][j]` is the probability that i is preferred to j.
    #[serde(rename = "P")]
    p: Vec<Vec<f64>>,
    /// Strength > 0 of the regularisation.
    beta: f64,
    /// Reference policy, positive; uniform if absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<f64>>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VonNeumannInput {
    /// Preference matrix.
    #[serde(rename = "P")]
    p: Vec<Vec<f64>>,
    /// Reference policy, positive, whose KL projection breaks ties; uniform if absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<f64>>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WinRateInput {
    /// Preference matrix.
    #[serde(rename = "P")]
    p: Vec<Vec<f64>>,
    /// First policy.
    pi: Vec<f64>,
    /// Second policy.
    pi2: Vec<f64>,
    /// Strength > 0; if given, the regularised win rate is answered too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beta: Option<f64>,
    /// Reference policy, positive, used only with `beta`; uniform if absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<f64>>,
}

/// Win rate of one policy against another.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct WinRate {
    /// $P(\pi \succ \pi')$.
    pub win_rate: f64,
    /// $P_\beta(\pi \succ \pi')$; only with `beta`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regularized: Option<f64>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SuboptimalityInput {
    /// Preference matrix.
    #[serde(rename = "P")]
    p: Vec<Vec<f64>>,
    /// Policy.
    pi: Vec<f64>,
    /// Strength >= 0.
    beta: f64,
    /// Reference policy, positive; uniform if absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<f64>>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ContextualInput {
    /// A preference matrix a context; sizes may differ.
    #[serde(rename = "P")]
    p: Vec<Vec<Vec<f64>>>,
    /// Law of the context.
    rho: Vec<f64>,
    /// A reference policy a context, positive; uniform if absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<Vec<f64>>>,
    /// Strength > 0.
    beta: f64,
    /// A policy a context.
    pi: Vec<Vec<f64>>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct IpoInput {
    /// Preference matrix.
    #[serde(rename = "P")]
    p: Vec<Vec<f64>>,
    /// Strength > 0.
    beta: f64,
    /// Reference policy, positive; uniform if absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    reference: Option<Vec<f64>>,
    /// Softmax logits of the policy.
    logits: Vec<f64>,
}

fn win_rate(i: &WinRateInput) -> Result<WinRate> {
    let (preference, pi, pi2, game) = win_rate_model(i)?;
    let regularized = game.map(|game| game.regularised_win_rate(&pi, &pi2));
    Ok(WinRate { win_rate: 0.5 + preference.edge(pi.probs(), pi2.probs()), regularized })
}

type WinRateModel = (Preference, Law, Law, Option<Game>);

fn win_rate_model(i: &WinRateInput) -> Result<WinRateModel> {
    let preference = Preference::new(&i.p)?;
    let (pi, pi2) = (input::pi("pi", &i.pi, preference.size())?, input::pi("pi2", &i.pi2, preference.size())?);
    let reference = input::reference(i.reference.as_ref(), preference.size())?;
    let game = i.beta.map(|beta| Game::new(preference.clone(), reference, beta)).transpose()?;
    Ok((preference, pi, pi2, game))
}

/// The policy, and the game unless beta is 0.
fn suboptimality_model(i: &SuboptimalityInput) -> Result<(Preference, Law, Option<Game>)> {
    let preference = Preference::new(&i.p)?;
    let reference = input::reference(i.reference.as_ref(), preference.size())?;
    let pi = input::pi("pi", &i.pi, preference.size())?;
    if !(i.beta.is_finite() && i.beta >= 0.0) {
        return Err(Error::invalid("beta", i.beta, "a number >= 0"));
    }
    let game = if i.beta > 0.0 { Some(Game::new(preference.clone(), reference, i.beta)?) } else { None };
    Ok((preference, pi, game))
}

fn suboptimality(i: &SuboptimalityInput) -> Result<Suboptimality> {
    let (preference, pi, game) = suboptimality_model(i)?;
    match game {
        Some(game) => suboptimality_report(&game, &pi),
        None => Ok(unregularised_suboptimality(&preference, &pi)),
    }
}

fn contextual_model(i: &ContextualInput) -> Result<(Contextual, Vec<Law>)> {
    let length = |field: &str, found: usize| {
        if found == i.p.len() {
            return Ok(());
        }
        Err(Error::invalid(field, format!("{found} contexts"), format!("{}, as P", i.p.len())))
    };
    length("pi", i.pi.len())?;
    length("rho", i.rho.len())?;
    if let Some(references) = &i.reference {
        length("ref", references.len())?;
    }
    let at = |x: usize, error: Error| match error {
        Error::InvalidInput { field, value, expected } if field != "beta" => {
            let end = field.find('[').unwrap_or(field.len());
            let field = format!("{}[{x}]{}", &field[..end], &field[end..]);
            Error::InvalidInput { field, value, expected }
        }
        other => other,
    };
    let mut games = Vec::with_capacity(i.p.len());
    let mut policies = Vec::with_capacity(i.p.len());
    for (x, p) in i.p.iter().enumerate() {
        let reference = i.reference.as_ref().map(|r| &r[x]);
        let game = input::game(p, i.beta, reference).map_err(|error| at(x, error))?;
        policies.push(input::pi("pi", &i.pi[x], game.size()).map_err(|error| at(x, error))?);
        games.push(game);
    }
    Ok((Contextual::new(games, i.rho.clone())?, policies))
}

fn contextual(i: &ContextualInput) -> Result<ContextualReport> {
    let (model, policies) = contextual_model(i)?;
    model.report(&policies)
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<EquilibriumInput, EquilibriumReport>(
            "games.equilibrium",
            "Nash equilibrium of the KL-regularised preference game",
            |draw| {
                let p = random_matrix(draw, 8);
                let reference = random_reference(draw, p.len());
                EquilibriumInput { p, beta: random_beta(draw), reference }
            },
        )
        .exact::<EquilibriumInput, EquilibriumReport>(1e-11, |i| {
            equilibrium_report(&input::game(&i.p, i.beta, i.reference.as_ref())?)
        })
        .asymptotic::<EquilibriumInput, EquilibriumReport>(
            "span of the log-ratio within 0.05/beta^3 as beta -> infinity",
            |i| {
                let game = input::game(&i.p, i.beta, i.reference.as_ref())?;
                let mut ratio = log_ratio_expansion(&game, true);
                let policy = game.reference().policy_at(&ratio)?;
                games::policy::normalise(game.reference().log_probs(), &mut ratio, &mut vec![0.0; game.size()]);
                Ok(describe(&game, &policy, &ratio))
            },
        )
        .in_the_limit::<EquilibriumInput>(
            |draw, step| {
                let p = random_matrix(draw, 8);
                let reference = random_reference(draw, p.len());
                EquilibriumInput { p, beta: 4f64.powi(step as i32 + 1), reference }
            },
            // Span of the error of log(pi/ref), R5b; the divergence is of order 1/beta^2, its error one order smaller.
            |i, field| if field == "kl_ref" { 0.1 / i.beta.powi(4) } else { 0.05 / i.beta.powi(3) },
        ),
        Quantity::new::<VonNeumannInput, VonNeumann>(
            "games.von_neumann",
            "von Neumann winner of the preference game, ties broken by the KL projection of the reference",
            |draw| {
                let p = random_matrix(draw, 7);
                let reference = random_reference(draw, p.len());
                VonNeumannInput { p, reference }
            },
        )
        .exact::<VonNeumannInput, VonNeumann>(1e-9, |i| {
            let preference = Preference::new(&i.p)?;
            let reference = input::reference(i.reference.as_ref(), preference.size())?;
            von_neumann(&preference, &reference)
        })
        .asymptotic::<VonNeumannInput, VonNeumann>(
            "O(beta log 1/beta) at beta = 2^-14, extrapolated where that helps",
            |i| {
                let preference = Preference::new(&i.p)?;
                let reference = input::reference(i.reference.as_ref(), preference.size())?;
                von_neumann_by_continuation(&preference, &reference)
            },
        )
        .in_the_limit::<VonNeumannInput>(
            // The strength is fixed, so a step is another game. Payoffs in quarters keep the winners' gaps away from 0.
            |draw, step| {
                let n = 3 + step as usize;
                let edges = |_, _| draw.pick(&[-0.5, -0.25, 0.25, 0.5]);
                VonNeumannInput { p: Preference::from_upper(n, edges).matrix(), reference: None }
            },
            |_, _| 2.0 * 9.7 / 16_384.0,
        ),
        Quantity::new::<WinRateInput, WinRate>("games.win_rate", "win rate of a policy against another", |draw| {
            let p = random_matrix(draw, 6);
            let n = p.len();
            let beta = if draw.chance(0.5) { Some(random_beta(draw)) } else { None };
            WinRateInput { pi: draw.law(n), pi2: draw.law(n), beta, reference: random_reference(draw, n), p }
        })
        .exact::<WinRateInput, WinRate>(1e-13, |i| win_rate(&i))
        .monte_carlo::<WinRateInput, WinRate>(|i, sampling| {
            let (preference, pi, pi2, game) = win_rate_model(&i)?;
            sampled::win_rate(&preference, &pi, &pi2, game.as_ref(), sampling)
        }),
        Quantity::new::<SuboptimalityInput, Suboptimality>(
            "games.suboptimality",
            "what the best response gains over a policy",
            |draw| {
                let p = random_matrix(draw, 6);
                let n = p.len();
                let beta = if draw.chance(0.25) { 0.0 } else { draw.log_uniform(0.2, 5.0) };
                SuboptimalityInput { pi: draw.law(n), beta, reference: random_reference(draw, n), p }
            },
        )
        .exact::<SuboptimalityInput, Suboptimality>(1e-11, |i| suboptimality(&i)),
        Quantity::new::<ContextualInput, ContextualReport>(
            "games.contextual",
            "contextual game: equilibria, and averages over the contexts of what a policy loses",
            |draw| {
                let contexts = draw.count(1, 3) as usize;
                let p: Vec<_> = (0..contexts).map(|_| random_matrix(draw, 4)).collect();
                let pi = p.iter().map(|p| draw.positive_law(p.len())).collect();
                let reference =
                    if draw.chance(0.5) { None } else { Some(p.iter().map(|p| draw.positive_law(p.len())).collect()) };
                ContextualInput { rho: draw.law(contexts), reference, beta: draw.log_uniform(0.1, 5.0), pi, p }
            },
        )
        .exact::<ContextualInput, ContextualReport>(1e-11, |i| contextual(&i))
        .monte_carlo::<ContextualInput, ContextualReport>(|i, sampling| {
            let (model, policies) = contextual_model(&i)?;
            sampled::contextual(&model, &policies, sampling)
        }),
        Quantity::new::<IpoInput, IpoGradient>(
            "games.ipo_gradient",
            "gradients of the Online IPO loss and of self-play in softmax logits",
            |draw| {
                let p = random_matrix(draw, 5);
                let n = p.len();
                let logits = (0..n).map(|_| draw.uniform(-2.0, 2.0)).collect();
                IpoInput { beta: draw.log_uniform(0.2, 5.0), reference: random_reference(draw, n), logits, p }
            },
        )
        .exact::<IpoInput, IpoGradient>(1e-12, |i| {
            ipo_gradient(&input::game(&i.p, i.beta, i.reference.as_ref())?, &i.logits)
        })
        .monte_carlo::<IpoInput, IpoGradient>(|i, sampling| {
            sampled::ipo_gradient(&input::game(&i.p, i.beta, i.reference.as_ref())?, &i.logits, sampling)
        }),
    ]
}
