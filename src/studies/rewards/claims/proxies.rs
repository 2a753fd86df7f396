//! R15 to R18: correlated proxies, bounds on the true gain, shaping.

use super::instances::{policy, positive_mdp, reward, two_rewards, two_states};
use crate::Result;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling};
use crate::rewards::mdp::Mdp;
use crate::rewards::optimal::{Goal, Planner};
use crate::rewards::policy::Policy;
use crate::rewards::proxy::{bounds_of_any_sign, correlation};
use crate::rewards::reference::Reference;
use crate::rewards::reward::Reward;
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "rewards/R15",
            statement: "A proxy can be r-correlated with the true reward, r near 1, and be hacked: the policy optimised for it \
                        has less true return than the reference.",
            source: "Laidlaw et al. 2025 (arXiv 2403.03185), Definitions 4.1 and 4.2, read through Liu et al. 2604.12086",
            conditions: "the two-state example, r = .907",
            recorded: Recorded::Holds,
            checks: &[correlated_and_hacked],
        },
        Claim {
            id: "rewards/R16",
            statement: "For r > 0 the true gain over sigma is at least (1/r)[g - sqrt((1 - r^2) chi2)].",
            source: "Laidlaw et al. 2025, Theorem 5.1 (lambda and objective read, inequality recalled and derived)",
            conditions: "mu_pi << mu_ref, 0 < r <= 1",
            recorded: Recorded::Holds,
            checks: &[paper_bound_holds],
        },
        Claim {
            id: "rewards/R17",
            statement: "The sharp bound r g - sqrt(1 - r^2) sqrt(chi2 - g^2) holds for every r, is attained, is at least the \
                        paper's, and has its sign.",
            source: "Liu, Sun, Zheng 2026 (arXiv 2604.12086), equation 9 and Theorem 1, read; sign derived",
            conditions: "mu_pi << mu_ref",
            recorded: Recorded::Holds,
            checks: &[sharp_bound_holds, sharp_bound_is_attained, bounds_share_their_sign],
        },
        Claim {
            id: "rewards/R18",
            statement: "The canonical bound does not change under shaping and is at least the sharp one.",
            source: "derived",
            conditions: "mu_pi << mu_ref",
            recorded: Recorded::Holds,
            checks: &[canonical_bound_holds, canonical_bound_is_invariant],
        },
        Claim {
            id: "rewards/R18b",
            statement: "r is invariant to potential shaping of the proxy.",
            source: "a reading of Laidlaw et al. 2025; counter-example derived",
            conditions: "",
            recorded: Recorded::Fails("shaping by (k, 0) moves r from .991 (k = -20) over .907 to -.996 (k = 5)"),
            checks: &[correlation_under_shaping],
        },
    ]
}

fn correlated_and_hacked(_: &Sampling) -> Result<Check> {
    let mdp = two_states()?;
    let [r1, r2] = two_rewards(&mdp)?;
    let reference = Reference::new(&mdp, Policy::uniform(&mdp))?;
    let stats = correlation(&reference, &r1, &r2)?;
    let mut planner = Planner::new(&mdp);
    planner.optimise(r2.expected(), Goal::Maximise)?;
    let hacked = crate::rewards::occupancy::occupancy(&mdp, &Policy::deterministic(&mdp, planner.choice()))?;
    let gained: f64 = hacked.iter().zip(r2.expected()).map(|(m, r)| m * r).sum::<f64>() - stats.j_ref_proxy;
    let lost: f64 = stats.j_ref_true - hacked.iter().zip(r1.expected()).map(|(m, r)| m * r).sum::<f64>();
    let mut check = Check::bound("rewards/R15", "r >= .9, the proxy's return rises by .1, the true one falls by .05")
        .tolerance(0.0, "rounding is 1e-15");
    check.at_most(0.9, stats.r, 1.0, || json!({"r": stats.r}));
    check.at_most(0.1, gained, 1.0, || json!({"gained": gained}));
    check.at_most(0.05, lost, 1.0, || json!({"lost": lost}));
    Ok(check.finish())
}

