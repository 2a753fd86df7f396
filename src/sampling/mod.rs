//! Floor 2: addressed random streams, estimators and the block executor.
//!
//! A draw is a pure function of (seed, study, cell, repetition, position), never carried from draw to draw. Repetitions
//! are cut into blocks; a block is the unit of work and of resume; block results are merged in one fixed binary tree. So
//! one thread, many threads, and a run killed and resumed all give the same bits.
//!
//! | file | object |
//! |---|---|
//! | [`philox`] | the counter-based generator, scalar and in lanes |
//! | [`Address`], [`Stream`], [`Lanes`] | where a draw lives; one repetition; many side by side |
//! | [`Categorical`] | draws from a finite law |
//! | [`Estimator`] | what a block accumulates and how blocks merge: moments, covariance, quantiles, histograms, weights |
//! | [`Plan`], [`Executor`] | how many repetitions; who computes them |
//! | [`Journal`] | the one mechanism of resume |
//! | [`Observer`] | progress, seen from outside |

mod estimator;
pub mod exact;
mod executor;
mod journal;
mod lanes;
mod observer;
pub mod philox;
mod plan;
mod sampler;
mod stream;
mod transform;

pub use estimator::{Covariance, Estimator, Histogram, Moments, PointEstimate, Quantiles, VectorMoments, Weighted};
pub use executor::{Block, Executor};
pub use journal::Journal;
pub use lanes::Lanes;
pub use observer::{Observer, Silent};
pub use plan::{Plan, Target};
pub use sampler::Categorical;
pub use stream::{Address, Stream, position, stable_hash};
