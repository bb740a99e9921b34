//! Names for attempts: eight hexadecimal digits, new in each invocation.

/// A new name. Without a source of randomness the clock stands in: it has to differ, not to be secret.
pub(crate) fn new_attempt_id() -> String {
    let mut bytes = [0_u8; 4];
    if getrandom::fill(&mut bytes).is_err() {
        #[expect(clippy::disallowed_methods, reason = "the name has to differ, not to be a date")]
        let nanos =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().subsec_nanos();
        bytes = nanos.to_be_bytes();
    }
    hex::encode(bytes)
}
