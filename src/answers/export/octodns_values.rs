//! Record sets as octoDNS has them in YAML, as its provider for Route 53 reads them.
//!
//! A plan compares what the files say with what the provider reads. So a value is written as the provider would read it: its
//! escapes stay (octoDNS 1.22, octodns-route53 1.3).
//!
//! **Invariant:** knows record sets, and no file.

use serde_json::{Map, Value, json};

use super::exported_zones::ExportedZone;
use super::master_text::{ValueToken, tokens};
use super::record_sets::{RecordSet, SetForm};
use super::svc_params::svc_params;

/// The type of aliases, which octodns-route53 defines.
pub(super) const ALIAS: &str = "Route53Provider/ALIAS";
/// The time to live that its provider gives to aliases, which have none.
const ALIAS_TTL: i64 = 942_942_942;
/// The names of AWS's services, by which its provider knows an alias of one.
const SERVICES: [&str; 4] = ["amazonaws.com.", "cloudfront.net.", "elasticbeanstalk.com.", "awsglobalaccelerator.com."];
/// The types that octoDNS takes as one text for each value.
const TEXTS: [&str; 5] = ["A", "AAAA", "NS", "PTR", "CNAME"];

/// A name as octoDNS reads it. `None` if it has what octoDNS cannot have in a name.
pub(super) fn octodns_label(labels: &[Vec<u8>]) -> Option<String> {
    let is_plain = |byte: &u8| (b'!'..=b'~').contains(byte) && !matches!(byte, b'.' | b'\\');
    let label = |label: &Vec<u8>| {
        let is_plain = label.iter().all(is_plain);
        is_plain.then(|| String::from_utf8_lossy(label).to_ascii_lowercase())
    };
    let labels: Option<Vec<String>> = labels.iter().map(label).collect();
    labels.map(|labels| labels.join("."))
}

/// A record set as octoDNS has it.
///
/// # Errors
///
/// Returns what octoDNS cannot have.
pub(super) fn plain_record(set: &RecordSet<'_>) -> Result<Value, String> {
    let mut record = Map::new();
    record.insert("ttl".to_owned(), json!(set.ttl.unwrap_or_default()));
    record.insert("type".to_owned(), json!(set.kind));
    let values: Result<Vec<Value>, String> = set.values.iter().map(|value| value_of(set.kind, value)).collect();
    let values = values?;
    match (set.kind, values.as_slice()) {
        (_, []) => return Err("it has no value".to_owned()),
        ("CNAME", [value, ..]) => record.insert("value".to_owned(), value.clone()),
        _ => record.insert("values".to_owned(), Value::Array(values.clone())),
    };
    // The provider reads the first of several such values.
    if matches!(set.form, SetForm::Routed(_)) || matches!(set.kind, "PTR" | "CNAME") && values.len() > 1 {
        record.insert("octodns".to_owned(), json!({ "ignored": true }));
    }
    Ok(Value::Object(record))
}

/// The aliases of a name as one record, which is how octodns-route53 has them.
pub(super) fn alias_record(zone: &ExportedZone<'_>, sets: &[&RecordSet<'_>]) -> Value {
    let zone_name = octodns_label(&zone.name.labels).unwrap_or_default();
    let mut is_ignored = false;
    let mut values = Vec::new();
    for set in sets {
        let target = set.alias_target().unwrap_or_default();
        let name = target["DNSName"].as_str().unwrap_or_default();
        let is_service = SERVICES.iter().any(|service| name.contains(service));
        let is_own = name == format!("{zone_name}.") || name.ends_with(&format!(".{zone_name}."));
        // octoDNS has no alias of another zone, and no policies.
        is_ignored |= matches!(set.form, SetForm::Routed(_)) || !is_service && !is_own;
        let kept = name.len().saturating_sub(if is_service { 0 } else { zone_name.len() + 2 });
        values.push(json!({
            "evaluate-target-health": target["EvaluateTargetHealth"] == Value::Bool(true),
            "hosted-zone-id": is_service.then(|| target["HostedZoneId"].clone()),
            "name": name.get(..kept).unwrap_or_default(),
            "type": set.kind,
        }));
    }
    let mut record = json!({ "ttl": ALIAS_TTL, "type": ALIAS, "values": values });
    if is_ignored {
        record["octodns"] = json!({ "ignored": true });
    }
    record
}

