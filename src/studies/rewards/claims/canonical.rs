//! R1, R2, R9, R12, R13: what the canonicalisations remove and keep.

use super::instances::{apart, canonical, difference, equivalent, policy, positive_mdp, reward};
use crate::Result;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling};
use crate::numerics::least_squares::singular_values;
use crate::rewards::canonical::{Canonicalisation, Canonicaliser, Laws, uniform_advantage};
use crate::rewards::distance::pearson;
use crate::rewards::evaluation::evaluate;
use crate::rewards::mdp::Mdp;
use crate::rewards::norm::Norm;
use crate::rewards::optimal::extremes;
use crate::rewards::regret::worst_case_regret;
use crate::rewards::reward::Reward;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "rewards/R1",
            statement: "Value-adjusted levelling is a canonicalisation for every fixed policy: c(R) is equivalent to R and \
                        the same for all rewards equivalent to R.",
            source: "Skalse et al. 2024 (arXiv 2309.15257), Proposition 2, recalled; proof derived",
            conditions: "finite MDP, any policy",
            recorded: Recorded::Holds,
            checks: &[val_is_invariant, val_is_a_projection],
        },
        Claim {
            id: "rewards/R2",
            statement: "VAL averages to zero under its policy, its return is J(pi') - J(pi), and its rank is S(A-1).",
            source: "derived",
            conditions: "finite MDP",
            recorded: Recorded::Holds,
            checks: &[val_measures_differences, rank_of_val],
        },
        Claim {
            id: "rewards/R9",
            statement: "EPIC, DARD, VALPotential and the minimal potential vanish exactly on the potential shapings (kernel \
                        of dimension S); VAL and the minimal canonicalisations on a kernel of dimension S^2 A - S(A-1).",
            source: "derived; EPIC's invariance from Gleave et al. 2021, DARD's from Wulfe et al. 2022",
            conditions: "norms on all (s, a, s')",
            recorded: Recorded::Holds,
            checks: &[kernels],
        },
        Claim {
            id: "rewards/R9b",
            statement: "Distance 0 with DARD and a norm weighted by P implies the same order of policies.",
            source: "a reading of Wulfe et al. 2022; counter-example derived",
            conditions: "P with zeros",
            recorded: Recorded::Fails(
                "DARD reads rewards off the support of P: a null vector of R -> P C(R) with an advantage",
            ),
            checks: &[weighted_dard_forgets_an_advantage],
        },
        Claim {
            id: "rewards/R12",
            statement: "DARD's canonical reward orders policies as the reward does.",
            source: "a reading of Wulfe et al. 2022; derived",
            conditions: "",
            recorded: Recorded::Fails("its third term depends on s and s' jointly"),
            checks: &[dard_changes_the_advantage],
        },
        Claim {
            id: "rewards/R12b",
            statement: "EPIC's canonical reward orders policies as the reward does.",
            source: "Gleave et al. 2021; derived",
            conditions: "",
            recorded: Recorded::Holds,
            checks: &[epic_keeps_the_advantage],
        },
        Claim {
            id: "rewards/R13",
            statement: "With uniform weights the L2-standardised L2 distance of EPIC's canonical rewards is twice Pearson's.",
            source: "derived; authors' code of Gleave et al. 2021 read",
            conditions: "D_S, D_A uniform",
            recorded: Recorded::Holds,
            checks: &[twice_pearson],
        },
    ]
}

fn val_is_invariant(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(1);
    let mut check = Check::identity("rewards/R1", "c(R + shaping + redistribution) = c(R), policies at random")
        .tolerance(1e-10, "the specification's; rounding is 1e-13 of |R| + |Phi|, over 1 - gamma");
    for _ in 0..100 {
        let mdp = positive_mdp(&mut draw)?;
        let laws = Laws { policy: policy(&mut draw, &mdp)?, ..Laws::uniform(&mdp) };
        let canonicaliser = Canonicaliser::new(&mdp, Canonicalisation::Val, &laws)?;
        let r = reward(&mut draw, &mdp)?;
        let other = equivalent(&mut draw, &mdp, &r, 1.0)?;
        let (c, d) = (canonicaliser.apply(&r)?, canonicaliser.apply(&other)?);
        check.equal(difference(c.values(), d.values()), 0.0, 5.0, || json!({"states": mdp.states()}));
    }
    Ok(check.finish())
}

