//! Claims R23, R24 and R26: best-of-N on sequences.

use crate::lab::Claim;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    Vec::new()
}
