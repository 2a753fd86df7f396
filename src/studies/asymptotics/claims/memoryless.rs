//! Claims R19 to R22 and R25: the memoryless model, its rate function, its tails, and inequalities at every length.

use crate::asymptotics::constrained::{exponential_tilt, kl_constrained};
use crate::asymptotics::memoryless::Memoryless;
use crate::asymptotics::memoryless_best_of::memoryless_best_of;
use crate::asymptotics::memoryless_sampling::TailSampler;
use crate::asymptotics::rate::{rate, scaled_cumulants};
use crate::asymptotics::reward_law::{reward_distribution, reward_law};
use crate::asymptotics::tail::{tail_approximations, tail_expansion};
use crate::lab::{Check, Claim, Instances, Recorded, Sampling, z_limit};
use crate::prob::Law;
use crate::{Error, Result};
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "asymptotics/R19",
            statement: "The KL-constrained optimum on sequences of n symbols at budget n delta is the product \
            of n tilts \
                        of the symbol law by beta(delta); its mean reward is n m(beta), its divergence n delta.",
            source: "Yang, Salamatian, Sun, Suresh, Beirami, arXiv 2404.01730 (abstract); exact at every n: derived",
            conditions: "Independent symbols, reward additive over symbols, 0 < delta < Delta_max.",
            recorded: Recorded::Holds,
            checks: &[product_tilt_is_the_optimum, no_sequence_law_beats_the_product],
        },
        Claim {
            id: "asymptotics/R20",
            statement: "(1/n) log E e^{tR} under the product tilt is Lambda(b+t) - Lambda(b) for every n; with \
            s = log q \
                        it is -t H_{1+t}(phi; q), a Renyi cross entropy.",
            source: "Yang et al., arXiv 2404.01730 (abstract: the scaled cumulants are a Renyi cross entropy); formula \
                     derived",
            conditions: "Independent symbols; q positive where p is.",
            recorded: Recorded::Holds,
            checks: &[cumulants_of_the_exact_law],
        },
        Claim {
            id: "asymptotics/R21",
            statement: "Under the product tilt by b, R/n has rate function I_b(x) = D(phi_tau || phi_b), \
            Lambda'(tau) = x; \
                        it is -log phi_b(end symbols) at the end points and infinite outside.",
            source: "Yang et al., arXiv 2404.01730 (abstract); derived",
            conditions: "Independent symbols. Speed: -log P - n I grows like (1/2) log n.",
            recorded: Recorded::Holds,
            checks: &[rate_is_the_divergence_between_tilts, tails_decay_at_the_rate],
        },
        Claim {
            id: "asymptotics/R22",
            statement: "Chernoff bounds P(R >= nx) at every n; the logarithm of Bahadur-Rao errs by O(1/n), \
            with the 1/n \
                        term by O(1/n^2), Lugannani-Rice by O(1/n).",
            source: "Bahadur-Rao and Lugannani-Rice recalled; the 1/n term derived",
            conditions: "mu < x < s_max fixed; the exponents for a lattice, its span given and nx on it. Off a lattice with \
                         k letters the error with the 1/n term is of order n^(-(k-2)/2).",
            recorded: Recorded::Holds,
            checks: &[
                chernoff_bounds_the_tail,
                bahadur_rao_errs_by_one_over_n,
                corrected_bahadur_rao_errs_by_one_over_n_squared,
                off_a_lattice_the_correction_errs_by_one_over_root_n,
                lugannani_rice_errs_by_one_over_n,
                importance_sampling_finds_the_tail,
            ],
        },
        Claim {
            id: "asymptotics/R25",
            statement: "E_N R <= n Rw(D(pi_N||p)/n) <= n Rw((L - 1 + e^-L)/n); for every t, E_N R >= t (1 - \
            e^{-N P(R>=t)}) \
                        + n s_min e^{-N P(R>=t)}; (n+1)^-k e^{-n D(T||p)} <= P(type T) <= e^{-n D(T||p)}.",
            source: "derived",
            conditions: "Independent symbols; every n and every real N >= 1; T an achievable type.",
            recorded: Recorded::Holds,
            checks: &[
                best_of_n_is_below_the_frontier,
                best_of_n_is_above_every_quantile,
                types_have_exponential_probability,
            ],
        },
    ]
}

