//! The payoff $A o$ of all actions against an opponent $o$: one query, and the only thing that learners ask of a game.
//!
//! Dense matrices are read in one of two passes, four rows at a time, eight columns a lane. The full pass is a plain
//! product. The half pass uses $A = -A^T$: it reads the upper triangle once and uses each entry twice,
//! $\mathrm{out}_i \mathrel{+}= a_{ij} o_j$ and $\mathrm{out}_j \mathrel{-}= a_{ij} o_i$, which halves the traffic of a product
//! that is bound by memory. Rounding: $(Y/8 + 3)u \sum_j |a_{ij} o_j|$ and $Y u \sum_j |a_{ij} o_j|$.

use crate::numerics::lanes::{Kernel, Lanes, dispatch, sum8};
use crate::numerics::sum::dot;

/// A game seen by its payoffs.
pub trait Payoff: Sync {
    /// The number of actions $Y$.
    fn size(&self) -> usize;

    /// `out = A policy`; both of length [`size`](Self::size). The policy need not be normalised: the map is linear.
    fn apply(&self, policy: &[f64], out: &mut [f64]);

    /// $P(\pi \succ \pi') - \tfrac12$.
    fn win_margin(&self, pi: &[f64], other: &[f64]) -> f64 {
        let mut payoff = vec![0.0; self.size()];
        self.apply(other, &mut payoff);
        dot(pi, &payoff)
    }
}

/// Rows that share one pass over the columns.
const ROWS: usize = 4;

/// `out = a policy` for a square row-major matrix.
pub fn full_pass(a: &[f64], policy: &[f64], out: &mut [f64]) {
    dispatch(FullPass { a, policy, out });
}

/// `out = a policy` for a skew matrix, from its upper triangle.
pub fn half_pass(a: &[f64], policy: &[f64], out: &mut [f64]) {
    dispatch(HalfPass { a, policy, out });
}

struct FullPass<'a> {
    a: &'a [f64],
    policy: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for FullPass<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let n = self.policy.len();
        let (policy, policy_rest) = self.policy.as_chunks::<8>();
        for (rows, out) in self.a.chunks(ROWS * n).zip(self.out.chunks_mut(ROWS)) {
            for (row, out) in rows.chunks_exact(n).zip(out) {
                let (row, row_rest) = row.as_chunks::<8>();
                let mut total: Lanes = [0.0; 8];
                for (a, o) in row.iter().zip(policy) {
                    for lane in 0..8 {
                        total[lane] += a[lane] * o[lane];
                    }
                }
                for (total, (a, o)) in total.iter_mut().zip(row_rest.iter().zip(policy_rest)) {
                    *total += a * o;
                }
                *out = sum8(total);
            }
        }
    }
}

struct HalfPass<'a> {
    a: &'a [f64],
    policy: &'a [f64],
    out: &'a mut [f64],
}

impl Kernel for HalfPass<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let n = self.policy.len();
        self.out.fill(0.0);
        let mut first = 0;
        while first < n {
            let rows = ROWS.min(n - first);
            let beyond = first + rows;
            // The triangle on the diagonal.
            for i in first..beyond {
                for j in i + 1..beyond {
                    let a = self.a[i * n + j];
                    self.out[i] += a * self.policy[j];
                    self.out[j] -= a * self.policy[i];
                }
            }
            if rows == ROWS {
                let row = |k: usize| &self.a[(first + k) * n + beyond..(first + k + 1) * n];
                let own = [0, 1, 2, 3].map(|k| self.policy[first + k]);
                let (policy, policy_rest) = self.policy[beyond..].as_chunks::<8>();
                let (out, out_rest) = self.out[beyond..].as_chunks_mut::<8>();
                let chunks = [0, 1, 2, 3].map(|k| row(k).as_chunks::<8>());
                let mut totals: [Lanes; ROWS] = [[0.0; 8]; ROWS];
                for (c, (o, out)) in policy.iter().zip(out).enumerate() {
                    let a = chunks.map(|(chunks, _)| chunks[c]);
                    for lane in 0..8 {
                        for k in 0..ROWS {
                            totals[k][lane] += a[k][lane] * o[lane];
                        }
                        out[lane] -=
                            (a[0][lane] * own[0] + a[1][lane] * own[1]) + (a[2][lane] * own[2] + a[3][lane] * own[3]);
                    }
                }
                for (c, (o, out)) in policy_rest.iter().zip(out_rest).enumerate() {
                    for k in 0..ROWS {
                        let a = chunks[k].1[c];
                        totals[k][c] += a * o;
                        *out -= a * own[k];
                    }
                }
                for (k, total) in totals.iter().enumerate() {
                    self.out[first + k] += sum8(*total);
                }
            }
            first = beyond;
        }
    }
}
