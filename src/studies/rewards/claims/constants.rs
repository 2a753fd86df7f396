//! R3 to R8, R21: worst-case regret, its dual, and the constants that tie it to distances.

use super::instances::{apart, equivalent, policy, positive_mdp, reward, span_distance};
use crate::Result;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling};
use crate::rewards::canonical::Canonicalisation;
use crate::rewards::constants::constants;
use crate::rewards::evaluation::evaluate;
use crate::rewards::mdp::Mdp;
use crate::rewards::norm::Norm;
use crate::rewards::order::same_order;
use crate::rewards::policy::Policy;
use crate::rewards::regret::worst_case_regret;
use crate::rewards::reward::Reward;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "rewards/R3",
            statement: "A STARC distance is 0 iff the rewards order all policies alike, iff their canonical rewards are \
                        positively proportional or both 0.",
            source: "Skalse et al. 2024, recalled; proof derived",
            conditions: "all states reachable",
            recorded: Recorded::Holds,
            checks: &[equivalent_pairs_are_near, other_pairs_disagree],
        },
        Claim {
            id: "rewards/R4",
            statement: "span(R1) Reg(R1, R2) = min over lambda >= 0 of span(R1 - lambda R2).",
            source: "derived (linear-programming duality)",
            conditions: "finite MDP",
            recorded: Recorded::Holds,
            checks: &[witness_meets_the_dual],
        },
        Claim {
            id: "rewards/R5",
            statement: "d_span/2 <= Reg <= d_span on every MDP; R2 = -R1 has Reg 1 and d_span 2; Reg(R1,R2) <= 2 Reg(R2,R1).",
            source: "derived",
            conditions: "span(R1) > 0; for the last, both non-trivial",
            recorded: Recorded::Holds,
            checks: &[universal_sandwich, opposite_rewards, nearly_symmetric],
        },
        Claim {
            id: "rewards/R6",
            statement: "For VAL with the sup norm, L d <= Reg <= U d with U = 2/((1-gamma) h_min), L = h_min (1-gamma)/4.",
            source: "derived",
            conditions: "h_min > 0",
            recorded: Recorded::Holds,
            checks: &[sup_norm_constants],
        },
        Claim {
            id: "rewards/R7",
            statement: "Every STARC metric is sound and complete.",
            source: "Skalse et al. 2024, Theorems 1 and 2, recalled; constants derived for VAL with L2",
            conditions: "all states reachable",
            recorded: Recorded::Holds,
            checks: &[l2_constants],
        },
        Claim {
            id: "rewards/R8",
            statement: "Two sound and complete pseudometrics are bilipschitz equivalent: d1 <= (U2/L1) d2.",
            source: "Skalse et al. 2024, recalled",
            conditions: "all states reachable",
            recorded: Recorded::Holds,
            checks: &[bilipschitz],
        },
        Claim {
            id: "rewards/R21",
            statement: "Over all policies a pair is hackable, or ties on one side only, iff Reg > 0.",
            source: "Skalse et al. 2022 (arXiv 2209.13085), definition recalled; link derived",
            conditions: "both non-trivial",
            recorded: Recorded::Holds,
            checks: &[worst_pairs_are_witnesses, equal_orders_never_disagree],
        },
    ]
}

/// A pair of rewards: unrelated, near each other, or near opposite.
fn pair(draw: &mut Instances) -> Result<(Mdp, Reward, Reward)> {
    let mdp = positive_mdp(draw)?;
    let (r1, noise) = (reward(draw, &mdp)?, reward(draw, &mdp)?);
    let (x, y) = draw.pick(&[(0.0, 1.0), (1.0, 0.3), (1.0, 0.01), (-1.0, 0.3)]);
    let r2 = r1.combined(&mdp, x, &noise, y);
    Ok((mdp, r1, r2))
}

fn equivalent_pairs_are_near(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(11);
    let mut check = Check::identity("rewards/R3", "distance of a reward and a scaled, shaped, redistributed one is 0")
        .tolerance(1e-10, "the specification's; rounding below 1e-12");
    for _ in 0..60 {
        let mdp = positive_mdp(&mut draw)?;
        let r = reward(&mut draw, &mdp)?;
        let scale = draw.log_uniform(0.2, 5.0);
        let other = equivalent(&mut draw, &mdp, &r, scale)?;
        for kind in [Canonicalisation::Val, Canonicalisation::MinimalL2, Canonicalisation::MinimalL2Tau] {
            let d = apart(&mdp, kind, Norm::L2, &r, &other)?;
            check.equal(d, 0.0, 1.0, || json!({"canon": kind.name()}));
        }
        let order = same_order(&mdp, &r, &other)?;
        check.equal(order.alpha.unwrap_or(f64::NAN) / scale, 1.0, 1.0, || json!({"scale": scale}));
    }
    Ok(check.finish())
}

