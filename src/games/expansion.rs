//! The equilibrium for large $\beta$ (R5b, derived): the asymptotic route.
//!
//! $$\log\frac{\pi^*}{\pi_{ref}} = \frac{A\pi_{ref}}{\beta} + \frac{A C A\pi_{ref}}{\beta^2} + O(\beta^{-3}),\quad
//! C = \mathrm{diag}(\pi_{ref}) - \pi_{ref}\pi_{ref}^T.$$
//! The span of the error is at most $1/(2\beta^2)$ after the first order (proved by R5) and below $0.05/\beta^3$ after the second on
//! thousands of games. Two queries.

use super::game::Game;
use super::payoff::Payoff;
use crate::numerics::sum::dot;

/// $\log(\pi^*/\pi_{ref})$ up to a constant, to first or second order in $1/\beta$.
pub fn log_ratio_expansion<P: Payoff>(game: &Game<P>, second: bool) -> Vec<f64> {
    let n = game.size();
    let (mut first, mut next) = (vec![0.0; n], vec![0.0; n]);
    game.preference().apply(game.reference().probs(), &mut first);
    first.iter_mut().for_each(|x| *x /= game.beta());
    if second {
        let mean = dot(game.reference().probs(), &first);
        let weighted: Vec<f64> = game.reference().probs().iter().zip(&first).map(|(p, x)| p * (x - mean)).collect();
        game.preference().apply(&weighted, &mut next);
        first.iter_mut().zip(&next).for_each(|(x, y)| *x += y / game.beta());
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::equilibrium::equilibrium;
    use crate::games::families::sine;
    use crate::games::policy::{Reference, span};

    #[test]
    fn errors_are_of_the_stated_order() {
        let reference = Reference::from_logits(&[0.0, 0.4, -0.3, 1.0, 0.2, -1.0]).unwrap();
        for beta in [2.0, 10.0, 100.0] {
            let game = Game::new(sine(6), reference.clone(), beta).unwrap();
            let exact = equilibrium(&game).unwrap().log_ratio;
            let error = |second| span(exact.iter().zip(log_ratio_expansion(&game, second)).map(|(a, b)| a - b));
            assert!(error(false) <= 0.5 / beta.powi(2) && error(false) > 1e-3 / beta.powi(2));
            assert!(error(true) <= 0.05 / beta.powi(3), "{beta}: {}", error(true));
        }
    }
}
