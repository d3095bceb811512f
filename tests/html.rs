//! The page for a browser: well formed, of our own elements alone, complete, bounded, and quiet in a real browser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[allow(unreachable_pub, missing_docs)]
#[path = "common/attacks.rs"]
mod attacks;
mod common;
#[allow(unreachable_pub, missing_docs)]
#[path = "common/many.rs"]
mod many;
#[allow(unreachable_pub, missing_docs)]
#[path = "common/page.rs"]
mod page;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::Place;
use mcpscan::pipeline::Tables;
use mcpscan::report::{Format, Style, render};
use page::{Page, selector, words};
use scraper::ElementRef;
use serde_json::Value;

const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];

/// A page and the JSON report of the same run.
fn both(place: &Place, args: &[&str]) -> (Page, Value) {
    let run = |format: &str| place.run(&[args, &["--format", format]].concat());
    let ran = run("html");
    assert!(ran.err.is_empty(), "{}", ran.err);
    (Page::parse(&ran.out), run("json").json())
}

/// The numbers of pills such as `3 critical`.
fn pills(of: ElementRef<'_>) -> BTreeMap<String, usize> {
    let pills = selector(".sev");
    let all = of.select(&pills).map(words);
    all.map(|pill| pill.split_once(' ').map(|(count, severity)| (severity.to_owned(), count.parse().unwrap())).unwrap())
        .collect()
}

