//! Sharp values for the closed forms of the asymptotics engine: formulas evaluated in 60 digits, exact small cases, and
//! influence functions against differences of the estimator itself.

use tilt::asymptotics::best_of_asymptotic::best_of_self_consistent;
use tilt::asymptotics::best_of_n::{
    Ties, best_of_n, kl_gap, kl_gap_lower_bound, kl_gap_small_atoms, kl_gap_upper_bound, win_rate_gap_bound,
};
use tilt::asymptotics::block::{block_best_of, block_best_of_at_kl};
use tilt::asymptotics::constrained::{ExponentialTilt, exponential_tilt, frontier_bound, frontier_expansion};
use tilt::asymptotics::estimator::{estimator_mean, estimator_value};
use tilt::asymptotics::hedge::{GoldCurve, HedgeFamily, HedgeRegime, hedge};
use tilt::asymptotics::markov::Chain;
use tilt::asymptotics::markov_reward_law::markov_reward_law;
use tilt::asymptotics::memoryless::Memoryless;
use tilt::asymptotics::memoryless_sampling::RewardSampler;
use tilt::asymptotics::near_optimal::near_optimal;
use tilt::asymptotics::outcome_sampling::{Draws, draw_count, soft_shares};
use tilt::asymptotics::tail::tail_approximations;
use tilt::asymptotics::tilt_sampling::tilt_from_counts;
use tilt::prob::{Law, Levels, RankLaw};
use tilt::sampling::Address;

#[track_caller]
fn close(a: f64, b: f64, rtol: f64) {
    assert!((a - b).abs() <= rtol * b.abs(), "{a:e} against {b:e}");
}

/// Every number of a tilt, in a fixed order.
fn numbers(t: &ExponentialTilt) -> Vec<f64> {
    let mut all = vec![t.log_z, t.mean, t.variance, t.third_cumulant, t.kl, t.reverse_kl, t.jeffreys];
    all.extend(&t.phi);
    all
}

#[test]
fn errors_of_the_sampled_tilt_are_those_of_its_influence() {
    // A functional T of the empirical law has influence IF_i = lim (T((1 - e) p + e 1_i) - T(p))/e, and standard error
    // sqrt(sum p_i IF_i^2 / M). Here e = 1e5/1e10, by central differences: error of order e^2 and of rounding 1e-16/e.
    let counts = [3_000_000_000u64, 2_500_000_000, 0, 1_500_000_000, 3_000_000_000];
    let r = [-1.0, 0.5, 9.0, 2.0, 0.75];
    let draws: u64 = counts.iter().sum();
    for beta in [0.8, -1.3] {
        let (estimate, errors) = tilt_from_counts(&counts, &r, beta);
        let p: Vec<f64> = counts.iter().map(|&c| c as f64 / draws as f64).collect();
        let exact = exponential_tilt(&Law::new(&p).unwrap(), &r, beta).unwrap();
        for (a, b) in numbers(&estimate).iter().zip(numbers(&exact)) {
            assert!((a - b).abs() < 1e-13, "{a} {b}");
        }
        let mut squares = vec![0.0; numbers(&errors).len()];
        for i in (0..5).filter(|&i| counts[i] > 0) {
            let step = 100_000u64;
            let mut moved = counts;
            moved[i] = counts[i] + step;
            let up = numbers(&tilt_from_counts(&moved, &r, beta).0);
            moved[i] = counts[i] - step;
            let down = numbers(&tilt_from_counts(&moved, &r, beta).0);
            for ((square, up), down) in squares.iter_mut().zip(up).zip(down) {
                let influence = (up - down) / (2.0 * step as f64) * draws as f64;
                *square += p[i] * influence * influence / draws as f64;
            }
        }
        for (error, square) in numbers(&errors).iter().zip(squares) {
            assert!((error - square.sqrt()).abs() < 1e-9 * 1e-5 + 1e-7 * error, "{error:e} {:e}", square.sqrt());
        }
        assert_eq!(errors.phi[2], 0.0);
    }
    // An outcome seen once is seen.
    let (estimate, _) = tilt_from_counts(&[1, 3, 0, 4], &[2.0, 0.5, 9.0, -1.0], 0.7);
    let exact = exponential_tilt(&Law::new(&[0.125, 0.375, 0.0, 0.5]).unwrap(), &[2.0, 0.5, 9.0, -1.0], 0.7).unwrap();
    for (a, b) in numbers(&estimate).iter().zip(numbers(&exact)) {
        assert!((a - b).abs() < 1e-13, "{a} {b}");
    }
}

