//! R1 to R5: the tilt as the optimum at a KL budget, its frontier, and the tilt by a proxy.

use super::finite::{finite_law, plain_kl, plain_mean, plain_tilt};
use crate::Result;
use crate::asymptotics::constrained::{exponential_tilt, frontier_bound, frontier_expansion, kl_constrained};
use crate::asymptotics::near_optimal::near_optimal;
use crate::asymptotics::proxy::{proxy_gap_integral, proxy_tilt};
use crate::asymptotics::tilt_sampling::tilt_from_counts;
use crate::lab::{Check, Claim, Instances, Recorded, Sampling, z_limit};
use crate::prob::{Law, Regime, reward_range};
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "asymptotics/R1",
            statement: "The law of largest mean reward within a KL budget is the exponential tilt whose divergence is the \
                        budget; beyond -log p(A*) it is p conditioned on the best outcomes.",
            source: "Yang et al., arXiv 2404.01730 (abstract); proof derived",
            conditions: "0 <= Delta; unique for 0 < Delta < Delta_max",
            recorded: Recorded::Holds,
            checks: &[no_feasible_law_is_better, optimum_by_bisection, limits_of_the_budget, divergence_increases],
        },
        Claim {
            id: "asymptotics/R2",
            statement: "The reward-KL frontier is concave with slope 1/beta, starts as mu + sqrt(2 kappa_2 Delta) + \
                        kappa_3 Delta/(3 kappa_2) + O(Delta^(3/2)), and stays below mu + (r_max - r_min) sqrt(Delta/2).",
            source: "derived",
            conditions: "0 < Delta < Delta_max",
            recorded: Recorded::Holds,
            checks: &[frontier_slope, frontier_is_concave, frontier_expansion_order, frontier_below_root],
        },
        Claim {
            id: "asymptotics/R3",
            statement: "D(omega||phi_b) = D(omega||p) - D(phi_b||p) - b (E_omega r - E_phi r): a law within eps of the \
                        budget and g of the reward is within eps + beta g of the optimum.",
            source: "Yang et al., arXiv 2404.01730 (abstract); exact form derived",
            conditions: "omega << p, finite b (void beyond the saturating budget)",
            recorded: Recorded::Holds,
            checks: &[distance_identity, near_optimal_is_close],
        },
        Claim {
            id: "asymptotics/R4",
            statement: "E_phi r - E_p r = [D(phi||p) + D(p||phi)]/b = Cov_p(r, e^{br})/E_p e^{br}; the plug-in estimate \
                        from M base draws has bias O(1/M).",
            source: "Monteiro Paes et al., arXiv 2605.07105, Theorem 1 (from abstract and notes); proof derived",
            conditions: "finite b other than 0",
            recorded: Recorded::Holds,
            checks: &[jeffreys_identity, plug_in_agrees, plug_in_bias],
        },
        Claim {
            id: "asymptotics/R5",
            statement: "Tilting by r + e instead of r costs b Int_0^1 u Var_u(e) du in the KL-penalised objective, and the \
                        cost is nondecreasing in the size of e.",
            source: "Monteiro Paes et al., arXiv 2605.07105 (abstract, qualitative); exact form derived",
            conditions: "finite b > 0",
            recorded: Recorded::Holds,
            checks: &[proxy_gap_identity, proxy_gap_is_monotone],
        },
        Claim {
            id: "asymptotics/R5b",
            statement: "Noise in the proxy can only lower the true gain of the tilt.",
            source: "a reading of Monteiro Paes et al., arXiv 2605.07105 (abstract); counter-example derived",
            conditions: "noise of mean zero, the same b",
            recorded: Recorded::Fails(
                "p = (.99, .01), r = (0, 1), b = 1: gain .0167236310 without noise, .0761834927 on average over \
                 e = (0, 2), (0, -2): noise also spends KL",
            ),
            checks: &[noise_lowers_the_gain],
        },
    ]
}

/// A law with at least two rewards on its support, and its rewards.
fn varied_law(draw: &mut Instances) -> Result<(Law, Vec<f64>)> {
    loop {
        let (law, r) = finite_law(draw, 8)?;
        let (low, high) = reward_range(&law, &r);
        if high - low > 0.05 {
            return Ok((law, r));
        }
    }
}

