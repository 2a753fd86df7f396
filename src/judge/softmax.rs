//! Softmax selection at every number of candidates from one table (R4).
//!
//! With $w = e^{-r^2/2t}$, $r = |z+b|$, the identity $1/Z = \int_0^\infty e^{-uZ}du$ gives
//! $$g(k) = k\int_{-\infty}^\infty L_1(v)\,L_0(v)^{k-1}\,dv, \qquad L_0 = E\,e^{-uw},\quad L_1 = E\big[f\,uw\,e^{-uw}\big],\quad u = e^v,$$
//! $f = (z+a)^2 + \tau^2$. Neither depends on $k$. In $y = r/c$, $c = \sqrt{2t}$, $x = v - y^2$, $K(x) = e^{x - e^x}$,
//! $$L_1 = c\int_0^\infty q(cy)\,K(v-y^2)\,dy, \qquad 1 - L_0 = \int_{-\infty}^v L_1\big|_{f=1}\,dv,$$
//! $q$ the density of the loss at distance $r$. The integrands are even and entire in $y$: the trapezoid
//! rule converges geometrically in them (see `step`).
//!
//! The outer integral is a trapezoid rule in $v$ with step $\frac14$ wherever the range of $v$ is moderate (`softmax_uniform`). Its
//! error is bounded for **every** $k$, $t$, $b$: given the weights of the other candidates the integrand is a multiple of a shifted
//! $K$, whose Fourier transform is $\Gamma(1+i\omega)$, so the relative error is at most
//! $2\sum_{m\ge1}|\Gamma(1+8\pi im)| = 1.8\cdot10^{-16}$ (derived). For small $t$, where $v$ runs to $(b+9)^2/2t$, panels in
//! $\sqrt v$ (`softmax_panels`). Relative error of $g$ below $10^{-13}$ for $t$ from $10^{-20}$ to $10^{12}$, $|b| \le 30$, $k$ to
//! $10^{12}$; for larger $|b|$ about $10^{-15}\,b$.
//!
//! **Cost**, for up to $10^6$ candidates on one core of a shared Zen 4 server: a table 0.05 milliseconds at $t = 100$, 0.24 at 1, 1.5
//! at 0.1, 2 to 10 from $10^{-4}$ down to $10^{-12}$; a value of $g$ 0.4 to 2 microseconds.
//! Source: the identity and the scheme derived; model of Halder and Pehlevan (2025).

use super::best_of_k::best_of_k;
use super::infinite::{log_mean_weight, one_over_k, softmax_infinite};
use super::model::{Candidates, Point, Reduced};
use super::selection_table::SelectionTable;
use super::{softmax_panels, softmax_uniform};
use crate::{Error, Result};

/// $g$ of softmax selection at reduced temperature `t` (0: best of `k`), in units of $s^2$.
///
/// # Errors
/// As [`SoftmaxTable::new`].
///
/// ```
/// use tilt::judge::{model::{Candidates, Reduced}, softmax::softmax};
/// let g = softmax(&Reduced::new(0.5, 0.5)?, 0.05, Candidates::new(100)?)?;
/// assert!((g - 0.04909794646423080).abs() < 1e-16);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn softmax(point: &Reduced, t: f64, k: Candidates) -> Result<f64> {
    if k.is_one() {
        return Ok(point.single());
    }
    if t == 0.0 {
        return Ok(best_of_k(point, k));
    }
    Ok(SoftmaxTable::new(point, t, k)?.at(k))
}

/// $\delta(x; k, T)$ at a point, in units of $y^2$; `temp` 0 is best of `k`.
///
/// # Errors
/// As [`SoftmaxTable::new`]; [`Error::InvalidInput`] about `temp`.
pub fn delta(point: &Point, temp: f64, k: Candidates) -> Result<f64> {
    let t = point.temperature(temp)?;
    Ok(point.variance() * softmax(&point.reduced(), t, k)?)
}

/// $L_0$ and $L_1$ of one judge at one temperature.
#[derive(Clone, Debug)]
pub struct SoftmaxTable {
    table: SelectionTable,
    point: Reduced,
    t: f64,
    /// Whether the point was mirrored to have $b \ge 0$.
    mirrored: bool,
}

/// The largest $\ln k$ that a table integrates; beyond, $g_\infty + K_1/k$ is exact to rounding, or it is refused.
const LARGEST_LOG_K: f64 = 600.0;
/// Beyond, distances from the judge have lost their digits.
const LARGEST_BIAS: f64 = 1e8;

