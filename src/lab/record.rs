//! Records: everything needed to repeat a run bit for bit.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Version of the record's layout.
pub const SCHEMA_VERSION: u32 = 1;

/// What was run, with what, by what, where. Only the last three fields may differ between two runs of the same thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// The study.
    pub study: String,
    /// All parameters, defaults included.
    pub parameters: Value,
    /// The seed.
    pub seed: u64,
    /// Version of this crate.
    pub version: String,
    /// Commit that the binary was built from, or "unknown".
    pub commit: String,
    /// The command that repeats the run.
    pub command: String,
    /// The machine: name, processor architecture, operating system.
    pub host: String,
    /// Threads used. They do not change the numbers.
    pub threads: usize,
    /// Wall time in seconds.
    pub wall_seconds: f64,
}

impl Record {
    /// Identifier of a run: 12 hexadecimal digits of an FNV-1a hash of study, parameters, seed and version. Equal runs
    /// have equal identifiers, so an interrupted one is found again.
    pub fn run_id(study: &str, parameters: &Value, seed: u64, version: &str) -> String {
        let text = format!("{study}\n{parameters}\n{seed}\n{version}");
        let hash = crate::sampling::stable_hash(&text);
        format!("{:012x}", hash & 0xffff_ffff_ffff)
    }
}
