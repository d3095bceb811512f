//! Pack `flows`: what tools can do, whether they admit it, and where it leads when one client has them together.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::super::texts::{FEWEST_CATALOGS, Scene, finding};
use crate::connect::Catalog;
use crate::document::{Member, Node, Sources};
use crate::finding::{Confidence, Evidence, Finding, Severity, Subject};
use crate::parallel;
use crate::rules::{Abilities, Ability, Capability, Deeds, Described, Packs, Plainness, Role};
use crate::surface::Text;
use crate::text::visible;

/// Judges what each tool says of itself, and what the servers of each client make together.
pub(in crate::judge) fn flows(catalogs: &[Catalog], sources: &Sources, packs: &Packs, findings: &mut Vec<Finding>) {
    let deeds = Deeds::new(packs);
    let servers: Vec<Vec<Tool<'_>>> = parallel::over(catalogs, FEWEST_CATALOGS, |catalogs| {
        catalogs.iter().map(|catalog| tools(catalog, &deeds)).collect()
    });
    for (catalog, tools) in catalogs.iter().zip(&servers) {
        for tool in tools {
            contradiction(tool, &Scene { catalog, sources }, packs, findings);
        }
    }
    let servers: Vec<Server<'_>> =
        catalogs.iter().zip(&servers).map(|(catalog, tools)| Server::new(catalog, tools)).collect();
    let mut told: HashSet<[*const Node; 3]> = HashSet::new();
    for (client, members) in clients(catalogs) {
        let members: Vec<&Server<'_>> = members.into_iter().map(|place| &servers[place]).collect();
        let Some((chain, reach)) = worst(&members) else { continue };
        // Clients that read one file have one flow.
        if told.insert([chain.input.tool, chain.data.tool, chain.out.tool].map(|step| std::ptr::from_ref(step.item))) {
            findings.extend(trifecta(&chain, reach, client, sources, packs));
        }
    }
}

/// The servers that each client has, by their places.
fn clients(catalogs: &[Catalog]) -> BTreeMap<Option<&str>, BTreeSet<usize>> {
    let mut clients: BTreeMap<Option<&str>, BTreeSet<usize>> = BTreeMap::new();
    for (place, catalog) in catalogs.iter().enumerate() {
        let also = catalog.also.iter().map(|client| Some(client.as_str()));
        for client in also.chain([catalog.client.as_deref()]) {
            clients.entry(client).or_default().insert(place);
        }
    }
    clients
}

/// A tool and what it can do.
struct Tool<'a> {
    item: &'a Node,
    name: &'a str,
    place: &'a Node,
    abilities: Abilities<'a>,
}

impl<'a> Tool<'a> {
    fn text(&self) -> Text<'a> {
        Text {
            text: self.name,
            role: Role::Name,
            list: "tools",
            item: Some(self.name),
            field: "name".to_owned(),
            span: self.place.span,
        }
    }

    fn hint(&self, hint: &str) -> Option<bool> {
        self.item.get("annotations")?.get(hint)?.as_bool()
    }
}

fn tools<'a>(catalog: &'a Catalog, deeds: &Deeds<'a>) -> Vec<Tool<'a>> {
    let tools = catalog.tools.iter().filter_map(|item| {
        let place = item.get("name")?;
        let tool = Tool { item, name: place.as_str()?, place, abilities: Abilities::default() };
        let parameters = item.get("inputSchema").map_or(&[][..], parameters).iter().map(|member| member.key.as_str());
        let abilities = deeds.of(&Described {
            name: tool.name,
            description: item.get("description").and_then(Node::as_str).unwrap_or_default(),
            parameters: parameters.collect(),
            read_only: tool.hint("readOnlyHint"),
            open_world: tool.hint("openWorldHint"),
        });
        Some(Tool { abilities, ..tool })
    });
    tools.collect()
}

