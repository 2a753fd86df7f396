//! Special functions: log-factorials and log-multinomials, and the normal law deep into its tails.
//!
//! | function | error ($\varepsilon = 2^{-52}$; reference: 50-digit arithmetic) |
//! |---|---|
//! | [`log_factorial`] | $1\varepsilon$ relative, every `u64` |
//! | [`LogFactorials`] | $10^{-31} \log n!$ absolute before the final rounding |
//! | [`normal_cdf`] | $2\varepsilon$ relative, where not subnormal |
//! | [`normal_log_cdf`], [`normal_log_sf`] | $2\varepsilon$ relative |
//! | [`normal_quantile`] | $3\varepsilon$ relative |
//!
//! Log-factorials are computed in double-double arithmetic because a log-multinomial subtracts numbers of size
//! $n \log n$: from rounded values it would lose $10^{-16} n \log n$ absolutely ($10^{-9}$ at $n = 10^6$).
//!
//! Sources: Stirling's series with Robbins' bracketing; $\log k - \log(k-1) = 2\,\mathrm{artanh}\frac1{2k-1}$; the error
//! function of FreeBSD through `libm`; Wichura (1988), algorithm AS 241, for the quantile. Rounding of $x/\sqrt2$, which
//! $\mathrm{erfc}$ would amplify by $x^2$, is corrected to first order (derived).

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::sync::LazyLock;

use super::sum::{DoubleDouble, two_product};

/// Euler's constant $\gamma$.
pub const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// $\log 2$ in double-double.
const LN_2: DoubleDouble = DoubleDouble { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };
/// $\frac12 \log 2\pi$ in double-double.
const HALF_LN_2_PI: DoubleDouble = DoubleDouble { high: 0.918_938_533_204_672_8, low: -3.878_294_158_067_242e-17 };

/// $2\,\mathrm{artanh}(s) = 2(s + s^3/3 + s^5/5 + \dots)$ for $0 \le s \le 0.18$, in double-double.
fn twice_artanh(s: DoubleDouble) -> DoubleDouble {
    let square = s * s;
    let mut power = s;
    let mut total = s;
    let mut k = 3.0;
    while power.high > 1e-33 * total.high {
        power = power * square;
        total = total + power / DoubleDouble::from(k);
        k += 2.0;
    }
    total + total
}

/// $\log x$ in double-double, for normal positive $x$.
fn ln(x: DoubleDouble) -> DoubleDouble {
    // x = 2^e m with m in [1/sqrt 2, sqrt 2): |s| <= 0.1716 below.
    let mut e = libm::ilogb(x.high);
    if libm::scalbn(x.high, -e) > std::f64::consts::SQRT_2 {
        e += 1;
    }
    let m = DoubleDouble { high: libm::scalbn(x.high, -e), low: libm::scalbn(x.low, -e) };
    let (above, below) = (m - 1.0.into(), m + 1.0.into());
    let log_m = if above.high < 0.0 { -twice_artanh(-above / below) } else { twice_artanh(above / below) };
    LN_2 * f64::from(e).into() + log_m
}

/// $\log n!$ by Stirling's series, for $n \ge 1000$: the first omitted term, $1/1188 n^9$, is below $10^{-30}$.
fn stirling(n: u64) -> DoubleDouble {
    let whole = DoubleDouble::from_integer(n);
    let inverse = 1.0 / n as f64;
    let square = inverse * inverse;
    let tail = square * (-1.0 / 360.0 + square * (1.0 / 1260.0 - square / 1680.0)) * inverse;
    let twelfth = DoubleDouble::from(1.0) / (whole * 12.0.into());
    (whole + 0.5.into()) * ln(whole) - whole + HALF_LN_2_PI + twelfth + tail.into()
}

/// Log-factorials up to here are tabulated once.
const SMALL: u64 = 1024;
static SMALL_TABLE: LazyLock<LogFactorials> = LazyLock::new(|| LogFactorials::up_to(SMALL));

/// $\log n!$, within one ulp for every `n`: a table to 1024, Stirling's series in double-double beyond (about 1 microsecond).
///
/// ```
/// use tilt::numerics::special::log_factorial;
/// assert_eq!(log_factorial(1), 0.0);
/// assert_eq!(log_factorial(5), 120f64.ln());
/// ```
pub fn log_factorial(n: u64) -> f64 {
    SMALL_TABLE.at(n).value()
}

