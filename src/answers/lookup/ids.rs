//! Recognises ids and ARNs, and says which tables can have them.
//!
//! **Invariant:** knows the forms of [`TABLES`] alone. An id of another form is in no table.

use crate::answers::searched::{IdForm, SearchedTable, TABLES};

/// A text that can be an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownId {
    pub form: IdForm,
    /// Whether it has AWS's own length and letters, so that it can be nothing else.
    pub is_certain: bool,
}

/// The paths under which Route 53 writes ids.
const PATHS: [&str; 3] = ["hostedzone/", "healthcheck/", "delegationset/"];

/// An id without the path under which Route 53 writes it.
pub(super) fn without_path(text: &str) -> &str {
    let relative = text.strip_prefix('/').unwrap_or(text);
    PATHS.iter().find_map(|path| relative.strip_prefix(path)).unwrap_or(text)
}

/// The form of an id. None if the text has the form of no id.
pub(super) fn recognise(id: &str) -> Option<KnownId> {
    if id.len() > 1024 {
        return None;
    }
    match id.split_once('/') {
        Some((parent, rest)) => {
            let form = match own_form(parent)?.form {
                IdForm::Prefix(prefix) => IdForm::Under(prefix),
                // A record's id goes on with its name and its type.
                IdForm::Zone if rest.contains('/') => IdForm::Under("Z"),
                IdForm::Zone => IdForm::ZoneAndVpc,
                _ => return None,
            };
            let is_known = TABLES.iter().any(|table| table.id == form);
            (is_known && !rest.is_empty()).then_some(KnownId { form, is_certain: true })
        }
        None => own_form(id),
    }
}

/// The form of an id without a slash.
fn own_form(id: &str) -> Option<KnownId> {
    if is_uuid(id) {
        return Some(KnownId { form: IdForm::Uuid, is_certain: true });
    }
    let is_upper = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let is_certain = id.len() >= 12 && id.bytes().any(|byte| byte.is_ascii_digit());
    match id.as_bytes() {
        [b'Z', _, ..] if is_upper(id) => return Some(KnownId { form: IdForm::Zone, is_certain }),
        [b'N', _, ..] if is_upper(id) => return Some(KnownId { form: IdForm::DelegationSet, is_certain }),
        _ => {}
    }
    let prefixes = TABLES.iter().filter_map(|table| match table.id {
        IdForm::Prefix(prefix) if id.starts_with(prefix) => Some(prefix),
        _ => None,
    });
    let prefix = prefixes.max_by_key(|prefix| prefix.len())?;
    let rest = &id[prefix.len()..];
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_certain = is_uuid(rest) || matches!(rest.len(), 8 | 17) && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_id = !rest.is_empty() && rest.bytes().all(is_word);
    is_id.then_some(KnownId { form: IdForm::Prefix(prefix), is_certain })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a text has the form of an ARN.
pub(super) fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, service, _, _, resource] = parts[..] else { return false };
    let is_whole = ![partition, service, resource].contains(&"");
    is_whole && text.len() <= 2048 && !text.chars().any(char::is_control)
}

/// The tables that can have this ARN.
pub(super) fn tables_of_arn(arn: &str) -> impl Iterator<Item = &'static SearchedTable> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let service = parts.next().unwrap_or_default();
    let resource = parts.nth(2).unwrap_or_default();
    let has = move |table: &&SearchedTable| {
        let form = table.arn.split_once(':');
        form.is_some_and(|(own, kind)| own == service && resource.starts_with(kind))
    };
    TABLES.iter().filter(has)
}

/// The tables that can have an id of this form.
pub(super) fn tables_of_id(form: IdForm) -> impl Iterator<Item = &'static SearchedTable> {
    TABLES.iter().filter(move |table| table.id == form)
}
