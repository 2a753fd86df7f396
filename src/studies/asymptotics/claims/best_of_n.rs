//! Claims on best-of-N: divergence and its bounds, the estimator, win rates.

use super::finite::{Steps, finite_law, log_draws, ordered_law};
use crate::Result;
use crate::asymptotics::best_of_n::{
    Ties, best_of_n, kl_gap, kl_gap_lower_bound, kl_gap_small_atoms, kl_gap_upper_bound, win_rate_gap_bound,
};
use crate::asymptotics::estimator::{atom_gap, estimator_mean, estimator_value};
use crate::asymptotics::outcome_sampling::Draws;
use crate::asymptotics::random_best_of::random_best_of;
use crate::asymptotics::win_rate_frontier::{
    best_of_n_win_rate, frontier_kl, frontier_win_rate, rejection_win_rate, threshold_rejection, win_rate_frontier,
};
use crate::lab::{Check, Claim, FALSE_ALARM_BUDGET, Instances, Recorded, SUITE_COMPARISONS, Sampling};
use crate::numerics::quadrature::GaussLegendre;
use crate::prob::{Law, Levels, RankLaw, best_of, best_of_kl_bound};
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim {
            id: "asymptotics/R6",
            statement: "Best-of-N has level law F_j^N - F_(j-1)^N and is proportional to the base law inside a level.",
            source: "Beirami et al., arXiv 2401.01879 (pmf for distinct rewards, from notes); ties derived",
            conditions: "integer N for the comparison with all tuples",
            recorded: Recorded::Holds,
            checks: &[policy_by_all_tuples, policy_at_real_n, policy_by_binomials],
        },
        Claim {
            id: "asymptotics/R7",
            statement: "D(pi||p) <= log N - (N-1)/N, with gap sum_j b_j g_N(P_j/F_j); D is nondecreasing in N and at most \
                        -log P(top).",
            source: "Beirami et al., arXiv 2401.01879, Theorem 3.1 (from notes); exact gap derived",
            conditions: "real N >= 1, random ties",
            recorded: Recorded::Holds,
            checks: &[kl_bound, kl_gap_identity, atom_gap_by_quadrature],
        },
        Claim {
            id: "asymptotics/R8",
            statement: "The gap of R7 is at most 2 N (N-1) sum_j P_j^2 (loose: for small atoms it is N (N-1)^2/24 sum_j P_j^3 \
                        F_j^(N-3)).",
            source: "Beirami et al., arXiv 2401.01879, Theorem 3.4 (from notes); small atoms derived",
            conditions: "level masses with random ties",
            recorded: Recorded::Holds,
            checks: &[gap_upper_bound, small_atoms],
        },
        Claim {
            id: "asymptotics/R9",
            statement: "The gap of R7 is at least log(N P(top)) - (N-1)/N.",
            source: "Beirami et al., arXiv 2401.01879, Theorem 3.6 (from notes); clean form derived",
            conditions: "real N >= 1",
            recorded: Recorded::Holds,
            checks: &[gap_lower_bound],
        },
        Claim {
            id: "asymptotics/R10",
            statement: "Conjecture 4.4: the mean of the estimator under best-of-N is at least the divergence; sharper, the \
                        excess is at least sum_j b_j (1-P_j)^N g_N(P_j).",
            source: "Beirami et al., arXiv 2401.01879, Conjecture 4.4 (from notes); proof derived",
            conditions: "distinct rewards",
            recorded: Recorded::Holds,
            checks: &[estimator_excess, estimator_by_quadrature, estimator_by_draws],
        },
        Claim {
            id: "asymptotics/R11",
            statement: "The half-tie win rate is at most N/(N+1), and at least that less (N-1)/2 sum_j P_j^2.",
            source: "Beirami et al., arXiv 2401.01879, Theorems 5.3 and 5.4 (from notes)",
            conditions: "half-tie convention",
            recorded: Recorded::Holds,
            checks: &[win_rate_bounds],
        },
        Claim {
            id: "asymptotics/R12",
            statement: "No law has a larger half-tie win rate at its divergence than the exponential rank density.",
            source: "Gui et al., arXiv 2406.00832 (recalled); derived",
            conditions: "half-tie convention",
            recorded: Recorded::Holds,
            checks: &[frontier_bounds_all_laws, frontier_slope, frontier_by_quadrature],
        },
        Claim {
            id: "asymptotics/R13",
            statement: "No policy has a larger win rate than n/(n+1) at divergence log n - (n-1)/n.",
            source: "derived, as a reading of the win-rate results of Beirami et al., arXiv 2401.01879; the statement of \
                     their Conjecture 7.2 was not readable",
            conditions: "as a bound on the trade-off with half ties",
            recorded: Recorded::Fails(
                "p = (.35, .13, .13, .13, .13, .13), increasing rewards, N = 2: KL .16801301, W .65769 against .65510 on \
                 the curve",
            ),
            checks: &[discrete_law_above_the_curve],
        },
        Claim {
            id: "asymptotics/R14",
            statement: "The best of N draws, N with generating function G, has rank cdf G(F); a zero-truncated Poisson N \
                        attains the frontier of R12 as the atoms vanish, at rate M^-2 on M equal ones.",
            source: "derived",
            conditions: "fixed, 1 + Poisson, zero-truncated Poisson, geometric numbers",
            recorded: Recorded::Holds,
            checks: &[mixture_over_the_number, random_number_attains_the_frontier],
        },
        Claim {
            id: "asymptotics/R15",
            statement: "Threshold rejection has a smaller win rate than best-of-N at every equal divergence.",
            source: "derived; \"rewind and repeat\" of Beirami et al., arXiv 2401.01879",
            conditions: "continuous rewards, KL from 1e-8 to 30",
            recorded: Recorded::Holds,
            checks: &[rejection_below, rejection_in_limit],
        },
    ]
}

