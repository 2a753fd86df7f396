//! The expansion in the inverse temperature (R6) and the optima of its truncation (R7).
//!
//! With $D = D_T^2 + s^2$, $C_1 = 2D_TD_R + s^2$, $C_2 = C_1 + D_R^2$, $C_3 = C_1 + 2D_R^2$ and $t = T/2s^2$,
//! $$\delta = D - \Big(1-\frac1k\Big)\frac{C_1}t + \Big(1-\frac1k\Big)\Big(1-\frac2k\Big)\frac{C_2}{t^2}
//!   {} - \frac{1}{t^3}\Big[\frac{(k-1)(k^2-6k+6)}{k^3}\,C_3 - \frac{k-1}{k^2}\,C_1\Big(\frac{D_R^2}{s^2} + \frac12\Big)\Big] + O(t^{-4}).$$
//! To second order Halder and Pehlevan (2025), Result 2; the third order derived: their scripts use
//! $(1-\frac1k)(1-\frac2k)(1-\frac3k)C_3$, right only as $k\to\infty$. Over inputs, products of biases become entries of $V$ and
//! the fourth-order moment $E\,D_TD_R^3 = 3V_{TR}V_{RR}$, $E\,D_R^2 = V_{RR}$ enter the last term.
//!
//! Optima of the series to second order: in $t$, $t^* = 2(1-\frac2k)\frac{C_2}{C_1}$ (Remark 4); in $x = 1/k$,
//! $k^* = \frac{4C_2}{3C_2 - tC_1}$ where $C_2 > 0$ and $-1 \le tC_1/C_2 < 3$ (Remark 3, derived).

use super::model::{BiasLaw, Candidates, Point, positive_temperature};
use crate::Result;

/// Coefficients and truncations (quantity `judge.hte`), in units of $y^2$.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Expansion {
    /// $D$, the error of one candidate.
    pub c0: f64,
    /// $C_1$.
    pub c1: f64,
    /// $C_2$.
    pub c2: f64,
    /// $C_3$.
    pub c3: f64,
    /// The series to $t^{-2}$.
    pub order2: f64,
    /// To $t^{-3}$ with the factor of the authors' scripts.
    pub order3_naive: f64,
    /// To $t^{-3}$, exact.
    pub order3: f64,
}

/// The expansion at a point.
///
/// # Errors
/// [`Error::InvalidInput`](crate::Error::InvalidInput) about `temp`, which must be positive.
///
/// ```
/// use tilt::judge::{high_temperature::high_temperature, model::{Candidates, Point}};
/// let series = high_temperature(&Point::new(0.7, 1.0, 0.0, 1.9)?, 20.0, Candidates::new(3)?)?;
/// assert!((series.order3 - 1.5372179555555556).abs() < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn high_temperature(point: &Point, temp: f64, k: Candidates) -> Result<Expansion> {
    let t = positive_temperature(temp, point.variance())?;
    let (d_t, d_r, s2) = (point.teacher_bias(), point.reward_bias(), point.variance());
    let c1 = 2.0 * d_t * d_r + s2;
    let last = c1 * (d_r * d_r / s2 + 0.5);
    Ok(truncate([d_t * d_t + s2, c1, d_r * d_r], last, t, k))
}

/// The expansion averaged over inputs.
///
/// # Errors
/// As [`high_temperature`].
pub fn average_high_temperature(law: &BiasLaw, temp: f64, k: Candidates) -> Result<Expansion> {
    let t = positive_temperature(temp, law.s2)?;
    let c1 = 2.0 * law.v_tr + law.s2;
    // E (2 D_T D_R + s^2)(D_R^2/s^2 + 1/2)
    let last = 6.0 * law.v_tr * (law.v_rr / law.s2) + law.v_rr + 0.5 * c1;
    Ok(truncate([law.v_tt + law.s2, c1, law.v_rr], last, t, k))
}

