//! Ids of attempts. Each invocation gets a new id of eight hexadecimal digits.

/// Returns a random id. If the system has no randomness, the clock is used: an id must differ, but need not be secret.
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
