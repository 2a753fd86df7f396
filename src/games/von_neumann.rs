//! The von Neumann winner: a policy that no action beats, $A\pi \le 0$; ties broken by the KL projection of the reference.
//!
//! 1. A strictly complementary pair from the [central path](super::central_path) gives $S$, the union of all supports. By
//!    complementarity the winners are $\{\pi$ on $S$, $A_{SS}\pi = 0$, $A_{yS}\pi \le 0$ elsewhere$\}$, all strict at that point.
//! 2. $A_{SS}$ with a one-dimensional kernel: the winner is unique, and is that kernel (singular vectors, then normalised).
//! 3. Otherwise minimise $D(\pi\|\pi_{ref})$ there by a primal-dual interior point in the null space of the equalities. The
//!    minimiser is $\lim_{\beta\to0} \pi^*_\beta$ (R24, derived), positive on all of $S$, and so has multipliers.
//!
//! Absolute accuracy about 1e-13 times the condition of $A_{SS}$. $O(Y^3)$ an iteration. The certificate is the
//! exploitability $\max_y (A\pi)_y$, returned beside the policy.

use super::central_path::central_point;
use super::game::exploitability;
use super::payoff::Payoff;
use super::policy::Reference;
use super::preference::Preference;
use crate::numerics::factorised::Factorised;
use crate::numerics::spectrum::null_space;
use crate::numerics::sum::{dot, sum};
use crate::{Error, Result};

/// Singular values below this, relative to the largest, are kernel.
const KERNEL: f64 = 1e-11;

/// A von Neumann winner (quantity `games.von_neumann`).
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct VonNeumann {
    /// The KL projection of the reference on the set of winners.
    pub pi: Vec<f64>,
    /// The largest advantage of an action against it: the certificate.
    pub exploitability: f64,
}

/// The set of all von Neumann winners, as a face of the simplex.
#[derive(Clone, Debug, PartialEq)]
pub struct WinnerSet {
    /// The actions that some winner uses, ascending.
    pub support: Vec<usize>,
    /// A winner with all of that support, of the length of the game.
    pub centre: Vec<f64>,
    /// Orthonormal directions along which winners differ, on the support; empty where the winner is unique.
    pub directions: Vec<Vec<f64>>,
}

/// The set of winners.
///
/// # Errors
/// [`Error::NotConverged`] if no tolerance tells the support from the rest.
///
/// ```
/// use tilt::games::{families::cyclic, von_neumann::winner_set};
/// let set = winner_set(&cyclic(5, 0.2)?)?;
/// assert_eq!((set.support.len(), set.directions.len()), (5, 0));
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn winner_set(preference: &Preference) -> Result<WinnerSet> {
    let mut failure = 0.0;
    for gap in [1e-9, 1e-11, 1e-13] {
        let Ok(point) = central_point(preference, gap) else { continue };
        let support: Vec<usize> = (0..preference.size()).filter(|&i| point.policy[i] > point.slack[i]).collect();
        if support.is_empty() {
            continue;
        }
        let set = on_support(preference, support, &point.policy)?;
        let worst = exploitability(preference, &set.centre);
        if set.centre.iter().all(|p| *p >= 0.0) && worst <= 1e-13 {
            return Ok(set);
        }
        failure = worst;
    }
    Err(Error::NotConverged {
        method: "the support of the von Neumann winners".into(),
        iterations: 3,
        residual: failure,
        tolerance: 1e-13,
    })
}

