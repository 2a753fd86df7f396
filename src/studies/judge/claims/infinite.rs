//! R8 to R10: infinitely many answers, and how they are approached at a positive temperature and at zero.

use super::plain::tilted_mean;
use super::{best, nearest_of, softmax_along, softmax_of};
use crate::Result;
use crate::judge::infinite::{one_over_k, softmax_infinite};
use crate::judge::model::{Point, Reduced};
use crate::judge::optimal::optimal_infinite;
use crate::judge::tails::best_of_tail;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling, Verdict};
use serde_json::json;
use std::f64::consts::PI;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "judge/R8",
            statement: "As k -> infinity at T > 0 the chosen answer is N(m - D_R/(1+t), s^2 t/(1+t)). The best judge is \
                        D_R = (1+t) D_T, which over-corrects the bias; the best temperature is p = 1/(1+t) = \
                        clamp((s^2 + 2 D_T D_R)/(2 D_R^2), 0, 1); with the teacher as judge it is 0.",
            source: "derived",
            conditions: "T > 0 first, then k -> infinity",
            recorded: Recorded::Holds,
            checks: &[limit_is_the_tilted_mean, limit_is_approached, nobody_beats_the_optima, teacher_wants_it_cold],
        },
        Claim {
            id: "judge/R9",
            statement: "delta(k) = delta_inf + K1/k + O(1/k^2), K1 = -(E w^2/(E w)^2)(F_2 - F_1). K1 < 0, that is \
                        D_R^2 (1/(1+t) + 2/(2+t)) > s^2 + 2 D_T D_R, implies a finite optimal k.",
            source: "derived",
            conditions: "T > 0",
            recorded: Recorded::Holds,
            checks: &[slope_by_tilted_means, slope_of_the_exact_error, negative_slope_means_a_finite_optimum],
        },
        Claim {
            id: "judge/R9b",
            statement: "Conversely, where K1 >= 0 every finite k is worse than infinitely many answers: delta(k) > delta_inf.",
            source: "conjectured from random instances",
            conditions: "T > 0; in the same form at T = 0 with 2b(b-a) <= 1",
            recorded: Recorded::Undecided("no exception in the search; a proof, or an exception, would decide it"),
            checks: &[search_for_an_exception, search_for_an_exception_when_cold],
        },
        Claim {
            id: "judge/R10",
            statement: "Best-of-k with the teacher as judge: delta ~ pi s^2 e^(D_T^2/s^2)/k^2.",
            source: "Halder, Pehlevan, arXiv 2512.19905, Result 3 (from an independent audit)",
            conditions: "T -> 0, then k -> infinity",
            recorded: Recorded::HoldsUnder(
                "T -> 0 first: at any fixed T > 0 the error tends to s^2 t/(1+t) + D_T^2 t^2/(1+t)^2",
            ),
            checks: &[teacher_tail, limits_do_not_commute],
        },
        Claim {
            id: "judge/R10b",
            statement: "Any judge at T = 0: delta = (D_T - D_R)^2 + (pi s^2 e^(b^2)/k^2)(1 + 2b(a-b)) + o(1/k^2); a finite k is \
                        best as soon as 2b(b-a) > 1. No judge and no k beats the teacher at T = 0.",
            source: "derived",
            conditions: "k e^(-b^2/2) >> 1 for the law",
            recorded: Recorded::Holds,
            checks: &[general_tail, cold_finite_optimum, teacher_is_best_when_cold],
        },
    ]
}

fn point(a: f64, b: f64) -> Result<Point> {
    Point::new(0.0, 1.0, -a, -b)
}

fn instance(a: f64, b: f64, t: f64) -> serde_json::Value {
    json!({"a": a, "b": b, "t": t})
}

fn limit_is_the_tilted_mean(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(80);
    let mut check = Check::identity("judge/R8", "limit against the mean loss of the tilted law")
        .tolerance(1e-13, "rounding; a trapezoid rule of a quadratic under a normal law is exact");
    for _ in 0..300 {
        let (a, b, t) = (draw.uniform(-3.0, 3.0), draw.uniform(-5.0, 5.0), draw.log_uniform(1e-3, 100.0));
        let stated = tilted_mean(b, t, |z| (z + a).powi(2));
        check.equal(softmax_infinite(&Reduced::new(a, b)?, t), stated, 1.0 + a * a + b * b, || instance(a, b, t));
    }
    Ok(check.finish())
}

