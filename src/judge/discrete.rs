//! The discrete judge (A6): answers of finitely many scores and qualities, the stand-in for a language model as a judge.
//!
//! An answer has score $s$ and is correct with probability $c$; of $k$ answers one is chosen with probability proportional to
//! $e^{s/T}$, or the best score with ties at random. Its accuracy is, with $w = e^{(s - s_{\max})/T}$ and $v = \ln u$,
//! $$k\int_{-\infty}^\infty E\big[c\,uw\,e^{-uw}\big]\,\big(E\,e^{-uw}\big)^{k-1}dv, \qquad T = 0:\ \sum_s \big(F(s)^k - F(s^-)^k\big)\,E[c\mid s].$$
//!
//! The trapezoid rule of step $\frac14$ has relative error $1.8\cdot10^{-16}$ for every law, $k$, $T$ (see
//! [`softmax`](super::softmax)); a score acts only where $v + \ln w$ is moderate, and the grid walks through these windows from the top
//! score down, anchored at a score, so that $s/T$ of any size costs no digits. Cost $G\,(200 + 4\ln k)$ times the scores within
//! reach, at most $G$ = number of distinct scores. Derived.

use super::model::{Candidates, check_finite, reduced_temperature};
use crate::numerics::special::normal_cdf;
use crate::numerics::sum::{Sum, sum};
use crate::{Error, Result};

/// A law of (score, correct) by distinct scores, ascending.
///
/// ```
/// use tilt::judge::{discrete::DiscreteJudge, model::Candidates};
/// let judge = DiscreteJudge::new(&[0.3, 0.3, 0.4], &[9.0, 9.0, 2.0], &[1.0, 0.0, 1.0])?;
/// let three = Candidates::new(3)?;
/// assert!((judge.accuracy(three, 0.0)? - 0.532).abs() < 1e-15);
/// assert!((judge.accuracy(three, 3.0)? - 0.5653799841485221).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DiscreteJudge {
    levels: Vec<Level>,
}

/// A distinct score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The score.
    pub score: f64,
    /// Its probability, above 0.
    pub mass: f64,
    /// Probability of a correct answer given the score.
    pub correct: f64,
}

/// Step of the trapezoid rule in $v$.
const STEP: f64 = 0.25;
/// A window ends here: $e^{-e^{4.75}} = 10^{-50}$.
const WINDOW_END: f64 = 4.75;

impl DiscreteJudge {
    /// The law of outcomes with probabilities `p`, scores and probabilities of being correct.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `p` (non-empty, >= 0, sum 1 to $10^{-9}$, then normalised), `score` (finite) or `correct`
    /// (in [0, 1]), or their lengths.
    pub fn new(p: &[f64], score: &[f64], correct: &[f64]) -> Result<Self> {
        if p.is_empty() {
            return Err(Error::invalid("p", "empty", "at least one outcome"));
        }
        for (field, x) in [("score", score), ("correct", correct)] {
            if x.len() != p.len() {
                return Err(Error::invalid(
                    field,
                    format!("of length {}", x.len()),
                    format!("{} entries, as p", p.len()),
                ));
            }
        }
        for i in 0..p.len() {
            if !(p[i].is_finite() && p[i] >= 0.0) {
                return Err(Error::invalid(format!("p[{i}]"), p[i], "a probability >= 0"));
            }
            check_finite(&format!("score[{i}]"), score[i])?;
            if !(0.0..=1.0).contains(&correct[i]) {
                return Err(Error::invalid(format!("correct[{i}]"), correct[i], "a probability between 0 and 1"));
            }
        }
        let total = sum(p.iter().copied());
        if (total - 1.0).abs() > 1e-9 {
            return Err(Error::invalid("p", format!("of sum {total}"), "probabilities that sum to 1"));
        }
        let mut order: Vec<usize> = (0..p.len()).filter(|&i| p[i] > 0.0).collect();
        order.sort_by(|&i, &j| score[i].total_cmp(&score[j]));
        let mut levels = Vec::new();
        for group in order.chunk_by(|&i, &j| score[i] == score[j]) {
            let mass = sum(group.iter().map(|&i| p[i]));
            let correct = sum(group.iter().map(|&i| p[i] * correct[i])) / mass;
            levels.push(Level { score: score[group[0]], mass: mass / total, correct: correct.min(1.0) });
        }
        Ok(DiscreteJudge { levels })
    }

