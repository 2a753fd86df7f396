//! Quantities and their routes: the table that everything else is built from.

use super::Instances;
use super::real::to_json;
use crate::sampling::{Executor, Plan, Stream, VectorMoments};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// One way to compute a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// Closed form, dynamic program, enumeration, quadrature: carries a relative rounding bound.
    Exact,
    /// Limit theorem or expansion: carries the stated order of its error.
    Asymptotic,
    /// Simulation on the processor: carries standard errors.
    MonteCarlo,
    /// Batched on libtorch: carries standard errors where it simulates.
    Tch,
}

impl Route {
    /// All routes, in the order of the tables.
    pub const ALL: [Route; 4] = [Route::Exact, Route::Asymptotic, Route::MonteCarlo, Route::Tch];

    /// The name in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Route::Exact => "exact",
            Route::Asymptotic => "asymptotic",
            Route::MonteCarlo => "monte_carlo",
            Route::Tch => "tch",
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Route {
    type Err = Error;
    fn from_str(name: &str) -> Result<Route> {
        let found = Route::ALL.into_iter().find(|route| route.name() == name);
        found.ok_or_else(|| Error::invalid("route", name, "exact, asymptotic, monte_carlo or tch"))
    }
}

/// What a simulating route needs beside its input.
#[derive(Clone, Copy)]
pub struct Sampling<'a> {
    /// Runs repetitions in blocks, at addressed streams.
    pub executor: &'a Executor,
    /// Number of draws.
    pub samples: u64,
}

impl Sampling<'_> {
    /// Moments of the `components` numbers that `draw` writes, over all draws; each draw has a stream of its own.
    pub fn moments(&self, components: usize, draw: impl Fn(&mut Stream, &mut [f64]) + Sync) -> Result<VectorMoments> {
        self.executor.run(
            "draws",
            &Plan::fixed(self.samples),
            || VectorMoments::new(components),
            |block, moments| {
                let mut numbers = vec![0.0; components];
                for mut stream in block.streams() {
                    draw(&mut stream, &mut numbers);
                    moments.add(&numbers);
                }
                Ok(())
            },
        )
    }
}

/// A simulated output: means and their standard errors in the same shape, fields that are not random repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate<O> {
    /// Estimates.
    pub output: O,
    /// Standard errors, 0 for what is not random.
    pub stderr: O,
    /// Number of draws behind them.
    pub samples: u64,
}

/// An answer with its types erased.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The output.
    pub output: Value,
    /// Standard errors in the shape of the output, and the number of draws.
    pub simulated: Option<(Value, u64)>,
}

type RouteFunction = Box<dyn Fn(&Value, &Sampling) -> Result<Answer> + Send + Sync>;

struct RouteEntry {
    route: Route,
    accuracy: String,
    /// Relative rounding bound of an exact route.
    rounding: Option<f64>,
    answer: RouteFunction,
}

type LimitInput = Box<dyn Fn(&mut Instances, u32) -> Value + Send + Sync>;
type StatedError = Box<dyn Fn(&Value, &str) -> Result<f64> + Send + Sync>;

/// Where an asymptotic route is held against the exact one, and how close it has to be there.
struct Limit {
    input: LimitInput,
    error: StatedError,
}

/// A named number, or a few, that a model defines, with the routes that compute it.
///
/// ```
/// use tilt::lab::{Quantity, Route};
/// #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Input { x: f64 }
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Output { square: f64 }
/// let square = Quantity::new::<Input, Output>("example.square", "x^2", |draw| Input { x: draw.uniform(-1.0, 1.0) })
///     .exact::<Input, Output>(1e-16, |input| Ok(Output { square: input.x * input.x }));
/// assert_eq!(square.routes().collect::<Vec<_>>(), [Route::Exact]);
/// ```
pub struct Quantity {
    /// `<engine>.<name>`.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// JSON Schema of the input.
    pub input_schema: fn() -> Value,
    /// JSON Schema of the output.
    pub output_schema: fn() -> Value,
    random: Box<dyn Fn(&mut Instances) -> Value + Send + Sync>,
    routes: Vec<RouteEntry>,
    limit: Option<Limit>,
}

