//! Defines the catalogue's entries: what one resource type declares.
//!
//! **Invariant:** knows neither the service model, against which entries are resolved, nor how calls are limited and
//! retried.

use super::iam_actions::iam_action;
use crate::aws::{SendFn, Service};

/// How often a type is listed in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Once in each region of the account.
    Regional,
    /// Once, with `global` as the region.
    Global,
}

/// How the resources of a type are listed.
#[derive(Clone, Copy)]
pub enum Source {
    /// By one listing, page by page.
    Listed(SendFn),
    /// By one listing for each resource of another type. That type is listed once for all its children.
    PerParent(Parents, SendFn),
    /// By the calls that open an account (alias, regions): one row for each account.
    Account,
}

/// The resources that a type is listed for.
#[derive(Clone, Copy, Debug)]
pub struct Parents {
    pub table: &'static str,
    /// Restricts the parents to those that pass.
    pub filter: Option<MemberFilter>,
    /// The member with the number of children, if there is one. Parents with the most children are listed first.
    pub child_count: Option<&'static str>,
    /// The member that lists regions by their `RegionName`, if the children of one parent are listed once for each of these.
    /// The call then gets that region instead of the cell's.
    pub regions: Option<&'static str>,
}

/// A condition on a boolean member of a resource.
#[derive(Clone, Copy, Debug)]
pub struct MemberFilter {
    /// The member, or one in a nested structure (`Config.PrivateZone`).
    pub member: &'static str,
    /// The value that it must have. A missing member counts as `false`.
    pub is: bool,
}

impl Parents {
    pub const fn all(table: &'static str) -> Self {
        Self { table, filter: None, child_count: None, regions: None }
    }
}

/// How the id of a resource is made.
#[derive(Clone, Copy, Debug)]
pub enum Id {
    /// The first of these members that exists.
    Member(&'static [&'static str]),
    /// The last segment of this member (`Z123` of `/hostedzone/Z123`).
    LastSegment(&'static str),
    /// Those of these members that exist, joined by `/`.
    Joined(&'static [&'static str]),
    /// The parent's id, followed by these members as in [`Id::Joined`].
    UnderParent(&'static [&'static str]),
    /// The id of the account.
    Account,
}