/// A random law and reward with its levels twice, the engine's and by plain sums, and a number of draws.
struct Case {
    law: Law,
    r: Vec<f64>,
    levels: Levels,
    steps: Steps,
    log_n: f64,
}

impl Case {
    fn json(&self) -> serde_json::Value {
        json!({"p": self.law.probs(), "r": self.r, "log_best_of": self.log_n})
    }

    /// `F_j^N - F_{j-1}^N`.
    fn best(&self, log_n: f64) -> Vec<f64> {
        self.steps.best(|f| f.powf(log_n.exp()))
    }

    /// `D(pi || p)` from the level law.
    fn kl(&self, log_n: f64) -> f64 {
        let terms = self.best(log_n).into_iter().zip(&self.steps.mass);
        terms.filter(|(b, _)| *b > 0.0).map(|(b, p)| b * (b / p).ln()).sum()
    }

    /// Half-tie win rate from the level law.
    fn win_rate(&self) -> f64 {
        let ranks = self.steps.below.iter().zip(&self.steps.mass);
        self.best(self.log_n).iter().zip(ranks).map(|(b, (below, p))| b * (below + 0.5 * p)).sum()
    }

    fn bound(&self) -> f64 {
        self.log_n - 1.0 + (-self.log_n).exp()
    }
}

/// Rounding of the differences `F^N - F_-^N`, N up to 1000, in the plain sums.
const PLAIN: (f64, &str) = (1e-11, "rounding of F^N - F_-^N, N up to 1000, in the plain sums");

/// Calls `visit` with random cases.
fn on_random_levels(seed: u64, count: usize, mut visit: impl FnMut(&Case)) -> Result<()> {
    let mut draw = Instances::new(seed);
    for _ in 0..count {
        let (law, r) = finite_law(&mut draw, 9)?;
        let (levels, steps) = (Levels::of_outcomes(&law, &r).0, Steps::new(law.probs(), &r));
        visit(&Case { law, r, levels, steps, log_n: log_draws(&mut draw) });
    }
    Ok(())
}

