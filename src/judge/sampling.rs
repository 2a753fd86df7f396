//! Draws whose means are the errors of selection (A8).
//!
//! | draw | how | standard deviation |
//! |---|---|---|
//! | [`best_of_plain`] | $k$ answers, the loss of the nearest | that of the loss |
//! | [`best_of_inverse`] | $S(r)^k = U$ gives the distance of the nearest; the mean over its two answers | $\to\sqrt5\,g$, teacher reward; cost free of $k$ |
//! | [`softmax_draw`] | $k$ answers, the weighted mean loss, less a control of mean 0 | $O(k^{-1})$ |
//! | [`infinite_draw`] | the tilted Gaussian, twice with one normal | $O(1)$, for $g_\infty$ and $K_1$ |
//! | [`AverageDraws`] | biases, then one of the above with the hidden variance averaged | see there |
//! | [`discrete_draw`] | $k$ outcomes, the weighted mean of correct | at most $\frac12$ |
//!
//! The control of the softmax draw is $\frac1{k\,Ew}\sum_i w_i(f_i - F_1)$, $F_1 = g_\infty$: of mean 0 whatever $k$; it removes the
//! noise of order $k^{-1/2}$ that numerator and denominator share. It is used where $k(Ew)^2 > 4Ew^2$. All derived. Losses in
//! units of $s^2$.

use super::discrete::DiscreteJudge;
use super::folded::distance_of_log_hazard;
use super::infinite::{log_mean_weight, softmax_infinite};
use super::model::{BiasLaw, Candidates, Reduced, reduced_temperature};
use crate::sampling::{Categorical, Stream};
use crate::{Error, Result};

/// The most answers that are drawn one by one.
pub const SIMULATED_CANDIDATES: u64 = 1_000_000;

/// `k` as a number of draws.
///
/// # Errors
/// [`Error::TooLarge`] above [`SIMULATED_CANDIDATES`].
pub fn simulated_candidates(k: Candidates) -> Result<u64> {
    let limit = SIMULATED_CANDIDATES as f64;
    if k.value() <= limit {
        Ok(k.value().round() as u64)
    } else {
        Err(Error::too_large("a draw of the selection", k.value(), limit, "candidates"))
    }
}

/// The loss of the nearest of `k` answers. `k` positions.
pub fn best_of_plain(point: &Reduced, k: u64, stream: &mut Stream) -> f64 {
    let mut best = (f64::INFINITY, 0.0);
    for _ in 0..k {
        let z = stream.normal();
        let distance = (z + point.b).abs();
        if distance < best.0 {
            best = (distance, z);
        }
    }
    square(best.1 + point.a) + point.tau2
}

/// The mean loss given the distance of the nearest of `k` answers, drawn by inversion. One position, whatever `k`.
pub fn best_of_inverse(point: &Reduced, k: Candidates, stream: &mut Stream) -> f64 {
    let Reduced { a, b, tau2 } = point.upright();
    let r = distance_of_log_hazard(stream.exponential().ln() - k.ln(), b);
    // phi(r + b)/phi(r - b) = e^{-2rb}
    let far = 1.0 / (1.0 + (2.0 * r * b).exp());
    (1.0 - far) * square(a - b + r) + far * square(a - b - r) + tau2
}

/// The softmax-weighted mean loss of `k` answers, less its control. `k` positions.
pub fn softmax_draw(point: &Reduced, t: f64, k: u64, stream: &mut Stream) -> f64 {
    let limit = softmax_infinite(&Reduced { tau2: 0.0, ..*point }, t);
    let log_mean = log_mean_weight(point.b, t, 1.0);
    let count = k as f64;
    let controlled = count.ln() + 2.0 * log_mean - log_mean_weight(point.b, t, 2.0) > 4f64.ln();
    // numerator and denominator relative to the largest weight so far
    let (mut top, mut numerator, mut denominator) = (f64::NEG_INFINITY, 0.0, 0.0);
    for _ in 0..k {
        let z = stream.normal();
        let log_weight = -0.5 * square(z + point.b) / t;
        if log_weight > top {
            let scale = (top - log_weight).exp();
            (numerator, denominator, top) = (numerator * scale, denominator * scale, log_weight);
        }
        let weight = (log_weight - top).exp();
        // centred at the limit, so that the control is the numerator itself
        numerator += weight * (square(z + point.a) - limit);
        denominator += weight;
    }
    let control = if controlled { (top - log_mean).exp() / count * numerator } else { 0.0 };
    limit + numerator / denominator - control + point.tau2
}

