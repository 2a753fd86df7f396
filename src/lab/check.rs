//! Checks: one statement held against numbers, with a tolerance that has a reason and a resolution that says what the
//! check would have caught.

use super::Real;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a check compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Two expressions are equal.
    Identity,
    /// Two routes of one quantity agree.
    Agreement,
    /// One side is at most the other.
    Bound,
    /// A sequence is ordered.
    Ordering,
    /// An exponent or a limit has the stated value and not the neighbouring one.
    Rate,
}

/// What the numbers say about a statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// True on everything tried, within the tolerance.
    Holds,
    /// True under a condition that the statement as published does not have.
    HoldsUnder(String),
    /// False: the instance is a counter-example.
    Fails(String),
    /// The numbers at hand decide nothing; what would is named.
    Undecided(String),
}

impl Verdict {
    /// The word printed in tables.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::HoldsUnder(_) => "holds under a condition",
            Verdict::Fails(_) => "fails",
            Verdict::Undecided(_) => "undecided",
        }
    }
}

/// An allowed difference and why it is allowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tolerance {
    /// The allowed difference in units of the comparison's scale.
    pub value: f64,
    /// Where it comes from.
    pub reason: String,
}

/// A finished check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The claim (`asymptotics/R7`) or quantity that it tests.
    pub subject: String,
    /// What is compared, in words.
    pub what: String,
    /// The kind of comparison.
    pub kind: Kind,
    /// Left side on the worst instance.
    pub left: Real,
    /// Right side on the worst instance.
    pub right: Real,
    /// The allowed difference.
    pub tolerance: Tolerance,
    /// The smallest violation that the check would have caught, in units of the compared sides.
    pub resolution: Real,
    /// Number of comparisons made.
    pub instances: u64,
    /// The instance nearest to, or farthest into, a violation.
    pub worst: Value,
    /// What the numbers say.
    pub verdict: Verdict,
}

impl Check {
    /// A check that `left` equals `right` on every instance.
    pub fn identity(subject: &str, what: &str) -> CheckBuilder {
        CheckBuilder::new(subject, what, Kind::Identity)
    }

    /// A check that two routes give the same number on every instance.
    pub fn agreement(subject: &str, what: &str) -> CheckBuilder {
        CheckBuilder::new(subject, what, Kind::Agreement)
    }

    /// A check that `left` is at most `right` on every instance.
    pub fn bound(subject: &str, what: &str) -> CheckBuilder {
        CheckBuilder::new(subject, what, Kind::Bound)
    }

    /// A check that consecutive numbers are in order, each given as an instance `left <= right`.
    pub fn ordering(subject: &str, what: &str) -> CheckBuilder {
        CheckBuilder::new(subject, what, Kind::Ordering)
    }

    /// A check of a rate or a limit: each instance is an estimate against the stated value; see [`CheckBuilder::rate`].
    pub fn rates(subject: &str, what: &str) -> CheckBuilder {
        CheckBuilder::new(subject, what, Kind::Rate)
    }
}

/// Collects comparisons into a [`Check`].
///
/// ```
/// use tilt::lab::{Check, Verdict};
/// let mut check = Check::bound("asymptotics/R7", "KL of best-of-N <= log N - (N-1)/N").tolerance(1e-14, "rounding");
/// check.at_most(0.55, 0.64, 1.0, || serde_json::json!({"n": 4}));
/// let check = check.finish();
/// assert_eq!(check.verdict, Verdict::Holds);
/// assert!((check.resolution.0 - 0.09).abs() < 1e-9);
/// ```
#[derive(Clone, Debug)]
pub struct CheckBuilder {
    check: Check,
    /// Violation of the worst instance in units of its tolerance; > 1 is a violation.
    worst_ratio: f64,
}

