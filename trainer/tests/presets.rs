//! Published layouts, each in a tiny file made here, are read by their preset.

mod support;

use serde_json::Value;
use support::{Folder, failure, json, proclivity};

/// What a preset makes of a file: the account of cleaning.
fn cleaning(preset: &str, name: &str, bytes: impl AsRef<[u8]>, more: &[&str]) -> Value {
    let folder = Folder::new();
    let log = folder.write(name, bytes);
    train(&folder, &log, preset, more)["cleaning"].clone()
}

fn train(folder: &Folder, log: &str, preset: &str, more: &[&str]) -> Value {
    let model = folder.at("model");
    let given = ["train", log, "--preset", preset, "-o", &model, "--dim", "2", "--epochs", "1", "--validation", "0"];
    let all = ["--min-user-items", "1", "--min-item-users", "1"];
    let family = if more.contains(&"--family") { vec![] } else { vec!["--family", "als"] };
    json(&[&given[..], &all, &family, more].concat())
}

#[track_caller]
fn counts(cleaning: &Value, expected: &[(&str, u64)]) {
    for (name, count) in expected {
        assert_eq!(cleaning[name], *count, "{name} of {cleaning}");
    }
}

#[test]
fn movielens_100k_has_tabs_and_no_header() {
    let text = "196\t242\t4\t881250949\n196\t302\t5\t891717742\n22\t242\t1\t878887116\n22\t302\t4\t878887117\n";
    let found = cleaning("movielens-100k", "u.data", text, &[]);
    counts(&found, &[("rows", 4), ("below_min_value", 1), ("users", 2), ("items", 2), ("pairs", 3)]);
    assert_eq!(found["ordered_by"], "time");
    counts(&cleaning("movielens-100k", "u.data", text, &["--min-value", "0"]), &[("pairs", 4)]);
}

#[test]
fn a_family_of_ratings_learns_from_low_ones_too_and_takes_nothing_else() {
    let folder = Folder::new();
    let text = "196\t242\t4\t881250949\n196\t302\t5\t891717742\n22\t242\t1\t878887116\n22\t302\t4\t878887117\n";
    let log = folder.write("u.data", text);
    let found = train(&folder, &log, "movielens-100k", &["--family", "svd++"]);
    counts(&found["cleaning"], &[("below_min_value", 0), ("pairs", 4)]);
    let card = json(&["inspect", &folder.at("model")])["manifest"]["card"].clone();
    assert_eq!((card["ratings"]["min"].as_f64(), card["ratings"]["max"].as_f64()), (Some(1.0), Some(5.0)));
    assert_eq!(card["data"]["flags"]["preset"], "movielens-100k");

    let clicks = folder.write("clicks.csv", "uid,item_id,click\na,x,1\na,y,0\nb,x,1\nb,y,1\n");
    let refused = failure(&["train", &clicks, "--preset", "impressions", "--family", "svd++", "-o", &folder.at("m")]);
    assert!(refused.contains("--preset impressions, which has none"), "{refused}");
}

#[test]
fn movielens_1m_has_double_colons_and_latin_titles() {
    let folder = Folder::new();
    let ratings: String = (0..6).flat_map(|user| (0..4).map(move |item| (user, item))).map(rating).collect();
    folder.write("ratings.dat", ratings);
    let movies = folder.write("movies.dat", b"0::Caf\xe9 \"Noir\" (1995)::Drama\n1::A: B (1999)::Comedy|Drama\n");
    let log = folder.at("");
    let found = train(&folder, &log, "movielens-1m", &[])["cleaning"].clone();
    counts(&found, &[("rows", 24), ("users", 6), ("items", 4), ("pairs", 24)]);
    let (model, log) = (folder.at("model"), folder.at("ratings.dat"));
    let small = ["--family", "als", "--dim", "4", "--epochs", "2", "--min-user-items", "1", "--min-item-users", "1"];
    let given = ["train", &log, "--preset", "movielens-1m", "--items", &movies, "-o", &model];
    json(&[&given[..], &small].concat());
    let list = json(&["recommend", &model, "--history", "3", "-k", "3"]);
    let titles: Vec<&str> =
        list["items"].as_array().unwrap().iter().filter_map(|item| item["title"].as_str()).collect();
    assert!(titles.contains(&"Caf\u{e9} \"Noir\" (1995)") && titles.contains(&"A: B (1999)"), "{titles:?}");
}