/// Symbols of every sequence of `n` symbols out of `k`, `f` applied to each: `k^n` values.
fn over_sequences<T>(k: usize, n: u32, f: impl Fn(&[usize]) -> T) -> Vec<T> {
    (0..k.pow(n))
        .map(|code| {
            let symbols: Vec<usize> = (0..n).map(|i| code / k.pow(i) % k).collect();
            f(&symbols)
        })
        .collect()
}

/// The table of all sequences: probabilities and total rewards.
fn table(p: &[f64], s: &[f64], n: u32) -> (Vec<f64>, Vec<f64>) {
    let probs = over_sequences(p.len(), n, |y| y.iter().map(|&i| p[i]).product());
    (probs, over_sequences(p.len(), n, |y| y.iter().map(|&i| s[i]).sum()))
}

fn divergence(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).filter(|(x, _)| **x > 0.0).map(|(x, y)| x * (x / y).ln()).sum()
}

fn mean(p: &[f64], r: &[f64]) -> f64 {
    p.iter().zip(r).map(|(p, r)| p * r).sum()
}

/// Rewards of `k` symbols without ties and not too close: a tilt that is well conditioned.
fn spread_rewards(draw: &mut Instances, k: usize) -> Vec<f64> {
    (0..k).map(|i| i as f64 + draw.uniform(-0.3, 0.3)).collect()
}

/// A law with no mass below `floor / k`.
fn broad_law(draw: &mut Instances, k: usize, floor: f64) -> Vec<f64> {
    draw.positive_law(k).iter().map(|p| (1.0 - floor) * p + floor / k as f64).collect()
}

fn product_tilt_is_the_optimum(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::agreement("asymptotics/R19", "optimum on the table of k^n sequences = product of symbol tilts")
            .tolerance(
                1e-9,
                "the budget solved to 1e-14 leaves beta, hence each mass, to 1e-14 times its condition, < 1e4",
            );
    let mut draw = Instances::new(1901);
    for _ in 0..40 {
        let (k, n) = (draw.count(2, 4) as usize, draw.count(1, 5) as u32);
        let (p, s) = (broad_law(&mut draw, k, 0.1), spread_rewards(&mut draw, k));
        let law = Law::new(&p)?;
        let limit = kl_constrained(&law, &s, 0.0)?.delta_max;
        let delta = limit * draw.uniform(0.01, 0.95);
        let symbol = kl_constrained(&law, &s, delta)?;
        let (probs, rewards) = table(&p, &s, n);
        let whole = kl_constrained(&Law::new(&probs)?, &rewards, f64::from(n) * delta)?;
        let product = table(&symbol.phi, &s, n).0;
        let case = || json!({"p": p, "s": s, "n": n, "delta": delta});
        check.equal(whole.mean, f64::from(n) * symbol.mean, 1.0, case);
        check.equal(divergence(&product, &probs), f64::from(n) * delta, 1.0, case);
        for (found, wanted) in whole.phi.iter().zip(&product) {
            check.equal(*found, *wanted, 1.0, case);
        }
    }
    Ok(check.finish())
}

