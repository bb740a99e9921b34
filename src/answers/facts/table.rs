//! The rows of one table, and the resources that they describe.
//!
//! **Invariant:** each resource is one, whoever sees it: its identity is the ARN, else owner, region and id.

use std::cmp::Ordering;

use twox_hash::XxHash3_64;

use super::arn_column::ArnColumn;
use super::{ColumnData, TextColumn, TimeColumn};

/// A table that is being read. Every row sets each opening column, and then its own columns.
#[derive(Debug)]
pub(crate) struct TableBuilder {
    pub(super) table: FactTable,
}

/// The rows of a table.
#[derive(Debug)]
pub(crate) struct FactTable {
    pub(super) name: &'static str,
    pub(super) account_id: TextColumn,
    pub(super) account_alias: TextColumn,
    pub(super) region: TextColumn,
    pub(super) id: TextColumn,
    pub(super) arn: ArnColumn,
    pub(super) owner_id: TextColumn,
    /// The tags as a JSON object.
    pub(super) tags: TextColumn,
    pub(super) collected_at: TimeColumn,
    pub(super) columns: Vec<(&'static str, ColumnData)>,
    /// The rows in the order of their resources. The first one of a resource is the owner's, if the owner sees it.
    pub(super) rows: Vec<u32>,
    /// Where the rows of each resource end.
    pub(super) ends: Vec<u32>,
}

/// The opening values of a row.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Opening<'a> {
    pub account_id: &'a str,
    pub account_alias: Option<&'a str>,
    pub region: &'a str,
    pub id: &'a str,
    pub arn: Option<&'a str>,
    pub owner_id: Option<&'a str>,
    /// The tags as a JSON object.
    pub tags: Option<&'a str>,
    /// Microseconds since 1970.
    pub collected_at: Option<i64>,
}

impl TableBuilder {
    /// Creates a table with these columns of its own, all without values.
    pub(crate) fn new(name: &'static str, columns: Vec<(&'static str, ColumnData)>) -> Self {
        let text = TextColumn::default;
        let table = FactTable {
            name,
            account_id: text(),
            account_alias: text(),
            region: text(),
            id: text(),
            arn: ArnColumn::default(),
            owner_id: text(),
            tags: text(),
            collected_at: TimeColumn::default(),
            columns,
            rows: Vec::new(),
            ends: Vec::new(),
        };
        Self { table }
    }

    /// Adds the opening values of a row. The columns of the table's own follow through [`TableBuilder::column`].
    #[cfg(test)]
    pub(crate) fn push(&mut self, row: Opening<'_>) {
        let table = &mut self.table;
        table.account_id.push(Some(row.account_id));
        table.account_alias.push(row.account_alias);
        table.region.push(Some(row.region));
        table.id.push(Some(row.id));
        table.arn.push(row.arn, row.id);
        table.owner_id.push(row.owner_id);
        table.tags.push(row.tags);
        table.collected_at.push(row.collected_at);
    }

    /// Appends values of an opening column of text. Account, region and id are never absent, and the ids come before the ARNs.
    pub(crate) fn extend_opening<'v>(&mut self, column: &str, values: impl Iterator<Item = Option<&'v str>>) {
        let table = &mut self.table;
        let texts = match column {
            "account_id" => &mut table.account_id,
            "account_alias" => &mut table.account_alias,
            "region" => &mut table.region,
            "id" => &mut table.id,
            "owner_id" => &mut table.owner_id,
            "tags" => &mut table.tags,
            "arn" => {
                for arn in values {
                    let id = table.id.get(table.arn.len()).unwrap_or_default();
                    table.arn.push(arn, id);
                }
                return;
            }
            _ => return,
        };
        values.for_each(|value| texts.push(value));
    }

    /// When each row was collected.
    pub(crate) fn collected_at(&mut self) -> &mut TimeColumn {
        &mut self.table.collected_at
    }

    /// The values of a column of the table's own.
    pub(crate) fn column(&mut self, index: usize) -> Option<&mut ColumnData> {
        self.table.columns.get_mut(index).map(|(_, data)| data)
    }

    /// Groups the rows by resource. A column that has fewer values than there are rows is filled up.
    pub(crate) fn finish(mut self) -> FactTable {
        let rows = self.table.collected_at.len();
        for (_, data) in &mut self.table.columns {
            while data.len() < rows {
                data.push_absent();
            }
            if let ColumnData::Text(texts) = data {
                texts.close();
            }
        }
        let table = &mut self.table;
        let opening = [
            &mut table.account_id,
            &mut table.account_alias,
            &mut table.region,
            &mut table.id,
            &mut table.owner_id,
            &mut table.tags,
        ];
        opening.into_iter().for_each(TextColumn::close);
        table.arn.close();
        self.table.group();
        self.table
    }
}

