//! Simulation at finite dimension (A5): a training set, its posterior, test points.
//!
//! All that a training set says is $\Phi'\Phi$ and $\Phi'y$, so that is what is drawn. With $\Phi = Z\Sigma^{1/2}/\sqrt d$, $Z'Z = TT'$ where
//! $T$ ($d \times \min(n,d)$) is lower trapezoidal with independent entries, $T_{ii}^2 \sim \chi^2_{n-i}$ ($i$ from 0), normal below
//! (Bartlett 1933), and given $\Phi$ the noise $\Phi'\eta$ is $Ag$ with $A = \Sigma^{1/2}T/\sqrt d$, $g$ normal. Then
//! $$P = AA' + \tfrac{\sigma^2}{\gamma^2}I = LL',\qquad \hat w - w_T = P^{-1}\big(\sigma Ag - \tfrac{\sigma^2}{\gamma^2}w_T\big).$$
//! $\frac12d^2$ random numbers instead of $nd$; [`Experiment::training_set_from_data`] draws the $nd$ for comparison.
//!
//! Given the training set, the biases at a random input are exactly $N(0,V)$ and their covariance is a quadratic form, without
//! sampling ([`TrainingSet::bias_law`]). At an input only three scalars are left; what $k$ answers give there is exact (no inner noise).
//! Everything is in the eigenbasis of $\Sigma$.
//!
//! One training set $O(d^3)$ (a product, a factor; for the mean predictive variance an inverse), a test point $O(d^2)$. Between sets
//! $V_{TT}$ varies by about $2/\sqrt d$ relative, $s^2$ by $0.13/\sqrt d$; both have biases $O(1/d)$ against
//! [`equivalents`](super::equivalents).

use super::equivalents::Regression;
use super::model::{BiasLaw, Point};
use crate::numerics::cholesky::{Cholesky, gram};
use crate::numerics::lanes::dot_lanes;
use crate::sampling::Stream;
use crate::{Error, Result};
use rand_distr::{ChiSquared, Distribution};

/// The largest dimension that is simulated: a matrix of 2 GB.
const LARGEST_DIMENSION: usize = 16_384;

/// A regression task ready for repetitions.
#[derive(Clone, Debug)]
pub struct Experiment {
    task: Regression,
    /// $\sqrt{e_j/d}$.
    scale: Vec<f64>,
    /// $\chi^2$ laws of the diagonal.
    diagonal: Vec<ChiSquared<f64>>,
}

impl Experiment {
    /// Prepares a task.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above 16384 dimensions.
    pub fn new(task: &Regression) -> Result<Self> {
        let d = task.eigs().len();
        if d > LARGEST_DIMENSION {
            return Err(Error::too_large("a training set", d as f64, LARGEST_DIMENSION as f64, "dimensions"));
        }
        let scale = task.eigs().iter().map(|e| (e / d as f64).sqrt()).collect();
        let chi_squared = |i: usize| {
            let freedom = (task.data() - i as u64) as f64;
            ChiSquared::new(freedom).map_err(|_| Error::invalid("n", task.data(), "a number of data >= 1"))
        };
        let rank = d.min(usize::try_from(task.data()).unwrap_or(usize::MAX));
        let diagonal = (0..rank).map(chi_squared).collect::<Result<_>>()?;
        Ok(Experiment { task: task.clone(), scale, diagonal })
    }

    /// The task.
    pub fn task(&self) -> &Regression {
        &self.task
    }

