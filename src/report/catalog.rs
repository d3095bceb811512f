//! What servers offer, a catalog a line, as `--tools` takes it back.

use serde_json::value::RawValue;

use crate::connect::Catalog;
use crate::document::{Kind, Node};
use crate::text::Redactor;

/// One line of JSON. Everything is as the server wrote it, duplicate keys and large numbers too, but for what the
/// redactor knows.
pub fn catalog(catalog: &Catalog, redactor: &Redactor) -> String {
    let mut line = Line { text: String::from("{"), redactor };
    if let Some(client) = &catalog.client {
        line.key("client");
        line.string(client);
    }
    if !catalog.also.is_empty() {
        line.key("also");
        line.list(&catalog.also, |line, client| line.string(client));
    }
    line.key("server");
    line.string(&catalog.server);
    if let Some(look) = &catalog.look {
        line.key("look");
        line.text.push_str(&format!("{{\"number\":{},\"as\":", look.number));
        line.string(&look.caller);
        line.text.push('}');
    }
    for (key, node) in [("serverInfo", &catalog.info), ("instructions", &catalog.instructions)] {
        if let Some(node) = node {
            line.key(key);
            line.node(node);
        }
    }
    for (key, items) in catalog.lists() {
        line.key(key);
        line.list(items, |line, item| line.node(item));
    }
    super::json::inert(&line.text) + "}\n"
}

/// A line while it is written.
struct Line<'r> {
    text: String,
    redactor: &'r Redactor,
}

impl Line<'_> {
    fn key(&mut self, key: &str) {
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
        self.quoted(key);
        self.text.push(':');
    }

    fn string(&mut self, text: &str) {
        let clean = self.redactor.clean(text);
        self.quoted(&clean);
    }

    fn quoted(&mut self, text: &str) {
        // A string can always be written.
        self.text.push_str(&serde_json::to_string(text).unwrap_or_default());
    }

    fn list<T>(&mut self, items: &[T], mut one: impl FnMut(&mut Self, &T)) {
        self.text.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            one(self, item);
        }
        self.text.push(']');
    }

    fn node(&mut self, node: &Node) {
        match &node.kind {
            Kind::Null => self.text.push_str("null"),
            Kind::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            // `NaN` and its like were read, and nobody could read them back.
            Kind::Number(digits) if serde_json::from_str::<&RawValue>(digits).is_ok() => self.text.push_str(digits),
            Kind::Number(text) | Kind::String(text) => self.string(text),
            Kind::Array(elements) => self.list(elements, |line, element| line.node(element)),
            Kind::Object(members) => {
                self.text.push('{');
                for (index, member) in members.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.string(&member.key);
                    self.text.push(':');
                    self.node(&member.value);
                }
                self.text.push('}');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::read_saved;
    use crate::document::{Source, Sources};

    #[test]
    fn what_is_written_is_read_back() {
        let saved = concat!(
            r#"{"client":"c","also":["d"],"server":"s","look":{"number":2,"as":"x"},"serverInfo":{"name":"x"},"instructions":7,"#,
            r#""tools":[{"name":"a","name":"b","x":12345678901234567890123,"y":1e999},null,"t\u202e\ud83d\ude00\u0007"],"#,
            r#""prompts":[],"resources":[{"uri":"x:secret-value"}],"resourceTemplates":[true]}"#,
            "\n"
        );
        let read = |text: &str| {
            let mut sources = Sources::default();
            let id = sources.add(Source::new("x.ndjson", text));
            read_saved(id, sources.get(id)).0
        };
        let mut redactor = Redactor::default();
        let again = |redactor: &Redactor, text: &str| catalog(&read(text)[0], redactor);
        let once = again(&redactor, saved);
        assert_eq!(once, saved.replace("\\ud83d\\ude00", "\u{1f600}"));
        assert_eq!(again(&redactor, &once), once);
        redactor.learn("secret-value");
        assert!(again(&redactor, saved).contains("x:[redacted]"));
    }
}
