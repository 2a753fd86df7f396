//! Small linear programs: $\max c\cdot x$ subject to $Ax \le b$, $Ex = f$, $x \ge 0$, by the two-phase tableau simplex method.
//!
//! Dantzig's rule, and Bland's (1977) after a run of steps that gain nothing, so that it cannot cycle. Rows are scaled to a
//! largest entry of one; a pivot, a reduced cost or an infeasibility below $10^{-10}$ counts as zero. Dense, $O(mn)$ a pivot: for
//! programs of at most a few hundred rows, as an independent check of faster methods.

use crate::{Error, Result};

/// A row of constraints: coefficients and right side.
pub type Row = (Vec<f64>, f64);

/// An optimal vertex.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// $c\cdot x$.
    pub value: f64,
    /// The vertex.
    pub x: Vec<f64>,
}

/// Why a program has no optimum, or the optimum.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// An optimal vertex.
    Optimal(Optimum),
    /// No point satisfies the constraints.
    Infeasible,
    /// The objective has no bound.
    Unbounded,
}

impl Outcome {
    /// The optimum.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `program` if there is none.
    pub fn optimum(self) -> Result<Optimum> {
        match self {
            Outcome::Optimal(optimum) => Ok(optimum),
            Outcome::Infeasible => Err(Error::invalid("program", "infeasible", "constraints that a point satisfies")),
            Outcome::Unbounded => Err(Error::invalid("program", "unbounded", "a bounded objective")),
        }
    }
}

const ZERO: f64 = 1e-10;
/// Steps without gain before Bland's rule.
const STALLED: usize = 50;
const PIVOTS: usize = 100_000;

/// Solves the program with the rows `at_most` ($\le$) and `equal` ($=$).
///
/// ```
/// use tilt::numerics::linear_program::maximise;
/// // max x + y with x + 2y <= 4, 3x + y <= 6.
/// let rows = [(vec![1.0, 2.0], 4.0), (vec![3.0, 1.0], 6.0)];
/// let best = maximise(&[1.0, 1.0], &rows, &[])?.optimum()?;
/// assert!((best.value - 2.8).abs() < 1e-14 && (best.x[0] - 1.6).abs() < 1e-14);
/// # Ok::<(), tilt::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotConverged`] after 100000 pivots.
pub fn maximise(objective: &[f64], at_most: &[Row], equal: &[Row]) -> Result<Outcome> {
    let mut tableau = Tableau::new(objective, at_most, equal);
    // Phase one: drive the artificial variables to zero.
    tableau.price(|j, t| if j >= t.artificial { -1.0 } else { 0.0 });
    if !tableau.run(true)? {
        return Ok(Outcome::Unbounded);
    }
    if tableau.cost.last().is_some_and(|v| v.abs() > 1e-9) {
        return Ok(Outcome::Infeasible);
    }
    tableau.expel_artificials();
    let costs = objective.to_vec();
    tableau.price(|j, _| costs.get(j).copied().unwrap_or(0.0));
    if !tableau.run(false)? {
        return Ok(Outcome::Unbounded);
    }
    let mut x = vec![0.0; objective.len()];
    for (row, &j) in tableau.rows.iter().zip(&tableau.basis) {
        if j < x.len() {
            x[j] = row[tableau.width].max(0.0);
        }
    }
    let value = crate::numerics::sum::dot(objective, &x);
    Ok(Outcome::Optimal(Optimum { value, x }))
}

struct Tableau {
    /// Columns: variables, slacks, artificials; then the right side.
    rows: Vec<Vec<f64>>,
    /// Reduced costs and minus the value.
    cost: Vec<f64>,
    basis: Vec<usize>,
    artificial: usize,
    width: usize,
}

impl Tableau {
    fn new(objective: &[f64], at_most: &[Row], equal: &[Row]) -> Tableau {
        let (variables, m) = (objective.len(), at_most.len() + equal.len());
        let artificial = variables + at_most.len();
        let width = artificial + m;
        let mut rows = Vec::with_capacity(m);
        for (i, (coefficients, right)) in at_most.iter().chain(equal).enumerate() {
            let largest = coefficients.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            let sign = if *right < 0.0 { -1.0 } else { 1.0 };
            let scale = if largest > 0.0 { sign / largest } else { sign };
            let mut row = vec![0.0; width + 1];
            row.iter_mut().zip(coefficients).for_each(|(x, a)| *x = scale * a);
            if i < at_most.len() {
                row[variables + i] = scale.signum();
            }
            row[artificial + i] = 1.0;
            row[width] = scale * right;
            rows.push(row);
        }
        Tableau { rows, cost: vec![0.0; width + 1], basis: (artificial..width).collect(), artificial, width }
    }

