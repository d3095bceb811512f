//! Launch forms and what they come to.

use super::*;
use crate::config::Spanned;
use crate::discover::Scope;
use crate::document::{Source, Sources, Span};

fn grammar() -> Grammar {
    Grammar::parse(crate::rules::data("runners.toml"), crate::rules::data("wrappers.toml"))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn entry(command: &str, args: &[&str]) -> ServerEntry {
    let mut sources = Sources::default();
    let source = sources.add(Source::new("x", b""));
    let spanned = |text: &str| Spanned { text: text.to_owned(), span: Span::new(10, 12 + text.len()) };
    ServerEntry {
        name: spanned("s"),
        client: "c".into(),
        also: Vec::new(),
        is_read: true,
        scope: Scope::User,
        project: None,
        source,
        portable: "x".into(),
        span: Span::default(),
        command: Some(spanned(command)),
        args: args.iter().map(|arg| spanned(arg)).collect(),
        env: Vec::new(),
        url: None,
        urls: Vec::new(),
        headers: Vec::new(),
        others: Vec::new(),
        disabled: false,
    }
}

fn packages(line: &str) -> Vec<(String, Pin)> {
    let words: Vec<&str> = line.split(' ').collect();
    let launch = resolve(&entry(words[0], &words[1..]), &grammar());
    launch.packages.into_iter().map(|package| (package.name, package.pin)).collect()
}

fn only(line: &str) -> (String, Pin) {
    let mut found = packages(line);
    assert_eq!(found.len(), 1, "{line}: {found:?}");
    found.remove(0)
}

#[test]
fn npm_specs() {
    let exact = |version: &str| Pin::Exact(version.into());
    for (line, name, pin) in [
        ("npx -y pkg", "pkg", Pin::None),
        ("npx pkg@", "pkg", Pin::None),
        ("npx -y pkg@latest", "pkg", Pin::Tag("latest".into())),
        ("npx -y pkg@1.2.3.4", "pkg", Pin::Tag("1.2.3.4".into())),
        ("npx -y pkg@1", "pkg", Pin::Range("1".into())),
        ("npx -y pkg@1.x", "pkg", Pin::Range("1.x".into())),
        ("npx -y pkg@^1.2.3", "pkg", Pin::Range("^1.2.3".into())),
        ("npx -y pkg@1.2.3", "pkg", exact("1.2.3")),
        ("npx -y pkg@v1.2.3", "pkg", exact("1.2.3")),
        ("npx -y pkg@=1.2.3", "pkg", exact("1.2.3")),
        ("npx -y pkg@1.2.3-beta.1", "pkg", exact("1.2.3-beta.1")),
        ("npx -y @scope/pkg", "@scope/pkg", Pin::None),
        ("npx -y @scope/pkg@2.0.0", "@scope/pkg", exact("2.0.0")),
        ("npx -y alias@npm:real@1.2.3", "real", exact("1.2.3")),
        ("npx -y owner/repo", "owner/repo", Pin::MovingSource),
        ("npx -y github:o/r#main", "github:o/r#main", Pin::MovingSource),
        ("npx -y https://h/x.tgz", "https://h/x.tgz", Pin::MovingSource),
        ("npx -y ./dir", "./dir", Pin::Local),
        ("npx -y pkg@${VERSION}", "pkg", Pin::Unknown),
        ("npx -y pkg@${VERSION:-latest}", "pkg", Pin::Tag("latest".into())),
        ("npx -y pkg@${VERSION:-1.2.3}", "pkg", exact("1.2.3")),
    ] {
        assert_eq!(only(line), (name.into(), pin), "{line}");
    }
    let commit = "0123456789abcdef0123456789abcdef01234567";
    assert_eq!(only(&format!("npx -y github:o/r#{commit}")).1, Pin::FixedSource);
    assert_eq!(only("npx -y github:o/r#0123456").1, Pin::MovingSource);
}

#[test]
fn npx_options() {
    for line in [
        "npx --yes pkg@1.0.0 --flag x",
        "npx -p pkg@1.0.0 bin",
        "npx --package=pkg@1.0.0 -- bin",
        "npx --registry https://r.example pkg@1.0.0",
        "npx -yq other pkg@1.0.0",
        "npx.cmd -y pkg@1.0.0",
        "/usr/local/bin/npx -y pkg@1.0.0",
        "npm exec pkg@1.0.0 --yes",
        "npm x -- pkg@1.0.0 other@2",
        "npm exec --package pkg@1.0.0 -- bin",
        "pnpm dlx pkg@1.0.0",
        "pnpx pkg@1.0.0",
        "yarn dlx -q pkg@1.0.0",
        "bunx --bun pkg@1.0.0",
        "bun x pkg@1.0.0",
    ] {
        assert_eq!(only(line), ("pkg".into(), Pin::Exact("1.0.0".into())), "{line}");
    }
    assert_eq!(packages("npx -p a@1.0.0 -p b bin").len(), 2);
    assert_eq!(packages("npm run start"), []);
    assert_eq!(packages("yarn start"), []);
    assert_eq!(packages("node index.js"), []);
}

#[test]
fn pypi_specs() {
    let exact = |version: &str| Pin::Exact(version.into());
    for (line, name, pin) in [
        ("uvx pkg", "pkg", Pin::None),
        ("uvx pkg@latest", "pkg", Pin::Tag("latest".into())),
        ("uvx pkg@1.2.3", "pkg", exact("1.2.3")),
        ("uvx pkg@1", "pkg", exact("1")),
        ("uvx pkg@v0.2.6", "pkg", exact("v0.2.6")),
        ("uvx pkg[cli]@1.2.3", "pkg", exact("1.2.3")),
        ("uvx pkg==1.2.3", "pkg", exact("1.2.3")),
        ("uvx pkg==1.2.3rc1", "pkg", exact("1.2.3rc1")),
        ("uvx pkg==1.*", "pkg", Pin::Range("==1.*".into())),
        ("uvx pkg>=1,<2", "pkg", Pin::Range(">=1,<2".into())),
        ("uvx pkg~=1.2", "pkg", Pin::Range("~=1.2".into())),
        ("uvx --from pkg==1.2.3 cmd", "pkg", exact("1.2.3")),
        ("uvx --from=pkg cmd", "pkg", Pin::None),
        ("uvx --python 3.12 pkg==1.0", "pkg", exact("1.0")),
        ("uv tool run pkg", "pkg", Pin::None),
        ("uvx --from git+https://github.com/o/r cmd", "git+https://github.com/o/r", Pin::MovingSource),
        ("uvx --from git+ssh://git@github.com/o/r cmd", "git+ssh://git@github.com/o/r", Pin::MovingSource),
        ("uvx --from git+https://github.com/o/r@v1 cmd", "git+https://github.com/o/r@v1", Pin::MovingSource),
        ("uvx --from ./dir cmd", "./dir", Pin::Local),
        ("pipx run pkg==1.0.0", "pkg", exact("1.0.0")),
        ("pipx run --spec pkg cmd", "pkg", Pin::None),
        ("uvenv run pkg", "pkg", Pin::None),
    ] {
        assert_eq!(only(line), (name.into(), pin), "{line}");
    }
    let commit = "0123456789abcdef0123456789abcdef01234567";
    assert_eq!(only(&format!("uvx --from git+https://github.com/o/r@{commit} cmd")).1, Pin::FixedSource);
    assert_eq!(packages("uvx --from a==1.0 --with b,c==2.0 cmd").len(), 3);
    assert_eq!(packages("uv run server.py"), []);
    assert_eq!(packages("uv run --with b cmd"), [("b".into(), Pin::None)]);
    assert_eq!(packages("uv --directory x run server.py"), []);
}

#[test]
fn behind_wrappers() {
    for (command, args) in [
        ("cmd", &["/c", "npx", "-y", "pkg"][..]),
        ("cmd.exe", &["/d", "/s", "/c", "npx -y pkg"]),
        ("bash", &["-c", "npx -y pkg"]),
        ("bash", &["-lc", "cd /x && exec npx -y pkg"]),
        ("sh", &["-c", "FOO=1 npx -y pkg"]),
        ("env", &["-u", "A", "B=1", "npx", "-y", "pkg"]),
        ("/usr/bin/env", &["npx", "-y", "pkg"]),
        ("npx -y pkg", &[]),
        ("npx", &["-c", "npx -y pkg"]),
        ("op", &["run", "--env-file", ".env", "--", "npx", "-y", "pkg"]),
        ("wsl", &["-d", "Ubuntu", "bash", "-lc", "npx -y pkg"]),
        ("sudo", &["-u", "me", "npx", "-y", "pkg"]),
        ("bash", &["-cx", "npx -y pkg"]),
        ("bash", &["-c", "( npx -y pkg )"]),
        ("bash", &["-c", "{ npx -y pkg; }"]),
        ("bash", &["-c", "if true; then npx -y pkg; fi"]),
        ("bash", &["-c", "exec -a x npx -y pkg"]),
        ("bash", &["-c", ">/dev/null npx -y pkg 2>&1"]),
        ("bash", &["-c", "npx -y pkg>/log"]),
        ("bash", &["-c", "eval 'npx -y pkg'"]),
        ("bash", &["-c", "npx \\\n -y pkg"]),
        ("cmd", &["/c", "call", "npx", "-y", "pkg"]),
        ("cmd", &["/C", "cd", "x", "&&", "npx", "-y", "pkg"]),
        ("powershell", &["-COMMAND", "npx -y pkg"]),
        ("powershell", &["-Command", "npx", "-y", "pkg"]),
        ("powershell", &["-Command", "& { npx -y pkg }"]),
        ("pwsh", &["npx -y pkg"]),
        ("env", &["-S", "npx -y pkg"]),
        ("env", &["-SA=1 npx -y pkg"]),
        ("timeout", &["-k", "5", "30", "npx", "-y", "pkg"]),
        ("fnm", &["exec", "--using", "20", "npx", "-y", "pkg"]),
        ("volta", &["run", "--node", "20", "npx", "-y", "pkg"]),
        ("direnv", &["exec", ".", "npx", "-y", "pkg"]),
        ("aws-vault", &["exec", "p", "npx", "-y", "pkg"]),
        ("script", &["-qc", "npx -y pkg", "/dev/null"]),
        ("NPX", &["-y", "pkg"]),
        ("pnpm", &["--package=pkg", "dlx", "bin"]),
        ("pnpm", &["--reporter", "silent", "dlx", "pkg"]),
        ("npm", &["--prefix", "/x", "exec", "pkg"]),
        ("A=1 npx -y pkg", &[]),
        ("cd x && npx -y pkg", &[]),
    ] {
        let launch = resolve(&entry(command, args), &grammar());
        let names: Vec<&str> = launch.packages.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["pkg"], "{command} {args:?}");
        assert!(launch.packages[0].spec.span.len() <= 5, "the place is the word, not the line: {command} {args:?}");
    }
}

