//! Sparse processes: the same answers as dense ones, and thousands of states with residuals.

use tilt::lab::Instances;
use tilt::rewards::canonical::{Canonicalisation, Canonicaliser, Laws, uniform_advantage};
use tilt::rewards::constants::constants;
use tilt::rewards::distance::{Metric, distance};
use tilt::rewards::evaluation::evaluate;
use tilt::rewards::mdp::Mdp;
use tilt::rewards::norm::Norm;
use tilt::rewards::occupancy::{flow_violation, occupancy};
use tilt::rewards::optimal::{extremes, value_iteration};
use tilt::rewards::order::same_order;
use tilt::rewards::policy::Policy;
use tilt::rewards::regret::worst_case_regret;
use tilt::rewards::reward::Reward;

/// The same random process in both forms.
fn both(draw: &mut Instances, states: usize, actions: usize, gamma: f64) -> [Mdp; 2] {
    let mut p = vec![vec![vec![0.0; states]; actions]; states];
    let mut entries = Vec::new();
    for (s, of_state) in p.iter_mut().enumerate() {
        for (a, row) in of_state.iter_mut().enumerate() {
            for (k, mass) in draw.positive_law(3).into_iter().enumerate() {
                let t = (s * 7 + a * 3 + k * 5 + draw.index(states)) % states;
                row[t] += mass;
                entries.push((s, a, t, mass));
            }
        }
    }
    let start = draw.positive_law(states);
    [Mdp::new(&p, &start, gamma).unwrap(), Mdp::sparse(states, actions, &entries, &start, gamma).unwrap()]
}

#[test]
fn both_forms_give_the_same_answers() {
    let mut draw = Instances::new(12);
    for (states, gamma) in [(1, 0.5), (5, 0.0), (20, 0.9), (60, 0.99), (120, 0.95)] {
        let [dense, sparse] = both(&mut draw, states, 3, gamma);
        let values: Vec<f64> = (0..states * 3 * states).map(|_| draw.uniform(-1.0, 2.0)).collect();
        let others: Vec<f64> = (0..states * 3 * states).map(|_| draw.uniform(-1.0, 2.0)).collect();
        // 0 where nothing is stored, as the sparse form has it.
        let stored = |s: usize, a: usize, t: usize| {
            let mut p = 0.0;
            dense.transitions().visit(states, s * 3 + a, |target, mass, _| p = if target == t { mass } else { p });
            p > 0.0
        };
        let at = |v: &[f64], mdp: &Mdp| {
            let value = |s, a, t| if stored(s, a, t) { v[(s * 3 + a) * states + t] } else { 0.0 };
            Reward::from_fn(mdp, "R", value).unwrap()
        };
        let of = |mdp: &Mdp| -> Vec<f64> {
            let (r1, r2) = (at(&values, mdp), at(&others, mdp));
            let policy = Policy::uniform(mdp);
            let mut all = evaluate(mdp, &policy, r1.expected()).unwrap().v;
            all.extend(occupancy(mdp, &policy).unwrap());
            let worst = worst_case_regret(mdp, &r1, &r2).unwrap();
            all.extend([extremes(mdp, r1.expected()).unwrap().span(), worst.normalised]);
            all.push(constants(mdp, &policy).unwrap().least_hit);
            for (kind, norm) in [
                (Canonicalisation::Val, Norm::L2),
                (Canonicalisation::Val, Norm::L1),
                (Canonicalisation::Val, Norm::LinfTau),
                (Canonicalisation::Val, Norm::Span),
                (Canonicalisation::None, Norm::L2Tau),
                (Canonicalisation::ValPotential, Norm::L1Tau),
                (Canonicalisation::MinimalL2, Norm::L2),
                (Canonicalisation::MinimalL2Tau, Norm::L2),
            ] {
                let canonicaliser = Canonicaliser::new(mdp, kind, &Laws::uniform(mdp)).unwrap();
                let (c1, c2) = (canonicaliser.apply(&r1).unwrap(), canonicaliser.apply(&r2).unwrap());
                all.push(distance(mdp, &c1, &c2, Some(norm), Metric::Of(norm)).unwrap());
            }
            all
        };
        // Conditioning: 1/(1 - gamma)^2 of rounding, and least squares squared once more, at most 1e4.
        for (i, (d, s)) in of(&dense).iter().zip(of(&sparse)).enumerate() {
            assert!((d - s).abs() < 1e-11 * (1.0 + d.abs()) / (1.0 - gamma), "{states} states, number {i}: {d} {s}");
        }
    }
}

