//! Reads the globs of the resource types that a customer shares.
//!
//! A glob that matches no type is a mistake that would go unnoticed: the customer would seem to have nothing of what it
//! meant.

use std::collections::HashMap;

use crate::catalogue::Catalogue;
use crate::domain::{Globs, resource_glob};
use crate::input::{Fields, ParseError, ValidationErrors, quoted};

/// The most globs in `resources`. Rolecall has fewer types.
pub(super) const MAX_SHARED_TYPE_GLOBS: usize = 200;

/// Reads `resources` of many targets. Each glob is tried once, since most targets have the same ones.
#[derive(Default)]
pub(super) struct SharedTypeReader {
    /// Whether each glob matches a resource type.
    tried: HashMap<String, bool>,
}

impl SharedTypeReader {
    /// Reads the field. Returns `None` if it is missing, which means all types.
    pub(super) fn read(&mut self, fields: &Fields<'_>, errors: &mut ValidationErrors) -> Option<Vec<String>> {
        let globs = fields.list("resources", errors, |text| self.glob(text))?;
        if globs.len() > MAX_SHARED_TYPE_GLOBS {
            let what = format!("has {} entries: at most {MAX_SHARED_TYPE_GLOBS} are allowed", globs.len());
            errors.push(fields.path_of("resources"), what);
        }
        Some(globs)
    }

    fn glob(&mut self, text: &str) -> Result<String, ParseError> {
        let glob = resource_glob(text)?;
        let matches_any = match self.tried.get(&glob) {
            Some(matches_any) => *matches_any,
            None => {
                let catalogue = Catalogue::get().map_err(ParseError)?;
                let globs = Globs::new([&glob])?;
                let matches_any = catalogue.tables().iter().any(|table| globs.matches(table.entry.table));
                self.tried.insert(glob.clone(), matches_any);
                matches_any
            }
        };
        match matches_any {
            true => Ok(glob),
            false => {
                Err(ParseError(format!("{} matches no resource type: `rolecall resources` lists them", quoted(text))))
            }
        }
    }
}
