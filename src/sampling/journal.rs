//! The one mechanism of resume: an append-only file of finished results, each under a key.
//!
//! A line of the file is one JSON object, `{"key": .., "value": ..}`; the first line is the head, with the format's version
//! and the fingerprint of the run (a hash or text of its parameters), so that a journal of other parameters is refused.
//! A line is written whole, in one call, before the result is used. Whatever moment the process dies at, only the last
//! line can be cut; a last line without its newline is dropped on opening and the file cut back to the line before.
//!
//! Floats come back bit for bit. JSON has no infinity: a type that can hold one marks it with [`exact`](super::exact), as
//! all estimators do. Each value is read back before it is written, and one that would not come back the same is an error
//! at once (except an `Option<f64>` of an infinity, which JSON cannot tell from `None`: mark it).

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Version of the file format.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize, PartialEq)]
struct Head {
    tilt_journal: u32,
    fingerprint: String,
}

#[derive(Serialize, Deserialize)]
struct Entry<K, T> {
    key: K,
    value: T,
}

/// Finished results by key; shared by all threads of a run.
#[derive(Debug)]
pub struct Journal {
    /// `None`: keeps nothing.
    kept: Option<Mutex<Kept>>,
}

#[derive(Debug)]
struct Kept {
    /// The whole line of each key.
    lines: HashMap<String, String>,
    file: Option<OpenFile>,
}

#[derive(Debug)]
struct OpenFile {
    path: PathBuf,
    file: File,
    /// Up to the end of the last whole line.
    length: u64,
}

impl Journal {
    /// A journal that keeps nothing: every result is computed.
    pub fn none() -> Self {
        Journal { kept: None }
    }

    /// A journal that lives as long as the process.
    pub fn in_memory() -> Self {
        Journal { kept: Some(Mutex::new(Kept { lines: HashMap::new(), file: None })) }
    }

