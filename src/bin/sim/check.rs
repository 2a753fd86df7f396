//! `sim check`: the claims against their checks, and the other routes of the quantities against the exact ones.

use crate::arguments::CheckArguments;
use crate::execute::use_threads;
use crate::failure::{Failure, Outcome, guarded};
use crate::progress::Progress;
use crate::terminal::Terminal;
use crate::{glob, interrupt, verdicts};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use tilt::lab::{
    Check, Claim, Laboratory, Quantity, Route, Sampling, Verdict, agreement_checks, combined_verdict, nearest,
};
use tilt::sampling::Executor;
use tilt::{Error, Result};

/// Random inputs that each route is held against the exact one on.
const INSTANCES: usize = 8;

/// What is checked: a statement of a paper, or the routes of a quantity.
enum Subject<'a> {
    Claim(&'a Claim),
    Quantity(&'a Quantity),
}

/// What came out: a check, or why there is none.
type Checks = Vec<Result<Check>>;

impl Subject<'_> {
    fn name(&self) -> &str {
        match self {
            Subject::Claim(claim) => claim.id,
            Subject::Quantity(quantity) => quantity.name,
        }
    }

    fn checks(&self, executor: &Executor, arguments: &CheckArguments) -> Checks {
        let samples = arguments.samples;
        match self {
            Subject::Claim(claim) => {
                let one = |(i, check): (usize, &fn(&Sampling) -> Result<Check>)| {
                    // Labels must not repeat: every check has a part of the executor to itself.
                    let executor = executor.within(&format!("{}/{i}", claim.id));
                    guarded(|| check(&Sampling { executor: &executor, samples }))
                };
                claim.checks.par_iter().enumerate().map(one).collect()
            }
            Subject::Quantity(quantity) => {
                let sampling = Sampling { executor, samples };
                match guarded(|| agreement_checks(quantity, INSTANCES, arguments.seed, &sampling)) {
                    Ok(checks) => checks.into_iter().map(Ok).collect(),
                    Err(error) => vec![Err(error)],
                }
            }
        }
    }

    /// The verdict and whether it is as recorded; an error is never.
    fn verdict(&self, checks: &Checks) -> (Result<Verdict>, bool) {
        let finished: Result<Vec<Check>> = checks.iter().cloned().collect();
        let verdict = finished.map(|checks| combined_verdict(&checks));
        let as_recorded = match (self, &verdict) {
            (_, Err(_)) => false,
            (Subject::Claim(claim), Ok(verdict)) => claim.recorded.matches(verdict),
            // Inputs that all routes refuse leave nothing to compare: that is no disagreement.
            (Subject::Quantity(_), Ok(verdict)) => !matches!(verdict, Verdict::Fails(_)),
        };
        (verdict, as_recorded)
    }
}

