//! Claims on when best-of-N is a tilt, and when to stop sampling.

use super::super::hedge::turns;
use super::finite::{Steps, ordered_law, plain_mean};
use crate::Result;
use crate::asymptotics::hedge::{GoldCurve, HedgeFamily};
use crate::asymptotics::twin::twin;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling};
use crate::prob::Law;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "asymptotics/R30",
            statement: "Best-of-N is a tilt of the base law exactly when the reward is affine on levels in the twin reward \
                        log(b_j/P_j); with one or two levels it always is.",
            source: "question of Yang et al., arXiv 2404.01730; answered per the abstract of Balasundaram, Rameshwar, \
                     arXiv 2610.01828; derived",
            conditions: "random ties",
            recorded: Recorded::Holds,
            checks: &[the_twin_is_a_tilt, two_levels_are_a_tilt, affine_and_only_affine],
        },
        Claim {
            id: "asymptotics/R30b",
            statement: "No law with three levels has one reward for which best-of-N is a tilt at two different N > 1.",
            source: "conjectured from 20,000 random laws",
            conditions: "every level has mass",
            recorded: Recorded::Fails(
                "p = (.3, .5645486646567316, .13545133534326842): the reward (0, 1, 1.347034726020544) serves N = 2 and \
                 N = 3",
            ),
            checks: &[one_reward_for_two_numbers, twins_keep_apart],
        },
        Claim {
            id: "asymptotics/R31",
            statement: "Along best-of-N, zero-truncated Poisson and 1 + Poisson the gold reward turns at most as often as \
                        the level means do.",
            source: "Khalaf et al., arXiv 2506.19248 (abstract); proof derived",
            conditions: "for zero-truncated Poisson proved for one turning point only",
            recorded: Recorded::Holds,
            checks: &[turns_of_the_gold_reward],
        },
        Claim {
            id: "asymptotics/R31b",
            statement: "Sampling more and more, the gold reward inevitably rises and then falls.",
            source: "Khalaf et al., arXiv 2506.19248 (abstract: \"inevitable\"); condition derived",
            conditions: "none stated in the abstract",
            recorded: Recorded::HoldsUnder("the level means turn over and the gold reward rises at N = 1"),
            checks: &[rise_and_fall_when_means_turn],
        },
    ]
}

fn the_twin_is_a_tilt(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity("asymptotics/R30", "the twin as reward: KL to the nearest tilt = 0, beta = 1")
        .tolerance(1e-11, "rounding of the twin, amplified by the search for the tilt");
    let mut draw = Instances::new(30);
    for _ in 0..200 {
        let k = draw.count(2, 6) as usize;
        let (p, log_n) = (draw.positive_law(k), draw.uniform(0.1, 3.0));
        let r: Vec<f64> = (0..k).map(|i| i as f64).collect();
        let law = Law::new(&p)?;
        let reward: Option<Vec<f64>> = twin(&law, &r, log_n)?.twin.into_iter().collect();
        if let Some(reward) = reward {
            let again = twin(&law, &reward, log_n)?;
            check.equal(again.kl_to_tilt, 0.0, 1.0, || json!({"p": p, "log_best_of": log_n}));
            check.equal(again.beta_star, 1.0, 100.0, || json!({"p": p, "log_best_of": log_n}));
        }
    }
    Ok(check.finish())
}

fn two_levels_are_a_tilt(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity("asymptotics/R30", "two levels: KL to the nearest tilt = 0")
        .tolerance(1e-12, "rounding of the divergence");
    let mut draw = Instances::new(31);
    for _ in 0..200 {
        let (p, log_n) = (draw.positive_law(2), draw.uniform(0.0, 5.0));
        let distance = twin(&Law::new(&p)?, &[0.0, draw.uniform(0.1, 4.0)], log_n)?.kl_to_tilt;
        check.equal(distance, 0.0, 1.0, || json!({"p": p, "log_best_of": log_n}));
    }
    Ok(check.finish())
}