fn rating((user, item): (u32, u32)) -> String {
    format!("{user}::{item}::5::{}\n", 978_300_760 + user * 100 + item)
}

#[test]
fn movielens_20m_and_latest_have_a_header() {
    let text =
        "userId,movieId,rating,timestamp\n1,2,3.5,1112486027\n1,29,4.0,1112484676\n2,29,4.5,1112484819\n2,2,4,1\n";
    for preset in ["movielens-20m", "movielens-latest"] {
        counts(&cleaning(preset, "ratings.csv", text, &[]), &[("below_min_value", 1), ("pairs", 3), ("items", 2)]);
    }
}

#[test]
fn amazon_reviews_come_in_four_layouts() {
    let ratings = "A2CMX45JPSCTUJ,0000143502,5.0,1393545600\nA2CMX45JPSCTUJ,B000000001,2.0,1393545601\nA3J6V3LQ1N2VHF,0000143502,4.0,1\n";
    let swapped: String = ratings.lines().map(|line| swap(line) + "\n").collect();
    let json_lines: String = ratings.lines().map(review).collect();
    let recent =
        ratings.lines().fold("user_id,parent_asin,rating,timestamp\n".to_owned(), |text, line| text + line + "\n");
    for (name, text) in
        [("2014.csv", ratings.to_owned()), ("2018.csv", swapped), ("5core.json", json_lines), ("2023.csv", recent)]
    {
        let found = cleaning("amazon-reviews", name, text, &["--min-value", "0"]);
        counts(&found, &[("rows", 3), ("users", 2), ("items", 2), ("pairs", 3)]);
    }
    let folder = Folder::new();
    let log = folder.write("bad.json", "{\"reviewerID\": \"A\", \"asin\": \"B\", \"overall\": 5}\nnot json\n");
    let said = failure(&["split", &log, "--preset", "amazon-reviews", "--by", "users", "-o", &folder.at("x")]);
    assert!(said.contains("bad.json:2") && said.contains("one JSON object a line"), "{said}");
}

fn swap(line: &str) -> String {
    let cells: Vec<&str> = line.split(',').collect();
    [cells[1], cells[0], cells[2], cells[3]].join(",")
}

fn review(line: &str) -> String {
    let cells: Vec<&str> = line.split(',').collect();
    format!(
        "{{\"reviewerID\": \"{}\", \"asin\": \"{}\", \"helpful\": [0, 1], \"overall\": {}, \"unixReviewTime\": {}}}\n",
        cells[0], cells[1], cells[2], cells[3]
    )
}

#[test]
fn goodbooks_has_no_times() {
    let text = "user_id,book_id,rating\n1,258,5\n2,4081,4\n2,258,3\n2,260,5\n2,258,4\n";
    let found = cleaning("goodbooks", "ratings.csv", text, &[]);
    counts(&found, &[("below_min_value", 1), ("pairs", 4), ("users", 2)]);
    assert_eq!(found["ordered_by"], "file");
}

#[test]
fn online_retail_drops_cancellations_returns_and_strangers() {
    let header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    let rows = "536365,85123A,\"HEART, WHITE\",6,12/1/2010 8:26,2.55,17850,United Kingdom\n\
                536365,71053,LANTERN \u{a3},6,12/1/2010 8:26,3.39,17850,United Kingdom\n\
                536366,71053,LANTERN,6,12/1/2010 9:26,3.39,17851,United Kingdom\n\
                536367,71053,LANTERN,6,12/1/2010 9:26,3.39,,United Kingdom\n\
                C536379,71053,LANTERN,-1,12/1/2010 9:41,27.5,17850,United Kingdom\n\
                536380,71053,LANTERN,-2,12/1/2010 9:41,0,17850,United Kingdom\n";
    let latin: Vec<u8> = format!("{header}{rows}").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let expected = [("rows", 6), ("left_out", 1), ("anonymous", 1), ("below_min_value", 1), ("pairs", 3)];
    counts(&cleaning("online-retail", "data.csv", latin, &[]), &expected);
    let second = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n\
                  489434,85048,LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n\
                  489434,85049,LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\n\
                  489435,85048,LIGHTS,12,2009-12-01 07:46:00,6.95,13086.0,United Kingdom\n\
                  C489449,85048,LIGHTS,-12,2009-12-01 10:33:00,2.95,16321.0,Australia\n";
    counts(&cleaning("online-retail", "two.csv", second, &[]), &[("left_out", 1), ("pairs", 3)]);

    let folder = Folder::new();
    let book = folder.write("Online Retail.xlsx", b"PK\x03\x04 and what else a workbook holds");
    let said = failure(&["split", &book, "--preset", "online-retail", "--by", "random", "-o", &folder.at("x")]);
    assert!(said.contains("Online Retail.xlsx") && said.contains("save the sheet as CSV"), "{said}");
}

