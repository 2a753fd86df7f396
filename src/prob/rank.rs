//! The best of a random number of draws, by the generating function of that number.
//!
//! If $N$ has generating function $G$, the best of $N$ draws has level cdf $G(F_j)$ and $b_j = G(F_j) - G(F_{j-1})$.
//! Differences of $G$ cancel; each law below has a closed log-ratio $u_j = \log(b_j/P_j)$ that does not
//! ($S$ survival, $s_j = \log F_j/F_{j-1}$, $e_1(x) = (1 - e^{-x})/x$):
//!
//! | law | $G(u)$ | $u_j$ |
//! |---|---|---|
//! | fixed $N$ | $u^N$ | see `best_of` |
//! | $1 + $ Poisson$(c)$ | $u\,e^{c(u-1)}$ | $-c S_j + \log(1 + (1 - e^{-cP_j})/(e^{s_j} - 1))$ |
//! | zero-truncated Poisson$(c)$ | $(e^{cu}-1)/(e^c-1)$ | $-c S_j + \log e_1(cP_j) - \log e_1(c)$ |
//! | geometric$(t)$ | $t u/(1-(1-t)u)$ | $-\log(1 + (1-t) S_j/t) - \log(1 - (1-t) F_{j-1})$ |
//!
//! The zero-truncated Poisson law attains the best win rate at its KL when the base has no atoms (R12, R14).

use super::best_of::{log_decay, log_decay_mean, log_growth, softplus};
use super::{BestOf, Levels, best_of, best_of_from_log_ratio};
use crate::{Error, Result};

/// The law of the number of draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RankLaw {
    /// Always $N$ draws, real $N \ge 1$.
    Fixed(f64),
    /// One draw and a Poisson number more, mean $c > 0$ of the latter.
    PoissonPlusOne(f64),
    /// A Poisson number of draws of parameter $c > 0$, conditioned to be positive.
    ZeroTruncatedPoisson(f64),
    /// Draws until a success of probability $t \in (0, 1]$.
    Geometric(f64),
}

impl RankLaw {
    /// The names accepted by [`RankLaw::named`].
    pub const NAMES: [&str; 4] = ["fixed", "poisson_plus_one", "zero_truncated_poisson", "geometric"];

    /// The law of the given name and parameter.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `law` (unknown name) or `param` (outside the law's domain).
    pub fn named(law: &str, param: f64) -> Result<RankLaw> {
        let law = match law {
            "fixed" => RankLaw::Fixed(param),
            "poisson_plus_one" => RankLaw::PoissonPlusOne(param),
            "zero_truncated_poisson" => RankLaw::ZeroTruncatedPoisson(param),
            "geometric" => RankLaw::Geometric(param),
            _ => return Err(Error::invalid("law", format!("{law:?}"), format!("one of {}", Self::NAMES.join(", ")))),
        };
        law.check()?;
        Ok(law)
    }

    /// Checks the parameter.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `param`.
    pub fn check(self) -> Result<()> {
        let (param, valid, expected) = match self {
            RankLaw::Fixed(n) => (n, n >= 1.0, "a finite number of draws >= 1"),
            RankLaw::PoissonPlusOne(c) | RankLaw::ZeroTruncatedPoisson(c) => (c, c > 0.0, "a finite parameter > 0"),
            RankLaw::Geometric(t) => (t, t > 0.0 && t <= 1.0, "a success probability in (0, 1]"),
        };
        if valid && param.is_finite() { Ok(()) } else { Err(Error::invalid("param", param, expected)) }
    }

    /// The generating function $G(u)$, $u \in [0, 1]$ (the cdf of the best rank).
    pub fn generating_function(self, u: f64) -> f64 {
        match self {
            RankLaw::Fixed(n) => u.powf(n),
            RankLaw::PoissonPlusOne(c) => u * (c * (u - 1.0)).exp(),
            // (e^{cu} - 1)/(e^c - 1) = e^{-c(1-u)} (1 - e^{-cu})/(1 - e^{-c})
            RankLaw::ZeroTruncatedPoisson(c) => (c * (u - 1.0)).exp() * ((-c * u).exp_m1() / (-c).exp_m1()),
            RankLaw::Geometric(t) => t * u / (t + (1.0 - t) * (1.0 - u)),
        }
    }

    /// The mean number of draws.
    pub fn mean(self) -> f64 {
        match self {
            RankLaw::Fixed(n) => n,
            RankLaw::PoissonPlusOne(c) => 1.0 + c,
            RankLaw::ZeroTruncatedPoisson(c) => c / -(-c).exp_m1(),
            RankLaw::Geometric(t) => 1.0 / t,
        }
    }
}

