//! `tilt`: a laboratory for the theory of language-model alignment.
//!
//! A **quantity** is a number, or a few named numbers, that a model defines; a **route** is one way to compute it. Routes
//! of one quantity share their input and output and no code that could make them wrong together. Everything else (the
//! command line, the checks of published claims, the studies and figures) is built from that table.
//!
//! The crate is a house of floors; a module imports only from floors below it, and engines do not know each other:
//!
//! | floor | module | what it holds |
//! |---|---|---|
//! | 6 | [`report`] | records to CSV, JSON, SVG, PNG and HTML |
//! | 5 | [`studies`] | one file a study, and the checks of the claims, by engine |
//! | 4 | [`asymptotics`], [`games`], [`judge`], [`rewards`] | the engines: models and their mathematics |
//! | 3 | [`lab`] | quantities, routes, claims, checks, studies, records |
//! | 2 | [`sampling`] | addressed random streams, estimators, the block executor |
//! | 1 | [`prob`] | finite laws in log space: the tilt, divergences, order statistics |
//! | 0 | [`numerics`] | log-domain sums, special functions, roots, quadrature, convolution, lanes |
#![warn(missing_docs)]
#![warn(clippy::undocumented_unsafe_blocks)]

mod error;

pub mod asymptotics;
pub mod games;
pub mod judge;
pub mod lab;
pub mod numerics;
pub mod prob;
pub mod report;
pub mod rewards;
pub mod sampling;
pub mod studies;

pub use error::{Error, Result};

/// Everything that the laboratory knows: one line an engine for each kind of entry.
pub fn laboratory() -> lab::Laboratory {
    lab::Laboratory {
        quantities: joined([
            asymptotics::quantities::all(),
            judge::quantities::all(),
            games::quantities::all(),
            rewards::quantities::all(),
        ]),
        claims: joined([
            studies::asymptotics::claims::all(),
            studies::judge::claims::all(),
            studies::games::claims::all(),
            studies::rewards::claims::all(),
        ]),
        studies: joined([
            studies::asymptotics::all(),
            studies::judge::all(),
            studies::games::all(),
            studies::rewards::all(),
        ]),
        tasks: joined([
            studies::asymptotics::tasks::all(),
            studies::judge::tasks::all(),
            studies::games::tasks::all(),
            studies::rewards::tasks::all(),
        ]),
        tour: vec!["asymptotics/length", "judge/judges"],
    }
}

fn joined<T, const ENGINES: usize>(entries: [Vec<T>; ENGINES]) -> Vec<T> {
    entries.into_iter().flatten().collect()
}
