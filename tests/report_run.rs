//! The report as files: what is written comes back, the same run gives the same bytes, nothing breaks on odd data.

use proptest::prelude::*;
use serde_json::json;
use std::path::{Path, PathBuf};
use tilt::lab::{Axis, Cell, Check, Figure, Layer, Mark, Panel, Record, Report, Table};
use tilt::report::{figure_png, figure_svg, page, read_run, write_run, write_whole};

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("tilt-report-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn record(wall_seconds: f64) -> Record {
    Record {
        schema_version: 1,
        study: "example/<study>".into(),
        parameters: json!({"n": [1, 2, 1e300], "name": "a & b"}),
        seed: u64::MAX,
        version: "0.1.0".into(),
        commit: "unknown".into(),
        command: "sim run example --set 'n=[1,2]'".into(),
        host: "host".into(),
        threads: 2,
        wall_seconds,
    }
}

fn every_mark() -> Vec<Mark> {
    let named = |name: &str| name.to_string();
    vec![
        Mark::Line,
        Mark::Dashed,
        Mark::Dotted,
        Mark::Points,
        Mark::ErrorBars { standard_error: named("e") },
        Mark::Band { upper: named("e") },
        Mark::Bars,
    ]
}

/// All marks on linear, logarithmic and mixed axes.
fn figure() -> Figure {
    let mut figure = Figure::new("all", "All <marks> & axes", "A caption with \"quotes\" and <tags>.");
    for (x, y) in [
        (Axis::linear as fn(&str) -> Axis, Axis::linear as fn(&str) -> Axis),
        (Axis::log, Axis::log),
        (Axis::linear, Axis::log),
    ] {
        let mut panel = Panel::new("a <b> c", x("x (nats)"), y("y & z"));
        for (colour, mark) in every_mark().into_iter().enumerate() {
            panel = panel.with(Layer::new(&format!("layer <{colour}>"), "t", "x", "y", mark, colour));
        }
        figure = figure.with(panel);
    }
    figure
}

fn table(rows: Vec<Vec<Cell>>) -> Table {
    let mut table = Table::new("t", "x & y", &[("x", "abscissa"), ("y", "ordinate"), ("e", "error"), ("word", "")]);
    rows.into_iter().for_each(|row| table.push(row));
    table
}

fn example() -> Report {
    let row = |i: i32| {
        let x = f64::from(i);
        let word = if i == 3 { "1" } else { "a,\"b\"\nc" };
        vec![x.into(), if i == 5 { Cell::Empty } else { (0.1 * x - 0.3).into() }, (0.1 + x / 3.0).into(), word.into()]
    };
    let mut rows: Vec<Vec<Cell>> = (0..40).map(row).collect();
    rows.push(vec![f64::INFINITY.into(), f64::NEG_INFINITY.into(), 5e-324.into(), "inf".into()]);
    rows.push(vec![f64::MAX.into(), (-0.0).into(), Cell::Empty, "nan".into()]);
    let mut check = Check::bound("asymptotics/R7", "left <= right").tolerance(1e-14, "rounding");
    check.at_most(0.1 + 0.2, f64::INFINITY, 1.0, || json!({"x": 0.1}));
    let mut failing = Check::identity("asymptotics/R8", "a = b").tolerance(1e-14, "rounding");
    failing.equal(1.0, 2.0, 1.0, || json!({"text": "</td><script>alert(1)</script>"}));
    Report {
        finding: "What was <b>found</b>.".into(),
        tables: vec![table(rows), Table::new("empty", "", &[("only", "")]), Table::new("none", "", &[])],
        figures: vec![figure()],
        checks: vec![check.finish(), failing.finish()],
        warnings: vec!["Beware of <i>this</i>.".into()],
    }
}

