//! Hackability and simplification on a finite set of policies (R21, R22).
//!
//! $F_i$: occupancies of the policies, $J(i) = F_i\cdot\bar r$ (normalised). The pair is **hackable** on the set if $J_1(i) < J_1(k)$ and
//! $J_2(i) > J_2(k)$ for some $i, k$. $R_2$ **simplifies** $R_1$ if it never reverses it, keeps its ties, and ties some pair that
//! $R_1$ tells apart; non-trivial if $R_2$ is not constant. With $Z$ the span of differences of $F$ within the classes of equal
//! $J_1$, a non-trivial simplification exists if and only if $\dim Z \le \dim\mathrm{span}(F_i - F_0) - 2$.
//!
//! Ranks by singular values above $10^{-9}$ of the largest; ties within $10^{-9}\max|R|$. Source: Skalse et al. (2022), Definition
//! and Theorem 3 (recalled), re-derived in the specification. Cost: one elimination a policy, an SVD.

use super::mdp::Mdp;
use super::occupancy::occupancy;
use super::policy::Policy;
use super::reward::Reward;
use crate::numerics::least_squares::singular_values;
use crate::{Error, Result};

/// What holds on a finite set of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiniteSet {
    /// Whether some change lowers $J_1$ and raises $J_2$.
    pub hackable: bool,
    /// $\dim\mathrm{span}(F_i - F_0)$.
    pub dim_f: usize,
    /// $\dim Z$.
    pub dim_z: usize,
    /// Whether $R_1$ has a non-trivial simplification on the set.
    pub simplification_exists: bool,
}

const TIE: f64 = 1e-9;

/// Examines `policies` under two rewards.
///
/// # Errors
/// Field `policies` if there are none; [`Error::NotConverged`] from a sparse process.
pub fn finite_set(mdp: &Mdp, policies: &[Policy], r1: &Reward, r2: &Reward) -> Result<FiniteSet> {
    if policies.is_empty() {
        return Err(Error::invalid("policies", "[]", "at least one policy"));
    }
    let visits: Vec<Vec<f64>> = policies.iter().map(|policy| occupancy(mdp, policy)).collect::<Result<_>>()?;
    let returns =
        |r: &Reward| -> Vec<f64> { visits.iter().map(|f| crate::numerics::sum::dot(f, r.expected())).collect() };
    let (j1, j2) = (returns(r1), returns(r2));
    let (tie1, tie2) = (TIE * r1.largest(), TIE * r2.largest());
    let n = policies.len();
    let hackable = (0..n).any(|i| (0..n).any(|k| j1[k] - j1[i] > tie1 && j2[i] - j2[k] > tie2));
    // Classes: runs of the sorted returns whose neighbours tie.
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &k| j1[i].total_cmp(&j1[k]));
    let mut within: Vec<(usize, usize)> = Vec::new();
    let mut leader = order[0];
    for pair in order.windows(2) {
        if j1[pair[1]] - j1[pair[0]] > tie1 {
            leader = pair[1];
        } else {
            within.push((leader, pair[1]));
        }
    }
    let all: Vec<(usize, usize)> = (1..n).map(|i| (0, i)).collect();
    let spectrum = |pairs: &[(usize, usize)]| {
        singular_values(pairs.len(), mdp.pairs(), |i, j| visits[pairs[i].1][j] - visits[pairs[i].0][j])
    };
    let differences = spectrum(&all)?;
    let least = TIE * differences.first().copied().unwrap_or(0.0);
    let dimension = |values: &[f64]| values.iter().filter(|s| **s > least && **s > f64::EPSILON).count();
    let (dim_f, dim_z) = (dimension(&differences), dimension(&spectrum(&within)?));
    Ok(FiniteSet { hackable, dim_f, dim_z, simplification_exists: dim_z + 2 <= dim_f })
}
