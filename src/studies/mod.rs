//! Floor 5: studies and the checks of claims, by engine.
//!
//! A study is one file: its header says paper, claims, model and cost; its parameters are a typed struct whose defaults are
//! the embedded file of `sims/`; its run returns tables, figures that refer to them, and checks.

pub mod asymptotics;
pub mod games;
mod grid;
pub mod judge;
pub mod rewards;
