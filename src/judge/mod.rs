//! Engine: a judge selects among $k$ answers of a Bayesian regression (LLM-as-a-judge; Halder and Pehlevan 2025).
//!
//! At an input, answers are $N(m, s^2)$, the judge prefers those near $y_R$ with a softmax of temperature $T$, the truth is $y_T$.
//! All exact work is on $g(k; a, b, t)$, the error in units of $s^2$ ([`model`]).
//!
//! | file | object | results |
//! |---|---|---|
//! | `model` | the point, the number of candidates, the law of the biases | |
//! | `folded` | the law of the distance from the judge's answer | |
//! | `best_of_k` | temperature 0 | R5 |
//! | `infinite` | infinitely many candidates, and the approach to them | R8, R9 |
//! | `high_temperature` | the expansion in $1/T$ and its optima | R6, R7 |
//! | `tails` | decay in $k$, at a point and averaged | R10, R11 |
//! | `ridge`, `equivalents` | the high-dimensional limit | R1, R2 |
//! | `tradeoff` | data against inference | R12 |
//!
//! To come, with these signatures:
//!
//! ```text
//! softmax.rs     softmax(&Reduced, t: f64, k: Candidates) -> Result<f64>            in units of s^2; t = 0 is best_of_k
//!                delta(&Point, temp: f64, k: Candidates) -> Result<f64>             in units of y^2
//!                SoftmaxTable::new(&Reduced, t: f64, most: Candidates) -> Result<SoftmaxTable>, .at(k) -> f64,
//!                .at_bias(a: f64, tau2: f64, k: Candidates) -> f64                  another teacher, same judge
//! trapezoid.rs   TrapezoidTable::new(&Reduced, t: f64) -> Result<TrapezoidTable> (t >= 1), .at(k) -> f64
//! every_k.rs     every_k(&Reduced, t: f64, losses: &mut [f64]) -> Result<()>        losses[i] = g(i + 1)
//! average.rs     average(&BiasLaw, temp: f64, k: Candidates) -> Result<f64>         E_x delta
//! posterior.rs   Posterior::new(x_train: &[Vec<f64>], y: &[f64], d: usize, sigma, gamma) -> Result<Posterior>, Posterior::dual(..) same,
//!                .predict(x: &[f64]) -> Result<Prediction { m, s2 }>
//! finite_dimension.rs   Experiment::new(&Regression) -> Result<Experiment>; .training_set(&mut Stream) -> TrainingSet;
//!                TrainingSet { .. }.bias_covariance() -> BiasCovariance { s2, v_tt, v_tr, v_rr } (exact given the data),
//!                .point(&mut Stream) -> Point (a random test input)
//! optimal.rs     optimal_infinite(&Point, temp) -> Result<OptimalInfinite { y_r_star, delta_at_y_r_star, temp_star: Option<f64>, delta_at_temp_star }>
//!                optimal_k(&Reduced, t, most: u64) -> Result<OptimalCount { k: Option<u64> (None = infinity), loss, at_boundary: bool }>
//!                optimal_temperature(&Reduced, k) -> Result<OptimalTemperature { t: f64 (0 to inf), loss, at_boundary }>
//!                optimal_reward(a: f64, t: f64, k) -> Result<OptimalReward { b: f64 (inf at the boundary), loss, at_boundary }>
//!                linear_judge(a: f64, k) -> f64                                     the limit b -> infinity at fixed... (order statistic)
//! discrete.rs    DiscreteJudge::new(p: &[f64], score: &[f64], correct: &[f64]) -> Result<DiscreteJudge>, .accuracy(k: Candidates, temp: f64) -> Result<f64>,
//!                .with_noise(deviation: f64, low: f64, high: f64, points: usize) -> Result<DiscreteJudge>   Gaussian noise, clipped
//! sampling.rs    samplers of A8
//! ```

pub mod average;
pub mod best_of_k;
pub mod discrete;
pub mod equivalents;
pub mod every_k;
pub mod finite_dimension;
mod folded;
pub mod high_temperature;
pub mod infinite;
pub mod model;
pub mod optimal;
pub mod posterior;
pub mod quantities;
pub mod ridge;
pub mod sampling;
mod selection_table;
pub mod softmax;
mod softmax_panels;
mod softmax_uniform;
pub mod tails;
pub mod tradeoff;
pub mod trapezoid;
pub mod trials;