fn value_of(kind: &str, value: &str) -> Result<Value, String> {
    if TEXTS.contains(&kind) {
        return Ok(json!(value));
    }
    if matches!(kind, "TXT" | "SPF") {
        let inner = value.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        return inner.map(|text| json!(escaped_semicolons(text))).ok_or_else(|| "its text has no quotes".to_owned());
    }
    let tokens = tokens(value).ok_or("a quote in it does not end")?;
    let members = members_of(kind, &tokens).ok_or_else(|| format!("`{value}` is no value of its type"))?;
    Ok(Value::Object(members))
}

/// A text whose semicolons are escaped, unless they are already.
fn escaped_semicolons(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == ';' && !escaped.ends_with('\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

fn members_of(kind: &str, tokens: &[ValueToken<'_>]) -> Option<Map<String, Value>> {
    let number = |token: &ValueToken<'_>| token.0.parse::<u32>().ok().map(Value::from);
    let text = |token: &ValueToken<'_>| Some(json!(token.inner()));
    let digits = |tokens: &[ValueToken<'_>]| -> Value {
        json!(tokens.iter().map(|token| token.inner().to_ascii_lowercase()).collect::<String>())
    };
    let pairs = match (kind, tokens) {
        ("MX", [preference, exchange]) => vec![("exchange", text(exchange)?), ("preference", number(preference)?)],
        ("SRV", [priority, weight, port, target]) => vec![
            ("port", number(port)?),
            ("priority", number(priority)?),
            ("target", text(target)?),
            ("weight", number(weight)?),
        ],
        ("CAA", [flags, tag, value]) => {
            vec![("flags", number(flags)?), ("tag", text(tag)?), ("value", text(value)?)]
        }
        ("DS", [key_tag, algorithm, kind, digest @ ..]) if !digest.is_empty() => vec![
            ("algorithm", number(algorithm)?),
            ("digest", digits(digest)),
            ("digest_type", number(kind)?),
            ("key_tag", number(key_tag)?),
        ],
        ("SSHFP", [algorithm, kind, digest @ ..]) if !digest.is_empty() => vec![
            ("algorithm", number(algorithm)?),
            ("fingerprint", digits(digest)),
            ("fingerprint_type", number(kind)?),
        ],
        ("TLSA", [usage, selector, kind, data @ ..]) if !data.is_empty() => vec![
            ("certificate_association_data", digits(data)),
            ("certificate_usage", number(usage)?),
            ("matching_type", number(kind)?),
            ("selector", number(selector)?),
        ],
        ("NAPTR", [order, preference, flags, service, regexp, replacement]) => vec![
            ("flags", text(flags)?),
            ("order", number(order)?),
            ("preference", number(preference)?),
            ("regexp", text(regexp)?),
            ("replacement", text(replacement)?),
            ("service", text(service)?),
        ],
        ("HTTPS" | "SVCB", [priority, target, params @ ..]) => {
            vec![("svcparams", params_of(params)?), ("svcpriority", number(priority)?), ("targetname", text(target)?)]
        }
        _ => return None,
    };
    Some(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn params_of(tokens: &[ValueToken<'_>]) -> Option<Value> {
    let params = svc_params(tokens.iter().copied()).ok()?;
    let value = |key: &str, param: &super::svc_params::SvcParam| match key {
        "no-default-alpn" => Value::Null,
        "alpn" | "ipv4hint" | "ipv6hint" | "mandatory" => json!(param.items()),
        "port" => param.items().first().and_then(|port| port.parse::<u16>().ok()).map_or(Value::Null, Value::from),
        _ => json!(String::from_utf8_lossy(param.value.as_deref().unwrap_or_default())),
    };
    Some(params.iter().map(|param| (param.key.clone(), value(&param.key, param))).collect())
}