/// A law without tiny masses and at least two rewards: nothing in it needs a guard against cancellation.
fn plain_law(draw: &mut Instances) -> Result<(Law, Vec<f64>)> {
    loop {
        let k = draw.count(2, 7) as usize;
        let (law, r) = (Law::new(&draw.positive_law(k))?, draw.rewards(k));
        let (low, high) = reward_range(&law, &r);
        if high - low > 0.05 && law.probs().iter().all(|p| *p > 1e-3) {
            return Ok((law, r));
        }
    }
}

/// The last law on the way from `p` to `omega` whose divergence is within the budget.
fn within_budget(p: &[f64], omega: &[f64], delta: f64) -> Vec<f64> {
    let at = |s: f64| -> Vec<f64> { p.iter().zip(omega).map(|(p, w)| p + s * (w - p)).collect() };
    let (mut low, mut high) = (0.0, 1.0);
    if plain_kl(omega, p) <= delta {
        return omega.to_vec();
    }
    for _ in 0..45 {
        let middle = 0.5 * (low + high);
        if plain_kl(&at(middle), p) <= delta { low = middle } else { high = middle }
    }
    at(low)
}

fn no_feasible_law_is_better(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(101);
    let what = "mean reward of random feasible laws, half of them near the optimum, against the optimum";
    let mut check = Check::bound("asymptotics/R1", what)
        .tolerance(1e-11, "rounding of the plain divergence, 1e-15, over the slope beta > 1e-3 of the budget");
    for _ in 0..200 {
        let (law, r) = plain_law(&mut draw)?;
        let p = law.probs();
        let delta = draw.log_uniform(1e-2, 3.0);
        let best = kl_constrained(&law, &r, delta)?;
        for near in [true, true, false, false] {
            let size = draw.log_uniform(1e-4, 0.5);
            let other = draw.positive_law(p.len());
            let omega: Vec<f64> = (0..p.len())
                .map(|i| if near { (1.0 - size) * best.phi[i] + size * other[i] } else { other[i] })
                .collect();
            let omega = within_budget(p, &omega, delta);
            let instance = || json!({"p": p, "r": r, "delta": delta, "omega": omega});
            check.at_most(plain_mean(&omega, &r), best.mean, 1.0, instance);
        }
        // and the optimum itself is feasible
        check.at_most(plain_kl(&best.phi, p), delta, 1.0, || json!({"p": p, "r": r, "delta": delta}));
    }
    Ok(check.finish())
}

/// `D(phi_b || p)` as `sum p psi`, `psi(u) = u e^u - e^u + 1` of the log-ratio, and `E_phi r - E_p r`.
fn tilt_by_sums(law: &Law, r: &[f64], b: f64) -> (f64, f64) {
    let p = law.probs();
    let mu = plain_mean(p, r);
    // centred at the mean and by ln_1p of exp_m1: the log-ratio keeps its digits where it is small
    let top = law.support().iter().map(|&i| b * (r[i] - mu)).fold(0.0, f64::max);
    let log_z = if top < 1.0 {
        law.support().iter().map(|&i| p[i] * (b * (r[i] - mu)).exp_m1()).sum::<f64>().ln_1p()
    } else {
        top + law.support().iter().map(|&i| p[i] * (b * (r[i] - mu) - top).exp()).sum::<f64>().ln()
    };
    let mut sums = (0.0, 0.0);
    for &i in law.support() {
        let u = b * (r[i] - mu) - log_z;
        sums.0 +=
            if u.abs() < 1e-4 { p[i] * (0.5 * u * u + u * u * u / 3.0) } else { p[i] * (u * u.exp() - u.exp_m1()) };
        sums.1 += p[i] * u.exp_m1() * (r[i] - mu);
    }
    sums
}

fn optimum_by_bisection(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(102);
    let mut check =
        Check::identity("asymptotics/R1", "optimal gain: the engine's root against bisection on plain sums")
            .tolerance(1e-9, "psi of the bisected side is cut to third order below 1e-4, relative error 1e-8/8");
    for _ in 0..300 {
        let (law, r) = varied_law(&mut draw)?;
        let whole = kl_constrained(&law, &r, 0.0)?;
        let delta = draw.uniform(0.01, 0.95) * whole.delta_max;
        if delta > 12.0 {
            continue;
        }
        let best = kl_constrained(&law, &r, delta)?;
        let (mut low, mut high) = (0.0, 1.0);
        while tilt_by_sums(&law, &r, high).0 < delta && high < 1e6 {
            high *= 2.0;
        }
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if tilt_by_sums(&law, &r, middle).0 < delta { low = middle } else { high = middle }
        }
        let gain = tilt_by_sums(&law, &r, low).1;
        let instance = || json!({"p": law.probs(), "r": r, "delta": delta});
        // the engine's mean has the rounding of the mean itself
        let engine = best.mean - plain_mean(law.probs(), &r);
        check.equal(engine, gain, gain + 1e-6, instance);
    }
    Ok(check.finish())
}