fn policy_by_all_tuples(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity("asymptotics/R6", "policy = enumeration of all N-tuples, ties shared equally")
        .tolerance(1e-13, "rounding of at most 4^5 terms");
    let mut draw = Instances::new(6);
    for _ in 0..60 {
        let (k, n) = (draw.count(1, 4) as usize, draw.count(1, 5) as usize);
        let (p, r) = (draw.law(k), draw.rewards(k));
        let law = Law::new(&p)?;
        let mut policy = vec![0.0; k];
        for code in 0..k.pow(n as u32) {
            let tuple: Vec<usize> = (0..n).map(|i| code / k.pow(i as u32) % k).collect();
            let mass: f64 = tuple.iter().map(|&i| law.probs()[i]).product();
            let top = tuple.iter().filter(|&&i| law.probs()[i] > 0.0).map(|&i| r[i]).fold(f64::NEG_INFINITY, f64::max);
            let best: Vec<usize> = tuple.iter().copied().filter(|&i| r[i] == top).collect();
            best.iter().for_each(|&i| policy[i] += mass / best.len() as f64);
        }
        let found = best_of_n(&law, &r, (n as f64).ln(), Ties::Random)?;
        for (i, &expected) in policy.iter().enumerate() {
            check.equal(found.policy[i], expected, 1.0, || json!({"p": p, "r": r, "n": n, "outcome": i}));
        }
    }
    Ok(check.finish())
}

fn policy_at_real_n(_: &Sampling) -> Result<Check> {
    let mut check =
        Check::identity("asymptotics/R6", "policy, mean and divergence at real N against plain sums over levels")
            .tolerance(PLAIN.0, PLAIN.1);
    let mut failed = None;
    on_random_levels(61, 400, |case| match best_of_n(&case.law, &case.r, case.log_n, Ties::Random) {
        Err(error) => failed = Some(error),
        Ok(found) => {
            let best = case.best(case.log_n);
            for (j, value) in case.steps.value.iter().enumerate() {
                for i in (0..case.r.len()).filter(|&i| case.r[i] == *value) {
                    let expected = case.law.probs()[i] * best[j] / case.steps.mass[j];
                    check.equal(found.policy[i], expected, 1.0, || case.json());
                }
            }
            let mean: f64 = best.iter().zip(&case.steps.value).map(|(b, v)| b * v).sum();
            check.equal(found.mean, mean, 3.0, || case.json());
            check.equal(found.kl, case.kl(case.log_n), 1.0, || case.json());
        }
    })?;
    failed.map_or(Ok(check.finish()), Err)
}

fn policy_by_binomials(_: &Sampling) -> Result<Check> {
    let what = "b_j = sum_i C(N,i) P^i F_-^(N-i) = P F^(N-1) sum_i (F_-/F)^(i-1) against the engine";
    let mut check = Check::identity("asymptotics/R6", what)
        .tolerance(1e-12, "rounding of at most 20 terms, all positive, to powers");
    let mut draw = Instances::new(62);
    for _ in 0..300 {
        let (law, r) = finite_law(&mut draw, 8)?;
        let (steps, n) = (Steps::new(law.probs(), &r), draw.count(1, 20) as i32);
        let best = best_of(&Levels::of_outcomes(&law, &r).0, f64::from(n).ln());
        for j in 0..steps.value.len() {
            let (p, below) = (steps.mass[j], if j == 0 { 0.0 } else { steps.below[j] });
            let (mut choose, mut binomial, mut geometric) = (1.0, 0.0, 0.0);
            for i in 1..=n {
                choose *= f64::from(n - i + 1) / f64::from(i);
                binomial += choose * p.powi(i) * below.powi(n - i);
                geometric += p * (p + below).powi(n - i) * below.powi(i - 1);
            }
            let instance = || json!({"p": law.probs(), "r": r, "n": n, "level": j});
            check.equal(best.log_probs[j].exp(), binomial, binomial + 1e-300, instance);
            check.equal(best.log_probs[j].exp(), geometric, geometric + 1e-300, instance);
        }
    }
    Ok(check.finish())
}

