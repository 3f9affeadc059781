//! Every bad input is refused with an error that names file and line, or the flag, and nothing is left half-written.

mod support;

use std::io::Write;

use support::{Folder, delimited, failure, items, proclivity, train};

/// Trains on a log with these bytes; returns what was said. No model may appear.
fn refused(name: &str, bytes: impl AsRef<[u8]>, more: &[&str]) -> String {
    let folder = Folder::new();
    let log = folder.write(name, bytes);
    let said = failure(&[&["train", &log, "-o", &folder.at("model.safetensors"), "--family", "als"], more].concat());
    assert_eq!(folder.names(), [name], "{said}");
    assert!(said.contains("error:"), "{said}");
    said
}

#[track_caller]
fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "expected `{part}` in: {said}");
    }
}

#[test]
fn a_missing_column_names_the_columns_and_the_flag() {
    says(&refused("log.csv", "who,what\n1,2\n", &[]), &["log.csv:1", "user id", "`who`, `what`", "--user-column"]);
    let said = refused("log.csv", "user,item\n1,2\n", &["--item-column", "sku"]);
    says(&said, &["log.csv:1", "`sku`", "item id", "`user`, `item`", "--item-column"]);
    let said = refused("log.csv", "user,item\n1,2\n", &["--timestamp-column", "when"]);
    says(&said, &["`when`", "`user`, `item`", "--timestamp-column"]);
    for log in ["user,item,item\n1,2,3\n", "rating,user,rating,item\n1,2,3,4\n"] {
        says(&refused("log.csv", log, &[]), &["log.csv:1", "each column name once", "twice"]);
    }
}

#[test]
fn a_bad_number_names_line_and_column() {
    let text = "user,item,rating\n1,2,5\n1,3,many\n";
    says(&refused("log.csv", text, &["--min-value", "4"]), &["log.csv:3", "`rating`", "a number", "`many`"]);
    says(&refused("log.csv", "user,item,rating\n1,2,NaN\n", &["--min-value", "4"]), &["log.csv:2"]);
    let text = delimited(',').replace("timestamp", "value").replace(",15", ",t15");
    says(&refused("log.csv", &text, &[]), &["log.csv:2", "`value`", "a number", "--value-column -"]);
    let folder = Folder::new();
    let log = folder.write("log.csv", text);
    train(&log, &folder.path("model"), &["--family", "als", "--value-column", "-"]);
}

#[test]
fn a_bad_time_names_line_and_column() {
    says(
        &refused("log.csv", "user,item,timestamp\n1,2,soon\n", &[]),
        &["log.csv:2", "`timestamp`", "ISO 8601", "`soon`"],
    );
}

#[test]
fn an_unknown_type_or_a_bad_weight_names_itself() {
    let text = "user,item,event\n1,2,view\n1,3,wish\n";
    says(&refused("log.csv", text, &[]), &["log.csv:3", "`event`", "purchase", "`wish`", "--event-weight"]);
    for weight in ["wish", "wish=2", "wish=-1", "wish=much"] {
        says(&refused("log.csv", text, &["--event-weight", weight]), &["--event-weight", "from 0 to 1", weight]);
    }
    says(&refused("log.csv", "user,item,strength\n1,2,1.5\n", &[]), &["log.csv:2", "`strength`", "`1.5`"]);
    says(&refused("log.csv", "1,2\n1,3\n", &["--header", "user,item,time"]), &["log.csv:1", "3 columns", "found 2"]);
    let bots = ["--max-daily-events", "0"];
    says(&refused("log.csv", "user,item\n1,2\n", &bots), &["--max-daily-events", "above 0"]);
}

#[test]
fn an_archive_an_empty_folder_and_broken_json_are_refused() {
    says(&refused("log.xlsx", b"PK\x03\x04workbook", &[]), &["log.xlsx", "ZIP archive or an Excel workbook", "CSV"]);
    says(&refused("log.json", "{\"user\": 1, \"item\": 2}\n[3]\n", &[]), &["log.json:2", "one JSON object a line"]);
    for array in ["[{\"user\": 1, \"item\": 2}]", "\n [\n  {\"user\": 1,\n", "[[1, 2]]"] {
        says(&refused("log.json", array, &[]), &["log.json", "one JSON object a line", "a JSON array", "jq"]);
    }
    let many: String = (0..1100).map(|n| format!("{{\"user\": 1, \"item{n}\": 2}}\n")).collect();
    says(&refused("log.json", many, &[]), &["log.json", "at most 1024 different keys", "up to line 1024"]);
    let folder = Folder::new();
    says(&failure(&["train", &folder.at(""), "-o", &folder.at("model")]), &["a folder without files"]);
}