/// Moves the interior point on to the equalities $A_{SS}\pi = 0$, $\sum \pi = 1$.
fn on_support(preference: &Preference, support: Vec<usize>, policy: &[f64]) -> Result<WinnerSet> {
    let k = support.len();
    let mut rows: Vec<f64> =
        support.iter().flat_map(|&i| support.iter().map(move |&j| preference.advantage(i, j))).collect();
    let kernel = if rows.iter().all(|a| *a == 0.0) {
        (0..k).map(|c| (0..k).map(|i| f64::from(i == c)).collect()).collect()
    } else {
        null_space(&rows, k, k, KERNEL)?
    };
    // The projection of the interior point on the kernel of A_SS.
    let own: Vec<f64> = support.iter().map(|&i| policy[i]).collect();
    let mut centre = vec![0.0; k];
    for direction in &kernel {
        let along = dot(direction, &own);
        centre.iter_mut().zip(direction).for_each(|(c, d)| *c += along * d);
    }
    let total = sum(centre.iter().copied());
    rows.extend(vec![1.0; k]);
    let directions = if kernel.len() > 1 { null_space(&rows, k + 1, k, KERNEL)? } else { Vec::new() };
    let mut full = vec![0.0; policy.len()];
    support.iter().zip(&centre).for_each(|(&i, c)| full[i] = c / total);
    Ok(WinnerSet { support, centre: full, directions })
}

/// The KL projection of the reference on the set of von Neumann winners.
///
/// # Errors
/// [`Error::InvalidInput`] if the reference has another size; [`Error::NotConverged`] if an interior point stalls.
///
/// ```
/// use tilt::games::{families::cyclic, policy::Reference, von_neumann::von_neumann};
/// let winner = von_neumann(&cyclic(3, 1.0)?, &Reference::new(&[0.6, 0.3, 0.1])?)?;
/// assert!(winner.pi.iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-15) && winner.exploitability < 1e-15);
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn von_neumann(preference: &Preference, reference: &Reference) -> Result<VonNeumann> {
    if reference.size() != preference.size() {
        let found = format!("a vector of length {}", reference.size());
        return Err(Error::invalid("ref", found, format!("{} probabilities, one an action", preference.size())));
    }
    let set = winner_set(preference)?;
    let pi = if set.directions.is_empty() { set.centre } else { project(preference, reference, &set)? };
    let exploitability = exploitability(preference, &pi);
    Ok(VonNeumann { pi, exploitability })
}

/// The interior point of step 3, in coordinates $w$: $\pi = c + Z w$ on $S$, $s = -A_{\bar S S}\pi > 0$ outside.
struct Projection<'a> {
    /// $Z^T$, by rows.
    directions: &'a [Vec<f64>],
    /// $\log\pi_{ref}$ on $S$.
    log_reference: Vec<f64>,
    centre: Vec<f64>,
    slack_at_centre: Vec<f64>,
    /// $B = A_{\bar S S} Z$: by outside action, then direction.
    outside: Vec<Vec<f64>>,
}

