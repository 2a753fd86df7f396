//! Runs: the same bytes for any number of threads, after a kill and a resume, and when run again.

mod cli_support;

use cli_support::{Scratch, numbers, only_folder};
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Long enough to be stopped in the middle: a second or two.
const LONG: [&str; 8] =
    ["run", "asymptotics/length", "--set", "draws=400000", "--set", "length_max=1500", "--set", "simulated_lengths=5"];

fn sims(name: &str) -> String {
    format!("{}/sims/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn threads_do_not_change_a_bit() {
    let scratch = Scratch::new("threads");
    let run = |threads: &str| {
        scratch.sim(&["run", "asymptotics/length", "--quick", "--threads", threads, "--out", threads]).good();
        numbers(&only_folder(&scratch.path(threads).join("asymptotics/length")))
    };
    let one = run("1");
    assert!(run("2") == one && run("7") == one);
}

/// Starts the long run and waits until its journal holds some results; gives up after two minutes, which shows later.
fn begin(scratch: &Scratch) -> Child {
    let child = scratch.command(&LONG).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (folder, start) = (scratch.path("out/asymptotics/length"), Instant::now());
    let begun = || {
        let run = fs::read_dir(&folder).ok()?.next()?.ok()?;
        let journal = fs::read(run.path().join("journal.jsonl")).ok()?;
        Some(journal.iter().filter(|&&byte| byte == b'\n').count() > 100)
    };
    while begun() != Some(true) && start.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

/// Resumes the run and holds it against one that was never stopped.
fn resume_and_compare(scratch: &Scratch) {
    let run = only_folder(&scratch.path("out/asymptotics/length"));
    assert!(!run.join("record.json").exists(), "it had finished before it was stopped");
    let output = scratch.sim(&[&LONG[..], &["--resume", "--log", "info"]].concat());
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    let found = output.stderr.split("asymptotics/length: ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(found.parse::<u32>().unwrap() >= 100, "results found again: {}", output.stderr);
    assert!(!run.join("journal.jsonl").exists());
    scratch.sim(&[&LONG[..], &["--out", "whole"]].concat()).good();
    assert!(numbers(&run) == numbers(&only_folder(&scratch.path("whole/asymptotics/length"))));
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let scratch = Scratch::new("kill");
    let mut child = begin(&scratch);
    child.kill().unwrap();
    child.wait().unwrap();
    resume_and_compare(&scratch);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_how_to_go_on() {
    let scratch = Scratch::new("interrupt");
    let child = begin(&scratch);
    let signal = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(signal.success());
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{message}");
    assert!(
        message.contains("sim run asymptotics/length --set draws=400000") && message.contains("--resume"),
        "{message}"
    );
    resume_and_compare(&scratch);
}

#[test]
fn a_finished_run_is_shown_again_by_resume_and_replaced_without() {
    let scratch = Scratch::new("stored");
    let words = ["run", "asymptotics/staircase", "--quick", "--json"];
    let first = scratch.sim(&words).json();
    assert_eq!(first[0]["stored"], false);
    assert_eq!(scratch.sim(&[&words[..], &["--resume"]].concat()).json()[0]["stored"], true);
    assert_eq!(scratch.sim(&words).json(), first);
}

#[test]
fn a_run_is_the_same_by_name_by_file_and_by_its_recorded_command() {
    let scratch = Scratch::new("names");
    let folder = |words: &[&str]| scratch.sim(words).json()[0]["folder"].as_str().unwrap().to_string();
    let quick = ["--quick", "--json", "--seed", "5", "--set", "points=70", "--set", "log_best_of_max=11.5"];
    let by_name = folder(&[&["run", "asymptotics/staircase"][..], &quick].concat());
    assert_eq!(folder(&[&["run", &sims("asymptotics/staircase.toml")][..], &quick].concat()), by_name);
    let record = fs::read_to_string(scratch.path(&by_name).join("record.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let command = record["record"]["command"].as_str().or(record["command"].as_str()).unwrap();
    let words: Vec<&str> = command.split(' ').skip(1).chain(["--json"]).collect();
    assert_eq!(folder(&words), by_name, "{command}");
}

#[test]
fn folders_and_globs_stand_for_their_files() {
    let scratch = Scratch::new("globs");
    let count = |target: &str| scratch.sim(&["run", target, "--quick", "--json"]).json().len();
    let studies = tilt::laboratory().studies.iter().filter(|study| study.name.starts_with("asymptotics/")).count();
    assert_eq!(count(&sims("asymptotics")), studies);
    let with_s = tilt::laboratory().studies.iter().filter(|study| study.name.starts_with("asymptotics/s")).count();
    assert!(with_s > 1 && with_s < studies);
    assert_eq!(count(&sims("asym*/s*.toml")), with_s);
    assert_eq!(count("asymptotics/s*"), with_s);
}

#[test]
fn a_rerun_repeats_the_bytes_and_sees_a_change() {
    let scratch = Scratch::new("rerun");
    let run = scratch.sim(&["run", "asymptotics/saturation", "--quick", "--json"]).json();
    let folder = run[0]["folder"].as_str().unwrap();
    let again = scratch.sim(&["rerun", folder, "--json", "--threads", "3"]).json();
    assert!(again[0]["same"].as_array().unwrap().len() >= 4 && again[0]["different"] == serde_json::json!([]));
    let table = fs::read_dir(scratch.path(folder).join("tables")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&table, text.replacen('1', "2", 1)).unwrap();
    let changed = scratch.sim(&["rerun", &format!("{folder}/record.json")]);
    assert_eq!(changed.status, Some(1), "{}", changed.stderr);
    assert!(changed.stdout.starts_with("different: tables/"), "{}", changed.stdout);
}

#[test]
fn reports_and_figures_lie_where_it_is_said() {
    let scratch = Scratch::new("pages");
    scratch.sim(&["run", "asymptotics/staircase", "asymptotics/blocks", "--quick"]).good();
    let report = scratch.sim(&["report", "out"]).good();
    let page = fs::read_to_string(scratch.path(report.trim())).unwrap();
    assert!(page.contains("asymptotics/staircase") && page.contains("asymptotics/blocks"));
    let figures = scratch.sim(&["figures", "--quick", "asymptotics/staircase"]).good();
    assert!(figures.lines().count() >= 1);
    for path in figures.lines() {
        assert!(path.starts_with("figures/asymptotics/") && scratch.path(path).exists(), "{path}");
    }
    let tour = scratch.sim(&[]).good();
    let page = tour.lines().last().unwrap();
    assert!(page.ends_with(".html") && scratch.path(page).exists(), "{tour}");
}

#[test]
fn checks_come_out_as_recorded_and_are_remembered() {
    let scratch = Scratch::new("check");
    let laboratory = tilt::laboratory();
    let Some(claim) = laboratory.claims.first() else { return };
    let lines = scratch.sim(&["check", claim.id, "--json"]).json();
    let line = lines.iter().find(|line| line["claim"] == claim.id).unwrap();
    assert_eq!(line["as_recorded"], true);
    let listed = scratch.sim(&["claims", "--json"]).json();
    let known = listed.iter().find(|line| line["claim"] == claim.id).unwrap();
    assert_eq!(known["last_verdict"], line["verdict"]);
}
