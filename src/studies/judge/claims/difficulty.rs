//! R11 and R12: best-of-k averaged over inputs, where it decays slower than 1/k^2, and what data buy against it.

use crate::Result;
use crate::judge::average::average;
use crate::judge::model::{BiasLaw, Candidates};
use crate::judge::tails::log_leading;
use crate::judge::tradeoff::tradeoff;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling, Verdict};
use crate::numerics::quadrature::tanh_sinh;
use crate::numerics::special::normal_log_sf;
use serde_json::json;
use std::f64::consts::{LN_2, LN_10, PI};

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "judge/R11",
            statement: "Averaged over inputs, best-of-k with the teacher as judge has error pi s^2/(k^2 sqrt(1 - 2 rho)), rho = \
                        V_TT/s^2 (paper: with sigma^2 for s^2).",
            source: "Halder, Pehlevan, arXiv 2512.19905, Remark 5 (from an independent audit); s^2 derived",
            conditions: "T -> 0, then k -> infinity",
            recorded: Recorded::HoldsUnder(
                "rho < 1/2; beyond, the mean of e^(D_T^2/s^2) diverges and the exponent is 1/rho",
            ),
            checks: &[inverse_square_below_one_half],
        },
        Claim {
            id: "judge/R11b",
            statement: "rho > 1/2: delta ~ 2 s^2 (2 pi rho)^(-1/2) e^(-b_k^2/(2 rho)) b_k^-3 I(rho), k (1 - Phi(b_k)) = 1, I = \
                        2 Gamma(1/rho) int r (2 sinh r)^(-1/rho) dr; so the exponent is -1/rho. rho = 1/2: 2 s^2 sqrt(2 pi ln k)/k^2.",
            source: "derived",
            conditions: "T = 0, teacher as judge; corrections of order 1/ln k",
            recorded: Recorded::Holds,
            checks: &[slow_exponent, slow_constant, slow_integral, critical_constant],
        },
        Claim {
            id: "judge/R11c",
            statement: "With a flat prior and alpha < 1, rho = alpha: 1/k^2 exactly when n > 2d, with coefficient \
                        pi sigma^2/((1-alpha) sqrt(1-2 alpha)); with w_T from the prior, exactly when s^2 < 2 sigma^2.",
            source: "derived (two-point V)",
            conditions: "white inputs, gamma -> infinity",
            recorded: Recorded::Holds,
            checks: &[flat_prior, well_specified_prior],
        },
        Claim {
            id: "judge/R12",
            statement: "More answers help more than more data: |d ln delta/d ln n| < 2 = |d ln delta/d ln k|.",
            source: "Halder, Pehlevan, arXiv 2512.19905, Remark 6 (from an independent audit: much smaller, if \
                     (gamma^2/d) Tr B_R Sigma << sigma^2 and R << sigma^2)",
            conditions: "rho < 1/2",
            recorded: Recorded::Fails(
                "alpha = .2, sigma^2 = gamma^2 = .1, S^2 = |w_T|^2/d = 1: the paper's own slope is -2.667; the full one diverges at \
                 rho = 1/2",
            ),
            checks: &[data_never_beat_answers],
        },
        Claim {
            id: "judge/R12b",
            statement: "d ln delta/d ln n = -alpha (dv/dalpha)/(sigma^2 - 2v) with one-point v (paper), and with two-point V and \
                        s^2: of order alpha, -2 alpha to leading order where gamma^2 >> sigma^2.",
            source: "Halder, Pehlevan, arXiv 2512.19905, Remark 6 (from an independent audit); two-point form derived",
            conditions: "rho < 1/2, white inputs",
            recorded: Recorded::Holds,
            checks: &[slopes_by_differences, slope_of_a_flat_prior],
        },
    ]
}

/// The error averaged over inputs in units of s^2, teacher as judge, T = 0.
fn exact(rho: f64, log_k: f64) -> Result<f64> {
    average(&BiasLaw::new(rho, rho, rho, 1.0)?, 0.0, Candidates::from_log(log_k)?)
}

