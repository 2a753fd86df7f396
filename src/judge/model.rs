//! What the judge needs to know: a point, a number of candidates, the law of the biases over points.
//!
//! At an input $x$ the answers are $y_1,\dots,y_k \sim N(m, s^2)$; the judge prefers answers near $y_R$, the truth is $y_T$.
//! Only three scalars matter,
//! $$a = \frac{m - y_T}{s}, \qquad b = \frac{m - y_R}{s}, \qquad t = \frac{T}{2s^2},$$
//! and with $y = m + s z$ the loss is $s^2 (z+a)^2$, the weight of a candidate $e^{-(z+b)^2/2t}$.
//!
//! | symbol | code | meaning |
//! |---|---|---|
//! | $D_T, D_R$ | [`Point::teacher_bias`], [`Point::reward_bias`] | $m - y_T$, $m - y_R$ |
//! | $a, b$ | [`Reduced::a`], [`Reduced::b`] | the same in units of $s$ |
//! | $\tau^2$ | [`Reduced::tau2`] | variance of $a$ given $b$, in units of $s^2$ |
//! | $k$ | [`Candidates`] | number of answers |
//! | $V$ | [`BiasLaw`] | covariance of $(D_T, D_R)$ over $x$ |

use crate::{Error, Result};

/// A number of candidates $k \ge 1$, given as an integer or by its logarithm (then any real number).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Candidates {
    ln: f64,
    ln_less_one: f64,
}

impl Candidates {
    /// `k` candidates.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if `k` is 0.
    pub fn new(k: u64) -> Result<Self> {
        match k {
            0 => Err(Error::invalid("k", k, "an integer >= 1")),
            _ => Ok(Candidates { ln: (k as f64).ln(), ln_less_one: ((k - 1) as f64).ln() }),
        }
    }

    /// $k = e^{\mathtt{log\_k}}$ candidates.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] unless `log_k` is finite and at least 0.
    pub fn from_log(log_k: f64) -> Result<Self> {
        if log_k.is_finite() && log_k >= 0.0 {
            Ok(Candidates { ln: log_k, ln_less_one: if log_k < 40.0 { log_k.exp_m1().ln() } else { log_k } })
        } else {
            Err(Error::invalid("log_k", log_k, "a finite number >= 0"))
        }
    }

    /// $\ln k$.
    pub fn ln(self) -> f64 {
        self.ln
    }

    /// $\ln(k-1)$: $-\infty$ for one candidate.
    pub fn ln_less_one(self) -> f64 {
        self.ln_less_one
    }

    /// $k$, infinite where it overflows.
    pub fn value(self) -> f64 {
        // ln(k - 1) is the better conditioned for small k; both round back to the integer below 2^50.
        let k = self.ln.exp();
        if (k - k.round()).abs() <= 1e-13 * k && k < 1e9 { k.round() } else { k }
    }

    /// Whether $k = 1$: no selection.
    pub fn is_one(self) -> bool {
        self.ln_less_one == f64::NEG_INFINITY
    }
}

/// A point in units of the predictive deviation: the loss is $(z+a)^2 + \tau^2$, $z \sim N(0,1)$ (docs of the module).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reduced {
    /// $a = (m - y_T)/s$.
    pub a: f64,
    /// $b = (m - y_R)/s$.
    pub b: f64,
    /// $\tau^2 \ge 0$: variance of $a$ that the judge cannot see (0 at a given point).
    pub tau2: f64,
}

impl Reduced {
    /// A point of bias `a` from the teacher and `b` from the reward.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `a` or `b` unless finite and at most $10^{100}$ in size.
    pub fn new(a: f64, b: f64) -> Result<Self> {
        for (field, value) in [("a", a), ("b", b)] {
            if value.is_nan() || value.abs() > 1e100 {
                return Err(Error::invalid(field, value, "a finite number, at most 1e100 in size"));
            }
        }
        Ok(Reduced { a, b, tau2: 0.0 })
    }

    /// The same with a hidden variance `tau2` of $a$.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `tau2` unless finite and at least 0.
    pub fn with_hidden_variance(self, tau2: f64) -> Result<Self> {
        if tau2.is_finite() && tau2 >= 0.0 {
            Ok(Reduced { tau2, ..self })
        } else {
            Err(Error::invalid("tau2", tau2, "a finite number >= 0"))
        }
    }

    /// The mirror image with $b \ge 0$, which has the same losses.
    pub fn upright(self) -> Self {
        if self.b < 0.0 { Reduced { a: -self.a, b: -self.b, ..self } } else { self }
    }

    /// The loss of one answer, $1 + a^2 + \tau^2$.
    pub fn single(self) -> f64 {
        1.0 + self.a * self.a + self.tau2
    }
}