fn val_is_a_projection(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(2);
    let mut check = Check::identity("rewards/R1", "c(c(R)) = c(R) and span(R - c(R)) = 0")
        .tolerance(1e-10, "the specification's; span adds a factor 1/(1 - gamma) to rounding");
    for _ in 0..100 {
        let mdp = positive_mdp(&mut draw)?;
        let r = reward(&mut draw, &mdp)?;
        let c = canonical(&mdp, Canonicalisation::Val, &r)?;
        let again = Reward::on_transitions(&mdp, "C", c.on_transitions(&mdp))?;
        let twice = canonical(&mdp, Canonicalisation::Val, &again)?;
        check.equal(difference(c.values(), twice.values()), 0.0, 5.0, || json!({"what": "twice"}));
        let rest = r.combined(&mdp, 1.0, &again, -1.0);
        check.equal(extremes(&mdp, rest.expected())?.span(), 0.0, 5.0, || json!({"what": "span"}));
    }
    Ok(check.finish())
}

fn val_measures_differences(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(3);
    let mut check = Check::identity("rewards/R2", "J of c(R) is J(pi') - J(pi); c(R) averages to 0 under pi")
        .tolerance(1e-11, "returns below 60, each right to 1e-13");
    for _ in 0..100 {
        let mdp = positive_mdp(&mut draw)?;
        let (pi, other) = (policy(&mut draw, &mdp)?, policy(&mut draw, &mdp)?);
        let r = reward(&mut draw, &mdp)?;
        let laws = Laws { policy: pi.clone(), ..Laws::uniform(&mdp) };
        let c = Canonicaliser::new(&mdp, Canonicalisation::Val, &laws)?.apply(&r)?.expected(&mdp);
        let mut average = vec![0.0; mdp.states()];
        pi.average(&c, &mut average);
        check.equal(difference(&average, &vec![0.0; mdp.states()]), 0.0, 1.0, || json!({"what": "average"}));
        let gain = evaluate(&mdp, &other, r.expected())?.j - evaluate(&mdp, &pi, r.expected())?.j;
        check.equal(evaluate(&mdp, &other, &c)?.j, gain, 1.0, || json!({"what": "return"}));
    }
    Ok(check.finish())
}

/// The rank of a canonicalisation as a linear map on all rewards.
fn rank(mdp: &Mdp, kind: Canonicalisation) -> Result<usize> {
    let canonicaliser = Canonicaliser::new(mdp, kind, &Laws::uniform(mdp))?;
    let n = mdp.transitions().stored();
    let column = |i: usize| {
        let mut values = vec![0.0; n];
        values[i] = 1.0;
        Ok(canonicaliser.apply(&Reward::on_transitions(mdp, "R", values)?)?.on_transitions(mdp))
    };
    let columns: Vec<Vec<f64>> = (0..n).map(column).collect::<Result<_>>()?;
    let values = singular_values(n, n, |i, j| columns[j][i])?;
    Ok(values.iter().filter(|s| **s > 1e-9 * values[0]).count())
}

fn rank_of_val(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(4);
    let mut check = Check::identity("rewards/R2", "rank of VAL = S(A-1)").tolerance(0.0, "whole numbers");
    for _ in 0..10 {
        let mdp = positive_mdp(&mut draw)?;
        let expected = mdp.states() * (mdp.actions() - 1);
        check.equal(
            rank(&mdp, Canonicalisation::Val)? as f64,
            expected as f64,
            1.0,
            || json!({"states": mdp.states()}),
        );
    }
    Ok(check.finish())
}

fn kernels(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(5);
    let mut check = Check::identity("rewards/R9", "rank of each canonicalisation").tolerance(0.0, "whole numbers");
    for _ in 0..5 {
        let mdp = positive_mdp(&mut draw)?;
        let (n, s) = (mdp.transitions().stored(), mdp.states());
        for kind in Canonicalisation::ALL.into_iter().filter(|kind| *kind != Canonicalisation::None) {
            let expected = if kind.is_complete() { s * (mdp.actions() - 1) } else { n - s };
            check.equal(rank(&mdp, kind)? as f64, expected as f64, 1.0, || json!({"canon": kind.name()}));
        }
    }
    Ok(check.finish())
}

/// Vectors that span the kernel of a matrix given by its rows: elimination with full row search.
fn kernel(mut rows: Vec<Vec<f64>>, columns: usize) -> Vec<Vec<f64>> {
    let mut pivots = Vec::new();
    let mut done = 0;
    for j in 0..columns {
        let Some(best) = (done..rows.len()).max_by(|&a, &b| rows[a][j].abs().total_cmp(&rows[b][j].abs())) else {
            break;
        };
        if rows[best][j].abs() < 1e-10 {
            continue;
        }
        rows.swap(done, best);
        let scale = 1.0 / rows[done][j];
        rows[done].iter_mut().for_each(|x| *x *= scale);
        let pivot = rows[done].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != done) {
            let factor = row[j];
            row.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= factor * p);
        }
        pivots.push(j);
        done += 1;
    }
    let free = (0..columns).filter(|j| !pivots.contains(j));
    free.map(|j| {
        let mut x = vec![0.0; columns];
        x[j] = 1.0;
        pivots.iter().zip(&rows).for_each(|(&p, row)| x[p] = -row[j]);
        x
    })
    .collect()
}