fn inverse_square_below_one_half(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity("judge/R11", "k^2 delta, extrapolated in 1/k, against pi/sqrt(1 - 2 rho)")
        .tolerance(2e-3, "what is left: order 1/k^2, and k^-(1/rho - 2) = 1e-7 at rho = .3, k = 1e6");
    for rho in [0.01, 0.05, 0.1, 0.2, 0.25, 0.3] {
        for log_k in [5.0 * LN_10, 6.0 * LN_10] {
            let at = |log_k: f64| -> Result<f64> { Ok(exact(rho, log_k)? * (2.0 * log_k).exp()) };
            let limit = PI / (1.0 - 2.0 * rho).sqrt();
            let found = 2.0 * at(log_k + LN_2)? - at(log_k)?;
            check.equal(found, limit, limit, || json!({"rho": rho, "log_k": log_k}));
        }
    }
    Ok(check.finish_under("rho < 1/2"))
}

fn slow_exponent(_: &Sampling) -> Result<Check> {
    let mut check = Check::rates("judge/R11b", "slope of ln delta in ln k from k = 1e60 to 1e120: -1/rho and not -2")
        .tolerance(
            0.018,
            "b_k^2 = 2 ln k - ln ln k - ..: (3/2 - 1/(2 rho))/ln k and terms of order 1/ln^2 k, ln k = 138",
        );
    for rho in [0.6, 0.8, 1.0, 2.0, 5.0] {
        let (from, to) = (60.0 * LN_10, 120.0 * LN_10);
        let slope = (exact(rho, to)? / exact(rho, from)?).ln() / (to - from);
        check.rate(slope, 2.5 / from, -1.0 / rho, -2.0, || json!({"rho": rho, "k": ["1e60", "1e120"]}));
    }
    Ok(check.finish())
}

/// The leading term of the claim, with its integral by quadrature, in units of s^2.
fn leading(rho: f64, log_k: f64) -> f64 {
    let b = crate::numerics::roots::bisect(|b| normal_log_sf(b) + log_k, 0.0, (2.0 * log_k).sqrt() + 1.0).x;
    2.0 / (2.0 * PI * rho).sqrt() * (-b * b / (2.0 * rho)).exp() / b.powi(3) * integral(rho)
}

fn integral(rho: f64) -> f64 {
    let power = 1.0 / rho;
    // r = e^v: the singularity r^(1 - 1/rho) at 0 becomes a decaying exponential
    let log_integrand = |v: f64| {
        let r = v.exp();
        2.0 * v - power * (r + (-(-2.0 * r).exp_m1()).ln())
    };
    2.0 * libm::tgamma(power) * tanh_sinh(|v| log_integrand(v).exp(), -600.0, 8.0, 1e-13).value
}

fn slow_constant(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::identity("judge/R11b", "exact over leading term, extrapolated in 1/ln k from k and k^2, against 1")
            .tolerance(3e-3, "order 1/ln^2 k at ln k = 138 times a constant up to 60");
    for rho in [0.8, 1.0, 2.0] {
        let at = |log_k: f64| -> Result<f64> { Ok(exact(rho, log_k)? / leading(rho, log_k)) };
        let found = 2.0 * at(120.0 * LN_10)? - at(60.0 * LN_10)?;
        check.equal(found, 1.0, 1.0, || json!({"rho": rho, "k": ["1e60", "1e120"]}));
    }
    Ok(check.finish())
}

fn slow_integral(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::identity("judge/R11b", "leading term with its closed Gamma form against its integral by quadrature")
            .tolerance(
                1e-10,
                "double-exponential quadrature; e^(-b_k^2/2 rho) magnifies a rounding of b_k by b_k^2/rho",
            );
    for rho in [0.55, 0.7, 1.0, 2.0, 7.0] {
        for log_k in [2.0, 20.0, 300.0] {
            let stated = leading(rho, log_k);
            check.equal(log_leading(rho, log_k)?.exp(), stated, stated, || json!({"rho": rho, "log_k": log_k}));
        }
    }
    Ok(check.finish())
}

