//! Applies ignores, settings and baselines, and tells what is wrong with them.
//!
//! What they suppress stays in the outcome with its reason. Rules whose findings are never started, such as a package that
//! is known to be malicious, are suppressed by nothing that may have come with the project.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::remarks::{Remark, remarks};
use super::{Coverage, Looked, Note, NoteLevel, Policy, SettingsCoverage, SettingsOrigin};
use crate::document::{Position, SourceId, Sources};
use crate::finding::{Finding, Severity, SuppressedBy, Suppression};
use crate::rules::{Judges, Packs};
use crate::settings::{About, File, Ignore, Origin};

/// Everything that is needed to decide about findings.
pub(super) struct Court<'a> {
    policy: &'a Policy,
    packs: &'a Packs,
    sources: &'a Sources,
    looked: HashMap<SourceId, &'a Looked>,
    /// Of each file its ignores in comments.
    remarks: BTreeMap<SourceId, Vec<Remark>>,
    notes: Vec<Note>,
    /// What fitted a finding: remarks by file and place, ignores by file and place.
    used_remarks: BTreeSet<(SourceId, usize)>,
    used_ignores: BTreeSet<(usize, usize)>,
    used_lines: BTreeSet<usize>,
    /// Suppressions that were asked for and refused.
    refused: BTreeSet<(String, Option<Position>, String)>,
    /// For each settings file the rules whose severity it changed, with how many findings.
    changed: Vec<BTreeMap<(String, Severity), usize>>,
}

impl<'a> Court<'a> {
    pub(super) fn new(policy: &'a Policy, packs: &'a Packs, sources: &'a Sources, looked: &'a [Looked]) -> Self {
        let mut notes = Vec::new();
        let remarks = looked.iter().map(|config| {
            let found = remarks(sources.get(config.source), packs, &mut notes);
            (config.source, found)
        });
        let remarks = remarks.collect();
        Self {
            policy,
            packs,
            sources,
            looked: looked.iter().map(|config| (config.source, config)).collect(),
            remarks,
            notes,
            used_remarks: BTreeSet::new(),
            used_ignores: BTreeSet::new(),
            used_lines: BTreeSet::new(),
            refused: BTreeSet::new(),
            changed: vec![BTreeMap::new(); policy.settings.files.len()],
        }
    }

    /// Whether a rule is one that nothing from outside may suppress.
    fn is_grave(&self, finding: &Finding) -> bool {
        self.packs.rule(finding.rule.as_str()).is_some_and(|rule| rule.never_start)
    }

    /// Whether a file may speak about a finding: a project's only about what is in the project.
    fn may_speak(&self, project: Option<&std::path::Path>, finding: &Finding) -> bool {
        let config = finding.place.file().and_then(|(id, _)| self.looked.get(&id));
        project.is_none_or(|folder| config.is_none_or(|config| config.is_inside(folder)))
    }

    fn speaks(&self, file: &File, finding: &Finding) -> bool {
        self.may_speak(file.is_foreign().then_some(file.folder.as_path()), finding)
    }

    /// Gives findings the severity that settings give their rules.
    pub(super) fn weigh(&mut self, findings: &mut [Finding]) {
        for finding in findings {
            for (number, file) in self.policy.settings.files.iter().enumerate() {
                let own = file.severities.iter().find(|(rule, _)| rule.value == finding.rule.as_str());
                let Some((rule, severity)) = own.filter(|_| self.speaks(file, finding)) else { continue };
                if file.is_foreign() && self.is_grave(finding) && *severity < finding.severity {
                    self.refuse(&file.shown, Some(rule.at), finding);
                    continue;
                }
                if finding.severity != *severity {
                    finding.severity = *severity;
                    *self.changed[number].entry((rule.value.clone(), *severity)).or_default() += 1;
                }
                break;
            }
        }
    }

    fn refuse(&mut self, file: &str, at: Option<Position>, finding: &Finding) {
        if !self.policy.selection.keeps(finding) {
            return;
        }
        self.refused.insert((file.to_owned(), at, finding.rule.to_string()));
    }

    /// For every finding what suppresses it, whether it was selected or not: an ignore of something that is not selected
    /// on this run is in use all the same.
    pub(super) fn judge(&mut self, findings: &[Finding]) -> Vec<Option<Suppression>> {
        findings.iter().map(|finding| self.one(finding)).collect()
    }

    fn one(&mut self, finding: &Finding) -> Option<Suppression> {
        let comment = self.by_comment(finding);
        let settings = self.by_settings(finding);
        let narrowing = self.by_default(finding);
        let baseline = self.by_baseline(finding);
        comment.or(settings).or(narrowing).or(baseline)
    }