/// The parameters of a schema. Where all of them stand in one, as some SDKs wrap them, those in it.
fn parameters(schema: &Node) -> &[Member] {
    let outer = schema.get("properties").map_or(&[][..], Node::members);
    match outer {
        [only] => only.value.get("properties").map_or(outer, Node::members),
        _ => outer,
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// What a tool says of itself

/// Hints that name and description deny: the hint, what it claims, and what the tool must not be able to do then. The
/// worst comes first.
const CLAIMS: &[(&str, bool, Capability)] = &[
    ("readOnlyHint", true, Capability::DestroysThings),
    ("readOnlyHint", true, Capability::ChangesThings),
    ("destructiveHint", false, Capability::DestroysThings),
    ("openWorldHint", false, Capability::OpenWorld),
];

/// `flows/annotation-contradicts-text`.
fn contradiction(tool: &Tool<'_>, scene: &Scene<'_>, packs: &Packs, findings: &mut Vec<Finding>) {
    let Some(rule) = packs.rule("flows/annotation-contradicts-text") else { return };
    let claims = CLAIMS.iter().filter(|(hint, claim, _)| tool.hint(hint) == Some(*claim));
    // The name alone may mean anything; a contradiction takes both.
    let denied = claims.filter_map(|(hint, claim, capability)| {
        let ability = tool.abilities.get(*capability)?;
        (ability.plainness == Plainness::NamedAndTold).then_some((hint, claim, ability))
    });
    let Some((hint, claim, ability)) = denied.into_iter().next() else { return };
    let draft = finding(rule, &tool.text(), scene, 0..tool.name.len())
        .severity(if *hint == "readOnlyHint" { rule.severity } else { Severity::Info })
        .with("hint", format!("{hint}: {claim}"))
        .with("deed", ability.deed.about.clone());
    findings.push(draft.build());
}

// ---------------------------------------------------------------------------------------------------------------------
// What tools make together

/// What makes a chain, in its order.
const CHAIN: [Capability; 3] = [Capability::UntrustedInput, Capability::PrivateData, Capability::WayOut];

/// What matters of a tool for a chain: how well it is a link of it. Tools of a kind can stand for each other.
type Kind = [Option<(Plainness, Severity)>; 3];

/// A server with one tool of each kind that it has.
struct Server<'a> {
    catalog: &'a Catalog,
    kinds: BTreeMap<Kind, &'a Tool<'a>>,
    /// It has a whole chain for itself.
    whole: bool,
}

impl<'a> Server<'a> {
    fn new(catalog: &'a Catalog, tools: &'a [Tool<'a>]) -> Self {
        let mut kinds: BTreeMap<Kind, &Tool<'_>> = BTreeMap::new();
        for tool in tools {
            let link = |ability: Ability<'_>| (ability.plainness.min(Plainness::Named), ability.deed.severity);
            let kind = CHAIN.map(|capability| tool.abilities.get(capability).map(link));
            if kind.iter().any(Option::is_some) {
                // The plainest name stands for all.
                let known = kinds.entry(kind).or_insert(tool);
                if (tool.name.len(), tool.name) < (known.name.len(), known.name) {
                    *known = tool;
                }
            }
        }
        let sure = |kind: &Kind, link: usize| kind[link].is_some_and(|(plainness, _)| plainness > Plainness::Told);
        let whole = (0..CHAIN.len()).all(|link| kinds.keys().any(|kind| sure(kind, link)));
        Self { catalog, kinds, whole }
    }

    fn steps(&self) -> impl Iterator<Item = (Kind, Step<'a>)> {
        self.kinds.iter().map(|(kind, tool)| (*kind, Step { tool, catalog: self.catalog }))
    }
}

/// A tool of a server.
#[derive(Clone, Copy)]
struct Step<'a> {
    tool: &'a Tool<'a>,
    catalog: &'a Catalog,
}

impl<'a> Step<'a> {
    fn named(&self) -> (&'a str, &'a str) {
        (self.tool.name, &self.catalog.server)
    }
}

/// From what strangers wrote over private data to a way out.
struct Chain<'a> {
    input: Step<'a>,
    data: Step<'a>,
    out: Step<'a>,
}

/// How far a flow goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// One product, which does what it is for.
    OneServer,
    /// Data of a server that can't send it anywhere gets out by means of others.
    Across,
}

/// The chain of a client that is worth telling.
fn worst<'a>(servers: &[&Server<'a>]) -> Option<(Chain<'a>, Reach)> {
    let everywhere = best(servers.iter().flat_map(|server| server.steps()));
    let across = servers.iter().filter(|server| !server.whole && servers.len() > 1);
    let across = across.filter_map(|server| chain(server, &everywhere, 2)).min_by(|(a, _), (b, _)| a.cmp(b));
    if let Some((_, chain)) = across {
        return Some((chain, Reach::Across));
    }
    let alone = servers.iter().filter(|server| server.whole);
    let alone = alone.filter_map(|server| chain(server, &BTreeMap::new(), 1)).min_by(|(a, _), (b, _)| a.cmp(b));
    alone.map(|(_, chain)| (chain, Reach::OneServer))
}

/// One tool of each kind.
fn best<'s>(steps: impl Iterator<Item = (Kind, Step<'s>)>) -> BTreeMap<Kind, Step<'s>> {
    let mut best: BTreeMap<Kind, Step<'s>> = BTreeMap::new();
    for (kind, step) in steps {
        let known = best.entry(kind).or_insert(step);
        if (step.tool.name.len(), step.named()) < (known.tool.name.len(), known.named()) {
            *known = step;
        }
    }
    best
}

