//! Means and variances of many components at once: one curve a repetition, one component a checkpoint.

use serde::{Deserialize, Serialize};

use super::moments::{finite_or_infinite, fold};
use super::{Estimator, PointEstimate};
use crate::sampling::exact;

/// Count, means and variances of a sample of vectors; structure of arrays, [`Moments`](super::Moments) for the formulas.
///
/// For components that come at different times or in different numbers, or for the error of the variance, use
/// `Vec<Moments>`.
///
/// ```
/// use tilt::sampling::VectorMoments;
/// let mut curve = VectorMoments::new(2);
/// curve.add(&[1.0, 10.0]);
/// curve.add(&[3.0, 30.0]);
/// // The same two samples as lanes: component by component.
/// let mut lanes = VectorMoments::new(2);
/// lanes.add_lanes(&[1.0, 3.0, 10.0, 30.0]);
/// assert_eq!(curve, lanes);
/// assert_eq!(curve.means(), [2.0, 20.0]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VectorMoments {
    count: u64,
    #[serde(with = "exact::list")]
    means: Vec<f64>,
    #[serde(with = "exact::list")]
    m2: Vec<f64>,
}

impl VectorMoments {
    /// No samples yet, of vectors of `components` entries.
    pub fn new(components: usize) -> Self {
        VectorMoments { count: 0, means: vec![0.0; components], m2: vec![0.0; components] }
    }

    /// Takes in one vector. Panics if its length is not [`components`](Self::components).
    pub fn add(&mut self, x: &[f64]) {
        assert_eq!(x.len(), self.components(), "one entry a component");
        self.count += 1;
        let n = self.count as f64;
        for ((mean, m2), &x) in self.means.iter_mut().zip(&mut self.m2).zip(x) {
            let delta = x - *mean;
            *mean += delta / n;
            *m2 += delta * (x - *mean);
        }
    }

    /// Takes in many vectors: `x` has shape [components, lanes], row-major, one vector a lane. Panics if the length of `x`
    /// is no multiple of [`components`](Self::components).
    pub fn add_lanes(&mut self, x: &[f64]) {
        if x.is_empty() {
            return;
        }
        assert!(x.len().is_multiple_of(self.components()), "shape [components, lanes]");
        let lanes = x.len() / self.components();
        let (na, nb) = (self.count as f64, lanes as f64);
        for (c, row) in x.chunks_exact(lanes).enumerate() {
            let mean = row[0] + fold(row, |x| [x - row[0]])[0] / nb;
            let [m2] = fold(row, |x| [(x - mean) * (x - mean)]);
            self.absorb(c, na, nb, mean, m2);
        }
        self.count += lanes as u64;
    }

    /// The length of a vector.
    pub fn components(&self) -> usize {
        self.means.len()
    }

    /// The number of vectors.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean of every component; 0 without samples.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// The unbiased variance of component `c`; infinite for fewer than two samples.
    pub fn variance(&self, c: usize) -> f64 {
        if self.count < 2 { f64::INFINITY } else { finite_or_infinite(self.m2[c] / (self.count - 1) as f64) }
    }

    /// The standard error of every mean. The components of one vector may be dependent.
    pub fn standard_errors(&self) -> Vec<f64> {
        (0..self.components()).map(|c| self.estimate(c).standard_error).collect()
    }

    /// The mean of component `c` with its standard error.
    pub fn estimate(&self, c: usize) -> PointEstimate {
        let standard_error = (self.variance(c) / self.count.max(1) as f64).sqrt();
        PointEstimate { value: self.means[c], standard_error }
    }

    #[inline]
    fn absorb(&mut self, c: usize, na: f64, nb: f64, mean: f64, m2: f64) {
        let (delta, fb) = (mean - self.means[c], nb / (na + nb));
        if na == 0.0 {
            (self.means[c], self.m2[c]) = (mean, m2);
        } else {
            self.means[c] += delta * fb;
            self.m2[c] += m2 + delta * delta * na * fb;
        }
    }
}

impl Estimator for VectorMoments {
    /// Panics if the numbers of components differ.
    fn merge(&mut self, later: &Self) {
        assert_eq!(self.components(), later.components(), "vectors merge component by component");
        if later.count == 0 {
            return;
        }
        for c in 0..self.components() {
            self.absorb(c, self.count as f64, later.count as f64, later.means[c], later.m2[c]);
        }
        self.count += later.count;
    }

    fn standard_error(&self) -> Option<f64> {
        self.standard_errors().into_iter().reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Moments;
    use super::*;

    #[test]
    fn agrees_with_moments_in_every_component() {
        let sample = |c: usize, i: usize| ((i * i * 7 + c * 13) % 31) as f64 + 100.0 * c as f64;
        let (mut rows, mut lanes, mut expected) =
            (VectorMoments::new(3), VectorMoments::new(3), vec![Moments::new(); 3]);
        for i in 0..20 {
            rows.add(&[sample(0, i), sample(1, i), sample(2, i)]);
        }
        for part in [0..9, 9..20] {
            let x: Vec<f64> = (0..3).flat_map(|c| part.clone().map(move |i| sample(c, i))).collect();
            let mut later = VectorMoments::new(3);
            later.add_lanes(&x);
            lanes.merge(&later);
        }
        (0..3).for_each(|c| (0..20).for_each(|i| expected[c].add(sample(c, i))));
        for moments in [rows, lanes] {
            assert_eq!(moments.count(), 20);
            for (c, expected) in expected.iter().enumerate() {
                // 20 samples below 300: a few ulp of 300 in the mean, of 300 * 30 in the variance.
                assert!((moments.means()[c] - expected.mean()).abs() < 1e-12);
                assert!((moments.variance(c) - expected.variance()).abs() < 1e-10);
            }
        }
    }
}