/// A reference, a policy, a true reward and a proxy of either sign of correlation.
fn instance(draw: &mut Instances) -> Result<(Mdp, Policy, Policy, Reward, Reward)> {
    let mdp = positive_mdp(draw)?;
    let (pi_ref, pi) = (policy(draw, &mdp)?, policy(draw, &mdp)?);
    let (truth, noise) = (reward(draw, &mdp)?, reward(draw, &mdp)?);
    let proxy = truth.combined(&mdp, draw.uniform(-1.0, 1.0), &noise, draw.log_uniform(0.01, 1.0));
    Ok((mdp, pi_ref, pi, truth, proxy))
}

const ROUNDING: &str = "rounding relative to sqrt(chi2), the size of every term";

fn paper_bound_holds(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(41);
    let mut check = Check::bound("rewards/R16", "the paper's bound against the true gain").tolerance(1e-11, ROUNDING);
    for _ in 0..300 {
        let (mdp, pi_ref, pi, truth, proxy) = instance(&mut draw)?;
        let b = bounds_of_any_sign(&Reference::new(&mdp, pi_ref)?, &pi, &truth, &proxy)?;
        check.at_most(b.bound_paper, b.gain_true, 1.0 + b.chi2.sqrt(), || json!({"chi2": b.chi2}));
    }
    Ok(check.finish())
}

fn sharp_bound_holds(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(42);
    let mut check = Check::bound("rewards/R17", "paper's <= sharp <= true gain").tolerance(1e-11, ROUNDING);
    for _ in 0..300 {
        let (mdp, pi_ref, pi, truth, proxy) = instance(&mut draw)?;
        let b = bounds_of_any_sign(&Reference::new(&mdp, pi_ref)?, &pi, &truth, &proxy)?;
        check.at_most(b.bound_sharp, b.gain_true, 1.0 + b.chi2.sqrt(), || json!({"chi2": b.chi2}));
        check.at_most(b.bound_paper, b.bound_sharp, 1.0 + b.chi2.sqrt(), || json!({"chi2": b.chi2}));
    }
    Ok(check.finish())
}

fn sharp_bound_is_attained(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(43);
    let mut check = Check::identity("rewards/R17", "R = r Y + sqrt(1 - r^2) Z: gain = bound")
        .tolerance(1e-10, "rounding relative to sqrt(chi2), and to sqrt of it near chi2 = g^2");
    for _ in 0..100 {
        let (mdp, pi_ref, pi, _, proxy) = instance(&mut draw)?;
        let reference = Reference::new(&mdp, pi_ref)?;
        let r = draw.uniform(-0.95, 0.95);
        let w = reference.density(&pi)?;
        let y = proxy.expected();
        let mean = reference.mean(|i| y[i]);
        let sigma = reference.norm(|i| y[i] - mean);
        let unit: Vec<f64> = y.iter().map(|y| (y - mean) / sigma).collect();
        let g = reference.mean(|i| w[i] * unit[i]);
        let size = reference.norm(|i| w[i] - g * unit[i]);
        if size < 1e-3 {
            continue;
        }
        let truth: Vec<f64> =
            (0..w.len()).map(|i| r * unit[i] - (1.0 - r * r).sqrt() * (w[i] - g * unit[i]) / size).collect();
        let truth = Reward::from_fn(&mdp, "R", |s, a, _| truth[s * mdp.actions() + a])?;
        let b = bounds_of_any_sign(&reference, &pi, &truth, &proxy)?;
        check.equal(b.gain_true, b.bound_sharp, 1.0 + b.chi2.sqrt(), || json!({"r": r, "chi2": b.chi2}));
    }
    Ok(check.finish())
}

