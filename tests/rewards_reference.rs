//! The engine's quantities against the reference table: specification values and independent 50-digit computations.

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

/// Collects every difference beyond |a - b| <= rtol |b| + 1e-12; only the fields that the case gives are compared.
fn compare(path: &str, found: &Value, wanted: &Value, rtol: f64, wrong: &mut Vec<String>) {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            for (key, wanted) in wanted {
                match found.get(key) {
                    Some(found) => compare(&format!("{path}.{key}"), found, wanted, rtol, wrong),
                    None => wrong.push(format!("{path}.{key} is missing")),
                }
            }
        }
        (Value::Array(found), Value::Array(wanted)) if found.len() == wanted.len() => {
            for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                compare(&format!("{path}[{i}]"), found, wanted, rtol, wrong);
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            if (a - b).abs() > rtol * b.abs() + 1e-12 {
                wrong.push(format!("{path}: {a} instead of {b}"));
            }
        }
        _ if found == wanted => {}
        _ => wrong.push(format!("{path}: {found} instead of {wanted}")),
    }
}

#[test]
fn every_reference_case_is_reproduced() {
    let text = include_str!("reference/rewards.json");
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    let laboratory = tilt::laboratory();
    let executor = Executor::new(1, "reference");
    let sampling = Sampling { executor: &executor, samples: 0 };
    let mut wrong = Vec::new();
    for case in &cases {
        let name = format!("{} {} ({})", case.quantity, case.input, case.origin);
        let quantity = laboratory.quantity(&case.quantity).unwrap_or_else(|| panic!("no quantity {}", case.quantity));
        match quantity.answer(Route::Exact, &case.input, &sampling).unwrap() {
            Ok(answer) => compare(&name, &answer.output, &case.output, case.rtol, &mut wrong),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(cases.len() > 100, "only {} cases", cases.len());
    assert!(wrong.is_empty(), "{} differences in {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
