//! Engine: Nash learning on preference games. See the table in this header.

pub mod central_path;
pub mod equilibrium;
pub mod families;
pub mod game;
pub mod learner;
pub mod low_rank;
pub mod payoff;
pub mod policy;
pub mod preference;
pub mod step;
pub mod von_neumann;
