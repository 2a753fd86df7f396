//! Draws from a finite law by inverting its distribution function.
//!
//! The draw is $\min(j : u < F_j)$, increasing in the uniform u. That, and one uniform a draw, is why inversion is
//! preferred to the alias method: common and antithetic random numbers keep their meaning, and for outcomes in order of
//! reward the best of N draws is the draw at $u^{1/N}$, at a cost free of N.
//!
//! **Cost.** A guide table (Chen, Asau 1974) of as many entries as outcomes gives the place to start: on average less than
//! two comparisons a draw. **Precision.** $F_j$ is rounded once, to $2^{-53}$: masses much smaller than that
//! are not resolved, which no finite number of plain draws would notice; use importance weights
//! ([`Weighted`](super::Weighted)) for rare outcomes. Outcomes of mass 0 are never drawn.

use super::Stream;
use crate::{Error, Result};

/// A finite law ready to be drawn from.
///
/// ```
/// use tilt::sampling::{Address, Categorical};
/// let law = Categorical::new(&[0.2, 0.0, 0.8])?;
/// assert_eq!((law.at(0.1), law.at(0.2), law.at(0.999)), (0, 2, 2));
/// let outcome = law.draw(&mut Address::new(1, "example", "cell").stream(0));
/// # Ok::<(), tilt::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Categorical {
    /// Distribution function, non-decreasing; 1 from the last outcome of positive mass on.
    cumulative: Vec<f64>,
    /// `guide[g]`: the draw at u = g / length.
    guide: Vec<u32>,
}

impl Categorical {
    /// The law proportional to `masses`: non-empty, finite, >= 0, not all 0, fewer than 2^32.
    pub fn new(masses: &[f64]) -> Result<Self> {
        if masses.is_empty() || masses.len() > u32::MAX as usize {
            return Err(Error::invalid("masses", format!("{} entries", masses.len()), "from 1 to 2^32 - 1 entries"));
        }
        if let Some(i) = masses.iter().position(|p| !(p.is_finite() && *p >= 0.0)) {
            return Err(Error::invalid(format!("masses[{i}]"), masses[i], "finite and >= 0"));
        }
        let largest = masses.iter().copied().fold(0.0, f64::max);
        let Some(last) = masses.iter().rposition(|&p| p > 0.0) else {
            return Err(Error::invalid("masses", "all 0", "at least one positive mass"));
        };
        // Relative to the largest, so that no sum overflows; the running sum is compensated (Neumaier 1974).
        let (mut sum, mut lost) = (0.0f64, 0.0f64);
        let mut cumulative: Vec<f64> = masses
            .iter()
            .map(|p| {
                let (term, before) = (p / largest, sum);
                sum += term;
                lost += if before >= term { (before - sum) + term } else { (term - sum) + before };
                sum + lost
            })
            .collect();
        let total = cumulative[last];
        for (i, f) in cumulative.iter_mut().enumerate() {
            *f = if i >= last { 1.0 } else { (*f / total).min(1.0) };
        }
        let (mut j, n) = (0, masses.len());
        let guide = (0..n)
            .map(|g| {
                while cumulative[j] <= g as f64 / n as f64 {
                    j += 1;
                }
                j as u32
            })
            .collect();
        Ok(Categorical { cumulative, guide })
    }

    /// The outcome at `u`: the smallest j with $u < F_j$; u is clamped to [0, 1).
    #[inline]
    pub fn at(&self, u: f64) -> usize {
        let n = self.guide.len();
        #[allow(clippy::manual_clamp)] // so that a NaN becomes 0
        let u = u.max(0.0).min(1.0 - f64::EPSILON / 2.0);
        let mut j = self.guide[((u * n as f64) as usize).min(n - 1)] as usize;
        // u n may have been rounded up to the next entry of the guide: step back where that overshot.
        while j > 0 && u < self.cumulative[j - 1] {
            j -= 1;
        }
        while u >= self.cumulative[j] {
            j += 1;
        }
        j
    }

    /// The outcome at the next uniform of the stream. One position.
    #[inline]
    pub fn draw(&self, stream: &mut Stream) -> usize {
        self.at(stream.uniform())
    }

    /// The number of outcomes.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.cumulative.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Address;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rejects_what_is_no_law() {
        for bad in [&[][..], &[0.0, 0.0], &[1.0, -0.1], &[f64::NAN], &[f64::INFINITY]] {
            assert!(Categorical::new(bad).is_err());
        }
    }

    #[test]
    fn extremes() {
        let law = Categorical::new(&[0.0, 1e300, 1e-300, 1e300, 0.0]).unwrap();
        assert_eq!((law.at(0.0), law.at(0.49), law.at(0.5), law.at(1.0), law.at(f64::NAN)), (1, 1, 3, 3, 1));
    }

    /// Pearson's statistic of 1e5 draws over 5 outcomes, 4 degrees of freedom: above 33.4 with probability 1e-6; seed fixed.
    #[test]
    fn frequencies() {
        let p = [0.5, 0.25, 0.125, 0.1, 0.025];
        let law = Categorical::new(&p).unwrap();
        let mut stream = Address::new(1, "test", "frequencies").stream(0);
        let mut counts = [0.0; 5];
        (0..100_000).for_each(|_| counts[law.draw(&mut stream)] += 1.0);
        let chi2: f64 = p.iter().zip(counts).map(|(p, c)| (c - 1e5 * p) * (c - 1e5 * p) / (1e5 * p)).sum();
        assert!(chi2 < 33.4, "{chi2}");
    }

    proptest! {
        #[test]
        fn is_the_plain_search(masses in prop::collection::vec(prop_oneof![Just(0.0), 0.0f64..1.0, Just(1e-20)], 1..40),
                               uniforms in prop::collection::vec(0.0f64..1.0, 50)) {
            prop_assume!(masses.iter().any(|&p| p > 0.0));
            let law = Categorical::new(&masses).unwrap();
            let n = masses.len() as f64;
            let edges = (0..masses.len()).map(|i| i as f64 / n).chain(law.cumulative.iter().copied().filter(|&f| f < 1.0));
            for u in uniforms.into_iter().chain(edges) {
                let j = law.at(u);
                prop_assert_eq!(j, law.cumulative.partition_point(|&f| f <= u));
                prop_assert!(masses[j] > 0.0);
            }
        }
    }
}
