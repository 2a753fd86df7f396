//! Engine: KL-constrained reinforcement learning, best-of-N and large deviations.
//!
//! | file | object | results |
//! |---|---|---|
//! | `constrained` | the tilt, the KL-budget optimum and its frontier | R1, R2, R4 |
//! | `near_optimal` | near-optimal laws are close to the optimum | R3 |
//! | `proxy` | tilting by a proxy reward | R5 |
//! | `best_of_n` | best-of-N: policy, divergence, win rate, bounds | R6 to R9, R11 |
//! | `estimator` | the estimator of its divergence, the gap of an atom | R10 |
//! | `win_rate_frontier` | the best win rate at a KL, threshold rejection | R12, R15 |
//! | `random_best_of` | best of a random number | R14 |
//! | `soft_best_of` | soft best-of-n | R16 to R18 |
//! | `twin` | when best-of-N is a tilt | R30 |
//! | `hedge` | when to stop sampling | R31 |
//! | `sampling` | draws for the Monte-Carlo routes of the above | |

pub mod best_of_n;
pub mod constrained;
pub mod estimator;
pub mod hedge;
pub mod near_optimal;
pub mod proxy;
pub mod random_best_of;
pub mod soft_best_of;
pub mod twin;
pub mod win_rate_frontier;