pub fn check(laboratory: &Laboratory, arguments: &CheckArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let claims = laboratory.claims.iter().map(Subject::Claim);
    let comparable = |quantity: &&Quantity| quantity.routes().any(|route| route != Route::Exact);
    let quantities = laboratory.quantities.iter().filter(comparable).map(Subject::Quantity);
    let all: Vec<Subject> = claims.chain(quantities).collect();
    let wanted = |name: &str| arguments.pattern.as_ref().is_none_or(|pattern| glob::selects(pattern, name));
    let chosen: Vec<&Subject> = all.iter().filter(|subject| wanted(subject.name())).collect();
    if let Some(pattern) = arguments.pattern.as_ref().filter(|_| chosen.is_empty()) {
        let near = nearest(pattern, all.iter().map(Subject::name));
        let help = near.map_or("`sim claims` lists all".to_string(), |near| format!("the nearest name is {near}"));
        return Err(Failure::input(
            format!("no claim and no quantity of several routes matches {pattern:?}"),
            Some(help),
        ));
    }
    use_threads(&arguments.threads)?;
    let flag = interrupt::flag();
    let progress = Progress::new(terminal, "check");
    let executor = Executor::new(arguments.seed, "check").with_interrupt(flag.clone()).with_observer(progress.clone());
    let mut tally = Tally::default();
    let (sender, results) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            chosen.par_iter().enumerate().for_each_with(sender, |sender, (i, subject)| {
                // Nobody listens once printing has failed.
                let _ = sender.send((i, subject.checks(&executor, arguments)));
            })
        });
        // Printed in order, as soon as all before it are there.
        let mut waiting = BTreeMap::new();
        for (i, checks) in results {
            waiting.insert(i, checks);
            while let Some(checks) = waiting.remove(&tally.subjects) {
                let printed = progress.hidden(|| tally.add(chosen[tally.subjects], &checks, terminal));
                // With the reader gone there is nobody to go on for.
                printed.inspect_err(|_| flag.store(true, Ordering::SeqCst))?;
            }
        }
        Ok::<(), Failure>(())
    })?;
    progress.done();
    save(&arguments.out.out, &tally.last)?;
    if tally.interrupted {
        return Err(Failure::Interrupted("interrupted; the claims finished before are in the list above".to_string()));
    }
    if !terminal.json {
        terminal.print(tally.summary())?;
    }
    Ok(Outcome::of(tally.otherwise == 0))
}

/// What has been printed so far.
#[derive(Default)]
struct Tally {
    subjects: usize,
    claims: usize,
    checks: usize,
    otherwise: usize,
    interrupted: bool,
    /// Verdicts of claims, by id.
    last: Map<String, Value>,
}

impl Tally {
    fn add(&mut self, subject: &Subject, checks: &Checks, terminal: &Terminal) -> Result<(), Failure> {
        self.subjects += 1;
        if checks.iter().any(|check| matches!(check, Err(Error::Interrupted))) {
            self.interrupted = true;
            return Ok(());
        }
        let (verdict, as_recorded) = subject.verdict(checks);
        let word = verdict.as_ref().map_or("error", Verdict::word);
        self.checks += checks.len();
        self.otherwise += usize::from(!as_recorded);
        if let Subject::Claim(claim) = subject {
            self.claims += 1;
            let known = json!({"verdict": word, "as_recorded": as_recorded, "version": env!("CARGO_PKG_VERSION"),
                "commit": env!("TILT_COMMIT")});
            self.last.insert(claim.id.to_string(), known);
        }
        if terminal.json {
            return print_json(subject, checks, word, as_recorded, terminal);
        }
        print(subject, checks, word, as_recorded, terminal)
    }

    fn summary(&self) -> String {
        let (claims, quantities) = (self.claims, self.subjects - self.claims);
        let good = self.subjects - self.otherwise;
        format!(
            "{claims} claims, {quantities} quantities of several routes, {} checks: {good} as recorded, {} otherwise",
            self.checks, self.otherwise
        )
    }
}

fn print(
    subject: &Subject,
    checks: &Checks,
    word: &str,
    as_recorded: bool,
    terminal: &Terminal,
) -> Result<(), Failure> {
    match subject {
        Subject::Claim(claim) => {
            let mark = if as_recorded { "as recorded" } else { "OTHERWISE THAN RECORDED" };
            terminal.print(format!("{}: {word}; recorded: {} ({mark})", claim.id, claim.recorded.word()))?;
            terminal.print(format!("  {}\n  source: {}", claim.statement, claim.source))?;
            if !claim.conditions.is_empty() {
                terminal.print(format!("  conditions: {}", claim.conditions))?;
            }
        }
        Subject::Quantity(quantity) => terminal.print(format!("{}: routes agree: {word}", quantity.name))?,
    }
    let finished: Vec<&Check> = checks.iter().flatten().collect();
    if !finished.is_empty() {
        terminal.print(verdicts::table(finished.iter().copied(), terminal).trim_fmt())?;
    }
    for check in finished {
        if let Some(detail) = verdicts::detail(&check.verdict) {
            terminal.print(format!("  {}: {}: {detail}", check.what, check.verdict.word()))?;
        }
    }
    for error in checks.iter().filter_map(|check| check.as_ref().err()) {
        terminal.print(format!("  error: {error}"))?;
    }
    terminal.print("")
}

