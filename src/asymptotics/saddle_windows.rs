//! The law of a lattice sum by tilted Fourier inversion, in windows stitched for relative accuracy.
//!
//! A discrete Fourier inversion has an absolute error of about 1e-16 of the largest mass, so each window tilts the law
//! until its own centre is the mean (the saddle point): `P(R = y) = Phi(y) e^{-n KL - theta (y - n m)}`, with `Phi` the
//! law under the tilt `theta`, mean `m` and divergence `KL` a symbol. `Phi` comes from its characteristic function at `L`
//! equispaced frequencies, `L` so large that what wraps round weighs less than `e^{-50}` (Bernstein's bound). Only points
//! with a mass of at least [`TRUSTED`] of the window's largest are taken; the next window starts at the first that is
//! not. A law with holes on its lattice never gets past them: then there is no answer, and another method must be used.
//!
//! Cost: `O(n w (k + log n))` with a constant of about 4. Error of a log-mass: `1e-16` of it and, since the `n`-th power
//! multiplies the rounding of a phase in (-pi, pi] by `n`, at most about `n pi 1.1e-16 / TRUSTED`, `1.7e-14 n`: approached by laws
//! that nearly have a longer span, whose characteristic function is large far from frequency zero. Smooth laws are good to `1e-15 sqrt(n)`.

use crate::prob::{Law, Tilt, tilt_to_mean};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex64;

/// Share of a window's largest mass down to which its masses are used: costs a factor 50 of the rounding.
const TRUSTED: f64 = 0.02;

/// Windows start this many standard deviations below their centre.
const LEAD: f64 = 1.8;

/// Logarithms of the masses at the lattice points `start..=end` of the sum of `n` letters at integer `steps`, or `None`
/// where the law is not smooth enough on its lattice. `0 < start`, `end < n w`.
pub(crate) fn log_masses(law: &Law, steps: &[f64], n: u64, start: u64, end: u64) -> Option<Vec<f64>> {
    let mut planner = FftPlanner::new();
    let length = n as f64;
    let mut out = Vec::with_capacity((end + 1).saturating_sub(start) as usize);
    let mut next = start;
    while next <= end {
        let here = tilt_to_mean(law, steps, next as f64 / length);
        let centre = (next as f64 + LEAD * (length * here.variance).sqrt()).min(end as f64).round();
        let tilted = tilt_to_mean(law, steps, centre / length);
        let masses = centred_masses(&mut planner, &tilted, steps, n, centre);
        let points = masses.len() as i64;
        let mass = |y: u64| masses[(y as i64 - centre as i64).rem_euclid(points) as usize].re;
        let largest = masses.iter().fold(0.0, |a: f64, z| a.max(z.re));
        let first = next;
        // Half the points lie above the centre: no index wraps.
        while next <= end && (next as f64) < centre + points as f64 / 2.0 && mass(next) >= TRUSTED * largest {
            let exponent = length * tilted.kl + tilted.beta * (next as f64 - length * tilted.mean);
            out.push(mass(next).ln() - exponent);
            next += 1;
        }
        if next == first {
            return None;
        }
    }
    Some(out)
}

/// Masses of the tilted sum around `centre`, wrapped: entry `j` belongs to `centre + j` modulo the length.
fn centred_masses(planner: &mut FftPlanner<f64>, tilted: &Tilt, steps: &[f64], n: u64, centre: f64) -> Vec<Complex64> {
    let length = n as f64;
    let width = steps.iter().copied().fold(0.0, f64::max);
    let deviation = (length * tilted.variance).sqrt();
    // Bernstein: P(|R - mean| >= D) <= 2 exp(-D^2 / (2 (variance + width D / 3))) = 2 e^-50.
    let bernstein = 50.0 * width / 3.0;
    let reach = bernstein + (bernstein * bernstein + 100.0 * deviation * deviation).sqrt();
    let whole = length * width + 1.0;
    let points = ((reach + 4.0 * deviation + 2.0).min(whole) as usize).next_power_of_two();
    // Angles as integers: the letter `a` at frequency `j` turns by `j (n a - centre)` parts of a circle of `n points`, reduced
    // exactly. Products of doubles would lose the width of the lattice times the frequency.
    let circle = (n as i128) * points as i128;
    let turns: Vec<i128> = steps.iter().map(|&step| n as i128 * step as i128 - centre as i128).collect();
    let part = std::f64::consts::TAU / circle as f64;
    let mut spectrum = vec![Complex64::new(0.0, 0.0); points];
    for j in 0..=points / 2 {
        // Characteristic function of one centred letter, minus 1.
        let (mut re, mut im) = (0.0, 0.0);
        for (p, turn) in tilted.probs.iter().zip(&turns) {
            let turned = (turn * j as i128).rem_euclid(circle);
            let angle = part * (if 2 * turned > circle { turned - circle } else { turned }) as f64;
            let half = (0.5 * angle).sin();
            re -= 2.0 * p * half * half;
            im += p * angle.sin();
        }
        let log_modulus = 0.5 * length * (2.0 * re + re * re + im * im).ln_1p();
        if log_modulus > -60.0 {
            let value = Complex64::from_polar(log_modulus.exp() / points as f64, length * im.atan2(1.0 + re));
            spectrum[j] = value;
            spectrum[(points - j) % points] = value.conj();
        }
    }
    if points > 1 {
        // The half frequency is its own conjugate.
        spectrum[points / 2].im = 0.0;
    }
    planner.plan_fft_forward(points).process(&mut spectrum);
    spectrum
}

#[cfg(test)]
mod tests {
    use super::super::type_classes::log_poisson;
    use super::*;

    #[test]
    fn binomial_law_to_its_last_tail() {
        let (n, p) = (5000u64, 0.3f64);
        let law = Law::new(&[1.0 - p, p]).unwrap();
        let found = log_masses(&law, &[0.0, 1.0], n, 40, n - 40).unwrap();
        let x = n as f64;
        for (log_mass, c) in found.iter().zip(40..) {
            let wanted = log_poisson(c, x * p, (x * p).ln()) + log_poisson(n - c, x * (1.0 - p), (x * (1.0 - p)).ln())
                - log_poisson(n, x, x.ln());
            assert!((log_mass - wanted).abs() < 2e-12 + 2e-15 * wanted.abs(), "{c}: {log_mass} {wanted}");
        }
    }

    #[test]
    fn holes_are_refused() {
        // Steps 0, 2 and a rare 3: odd points have next to no mass.
        let law = Law::new(&[0.5, 0.5 - 1e-9, 1e-9]).unwrap();
        assert!(log_masses(&law, &[0.0, 2.0, 3.0], 100, 50, 150).is_none());
    }
}
