//! Unsafe code stays in the few files that say so, and ARCHITECTURE.md lists them.

use crate::checkout;
use crate::complaints::Complaints;
use crate::source::{Kind, Source};
use std::collections::BTreeSet;

#[test]
fn a_file_with_unsafe_code_says_so_first() {
    let mut complaints = Complaints::default();
    for source in checkout::sources() {
        let Some(line) = source.lines_of(Kind::Unsafe, true).next() else { continue };
        if !source.head.contains("unsafe_code") {
            complaints.add(format!(
                "{}:{line} is unsafe: begin the file with `#![expect(unsafe_code, reason = \"…\")]`, or do without",
                source.path
            ));
        }
    }
    complaints.tell();
}

#[test]
fn the_architecture_lists_the_files_with_unsafe_code() {
    let mut complaints = Complaints::default();
    let unsafe_files = checkout::sources().iter().filter(|source| source.lines_of(Kind::Unsafe, true).next().is_some());
    // Tests, tools and benches may be in the list; what users get must be.
    let (shipped, others): (Vec<_>, Vec<_>) = unsafe_files.partition(|source| source.is_shipped());
    let paths = |sources: &[&Source]| sources.iter().map(|source| source.path.clone()).collect::<BTreeSet<String>>();
    let (shipped, others) = (paths(&shipped), paths(&others));
    let listed = listed(&checkout::text("ARCHITECTURE.md").unwrap_or_default());
    for path in shipped.difference(&listed) {
        complaints
            .add(format!("{path} has unsafe code: add `{path}` to the section about unsafe code of ARCHITECTURE.md, with its one idea"));
    }
    for path in listed.iter().filter(|path| !shipped.contains(*path) && !others.contains(*path)) {
        complaints.add(format!("{path} has no unsafe code: take it out of the section about unsafe code of ARCHITECTURE.md"));
    }
    complaints.tell();
}

/// The files in backquotes, `core/src/….rs`, between a heading that speaks of unsafe code and the next heading.
fn listed(architecture: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut files = BTreeSet::new();
    for line in architecture.lines() {
        if line.starts_with('#') {
            inside = line.to_lowercase().contains("unsafe");
        }
        if inside {
            let quoted = line.split('`').skip(1).step_by(2);
            files.extend(quoted.filter(|word| word.ends_with(".rs") && word.contains('/')).map(str::to_owned));
        }
    }
    files
}

#[test]
fn the_list_is_read_from_its_section_only() {
    let text = "# A\n`core/src/a.rs`\n## Unsafe code\n- `core/src/b.rs`, `core/src/c.rs`: the arena; `node`\n## Next\n`core/src/d.rs`\n";
    assert_eq!(listed(text).into_iter().collect::<Vec<_>>(), ["core/src/b.rs", "core/src/c.rs"]);
}
