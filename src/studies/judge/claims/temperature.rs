//! R6 and R7: the expansion at high temperature and the optima of its truncation.

use super::{softmax_along, softmax_of};
use crate::Result;
use crate::judge::high_temperature::{Expansion, expansion_optima, high_temperature};
use crate::judge::model::{Candidates, Point};
use crate::lab::{Check, Claim, Instances, Recorded, Sampling};
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "judge/R6",
            statement: "delta = D - (1-1/k) C1/t + (1-1/k)(1-2/k) C2/t^2 + O(t^-3) with D = D_T^2 + s^2, C1 = 2 D_T D_R + s^2, \
                        C2 = C1 + D_R^2.",
            source: "Halder, Pehlevan, arXiv 2512.19905, Result 2 (from an independent audit and the authors' scripts)",
            conditions: "pointwise in x",
            recorded: Recorded::Holds,
            checks: &[second_order_error_is_cubic],
        },
        Claim {
            id: "judge/R6b",
            statement: "The third-order term is -(1-1/k)(1-2/k)(1-3/k) C3/t^3 with C3 = C1 + 2 D_R^2.",
            source: "the scripts of Halder, Pehlevan",
            conditions: "none",
            recorded: Recorded::Fails(
                "a = .7, b = -1.2, k = 2: the error times t^3 tends to -.22, not to 0; a joint fourth cumulant of a sample is \
                 not a falling factorial. Right as k -> infinity",
            ),
            checks: &[third_order_of_the_scripts],
        },
        Claim {
            id: "judge/R6c",
            statement: "The third-order term is -t^-3 [(k-1)(k^2-6k+6)/k^3 C3 - (k-1)/k^2 C1 (D_R^2/s^2 + 1/2)].",
            source: "derived",
            conditions: "none",
            recorded: Recorded::Holds,
            checks: &[third_order_derived, third_order_by_moments, series_sums_to_its_limit],
        },
        Claim {
            id: "judge/R7",
            statement: "For k > 2, C1 > 0 and C2 > 0 the optimal temperature is t* = 2 (1-2/k) C2/C1.",
            source: "Halder, Pehlevan, arXiv 2512.19905, Remark 4 (from an independent audit)",
            conditions: "k > 2, C1 > 0, C2 > 0",
            recorded: Recorded::HoldsUnder("t* >> 1: with infinitely many answers it is 3 too high, whatever t*"),
            checks: &[optimal_temperature_up_to_a_constant, optimal_temperature_at_infinite_k],
        },
        Claim {
            id: "judge/R7b",
            statement: "A finite optimal k exists and is near 4 C2/(3 C2 - t C1) when C2 > 0 and -1 <= t C1/C2 < 3.",
            source: "Halder, Pehlevan, arXiv 2512.19905, Remark 3; threshold derived from the series (theirs was not read)",
            conditions: "the second-order series",
            recorded: Recorded::HoldsUnder(
                "t -> infinity at fixed t C1/C2; at t = 10 it misses the optimum by a factor of two (3.4 against 8)",
            ),
            checks: &[optimal_number_at_high_temperature],
        },
    ]
}

fn series(a: f64, b: f64, t: f64, k: u64) -> Result<Expansion> {
    high_temperature(&Point::new(0.0, 1.0, -a, -b)?, 2.0 * t, Candidates::new(k)?)
}

/// Random biases of moderate size and number of answers.
fn moderate(draw: &mut Instances) -> (f64, f64, u64) {
    (draw.uniform(-1.5, 1.5), draw.uniform(-1.5, 1.5), draw.count(2, 50))
}

fn second_order_error_is_cubic(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(60);
    let mut check = Check::rates("judge/R6", "exponent in t of (second-order series less exact error): -3 and not -2")
        .tolerance(0.3, "the next order: coefficients up to 20 times the cubic one, over t = 400");
    for _ in 0..40 {
        let (a, b, k) = moderate(&mut draw);
        let error = |t: f64| -> Result<f64> { Ok(series(a, b, t, k)?.order2 - softmax_of(k, a, b, t)?) };
        let (near, far) = (error(400.0)?, error(800.0)?);
        if (far * 800f64.powi(3)).abs() < 0.05 {
            continue; // the third-order coefficient is too small for a slope
        }
        check.rate((far / near).log2(), 0.3, -3.0, -2.0, || json!({"a": a, "b": b, "k": k, "t": [400, 800]}));
    }
    Ok(check.finish())
}

