//! Best of $k$ at temperature 0: the answer nearest to the judge's (R5).
//!
//! With $F, S$ of the folded normal and $r = |z+b|$,
//! $$g = k\int_0^\infty \big[\varphi(r-b)\,(a-b+r)^2 + \varphi(r+b)\,(a-b-r)^2\big]\,S(r)^{k-1}\,dr + \tau^2,$$
//! by Gauss-Legendre panels of 24 points (Halder and Pehlevan 2025 for the model; integral and panels derived). $S^{k-1}$ falls on
//! a logarithmic scale of $r$ where $b$ is small, on the scale $1/\sqrt{2\ln k}$ where it is large: panels grow fourfold up to
//! that width. Where $b$ is large they are laid out in $r - b$, which keeps the digits.
//!
//! Relative error below $10^{-14}$ for $|b| \le 30$, about $10^{-15}(1+|a|)$ beyond; $k$ from 1 to $e^{10000}$ and further. About 500
//! to 1,500 nodes of 0.3 microseconds, $O(\log k)$.

use super::folded::{Distance, densities, distance_of_log_hazard, neg_log_survival};
use super::model::{Candidates, Reduced};
use crate::numerics::quadrature::GaussLegendre;
use crate::numerics::sum::Sum;
use std::sync::LazyLock;

static RULE: LazyLock<GaussLegendre> = LazyLock::new(|| GaussLegendre::new(24));

/// $\ln$ of the expected number of candidates below the first node: what is left out has relative mass $e^{-45}$.
const NEGLIGIBLE: f64 = -45.0;
/// $S^{k-1}$ is below $e^{-50}$ beyond the last node.
const DEAD: f64 = 3.912_023_005_428_146; // ln 50

/// $g$ of the best of `k` in units of $s^2$.
///
/// ```
/// use tilt::judge::{best_of_k::best_of_k, model::{Candidates, Reduced}};
/// let g = best_of_k(&Reduced::new(0.5, 0.5)?, Candidates::new(50)?);
/// assert!((4.0 * g - 0.006097239537753515).abs() < 1e-16);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn best_of_k(point: &Reduced, k: Candidates) -> f64 {
    if k.is_one() {
        return point.single();
    }
    BestOfTable::new(point, k, k).at(k)
}

/// Nodes that serve every number of candidates between two, and every $a$.
#[derive(Clone, Debug)]
pub struct BestOfTable {
    point: Reduced,
    /// Whether `near_offset` is measured from $b$ (else from 0).
    anchored: bool,
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    log_weight: f64,
    log_hazard: f64,
    /// Densities of the two answers at this distance.
    near: f64,
    far: f64,
    r: f64,
    near_offset: f64,
}

impl BestOfTable {
    /// The table of a point for `least` to `most` candidates.
    pub fn new(point: &Reduced, least: Candidates, most: Candidates) -> Self {
        let point = point.upright();
        let b = point.b;
        let last = distance_of_log_hazard(DEAD - least.ln_less_one().max(0.0), b).min(b + 10.0);
        let width = (3.0 / (1.0 + (2.0 * most.ln()).sqrt())).min(0.5);
        // A first panel from 0 where the integrand is a low polynomial; otherwise from where nothing is selected.
        let start = distance_of_log_hazard(-3.0 - most.ln_less_one().max(0.0), b);
        let from_zero = start * (1.0 + b) <= 1.0;
        let first = if from_zero { 0.0 } else { distance_of_log_hazard(NEGLIGIBLE - most.ln_less_one().max(0.0), b) };
        let anchored = first > 4.0 && first > 0.5 * b;
        let origin = if anchored { b } else { 0.0 };
        let (mut from, end) = (first - origin, last - origin);
        let mut to = if from_zero { start } else { from + width };
        let mut nodes = Vec::new();
        while from < end {
            to = to.min(end);
            let (half, middle) = (0.5 * (to - from), 0.5 * (from + to));
            for (x, weight) in RULE.nodes().iter().zip(RULE.weights()) {
                let near_offset = middle + half * x;
                let at =
                    if anchored { Distance::from_bias(near_offset, b) } else { Distance::from_zero(near_offset, b) };
                let (near, far) = densities(at, b);
                let log_hazard = neg_log_survival(at, b).ln();
                nodes.push(Node { log_weight: half.ln() + weight.ln(), log_hazard, near, far, r: at.r, near_offset });
            }
            let r = to + origin;
            (from, to) = (to, to + width.min(3.0 * r));
        }
        BestOfTable { point, anchored, nodes }
    }

    /// $g$ of the best of `k`, within the range of the table.
    pub fn at(&self, k: Candidates) -> f64 {
        let Reduced { a, b, tau2 } = self.point;
        if k.is_one() {
            return self.point.single();
        }
        let (ln_k, ln_less_one) = (k.ln(), k.ln_less_one());
        let (gap, near_bias) = (a - b, if self.anchored { a } else { a - b });
        let (mut total, mut mass) = (Sum::new(), Sum::new());
        for node in &self.nodes {
            let weight = (ln_k + node.log_weight - (ln_less_one + node.log_hazard).exp()).exp();
            let (near, far) = (near_bias + node.near_offset, gap - node.r);
            total.add(weight * (node.near * near * near + node.far * far * far));
            mass.add(weight * (node.near + node.far));
        }
        // The mass is 1: dividing by it takes out what it and the integral have in common, the rounding of ln k and of phi.
        if mass.value() > 0.5 { total.value() / mass.value() + tau2 } else { gap * gap + tau2 }
    }
}
