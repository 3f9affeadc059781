//! `proclivity replay`, and lists as a page asks for them: measured on what ships, refused by name.

mod support;

use support::{Folder, failure, items, json, train};

const WEEK: i64 = 7 * 24;

/// Forty users who each come once a week at an hour of their own, in Unix seconds, for thirty weeks: from 7 January 2024, a Sunday, on.
fn habits() -> String {
    let mut log = "user,item,timestamp\n".to_owned();
    for week in 0..30 {
        for user in 0..40i64 {
            let hour = week * WEEK + (user * 13) % WEEK;
            for n in 0..2 {
                let item = (user % 2) * 12 + (user + week * 3 + n * 5) % 12;
                log += &format!("u{user},i{item},{}\n", 1_704_585_600 + hour * 3_600 + n * 60);
            }
        }
    }
    log
}

#[test]
fn habits_are_foreseen_from_what_came_before() {
    let folder = Folder::new();
    let log = folder.write("log.csv", habits());
    let lines: Vec<String> = habits().lines().map(str::to_owned).collect();
    let before = folder.write("before.csv", lines[..1 + 20 * 80].join("\n") + "\n");
    let model = folder.path("model.safetensors");
    train(&before, &model, &["--family", "popular", "--validation", "0"]);
    let model = folder.at("model.safetensors");
    let replayed = json(&["replay", &model, &log, "--from", "2024-05-26"]);
    let number = |name: &str| replayed["timing"][name].as_f64().expect("a number");
    assert_eq!(number("visits"), 400.0, "ten weeks of forty users");
    assert!(number("rhythm") > 0.95 && number("own") > 0.95, "{replayed:#}");
    assert!(number("population") < 0.3, "{replayed:#}");

    for (arguments, words) in [
        (vec!["replay", &model, &log, "--from", "2030-01-01"], ["--from", "visits to be foreseen"]),
        (vec!["replay", &model, &log, "--from", "soon"], ["--from", "ISO 8601"]),
    ] {
        let message = failure(&arguments);
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    }
}

