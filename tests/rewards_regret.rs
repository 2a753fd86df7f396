//! Worst-case regret against the linear program of the specification (2SA variables) and against the enumeration of all
//! pairs of deterministic policies; quotient norms; the constants of an MDP.

use tilt::lab::Instances;
use tilt::numerics::linear_program::maximise;
use tilt::rewards::canonical::uniform_advantage;
use tilt::rewards::constants::constants;
use tilt::rewards::evaluation::evaluate;
use tilt::rewards::mdp::Mdp;
use tilt::rewards::norm::Norm;
use tilt::rewards::optimal::{extremes, value_iteration};
use tilt::rewards::policy::Policy;
use tilt::rewards::quotient::quotient_norm;
use tilt::rewards::regret::worst_case_regret;
use tilt::rewards::reward::Reward;

fn random_mdp(draw: &mut Instances, states: usize, actions: usize) -> Mdp {
    let p: Vec<Vec<Vec<f64>>> = (0..states).map(|_| (0..actions).map(|_| draw.law(states)).collect()).collect();
    let gamma = if draw.chance(0.1) { 0.0 } else { draw.uniform(0.1, 0.95) };
    Mdp::new(&p, &draw.law(states), gamma).unwrap()
}

fn random_reward(draw: &mut Instances, mdp: &Mdp) -> Reward {
    let values = draw.rewards(mdp.transitions().stored());
    Reward::on_transitions(mdp, "R", values).unwrap()
}

/// max (x - y) . a1 over occupancies x, y with (x - y) . a2 <= 0, on advantages divided by their spans.
fn by_linear_program(mdp: &Mdp, r1: &Reward, r2: &Reward) -> f64 {
    let unit = |r: &Reward| {
        let a = uniform_advantage(mdp, r.expected()).unwrap();
        let span = extremes(mdp, &a).unwrap().span();
        a.iter().map(|x| x / span).collect::<Vec<f64>>()
    };
    let (a1, a2) = (unit(r1), unit(r2));
    let n = mdp.pairs();
    let both = |a: &[f64]| a.iter().copied().chain(a.iter().map(|x| -x)).collect::<Vec<f64>>();
    let mut flow = Vec::new();
    for s in 0..mdp.states() {
        let mut row = vec![0.0; n];
        for (pair, out) in row.iter_mut().enumerate() {
            *out = f64::from(u8::from(pair / mdp.actions() == s));
            mdp.transitions().visit(mdp.states(), pair, |t, p, _| {
                if t == s {
                    *out -= mdp.gamma() * p;
                }
            });
        }
        // Unnormalised visits, so that a . x is a return.
        flow.push(([row.clone(), vec![0.0; n]].concat(), mdp.start()[s]));
        flow.push(([vec![0.0; n], row].concat(), mdp.start()[s]));
    }
    maximise(&both(&a1), &[(both(&a2), 0.0)], &flow).unwrap().optimum().unwrap().value
}

/// The lower envelope over lambda of the lines of all pairs of deterministic policies: min over crossings of the maximum.
fn by_enumeration(mdp: &Mdp, r1: &Reward, r2: &Reward) -> f64 {
    let count = mdp.actions().pow(mdp.states() as u32);
    let returns: Vec<(f64, f64)> = (0..count)
        .map(|code| {
            let choice: Vec<usize> =
                (0..mdp.states()).map(|s| code / mdp.actions().pow(s as u32) % mdp.actions()).collect();
            let policy = Policy::deterministic(mdp, &choice);
            let j = |r: &Reward| evaluate(mdp, &policy, r.expected()).unwrap().j;
            (j(r1), j(r2))
        })
        .collect();
    let span = |l: f64| {
        let values = returns.iter().map(|(a, b)| a - l * b);
        values.clone().fold(f64::NEG_INFINITY, f64::max) - values.fold(f64::INFINITY, f64::min)
    };
    // Convex in lambda: ternary search far below the tolerance.
    let (mut low, mut high) = (0.0, 1e4);
    for _ in 0..300 {
        let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if span(a) <= span(b) { high = b } else { low = a }
    }
    span(low).min(span(0.0)) / span(0.0)
}