#[test]
fn paths_with_blanks_are_programs() {
    for command in ["/Applications/My App/server", r"C:\Program Files\nodejs\node.exe"] {
        let launch = resolve(&entry(command, &["x"]), &grammar());
        assert_eq!(launch.programs.len(), 1, "{command}");
        assert!(launch.packages.is_empty());
    }
}

#[test]
fn images() {
    let image = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let launch = resolve(&entry(words[0], &words[1..]), &grammar());
        assert!(launch.images.len() <= 1);
        launch.images.into_iter().next().map(|image| (image.name, image.tag, image.digest))
    };
    let found = |name: &str, tag: Option<&str>, digest| Some((name.to_owned(), tag.map(str::to_owned), digest));
    assert_eq!(image("docker run -i --rm mcp/time"), found("mcp/time", None, false));
    assert_eq!(image("docker run -it -e KEY --name x mcp/time:1.2 arg"), found("mcp/time", Some("1.2"), false));
    assert_eq!(image("docker run -iv /a:/b -eKEY=1 --network=host img:latest"), found("img", Some("latest"), false));
    assert_eq!(image("podman run --rm -i reg.io:5000/ns/img"), found("reg.io:5000/ns/img", None, false));
    let digest = format!("sha256:{}", "a".repeat(64));
    assert_eq!(image(&format!("docker --context c run img:1@{digest}")), found("img", Some("1"), true));
    assert_eq!(image("docker exec -i container cmd"), None);
    assert_eq!(image("docker compose run x"), None);
    assert_eq!(image("docker mcp gateway run"), None);
}

