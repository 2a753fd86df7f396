//! Convolution of laws on consecutive integers: the law of a sum of independent variables.
//!
//! A pmf is a slice `p[k]` of non-negative masses at `0, 1, ...`. Two families, and when to use which:
//!
//! | | cost | error |
//! |---|---|---|
//! | [`convolve`], [`power`] | $O(ab)$; $O((nw)^2)$ | **relative**: all terms are positive; $\min(a,b)\,u$ a convolution, $2nu$-ish a power |
//! | [`convolve_fft`], [`power_fft`] | $O(L \log L)$, $L = a + b - 1$ or $nw + 1$ | **absolute**: about $4u\log_2 L$ times the largest mass |
//!
//! with $u = 2^{-53}$, $a, b$ the lengths, $w$ = length $- 1$. Entries of an FFT result far below its largest are noise (set
//! to zero where negative). Deep tails by FFT are the caller's affair: tilt the law so that the part wanted is its bulk,
//! convolve, and tilt back in log space.
//!
//! The FFT uses the processor's vector instructions: its last bits may differ from machine to machine, within those errors.
//!
//! **Underflow.** A direct power holds masses down to $10^{-308}$; below they are lost (flushed by gradual underflow), and with them
//! relative accuracy there. Tilt first, here too, if such tails matter.
//!
//! **Power by FFT.** A plain transform knows $\hat p(\omega)$ to $u$ absolutely and its $n$-th power to $nu$ only. Here the
//! frequencies that survive the power are recomputed around the mean $\mu$: $\hat p(\omega)^n = e^{i\omega n\mu}
//! \exp\{n \log(1 + \sum_k p_k(e^{i\omega(k-\mu)} - 1))\}$, in which the bracket is small and known relatively
//! (its imaginary part as $\sum_k p_k(\sin a_k - a_k)$, $a_k = \omega(k - \mu)$, since the $a_k$ cancel), and the shift
//! $n\mu$ is split into an integer (a rotation) and a remainder. The error then does not grow with $n$ (derived).

use std::f64::consts::PI;

use rustfft::{FftPlanner, num_complex::Complex};

use super::sum::{sum, two_product};

/// The law of a sum, directly: `out[k] = sum_i a[i] b[k - i]`, of length `a.len() + b.len() - 1` (empty if either is).
///
/// For non-negative masses each entry is right to a relative $\min(a, b)\,u$, short of underflow.
///
/// ```
/// use tilt::numerics::convolution::convolve;
/// assert_eq!(convolve(&[0.5, 0.5], &[0.5, 0.25, 0.25]), [0.25, 0.375, 0.25, 0.125]);
/// ```
pub fn convolve(a: &[f64], b: &[f64]) -> Vec<f64> {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let mut out = vec![0.0; a.len() + b.len() - 1];
    for (i, &x) in short.iter().enumerate() {
        if x != 0.0 {
            for (o, &y) in out[i..].iter_mut().zip(long) {
                *o += x * y;
            }
        }
    }
    out
}

/// The law of the sum of `n` independent copies, by binary powering of direct convolutions: relative accuracy, $O((nw)^2)$.
///
/// `n = 0` gives the point mass at 0.
pub fn power(pmf: &[f64], n: u64) -> Vec<f64> {
    if pmf.is_empty() && n > 0 {
        return Vec::new();
    }
    let mut result = vec![1.0];
    for bit in (0..u64::BITS - n.leading_zeros()).rev() {
        result = convolve(&result, &result);
        if n >> bit & 1 == 1 {
            result = convolve(&result, pmf);
        }
    }
    result
}

/// [`convolve`] by FFT: absolute error about $4u\log_2 L\,\lVert a\rVert_2\lVert b\rVert_2$ an entry; never negative.
pub fn convolve_fft(a: &[f64], b: &[f64]) -> Vec<f64> {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    let len = a.len() + b.len() - 1;
    let size = fast_size(len);
    let mut planner = FftPlanner::new();
    let forward = planner.plan_fft_forward(size);
    let mut spectrum = padded(a, size);
    let mut other = padded(b, size);
    forward.process(&mut spectrum);
    forward.process(&mut other);
    for (x, y) in spectrum.iter_mut().zip(&other) {
        *x *= y;
    }
    planner.plan_fft_inverse(size).process(&mut spectrum);
    spectrum[..len].iter().map(|z| (z.re / size as f64).max(0.0)).collect()
}

