//! Defines what a table can be found by.
//!
//! **Invariant:** names no table.

use ValueForm::{Address, Name, Range};

/// The form of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::answers) enum IdForm {
    /// A prefix of EC2's ids.
    Prefix(&'static str),
    /// The id of a hosted zone.
    Zone,
    /// The id of a delegation set.
    DelegationSet,
    Uuid,
    /// The id of a hosted zone, a slash, and that of a VPC.
    ZoneAndVpc,
    /// An id of the form with this prefix (`Z` for a zone), a slash, and what identifies the resource below that one.
    Under(&'static str),
    /// Resources are not found by an id: it is an account, or an address or range.
    None,
}

/// What the text of a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::answers) enum ValueForm {
    /// An address that the resource has.
    Address,
    /// A range that is the resource's own.
    Range,
    /// A range all of whose addresses the resource has.
    Delegated,
    /// An object with the first and the last address of a range.
    Pool,
    /// A DNS name of the resource.
    Name,
    /// A DNS name that identifies the resource.
    ZoneName,
}

/// A column with addresses, ranges or names.
#[derive(Clone, Copy, Debug)]
pub(in crate::answers) struct SearchedColumn {
    pub column: &'static str,
    /// The paths of the members, such as `Association.PublicIp`. Empty if the column's text or its items are meant.
    pub members: &'static [(&'static str, ValueForm)],
}

/// What a table has to be found by.
#[derive(Clone, Copy, Debug)]
pub(in crate::answers) struct SearchedTable {
    pub table: &'static str,
    pub id: IdForm,
    /// The service and type in its ARNs, `ec2:instance/`. Empty if it has none.
    pub arn: &'static str,
    /// Whether its resources can have tags.
    pub has_tags: bool,
    /// The column with the name of a resource that has no tag `Name`.
    pub name: Option<&'static str>,
    pub columns: &'static [SearchedColumn],
}

impl SearchedTable {
    /// Whether it has members of a kind that passes.
    pub(in crate::answers) fn has(&self, is_kind: fn(ValueForm) -> bool) -> bool {
        self.columns.iter().any(|column| column.has(is_kind))
    }
}

impl SearchedColumn {
    /// Whether it has members of a kind that passes.
    pub(in crate::answers) fn has(&self, is_kind: fn(ValueForm) -> bool) -> bool {
        self.members.iter().any(|(_, kind)| is_kind(*kind))
    }
}

/// A table whose resources have tags and nothing to be searched.
pub(super) const fn tagged(table: &'static str, id: &'static str, arn: &'static str) -> SearchedTable {
    SearchedTable { table, id: IdForm::Prefix(id), arn, has_tags: true, name: None, columns: &[] }
}

/// A table whose resources have neither tags nor ARNs.
pub(super) const fn plain(table: &'static str, id: IdForm) -> SearchedTable {
    SearchedTable { table, id, arn: "", has_tags: false, name: None, columns: &[] }
}

/// A table whose resources have a name and no tags.
pub(super) const fn named(table: &'static str, id: &'static str, arn: &'static str) -> SearchedTable {
    SearchedTable { arn, name: Some("name"), ..plain(table, IdForm::Prefix(id)) }
}

pub(super) const fn column(column: &'static str, members: &'static [(&'static str, ValueForm)]) -> SearchedColumn {
    SearchedColumn { column, members }
}

pub(super) const fn address(name: &'static str) -> SearchedColumn {
    column(name, &[("", Address)])
}

pub(super) const fn name(name: &'static str) -> SearchedColumn {
    column(name, &[("", Name)])
}

pub(super) const fn range(name: &'static str) -> SearchedColumn {
    column(name, &[("", Range)])
}