fn weighted_dard_forgets_an_advantage(_: &Sampling) -> Result<Check> {
    let p = [
        vec![vec![0.5, 0.5, 0.0], vec![0.0, 1.0, 0.0]],
        vec![vec![0.0, 0.5, 0.5], vec![1.0, 0.0, 0.0]],
        vec![vec![0.5, 0.0, 0.5], vec![0.0, 0.0, 1.0]],
    ];
    let mdp = Mdp::new(&p, &[0.5, 0.25, 0.25], 0.9)?;
    let n = mdp.transitions().stored();
    let canonicaliser = Canonicaliser::new(&mdp, Canonicalisation::Dard, &Laws::uniform(&mdp))?;
    let mut columns = Vec::new();
    for i in 0..n {
        let mut values = vec![0.0; n];
        values[i] = 1.0;
        columns.push(canonicaliser.apply(&Reward::on_transitions(&mdp, "R", values)?)?.on_transitions(&mdp));
    }
    let flat = mdp.dense().unwrap_or(&[]);
    let rows = (0..n).filter(|&i| flat[i] > 0.0).map(|i| columns.iter().map(|c| c[i]).collect()).collect();
    // Of the kernel, the vector of largest advantage.
    let mut best: Option<(f64, Reward)> = None;
    for vector in kernel(rows, n) {
        let candidate = Reward::on_transitions(&mdp, "N", vector)?;
        let a = uniform_advantage(&mdp, candidate.expected())?;
        let size = a.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        if best.as_ref().is_none_or(|(most, _)| size > *most) {
            best = Some((size, candidate));
        }
    }
    let mut check = Check::bound("rewards/R9b", "regret where the weighted DARD distance is 0 (below 1e-9)")
        .tolerance(1e-6, "far above rounding, far below the regret found");
    if let Some((_, n)) = best {
        let x = Reward::from_fn(&mdp, "X", |s, a, _| (s as f64 - 0.7) * a as f64)?;
        for k in [1.0, 30.0, -30.0] {
            let shifted = x.combined(&mdp, 1.0, &n, k);
            let d = apart(&mdp, Canonicalisation::Dard, Norm::L2Tau, &x, &shifted)?;
            let regret = worst_case_regret(&mdp, &x, &shifted)?.normalised;
            let seen = if d < 1e-9 { regret } else { 0.0 };
            check.at_most(seen, 0.0, 1.0, || json!({"k": k, "distance": d, "regret": regret}));
        }
    }
    Ok(check.finish())
}

/// Difference of the advantages of a reward and of its canonical reward.
fn change(mdp: &Mdp, kind: Canonicalisation, r: &Reward) -> Result<f64> {
    let c = canonical(mdp, kind, r)?.expected(mdp);
    Ok(difference(&uniform_advantage(mdp, r.expected())?, &uniform_advantage(mdp, &c)?))
}

fn dard_changes_the_advantage(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(6);
    let mut check = Check::identity("rewards/R12", "advantage of DARD's canonical reward = the reward's")
        .tolerance(1e-9, "rounding is below 1e-12");
    for _ in 0..20 {
        let mdp = positive_mdp(&mut draw)?;
        let r = reward(&mut draw, &mdp)?;
        check.equal(change(&mdp, Canonicalisation::Dard, &r)?, 0.0, 1.0, || json!({"states": mdp.states()}));
    }
    Ok(check.finish())
}

fn epic_keeps_the_advantage(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(6);
    let mut check = Check::identity("rewards/R12b", "advantage of EPIC's canonical reward = the reward's")
        .tolerance(1e-11, "rounding of |R| + |Phi| over 1 - gamma");
    for _ in 0..50 {
        let mdp = positive_mdp(&mut draw)?;
        let r = reward(&mut draw, &mdp)?;
        check.equal(change(&mdp, Canonicalisation::Epic, &r)?, 0.0, 1.0, || json!({"states": mdp.states()}));
    }
    Ok(check.finish())
}

fn twice_pearson(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(7);
    let mut check = Check::identity("rewards/R13", "d(EPIC, L2, L2) = 2 sqrt((1 - rho)/2)")
        .tolerance(1e-12, "sums of 36 terms and a square root");
    for _ in 0..100 {
        let mdp = positive_mdp(&mut draw)?;
        let (r1, r2) = (reward(&mut draw, &mdp)?, reward(&mut draw, &mdp)?);
        let (c1, c2) = (canonical(&mdp, Canonicalisation::Epic, &r1)?, canonical(&mdp, Canonicalisation::Epic, &r2)?);
        let d = apart(&mdp, Canonicalisation::Epic, Norm::L2, &r1, &r2)?;
        check.equal(d, 2.0 * pearson(&mdp, &c1, &c2, None)?.d, 1.0, || json!({"d": d}));
    }
    Ok(check.finish())
}
