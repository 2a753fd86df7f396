//! Online IPO and self-play: two losses with one gradient (R18).
//!
//! $$L(\theta) = E_{y,y'\sim\mathrm{sg}(\pi)}\Big[\big(h_y - h_{y'} - (P(y\succ y') - \tfrac12)/\beta\big)^2\Big],\quad
//! h = \log(\pi_\theta/\pi_{ref}),$$
//! sampling frozen, has $\nabla L = -\frac4\beta \nabla[P(\pi_\theta\succ\mathrm{sg}\,\pi) - \beta D(\pi_\theta\|\pi_{ref})]$. In
//! softmax logits the self-play gradient is $\pi_y(q_y - E_\pi q)$, $q = A\pi - \beta h$. Equivalence: abstract of the paper's v2;
//! the constant is derived. $O(Y^2)$.

use super::game::Game;
use super::payoff::Payoff;
use super::policy::law_of_logits;
use crate::Result;
use crate::numerics::sum::sum;

/// Both gradients (quantity `games.ipo_gradient`).
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct IpoGradient {
    /// $\nabla_\theta L$.
    pub ipo_grad: Vec<f64>,
    /// $\nabla_\theta [P(\pi_\theta \succ \mathrm{sg}\,\pi) - \beta D(\pi_\theta\|\pi_{ref})]$.
    pub self_play_grad: Vec<f64>,
}

/// The gradients at softmax logits, in closed form.
///
/// # Errors
/// [`Error::InvalidInput`](crate::Error::InvalidInput) about `logits`: wrong length or not finite.
pub fn ipo_gradient(game: &Game, logits: &[f64]) -> Result<IpoGradient> {
    let (policy, log_ratio) = policy_and_ratio(game, logits)?;
    let mut value = vec![0.0; policy.len()];
    game.preference().apply(&policy, &mut value);
    value.iter_mut().zip(&log_ratio).for_each(|(q, h)| *q -= game.beta() * h);
    let mean = sum(policy.iter().zip(&value).map(|(p, q)| p * q));
    let self_play_grad: Vec<f64> = policy.iter().zip(&value).map(|(p, q)| p * (q - mean)).collect();
    let ipo_grad = self_play_grad.iter().map(|g| -4.0 / game.beta() * g).collect();
    Ok(IpoGradient { ipo_grad, self_play_grad })
}

/// $\nabla_\theta L$ by enumeration of pairs, each with its own gradient: the second route.
///
/// # Errors
/// As [`ipo_gradient`].
pub fn ipo_gradient_by_pairs(game: &Game, logits: &[f64]) -> Result<Vec<f64>> {
    let (policy, log_ratio) = policy_and_ratio(game, logits)?;
    let mut gradient = vec![0.0; policy.len()];
    for (y, p) in policy.iter().enumerate() {
        for (other, q) in policy.iter().enumerate() {
            let residual = log_ratio[y] - log_ratio[other] - game.preference().advantage(y, other) / game.beta();
            // d(h_y - h_y') / d theta is the difference of two unit vectors.
            gradient[y] += 2.0 * p * q * residual;
            gradient[other] -= 2.0 * p * q * residual;
        }
    }
    Ok(gradient)
}

/// $\pi$ and $h$ at logits.
pub(super) fn policy_and_ratio(game: &Game, logits: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
    if logits.len() != game.size() {
        let found = format!("a vector of length {}", logits.len());
        return Err(crate::Error::invalid("logits", found, format!("{} numbers, one an action", game.size())));
    }
    let law = law_of_logits("logits", logits)?;
    let log_ratio = law.log_probs().iter().zip(game.reference().log_probs()).map(|(p, r)| p - r).collect();
    Ok((law.probs().to_vec(), log_ratio))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::sine;
    use crate::games::policy::Reference;

    #[test]
    fn closed_form_against_pairs() {
        let game =
            Game::new(sine(7), Reference::from_logits(&[0.0, 1.0, -1.0, 0.3, 2.0, -3.0, 0.1]).unwrap(), 0.3).unwrap();
        let logits = [1.0, -0.5, 0.2, 0.0, 3.0, -2.0, 1.5];
        let closed = ipo_gradient(&game, &logits).unwrap().ipo_grad;
        for (a, b) in closed.iter().zip(ipo_gradient_by_pairs(&game, &logits).unwrap()) {
            assert!((a - b).abs() < 1e-13 * 10.0, "{a} {b}");
        }
        assert!(ipo_gradient(&game, &[0.0; 6]).is_err());
        assert!(ipo_gradient(&game, &[f64::NAN; 7]).is_err());
    }
}
