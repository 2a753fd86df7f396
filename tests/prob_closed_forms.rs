//! Sharp values for the closed forms of `prob`: dyadic laws whose divergences are exact, limits, and masses far below the
//! smallest float, where a formula that is wrong by an operator still looks right on ordinary input.

use tilt::prob::{
    Law, Levels, RankLaw, best_of, best_of_random, chi_squared, divergence_between_tilts, f_divergence, kl,
    kl_of_log_ratio, kl_optimum, rate, renyi, tilt, tilt_to_limit, tilt_to_mean, total_variation,
};

#[track_caller]
fn close(a: f64, b: f64, rtol: f64) {
    assert!((a - b).abs() <= rtol * b.abs(), "{a:e} against {b:e}");
}

/// Logarithm of a sum of exponentials, from the largest.
fn log_sum(logs: &[f64]) -> f64 {
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    top + logs.iter().map(|l| (l - top).exp()).sum::<f64>().ln()
}

/// Ratios 1/4, 2, 2 and 1: every term is a dyadic number times log 2.
const A: [f64; 4] = [0.125, 0.25, 0.5, 0.125];
const B: [f64; 4] = [0.5, 0.125, 0.25, 0.125];

#[test]
fn divergences_of_a_dyadic_pair() {
    close(kl(&A, &B), 0.5 * 2f64.ln(), 1e-15);
    close(chi_squared(&A, &B), 0.65625, 1e-15);
    close(total_variation(&A, &B), 0.375, 1e-15);
    // 40-digit values; far apart the logarithm of the sum carries a few roundings, over |order - 1|.
    close(renyi(&A, &B, 0.5), 0.198_911_331_984_366_4, 8e-15);
    close(renyi(&A, &B, 0.75), 0.279_763_253_695_369, 8e-15);
    close(renyi(&A, &B, 3.0), 0.570_965_581_693_476, 2e-15);
    // Ratios within (1/2, 2) take the other branch.
    let (c, d) = ([0.28125, 0.34375, 0.375], [0.25, 0.25, 0.5]);
    close(renyi(&c, &d, 0.5), 0.017_418_168_787_965_518, 1e-14);
    close(renyi(&c, &d, 3.0), 0.098_110_946_873_972_68, 1e-14);
}

#[test]
fn divergences_where_one_law_has_no_mass_or_hardly_any() {
    // Lost outcomes of b count once in KL and chi^2, and not at all in a Renyi divergence.
    let (a, b) = ([0.75, 0.25, 0.0, 0.0], [0.25, 0.25, 0.5, 0.0]);
    close(kl(&a, &b), 0.75 * 3f64.ln(), 1e-15);
    close(chi_squared(&a, &b), 0.25 / 0.25 + 0.5, 1e-15);
    close(renyi(&a, &b, 2.0), (0.5625 / 0.25 + 0.25f64).ln(), 1e-15);
    assert_eq!(chi_squared(&b, &a), f64::INFINITY);
    // Small masses are masses: 2^-11 is below any threshold that is not zero to three digits.
    let h = 2f64.powi(-11);
    let (a, b) = ([h, 1.0 - h], [2.0 * h, 1.0 - 2.0 * h]);
    close(kl(&a, &b), -h * 2f64.ln() + (1.0 - h) * (h / (1.0 - 2.0 * h)).ln_1p(), 1e-12);
    close(kl(&b, &a), 2.0 * h * 2f64.ln() + (1.0 - 2.0 * h) * (-h / (1.0 - h)).ln_1p(), 1e-12);
    close(chi_squared(&a, &b), 0.5 * h + h * h / (1.0 - 2.0 * h), 1e-14);
    close(chi_squared(&b, &a), h + h * h / (1.0 - h), 1e-14);
    close(renyi(&b, &a, 2.0), (h + h * h / (1.0 - h)).ln_1p(), 1e-12);
    let (a, b) = ([h, 1.0 - h], [4.0 * h, 1.0 - 4.0 * h]);
    close(renyi(&a, &b, 2.0), (0.25 * h + (1.0 - h) * (1.0 - h) / (1.0 - 4.0 * h)).ln(), 1e-12);
    let (a, b) = ([1.5 * h, 1.0 - 1.5 * h], [h, 1.0 - h]);
    close(renyi(&a, &b, 2.0), (0.25 * h + 0.25 * h * h / (1.0 - h)).ln_1p(), 1e-12);
    for order in [1.0, 1.0 + h, 2.0] {
        assert_eq!(renyi(&[h, 1.0 - h], &[0.0, 1.0], order), f64::INFINITY);
    }
    assert_eq!(renyi(&A, &B, 1.0), kl(&A, &B));
    // Common empty outcomes keep the accurate branch of close laws; far apart, D is never negative.
    let e = 2f64.powi(-30);
    let (a, b) = ([0.5 + 0.5 * e, 0.5 - 0.5 * e, 0.0], [0.5, 0.5, 0.0]);
    close(renyi(&a, &b, 2.0), e * e, 1e-8);
    assert_eq!(renyi(&[1.0, 0.0], &[1.0, 0.0], 0.5), 0.0);
    assert_eq!(renyi(&[0.25, 0.75], &[0.25, 0.75], 3.0), 0.0);
    // A ratio beyond the range of f64: 0.5/1e-320.
    let tiny = 1e-320;
    close(kl(&[0.5, 0.5], &[tiny, 1.0]), 0.5 * (0.5f64.ln() - tiny.ln()) + 0.5 * 0.5f64.ln(), 1e-15);
}

