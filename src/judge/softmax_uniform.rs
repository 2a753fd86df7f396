//! The softmax table where $v$ has a moderate range: trapezoid rules in $v$ (step $\frac14$) and in $y$.
//!
//! Here $1 - L_0 = \int p(cy)\,(1-e^{-e^{v-y^2}})\,c\,dy$, $p$ the density of the distance. The $y$ are multiples of a step of few
//! digits: so $y^2$ is exact, one list of densities serves every $v$, and the part where $e^{-e^x}$ vanishes is a running sum of it.
//! Rows with neighbouring $v$ share a step. About 120 nodes a row, two exponentials a node, in lanes.

use super::folded::{Distance, densities};
use super::model::Reduced;
use super::selection_table::SelectionTable;
use super::softmax::{ABOVE, Span, step};
use crate::numerics::lanes::{dot_lanes, exp_m1_slice, exp_slice};
use std::ops::Range;

/// Step of the trapezoid rule in $v$.
const STEP: f64 = 0.25;
/// $e^v$ and $e^{-y^2}$ must not overflow.
const LARGEST_V: f64 = 600.0;
/// From this many rows on, panels are faster.
const LARGEST_ROWS: f64 = 1200.0;

/// Whether this scheme serves the range.
pub(super) fn suits(range: &Span) -> bool {
    range.end <= LARGEST_V && range.end - range.start <= LARGEST_ROWS * STEP && range.start > -700.0
}

/// What is needed at $y = jh$.
struct Columns {
    exp_neg_y2: Vec<f64>,
    /// Moments of $z + a$ times $c$ times the density.
    moments: [Vec<f64>; 3],
}

impl Columns {
    fn new(point: &Reduced, c: f64, h: f64, count: usize) -> Self {
        let Reduced { a, b, .. } = *point;
        let column = || Vec::with_capacity(count);
        let (mut exp_neg_y2, mut moments) = (vec![0.0; count], [column(), column(), column()]);
        let exponents: Vec<f64> = (0..count).map(|j| -(j as f64 * h) * (j as f64 * h)).collect();
        exp_slice(&exponents, &mut exp_neg_y2);
        for j in 0..count {
            let at = Distance::from_zero(c * (j as f64 * h), b);
            // the trapezoid rule over the whole line, folded at 0
            let weight = if j == 0 { 0.5 * c } else { c };
            let (near, far) = densities(at, b);
            let (near, far, u, v) = (weight * near, weight * far, (a - b) + at.r, (a - b) - at.r);
            moments[0].push(near + far);
            moments[1].push(near * u + far * v);
            moments[2].push(near * u * u + far * v * v);
        }
        Columns { exp_neg_y2, moments }
    }

    /// Every `stride`-th entry.
    fn thinned(&self, stride: usize, count: usize) -> Columns {
        let thin = |x: &[f64]| -> Vec<f64> { x.iter().step_by(stride).take(count).copied().collect() };
        let [m0, m1, m2] = &self.moments;
        Columns { exp_neg_y2: thin(&self.exp_neg_y2), moments: [thin(m0), thin(m1), thin(m2)] }
    }
}

/// The table; the point must have $b \ge 0$.
pub(super) fn table(point: &Reduced, range: &Span) -> SelectionTable {
    let c = range.c;
    let first_row = (range.start / STEP).floor() as i64;
    let last_row = (range.end / STEP).ceil() as i64;
    let last = last_row as f64 * STEP;
    let finest = eight_digits(step(last, c));
    let all = Columns::new(point, c, finest, (range.reach(last.max(0.0).sqrt(), 0.0) / finest) as usize + 2);
    let mut table = SelectionTable::with_capacity((last_row - first_row + 1) as usize);
    let (mut row, mut sums) = (first_row, Row::default());
    while row <= last_row {
        // rows up to 1, to 4, to 9, ... share their columns
        let root = (row as f64 * STEP).max(0.0).sqrt().floor() + 1.0;
        let to = (root * root).min(last);
        let stride = ((step(to, c) / finest) as usize).max(1);
        let h = stride as f64 * finest;
        let columns = all.thinned(stride, (range.reach(to.max(0.0).sqrt(), 0.0) / h) as usize + 2);
        let (mut gone, mut gone_mass) = (0, 0.0);
        while row <= last_row && row as f64 * STEP <= to {
            let v = row as f64 * STEP;
            let start = (((v - ABOVE).max(0.0).sqrt() / h) as usize).min(columns.exp_neg_y2.len());
            gone_mass += columns.moments[0][gone..start].iter().sum::<f64>();
            gone = start;
            let end = (range.reach(v.max(0.0).sqrt(), 0.0) / h) as usize + 2;
            let end = end.clamp(start, columns.exp_neg_y2.len());
            let [mass, m0, m1, m2] = sums.sums(&columns, start..end, v.exp());
            let lost = (h * (gone_mass + mass)).min(1.0);
            let weight = h * STEP;
            table.push((-lost).ln_1p(), [weight * m0, weight * m1, weight * m2]);
            row += 1;
        }
    }
    table
}

/// A positive number cut to eight binary digits.
fn eight_digits(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & !((1 << 45) - 1))
}

/// Sums over $y$ of $1 - e^{-x}$ times the density, and of $x e^{-x}$ times the moments; $x = u e^{-y^2}$.
#[derive(Default)]
struct Row {
    minus: Vec<f64>,
    kept: Vec<f64>,
    lost: Vec<f64>,
}

impl Row {
    fn sums(&mut self, columns: &Columns, span: Range<usize>, u: f64) -> [f64; 4] {
        let Row { minus, kept, lost } = self;
        let exp_neg_y2 = &columns.exp_neg_y2[span.clone()];
        minus.clear();
        minus.extend(exp_neg_y2.iter().map(|e| -u * e));
        kept.resize(minus.len(), 0.0);
        lost.resize(minus.len(), 0.0);
        exp_slice(minus, kept);
        exp_m1_slice(minus, lost);
        kept.iter_mut().zip(&*minus).for_each(|(kept, minus)| *kept *= -minus);
        let [m0, m1, m2] = columns.moments.each_ref().map(|m| &m[span.clone()]);
        [-dot_lanes(lost, m0), dot_lanes(kept, m0), dot_lanes(kept, m1), dot_lanes(kept, m2)]
    }
}
