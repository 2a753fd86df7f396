//! The standard errors that simulating routes state, against the spread of many repetitions.
//!
//! A spread over R = 4000 repetitions, each a mean over 1000 draws and so nearly normal, has itself a relative standard error of
//! 1/sqrt(2R) = 1.1%. At most 40 comparisons at 5.7 of them (1.2e-8 each) fail by chance with probability 5e-7: 6.4%, and 1%
//! for the next order of the delta method in 1/1000.

use serde_json::{Value, json};
use tilt::lab::{Route, Sampling};
use tilt::sampling::Executor;

const REPETITIONS: u64 = 4000;
const DRAWS: u64 = 1000;
const ALLOWED: f64 = 0.075;

/// One number of an answer over the repetitions.
struct Component {
    name: String,
    mean: f64,
    /// Standard deviation over the repetitions.
    spread: f64,
    /// Mean of the stated standard errors.
    stated: f64,
}

fn numbers(value: &Value, name: &str, out: &mut Vec<(String, f64)>) {
    match value {
        Value::Number(x) => out.push((name.to_string(), x.as_f64().unwrap())),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| numbers(item, &format!("{name}[{i}]"), out))
        }
        Value::Object(fields) => fields.iter().for_each(|(field, value)| numbers(value, field, out)),
        _ => panic!("{name}: {value}"),
    }
}

fn repeated(quantity: &str, input: &Value) -> Vec<Component> {
    let laboratory = tilt::laboratory();
    let quantity = laboratory.quantity(quantity).unwrap();
    let mut sums: Vec<(String, [f64; 3])> = Vec::new();
    for seed in 0..REPETITIONS {
        let executor = Executor::new(seed, quantity.name);
        let sampling = Sampling { executor: &executor, samples: DRAWS };
        let answer = quantity.answer(Route::MonteCarlo, input, &sampling).unwrap().unwrap();
        let (mut found, mut stated) = (Vec::new(), Vec::new());
        numbers(&answer.output, "", &mut found);
        numbers(&answer.simulated.unwrap().0, "", &mut stated);
        sums.resize_with(found.len(), Default::default);
        for (((name, x), (_, s)), (key, [first, second, error])) in found.into_iter().zip(stated).zip(&mut sums) {
            *key = name;
            (*first, *second, *error) = (*first + x, *second + x * x, *error + s);
        }
    }
    let n = REPETITIONS as f64;
    let component = |(name, [first, second, error]): (String, [f64; 3])| {
        let mean = first / n;
        Component {
            name,
            mean,
            spread: ((second / n - mean * mean).max(0.0) * n / (n - 1.0)).sqrt(),
            stated: error / n,
        }
    };
    sums.into_iter().map(component).collect()
}

fn hold(quantity: &str, component: &Component, stated: f64) {
    let Component { name, mean, spread, .. } = component;
    if stated == 0.0 {
        // Computed, not drawn: the same every time, but for the rounding of the sums here.
        assert!(*spread <= 1e-6 * mean.abs(), "{quantity} {name}: {spread:e} at no stated error");
    } else {
        assert!((stated / spread - 1.0).abs() < ALLOWED, "{quantity} {name}: stated {stated:e}, spread {spread:e}");
    }
}

#[test]
fn best_of_n_and_its_relatives_spread_as_they_state() {
    let (p, r) = (json!([0.5, 0.3, 0.2]), json!([0.0, 1.0, 2.5]));
    for (quantity, input) in [
        ("asymptotics.bon", json!({"p": p, "r": r, "log_best_of": 1.2})),
        ("asymptotics.random_bon", json!({"p": p, "r": r, "law": "geometric", "param": 0.4})),
        ("asymptotics.bon_estimator", json!({"p": p, "r": r, "log_best_of": 0.7})),
        ("asymptotics.bon_estimator_value", json!({"eps": 0.3, "log_best_of": 1.5})),
        ("asymptotics.win_rate_frontier", json!({"kl": 0.8})),
    ] {
        for component in repeated(quantity, &input) {
            // A divergence from frequencies adds half an outcome a draw for its bias.
            let bias = if component.name == "kl" { 0.5 * 3.0 / DRAWS as f64 } else { 0.0 };
            hold(quantity, &component, component.stated - bias);
        }
    }
}

#[test]
fn the_bias_of_a_divergence_from_frequencies_is_stated() {
    // One outcome is all that is ever drawn: no spread, half an outcome a draw.
    let input = json!({"p": [0.5, 0.3, 0.2], "r": [0.0, 1.0, 2.5], "log_best_of": 1e3});
    for component in repeated("asymptotics.bon", &input).iter().filter(|component| component.name == "kl") {
        assert!((component.stated - 0.5 / DRAWS as f64).abs() < 1e-15 && component.spread < 1e-6);
    }
}

/// The divergences of soft best-of-n state sum |df/dpi_i| s_i + k/M, an upper bound on their spread: both sides of that.
#[test]
fn soft_best_of_n_states_what_it_says_and_spreads_less() {
    let (p, r) = ([0.5, 0.3, 0.2], [0.0, 1.0, 2.5]);
    let input = json!({"p": p, "r": r, "n": 3, "lambda": 0.8});
    let all = repeated("asymptotics.soft_bon", &input);
    let find = |name: &str| all.iter().find(|component| component.name == name).unwrap();
    let policy: Vec<&Component> = (0..3).map(|i| find(&format!("policy[{i}]"))).collect();
    let weights: Vec<f64> = p.iter().zip(r).map(|(p, r)| p * (r / 0.8f64).exp()).collect();
    let q: Vec<f64> = weights.iter().map(|w| w / weights.iter().sum::<f64>()).collect();
    let bound = |slope: &dyn Fn(usize, f64) -> f64| {
        (0..3).map(|i| slope(i, policy[i].mean).abs() * policy[i].spread).sum::<f64>() + 3.0 / DRAWS as f64
    };
    for (name, wanted) in [
        ("kl_base", bound(&|i, pi| (pi / p[i]).ln() + 1.0)),
        ("kl_tilt", bound(&|i, pi| 1.0 - q[i] / pi)),
        ("kl_tilt_rev", bound(&|i, pi| (pi / q[i]).ln())),
    ] {
        let component = find(name);
        assert!((component.stated / wanted - 1.0).abs() < ALLOWED, "{name}: {:e} {wanted:e}", component.stated);
        assert!(component.spread < component.stated, "{name}: {:e} {:e}", component.spread, component.stated);
    }
    for component in
        all.iter().filter(|component| !component.name.starts_with("kl_") || component.name.ends_with("bound"))
    {
        hold("asymptotics.soft_bon", component, component.stated);
    }
}