/// The law of the sum of `n` independent copies of a **normalised** pmf by FFT, of length $n w + 1$; see the
/// [module header](self) for the method.
///
/// Absolute error below about $10^{-15}$ of the largest mass, for every `n` (laws of span greater than 1 lose another
/// factor $n$: divide by the span first); never negative. Memory: about 50 bytes a point; the caller sees to it
/// that $nw + 1$ points are affordable.
///
/// ```
/// use tilt::numerics::convolution::power_fft;
/// let law = power_fft(&[0.5, 0.5], 20);
/// assert!((law[10] - 184756.0 / 1048576.0).abs() < 1e-15);
/// ```
pub fn power_fft(pmf: &[f64], n: u64) -> Vec<f64> {
    if n == 0 {
        return vec![1.0];
    }
    if n == 1 || pmf.len() <= 1 {
        return pmf.to_vec();
    }
    let len = (pmf.len() - 1) * n as usize + 1;
    let size = fast_size(len);
    let mut planner = FftPlanner::new();
    let mut spectrum = padded(pmf, size);
    planner.plan_fft_forward(size).process(&mut spectrum);

    let mean = sum(pmf.iter().enumerate().map(|(k, p)| k as f64 * p)) / sum(pmf.iter().copied());
    let (total, low) = two_product(mean, n as f64);
    let shift = total.round();
    let remainder = (total - shift) + low + n as f64 * first_moment(pmf, mean);
    // |phi|^n below this is less than rounding after the sum over frequencies.
    let cutoff = (-46.0 / n as f64).exp();
    for j in 0..=size / 2 {
        let phi = spectrum[j];
        let value = if phi.norm() < cutoff {
            Complex::ZERO
        } else {
            let omega = -2.0 * PI * j as f64 / size as f64;
            let log = centred_log(pmf, mean, omega);
            Complex::from_polar((n as f64 * log.re).exp(), n as f64 * log.im + omega * remainder)
        };
        spectrum[j] = value;
        if j > 0 {
            spectrum[size - j] = value.conj();
        }
    }
    planner.plan_fft_inverse(size).process(&mut spectrum);
    // Entry k of the law is at k - shift, cyclically.
    let start = size - (shift as usize) % size;
    (0..len).map(|k| (spectrum[(start + k) % size].re / size as f64).max(0.0)).collect()
}

/// $\sum_k p_k (k - \mu)$: what the rounded mean misses, to twice the digits.
fn first_moment(pmf: &[f64], mean: f64) -> f64 {
    sum(pmf.iter().enumerate().flat_map(|(k, &p)| {
        let (plus, minus) = (two_product(p, k as f64), two_product(p, -mean));
        [plus.0, minus.0, plus.1, minus.1]
    }))
}

/// $\log \sum_k p_k e^{i\omega(k-\mu)}$ for a normalised pmf with mean $\mu$, relatively accurate near $\omega = 0$.
fn centred_log(pmf: &[f64], mean: f64, omega: f64) -> Complex<f64> {
    let (mut re, mut im) = (0.0, 0.0);
    for (k, p) in pmf.iter().enumerate() {
        let angle = omega * (k as f64 - mean);
        let half = (0.5 * angle).sin();
        re -= 2.0 * p * half * half;
        im += p * sin_less_angle(angle); // the angles cancel in the mean
    }
    Complex::new(0.5 * (2.0 * re + re * re + im * im).ln_1p(), im.atan2(1.0 + re))
}

/// $\sin a - a$, relatively accurate.
fn sin_less_angle(a: f64) -> f64 {
    if a.abs() > 1.0 {
        return a.sin() - a;
    }
    // -a^3/3! (1 - a^2/(4 5) (1 - a^2/(6 7) (...))); the first factor left out is 1 - a^2/380, of weight a^14 3!/17!.
    let square = a * a;
    let series = [272.0, 210.0, 156.0, 110.0, 72.0, 42.0, 20.0].iter().fold(1.0, |s, d| 1.0 - square / d * s);
    -a * square / 6.0 * series
}

