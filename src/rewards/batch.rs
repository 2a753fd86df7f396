//! Many pairs of dense rewards on one MDP, without allocation: the distances of experiments at a microsecond scale.
//!
//! | | computed | against the general route |
//! |---|---|---|
//! | [`Batch::val_l2`] | VAL, $L_2$, $L_2$ under the uniform policy | rounding |
//! | [`Batch::epic`] | Pearson's distance of EPIC's canonical rewards, all laws uniform | rounding, see below |
//!
//! VAL: $\bar r$ by one pass over $R$ and $P$, $V = M(\text{mean}_a \bar r)$ with $M = (I - \gamma P_\pi)^{-1}$ kept, one product with $P$.
//! EPIC: with $m(s)$ the mean of a state's rewards and $u(s')$ the mean by next state,
//! $$\langle C_1, C_2\rangle = \langle R_1,R_2\rangle + \gamma(\langle u_1,m_2\rangle + \langle m_1,u_2\rangle) + (\gamma^2-1)\langle m_1,m_2\rangle - \ldots$$
//! so that one pass over both rewards gives all moments. Differences of sums lose digits as rewards become alike: below a
//! distance of $10^{-4}$ the general route answers.

use super::canonical::{Canonicalisation, Canonicaliser, Laws, ZERO};
use super::distance::pearson;
use super::mdp::Mdp;
use super::policy::Policy;
use super::reward::Reward;
use crate::numerics::lanes::{Kernel, dispatch, sum8};
use crate::numerics::matrix;
use crate::{Error, Result};

/// Workspace for pairs of rewards on one dense MDP, all laws uniform.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    mdp: &'a Mdp,
    p: &'a [f64],
    policy: Policy,
    /// $(I - \gamma P_\pi)^{-1}$, row by row.
    inverse: Vec<f64>,
    v: Vec<f64>,
    mean: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    next: Vec<f64>,
    /// Sums by next state, of both rewards.
    columns: [Vec<f64>; 2],
    /// Sums by state.
    rows: [Vec<f64>; 2],
}

/// Below this Pearson distance the differences of sums have lost half of their digits.
const NEAR: f64 = 1e-4;

impl<'a> Batch<'a> {
    /// Inverts the uniform policy's system once.
    ///
    /// # Errors
    /// Field `mdp` for a sparse process.
    pub fn new(mdp: &'a Mdp) -> Result<Self> {
        let Some(p) = mdp.dense() else { return Err(Error::invalid("mdp", "sparse", "a dense process")) };
        let (states, pairs) = (mdp.states(), mdp.pairs());
        let policy = Policy::uniform(mdp);
        let system = super::evaluation::PolicySystem::of(mdp, &policy);
        let mut inverse = vec![0.0; states * states];
        for j in 0..states {
            let mut column = vec![0.0; states];
            column[j] = 1.0;
            system.solve(&mut column)?;
            (0..states).for_each(|i| inverse[i * states + j] = column[i]);
        }
        let zeros = |n: usize| vec![0.0; n];
        Ok(Batch {
            mdp,
            p,
            policy,
            inverse,
            v: zeros(states),
            mean: zeros(states),
            first: zeros(pairs),
            second: zeros(pairs),
            next: zeros(pairs),
            columns: [zeros(states), zeros(states)],
            rows: [zeros(states), zeros(states)],
        })
    }

    /// The VAL distance with norm and metric $L_2$ of two rewards `[S, A, S]`; a trivial reward counts as 0.
    pub fn val_l2(&mut self, r1: &[f64], r2: &[f64]) -> f64 {
        let mut first = std::mem::take(&mut self.first);
        let mut second = std::mem::take(&mut self.second);
        self.levelled(r1, &mut first);
        self.levelled(r2, &mut second);
        let d = standardised_distance(&first, &second, self.zero(&first, r1), self.zero(&second, r2));
        (self.first, self.second) = (first, second);
        d
    }

    /// Whether an advantage is rounding. (The size of the reward is looked up only where it could be.)
    fn zero(&self, x: &[f64], r: &[f64]) -> bool {
        let largest = |x: &[f64]| x.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        let found = largest(x);
        found == 0.0 || (found < 1e-6 && found <= ZERO * largest(r) / (1.0 - self.mdp.gamma()))
    }

    /// The uniform advantage of `r`, on pairs.
    fn levelled(&mut self, r: &[f64], out: &mut [f64]) {
        let actions = self.mdp.actions();
        matrix::row_dots(self.p, r, out);
        self.policy.average(out, &mut self.mean);
        matrix::product(&self.inverse, &self.mean, &mut self.v);
        matrix::product(self.p, &self.v, &mut self.next);
        for (q, next) in out.chunks_exact_mut(actions).zip(self.next.chunks_exact(actions)) {
            let mut total = 0.0;
            for (q, next) in q.iter_mut().zip(next) {
                *q += self.mdp.gamma() * next;
                total += *q;
            }
            let mean = total / actions as f64;
            q.iter_mut().for_each(|q| *q -= mean);
        }
    }

