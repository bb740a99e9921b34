//! The sheets of the page: one for each question, and those of the page's own.
//!
//! **Invariant:** a sheet has the coverage of the tables that it reads.

use serde_json::{Value, json};

use super::gaps::CellGap;
use super::map_model::MapLink;
use super::report_limits::{BASE_ROWS, SHEET_ROWS};
use super::report_sheet::{ReportColumn, ReportSheet, SheetTitle, column, text};
use super::{map_network, tag_keys, zone_sheets};
use crate::answers::changes::ComparedRuns;
use crate::answers::facts::{Coverage, Facts, Read};
use crate::answers::questions::{ColumnKind, Options, Question};

/// The sheet of a question.
pub(super) fn asked(
    facts: &Facts,
    question: &'static Question,
    options: &Options,
    every_table: &[Read],
) -> ReportSheet {
    let answer = question.answered(facts, options, every_table);
    let own = question.columns.iter().map(|own| column(own.name, own.kind));
    let columns: Vec<ReportColumn> = [text("account_id"), text("region")].into_iter().chain(own).collect();
    let rows = answer
        .rows
        .into_iter()
        .map(|row| [json!(row.account_id), json!(row.region)].into_iter().chain(row.values).collect::<Vec<Value>>());
    let most = if question.name == "address-plan" { BASE_ROWS } else { SHEET_ROWS };
    let mut title = SheetTitle::of(question);
    let defaults = Options::defaults(question);
    for option in question.options.iter().filter(|option| options.text(option.name) != defaults.text(option.name)) {
        title.command.push_str(&format!(" --{} {}", option.name, options.text(option.name)));
    }
    ReportSheet::new(title, columns, rows, &answer.coverage, most)
}

/// The sheet of the map's links.
pub(super) fn links(facts: &Facts, links: &[MapLink]) -> ReportSheet {
    let title = SheetTitle {
        name: "links",
        title: "Links",
        description: "The links of the map: what is connected with what, and by which resource. The account and the region are \
                      those of that resource.",
        why: "Graph tools read it: `rolecall report --links FILE.csv` writes it.",
        command: "rolecall report --links links.csv".to_owned(),
    };
    let columns = ["account_id", "region", "from", "to", "kind", "via", "state"].map(text).to_vec();
    let rows = links.iter().map(|link| {
        vec![
            json!(link.account),
            json!(link.region),
            json!(link.from),
            json!(link.to),
            json!(link.kind),
            json!(link.via),
            json!(link.state),
        ]
    });
    let coverage = facts.cells.coverage(&map_network::reads(), &facts.selection);
    ReportSheet::new(title, columns, rows, &coverage, SHEET_ROWS)
}

/// The sheet of hosted zones.
pub(super) fn zones(facts: &Facts) -> ReportSheet {
    let title = SheetTitle {
        name: "zones",
        title: "Hosted zones",
        description: "Every hosted zone. Zones of the same name are rows of their own.",
        why: "",
        command: "rolecall where".to_owned(),
    };
    let coverage = facts.cells.coverage(&[zone_sheets::ZONES], &facts.selection);
    ReportSheet::new(title, zone_sheets::zone_columns(), zone_sheets::zone_rows(facts), &coverage, BASE_ROWS)
}

/// The sheet of record sets.
pub(super) fn records(facts: &Facts) -> ReportSheet {
    let title = SheetTitle {
        name: "records",
        title: "Records",
        description: "Every record set with its values, or with what it is an alias of.",
        why: "",
        command: "rolecall where".to_owned(),
    };
    let coverage = facts.cells.coverage(&[zone_sheets::RECORDS], &facts.selection);
    ReportSheet::new(title, zone_sheets::record_columns(), zone_sheets::record_rows(facts), &coverage, BASE_ROWS)
}

/// The sheet of the keys of tags.
pub(super) fn keys(facts: &Facts, tables: &[&'static str], coverage: &Coverage) -> ReportSheet {
    let title = SheetTitle {
        name: "tag-keys",
        title: "Keys of tags",
        description: "Each key with the number of resources that have it, of their accounts and of its values.",
        why: "Keys that differ only in writing are found side by side.",
        command: "rolecall where KEY=VALUE".to_owned(),
    };
    ReportSheet::new(title, tag_keys::columns(), tag_keys::rows(facts, tables).into_iter(), coverage, SHEET_ROWS)
}

/// The sheet of what changed between two runs.
pub(super) fn changes(compared: ComparedRuns) -> ReportSheet {
    let description = format!("What was added, removed and changed from {} to {}.", compared.older, compared.newer);
    let title = SheetTitle {
        name: "changes",
        title: "Changes since the previous run",
        description: &description,
        why: "",
        command: "rolecall diff".to_owned(),
    };
    let mut columns = ["account_id", "region", "table", "id", "name", "change"].map(text).to_vec();
    columns.extend([column("previous_collected_at", ColumnKind::Time), column("members", ColumnKind::Json)]);
    let rows = compared.changes.rows.into_iter().map(|row| {
        vec![
            json!(row.account_id),
            json!(row.region),
            json!(row.table),
            json!(row.id),
            json!(row.name),
            json!(row.change),
            json!(row.previous_collected_at),
            json!(row.members),
        ]
    });
    ReportSheet::new(title, columns, rows, &compared.changes.coverage, SHEET_ROWS)
}

/// The sheet of what could not be seen.
pub(super) fn unknown_cells(gaps: &[CellGap], coverage: &Coverage) -> ReportSheet {
    let title = SheetTitle {
        name: "unknown-cells",
        title: "What could not be seen",
        description: "The cells (account, region and table) whose newest word is not an answer, in groups with one cause. The \
                      region `*` stands for all regions that are not known. Where they were answered before, the page shows \
                      that older answer.",
        why: "Nothing on this page means that what is not shown here does not exist there.",
        command: "rolecall ask denied --coverage".to_owned(),
    };
    let columns = vec![
        text("account_id"),
        text("status"),
        text("error_code"),
        column("cells", ColumnKind::Integer),
        column("tables", ColumnKind::Json),
        column("regions", ColumnKind::Json),
        column("last_answered", ColumnKind::Time),
        text("advice"),
    ];
    let rows = gaps.iter().map(|gap| {
        vec![
            json!(gap.account_id),
            json!(gap.status),
            json!(gap.error_code),
            json!(gap.cells),
            json!(gap.tables),
            json!(gap.regions),
            json!(gap.last_answered),
            json!(gap.remedy().advice),
        ]
    });
    ReportSheet::new(title, columns, rows, coverage, SHEET_ROWS)
}
