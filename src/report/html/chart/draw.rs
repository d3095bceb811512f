//! Places and lines of the picture. Names are set in letters of one width, so what fits is known without measuring.

use maud::{Markup, html};

use super::super::super::text::wrap::columns;
use super::super::picture::{Client, Line, Picture, Server, Tool, Way};
use super::super::words::class;
use super::rests;
use crate::text::visible;

/// Columns of the picture: where they begin, and how wide they are.
const CLIENT: [usize; 2] = [0, 168];
const SERVER: usize = 190;
const TOOL: usize = 196;
const RULE: usize = 330;
const PILL: usize = 62;
/// Between columns.
const GAP: usize = 34;
/// Between the ways from server to server.
const LANE: usize = 20;
/// A letter, and a line of letters.
const LETTER: f64 = 7.3;
const ROW: usize = 24;
const BOX: usize = 42;

/// What is drawn, and how far down it goes.
struct Canvas {
    servers_at: usize,
    y: usize,
    /// Below everything else.
    edges: Vec<String>,
    shapes: Vec<Markup>,
    /// Top and height of each server's box, and how many ways end at it.
    servers: Vec<Vec<[usize; 3]>>,
}

pub(super) fn svg(picture: &Picture<'_>) -> Markup {
    let lanes = lanes(picture);
    let wide = lanes.iter().flatten().max().map_or(0, |lane| lane + 1);
    let servers_at = CLIENT[0] + CLIENT[1] + GAP + if wide > 0 { wide * LANE + 10 } else { 0 };
    let mut canvas = Canvas { servers_at, y: 2, edges: Vec::new(), shapes: Vec::new(), servers: Vec::new() };
    for (number, one) in picture.clients.iter().enumerate() {
        client(one, number, picture, &mut canvas);
    }
    let ways = ways(picture, &lanes, &mut canvas);
    let (wide, high) = (rules_at(&canvas) + RULE, canvas.y);
    html! {
        svg.picture viewBox={ "0 0 " (wide) " " (high) } width=(wide) height=(high) role="group" aria-label="Clients, their servers, tools with findings, and rules. The findings below say the same in words." {
            path.edge d=(canvas.edges.join("")) {}
            @for shape in &canvas.shapes { (shape) }
            (ways)
        }
    }
}

fn tools_at(canvas: &Canvas) -> usize {
    canvas.servers_at + SERVER + GAP
}

fn rules_at(canvas: &Canvas) -> usize {
    tools_at(canvas) + TOOL + GAP
}

fn client(client: &Client<'_>, number: usize, picture: &Picture<'_>, canvas: &mut Canvas) {
    let top = canvas.y;
    let middle = top + BOX / 2;
    let [left, wide] = CLIENT;
    let title = client.name.unwrap_or("no client");
    let about = super::counted(client.all, "server");
    canvas.shapes.push(labelled("client", [left, top, wide, BOX], title, &about, None));
    let mut boxes = Vec::new();
    let trunk = left + wide + 12;
    let mut ends = Vec::new();
    for (index, one) in client.servers.iter().enumerate() {
        let ports = picture.flows.iter().filter(|way| way.stops.contains(&[number, index])).count();
        let at = canvas.y;
        server(one, ports, canvas);
        boxes.push([at, BOX.max(14 + 10 * ports), 0]);
        ends.push(at + BOX / 2);
    }
    for rest in rests(client.more, client.clean, "server") {
        let x = canvas.servers_at;
        canvas.shapes.push(html! { text.rest x=(x) y=(canvas.y + 16) { (rest) } });
        ends.push(canvas.y + 12);
        canvas.y += ROW;
    }
    let servers_at = canvas.servers_at;
    canvas.edges.extend(elbow(left + wide, middle, trunk, servers_at - 4, &ends));
    canvas.servers.push(boxes);
    canvas.y = canvas.y.max(top + BOX) + 16;
}

