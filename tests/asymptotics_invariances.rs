//! What the asymptotics engine must not notice (a shift or a change of unit of the rewards, rewards at the end of the range of
//! `f64`), and where it must refuse: the edges of every domain, from both sides.

use tilt::Error;
use tilt::asymptotics::best_of_asymptotic::best_of_asymptotic;
use tilt::asymptotics::best_of_n::{Ties, check_log_best_of};
use tilt::asymptotics::estimator::estimator_value;
use tilt::asymptotics::hedge::{HedgeFamily, HedgeRegime, hedge};
use tilt::asymptotics::lattice::Lattice;
use tilt::asymptotics::markov::{Chain, MarkovTilt, markov_tilt};
use tilt::asymptotics::markov_finite::markov_finite;
use tilt::asymptotics::markov_solve::markov_solve;
use tilt::asymptotics::memoryless::Memoryless;
use tilt::asymptotics::memoryless_best_of::memoryless_best_of;
use tilt::asymptotics::memoryless_sampling::TailSampler;
use tilt::asymptotics::perron::perron;
use tilt::asymptotics::proxy::{proxy_gap_integral, proxy_tilt};
use tilt::asymptotics::reward_law::{Method, reward_law, reward_law_by};
use tilt::asymptotics::soft_best_of::{soft_best_of, soft_best_of_by_types};
use tilt::asymptotics::tail::tail_approximations;
use tilt::asymptotics::win_rate_frontier::{best_of_n_win_rate, frontier_rank, threshold_rejection};
use tilt::prob::{Law, Levels, RankLaw, Regime, kl_optimum};

#[track_caller]
fn close(a: f64, b: f64, rtol: f64) {
    assert!((a - b).abs() <= rtol * b.abs(), "{a:e} against {b:e}");
}

fn model(s: &[f64], n: u64) -> Memoryless {
    Memoryless::new(&[0.5, 0.25, 0.25], s, n).unwrap()
}

const LETTERS: [f64; 3] = [0.0, 1.0, 3.0];

#[test]
fn a_shift_and_a_unit_of_the_rewards_change_nothing_else() {
    let n = 64;
    let plain = tail_approximations(&model(&LETTERS, n), 90.0, 1.0).unwrap();
    let best = best_of_asymptotic(&model(&LETTERS, n), 0.2, 1.0).unwrap();
    // Powers of two and dyadic shifts round nothing; the span follows the unit.
    for (unit, shift) in [(1.0, 0.75), (0.5, 0.0), (4.0, -2.5), (0.25, 3.125), (2f64.powi(-12), 0.0)] {
        let s = LETTERS.map(|x| unit * x + shift);
        let moved = |r: f64| unit * r + n as f64 * shift;
        let tail = tail_approximations(&model(&s, n), moved(90.0), unit).unwrap();
        close(tail.tau * unit, plain.tau, 1e-12);
        for (a, b) in [
            (tail.log_exact, plain.log_exact),
            (tail.log_chernoff, plain.log_chernoff),
            (tail.log_bahadur_rao, plain.log_bahadur_rao),
            (tail.log_bahadur_rao_1.unwrap(), plain.log_bahadur_rao_1.unwrap()),
            (tail.log_lugannani_rice.unwrap(), plain.log_lugannani_rice.unwrap()),
        ] {
            close(a, b, 1e-12);
        }
        let found = best_of_asymptotic(&model(&s, n), 0.2, unit).unwrap();
        close(found.mean, moved(best.mean), 1e-12);
        close(found.kl, best.kl, 1e-12);
        close(found.kl_to_rl, best.kl_to_rl, 1e-11);
        // A point off the lattice by 1e-6 of its step is off it; the tolerance is 1e-9, of one at least.
        let off = (1e-6 * unit).max(1e-8);
        assert!(tail_approximations(&model(&s, n), moved(90.0) + off, unit).is_err());
        let letters = [s[0], s[1] + off, s[2]];
        assert!(tail_approximations(&model(&letters, n), moved(90.0), unit).is_err());
        assert!(best_of_asymptotic(&model(&letters, n), 0.2, unit).is_err());
        let lattice = Lattice::detect(&s, 1e-12, 1e6).unwrap();
        assert_eq!((lattice.minimum, lattice.span, lattice.steps), (shift, unit, vec![0, 1, 3]));
    }
}

