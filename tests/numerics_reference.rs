//! The numerics floor against 50-digit arithmetic: `tests/reference/numerics.json`, made by `make_numerics.py` there.
//!
//! Each bound is the one that the function's documentation states.

use serde_json::Value;
use tilt::numerics::{convolution, lanes, log_space, special};

fn reference() -> Value {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/numerics.json"));
    serde_json::from_str(&text.expect("the reference table is there")).expect("it is JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// Holds `f` against the rows `[argument, high, low]` of a table: the error in units of 2^-52 `scale(value)` must be at
/// most `bound`.
fn hold<T>(name: &str, bound: f64, scale: fn(f64) -> f64, read: fn(&Value) -> T, f: impl Fn(T) -> f64) {
    let reference = reference();
    let rows = reference[name].as_array().expect("a table");
    assert!(!rows.is_empty());
    let mut worst = (0.0, String::new());
    for row in rows {
        let (high, low) = (number(&row[1]), number(&row[2]));
        let got = f(read(&row[0]));
        let error = ((got - high) - low).abs() / (f64::EPSILON * scale(high.abs()));
        assert!(error <= bound, "{name}({}) = {got:e}, not {high:e}: off by {error:.2} of {bound}", row[0]);
        if error > worst.0 {
            worst = (error, row[0].to_string());
        }
    }
    println!("{name}: worst {:.3} of {bound} at {}", worst.0, worst.1);
}

const RELATIVE: fn(f64) -> f64 = |value| value;
const AT_LEAST_ONE: fn(f64) -> f64 = |value| value.max(1.0);

#[test]
fn log_space_functions() {
    hold("log1m_exp", 1.5, RELATIVE, number, log_space::log1m_exp);
    hold("log_neg_log1m_exp", 2.0, AT_LEAST_ONE, number, log_space::log_neg_log1m_exp);
    hold("psi", 2.5, RELATIVE, number, log_space::psi);
}

#[test]
fn log_factorials() {
    let integer = |value: &Value| value.as_u64().expect("an integer");
    hold("log_factorial", 1.0, RELATIVE, integer, special::log_factorial);
    let table = special::LogFactorials::up_to(1_000_000);
    hold("log_factorial", 0.51, RELATIVE, integer, |n| table.ln(n));
    let integers = |value: &Value| -> Vec<u64> {
        value.as_array().expect("counts").iter().map(|k| k.as_u64().expect("an integer")).collect()
    };
    hold("log_multinomial", 0.51, RELATIVE, integers, |counts| table.log_multinomial(&counts));
    assert_eq!(number(&reference()["euler_gamma"]), special::EULER_GAMMA);
}

#[test]
fn the_normal_law() {
    hold("normal_cdf", 2.0, RELATIVE, number, special::normal_cdf);
    hold("normal_log_cdf", 2.0, RELATIVE, number, special::normal_log_cdf);
    hold("normal_log_cdf", 2.0, RELATIVE, number, |x| special::normal_log_sf(-x));
    hold("normal_quantile", 3.0, RELATIVE, number, special::normal_quantile);
}

#[test]
fn lanes_on_every_point() {
    hold("exp", 1.1, RELATIVE, number, |x| lanes::exp8([x; 8])[3]);
    hold("ln", 0.9, RELATIVE, number, |x| lanes::ln8([x; 8])[3]);
    hold("exp_m1", 1.4, RELATIVE, number, |x| lanes::exp_m1_8([x; 8])[3]);
}

/// A plain transform would miss by about n u of the largest mass: 1e-10 in the last case.
#[test]
fn fft_power_keeps_its_accuracy_at_large_n() {
    for case in reference()["binomial_quarter"].as_array().expect("cases") {
        let law = convolution::power_fft(&[0.75, 0.25], case["n"].as_u64().expect("an integer"));
        let largest = law.iter().copied().fold(0.0, f64::max);
        let mut worst: f64 = 0.0;
        for row in case["masses"].as_array().expect("rows") {
            let error = (law[row[0].as_u64().expect("an index") as usize] - number(&row[1])).abs() / largest;
            worst = worst.max(error);
            assert!(error <= 1e-15, "n = {}, entry {}: off by {error:e} of the largest mass", case["n"], row[0]);
        }
        println!("power_fft: worst {worst:e} of the largest mass at n = {}", case["n"]);
    }
}
