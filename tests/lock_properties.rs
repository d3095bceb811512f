//! What a lock must be for any server: the same after writing and reading, blind to order, and not to a single character.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use mcpscan::connect::{Catalog, read_saved};
use mcpscan::document::{Source, Sources, Span};
use mcpscan::lock::{Change, Key, Lock, Now, Server, What, compare, offers, read, write};
use mcpscan::text::Redactor;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn catalog(text: &str) -> Catalog {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("x.json", text));
    let (mut catalogs, errors) = read_saved(id, sources.get(id));
    assert!(errors.is_empty(), "{errors:?} {text}");
    catalogs.remove(0)
}

fn server(name: &str, list: &Value) -> Now {
    offered(name, &list.to_string())
}

fn offered(name: &str, list: &str) -> Now {
    let catalog = catalog(list);
    let server = Server {
        key: Key { name: name.to_owned(), copy: 1, ..Key::default() },
        client: None,
        accepted: true,
        forced: None,
        start: None,
        offers: Some(offers(&catalog, &Redactor::default())),
        at: Span::new(0, 0),
    };
    Now { server, whole: true }
}

/// Through the file and back.
fn locked(now: &[Now]) -> Lock {
    let lock = Lock::new(now.iter().map(|now| now.server.clone()).collect());
    let text = write(&lock);
    let back = read("mcpscan.lock", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(back.is_same(&lock), "{text}");
    assert_eq!(write(&back), text);
    back
}

fn told(before: &Value, now: &Value) -> Vec<Change> {
    compare(&locked(&[server("s", before)]), &[server("s", now)], &|_| true)
}

/// Tools of public servers, and how many of them a run looks at: 2 000, or all with `LOCK_ALL=1`.
fn real_tools() -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(common::shared("corpus/tools/benign-catalogue.jsonl")?).unwrap();
    let all: Vec<Value> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["tool"].clone()).collect();
    let every = if std::env::var_os("LOCK_ALL").is_some() { 1 } else { all.len() / 2_000 };
    Some(all.into_iter().step_by(every.max(1)).collect())
}

/// Every string and every key of a value, as a way to change it: its path as findings write it, and the steps to it.
#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

fn strings(value: &Value, path: &str, steps: &[Step], found: &mut Vec<(String, Vec<Step>)>) {
    let further = |step: Step| steps.iter().cloned().chain([step]).collect::<Vec<_>>();
    match value {
        Value::String(text) if !text.is_empty() => found.push((path.to_owned(), steps.to_vec())),
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                strings(element, &format!("{path}[{index}]"), &further(Step::Index(index)), found);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                strings(value, &path, &further(Step::Key(key.clone())), found);
            }
        }
        _ => {}
    }
}

fn at<'v>(mut value: &'v mut Value, steps: &[Step]) -> &'v mut Value {
    for step in steps {
        value = match step {
            Step::Key(key) => &mut value[key.as_str()],
            Step::Index(index) => &mut value[*index],
        };
    }
    value
}

/// Another character in place of one, chosen by a number.
fn altered(text: &str, seed: usize) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let place = seed % chars.len();
    match seed / 7 % 4 {
        0 => chars[place] = if chars[place] == 'x' { 'y' } else { 'x' },
        1 => chars.insert(place, '\u{200b}'),
        2 => chars.insert(place, ' '),
        _ => chars[place] = if chars[place] == 'Я' { 'x' } else { 'Я' },
    }
    chars.into_iter().collect()
}

#[test]
fn one_character_of_any_field_is_found_and_named() {
    let Some(tools) = real_tools() else { return };
    assert!(tools.len() >= 2_000);
    let mut checked = 0;
    for (number, tool) in tools.iter().enumerate() {
        let list = json!({"tools": [tool]});
        let lock = locked(&[server("s", &list)]);
        assert_eq!(compare(&lock, &[server("s", &list)], &|_| true).len(), 0, "{tool}");
        let mut found = Vec::new();
        strings(tool, "", &[], &mut found);
        let samples: Vec<usize> = match std::env::var_os("LOCK_ALL") {
            Some(_) => (0..found.len()).collect(),
            // The description, and two places that differ from tool to tool.
            None => vec![number % found.len(), number * 31 % found.len(), number * 7 % found.len()],
        };
        for sample in samples {
            let (path, steps) = &found[sample];
            let mut changed = list.clone();
            let text = at(&mut changed["tools"][0], steps);
            *text = altered(text.as_str().unwrap(), number * 13 + sample * 5).into();
            let changes = compare(&lock, &[server("s", &changed)], &|_| true);
            checked += 1;
            let [change] = changes.as_slice() else { panic!("{path} of {tool}: {changes:?}") };
            match &change.what {
                What::Renamed(from) => assert!(path == "name" && tool["name"] == from.as_str(), "{change:?}"),
                What::Changed(difference) => {
                    // Required names have no order, so no number either.
                    let (own, told) = (path.split(".required[").next(), difference.path.split(".required").next());
                    assert!(
                        *path == difference.path || path.contains(".required[") && own == told,
                        "{path}: {change:?}"
                    );
                }
                other => panic!("{path} of {tool}: {other:?}"),
            }
        }
    }
    eprintln!("{checked} changes of one character in {} tools", tools.len());
    assert!(checked >= 3 * 2_000);
}

