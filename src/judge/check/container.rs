//! Pack `container`: what a container is handed of the machine that it should keep away from.

use super::super::dangers::ContainerDangers;
use super::super::entries::Scene;
use crate::config::{Part, Spanned, parts};
use crate::document::Span;
use crate::finding::{Finding, Severity};
use crate::launch::Image;
use crate::rules::{Draft, Packs};

/// Judges the containers that one entry runs.
pub(in crate::judge) fn container(
    scene: &Scene<'_>,
    packs: &Packs,
    dangers: &ContainerDangers,
    findings: &mut Vec<Finding>,
) {
    for image in &scene.launch.images {
        let mut check = Check { scene, packs, dangers, image, findings };
        check.privileges();
        check.binds();
        check.namespaces();
        check.user();
        check.ports();
        check.capabilities();
        check.env_file();
        check.limits();
    }
}

/// What most of its options let a container do.
const LEAVE: &str = "get out of its container";

struct Check<'a> {
    scene: &'a Scene<'a>,
    packs: &'a Packs,
    dangers: &'a ContainerDangers,
    image: &'a Image,
    findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    fn add(&mut self, rule: &str, span: Span, matched: &str, fill: impl FnOnce(Draft<'_>) -> Draft<'_>) {
        let image = self.image.name.clone();
        let finding = self.scene.finding(self.packs, rule, span, matched, |draft| fill(draft.with("image", image)));
        self.findings.extend(finding);
    }

    fn privileges(&mut self) {
        const RULE: &str = "container/privileged";
        if let Some(span) = self.image.flag("--privileged") {
            self.add(RULE, span, "--privileged", |draft| {
                draft.with("option", "--privileged").with("can", LEAVE).severity(Severity::Critical)
            });
        }
        for (option, values) in
            [("--cap-add", self.dangers.capabilities.as_slice()), ("--security-opt", &self.dangers.security_opts)]
        {
            for value in self.image.values(option) {
                // Several capabilities may stand in one value, with or without their prefix.
                let bad = value
                    .text
                    .split(',')
                    .find(|part| values.iter().any(|known| known.eq_ignore_ascii_case(capability(part))));
                let Some(bad) = bad else { continue };
                let all = bad.trim().eq_ignore_ascii_case("all");
                self.add(RULE, value.span, &value.text, |draft| {
                    let draft = draft.with("option", format!("{option} {}", value.text)).with("can", LEAVE);
                    if all { draft.severity(Severity::Critical) } else { draft }
                });
            }
        }
        for value in self.image.values("--device") {
            let whole = self.dangers.devices.iter().any(|device| value.text.starts_with(device.as_str()));
            self.add(RULE, value.span, &value.text, |draft| {
                let draft = draft.with("option", format!("--device {}", value.text));
                match whole {
                    true => draft.with("can", LEAVE),
                    false => draft.with("can", "use that device of this machine").severity(Severity::Low),
                }
            });
        }
    }

    /// Capabilities beyond those that every container has. The worst of them are told as privileges.
    fn capabilities(&mut self) {
        for value in self.image.values("--cap-add") {
            let mut names = value.text.split(',').map(capability).peekable();
            let known = |list: &[String], name: &str| list.iter().any(|known| known.eq_ignore_ascii_case(name));
            let worse = names.peek().is_some() && names.clone().any(|name| known(&self.dangers.capabilities, name));
            let more = names.any(|name| !name.is_empty() && !known(&self.dangers.usual_capabilities, name));
            if more && !worse && !Scene::has_reference(&value.text) {
                self.add("container/added-capability", value.span, &value.text, |draft| {
                    draft.with("capability", value.text.clone())
                });
            }
        }
    }

    fn env_file(&mut self) {
        for value in self.image.values("--env-file") {
            self.add("container/env-file", value.span, &value.text, |draft| draft.with("file", value.text.clone()));
        }
    }

    /// Bounds that are not set, in one finding. A client that makes the container itself sets its own.
    fn limits(&mut self) {
        let own = self.scene.entry.command.as_ref().is_some_and(|command| command.span.is_empty());
        let privileged = self.image.flag("--privileged").is_some();
        let set = |options: &[String]| self.image.options.iter().any(|given| options.contains(&given.name));
        let missing: Vec<&str> =
            self.dangers.limits.iter().filter(|limit| !set(&limit.options)).map(|limit| limit.what.as_str()).collect();
        if own || privileged || missing.is_empty() || self.image.runner == "thv" {
            return;
        }
        let list = missing.join(", ");
        let reference = &self.image.reference;
        self.add("container/missing-limits", reference.span, &reference.text, |draft| draft.with("missing", list));
    }

    fn binds(&mut self) {
        const SOCKET: &str = "container/docker-socket";
        if let Some(span) = self.image.flag("--use-api-socket") {
            self.add(SOCKET, span, "--use-api-socket", |draft| draft.with("source", "--use-api-socket"));
        }
        for bind in self.image.binds() {
            let Spanned { text, span } = bind.source;
            let (reach, severity) = match exposure(&text, self.dangers) {
                Exposure::Socket => {
                    self.add(SOCKET, span, &text, |draft| draft.with("source", text.clone()));
                    continue;
                }
                Exposure::Harmless if bind.read_only => continue,
                Exposure::Folder | Exposure::Harmless => ("a folder or file of this machine", Severity::Low),
                // What can only be read can still be read.
                Exposure::Bad(what) if bind.read_only => (what, Severity::Medium),
                Exposure::Bad(what) => (what, Severity::High),
            };
            let how = if bind.read_only { "to read" } else { "to read and write" };
            self.add("container/host-mount", span, &text, |draft| {
                draft.severity(severity).with("source", text.clone()).with("reach", reach).with("how", how)
            });
        }
    }

    fn namespaces(&mut self) {
        for value in self.image.values("--network") {
            if value.text == "host" || value.text.split(',').any(|part| part == "name=host") {
                self.add("container/host-network", value.span, &value.text, |draft| draft);
            }
        }
        for option in ["--pid", "--ipc", "--uts", "--userns", "--cgroupns"] {
            for value in self.image.values(option).filter(|value| value.text == "host") {
                self.add("container/host-namespace", value.span, &value.text, |draft| {
                    draft.with("option", format!("{option} host"))
                });
            }
        }
    }

    fn user(&mut self) {
        for value in self.image.values("--user") {
            let user = value.text.split(':').next().unwrap_or_default();
            if matches!(user, "0" | "root") {
                self.add("container/root-user", value.span, &value.text, |draft| draft);
            }
        }
    }

    fn ports(&mut self) {
        const RULE: &str = "container/published-port";
        if let Some(span) = self.image.flag("--publish-all") {
            self.add(RULE, span, "--publish-all", |draft| draft.with("port", "--publish-all"));
        }
        for port in self.image.open_ports() {
            self.add(RULE, port.span, &port.text, |draft| draft.with("port", port.text.clone()));
        }
    }
}

