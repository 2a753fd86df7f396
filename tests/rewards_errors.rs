//! Bad input to the engine's quantities: each a clear error that names its field, or the documented answer.

use serde_json::{Value, json};
use tilt::Error;
use tilt::lab::{Route, Sampling};
use tilt::sampling::Executor;

fn ask(name: &str, input: &Value) -> Result<Value, Error> {
    let laboratory = tilt::laboratory();
    let executor = Executor::new(1, "errors");
    let quantity = laboratory.quantity(name).unwrap_or_else(|| panic!("no quantity {name}"));
    quantity.answer(Route::Exact, input, &Sampling { executor: &executor, samples: 0 }).unwrap().map(|a| a.output)
}

/// The field that an answer complains about.
fn field(name: &str, input: &Value) -> String {
    match ask(name, input) {
        Err(Error::InvalidInput { field, .. }) => field,
        other => panic!("{name} on {input}: {other:?}"),
    }
}

fn two_states() -> Value {
    json!({"P": [[[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5], [0.3, 0.7]]], "mu0": [0.5, 0.5], "gamma": 0.9})
}

fn with(mut value: Value, key: &str, new: Value) -> Value {
    value[key] = new;
    value
}

#[test]
fn processes_that_are_none() {
    let r = json!([[[1, 0], [0, 2]], [[-1, 0.5], [0.3, 0]]]);
    let wrong = |mdp: Value| field("rewards.policy_value", &json!({"mdp": mdp, "R": r}));
    let p = |row: Value| with(two_states(), "P", json!([[[0.9, 0.1], row], [[0.5, 0.5], [0.3, 0.7]]]));
    assert_eq!(wrong(p(json!([0.2, 0.7]))), "mdp.P[0][1]");
    assert_eq!(wrong(p(json!([1.2, -0.2]))), "mdp.P[0][1][1]");
    assert_eq!(wrong(p(json!([0.2, 0.3, 0.5]))), "mdp.P[0][1]");
    assert_eq!(wrong(p(json!([0.5, 0.500000002]))), "mdp.P[0][1]");
    assert_eq!(wrong(with(two_states(), "P", json!([]))), "mdp.P");
    assert_eq!(wrong(with(two_states(), "mu0", json!([0.5, 0.6]))), "mdp.mu0");
    assert_eq!(wrong(with(two_states(), "mu0", json!([1.0]))), "mdp.mu0");
    for gamma in [1.0, -0.1, 1.5] {
        assert_eq!(wrong(with(two_states(), "gamma", json!(gamma))), "mdp.gamma");
    }
    assert_eq!(wrong(with(two_states(), "discount", json!(0.9))), "mdp.discount");
    assert_eq!(wrong(json!({"mu0": [1.0], "gamma": 0.5})), "mdp.P");
    assert_eq!(wrong(json!({"P": [[[1.0]]], "gamma": 0.5})), "mdp.mu0");
}

#[test]
fn rewards_policies_and_laws_of_wrong_shape() {
    let r = json!([[[1, 0], [0, 2]], [[-1, 0.5], [0.3, 0]]]);
    let value = |r: Value| field("rewards.policy_value", &json!({"mdp": two_states(), "R": r}));
    assert_eq!(value(json!([[[1, 0], [0, 2]]])), "R");
    assert_eq!(value(json!([[[1, 0]], [[-1, 0.5], [0.3, 0]]])), "R[0]");
    assert_eq!(value(json!([[[1, 0], [0]], [[-1, 0.5], [0.3, 0]]])), "R[0][1]");
    let policy = |pi: Value| field("rewards.policy_value", &json!({"mdp": two_states(), "R": r, "pi": pi}));
    assert_eq!(policy(json!([[0.5, 0.5]])), "pi");
    assert_eq!(policy(json!([[0.5, 0.5], [0.7, 0.4]])), "pi[1]");
    assert_eq!(policy(json!([[0.5, 0.5], [1.5, -0.5]])), "pi[1][1]");
    let base = json!({"mdp": two_states(), "R": r, "canon": "epic"});
    assert_eq!(field("rewards.canonicalise", &with(base.clone(), "d_s", json!([0.5, 0.4]))), "d_s");
    assert_eq!(field("rewards.canonicalise", &with(base.clone(), "d_a", json!([1.0]))), "d_a");
    assert_eq!(field("rewards.canonicalise", &with(base, "canon", json!("starc"))), "canon");
    let pair = json!({"mdp": two_states(), "R1": r, "R2": r, "canon": "val", "norm": "l2", "metric": "l2"});
    assert_eq!(field("rewards.distance", &with(pair.clone(), "norm", json!("l3"))), "norm");
    assert_eq!(field("rewards.distance", &with(pair.clone(), "metric", json!("none"))), "metric");
    assert_eq!(ask("rewards.distance", &pair).unwrap()["d"], 0.0);
    let coverage = json!([[[0.5, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.4]]]);
    let pearson = json!({"mdp": two_states(), "R1": r, "R2": r, "canon": "epic", "coverage": coverage});
    assert_eq!(field("rewards.pearson_distance", &pearson), "coverage");
}

