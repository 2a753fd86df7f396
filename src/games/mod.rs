//! Engine: Nash learning on preference games. See the table in this header.

pub mod bounds;
pub mod central_path;
pub mod contextual;
pub mod equilibrium;
pub mod expansion;
pub mod families;
pub mod game;
pub mod intransitivity;
pub mod ipo;
pub mod learner;
pub mod local_rate;
pub mod low_rank;
pub mod observed_rate;
pub mod payoff;
pub mod policy;
pub mod preference;
pub mod quantities;
pub mod report;
pub mod stages;
pub mod step;
pub mod tangent;
pub mod von_neumann;
pub mod winner_limit;
