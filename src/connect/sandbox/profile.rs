//! What macOS' `sandbox-exec` is told. The text is made on every system, so that every system tests it.

use std::path::{Path, PathBuf};

use super::Network;

/// Who enforces it.
#[cfg(target_os = "macos")]
pub(super) const PROGRAM: &str = "/usr/bin/sandbox-exec";

/// What a profile is made of. Links have to be followed already: the kernel compares what a path comes to.
pub(super) struct Places<'p> {
    /// What can't be read.
    pub(super) closed: &'p [PathBuf],
    /// What can be written.
    pub(super) writable: &'p [PathBuf],
    /// What of `/dev` can be written.
    pub(super) devices: &'p [PathBuf],
    /// The folder of this very server, which lies in one that is closed.
    pub(super) own: &'p Path,
    /// What it may do over the network.
    pub(super) network: Network,
    /// Whether it may talk to any service over a socket of the file system.
    pub(super) sockets: bool,
}

/// The profile. Of two rules that fit, the later one counts.
pub(super) fn text(places: &Places<'_>) -> String {
    let mut lines = vec!["(version 1)".to_owned(), "(allow default)".to_owned(), "(deny file-write*)".to_owned()];
    // A subpath of a file is the file.
    lines.extend(rules("allow file-write*", "subpath", places.writable));
    lines.extend(rules("allow file-write*", "literal", places.devices));
    lines.extend(rules("deny file-read* file-write*", "subpath", places.closed));
    let own = [places.own.to_owned()];
    lines.extend(rules("allow file-read* file-write*", "subpath", &own));
    // Programs of its own it may end and look at. Others it may not even ask to open something.
    for operation in ["signal", "process-info*"] {
        lines.push(format!("(deny {operation})"));
        lines.push(format!("(allow {operation} (target same-sandbox))"));
    }
    lines.extend(["(deny appleevent-send)".to_owned(), "(deny lsopen)".to_owned()]);
    if places.network == Network::None {
        lines.push("(deny network*)".to_owned());
    }
    if places.sockets {
        lines.push("(allow network-outbound (remote unix-socket))".to_owned());
    } else {
        lines.push("(deny network-outbound (remote unix-socket))".to_owned());
        lines.extend(rules("allow network*", "subpath", &own));
        if places.network == Network::Open {
            // Names of hosts are looked up over a socket.
            lines.push("(allow network-outbound (literal \"/private/var/run/mDNSResponder\"))".to_owned());
        }
    }
    lines.join("\n") + "\n"
}

/// A rule a path. What is no text can't be written down; no place of ours is.
fn rules<'p>(what: &'p str, how: &'p str, paths: &'p [PathBuf]) -> impl Iterator<Item = String> + 'p {
    paths.iter().filter_map(|path| path.to_str()).map(move |path| format!("({what} ({how} {}))", quoted(path)))
}

/// A path as a string of the profile's language.
fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(network: Network, sockets: bool) -> String {
        text(&Places {
            closed: &["/Users/x/.ssh".into(), "/Users/x/odd\" (allow default) \\".into()],
            writable: &["/private/tmp/run/0".into(), "/Users/x/.npm/_logs".into()],
            devices: &["/dev/null".into()],
            own: Path::new("/private/tmp/run/0"),
            network,
            sockets,
        })
    }

    #[test]
    fn a_profile() {
        let expected = r#"(version 1)
(allow default)
(deny file-write*)
(allow file-write* (subpath "/private/tmp/run/0"))
(allow file-write* (subpath "/Users/x/.npm/_logs"))
(allow file-write* (literal "/dev/null"))
(deny file-read* file-write* (subpath "/Users/x/.ssh"))
(deny file-read* file-write* (subpath "/Users/x/odd\" (allow default) \\"))
(allow file-read* file-write* (subpath "/private/tmp/run/0"))
(deny signal)
(allow signal (target same-sandbox))
(deny process-info*)
(allow process-info* (target same-sandbox))
(deny appleevent-send)
(deny lsopen)
(deny network-outbound (remote unix-socket))
(allow network* (subpath "/private/tmp/run/0"))
(allow network-outbound (literal "/private/var/run/mDNSResponder"))
"#;
        assert_eq!(profile(Network::Open, false), expected);
    }

    #[test]
    fn a_closed_network_stays_closed() {
        let text = profile(Network::None, false);
        assert!(text.contains("(deny network*)") && !text.contains("mDNSResponder"), "{text}");
        let text = profile(Network::None, true);
        let (closed, sockets) =
            (text.find("(deny network*)"), text.find("(allow network-outbound (remote unix-socket))"));
        assert!(closed < sockets && closed.is_some(), "{text}");
    }

    #[test]
    fn no_path_ends_its_string() {
        for path in ["a", "a\"b", "a\\", "a\\\"b", "\"\"", "\\\\\"", "(\n)"] {
            let quoted = quoted(path);
            let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
            let (mut read, mut chars) = (String::new(), inside.chars());
            while let Some(c) = chars.next() {
                assert!(c != '"', "{quoted}");
                read.push(if c == '\\' { chars.next().unwrap() } else { c });
            }
            assert_eq!(read, path);
        }
    }
}
