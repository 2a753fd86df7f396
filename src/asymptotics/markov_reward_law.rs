//! The exact law of the total reward of a Markov chain, by a dynamic program over (state, reward so far).
//!
//! Rewards on a lattice: an array of `k (n w + 1)` cells, `O(n^2 w k^2)` updates. Otherwise each state keeps an ascending
//! list of its rewards so far; a step merges the `k` lists (every list is shifted by the reward of the state it enters, so
//! they stay ascending) and joins rewards within the level tolerance. Cells are scaled numbers: positive sums and products
//! with a relative error of about `1e-16 n k`, however deep the tail. Cost and memory grow with the number of levels;
//! what exceeds the limit is refused.

use super::lattice::Lattice;
use super::markov::Chain;
use super::markov_finite::check_start;
use super::memoryless::level_tolerance;
use super::reward_law::{ENTRY_LIMIT, OPERATION_LIMIT, sum_lattice};
use super::scaled::Scaled;
use super::type_classes::type_count;
use crate::prob::Levels;
use crate::{Error, Result};

/// The exact law of `R` for `n` symbols, the first drawn from `initial`.
///
/// # Errors
/// Fields `initial`, `n`; [`Error::TooLarge`] in operations (lattice) or table entries (otherwise).
pub fn markov_reward_law(chain: &Chain, initial: &[f64], n: u64) -> Result<Levels> {
    let initial = check_start(chain, initial, n)?;
    // No more levels than counts of states: a lattice with more points is an accident of a short sum.
    let points = (ENTRY_LIMIT / chain.states() as f64).min(type_count(n, chain.states()));
    match sum_lattice(chain.reward(), n, points) {
        Some(lattice) => on_lattice(chain, &initial, n, &lattice),
        None => by_merging(chain, &initial, n),
    }
}

fn scaled(p: &[f64]) -> Vec<Scaled> {
    p.iter().map(|&x| Scaled::new(x)).collect()
}

fn on_lattice(chain: &Chain, initial: &[f64], n: u64, lattice: &Lattice) -> Result<Levels> {
    let (states, width) = (chain.states(), lattice.width() as usize);
    let operations = 0.5 * (n as f64).powi(2) * width.max(1) as f64 * (states * states) as f64;
    if operations > OPERATION_LIMIT {
        let what = "the exact law of the chain's reward on its lattice";
        return Err(Error::too_large(what, operations, OPERATION_LIMIT, "operations"));
    }
    let transition = scaled(chain.transition());
    let count = n as usize * width + 1;
    // Cell (reward, state), reward-major: a step reads one contiguous row of states.
    let mut cells = vec![Scaled::ZERO; count * states];
    let mut next = cells.clone();
    for (state, &p) in initial.iter().enumerate() {
        cells[lattice.steps[state] as usize * states + state] = Scaled::new(p);
    }
    for symbol in 1..n as usize {
        for at in 0..=(symbol + 1) * width {
            for to in 0..states {
                let shift = lattice.steps[to] as usize;
                next[at * states + to] = if shift > at || at - shift > symbol * width {
                    Scaled::ZERO
                } else {
                    let from = &cells[(at - shift) * states..(at - shift + 1) * states];
                    inflow(from, &transition, states, to)
                };
            }
        }
        std::mem::swap(&mut cells, &mut next);
    }
    let (values, log_masses) = cells
        .chunks(states)
        .enumerate()
        .map(|(i, row)| (lattice.sum_value(n, i as u64), row.iter().fold(Scaled::ZERO, |a, &b| a.plus(b)).ln()))
        .filter(|(_, mass)| *mass > f64::NEG_INFINITY)
        .unzip();
    Levels::from_log_masses(values, log_masses)
}

/// `sum_i from_i P_{i,to}`.
fn inflow(from: &[Scaled], transition: &[Scaled], states: usize, to: usize) -> Scaled {
    let mut total = Scaled::ZERO;
    for (i, &mass) in from.iter().enumerate() {
        if !mass.is_zero() {
            total = total.plus(mass.times(transition[i * states + to]));
        }
    }
    total
}

