//! Averages: over inputs, and over the answers of a discrete judge.

use super::{Delta, Number, hot};
use crate::judge::average::average;
use crate::judge::discrete::DiscreteJudge;
use crate::judge::high_temperature::average_high_temperature;
use crate::judge::infinite::average_infinite;
use crate::judge::model::{BiasLaw, Candidates, reduced_temperature};
use crate::judge::sampling::{AverageDraws, discrete_draw, simulated_candidates};
use crate::judge::tails::{AverageTail, average_tail};
use crate::lab::{Count, Estimate, Quantity, Sampling};
use crate::sampling::Categorical;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AverageInput {
    /// Variance of the bias from the teacher.
    v_tt: f64,
    /// Covariance of the two biases.
    v_tr: f64,
    /// Variance of the bias from the judge's answer.
    v_rr: f64,
    /// Predictive variance > 0.
    s2: f64,
    /// Temperature >= 0; 0 is best of k.
    temp: f64,
    /// Number of candidates, or `"inf"` where temp > 0.
    k: Number,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TailInput {
    /// Variance of the bias from the teacher over the predictive variance, > 0.
    rho: f64,
    /// Predictive variance > 0.
    s2: f64,
    /// Natural logarithm of the number of candidates, > 0 (> ln 2 if rho > 1/2).
    log_k: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DiscreteInput {
    /// Probabilities of the outcomes.
    p: Vec<f64>,
    /// Their scores.
    score: Vec<f64>,
    /// Their probabilities of being correct.
    correct: Vec<f64>,
    /// Number of candidates.
    k: Count,
    /// Temperature >= 0 in units of score; 0 takes the best, ties at random.
    temp: f64,
}

#[derive(Serialize, JsonSchema)]
struct Accuracy {
    /// Probability that the chosen answer is correct.
    accuracy: f64,
}

/// Why infinitely many candidates are refused at temperature 0.
const LIMITS: &str = "at temp = 0: the limits of k and temp do not commute";

impl AverageInput {
    fn law(&self) -> Result<BiasLaw> {
        BiasLaw::new(self.v_tt, self.v_tr, self.v_rr, self.s2)
    }
}

fn exact_average(input: AverageInput) -> Result<Delta> {
    let law = input.law()?;
    let t = reduced_temperature(input.temp, law.s2)?;
    let delta = match input.k {
        Number::Infinite if t > 0.0 => average_infinite(&law, input.temp)?,
        k => average(&law, input.temp, k.finite(LIMITS)?)?,
    };
    Ok(Delta { delta })
}

/// The high-temperature expansion, or the tail of the teacher's reward at temperature 0.
fn asymptotic_average(input: AverageInput) -> Result<Delta> {
    let law = input.law()?;
    if reduced_temperature(input.temp, law.s2)? > 0.0 {
        let k = match input.k {
            Number::Infinite => Candidates::from_log(1e4)?, // 1/k is 0
            k => k.finite("")?,
        };
        return Ok(Delta { delta: average_high_temperature(&law, input.temp, k)?.order3 });
    }
    let k = input.k.finite(LIMITS)?;
    if law.v_tt != law.v_rr || law.v_tt != law.v_tr {
        return Err(Error::invalid(
            "v_rr",
            law.v_rr,
            "v_tt = v_tr = v_rr, the teacher's reward, for the tail at temp = 0",
        ));
    }
    if k.is_one() {
        return Ok(Delta { delta: law.v_tt + law.s2 });
    }
    let tail = average_tail(law.difficulty(), law.s2, k.ln()).map_err(|error| error.in_field("log_k", "k"))?;
    Ok(Delta { delta: tail.leading })
}

fn simulate_average(input: AverageInput, sampling: &Sampling) -> Result<Estimate<Delta>> {
    let draws = AverageDraws::new(&input.law()?, input.temp, input.k.finite("to be drawn")?)?;
    let moments = sampling.moments(1, |stream, numbers| numbers[0] = draws.draw(stream))?;
    Ok(Estimate {
        output: Delta { delta: moments.means()[0] },
        stderr: Delta { delta: moments.standard_errors()[0] },
        samples: sampling.samples,
    })
}

fn simulate_discrete(input: DiscreteInput, sampling: &Sampling) -> Result<Estimate<Accuracy>> {
    let judge = DiscreteJudge::new(&input.p, &input.score, &input.correct)?;
    reduced_temperature(input.temp, 1.0)?;
    let k = simulated_candidates(Candidates::new(input.k.0)?)?;
    let levels = Categorical::new(&judge.levels().iter().map(|level| level.mass).collect::<Vec<_>>())?;
    let moments =
        sampling.moments(1, |stream, numbers| numbers[0] = discrete_draw(&judge, &levels, k, input.temp, stream))?;
    Ok(Estimate {
        output: Accuracy { accuracy: moments.means()[0] },
        stderr: Accuracy { accuracy: moments.standard_errors()[0] },
        samples: sampling.samples,
    })
}

pub(super) fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<AverageInput, Delta>("judge.delta_x", "error of selection averaged over inputs", |draw| {
            let (v_tt, v_rr) = (draw.log_uniform(0.01, 0.5), draw.log_uniform(0.02, 1.0));
            let teacher = draw.chance(0.2);
            let v_tr = draw.uniform(-1.0, 1.0) * (v_tt * v_rr).sqrt();
            let (v_tr, v_rr) = if teacher { (v_tt, v_tt) } else { (v_tr, v_rr) };
            let s2 = draw.log_uniform(0.5, 2.0);
            let temp = if draw.chance(0.6) { 0.0 } else { 2.0 * s2 * draw.log_uniform(2.0, 50.0) };
            let infinite = temp > 0.0 && draw.chance(0.3);
            let k = if infinite { Number::Infinite } else { Number::Finite(draw.count(1, 20)) };
            AverageInput { v_tt, v_tr, v_rr, s2, temp, k }
        })
        .exact::<AverageInput, Delta>(1e-13, exact_average)
        .asymptotic::<AverageInput, Delta>(
            "O(t^-4) in t = temp/2s^2; at temp = 0 o(1) relative, teacher's reward",
            asymptotic_average,
        )
        .in_the_limit::<AverageInput>(
            |draw, step| {
                let (v_tt, v_rr, s2) = (draw.uniform(0.0, 1.0), draw.uniform(0.0, 1.0), draw.log_uniform(0.5, 2.0));
                let v_tr = draw.uniform(-1.0, 1.0) * (v_tt * v_rr).sqrt();
                let k = if draw.chance(0.3) { Number::Infinite } else { Number::Finite(draw.count(2, 30)) };
                AverageInput { v_tt, v_tr, v_rr, s2, temp: 2.0 * s2 * hot(step), k }
            },
            |i, _| {
                let spread = (1.0 + i.v_tt / i.s2) * (1.0 + i.v_rr / i.s2).powi(4);
                2.0 * i.s2 * spread * (i.temp / (2.0 * i.s2)).powi(-4)
            },
        )
        .monte_carlo::<AverageInput, Delta>(simulate_average),
        Quantity::new::<TailInput, AverageTail>(
            "judge.bok_x_tail",
            "decay of best of k averaged over inputs: regime, exponent, leading term",
            |draw| TailInput {
                rho: if draw.chance(0.1) { 0.5 } else { draw.log_uniform(0.05, 5.0) },
                s2: draw.log_uniform(0.1, 10.0),
                log_k: draw.log_uniform(0.8, 200.0),
            },
        )
        .exact::<TailInput, AverageTail>(1e-12, |i| average_tail(i.rho, i.s2, i.log_k)),
        Quantity::new::<DiscreteInput, Accuracy>(
            "judge.discrete",
            "accuracy of softmax or best-of-k selection by scores, the stand-in for a language model as judge",
            |draw| {
                let n = draw.count(1, 6) as usize;
                let p = draw.law(n);
                let score = draw.rewards(n);
                let correct =
                    (0..n).map(|_| if draw.chance(0.5) { draw.count(0, 1) as f64 } else { draw.uniform(0.0, 1.0) });
                let correct = correct.collect();
                let temp = if draw.chance(0.3) { 0.0 } else { draw.log_uniform(0.05, 20.0) };
                DiscreteInput { p, score, correct, k: Count(draw.count(1, 30)), temp }
            },
        )
        .exact::<DiscreteInput, Accuracy>(1e-13, |i| {
            let judge = DiscreteJudge::new(&i.p, &i.score, &i.correct)?;
            Ok(Accuracy { accuracy: judge.accuracy(Candidates::new(i.k.0)?, i.temp)? })
        })
        .monte_carlo::<DiscreteInput, Accuracy>(simulate_discrete),
    ]
}
