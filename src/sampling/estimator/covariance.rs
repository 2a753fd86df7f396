//! Two quantities measured on the same repetitions: control variates, ratios, paired differences.
//!
//! **State.** $n, \bar x, \bar y, S_{xx}, S_{yy}, S_{xy}$, the sums of centred products, merged as in Chan, Golub,
//! LeVeque (1979).

use serde::{Deserialize, Serialize};

use super::moments::{finite_or_infinite, non_negative};
use super::{Estimator, PointEstimate};
use crate::sampling::exact;

/// Means and covariance of a sample of pairs (x, y). Samples must be finite, as for [`Moments`](super::Moments).
///
/// ```
/// use tilt::sampling::Covariance;
/// let mut pair = Covariance::new();
/// // y is known to have mean 0; x = 5 + 2 y: the control removes all the noise.
/// [-1.0, 0.5, 2.0, -0.3].iter().for_each(|&y| pair.add(5.0 + 2.0 * y, y));
/// let controlled = pair.controlled(0.0);
/// assert!((controlled.value - 5.0).abs() < 1e-14 && controlled.standard_error < 1e-7);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Covariance {
    count: u64,
    #[serde(with = "exact")]
    mean_x: f64,
    #[serde(with = "exact")]
    mean_y: f64,
    #[serde(with = "exact")]
    xx: f64,
    #[serde(with = "exact")]
    yy: f64,
    #[serde(with = "exact")]
    xy: f64,
}

impl Covariance {
    /// No samples yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one pair.
    #[inline]
    pub fn add(&mut self, x: f64, y: f64) {
        self.merge(&Covariance { count: 1, mean_x: x, mean_y: y, ..Self::default() });
    }

    /// The number of pairs.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean of x with its standard error.
    pub fn x(&self) -> PointEstimate {
        self.point(self.mean_x, self.xx, 1)
    }

    /// The mean of y with its standard error.
    pub fn y(&self) -> PointEstimate {
        self.point(self.mean_y, self.yy, 1)
    }

    /// The mean of x - y with its standard error: two policies on common random numbers.
    pub fn difference(&self) -> PointEstimate {
        self.point(self.mean_x - self.mean_y, self.xx - 2.0 * self.xy + self.yy, 1)
    }

    /// The unbiased covariance $S_{xy}/(n-1)$; 0 for fewer than two samples.
    pub fn covariance(&self) -> f64 {
        if self.count < 2 { 0.0 } else { self.xy / (self.count - 1) as f64 }
    }

    /// The correlation; 0 if either does not vary.
    pub fn correlation(&self) -> f64 {
        let scale = self.xx.sqrt() * self.yy.sqrt();
        if scale > 0.0 { (self.xy / scale).clamp(-1.0, 1.0) } else { 0.0 }
    }

    /// The mean of x with y, of known mean `mean_y`, as control variate:
    /// $\bar x - b(\bar y - \mu_y)$, $b = S_{xy}/S_{yy}$, standard error
    /// $\sqrt{(S_{xx} - b S_{xy})/((n-2)n)}$. The estimated b gives a bias of order 1/n, zero if (x, y) is normal.
    pub fn controlled(&self, mean_y: f64) -> PointEstimate {
        if self.yy > 0.0 {
            let b = self.xy / self.yy;
            self.point(self.mean_x - b * (self.mean_y - mean_y), self.xx - b * self.xy, 2)
        } else {
            self.x()
        }
    }

    /// The ratio of means $R = \bar x/\bar y$, with the standard error of the delta method,
    /// $\sqrt{(S_{xx} - 2RS_{xy} + R^2S_{yy})/((n-1)n)} / |\bar y|$; bias of order 1/n. `None` if the mean of y
    /// is 0.
    pub fn ratio(&self) -> Option<PointEstimate> {
        if self.mean_y == 0.0 {
            return None;
        }
        let r = self.mean_x / self.mean_y;
        let PointEstimate { value, standard_error } = self.point(r, self.xx - 2.0 * r * self.xy + r * r * self.yy, 1);
        Some(PointEstimate { value, standard_error: finite_or_infinite(standard_error / self.mean_y.abs()) })
    }