    /// The distinct scores, ascending.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// The same answers judged with Gaussian noise of this `deviation` on the score, clipped to [`low`, `high`]: the score falls
    /// into `cells` cells of equal width, represented by their middles, or onto one of the ends.
    ///
    /// The masses are exact; cells stand for the continuous score within $O(\mathtt{cells}^{-2})$.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `deviation` (>= 0), `low`, `high` (low < high) or `cells` (1 to $10^6$).
    pub fn with_noise(&self, deviation: f64, low: f64, high: f64, cells: usize) -> Result<Self> {
        if !(deviation.is_finite() && deviation >= 0.0) {
            return Err(Error::invalid("deviation", deviation, "a finite number >= 0"));
        }
        check_finite("low", low)?;
        if !(high.is_finite() && high > low) {
            return Err(Error::invalid("high", high, "a finite number above low"));
        }
        if cells == 0 || cells > 1_000_000 {
            return Err(Error::invalid("cells", cells, "from 1 to 1000000"));
        }
        let width = (high - low) / cells as f64;
        let edge = |i: usize| if i == cells { high } else { low + width * i as f64 };
        // the ends and the cells between them: scores, and the interval of unclipped scores
        let mut scores = vec![(low, f64::NEG_INFINITY, low)];
        scores.extend((0..cells).map(|i| (0.5 * (edge(i) + edge(i + 1)), edge(i), edge(i + 1))));
        scores.push((high, high, f64::INFINITY));
        let (mut p, mut score, mut correct) = (Vec::new(), Vec::new(), Vec::new());
        if deviation == 0.0 {
            for level in &self.levels {
                p.push(level.mass);
                score.push(level.score.clamp(low, high));
                correct.push(level.correct);
            }
        } else {
            for (middle, from, to) in scores {
                let share = |level: &Level| {
                    level.mass * between((from - level.score) / deviation, (to - level.score) / deviation)
                };
                let mass = sum(self.levels.iter().map(share));
                if mass > 0.0 {
                    p.push(mass);
                    score.push(middle);
                    correct.push((sum(self.levels.iter().map(|level| share(level) * level.correct)) / mass).min(1.0));
                }
            }
        }
        DiscreteJudge::new(&p, &score, &correct)
    }

    /// The probability that the chosen one of `k` answers is correct.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `temp` (>= 0).
    pub fn accuracy(&self, k: Candidates, temp: f64) -> Result<f64> {
        reduced_temperature(temp, 1.0)?;
        let base = || sum(self.levels.iter().map(|level| level.mass * level.correct));
        let accuracy = if k.is_one() || self.levels.len() == 1 {
            base()
        } else if temp == 0.0 {
            self.best_of(k)
        } else {
            self.softmax(k, temp)
        };
        Ok(accuracy.clamp(0.0, 1.0))
    }

    fn best_of(&self, k: Candidates) -> f64 {
        // ln F from the survival above, so that both ends keep their digits
        let mut above = Sum::new();
        let mut total = Sum::new();
        for level in self.levels.iter().rev() {
            let survival = above.value();
            above.add(level.mass);
            // k candidates are all at or below this score; less those where they are all below
            let here = scaled(k, -(-survival).ln_1p());
            let share = (1.0 - survival).max(level.mass);
            let fall = scaled(k, -(-(level.mass / share).min(1.0)).ln_1p());
            total.add((-here).exp() * -(-fall).exp_m1() * level.correct);
        }
        total.value()
    }

    fn softmax(&self, k: Candidates, temp: f64) -> f64 {
        let count = self.levels.len();
        let offset = |i: usize, j: usize| {
            // (s_i - s_j)/T, infinite rather than NaN where the difference overflows
            let difference = (self.levels[i].score - self.levels[j].score) / temp;
            if difference.is_nan() {
                2.0 * ((0.5 * self.levels[i].score - 0.5 * self.levels[j].score) / temp)
            } else {
                difference
            }
        };
        let reach = 42.0 + k.ln().min(700.0);
        let mut total = Sum::new();
        let mut anchor = count - 1;
        loop {
            // The windows of the scores that overlap with that of the anchor, in v measured from it.
            let (mut lowest, mut end) = (anchor, WINDOW_END);
            while lowest > 0 && offset(anchor, lowest - 1) - reach <= end {
                lowest -= 1;
                end = offset(anchor, lowest) + WINDOW_END;
            }
            let mut v = -(reach / STEP).ceil() * STEP;
            while v <= end {
                total.add(self.integrand(k, |i| v + offset(i, anchor)));
                v += STEP;
            }
            if lowest == 0 {
                return STEP * total.value();
            }
            anchor = lowest - 1;
        }
    }