fn limit_is_approached(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(81);
    let mut check = Check::identity("judge/R8", "exact error at k = 1e12 against the mean loss of the tilted law")
        .tolerance(1e-10, "1/k times a coefficient up to 100, and rounding of a long quadrature");
    for _ in 0..20 {
        let (a, b, t) = (draw.uniform(-2.0, 2.0), draw.uniform(-2.0, 2.0), draw.log_uniform(0.3, 30.0));
        let stated = tilted_mean(b, t, |z| (z + a).powi(2));
        check.equal(softmax_of(1_000_000_000_000, a, b, t)?, stated, stated, || instance(a, b, t));
    }
    Ok(check.finish())
}

fn nobody_beats_the_optima(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(82);
    let what =
        "stated least errors over judges and over temperatures against tilted means of random judges and temperatures";
    let mut check = Check::bound("judge/R8", what).tolerance(1e-13, "rounding");
    for _ in 0..100 {
        let (a, b, t) = (draw.uniform(-2.0, 2.0), draw.uniform(-4.0, 4.0), draw.log_uniform(0.05, 50.0));
        let optima = optimal_infinite(&point(a, b)?, 2.0 * t)?;
        let loss = |b: f64, t: f64| tilted_mean(b, t, |z| (z + a).powi(2));
        // attained: the stated optima are errors, and nothing near or far is below
        check.at_most((loss(-optima.y_r_star, t) - optima.delta_at_y_r_star).abs(), 0.0, 1.0 + b * b, || {
            instance(a, b, t)
        });
        let hottest = optima.temp_star.map_or(1e13, |temp| (temp / 2.0).max(1e-13));
        check.at_most((loss(b, hottest) - optima.delta_at_temp_star).abs(), 1e-9, 1.0, || instance(a, b, t));
        for _ in 0..10 {
            let (other, temperature) = (draw.uniform(-8.0, 8.0), draw.log_uniform(1e-3, 1e3));
            check.at_most(optima.delta_at_y_r_star, loss(other, t), 1.0 + other * other, || instance(a, other, t));
            check.at_most(optima.delta_at_temp_star, loss(b, temperature), 1.0 + b * b, || instance(a, b, temperature));
        }
    }
    Ok(check.finish())
}

fn teacher_wants_it_cold(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(83);
    let mut check = Check::identity("judge/R8", "best temperature of the teacher at k = infinity against 0")
        .tolerance(0.0, "a clamp");
    for _ in 0..100 {
        let a = draw.uniform(-3.0, 3.0);
        let found = optimal_infinite(&point(a, a)?, 2.0)?.temp_star.unwrap_or(f64::INFINITY);
        check.equal(found, 0.0, 1.0, || instance(a, a, 0.0));
    }
    Ok(check.finish())
}

/// K1 by its definition: moments of the weight by plain sums and means under its tilts.
fn slope(a: f64, b: f64, t: f64) -> f64 {
    // z = centre of the tilted law + x keeps the plain sums from underflow
    let moment = |j: f64| (t / (t + j)).sqrt() * (-j * b * b / (2.0 * (t + j))).exp();
    let loss = |t: f64| tilted_mean(b, t, |z| (z + a).powi(2));
    -(moment(2.0) / moment(1.0).powi(2)) * (loss(t / 2.0) - loss(t))
}

fn slope_by_tilted_means(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(90);
    let mut check = Check::identity("judge/R9", "K1 in its closed form against its definition by tilted means")
        .tolerance(1e-12, "rounding of the difference of two losses, relative to the terms that cancel");
    for _ in 0..300 {
        let (a, b, t) = (draw.uniform(-3.0, 3.0), draw.uniform(-5.0, 5.0), draw.log_uniform(1e-2, 100.0));
        let moment = |j: f64| (t / (t + j)).sqrt() * (-j * b * b / (2.0 * (t + j))).exp();
        let scale = moment(2.0) / moment(1.0).powi(2) * (1.0 + a * a + b * b);
        check.equal(one_over_k(&Reduced::new(a, b)?, t), slope(a, b, t), scale, || instance(a, b, t));
    }
    Ok(check.finish())
}