fn critical_constant(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::identity("judge/R11b", "rho = 1/2: (k^2 delta)^2 in ln k, slope from 1e60 to 1e120, against 8 pi")
            .tolerance(0.01, "the next orders are constants and 1/ln k in the square: they drop out or leave 1/ln^2 k");
    let square = |log_k: f64| -> Result<f64> { Ok((exact(0.5, log_k)?.ln() + 2.0 * log_k).exp().powi(2)) };
    let slope = (square(120.0 * LN_10)? - square(60.0 * LN_10)?) / (60.0 * LN_10);
    check.equal(slope, 8.0 * PI, 8.0 * PI, || json!({"rho": 0.5, "k": ["1e60", "1e120"]}));
    Ok(check.finish())
}

fn flat_prior(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(110);
    let mut check = Check::identity("judge/R11c", "gamma^2 = 1e9 sigma^2: rho and the coefficient against alpha alone")
        .tolerance(1e-6, "sigma^2/gamma^2 = 1e-9 over (1 - alpha)(1 - 2 alpha) >= .01");
    for _ in 0..100 {
        let (alpha, sigma2) = (draw.uniform(0.01, 0.95), draw.log_uniform(0.1, 10.0));
        let at = tradeoff(alpha, sigma2, 1e9 * sigma2, 1.0, sigma2)?;
        let instance = || json!({"alpha": alpha, "sigma2": sigma2});
        check.equal(at.v_two / at.s2, alpha, 1.0, instance);
        check.equal(f64::from(at.coeff_full.is_some()), f64::from(alpha < 0.5), 1.0, instance);
        if alpha < 0.48 {
            let stated = PI * sigma2 / ((1.0 - alpha) * (1.0 - 2.0 * alpha).sqrt());
            check.equal(at.coeff_full.unwrap_or(f64::NAN), stated, stated, instance);
        }
    }
    Ok(check.finish())
}

fn well_specified_prior(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(111);
    let mut check =
        Check::identity("judge/R11c", "|w_T|^2 = d gamma^2: V_TT against s^2 - sigma^2; 1/k^2 against s^2 < 2 sigma^2")
            .tolerance(1e-12, "rounding, relative to s^2");
    for _ in 0..100 {
        let (alpha, sigma2, gamma2) =
            (draw.log_uniform(0.01, 3.0), draw.log_uniform(0.1, 3.0), draw.log_uniform(0.1, 3.0));
        let at = tradeoff(alpha, sigma2, gamma2, 1.0, gamma2)?;
        let instance = || json!({"alpha": alpha, "sigma2": sigma2, "gamma2": gamma2});
        check.equal(at.v_two, at.s2 - sigma2, at.s2, instance);
        if (at.s2 / sigma2 - 2.0).abs() > 1e-6 {
            check.equal(f64::from(at.coeff_full.is_some()), f64::from(at.s2 < 2.0 * sigma2), 1.0, instance);
        }
    }
    Ok(check.finish())
}

fn data_never_beat_answers(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(120);
    let mut check =
        Check::bound("judge/R12", "size of d ln delta/d ln n, paper's and full, against 2").tolerance(1e-9, "rounding");
    let mut compare = |alpha: f64, sigma2: f64, gamma2: f64| -> Result<()> {
        let at = tradeoff(alpha, sigma2, gamma2, 1.0, 1.0)?;
        for (which, slope) in [("paper", at.slope_n_paper), ("full", at.slope_n_full)] {
            if let Some(slope) = slope {
                let instance =
                    || json!({"alpha": alpha, "sigma2": sigma2, "gamma2": gamma2, "S2": 1, "w2": 1, "slope": which});
                check.at_most(slope.abs(), 2.0, 1.0, instance);
            }
        }
        Ok(())
    };
    compare(0.2, 0.1, 0.1)?;
    for _ in 0..2000 {
        compare(draw.log_uniform(0.01, 3.0), draw.log_uniform(0.01, 10.0), draw.log_uniform(0.01, 10.0))?;
    }
    let check = check.finish();
    // the counter-example of the record, whichever instance is worst
    Ok(match check.verdict {
        Verdict::Fails(worst) => {
            let at = tradeoff(0.2, 0.1, 0.1, 1.0, 1.0)?;
            let words = format!(
                "paper's slope at alpha = .2, sigma2 = gamma2 = .1: {:?}; worst found {worst}",
                at.slope_n_paper
            );
            Check { verdict: Verdict::Fails(words), ..check }
        }
        _ => check,
    })
}

