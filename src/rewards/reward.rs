//! Rewards $R(s,a,s')$ on the stored transitions of an MDP.
//!
//! Dense MDP: all $S A S$ values; sparse MDP: one value for each stored transition (others never matter for a return).
//! Only the expected reward $\bar r(s,a) = \sum_{s'} P R$ matters for returns; the canonicalisations EPIC, DARD, VALPotential and
//! MinimalPotential also read what $P$ never plays.

use super::mdp::Mdp;
use super::transitions::check_length;
use crate::{Error, Result};

/// A finite reward on the stored transitions of one MDP.
#[derive(Clone, Debug, PartialEq)]
pub struct Reward {
    values: Vec<f64>,
    expected: Vec<f64>,
    largest: f64,
}

impl Reward {
    /// The reward `rows[s][a][s']` on a dense MDP; on a sparse one the values at its transitions are taken.
    ///
    /// # Errors
    /// `field` with its indices: wrong shape or a number that is not finite.
    pub fn new(mdp: &Mdp, field: &str, rows: &[Vec<Vec<f64>>]) -> Result<Reward> {
        check_length(field, rows.len(), mdp.states(), "state")?;
        for (s, of_state) in rows.iter().enumerate() {
            check_length(&format!("{field}[{s}]"), of_state.len(), mdp.actions(), "action")?;
            for (a, row) in of_state.iter().enumerate() {
                check_length(&format!("{field}[{s}][{a}]"), row.len(), mdp.states(), "next state")?;
                if let Some(t) = row.iter().position(|x| !x.is_finite()) {
                    return Err(Error::invalid(format!("{field}[{s}][{a}][{t}]"), row[t], "a finite number"));
                }
            }
        }
        let mut values = Vec::with_capacity(mdp.transitions().stored());
        for (s, of_state) in rows.iter().enumerate() {
            for (a, row) in of_state.iter().enumerate() {
                mdp.transitions().visit(mdp.states(), s * mdp.actions() + a, |t, _, _| values.push(row[t]));
            }
        }
        Ok(Reward::of_finite(mdp, values))
    }

    /// The reward with `values` on the stored transitions, in their order (`[S, A, S]` if dense).
    ///
    /// # Errors
    /// `field` if the length differs, `field[i]` if a value is not finite.
    pub fn on_transitions(mdp: &Mdp, field: &str, values: Vec<f64>) -> Result<Reward> {
        check_length(field, values.len(), mdp.transitions().stored(), "stored transition")?;
        match values.iter().position(|x| !x.is_finite()) {
            Some(i) => Err(Error::invalid(format!("{field}[{i}]"), values[i], "a finite number")),
            None => Ok(Reward::of_finite(mdp, values)),
        }
    }

    /// The reward of a function of the transition.
    ///
    /// # Errors
    /// `field[i]` if a value is not finite.
    pub fn from_fn(mdp: &Mdp, field: &str, r: impl Fn(usize, usize, usize) -> f64) -> Result<Reward> {
        let mut values = Vec::with_capacity(mdp.transitions().stored());
        for pair in 0..mdp.pairs() {
            let (s, a) = (pair / mdp.actions(), pair % mdp.actions());
            mdp.transitions().visit(mdp.states(), pair, |t, _, _| values.push(r(s, a, t)));
        }
        Reward::on_transitions(mdp, field, values)
    }

    fn of_finite(mdp: &Mdp, values: Vec<f64>) -> Reward {
        let mut expected = vec![0.0; mdp.pairs()];
        mdp.transitions().expect_entries(&values, &mut expected);
        let largest = values.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        Reward { values, expected, largest }
    }

    /// Values on the stored transitions, `[S, A, S]` if dense.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The expected reward $\bar r$ on pairs.
    pub fn expected(&self) -> &[f64] {
        &self.expected
    }

    /// $\max |R|$ over the stored transitions.
    pub fn largest(&self) -> f64 {
        self.largest
    }

    /// `x self + y other`.
    pub fn combined(&self, mdp: &Mdp, x: f64, other: &Reward, y: f64) -> Reward {
        let sum = |(a, b): (&f64, &f64)| x * a + y * b;
        Reward::of_finite(mdp, self.values.iter().zip(&other.values).map(sum).collect())
    }
}
