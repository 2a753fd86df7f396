//! Best-of-$k$ trials of Bayesian regression, many side by side: the throughput kernel.
//!
//! A trial: teacher $w \sim N(0, I_d)$; $n$ inputs $x \sim N(0, I_d)$ with labels $x\cdot w + \sigma\eta$; one posterior draw $u$ as the judge; the
//! candidate of $k$ inputs with the largest $x\cdot u$; its gold value $x\cdot w$. (Features are the inputs themselves, prior $N(0, I)$.)
//!
//! The training set enters through its sufficient statistics, $X'X = TT'$ with $T$ lower triangular (Bartlett; see
//! [`finite_dimension`](super::finite_dimension)) and $X'y = T(T'w + \sigma g)$. With $P = I + TT'/\sigma^2 = LL'$,
//! $u = L'^{-1}(L^{-1}X'y/\sigma^2 + h)$, $g$, $h$ normal. Candidates either all drawn, or by what of them matters: the scores are
//! $|u|z_i$, so the gold value of the best is $\frac{u\cdot w}{|u|}\max_i z_i$ plus a normal of variance $|w|^2 - (u\cdot w)^2/|u|^2$: a trial of
//! the same law.
//!
//! Repetitions are lanes: entry $(i,j)$ of 64 matrices lies side by side, a Cholesky factor is that of eight at a time. Requires
//! $n \ge d$. A trial takes $\frac12d^2 + 4d$ random numbers (and $kd$ for candidates drawn) and $\frac12d^3$ multiplications.

use super::model::check_positive;
use crate::numerics::lanes::{Kernel, Lanes as Eight, dispatch, ln_slice};
use crate::numerics::special::normal_quantile;
use crate::sampling::Lanes;
use crate::{Error, Result};

/// Repetitions side by side.
pub const WIDTH: usize = 64;

/// How the candidates of a trial are simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateDraws {
    /// All $kd$ entries.
    All,
    /// The largest score, by inversion, and the gold value given it: two numbers.
    Best,
}

/// The sizes of a trial.
#[derive(Clone, Debug)]
pub struct Trials {
    d: usize,
    n: usize,
    k: usize,
    sigma: f64,
    draws: CandidateDraws,
    memory: Memory,
}

#[derive(Clone, Debug, Default)]
struct Memory {
    teacher: Vec<[f64; WIDTH]>,
    judge: Vec<[f64; WIDTH]>,
    noise: Vec<[f64; WIDTH]>,
    /// $T$, column by column.
    root: Vec<[f64; WIDTH]>,
    /// Of eight repetitions: $T$, $P$ or its factor, and three vectors.
    work: [Vec<Eight>; 5],
}

impl Trials {
    /// Trials of dimension `d`, `n` training points, `k` candidates and label noise `sigma`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `d` (1 to 256), `n` (at least `d`), `k` (at least 1) or `sigma` (> 0).
    pub fn new(d: usize, n: usize, k: usize, sigma: f64, draws: CandidateDraws) -> Result<Self> {
        if d == 0 || d > 256 {
            return Err(Error::invalid("d", d, "from 1 to 256"));
        }
        if n < d {
            return Err(Error::invalid("n", n, format!("at least d = {d}")));
        }
        if k == 0 {
            return Err(Error::invalid("k", k, "an integer >= 1"));
        }
        check_positive("sigma", sigma)?;
        let rows = |count: usize| vec![[0.0; WIDTH]; count];
        let eights = |count: usize| vec![[0.0; 8]; count];
        let triangle = d * (d + 1) / 2;
        let work = [eights(triangle), eights(triangle), eights(d), eights(d), eights(d)];
        let memory = Memory { teacher: rows(d), judge: rows(d), noise: rows(d), root: rows(triangle), work };
        Ok(Trials { d, n, k, sigma, draws, memory })
    }

