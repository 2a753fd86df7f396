//! The payoff $A o$ of all actions against an opponent $o$: one query, and the only thing that learners ask of a game.
//!
//! Dense matrices are read in one of two passes. The full pass is a plain product, eight columns a lane. The half pass uses
//! $A = -A^T$: [`SkewTiles`] keeps the upper triangle once, in the order in which it is read, and uses each entry twice,
//! $\mathrm{out}_i \mathrel{+}= a_{ij} o_j$ and $\mathrm{out}_j \mathrel{-}= a_{ij} o_i$, which halves the traffic of a product that is
//! bound by memory. A panel of 32 columns stays in registers down a block of 256 rows, whose sums stay on the stack.
//! Rounding: $(Y/8 + 3)u \sum_j |a_{ij} o_j|$ and $Y u \sum_j |a_{ij} o_j|$.

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

/// `out = a policy` for a square row-major matrix.
pub fn full_pass(a: &[f64], policy: &[f64], out: &mut [f64]) {
    dispatch(FullPass { a, policy, out });
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
        for (row, out) in self.a.chunks_exact(n).zip(self.out) {
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

/// Lanes in a panel: 32 columns.
const PANEL: usize = 4;
/// Rows in a block.
const BLOCK: usize = 256;

/// The upper triangle of a skew matrix, block of rows by block, panel of columns by panel, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct SkewTiles {
    size: usize,
    entries: Vec<Lanes>,
}

impl SkewTiles {
    /// Packs the part above the diagonal of a row-major `size` x `size` matrix. Memory: half of the matrix, and a panel a row.
    pub fn new(size: usize, a: &[f64]) -> SkewTiles {
        let mut entries = Vec::new();
        for block in (0..size).step_by(BLOCK) {
            for left in (block / (8 * PANEL) * (8 * PANEL)..size).step_by(8 * PANEL) {
                for i in block..tile_end(size, block, left) {
                    for k in 0..PANEL {
                        let first = left + 8 * k;
                        entries.push(std::array::from_fn(|lane| {
                            let j = first + lane;
                            if j > i && j < size { a[i * size + j] } else { 0.0 }
                        }));
                    }
                }
            }
        }
        SkewTiles { size, entries }
    }

    /// `out = A policy`.
    pub fn apply(&self, policy: &[f64], out: &mut [f64]) {
        let n = self.size;
        out.fill(0.0);
        let mut totals: [Lanes; BLOCK] = [[0.0; 8]; BLOCK];
        let mut entries = self.entries.as_slice();
        for block in (0..n).step_by(BLOCK) {
            let rows = BLOCK.min(n - block);
            totals[..rows].fill([0.0; 8]);
            for left in (block / (8 * PANEL) * (8 * PANEL)..n).step_by(8 * PANEL) {
                let height = tile_end(n, block, left) - block;
                let (tile, rest) = entries.split_at(height * PANEL);
                entries = rest;
                let right = (left + 8 * PANEL).min(n);
                let mut own = [0.0; 8 * PANEL];
                own[..right - left].copy_from_slice(&policy[left..right]);
                let columns = dispatch(Tile {
                    rows: tile.as_chunks::<PANEL>().0,
                    own: &own,
                    weights: &policy[block..block + height],
                    totals: &mut totals[..height],
                });
                out[left..right].iter_mut().zip(columns.as_flattened()).for_each(|(out, x)| *out -= x);
            }
            out[block..block + rows].iter_mut().zip(&totals).for_each(|(out, total)| *out += sum8(*total));
        }
    }
}

/// The rows of a tile end with its block, with its last column, or with the matrix.
#[inline(always)]
fn tile_end(size: usize, block: usize, left: usize) -> usize {
    (block + BLOCK).min(left + 8 * PANEL).min(size)
}

/// One tile: adds $\sum_j a_{ij} o_j$ to the total of each row, lane by lane, and returns $\sum_i a_{ij} o_i$ of each column.
///
/// A kernel of its own, so that its eight accumulators stay in registers whatever it is compiled beside.
struct Tile<'a> {
    rows: &'a [[Lanes; PANEL]],
    own: &'a [f64; 8 * PANEL],
    weights: &'a [f64],
    totals: &'a mut [Lanes],
}

#[inline(always)]
fn product(a: &Lanes, b: &Lanes) -> Lanes {
    let mut out = [0.0; 8];
    for lane in 0..8 {
        out[lane] = a[lane] * b[lane];
    }
    out
}

#[inline(always)]
fn plus(a: &Lanes, b: &Lanes) -> Lanes {
    let mut out = [0.0; 8];
    for lane in 0..8 {
        out[lane] = a[lane] + b[lane];
    }
    out
}

impl Kernel for Tile<'_> {
    type Output = [Lanes; PANEL];

    #[inline(always)]
    fn run(self) -> [Lanes; PANEL] {
        let [o0, o1, o2, o3] = *self.own.as_chunks::<8>().0 else { return [[0.0; 8]; PANEL] };
        let [mut x0, mut x1, mut x2, mut x3] = [[0.0; 8]; PANEL];
        for (([a0, a1, a2, a3], total), w) in self.rows.iter().zip(self.totals).zip(self.weights) {
            let w = [*w; 8];
            let even = plus(&product(a0, &o0), &product(a2, &o2));
            let odd = plus(&product(a1, &o1), &product(a3, &o3));
            x0 = plus(&x0, &product(a0, &w));
            x1 = plus(&x1, &product(a1, &w));
            x2 = plus(&x2, &product(a2, &w));
            x3 = plus(&x3, &product(a3, &w));
            *total = plus(total, &plus(&even, &odd));
        }
        [x0, x1, x2, x3]
    }
}