#[test]
fn bounds_of_best_of_n_on_dyadic_levels() {
    // P = 1/2, 1/4, 1/4, so F = 1/2, 3/4, 1; N = 3.
    let (levels, _) = Levels::of_outcomes(&Law::new(&[0.5, 0.25, 0.25]).unwrap(), &[0.0, 1.0, 2.0]);
    let log_n = 3f64.ln();
    let collision = 0.375;
    close(kl_gap_upper_bound(&levels, log_n), 2.0 * 3.0 * 2.0 * collision, 1e-14);
    close(win_rate_gap_bound(&levels, log_n), 0.5 * 2.0 * collision, 1e-14);
    close(kl_gap_lower_bound(&levels, log_n), (3.0f64 / 4.0).ln() - 2.0 / 3.0, 1e-14);
    // N (N-1)^2 / 24 sum P^3 F^(N-3), the power trivial at N = 3 and not at N = 5.
    close(kl_gap_small_atoms(&levels, log_n), 3.0 * 4.0 / 24.0 * (0.125 + 2.0 / 64.0), 1e-14);
    let sum = 0.125 * 0.25 + 0.5625 / 64.0 + 1.0 / 64.0;
    close(kl_gap_small_atoms(&levels, 5f64.ln()), 5.0 * 16.0 / 24.0 * sum, 1e-13);
    // b = 1/8, 19/64, 37/64: the divergence by its definition.
    let b = [0.125f64, 19.0 / 64.0, 37.0 / 64.0];
    let kl: f64 = b.iter().zip([0.5, 0.25, 0.25]).map(|(b, p)| b * (b / p).ln()).sum();
    close(kl_gap(&levels, log_n), 3f64.ln() - 2.0 / 3.0 - kl, 1e-13);
}

#[test]
fn blocks_are_best_of_n_over_their_length() {
    // Two fair symbols of reward 0 or 1: levels 0, 1, 2 of masses 1/4, 1/2, 1/4; N = 2: b = 1/16, 1/2, 7/16.
    let block = Memoryless::new(&[0.5, 0.5], &[0.0, 1.0], 2).unwrap();
    let at = block_best_of(&block, 2f64.ln()).unwrap();
    let kl = 0.0625 * 0.25f64.ln() + 0.4375 * 1.75f64.ln();
    close(at.kl_per_symbol, kl / 2.0, 1e-14);
    close(at.mean_per_symbol, 1.375 / 2.0, 1e-15);
    let inverse = block_best_of_at_kl(&block, kl / 2.0).unwrap();
    close(inverse.log_best_of, 2f64.ln(), 1e-13);
    close(inverse.kl_per_symbol, kl / 2.0, 1e-13);
    close(inverse.mean_per_symbol, 1.375 / 2.0, 1e-13);
    // All but nothing of the limit log 4 / 2, and nothing.
    let limit = 4f64.ln() / 2.0;
    close(block_best_of_at_kl(&block, limit * (1.0 - 1e-9)).unwrap().kl_per_symbol, limit * (1.0 - 1e-9), 1e-14);
    close(block_best_of_at_kl(&block, 0.0).unwrap().mean_per_symbol, 0.5, 1e-15);
    for outside in [limit * (1.0 + 1e-12), -1e-9, f64::NAN] {
        assert!(block_best_of_at_kl(&block, outside).is_err());
    }
}

