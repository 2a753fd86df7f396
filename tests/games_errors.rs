//! Every bad input of the specification's list gives an error that names its field, and every legal extreme an answer.

use serde_json::{Value, json};
use tilt::Error;
use tilt::lab::{Route, Sampling};
use tilt::sampling::Executor;

fn ask(quantity: &str, input: &Value) -> Result<Value, Error> {
    let executor = Executor::new(1, "errors");
    let sampling = Sampling { executor: &executor, samples: 0 };
    let quantity = tilt::games::quantities::all().into_iter().find(|q| q.name == quantity).unwrap();
    quantity.answer(Route::Exact, input, &sampling).unwrap().map(|answer| answer.output)
}

/// A valid input of each quantity, to be spoiled one field at a time.
fn valid(quantity: &str) -> Value {
    let rps = json!([[0.5, 1.0, 0.0], [0.0, 0.5, 1.0], [1.0, 0.0, 0.5]]);
    match quantity {
        "games.equilibrium" => json!({"P": rps, "beta": 0.1}),
        "games.von_neumann" | "games.intransitivity" => json!({"P": rps}),
        "games.win_rate" => json!({"P": rps, "pi": [1, 0, 0], "pi2": [0, 1, 0], "beta": 0.1}),
        "games.suboptimality" => json!({"P": rps, "pi": [1, 0, 0], "beta": 0.1}),
        "games.run" => json!({"P": rps, "algorithm": "mp", "step": 0.2, "iters": 3, "beta": 0.1}),
        "games.rate_bound" => json!({"beta": 0.1, "queries": 4}),
        "games.local_rate" => json!({"P": rps, "beta": 0.1, "algorithm": "mp", "step": 0.2}),
        "games.critical_step" => json!({"P": rps, "beta": 0.1, "algorithm": "mp"}),
        "games.preference" => json!({"family": "cyclic", "n": 3, "strength": 1}),
        "games.payoff_lowrank" => json!({"U": [[0.1], [0.2]], "V": [[0.3], [0.1]], "link": "linear", "pi": [0.5, 0.5]}),
        "games.contextual" => json!({"P": [rps, [[0.5]]], "rho": [0.5, 0.5], "beta": 0.1, "pi": [[1, 0, 0], [1]]}),
        "games.ipo_gradient" => json!({"P": rps, "beta": 0.1, "logits": [0, 1, 2]}),
        "games.prox_sequence" => json!({"P": rps, "beta": 0.1, "stages": 2}),
        other => panic!("{other}"),
    }
}

fn refused(quantity: &str, field: &str, value: Value, names: &str) {
    let mut input = valid(quantity);
    if value.is_null() {
        input.as_object_mut().unwrap().remove(field);
    } else {
        input[field] = value;
    }
    match ask(quantity, &input) {
        Err(Error::InvalidInput { field, .. }) => assert!(field.starts_with(names), "{quantity} {input}: {field}"),
        other => panic!("{quantity} {input}: {other:?}"),
    }
}

#[test]
fn valid_inputs_are_answered() {
    for quantity in tilt::games::quantities::all() {
        ask(quantity.name, &valid(quantity.name)).unwrap_or_else(|error| panic!("{}: {error}", quantity.name));
    }
}

#[test]
fn bad_matrices() {
    for quantity in [
        "games.equilibrium",
        "games.von_neumann",
        "games.win_rate",
        "games.suboptimality",
        "games.run",
        "games.local_rate",
        "games.critical_step",
        "games.intransitivity",
        "games.ipo_gradient",
        "games.prox_sequence",
    ] {
        for p in [
            json!([]),
            json!([[0.5, 0.5]]),
            json!([[0.5, 0.6], [0.6, 0.5]]),
            json!([[0.5, 1.1], [-0.1, 0.5]]),
            json!([[0.4]]),
            json!([[0.5, 0.5 + 2e-9], [0.5, 0.5]]),
            Value::Null,
        ] {
            refused(quantity, "P", p, "P");
        }
    }
    for p in [json!([]), json!([[[0.5]]]), json!([[[0.5]], [[0.6]]])] {
        refused("games.contextual", "P", p, "");
    }
}

#[test]
fn bad_strengths_references_and_policies() {
    for quantity in [
        "games.equilibrium",
        "games.win_rate",
        "games.run",
        "games.local_rate",
        "games.critical_step",
        "games.contextual",
        "games.ipo_gradient",
        "games.prox_sequence",
    ] {
        refused(quantity, "beta", json!(0), "beta");
        refused(quantity, "beta", json!(-0.1), "beta");
    }
    refused("games.rate_bound", "beta", json!(0), "beta");
    refused("games.suboptimality", "beta", json!(-1), "beta");
    assert!(
        ask("games.suboptimality", &{
            let mut input = valid("games.suboptimality");
            input["beta"] = json!(0);
            input
        })
        .is_ok()
    );
    for quantity in ["games.equilibrium", "games.von_neumann", "games.win_rate", "games.suboptimality", "games.run"] {
        for reference in [json!([0.5, 0.5]), json!([0.5, 0.5, 0.0]), json!([0.6, 0.6, -0.2]), json!([0.5, 0.3, 0.1])] {
            refused(quantity, "ref", reference, "ref");
        }
    }
    for pi in [json!([0.5, 0.5]), json!([0.6, 0.6, -0.2]), json!([0.5, 0.3, 0.1])] {
        refused("games.win_rate", "pi", pi.clone(), "pi");
        refused("games.win_rate", "pi2", pi.clone(), "pi2");
        refused("games.suboptimality", "pi", pi, "pi");
    }
    refused("games.run", "init", json!([0.5, 0.5, 0.0]), "init");
    refused("games.run", "init", json!([0.5, 0.5]), "init");
}

