//! What was suppressed, what was looked at, and what was not.

use maud::{Markup, html};

use super::super::counted;
use super::super::text::block::place;
use super::super::text::{UNKNOWN, ignores, summary};
use super::model::Model;
use super::words::{anchor, name, pill, prose};
use crate::triage::{ConfigCoverage, ConfigStatus, ServerCoverage, ServerStatus};

/// Rows of a table; more are counted.
const MOST: usize = 500;

pub(super) fn suppressed(model: &Model<'_>) -> Markup {
    let all: Vec<_> = model.view.suppressed().collect();
    if all.is_empty() {
        return html! {};
    }
    html! {
        section #suppressed aria-labelledby="suppressed-h" {
            details {
                summary { h2 #suppressed-h { "Suppressed" } " " span.times { (all.len()) } }
                p { "Somebody said that these don't count." }
                ul.places {
                    @for (finding, why) in all.iter().take(MOST) {
                        li.accepted id=(anchor(&finding.fingerprint)) {
                            p.message { (pill(finding.severity)) " " (prose(&finding.message)) }
                            p.place {
                                @if let Some(place) = place(finding, model.view) { bdi { code { (place) } } ", " }
                                (name(finding.rule.as_str()))
                            }
                            p { b { "Because: " } (prose(&why.to_string())) }
                        }
                    }
                }
                (more(all.len()))
            }
        }
    }
}

fn more(all: usize) -> Markup {
    html! { @if all > MOST { p.cut { (all - MOST) " more did not fit on this page. The JSON report lists them." } } }
}

pub(super) fn section(model: &Model<'_>) -> Markup {
    let coverage = &model.view.outcome.coverage;
    let (read, unread): (Vec<_>, Vec<_>) =
        coverage.configs.iter().partition(|config| config.status == ConfigStatus::Scanned);
    let (asked, unasked): (Vec<_>, Vec<_>) =
        coverage.servers.iter().partition(|server| server.status == ServerStatus::Scanned);
    let settings = ignores::lines(model.view.outcome, true);
    let unconfined = summary::unconfined(coverage, true);
    html! {
        section #coverage aria-labelledby="coverage-h" {
            h2 #coverage-h { "What was looked at, and what was not" }
            @if unread.is_empty() && unasked.is_empty() {
                p {
                    @if coverage.configs.is_empty() && coverage.servers.is_empty() { "Nothing was there to look at." } @else { "All of it was looked at." }
                }
            } @else {
                h3 { "Not looked at, or not wholly" }
                (configs(&unread))
                (servers(&unasked))
            }
            @if !read.is_empty() || !asked.is_empty() {
                details {
                    summary { h3 { "Looked at" } " " span.times { (counted(read.len(), "file")) ", " (counted(asked.len(), "server")) } }
                    (configs(&read))
                    (servers(&asked))
                }
            }
            @if !settings.is_empty() {
                h3 { "Settings and ignores" }
                ul { @for line in &settings { li { (prose(line)) } } }
            }
            @if !unconfined.is_empty() {
                h3 { "The sandbox" }
                ul { @for line in &unconfined { li { (prose(line)) } } }
            }
        }
    }
}

fn configs(configs: &[&ConfigCoverage]) -> Markup {
    html! {
        @if !configs.is_empty() {
            table {
                caption { "Files" }
                thead { tr { th scope="col" { "File" } th scope="col" { "Client" } th scope="col" { "Scope" } th.number scope="col" { "Servers" } th scope="col" { "Status" } } }
                tbody {
                    @for config in configs.iter().take(MOST) {
                        tr {
                            td { (name(&config.path)) }
                            td data-label="Client" {
                                @for (index, client) in std::iter::once(&config.client).chain(&config.also).filter(|client| *client != UNKNOWN).enumerate() {
                                    @if index > 0 { ", " }
                                    (name(client))
                                }
                            }
                            td data-label="Scope" { (prose(&config.scope)) }
                            td.number data-label="Servers" { (config.servers) }
                            td data-label="Status" { (status(config.status.as_str(), config.reason.as_deref())) }
                        }
                    }
                }
            }
            (more(configs.len()))
        }
    }
}

fn servers(servers: &[&ServerCoverage]) -> Markup {
    let count = |count: Option<usize>| html! { @if let Some(count) = count { (count) } @else { "–" } };
    html! {
        @if !servers.is_empty() {
            table {
                caption { "Servers" }
                thead { tr {
                    th scope="col" { "Server" } th scope="col" { "Client" } th.number scope="col" { "Tools" } th.number scope="col" { "Prompts" }
                    th.number scope="col" { "Resources" } th scope="col" { "Status" }
                } }
                tbody {
                    @for server in servers.iter().take(MOST) {
                        tr {
                            td { (name(&server.server)) @if let Some(config) = &server.config { " " span.path { "in " (name(config)) } } }
                            td data-label="Client" { @if let Some(client) = server.client.as_ref().filter(|client| *client != UNKNOWN) { (name(client)) } }
                            td.number data-label="Tools" { (count(server.tools)) }
                            td.number data-label="Prompts" { (count(server.prompts)) }
                            td.number data-label="Resources" { (count(server.resources)) }
                            td data-label="Status" { (status(server.status.as_str(), server.reason.as_deref())) }
                        }
                    }
                }
            }
            (more(servers.len()))
        }
    }
}

fn status(word: &str, reason: Option<&str>) -> Markup {
    html! { b { (word) } @if let Some(reason) = reason { ": " (prose(reason)) } }
}
