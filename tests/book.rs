//! The page of claims in the book is what the registry says. Renewed by `UPDATE_GOLDEN=1 cargo test --test book`.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use tilt::lab::Recorded;

/// Markdown that shows `text` letter by letter.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if "*_<>[]|\\`".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

fn page_of_claims() -> String {
    let claims = tilt::laboratory().claims;
    let mut page = String::from(
        "# Claims and verdicts\n\n\
         Every published or derived statement that the lab holds against numbers, with the verdict on record. \
         `sim check ID` repeats the checks of one and says what they would have caught; the build breaks when a verdict \
         is not the recorded one. A source is given as far as it was read.\n",
    );
    let mut engine = "";
    for claim in &claims {
        let (of, number) = claim.id.split_once('/').unwrap();
        if of != engine {
            engine = of;
            writeln!(page, "\n## {engine}\n").unwrap();
        }
        let checks = claim.checks.len();
        let word = if checks == 1 { "check" } else { "checks" };
        writeln!(page, "- **{number}**, *{}* ({checks} {word}). {}", claim.recorded.word(), plain(claim.statement))
            .unwrap();
        if let Recorded::HoldsUnder(why) | Recorded::Fails(why) | Recorded::Undecided(why) = claim.recorded {
            writeln!(page, "  Verdict: {}: {}.", claim.recorded.word(), plain(why.trim_end_matches('.'))).unwrap();
        }
        if !claim.conditions.is_empty() {
            writeln!(page, "  Conditions: {}.", plain(claim.conditions.trim_end_matches('.'))).unwrap();
        }
        writeln!(page, "  Source: {}.", plain(claim.source.trim_end_matches('.'))).unwrap();
    }
    page
}

#[test]
fn the_page_of_claims_is_the_registry_s() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/claims.md");
    let page = page_of_claims();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/src/claims.md is not what the registry says; UPDATE_GOLDEN=1 renews it");
}
