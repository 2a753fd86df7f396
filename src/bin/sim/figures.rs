//! `sim figures`: the gallery, from the studies' own parameter files.

use crate::arguments::FiguresArguments;
use crate::execute::{compute, use_threads};
use crate::failure::{Failure, Outcome};
use crate::interrupt;
use crate::plan::{Plan, Wishes, plans};
use crate::terminal::Terminal;
use serde_json::json;
use tilt::lab::Laboratory;
use tilt::report::{figure_svg, write_whole};
use tilt::sampling::Journal;

pub fn figures(laboratory: &Laboratory, arguments: &FiguresArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let wishes = Wishes { quick: arguments.quick, ..Wishes::default() };
    let plans: Vec<Plan> = match arguments.studies.is_empty() {
        true => laboratory.studies.iter().map(|study| Plan::of_study(study, &wishes)).collect::<Result<_, _>>()?,
        false => plans(laboratory, &arguments.studies, &wishes)?,
    };
    use_threads(&arguments.threads)?;
    let interrupt = interrupt::flag();
    for plan in &plans {
        let (record, report) =
            compute(plan, Journal::none(), &interrupt, terminal).map_err(|failure| match failure {
                Failure::Interrupted(_) => Failure::Interrupted(format!(
                    "interrupted; the figures printed above are made. To go on: sim figures {}...",
                    plan.study.name
                )),
                failure => failure,
            })?;
        let engine = plan.study.name.split('/').next().unwrap_or_default();
        let folder = arguments.out.join(engine);
        for figure in &report.figures {
            let path = folder.join(format!("{}.svg", figure.name));
            write_whole(&path, figure_svg(figure, &report.tables, &record.command)?.as_bytes())?;
            let path = path.display().to_string();
            match terminal.json {
                true => terminal.print_json(&json!({"study": record.study, "figure": path}))?,
                false => terminal.print(path)?,
            }
        }
    }
    Ok(Outcome::Done)
}
