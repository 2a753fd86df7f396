//! Cycles of maximal mean reward of a weighted graph, and the largest KL rate of a Markov chain.
//!
//! Under the tilt of a chain by `b -> inf` only the *critical* edges survive: those on cycles whose mean reward is the
//! maximum `lambda` (R.M. Karp 1978). The limit of the KL rate is `Delta_max = -log rho(P restricted to critical edges)`
//! (derived); for one simple critical cycle `C` that is `-(1/|C|) sum_C log P_e`.
//!
//! Potentials: `h_i`, the largest weight of a walk from `i` in the weights `w - lambda`, satisfies
//! `h_i >= w_ij - lambda + h_j`; edges with equality are *tight*, a cycle is critical if and only if all its edges are
//! tight, so the critical edges are the tight edges inside strong components of the tight graph. Equality is meant up to
//! rounding: `1e-12 max(1, max|w|)` an edge. Cost `O(k^3)`.

use super::markov::Chain;
use super::perron::perron;
use crate::Result;

/// The critical graph of a weighted graph.
#[derive(Clone, Debug, PartialEq)]
pub struct CriticalGraph {
    /// The maximal mean weight of a cycle.
    pub mean: f64,
    /// The critical edges `(from, to)`.
    pub edges: Vec<(usize, usize)>,
    /// For each vertex, the strong component of the critical graph that it lies in.
    pub component: Vec<usize>,
}

/// The largest mean weight of a cycle: Karp's algorithm on a strongly connected graph. `weights` is row-major `[k, k]`,
/// `-inf` where there is no edge. Cost `O(k^3)`.
pub fn maximal_cycle_mean(weights: &[f64], states: usize) -> f64 {
    // walk[l][v]: the largest weight of a walk of l edges from vertex 0 to v.
    let mut walk = vec![vec![f64::NEG_INFINITY; states]; states + 1];
    walk[0][0] = 0.0;
    for l in 1..=states {
        for from in 0..states {
            if walk[l - 1][from] > f64::NEG_INFINITY {
                for to in 0..states {
                    walk[l][to] = walk[l][to].max(walk[l - 1][from] + weights[from * states + to]);
                }
            }
        }
    }
    let mut best = f64::NEG_INFINITY;
    for (v, &longest) in walk[states].iter().enumerate().filter(|(_, w)| **w > f64::NEG_INFINITY) {
        let worst = (0..states)
            .filter(|&l| walk[l][v] > f64::NEG_INFINITY)
            .map(|l| (longest - walk[l][v]) / (states - l) as f64)
            .fold(f64::INFINITY, f64::min);
        best = best.max(worst);
    }
    best
}

/// The critical graph of a strongly connected weighted graph (`weights` as in [`maximal_cycle_mean`]).
pub fn critical_graph(weights: &[f64], states: usize) -> CriticalGraph {
    let mean = maximal_cycle_mean(weights, states);
    let scale = weights.iter().filter(|w| w.is_finite()).fold(1.0f64, |a, w| a.max(w.abs()));
    let tolerance = 1e-12 * scale;
    let from_zero = vec![0.0; states];
    let potential = relax(weights, states, mean, from_zero);
    let tight = |i: usize, j: usize| {
        let w = weights[i * states + j];
        w > f64::NEG_INFINITY && potential[i] - (w - mean + potential[j]) <= tolerance
    };
    let component = strong_components(states, tight);
    let edges = (0..states)
        .flat_map(|i| (0..states).map(move |j| (i, j)))
        .filter(|&(i, j)| component[i] == component[j] && tight(i, j))
        .collect();
    CriticalGraph { mean, edges, component }
}

/// Max-plus eigenvector: the largest weight, under `weights - mean`, of a walk from each vertex to the vertex `target` of
/// the critical graph. Then `weights[i][j] - mean + h[j] - h[i] <= 0` up to rounding, with equality in every row.
pub(crate) fn max_plus_potential(weights: &[f64], states: usize, mean: f64, target: usize) -> Vec<f64> {
    let mut start = vec![f64::NEG_INFINITY; states];
    start[target] = 0.0;
    relax(weights, states, mean, start)
}

fn relax(weights: &[f64], states: usize, mean: f64, mut h: Vec<f64>) -> Vec<f64> {
    for _ in 0..states {
        for i in 0..states {
            for j in 0..states {
                h[i] = h[i].max(weights[i * states + j] - mean + h[j]);
            }
        }
    }
    h
}

/// Numbers the strong components of the graph with edges `edge(i, j)` by their smallest vertex. Reachability by
/// breadth-first search from every vertex: `O(k^3)`, the order of everything around it.
fn strong_components(states: usize, edge: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let reach: Vec<Vec<bool>> = (0..states).map(|from| reachable(states, from, &edge)).collect();
    (0..states).map(|i| (0..states).find(|&j| j == i || (reach[i][j] && reach[j][i])).unwrap_or(i)).collect()
}

