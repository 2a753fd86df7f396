//! R4 and R5: the exact error of softmax selection and of best-of-k at a finite number of answers.

use super::plain::{best_by_quantiles, density, drawn_best, drawn_softmax, softmax_of_three, softmax_of_two};
use super::{best, nearest_of, softmax_of};
use crate::Result;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling, z_limit};
use crate::numerics::quadrature::tanh_sinh;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "judge/R4",
            statement: "With L0(u) = E e^(-uw) and L1(u) = E f w e^(-uw), the error of softmax selection among k answers is \
                        k int L1 L0^(k-1) du, for every k and T > 0.",
            source: "derived (1/Z = int e^(-uZ) du); also in an independent audit of Halder, Pehlevan",
            conditions: "T > 0",
            recorded: Recorded::Holds,
            checks: &[softmax_by_pairs, softmax_by_triples, softmax_by_draws],
        },
        Claim {
            id: "judge/R5",
            statement: "At T = 0 the error is k int [phi(r-b)(a-b+r)^2 + phi(r+b)(a-b-r)^2] P(|Z+b| > r)^(k-1) dr.",
            source: "derived",
            conditions: "none",
            recorded: Recorded::Holds,
            checks: &[best_of_few, best_by_its_quantiles, softmax_turns_cold, best_of_drawn, teacher_by_one_integral],
        },
    ]
}

fn softmax_by_pairs(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(40);
    let mut check = Check::identity("judge/R4", "k = 2: error against the mean over pairs of answers")
        .tolerance(1e-12, "trapezoid rule of step .04; the nearest pole of the shares is at .15 or more");
    for _ in 0..24 {
        let (a, b, t) = (draw.uniform(-2.0, 2.0), draw.uniform(-3.0, 3.0), draw.log_uniform(0.5, 100.0));
        let stated = softmax_of_two(a, b, t);
        check.equal(softmax_of(2, a, b, t)?, stated, stated, || json!({"k": 2, "a": a, "b": b, "t": t}));
    }
    Ok(check.finish())
}

fn softmax_by_triples(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(41);
    let mut check = Check::identity("judge/R4", "k = 3: error against the mean over triples of answers")
        .tolerance(1e-11, "trapezoid rule of step .125; the nearest pole of the shares is at .6 or more");
    for _ in 0..6 {
        let (a, b, t) = (draw.uniform(-2.0, 2.0), draw.uniform(-2.0, 2.0), draw.log_uniform(2.0, 50.0));
        let stated = softmax_of_three(a, b, t);
        check.equal(softmax_of(3, a, b, t)?, stated, stated, || json!({"k": 3, "a": a, "b": b, "t": t}));
    }
    Ok(check.finish())
}

fn softmax_by_draws(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::agreement("judge/R4", "error against softmax shares of drawn answers")
        .tolerance(z_limit(), "standard errors; the share of this comparison in the false-alarm budget");
    let cases = [(5u64, 0.3, -1.0, 1.0), (20, 0.5, 2.0, 0.05), (60, 0.0, 1.5, 5.0), (10, -0.4, -2.5, 0.4)];
    for (i, (k, a, b, t)) in cases.into_iter().enumerate() {
        let executor = sampling.executor.within(&i.to_string());
        let sampling = Sampling { executor: &executor, ..*sampling };
        let moments = sampling.moments(1, |stream, out| out[0] = drawn_softmax(k, a, b, t, stream))?;
        let instance = || json!({"k": k, "a": a, "b": b, "t": t, "draws": moments.count()});
        check.equal(moments.means()[0], softmax_of(k, a, b, t)?, moments.standard_errors()[0], instance);
    }
    Ok(check.finish())
}