/// A table of $\log k!$ in double-double for $k \le n$, for sums of log-factorials that nearly cancel.
///
/// ```
/// use tilt::numerics::special::LogFactorials;
/// let table = LogFactorials::up_to(1000);
/// assert!((table.log_multinomial(&[2, 3]) - 10f64.ln()).abs() < 1e-15); // 5! / (2! 3!) = 10
/// assert_eq!(table.log_binomial(1_000_000, 1), 1e6f64.ln());            // beyond the table: the same accuracy, slower
/// ```
#[derive(Clone, Debug)]
pub struct LogFactorials {
    table: Vec<DoubleDouble>,
}

impl LogFactorials {
    /// The table for $0..=n$: about 0.2 microseconds and 16 bytes an entry.
    pub fn up_to(n: u64) -> Self {
        let mut log_k = DoubleDouble::default();
        let mut total = DoubleDouble::default();
        let mut table = vec![total; 2];
        table.extend((2..=n).map(|k| {
            log_k = if k < 4 {
                ln((k as f64).into())
            } else {
                log_k + twice_artanh(DoubleDouble::from(1.0) / DoubleDouble::from_integer(2 * k - 1))
            };
            total = total + log_k;
            total
        }));
        LogFactorials { table }
    }

    /// $\log k!$ in double-double; beyond the table by Stirling's series.
    pub fn at(&self, k: u64) -> DoubleDouble {
        match self.table.get(usize::try_from(k).unwrap_or(usize::MAX)) {
            Some(&value) => value,
            None if k < SMALL => SMALL_TABLE.at(k),
            None => stirling(k),
        }
    }

    /// $\log k!$, correctly rounded but for ties.
    pub fn ln(&self, k: u64) -> f64 {
        self.at(k).value()
    }

    /// $\log \frac{n!}{k_1! \cdots k_m!}$ with $n = \sum k_i$ (which must fit in 64 bits).
    ///
    /// Absolute error: one rounding of the result, plus $10^{-30}\, n \log n$, whatever cancels.
    pub fn log_multinomial(&self, counts: &[u64]) -> f64 {
        let n = counts.iter().sum();
        counts.iter().fold(self.at(n), |rest, &k| rest - self.at(k)).value()
    }

    /// $\log \binom nk$ with the accuracy of [`log_multinomial`](Self::log_multinomial); $-\infty$ for $k > n$.
    pub fn log_binomial(&self, n: u64, k: u64) -> f64 {
        if k > n { f64::NEG_INFINITY } else { (self.at(n) - self.at(k) - self.at(n - k)).value() }
    }
}

/// $\Phi(x) = P(Z \le x)$ for a standard normal $Z$.
///
/// Relative accuracy down to the smallest normal double ($x = -37.5$); below, gradual underflow to 0 at $-38.5$.
pub fn normal_cdf(x: f64) -> f64 {
    // z = -x / sqrt 2 is rounded; erfc(z + d) = erfc(z) - d 2/sqrt(pi) e^{-z^2} + O(d^2).
    const SQRT_HALF_LOW: f64 = -4.833_646_656_726_457e-17;
    let (z, low) = two_product(-x, FRAC_1_SQRT_2);
    let d = low - x * SQRT_HALF_LOW;
    let first = libm::erfc(z);
    if z.abs() > 40.0 || z.is_nan() {
        return 0.5 * first;
    }
    0.5 * first - d * (-z * z).exp() / PI.sqrt()
}

/// $\log \Phi(x)$, for every $x$: $-5\cdot10^{9}$ and the like at $x = -10^5$; $-\infty$ only when $x^2$ overflows.
pub fn normal_log_cdf(x: f64) -> f64 {
    if x > -1.0 {
        (-normal_cdf(-x)).ln_1p()
    } else if x > -30.0 {
        normal_cdf(x).ln()
    } else {
        // Mills' ratio: Phi(x) = phi(x)/|x| (1 - 1/x^2 + 3/x^4 - ...); the term after these is below 1e-15 of the answer.
        let w = 1.0 / (x * x);
        let series = -w * (1.0 - w * (3.0 - w * (15.0 - w * (105.0 - w * (945.0 - w * 10395.0)))));
        -0.5 * x * x - ((-x).ln() + HALF_LN_2_PI.high - series.ln_1p())
    }
}

/// $\log P(Z > x) = \log \Phi(-x)$.
pub fn normal_log_sf(x: f64) -> f64 {
    normal_log_cdf(-x)
}