/// The form of a resource's ARN, used if the response has none. Source: AWS's service authorization reference.
#[derive(Clone, Copy, Debug)]
pub enum ArnForm {
    /// AWS defines no ARN for the type.
    None,
    /// The usual form: `arn:<partition>:ec2:<region>:<owner>:<this><id>`.
    Ec2(&'static str),
    /// As [`ArnForm::Ec2`], with this member instead of the id: some types have their names in the ARN.
    Ec2Named(&'static str, &'static str),
    /// As [`ArnForm::Ec2`], with this member as the region: both sides of a peering see the same resource.
    Ec2InRegionOf(&'static str, &'static str),
    /// `arn:<partition>:ec2:<region>::<this><id>`: ARNs of images and snapshots have no account.
    Ec2WithoutAccount(&'static str),
    /// `arn:<partition>:ec2::<owner>:<this><id>`: ARNs of IPAM have no region.
    Ec2WithoutRegion(&'static str),
    /// `arn:<partition>:route53:::<this><id>`: ARNs of Route 53 have no account.
    Route53(&'static str),
    /// `arn:<partition>:<service>:<region>:<owner>:<path><id>`: the service, and what stands before the id.
    Of(&'static str, &'static str),
    /// As [`ArnForm::Of`], without a region.
    WithoutRegion(&'static str, &'static str),
    /// `arn:<partition>:apigateway:<region>::/domainnames/<name>`, of this member: ARNs have no account.
    ApiGateway(&'static str),
    /// `arn:<partition>:s3:::<id>`: ARNs of buckets have neither region nor account.
    Bucket,
    /// The root of the account: `arn:<partition>:iam::<account>:root`.
    Account,
}

/// The source of an extra column.
#[derive(Clone, Copy, Debug)]
pub enum ValueFrom {
    /// A member of a structure that encloses the item (`Reservations.ReservationId`).
    Context(&'static str),
    /// The id of the parent.
    ParentId,
    /// A member of the parent, or of a nested structure (`Config.PrivateZone`).
    Parent(&'static str),
    /// A member of the item with its octal escapes decoded.
    Decoded(&'static str),
    /// A member of the response of the detail with this operation, or of a nested structure (`EnableDnsSupport.Value`).
    /// Lists of several pages are joined.
    DetailMember(&'static str, &'static str),
    /// The list of whole items that the detail with this operation returns for the resource.
    DetailItems(&'static str),
}

/// The owner of a resource whose item has no member `OwnerId`.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// The account that was asked.
    Account,
    /// A member of a structure that encloses the item (`Reservations.OwnerId`).
    Context(&'static str),
    /// The first of these members that exists, in the item or in a nested structure.
    Member(&'static [&'static str]),
    /// The account in the resource's ARN.
    InArn,
}

/// A column that is no member of the listed structure.
#[derive(Clone, Copy, Debug)]
pub struct ExtraColumn {
    pub column: &'static str,
    pub from: ValueFrom,
}

/// A further call about the listed resources, for each one or for a batch. Tags in its response fill `tags`.
#[derive(Clone, Copy)]
pub struct Detail {
    /// The operation, as in IAM (`route53:GetHostedZone`).
    pub operation: &'static str,
    /// The path of the items in the response; empty if the response itself is the item.
    pub items_path: &'static str,
    /// The number of resources that one call may name. [`UNLIMITED_BATCH`] if it names none and returns all of them.
    pub batch: usize,
    /// The member of an item with the id of its resource, or one in a structure (`HostedZone.Id`); empty if items name none.
    /// Every answer is checked by it.
    pub key: &'static str,
    /// Whether the call names resources by their ARNs and not by their ids.
    pub by_arn: bool,
    /// The member of the resource with the region to call, if it is not the cell's. Each call then names one resource.
    pub region: Option<&'static str>,
    /// Whether a resource may have a policy of its own that denies the call. A denial for some is then no failure.
    pub has_own_policy: bool,
    /// Restricts the call to resources that pass.
    pub filter: Option<MemberFilter>,
    /// Sends the call for one page.
    pub call: SendFn,
    /// The detail to ask if this one is denied or unknown.
    pub fallback: Option<&'static Detail>,
}

impl Detail {
    /// One call for each resource. The whole response describes it.
    pub const fn per_resource(operation: &'static str, call: SendFn) -> Self {
        Self {
            operation,
            items_path: "",
            batch: 1,
            key: "",
            by_arn: false,
            region: None,
            has_own_policy: false,
            filter: None,
            call,
            fallback: None,
        }
    }

    /// One call for each resource, by its ARN. The whole response describes it.
    pub const fn per_arn(operation: &'static str, call: SendFn) -> Self {
        Self { by_arn: true, ..Self::per_resource(operation, call) }
    }

    /// Whether the call names no resource and returns all of them.
    pub fn is_unlimited(&self) -> bool {
        self.batch == UNLIMITED_BATCH
    }
}

/// The batch of a detail whose call names no resource.
pub(super) const UNLIMITED_BATCH: usize = usize::MAX;

/// A member that AWS changes although nobody changed the resource. No digest counts it.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// The member, or one within it (`VgwTelemetry.AcceptedRouteCount`).
    pub member: &'static str,
    /// The operation of the detail whose response has it; empty for that of the listing.
    pub detail: &'static str,
    /// Why it is no part of the resource.
    pub reason: &'static str,
}

impl Measure {
    /// A member of the listed structure.
    pub const fn of(member: &'static str, reason: &'static str) -> Self {
        Self { member, detail: "", reason }
    }
}

/// The declaration of one resource type.
#[derive(Clone, Copy)]
pub struct ResourceType {
    pub table: &'static str,
    pub service: Service,
    pub reach: Reach,
    /// The operation that lists the type (`ec2:DescribeVpcs`). Its IAM action has the same name, but for those of
    /// [`iam_action`].
    pub operation: &'static str,
    /// Which resources are listed, as text for the documentation; empty if it is all that the role may see.
    pub scope: &'static str,
    /// Further actions that AWS checks for the operation.
    pub extra_actions: &'static [&'static str],
    /// The path of the items in the response (`Reservations.Instances`). A bar joins two lists of the same structure.
    pub items_path: &'static str,
    pub id: Id,
    /// A well-formed id that does not exist; an ARN if the calls about single resources name ARNs. The check probes
    /// permissions with it if the account has no such resource. `{partition}`, `{region}` and `{account}` are replaced.
    pub probe_id: &'static str,
    /// The form of the ARN, if the response has none.
    pub arn: ArnForm,
    /// The member with the ARN, if its name is not `Arn`. It keeps its own column too.
    pub arn_member: Option<&'static str>,
    /// The owner, if the item has no member `OwnerId`.
    pub owner: Owner,
    pub extra_columns: &'static [ExtraColumn],
    pub details: &'static [Detail],
    /// The members that no digest counts.
    pub measures: &'static [Measure],
    pub source: Source,
}

impl ResourceType {
    /// The IAM actions of the type's own calls, the listing first. Those of its parents' listing are not included.
    pub fn own_actions(&self) -> Vec<&'static str> {
        let mut actions = vec![iam_action(self.operation)];
        actions.extend(self.extra_actions);
        for detail in self.details {
            let mut next = Some(detail);
            while let Some(detail) = next {
                actions.push(iam_action(detail.operation));
                next = detail.fallback;
            }
        }
        actions
    }
}
