//! The arguments of the commands that answer: `where`, `ask`, `diff`, `history`, `report` and `demo`.
//!
//! The options of the questions are flags of `ask`. They come from the questions, so that a new question brings its own.

use std::io::{BufRead, ErrorKind as IoErrorKind, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use crate::cli::answers::{AnswerFormat, AnswerLayout};
use crate::domain::RunId;
use crate::error::{Error, ErrorKind};
use crate::input::ValidationErrors;

use super::estate::{EstateArgs, moment};
use super::question_flags::{AskedName, QuestionFlags};

/// The most bytes of search terms that are read from standard input.
const MAX_TERM_BYTES: u64 = 16 << 20;

/// How an answer is printed.
#[derive(Args, Debug)]
pub(crate) struct ShapeArgs {
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: AnswerFormat,
    /// Write the answer to this workbook instead (.xlsx). An older file is replaced
    #[arg(long, value_name = "FILE.xlsx", value_parser = workbook, conflicts_with = "format")]
    pub to: Option<PathBuf>,
    /// List every cell that the answer needs and that is not known
    #[arg(long)]
    pub coverage: bool,
    /// Exit with code 1 if there are findings or unknown cells
    #[arg(long)]
    pub check: bool,
}

#[derive(Args, Debug)]
pub(crate) struct WhereArgs {
    /// Addresses, CIDRs, DNS names, ids, ARNs, KEY=VALUE tags, account ids or account names; `-` reads them from standard
    /// input, one a line
    #[arg(value_name = "WHAT", required = true)]
    what: Vec<String>,
    #[command(flatten)]
    pub estate: EstateArgs,
    #[command(flatten)]
    pub shape: ShapeArgs,
}

#[derive(Args, Debug)]
pub(crate) struct AskArgs {
    /// Name of the question. Without it, the questions are listed
    #[arg(value_name = "NAME", value_parser = AskedName::parse, conflicts_with = "all")]
    pub question: Option<AskedName>,
    /// Ask all questions; those that compare with an earlier moment only with --since
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub estate: EstateArgs,
    #[command(flatten)]
    pub shape: ShapeArgs,
    #[command(flatten)]
    pub options: QuestionFlags,
}

#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// The older side: a run, a time in RFC 3339, or a date, which means its end in UTC. Without it, the two newest runs that
    /// asked everything are compared
    #[arg(value_name = "FROM", value_parser = DiffSide::parse)]
    pub older: Option<DiffSide>,
    /// The newer side. Without it, the inventory as it is now
    #[arg(value_name = "TO", value_parser = DiffSide::parse)]
    pub newer: Option<DiffSide>,
    #[command(flatten)]
    pub estate: EstateArgs,
    #[command(flatten)]
    pub shape: ShapeArgs,
}

#[derive(Args, Debug)]
pub(crate) struct HistoryArgs {
    /// Addresses, CIDRs, DNS names, ids, ARNs, KEY=VALUE tags, account ids or account names; `-` reads them from standard
    /// input, one a line
    #[arg(value_name = "WHAT", required = true)]
    what: Vec<String>,
    #[command(flatten)]
    pub estate: EstateArgs,
    #[command(flatten)]
    pub shape: ShapeArgs,
}

/// A side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DiffSide {
    /// A run with its continuations.
    Run(RunId),
    /// A moment.
    At(Timestamp),
}

impl DiffSide {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(at) = moment(text) {
            return Ok(Self::At(at));
        }
        let wrong = |error| format!("it is no time, no date, and no name of a run: {error}");
        text.parse().map(Self::Run).map_err(wrong)
    }
}

#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// Write the page to this file (.html). An older file is replaced
    #[arg(long, value_name = "FILE.html", value_parser = page, required_unless_present = "links")]
    pub to: Option<PathBuf>,
    /// Write the links of the network map to this file (.csv or .ndjson), for graph tools
    #[arg(long, value_name = "FILE")]
    links: Option<PathBuf>,
    #[command(flatten)]
    pub estate: EstateArgs,
    #[command(flatten)]
    pub options: QuestionFlags,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Folder to write the inventory to. It is created, or must be empty
    #[arg(long, value_name = "FOLDER")]
    pub to: PathBuf,
}

impl ShapeArgs {
    /// Returns how the answer is laid out.
    pub(crate) fn layout(&self) -> AnswerLayout {
        AnswerLayout::of_terminal(self.coverage)
    }
}

impl ReportArgs {
    /// Returns the file of the links and its format.
    pub(crate) fn links(&self) -> Result<Option<(&Path, AnswerFormat)>, Error> {
        let Some(path) = &self.links else { return Ok(None) };
        let has = |extension: &str| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(extension));
        let format = match (has("csv"), has("ndjson")) {
            (true, _) => AnswerFormat::Csv,
            (_, true) => AnswerFormat::Ndjson,
            _ => {
                let what = "write a file name that ends with .csv or .ndjson";
                return Err(Error::of(ErrorKind::InvalidRequest, &ValidationErrors::one("--links", what)));
            }
        };
        Ok(Some((path, format)))
    }
}

