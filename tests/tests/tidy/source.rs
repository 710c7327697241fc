//! A Rust file as tokens: comments and strings cannot be taken for code, and what is compiled for another target is seen, too.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// A file that was taken apart.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where it lies, relative to the root.
    pub(crate) path: String,
    /// How many lines are no tests.
    pub(crate) lines: usize,
    /// Its functions, nested ones included.
    pub(crate) functions: Vec<Function>,
    /// Calls and macros that are looked for, with where they stand.
    pub(crate) sights: Vec<Sight>,
    /// Names in the attributes at the file's head (`#![…]`).
    pub(crate) head: BTreeSet<String>,
    /// All names, as often as they occur.
    pub(crate) names: Vec<String>,
    /// All plain strings.
    pub(crate) strings: Vec<String>,
}

/// A function with a body.
#[derive(Debug)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// The line of `fn`.
    pub(crate) line: usize,
    /// From `fn` to the closing brace.
    pub(crate) lines: usize,
    /// Whether it is compiled for tests only.
    pub(crate) test: bool,
}

/// Something that should not stand there, maybe.
#[derive(Debug)]
pub(crate) struct Sight {
    /// What.
    pub(crate) kind: Kind,
    /// Where.
    pub(crate) line: usize,
    /// Whether it is compiled for tests only.
    pub(crate) test: bool,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `.unwrap()`.
    Unwrap,
    /// `todo!` or `unimplemented!`.
    Todo,
    /// `dbg!`.
    Dbg,
    /// `thread::sleep`.
    Sleep,
    /// `unsafe`.
    Unsafe,
}

impl Source {
    /// Takes a file apart.
    pub(crate) fn parse(path: &str, text: &str) -> Source {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{path} is no Rust: {error}"));
        let mut source = Source {
            path: path.to_owned(),
            lines: text.lines().count(),
            functions: Vec::new(),
            sights: Vec::new(),
            head: head(&tokens),
            names: Vec::new(),
            strings: Vec::new(),
        };
        source.walk(tokens, false);
        source
    }

    /// Whether all of the file is for tests or shows something: integration tests, the suite, examples.
    pub(crate) fn is_test(&self) -> bool {
        let folders = ["tests/tests/", "tests/src/", "host-native/tests/", "host-wasm/tests/", "web-demo/tests/", "core/tests/"];
        folders.iter().any(|folder| self.path.starts_with(folder)) || self.path.contains("/examples/")
    }

    /// Whether it is part of a crate that users get.
    pub(crate) fn is_shipped(&self) -> bool {
        ["core/src/", "host-native/src/", "host-wasm/src/", "web-demo/src/"].iter().any(|folder| self.path.starts_with(folder))
    }

    /// The lines of all that is looked for, of one kind; those in tests only on demand.
    pub(crate) fn lines_of(&self, kind: Kind, tests_too: bool) -> impl Iterator<Item = usize> {
        self.sights.iter().filter(move |sight| sight.kind == kind && (tests_too || !sight.test)).map(|sight| sight.line)
    }

