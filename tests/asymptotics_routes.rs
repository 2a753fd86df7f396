//! The routes of the quantities at the extremes: zero mass, one symbol, ties, N beyond every number, budgets beyond
//! saturation. Every answer agrees with the exact one or is refused by name; nothing is NaN.

use serde_json::{Value, json};
use tilt::Error;
use tilt::lab::{Route, Sampling};
use tilt::sampling::Executor;

fn answer(quantity: &str, route: Route, input: &Value, samples: u64) -> Option<Result<(Value, Value), Error>> {
    let laboratory = tilt::laboratory();
    let executor = Executor::new(3, quantity);
    let answer =
        laboratory.quantity(quantity).unwrap().answer(route, input, &Sampling { executor: &executor, samples })?;
    Some(answer.map(|answer| (answer.output, answer.simulated.map_or(Value::Null, |(stderr, _)| stderr))))
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Number(x) => vec![x.as_f64().unwrap()],
        Value::String(text) => vec![match text.as_str() {
            "inf" => f64::INFINITY,
            "-inf" => f64::NEG_INFINITY,
            word => word.bytes().map(f64::from).sum(),
        }],
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        Value::Object(fields) => fields.values().flat_map(numbers).collect(),
        _ => Vec::new(),
    }
}

/// Inputs at the extremes, by quantity.
fn extremes() -> Vec<(&'static str, Value)> {
    let mut inputs = Vec::new();
    for log_n in [0.0, 1e-9, 30.0, 700.0, 1e4] {
        for (p, s) in [
            (json!([0.5, 0.3, 0.0, 0.2]), json!([0.0, 1.0, 9.0, 2.0])),
            (json!([1.0]), json!([3.0])),
            (json!([0.5, 0.5]), json!([1.0, 1.0])),
            (json!([0.4, 0.3, 0.3]), json!([0.0, 1.0, 1.0])),
            (json!([0.5, 0.5, 1e-12]), json!([0.0, 1.0, 2.0])),
            (json!([0.5, 0.3, 0.2]), json!([-1e6, 0.0, 1e6])),
        ] {
            for n in [1, 7] {
                inputs.push(("asymptotics.mem_bon", json!({"p": p, "s": s, "n": n, "log_best_of": log_n})));
            }
            inputs.push(("asymptotics.bon", json!({"p": p, "r": s, "log_best_of": log_n})));
            inputs.push(("asymptotics.kl_rl", json!({"p": p, "r": s, "delta": log_n})));
            let thresholds = json!([-1e9, 0.0, 1.0, 7.0, 14.0, 1e9]);
            for beta in [0.0, -40.0, 40.0] {
                let input = json!({"p": p, "s": s, "n": 7, "thresholds": thresholds, "beta": beta});
                inputs.push(("asymptotics.reward_dist", input));
            }
        }
        for (transition, reward, initial) in [
            (json!([[0.9, 0.1], [0.4, 0.6]]), json!([0.0, 1.0]), json!([1.0, 0.0])),
            (json!([[0.0, 1.0], [1.0, 0.0]]), json!([0.0, 1.0]), json!([0.5, 0.5])),
            (json!([[1.0]]), json!([2.0]), json!([1.0])),
            (json!([[0.5, 0.5], [0.5, 0.5]]), json!([1.0, 1.0]), json!([0.0, 1.0])),
        ] {
            for n in [1, 9] {
                let input = json!({"initial": initial, "transition": transition, "reward": reward, "n": n,
                    "log_best_of": log_n});
                inputs.push(("asymptotics.markov_bon", input));
                for beta in [0.0, 5.0, -200.0] {
                    let input = json!({"initial": initial, "transition": transition, "reward": reward, "n": n,
                        "beta": beta});
                    inputs.push(("asymptotics.markov_finite", input));
                }
            }
            for beta in [0.0, 3.0, -9.0] {
                let input = json!({"transition": transition, "reward": reward, "beta": beta});
                inputs.push(("asymptotics.markov", input));
            }
            inputs.push((
                "asymptotics.markov_solve",
                json!({"transition": transition, "reward": reward, "delta": log_n}),
            ));
        }
        for eps in [1.0, 0.3, 1e-300] {
            inputs.push(("asymptotics.bon_estimator_value", json!({"eps": eps, "log_best_of": log_n})));
        }
        inputs.push(("asymptotics.win_rate_frontier", json!({"kl": log_n})));
    }
    for (beta, t) in [(0.0, 0.0), (3.0, 1e-300), (-50.0, 50.0), (700.0, -1e3)] {
        let input = json!({"p": [0.5, 0.5, 0.0], "q": [0.2, 0.8, 0.0], "beta": beta, "t": t});
        inputs.push(("asymptotics.scgf", input));
    }
    for (x, beta) in [(0.0, 0.0), (2.0, 1.0), (1.0, -3.0), (5.0, 0.0), (0.7, 0.0), (0.7, 40.0)] {
        for (p, s) in [(json!([0.5, 0.3, 0.0, 0.2]), json!([0.0, 1.0, 9.0, 2.0])), (json!([1.0]), json!([2.0]))] {
            inputs.push(("asymptotics.rate", json!({"p": p, "s": s, "x": x, "beta": beta})));
        }
    }
    for delta in [0.0, 1e-12, 0.3, 5.0] {
        for r in [json!([0.0, 1.0, 9.0, 2.0]), json!([1.0, 1.0, 9.0, 1.0])] {
            let input = json!({"p": [0.5, 0.3, 0.0, 0.2], "r": r, "delta": delta, "omega": [0.0, 0.1, 0.0, 0.9]});
            inputs.push(("asymptotics.near_optimal", input));
        }
    }
    for (n, threshold) in [(1, 1.5), (60, 119.0), (60, 43.0), (1_000_000, 1_200_000.0)] {
        let input = json!({"p": [0.5, 0.3, 0.2], "s": [0, 1, 2], "n": n, "threshold": threshold, "span": 0});
        inputs.push(("asymptotics.tail_approx", input));
    }
    for (n, lambda) in [(1, 1.0), (3, 1e-6), (1000, 0.1), (50, 1e9)] {
        let input = json!({"p": [0.5, 0.3, 0.0, 0.2], "r": [0, 1, 9, 1], "n": n, "lambda": lambda});
        inputs.push(("asymptotics.soft_bon", input));
    }
    inputs
}