    fn by_comment(&mut self, finding: &Finding) -> Option<Suppression> {
        let (id, span) = finding.place.file()?;
        let source = self.sources.get(id);
        let fits = |remark: &Remark| {
            remark.rules.iter().any(|word| word == finding.rule.as_str() || word == finding.rule.pack())
                && remark.covers(source, span)
        };
        let found: Vec<(usize, Position, Option<String>)> = self
            .remarks
            .get(&id)?
            .iter()
            .enumerate()
            .filter(|(_, remark)| fits(remark))
            .map(|(number, remark)| (number, remark.at, remark.reason.clone()))
            .collect();
        let mut first = None;
        for (number, at, reason) in found {
            self.used_remarks.insert((id, number));
            if self.is_grave(finding) {
                self.refuse(&source.name, Some(at), finding);
                continue;
            }
            let by = SuppressedBy::Comment;
            first.get_or_insert(Suppression { by, file: source.name.clone(), line: Some(at.line), reason });
        }
        first
    }

    fn by_settings(&mut self, finding: &Finding) -> Option<Suppression> {
        let policy = self.policy;
        let config = finding.place.file().and_then(|(id, _)| self.looked.get(&id)).copied();
        let mut first = None;
        for (number, file) in policy.settings.files.iter().enumerate().filter(|(_, file)| !file.ignores.is_empty()) {
            if !self.speaks(file, finding) {
                continue;
            }
            let paths = config.map(|config| config.paths(file)).unwrap_or_default();
            let subject = &finding.subject;
            let about = About {
                rule: &finding.rule,
                server: subject.server.as_deref(),
                tool: subject.tool.as_deref(),
                paths: &paths,
            };
            for (place, ignore) in file.ignores.iter().enumerate().filter(|(_, ignore)| ignore.fits(&about)) {
                self.used_ignores.insert((number, place));
                if ignore.has_ended(policy.today) {
                    continue;
                }
                if file.is_foreign() && self.is_grave(finding) {
                    self.refuse(&file.shown, Some(ignore.at), finding);
                    continue;
                }
                first.get_or_insert_with(|| Suppression {
                    by: SuppressedBy::Settings,
                    file: file.shown.clone(),
                    line: Some(ignore.at.line),
                    reason: Some(ignore.reason.clone()),
                });
            }
        }
        first
    }

    fn by_default(&mut self, finding: &Finding) -> Option<Suppression> {
        let policy = self.policy;
        for narrowing in policy.narrowings.iter().filter(|narrowing| !narrowing.keeps(finding)) {
            if !self.may_speak(narrowing.project.as_deref(), finding) {
                continue;
            }
            if narrowing.project.is_some() && self.is_grave(finding) {
                self.refuse(&narrowing.file, None, finding);
                continue;
            }
            let reason = Some(format!("`{}`", narrowing.shown()));
            return Some(Suppression { by: SuppressedBy::Settings, file: narrowing.file.clone(), line: None, reason });
        }
        None
    }

    fn by_baseline(&mut self, finding: &Finding) -> Option<Suppression> {
        let baseline = self.policy.baseline.as_ref()?;
        let line = baseline.accepts(finding)?;
        self.used_lines.insert(line);
        if self.is_grave(finding) {
            self.refuse(&baseline.file, None, finding);
            return None;
        }
        let file = baseline.file.clone();
        Some(Suppression { by: SuppressedBy::Baseline, file, line: None, reason: None })
    }

    /// Everything that is to be told, and which files were used.
    pub(super) fn tell(mut self, coverage: &mut Coverage) {
        for (file, at, rule) in std::mem::take(&mut self.refused) {
            let message = format!(
                "`{rule}` is not suppressed by what may have come with the project; `--ignore` and your own settings can"
            );
            self.notes.push(Note { level: NoteLevel::Error, path: file, at, message });
        }
        self.unused_remarks();
        for (number, file) in self.policy.settings.files.iter().enumerate() {
            self.settings_notes(number, file, coverage);
        }
        self.gone();
        coverage.notes.append(&mut self.notes);
        coverage.settings.extend(self.policy.settings.files.iter().enumerate().map(|(number, file)| {
            let mut effects = self.policy.effects.get(number).cloned().unwrap_or_default();
            let changed = self.changed[number].iter();
            effects.extend(changed.map(|((rule, severity), count)| {
                format!("\"{rule}\" = \"{severity}\" for {}", counted(*count, "finding"))
            }));
            let origin = match file.origin {
                Origin::Named => SettingsOrigin::Named,
                Origin::Project => SettingsOrigin::Project,
                Origin::User => SettingsOrigin::User,
            };
            SettingsCoverage { path: file.shown.clone(), origin, effects }
        }));
        if let Some(baseline) = &self.policy.baseline {
            let path = baseline.file.clone();
            let effects = Vec::new();
            coverage.settings.push(SettingsCoverage { path, origin: SettingsOrigin::Baseline, effects });
        }
    }