    /// A training set by its sufficient statistics. About $\frac12d^2$ positions.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] where $\sigma/\gamma$ is so small that $P$ is singular to working precision.
    pub fn training_set(&self, stream: &mut Stream) -> Result<TrainingSet<'_>> {
        let (d, rank) = (self.scale.len(), self.diagonal.len());
        let mut a = vec![0.0; d * rank];
        for (i, row) in a.chunks_exact_mut(rank).enumerate() {
            stream.normal_block(&mut row[..i.min(rank)]);
            if i < rank {
                row[i] = self.diagonal[i].sample(stream).sqrt();
            }
            row.iter_mut().for_each(|x| *x *= self.scale[i]);
        }
        let mut g = vec![0.0; rank];
        stream.normal_block(&mut g);
        let noise = a.chunks_exact(rank).map(|row| self.task.sigma() * dot_lanes(row, &g)).collect();
        self.solve(gram(&a, d, rank), noise)
    }

    /// The same from $n$ inputs and labels, drawn one by one: $n(d+1)$ positions, the law of [`training_set`](Self::training_set).
    ///
    /// # Errors
    /// As [`training_set`](Self::training_set); [`Error::TooLarge`] if there are more than $10^8$ entries.
    pub fn training_set_from_data(&self, stream: &mut Stream) -> Result<TrainingSet<'_>> {
        let (d, n) = (self.scale.len(), self.task.data());
        if d as f64 * n as f64 > 1e8 {
            return Err(Error::too_large("a training set", d as f64 * n as f64, 1e8, "entries"));
        }
        let n = n as usize;
        let mut features = vec![0.0; d * n]; // Phi', feature by feature
        for (row, scale) in features.chunks_exact_mut(n).zip(&self.scale) {
            stream.normal_block(row);
            row.iter_mut().for_each(|x| *x *= scale);
        }
        let mut eta = vec![0.0; n];
        stream.normal_block(&mut eta);
        let noise = features.chunks_exact(n).map(|row| self.task.sigma() * dot_lanes(row, &eta)).collect();
        self.solve(gram(&features, d, n), noise)
    }

    /// The posterior, from $\Phi'\Phi$ and $\sigma\Phi'\eta$.
    fn solve(&self, mut precision: Vec<f64>, noise: Vec<f64>) -> Result<TrainingSet<'_>> {
        let d = self.scale.len();
        let ratio = self.task.sigma() / self.task.gamma();
        let ridge = ratio * ratio;
        (0..d).for_each(|j| precision[j * d + j] += ridge);
        let factor = Cholesky::new(&precision, d)
            .map_err(|_| Error::invalid("sigma", self.task.sigma(), "a noise that keeps the posterior regular"))?;
        let mut error = noise;
        error.iter_mut().zip(self.task.teacher()).for_each(|(x, w)| *x -= ridge * w);
        factor.solve(&mut error);
        Ok(TrainingSet { experiment: self, factor, error })
    }
}

/// The posterior of one training set.
#[derive(Clone, Debug)]
pub struct TrainingSet<'a> {
    experiment: &'a Experiment,
    factor: Cholesky,
    /// $\hat w - w_T$.
    error: Vec<f64>,
}

