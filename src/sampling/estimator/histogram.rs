//! Counts of a sample between fixed edges.

use serde::{Deserialize, Serialize};

use super::Estimator;
use crate::{Error, Result};

/// Counts in the bins $[e_i, e_{i+1})$, below the first edge and from the last edge on. Merging adds counts.
///
/// ```
/// use tilt::sampling::Histogram;
/// let mut h = Histogram::uniform(0.0, 1.0, 4)?;
/// h.extend(&[-1.0, 0.0, 0.3, 0.26, 1.0]);
/// assert_eq!((h.below(), h.counts(), h.above()), (1, &[1, 2, 0, 0][..], 1));
/// # Ok::<(), tilt::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    edges: Vec<f64>,
    /// One more than edges: below, the bins, above.
    counts: Vec<u64>,
}

impl Histogram {
    /// Bins between the given edges: at least one, finite, strictly increasing.
    pub fn new(edges: Vec<f64>) -> Result<Self> {
        if edges.is_empty() {
            return Err(Error::invalid("edges", "empty", "at least one edge"));
        }
        for (i, &edge) in edges.iter().enumerate() {
            if !edge.is_finite() || (i > 0 && edge <= edges[i - 1]) {
                return Err(Error::invalid(format!("edges[{i}]"), edge, "finite, strictly increasing edges"));
            }
        }
        let counts = vec![0; edges.len() + 1];
        Ok(Histogram { edges, counts })
    }

    /// `bins` bins of equal width between `low` and `high`.
    pub fn uniform(low: f64, high: f64, bins: usize) -> Result<Self> {
        if bins == 0 {
            return Err(Error::invalid("bins", 0, "at least 1"));
        }
        let at = |i: usize| if i == bins { high } else { low + (high - low) * (i as f64 / bins as f64) };
        Self::new((0..=bins).map(at).collect())
    }

    /// One bin for each of the whole numbers 0, 1, .., n: the law of a count.
    pub fn whole_numbers(n: u32) -> Self {
        let edges: Vec<f64> = (0..=n as u64 + 1).map(|i| i as f64).collect();
        Histogram { counts: vec![0; edges.len() + 1], edges }
    }

    /// Takes in one sample. A NaN is a mistake of the caller (checked in debug builds) and counts as above.
    #[inline]
    pub fn add(&mut self, x: f64) {
        debug_assert!(!x.is_nan(), "a NaN has no bin");
        let bin = self.edges.partition_point(|&edge| edge <= x || x.is_nan());
        self.counts[bin] += 1;
    }

    /// Takes in a slice.
    pub fn extend(&mut self, x: &[f64]) {
        x.iter().for_each(|&x| self.add(x));
    }

    /// The edges.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// The counts of the bins, one fewer than edges.
    pub fn counts(&self) -> &[u64] {
        &self.counts[1..self.counts.len() - 1]
    }

    /// The number of samples below the first edge.
    pub fn below(&self) -> u64 {
        self.counts[0]
    }

    /// The number of samples from the last edge on.
    pub fn above(&self) -> u64 {
        self.counts[self.counts.len() - 1]
    }

    /// The number of samples.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Estimator for Histogram {
    /// Panics if the edges differ.
    fn merge(&mut self, later: &Self) {
        assert_eq!(self.edges, later.edges, "histograms merge bin by bin");
        self.counts.iter_mut().zip(&later.counts).for_each(|(a, b)| *a += b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_bad_edges() {
        assert!(Histogram::new(vec![]).is_err());
        assert!(Histogram::new(vec![0.0, 0.0]).is_err());
        assert!(Histogram::new(vec![0.0, f64::INFINITY]).is_err());
        assert!(Histogram::uniform(1.0, 0.0, 3).is_err());
        assert!(Histogram::uniform(0.0, 1.0, 0).is_err());
    }

    #[test]
    fn whole_numbers_have_their_own_bins() {
        let mut h = Histogram::whole_numbers(3);
        h.extend(&[0.0, 1.0, 1.0, 3.0, 4.0, f64::INFINITY, f64::NEG_INFINITY]);
        assert_eq!((h.below(), h.counts(), h.above()), (1, &[1, 2, 0, 1][..], 2));
        let mut twice = h.clone();
        twice.merge(&h);
        assert_eq!(twice.count(), 14);
    }
}
