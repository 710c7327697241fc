//! A report for machines, in whatever format the caller's serializer writes.

use super::TreeReport;
use super::line::Line;
use crate::id::NodeId;
use crate::time::nanos_of;
use core::fmt;
use core::time::Duration;
use serde::ser::{Serialize, SerializeSeq, SerializeStruct, Serializer};

/// As its text, which fits into every format and into a map's key.
impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `up_ms`, `nodes`, `requests`, `bytes`, `omitted`, and `lines`, a list of [`Line`]s.
impl Serialize for TreeReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("TreeReport", 6)?;
        fields.serialize_field("up_ms", &ms(self.up()))?;
        fields.serialize_field("nodes", &self.nodes())?;
        fields.serialize_field("requests", &self.requests())?;
        fields.serialize_field("bytes", &self.bytes())?;
        fields.serialize_field("omitted", &self.omitted())?;
        fields.serialize_field("lines", &Lines(self))?;
        fields.end()
    }
}

/// `id`, `depth`, `name`, `label`, `kind`, `place` as `file:line`, `age_ms`, `bytes`, `runs`, `waits` and `deadline_ms`; what is not
/// there is null. Lengths of time are whole milliseconds, rounded down.
impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Line", 11)?;
        fields.serialize_field("id", &self.id())?;
        fields.serialize_field("depth", &self.depth())?;
        fields.serialize_field("name", self.name())?;
        fields.serialize_field("label", &self.label())?;
        fields.serialize_field("kind", self.kind())?;
        fields.serialize_field("place", &Text(format_args!("{}:{}", self.place().file(), self.place().line())))?;
        fields.serialize_field("age_ms", &ms(self.age()))?;
        fields.serialize_field("bytes", &self.bytes())?;
        fields.serialize_field("runs", &self.runs())?;
        fields.serialize_field("waits", &self.waits())?;
        fields.serialize_field("deadline_ms", &self.deadline_left().map(ms))?;
        fields.end()
    }
}

struct Lines<'a>(&'a TreeReport);

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut lines = serializer.serialize_seq(Some(self.0.lines().len()))?;
        for line in self.0.lines() {
            lines.serialize_element(&line)?;
        }
        lines.end()
    }
}

struct Text<'a>(fmt::Arguments<'a>);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

fn ms(length: Duration) -> u64 {
    nanos_of(length) / 1_000_000
}
