//! A line a finding, as compilers write it and editors read it, and a line for each thing that could not be looked at.

use super::super::View;
use super::block::place;
use super::coloured;
use crate::text::visible;
use crate::triage::ConfigStatus;

pub(super) fn render(view: &View<'_>) -> String {
    let mut text = String::new();
    for finding in view.shown() {
        let place = place(finding, view).or_else(|| finding.subject.server.as_deref().map(visible));
        let place = place.unwrap_or_else(|| "several servers".to_owned());
        let what = coloured(finding.severity, &format!("{}[{}]", finding.severity, finding.rule), view.style);
        text.push_str(&format!("{place}: {what}: {}\n", visible(&finding.message)));
    }
    let coverage = &view.outcome.coverage;
    for config in coverage.configs.iter().filter(|config| config.status != ConfigStatus::Scanned) {
        let reason = config.reason.as_deref().unwrap_or("no reason is known");
        text.push_str(&format!("{}: {}: {}\n", visible(&config.path), config.status.as_str(), visible(reason)));
    }
    for server in coverage.servers.iter().filter(|server| server.status.is_gap()) {
        let reason = server.reason.as_deref().unwrap_or("no reason is known");
        let config = server.config.as_deref().map(|path| format!("{}: ", visible(path))).unwrap_or_default();
        let (name, status) = (visible(&server.server), server.status.as_str());
        text.push_str(&format!("{config}server `{name}`: {status}: {}\n", visible(reason)));
    }
    for line in super::told(view.outcome) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}
