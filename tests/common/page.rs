//! A page as a browser's parser reads it, with what must be true of every page.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use scraper::{ElementRef, Html, Node, Selector};

/// Every element of a page, with every attribute that it may have beside `class` and `id`.
const KNOWN: &[(&str, &[&str])] = &[
    ("a", &["href", "rel"]),
    ("article", &[]),
    ("b", &[]),
    ("bdi", &["dir"]),
    ("body", &[]),
    ("button", &["type"]),
    ("caption", &[]),
    ("circle", &["cx", "cy", "r"]),
    ("code", &[]),
    ("dd", &[]),
    ("details", &["open"]),
    ("div", &[]),
    ("dl", &[]),
    ("dt", &[]),
    ("fieldset", &[]),
    ("figcaption", &[]),
    ("figure", &[]),
    ("footer", &[]),
    ("form", &["hidden", "role", "aria-label", "autocomplete"]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("head", &[]),
    ("header", &[]),
    ("html", &["lang"]),
    ("i", &[]),
    ("input", &["type", "name", "value", "checked", "placeholder"]),
    ("label", &[]),
    ("legend", &[]),
    ("li", &["data-v", "data-c", "data-s", "data-r"]),
    ("main", &[]),
    ("mark", &[]),
    ("meta", &["charset", "http-equiv", "content", "name"]),
    ("nav", &["aria-label"]),
    ("ol", &[]),
    ("option", &["value"]),
    ("p", &["hidden", "role"]),
    ("path", &["d"]),
    ("rect", &["x", "y", "width", "height", "rx"]),
    ("script", &[]),
    ("section", &["aria-labelledby", "tabindex"]),
    ("select", &[]),
    ("span", &[]),
    ("style", &[]),
    ("summary", &[]),
    ("svg", &["viewBox", "width", "height", "role", "aria-label"]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &["data-label"]),
    ("text", &["x", "y"]),
    ("th", &["scope"]),
    ("thead", &[]),
    ("title", &[]),
    ("tr", &[]),
    ("ul", &[]),
];

/// A page that was read.
pub struct Page {
    pub html: Html,
}

/// What CSS selects.
pub fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap()
}

/// All words below an element.
pub fn words(element: ElementRef<'_>) -> String {
    element.text().collect()
}

impl Page {
    /// Reads a page and fails on what no page may have.
    pub fn parse(text: &str) -> Self {
        let html = Html::parse_document(text);
        assert!(html.errors.is_empty(), "{:?}", html.errors);
        let known: HashMap<&str, &[&str]> = KNOWN.iter().copied().collect();
        let (mut ids, mut anchors) = (BTreeSet::new(), BTreeSet::new());
        let mut once: BTreeMap<&str, usize> = BTreeMap::new();
        let references = references();
        for node in html.tree.nodes() {
            let element = match node.value() {
                Node::Element(element) => element,
                Node::Text(text) => {
                    let bad = text.chars().find(|c| *c != '\n' && mcpscan::text::is_hazard(*c));
                    assert!(bad.is_none(), "{bad:?} in {:?}", &text[..]);
                    continue;
                }
                Node::Comment(comment) => panic!("a comment: {:?}", &comment[..]),
                _ => continue,
            };
            let name = element.name();
            *once.entry(name).or_default() += 1;
            let allowed = known.get(name).unwrap_or_else(|| panic!("<{name}>"));
            for (attribute, value) in element.attrs() {
                assert!(
                    attribute == "class" || attribute == "id" || allowed.contains(&attribute),
                    "<{name} {attribute}={value}>"
                );
                assert!(!value.contains("evil") && !value.contains("owned"), "<{name} {attribute}={value}>");
                assert!(!value.chars().any(mcpscan::text::is_hazard), "<{name} {attribute}={value:?}>");
                match attribute {
                    "id" => assert!(ids.insert(value.to_owned()), "two of {value}"),
                    "href" if value.starts_with('#') => drop(anchors.insert(value[1..].to_owned())),
                    "href" => {
                        assert_eq!(element.attr("rel"), Some("noopener noreferrer"), "{value}");
                        assert!(value.starts_with("https://") && references.contains(value), "{value}");
                    }
                    "aria-labelledby" => drop(anchors.insert(value.to_owned())),
                    _ => {}
                }
            }
        }
        for anchor in &anchors {
            assert!(ids.contains(anchor), "nothing has the id {anchor}");
        }
        for name in ["html", "head", "body", "main", "h1", "script", "style"] {
            assert_eq!(once.get(name), Some(&1), "<{name}>");
        }
        let page = Self { html };
        page.policy();
        page.headings();
        page
    }

    /// The policy names the page's own style and script, and nothing else.
    fn policy(&self) {
        let policy = self.one("meta[http-equiv]").attr("content").unwrap();
        let mut rest = policy.to_owned();
        for (name, element) in [("style", "style"), ("script", "script")] {
            let digest = policy.split(&format!("{name}-src 'sha256-")).nth(1).unwrap().split('\'').next().unwrap();
            let expected: Vec<u8> = <sha2::Sha256 as sha2::Digest>::digest(words(self.one(element))).to_vec();
            assert_eq!(decoded(digest), expected, "{element}");
            rest = rest.replace(&format!("'sha256-{digest}'"), "own");
        }
        assert_eq!(rest, "default-src 'none'; style-src own; script-src own; base-uri 'none'; form-action 'none'");
    }

    /// No level of heading is left out.
    fn headings(&self) {
        let mut before = 0;
        for heading in self.all("h1, h2, h3, h4") {
            let level = usize::from(heading.value().name().as_bytes()[1] - b'0');
            assert!(level <= before + 1, "{} after h{before}", words(heading));
            assert!(!words(heading).trim().is_empty());
            before = level;
        }
    }

    /// The one element that fits.
    pub fn one(&self, css: &str) -> ElementRef<'_> {
        let all = self.all(css);
        assert_eq!(all.len(), 1, "{css}");
        all[0]
    }

    /// All elements that fit.
    pub fn all(&self, css: &str) -> Vec<ElementRef<'_>> {
        self.html.select(&selector(css)).collect()
    }

    /// How many elements fit.
    pub fn count(&self, css: &str) -> usize {
        self.all(css).len()
    }

    /// All words of the page.
    pub fn words(&self) -> String {
        words(self.one("body"))
    }
}

/// What our own packs refer to.
fn references() -> BTreeSet<String> {
    let packs = mcpscan::rules::Packs::built_in().unwrap();
    packs.rules().flat_map(|rule| rule.references.clone()).collect()
}

fn decoded(base64: &str) -> Vec<u8> {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = 0u32;
    let mut count = 0;
    let mut bytes = Vec::new();
    for digit in base64.trim_end_matches('=').chars() {
        bits = bits << 6 | u32::try_from(digits.find(digit).unwrap()).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}