    /// Pearson's distance of EPIC's canonical rewards of two rewards `[S, A, S]`, with uniform $D_S$, $D_A$ and coverage.
    ///
    /// # Errors
    /// `R1`, `R2` where the canonical reward does not vary.
    pub fn epic(&mut self, r1: &[f64], r2: &[f64]) -> Result<f64> {
        let gamma = self.mdp.gamma();
        let (states, actions) = (self.mdp.states() as f64, self.mdp.actions() as f64);
        let sums = dispatch(Moments { r1, r2, columns: &mut self.columns, rows: &mut self.rows });
        let count = states * states * actions;
        let share = 1.0 / (states * actions);
        self.columns.iter_mut().chain(&mut self.rows).for_each(|sums| sums.iter_mut().for_each(|x| *x *= share));
        let mean = |x: &[f64]| x.iter().sum::<f64>() / states;
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>() / states;
        let ([u1, u2], [m1, m2]) = (&self.columns, &self.rows);
        // Covariance of R_i + gamma m_i(s') - m_i(s): E[m(s) R] = <m, m> since m is the mean of a state's rewards.
        let covariance = |product: f64, u1: &[f64], m1: &[f64], u2: &[f64], m2: &[f64]| {
            let (a, b) = (mean(m1), mean(m2));
            let both = dot(m1, m2);
            let products = product / count + gamma * (dot(u1, m2) + dot(m1, u2)) - both + gamma * gamma * both;
            // Cross terms of m(s') with m(s), both under uniform laws, are products of means.
            products - 2.0 * gamma * a * b - gamma * a * gamma * b
        };
        let x = covariance(sums[0], u1, m1, u1, m1);
        let y = covariance(sums[1], u2, m2, u2, m2);
        let both = covariance(sums[2], u1, m1, u2, m2);
        let rho = both / (x * y).sqrt();
        let reliable = |variance: f64, total: f64| variance > 1e-6 * total / count;
        if reliable(x, sums[0]) && reliable(y, sums[1]) && 1.0 - rho > 2.0 * NEAR * NEAR {
            return Ok((0.5 * (1.0 - rho)).min(1.0).sqrt());
        }
        let canonicaliser = Canonicaliser::new(self.mdp, Canonicalisation::Epic, &Laws::uniform(self.mdp))?;
        let of = |field: &str, r: &[f64]| canonicaliser.apply(&Reward::on_transitions(self.mdp, field, r.to_vec())?);
        Ok(pearson(self.mdp, &of("R1", r1)?, &of("R2", r2)?, None)?.d)
    }
}

/// $\|x/|x| - y/|y|\|$, where a trivial one counts as 0.
fn standardised_distance(x: &[f64], y: &[f64], x_zero: bool, y_zero: bool) -> f64 {
    let norm = |x: &[f64]| crate::numerics::lanes::dot_lanes(x, x).sqrt();
    let a = if x_zero { 0.0 } else { 1.0 / norm(x) };
    let b = if y_zero { 0.0 } else { 1.0 / norm(y) };
    x.iter().zip(y).map(|(x, y)| (a * x - b * y).powi(2)).sum::<f64>().sqrt()
}

/// One pass over two rewards: squares, products, sums by state and by next state.
struct Moments<'a> {
    r1: &'a [f64],
    r2: &'a [f64],
    columns: &'a mut [Vec<f64>; 2],
    rows: &'a mut [Vec<f64>; 2],
}

impl Kernel for Moments<'_> {
    type Output = [f64; 3];
    #[inline(always)]
    fn run(self) -> [f64; 3] {
        let states = self.columns[0].len();
        let [u1, u2] = self.columns;
        let [m1, m2] = self.rows;
        [&mut *u1, &mut *u2, &mut *m1, &mut *m2].into_iter().for_each(|x| x.fill(0.0));
        let block = self.r1.len() / states;
        let (mut squares1, mut squares2, mut products) = ([0.0; 8], [0.0; 8], [0.0; 8]);
        let mut tail = [0.0; 3];
        for s in 0..states {
            let (mut row1, mut row2) = ([0.0; 8], [0.0; 8]);
            let (mut rest1, mut rest2) = (0.0, 0.0);
            let of_state = s * block..(s + 1) * block;
            let laws = self.r1[of_state.clone()].chunks_exact(states).zip(self.r2[of_state].chunks_exact(states));
            for (x, y) in laws {
                let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
                let ((u, u_rest), (v, v_rest)) = (u1.as_chunks_mut::<8>(), u2.as_chunks_mut::<8>());
                for (((x, y), u), v) in x.iter().zip(y).zip(u).zip(v) {
                    for i in 0..8 {
                        squares1[i] += x[i] * x[i];
                        squares2[i] += y[i] * y[i];
                        products[i] += x[i] * y[i];
                        row1[i] += x[i];
                        row2[i] += y[i];
                        u[i] += x[i];
                        v[i] += y[i];
                    }
                }
                for (((x, y), u), v) in x_rest.iter().zip(y_rest).zip(u_rest).zip(v_rest) {
                    tail[0] += x * x;
                    tail[1] += y * y;
                    tail[2] += x * y;
                    rest1 += x;
                    rest2 += y;
                    *u += x;
                    *v += y;
                }
            }
            m1[s] = sum8(row1) + rest1;
            m2[s] = sum8(row2) + rest2;
        }
        [sum8(squares1) + tail[0], sum8(squares2) + tail[1], sum8(products) + tail[2]]
    }
}
