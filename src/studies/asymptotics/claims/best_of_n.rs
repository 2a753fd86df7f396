//! Claims on best-of-N: divergence and its bounds, the estimator, win rates.

use crate::Result;
use crate::asymptotics::best_of_n::{
    kl_gap, kl_gap_lower_bound, kl_gap_upper_bound, win_rate_bound, win_rate_gap_bound,
};
use crate::asymptotics::estimator::{atom_gap, estimator_mean};
use crate::asymptotics::win_rate_frontier::{
    best_of_n_win_rate, frontier_kl, frontier_win_rate, rejection_win_rate, win_rate_frontier,
};
use crate::lab::{Check, Claim, Instances, Recorded, Sampling};
use crate::prob::{Law, Levels, best_of, best_of_kl_bound};
use serde_json::json;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    let notes = "Beirami et al., arXiv 2401.01879 (from notes)";
    vec![
        Claim {
            id: "asymptotics/R6",
            statement: "Best-of-N has level law F_j^N - F_(j-1)^N and is proportional to the base law inside a level.",
            source: "Beirami et al., arXiv 2401.01879 (pmf for distinct rewards, from notes); ties derived",
            conditions: "integer N for the comparison with all tuples",
            recorded: Recorded::Holds,
            checks: &[policy_by_all_tuples],
        },
        Claim {
            id: "asymptotics/R7",
            statement: "D(pi||p) <= log N - (N-1)/N, with gap sum_j b_j g_N(P_j/F_j); D is nondecreasing in N and at most \
                        -log P(top).",
            source: "Beirami et al., arXiv 2401.01879, Theorem 3.1 (from notes); exact gap derived",
            conditions: "real N >= 1, random ties",
            recorded: Recorded::Holds,
            checks: &[kl_bound, kl_gap_identity],
        },
        Claim {
            id: "asymptotics/R8",
            statement: "The gap of R7 is at most 2 N (N-1) sum_j P_j^2.",
            source: "Beirami et al., arXiv 2401.01879, Theorem 3.4 (from notes)",
            conditions: "level masses with random ties",
            recorded: Recorded::Holds,
            checks: &[gap_upper_bound],
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
            checks: &[estimator_excess],
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
            checks: &[frontier_bounds_all_laws, frontier_slope],
        },
        Claim {
            id: "asymptotics/R13",
            statement: "No policy has a larger win rate than n/(n+1) at divergence log n - (n-1)/n.",
            source: notes,
            conditions: "as a bound on the trade-off with half ties",
            recorded: Recorded::Fails("best-of-2 on a discrete law lies above the curve"),
            checks: &[discrete_law_above_the_curve],
        },
        Claim {
            id: "asymptotics/R15",
            statement: "Threshold rejection has a smaller win rate than best-of-N at every equal divergence.",
            source: "derived; \"rewind and repeat\" of Beirami et al., arXiv 2401.01879",
            conditions: "continuous rewards, KL from 1e-8 to 30",
            recorded: Recorded::Holds,
            checks: &[rejection_below],
        },
    ]
}

/// Calls `visit` with random levels, log N and a description.
fn on_random_levels(seed: u64, count: usize, mut visit: impl FnMut(&Law, &[f64], &Levels, f64)) -> Result<()> {
    let mut draw = Instances::new(seed);
    for _ in 0..count {
        let k = draw.count(1, 9) as usize;
        let (p, r) = (draw.law(k), draw.rewards(k));
        let law = Law::new(&p)?;
        visit(&law, &r, &Levels::of_outcomes(&law, &r).0, draw.uniform(0.0, 8.0));
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
        let found = crate::asymptotics::best_of_n::best_of_n(&law, &r, (n as f64).ln(), Default::default())?;
        for (i, &expected) in policy.iter().enumerate() {
            check.equal(found.policy[i], expected, 1.0, || json!({"p": p, "r": r, "n": n, "outcome": i}));
        }
    }
    Ok(check.finish())
}

fn kl_bound(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R7", "D <= min(log N - (N-1)/N, -log P(top)), nondecreasing in N")
        .tolerance(1e-13, "rounding");
    on_random_levels(7, 1000, |law, r, levels, log_n| {
        let here = || json!({"p": law.probs(), "r": r, "log_best_of": log_n});
        let kl = best_of(levels, log_n).kl;
        check.at_most(kl, best_of_kl_bound(log_n), 1.0, here);
        check.at_most(kl, -levels.log_mass()[levels.len() - 1], 1.0 + kl, here);
        check.at_most(kl, best_of(levels, 1.1 * log_n + 1e-3).kl, 1.0 + kl, here);
    })?;
    Ok(check.finish())
}

fn kl_gap_identity(_: &Sampling) -> Result<Check> {
    let mut check = Check::identity("asymptotics/R7", "log N - (N-1)/N - D = sum_j b_j g_N(P_j/F_j)")
        .tolerance(1e-12, "rounding of the two sides");
    on_random_levels(71, 1000, |law, r, levels, log_n| {
        let direct = best_of_kl_bound(log_n) - best_of(levels, log_n).kl;
        check.equal(direct, kl_gap(levels, log_n), 1.0 + log_n, || json!({"p": law.probs(), "r": r, "l": log_n}));
    })?;
    Ok(check.finish())
}

fn gap_upper_bound(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R8", "gap <= 2 N (N-1) sum P^2").tolerance(1e-13, "rounding");
    on_random_levels(8, 1000, |law, r, levels, log_n| {
        let gap = best_of_kl_bound(log_n) - best_of(levels, log_n).kl;
        check.at_most(gap, kl_gap_upper_bound(levels, log_n), 1.0, || json!({"p": law.probs(), "r": r, "l": log_n}));
    })?;
    Ok(check.finish())
}

fn gap_lower_bound(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R9", "log(N P(top)) - (N-1)/N <= gap").tolerance(1e-12, "rounding");
    on_random_levels(9, 1000, |law, r, levels, log_n| {
        let gap = best_of_kl_bound(log_n) - best_of(levels, log_n).kl;
        check.at_most(kl_gap_lower_bound(levels, log_n), gap, 1.0, || json!({"p": law.probs(), "r": r, "l": log_n}));
    })?;
    Ok(check.finish())
}

fn estimator_excess(_: &Sampling) -> Result<Check> {
    let mut check = Check::bound("asymptotics/R10", "sum_j b_j (1-P_j)^N g_N(P_j) <= mean of the estimator - D")
        .tolerance(1e-12, "rounding");
    let mut draw = Instances::new(10);
    for _ in 0..1000 {
        let k = draw.count(1, 8) as usize;
        let (p, log_n) = (draw.positive_law(k), draw.uniform(0.0, 6.0));
        let r: Vec<f64> = (0..k).map(|i| i as f64).collect();
        let law = Law::new(&p)?;
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
    let mut check = Check::bound("asymptotics/R11", "0 <= N/(N+1) - W <= (N-1)/2 sum P^2").tolerance(1e-14, "rounding");
    on_random_levels(11, 1000, |law, r, levels, log_n| {
        let here = || json!({"p": law.probs(), "r": r, "log_best_of": log_n});
        let gap = win_rate_bound(log_n) - best_of(levels, log_n).win_rate;
        check.at_most(0.0, gap, 1.0, here);
        check.at_most(gap, win_rate_gap_bound(levels, log_n), 1.0, here);
    })?;
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
