//! Best of $k$ at temperature 0: the answer nearest to the judge's (R5).
//!
//! With $F, S$ of the folded normal and $r = |z+b|$,
//! $$g = k\int_0^\infty \big[\varphi(r-b)\,(a-b+r)^2 + \varphi(r+b)\,(a-b-r)^2\big]\,S(r)^{k-1}\,dr + \tau^2,$$
//! by Gauss-Legendre panels of 24 points (Halder and Pehlevan 2025 for the model; integral and panels derived). $S^{k-1}$ falls on
//! a logarithmic scale of $r$ where $b$ is small, on the scale $1/\sqrt{2\ln k}$ where it is large: panels grow fourfold up to
//! that width. Where $b$ is large they are laid out in $r - b$, which keeps the digits.
//!
//! Relative error below $10^{-14}$ for $|b| \le 30$, about $10^{-15}(1+|a|)$ beyond; $k$ from 1 to $e^{10000}$ and further. 12 to 40
//! microseconds, $O(\log k)$.

use super::folded::{Distance, densities, distance_of_log_hazard, neg_log_survival};
use super::model::{Candidates, Reduced};
use super::selection_table::SelectionTable;
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

    /// The nodes in the common form, for $k$ up to $10^{300}$.
    pub(super) fn selection_table(&self) -> SelectionTable {
        let Reduced { a, b, .. } = self.point;
        let (gap, near_bias) = (a - b, if self.anchored { a } else { a - b });
        let mut table = SelectionTable::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let weight = node.log_weight.exp();
            let (near, far) = (near_bias + node.near_offset, gap - node.r);
            let moment = |power: i32| weight * (node.near * near.powi(power) + node.far * far.powi(power));
            table.push(-node.log_hazard.exp(), [moment(0), moment(1), moment(2)]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::quadrature::tanh_sinh;
    use crate::numerics::special::{normal_cdf, normal_log_cdf};

    fn k(k: u64) -> Candidates {
        Candidates::new(k).unwrap()
    }

    fn close(found: f64, wanted: f64, rtol: f64) {
        assert!((found / wanted - 1.0).abs() <= rtol, "{found:e} against {wanted:e}: {:e}", found / wanted - 1.0);
    }

    #[test]
    fn reference_values() {
        let point = Reduced::new(0.25, -0.375).unwrap(); // m = .3, s = .8, y_t = .1, y_r = .6
        for (count, delta) in [(1, 0.68), (2, 0.3989724365259141), (7, 0.268374489036037), (1000, 0.2500012257523078)] {
            close(0.64 * best_of_k(&point, k(count)), delta, 3e-15);
        }
        let teacher = Reduced::new(0.5, 0.5).unwrap();
        close(4.0 * best_of_k(&teacher, k(3)), 0.9823560310210673, 3e-15);
        close(4.0 * best_of_k(&teacher, k(50)), 0.006097239537753515, 3e-15);
        close(best_of_k(&Reduced::new(5.0, 20.0).unwrap(), k(1000)), 3.216_003_571_177_233_5, 1e-14); // the specification prints ...577...
    }

    /// $E\,r^2 = \int 2r\,S^k dr$ for the teacher as reward, by another quadrature of another integrand.
    #[test]
    fn teacher_reward_by_parts() {
        for b in [0.0, 0.3, 2.0, 7.0, 15.0] {
            for count in [2, 9, 1000, 1_000_000] {
                let s = |r: f64| (normal_cdf(-b - r) + normal_cdf(b - r)).ln();
                let r0 = distance_of_log_hazard(-(count as f64).ln(), b);
                let f = |r: f64| 2.0 * r * (count as f64 * s(r)).exp();
                let whole = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 8.0, 40.0]
                    .windows(2)
                    .map(|w| tanh_sinh(f, w[0] * r0, w[1] * r0, 1e-14).value)
                    .sum::<f64>();
                // S near 1 is rounded before its logarithm: k u, unless k is small
                let allowed = 1e-13 + 1e-16 * count as f64;
                close(best_of_k(&Reduced::new(b, b).unwrap(), k(count)), whole, allowed);
            }
        }
    }

    #[test]
    fn tails_of_the_specification() {
        for (a, b, at) in [(0.5, -0.3, [1.78214, 1.787419]), (0.2, -1.8, [-495.381, -497.328])] {
            let point = Reduced::new(a, b).unwrap();
            for (count, wanted) in [1e3, 1e5].into_iter().zip(at) {
                let scaled = count * count * (best_of_k(&point, k(count as u64)) - (a - b) * (a - b));
                close(scaled, wanted, 3e-6); // as printed
            }
        }
    }

    /// Far away the judge is linear: the winner is the largest of k normals, by its own order-statistic integral.
    #[test]
    fn a_distant_judge_takes_the_extreme() {
        for (a, log_k) in [(0.5, 3f64.ln()), (-2.0, 1000f64.ln()), (3.0, 40.0), (0.0, 300.0)] {
            let n = Candidates::from_log(log_k).unwrap();
            // max of k: density k phi(z) Phi(z)^{k-1}; the judge far above (b large) selects the smallest z
            let top = super::super::tails::extreme_quantile(log_k);
            let density = |z: f64| {
                let fallen = (n.ln_less_one() + (-normal_log_cdf(z)).ln()).exp();
                (log_k - fallen - 0.5 * z * z - 0.918_938_533_204_672_8).exp() * (a - z) * (a - z)
            };
            let pieces = [top - 9.0, top - 4.0, top - 2.0, top - 1.0, top - 0.5, top, top + 0.5, top + 2.0, top + 9.0];
            let whole: f64 = pieces.windows(2).map(|w| tanh_sinh(density, w[0], w[1], 1e-14).value).sum();
            close(best_of_k(&Reduced::new(a, 1e6).unwrap(), n), whole, 2e-5);
            close(best_of_k(&Reduced::new(a, 1e12).unwrap(), n), whole, 1e-11);
            close(best_of_k(&Reduced::new(-a, -1e12).unwrap(), n), whole, 1e-11);
        }
    }

    #[test]
    fn one_table_serves_every_number() {
        for (a, b) in [(0.5, 0.5), (0.2, -1.8), (1.0, 6.0), (-3.0, 12.0)] {
            let point = Reduced::new(a, b).unwrap();
            let table = BestOfTable::new(&point, k(2), k(1_000_000));
            for count in [2, 3, 10, 100, 12_345, 1_000_000] {
                close(table.at(k(count)), best_of_k(&point, k(count)), 4e-15);
            }
        }
    }

    #[test]
    fn enormous_numbers() {
        // pi e^{b^2}/k^2 down to the smallest numbers, then 0; never a NaN
        let teacher = Reduced::new(0.7, 0.7).unwrap();
        for log_k in [100f64, 300.0, 350.0] {
            let g = best_of_k(&teacher, Candidates::from_log(log_k).unwrap());
            close(g.ln() + 2.0 * log_k, std::f64::consts::PI.ln() + 0.49, 1e-12);
        }
        for log_k in [500.0, 1e4, 1e6] {
            let n = Candidates::from_log(log_k).unwrap();
            assert!(best_of_k(&teacher, n) == 0.0, "{log_k}");
            close(best_of_k(&Reduced::new(0.5, -0.3).unwrap(), n), 0.64, 3e-16);
        }
    }
}
