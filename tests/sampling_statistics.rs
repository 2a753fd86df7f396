//! The draws have the laws that they claim. Seeds are fixed, so these tests pass or fail for good; at a random seed each
//! would fail with probability at most the stated one.

use tilt::sampling::{Address, Moments, Stream};

/// Kolmogorov-Smirnov: n = 10^5 draws against the distribution function. For the true law,
/// P(D > x / sqrt n) <= 2 exp(-2 x^2) (Massart 1990), which is 1e-6 at x = 2.694: D resolves 0.0085.
fn distance(mut x: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    x.sort_by(f64::total_cmp);
    let n = x.len() as f64;
    let gap = |(i, &x): (usize, &f64)| (cdf(x) - i as f64 / n).max((i + 1) as f64 / n - cdf(x));
    x.iter().enumerate().map(gap).fold(0.0, f64::max)
}

const N: usize = 100_000;
const LIMIT: f64 = 2.694 / 316.2277;

fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

fn address(name: &str) -> Address {
    Address::new(20_260_101, "tests/sampling_statistics", name)
}

/// Along one repetition, and across repetitions at one position.
fn both_ways(
    name: &str,
    along: impl Fn(&mut Stream, &mut [f64]),
    across: impl Fn(&mut Stream) -> f64,
) -> [Vec<f64>; 2] {
    let mut first = vec![0.0; N];
    along(&mut address(name).stream(0), &mut first);
    [first, (0..N as u64).map(|r| across(&mut address(name).stream(r))).collect()]
}

#[test]
fn uniform() {
    for x in both_ways("uniform", |s, x| s.uniform_block(x), Stream::uniform) {
        assert!(distance(x, |x| x) < LIMIT);
    }
}

#[test]
fn exponential() {
    for x in both_ways("exponential", |s, x| s.exponential_block(x), Stream::exponential) {
        assert!(distance(x, |x| -(-x).exp_m1()) < LIMIT);
    }
}

#[test]
fn normal() {
    for x in both_ways("normal", |s, x| s.normal_block(x), Stream::normal) {
        assert!(distance(x, normal_cdf) < LIMIT);
    }
}

/// The test can fail: a normal law of variance 1.06 instead of 1 is seen.
#[test]
fn the_distance_sees_a_small_change_of_law() {
    let [x, _] = both_ways("normal", |s, x| s.normal_block(x), Stream::normal);
    assert!(distance(x.iter().map(|x| x * 1.06).collect(), normal_cdf) > LIMIT);
}

/// Neighbours in position, repetition, branch, cell and seed are uncorrelated: with u - 1/2 of variance 1/12, the mean of
/// products of n = 10^5 pairs has standard deviation 1/(12 sqrt n), and |z| > 5.3 has probability 1.2e-7, six tests.
#[test]
fn neighbours_are_uncorrelated() {
    let base = address("neighbours");
    let uniform = |address: Address, repetition: u64, position: u64| address.stream(repetition).uniform_at(position);
    let neighbour: [(&str, &dyn Fn(u64) -> f64); 6] = [
        ("position", &|i| uniform(base, i, 1)),
        ("block", &|i| uniform(base, i, 2)),
        ("repetition", &|i| uniform(base, i + 1, 0)),
        ("branch", &|i| base.stream(i).branch(1).uniform()),
        ("cell", &|i| uniform(Address { cell: base.cell + 1, ..base }, i, 0)),
        ("seed", &|i| uniform(Address { seed: base.seed + 1, ..base }, i, 0)),
    ];
    for (name, neighbour) in neighbour {
        let products = (0..N as u64).map(|i| (uniform(base, i, 0) - 0.5) * (neighbour(i) - 0.5));
        let z = products.sum::<f64>() / N as f64 * 12.0 * (N as f64).sqrt();
        assert!(z.abs() < 5.3, "{name}: z = {z}");
    }
}

/// Standard errors mean what they say: over 2000 means of 50 uniforms, the z-scores have variance 1, up to the sampling
/// noise sqrt(2/2000) and the excess 2/(50-3) of Student's law; five standard deviations, 6e-7.
#[test]
fn standard_errors_are_calibrated() {
    let mut squares = Moments::new();
    for r in 0..2000 {
        let mut x = [0.0; 50];
        address("calibration").stream(r).uniform_block(&mut x);
        let mut m = Moments::new();
        m.extend(&x);
        squares.add(((m.mean() - 0.5) / m.standard_error()).powi(2));
    }
    assert!((squares.mean() - (1.0 + 2.0 / 47.0)).abs() < 5.0 * squares.standard_error(), "{}", squares.mean());
}

/// The first draws, pinned (and computed a second time, apart from this crate): a change of any of them changes every recorded run and is a breaking release.
#[test]
fn first_draws_are_pinned() {
    let mut stream = Address::new(42, "study", "cell").stream(7);
    let draws = [stream.uniform(), stream.exponential(), stream.normal(), stream.branch(1).uniform()];
    assert_eq!(draws, [0.1727591505713869, 0.41174002366913187, -1.781346878914064, 0.11268230882446717]);
}
