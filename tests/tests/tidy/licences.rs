//! Every dependency's licence is one of those that deny.toml allows.

use crate::checkout;
use crate::complaints::Complaints;
use crate::versions;
use std::collections::BTreeSet;

#[test]
fn every_licence_is_allowed() {
    let mut complaints = Complaints::default();
    let allowed = allowed();
    for package in versions::packages() {
        let name = package["name"].as_str().expect("a package has a name");
        match package["license"].as_str() {
            None => complaints.add(format!("{name} names no licence: do without it")),
            Some(licence) if package["source"].is_null() => {
                if licence != "MIT OR Apache-2.0" {
                    complaints.add(format!("{name} is ours and under \"{licence}\": write license.workspace = true"));
                }
            }
            Some(licence) if !is_allowed(licence, &allowed) => {
                complaints.add(format!("{name} is under \"{licence}\": do without it, or allow that licence in deny.toml"));
            }
            Some(_) => {}
        }
    }
    complaints.tell();
}

/// Tools of the tests that are run as they come, never changed and never passed on, under a licence that asks for more than its text.
const TOOLS: [(&str, &str); 1] = [("axe-core", "MPL-2.0")];

#[test]
fn every_licence_of_npm_is_allowed() {
    let mut complaints = Complaints::default();
    let allowed = allowed();
    let locks = checkout::files().into_iter().filter(|path| path.ends_with("package-lock.json"));
    let mut packages = 0;
    for path in locks {
        let text = checkout::text(&path).expect("a lock file is text");
        let lock: serde_json::Value = serde_json::from_str(&text).expect("a lock file of npm is JSON");
        for (place, package) in lock["packages"].as_object().expect("it lists packages") {
            let name = place.rsplit("node_modules/").next().unwrap_or(place);
            packages += 1;
            match package["license"].as_str() {
                None => complaints.add(format!("{path}: {name} names no licence: do without it")),
                Some(licence) if is_allowed(licence, &allowed) || TOOLS.contains(&(name, licence)) => {}
                Some(licence) => complaints.add(format!("{path}: {name} is under \"{licence}\": do without it, or allow it in deny.toml")),
            }
            if !place.is_empty() && package["integrity"].is_null() {
                complaints.add(format!("{path}: {name} has no checksum: npm install --package-lock-only"));
            }
        }
    }
    assert!(packages > 3, "the lock files of npm list packages");
    complaints.tell();
}

/// The list in deny.toml.
fn allowed() -> BTreeSet<String> {
    let text = checkout::text("deny.toml").expect("deny.toml lies in the root");
    let deny: toml::Table = text.parse().expect("deny.toml is TOML");
    let list = deny["licenses"]["allow"].as_array().expect("licenses.allow is a list");
    list.iter().map(|licence| licence.as_str().expect("a licence is a string").to_owned()).collect()
}

/// Evaluates an SPDX expression (SPDX specification 2.3, annex D): `OR` binds weaker than `AND`, and `WITH` is part of a licence's name.
/// Older packages write `/` for `OR`.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest, allowed) && rest.is_empty()
}

fn any(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut fits = all(rest, allowed);
    while let ["OR", tail @ ..] = *rest {
        *rest = tail;
        fits |= all(rest, allowed);
    }
    fits
}

fn all(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut fits = one(rest, allowed);
    while let ["AND", tail @ ..] = *rest {
        *rest = tail;
        fits &= one(rest, allowed);
    }
    fits
}

fn one(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    match *rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let fits = any(rest, allowed);
            let [")", tail @ ..] = *rest else { return false };
            *rest = tail;
            fits
        }
        [licence, "WITH", exception, tail @ ..] => {
            *rest = tail;
            allowed.contains(&format!("{licence} WITH {exception}"))
        }
        [licence, tail @ ..] => {
            *rest = tail;
            allowed.contains(*licence)
        }
        [] => false,
    }
}

#[test]
fn expressions_are_evaluated() {
    let allowed = BTreeSet::from(["MIT", "Apache-2.0", "Unicode-3.0"].map(str::to_owned));
    for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "GPL-3.0 AND X OR MIT"] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR X) AND MIT", "Apache-2.0 WITH LLVM-exception", "(MIT", "MIT MIT", "MIT)"] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
}
