//! The report as JSON: what reads it elsewhere relies on these names.

use hamadryad::sim::Sim;
use hamadryad::{AnyNode, TreeReport, millis, secs};
use serde_json::{Value, json};

fn grove() -> Sim {
    let sim = Sim::seeded(7);
    sim.root().insert([0_u64; 4]).named("four").label("a \"b\"");
    let serve = async move |me: AnyNode| me.spawn("inner", async |me: AnyNode| me.sleep(secs(9)).await).timeout(secs(5)).await;
    sim.root().spawn("serve", serve).background().detach();
    sim.settle();
    sim.advance(millis(1500));
    sim
}

fn to_json(report: &TreeReport) -> Value {
    serde_json::to_value(report).expect("a report has nothing that JSON lacks")
}

#[test]
fn a_report_is_an_object_with_sums_and_lines() {
    let sim = grove();
    let report = sim.root().report();
    let value = to_json(&report);
    assert_eq!(value["up_ms"], 1500);
    assert_eq!(value["nodes"], 4);
    assert_eq!(value["requests"], 2);
    assert_eq!(value["bytes"], report.bytes());
    assert_eq!(value["omitted"], 0);
    assert_eq!(value.as_object().expect("an object").len(), 6);

    let lines = value["lines"].as_array().expect("a list");
    let names: Vec<&str> = lines.iter().map(|line| line["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["root", "four", "serve", "inner"]);
    let bytes: u64 = lines.iter().map(|line| line["bytes"].as_u64().expect("a number")).sum();
    assert_eq!(value["bytes"], bytes, "the head has the sum");
}

#[test]
fn a_line_says_null_for_what_is_not_there() {
    let sim = grove();
    let value = to_json(&sim.root().report());
    let mut four = value["lines"][1].clone();
    let place = four["place"].take();
    assert!(place.as_str().is_some_and(|place| place.contains("report_json.rs:")), "{place}");
    let id = four["id"].take();
    let node = sim.root().children().find(|node| node.name() == "four").expect("it is there");
    assert_eq!(id, node.id().to_string());
    let expected = json!({
        "id": null, "depth": 1, "name": "four", "label": "a \"b\"", "kind": "[u64; 4]", "place": null,
        "age_ms": 1500, "bytes": 96 + 32, "runs": null, "waits": null, "deadline_ms": null,
    });
    assert_eq!(four, expected);
}

#[test]
fn a_requests_line_says_runs_wait_and_deadline() {
    let sim = grove();
    let value = to_json(&sim.root().report());
    let [serve, inner] = [&value["lines"][2], &value["lines"][3]];
    assert_eq!((&serve["kind"], &serve["waits"], &serve["runs"]), (&json!("request, background"), &json!("inner"), &json!(1)));
    assert_eq!((&inner["depth"], &inner["waits"], &inner["deadline_ms"]), (&json!(2), &json!("sleep"), &json!(3500)));
}

#[test]
fn a_stale_handle_gives_an_empty_report() {
    let sim = grove();
    let node: AnyNode = sim.root().insert(1).into();
    node.free();
    let empty = json!({ "up_ms": 0, "nodes": 0, "requests": 0, "bytes": 0, "omitted": 0, "lines": [] });
    assert_eq!(to_json(&node.report()), empty);
}

#[test]
fn the_first_lines_are_those_of_the_whole() {
    let sim = grove();
    let whole = to_json(&sim.root().report());
    for lines_max in 0..6 {
        let report = sim.root().report_first(lines_max);
        let mut expected = whole.clone();
        expected["lines"].as_array_mut().expect("a list").truncate(lines_max);
        expected["omitted"] = json!(4_usize.saturating_sub(lines_max));
        assert_eq!(to_json(&report), expected);
        let says_so = report.to_string().ends_with(&format!("… and {} nodes more\n", report.omitted()));
        assert_eq!(says_so, lines_max < 4, "{report}");
    }
}

#[test]
fn lines_are_the_text_as_data() {
    let sim = grove();
    let report = sim.root().report();
    assert_eq!(report.lines().len(), report.nodes());
    let text = report.to_string();
    for (line, printed) in report.lines().zip(text.lines().skip(1)) {
        assert!(printed.contains(line.name()), "{printed}");
        assert!(line.waits().is_none_or(|waits| printed.ends_with(&format!("waits: {waits}"))), "{printed}");
        assert_eq!(sim.root().find(line.id()).map(AnyNode::name), Some(line.name()));
    }
}