    /// Reduced costs of an objective in the current basis.
    fn price(&mut self, objective: impl Fn(usize, &Tableau) -> f64) {
        let mut cost: Vec<f64> = (0..self.width).map(|j| objective(j, self)).chain([0.0]).collect();
        for (row, &basic) in self.rows.iter().zip(&self.basis) {
            let price = objective(basic, self);
            cost.iter_mut().zip(row).for_each(|(c, x)| *c -= price * x);
        }
        self.cost = cost;
    }

    /// Pivots to the optimum; false if unbounded. Artificial variables may enter in phase one only.
    fn run(&mut self, first_phase: bool) -> Result<bool> {
        let columns = if first_phase { self.width } else { self.artificial };
        let mut stalled = 0;
        for _ in 0..PIVOTS {
            let candidates = (0..columns).filter(|&j| self.cost[j] > ZERO);
            let entering = match stalled > STALLED {
                true => candidates.min(),
                false => candidates.max_by(|&i, &j| self.cost[i].total_cmp(&self.cost[j])),
            };
            let Some(entering) = entering else { return Ok(true) };
            let mut leaving: Option<(usize, f64)> = None;
            for (i, row) in self.rows.iter().enumerate().filter(|(_, row)| row[entering] > ZERO) {
                let ratio = row[self.width] / row[entering];
                let better = leaving.is_none_or(|(at, best)| {
                    ratio < best - 1e-13 || (ratio <= best + 1e-13 && self.basis[i] < self.basis[at])
                });
                if better {
                    leaving = Some((i, ratio));
                }
            }
            let Some((leaving, ratio)) = leaving else { return Ok(false) };
            stalled = if ratio > ZERO { 0 } else { stalled + 1 };
            self.pivot(leaving, entering);
        }
        Err(Error::NotConverged {
            method: "simplex".into(),
            iterations: PIVOTS,
            residual: self.cost.iter().copied().fold(0.0, f64::max),
            tolerance: ZERO,
        })
    }

    fn pivot(&mut self, leaving: usize, entering: usize) {
        let inverse = 1.0 / self.rows[leaving][entering];
        self.rows[leaving].iter_mut().for_each(|x| *x *= inverse);
        let pivot = self.rows[leaving].clone();
        let others = self.rows.iter_mut().enumerate().filter(|(i, _)| *i != leaving).map(|(_, row)| row);
        for row in others.chain([&mut self.cost]) {
            let factor = row[entering];
            if factor != 0.0 {
                row.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= factor * p);
                row[entering] = 0.0;
            }
        }
        self.basis[leaving] = entering;
    }

    /// Replaces artificial variables at zero in the basis; rows that have nothing else are redundant.
    fn expel_artificials(&mut self) {
        for i in 0..self.rows.len() {
            if self.basis[i] >= self.artificial {
                let row = &self.rows[i];
                let largest = (0..self.artificial).max_by(|&j, &k| row[j].abs().total_cmp(&row[k].abs()));
                if let Some(j) = largest.filter(|&j| row[j].abs() > ZERO) {
                    self.pivot(i, j);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_equalities_and_a_negative_right_side() {
        // max 2x - y with x + y = 3, -x <= -1, x <= 2: x = 2, y = 1.
        let best = maximise(&[2.0, -1.0], &[(vec![-1.0, 0.0], -1.0), (vec![1.0, 0.0], 2.0)], &[(vec![1.0, 1.0], 3.0)]);
        let best = best.unwrap().optimum().unwrap();
        assert!((best.value - 3.0).abs() < 1e-14 && (best.x[1] - 1.0).abs() < 1e-14);
    }

    #[test]
    fn what_has_no_optimum_is_told_apart() {
        assert_eq!(maximise(&[1.0], &[(vec![-1.0], -1.0)], &[]).unwrap(), Outcome::Unbounded);
        assert_eq!(maximise(&[1.0], &[(vec![1.0], 1.0)], &[(vec![1.0], 2.0)]).unwrap(), Outcome::Infeasible);
    }

    #[test]
    fn redundant_rows_and_degenerate_vertices() {
        let equal = [(vec![1.0, 1.0, 0.0], 1.0), (vec![2.0, 2.0, 0.0], 2.0), (vec![0.0, 0.0, 1.0], 0.0)];
        let best = maximise(&[1.0, 2.0, 3.0], &[], &equal).unwrap().optimum().unwrap();
        assert_eq!(best.value, 2.0);
        // Beale's example, which cycles under Dantzig's rule without care: the optimum is 1/20.
        let rows = [
            (vec![0.25, -60.0, -0.04, 9.0], 0.0),
            (vec![0.5, -90.0, -0.02, 3.0], 0.0),
            (vec![0.0, 0.0, 1.0, 0.0], 1.0),
        ];
        let best = maximise(&[0.75, -150.0, 0.02, -6.0], &rows, &[]).unwrap().optimum().unwrap();
        assert!((best.value - 0.05).abs() < 1e-12);
    }
}
