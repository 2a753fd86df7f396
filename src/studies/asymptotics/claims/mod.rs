//! The claims of the specification, each with its source as far as it was read, and its checks.
//!
//! One file a group of results. A check is a function from a sampling context to a [`Check`](crate::lab::Check); it draws
//! its own instances, so that it can be run alone.

mod best_of_n;
mod best_of_n_sequences;
mod coincidence;
mod constrained;
mod finite;
mod soft_best_of_n;

use crate::lab::Claim;

/// All claims of the engine.
pub fn all() -> Vec<Claim> {
    let groups = [
        constrained::claims(),
        best_of_n::claims(),
        soft_best_of_n::claims(),
        best_of_n_sequences::claims(),
        coincidence::claims(),
    ];
    groups.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use crate::lab::{Sampling, combined_verdict};
    use crate::sampling::Executor;

    #[test]
    fn every_claim_has_its_recorded_verdict() {
        let executor = Executor::new(1, "claims");
        for claim in super::all() {
            let mut checks = Vec::new();
            for (i, check) in claim.checks.iter().enumerate() {
                let scoped = executor.within(&format!("{}/{i}", claim.id));
                checks.push(check(&Sampling { executor: &scoped, samples: 20_000 }).unwrap());
            }
            let verdict = combined_verdict(&checks);
            assert!(
                claim.recorded.matches(&verdict),
                "{}: {verdict:?}, on record {:?}\n{checks:#?}",
                claim.id,
                claim.recorded
            );
        }
    }
}