/// The best of a random number of draws on `levels`; the parameter of `law` must be valid (see [`RankLaw::check`]).
///
/// Cost O(M); relative error of $b_j$ about $\epsilon (1 + |\log P_j| + c S_j)$.
pub fn best_of_random(levels: &Levels, law: RankLaw) -> BestOf {
    let survival = |j: usize| levels.log_survival()[j].exp();
    let log_ratio: Vec<f64> = match law {
        RankLaw::Fixed(n) => return best_of(levels, n.ln()),
        RankLaw::PoissonPlusOne(c) => (0..levels.len())
            .map(|j| {
                let (cp, log_step) = (c * levels.log_mass()[j].exp(), levels.log_cdf_step()[j]);
                let gained = if cp > f64::MIN_POSITIVE && log_step > -700.0 {
                    (-(-cp).exp_m1() / log_step.exp().exp_m1()).ln_1p()
                } else {
                    softplus(log_decay(c.ln() + levels.log_mass()[j]) - log_growth(log_step))
                };
                gained - c * survival(j)
            })
            .collect(),
        RankLaw::ZeroTruncatedPoisson(c) => {
            let small = log_decay_mean(c);
            let gained = |mass: f64| {
                // c itself cancels: taken apart only where both terms are small
                if c * mass < 0.25 {
                    log_decay_mean(c * mass) - small
                } else {
                    ((-c * mass).exp_m1() / (-c).exp_m1()).ln() - mass.ln()
                }
            };
            (0..levels.len()).map(|j| gained(levels.log_mass()[j].exp()) - c * survival(j)).collect()
        }
        RankLaw::Geometric(t) => {
            // u = -log(1 + (1-t) S_j / t) - log(1 - (1-t) F_{j-1}), each from what is small
            let stop = 1.0 - t;
            let grown = |s: f64| if stop * s < t { (stop * s / t).ln_1p() } else { (t + stop * s).ln() - t.ln() };
            let missed = |f: f64, s: f64| if stop * f < 0.5 { (-stop * f).ln_1p() } else { (t + stop * s).ln() };
            let cdf = |j: usize| (-levels.neg_log_cdf()[j]).exp();
            (0..levels.len())
                .map(|j| -grown(survival(j)) - if j == 0 { 0.0 } else { missed(cdf(j - 1), survival(j - 1)) })
                .collect()
        }
    };
    best_of_from_log_ratio(levels, log_ratio)
}

#[cfg(test)]
mod tests {
    use super::super::Law;
    use super::*;

    fn instance() -> Levels {
        Levels::of_outcomes(&Law::new(&[0.5, 0.3, 0.2]).unwrap(), &[0.0, 1.0, 2.0]).0
    }

    #[test]
    fn differences_of_the_generating_function() {
        for law in [
            RankLaw::Fixed(2.5),
            RankLaw::PoissonPlusOne(3.0),
            RankLaw::ZeroTruncatedPoisson(3.0),
            RankLaw::Geometric(0.3),
            RankLaw::Geometric(0.8),
            RankLaw::Geometric(1.0),
        ] {
            let best = best_of_random(&instance(), law);
            let (mut below, mut total) = (0.0, 0.0);
            for (log_b, f) in best.log_probs.iter().zip([0.5, 0.8, 1.0]) {
                let at = law.generating_function(f);
                assert!((log_b.exp() - (at - below)).abs() < 4e-16, "{law:?}");
                (below, total) = (at, total + log_b.exp());
            }
            assert!((total - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn reference_value() {
        let best = best_of_random(&instance(), RankLaw::ZeroTruncatedPoisson(3.0));
        assert!((best.mean / 1.2924031686752209 - 1.0).abs() < 1e-15);
        assert!((best.kl / 0.2722768354159545 - 1.0).abs() < 2e-15);
        assert!((best.win_rate / 0.6957369635978518 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn small_parameters_keep_the_relative_accuracy_of_the_divergence() {
        // Zero-truncated Poisson: u_j -> c (F_{j-1} + F_j - 1)/2; 1 + Poisson: u_j -> c (F_{j-1} + F_j - 1).
        let p = [0.5, 0.3, 0.2];
        let x = [0.5 - 1.0, 1.3 - 1.0, 1.8 - 1.0];
        let second: f64 = p.iter().zip(x).map(|(p, x): (&f64, f64)| p * x * x).sum();
        for c in [1e-9, 1e-100] {
            let zero_truncated = best_of_random(&instance(), RankLaw::ZeroTruncatedPoisson(c)).kl;
            assert!((zero_truncated / (c * c / 8.0 * second) - 1.0).abs() < 1e-13 + 2.0 * c);
            let plus_one = best_of_random(&instance(), RankLaw::PoissonPlusOne(c)).kl;
            assert!((plus_one / (c * c / 2.0 * second) - 1.0).abs() < 1e-13 + 2.0 * c);
        }
    }

    #[test]
    fn large_parameters_leave_the_top_level() {
        for law in [RankLaw::PoissonPlusOne(1e300), RankLaw::ZeroTruncatedPoisson(1e300), RankLaw::Geometric(1e-300)] {
            let best = best_of_random(&instance(), law);
            assert!((best.mean - 2.0).abs() < 1e-15 && (best.kl - 5f64.ln()).abs() < 1e-13, "{law:?} {best:?}");
        }
    }

    #[test]
    fn parameters_are_checked() {
        for (law, param, field) in [
            ("fixed", 0.5, "param"),
            ("fixed", f64::INFINITY, "param"),
            ("poisson_plus_one", 0.0, "param"),
            ("zero_truncated_poisson", f64::NAN, "param"),
            ("geometric", 1.5, "param"),
            ("binomial", 1.0, "law"),
        ] {
            assert!(RankLaw::named(law, param).unwrap_err().to_string().starts_with(field));
        }
    }
}
