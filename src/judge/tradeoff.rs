//! Data or inference (R12): what another training point buys against another candidate, isotropic inputs.
//!
//! In the regime $\delta \approx c(n)/k^2$ (R11, $\rho < \frac12$) the logarithmic slope in $k$ is $-2$ and in $n$
//! $d\ln c/d\ln n = -\alpha\,d\ln c/d\alpha$, with $c$ either of
//! $$c_{\text{paper}} = \frac{\pi\sigma^2}{\sqrt{1-2v_1/\sigma^2}}, \qquad c_{\text{full}} = \frac{\pi s^2}{\sqrt{1-2V_{TT}/s^2}}.$$
//! With $B = R/(S^2+R)$, $A = 1-B$, $w_2 = |w_T|^2/d$: $v_1 = w_2S^2B^2$, $\mathrm{df}_2 = A^2$,
//! $R' = (S^2B + \sigma^2/\gamma^2)/(1-\alpha A^2)$, $ds^2/dR = \gamma^2A^2$, $dv_1/dR = 2w_2S^2AB/(S^2+R)$,
//! $d\mathrm{df}_2/dR = -2A^2/(S^2+R)$. The first after Halder and Pehlevan (2025), Remark 6; the rest derived. $O(1)$.

use super::model::check_positive;
use super::ridge::isotropic_ridge;
use crate::{Error, Result};
use std::f64::consts::PI;

/// Coefficients of $k^{-2}$ and their slopes in the number of data (quantity `judge.tradeoff`).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Tradeoff {
    /// The renormalised ridge $R$.
    pub r: f64,
    /// Predictive variance $s^2$.
    pub s2: f64,
    /// One-point $V_{TT}$.
    pub v_one: f64,
    /// Two-point $V_{TT}$.
    pub v_two: f64,
    /// $c_{\text{paper}}$; `None` where $2v_1 \ge \sigma^2$.
    pub coeff_paper: Option<f64>,
    /// $c_{\text{full}}$; `None` where $\rho \ge \frac12$.
    pub coeff_full: Option<f64>,
    /// $d\ln c_{\text{paper}}/d\ln n$.
    pub slope_n_paper: Option<f64>,
    /// $d\ln c_{\text{full}}/d\ln n$.
    pub slope_n_full: Option<f64>,
}

