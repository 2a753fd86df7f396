//! Canonicalisations that move a reward by a potential only: $C(R) = R + \gamma\Phi(s') - \Phi(s)$, plus EPIC's and DARD's.
//!
//! | name | $C(R)(s,a,s') - R(s,a,s')$ | source |
//! |---|---|---|
//! | EPIC | $\gamma m(s') - m(s) - \gamma\bar m$, $m(s) = E_{A,S'}R(s,A,S')$, $\bar m = E_{S}m$ | Gleave et al. (2021) |
//! | DARD | $\gamma m(s') - m(s) - \gamma h(s,s')$, $m(s) = E_A \bar r(s,A)$, $h = E_{A,S',S''}R(S',A,S'')$ | Wulfe et al. (2022) |
//! | minimal potential | $\gamma\phi(s') - \phi(s)$, least $\sum w\,C^2$, $w = 1$ or $P$ | Skalse et al. (2024) |
//!
//! In EPIC $A \sim D_A$, $S, S' \sim D_S$ independent. In DARD $S' \sim P(s,A)$ and $S'' \sim P(s',A)$ with the same $A \sim D_A$.
//! Unweighted minimal potential in closed form: the normal matrix is $A(S(1+\gamma^2)I - 2\gamma 11^\top)$; its constant direction is
//! $\bar R/(1-\gamma)$. Weighted: Cholesky of an $S \times S$ matrix once, with corrections. All need a dense process.
//! Cost a reward: $O(S^2A)$, DARD $O(S^3A)$.

use super::mdp::Mdp;
use super::reward::Reward;
use crate::Result;
use crate::numerics::lanes::{Kernel, dispatch, sum8};
use crate::numerics::least_squares::NormalFactor;
use crate::numerics::matrix;

/// Adds $\gamma\Phi(s') - \Phi(s) + c$ to the values on stored transitions.
pub fn shape(mdp: &Mdp, values: &mut [f64], phi: &[f64], constant: f64) {
    let next: Vec<f64> = phi.iter().map(|phi| mdp.gamma() * phi).collect();
    for pair in 0..mdp.pairs() {
        let here = constant - phi[pair / mdp.actions()];
        mdp.transitions().visit(mdp.states(), pair, |t, _, i| values[i] += next[t] + here);
    }
}

/// EPIC's mean rewards $m(s)$ under $D_A$ and $D_S$, and $\bar m$.
pub fn epic_means(mdp: &Mdp, r: &[f64], states_law: &[f64], actions_law: &[f64]) -> (Vec<f64>, f64) {
    let mut by_pair = vec![0.0; mdp.pairs()];
    matrix::product(r, states_law, &mut by_pair);
    let mut means = vec![0.0; mdp.states()];
    matrix::product(&by_pair, actions_law, &mut means);
    let overall = crate::numerics::lanes::dot_lanes(&means, states_law);
    (means, overall)
}

/// EPIC's canonical reward on transitions.
pub fn epic(mdp: &Mdp, r: &[f64], states_law: &[f64], actions_law: &[f64]) -> Vec<f64> {
    let (means, overall) = epic_means(mdp, r, states_law, actions_law);
    let mut c = r.to_vec();
    shape(mdp, &mut c, &means, -mdp.gamma() * overall);
    c
}

/// DARD's canonical reward on transitions, for dense `p`.
pub fn dard(mdp: &Mdp, p: &[f64], reward: &Reward, actions_law: &[f64]) -> Vec<f64> {
    let (states, actions) = (mdp.states(), mdp.actions());
    let mut means = vec![0.0; states];
    matrix::product(reward.expected(), actions_law, &mut means);
    let mut h = vec![0.0; states * states];
    let mut k = vec![0.0; states];
    for (a, &weight) in actions_law.iter().enumerate().filter(|(_, w)| **w != 0.0) {
        for u in 0..states {
            // k[t] = E[R(u, a, S'')], S'' ~ P(t, a); then h[s, t] += D_A(a) P(s, a, u) k[t].
            let row = &reward.values()[(u * actions + a) * states..][..states];
            dispatch(Crossed { p, row, k: &mut k, h: &mut h, u, a, actions, weight });
        }
    }
    let mut c = reward.values().to_vec();
    shape(mdp, &mut c, &means, 0.0);
    for (pair, c) in c.chunks_exact_mut(states).enumerate() {
        let h = &h[pair / actions * states..][..states];
        c.iter_mut().zip(h).for_each(|(c, h)| *c -= mdp.gamma() * h);
    }
    c
}