#[test]
fn trivial_rewards_have_documented_answers() {
    let (r, flat) = (json!([[[1, 0], [0, 2]], [[-1, 0.5], [0.3, 0]]]), json!([[[3, 3], [3, 3]], [[3, 3], [3, 3]]]));
    let pair = |r1: &Value, r2: &Value| json!({"mdp": two_states(), "R1": r1, "R2": r2});
    let distance = |r1: &Value, r2: &Value, metric: &str| {
        let mut input = pair(r1, r2);
        (input["canon"], input["norm"], input["metric"]) = (json!("val"), json!("l2"), json!(metric));
        input
    };
    assert_eq!(ask("rewards.distance", &distance(&flat, &flat, "l2")).unwrap()["d"], 0.0);
    assert!((ask("rewards.distance", &distance(&flat, &r, "l2")).unwrap()["d"].as_f64().unwrap() - 1.0).abs() < 1e-14);
    assert_eq!(field("rewards.distance", &distance(&flat, &r, "angle")), "R1");
    assert_eq!(field("rewards.pearson_distance", &with(pair(&r, &flat), "canon", json!("epic"))), "R2");
    let regret = |r1: &Value, r2: &Value| ask("rewards.worst_case_regret", &pair(r1, r2)).unwrap();
    assert_eq!(regret(&flat, &r), json!({"regret": 0.0, "normalised": 0.0}));
    assert_eq!(regret(&r, &flat)["normalised"], 1.0);
    assert_eq!(ask("rewards.same_order", &pair(&flat, &flat)).unwrap(), json!({"same_order": true, "alpha": null}));
    let stats = json!({"mdp": two_states(), "pi_ref": [[0.5, 0.5], [0.5, 0.5]], "R": flat, "R_proxy": r});
    assert_eq!(field("rewards.proxy_stats", &stats), "R");
}

#[test]
fn proxies_and_penalties_out_of_their_domain() {
    let (r, minus) =
        (json!([[[1, 0], [0, 2]], [[-1, 0.5], [0.3, 0]]]), json!([[[-1, 0], [0, -2]], [[1, -0.5], [-0.3, 0]]]));
    let half = json!([[0.5, 0.5], [0.5, 0.5]]);
    let bounds = |pi_ref: &Value, pi: Value, proxy: &Value| json!({"mdp": two_states(), "pi_ref": pi_ref, "pi": pi, "R": r, "R_proxy": proxy});
    assert_eq!(field("rewards.proxy_bounds", &bounds(&half, half.clone(), &minus)), "R_proxy");
    let lazy = json!([[1.0, 0.0], [0.5, 0.5]]);
    assert_eq!(field("rewards.proxy_bounds", &bounds(&lazy, half.clone(), &r)), "pi[0][1]");
    let mut missing = bounds(&half, half.clone(), &r);
    missing.as_object_mut().unwrap().remove("pi");
    assert_eq!(field("rewards.proxy_bounds", &missing), "pi");
    let orpo = |lambda: f64| json!({"mdp": two_states(), "pi_ref": half, "R_proxy": r, "lambda": lambda, "penalty": "sqrt_chi2"});
    assert_eq!(field("rewards.orpo_optimum", &orpo(-0.1)), "lambda");
    assert!(ask("rewards.orpo_optimum", &orpo(0.0)).is_ok());
    let kl = |lambda: f64| json!({"mdp": two_states(), "pi_ref": half, "R_proxy": r, "lambda": lambda});
    assert_eq!(field("rewards.action_kl_optimum", &kl(0.0)), "lambda");
    assert_eq!(field("rewards.action_kl_optimum", &kl(-1.0)), "lambda");
}

#[test]
fn sparse_processes_and_files() {
    let sparse = json!({"states": 2, "actions": 2, "mu0": [0.5, 0.5], "gamma": 0.9, "transitions": [[0, 0, 0, 0.9],
        [0, 0, 1, 0.1], [0, 1, 0, 0.2], [0, 1, 1, 0.8], [1, 0, 0, 0.5], [1, 0, 1, 0.5], [1, 1, 0, 0.3], [1, 1, 1, 0.7]]});
    let (dense_r, sparse_r) = (
        json!([[[1, 0], [0, 2]], [[-1, 0.5], [0.3, 0]]]),
        json!({"transitions": [[0, 0, 0, 1], [0, 1, 1, 2], [1, 0, 0, -1], [1, 0, 1, 0.5], [1, 1, 0, 0.3]]}),
    );
    let folder = std::env::temp_dir().join(format!("tilt-rewards-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (mdp_file, r_file) = (folder.join("mdp.json"), folder.join("r.csv"));
    std::fs::write(&mdp_file, sparse.to_string()).unwrap();
    std::fs::write(&r_file, "s,a,next,r\n0,0,0,1\n0,1,1,2\n# comment\n1,0,0,-1\n1,0,1,0.5\n1,1,0,0.3\n").unwrap();
    let value = |mdp: &Value, r: &Value| {
        ask("rewards.policy_value", &json!({"mdp": mdp, "R": r})).unwrap()["J"].as_f64().unwrap()
    };
    let files = (json!({"file": mdp_file}), json!({"file": r_file}));
    for found in [value(&two_states(), &dense_r), value(&sparse, &sparse_r), value(&files.0, &files.1)] {
        assert!((found - 5.504046242774571).abs() < 1e-12, "{found}");
    }
    let missing = json!({"mdp": {"file": folder.join("none.json")}, "R": dense_r});
    assert!(matches!(ask("rewards.policy_value", &missing), Err(Error::File { .. })));
    assert_eq!(
        field("rewards.policy_value", &json!({"mdp": sparse, "R": {"transitions": [[0, 0, 5, 1]]}})),
        "R.transitions[0]"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}
