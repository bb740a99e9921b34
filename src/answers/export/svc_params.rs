//! The parameters of HTTPS and SVCB records (RFC 9460, section 2).
//!
//! **Invariant:** a list that BIND would refuse is an error.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::master_text::{ValueToken, decoded, master_string};

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SvcParam {
    pub key: String,
    /// What the value stands for, without quotes and escapes.
    pub value: Option<Vec<u8>>,
}

impl SvcParam {
    /// The parameter as a master file writes it.
    pub(super) fn master(&self) -> String {
        match &self.value {
            Some(value) => format!("{}={}", self.key, master_string(value)),
            None => self.key.clone(),
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned();
        text.split(',').map(str::to_owned).collect()
    }
}

/// Reads parameters.
///
/// # Errors
///
/// Returns what is wrong with one of them, or with the list.
pub(super) fn svc_params<'v>(tokens: impl Iterator<Item = ValueToken<'v>>) -> Result<Vec<SvcParam>, String> {
    let mut params: Vec<SvcParam> = Vec::new();
    for token in tokens {
        let (key, value) = match token.0.split_once('=') {
            Some((key, value)) => (key, Some(decoded(ValueToken(value).inner()))),
            None => (token.0, None),
        };
        let param = SvcParam { key: key.to_ascii_lowercase(), value };
        if !is_valid(&param) {
            return Err(format!("the parameter `{}` is invalid", param.key));
        }
        if params.iter().any(|other| other.key == param.key) {
            return Err(format!("the parameter `{}` is given twice", param.key));
        }
        params.push(param);
    }
    let has = |key: &str| params.iter().any(|param| param.key == key);
    if has("no-default-alpn") && !has("alpn") {
        return Err("`no-default-alpn` needs `alpn`".to_owned());
    }
    let mandatory = params.iter().find(|param| param.key == "mandatory").map(SvcParam::items).unwrap_or_default();
    match mandatory.iter().find(|key| !has(key)) {
        Some(key) => Err(format!("the mandatory parameter `{key}` is missing")),
        None => Ok(params),
    }
}

fn is_valid(param: &SvcParam) -> bool {
    let Some(value) = &param.value else { return param.key == "no-default-alpn" };
    let Ok(text) = std::str::from_utf8(value) else { return is_numbered(&param.key) };
    let all = |is_item: fn(&str) -> bool| !text.is_empty() && text.split(',').all(is_item);
    match param.key.as_str() {
        "mandatory" => {
            let keys: Vec<&str> = text.split(',').collect();
            let is_once = |key: &&str| keys.iter().filter(|other| other == &key).count() == 1;
            keys.iter().all(|key| *key != "mandatory" && !key.is_empty() && is_once(key))
        }
        "alpn" => all(|item| (1..=255).contains(&item.len())),
        "port" => text.parse::<u16>().is_ok(),
        "ipv4hint" => all(|item| item.parse::<Ipv4Addr>().is_ok()),
        "ipv6hint" => all(|item| item.parse::<Ipv6Addr>().is_ok()),
        "ech" => {
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).is_ok_and(|ech| !ech.is_empty())
        }
        "dohpath" => text.starts_with('/') && text.contains("{?dns}"),
        key => is_numbered(key),
    }
}

/// Whether a key is a number that no parameter of its own has.
fn is_numbered(key: &str) -> bool {
    let number = key.strip_prefix("key").filter(|digits| *digits == "0" || !digits.starts_with('0'));
    number.and_then(|digits| digits.parse::<u16>().ok()).is_some_and(|number| (8..u16::MAX).contains(&number))
}
