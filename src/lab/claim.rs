//! Claims: statements of papers, with where they come from, their checks and the verdict on record.

use super::{Check, Sampling, Verdict};
use crate::Result;

/// The verdict that is expected of a claim: a build breaks when the numbers say otherwise, not when a paper is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The claim holds as stated.
    Holds,
    /// The claim holds under this condition, which the statement does not have.
    HoldsUnder(&'static str),
    /// The claim fails as stated; the reason in words.
    Fails(&'static str),
    /// Not decided by what the lab can compute; what would decide it.
    Undecided(&'static str),
}

impl Recorded {
    /// Whether a verdict is of the recorded kind.
    pub fn matches(self, verdict: &Verdict) -> bool {
        self.word() == verdict.word()
    }

    /// The word printed in tables, as [`Verdict::word`].
    pub fn word(self) -> &'static str {
        match self {
            Recorded::Holds => "holds",
            Recorded::HoldsUnder(_) => "holds under a condition",
            Recorded::Fails(_) => "fails",
            Recorded::Undecided(_) => "undecided",
        }
    }
}

/// A statement with its source and its checks.
#[derive(Clone, Copy)]
pub struct Claim {
    /// `<engine>/R<n>`.
    pub id: &'static str,
    /// The statement.
    pub statement: &'static str,
    /// Paper and theorem where known, and how far the source was read; or "derived".
    pub source: &'static str,
    /// Conditions under which it is stated.
    pub conditions: &'static str,
    /// The verdict on record.
    pub recorded: Recorded,
    /// The functions that test it. Each is independent of the others.
    pub checks: &'static [fn(&Sampling) -> Result<Check>],
}

/// One verdict from several checks: the worst of them (fails, then undecided, then a condition, then holds).
pub fn combined_verdict(checks: &[Check]) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Holds => 0,
        Verdict::HoldsUnder(_) => 1,
        Verdict::Undecided(_) => 2,
        Verdict::Fails(_) => 3,
    };
    let worst = checks.iter().map(|check| &check.verdict).max_by_key(|verdict| rank(verdict));
    worst.cloned().unwrap_or_else(|| Verdict::Undecided("no check covers it".to_string()))
}