impl WhereArgs {
    /// Returns the search terms. Those of standard input stand where `-` stood.
    pub(crate) fn terms(&self) -> Result<Vec<String>, Error> {
        terms_of(&self.what, std::io::stdin().lock())
    }

    #[cfg(test)]
    fn terms_of(&self, input: impl BufRead) -> Result<Vec<String>, Error> {
        terms_of(&self.what, input)
    }
}

impl HistoryArgs {
    /// Returns the search terms. Those of standard input stand where `-` stood.
    pub(crate) fn terms(&self) -> Result<Vec<String>, Error> {
        terms_of(&self.what, std::io::stdin().lock())
    }
}

fn terms_of(what: &[String], input: impl BufRead) -> Result<Vec<String>, Error> {
    let invalid = |what: &str| Error::new(ErrorKind::InvalidRequest, format!("the list of what to find {what}"));
    let mut input = Some(input);
    let mut terms = Vec::new();
    for term in what {
        if term != "-" {
            terms.push(term.clone());
            continue;
        }
        let Some(input) = input.take() else { continue };
        let mut text = String::new();
        match input.take(MAX_TERM_BYTES + 1).read_to_string(&mut text) {
            Ok(bytes) if bytes as u64 > MAX_TERM_BYTES => return Err(invalid("is longer than 16 MiB")),
            Ok(_) => {}
            Err(error) if error.kind() == IoErrorKind::InvalidData => return Err(invalid("is not UTF-8 text")),
            Err(error) => return Err(invalid(&format!("cannot be read from standard input: {error}"))),
        }
        terms.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    if terms.is_empty() { Err(invalid("is empty")) } else { Ok(terms) }
}

fn page(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_page =
        path.extension().is_some_and(|own| own.eq_ignore_ascii_case("html") || own.eq_ignore_ascii_case("htm"));
    if is_page { Ok(path) } else { Err("write a file name that ends with .html".to_owned()) }
}

pub(super) fn workbook(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_workbook = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"));
    let hint = "write a file name that ends with .xlsx; for other formats use --format and redirect the output";
    if is_workbook { Ok(path) } else { Err(hint.to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    enum Probe {
        Where(WhereArgs),
        Ask(AskArgs),
        Demo(DemoArgs),
    }

    fn parsed(line: &str) -> Result<Probe, String> {
        Probe::try_parse_from(["rolecall"].into_iter().chain(line.split(' '))).map_err(|error| error.to_string())
    }

    fn where_args(line: &str) -> WhereArgs {
        match parsed(line) {
            Ok(Probe::Where(arguments)) => arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_two_flags_have_one_name() {
        Probe::command().debug_assert();
    }

    #[test]
    fn a_selection_is_checked_as_a_whole() {
        let selected = where_args("where x --accounts 111122223333,444455556666 --regions eu-* --tags env=prod");
        let selection = selected.estate.selection().unwrap();
        assert!(selection.has_account("444455556666") && !selection.has_account("777788889999"));
        assert!(selection.has_region("eu-west-1") && !selection.has_region("us-east-1"));
        assert_eq!(selection.tags, [("env".to_owned(), "prod".to_owned())].into());
        let all = where_args("where x --accounts all").estate.selection().unwrap();
        assert!(all.accounts.is_none() && all.regions.is_none());
        let wrong = where_args("where x --accounts all,1 --regions EU --tags prod").estate.selection().unwrap_err();
        insta::assert_snapshot!(wrong, @"
    --accounts: `all` is not an account id: write its 12 digits, in quotes
    --accounts: `1` is not an account id: write its 12 digits, in quotes
    --regions: `EU` could match no region: write lower-case letters, digits, hyphens, `*` and `?`, as in eu-* or us-east-1
    --tags: `prod` is not KEY=VALUE
    ");
    }

    #[test]
    fn terms_come_from_the_line_and_from_standard_input() {
        let terms =
            |line: &str, input: &str| where_args(line).terms_of(input.as_bytes()).map_err(|error| error.to_string());
        assert_eq!(terms("where 10.0.0.1 b", "").unwrap(), ["10.0.0.1", "b"]);
        assert_eq!(terms("where a - b", "x\r\n\n Name=web server \n").unwrap(), ["a", "x", "Name=web server", "b"]);
        assert_eq!(terms("where - -", "x\n").unwrap(), ["x"]);
        assert_eq!(terms("where -", "\n").unwrap_err(), "the list of what to find is empty");
        let binary = where_args("where -").terms_of(&b"\xff"[..]).unwrap_err();
        assert_eq!(binary.to_string(), "the list of what to find is not UTF-8 text");
    }

    #[test]
    fn what_excludes_each_other_is_refused() {
        for refused in [
            "where",
            "where x --at 2026-11-28 --run nightly",
            "where x --at soon",
            "where x --to answers.csv",
            "where x --to answers.xlsx --format csv",
            "where x --format xml",
            "ask no-such-question",
            "demo",
        ] {
            assert!(parsed(refused).is_err(), "{refused}");
        }
        for accepted in
            ["where x --to Answers.XLSX --check", "ask", "ask --all --format ndjson --coverage", "demo --to demo"]
        {
            assert!(parsed(accepted).is_ok(), "{accepted}");
        }
    }
}
