//! R22, R23: simplification on finite sets of policies, and transformations that keep the set of optimal policies.

use super::instances::{policy, positive_mdp, reward};
use crate::Result;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling};
use crate::numerics::linear_program::{Outcome, Row, maximise};
use crate::rewards::finite_set::finite_set;
use crate::rewards::mdp::Mdp;
use crate::rewards::occupancy::occupancy;
use crate::rewards::optimal_regret::optimal_pairs;
use crate::rewards::policy::Policy;
use crate::rewards::reward::Reward;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "rewards/R22",
            statement: "On a finite set of policies a reward has a non-trivial simplification iff dim Z <= dim F - 2.",
            source: "Skalse et al. 2022 (arXiv 2209.13085), Theorem 3, recalled; re-derived",
            conditions: "Z: differences within classes of equal return; F: all differences of occupancies",
            recorded: Recorded::Holds,
            checks: &[rank_condition_against_programs],
        },
        Claim {
            id: "rewards/R23",
            statement: "R2 has R1's optimal actions iff E[R2 + gamma Psi(S')] <= Psi(s) with equality exactly on them.",
            source: "Skalse et al. 2023 (arXiv 2203.07475), recalled",
            conditions: "every state reachable",
            recorded: Recorded::Holds,
            checks: &[optimal_sets_are_kept, broken_slack_changes_them],
        },
    ]
}

/// A few policies and a reward: one that pays for action 0 alone, with policies that play it equally often in every state and
/// so tie whatever else they do; or any reward.
fn set(draw: &mut Instances, mdp: &Mdp) -> Result<(Vec<Policy>, Reward)> {
    let (n, ties) = (draw.count(2, 6) as usize, draw.chance(0.6));
    let mut policies = Vec::new();
    for _ in 0..n {
        let first = draw.pick(&[0.25, 0.5, 0.75]);
        let mut rows = policy(draw, mdp)?.rows();
        if ties {
            for row in &mut rows {
                let rest: f64 = row[1..].iter().sum();
                row[1..].iter_mut().for_each(|p| *p *= (1.0 - first) / rest);
                row[0] = first;
            }
        }
        policies.push(Policy::new(mdp, "policies", &rows)?);
    }
    let r = if ties { Reward::from_fn(mdp, "R", |_, a, _| f64::from(u8::from(a == 0)))? } else { reward(draw, mdp)? };
    Ok((policies, r))
}