    fn walk(&mut self, tokens: TokenStream, test: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        // Set by `#[cfg(test)]` and `#[test]`, for the item that follows.
        let mut item_is_test = false;
        let mut item_begin = 0;
        for (at, token) in tokens.iter().enumerate() {
            let rest = &tokens[at..];
            match token {
                TokenTree::Group(group) if is_attribute(&tokens[..at], group) && is_for_tests(group) => {
                    item_is_test = true;
                    item_begin = group.span_open().start().line;
                }
                TokenTree::Group(group) if is_attribute(&tokens[..at], group) => {}
                TokenTree::Group(group) => {
                    self.walk(group.stream(), test || item_is_test);
                    if group.delimiter() == Delimiter::Brace {
                        self.leave_out(item_is_test && !test, item_begin, group.span_close().end().line);
                        item_is_test = false;
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => {
                    self.leave_out(item_is_test && !test, item_begin, punct.span().end().line);
                    item_is_test = false;
                }
                TokenTree::Ident(name) => {
                    self.names.push(name.to_string());
                    self.functions.extend(function(rest, test || item_is_test));
                    let line = name.span().start().line;
                    let before = &tokens[..at];
                    self.sights.extend(kind(before, rest).map(|kind| Sight { kind, line, test: test || item_is_test }));
                }
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    self.strings.extend(text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(str::to_owned));
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// Lines of tests are no part of the file's length.
    fn leave_out(&mut self, test: bool, begin: usize, end: usize) {
        if test {
            self.lines -= end + 1 - begin;
        }
    }
}

/// The names in the attributes that a file begins with.
fn head(tokens: &TokenStream) -> BTreeSet<String> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut names = BTreeSet::new();
    for three in tokens.chunks(3) {
        let [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group)] = three else { break };
        if hash.as_char() != '#' || bang.as_char() != '!' {
            break;
        }
        names.extend(all_names(group.stream()));
    }
    names
}

fn all_names(tokens: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(name) => names.push(name.to_string()),
            TokenTree::Group(group) => names.extend(all_names(group.stream())),
            _ => {}
        }
    }
    names
}

fn is_attribute(before: &[TokenTree], group: &Group) -> bool {
    let hash = matches!(before, [.., TokenTree::Punct(hash)] if hash.as_char() == '#');
    hash && group.delimiter() == Delimiter::Bracket
}

/// `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`, and not `#[cfg(not(test))]` or `#[cfg_attr(test, …)]`.
fn is_for_tests(attribute: &Group) -> bool {
    let names = all_names(attribute.stream());
    match names.first().map(String::as_str) {
        Some("test" | "wasm_bindgen_test") => true,
        Some("cfg") => names.iter().any(|name| name == "test") && !names.iter().any(|name| name == "not" || name == "any"),
        _ => false,
    }
}

/// The function that begins here, if it is one with a name and a body.
fn function(rest: &[TokenTree], test: bool) -> Option<Function> {
    let [TokenTree::Ident(keyword), TokenTree::Ident(name), ..] = rest else { return None };
    if keyword != "fn" {
        return None;
    }
    let line = keyword.span().start().line;
    for token in rest {
        match token {
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                let lines = body.span_close().end().line + 1 - line;
                return Some(Function { name: name.to_string(), line, lines, test });
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => return None,
            _ => {}
        }
    }
    None
}

/// What the name at the head of `rest` is part of.
fn kind(before: &[TokenTree], rest: &[TokenTree]) -> Option<Kind> {
    let TokenTree::Ident(name) = rest.first()? else { return None };
    let is_macro = matches!(rest.get(1), Some(TokenTree::Punct(bang)) if bang.as_char() == '!' && bang.spacing() == Spacing::Alone);
    match name.to_string().as_str() {
        "unsafe" => Some(Kind::Unsafe),
        "todo" | "unimplemented" if is_macro => Some(Kind::Todo),
        "dbg" if is_macro => Some(Kind::Dbg),
        "unwrap" => {
            let is_method = matches!(before, [.., TokenTree::Punct(dot)] if dot.as_char() == '.');
            let is_call = matches!(rest.get(1), Some(TokenTree::Group(group)) if group.stream().is_empty());
            (is_method && is_call).then_some(Kind::Unwrap)
        }
        "sleep" => {
            let [.., TokenTree::Ident(path), TokenTree::Punct(_), TokenTree::Punct(_)] = before else { return None };
            (path == "thread").then_some(Kind::Sleep)
        }
        _ => None,
    }
}

#[test]
fn code_is_told_from_comments_strings_and_tests() {
    let text = r##"//! Says todo!() and unsafe.
#![expect(unsafe_code, reason = "x")]
fn one() {
    let text = "dbg!(x).unwrap()"; // x.unwrap()
    text.unwrap();
}

#[cfg(test)]
mod tests {
    #[test]
    fn two() {
        x.unwrap();
        std::thread::sleep(y);
    }
}
macro_rules! m { () => { unsafe { dbg!(1) } } }
type Callback = fn(u32);
"##;
    let source = Source::parse("core/src/x.rs", text);
    let sights: Vec<(Kind, usize, bool)> = source.sights.iter().map(|sight| (sight.kind, sight.line, sight.test)).collect();
    let expected =
        [(Kind::Unwrap, 5, false), (Kind::Unwrap, 12, true), (Kind::Sleep, 13, true), (Kind::Unsafe, 16, false), (Kind::Dbg, 16, false)];
    assert_eq!(sights, expected);
    let functions: Vec<(&str, usize, usize, bool)> =
        source.functions.iter().map(|function| (function.name.as_str(), function.line, function.lines, function.test)).collect();
    assert_eq!(functions, [("one", 3, 4, false), ("two", 11, 4, true)]);
    assert_eq!(source.lines, 17 - 8, "without the tests");
    assert!(source.head.contains("unsafe_code"));
    assert!(source.strings.iter().any(|text| text == "dbg!(x).unwrap()"));
}