/// Losses under the tilts by $w$ and by $w^2$ from one normal: means $F_1 = g_\infty$ and $F_2$. One position.
pub fn infinite_draw(point: &Reduced, t: f64, stream: &mut Stream) -> (f64, f64) {
    let z = stream.normal();
    let loss = |t: f64| square(point.a - point.b / (1.0 + t) + z * (t / (1.0 + t)).sqrt()) + point.tau2;
    (loss(t), loss(0.5 * t))
}

/// Draws of the average over inputs.
///
/// At temperature 0 an average over $b \sim N(0,Q)$ with $Q > \frac14$ has its variance carried by $|b|$ near $\sqrt{2\ln k}$, so $b$ is
/// drawn from an equal mixture of $N(0,Q)$ and the uniform law on $|b| \le \sqrt{2\ln k}+4$, and the loss is weighted.
#[derive(Clone, Debug)]
pub struct AverageDraws {
    law: BiasLaw,
    t: f64,
    k: Candidates,
    reach: f64,
}

impl AverageDraws {
    /// Prepares the draws of $E_x\,\delta(x; k, T)$.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `temp`; [`Error::TooLarge`] if `k` must be drawn one by one (`temp` > 0) and cannot.
    pub fn new(law: &BiasLaw, temp: f64, k: Candidates) -> Result<Self> {
        let t = reduced_temperature(temp, law.s2)?;
        if t > 0.0 {
            simulated_candidates(k)?;
        }
        Ok(AverageDraws { law: *law, t, k, reach: (2.0 * k.ln()).sqrt() + 4.0 })
    }

    /// One draw, in units of $y^2$.
    pub fn draw(&self, stream: &mut Stream) -> f64 {
        let q = self.law.reward_variance();
        if self.t > 0.0 || q == 0.0 {
            let point = self.law.at(q.sqrt() * stream.normal());
            let loss = match self.t {
                0.0 => best_of_inverse(&point, self.k, stream),
                t => softmax_draw(&point, t, self.k.value() as u64, stream),
            };
            return self.law.s2 * loss;
        }
        let normal = stream.uniform() < 0.5;
        let b = if normal { q.sqrt() * stream.normal() } else { self.reach * (2.0 * stream.uniform() - 1.0) };
        let density = (-0.5 * b * (b / q)).exp() / (2.0 * std::f64::consts::PI * q).sqrt();
        let uniform = if b.abs() <= self.reach { 0.5 / self.reach } else { 0.0 };
        let weight = density / (0.5 * density + 0.5 * uniform);
        self.law.s2 * weight * best_of_inverse(&self.law.at(b), self.k, stream)
    }
}

/// The mean of correct over `k` outcomes, weighted by the softmax of their scores (the best ones at `temp` 0); `categorical` draws
/// the levels of the judge. `k` positions.
pub fn discrete_draw(judge: &DiscreteJudge, categorical: &Categorical, k: u64, temp: f64, stream: &mut Stream) -> f64 {
    let (mut top, mut numerator, mut denominator) = (f64::NEG_INFINITY, 0.0, 0.0);
    for _ in 0..k {
        let level = judge.levels()[categorical.draw(stream)];
        if level.score > top {
            let scale = relative(top - level.score, temp);
            (numerator, denominator, top) = (numerator * scale, denominator * scale, level.score);
        }
        let weight = relative(level.score - top, temp);
        numerator += weight * level.correct;
        denominator += weight;
    }
    numerator / denominator
}

/// $e^{d/T}$ for $d \le 0$, at temperature 0 its limit.
fn relative(difference: f64, temp: f64) -> f64 {
    if difference == 0.0 { 1.0 } else { (difference / temp).exp() }
}

fn square(x: f64) -> f64 {
    x * x
}

#[cfg(test)]
mod tests {
    use super::super::average::average;
    use super::super::best_of_k::best_of_k;
    use super::super::softmax::softmax;
    use super::*;
    use crate::sampling::{Address, Moments};

    fn k(k: u64) -> Candidates {
        Candidates::new(k).unwrap()
    }

    /// Mean and standard error of `count` draws; |z| < 5.5 is exceeded once in 3e7.
    fn check(name: &str, count: u64, exact: f64, draw: impl Fn(&mut Stream) -> f64) -> f64 {
        let address = Address::new(1, "judge/sampling", name);
        let mut moments = Moments::new();
        (0..count).for_each(|i| moments.add(draw(&mut address.stream(i))));
        let z = (moments.mean() - exact) / moments.standard_error();
        assert!(z.abs() < 5.5, "{name}: {} against {exact}, z = {z}", moments.mean());
        moments.standard_error() * (count as f64).sqrt()
    }

