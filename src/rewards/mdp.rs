//! A finite Markov decision process without reward, validated.
//!
//! $S$ states, $A$ actions, $P(s'|s,a)$, start law $\mu_0$, discount $0 \le \gamma < 1$. A state is **reachable** if some
//! policy visits it with positive probability: graph search from the support of $\mu_0$ along $P > 0$ (at $\gamma = 0$ only
//! the start counts). Laws are used as given (within 1e-9 of mass one), never renormalised.
//!
//! | here | symbol | shape |
//! |---|---|---|
//! | `transitions` | $P$ | `[S, A, S]` |
//! | `start` | $\mu_0$ | `[S]` |
//! | `gamma` | $\gamma$ | |
//! | pair | $(s,a)$ as $sA + a$ | `S A` of them |

use super::transitions::{Transitions, check_law, check_length};
use crate::{Error, Result};

/// A finite MDP without reward.
#[derive(Clone, Debug, PartialEq)]
pub struct Mdp {
    states: usize,
    actions: usize,
    gamma: f64,
    start: Vec<f64>,
    transitions: Transitions,
    reachable: Vec<bool>,
}

/// Largest number of stored transitions (8 GB of doubles would be 1e9).
const ENTRY_LIMIT: f64 = 2e8;

impl Mdp {
    /// The process with dense transitions `p[s][a][s']`, start law `start` and discount `gamma`.
    ///
    /// # Errors
    /// Fields `P`, `mu0`, `gamma` with their indices.
    ///
    /// ```
    /// use tilt::rewards::mdp::Mdp;
    /// let walk = Mdp::new(&[vec![vec![0.5, 0.5]], vec![vec![0.0, 1.0]]], &[1.0, 0.0], 0.9)?;
    /// assert_eq!((walk.states(), walk.actions()), (2, 1));
    /// assert!(Mdp::new(&[vec![vec![0.5, 0.4]], vec![vec![0.0, 1.0]]], &[1.0, 0.0], 0.9).is_err());
    /// # Ok::<(), tilt::Error>(())
    /// ```
    pub fn new(p: &[Vec<Vec<f64>>], start: &[f64], gamma: f64) -> Result<Mdp> {
        let transitions = Transitions::dense(p)?;
        Mdp::with_transitions(p.len(), p[0].len(), transitions, start, gamma)
    }

    /// The process with sparse transitions, entries `(s, a, s', p)` in any order.
    ///
    /// # Errors
    /// Fields `transitions`, `mu0`, `gamma`.
    pub fn sparse(
        states: usize,
        actions: usize,
        entries: &[(usize, usize, usize, f64)],
        start: &[f64],
        gamma: f64,
    ) -> Result<Mdp> {
        Mdp::with_transitions(states, actions, Transitions::sparse(states, actions, entries)?, start, gamma)
    }

    /// The process with dense transitions in one row-major slice `[S, A, S]`.
    ///
    /// # Errors
    /// As [`Mdp::new`].
    pub fn from_flat(states: usize, actions: usize, p: Vec<f64>, start: &[f64], gamma: f64) -> Result<Mdp> {
        check_length("P", p.len(), states * actions * states, "transition")?;
        for (pair, row) in p.chunks_exact(states.max(1)).enumerate() {
            check_law(&format!("P[{}][{}]", pair / actions, pair % actions), row)?;
        }
        Mdp::with_transitions(states, actions, Transitions::Dense(p), start, gamma)
    }

    fn with_transitions(s: usize, a: usize, transitions: Transitions, start: &[f64], gamma: f64) -> Result<Mdp> {
        check_length("mu0", start.len(), s, "state")?;
        check_law("mu0", start)?;
        if !(0.0..1.0).contains(&gamma) {
            return Err(Error::invalid("gamma", gamma, "a discount with 0 <= gamma < 1"));
        }
        if transitions.stored() as f64 > ENTRY_LIMIT {
            return Err(Error::too_large("the MDP", transitions.stored() as f64, ENTRY_LIMIT, "stored transitions"));
        }
        let mut mdp = Mdp { states: s, actions: a, gamma, start: start.to_vec(), transitions, reachable: Vec::new() };
        mdp.reachable = mdp.visited(|_| true);
        Ok(mdp)
    }

    /// Number of states.
    pub fn states(&self) -> usize {
        self.states
    }

    /// Number of actions.
    pub fn actions(&self) -> usize {
        self.actions
    }

    /// Number of pairs of a state and an action.
    pub fn pairs(&self) -> usize {
        self.states * self.actions
    }

    /// The discount.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// The start law `[S]`.
    pub fn start(&self) -> &[f64] {
        &self.start
    }

    /// The transitions.
    pub fn transitions(&self) -> &Transitions {
        &self.transitions
    }

    /// The dense transitions `[S, A, S]`, if that is how they are stored.
    pub fn dense(&self) -> Option<&[f64]> {
        match &self.transitions {
            Transitions::Dense(flat) => Some(flat),
            Transitions::Sparse { .. } => None,
        }
    }

    /// Whether each state is reachable.
    pub fn reachable(&self) -> &[bool] {
        &self.reachable
    }

    /// The states that no policy reaches, ascending.
    pub fn unreachable(&self) -> Vec<usize> {
        (0..self.states).filter(|&s| !self.reachable[s]).collect()
    }

    /// The states visited when only the pairs that pass `allowed` are played: a graph search, no arithmetic.
    pub fn visited(&self, allowed: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut visited: Vec<bool> = self.start.iter().map(|&p| p > 0.0).collect();
        if self.gamma == 0.0 {
            return visited;
        }
        let mut open: Vec<usize> = (0..self.states).filter(|&s| visited[s]).collect();
        while let Some(s) = open.pop() {
            for pair in (s * self.actions..(s + 1) * self.actions).filter(|&pair| allowed(pair)) {
                self.transitions.visit(self.states, pair, |t, p, _| {
                    if p > 0.0 && !visited[t] {
                        visited[t] = true;
                        open.push(t);
                    }
                });
            }
        }
        visited
    }