#[test]
fn what_is_learnt_online_is_measured_and_reasons_hold() {
    let folder = Folder::new();
    // Everyone takes four of one kind, then four of another: what one is at tells the next.
    let mut log = "user,item,timestamp,kind\n".to_owned();
    for user in 0..240i64 {
        for n in 0..16 {
            let kind = (user * 5 + (n / 4) * (1 + user % 7)) % 8;
            let item = kind * 12 + (user * 7 + n * (1 + user % 5)) % 12;
            log += &format!("u{user},i{item},{},k{kind}\n", 1_704_585_600 + n * 86_400 + user);
        }
    }
    let log = folder.write("log.csv", log);
    let catalogue: String = (0..96).map(|item| format!("i{item},k{}\n", item / 12)).collect();
    let catalogue = folder.write("items.csv", format!("item,kind\n{catalogue}"));
    let flags = ["--family", "als", "--items", &catalogue, "--validation", "0.4"];
    let model = folder.at("model.safetensors");
    train(&log, &folder.path("model.safetensors"), &flags);
    let replayed = json(&["replay", &model, &log, "--reasons"]);
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    let ranking = &replayed["ranking"];
    assert!(number(&ranking["moments"]) > 2_000.0, "{replayed:#}");
    assert!(number(&ranking["learning"]) > 1.05 * number(&ranking["alone"]), "{ranking:#}");
    assert!(number(&replayed["reasons"]["lowered"]) > 0.8, "{replayed:#}");
    let some = json(&["replay", &model, &log, "--moments", "2", "--include-seen"]);
    assert!(number(&some["ranking"]["moments"]) <= 480.0 && some["reasons"].is_null());

    // Who is shown lists one after the other sees what rotates: newer lists, less often the same items.
    let rotating = r#"{"rotationRate":1,"rotationHours":100}"#;
    let trying = r#"{"explore":{"column":"kind","rate":3,"seed":1}}"#;
    let lists = json(&["replay", &model, &log, "--list", rotating, "--list", trying])["lists"].take();
    let [plain, rotated, tried] = lists.as_array().expect("three").as_slice() else { panic!("{lists:#}") };
    assert_eq!((plain["list"].as_str(), rotated["list"].as_str()), (None, Some(rotating)));
    let of = |list: &serde_json::Value, name: &str| number(&list[name]);
    assert!(of(plain, "ndcg") > 1.05 * number(&ranking["alone"]), "learns as without lists that are shown: {lists:#}");
    for other in [rotated, tried] {
        assert!(
            of(other, "renewed") > of(plain, "renewed") && of(other, "coverage") >= of(plain, "coverage"),
            "{lists:#}"
        );
        assert!(of(other, "shown_before") < of(plain, "shown_before"), "{lists:#}");
    }
    assert!(failure(&["replay", &model, &log, "--list", r#"{"count":5}"#]).contains("arranges nothing"));

    // Without times events are of one visit each, and there are no hours to foresee.
    let bare: String = std::fs::read_to_string(&log)
        .expect("written")
        .lines()
        .map(|line| {
            let [user, item, ..] = line.split(',').collect::<Vec<_>>()[..] else { unreachable!("four columns") };
            format!("{user},{item}\n")
        })
        .collect();
    let bare = folder.write("bare.csv", bare);
    let replayed = json(&["replay", &model, &bare]);
    assert!(replayed["timing"].is_null() && number(&replayed["ranking"]["moments"]) > 2_000.0, "{replayed:#}");
    assert!(failure(&["replay", &model, &bare, "--from", "2024-05-26"]).contains("a log with times"));
}

#[test]
fn lists_are_measured_as_a_page_shows_them() {
    let folder = Folder::new();
    let (log, items) = (folder.write("log.csv", habits()), folder.write("items.csv", items()));
    train(&log, &folder.path("model.safetensors"), &["--family", "als", "--items", &items, "--validation", "0"]);
    let fold_in = folder.write("fold_in.csv", "user,item\nx,i1\nx,i2\ny,i13\ny,i14\n");
    let targets = folder.write("targets.csv", "user,item\nx,i3\nx,i4\ny,i15\ny,i16\n");
    let model = folder.at("model.safetensors");
    let asked = ["evaluate", &model, "--fold-in", &fold_in, "--targets", &targets, "--at", "6", "--list-length", "6"];
    let last = r#"{"rules":[{"type":"hide","itemId":"i3"},{"type":"promote","itemId":"i4"}]}"#;
    let fair = r#"{"fairness":{"group":{"price":{"gte":0}},"share":0.5}}"#;
    let measured = json(&[&asked[..], &["--list", last, "--list", fair, "--list", r#"{"diversity":0.5}"#]].concat());
    let stages = measured["models"][0]["stages"].as_array().expect("stages");
    let lists: Vec<_> = stages.iter().filter(|stage| stage["stage"] == "list").collect();
    assert_eq!(lists.len(), 3);
    assert!(lists[0]["metrics"]["recall@6"].as_f64().expect("a number") <= 0.75, "one target is hidden");
    assert_eq!(lists[1]["fair"], 1.0);
    let diversity = |stage: &serde_json::Value| stage["beyond_accuracy"][0]["diversity"].as_f64().expect("a number");
    assert!(diversity(lists[2]) >= diversity(&stages[0]), "{measured:#}");

    for (list, words) in [
        ("diversity", ["--list", "JSON"]),
        (r#"{"diversity":2}"#, ["--list", "diversity"]),
        (r#"{"count":5}"#, ["--list", "arranges nothing"]),
        (r#"{"rotationRate":0.5}"#, ["rotates", "replay"]),
        (r#"{"explore":{"column":"price","rate":1,"seed":1}}"#, ["tries", "replay"]),
        (r#"{"maxPerCategory":{"colour":1}}"#, ["colour", "catalogue"]),
    ] {
        let message = failure(&[&asked[..], &["--list", list]].concat());
        assert!(words.iter().all(|word| message.contains(word)), "{list}: {message}");
    }
}