fn server(server: &Server<'_>, ports: usize, canvas: &mut Canvas) {
    let top = canvas.y;
    let high = BOX.max(14 + 10 * ports);
    let left = canvas.servers_at;
    let anchor = server.section.map(|section| format!("#s{}", section + 1));
    canvas.shapes.push(labelled("server", [left, top, SERVER, high], server.name, &server.about, anchor));
    let mut ends = Vec::new();
    canvas.y = top + BOX / 2 - ROW / 2;
    let x = tools_at(canvas);
    for one in &server.tools {
        ends.push(canvas.y + ROW / 2);
        tool(one, canvas);
    }
    for rest in rests(server.more, server.clean, "tool") {
        canvas.shapes.push(html! { text.rest x=(x) y=(canvas.y + 16) { (rest) } });
        ends.push(canvas.y + ROW / 2);
        canvas.y += ROW;
    }
    let (from, middle) = (left + SERVER, top + BOX / 2);
    canvas.edges.extend(elbow(from, middle, from + 14, x - 4, &ends));
    canvas.y = canvas.y.max(top + high) + 12;
}

fn tool(tool: &Tool<'_>, canvas: &mut Canvas) {
    let (left, top) = (tools_at(canvas), canvas.y);
    let words = match tool.name {
        Some(name) => html! { (label("tool", left, top + 16, name, TOOL)) },
        None => html! { text.rest x=(left) y=(top + 16) { "itself" } },
    };
    canvas.shapes.push(words);
    let shown = tool.name.map_or(6, |name| fitted(name, TOOL).1);
    let x = rules_at(canvas);
    let mut ends = Vec::new();
    for line in &tool.rules {
        ends.push(canvas.y + ROW / 2);
        canvas.shapes.push(rule(line, x, canvas.y));
        canvas.y += ROW;
    }
    if tool.more > 0 {
        ends.push(canvas.y + ROW / 2);
        canvas.shapes.push(html! { text.rest x=(x) y=(canvas.y + 16) { (super::counted(tool.more, "rule")) " more" } });
        canvas.y += ROW;
    }
    // The line begins behind the name.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let from = left + (shown as f64 * LETTER) as usize + 6;
    canvas.edges.extend(elbow(from.min(x - 20), top + ROW / 2, x - 14, x - 4, &ends));
}

fn rule(line: &Line<'_>, x: usize, y: usize) -> Markup {
    let times = if line.count > 1 { format!(" ×{}", line.count) } else { String::new() };
    let (words, _) = fitted(line.rule.as_str(), RULE - PILL - 8 - 8 * times.chars().count());
    html! {
        a href=[&line.to] {
            title { (line.severity) " " (visible(line.rule.as_str())) (times) }
            rect.{ "pill " (class(line.severity)) } x=(x) y=(y + 3) width=(PILL) height="18" rx="9" {}
            text.{ "pill-words " (class(line.severity)) } x=(x + PILL / 2) y=(y + 16) { (line.severity) }
            text.rule x=(x + PILL + 8) y=(y + 16) { (words) (times) }
        }
    }
}

/// A box with a name and a few words below it.
fn labelled(kind: &str, [x, y, wide, high]: [usize; 4], title: &str, about: &str, to: Option<String>) -> Markup {
    let inner = html! {
        rect.{ "box " (kind) } x=(x) y=(y) width=(wide) height=(high) rx="6" {}
        (label("name", x + 10, y + 18, title, wide - 20))
        text.about x=(x + 10) y=(y + 34) {
            title { (visible(about)) }
            (fitted(about, wide - 20).0)
        }
    };
    match to {
        Some(to) => html! { a href=(to) { (inner) } },
        None => inner,
    }
}

/// A name, cut to what fits; all of it is its title.
fn label(kind: &str, x: usize, y: usize, words: &str, wide: usize) -> Markup {
    html! {
        text.(kind) x=(x) y=(y) {
            title { (visible(words)) }
            (fitted(words, wide).0)
        }
    }
}

