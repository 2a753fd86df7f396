//! R10, R11, R14: what EPIC and DARD promise and what they do not.

use super::instances::{apart, canonical, difference, positive_mdp, reward, signal_and_redistribution, two_states};
use crate::Result;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling};
use crate::rewards::canonical::Canonicalisation;
use crate::rewards::distance::pearson;
use crate::rewards::evaluation::evaluate;
use crate::rewards::mdp::Mdp;
use crate::rewards::norm::Norm;
use crate::rewards::optimal::{Goal, Planner};
use crate::rewards::policy::Policy;
use crate::rewards::regret::worst_case_regret;
use crate::rewards::reward::Reward;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "rewards/R10",
            statement: "EPIC and DARD are not complete: rewards of the same order (Reg 0) have EPIC, DARD and VALPotential \
                        distances up to 2.",
            source: "Skalse et al. 2024, recalled; family and supremum derived",
            conditions: "S >= 2, A >= 2",
            recorded: Recorded::Holds,
            checks: &[same_order_far_apart],
        },
        Claim {
            id: "rewards/R11",
            statement: "EPIC and DARD are not sound: on a family with Reg = 1 their distances vanish linearly.",
            source: "Skalse et al. 2024, recalled; family derived",
            conditions: "S >= 2, A >= 2",
            recorded: Recorded::Holds,
            checks: &[opposite_order_close_together, linear_in_epsilon],
        },
        Claim {
            id: "rewards/R14",
            statement: "If K D covers both optimal policies, J_A(pi_A*) - J_A(pi_B*) <= 16 K |R_A|_{2,D} D_EPIC/(1 - gamma).",
            source: "Gleave et al. 2021, Theorem 4.9, recalled",
            conditions: "D = D_S x D_A x D_S, the laws that canonicalise",
            recorded: Recorded::Holds,
            checks: &[regret_bound_of_epic],
        },
        Claim {
            id: "rewards/R14b",
            statement: "The same with any coverage D, unrelated to D_S and D_A.",
            source: "Gleave et al. 2021, Theorem 4.9, as written (recalled); counter-example derived",
            conditions: "D covers both optimal policies",
            recorded: Recorded::Fails(
                "large common rewards off the support of D dominate both canonical rewards there",
            ),
            checks: &[regret_bound_with_any_coverage],
        },
    ]
}

const MOVED_BY_REDISTRIBUTION: [Canonicalisation; 3] =
    [Canonicalisation::Epic, Canonicalisation::Dard, Canonicalisation::ValPotential];

fn same_order_far_apart(_: &Sampling) -> Result<Check> {
    let mdp = two_states()?;
    let [x, n] = signal_and_redistribution(&mdp)?;
    let mut check = Check::bound("rewards/R10", "eps X + N against eps X - N: Reg 0, VAL 0, the others near 2")
        .tolerance(1e-9, "Reg and VAL are rounding over eps");
    let eps = 0.01;
    let (r1, r2) = (x.combined(&mdp, eps, &n, 1.0), x.combined(&mdp, eps, &n, -1.0));
    check.at_most(worst_case_regret(&mdp, &r1, &r2)?.normalised, 0.0, 1.0, || json!("regret"));
    check.at_most(apart(&mdp, Canonicalisation::Val, Norm::L2, &r1, &r2)?, 0.0, 1.0, || json!("val"));
    for kind in MOVED_BY_REDISTRIBUTION {
        let d = apart(&mdp, kind, Norm::L2, &r1, &r2)?;
        check.at_most(1.999, d, 1.0, || json!({"canon": kind.name(), "d": d}));
    }
    Ok(check.finish())
}

fn opposite_order_close_together(_: &Sampling) -> Result<Check> {
    let mdp = two_states()?;
    let [x, n] = signal_and_redistribution(&mdp)?;
    let mut check = Check::identity("rewards/R11", "eps X + N against -eps X + N: Reg = 1, VAL distance 2")
        .tolerance(1e-9, "rounding over eps");
    for eps in [1.0, 0.1, 0.01, 0.001] {
        let (r1, r2) = (x.combined(&mdp, eps, &n, 1.0), x.combined(&mdp, -eps, &n, 1.0));
        check.equal(worst_case_regret(&mdp, &r1, &r2)?.normalised, 1.0, 1.0, || json!({"eps": eps}));
        check.equal(apart(&mdp, Canonicalisation::Val, Norm::L2, &r1, &r2)?, 2.0, 1.0, || json!({"eps": eps}));
    }
    Ok(check.finish())
}