#[test]
fn generators_see_empty_outcomes_as_the_definition_says() {
    let f = |t: f64| (t - 1.0) * (t - 1.0) + 3.0 * (t - 1.0);
    // b f(a/b) where b has mass (f(0) = -2), a times the slope where it has none, nothing where both have none.
    let (a, b) = ([0.5, 0.5, 0.0, 0.0], [0.25, 0.0, 0.75, 0.0]);
    close(f_divergence(&a, &b, f, 7.0), 0.25 * f(2.0) + 0.5 * 7.0 + 0.75 * -2.0, 1e-15);
    // A generator that is infinite at 0 charges nothing for an outcome outside both laws.
    assert_eq!(f_divergence(&[1.0, 0.0], &[1.0, 0.0], |t| -t.ln(), f64::INFINITY), 0.0);
    close(f_divergence(&A, &B, |t| -t.ln(), 0.0), kl(&B, &A), 1e-15);
    // Small masses are masses here too.
    let h = 2f64.powi(-11);
    let (a, b) = ([h, 1.0 - h], [2.0 * h, 1.0 - 2.0 * h]);
    close(f_divergence(&a, &b, |t| 0.5 * (t - 1.0).abs(), 0.5), h, 1e-12);
    close(f_divergence(&[h, 1.0 - h], &[0.0, 1.0], |t| 0.5 * (t - 1.0).abs(), 0.5), h, 1e-12);
    close(f_divergence(&[0.0, 1.0], &[h, 1.0 - h], |t| 0.5 * (t - 1.0).abs(), 0.5), h, 1e-12);
}

#[test]
fn kl_of_a_log_ratio_is_kl() {
    let u: Vec<f64> = A.iter().zip(B).map(|(a, b)| (a / b).ln()).collect();
    close(kl_of_log_ratio(&B, &u), 0.5 * 2f64.ln(), 1e-15);
    // An outcome without mass has no say, whatever its ratio; one that lost all its mass counts its base mass.
    assert_eq!(kl_of_log_ratio(&[1.0, 0.0], &[0.0, 3.0]), 0.0);
    close(kl_of_log_ratio(&[0.5, 0.5], &[2f64.ln(), f64::NEG_INFINITY]), 2f64.ln(), 1e-15);
    // Ratios above e: 1/8 against 1/2.
    let (p, q) = ([0.125, 0.875], [0.5, 0.5]);
    let u: Vec<f64> = p.iter().zip(q).map(|(p, q): (&f64, f64)| (q / p).ln()).collect();
    close(kl_of_log_ratio(&p, &u), kl(&q, &p), 1e-15);
    // p e^u = 1 where e^u is near the end of the range of f64: p + u in logarithms.
    let u = 705f64;
    close(kl_of_log_ratio(&[(-u).exp(), 1.0], &[u, f64::NEG_INFINITY]), u, 1e-12);
}

#[test]
fn the_mean_number_of_draws_is_the_slope_of_the_generating_function() {
    let laws = [
        RankLaw::Fixed(4.5),
        RankLaw::PoissonPlusOne(0.4),
        RankLaw::PoissonPlusOne(3.0),
        RankLaw::ZeroTruncatedPoisson(0.3),
        RankLaw::ZeroTruncatedPoisson(5.0),
        RankLaw::Geometric(0.35),
        RankLaw::Geometric(1.0),
    ];
    for law in laws {
        // One-sided differences of third order at h = 1e-3: error h^3 G''''/4 < 1e-6.
        let (h, g) = (1e-3, |k: f64| law.generating_function(1.0 - k * 1e-3));
        let slope = (11.0 / 6.0 * g(0.0) - 3.0 * g(1.0) + 1.5 * g(2.0) - g(3.0) / 3.0) / h;
        close(law.mean(), slope, 1e-6);
        close(g(0.0), 1.0, 1e-15);
        assert_eq!(law.generating_function(0.0), 0.0, "at least one draw: {law:?}");
    }
}

