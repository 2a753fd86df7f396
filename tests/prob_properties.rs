//! Properties of finite laws: random laws with zero masses, ties, one outcome, rewards from 1e-12 apart to 1e300.

use proptest::prelude::*;
use tilt::prob::{
    BestOfSweep, Law, Levels, RankLaw, Regime, TiltSweep, best_of, best_of_kl_bound, best_of_random, kl, kl_optimum,
    rate, tilt, tilt_to_limit,
};

/// Masses spread over up to 300 orders of magnitude, some zero.
fn law() -> impl Strategy<Value = Law> {
    let mass = prop_oneof![4 => (0.0..3.0f64).prop_map(|x| (-x).exp()), 2 => (0.0..690.0f64).prop_map(|x| (-x).exp()), 1 => Just(0.0)];
    prop::collection::vec(mass, 1..12).prop_filter_map("no mass", |masses| {
        let total: f64 = masses.iter().sum();
        (total > 0.0).then(|| Law::new(&masses.iter().map(|m| m / total).collect::<Vec<_>>()).unwrap())
    })
}

/// A reward for up to twelve outcomes: ties often, differences of 1e-12, sizes up to 1e300.
fn reward() -> impl Strategy<Value = Vec<f64>> {
    let plain = prop::collection::vec(-3.0..3.0f64, 12);
    let tied = prop::collection::vec((0..4i32).prop_map(f64::from), 12);
    let close = prop::collection::vec((0..5i32).prop_map(|i| 1.0 + 1e-12 * f64::from(i)), 12);
    let huge = prop::collection::vec((-3..4i32).prop_map(|i| 1e300 * f64::from(i)), 12);
    prop_oneof![plain, tied, close, huge]
}

fn size(r: &[f64]) -> f64 {
    r.iter().fold(0.0, |top: f64, x| top.max(x.abs()))
}

