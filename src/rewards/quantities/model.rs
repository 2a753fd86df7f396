//! Decision processes and rewards as they enter: nested arrays, sparse entries, or files.
//!
//! | process | fields |
//! |---|---|
//! | dense | `P[S][A][S]`, `mu0[S]`, `gamma` |
//! | sparse | `states`, `actions`, `transitions` (a list of `[s, a, s', p]`), `mu0`, `gamma` |
//! | file | `file`: JSON with the fields above; `transitions_file`: CSV lines `s,a,s',p`, beside `states`, `actions`, `mu0`, `gamma` |
//!
//! A reward is `R[S][A][S]`, or `{"transitions": [[s, a, s', r], ...]}` with 0 elsewhere, or `{"file": "r.json"}`, or
//! `{"file": "r.csv"}` with lines `s,a,s',r`. Lines of a CSV file that begin with a letter or `#` are skipped.

use crate::lab::Instances;
use crate::rewards::mdp::Mdp;
use crate::rewards::policy::Policy;
use crate::rewards::reward::Reward;
use crate::{Error, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::fmt;

/// One stored transition: state, action, next state, and a probability or a reward.
type Entry = (usize, usize, usize, f64);

/// A decision process without reward.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MdpInput {
    /// Probability of the next state: `P[s][a][s']`.
    #[serde(rename = "P", default, skip_serializing_if = "Option::is_none")]
    pub p: Option<Vec<Vec<Vec<f64>>>>,
    /// Law of the first state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mu0: Option<Vec<f64>>,
    /// Discount, 0 <= gamma < 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gamma: Option<f64>,
    /// Number of states of a sparse process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<usize>,
    /// Number of actions of a sparse process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<usize>,
    /// Entries `[s, a, s', p]` of a sparse process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Entry>>,
    /// A CSV file of such entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transitions_file: Option<String>,
    /// A JSON file with the fields above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl MdpInput {
    /// A dense process.
    pub fn dense(p: Vec<Vec<Vec<f64>>>, mu0: Vec<f64>, gamma: f64) -> Self {
        MdpInput { p: Some(p), mu0: Some(mu0), gamma: Some(gamma), ..MdpInput::default() }
    }

    /// The validated process.
    ///
    /// # Errors
    /// Fields below `mdp`; [`Error::File`].
    pub fn build(&self) -> Result<Mdp> {
        if let Some(path) = &self.file {
            let inner: MdpInput = read_json(path)?;
            if inner.file.is_some() {
                return Err(Error::invalid("mdp.file", path, "a file that holds the process itself"));
            }
            return inner.build();
        }
        let missing = |field: &str, what: &str| Error::invalid(format!("mdp.{field}"), "missing", what);
        let mu0 = self.mu0.as_ref().ok_or_else(|| missing("mu0", "the law of the first state"))?;
        let gamma = self.gamma.ok_or_else(|| missing("gamma", "a discount with 0 <= gamma < 1"))?;
        let entries = match (&self.p, &self.transitions, &self.transitions_file) {
            (Some(p), None, None) => return Mdp::new(p, mu0, gamma).map_err(within_mdp),
            (None, Some(entries), None) => entries.clone(),
            (None, None, Some(path)) => read_csv(path)?,
            (None, None, None) => return Err(missing("P", "P[S][A][S], or transitions")),
            _ => return Err(Error::invalid("mdp.P", "given beside transitions", "one form of the process")),
        };
        let states = self.states.ok_or_else(|| missing("states", "the number of states"))?;
        let actions = self.actions.ok_or_else(|| missing("actions", "the number of actions"))?;
        Mdp::sparse(states, actions, &entries, mu0, gamma).map_err(within_mdp)
    }
}

/// The error of a field of the process, as a field of the input.
fn within_mdp(error: Error) -> Error {
    match error {
        Error::InvalidInput { field, value, expected } => Error::invalid(format!("mdp.{field}"), value, expected),
        other => other,
    }
}

fn file_error(path: &str, message: impl fmt::Display) -> Error {
    Error::File { path: path.to_string(), message: message.to_string() }
}

fn read_json<T: DeserializeOwned>(path: &str) -> Result<T> {
    let text = std::fs::read_to_string(path).map_err(|error| file_error(path, error))?;
    let mut reader = serde_json::Deserializer::from_str(&text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| file_error(path, error))
}

fn read_csv(path: &str) -> Result<Vec<Entry>> {
    let text = std::fs::read_to_string(path).map_err(|error| file_error(path, error))?;
    let mut entries = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(|c: char| c.is_alphabetic() || c == '#') {
            continue;
        }
        let wrong = || file_error(path, format!("line {}: `{line}`; expected s,a,s',value", number + 1));
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let [s, a, t, x] = cells[..] else { return Err(wrong()) };
        let index = |text: &str| text.parse::<usize>().map_err(|_| wrong());
        entries.push((index(s)?, index(a)?, index(t)?, x.parse::<f64>().map_err(|_| wrong())?));
    }
    Ok(entries)
}

/// A reward as it enters.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum RewardInput {
    /// `R[s][a][s']`.
    Dense(Vec<Vec<Vec<f64>>>),
    /// Entries, or a file of either form.
    Elsewhere(RewardSource),
}

