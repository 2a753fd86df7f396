//! The batch at a microsecond scale against the general routes.

use tilt::lab::Instances;
use tilt::rewards::batch::Batch;
use tilt::rewards::canonical::{Canonicalisation, Canonicaliser, Laws};
use tilt::rewards::distance::{Metric, distance, pearson};
use tilt::rewards::mdp::Mdp;
use tilt::rewards::norm::Norm;
use tilt::rewards::reward::Reward;

#[test]
fn the_batch_agrees_with_the_general_routes() {
    let mut draw = Instances::new(3);
    for (states, actions) in [(1, 2), (3, 2), (8, 3), (13, 4), (32, 4)] {
        let p: Vec<f64> = (0..states * actions).flat_map(|_| draw.positive_law(states)).collect();
        let mdp = Mdp::from_flat(states, actions, p, &draw.positive_law(states), 0.9).unwrap();
        let mut batch = Batch::new(&mdp).unwrap();
        let laws = Laws::uniform(&mdp);
        let val = Canonicaliser::new(&mdp, Canonicalisation::Val, &laws).unwrap();
        let epic = Canonicaliser::new(&mdp, Canonicalisation::Epic, &laws).unwrap();
        for i in 0..40 {
            let mut values = |_| (0..states * actions * states).map(|_| draw.uniform(-1.0, 2.0)).collect::<Vec<f64>>();
            let (x, noise) = (values(0), values(1));
            // Far apart, near, and so near that sums have no digits left; once trivial.
            let scale = [1.0, 1e-2, 1e-7][i % 3];
            let y: Vec<f64> = match i {
                39 => vec![0.7; x.len()],
                _ => x.iter().zip(&noise).map(|(x, n)| x + scale * n).collect(),
            };
            let reward = |v: &[f64]| Reward::on_transitions(&mdp, "R", v.to_vec()).unwrap();
            let (r1, r2) = (reward(&x), reward(&y));
            let apart = |kind: &Canonicaliser| {
                let (c1, c2) = (kind.apply(&r1).unwrap(), kind.apply(&r2).unwrap());
                (distance(&mdp, &c1, &c2, Some(Norm::L2), Metric::Of(Norm::L2)).unwrap(), pearson(&mdp, &c1, &c2, None))
            };
            let (d, _) = apart(&val);
            // An angle of unit vectors: rounding of the canonical rewards relative to their size.
            assert!((batch.val_l2(&x, &y) - d).abs() < 1e-12, "{} {d}", batch.val_l2(&x, &y));
            match (apart(&epic).1, batch.epic(&x, &y)) {
                // Half of the digits of 1 - rho at a distance of 1e-4: 1e-16/1e-4.
                (Ok(wanted), Ok(found)) => assert!((found - wanted.d).abs() < 1e-11, "{found} {}", wanted.d),
                (Err(_), Err(_)) => assert_eq!(i, 39),
                other => panic!("{other:?}"),
            }
        }
    }
}
