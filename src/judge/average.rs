//! The average over inputs (R3): $E\,\delta(x; k, T)$ for $(D_T, D_R) \sim N(0, V)$ and constant $s^2$.
//!
//! Given $b$, $a = \beta b$ up to a hidden variance $\tau^2$ ([`BiasLaw`]), so one integral over $b \sim N(0, Q)$, $Q = V_{RR}/s^2$, is
//! left, of an even entire function: the trapezoid rule, step $\min(\sqrt Q, 1)$ over $2\sqrt{2\ln k}$ (over six tenths of it where
//! $t \ge 1$ smooths the selection), at least over 3.5. At low temperature the integrand grows like $e^{b^2}$ up to
//! $b \approx \sqrt{2\ln k}$, where $k$ candidates no longer reach the judge's answer; the range covers it. $k = \infty$: closed form,
//! [`average_infinite`](super::infinite::average_infinite).
//!
//! Relative error $10^{-13}$ (steps found by halving them). Some 40 to 300 selections a value (for $Q \gg 1$ or $\ln k \gg 1$,
//! $40\sqrt{Q \ln k}$ or $4\ln k$): 15 microseconds each at temperature 0, 0.1 to 1 milliseconds above. Derived.

use super::model::{BiasLaw, Candidates, Reduced, reduced_temperature};
use super::softmax::softmax;
use crate::numerics::sum::Sum;
use crate::{Error, Result};

/// More selections than this are refused.
const LARGEST_WORK: f64 = 2e5;

/// $E_x\,\delta(x; k, T)$ in units of $y^2$; `temp` 0 is best of `k`.
///
/// # Errors
/// [`Error::InvalidInput`] about `temp`; [`Error::TooLarge`] if $V_{RR}/s^2$ or $\ln k$ asks for more than $2\cdot10^5$ selections.
///
/// ```
/// use tilt::judge::{average::average, model::{BiasLaw, Candidates}};
/// let law = BiasLaw::new(0.1, 0.2, 0.9, 1.0)?;
/// assert!((average(&law, 0.0, Candidates::new(4)?)? - 0.4410312394365425).abs() < 1e-14);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn average(law: &BiasLaw, temp: f64, k: Candidates) -> Result<f64> {
    let t = reduced_temperature(temp, law.s2)?;
    average_of(law, t, k, |point| softmax(point, t, k))
}

/// The average of a loss in units of $s^2$, even in the biases, whose integrand in $b$ behaves like that of `k` candidates.
fn average_of(law: &BiasLaw, t: f64, k: Candidates, loss: impl Fn(&Reduced) -> Result<f64>) -> Result<f64> {
    if k.is_one() {
        return Ok(law.v_tt + law.s2);
    }
    let q = law.reward_variance();
    let deviation = q.sqrt();
    if deviation < 1e-150 {
        return Ok(law.s2 * loss(&law.at(0.0))?);
    }
    let extreme = (2.0 * k.ln()).sqrt();
    let step = deviation.min(1.0) / (extreme * if t < 1.0 { 2.0 } else { 1.2 }).max(3.5);
    let reach = if t >= 1.0 {
        10.0 * deviation
    } else if q < 0.4 {
        // e^{b^2} times the normal law is a wider normal law
        10.0 * deviation / (1.0 - 2.0 * q).sqrt()
    } else {
        extreme + 12.0 * deviation.max(1.0)
    };
    let count = reach / step;
    if count > LARGEST_WORK {
        return Err(Error::too_large("the average over inputs", count, LARGEST_WORK, "selections"));
    }
    let (mut total, mut mass) = (Sum::new(), Sum::new());
    for i in 0..=count as u64 {
        let b = i as f64 * step;
        let z = b / deviation;
        let weight = if i == 0 { 0.5 } else { 1.0 } * (-0.5 * z * z).exp();
        if weight > 0.0 {
            total.add(weight * loss(&law.at(b))?);
            mass.add(weight);
        }
    }
    Ok(law.s2 * (total.value() / mass.value()))
}

