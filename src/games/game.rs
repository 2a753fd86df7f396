//! The KL-regularised preference game and what a policy loses in it.
//!
//! $P_\beta(\pi \succ \pi') = P(\pi \succ \pi') - \beta D(\pi\|\pi_{ref}) + \beta D(\pi'\|\pi_{ref})$, symmetric and zero-sum
//! about $\tfrac12$. With $BR(\pi) = \mathrm{softmax}(\log\pi_{ref} + A\pi/\beta)$,
//! $$\mathrm{SubOpt}_\beta(\pi) = \max_{\pi'} P_\beta(\pi' \succ \pi) - \tfrac12 = \beta D(\pi \| BR(\pi)) \ge \beta
//! D(\pi\|\pi^*)$$ for every $\pi$ (R4, derived): a certificate of the distance to the equilibrium without knowing it. At
//! $\beta = 0$ it is the exploitability $\max_y (A\pi)_y$. The duality gap of a symmetric profile is twice it.
//!
//! Computed from logarithms of both, with non-negative terms: relative accuracy where the direct formula
//! $\beta\,\mathrm{lse} + \beta D(\pi\|\pi_{ref})$ ([`Game::suboptimality_by_log_sum`]) keeps an absolute 1e-16. One query each.

use super::payoff::Payoff;
use super::policy::{Reference, kl, normalise};
use super::preference::Preference;
use crate::numerics::log_space::log_sum_exp;
use crate::prob::Law;
use crate::{Error, Result};

/// A preference, a reference and a strength $\beta > 0$ of the regularisation.
///
/// ```
/// use tilt::games::{game::Game, policy::Reference, preference::Preference};
/// let preference = Preference::new(&[vec![0.5, 0.8], vec![0.2, 0.5]])?;
/// assert!(Game::new(preference.clone(), Reference::uniform(2)?, 0.1).is_ok());
/// assert!(Game::new(preference, Reference::uniform(2)?, 0.0).is_err());
/// # Ok::<(), tilt::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Game<P = Preference> {
    preference: P,
    reference: Reference,
    beta: f64,
}

impl<P: Payoff> Game<P> {
    /// The game.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `ref` (another size than the preference) or `beta` (not finite, or <= 0).
    pub fn new(preference: P, reference: Reference, beta: f64) -> Result<Game<P>> {
        if reference.size() != preference.size() {
            let expected = format!("{} probabilities, one an action", preference.size());
            return Err(Error::invalid("ref", format!("a vector of length {}", reference.size()), expected));
        }
        if !(beta.is_finite() && beta > 0.0) {
            return Err(Error::invalid("beta", beta, "a number > 0"));
        }
        Ok(Game { preference, reference, beta })
    }

    /// The same game with another reference of the same size (reference refresh).
    ///
    /// # Errors
    /// As [`new`](Self::new), about `ref`.
    pub fn with_reference(self, reference: Reference) -> Result<Game<P>> {
        Game::new(self.preference, reference, self.beta)
    }

    /// The same game at another strength.
    ///
    /// # Errors
    /// As [`new`](Self::new), about `beta`.
    pub fn with_beta(self, beta: f64) -> Result<Game<P>> {
        Game::new(self.preference, self.reference, beta)
    }

    /// The preference.
    pub fn preference(&self) -> &P {
        &self.preference
    }

    /// The reference.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The strength $\beta$ of the regularisation.
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// The number of actions.
    pub fn size(&self) -> usize {
        self.reference.size()
    }

    /// $P_\beta(\pi \succ \pi')$. Infinite divergences cannot arise: the reference has mass everywhere.
    pub fn regularised_win_rate(&self, pi: &Law, other: &Law) -> f64 {
        let divergences = kl(other, self.reference.law()) - kl(pi, self.reference.law());
        0.5 + self.preference.win_margin(pi.probs(), other.probs()) + self.beta * divergences
    }

    /// The best response to `pi`, with its log-ratio from the reference.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `pi` if its payoff is not finite.
    pub fn best_response(&self, pi: &Law) -> Result<Law> {
        let mut ratio = vec![0.0; self.size()];
        self.preference.apply(pi.probs(), &mut ratio);
        ratio.iter_mut().for_each(|x| *x /= self.beta);
        self.reference.policy_at(&ratio)
    }

