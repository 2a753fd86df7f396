//! The softmax table at small temperatures or large biases: Gauss-Legendre panels of 32 points in $v$ and then in $q = \sqrt v$.
//!
//! At a node the inner trapezoid rule runs over $\eta = y - q$, with $x = -\eta(2q+\eta)$ free of the cancellation in $v - y^2$; 50
//! to 180 points, four exponentials each, in lanes. $L_0$ is the running integral of the zeroth moment, by the integration
//! matrix of the nodes: from the left as $1 - L_0$ up to one half, from the right as $L_0$ beyond.

use super::model::Reduced;
use super::selection_table::SelectionTable;
use super::softmax::{ABOVE, Span, step};
use crate::numerics::lanes::{exp_slice, sum_lanes};
use crate::numerics::quadrature::GaussLegendre;
use std::sync::LazyLock;

const POINTS: usize = 32;
/// Width of a panel in $v$ where candidates are averaged: $K$ has no singularity within $\frac\pi2$ of the real line.
const WIDTH: f64 = 2.3;
/// Below this $v$ the table is entire in $e^v$, and only $L_0^{k-1}$ has the scale of $K$: panels of twice the width.
const EXPONENTIAL: f64 = -5.0;

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
fn root_width(range: &Span) -> f64 {
    (3.0 / (1.0 + (2.0 * range.log_k).sqrt())).min(0.5) / range.c
}

fn panels(range: &Span) -> Vec<Panel> {
    let mut panels = Vec::new();
    let turn = range.averaging.min(range.end).max(1.0);
    let mut linear = |from: f64, to: f64, width: f64| {
        let count = ((to - from) / width).ceil().max(0.0);
        let edge = |i: usize| from + (to - from) * (i as f64 / count);
        panels.extend((0..count as usize).map(|i| Panel::Linear(edge(i), edge(i + 1))));
    };
    linear(range.start, EXPONENTIAL, 2.0 * WIDTH);
    linear(range.start.max(EXPONENTIAL), turn, WIDTH);
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
pub(super) fn table(point: &Reduced, range: &Span) -> SelectionTable {
    let panels = panels(range);
    let mut workspace = Workspace::default();
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
                Panel::Linear(..) => (node(&mut workspace, point, range, at, at.max(0.0).sqrt()), half),
                Panel::Root(..) => (node(&mut workspace, point, range, at * at, at), 2.0 * at * half),
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
    let mut below = node(&mut workspace, point, range, range.start, range.start.max(0.0).sqrt())[0];
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
fn node(workspace: &mut Workspace, point: &Reduced, range: &Span, v: f64, q: f64) -> [f64; 3] {
    let h = step(v, range.c);
    // From 0, where the even integrand is folded; or around q where it no longer reaches 0.
    let (origin, first) = if v < ABOVE { (0.0, 0.0) } else { (q, -ABOVE / (q + (v - ABOVE).sqrt())) };
    let last = range.reach(q, origin);
    let first = (first / h).floor() as i64;
    let count = (last / h).ceil() as i64 - first + 1;
    if count <= 0 {
        return [0.0; 3];
    }
    workspace.sums(point, range.c, (v, origin), (first, count as usize, h))
}

/// Columns of the inner rule.
#[derive(Default)]
struct Workspace {
    r: Vec<f64>,
    x: Vec<f64>,
    kernel: Vec<f64>,
    near: Vec<f64>,
    far: Vec<f64>,
    exponent: Vec<f64>,
}

impl Workspace {
    /// At $\eta = jh$ from `first` on, around `origin`: 0, where the integrand is folded, or $\sqrt v$.
    fn sums(
        &mut self,
        point: &Reduced,
        c: f64,
        (v, origin): (f64, f64),
        (first, count, h): (i64, usize, f64),
    ) -> [f64; 3] {
        let Workspace { r, x, kernel, near, far, exponent } = self;
        for column in [&mut *r, x, kernel, near, far, exponent] {
            column.resize(count, 0.0);
        }
        let Reduced { a, b, .. } = *point;
        let constant = if origin == 0.0 { v } else { 0.0 };
        let offset = c * origin - b;
        for i in 0..count {
            let eta = h * (first + i as i64) as f64;
            r[i] = c * origin + c * eta;
            x[i] = constant - eta * (2.0 * origin + eta);
            let z = offset + c * eta;
            exponent[i] = -0.5 * z * z;
        }
        exp_slice(exponent, near);
        for (exponent, r) in exponent.iter_mut().zip(&*r) {
            *exponent = -0.5 * (r + b) * (r + b);
        }
        exp_slice(exponent, far);
        exp_slice(x, kernel);
        for i in 0..count {
            exponent[i] = x[i] - kernel[i];
        }
        exp_slice(exponent, kernel);
        if origin == 0.0 {
            kernel[0] *= 0.5;
        }
        // the three integrands in place of what is no longer needed
        let gap = a - b;
        for i in 0..count {
            let (near_here, far_here) = (kernel[i] * near[i], kernel[i] * far[i]);
            let (u, w) = (gap + r[i], gap - r[i]);
            kernel[i] = near_here + far_here;
            near[i] = near_here * u + far_here * w;
            far[i] = near_here * u * u + far_here * w * w;
        }
        let scale = c * h * 0.398_942_280_401_432_7;
        [sum_lanes(kernel), sum_lanes(near), sum_lanes(far)].map(|sum| scale * sum)
    }
}