fn linear_in_epsilon(_: &Sampling) -> Result<Check> {
    let mdp = two_states()?;
    let [x, n] = signal_and_redistribution(&mdp)?;
    let mut check = Check::rates("rewards/R11", "log-log slope of the distances against eps");
    for kind in MOVED_BY_REDISTRIBUTION {
        let d = |eps: f64| {
            let (r1, r2) = (x.combined(&mdp, eps, &n, 1.0), x.combined(&mdp, -eps, &n, 1.0));
            apart(&mdp, kind, Norm::L2, &r1, &r2)
        };
        let slope = (d(1e-3)? / d(1e-5)?).ln() / 100f64.ln();
        // The next order of the distance is eps^3: 1e-6 at most here.
        check.rate(slope, 1e-4, 1.0, 0.5, || json!({"canon": kind.name()}));
    }
    Ok(check.finish())
}

/// An optimal policy, and its largest ratio of Pr(s_t, a_t, s_{t+1}) to the law `d` on transitions over all t.
fn optimum(mdp: &Mdp, r: &Reward, d: impl Fn(usize) -> f64) -> Result<(Policy, f64)> {
    let mut planner = Planner::new(mdp);
    planner.optimise(r.expected(), Goal::Maximise)?;
    let choice = planner.choice().to_vec();
    let mut at = mdp.start().to_vec();
    let mut ratio = 0.0f64;
    for _ in 0..400 {
        let mut next = vec![0.0; mdp.states()];
        for (s, &a) in choice.iter().enumerate() {
            mdp.transitions().visit(mdp.states(), s * mdp.actions() + a, |t, p, i| {
                let mass = at[s] * p;
                next[t] += mass;
                if mass > 0.0 {
                    ratio = ratio.max(mass / d(i));
                }
            });
        }
        if difference(&at, &next) < 1e-15 {
            break;
        }
        at = next;
    }
    Ok((Policy::deterministic(mdp, &choice), ratio))
}

/// Both sides of the bound under a law `d` on transitions.
fn sides(mdp: &Mdp, a: &Reward, b: &Reward, d: &[f64]) -> Result<(f64, f64)> {
    let ((best, k1), (other, k2)) = (optimum(mdp, a, |i| d[i])?, optimum(mdp, b, |i| d[i])?);
    let regret = evaluate(mdp, &best, a.expected())?.j - evaluate(mdp, &other, a.expected())?.j;
    let size = a.values().iter().zip(d).map(|(r, d)| d * r * r).sum::<f64>().sqrt();
    let (c1, c2) = (canonical(mdp, Canonicalisation::Epic, a)?, canonical(mdp, Canonicalisation::Epic, b)?);
    let distance = pearson(mdp, &c1, &c2, Some(d))?.d;
    Ok((regret, 16.0 * k1.max(k2) * size * distance / (1.0 - mdp.gamma())))
}

fn regret_bound_of_epic(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(31);
    let mut check = Check::bound("rewards/R14", "regret against 16 K |R| D_EPIC/(1 - gamma), D uniform")
        .tolerance(1e-10, "rounding of returns");
    for i in 0..100 {
        let mdp = positive_mdp(&mut draw)?;
        let (a, noise) = (reward(&mut draw, &mdp)?, reward(&mut draw, &mdp)?);
        let b = if i % 2 == 0 { noise } else { a.combined(&mdp, 1.0, &noise, 0.2) };
        let uniform = vec![1.0 / mdp.transitions().stored() as f64; mdp.transitions().stored()];
        let (left, right) = sides(&mdp, &a, &b, &uniform)?;
        check.at_most(left, right, 1.0, || json!({"ratio": left / right}));
    }
    Ok(check.finish())
}

fn regret_bound_with_any_coverage(_: &Sampling) -> Result<Check> {
    // Deterministic: action a leads to state a. D is uniform on what P plays; beyond, both rewards share a large value.
    let p: Vec<Vec<Vec<f64>>> =
        (0..2).map(|_| (0..2).map(|a| (0..2).map(|t| f64::from(u8::from(t == a))).collect()).collect()).collect();
    let mdp = Mdp::new(&p, &[0.5, 0.5], 0.5)?;
    let law: Vec<f64> = mdp.dense().unwrap_or(&[]).iter().map(|p| p / 4.0).collect();
    let mut check =
        Check::bound("rewards/R14b", "the bound under a coverage of what P plays").tolerance(1e-9, "rounding");
    for common in [1e2, 1e4, 1e6] {
        let of = |sign: f64| {
            Reward::from_fn(&mdp, "R", move |s, a, t| match t == a {
                true => sign * (a as f64 - 0.5),
                false => common * (1.0 + s as f64),
            })
        };
        let (left, right) = sides(&mdp, &of(1.0)?, &of(-1.0)?, &law)?;
        check.at_most(left, right, 1.0, || json!({"common": common, "regret": left, "bound": right}));
    }
    Ok(check.finish())
}
