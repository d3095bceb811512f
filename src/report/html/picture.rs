//! Who reaches what: clients, their servers, the tools with findings, and the ways between servers. Bounded, the most
//! important first, with what is left out counted.

use std::collections::{HashMap, HashSet};

use super::model::{Model, client};
use crate::finding::{Finding, RuleId, Severity, Subject};
use crate::triage::{ServerCoverage, ServerStatus};

/// More than these are no picture any more.
const MOST_CLIENTS: usize = 10;
const MOST_SERVERS: usize = 20;
const MOST_LINES: usize = 48;
const MOST_TOOLS: usize = 5;
const MOST_RULES: usize = 3;
/// Ways between servers that are drawn; and of those that are listed below.
const MOST_FLOWS: usize = 6;
pub(super) const MOST_LISTED: usize = 12;

pub(super) struct Picture<'a> {
    pub(super) clients: Vec<Client<'a>>,
    /// Clients that are not drawn.
    pub(super) more_clients: usize,
    /// Findings about several servers.
    pub(super) flows: Vec<Way<'a>>,
}

/// A finding about several servers.
pub(super) struct Way<'a> {
    pub(super) finding: &'a Finding,
    /// Its address, if it is on the page.
    pub(super) to: Option<String>,
    /// Over which servers of which clients it is drawn, by their numbers; empty if it is not.
    pub(super) stops: Vec<[usize; 2]>,
}

pub(super) struct Client<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) servers: Vec<Server<'a>>,
    /// How many servers it has, drawn or not.
    pub(super) all: usize,
    /// Servers and files with findings that are not drawn.
    pub(super) more: usize,
    /// Servers without findings.
    pub(super) clean: usize,
}

pub(super) struct Server<'a> {
    pub(super) name: &'a str,
    pub(super) file: Option<&'a str>,
    /// A few words on it: how many tools it has.
    pub(super) about: String,
    /// The number of its section, if that is written out.
    pub(super) section: Option<usize>,
    pub(super) tools: Vec<Tool<'a>>,
    /// Tools with findings that are not drawn.
    pub(super) more: usize,
    /// Tools without findings, where that is known.
    pub(super) clean: usize,
}

pub(super) struct Tool<'a> {
    /// `None` for what is about the server itself.
    pub(super) name: Option<&'a str>,
    pub(super) rules: Vec<Line<'a>>,
    /// Rules that are not drawn.
    pub(super) more: usize,
}

pub(super) struct Line<'a> {
    pub(super) rule: &'a RuleId,
    pub(super) severity: Severity,
    pub(super) count: usize,
    /// The address of the first of them, if it is on the page.
    pub(super) to: Option<String>,
}

/// A server, a file or a saved list before it is cut to size.
struct Node<'a> {
    client: Option<&'a str>,
    server: Option<&'a str>,
    file: Option<&'a str>,
    config: Option<&'a str>,
    section: Option<usize>,
    findings: Vec<&'a Finding>,
}