    /// The gold values of the repetitions of `lanes`, which must be [`WIDTH`] wide (panics otherwise).
    pub fn run(&mut self, lanes: &mut Lanes, gold: &mut [f64; WIDTH]) {
        let Trials { d, n, k, sigma, draws, memory } = self;
        for j in 0..*d {
            let column = &mut memory.root[start(*d, j)..start(*d, j + 1)];
            chi(lanes, (*n - j) as f64, j as u32, &mut column[0]);
            column[1..].iter_mut().for_each(|entry| lanes.normals(entry));
        }
        for vector in [&mut memory.teacher, &mut memory.noise, &mut memory.judge] {
            vector.iter_mut().for_each(|entry| lanes.normals(entry));
        }
        dispatch(Judge { d: *d, sigma: *sigma, memory });
        match draws {
            CandidateDraws::All => {
                let mut best = [f64::NEG_INFINITY; WIDTH];
                for _ in 0..*k {
                    memory.noise.iter_mut().for_each(|entry| lanes.normals(entry));
                    let score = dispatch(Product(&memory.noise, &memory.judge));
                    let value = dispatch(Product(&memory.noise, &memory.teacher));
                    for i in 0..WIDTH {
                        if score[i] > best[i] {
                            (best[i], gold[i]) = (score[i], value[i]);
                        }
                    }
                }
            }
            CandidateDraws::Best => {
                let (mut uniform, mut rest) = ([0.0; WIDTH], [0.0; WIDTH]);
                lanes.uniforms(&mut uniform);
                lanes.normals(&mut rest);
                for i in 0..WIDTH {
                    let (mut across, mut square, mut whole) = (0.0, 0.0, 0.0);
                    for (judge, teacher) in memory.judge.iter().zip(&memory.teacher) {
                        across += judge[i] * teacher[i];
                        square += judge[i] * judge[i];
                        whole += teacher[i] * teacher[i];
                    }
                    let along = across / square.sqrt();
                    // Phi(z)^k = 1 - u, from the small tail
                    let largest = -normal_quantile(-((-uniform[i]).ln_1p() / *k as f64).exp_m1());
                    gold[i] = along * largest + (whole - along * along).max(0.0).sqrt() * rest[i];
                }
            }
        }
    }
}

/// $\chi$ variables of `freedom` degrees in every lane, by the gamma method of Marsaglia and Tsang (2000). The few lanes that reject
/// go on in branch 1 + `index` of their repetition.
fn chi(lanes: &mut Lanes, freedom: f64, index: u32, out: &mut [f64; WIDTH]) {
    // Below two degrees the method would need a boost: then the square root of two exponentials or a normal.
    if freedom <= 2.0 {
        lanes.normals(out);
        if freedom == 1.0 {
            out.iter_mut().for_each(|x| *x = x.abs());
        } else {
            lanes.exponentials(out);
            out.iter_mut().for_each(|x| *x = (2.0 * *x).sqrt());
        }
        return;
    }
    let d = 0.5 * freedom - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    let cube = |x: f64| {
        let y = 1.0 + c * x;
        y * y * y
    };
    let accepts = |x: f64, log_u: f64, log_v: f64| log_u < 0.5 * x * x + d * (1.0 - cube(x) + log_v);
    let (mut x, mut u) = ([0.0; WIDTH], [0.0; WIDTH]);
    lanes.normals(&mut x);
    lanes.uniforms(&mut u);
    let v = x.map(|x| cube(x).max(f64::MIN_POSITIVE));
    let (mut log_u, mut log_v) = ([0.0; WIDTH], [0.0; WIDTH]);
    ln_slice(&u, &mut log_u);
    ln_slice(&v, &mut log_v);
    for i in 0..WIDTH {
        out[i] = (2.0 * d * v[i]).sqrt();
        if !accepts(x[i], log_u[i], log_v[i]) {
            let mut positions = [crate::sampling::position(1 + index, 0); WIDTH];
            loop {
                let mut pair = [[0.0; WIDTH]; 2];
                for uniforms in &mut pair {
                    lanes.uniforms_at(&positions, uniforms);
                    positions[i] += 1;
                }
                let x = normal_quantile(pair[0][i]);
                let v = cube(x);
                if v > 0.0 && accepts(x, pair[1][i].ln(), v.ln()) {
                    out[i] = (2.0 * d * v).sqrt();
                    break;
                }
            }
        }
    }
}

/// From $T$, $w$, $g$ and $h$ (in `judge`) to the posterior draw $u$ (in `judge`), eight repetitions at a time.
struct Judge<'a> {
    d: usize,
    sigma: f64,
    memory: &'a mut Memory,
}