fn kl_bound(_: &Sampling) -> Result<Check> {
    let what =
        "the engine's D against log N - (N-1)/N, -log P(top) and D at a larger N, and the plain sum against the first";
    let mut check = Check::bound("asymptotics/R7", what).tolerance(PLAIN.0, PLAIN.1);
    on_random_levels(7, 1000, |case| {
        let kl = best_of(&case.levels, case.log_n).kl;
        check.at_most(kl, case.bound(), 1.0, || case.json());
        check.at_most(case.kl(case.log_n), case.bound(), 1.0, || case.json());
        check.at_most(kl, -case.steps.mass[case.steps.mass.len() - 1].ln(), 1.0, || case.json());
        check.at_most(kl, best_of(&case.levels, 1.1 * case.log_n + 1e-3).kl, 1.0, || case.json());
    })?;
    Ok(check.finish())
}

fn kl_gap_identity(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity("asymptotics/R7", "log N - (N-1)/N - D by plain sums = sum_j b_j g_N(P_j/F_j)")
        .tolerance(PLAIN.0, PLAIN.1);
    on_random_levels(71, 1000, |case| {
        check.equal(case.bound() - case.kl(case.log_n), kl_gap(&case.levels, case.log_n), 1.0, || case.json());
    })?;
    Ok(check.finish())
}

fn atom_gap_by_quadrature(_: &Sampling) -> Result<Check> {
    let what = "g_N(q) against quadrature of the divergence of the density u^(N-1) on (1-q, 1] from uniform";
    let mut check = Check::identity("asymptotics/R7", what)
        .tolerance(1e-12, "rounding of the integrand f log f, of size up to 50 log 50, over 8 panels of 40 points");
    let rule = GaussLegendre::new(40);
    let mut draw = Instances::new(72);
    for _ in 0..300 {
        let (q, n): (f64, f64) = (draw.uniform(0.005, 0.9), draw.log_uniform(1.0, 50.0));
        let a = 1.0 - q;
        let total = (1.0 - a.powf(n)) / n;
        let integrand = |u: f64| {
            let density = u.powf(n - 1.0) / total;
            density * (density * q).ln()
        };
        let panel = |k: u32| rule.integrate(a + q * f64::from(k) / 8.0, a + q * f64::from(k + 1) / 8.0, integrand);
        let integral: f64 = (0..8).map(panel).sum();
        check.equal(atom_gap(q, n.ln()), integral, 1.0, || json!({"q": q, "n": n}));
    }
    Ok(check.finish())
}

fn gap_upper_bound(_: &Sampling) -> Result<Check> {
    // How loose it is: the largest ratio of the gap to the bound, before the comparisons.
    let mut tightest: f64 = 0.0;
    on_random_levels(8, 1000, |case| {
        let gap = kl_gap(&case.levels, case.log_n);
        if case.log_n > 1e-3 {
            tightest = tightest.max(gap / (2.0 * case.log_n.exp() * case.log_n.exp_m1() * case.steps.collision()));
        }
    })?;
    let what = format!("gap against 2 N (N-1) sum P^2; the gap is at most {tightest:.3} of it on these instances");
    let mut check = Check::bound("asymptotics/R8", &what).tolerance(PLAIN.0, PLAIN.1);
    on_random_levels(8, 1000, |case| {
        let bound = 2.0 * case.log_n.exp() * case.log_n.exp_m1() * case.steps.collision();
        let engine = kl_gap_upper_bound(&case.levels, case.log_n);
        check.at_most(case.bound() - case.kl(case.log_n), bound, 1.0, || case.json());
        check.at_most((engine - bound).abs(), 0.0, 1.0 + bound, || case.json());
    })?;
    Ok(check.finish())
}

