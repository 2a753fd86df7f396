//! Selection at a point: best of $k$, softmax, their limits and optima.

use super::{Delta, hot};
use crate::judge::best_of_k::best_of_k;
use crate::judge::high_temperature::{Expansion, ExpansionOptima, expansion_optima, high_temperature};
use crate::judge::infinite::{SoftmaxInfinite, at_infinity, log_mean_weight};
use crate::judge::model::{Candidates, Point, positive_temperature};
use crate::judge::optimal::{OptimalInfinite, optimal_infinite};
use crate::judge::sampling::{best_of_inverse, best_of_plain, infinite_draw, simulated_candidates, softmax_draw};
use crate::judge::softmax::delta;
use crate::judge::tails::{BestOfTail, best_of_tail};
use crate::lab::{Count, Estimate, Instances, Quantity, Sampling};
use crate::sampling::Stream;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BestOfInput {
    /// Predictive mean.
    m: f64,
    /// Predictive deviation > 0.
    s: f64,
    /// The teacher's answer, without noise.
    y_t: f64,
    /// The answer that the judge prefers.
    y_r: f64,
    /// Number of candidates.
    k: Count,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SoftmaxInput {
    /// Predictive mean.
    m: f64,
    /// Predictive deviation > 0.
    s: f64,
    /// The teacher's answer, without noise.
    y_t: f64,
    /// The answer that the judge prefers.
    y_r: f64,
    /// Number of candidates.
    k: Count,
    /// Temperature >= 0; 0 is best of k.
    temp: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LimitInput {
    /// Predictive mean.
    m: f64,
    /// Predictive deviation > 0.
    s: f64,
    /// The teacher's answer, without noise.
    y_t: f64,
    /// The answer that the judge prefers.
    y_r: f64,
    /// Temperature > 0.
    temp: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TailInput {
    /// Predictive mean.
    m: f64,
    /// Predictive deviation > 0.
    s: f64,
    /// The teacher's answer, without noise.
    y_t: f64,
    /// The answer that the judge prefers.
    y_r: f64,
}

impl BestOfInput {
    fn point(&self) -> Result<Point> {
        Point::new(self.m, self.s, self.y_t, self.y_r)
    }
}

impl SoftmaxInput {
    fn point(&self) -> Result<Point> {
        Point::new(self.m, self.s, self.y_t, self.y_r)
    }
}

impl LimitInput {
    fn point(&self) -> Result<Point> {
        Point::new(self.m, self.s, self.y_t, self.y_r)
    }
}

/// A random point, in units of any size.
fn random_point(draw: &mut Instances) -> TailInput {
    let (unit, s) = (draw.pick(&[1.0, 1.0, 1e-4, 1e6]), draw.log_uniform(0.3, 3.0));
    let mut at = |size: f64| unit * draw.uniform(-size, size);
    TailInput { m: at(1.0), s: unit * s, y_t: at(1.5), y_r: at(3.0) }
}

fn random_softmax(draw: &mut Instances) -> SoftmaxInput {
    let TailInput { m, s, y_t, y_r } = random_point(draw);
    let temp = if draw.chance(0.2) { 0.0 } else { 2.0 * s * s * draw.log_uniform(0.1, 50.0) };
    SoftmaxInput { m, s, y_t, y_r, k: Count(draw.count(1, 30)), temp }
}

/// A point within one deviation of the teacher's and the judge's answers: constants of expansions are of order one there.
fn near_point(draw: &mut Instances) -> TailInput {
    let (s, a, b) = (draw.log_uniform(0.5, 2.0), draw.uniform(-1.0, 1.0), draw.uniform(-1.0, 1.0));
    TailInput { m: 0.0, s, y_t: -a * s, y_r: -b * s }
}

fn random_limit(draw: &mut Instances) -> LimitInput {
    let TailInput { m, s, y_t, y_r } = random_point(draw);
    LimitInput { m, s, y_t, y_r, temp: 2.0 * s * s * draw.log_uniform(0.1, 50.0) }
}

/// The mean of one number a draw, in units of $s^2$, as an error in units of $y^2$.
fn simulate(point: &Point, sampling: &Sampling, draw: impl Fn(&mut Stream) -> f64 + Sync) -> Result<Estimate<Delta>> {
    let moments = sampling.moments(1, |stream, numbers| numbers[0] = draw(stream))?;
    let scaled = |x: &[f64]| Delta { delta: point.variance() * x[0] };
    Ok(Estimate {
        output: scaled(moments.means()),
        stderr: scaled(&moments.standard_errors()),
        samples: sampling.samples,
    })
}

/// Up to this many candidates, best of $k$ is simulated by drawing them, which shares nothing with the exact route.
const DRAWN: u64 = 64;

fn simulate_best_of(point: &Point, k: u64, sampling: &Sampling) -> Result<Estimate<Delta>> {
    let (reduced, candidates) = (point.reduced(), Candidates::new(k)?);
    if k <= DRAWN {
        simulate(point, sampling, |stream| best_of_plain(&reduced, k, stream))
    } else {
        simulate(point, sampling, |stream| best_of_inverse(&reduced, candidates, stream))
    }
}

fn simulate_softmax(input: SoftmaxInput, sampling: &Sampling) -> Result<Estimate<Delta>> {
    let point = input.point()?;
    let t = point.temperature(input.temp)?;
    if t == 0.0 {
        return simulate_best_of(&point, input.k.0, sampling);
    }
    let k = simulated_candidates(Candidates::new(input.k.0)?)?;
    let reduced = point.reduced();
    simulate(&point, sampling, |stream| softmax_draw(&reduced, t, k, stream))
}

fn simulate_infinite(input: LimitInput, sampling: &Sampling) -> Result<Estimate<SoftmaxInfinite>> {
    let point = input.point()?;
    let t = positive_temperature(input.temp, point.variance())?;
    let (reduced, s2) = (point.reduced(), point.variance());
    let spread = (log_mean_weight(reduced.b, t, 2.0) - 2.0 * log_mean_weight(reduced.b, t, 1.0)).exp();
    if !spread.is_finite() {
        return Err(Error::invalid("y_r", input.y_r, "a reward at which E w^2/(E w)^2 is a double, to simulate"));
    }
    let moments = sampling.moments(2, |stream, numbers| {
        let (first, second) = infinite_draw(&reduced, t, stream);
        numbers[0] = first;
        numbers[1] = second - first;
    })?;
    let shape = |x: &[f64], sign: f64| SoftmaxInfinite { delta: s2 * x[0], one_over_k: sign * s2 * spread * x[1] };
    Ok(Estimate {
        output: shape(moments.means(), -1.0),
        stderr: shape(&moments.standard_errors(), 1.0),
        samples: sampling.samples,
    })
}

/// `floor + coeff` $/k^2$.
fn tail_of(point: &Point, k: u64) -> Delta {
    let BestOfTail { floor, coeff } = best_of_tail(point);
    Delta { delta: floor + coeff / k as f64 / k as f64 }
}

pub(super) fn all() -> Vec<Quantity> {
    vec![
        Quantity::new::<BestOfInput, Delta>(
            "judge.best_of_k",
            "error of the answer nearest to the judge's, of k",
            |draw| {
                let TailInput { m, s, y_t, y_r } = random_point(draw);
                BestOfInput { m, s, y_t, y_r, k: Count(draw.pick(&[1, 2, 3, 7, 30, 1000, 1_000_000])) }
            },
        )
        .exact::<BestOfInput, Delta>(1e-13, |i| {
            let point = i.point()?;
            Ok(Delta { delta: point.variance() * best_of_k(&point.reduced(), Candidates::new(i.k.0)?) })
        })
        .asymptotic::<BestOfInput, Delta>("O(k^-3), for k well above exp(b^2/2)", |i| Ok(tail_of(&i.point()?, i.k.0)))
        .in_the_limit::<BestOfInput>(
            |draw, step| {
                let TailInput { m, s, y_t, y_r } = near_point(draw);
                BestOfInput { m, s, y_t, y_r, k: Count(200 << (2 * step)) }
            },
            |i, _| {
                let (a, b) = ((i.m - i.y_t) / i.s, (i.m - i.y_r) / i.s);
                15.0 * i.s.powi(2) * (b * b).exp() * (1.0 + (2.0 * b * (a - b)).abs()) / (i.k.0 as f64).powi(3)
            },
        )
        .monte_carlo::<BestOfInput, Delta>(|i, sampling| simulate_best_of(&i.point()?, i.k.0, sampling)),
        Quantity::new::<SoftmaxInput, Delta>(
            "judge.softmax",
            "error of softmax selection among k answers",
            random_softmax,
        )
        .exact::<SoftmaxInput, Delta>(1e-13, |i| {
            Ok(Delta { delta: delta(&i.point()?, i.temp, Candidates::new(i.k.0)?)? })
        })
        .asymptotic::<SoftmaxInput, Delta>("O(t^-4) in t = temp/2s^2; at temp = 0 o(k^-2)", |i| {
            let point = i.point()?;
            if point.temperature(i.temp)? == 0.0 {
                return Ok(tail_of(&point, i.k.0));
            }
            Ok(Delta { delta: high_temperature(&point, i.temp, Candidates::new(i.k.0)?)?.order3 })
        })
        .in_the_limit::<SoftmaxInput>(
            |draw, step| {
                let TailInput { m, s, y_t, y_r } = near_point(draw);
                SoftmaxInput { m, s, y_t, y_r, k: Count(draw.count(2, 30)), temp: 2.0 * s * s * hot(step) }
            },
            |i, _| {
                let (a, b) = ((i.m - i.y_t) / i.s, (i.m - i.y_r) / i.s);
                2.0 * i.s.powi(2)
                    * (1.0 + a.abs()).powi(2)
                    * (1.0 + b * b).powi(4)
                    * (i.temp / (2.0 * i.s * i.s)).powi(-4)
            },
        )
        .monte_carlo::<SoftmaxInput, Delta>(simulate_softmax),
        Quantity::new::<LimitInput, SoftmaxInfinite>(
            "judge.softmax_inf",
            "error of softmax selection among infinitely many answers, and the coefficient of 1/k",
            random_limit,
        )
        .exact::<LimitInput, SoftmaxInfinite>(1e-13, |i| at_infinity(&i.point()?, i.temp))
        .monte_carlo::<LimitInput, SoftmaxInfinite>(simulate_infinite),
        Quantity::new::<SoftmaxInput, Expansion>(
            "judge.hte",
            "expansion of the error in 1/temperature to second and third order",
            |draw| {
                let input = random_softmax(draw);
                SoftmaxInput { temp: input.temp.max(input.s * input.s), ..input }
            },
        )
        .exact::<SoftmaxInput, Expansion>(1e-14, |i| high_temperature(&i.point()?, i.temp, Candidates::new(i.k.0)?)),
        Quantity::new::<SoftmaxInput, ExpansionOptima>(
            "judge.hte_optima",
            "temperature and number of candidates that minimise the second-order expansion",
            |draw| {
                let input = random_softmax(draw);
                SoftmaxInput { temp: input.temp.max(input.s * input.s), ..input }
            },
        )
        .exact::<SoftmaxInput, ExpansionOptima>(1e-14, |i| {
            expansion_optima(&i.point()?, i.temp, Candidates::new(i.k.0)?)
        }),
        Quantity::new::<LimitInput, OptimalInfinite>(
            "judge.optimal_inf",
            "best reward and best temperature among infinitely many answers",
            random_limit,
        )
        .exact::<LimitInput, OptimalInfinite>(1e-13, |i| optimal_infinite(&i.point()?, i.temp)),
        Quantity::new::<TailInput, BestOfTail>(
            "judge.bok_tail",
            "floor and coefficient of k^-2 of best of k",
            random_point,
        )
        .exact::<TailInput, BestOfTail>(1e-13, |i| Ok(best_of_tail(&Point::new(i.m, i.s, i.y_t, i.y_r)?))),
    ]
}