#[cfg(test)]
mod tests {
    use super::super::infinite::average_infinite;
    use super::super::tails::average_tail;
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
        let law = BiasLaw::new(0.1, 0.2, 0.9, 1.0).unwrap();
        close(average(&law, 4.0, k(3)).unwrap(), 0.7884291302089166, 3e-15, "T = 4");
        close(average(&law, 0.0, k(4)).unwrap(), 0.4410312394365425, 3e-15, "T = 0");
        let wide = BiasLaw::new(9.0, 6.0, 9.0, 1.0).unwrap();
        close(average(&wide, 0.0, k(20)).unwrap(), 5.8996421271937, 1e-13, "Q = 9");
        close(average(&wide, 0.0, k(1)).unwrap(), 10.0, 1e-15, "one candidate");
    }

    #[test]
    fn many_candidates_at_a_temperature() {
        let law = BiasLaw::new(0.1, 0.2, 0.9, 1.0).unwrap();
        close(
            average(&law, 4.0, k(1_000_000_000_000)).unwrap(),
            average_infinite(&law, 4.0).unwrap(),
            3e-12,
            "k = 1e12",
        );
    }

    #[test]
    fn difficulty_sets_the_rate() {
        // ratios of the exact average to its leading term, as the specification states them
        for (rho, log10_k, ratio, digits) in [
            (0.3, 4.0, 0.99967, 6e-6),
            (0.45, 4.0, 0.929, 6e-4),
            (0.8, 8.0, 0.9286, 6e-5),
            (0.8, 30.0, 0.98, 6e-5),
            (2.0, 16.0, 0.8583, 6e-5),
        ] {
            let law = BiasLaw::new(rho, rho, rho, 1.0).unwrap();
            let log_k = log10_k * std::f64::consts::LN_10;
            let exact = average(&law, 0.0, Candidates::from_log(log_k).unwrap()).unwrap();
            let leading = average_tail(rho, 1.0, log_k).unwrap().leading;
            assert!((exact / leading - ratio).abs() < digits, "{rho} {log10_k}: {}", exact / leading);
        }
    }

    /// Half the step changes nothing.
    #[test]
    fn the_step_is_fine_enough() {
        let half = |law: &BiasLaw, k: Candidates, t: f64| {
            let step = 0.25 * law.reward_variance().sqrt().min(1.0) / (2.0 * k.ln()).sqrt();
            let deviation = law.reward_variance().sqrt();
            let reach = ((2.0 * k.ln()).sqrt() + 14.0 * deviation.max(1.0)).min(if deviation < 0.5 {
                20.0 * deviation
            } else {
                1e3
            });
            let (mut total, mut mass) = (0.0, 0.0);
            for i in 0..(reach / step) as u64 {
                let z = i as f64 * step / deviation;
                let weight = if i == 0 { 0.5 } else { 1.0 } * (-0.5 * z * z).exp();
                total += weight * softmax(&law.at(i as f64 * step), t, k).unwrap();
                mass += weight;
            }
            total / mass
        };
        for (law, count, t) in [
            (BiasLaw::new(0.5, 0.5, 0.8, 1.0).unwrap(), 10_000, 0.0),
            (BiasLaw::new(100.0, 100.0, 100.0, 1.0).unwrap(), 10_000, 0.0),
            (BiasLaw::new(2.0, -1.0, 3.0, 1.0).unwrap(), 5, 1.0),
            (BiasLaw::new(0.01, 0.01, 0.02, 1.0).unwrap(), 1000, 0.1),
            (BiasLaw::new(0.35, 0.35, 0.38, 1.0).unwrap(), 1000, 0.0),
            (BiasLaw::new(0.3, 0.2, 0.9, 1.0).unwrap(), 30, 20.0),
        ] {
            close(average(&law, 2.0 * t, k(count)).unwrap(), half(&law, k(count), t), 1e-13, "half the step");
        }
    }

    #[test]
    fn a_judge_that_does_not_vary() {
        let law = BiasLaw::new(0.3, 0.0, 0.0, 2.0).unwrap();
        let hidden = law.s2 * softmax(&Reduced::new(0.0, 0.0).unwrap(), 1.0, k(5)).unwrap() + 0.3;
        close(average(&law, 4.0, k(5)).unwrap(), hidden, 1e-15, "V_RR = 0");
    }
}
