//! `sim eval`: a question a line in, an answer a line out, in order.
//!
//! A line is answered alone: with the same seed the same line gives the same answer wherever it stands. A line that cannot
//! be answered gives an error line, and the next is answered. Answers are written out whenever the input pauses.

use crate::arguments::EvalArguments;
use crate::failure::{Failure, Outcome, guarded};
use crate::interrupt;
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::time::{Duration, Instant};
use tilt::lab::{Laboratory, Quantity, Route, Sampling, nearest};
use tilt::sampling::Executor;
use tilt::{Error, Result};

/// Answers that are ready wait no longer than this, even while input is at hand.
const PATIENCE: Duration = Duration::from_millis(50);

pub fn eval(laboratory: &Laboratory, arguments: &EvalArguments) -> Result<Outcome, Failure> {
    let known = |name: &String| laboratory.quantity(name).is_some();
    if let Some(name) = arguments.name.as_ref().filter(|name| !known(name)) {
        let names = laboratory.quantities.iter().map(|quantity| quantity.name);
        return Err(Failure::unknown("quantity", name, names, "sim quantities"));
    }
    interrupt::at_once();
    // A fault inside a quantity becomes the error of its line; the hook would print it as well.
    std::panic::set_hook(Box::new(|_| {}));
    let mut input = BufReader::with_capacity(1 << 16, std::io::stdin().lock());
    let mut output = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let (mut line, mut good, mut flushed) = (Vec::new(), true, Instant::now());
    loop {
        line.clear();
        let length = input
            .read_until(b'\n', &mut line)
            .map_err(|error| Failure::input(format!("standard input: {error}"), None))?;
        if length == 0 {
            break;
        }
        let line = line.trim_ascii();
        if !line.is_empty() {
            let reply = reply(line, laboratory, arguments);
            good &= !reply.contains_key("error");
            serde_json::to_writer(&mut output, &reply).map_err(std::io::Error::from)?;
            output.write_all(b"\n")?;
        }
        if input.buffer().is_empty() || flushed.elapsed() > PATIENCE {
            output.flush()?;
            flushed = Instant::now();
        }
    }
    output.flush()?;
    Ok(Outcome::of(good))
}

/// Why a line has no answer.
struct Refusal {
    kind: &'static str,
    field: Option<String>,
    message: String,
}

impl Refusal {
    fn new(kind: &'static str, field: Option<&str>, message: impl Into<String>) -> Refusal {
        Refusal { kind, field: field.map(str::to_string), message: message.into() }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let message = error.to_string();
        match error {
            Error::InvalidInput { field, .. } => Refusal { kind: "invalid_input", field: Some(field), message },
            Error::TooLarge { .. } => Refusal::new("too_large", None, message),
            _ => Refusal::new("not_converged", None, message),
        }
    }
}

/// The line to print for one line of input.
fn reply(line: &[u8], laboratory: &Laboratory, arguments: &EvalArguments) -> Map<String, Value> {
    let mut reply = Map::new();
    let answer = match serde_json::from_slice::<Value>(line) {
        Ok(line) => {
            if let Some(id) = line.get("id") {
                reply.insert("id".to_string(), id.clone());
            }
            question(line, laboratory, arguments).and_then(|question| question.answer(arguments))
        }
        Err(error) => Err(Refusal::new("bad_json", None, error.to_string())),
    };
    match answer {
        Ok(fields) => reply.extend(fields),
        Err(refusal) => {
            let mut error = Map::from_iter([("kind".to_string(), refusal.kind.into())]);
            error.extend(refusal.field.map(|field| ("field".to_string(), field.into())));
            error.insert("message".to_string(), refusal.message.into());
            reply.insert("error".to_string(), error.into());
        }
    }
    reply
}

/// A line, understood.
struct Question<'a> {
    quantity: &'a Quantity,
    route: Route,
    input: Value,
}

