//! Runs the real binary in scratch folders.
#![allow(dead_code)] // Every test file uses a part of it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder of its own, taken away at the end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let folder = std::env::temp_dir().join(format!("sim-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Scratch(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
        command.args(words).current_dir(&self.0).env_remove("NO_COLOR").env_remove("FORCE_COLOR").env_remove("COLUMNS");
        command
    }

    pub fn sim(&self, words: &[&str]) -> Output {
        self.fed(words, b"")
    }

    pub fn fed(&self, words: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // Written beside the reading: a pipe holds only so much. A program that ends early does not read it all.
        let writer = std::thread::spawn(move || _ = stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Output {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub struct Output {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Standard output of a command that must succeed.
    pub fn good(self) -> String {
        assert_eq!(self.status, Some(0), "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// The lines of JSON of a command that must succeed.
    pub fn json(self) -> Vec<serde_json::Value> {
        self.good().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Holds `text` against `tests/golden/<name>`; writes it there with UPDATE_GOLDEN=1.
pub fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if let Some((line, (a, b))) = text.lines().zip(expected.lines()).enumerate().find(|(_, (a, b))| a != b) {
        panic!("{name}:{}\n  now:    {a}\n  golden: {b}\n(UPDATE_GOLDEN=1 accepts)", line + 1);
    }
    assert_eq!(text.lines().count(), expected.lines().count(), "{name}: length (UPDATE_GOLDEN=1 accepts)");
}

/// The files of numbers of a run, by name, with their bytes.
pub fn numbers(run: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![("checks.json".to_string(), fs::read(run.join("checks.json")).unwrap())];
    for part in ["tables", "figures"] {
        for entry in fs::read_dir(run.join(part)).unwrap() {
            let path = entry.unwrap().path();
            files.push((path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()));
        }
    }
    files.sort();
    assert!(files.len() > 2, "a run without numbers");
    files
}

/// The only folder in a folder.
pub fn only_folder(folder: &Path) -> PathBuf {
    let mut folders = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let first = folders.next().unwrap();
    assert!(folders.next().is_none(), "more than one folder in {}", folder.display());
    first
}
