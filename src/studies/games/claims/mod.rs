//! The claims of the specification, each with its source as far as it was read, and its checks.
//!
//! One file a group of results. Bounds are held on random instances of the [auditor](crate::games::auditor) and climbed from the
//! worst of them; where the specification says how near to 1 the ratio comes, the check fails unless it does.

mod audited;
mod equilibria;
mod identities;
mod inexact;
mod learners;
mod limits;
mod local;
mod mirror_prox;

use crate::lab::Claim;

/// All claims of the engine.
pub fn all() -> Vec<Claim> {
    let groups = [
        equilibria::claims(),
        mirror_prox::claims(),
        local::claims(),
        inexact::claims(),
        learners::claims(),
        identities::claims(),
        limits::claims(),
    ];
    let mut claims: Vec<Claim> = groups.into_iter().flatten().collect();
    let number = |claim: &Claim| {
        let digits: String = claim.id.chars().filter(char::is_ascii_digit).collect();
        (digits.parse::<u32>().unwrap_or(0), claim.id)
    };
    claims.sort_by_key(number);
    claims
}