/// t^3 (series - exact), extrapolated from t and 2t.
fn cubic_error(a: f64, b: f64, k: u64, order3: impl Fn(&Expansion) -> f64) -> Result<f64> {
    let at = |t: f64| -> Result<f64> { Ok((order3(&series(a, b, t, k)?) - softmax_of(k, a, b, t)?) * t.powi(3)) };
    Ok(2.0 * at(400.0)? - at(200.0)?)
}

const CUBIC: &str = "terms of order 1/t^2 at t = 200 times a constant up to 100; rounding 1e-14 t^3 is 6e-7";

fn third_order_of_the_scripts(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(61);
    let mut check =
        Check::identity("judge/R6b", "t^3 (series - exact), extrapolated in 1/t, against 0").tolerance(5e-3, CUBIC);
    check.equal(cubic_error(0.7, -1.2, 2, |e| e.order3_naive)?, 0.0, 1.0, || json!({"a": 0.7, "b": -1.2, "k": 2}));
    for _ in 0..20 {
        let (a, b, k) = moderate(&mut draw);
        let error = cubic_error(a, b, k, |e| e.order3_naive)?;
        check.equal(error, 0.0, 1.0, || json!({"a": a, "b": b, "k": k}));
    }
    Ok(check.finish())
}

fn third_order_derived(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(62);
    let mut check =
        Check::identity("judge/R6c", "t^3 (series - exact), extrapolated in 1/t, against 0").tolerance(5e-3, CUBIC);
    for _ in 0..40 {
        let (a, b, k) = moderate(&mut draw);
        check.equal(cubic_error(a, b, k, |e| e.order3)?, 0.0, 1.0, || json!({"a": a, "b": b, "k": k}));
    }
    Ok(check.finish())
}

/// E z^n of the standard normal law.
fn moment(n: usize) -> f64 {
    if n % 2 == 1 { 0.0 } else { (1..n).step_by(2).map(|i| i as f64).product() }
}

/// Product of two polynomials.
fn times(p: &[f64], q: &[f64]) -> Vec<f64> {
    let mut product = vec![0.0; p.len() + q.len() - 1];
    for (i, x) in p.iter().enumerate() {
        for (j, y) in q.iter().enumerate() {
            product[i + j] += x * y;
        }
    }
    product
}

fn mean(p: &[f64]) -> f64 {
    p.iter().enumerate().map(|(n, c)| c * moment(n)).sum()
}

/// E of the product of sample means (over k draws) of `factors`: a sum over the ways in which their indices coincide.
fn mean_of_means(factors: &[Vec<f64>], k: f64) -> f64 {
    fn place(blocks: &mut Vec<Vec<f64>>, rest: &[Vec<f64>], k: f64) -> f64 {
        let Some((next, rest)) = rest.split_first() else {
            return blocks.iter().enumerate().map(|(i, block)| (k - i as f64) * mean(block)).product();
        };
        let mut total = 0.0;
        for i in 0..blocks.len() {
            let before = std::mem::take(&mut blocks[i]);
            blocks[i] = times(&before, next);
            total += place(blocks, rest, k);
            blocks[i] = before;
        }
        blocks.push(next.clone());
        total += place(blocks, rest, k);
        blocks.pop();
        total
    }
    place(&mut Vec::new(), factors, k) / k.powi(factors.len() as i32)
}

