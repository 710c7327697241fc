//! The lines of Rust that the page shows are the ones that run.
#![cfg(not(target_family = "wasm"))]

const PAGE: &str = include_str!("../www/index.html");
const SOURCES: [&str; 2] = [include_str!("../src/lookups.rs"), include_str!("../../src/resolver.rs")];

/// The text of the page's block of code, without its colours.
fn shown() -> String {
    let (_, code) = PAGE.split_once("<pre").and_then(|(_, rest)| rest.split_once("<code>")).expect("there is a block of code");
    let (code, _) = code.split_once("</code>").expect("it ends");
    let mut text = String::new();
    for part in code.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[test]
fn every_line_is_one_of_the_sources() {
    let shown = shown();
    let lines: Vec<&str> = shown.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
    assert!((16..=20).contains(&lines.len()), "twenty lines with their comments, not {}", lines.len());
    for line in lines {
        let is_there = SOURCES.iter().any(|source| source.lines().any(|known| known.trim() == line));
        assert!(is_there, "`{line}` is in no source any more: show what is there now");
    }
}
