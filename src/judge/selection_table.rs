//! One table for every number of candidates: $g(k) = k\sum_i m_i\, e^{(k-1)\,\ell_i}$.
//!
//! Both selections have this form. Softmax: $\ell = \ln L_0(v)$ at nodes $v = \ln u$ of the Laplace identity (R4), $m$ the weighted
//! $L_1$. Best of $k$: $\ell = \ln S(r)$ at nodes $r$ (R5), $m$ the weighted density of the loss. The loss is
//! $(z+a)^2 + \tau^2$; three moments of $z + a_0$ about the bias $a_0$ of the point that the table was made for serve every $a$.
//!
//! All terms are positive at $a = a_0$: relative error a few roundings plus that of the entries. One exponential a node.

use crate::numerics::lanes::{Kernel, Lanes, dispatch, exp8, sum8};

/// Nodes of a selection, ascending in the distance at which they act.
#[derive(Clone, Debug, Default)]
pub(super) struct SelectionTable {
    /// $\ell_i \le 0$, non-increasing.
    log_survival: Vec<f64>,
    /// Moments 0, 1, 2 of $z + a_0$, weights of the quadrature included.
    moments: [Vec<f64>; 3],
}

/// Terms with $(k-1)\ell$ below this are left out: $e^{-700}$ of the largest.
const DEAD: f64 = -700.0;
/// And before it is below this nothing has been selected yet: all those nodes hold $10^{-20}$ of the selections.
const UNTOUCHED: f64 = -1e-20;

impl SelectionTable {
    pub fn with_capacity(nodes: usize) -> Self {
        let column = || Vec::with_capacity(nodes);
        SelectionTable { log_survival: column(), moments: [column(), column(), column()] }
    }

    pub fn push(&mut self, log_survival: f64, moments: [f64; 3]) {
        self.log_survival.push(log_survival.max(2.0 * DEAD)); // finite, so that 0 times it is 0
        self.moments.iter_mut().zip(moments).for_each(|(column, m)| column.push(m));
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.log_survival.len()
    }

    /// $k\sum_i e^{(k-1)\ell_i}\,(m_2 + 2\,\mathtt{shift}\,m_1 + \mathtt{constant}\,m_0)_i$, the mean of
    /// $(z + a_0 + \mathtt{shift})^2 + \tau^2$ when `constant` is $\mathtt{shift}^2 + \tau^2$. `less_one` is $k - 1 \ge 0$.
    pub fn mean(&self, less_one: f64, shift: f64, constant: f64) -> f64 {
        let first = self.log_survival.partition_point(|l| less_one * l > UNTOUCHED && less_one > 0.0);
        let alive = first..self.log_survival.partition_point(|l| less_one * l > DEAD).max(first);
        let [m0, m1, m2] = &self.moments;
        let sum = dispatch(Mean {
            log_survival: &self.log_survival[alive.clone()],
            moments: [&m0[alive.clone()], &m1[alive.clone()], &m2[alive.clone()]],
            less_one,
            twice_shift: 2.0 * shift,
            constant,
        });
        (less_one + 1.0) * sum
    }
}

struct Mean<'a> {
    log_survival: &'a [f64],
    moments: [&'a [f64]; 3],
    less_one: f64,
    twice_shift: f64,
    constant: f64,
}

impl Kernel for Mean<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let (l, l_rest) = self.log_survival.as_chunks::<8>();
        let [(m0, r0), (m1, r1), (m2, r2)] = self.moments.map(|m| m.as_chunks::<8>());
        let mut total: Lanes = [0.0; 8];
        for i in 0..l.len() {
            let e = exp8(l[i].map(|l| self.less_one * l));
            for j in 0..8 {
                total[j] += e[j] * (m2[i][j] + (self.twice_shift * m1[i][j] + self.constant * m0[i][j]));
            }
        }
        let mut last: Lanes = [f64::NEG_INFINITY; 8];
        last[..l_rest.len()].copy_from_slice(l_rest);
        let e = exp8(last.map(|l| self.less_one * l));
        for j in 0..l_rest.len() {
            total[j] += e[j] * (r2[j] + (self.twice_shift * r1[j] + self.constant * r0[j]));
        }
        sum8(total)
    }
}
