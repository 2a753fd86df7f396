//! Engine: a judge selects among $k$ answers of a Bayesian regression (LLM-as-a-judge; Halder and Pehlevan 2025).
//!
//! At an input, answers are $N(m, s^2)$, the judge prefers those near $y_R$ with a softmax of temperature $T$, the truth is $y_T$.
//! All exact work is on $g(k; a, b, t)$, the error in units of $s^2$ ([`model`]); `t = 0` is best of $k$.
//!
//! | file | object | results |
//! |---|---|---|
//! | `model` | the point, the number of candidates, the law of the biases | |
//! | `folded` | the law of the distance from the judge's answer | |
//! | `best_of_k` | temperature 0 | R5 |
//! | `softmax` | every temperature: the table of the Laplace identity | R4 |
//! | `softmax_uniform`, `softmax_panels`, `selection_table` | two schemes for that table, and its evaluation | |
//! | `trapezoid` | a second, plain engine for $t \ge 1$ | |
//! | `every_k` | all numbers of candidates at once | |
//! | `infinite` | infinitely many candidates, and the approach to them | R8, R9 |
//! | `high_temperature` | the expansion in $1/T$ and its optima | R6, R7 |
//! | `tails` | decay in $k$, at a point and averaged | R10, R11 |
//! | `average` | the average over inputs | R3 |
//! | `optimal` | the best number, temperature and reward | R7, R8, R13, R14 |
//! | `ridge`, `equivalents` | the high-dimensional limit | R1, R2 |
//! | `posterior` | the posterior at finite dimension, twice | R1 |
//! | `finite_dimension`, `trials` | simulated training sets; many small ones side by side | R1, R2 |
//! | `tradeoff` | data against inference | R12 |
//! | `discrete` | finitely many scores: the stand-in for a language model | |
//! | `sampling` | draws of all of these | |
//! | `quantities` | the table of quantities: the only file that knows the lab | |

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