impl TrainingSet<'_> {
    /// $\hat w - w_T$ in the eigenbasis.
    pub fn error(&self) -> &[f64] {
        &self.error
    }

    /// $(V_{TT}, V_{TR}, V_{RR})$ over inputs, exactly: $\frac1d(\hat w-w_T)'\Sigma(\hat w-w_T)$ and so on. $O(d)$.
    pub fn bias_covariance(&self) -> (f64, f64, f64) {
        let task = &self.experiment.task;
        let (mut tt, mut tr, mut rr) = (0.0, 0.0, 0.0);
        for (i, &error) in self.error.iter().enumerate() {
            let weight = self.experiment.scale[i] * self.experiment.scale[i];
            let from_judge = error + (task.teacher()[i] - task.judge()[i]);
            tt += weight * error * error;
            tr += weight * error * from_judge;
            rr += weight * from_judge * from_judge;
        }
        (tt, tr, rr)
    }

    /// The mean over inputs of $s^2 = \sigma^2 + \sigma^2\phi'P^{-1}\phi$, exactly, by the inverse of the factor. $O(d^3)$.
    pub fn mean_variance(&self) -> f64 {
        let d = self.error.len();
        let mut inverse = vec![0.0; d * d];
        (0..d).for_each(|j| inverse[j * d + j] = self.experiment.scale[j]);
        self.factor.solve_lower_many(&mut inverse, d);
        let sigma = self.experiment.task.sigma();
        sigma * sigma * (1.0 + dot_lanes(&inverse, &inverse))
    }

    /// The law of the biases over inputs, with the mean predictive variance in place of that at an input.
    ///
    /// # Errors
    /// As [`BiasLaw::new`], where a variance leaves the range of numbers.
    pub fn bias_law(&self) -> Result<BiasLaw> {
        let (v_tt, v_tr, v_rr) = self.bias_covariance();
        BiasLaw::new(v_tt, v_tr, v_rr, self.mean_variance())
    }

    /// A random input, as the judge sees it, with the predictive mean as the origin of $y$. $d$ positions, $O(d^2)$.
    ///
    /// # Errors
    /// As [`Point::new`], where a scale leaves the range of numbers.
    pub fn point(&self, stream: &mut Stream) -> Result<Point> {
        let mut phi = vec![0.0; self.error.len()];
        stream.normal_block(&mut phi);
        phi.iter_mut().zip(&self.experiment.scale).for_each(|(x, s)| *x *= s);
        let (teacher, judge) = self.biases(&phi);
        self.factor.solve_lower(&mut phi);
        let s = self.experiment.task.sigma() * (1.0 + dot_lanes(&phi, &phi)).sqrt();
        Point::new(0.0, s, -teacher, -judge)
    }

    /// `count` random inputs, as [`point`](Self::point) `count` times, with one blocked solve.
    ///
    /// # Errors
    /// As [`point`](Self::point).
    pub fn points(&self, count: usize, stream: &mut Stream) -> Result<Vec<Point>> {
        let d = self.error.len();
        let mut columns = vec![0.0; d * count];
        let mut biases = Vec::with_capacity(count);
        let mut phi = vec![0.0; d];
        for i in 0..count {
            stream.normal_block(&mut phi);
            phi.iter_mut().zip(&self.experiment.scale).for_each(|(x, s)| *x *= s);
            biases.push(self.biases(&phi));
            phi.iter().enumerate().for_each(|(j, x)| columns[j * count + i] = *x);
        }
        self.factor.solve_lower_many(&mut columns, count);
        let mut squares = vec![0.0; count];
        for row in columns.chunks_exact(count.max(1)) {
            squares.iter_mut().zip(row).for_each(|(total, x)| *total += x * x);
        }
        let sigma = self.experiment.task.sigma();
        let point = |(&(teacher, judge), square): (&(f64, f64), &f64)| {
            Point::new(0.0, sigma * (1.0 + square).sqrt(), -teacher, -judge)
        };
        biases.iter().zip(&squares).map(point).collect()
    }

    /// $D_T$ and $D_R$ at features `phi`.
    fn biases(&self, phi: &[f64]) -> (f64, f64) {
        let task = &self.experiment.task;
        let teacher = dot_lanes(phi, &self.error);
        let apart: f64 = phi.iter().zip(task.teacher().iter().zip(task.judge())).map(|(x, (t, r))| x * (t - r)).sum();
        (teacher, teacher + apart)
    }
}

#[cfg(test)]
mod tests {
    use super::super::average::average;
    use super::super::equivalents::equivalents;
    use super::super::model::Candidates;
    use super::super::softmax::delta;
    use super::*;
    use crate::sampling::{Address, Moments};

    fn task(d: usize, n: u64, power: f64) -> Regression {
        let eigs: Vec<f64> = (0..d).map(|i| ((i + 1) as f64 / d as f64).powf(-power)).collect();
        let w_t: Vec<f64> = (0..d).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let w_r: Vec<f64> = (0..d).map(|i| w_t[i] + 0.3 * f64::from(i as u32 % 3)).collect();
        Regression::new(&eigs, &w_t, &w_r, n, 0.5, 1.0).unwrap()
    }

    /// Means over `sets` training sets of s2, V_TT, V_TR, V_RR.
    fn simulate(task: &Regression, sets: u64, raw: bool) -> [Moments; 4] {
        let experiment = Experiment::new(task).unwrap();
        let address = Address::new(3, "judge/finite_dimension", if raw { "raw" } else { "sufficient" });
        let mut moments = [Moments::new(), Moments::new(), Moments::new(), Moments::new()];
        for i in 0..sets {
            let mut stream = address.stream(i);
            let set =
                if raw { experiment.training_set_from_data(&mut stream) } else { experiment.training_set(&mut stream) };
            let set = set.unwrap();
            let (tt, tr, rr) = set.bias_covariance();
            [set.mean_variance(), tt, tr, rr].into_iter().zip(&mut moments).for_each(|(x, m)| m.add(x));
        }
        moments
    }