fn of_severity(json: &Value) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for finding in json["findings"].as_array().unwrap().iter().filter(|finding| finding["suppressed"].is_null()) {
        *counts.entry(finding["severity"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    counts
}

fn sums<'a>(all: impl Iterator<Item = ElementRef<'a>>) -> BTreeMap<String, usize> {
    let mut sums = BTreeMap::new();
    for (severity, count) in all.flat_map(pills) {
        *sums.entry(severity).or_insert(0) += count;
    }
    sums
}

/// What is counted is what is there; the worst and most frequent first.
fn assert_table(page: &Page, json: &Value) {
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in json["findings"].as_array().unwrap().iter().filter(|finding| finding["suppressed"].is_null()) {
        *expected.entry(finding["rule"].as_str().unwrap()).or_default() += 1;
    }
    let mut before = (0, usize::MAX);
    let rows = page.all("#found tbody tr");
    assert_eq!(rows.len(), expected.len());
    for row in rows {
        let of = |css: &str| words(row.select(&selector(css)).next().unwrap());
        let (severity, rule, count) = (of(".sev"), of(".id"), of("td[data-label=Findings]").parse().unwrap());
        assert_eq!(expected.remove(rule.as_str()), Some(count), "{rule}");
        let rank = SEVERITIES.iter().position(|word| *word == severity).unwrap();
        assert!(before.0 < rank || before.0 == rank && count <= before.1, "{rule}");
        before = (rank, count);
        // Its explanation is the one that it leads to.
        let to = row.select(&selector("a")).next().unwrap().attr("href").unwrap();
        assert_eq!(words(page.one(&format!("{to} .id"))), rule);
    }
}

/// Everything that the page counts is what the JSON report lists.
fn assert_complete(page: &Page, json: &Value) {
    let expected = of_severity(json);
    let tiles: BTreeMap<String, usize> = page
        .all(".tile")
        .into_iter()
        .map(|tile| words(tile))
        .map(|tile| {
            tile.split_once(' ').map(|(count, severity)| (severity.to_owned(), count.parse().unwrap())).unwrap()
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(tiles, expected);
    assert_eq!(sums(page.all("details.server > summary").into_iter()), expected);
    let listed =
        page.all("#found td[data-label=Findings]").into_iter().map(|cell| words(cell).parse::<usize>().unwrap());
    assert_eq!(listed.sum::<usize>(), expected.values().sum::<usize>());
    for severity in SEVERITIES {
        let items = page.count(&format!("li.finding[data-v={severity}]"));
        assert_eq!(items, expected.get(severity).copied().unwrap_or(0), "{severity}");
    }
    for finding in json["findings"].as_array().unwrap() {
        let kind = if finding["suppressed"].is_null() { "finding" } else { "accepted" };
        let item = page.one(&format!("li.{kind}#f-{}", finding["fingerprint"].as_str().unwrap()));
        let place = &finding["location"];
        if !place.is_null() {
            let path = mcpscan::text::visible(place["path"].as_str().unwrap());
            let place = format!("{path}:{}:{}", place["line"], place["column"]);
            assert!(words(item).contains(&place), "{place}");
        }
        let rule = finding["rule"].as_str().unwrap();
        assert!(page.count("#rules details") > 0 || kind == "accepted");
        let card = if kind == "finding" { ElementRef::wrap(item.ancestors().nth(1).unwrap()).unwrap() } else { item };
        assert!(words(card).contains(rule), "{rule}");
    }
    assert_table(page, json);
    let coverage = &json["coverage"];
    let rows = |heading: &str| {
        page.all("#coverage table")
            .into_iter()
            .filter(|table| words(table.select(&selector("caption")).next().unwrap()) == heading)
            .map(|table| table.select(&selector("tbody tr")).count())
            .sum::<usize>()
    };
    assert_eq!(rows("Files"), coverage["configs"].as_array().unwrap().len());
    assert_eq!(rows("Servers"), coverage["servers"].as_array().unwrap().len());
}

const FLOWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/flows/three-clients.ndjson");

fn config(place: &Place) {
    place.write(
        "project/.mcp.json",
        r#"{"mcpServers": {
  "files": {"command": "npx", "args": ["-y", "@acme/files"], "env": {"ACME_API_KEY": "q7Zt2mXw9LbK4vRn8cYp3sHd"}},
  "web": {"type": "sse", "url": "http://mcp.example.com/sse"},
  "ours": {"command": "npx", "args": ["-y", "@acme/ours"]}
}}"#,
    );
    place.write(
        "project/.mcpscan.toml",
        "[[ignore]]\nrule = \"supply-chain/unpinned-package\"\nserver = \"ours\"\nreason = \"it is <b>ours</b>\"\n",
    );
    place.write("project/.cursor/mcp.json", "{ broken");
}

#[test]
fn it_says_what_the_other_reports_say() {
    let place = Place::new();
    config(&place);
    let (page, json) = both(&place, &[".", "--pedantic"]);
    assert!(json["summary"]["suppressed"].as_u64() > Some(0), "{json}");
    assert_complete(&page, &json);
    let suppressed = words(page.one("#suppressed"));
    assert!(suppressed.contains("it is <b>ours</b>"), "{suppressed}");
    assert!(words(page.one("#coverage")).contains("failed"));
    assert!(!page.words().contains("q7Zt2mXw9LbK4vRn8cYp3sHd"));
    let (page, json) = both(&place, &["--tools", FLOWS, "--pedantic", "--min-confidence", "low"]);
    assert_complete(&page, &json);
}

#[test]
fn what_explains_a_finding_stands_beside_it() {
    let place = Place::new();
    config(&place);
    let (page, json) = both(&place, &["."]);
    let packs = mcpscan::rules::Packs::built_in().unwrap();
    for finding in json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["suppressed"].is_null() && finding["severity"] != "info")
    {
        let item = page.one(&format!("#f-{}", finding["fingerprint"].as_str().unwrap()));
        let card = words(ElementRef::wrap(item.ancestors().nth(1).unwrap()).unwrap());
        let plain = |text: &str| text.trim().replace('`', "");
        let rule = packs.rule(finding["rule"].as_str().unwrap()).unwrap();
        assert!(card.contains(&plain(&rule.why)), "{card}");
        assert!(card.contains(&plain(finding["help"].as_str().unwrap())), "{card}");
        assert!(item.select(&selector(".snippet mark")).next().is_some(), "{card}");
    }
    let hidden = json["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "info").count();
    assert!(
        hidden > 0 && words(page.one("header")).contains(&format!("{hidden} finding")),
        "{}",
        words(page.one("header"))
    );
}

#[test]
fn nothing_to_say_is_said() {
    let place = Place::new();
    let (page, _) = both(&place, &["."]);
    assert!(page.words().contains("Nothing found in what was looked at."));
    assert_eq!(page.count("form"), 0);
    place.write("project/.mcp.json", "{ broken");
    let (page, json) = both(&place, &["."]);
    assert_complete(&page, &json);
    assert!(page.words().contains("Nothing could be looked at"), "{}", page.words());
    let single = r#"{"mcpServers": {"web": {"type": "http", "url": "http://mcp.example.com/mcp"}}}"#;
    place.write("project/.mcp.json", single);
    let (page, json) = both(&place, &["."]);
    assert_complete(&page, &json);
}

/// The page of so many findings.
fn of_many(count: usize) -> String {
    let tables = Tables::load(Vec::new()).unwrap();
    let outcome = many::outcome(count, &tables, |number| format!("word{number}"));
    render(Format::by_name("html").unwrap(), &outcome, &tables.packs, &Style { info: true, ..Style::default() })
}

#[test]
fn ten_thousand_findings_are_a_page_that_a_browser_takes() {
    let text = of_many(10_000);
    let page = Page::parse(&text);
    assert_eq!(page.count("li.finding"), 1_000);
    assert_eq!(page.count("li.finding[data-v=critical]"), 1_000, "the most important ones are kept");
    assert!(words(page.one("header")).contains(
        "9000 findings did not fit on this page (1000 critical, 2000 high, 2000 medium, 2000 low, 2000 info)"
    ));
    let of_all =
        page.all("#found td[data-label=Findings]").into_iter().map(|cell| words(cell).parse::<usize>().unwrap());
    assert_eq!(of_all.sum::<usize>(), 10_000);
    // What stands open is read in one go.
    assert!(page.count("details[open] li.finding") < 100);
    let elements = page.all("*").len();
    assert!(elements < 100_000 && text.len() < 6_000_000, "{elements} elements, {} bytes", text.len());
    assert_no_overlap(&page);
    let rows = page.count("#coverage tbody tr");
    let told: usize = page
        .all("#coverage .cut")
        .into_iter()
        .map(|line| words(line).split(' ').next().unwrap().parse::<usize>().unwrap())
        .sum();
    assert_eq!(rows + told, 2_000);
}

#[test]
fn two_runs_give_the_same_bytes() {
    assert_eq!(of_many(300), of_many(300));
}

/// What is drawn: left, top, right, bottom, and what it is.
fn drawn(page: &Page) -> Vec<([f64; 4], String)> {
    let number = |element: ElementRef<'_>, name: &str| element.attr(name).unwrap().parse::<f64>().unwrap();
    let mut all = Vec::new();
    for text in page.all("svg text").into_iter() {
        // A title is no part of what is seen.
        let seen: String =
            text.children().filter_map(|child| child.value().as_text().map(|text| text.to_string())).collect();
        let wide: usize = seen.chars().map(|c| unicode_width::UnicodeWidthChar::width(c).unwrap_or(0)).sum();
        let wide = wide as f64 * 7.3;
        let centred = text.attr("class").is_some_and(|class| class.contains("pill-words") || class.contains("number"));
        let x = number(text, "x") - if centred { wide / 2.0 } else { 0.0 };
        let y = number(text, "y");
        all.push(([x, y - 9.0, x + wide, y + 3.0], seen));
    }
    all
}

/// No words lie over other words, and none leave the picture.
fn assert_no_overlap(page: &Page) {
    let all = drawn(page);
    assert!(!all.is_empty());
    let size: Vec<f64> =
        page.one("svg").attr("viewBox").unwrap().split(' ').map(|part| part.parse().unwrap()).collect();
    for (index, (one, words)) in all.iter().enumerate() {
        assert!(one[0] >= 0.0 && one[1] >= 0.0 && one[2] <= size[2] && one[3] <= size[3], "{words} {one:?} {size:?}");
        for (other, others) in &all[index + 1..] {
            let apart = one[2] <= other[0] || other[2] <= one[0] || one[3] <= other[1] || other[3] <= one[1];
            assert!(apart, "{words} {one:?} lies over {others} {other:?}");
        }
    }
}

#[test]
fn the_picture_shows_ways_between_servers() {
    let place = Place::new();
    let (page, _) = both(&place, &["--tools", FLOWS, "--min-confidence", "low"]);
    assert_no_overlap(&page);
    assert_eq!(page.count("svg a.way"), 1);
    let label = words(page.one("svg a.way title"));
    for name in ["`fetch` of `pages`", "`read_text_file` of `disk`", "`send_email` of `post`"] {
        assert!(label.contains(name), "{label}");
    }
    // Two begin, one ends.
    assert_eq!((page.count("svg a.way circle.way"), page.count("svg a.way path.tip")), (2, 1));
    let seen: Vec<String> = drawn(&page).into_iter().map(|(_, words)| words).collect();
    for name in ["across", "pages", "disk", "post", "harmless", "3 servers without findings"] {
        assert!(seen.iter().any(|words| words == name), "{name}: {seen:?}");
    }
    // A narrow screen has the same as a list.
    let tree = words(page.one("ul.tree"));
    assert!(["pages", "disk", "post"].iter().all(|name| tree.contains(name)), "{tree}");
}

#[test]
fn the_picture_of_anything_is_in_order() {
    let hostile = attacks::hostile();
    let args = ["--pedantic", "--min-confidence", "low", "--fail-on", "never", "--format", "html"];
    for source in [&["--tools", "tools.ndjson"][..], &["."]] {
        assert_no_overlap(&Page::parse(&hostile.run(&[source, &args].concat()).out));
    }
    for count in [1, 30, 3_000] {
        assert_no_overlap(&Page::parse(&of_many(count)));
    }
}

#[test]
fn a_pack_of_somebody_else_gets_no_link() {
    let place = Place::new();
    place.write(
        "project/mine.toml",
        r#"[pack]
name = "mine"
title = "Mine"
judges = "texts"

[[rule]]
id = "mine/word"
title = "A word"
severity = "high"
confidence = "high"
since = "0.1.0"
keywords = ["zanzibar"]
patterns = ["zanzibar"]
message = "{field} of {tool} says it"
what = "w"
why = "w"
exploit = "w"
fix = "w"
references = ["https://evil.example/phish"]
cwe = [1427]
owasp = ["MCP03"]
true = ["zanzibar", "a zanzibar", "the zanzibar"]
false = ["x", "y", "z"]
"#,
    );
    place.write(
        "project/tools.ndjson",
        r#"{"server": "s", "tools": [{"name": "t", "description": "Goes to zanzibar."}]}"#,
    );
    let (page, json) = both(&place, &["--tools", "tools.ndjson", "--rules", "mine.toml"]);
    assert_eq!(json["findings"][0]["rule"], "mine/word", "{json}");
    assert!(words(page.one("#rules")).contains("https://evil.example/phish"));
}

/// Red, green and blue of each variable in a block of the style.
fn colours(block: &str) -> BTreeMap<String, [f64; 3]> {
    let pairs = block.split(';').filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"));
    let part = |hex: &str, at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
    pairs.map(|(name, hex)| (name.to_owned(), [part(hex, 0), part(hex, 2), part(hex, 4)])).collect()
}

/// The contrast of WCAG 2.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let light = |c: [f64; 3]| {
        let linear = c.map(|v| if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (a, b) = (light(a) + 0.05, light(b) + 0.05);
    a.max(b) / a.min(b)
}

#[test]
fn words_are_told_from_what_lies_behind_them() {
    let page = Page::parse(&of_many(1));
    let style = words(page.one("style"));
    let blocks: Vec<_> =
        style.split(":root {").skip(1).map(|block| colours(block.split('}').next().unwrap())).collect();
    // Light, dark, paper.
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        let on = |word: &str, behind: &str| {
            let contrast = contrast(block[word], block[behind]);
            assert!(contrast >= 4.5, "{word} on {behind}: {contrast:.2}");
        };
        for behind in ["page", "card", "code"] {
            for word in ["text", "soft", "link"] {
                on(word, behind);
            }
        }
        for severity in SEVERITIES {
            on("on", severity);
        }
        on("mark-text", "mark");
        on("text", "client");
        on("soft", "client");
        on("text", "server");
    }
}