#[test]
fn a_random_number_of_draws_on_levels_of_hardly_any_mass() {
    // Log-masses down to e^-900: u_j = log(G(F_j) - G(F_{j-1})) - log P_j tends to log G'(F_j) for an atom that small.
    let logs = [-900.0, -760.0, 0.25f64.ln(), -800.0, 0.5f64.ln(), -1000.0, 0.25f64.ln()];
    let levels = Levels::from_log_masses((0..7).map(f64::from).collect(), logs.to_vec()).unwrap();
    let cdf = [0.0, 0.0, 0.25, 0.25, 0.75, 0.75, 1.0];
    for (law, slope) in [
        (RankLaw::PoissonPlusOne(2.0), (|f| (1.0 + 2.0 * f) * (2.0 * (f - 1.0)).exp()) as fn(f64) -> f64),
        (RankLaw::ZeroTruncatedPoisson(2.0), |f| 2.0 * (2.0 * f).exp() / 2f64.exp_m1()),
        (RankLaw::Geometric(0.3), |f| 0.3 / (1.0 - 0.7 * f) / (1.0 - 0.7 * f)),
        (RankLaw::Geometric(0.9), |f| 0.9 / (1.0 - 0.1 * f) / (1.0 - 0.1 * f)),
    ] {
        let best = best_of_random(&levels, law);
        for j in [0, 1, 3, 5] {
            close(best.log_ratio[j], slope(cdf[j]).ln(), 1e-13);
            close(best.log_probs[j], logs[j] + slope(cdf[j]).ln(), 1e-15);
        }
        for (j, below) in [(2, 0.0), (4, 0.25), (6, 0.75)] {
            let b = law.generating_function(cdf[j]) - law.generating_function(below);
            close(best.log_probs[j].exp(), b, 1e-14);
        }
    }
}

#[test]
fn tails_of_levels_over_thousands_of_logarithms() {
    // Steps below, at and above the unit of the running sum (300), so that it is rescaled on the way.
    let far = [-1310.0, -1309.0, -1000.5, -702.0, -690.0, -350.0, -301.0, -299.0, -2.0];
    let top = (-far.iter().map(|m: &f64| m.exp()).sum::<f64>()).ln_1p();
    for ascending in [true, false] {
        let mut logs: Vec<f64> = far.to_vec();
        logs.push(top);
        if !ascending {
            logs.reverse();
        }
        let levels = Levels::from_log_masses((0..10).map(f64::from).collect(), logs.clone()).unwrap();
        for j in 0..9 {
            let (below, above) = (log_sum(&logs[..=j]), log_sum(&logs[j + 1..]));
            if ascending {
                close(levels.neg_log_cdf()[j], -below, 1e-15);
                close(levels.log_neg_log_cdf()[j], (-below).ln(), 1e-15);
                // log(F_j/F_{j-1}) by the difference of two large logarithms.
                match j {
                    0 => assert_eq!(levels.log_cdf_step()[0], f64::INFINITY),
                    _ => close(levels.log_cdf_step()[j], (below - log_sum(&logs[..j])).ln(), 1e-11),
                }
            } else {
                close(levels.log_survival()[j], above, 1e-15);
                // -log(1 - S) = S (1 + S/2 + ...), S below e^-299 here but for the last two.
                let wanted = if above < -40.0 { above } else { (-(-above.exp()).ln_1p()).ln() };
                close(levels.log_neg_log_cdf()[j], wanted, 1e-14);
            }
        }
        let mean: f64 = levels.log_mass().iter().enumerate().map(|(j, m)| j as f64 * m.exp()).sum();
        close(levels.mean(), mean, 1e-14);
    }
    let levels = Levels::from_log_masses(vec![-1.0, 5.0, 9.0], vec![0.5f64.ln(), 0.25f64.ln(), 0.25f64.ln()]).unwrap();
    close(levels.mean(), 3.0, 1e-15);
}