fn third_order_by_moments(_: &Sampling) -> Result<Check> {
    // d^3/dx^3 of (mean f e^(xr))/(mean e^(xr)) at 0 is the joint cumulant of (f, r, r, r) under the empirical law:
    // <f r^3> - <f><r^3> - 3 <r><f r^2> - 3 <r^2><f r> + 6 <r>^2 <f r> + 6 <f><r><r^2> - 6 <f><r>^3
    let mut draw = Instances::new(63);
    let mut check = Check::identity("judge/R6c", "third coefficient against moments of products of sample means")
        .tolerance(1e-11, "rounding of moments up to the eighth, relative to 1 + b^6, times t^3 of the difference");
    for _ in 0..100 {
        let (a, b, k) = moderate(&mut draw);
        let (f, r) = (vec![a * a, 2.0 * a, 1.0], vec![-0.5 * b * b, -b, -0.5]);
        let r2 = times(&r, &r);
        let r3 = times(&r2, &r);
        let count = k as f64;
        let of =
            |factors: &[&Vec<f64>]| mean_of_means(&factors.iter().map(|p| (*p).clone()).collect::<Vec<_>>(), count);
        let (fr, fr2, fr3) = (times(&f, &r), times(&f, &r2), times(&f, &r3));
        let cumulant = of(&[&fr3]) - of(&[&f, &r3]) - 3.0 * of(&[&r, &fr2]) - 3.0 * of(&[&r2, &fr])
            + 6.0 * of(&[&r, &r, &fr])
            + 6.0 * of(&[&f, &r, &r2])
            - 6.0 * of(&[&f, &r, &r, &r]);
        let e = series(a, b, 1.0, k)?;
        let instance = || json!({"a": a, "b": b, "k": k});
        check.equal(e.order3 - e.order2, cumulant / 6.0, 1.0 + b.powi(6) + (a * b).powi(4), instance);
    }
    Ok(check.finish())
}

fn series_sums_to_its_limit(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(64);
    let mut check =
        Check::identity("judge/R6c", "k -> infinity: (limit - third-order series) t^4 against C4 = C1 + 3 D_R^2")
            .tolerance(1e-2, "next order: C5/t with t = 2000, and rounding 1e-16 t^4");
    for _ in 0..40 {
        let (a, b): (f64, f64) = (draw.uniform(-1.5, 1.5), draw.uniform(-1.5, 1.5));
        let t = 500.0;
        // the limit is the tilted mean; k = 1e15 leaves nothing of 1/k
        let limit = super::plain::tilted_mean(b, t, |z| (z + a).powi(2));
        let left = (limit - series(a, b, t, 1_000_000_000_000_000)?.order3) * f64::powi(t, 4);
        let c4 = 1.0 + 2.0 * a * b + 3.0 * b * b;
        check.equal(left, c4, 10.0, || json!({"a": a, "b": b, "t": t}));
    }
    Ok(check.finish())
}

/// The temperature of the least exact error, by golden section in ln t between `low` and `high`.
fn coldest_best(k: u64, a: f64, b: f64, low: f64, high: f64) -> Result<f64> {
    let (mut low, mut high) = (low.ln(), high.ln());
    for _ in 0..26 {
        let (x, y) = (low + 0.381_966 * (high - low), high - 0.381_966 * (high - low));
        if softmax_of(k, a, b, x.exp())? < softmax_of(k, a, b, y.exp())? { high = y } else { low = x }
    }
    Ok((0.5 * (low + high)).exp())
}

fn optimal_temperature_up_to_a_constant(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("judge/R7", "|exact optimal t - t*| at a = 0, b = 6, 12, 20, against 3")
        .tolerance(0.05, "golden section of a flat minimum: 1e-4 of t");
    let mut least: f64 = f64::INFINITY;
    for b in [6.0, 12.0, 20.0] {
        for k in [3u64, 10, 50] {
            let point = Point::new(0.0, 1.0, 0.0, -b)?;
            let stated = expansion_optima(&point, 1.0, Candidates::new(k)?)?.t_star.unwrap_or(f64::NAN);
            let exact = coldest_best(k, 0.0, b, 0.3 * stated, 3.0 * stated)?;
            check.at_most(
                (exact - stated).abs(),
                3.0,
                1.0,
                || json!({"a": 0, "b": b, "k": k, "t*": stated, "exact": exact}),
            );
            least = least.min((exact - stated).abs());
        }
    }
    Ok(check.finish_under("t* >> 1"))
}

