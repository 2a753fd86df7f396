//! Families of preferences, each validated, as written in JSON: `{"family": "cyclic", "n": 5, "strength": 1}`.
//!
//! | family | $P_{ij}$ |
//! |---|---|
//! | `bradley_terry` | $\sigma((r_i - r_j)/T)$ |
//! | `annotators` | $\sum_k w_k\,\sigma(r_{ki} - r_{kj})$ |
//! | `cyclic` | $\tfrac12 + \tfrac s2$ for $j = i + 1, \dots, i + \lfloor (n-1)/2 \rfloor$ mod $n$; for even $n$ the opposite pair ties |
//! | `low_rank` | $\sigma(S)$ or $\tfrac12 + S$, $S = U V^T - V U^T$ |
//! | `mixture` | $\sum_c w_c P^{(c)}$ over components of one size, nested at will |
//!
//! Random families (for studies): [`uniform_random`], [`sign_random`]. Cost $O(Y^2)$ times the rank or the annotators.

use super::low_rank::{Link, LowRank};
use super::payoff::Payoff;
use super::preference::Preference;
use crate::numerics::sum::sum;
use crate::sampling::Stream;
use crate::{Error, Result};

/// A family with its parameters.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(tag = "family", rename_all = "snake_case", deny_unknown_fields)]
pub enum Family {
    /// One reward an action, and a temperature.
    BradleyTerry {
        /// Reward of each action.
        rewards: Vec<f64>,
        /// Temperature > 0; 1 if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        temperature: Option<f64>,
    },
    /// A mixture of Bradley-Terry annotators.
    Annotators {
        /// A distribution over annotators.
        weights: Vec<f64>,
        /// Rewards, a row an annotator.
        rewards: Vec<Vec<f64>>,
    },
    /// Each action beats the next half of the circle.
    Cyclic {
        /// Number of actions.
        n: u32,
        /// Strength in [-1, 1]; 1 is rock-paper-scissors.
        strength: f64,
    },
    /// A score of low rank and a link.
    LowRank {
        /// Left factors, Y rows of length r.
        #[serde(rename = "U")]
        u: Vec<Vec<f64>>,
        /// Right factors, Y rows of length r.
        #[serde(rename = "V")]
        v: Vec<Vec<f64>>,
        /// How a score becomes a preference.
        link: Link,
    },
    /// A convex combination of families.
    Mixture {
        /// A distribution over components.
        weights: Vec<f64>,
        /// The components, of one size.
        components: Vec<Family>,
    },
}

/// Sizes above this are refused (a gibibyte of matrix).
const LARGEST: usize = 11_585;

fn check_size(size: usize) -> Result<usize> {
    if size > LARGEST {
        let needed = (size as f64) * (size as f64);
        return Err(Error::too_large("a dense preference matrix", needed, 134_217_728.0, "entries"));
    }
    Ok(size)
}

impl Family {
    /// The preference matrix.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about the field at fault, with its path inside a mixture; [`Error::TooLarge`] above 2^27
    /// entries.
    pub fn preference(&self) -> Result<Preference> {
        match self {
            Family::BradleyTerry { rewards, temperature } => bradley_terry(rewards, temperature.unwrap_or(1.0)),
            Family::Annotators { weights, rewards } => annotators(weights, rewards),
            Family::Cyclic { n, strength } => cyclic(*n as usize, *strength),
            Family::LowRank { u, v, link } => LowRank::new(u, v, *link)?.dense(),
            Family::Mixture { weights, components } => {
                let parts = components.iter().enumerate().map(|(c, family)| {
                    family.preference().map_err(|error| match error {
                        Error::InvalidInput { field, value, expected } => {
                            Error::InvalidInput { field: format!("components[{c}].{field}"), value, expected }
                        }
                        other => other,
                    })
                });
                mixture(weights, &parts.collect::<Result<Vec<_>>>()?)
            }
        }
    }
}

fn finite(field: &str, x: &[f64]) -> Result<()> {
    if x.is_empty() {
        return Err(Error::invalid(field, "empty", "at least one action"));
    }
    match x.iter().position(|x| !x.is_finite()) {
        Some(i) => Err(Error::invalid(format!("{field}[{i}]"), x[i], "a finite number")),
        None => Ok(()),
    }
}

