//! Random instances for cross-checks and property tests: plain and awkward on purpose.

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::SmallRng;

/// Draws random models. A third of the laws are awkward: zero masses, tiny masses, or a single outcome.
///
/// ```
/// let mut draw = tilt::lab::Instances::new(7);
/// let p = draw.law(5);
/// assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug)]
pub struct Instances {
    generator: SmallRng,
}

impl Instances {
    /// A reproducible sequence of instances.
    pub fn new(seed: u64) -> Self {
        Instances { generator: SmallRng::seed_from_u64(seed) }
    }

    /// A number between `low` and `high`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.generator.random::<f64>()
    }

    /// A number between `low` and `high`, uniform in its logarithm.
    pub fn log_uniform(&mut self, low: f64, high: f64) -> f64 {
        self.uniform(low.ln(), high.ln()).exp()
    }

    /// A whole number between `low` and `high`, both included.
    pub fn count(&mut self, low: u64, high: u64) -> u64 {
        self.generator.random_range(low..=high)
    }

    /// An index below `n`.
    pub fn index(&mut self, n: usize) -> usize {
        self.generator.random_range(0..n)
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.generator.random::<f64>() < p
    }

    /// One of several values.
    pub fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.index(values.len())].clone()
    }

    /// A law with full support: normalised exponential weights (uniform on the simplex).
    pub fn positive_law(&mut self, k: usize) -> Vec<f64> {
        let weights: Vec<f64> = (0..k).map(|_| -(1.0 - self.generator.random::<f64>()).ln() + 1e-6).collect();
        let total: f64 = weights.iter().sum();
        weights.iter().map(|w| w / total).collect()
    }

    /// A law on `k` outcomes, a third of the time an awkward one.
    pub fn law(&mut self, k: usize) -> Vec<f64> {
        let mut p = self.positive_law(k);
        match self.index(9) {
            0 if k > 1 => p[self.index(k)] = 0.0,
            1 => p[self.index(k)] *= 1e-9,
            2 => {
                p.fill(0.0);
                p[self.index(k)] = 1.0;
            }
            _ => return p,
        }
        let total: f64 = p.iter().sum();
        p.iter().map(|x| x / total).collect()
    }

    /// `k` rewards in [-2, 3], a third of the time small whole numbers, so that there are ties.
    pub fn rewards(&mut self, k: usize) -> Vec<f64> {
        let whole = self.chance(1.0 / 3.0);
        (0..k).map(|_| if whole { self.count(0, 2) as f64 } else { self.uniform(-2.0, 3.0) }).collect()
    }

    /// A stochastic matrix with positive entries, row by row.
    pub fn transition(&mut self, k: usize) -> Vec<Vec<f64>> {
        (0..k).map(|_| self.positive_law(k)).collect()
    }
}
