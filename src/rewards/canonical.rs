//! Canonicalisations $c(R)$: one representative of all rewards that should count as equal.
//!
//! $R \sim R + \gamma\Phi(s') - \Phi(s)$ (potential shaping) and $R \sim R'$ with the same $\bar r$ (redistribution over $s'$) leave every
//! difference of returns unchanged. VAL and the minimal canonicalisations quotient both out; EPIC, DARD, VALPotential and the
//! minimal potential only shaping (R1, R9, R12).
//!
//! | kind | $c(R)$ | lives on |
//! |---|---|---|
//! | `None` | $R$ | transitions |
//! | `Epic`, `Dard`, `MinPotential*` | see [`potential`] | transitions |
//! | `ValPotential` | $R - V^\pi(s) + \gamma V^\pi(s')$ | transitions |
//! | `Val` | the advantage $A^\pi(s,a)$ | pairs |
//! | `MinimalL2` | see [`minimal`](super::minimal) | transitions |
//! | `MinimalL2Tau` | the same, weighted by $P$ | pairs |
//!
//! $V^\pi$ is that of the same reward. A [`Canonicaliser`] factorises once for one MDP and kind, then serves any number of
//! rewards; all kinds are linear, so canonical rewards may be combined instead of their arguments. Sparse processes: `None`,
//! `Val`, `ValPotential`, `MinimalL2`, `MinimalL2Tau`. Digits: error $\sim 2^{-53}(|R| + |\Phi|)/(1-\gamma)$.

use super::evaluation::PolicySystem;
use super::mdp::Mdp;
use super::minimal::Minimal;
use super::policy::Policy;
use super::potential::{self, WeightedPotential};
use super::reward::Reward;
use super::transitions::{check_law, check_length};
use crate::{Error, Result};

/// Which canonicalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Canonicalisation {
    /// The reward itself.
    None,
    /// Gleave et al. (2021).
    Epic,
    /// Wulfe et al. (2022).
    Dard,
    /// Value-adjusted levelling: the advantage.
    Val,
    /// Shaping by the value function only.
    ValPotential,
    /// Shaping of least unweighted $L_2$ norm.
    MinPotentialL2,
    /// Shaping of least $\tau$-weighted $L_2$ norm.
    MinPotentialL2Tau,
    /// Shaping and redistribution of least unweighted $L_2$ norm.
    MinimalL2,
    /// Shaping and redistribution of least $\tau$-weighted $L_2$ norm.
    MinimalL2Tau,
}

impl Canonicalisation {
    /// All kinds, in the order of the tables.
    pub const ALL: [Canonicalisation; 9] = [
        Canonicalisation::None,
        Canonicalisation::Epic,
        Canonicalisation::Dard,
        Canonicalisation::Val,
        Canonicalisation::ValPotential,
        Canonicalisation::MinPotentialL2,
        Canonicalisation::MinPotentialL2Tau,
        Canonicalisation::MinimalL2,
        Canonicalisation::MinimalL2Tau,
    ];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Canonicalisation::None => "none",
            Canonicalisation::Epic => "epic",
            Canonicalisation::Dard => "dard",
            Canonicalisation::Val => "val",
            Canonicalisation::ValPotential => "val_potential",
            Canonicalisation::MinPotentialL2 => "min_potential_l2",
            Canonicalisation::MinPotentialL2Tau => "min_potential_l2_tau",
            Canonicalisation::MinimalL2 => "minimal_l2",
            Canonicalisation::MinimalL2Tau => "minimal_l2_tau",
        }
    }

    /// Whether it removes shaping and redistribution both, as a canonicalisation of Skalse et al. must.
    pub fn is_complete(self) -> bool {
        use Canonicalisation::{MinimalL2, MinimalL2Tau, Val};
        matches!(self, Val | MinimalL2 | MinimalL2Tau)
    }
}

/// The laws that canonicalisations refer to.
#[derive(Clone, Debug, PartialEq)]
pub struct Laws {
    /// The policy of VAL and VALPotential.
    pub policy: Policy,
    /// $D_S$ of EPIC, `[S]`.
    pub states: Vec<f64>,
    /// $D_A$ of EPIC and DARD, `[A]`.
    pub actions: Vec<f64>,
}

impl Laws {
    /// All uniform.
    pub fn uniform(mdp: &Mdp) -> Laws {
        let law = |n: usize| vec![1.0 / n as f64; n];
        Laws { policy: Policy::uniform(mdp), states: law(mdp.states()), actions: law(mdp.actions()) }
    }