/// Checks that `weights` is a distribution: entries >= 0 of sum 1 within 1e-9, as many as `count`.
///
/// # Errors
/// [`Error::InvalidInput`] about `field`.
pub fn check_weights(field: &str, weights: &[f64], count: usize) -> Result<()> {
    if weights.len() != count || count == 0 {
        let found = format!("{} weights", weights.len());
        return Err(Error::invalid(field, found, format!("{} weights, one each", count.max(1))));
    }
    if let Some(k) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        return Err(Error::invalid(format!("{field}[{k}]"), weights[k], "a weight >= 0"));
    }
    let total = sum(weights.iter().copied());
    if (total - 1.0).abs() > 1e-9 {
        return Err(Error::invalid(field, format!("of sum {total}"), "a distribution: sum 1 within 1e-9"));
    }
    Ok(())
}

/// $\sigma(x) - \tfrac12$, accurate for small $x$.
fn logistic_margin(x: f64) -> f64 {
    0.5 * (0.5 * x).tanh()
}

/// Bradley-Terry: $\sigma((r_i - r_j)/T)$.
///
/// # Errors
/// [`Error::InvalidInput`] about `rewards` or `temperature`.
pub fn bradley_terry(rewards: &[f64], temperature: f64) -> Result<Preference> {
    finite("rewards", rewards)?;
    check_size(rewards.len())?;
    if !(temperature.is_finite() && temperature > 0.0) {
        return Err(Error::invalid("temperature", temperature, "a number > 0"));
    }
    Ok(Preference::from_upper(rewards.len(), |i, j| {
        // Halves first: rewards far apart must not overflow.
        logistic_margin(2.0 * ((0.5 * rewards[i] - 0.5 * rewards[j]) / temperature))
    }))
}

/// A mixture of Bradley-Terry annotators: $\sum_k w_k \sigma(r_{ki} - r_{kj})$.
///
/// # Errors
/// [`Error::InvalidInput`] about `weights` or `rewards`.
pub fn annotators(weights: &[f64], rewards: &[Vec<f64>]) -> Result<Preference> {
    check_weights("weights", weights, rewards.len())?;
    for (k, row) in rewards.iter().enumerate() {
        finite(&format!("rewards[{k}]"), row)?;
        if row.len() != rewards[0].len() {
            let expected = format!("{} rewards, as rewards[0]", rewards[0].len());
            return Err(Error::invalid(format!("rewards[{k}]"), format!("a row of {}", row.len()), expected));
        }
    }
    check_size(rewards[0].len())?;
    Ok(Preference::from_upper(rewards[0].len(), |i, j| {
        sum(weights.iter().zip(rewards).map(|(w, r)| w * logistic_margin(2.0 * (0.5 * r[i] - 0.5 * r[j]))))
    }))
}

/// The regular cycle of `n` actions: $i$ beats the next $\lfloor (n-1)/2 \rfloor$ with $\tfrac12 + \tfrac s2$.
///
/// # Errors
/// [`Error::InvalidInput`] about `n` or `strength`.
pub fn cyclic(n: usize, strength: f64) -> Result<Preference> {
    if n < 1 {
        return Err(Error::invalid("n", n, "at least one action"));
    }
    check_size(n)?;
    if !(strength.is_finite() && strength.abs() <= 1.0) {
        return Err(Error::invalid("strength", strength, "in [-1, 1]"));
    }
    let half = (n - 1) / 2;
    Ok(Preference::from_upper(n, |i, j| match j - i {
        d if d <= half => 0.5 * strength,
        d if n - d <= half => -0.5 * strength,
        _ => 0.0,
    }))
}

/// The convex combination of preferences of one size.
///
/// # Errors
/// [`Error::InvalidInput`] about `weights` or `components`.
pub fn mixture(weights: &[f64], components: &[Preference]) -> Result<Preference> {
    check_weights("weights", weights, components.len())?;
    let size = components[0].size();
    if let Some(c) = components.iter().position(|p| p.size() != size) {
        let found = format!("{} actions", components[c].size());
        return Err(Error::invalid(format!("components[{c}]"), found, format!("{size} actions, as components[0]")));
    }
    let entry = |at: usize| sum(weights.iter().zip(components).map(|(w, p)| w * p.advantages()[at]));
    Preference::from_advantage(size, (0..size * size).map(entry).collect())
}

/// A random game: the entries below the diagonal independent and uniform on [0, 1].
pub fn uniform_random(size: usize, stream: &mut Stream) -> Preference {
    Preference::from_upper(size, |_, _| 0.5 - stream.uniform())
}