#[test]
fn retailrocket_weighs_its_three_types_of_event() {
    let text = "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n\
                1433221332118,257597,addtocart,355909,\n1433224214164,992329,transaction,355908,4000\n";
    let folder = Folder::new();
    let log = folder.write("events.csv", text);
    let said = train(&folder, &log, "retailrocket", &["--event-weight", "view=0.2"]);
    counts(&said["cleaning"], &[("interactions", 3), ("users", 2), ("items", 2)]);
    let said = train(&folder, &log, "retailrocket", &["--event-weight", "view=0"]);
    counts(&said["cleaning"], &[("without_weight", 1), ("interactions", 2)]);
    let log = folder.write("more.csv", format!("{text}1433224214165,1,wish,3,\n"));
    let said = failure(&["split", &log, "--preset", "retailrocket", "--by", "random", "-o", &folder.at("x")]);
    for part in ["more.csv:5", "`event`", "addtocart", "`wish`", "--event-weight"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn impressions_keep_what_was_clicked() {
    let text = "timestamp\tuid\tcampaign\tconversion\tclick\tcost\tcat1\n0\t20073966\t22589171\t0\t1\t0.1\t5824233\n\
                2\t24607497\t884761\t0\t0\t0.1\t30763035\n2\t28474333\t18975823\t0\t1\t0.1\t138937\n\
                3\t28474333\t22589171\t0\t1\t0.1\t1\n";
    counts(
        &cleaning("impressions", "attribution.tsv", text, &[]),
        &[("below_min_value", 1), ("pairs", 3), ("items", 2)],
    );
}

#[test]
fn a_file_of_another_layout_is_refused_with_what_was_expected() {
    let folder = Folder::new();
    let log = folder.write("log.csv", "who,what\n1,2\n");
    for preset in ["retailrocket", "movielens-100k", "movielens-1m", "amazon-reviews", "online-retail", "goodbooks"] {
        let said = failure(&["train", &log, "--preset", preset, "-o", &folder.at("model")]);
        for part in ["log.csv:1", preset, "expected", "who"] {
            assert!(said.contains(part), "{preset}: {said}");
        }
    }
}

#[test]
fn the_account_tells_columns_and_whose_minimum_it_is() {
    let folder = Folder::new();
    let text = "196\t242\t4\t881250949\n196\t302\t5\t891717742\n22\t242\t1\t878887116\n22\t302\t4\t878887117\n";
    let log = folder.write("u.data", text);
    let out = folder.at("out");
    let given = ["split", &log, "--by", "random", "--test-share", "0.4", "-o", &out, "--min-user-items", "1"];
    let said = |more: &[&str]| {
        let output = proclivity(&[&given[..], &["--min-item-users", "1"], more].concat());
        String::from_utf8(output.stderr).expect("text")
    };
    let preset = said(&["--preset", "movielens-100k"]);
    assert!(preset.contains("columns user, item, timestamp (time), rating (value, from 4 on)\n"), "{preset}");
    assert!(preset.contains("1 rows with rating below 4 (--preset movielens-100k keeps 4 and more"), "{preset}");
    let flag = said(&["--preset", "movielens-100k", "--min-value", "2"]);
    assert!(flag.contains("1 rows with rating below --min-value 2\n"), "{flag}");
    let plain = said(&["--header", "user,item,rating,timestamp"]);
    assert!(
        plain.contains("timestamp (time); rating is read, but training counts it only with --min-value"),
        "{plain}"
    );
}
