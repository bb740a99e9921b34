//! The request that a scheduled event stands for.

use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::input::{ValidationErrors, parse};

/// What a scheduled event asks for. A run id in it would make every firing the same run.
pub(crate) fn default_request(setting: Option<&str>) -> Result<Value, Error> {
    let refused = |errors: ValidationErrors| Error::of(ErrorKind::InvalidSettings, &errors);
    let name = "ROLECALL_DEFAULT_REQUEST";
    let text = setting.unwrap_or_default();
    if text.is_empty() {
        return Err(refused(ValidationErrors::one(
            name,
            "it is not set, and a scheduled event says nothing of its own: set it to a request",
        )));
    }
    let value = parse(name, text.as_bytes()).map_err(refused)?;
    for field in ["run_id", "scheduled_at"] {
        if value.get(field).is_some() {
            let what = "it may not stand in a default request: every firing would be the same run";
            return Err(refused(ValidationErrors::one(format!("{name}.{field}"), what)));
        }
    }
    Ok(value)
}
