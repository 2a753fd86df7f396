//! Readers shared by the adapters: matrices, references, policies, whole numbers, random games.

use crate::Result;
use crate::games::families::{Family, bradley_terry, cyclic, sine};
use crate::games::game::Game;
use crate::games::payoff::Payoff;
use crate::games::policy::{Reference, policy};
use crate::games::preference::Preference;
use crate::lab::Instances;
use crate::prob::Law;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// A whole number >= 0; `10.0` is accepted, `-1` and `2.5` are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Whole(pub u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Whole, D::Error> {
        let x = f64::deserialize(deserializer)?;
        if x.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&x) {
            Ok(Whole(x as u64))
        } else {
            Err(D::Error::invalid_value(Unexpected::Float(x), &"a whole number >= 0"))
        }
    }
}

impl JsonSchema for Whole {
    fn schema_name() -> Cow<'static, str> {
        "Whole".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 0})
    }
}

/// The reference, uniform if absent.
pub fn reference(p: Option<&Vec<f64>>, size: usize) -> Result<Reference> {
    match p {
        None => Reference::uniform(size),
        Some(p) => {
            policy("ref", p, size)?;
            Reference::new(p)
        }
    }
}

/// The game of a matrix, a strength and a reference.
pub fn game(p: &[Vec<f64>], beta: f64, r: Option<&Vec<f64>>) -> Result<Game> {
    let preference = Preference::new(p)?;
    let reference = reference(r, preference.size())?;
    Game::new(preference, reference, beta)
}

/// A policy of a game.
pub fn pi(field: &str, p: &[f64], size: usize) -> Result<Law> {
    policy(field, p, size)
}

/// A random matrix of up to `largest` actions: every family, ties and pure cycles included.
pub fn random_matrix(draw: &mut Instances, largest: u64) -> Vec<Vec<f64>> {
    let n = draw.count(1, largest) as usize;
    let preference = match draw.index(5) {
        0 => bradley_terry(&draw.rewards(n), draw.log_uniform(0.1, 10.0)),
        1 => cyclic(n, draw.uniform(-1.0, 1.0)),
        2 => Ok(sine(n)),
        3 => Ok(Preference::from_upper(n, |_, _| draw.pick(&[-0.5, -0.25, 0.0, 0.25, 0.5]))),
        _ => Ok(Preference::from_upper(n, |_, _| draw.uniform(-0.5, 0.5))),
    };
    // A family of valid parameters; were it not, a game of one action is still an input.
    preference.map_or_else(|_| vec![vec![0.5]], |p| p.matrix())
}

/// A reference with mass everywhere, absent a third of the time.
pub fn random_reference(draw: &mut Instances, size: usize) -> Option<Vec<f64>> {
    if draw.chance(1.0 / 3.0) { None } else { Some(draw.positive_law(size)) }
}

/// A strength between 0.02 and 20.
pub fn random_beta(draw: &mut Instances) -> f64 {
    draw.log_uniform(0.02, 20.0)
}

/// A random family, nested one deep at most.
pub fn random_family(draw: &mut Instances) -> Family {
    let n = draw.count(1, 5) as usize;
    let simple = |draw: &mut Instances| match draw.index(3) {
        0 => Family::BradleyTerry { rewards: draw.rewards(n), temperature: Some(draw.log_uniform(0.1, 10.0)) },
        1 => Family::Cyclic { n: n as u32, strength: draw.uniform(-1.0, 1.0) },
        _ => Family::Annotators { weights: draw.law(3), rewards: (0..3).map(|_| draw.rewards(n)).collect() },
    };
    match draw.index(3) {
        0 => Family::Mixture { weights: draw.law(2), components: vec![simple(draw), simple(draw)] },
        1 => {
            let mut rows =
                || (0..n).map(|_| vec![draw.uniform(-0.5, 0.5), draw.uniform(-0.4, 0.4)]).collect::<Vec<_>>();
            Family::LowRank { u: rows(), v: rows(), link: crate::games::low_rank::Link::Logistic }
        }
        _ => simple(draw),
    }
}