/// The inverse of [`normal_cdf`]: $-\infty$ at 0, $+\infty$ at 1, NaN outside $[0, 1]$.
///
/// Full accuracy for small $p$, subnormal ones too. Near $p = 1$ the argument itself has lost the tail: use $-$quantile of the
/// small complement.
pub fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_quantile(1.0 - p); // exact difference
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    let q = 0.5 - p;
    if q <= 0.425 {
        let r = 0.180625 - q * q;
        return -q * ratio(r, &CENTRE);
    }
    let r = (-p.ln()).sqrt();
    let x = if r <= 5.0 { -ratio(r - 1.6, &MIDDLE) } else { -ratio(r - 5.0, &TAIL) };
    // One Newton step on log Phi, which is nearly linear in x^2 here.
    let log_cdf = normal_log_cdf(x);
    let log_density = -0.5 * x * x - HALF_LN_2_PI.high;
    x - (log_cdf - p.ln()) * (log_cdf - log_density).exp()
}

/// A quotient of two polynomials, constant terms first.
fn ratio(x: f64, coefficients: &[[f64; 8]; 2]) -> f64 {
    let [top, bottom] = coefficients.map(|c| c.iter().rev().fold(0.0, |value, c| value * x + c));
    top / bottom
}

/// AS 241, $|p - 1/2| \le 0.425$.
const CENTRE: [[f64; 8]; 2] = [
    [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ],
];
/// AS 241, $\sqrt{-\log p} \le 5$.
const MIDDLE: [[f64; 8]; 2] = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];
/// AS 241, the far tail.
const TAIL: [[f64; 8]; 2] = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factorials_of_small_numbers_are_logarithms_of_integers() {
        let mut factorial = 1.0f64;
        for n in 0..=18u64 {
            factorial *= n.max(1) as f64; // exact to 18!
            assert!((log_factorial(n) - factorial.ln()).abs() <= f64::EPSILON * factorial.ln(), "{n}");
        }
    }

    /// The table (a recurrence over artanh) and Stirling's series share only the logarithm's constants.
    #[test]
    fn table_and_stirling_agree_in_double_double() {
        let table = LogFactorials::up_to(20_000);
        for n in [1024, 1025, 5000, 20_000] {
            let (a, b) = (table.at(n), stirling(n));
            assert!((a - b).value().abs() < 1e-27 * a.high, "{n}: {:e}", (a - b).value());
        }
    }

    #[test]
    fn multinomials_lose_nothing_to_cancellation() {
        let table = LogFactorials::up_to(10);
        for n in [10u64, 1_000_000, 1 << 52] {
            assert_eq!(table.log_multinomial(&[n - 1, 1]), (n as f64).ln());
            assert_eq!(table.log_binomial(n, n), 0.0);
        }
        assert_eq!(table.log_multinomial(&[]), 0.0);
        assert_eq!(table.log_binomial(3, 4), f64::NEG_INFINITY);
        assert_eq!(LogFactorials::up_to(0).ln(1), 0.0);
    }

    #[test]
    fn the_normal_law_at_its_ends() {
        assert_eq!([normal_cdf(f64::NEG_INFINITY), normal_cdf(0.0), normal_cdf(f64::INFINITY)], [0.0, 0.5, 1.0]);
        assert_eq!(normal_log_cdf(f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert_eq!(normal_log_cdf(f64::INFINITY), 0.0);
        assert_eq!(normal_log_sf(1e160), f64::NEG_INFINITY);
        assert!((normal_log_sf(1e5) / -5_000_000_012.431_864 - 1.0).abs() < 1e-15);
        assert_eq!(
            [normal_quantile(0.0), normal_quantile(0.5), normal_quantile(1.0)],
            [f64::NEG_INFINITY, 0.0, f64::INFINITY]
        );
        assert!(normal_quantile(-1e-9).is_nan() && normal_quantile(1.1).is_nan() && normal_quantile(f64::NAN).is_nan());
        assert!((normal_quantile(5e-324) + 38.467_405_617_144_346).abs() < 1e-13);
        for x in [-30.0, -5.0, -1.0, -1e-9] {
            // dx = dp / density: relative spacing of p over the logarithmic derivative, which is at least 0.79.
            assert!((normal_quantile(normal_cdf(x)) - x).abs() <= 4.0 * f64::EPSILON * x.abs().max(1.0), "{x}");
        }
        for x in [-30.0f64, -1.0] {
            // No jump where the formulas change.
            let step = normal_log_cdf(x.next_up()) - normal_log_cdf(x.next_down());
            assert!(step.abs() <= 4.0 * f64::EPSILON * normal_log_cdf(x).abs() * 2.0, "{x}");
        }
    }
}
