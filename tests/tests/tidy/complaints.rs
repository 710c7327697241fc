//! What a check has found.

/// Complaints, told together: one run names all places.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Vec<String>);

impl Complaints {
    /// Adds one, with its cure.
    pub(crate) fn add(&mut self, complaint: impl Into<String>) {
        self.0.push(complaint.into());
    }

    /// Fails if there is any.
    #[track_caller]
    pub(crate) fn tell(self) {
        assert!(self.0.is_empty(), "{} to mend:\n  {}\n", self.0.len(), self.0.join("\n  "));
    }
}