impl Projection<'_> {
    fn policy(&self, w: &[f64]) -> Vec<f64> {
        let mut pi = self.centre.clone();
        for (direction, w) in self.directions.iter().zip(w) {
            pi.iter_mut().zip(direction).for_each(|(p, d)| *p += w * d);
        }
        pi
    }

    fn slack(&self, w: &[f64]) -> Vec<f64> {
        self.slack_at_centre.iter().zip(&self.outside).map(|(s, row)| s - dot(row, w)).collect()
    }

    /// $Z^T \log(\pi/\pi_{ref}) + B^T \nu$.
    fn gradient(&self, pi: &[f64], multipliers: &[f64]) -> Vec<f64> {
        let log_ratio: Vec<f64> = pi.iter().zip(&self.log_reference).map(|(p, l)| p.ln() - l).collect();
        let mut gradient: Vec<f64> = self.directions.iter().map(|z| dot(z, &log_ratio)).collect();
        for (row, nu) in self.outside.iter().zip(multipliers) {
            gradient.iter_mut().zip(row).for_each(|(g, b)| *g += nu * b);
        }
        gradient
    }

    /// The norm of the optimality conditions at barrier `mu`; infinite outside the interior.
    fn merit(&self, w: &[f64], multipliers: &[f64], mu: f64) -> f64 {
        let (pi, slack) = (self.policy(w), self.slack(w));
        if pi.iter().chain(&slack).chain(multipliers).any(|x| x.is_nan() || *x <= 0.0) {
            return f64::INFINITY;
        }
        let gradient = self.gradient(&pi, multipliers);
        let products = slack.iter().zip(multipliers).map(|(s, nu)| s * nu - mu);
        gradient.iter().copied().chain(products).map(|x| x * x).sum::<f64>().sqrt()
    }

    /// Newton's direction for `(w, nu)`.
    fn direction(&self, w: &[f64], multipliers: &[f64], mu: f64) -> Result<(Vec<f64>, Vec<f64>)> {
        let k = w.len();
        let (pi, slack) = (self.policy(w), self.slack(w));
        let mut right: Vec<f64> = self.gradient(&pi, multipliers).iter().map(|g| -g).collect();
        let mut matrix = vec![0.0; k * k];
        for a in 0..k {
            for b in 0..k {
                let (za, zb) = (&self.directions[a], &self.directions[b]);
                matrix[a * k + b] = sum(pi.iter().zip(za.iter().zip(zb)).map(|(p, (x, y))| x * y / p));
            }
        }
        for ((row, s), nu) in self.outside.iter().zip(&slack).zip(multipliers) {
            for a in 0..k {
                right[a] -= row[a] * (mu - nu * s) / s;
                for b in 0..k {
                    matrix[a * k + b] += row[a] * row[b] * nu / s;
                }
            }
        }
        // Nearly singular where a constraint is active, in the direction that it fixes: no harm to the others.
        let dw = Factorised::new(&matrix, k)?.solve(&right)?;
        let d_multipliers = (0..multipliers.len()).map(|y| {
            let along = dot(&self.outside[y], &dw);
            (mu - multipliers[y] * slack[y] + multipliers[y] * along) / slack[y]
        });
        let d_multipliers = d_multipliers.collect();
        Ok((dw, d_multipliers))
    }
}

