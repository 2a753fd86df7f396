//! Values of the published experiments as the specification tabulates them (E1, E2, E4, R14), to the digits that it prints.

use tilt::judge::average::average;
use tilt::judge::equivalents::{Equivalents, Regression, equivalents};
use tilt::judge::infinite::average_infinite;
use tilt::judge::model::{BiasLaw, Candidates, Reduced};
use tilt::judge::optimal::linear_judge;
use tilt::judge::softmax::softmax;
use tilt::judge::tails::average_tail;

const SIGMA2: f64 = 1e-8;

/// The regression of E1 and E2: d = 10, sigma = 1e-4, gamma = 1e-3, |w_T|^2 = 4d.
fn limit(n: u64) -> Equivalents {
    let w = [2.0; 10];
    equivalents(&Regression::new(&[1.0; 10], &w, &w, n, 1e-4, 1e-3).unwrap()).unwrap()
}

fn near(found: f64, wanted: f64, digits: f64, what: &str) {
    assert!((found - wanted).abs() <= digits, "{what}: {found} instead of {wanted}");
}

#[test]
fn three_judges_at_a_finite_temperature() {
    let ks = [1, 2, 3, 5, 10, 20, 50, 99];
    let table = [
        (5.0, [1.0410803, 0.9688938, 0.9500521, 0.9364561, 0.9270226, 0.9225310, 0.9199044, 0.9190486], 0.9181809),
        (10.0, [1.0410803, 0.9530145, 0.9341204, 0.9223745, 0.9154043, 0.9124809, 0.9109006, 0.9104073], 0.9099181),
        (15.0, [1.0410803, 0.9398004, 0.9231499, 0.9163855, 0.9153809, 0.9162908, 0.9173298, 0.9177601], 0.9182472),
    ];
    let (e, temp) = (limit(10_000), 20.0 * SIGMA2);
    for (c, errors, infinite) in table {
        let v = e.v_tt_one;
        let law = BiasLaw::new(v, (1.0 + c) * v, (1.0 + c) * (1.0 + c) * v, e.s2).unwrap();
        for (k, wanted) in ks.into_iter().zip(errors) {
            let found = average(&law, temp, Candidates::new(k).unwrap()).unwrap() / SIGMA2;
            near(found, wanted, 6e-8, &format!("c = {c}, k = {k}"));
        }
        near(average_infinite(&law, temp).unwrap() / SIGMA2, infinite, 6e-8, &format!("c = {c}"));
    }
    // the interior minimum of c = 15
    let law = BiasLaw::new(e.v_tt_one, 16.0 * e.v_tt_one, 256.0 * e.v_tt_one, e.s2).unwrap();
    let at = |k: u64| average(&law, temp, Candidates::new(k).unwrap()).unwrap() / SIGMA2;
    near(at(8), 0.9152888, 6e-8, "c = 15, k = 8");
    assert!(at(8) < at(7) && at(8) < at(9));
}

#[test]
fn best_of_k_and_its_published_law() {
    let table = [
        (10_000, [1.239056e-3, 3.184504e-4, 8.157354e-5], [1.310248e-3, 3.275619e-4, 8.271557e-5]),
        (20_000, [1.199890e-3, 3.083825e-4, 7.899447e-5], [1.269408e-3, 3.173520e-4, 8.013737e-5]),
        (30_000, [1.192942e-3, 3.065969e-4, 7.853706e-5], [1.262263e-3, 3.155658e-4, 7.968633e-5]),
    ];
    for (n, exact, published) in table {
        let e = limit(n);
        let law = BiasLaw::new(e.v_tt_one, e.v_tt_one, e.v_tt_one, e.s2).unwrap();
        for ((k, exact), published) in [50u64, 100, 199].into_iter().zip(exact).zip(published) {
            let found = average(&law, 0.0, Candidates::new(k).unwrap()).unwrap() / SIGMA2;
            near(found / exact, 1.0, 6e-7, &format!("n = {n}, k = {k}"));
            // Remark 5 has sigma^2 where the law has s^2
            let rho = e.v_tt_one / SIGMA2;
            let law = average_tail(rho, SIGMA2, (k as f64).ln()).unwrap().leading / SIGMA2;
            near(law / published, 1.0, 6e-7, &format!("Remark 5, n = {n}, k = {k}"));
        }
    }
}

#[test]
fn a_curve_that_turns() {
    let point = Reduced::new(0.2, -1.8).unwrap();
    for (k, wanted) in [(1, 1.04), (2, 1.0232862802714), (256, 1.0827298462497)] {
        near(softmax(&point, 5.0, Candidates::new(k).unwrap()).unwrap(), wanted, 6e-14, &format!("k = {k}"));
    }
}

#[test]
fn an_infinitely_biased_judge() {
    near(linear_judge(0.5, Candidates::new(3).unwrap()), 0.67938, 5e-6, "a = .5, k = 3");
    let near_by = softmax(&Reduced::new(0.5, 21.0).unwrap(), 5.0, Candidates::new(3).unwrap()).unwrap();
    near(near_by, 0.69248, 5e-6, "b = 21");
}
