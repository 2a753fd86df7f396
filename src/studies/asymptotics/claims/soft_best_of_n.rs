//! R16 to R18: soft best-of-n, its distance to the tilt and to the base law.

use super::finite::{finite_law, ordered_law, plain_kl, plain_mean, plain_tilt};
use crate::Result;
use crate::asymptotics::best_of_n::{Ties, best_of_n};
use crate::asymptotics::soft_best_of::{soft_best_of, soft_kl_bound, soft_rates};
use crate::lab::{Check, Claim, Instances, Recorded, Sampling, z_limit};
use crate::prob::{Law, reward_range};
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "asymptotics/R16",
            statement: "Of n draws keep one with probability proportional to e^(r/lambda): pi_n(x) = n p(x) a(x) \
                        E[1/(a(x) + sum of a over n-1 draws)]; cold it is best-of-n with random ties, hot or with n = 1 the \
                        base law.",
            source: "Mayrink Verdun et al., arXiv 2505.03156 (from notes); pmf derived",
            conditions: "integer n >= 1, lambda > 0",
            recorded: Recorded::Holds,
            checks: &[soft_by_all_tuples, soft_limits, soft_by_draws],
        },
        Claim {
            id: "asymptotics/R17",
            statement: "pi_n(x) >= phi(x)/(1 + (a(x)/E a - 1)/n), D(phi||pi_n) <= log(1 + chi2/n) and the KL to the tilt is \
                        O(1/n); n (E_phi r - E_pi r) tends to Cov_phi(phi/p, r).",
            source: "Mayrink Verdun et al., arXiv 2505.03156 (abstract: O(1/n)); bounds and limit derived",
            conditions: "fixed p and lambda",
            recorded: Recorded::Holds,
            checks: &[soft_kl_order_one, soft_pointwise, soft_reward_rate],
        },
        Claim {
            id: "asymptotics/R17b",
            statement: "Both divergences between pi_n and the tilt decay as 1/n^2, not 1/n, with limit Var_phi(phi/p)/2.",
            source: "derived",
            conditions: "fixed p and lambda, more than one reward",
            recorded: Recorded::Holds,
            checks: &[soft_kl_rate, soft_kl_constant],
        },
        Claim {
            id: "asymptotics/R18",
            statement: "D(pi_n||p) <= log(n / (1 + (n-1) e^(-R/lambda))) for rewards of range R.",
            source: "Aminian et al., arXiv 2507.05913 (from notes)",
            conditions: "rewards between 0 and R (only the range matters)",
            recorded: Recorded::Holds,
            checks: &[soft_divergence_bound],
        },
    ]
}

fn soft_by_all_tuples(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(160);
    let mut check = Check::identity("asymptotics/R16", "policy and mean against the softmax shares of all n-tuples")
        .tolerance(1e-13, "rounding of at most 4^5 terms");
    for _ in 0..150 {
        let (law, r) = finite_law(&mut draw, 4)?;
        let (p, k, n) = (law.probs(), law.len(), draw.count(1, 5) as usize);
        let lambda = draw.log_uniform(0.05, 20.0);
        let mut policy = vec![0.0; k];
        for code in 0..k.pow(n as u32) {
            let tuple: Vec<usize> = (0..n).map(|i| code / k.pow(i as u32) % k).collect();
            let mass: f64 = tuple.iter().map(|&i| p[i]).product();
            if mass > 0.0 {
                let total: f64 = tuple.iter().map(|&i| (r[i] / lambda).exp()).sum();
                tuple.iter().for_each(|&i| policy[i] += mass * (r[i] / lambda).exp() / total);
            }
        }
        let soft = soft_best_of(&law, &r, n as u64, lambda)?;
        let instance = || json!({"p": p, "r": r, "n": n, "lambda": lambda});
        for (found, expected) in soft.policy.iter().zip(&policy) {
            check.equal(*found, *expected, 1.0, instance);
        }
        check.equal(soft.mean, plain_mean(&policy, &r), 3.0, instance);
        check.equal(soft.kl_base, plain_kl(&policy, p), 1.0, instance);
    }
    Ok(check.finish())
}

fn soft_limits(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(161);
    let mut check = Check::identity("asymptotics/R16", "policy at lambda = 1e-9, at lambda = 1e12 and at n = 1")
        .tolerance(1e-10, "at lambda = 1e12 the exponents are off zero by 5e-12, n of them at most 50");
    for _ in 0..150 {
        let k = draw.count(1, 6) as usize;
        // rewards on a grid: no two closer than a cold temperature tells apart
        let r: Vec<f64> = (0..k).map(|_| draw.count(0, 5) as f64 * 0.5 - 1.0).collect();
        let law = Law::new(&draw.law(k))?;
        let n = draw.count(1, 50);
        let best = best_of_n(&law, &r, (n as f64).ln(), Ties::Random)?.policy;
        let (cold, hot) = (soft_best_of(&law, &r, n, 1e-9)?.policy, soft_best_of(&law, &r, n, 1e12)?.policy);
        let single = soft_best_of(&law, &r, 1, 0.3)?.policy;
        for i in 0..k {
            let instance = || json!({"p": law.probs(), "r": r, "n": n, "outcome": i});
            check.equal(cold[i], best[i], 1.0, instance);
            check.equal(hot[i], law.probs()[i], 1.0, instance);
            check.equal(single[i], law.probs()[i], 1.0, instance);
        }
    }
    Ok(check.finish())
}

