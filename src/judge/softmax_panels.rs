//! The softmax table at small temperatures or large biases: Gauss-Legendre panels of 32 points in $v$ and then in $q = \sqrt v$.
//!
//! At a node the inner trapezoid rule runs over $\eta = y - q$, with $x = -\eta(2q+\eta)$ free of the cancellation in $v - y^2$; 50
//! to 180 points, four exponentials each, in lanes. $L_0$ is the running integral of the zeroth moment, by the integration
//! matrix of the nodes: from the left as $1 - L_0$ up to one half, from the right as $L_0$ beyond.

use super::model::Reduced;
use super::selection_table::SelectionTable;
use super::softmax::{ABOVE, Range, step};
use crate::numerics::lanes::{Kernel, Lanes, dispatch, exp8, sum8};
use crate::numerics::quadrature::GaussLegendre;
use std::sync::LazyLock;

const POINTS: usize = 32;
/// Width of a panel in $v$ where candidates are averaged: $K$ has no singularity within $\frac\pi2$ of the real line.
const WIDTH: f64 = 2.3;

static RULE: LazyLock<GaussLegendre> = LazyLock::new(|| GaussLegendre::new(POINTS));
/// `[i][j]`: the integral from $-1$ to node $i$ of the polynomial that is 1 at node $j$ and 0 at the others.
static RUNNING: LazyLock<Vec<[f64; POINTS]>> = LazyLock::new(running_integrals);

/// By Legendre polynomials: $\frac{w_j}2\sum_m P_m(x_j)\,(P_{m+1}(x_i) - P_{m-1}(x_i))$ with $P_{-1} = -1$.
fn running_integrals() -> Vec<[f64; POINTS]> {
    let legendre = |x: f64| {
        let mut p = [0.0; POINTS + 1];
        (p[0], p[1]) = (1.0, x);
        for m in 1..POINTS {
            let n = m as f64;
            p[m + 1] = ((2.0 * n + 1.0) * x * p[m] - n * p[m - 1]) / (n + 1.0);
        }
        p
    };
    let values: Vec<_> = RULE.nodes().iter().map(|&x| legendre(x)).collect();
    let row = |i: usize| {
        std::array::from_fn(|j| {
            let lower = |m: usize| if m == 0 { -1.0 } else { values[i][m - 1] };
            let sum: f64 = (0..POINTS).map(|m| values[j][m] * (values[i][m + 1] - lower(m))).sum();
            0.5 * RULE.weights()[j] * sum
        })
    };
    (0..POINTS).map(row).collect()
}

/// A panel in $v$, or in $q$.
#[derive(Clone, Copy)]
enum Panel {
    Linear(f64, f64),
    Root(f64, f64),
}

/// The scale of the density, finer where many candidates choose from its tail.
fn root_width(range: &Range) -> f64 {
    (3.0 / (1.0 + (2.0 * range.log_k).sqrt())).min(0.5) / range.c
}

fn panels(range: &Range) -> Vec<Panel> {
    let mut panels = Vec::new();
    let turn = range.averaging.min(range.end).max(1.0);
    let count = ((turn - range.start) / WIDTH).ceil().max(0.0);
    for i in 0..count as usize {
        let edge = |i: usize| range.start + (turn - range.start) * (i as f64 / count);
        panels.push(Panel::Linear(edge(i), edge(i + 1)));
    }
    let (mut q, end) = (turn.max(range.start).sqrt(), range.end.sqrt());
    let mut width = 0.5 * WIDTH / q;
    while q < end {
        width = width.min(0.35 * q).min(root_width(range));
        let next = (q + width).min(end);
        panels.push(Panel::Root(q, next));
        (q, width) = (next, 1.5 * width);
    }
    panels
}

