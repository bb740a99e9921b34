//! What a function does with requests over HTTP.

/// Whether a function answers requests over HTTP. They have a function of their own, which nobody invokes otherwise:
/// who has signed a request is known from its event alone, and whoever invokes a function writes the event himself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpEvents {
    /// All events except requests over HTTP.
    #[default]
    Refuse,
    /// Requests over HTTP and no other event.
    Only,
}
