//! What an entry can say.

use futures::future::BoxFuture;

use crate::failure::Cause;
use crate::session::{Asker, Service};

/// Where a type is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// In each region of the account.
    Regional,
    /// Once; its region is `global`.
    Global,
}

/// A page token: one text, or several where AWS pages by more.
pub type Token = Vec<String>;

/// What one call is about.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The token of the page; `None` for the first.
    pub token: Option<Token>,
    /// The parent's id, or the ids that details are wanted of.
    pub subjects: Vec<String>,
}

impl Ask {
    /// The token, where AWS pages by one text.
    pub fn token(&self) -> Option<String> {
        self.token.as_ref().and_then(|token| token.first().cloned())
    }

    /// The first subject; empty where the call has none.
    pub fn subject(&self) -> String {
        self.subjects.first().cloned().unwrap_or_default()
    }
}

/// Makes one call and gives the token of the next page; the items come off the wire.
pub type Call = fn(Asker, Ask) -> BoxFuture<'static, Result<Option<Token>, Cause>>;

/// How a type's resources are found.
#[derive(Clone, Copy)]
pub enum Source {
    /// One listing, page by page.
    Listed(Call),
    /// One listing for each resource of another type, which is read once for all its children.
    Per(&'static str, Call),
    /// One row an account, of what was asked to enter it (alias, regions).
    Account,
}

/// What makes a resource's id.
#[derive(Clone, Copy, Debug)]
pub enum Id {
    /// The first of these members that is there.
    Member(&'static [&'static str]),
    /// This member without its path (`/hostedzone/Z123`).
    Bare(&'static str),
    /// `<zone>/<name>/<type>` and `/<set identifier>` where there is one.
    RecordSet,
    /// The account's own id.
    Account,
}

/// How a resource's ARN is made, where the answer has no member `Arn`.
#[derive(Clone, Copy, Debug)]
pub enum Arn {
    /// AWS defines none.
    None,
    /// `arn:<partition>:ec2:<region>:<owner>:<this><id>`.
    Ec2(&'static str),
    /// `arn:<partition>:route53:::<this><id>`: Route 53's bear no account.
    Route53(&'static str),
    /// The account's root.
    Account,
}

/// Where an added column comes from.
#[derive(Clone, Copy, Debug)]
pub enum ValueFrom {
    /// A member of a structure around the item (`Reservations.ReservationId`).
    Around(&'static str),
    /// The parent's id.
    ParentId,
    /// A member of the parent, or of a structure in it (`Config.PrivateZone`).
    Parent(&'static str),
    /// A member of the item with its octal escapes decoded.
    Decoded(&'static str),
    /// A member of a detail's answer.
    Detail(&'static str),
}

/// A column beside those of the listed structure.
#[derive(Clone, Copy, Debug)]
pub struct Added {
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
    pub items: &'static str,
    /// How many resources one call may name.
    pub batch: usize,
    /// The member of an item that names its resource; empty where a call names just one.
    pub key: &'static str,
    /// The call.
    pub call: Call,
    /// What to ask instead where this one is denied or unknown.
    pub otherwise: Option<&'static Detail>,
}

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
    /// What AWS checks besides on the operation's behalf.
    pub actions: &'static [&'static str],
    /// Where in the answer the items lie (`Reservations.Instances`).
    pub items: &'static str,
    /// The id.
    pub id: Id,
    /// The ARN.
    pub arn: Arn,
    /// The member around the items that names the owner, where the item itself does not.
    pub owner_around: Option<&'static str>,
    /// Columns beside those of the structure.
    pub added: &'static [Added],
    /// What is asked besides.
    pub details: &'static [Detail],
    /// How it is found.
    pub source: Source,
}

impl ResourceType {
    /// Every IAM action that the type needs, the listing's own first.
    pub fn all_actions(&self) -> Vec<&'static str> {
        let mut actions = vec![self.operation];
        actions.extend(self.actions);
        for detail in self.details {
            let mut next = Some(detail);
            while let Some(detail) = next {
                actions.push(detail.operation);
                next = detail.otherwise;
            }
        }
        actions
    }
}
