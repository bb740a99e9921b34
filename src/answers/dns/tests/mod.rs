//! The verdicts of a corpus of names, and what tries to make them lie.

mod corpus;
mod hostile;
mod profiles;