fn small_atoms(_: &Sampling) -> Result<Check> {
    let what = "exponent of gap / [N (N-1)^2/24 sum P^3 F^(N-3)] - 1 in the number M of equal atoms: -1 and not 0";
    let mut check = Check::rates("asymptotics/R8", what).tolerance(0.1, "the next order is 1/M of the deviation");
    for n in [5.0f64, 12.5, 40.0] {
        let error = |m: u32| -> Result<f64> {
            let m = m as usize;
            let r: Vec<f64> = (0..m).map(|i| i as f64).collect();
            let (levels, _) = Levels::of_outcomes(&Law::new(&vec![1.0 / m as f64; m])?, &r);
            // only finer than 1/N is an atom small
            Ok((kl_gap(&levels, n.ln()) / kl_gap_small_atoms(&levels, n.ln()) - 1.0).abs())
        };
        let exponent = (error(6400)? / error(3200)?).ln() / 2f64.ln();
        check.rate(exponent, 0.1, -1.0, 0.0, || json!({"n": n, "atoms": [3200, 6400]}));
    }
    Ok(check.finish())
}

fn gap_lower_bound(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R9", "log(N P(top)) - (N-1)/N against the gap, both by plain sums")
        .tolerance(PLAIN.0, PLAIN.1);
    on_random_levels(9, 1000, |case| {
        let bound = case.bound() + case.steps.mass[case.steps.mass.len() - 1].ln();
        check.at_most(bound, case.bound() - case.kl(case.log_n), 1.0, || case.json());
        check.at_most((kl_gap_lower_bound(&case.levels, case.log_n) - bound).abs(), 0.0, 30.0, || case.json());
    })?;
    // attained by a lone atom and nearly by a large N: a larger constant would fail
    let single = Levels::of_outcomes(&Law::new(&[1.0])?, &[0.0]).0;
    let (gap, bound) = (kl_gap(&single, 3.0), kl_gap_lower_bound(&single, 3.0));
    check.at_most(gap, bound, 1.0, || json!({"p": [1], "log_best_of": 3}));
    Ok(check.finish())
}

fn estimator_excess(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R10", "sum_j b_j (1-P_j)^N g_N(P_j) <= mean of the estimator - D")
        .tolerance(1e-12, "rounding");
    let mut draw = Instances::new(10);
    for _ in 0..1000 {
        let (law, r) = ordered_law(&mut draw, 1, 8)?;
        let (p, k, log_n) = (law.probs(), law.len(), draw.uniform(0.0, 6.0));
        let best = best_of(&Levels::of_outcomes(&law, &r).0, log_n);
        let mean = estimator_mean(&law, &r, log_n)?;
        let sharp: f64 = (0..k)
            .map(|j| {
                let missed = (log_n.exp() * (-p[j]).ln_1p()).exp();
                best.log_probs[j].exp() * if missed > 0.0 { missed * atom_gap(p[j], log_n) } else { 0.0 }
            })
            .sum();
        check.at_most(sharp, mean.expected - mean.kl, 1.0, || json!({"p": p, "log_best_of": log_n}));
    }
    Ok(check.finish())
}

fn win_rate_bounds(_: &Sampling) -> Result<Check> {
    let what = "0 <= N/(N+1) - W <= (N-1)/2 sum P^2, W by plain sums and by the engine";
    let mut check = Check::bound("asymptotics/R11", what).tolerance(1e-12, "rounding of F^N, N up to 1000");
    on_random_levels(11, 1000, |case| {
        let n = case.log_n.exp();
        let (win, bound) = (case.win_rate(), 0.5 * (n - 1.0) * case.steps.collision());
        check.at_most(win, n / (n + 1.0), 1.0, || case.json());
        check.at_most(n / (n + 1.0) - win, bound, 1.0, || case.json());
        check.at_most((best_of(&case.levels, case.log_n).win_rate - win).abs(), 0.0, 1.0, || case.json());
        check.at_most((win_rate_gap_bound(&case.levels, case.log_n) - bound).abs(), 0.0, 1.0 + bound, || case.json());
    })?;
    Ok(check.finish())
}

