//! R13 and R14: when more answers help, and the best judge at a finite number of answers.

use super::plain::density;
use super::{best, softmax_along, softmax_of};
use crate::Result;
use crate::judge::discrete::DiscreteJudge;
use crate::judge::model::Candidates;
use crate::judge::optimal::{linear_judge, optimal_reward};
use crate::lab::{Check, Claim, Instances, Recorded, Sampling};
use crate::numerics::quadrature::tanh_sinh;
use crate::numerics::special::normal_cdf;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "judge/R13",
            statement: "If the reward is near the teacher, the error falls with the number of answers.",
            source: "Halder, Pehlevan, arXiv 2512.19905, abstract",
            conditions: "\"not too different\"",
            recorded: Recorded::HoldsUnder("K1 >= 0, as far as searched (36 curves here); exactly the teacher: always"),
            checks: &[near_the_teacher],
        },
        Claim {
            id: "judge/R13b",
            statement: "If the reward is strongly misspecified, there is a finite optimal number of answers.",
            source: "Halder, Pehlevan, arXiv 2512.19905, abstract",
            conditions: "\"misspecified\"",
            recorded: Recorded::HoldsUnder(
                "K1 < 0; of 90 curves with a shifted reward 23 turn, 24 are best with one answer",
            ),
            checks: &[shifted_rewards],
        },
        Claim {
            id: "judge/R13c",
            statement: "With the teacher as judge, or any reward that decreases in the loss, the error is non-increasing in k for \
                        every T >= 0 and non-decreasing in T for every k, for any law of the answers.",
            source: "derived (Chebyshev's sum inequality)",
            conditions: "none",
            recorded: Recorded::Holds,
            checks: &[teacher_in_k, teacher_in_temperature, any_law_in_k_and_temperature],
        },
        Claim {
            id: "judge/R13d",
            statement: "At fixed k there is an optimal temperature.",
            source: "Halder, Pehlevan, arXiv 2512.19905, abstract",
            conditions: "\"fixed k\"",
            recorded: Recorded::HoldsUnder(
                "C1 > 0 and a biased judge: with the teacher it is 0, with C1 <= 0 and many answers it is infinite",
            ),
            checks: &[interior_temperature],
        },
        Claim {
            id: "judge/R14",
            statement: "The best judge at finite k tends to D_R = (1+t) D_T as k grows; at small k the least error may be at \
                        b -> infinity, where it is E (|a| - max Z_i)^2.",
            source: "derived, numerical",
            conditions: "T > 0",
            recorded: Recorded::Holds,
            checks: &[best_judge_of_many, best_judge_by_search, infinitely_biased_judge, best_judge_may_be_at_infinity],
        },
    ]
}

fn doublings(last: u32) -> Vec<u64> {
    (0..=last).map(|i| 1 << i).collect()
}

fn near_the_teacher(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::ordering("judge/R13", "error at k = 1, 2, 4, .. 256 is non-increasing").tolerance(1e-13, "rounding");
    let counts = doublings(8);
    for a in [0.0, 0.2, 0.5] {
        for shift in [0.0, 0.1, 0.25, 0.5] {
            for t in [1.0, 3.0, 10.0] {
                let errors = softmax_along(&counts, a, a - shift, t)?;
                for (pair, k) in errors.windows(2).zip(&counts) {
                    check.at_most(pair[1], pair[0], 1.0, || json!({"a": a, "b": a - shift, "t": t, "k": k}));
                }
            }
        }
    }
    Ok(check.finish_under("K1 >= 0"))
}

fn shifted_rewards(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity(
        "judge/R13b",
        "of 90 curves, those that turn and lose .5% by k = 256, and those best at k = 1, against 23 and 24",
    )
    .tolerance(0.5, "whole numbers: half a curve");
    let counts = doublings(8);
    let (mut turning, mut flat, mut wrong) = (0, 0, 0);
    for a in [0.0, 0.2, 0.5] {
        for shift in [0.5, 1.0, 1.5, 2.0, 2.5] {
            for t in [1.0, 2.0, 3.0, 5.0, 8.0, 12.0] {
                let b: f64 = a - shift;
                let errors = softmax_along(&counts, a, b, t)?;
                let least = (0..errors.len()).min_by(|i, j| errors[*i].total_cmp(&errors[*j])).unwrap_or(0);
                turning += u64::from(least > 0 && least < 8 && errors[8] > 1.005 * errors[least]);
                flat += u64::from(least == 0);
                // whatever turns, or is best with one answer, has a negative K1
                let excess = b * b * (1.0 / (1.0 + t) + 2.0 / (2.0 + t)) - 1.0 - 2.0 * a * b;
                wrong += u64::from(least < 8 && excess <= 0.0);
            }
        }
    }
    check.equal(turning as f64, 23.0, 1.0, || json!({"what": "turning"}));
    check.equal(flat as f64, 24.0, 1.0, || json!({"what": "best with one answer"}));
    check.equal(wrong as f64, 0.0, 1.0, || json!({"what": "finite optimum with K1 >= 0"}));
    Ok(check.finish_under("K1 < 0"))
}

