//! Bradley-Terry preferences and mixtures of annotators without their matrix: $O(Y)$ a query after sorting.
//!
//! $A_{ij} = \sum_k w_k\,g(r_{ki} - r_{kj})$, $g(x) = \tfrac12\tanh(x/2)$, is a smooth kernel of one variable a annotator.
//! Rewards are cut into panels of width 1. On a panel the kernel is interpolated at 16 Chebyshev points in both variables:
//! $g$ is analytic up to $\pm i\pi$, so the error is below $(\tfrac12/(\pi + \sqrt{\pi^2 + 1/4}))^{16} \approx 10^{-17}$ of its
//! size there. Panels more than 40 apart see each other through $g = \pm\tfrac12$: one running sum.
//! $O(16 Y + 80 \cdot 16^2 M)$ a query and annotator, $M$ the panels that hold an action. Derived; the scheme is a
//! one-level fast multipole method (Greengard, Rokhlin 1987).

use super::families::check_weights;
use super::payoff::Payoff;
use crate::{Error, Result};

/// Chebyshev points a panel.
const POINTS: usize = 16;
/// Beyond this distance $\tfrac12 - g$ is below 1e-17.
const FAR: f64 = 40.0;

/// A mixture of Bradley-Terry annotators, by rewards alone.
#[derive(Clone, Debug, PartialEq)]
pub struct RewardKernel {
    size: usize,
    annotators: Vec<(f64, Annotator)>,
}

#[derive(Clone, Debug, PartialEq)]
struct Annotator {
    /// Left ends of the panels that hold an action, ascending.
    panels: Vec<f64>,
    /// The panel of each action.
    panel: Vec<u32>,
    /// Interpolation weights of each action at the points of its panel.
    weights: Vec<[f64; POINTS]>,
}

/// $\tfrac12\tanh(x/2)$.
fn kernel(x: f64) -> f64 {
    0.5 * (0.5 * x).tanh()
}

/// Chebyshev points of the first kind on [0, 1].
fn points() -> [f64; POINTS] {
    std::array::from_fn(|k| 0.5 - 0.5 * (std::f64::consts::PI * (k as f64 + 0.5) / POINTS as f64).cos())
}

impl Annotator {
    fn new(rewards: &[f64]) -> Annotator {
        let low = rewards.iter().copied().fold(f64::INFINITY, f64::min);
        let place: Vec<f64> = rewards.iter().map(|r| (r - low).floor()).collect();
        let mut distinct = place.clone();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        let points = points();
        // Barycentric weights of the Chebyshev points of the first kind.
        let barycentric: [f64; POINTS] = std::array::from_fn(|k| {
            let angle = std::f64::consts::PI * (k as f64 + 0.5) / POINTS as f64;
            if k % 2 == 0 { angle.sin() } else { -angle.sin() }
        });
        let panel = place.iter().map(|p| distinct.partition_point(|d| d < p) as u32).collect();
        let weights = rewards.iter().zip(&place).map(|(r, p)| {
            let x = (r - low) - p;
            if let Some(hit) = points.iter().position(|point| *point == x) {
                return std::array::from_fn(|k| f64::from(k == hit));
            }
            let terms: [f64; POINTS] = std::array::from_fn(|k| barycentric[k] / (x - points[k]));
            let total: f64 = terms.iter().sum();
            terms.map(|t| t / total)
        });
        Annotator { weights: weights.collect(), panels: distinct, panel }
    }

