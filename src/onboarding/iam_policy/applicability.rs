//! Whether the conditions of a statement hold for the sessions of a role: always, sometimes, or never.
//!
//! The evaluator decides what follows from the role. Beyond that, keys whose possible values are known are tried with each
//! of them: a condition on a region that does not exist never holds.
//!
//! **Invariant:** errs on one side only: what is not understood may hold, and may not.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::document::{Condition, Effect, Element, PolicyDocument, Statement};
use super::evaluate::{
    AccessRequest, Caller, IdentityPolicies, KeyValue, NamedPolicy, PolicyDecision, RequestContext, evaluate,
};
use crate::domain::{RoleArn, is_region_in_form, partition, partition_names};

const REGION: &str = "aws:RequestedRegion";
const TIMES: [&str; 2] = ["aws:CurrentTime", "aws:EpochTime"];
/// Keys that every request has, with values that are not known beforehand.
const ALWAYS_PRESENT: [&str; 5] = [REGION, TIMES[0], TIMES[1], "aws:SecureTransport", "aws:TokenIssueTime"];

/// When a statement applies to the requests of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Applicability {
    Always,
    /// It depends on these condition keys, or cannot be understood.
    Sometimes(BTreeSet<String>),
    Never,
}

/// Returns when the conditions of a statement hold in the sessions of a role, from now on.
pub(crate) fn applicability(
    statement: &Statement,
    role: &RoleArn,
    unique_id: Option<&str>,
    now: Timestamp,
) -> Applicability {
    if statement.conditions.is_empty() {
        return Applicability::Always;
    }
    let trial = Trial::new(statement, role, unique_id);
    let keys = match trial.decide(trial.context()) {
        PolicyDecision::Allowed => return Applicability::Always,
        PolicyDecision::Denied(_) => return Applicability::Never,
        PolicyDecision::Undecidable(keys) => keys,
    };
    let never = value_sets(&statement.conditions, now).into_iter().any(|(key, values)| {
        let fails =
            |value: &String| matches!(trial.decide(trial.context().with_value(&key, value)), PolicyDecision::Denied(_));
        values.iter().all(fails)
    });
    if never { Applicability::Never } else { Applicability::Sometimes(keys) }
}

/// A statement that allows everything under the same conditions.
struct Trial {
    policies: IdentityPolicies,
    caller: Caller,
}

impl Trial {
    fn new(statement: &Statement, role: &RoleArn, unique_id: Option<&str>) -> Self {
        let everything = || Some(Element::Is(vec!["*".to_owned()]));
        let alone = Statement {
            effect: Effect::Allow,
            actions: everything(),
            resources: everything(),
            conditions: statement.conditions.clone(),
            ..Statement::default()
        };
        let policy = NamedPolicy::new("conditions", PolicyDocument::of(vec![alone]));
        Self { policies: IdentityPolicies::of(vec![policy]), caller: Caller::session_of(role, None, unique_id) }
    }

    fn context(&self) -> RequestContext {
        let context = ALWAYS_PRESENT
            .iter()
            .fold(RequestContext::others_unknown(), |context, key| context.with(key, KeyValue::Present));
        context.with_value("aws:PrincipalIsAWSService", "false")
    }

    fn decide(&self, context: RequestContext) -> PolicyDecision {
        let request = AccessRequest::new(self.caller.clone(), "sts:GetCallerIdentity", "*", context);
        evaluate(&self.policies, None, &request).decision
    }
}

/// The keys of which all values are known that could matter to these conditions.
fn value_sets(conditions: &[Condition], now: Timestamp) -> Vec<(String, Vec<String>)> {
    let mut sets = Vec::new();
    for condition in conditions {
        let key = &condition.key;
        let of_key = || conditions.iter().filter(|other| other.key.eq_ignore_ascii_case(key));
        let texts = || of_key().flat_map(Condition::texts);
        if key.eq_ignore_ascii_case(REGION) {
            sets.push((key.clone(), regions(texts())));
        } else if TIMES.iter().any(|time| key.eq_ignore_ascii_case(time)) {
            sets.extend(moments(texts(), now).map(|values| (key.clone(), values)));
        } else if let Some(values) = listed(condition) {
            sets.push((key.clone(), values));
        }
    }
    sets
}

/// Every region that is known, or that a condition names and that may exist one day.
fn regions<'a>(named: impl Iterator<Item = &'a str>) -> Vec<String> {
    let known = partition_names().filter_map(partition).flat_map(|partition| partition.regions());
    let mut regions: Vec<String> = known.map(str::to_owned).collect();
    for text in named {
        // A wildcard may stand for a word, for a number, for both, or for nothing.
        let variants = ["", "1", "x", "x-1", "-x-1", "-1"].map(|rest| text.replace('*', rest).replace('?', "1"));
        let variants = variants.into_iter().chain([text.replace('*', "").replace('?', "x")]);
        regions.extend(variants.filter(|region| is_region_in_form(region)));
    }
    regions
}

