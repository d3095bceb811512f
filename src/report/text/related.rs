//! Other places that belong to a finding, a short line each.

use std::collections::HashSet;

use super::super::{Detail, View};
use super::block::{self, at};
use crate::finding::Finding;
use crate::text::visible;

/// So many are shown where nobody wants to see all.
const FIRST: usize = 3;
/// And where somebody does: what belongs to so many places is told by none of them.
const MOST: usize = 50;

/// What each place has to do with the finding, and where it is. Of a place that no file shows the finding's own sentence
/// tells, as of one that is the finding's own.
pub(super) fn notes(finding: &Finding, view: &View<'_>) -> Vec<String> {
    let own = block::place(finding, view);
    let mut seen = HashSet::new();
    let mut notes: Vec<String> = finding
        .related
        .iter()
        .filter_map(|(place, why)| {
            let place = at(place, view)?;
            let told = own.as_ref() == Some(&place) && finding.message.contains(why.as_str());
            (!told).then(|| format!("{}: {place}", visible(why)))
        })
        .filter(|note| seen.insert(note.clone()))
        .collect();
    let verbose = view.style.detail == Detail::Verbose;
    let most = if verbose { MOST } else { FIRST };
    // One that is left out takes as much room as the line that says so.
    if notes.len() > most + 1 {
        let more = notes.len() - most;
        notes.truncate(most);
        let listed = if verbose { "" } else { ", which --verbose lists" };
        notes.push(format!("and {more} more places{listed}"));
    }
    notes
}
