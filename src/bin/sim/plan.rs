//! What to run: targets of the command line resolved into studies with complete parameters, and errors of parameters led
//! back to the line that caused them.

use crate::failure::Failure;
use crate::glob;
use crate::settings::{Setting, as_setting};
use crate::source::{Place, Source, segments};
use serde_json::{Map, Value};
use std::path::Path;
use tilt::Error;
use tilt::lab::{Laboratory, RunFile, Study, nearest};

/// One run, ready to begin.
pub struct Plan<'a> {
    pub study: &'a Study,
    /// Complete and checked.
    pub parameters: Value,
    pub seed: u64,
    /// Where the parameters come from, the last word first.
    layers: Vec<Layer>,
}

/// What the flags say about every run.
#[derive(Default)]
pub struct Wishes<'a> {
    pub quick: bool,
    pub settings: &'a [Setting],
    pub seed: Option<u64>,
}

/// A text with parameters.
enum Layer {
    /// `--set key=value`.
    Setting(Source),
    /// A table of a file.
    Table(Source, &'static str),
}

impl Layer {
    fn source(&self) -> &Source {
        match self {
            Layer::Setting(source) | Layer::Table(source, _) => source,
        }
    }

    /// Where the parameter at `path` stands, if it is here.
    fn place(&self, path: &[String]) -> Option<Place> {
        match self {
            Layer::Setting(source) => source.place_of_setting(path.first()?),
            Layer::Table(source, table) => source.place(&[&[table.to_string()], path].concat()),
        }
    }
}

/// The runs that `targets` stand for; all are resolved before the first begins.
pub fn plans<'a>(laboratory: &'a Laboratory, targets: &[String], wishes: &Wishes) -> Result<Vec<Plan<'a>>, Failure> {
    let mut plans: Vec<Plan> = Vec::new();
    for target in targets {
        let path = Path::new(target);
        let found = if let Some(study) = laboratory.study(target) {
            vec![Plan::of_study(study, wishes)?]
        } else if path.is_file() {
            vec![Plan::of_file(laboratory, path, wishes)?]
        } else {
            let files = match path.is_dir() {
                true => glob::files_below(path, &|path| path.extension().is_some_and(|extension| extension == "toml")),
                false if glob::is_pattern(target) => glob::expand(target),
                false => return Err(unknown(laboratory, target)),
            };
            let studies = laboratory.studies.iter().filter(|study| glob::matches(target, study.name, false));
            let mut found = files
                .iter()
                .map(|file| Plan::of_file(laboratory, file, wishes))
                .chain(studies.map(|study| Plan::of_study(study, wishes)))
                .collect::<Result<Vec<_>, _>>()?;
            if found.is_empty() {
                return Err(Failure::input(format!("{target}: no parameter files (*.toml) and no studies"), None));
            }
            found.dedup_by(|a, b| a.is_same(b));
            found
        };
        for plan in found {
            if !plans.iter().any(|earlier| earlier.is_same(&plan)) {
                plans.push(plan);
            }
        }
    }
    Ok(plans)
}

fn unknown(laboratory: &Laboratory, target: &str) -> Failure {
    if target.ends_with(".toml") {
        return Failure::input(format!("{target}: no such file"), None);
    }
    Failure::unknown("study", target, laboratory.studies.iter().map(|study| study.name), "sim list")
}

impl<'a> Plan<'a> {
    /// A study by its name: the parameters of its embedded file.
    pub fn of_study(study: &'a Study, wishes: &Wishes) -> Result<Plan<'a>, Failure> {
        let source = Source::new(format!("sims/{}.toml", study.name), study.file);
        Plan::layered(study, &study.defaults()?, source, wishes)
    }

    /// The study that a parameter file names.
    fn of_file(laboratory: &'a Laboratory, path: &Path, wishes: &Wishes) -> Result<Plan<'a>, Failure> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| Failure::input(format!("{name}: {error}"), None))?;
        let text =
            String::from_utf8(bytes).map_err(|_| Failure::input(format!("{name}: the file is not UTF-8"), None))?;
        let source = Source::new(name, &text);
        let file: RunFile = toml::from_str(&text).map_err(|error| {
            let word = error.message().split('`').nth(1).unwrap_or_default();
            let near = nearest(word, ["study", "seed", "parameters", "quick"]);
            let near = near.filter(|_| error.message().starts_with("unknown field"));
            let message = error.message().replace("expected u64", "expected a whole number >= 0");
            source.at(error.span(), &message, "here", near.map(|near| format!("the nearest name is {near}")))
        })?;
        let study = laboratory.study(&file.study).ok_or_else(|| {
            let near = nearest(&file.study, laboratory.studies.iter().map(|study| study.name));
            let help = near.map_or("`sim list` lists all".to_string(), |near| format!("the nearest name is {near}"));
            let span = source.place(&["study".to_string()]).map(|place| place.value);
            source.at(span, &format!("study is {:?}; expected a study", file.study), "no such study", Some(help))
        })?;
        Plan::layered(study, &file, source, wishes)
    }

