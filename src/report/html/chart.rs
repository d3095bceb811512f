//! The picture as SVG, laid out from top to bottom so that nothing can lie over anything else; and the same as a list, for narrow
//! screens.

mod draw;

use maud::{Markup, html};

use super::super::counted;
use super::model::Model;
use super::picture::{Line, MOST_LISTED, Picture, Server, Tool};
use super::words::{name, pill, prose};

pub(super) fn section(model: &Model<'_>) -> Markup {
    let picture = Picture::new(model);
    html! {
        section #picture aria-labelledby="picture-h" {
            h2 #picture-h { "Who reaches what" }
            @if picture.is_empty() {
                p { "There is no client and no server to show." }
            } @else {
                figure {
                    (draw::svg(&picture))
                    (tree(&picture))
                    @if picture.more_clients > 0 {
                        p.cut { "And " (counted(picture.more_clients, "client")) " more, which are not drawn." }
                    }
                    @if !picture.flows.is_empty() { (ways(&picture)) }
                }
            }
        }
    }
}

/// What the numbers in the picture stand for, and what has no number.
fn ways(picture: &Picture<'_>) -> Markup {
    html! {
        figcaption {
            h3 { "Between servers" }
            ol.ways {
                @for way in picture.flows.iter().take(MOST_LISTED) {
                    li.drawn[!way.stops.is_empty()] {
                        (pill(way.finding.severity)) " " (prose(&way.finding.message))
                        @if let Some(to) = &way.to { " " a href=(to) { "More" } }
                    }
                }
            }
            @if picture.flows.len() > MOST_LISTED {
                p.cut { "And " (picture.flows.len() - MOST_LISTED) " more, which are among the findings." }
            }
        }
    }
}

fn tree(picture: &Picture<'_>) -> Markup {
    html! {
        ul.tree {
            @for client in &picture.clients {
                li {
                    b { @if let Some(client) = client.name { (name(client)) } @else { "No client" } }
                    ul {
                        @for server in &client.servers { li { (of_server(server)) } }
                        @for rest in rests(client.more, client.clean, "server") { li.rest { (rest) } }
                    }
                }
            }
        }
    }
}

fn of_server(server: &Server<'_>) -> Markup {
    html! {
        @if let Some(section) = server.section { a href={ "#s" (section + 1) } { (name(server.name)) } } @else { (name(server.name)) }
        @if !server.about.is_empty() { " " span.times { (server.about) } }
        ul {
            @for tool in &server.tools {
                li {
                    (of_tool(tool))
                    ul {
                        @for line in &tool.rules { li { (of_rule(line)) } }
                        @if tool.more > 0 { li.rest { (counted(tool.more, "rule")) " more" } }
                    }
                }
            }
            @for rest in rests(server.more, server.clean, "tool") { li.rest { (rest) } }
        }
    }
}

fn of_tool(tool: &Tool<'_>) -> Markup {
    html! { @if let Some(tool) = tool.name { (name(tool)) } @else { "itself" } }
}

fn of_rule(line: &Line<'_>) -> Markup {
    html! {
        (pill(line.severity)) " " a href=[&line.to] { (name(line.rule.as_str())) }
        @if line.count > 1 { " ×" (line.count) }
    }
}

/// What is not drawn, counted.
fn rests(more: usize, clean: usize, what: &str) -> Vec<String> {
    let mut rests = Vec::new();
    if more > 0 {
        rests.push(format!("{more} more with findings"));
    }
    if clean > 0 {
        rests.push(format!("{} without findings", counted(clean, what)));
    }
    rests
}