/// The trade-off at $\alpha = d/n$, label noise `sigma2`, prior `gamma2`, inputs of variance `input2` $= S^2$, teacher of
/// $|w_T|^2/d$ = `w2`.
///
/// # Errors
/// [`Error::InvalidInput`] about `alpha`, `sigma2`, `gamma2`, `S2` (> 0) or `w2` (>= 0).
///
/// ```
/// use tilt::judge::tradeoff::tradeoff;
/// let at = tradeoff(0.25, 1.0, 4.0, 1.0, 1.0)?;
/// assert!((at.slope_n_full.unwrap() + 0.5714752779033863).abs() < 1e-14);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn tradeoff(alpha: f64, sigma2: f64, gamma2: f64, input2: f64, w2: f64) -> Result<Tradeoff> {
    for (field, value) in [("alpha", alpha), ("sigma2", sigma2), ("gamma2", gamma2), ("S2", input2)] {
        check_positive(field, value)?;
    }
    if !(w2.is_finite() && w2 >= 0.0) {
        return Err(Error::invalid("w2", w2, "a finite number >= 0"));
    }
    let noise = sigma2 / gamma2;
    let lambda = alpha * noise;
    let r = isotropic_ridge(input2, alpha, lambda);
    let total = input2 + r;
    if !(lambda.is_normal() && r.is_normal() && total.is_finite()) {
        return Err(Error::invalid("gamma2", gamma2, "of a size that leaves alpha sigma2/gamma2 a normal double"));
    }
    let (kept, learned) = (r / total, input2 / total); // B and A
    let df2 = learned * learned;
    let left = lambda / r + alpha * learned * kept; // 1 - alpha df2
    let s2 = sigma2 + gamma2 * input2 * kept;
    let v_one = w2 * input2 * kept * kept;
    let v_two = (v_one + alpha * sigma2 * df2) / left;

    let r_slope = (input2 * kept + noise) / left;
    let s2_slope = gamma2 * df2 * r_slope;
    let v_one_slope = 2.0 * w2 * (input2 / total) * learned * kept * r_slope;
    let df2_slope = -2.0 * df2 / total * r_slope;
    let numerator_slope = v_one_slope + sigma2 * (df2 + alpha * df2_slope);
    let v_two_slope = (numerator_slope + v_two * (df2 + alpha * df2_slope)) / left;

    let paper = 1.0 - 2.0 * (v_one / sigma2);
    let full = 1.0 - 2.0 * (v_two / s2);
    let rho_slope = (v_two_slope - (v_two / s2) * s2_slope) / s2;
    Ok(Tradeoff {
        r,
        s2,
        v_one,
        v_two,
        coeff_paper: (paper > 0.0).then(|| PI * sigma2 / paper.sqrt()),
        coeff_full: (full > 0.0).then(|| PI * s2 / full.sqrt()),
        slope_n_paper: (paper > 0.0).then(|| -alpha * (v_one_slope / sigma2) / paper),
        slope_n_full: (full > 0.0).then(|| -alpha * (s2_slope / s2 + rho_slope / full)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_values() {
        let at = tradeoff(0.25, 1.0, 4.0, 1.0, 1.0).unwrap();
        for (found, wanted) in [
            (at.r, 0.08129595339798261),
            (at.s2, 1.3007352543677217),
            (at.v_one, 0.005652605826226141),
            (at.v_two, 0.279165328490804),
            (at.coeff_paper.unwrap(), 3.159502841254643),
            (at.coeff_full.unwrap(), 5.408949332673958),
            (at.slope_n_paper.unwrap(), -0.013450876061179687),
            (at.slope_n_full.unwrap(), -0.5714752779033863),
        ] {
            assert!((found / wanted - 1.0).abs() < 5e-15, "{found} {wanted}");
        }
        // the counter-example inside the paper's formula
        let steep = tradeoff(0.2, 0.1, 0.1, 1.0, 1.0).unwrap();
        assert!((steep.slope_n_paper.unwrap() + 2.667).abs() < 5e-4);
    }

    #[test]
    fn slopes_are_derivatives() {
        for (alpha, sigma2, gamma2, w2) in
            [(0.1, 1.0, 2.0, 0.5), (0.3, 2.0, 0.4, 0.2), (2.0, 1.5, 0.1, 0.01), (0.2, 1.0, 1.0, 0.0)]
        {
            let h = 1e-4;
            let at = |shift: f64| tradeoff(alpha * (h * shift).exp(), sigma2, gamma2, 1.3, w2).unwrap();
            let here = at(0.0);
            for (slope, coeff) in [
                (here.slope_n_paper, (|t: Tradeoff| t.coeff_paper) as fn(Tradeoff) -> Option<f64>),
                (here.slope_n_full, |t| t.coeff_full),
            ] {
                let (Some(slope), Some(_)) = (slope, coeff(here)) else { continue };
                let ln = |shift| coeff(at(shift)).unwrap().ln();
                // fourth order: error h^4 f^(5)/30 ~ 1e-17, rounding 3e-16/h
                let numeric = -(8.0 * (ln(1.0) - ln(-1.0)) - (ln(2.0) - ln(-2.0))) / (12.0 * h);
                assert!((slope - numeric).abs() < 2e-11 * slope.abs().max(1.0), "{alpha}: {slope} {numeric}");
            }
        }
    }

    #[test]
    fn beyond_the_regime_and_bad_input() {
        let hard = tradeoff(0.6, 1.0, 1e9, 1.0, 1.0).unwrap();
        assert_eq!((hard.coeff_full, hard.slope_n_full), (None, None));
        assert!(hard.coeff_paper.is_some());
        for i in 0..5 {
            let mut x = [0.5, 1.0, 1.0, 1.0, 1.0];
            x[i] = -1.0;
            assert!(tradeoff(x[0], x[1], x[2], x[3], x[4]).is_err());
        }
    }
}