    /// Checks the laws `d_s` and `d_a`.
    ///
    /// # Errors
    /// Fields `d_s`, `d_a`.
    pub fn check(&self, mdp: &Mdp) -> Result<()> {
        check_length("d_s", self.states.len(), mdp.states(), "state")?;
        check_law("d_s", &self.states)?;
        check_length("d_a", self.actions.len(), mdp.actions(), "action")?;
        check_law("d_a", &self.actions)
    }
}

/// Where a canonical reward lives.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Constant in $s'$: a value for each pair.
    Pairs(Vec<f64>),
    /// A value for each stored transition.
    Transitions(Vec<f64>),
}

/// A canonical reward, with what the zero test needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Canonical {
    /// Its values.
    pub form: Form,
    /// $\max|R|$ of the reward that it came from.
    pub reward_size: f64,
    /// Whether it is 0 off the stored transitions, so that sums over them are sums over all: always on a dense process.
    pub stored_is_all: bool,
}

/// $\max|c(R)|$ up to this times $\max|R|/(1-\gamma)$ is rounding: the reward is trivial (specification, section 6).
pub const ZERO: f64 = 1e-13;

impl Canonical {
    /// The values, whatever their form.
    pub fn values(&self) -> &[f64] {
        match &self.form {
            Form::Pairs(values) | Form::Transitions(values) => values,
        }
    }

    /// Values on the stored transitions.
    pub fn on_transitions(&self, mdp: &Mdp) -> Vec<f64> {
        match &self.form {
            Form::Transitions(values) => values.clone(),
            Form::Pairs(values) => {
                let mut out = Vec::with_capacity(mdp.transitions().stored());
                for (pair, x) in values.iter().enumerate() {
                    mdp.transitions().visit(mdp.states(), pair, |_, _, _| out.push(*x));
                }
                out
            }
        }
    }

    /// The expected reward on pairs.
    pub fn expected(&self, mdp: &Mdp) -> Vec<f64> {
        match &self.form {
            Form::Pairs(values) => values.clone(),
            Form::Transitions(values) => {
                let mut out = vec![0.0; mdp.pairs()];
                mdp.transitions().expect_entries(values, &mut out);
                out
            }
        }
    }

    /// `x self + y other`; by linearity the canonical reward of the combined rewards. One kind, one process.
    pub fn combined(&self, x: f64, other: &Canonical, y: f64) -> Canonical {
        let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| x * a + y * b).collect();
        let form = match (&self.form, &other.form) {
            (Form::Pairs(a), Form::Pairs(b)) => Form::Pairs(sum(a, b)),
            (a, b) => {
                let values = |form: &Form| match form {
                    Form::Pairs(v) | Form::Transitions(v) => v.clone(),
                };
                Form::Transitions(sum(&values(a), &values(b)))
            }
        };
        let reward_size = x.abs() * self.reward_size + y.abs() * other.reward_size;
        Canonical { form, reward_size, stored_is_all: self.stored_is_all && other.stored_is_all }
    }
}

/// One canonicalisation of one MDP, factorised.
#[derive(Clone, Debug)]
pub struct Canonicaliser<'a> {
    mdp: &'a Mdp,
    laws: Laws,
    prepared: Prepared<'a>,
}

