//! The ARNs of a table. Most end with the id of their resource, and are held without it.
//!
//! **Invariant:** knows no form of an ARN.

use std::borrow::Cow;

use super::TextColumn;

/// A column of ARNs. What they have before the id repeats, so that few bytes are left of each.
#[derive(Clone, Debug, Default)]
pub(super) struct ArnColumn {
    heads: TextColumn,
    /// Whether the id of the row follows.
    has_id: Vec<bool>,
}

impl ArnColumn {
    /// Appends the ARN of the row with this id.
    pub(super) fn push(&mut self, arn: Option<&str>, id: &str) {
        let head = arn.and_then(|arn| arn.strip_suffix(id)).filter(|_| !id.is_empty());
        self.heads.push(head.or(arn));
        self.has_id.push(head.is_some());
    }

    /// The ARN of a row with this id.
    pub(super) fn get<'a>(&'a self, row: usize, id: &str) -> Option<Cow<'a, str>> {
        let (head, has_id) = self.parts(row)?;
        Some(if has_id { Cow::Owned([head, id].concat()) } else { Cow::Borrowed(head) })
    }

    /// What is held of the ARN of a row, and whether its id follows.
    pub(super) fn parts(&self, row: usize) -> Option<(&str, bool)> {
        self.heads.get(row).zip(self.has_id.get(row).copied())
    }

    /// The number of values.
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    /// Gives back the memory that is not used.
    pub(super) fn close(&mut self) {
        self.heads.close();
        self.has_id.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_comes_back_whatever_its_id_is() {
        let rows = [
            (Some("arn:aws:ec2:eu-west-1:1:vpc/vpc-1"), "vpc-1"),
            (Some("arn:aws:ec2:eu-west-1:1:vpc/vpc-2"), "vpc-2"),
            (Some("arn:aws:iam::1:root"), "111122223333"),
            (Some("vpc-3"), "vpc-3"),
            (Some(""), ""),
            (Some("arn:x"), ""),
            (None, "vpc-4"),
        ];
        let mut column = ArnColumn::default();
        rows.iter().for_each(|(arn, id)| column.push(*arn, id));
        column.close();
        for (row, (arn, id)) in rows.iter().enumerate() {
            assert_eq!(column.get(row, id).as_deref(), *arn, "{id}");
        }
        assert_eq!((column.get(rows.len(), "x"), column.len()), (None, rows.len()));
    }
}
