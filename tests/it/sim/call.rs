//! Parses a request into a call: its caller, region, service and operation.

use super::caller::Scope;
use super::error::AwsError;
use super::fault::Service;
use super::http::{Request, pairs};
use super::state::State;
use super::world::World;
use super::{account, ec2, holders, organizations, resolver, route53, s3};
use std::collections::BTreeMap;

/// A request after parsing: its caller, target and parameters.
pub(super) struct Call {
    pub service: Service,
    pub operation: String,
    pub key: String,
    /// The calling account; empty if the key is unknown.
    pub account: String,
    pub region: String,
    /// The account of the role, for `AssumeRole`.
    pub target: Option<String>,
    /// The id of the requested zone without its prefix, for Route 53.
    pub zone: Option<String>,
    /// The fields of the form or the query.
    pub params: Vec<(String, String)>,
    pub request: Request,
}

impl Call {
    /// Returns a parameter's value.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Returns a parameter that must be an integer.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, AwsError> {
        let wrong = |_| AwsError::new(400, "MalformedInput", format!("{name} is not a number"));
        self.param(name).map(str::parse).transpose().map_err(wrong)
    }

    /// Returns whether the call names a resource, in its path, its parameters or its body.
    pub(super) fn names(&self, id: &str) -> bool {
        self.request.path.split('/').any(|segment| segment == id)
            || self.params.iter().any(|(_, value)| value == id)
            || String::from_utf8_lossy(&self.request.body).contains(id)
    }

    /// Returns whether the operation is a listing with pages.
    pub(super) fn is_paged(&self) -> bool {
        match self.service {
            Service::Ec2 => ec2::Kind::of(&self.operation).is_some_and(|kind| kind.max_page_size().is_some()),
            Service::Route53 => {
                matches!(self.operation.as_str(), "ListHostedZones" | "ListResourceRecordSets" | "ListHealthChecks")
            }
            Service::S3 => self.operation == "ListObjectsV2",
            Service::Account => true,
            Service::Organizations => self.operation.starts_with("List"),
            Service::Route53Resolver | Service::Route53Profiles | Service::Route53Domains => {
                self.operation.starts_with("List")
            }
            Service::Holder(_) => {
                !matches!(self.operation.as_str(), "DescribeTags" | "ListTagsForResource" | "GetBucketTagging")
            }
            Service::Sts | Service::Iam => false,
        }
    }

    /// Returns the IAM action that allows it.
    pub(super) fn action(&self) -> String {
        if let Service::Holder(name) = self.service {
            return holders::action(name, &self.operation);
        }
        let operation = match (self.service, self.operation.as_str()) {
            (Service::S3, "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload") => "PutObject",
            (Service::S3, "HeadObject") => "GetObject",
            (Service::S3, "ListObjectsV2" | "HeadBucket") => "ListBucket",
            (_, operation) => operation,
        };
        format!("{}:{operation}", self.service.name())
    }

    /// Returns the parameters for the log, with secrets replaced.
    pub(super) fn params_without_secrets(&self) -> BTreeMap<String, String> {
        let secret = |name: &str| matches!(name, "ExternalId" | "TokenCode");
        let shown = |(name, value): &(String, String)| {
            let value = if secret(name) { "(given)" } else { value.as_str() };
            (name.clone(), value.to_owned())
        };
        let mut params: BTreeMap<String, String> = self.params.iter().map(shown).collect();
        if matches!(self.service, Service::Route53 | Service::S3) {
            params.insert("path".to_owned(), self.request.path.clone());
        }
        params
    }
}

/// Parses a request. An error comes with the service in whose form it is written.
pub(super) fn parse_call(state: &State, world: &World, request: Request) -> Result<Call, (Service, AwsError)> {
    let missing = || AwsError::new(403, "MissingAuthenticationToken", "Missing Authentication Token");
    let scope = request.header("authorization").and_then(Scope::parse).ok_or_else(|| (Service::Sts, missing()))?;
    let unserved = || AwsError::new(404, "UnknownService", format!("{} is not simulated", scope.service));
    let service = Service::from_scope(&scope.service).ok_or_else(|| (Service::Sts, unserved()))?;
    let form = matches!(service, Service::Sts | Service::Ec2 | Service::Iam);
    let params = match form {
        true => pairs(&String::from_utf8_lossy(&request.body)),
        false => request.query.clone(),
    };
    let mut call = Call {
        service,
        operation: String::new(),
        account: state.callers.account_of(world, &scope.key),
        key: scope.key,
        region: scope.region,
        target: None,
        zone: None,
        params,
        request,
    };
    if service == Service::S3 && holders::is_about_buckets(&call) {
        call.service = Service::Holder("s3");
    }
    let service = call.service;
    let operation = match service {
        Service::Route53 => route53::operation(&mut call),
        Service::S3 => s3::operation(&call.request),
        Service::Account => account::operation(&call.request),
        Service::Organizations => organizations::operation(&mut call),
        Service::Route53Resolver | Service::Route53Profiles | Service::Route53Domains => resolver::operation(&mut call),
        Service::Sts | Service::Ec2 | Service::Iam => call.param("Action").map(str::to_owned),
        Service::Holder(name) => holders::operation(&mut call, name),
    };
    let unknown = || AwsError::new(400, "InvalidAction", "The request names no operation that is known");
    call.operation = operation.ok_or_else(|| (service, unknown()))?;
    if call.operation == "AssumeRole" {
        let account = call.param("RoleArn").and_then(|arn| arn.split(':').nth(4));
        call.target = Some(account.unwrap_or_default().to_owned());
    }
    Ok(call)
}