    #[test]
    fn means_are_the_exact_errors() {
        for (a, b) in [(0.3, -1.0), (0.5, 0.5), (0.0, 3.0)] {
            let point = Reduced::new(a, b).unwrap().with_hidden_variance(0.2).unwrap();
            for count in [1, 2, 9] {
                let exact = best_of_k(&point, k(count));
                check(&format!("plain {a} {b} {count}"), 20_000, exact, |s| best_of_plain(&point, count, s));
                check(&format!("inverse {a} {b} {count}"), 20_000, exact, |s| best_of_inverse(&point, k(count), s));
                for t in [0.2, 3.0] {
                    let exact = softmax(&point, t, k(count)).unwrap();
                    check(&format!("softmax {a} {b} {count} {t}"), 20_000, exact, |s| {
                        softmax_draw(&point, t, count, s)
                    });
                }
            }
            // the teacher's reward, whose error is all excess over its limit 0
            let teacher = Reduced::new(b, b).unwrap();
            let exact = best_of_k(&teacher, k(1_000_000_000));
            check(&format!("inverse {b} far"), 20_000, exact, |s| best_of_inverse(&teacher, k(1_000_000_000), s));
        }
    }

    #[test]
    fn deviations_are_those_of_the_specification() {
        let point = Reduced::new(0.3, -1.0).unwrap();
        for (count, deviation) in [(10, 0.094), (1000, 8.8e-4)] {
            let exact = softmax(&point, 1.0, k(count)).unwrap();
            let found = check(&format!("deviation {count}"), 4000, exact, |s| softmax_draw(&point, 1.0, count, s));
            assert!((found / deviation - 1.0).abs() < 0.15, "{count}: {found}");
        }
        let teacher = Reduced::new(0.4, 0.4).unwrap();
        let exact = best_of_k(&teacher, k(100_000));
        let found = check("deviation of the nearest", 100_000, exact, |s| best_of_inverse(&teacher, k(100_000), s));
        assert!((found / exact / 5f64.sqrt() - 1.0).abs() < 0.05, "{}", found / exact);
    }

    #[test]
    fn averages() {
        for (v, temp, count) in [
            ((0.1, 0.2, 0.9), 4.0, 3),
            ((0.1, 0.2, 0.9), 0.0, 4),
            ((9.0, 6.0, 9.0), 0.0, 20),
            ((0.3, 0.0, 0.0), 0.0, 5),
            ((0.3, 0.0, 0.0), 1.0, 5),
        ] {
            let law = BiasLaw::new(v.0, v.1, v.2, 1.0).unwrap();
            let draws = AverageDraws::new(&law, temp, k(count)).unwrap();
            check(&format!("average {v:?} {temp}"), 20_000, average(&law, temp, k(count)).unwrap(), |s| draws.draw(s));
        }
        // the mixture keeps the variance finite where rho > 1/4
        let hard = BiasLaw::new(0.8, 0.8, 0.8, 1.0).unwrap();
        let many = Candidates::from_log(30.0).unwrap();
        let draws = AverageDraws::new(&hard, 0.0, many).unwrap();
        let exact = average(&hard, 0.0, many).unwrap();
        let deviation = check("average of the slow regime", 20_000, exact, |s| draws.draw(s));
        assert!(deviation < 20.0 * exact, "{}", deviation / exact);
    }

    #[test]
    fn discrete_judges() {
        let judge = DiscreteJudge::new(&[0.3, 0.3, 0.4], &[9.0, 9.0, 2.0], &[1.0, 0.0, 1.0]).unwrap();
        let levels = Categorical::new(&judge.levels().iter().map(|l| l.mass).collect::<Vec<_>>()).unwrap();
        for temp in [0.0, 3.0] {
            let exact = judge.accuracy(k(3), temp).unwrap();
            check(&format!("discrete {temp}"), 20_000, exact, |s| discrete_draw(&judge, &levels, 3, temp, s));
        }
    }

    #[test]
    fn too_many_to_draw() {
        assert_eq!(simulated_candidates(k(SIMULATED_CANDIDATES + 1)).unwrap_err().kind(), "too_large");
        assert_eq!(simulated_candidates(k(7)).unwrap(), 7);
    }
}