fn truncate([c0, c1, d_r2]: [f64; 3], last: f64, t: f64, k: Candidates) -> Expansion {
    let (c2, c3) = (c1 + d_r2, c1 + 2.0 * d_r2);
    let x = 1.0 / k.value();
    let left = 1.0 - x;
    let order2 = c0 - left * c1 / t + left * (1.0 - 2.0 * x) * c2 / t / t;
    let naive = left * (1.0 - 2.0 * x) * (1.0 - 3.0 * x) * c3;
    let third = left * ((1.0 - 6.0 * x + 6.0 * x * x) * c3 - x * last);
    Expansion { c0, c1, c2, c3, order2, order3_naive: order2 - naive / t / t / t, order3: order2 - third / t / t / t }
}

/// Optima of the series to second order (quantity `judge.hte_optima`); `None` where it has none.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct ExpansionOptima {
    /// $t^*$.
    pub t_star: Option<f64>,
    /// $T^* = 2s^2t^*$.
    pub temp_star: Option<f64>,
    /// $k^*$, a real number at least 1.
    pub k_star: Option<f64>,
}

/// $t^*$ at this `k` and $k^*$ at this temperature.
///
/// # Errors
/// As [`high_temperature`].
pub fn expansion_optima(point: &Point, temp: f64, k: Candidates) -> Result<ExpansionOptima> {
    let t = positive_temperature(temp, point.variance())?;
    let Expansion { c1, c2, .. } = high_temperature(point, temp, k)?;
    let left = 1.0 - 2.0 / k.value();
    let t_star = (left > 0.0 && c1 > 0.0 && c2 > 0.0).then(|| 2.0 * left * (c2 / c1)).filter(|t| t.is_finite());
    let temp_star = t_star.map(|t| 2.0 * point.variance() * t).filter(|temp| temp.is_finite());
    let ratio = t * (c1 / c2);
    let k_star = (c2 > 0.0 && (-1.0..3.0).contains(&ratio)).then(|| 4.0 / (3.0 - ratio));
    Ok(ExpansionOptima { t_star, temp_star, k_star: k_star.filter(|k| *k >= 1.0 && k.is_finite()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn k(k: u64) -> Candidates {
        Candidates::new(k).unwrap()
    }

    #[test]
    fn reference_values() {
        let point = Point::new(0.7, 1.0, 0.0, 1.9).unwrap();
        let e = high_temperature(&point, 20.0, k(3)).unwrap();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 4e-16 * b.abs().max(1.0), "{a} {b}");
        close(e.c0, 1.49);
        close(e.c1, -0.68);
        close(e.c2, 0.76);
        close(e.c3, 2.2);
        close(e.order2, 1.537022222222222);
        let none = expansion_optima(&point, 20.0, k(3)).unwrap();
        assert_eq!(none, ExpansionOptima { t_star: None, temp_star: None, k_star: None });
    }

    #[test]
    fn optima_of_the_specification() {
        let point = Point::new(0.0, 1.0, 0.0, -6.0).unwrap(); // a = 0, b = 6
        for (count, t) in [(3, 74.0 / 3.0), (10, 59.2), (50, 71.04)] {
            let at = expansion_optima(&point, 1.0, k(count)).unwrap();
            assert!((at.t_star.unwrap() / t - 1.0).abs() < 1e-15);
            assert_eq!(at.temp_star.unwrap(), 2.0 * at.t_star.unwrap());
        }
        assert_eq!(expansion_optima(&point, 1.0, k(2)).unwrap().t_star, None);
        // k* = 4 C2 / (3 C2 - t C1) minimises the quadratic in 1/k
        let point = Point::new(0.7, 1.3, 0.0, -0.4).unwrap();
        let temp = 7.0;
        let best = expansion_optima(&point, temp, k(5)).unwrap().k_star.unwrap();
        let at = |n: f64| high_temperature(&point, temp, Candidates::from_log(n.ln()).unwrap()).unwrap().order2;
        assert!(best > 1.01 && at(best) < at(best * 1.01) && at(best) < at(best / 1.01), "{best}");
    }

    #[test]
    fn one_candidate_is_not_selected() {
        let e = high_temperature(&Point::new(0.7, 1.3, 0.0, -0.4).unwrap(), 7.0, k(1)).unwrap();
        assert_eq!([e.order2, e.order3, e.order3_naive], [e.c0; 3]);
    }
}