/// What is told first: what is sure, what is worse, what is shorter.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    unsure: bool,
    harmlessness: std::cmp::Reverse<Severity>,
    tools: usize,
    servers: usize,
}

/// A weight, and names where weights are equal, so that no order of servers or tools matters.
type Rank<'a> = (Weight, [(&'a str, &'a str); 3]);

/// The first chain that gets data out of a server, by its own tools and those of others, over at least so many servers.
fn chain<'a>(server: &Server<'a>, others: &BTreeMap<Kind, Step<'a>>, fewest: usize) -> Option<(Rank<'a>, Chain<'a>)> {
    let all: Vec<(Kind, Step<'a>)> = server.steps().chain(others.iter().map(|(kind, step)| (*kind, *step))).collect();
    let mut first: Option<(Rank<'a>, Chain<'a>)> = None;
    for (data_kind, data) in server.steps() {
        let Some((data_plain, _)) = data_kind[1] else { continue };
        for (input_kind, input) in &all {
            let Some((input_plain, _)) = input_kind[0] else { continue };
            for (out_kind, out) in &all {
                let Some((out_plain, severity)) = out_kind[2] else { continue };
                let steps = [*input, data, *out];
                let weight = Weight {
                    unsure: data_plain.min(input_plain).min(out_plain) == Plainness::Told,
                    harmlessness: std::cmp::Reverse(severity),
                    tools: different(steps.map(|step| std::ptr::from_ref(step.tool.item))),
                    servers: different(steps.map(|step| std::ptr::from_ref(step.catalog))),
                };
                if weight.servers < fewest || first.as_ref().is_some_and(|((known, _), _)| *known < weight) {
                    continue;
                }
                let rank = (weight, steps.map(|step| step.named()));
                if first.as_ref().is_none_or(|(known, _)| rank < *known) {
                    first = Some((rank, Chain { input: *input, data, out: *out }));
                }
            }
        }
    }
    first
}

fn different<T: PartialEq>([a, b, c]: [T; 3]) -> usize {
    1 + usize::from(b != a) + usize::from(c != a && c != b)
}

/// `flows/lethal-trifecta`.
fn trifecta(
    chain: &Chain<'_>,
    reach: Reach,
    client: Option<&str>,
    sources: &Sources,
    packs: &Packs,
) -> Option<Finding> {
    let rule = packs.rule("flows/lethal-trifecta")?;
    let steps = [chain.input, chain.data, chain.out];
    let abilities: Vec<Ability<'_>> =
        steps.iter().zip(CHAIN).filter_map(|(step, capability)| step.tool.abilities.get(capability)).collect();
    let [_, _, way_out] = abilities.as_slice() else { return None };
    let words = |(step, ability): (&Step<'_>, &Ability<'_>)| {
        let (tool, server) = step.named();
        format!("`{}` of `{}` ({})", visible(tool), visible(server), ability.deed.about)
    };
    let told: Vec<String> = steps.iter().zip(&abilities).map(words).collect();
    // One tool that does the next step by the same deed is told once.
    let mut chained = told.clone();
    chained.dedup();
    let named: Vec<String> =
        steps.iter().map(Step::named).map(|(tool, server)| format!("{tool} of {server}")).collect();
    let whose = match (reach, client) {
        (Reach::OneServer, _) => format!("Server `{}` by itself has", visible(&chain.out.catalog.server)),
        (Reach::Across, Some(client)) => format!("The servers of `{}` together make", visible(client)),
        (Reach::Across, None) => "These servers together make".to_owned(),
    };
    let unsure = abilities.iter().any(|ability| ability.plainness == Plainness::Told);
    let server = (reach == Reach::OneServer).then(|| chain.out.catalog.server.clone());
    // It is about the client, and stands where a reader can do something about it: at the way out.
    let place =
        |step: &Step<'_>| Scene { catalog: step.catalog, sources }.place(&step.tool.text(), 0..step.tool.name.len());
    let subject = Subject { client: client.map(str::to_owned), server, ..Subject::default() };
    let party = |step: &Step<'_>| Scene { catalog: step.catalog, sources }.subject(Some(step.tool.name), "");
    let mut draft = rule
        .at(place(&chain.out), subject)
        .path(steps.iter().map(party))
        .severity(match reach {
            Reach::OneServer => Severity::Info,
            Reach::Across => way_out.deed.severity.min(rule.severity),
        })
        .confidence(if unsure { Confidence::Low } else { rule.confidence })
        .evidence(Evidence::text(&named.join(" → ")))
        .with("whose", whose)
        .with("chain", chained.join(" → "))
        .with("tool", visible(chain.out.tool.name))
        .with("server", visible(&chain.out.catalog.server));
    for (step, words) in steps.iter().zip(&told).take(2) {
        draft = draft.related(place(step), words.clone());
    }
    Some(draft.build())
}
