//! Studies of the games engine, and the checks of its claims.

pub mod claims;
