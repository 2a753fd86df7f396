//! Infinitely many candidates at a positive temperature (R8) and the approach to them (R9).
//!
//! Softmax over all of $N(m, s^2)$ is the tilted Gaussian $N(m - \frac{D_R}{1+t}, \frac{s^2 t}{1+t})$, so in units of $s^2$
//! $$g_\infty = \Big(a - \frac{b}{1+t}\Big)^2 + \frac{t}{1+t} + \tau^2, \qquad g_k = g_\infty + \frac{K_1}{k} + O(k^{-2}).$$
//! With $E w^j = \sqrt{t/(t+j)}\, e^{-jb^2/2(t+j)}$ and $F_j$ the loss under the tilt by $w^j$ (temperature $t/j$),
//! $K_1 = -\frac{E w^2}{(E w)^2}(F_2 - F_1)$. **$K_1 < 0$ implies a finite optimal number of candidates.** With
//! $p_j = \frac{j}{t+j}$ it has a form free of cancellation and underflow (derived):
//! $$K_1 = -\frac{t+1}{\sqrt{t(t+2)}}\; e^{\frac{b^2}{(t+1)(t+2)}}\,(p_2-p_1)\,\big(b^2(p_1+p_2) - 1 - 2ab\big).$$
//! Sources: the expansion of the paper at $k=\infty$; all closed forms derived. $O(1)$, a few roundings; near a sign change of
//! $K_1$ the last factor loses digits to cancellation, as its definition does.

use super::model::{BiasLaw, Point, Reduced, positive_temperature};
use crate::Result;

/// $g_\infty$ at reduced temperature `t` > 0, in units of $s^2$.
pub fn softmax_infinite(point: &Reduced, t: f64) -> f64 {
    let bias = point.a - point.b / (1.0 + t);
    bias * bias + t / (1.0 + t) + point.tau2
}

/// $K_1$ in units of $s^2$: $\lim k\,(g_k - g_\infty)$; infinite where it overflows.
pub fn one_over_k(point: &Reduced, t: f64) -> f64 {
    let excess = finite_k_excess(point, t);
    if excess == 0.0 {
        return 0.0;
    }
    let (b, p_difference) = (point.b, t / ((t + 1.0) * (t + 2.0)));
    let scale = (t + 1.0) / (t.sqrt() * (t + 2.0).sqrt()) * p_difference;
    let log_size = scale.ln() + excess.abs().ln() + (b / (t + 1.0)) * (b / (t + 2.0));
    -log_size.exp().copysign(excess)
}

/// $b^2(p_1 + p_2) - 1 - 2ab$, whose sign is that of $-K_1$: positive where a finite number of candidates is best.
pub fn finite_k_excess(point: &Reduced, t: f64) -> f64 {
    let (p1, p2) = (1.0 / (t + 1.0), 2.0 / (t + 2.0));
    point.b * (point.b * (p1 + p2) - 2.0 * point.a) - 1.0
}

/// $\ln E w^j = \frac12\ln\frac t{t+j} - \frac{j b^2}{2(t+j)}$.
pub fn log_mean_weight(b: f64, t: f64, j: f64) -> f64 {
    -0.5 * (j / t).ln_1p() - 0.5 * b * (j * b / (t + j))
}

/// The error at $k = \infty$ and the coefficient of $1/k$ (quantity `judge.softmax_inf`), in units of $y^2$.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct SoftmaxInfinite {
    /// $\delta_\infty$.
    pub delta: f64,
    /// $K_1$; infinite where it overflows.
    pub one_over_k: f64,
}

/// [`softmax_infinite`] and [`one_over_k`] at a point, in units of $y^2$.
///
/// # Errors
/// [`Error::InvalidInput`](crate::Error::InvalidInput) about `temp`: the limits $k\to\infty$ and $T\to0$ do not commute.
///
/// ```
/// use tilt::judge::{infinite::at_infinity, model::Point};
/// let limit = at_infinity(&Point::new(0.3, 0.8, 0.1, 0.6)?, 2.0)?;
/// assert!((limit.delta - 0.4907792980368828).abs() < 1e-15);
/// assert!((limit.one_over_k - 0.08199913906806688).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn at_infinity(point: &Point, temp: f64) -> Result<SoftmaxInfinite> {
    let t = positive_temperature(temp, point.variance())?;
    let (reduced, s2) = (point.reduced(), point.variance());
    Ok(SoftmaxInfinite { delta: s2 * softmax_infinite(&reduced, t), one_over_k: s2 * one_over_k(&reduced, t) })
}

/// The average of $\delta_\infty$ over inputs: $V_{TT} - \frac{2V_{TR}}{1+t} + \frac{V_{RR}}{(1+t)^2} + \frac{s^2 t}{1+t}$.
///
/// # Errors
/// As [`at_infinity`].
pub fn average_infinite(law: &BiasLaw, temp: f64) -> Result<f64> {
    let t = positive_temperature(temp, law.s2)?;
    let p = 1.0 / (1.0 + t);
    // V_TT - 2p V_TR + p^2 V_RR as the hidden variance and a square.
    let bias = law.regression() - p;
    Ok(law.s2 * (law.hidden_variance() + bias * bias * law.reward_variance() + t * p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::quadrature::tanh_sinh;

    /// The definitions, by quadrature of the tilted Gaussian.
    #[test]
    fn closed_forms_are_the_tilted_gaussian_s() {
        for (a, b, t) in [(0.3, -1.0, 1.0), (0.0, 2.5, 0.2), (-0.7, 0.4, 30.0), (1.5, 1.5, 3.0)] {
            let point = Reduced::new(a, b).unwrap();
            let tilted = |j: f64, f: &dyn Fn(f64) -> f64| {
                let density = |z: f64| f(z) * (-0.5 * z * z - 0.5 * j * (z + b) * (z + b) / t).exp();
                tanh_sinh(density, f64::NEG_INFINITY, f64::INFINITY, 1e-14).value
            };
            let loss = |z: f64| (z + a) * (z + a);
            let mean = |j: f64| tilted(j, &loss) / tilted(j, &|_| 1.0);
            assert!((softmax_infinite(&point, t) / mean(1.0) - 1.0).abs() < 1e-12);
            let (z0, z1, z2) = (tilted(0.0, &|_| 1.0), tilted(1.0, &|_| 1.0), tilted(2.0, &|_| 1.0));
            let k1 = -(z2 * z0 / (z1 * z1)) * (mean(2.0) - mean(1.0));
            assert!((one_over_k(&point, t) / k1 - 1.0).abs() < 1e-11, "{a} {b} {t}");
            for j in [1.0, 2.0] {
                let log_mean = (tilted(j, &|_| 1.0) / z0).ln();
                assert!((log_mean_weight(b, t, j) - log_mean).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_average_is_the_pointwise_one_over_a_gaussian() {
        let law = BiasLaw::new(0.1, 0.2, 0.9, 1.0).unwrap();
        assert!((average_infinite(&law, 4.0).unwrap() - 11.0 / 15.0).abs() < 1e-15);
        let still = BiasLaw::new(0.3, 0.0, 0.0, 2.0).unwrap();
        assert!((average_infinite(&still, 4.0).unwrap() - 1.3).abs() < 1e-15);
        assert!(average_infinite(&law, 0.0).is_err());
    }

    #[test]
    fn overflow_has_a_sign() {
        let far = Reduced::new(0.0, 1e5).unwrap();
        assert_eq!(one_over_k(&far, 1.0), f64::NEG_INFINITY);
        assert_eq!(one_over_k(&Reduced::new(2e5, 1e5).unwrap(), 1.0), f64::INFINITY);
    }
}