fn no_sequence_law_beats_the_product(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R19", "reward of a random feasible law on sequences <= n m(beta(delta))")
        .tolerance(1e-10, "rounding of the budget, bisected to 1e-15, times a slope 1/beta < 1e4");
    let mut draw = Instances::new(1902);
    for _ in 0..60 {
        let (k, n) = (draw.count(2, 3) as usize, draw.count(2, 5) as u32);
        let (p, s) = (broad_law(&mut draw, k, 0.1), spread_rewards(&mut draw, k));
        let law = Law::new(&p)?;
        let delta = kl_constrained(&law, &s, 0.0)?.delta_max * draw.uniform(0.05, 0.9);
        let best = f64::from(n) * kl_constrained(&law, &s, delta)?.mean;
        let (probs, rewards) = table(&p, &s, n);
        // A tilt with noise of every size on the log-ratio, brought onto the budget by bisection of its strength.
        let noise = draw.log_uniform(1e-3, 1.0);
        let exponent: Vec<f64> = rewards.iter().map(|r| r + noise * draw.uniform(-1.0, 1.0)).collect();
        let at = |strength: f64| {
            let weights: Vec<f64> = probs.iter().zip(&exponent).map(|(p, e)| p * (strength * e).exp()).collect();
            let total: f64 = weights.iter().sum();
            weights.iter().map(|w| w / total).collect::<Vec<f64>>()
        };
        let (mut low, mut high) = (0.0, 30.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if divergence(&at(middle), &probs) < f64::from(n) * delta { low = middle } else { high = middle }
        }
        check.at_most(
            mean(&at(low), &rewards),
            best,
            1.0,
            || json!({"p": p, "s": s, "n": n, "delta": delta, "noise": noise}),
        );
    }
    Ok(check.finish())
}

fn cumulants_of_the_exact_law(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::identity("asymptotics/R20", "(1/n) log of the sum over k^n sequences of phi e^{tR} = log sum phi q^t")
            .tolerance(1e-12, "rounding of sums of at most 4^6 positive terms, a few 1e-15");
    let mut draw = Instances::new(2001);
    for _ in 0..40 {
        let (k, n) = (draw.count(2, 4) as usize, draw.count(1, 6) as u32);
        let (p, q) = (broad_law(&mut draw, k, 0.05), broad_law(&mut draw, k, 0.05));
        let (beta, t) = (draw.uniform(-1.0, 2.0), draw.uniform(-2.0, 2.0));
        let s: Vec<f64> = q.iter().map(|q| q.ln()).collect();
        // phi as powers of q, not through the engine's tilt.
        let weights: Vec<f64> = p.iter().zip(&q).map(|(p, q)| p * q.powf(beta)).collect();
        let total: f64 = weights.iter().sum();
        let phi: Vec<f64> = weights.iter().map(|w| w / total).collect();
        let (probs, rewards) = table(&phi, &s, n);
        let brute = probs.iter().zip(&rewards).map(|(p, r)| p * (t * r).exp()).sum::<f64>().ln() / f64::from(n);
        let found = scaled_cumulants(&p, &q, beta, t)?;
        let case = || json!({"p": p, "q": q, "beta": beta, "t": t, "n": n});
        check.equal(found.value, brute, 1.0 + brute.abs(), case);
        // The Renyi cross entropy by its own formula, of order 1 + t.
        let order = 1.0 + t;
        let renyi = phi.iter().zip(&q).map(|(f, q)| f * q.powf(order - 1.0)).sum::<f64>().ln() / (1.0 - order);
        check.equal(found.renyi_cross_entropy, renyi, (1.0 + renyi.abs()) / t.abs().min(1.0), case);
        let law = Law::new(&p)?;
        let difference = exponential_tilt(&law, &s, beta + t)?.log_z - exponential_tilt(&law, &s, beta)?.log_z;
        check.equal(difference, brute, 1.0 + brute.abs(), case);
    }
    Ok(check.finish())
}