fn optimal_temperature_at_infinite_k(_: &Sampling) -> Result<Check> {
    // exact at k = infinity: 2 D_R^2/(s^2 + 2 D_T D_R) - 1, that is the formula less 3
    let mut draw = Instances::new(65);
    let mut check =
        Check::identity("judge/R7", "k = infinity: optimal temperature of the tilted law against the formula less 3")
            .tolerance(1e-5, "golden section on a quadrature, relative");
    for _ in 0..40 {
        let b = draw.uniform(1.0, 6.0);
        let a = draw.uniform(-0.3 / b, 0.4 * b);
        let (c1, c2) = (1.0 + 2.0 * a * b, 1.0 + 2.0 * a * b + b * b);
        if 2.0 * b * b / c1 - 1.0 < 0.05 {
            continue;
        }
        let loss = |t: f64| super::plain::tilted_mean(b, t, |z| (z + a).powi(2));
        let (mut low, mut high) = (1e-3f64.ln(), 1e4f64.ln());
        for _ in 0..70 {
            let (x, y) = (low + 0.381_966 * (high - low), high - 0.381_966 * (high - low));
            if loss(x.exp()) < loss(y.exp()) { high = y } else { low = x }
        }
        let found = (0.5 * (low + high)).exp();
        check.equal(found, 2.0 * c2 / c1 - 3.0, 1.0 + found, || json!({"a": a, "b": b}));
    }
    Ok(check.finish_under("t* >> 1, so that 3 does not count"))
}

/// The exact optimal number of answers as a real number: a parabola in 1/k through the least error and its neighbours.
fn best_number(a: f64, b: f64, t: f64) -> Result<f64> {
    let counts: Vec<u64> = (1..=60).collect();
    let errors = softmax_along(&counts, a, b, t)?;
    let i = (1..counts.len() - 1).min_by(|i, j| errors[*i].total_cmp(&errors[*j])).unwrap_or(1);
    let x: Vec<f64> = (i - 1..=i + 1).map(|j| 1.0 / counts[j] as f64).collect();
    let (left, right) = ((errors[i] - errors[i - 1]) / (x[1] - x[0]), (errors[i + 1] - errors[i]) / (x[2] - x[1]));
    let curvature = (right - left) / (x[2] - x[0]);
    Ok(1.0 / (0.5 * (x[0] + x[1]) - left / (2.0 * curvature)))
}

fn optimal_number_at_high_temperature(_: &Sampling) -> Result<Check> {
    let what =
        "exponent in t of |ln(exact optimal k / series optimum)| from t = 200 to 800, t C1/C2 = 1.5 and 2.4: -1, not 0";
    let mut check =
        Check::rates("judge/R7b", what).tolerance(0.25, "the fourth-order term, again of relative order 1/t");
    for (ratio, b) in [(1.5, 1.0), (2.4, 1.0), (1.5, 2.0), (2.4, 2.0)] {
        let off = |t: f64| -> Result<f64> {
            // a such that t C1/C2 = ratio, where C2 = C1 + b^2
            let c1 = ratio * b * b / (t - ratio);
            let a = (c1 - 1.0) / (2.0 * b);
            let stated = expansion_optima(&Point::new(0.0, 1.0, -a, -b)?, 2.0 * t, Candidates::new(5)?)?.k_star;
            Ok((best_number(a, b, t)? / stated.unwrap_or(f64::NAN)).ln().abs())
        };
        let (near, far) = (off(200.0)?, off(800.0)?);
        let instance = || json!({"b": b, "t C1/C2": ratio, "t": [200, 800], "off": [near, far]});
        check.rate((far / near).ln() / 4f64.ln(), 0.25, -1.0, 0.0, instance);
    }
    Ok(check.finish_under("t -> infinity at fixed t C1/C2"))
}