fn teacher_in_k(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(130);
    let mut check =
        Check::ordering("judge/R13c", "teacher: error at growing k is non-increasing").tolerance(1e-13, "rounding");
    let counts = doublings(13);
    for i in 0..40 {
        let (a, t) = (draw.uniform(-3.0, 3.0), draw.log_uniform(0.05, 50.0));
        let errors = match i % 4 {
            0 => counts.iter().map(|k| best(*k, a, a)).collect::<Result<Vec<_>>>()?,
            _ => softmax_along(&counts, a, a, t)?,
        };
        for (pair, k) in errors.windows(2).zip(&counts) {
            let instance = || json!({"a": a, "b": a, "t": if i % 4 == 0 { 0.0 } else { t }, "k": k});
            check.at_most(pair[1], pair[0], 1.0 + a * a, instance);
        }
    }
    Ok(check.finish())
}

fn teacher_in_temperature(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(131);
    let mut check =
        Check::ordering("judge/R13c", "teacher: error at growing T is non-decreasing").tolerance(1e-13, "rounding");
    for _ in 0..8 {
        let (a, k) = (draw.uniform(-3.0, 3.0), draw.log_uniform(2.0, 1e4) as u64);
        let mut before = best(k, a, a)?;
        for t in [0.1, 0.3, 1.0, 3.0, 10.0, 30.0] {
            let here = softmax_of(k, a, a, t)?;
            check.at_most(before, here, 1.0 + a * a, || json!({"a": a, "b": a, "k": k, "t": t}));
            before = here;
        }
    }
    Ok(check.finish())
}

fn any_law_in_k_and_temperature(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(132);
    let mut check = Check::ordering(
        "judge/R13c",
        "any finite law, score increasing in correctness: accuracy rises in k and falls in T",
    )
    .tolerance(1e-12, "rounding of a quadrature");
    let temperatures = [0.0, 0.1, 0.5, 2.0, 10.0];
    for _ in 0..20 {
        let answers = draw.count(2, 6) as usize;
        let p = draw.positive_law(answers);
        let mut correct: Vec<f64> = (0..answers).map(|_| draw.uniform(0.0, 1.0)).collect();
        correct.sort_by(f64::total_cmp);
        let mut score = vec![0.0; answers];
        for i in 1..answers {
            score[i] = score[i - 1] + draw.pick(&[0.2, 1.0, 3.0]);
        }
        let judge = DiscreteJudge::new(&p, &score, &correct)?;
        let mut table = Vec::new();
        for temp in temperatures {
            let row = [1u64, 2, 3, 5, 20, 1000].iter().map(|k| judge.accuracy(Candidates::new(*k)?, temp));
            table.push(row.collect::<Result<Vec<f64>>>()?);
        }
        for (i, row) in table.iter().enumerate() {
            for j in 0..row.len() {
                let instance =
                    || json!({"p": p, "score": score, "correct": correct, "temp": temperatures[i], "k index": j});
                if j > 0 {
                    check.at_most(row[j - 1], row[j], 1.0, instance);
                }
                if i > 0 {
                    check.at_most(row[j], table[i - 1][j], 1.0, instance);
                }
            }
        }
    }
    Ok(check.finish())
}

fn interior_temperature(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound(
        "judge/R13d",
        "least error over t = 1, 3, .. 300 against both ends, t = 0 and infinity, less 1e-3",
    )
    .tolerance(1e-12, "rounding");
    for (k, a, b) in [(10u64, 0.0, 3.0), (50, 0.0, 6.0), (3, 0.2, 4.0), (100, 0.5, 3.0)] {
        let mut least = f64::INFINITY;
        for t in [1.0, 3.0, 10.0, 30.0, 100.0, 300.0] {
            least = least.min(softmax_of(k, a, b, t)?);
        }
        let ends = best(k, a, b)?.min(1.0 + a * a);
        check.at_most(least, ends - 1e-3, 1.0, || json!({"k": k, "a": a, "b": b}));
    }
    Ok(check.finish_under("C1 > 0 and a biased judge; with the teacher the optimum is T = 0"))
}

