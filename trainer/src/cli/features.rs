//! `proclivity features ITEMS -o FOLDER`: what a content tower reads of a catalogue, for towers that are trained elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use csv::Writer;
use proclivity::model::{FieldShape, fields_from_json, fields_to_json};
use serde_json::json;

use crate::dataset::{ItemColumnFlags, TableOptions, read_catalogue, read_item_ids};
use crate::deep::{attribute, item_fields};
use crate::error::{CliError, Result};
use crate::output::{Output, grouped, write_atomically};

#[derive(Debug, Args)]
pub struct FeaturesArgs {
    /// Item table: id, and columns such as title, department, price
    items: PathBuf,
    /// Folder for fields.json (what `import --content-fields` reads) and features.csv (item, feature, weight)
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// The fields.json of an earlier run: the same features for another table
    #[arg(long, value_name = "FILE")]
    fields: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Columns")]
    item_columns: ItemColumnFlags,
}

pub fn run(args: &FeaturesArgs, tables: &TableOptions, output: Output) -> Result<()> {
    let known = args.fields.as_deref().map(read_fields).transpose()?;
    let flags = known.iter().fold(args.item_columns.clone(), |flags, fields| flags.with_fields(fields));
    let ids = read_item_ids(&args.items, &flags, tables)?;
    let (columns, _) = read_catalogue(&args.items, &ids, &flags, tables)?;
    let fields = known.unwrap_or_else(|| item_fields(&columns));
    if fields.is_empty() {
        let expected = "columns besides the item id that tell items apart".into();
        return Err(CliError::Header {
            path: args.items.clone(),
            expected,
            found: format!("{} that do not", columns.len()),
        });
    }
    let (mut writer, mut rows) = (Writer::from_writer(Vec::new()), 0);
    let failed =
        |error: csv::Error| CliError::Write { path: args.output.clone(), source: std::io::Error::other(error) };
    writer.write_record(["item", "feature", "weight"]).map_err(failed)?;
    for (item, id) in (0..).zip(&ids) {
        for (feature, weight) in proclivity::model::features(&fields, |column| attribute(&columns, column, item)) {
            writer.write_record([id, &feature.to_string(), &weight.to_string()]).map_err(failed)?;
            rows += 1;
        }
    }
    let csv = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
    fs::create_dir_all(&args.output).map_err(|source| CliError::Write { path: args.output.clone(), source })?;
    write_atomically(&args.output.join("fields.json"), format!("{:#}\n", fields_to_json(&fields)).as_bytes())?;
    write_atomically(&args.output.join("features.csv"), &csv)?;
    let count: usize = fields.iter().map(FieldShape::count).sum();
    let names: Vec<&str> = fields.iter().map(|field| field.column.as_str()).collect();
    let said = format!(
        "wrote {}: {} features of {}, {} items",
        args.output.display(),
        grouped(count),
        names.join(", "),
        grouped(ids.len())
    );
    output.result(&said, || json!({ "folder": args.output, "features": count, "items": ids.len(), "rows": rows }));
    Ok(())
}

/// The fields of a file that [`run`] wrote.
///
/// # Errors
/// [`CliError::Open`], or what is wrong with a field.
pub fn read_fields(path: &Path) -> Result<Vec<FieldShape>> {
    let text = fs::read(path).map_err(|source| CliError::Open { path: path.into(), source })?;
    fields_from_json(&text).map_err(|source| CliError::Model { path: path.into(), source })
}