fn limits_of_the_budget(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(103);
    let what = "the laws at Delta = 0, Delta >= Delta_max and for constant rewards, entry by entry";
    let mut check = Check::identity("asymptotics/R1", what).tolerance(1e-14, "rounding of a quotient and a logarithm");
    for _ in 0..200 {
        let (law, r) = finite_law(&mut draw, 8)?;
        let p = law.probs();
        let (low, top) = reward_range(&law, &r);
        let best: f64 = law.support().iter().filter(|&&i| r[i] == top).map(|&i| p[i]).sum();
        let delta = -best.ln() + draw.log_uniform(1e-9, 10.0);
        let end = kl_constrained(&law, &r, delta)?;
        let start = kl_constrained(&law, &r, 0.0)?;
        for i in 0..p.len() {
            let limit = match (low == top, r[i] == top) {
                (true, _) => p[i],
                (false, true) => p[i] / best,
                (false, false) => 0.0,
            };
            let instance = || json!({"p": p, "r": r, "delta": delta, "outcome": i});
            check.equal(end.phi[i], limit, 1.0, instance);
            check.equal(start.phi[i], p[i], 1.0, || json!({"p": p, "r": r, "delta": 0, "outcome": i}));
        }
        let constant = low == top;
        let instance = || json!({"p": p, "r": r, "delta": delta});
        check.equal(end.delta_max, -best.ln(), 1.0 + best.ln().abs(), instance);
        check.equal(end.kl, if constant { 0.0 } else { -best.ln() }, 1.0 + best.ln().abs(), instance);
        check.equal(end.mean, top, 3.0, instance);
        let expected = if constant { Regime::Degenerate } else { Regime::Saturated };
        check.equal(f64::from(end.regime == expected), 1.0, 1.0, instance);
    }
    Ok(check.finish())
}

fn divergence_increases(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(104);
    let mut check =
        Check::identity("asymptotics/R1", "dKL/db by a five-point difference against b V(b), V by plain sums")
            .tolerance(1e-7, "h^4/30 times a fifth derivative up to 1e4, and rounding 1e-15/h, at h = 3e-3");
    let h = 3e-3;
    for _ in 0..200 {
        let (law, r) = plain_law(&mut draw)?;
        let b = draw.uniform(0.05, 2.0);
        let kl = |b: f64| exponential_tilt(&law, &r, b).map(|t| t.kl);
        let slope = (8.0 * (kl(b + h)? - kl(b - h)?) - (kl(b + 2.0 * h)? - kl(b - 2.0 * h)?)) / (12.0 * h);
        let phi = plain_tilt(law.probs(), &r, b);
        let mean = plain_mean(&phi, &r);
        let variance: f64 = phi.iter().zip(&r).map(|(q, r)| q * (r - mean) * (r - mean)).sum();
        check.equal(slope, b * variance, 1.0, || json!({"p": law.probs(), "r": r, "b": b}));
    }
    Ok(check.finish())
}

fn frontier_slope(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(105);
    let mut check = Check::identity("asymptotics/R2", "beta x slope of the frontier by central differences against 1")
        .tolerance(1e-5, "h^2 Rw'''/6 at h = 1e-3 of the distance to the nearer end of the frontier");
    for _ in 0..200 {
        let (law, r) = plain_law(&mut draw)?;
        let whole = kl_constrained(&law, &r, 0.0)?.delta_max;
        let delta = draw.uniform(0.05, 0.9) * whole;
        let h = 1e-3 * delta.min(whole - delta);
        let at = |delta: f64| kl_constrained(&law, &r, delta);
        let slope = (at(delta + h)?.mean - at(delta - h)?.mean) / (2.0 * h);
        check.equal(slope * at(delta)?.beta, 1.0, 1.0, || json!({"p": law.probs(), "r": r, "delta": delta}));
    }
    Ok(check.finish())
}

