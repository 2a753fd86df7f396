//! Studies: sweeps of quantities over inputs, with tables, figures and checks.

use super::quantity::from_value;
use super::{Report, Sampling, nearest};
use crate::sampling::Executor;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A file of `sims/`: which study, with which parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// The study's name.
    pub study: String,
    /// The seed; 1 if absent.
    #[serde(default = "first_seed")]
    pub seed: u64,
    /// Parameters; what is absent keeps the study's default.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// Overrides for a run of seconds.
    #[serde(default)]
    pub quick: Map<String, Value>,
}

fn first_seed() -> u64 {
    1
}

/// What a study may use beside its parameters.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Runs repetitions in blocks and keeps what is finished.
    pub executor: &'a Executor,
}

impl Run<'_> {
    /// The sampling of a Monte-Carlo route with `samples` draws.
    pub fn sampling(&self, samples: u64) -> Sampling<'_> {
        Sampling { executor: self.executor, samples }
    }

    /// `compute`, or what an interrupted run has already computed under this key. For exact cells that take long.
    pub fn memo<T: Serialize + DeserializeOwned>(&self, key: &str, compute: impl FnOnce() -> Result<T>) -> Result<T> {
        self.executor.memo(key, compute)
    }
}

type ParameterCheck = Box<dyn Fn(&Value) -> Result<()> + Send + Sync>;
type StudyFunction = Box<dyn Fn(&Value, &Run) -> Result<Report> + Send + Sync>;

/// A study: what it is about, its parameters and its run.
pub struct Study {
    /// `<engine>/<name>`; the file in `sims/` has the same name.
    pub name: &'static str,
    /// What question it answers, in one line.
    pub title: &'static str,
    /// Paper and experiment, honestly tagged.
    pub paper: &'static str,
    /// Claims that it shows.
    pub claims: &'static [&'static str],
    /// Time of a full and of a quick run on two cores.
    pub cost: &'static str,
    /// The TOML of `sims/`, embedded: its parameters are the defaults.
    pub file: &'static str,
    /// JSON Schema of the parameters, with every field's unit and range.
    pub schema: fn() -> Value,
    run: StudyFunction,
    check_parameters: ParameterCheck,
}

impl Study {
    /// A study `name` with the defaults of its embedded `sims/` file and its run function.
    pub fn new<P: DeserializeOwned + JsonSchema + 'static>(
        name: &'static str,
        file: &'static str,
        run: impl Fn(&P, &Run) -> Result<Report> + Send + Sync + 'static,
    ) -> Self {
        Study {
            name,
            title: "",
            paper: "",
            claims: &[],
            cost: "",
            file,
            schema: || schemars::schema_for!(P).to_value(),
            run: Box::new(move |parameters, context| run(&from_value::<P>(parameters)?, context)),
            check_parameters: Box::new(|parameters| from_value::<P>(parameters).map(drop)),
        }
    }

    /// Sets what the study is about: title, paper, claims, cost.
    pub fn about(
        mut self,
        title: &'static str,
        paper: &'static str,
        claims: &'static [&'static str],
        cost: &'static str,
    ) -> Self {
        (self.title, self.paper, self.claims, self.cost) = (title, paper, claims, cost);
        self
    }

    /// The embedded file of `sims/`: the study's defaults.
    ///
    /// # Errors
    /// If the file is not a run file of this study: a mistake of the study, found by a test.
    pub fn defaults(&self) -> Result<RunFile> {
        let file: RunFile = toml::from_str(self.file).map_err(|e| Error::invalid(self.name, e, "a run file"))?;
        if file.study != self.name {
            return Err(Error::invalid("study", &file.study, self.name));
        }
        Ok(file)
    }

    /// The defaults with `layers` of overrides laid over them, later ones on top, checked against the parameter type.
    pub fn parameters(&self, layers: &[&Map<String, Value>]) -> Result<Value> {
        let mut merged = self.defaults()?.parameters;
        for layer in layers {
            for (key, value) in *layer {
                if !merged.contains_key(key) {
                    let names: Vec<&str> = merged.keys().map(String::as_str).collect();
                    let hint = nearest(key, names.iter().copied()).map_or(String::new(), |name| format!("{name}, or "));
                    return Err(Error::invalid(key, "no parameter", format!("{hint}one of {}", names.join(", "))));
                }
                merged.insert(key.clone(), value.clone());
            }
        }
        let merged = Value::Object(merged);
        (self.check_parameters)(&merged)?;
        Ok(merged)
    }

    /// Runs the study with complete parameters, as [`parameters`](Self::parameters) returns them.
    pub fn run(&self, parameters: &Value, context: &Run) -> Result<Report> {
        (self.run)(parameters, context)
    }
}