    /// `value` with the standard error of a residual sum of squares that lost `fitted` degrees of freedom.
    fn point(&self, value: f64, residual: f64, fitted: u64) -> PointEstimate {
        if self.count <= fitted {
            return PointEstimate { value, standard_error: f64::INFINITY };
        }
        let (n, free) = (self.count as f64, (self.count - fitted) as f64);
        PointEstimate { value, standard_error: finite_or_infinite((non_negative(residual) / free / n).sqrt()) }
    }

    /// Multiplies the samples by `x` and `y`.
    pub(super) fn scale(&mut self, x: f64, y: f64) {
        (self.mean_x, self.mean_y) = (self.mean_x * x, self.mean_y * y);
        (self.xx, self.yy, self.xy) = (self.xx * x * x, self.yy * y * y, self.xy * x * y);
    }

    /// $(\sum y)^2/\sum y^2$, 0 if all y are 0.
    pub(super) fn effective_count(&self) -> f64 {
        let n = self.count as f64;
        let squares = self.yy / n + self.mean_y * self.mean_y;
        if squares > 0.0 { n * (self.mean_y * self.mean_y / squares) } else { 0.0 }
    }
}

impl Estimator for Covariance {
    #[inline]
    fn merge(&mut self, later: &Self) {
        if later.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = later.clone();
            return;
        }
        let (na, nb) = (self.count as f64, later.count as f64);
        let fb = nb / (na + nb);
        let (dx, dy) = (later.mean_x - self.mean_x, later.mean_y - self.mean_y);
        self.xx += later.xx + dx * dx * na * fb;
        self.yy += later.yy + dy * dy * na * fb;
        self.xy += later.xy + dx * dy * na * fb;
        self.mean_x += dx * fb;
        self.mean_y += dy * fb;
        self.count += later.count;
    }

    /// Of the two means, the larger.
    fn standard_error(&self) -> Option<f64> {
        Some(self.x().standard_error.max(self.y().standard_error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Covariance {
        let mut pair = Covariance::new();
        [(1.0, 2.0), (2.0, 1.0), (3.0, 5.0), (4.0, 4.0), (5.0, 8.0)].iter().for_each(|&(x, y)| pair.add(x, y));
        pair
    }

    #[test]
    fn by_hand() {
        // Means 3 and 4, Sxx = 10, Syy = 30, Sxy = 15.
        let pair = sample();
        assert!((pair.covariance() - 3.75).abs() < 1e-14);
        assert!((pair.correlation() - 15.0 / 300f64.sqrt()).abs() < 1e-14);
        assert!((pair.difference().standard_error - 0.5f64.sqrt()).abs() < 1e-14);
        let controlled = pair.controlled(5.0);
        assert!((controlled.value - 3.5).abs() < 1e-14);
        assert!((controlled.standard_error - (2.5f64 / 15.0).sqrt()).abs() < 1e-14);
        let ratio = pair.ratio().unwrap();
        assert!((ratio.value - 0.75).abs() < 1e-14);
        // Residual 10 - 22.5 + 16.875 = 4.375.
        assert!((ratio.standard_error - (4.375f64 / 20.0).sqrt() / 4.0).abs() < 1e-14);
    }

    #[test]
    fn degenerate_samples() {
        assert_eq!(Covariance::new().ratio(), None);
        assert_eq!(Covariance::new().correlation(), 0.0);
        let mut pair = Covariance::new();
        pair.add(1.0, 2.0);
        assert_eq!(pair.controlled(2.0), PointEstimate { value: 1.0, standard_error: f64::INFINITY });
        pair.add(3.0, 2.0);
        assert_eq!(pair.controlled(2.0), pair.x());
    }

    #[test]
    fn merging_is_adding() {
        let (mut a, mut b) = (Covariance::new(), Covariance::new());
        [(1.0, 2.0), (2.0, 1.0)].iter().for_each(|&(x, y)| a.add(x, y));
        [(3.0, 5.0), (4.0, 4.0), (5.0, 8.0)].iter().for_each(|&(x, y)| b.add(x, y));
        a.merge(&b);
        let all = sample();
        for (a, b) in [(a.xx, all.xx), (a.yy, all.yy), (a.xy, all.xy), (a.mean_x, all.mean_x), (a.mean_y, all.mean_y)] {
            assert!((a - b).abs() < 1e-14 * b.abs().max(1.0) * 5.0);
        }
    }
}
