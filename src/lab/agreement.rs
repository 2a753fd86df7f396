//! The cross-check that every quantity gets without writing it: its other routes against the exact one.

use super::{Answer, Check, CheckBuilder, Instances, Quantity, Route, Sampling, z_limit};
use crate::{Error, Result};
use serde_json::{Value, json};

/// Steps towards the limit at which an asymptotic route is compared: none, one, two.
const LIMIT_STEPS: u32 = 3;

/// Holds every other route of `quantity` against its exact route on `instances` random inputs drawn from `seed`.
///
/// A simulated component agrees if |simulated - exact| <= z s + z^2 m / n, with s its standard error, n the number of
/// draws, m the largest magnitude in its field (at least 1) and z = [`z_limit`]. The second term is Bernstein's: it covers
/// components that n draws have not resolved, where s itself is an underestimate. A component whose standard error is
/// infinite says that the draws do not resolve it, and is left out. Inputs that a route refuses are skipped.
///
/// An asymptotic component agrees if its error is within the stated one, at three steps towards the limit,
/// the constant being the same at all of them. There a refusal is an error: the limit is where the route has to answer.
pub fn agreement_checks(quantity: &Quantity, instances: usize, seed: u64, sampling: &Sampling) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    let has = |route: Route| quantity.routes().any(|r| r == route);
    if has(Route::Asymptotic) {
        checks.push(expansion_check(quantity, instances, seed, sampling)?);
    }
    for route in [Route::MonteCarlo, Route::Tch].into_iter().filter(|&route| has(route)) {
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
                (Some(Ok(exact)), Some(Ok(simulated))) => compare_simulated(&mut check, &input, &exact, &simulated),
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

/// The asymptotic route against the exact one on its way to the limit.
fn expansion_check(quantity: &Quantity, instances: usize, seed: u64, sampling: &Sampling) -> Result<Check> {
    let order = quantity.accuracy(Route::Asymptotic).unwrap_or_default();
    let mut check = Check::agreement(quantity.name, &format!("exact = asymptotic to {order}, every component"))
        .tolerance(1.0, "the stated error, with one constant at all steps towards the limit, + rounding");
    let rounding = quantity.rounding().unwrap_or(0.0);
    let mut draw = Instances::new(seed);
    for _ in 0..instances {
        let model = draw.clone();
        for step in 0..LIMIT_STEPS {
            draw = model.clone();
            let Some(input) = quantity.limit_input(&mut draw, step) else { return Ok(check.finish()) };
            let answer = |route| quantity.answer(route, &input, sampling).transpose();
            let (Some(exact), Some(expanded)) = (answer(Route::Exact)?, answer(Route::Asymptotic)?) else { continue };
            for (field, exact, expanded) in fields(&exact, &expanded) {
                let stated = quantity.stated_error(&input, field)?;
                for component in components(exact, expanded) {
                    let allowed = stated + rounding * component.magnitude;
                    component.hold(&mut check, allowed, &input, field);
                }
            }
        }
    }
    Ok(check.finish())
}

fn compare_simulated(check: &mut CheckBuilder, input: &Value, exact: &Answer, simulated: &Answer) {
    let Some((stderr, samples)) = &simulated.simulated else { return };
    let z = z_limit();
    for (field, exact, estimate) in fields(exact, simulated) {
        let errors = leaves(&stderr[field]);
        for component in components(exact, estimate) {
            let s = errors.get(component.index).copied().unwrap_or(0.0);
            if s < f64::INFINITY {
                let allowed = z * s + z * z * component.magnitude / *samples as f64;
                component.hold(check, allowed, input, field);
            }
        }
    }
}

/// The fields of two answers, side by side.
fn fields<'a>(exact: &'a Answer, other: &'a Answer) -> impl Iterator<Item = (&'a str, &'a Value, &'a Value)> {
    let of_exact = exact.output.as_object().into_iter().flatten();
    of_exact.map(|(field, value)| (field.as_str(), value, &other.output[field]))
}

/// One number of a field by two routes.
struct Component {
    index: usize,
    exact: f64,
    other: f64,
    /// The largest finite magnitude in the field, at least 1.
    magnitude: f64,
}

impl Component {
    fn hold(&self, check: &mut CheckBuilder, allowed: f64, input: &Value, field: &str) {
        let instance = || json!({"input": input, "field": field, "component": self.index});
        check.equal(self.exact, self.other, allowed, instance);
    }
}

/// The numbers of a field, one by one; a number that the other route lacks is compared with a NaN, which no tolerance
/// covers. Different words are infinitely far apart.
fn components(exact: &Value, other: &Value) -> Vec<Component> {
    let (exact, other) = match (leaves(exact), leaves(other)) {
        (none, _) if none.is_empty() && exact.is_string() => {
            (vec![0.0], vec![if exact == other { 0.0 } else { f64::INFINITY }])
        }
        numbers => numbers,
    };
    let magnitude = exact.iter().map(|x| x.abs()).filter(|x| x.is_finite()).fold(1.0, f64::max);
    let one = |index: usize| Component {
        index,
        exact: exact.get(index).copied().unwrap_or(f64::NAN),
        other: other.get(index).copied().unwrap_or(f64::NAN),
        magnitude,
    };
    (0..exact.len().max(other.len())).map(one).collect()
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