#[test]
fn sums_are_found_where_they_round_differently() {
    // The tolerance of a level: 1e-12 of the largest sum, at least 1e-12.
    close(model(&[-3.0, 0.0, 2.0], 100).tolerance(), 3e-10, 1e-15);
    close(model(&[0.0, 1e-4, 2e-4], 100).tolerance(), 1e-12, 1e-15);
    // 0.1 and 0.7 added one by one: the binomial law, whatever the rounding of the sum.
    let coins = Memoryless::new(&[0.5, 0.5], &[0.1, 0.7], 10).unwrap();
    let law = reward_law(&coins).unwrap();
    let mut choose = 1.0f64;
    for sevens in 0..=10u32 {
        let value = (0..10).fold(0.0, |sum, i| sum + if i < sevens { 0.7 } else { 0.1 });
        close(law.log_pmf(value), choose.ln() - 10.0 * 2f64.ln(), 1e-13);
        choose *= f64::from(10 - sevens) / f64::from(sevens + 1);
    }
    // Far from zero a lattice is known only to the rounding of its points; never to more than a quarter of its span.
    let far = best_of_asymptotic(&model(&[1e6, 1e6 + 0.1, 1e6 + 0.3], 64), 0.2, 0.1).unwrap();
    let near = best_of_asymptotic(&model(&[0.0, 0.1, 0.3], 64), 0.2, 0.1).unwrap();
    close(far.mean - 64e6, near.mean, 1e-7);
    let error = best_of_asymptotic(&model(&[0.0, 1e9, 1e9 + 0.05], 64), 0.2, 0.1).unwrap_err();
    assert!(matches!(error, Error::InvalidInput { ref field, .. } if field == "s"), "{error}");
    // Twice the largest sum must be finite.
    assert!(Memoryless::new(&[0.5, 0.5], &[0.0, 8e305], 100).is_ok());
    assert!(Memoryless::new(&[0.5, 0.5], &[0.0, 1e306], 100).is_err());
}

#[test]
fn soft_best_of_n_of_rewards_whose_difference_overflows() {
    let law = Law::new(&[0.6, 0.3, 0.1]).unwrap();
    let plain = soft_best_of(&law, &[-1.5, 0.25, 1.5], 5, 1.0).unwrap();
    let unit = 2f64.powi(1023);
    let huge = soft_best_of(&law, &[-1.5 * unit, 0.25 * unit, 1.5 * unit], 5, unit).unwrap();
    for (a, b) in huge.policy.iter().zip(&plain.policy) {
        close(*a, *b, 1e-13);
    }
    close(huge.kl_base, plain.kl_base, 1e-12);
    close(huge.kl_tilt, plain.kl_tilt, 1e-11);
    // chi^2 of a tilt onto an outcome of log-mass -705: sum q^2/p - 1 = e^705 to rounding, though (q/p)^2 overflows.
    // Two such outcomes, of log-masses -705 and -706, share the tilt as 1 to 1/e: e^705 / (1 + 1/e).
    let rare = Law::from_log_probs(&[0.0, -705.0, -706.0]).unwrap();
    let at = soft_best_of(&rare, &[0.0, 2000.0, 2000.0], 3, 1.0).unwrap();
    let log_chi2 = 705.0 - (-1f64).exp().ln_1p();
    close(at.chi2.ln(), log_chi2, 1e-14);
    close(at.kl_tilt_bound, log_chi2 - 3f64.ln(), 1e-14);
}

#[test]
fn soft_best_of_n_of_levels_e_to_the_sixty_apart() {
    // A rare low level is chosen for its weight e^-60 beside the high one, not for being drawn alone (1e-3 to the 200th).
    for (p, r) in [([1e-3, 0.999, 0.0], [0.0, 60.0, 1.0]), ([0.01, 0.09, 0.9], [0.0, 70.0, 150.0])] {
        let law = Law::new(&p).unwrap();
        let by_types = soft_best_of_by_types(&law, &r, 200, 1.0).unwrap();
        let policy = soft_best_of(&law, &r, 200, 1.0).unwrap().policy;
        for (a, b) in policy.iter().zip(by_types) {
            close(*a, b, 1e-11);
        }
    }
}

#[test]
fn gold_rewards_that_agree_to_rounding_are_flat() {
    // The first level averages 1 and 4 with weights 1/3 and 2/3 to 3: the same as the second, but for rounding.
    let law = Law::new(&[0.1, 0.2, 0.7]).unwrap();
    for g in [1.0, 1e9 / 7.0, 3e-7] {
        let at = hedge(&law, &[0.0, 0.0, 1.0], &[g, 4.0 * g, 3.0 * g], HedgeFamily::BestOf).unwrap();
        assert_eq!(at.regime, HedgeRegime::Flat, "{g}");
        let rising =
            hedge(&law, &[0.0, 0.0, 1.0], &[g, 4.0 * g, 3.0 * g * (1.0 + 1e-13)], HedgeFamily::BestOf).unwrap();
        assert_eq!(rising.regime, HedgeRegime::Rising, "{g}");
    }
}

