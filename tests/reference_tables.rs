//! The exact route of every quantity against the reference tables `reference/<engine>.json`: values of the specifications and
//! independent computations in many digits, made by `reference/make_<engine>.py`.

use serde::Deserialize;
use serde_json::Value;
use tilt::lab::{Route, Sampling};
use tilt::sampling::Executor;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    quantity: String,
    input: Value,
    output: Value,
    rtol: f64,
    origin: String,
}

/// Collects every difference beyond `allowed` of the wanted number; words, nulls and infinities must be equal. Only the fields
/// that the case gives are compared.
fn compare(path: &str, found: &Value, wanted: &Value, allowed: &impl Fn(f64) -> f64, wrong: &mut Vec<String>) {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            for (key, wanted) in wanted {
                match found.get(key) {
                    Some(found) => compare(&format!("{path}.{key}"), found, wanted, allowed, wrong),
                    None => wrong.push(format!("{path}.{key} is missing")),
                }
            }
        }
        (Value::Array(found), Value::Array(wanted)) if found.len() == wanted.len() => {
            for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                compare(&format!("{path}[{i}]"), found, wanted, allowed, wrong);
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            if (a - b).abs() > allowed(b) {
                wrong.push(format!("{path}: {a:e} instead of {b:e}"));
            }
        }
        _ if found == wanted => {}
        _ => wrong.push(format!("{path}: {found} instead of {wanted}")),
    }
}

/// Holds every case of `table`, at least `least`, with an allowance of `rtol |b| + absolute(b)` for the number b.
fn hold(table: &str, absolute: fn(f64) -> f64, least: usize) {
    let cases: Vec<Case> = serde_json::from_str(table).unwrap();
    let laboratory = tilt::laboratory();
    let executor = Executor::new(1, "reference");
    let sampling = Sampling { executor: &executor, samples: 0 };
    let mut wrong = Vec::new();
    for case in &cases {
        let name = format!("{} {} ({})", case.quantity, case.input, case.origin);
        let quantity = laboratory.quantity(&case.quantity).unwrap_or_else(|| panic!("no quantity {}", case.quantity));
        match quantity.answer(Route::Exact, &case.input, &sampling).unwrap() {
            Ok(answer) => {
                let allowed = |b: f64| case.rtol * b.abs() + absolute(b);
                compare(&name, &answer.output, &case.output, &allowed, &mut wrong);
            }
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(cases.len() >= least, "only {} cases", cases.len());
    assert!(wrong.is_empty(), "{} differences in {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn asymptotics() {
    hold(include_str!("reference/asymptotics.json"), |_| 1e-12, 350);
}

#[test]
fn games() {
    hold(include_str!("reference/games.json"), |_| 1e-13, 100);
}

/// Errors of 1e-28 are meant to be right to a dozen digits too: no absolute allowance but at an exact zero.
#[test]
fn judge() {
    hold(include_str!("reference/judge.json"), |b| if b == 0.0 { 1e-15 } else { 0.0 }, 43);
}

/// Definitions by brute force, awkward parameters included: b = 30, t = 1e-10, k = 1e12, scales of 1e-4.
#[test]
fn judge_by_brute_force() {
    hold(include_str!("reference/judge_independent.json"), |_| 0.0, 220);
}

#[test]
fn rewards() {
    hold(include_str!("reference/rewards.json"), |_| 1e-12, 370);
}
