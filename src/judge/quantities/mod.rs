//! The engine's quantities: thin adapters from JSON to the functions of this engine, and nothing else.
//!
//! Field names and shapes are those of the specification's table, to the letter.

mod average;
mod point;
mod regression;

use crate::judge::model::Candidates;
use crate::lab::Quantity;
use crate::{Error, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// All quantities of the engine.
pub fn all() -> Vec<Quantity> {
    [point::all(), regression::all(), average::all()].into_iter().flatten().collect()
}

/// An error of selection, in units of $y^2$.
#[derive(Serialize, JsonSchema)]
struct Delta {
    /// The error.
    delta: f64,
}

/// Reduced temperature, `step` steps towards the limit of the high-temperature expansion.
fn hot(step: u32) -> f64 {
    50.0 * 4f64.powi(step as i32)
}

/// A number of candidates: a whole number >= 1 or `"inf"`.
#[derive(Clone, Copy)]
enum Number {
    Finite(u64),
    Infinite,
}

impl Number {
    /// The number, if it must be finite.
    fn finite(self, why: &str) -> Result<Candidates> {
        match self {
            Number::Finite(k) => Candidates::new(k),
            Number::Infinite => Err(Error::invalid("k", "inf", format!("a whole number {why}"))),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Number::Finite(k) => serializer.serialize_u64(*k),
            Number::Infinite => serializer.serialize_str("inf"),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Number(f64),
            Word(String),
        }
        let expected = "a whole number >= 1 or \"inf\"";
        let wrong =
            |found: String| Err(serde::de::Error::custom(format!("invalid value: {found}, expected {expected}")));
        match Given::deserialize(deserializer)? {
            Given::Number(x) if x.fract() == 0.0 && (1.0..=9_007_199_254_740_992.0).contains(&x) => {
                Ok(Number::Finite(x as u64))
            }
            Given::Number(x) => wrong(x.to_string()),
            Given::Word(word) if word == "inf" => Ok(Number::Infinite),
            Given::Word(word) => wrong(format!("{word:?}")),
        }
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "integer", "minimum": 1}, {"enum": ["inf"]}]})
    }
}