fn by_merging(chain: &Chain, initial: &[f64], n: u64) -> Result<Levels> {
    let states = chain.states();
    let tolerance = level_tolerance(n, chain.reward());
    let transition = scaled(chain.transition());
    // Ascending rewards so far, and the masses of the states at each.
    let mut values: Vec<f64> = Vec::new();
    let mut masses: Vec<Scaled> = Vec::new();
    let mut order: Vec<usize> = (0..states).filter(|&i| initial[i] > 0.0).collect();
    order.sort_by(|&a, &b| chain.reward()[a].total_cmp(&chain.reward()[b]));
    for state in order {
        join(&mut values, &mut masses, states, chain.reward()[state], state, Scaled::new(initial[state]), tolerance);
    }
    let mut work = 0.0;
    for _ in 1..n {
        let needed = values.len() as f64 * states as f64;
        work += needed * states as f64;
        if needed > ENTRY_LIMIT {
            let what = "the exact law of the chain's reward by merging";
            return Err(Error::too_large(what, needed, ENTRY_LIMIT, "table entries"));
        }
        if work > OPERATION_LIMIT {
            let what = "the exact law of the chain's reward by merging";
            return Err(Error::too_large(what, work, OPERATION_LIMIT, "operations"));
        }
        let (old_values, old_masses) = (std::mem::take(&mut values), std::mem::take(&mut masses));
        let mut cursor = vec![0usize; states];
        // Merge the k shifted copies of one ascending list.
        while let Some(to) = (0..states).filter(|&j| cursor[j] < old_values.len()).min_by(|&a, &b| {
            let value = |j: usize| old_values[cursor[j]] + chain.reward()[j];
            value(a).total_cmp(&value(b))
        }) {
            let at = cursor[to];
            cursor[to] += 1;
            let mass = inflow(&old_masses[at * states..(at + 1) * states], &transition, states, to);
            if !mass.is_zero() {
                join(&mut values, &mut masses, states, old_values[at] + chain.reward()[to], to, mass, tolerance);
            }
        }
    }
    let log_masses = masses.chunks(states).map(|row| row.iter().fold(Scaled::ZERO, |a, &b| a.plus(b)).ln()).collect();
    Levels::from_log_masses(values, log_masses)
}

/// Adds mass at `value`, not below the last level, to that level or to a new one.
fn join(
    values: &mut Vec<f64>,
    masses: &mut Vec<Scaled>,
    states: usize,
    value: f64,
    state: usize,
    mass: Scaled,
    tolerance: f64,
) {
    match values.last() {
        Some(last) if value - last <= tolerance => {}
        _ => {
            values.push(value);
            masses.resize(values.len() * states, Scaled::ZERO);
        }
    }
    let cell = (values.len() - 1) * states + state;
    masses[cell] = masses[cell].plus(mass);
}

#[cfg(test)]
mod tests {
    use super::super::memoryless::Memoryless;
    use super::super::reward_law::reward_law;
    use super::*;

    fn brute_force(chain: &Chain, initial: &[f64], n: u32, value: f64) -> f64 {
        let k = chain.states();
        (0..k.pow(n))
            .map(|index| {
                let path: Vec<usize> = (0..n).map(|i| index / k.pow(i) % k).collect();
                let reward: f64 = path.iter().map(|&i| chain.reward()[i]).sum();
                let mass = path.windows(2).fold(initial[path[0]], |m, e| m * chain.transition()[e[0] * k + e[1]]);
                if (reward - value).abs() < 1e-9 { mass } else { 0.0 }
            })
            .sum()
    }

    #[test]
    fn brute_force_over_all_paths() {
        let rows = [vec![0.5, 0.2, 0.3], vec![0.0, 0.1, 0.9], vec![0.7, 0.2, 0.1]];
        let initial = [0.2, 0.8, 0.0];
        for reward in [[0.0, 1.0, 3.0], [0.0, 1.0, 2f64.sqrt()], [-0.1, 0.3, 0.3]] {
            let chain = Chain::new(&rows, &reward).unwrap();
            let levels = markov_reward_law(&chain, &initial, 6).unwrap();
            for (value, log_mass) in levels.values().iter().zip(levels.log_mass()) {
                let wanted = brute_force(&chain, &initial, 6, *value).ln();
                assert!((log_mass - wanted).abs() < 1e-13 * (1.0 + wanted.abs()), "{value}: {log_mass} {wanted}");
            }
        }
    }

    #[test]
    fn equal_rows_are_memoryless() {
        let p = vec![0.5, 0.3, 0.2];
        for s in [[0.0, 1.0, 2.0], [0.0, 1.0, 3f64.sqrt()]] {
            let chain = Chain::new(&[p.clone(), p.clone(), p.clone()], &s).unwrap();
            let found = markov_reward_law(&chain, &p, 60).unwrap();
            let wanted = reward_law(&Memoryless::new(&p, &s, 60).unwrap()).unwrap().levels;
            assert_eq!(found.len(), wanted.len());
            for j in 0..found.len() {
                assert!((found.values()[j] - wanted.values()[j]).abs() < 1e-12);
                assert!((found.log_mass()[j] - wanted.log_mass()[j]).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn deep_tails_are_exact() {
        // All n symbols in state 1: .2 * 1e-3^(n-1).
        let chain = Chain::new(&[vec![0.9, 0.1], vec![0.999, 1e-3]], &[0.0, 1.0]).unwrap();
        let levels = markov_reward_law(&chain, &[0.8, 0.2], 500).unwrap();
        let wanted = 0.2f64.ln() + 499.0 * 1e-3f64.ln();
        assert!((levels.log_mass()[500] - wanted).abs() < 1e-12 * wanted.abs());
    }

    #[test]
    fn sizes_are_refused() {
        let chain = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap();
        assert!(matches!(markov_reward_law(&chain, &[0.8, 0.2], 1_000_000), Err(Error::TooLarge { .. })));
    }
}