    /// `out = r + gamma P v`, the action values of continuing with `v`; `r` and `out` on pairs, `v` on states.
    pub fn backup(&self, r: &[f64], v: &[f64], out: &mut [f64]) {
        self.transitions.expect_next(v, out);
        out.iter_mut().zip(r).for_each(|(q, r)| *q = r + self.gamma * *q);
    }

    /// `out = gamma P phi - phi`: potential shaping by `phi` on states, expected on pairs (the map $G$).
    pub fn shaping(&self, phi: &[f64], out: &mut [f64]) {
        self.transitions.expect_next(phi, out);
        for (of_state, phi) in out.chunks_exact_mut(self.actions).zip(phi) {
            of_state.iter_mut().for_each(|x| *x = self.gamma * *x - phi);
        }
    }

    /// `out = G^T m`: discounted inflow less outflow of a mass `m` on pairs, by state.
    pub fn shaping_transposed(&self, m: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        self.transitions.add_flow(m, out);
        for (out, of_state) in out.iter_mut().zip(m.chunks_exact(self.actions)) {
            *out = self.gamma * *out - of_state.iter().sum::<f64>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_and_sparse_are_the_same_process() {
        let p = [vec![vec![0.25, 0.75, 0.0], vec![0.0, 1.0, 0.0]], vec![vec![0.0, 0.5, 0.5], vec![1.0, 0.0, 0.0]]];
        let p = [p[0].clone(), p[1].clone(), vec![vec![0.0, 0.0, 1.0], vec![0.5, 0.0, 0.5]]];
        let mut entries = Vec::new();
        for (s, of_state) in p.iter().enumerate() {
            for (a, row) in of_state.iter().enumerate() {
                // In halves and backwards: order and repetition do not matter.
                for (t, &p) in row.iter().enumerate().rev().filter(|(_, p)| **p > 0.0) {
                    entries.push((s, a, t, 0.5 * p));
                    entries.insert(0, (s, a, t, 0.5 * p));
                }
            }
        }
        let start = [1.0, 0.0, 0.0];
        let (dense, sparse) = (Mdp::new(&p, &start, 0.5).unwrap(), Mdp::sparse(3, 2, &entries, &start, 0.5).unwrap());
        assert_eq!(sparse.transitions().stored(), 9);
        let (v, m) = ([1.0, -2.0, 4.0], [1.0, 2.0, 0.0, 4.0, 8.0, 16.0]);
        for mdp in [&dense, &sparse] {
            let (mut g, mut back) = ([0.0; 6], [0.0; 3]);
            mdp.shaping(&v, &mut g);
            assert_eq!(g, [-1.625, -2.0, 2.5, 2.5, -2.0, -2.75]);
            mdp.shaping_transposed(&m, &mut back);
            // <G^T m, v> = <m, G v>
            let (left, right): (f64, f64) =
                ((0..3).map(|s| back[s] * v[s]).sum(), (0..6).map(|pair| m[pair] * g[pair]).sum());
            assert_eq!(left, right);
        }
        assert_eq!(dense.reachable(), sparse.reachable());
    }

    #[test]
    fn what_counts_as_reachable() {
        let p = [vec![vec![0.0, 1.0, 0.0]], vec![vec![0.0, 1.0, 0.0]], vec![vec![1.0, 0.0, 0.0]]];
        let start = [1.0, 0.0, 0.0];
        assert_eq!(Mdp::new(&p, &start, 0.9).unwrap().unreachable(), [2]);
        assert_eq!(Mdp::new(&p, &start, 0.0).unwrap().unreachable(), [1, 2]);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let row = |p: &[f64]| vec![p.to_vec()];
        let message = |p: &[Vec<Vec<f64>>], start: &[f64], gamma| Mdp::new(p, start, gamma).unwrap_err().to_string();
        let good = [row(&[0.5, 0.5]), row(&[0.0, 1.0])];
        assert!(message(&[row(&[0.5, 0.5 + 2e-9]), row(&[0.0, 1.0])], &[1.0, 0.0], 0.5).starts_with("P[0][0]"));
        assert!(message(&[row(&[0.5, 0.5]), row(&[-0.5, 1.5])], &[1.0, 0.0], 0.5).starts_with("P[1][0][0]"));
        assert!(message(&[row(&[0.5, 0.5]), row(&[f64::NAN, 1.5])], &[1.0, 0.0], 0.5).starts_with("P[1][0][0]"));
        assert!(message(&[row(&[1.0]), row(&[0.0, 1.0])], &[1.0, 0.0], 0.5).starts_with("P[0][0]"));
        assert!(message(&[row(&[0.5, 0.5]), vec![]], &[1.0, 0.0], 0.5).starts_with("P[1]"));
        assert!(message(&[], &[], 0.5).starts_with("P "));
        assert!(message(&good, &[1.0], 0.5).starts_with("mu0"));
        assert!(message(&good, &[0.5, 0.4], 0.5).starts_with("mu0"));
        for gamma in [1.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(message(&good, &[1.0, 0.0], gamma).starts_with("gamma"));
        }
        let sparse = |entries: &[_]| Mdp::sparse(1, 1, entries, &[1.0], 0.5).unwrap_err().to_string();
        assert!(sparse(&[(0, 0, 1, 1.0)]).starts_with("transitions[0]"));
        assert!(sparse(&[(0, 0, 0, 0.5)]).starts_with("transitions from state 0"));
    }
}