fn schema_of<T: JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}

/// The schema of an output, where every number may be an infinity.
fn output_schema_of<T: JsonSchema>() -> Value {
    fn widen(schema: &mut Value) {
        match schema {
            Value::Object(fields) if fields.get("type").is_some_and(|kind| kind == "number") => {
                *schema = serde_json::json!({"anyOf": [{"type": "number"}, {"enum": ["inf", "-inf"]}]});
            }
            Value::Object(fields) => fields.values_mut().for_each(widen),
            Value::Array(items) => items.iter_mut().for_each(widen),
            _ => {}
        }
    }
    let mut schema = schema_of::<T>();
    widen(&mut schema);
    schema
}

/// Reads a typed input; an error names the field by its path.
pub(crate) fn from_value<I: DeserializeOwned>(input: &Value) -> Result<I> {
    serde_path_to_error::deserialize(input).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        // A missing field is reported at the parent's path, an unknown one at its own; its name is between back-ticks.
        let named = message.split('`').nth(1).filter(|_| message.contains(" field `"));
        let field = match (path.as_str(), named) {
            (".", Some(name)) => name.to_string(),
            (".", None) => "input".to_string(),
            (path, Some(name)) if message.starts_with("missing") => format!("{path}.{name}"),
            (path, _) => path.to_string(),
        };
        if let Some(rest) = message.strip_prefix("missing field") {
            return Error::invalid(field, "missing", format!("a value for{rest}"));
        }
        if message.starts_with("unknown field") {
            let expected = message.split_once("expected ").map_or("no such field", |(_, names)| names);
            return Error::invalid(field, "an unknown field", expected);
        }
        match message.split_once(", expected ") {
            Some((found, expected)) => {
                let found = found.split_once(": ").map_or(found, |(_, value)| value);
                Error::invalid(field, found, plainly(expected))
            }
            None => Error::invalid(field, &message, "valid JSON for this quantity"),
        }
    })
}

/// What serde expected, without the names of Rust's types.
fn plainly(expected: &str) -> &str {
    match expected {
        "u64" | "u32" | "usize" => "a whole number >= 0",
        "i64" | "i32" | "isize" => "a whole number",
        "f64" => "a number",
        "a sequence" => "an array",
        name if name.starts_with("struct ") => "an object",
        other => other,
    }
}

impl Quantity {
    /// A quantity without routes. `random` draws an input for the cross-checks and property tests.
    pub fn new<I: Serialize + JsonSchema + 'static, O: JsonSchema + 'static>(
        name: &'static str,
        about: &'static str,
        random: impl Fn(&mut Instances) -> I + Send + Sync + 'static,
    ) -> Self {
        Quantity {
            name,
            about,
            input_schema: schema_of::<I>,
            output_schema: output_schema_of::<O>,
            random: Box::new(move |draw| serde_json::to_value(random(draw)).unwrap_or(Value::Null)),
            routes: Vec::new(),
            limit: None,
        }
    }

    fn route(mut self, route: Route, accuracy: String, rounding: Option<f64>, answer: RouteFunction) -> Self {
        self.routes.push(RouteEntry { route, accuracy, rounding, answer });
        self
    }

    fn deterministic<I: DeserializeOwned + 'static, O: Serialize + 'static>(
        compute: impl Fn(I) -> Result<O> + Send + Sync + 'static,
    ) -> RouteFunction {
        Box::new(move |input, _| Ok(Answer { output: to_json(&compute(from_value(input)?)?)?, simulated: None }))
    }