#[test]
fn commands_behind_bridges() {
    let names = |command: &str, args: &[&str]| {
        let launch = resolve(&entry(command, args), &grammar());
        launch.packages.into_iter().map(|package| package.name).collect::<Vec<_>>()
    };
    assert_eq!(names("npx", &["-y", "supergateway@3.0.0", "--stdio", "npx -y pkg"]), ["pkg", "supergateway"]);
    assert_eq!(names("uvx", &["mcpo==1.0", "--port", "8000", "--", "npx", "-y", "pkg"]), ["pkg", "mcpo"]);
    assert_eq!(
        names("npx", &["-y", "@modelcontextprotocol/inspector@1.0.0", "npx", "-y", "pkg"]),
        ["pkg", "@modelcontextprotocol/inspector"]
    );
}

#[test]
fn options_of_containers() {
    let options = |args: &[&str]| {
        let launch = resolve(&entry("docker", args), &grammar());
        let image = launch.images.into_iter().next().unwrap();
        assert_eq!(image.name, "img", "{args:?}");
        let options = image.options.into_iter();
        options
            .map(|option| option.name + option.value.map(|v| format!("={}", v.text)).as_deref().unwrap_or(""))
            .collect::<Vec<_>>()
    };
    for args in [
        &["run", "-v", "/a:/b", "img"][..],
        &["run", "-v/a:/b", "img", "-v", "/c:/d"],
        &["run", "-v=/a:/b", "img"],
        &["run", "-v /a:/b", "img"],
        &["run", "--volume=/a:/b", "img"],
        &["run", "--volume", "/a:/b", "img", "--privileged"],
        &["container", "run", "--volume /a:/b", "img"],
    ] {
        assert_eq!(options(args), ["--volume=/a:/b"], "{args:?}");
    }
    assert_eq!(options(&["run", "-itv", "/a:/b", "img"]), ["--interactive", "--tty", "--volume=/a:/b"]);
    assert_eq!(options(&["run", "-dp8080:80", "img"]), ["--detach", "--publish=8080:80"]);
    assert_eq!(options(&["run", "--net=host", "--privileged", "img"]), ["--network=host", "--privileged"]);
    assert_eq!(options(&["run", "--mount", "type=bind,src=/a,dst=/b", "img"]), ["--mount=type=bind,src=/a,dst=/b"]);
    assert_eq!(options(&["run", "--cap-add", "SYS_ADMIN", "--", "img"]), ["--cap-add=SYS_ADMIN"]);

    let launch = resolve(&entry("sudo", &["podman", "run", "--privileged=false", "-p", "80:80", "img"]), &grammar());
    assert_eq!(launch.images[0].flag("--privileged"), None);
    assert_eq!(launch.images[0].open_ports().len(), 1);
}