fn rate_is_the_divergence_between_tilts(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::identity("asymptotics/R21", "I_b(x) = D(phi_tau || phi_b), tau by bisection; end points; outside")
            .tolerance(1e-11, "tau bisected to 1e-15 and I is stationary to first order; rounding of a sum of 5 terms");
    let mut draw = Instances::new(2101);
    for _ in 0..60 {
        let k = draw.count(2, 5) as usize;
        let (p, s, beta) = (broad_law(&mut draw, k, 0.05), spread_rewards(&mut draw, k), draw.uniform(-1.0, 1.5));
        let phi = |t: f64| {
            let weights: Vec<f64> = p.iter().zip(&s).map(|(p, s)| p * (t * s).exp()).collect();
            let total: f64 = weights.iter().sum();
            weights.iter().map(|w| w / total).collect::<Vec<f64>>()
        };
        let tilted = phi(beta);
        let (first, last) = (s[0], s[k - 1]);
        let x = first + (last - first) * draw.uniform(0.02, 0.98);
        let (mut low, mut high) = (-60.0, 60.0);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if mean(&phi(middle), &s) < x { low = middle } else { high = middle }
        }
        let found = |x: f64| rate(&p, &s, x, beta).map(|r| r.rate);
        let case = || json!({"p": p, "s": s, "beta": beta, "x": x});
        check.equal(found(x)?, divergence(&phi(low), &tilted), 1.0, case);
        // The second form: the concave conjugate of the cumulant, shifted.
        let cumulant = |t: f64| p.iter().zip(&s).map(|(p, s)| p * (t * s).exp()).sum::<f64>().ln();
        check.equal(found(x)?, (low - beta) * x - cumulant(low) + cumulant(beta), 1.0 + low.abs(), case);
        check.equal(found(last)?, -tilted[k - 1].ln(), 1.0, case);
        check.equal(found(first)?, -tilted[0].ln(), 1.0, case);
        check.equal(found(last + 0.1)?, f64::INFINITY, 1.0, case);
        check.equal(found(first - 0.1)?, f64::INFINITY, 1.0, case);
    }
    Ok(check.finish())
}

/// Lengths at which `n x` is on the lattice for `x` a multiple of 1/10, a factor 4 apart.
const SHORT: u64 = 160;
const LONG: u64 = 640;

/// Exponent between the two lengths of a quantity that behaves as a power of `n`.
fn exponent(at_short: f64, at_long: f64) -> f64 {
    (at_short / at_long).abs().ln() / (LONG as f64 / SHORT as f64).ln()
}

fn tails_decay_at_the_rate(_: &Sampling) -> Result<Check> {
    let mut check = Check::rates("asymptotics/R21", "slope of -log P - n I in log n is 1/2: both tails, tilted laws")
        .tolerance(0.1, "the next term c/n moves the slope by (3/4) c/(160 log 4) = 0.0034 c, |c| < 30 for x inside");
    let mut draw = Instances::new(2102);
    for _ in 0..20 {
        let (p, beta) = (broad_law(&mut draw, 3, 0.3), draw.uniform(-0.5, 0.5));
        let s = [0.0, 1.0, 2.0];
        let tilted = exponential_tilt(&Law::new(&p)?, &s, beta)?;
        // A tenth at least 0.25 beyond the mean on one side.
        for (sign, x) in
            [(1.0, ((tilted.mean + 0.3) * 10.0).ceil() / 10.0), (-1.0, ((tilted.mean - 0.3) * 10.0).floor() / 10.0)]
        {
            if !(0.15..=1.85).contains(&x) {
                continue;
            }
            let mirrored: Vec<f64> = s.iter().map(|v| sign * v).collect();
            let stated = rate(&p, &s, x, beta)?.rate;
            let remainder = |n: u64| -> Result<f64> {
                let model = Memoryless::new(&p, &mirrored, n)?;
                let at = reward_distribution(&model, &[sign * (x * n as f64).round()], sign * beta)?;
                Ok(-at.log_survival_ge[0] - n as f64 * stated)
            };
            let slope = (remainder(LONG)? - remainder(SHORT)?) / (LONG as f64 / SHORT as f64).ln();
            check.rate(slope, 0.1, 0.5, 0.0, || json!({"p": p, "beta": beta, "x": x, "tail": sign}));
        }
    }
    Ok(check.finish())
}