/// The present and, around every date of the conditions that is still to come, a moment before, at and after it. Between
/// them nothing changes. None if a date cannot be read.
fn moments<'a>(named: impl Iterator<Item = &'a str>, now: Timestamp) -> Option<Vec<String>> {
    let mut moments = BTreeSet::from([now]);
    for text in named {
        let date = text.parse::<Timestamp>().ok().or_else(|| {
            let date = text.parse::<jiff::civil::Date>().ok()?;
            date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        })?;
        for seconds in [-1, 0, 1] {
            moments.insert(date.checked_add(SignedDuration::from_secs(seconds)).ok()?);
        }
    }
    Some(moments.into_iter().filter(|moment| *moment >= now).map(|moment| moment.to_string()).collect())
}

/// The values of which the key must have one for this condition alone to hold.
fn listed(condition: &Condition) -> Option<Vec<String>> {
    let values: Vec<String> = condition.texts().map(str::to_owned).collect();
    let plain = !values.iter().any(|value| value.contains("${"));
    match condition.operator.to_ascii_lowercase().as_str() {
        "stringequals" if plain => Some(values),
        "bool" if plain => Some(vec!["true".into(), "false".into()]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onboarding::iam_policy::decode_document;

    fn when(conditions: &str) -> Applicability {
        let text =
            format!(r#"{{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{{conditions}}}}}}}"#);
        let document = decode_document(&text).unwrap();
        let role = "arn:aws:iam::111122223333:role/rolecall-inventory".parse().unwrap();
        applicability(&document.statements[0], &role, None, "2026-11-28T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_condition_that_no_request_can_meet_never_holds() {
        for conditions in [
            r#""StringEquals":{"aws:RequestedRegion":"nowhere-1"}"#,
            r#""stringequals":{"AWS:requestedregion":["nowhere-1","else"]}"#,
            r#""StringLike":{"aws:RequestedRegion":"nowhere-*"}"#,
            r#""StringEquals":{"aws:RequestedRegion":"eu-west-1"},"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}"#,
            r#""DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}"#,
            r#""DateGreaterThan":{"aws:CurrentTime":"2030-01-02T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}"#,
            r#""StringEquals":{"aws:PrincipalAccount":"999999999999"}"#,
            r#""ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/other"}"#,
            r#""Null":{"aws:PrincipalArn":"true"}"#,
            r#""Null":{"aws:RequestedRegion":"true"}"#,
            r#""StringEquals":{"aws:username":"root"}"#,
            r#""StringEquals":{"aws:SourceVpce":"vpce-1"},"StringNotEquals":{"aws:SourceVpce":"vpce-1"}"#,
            r#""Bool":{"aws:SecureTransport":"true"},"BoolIfExists":{"aws:SecureTransport":"false"}"#,
            r#""Bool":{"aws:PrincipalIsAWSService":"true"}"#,
        ] {
            assert_eq!(when(conditions), Applicability::Never, "{conditions}");
        }
    }

    #[test]
    fn a_condition_that_some_request_can_meet_may_hold() {
        for conditions in [
            r#""StringEquals":{"aws:RequestedRegion":"eu-west-1"}"#,
            r#""StringEquals":{"aws:RequestedRegion":["nowhere-1","eu-west-1"]}"#,
            r#""StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}"#,
            r#""StringLike":{"aws:RequestedRegion":"eu-*"}"#,
            // A region of tomorrow.
            r#""StringEquals":{"aws:RequestedRegion":"eu-west-9"}"#,
            r#""StringLike":{"aws:RequestedRegion":"zz-*"}"#,
            r#""DateGreaterThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}"#,
            r#""DateGreaterThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2030-01-02T00:00:00Z"}"#,
            r#""IpAddress":{"aws:SourceIp":"192.0.2.0/24"}"#,
            r#""Bool":{"aws:MultiFactorAuthPresent":"true"}"#,
            r#""StringEquals":{"aws:PrincipalTag/team":"x"}"#,
            r#""StringLike":{"aws:SourceVpce":"vpce-*"},"StringNotLike":{"aws:SourceVpce":"vpce-1*"}"#,
            r#""Bool":{"aws:SecureTransport":"false"}"#,
        ] {
            assert!(matches!(when(conditions), Applicability::Sometimes(_)), "{conditions}: {:?}", when(conditions));
        }
        assert_eq!(
            when(r#""IpAddress":{"aws:SourceIp":"192.0.2.0/24"}"#),
            Applicability::Sometimes(["aws:SourceIp".to_owned()].into())
        );
    }

    #[test]
    fn a_condition_that_follows_from_the_role_always_holds() {
        for conditions in [
            "",
            r#""StringEquals":{"aws:PrincipalAccount":"111122223333"}"#,
            r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/rolecall-*"}"#,
            r#""StringNotEquals":{"aws:PrincipalAccount":"999999999999"}"#,
            r#""Null":{"aws:PrincipalArn":"false"}"#,
            r#""StringNotEqualsIfExists":{"aws:PrincipalType":"User"}"#,
        ] {
            assert_eq!(when(conditions), Applicability::Always, "{conditions}");
        }
    }
}
