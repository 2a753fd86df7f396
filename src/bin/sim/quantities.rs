//! `sim quantities`: what can be asked, by which routes, in which shape.

use crate::arguments::QuantitiesArguments;
use crate::failure::{Failure, Outcome};
use crate::terminal::Terminal;
use serde_json::{Value, json};
use tilt::lab::{Laboratory, Quantity, Route};

pub fn quantities(
    laboratory: &Laboratory,
    arguments: &QuantitiesArguments,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let chosen: Vec<&Quantity> = match &arguments.name {
        None => laboratory.quantities.iter().collect(),
        Some(name) => vec![laboratory.quantity(name).ok_or_else(|| {
            let names = laboratory.quantities.iter().map(|quantity| quantity.name);
            Failure::unknown("quantity", name, names, "sim quantities")
        })?],
    };
    if arguments.schema {
        for quantity in chosen {
            let schema = json!({
                "quantity": quantity.name,
                "input": (quantity.input_schema)(),
                "output": (quantity.output_schema)(),
            });
            terminal.print(if terminal.json { schema.to_string() } else { format!("{schema:#}") })?;
        }
    } else if terminal.json {
        for quantity in chosen {
            let route = |route: Route| json!({"route": route.name(), "accuracy": quantity.accuracy(route)});
            let routes: Value = quantity.routes().map(route).collect();
            terminal.print_json(&json!({"quantity": quantity.name, "about": quantity.about, "routes": routes}))?;
        }
    } else if arguments.name.is_some() {
        for quantity in chosen {
            show(quantity, terminal)?;
        }
    } else {
        let mut table = terminal.table(&["quantity", "routes", "what it is"]);
        for quantity in chosen {
            let routes: Vec<&str> = quantity.routes().map(Route::name).collect();
            table.add_row([quantity.name, &routes.join(", "), quantity.about]);
        }
        terminal.print(table.trim_fmt())?;
    }
    Ok(Outcome::Done)
}

/// One quantity in full: routes with their accuracy, fields with their meaning.
fn show(quantity: &Quantity, terminal: &Terminal) -> Result<(), Failure> {
    terminal.print(format!("{}: {}\n", quantity.name, quantity.about))?;
    let mut routes = terminal.table(&["route", "accuracy"]);
    for route in quantity.routes() {
        routes.add_row([route.name(), quantity.accuracy(route).unwrap_or_default()]);
    }
    terminal.print(routes.trim_fmt())?;
    for (title, schema) in [("input", (quantity.input_schema)()), ("output", (quantity.output_schema)())] {
        let mut fields = terminal.table(&[title, "type", "meaning"]);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let optional =
                if title == "output" || required.contains(&name.as_str().into()) { "" } else { " (optional)" };
            let meaning = field["description"].as_str().unwrap_or_default().replace('\n', " ");
            fields.add_row([name, &format!("{}{optional}", kind(field)), &meaning]);
        }
        terminal.print(format!("\n{}", fields.trim_fmt()))?;
    }
    Ok(())
}

/// The type of a field, in words.
fn kind(schema: &Value) -> String {
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" | ");
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("[{}]", kind(&schema["items"])),
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | "),
        _ => match &schema["$ref"] {
            Value::String(reference) => reference.rsplit('/').next().unwrap_or_default().to_string(),
            _ => "any".to_string(),
        },
    }
}