fn chernoff_bounds_the_tail(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R22", "log P(R >= t) <= -n I, P summed over all k^n sequences")
        .tolerance(1e-12, "rounding of the sum, a few 1e-15");
    let mut draw = Instances::new(2201);
    for _ in 0..60 {
        let (k, n) = (draw.count(2, 4) as usize, draw.count(1, 6) as u32);
        let (p, s) = (draw.positive_law(k), spread_rewards(&mut draw, k));
        let model = Memoryless::new(&p, &s, n.into())?;
        let (low, high) = (f64::from(n) * model.symbol_mean(), f64::from(n) * s[k - 1]);
        let t = low + (high - low) * draw.uniform(0.01, 0.99);
        let (probs, rewards) = table(&p, &s, n);
        let tail: f64 = probs.iter().zip(&rewards).filter(|(_, r)| **r >= t).map(|(p, _)| p).sum();
        let found = tail_approximations(&model, t, 0.0)?;
        check.at_most(tail.ln(), found.log_chernoff, 1.0, || json!({"p": p, "s": s, "n": n, "t": t}));
        check.at_most((found.log_exact - tail.ln()).abs(), 0.0, 1.0, || json!({"p": p, "s": s, "n": n, "t": t}));
    }
    Ok(check.finish())
}

/// A symbol law on rewards 0, 1, 2, and a reward per symbol above its mean.
type Tail = ([f64; 3], f64);

/// Tails on which the constants of all three error terms are not small.
const TAILS: [Tail; 3] = [([0.5, 0.3, 0.2], 1.2), ([0.3, 0.5, 0.2], 1.4), ([0.6, 0.2, 0.2], 1.0)];

/// Logarithms of exact tail, Bahadur-Rao, its correction, Lugannani-Rice.
fn tail_logarithms((p, x): Tail, n: u64) -> Result<[f64; 4]> {
    let model = Memoryless::new(&p, &[0.0, 1.0, 2.0], n)?;
    let at = tail_approximations(&model, (x * n as f64).round(), 1.0)?;
    let refused = || Error::invalid("threshold", x, "a threshold at which all formulas have a value");
    let corrected = at.log_bahadur_rao_1.ok_or_else(refused)?;
    Ok([at.log_exact, at.log_bahadur_rao, corrected, at.log_lugannani_rice.ok_or_else(refused)?])
}

/// The exponent of the error of formula `which` against the stated one.
fn error_exponent(what: &str, which: usize, stated: f64, competitor: f64) -> Result<Check> {
    let mut check = Check::rates("asymptotics/R22", what).tolerance(
        0.25,
        "the next order of the error, relative O(1/n), moves an exponent by 0.0034 times a constant < 50",
    );
    for tail in TAILS {
        let (short, long) = (tail_logarithms(tail, SHORT)?, tail_logarithms(tail, LONG)?);
        let found = exponent(short[which] - short[0], long[which] - long[0]);
        check.rate(found, 0.25, stated, competitor, || json!({"p": tail.0, "x": tail.1, "n": [SHORT, LONG]}));
    }
    Ok(check.finish())
}

fn bahadur_rao_errs_by_one_over_n(_: &Sampling) -> Result<Check> {
    error_exponent("the log error of Bahadur-Rao decays with exponent 1, not 2", 1, 1.0, 2.0)
}

fn corrected_bahadur_rao_errs_by_one_over_n_squared(_: &Sampling) -> Result<Check> {
    error_exponent("the log error with the 1/n term decays with exponent 2, not 1", 2, 2.0, 1.0)
}