/// The table; the point must have $b \ge 0$.
pub(super) fn table(point: &Reduced, range: &Range) -> SelectionTable {
    let panels = panels(range);
    let count = panels.len() * POINTS;
    let (mut moments, mut running) = (Vec::with_capacity(count), vec![0.0; count]);
    let mut totals = Vec::with_capacity(panels.len());
    for (p, panel) in panels.iter().enumerate() {
        let (from, to) = match *panel {
            Panel::Linear(from, to) | Panel::Root(from, to) => (from, to),
        };
        let (half, middle) = (0.5 * (to - from), 0.5 * (from + to));
        let mut zeroth = [0.0; POINTS];
        for (i, (x, weight)) in RULE.nodes().iter().zip(RULE.weights()).enumerate() {
            let at = middle + half * x;
            let (moment, slope) = match *panel {
                Panel::Linear(..) => (node(point, range, at, at.max(0.0).sqrt()), half),
                Panel::Root(..) => (node(point, range, at * at, at), 2.0 * at * half),
            };
            zeroth[i] = slope * moment[0];
            moments.push(moment.map(|m| m * slope * weight));
        }
        for (i, row) in RUNNING.iter().enumerate() {
            running[p * POINTS + i] = row.iter().zip(&zeroth).map(|(a, m)| a * m).sum();
        }
        totals.push(RULE.weights().iter().zip(&zeroth).map(|(w, m)| w * m).sum::<f64>());
    }
    // What is below the first node: e^v E w there, as the moment itself.
    let mut below = node(point, range, range.start, range.start.max(0.0).sqrt())[0];
    let mut above = vec![0.0; panels.len() + 1];
    for p in (0..panels.len()).rev() {
        above[p] = above[p + 1] + totals[p];
    }
    let mut table = SelectionTable::with_capacity(count);
    for p in 0..panels.len() {
        for i in 0..POINTS {
            let part = running[p * POINTS + i];
            let mass = below + part;
            let log_survival =
                if mass < 0.5 { (-mass).ln_1p() } else { (above[p + 1] + (totals[p] - part)).max(0.0).ln() };
            table.push(log_survival, moments[p * POINTS + i]);
        }
        below += totals[p];
    }
    table
}

/// $c\int (1, z+a, (z+a)^2)\,\varphi\,K(v-y^2)\,dy$ over both answers at distance $cy$; $q = \sqrt{\max(v, 0)}$.
fn node(point: &Reduced, range: &Range, v: f64, q: f64) -> [f64; 3] {
    let (c, h) = (range.c, step(v, range.c));
    // From 0, where the even integrand is folded; or around q where it no longer reaches 0.
    let (origin, first) = if v < ABOVE { (0.0, 0.0) } else { (q, -ABOVE / (q + (v - ABOVE).sqrt())) };
    let last = range.reach(q, origin);
    let first = (first / h).floor() as i64;
    let count = (last / h).ceil() as i64 - first + 1;
    if count <= 0 {
        return [0.0; 3];
    }
    let sums = dispatch(Node { point: *point, c, v, q: origin, h, first, chunks: (count as u64).div_ceil(8) });
    let scale = c * h * 0.398_942_280_401_432_7;
    sums.map(|s| scale * s)
}

struct Node {
    point: Reduced,
    c: f64,
    v: f64,
    /// The origin of $\eta$: 0 or $\sqrt v$.
    q: f64,
    h: f64,
    first: i64,
    chunks: u64,
}

impl Kernel for Node {
    type Output = [f64; 3];

    #[inline(always)]
    fn run(self) -> [f64; 3] {
        let Node { point: Reduced { a, b, .. }, c, v, q, h, first, chunks } = self;
        let folded = q == 0.0;
        let constant = if folded { v } else { 0.0 };
        let (gap, offset) = (a - b, c * q - b);
        let mut totals: [Lanes; 3] = [[0.0; 8]; 3];
        let mut index: Lanes = std::array::from_fn(|i| first as f64 + i as f64);
        for chunk in 0..chunks {
            let eta = index.map(|j| h * j);
            let x = eta.map(|eta| constant - eta * (2.0 * q + eta));
            let e = exp8(x);
            let mut exponent = [0.0; 8];
            for i in 0..8 {
                exponent[i] = x[i] - e[i];
            }
            let kernel = exp8(exponent);
            let near = exp8(eta.map(|eta| {
                let z = offset + c * eta;
                -0.5 * z * z
            }));
            let far = exp8(eta.map(|eta| {
                let z = c * q + c * eta + b;
                -0.5 * z * z
            }));
            for i in 0..8 {
                let r = c * q + c * eta[i];
                let half = if folded && chunk == 0 && i == 0 { 0.5 } else { 1.0 };
                let k = half * kernel[i];
                let (near, far, u, w) = (k * near[i], k * far[i], gap + r, gap - r);
                totals[0][i] += near + far;
                totals[1][i] += near * u + far * w;
                totals[2][i] += near * u * u + far * w * w;
            }
            index = index.map(|j| j + 8.0);
        }
        totals.map(sum8)
    }
}
