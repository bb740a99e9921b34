//! What an entry can say. It knows nothing of the service model that entries are worked out against, nor of how calls
//! are spaced and retried.

use crate::aws::{SendFn, Service};

/// Where a type is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// In each region of the account.
    Regional,
    /// Once; its region is `global`.
    Global,
}

/// How a type's resources are found.
#[derive(Clone, Copy)]
pub enum Source {
    /// One listing, page by page.
    Listed(SendFn),
    /// One listing for each resource of another type, which is read once for all its children.
    Per(Parents, SendFn),
    /// One row an account, of what was asked to enter it (alias, regions).
    Account,
}

/// The resources that a type is listed for, one by one.
#[derive(Clone, Copy, Debug)]
pub struct Parents {
    /// Their type.
    pub table: &'static str,
    /// Only those of which this holds.
    pub filter: Option<MemberFilter>,
    /// A member that tells how much there is to list for each.
    pub length: Option<&'static str>,
}

/// Says of which resources something is asked.
#[derive(Clone, Copy, Debug)]
pub struct MemberFilter {
    /// A member that is a boolean, or one in a structure (`Config.PrivateZone`).
    pub member: &'static str,
    /// What it must be. A member that is missing is `false`.
    pub is: bool,
}

impl Parents {
    /// All resources of that type.
    pub const fn all(table: &'static str) -> Self {
        Self { table, filter: None, length: None }
    }
}

/// What makes a resource's id.
#[derive(Clone, Copy, Debug)]
pub enum Id {
    /// The first of these members that is there.
    Member(&'static [&'static str]),
    /// This member without its path (`/hostedzone/Z123`).
    Bare(&'static str),
    /// These members, those that are there, with `/` between them.
    Joined(&'static [&'static str]),
    /// The parent's id, `/`, and these members like [`Id::Joined`].
    UnderParent(&'static [&'static str]),
    /// The account's own id.
    Account,
}

/// How a resource's ARN is made where the answer bears none. The forms are those of AWS's service
/// authorization reference.
#[derive(Clone, Copy, Debug)]
pub enum Arn {
    /// AWS defines none.
    None,
    /// `arn:<partition>:ec2:<region>:<owner>:<this><id>`.
    Ec2(&'static str),
    /// The same with this member in the id's place: AWS names some types by their names.
    Ec2Named(&'static str, &'static str),
    /// The same with this member's value as the region: both sides of a peering see one and the same resource.
    Ec2Of(&'static str, &'static str),
    /// `arn:<partition>:ec2:<region>::<this><id>`: images and snapshots bear no account.
    Ec2Unowned(&'static str),
    /// `arn:<partition>:ec2::<owner>:<this><id>`: what an IPAM has bears no region.
    Ec2Everywhere(&'static str),
    /// `arn:<partition>:route53:::<this><id>`: Route 53's bear no account.
    Route53(&'static str),
    /// The account's root.
    Account,
}

/// Where an added column comes from.
#[derive(Clone, Copy, Debug)]
pub enum ValueFrom {
    /// A member of a structure around the item (`Reservations.ReservationId`).
    Context(&'static str),
    /// The parent's id.
    ParentId,
    /// A member of the parent, or of a structure in it (`Config.PrivateZone`).
    Parent(&'static str),
    /// A member of the item with its octal escapes decoded.
    Decoded(&'static str),
    /// A member of the answer of the detail that asks this operation. Lists of several pages become one.
    Detail(&'static str, &'static str),
    /// The items of that detail's answer that name the resource, whole, as a list.
    Gathered(&'static str),
}

/// Who owns a resource, where the item has no member `OwnerId`.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    /// The account that was asked.
    Asked,
    /// A member of a structure around the item (`Reservations.OwnerId`).
    Context(&'static str),
    /// The first of these members that is there, of the item or of a structure in it.
    Member(&'static [&'static str]),
}

/// A column beside those of the listed structure.
#[derive(Clone, Copy, Debug)]
pub struct ExtraColumn {
    /// Its name.
    pub column: &'static str,
    /// Its source.
    pub from: ValueFrom,
}

/// What is asked besides, for each resource or for so many at once. Its answer's tags feed `tags`.
#[derive(Clone, Copy)]
pub struct Detail {
    /// `route53:GetHostedZone`.
    pub operation: &'static str,
    /// Where in the answer the items lie; empty for the answer itself.
    pub items_path: &'static str,
    /// How many resources one call may name; [`EVERY`] where it names none and is answered for all.
    pub batch: usize,
    /// The member of an item that names its resource; empty where a call names just one.
    pub key: &'static str,
    /// Asked only of these resources.
    pub filter: Option<MemberFilter>,
    /// The call, page by page.
    pub call: SendFn,
    /// What to ask instead where this one is denied or unknown.
    pub fallback: Option<&'static Detail>,
}

impl Detail {
    /// One call a resource, whose whole answer is about it.
    pub const fn of_one(operation: &'static str, call: SendFn) -> Self {
        Self { operation, items_path: "", batch: 1, key: "", filter: None, call, fallback: None }
    }
}

/// A detail's batch that no number of resources fills.
pub(super) const EVERY: usize = usize::MAX;

/// One resource type.
#[derive(Clone, Copy)]
pub struct ResourceType {
    /// Its table.
    pub table: &'static str,
    /// The service that is asked.
    pub service: Service,
    /// Where it is asked for.
    pub reach: Reach,
    /// The operation that lists it, as IAM names it.
    pub operation: &'static str,
    /// Which resources are listed, where it is not all that the role may see.
    pub scope: &'static str,
    /// What AWS checks besides on the operation's behalf.
    pub actions: &'static [&'static str],
    /// Where in the answer the items lie (`Reservations.Instances`).
    pub items_path: &'static str,
    /// The id.
    pub id: Id,
    /// An id of this form that nobody's resource has: with it is asked whether a call is allowed, where there is no
    /// resource to ask about.
    pub probe_id: &'static str,
    /// The ARN, where the answer bears none.
    pub arn: Arn,
    /// The member that bears the ARN under another name than `Arn`. It stays a column of its own too.
    pub arn_member: Option<&'static str>,
    /// The owner, where the item does not name it as `OwnerId`.
    pub owner: Owner,
    /// Columns beside those of the structure.
    pub extra_columns: &'static [ExtraColumn],
    /// What is asked besides.
    pub details: &'static [Detail],
    /// How it is found.
    pub source: Source,
}

impl ResourceType {
    /// Every IAM action that the type's own calls need, the listing's first. Those of its parents come besides.
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
