//! The claims of the specification, each with its source as far as it was read, and its checks.
//!
//! One file a group of results. A check is a function from a sampling context to a [`Check`](crate::lab::Check); it draws
//! its own instances, so that it can be run alone.

mod constrained;
mod finite;

use crate::lab::Claim;

/// All claims of the engine.
pub fn all() -> Vec<Claim> {
    let groups = [
        constrained::claims(),
    ];
    groups.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Sampling, combined_verdict};
    use crate::sampling::Executor;

    #[test]
    fn every_claim_has_its_verdict() {
        let executor = Executor::new(1, "claims");
        let mut wrong = Vec::new();
        for claim in all() {
            let run = |(index, check): (usize, &fn(&Sampling) -> crate::Result<crate::lab::Check>)| {
                let started = std::time::Instant::now();
                let scoped = executor.within(&format!("{}/{index}", claim.id));
                let check = check(&Sampling { executor: &scoped, samples: 20_000 }).unwrap();
                println!("{}/{index} {} {:.0?} {:?}", claim.id, check.verdict.word(), started.elapsed(), check.resolution);
                check
            };
            let checks: Vec<_> = claim.checks.iter().enumerate().map(run).collect();
            if !claim.recorded.matches(&combined_verdict(&checks)) {
                wrong.push(claim.id);
                println!("{} is recorded as {:?}:\n{checks:#?}", claim.id, claim.recorded);
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
