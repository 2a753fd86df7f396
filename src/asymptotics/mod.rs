//! Engine: KL-constrained reinforcement learning, best-of-N and large deviations.

pub mod critical_cycles;
pub mod lattice;
pub mod markov;
pub mod perron;
mod polynomial_power;
mod scaled;
mod state_reduction;