fn question<'a>(line: Value, laboratory: &'a Laboratory, arguments: &EvalArguments) -> Result<Question<'a>, Refusal> {
    let invalid = |field: &str, message: String| Err(Refusal::new("invalid_input", Some(field), message));
    let mut envelope = match line {
        // With a quantity named on the command line, what has no input is the input.
        line if arguments.name.is_some() && line.get("input").is_none() => {
            Map::from_iter([("input".to_string(), line)])
        }
        Value::Object(envelope) => envelope,
        _ => {
            return Err(Refusal::new(
                "invalid_input",
                None,
                "the line is no object; expected one with \"quantity\" and \"input\"",
            ));
        }
    };
    const KEYS: [&str; 4] = ["quantity", "input", "route", "id"];
    if let Some(key) = envelope.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let hint = nearest(key, KEYS).map_or(String::new(), |near| format!("{near}, or "));
        return invalid(key, format!("{key} is an unknown key; expected {hint}one of {}", KEYS.join(", ")));
    }
    let name = match envelope.get("quantity") {
        Some(Value::String(name)) => name,
        Some(other) => return invalid("quantity", format!("quantity is {other}; expected the name of a quantity")),
        None => match &arguments.name {
            Some(name) => name,
            None => return invalid("quantity", "quantity is missing; expected the name of a quantity".to_string()),
        },
    };
    let quantity = laboratory.quantity(name).ok_or_else(|| {
        let hint = match nearest(name, laboratory.quantities.iter().map(|quantity| quantity.name)) {
            Some(near) => format!("the nearest name is {near}"),
            None => "`sim quantities` lists all".to_string(),
        };
        Refusal::new("unknown_quantity", Some("quantity"), format!("there is no quantity {name:?}; {hint}"))
    })?;
    let route = match envelope.get("route") {
        None => arguments.route,
        Some(Value::String(name)) => name.parse().map_err(|_| no_such_route(quantity, name))?,
        Some(other) => return invalid("route", format!("route is {other}; expected the name of a route")),
    };
    match envelope.remove("input") {
        Some(input) => Ok(Question { quantity, route, input }),
        None => invalid("input", format!("input is missing; expected the input of {}", quantity.name)),
    }
}

fn no_such_route(quantity: &Quantity, route: &str) -> Refusal {
    let routes: Vec<&str> = quantity.routes().map(Route::name).collect();
    let message = format!("{} has no route {route:?}; its routes: {}", quantity.name, routes.join(", "));
    Refusal::new("no_such_route", Some("route"), message)
}