fn range(law: &Law, r: &[f64]) -> f64 {
    let (low, high) = tilt::prob::reward_range(law, r);
    high - low
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_tilt_is_a_law_between_its_limits(law in law(), r in reward(), z in -50.0..50.0f64) {
        let r = &r[..law.len()];
        let extent = range(&law, r);
        let beta = if extent > 0.0 { z / extent } else { z };
        let t = tilt(&law, r, beta);
        let total: f64 = t.probs.iter().sum();
        prop_assert!((total - 1.0).abs() < 1e-14);
        for x in [t.log_z, t.mean, t.variance, t.third_cumulant, t.fourth_cumulant, t.kl, t.reverse_kl] {
            prop_assert!(!x.is_nan());
        }
        prop_assert!(t.kl >= 0.0 && t.reverse_kl >= 0.0 && t.variance >= 0.0);
        let limit = if beta > 0.0 { tilt_to_limit(&law, r).kl } else {
            tilt_to_limit(&law, &r.iter().map(|x| -x).collect::<Vec<_>>()).kl
        };
        prop_assert!(t.kl <= limit * (1.0 + 1e-13) + 1e-300, "{} above {limit}", t.kl);
        // zero mass stays zero
        for i in 0..law.len() {
            prop_assert!(law.probs()[i] > 0.0 || t.probs[i] == 0.0);
        }
    }

    #[test]
    fn mean_and_divergence_of_a_tilt_rise_with_beta(law in law(), r in reward(), z in 0.0..40.0f64, dz in 0.0..10.0f64) {
        let r = &r[..law.len()];
        let extent = range(&law, r);
        prop_assume!(extent > 0.0);
        let (a, b) = (tilt(&law, r, z / extent), tilt(&law, r, (z + dz) / extent));
        prop_assert!(b.mean >= a.mean - 1e-14 * size(r));
        prop_assert!(b.kl >= a.kl * (1.0 - 1e-12));
    }

    #[test]
    fn a_budget_is_spent_and_ordered(law in law(), r in reward(), share in 0.0..1.2f64, more in 0.0..0.2f64) {
        let r = &r[..law.len()];
        let delta_max = tilt_to_limit(&law, r).kl;
        let here = kl_optimum(&law, r, share * delta_max).unwrap();
        let next = kl_optimum(&law, r, (share + more) * delta_max).unwrap();
        if here.regime == Regime::Interior {
            let delta = share * delta_max;
            // KL moves by b^2 V <= (b range)^2 / 4 for a relative change of b, which is rounded
            let sharpness = 0.25 * (here.beta * range(&law, r)).powi(2);
            let allowed = 1e-13 * delta.max(1e-300) + 4e-16 * (delta_max + 4.0 * sharpness);
            prop_assert!((here.tilt.kl - delta).abs() <= allowed, "{} {delta}", here.tilt.kl);
        }
        prop_assert!(here.tilt.kl <= delta_max * (1.0 + 1e-13));
        prop_assert!(next.tilt.mean >= here.tilt.mean - 1e-13 * size(r));
        prop_assert!(next.beta >= here.beta * (1.0 - 1e-9));
    }

    #[test]
    fn shift_and_scale_of_the_reward_leave_the_optimum(law in law(), steps in prop::collection::vec(0..64i32, 12), share in 0.01..0.99f64) {
        // rewards of few bits, so that shift and scale round nothing
        let r: Vec<f64> = steps[..law.len()].iter().map(|&i| f64::from(i) / 8.0).collect();
        let moved: Vec<f64> = r.iter().map(|x| 4.0 * x + 1024.0).collect();
        let delta = share * tilt_to_limit(&law, &r).kl;
        let (a, b) = (kl_optimum(&law, &r, delta).unwrap(), kl_optimum(&law, &moved, delta).unwrap());
        for (x, y) in a.tilt.probs.iter().zip(&b.tilt.probs) {
            prop_assert!((x - y).abs() <= 1e-12 * x.max(*y) + 1e-300);
        }
    }

    #[test]
    fn the_rate_is_the_divergence_of_the_tilt(law in law(), steps in prop::collection::vec(0..64i32, 12), beta in -3.0..3.0f64, tau in -3.0..3.0f64) {
        let r: Vec<f64> = steps[..law.len()].iter().map(|&i| f64::from(i) / 32.0).collect();
        let (from, to) = (tilt(&law, &r, beta), tilt(&law, &r, beta + tau));
        prop_assume!(to.variance > 1e-6);
        let at = rate(&law, &r, to.mean, beta).unwrap();
        // the mean is rounded by 1e-16: tau by that over the variance, the rate by tau times that
        prop_assert!((at.tau.unwrap() - tau).abs() < 1e-15 / to.variance + 1e-13);
        prop_assert!((at.rate - kl(&to.probs, &from.probs)).abs() < 1e-14);
    }

    #[test]
    fn best_of_n_is_a_law_within_its_bound(law in law(), r in reward(), log_n in prop_oneof![0.0..1.0f64, 0.0..60.0f64, 0.0..1e4f64]) {
        let r = &r[..law.len()];
        let (levels, level_of) = Levels::of_outcomes(&law, r);
        let best = best_of(&levels, log_n);
        let total: f64 = best.log_probs.iter().map(|x| x.exp()).sum();
        prop_assert!((total - 1.0).abs() < 1e-12 * (1.0 + log_n / 100.0), "{total}");
        prop_assert!(!best.mean.is_nan() && !best.kl.is_nan() && !best.win_rate.is_nan());
        let bound = best_of_kl_bound(log_n).min(-levels.log_mass()[levels.len() - 1]);
        prop_assert!(best.kl >= 0.0 && best.kl <= bound * (1.0 + 1e-12) + 1e-300, "{} above {bound}", best.kl);
        prop_assert!(best.win_rate >= 0.5 - 1e-14 && best.win_rate <= 1.0 / (1.0 + (-log_n).exp()) + 1e-14);
        prop_assert!(level_of.iter().zip(law.probs()).all(|(j, p)| j.is_some() == (*p > 0.0)));
        // one draw and all draws
        prop_assert!(best_of(&levels, 0.0).kl == 0.0);
    }

    #[test]
    fn best_of_n_rises_with_n_and_with_levels(law in law(), r in reward(), log_n in 0.0..100.0f64, more in 0.0..3.0f64) {
        let r = &r[..law.len()];
        let (levels, _) = Levels::of_outcomes(&law, r);
        let (a, b) = (best_of(&levels, log_n), best_of(&levels, log_n + more));
        prop_assert!(b.mean >= a.mean - 1e-12 * size(r));
        prop_assert!(b.kl >= a.kl * (1.0 - 1e-12));
        prop_assert!(b.win_rate >= a.win_rate - 1e-13);
        // data processing: merging levels (rounding the reward down) loses divergence
        let coarse: Vec<f64> = r.iter().map(|x| (x / (0.5 * size(r)).max(1e-300)).floor()).collect();
        let merged = best_of(&Levels::of_outcomes(&law, &coarse).0, log_n);
        prop_assert!(merged.kl <= a.kl * (1.0 + 1e-12) + 1e-300, "{} above {}", merged.kl, a.kl);
    }

    #[test]
    fn a_random_number_of_draws_stays_between_one_and_many(law in law(), r in reward(), which in 0..4usize, x in -30.0..30.0f64) {
        let r = &r[..law.len()];
        let (levels, _) = Levels::of_outcomes(&law, r);
        let rank = match which {
            0 => RankLaw::Fixed(1.0 + x.exp()),
            1 => RankLaw::PoissonPlusOne(x.exp()),
            2 => RankLaw::ZeroTruncatedPoisson(x.exp()),
            _ => RankLaw::Geometric(1.0 / (1.0 + x.exp())),
        };
        let best = best_of_random(&levels, rank);
        let total: f64 = best.log_probs.iter().map(|x| x.exp()).sum();
        prop_assert!((total - 1.0).abs() < 1e-13, "{rank:?} {total}");
        prop_assert!(best.kl >= 0.0 && best.kl <= -levels.log_mass()[levels.len() - 1] * (1.0 + 1e-13) + 1e-300);
        prop_assert!(best.win_rate >= 0.5 - 1e-14 && !best.mean.is_nan());
        // log-ratios rise with the level, up to their rounding
        prop_assert!(best.log_ratio.windows(2).all(|u| u[1] >= u[0] - 1e-12 * (1.0 + u[0].abs())));
    }

    #[test]
    fn sweeps_agree_with_the_plain_functions(law in law(), r in prop::collection::vec(-3.0..3.0f64, 12), log_n in 0.0..80.0f64, beta in -20.0..20.0f64) {
        let r = &r[..law.len()];
        let (levels, _) = Levels::of_outcomes(&law, r);
        let (plain, fast) = (best_of(&levels, log_n), BestOfSweep::new(levels).at(log_n));
        prop_assert!((plain.mean - fast.mean).abs() < 1e-13 && (plain.win_rate - fast.win_rate).abs() < 1e-13);
        prop_assert!((plain.kl - fast.kl).abs() < 1e-13 * plain.kl.max(1.0));
        let (plain, fast) = (tilt(&law, r, beta), TiltSweep::new(&law, r).unwrap().at(beta));
        prop_assert!((plain.mean - fast.mean).abs() < 1e-13 && (plain.kl - fast.kl).abs() < 1e-13 * plain.kl.max(1.0));
    }
}