/// Best of two or three without a distribution function: the nearest at r, each other one beyond r.
fn nested(k: u64, a: f64, b: f64) -> f64 {
    let end = b.abs() + 12.0;
    let other = |r: f64| tanh_sinh(|x| density(x - b) + density(x + b), r, end, 1e-14).value;
    let at = |r: f64| {
        let nearest = density(r - b) * (a - b + r).powi(2) + density(r + b) * (a - b - r).powi(2);
        nearest * (1..k).map(|_| other(r)).product::<f64>()
    };
    // cut at |b|, where the mass is
    k as f64 * (tanh_sinh(at, 0.0, b.abs() + 0.5, 1e-13).value + tanh_sinh(at, b.abs() + 0.5, end, 1e-13).value)
}

fn best_of_few(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(50);
    let mut check = Check::identity("judge/R5", "k = 2 and 3: error against nested integrals over the answers")
        .tolerance(1e-11, "double-exponential quadrature inside a quadrature");
    for i in 0..10 {
        let (a, b, k) = (draw.uniform(-2.0, 2.0), draw.uniform(-4.0, 4.0), 2 + i % 2);
        let stated = nested(k, a, b);
        check.equal(best(k, a, b)?, stated, stated, || json!({"k": k, "a": a, "b": b}));
    }
    Ok(check.finish())
}

fn best_by_its_quantiles(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(51);
    let mut check = Check::identity("judge/R5", "error against the mean over quantiles of the nearest distance")
        .tolerance(
            1e-8,
            "midpoint rule of 4000 quantiles; its edges leave 1/4000^3 and logarithms, the bisection 1e-12",
        );
    for _ in 0..25 {
        let (a, b, k) = (draw.uniform(-2.0, 2.0), draw.uniform(-3.0, 3.0), draw.log_uniform(2.0, 1000.0) as u64);
        let stated = best_by_quantiles(k, a, b);
        check.equal(best(k, a, b)?, stated, stated, || json!({"k": k, "a": a, "b": b}));
    }
    Ok(check.finish())
}

fn softmax_turns_cold(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(52);
    let mut check = Check::identity("judge/R5", "T = 0 against softmax at t = 1e-14").tolerance(
        1e-10,
        "the spacing of the answers must exceed sqrt t: k phi(b) sqrt t is at most 4e-6, its square counts",
    );
    for _ in 0..30 {
        let (a, b, k) = (draw.uniform(-2.0, 2.0), draw.uniform(-3.0, 3.0), draw.count(2, 100));
        let stated = best(k, a, b)?;
        check.equal(softmax_of(k, a, b, 1e-14)?, stated, stated, || json!({"k": k, "a": a, "b": b}));
    }
    Ok(check.finish())
}

fn best_of_drawn(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::agreement("judge/R5", "error against the nearest of drawn answers")
        .tolerance(z_limit(), "standard errors; the share of this comparison in the false-alarm budget");
    for (i, (k, a, b)) in [(2u64, 1.0, 0.5), (7, 0.25, -0.375), (50, 0.3, 2.0), (100, 0.5, 0.5)].into_iter().enumerate()
    {
        let executor = sampling.executor.within(&i.to_string());
        let sampling = Sampling { executor: &executor, ..*sampling };
        let moments = sampling.moments(1, |stream, out| out[0] = drawn_best(k, a, b, stream))?;
        let instance = || json!({"k": k, "a": a, "b": b, "draws": moments.count()});
        check.equal(moments.means()[0], best(k, a, b)?, moments.standard_errors()[0], instance);
    }
    Ok(check.finish())
}

fn teacher_by_one_integral(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(53);
    let mut check = Check::identity("judge/R5", "teacher as judge: error against int 2r P(|Z+b| > r)^k dr")
        .tolerance(1e-10, "double-exponential quadrature on three pieces");
    for _ in 0..30 {
        let (b, k) = (draw.uniform(-3.0, 3.0), draw.log_uniform(1.0, 1e4) as u64);
        let stated = nearest_of(k, b);
        check.equal(best(k, b, b)?, stated, stated, || json!({"k": k, "a": b, "b": b}));
    }
    Ok(check.finish())
}
