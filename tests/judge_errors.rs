//! Bad input to the judge's quantities: each kind is refused with the field that is wrong.

use serde_json::Value;
use tilt::lab::{Route, Sampling};
use tilt::sampling::Executor;

/// Every kind of bad input that the specification lists, and the field that the error must name.
#[test]
fn bad_input_is_refused_by_name() {
    use serde_json::json;
    let selection =
        |change: Value| merged(json!({"m": 0.3, "s": 0.8, "y_t": 0.1, "y_r": 0.6, "k": 3, "temp": 2.0}), change);
    let best = |change: Value| merged(json!({"m": 0.3, "s": 0.8, "y_t": 0.1, "y_r": 0.6, "k": 3}), change);
    let limit = |change: Value| merged(json!({"m": 0.3, "s": 0.8, "y_t": 0.1, "y_r": 0.6, "temp": 2.0}), change);
    let average =
        |change: Value| merged(json!({"v_tt": 0.1, "v_tr": 0.2, "v_rr": 0.9, "s2": 1.0, "temp": 4.0, "k": 3}), change);
    let ridge = |change: Value| merged(json!({"eigs": [3.0, 1.0], "alpha": 0.8, "lambda": 0.05}), change);
    let task = |change: Value| {
        let base =
            json!({"eigs": [1.5, 1.0], "w_t": [1.0, 0.5], "w_r": [0.8, 0.5], "n": 5, "sigma": 0.3, "gamma": 1.0});
        merged(base, change)
    };
    let posterior = |change: Value| {
        let base =
            json!({"x_train": [[1.0, 0.0], [1.0, 1.0]], "y": [0.5, 1.0], "sigma": 1.0, "gamma": 1.0, "x": [1.0, 2.0]});
        merged(base, change)
    };
    let tail = |change: Value| merged(json!({"rho": 0.8, "s2": 1.0, "log_k": 20.0}), change);
    let discrete = |change: Value| {
        merged(json!({"p": [0.3, 0.7], "score": [9.0, 2.0], "correct": [1.0, 0.0], "k": 3, "temp": 1.0}), change)
    };
    let tradeoff =
        |change: Value| merged(json!({"alpha": 0.25, "sigma2": 1.0, "gamma2": 4.0, "S2": 1.0, "w2": 1.0}), change);
    let cases = [
        ("best_of_k", best(json!({"s": 0.0})), "s"),
        ("best_of_k", best(json!({"s": -1.0})), "s"),
        ("best_of_k", best(json!({"k": 0})), "k"),
        ("best_of_k", best(json!({"k": 2.5})), "k"),
        ("best_of_k", best(json!({"m": "inf"})), "m"),
        ("best_of_k", best(json!({"k": "inf"})), "k"),
        ("softmax", selection(json!({"temp": -1.0})), "temp"),
        ("softmax", selection(json!({"k": -1})), "k"),
        ("softmax_inf", limit(json!({"temp": 0.0})), "temp"),
        ("hte", selection(json!({"temp": 0.0})), "temp"),
        ("hte_optima", selection(json!({"temp": 0.0})), "temp"),
        ("optimal_inf", limit(json!({"temp": 0.0})), "temp"),
        ("bok_tail", json!({"m": 0.0, "s": 0.0, "y_t": 0.0, "y_r": 0.0}), "s"),
        ("ridge", ridge(json!({"eigs": []})), "eigs"),
        ("ridge", ridge(json!({"eigs": [1.0, -1.0]})), "eigs[1]"),
        ("ridge", ridge(json!({"alpha": 0.0})), "alpha"),
        ("ridge", ridge(json!({"lambda": -0.1})), "lambda"),
        ("predictive_de", task(json!({"w_t": [1.0]})), "w_t"),
        ("predictive_de", task(json!({"w_r": []})), "w_r"),
        ("predictive_de", task(json!({"n": 0})), "n"),
        ("predictive_de", task(json!({"sigma": 0.0})), "sigma"),
        ("predictive_de", task(json!({"gamma": -1.0})), "gamma"),
        ("predictive_de", task(json!({"eigs": [1.0, -0.5]})), "eigs[1]"),
        ("posterior", posterior(json!({"x_train": [[1.0, 0.0], [1.0]]})), "x_train[1]"),
        ("posterior", posterior(json!({"y": [0.5]})), "y"),
        ("posterior", posterior(json!({"x": []})), "x"),
        ("posterior", posterior(json!({"sigma": 0.0})), "sigma"),
        ("delta_x", average(json!({"v_tt": -0.1})), "v_tt"),
        ("delta_x", average(json!({"v_rr": -0.1})), "v_rr"),
        ("delta_x", average(json!({"v_tr": 0.4})), "v_tr"),
        ("delta_x", average(json!({"s2": 0.0})), "s2"),
        ("delta_x", average(json!({"temp": -1.0})), "temp"),
        ("delta_x", average(json!({"temp": 0.0, "k": "inf"})), "k"),
        ("delta_x", average(json!({"k": 0})), "k"),
        ("delta_x", average(json!({"k": "many"})), "k"),
        ("bok_x_tail", tail(json!({"rho": 0.0})), "rho"),
        ("bok_x_tail", tail(json!({"log_k": 0.0})), "log_k"),
        ("bok_x_tail", tail(json!({"log_k": 0.69})), "log_k"),
        ("bok_x_tail", tail(json!({"s2": -1.0})), "s2"),
        ("discrete", discrete(json!({"p": [-0.1, 1.1]})), "p[0]"),
        ("discrete", discrete(json!({"p": [0.3, 0.6]})), "p"),
        ("discrete", discrete(json!({"p": [], "score": [], "correct": []})), "p"),
        ("discrete", discrete(json!({"correct": [1.2, 0.0]})), "correct[0]"),
        ("discrete", discrete(json!({"score": [1.0]})), "score"),
        ("discrete", discrete(json!({"k": 0})), "k"),
        ("discrete", discrete(json!({"temp": -1.0})), "temp"),
        ("tradeoff", tradeoff(json!({"alpha": 0.0})), "alpha"),
        ("tradeoff", tradeoff(json!({"sigma2": 0.0})), "sigma2"),
        ("tradeoff", tradeoff(json!({"gamma2": 0.0})), "gamma2"),
        ("tradeoff", tradeoff(json!({"S2": 0.0})), "S2"),
        ("tradeoff", tradeoff(json!({"w2": -1.0})), "w2"),
    ];
    let laboratory = tilt::laboratory();
    let executor = Executor::new(1, "errors");
    let sampling = Sampling { executor: &executor, samples: 8 };
    for (name, input, field) in cases {
        let quantity = laboratory.quantity(&format!("judge.{name}")).unwrap();
        for route in quantity.routes() {
            match quantity.answer(route, &input, &sampling).unwrap() {
                Err(tilt::Error::InvalidInput { field: named, .. }) => {
                    assert_eq!(named, field, "{name} by {route}: {input}")
                }
                other => panic!("{name} by {route}: {input} gave {other:?}"),
            }
        }
    }
    // legal: no data, a reward that does not vary, a teacher of norm 0
    for (name, input) in [
        ("posterior", posterior(json!({"x_train": [], "y": []}))),
        ("delta_x", average(json!({"v_tr": 0.0, "v_rr": 0.0}))),
        ("tradeoff", tradeoff(json!({"w2": 0.0}))),
        ("bok_x_tail", tail(json!({"rho": 0.4, "log_k": 0.5}))),
    ] {
        let quantity = laboratory.quantity(&format!("judge.{name}")).unwrap();
        assert!(quantity.answer(Route::Exact, &input, &sampling).unwrap().is_ok(), "{name}: {input}");
    }
}

/// `base` with the fields of `change` in place of its own.
fn merged(mut base: Value, change: Value) -> Value {
    if let (Value::Object(base), Value::Object(change)) = (&mut base, change) {
        base.extend(change);
    }
    base
}
