//! What the path tokens of the table stand for. Variables are read once, by whoever makes a [`Homes`].

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::glob;

/// An operating system, as far as paths go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Os {
    /// macOS.
    MacOs,
    /// Linux and other Unix systems.
    Linux,
    /// Windows.
    Windows,
}

impl Os {
    /// The one this binary was built for.
    pub fn current() -> Self {
        if cfg!(target_os = "macos") {
            Self::MacOs
        } else if cfg!(windows) {
            Self::Windows
        } else {
            Self::Linux
        }
    }
}

/// A home folder and the variables that move parts of it.
#[derive(Clone, Debug)]
pub struct Homes {
    home: PathBuf,
    os: Os,
    variables: HashMap<String, String>,
}

impl Homes {
    /// The variables that may move a folder; whoever makes a `Homes` of the user's own home passes their values.
    pub const VARIABLES: [&'static str; 8] = [
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "APPDATA",
        "LOCALAPPDATA",
        "PROGRAMDATA",
        "ProgramW6432",
        "ProgramFiles",
        "CLAUDE_CONFIG_DIR",
    ];

    /// A home with the variables that are set for it. For a home that isn't the user's own, pass none.
    pub fn new(home: PathBuf, os: Os, variables: HashMap<String, String>) -> Self {
        Self { home, os, variables }
    }

    /// The home folder itself.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The system whose paths count.
    pub fn os(&self) -> Os {
        self.os
    }

    /// The paths that a template stands for; none if one of its tokens has no value.
    pub fn expand(&self, template: &str) -> Vec<PathBuf> {
        let path = match template.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
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
        let variable = |name: &str| self.variables.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The XDG specification wants relative paths ignored.
        let xdg = |name: &str, default: &str| {
            variable(name).filter(|path| path.is_absolute()).unwrap_or_else(|| self.home.join(default))
        };
        Some(match token {
            "HOME" => self.home.clone(),
            "XDG_CONFIG_HOME" => xdg("XDG_CONFIG_HOME", ".config"),
            "XDG_DATA_HOME" => xdg("XDG_DATA_HOME", ".local/share"),
            "APPDATA" => variable("APPDATA").unwrap_or_else(|| self.home.join("AppData").join("Roaming")),
            "LOCALAPPDATA" => variable("LOCALAPPDATA").unwrap_or_else(|| self.home.join("AppData").join("Local")),
            "PROGRAMDATA" => variable("PROGRAMDATA").unwrap_or_else(|| PathBuf::from("C:/ProgramData")),
            "PROGRAMFILES" => variable("ProgramW6432")
                .or_else(|| variable("ProgramFiles"))
                .unwrap_or_else(|| PathBuf::from("C:/Program Files")),
            // What has no default only counts when it is set.
            other => return variable(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(variables: &[(&str, &str)], template: &str) -> Vec<PathBuf> {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Homes::new(PathBuf::from("/h"), Os::Linux, variables).expand(template)
    }

    #[test]
    fn tokens_have_defaults() {
        assert_eq!(paths(&[], "{HOME}/.cursor/mcp.json"), [PathBuf::from("/h/.cursor/mcp.json")]);
        assert_eq!(paths(&[], "{XDG_CONFIG_HOME}/Code"), [PathBuf::from("/h/.config/Code")]);
        assert_eq!(paths(&[("XDG_CONFIG_HOME", "/x")], "{XDG_CONFIG_HOME}/Code"), [PathBuf::from("/x/Code")]);
        assert_eq!(paths(&[("XDG_CONFIG_HOME", "x")], "{XDG_CONFIG_HOME}/Code"), [PathBuf::from("/h/.config/Code")]);
        assert_eq!(paths(&[], "{APPDATA}/Claude"), [PathBuf::from("/h/AppData/Roaming/Claude")]);
        assert_eq!(paths(&[], "{CLAUDE_CONFIG_DIR}/x"), Vec::<PathBuf>::new());
        assert_eq!(paths(&[], "/etc/x"), [PathBuf::from("/etc/x")]);
    }
}
