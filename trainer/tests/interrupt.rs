//! Ctrl-C: what was learnt stays, and the same command goes on from it.
#![cfg(unix)]

mod support;

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use support::{Folder, SMALL, delimited, failure, proclivity};

/// Runs `proclivity` and presses Ctrl-C once it says `moment`; its exit code, and what it said from then on.
fn interrupted(arguments: &[&str], moment: &str) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_proclivity"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built with this test");
    let mut said = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    while !line.contains(moment) {
        line.clear();
        assert!(said.read_line(&mut line).expect("text") > 0, "ended before it said {moment}");
    }
    let pressed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is everywhere");
    assert!(pressed.success());
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("text");
    (child.wait().expect("it ends").code(), rest)
}

/// The model that these arguments train, which must succeed, and what was said.
fn model(folder: &Folder, name: &str, arguments: &[&str]) -> (Vec<u8>, String) {
    let output = proclivity(arguments);
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success(), "{said}");
    (std::fs::read(folder.path(name)).expect("a model"), said)
}

/// A log of so many items that their neighbour lists take a while.
fn wide_log() -> String {
    let mut log = "user,item,timestamp\n".to_owned();
    for (user, n) in (0..200).flat_map(|user| (0..30).map(move |n| (user, n))) {
        writeln!(log, "u{user},i{},{}", (user * 7 + n * 19) % 1000, 1_500_000_000 + n).expect("writing to a string");
    }
    log
}

#[test]
fn in_the_epochs_the_training_ends_in_the_same_bytes() {
    let folder = Folder::new();
    let (log, stopped, whole) = (folder.write("log.csv", delimited(',')), folder.at("stopped"), folder.at("whole"));
    let flags = ["--family", "als", "--dim", "32", "--patience", "1000000", "--validation", "0"];
    let train = |path: &str, more: &[&str]| -> Vec<String> {
        ["train", &log, "-o", path].iter().chain(&flags).chain(more).map(|flag| (*flag).to_owned()).collect()
    };
    let run = |name: &str, path: &str, more: &[&str]| {
        let arguments = train(path, more);
        model(&folder, name, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let refused = |more: &[&str]| {
        let arguments = train(&stopped, more);
        failure(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let arguments = train(&stopped, &["--epochs", "1000000"]);
    let (code, said) = interrupted(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), "als   ");
    assert_eq!(code, Some(130), "{said}");
    let after = said.split("stopped after epoch ").nth(1).and_then(|rest| rest.split(':').next()).expect("an epoch");
    let epochs = (after.parse::<usize>().expect("a number") + 3).to_string();
    assert!(said.contains("stopped.checkpoint") && said.contains("--resume"), "{said}");
    assert!(!folder.path("stopped").exists());

    let said = refused(&["--epochs", "2"]);
    assert!(said.contains("--resume") && said.contains("stopped.checkpoint"), "{said}");
    assert!(refused(&["--resume", "--als-alpha", "7"]).contains("other data or settings"));
    let (bytes, said) = run("stopped", &stopped, &["--epochs", &epochs, "--resume"]);
    assert!(said.contains("goes on after epoch"), "{said}");
    let (unstopped, said) = run("whole", &whole, &["--epochs", &epochs, "--resume"]);
    assert!(said.contains("whole.checkpoint") && said.contains("starts anew"), "nothing was left: {said}");
    assert_eq!(bytes, unstopped);
    assert!(!folder.path("stopped.checkpoint").exists(), "it is over");
}

#[test]
fn after_the_vectors_they_are_there_for_the_lists() {
    let folder = Folder::new();
    let (log, stopped, whole) = (folder.write("log.csv", wide_log()), folder.at("stopped"), folder.at("whole"));
    let flags = ["--family", "als+ease", "--dim", "8", "--epochs", "2", "--validation", "0"];
    let train = |path| [&["train", log.as_str(), "-o", path], &flags[..]].concat();
    let (code, said) = interrupted(&train(&stopped), "ease   weights");
    assert!(
        code == Some(130) && said.contains("stopped after epoch 2") && said.contains("--resume"),
        "{code:?} {said}"
    );
    assert!(!folder.path("stopped").exists());
    let (bytes, said) = model(&folder, "stopped", &[&train(&stopped)[..], &["--resume"]].concat());
    assert!(said.contains("goes on after epoch 2") && !said.contains("als     "), "{said}");
    assert_eq!(bytes, model(&folder, "whole", &train(&whole)).0);
}

#[test]
fn a_ranker_is_not_waited_for() {
    let folder = Folder::new();
    let (log, path) = (folder.write("log.csv", delimited(',')), folder.at("model"));
    let long = ["--family", "als+ncf", "--ncf-epochs", "500", "--patience", "500"];
    let small = SMALL.iter().copied().filter(|flag| !["--ncf-epochs", "2"].contains(flag));
    let arguments: Vec<&str> = ["train", &log, "-o", &path].into_iter().chain(small).chain(long).collect();
    let (code, said) = interrupted(&arguments, "ncf     1");
    assert!(code == Some(130) && said.contains("stopped after epoch 4"), "{code:?} {said}");
    assert!(folder.path("model.checkpoint").exists());
}

#[test]
fn where_nothing_is_kept_the_process_just_ends() {
    let folder = Folder::new();
    let (log, path) = (folder.write("log.csv", wide_log()), folder.at("model"));
    let flags = ["train", &log, "-o", &path, "--family", "ease", "--validation", "0"];
    let (code, said) = interrupted(&flags, "ease   weights");
    assert!(code == Some(130) && said.contains("nothing to go on from"), "{code:?} {said}");
    assert_eq!(folder.names(), ["log.csv"]);
}

#[test]
fn tune_goes_on_with_its_own_last_training() {
    let folder = Folder::new();
    let (log, path) = (folder.write("log.csv", delimited(',')), folder.at("model"));
    let search = ["tune", &log, "-o", &path, "--family", "als", "--trials", "1", "--validation", "0.2"];
    let fixed = ["--", "--dim", "16", "--epochs", "60", "--patience", "1000"];
    let tune = |more: &[&'static str]| -> Vec<String> {
        search.iter().chain(more).chain(&fixed).map(|flag| (*flag).to_owned()).collect()
    };
    let arguments = tune(&[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, said) = interrupted(&arguments, "als     1");
    assert!(code == Some(130) && said.contains("the same command goes on") && !said.contains("--resume"), "{said}");

    let others = tune(&["--seed", "7", "--trials-file", "/dev/null"]);
    let said = failure(&others.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(said.contains("model.checkpoint") && !said.contains("trial   0"), "before any trial: {said}");

    let said = model(&folder, "model", &arguments).1;
    assert!(said.contains("goes on after epoch") && !said.contains("trial   0"), "{said}");
    assert!(!folder.path("model.checkpoint").exists());
}