/// Three letters off a lattice: near a threshold one type has a relative mass of order `n^{-1/2}`, which no smooth formula
/// follows. The worst error over the levels of one unit of reward, at each level and half way to the next.
fn off_a_lattice_the_correction_errs_by_one_over_root_n(_: &Sampling) -> Result<Check> {
    let what = "off a lattice, three letters: the worst log error with the 1/n term decays with exponent 1/2, not 1";
    let mut check = Check::rates("asymptotics/R22", what).tolerance(
        0.2,
        "the worst of some hundred levels sits within 1.4 of its envelope at either end, over a factor of 16 in n",
    );
    for (p, s, x) in
        [([0.5, 0.3, 0.2], [0.0, 1.0, 1.8384776310850235], 1.15), ([0.3, 0.4, 0.3], [0.0, 1.0, 1.0 + 3f64.sqrt()], 1.7)]
    {
        let worst = |n: u64| -> Result<f64> {
            let model = Memoryless::new(&p, &s, n)?;
            let law = reward_law(&model)?;
            let levels = law.levels.values();
            let start = x * n as f64;
            let window = levels.windows(2).filter(|pair| pair[0] >= start && pair[0] < start + 1.0);
            let mut worst = 0.0f64;
            for t in window.flat_map(|pair| [pair[0], 0.5 * (pair[0] + pair[1])]) {
                let error = tail_expansion(&model, t, 0.0)?.log_exact - law.log_survival_ge(t);
                worst = worst.max(error.abs());
            }
            Ok(worst)
        };
        let (short, long) = (60, 960);
        let found = (worst(short)? / worst(long)?).ln() / (long as f64 / short as f64).ln();
        check.rate(found, 0.2, 0.5, 1.0, || json!({"p": p, "s": s, "x": x, "n": [short, long]}));
    }
    Ok(check.finish())
}

fn lugannani_rice_errs_by_one_over_n(_: &Sampling) -> Result<Check> {
    error_exponent("the log error of Lugannani-Rice decays with exponent 1, not 1/2", 3, 1.0, 0.5)
}

fn importance_sampling_finds_the_tail(sampling: &Sampling) -> Result<Check> {
    let mut check = Check::agreement("asymptotics/R22", "tail by draws under the tilt = Bahadur-Rao with its 1/n term")
        .tolerance(
            z_limit(),
            "standard errors, at the common false-alarm budget; the formula's own error is added below",
        );
    let cases: Vec<(Tail, u64)> = TAILS.iter().flat_map(|&tail| [(tail, 60), (tail, 1000)]).collect();
    let samplers: Vec<TailSampler> = cases
        .iter()
        .map(|&((p, x), n)| TailSampler::new(&Memoryless::new(&p, &[0.0, 1.0, 2.0], n)?, 0.0, (x * n as f64).round()))
        .collect::<Result<_>>()?;
    let moments = sampling.moments(cases.len(), |stream, numbers| {
        for (number, sampler) in numbers.iter_mut().zip(&samplers) {
            *number = sampler.weights(stream).0;
        }
    })?;
    for (i, &(tail, n)) in cases.iter().enumerate() {
        let wanted = tail_logarithms(tail, n)?;
        let (found, error) =
            (moments.means()[i].ln() + samplers[i].log_scale, moments.standard_errors()[i] / moments.means()[i]);
        let case = || json!({"p": tail.0, "x": tail.1, "n": n, "samples": sampling.samples});
        check.equal(found, wanted[0], error, case);
        // The 1/n^2 remainder of the formula is at most 20/n^2 on these tails: its share of the allowance.
        check.equal(found, wanted[2], error + 20.0 / (n as f64).powi(2) / z_limit(), case);
    }
    Ok(check.finish())
}

/// Best-of-N on a table of sequences from its definition `F^N - F_-^N`: mean reward and divergence, small tables only.
fn best_on_table(probs: &[f64], rewards: &[f64], n: f64) -> (f64, f64) {
    let mut order: Vec<usize> = (0..probs.len()).collect();
    order.sort_by(|&a, &b| rewards[a].total_cmp(&rewards[b]));
    let (mut below, mut mean, mut kl, mut start) = (0.0f64, 0.0, 0.0, 0);
    while start < order.len() {
        let value = rewards[order[start]];
        let end = order[start..].iter().position(|&i| rewards[i] > value + 1e-9).map_or(order.len(), |j| start + j);
        let mass: f64 = order[start..end].iter().map(|&i| probs[i]).sum();
        let best = (below + mass).powf(n) - below.powf(n);
        mean += best * value;
        kl += if best > 0.0 { best * (best / mass).ln() } else { 0.0 };
        (below, start) = (below + mass, end);
    }
    (mean, kl)
}

