//! Serialisation of floats that loses nothing: a finite double as a JSON number, which serde_json reads back bit for bit;
//! the infinities and NaN, which JSON lacks (serde_json writes `null`), as the strings `"inf"`, `"-inf"`, `"nan"`.
//!
//! Every `f64` that a [`Journal`](super::Journal) keeps and that can be infinite carries the attribute:
//!
//! ```
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Row {
//!     #[serde(with = "tilt::sampling::exact")]
//!     kl_nats: f64,
//!     #[serde(with = "tilt::sampling::exact::list")]
//!     log_probs: Vec<f64>,
//! }
//! let row = Row { kl_nats: f64::INFINITY, log_probs: vec![-0.0, f64::NEG_INFINITY] };
//! assert_eq!(serde_json::to_string(&row).unwrap(), r#"{"kl_nats":"inf","log_probs":[-0.0,"-inf"]}"#);
//! ```

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// A double that survives JSON; `Exact(x)` is also a value that a journal can keep by itself.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Exact(pub f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Exact)
    }
}

/// Writes one double.
pub fn serialize<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    match *x {
        x if x.is_nan() => serializer.serialize_str("nan"),
        f64::INFINITY => serializer.serialize_str("inf"),
        f64::NEG_INFINITY => serializer.serialize_str("-inf"),
        x => serializer.serialize_f64(x),
    }
}

/// Reads one double.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    struct Double;
    impl Visitor<'_> for Double {
        type Value = f64;
        fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
            formatter.write_str("a number, \"inf\", \"-inf\" or \"nan\"")
        }
        fn visit_f64<E>(self, x: f64) -> Result<f64, E> {
            Ok(x)
        }
        fn visit_i64<E>(self, x: i64) -> Result<f64, E> {
            Ok(x as f64)
        }
        fn visit_u64<E>(self, x: u64) -> Result<f64, E> {
            Ok(x as f64)
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<f64, E> {
            match text {
                "inf" => Ok(f64::INFINITY),
                "-inf" => Ok(f64::NEG_INFINITY),
                "nan" => Ok(f64::NAN),
                _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
            }
        }
    }
    deserializer.deserialize_any(Double)
}

/// The same for `Vec<f64>`.
pub mod list {
    use super::*;

    /// Writes the list.
    pub fn serialize<S: Serializer>(list: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|&x| Exact(x)))
    }

    /// Reads the list.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let list = Vec::<Exact>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|Exact(x)| x).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(x: f64) -> f64 {
        let text = serde_json::to_string(&Exact(x)).unwrap();
        serde_json::from_str::<Exact>(&text).unwrap().0
    }

    #[test]
    fn special_values() {
        for x in [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e22, 0.1] {
            assert_eq!(round_trip(x).to_bits(), x.to_bits());
        }
        assert!(round_trip(f64::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn any_bits(bits: u64) {
            let x = f64::from_bits(bits);
            let same = if x.is_nan() { round_trip(x).is_nan() } else { round_trip(x).to_bits() == bits };
            prop_assert!(same);
        }
    }
}