fn frontier_is_concave(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(106);
    let mut check = Check::bound("asymptotics/R2", "chord of the frontier against its value in the middle")
        .tolerance(1e-14, "rounding of three means of size at most 3");
    for _ in 0..400 {
        let (law, r) = varied_law(&mut draw)?;
        let whole = kl_constrained(&law, &r, 0.0)?.delta_max;
        let ends = [draw.uniform(0.0, 1.2) * whole, draw.uniform(0.0, 1.2) * whole];
        let mean = |delta: f64| kl_constrained(&law, &r, delta).map(|best| best.mean);
        let chord = 0.5 * (mean(ends[0])? + mean(ends[1])?);
        let middle = mean(0.5 * (ends[0] + ends[1]))?;
        check.at_most(chord, middle, 3.0, || json!({"p": law.probs(), "r": r, "ends": ends}));
    }
    Ok(check.finish())
}

fn frontier_expansion_order(_: &Sampling) -> Result<Check> {
    let mut check = Check::rates("asymptotics/R2", "exponent of the error of the expansion in Delta: 3/2 and not 1")
        .tolerance(0.05, "the next term is of relative size sqrt(Delta)");
    for (p, r) in [
        (vec![0.5, 0.3, 0.2], vec![0.0, 1.0, 2.0]),
        (vec![0.7, 0.3], vec![0.0, 1.0]),
        (vec![0.4, 0.3, 0.2, 0.1], vec![1.0, -1.0, 0.5, 2.0]),
    ] {
        let law = Law::new(&p)?;
        let error =
            |delta: f64| Ok((kl_constrained(&law, &r, delta)?.mean - frontier_expansion(&law, &r, delta)?).abs());
        let exponent = |delta: f64| -> Result<f64> { Ok((error(4.0 * delta)? / error(delta)?).ln() / 4f64.ln()) };
        check.rate(exponent(1e-6)?, 0.05, 1.5, 1.0, || json!({"p": p, "r": r, "delta": [1e-6, 4e-6]}));
    }
    Ok(check.finish())
}

fn frontier_below_root(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(107);
    let mut check = Check::bound("asymptotics/R2", "optimal reward against mu + (r_max - r_min) sqrt(Delta/2)")
        .tolerance(1e-14, "rounding of two means of size at most 3");
    for _ in 0..400 {
        let (law, r) = finite_law(&mut draw, 8)?;
        let delta = draw.log_uniform(1e-12, 10.0);
        let (low, high) = reward_range(&law, &r);
        let root = plain_mean(law.probs(), &r) + (high - low) * (delta / 2.0).sqrt();
        let best = kl_constrained(&law, &r, delta)?.mean;
        check.at_most(best, root, 3.0, || json!({"p": law.probs(), "r": r, "delta": delta}));
        // the engine's bound is that number: from either side
        let bound = frontier_bound(&law, &r, delta)?;
        check.at_most(
            (bound - root).abs(),
            0.0,
            3.0,
            || json!({"p": law.probs(), "r": r, "delta": delta, "bound": bound}),
        );
    }
    // nearly attained by two equal masses: a smaller constant would fail
    let best = kl_constrained(&Law::new(&[0.5, 0.5])?, &[0.0, 1.0], 1e-4)?.mean - 0.5;
    check.at_most(0.9999 * (0.5e-4f64).sqrt(), best, 1.0, || json!({"p": [0.5, 0.5], "r": [0, 1], "delta": 1e-4}));
    Ok(check.finish())
}

/// A plain law, a budget below saturation and a random law on its outcomes, now and then with a zero.
fn budget_and_rival(draw: &mut Instances) -> Result<(Law, Vec<f64>, f64, Vec<f64>)> {
    let (law, r) = plain_law(draw)?;
    let delta = draw.uniform(0.01, 0.95) * kl_constrained(&law, &r, 0.0)?.delta_max;
    let omega = draw.law(law.len());
    Ok((law, r, delta, omega))
}

