//! Homes, and what the path tokens of the table stand for in each. Variables are read once, by whoever makes a [`Home`].

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::glob;

/// An operating system, as far as paths go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Os {
    /// macOS.
    MacOs,
    /// Linux and other Unix systems.
    Linux,
    /// Windows.
    Windows,
}

/// Whether two names are one variable: Windows folds their case, and calls `PATH` `Path`.
pub fn same_variable(one: &str, other: &str) -> bool {
    one == other || cfg!(windows) && one.eq_ignore_ascii_case(other)
}

/// A home folder and the variables that move parts of it.
#[derive(Clone, Debug)]
pub struct Home {
    folder: PathBuf,
    os: Os,
    variables: HashMap<String, String>,
    other: bool,
}

impl Home {
    /// A home with the variables that are set for it.
    pub fn new(folder: PathBuf, os: Os, variables: HashMap<String, String>) -> Self {
        Self { folder, os, variables, other: false }
    }

    /// The home of somebody else, or on the other side of WSL. The variables of this process say nothing about it.
    pub fn other(folder: PathBuf, os: Os) -> Self {
        Self { folder, os, variables: HashMap::new(), other: true }
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it is not the home of the user who scans.
    pub fn is_other(&self) -> bool {
        self.other
    }

    /// The system whose paths count.
    pub fn os(&self) -> Os {
        self.os
    }

    /// The paths that a template stands for; none if its token has no value.
    ///
    /// `{NAME}` is a known folder or a variable; `{NAME|HOME/x}` is the variable, else the folder behind the bar.
    pub fn expand(&self, template: &str) -> Vec<PathBuf> {
        let token =
            template.strip_prefix('{').and_then(|rest| rest.split_once('}')).filter(|(token, _)| !token.contains(','));
        let path = match token {
            Some((token, rest)) => match self.token(token) {
                Some(mut folder) => {
                    folder.extend(rest.split('/').filter(|segment| !segment.is_empty()));
                    folder
                }
                None => return Vec::new(),
            },
            None => PathBuf::from(template),
        };
        glob::expand(&path)
    }

    fn token(&self, token: &str) -> Option<PathBuf> {
        if let Some((first, otherwise)) = token.split_once('|') {
            return self.variable(first).or_else(|| {
                let (base, rest) = otherwise.split_once('/').unwrap_or((otherwise, ""));
                let mut folder = self.token(base)?;
                folder.extend(rest.split('/').filter(|segment| !segment.is_empty()));
                Some(folder)
            });
        }
        // The XDG specification wants relative paths ignored.
        let xdg = |default: &str| {
            self.variable(token).filter(|path| path.is_absolute()).unwrap_or_else(|| self.folder.join(default))
        };
        let data = |folder: &str| self.variable(token).unwrap_or_else(|| self.folder.join("AppData").join(folder));
        Some(match token {
            "HOME" => self.folder.clone(),
            "XDG_CONFIG_HOME" => xdg(".config"),
            "XDG_DATA_HOME" => xdg(".local/share"),
            "XDG_STATE_HOME" => xdg(".local/state"),
            "APPDATA" => data("Roaming"),
            "LOCALAPPDATA" => data("Local"),
            "PROGRAMDATA" => self.variable(token).unwrap_or_else(|| PathBuf::from("C:/ProgramData")),
            "PROGRAMFILES" => {
                let set = self.variable("ProgramW6432").or_else(|| self.variable("ProgramFiles"));
                set.unwrap_or_else(|| PathBuf::from("C:/Program Files"))
            }
            // What has no default only counts when it is set.
            other => return self.variable(other),
        })
    }

    fn variable(&self, name: &str) -> Option<PathBuf> {
        let named = self.variables.iter().find(|(known, _)| same_variable(known, name));
        named.map(|(_, value)| value).filter(|value| !value.is_empty()).map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(variables: &[(&str, &str)], template: &str) -> Vec<PathBuf> {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Home::new(PathBuf::from("/h"), Os::Linux, variables).expand(template)
    }

    #[test]
    fn windows_folds_the_case_of_variables() {
        assert!(same_variable("PATH", "PATH") && !same_variable("PATH", "HOME"));
        assert_eq!(same_variable("PATH", "Path"), cfg!(windows));
    }

    #[test]
    fn tokens_have_defaults() {
        assert_eq!(paths(&[], "{HOME}/.cursor/mcp.json"), [PathBuf::from("/h/.cursor/mcp.json")]);
        assert_eq!(paths(&[], "{XDG_CONFIG_HOME}/Code"), [PathBuf::from("/h/.config/Code")]);
        let absolute = if cfg!(windows) { "C:/x" } else { "/x" };
        assert_eq!(
            paths(&[("XDG_CONFIG_HOME", absolute)], "{XDG_CONFIG_HOME}/Code"),
            [PathBuf::from(absolute).join("Code")]
        );
        assert_eq!(paths(&[("XDG_CONFIG_HOME", "x")], "{XDG_CONFIG_HOME}/Code"), [PathBuf::from("/h/.config/Code")]);
        assert_eq!(paths(&[], "{APPDATA}/Claude"), [PathBuf::from("/h/AppData/Roaming/Claude")]);
        assert_eq!(paths(&[], "{CLAUDE_CONFIG_DIR}/x"), Vec::<PathBuf>::new());
        assert_eq!(paths(&[], "/etc/x"), [PathBuf::from("/etc/x")]);
        assert_eq!(paths(&[], "{CODEX_HOME|HOME/.codex}/a"), [PathBuf::from("/h/.codex/a")]);
        assert_eq!(paths(&[("CODEX_HOME", "/c")], "{CODEX_HOME|HOME/.codex}/a"), [PathBuf::from("/c/a")]);
        assert_eq!(paths(&[], "{HOME}/x.{json,jsonc}"), [PathBuf::from("/h/x.json"), PathBuf::from("/h/x.jsonc")]);
    }
}