fn print_json(
    subject: &Subject,
    checks: &Checks,
    word: &str,
    as_recorded: bool,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let mut line = match subject {
        Subject::Claim(claim) => json!({
            "claim": claim.id,
            "statement": claim.statement,
            "source": claim.source,
            "conditions": claim.conditions,
            "recorded": claim.recorded.word(),
        }),
        Subject::Quantity(quantity) => json!({"quantity": quantity.name}),
    };
    line["verdict"] = word.into();
    line["as_recorded"] = as_recorded.into();
    let one = |check: &Result<Check>| match check {
        Ok(check) => tilt::lab::to_json(check),
        Err(error) => Ok(json!({"error": error.to_string()})),
    };
    line["checks"] = Value::Array(checks.iter().map(one).collect::<Result<_>>()?);
    terminal.print_json(&line)
}

fn store(out: &Path) -> PathBuf {
    out.join("claims.json")
}

/// Adds verdicts to those on file; a file that cannot be read counts as empty.
fn save(out: &Path, verdicts: &Map<String, Value>) -> Result<(), Failure> {
    if verdicts.is_empty() {
        return Ok(());
    }
    let mut all = last_verdicts(out);
    all.extend(verdicts.clone());
    all.sort_keys();
    let text = format!("{:#}\n", json!({"schema_version": 1, "claims": all}));
    Ok(tilt::report::write_whole(&store(out), text.as_bytes())?)
}

/// The verdicts of the last check of each claim, by id.
pub fn last_verdicts(out: &Path) -> Map<String, Value> {
    let text = std::fs::read(store(out)).unwrap_or_default();
    let stored: Value = serde_json::from_slice(&text).unwrap_or_default();
    stored["claims"].as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{Arguments, Command};
    use clap::Parser;
    use tilt::lab::Recorded;
    use tilt::sampling::{Moments, Plan};

    fn holds(sampling: &Sampling) -> Result<Check> {
        // Two checks of one claim use one label: each has a part of the executor to itself.
        let plan = Plan::fixed(sampling.samples);
        sampling.executor.run("draws", &plan, Moments::new, |_, _| Ok(()))?;
        let mut check = Check::bound("example/R1", "1 <= 2").tolerance(0.0, "exact");
        check.at_most(1.0, 2.0, 1.0, || json!({}));
        Ok(check.finish())
    }

    fn fails(_: &Sampling) -> Result<Check> {
        let mut check = Check::bound("example/R1", "2 <= 1").tolerance(0.0, "exact");
        check.at_most(2.0, 1.0, 1.0, || json!({}));
        Ok(check.finish())
    }

    fn breaks(_: &Sampling) -> Result<Check> {
        panic!("a fault")
    }

    fn as_recorded(recorded: Recorded, checks: &'static [fn(&Sampling) -> Result<Check>]) -> bool {
        let claim = Claim { id: "example/R1", statement: "", source: "", conditions: "", recorded, checks };
        let Some(Command::Check(arguments)) = Arguments::parse_from(["sim", "check"]).command else { panic!() };
        let subject = Subject::Claim(&claim);
        let checks = subject.checks(&Executor::new(1, "check"), &arguments);
        subject.verdict(&checks).1
    }

    #[test]
    fn a_verdict_is_held_against_the_recorded_one() {
        assert!(as_recorded(Recorded::Holds, &[holds, holds]));
        assert!(!as_recorded(Recorded::Holds, &[holds, fails]));
        assert!(as_recorded(Recorded::Fails("so it is"), &[holds, fails]));
        assert!(!as_recorded(Recorded::Fails("so it is"), &[holds]));
        assert!(!as_recorded(Recorded::Holds, &[holds, breaks]));
        assert!(as_recorded(Recorded::Undecided("no check"), &[]));
    }
}
