//! The exact edit that fixes a package to the version in use.

use std::str::FromStr;

use super::super::Known;
use super::advisories;
use crate::launch::{Ecosystem, Package, Pin, npm_alias};
use crate::surroundings::{InUse, Said};

/// What to write instead, and why that version; nothing where no version is known that the entry allows.
pub(super) fn edit(package: &Package, in_use: Option<&InUse>, known: &Known) -> Option<String> {
    let in_use = in_use.filter(|in_use| allows(package, &in_use.version))?;
    let (ecosystem, name) = (package.ecosystem, package.ecosystem.canonical(&package.name));
    let version = &in_use.version;
    let who = match &in_use.said {
        Said::Project(file) => format!("the version in {file}"),
        Said::Npx => "the version that npx fetched last".to_owned(),
        Said::Lock(file) => format!("the version in {}", crate::text::visible(file)),
        Said::UvTools => "the version that uv has installed as a tool".to_owned(),
    };
    const REST: &str = "Dependencies of the package can still move; a lock file or an image digest fixes those too.";
    let write =
        |version: &str| Some(format!("Write `{}` instead of `{}`", pinned(package, version)?, package.spec.text));
    if let Some(bad) = known.malicious.of(ecosystem, &name, Some(version)) {
        let Package { name, .. } = package;
        return Some(format!("Do not use `{name}` {version}, {who}: it is known to be malicious ({}).", bad.note));
    }
    let Some(vulnerable) = advisories::known(ecosystem, &name, version) else {
        return Some(format!("{}: {who}. {REST}", write(version)?));
    };
    // What fixes one vulnerability may have another, or be no better in another way.
    let good = |fixed: &&str| {
        advisories::known(ecosystem, &name, fixed).is_none()
            && known.malicious.of(ecosystem, &name, Some(fixed)).is_none()
            && allows(package, fixed)
    };
    let fault = format!("{version}, {who}, is vulnerable: {}", vulnerable.list);
    Some(match vulnerable.fixed.filter(good) {
        Some(fixed) => format!("{}, or a later version: {fault}. {REST}", write(fixed)?),
        None => format!("Name a version that you have looked at, and not {fault}. {REST}"),
    })
}

/// Whether the specification lets this version run today: what a range leaves out is no version in use of this entry.
fn allows(package: &Package, version: &str) -> bool {
    let Pin::Range(range) = &package.pin else { return true };
    match package.ecosystem {
        Ecosystem::Npm => {
            let Ok(version) = semver::Version::parse(version) else { return false };
            range.split("||").any(|part| npm_range(part.trim()).is_some_and(|part| part.matches(&version)))
        }
        Ecosystem::PyPi => {
            let range = pep440_rs::VersionSpecifiers::from_str(range);
            let version = pep440_rs::Version::from_str(version);
            matches!((range, version), (Ok(range), Ok(version)) if range.contains(&version))
        }
        // Of the others nobody has said which version is in use.
        _ => false,
    }
}

/// One part of npm's ranges, as far as it can be said in Cargo's.
fn npm_range(part: &str) -> Option<semver::VersionReq> {
    // `>= 1.2` is one comparison, and a blank between two means both.
    let mut text = String::new();
    for word in part.split_whitespace() {
        if !text.is_empty() && !text.ends_with(['<', '>', '=', '^', '~']) {
            text.push(',');
        }
        // A bare `1.2` is `1.2.x` to npm.
        if word.starts_with(|c: char| c.is_ascii_digit()) && !text.ends_with(['<', '>', '=', '^', '~']) {
            text.push('=');
        }
        text.push_str(word);
    }
    semver::VersionReq::parse(if text.is_empty() { "*" } else { &text }).ok()
}