impl FactTable {
    /// The name of the table.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn owner(&self, row: usize) -> &str {
        let account = self.account_id.get(row).unwrap_or_default();
        // An alias such as `amazon` is no account of the estate.
        self.owner_id.get(row).filter(|owner| is_account(owner)).unwrap_or(account)
    }

    /// Puts the rows of each resource together, and the resources in order.
    fn group(&mut self) {
        let (mut rows, groups) = self.groups();
        let place = |row: u32| {
            let (row, at) = (row as usize, row);
            (self.owner(row), self.region.get(row), self.id.get(row), at)
        };
        if groups.is_empty() {
            rows.sort_by(|one, other| place(*one).cmp(&place(*other)));
            self.ends = (1..=rows.len() as u32).collect();
            self.rows = rows;
            return;
        }
        rows.sort_by_key(|row| {
            let account = self.account_id.get(*row as usize).unwrap_or_default();
            (groups[*row as usize], account != self.owner(*row as usize), account, *row)
        });
        let mut resources: Vec<&[u32]> =
            rows.chunk_by(|one, other| groups[*one as usize] == groups[*other as usize]).collect();
        resources.sort_by(|one, other| place(one[0]).cmp(&place(other[0])));
        let ends = resources.iter().scan(0, |end, rows| {
            *end += rows.len() as u32;
            Some(*end)
        });
        (self.rows, self.ends) = (resources.concat(), ends.collect());
    }

    /// All rows, and the number of the resource of each. No numbers if each row is a resource of its own.
    ///
    /// Rows of one resource have one hash, and numbers are less memory than a map of keys: a fleet has a million records.
    fn groups(&self) -> (Vec<u32>, Vec<u32>) {
        let rows: Vec<u32> = (0..self.collected_at.len()).map(|row| u32::try_from(row).unwrap_or(u32::MAX)).collect();
        let mut hashed: Vec<(u64, u32)> = rows.iter().map(|row| (hash(self.identity(*row)), *row)).collect();
        hashed.sort_unstable_by(|(one_hash, one), (other_hash, other)| {
            // Keys differ where hashes are the same once in billions of rows, and are then told apart.
            let of_hash = || self.identity(*one).cmp(&self.identity(*other)).then(one.cmp(other));
            one_hash.cmp(other_hash).then_with(of_hash)
        });
        let is_same = |one: &(u64, u32), other: &(u64, u32)| {
            one.0 == other.0 && self.identity(one.1).cmp(&self.identity(other.1)) == Ordering::Equal
        };
        if !hashed.windows(2).any(|pair| matches!(pair, [one, other] if is_same(one, other))) {
            return (rows, Vec::new());
        }
        let mut groups = vec![0; rows.len()];
        for (number, same) in (0..).zip(hashed.chunk_by(is_same)) {
            same.iter().for_each(|(_, row)| groups[*row as usize] = number);
        }
        (rows, groups)
    }

    /// What tells the resource of a row apart: its ARN in two parts, else owner, region and id.
    fn identity(&self, row: u32) -> (bool, &str, &str, &str) {
        let row = row as usize;
        let id = self.id.get(row).unwrap_or_default();
        match self.arn.parts(row) {
            Some((head, has_id)) => (true, head, "", if has_id { id } else { "" }),
            None => (false, self.owner(row), self.region.get(row).unwrap_or_default(), id),
        }
    }
}

fn hash((has_arn, first, second, third): (bool, &str, &str, &str)) -> u64 {
    let seed = XxHash3_64::oneshot_with_seed(u64::from(has_arn), first.as_bytes());
    let seed = XxHash3_64::oneshot_with_seed(seed, second.as_bytes());
    XxHash3_64::oneshot_with_seed(seed, third.as_bytes())
}

/// Whether a text has the form of an account id.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
