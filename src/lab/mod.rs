//! Floor 3: the nouns of the laboratory.
//!
//! An engine states its numbers as [`Quantity`] entries, each with one function a [`Route`]. Published statements are
//! [`Claim`]s with [`Check`]s and a [`Verdict`]. A [`Study`] sweeps quantities over inputs into a [`Report`]: tables,
//! figures and checks. A [`Laboratory`] is the table of all of them; the command line, the cross-checks and the tests are
//! built from it alone.

mod agreement;
mod check;
mod claim;
mod figure;
mod instances;
mod quantity;
mod real;
mod record;
mod registry;
mod report;
mod statistics;
mod study;
mod table;
mod task;

pub use agreement::agreement_checks;
pub use check::{Check, CheckBuilder, Kind, Tolerance, Verdict};
pub use claim::{Claim, Recorded, combined_verdict};
pub use figure::{Axis, Figure, Layer, Mark, Panel, Scale};
pub use instances::Instances;
pub use quantity::{Answer, Estimate, Quantity, Route, Sampling};
pub use real::{Count, Real, to_json};
pub use record::{Record, SCHEMA_VERSION};
pub use registry::{Laboratory, nearest};
pub use report::Report;
pub use statistics::{FALSE_ALARM_BUDGET, SUITE_COMPARISONS, z_limit};
pub use study::{Run, RunFile, Study, json_of_toml};
pub use table::{Cell, Column, Table};
pub use task::{Task, Work};