    /// Opens the journal at `path`, or begins it. `fingerprint` names the parameters of the run: everything that the
    /// results depend on and that is not in their keys.
    ///
    /// [`Error::InvalidInput`] if the file has another fingerprint or version; [`Error::File`] if it is not a journal, is
    /// in use by another process, or cannot be read or written. No such file is changed.
    pub fn open(path: impl AsRef<Path>, fingerprint: &str) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let failed = |reason: String| Error::File { path: path.display().to_string(), message: reason };
        let io = |error: std::io::Error| failed(error.to_string());
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        // Where the file system has no locks, go on without.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(failed("in use by another run".into()));
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(io)?;
        let head = Head { tilt_journal: VERSION, fingerprint: fingerprint.into() };
        let head_line = line(&head).map_err(&failed)?;
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let mut lines = HashMap::new();
        if whole == 0 {
            if !head_line.as_bytes().starts_with(&text) {
                return Err(failed("not a journal".into()));
            }
            file.set_len(0).map_err(io)?;
            file.seek(SeekFrom::Start(0)).map_err(io)?;
            file.write_all(head_line.as_bytes()).map_err(io)?;
            let length = head_line.len() as u64;
            return Ok(Self::with(lines, OpenFile { path: path.clone(), file, length }));
        }
        let text = std::str::from_utf8(&text[..whole]).map_err(|_| failed("not a journal".into()))?;
        for (number, line) in text.lines().enumerate() {
            if number == 0 {
                let found: Head = serde_json::from_str(line).map_err(|_| failed("not a journal".into()))?;
                if found != head {
                    return Err(Error::invalid(
                        path.display().to_string(),
                        format!("a journal of version {} for {:?}", found.tilt_journal, found.fingerprint),
                        format!("version {VERSION} for {fingerprint:?} (the same parameters), or a fresh folder"),
                    ));
                }
            } else {
                let entry: Entry<String, IgnoredAny> = serde_json::from_str(line)
                    .map_err(|error| failed(format!("line {} is damaged: {error}", number + 1)))?;
                lines.entry(entry.key).or_insert_with(|| line.into());
            }
        }
        file.set_len(whole as u64).map_err(io)?;
        file.seek(SeekFrom::Start(whole as u64)).map_err(io)?;
        Ok(Self::with(lines, OpenFile { path: path.clone(), file, length: whole as u64 }))
    }

    fn with(lines: HashMap<String, String>, file: OpenFile) -> Self {
        Journal { kept: Some(Mutex::new(Kept { lines, file: Some(file) })) }
    }

    /// The value under `key`: from the journal if it is there, else computed and kept. An error is not kept.
    ///
    /// ```
    /// use tilt::sampling::Journal;
    /// let journal = Journal::in_memory();
    /// assert_eq!(journal.memo("six", || Ok(6))?, 6);
    /// assert_eq!(journal.memo("six", || Ok(7))?, 6); // kept: not computed again
    /// # Ok::<(), tilt::Error>(())
    /// ```
    ///
    /// Two threads that ask for the same missing key at once both compute it. Errors: those of `compute`;
    /// [`Error::File`] if writing fails; [`Error::InvalidInput`] if the value does not survive JSON or the kept one is of
    /// another type.
    pub fn memo<T: Serialize + DeserializeOwned>(&self, key: &str, compute: impl FnOnce() -> Result<T>) -> Result<T> {
        match self.get(key)? {
            Some(value) => Ok(value),
            None => {
                let value = compute()?;
                self.keep(key, &value)?;
                Ok(value)
            }
        }
    }

    /// The value under `key`, if it is there.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let Some(kept) = self.lock() else { return Ok(None) };
        let Some(line) = kept.lines.get(key).cloned() else { return Ok(None) };
        drop(kept);
        match serde_json::from_str::<Entry<IgnoredAny, T>>(&line) {
            Ok(entry) => Ok(Some(entry.value)),
            Err(error) => {
                Err(Error::invalid(format!("journal entry {key:?}"), error, "a value of the type now asked for"))
            }
        }
    }

    /// Keeps `value` under `key`; the first value of a key stays.
    pub fn keep<T: Serialize + DeserializeOwned>(&self, key: &str, value: &T) -> Result<()> {
        if self.kept.is_none() {
            return Ok(());
        }
        let not_kept = |reason: String| {
            Error::invalid(
                format!("journal entry {key:?}"),
                reason,
                "a value that JSON gives back (mark floats `exact`)",
            )
        };
        let line = line(&Entry { key, value }).map_err(&not_kept)?;
        let back: Entry<String, T> = serde_json::from_str(&line).map_err(|error| not_kept(error.to_string()))?;
        let again = self::line(&Entry { key, value: &back.value }).map_err(&not_kept)?;
        let same = again == line || {
            // Maps may come back in another order.
            let parse = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok();
            parse(&again) == parse(&line)
        };
        if !same {
            return Err(not_kept("changed by writing and reading".into()));
        }
        let Some(mut kept) = self.lock() else { return Ok(()) };
        if kept.lines.contains_key(key) {
            return Ok(());
        }
        if let Some(open) = &mut kept.file {
            open.append(&line)?;
        }
        kept.lines.insert(key.into(), line);
        Ok(())
    }

    /// The number of kept values.
    pub fn len(&self) -> usize {
        self.lock().map_or(0, |kept| kept.lines.len())
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> Option<MutexGuard<'_, Kept>> {
        // A panic elsewhere leaves whole lines only, so the contents stay good.
        self.kept.as_ref().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OpenFile {
    fn append(&mut self, line: &str) -> Result<()> {
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            // A full disk may have taken part of the line; best effort, since opening mends a cut end anyway.
            let _ = self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
            return Err(Error::File { path: self.path.display().to_string(), message: error.to_string() });
        }
        self.length += line.len() as u64;
        Ok(())
    }
}

fn line(value: &impl Serialize) -> Result<String, String> {
    let mut text = serde_json::to_string(value).map_err(|error| error.to_string())?;
    text.push('\n');
    Ok(text)
}
