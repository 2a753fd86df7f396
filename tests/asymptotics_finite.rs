//! Properties of the finite-law half of the asymptotics engine, over random laws, rewards and parameters.

use proptest::prelude::*;
use tilt::asymptotics::best_of_n::{self, Ties, best_of_n};
use tilt::asymptotics::constrained::{exponential_tilt, frontier_bound, kl_constrained};
use tilt::asymptotics::estimator::{atom_gap, estimator_mean, estimator_value};
use tilt::asymptotics::hedge::{GoldCurve, HedgeFamily, HedgeRegime, hedge};
use tilt::asymptotics::near_optimal::near_optimal;
use tilt::asymptotics::proxy::proxy_tilt;
use tilt::asymptotics::random_best_of::random_best_of;
use tilt::asymptotics::soft_best_of::{soft_best_of, soft_best_of_by_types, soft_kl_bound};
use tilt::asymptotics::twin::twin;
use tilt::asymptotics::win_rate_frontier::{frontier_kl, frontier_win_rate, rejection_win_rate, win_rate_frontier};
use tilt::prob::{Law, Levels, RankLaw, Regime, best_of_kl_bound};

/// Masses over three or thirty units of log, some zero, at least one not.
fn law() -> impl Strategy<Value = Law> {
    let mass = prop_oneof![
        4 => (0.0..3.0f64).prop_map(|x| (-x).exp()),
        1 => (0.0..30.0f64).prop_map(|x| (-x).exp()),
        1 => Just(0.0)
    ];
    prop::collection::vec(mass, 1..9).prop_filter_map("no mass", |masses| {
        let total: f64 = masses.iter().sum();
        (total > 0.0).then(|| Law::new(&masses.iter().map(|m| m / total).collect::<Vec<_>>()).unwrap())
    })
}

fn reward() -> impl Strategy<Value = Vec<f64>> {
    let plain = prop::collection::vec(-3.0..3.0f64, 9);
    let tied = prop::collection::vec((0..4i32).prop_map(f64::from), 9);
    prop_oneof![plain, tied]
}

fn log_best_of() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), 0.0..1e-3f64, 0.0..8.0f64, 0.0..1e4f64]
}