/// A capability without its prefix.
fn capability(name: &str) -> &str {
    let name = name.trim();
    name.get(..4).filter(|head| head.eq_ignore_ascii_case("cap_")).map_or(name, |_| &name[4..])
}

/// How much a path of this machine exposes.
#[derive(Debug, PartialEq)]
enum Exposure {
    /// Whoever has it commands the container runtime.
    Socket,
    /// More than any server needs; what it is, for a reader.
    Bad(&'static str),
    /// Some folder or file.
    Folder,
    /// What every machine has alike, such as its time zone.
    Harmless,
}

/// Judges a path by what is there on most machines. Nothing is looked at.
fn exposure(source: &str, dangers: &ContainerDangers) -> Exposure {
    const SYSTEM: &str = "a folder of the operating system";
    let path = source.trim().trim_matches(['"', '\'']).replace('\\', "/");
    let among = |list: &[String], item: &str| list.iter().any(|known| known.eq_ignore_ascii_case(item));
    let last = path.rsplit('/').next().unwrap_or_default();
    if among(&dangers.sockets, last) {
        return Exposure::Socket;
    }
    if path.split('/').any(|part| among(&dangers.keys, part)) {
        return Exposure::Bad("keys and logins");
    }
    if let Some(rest) = below_home(&path, dangers) {
        let rest = rest.trim_matches('/').to_ascii_lowercase();
        let private = dangers.private.iter().any(|known| {
            let known = known.to_ascii_lowercase();
            // A folder that holds such a one too.
            is_below(&rest, &known) || is_below(&known, &rest)
        });
        return match rest.is_empty() {
            true => Exposure::Bad("a whole home folder"),
            false if private => Exposure::Bad("keys, logins or settings of programs"),
            false => Exposure::Folder,
        };
    }
    let lower = path.to_ascii_lowercase();
    let bare = if lower.len() > 1 { lower.trim_end_matches('/') } else { &lower };
    if let Some(rest) = behind_drive(&lower) {
        let system = among(&dangers.windows_roots, rest.trim_matches('/'));
        return if system {
            Exposure::Bad("a whole drive or a folder of the operating system")
        } else {
            Exposure::Folder
        };
    }
    if bare == "/" || bare.is_empty() {
        return Exposure::Bad("the whole file system");
    }
    if dangers.harmless.iter().any(|known| is_below(bare, known)) {
        return Exposure::Harmless;
    }
    let system = among(&dangers.roots, bare) || dangers.systems.iter().any(|known| is_below(bare, known));
    if system { Exposure::Bad(SYSTEM) } else { Exposure::Folder }
}

/// What follows the home folder in a path that begins with one.
fn below_home<'p>(path: &'p str, dangers: &ContainerDangers) -> Option<&'p str> {
    if let Some(rest) = dangers.home_words.iter().find_map(|word| path.strip_prefix(word.as_str())) {
        return (rest.is_empty() || rest.starts_with('/')).then_some(rest);
    }
    if let Some(Part::Variable { range, name, .. }) = parts(path).first()
        && dangers.home_variables.contains(name)
    {
        return Some(&path[range.end..]);
    }
    let lower = path.to_ascii_lowercase();
    let from = behind_drive(&lower).map_or(0, |rest| path.len() - rest.len());
    let rest = path[from..].trim_start_matches('/');
    let folder = ["home/", "users/", "var/home/", "export/home/"]
        .iter()
        .find(|folder| rest.get(..folder.len()).is_some_and(|head| head.eq_ignore_ascii_case(folder)))?;
    // Without a folder before it, `home/x` is a folder of the project.
    if from == 0 && !path.starts_with('/') {
        return None;
    }
    let inside = &rest[folder.len()..];
    if inside.trim_matches('/').is_empty() {
        return None;
    }
    Some(inside.split_once('/').map_or("", |(_, rest)| rest))
}