/// Entries of a reward, or the file that holds it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RewardSource {
    /// Entries `[s, a, s', r]`; transitions not named have reward 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Entry>>,
    /// A CSV file of such entries, or a JSON file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

struct RewardVisitor;

impl<'de> Visitor<'de> for RewardVisitor {
    type Value = RewardInput;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("R[S][A][S], or an object with `transitions` or `file`")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<RewardInput, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(sequence)).map(RewardInput::Dense)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RewardInput, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(map)).map(RewardInput::Elsewhere)
    }
}

impl<'de> Deserialize<'de> for RewardInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RewardInput, D::Error> {
        deserializer.deserialize_any(RewardVisitor)
    }
}

impl JsonSchema for RewardInput {
    fn schema_name() -> Cow<'static, str> {
        "Reward".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let source = generator.subschema_for::<RewardSource>();
        let numbers = json_schema!({"type": "array", "items": {"type": "array", "items": {"type": "array",
            "items": {"type": "number"}}}});
        json_schema!({"anyOf": [numbers, source]})
    }
}

impl RewardInput {
    /// The validated reward, named `field` in errors.
    ///
    /// # Errors
    /// `field` with its indices; [`Error::File`].
    pub fn build(&self, mdp: &Mdp, field: &str) -> Result<Reward> {
        let source = match self {
            RewardInput::Dense(rows) => return Reward::new(mdp, field, rows),
            RewardInput::Elsewhere(source) => source,
        };
        match (&source.transitions, &source.file) {
            (Some(entries), None) => of_entries(mdp, field, entries),
            (None, Some(path)) if path.ends_with(".json") => match read_json(path)? {
                RewardInput::Elsewhere(RewardSource { file: Some(_), .. }) => {
                    Err(Error::invalid(format!("{field}.file"), path, "a file that holds the reward itself"))
                }
                reward => reward.build(mdp, field),
            },
            (None, Some(path)) => of_entries(mdp, field, &read_csv(path)?),
            _ => Err(Error::invalid(field, "without a reward", "either `transitions` or `file`")),
        }
    }
}

/// The reward with the given entries and 0 elsewhere; entries of one transition are added up.
fn of_entries(mdp: &Mdp, field: &str, entries: &[Entry]) -> Result<Reward> {
    let mut values = vec![0.0; mdp.transitions().stored()];
    for (i, &(s, a, t, r)) in entries.iter().enumerate() {
        let mut found = None;
        if s < mdp.states() && a < mdp.actions() {
            let pair = s * mdp.actions() + a;
            mdp.transitions()
                .visit(mdp.states(), pair, |target, _, at| found = if target == t { Some(at) } else { found });
        }
        match found {
            Some(at) => values[at] += r,
            None => {
                let found = format!("({s}, {a}, {t}, {r})");
                return Err(Error::invalid(format!("{field}.transitions[{i}]"), found, "a transition of the process"));
            }
        }
    }
    Reward::on_transitions(mdp, field, values)
}

/// The policy given, or the uniform one.
///
/// # Errors
/// `field` with its indices.
pub fn policy_or_uniform(mdp: &Mdp, field: &str, rows: Option<&Vec<Vec<f64>>>) -> Result<Policy> {
    rows.map_or_else(|| Ok(Policy::uniform(mdp)), |rows| Policy::new(mdp, field, rows))
}

/// Values on pairs as rows, one a state.
pub fn by_state(mdp: &Mdp, x: &[f64]) -> Vec<Vec<f64>> {
    x.chunks_exact(mdp.actions()).map(<[f64]>::to_vec).collect()
}

/// A random process of 1 to 4 states and 1 to 3 actions: zeros, unreachable states, gamma = 0 now and then.
pub fn random_mdp(draw: &mut Instances) -> MdpInput {
    let (states, actions) = (draw.count(1, 4) as usize, draw.count(1, 3) as usize);
    random_mdp_of(draw, states, actions)
}

/// A random process of the given size.
pub fn random_mdp_of(draw: &mut Instances, states: usize, actions: usize) -> MdpInput {
    let p = (0..states).map(|_| (0..actions).map(|_| draw.law(states)).collect()).collect();
    let gamma = if draw.chance(0.1) { 0.0 } else { draw.uniform(0.1, 0.95) };
    MdpInput::dense(p, draw.law(states), gamma)
}

/// Numbers of states and actions of a dense process.
pub fn shape(mdp: &MdpInput) -> (usize, usize) {
    let p = mdp.p.as_deref().unwrap_or(&[]);
    (p.len(), p.first().map_or(0, Vec::len))
}

/// A random reward; one in ten is constant, hence trivial.
pub fn random_reward(draw: &mut Instances, mdp: &MdpInput) -> RewardInput {
    let (states, actions) = shape(mdp);
    let constant = draw.chance(0.1).then(|| draw.uniform(-2.0, 3.0));
    let mut row = || constant.map_or_else(|| draw.rewards(states), |c| vec![c; states]);
    RewardInput::Dense((0..states).map(|_| (0..actions).map(|_| row()).collect()).collect())
}

/// A random policy.
pub fn random_policy(draw: &mut Instances, mdp: &MdpInput) -> Vec<Vec<f64>> {
    let (states, actions) = shape(mdp);
    (0..states).map(|_| draw.law(actions)).collect()
}