/// An input as the judge sees it: the predictive law $N(m, s^2)$, the teacher's and the judge's answers.
///
/// ```
/// use tilt::judge::model::Point;
/// let point = Point::new(0.3, 0.8, 0.1, 0.6)?;
/// let reduced = point.reduced();
/// assert!((reduced.a - 0.25).abs() < 1e-15 && (reduced.b + 0.375).abs() < 1e-15);
/// assert!(Point::new(0.3, 0.0, 0.1, 0.6).is_err());
/// # Ok::<(), tilt::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    m: f64,
    s: f64,
    y_t: f64,
    y_r: f64,
}

impl Point {
    /// Predictive mean `m` and deviation `s`, noiseless teacher `y_t`, the answer `y_r` that the judge prefers.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `m`, `s` (> 0), `y_t` or `y_r`; about `y_t` or `y_r` too if it is more than
    /// $10^{100}$ deviations from `m`.
    pub fn new(m: f64, s: f64, y_t: f64, y_r: f64) -> Result<Self> {
        check_finite("m", m)?;
        if !(s.is_finite() && s > 0.0) {
            return Err(Error::invalid("s", s, "a finite number > 0"));
        }
        // s^2 must be a number too.
        if !(1e-150..=1e150).contains(&s) {
            return Err(Error::invalid("s", s, "between 1e-150 and 1e150"));
        }
        for (field, y) in [("y_t", y_t), ("y_r", y_r)] {
            check_finite(field, y)?;
            if ((m - y) / s).is_nan() || ((m - y) / s).abs() > 1e100 {
                return Err(Error::invalid(field, y, "within 1e100 predictive deviations of m"));
            }
        }
        Ok(Point { m, s, y_t, y_r })
    }

    /// $D_T = m - y_T$.
    pub fn teacher_bias(self) -> f64 {
        self.m - self.y_t
    }

    /// $D_R = m - y_R$.
    pub fn reward_bias(self) -> f64 {
        self.m - self.y_r
    }

    /// $s^2$.
    pub fn variance(self) -> f64 {
        self.s * self.s
    }

    /// The predictive mean $m$.
    pub fn mean(self) -> f64 {
        self.m
    }

    /// The teacher's answer $y_T$.
    pub fn teacher(self) -> f64 {
        self.y_t
    }

    /// $(a, b)$.
    pub fn reduced(self) -> Reduced {
        Reduced { a: self.teacher_bias() / self.s, b: self.reward_bias() / self.s, tau2: 0.0 }
    }

    /// $t = T/2s^2$, 0 at temperature 0.
    ///
    /// # Errors
    /// As [`reduced_temperature`].
    pub fn temperature(self, temp: f64) -> Result<f64> {
        reduced_temperature(temp, self.variance())
    }
}

/// $t = T / 2s^2$.
///
/// # Errors
/// [`Error::InvalidInput`] about `temp` if negative or not finite, or if $t$ leaves the range of normal doubles.
pub fn reduced_temperature(temp: f64, s2: f64) -> Result<f64> {
    if !(temp.is_finite() && temp >= 0.0) {
        return Err(Error::invalid("temp", temp, "a finite temperature >= 0"));
    }
    let t = 0.5 * temp / s2;
    if temp > 0.0 && !(t.is_normal() && t < 1e200 && t > 1e-200) {
        return Err(Error::invalid("temp", temp, "0, or between 1e-200 and 1e200 times the predictive variance"));
    }
    Ok(t)
}

/// As [`reduced_temperature`], for what has no limit at temperature 0.
///
/// # Errors
/// [`Error::InvalidInput`] about `temp` also if it is 0.
pub fn positive_temperature(temp: f64, s2: f64) -> Result<f64> {
    let t = reduced_temperature(temp, s2)?;
    if t > 0.0 { Ok(t) } else { Err(Error::invalid("temp", temp, "a temperature > 0")) }
}

/// The law of the biases over inputs: $(D_T, D_R) \sim N(0, V)$, with one predictive variance $s^2$.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BiasLaw {
    /// $V_{TT}$.
    pub v_tt: f64,
    /// $V_{TR}$.
    pub v_tr: f64,
    /// $V_{RR}$.
    pub v_rr: f64,
    /// $s^2$.
    pub s2: f64,
}