/// ln of the coefficients, by the equations alone: bisection for R, then the definitions of v_1 and of the two-point V.
fn log_coefficients(alpha: f64, sigma2: f64, gamma2: f64, w2: f64) -> [f64; 2] {
    let lambda = alpha * sigma2 / gamma2;
    let r = crate::numerics::roots::bisect(|r| r * (1.0 - alpha / (1.0 + r)) - lambda, 0.0, lambda + alpha + 1.0).x;
    let (b, df2) = (r / (1.0 + r), (1.0 + r).powi(-2));
    let (s2, one) = (sigma2 + gamma2 * b, w2 * b * b);
    let two = (one + alpha * sigma2 * df2) / (1.0 - alpha * df2);
    let log = |scale: f64, v: f64| scale.ln() - 0.5 * (1.0 - 2.0 * v / scale).ln();
    [log(sigma2, one), log(s2, two)]
}

fn slopes_by_differences(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(121);
    let mut check =
        Check::identity("judge/R12b", "slopes in n against central differences in ln alpha of the definitions")
            .tolerance(
                2e-8,
                "rounding 1e-15/h, h = 1e-3, in differences of fourth order: h^4 times a derivative up to 1e3",
            );
    let mut found = 0;
    while found < 100 {
        let (alpha, sigma2) = (draw.log_uniform(0.01, 2.0), draw.log_uniform(0.05, 5.0));
        let (gamma2, w2) = (draw.log_uniform(0.1, 10.0), draw.log_uniform(0.1, 2.0));
        let at = tradeoff(alpha, sigma2, gamma2, 1.0, w2)?;
        let (Some(paper), Some(full)) = (at.slope_n_paper, at.slope_n_full) else { continue };
        if 2.0 * at.v_one > 0.8 * sigma2 || 2.0 * at.v_two > 0.8 * at.s2 {
            continue; // next to the divergence differences are worth nothing
        }
        found += 1;
        let h: f64 = 1e-3;
        let c = |shift: f64| log_coefficients(alpha * (shift * h).exp(), sigma2, gamma2, w2);
        for (i, slope) in [(0, paper), (1, full)] {
            let difference = (8.0 * (c(1.0)[i] - c(-1.0)[i]) - (c(2.0)[i] - c(-2.0)[i])) / (12.0 * h);
            let instance = || json!({"alpha": alpha, "sigma2": sigma2, "gamma2": gamma2, "w2": w2});
            check.equal(slope, -difference, 1.0 + slope.abs(), instance);
        }
    }
    Ok(check.finish())
}

fn slope_of_a_flat_prior(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::identity("judge/R12b", "gamma^2 = 1e10: full slope against -(alpha/(1-alpha) + alpha/(1-2 alpha))")
            .tolerance(1e-6, "sigma^2/gamma^2 = 1e-10");
    for alpha in [1e-3, 0.01, 0.1, 0.25, 0.4, 0.49] {
        let stated = -(alpha / (1.0 - alpha) + alpha / (1.0 - 2.0 * alpha));
        let full = tradeoff(alpha, 1.0, 1e10, 1.0, 1.0)?.slope_n_full.unwrap_or(f64::NAN);
        check.equal(full, stated, stated.abs(), || json!({"alpha": alpha}));
        if alpha <= 0.01 {
            check.equal(full / (-2.0 * alpha), 1.0, 2e6 * alpha, || json!({"alpha": alpha, "leading order": true}));
        }
    }
    Ok(check.finish())
}
