//! Targets that the command line names, instead of a registry.
//!
//! Two requests may be equal and mean different accounts: `--here` is another account under each profile. So a plan keeps how
//! its targets were named, and a run continues in the same way only.

use crate::customers::Registry;
use crate::engine::plan::Plan;
use crate::error::{Error, ErrorKind};

use super::Engine;

/// The targets of the command line.
#[derive(Debug)]
pub struct GivenTargets {
    pub(crate) registry: Registry,
    /// The flags that named them, as they are typed to continue the run: `--here`.
    pub(crate) flags: String,
}

impl Engine {
    /// Refuses to continue a run whose targets were named in another way, or by another account's credentials. Its caller would
    /// get the inventory of other accounts, or end the run without its targets.
    pub(crate) async fn refuse_other_targets(&self, plan: &Plan) -> Result<(), Error> {
        let (given, planned) = (self.given.as_ref().map(|given| &given.flags), plan.given_targets.as_ref());
        let is_same = given == planned
            && match given {
                Some(_) => self.backend.identify().await?.account_id == plan.backend_account_id,
                None => true,
            };
        if is_same {
            return Ok(());
        }
        let begun = match planned {
            Some(flags) => format!("with {flags} and credentials of account {}", plan.backend_account_id),
            None => "with a registry".to_owned(),
        };
        let message = format!(
            "run {} was begun {begun}: continue it in the same way, or give this request a run_id of its own",
            plan.run_id
        );
        Err(Error::new(ErrorKind::RunIdTaken, message))
    }
}