/// As much of a name as fits, and the columns it takes.
fn fitted(words: &str, wide: usize) -> (String, usize) {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let room = (wide as f64 / LETTER) as usize;
    // A name may be megabytes long.
    let words = visible(&words.chars().take(room + 1).collect::<String>());
    let mut taken = 0;
    for (at, c) in words.char_indices() {
        let more = taken + columns(c);
        if more > room {
            let mut kept = words[..at].to_owned();
            while taken + 1 > room {
                taken -= kept.pop().map_or(taken, columns);
            }
            return (kept + "…", taken + 1);
        }
        taken = more;
    }
    if words.trim().is_empty() { ("(no name)".to_owned(), 9) } else { (words, taken) }
}

/// Lines from one point over an upright one to several.
fn elbow(from: usize, y: usize, trunk: usize, to: usize, ends: &[usize]) -> Vec<String> {
    let (Some(first), Some(last)) = (ends.iter().min(), ends.iter().max()) else { return Vec::new() };
    let mut path = vec![format!("M{from} {y}H{trunk}")];
    let (top, bottom) = (*first.min(&y), *last.max(&y));
    if top < bottom {
        path.push(format!("M{trunk} {top}V{bottom}"));
    }
    path.extend(ends.iter().map(|end| format!("M{trunk} {end}H{to}")));
    path
}

/// The lane of each way, `None` for those that are not drawn: no two that lie beside each other share one.
fn lanes(picture: &Picture<'_>) -> Vec<Option<usize>> {
    let mut taken: Vec<Vec<[[usize; 2]; 2]>> = Vec::new();
    let lane = |Way { stops, .. }: &Way<'_>| {
        // Servers lie below each other in the order of their numbers.
        let [top, bottom] = [stops.iter().min().copied()?, stops.iter().max().copied()?];
        let free = |lane: &Vec<[[usize; 2]; 2]>| lane.iter().all(|[first, last]| *last < top || bottom < *first);
        let at = taken.iter().position(free).unwrap_or_else(|| {
            taken.push(Vec::new());
            taken.len() - 1
        });
        taken[at].push([top, bottom]);
        Some(at)
    };
    picture.flows.iter().map(lane).collect()
}

/// The ways between servers.
fn ways(picture: &Picture<'_>, lanes: &[Option<usize>], canvas: &mut Canvas) -> Markup {
    let right = canvas.servers_at;
    let mut drawn = Vec::new();
    for (number, (way, lane)) in picture.flows.iter().zip(lanes).enumerate() {
        let Some(lane) = lane else { continue };
        let x = right - 10 - (lane + 1) * LANE + LANE / 2;
        let mut ends = Vec::new();
        for [client, server] in &way.stops {
            let [top, _, ports] = &mut canvas.servers[*client][*server];
            ends.push(*top + 7 + 10 * *ports + if *ports > 0 { 0 } else { 1 });
            *ports += 1;
        }
        let (Some(top), Some(bottom)) = (ends.iter().min().copied(), ends.iter().max().copied()) else { continue };
        let mut path = format!("M{x} {top}V{bottom}");
        for end in &ends {
            path.push_str(&format!("M{x} {end}H{}", right - 3));
        }
        let last = ends.last().copied().unwrap_or(top);
        let dots = &ends[..ends.len() - 1];
        let middle = (top + bottom) / 2;
        drawn.push(html! {
            a.way href=[&way.to] {
                title { (number + 1) ": " (visible(&way.finding.message)) }
                path.way d=(path) {}
                @for y in dots { circle.way cx=(right - 3) cy=(y) r="3" {} }
                path.tip d={ "M" (right) " " (last) "l-8 -4v8z" } {}
                circle.number cx=(x) cy=(middle) r="9" {}
                text.number x=(x) y=(middle + 4) { (number + 1) }
            }
        });
    }
    html! { @for way in &drawn { (way) } }
}
