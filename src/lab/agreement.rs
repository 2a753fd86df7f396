//! The cross-check that every quantity gets without writing it: simulated routes against the exact one.

use super::{Answer, Check, Instances, Quantity, Route, Sampling, z_limit};
use crate::{Error, Result};
use serde_json::{Value, json};

/// Holds every simulated route of `quantity` against its exact route on `instances` random inputs drawn from `seed`.
///
/// A component agrees if |simulated - exact| <= z s + z^2 m / n, with s its standard error, n the number of draws, m the
/// largest magnitude in its field (at least 1) and z = [`z_limit`]. The second term is Bernstein's: it covers components
/// that n draws have not resolved, where s itself is an underestimate. Inputs that a route refuses are skipped.
pub fn agreement_checks(quantity: &Quantity, instances: usize, seed: u64, sampling: &Sampling) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for route in [Route::MonteCarlo, Route::Tch] {
        if !quantity.routes().any(|r| r == route) {
            continue;
        }
        let mut check = Check::agreement(quantity.name, &format!("exact = {route}, every component"))
            .tolerance(1.0, "z standard errors + Bernstein's term, z from the suite's false-alarm budget");
        let mut draw = Instances::new(seed);
        for i in 0..instances {
            let input = quantity.random_input(&mut draw);
            let executor = sampling.executor.within(&format!("{}/{route}/{i}", quantity.name));
            let sampling = Sampling { executor: &executor, ..*sampling };
            let exact = quantity.answer(Route::Exact, &input, &sampling);
            let simulated = quantity.answer(route, &input, &sampling);
            match (exact, simulated) {
                (Some(Ok(exact)), Some(Ok(simulated))) => compare(&mut check, &input, &exact, &simulated),
                (Some(Err(Error::Interrupted)), _) | (_, Some(Err(Error::Interrupted))) => {
                    return Err(Error::Interrupted);
                }
                _ => {}
            }
        }
        checks.push(check.finish());
    }
    Ok(checks)
}

fn compare(check: &mut super::CheckBuilder, input: &Value, exact: &Answer, simulated: &Answer) {
    let Some((stderr, samples)) = &simulated.simulated else { return };
    let Value::Object(fields) = &exact.output else { return };
    let z = z_limit();
    for (field, exact) in fields {
        let exact = leaves(exact);
        let (estimate, error) = (leaves(&simulated.output[field]), leaves(&stderr[field]));
        let magnitude = exact.iter().map(|x| x.abs()).filter(|x| x.is_finite()).fold(1.0, f64::max);
        for (i, &value) in exact.iter().enumerate() {
            let s = error.get(i).copied().unwrap_or(0.0);
            let estimate = estimate.get(i).copied().unwrap_or(f64::NAN);
            let allowed = z * s + z * z * magnitude / *samples as f64;
            check.equal(value, estimate, allowed, || json!({"input": input, "field": field, "component": i}));
        }
    }
}

/// The numbers in a JSON value, in order; infinities included, words and nulls left out.
fn leaves(value: &Value) -> Vec<f64> {
    match value {
        Value::Number(x) => x.as_f64().into_iter().collect(),
        Value::String(text) if text == "inf" => vec![f64::INFINITY],
        Value::String(text) if text == "-inf" => vec![f64::NEG_INFINITY],
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        Value::Object(fields) => fields.values().flat_map(leaves).collect(),
        _ => Vec::new(),
    }
}