impl SoftmaxTable {
    /// The table of a judge at reduced temperature `t` > 0 for up to `most` candidates.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `t`; [`Error::TooLarge`] where the bias is so large ($b^2/t$ above about $10^8$) or the
    /// number of candidates so far between the two limits that no table of reasonable size exists.
    pub fn new(point: &Reduced, t: f64, most: Candidates) -> Result<Self> {
        if !(t.is_normal() && t > 0.0 && t < 1e200) {
            return Err(Error::invalid("t", t, "a reduced temperature between 1e-300 and 1e200"));
        }
        let mirrored = point.b < 0.0;
        let point = point.upright();
        if point.b > LARGEST_BIAS {
            return Err(Error::too_large(
                "a table of softmax selection",
                point.b,
                LARGEST_BIAS,
                "deviations between judge and mean",
            ));
        }
        let mut log_k = most.ln();
        if log_k > LARGEST_LOG_K {
            if !averages(point.b, t, LARGEST_LOG_K) {
                return Err(Error::too_large(
                    "a table of softmax selection",
                    log_k,
                    LARGEST_LOG_K,
                    "nats of candidates",
                ));
            }
            log_k = LARGEST_LOG_K;
        }
        let range = Span::new(point.b, t, log_k);
        let table = if softmax_uniform::suits(&range) {
            softmax_uniform::table(&point, &range)
        } else {
            softmax_panels::table(&point, &range)
        };
        Ok(SoftmaxTable { table, point, t, mirrored })
    }

    /// $g(k)$ at the point that the table was made for; `k` at most that of the table.
    pub fn at(&self, k: Candidates) -> f64 {
        self.loss(self.point, k)
    }

    /// $g(k)$ for the same judge ($b$, $t$) at another bias `a` from the teacher and hidden variance `tau2`.
    ///
    /// The three moments are about the bias of the table: relative error $10^{-15}(1 + (a-a_0)^2/g)$.
    pub fn at_bias(&self, a: f64, tau2: f64, k: Candidates) -> f64 {
        let a = if self.mirrored { -a } else { a };
        self.loss(Reduced { a, tau2, ..self.point }, k)
    }

    fn loss(&self, point: Reduced, k: Candidates) -> f64 {
        if k.is_one() {
            return point.single();
        }
        if k.ln() > LARGEST_LOG_K {
            let approach = one_over_k(&point, self.t);
            let log_size = approach.abs().ln() - k.ln();
            return softmax_infinite(&point, self.t) + log_size.exp().copysign(approach);
        }
        let shift = point.a - self.point.a;
        let less_one = k.ln_less_one().exp();
        let less_one = if less_one < 1e9 && (less_one - less_one.round()).abs() < 1e-13 * less_one {
            less_one.round()
        } else {
            less_one
        };
        self.table.mean(less_one, shift, shift * shift) + point.tau2
    }

    pub(super) fn selection_table(&self) -> &SelectionTable {
        &self.table
    }
}

/// Whether at $e^{\mathtt{log\_k}}$ candidates the softmax averages so many that $g = g_\infty + K_1/k$ to rounding: the terms of
/// order $k^{-1}$ and $k^{-2}$, of relative size $E w^j/(k^{j-1} (E w)^j)$, are below $e^{-60}$ and $e^{-80}$.
fn averages(b: f64, t: f64, log_k: f64) -> bool {
    let excess = |j: f64| log_mean_weight(b, t, j) - j * log_mean_weight(b, t, 1.0);
    excess(2.0) - log_k < -60.0 && excess(3.0) - 2.0 * log_k < -80.0
}

/// The range of $v = \ln u$ that matters to 2 up to $e^{\mathtt{log\_k}}$ candidates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub b: f64,
    /// $c = \sqrt{2t}$, the distance in units of $y$.
    pub c: f64,
    pub log_k: f64,
    pub start: f64,
    pub end: f64,
    /// Up to here candidates are averaged and the integrands have the scale 1 of $K$; beyond, that of the density.
    pub averaging: f64,
}

impl Span {
    fn new(b: f64, t: f64, log_k: f64) -> Self {
        let c = (2.0 * t).sqrt();
        let tilted = b * (t / (1.0 + t));
        // Below: k (1 - L0) <= k e^v E w = e^{-37}.
        let mut start = -37.0 - log_k - log_mean_weight(b, t, 1.0);
        // The nearest of k candidates is beyond this, but for e^{-60} of them. If that is beyond the peak of the density times w,
        // the mean of w without those few is e^{-60-y^2}/k.
        let nearest = b - (2.0 * (log_k + 60.0)).sqrt();
        if nearest > tilted {
            start = start.max((nearest / c) * (nearest / c) + 20.0);
        }
        // Above: all candidates within 9 deviations have K < e^{-44}.
        let farthest = (b + 9.0) / c;
        let averaged = (tilted + 3.0 * (t / (1.0 + t)).sqrt()) / c;
        Span { b, c, log_k, start, end: farthest * farthest + 4.0, averaging: (averaged * averaged).max(1.0) }
    }