/// One source state of DARD's third term.
struct Crossed<'a> {
    p: &'a [f64],
    row: &'a [f64],
    k: &'a mut [f64],
    h: &'a mut [f64],
    u: usize,
    a: usize,
    actions: usize,
    weight: f64,
}

impl Kernel for Crossed<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let states = self.row.len();
        for (t, k) in self.k.iter_mut().enumerate() {
            let law = &self.p[(t * self.actions + self.a) * states..][..states];
            let (x, x_rest) = law.as_chunks::<8>();
            let (y, y_rest) = self.row.as_chunks::<8>();
            let mut total = [0.0; 8];
            for (x, y) in x.iter().zip(y) {
                for i in 0..8 {
                    total[i] += x[i] * y[i];
                }
            }
            *k = sum8(total) + x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum::<f64>();
        }
        for (s, h) in self.h.chunks_exact_mut(states).enumerate() {
            let weight = self.weight * self.p[(s * self.actions + self.a) * states + self.u];
            if weight != 0.0 {
                h.iter_mut().zip(&*self.k).for_each(|(h, k)| *h += weight * k);
            }
        }
    }
}

/// The potential of least unweighted $\sum C^2$ over all $(s,a,s')$, in closed form.
pub fn least_potential(mdp: &Mdp, r: &[f64]) -> Vec<f64> {
    let (states, actions) = (mdp.states(), mdp.actions());
    let mut phi = vec![0.0; states];
    matrix::add_transposed_product(r, &vec![-mdp.gamma(); mdp.pairs()], &mut phi);
    let mut total = 0.0;
    for (phi, rows) in phi.iter_mut().zip(r.chunks_exact(actions * states)) {
        let leaving: f64 = crate::numerics::lanes::sum_lanes(rows);
        *phi += leaving;
        total += leaving;
    }
    let size = (states * actions) as f64;
    let mean = phi.iter().sum::<f64>() / states as f64;
    let constant = total / (size * states as f64) / (1.0 - mdp.gamma());
    let spread = size * (1.0 + mdp.gamma() * mdp.gamma());
    phi.iter_mut().for_each(|phi| *phi = (*phi - mean) / spread + constant);
    phi
}

/// The potentials of least $\sum P\,C^2$, one factor for many rewards.
#[derive(Clone, Debug)]
pub struct WeightedPotential {
    factor: NormalFactor,
}

impl WeightedPotential {
    /// Factorises the normal matrix. A dense process.
    ///
    /// # Errors
    /// [`crate::Error::InvalidInput`] if it is singular to working precision ($\gamma$ within about 1e-8 of one).
    pub fn new(mdp: &Mdp) -> Result<Self> {
        let (n, actions, gamma) = (mdp.states(), mdp.actions(), mdp.gamma());
        let mut gram = vec![0.0; n * n];
        for pair in 0..mdp.pairs() {
            let s = pair / actions;
            mdp.transitions().visit(n, pair, |t, p, _| {
                gram[t * n + t] += gamma * gamma * p;
                gram[s * n + s] += p;
                gram[s * n + t] -= gamma * p;
                gram[t * n + s] -= gamma * p;
            });
        }
        Ok(WeightedPotential { factor: NormalFactor::of_gram(n, &gram)? })
    }

    /// The potential for values `r` on stored transitions, corrected until it stands still.
    pub fn apply(&self, mdp: &Mdp, r: &[f64]) -> Vec<f64> {
        let states = mdp.states();
        let mut phi = vec![0.0; states];
        let mut last = f64::INFINITY;
        for _ in 0..8 {
            let mut gradient = vec![0.0; states];
            for pair in 0..mdp.pairs() {
                let s = pair / mdp.actions();
                mdp.transitions().visit(states, pair, |t, p, i| {
                    let c = p * (r[i] + mdp.gamma() * phi[t] - phi[s]);
                    gradient[t] -= mdp.gamma() * c;
                    gradient[s] += c;
                });
            }
            self.factor.solve(&mut gradient);
            let step = gradient.iter().fold(0.0, |m: f64, d| m.max(d.abs()));
            if step >= 0.5 * last || !step.is_finite() {
                break;
            }
            last = step;
            phi.iter_mut().zip(&gradient).for_each(|(phi, d)| *phi += d);
        }
        phi
    }
}
