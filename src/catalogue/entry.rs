//! The parts of a catalogue entry.
//!
//! **Invariant:** knows nothing of the service model that entries are checked against, nor of how calls are spaced and retried.

use crate::aws::{SendFn, Service};

/// Whether a type is listed by region or once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Listed in each region of the account.
    Regional,
    /// Listed once; its region is `global`.
    Global,
}

/// How a type's resources are found.
#[derive(Clone, Copy)]
pub enum Source {
    /// One listing, page by page.
    Listed(SendFn),
    /// One listing for each resource of another type, which is read once for all its children.
    Per(Parents, SendFn),
    /// One row per account, from its alias and its regions.
    Account,
}

/// The resources that a type is listed for, one by one.
#[derive(Clone, Copy, Debug)]
pub struct Parents {
    /// The table of the parents.
    pub table: &'static str,
    /// Lists only the parents that match.
    pub filter: Option<MemberFilter>,
    /// A member with the number of items to list for each.
    pub length: Option<&'static str>,
}

/// Selects resources by a boolean member.
#[derive(Clone, Copy, Debug)]
pub struct MemberFilter {
    /// The boolean member, perhaps within a structure (`Config.PrivateZone`).
    pub member: &'static str,
    /// Its required value. A missing member is `false`.
    pub is: bool,
}

impl Parents {
    /// All resources of a type.
    pub const fn all(table: &'static str) -> Self {
        Self { table, filter: None, length: None }
    }
}

/// How a resource's id is made.
#[derive(Clone, Copy, Debug)]
pub enum Id {
    /// The first of these members that is present.
    Member(&'static [&'static str]),
    /// This member without its path (`/hostedzone/Z123`).
    Bare(&'static str),
    /// The members that are present, joined by `/`.
    Joined(&'static [&'static str]),
    /// The parent's id, `/`, and these members like [`Id::Joined`].
    UnderParent(&'static [&'static str]),
    /// The account's own id.
    Account,
}

/// How a resource's ARN is made if the response has none. The forms are those of AWS's service
/// authorization reference.
#[derive(Clone, Copy, Debug)]
pub enum Arn {
    /// AWS defines no ARN.
    None,
    /// The form `arn:<partition>:ec2:<region>:<owner>:<this><id>`.
    Ec2(&'static str),
    /// The same with this member in place of the id, for types that AWS identifies by name.
    Ec2Named(&'static str, &'static str),
    /// The same with this member's value as the region, since both sides of a peering see the same resource.
    Ec2Of(&'static str, &'static str),
    /// `arn:<partition>:ec2:<region>::<this><id>`: ARNs of images and snapshots have no account.
    Ec2Unowned(&'static str),
    /// `arn:<partition>:ec2::<owner>:<this><id>`: ARNs of IPAM resources have no region.
    Ec2Everywhere(&'static str),
    /// `arn:<partition>:route53:::<this><id>`: ARNs of Route 53 have no account.
    Route53(&'static str),
    /// The ARN of the account's root.
    Account,
}

/// The source of an extra column.
#[derive(Clone, Copy, Debug)]
pub enum ValueFrom {
    /// A member of a structure around the item (`Reservations.ReservationId`).
    Context(&'static str),
    /// The id of the parent.
    ParentId,
    /// A member of the parent, or of a structure in it (`Config.PrivateZone`).
    Parent(&'static str),
    /// A member of the item with its octal escapes decoded.
    Decoded(&'static str),
    /// A member of the response of the detail with this operation. The lists of several pages are joined.
    Detail(&'static str, &'static str),
    /// The whole items of the detail's response that name the resource, as a list.
    Gathered(&'static str),
}

/// The owner of a resource whose item has no member `OwnerId`.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// The account that was asked.
    Asked,
    /// A member of a structure around the item (`Reservations.OwnerId`).
    Context(&'static str),
    /// The first of these members that is present, of the item or of a structure in it.
    Member(&'static [&'static str]),
}

/// A column beside those of the listed structure.
#[derive(Clone, Copy, Debug)]
pub struct ExtraColumn {
    pub column: &'static str,
    pub from: ValueFrom,
}

/// A further call for each resource, or for a batch of them. Tags in its response feed `tags`.
#[derive(Clone, Copy)]
pub struct Detail {
    /// The operation, such as `route53:GetHostedZone`.
    pub operation: &'static str,
    /// The path of the items in the response; empty for the response itself.
    pub items_path: &'static str,
    /// The number of resources that one call may name. [`EVERY`] for a call that names none and returns all.
    pub batch: usize,
    /// The member of an item that names its resource; empty if a call names just one.
    pub key: &'static str,
    /// Limits the call to the resources that match.
    pub filter: Option<MemberFilter>,
    /// Sends the request for a page.
    pub call: SendFn,
    /// The detail to use instead if this one is denied or unsupported.
    pub fallback: Option<&'static Detail>,
}

impl Detail {
    /// A call for one resource, whose whole response describes it.
    pub const fn of_one(operation: &'static str, call: SendFn) -> Self {
        Self { operation, items_path: "", batch: 1, key: "", filter: None, call, fallback: None }
    }
}

/// The batch of a detail that covers all resources with one call.
pub(super) const EVERY: usize = usize::MAX;

/// A resource type of the catalogue.
#[derive(Clone, Copy)]
pub struct ResourceType {
    /// The name of its table.
    pub table: &'static str,
    pub service: Service,
    /// Whether it is listed by region or once.
    pub reach: Reach,
    /// The operation that lists it, as IAM names it.
    pub operation: &'static str,
    /// Describes which resources are listed, if not all that the role may see.
    pub scope: &'static str,
    /// Further actions that AWS checks for the operation.
    pub actions: &'static [&'static str],
    /// The path of the items in the response (`Reservations.Instances`).
    pub items_path: &'static str,
    pub id: Id,
    /// A well-formed id that does not exist, used to probe permissions in accounts without such a resource.
    pub probe_id: &'static str,
    /// The form of the ARN, if the response has none.
    pub arn: Arn,
    /// The member that holds the ARN, if it is not named `Arn`. It stays a column of its own too.
    pub arn_member: Option<&'static str>,
    /// The source of the owner, if the item has no `OwnerId`.
    pub owner: Owner,
    /// Columns beside those of the structure.
    pub extra_columns: &'static [ExtraColumn],
    /// Further calls for its resources.
    pub details: &'static [Detail],
    /// How its resources are found.
    pub source: Source,
}

impl ResourceType {
    /// The IAM actions that the type's own calls need, the listing's first. Its parents need theirs in addition.
    pub fn own_actions(&self) -> Vec<&'static str> {
        let mut actions = vec![self.operation];
        actions.extend(self.actions);
        for detail in self.details {
            let mut next = Some(detail);
            while let Some(detail) = next {
                actions.push(detail.operation);
                next = detail.fallback;
            }
        }
        actions
    }
}