#[test]
fn a_log_law_is_renormalised() {
    // Off by 5e-10, within what is accepted: the masses of the law still sum to one.
    let off = 5e-10;
    let law = Law::from_log_probs(&[0.25f64.ln() + off, 0.75f64.ln() + off]).unwrap();
    close(law.log_probs()[0], 0.25f64.ln(), 1e-15);
    close(law.probs()[1], 0.75, 1e-15);
    assert!(Law::from_log_probs(&[0.25f64.ln() + 3e-9, 0.75f64.ln() + 3e-9]).is_err());
    assert!(Law::from_log_probs(&[]).is_err());
    assert!(Law::from_log_probs(&[f64::NEG_INFINITY; 2]).is_err());
}

#[test]
fn tilts_of_rewards_at_the_ends_of_the_range() {
    let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
    // In units of 2^1022 and 2^-1060: beta leaves the normal numbers, the law does not change.
    let plain = [-1.0, 0.5, 3.0];
    let at = kl_optimum(&law, &plain, 0.2).unwrap();
    for exponent in [1022i32, -1060] {
        let scale = |x: f64| x * 2f64.powi(exponent / 2) * 2f64.powi(exponent / 2);
        let r: Vec<f64> = plain.iter().map(|&x| scale(x)).collect();
        let found = kl_optimum(&law, &r, 0.2).unwrap();
        for (a, b) in found.tilt.probs.iter().zip(&at.tilt.probs) {
            close(*a, *b, 1e-13);
        }
        close(found.tilt.kl, 0.2, 1e-13);
        // Mean to the last digit of a subnormal number.
        assert!((found.tilt.mean - scale(at.tilt.mean)).abs() <= 1e-13 * scale(at.tilt.mean).abs() + 5e-324);
        let spread = if exponent > 0 { f64::INFINITY } else { 0.0 };
        assert_eq!(found.tilt.variance, spread);
        assert_eq!(found.tilt.third_cumulant.abs(), spread);
        if exponent > 0 {
            // beta is subnormal, of fifty digits less one or two: log Z = beta m - KL, and beta m is of order one.
            assert!(!found.beta.is_normal());
            close(found.tilt.log_z, at.tilt.log_z, 1e-12);
            assert_eq!(found.tilt.fourth_cumulant.abs(), spread);
        }
        let moved = tilt_to_mean(&law, &r, scale(1.0));
        let unit = tilt_to_mean(&law, &plain, 1.0);
        close(moved.kl, unit.kl, 1e-12);
        close(moved.probs[2], unit.probs[2], 1e-12);
    }
    // Mean zero, and beta out of range: log Z = -KL, not 0 times infinity.
    let tiny: Vec<f64> = [-1.0, 0.0, 3.0].iter().map(|x| x * 1e-320).collect();
    let centred = tilt_to_mean(&law, &tiny, 0.0);
    close(centred.log_z, -tilt_to_mean(&law, &[-1.0, 0.0, 3.0], 0.0).kl, 1e-12);
    // Cumulants of a coin in units far from one: p(1-p), times (1-2p), times (1 - 6p(1-p)), times the power of the unit.
    let coin = Law::new(&[0.75, 0.25]).unwrap();
    for unit in [2f64.powi(200), 2f64.powi(-200), 1.0] {
        let t = tilt(&coin, &[-unit, unit], 0.0);
        close(t.variance / unit / unit, 4.0 * 0.1875, 1e-15);
        close(t.third_cumulant / unit / unit / unit, 8.0 * 0.1875 * 0.5, 1e-15);
        close(t.fourth_cumulant / unit / unit / unit / unit, 16.0 * 0.1875 * -0.125, 1e-14);
    }
    // And where the rewards lie too far apart to be subtracted.
    let t = tilt(&coin, &[-1.5 * 2f64.powi(1023), 1.5 * 2f64.powi(1023)], 0.0);
    assert_eq!((t.variance, t.third_cumulant), (f64::INFINITY, f64::INFINITY));
    // Differences of rewards that overflow: e^{b d} at b = 2^-1023 and d = 2^1024 is e^2.
    let (m, b) = (2f64.powi(1023), 2f64.powi(-1022));
    let t = tilt(&Law::new(&[0.5, 0.5]).unwrap(), &[-m, m], b);
    close(t.probs[1] / t.probs[0], 4f64.exp(), 1e-14);
    close(t.mean, m * 2f64.tanh(), 1e-15);
    assert_eq!(t.variance, f64::INFINITY);
}