#[test]
fn bad_runs() {
    for step in [json!(0), json!(-1), Value::Null] {
        refused("games.run", "step", step, "step");
    }
    for iters in [json!(-1), json!(2.5), Value::Null] {
        refused("games.run", "iters", iters, "iters");
    }
    refused("games.run", "algorithm", json!("sgd"), "algorithm");
    refused("games.run", "beta", Value::Null, "beta");
    let run = |algorithm: &str, step: Option<f64>, beta: Option<f64>| {
        let mut input = valid("games.run");
        input["algorithm"] = json!(algorithm);
        for (field, value) in [("step", step), ("beta", beta)] {
            input.as_object_mut().unwrap().remove(field);
            if let Some(value) = value {
                input[field] = json!(value);
            }
        }
        ask("games.run", &input).map_err(|error| error.to_string())
    };
    for algorithm in ["omd", "egpo", "omwu_reg", "nash_md"] {
        assert!(run(algorithm, Some(10.1), Some(0.1)).unwrap_err().starts_with("step"));
        assert!(run(algorithm, Some(10.0), Some(0.1)).is_ok());
    }
    // Steps beyond stability are answered.
    assert!(run("mp", Some(50.0), Some(0.1)).is_ok());
    for algorithm in ["hedge", "omwu"] {
        assert!(run(algorithm, Some(0.1), Some(0.1)).unwrap_err().starts_with("beta"));
        assert!(run(algorithm, Some(0.1), None).unwrap()["exploitability"].is_number());
    }
    assert!(run("nash_md_decay", Some(0.1), Some(0.1)).unwrap_err().starts_with("step"));
    assert!(run("nash_md_decay", None, Some(0.1)).is_ok());
    refused("games.rate_bound", "queries", json!(-1), "queries");
    refused("games.rate_bound", "queries", json!(1.5), "queries");
    refused("games.rate_bound", "kl0", json!(-0.1), "kl0");
    refused("games.prox_sequence", "stages", json!(-1), "stages");
    refused("games.local_rate", "step", json!(0), "step");
    refused("games.local_rate", "algorithm", json!("hedge"), "algorithm");
    refused("games.critical_step", "algorithm", json!("omd"), "algorithm");
}

#[test]
fn bad_families_contexts_and_logits() {
    refused("games.preference", "n", json!(0), "n");
    refused("games.preference", "strength", json!(-1.1), "strength");
    refused("games.payoff_lowrank", "U", json!([[3.0], [-3.0]]), "U");
    refused("games.payoff_lowrank", "V", json!([[3.0]]), "V");
    refused("games.payoff_lowrank", "link", json!("probit"), "link");
    refused("games.payoff_lowrank", "pi", json!([0.5, 0.6]), "pi");
    refused("games.contextual", "rho", json!([0.5, 0.6]), "rho");
    refused("games.contextual", "rho", json!([1.0]), "rho");
    refused("games.contextual", "pi", json!([[1, 0, 0]]), "pi");
    refused("games.contextual", "pi", json!([[1, 0, 0], [0.5, 0.5]]), "pi[1]");
    refused("games.contextual", "ref", json!([[0.5, 0.5, 0.0], [1.0]]), "ref[0]");
    refused("games.ipo_gradient", "logits", json!([0, 1]), "logits");
    for family in ["random", "sign", "unknown"] {
        assert!(ask("games.preference", &json!({"family": family, "n": 3})).is_err());
    }
}

#[test]
fn one_action_is_a_game() {
    let one = json!([[0.5]]);
    let field = |quantity: &str, input: Value, field: &str| ask(quantity, &input).unwrap()[field].clone();
    assert_eq!(field("games.equilibrium", json!({"P": one, "beta": 0.1}), "pi"), json!([1.0]));
    assert_eq!(field("games.equilibrium", json!({"P": one, "beta": 0.1}), "win_vs_ref"), json!(0.5));
    assert_eq!(field("games.von_neumann", json!({"P": one}), "pi"), json!([1.0]));
    assert_eq!(field("games.intransitivity", json!({"P": one}), "condorcet_winner"), json!(0));
    assert_eq!(field("games.intransitivity", json!({"P": one}), "borda"), json!([0.0]));
    let critical = json!({"P": one, "beta": 0.1, "algorithm": "mp"});
    assert_eq!(field("games.critical_step", critical, "step"), Value::Null);
    let rate = json!({"P": one, "beta": 0.1, "algorithm": "mp", "step": 1.0});
    assert_eq!(field("games.local_rate", rate, "spectral_radius"), json!(0.0));
    let run = json!({"P": one, "beta": 0.1, "algorithm": "mp", "step": 1.0, "iters": 3});
    assert_eq!(field("games.run", run, "kl_star"), json!(0.0));
}

#[test]
fn pure_policies_and_contexts_without_weight() {
    let mut input = valid("games.contextual");
    input["rho"] = json!([0.0, 1.0]);
    let report = ask("games.contextual", &input).unwrap();
    assert_eq!((&report["kl_star"], &report["subopt"]), (&json!(0.0), &json!(0.0)));
    assert!(report["subopt_per_context"][0].as_f64().unwrap() > 0.1);
    let spoiled = valid("games.contextual");
    assert_eq!(ask("games.contextual", &spoiled).unwrap()["kl_star"], json!("inf"));
}