/// What a browser says after it opened a page: the document, the console and the network's log.
struct Browsed {
    dom: String,
    console: Vec<String>,
    network: String,
}

fn browse(chromium: &Path, folder: &Path, text: &str) -> Browsed {
    let file = folder.join("page.html");
    std::fs::write(&file, text).unwrap();
    let log = folder.join("net.json");
    let output = std::process::Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=5000", "--host-resolver-rules=MAP * ~NOTFOUND"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--log-net-log={}", log.display()))
        .args(["--net-log-capture-mode=Everything", "--dump-dom"])
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let console = said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    let dom = String::from_utf8(output.stdout).unwrap();
    assert!(dom.contains("</html>"), "{dom}\n{said}");
    Browsed { dom, console, network: std::fs::read_to_string(log).unwrap() }
}

/// Runs where `MCPSCAN_CHROMIUM` names a browser.
#[test]
fn a_browser_shows_attacks_and_runs_none() {
    let Some(chromium) = std::env::var_os("MCPSCAN_CHROMIUM").map(PathBuf::from) else {
        eprintln!("SKIPPED: MCPSCAN_CHROMIUM names no browser, so no page was opened in one");
        return;
    };
    let hostile = attacks::hostile();
    let folder = tempfile::tempdir().unwrap();
    let args = ["--pedantic", "--min-confidence", "low", "--fail-on", "never", "--format", "html"];
    let title = |page: &Browsed| page.dom.split("<title>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    for source in [&["--tools", "tools.ndjson"][..], &["."]] {
        let text = hostile.run(&[source, &args].concat()).out;
        let page = browse(&chromium, folder.path(), &text);
        assert_eq!(page.console, Vec::<String>::new());
        assert!(!page.network.contains("evil.example") && page.network.contains("page.html"));
        assert!(title(&page).starts_with("mcpscan: "), "{}", title(&page));
        // Our own script ran.
        assert!(text.contains("id=\"filter\" hidden") && !page.dom.contains("id=\"filter\" hidden"));
        // What the script leaves is the page that we made.
        assert_eq!(page.dom.matches("<script").count(), 1);

        // If one got through all the same, the policy would stop it.
        let attack = "<script>document.title='owned'</script><img src=\"https://evil.example/x\" onerror=\"document.title='owned'\">";
        let pierced = text.replacen("<main>", &format!("<main>{attack}"), 1);
        let page = browse(&chromium, folder.path(), &pierced);
        assert!(title(&page).starts_with("mcpscan: ") && !page.console.is_empty());
        assert!(!page.network.contains("evil.example"));
        // And without the policy it would be seen here.
        let open = pierced.replace("http-equiv", "name");
        let page = browse(&chromium, folder.path(), &open);
        assert_eq!(title(&page), "owned");
        assert!(page.network.contains("evil.example"));
    }
}