    /// Whether all was looked at that a rule or a pack says something about in a config.
    fn was_judged(&self, word: &str, config: &Looked) -> bool {
        config.whole && (config.asked || !self.judges_texts(word))
    }

    fn judges_texts(&self, word: &str) -> bool {
        let pack = word.split('/').next().unwrap_or(word);
        self.packs.packs().iter().any(|own| own.name == pack && own.judges == Judges::Texts)
    }

    fn unused_remarks(&mut self) {
        for (id, remarks) in &self.remarks {
            let Some(config) = self.looked.get(id) else { continue };
            for (number, remark) in remarks.iter().enumerate() {
                let used = self.used_remarks.contains(&(*id, number));
                if used || !remark.rules.iter().all(|word| self.was_judged(word, config)) {
                    continue;
                }
                let message = format!("the ignore of `{}` ignores nothing; remove it", remark.rules.join(", "));
                let path = self.sources.get(*id).name.clone();
                self.notes.push(Note { level: NoteLevel::Warning, path, at: Some(remark.at), message });
            }
        }
    }

    fn settings_notes(&mut self, number: usize, file: &File, coverage: &Coverage) {
        let mut note = |level, at, message| {
            self.notes.push(Note { level, path: file.shown.clone(), at: Some(at), message });
        };
        for refused in &file.refused {
            let what = &refused.value;
            note(
                NoteLevel::Error,
                refused.at,
                format!("`{what}` counts only in your own settings or in a file named by --config, not in a project's"),
            );
        }
        // Nothing is called unused while something that it may speak of was not looked at. What the user's own file speaks
        // of is elsewhere, too.
        let clear = self.policy.whole
            && file.origin != Origin::User
            && coverage.configs.iter().all(|config| config.status == super::ConfigStatus::Scanned);
        let mut found = Vec::new();
        for (place, ignore) in file.ignores.iter().enumerate() {
            let used = self.used_ignores.contains(&(number, place));
            if let Some(last) = ignore.expires.filter(|_| ignore.has_ended(self.policy.today)) {
                let what = ignore.shown();
                let message = if used {
                    format!("the ignore of {what} ended on {last}, and what it ignored counts again")
                } else {
                    format!("the ignore of {what} ended on {last}; remove it")
                };
                found.push((ignore.at, message));
            } else if !used && clear && self.could_fit(ignore, file) {
                found.push((ignore.at, format!("the ignore of {} ignores nothing; remove it", ignore.shown())));
            }
        }
        for (at, message) in found {
            self.notes.push(Note { level: NoteLevel::Warning, path: file.shown.clone(), at: Some(at), message });
        }
    }

    /// Whether everything that an ignore speaks of was judged.
    fn could_fit(&self, ignore: &Ignore, file: &File) -> bool {
        let spoken_of = self.looked.values().filter(|config| ignore.speaks_of(&config.paths(file)));
        let mut spoken_of = spoken_of.peekable();
        spoken_of.all(|config| {
            ignore.rules.iter().all(|rule| self.was_judged(&rule.value, config))
                && (config.asked || !ignore.wants_tool())
        })
    }

    /// Lines of the baseline whose finding is there no more, though it was looked for.
    fn gone(&mut self) {
        let Some(baseline) = &self.policy.baseline else { return };
        let judged = |line: &super::baseline::Accepted<'_>| {
            let own = |config: &&&Looked| {
                let portable = crate::text::visible(&config.portable);
                line.config.is_some_and(|path| path == portable || path.starts_with(&format!("{portable} ")))
            };
            let mut configs = self.looked.values().filter(own).peekable();
            configs.peek().is_some() && configs.all(|config| self.was_judged(line.rule, config))
        };
        let gone: Vec<_> = baseline
            .lines()
            .enumerate()
            .filter(|(place, line)| !self.used_lines.contains(place) && judged(line))
            .map(|(_, line)| line)
            .collect();
        let Some(first) = gone.first() else { return };
        let whom = first.server.map(|server| format!(" of `{server}`")).unwrap_or_default();
        let config = first.config.unwrap_or_default();
        let message = match gone.len() {
            1 => format!("`{}`{whom} in {config} is there no more; take its line out", first.rule),
            count => format!(
                "{count} of its findings are there no more, the first of them `{}`{whom} in {config}; \
                 `mcpscan baseline --output {}` writes it anew",
                first.rule, baseline.file
            ),
        };
        let at = Some(Position { line: first.number, column: 1 });
        self.notes.push(Note { level: NoteLevel::Warning, path: baseline.file.clone(), at, message });
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