fn affine_and_only_affine(_: &Sampling) -> Result<Check> {
    let what = "distance to the tilts against the smallest divergence over a search of tilts, for affine images of the twin \
                (0) and for random rewards";
    let mut check = Check::identity("asymptotics/R30", what)
        .tolerance(1e-11, "rounding of a divergence; the search is quadratic at its end");
    let mut draw = Instances::new(300);
    for _ in 0..200 {
        let (law, r) = ordered_law(&mut draw, 3, 6)?;
        let (p, n) = (law.probs(), draw.uniform(1.2, 12.0));
        let steps = Steps::new(p, &r);
        let best = steps.best(|f| f.powf(n));
        let (scale, shift) = (draw.log_uniform(0.2, 4.0), draw.uniform(-3.0, 3.0));
        let twin_reward: Vec<f64> = best.iter().zip(p).map(|(b, p)| scale * (b / p).ln() + shift).collect();
        let mut jagged: Vec<f64> = p.iter().map(|_| draw.uniform(0.0, 1.0)).collect();
        jagged.sort_by(f64::total_cmp);
        for (reward, affine) in [(twin_reward, true), (jagged, false)] {
            let found = twin(&law, &reward, n.ln())?;
            let instance = || json!({"p": p, "r": reward, "n": n});
            // golden section of b -> D(best || tilt by b), convex in b
            // in logarithms: a tilted mass may underflow
            let distance = |b: f64| -> f64 {
                let top = reward.iter().map(|r| b * r).fold(f64::NEG_INFINITY, f64::max);
                let z: f64 = (0..p.len()).map(|i| p[i] * (b * reward[i] - top).exp()).sum();
                (0..p.len()).map(|i| best[i] * ((best[i] / p[i]).ln() - (b * reward[i] - top) + z.ln())).sum()
            };
            let (mut low, mut high) = (0.0, 2.0 * found.beta_star + 1.0);
            for _ in 0..80 {
                let (a, b) = (low + 0.382 * (high - low), high - 0.382 * (high - low));
                if distance(a) < distance(b) { high = b } else { low = a }
            }
            check.equal(found.kl_to_tilt, distance(0.5 * (low + high)), 1.0 + found.beta_star, instance);
            if affine {
                check.equal(found.kl_to_tilt, 0.0, 1.0, instance);
                check.equal(found.beta_star, 1.0 / scale, 1e4, instance);
            } else {
                // off the family where least squares leave a residue of the twin
                if affine_residue(&best, p, &reward) > 1e-4 {
                    check.equal(f64::from(found.kl_to_tilt > 1e-9), 1.0, 1.0, instance);
                }
            }
        }
    }
    Ok(check.finish())
}

/// Variance of the twin under `best` that no affine function of `reward` explains.
fn affine_residue(best: &[f64], p: &[f64], reward: &[f64]) -> f64 {
    let weight = best;
    let t: Vec<f64> = best.iter().zip(p).map(|(b, p)| (b / p).ln()).collect();
    let (mean_t, mean_r) = (plain_mean(weight, &t), plain_mean(weight, reward));
    let moment = |f: &dyn Fn(usize) -> f64| -> f64 { (0..p.len()).map(|i| weight[i] * f(i)).sum() };
    let (tt, tr, rr) = (
        moment(&|i| (t[i] - mean_t).powi(2)),
        moment(&|i| (t[i] - mean_t) * (reward[i] - mean_r)),
        moment(&|i| (reward[i] - mean_r).powi(2)),
    );
    if rr > 0.0 { tt - tr * tr / rr } else { tt }
}

/// `(t_3 - t_2)/(t_2 - t_1)` of the twin on three levels with cdf `f1 < f2 < 1`: what an affine map of the reward keeps.
fn shape(f1: f64, f2: f64, n: f64) -> f64 {
    let t = |low: f64, high: f64| ((high.powf(n) - low.powf(n)) / (high - low)).ln();
    (t(f2, 1.0) - t(f1, f2)) / (t(f1, f2) - t(0.0, f1))
}

fn twins_keep_apart(_: &Sampling) -> Result<Check> {
    // One reward serves N = 2 and 3 where the two shapes agree; continuous in F_2, they do between two signs.
    let what = "0 <= product of (shape at N = 2 less shape at N = 3) at two neighbouring laws: no sign change";
    let mut check = Check::bound("asymptotics/R30b", what)
        .tolerance(1e-12, "rounding of the product of two differences of logarithms of size 1e-3");
    for f1 in [0.1, 0.2, 0.3, 0.4, 0.5] {
        let apart = |f2: f64| shape(f1, f2, 2.0) - shape(f1, f2, 3.0);
        let step = (1.0 - f1) / 20.0;
        for i in 1..18 {
            let (left, right) = (f1 + f64::from(i) * step, f1 + f64::from(i + 1) * step);
            let instance = || json!({"cdf": [f1, [left, right], 1], "n": [2, 3]});
            check.at_most(0.0, apart(left) * apart(right), 1.0, instance);
        }
    }
    Ok(check.finish())
}