    /// The largest $y$ that matters at $v \le q^2$, less `origin` (0 or $q$): ten deviations, or where $e^{x} < e^{-42}$; less
    /// where the bulk of the candidates is there and the few near ones, one in $k$ or $e^{-b^2/2}$ of them, are what counts.
    pub fn reach(&self, q: f64, origin: f64) -> f64 {
        let below = 42.0 + self.log_k.min(0.5 * self.b * self.b);
        let root = (q * q + below).sqrt();
        ((self.b + 10.5) / self.c - origin).min(if origin == 0.0 { root } else { below / (root + q) })
    }
}

/// $e^{-e^{x}}$ is below $e^{-109}$ for larger $x$.
pub(super) const ABOVE: f64 = 4.7;

/// A step in $y$ at which the trapezoid rule is exact to rounding at $v$.
///
/// In the strip $|\Im y| \le \eta$ the argument of $e^{-e^x}$ turns by $2y\eta$: with $\eta = \frac34/\sqrt{v+1}$ by less than
/// $\frac\pi2$ wherever $e^x$ matters; the factors grow by at most $e^{\eta^2 + c^2\eta^2/2}$. The error is that times
/// $e^{-2\pi\eta/h}$, here $e^{-43}$; a second moment of the normal density costs five of these nats.
pub(super) fn step(v: f64, c: f64) -> f64 {
    let eta = (0.75 / (v.max(0.0) + 1.0).sqrt()).min(9.2 / c);
    2.0 * std::f64::consts::PI * eta / (43.0 + eta * eta * (1.0 + 0.5 * c * c))
}

#[cfg(test)]
mod tests {
    use super::super::trapezoid::TrapezoidTable;
    use super::*;

    fn k(k: u64) -> Candidates {
        Candidates::new(k).unwrap()
    }

    fn close(found: f64, wanted: f64, rtol: f64, what: &str) {
        assert!(
            (found / wanted - 1.0).abs() <= rtol,
            "{what}: {found:e} against {wanted:e}: {:e}",
            found / wanted - 1.0
        );
    }

    #[test]
    fn reference_values() {
        for (m, s, y_t, y_r, temp, count, wanted) in [
            (0.3, 0.8, 0.1, 0.6, 2.0, 2, 0.5493833530083654),
            (0.3, 0.8, 0.1, 0.6, 2.0, 5, 0.5092513083244532),
            (0.3, 0.8, 0.1, 0.6, 2.0, 64, 0.4920714795695889),
            (0.5, 1.0, 0.0, 0.0, 0.1, 10, 0.06758968839625433),
            (0.5, 1.0, 0.0, 0.0, 0.1, 100, 0.0490979464642308),
            (0.5, 1.0, 0.0, 0.0, 0.1, 1_000_000, 0.04818602814858582),
            (0.3, 1.0, 0.0, 2.3, 0.6, 2, 1.3843291234569801),
            (0.3, 1.0, 0.0, 2.3, 0.6, 3, 1.7577596441046897),
            (0.7, 1.0, 0.0, 1.9, 20.0, 3, 1.537078403019823),
            (0.3, 1.0, 0.0, -0.2, 0.6, 1_000_000_000, 0.237928994234831),
            (0.3, 1.0, 0.0, -0.2, 0.6, 1_000_000_000_000, 0.237928994082992),
            (0.5, 1.0, 0.0, 0.0, 2e-10, 1_000_000, 1.0458785476e-10),
        ] {
            let point = Point::new(m, s, y_t, y_r).unwrap();
            let digits = if temp < 1e-9 { 1e-11 } else { 4e-15 };
            close(delta(&point, temp, k(count)).unwrap(), wanted, digits, &format!("{temp} {count}"));
        }
    }

    #[test]
    fn plain_trapezoid_tables_agree() {
        for t in [1.0, 3.0, 20.0, 1e3, 1e6] {
            for (a, b) in [(0.0, 0.0), (0.7, -1.2), (0.2, 5.0), (-4.0, 5.0), (10.0, 9.0)] {
                let point = Reduced::new(a, b).unwrap();
                let most = k(1_000_000_000_000);
                let (first, second) =
                    (SoftmaxTable::new(&point, t, most).unwrap(), TrapezoidTable::new(&point, t, most).unwrap());
                for count in [2, 3, 10, 1000, 1_000_000, 1_000_000_000_000] {
                    close(first.at(k(count)), second.at(k(count)), 1e-14, &format!("{t} {a} {b} {count}"));
                }
            }
        }
    }