#[test]
fn an_empty_id_names_line_and_column() {
    says(&refused("log.csv", "user,item\n1,2\n,3\n", &[]), &["log.csv:3", "`user`"]);
    says(&refused("log.csv", "user,item\n1,2\n1,\n", &[]), &["log.csv:3", "`item`"]);
}

#[test]
fn a_row_of_another_length_names_the_line() {
    says(&refused("log.csv", "user,item\n1,2\n1,2,3\n", &[]), &["log.csv:3", "expected 2 cells", "found 3"]);
}

#[test]
fn other_encodings_are_named() {
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("user,item\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    says(&refused("log.csv", utf16, &[]), &["log.csv:1", "UTF-16", "iconv"]);
    says(&refused("log.csv", b"user,item\n1,caf\xe9\n", &[]), &["log.csv:2", "UTF-8", "iconv"]);
}

#[test]
fn no_rows_is_an_error() {
    says(&refused("log.csv", "user,item\n", &[]), &["log.csv", "only a header row"]);
    says(&refused("log.csv", "", &[]), &["log.csv", "an empty file"]);
    says(&refused("log.csv", "\n\n  \n", &[]), &["log.csv", "an empty file"]);
}

#[test]
fn broken_gzip_is_an_error() {
    let mut whole = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    whole.write_all(delimited(',').as_bytes()).unwrap();
    let whole = whole.finish().unwrap();
    says(&refused("cut.csv.gz", &whole[..whole.len() / 2], &[]), &["cut.csv.gz", "complete gzip"]);
    let mut edited = whole.clone();
    let middle = edited.len() / 2;
    edited[middle] ^= 0xff;
    says(&refused("edited.csv.gz", &edited, &[]), &["edited.csv.gz"]);
}

#[test]
fn a_broken_parquet_file_is_an_error() {
    says(&refused("log.parquet", b"PAR1 and then nothing of the kind", &[]), &["log.parquet", "Parquet"]);
}

#[test]
fn a_closed_pipe_is_no_panic() {
    for arguments in [&["inspect", "/no/such/model", "--json"][..], &["inspect", "/no/such/model"]] {
        let closed = || {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            writer
        };
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_proclivity"));
        let status = command.args(arguments).stdout(closed()).stderr(closed()).status().expect("it runs");
        assert_eq!(status.code(), Some(1), "{arguments:?}: 101 is a panic");
    }
}

#[test]
fn a_log_that_cleans_away_says_what_was_dropped() {
    says(
        &refused("log.csv", "user,item\n1,2\n", &[]),
        &["nothing is left", "items with too few users", "--min-item-users"],
    );
}

#[test]
fn a_missing_file_is_an_error() {
    says(&failure(&["train", "/no/such/log.csv"]), &["/no/such/log.csv", "check the path"]);
    says(&failure(&["inspect", "/no/such/model"]), &["/no/such/model"]);
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_training() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let output = folder.at("none/model.safetensors");
    says(
        &failure(&["train", &log, "-o", &output]),
        &["none/model.safetensors", "cannot be written", "choose a folder"],
    );
    says(&failure(&["train", &log, "-o", &folder.at("")]), &["folder"]);
}

#[test]
fn flags_out_of_range_name_themselves() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let cases = [
        ("--validation", "0.9"),
        ("--dim", "0"),
        ("--dim", "5000"),
        ("--epochs", "0"),
        ("--als-alpha", "NaN"),
        ("--als-alpha", "0"),
        ("--als-alpha", "1e-50"),
        ("--als-regularization", "0"),
        ("--als-regularization", "1e-50"),
        ("--als-regularization", "inf"),
        ("--ncf-layers", "8,0"),
        ("--ncf-learning-rate", "0"),
        ("--ncf-hard-share", "2"),
        ("--delimiter", "é"),
    ];
    for (flag, value) in cases {
        says(&failure(&["train", &log, "-o", &folder.at("model"), flag, value]), &[flag, "expected"]);
    }
}

#[test]
fn a_user_table_is_for_families_that_learn_from_it() {
    let folder = Folder::new();
    let (log, model) = (folder.write("log.csv", delimited(',')), folder.at("model"));
    let users = folder.write("users.csv", "user,club\nu1,a\nu2,b\nu1,a\n");
    let says_of =
        |users: &str, family: &str| failure(&["train", &log, "--users", users, "--family", family, "-o", &model]);
    says(&says_of(&users, "fm"), &["users.csv:4", "each id once", "u1"]);
    let users = folder.write("users.csv", "user,club\nu1,a\nu2,b\n");
    says(&says_of(&users, "als"), &["--users", "--family fm or deepfm", "als"]);
    let nobody = folder.write("nobody.csv", "name,club\nu1,a\n");
    says(&says_of(&nobody, "fm"), &["nobody.csv:1", "user id"]);
}