fn project(preference: &Preference, reference: &Reference, set: &WinnerSet) -> Result<Vec<f64>> {
    let others: Vec<usize> = (0..preference.size()).filter(|i| !set.support.contains(i)).collect();
    let on_support = |y: usize| -> Vec<f64> { set.support.iter().map(|&j| preference.advantage(y, j)).collect() };
    let centre: Vec<f64> = set.support.iter().map(|&i| set.centre[i]).collect();
    let problem = Projection {
        directions: &set.directions,
        log_reference: set.support.iter().map(|&i| reference.log_probs()[i]).collect(),
        slack_at_centre: others.iter().map(|&y| -dot(&on_support(y), &centre)).collect(),
        outside: others.iter().map(|&y| set.directions.iter().map(|z| dot(&on_support(y), z)).collect()).collect(),
        centre,
    };
    let mut w = vec![0.0; set.directions.len()];
    let mut mu = 1.0;
    let mut multipliers: Vec<f64> = problem.slack_at_centre.iter().map(|s| mu / s).collect();
    let mut iterations = 0;
    loop {
        let last = mu <= 1e-15 || multipliers.is_empty();
        let goal = if last { 1e-14 } else { 0.1 * mu };
        let mut merit = problem.merit(&w, &multipliers, mu);
        while merit > goal {
            iterations += 1;
            let (dw, d_multipliers) = problem.direction(&w, &multipliers, mu)?;
            let mut length = 1.0;
            let next = loop {
                let moved =
                    |x: &[f64], d: &[f64]| -> Vec<f64> { x.iter().zip(d).map(|(x, d)| x + length * d).collect() };
                let (new_w, new_multipliers) = (moved(&w, &dw), moved(&multipliers, &d_multipliers));
                let new = problem.merit(&new_w, &new_multipliers, mu);
                if new <= (1.0 - 0.01 * length) * merit {
                    break Some((new_w, new_multipliers, new));
                }
                length *= 0.5;
                if length < 1e-12 {
                    break None;
                }
            };
            match next {
                Some((new_w, new_multipliers, new)) => (w, multipliers, merit) = (new_w, new_multipliers, new),
                // Rounding of the gradient: good enough, or a failure.
                None if merit <= 1e-9 || !last => break,
                None => {
                    return Err(Error::NotConverged {
                        method: "the KL projection on the von Neumann winners".into(),
                        iterations,
                        residual: merit,
                        tolerance: 1e-9,
                    });
                }
            }
            if iterations > 2000 {
                return Err(Error::NotConverged {
                    method: "the KL projection on the von Neumann winners".into(),
                    iterations,
                    residual: merit,
                    tolerance: goal,
                });
            }
        }
        if last {
            break;
        }
        mu *= 0.1;
    }
    let pi = problem.policy(&w);
    let total = sum(pi.iter().copied());
    let mut full = vec![0.0; preference.size()];
    set.support.iter().zip(&pi).for_each(|(&i, p)| full[i] = p / total);
    Ok(full)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::equilibrium::equilibrium;
    use crate::games::game::Game;

    fn q() -> Preference {
        Preference::new(&[
            vec![0.5, 0.7, 0.2, 0.9, 0.6],
            vec![0.3, 0.5, 0.8, 0.4, 0.45],
            vec![0.8, 0.2, 0.5, 0.35, 0.7],
            vec![0.1, 0.6, 0.65, 0.5, 0.25],
            vec![0.4, 0.55, 0.3, 0.75, 0.5],
        ])
        .unwrap()
    }

    #[test]
    fn a_unique_winner() {
        // S6: (3/8, 3/8, 1/4, 0, 0).
        let winner = von_neumann(&q(), &Reference::uniform(5).unwrap()).unwrap();
        for (p, w) in winner.pi.iter().zip([0.375, 0.375, 0.25, 0.0, 0.0]) {
            assert!((p - w).abs() < 1e-14, "{:?}", winner.pi);
        }
        assert!(winner.exploitability < 1e-15);
    }

    #[test]
    fn without_preferences_the_reference_wins() {
        let ties = Preference::new(&vec![vec![0.5; 4]; 4]).unwrap();
        let reference = Reference::new(&[0.1, 0.2, 0.3, 0.4]).unwrap();
        let winner = von_neumann(&ties, &reference).unwrap();
        for (p, r) in winner.pi.iter().zip(reference.probs()) {
            assert!((p - r).abs() < 1e-13, "{:?}", winner.pi);
        }
        // Two tied best actions: the reference conditioned on them.
        let mut p = vec![vec![0.5; 3]; 3];
        (p[0][2], p[2][0], p[1][2], p[2][1]) = (0.75, 0.25, 0.9, 0.1);
        let winner = von_neumann(&Preference::new(&p).unwrap(), &Reference::new(&[0.2, 0.3, 0.5]).unwrap()).unwrap();
        assert!((winner.pi[0] - 0.4).abs() < 1e-13 && winner.pi[2] == 0.0, "{:?}", winner.pi);
    }

    #[test]
    fn ties_are_broken_as_the_limit_of_regularised_equilibria() {
        // Payoffs in {-1/2, -1/4, 0, 1/4, 1/2}: several winners are common. The distance at beta is O(beta log 1/beta).
        let mut several = 0;
        for seed in 0..60u32 {
            let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
            let n = 3 + (seed % 4) as usize;
            let game = Preference::from_upper(n, |_, _| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                0.25 * (f64::from(state >> 16 & 0xff) / 256.0 * 5.0).floor() - 0.5
            });
            let reference =
                Reference::from_logits(&(0..n).map(|i| f64::from(seed + i as u32).sin()).collect::<Vec<_>>());
            let reference = reference.unwrap();
            let set = winner_set(&game).unwrap();
            let winner = von_neumann(&game, &reference).unwrap();
            assert!(winner.exploitability < 1e-13);
            several += usize::from(!set.directions.is_empty());
            let near = equilibrium(&Game::new(game, reference, 1e-4).unwrap()).unwrap();
            let distance: f64 = near.policy.probs().iter().zip(&winner.pi).map(|(a, b)| (a - b).abs()).sum();
            assert!(distance < 0.02, "seed {seed}: {distance} {:?} {:?}", near.policy.probs(), winner.pi);
        }
        assert!(several > 10, "{several}");
    }
}
