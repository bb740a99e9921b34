//! What exists in the generated estate, night by night.
//!
//! **Invariant:** nothing here is drawn by lot. A line exists because a question, a verdict or a change needs it, or
//! because it is the healthy neighbour of one that does.

mod networks;
mod acme;
mod shop;
mod globex;
mod initech;
mod leftovers;
mod names;
mod zones;
mod free;

use super::accounts::{ACCOUNTS, ACME_SHOP, FRANKFURT, GLOBEX_DEV, GLOBEX_PROD, INITECH_CORE, REGIONS, Site, VIRGINIA};
use super::rows::DemoRows;
use super::world::{self, DemoNetwork};

/// The sites that still have the default VPC that AWS made for them. Globex's developers use one of theirs.
const WITH_DEFAULT: [Site; 4] =
    [ACME_SHOP.at(VIRGINIA), GLOBEX_PROD.at(VIRGINIA), GLOBEX_DEV.at(FRANKFURT), GLOBEX_DEV.at(VIRGINIA)];

/// Writes everything that exists in the night of these rows.
pub(super) fn write(rows: &mut DemoRows) {
    for account in ACCOUNTS {
        world::account(rows, account);
        for region in REGIONS {
            let site = account.at(region);
            let is_blocked = *account == INITECH_CORE && region == VIRGINIA;
            world::region_settings(rows, site, if is_blocked { "block-bidirectional" } else { "off" });
            // Where nobody has removed it, there still is a default VPC.
            if WITH_DEFAULT.contains(&site) {
                DemoNetwork::default_of(site).write(rows);
            }
        }
    }
    acme::write(rows);
    shop::write(rows);
    globex::write(rows);
    initech::write(rows);
    leftovers::write(rows);
    zones::write(rows);
    names::write(rows);
    free::count(rows);
}