#[test]
fn the_frontier_near_no_budget_and_its_bound() {
    // Fair coin on 0 and 4: mean 2, variance 4, no third cumulant; a lopsided law has one.
    let fair = Law::new(&[0.5, 0.5]).unwrap();
    close(frontier_expansion(&fair, &[0.0, 4.0], 0.02).unwrap(), 2.0 + 0.4, 1e-15);
    close(frontier_bound(&fair, &[0.0, 4.0], 0.02).unwrap(), 2.0 + 4.0 * 0.1, 1e-15);
    // p = 1/4 on 4: mean 1, variance 3, kappa_3 = 27/4 - 3/4 = 6.
    let rare = Law::new(&[0.75, 0.25]).unwrap();
    close(frontier_expansion(&rare, &[0.0, 4.0], 0.06).unwrap(), 1.0 + 0.6 + 6.0 * 0.06 / 9.0, 1e-14);
    assert_eq!(frontier_expansion(&fair, &[3.0, 3.0], 0.5).unwrap(), 3.0);
    for delta in [-1e-12, f64::INFINITY, f64::NAN] {
        assert!(frontier_expansion(&fair, &[0.0, 1.0], delta).is_err());
        assert!(frontier_bound(&fair, &[0.0, 1.0], delta).is_err());
    }
}

#[test]
fn the_slope_of_the_gold_curve_for_a_poisson_number_of_draws() {
    // One step of the gold reward at F: slope -d/dc (e^{cF} - 1)/(e^c - 1), in 40 digits, on both sides of the switch
    // between the series and the closed form.
    let table = [
        (0.5, 1e-8, 0.125),
        (0.5, 0.01, 0.124_999_218_753_255_2),
        (0.5, 0.2, 0.124_688_020_096_445_98),
        (0.5, 0.29, 0.124_345_264_258_099_93),
        (0.5, 0.35, 0.124_047_832_488_112_2),
        (0.5, 2.0, 0.098_305_966_620_740_93),
        (0.25, 1e-8, 0.093_749_999_843_749_99),
        (0.25, 0.01, 0.093_593_311_362_352_45),
        (0.25, 0.2, 0.090_455_987_435_044_87),
        (0.25, 0.29, 0.088_870_137_984_375_37),
        (0.25, 0.35, 0.087_780_157_514_694_97),
        (0.25, 2.0, 0.052_915_058_481_523_21),
    ];
    for (cdf, c, slope) in table {
        let law = Law::new(&[cdf, 1.0 - cdf]).unwrap();
        let curve = GoldCurve::new(&law, &[0.0, 1.0], &[0.0, 1.0], HedgeFamily::ZeroTruncatedPoisson).unwrap();
        // The closed form cancels 1/c: eps/c of the slope at c = 0.3.
        close(curve.slope(c), slope, 2e-14);
        close(curve.at(c), 1.0 - (c * cdf).exp_m1() / c.exp_m1(), 1e-14);
    }
}

#[test]
fn gold_rewards_of_levels_of_hardly_any_mass() {
    // Two tied outcomes of log-mass -800 and -801 at the top: their level mean is weighted by e^0 and e^-1.
    let law = Law::from_log_probs(&[0.0, -800.0, -801.0]).unwrap();
    let at = hedge(&law, &[0.0, 1.0, 1.0], &[0.0, 1.0, 5.0], HedgeFamily::BestOf).unwrap();
    let e = (-1f64).exp();
    close(at.gold_limit, (1.0 + 5.0 * e) / (1.0 + e), 1e-12);
    assert_eq!((at.regime, at.gold_base), (HedgeRegime::Rising, 0.0));
}

#[test]
fn near_optimality_where_the_optimum_underflows() {
    // The third outcome has log-mass -800: its optimal probability reads 0, the divergence of a law that sits on it is large.
    let law = Law::from_log_probs(&[0.5f64.ln(), 0.5f64.ln(), -800.0]).unwrap();
    let r = [0.0, 1.0, 0.5];
    for omega in [[0.25, 0.25, 0.5], [0.5, 0.5 - 2f64.powi(-12), 2f64.powi(-12)], [0.5, 0.5, 0.0]] {
        let at = near_optimal(&law, &r, 0.2, &omega).unwrap();
        // The identity D(omega||phi) = epsilon + beta gamma, and the definition.
        close(at.kl_omega_phi, at.bound, 1e-13);
        let z = 0.5 * (1.0 + at.beta.exp());
        let log_phi = [0.5f64.ln() - z.ln(), 0.5f64.ln() + at.beta - z.ln(), -800.0 + 0.5 * at.beta - z.ln()];
        let direct: f64 = omega.iter().zip(log_phi).filter(|(w, _)| **w > 0.0).map(|(w, l)| w * (w.ln() - l)).sum();
        close(at.kl_omega_phi, direct, 1e-13);
    }
}