impl CheckBuilder {
    fn new(subject: &str, what: &str, kind: Kind) -> Self {
        let check = Check {
            subject: subject.to_string(),
            what: what.to_string(),
            kind,
            left: Real(0.0),
            right: Real(0.0),
            tolerance: Tolerance { value: 0.0, reason: "none".to_string() },
            resolution: Real(f64::INFINITY),
            instances: 0,
            worst: Value::Null,
            verdict: Verdict::Holds,
        };
        CheckBuilder { check, worst_ratio: f64::NEG_INFINITY }
    }

    /// The allowed difference, in units of each comparison's scale, and its reason.
    pub fn tolerance(mut self, value: f64, reason: &str) -> Self {
        self.check.tolerance = Tolerance { value, reason: reason.to_string() };
        self
    }

    /// Compares two numbers that should be equal, up to tolerance x `scale`. `instance` describes the case.
    pub fn equal(&mut self, left: f64, right: f64, scale: f64, instance: impl FnOnce() -> Value) {
        let allowed = self.check.tolerance.value * scale;
        // Equal infinities are equal; their difference is not a number.
        let difference = if left == right { 0.0 } else { (left - right).abs() };
        self.observe(left, right, difference, allowed, allowed, instance);
    }

    /// Compares two numbers of which the left should be at most the right, up to tolerance x `scale`.
    pub fn at_most(&mut self, left: f64, right: f64, scale: f64, instance: impl FnOnce() -> Value) {
        let allowed = self.check.tolerance.value * scale;
        let excess = if left == right { 0.0 } else { left - right };
        self.observe(left, right, excess, allowed, allowed - excess, instance);
    }

    /// Compares an estimated exponent or limit with the stated one: the interval `estimate` +- `half_width` must hold
    /// `stated` and exclude `competitor`. A competitor inside the interval leaves the check undecided.
    pub fn rate(
        &mut self,
        estimate: f64,
        half_width: f64,
        stated: f64,
        competitor: f64,
        instance: impl FnOnce() -> Value,
    ) {
        self.observe(estimate, stated, (estimate - stated).abs(), half_width, half_width, instance);
        if (estimate - competitor).abs() <= half_width {
            self.check.verdict = Verdict::Undecided(format!(
                "{estimate} +- {half_width} does not exclude the competing {competitor}: a longer range would"
            ));
        }
    }

    fn observe(
        &mut self,
        left: f64,
        right: f64,
        violation: f64,
        allowed: f64,
        resolution: f64,
        instance: impl FnOnce() -> Value,
    ) {
        self.check.instances += 1;
        // A comparison with a NaN side is a violation: it must not pass unseen.
        let ratio = match (violation.is_nan(), allowed > 0.0) {
            (true, _) => f64::INFINITY,
            (false, true) => violation / allowed,
            (false, false) if violation > 0.0 => f64::INFINITY,
            (false, false) => violation,
        };
        if resolution < self.check.resolution.0 {
            self.check.resolution = Real(resolution);
        }
        if ratio > self.worst_ratio {
            self.worst_ratio = ratio;
            self.check.worst = instance();
            (self.check.left, self.check.right) = (Real(finite(left)), Real(finite(right)));
        }
    }

    /// Whether a violation has been seen.
    pub fn violated(&self) -> bool {
        self.worst_ratio > 1.0
    }

    /// The check; it holds if nothing was violated. Without a single comparison it is undecided.
    pub fn finish(mut self) -> Check {
        if self.check.instances == 0 {
            self.check.verdict = Verdict::Undecided("no instance was compared".to_string());
        } else if self.violated() {
            self.check.verdict = Verdict::Fails(self.check.worst.to_string());
        }
        self.check
    }

    /// As [`finish`](Self::finish), but "holds" becomes "holds under `condition`": the instances were drawn under it.
    pub fn finish_under(self, condition: &str) -> Check {
        let mut check = self.finish();
        if check.verdict == Verdict::Holds {
            check.verdict = Verdict::HoldsUnder(condition.to_string());
        }
        check
    }
}

/// NaN sides are recorded as +inf: the record must stay printable, and the verdict already says "fails".
fn finite(x: f64) -> f64 {
    if x.is_nan() { f64::INFINITY } else { x }
}
