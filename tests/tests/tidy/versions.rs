//! Versions that must agree, and the oldest compiler, which must be told truly.

use crate::checkout;
use crate::complaints::Complaints;
use serde_json::Value;
use std::process::Command;
use std::sync::OnceLock;

/// What `cargo metadata` says of every package in the lock file.
pub(crate) fn packages() -> &'static [Value] {
    static METADATA: OnceLock<Value> = OnceLock::new();
    let metadata = METADATA.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
            .current_dir(checkout::root())
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
    });
    metadata["packages"].as_array().expect("packages is a list")
}

/// The versions of a package in a lock file.
fn locked(path: &str, package: &str) -> Vec<String> {
    let text = checkout::text(path).unwrap_or_else(|| panic!("{path} is missing: run cargo there once, and commit it"));
    let lock: toml::Table = text.parse().expect("a lock file is TOML");
    let packages = lock["package"].as_array().expect("a lock file lists packages");
    let named = packages.iter().filter(|entry| entry["name"].as_str() == Some(package));
    named.map(|entry| entry["version"].as_str().expect("a version is a string").to_owned()).collect()
}

#[test]
fn wasm_bindgen_and_its_tool_are_of_one_version() {
    let library = locked("Cargo.lock", "wasm-bindgen");
    assert_eq!(library.len(), 1, "there must be one wasm-bindgen: {library:?}; `cargo tree -i wasm-bindgen` tells who asks for another");
    let others = [
        ("tests/wasm-tools/Cargo.lock", "wasm-bindgen-cli-support"),
        ("tests/wasm-size/Cargo.lock", "wasm-bindgen"),
        ("tests/wasm-bench/Cargo.lock", "wasm-bindgen"),
    ];
    for (lock, package) in others {
        let other = locked(lock, package);
        assert_eq!(
            other, library,
            "{package} in {lock} is another version: pin the library's in its Cargo.toml, then `cargo update` there"
        );
    }
}

#[test]
fn the_oldest_compiler_is_told_truly() {
    let mut complaints = Complaints::default();
    let ours: Vec<&Value> = packages().iter().filter(|package| package["source"].is_null()).collect();
    let told = ours.iter().find(|package| package["name"] == "hamadryad").and_then(|package| package["rust_version"].as_str());
    let told = told.expect("the core names its oldest compiler");
    for package in packages() {
        let (name, version) = (package["name"].as_str().expect("a package has a name"), package["rust_version"].as_str());
        match (package["source"].is_null(), version) {
            (true, version) if version != Some(told) => complaints.add(format!("{name}: write rust-version.workspace = true")),
            (false, Some(version)) if numbers(version) > numbers(told) => {
                complaints.add(format!("{name} needs Rust {version}, and we promise {told}: take an older one, or raise rust-version"));
            }
            _ => {}
        }
    }
    let apart = checkout::files().into_iter().filter(|path| path.ends_with("Cargo.toml") && path != "Cargo.toml");
    for path in apart {
        let manifest: toml::Table = checkout::text(&path).and_then(|text| text.parse().ok()).expect("a manifest is TOML");
        let version = &manifest["package"]["rust-version"];
        if version.as_str().is_some_and(|version| version != told) {
            complaints.add(format!("{path}: write rust-version = \"{told}\", as the workspace"));
        }
    }
    complaints.tell();
}

/// 1.95 and 1.95.0 are the same.
fn numbers(version: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = version.split('.').map(|number| number.parse().expect("a version is numbers")).collect();
    numbers.resize(3, 0);
    numbers
}