impl Kernel for Judge<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Judge { d, sigma, memory } = self;
        let Memory { teacher, judge, noise, root, work } = memory;
        let [t, p, w, y, z] = work;
        let precision = 1.0 / (sigma * sigma);
        for group in 0..WIDTH / 8 {
            gather(teacher, group, w);
            gather(noise, group, y);
            gather(root, group, t);
            // y <- T'w + sigma g, z <- T y / sigma^2
            for j in 0..d {
                let column = &t[start(d, j)..start(d, j + 1)];
                let mut total = y[j].map(|g| sigma * g);
                for (t, w) in column.iter().zip(&w[j..]) {
                    for l in 0..8 {
                        total[l] += t[l] * w[l];
                    }
                }
                y[j] = total.map(|y| precision * y);
            }
            z.fill([0.0; 8]);
            for j in 0..d {
                add(&mut z[j..], &t[start(d, j)..start(d, j + 1)], &y[j]);
            }
            // P <- I + TT'/sigma^2, then its factor, column by column; z <- L^{-1} z on the way
            for j in 0..d {
                let (done, rest) = p.split_at_mut(start(d, j));
                let column = &mut rest[..d - j];
                column.fill([0.0; 8]);
                let tail = |l: usize| &t[start(d, l) + j - l..start(d, l + 1)];
                let factor = |tail: &[Eight]| tail[0].map(|t| precision * t);
                for l in (0..j).step_by(2) {
                    add_two(column, [tail(l), tail(l + 1)], [factor(tail(l)), factor(tail(l + 1))]);
                }
                if j % 2 == 0 {
                    add(column, tail(j), &factor(tail(j)));
                }
                column[0] = column[0].map(|x| 1.0 + x);
                let tail = |l: usize| &done[start(d, l) + j - l..start(d, l + 1)];
                let factor = |tail: &[Eight]| tail[0].map(|x| -x);
                for l in (0..j - j % 2).step_by(2) {
                    add_two(column, [tail(l), tail(l + 1)], [factor(tail(l)), factor(tail(l + 1))]);
                }
                if j % 2 == 1 {
                    add(column, tail(j - 1), &factor(tail(j - 1)));
                }
                let inverse = column[0].map(|x| 1.0 / x.sqrt());
                for entry in column.iter_mut() {
                    for l in 0..8 {
                        entry[l] *= inverse[l];
                    }
                }
                for l in 0..8 {
                    z[j][l] *= inverse[l];
                }
                let solved = z[j].map(|x| -x);
                add(&mut z[j + 1..], &column[1..], &solved);
            }
            // u <- L'^{-1}(z + h)
            gather(judge, group, y);
            for j in (0..d).rev() {
                let column = &p[start(d, j)..start(d, j + 1)];
                let mut total: Eight = [0.0; 8];
                for l in 0..8 {
                    total[l] = z[j][l] + y[j][l];
                }
                for (x, u) in column[1..].iter().zip(&y[j + 1..]) {
                    for l in 0..8 {
                        total[l] -= x[l] * u[l];
                    }
                }
                for l in 0..8 {
                    y[j][l] = total[l] / column[0][l];
                }
            }
            for (row, y) in judge.iter_mut().zip(y.iter()) {
                row[8 * group..8 * group + 8].copy_from_slice(y);
            }
        }
    }
}

/// The inner product of two vectors in every lane.
struct Product<'a>(&'a [[f64; WIDTH]], &'a [[f64; WIDTH]]);

impl Kernel for Product<'_> {
    type Output = [f64; WIDTH];

    #[inline(always)]
    fn run(self) -> [f64; WIDTH] {
        let mut total = [0.0; WIDTH];
        for (a, b) in self.0.iter().zip(self.1) {
            for i in 0..WIDTH {
                total[i] += a[i] * b[i];
            }
        }
        total
    }
}

/// Where column `j` of a lower triangle of order `d` begins, columns one after the other.
#[inline(always)]
fn start(d: usize, j: usize) -> usize {
    j * (2 * d + 1 - j) / 2
}

/// The eight lanes of a group, side by side.
#[inline(always)]
fn gather(rows: &[[f64; WIDTH]], group: usize, out: &mut [Eight]) {
    for (row, out) in rows.iter().zip(out) {
        out.copy_from_slice(&row[8 * group..8 * group + 8]);
    }
}

/// `total[i] += x[i] * factor`, over the shorter length.
#[inline(always)]
fn add(total: &mut [Eight], x: &[Eight], factor: &Eight) {
    for (total, x) in total.iter_mut().zip(x) {
        for l in 0..8 {
            total[l] += x[l] * factor[l];
        }
    }
}