fn distance_identity(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(108);
    let what = "D(omega||phi) by the plain sum over the plain tilt against the engine's identity and its own sum";
    let mut check = Check::identity("asymptotics/R3", what)
        .tolerance(1e-12, "rounding of a few terms of size 10, of which beta times a reward is the largest");
    for _ in 0..400 {
        let (law, r, delta, omega) = budget_and_rival(&mut draw)?;
        let at = near_optimal(&law, &r, delta, &omega)?;
        let distance = plain_kl(&omega, &plain_tilt(law.probs(), &r, at.beta));
        let scale = 1.0 + distance + at.beta;
        let instance = || json!({"p": law.probs(), "r": r, "delta": delta, "omega": omega});
        check.equal(at.bound, distance, scale, instance);
        check.equal(at.kl_omega_phi, distance, scale, instance);
    }
    Ok(check.finish())
}

fn near_optimal_is_close(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(109);
    let mut check = Check::bound("asymptotics/R3", "D(omega||phi) against eps + beta g, from plain sums")
        .tolerance(1e-12, "rounding of a few terms of size 10");
    for _ in 0..400 {
        let (law, r, delta, omega) = budget_and_rival(&mut draw)?;
        let best = kl_constrained(&law, &r, delta)?;
        let eps = (plain_kl(&omega, law.probs()) - delta).max(0.0);
        let g = (best.mean - plain_mean(&omega, &r)).max(0.0);
        let instance = || json!({"p": law.probs(), "r": r, "delta": delta, "omega": omega, "eps": eps, "g": g});
        check.at_most(plain_kl(&omega, &best.phi), eps + best.beta * g, 1.0 + best.beta, instance);
    }
    Ok(check.finish())
}

fn jeffreys_identity(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(110);
    let what = "b (E_phi r - E_p r) as Cov_p(r, e^{br})/E_p e^{br} by plain sums against the two divergences";
    let mut check = Check::identity("asymptotics/R4", what).tolerance(1e-13, "rounding of a dozen terms");
    for _ in 0..400 {
        let (law, r) = finite_law(&mut draw, 8)?;
        let b = draw.uniform(-5.0, 5.0);
        let t = exponential_tilt(&law, &r, b)?;
        let p = law.probs();
        let (mu, z): (f64, f64) = (plain_mean(p, &r), p.iter().zip(&r).map(|(p, r)| p * (b * r).exp()).sum());
        let covariance: f64 = p.iter().zip(&r).map(|(p, r)| p * (r - mu) * (b * r).exp()).sum();
        let instance = || json!({"p": p, "r": r, "b": b});
        check.equal(t.kl + t.reverse_kl, b * covariance / z, 1.0 + b.abs(), instance);
        check.equal(t.jeffreys, b * (plain_mean(&plain_tilt(p, &r, b), &r) - mu), 1.0 + b.abs(), instance);
    }
    Ok(check.finish())
}

fn plug_in_agrees(sampling: &Sampling) -> Result<Check> {
    let (p, r, b) = ([0.5, 0.3, 0.2], [0.0, 1.0, 2.0], 0.8);
    let law = Law::new(&p)?;
    let moments = sampling.moments(3, |stream, hit| {
        let u = stream.uniform();
        let i = usize::from(u >= p[0]) + usize::from(u >= p[0] + p[1]);
        hit.fill(0.0);
        hit[i] = 1.0;
    })?;
    let counts: Vec<u64> = moments.means().iter().map(|mean| (mean * moments.count() as f64).round() as u64).collect();
    let (estimate, error) = tilt_from_counts(&counts, &r, b);
    let exact = exponential_tilt(&law, &r, b)?;
    let mut check = Check::agreement("asymptotics/R4", "plug-in estimates from base draws against the exact tilt")
        .tolerance(z_limit(), "standard errors; the share of this comparison in the false-alarm budget");
    let instance = || json!({"p": p, "r": r, "b": b, "draws": moments.count()});
    check.equal(estimate.jeffreys, exact.jeffreys, error.jeffreys, instance);
    check.equal(estimate.mean, exact.mean, error.mean, instance);
    check.equal(estimate.log_z, exact.log_z, error.log_z, instance);
    Ok(check.finish())
}