    /// $\mathrm{SubOpt}_\beta(\pi) = \beta D(\pi\|BR(\pi))$.
    ///
    /// # Errors
    /// As [`best_response`](Self::best_response).
    pub fn suboptimality(&self, pi: &Law) -> Result<f64> {
        Ok(self.beta * kl(pi, &self.best_response(pi)?))
    }

    /// The same by its definition, $\beta \log\sum \pi_{ref} e^{A\pi/\beta} + \beta D(\pi\|\pi_{ref})$: absolute error about
    /// $10^{-16} \max(1, \beta)$. The second route.
    pub fn suboptimality_by_log_sum(&self, pi: &Law) -> f64 {
        let mut logits = vec![0.0; self.size()];
        self.preference.apply(pi.probs(), &mut logits);
        for (x, l) in logits.iter_mut().zip(self.reference.log_probs()) {
            *x = *x / self.beta + l;
        }
        self.beta * (log_sum_exp(&logits) + kl(pi, self.reference.law()))
    }
}

/// Exploitability: $\max_y (A\pi)_y \ge 0$, `SubOpt` at $\beta = 0$.
pub fn exploitability<P: Payoff>(preference: &P, pi: &[f64]) -> f64 {
    let mut payoff = vec![0.0; preference.size()];
    preference.apply(pi, &mut payoff);
    // The maximum of a skew form's payoff is >= 0; rounding may leave -1e-17.
    let largest = payoff.into_iter().fold(f64::NEG_INFINITY, f64::max);
    if largest > -1e-15 { largest.max(0.0) } else { largest }
}

/// $\mathrm{SubOpt}_\beta$ of the policy at log-ratio `log_ratio` without allocating: `work` and `payoff` are of length $Y$.
/// `policy` belongs to `log_ratio`, normalised. One query. Returns ($\mathrm{SubOpt}_\beta$, log-ratio of BR in `work`).
pub fn suboptimality_in<P: Payoff>(
    game: &Game<P>,
    log_ratio: &[f64],
    policy: &[f64],
    payoff: &mut [f64],
    work: &mut [f64],
) -> f64 {
    game.preference.apply(policy, work);
    work.iter_mut().for_each(|x| *x /= game.beta);
    normalise(game.reference.log_probs(), work, payoff);
    let terms = log_ratio.iter().zip(policy).zip(work.iter().zip(payoff.iter()));
    let divergence: f64 = terms.map(|((r, p), (b, q))| super::policy::kl_term(*p, *q, r - b)).sum();
    game.beta * divergence
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rps(beta: f64) -> Game {
        let p = Preference::new(&[vec![0.5, 1.0, 0.0], vec![0.0, 0.5, 1.0], vec![1.0, 0.0, 0.5]]).unwrap();
        Game::new(p, Reference::uniform(3).unwrap(), beta).unwrap()
    }

    #[test]
    fn a_pure_policy() {
        // S17 of the specification.
        let (game, pure) = (rps(0.2), Law::new(&[1.0, 0.0, 0.0]).unwrap());
        let best = game.best_response(&pure).unwrap();
        for (b, w) in best.probs().iter().zip([0.0753887479629967, 0.00618828527280004, 0.918422966764203]) {
            assert!((b - w).abs() < 1e-15);
        }
        assert!((game.suboptimality(&pure).unwrap() - 0.517019449272863).abs() < 1e-15);
        assert!((game.suboptimality_by_log_sum(&pure) - 0.517019449272863).abs() < 1e-15);
    }

    #[test]
    fn the_workspace_form_is_the_same_number() {
        let game = rps(0.3);
        let mut ratio = vec![0.5, -0.2, 0.1];
        let mut probs = vec![0.0; 3];
        normalise(game.reference().log_probs(), &mut ratio, &mut probs);
        let law = game.reference().policy_at(&ratio).unwrap();
        let (mut payoff, mut work) = (vec![0.0; 3], vec![0.0; 3]);
        let found = suboptimality_in(&game, &ratio, &probs, &mut payoff, &mut work);
        assert!((found - game.suboptimality(&law).unwrap()).abs() < 1e-16);
    }

    #[test]
    fn errors_name_their_field() {
        let p = Preference::new(&[vec![0.5]]).unwrap();
        let reference = |n| Reference::uniform(n).unwrap();
        assert!(Game::new(p.clone(), reference(2), 1.0).unwrap_err().to_string().starts_with("ref"));
        for beta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Game::new(p.clone(), reference(1), beta).unwrap_err().to_string().starts_with("beta"));
        }
        assert_eq!(exploitability(&p, &[1.0]), 0.0);
    }
}
