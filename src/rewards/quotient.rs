//! Quotient norms: the smallest norm of any reward that differs by shaping and redistribution only.
//!
//! $$\|\[R\]\| = \min_\phi N(\kappa\,x), \qquad x = \bar r + G\phi,$$
//!
//! | norm of $R$ on $(s,a,s')$ | $\kappa(s,a)$ | $N$ |
//! |---|---|---|
//! | $L_1$ | $1/\max P$ | sum |
//! | $L_2$ | $1/\|P\|_2$ | root of squares |
//! | $L_\infty$ | $1$ (given $\sum P = 1$) | max |
//! | $\tau$-weighted $L_1$, $L_2$ | 1 | sum, root of squares |
//! | $\tau$-weighted sup | 1 over the number of $s'$ with $P > 0$ | max |
//!
//! $L_2$ types by least squares, the others by a linear program in $\phi$ ($S + SA$ or $S + 1$ variables): for small processes.
//! The minimiser of $L_1$ and sup types need not be unique. Source: specification, section 4.3 (derived).

use super::mdp::Mdp;
use super::minimal::Minimal;
use super::norm::Norm;
use crate::numerics::linear_program::maximise;
use crate::{Error, Result};

/// The quotient norm of the reward `r` on pairs, and the minimiser $x$ on pairs.
///
/// # Errors
/// Field `norm` for the span, which is a quotient norm itself; [`Error::TooLarge`] for programs of more than 400 pairs.
pub fn quotient_norm(mdp: &Mdp, r: &[f64], norm: Norm) -> Result<(f64, Vec<f64>)> {
    let factors = factors(mdp, norm)?;
    match norm {
        Norm::L2 | Norm::L2Tau => {
            let weights = factors.iter().map(|k| k * k).collect();
            let (_, x) = Minimal::new(mdp, weights)?.apply(r)?;
            let square = x.iter().zip(&factors).map(|(x, k)| (k * x).powi(2)).sum::<f64>();
            Ok((square.sqrt(), x))
        }
        _ => by_program(mdp, r, &factors, matches!(norm, Norm::L1 | Norm::L1Tau)),
    }
}

/// $\kappa$ on pairs.
fn factors(mdp: &Mdp, norm: Norm) -> Result<Vec<f64>> {
    let of_row = |pair: usize| {
        let (mut largest, mut square, mut support) = (0.0f64, 0.0, 0.0);
        mdp.transitions().visit(mdp.states(), pair, |_, p, _| {
            largest = largest.max(p);
            square += p * p;
            support += f64::from(u8::from(p > 0.0));
        });
        match norm {
            Norm::L1 => Some(1.0 / largest),
            Norm::L2 => Some(1.0 / f64::sqrt(square)),
            Norm::Linf | Norm::L1Tau | Norm::L2Tau => Some(1.0),
            Norm::LinfTau => Some(1.0 / support),
            Norm::Span => None,
        }
    };
    let found: Option<Vec<f64>> = (0..mdp.pairs()).map(of_row).collect();
    found.ok_or_else(|| Error::invalid("norm", "span", "a norm on (s, a, s')"))
}

const MOST_PAIRS: usize = 400;

/// $\min\sum\kappa|x|$ or $\min\max\kappa|x|$: variables $u$ (bounds of $\kappa|x|$) and $\phi = \phi^+ - \phi^-$.
fn by_program(mdp: &Mdp, r: &[f64], factors: &[f64], sum: bool) -> Result<(f64, Vec<f64>)> {
    let (pairs, states) = (mdp.pairs(), mdp.states());
    if pairs > MOST_PAIRS {
        return Err(Error::too_large("the linear program", pairs as f64, MOST_PAIRS as f64, "pairs"));
    }
    // Divided by its size, the reward fits the program's tolerances whatever its unit.
    let size = r.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    if size == 0.0 {
        return Ok((0.0, r.to_vec()));
    }
    let bounds = if sum { pairs } else { 1 };
    let width = bounds + 2 * states;
    let mut objective = vec![0.0; width];
    objective[..bounds].fill(-1.0);
    let mut rows = Vec::with_capacity(2 * pairs);
    for pair in 0..pairs {
        for sign in [1.0, -1.0] {
            // sign kappa (r + G phi) - u <= 0
            let mut row = vec![0.0; width];
            row[if sum { pair } else { 0 }] = -1.0;
            let scale = sign * factors[pair];
            let mut add = |s: usize, value: f64| {
                row[bounds + s] += value;
                row[bounds + states + s] -= value;
            };
            add(pair / mdp.actions(), -scale);
            mdp.transitions().visit(states, pair, |t, p, _| add(t, scale * mdp.gamma() * p));
            rows.push((row, -scale * r[pair] / size));
        }
    }
    let best = maximise(&objective, &rows, &[])?.optimum()?;
    let phi: Vec<f64> = (0..states).map(|s| size * (best.x[bounds + s] - best.x[bounds + states + s])).collect();
    let mut x = vec![0.0; pairs];
    mdp.shaping(&phi, &mut x);
    x.iter_mut().zip(r).for_each(|(x, r)| *x += r);
    let scaled = x.iter().zip(factors).map(|(x, k)| k * x.abs());
    Ok((if sum { scaled.sum() } else { scaled.fold(0.0, f64::max) }, x))
}
