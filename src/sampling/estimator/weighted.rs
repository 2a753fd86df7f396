//! Importance sampling: means under p of draws from q, with weights $w = p/q$ given by their logarithms.
//!
//! **Plain** $\frac1n \sum w_i f_i$: unbiased. **Self-normalised** $\sum w_i f_i / \sum w_i$: for weights known
//! up to a factor, bias of order 1/n, error by the delta method.
//!
//! **Scale.** The sums are kept divided by $2^k$, k the largest binary exponent of a weight so far: rescaling by
//! powers of two is exact, and events of probability 1e-300 (or $e^{-10^6}$) keep full precision. A logarithm of
//! size L carries the relative error $L\epsilon$ into its weight. Numbers f with a common offset much larger than
//! their spread should be centred first: the delta method subtracts.

use serde::{Deserialize, Serialize};

use super::covariance::Covariance;
use super::{Estimator, PointEstimate};

/// Weighted means of a sample.
///
/// ```
/// use tilt::sampling::Weighted;
/// let mut rare = Weighted::new();
/// for i in 0..1000 {
///     rare.add(-2000.0, if i % 4 == 0 { 1.0 } else { 0.0 });
/// }
/// // e^-2000 / 4 is no double, but its logarithm is.
/// let (log_mean, relative_error) = rare.log_plain().unwrap();
/// assert!((log_mean - (-2000.0 + 0.25f64.ln())).abs() < 1e-11 && relative_error < 0.06);
/// assert!((rare.self_normalised().unwrap().value - 0.25).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Weighted {
    /// k: the sums below are in units of 2^k.
    exponent: i64,
    /// x = w f, y = w.
    sums: Covariance,
}

impl Weighted {
    /// No samples yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the sample `f` of weight `exp(log_weight)`; a weight of zero (`-inf`) counts as a sample
    /// and its `f` is ignored.
    #[inline]
    pub fn add(&mut self, log_weight: f64, f: f64) {
        let mut one = Weighted::new();
        if log_weight == f64::NEG_INFINITY {
            one.exponent = i64::MIN;
            one.sums.add(0.0, 0.0);
        } else {
            one.exponent = (log_weight * std::f64::consts::LOG2_E).floor() as i64;
            // Two-part ln 2, so that the reduction is exact to the last bits of the logarithm.
            let k = one.exponent as f64;
            let weight = libm::exp((log_weight - k * LN2_HIGH) - k * LN2_LOW);
            one.sums.add(weight * f, weight);
        }
        self.merge(&one);
    }

    /// The number of samples, those of weight zero included.
    pub fn count(&self) -> u64 {
        self.sums.count()
    }

    /// $(\sum w)^2/\sum w^2$, between 0 and the count: how many equal weights would be worth as much.
    pub fn effective_count(&self) -> f64 {
        self.sums.effective_count()
    }

    /// $\frac1n\sum w_i f_i$ with its standard error; underflows to 0 where the number does.
    pub fn plain(&self) -> PointEstimate {
        let PointEstimate { value, standard_error } = self.sums.x();
        PointEstimate {
            value: times_two_to(value, self.exponent),
            standard_error: times_two_to(standard_error, self.exponent),
        }
    }

    /// The logarithm of $|\frac1n\sum w_i f_i|$ and its standard error relative to the mean; `None` if the mean is 0.
    pub fn log_plain(&self) -> Option<(f64, f64)> {
        let PointEstimate { value, standard_error } = self.sums.x();
        let shift = self.exponent as f64 * std::f64::consts::LN_2;
        (value != 0.0).then(|| (libm::log(value.abs()) + shift, standard_error / value.abs()))
    }

    /// $\sum w_i f_i/\sum w_i$ with its standard error; `None` if every weight is 0.
    pub fn self_normalised(&self) -> Option<PointEstimate> {
        self.sums.ratio()
    }

    /// The mean weight $\frac1n\sum w_i$ with its standard error: 1 for normalised laws, so a check of the sampler.
    pub fn mean_weight(&self) -> PointEstimate {
        let PointEstimate { value, standard_error } = self.sums.y();
        PointEstimate {
            value: times_two_to(value, self.exponent),
            standard_error: times_two_to(standard_error, self.exponent),
        }
    }

