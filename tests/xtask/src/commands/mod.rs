//! The commands, one file each, and the parts that `test` and `ci` share.

pub(crate) mod bench;
pub(crate) mod ci;
pub(crate) mod daemon;
pub(crate) mod demo;
pub(crate) mod examples;
pub(crate) mod floors;
pub(crate) mod help;
pub(crate) mod native;
pub(crate) mod page;
pub(crate) mod page_tests;
pub(crate) mod sanitize;
pub(crate) mod test;
pub(crate) mod wasm;
pub(crate) mod wasm_imports;
