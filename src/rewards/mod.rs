//! Engine: distances between rewards, worst-case regret, correlated proxies, reward hacking.
//!
//! | file | object | results |
//! |---|---|---|
//! | `mdp`, `transitions` | the decision process, dense or sparse | |
//! | `policy`, `reward`, `occupancy` | what is played, paid and visited | |
//! | `evaluation`, `optimal` | values of a policy, optimal returns, span | |
//! | `canonical`, `potential`, `minimal` | canonicalisations | R1, R2, R9 to R13 |
//! | `batch` | many pairs of rewards at a microsecond scale | |
//! | `quotient` | smallest norms among equivalent rewards | |
//! | `norm`, `distance` | STARC metrics, EPIC and DARD, angle, Pearson's distance | R3, R7, R8 |
//! | `regret`, `optimal_regret` | worst-case regret with its witness, regret of optimal policies | R4 to R6, R21 |
//! | `order` | equal order of all policies | R3 |
//! | `constants` | soundness and completeness constants of an MDP | R5, R6 |
//! | `reference`, `proxy` | correlated proxies, three bounds on the true gain | R15 to R18 |
//! | `chi_squared`, `orpo` | optima under chi-squared penalties, path over the penalty | R19 |
//! | `action_kl` | the optimum under an action-KL penalty | R20 |
//! | `finite_set` | hackability and simplification on finitely many policies | R21, R22 |
//! | `sampling`, `mc_distance` | rollouts, occupancy draws, debiased distances | |
//! | `quantities` | the table of quantities: the only file that knows the lab | |

pub mod action_kl;
pub mod batch;
pub mod canonical;
pub mod chi_squared;
pub mod constants;
pub mod distance;
pub mod evaluation;
pub mod finite_set;
pub mod mc_distance;
pub mod mdp;
pub mod minimal;
pub mod norm;
pub mod occupancy;
pub mod optimal;
pub mod optimal_regret;
pub mod order;
pub mod orpo;
pub mod policy;
pub mod potential;
pub mod proxy;
pub mod quantities;
pub mod quotient;
pub mod reference;
pub mod regret;
pub mod reward;
pub mod sampling;
pub mod transitions;