    /// Adds the exact route, accurate to the relative error `rounding`.
    pub fn exact<I: DeserializeOwned + 'static, O: Serialize + 'static>(
        self,
        rounding: f64,
        compute: impl Fn(I) -> Result<O> + Send + Sync + 'static,
    ) -> Self {
        self.route(Route::Exact, format!("relative {rounding:e}"), Some(rounding), Self::deterministic(compute))
    }

    /// Adds the asymptotic route, whose error is of the stated order.
    pub fn asymptotic<I: DeserializeOwned + 'static, O: Serialize + 'static>(
        self,
        order: &'static str,
        compute: impl Fn(I) -> Result<O> + Send + Sync + 'static,
    ) -> Self {
        self.route(Route::Asymptotic, order.to_string(), None, Self::deterministic(compute))
    }

    /// Says where the asymptotic route is held against the exact one, so that its stated order is checked and not only
    /// stated: `input` draws a model and takes it a number of steps towards the limit, `error` is the stated size of the
    /// error of a field of the output at an input, its constant included.
    pub fn in_the_limit<I: Serialize + DeserializeOwned + 'static>(
        mut self,
        input: impl Fn(&mut Instances, u32) -> I + Send + Sync + 'static,
        error: impl Fn(&I, &str) -> f64 + Send + Sync + 'static,
    ) -> Self {
        self.limit = Some(Limit {
            input: Box::new(move |draw, step| serde_json::to_value(input(draw, step)).unwrap_or(Value::Null)),
            error: Box::new(move |input, field| Ok(error(&from_value(input)?, field))),
        });
        self
    }

    /// The model of `draw`, `step` steps towards the limit of the asymptotic route; `None` if no limit is stated.
    pub(super) fn limit_input(&self, draw: &mut Instances, step: u32) -> Option<Value> {
        self.limit.as_ref().map(|limit| (limit.input)(draw, step))
    }

    /// The stated size of the error of `field` at `input`; infinite if no limit is stated.
    pub(super) fn stated_error(&self, input: &Value, field: &str) -> Result<f64> {
        self.limit.as_ref().map_or(Ok(f64::INFINITY), |limit| (limit.error)(input, field))
    }

    fn simulated<I: DeserializeOwned + 'static, O: Serialize + 'static>(
        simulate: impl Fn(I, &Sampling) -> Result<Estimate<O>> + Send + Sync + 'static,
    ) -> RouteFunction {
        Box::new(move |input, sampling| {
            let estimate = simulate(from_value(input)?, sampling)?;
            let stderr = to_json(&estimate.stderr)?;
            Ok(Answer { output: to_json(&estimate.output)?, simulated: Some((stderr, estimate.samples)) })
        })
    }

    /// Adds the Monte-Carlo route.
    pub fn monte_carlo<I: DeserializeOwned + 'static, O: Serialize + 'static>(
        self,
        simulate: impl Fn(I, &Sampling) -> Result<Estimate<O>> + Send + Sync + 'static,
    ) -> Self {
        self.route(Route::MonteCarlo, "standard errors".to_string(), None, Self::simulated(simulate))
    }

    /// The routes there are.
    pub fn routes(&self) -> impl Iterator<Item = Route> + '_ {
        self.routes.iter().map(|entry| entry.route)
    }

    /// How exact a route is, in words.
    pub fn accuracy(&self, route: Route) -> Option<&str> {
        self.routes.iter().find(|entry| entry.route == route).map(|entry| entry.accuracy.as_str())
    }

    /// The relative rounding bound of the exact route.
    pub fn rounding(&self) -> Option<f64> {
        self.routes.iter().find_map(|entry| entry.rounding)
    }

    /// A random input.
    pub fn random_input(&self, draw: &mut Instances) -> Value {
        (self.random)(draw)
    }

    /// Answers by one route; `None` if the quantity has no such route.
    pub fn answer(&self, route: Route, input: &Value, sampling: &Sampling) -> Option<Result<Answer>> {
        let entry = self.routes.iter().find(|entry| entry.route == route)?;
        Some((entry.answer)(input, sampling))
    }
}
