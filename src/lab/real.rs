//! Numbers as they leave and enter the laboratory.

use crate::sampling::exact;
use crate::{Error, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// A real number or an infinity: in JSON a number, `"inf"` or `"-inf"`, the words of [`exact`](crate::sampling::exact). NaN,
/// which a journal may keep, neither leaves nor enters the laboratory.
///
/// ```
/// use tilt::lab::Real;
/// assert_eq!(serde_json::to_string(&[Real(0.1), Real(f64::INFINITY)]).unwrap(), r#"[0.1,"inf"]"#);
/// assert!(serde_json::to_string(&Real(f64::NAN)).is_err());
/// assert_eq!(serde_json::from_str::<Real>("\"-inf\"").unwrap(), Real(f64::NEG_INFINITY));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Real(pub f64);

impl From<f64> for Real {
    fn from(x: f64) -> Self {
        Real(x)
    }
}

impl fmt::Display for Real {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Serialize for Real {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_nan() {
            Err(serde::ser::Error::custom("not a number"))
        } else {
            exact::serialize(&self.0, serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Real {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Real, D::Error> {
        let x = exact::deserialize(deserializer)?;
        if x.is_nan() { Err(D::Error::custom("not a number")) } else { Ok(Real(x)) }
    }
}

impl JsonSchema for Real {
    fn schema_name() -> Cow<'static, str> {
        "Real".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "number"}, {"enum": ["inf", "-inf"]}]})
    }
}

/// Any serialisable value as JSON, with infinities as strings.
///
/// # Errors
/// [`Error::NotConverged`] if the value holds a NaN: on its way out it is a failed computation, never an answer.
///
/// ```
/// let json = tilt::lab::to_json(&(0.5, f64::INFINITY, None::<f64>)).unwrap();
/// assert_eq!(json.to_string(), r#"[0.5,"inf",null]"#);
/// ```
pub fn to_json<T: Serialize>(value: &T) -> Result<Value> {
    // serde_json turns infinities into null; ciborium's value type keeps them, and the order of fields.
    let value = ciborium::Value::serialized(value).map_err(|error| not_printable(&error.to_string()))?;
    from_cbor(value)
}

fn from_cbor(value: ciborium::Value) -> Result<Value> {
    use ciborium::Value as Cbor;
    Ok(match value {
        Cbor::Float(x) => {
            let number = Real(x).serialize(serde_json::value::Serializer);
            number.map_err(|error| not_printable(&error.to_string()))?
        }
        Cbor::Integer(n) => match (u64::try_from(n), i64::try_from(n)) {
            (Ok(n), _) => n.into(),
            (_, Ok(n)) => n.into(),
            _ => return Err(not_printable("an integer beyond 64 bits")),
        },
        Cbor::Text(text) => text.into(),
        Cbor::Bool(flag) => flag.into(),
        Cbor::Null => Value::Null,
        Cbor::Array(items) => Value::Array(items.into_iter().map(from_cbor).collect::<Result<_>>()?),
        Cbor::Map(entries) => {
            let field = |(key, value): (Cbor, Cbor)| match key {
                Cbor::Text(key) => Ok((key, from_cbor(value)?)),
                _ => Err(not_printable("a key that is no text")),
            };
            Value::Object(entries.into_iter().map(field).collect::<Result<_>>()?)
        }
        _ => return Err(not_printable("a value without a form in JSON")),
    })
}

fn not_printable(why: &str) -> Error {
    Error::NotConverged {
        method: format!("the output cannot be printed ({why}): the computation"),
        iterations: 0,
        residual: f64::INFINITY,
        tolerance: 0.0,
    }
}

/// A whole number >= 1, as a length or a number of draws. `10.0` is accepted, `0`, `-1` and `2.5` are not.
///
/// ```
/// use tilt::lab::Count;
/// assert_eq!(serde_json::from_str::<Count>("10.0").unwrap(), Count(10));
/// let error = serde_json::from_str::<Count>("2.5").unwrap_err();
/// assert!(error.to_string().contains("a whole number >= 1"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        // Up to 2^53 every whole number is a double, so nothing is rounded on the way.
        let x = f64::deserialize(deserializer)?;
        if x.fract() == 0.0 && (1.0..=9_007_199_254_740_992.0).contains(&x) {
            Ok(Count(x as u64))
        } else {
            Err(D::Error::invalid_value(Unexpected::Float(x), &"a whole number >= 1"))
        }
    }
}

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 1})
    }
}
