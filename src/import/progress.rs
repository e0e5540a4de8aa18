//! How far an import is.

crate::spec::words! {
    /// What an import does at the moment.
    Step {
        /// Takes the files in; counted in bytes.
        Reading = "reading",
        /// Writes accounts and their addresses.
        Users = "users",
        /// Writes who belongs where, and who may what.
        Rights = "rights",
    }
}

/// Somebody who watches.
pub trait Progress {
    /// `done` of `total` of this step are behind us.
    fn advance(&mut self, step: Step, done: u64, total: u64);
}
