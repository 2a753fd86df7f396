//! Every claim of every engine has the verdict on record.

use tilt::lab::{Check, Claim, Sampling, combined_verdict};
use tilt::sampling::Executor;

/// What is wrong with a claim, if anything.
fn surprise(claim: &Claim) -> Option<String> {
    let executor = Executor::new(1, "claims");
    let run = |(i, check): (usize, &fn(&Sampling) -> tilt::Result<Check>)| {
        let executor = executor.within(&format!("{}/{i}", claim.id));
        check(&Sampling { executor: &executor, samples: 20_000 })
    };
    let checks: Vec<Check> = match claim.checks.iter().enumerate().map(run).collect() {
        Ok(checks) => checks,
        Err(error) => return Some(format!("{}: {error}", claim.id)),
    };
    let as_recorded = claim.recorded.matches(&combined_verdict(&checks));
    (!as_recorded).then(|| format!("{}: recorded {:?}, found {checks:#?}", claim.id, claim.recorded))
}

#[test]
fn every_claim_has_its_recorded_verdict() {
    let claims = tilt::laboratory().claims;
    // Two claims at a time: most checks are one thread.
    let (even, odd): (Vec<_>, Vec<_>) = claims.iter().enumerate().partition(|(i, _)| i % 2 == 0);
    let wrong_among =
        |some: &[(usize, &Claim)]| -> Vec<String> { some.iter().filter_map(|(_, claim)| surprise(claim)).collect() };
    let wrong = std::thread::scope(|scope| {
        let other = scope.spawn(|| wrong_among(&odd));
        let mut wrong = wrong_among(&even);
        wrong.extend(other.join().expect("no check panics"));
        wrong
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(claims.len() > 100, "only {} claims", claims.len());
}