fn other_pairs_disagree(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(12);
    let mut check = Check::bound("rewards/R3", "where VAL is not 0 a pair of policies loses under R1 and not under R2")
        .tolerance(0.0, "a sign");
    for _ in 0..60 {
        let (mdp, r1, r2) = pair(&mut draw)?;
        let d = apart(&mdp, Canonicalisation::Val, Norm::L2, &r1, &r2)?;
        let worst = worst_case_regret(&mdp, &r1, &r2)?;
        let witness = worst.witness(&mdp, &r1, &r2)?;
        check.at_most(1e-6 * d, witness.loss, 1.0, || json!({"distance": d, "loss": witness.loss}));
        check.at_most(-1e-9, witness.approval, 1.0, || json!({"approval": witness.approval}));
    }
    Ok(check.finish())
}

fn witness_meets_the_dual(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(13);
    let mut check = Check::identity("rewards/R4", "loss of a feasible pair of policies = span(R1 - lambda R2)")
        .tolerance(1e-10, "returns of 60 right to 1e-13, mixtures of occupancies");
    for _ in 0..200 {
        let (mdp, r1, r2) = pair(&mut draw)?;
        let worst = worst_case_regret(&mdp, &r1, &r2)?;
        let witness = worst.witness(&mdp, &r1, &r2)?;
        // The dual, evaluated afresh at lambda.
        let mixed = r1.combined(&mdp, 1.0, &r2, -worst.lambda);
        let dual = crate::rewards::optimal::extremes(&mdp, mixed.expected())?.span();
        check.equal(witness.loss, dual, 1.0 + worst.span, || json!({"lambda": worst.lambda}));
    }
    Ok(check.finish())
}

fn universal_sandwich(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(14);
    let mut check = Check::bound("rewards/R5", "d_span/2 <= Reg <= d_span").tolerance(1e-11, "rounding of spans");
    for _ in 0..300 {
        let (mdp, r1, r2) = pair(&mut draw)?;
        let d = span_distance(&mdp, &r1, &r2)?;
        let regret = worst_case_regret(&mdp, &r1, &r2)?.normalised;
        check.at_most(0.5 * d, regret, 1.0, || json!({"d": d, "regret": regret}));
        check.at_most(regret, d, 1.0, || json!({"d": d, "regret": regret}));
    }
    Ok(check.finish())
}

fn opposite_rewards(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(15);
    let mut check = Check::identity("rewards/R5", "R2 = -R1: Reg = 1, d_span = 2").tolerance(1e-12, "rounding");
    for _ in 0..30 {
        let mdp = positive_mdp(&mut draw)?;
        let r1 = reward(&mut draw, &mdp)?;
        let r2 = r1.combined(&mdp, -1.0, &r1, 0.0);
        check.equal(worst_case_regret(&mdp, &r1, &r2)?.normalised, 1.0, 1.0, || json!("regret"));
        check.equal(span_distance(&mdp, &r1, &r2)?, 2.0, 1.0, || json!("distance"));
    }
    Ok(check.finish())
}

fn nearly_symmetric(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(16);
    let mut check = Check::bound("rewards/R5", "Reg(R1, R2) <= 2 Reg(R2, R1)").tolerance(1e-11, "rounding");
    for _ in 0..200 {
        let (mdp, r1, r2) = pair(&mut draw)?;
        let there = worst_case_regret(&mdp, &r1, &r2)?.normalised;
        let back = worst_case_regret(&mdp, &r2, &r1)?.normalised;
        check.at_most(there, 2.0 * back, 1.0, || json!({"there": there, "back": back}));
    }
    Ok(check.finish())
}

fn sup_norm_constants(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(17);
    let mut check = Check::bound("rewards/R6", "L d <= Reg <= U d, VAL in the sup norm").tolerance(1e-11, "rounding");
    for _ in 0..200 {
        let (mdp, r1, r2) = pair(&mut draw)?;
        let found = constants(&mdp, &Policy::uniform(&mdp))?;
        let d = apart(&mdp, Canonicalisation::Val, Norm::Linf, &r1, &r2)?;
        let regret = worst_case_regret(&mdp, &r1, &r2)?.normalised;
        let (lower, upper) = (found.lower.unwrap_or(0.0), found.upper.unwrap_or(f64::INFINITY));
        check.at_most(lower * d, regret, 1.0, || json!({"d": d, "regret": regret}));
        check.at_most(regret, upper * d, 1.0, || json!({"d": d, "regret": regret}));
    }
    Ok(check.finish())
}

