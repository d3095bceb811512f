use super::*;
use proptest::prelude::*;

const LIMITS: Limits = Limits { bytes: 4096, depth: 16, values: 500 };

/// Each frame in a few letters: `id` or `method` of a message, `~` noise, `!` broken.
fn frames(bytes: &[u8], chunk: usize) -> Vec<String> {
    let mut framer = Framer::new(LIMITS, &Budget::new(&super::super::Bounds::default()).next());
    let mut found = Vec::new();
    let mut out = |frame| {
        found.push(match frame {
            Frame::Message(node, _) => {
                node.get("id").or(node.get("method")).and_then(Node::scalar).unwrap_or("?".into())
            }
            Frame::Noise(_) => "~".into(),
            Frame::Broken(why) => format!("!{why}"),
        });
    };
    for part in bytes.chunks(chunk) {
        framer.push(part, &mut out);
    }
    framer.finish(&mut out);
    found
}

fn all(text: impl AsRef<[u8]>) -> Vec<String> {
    let whole = frames(text.as_ref(), 1 << 20);
    assert_eq!(whole, frames(text.as_ref(), 1), "chunks make no difference");
    whole
}

#[test]
fn lines() {
    assert_eq!(all("{\"id\":1}\n\n  {\"id\":\"2\"}\r\n{\"method\":\"ping\"}"), ["1", "2", "ping"]);
    assert_eq!(all("\u{feff}{\"id\":1}\r\n\u{feff}{\"id\":2}\r\n"), ["1", "2"]);
    assert_eq!(all("{\"id\":1}{\"id\":2} {\"id\":3}\n"), ["1", "2", "3"]);
    assert_eq!(all("{\"jsonrpc\":\"2.0\",\"error\":{}}\n"), ["?"]);
    assert!(all("").is_empty());
}

#[test]
fn noise_is_counted() {
    assert_eq!(all("Starting ...\n[ENV] WARNING: x\n{not json\n{\"id\":1}\nlast"), ["~", "~", "~", "1", "~"]);
    assert_eq!(all("{\"level\":30,\"msg\":\"up\"}\n42\n\"id\"\n{\"id\":1}\n"), ["~", "~", "~", "1"]);
    assert_eq!(all("{\"id\":1} trailing words\n{\"id\":2}\n"), ["1", "~", "2"]);
    assert_eq!(all("{\n{\"id\":1}\n[\n{\n{\"id\":2}\n"), ["~", "1", "~", "2"]);
    assert_eq!(all("[\n{\"id\":1}\n{\"id\":2}\n"), ["1", "2"]);
    assert_eq!(all("say \"hi\n{ \"open\n{\"id\":1}\n"), ["~", "~", "1"]);
}

#[test]
fn pretty_printed() {
    let text = "{\n  \"id\": 1,\n  \"result\": {\n    \"a\": [\n      1\n    ]\n  }\n}\n";
    assert_eq!(all(text), ["1"]);
    assert_eq!(all(format!("banner\n{text}log\n{}", text.replace('\n', "\r\n"))), ["~", "1", "~", "1"]);
}

#[test]
fn content_length() {
    assert_eq!(
        all("Content-Length: 8\r\n\r\n{\"id\":1}content-length: 8\r\nContent-Type: x\r\n\r\n{\"id\":2}"),
        ["1", "2"]
    );
    assert_eq!(all("Content-Length: 99999\r\n\r\n{\"id\":1}\n{\"id\":2}\n"), ["1", "2"], "a length may lie");
}

#[test]
fn batches() {
    assert_eq!(all("[{\"id\":1},{\"method\":\"m\"},{\"id\":2}]\n"), ["1", "m", "2"]);
    assert_eq!(all("[\n  {\"id\":1},\n  {\"id\":2}\n]\n"), ["1", "2"]);
    assert_eq!(all("[{\"id\":1},5]\n[]\n[1]\n"), ["1", "~", "~"]);
}

#[test]
fn bounds() {
    let deep = format!("{{\"id\":1,\"result\":{}\n{{\"id\":2}}\n", "[".repeat(9000));
    assert_eq!(all(deep), ["!an answer nested deeper than 16", "2"]);
    let long = format!("{{\"id\":1,\"result\":\"{}\n{{\"id\":2}}\n", "x".repeat(9000));
    assert_eq!(all(long), ["!an answer of more than 4 KiB", "2"]);
    let many = format!("{{\"id\":1,\"result\":[{}1]}}\n{{\"id\":2}}\n", "1,".repeat(600));
    assert_eq!(all(many), ["!an answer of more than 500 values", "2"]);
    assert_eq!(all(format!("{}\n{{\"id\":2}}\n", "[".repeat(9000))), ["~", "2"]);
    assert_eq!(all("{\"id\":1,\"result\":{\"too"), ["!a message that breaks off"]);
}

#[test]
fn values_that_parsers_differ_on() {
    assert_eq!(all(b"{\"id\":1,\"result\":\"\xff\xfe\"}\n"), ["1"]);
    assert_eq!(all("{\"id\":1,\"result\":\"\\ud800\"}\n"), ["1"]);
    assert_eq!(all("{\"id\":1,\"result\":[1,]}\n"), ["1"]);
    let nan = all("{\"id\":1,\"result\":NaN}\n");
    assert!(nan == ["1"] || nan[0].starts_with("!a message that is no valid JSON"), "{nan:?}");
}

#[test]
fn short_noise_keeps_its_words() {
    let mut framer = Framer::new(LIMITS, &Budget::new(&super::super::Bounds::default()).next());
    let mut found = Vec::new();
    framer.push(format!("usage: serve DIR \r\n{}\n", "x".repeat(500)).as_bytes(), &mut |frame| found.push(frame));
    framer.push(b"[ENV] no config\n", &mut |frame| found.push(frame));
    let env = found.pop();
    assert_eq!(env, Some(Frame::Noise(Some("[ENV] no config".into()))));
    assert_eq!(found, [Frame::Noise(Some("usage: serve DIR".into())), Frame::Noise(None)]);
}

proptest! {
    #[test]
    fn chunks_make_no_difference(text in "([{}\\[\\]\":,a1 \r\n]|\\{\"id\":1\\}\n|\\PC){0,60}", chunk in 1usize..9) {
        prop_assert_eq!(frames(text.as_bytes(), chunk), frames(text.as_bytes(), 1 << 20));
    }

    #[test]
    fn a_message_on_its_own_line_survives_what_is_before(junk in "[^{\\[]\\PC{0,40}") {
        prop_assume!(!junk.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with(['{', '[']));
        let found = frames(format!("{junk}\n{{\"id\":7}}\n").as_bytes(), 5);
        prop_assert_eq!(found.last().map(String::as_str), Some("7"));
    }
}