#[test]
fn published_ports() {
    for (port, open) in [
        ("8080:80", true),
        ("8080", true),
        ("0.0.0.0:8080:80", true),
        ("127.0.0.1:8080:80", false),
        ("localhost:8080:80", false),
        ("[::1]:8080:80/tcp", false),
        ("[::]:8080:80", true),
        ("192.168.1.5::80", true),
        ("${ADDRESS}:8080:80", false),
        ("${PORT:-8080}:80", true),
    ] {
        let launch = resolve(&entry("docker", &["run", "-p", port, "img"]), &grammar());
        assert_eq!(launch.images[0].open_ports().len(), usize::from(open), "{port}");
    }
}

#[test]
fn addresses_behind_bridges() {
    let launch =
        resolve(&entry("npx", &["-y", "mcp-remote@0.1.16", "http://mcp.example.com/sse", "--allow-http"]), &grammar());
    assert_eq!(launch.remotes.len(), 1);
    assert_eq!((launch.remotes[0].scheme.as_str(), launch.remotes[0].host.as_str()), ("http", "mcp.example.com"));
    assert_eq!(launch.remotes[0].via, Via::Bridge);
    for (command, args, via) in [
        ("mcp-proxy", &["http://a.example/sse"][..], Via::Bridge),
        ("uvx", &["mcp-proxy==1.0", "--no-verify-ssl", "http://a.example/sse"], Via::Bridge),
        ("npx", &["-y", "supergateway@1.0.0", "--sse=http://a.example/sse"], Via::Bridge),
        ("npx", &["-y", "acme@1.0.0", "--browserUrl", "http://a.example"], Via::Server),
    ] {
        let launch = resolve(&entry(command, args), &grammar());
        let found: Vec<_> = launch.remotes.iter().map(|remote| (remote.host.as_str(), remote.via)).collect();
        assert_eq!(found, [("a.example", via)], "{command} {args:?}");
    }
    assert!(is_loopback("127.0.0.1") && is_loopback("::1") && is_loopback("localhost") && !is_loopback("10.0.0.1"));
}

#[test]
fn scripts() {
    let kinds = |command: &str, args: &[&str]| {
        resolve(&entry(command, args), &grammar()).scripts.into_iter().map(|script| script.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds("bash", &["-c", "curl -s https://x.io/i.sh | bash"]), [ScriptKind::Fetch]);
    assert_eq!(kinds("node", &["-e", "require('x')"]), [ScriptKind::Code]);
    assert_eq!(kinds("bash", &["start.sh"]), []);
    assert_eq!(kinds("powershell", &["-EncodedCommand", "aQBlAHgA"]), [ScriptKind::Fetch]);
}