#[test]
fn the_right_eigenvector_is_at_most_one() {
    // [[1, 2], [3, 4]]: root (5 + sqrt 33)/2, right vector (2, root - 1).
    let log_matrix = [1f64, 2.0, 3.0, 4.0].map(f64::ln);
    let found = perron(&log_matrix, 2).unwrap();
    let root = 0.5 * (5.0 + 33f64.sqrt());
    close(found.log_root, root.ln(), 1e-14);
    assert_eq!(found.log_right[1], 0.0);
    close(found.log_right[0], (2.0 / (root - 1.0)).ln(), 1e-14);
}

#[test]
fn panels_of_the_proxy_integral_do_not_matter() {
    let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
    let (r, error) = ([0.0, 1.0, 2.0], [0.5, -0.25, 1.0]);
    let many = proxy_gap_integral(&law, &r, &error, 1.5, 8).unwrap();
    close(many, proxy_tilt(&law, &r, &error, 1.5).unwrap().objective_gap, 1e-12);
    for panels in [0, 1, 2] {
        close(proxy_gap_integral(&law, &r, &error, 1.5, panels).unwrap(), many, 1e-13);
    }
}

#[test]
fn names_are_those_of_the_records() {
    for regime in [Regime::Degenerate, Regime::Base, Regime::Saturated, Regime::Interior] {
        assert_eq!(serde_json::to_value(regime).unwrap(), regime.name());
    }
    for regime in [HedgeRegime::Flat, HedgeRegime::Falling, HedgeRegime::Rising, HedgeRegime::Interior] {
        assert_eq!(serde_json::to_value(regime).unwrap(), regime.name());
    }
    assert_eq!((Ties::named("random"), Ties::named("order")), (Ok(Ties::Random), Ok(Ties::Order)));
    assert_eq!(HedgeFamily::named("bon"), Ok(HedgeFamily::BestOf));
    assert_eq!(HedgeFamily::named("zero_truncated_poisson"), Ok(HedgeFamily::ZeroTruncatedPoisson));
    assert_eq!(HedgeFamily::named("poisson_plus_one"), Ok(HedgeFamily::PoissonPlusOne));
    assert!(Ties::named("first").is_err() && HedgeFamily::named("").is_err());
}

#[test]
fn trivial_budgets_have_no_tilt() {
    let law = Law::new(&[0.5, 0.5]).unwrap();
    let flat = kl_optimum(&law, &[2.0, 2.0], 0.3).unwrap();
    assert_eq!((flat.regime, flat.beta, flat.delta_max), (Regime::Degenerate, 0.0, 0.0));
    assert_eq!(
        (flat.tilt.beta, flat.tilt.variance, flat.tilt.third_cumulant, flat.tilt.fourth_cumulant),
        (0.0, 0.0, 0.0, 0.0)
    );
    let base = kl_optimum(&law, &[0.0, 1.0], 0.0).unwrap();
    assert_eq!((base.regime, base.beta, base.tilt.kl), (Regime::Base, 0.0, 0.0));
    assert_eq!((frontier_rank(0.0, 0.3), best_of_n_win_rate(0.0).unwrap()), (0.3, 0.5));
}

#[test]
fn domains_end_where_they_say() {
    let above = 1.0 + 2f64.powi(-11);
    for (valid, edge) in [(true, 1.0), (false, above), (false, 0.0), (false, -0.5), (false, f64::NAN)] {
        assert_eq!(estimator_value(edge, 1.0).is_ok(), valid, "{edge}");
        assert_eq!(threshold_rejection(edge).is_ok(), valid, "{edge}");
        assert_eq!(RankLaw::named("geometric", edge).is_ok(), valid, "{edge}");
    }
    let fair = Law::new(&[0.5, 0.5]).unwrap();
    let coins = Memoryless::new(&[0.5, 0.5], &[0.0, 1.0], 8).unwrap();
    for wrong in [-1e-12, f64::INFINITY, f64::NAN] {
        assert!(check_log_best_of(wrong).is_err() && memoryless_best_of(&coins, wrong).is_err());
        assert!(best_of_n_win_rate(wrong).is_err());
    }
    for wrong in [0.0, -1e-4, f64::INFINITY, f64::NAN] {
        assert!(proxy_tilt(&fair, &[0.0, 1.0], &[0.5, 0.0], wrong).is_err());
        assert!(proxy_gap_integral(&fair, &[0.0, 1.0], &[0.5, 0.0], wrong, 4).is_err());
    }
    assert!(proxy_tilt(&fair, &[0.0, 1.0], &[0.5, 0.0], 1e-4).is_ok());
    for (threshold, valid) in [(0.0, false), (-1.0, false), (8.0, false), (9.0, false), (1.0, true), (7.5, true)] {
        assert_eq!(TailSampler::new(&coins, 0.0, threshold).is_ok(), valid, "{threshold}");
    }
    assert!(Levels::from_log_masses(vec![], vec![]).is_err());
    assert!(Levels::from_log_masses(vec![1.0, 2.0], vec![0.0]).is_err());
    let half = 0.5f64.ln();
    assert!(Levels::from_log_masses(vec![1.0, 2.0], vec![half + 1e-4, half]).is_err());
    for wrong in [f64::NAN, f64::INFINITY] {
        let error = Law::from_log_probs(&[half, wrong]).unwrap_err();
        assert!(matches!(error, Error::InvalidInput { ref field, .. } if field == "log_p[1]"), "{error}");
    }
}