fn one_reward_for_two_numbers(_: &Sampling) -> Result<Check> {
    // The distance is 6e-35 and 1e-34 for these doubles in 60 digits; the claim needs it positive at one of the two.
    let (p, r) = ([0.3, 0.564_548_664_656_731_6, 0.135_451_335_343_268_4], [0.0, 1.0, 1.347_034_726_020_544]);
    let law = Law::new(&p)?;
    let mut check = Check::bound("asymptotics/R30b", "1e-10 <= larger of the distances at N = 2 and N = 3")
        .tolerance(1e-13, "rounding; at N = 4 the distance is 3.7e-5");
    let distance = |n: f64| twin(&law, &r, n.ln()).map(|twin| twin.kl_to_tilt);
    check.at_most(1e-10, distance(2.0)?.max(distance(3.0)?), 1.0, || json!({"p": p, "r": r, "n": [2, 3]}));
    check.at_most(1e-10, distance(4.0)?, 1.0, || json!({"p": p, "r": r, "n": 4}));
    Ok(check.finish())
}

fn turns_of_the_gold_reward(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R31", "turns of the gold curve <= turns of the level means")
        .tolerance(0.5, "whole numbers: half a turn");
    let mut draw = Instances::new(33);
    for _ in 0..200 {
        let k = draw.count(3, 7) as usize;
        let (p, gold) = (draw.positive_law(k), draw.rewards(k));
        let r: Vec<f64> = (0..k).map(|i| i as f64).collect();
        for family in [HedgeFamily::BestOf, HedgeFamily::ZeroTruncatedPoisson, HedgeFamily::PoissonPlusOne] {
            let curve = GoldCurve::new(&Law::new(&p)?, &r, &gold, family)?;
            let values: Vec<f64> = (0..400)
                .map(|i| {
                    let x = i as f64 / 399.0;
                    curve.at(if family == HedgeFamily::BestOf { 12.0 * x } else { (1e-3f64.ln() + 20.0 * x).exp() })
                })
                .collect();
            // Sums of at most seven products: a few roundings on either side of a step.
            let flat = 32.0 * f64::EPSILON * gold.iter().fold(0.0f64, |a, g| a.max(g.abs()));
            let (found, allowed) = (turns(&values, flat), turns(&gold, 0.0));
            check.at_most(
                found as f64,
                allowed as f64,
                1.0,
                || json!({"p": p, "gold": gold, "family": format!("{family:?}")}),
            );
        }
    }
    Ok(check.finish())
}

fn rise_and_fall_when_means_turn(_: &Sampling) -> Result<Check> {
    let what = "signs of the slope of the gold curve along log N: it turns once where unimodal means make it rise at first, \
                falls throughout where they do not, rises for ever where the means increase";
    let mut check = Check::identity("asymptotics/R31b", what).tolerance(0.5, "whole numbers: half a turn");
    let mut draw = Instances::new(34);
    for _ in 0..300 {
        let (law, r) = ordered_law(&mut draw, 3, 7)?;
        let (p, k) = (law.probs(), law.len());
        // steps of at least .05 between levels of at least .01: the last turn comes before the slope underflows
        if p.iter().any(|p| *p < 0.01) {
            continue;
        }
        let mut means = vec![draw.uniform(-1.0, 1.0)];
        let peak = if draw.chance(0.3) { k } else { 1 + draw.index(k - 1) };
        for j in 1..k {
            let step = draw.uniform(0.05, 1.0);
            means.push(means[j - 1] + if j < peak { step } else { -step });
        }
        let (rising, falling) = (peak == k, peak == 1);
        // dE/dN at N = 1 by plain sums: the law moves by differences of F log F
        let moved = Steps::new(p, &r).best(|f| if f > 0.0 { f * f.ln() } else { 0.0 });
        let start = plain_mean(&moved, &means);
        if start.abs() < 1e-3 {
            continue; // its sign is not safe from rounding
        }
        let curve = GoldCurve::new(&law, &r, &means, HedgeFamily::BestOf)?;
        let end = (600.0 / -(-p[k - 1]).ln_1p()).ln();
        let slopes: Vec<f64> = (0..500).map(|i| curve.slope(end * f64::from(i) / 499.0)).collect();
        let changes = slopes.windows(2).filter(|pair| (pair[0] > 0.0) != (pair[1] > 0.0)).count();
        let instance = || json!({"p": p, "means": means, "peak": peak});
        check.equal(changes as f64, f64::from(!rising && !falling && start > 0.0), 1.0, instance);
        check.equal(f64::from(slopes[0] > 0.0), f64::from(start > 0.0), 1.0, instance);
        check.equal(f64::from(slopes[499] > 0.0), f64::from(rising), 1.0, instance);
    }
    Ok(check.finish_under("the level means turn over and the gold reward rises at N = 1"))
}
