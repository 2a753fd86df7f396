//! The 3 x 3 gridworld of the specification (section 5.3): distances, regrets and spans digit for digit, certificates.

use tilt::rewards::canonical::{Canonicalisation, Canonicaliser, Laws};
use tilt::rewards::distance::{Metric, distance};
use tilt::rewards::mdp::Mdp;
use tilt::rewards::norm::Norm;
use tilt::rewards::regret::worst_case_regret;
use tilt::rewards::reward::Reward;

/// Actions right, down, left, up, stay; blocked moves stay. Slippery: 0.9 where meant, 0.0125 to each other state.
fn grid(slippery: bool) -> Mdp {
    let mut entries = Vec::new();
    for s in 0..9 {
        for (a, (down, right)) in [(0, 1), (1, 0), (0, -1), (-1, 0), (0, 0)].into_iter().enumerate() {
            let (row, column) = ((s / 3) as i32 + down, (s % 3) as i32 + right);
            let inside = (0..3).contains(&row) && (0..3).contains(&column);
            let target = if inside { (3 * row + column) as usize } else { s };
            match slippery {
                false => entries.push((s, a, target, 1.0)),
                true => (0..9).for_each(|t| entries.push((s, a, t, if t == target { 0.9 } else { 0.0125 }))),
            }
        }
    }
    let mut p = vec![0.0; 9 * 5 * 9];
    entries.iter().for_each(|&(s, a, t, x)| p[(s * 5 + a) * 9 + t] = x);
    let mut start = vec![0.0; 9];
    start[0] = 1.0;
    Mdp::from_flat(9, 5, p, &start, 0.99).unwrap()
}

fn rewards(mdp: &Mdp) -> [(&'static str, Reward); 4] {
    let by_state = |v: [f64; 9]| Reward::from_fn(mdp, "R", move |s, _, _| v[s]).unwrap();
    let sparse = |s: usize| f64::from(u8::from(s == 8));
    let far = |s: usize| (4 - s / 3 - s % 3) as f64;
    let dense = move |s: usize, _: usize, t: usize| {
        if s == 8 && t == 8 { 3.0 } else { 2.0 * (sparse(s) + far(s) - far(t)) - 1.0 }
    };
    [
        ("sparse", by_state([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])),
        ("dense", Reward::from_fn(mdp, "R", dense).unwrap()),
        ("path", by_state([0.0, -1.0, -1.0, 0.0, 0.0, 0.0, -1.0, -1.0, 4.0])),
        ("cliff", by_state([0.0, -1.0, -1.0, 0.0, 0.0, 0.0, -4.0, -4.0, 4.0])),
    ]
}

/// VAL L2, EPIC L2, DARD L2, regret there, regret back, span distance: specification, section 8, G.
const DETERMINISTIC: &str = "
sparse dense .1110244918 .2498149765 .1645714119 .2499936870 .2462065415 .2538190866
sparse path .2584989760 .3203644860 .3047357710 .2057064618 .2048678234 .2089446931
sparse cliff .8406098317 .7351184269 .7609455146 .5101520253 .5050249987 .5150749962
dense path .2822097730 .4068950018 .3492705631 .3482285188 .3514263072 .3537100636
dense cliff .8386705187 .7742440137 .7748274736 .5175727150 .5193063233 .5201739636
path cliff .7057603119 .5344256442 .5776642197 .3810541515 .3787687491 .3835073299";
const SLIPPERY: &str = "
sparse dense .1414093938 .2498149765 .1713277507 .2513916278 .2453786766 .2550814974
sparse cliff .7934482735 .7351184269 .7567140706 .5558898968 .5247617865 .5716997172
path cliff .6269906541 .5344256442 .5706523797 .4034665338 .3922658995 .4069735357";

#[test]
fn the_specification_s_table_is_reproduced() {
    let mut compared = 0;
    for (slippery, table) in [(false, DETERMINISTIC), (true, SLIPPERY)] {
        let mdp = grid(slippery);
        let known = rewards(&mdp);
        let named = |name: &str| &known.iter().find(|(known, _)| *known == name).unwrap().1;
        for line in table.trim().lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let (r1, r2) = (named(words[0]), named(words[1]));
            let wanted: Vec<f64> = words[2..].iter().map(|word| word.parse().unwrap()).collect();
            let apart = |kind, norm| {
                let canonicaliser = Canonicaliser::new(&mdp, kind, &Laws::uniform(&mdp)).unwrap();
                let (c1, c2) = (canonicaliser.apply(r1).unwrap(), canonicaliser.apply(r2).unwrap());
                distance(&mdp, &c1, &c2, Some(norm), Metric::Of(norm)).unwrap()
            };
            let found = [
                apart(Canonicalisation::Val, Norm::L2),
                apart(Canonicalisation::Epic, Norm::L2),
                apart(Canonicalisation::Dard, Norm::L2),
                worst_case_regret(&mdp, r1, r2).unwrap().normalised,
                worst_case_regret(&mdp, r2, r1).unwrap().normalised,
                apart(Canonicalisation::None, Norm::Span),
            ];
            for (found, wanted) in found.iter().zip(&wanted) {
                // Ten printed digits.
                assert!((found - wanted).abs() <= 0.51e-10, "{line}: {found} instead of {wanted}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 54);
}

#[test]
fn the_witness_attains_the_regret() {
    for slippery in [false, true] {
        let mdp = grid(slippery);
        let known = rewards(&mdp);
        for (_, r1) in &known {
            for (_, r2) in &known {
                let worst = worst_case_regret(&mdp, r1, r2).unwrap();
                let witness = worst.witness(&mdp, r1, r2).unwrap();
                // Values are of size 4 / (1 - gamma) = 400, each right to about 100 ulp.
                assert!((witness.loss - worst.regret).abs() < 1e-11 * worst.span.max(1.0), "{witness:?}");
                assert!(witness.approval > -1e-10, "{}", witness.approval);
                assert!(worst.regret <= worst.upper && worst.upper <= worst.regret + 1e-11 * worst.span);
            }
        }
    }
}
