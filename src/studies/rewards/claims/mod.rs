//! The claims of the specification, each with its source as far as it was read, and its checks.
//!
//! One file a group of results. A check is a function from a sampling context to a [`Check`](crate::lab::Check); it draws
//! its own instances, so that it can be run alone.

mod canonical;
mod constants;
mod epic;
mod instances;
mod optima;
mod order;
mod proxies;

use crate::lab::Claim;

/// All claims of the engine.
pub fn all() -> Vec<Claim> {
    let groups = [
        canonical::claims(),
        constants::claims(),
        epic::claims(),
        proxies::claims(),
        optima::claims(),
        order::claims(),
    ];
    groups.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Check, Sampling, combined_verdict};
    use crate::sampling::Executor;

    #[test]
    fn every_claim_has_its_recorded_verdict() {
        let executor = Executor::new(1, "claims");
        let mut wrong = Vec::new();
        for claim in all() {
            let run = |(i, check): (usize, &fn(&Sampling) -> crate::Result<Check>)| {
                let executor = executor.within(&format!("{}/{i}", claim.id));
                check(&Sampling { executor: &executor, samples: 20_000 })
            };
            let checks: Vec<Check> =
                claim.checks.iter().enumerate().map(run).collect::<crate::Result<_>>().expect(claim.id);
            if !claim.recorded.matches(&combined_verdict(&checks)) {
                wrong.push(format!("{}: recorded {:?}, found {checks:#?}", claim.id, claim.recorded));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