/// Ten standard errors and a hundred draws' worth of the largest number: the statistics proper are held by
/// `quantities_random`; here an answer from the wrong case of a formula has to be seen.
#[test]
fn simulated_answers_at_the_extremes_are_the_exact_ones_or_refused_by_name() {
    let samples = 4000;
    let mut compared = 0;
    for (quantity, input) in extremes() {
        let Some(found) = answer(quantity, Route::MonteCarlo, &input, samples) else { continue };
        let (output, stderr) = match found {
            Ok(found) => found,
            Err(Error::InvalidInput { field, .. }) => {
                let name = field.split(['[', '.']).next().unwrap();
                assert!(input.get(name).is_some(), "{quantity} on {input}: field {field}");
                continue;
            }
            Err(error) => panic!("{quantity} on {input}: {error}"),
        };
        let exact = match answer(quantity, Route::Exact, &input, samples).unwrap() {
            Ok((exact, _)) => exact,
            Err(Error::TooLarge { .. }) => continue,
            Err(error) => panic!("{quantity} on {input}: simulated, but exactly {error}"),
        };
        let (found, errors, exact) = (numbers(&output), numbers(&stderr), numbers(&exact));
        assert_eq!(found.len(), exact.len(), "{quantity} on {input}: {output}");
        let magnitude = exact.iter().filter(|x| x.is_finite()).fold(1.0f64, |a, x| a.max(x.abs()));
        for ((found, error), exact) in found.iter().zip(errors).zip(&exact) {
            compared += 1;
            let close = (found - exact).abs() <= 10.0 * error + 100.0 / samples as f64 * magnitude;
            assert!(found == exact || close, "{quantity} on {input}: {found} +- {error}, not {exact}");
        }
    }
    assert!(compared > 1000, "{compared}");
}

#[test]
fn expansions_at_the_extremes_answer_or_refuse_by_name() {
    let (mut answered, mut refused) = (0, 0);
    for (quantity, input) in extremes() {
        match answer(quantity, Route::Asymptotic, &input, 1) {
            None => {}
            Some(Ok(_)) => answered += 1,
            Some(Err(Error::InvalidInput { field, .. })) => {
                let name = field.split(['[', '.']).next().unwrap();
                assert!(input.get(name).is_some(), "{quantity} on {input}: field {field}");
                refused += 1;
            }
            Some(Err(error)) => panic!("{quantity} on {input}: {error}"),
        }
    }
    assert!(answered > 50 && refused > 10, "{answered} {refused}");
}

/// Beyond the tables of the exact route, simulation and expansion hold each other: 50,000 symbols off a lattice.
#[test]
fn beyond_every_table_the_two_other_routes_agree() {
    let input = json!({"p": [0.5, 0.3, 0.2], "s": [0, 1, 1.8384776310850235], "n": 50_000, "log_best_of": 10_000});
    assert!(matches!(answer("asymptotics.mem_bon", Route::Exact, &input, 1), Some(Err(Error::TooLarge { .. }))));
    let (expanded, _) = answer("asymptotics.mem_bon", Route::Asymptotic, &input, 1).unwrap().unwrap();
    let (drawn, error) = answer("asymptotics.mem_bon", Route::MonteCarlo, &input, 100_000).unwrap().unwrap();
    for field in ["mean", "kl", "kl_to_rl", "win_rate", "rl_mean_per_symbol", "kl_bound"] {
        let (a, b) = (expanded[field].as_f64().unwrap(), drawn[field].as_f64().unwrap());
        // Five standard errors, the order of the expansion (log^2 n / n = 2e-3) and the rounding of numbers of size 6e4.
        let allowed = 5.0 * error[field].as_f64().unwrap() + 2.5e-3 + 1e-11 * a.abs();
        assert!((a - b).abs() <= allowed, "{field}: {a} {b} +- {}", error[field]);
    }
    assert!(error["mean"].as_f64().unwrap() < 0.1);
}
