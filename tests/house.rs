//! The house itself: floors, completeness of what every quantity, claim and study must bring, length of files.

use std::fs;
use std::path::{Path, PathBuf};
use tilt::lab::Route;

const ENGINES: [&str; 5] = ["asymptotics", "bandits", "judge", "rewards", "games"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The floor of a room; rooms of the binary stand above all.
fn floor(room: &str) -> usize {
    match room {
        "numerics" => 0,
        "prob" => 1,
        "sampling" => 2,
        "lab" => 3,
        "studies" | "tch" => 5,
        "report" => 6,
        engine if ENGINES.contains(&engine) => 4,
        _ => 7,
    }
}

#[test]
fn a_room_imports_only_from_floors_below() {
    let source = root().join("src");
    let mut imports = 0;
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).unwrap();
        let room = relative.components().next().unwrap().as_os_str().to_str().unwrap().to_string();
        if room == "lib.rs" || room == "error.rs" || room == "bin" {
            continue;
        }
        for line in fs::read_to_string(&file).unwrap().lines() {
            for piece in line.split("crate::").skip(1) {
                let other: String = piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if other == room || floor(&other) == 7 {
                    continue;
                }
                imports += 1;
                let allowed = floor(&other) < floor(&room);
                assert!(allowed, "{}: floor {} imports {other}: {line}", file.display(), floor(&room));
            }
        }
    }
    assert!(imports > 50, "the reader of imports found only {imports}");
}

#[test]
fn only_quantities_know_the_lab_inside_an_engine() {
    for engine in ENGINES {
        for file in rust_files(&root().join("src").join(engine)) {
            if file.components().any(|part| part.as_os_str().to_str().unwrap().starts_with("quantities")) {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            assert!(!text.contains("crate::lab"), "{} knows the lab", file.display());
        }
    }
}

#[test]
fn files_are_read_in_one_sitting() {
    for folder in ["src", "tests", "benches"] {
        for file in rust_files(&root().join(folder)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= 700, "{} has {lines} lines", file.display());
        }
    }
}

#[test]
fn the_library_neither_prints_nor_leaves_work_undone() {
    for file in rust_files(&root().join("src")) {
        if file.starts_with(root().join("src/bin")) {
            continue;
        }
        for line in fs::read_to_string(&file).unwrap().lines() {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            for word in ["println!(", "eprintln!(", "dbg!(", "todo!(", "unimplemented!("] {
                assert!(!code.contains(word), "{}: {line}", file.display());
            }
        }
    }
}

#[test]
fn every_quantity_has_an_exact_route_a_reference_case_and_its_engine_s_name() {
    let laboratory = tilt::laboratory();
    assert!(!laboratory.quantities.is_empty());
    for quantity in &laboratory.quantities {
        // The specification of rewards has one quantity of another name.
        let engine = quantity.name.split('.').next().unwrap().replace("hack", "rewards");
        assert!(ENGINES.contains(&engine.as_str()), "{}", quantity.name);
        assert!(quantity.routes().any(|route| route == Route::Exact), "{} has no exact route", quantity.name);
        let cases = fs::read_to_string(root().join(format!("tests/reference/{engine}.json"))).unwrap();
        assert!(cases.contains(&format!("\"{}\"", quantity.name)), "{} has no reference case", quantity.name);
    }
}

#[test]
fn every_claim_is_checked_and_numbered_after_its_engine() {
    let laboratory = tilt::laboratory();
    let mut ids: Vec<&str> = laboratory.claims.iter().map(|claim| claim.id).collect();
    for claim in &laboratory.claims {
        let (engine, number) = claim.id.split_once('/').unwrap();
        assert!(ENGINES.contains(&engine) && number.starts_with('R'), "{}", claim.id);
        assert!(!claim.checks.is_empty(), "{} is uncovered", claim.id);
        assert!(!claim.source.is_empty() && !claim.statement.is_empty(), "{}", claim.id);
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "a claim is registered twice");
}

#[test]
fn every_study_has_its_file_its_figures_its_claims_and_its_section_in_the_book() {
    let laboratory = tilt::laboratory();
    for study in &laboratory.studies {
        let (engine, _) = study.name.split_once('/').unwrap();
        let defaults = study.defaults().unwrap_or_else(|error| panic!("{}: {error}", study.name));
        study.parameters(&[]).unwrap_or_else(|error| panic!("{}: {error}", study.name));
        study.parameters(&[&defaults.quick]).unwrap_or_else(|error| panic!("{} quick: {error}", study.name));
        assert!(!defaults.quick.is_empty(), "{} has no [quick] table", study.name);
        let file = root().join(format!("sims/{}.toml", study.name));
        assert_eq!(fs::read_to_string(&file).unwrap(), study.file, "{} does not embed its own file", study.name);
        for claim in study.claims {
            assert!(laboratory.claims.iter().any(|known| known.id == *claim), "{}: no claim {claim}", study.name);
        }
        let chapter = fs::read_to_string(root().join(format!("docs/src/{engine}.md"))).unwrap();
        assert!(chapter.contains(&format!("`{}`", study.name)), "{} has no section in the book", study.name);
    }
    for name in &laboratory.tour {
        assert!(laboratory.study(name).is_some(), "the tour names {name}");
    }
}

#[test]
fn figures_of_the_book_exist() {
    for entry in fs::read_dir(root().join("docs/src")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for piece in text.split("](").skip(1) {
            let target = piece.split(')').next().unwrap();
            if target.ends_with(".svg") || target.ends_with(".png") || target.ends_with(".md") {
                let file = path.parent().unwrap().join(target);
                assert!(file.exists(), "{}: {target} does not exist", path.display());
            }
        }
    }
}
