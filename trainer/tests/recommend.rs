//! `recommend`: lists for every user of a file are those of each history, and what is unknown is said.

mod support;

use support::{Folder, delimited, failure, json, rows, train};

fn trained(folder: &Folder) -> String {
    let log = folder.write("log.csv", delimited(','));
    train(&log, &folder.path("model"), &["--family", "als"]);
    folder.at("model")
}

#[test]
fn lists_of_a_file_are_those_of_each_history() {
    let folder = Folder::new();
    let model = trained(&folder);
    let histories = [("ann", "i1,i2,i5"), ("bob", "i13,i14")];
    let mut text = "user,item\neve,nothing\nann,unknown\n".to_owned();
    for (user, ids) in histories {
        text.extend(ids.split(',').map(|id| format!("{user},{id}\n")));
    }
    let (fold_in, out) = (folder.write("fold_in.csv", text), folder.at("lists.csv"));
    let said = json(&["recommend", &model, "--fold-in", &fold_in, "-o", &out, "-k", "4"]);
    assert_eq!((&said["users"], &said["rows"]), (&2.into(), &8.into()));
    assert_eq!((&said["skipped_users"], &said["unknown_fold_in"]), (&1.into(), &2.into()));
    let written = std::fs::read_to_string(&out).unwrap();
    assert_eq!(written.lines().next(), Some("user,item,rank,score"));
    for (user, ids) in histories {
        let of_user = written.lines().filter(|line| line.starts_with(&format!("{user},")));
        let found: Vec<&str> = of_user.filter_map(|line| line.split(',').nth(1)).collect();
        let list = json(&["recommend", &model, "--history", ids, "-k", "4"]);
        let items = list["items"].as_array().unwrap().iter();
        assert_eq!(found, items.map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>(), "{user}");
    }
    let alone = folder.write("titles.csv", "user,item\nann,Toy Story\n");
    let said = failure(&["recommend", &model, "--fold-in", &alone, "-o", &out]);
    assert!(
        said.contains("none among 1 users") && said.contains("ids such as `i") && said.contains("titles"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(&out).unwrap(), written, "a refusal writes nothing");
    let said = failure(&["recommend", &model, "--fold-in", &folder.at("none.csv"), "-o", &folder.at("none/lists.csv")]);
    assert!(said.contains("lists.csv: cannot be written"), "told before anything is read: {said}");
    let said = failure(&["recommend", &model, "--fold-in", &fold_in, "-o", &out, "-k", "0"]);
    assert!(said.contains("--count: expected 1 to 24"), "{said}");
}

#[test]
fn similar_items_are_of_the_same_taste_and_not_the_item() {
    let folder = Folder::new();
    let model = trained(&folder);
    let list = json(&["recommend", &model, "--similar", "i14", "-k", "5"]);
    let ids: Vec<&str> = list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 5);
    assert!(ids.iter().all(|id| *id != "i14" && id[1..].parse::<u32>().unwrap() >= 12), "{ids:?}");
    for given in [["--similar", "Toy Story"], ["--history", "i1,Toy Story"]] {
        let said = failure(&[&["recommend", &model], &given[..]].concat());
        assert!(said.contains("`Toy Story`") && said.contains("such as `i") && said.contains("not titles"), "{said}");
    }
}

/// Even users come by mail and odd ones by a search; each have a taste of their own.
#[test]
fn a_stranger_is_shown_what_is_popular_where_they_come_from() {
    let folder = Folder::new();
    let text = rows().iter().fold("user,item,timestamp,referrer\n".to_owned(), |text, (user, item, time)| {
        text + &format!("u{user},i{item},{time},{}\n", if user % 2 == 0 { "mail" } else { "search" })
    });
    let log = folder.write("log.csv", text);
    for (name, family) in [
        ("als", &["--family", "als", "--context"][..]),
        ("fm", &["--family", "fm", "--deep-learning-rate", "0.02", "--deep-batch", "4"]),
    ] {
        let small = ["--dim", "8", "--epochs", "20", "--context-column", "referrer"];
        json(&[&["train", &log, "-o", &folder.at(name)], &small[..], family].concat());
        let shown = |told: &str| {
            let list = json(&["recommend", &folder.at(name), "--context", told, "-k", "8"]);
            let items = list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()[1..].parse());
            items.map(Result::unwrap).collect::<Vec<u32>>()
        };
        let (mail, search) = (shown("referrer=mail"), shown("referrer=search"));
        assert!(
            mail.iter().all(|&item| item < 12) && search.iter().all(|&item| item >= 12),
            "{name} {mail:?} {search:?}"
        );
        let said = failure(&["recommend", &folder.at(name), "--context", "campaign=spring"]);
        assert!(said.contains("referrer"), "{said}");
        assert_eq!(shown("referrer=newspaper").len(), 8, "what the log does not have counts as not told");
    }
}