/// Whether some reward, constant on classes, monotone along them and tying one adjacent pair of them, is not constant.
fn by_programs(mdp: &Mdp, policies: &[Policy], r: &Reward) -> Result<bool> {
    let visits: Vec<Vec<f64>> = policies.iter().map(|policy| occupancy(mdp, policy)).collect::<Result<_>>()?;
    let j: Vec<f64> = visits.iter().map(|f| crate::numerics::sum::dot(f, r.expected())).collect();
    let mut order: Vec<usize> = (0..j.len()).collect();
    order.sort_by(|&i, &k| j[i].total_cmp(&j[k]));
    let tie = 1e-9 * r.largest();
    // The difference of two policies as a row on R2 = plus - minus.
    let row = |from: usize, to: usize| -> Vec<f64> {
        let apart: Vec<f64> = visits[to].iter().zip(&visits[from]).map(|(x, y)| x - y).collect();
        apart.iter().copied().chain(apart.iter().map(|x| -x)).collect()
    };
    let steps: Vec<(usize, usize, bool)> =
        order.windows(2).map(|pair| (pair[0], pair[1], j[pair[1]] - j[pair[0]] <= tie)).collect();
    let negated = |row: Vec<f64>| row.into_iter().map(|x| -x).collect::<Vec<f64>>();
    let last = *order.last().unwrap_or(&0);
    for (tied, _) in steps.iter().enumerate().filter(|(_, step)| !step.2) {
        let mut equal: Vec<Row> = Vec::new();
        let mut at_most: Vec<Row> = Vec::new();
        for (i, &(from, to, same)) in steps.iter().enumerate() {
            if same || i == tied {
                equal.push((row(from, to), 0.0));
            } else {
                at_most.push((negated(row(from, to)), 0.0));
            }
        }
        let whole = row(order[0], last);
        at_most.push((whole.clone(), 1.0));
        if let Outcome::Optimal(best) = maximise(&whole, &at_most, &equal)?
            && best.value > 0.5
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn rank_condition_against_programs(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(61);
    let mut check =
        Check::identity("rewards/R22", "rank condition = existence by linear programs").tolerance(0.0, "yes or no");
    for _ in 0..100 {
        let mdp = positive_mdp(&mut draw)?;
        let (policies, r) = set(&mut draw, &mdp)?;
        let found = finite_set(&mdp, &policies, &r, &r)?;
        let brute = by_programs(&mdp, &policies, &r)?;
        let yes = |b: bool| f64::from(u8::from(b));
        check.equal(
            yes(found.simplification_exists),
            yes(brute),
            1.0,
            || json!({"policies": policies.len(), "dim_f": found.dim_f, "dim_z": found.dim_z}),
        );
    }
    Ok(check.finish())
}

/// A reward whose backup of `psi` is `psi(s) - slack(pair)`.
fn with_slack(mdp: &Mdp, psi: &[f64], slack: &[f64]) -> Result<Reward> {
    let mut next = vec![0.0; mdp.pairs()];
    mdp.transitions().expect_next(psi, &mut next);
    let value = |pair: usize| psi[pair / mdp.actions()] - mdp.gamma() * next[pair] - slack[pair];
    Reward::from_fn(mdp, "R2", |s, a, _| value(s * mdp.actions() + a))
}

/// A process, the optimal pairs of a reward, a potential and slacks.
type Transformed = (Mdp, Vec<bool>, Vec<f64>, Vec<f64>);

/// A reward of few values, so that optimal actions tie, its optimal pairs, a potential and slacks off them.
fn transformed(draw: &mut Instances) -> Result<Transformed> {
    let mdp = positive_mdp(draw)?;
    let ties = draw.chance(0.5);
    let values: Vec<f64> = (0..mdp.pairs()).map(|_| if ties { 1.0 } else { draw.uniform(-1.0, 1.0) }).collect();
    let r = Reward::from_fn(&mdp, "R1", |s, a, _| values[s * mdp.actions() + a])?;
    let optimal = optimal_pairs(&mdp, r.expected())?;
    let psi = (0..mdp.states()).map(|_| draw.uniform(-5.0, 5.0)).collect();
    let slack = optimal.iter().map(|best| if *best { 0.0 } else { draw.uniform(0.1, 2.0) }).collect();
    Ok((mdp, optimal, psi, slack))
}

fn optimal_sets_are_kept(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(62);
    let mut check =
        Check::identity("rewards/R23", "pairs optimal under one reward only").tolerance(0.0, "whole numbers");
    for _ in 0..100 {
        let (mdp, optimal, psi, slack) = transformed(&mut draw)?;
        let found = optimal_pairs(&mdp, with_slack(&mdp, &psi, &slack)?.expected())?;
        let wrong = found.iter().zip(&optimal).filter(|(a, b)| a != b).count();
        check.equal(wrong as f64, 0.0, 1.0, || json!({"pairs": mdp.pairs()}));
    }
    Ok(check.finish())
}

fn broken_slack_changes_them(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(63);
    let mut check = Check::bound("rewards/R23", "slack 0 on another action, or > 0 on one of several: the set changes")
        .tolerance(0.0, "whole numbers");
    for _ in 0..100 {
        let (mdp, optimal, psi, mut slack) = transformed(&mut draw)?;
        let actions = mdp.actions();
        let several = |pair: usize| optimal[pair / actions * actions..][..actions].iter().filter(|b| **b).count() > 1;
        let Some(pair) = (0..mdp.pairs()).find(|&pair| !optimal[pair] || several(pair)) else { continue };
        slack[pair] = if optimal[pair] { 0.5 } else { 0.0 };
        let found = optimal_pairs(&mdp, with_slack(&mdp, &psi, &slack)?.expected())?;
        let changed = found.iter().zip(&optimal).filter(|(a, b)| a != b).count();
        check.at_most(1.0, changed as f64, 1.0, || json!({"pair": pair}));
    }
    Ok(check.finish())
}