#[test]
fn limits_of_tilts() {
    let law = Law::new(&[0.5, 0.3, 0.2]).unwrap();
    // log Z(b) -> b max r + log p(A*): infinite with the sign of the largest reward, log p(A*) where that is 0.
    for (r, log_z) in [([0.0, 1.0, 2.0], f64::INFINITY), ([-3.0, -2.0, -1.0], f64::NEG_INFINITY)] {
        let t = tilt_to_limit(&law, &r);
        assert_eq!(t.log_z, log_z);
        close(t.kl, 5f64.ln(), 1e-15);
        assert_eq!(t.reverse_kl, f64::INFINITY);
        close(t.mean, r[2], 1e-15);
        assert_eq!(t.variance, 0.0);
    }
    close(tilt_to_limit(&law, &[-2.0, -1.0, 0.0]).log_z, 0.2f64.ln(), 1e-15);
    // Between limits: no mass outside the other is no charge, some is infinite.
    let (one, two) = (tilt_to_limit(&law, &[0.0, 0.0, 1.0]), tilt_to_limit(&law, &[0.0, 1.0, 1.0]));
    close(divergence_between_tilts(&one, &two), 2.5f64.ln(), 1e-15);
    assert_eq!(divergence_between_tilts(&two, &one), f64::INFINITY);
    assert_eq!(divergence_between_tilts(&one, &one), 0.0);
    let h = 2f64.powi(-12);
    let thin = Law::new(&[0.5, 0.5 - h, h]).unwrap();
    let (wide, narrow) = (tilt_to_limit(&thin, &[0.0, 1.0, 1.0]), tilt_to_limit(&thin, &[0.0, 1.0, 0.0]));
    assert_eq!(divergence_between_tilts(&wide, &narrow), f64::INFINITY);
    let base = tilt(&law, &[0.0; 3], 0.0);
    close(divergence_between_tilts(&one, &base), 5f64.ln(), 1e-15);
}

#[test]
fn masses_far_below_the_smallest_float_keep_their_tilt() {
    // log-masses -1000 and -1001 beside one of nearly everything; a tilt by 1000 brings them up.
    let law = Law::from_log_probs(&[0.0, -1000.0, -1001.0]).unwrap();
    let t = tilt(&law, &[0.0, 1.0, 1.0], 1000.0);
    // Z = 1 + 1 + e^-1
    let z = 2.0 + (-1f64).exp();
    close(t.log_z, z.ln(), 1e-13);
    close(t.probs[1], 1.0 / z, 1e-12);
    close(t.probs[2], (-1f64).exp() / z, 1e-12);
    close(t.kl, 1000.0 * (1.0 + (-1f64).exp()) / z - z.ln(), 1e-13);
    // Nothing but such masses in the set of the maximisers.
    let limit = tilt_to_limit(&law, &[0.0, 1.0, 1.0]);
    close(limit.kl, 1000.0 - (1.0 + (-1f64).exp()).ln(), 1e-15);
    close(limit.probs[1], 1.0 / (1.0 + (-1f64).exp()), 1e-12);
    // And on levels: ties of masses that all read 0.
    let (levels, _) = Levels::of_outcomes(&law, &[0.0, 1.0, 1.0]);
    close(levels.log_mass()[1], -1000.0 + (1.0 + (-1f64).exp()).ln(), 1e-15);
}

#[test]
fn the_rate_at_a_small_tilt_is_not_the_rate_at_none() {
    let law = Law::new(&[0.5, 0.5]).unwrap();
    // I_b(x) = D(x || m(b)) of coins, m = e^b/(1 + e^b).
    for beta in [1e-4f64, -3e-4, 0.7] {
        let m = beta.exp() / (1.0 + beta.exp());
        for x in [0.3f64, 0.75] {
            let wanted = x * (x / m).ln() + (1.0 - x) * ((1.0 - x) / (1.0 - m)).ln();
            let at = rate(&law, &[0.0, 1.0], x, beta).unwrap();
            close(at.rate, wanted, 1e-13);
            close(at.tau.unwrap(), (x / (1.0 - x)).ln() - beta, 1e-13);
        }
    }
}

#[test]
fn best_of_n_at_the_switches_of_its_series() {
    // Two levels, P = 1/2 each and tiny: b_2 = 1 - (1-P)^N on either side of every switch, by log1p and expm1.
    for p in [0.5f64, 0.1, 1e-3, 1e-9] {
        let (levels, _) = Levels::of_outcomes(&Law::new(&[1.0 - p, p]).unwrap(), &[0.0, 1.0]);
        for log_n in [1e-12f64, 1e-3, 0.2, 0.9, 1.1, 4.1, 12.0, 21.0, 30.0] {
            let best = best_of(&levels, log_n);
            let power = log_n.exp() * (-p).ln_1p();
            close(best.mean, -power.exp_m1(), 1e-13);
            close(best.log_probs[0], power, 1e-13);
        }
    }
}