fn best_of_n_is_below_the_frontier(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::bound("asymptotics/R25", "E_N R <= n Rw(D/n) <= n Rw((L-1+e^-L)/n), E_N R and D from the table")
            .tolerance(1e-9, "rounding of F^N - F_-^N, 1e-13 relative, and of the budget");
    let mut draw = Instances::new(2501);
    for _ in 0..80 {
        let (k, n) = (draw.count(2, 4) as usize, draw.count(1, 5) as u32);
        let (p, s) = (broad_law(&mut draw, k, 0.1), draw.rewards(k));
        let log_n = draw.log_uniform(0.05, 5.0);
        let (probs, rewards) = table(&p, &s, n);
        let (reward, kl) = best_on_table(&probs, &rewards, log_n.exp());
        let law = Law::new(&p)?;
        let frontier =
            |total: f64| kl_constrained(&law, &s, total.max(0.0) / f64::from(n)).map(|best| f64::from(n) * best.mean);
        let (at_spent, at_bound) = (frontier(kl)?, frontier(log_n + (-log_n).exp_m1())?);
        let case = || json!({"p": p, "s": s, "n": n, "log_n": log_n});
        check.at_most(reward, at_spent, 1.0, case);
        check.at_most(at_spent, at_bound, 1.0, case);
        let engine = memoryless_best_of(&Memoryless::new(&p, &s, n.into())?, log_n)?;
        check.at_most((engine.mean - reward).abs(), 0.0, 1.0, case);
    }
    Ok(check.finish())
}

fn best_of_n_is_above_every_quantile(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::bound("asymptotics/R25", "t (1 - e^{-N P(R>=t)}) + n s_min e^{-N P(R>=t)} <= E_N R at every level t")
            .tolerance(1e-12, "rounding relative to the size of the rewards");
    let mut draw = Instances::new(2502);
    for _ in 0..40 {
        let (k, n) = (draw.count(2, 3) as usize, draw.count(1, 60));
        let (p, s) = (draw.positive_law(k), draw.rewards(k));
        let log_n = draw.uniform(0.0, 20.0);
        let model = Memoryless::new(&p, &s, n)?;
        let law = reward_law(&model)?;
        let reward = memoryless_best_of(&model, log_n)?.mean;
        let lowest = n as f64 * model.rewards()[0];
        for &t in law.levels.values() {
            let missed = (-(log_n + law.log_survival_ge(t)).exp()).exp();
            let bound = t * (1.0 - missed) + lowest * missed;
            check.at_most(
                bound,
                reward,
                1.0 + 3.0 * n as f64,
                || json!({"p": p, "s": s, "n": n, "log_n": log_n, "t": t}),
            );
        }
    }
    Ok(check.finish())
}

fn types_have_exponential_probability(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::bound("asymptotics/R25", "-k log(n+1) <= log P(type) + n D(T||p) <= 0, P by counting sequences")
            .tolerance(1e-12, "rounding of a sum of at most 3^8 products, relative to 1");
    let mut draw = Instances::new(2503);
    for _ in 0..12 {
        let (k, n) = (draw.count(2, 3) as usize, draw.count(1, 8) as u32);
        let p = draw.positive_law(k);
        let mut masses = std::collections::BTreeMap::new();
        for counts in
            over_sequences(k, n, |y| (0..k).map(|a| y.iter().filter(|&&i| i == a).count()).collect::<Vec<_>>())
        {
            let probability: f64 = counts.iter().zip(&p).map(|(&c, p)| p.powi(c as i32)).product();
            *masses.entry(counts).or_insert(0.0) += probability;
        }
        for (counts, mass) in &masses {
            let share: Vec<f64> = counts.iter().map(|&c| c as f64 / f64::from(n)).collect();
            let normalised = mass.ln() + f64::from(n) * divergence(&share, &p);
            let case = || json!({"p": p, "counts": counts});
            check.at_most(normalised, 0.0, 1.0, case);
            check.at_most(-(k as f64) * f64::from(n + 1).ln(), normalised, 1.0, case);
        }
    }
    Ok(check.finish())
}
