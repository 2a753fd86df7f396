//! A text that a person wrote, and places in it to point at.

use crate::failure::{Failure, Located};
use miette::{NamedSource, SourceSpan};
use toml::de::{DeTable, DeValue};

/// A TOML file or a `--set` with its text.
#[derive(Clone)]
pub struct Source {
    name: String,
    text: String,
}

type Span = std::ops::Range<usize>;

/// Where a key and its value stand.
pub struct Place {
    /// `None` for an element of an array.
    pub key: Option<Span>,
    pub value: Span,
}

impl Source {
    pub fn new(name: String, text: &str) -> Source {
        Source { name, text: text.to_string() }
    }

    /// The place of `path`, a table of the file and steps below it; where the steps end early, the last one found. `None`
    /// if not even the first step below the table is there.
    pub fn place(&self, path: &[String]) -> Option<Place> {
        let mut value = DeValue::Table(DeTable::parse(&self.text).ok()?.into_inner());
        let mut place = None;
        for (depth, step) in path.iter().enumerate() {
            let next = match value {
                DeValue::Table(table) => {
                    let found = table.into_iter().find(|(key, _)| key.get_ref().as_ref() == step);
                    found.map(|(key, value)| (Some(key.span()), value))
                }
                DeValue::Array(items) => {
                    let index = step.parse::<usize>().ok();
                    index.and_then(|index| items.into_iter().nth(index)).map(|value| (None, value))
                }
                _ => None,
            };
            let Some((key, inner)) = next else { return place.filter(|_| depth > 1) };
            place = Some(Place { key, value: inner.span() });
            value = inner.into_inner();
        }
        place
    }

    /// The place of `key` in `key=value`.
    pub fn place_of_setting(&self, key: &str) -> Option<Place> {
        let equals = self.text.find('=')?;
        let place = Place { key: Some(0..equals), value: equals + 1..self.text.len() };
        (self.text[..equals].trim() == key).then_some(place)
    }

    /// A failure that shows the place.
    pub fn at(&self, span: Option<Span>, message: &str, label: &str, help: Option<String>) -> Failure {
        let Some(span) = span else { return Failure::input(format!("{}: {message}", self.name), help) };
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let place = match self.name.starts_with("--") {
            true => format!("{} {}", self.name, self.text),
            false => format!("{}:{line}", self.name),
        };
        let located = Located {
            message: format!("{place}: {message}"),
            source_code: NamedSource::new(&self.name, self.text.clone()),
            span: SourceSpan::from(span),
            label: label.to_string(),
            help,
        };
        Failure::Input(located.into())
    }
}

/// `a.b[2].c` as `a`, `b`, `2`, `c`.
pub fn segments(field: &str) -> Vec<String> {
    field.split(['.', '[', ']']).filter(|part| !part.is_empty()).map(str::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_nested_values() {
        let text = "study = \"a/b\"\n[parameters]\nn = [1, 22]\nlaw = {p = 0.5}\n";
        let source = Source::new("x.toml".to_string(), text);
        let value = |path: &str| source.place(&segments(path)).map(|place| &text[place.value]);
        assert_eq!(value("parameters.n[1]"), Some("22"));
        assert_eq!(value("parameters.law.p"), Some("0.5"));
        assert_eq!(value("parameters.law.q"), Some("{p = 0.5}"));
        assert_eq!(value("parameters.n[7].x"), Some("[1, 22]"));
        assert_eq!(value("parameters.m"), None);
        assert_eq!(value("study"), Some("\"a/b\""));
    }
}