impl BiasLaw {
    /// The law with covariance `v_tt`, `v_tr`, `v_rr` and predictive variance `s2`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] unless all are finite, `s2` > 0 and $V$ is positive semidefinite (to $10^{-12}$).
    pub fn new(v_tt: f64, v_tr: f64, v_rr: f64, s2: f64) -> Result<Self> {
        for (field, v) in [("v_tt", v_tt), ("v_rr", v_rr)] {
            if !(v.is_finite() && v >= 0.0) {
                return Err(Error::invalid(field, v, "a finite variance >= 0"));
            }
        }
        check_finite("v_tr", v_tr)?;
        if v_tr.abs() > v_tt.sqrt() * v_rr.sqrt() * (1.0 + 5e-13) {
            return Err(Error::invalid("v_tr", v_tr, "a covariance with v_tr^2 <= v_tt v_rr"));
        }
        if !(s2.is_finite() && s2 > 0.0) {
            return Err(Error::invalid("s2", s2, "a finite variance > 0"));
        }
        for (field, v) in [("v_tt", v_tt), ("v_rr", v_rr)] {
            if v / s2 > 1e200 {
                return Err(Error::invalid(field, v, "at most 1e200 times s2"));
            }
        }
        Ok(BiasLaw { v_tt, v_tr, v_rr, s2 })
    }

    /// $\rho = V_{TT}/s^2$, the difficulty of the task.
    pub fn difficulty(self) -> f64 {
        self.v_tt / self.s2
    }

    /// $Q = V_{RR}/s^2$, the variance of $b$.
    pub fn reward_variance(self) -> f64 {
        self.v_rr / self.s2
    }

    /// $\beta = V_{TR}/V_{RR}$, the regression of $a$ on $b$; 0 if $b$ does not vary.
    pub fn regression(self) -> f64 {
        if self.v_rr > 0.0 { self.v_tr / self.v_rr } else { 0.0 }
    }

    /// $\tau^2 = (V_{TT} - V_{TR}^2/V_{RR})/s^2$, the variance of $a$ given $b$.
    pub fn hidden_variance(self) -> f64 {
        let explained = if self.v_rr > 0.0 { self.v_tr * (self.v_tr / self.v_rr) } else { 0.0 };
        ((self.v_tt - explained) / self.s2).max(0.0)
    }

    /// The point at reward bias `b`, with what is left of $a$ hidden.
    pub fn at(self, b: f64) -> Reduced {
        Reduced { a: self.regression() * b, b, tau2: self.hidden_variance() }
    }
}

pub(super) fn check_finite(field: &str, value: f64) -> Result<()> {
    if value.is_finite() { Ok(()) } else { Err(Error::invalid(field, value, "a finite number")) }
}

/// `value` if it is finite and above 0.
pub(super) fn check_positive(field: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(Error::invalid(field, value, "a finite number > 0")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_logarithms() {
        for k in [1u64, 2, 3, 1000, 1_000_000_007] {
            let n = Candidates::new(k).unwrap();
            assert!((n.value() / k as f64 - 1.0).abs() < 1e-13, "{k}");
            assert_eq!(n.is_one(), k == 1);
        }
        let two = Candidates::from_log(2f64.ln()).unwrap();
        assert!(two.ln_less_one().abs() < 1e-15);
        assert!(Candidates::from_log(0.0).unwrap().is_one());
        assert_eq!(Candidates::from_log(5000.0).unwrap().value(), f64::INFINITY);
        assert!(Candidates::new(0).is_err() && Candidates::from_log(-1e-9).is_err());
    }

    #[test]
    fn what_is_no_model_is_refused() {
        for (bad, field) in [
            (Point::new(f64::NAN, 1.0, 0.0, 0.0), "m"),
            (Point::new(0.0, -1.0, 0.0, 0.0), "s"),
            (Point::new(0.0, 1.0, f64::INFINITY, 0.0), "y_t"),
            (Point::new(0.0, 1e-140, 0.0, 1.0), "y_r"),
        ] {
            assert!(bad.unwrap_err().to_string().starts_with(field), "{field}");
        }
        for (bad, field) in [
            (BiasLaw::new(-1.0, 0.0, 1.0, 1.0), "v_tt"),
            (BiasLaw::new(1.0, 1.1, 1.0, 1.0), "v_tr"),
            (BiasLaw::new(1.0, 1e-9, 0.0, 1.0), "v_tr"),
            (BiasLaw::new(1.0, 0.0, 1.0, 0.0), "s2"),
        ] {
            assert!(bad.unwrap_err().to_string().starts_with(field), "{field}");
        }
        assert!(reduced_temperature(-1.0, 1.0).is_err() && positive_temperature(0.0, 1.0).is_err());
        assert_eq!(reduced_temperature(3.0, 0.5).unwrap(), 3.0);
    }

    #[test]
    fn perfectly_correlated_biases_hide_nothing() {
        let law = BiasLaw::new(0.04, 0.06, 0.09, 0.5).unwrap();
        assert!(law.hidden_variance() < 1e-16 && (law.regression() - 2.0 / 3.0).abs() < 1e-15);
        let still = BiasLaw::new(0.04, 0.0, 0.0, 0.5).unwrap();
        assert_eq!((still.regression(), still.hidden_variance()), (0.0, 0.08));
    }
}
