//! Lists the actions that read secrets, which no customer's role may allow.
//!
//! **Invariant:** knows no policy and no resource type.

/// Actions that return nothing but secrets: user data, passwords, console output, keys of VPNs, and the
/// code with which a domain can be taken to another registrar.
///
/// The list includes actions whose responses the service model does not mark as sensitive.
pub const SECRET_ACTIONS: &[&str] = &[
    "ec2:DescribeInstanceAttribute",
    "ec2:ExportClientVpnClientConfiguration",
    "ec2:ExportVerifiedAccessInstanceClientConfiguration",
    "ec2:GetConsoleOutput",
    "ec2:GetConsoleScreenshot",
    "ec2:GetLaunchTemplateData",
    "ec2:GetPasswordData",
    "ec2:GetVpnConnectionDeviceSampleConfiguration",
    "route53domains:RetrieveDomainAuthCode",
];
