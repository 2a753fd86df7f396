//! The false-alarm budget of the statistical checks.
//!
//! A full run makes at most [`SUITE_COMPARISONS`] comparisons of a simulated mean with a number. Each gets an equal share
//! of [`FALSE_ALARM_BUDGET`], so a run at random seeds raises a false alarm with probability at most that budget (union
//! bound). Every comparison uses the one limit [`z_limit`].

use crate::numerics::special::normal_quantile;

/// Probability that a whole run at random seeds raises any false alarm.
pub const FALSE_ALARM_BUDGET: f64 = 1e-6;

/// Comparisons that the budget is split over.
pub const SUITE_COMPARISONS: u64 = 20_000;

/// Two-sided limit on |z| of one comparison.
///
/// ```
/// assert!((tilt::lab::z_limit() - 6.57).abs() < 0.05);
/// ```
pub fn z_limit() -> f64 {
    -normal_quantile(FALSE_ALARM_BUDGET / SUITE_COMPARISONS as f64 / 2.0)
}