/// What follows a drive of Windows: `c:/x`, `/c/x`, `//c/x`, `/mnt/c/x`, `/host_mnt/c/x`.
fn behind_drive(lower: &str) -> Option<&str> {
    let rest = match lower.as_bytes() {
        [letter, b':', ..] if letter.is_ascii_alphabetic() => &lower[2..],
        _ => {
            let rest = ["/run/desktop/mnt/host/", "/host_mnt/", "/mnt/", "//", "/"]
                .iter()
                .find_map(|prefix| lower.strip_prefix(prefix))?;
            match rest.as_bytes() {
                [letter] | [letter, b'/', ..] if letter.is_ascii_alphabetic() => &rest[1..],
                _ => return None,
            }
        }
    };
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Whether a path is a folder, or in it.
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Known;

    #[test]
    fn paths_and_what_they_expose() {
        let data = crate::rules::data;
        let known = Known::parse(data("packages.toml"), data("dangers.toml")).unwrap();
        let exposure = |path: &str| exposure(path, &known.dangers.container);
        for path in [
            "/var/run/docker.sock",
            "/run/user/1000/podman/podman.sock",
            "${XDG_RUNTIME_DIR}/podman/podman.sock",
            "~/.docker/run/docker.sock",
            "//var/run/docker.sock",
            "//./pipe/docker_engine",
            r"\\.\pipe\docker_engine",
        ] {
            assert_eq!(exposure(path), Exposure::Socket, "{path}");
        }
        for path in [
            "/",
            "//",
            "/etc",
            "/etc/",
            "/etc/shadow",
            "/root",
            "/root/.ssh",
            "/home",
            "/Users",
            "/var",
            "/proc",
            "~",
            "~/",
            "$HOME",
            "${HOME}",
            "${env:HOME}",
            "${userHome}",
            "%USERPROFILE%",
            "/home/me",
            "/home/me/",
            "/Users/me",
            r"C:\",
            "C:",
            "c:/",
            r"C:\Users",
            r"C:\Users\me",
            "/c/Users/me",
            "//c/Users/me",
            "/mnt/c/Users/me",
            "/mnt/c",
            "~/.ssh",
            "$HOME/.aws",
            "/Users/me/.config",
            "/Users/me/.config/gcloud/x",
            "/Users/me/Library/Application Support",
            "~/.claude.json",
            r"${env:USERPROFILE}\.kube",
            "./.ssh",
            "/srv/x/.aws/credentials",
            r"C:\Windows",
        ] {
            assert!(matches!(exposure(path), Exposure::Bad(_)), "{path}: {:?}", exposure(path));
        }
        for path in [
            ".",
            "./data",
            "$(pwd)",
            "$PWD",
            "${workspaceFolder}",
            "${workspaceFolder}/x",
            "/Users/me/projects/x",
            "~/Documents",
            "/home/me/code",
            r"C:\data",
            r"D:\work\x",
            "/srv/data",
            "/tmp/x",
            "/path/to/dir",
            "${DATA_DIR}",
            "home/me",
            "/homework",
            "/etcetera",
            "~other",
            "${HOME}/x/y",
        ] {
            assert_eq!(exposure(path), Exposure::Folder, "{path}");
        }
        assert_eq!(exposure("/etc/localtime"), Exposure::Harmless);
    }
}