/// The best b at k answers by golden section on [low, high].
fn best_judge(k: u64, a: f64, t: f64, mut low: f64, mut high: f64) -> Result<f64> {
    for _ in 0..30 {
        let (x, y) = (low + 0.381_966 * (high - low), high - 0.381_966 * (high - low));
        if softmax_of(k, a, x, t)? < softmax_of(k, a, y, t)? { high = y } else { low = x }
    }
    Ok(0.5 * (low + high))
}

fn best_judge_of_many(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::identity("judge/R14", "k (best b - (1+t) a) at k = 500 and 1000: it settles, so b tends to (1+t) a")
            .tolerance(0.05, "terms of order 1/k, relative; the minimum is flat: 1e-6 in b times k");
    for (a, t) in [(0.5, 1.0), (0.3, 2.0), (-0.5, 0.5)] {
        let target: f64 = (1.0 + t) * a;
        let at = |k: u64| -> Result<f64> { Ok(k as f64 * (best_judge(k, a, t, target - 0.5, target + 0.7)? - target)) };
        let (near, far) = (at(500)?, at(1000)?);
        check.equal(far, near, near.abs().max(0.2), || json!({"a": a, "t": t, "k": [500, 1000]}));
    }
    Ok(check.finish())
}

fn best_judge_by_search(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity(
        "judge/R14",
        "best b at k = 10 and 100: the engine's against a golden section of the exact error",
    )
    .tolerance(1e-6, "a minimum is flat: the square root of a rounding of 1e-14");
    for (a, t, k) in [(0.5, 1.0, 10u64), (-0.5, 0.5, 100)] {
        let target: f64 = (1.0 + t) * a;
        let stated = best_judge(k, a, t, target - 1.0, target + 1.5)?;
        let found = optimal_reward(a, t, Candidates::new(k)?)?;
        let instance = || json!({"a": a, "t": t, "k": k, "at boundary": found.at_boundary});
        check.equal(found.b, stated, 1.0, instance);
    }
    Ok(check.finish())
}

/// E (|a| - max of k normals)^2 by the order statistic.
fn extreme(k: u64, a: f64) -> f64 {
    let at = |z: f64| k as f64 * density(z) * normal_cdf(z).powf(k as f64 - 1.0) * (a.abs() - z).powi(2);
    tanh_sinh(at, -9.0, 0.0, 1e-13).value + tanh_sinh(at, 0.0, 9.0, 1e-13).value
}

fn infinitely_biased_judge(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(140);
    let mut check =
        Check::identity("judge/R14", "error at b = 50 and 100, extrapolated in 1/b^2, against the order statistic")
            .tolerance(1e-3, "terms of order (t/b)^4 and 1/b^3 with t <= 1/2, times a constant up to 100");
    for _ in 0..8 {
        let (a, k, t) = (draw.uniform(0.0, 1.5), draw.count(2, 30), draw.log_uniform(0.1, 0.5));
        // up to a constant the score -(z+b)^2/2t is -bz/t - z^2/2t: as b grows the least z = -max wins
        let found = (4.0 * softmax_of(k, a, 100.0, t)? - softmax_of(k, a, 50.0, t)?) / 3.0;
        check.equal(found, extreme(k, a), 1.0, || json!({"a": a, "k": k, "t": t}));
        check.equal(linear_judge(a, Candidates::new(k)?), extreme(k, a), 1e-8, || json!({"a": a, "k": k}));
    }
    Ok(check.finish())
}

fn best_judge_may_be_at_infinity(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::bound("judge/R14", "a = .5, t = 5, k = 3: error at b = infinity against every b in 0, .5, .. 40")
            .tolerance(1e-9, "the nearest is .0131 above at b = 21");
    for i in 0..=80 {
        let b = 0.5 * f64::from(i);
        check.at_most(extreme(3, 0.5), softmax_of(3, 0.5, b, 5.0)?, 1.0, || json!({"a": 0.5, "t": 5, "k": 3, "b": b}));
    }
    // and the engine says so
    let found = optimal_reward(0.5, 5.0, Candidates::new(3)?)?;
    check.at_most(1.0, f64::from(found.at_boundary), 1.0, || json!({"a": 0.5, "t": 5, "k": 3, "engine": found.b}));
    check.at_most((found.loss - extreme(3, 0.5)).abs(), 0.0, 1.0, || json!({"engine": found.loss}));
    Ok(check.finish())
}