impl<'a> Picture<'a> {
    pub(super) fn new(model: &Model<'a>) -> Self {
        let mut nodes = nodes(model);
        let flows = flows(model, &mut nodes);
        let coverage = &model.view.outcome.coverage.servers;
        let mut known: HashMap<(Option<&str>, &str), Vec<&'a ServerCoverage>> = HashMap::new();
        for server in coverage {
            known.entry((named(server.client.as_deref()), server.server.as_str())).or_default().push(server);
        }
        // What a way leads through is drawn before what is only worse.
        let weighty = flows.iter().filter(|(finding, _)| finding.severity >= Severity::Medium).take(MOST_FLOWS);
        let through: HashSet<usize> = weighty.flat_map(|(_, stops)| stops).copied().collect();
        let mut order: Vec<usize> = (0..nodes.len()).collect();
        order.sort_by_key(|node| !through.contains(node));
        let mut lines = MOST_LINES;
        let mut drawn: HashMap<usize, Server<'a>> = HashMap::new();
        for at in order {
            if drawn.len() == MOST_SERVERS || lines == 0 {
                break;
            }
            drawn.insert(at, server(&nodes[at], &known, &mut lines, model));
        }

        let mut clients: Vec<Client<'a>> = Vec::new();
        let mut numbers: HashMap<Option<&str>, usize> = HashMap::new();
        let mut places: HashMap<usize, [usize; 2]> = HashMap::new();
        let mut counted: HashSet<*const ServerCoverage> = HashSet::new();
        let client_at = |name: Option<&'a str>, clients: &mut Vec<Client<'a>>, numbers: &mut HashMap<_, _>| {
            *numbers.entry(name).or_insert_with(|| {
                clients.push(Client { name, servers: Vec::new(), all: 0, more: 0, clean: 0 });
                clients.len() - 1
            })
        };
        for (at, node) in nodes.iter().enumerate() {
            let number = client_at(node.client, &mut clients, &mut numbers);
            clients[number].all += usize::from(node.server.is_some());
            counted.extend(covered(node, &known).map(std::ptr::from_ref));
            match drawn.remove(&at) {
                Some(server) => {
                    places.insert(at, [number, clients[number].servers.len()]);
                    clients[number].servers.push(server);
                }
                None => clients[number].more += 1,
            }
        }
        for server in coverage.iter().filter(|server| !counted.contains(&std::ptr::from_ref(*server))) {
            let number = client_at(named(server.client.as_deref()), &mut clients, &mut numbers);
            clients[number].all += 1;
            clients[number].clean += 1;
        }
        clients.iter_mut().for_each(tell_apart);
        let more_clients = clients.len().saturating_sub(MOST_CLIENTS);
        clients.truncate(MOST_CLIENTS);
        let mut drawn = 0;
        let flows = flows.into_iter().map(|(finding, stops)| {
            let stops: Option<Vec<[usize; 2]>> = stops
                .iter()
                .map(|stop| places.get(stop).copied().filter(|[client, _]| *client < MOST_CLIENTS))
                .collect();
            let stops = stops.filter(|stops| stops.len() > 1 && drawn < MOST_FLOWS).unwrap_or_default();
            drawn += usize::from(!stops.is_empty());
            Way { finding, to: model.link(finding), stops }
        });
        let mut flows: Vec<_> = flows.collect();
        // Those with a number in the picture are listed first, in the order of their numbers.
        flows.sort_by_key(|way| way.stops.is_empty());
        Self { clients, more_clients, flows }
    }

    /// Whether there is anything to see.
    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }
}

/// Servers of one name are told apart by their files.
fn tell_apart(client: &mut Client<'_>) {
    let names: Vec<&str> = client.servers.iter().map(|server| server.name).collect();
    for server in &mut client.servers {
        let last = |file: &str| file.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        if names.iter().filter(|name| **name == server.name).count() > 1
            && let Some(file) = server.file.map(last)
        {
            server.about = if server.about.is_empty() { file } else { format!("{}, {file}", server.about) };
        }
    }
}

fn named(client: Option<&str>) -> Option<&str> {
    client.filter(|client| *client != super::super::text::UNKNOWN)
}

/// Servers and files with findings, the worst first.
fn nodes<'a>(model: &Model<'a>) -> Vec<Node<'a>> {
    let mut nodes = Vec::new();
    for (number, section) in model.sections.iter().enumerate() {
        let Some(first) = section.all.first() else { continue };
        let file = first.place.file().map(|(file, _)| model.view.outcome.sources.get(file).name.as_str());
        let server = first.subject.server.as_deref();
        // What servers do together is a way between them, or told below only.
        if server.is_none() && (file.is_none() || !first.path.is_empty()) {
            continue;
        }
        let config = first.subject.config.as_deref();
        let section_number = (!section.cards.is_empty()).then_some(number);
        let findings = section.all.clone();
        nodes.push(Node { client: client(first), server, file, config, section: section_number, findings });
    }
    nodes
}

/// Findings that lead over several servers, and the nodes that they lead over, each once.
fn flows<'a>(model: &Model<'a>, nodes: &mut Vec<Node<'a>>) -> Vec<(&'a Finding, Vec<usize>)> {
    let mut index: HashMap<(Option<&str>, &str), Vec<usize>> = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        if let Some(server) = node.server {
            index.entry((node.client, server)).or_default().push(at);
        }
    }
    let mut flows: Vec<(&Finding, Vec<usize>)> = Vec::new();
    let across = |finding: &&&Finding| finding.path.windows(2).any(|pair| whom(&pair[0]) != whom(&pair[1]));
    for finding in model.shown.iter().filter(across) {
        let mut stops = Vec::new();
        for party in &finding.path {
            let (client, server, config) = whom(party);
            let Some(server) = server else { continue };
            let here = index.entry((client, server)).or_default();
            let known = here
                .iter()
                .copied()
                .find(|at| nodes[*at].config.is_none() || config.is_none() || nodes[*at].config == config);
            let at = known.unwrap_or_else(|| {
                here.push(nodes.len());
                nodes.push(Node {
                    client,
                    server: Some(server),
                    file: None,
                    config,
                    section: None,
                    findings: Vec::new(),
                });
                nodes.len() - 1
            });
            if !stops.contains(&at) {
                stops.push(at);
            }
        }
        // The same way for another reason is drawn once.
        if !flows.iter().any(|(known, way)| *way == stops && known.rule == finding.rule) {
            flows.push((finding, stops));
        }
    }
    flows
}