    /// Where both schemes can go they agree, and each keeps the total mass.
    #[test]
    fn uniform_and_panels_agree() {
        for t in [0.08, 0.3, 1.0, 20.0, 1e6] {
            for (a, b) in [(0.0, 0.0), (0.7, 1.2), (0.2, 5.0)] {
                let point = Reduced::new(a, b).unwrap();
                let range = Span::new(b, t, 1e12f64.ln());
                if range.end > 600.0 {
                    continue;
                }
                let (uniform, panels) = (softmax_uniform::table(&point, &range), softmax_panels::table(&point, &range));
                for less_one in [0.0, 1.0, 2.0, 30.0, 1e4, 1e8, 1e12] {
                    let (u, p) = (uniform.mean(less_one, 0.0, 0.0), panels.mean(less_one, 0.0, 0.0));
                    close(
                        u,
                        p,
                        5e-14,
                        &format!("{t} {a} {b} {less_one} ({} and {} nodes)", uniform.len(), panels.len()),
                    );
                }
                // one candidate is not selected: the mean loss is 1 + a^2
                close(uniform.mean(0.0, 0.0, 0.0), 1.0 + a * a, 1e-14, &format!("uniform {t} {a} {b}"));
                close(panels.mean(0.0, 0.0, 0.0), 1.0 + a * a, 1e-14, &format!("panels {t} {a} {b}"));
            }
        }
    }

    #[test]
    fn cold_is_best_of_k() {
        for (a, b) in [(0.5, 0.5), (0.7, -1.2), (0.0, 4.0), (2.0, 12.0)] {
            let point = Reduced::new(a, b).unwrap();
            for count in [2, 10, 100] {
                // the first correction is of order k^2 c^2
                close(
                    softmax(&point, 1e-20, k(count)).unwrap(),
                    best_of_k(&point, k(count)),
                    1e-13,
                    &format!("{a} {b} {count}"),
                );
            }
        }
    }

    #[test]
    fn many_candidates_follow_the_law_of_1_over_k() {
        for (a, b, t) in [(0.7, -1.2, 1.0), (0.3, 0.3, 0.05), (0.5, 6.0, 30.0), (0.5, 3.0, 1e-4)] {
            let point = Reduced::new(a, b).unwrap();
            let table = SoftmaxTable::new(&point, t, k(1_000_000_000_000)).unwrap();
            let (limit, slope) = (softmax_infinite(&point, t), one_over_k(&point, t));
            close(table.at(k(1_000_000_000_000)), limit + slope * 1e-12, 2e-14, &format!("{a} {b} {t}"));
            let (near, far) = (1e10 * (table.at(k(10_000_000_000)) - limit), 1e8 * (table.at(k(100_000_000)) - limit));
            assert!((near / slope - 1.0).abs() < 1e-3 + 1e-4 * limit / slope.abs(), "{near} {far} {slope}");
        }
        let beyond = softmax(&Reduced::new(0.7, -1.2).unwrap(), 1.0, Candidates::from_log(5000.0).unwrap()).unwrap();
        assert_eq!(beyond, softmax_infinite(&Reduced::new(0.7, -1.2).unwrap(), 1.0));
    }

    #[test]
    fn another_teacher_from_the_same_table() {
        for t in [1e-6, 0.5, 40.0] {
            for b in [-1.5, 0.0, 2.0] {
                let table = SoftmaxTable::new(&Reduced::new(0.4, b).unwrap(), t, k(1000)).unwrap();
                for a in [-1.0, 0.0, 0.4, 2.5] {
                    let other = Reduced::new(a, b).unwrap().with_hidden_variance(0.3).unwrap();
                    for count in [1, 2, 50, 1000] {
                        close(table.at_bias(a, 0.3, k(count)), softmax(&other, t, k(count)).unwrap(), 3e-14, "moments");
                    }
                }
            }
        }
    }

    #[test]
    fn refusals() {
        let point = Reduced::new(0.0, 1.0).unwrap();
        for t in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(softmax(&point, t, k(2)).unwrap_err().to_string().starts_with("t is"));
        }
        let far = Reduced::new(0.0, 1e9).unwrap();
        assert_eq!(softmax(&far, 1.0, k(5)).unwrap_err().kind(), "too_large");
        assert_eq!(softmax(&far, 1.0, k(1)).unwrap(), 1.0);
    }
}