fn plug_in_bias(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::rates("asymptotics/R4", "exponent of the plug-in bias in M, exact over all counts: 1 and not 1/2")
            .tolerance(0.05, "the next order is 1/M of the bias");
    for (q, b) in [(0.3, 0.8), (0.5, 1.5), (0.2, 2.0)] {
        let exact = exponential_tilt(&Law::new(&[1.0 - q, q])?, &[0.0, 1.0], b)?;
        let bias = |m: u64| -> f64 {
            let mut mass = (m as f64 * (1.0 - q).ln()).exp();
            let mut expected = 0.0;
            for k in 0..=m {
                expected += mass * tilt_from_counts(&[m - k, k], &[0.0, 1.0], b).0.jeffreys;
                mass *= (m - k) as f64 / (k + 1) as f64 * q / (1.0 - q);
            }
            (expected - exact.jeffreys).abs()
        };
        let exponent = (bias(200) / bias(400)).ln() / 2f64.ln();
        check.rate(exponent, 0.05, 1.0, 0.5, || json!({"p": [1.0 - q, q], "r": [0, 1], "b": b, "draws": [200, 400]}));
    }
    Ok(check.finish())
}

fn proxy_gap_identity(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(111);
    let what = "J(phi) - J(omega) by plain sums against the engine's two forms and the integral, and the covariance form of \
                the true gain";
    let mut check =
        Check::identity("asymptotics/R5", what).tolerance(1e-12, "rounding of divergences of size 10 divided by b");
    for _ in 0..200 {
        let (law, r) = plain_law(&mut draw)?;
        let p = law.probs();
        let e: Vec<f64> = p.iter().map(|_| draw.uniform(-2.0, 2.0)).collect();
        let b = draw.log_uniform(0.05, 4.0);
        let at = proxy_tilt(&law, &r, &e, b)?;
        let proxy: Vec<f64> = r.iter().zip(&e).map(|(r, e)| r + e).collect();
        let (phi, omega) = (plain_tilt(p, &r, b), plain_tilt(p, &proxy, b));
        let objective = |q: &[f64]| plain_mean(q, &r) - plain_kl(q, p) / b;
        let gap = objective(&phi) - objective(&omega);
        let instance = || json!({"p": p, "r": r, "e": e, "b": b});
        let scale = 1.0 + 1.0 / b;
        check.equal(at.objective_gap, gap, scale, instance);
        check.equal(at.divergence_over_b, gap, scale, instance);
        check.equal(proxy_gap_integral(&law, &r, &e, b, 3)?, gap, scale, instance);
        let z: f64 = p.iter().zip(&proxy).map(|(p, x)| p * (b * x).exp()).sum();
        let mu = plain_mean(p, &r);
        let gain: f64 = (0..p.len()).map(|i| p[i] * (r[i] - mu) * (b * proxy[i]).exp() / z).sum();
        check.equal(at.true_gain, gain, 1.0, instance);
    }
    Ok(check.finish())
}

fn proxy_gap_is_monotone(_: &Sampling) -> Result<Check> {
    let mut draw = Instances::new(112);
    let mut check = Check::ordering("asymptotics/R5", "the loss of the objective along e -> t e, t increasing")
        .tolerance(1e-13, "rounding of the divergence between two tilts");
    for _ in 0..200 {
        let (law, r) = finite_law(&mut draw, 8)?;
        let e: Vec<f64> = r.iter().map(|_| draw.uniform(-2.0, 2.0)).collect();
        let b = draw.log_uniform(0.05, 4.0);
        let mut last = 0.0;
        for step in 1..=12 {
            let t = 0.2 * f64::from(step);
            let scaled: Vec<f64> = e.iter().map(|e| t * e).collect();
            let gap = proxy_tilt(&law, &r, &scaled, b)?.divergence_over_b;
            check.at_most(last, gap, 1.0 + gap, || json!({"p": law.probs(), "r": r, "e": e, "b": b, "t": t}));
            last = gap;
        }
    }
    Ok(check.finish())
}

fn noise_lowers_the_gain(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R5b", "mean true gain under noise of mean zero against the gain without")
        .tolerance(1e-12, "rounding");
    let (p, r) = ([0.99, 0.01], [0.0, 1.0]);
    let law = Law::new(&p)?;
    let gain = |e: f64| proxy_tilt(&law, &r, &[0.0, e], 1.0).map(|tilt| tilt.true_gain);
    let noisy = 0.5 * (gain(2.0)? + gain(-2.0)?);
    let instance = || json!({"p": p, "r": r, "b": 1, "e": [[0, 2], [0, -2]]});
    check.at_most(noisy, gain(0.0)?, 1.0, instance);
    Ok(check.finish())
}