/// Two of [`add`] in one pass.
#[inline(always)]
fn add_two(total: &mut [Eight], [x, y]: [&[Eight]; 2], [f, g]: [Eight; 2]) {
    for (total, (x, y)) in total.iter_mut().zip(x.iter().zip(y)) {
        for l in 0..8 {
            total[l] += x[l] * f[l] + y[l] * g[l];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::cholesky::Cholesky;
    use crate::sampling::{Address, Moments, Stream};

    fn simulate(trials: &mut Trials, name: &str, batches: u64) -> Moments {
        let address = Address::new(1, "judge/trials", name);
        let (mut moments, mut gold) = (Moments::new(), [0.0; WIDTH]);
        for batch in 0..batches {
            let first = batch * WIDTH as u64;
            trials.run(&mut address.lanes(first..first + WIDTH as u64), &mut gold);
            gold.iter().for_each(|&x| moments.add(x));
        }
        moments
    }

    /// The trial as other libraries do it: raw data, one repetition.
    fn plain(d: usize, n: usize, k: usize, sigma: f64, stream: &mut Stream) -> f64 {
        let mut normals = |count: usize| -> Vec<f64> { (0..count).map(|_| stream.normal()).collect() };
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let (w, x, eta) = (normals(d), normals(n * d), normals(n));
        let mut p = vec![0.0; d * d];
        let mut mean = vec![0.0; d];
        for (row, eta) in x.chunks_exact(d).zip(&eta) {
            let y = dot(row, &w) + sigma * eta;
            for i in 0..d {
                mean[i] += row[i] * y / (sigma * sigma);
                (0..d).for_each(|j| p[i * d + j] += row[i] * row[j] / (sigma * sigma));
            }
        }
        (0..d).for_each(|i| p[i * d + i] += 1.0);
        let factor = Cholesky::new(&p, d).unwrap();
        factor.solve(&mut mean);
        let mut h = normals(d);
        factor.solve_upper(&mut h);
        mean.iter_mut().zip(&h).for_each(|(m, h)| *m += h);
        let mut best = (f64::NEG_INFINITY, 0.0);
        for _ in 0..k {
            let c = normals(d);
            let score = dot(&c, &mean);
            if score > best.0 {
                best = (score, dot(&c, &w));
            }
        }
        best.1
    }

    #[test]
    fn three_simulations_agree() {
        for (d, n, k, sigma) in [(4, 6, 5, 0.5), (3, 3, 2, 2.0), (16, 64, 32, 0.5)] {
            let label = format!("{d} {n}");
            let mut reference = Moments::new();
            let address = Address::new(1, "judge/trials", &format!("plain {label}"));
            (0..10_000).for_each(|i| reference.add(plain(d, n, k, sigma, &mut address.stream(i))));
            for draws in [CandidateDraws::All, CandidateDraws::Best] {
                let mut trials = Trials::new(d, n, k, sigma, draws).unwrap();
                let found = simulate(&mut trials, &format!("{draws:?} {label}"), 300);
                let z = (found.mean() - reference.mean()) / found.standard_error().hypot(reference.standard_error());
                assert!(z.abs() < 5.0, "{label} {draws:?}: {} {} z = {z}", found.mean(), reference.mean());
                // the deviations of 19,200 and of 10,000 trials: 1% each for a normal law
                let deviation = |m: &Moments| m.standard_error() * (m.count() as f64).sqrt();
                let ratio = deviation(&found) / deviation(&reference);
                assert!((ratio - 1.0).abs() < 0.06, "{label} {draws:?}: {ratio}");
            }
        }
    }

    #[test]
    fn chi_variables_have_their_moments() {
        for (index, freedom) in [1.0, 2.0, 3.0, 5.0, 49.0].into_iter().enumerate() {
            let address = Address::new(2, "judge/trials", "chi");
            let (mut square, mut fourth, mut out) = (Moments::new(), Moments::new(), [0.0; WIDTH]);
            for batch in 0..400u64 {
                let mut lanes = address.lanes(batch * 64..batch * 64 + 64).branch(100 + index as u32);
                chi(&mut lanes, freedom, 0, &mut out);
                out.iter().for_each(|x| square.add(x * x));
                out.iter().for_each(|x| fourth.add(x * x * x * x));
            }
            for (m, exact) in [(&square, freedom), (&fourth, freedom * (freedom + 2.0))] {
                assert!((m.mean() - exact).abs() < 5.0 * m.standard_error(), "{freedom}: {} {exact}", m.mean());
            }
        }
    }

    #[test]
    fn bad_sizes() {
        for (d, n, k, sigma) in [(0, 5, 5, 1.0), (6, 5, 5, 1.0), (2, 5, 0, 1.0), (2, 5, 5, 0.0)] {
            assert!(Trials::new(d, n, k, sigma, CandidateDraws::All).is_err());
        }
    }
}
