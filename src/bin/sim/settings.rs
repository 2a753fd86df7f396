//! `--set key=value`: one parameter from the command line.

use serde_json::Value;
use std::str::FromStr;

/// One override, as typed and as understood.
#[derive(Clone, Debug)]
pub struct Setting {
    /// `key=value` as typed.
    pub text: String,
    pub key: String,
    pub value: Value,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Setting, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, as n=10")?;
        let key = key.trim();
        if key.is_empty() {
            return Err("expected KEY=VALUE, as n=10; the key is empty".to_string());
        }
        Ok(Setting { text: text.to_string(), key: key.to_string(), value: read_value(value.trim()) })
    }
}

/// `text` as a TOML value; as a string where it is none.
fn read_value(text: &str) -> Value {
    let table = toml::from_str::<toml::Table>(&format!("value = {text}")).ok();
    // More than one key: a newline in the text, so it is no single value.
    match table.filter(|table| table.len() == 1).and_then(|mut table| table.remove("value")) {
        Some(value) => to_json(value),
        None => text.into(),
    }
}

/// A TOML value as JSON, with infinities as `"inf"` and `"-inf"`; dates and NaN, which no parameter takes, as strings.
fn to_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(n) => n.into(),
        toml::Value::Float(x) if x.is_finite() => x.into(),
        toml::Value::Float(x) => x.to_string().into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(to_json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, to_json(value))).collect(),
    }
}

/// A JSON value as the text after `--set key=`; reads back as the same value.
pub fn as_setting(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(key, value)| format!("{} = {}", Value::from(key.as_str()), as_setting(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(as_setting).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_toml_or_else_strings() {
        for (text, value) in [
            ("n=3", json!(3)),
            ("n = 0.5", json!(0.5)),
            ("n=[1, 2.5]", json!([1, 2.5])),
            ("n={a = 1}", json!({"a": 1})),
            ("n=-inf", json!("-inf")),
            ("law=geometric", json!("geometric")),
            ("law=\"geometric\"", json!("geometric")),
            ("n=a=b", json!("a=b")),
            ("n=1\nm=2", json!("1\nm=2")),
        ] {
            assert_eq!(text.parse::<Setting>().unwrap().value, value, "{text}");
        }
        assert!("n".parse::<Setting>().is_err() && "=3".parse::<Setting>().is_err());
    }

    #[test]
    fn a_printed_value_reads_back() {
        for value in [json!(3), json!(1e-300), json!([[1, 2], ["a b", true]]), json!({"a": [1.5, {"b c": "x"}]})] {
            assert_eq!(read_value(&as_setting(&value)), value);
        }
    }
}
