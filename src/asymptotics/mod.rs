//! Engine: KL-constrained reinforcement learning, best-of-N and large deviations.
//!
//! | file | object | results |
//! |---|---|---|
//! | `constrained` | the tilt, the KL-budget optimum and its frontier | R1, R2, R4 |
//! | `near_optimal` | near-optimal laws are close to the optimum | R3 |
//! | `proxy` | tilting by a proxy reward | R5 |
//! | `best_of_n` | best-of-N: policy, divergence, win rate, bounds | R6 to R9, R11 |
//! | `estimator` | the estimator of its divergence, the gap of an atom | R10 |
//! | `win_rate_frontier` | the best win rate at a KL, threshold rejection | R12, R13, R15 |
//! | `random_best_of` | best of a random number | R14 |
//! | `soft_best_of`, `soft_expansion` | soft best-of-n, exact and for large n | R16 to R18 |
//! | `memoryless`, `reward_law` | independent symbols and the exact law of their total reward | R19, R25 |
//! | `type_classes`, `lattice`, `polynomial_power`, `saddle_windows` | four ways to that law | |
//! | `reward_expansion`, `level_count` | that law from its saddle points; how many values it has | R22 |
//! | `rate` | rate function, scaled cumulants | R20, R21 |
//! | `tail` | Chernoff, Bahadur-Rao, Lugannani-Rice | R22 |
//! | `memoryless_best_of`, `best_of_asymptotic` | best-of-N on sequences, exact and to second order | R23, R24 |
//! | `block` | best-of-N on blocks | R26 |
//! | `markov`, `perron`, `markov_solve`, `critical_cycles` | the tilted chain, its rates and limits | R27, R29 |
//! | `markov_finite`, `markov_reward_law`, `markov_best_of` | chains of n symbols | R28 |
//! | `markov_budget`, `markov_expansion` | their budget problem without that law, their best-of-N to second order | R28 |
//! | `twin` | when best-of-N is a tilt | R30 |
//! | `hedge` | when to stop sampling | R31 |
//! | `tilt_sampling`, `outcome_sampling`, `level_sampling`, `memoryless_sampling`, `markov_sampling`, `markov_cycles` | draws of all of these | |
//! | `drawn_law` | best-of-N on a law known from draws | |
//! | `quantities` | the table of quantities: the only file that knows the lab | |

pub mod best_of_asymptotic;
pub mod best_of_n;
pub mod block;
pub mod constrained;
pub mod critical_cycles;
pub mod drawn_law;
pub mod estimator;
pub mod hedge;
pub mod lattice;
pub mod level_count;
pub mod level_sampling;
pub mod markov;
pub mod markov_best_of;
pub mod markov_budget;
pub mod markov_cycles;
pub mod markov_expansion;
pub mod markov_finite;
pub mod markov_reward_law;
pub mod markov_sampling;
pub mod markov_solve;
pub mod memoryless;
pub mod memoryless_best_of;
pub mod memoryless_sampling;
pub mod near_optimal;
pub mod outcome_sampling;
pub mod perron;
mod polynomial_power;
pub mod proxy;
pub mod quantities;
pub mod random_best_of;
pub mod rate;
pub mod reward_expansion;
pub mod reward_law;
mod saddle_windows;
mod scaled;
pub mod soft_best_of;
pub mod soft_expansion;
mod state_reduction;
pub mod tail;
pub mod tilt_sampling;
pub mod twin;
pub mod type_classes;
pub mod win_rate_frontier;