    fn rescale(&mut self, exponent: i64) {
        if self.exponent != exponent {
            let factor = times_two_to(1.0, self.exponent.saturating_sub(exponent));
            self.sums.scale(factor, factor);
            self.exponent = exponent;
        }
    }
}

/// ln 2 with the last 32 bits of its mantissa cleared, and the rest (fdlibm).
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// x 2^k, infinite or zero where it must be.
fn times_two_to(x: f64, k: i64) -> f64 {
    libm::scalbn(x, k.clamp(-5000, 5000) as i32)
}

impl Estimator for Weighted {
    #[inline]
    fn merge(&mut self, later: &Self) {
        if later.count() == 0 {
            return;
        }
        if self.count() == 0 {
            *self = later.clone();
            return;
        }
        let exponent = self.exponent.max(later.exponent);
        self.rescale(exponent);
        if later.exponent == exponent {
            self.sums.merge(&later.sums);
        } else {
            let mut later = later.clone();
            later.rescale(exponent);
            self.sums.merge(&later.sums);
        }
    }

    /// Of the plain mean.
    fn standard_error(&self) -> Option<f64> {
        Some(self.plain().standard_error)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Moments;
    use super::*;

    #[test]
    fn equal_weights_are_the_plain_mean() {
        let (mut weighted, mut moments) = (Weighted::new(), Moments::new());
        for i in 0..50 {
            let f = ((i * 17) % 23) as f64;
            weighted.add(0.0, f);
            moments.add(f);
        }
        assert!((weighted.plain().value - moments.mean()).abs() < 1e-13);
        assert!((weighted.plain().standard_error - moments.standard_error()).abs() < 1e-13);
        assert!((weighted.self_normalised().unwrap().standard_error - moments.standard_error()).abs() < 1e-13);
        assert!((weighted.effective_count() - 50.0).abs() < 1e-11);
    }

    #[test]
    fn shifting_every_log_weight_changes_only_the_scale() {
        let sample = |shift: f64| {
            let mut w = Weighted::new();
            for i in 0..40 {
                w.add(shift - 0.1 * ((i * 7) % 40) as f64, (i % 5) as f64);
            }
            w
        };
        let (a, b) = (sample(0.0), sample(-1e5));
        let (ra, rb) = (a.self_normalised().unwrap(), b.self_normalised().unwrap());
        // The logarithms near 1e5 are rounded by 7e-12 each.
        assert!((ra.value - rb.value).abs() < 1e-10 && (ra.standard_error - rb.standard_error).abs() < 1e-10);
        assert!((a.effective_count() - b.effective_count()).abs() < 1e-9);
        let (la, lb) = (a.log_plain().unwrap(), b.log_plain().unwrap());
        assert!((la.0 - 1e5 - lb.0).abs() < 1e-10 && (la.1 - lb.1).abs() < 1e-10);
        assert_eq!(b.plain().value, 0.0);
    }

    #[test]
    fn widely_different_weights_and_order() {
        let (mut up, mut down) = (Weighted::new(), Weighted::new());
        up.add(-3000.0, 5.0);
        up.add(f64::NEG_INFINITY, f64::NAN);
        up.add(700.0, 2.0);
        down.add(700.0, 2.0);
        down.add(f64::NEG_INFINITY, 1.0);
        down.add(-3000.0, 5.0);
        for w in [&up, &down] {
            assert_eq!((w.count(), w.self_normalised().unwrap().value), (3, 2.0));
            assert!((w.log_plain().unwrap().0 - (700.0 + (2.0f64 / 3.0).ln())).abs() < 1e-12);
            assert!((w.effective_count() - 1.0).abs() < 1e-14);
        }
        let mut none = Weighted::new();
        none.add(f64::NEG_INFINITY, 1.0);
        none.add(f64::NEG_INFINITY, 1.0);
        assert_eq!((none.plain().value, none.self_normalised(), none.effective_count()), (0.0, None, 0.0));
        let text = serde_json::to_string(&none).unwrap();
        assert_eq!(serde_json::from_str::<Weighted>(&text).unwrap(), none);
    }
}