#[test]
fn a_key_of_any_field_is_found() {
    let Some(tools) = real_tools() else { return };
    let mut checked = 0;
    for (number, tool) in tools.iter().enumerate() {
        let Some(parameters) = tool["inputSchema"]["properties"].as_object().filter(|map| !map.is_empty()) else {
            continue;
        };
        let key = parameters.keys().nth(number % parameters.len()).unwrap().clone();
        let mut changed = tool.clone();
        let map = changed["inputSchema"]["properties"].as_object_mut().unwrap();
        let value = map.remove(&key).unwrap();
        map.insert(altered(&key, number), value);
        let changes = told(&json!({"tools": [tool]}), &json!({"tools": [changed]}));
        let path = |change: &Change| match &change.what {
            What::Changed(difference) => difference.path.clone(),
            other => panic!("{other:?}"),
        };
        let own = format!("inputSchema.properties.{key}");
        assert!(changes.len() == 2 && changes.iter().any(|change| path(change) == own), "{key} of {tool}: {changes:?}");
        checked += 1;
    }
    assert!(checked > 1_000, "{checked}");
}

/// The same value with the keys of every map turned around.
fn turned(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().rev().map(|(key, value)| (key.clone(), turned(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(elements) => Value::Array(elements.iter().map(turned).collect()),
        other => other.clone(),
    }
}

#[test]
fn another_order_is_not_found() {
    let Some(tools) = real_tools() else { return };
    for pages in tools.chunks(40) {
        let one = json!({"tools": pages});
        let (first, last) = pages.split_at(pages.len() / 3);
        let other: Vec<Value> = last.iter().rev().chain(first).map(turned).collect();
        // Blanks, and escapes for what needs none.
        let spaced = serde_json::to_string_pretty(&json!({"tools": other})).unwrap();
        let spaced = spaced.replace("\"type\": \"string\"", "\"t\\u0079pe\"  :\t\"str\\u0069ng\"");
        let lock = locked(&[server("s", &one)]);
        let changes = compare(&lock, &[offered("s", &spaced)], &|_| true);
        assert_eq!(changes.len(), 0, "{changes:?}");
    }
}

#[test]
fn a_lock_of_many_servers_is_small() {
    let Some(tools) = real_tools() else { return };
    let all: Vec<Value> = tools.iter().cycle().take(6_000).cloned().collect();
    let servers: Vec<Now> = all
        .chunks(20)
        .enumerate()
        .map(|(number, tools)| server(&format!("server-{number}"), &json!({"tools": tools})))
        .collect();
    assert_eq!(servers.len(), 300);
    let size = write(&locked(&servers)).len();
    eprintln!("300 servers with 6 000 tools: {size} bytes");
    assert!(size < 3_000_000, "{size}");
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        "\\PC{0,8}|[\u{0}-\u{1f}\u{85}\u{2028}\u{200b}\"\\\\a]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(
                ("[a-c.#\n \u{200b}\"]{0,3}|properties|required|name|inputSchema|annotations", inner),
                0..4
            )
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever a server says, its lock is read back as it was written and finds nothing, and finds everything that serde's
    /// own comparison of sorted lists finds.
    #[test]
    fn what_differs_is_told_and_nothing_else(before in prop::collection::vec(json_value(), 0..4), now in prop::collection::vec(json_value(), 0..4)) {
        let list = |items: &[Value]| json!({"tools": items.iter().map(|item| json!({"name": "t", "x": item, "inputSchema": item})).collect::<Vec<_>>()});
        prop_assert_eq!(told(&list(&before), &list(&before)).len(), 0);
        let sorted = |items: &[Value]| {
            let mut texts: Vec<String> = items.iter().map(|item| plain(item).to_string()).collect();
            texts.sort();
            texts
        };
        prop_assert_eq!(told(&list(&before), &list(&now)).is_empty(), sorted(&before) == sorted(&now));
    }

    /// Whatever is in the file, reading it ends in a lock or an error.
    #[test]
    fn any_file_is_a_lock_or_an_error(at in 0.0..1.0f64, what in "[\\[\\]={}\"\\\\,a0\n]{0,3}", cut in 0usize..4) {
        let text = write(&locked(&[server("a", &json!({"instructions": "i", "tools": [{"name": "t", "description": "d"}]})), server("b", &json!({"tools": []}))]));
        let place = (text.len() as f64 * at) as usize;
        let place = (0..=place).rev().find(|place| text.is_char_boundary(*place)).unwrap();
        let end = (place + cut).min(text.len());
        let broken = format!("{}{what}{}", &text[..place], text.get(end..).unwrap_or_default());
        if let Ok(lock) = read("mcpscan.lock", &broken) {
            // What can still be read says what it said: digests are those of the text.
            let items = lock.servers.iter().flat_map(|server| server.offers.iter().flatten());
            let known = read("mcpscan.lock", &text).unwrap();
            let known: Vec<&String> = known.servers.iter().flat_map(|server| server.offers.iter().flatten()).map(|item| &item.digest).collect();
            prop_assert!(items.into_iter().all(|item| known.contains(&&item.digest)));
        }
    }
}

/// Keys in order, required names in order where a schema has them, whole numbers without a fraction.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> =
                members.iter().map(|(key, value)| (key.clone(), plain(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(elements) => Value::Array(elements.iter().map(plain).collect()),
        Value::Number(number) => match number.as_f64() {
            Some(whole) if number.is_f64() && whole.fract() == 0.0 && whole.abs() < 1e15 => json!(whole as i64),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}