/// $U$ and $L$ of VAL in $L_2$: the sup norm is within $\sqrt{SA}$ of it.
fn l2_bounds(mdp: &Mdp) -> Result<(f64, f64)> {
    let found = constants(mdp, &Policy::uniform(mdp))?;
    let root = (mdp.pairs() as f64).sqrt();
    Ok((found.upper.unwrap_or(f64::INFINITY) * root, found.lower.unwrap_or(0.0) / root))
}

fn l2_constants(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(18);
    let mut check =
        Check::bound("rewards/R7", "Reg / d between the constants of VAL in L2").tolerance(1e-11, "rounding");
    for _ in 0..200 {
        let (mdp, r1, r2) = pair(&mut draw)?;
        let (upper, lower) = l2_bounds(&mdp)?;
        let d = apart(&mdp, Canonicalisation::Val, Norm::L2, &r1, &r2)?;
        let regret = worst_case_regret(&mdp, &r1, &r2)?.normalised;
        check.at_most(lower * d, regret, 1.0, || json!({"d": d, "regret": regret}));
        check.at_most(regret, upper * d, 1.0, || json!({"d": d, "regret": regret}));
    }
    Ok(check.finish())
}

fn bilipschitz(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(19);
    let mut check = Check::bound("rewards/R8", "d_span <= 2 U d and L d <= d_span for VAL in L2 and in the sup norm")
        .tolerance(1e-11, "rounding");
    for _ in 0..100 {
        let (mdp, r1, r2) = pair(&mut draw)?;
        let span = span_distance(&mdp, &r1, &r2)?;
        let (upper, lower) = l2_bounds(&mdp)?;
        let d = apart(&mdp, Canonicalisation::Val, Norm::L2, &r1, &r2)?;
        check.at_most(span, 2.0 * upper * d, 1.0, || json!({"span": span, "d": d}));
        check.at_most(lower * d, span, 1.0, || json!({"span": span, "d": d}));
        let found = constants(&mdp, &Policy::uniform(&mdp))?;
        let sup = apart(&mdp, Canonicalisation::Val, Norm::Linf, &r1, &r2)?;
        check.at_most(span, 2.0 * found.upper.unwrap_or(f64::INFINITY) * sup, 1.0, || json!({"sup": sup}));
    }
    Ok(check.finish())
}

fn worst_pairs_are_witnesses(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(20);
    let mut check = Check::bound("rewards/R21", "the worst pair lowers J1 and does not lower J2")
        .tolerance(1e-10, "returns of 60 right to 1e-13");
    for _ in 0..100 {
        let (mdp, r1, r2) = pair(&mut draw)?;
        let worst = worst_case_regret(&mdp, &r1, &r2)?;
        let witness = worst.witness(&mdp, &r1, &r2)?;
        let j = |policy, r: &Reward| Ok::<f64, crate::Error>(evaluate(&mdp, policy, r.expected())?.j);
        check.at_most(worst.regret, j(&witness.from, &r1)? - j(&witness.to, &r1)?, 10.0, || json!("loss"));
        check.at_most(j(&witness.from, &r2)?, j(&witness.to, &r2)?, 10.0, || json!("approval"));
    }
    Ok(check.finish())
}

fn equal_orders_never_disagree(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(21);
    let mut check = Check::bound("rewards/R21", "where the orders are equal, gains of random changes have one sign")
        .tolerance(1e-10, "products of differences of returns, each right to 1e-12");
    for _ in 0..100 {
        let mdp = positive_mdp(&mut draw)?;
        let r1 = reward(&mut draw, &mdp)?;
        let scale = draw.log_uniform(0.2, 5.0);
        let r2 = equivalent(&mut draw, &mdp, &r1, scale)?;
        let (from, to) = (policy(&mut draw, &mdp)?, policy(&mut draw, &mdp)?);
        let gain = |r: &Reward| {
            Ok::<f64, crate::Error>(evaluate(&mdp, &to, r.expected())?.j - evaluate(&mdp, &from, r.expected())?.j)
        };
        check.at_most(-gain(&r1)? * gain(&r2)?, 0.0, 10.0, || json!({"gain1": gain(&r1).unwrap_or(f64::NAN)}));
    }
    Ok(check.finish())
}