    /// Raw data and sufficient statistics have one law: fewer data than dimensions, and more.
    #[test]
    fn sufficient_statistics_are_sufficient() {
        for n in [5, 30] {
            let task = task(12, n, 0.7);
            let (a, b) = (simulate(&task, 3000, true), simulate(&task, 3000, false));
            for (i, (a, b)) in a.iter().zip(&b).enumerate() {
                let z = (a.mean() - b.mean()) / a.standard_error().hypot(b.standard_error());
                assert!(z.abs() < 5.0, "{n} {i}: {} {} z = {z}", a.mean(), b.mean());
                // the variances too: standard error of a log-variance at most sqrt(kurtosis/3000) ~ 0.1
                let ratio = a.standard_error() / b.standard_error();
                assert!((0.7..1.4).contains(&ratio), "{n} {i}: {ratio}");
            }
        }
    }

    /// The two-point equivalents hold up to a bias O(1/d); the one-point ones do not.
    #[test]
    fn two_point_equivalents() {
        for (d, sets, power) in [(50, 400, 0.0), (200, 60, 0.0), (200, 60, 1.0), (800, 6, 0.0)] {
            let task = task(d, 2 * d as u64, power);
            let limit = equivalents(&task).unwrap();
            let found = simulate(&task, sets, false);
            for (m, exact) in found.iter().zip([limit.s2, limit.v_tt, limit.v_tr, limit.v_rr]) {
                // at least the known spread of V between sets, as six of them do not estimate it
                let spread = 2.0 / (d as f64 * sets as f64).sqrt() * exact.abs();
                let allowed = 5.0 * m.standard_error().max(0.5 * spread) + 2.0 / d as f64 * exact.abs();
                assert!((m.mean() - exact).abs() < allowed, "{d} {power}: {} {exact} {allowed}", m.mean());
            }
            let one = found[1].mean() - limit.v_tt_one;
            assert!(one > 10.0 * found[1].standard_error(), "{d}: one-point {} {}", found[1].mean(), limit.v_tt_one);
        }
    }

    /// Points have the law that their training set states, and the error averaged over them is that of the average over inputs.
    #[test]
    fn points_have_the_law_of_their_training_set() {
        let task = task(40, 80, 0.0);
        let experiment = Experiment::new(&task).unwrap();
        let address = Address::new(3, "judge/finite_dimension", "points");
        let set = experiment.training_set(&mut address.stream(0)).unwrap();
        let points = set.points(4000, &mut address.stream(1)).unwrap();
        let one = set.point(&mut address.stream(1)).unwrap();
        assert!((one.variance() / points[0].variance() - 1.0).abs() < 1e-12);
        assert!((one.teacher_bias() - points[0].teacher_bias()).abs() < 1e-13);
        let (tt, tr, rr) = set.bias_covariance();
        let check = |name: &str, exact: f64, slack: f64, f: &dyn Fn(&Point) -> f64| {
            let mut m = Moments::new();
            points.iter().for_each(|p| m.add(f(p)));
            assert!(
                (m.mean() - exact).abs() < 5.0 * m.standard_error() + slack * exact,
                "{name}: {} {exact}",
                m.mean()
            );
        };
        check("tt", tt, 0.0, &|p| p.teacher_bias() * p.teacher_bias());
        check("tr", tr, 0.0, &|p| p.teacher_bias() * p.reward_bias());
        check("rr", rr, 0.0, &|p| p.reward_bias() * p.reward_bias());
        check("s2", set.mean_variance(), 0.0, &|p| p.variance());
        let k = Candidates::new(4).unwrap();
        // constant s2 instead of its fluctuation: second order, (0.13/sqrt 40)^2
        let exact = average(&set.bias_law().unwrap(), 1.0, k).unwrap();
        check("delta", exact, 1e-3, &|p| delta(p, 1.0, k).unwrap());
    }
}