    /// $k\,E[c\,x e^{-x}]\,(E e^{-x})^{k-1}$ with $x = uw$ of a score given by its logarithm.
    fn integrand(&self, k: Candidates, log_x: impl Fn(usize) -> f64) -> f64 {
        let (mut kept, mut lost, mut weighted) = (0.0, 0.0, 0.0);
        for (i, level) in self.levels.iter().enumerate() {
            let log_x = log_x(i);
            if log_x > 7.0 {
                lost += level.mass;
                continue;
            }
            let x = log_x.exp();
            let rest = (-x).exp();
            kept += level.mass * rest;
            lost -= level.mass * (-x).exp_m1();
            weighted += level.correct * level.mass * x * rest;
        }
        if weighted == 0.0 {
            return 0.0;
        }
        let hazard = if lost < 0.5 { -(-lost).ln_1p() } else { -kept.ln() };
        let fallen = if hazard > 0.0 { (k.ln_less_one() + hazard.ln()).exp() } else { 0.0 };
        if k.ln() < 600.0 { k.value() * weighted * (-fallen).exp() } else { (k.ln() + weighted.ln() - fallen).exp() }
    }
}

/// $k\,h$ for a hazard $h \ge 0$, 0 and infinity included.
fn scaled(k: Candidates, hazard: f64) -> f64 {
    if hazard > 0.0 { (k.ln() + hazard.ln()).exp() } else { 0.0 }
}