fn estimator_by_quadrature(_: &Sampling) -> Result<Check> {
    let what = "Dhat(e) against the divergence of best-of-N with a top atom e over a continuous rest, by quadrature";
    let mut check = Check::identity("asymptotics/R10", what)
        .tolerance(1e-11, "quadrature of w^7 log w on 12 panels of 40 points and rounding of N, up to 100, times log");
    let rule = GaussLegendre::new(40);
    let mut draw = Instances::new(110);
    for _ in 0..300 {
        let (e, n): (f64, f64) = (draw.log_uniform(1e-4, 0.99), draw.log_uniform(1.0, 100.0));
        // the rest: density N u^(N-1) on [0, 1-e]; v = u^N = w^8 leaves log(N v^((N-1)/N)) dv
        let end = (1.0 - e).powf(n / 8.0);
        let integrand = |w: f64| 8.0 * w.powi(7) * (n.ln() + 8.0 * (n - 1.0) / n * w.ln());
        let panel = |k: u32| rule.integrate(end * f64::from(k) / 12.0, end * f64::from(k + 1) / 12.0, integrand);
        let rest: f64 = (0..12).map(panel).sum();
        let top = 1.0 - (1.0 - e).powf(n);
        let exact = rest + top * (top / e).ln();
        check.equal(estimator_value(e, n.ln())?, exact, 1.0, || json!({"e": e, "n": n}));
    }
    Ok(check.finish())
}

fn estimator_by_draws(sampling: &Sampling) -> Result<Check> {
    let (p, r, n) = ([0.3, 0.25, 0.2, 0.15, 0.1], [0.0, 1.0, 2.0, 3.0, 4.0], 6u64);
    let law = Law::new(&p)?;
    let log_n = (n as f64).ln();
    let values = p.iter().map(|e| estimator_value(*e, log_n)).collect::<Result<Vec<_>>>()?;
    let draws = Draws::new(&law, &r, Ties::Order)?;
    let moments = sampling.moments(1, |stream, out| out[0] = values[draws.best_of_plain(n, stream)])?;
    // Hoeffding with the range B(N)
    let alarm = FALSE_ALARM_BUDGET / SUITE_COMPARISONS as f64;
    let half_width = best_of_kl_bound(log_n) * ((2.0 / alarm).ln() / (2.0 * moments.count() as f64)).sqrt();
    let mut check = Check::agreement("asymptotics/R10", "average of Dhat over plain best-of-6 draws against its mean")
        .tolerance(half_width, "Hoeffding with range B(N) at this comparison's share of the false-alarm budget");
    let exact = estimator_mean(&law, &r, log_n)?.expected;
    check.equal(moments.means()[0], exact, 1.0, || json!({"p": p, "n": n, "draws": moments.count()}));
    Ok(check.finish())
}

fn frontier_bounds_all_laws(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R12", "win rate of a random law <= frontier at its divergence")
        .tolerance(1e-12, "rounding");
    let mut draw = Instances::new(12);
    for _ in 0..1000 {
        let k = draw.count(2, 9) as usize;
        let (p, tilt) = (draw.positive_law(k), draw.uniform(0.0, 4.0));
        // Laws close to the frontier are the hard ones: tilt the ranks, then disturb.
        let weights: Vec<f64> = (0..k).map(|i| p[i] * (tilt * i as f64 + draw.uniform(-0.5, 0.5)).exp()).collect();
        let total: f64 = weights.iter().sum();
        let (mut kl, mut win, mut below) = (0.0, 0.0, 0.0);
        for i in 0..k {
            let q = weights[i] / total;
            kl += q * (q / p[i]).ln();
            win += q * (below + 0.5 * p[i]);
            below += p[i];
        }
        check.at_most(win, win_rate_frontier(kl.max(0.0))?.win_rate, 1.0, || json!({"p": p, "q": weights}));
    }
    Ok(check.finish())
}

