//! Golden runs of the command line: answers and refusals of `eval`, errors of parameters, unknown names, schemas, help.

mod cli_support;

use cli_support::{Scratch, golden};
use std::fs;

#[test]
fn eval_answers_and_refuses() {
    let scratch = Scratch::new("eval");
    let mut input = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/eval.jsonl")).unwrap();
    input.extend(b"\xff\xfe\n");
    input.extend(b"{\"a\":".repeat(100_000));
    input.extend(b"\n");
    // The last line has no newline.
    input.extend(
        b"{\"quantity\": \"asymptotics.rate\", \"input\": {\"p\": [1], \"s\": [0], \"x\": 0}, \"id\": \"last\"}",
    );
    let output = scratch.fed(&["eval"], &input);
    assert_eq!((output.status, output.stderr.as_str()), (Some(1), ""));
    golden("eval.out", &output.stdout);
}

#[test]
fn eval_of_a_named_quantity_takes_bare_inputs() {
    let scratch = Scratch::new("bare");
    let lines =
        "{\"p\": [0.5, 0.5], \"s\": [0, 1], \"x\": 2}\n\n{\"input\": {\"p\": [1], \"s\": [0], \"x\": 0}, \"id\": 2}\n";
    let output = scratch.fed(&["eval", "asymptotics.rate"], lines.as_bytes()).json();
    assert_eq!(output[0]["output"], serde_json::json!({"rate": "inf", "tau": null}));
    assert!(output[0].get("id").is_none());
    assert_eq!(output[1]["id"], 2);
    let bad = scratch.fed(&["eval", "asymptotics.rate"], b"5\n{\"p\": [1], \"s\": [0], \"x\": 0, \"id\": 3}\n");
    assert_eq!(bad.status, Some(1));
    assert!(bad.stdout.lines().nth(1).unwrap().starts_with("{\"id\":3,\"error\":{\"kind\":\"invalid_input\""));
}

#[test]
fn eval_answers_while_its_input_waits() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;
    let scratch = Scratch::new("stream");
    let mut child =
        scratch.command(&["eval"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for i in 0..3 {
        writeln!(input, "{{\"quantity\": \"asymptotics.rate\", \"input\": {{}}, \"id\": {i}}}").unwrap();
        let mut line = String::new();
        // Hangs here if the answer is kept back.
        output.read_line(&mut line).unwrap();
        assert!(line.starts_with(&format!("{{\"id\":{i},")));
    }
    drop(output);
    // With nobody to read the answers it stops by itself, without a word.
    for _ in 0..100_000 {
        if writeln!(input, "{{}}").is_err() {
            break;
        }
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

const STUDY: &str = "study = \"asymptotics/length\"\nseed = 3\n\n[parameters]\np = [0.5, 0.3, 0.2]\nlengths = 20\n\n\
[quick]\ndraws = 100\n";

#[test]
fn errors_name_file_line_field_value_and_what_was_expected() {
    let scratch = Scratch::new("errors");
    for (name, from, to) in [
        ("good.toml", "", ""),
        ("probability.toml", "0.3", "-0.3"),
        ("type.toml", "lengths = 20", "lengths = \"many\""),
        ("unknown_parameter.toml", "lengths", "lenghts"),
        ("unknown_key.toml", "seed", "sed"),
        ("unknown_study.toml", "asymptotics/length", "asymptotics/lenght"),
        ("seed.toml", "seed = 3", "seed = -3"),
        ("syntax.toml", "[0.5", "[[0.5"),
        ("quick.toml", "draws = 100", "draws = true"),
    ] {
        fs::write(scratch.path(name), STUDY.replace(from, to)).unwrap();
    }
    let mut transcript = String::new();
    for words in [
        "run probability.toml",
        "run type.toml",
        "run unknown_parameter.toml",
        "run unknown_key.toml",
        "run unknown_study.toml",
        "run seed.toml",
        "run syntax.toml",
        "run quick.toml --quick",
        "run good.toml --set lengths=few",
        "run good.toml --set p=[0.5,0.6]",
        "run good.toml --set lenghts=3",
        "run good.toml --set lengths",
        "run good.toml --threads 0",
        "run good.toml --seed x",
        "run missing.toml",
        "run *.json",
        "run asymptotics/lenght",
        "run xyzzy",
        "run",
        "eval asymptotics.ratte",
        "eval --route exactly",
        "quantities asymptotics.ratte",
        "quantities --schema",
        "check xyzzy",
        "rerun missing",
        "report missing",
        "figures asymptotics/lenght",
        "chekc",
        "--colour never",
    ] {
        let output = scratch.sim(&words.split(' ').collect::<Vec<_>>());
        transcript +=
            &format!("$ sim {words}\n{}{}exit status {}\n\n", output.stdout, output.stderr, output.status.unwrap());
        assert_eq!(output.status, Some(2), "{words}: {}", output.stderr);
        assert_eq!(output.stdout, "", "{words}");
    }
    assert!(!scratch.path("out").exists(), "a run that cannot begin leaves no folder");
    golden("errors.txt", &transcript);
    // The list of tasks grows: not golden.
    assert_eq!(scratch.sim(&["bench", "xyzzy"]).status, Some(2));
}

#[test]
fn the_schema_of_a_quantity_and_the_help() {
    let scratch = Scratch::new("schema");
    golden("schema.json", &scratch.sim(&["quantities", "asymptotics.rate", "--schema"]).good());
    golden("help.txt", &scratch.sim(&["--help"]).good());
    let listed = scratch.sim(&["quantities", "--json"]).json();
    assert_eq!(listed.len(), tilt::laboratory().quantities.len());
    assert_eq!(scratch.sim(&["list", "--json"]).json().len(), tilt::laboratory().studies.len());
    let claims = scratch.sim(&["claims", "--json"]);
    assert!(!claims.stdout.contains("uncovered"));
    assert_eq!(claims.json().len(), tilt::laboratory().claims.len());
}

#[test]
fn completions_and_man_page_know_every_command() {
    let scratch = Scratch::new("shell");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(scratch.sim(&["completions", shell]).good().contains("quantities"), "{shell}");
    }
    let man = scratch.sim(&["man"]).good();
    for command in ["RUN", "EVAL", "BENCH"] {
        assert!(man.contains(&format!("SIM {command}")), "{command}");
    }
    assert!(man.contains("\\-\\-resume"));
}