    /// A stored run's study with its parameters.
    pub fn of_record(study: &'a Study, parameters: &Value, seed: u64) -> Result<Plan<'a>, Failure> {
        let empty = Map::new();
        let parameters = study.parameters(&[parameters.as_object().unwrap_or(&empty)])?;
        Ok(Plan { study, parameters, seed, layers: Vec::new() })
    }

    fn layered(study: &'a Study, file: &RunFile, source: Source, wishes: &Wishes) -> Result<Plan<'a>, Failure> {
        let set: Map<String, Value> = wishes.settings.iter().map(|set| (set.key.clone(), set.value.clone())).collect();
        let defaults = study.defaults()?;
        let quick = match (wishes.quick, file.quick.is_empty()) {
            (false, _) => Map::new(),
            (true, false) => file.quick.clone(),
            (true, true) => defaults.quick,
        };
        // The last word first.
        let of_set = |set: &Setting| Layer::Setting(Source::new("--set".to_string(), &set.text));
        let mut layers: Vec<Layer> = wishes.settings.iter().rev().map(of_set).collect();
        if wishes.quick {
            layers.push(Layer::Table(source.clone(), "quick"));
        }
        layers.push(Layer::Table(source, "parameters"));
        let mut plan = Plan { study, parameters: Value::Null, seed: wishes.seed.unwrap_or(file.seed), layers };
        match study.parameters(&[&file.parameters, &quick, &set]) {
            Ok(parameters) => plan.parameters = parameters,
            Err(error) => return Err(plan.explain(error)),
        }
        Ok(plan)
    }

    fn is_same(&self, other: &Plan) -> bool {
        self.study.name == other.study.name && self.seed == other.seed && self.parameters == other.parameters
    }

    /// The shortest command that runs this, the same however it was asked for.
    pub fn command(&self) -> Result<String, Failure> {
        let defaults = self.study.defaults()?;
        let changed = |quick: &Map<String, Value>| {
            let mut base = defaults.parameters.clone();
            base.extend(quick.clone());
            let parameters = self.parameters.as_object().into_iter().flatten();
            let changed = parameters.filter(|&(key, value)| base.get(key) != Some(value));
            let sets: Vec<String> = changed
                .map(|(key, value)| format!(" --set {}", quoted(&format!("{key}={}", as_setting(value)))))
                .collect();
            sets
        };
        let (plain, quick) = (changed(&Map::new()), changed(&defaults.quick));
        let mut command = format!("sim run {}", self.study.name);
        command += &if plain.len() <= quick.len() { plain.concat() } else { format!(" --quick{}", quick.concat()) };
        if self.seed != defaults.seed {
            command += &format!(" --seed {}", self.seed);
        }
        Ok(command)
    }

    /// An error of parameters with the line that caused it; any other error as it is.
    pub fn explain(&self, error: Error) -> Failure {
        let Error::InvalidInput { field, value, expected } = &error else { return error.into() };
        let unknown = value == "no parameter" || value == "an unknown field";
        let path = segments(field);
        for layer in &self.layers {
            let Some(place) = layer.place(&path) else { continue };
            let (span, label) = match unknown {
                true => (place.key.unwrap_or(place.value), value.clone()),
                false => (place.value, format!("expected {expected}")),
            };
            return layer.source().at(Some(span), &error.to_string(), &label, None);
        }
        match self.layers.last() {
            Some(layer) => layer.source().at(None, &error.to_string(), "", None),
            None => error.into(),
        }
    }
}

/// `text` as one word of a shell.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_string()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
