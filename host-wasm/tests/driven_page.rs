//! Law 8 where panics abort: a page whose timer panics, driven in headless Chromium.
//!
//! Ignored by a plain `cargo test`, because the page has to be built before: `cargo xtask test wasm` does both. By hand (see the
//! variables below):
//!
//! ```sh
//! cargo build --target wasm32-unknown-unknown -p hamadryad-wasm --example driven_page
//! wasm-bindgen --target web --no-typescript --out-dir DIR target/wasm32-unknown-unknown/debug/examples/driven_page.wasm
//! cp host-wasm/examples/driven_page.html DIR/
//! HAMADRYAD_DRIVEN_PAGE=DIR cargo test -p hamadryad-wasm --test driven_page -- --ignored
//! ```
//!
//! - `HAMADRYAD_DRIVEN_PAGE`: the folder with `driven_page.html`, `driven_page.js`, `driven_page_bg.wasm`;
//! - `CHROMIUM`: the browser, if it is not `chromium` in the path.
#![cfg(not(target_family = "wasm"))]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;
use std::{env, fs, io, thread};

const OUTCOME_WITHIN: Duration = Duration::from_secs(60);

#[test]
#[ignore = "needs the page to be built: `cargo xtask test wasm`"]
fn law_08_a_panic_in_a_page_is_told_once_and_closes_the_tree() {
    let folder = env::var_os("HAMADRYAD_DRIVEN_PAGE").expect("HAMADRYAD_DRIVEN_PAGE names the folder with the built page");
    let outcome = drive(Path::new(&folder));
    println!("{outcome}");
    let told = lines_of(&outcome, "told");
    assert_eq!(told.len(), 2, "the page is told once of each tree: {told:?}");
    assert!(told[0].contains("clockwork › doomed › spring"), "the running request's path: {}", told[0]);
    assert!(told[0].contains("the spring broke"), "the message: {}", told[0]);
    assert!(told[0].contains("driven_page.rs:"), "the place: {}", told[0]);
    assert!(told[1].contains("fragile › boom") && told[1].contains("the handler broke"), "of a handler, too: {}", told[1]);
    assert_eq!(number_of(&outcome, "trapsBefore"), [1], "later timers and events return at once, without a trap of their own");
    assert_eq!(number_of(&outcome, "traps"), [2], "and so after the panic in a handler");
    assert_eq!(number_of(&outcome, "dom"), [1, 1], "no event that it listened to reaches the closed tree");
    assert_eq!(number_of(&outcome, "fragile"), [0, 0], "nothing of a tree runs after the panic in its handler");
    assert_eq!(number_of(&outcome, "events"), [1], "the page called the tree's closure after the panic");
    let doomed = number_of(&outcome, "doomed"); // at the panic, and when the other tree had gone on for 20 ticks
    assert!(doomed.len() == 2 && doomed[0] >= 1, "it ticked before: {doomed:?}");
    assert_eq!(doomed[0], doomed[1], "no timer of the closed tree runs");
    assert_eq!(number_of(&outcome, "event"), [0, 0], "no event of the page reaches it");
    let bystander = number_of(&outcome, "bystander");
    assert!(bystander[1] > bystander[0], "a tree that did not panic goes on: {bystander:?}");
}

/// Serves `folder` on loopback, opens its page in Chromium, and gives the JSON that the page posts.
fn drive(folder: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let (send, receive) = mpsc::channel();
    let served = folder.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // A browser opens connections it does not use: each has a thread.
            let (served, send) = (served.clone(), send.clone());
            thread::spawn(move || stream.and_then(|stream| serve(&served, stream, &send)));
        }
    });
    let _browser = Browser::open(&format!("http://127.0.0.1:{port}/driven_page.html"), &folder.join("profile"));
    receive.recv_timeout(OUTCOME_WITHIN).expect("the page posts its outcome within a minute")
}

/// Chromium, with a profile of its own that stays beside the page: its helpers still write there when it is gone.
struct Browser(Child);

impl Browser {
    fn open(url: &str, profile: &Path) -> Browser {
        if profile.exists() {
            fs::remove_dir_all(profile).expect("the profile of the run before can be removed");
        }
        let chromium = env::var_os("CHROMIUM").unwrap_or_else(|| "chromium".into());
        let process = Command::new(chromium)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--remote-debugging-port=0"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Chromium starts: install it (Debian: `chromium`), or set CHROMIUM");
        Browser(process)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.0.kill().expect("it is our own child");
        self.0.wait().expect("it was not waited for yet");
    }
}

/// One request of HTTP/1.1: a file of `folder`, or the outcome.
fn serve(folder: &Path, mut stream: TcpStream, outcome: &Sender<String>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let mut words = head.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some("POST"), Some("/outcome")) => {
            let mut body = vec![0; content_length(&head)];
            reader.read_exact(&mut body)?;
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")?;
            drop(outcome.send(String::from_utf8_lossy(&body).into_owned()));
        }
        (Some("GET"), Some(path)) => match file(folder, path) {
            Some((kind, bytes)) => {
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", bytes.len());
                stream.write_all(head.as_bytes())?;
                stream.write_all(&bytes)?;
            }
            None => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?,
        },
        _ => {}
    }
    Ok(())
}

fn content_length(head: &str) -> usize {
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(|text| text.trim().to_owned()));
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The three files of the page, by name.
fn file(folder: &Path, path: &str) -> Option<(&'static str, Vec<u8>)> {
    let kind = match path {
        "/driven_page.html" => "text/html",
        "/driven_page.js" => "text/javascript",
        "/driven_page_bg.wasm" => "application/wasm",
        _ => return None,
    };
    Some((kind, fs::read(folder.join(&path[1..])).ok()?))
}

/// The strings of the list `name`, from JSON written with one value a line.
fn lines_of(json: &str, name: &str) -> Vec<String> {
    let list = json.split_once(&format!("\"{name}\": [")).map_or("", |(_, rest)| rest);
    list.lines().map(str::trim).skip(1).take_while(|line| line.starts_with('"')).map(str::to_owned).collect()
}

/// The numbers of all fields `name`, in their order.
fn number_of(json: &str, name: &str) -> Vec<u32> {
    let field = format!("\"{name}\": ");
    let numbers = json.lines().filter_map(|line| line.trim().strip_prefix(&field));
    numbers.map(|number| number.trim_end_matches(',').parse().expect("a number")).collect()
}
