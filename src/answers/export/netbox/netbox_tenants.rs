//! The tenants of accounts, with names and slugs that NetBox takes.
//!
//! **Invariant:** two tenants differ in name and in slug, without regard to case, as NetBox requires. Which accounts are asked for
//! makes no difference.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::netbox_names::{NAME_LENGTH, cut, slug};
use crate::answers::facts::Facts;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tenant {
    pub name: String,
    pub slug: String,
}

/// The tenant of each account: its customer, else the account itself.
pub(super) fn tenants(
    facts: &Facts,
    tables: impl Iterator<Item = &'static str>,
    customers: &HashMap<String, String>,
) -> HashMap<String, Tenant> {
    let accounts: BTreeSet<&str> =
        tables.flat_map(|table| facts.all(table)).map(|resource| resource.account_id()).collect();
    let names = accounts.into_iter().map(|account| {
        let given = [customers.get(account).map(String::as_str), facts.account_name(account)];
        let given = given.into_iter().flatten().map(|name| cut(name, NAME_LENGTH)).find(|name| !name.is_empty());
        (account, given.unwrap_or_else(|| account.to_owned()))
    });
    named(names.collect())
}

fn named(names: BTreeMap<&str, String>) -> HashMap<String, Tenant> {
    // Of names that differ only in case, the first account's.
    let mut by_slug: BTreeMap<String, BTreeMap<String, (&str, &str)>> = BTreeMap::new();
    for (account, name) in &names {
        let alike = by_slug.entry(slug(name)).or_default();
        alike.entry(name.to_lowercase()).or_insert((account, name));
    }
    let tenant = |name: &str| {
        let slug = slug(name);
        let alike = &by_slug[&slug];
        let (account, first) = alike[&name.to_lowercase()];
        let slug = if alike.len() == 1 { slug } else { format!("{}-{account}", cut(&slug, NAME_LENGTH - 13)) };
        Tenant { name: first.to_owned(), slug }
    };
    names.iter().map(|(account, name)| ((*account).to_owned(), tenant(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_with_one_slug_are_two_tenants() {
        let names = [("1", "Müller"), ("2", "Möller"), ("3", "müller"), ("4", "Acme"), ("5", "ACME"), ("6", "Globex")];
        let tenants = named(names.into_iter().map(|(account, name)| (account, name.to_owned())).collect());
        let of = |account: &str| (tenants[account].name.as_str(), tenants[account].slug.as_str());
        assert_eq!(of("1"), ("Müller", "m-ller-1"));
        assert_eq!(of("2"), ("Möller", "m-ller-2"));
        assert_eq!(of("3"), of("1"));
        assert_eq!((of("4"), of("5"), of("6")), (("Acme", "acme"), ("Acme", "acme"), ("Globex", "globex")));
    }
}
