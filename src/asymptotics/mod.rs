//! Engine: KL-constrained reinforcement learning, best-of-N and large deviations.

pub mod best_of_asymptotic;
pub mod block;
pub mod critical_cycles;
pub mod lattice;
pub mod level_sampling;
pub mod markov;
pub mod markov_best_of;
pub mod markov_finite;
pub mod markov_reward_law;
pub mod markov_sampling;
pub mod markov_solve;
pub mod memoryless;
pub mod memoryless_best_of;
pub mod memoryless_sampling;
pub mod perron;
mod polynomial_power;
pub mod rate;
pub mod reward_law;
mod saddle_windows;
mod scaled;
mod state_reduction;
pub mod tail;
pub mod type_classes;
