//! Records that no resolver ever sees: those below a delegation of their zone, and those of a name for which another zone or a
//! forwarding rule answers in every VPC.
//!
//! **Invariant:** a public record is never hidden by a private zone, since the internet sees it.

use super::horizons::Horizon;
use super::zone_names::ZoneNames;
use super::zones::{ZoneIndex, ZoneNumber};

/// Why a record is hidden, as the rest of a sentence.
pub(super) fn hidden(
    zones: &ZoneIndex,
    names: &ZoneNames<'_>,
    zone: ZoneNumber,
    (name, kind): (&[u8], &str),
) -> Option<String> {
    let own = zones.zone(zone);
    if let Some(cut) = names.cut(zone, &own.name, name)
        && (cut != name || !matches!(kind, "NS" | "DS"))
    {
        return Some(format!("the zone delegates {}", String::from_utf8_lossy(cut)));
    }
    let mut why = None;
    for class in &own.classes {
        let vpc = &zones.classes[*class as usize].vpc;
        why = Some(match zones.horizon(*class, name) {
            Horizon::Zone(other) if other != zone => {
                let other = zones.zone(other);
                format!("the private zone {} ({}) answers for the name, as in {vpc}", other.shown, other.id)
            }
            Horizon::Rule => format!("a forwarding rule takes the name, as in {vpc}"),
            _ => return None,
        });
    }
    why
}
