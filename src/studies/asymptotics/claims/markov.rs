//! Claims R27 to R29: Markov chains.

use crate::lab::Claim;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    Vec::new()
}