/// $\Phi(b) - \Phi(a)$ for $a \le b$, from the nearer tail.
fn between(a: f64, b: f64) -> f64 {
    if a > 0.0 { normal_cdf(-a) - normal_cdf(-b) } else { normal_cdf(b) - normal_cdf(a) }.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn k(k: u64) -> Candidates {
        Candidates::new(k).unwrap()
    }

    /// By enumeration of all ordered choices.
    fn enumerate(p: &[f64], score: &[f64], correct: &[f64], k: usize, temp: f64) -> f64 {
        let mut total = Sum::new();
        for code in 0..p.len().pow(k as u32) {
            let chosen: Vec<usize> = (0..k).map(|j| code / p.len().pow(j as u32) % p.len()).collect();
            let probability: f64 = chosen.iter().map(|&i| p[i]).product();
            let top = chosen.iter().map(|&i| score[i]).fold(f64::NEG_INFINITY, f64::max);
            let weight = |i: usize| {
                if temp == 0.0 { f64::from(u8::from(score[i] == top)) } else { ((score[i] - top) / temp).exp() }
            };
            let (mut num, mut den) = (0.0, 0.0);
            for &i in &chosen {
                num += weight(i) * correct[i];
                den += weight(i);
            }
            total.add(probability * num / den);
        }
        total.value()
    }

    #[test]
    fn enumeration_agrees() {
        let (p, score, correct) = ([0.1, 0.25, 0.05, 0.4, 0.2], [3.0, 7.0, 7.0, -1.0, 9.5], [0.2, 0.9, 0.1, 0.6, 0.4]);
        let judge = DiscreteJudge::new(&p, &score, &correct).unwrap();
        assert_eq!(judge.levels().len(), 4);
        for count in 1..=6 {
            for temp in [0.0, 1e-3, 0.3, 2.0, 50.0, 1e9] {
                let (found, wanted) =
                    (judge.accuracy(k(count), temp).unwrap(), enumerate(&p, &score, &correct, count as usize, temp));
                assert!((found / wanted - 1.0).abs() < 4e-15, "{count} {temp}: {found} {wanted}");
            }
        }
    }

    #[test]
    fn extremes() {
        // A top score of probability 1e-12 among 1e12 candidates: present with probability 1 - 1/e.
        let judge = DiscreteJudge::new(&[1e-12, 1.0 - 1e-12], &[1.0, 0.0], &[1.0, 0.0]).unwrap();
        let wanted = -(1e12 * (-1e-12f64).ln_1p()).exp_m1();
        for temp in [0.0, 1e-2, 1e-150] {
            let found = judge.accuracy(k(1_000_000_000_000), temp).unwrap();
            // at temperature 0.01 the e^{-100} 1e12 of the others is nothing beside it
            assert!((found / wanted - 1.0).abs() < 1e-14, "{temp}: {found} {wanted}");
        }
        // Right only at the lower score: F^k = 1e-300, or the softmax weight where that is larger.
        let judge = DiscreteJudge::new(&[0.9, 0.1], &[1e300, -1e300], &[0.0, 1.0]).unwrap();
        assert!((judge.accuracy(k(300), 1.0).unwrap() / 1e-300 - 1.0).abs() < 1e-12);
        let near = DiscreteJudge::new(&[0.9, 0.1], &[100.0, 0.0], &[0.0, 1.0]).unwrap();
        let found = near.accuracy(k(1000), 1.0).unwrap();
        // E[n_low/n_high] e^{-100} with n_high ~ 900
        let ratio = 0.1 / 0.9 * (1.0 + 1e-3 * (0.1 / 0.9 + 1.0 / 9.0));
        assert!((found / ((-100f64).exp() * ratio) - 1.0).abs() < 1e-3, "{found:e}");
        for log_k in [1e3, 1e6] {
            let at = near.accuracy(Candidates::from_log(log_k).unwrap(), 0.0).unwrap();
            assert_eq!(at, 0.0);
            assert!(near.accuracy(Candidates::from_log(log_k).unwrap(), 1.0).unwrap().is_finite());
        }
    }

    #[test]
    fn noise() {
        let judge = DiscreteJudge::new(&[0.5, 0.3, 0.2], &[8.0, 5.0, 12.0], &[0.9, 0.3, 0.5]).unwrap();
        let clipped = judge.with_noise(0.0, 0.0, 10.0, 10).unwrap();
        assert_eq!(clipped.levels().iter().map(|l| l.score).collect::<Vec<_>>(), [5.0, 8.0, 10.0]);
        let base: f64 = 0.5 * 0.9 + 0.3 * 0.3 + 0.2 * 0.5;
        let at =
            |cells: usize, temp: f64| judge.with_noise(2.5, 0.0, 10.0, cells).unwrap().accuracy(k(8), temp).unwrap();
        for temp in [0.0, 1.0] {
            let (coarse, middle, fine) = (at(100, temp), at(200, temp), at(400, temp));
            assert!(((coarse - middle) / (middle - fine) - 4.0).abs() < 0.3, "{temp}: {coarse} {middle} {fine}");
        }
        // noise of any size keeps the accuracy of one answer
        let one = judge.with_noise(100.0, 0.0, 10.0, 50).unwrap().accuracy(k(1), 0.0).unwrap();
        assert!((one - base).abs() < 1e-14);
    }

    #[test]
    fn bad_input() {
        for (bad, field) in [
            (DiscreteJudge::new(&[], &[], &[]), "p"),
            (DiscreteJudge::new(&[0.5, 0.4], &[1.0, 2.0], &[0.0, 0.0]), "p"),
            (DiscreteJudge::new(&[1.5, -0.5], &[1.0, 2.0], &[0.0, 0.0]), "p[1]"),
            (DiscreteJudge::new(&[1.0], &[f64::NAN], &[0.0]), "score[0]"),
            (DiscreteJudge::new(&[1.0], &[1.0], &[1.1]), "correct[0]"),
            (DiscreteJudge::new(&[1.0], &[1.0, 2.0], &[1.0]), "score"),
        ] {
            assert!(bad.unwrap_err().to_string().starts_with(field), "{field}");
        }
        let judge = DiscreteJudge::new(&[1.0], &[1.0], &[1.0]).unwrap();
        assert!(judge.accuracy(k(2), -1.0).is_err() && judge.with_noise(-1.0, 0.0, 1.0, 2).is_err());
    }
}