#[test]
fn columns_of_context_are_checked() {
    let folder = Folder::new();
    let model = folder.at("model");
    let text = delimited(',').lines().fold(String::new(), |text, line| match text.is_empty() {
        true => format!("{line},referrer,hour\n"),
        false => format!("{text}{line},mail,8\n"),
    });
    let log = folder.write("log.csv", text);
    let said = |more: &[&str]| failure(&[&["train", &log, "-o", &model][..], more].concat());
    let column = |name| ["--context-column", name];
    says(&said(&column("campaign")), &["--context-column", "campaign", "`referrer`"]);
    says(&said(&column("hour")), &["--context-column", "time of an event", "hour"]);
    let twice = [column("referrer"), column("referrer")].concat();
    says(&said(&twice), &["--context-column", "each column once", "referrer"]);
    let als = [&column("referrer")[..], &["--family", "als"]].concat();
    says(&said(&als), &["--context-column", "--family fm or deepfm, or --context", "als"]);
    says(&said(&column("item")), &["--context-column", "rename it", "item"]);
    let users = folder.write("users.csv", "user,referrer\nu1,a\nu2,b\n");
    let both = [&column("referrer")[..], &["--family", "fm", "--users", &users]].concat();
    says(&said(&both), &["--context-column", "--users does not have", "referrer"]);
    let untimed = delimited(',').replace("timestamp", "number");
    let untimed = folder.write("untimed.csv", untimed);
    let said = failure(&["train", &untimed, "-o", &model, "--context", "--family", "als"]);
    says(&said, &["--context", "a log with times, --context-column or --users"]);
}

#[test]
fn an_item_table_is_checked_too() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let try_items = |text: &str, more: &[&str]| {
        let items = folder.write("items.csv", text);
        failure(&[&["train", &log, "--items", &items, "-o", &folder.at("model"), "--family", "als"], more].concat())
    };
    says(&try_items("name,price\na,1\n", &[]), &["items.csv:1", "--item-id-column"]);
    says(&try_items("item,price\ni1,1\ni1,2\n", &[]), &["items.csv:3", "each id once"]);
    says(&try_items("item,price\ni1,cheap\n", &["--column", "price=number"]), &["items.csv:2", "`price`", "`cheap`"]);
    says(&try_items("item,price,price\ni1,1,2\n", &[]), &["items.csv:1", "each column name once", "`price` twice"]);
    let wide: String = (0..65).map(|n| format!(",c{n}")).collect();
    says(&try_items(&format!("item{wide}\ni1{}\n", ",1".repeat(65)), &[]), &["items.csv:1", "at most 64", "found 65"]);
    says(&try_items("item,price\ni1,1\n", &["--column", "price=money"]), &["--column", "`price=money`"]);
    assert!(!folder.path("model").exists());
}

#[test]
fn a_model_that_was_cut_or_edited_is_refused() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    train(&log, &folder.path("model"), &["--family", "als"]);
    let whole = std::fs::read(folder.path("model")).unwrap();
    let cut = folder.write("cut", &whole[..whole.len() - 64]);
    says(&failure(&["inspect", &cut]), &["cut: ", "export the model again"]);
    let mut edited = whole.clone();
    *edited.last_mut().unwrap() ^= 1;
    let edited = folder.write("edited", edited);
    says(&failure(&["recommend", &edited, "--history", "i1"]), &["edited: tensor"]);
    says(&failure(&["evaluate", &edited, "--fold-in", &log, "--targets", &log]), &["edited"]);
}

#[test]
fn an_unknown_item_and_a_count_of_zero_are_refused() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let items = folder.write("items.csv", items());
    train(&log, &folder.path("model"), &["--family", "als", "--items", &items]);
    let model = folder.at("model");
    says(&failure(&["recommend", &model, "--history", "i1,nothing"]), &["`nothing`", "catalogue"]);
    says(&failure(&["recommend", &model, "--history", "i1", "-k", "0"]), &["count", "expected", "found 0"]);
    let output = proclivity(&["recommend", &model, "--history", "nothing", "--json"]);
    let error: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(error["error"]["code"], "unknown_item");
}