    /// Adds $w\,(A o)$ of this annotator to `out`.
    fn add(&self, weight: f64, policy: &[f64], out: &mut [f64]) {
        let count = self.panels.len();
        let mut masses = vec![[0.0; POINTS]; count];
        let mut totals = vec![0.0; count];
        for ((p, panel), weights) in policy.iter().zip(&self.panel).zip(&self.weights) {
            let mass = &mut masses[*panel as usize];
            for k in 0..POINTS {
                mass[k] += p * weights[k];
            }
            totals[*panel as usize] += p;
        }
        let points = points();
        let all: f64 = totals.iter().sum();
        let mut values = vec![[0.0; POINTS]; count];
        let (mut first, mut last, mut below, mut near) = (0, 0, 0.0, 0.0);
        for (at, value) in values.iter_mut().enumerate() {
            let here = self.panels[at];
            while self.panels[first] < here - FAR {
                below += totals[first];
                near -= totals[first];
                first += 1;
            }
            while last < count && self.panels[last] <= here + FAR {
                near += totals[last];
                last += 1;
            }
            let far = 0.5 * below - 0.5 * (all - below - near);
            for (k, value) in value.iter_mut().enumerate() {
                let mut sum = far;
                for (other, mass) in masses.iter().enumerate().take(last).skip(first) {
                    let offset = here - self.panels[other] + points[k];
                    for l in 0..POINTS {
                        sum += mass[l] * kernel(offset - points[l]);
                    }
                }
                *value = sum;
            }
        }
        for ((out, panel), weights) in out.iter_mut().zip(&self.panel).zip(&self.weights) {
            let value = &values[*panel as usize];
            let interpolated: f64 = (0..POINTS).map(|k| weights[k] * value[k]).sum();
            *out += weight * interpolated;
        }
    }
}

impl RewardKernel {
    /// A mixture of annotators with the given weights and rewards (one row an annotator).
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `weights` or `rewards`; [`Error::TooLarge`] for 2^32 actions.
    ///
    /// ```
    /// use tilt::games::{payoff::Payoff, reward_kernel::RewardKernel};
    /// let game = RewardKernel::new(&[1.0], &[vec![0.0, 2.0, 100.0]])?;
    /// let mut payoff = [0.0; 3];
    /// game.apply(&[1.0, 0.0, 0.0], &mut payoff);
    /// assert!((payoff[1] - 0.5 * 1f64.tanh()).abs() < 1e-15 && (payoff[2] - 0.5).abs() < 1e-15);
    /// # Ok::<(), tilt::Error>(())
    /// ```
    pub fn new(weights: &[f64], rewards: &[Vec<f64>]) -> Result<RewardKernel> {
        check_weights("weights", weights, rewards.len())?;
        let size = rewards[0].len();
        for (k, row) in rewards.iter().enumerate() {
            if row.len() != size || row.is_empty() {
                let expected = "as many rewards as rewards[0], at least one";
                return Err(Error::invalid(format!("rewards[{k}]"), format!("a row of {}", row.len()), expected));
            }
            if let Some(i) = row.iter().position(|r| r.is_nan() || r.abs() > 1e12) {
                let expected = "a number of size at most 1e12: panels have width 1";
                return Err(Error::invalid(format!("rewards[{k}][{i}]"), row[i], expected));
            }
        }
        if size > u32::MAX as usize {
            return Err(Error::too_large("a reward kernel", size as f64, f64::from(u32::MAX), "actions"));
        }
        let annotators = weights.iter().zip(rewards).map(|(w, r)| (*w, Annotator::new(r)));
        Ok(RewardKernel { size, annotators: annotators.collect() })
    }
}

impl Payoff for RewardKernel {
    fn size(&self) -> usize {
        self.size
    }

    fn apply(&self, policy: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (weight, annotator) in &self.annotators {
            annotator.add(*weight, policy, out);
        }
    }
}

/// The sign cycle on a circle: action $i$ at angle $\alpha_i$ (in turns) beats those within the next half turn outright.
/// Prefix sums over the sorted angles: $O(Y)$ a query.
#[derive(Clone, Debug, PartialEq)]
pub struct CircleCycle {
    /// Actions by ascending angle.
    order: Vec<u32>,
    /// For each place in the order: how many places on the next half turn ends, and begins (ties at distance 0 and 1/2 are
    /// ties of the game).
    window: Vec<(u32, u32)>,
}

