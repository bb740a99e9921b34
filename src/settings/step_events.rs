//! What a function does with the steps of a state machine.

/// Whether a function carries out steps, requests or both. A deployed backend has one function for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepEvents {
    /// Steps and all other events.
    #[default]
    Accept,
    /// All events except steps, so that an invoker cannot change the course of a run.
    Refuse,
    /// Steps and no other event.
    Only,
}