#[test]
fn a_run_comes_back_as_it_was_written() {
    let (folder, record, report) = (folder("round-trip"), record(1.5), example());
    write_run(&folder, &record, &report).unwrap();
    let (record_again, report_again) = read_run(&folder).unwrap();
    assert_eq!(record_again, record);
    assert_eq!(report_again, report);
    for (a, b) in report.tables[0].rows.iter().flatten().zip(report_again.tables[0].rows.iter().flatten()) {
        assert_eq!(a.number().map(f64::to_bits), b.number().map(f64::to_bits), "also the sign of zero");
    }
    std::fs::remove_file(folder.join("tables/t.csv")).unwrap();
    let error = read_run(&folder).unwrap_err().to_string();
    assert!(error.contains("t.csv"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

fn files(folder: &Path, under: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder.join(under))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let (a, b) = (folder("bytes-a"), folder("bytes-b"));
    write_run(&a, &record(1.0), &example()).unwrap();
    write_run(&b, &record(2.0), &example()).unwrap();
    assert_eq!(files(&a, "tables"), files(&b, "tables"));
    assert_eq!(files(&a, "figures"), files(&b, "figures"));
    assert_eq!(std::fs::read(a.join("checks.json")).unwrap(), std::fs::read(b.join("checks.json")).unwrap());
    std::fs::remove_dir_all(&a).unwrap();
    std::fs::remove_dir_all(&b).unwrap();
}

#[test]
fn a_missing_table_or_column_is_named() {
    let tables = [table(vec![])];
    let with =
        |layer: Layer| Figure::new("f", "", "").with(Panel::new("", Axis::linear("x"), Axis::log("y")).with(layer));
    let cases = [
        (Layer::new("l", "nowhere", "x", "y", Mark::Line, 0), "nowhere"),
        (Layer::new("l", "t", "abscissa", "y", Mark::Line, 0), "abscissa"),
        (Layer::new("l", "t", "x", "ordinate", Mark::Line, 0), "ordinate"),
        (Layer::new("l", "t", "x", "y", Mark::Band { upper: "top".into() }, 0), "top"),
        (Layer::new("l", "t", "x", "y", Mark::ErrorBars { standard_error: "se".into() }, 0), "se"),
        (Layer::new("l", "t", "x", "y", Mark::Line, 0).only("method", "exact"), "method"),
    ];
    for (layer, name) in cases {
        let error = figure_svg(&with(layer), &tables, "").unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("figure f"), "{error}");
    }
}

#[test]
fn names_that_are_no_file_names_are_refused() {
    for name in ["", "../escape", "a/b", ".hidden", "a b"] {
        let report = Report { tables: vec![Table::new(name, "", &[("x", "")])], ..Report::default() };
        assert!(write_run(&folder("names"), &record(0.0), &report).is_err(), "{name}");
    }
    let twice = vec![Table::new("a", "", &[]), Table::new("A", "", &[])];
    assert!(write_run(&folder("names"), &record(0.0), &Report { tables: twice, ..Report::default() }).is_err());
}

#[test]
fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
    let folder = folder("whole");
    write_whole(&folder.join("deep/file"), b"first, and longer").unwrap();
    write_whole(&folder.join("deep/file"), b"second").unwrap();
    assert_eq!(files(&folder, "deep"), [("file".to_string(), b"second".to_vec())]);
    assert!(write_whole(&folder.join("deep"), b"a folder is in the way").is_err());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Panics unless every tag is closed in order and no bare `<` or `&` stands in the text: enough of XML to notice a slip.
fn assert_well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        for entity in rest[..start].split('&').skip(1) {
            assert!(entity.contains(';'), "bare & before {entity}");
        }
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().expect("a tag has a name"));
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn figures_are_well_formed_and_escaped() {
    let report = example();
    let svg = figure_svg(&report.figures[0], &report.tables, "sim run a <b> & c").unwrap();
    assert_well_formed(&svg);
    assert!(svg.contains("<desc>A caption with &quot;quotes&quot; and &lt;tags&gt;.</desc>"));
    assert!(svg.contains("sim run a &lt;b&gt; &amp; c"));
    assert!(!svg.contains(" id="), "identifiers would collide in one page");
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn the_page_is_escaped_and_needs_nothing_else() {
    let html = page("The <tour>", &[(record(1.0), example()), (record(2.0), example())]).unwrap();
    assert_eq!(html.matches("<svg").count(), 2);
    for forbidden in ["<script", "<b>found", "<i>this", "<tour>", "<study>", "src=", "url("] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    let links = html.matches("http").count();
    assert_eq!(links, html.matches("http://www.w3.org/2000/svg").count(), "only the name of the SVG dialect");
    assert!(html.contains("class=\"verdict fails\">fails<") && html.contains("class=\"verdict holds\">holds<"));
    assert!(html.contains("The first 30 of 42 rows"));
}

fn cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        4 => (-10.0..10.0f64).prop_map(Cell::from),
        2 => any::<f64>().prop_map(Cell::from),
        1 => Just(Cell::Empty),
        1 => Just(Cell::from(f64::INFINITY)),
        1 => Just(Cell::from(0.0)),
        1 => Just(Cell::from("word")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_table_makes_a_picture(rows in prop::collection::vec(prop::collection::vec(cell(), 4), 0..12)) {
        let tables = [table(rows)];
        let svg = figure_svg(&figure(), &tables, "command").unwrap();
        assert_well_formed(&svg);
        prop_assert!(!svg.contains("NaN"));
    }

    #[test]
    fn any_two_numbers_span_axes(low in any::<f64>(), high in any::<f64>()) {
        prop_assume!(low.is_finite() && high.is_finite());
        let tables = [table(vec![vec![low.into(), low.into(), 0.0.into(), Cell::Empty], vec![high.into(), high.into(), 0.0.into(), Cell::Empty]])];
        figure_svg(&figure(), &tables, "command").unwrap();
    }
}

#[test]
fn odd_tables_make_a_bitmap() {
    let odd = [
        vec![],
        vec![vec![1.0.into(), 1.0.into(), 0.0.into(), Cell::Empty]],
        vec![
            vec![f64::MAX.into(), f64::MIN.into(), f64::MAX.into(), Cell::Empty],
            vec![f64::MIN.into(), f64::MAX.into(), 1.0.into(), Cell::Empty],
        ],
        vec![
            vec![5e-324.into(), (-5e-324).into(), 5e-324.into(), Cell::Empty],
            vec![0.0.into(), 0.0.into(), 0.0.into(), Cell::Empty],
        ],
    ];
    for rows in odd {
        let png = figure_png(&figure(), &[table(rows)], "command").unwrap();
        assert!(png.starts_with(b"\x89PNG"));
    }
}

#[test]
fn a_hundred_thousand_points_stay_light() {
    let mut table = Table::new("t", "", &[("x", ""), ("y", "")]);
    for i in 0..100_000u64 {
        table.push([(i as f64).into(), ((i * 7919 % 1000) as f64).into()]);
    }
    let figure = Figure::new("f", "", "").with(Panel::new("", Axis::linear("x"), Axis::linear("y")).with(Layer::new(
        "",
        "t",
        "x",
        "y",
        Mark::Line,
        0,
    )));
    let svg = figure_svg(&figure, &[table], "").unwrap();
    assert!(svg.len() < 150_000, "{} bytes", svg.len());
}
