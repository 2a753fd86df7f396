//! Floor 1: finite laws in log space.
//!
//! A [`Law`] is a probability vector; a reward is a slice of the same length. Everything that best-of-N does to a law
//! depends on the reward only through its [`Levels`]; everything that KL-regularised learning does is a [`tilt`].
//!
//! | file | object |
//! |---|---|
//! | `law` | the base law and the checks of its inputs |
//! | `tilt` | the exponential tilt $q = p\,e^{b r}/Z$, its cumulants and divergences |
//! | `divergence` | KL, Rényi, chi-squared and general f-divergences |
//! | `budget` | the best reward at a KL budget |
//! | `large_deviation` | the rate function and the tilt to a given mean |
//! | `levels` | the law of a reward on its distinct values, accurate at both ends |
//! | `best_of` | best-of-N for real $\log N$ on levels |
//! | `rank` | best of a random number of draws, by its generating function |
//! | `sweep` | many tilts or best-of-N laws of one base law, without allocation |
//!
//! All logarithms are natural, all divergences in nats. Outcomes without mass stay without mass and never count in a
//! maximum.

mod best_of;
mod budget;
mod divergence;
mod large_deviation;
mod law;
mod levels;
mod rank;
mod sweep;
mod tilt;

pub use best_of::{BestOf, best_of, best_of_from_log_ratio, best_of_kl_bound};
pub use budget::{Optimum, Regime, kl_optimum};
pub use divergence::{chi_squared, f_divergence, kl, kl_of_log_ratio, renyi, total_variation};
pub use large_deviation::{Rate, rate, tilt_to_mean};
pub use law::{Law, check_rewards, reward_range};
pub use levels::Levels;
pub use rank::{RankLaw, best_of_random};
pub use sweep::{BestOfPoint, BestOfSweep, TiltPoint, TiltSweep};
pub use tilt::{Tilt, divergence_between_tilts, tilt, tilt_to_limit};