fn frontier_slope(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity("asymptotics/R12", "dW/dKL = 1/c by central differences")
        .tolerance(1e-6, "central difference of step 1e-4 c, relative error of order 1e-8 times curvature");
    for c in [0.01, 0.3, 1.0, 3.0, 10.0, 30.0] {
        let h = 1e-4 * c;
        let rise = frontier_win_rate(c + h) - frontier_win_rate(c - h);
        let run = frontier_kl(c + h) - frontier_kl(c - h);
        check.equal(c * rise / run, 1.0, 1.0, || json!({"c": c}));
    }
    Ok(check.finish())
}

fn discrete_law_above_the_curve(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R13", "W of best-of-2 <= n/(n+1) at the n with the same divergence")
        .tolerance(1e-12, "rounding");
    let p = [0.35, 0.13, 0.13, 0.13, 0.13, 0.13];
    let (levels, _) = Levels::of_outcomes(&Law::new(&p)?, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let best = best_of(&levels, 2f64.ln());
    check.at_most(best.win_rate, best_of_n_win_rate(best.kl)?, 1.0, || json!({"p": p, "n": 2}));
    Ok(check.finish())
}

fn rejection_below(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R15", "W of rejection <= W of best-of-N at equal divergence")
        .tolerance(1e-14, "rounding");
    for i in 0..3000 {
        let kl = (1e-8f64.ln() + (30f64.ln() - 1e-8f64.ln()) * i as f64 / 2999.0).exp();
        check.at_most(rejection_win_rate(kl), best_of_n_win_rate(kl)?, 1.0, || json!({"kl": kl}));
    }
    Ok(check.finish())
}

fn frontier_by_quadrature(_: &Sampling) -> Result<Check> {
    let what = "KL(c) and W(c) against quadrature over the density c e^(cu)/(e^c - 1), and c back from KL";
    let mut check = Check::identity("asymptotics/R12", what).tolerance(1e-12, "rounding of 8 panels of 40 points");
    let rule = GaussLegendre::new(40);
    let mut draw = Instances::new(121);
    for _ in 0..200 {
        let c: f64 = draw.log_uniform(0.05, 60.0);
        let density = |u: f64| c * (c * (u - 1.0)).exp() / -(-c).exp_m1();
        let over = |f: &dyn Fn(f64) -> f64| -> f64 {
            (0..8).map(|k| rule.integrate(f64::from(k) / 8.0, f64::from(k + 1) / 8.0, f)).sum()
        };
        let kl = over(&|u| density(u) * density(u).ln());
        check.equal(frontier_kl(c), kl, 1.0, || json!({"c": c}));
        check.equal(frontier_win_rate(c), over(&|u| density(u) * u), 1.0, || json!({"c": c}));
        check.equal(win_rate_frontier(frontier_kl(c))?.c, c, 10.0 * c, || json!({"c": c}));
    }
    Ok(check.finish())
}

fn mixture_over_the_number(_: &Sampling) -> Result<Check> {
    let what = "policy of the best of a random number against the mixture of best-of-n over the law of the number";
    let mut check = Check::identity("asymptotics/R14", what)
        .tolerance(1e-11, "rounding of up to 700 terms; the mixture stops where the law has 1e-15 left");
    let mut draw = Instances::new(14);
    for _ in 0..120 {
        let (law, r) = finite_law(&mut draw, 6)?;
        let steps = Steps::new(law.probs(), &r);
        let (c, t): (f64, f64) = (draw.log_uniform(0.05, 20.0), draw.uniform(0.05, 1.0));
        for rank in [RankLaw::ZeroTruncatedPoisson(c), RankLaw::PoissonPlusOne(c), RankLaw::Geometric(t)] {
            // mass of n draws, n = 1, 2, ...
            let (mut mass, mut n, mut mixture) = (
                match rank {
                    RankLaw::ZeroTruncatedPoisson(c) => c / c.exp_m1(),
                    RankLaw::PoissonPlusOne(c) => (-c).exp(),
                    RankLaw::Geometric(t) => t,
                    RankLaw::Fixed(_) => 1.0,
                },
                1.0,
                vec![0.0; steps.value.len()],
            );
            while n < 700.0 {
                let best = steps.best(|f| f.powf(n));
                mixture.iter_mut().zip(&best).for_each(|(m, b)| *m += mass * b);
                mass *= match rank {
                    RankLaw::ZeroTruncatedPoisson(c) => c / (n + 1.0),
                    RankLaw::PoissonPlusOne(c) => c / n,
                    RankLaw::Geometric(t) => 1.0 - t,
                    RankLaw::Fixed(_) => 0.0,
                };
                n += 1.0;
            }
            let found = random_best_of(&law, &r, rank)?;
            for (j, value) in steps.value.iter().enumerate() {
                let level: f64 = (0..r.len()).filter(|&i| r[i] == *value).map(|i| found.policy[i]).sum();
                let instance = || json!({"p": law.probs(), "r": r, "number": format!("{rank:?}"), "level": value});
                check.equal(level, mixture[j], 1.0, instance);
            }
        }
    }
    Ok(check.finish())
}

fn random_number_attains_the_frontier(_: &Sampling) -> Result<Check> {
    let what = "exponent in M of frontier - W for zero-truncated Poisson on M equal atoms: -2 and not -1";
    let mut check = Check::rates("asymptotics/R14", what).tolerance(0.05, "the next order is M^-2 of the gap");
    for c in [1.0, 3.0, 8.0] {
        let gap = |m: u32| -> Result<f64> {
            let r: Vec<f64> = (0..m).map(f64::from).collect();
            let law = Law::new(&vec![1.0 / f64::from(m); m as usize])?;
            let best = random_best_of(&law, &r, RankLaw::ZeroTruncatedPoisson(c))?;
            Ok(win_rate_frontier(best.kl)?.win_rate - best.win_rate)
        };
        let exponent = (gap(400)? / gap(200)?).ln() / 2f64.ln();
        check.rate(exponent, 0.05, -2.0, -1.0, || json!({"c": c, "atoms": [200, 400]}));
    }
    Ok(check.finish())
}

fn rejection_in_limit(_: &Sampling) -> Result<Check> {
    let what = "divergence log(1/a) and win rate 1 - a/2 of redrawing until the top share a of 1000 equal atoms, best-of-N \
                win rate at the root of its divergence";
    let mut check = Check::identity("asymptotics/R15", what).tolerance(1e-12, "rounding of 1000 terms");
    for kept in [1u32, 10, 100, 500, 900, 1000] {
        // the law on the kept atoms: uniform, rank of atom j between j/1000 and (j+1)/1000
        let share = f64::from(kept) / 1000.0;
        let q = 1.0 / f64::from(kept);
        let kl: f64 = (0..kept).map(|_| q * (q * 1000.0).ln()).sum();
        let win: f64 = (1000 - kept..1000).map(|j| q * (f64::from(j) + 0.5) / 1000.0).sum();
        let at = threshold_rejection(share)?;
        check.equal(at.kl, kl, 1.0, || json!({"share": share}));
        check.equal(at.win_rate, win, 1.0, || json!({"share": share}));
        check.equal(rejection_win_rate(kl.max(0.0)), win, 1.0, || json!({"share": share}));
        let n = 1.0 / share;
        let along = best_of_n_win_rate(n.ln() - 1.0 + share)?;
        check.equal(along, n / (n + 1.0), 1.0, || json!({"n": n}));
    }
    Ok(check.finish())
}