/// The specification with this version, in its ecosystem's own grammar; aliases, extras and markers stay.
fn pinned(package: &Package, version: &str) -> Option<String> {
    let spec = package.spec.text.trim();
    match package.ecosystem {
        Ecosystem::Npm => {
            let start = npm_alias(spec).unwrap_or(0);
            let (alias, real) = spec.split_at(start);
            let name = real.rfind('@').filter(|at| *at > 0).map_or(real, |at| &real[..at]);
            Some(format!("{alias}{name}@{version}"))
        }
        Ecosystem::PyPi => {
            let rest = spec.strip_prefix(&package.name)?;
            let (extras, rest) = match rest.find(']').filter(|_| rest.starts_with('[')) {
                Some(close) => rest.split_at(close + 1),
                None => ("", rest),
            };
            let markers = rest.find(';').map_or("", |at| &rest[at..]);
            Some(format!("{}{extras}=={version}{markers}", package.name))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Spanned;
    use crate::document::Span;
    use crate::rules::data;

    fn package(ecosystem: Ecosystem, name: &str, spec: &str, pin: Pin) -> Package {
        let spec = Spanned { text: spec.to_owned(), span: Span::new(0, 0) };
        Package { ecosystem, runner: "npx".to_owned(), spec, name: name.to_owned(), pin }
    }

    fn known() -> Known {
        Known::parse(data("packages.toml"), data("dangers.toml")).unwrap()
    }

    fn says(package: &Package, version: &str) -> Option<String> {
        let said = Said::Project("package-lock.json".to_owned());
        let in_use = InUse { version: version.to_owned(), said, integrity: None };
        edit(package, Some(&in_use), &known())
    }

    #[test]
    fn the_edit_keeps_what_is_written() {
        use Ecosystem::{Npm, PyPi};
        for (ecosystem, name, spec, pinned) in [
            (Npm, "@acme/mcp", "@acme/mcp", "@acme/mcp@1.4.2"),
            (Npm, "@acme/mcp", "@acme/mcp@latest", "@acme/mcp@1.4.2"),
            (Npm, "acme", "acme@", "acme@1.4.2"),
            (Npm, "@acme/mcp", "a@npm:@acme/mcp@next", "a@npm:@acme/mcp@1.4.2"),
            (Npm, "acme", "@x/a@npm:acme", "@x/a@npm:acme@1.4.2"),
            (PyPi, "acme-mcp", "acme-mcp", "acme-mcp==1.4.2"),
            (PyPi, "acme-mcp", "acme-mcp@latest", "acme-mcp==1.4.2"),
            (
                PyPi,
                "Acme_mcp",
                "Acme_mcp[cli,x] ; python_version > '3'",
                "Acme_mcp[cli,x]==1.4.2; python_version > '3'",
            ),
        ] {
            let help = says(&package(ecosystem, name, spec, Pin::None), "1.4.2").unwrap();
            assert!(
                help.starts_with(&format!("Write `{pinned}` instead of `{spec}`: the version in package-lock.json. ")),
                "{help}"
            );
        }
    }

    #[test]
    fn what_a_range_leaves_out_is_not_in_use() {
        let npm = |range: &str, version: &str| {
            allows(&package(Ecosystem::Npm, "a", "", Pin::Range(range.to_owned())), version)
        };
        for (range, version, allowed) in [
            ("^1.2.0", "1.4.2", true),
            ("^2.0.0", "1.4.2", false),
            ("1", "1.4.2", true),
            ("1.2", "1.4.2", false),
            ("1.x", "1.4.2", true),
            ("*", "1.4.2", true),
            (">=1.2 <2", "1.4.2", true),
            (">= 1.2 < 1.4", "1.4.2", false),
            ("^2 || ^1.4", "1.4.2", true),
            ("nonsense <", "1.4.2", false),
        ] {
            assert_eq!(npm(range, version), allowed, "{range}");
        }
        let pypi = |range: &str| allows(&package(Ecosystem::PyPi, "a", "", Pin::Range(range.to_owned())), "1.4.2");
        assert!(pypi(">=1.0,<2") && pypi("~=1.4") && !pypi(">=2"));
    }

    #[test]
    fn nothing_bad_is_recommended() {
        let remote = package(Ecosystem::Npm, "mcp-remote", "mcp-remote", Pin::None);
        let help = says(&remote, "0.1.0").unwrap();
        assert!(
            help.starts_with("Write `mcp-remote@0.1.16` instead of `mcp-remote`, or a later version: 0.1.0, "),
            "{help}"
        );
        assert!(help.contains("CVE-2025-6514"), "{help}");
        let bad = package(Ecosystem::Npm, "postmark-mcp", "postmark-mcp", Pin::None);
        let help = says(&bad, "1.0.16").unwrap();
        assert!(help.starts_with("Do not use `postmark-mcp` 1.0.16, the version in package-lock.json"), "{help}");
        assert_eq!(edit(&remote, None, &known()), None);
    }
}