#[test]
fn lugannani_and_rice_in_sixty_digits() {
    // The formula itself, evaluated in 60 digits at the exact saddle: small tilts (the difference 1/u - 1/w by its series),
    // ordinary ones, and w beyond 50 (the normal tail by its expansion). Letters of mass 1/2, 1/4, 1/4 and reward 0, 1, 3.
    let table = [
        (1000, 1000.0 + 2f64.powi(-13), 0.0, -0.696_589_159_985_406_8),
        (1000, 1000.0 + 2f64.powi(-8), 0.0, -0.696_667_370_129_322),
        (64, 72.0, 0.0, -1.579_335_469_584_213_7),
        (64, 72.0, 1.0, -1.511_887_103_708_226),
        (64, 90.0, 0.0, -5.280_634_375_360_42),
        (64, 90.0, 1.0, -5.145_981_255_387_929),
        (2000, 4000.0, 1.0, -597.709_816_878_227_9),
        (2000, 4300.0, 0.0, -788.032_652_950_415_3),
        (2000, 4300.0, 1.0, -787.710_840_861_279_9),
        (2000, 5000.0, 1.0, -1_356.395_345_542_435_4),
    ];
    for (n, threshold, span, wanted) in table {
        let model = Memoryless::new(&[0.5, 0.25, 0.25], &[0.0, 1.0, 3.0], n).unwrap();
        let found = tail_approximations(&model, threshold, span).unwrap().log_lugannani_rice.unwrap();
        // The exponent n KL carries its own rounding.
        assert!((found - wanted).abs() < 2e-14 + 4e-15 * wanted.abs(), "{n} {threshold} {span}: {found} {wanted}");
    }
}

#[test]
fn scores_and_soft_shares_of_drawn_outcomes() {
    let law = Law::new(&[0.25; 4]).unwrap();
    let r = [1.0, 0.0, 1.0, 2.0];
    let draws = Draws::new(&law, &r, Ties::Random).unwrap();
    let score = |a: usize, b: usize| draws.score(a, b);
    assert_eq!((score(3, 0), score(0, 3), score(0, 2), score(2, 2), score(1, 0)), (1.0, 0.0, 0.5, 0.5, 0.0));
    let ordered = Draws::new(&law, &r, Ties::Order).unwrap();
    assert_eq!((ordered.score(0, 2), ordered.score(2, 0)), (0.0, 1.0));
    // The shares are the soft-max at 1/lambda of what was drawn, each draw once; what was there before is gone.
    let address = Address::new(3, "tests", "shares");
    for repetition in 0..64 {
        let (mut drawn, mut shares) = ([0usize; 5], [7.0; 4]);
        soft_shares(&draws, &r, 0.7, &mut drawn, &mut address.stream(repetition), &mut shares);
        let times = |i: usize| drawn.iter().filter(|&&d| d == i).count() as f64;
        let weights: Vec<f64> = (0..4).map(|i| times(i) * (r[i] / 0.7).exp()).collect();
        let total: f64 = weights.iter().sum();
        for (share, weight) in shares.iter().zip(&weights) {
            close(*share, weight / total, 1e-14);
        }
    }
}

#[test]
fn the_self_consistent_threshold_and_mean_are_their_formulas() {
    // Letters off any lattice. The threshold solves the corrected Bahadur-Rao tail = 1/N; the mean adds Gumbel's mean and
    // the 1/n terms, here from the cumulants of the tilt by direct sums.
    let (p, s, n) = ([0.5, 0.3, 0.2], [0.0, 1.0, 1.838_477_631_085_023_5], 100u64);
    let model = Memoryless::new(&p, &s, n).unwrap();
    for log_n in [15.0, 40.0] {
        let at = best_of_self_consistent(&model, log_n).unwrap();
        let tail = tail_approximations(&model, at.threshold, 0.0).unwrap();
        close(tail.log_bahadur_rao_1.unwrap(), -log_n, 1e-12);
        close(tail.tau, at.tau, 1e-11);
        let weights: Vec<f64> = p.iter().zip(s).map(|(p, s)| p * (at.tau * s).exp()).collect();
        let z: f64 = weights.iter().sum();
        let m: f64 = weights.iter().zip(s).map(|(w, s)| w * s).sum::<f64>() / z;
        let central = |k: i32| weights.iter().zip(s).map(|(w, s)| w * (s - m).powi(k)).sum::<f64>() / z;
        let (v, k3, t, g, n) = (central(2), central(3), at.tau, 0.577_215_664_901_532_9, n as f64);
        close(at.threshold, n * m, 1e-13);
        let first = g / t;
        let second = (g * g + std::f64::consts::PI.powi(2) / 6.0) / (2.0 * v * t * t * t);
        let third = g / (t * t) * (1.0 / (v * t) + k3 / (2.0 * v * v));
        // what is left of the mean is a hundredth of it
        close(at.mean - at.threshold, first - (second + third) / n, 1e-11);
    }
}

