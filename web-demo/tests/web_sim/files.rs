//! The files of the page, and those that are none of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use hamadryad_demo::web::{Limits, Page};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::world::{HOST, World};

/// A page in a directory of the test's own, with a secret beside it.
fn page(test: &str) -> (World, PathBuf) {
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("web_sim").join(test);
    let _not_there_yet = fs::remove_dir_all(&place);
    let page = place.join("page");
    fs::create_dir_all(page.join("pkg")).unwrap();
    fs::write(place.join("secret"), "secret").unwrap();
    fs::write(page.join("index.html"), "<!doctype html>").unwrap();
    (World::with(Limits::default(), Page::directory(&page)), page)
}

fn get(world: &World, path: &str) -> (String, String) {
    let response = world.ask(&format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"));
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[test]
fn files_come_with_their_types() {
    let (world, page) = page("types");
    let types = [
        ("app.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("pkg/page_bg.wasm", "application/wasm"),
        ("data.json", "application/json"),
        ("icon.svg", "image/svg+xml"),
        ("shot.png", "image/png"),
        ("what.is.this", "application/octet-stream"),
        ("name with space.html", "text/html; charset=utf-8"),
    ];
    for (name, _) in types {
        fs::write(page.join(name), format!("this is {name}")).unwrap();
    }
    for (name, media_type) in types {
        let (head, body) = get(&world, &format!("/{}", name.replace(' ', "%20")));
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains(&format!("\r\nContent-Type: {media_type}\r\n")), "{head}");
        assert_eq!(body, format!("this is {name}"));
    }
    assert_eq!(get(&world, "/").1, "<!doctype html>");
}

#[test]
fn no_way_leads_out_of_the_directory() {
    let (world, page) = page("traversal");
    fs::write(page.join("pkg/in.js"), "in").unwrap();
    fs::write(page.join(".hidden"), "secret").unwrap();
    symlink("../secret", page.join("link")).unwrap();
    symlink("..", page.join("up")).unwrap();
    symlink("/", page.join("top")).unwrap();
    symlink("pkg/in.js", page.join("inside.js")).unwrap();
    symlink("loop", page.join("loop")).unwrap();
    mknodat(CWD, page.join("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();

    assert_eq!(get(&world, "/pkg/in.js").1, "in");
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/%2e%2e%2fsecret",
        "/..%2fsecret",
        "/..\\secret",
        "/..%5csecret",
        "/pkg/../../secret",
        "/pkg/../index.html",
        "/./index.html",
        "//index.html",
        "/pkg//in.js",
        "/pkg/",
        "/pkg",
        "/index.html/",
        "/index.html%00.js",
        "/.hidden",
        "/link",
        "/inside.js",
        "/up/secret",
        "/up/page/index.html",
        "/top/etc/hostname",
        "/loop",
        "/pipe",
        &format!("/{}", page.join("index.html").display()),
        &format!("/{}", "x".repeat(5000)),
    ] {
        let (head, body) = get(&world, path);
        assert!(head.starts_with("HTTP/1.1 404 Not Found"), "{path}: {head}\n{body}");
        assert!(!body.contains("secret\n") || path.contains("secret"), "{path}: {body}");
    }
}

#[test]
fn a_large_file_comes_whole_however_slowly_it_is_read() {
    let (world, page) = page("large");
    let content: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(page.join("large.wasm"), &content).unwrap();
    let client = world.connect_with_room(50_000);
    client.say(format!("GET /large.wasm HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes());
    let response = client.bytes();
    let end = response.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert!(std::str::from_utf8(&response[..end]).unwrap().contains("\r\nContent-Length: 4000000\r\n"));
    assert!(response[end..] == content, "{} bytes", response.len());
}

#[test]
fn a_page_that_is_built_anew_is_served_anew() {
    let (world, page) = page("anew");
    fs::rename(&page, page.with_file_name("old")).unwrap();
    assert!(get(&world, "/").0.starts_with("HTTP/1.1 404 "));
    fs::create_dir(&page).unwrap();
    fs::write(page.join("index.html"), "new").unwrap();
    assert_eq!(get(&world, "/").1, "new");
}