#[derive(Clone, Debug)]
enum Prepared<'a> {
    None,
    Epic,
    Dard,
    Value { system: PolicySystem<'a>, potential_only: bool },
    Potential,
    WeightedPotential(WeightedPotential),
    Minimal { problem: Minimal<'a>, expansion: Option<Vec<f64>> },
}

impl<'a> Canonicaliser<'a> {
    /// Factorises what `kind` needs.
    ///
    /// # Errors
    /// Fields `d_s`, `d_a`; `canon` if `kind` needs a dense process or $\gamma$ is too near one for it.
    pub fn new(mdp: &'a Mdp, kind: Canonicalisation, laws: &Laws) -> Result<Self> {
        use Canonicalisation::{Dard, Epic, MinPotentialL2, MinPotentialL2Tau};
        laws.check(mdp)?;
        if mdp.dense().is_none() && matches!(kind, Epic | Dard | MinPotentialL2 | MinPotentialL2Tau) {
            let expected = "none, val, val_potential, minimal_l2 or minimal_l2_tau for a sparse process";
            return Err(Error::invalid("canon", kind.name(), expected));
        }
        let near_one =
            |_| Error::invalid("mdp.gamma", mdp.gamma(), "a discount farther from 1 for this canonicalisation");
        let value = |potential_only| Prepared::Value { system: PolicySystem::of(mdp, &laws.policy), potential_only };
        let prepared = match kind {
            Canonicalisation::None => Prepared::None,
            Epic => Prepared::Epic,
            Dard => Prepared::Dard,
            Canonicalisation::Val => value(false),
            Canonicalisation::ValPotential => value(true),
            MinPotentialL2 => Prepared::Potential,
            MinPotentialL2Tau => Prepared::WeightedPotential(WeightedPotential::new(mdp).map_err(near_one)?),
            Canonicalisation::MinimalL2 => {
                let weights = Minimal::unweighted(mdp);
                let problem = Minimal::new(mdp, weights.clone()).map_err(near_one)?;
                Prepared::Minimal { problem, expansion: Some(weights) }
            }
            Canonicalisation::MinimalL2Tau => {
                let problem = Minimal::new(mdp, vec![1.0; mdp.pairs()]).map_err(near_one)?;
                Prepared::Minimal { problem, expansion: None }
            }
        };
        Ok(Canonicaliser { mdp, laws: laws.clone(), prepared })
    }

    /// The canonical reward.
    ///
    /// # Errors
    /// [`Error::NotConverged`] from a sparse process.
    pub fn apply(&self, reward: &Reward) -> Result<Canonical> {
        let mdp = self.mdp;
        let form = match &self.prepared {
            Prepared::None => Form::Transitions(reward.values().to_vec()),
            Prepared::Epic => {
                Form::Transitions(potential::epic(mdp, reward.values(), &self.laws.states, &self.laws.actions))
            }
            Prepared::Dard => {
                let p = mdp.dense().unwrap_or(&[]);
                Form::Transitions(potential::dard(mdp, p, reward, &self.laws.actions))
            }
            Prepared::Value { system, potential_only: false } => {
                Form::Pairs(levelled(mdp, &self.laws.policy, system, reward.expected())?)
            }
            Prepared::Value { system, potential_only: true } => {
                let evaluation = super::evaluation::evaluate_with(system, &self.laws.policy, reward.expected())?;
                shaped(mdp, reward, &evaluation.v)
            }
            Prepared::Potential => shaped(mdp, reward, &potential::least_potential(mdp, reward.values())),
            Prepared::WeightedPotential(problem) => shaped(mdp, reward, &problem.apply(mdp, reward.values())),
            Prepared::Minimal { problem, expansion } => {
                let (_, x) = problem.apply(reward.expected())?;
                match expansion {
                    None => Form::Pairs(x),
                    Some(weights) => {
                        let mut values = vec![0.0; mdp.transitions().stored()];
                        for (pair, x) in x.iter().enumerate() {
                            let scale = x * weights[pair];
                            mdp.transitions().visit(mdp.states(), pair, |_, p, i| values[i] = scale * p);
                        }
                        Form::Transitions(values)
                    }
                }
            }
        };
        let stored_is_all = mdp.dense().is_some() || matches!(self.prepared, Prepared::None | Prepared::Minimal { .. });
        Ok(Canonical { form, reward_size: reward.largest(), stored_is_all })
    }
}

fn shaped(mdp: &Mdp, reward: &Reward, phi: &[f64]) -> Form {
    let mut values = reward.values().to_vec();
    potential::shape(mdp, &mut values, phi, 0.0);
    Form::Transitions(values)
}

/// The advantage of `policy` for the reward `r` on pairs: $Q - \sum_a \pi Q$, levelled to rounding whatever the error of $V$.
///
/// # Errors
/// [`Error::NotConverged`] from a sparse process.
pub fn levelled(mdp: &Mdp, policy: &Policy, system: &PolicySystem, r: &[f64]) -> Result<Vec<f64>> {
    let (mut v, mut q) = (vec![0.0; mdp.states()], vec![0.0; mdp.pairs()]);
    policy.average(r, &mut v);
    system.solve(&mut v)?;
    mdp.backup(r, &v, &mut q);
    policy.average(&q, &mut v);
    for (q, v) in q.chunks_exact_mut(mdp.actions()).zip(&v) {
        q.iter_mut().for_each(|q| *q -= v);
    }
    Ok(q)
}

/// VAL of one reward under the uniform policy, on pairs: a weight-free advantage.
///
/// # Errors
/// [`Error::NotConverged`] from a sparse process.
pub fn uniform_advantage(mdp: &Mdp, r: &[f64]) -> Result<Vec<f64>> {
    let policy = Policy::uniform(mdp);
    levelled(mdp, &policy, &PolicySystem::of(mdp, &policy), r)
}
