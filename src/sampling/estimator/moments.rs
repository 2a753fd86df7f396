//! Mean, variance and the error of both, in one pass.
//!
//! **State.** $n, \bar x, M_k = \sum (x_i - \bar x)^k,\ k = 2, 3, 4$. **Merging** (Chan, Golub, LeVeque 1979 for
//! $M_2$; Pébay 2008 for the rest), with $\delta = \bar x_b - \bar x_a$, $n = n_a + n_b$:
//! $\bar x = \bar x_a + \delta n_b/n$, $M_2 = M_{2a} + M_{2b} + \delta^2 n_a n_b / n$, and so on.
//!
//! Relative error of the variance about $n\epsilon\kappa$ at worst with $\kappa = 1 + |\bar x|/\sigma$, where
//! the textbook sum of squares loses $\kappa^2$. The fourth powers overflow for spreads above 1e77: then
//! [`variance_standard_error`](Moments::variance_standard_error) is infinite.

use serde::{Deserialize, Serialize};

use super::{Estimator, PointEstimate};
use crate::sampling::exact;

/// Count, mean and central moments of a sample of real numbers.
///
/// Samples must be finite: with another one the mean is NaN or infinite and the standard error infinite, so that no check
/// can pass on it.
///
/// ```
/// use tilt::sampling::Moments;
/// let mut moments = Moments::new();
/// moments.extend(&[1.0, 2.0, 3.0, 4.0]);
/// assert_eq!((moments.count(), moments.mean()), (4, 2.5));
/// assert!((moments.variance() - 5.0 / 3.0).abs() < 1e-15);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    count: u64,
    #[serde(with = "exact")]
    mean: f64,
    #[serde(with = "exact")]
    m2: f64,
    #[serde(with = "exact")]
    m3: f64,
    #[serde(with = "exact")]
    m4: f64,
}

impl Moments {
    /// No samples yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one sample. For many at once [`extend`](Moments::extend) is faster.
    #[inline]
    pub fn add(&mut self, x: f64) {
        self.absorb(&Moments { count: 1, mean: x, ..Self::default() });
    }

    /// Takes in a slice (the lanes of a kernel): two passes over it, then one merge. Equal to adding one by one up to
    /// rounding, not bit for bit.
    pub fn extend(&mut self, x: &[f64]) {
        let Some(&origin) = x.first() else { return };
        let count = x.len() as f64;
        let mean = origin + fold(x, |x| [x - origin])[0] / count;
        let [m2, m3, m4] = fold(x, |x| {
            let (d, d2) = (x - mean, (x - mean) * (x - mean));
            [d2, d2 * d, d2 * d2]
        });
        self.absorb(&Moments { count: x.len() as u64, mean, m2, m3, m4 });
    }

    /// The number of samples.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; 0 without samples.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The unbiased variance $M_2/(n-1)$; infinite for fewer than two samples.
    pub fn variance(&self) -> f64 {
        if self.count < 2 { f64::INFINITY } else { finite_or_infinite(self.m2 / (self.count - 1) as f64) }
    }

    /// The standard error of the mean, $\sqrt{s^2/n}$; infinite for fewer than two samples.
    pub fn standard_error(&self) -> f64 {
        (self.variance() / (self.count.max(1)) as f64).sqrt()
    }

    /// The standard error of the variance, $\sqrt{(M_4/n - s^4 (n-3)/(n-1))/n}$, without assuming normality;
    /// infinite for fewer than four samples.
    pub fn variance_standard_error(&self) -> f64 {
        if self.count < 4 {
            return f64::INFINITY;
        }
        let (n, s2) = (self.count as f64, self.variance());
        finite_or_infinite((non_negative(self.m4 / n - s2 * s2 * (n - 3.0) / (n - 1.0)) / n).sqrt())
    }

    /// The mean with its standard error.
    pub fn estimate(&self) -> PointEstimate {
        PointEstimate { value: self.mean, standard_error: self.standard_error() }
    }

    #[inline]
    fn absorb(&mut self, b: &Moments) {
        if b.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = b.clone();
            return;
        }
        let (na, nb) = (self.count as f64, b.count as f64);
        let n = na + nb;
        let (fa, fb) = (na / n, nb / n);
        let delta = b.mean - self.mean;
        let (d2, harmonic) = (delta * delta, na * fb);
        self.m4 += b.m4
            + d2 * d2 * harmonic * (fa * fa - fa * fb + fb * fb)
            + 6.0 * d2 * (fa * fa * b.m2 + fb * fb * self.m2)
            + 4.0 * delta * (fa * b.m3 - fb * self.m3);
        self.m3 += b.m3 + d2 * delta * harmonic * (fa - fb) + 3.0 * delta * (fa * b.m2 - fb * self.m2);
        self.m2 += b.m2 + d2 * harmonic;
        self.mean += delta * fb;
        self.count += b.count;
    }
}

