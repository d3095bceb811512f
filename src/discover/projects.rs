//! Which clients a file in a tree belongs to, asked once a file: an index of all project paths by their last segment.

use std::collections::HashMap;
use std::path::Path;

use super::glob;

/// A client and a location of it, by their places in the table.
type Owner = (usize, usize);

/// All project paths of all clients.
#[derive(Clone, Debug, Default)]
pub(super) struct Projects {
    exact: HashMap<String, Vec<(Vec<String>, Owner)>>,
    /// Those whose last segment has a star.
    starred: Vec<(Vec<String>, Owner)>,
    /// The last segments of these, each once: with a star at the beginning alone, without it; and all others.
    suffixes: Vec<String>,
    globs: Vec<String>,
}

impl Projects {
    pub(super) fn add(&mut self, pattern: &str, owner: Owner) {
        for pattern in glob::alternatives(pattern) {
            let segments: Vec<String> = pattern.split('/').map(str::to_owned).collect();
            match segments.last() {
                Some(last) if last.contains('*') => {
                    let (kinds, name) = match last.strip_prefix('*').filter(|rest| !rest.contains('*')) {
                        Some(suffix) => (&mut self.suffixes, suffix.to_owned()),
                        None => (&mut self.globs, last.clone()),
                    };
                    if !kinds.contains(&name) {
                        kinds.push(name);
                    }
                    self.starred.push((segments, owner));
                }
                Some(last) => self.exact.entry(last.clone()).or_default().push((segments, owner)),
                None => {}
            }
        }
    }

    /// Whether a file of that name may belong to somebody.
    pub(super) fn may_own(&self, name: &str) -> bool {
        self.exact.contains_key(name)
            || self.suffixes.iter().any(|suffix| name.ends_with(suffix))
            || self.globs.iter().any(|pattern| glob::fits(pattern, name))
    }

    /// Who owns the file at `path`, in the order of the table, each once.
    pub(super) fn owners(&self, path: &Path) -> Vec<Owner> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let segments = glob::segments(path);
        let candidates = self.exact.get(name).into_iter().flatten().chain(&self.starred);
        let mut owners: Vec<Owner> =
            candidates.filter(|(pattern, _)| glob::is_end(&segments, pattern)).map(|(_, owner)| *owner).collect();
        owners.sort();
        owners.dedup();
        owners
    }
}
