//! Quantities of a preference itself.

use super::input::{random_family, random_matrix};
use super::sampled;
use crate::games::families::Family;
use crate::games::intransitivity::{Intransitivity, intransitivity};
use crate::games::low_rank::{Link, LowRank};
use crate::games::payoff::Payoff;
use crate::games::policy::policy;
use crate::games::preference::Preference;
use crate::lab::Quantity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A preference matrix.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct Matrix {
    /// `P[i][j]` is the probability that i is preferred to j.
    #[serde(rename = "P")]
    pub p: Vec<Vec<f64>>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PayoffInput {
    /// Left factors, Y rows of length r.
    #[serde(rename = "U")]
    u: Vec<Vec<f64>>,
    /// Right factors, Y rows of length r.
    #[serde(rename = "V")]
    v: Vec<Vec<f64>>,
    /// logistic or linear.
    link: Link,
    /// The opponent.
    pi: Vec<f64>,
}

/// Payoffs of all actions against a policy.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct Payoffs {
    /// $P\pi$.
    pub payoff: Vec<f64>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct IntransitivityInput {
    /// Preference matrix.
    #[serde(rename = "P")]
    p: Vec<Vec<f64>>,
}

pub fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<Family, Matrix>("games.preference", "preference matrix of a family", random_family)
            .exact::<Family, Matrix>(1e-14, |family| Ok(Matrix { p: family.preference()?.matrix() }))
            .monte_carlo::<Family, Matrix>(|family, sampling| sampled::preference(&family, sampling)),
        Quantity::new::<PayoffInput, Payoffs>(
            "games.payoff_lowrank",
            "payoffs against a policy under a low-rank preference, streamed",
            |draw| {
                let (n, rank) = (draw.count(1, 30) as usize, draw.count(1, 3) as usize);
                let (link, scale) = draw.pick(&[(Link::Logistic, 2.0), (Link::Linear, 0.28)]);
                let mut rows = || {
                    (0..n).map(|_| (0..rank).map(|_| draw.uniform(-scale, scale)).collect()).collect::<Vec<Vec<f64>>>()
                };
                let (u, v) = (rows(), rows());
                PayoffInput { u, v, link, pi: draw.law(n) }
            },
        )
        .exact::<PayoffInput, Payoffs>(1e-13, |i| {
            let game = LowRank::new(&i.u, &i.v, i.link)?;
            let pi = policy("pi", &i.pi, game.size())?;
            let mut payoff = vec![0.0; game.size()];
            game.apply(pi.probs(), &mut payoff);
            payoff.iter_mut().for_each(|x| *x += 0.5);
            Ok(Payoffs { payoff })
        })
        .monte_carlo::<PayoffInput, Payoffs>(|i, sampling| {
            let game = LowRank::new(&i.u, &i.v, i.link)?;
            let pi = policy("pi", &i.pi, game.size())?;
            sampled::payoffs(&game, &pi, sampling)
        }),
        Quantity::new::<IntransitivityInput, Intransitivity>(
            "games.intransitivity",
            "how far a preference is from a ranking",
            |draw| IntransitivityInput { p: random_matrix(draw, 9) },
        )
        .exact::<IntransitivityInput, Intransitivity>(1e-12, |i| Ok(intransitivity(&Preference::new(&i.p)?)))
        .monte_carlo::<IntransitivityInput, Intransitivity>(|i, sampling| {
            sampled::intransitivity(&Preference::new(&i.p)?, sampling)
        }),
    ]
}
