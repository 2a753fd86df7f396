//! Every study at quick size: it runs, its checks hold, its tables are filled and its figures name columns that exist.

use tilt::lab::{Figure, Mark, Report, Run, Verdict};
use tilt::sampling::Executor;

/// Panics if a layer names a table, a column or rows that the report does not have.
fn check_figure(study: &str, report: &Report, figure: &Figure) {
    assert!(!figure.title.is_empty() && !figure.caption.is_empty() && !figure.panels.is_empty(), "{study}");
    for panel in &figure.panels {
        assert!(!panel.layers.is_empty(), "{study}: panel {} is empty", panel.title);
        assert!(!panel.x.label.is_empty() && !panel.y.label.is_empty(), "{study}: panel {}", panel.title);
        let mut labels: Vec<&str> = panel.layers.iter().map(|layer| layer.label.as_str()).collect();
        labels.retain(|label| !label.is_empty());
        labels.sort_unstable();
        assert!(labels.windows(2).all(|pair| pair[0] != pair[1]), "{study}: a label twice in {labels:?}");
        for layer in &panel.layers {
            let table = report.tables.iter().find(|table| table.name == layer.table);
            let table = table.unwrap_or_else(|| panic!("{study}: no table {}", layer.table));
            let column = |name: &str| {
                table.column(name).unwrap_or_else(|| panic!("{study}: table {} has no column {name}", table.name))
            };
            let (x, y) = (column(&layer.x), column(&layer.y));
            match &layer.mark {
                Mark::ErrorBars { standard_error } => drop(column(standard_error)),
                Mark::Band { upper } => drop(column(upper)),
                _ => {}
            }
            let chosen = layer.only.as_ref().map(|(name, cell)| (column(name), cell));
            let mut rows = table.rows.iter().filter(|row| chosen.is_none_or(|(index, cell)| row[index] == *cell));
            let drawn = rows.any(|row| row[x].number().is_some() && row[y].number().is_some());
            assert!(drawn, "{study}: layer {:?} of {} draws nothing", layer.label, table.name);
        }
    }
}

#[test]
fn every_study_runs_at_quick_size_and_its_checks_hold() {
    let mut failed = Vec::new();
    for study in tilt::laboratory().studies {
        let defaults = study.defaults().unwrap();
        let parameters = study.parameters(&[&defaults.quick]).unwrap();
        let executor = Executor::new(defaults.seed, study.name);
        let report = study
            .run(&parameters, &Run { executor: &executor })
            .unwrap_or_else(|error| panic!("{}: {error}", study.name));
        assert!(!report.finding.is_empty(), "{}", study.name);
        assert!(!report.tables.is_empty() && !report.figures.is_empty() && !report.checks.is_empty(), "{}", study.name);
        for table in &report.tables {
            assert!(!table.rows.is_empty(), "{}: table {} is empty", study.name, table.name);
        }
        for figure in &report.figures {
            check_figure(study.name, &report, figure);
        }
        for check in &report.checks {
            if !matches!(check.verdict, Verdict::Holds | Verdict::HoldsUnder(_)) {
                failed.push(format!("{}: {check:#?}", study.name));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn no_study_panics_on_lists_of_the_wrong_length() {
    let mut refused = 0;
    for study in tilt::laboratory().studies {
        let defaults = study.defaults().unwrap();
        for (name, value) in &defaults.parameters {
            let Some(list) = value.as_array() else { continue };
            for other in [Vec::new(), list[..list.len() - 1].to_vec(), [list.as_slice(), &list[..1]].concat()] {
                let change = serde_json::Map::from_iter([(name.clone(), serde_json::Value::from(other))]);
                let Ok(parameters) = study.parameters(&[&defaults.quick, &change]) else { continue };
                let executor = Executor::new(defaults.seed, study.name);
                // An answer or an error; a panic fails the test.
                refused += u32::from(study.run(&parameters, &Run { executor: &executor }).is_err());
            }
        }
    }
    assert!(refused > 40, "only {refused} lists were refused");
}