#[test]
fn chains_are_checked_and_renormalised() {
    let rows = |a: f64, b: f64| vec![vec![0.9 + a, 0.1 + a], vec![0.4 + b, 0.6]];
    // Off by 4e-10: accepted, and divided out.
    let chain = Chain::new(&rows(2e-10, -4e-10), &[0.0, 1.0]).unwrap();
    for row in chain.transition().chunks(2) {
        close(row[0] + row[1], 1.0, 3e-16);
    }
    assert!(Chain::new(&rows(1e-5, 0.0), &[0.0, 1.0]).is_err());
    // States that cannot be left, or not be reached.
    for stuck in [[vec![1.0, 0.0], vec![0.5, 0.5]], [vec![0.5, 0.5], vec![0.0, 1.0]]] {
        assert!(Chain::new(&stuck, &[0.0, 1.0]).is_err());
    }
    let about_beta = |found: Result<_, Error>| {
        assert!(matches!(found.map(|_: MarkovTilt| ()), Err(Error::InvalidInput { field, .. }) if field == "beta"));
    };
    let big = Chain::new(&rows(0.0, 0.0), &[0.0, 1e6]).unwrap();
    for (beta, valid) in
        [(9e5, true), (-9e5, true), (1.1e6, false), (f64::NAN, false), (f64::INFINITY, false), (1e305, false)]
    {
        match valid {
            true => drop(markov_tilt(&big, beta).unwrap()),
            false => about_beta(markov_tilt(&big, beta)),
        }
    }
    // beta * 0 is no reward: the largest is looked for among all.
    let still = Chain::new(&rows(0.0, 0.0), &[0.0, 0.0]).unwrap();
    about_beta(markov_tilt(&still, f64::INFINITY));
    about_beta(markov_tilt(&still, f64::NAN));
    for wrong in [-1e-9, 5.0, f64::NAN] {
        assert!(markov_solve(&chain, wrong).is_err());
    }
    // 2.5e9 symbols of two states are 1e10 operations, the limit.
    let error = markov_finite(&chain, &[0.5, 0.5], 2_500_000_001, 0.1).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[test]
fn types_of_soft_best_of_n_are_counted_before_they_are_walked() {
    // Three levels and n - 1 further draws: (n + 1) n / 2 types, 1e7 at n = 4472; four levels pass it at n = 391.
    let three = Law::new(&[0.5, 0.25, 0.25]).unwrap();
    assert!(soft_best_of_by_types(&three, &LETTERS, 5000, 1.0).is_err());
    let four = Law::new(&[0.25; 4]).unwrap();
    assert!(soft_best_of_by_types(&four, &[0.0, 1.0, 2.0, 3.0], 400, 1.0).is_err());
}

#[test]
fn windows_are_wide_enough_for_letters_far_apart() {
    // Standard deviation 171 of the sum, span 20000: a window sized by less than its deviation would fold on itself.
    for (n, s) in [(2000, [0.0, 1.0, 10.0]), (700, [0.0, 3.0, 4.0])] {
        let model = Memoryless::new(&[0.5, 0.3, 0.2], &s, n).unwrap();
        let by = |method| reward_law_by(&model, method).unwrap().unwrap().levels;
        let (windows, program) = (by(Method::SaddleWindows), by(Method::LatticeProgram));
        assert_eq!(windows.values(), program.values());
        for (a, b) in windows.log_mass().iter().zip(program.log_mass()) {
            // n roundings of the program, the exponent of the window
            assert!((a - b).abs() < 1e-11 + 1e-14 * b.abs(), "{n}: {a} {b}");
        }
    }
}