impl CircleCycle {
    /// Actions at the given angles, in turns.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `angles`: empty, not in $[0, 1)$, or two at distance 0 or 1/2 (the game has no ties).
    pub fn new(angles: &[f64]) -> Result<CircleCycle> {
        let n = angles.len();
        if n == 0 {
            return Err(Error::invalid("angles", "empty", "at least one action"));
        }
        if let Some(i) = angles.iter().position(|a| !(0.0..1.0).contains(a)) {
            return Err(Error::invalid(format!("angles[{i}]"), angles[i], "in [0, 1), a part of a turn"));
        }
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_by(|a, b| angles[*a as usize].total_cmp(&angles[*b as usize]));
        let at = |place: usize| angles[order[place % n] as usize] + if place >= n { 1.0 } else { 0.0 };
        let mut end = 0;
        let mut window = Vec::with_capacity(n);
        for (place, &action) in order.iter().enumerate() {
            end = end.max(place + 1);
            while end < place + n && at(end) - at(place) < 0.5 {
                end += 1;
            }
            let tied = n > 1 && (at(place + 1) == at(place) || (end < place + n && at(end) - at(place) == 0.5));
            if tied {
                let i = action as usize;
                return Err(Error::invalid(
                    format!("angles[{i}]"),
                    angles[i],
                    "no other angle there or half a turn away",
                ));
            }
            window.push((place as u32 + 1, end as u32));
        }
        Ok(CircleCycle { order, window })
    }
}

impl Payoff for CircleCycle {
    fn size(&self) -> usize {
        self.order.len()
    }

    fn apply(&self, policy: &[f64], out: &mut [f64]) {
        let n = self.order.len();
        let mut prefix = vec![0.0; 2 * n + 1];
        for place in 0..2 * n {
            prefix[place + 1] = prefix[place] + policy[self.order[place % n] as usize];
        }
        for (place, (start, end)) in self.window.iter().enumerate() {
            let i = self.order[place] as usize;
            let beaten = prefix[*end as usize] - prefix[*start as usize];
            let others = prefix[place + n] - prefix[place + 1];
            out[i] = 0.5 * beaten - 0.5 * (others - beaten);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::annotators;
    use crate::games::preference::Preference;

    fn policy(n: usize) -> Vec<f64> {
        let weights: Vec<f64> = (0..n).map(|i| 1.0 + ((i * i) as f64).sin()).collect();
        let total: f64 = weights.iter().sum();
        weights.iter().map(|w| w / total).collect()
    }

    #[test]
    fn panels_are_the_dense_product() {
        for (n, scale) in [(1usize, 1.0), (7, 0.0), (60, 1e-3), (300, 3.0), (200, 500.0)] {
            let rewards: Vec<Vec<f64>> =
                (0..2).map(|k| (0..n).map(|i| scale * ((i * i + k) as f64 * 0.7).sin()).collect()).collect();
            let weights = [0.3, 0.7];
            let dense = annotators(&weights, &rewards).unwrap();
            let kernel = RewardKernel::new(&weights, &rewards).unwrap();
            let policy = policy(n);
            let (mut a, mut b) = (vec![0.0; n], vec![0.0; n]);
            dense.apply(&policy, &mut a);
            kernel.apply(&policy, &mut b);
            for i in 0..n {
                // Lebesgue constants of 16 points, 3 each way, times rounding.
                assert!((a[i] - b[i]).abs() < 2e-15, "{n} {scale} {i}: {} {}", a[i], b[i]);
            }
        }
        assert!(RewardKernel::new(&[1.0], &[vec![f64::NAN]]).is_err());
    }

    #[test]
    fn prefix_sums_are_the_dense_product() {
        for n in [1usize, 2, 3, 50] {
            let angles: Vec<f64> = (0..n).map(|i| (0.618_033_988_749_895 * (i as f64 + 1.0)).fract()).collect();
            let dense =
                Preference::from_upper(
                    n,
                    |i, j| {
                        if (angles[j] - angles[i]).rem_euclid(1.0) < 0.5 { 0.5 } else { -0.5 }
                    },
                );
            let circle = CircleCycle::new(&angles).unwrap();
            let policy = policy(n);
            let (mut a, mut b) = (vec![0.0; n], vec![0.0; n]);
            dense.apply(&policy, &mut a);
            circle.apply(&policy, &mut b);
            for i in 0..n {
                assert!((a[i] - b[i]).abs() < 1e-15, "{n} {i}: {} {}", a[i], b[i]);
            }
        }
        assert!(CircleCycle::new(&[0.0, 0.5]).is_err());
        assert!(CircleCycle::new(&[0.25, 0.25]).is_err());
        assert!(CircleCycle::new(&[1.0]).is_err());
    }
}
