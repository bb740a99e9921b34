//! Which external ID a new target gets: the given one, that of its customer, or a new random one.
//!
//! **Invariant:** knows the external IDs of one file, and says none of them in a message.

use std::collections::{HashMap, HashSet};

use secrecy::ExposeSecret;

use super::{ExternalIdSource, NewTarget};
use crate::customers::registry::file::{OrganizationEntry, TargetEntry};
use crate::customers::registry::random_external_id;
use crate::input::quoted;

/// The external IDs of a file, by customer, for many new targets.
#[derive(Default)]
pub(super) struct ExternalIds {
    all: HashSet<String>,
    /// The one of each customer, which all of its accounts share. `None` if its accounts have different ones.
    by_customer: HashMap<String, Option<String>>,
    /// Those that were made for new targets, and cannot be guessed.
    made: HashSet<String>,
}

impl ExternalIds {
    /// Takes note of the external ID of one more target.
    pub(super) fn note(&mut self, entry: &TargetEntry) {
        self.note_id(entry.external_id.as_ref(), entry.customer.as_ref());
    }

    /// Takes note of the external ID of an organization.
    pub(super) fn note_organization(&mut self, entry: &OrganizationEntry) {
        self.note_id(entry.external_id.as_ref(), entry.customer.as_ref());
    }

    fn note_id(&mut self, id: Option<&String>, customer: Option<&String>) {
        let Some(id) = id else { return };
        if let Some(customer) = customer {
            match self.by_customer.get_mut(customer) {
                Some(shared) if shared.as_ref() != Some(id) => *shared = None,
                Some(_) => {}
                None => {
                    self.by_customer.insert(customer.clone(), Some(id.clone()));
                }
            }
        }
        if !self.all.contains(id) {
            self.all.insert(id.clone());
        }
    }

    /// Returns the external ID that a customer's accounts share, if it has accounts. Two different ones are an error: no
    /// rule says which of them another account of that customer gets.
    fn of_customer(&self, customer: &str) -> Result<Option<&String>, String> {
        let Some(shared) = self.by_customer.get(customer) else { return Ok(None) };
        shared.as_ref().map(Some).ok_or_else(|| {
            format!(
                "the accounts of the customer {} have different external IDs, so it is not clear which one a new account \
                 gets: give it by `rolecall targets add --external-id-file`, or make them one in the registry",
                quoted(customer)
            )
        })
    }

    /// Returns whether an external ID was made here, so that it cannot be guessed.
    pub(super) fn has_made(&self, id: &str) -> bool {
        self.made.contains(id)
    }

    /// Returns a random external ID that no target has.
    fn fresh(&mut self) -> Result<String, String> {
        loop {
            let id = random_external_id().map_err(|error| format!("the system has no random bits: {error}"))?;
            let id = id.expose_secret();
            if !self.all.contains(id) {
                self.made.insert(id.to_owned());
                return Ok(id.to_owned());
            }
        }
    }

    /// Returns the entry of a new target, with its external ID.
    pub(super) fn build_entry(&mut self, new: &NewTarget) -> Result<TargetEntry, String> {
        let external_id = match &new.external_id {
            ExternalIdSource::None => None,
            ExternalIdSource::Given(id) => Some(id.expose_secret().to_owned()),
            ExternalIdSource::Generated => {
                let shared = new.customer.as_deref().map(|name| self.of_customer(name)).transpose()?.flatten();
                Some(match shared.cloned() {
                    Some(id) => id,
                    None => self.fresh()?,
                })
            }
        };
        Ok(TargetEntry {
            account_id: new.account_id.clone(),
            external_id,
            role_arn: new.role_arn.clone().map(Some),
            via: new.via.clone(),
            name: new.name.clone(),
            customer: new.customer.clone(),
            regions: (!new.regions.is_empty()).then(|| new.regions.clone()),
            resources: (!new.resources.is_empty()).then(|| new.resources.clone()),
            tags: new.tags.clone(),
            enabled: Some(new.enabled),
        })
    }
}
