//! The tilted chain that spends a KL rate: the asymptotic optimum of a Markov chain (R28, R29).
//!
//! `KL'(b) = b Lambda''(b) > 0`, so `KL rate = delta` has one root for `0 < delta < Delta_max`; beyond `Delta_max` no
//! finite tilt spends more and the problem is refused. Safeguarded Newton on `log b`, started at `sqrt(2 delta / V(0))`;
//! near `Delta_max` the rate is flat in `b` and the root is only as sharp as `Delta_max - delta` is. A chain whose best cycles
//! are joined by paths of probability `e^{-c beta}` passes between them so sharply that no `f64` may have the rate asked for:
//! that is reported as not converged, with the residual.

use super::critical_cycles::chain_limit;
use super::markov::{Chain, MarkovTilt, markov_tilt};
use crate::numerics::roots::newton_bracketed;
use crate::{Error, Result};

/// The chain's optimum at a budget. Quantity `asymptotics.markov_solve`.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct MarkovOptimum {
    /// The tilt.
    pub beta: f64,
    /// Mean reward a symbol.
    pub mean: f64,
    /// KL rate, equal to the budget.
    pub kl_rate: f64,
}

/// Largest relative error of the KL rate at the solution. Rounding of `beta` moves it by `1e-16 beta^2 V / KL`, far less
/// unless the chain passes from one set of cycles to another within a rounding of `beta`: then no `f64` is a solution.
const RESIDUAL: f64 = 1e-9;

/// The tilt whose KL rate is `delta` nats a symbol.
///
/// ```
/// use tilt::asymptotics::{markov::Chain, markov_solve::markov_solve};
/// let chain = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap();
/// let best = markov_solve(&chain, 0.1).unwrap();
/// assert!((best.beta - 0.48603701599607335).abs() < 1e-14);
/// ```
///
/// # Errors
/// Field `delta`: negative, not finite, or positive and not below `Delta_max`; [`Error::NotConverged`].
pub fn markov_solve(chain: &Chain, delta: f64) -> Result<MarkovOptimum> {
    let base = markov_tilt(chain, 0.0)?;
    if delta == 0.0 {
        return Ok(MarkovOptimum { beta: 0.0, mean: base.mean, kl_rate: 0.0 });
    }
    let limit = chain_limit(chain)?.delta_max;
    if !(delta > 0.0 && delta < limit) {
        return Err(Error::invalid("delta", delta, format!("0 or a number in (0, Delta_max) = (0, {limit})")));
    }
    // A failure inside the search is kept and returned: it must not look like a value.
    let mut failure = None;
    let mut at = |beta: f64| -> Option<MarkovTilt> { markov_tilt(chain, beta).map_err(|e| failure = Some(e)).ok() };
    let start = (2.0 * delta / base.variance).sqrt();
    let (mut low, mut high) = (start, start);
    while at(low).is_some_and(|t| t.kl_rate > delta) {
        low *= 0.5;
    }
    while at(high).is_some_and(|t| t.kl_rate < delta) {
        high *= 2.0;
    }
    let root = newton_bracketed(
        |log_beta| match at(log_beta.exp()) {
            // d log KL / d log b = b^2 V / KL.
            Some(t) => ((t.kl_rate / delta).ln(), t.beta * t.beta * t.variance / t.kl_rate),
            None => (f64::NAN, f64::NAN),
        },
        low.ln(),
        high.ln(),
        start.ln().clamp(low.ln(), high.ln()),
    );
    let beta = if low == high { low } else { root.x.exp() };
    let solution = at(beta);
    let residual = solution.as_ref().map_or(f64::INFINITY, |tilted| (tilted.kl_rate / delta).ln().abs());
    match (failure, solution) {
        (None, Some(tilted)) if residual <= RESIDUAL => {
            Ok(MarkovOptimum { beta, mean: tilted.mean, kl_rate: tilted.kl_rate })
        }
        (Some(error), _) => Err(error),
        _ => Err(Error::NotConverged {
            method: "the tilt of a chain for a KL rate".into(),
            iterations: root.iterations,
            residual,
            tolerance: RESIDUAL,
        }),
    }
}

/// The tilted chain at a small budget: `beta = sqrt(2 delta / V)`, `mean = m + sqrt(2 V delta)`, `m` and `V` the mean and
/// the asymptotic variance of the base chain; errors `O(delta)` (derived, R2 for rates).
///
/// # Errors
/// Field `delta`: negative, not finite, or positive where the reward of the chain does not vary.
pub fn markov_solve_expansion(chain: &Chain, delta: f64) -> Result<MarkovOptimum> {
    let base = markov_tilt(chain, 0.0)?;
    if delta == 0.0 {
        return Ok(MarkovOptimum { beta: 0.0, mean: base.mean, kl_rate: 0.0 });
    }
    if !(delta > 0.0 && delta.is_finite() && base.variance > 0.0) {
        return Err(Error::invalid("delta", delta, "0, or a small positive number if the reward varies"));
    }
    let (beta, rise) = ((2.0 * delta / base.variance).sqrt(), (2.0 * base.variance * delta).sqrt());
    Ok(MarkovOptimum { beta, mean: base.mean + rise, kl_rate: delta })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Chain {
        Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap()
    }

    #[test]
    fn reference_value() {
        let found = markov_solve(&example(), 0.1).unwrap();
        assert!((found.beta - 0.48603701599607335).abs() < 1e-15);
        assert!((found.mean - 0.5732317104705085).abs() < 1e-15);
        assert!((found.kl_rate - 0.1).abs() < 1e-16);
        let none = markov_solve(&example(), 0.0).unwrap();
        assert!((none.beta, none.kl_rate) == (0.0, 0.0) && (none.mean - 0.2).abs() < 1e-15);
    }

    #[test]
    fn small_budgets_keep_their_digits() {
        // KL = V b^2 / 2 + O(b^3), V = .48.
        let found = markov_solve(&example(), 1e-18).unwrap();
        assert!((found.beta / (2e-18f64 / 0.48).sqrt() - 1.0).abs() < 1e-8);
    }

    #[test]
    fn a_jump_of_the_rate_is_reported() {
        // From the loop at 0 to the loop at 1 at beta = 63.5, within e^-45 of it.
        let rows = [vec![0.5, 0.5, 0.0], vec![0.0, 4e-6, 1.0 - 4e-6], vec![1.0, 0.0, 0.0]];
        let chain = Chain::new(&rows, &[0.3, 0.5, -1.0]).unwrap();
        assert!(matches!(markov_solve(&chain, 3.0), Err(Error::NotConverged { .. })));
        assert!(markov_solve(&chain, 0.5).is_ok());
    }

    #[test]
    fn the_limit_is_refused_and_approached() {
        let limit = -(0.6f64).ln();
        assert!(markov_solve(&example(), limit).is_err());
        assert!(markov_solve(&example(), -0.1).is_err());
        let near = markov_solve(&example(), limit - 1e-9).unwrap();
        assert!(near.beta > 15.0 && near.mean < 1.0 && near.mean > 1.0 - 1e-8);
        let flat = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[1.0, 1.0]).unwrap();
        assert!(markov_solve(&flat, 0.1).is_err());
        assert_eq!(markov_solve(&flat, 0.0).unwrap().mean, 1.0);
    }
}