fn whom(party: &Subject) -> (Option<&str>, Option<&str>, Option<&str>) {
    (named(party.client.as_deref()), party.server.as_deref(), party.config.as_deref())
}

type Known<'k, 'a> = HashMap<(Option<&'k str>, &'k str), Vec<&'a ServerCoverage>>;

/// What is known of a node's server. Two files of one client may name two servers alike.
fn covered<'n, 'a>(node: &'n Node<'_>, known: &'n Known<'_, 'a>) -> impl Iterator<Item = &'a ServerCoverage> + 'n {
    let all = node.server.and_then(|server| known.get(&(node.client, server))).map(Vec::as_slice).unwrap_or_default();
    let one = all.len() == 1;
    let fits = move |server: &&&ServerCoverage| one || server.config.as_deref() == node.file || node.file.is_none();
    all.iter().filter(fits).copied()
}

fn server<'a>(node: &Node<'a>, known: &Known<'_, 'a>, lines: &mut usize, model: &Model<'a>) -> Server<'a> {
    let mut tools: Vec<Tool<'a>> = Vec::new();
    let mut index: HashMap<Option<&str>, usize> = HashMap::new();
    for finding in &node.findings {
        let name = finding.subject.tool.as_deref();
        let at = *index.entry(name).or_insert_with(|| {
            tools.push(Tool { name, rules: Vec::new(), more: 0 });
            tools.len() - 1
        });
        let rules = &mut tools[at].rules;
        match rules.iter_mut().find(|line| line.rule == &finding.rule) {
            Some(line) => line.count += 1,
            None => {
                rules.push(Line { rule: &finding.rule, severity: finding.severity, count: 1, to: model.link(finding) })
            }
        }
    }
    let all = tools.len();
    let with_findings = tools.iter().filter(|tool| tool.name.is_some()).count();
    tools.truncate(MOST_TOOLS.min((*lines).max(1)));
    for tool in &mut tools {
        // One that is left out takes as much room as the line that says so.
        let shown = if tool.rules.len() == MOST_RULES + 1 { MOST_RULES + 1 } else { MOST_RULES.min(tool.rules.len()) };
        tool.more = tool.rules.len() - shown;
        tool.rules.truncate(shown);
        *lines = lines.saturating_sub(tool.rules.len());
    }
    let coverage = covered(node, known).next();
    let (about, clean) = match (node.server, coverage) {
        (None, _) => ("the file itself".to_owned(), 0),
        (_, Some(ServerCoverage { tools: Some(tools), prompts, resources, .. })) => {
            // Prompts and resources have findings too, and nobody knows here which is which.
            let only_tools = prompts.unwrap_or(0) + resources.unwrap_or(0) == 0;
            let clean = if only_tools { tools.saturating_sub(with_findings) } else { 0 };
            (super::super::counted(*tools, "tool"), clean)
        }
        (_, Some(server)) => (asked(server).to_owned(), 0),
        (_, None) => (String::new(), 0),
    };
    let section = node.section.filter(|section| !model.sections[*section].cards.is_empty());
    let name = node.server.or(node.file).unwrap_or_default();
    Server { name, file: node.file, about, section, more: all - tools.len(), tools, clean }
}

/// Why nobody knows its tools.
fn asked(server: &ServerCoverage) -> &'static str {
    match server.status {
        ServerStatus::Static => "not asked",
        ServerStatus::NeedsSignIn => "wants a sign-in",
        ServerStatus::Failed => "did not answer",
        ServerStatus::Skipped => "could not be asked",
        ServerStatus::Partial | ServerStatus::Scanned => "asked",
    }
}
