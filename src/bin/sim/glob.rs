//! Patterns with `*` and `?`, over names and over files.

use std::path::{Path, PathBuf};

/// Whether `text` is `pattern`, where `?` stands for one character and `*` for any number. In a path neither stands for
/// `/`, and `**` stands for anything.
pub fn matches(pattern: &str, text: &str, path: bool) -> bool {
    fn go(pattern: &[u8], text: &[u8], path: bool) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', b'*', rest @ ..] if path => (0..=text.len()).any(|i| go(rest, &text[i..], path)),
            [b'*', rest @ ..] => {
                let end = text.iter().position(|&c| path && c == b'/').unwrap_or(text.len());
                (0..=end).any(|i| go(rest, &text[i..], path))
            }
            [b'?', rest @ ..] => text.first().is_some_and(|&c| !(path && c == b'/')) && go(rest, &text[1..], path),
            [c, rest @ ..] => text.first() == Some(c) && go(rest, &text[1..], path),
        }
    }
    go(pattern.as_bytes(), text.as_bytes(), path)
}

/// Whether `pattern` has a wildcard.
pub fn is_pattern(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// Whether `pattern` selects `name`: as a glob if it has a wildcard, else as a part of it.
pub fn selects(pattern: &str, name: &str) -> bool {
    if is_pattern(pattern) { matches(pattern, name, false) } else { name.contains(pattern) }
}

/// All files below `folder` whose name passes `wanted`, sorted. Folders that cannot be read count as empty.
pub fn files_below(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // Links to folders are not followed: they could lead in a circle.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files.extend(files_below(&path, wanted));
        } else if wanted(&path) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The files that `pattern` stands for, sorted.
pub fn expand(pattern: &str) -> Vec<PathBuf> {
    let fixed = pattern.find(['*', '?']).map_or(pattern, |first| &pattern[..first]);
    let folder = fixed.rfind('/').map_or("", |slash| &fixed[..=slash]);
    let start = Path::new(if folder.is_empty() { "." } else { folder });
    let mut files = files_below(start, &|path| {
        let path = path.to_string_lossy();
        let path = if folder.is_empty() { path.strip_prefix("./").unwrap_or(&path) } else { &path };
        matches(pattern, path, true)
    });
    if folder.is_empty() {
        files.iter_mut().for_each(|path| *path = path.strip_prefix(".").unwrap_or(path).to_path_buf());
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        assert!(matches("asymptotics*", "asymptotics/R7", false));
        assert!(!matches("asymptotics*", "asymptotics/R7", true));
        assert!(matches("sims/*/h?dge.toml", "sims/asymptotics/hedge.toml", true));
        assert!(matches("sims/**.toml", "sims/asymptotics/hedge.toml", true));
        assert!(!matches("sims/*.toml", "sims/asymptotics/hedge.toml", true));
        assert!(!matches("R1", "R12", false) && selects("R1", "R12"));
        assert!(matches("", "", false) && matches("*", "", false) && !matches("?", "", false));
    }
}