#[test]
fn regret_is_the_linear_program_s_and_the_enumeration_s() {
    let mut draw = Instances::new(31);
    let (mut compared, mut inside) = (0, 0);
    for i in 0..400 {
        let (states, actions) = (draw.count(1, 4) as usize, draw.count(2, 3) as usize);
        let mdp = random_mdp(&mut draw, states, actions);
        let r1 = random_reward(&mut draw, &mdp);
        let noise = random_reward(&mut draw, &mdp);
        let r2 = if i % 3 == 0 { r1.combined(&mdp, 1.0, &noise, 0.3) } else { noise };
        let spans = [&r1, &r2].map(|r| extremes(&mdp, r.expected()).unwrap().span());
        if spans.iter().any(|span| *span < 1e-6) {
            continue;
        }
        let found = worst_case_regret(&mdp, &r1, &r2).unwrap();
        let program = by_linear_program(&mdp, &r1, &r2);
        assert!((found.normalised - program).abs() < 1e-9, "{} against the program's {program}", found.normalised);
        if count_small(states, actions) && spans[1] > 0.05 && spans[0] < 100.0 {
            let brute = by_enumeration(&mdp, &r1, &r2);
            assert!((found.normalised - brute).abs() < 1e-9, "{} against {brute} by enumeration", found.normalised);
        }
        let witness = found.witness(&mdp, &r1, &r2).unwrap();
        assert!((witness.loss / found.span - found.normalised).abs() < 1e-10);
        assert!(witness.approval > -1e-11 * (1.0 + spans[1]));
        compared += 1;
        inside += usize::from(found.normalised > 1e-6 && found.normalised < 1.0 - 1e-6);
    }
    assert!(compared > 300 && inside > 100, "{compared} compared, {inside} inside");
}

fn count_small(states: usize, actions: usize) -> bool {
    actions.pow(states as u32) <= 27
}

#[test]
fn span_is_the_spread_of_all_deterministic_returns_and_inside_macqueen_s_bounds() {
    let mut draw = Instances::new(5);
    for _ in 0..100 {
        let mdp = random_mdp(&mut draw, 3, 2);
        let r = random_reward(&mut draw, &mdp);
        let returns: Vec<f64> = (0..8)
            .map(|code| Policy::deterministic(&mdp, &[code % 2, code / 2 % 2, code / 4]))
            .map(|policy| evaluate(&mdp, &policy, r.expected()).unwrap().j)
            .collect();
        let found = extremes(&mdp, r.expected()).unwrap();
        let (least, most) =
            returns.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), j| (lo.min(*j), hi.max(*j)));
        // Returns are below 3/(1 - .95) = 60.
        assert!((found.j_max - most).abs() < 1e-12 && (found.j_min - least).abs() < 1e-12);
        let interval = value_iteration(&mdp, r.expected(), 1e-9).unwrap();
        assert!(interval.low - 1e-12 <= found.j_max && found.j_max <= interval.high + 1e-12, "{interval:?} {found:?}");
    }
}

#[test]
fn quotient_norms_of_the_specification() {
    let p = [vec![vec![0.9, 0.1], vec![0.2, 0.8]], vec![vec![0.5, 0.5], vec![0.3, 0.7]]];
    let mdp = Mdp::new(&p, &[0.5, 0.5], 0.9).unwrap();
    let r1 = Reward::new(&mdp, "R", &[vec![vec![1.0, 0.0], vec![0.0, 2.0]], vec![vec![-1.0, 0.5], vec![0.3, 0.0]]]);
    let r1 = r1.unwrap();
    for (norm, wanted) in [
        (Norm::L1, 0.3530433695788),
        (Norm::L2, 0.2080386373973),
        (Norm::Linf, 0.1088582677165),
        (Norm::L1Tau, 0.2633944954128),
        (Norm::L2Tau, 0.1778190460489),
        (Norm::LinfTau, 0.0544291338583),
    ] {
        let (found, x) = quotient_norm(&mdp, r1.expected(), norm).unwrap();
        assert!((found - wanted).abs() < 1e-13, "{norm:?}: {found} instead of {wanted}");
        // The minimiser is equivalent to the reward: same advantages.
        let (a, b) = (uniform_advantage(&mdp, &x).unwrap(), uniform_advantage(&mdp, r1.expected()).unwrap());
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-13));
    }
    assert!(quotient_norm(&mdp, r1.expected(), Norm::Span).is_err());
}

#[test]
fn first_hits_solve_their_own_systems() {
    let mut draw = Instances::new(8);
    for _ in 0..50 {
        let n = 4;
        let mdp = random_mdp(&mut draw, n, 2);
        let policy = Policy::uniform(&mdp);
        let found = constants(&mdp, &policy).unwrap();
        for s in 0..n {
            // u(x) = gamma sum_y P_pi(x, y) u(y) for x != s, u(s) = 1, by plain iteration.
            let mut u = vec![0.0; n];
            u[s] = 1.0;
            for _ in 0..2000 {
                let mut q = vec![0.0; 2 * n];
                mdp.transitions().expect_next(&u, &mut q);
                let mut next = vec![0.0; n];
                policy.average(&q, &mut next);
                (0..n).filter(|&x| x != s).for_each(|x| u[x] = mdp.gamma() * next[x]);
            }
            let hit: f64 = mdp.start().iter().zip(&u).map(|(m, u)| m * u).sum();
            assert!((found.first_hit[s] - hit).abs() < 1e-13, "{} {hit}", found.first_hit[s]);
        }
        assert_eq!(found.upper.is_none(), found.least_hit == 0.0);
    }
}