#[test]
fn what_a_sparse_process_does_not_store_is_refused() {
    let [_, sparse] = both(&mut Instances::new(1), 5, 2, 0.5);
    for kind in [Canonicalisation::Epic, Canonicalisation::Dard, Canonicalisation::MinPotentialL2] {
        let error = Canonicaliser::new(&sparse, kind, &Laws::uniform(&sparse)).unwrap_err();
        assert!(error.to_string().starts_with("canon is"), "{error}");
    }
    let r = Reward::from_fn(&sparse, "R", |s, a, _| (s + a) as f64).unwrap();
    let c = Canonicaliser::new(&sparse, Canonicalisation::ValPotential, &Laws::uniform(&sparse))
        .unwrap()
        .apply(&r)
        .unwrap();
    let error = distance(&sparse, &c, &c, Some(Norm::L2), Metric::Of(Norm::L2)).unwrap_err();
    assert!(error.to_string().starts_with("norm is l2"), "{error}");
}

/// A torus of `side` x `side` cells, four moves that slip to either side with probability 0.1.
fn torus(side: usize, gamma: f64) -> Mdp {
    let mut entries = Vec::new();
    let step = |s: usize, a: usize| {
        let (row, column) = (s / side, s % side);
        match a {
            0 => row * side + (column + 1) % side,
            1 => (row + 1) % side * side + column,
            2 => row * side + (column + side - 1) % side,
            _ => (row + side - 1) % side * side + column,
        }
    };
    for s in 0..side * side {
        for a in 0..4 {
            entries.extend([
                (s, a, step(s, a), 0.8),
                (s, a, step(s, (a + 1) % 4), 0.1),
                (s, a, step(s, (a + 3) % 4), 0.1),
            ]);
        }
    }
    let mut start = vec![0.0; side * side];
    start[0] = 1.0;
    Mdp::sparse(side * side, 4, &entries, &start, gamma).unwrap()
}

#[test]
fn thousands_of_states() {
    let (side, gamma) = (60, 0.99);
    let mdp = torus(side, gamma);
    let hill = |s: usize| ((s / side) as f64 * 0.3).sin() + ((s % side) as f64 * 0.2).cos();
    let phi = |s: usize| ((s * 31 % 97) as f64).sqrt();
    let r1 = Reward::from_fn(&mdp, "R1", |s, _, _| hill(s)).unwrap();
    let shaped = Reward::from_fn(&mdp, "R2", |s, _, t| 3.0 * hill(s) + gamma * phi(t) - phi(s)).unwrap();
    let other = Reward::from_fn(&mdp, "R3", |s, a, _| hill(s) + if a == 0 { 0.4 } else { 0.0 }).unwrap();
    // Evaluation with its own bound, occupancy on the flow equations, optimum between MacQueen's bounds.
    let policy = Policy::uniform(&mdp);
    let value = evaluate(&mdp, &policy, r1.expected()).unwrap();
    assert!(value.error_bound < 1e-11, "{:e}", value.error_bound);
    let mu = occupancy(&mdp, &policy).unwrap();
    assert!(flow_violation(&mdp, &mu) < 1e-15);
    let j: f64 = mu.iter().zip(r1.expected()).map(|(m, r)| m * r).sum::<f64>() / (1.0 - gamma);
    assert!((j - value.j).abs() < 1e-10, "{j} {}", value.j);
    let best = extremes(&mdp, other.expected()).unwrap();
    let bounds = value_iteration(&mdp, other.expected(), 1e-8).unwrap();
    assert!(bounds.low - 1e-10 <= best.j_max && best.j_max <= bounds.high + 1e-10, "{best:?} {bounds:?}");
    // Shaping and scale change nothing.
    let order = same_order(&mdp, &r1, &shaped).unwrap();
    assert!(order.same_order && (order.alpha.unwrap() - 3.0).abs() < 1e-8, "{order:?}");
    assert!(!same_order(&mdp, &r1, &other).unwrap().same_order);
    for kind in [Canonicalisation::Val, Canonicalisation::MinimalL2Tau] {
        let canonicaliser = Canonicaliser::new(&mdp, kind, &Laws::uniform(&mdp)).unwrap();
        let c: Vec<_> = [&r1, &shaped, &other].map(|r| canonicaliser.apply(r).unwrap()).into();
        let apart = |i: usize| distance(&mdp, &c[0], &c[i], Some(Norm::L2), Metric::Of(Norm::L2)).unwrap();
        // The potential is up to 10 in size: errors of 1e-13 / (1 - gamma) against advantages of about 0.1.
        assert!(apart(1) < 1e-9 && apart(2) > 0.01, "{:?}: {:e} {}", kind, apart(1), apart(2));
    }
    let advantage = uniform_advantage(&mdp, r1.expected()).unwrap();
    assert!(advantage.chunks(4).all(|row| row.iter().sum::<f64>().abs() < 1e-12));
    let worst = worst_case_regret(&mdp, &r1, &shaped).unwrap();
    assert!(worst.normalised < 1e-9, "{}", worst.normalised);
}
