//! The folded normal $|Z+b|$, $b \ge 0$: mass near 0, survival, density, each with its relative accuracy kept.
//!
//! $F(r) = P(|Z+b| \le r) = \Phi(r-b) - \Phi(-r-b)$ cancels for small $r$: where $r(1+b) < \frac12$ it is the Taylor series
//! $\varphi(b)\sum_n 2\,He_{2n}(b)\,r^{2n+1}/(2n+1)!$ instead. $S = 1 - F$. Arguments come as $r$ and the rounding-free offset
//! $x = r - b$ ([`Distance`]), since $\varphi(r-b)$ would amplify a rounding of the difference by $|r-b|\,b$.
//!
//! Relative error about $4\cdot10^{-16}$ for every function (derived; tested against quadrature). About 0.1 microseconds each.

use crate::numerics::log_space::log_add_exp;
use crate::numerics::roots::newton_bracketed;
use crate::numerics::special::{normal_cdf, normal_log_cdf};
use crate::numerics::sum::{two_product, two_sum};

const INVERSE_ROOT_2_PI: f64 = 0.398_942_280_401_432_7;

/// A distance $r \ge 0$ of the answer from the judge's, with $r - b = x + \mathtt{low}$.
#[derive(Clone, Copy, Debug)]
pub(super) struct Distance {
    pub r: f64,
    pub x: f64,
    low: f64,
}

impl Distance {
    /// A distance from 0.
    pub fn from_zero(r: f64, b: f64) -> Self {
        let (x, low) = two_sum(r, -b);
        Distance { r, x, low }
    }

    /// A distance by its offset from `b`.
    pub fn from_bias(x: f64, b: f64) -> Self {
        Distance { r: b + x, x, low: 0.0 }
    }
}

/// $\varphi(x + \mathtt{low})$.
fn density(x: f64, low: f64) -> f64 {
    let (square, rest) = two_product(x, x);
    INVERSE_ROOT_2_PI * (-0.5 * square).exp() * (1.0 - 0.5 * rest - x * low)
}

/// $\varphi(r-b)$ and $\varphi(r+b)$: the densities of the two answers at distance $r$.
pub(super) fn densities(at: Distance, b: f64) -> (f64, f64) {
    let (sum, low) = two_sum(at.r, b);
    (density(at.x, at.low), density(sum, low))
}

/// $F(r)$.
pub(super) fn mass(at: Distance, b: f64) -> f64 {
    let r = at.r;
    if r * (1.0 + b) < 0.5 {
        // He_{n+1} = b He_n - n He_{n-1}; the term after n = 8 is below 1e-18 of the first.
        let (mut previous, mut hermite) = (1.0, b);
        let (mut power, mut total) = (2.0 * r, 2.0 * r);
        for n in 1..=8 {
            let n = f64::from(n);
            let next = b * hermite - (2.0 * n - 1.0) * previous; // He_{2n}
            power *= r / (2.0 * n) * (r / (2.0 * n + 1.0));
            total += next * power;
            (previous, hermite) = (next, b * next - 2.0 * n * hermite); // He_{2n}, He_{2n+1}
        }
        return density(b, 0.0) * total;
    }
    let near = normal_cdf(at.x) + at.low * density(at.x, 0.0);
    near - normal_cdf(-r - b)
}

/// $-\ln S(r)$: relative accuracy for small and large $r$.
pub(super) fn neg_log_survival(at: Distance, b: f64) -> f64 {
    if at.x < 0.0 || at.r * (1.0 + b) < 0.5 {
        let mass = mass(at, b);
        if mass < 0.5 {
            return -(-mass).ln_1p();
        }
    }
    if at.x < 37.0 {
        let far = normal_cdf(-at.x) - at.low * density(at.x, 0.0);
        -(far + normal_cdf(-at.r - b)).ln()
    } else {
        -log_add_exp(normal_log_cdf(-at.x), normal_log_cdf(-at.r - b))
    }
}

/// The distance with $-\ln S(r) = e^{h}$, to about $10^{-9}$ relative (0 where it underflows): where a selection of $e^{-h}$ acts.
pub(super) fn distance_of_log_hazard(log_hazard: f64, b: f64) -> f64 {
    // In ln r: bracketed by F(r) <= 2 r phi(0) below and by the Gaussian tail above.
    let residual = |ln_r: f64| {
        let at = Distance::from_zero(ln_r.exp(), b);
        let hazard = neg_log_survival(at, b);
        let (near, far) = densities(at, b);
        (hazard.ln() - log_hazard, at.r * (near + far) * hazard.exp() / hazard)
    };
    let low = (log_hazard - 2.0).clamp(-740.0, 0.0);
    let high = (b + 10.0 + (2.0 * log_hazard.exp()).sqrt()).ln();
    let root = newton_bracketed(residual, low, high, 0.5 * (low + high));
    if root.x <= -739.0 { 0.0 } else { root.x.exp() }
}