fn bounds_share_their_sign(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(44);
    let mut check = Check::bound("rewards/R17", "where r > 0 the product of the paper's and the sharp bound is >= 0")
        .tolerance(1e-10, ROUNDING);
    for _ in 0..300 {
        let (mdp, pi_ref, pi, truth, proxy) = instance(&mut draw)?;
        let b = bounds_of_any_sign(&Reference::new(&mdp, pi_ref)?, &pi, &truth, &proxy)?;
        if b.bound_paper.is_finite() {
            let scale = (1.0 + b.chi2) * b.bound_paper.abs().max(1.0);
            check.at_most(-b.bound_paper * b.bound_sharp, 0.0, scale, || json!({"chi2": b.chi2}));
        }
    }
    Ok(check.finish())
}

fn canonical_bound_holds(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(45);
    let mut check = Check::bound("rewards/R18", "sharp <= canonical <= true gain").tolerance(1e-11, ROUNDING);
    for _ in 0..300 {
        let (mdp, pi_ref, pi, truth, proxy) = instance(&mut draw)?;
        let b = bounds_of_any_sign(&Reference::new(&mdp, pi_ref)?, &pi, &truth, &proxy)?;
        check.at_most(b.bound_canonical, b.gain_true, 1.0 + b.chi2.sqrt(), || json!({"chi2": b.chi2}));
        check.at_most(b.bound_sharp, b.bound_canonical, 1.0 + b.chi2.sqrt(), || json!({"chi2": b.chi2}));
    }
    Ok(check.finish())
}

/// A reward shaped by `phi`.
fn shaped(mdp: &Mdp, r: &Reward, phi: &[f64]) -> Result<Reward> {
    let mut values = r.values().to_vec();
    crate::rewards::potential::shape(mdp, &mut values, phi, 0.0);
    Reward::on_transitions(mdp, "R", values)
}

fn canonical_bound_is_invariant(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(46);
    let mut check =
        Check::identity("rewards/R18", "r_canonical, and the bound in units of the true return, under shaping")
            .tolerance(1e-10, "rounding of |R| + |Phi| over 1 - gamma");
    for _ in 0..100 {
        let (mdp, pi_ref, pi, truth, proxy) = instance(&mut draw)?;
        let reference = Reference::new(&mdp, pi_ref)?;
        let phi: Vec<f64> = (0..mdp.states()).map(|_| draw.uniform(-3.0, 3.0)).collect();
        let (bent_truth, bent_proxy) = (shaped(&mdp, &truth, &phi)?, shaped(&mdp, &proxy, &phi)?);
        let plain = bounds_of_any_sign(&reference, &pi, &truth, &proxy)?;
        let bent = bounds_of_any_sign(&reference, &pi, &bent_truth, &bent_proxy)?;
        let unit = |truth| Ok::<f64, crate::Error>(correlation(&reference, truth, &proxy)?.sigma_true);
        let scale = 1.0 + plain.chi2.sqrt();
        check.equal(bent.r_canonical, plain.r_canonical, 1.0, || json!("r"));
        let (x, y) = (bent.bound_canonical * unit(&bent_truth)?, plain.bound_canonical * unit(&truth)?);
        check.equal(x, y, scale, || json!("bound"));
    }
    Ok(check.finish())
}

fn correlation_under_shaping(_: &Sampling) -> Result<Check> {
    let mdp = two_states()?;
    let [r1, r2] = two_rewards(&mdp)?;
    let reference = Reference::new(&mdp, Policy::uniform(&mdp))?;
    let plain = correlation(&reference, &r1, &r2)?.r;
    let mut check =
        Check::identity("rewards/R18b", "r of the proxy shaped by (k, 0)").tolerance(1e-3, "rounding is 1e-15");
    for k in [-20.0, 5.0] {
        let r = correlation(&reference, &r1, &shaped(&mdp, &r2, &[k, 0.0])?)?.r;
        check.equal(r, plain, 1.0, || json!({"k": k, "r": r}));
    }
    Ok(check.finish())
}
