//! How far a preference is from a ranking (quantity `games.intransitivity`).
//!
//! The advantage splits orthogonally into a gradient $s_i - s_j$, $s_i = \frac1Y\sum_j A_{ij}$, and a curl (combinatorial
//! Hodge decomposition on the complete graph; Jiang et al. 2011). `curl_fraction` is the share of $\sum A_{ij}^2$ in the
//! curl, from its own squares, so that it keeps its digits where it is small. Strict cycles are counted on bit sets:
//! $\sum_{i \to j} |\mathrm{out}(j) \cap \mathrm{in}(i)|/3$, $O(Y^3/64)$.

use super::payoff::Payoff;
use super::preference::Preference;
use crate::numerics::sum::sum;

/// The report.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Intransitivity {
    /// The action strictly preferred to every other, -1 if none.
    pub condorcet_winner: i64,
    /// Three-cycles of strict preferences.
    pub strict_cycles: u64,
    /// Mean preference over the other actions.
    pub borda: Vec<f64>,
    /// Share of the squared advantage that no ranking explains.
    pub curl_fraction: f64,
}

/// The report of a preference.
///
/// ```
/// use tilt::games::{families::cyclic, intransitivity::intransitivity};
/// let report = intransitivity(&cyclic(3, 1.0)?);
/// assert_eq!((report.condorcet_winner, report.strict_cycles), (-1, 1));
/// assert_eq!((report.borda, report.curl_fraction), (vec![0.5; 3], 1.0));
/// # Ok::<(), tilt::Error>(())
/// ```
pub fn intransitivity(preference: &Preference) -> Intransitivity {
    let n = preference.size();
    let beats_all = |i: usize| (0..n).all(|j| i == j || preference.advantage(i, j) > 0.0);
    let condorcet_winner = (0..n).find(|&i| beats_all(i)).map_or(-1, |i| i as i64);
    let borda = (0..n).map(|i| {
        let others = sum((0..n).filter(|&j| j != i).map(|j| preference.advantage(i, j)));
        if n > 1 { 0.5 + others / (n as f64 - 1.0) } else { 0.0 }
    });
    let mean: Vec<f64> = (0..n).map(|i| sum(preference.row(i).iter().copied()) / n as f64).collect();
    let total = sum(preference.advantages().iter().map(|a| a * a));
    let curl = sum((0..n * n).map(|k| {
        let rest = preference.advantages()[k] - (mean[k / n] - mean[k % n]);
        rest * rest
    }));
    Intransitivity {
        condorcet_winner,
        strict_cycles: strict_cycles(preference),
        borda: borda.collect(),
        curl_fraction: if total > 0.0 { (curl / total).min(1.0) } else { 0.0 },
    }
}

fn strict_cycles(preference: &Preference) -> u64 {
    let n = preference.size();
    let words = n.div_ceil(64);
    let (mut wins, mut losses) = (vec![0u64; n * words], vec![0u64; n * words]);
    for i in 0..n {
        for j in 0..n {
            if i != j && preference.advantage(i, j) > 0.0 {
                wins[i * words + j / 64] |= 1 << (j % 64);
                losses[j * words + i / 64] |= 1 << (i % 64);
            }
        }
    }
    let mut cycles = 0;
    for i in 0..n {
        for j in 0..n {
            if wins[i * words + j / 64] >> (j % 64) & 1 == 1 {
                let closing = wins[j * words..][..words].iter().zip(&losses[i * words..][..words]);
                cycles += closing.map(|(a, b)| u64::from((a & b).count_ones())).sum::<u64>();
            }
        }
    }
    cycles / 3
}

/// Strict three-cycles by enumeration of triples: the second route, $O(Y^3)$.
pub fn strict_cycles_by_triples(preference: &Preference) -> u64 {
    let n = preference.size();
    let beats = |i: usize, j: usize| preference.advantage(i, j) > 0.0;
    let mut cycles = 0;
    for i in 0..n {
        for j in i + 1..n {
            for k in j + 1..n {
                let cycle = |a, b, c| beats(a, b) && beats(b, c) && beats(c, a);
                cycles += u64::from(cycle(i, j, k) || cycle(k, j, i));
            }
        }
    }
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::families::{bradley_terry, sine};

    #[test]
    fn bit_sets_against_triples() {
        for n in [1, 2, 3, 10, 63, 64, 65, 100] {
            assert_eq!(strict_cycles(&sine(n)), strict_cycles_by_triples(&sine(n)), "{n}");
        }
    }

    #[test]
    fn a_ranking_has_a_winner_and_no_cycles() {
        let report = intransitivity(&bradley_terry(&[0.0, 3.0, 1.0, 1.0], 2.0).unwrap());
        assert_eq!((report.condorcet_winner, report.strict_cycles), (1, 0));
        // Nearly linear preferences are nearly a gradient: the curl is of sixth order in the rewards.
        let near = intransitivity(&bradley_terry(&[0.0, 3e-3, 1e-3], 1.0).unwrap());
        assert!(near.curl_fraction < 1e-12, "{}", near.curl_fraction);
        let one = intransitivity(&sine(1));
        assert_eq!((one.condorcet_winner, one.borda, one.curl_fraction), (0, vec![0.0], 0.0));
        // A tie at the top: no strict winner.
        assert_eq!(intransitivity(&bradley_terry(&[1.0, 1.0], 1.0).unwrap()).condorcet_winner, -1);
    }

    #[test]
    fn the_share_of_the_specification() {
        // 1 - sum (s_i - s_j)^2 / sum A^2: the definition, where it does not cancel.
        let game = sine(12);
        let n = 12.0;
        let mean: Vec<f64> = (0..12).map(|i| game.row(i).iter().sum::<f64>() / n).collect();
        let gradient: f64 = (0..144).map(|k| (mean[k / 12] - mean[k % 12]).powi(2)).sum();
        let total: f64 = game.advantages().iter().map(|a| a * a).sum();
        assert!((intransitivity(&game).curl_fraction - (1.0 - gradient / total)).abs() < 1e-14);
    }
}
