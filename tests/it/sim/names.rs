//! Names and ids, derived from the resource, so that a test knows what a listing must contain.

/// Hashes texts and a number to 64 bits. The hash is the same in every run.
pub(super) fn mix(parts: &[&str], number: u64) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0xff])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let mut z = (hash ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Returns the id of the customer account of this index.
pub(crate) fn account_id(index: usize) -> String {
    format!("{}", 200_000_000_000_u64 + index as u64)
}

/// Returns the external ID of a customer account. Nobody could guess it.
pub(crate) fn external_id(account: &str) -> String {
    format!("ext-{account}-hR7tQz2LmX9vKp4w")
}

/// Returns an EC2 resource id: the prefix and 17 hex digits.
pub(crate) fn resource_id(prefix: &str, account: &str, region: &str, index: usize) -> String {
    let hash = mix(&[prefix, account, region], index as u64) & 0xffff_ffff_ffff;
    format!("{prefix}-{:05x}{hash:012x}", index & 0xf_ffff)
}

/// Returns the id of a hosted zone without its prefix: `Z…`.
pub(crate) fn zone_id(account: &str, index: usize) -> String {
    format!("Z{:012X}{index:06}", mix(&["zone", account], index as u64) & 0xffff_ffff_ffff)
}

/// Returns the zone's index if the id belongs to this account.
pub(super) fn zone_index(account: &str, id: &str) -> Option<usize> {
    let index = id.get(13..)?.parse().ok()?;
    (zone_id(account, index) == id).then_some(index)
}

/// Returns a zone's name with the trailing dot.
pub(crate) fn zone_name(account: &str, index: usize) -> String {
    format!("z{index}.a{account}.example.")
}

/// Returns the name of a zone's record set in AWS's spelling: NS and SOA first, then in ascending order of the index.
pub(crate) fn record_name(zone: &str, index: usize) -> String {
    match index {
        0 | 1 => zone.to_owned(),
        i if i % 10 == 3 => format!("\\052.r{i:07}.{zone}"),
        i if i % 10 == 5 => format!("r{:07}.{zone}", i - 1),
        i if i % 10 == 7 => format!("r{i:07}\\040x.{zone}"),
        i => format!("r{i:07}.{zone}"),
    }
}

/// Returns the id of the health check of this index.
pub(crate) fn health_check_id(account: &str, index: usize) -> String {
    let hash = mix(&["health", account], index as u64);
    format!("{:08x}-{:04x}-4000-8000-{index:012x}", hash & 0xffff_ffff, (hash >> 32) & 0xffff)
}
