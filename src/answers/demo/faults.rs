//! What the nights could not read, so that coverage has something to say.
//!
//! **Invariant:** a fault removes the rows of its cells, and changes no other.

use super::accounts::{DemoAccount, FRANKFURT, GLOBEX_DEV, GLOBEX_PROD, INITECH_LAB, VIRGINIA};
use crate::aws::ACCESS_DENIED;
use crate::inventory::Status;

/// A failure of some cells in some nights.
#[derive(Debug)]
pub(super) struct DemoFault {
    nights: std::ops::RangeInclusive<usize>,
    account: &'static DemoAccount,
    /// The region. None: the account could not be entered, and all cells failed.
    pub region: Option<&'static str>,
    /// The tables. None: all of the region.
    tables: Option<&'static [&'static str]>,
    pub status: Status,
    pub error_code: &'static str,
    pub error_message: &'static str,
}

static FAULTS: [DemoFault; 4] = [
    DemoFault {
        nights: 4..=4,
        account: &INITECH_LAB,
        region: None,
        tables: None,
        status: Status::Denied,
        error_code: ACCESS_DENIED,
        error_message: "User: arn:aws:sts::999900001111:assumed-role/rolecall/nightly is not authorized to perform: \
                        sts:AssumeRole on resource: arn:aws:iam::888899990000:role/rolecall",
    },
    DemoFault {
        nights: 5..=5,
        account: &GLOBEX_PROD,
        region: Some(VIRGINIA),
        tables: None,
        status: Status::Throttled,
        error_code: "RequestLimitExceeded",
        error_message: "Request limit exceeded.",
    },
    DemoFault {
        nights: 1..=5,
        account: &GLOBEX_DEV,
        region: Some(FRANKFURT),
        tables: Some(&["ec2_key_pairs"]),
        status: Status::Denied,
        error_code: "UnauthorizedOperation",
        error_message: "You are not authorized to perform this operation. User: \
                        arn:aws:sts::555566667777:assumed-role/rolecall/nightly is not authorized to perform: \
                        ec2:DescribeKeyPairs because no identity-based policy allows the ec2:DescribeKeyPairs action",
    },
    DemoFault {
        nights: 4..=5,
        account: &GLOBEX_DEV,
        region: Some(VIRGINIA),
        tables: Some(&["ec2_snapshots", "ec2_public_snapshots"]),
        status: Status::ScpDenied,
        error_code: "UnauthorizedOperation",
        error_message: "You are not authorized to perform this operation. User: \
                        arn:aws:sts::555566667777:assumed-role/rolecall/nightly is not authorized to perform: \
                        ec2:DescribeSnapshots with an explicit deny in a service control policy",
    },
];

/// The fault of a cell in a night. Cells at the region `global` fail only with their whole account.
pub(super) fn fault_of(night: usize, account: &DemoAccount, region: &str, table: &str) -> Option<&'static DemoFault> {
    FAULTS.iter().find(|fault| {
        fault.nights.contains(&night)
            && fault.account == account
            && fault.region.is_none_or(|at| at == region)
            && fault.tables.is_none_or(|tables| tables.contains(&table))
    })
}
