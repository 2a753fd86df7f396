//! Optima under chi-squared penalties on the tomato gridworld (tiny occupancies), certificates, and bounds on random processes.

use tilt::lab::Instances;
use tilt::rewards::mdp::Mdp;
use tilt::rewards::minimal::Minimal;
use tilt::rewards::orpo::{Orpo, Penalty};
use tilt::rewards::policy::Policy;
use tilt::rewards::proxy::{bounds_of_any_sign, masked};
use tilt::rewards::reference::Reference;
use tilt::rewards::reward::Reward;

fn random_mdp(draw: &mut Instances) -> Mdp {
    let (states, actions) = (draw.count(1, 5) as usize, draw.count(2, 3) as usize);
    let p: Vec<Vec<Vec<f64>>> = (0..states).map(|_| (0..actions).map(|_| draw.law(states)).collect()).collect();
    Mdp::new(&p, &draw.law(states), draw.uniform(0.1, 0.95)).unwrap()
}

fn random_policy(draw: &mut Instances, mdp: &Mdp) -> Policy {
    let rows: Vec<Vec<f64>> = (0..mdp.states()).map(|_| draw.positive_law(mdp.actions())).collect();
    Policy::new(mdp, "pi", &rows).unwrap()
}

fn random_reward(draw: &mut Instances, mdp: &Mdp) -> Reward {
    let values = draw.rewards(mdp.transitions().stored());
    Reward::on_transitions(mdp, "R", values).unwrap()
}

#[test]
fn no_policy_beats_the_optimum_and_the_gap_is_rounding() {
    let mut draw = Instances::new(77);
    for _ in 0..150 {
        let mdp = random_mdp(&mut draw);
        let reference = Reference::new(&mdp, random_policy(&mut draw, &mdp)).unwrap();
        let proxy = random_reward(&mut draw, &mdp);
        let orpo = Orpo::new(&reference, proxy.expected()).unwrap();
        let base = reference.mean(|i| proxy.expected()[i]);
        let critical = orpo.critical_lambda();
        for (lambda, penalty) in [
            (0.02 * critical, Penalty::SqrtChi2),
            (0.5 * critical, Penalty::SqrtChi2),
            (0.98 * critical, Penalty::SqrtChi2),
            (1.02 * critical, Penalty::SqrtChi2),
            (draw.log_uniform(1e-3, 3.0), Penalty::Chi2),
            (0.0, Penalty::Chi2),
        ] {
            let found = orpo.optimum(lambda, penalty).unwrap();
            assert!(found.gap <= 1e-11, "{penalty:?} {lambda}: gap {:e}", found.gap);
            for _ in 0..20 {
                // Random policies and their mixtures with the reference (in occupancies, by policies near it).
                let other = random_policy(&mut draw, &mdp).mixed(draw.uniform(0.0, 1.0).powi(3), &reference.policy);
                let w = reference.density(&other).unwrap();
                let chi2 = reference.mean(|i| w[i] * w[i]);
                let cost = if penalty == Penalty::Chi2 { lambda * chi2 } else { lambda * chi2.sqrt() };
                let objective = base + reference.mean(|i| w[i] * proxy.expected()[i]) - cost;
                assert!(objective <= found.objective + 1e-11, "{penalty:?} {lambda}: {objective} {found:?}");
            }
            let stays = found.chi2 < 1e-20;
            if critical > 1e-9 && penalty == Penalty::SqrtChi2 {
                assert_eq!(stays, lambda > critical, "{lambda} {critical} {}", found.chi2);
            }
        }
    }
}

#[test]
fn the_chi_squared_optimum_near_the_reference_is_explicit() {
    let mut draw = Instances::new(4);
    for _ in 0..50 {
        let mdp = random_mdp(&mut draw);
        let reference = Reference::new(&mdp, random_policy(&mut draw, &mdp)).unwrap();
        let proxy = random_reward(&mut draw, &mdp);
        let (_, c) = Minimal::new(&mdp, masked(&reference)).unwrap().apply(proxy.expected()).unwrap();
        let deepest = c.iter().zip(&reference.support).filter(|(_, s)| **s).fold(0.0, |m: f64, (c, _)| m.max(-c));
        let lambda = 0.6 * deepest + 0.1;
        let orpo = Orpo::new(&reference, proxy.expected()).unwrap();
        let found = orpo.optimum(lambda, Penalty::Chi2).unwrap();
        let square = orpo.critical_lambda().powi(2);
        let base = reference.mean(|i| proxy.expected()[i]);
        assert!((found.objective - base - square / (4.0 * lambda)).abs() < 1e-13 * (1.0 + base.abs() + square));
        assert!((found.chi2 - square / (4.0 * lambda * lambda)).abs() < 1e-12 * (1.0 + found.chi2));
    }
}

#[test]
fn bounds_are_ordered_and_below_the_gain() {
    let mut draw = Instances::new(9);
    let mut positive = 0;
    for _ in 0..500 {
        let mdp = random_mdp(&mut draw);
        let reference = Reference::new(&mdp, random_policy(&mut draw, &mdp)).unwrap();
        let (truth, noise) = (random_reward(&mut draw, &mdp), random_reward(&mut draw, &mdp));
        let proxy = truth.combined(&mdp, draw.uniform(-1.0, 1.0), &noise, 0.5);
        let policy = random_policy(&mut draw, &mdp);
        let Ok(b) = bounds_of_any_sign(&reference, &policy, &truth, &proxy) else { continue };
        // Rounding relative to sqrt(chi2), the size of every term; 1/r enlarges the paper's bound but lowers it too.
        let slack = 1e-11 * (1.0 + b.chi2.sqrt());
        assert!(b.bound_canonical <= b.gain_true + slack, "{b:?}");
        assert!(b.bound_sharp <= b.bound_canonical + slack, "{b:?}");
        assert!(b.bound_paper <= b.bound_sharp + slack, "{b:?}");
        positive += usize::from(b.bound_canonical > 1e-6);
    }
    assert!(positive > 20, "{positive}");
}
