//! Questions about routes, gateways, peerings, VPNs, endpoints and flow logs.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[];
