//! `sim completions` and `sim man`: made from the definition of the flags.

use crate::arguments::{Arguments, CompletionsArguments};
use crate::failure::{Failure, Outcome};
use clap::CommandFactory;
use clap_mangen::Man;
use std::io::Write;

pub fn completions(arguments: &CompletionsArguments) -> Result<Outcome, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "sim", &mut text);
    std::io::stdout().lock().write_all(&text)?;
    Ok(Outcome::Done)
}

/// One page: the program, then the options of every command.
pub fn man() -> Result<Outcome, Failure> {
    let mut command = Arguments::command();
    command.build();
    let mut text = Vec::new();
    Man::new(command.clone()).render(&mut text)?;
    for part in command.get_subcommands().filter(|part| part.get_name() != "help") {
        writeln!(text, ".SH \"SIM {}\"", part.get_name().to_uppercase())?;
        let mut section = Vec::new();
        let page = Man::new(part.clone());
        page.render_description_section(&mut section)?;
        page.render_synopsis_section(&mut section)?;
        page.render_options_section(&mut section)?;
        // Sections of the part's own page are subsections here.
        text.extend(String::from_utf8_lossy(&section).replace(".SH ", ".SS ").into_bytes());
    }
    std::io::stdout().lock().write_all(&text)?;
    Ok(Outcome::Done)
}