#[test]
fn numbers_of_draws_are_whole_and_their_mean_is_the_mean() {
    let address = Address::new(5, "tests", "counts");
    let draws = 20_000;
    for (law, variance) in [
        (RankLaw::PoissonPlusOne(1.5), 1.5),
        (RankLaw::ZeroTruncatedPoisson(0.3), 0.2), // at most: m (1 + c - m), m = c/(1 - e^-c)
        (RankLaw::ZeroTruncatedPoisson(4.0), 4.0),
        (RankLaw::Geometric(0.3), 0.7 / 0.09),
        (RankLaw::Geometric(1.0), 0.0),
    ] {
        let mut sum = 0.0;
        for repetition in 0..draws {
            let n = draw_count(law, &mut address.stream(repetition));
            assert!(n >= 1.0 && n.fract() == 0.0, "{law:?}: {n}");
            sum += n;
        }
        // six standard errors: 2e-9 a law
        let bound = 6.0 * (variance / draws as f64).sqrt();
        assert!((sum / draws as f64 - law.mean()).abs() <= bound, "{law:?}: {}", sum / draws as f64);
    }
}

#[test]
fn rare_letters_are_drawn() {
    // 1e6 letters, one in 2000 of reward 0: 500 of them, give or take 22, in each of 50 sums; six standard errors.
    let model = Memoryless::new(&[5e-4, 1.0 - 5e-4], &[0.0, 1.0], 1_000_000).unwrap();
    let sampler = RewardSampler::new(&model, 0.0).unwrap();
    let address = Address::new(5, "tests", "rare");
    let lost = |i| 1e6 - sampler.draw(&mut address.stream(i));
    let mean = (0..50).map(lost).sum::<f64>() / 50.0;
    assert!((mean - 500.0).abs() < 6.0 * 22.4 / 50f64.sqrt(), "{mean}");
    // Two rare letters, of reward 1 and 5 and mass 4e-4 each: mean 2400, variance 1e6 * 4e-4 * 26.
    let model = Memoryless::new(&[1.0 - 8e-4, 4e-4, 4e-4], &[0.0, 1.0, 5.0], 1_000_000).unwrap();
    let sampler = RewardSampler::new(&model, 0.0).unwrap();
    let mean = (0..50).map(|i| sampler.draw(&mut address.stream(i))).sum::<f64>() / 50.0;
    assert!((mean - 2400.0).abs() < 6.0 * 102.0 / 50f64.sqrt(), "{mean}");
    // A chain that hardly ever starts in one of its states: the exact law by merging keeps it.
    let chain = Chain::new(&[vec![0.5, 0.5], vec![0.25, 0.75]], &[0.0, 2f64.sqrt()]).unwrap();
    let law = markov_reward_law(&chain, &[1e-4, 1.0 - 1e-4], 3).unwrap();
    // three symbols of reward 0: 1e-4 / 4
    close(law.log_mass()[0], (2.5e-5f64).ln(), 1e-14);
}

#[test]
fn the_mean_of_the_estimator_is_a_sum_of_its_values() {
    let law = Law::new(&[5e-4, 0.9, 0.0995]).unwrap();
    let r = [2.0, 0.0, 1.0];
    for log_n in [0.02, 1.0, 3.0, 9.0] {
        let policy = best_of_n(&law, &r, log_n, Ties::Order).unwrap().policy;
        let terms = policy.iter().zip(law.probs()).map(|(q, p)| q * estimator_value(*p, log_n).unwrap());
        close(estimator_mean(&law, &r, log_n).unwrap().expected, terms.sum(), 1e-13);
    }
}
