//! The softmax integral by plain trapezoid tables in $(z, \ln u)$, for $t \ge 1$: a second engine, to hold the first against.
//!
//! $g = k\,h_v\sum_v L_1 L_0^{k-1}$ with $L_0 = h_z\sum_z\varphi(z)\,e^{-uw}$, $L_1 = h_z\sum_z\varphi(z) f uw\,e^{-uw}$ straight from the
//! Laplace identity (R4), $z$ over the whole line, $\ln L_0$ from $1 - L_0 = h_z\sum\varphi(1-e^{-uw})$. Steps
//! $h_z \le 0.15\,t/(|b|+6)$, at most $\frac1{16}$; $h_v = \frac18$ on $[-50-\ln^+(k/10^6), (13+|b|)^2/2t + 8]$.
//!
//! Relative error about $10^{-15}$; $10^5$ to $10^6$ exponentials a table. Derived; shares nothing with [`softmax`](super::softmax)
//! but the identity.

use super::model::{Candidates, Reduced};
use crate::{Error, Result};

const STEP: f64 = 0.125;
/// $\ln 10^6$.
const LOG_MILLION: f64 = 13.815_510_557_964_274;

/// The table of one point.
#[derive(Clone, Debug)]
pub struct TrapezoidTable {
    /// $\ln L_0$ and $L_1$ at each $v$.
    rows: Vec<(f64, f64)>,
    point: Reduced,
}

impl TrapezoidTable {
    /// The table of a point at reduced temperature `t` >= 1 for up to `most` candidates.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `t`; [`Error::TooLarge`] beyond $|b|$ of about 100.
    pub fn new(point: &Reduced, t: f64, most: Candidates) -> Result<Self> {
        if !(1.0..=1e12).contains(&t) {
            return Err(Error::invalid("t", t, "a reduced temperature between 1 and 1e12"));
        }
        let size = point.b.abs();
        let h = (0.15 * t / (size + 6.0)).min(1.0 / 16.0);
        // f contributes to the reach: 12 deviations for a polynomial of degree 2, about 0
        let reach = (12.0 / h).ceil() as i64;
        let start = -50.0 - (most.ln() - LOG_MILLION).max(0.0) - 0.5 * point.b * point.b / (1.0 + t);
        let end = (13.0 + size) * (13.0 + size) / (2.0 * t) + 8.0;
        let rows = ((end - start) / STEP).ceil();
        let work = rows * (2 * reach) as f64;
        if work > 1e8 {
            return Err(Error::too_large("a trapezoid table", work, 1e8, "exponentials"));
        }
        let columns: Vec<(f64, f64, f64)> = (-reach..=reach)
            .map(|j| {
                let z = j as f64 * h;
                let density = h * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
                (density, -(z + point.b) * (z + point.b) / (2.0 * t), (z + point.a) * (z + point.a))
            })
            .collect();
        let row = |i: u64| {
            let v = start + i as f64 * STEP;
            let (mut lost, mut weighted) = (0.0, 0.0);
            for &(density, log_w, f) in &columns {
                let x = (v + log_w).exp();
                lost -= density * (-x).exp_m1();
                weighted += density * f * x * (-x).exp();
            }
            ((-lost.min(1.0)).ln_1p(), weighted)
        };
        Ok(TrapezoidTable { rows: (0..=rows as u64).map(row).collect(), point: *point })
    }

    /// $g(k)$ in units of $s^2$; `k` at most that of the table and below $10^{300}$.
    pub fn at(&self, k: Candidates) -> f64 {
        if k.is_one() {
            return self.point.single();
        }
        let less_one = k.ln_less_one().exp();
        let sum: f64 = self.rows.iter().map(|(log_l0, l1)| l1 * (less_one * log_l0).exp()).sum();
        (less_one + 1.0) * STEP * sum + self.point.tau2
    }
}
