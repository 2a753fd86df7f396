//! Studies of the rewards engine, and the checks of its claims.

pub mod claims;
pub mod tasks;
