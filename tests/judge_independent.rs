//! The engine's quantities against an independent table: definitions evaluated by brute force in many digits, awkward
//! parameters included (b = 30, t = 1e-10, k = 1e12, scales of 1e-4). See `reference/make_judge.py`.

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

/// Collects every difference beyond |a - b| <= rtol |b|; words, nulls and infinities must be equal. No absolute allowance:
/// errors of 1e-28 are meant to be right to a dozen digits too.
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
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            if (a - b).abs() > rtol * b.abs() {
                wrong.push(format!("{path}: {a:e} instead of {b:e}, relative {:.1e}", (a - b).abs() / b.abs()));
            }
        }
        _ if found == wanted => {}
        _ => wrong.push(format!("{path}: {found} instead of {wanted}")),
    }
}

#[test]
fn every_independent_case_is_reproduced() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("reference/judge_independent.json")).unwrap();
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
    assert!(cases.len() > 200, "only {} cases", cases.len());
    assert!(wrong.is_empty(), "{} differences in {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