/// A random tournament: each pair is won outright by one side, with equal chances.
pub fn sign_random(size: usize, stream: &mut Stream) -> Preference {
    Preference::from_upper(size, |_, _| if stream.uniform() < 0.5 { 0.5 } else { -0.5 })
}

/// The deterministic intransitive game $P_{ij} = \tfrac12 + \tfrac12 \sin(0.7 (i - j)(i + j + 1))$ of the specification.
pub fn sine(size: usize) -> Preference {
    Preference::from_upper(size, |i, j| {
        let (i, j) = (i as f64, j as f64);
        0.5 * (0.7 * (i - j) * (i + j + 1.0)).sin()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotators_can_cycle() {
        // S13 of the specification, 15 digits.
        let rewards = [vec![2.0, 1.0, 0.0], vec![0.0, 2.0, 1.0], vec![1.0, 0.0, 2.0]];
        let p = annotators(&[1.0 / 3.0; 3], &rewards).unwrap().matrix();
        assert!((p[0][1] - 0.527106693094042).abs() < 1e-15);
        assert!((p[0][2] - 0.472893306905957).abs() < 1e-15);
        assert!((p[1][2] - 0.527106693094042).abs() < 1e-15);
    }

    #[test]
    fn cycles_of_both_parities() {
        let p = cyclic(3, 1.0).unwrap().matrix();
        assert_eq!(p, [[0.5, 1.0, 0.0], [0.0, 0.5, 1.0], [1.0, 0.0, 0.5]]);
        let p = cyclic(4, 0.5).unwrap().matrix();
        assert_eq!(p[0], [0.5, 0.75, 0.5, 0.25]);
        assert_eq!(cyclic(1, 1.0).unwrap().matrix(), [[0.5]]);
        assert_eq!(cyclic(2, 1.0).unwrap().matrix(), [[0.5, 0.5], [0.5, 0.5]]);
    }

    #[test]
    fn weights_at_both_ends() {
        let bt = Family::BradleyTerry { rewards: vec![0.0, 3.0, 1e300], temperature: Some(1e-300) };
        let cycle = Family::Cyclic { n: 3, strength: -0.5 };
        let of = |w: f64| Family::Mixture { weights: vec![w, 1.0 - w], components: vec![bt.clone(), cycle.clone()] };
        assert_eq!(of(1.0).preference().unwrap().matrix(), bt.preference().unwrap().matrix());
        assert_eq!(of(0.0).preference().unwrap().matrix(), cycle.preference().unwrap().matrix());
    }

    #[test]
    fn every_bad_parameter_names_its_field() {
        let bad = |text: &str| {
            let family: Family = serde_json::from_str(text).unwrap();
            family.preference().unwrap_err().to_string()
        };
        for (text, field) in [
            (r#"{"family":"bradley_terry","rewards":[]}"#, "rewards is empty"),
            (r#"{"family":"bradley_terry","rewards":[0],"temperature":0}"#, "temperature"),
            (r#"{"family":"annotators","weights":[0.5,0.4],"rewards":[[0],[1]]}"#, "weights is of sum"),
            (r#"{"family":"annotators","weights":[0.5,0.5],"rewards":[[0],[1,2]]}"#, "rewards[1]"),
            (r#"{"family":"annotators","weights":[],"rewards":[]}"#, "weights"),
            (r#"{"family":"cyclic","n":0,"strength":1}"#, "n is 0"),
            (r#"{"family":"cyclic","n":3,"strength":1.5}"#, "strength"),
            (r#"{"family":"low_rank","U":[[1]],"V":[],"link":"linear"}"#, "V"),
            (
                r#"{"family":"mixture","weights":[1],"components":[{"family":"cyclic","n":3,"strength":2}]}"#,
                "components[0].strength",
            ),
            (
                r#"{"family":"mixture","weights":[0.5,0.5],"components":[{"family":"cyclic","n":3,"strength":1},
                   {"family":"cyclic","n":4,"strength":1}]}"#,
                "components[1] is 4 actions",
            ),
        ] {
            assert!(bad(text).starts_with(field), "{text}: {}", bad(text));
        }
        assert!(serde_json::from_str::<Family>(r#"{"family":"random","n":3}"#).is_err());
        assert!(serde_json::from_str::<Family>(r#"{"family":"cyclic","n":3,"strength":1,"extra":0}"#).is_err());
        assert!(
            serde_json::from_str::<Family>(r#"{"family":"low_rank","U":[[1]],"V":[[1]],"link":"probit"}"#).is_err()
        );
    }
}