fn soft_by_draws(sampling: &Sampling) -> Result<Check> {
    let (p, r, n, lambda) = ([0.5, 0.3, 0.2], [0.0, 1.0, 2.0], 10usize, 0.7f64);
    let exact = soft_best_of(&Law::new(&p)?, &r, n as u64, lambda)?;
    let weights = r.map(|r| (r / lambda).exp());
    let moments = sampling.moments(3, |stream, out| {
        // n plain draws, each with its softmax share
        out.fill(0.0);
        for _ in 0..n {
            let u = stream.uniform();
            let i = usize::from(u >= p[0]) + usize::from(u >= p[0] + p[1]);
            out[i] += weights[i];
        }
        let total: f64 = out.iter().sum();
        out.iter_mut().for_each(|share| *share /= total);
    })?;
    let mut check = Check::agreement("asymptotics/R16", "mean softmax shares of 10 plain draws against the policy")
        .tolerance(z_limit(), "standard errors; the share of this comparison in the false-alarm budget");
    for (i, error) in moments.standard_errors().into_iter().enumerate() {
        let instance = || json!({"p": p, "r": r, "n": n, "lambda": lambda, "outcome": i, "draws": moments.count()});
        check.equal(moments.means()[i], exact.policy[i], error, instance);
    }
    Ok(check.finish())
}

fn soft_kl_order_one(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(170);
    let mut check = Check::bound("asymptotics/R17", "D(phi||pi_n) against log(1 + chi2/n), from plain tilts")
        .tolerance(1e-12, "rounding of the plain divergence");
    for _ in 0..200 {
        let (law, r) = finite_law(&mut draw, 6)?;
        let (n, lambda) = (draw.log_uniform(1.0, 1e5) as u64, draw.log_uniform(0.2, 20.0));
        let phi = plain_tilt(law.probs(), &r, 1.0 / lambda);
        let chi2: f64 = (0..r.len())
            .filter(|&i| law.probs()[i] > 0.0)
            .map(|i| (phi[i] - law.probs()[i]).powi(2) / law.probs()[i])
            .sum();
        let bound = (chi2 / n as f64).ln_1p();
        let soft = soft_best_of(&law, &r, n, lambda)?;
        let instance = || json!({"p": law.probs(), "r": r, "n": n, "lambda": lambda});
        check.at_most(plain_kl(&phi, &soft.policy), bound, 1.0, instance);
        check.at_most(soft.kl_tilt, bound, 1.0, instance);
        check.at_most((soft.kl_tilt_bound - bound).abs(), 0.0, 1.0 + bound, instance);
    }
    Ok(check.finish())
}

fn soft_pointwise(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(171);
    let mut check = Check::bound("asymptotics/R17", "phi(x)/(1 + (phi(x)/p(x) - 1)/n) against pi_n(x)")
        .tolerance(1e-13, "relative rounding of the policy");
    for _ in 0..200 {
        let (law, r) = finite_law(&mut draw, 6)?;
        let (n, lambda) = (draw.log_uniform(1.0, 1e5) as u64, draw.log_uniform(0.2, 20.0));
        let phi = plain_tilt(law.probs(), &r, 1.0 / lambda);
        let soft = soft_best_of(&law, &r, n, lambda)?;
        for &i in law.support() {
            let floor = phi[i] / (1.0 + (phi[i] / law.probs()[i] - 1.0) / n as f64);
            let instance = || json!({"p": law.probs(), "r": r, "n": n, "lambda": lambda, "outcome": i});
            check.at_most(floor, soft.policy[i], floor, instance);
        }
    }
    Ok(check.finish())
}

/// `Var_phi(w)/2` and `Cov_phi(w, r)` of `w = phi/p`, by plain sums.
fn limits(p: &[f64], r: &[f64], lambda: f64) -> (f64, f64) {
    let phi = plain_tilt(p, r, 1.0 / lambda);
    let w: Vec<f64> = phi.iter().zip(p).map(|(phi, p)| phi / p).collect();
    let (mean_w, mean_r) = (plain_mean(&phi, &w), plain_mean(&phi, r));
    let over = |f: &dyn Fn(usize) -> f64| -> f64 { (0..p.len()).map(|i| phi[i] * f(i)).sum() };
    (0.5 * over(&|i| (w[i] - mean_w).powi(2)), over(&|i| (w[i] - mean_w) * (r[i] - mean_r)))
}

/// Random laws with weights phi/p of moderate size, where n = 1e4 is already large.
fn moderate(draw: &mut Instances) -> Result<(Law, Vec<f64>, f64)> {
    loop {
        let (law, r) = ordered_law(draw, 2, 5)?;
        let lambda = draw.uniform(1.0, 5.0);
        if limits(law.probs(), &r, lambda).0 < 3.0 && law.probs().iter().all(|p| *p > 0.02) {
            return Ok((law, r, lambda));
        }
    }
}