fn padded(x: &[f64], size: usize) -> Vec<Complex<f64>> {
    let mut out = vec![Complex::ZERO; size];
    for (o, &x) in out.iter_mut().zip(x) {
        o.re = x;
    }
    out
}

/// The smallest $2^i$ or $3\cdot2^i$ that is at least `len`.
fn fast_size(len: usize) -> usize {
    let power = len.next_power_of_two();
    if power / 4 * 3 >= len && power >= 4 { power / 4 * 3 } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::special::LogFactorials;

    const U: f64 = f64::EPSILON / 2.0;

    /// The binomial law, from log-factorials: relative error about (n log 2) u, from the exponential.
    fn binomial(n: u64, p: f64) -> Vec<f64> {
        let table = LogFactorials::up_to(n);
        (0..=n)
            .map(|k| (table.log_binomial(n, k) + k as f64 * p.ln() + (n - k) as f64 * (1.0 - p).ln()).exp())
            .collect()
    }

    #[test]
    fn direct_power_is_relatively_accurate_in_the_tails() {
        for (n, p) in [(1, 0.3), (7, 0.5), (200, 0.3), (333, 0.01)] {
            let got = power(&[1.0 - p, p], n);
            let want = binomial(n, p);
            assert_eq!(got.len(), want.len());
            for (g, w) in got.iter().zip(&want) {
                if *w > 1e-290 {
                    // 2 n u from powering; |log w| and 3 n |log p| roundings in the reference.
                    let tolerance = U * n as f64 * (2.0 + 4.0 * (p.ln().abs() + 1.0));
                    assert!((g / w - 1.0).abs() < tolerance, "n = {n}: {g:e} {w:e}");
                }
            }
        }
        assert_eq!(power(&[0.2, 0.8], 0), [1.0]);
        assert_eq!(power(&[], 3), Vec::<f64>::new());
    }

    #[test]
    fn fft_convolution_matches_the_direct_one() {
        let a: Vec<f64> = (0..100).map(|i| 1.0 + (f64::from(i) * 0.3).sin()).collect();
        let b: Vec<f64> = (0..37).map(|i| (-f64::from(i)).exp()).collect();
        let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
        let tolerance = 4.0 * U * 8.0 * norm(&a) * norm(&b);
        for (f, d) in convolve_fft(&a, &b).iter().zip(convolve(&a, &b)) {
            assert!((f - d).abs() <= tolerance);
        }
        assert_eq!(convolve_fft(&[2.0], &[3.0]), [6.0]);
        assert!(convolve_fft(&[], &a).is_empty() && convolve(&a, &[]).is_empty());
    }

    #[test]
    fn fft_power_is_absolutely_accurate_whatever_n() {
        // Far larger n: tests/numerics_reference.rs.
        let laws: [&[f64]; 3] = [&[0.5, 0.3, 0.2], &[0.01, 0.0, 0.04, 0.95], &[0.1; 10]];
        for law in laws {
            for n in [2, 3, 10, 100, 400] {
                let (fast, direct) = (power_fft(law, n), power(law, n));
                assert_eq!(fast.len(), direct.len());
                let largest = direct.iter().fold(0.0, |m: f64, x| m.max(*x));
                // 1e-15, and the direct power's own 2 n u near the largest mass.
                let tolerance = (1e-15 + 2.0 * n as f64 * U) * largest;
                for (f, d) in fast.iter().zip(&direct) {
                    assert!((f - d).abs() <= tolerance, "{law:?}^{n}: {f:e} {d:e} {largest:e}");
                }
            }
        }
    }

    #[test]
    fn sizes_are_fast_and_large_enough() {
        for len in 1..2000 {
            let size = fast_size(len);
            assert!(size >= len && size <= 2 * len);
            assert!(size.is_power_of_two() || (size.is_multiple_of(3) && (size / 3).is_power_of_two()));
        }
    }
}
