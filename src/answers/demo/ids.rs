//! Ids that look like AWS's and follow from names.
//!
//! **Invariant:** the same name gives the same id in every night and in every release.

/// An id such as `vpc-0a1b2c3d4e5f60718`: the prefix and 17 hexadecimal digits that follow from the name.
pub(super) fn id(prefix: &str, name: &str) -> String {
    format!("{prefix}-0{}", digits(prefix, name, 16))
}

/// An id of a hosted zone, `Z0123456789ABCDEF0123`.
pub(super) fn zone_id(name: &str) -> String {
    format!("Z0{}", digits("zone", name, 19).to_uppercase())
}

/// An id such as those of health checks and traffic policies.
pub(super) fn uuid(name: &str) -> String {
    let digits = digits("uuid", name, 32);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// The address of a network card.
pub(super) fn mac(name: &str) -> String {
    let digits = digits("mac", name, 10);
    let pairs: Vec<&str> = (0..5).filter_map(|pair| digits.get(2 * pair..2 * pair + 2)).collect();
    format!("02:{}", pairs.join(":"))
}

/// A number below `limit`.
pub(super) fn number(name: &str, limit: u64) -> u64 {
    u64::from_str_radix(&digits("number", name, 12), 16).unwrap_or_default() % limit.max(1)
}

/// The name servers of a hosted zone: one in each of four domains.
pub(super) fn name_servers(name: &str) -> Vec<String> {
    ["com", "net", "org", "co.uk"]
        .iter()
        .zip(0_u64..)
        .map(|(domain, quarter)| {
            let server = quarter * 512 + number(&format!("{name} {domain}"), 512);
            format!("ns-{server}.awsdns-{:02}.{domain}", server % 512 / 8)
        })
        .collect()
}

/// Digits that follow from a name: an FNV-1a hash of it, and the sequence of SplitMix64 from there. Nothing here is
/// secret, and an estate has many ids.
fn digits(kind: &str, name: &str, length: usize) -> String {
    let bytes = kind.bytes().chain([b' ']).chain(name.bytes());
    let mut state = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mut digits = String::new();
    while digits.len() < length {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        digits.push_str(&format!("{:016x}", word ^ (word >> 31)));
    }
    digits.truncate(length);
    digits
}
