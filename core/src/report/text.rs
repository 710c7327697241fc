//! A report as text: for people by `Display`, and without what differs between equal runs by `stable`.

use super::TreeReport;
use super::line::Line;
use crate::label::add_label;
use crate::time::{Readable, nanos_of};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

impl TreeReport {
    /// Name, type, place and what each node waits for; no label, age, deadline, runs, bytes or count: equal runs give equal text.
    pub fn stable(&self) -> String {
        let mut text = String::new();
        for line in self.lines() {
            let (file, row) = (line.place().file(), line.place().line());
            let waits = if line.0.waits_stable.is_empty() { String::new() } else { format!(" waits: {}", line.0.waits_stable) };
            text.push_str(&format!("{:indent$}{} {} {file}:{row}{waits}\n", "", line.name(), line.kind(), indent = 2 * line.depth()));
        }
        text
    }
}

impl fmt::Display for TreeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (nodes, requests, bytes) = (self.nodes(), self.requests(), Bytes(self.bytes()));
        writeln!(f, "up {} · {nodes} nodes, {requests} requests, {bytes}", Readable(nanos_of(self.up())))?;
        let mut open: Vec<bool> = Vec::new();
        let rows: Vec<[String; 5]> = self.lines().map(|line| line.columns(&mut open)).collect();
        let mut widths = [0; 5];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in rows {
            let mut text = String::new();
            for (cell, width) in row.iter().zip(widths) {
                text.push_str(cell);
                text.extend(core::iter::repeat_n(' ', width - cell.chars().count() + 2 * usize::from(width > 0)));
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        match self.omitted() {
            0 => Ok(()),
            omitted => writeln!(f, "… and {omitted} nodes more"),
        }
    }
}

impl Line<'_> {
    fn columns(self, open: &mut Vec<bool>) -> [String; 5] {
        let mut first = String::new();
        if self.depth() > 0 {
            open.truncate(self.depth() - 1);
            for more in open.iter() {
                first.push_str(if *more { "│  " } else { "   " });
            }
            first.push_str(if self.0.last { "└─ " } else { "├─ " });
            open.push(!self.0.last);
        }
        first.push_str(self.name());
        if let Some(label) = self.label() {
            first.push(' ');
            add_label(label, &mut first);
        }
        let kind = if self.kind() == self.name() { "" } else { self.kind() };
        let place = if self.kind() == "root" { String::new() } else { format!("{}:{}", self.place().file(), self.place().line()) };
        let mut rest = String::new();
        if let Some(left) = self.deadline_left() {
            rest.push_str(&format!("deadline in {}  ", Readable(nanos_of(left))));
        }
        if let Some(runs) = self.runs().filter(|runs| *runs > 0) {
            rest.push_str(&format!("{runs} runs  "));
        }
        if let Some(waits) = self.waits() {
            rest.push_str(&format!("waits: {waits}"));
        }
        [first, String::from(kind), place, Readable(nanos_of(self.age())).to_string(), rest]
    }
}

struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000 => write!(f, "{} B", self.0),
            1_000..1_000_000 => write!(f, "{}.{} KB", self.0 / 1_000, self.0 / 100 % 10),
            _ => write!(f, "{}.{} MB", self.0 / 1_000_000, self.0 / 100_000 % 10),
        }
    }
}
