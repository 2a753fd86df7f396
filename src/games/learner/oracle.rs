//! Oracles: the payoff $g = A o$ of all actions against an opponent, exact or estimated without bias.
//!
//! | oracle | estimate of $g_y$ from $m$ opponents $y'_1..y'_m \sim o$ |
//! |---|---|
//! | [`Exact`] | $(A o)_y$ |
//! | [`SharedOpponents`] | $\frac1m \sum_b A_{y y'_b}$, the same opponents for all rows |
//! | [`Outcomes`] | $\frac1m \sum_b (o_{yb} - \tfrac12)$, $o_{yb} \sim \mathrm{Bernoulli}(P_{y y'_b})$, opponents shared |
//! | [`Disturbed`] | exact, plus a given error (R12) |
//!
//! Every query draws afresh.

use crate::games::payoff::Payoff;
use crate::games::preference::Preference;
use crate::sampling::Stream;

/// The payoff of all actions against an opponent.
pub trait Oracle {
    /// `out` becomes $A o$ for the opponent $o$, or an estimate of it.
    fn query(&mut self, opponent: &[f64], out: &mut [f64]);
}

/// Exact payoffs.
#[derive(Clone, Copy, Debug)]
pub struct Exact<'a, P>(pub &'a P);

impl<P: Payoff> Oracle for Exact<'_, P> {
    fn query(&mut self, opponent: &[f64], out: &mut [f64]) {
        self.0.apply(opponent, out);
    }
}

/// The index drawn at the uniform `u` from a law given by its probabilities.
pub(crate) fn draw(law: &[f64], u: f64) -> usize {
    let mut below = 0.0;
    let mut last = 0;
    for (i, p) in law.iter().enumerate() {
        if *p > 0.0 {
            below += p;
            last = i;
            if u < below {
                return i;
            }
        }
    }
    last
}

/// `samples` opponents a query, shared by all rows; exact preferences against each.
#[derive(Debug)]
pub struct SharedOpponents<'a> {
    /// The game.
    pub preference: &'a Preference,
    /// Opponents a query, $m \ge 1$.
    pub samples: u32,
    /// Where the draws come from.
    pub stream: &'a mut Stream,
}

impl Oracle for SharedOpponents<'_> {
    fn query(&mut self, opponent: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let weight = 1.0 / f64::from(self.samples);
        for _ in 0..self.samples {
            let other = draw(opponent, self.stream.uniform());
            // A column of A is a row with its sign turned, up to the 1e-9 of its validation: read it as it is.
            for (i, out) in out.iter_mut().enumerate() {
                *out += weight * self.preference.advantage(i, other);
            }
        }
    }
}

/// `samples` opponents a query and a coin for each row and opponent.
#[derive(Debug)]
pub struct Outcomes<'a> {
    /// The game.
    pub preference: &'a Preference,
    /// Opponents a query, $m \ge 1$.
    pub samples: u32,
    /// Where the draws come from.
    pub stream: &'a mut Stream,
}

impl Oracle for Outcomes<'_> {
    fn query(&mut self, opponent: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let weight = 1.0 / f64::from(self.samples);
        for _ in 0..self.samples {
            let other = draw(opponent, self.stream.uniform());
            for (i, out) in out.iter_mut().enumerate() {
                let won = self.stream.uniform() < 0.5 + self.preference.advantage(i, other);
                *out += if won { 0.5 * weight } else { -0.5 * weight };
            }
        }
    }
}

/// Exact payoffs with an added error: `disturb(query number, opponent, payoff)`.
#[derive(Debug)]
pub struct Disturbed<'a, P, F> {
    /// The game.
    pub preference: &'a P,
    /// Adds the error.
    pub disturb: F,
    /// Queries made.
    pub count: u64,
}

impl<P: Payoff, F: FnMut(u64, &[f64], &mut [f64])> Oracle for Disturbed<'_, P, F> {
    fn query(&mut self, opponent: &[f64], out: &mut [f64]) {
        self.preference.apply(opponent, out);
        (self.disturb)(self.count, opponent, out);
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::sine;
    use crate::sampling::{Address, VectorMoments};

    #[test]
    fn estimates_are_unbiased() {
        let game = sine(4);
        let opponent = [0.1, 0.2, 0.3, 0.4];
        let mut exact = vec![0.0; 4];
        Exact(&game).query(&opponent, &mut exact);
        let address = Address::new(1, "test", "oracles");
        for coins in [false, true] {
            let mut moments = VectorMoments::new(4);
            let mut out = vec![0.0; 4];
            for repetition in 0..20_000 {
                let mut stream = address.stream(repetition);
                if coins {
                    Outcomes { preference: &game, samples: 3, stream: &mut stream }.query(&opponent, &mut out);
                } else {
                    SharedOpponents { preference: &game, samples: 3, stream: &mut stream }.query(&opponent, &mut out);
                }
                moments.add(&out);
            }
            // z below 5.5 on 8 comparisons: false alarm 3e-7; the seed is fixed.
            for (i, (mean, error)) in moments.means().iter().zip(moments.standard_errors()).enumerate() {
                assert!((mean - exact[i]).abs() < 5.5 * error, "{coins} {i}: {mean} {} {error}", exact[i]);
            }
        }
    }
}