fn slope_of_the_exact_error(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(91);
    let mut check =
        Check::identity("judge/R9", "k (delta - limit), extrapolated from k and 2k, against K1 by tilted means")
            .tolerance(
                1e-4,
                "terms of order 1/k^2 at k = 20000 times the square of E w^2/(E w)^2, up to 1e4; rounding 1e-13 k",
            );
    for _ in 0..30 {
        let (a, b, t) = (draw.uniform(-1.5, 1.5), draw.uniform(-1.5, 1.5), draw.log_uniform(0.3, 30.0));
        let limit = tilted_mean(b, t, |z| (z + a).powi(2));
        let errors = softmax_along(&[20_000, 40_000], a, b, t)?;
        let at = |i: usize, k: f64| k * (errors[i] - limit);
        let scale = 1.0 + slope(a, b, t).abs();
        check.equal(2.0 * at(1, 40_000.0) - at(0, 20_000.0), slope(a, b, t), scale, || instance(a, b, t));
    }
    Ok(check.finish())
}

fn negative_slope_means_a_finite_optimum(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(92);
    let mut check = Check::bound("judge/R9", "where K1 < 0: least exact error over finite k against the limit")
        .tolerance(1e-13, "rounding; instances have K1 <= -1e-3");
    let counts: Vec<u64> = (0..=24).map(|i| 1 << i).collect();
    let mut found = 0;
    while found < 40 {
        let (a, b, t) = (draw.uniform(-2.0, 2.0), draw.uniform(-2.5, 2.5), draw.log_uniform(0.3, 50.0));
        if b * b * (1.0 / (1.0 + t) + 2.0 / (2.0 + t)) - 1.0 - 2.0 * a * b < 1e-2 || slope(a, b, t) > -1e-3 {
            continue;
        }
        found += 1;
        let limit = tilted_mean(b, t, |z| (z + a).powi(2));
        let least = softmax_along(&counts, a, b, t)?.into_iter().fold(f64::INFINITY, f64::min);
        // strictly below, by a part of K1/k at a k where the law holds
        check.at_most(least, limit - 1e-10, 1.0, || instance(a, b, t));
    }
    Ok(check.finish())
}

/// A verdict of a search that cannot prove: without an exception it decides nothing.
fn undecided(check: Check, words: &str) -> Check {
    match check.verdict {
        Verdict::Holds => Check { verdict: Verdict::Undecided(words.to_string()), ..check },
        _ => check,
    }
}

fn search_for_an_exception(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(93);
    let mut check = Check::bound("judge/R9b", "where K1 >= 0: limit against the exact error at k = 2^0 .. 2^20")
        .tolerance(1e-12, "rounding of a long quadrature, relative to 1 + a^2");
    let counts: Vec<u64> = (0..=20).map(|i| 1 << i).collect();
    for i in 0..120 {
        let (b, t) = (draw.uniform(-6.0, 6.0), draw.log_uniform(0.1, 60.0));
        // on the locus K1 = 0, near it, or well inside
        let excess = b * b * (1.0 / (1.0 + t) + 2.0 / (2.0 + t)) - 1.0;
        let inside = [0.0, draw.log_uniform(1e-6, 1e-1), draw.log_uniform(0.1, 5.0)][i % 3];
        let a = (excess + inside) / (2.0 * b);
        if a.abs() > 20.0 {
            continue;
        }
        let limit = softmax_infinite(&Reduced::new(a, b)?, t);
        for (k, error) in counts.iter().zip(softmax_along(&counts, a, b, t)?) {
            check.at_most(limit, error, 1.0 + a * a, || json!({"a": a, "b": b, "t": t, "k": k}));
        }
    }
    Ok(undecided(check.finish(), "no exception in the instances of this search; a proof would decide it"))
}

fn search_for_an_exception_when_cold(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(94);
    let mut check = Check::bound("judge/R9b", "T = 0, 2b(b-a) <= 1: (D_T - D_R)^2 against the exact error, k to 1e6")
        .tolerance(1e-13, "rounding, relative to 1 + a^2");
    for i in 0..200 {
        let b = draw.uniform(-5.0, 5.0);
        let inside = [0.0, draw.log_uniform(1e-6, 1e-1), draw.log_uniform(0.1, 5.0)][i % 3];
        let a = (2.0 * b * b - 1.0 + inside) / (2.0 * b);
        if a.abs() > 20.0 {
            continue;
        }
        for exponent in 0..=20 {
            let error = best(1 << exponent, a, b)?;
            check.at_most((a - b).powi(2), error, 1.0 + a * a, || json!({"a": a, "b": b, "k": 1 << exponent}));
        }
    }
    Ok(undecided(check.finish(), "no exception in the instances of this search; a proof would decide it"))
}

