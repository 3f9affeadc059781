//! `proclivity add-items MODEL ITEMS -o MODEL`: new items, by what they say of themselves.

use std::path::PathBuf;

use clap::Args;
use proclivity::model::Model;
use proclivity::{Cell, NewItem, with_items};
use serde_json::{Value, json};

use super::open_model;
use crate::card::write_beside;
use crate::dataset::{Table, TableOptions, find_id};
use crate::error::{CliError, Result};
use crate::export::load;
use crate::output::{Output, check_writable, grouped, write_atomically};

#[derive(Debug, Args)]
pub struct AddItemsArgs {
    /// Model file, trained with --content
    model: PathBuf,
    /// The items: a table with their ids and columns of the model's catalogue; others are passed over
    items: PathBuf,
    /// Column with the item id [default: guessed from the header]
    #[arg(long, value_name = "NAME")]
    item_id_column: Option<String>,
    /// Model file to write
    #[arg(short, long, value_name = "FILE", default_value = "model.safetensors")]
    output: PathBuf,
}

pub fn run(args: &AddItemsArgs, tables: &TableOptions, output: Output) -> Result<()> {
    check_writable(&args.output)?;
    let model = open_model(&args.model)?;
    let (items, known) = read(args, &model, tables)?;
    if items.is_empty() {
        return Err(CliError::NoRows { path: args.items.clone(), found: "only items that the model has already" });
    }
    let bytes = with_items(&model, &items)?;
    write_atomically(&args.output, &bytes)?;
    let model = load(&bytes)?;
    write_beside(&args.output, &model, &bytes, &Value::Null)?;
    let said = format!(
        "wrote {}: {} new items, {} there already, {} bytes",
        args.output.display(),
        grouped(items.len()),
        grouped(known),
        grouped(bytes.len())
    );
    output
        .result(&said, || json!({ "model": args.output, "added": items.len(), "known": known, "bytes": bytes.len() }));
    Ok(())
}

/// The items that the model does not have, and how many it has.
fn read(args: &AddItemsArgs, model: &Model, tables: &TableOptions) -> Result<(Vec<NewItem>, usize)> {
    let mut table = Table::open(&args.items, tables)?;
    let id = find_id(&table, "item id", "--item-id-column", &args.item_id_column)?;
    let kind =
        |name: &String| model.manifest().columns.iter().find(|column| column.0 == *name).map(|column| column.1.clone());
    let kinds: Vec<Option<String>> = table.header.iter().map(kind).collect();
    let (mut items, mut known, mut cells) = (Vec::new(), 0, Vec::new());
    while let Some(line) = table.next_row(&mut cells)? {
        let name = cells[id].trim();
        if model.item_index(name).is_some() {
            known += 1;
            continue;
        }
        let mut item = NewItem { id: name.to_owned(), attributes: Vec::new() };
        for (at, kind) in kinds.iter().enumerate().filter(|(at, _)| *at != id) {
            let (Some(kind), text) = (kind, cells[at].trim()) else { continue };
            if text.is_empty() {
                continue;
            }
            let cell = match (kind.as_str(), text.parse()) {
                ("number", Ok(x)) => Cell::Number(x),
                ("number", Err(_)) => {
                    return Err(table.bad_value(line, at, "a number, or nothing where unknown", text));
                }
                _ => Cell::Text(text.to_owned()),
            };
            item.attributes.push((table.header[at].clone(), cell));
        }
        items.push(item);
    }
    Ok((items, known))
}