fn soft_reward_rate(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(172);
    let mut check =
        Check::identity("asymptotics/R17", "n (E_phi r - E_pi r), extrapolated from n and 2n, against its limit")
            .tolerance(1e-5, "terms of order 1/n^2, n = 4096, times a constant up to 100");
    for _ in 0..60 {
        let (law, r, lambda) = moderate(&mut draw)?;
        let at = |n: u64| soft_best_of(&law, &r, n, lambda).map(|soft| n as f64 * (soft.tilt_mean - soft.mean));
        let extrapolated = 2.0 * at(8192)? - at(4096)?;
        let (_, limit) = limits(law.probs(), &r, lambda);
        let instance = || json!({"p": law.probs(), "r": r, "lambda": lambda});
        check.equal(extrapolated, limit, 1.0, instance);
        check.equal(soft_rates(&law, &r, lambda)?.reward, limit, 1.0, instance);
    }
    Ok(check.finish())
}

fn soft_kl_rate(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(173);
    let mut check = Check::rates("asymptotics/R17b", "exponent in n of the two divergences to the tilt: -2 and not -1")
        .tolerance(0.05, "the next order is 1/n of the divergence, n = 2048 and 4096");
    for _ in 0..60 {
        let (law, r, lambda) = moderate(&mut draw)?;
        let (near, far) = (soft_best_of(&law, &r, 2048, lambda)?, soft_best_of(&law, &r, 4096, lambda)?);
        let instance = || json!({"p": law.probs(), "r": r, "lambda": lambda, "n": [2048, 4096]});
        check.rate((far.kl_tilt / near.kl_tilt).log2(), 0.05, -2.0, -1.0, instance);
        check.rate((far.kl_tilt_rev / near.kl_tilt_rev).log2(), 0.05, -2.0, -1.0, instance);
    }
    Ok(check.finish())
}

fn soft_kl_constant(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(174);
    let what = "n^2 D(phi||pi_n) and n^2 D(pi_n||phi), extrapolated from n and 2n, against Var_phi(phi/p)/2";
    let mut check = Check::identity("asymptotics/R17b", what)
        .tolerance(1e-4, "terms of order 1/n^2, n = 4096, times a constant up to 1000");
    for _ in 0..60 {
        let (law, r, lambda) = moderate(&mut draw)?;
        let (near, far) = (soft_best_of(&law, &r, 4096, lambda)?, soft_best_of(&law, &r, 8192, lambda)?);
        let extrapolated = |near: f64, far: f64| 2.0 * 8192f64.powi(2) * far - 4096f64.powi(2) * near;
        let (limit, _) = limits(law.probs(), &r, lambda);
        let instance = || json!({"p": law.probs(), "r": r, "lambda": lambda});
        check.equal(extrapolated(near.kl_tilt, far.kl_tilt), limit, 1.0, instance);
        check.equal(extrapolated(near.kl_tilt_rev, far.kl_tilt_rev), limit, 1.0, instance);
        check.equal(soft_rates(&law, &r, lambda)?.kl, limit, 1.0, instance);
    }
    Ok(check.finish())
}

fn soft_divergence_bound(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(180);
    let mut check = Check::bound("asymptotics/R18", "D(pi_n||p) against log n - log(1 + (n-1) e^(-R/lambda))")
        .tolerance(1e-12, "rounding of the plain divergence");
    for _ in 0..300 {
        let (law, r) = finite_law(&mut draw, 6)?;
        let (n, lambda) = (draw.log_uniform(1.0, 1e5) as u64, draw.log_uniform(0.05, 20.0));
        let (low, high) = reward_range(&law, &r);
        let bound = (n as f64 / (1.0 + (n - 1) as f64 * ((low - high) / lambda).exp())).ln();
        let soft = soft_best_of(&law, &r, n, lambda)?;
        let instance = || json!({"p": law.probs(), "r": r, "n": n, "lambda": lambda});
        check.at_most(plain_kl(&soft.policy, law.probs()), bound, 1.0, instance);
        check.at_most(soft.kl_base, bound, 1.0, instance);
        check.at_most((soft_kl_bound(&law, &r, n, lambda)? - bound).abs(), 0.0, 10.0, instance);
    }
    // the pointwise ratio pi_n/p behind it, attained by a rare best outcome: a lower bound would fail
    let rare = soft_best_of(&Law::new(&[1.0 - 1e-9, 1e-9])?, &[0.0, 1.0], 20, 0.5)?;
    let bound = (20.0 / (1.0 + 19.0 * (-2f64).exp())).ln();
    let instance = || json!({"p": [1.0 - 1e-9, 1e-9], "r": [0, 1], "n": 20, "lambda": 0.5});
    check.at_most((rare.policy[1] / 1e-9).ln(), bound, 1.0, instance);
    check.at_most(bound - 1e-7, (rare.policy[1] / 1e-9).ln(), 1.0, instance);
    Ok(check.finish())
}
