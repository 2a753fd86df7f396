//! The one error of the laboratory.
//!
//! Every fallible function returns [`Error`]; its variants are the error kinds of `sim eval`. A message names the field,
//! the offending value and what was expected, so that it can be acted on without reading the code.

use std::fmt;

/// `Result` with the laboratory's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a computation gave no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value outside the domain of the model or of the function.
    #[error("{field} is {value}; expected {expected}")]
    InvalidInput {
        /// Where: a field with its index, as `p[2]`.
        field: String,
        /// The offending value, printed.
        value: String,
        /// What was expected instead.
        expected: String,
    },
    /// An iteration stopped before it reached its tolerance.
    #[error("{method} did not converge after {iterations} iterations: residual {residual:e}, wanted {tolerance:e}")]
    NotConverged {
        /// The method and what it was solving for.
        method: String,
        /// Iterations done.
        iterations: usize,
        /// The residual reached.
        residual: f64,
        /// The residual wanted.
        tolerance: f64,
    },
    /// The exact computation would need more than the stated limit.
    #[error("{what} needs {needed} {unit}, more than the limit of {limit}")]
    TooLarge {
        /// What would be built.
        what: String,
        /// The size that it would need (possibly infinite), in `unit`.
        needed: f64,
        /// The size that is allowed, in `unit`.
        limit: f64,
        /// The unit of both sizes, as `table entries`.
        unit: &'static str,
    },
    /// The person or the system asked the run to stop; what was finished has been kept.
    #[error("interrupted")]
    Interrupted,
    /// A file could not be read or written.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: String,
        /// The system's reason.
        message: String,
    },
}

impl Error {
    /// An [`Error::InvalidInput`] about `field`.
    ///
    /// ```
    /// let error = tilt::Error::invalid("p[2]", -0.5, "a probability >= 0");
    /// assert_eq!(error.to_string(), "p[2] is -0.5; expected a probability >= 0");
    /// ```
    pub fn invalid(field: impl Into<String>, value: impl fmt::Display, expected: impl Into<String>) -> Self {
        Error::InvalidInput { field: field.into(), value: value.to_string(), expected: expected.into() }
    }

    /// An [`Error::TooLarge`]: `what` needs `needed` of `unit`, and `limit` are allowed.
    pub fn too_large(what: impl Into<String>, needed: f64, limit: f64, unit: &'static str) -> Self {
        Error::TooLarge { what: what.into(), needed, limit, unit }
    }

    /// The same error with the field renamed: a model validated under one name, used under another (`p` as `ref`).
    /// `p` becomes `to`, `p[2]` becomes `to[2]`; other fields and kinds stay.
    ///
    /// ```
    /// let error = tilt::Error::invalid("p[2]", -0.5, "a probability >= 0").in_field("p", "omega");
    /// assert!(error.to_string().starts_with("omega[2]"));
    /// ```
    pub fn in_field(self, from: &str, to: &str) -> Self {
        match self {
            Error::InvalidInput { field, value, expected } => {
                let field = match field.strip_prefix(from) {
                    Some(rest) if rest.is_empty() || rest.starts_with('[') => format!("{to}{rest}"),
                    _ => field,
                };
                Error::InvalidInput { field, value, expected }
            }
            other => other,
        }
    }

    /// The machine-readable kind, as `sim eval` prints it.
    pub fn kind(&self) -> &'static str {
        match self {
            Error::InvalidInput { .. } => "invalid_input",
            Error::NotConverged { .. } => "not_converged",
            Error::TooLarge { .. } => "too_large",
            Error::Interrupted => "interrupted",
            Error::File { .. } => "file",
        }
    }
}