impl Estimator for Moments {
    fn merge(&mut self, later: &Self) {
        self.absorb(later);
    }

    fn standard_error(&self) -> Option<f64> {
        Some(Moments::standard_error(self))
    }
}

/// An unusable spread is an unknown one.
pub(super) fn finite_or_infinite(x: f64) -> f64 {
    if x.is_nan() { f64::INFINITY } else { x }
}

/// A negative sum of squares is rounding; a NaN stays (`f64::max` would hide it).
pub(super) fn non_negative(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}

/// The sums of `f` over `x`, in eight interleaved partial sums: vectorises, in one fixed order.
#[inline(always)]
pub(super) fn fold<const K: usize>(x: &[f64], f: impl Fn(f64) -> [f64; K]) -> [f64; K] {
    let mut partial = [[0.0; 8]; K];
    let chunks = x.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for i in 0..8 {
            let terms = f(chunk[i]);
            (0..K).for_each(|k| partial[k][i] += terms[k]);
        }
    }
    for (i, &x) in rest.iter().enumerate() {
        let terms = f(x);
        (0..K).for_each(|k| partial[k][i] += terms[k]);
    }
    partial.map(|p| ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Means and central sums in two passes over all samples.
    fn two_pass(x: &[f64]) -> [f64; 4] {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let central = |k| x.iter().map(|x| (x - mean).powi(k)).sum::<f64>();
        [mean, central(2), central(3), central(4)]
    }

    proptest! {
        #[test]
        fn adding_extending_and_merging_agree_with_two_passes(
            x in prop::collection::vec(-1.0f64..1.0, 1..200), cut in 0usize..200, offset in -10.0f64..10.0)
        {
            let x: Vec<f64> = x.iter().map(|x| x * x * x + offset).collect();
            let cut = cut.min(x.len());
            let (mut single, mut slices, mut merged, mut tail) = (Moments::new(), Moments::new(), Moments::new(), Moments::new());
            x.iter().for_each(|&x| single.add(x));
            slices.extend(&x[..cut]);
            slices.extend(&x[cut..]);
            x[..cut].iter().for_each(|&x| merged.add(x));
            tail.extend(&x[cut..]);
            merged.merge(&tail);
            let [mean, m2, m3, m4] = two_pass(&x);
            for m in [single, slices, merged] {
                prop_assert_eq!(m.count, x.len() as u64);
                // 200 samples within 2 of their mean and 11 of 0: each sum within n eps times the sum of its terms' sizes.
                let tolerance = |scale: f64| 200.0 * 200.0 * f64::EPSILON * scale;
                prop_assert!((m.mean - mean).abs() < tolerance(0.1));
                prop_assert!((m.m2 - m2).abs() < tolerance(11.0));
                prop_assert!((m.m3 - m3).abs() < tolerance(22.0));
                prop_assert!((m.m4 - m4).abs() < tolerance(44.0));
            }
        }
    }

    #[test]
    fn neutral_element_and_few_samples() {
        let mut a = Moments::new();
        assert_eq!((a.mean(), a.variance(), a.standard_error()), (0.0, f64::INFINITY, f64::INFINITY));
        let mut b = Moments::new();
        b.add(3.0);
        assert_eq!(b.standard_error(), f64::INFINITY);
        a.merge(&b);
        assert_eq!(a, b);
        b.merge(&Moments::new());
        assert_eq!(a, b);
    }

    #[test]
    fn variance_error_of_a_coin() {
        // n/2 zeros and n/2 ones: M4/n = 1/16, s^2 = n/(4(n-1)).
        let mut m = Moments::new();
        m.extend(&[0.0, 1.0].repeat(50));
        let s2: f64 = 100.0 / (4.0 * 99.0);
        let expected = ((1.0 / 16.0 - s2 * s2 * 97.0 / 99.0) / 100.0f64).sqrt();
        assert!((m.variance_standard_error() / expected - 1.0).abs() < 1e-13);
    }

    #[test]
    fn large_offsets_and_extremes() {
        let mut m = Moments::new();
        [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0].iter().for_each(|&x| m.add(x));
        assert!((m.variance() - 30.0).abs() < 1e-6);
        let mut huge = Moments::new();
        huge.extend(&[1e300, -1e300, 1e300, -1e300, 1e300]);
        assert!(huge.mean().is_finite());
        assert_eq!((huge.variance(), huge.variance_standard_error()), (f64::INFINITY, f64::INFINITY));
        huge.add(f64::NAN);
        assert!(huge.mean().is_nan() && huge.standard_error() == f64::INFINITY);
    }

    #[test]
    fn serialisation_keeps_every_bit() {
        let mut m = Moments::new();
        m.extend(&[0.1, 0.7, 1e-300, 1e100]);
        assert_eq!(m.m4, f64::INFINITY);
        let text = serde_json::to_string(&m).unwrap();
        assert_eq!(serde_json::from_str::<Moments>(&text).unwrap(), m);
    }
}