fn teacher_tail(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(100);
    let what =
        "teacher: k^2 times a plain integral of the nearest distance, extrapolated from k and 2k, against pi e^(b^2)";
    let mut check = Check::identity("judge/R10", what)
        .tolerance(1e-4, "relative order 1/k^2 at k = 10^4 times e^(b^2) up to 1e3, and rounding");
    for _ in 0..40 {
        let b: f64 = draw.uniform(-1.5, 1.5);
        let at = |k: u64| (k as f64).powi(2) * nearest_of(k, b);
        let limit = PI * (b * b).exp();
        check.equal(2.0 * at(20_000) - at(10_000), limit, limit, || json!({"a": b, "b": b}));
        let engine = best_of_tail(&point(b, b)?);
        check.equal(engine.coeff, limit, limit, || json!({"a": b, "b": b}));
        check.equal(engine.floor, 0.0, 1.0, || json!({"a": b, "b": b}));
    }
    Ok(check.finish_under("T = 0"))
}

fn limits_do_not_commute(_: &Sampling) -> Result<Check> {
    let what = "teacher at T > 0: exact error at k = 1e12 against t/(1+t) + (a t/(1+t))^2, where 1/k^2 says 1e-23";
    let mut check = Check::identity("judge/R10", what).tolerance(1e-6, "K1/k, and (a c k phi(b))^-1, relative");
    for (b, t) in [(0.5, 1e-2), (0.5, 1e-4), (-1.0, 1e-6), (0.0, 1e-8)] {
        let shrunk: f64 = t / (1.0 + t);
        let stated = shrunk + (b * shrunk).powi(2);
        check.equal(softmax_of(1_000_000_000_000, b, b, t)?, stated, stated, || instance(b, b, t));
    }
    Ok(check.finish_under("T -> 0 before k -> infinity"))
}

fn general_tail(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(101);
    let what = "k^2 (delta - floor), extrapolated from k and 2k, against pi e^(b^2) (1 + 2b(a-b))";
    let mut check = Check::identity("judge/R10b", what)
        .tolerance(1e-4, "relative order 1/k^2 at k = 2e4 times e^(b^2); rounding 1e-15 k^2 is 4e-7");
    for _ in 0..60 {
        let (a, b): (f64, f64) = (draw.uniform(-1.5, 1.5), draw.uniform(-1.5, 1.5));
        let at = |k: u64| -> Result<f64> { Ok((k as f64).powi(2) * (best(k, a, b)? - (a - b).powi(2))) };
        let size = PI * (b * b).exp();
        let limit = size * (1.0 + 2.0 * b * (a - b));
        let scale = size * (1.0 + (a - b).powi(2)) * 2.0;
        check.equal(2.0 * at(40_000)? - at(20_000)?, limit, scale, || json!({"a": a, "b": b}));
        check.equal(best_of_tail(&point(a, b)?).coeff, limit, scale, || json!({"a": a, "b": b}));
    }
    Ok(check.finish())
}

fn cold_finite_optimum(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(102);
    let mut check = Check::bound("judge/R10b", "T = 0, 2b(b-a) > 1: least error over k <= 2^20 against (D_T - D_R)^2")
        .tolerance(1e-14, "rounding; instances have 2b(b-a) >= 1.05");
    let mut found = 0;
    while found < 60 {
        let (a, b): (f64, f64) = (draw.uniform(-2.0, 2.0), draw.uniform(-3.0, 3.0));
        if 2.0 * b * (b - a) < 1.05 {
            continue;
        }
        found += 1;
        let mut least = f64::INFINITY;
        for exponent in 0..=20 {
            least = least.min(best(1 << exponent, a, b)?);
        }
        check.at_most(least, (a - b).powi(2) - 1e-8, 1.0, || json!({"a": a, "b": b}));
    }
    Ok(check.finish())
}

fn teacher_is_best_when_cold(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(103);
    let mut check = Check::bound("judge/R10b", "T = 0: error of the teacher as judge against any other judge, same k")
        .tolerance(1e-12, "rounding of a plain quadrature");
    for _ in 0..100 {
        let (a, k) = (draw.uniform(-2.0, 2.0), draw.log_uniform(2.0, 1e4) as u64);
        let shift = draw.pick(&[1e-3, 0.1, 1.0]) * draw.uniform(-1.0, 1.0);
        check.at_most(nearest_of(k, a), best(k, a, a + shift)?, 1.0, || json!({"a": a, "b": a + shift, "k": k}));
    }
    Ok(check.finish())
}