impl Question<'_> {
    fn answer(&self, arguments: &EvalArguments) -> Result<Map<String, Value>, Refusal> {
        // Labels must not repeat in an executor, and no line may depend on those before it.
        let executor = Executor::new(arguments.seed, self.quantity.name);
        let sampling = Sampling { executor: &executor, samples: arguments.samples };
        if !self.quantity.routes().any(|route| route == self.route) {
            return Err(no_such_route(self.quantity, self.route.name()));
        }
        let answer = guarded(|| match self.quantity.answer(self.route, &self.input, &sampling) {
            Some(answer) => answer,
            None => Err(Error::invalid("route", self.route, "a route of the quantity")),
        })?;
        let mut fields = Map::new();
        let mut put = |key: &str, value: Value| fields.insert(key.to_string(), value);
        put("quantity", self.quantity.name.into());
        put("route", self.route.name().into());
        put("output", answer.output);
        if let Some((stderr, samples)) = answer.simulated {
            put("stderr", stderr);
            put("samples", json!(samples));
            put("seed", json!(arguments.seed));
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{Arguments, Command};
    use clap::Parser;
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use tilt::lab::Estimate;

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Input {
        x: f64,
    }

    #[derive(Serialize, JsonSchema)]
    struct Output {
        y: f64,
    }

    fn laboratory() -> Laboratory {
        let quantity =
            Quantity::new::<Input, Output>("example.identity", "x", |draw| Input { x: draw.uniform(0.0, 1.0) })
                .exact::<Input, Output>(0.0, |input| match input.x {
                    x if x < 0.0 => panic!("negative"),
                    x if x > 10.0 => Err(Error::too_large("the table", x, 10.0, "entries")),
                    y => Ok(Output { y }),
                })
                .monte_carlo::<Input, Output>(|input, sampling| {
                    let moments = sampling.moments(1, |stream, out| out[0] = input.x + stream.uniform() - 0.5)?;
                    let stderr = Output { y: moments.standard_errors()[0] };
                    Ok(Estimate { output: Output { y: moments.means()[0] }, stderr, samples: sampling.samples })
                });
        Laboratory { quantities: vec![quantity], ..Laboratory::default() }
    }

    fn answer(flags: &[&str], line: &str) -> Value {
        let words = ["sim", "eval", "--samples", "1000"];
        let arguments = Arguments::parse_from(words.iter().chain(flags));
        let Some(Command::Eval(arguments)) = arguments.command else { panic!("not eval") };
        reply(line.as_bytes(), &laboratory(), &arguments).into()
    }

    #[test]
    fn a_simulated_answer_has_its_error_its_draws_and_its_seed_and_repeats() {
        let line = r#"{"quantity": "example.identity", "input": {"x": 2}, "route": "monte_carlo", "id": {"a": 1}}"#;
        let reply = answer(&["--seed", "7"], line);
        let keys: Vec<&String> = reply.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["id", "quantity", "route", "output", "stderr", "samples", "seed"]);
        assert_eq!((&reply["samples"], &reply["seed"], &reply["id"]), (&json!(1000), &json!(7), &json!({"a": 1})));
        // A uniform has standard deviation 1/sqrt(12).
        let (mean, error) = (reply["output"]["y"].as_f64().unwrap(), reply["stderr"]["y"].as_f64().unwrap());
        assert!((error / (12_000f64).sqrt().recip() - 1.0).abs() < 0.2 && (mean - 2.0).abs() < 6.0 * error);
        assert_eq!(answer(&["--seed", "7"], line), reply);
        assert_eq!(
            answer(&["--seed", "7", "--route", "monte_carlo", "example.identity"], r#"{"x": 2}"#)["output"],
            reply["output"]
        );
        assert_ne!(answer(&["--seed", "8"], line)["output"], reply["output"]);
    }

    #[test]
    fn every_kind_of_error() {
        let kind = |line: &str| answer(&["example.identity"], line)["error"]["kind"].as_str().unwrap().to_string();
        assert_eq!(kind("{"), "bad_json");
        assert_eq!(kind(r#"{"x": "1"}"#), "invalid_input");
        assert_eq!(kind(r#"{"x": 1, "y": 2}"#), "invalid_input");
        assert_eq!(kind(r#"{"x": 11}"#), "too_large");
        assert_eq!(kind(r#"{"x": -1}"#), "not_converged");
        assert_eq!(kind(r#"{"quantity": "example.identiti", "input": {"x": 1}}"#), "unknown_quantity");
        assert_eq!(kind(r#"{"route": "tch", "input": {"x": 1}}"#), "no_such_route");
        assert_eq!(kind(r#"{"route": "exactly", "input": {"x": 1}}"#), "no_such_route");
        assert_eq!(kind(r#"{"route": 3, "input": {"x": 1}}"#), "invalid_input");
    }

    #[test]
    fn a_fault_names_itself_and_the_id_is_kept() {
        let reply = answer(&[], r#"{"quantity": "example.identity", "input": {"x": -1}, "id": null}"#);
        assert!(reply["error"]["message"].as_str().unwrap().contains("negative"), "{reply}");
        assert_eq!(reply.get("id"), Some(&Value::Null));
        assert!(reply["error"].get("field").is_none());
    }
}
