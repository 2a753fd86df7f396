//! Transition laws $P(s'|s,a)$ of a finite decision process, dense or sparse.
//!
//! A **pair** is the index $sA + a$ of a state and an action. Dense: all $S A S$ entries, row by row. Sparse: for each pair
//! the targets of positive probability in ascending order and their probabilities (compressed rows). Rows are kept as
//! given (within 1e-9 of mass one): they are not renormalised.
//!
//! | here | symbol | cost |
//! |---|---|---|
//! | [`expect_next`](Transitions::expect_next) | $(P v)(s,a)$ | one read of the stored entries |
//! | [`add_flow`](Transitions::add_flow) | $\sum_{s,a} m(s,a) P(s'\|s,a)$ | the same |

use crate::numerics::matrix;
use crate::{Error, Result};

/// The laws of the next state, one a pair.
#[derive(Clone, Debug, PartialEq)]
pub enum Transitions {
    /// `[S, A, S]`, row-major.
    Dense(Vec<f64>),
    /// The positive entries of each row.
    Sparse {
        /// Row of pair `i`: entries `offsets[i]..offsets[i + 1]`.
        offsets: Vec<usize>,
        /// Next state of an entry, ascending in a row.
        targets: Vec<usize>,
        /// Its probability.
        probs: Vec<f64>,
    },
}

/// How far a law may be from mass one.
const MASS_TOLERANCE: f64 = 1e-9;

/// Checks a law given as it is: entries finite and >= 0, of sum 1 within 1e-9.
///
/// # Errors
/// [`Error::InvalidInput`] about `field` or `field[i]`.
pub fn check_law(field: &str, law: &[f64]) -> Result<()> {
    if let Some(i) = law.iter().position(|p| !(p.is_finite() && *p >= 0.0)) {
        return Err(Error::invalid(format!("{field}[{i}]"), law[i], "a probability: finite and >= 0"));
    }
    let mass = crate::numerics::sum::sum(law.iter().copied());
    if (mass - 1.0).abs() > MASS_TOLERANCE {
        return Err(Error::invalid(field, format!("of sum {mass}"), "probabilities of sum 1 (within 1e-9)"));
    }
    Ok(())
}

/// Checks that `field` has `expected` entries of the named kind.
///
/// # Errors
/// [`Error::InvalidInput`] about `field`.
pub fn check_length(field: &str, found: usize, expected: usize, of: &str) -> Result<()> {
    match found == expected {
        true => Ok(()),
        false => Err(Error::invalid(field, format!("of length {found}"), format!("{expected} entries, one a {of}"))),
    }
}

impl Transitions {
    /// Dense laws from `[S][A][S]`; every row a law.
    ///
    /// # Errors
    /// Field `P` with its indices: ragged, empty, or a row that is no law.
    pub fn dense(rows: &[Vec<Vec<f64>>]) -> Result<Transitions> {
        let states = rows.len();
        let actions = rows.first().map_or(0, Vec::len);
        if states == 0 || actions == 0 {
            return Err(Error::invalid("P", "empty", "at least one state and one action"));
        }
        let mut flat = Vec::with_capacity(states * actions * states);
        for (s, of_state) in rows.iter().enumerate() {
            check_length(&format!("P[{s}]"), of_state.len(), actions, "action")?;
            for (a, row) in of_state.iter().enumerate() {
                let field = format!("P[{s}][{a}]");
                check_length(&field, row.len(), states, "next state")?;
                check_law(&field, row)?;
                flat.extend_from_slice(row);
            }
        }
        Ok(Transitions::Dense(flat))
    }