fn total(q: &[f64]) -> f64 {
    q.iter().sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn near_optimality_identity_and_bound(law in law(), r in reward(), raw in prop::collection::vec(0.01..1.0f64, 9), share in 0.0..0.95f64) {
        let r = &r[..law.len()];
        let weights: Vec<f64> = law.probs().iter().zip(&raw).map(|(p, w)| if *p > 0.0 { *w } else { 0.0 }).collect();
        let omega: Vec<f64> = weights.iter().map(|w| w / total(&weights)).collect();
        let delta_max = kl_constrained(&law, r, 0.0).unwrap().delta_max;
        prop_assume!(delta_max == 0.0 || share * delta_max < delta_max);
        let at = near_optimal(&law, r, share * delta_max, &omega).unwrap();
        // both sides carry the rounding of kl_omega_p and beta * gamma
        let scale = 1.0 + at.kl_omega_p + at.beta * 6.0;
        prop_assert!((at.kl_omega_phi - at.bound).abs() < 3e-14 * scale, "{at:?}");
        prop_assert!(at.kl_omega_phi >= 0.0);
    }

    #[test]
    fn no_feasible_law_beats_the_optimum(law in law(), r in reward(), raw in prop::collection::vec(0.0..1.0f64, 9), mix in 0.0..1.0f64) {
        let r = &r[..law.len()];
        let weights: Vec<f64> = law.probs().iter().zip(&raw).map(|(p, w)| if *p > 0.0 { *w } else { 0.0 }).collect();
        prop_assume!(total(&weights) > 0.0);
        let omega: Vec<f64> = law.probs().iter().zip(&weights).map(|(p, w)| mix * p + (1.0 - mix) * w / total(&weights)).collect();
        let spent = tilt::prob::kl(&omega, law.probs());
        let earned: f64 = omega.iter().zip(r).map(|(q, r)| q * r).sum();
        let best = kl_constrained(&law, r, spent).unwrap();
        prop_assert!(earned <= best.mean + 1e-12, "{earned} above {}", best.mean);
        prop_assert!(best.mean <= frontier_bound(&law, r, spent).unwrap() + 1e-12);
    }

    #[test]
    fn jeffreys(law in law(), r in reward(), beta in -10.0..10.0f64) {
        let r = &r[..law.len()];
        let base_mean: f64 = law.probs().iter().zip(r).map(|(p, r)| p * r).sum();
        let t = exponential_tilt(&law, r, beta).unwrap();
        prop_assert!((t.jeffreys - beta * (t.mean - base_mean)).abs() < 1e-13 * (1.0 + t.jeffreys));
    }

    #[test]
    fn proxies_lose_what_they_diverge(law in law(), r in reward(), e in prop::collection::vec(-1.0..1.0f64, 9), beta in 0.1..5.0f64, t in 1.0..3.0f64) {
        let (r, e) = (&r[..law.len()], &e[..law.len()]);
        let at = proxy_tilt(&law, r, e, beta).unwrap();
        prop_assert!((at.objective_gap - at.divergence_over_b).abs() < 1e-12);
        let more: Vec<f64> = e.iter().map(|e| t * e).collect();
        let louder = proxy_tilt(&law, r, &more, beta).unwrap();
        prop_assert!(louder.divergence_over_b >= at.divergence_over_b * (1.0 - 1e-10) - 1e-28);
    }

    #[test]
    fn best_of_n_within_every_bound(law in law(), r in reward(), log_n in log_best_of(), order in any::<bool>()) {
        let r = &r[..law.len()];
        let ties = if order { Ties::Order } else { Ties::Random };
        let bon = best_of_n(&law, r, log_n, ties).unwrap();
        prop_assert!((total(&bon.policy) - 1.0).abs() < 1e-12);
        prop_assert!(bon.kl <= bon.kl_bound * (1.0 + 1e-12));
        prop_assert!(bon.win_rate <= bon.win_rate_bound + 1e-14 && bon.win_rate >= 0.5 - 1e-14);
        let (levels, _) = ties.levels(&law, r);
        let gap = best_of_n::kl_gap(&levels, log_n);
        prop_assert!((bon.kl_bound - bon.kl - gap).abs() < 1e-13 * (1.0 + log_n));
        prop_assert!(gap >= best_of_n::kl_gap_lower_bound(&levels, log_n) - 1e-12 * (1.0 + log_n));
        prop_assert!(gap <= best_of_n::kl_gap_upper_bound(&levels, log_n) * (1.0 + 1e-12) + 1e-300);
        prop_assert!(bon.win_rate_bound - bon.win_rate <= best_of_n::win_rate_gap_bound(&levels, log_n) + 1e-14);
        // never above the optimum at its own divergence
        let best = kl_constrained(&law, r, bon.kl).unwrap();
        prop_assert!(bon.mean <= best.mean + 1e-12 || best.regime == Regime::Degenerate);
        // never above the win-rate frontier
        prop_assert!(bon.win_rate <= win_rate_frontier(bon.kl).unwrap().win_rate + 1e-13);
    }

    #[test]
    fn the_estimator_is_never_below_the_divergence(law in law(), r in reward(), log_n in log_best_of(), e in 1e-9..1.0f64) {
        let r = &r[..law.len()];
        let at = estimator_mean(&law, r, log_n).unwrap();
        prop_assert!(at.expected >= at.kl * (1.0 - 1e-12) - 1e-15 && at.expected <= at.bound * (1.0 + 1e-12));
        // the sharper inequality of R10
        let (levels, _) = Levels::by_order(&law, r);
        let best = tilt::prob::best_of(&levels, log_n);
        let sharper: f64 = (0..levels.len())
            .map(|j| {
                let p: f64 = levels.log_mass()[j].exp();
                let missed = if p < 1.0 { (-(log_n + (-(-p).ln_1p()).ln()).exp()).exp() } else { 0.0 };
                best.log_probs[j].exp() * missed * atom_gap(p, log_n)
            })
            .sum();
        prop_assert!(at.expected - at.kl >= sharper - 1e-13 * (1.0 + log_n), "{at:?} {sharper}");
        // the closed form of R10 by the atom's gap
        let bound = best_of_kl_bound(log_n);
        let seen = -(-(log_n + (-(-e).ln_1p()).ln()).exp()).exp_m1();
        let value = estimator_value(e, log_n).unwrap();
        prop_assert!((value - (bound - seen * atom_gap(e, log_n))).abs() < 1e-12 * (1.0 + log_n));
        prop_assert!(value >= 0.0 && value <= bound);
    }

    #[test]
    fn random_laws_stay_below_the_frontier(law in law(), raw in prop::collection::vec(0.0..1.0f64, 9), c in 1e-6..50.0f64) {
        // any law, any order of outcomes: half a point for ties
        let weights: Vec<f64> = law.probs().iter().zip(&raw).map(|(p, w)| if *p > 0.0 { *w } else { 0.0 }).collect();
        prop_assume!(total(&weights) > 0.0);
        let omega: Vec<f64> = weights.iter().map(|w| w / total(&weights)).collect();
        let (mut below, mut win) = (0.0, 0.0);
        for (p, q) in law.probs().iter().zip(&omega) {
            win += q * (below + 0.5 * p);
            below += p;
        }
        let spent = tilt::prob::kl(&omega, law.probs());
        prop_assert!(win <= win_rate_frontier(spent).unwrap().win_rate + 1e-13);
        let round_trip = win_rate_frontier(frontier_kl(c)).unwrap();
        prop_assert!((round_trip.c / c - 1.0).abs() < 1e-13 && (round_trip.win_rate - frontier_win_rate(c)).abs() < 1e-15);
        prop_assert!(rejection_win_rate(frontier_kl(c)) <= frontier_win_rate(c));
    }

    #[test]
    fn random_numbers_of_draws_at_both_ends(law in law(), r in reward(), which in 0..4usize) {
        let r = &r[..law.len()];
        let (one, many) = match which {
            0 => (RankLaw::Fixed(1.0), RankLaw::Fixed(1e300)),
            1 => (RankLaw::PoissonPlusOne(1e-300), RankLaw::PoissonPlusOne(1e300)),
            2 => (RankLaw::ZeroTruncatedPoisson(1e-300), RankLaw::ZeroTruncatedPoisson(1e300)),
            _ => (RankLaw::Geometric(1.0), RankLaw::Geometric(1e-300)),
        };
        let base = random_best_of(&law, r, one).unwrap();
        for (a, p) in base.policy.iter().zip(law.probs()) {
            prop_assert!((a - p).abs() <= 1e-14 * p);
        }
        let saturated = kl_constrained(&law, r, 1e3).unwrap();
        let limit = random_best_of(&law, r, many).unwrap();
        for (a, p) in limit.policy.iter().zip(&saturated.phi) {
            prop_assert!((a - p).abs() <= 1e-12);
        }
    }

    #[test]
    fn soft_best_of_between_base_best_and_target(law in law(), r in reward(), n in 1..7u64, lambda in prop_oneof![0.05..5.0f64, (-20.0..20.0f64).prop_map(f64::exp)]) {
        let r = &r[..law.len()];
        let soft = soft_best_of(&law, r, n, lambda).unwrap();
        prop_assert!((total(&soft.policy) - 1.0).abs() < 1e-13, "{}", total(&soft.policy));
        let types = soft_best_of_by_types(&law, r, n, lambda).unwrap();
        for (a, b) in soft.policy.iter().zip(&types) {
            prop_assert!((a - b).abs() <= 1e-13 * b.abs() * (1.0 - b.max(1e-300).ln()), "{a} {b}");
        }
        prop_assert!(soft.kl_tilt <= soft.kl_tilt_bound * (1.0 + 1e-12) + 1e-28);
        prop_assert!(soft.kl_base <= soft_kl_bound(&law, r, n, lambda).unwrap() + 1e-13);
        let bon = best_of_n(&law, r, (n as f64).ln(), Ties::Random).unwrap();
        prop_assert!(soft.mean <= bon.mean + 1e-12);
    }

    #[test]
    fn the_twin_is_a_tilt(law in law(), r in reward(), log_n in prop_oneof![1e-6..0.01f64, 0.01..6.0f64]) {
        let r = &r[..law.len()];
        let at = twin(&law, r, log_n).unwrap();
        prop_assert!(at.kl_to_tilt >= 0.0 && at.beta_star >= 0.0 && at.twin.iter().flatten().all(|t| !t.is_nan()));
        let reward: Vec<f64> = at.twin.iter().map(|t| t.unwrap_or(0.0)).collect();
        // levels of the twin that rounding has merged or split would be another problem
        let distinct = |v: &[f64]| Levels::of_outcomes(&law, v).0.len();
        prop_assume!(distinct(&reward) == distinct(r));
        let again = twin(&law, &reward, log_n).unwrap();
        prop_assert!(again.kl_to_tilt < 1e-24, "{again:?}");
        // (an outcome that the policy loses to underflow leaves the limit as nearest tilt)
        prop_assert!(distinct(r) == 1 || again.beta_star == f64::INFINITY || (again.beta_star - 1.0).abs() < 1e-6, "{again:?}");
        // the matched mean is the nearest tilt: any other is farther, down to squares of rounding errors
        if distinct(r) > 1 && at.beta_star.is_finite() {
            let policy = best_of_n(&law, r, log_n, Ties::Random).unwrap().policy;
            for factor in [0.9, 1.1] {
                let other = exponential_tilt(&law, r, factor * at.beta_star).unwrap();
                prop_assert!(tilt::prob::kl(&policy, &other.phi) >= at.kl_to_tilt * (1.0 - 1e-12) - 1e-29);
            }
        }
    }

    #[test]
    fn the_hedge_is_the_global_maximum(law in law(), r in reward(), gold in prop::collection::vec(-2.0..2.0f64, 9), which in 0..3usize) {
        let family = [HedgeFamily::BestOf, HedgeFamily::ZeroTruncatedPoisson, HedgeFamily::PoissonPlusOne][which];
        let (r, gold) = (&r[..law.len()], &gold[..law.len()]);
        let at = hedge(&law, r, gold, family).unwrap();
        let curve = GoldCurve::new(&law, r, gold, family).unwrap();
        for i in 0..2000 {
            let theta = if family == HedgeFamily::BestOf { f64::from(i) * 0.02 } else { (f64::from(i) * 0.03 - 8.0).exp() };
            prop_assert!(curve.at(theta) <= at.gold_star + 1e-13, "{theta}: {} above {at:?}", curve.at(theta));
        }
        prop_assert!(at.gold_star >= at.gold_base.max(at.gold_limit) - 1e-14);
        match at.regime {
            HedgeRegime::Interior => prop_assert!((curve.at(at.param_star) - at.gold_star).abs() < 1e-15),
            HedgeRegime::Rising => prop_assert!(at.param_star == f64::INFINITY && at.gold_star == at.gold_limit),
            HedgeRegime::Falling | HedgeRegime::Flat => prop_assert!(at.param_star == 0.0 && at.gold_star == at.gold_base),
        }
    }
}