/// The vertices that can be reached from `from` (itself included).
pub(crate) fn reachable(states: usize, from: usize, edge: impl Fn(usize, usize) -> bool) -> Vec<bool> {
    let mut seen = vec![false; states];
    let mut queue = vec![from];
    seen[from] = true;
    while let Some(i) = queue.pop() {
        for (j, seen_j) in seen.iter_mut().enumerate() {
            if !*seen_j && edge(i, j) {
                *seen_j = true;
                queue.push(j);
            }
        }
    }
    seen
}

/// The limit of a chain's tilt as `beta -> inf`.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainLimit {
    /// Largest mean reward of a cycle: the limit of the mean reward.
    pub mean: f64,
    /// `Delta_max`: the limit of the KL rate, in nats a symbol.
    pub delta_max: f64,
}

/// The mean reward and the KL rate of the tilted chain in the limit `beta -> inf` (R29).
///
/// ```
/// use tilt::asymptotics::{critical_cycles::chain_limit, markov::Chain};
/// let chain = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[0.0, 1.0]).unwrap();
/// let limit = chain_limit(&chain).unwrap();
/// assert_eq!(limit.mean, 1.0);
/// assert!((limit.delta_max - 0.510825623765991).abs() < 1e-15);
/// ```
pub fn chain_limit(chain: &Chain) -> Result<ChainLimit> {
    let states = chain.states();
    let weights: Vec<f64> = (0..states * states)
        .map(|e| if chain.transition()[e] > 0.0 { chain.reward()[e % states] } else { f64::NEG_INFINITY })
        .collect();
    let graph = critical_graph(&weights, states);
    let mut log_rho = f64::NEG_INFINITY;
    for root in 0..states {
        // Vertices of one component share its smallest vertex as number.
        let members: Vec<usize> = (0..states).filter(|&i| graph.component[i] == root).collect();
        let place = |i: usize| members.iter().position(|&m| m == i);
        let size = members.len();
        let mut log_matrix = vec![f64::NEG_INFINITY; size * size];
        let mut edges = 0;
        for &(i, j) in &graph.edges {
            if let (Some(a), Some(b)) = (place(i), place(j)) {
                log_matrix[a * size + b] = chain.transition()[i * states + j].ln();
                edges += 1;
            }
        }
        if edges > 0 {
            log_rho = log_rho.max(perron(&log_matrix, size)?.log_root);
        }
    }
    // All edges critical: the restriction is P itself, whose root is 1 up to rounding.
    let all = weights.iter().filter(|w| w.is_finite()).count() == graph.edges.len();
    Ok(ChainLimit { mean: graph.mean, delta_max: if all { 0.0 } else { (-log_rho).max(0.0) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: f64 = f64::NEG_INFINITY;

    #[test]
    fn karp_finds_the_best_cycle() {
        // 0 -> 1 -> 2 -> 0 with weights 1, 5, 0 (mean 2); loop at 1 of weight 1.5.
        let w = [NONE, 1.0, NONE, NONE, 1.5, 5.0, 0.0, NONE, NONE];
        assert_eq!(maximal_cycle_mean(&w, 3), 2.0);
        let graph = critical_graph(&w, 3);
        assert_eq!(graph.edges, [(0, 1), (1, 2), (2, 0)]);
    }

    #[test]
    fn critical_edges_of_two_separate_loops() {
        // Loops of weight 1 at both states; the edges between them are worse.
        let graph = critical_graph(&[1.0, 0.0, 1.0, 1.0], 2);
        assert_eq!(graph.mean, 1.0);
        assert_eq!(graph.edges, [(0, 0), (1, 1)]);
    }

    #[test]
    fn one_simple_cycle_has_its_geometric_mean() {
        let chain =
            Chain::new(&[vec![0.5, 0.2, 0.3], vec![0.1, 0.1, 0.8], vec![0.7, 0.2, 0.1]], &[0.0, 2.0, 1.0]).unwrap();
        // Means: loop at 1 has 2. Make the loop bad by forbidding it.
        assert!((chain_limit(&chain).unwrap().delta_max + 0.1f64.ln()).abs() < 1e-14);
        let chain =
            Chain::new(&[vec![0.5, 0.2, 0.3], vec![0.2, 0.0, 0.8], vec![0.7, 0.2, 0.1]], &[0.0, 2.0, 1.0]).unwrap();
        let limit = chain_limit(&chain).unwrap();
        assert_eq!(limit.mean, 1.5);
        assert!((limit.delta_max + (0.8f64 * 0.2).ln() / 2.0).abs() < 1e-14);
    }

    #[test]
    fn constant_reward_has_no_room() {
        let chain = Chain::new(&[vec![0.9, 0.1], vec![0.4, 0.6]], &[3.0, 3.0]).unwrap();
        assert_eq!(chain_limit(&chain).unwrap(), ChainLimit { mean: 3.0, delta_max: 0.0 });
    }

    #[test]
    fn equal_rows_are_the_memoryless_case() {
        // Delta_max = -log p(A*) = -log .3.
        let row = vec![0.4, 0.1, 0.2, 0.3];
        let chain = Chain::new(&[row.clone(), row.clone(), row.clone(), row], &[0.0, 1.0, 1.0, -1.0]).unwrap();
        assert!((chain_limit(&chain).unwrap().delta_max + 0.3f64.ln()).abs() < 1e-14);
    }
}
