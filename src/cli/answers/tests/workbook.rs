//! What a workbook has. Its parts are read as the XML that they are.

use super::super::save_workbook;
use super::super::sheet_name::SheetNames;
use super::*;

#[test]
fn names_of_sheets_are_allowed_and_unique() {
    let mut names = SheetNames::default();
    let long = "an-unreasonably-long-name-of-a-question";
    let made: Vec<String> = ["coverage", "Coverage", "a/b:c", "'x'", "", "History", long, long]
        .into_iter()
        .map(|name| names.unique(name))
        .collect();
    insta::assert_debug_snapshot!(made, @r#"
    [
        "coverage",
        "Coverage (2)",
        "a_b_c",
        "x",
        "answer",
        "answer (2)",
        "an-unreasonably-long-name-of-a-",
        "an-unreasonably-long-name-o (2)",
    ]
    "#);
}

#[test]
fn a_workbook_replaces_a_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let set = AnswerSet::All(vec![addresses(three_unknown()), nothing(Vec::new())]);
    let path = folder.path().join("answers.xlsx");
    std::fs::write(&path, "old").unwrap();
    save_workbook(&set, &path).unwrap();
    assert_eq!(&std::fs::read(&path).unwrap()[..2], b"PK");
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["answers.xlsx"]);
    let refused = save_workbook(&set, folder.path()).unwrap_err();
    assert!(refused.message.ends_with("it exists and is no file"), "{refused}");
    assert!(save_workbook(&set, &folder.path().join("missing/answers.xlsx")).is_err());
}
