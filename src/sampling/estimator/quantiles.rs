//! Quantiles of a sample, by counting it in bins of constant relative width.
//!
//! **Bins.** A double is cut to its sign, exponent and first 12 bits of mantissa; the bin is named by that number, its end
//! nearer to 0. A quantile therefore has relative error below $2^{-12}$ (2.5e-4), towards 0, at every scale from
//! 5e-324 to 1.8e308, and none at all for values of at most 13 significant bits: whole numbers below 8192, and 0.
//! **Merging** adds counts: exact and free of order. **Cost.** $O(\log b)$ a sample, memory the number b of bins met
//! (at most 4096 for each factor of 2 that the sample spans).
//!
//! Samples with a large common offset (1e6 and a spread of 1) should be centred before they are added.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Estimator;

/// Mantissa bits dropped: 52 - 12.
const DROPPED: u32 = 40;

/// The empirical distribution of a sample, to 12 bits.
///
/// ```
/// use tilt::sampling::Quantiles;
/// let mut q = Quantiles::new();
/// (1..=100).for_each(|i| q.add(i as f64));
/// assert_eq!((q.quantile(0.5), q.quantile(0.05), q.quantile(1.0)), (50.0, 5.0, 100.0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantiles {
    count: u64,
    bins: BTreeMap<i32, u64>,
}

impl Quantiles {
    /// No samples yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one sample, possibly infinite. A NaN is a mistake of the caller (checked in debug builds) and counts as
    /// beyond infinity.
    #[inline]
    pub fn add(&mut self, x: f64) {
        debug_assert!(!x.is_nan(), "a NaN has no rank");
        let size = (x.abs().to_bits() >> DROPPED) as i32;
        *self.bins.entry(if x < 0.0 { -size } else { size }).or_insert(0) += 1;
        self.count += 1;
    }

    /// Takes in a slice.
    pub fn extend(&mut self, x: &[f64]) {
        x.iter().for_each(|&x| self.add(x));
    }

    /// The number of samples.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The smallest sample whose empirical distribution function reaches `p` (clamped to [0, 1]), to 12 bits; 0 without
    /// samples.
    pub fn quantile(&self, p: f64) -> f64 {
        self.ranked((p * self.count as f64).ceil())
    }

    /// A distribution-free confidence interval of the quantile `p`: the order statistics of rank
    /// $np \pm z\sqrt{np(1-p)}$.
    pub fn interval(&self, p: f64, z: f64) -> (f64, f64) {
        let n = self.count as f64;
        let spread = z.abs() * (n * p * (1.0 - p)).max(0.0).sqrt();
        (self.ranked((n * p - spread).floor()), self.ranked((n * p + spread).ceil() + 1.0))
    }

    /// The sample of rank `rank`, 1 the smallest.
    fn ranked(&self, rank: f64) -> f64 {
        let rank = (rank.max(1.0) as u64).min(self.count);
        let mut below = 0;
        for (&bin, &count) in &self.bins {
            below += count;
            if below >= rank {
                let size = f64::from_bits((bin.unsigned_abs() as u64) << DROPPED);
                return if bin < 0 { -size } else { size };
            }
        }
        0.0
    }
}

impl Estimator for Quantiles {
    fn merge(&mut self, later: &Self) {
        for (&bin, &count) in &later.bins {
            *self.bins.entry(bin).or_insert(0) += count;
        }
        self.count += later.count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn extremes() {
        let mut q = Quantiles::new();
        assert_eq!(q.quantile(0.5), 0.0);
        q.extend(&[f64::NEG_INFINITY, -0.0, 0.0, f64::INFINITY]);
        assert_eq!((q.quantile(0.0), q.quantile(0.5), q.quantile(1.0)), (f64::NEG_INFINITY, 0.0, f64::INFINITY));
        assert_eq!(q.interval(0.5, 5.0), (f64::NEG_INFINITY, f64::INFINITY));
    }

    proptest! {
        #[test]
        fn relative_error_and_merge(x in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, 1..60),
                                    p in 0.0f64..=1.0, cut in 0usize..60) {
            let cut = cut.min(x.len());
            let (mut q, mut later, mut all) = (Quantiles::new(), Quantiles::new(), Quantiles::new());
            q.extend(&x[..cut]);
            later.extend(&x[cut..]);
            all.extend(&x);
            q.merge(&later);
            prop_assert_eq!(&q, &all);
            let mut sorted = x.clone();
            sorted.sort_by(f64::total_cmp);
            let expected = sorted[((p * x.len() as f64).ceil() as usize).max(1) - 1];
            prop_assert!((q.quantile(p) - expected).abs() <= expected.abs() / 4096.0);
            let text = serde_json::to_string(&q).unwrap();
            prop_assert_eq!(serde_json::from_str::<Quantiles>(&text).unwrap(), q);
        }
    }
}
