//! R19, R20: optima under chi-squared penalties, and what the action-KL bounds.

use super::instances::{policy, positive_mdp, reward};
use crate::Result;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling};
use crate::prob::kl;
use crate::rewards::mdp::Mdp;
use crate::rewards::occupancy::occupancy;
use crate::rewards::orpo::{Orpo, Penalty};
use crate::rewards::policy::Policy;
use crate::rewards::reference::Reference;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "rewards/R19",
            statement: "The optimum of J_n(proxy) - lambda sqrt(chi2) is the reference iff lambda >= |c_y|; below it lies on \
                        the boundary of the occupancies. For lambda chi2 it is mu_ref (1 + c_y/(2 lambda)) while that is >= 0.",
            source: "derived",
            conditions: "mu_ref of full support",
            recorded: Recorded::Holds,
            checks: &[critical_penalty, boundary_below_it, explicit_optimum, certificates],
        },
        Claim {
            id: "rewards/R20",
            statement: "KL(mu_pi||mu_ref) <= sum_s mu_pi(s) KL(pi(.|s)||pi_ref(.|s))/(1 - gamma), and equality can occur.",
            source: "derived (chain rule and data processing)",
            conditions: "mu_pi << mu_ref",
            recorded: Recorded::Holds,
            checks: &[occupancy_kl_below_action_kl, equality_without_future],
        },
    ]
}

fn critical_penalty(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(51);
    let mut check = Check::bound("rewards/R19", "gain over the reference: positive at .98 |c_y|, none at 1.02 |c_y|")
        .tolerance(0.0, "a sign: the gain at .98 is of the order of .02^2 |c_y|, far above rounding");
    for _ in 0..60 {
        let mdp = positive_mdp(&mut draw)?;
        let reference = Reference::new(&mdp, policy(&mut draw, &mdp)?)?;
        let proxy = reward(&mut draw, &mdp)?;
        let orpo = Orpo::new(&reference, proxy.expected())?;
        let base = reference.mean(|i| proxy.expected()[i]);
        let below = orpo.optimum(0.98 * orpo.critical_lambda(), Penalty::SqrtChi2)?;
        let above = orpo.optimum(1.02 * orpo.critical_lambda(), Penalty::SqrtChi2)?;
        check.at_most(1e-9 * orpo.critical_lambda(), below.objective - base, 1.0, || json!("below"));
        check.at_most(above.chi2, 0.0, 1.0, || json!("above"));
    }
    Ok(check.finish())
}

fn boundary_below_it(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(52);
    let mut check =
        Check::identity("rewards/R19", "least mass of a pair at the optimum, relative to the reference's, is 0")
            .tolerance(1e-9, "rounding of the root");
    for _ in 0..60 {
        let mdp = positive_mdp(&mut draw)?;
        let reference = Reference::new(&mdp, policy(&mut draw, &mdp)?)?;
        let orpo = Orpo::new(&reference, reward(&mut draw, &mdp)?.expected())?;
        let lambda = orpo.critical_lambda() * draw.uniform(0.05, 0.99);
        let mu = occupancy(&mdp, &orpo.optimum(lambda, Penalty::SqrtChi2)?.policy)?;
        let least = mu.iter().zip(&reference.mu).map(|(m, r)| m / r).fold(f64::INFINITY, f64::min);
        check.equal(least, 0.0, 1.0, || json!({"lambda": lambda}));
    }
    Ok(check.finish())
}

fn explicit_optimum(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(53);
    let mut check = Check::identity("rewards/R19", "value of the chi-squared penalty = J_n(ref) + |c_y|^2/(4 lambda)")
        .tolerance(1e-12, "rounding");
    for _ in 0..60 {
        let mdp = positive_mdp(&mut draw)?;
        let reference = Reference::new(&mdp, policy(&mut draw, &mdp)?)?;
        let proxy = reward(&mut draw, &mdp)?;
        let orpo = Orpo::new(&reference, proxy.expected())?;
        // c_y is at most |R|/(1 - gamma) = 100 in size: the optimum is inside.
        let lambda = draw.uniform(60.0, 200.0);
        let value = orpo.optimum(lambda, Penalty::Chi2)?.objective;
        let expected = reference.mean(|i| proxy.expected()[i]) + orpo.critical_lambda().powi(2) / (4.0 * lambda);
        check.equal(value, expected, 3.0, || json!({"lambda": lambda}));
    }
    Ok(check.finish())
}

fn certificates(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(54);
    let mut check =
        Check::bound("rewards/R19", "Frank-Wolfe gap of the optimum").tolerance(1e-10, "rounding of a plan");
    for _ in 0..60 {
        let mdp = positive_mdp(&mut draw)?;
        let reference = Reference::new(&mdp, policy(&mut draw, &mdp)?)?;
        let orpo = Orpo::new(&reference, reward(&mut draw, &mdp)?.expected())?;
        for penalty in [Penalty::SqrtChi2, Penalty::Chi2] {
            let lambda = orpo.critical_lambda() * draw.log_uniform(1e-3, 1.0);
            let found = orpo.optimum(lambda, penalty)?;
            check.at_most(found.gap, 0.0, 1.0, || json!({"lambda": lambda, "chi2": found.chi2}));
        }
    }
    Ok(check.finish())
}

/// KL of occupancies, and the bound.
fn both_divergences(mdp: &Mdp, pi: &Policy, pi_ref: &Policy) -> Result<(f64, f64)> {
    let (mu, reference) = (occupancy(mdp, pi)?, occupancy(mdp, pi_ref)?);
    let by_state = mu.chunks_exact(mdp.actions()).map(|row| row.iter().sum::<f64>());
    let action: f64 = by_state.enumerate().map(|(s, m)| m * kl(pi.row(s), pi_ref.row(s))).sum();
    Ok((kl(&mu, &reference), action / (1.0 - mdp.gamma())))
}

fn occupancy_kl_below_action_kl(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(55);
    let mut check = Check::bound("rewards/R20", "KL of occupancies against the action-KL over 1 - gamma")
        .tolerance(1e-13, "rounding");
    for _ in 0..300 {
        let mdp = positive_mdp(&mut draw)?;
        let (left, right) = both_divergences(&mdp, &policy(&mut draw, &mdp)?, &policy(&mut draw, &mdp)?)?;
        check.at_most(left, right, 1.0 + right, || json!({"ratio": left / right}));
    }
    Ok(check.finish())
}

fn equality_without_future(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(56);
    let mut check = Check::identity("rewards/R20", "at gamma = 0 both sides are equal").tolerance(1e-13, "rounding");
    for _ in 0..50 {
        let mdp = positive_mdp(&mut draw)?;
        let p = mdp.dense().unwrap_or(&[]).to_vec();
        let mdp = Mdp::from_flat(mdp.states(), mdp.actions(), p, mdp.start(), 0.0)?;
        let (left, right) = both_divergences(&mdp, &policy(&mut draw, &mdp)?, &policy(&mut draw, &mdp)?)?;
        check.equal(left, right, 1.0 + right, || json!({"left": left}));
    }
    Ok(check.finish())
}