    /// Sparse laws from triples `(s, a, s', p)` in any order; entries of one transition are added up.
    ///
    /// # Errors
    /// Field `transitions` with the index of the entry, or of the pair whose row is no law.
    pub fn sparse(states: usize, actions: usize, entries: &[(usize, usize, usize, f64)]) -> Result<Transitions> {
        if states == 0 || actions == 0 {
            return Err(Error::invalid("transitions", "empty", "at least one state and one action"));
        }
        for (i, &(s, a, t, p)) in entries.iter().enumerate() {
            if s >= states || a >= actions || t >= states || !(p.is_finite() && p >= 0.0) {
                let expected = format!("states below {states}, an action below {actions}, a probability >= 0");
                return Err(Error::invalid(format!("transitions[{i}]"), format!("({s}, {a}, {t}, {p})"), expected));
            }
        }
        let mut order: Vec<usize> = (0..entries.len()).filter(|&i| entries[i].3 > 0.0).collect();
        order.sort_by_key(|&i| (entries[i].0, entries[i].1, entries[i].2));
        let (mut offsets, mut targets, mut probs) = (vec![0], Vec::new(), Vec::<f64>::new());
        let mut next = order.into_iter().peekable();
        for pair in 0..states * actions {
            while let Some(i) = next.next_if(|&i| entries[i].0 * actions + entries[i].1 == pair) {
                let (_, _, t, p) = entries[i];
                match targets.len() > offsets[pair] && targets.last() == Some(&t) {
                    true => *probs.last_mut().expect("as long as targets") += p,
                    false => {
                        targets.push(t);
                        probs.push(p);
                    }
                }
            }
            let field = format!("transitions from state {} by action {}", pair / actions, pair % actions);
            check_law(&field, &probs[offsets[pair]..])?;
            offsets.push(targets.len());
        }
        Ok(Transitions::Sparse { offsets, targets, probs })
    }

    /// Number of stored entries: a reward has a value for each.
    pub fn stored(&self) -> usize {
        match self {
            Transitions::Dense(flat) => flat.len(),
            Transitions::Sparse { probs, .. } => probs.len(),
        }
    }

    /// Calls `visit(s', p, index of the entry)` for the stored entries of a pair; in the dense form also those with `p = 0`.
    #[inline]
    pub fn visit(&self, states: usize, pair: usize, mut visit: impl FnMut(usize, f64, usize)) {
        match self {
            Transitions::Dense(flat) => {
                let first = pair * states;
                flat[first..first + states].iter().enumerate().for_each(|(t, &p)| visit(t, p, first + t));
            }
            Transitions::Sparse { offsets, targets, probs } => {
                (offsets[pair]..offsets[pair + 1]).for_each(|i| visit(targets[i], probs[i], i));
            }
        }
    }

    /// `out[pair] = sum_s' P(s'|pair) v[s']`.
    pub fn expect_next(&self, v: &[f64], out: &mut [f64]) {
        match self {
            Transitions::Dense(flat) => matrix::product(flat, v, out),
            Transitions::Sparse { offsets, targets, probs } => {
                for (pair, out) in out.iter_mut().enumerate() {
                    let row = offsets[pair]..offsets[pair + 1];
                    *out = row.map(|i| probs[i] * v[targets[i]]).sum();
                }
            }
        }
    }

    /// Adds `sum_pair mass[pair] P(s'|pair)` to `out[s']`.
    pub fn add_flow(&self, mass: &[f64], out: &mut [f64]) {
        match self {
            Transitions::Dense(flat) => matrix::add_transposed_product(flat, mass, out),
            Transitions::Sparse { offsets, targets, probs } => {
                for (pair, &m) in mass.iter().enumerate().filter(|(_, m)| **m != 0.0) {
                    (offsets[pair]..offsets[pair + 1]).for_each(|i| out[targets[i]] += m * probs[i]);
                }
            }
        }
    }

    /// `out[pair] = sum_s' P(s'|pair) r[entry]` for values `r` on the stored entries.
    pub fn expect_entries(&self, r: &[f64], out: &mut [f64]) {
        match self {
            Transitions::Dense(flat) => matrix::row_dots(flat, r, out),
            Transitions::Sparse { offsets, probs, .. } => {
                for (pair, out) in out.iter_mut().enumerate() {
                    *out = (offsets[pair]..offsets[pair + 1]).map(|i| probs[i] * r[i]).sum();
                }
            }
        }
    }
}
