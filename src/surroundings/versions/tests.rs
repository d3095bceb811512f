//! Each kind of file as its tool writes it.

use super::*;

fn says(name: &str, text: &str, wanted: &[&str]) -> Vec<(String, String)> {
    let mut found = said_in(name, text, wanted);
    found.sort();
    found
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect()
}

const WANTED: &[&str] = &["@acme/mcp", "plain", "real", "git", "linked", "deep", "twice", "moved"];

#[test]
fn npm() {
    let v3 = r#"{"name": "p", "lockfileVersion": 3, "packages": {
        "": {"dependencies": {"@acme/mcp": "^1.0.0", "git": "github:a/git", "alias": "npm:real@^2.0.0", "moved": "https://x.test/moved.tgz"}},
        "node_modules/@acme/mcp": {"version": "1.4.2", "resolved": "https://registry.npmjs.org/@acme/mcp/-/mcp-1.4.2.tgz", "integrity": "sha512-x"},
        "node_modules/@acme/mcp/node_modules/deep": {"version": "1.0.0"},
        "node_modules/alias": {"name": "real", "version": "2.0.1", "resolved": "https://registry.npmjs.org/real/-/real-2.0.1.tgz"},
        "node_modules/git": {"version": "1.0.0", "resolved": "git+ssh://git@github.com/a/git.git#0123456789abcdef0123456789abcdef01234567"},
        "node_modules/linked": {"resolved": "packages/linked", "link": true},
        "node_modules/moved": {"version": "1.0.0", "resolved": "https://x.test/moved.tgz"},
        "node_modules/plain": {"version": "0.1.0-beta.1", "resolved": false},
        "packages/linked": {"version": "3.0.0"}}}"#;
    let expected = pairs(&[("@acme/mcp", "1.4.2"), ("plain", "0.1.0-beta.1"), ("real", "2.0.1")]);
    assert_eq!(says("package-lock.json", v3, WANTED), expected);
    assert_eq!(says("npm-shrinkwrap.json", v3, WANTED), expected);
    let v1 = r#"{"lockfileVersion": 1, "dependencies": {
        "@acme/mcp": {"version": "1.4.2", "resolved": "https://registry.npmjs.org/@acme/mcp/-/mcp-1.4.2.tgz", "requires": {"deep": "1"},
            "dependencies": {"deep": {"version": "1.0.0"}}},
        "alias": {"version": "npm:real@2.0.1", "resolved": "https://registry.npmjs.org/real/-/real-2.0.1.tgz"},
        "git": {"version": "git+ssh://git@github.com/a/git.git#0123", "from": "git+ssh://x"},
        "linked": {"version": "file:packages/linked"}}}"#;
    assert_eq!(says("package-lock.json", v1, WANTED), pairs(&[("@acme/mcp", "1.4.2"), ("real", "2.0.1")]));
    // Version 2 says all of it twice.
    let v2 =
        v3.replacen("\"packages\"", "\"dependencies\": {\"@acme/mcp\": {\"version\": \"1.4.2\"}}, \"packages\"", 1);
    assert_eq!(says("package-lock.json", &v2, WANTED), expected);
    for broken in ["", "{", "[]", "{\"packages\": 1}", "{\"packages\": {\"node_modules/plain\": {\"version\": 1}}}"] {
        assert_eq!(says("package-lock.json", broken, WANTED), [], "{broken}");
    }
}

#[test]
fn only_what_npx_was_asked_for() {
    let text = r#"{"name": "x", "lockfileVersion": 3, "packages": {
        "": {"dependencies": {"@acme/mcp": "^1.4.2"}},
        "node_modules/@acme/mcp": {"version": "1.4.2"}, "node_modules/plain": {"version": "2.0.0"}},
        "_": {"packages": ["@acme/mcp"]}}"#;
    let found = in_text(text, Ecosystem::Npm, node::npx_lock, WANTED.iter().copied().collect());
    assert_eq!(found, [("@acme/mcp".to_owned(), "1.4.2".to_owned(), None)]);
}

#[test]
fn what_the_contents_are() {
    let npm = |integrity: &str| {
        format!(r#"{{"packages": {{"node_modules/plain": {{"version": "1.0.0", "integrity": {integrity}}}}}}}"#)
    };
    let of = |text: &str, ecosystem, read: Reader| {
        let found = in_text(text, ecosystem, read, WANTED.iter().copied().collect());
        found.into_iter().next().and_then(|(_, _, integrity)| integrity)
    };
    assert_eq!(of(&npm("\"sha512-x\""), Ecosystem::Npm, node::npm_lock).as_deref(), Some("sha512-x"));
    for other in ["1", "null", "\"\"", "\"sha512-\\u001b\"", "\"md5-x\""] {
        assert_eq!(of(&npm(other), Ecosystem::Npm, node::npm_lock), None, "{other}");
    }
    let bun = r#"{"packages": {"plain": ["plain@1.0.0", "", {}, "sha512-x"]}}"#;
    assert_eq!(of(bun, Ecosystem::Npm, node::bun_lock).as_deref(), Some("sha512-x"));
    let uv = "[[package]]\nname = 'plain'\nversion = '1.0'\nsource = {registry = 'https://pypi.org/simple'}\nsdist = {url = 'x', hash = 'sha256:x'}\n";
    assert_eq!(of(uv, Ecosystem::PyPi, python::lock).as_deref(), Some("sha256:x"));
}

/// As the tools write it, of one package: with a scope, with others that it runs with, and beside one that is none.
#[test]
fn what_the_contents_are_by_every_tool() {
    let facts = |text: &str, ecosystem, read: Reader| {
        let mut found = in_text(text, ecosystem, read, ["@acme/mcp", "plain", "git"].into());
        found.sort();
        let facts = found.into_iter().map(|(name, _, integrity)| (name, integrity.unwrap_or_default()));
        facts.collect::<Vec<_>>()
    };
    let both = |scoped: &str, plain: &str| {
        vec![("@acme/mcp".to_owned(), scoped.to_owned()), ("plain".to_owned(), plain.to_owned())]
    };
    let pnpm = |head: &str, scoped: &str, plain: &str| {
        format!(
            "{head}\npackages:\n\n  {scoped}:\n    resolution: {{integrity: sha512-a}}\n    engines: {{node: '>=18'}}\n    peerDependencies:\n      resolution: '{{integrity: sha512-no}}'\n\n  {plain}:\n    resolution: {{integrity: sha512-p, tarball: https://x.test/p.tgz}}\n    dev: false\n\n  git@https://codeload.github.com/a/git/tar.gz/0123:\n    resolution: {{tarball: https://codeload.github.com/a/git/tar.gz/0123}}\n\nsnapshots:\n\n  {plain}:\n    resolution: {{integrity: sha512-no}}\n"
        )
    };
    let nine = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      '@acme/mcp':\n        specifier: ^1.0.0\n        version: 1.4.2(zod@3.23.8)\n      plain:\n        specifier: 0.1.0\n        version: 0.1.0\n";
    let six = "lockfileVersion: '6.0'\n\ndependencies:\n  '@acme/mcp':\n    specifier: ^1.0.0\n    version: 1.4.2(zod@3.23.8)\n  plain:\n    specifier: 0.1.0\n    version: 0.1.0\n";
    let five = "lockfileVersion: 5.4\n\nspecifiers:\n  '@acme/mcp': ^1.0.0\n  plain: 0.1.0\n\ndependencies:\n  '@acme/mcp': 1.4.2_zod@3.23.8\n  plain: 0.1.0\n";
    for text in [
        pnpm(nine, "'@acme/mcp@1.4.2'", "plain@0.1.0"),
        pnpm(six, "/@acme/mcp@1.4.2(zod@3.23.8)", "/plain@0.1.0"),
        pnpm(five, "/@acme/mcp/1.4.2_zod@3.23.8", "/plain/0.1.0"),
    ] {
        assert_eq!(facts(&text, Ecosystem::Npm, node::pnpm_lock), both("sha512-a", "sha512-p"), "{text}");
    }
    let classic = "\"@acme/mcp@^1.0.0\":\n  version \"1.4.2\"\n  resolved \"https://registry.yarnpkg.com/@acme/mcp/-/mcp-1.4.2.tgz#abc\"\n  integrity sha512-a==\n\nplain@0.1.0:\n  version \"0.1.0\"\n  resolved \"https://registry.yarnpkg.com/plain/-/plain-0.1.0.tgz#abc\"\n  integrity sha512-p==\n  dependencies:\n    integrity \"^1.0.0\"\n";
    assert_eq!(facts(classic, Ecosystem::Npm, yarn::yarn_lock), both("sha512-a==", "sha512-p=="));
    let berry = "\"plain@npm:^0.1.0\":\n  version: 0.1.0\n  resolution: \"plain@npm:0.1.0\"\n  checksum: 10c0/abcdef\n";
    assert_eq!(facts(berry, Ecosystem::Npm, yarn::yarn_lock), [("plain".to_owned(), String::new())]);
    let files = "[\n    {file = \"plain-2.0-py3-none-any.whl\", hash = \"sha256:w\"},\n    {file = \"plain-2.0.tar.gz\", hash = \"sha256:s\"},\n]\n";
    let package = "[[package]]\nname = \"plain\"\nversion = \"2.0\"\n";
    let sealed = [("plain".to_owned(), "sha256:s".to_owned())];
    for text in [
        format!("{package}files = {files}\n[metadata]\nlock-version = \"2.0\"\n"),
        format!("{package}\n[metadata]\nlock-version = \"1.1\"\n\n[metadata.files]\nplain = {files}"),
    ] {
        assert_eq!(facts(&text, Ecosystem::PyPi, python::lock), sealed, "{text}");
    }
    let wheel = format!("{package}files = [{{file = \"plain-2.0-py3-none-any.whl\", hash = \"sha256:w\"}}]\n");
    for odd in [wheel, format!("{package}files = 1\n"), format!("{package}[metadata]\nfiles = [1]\n")] {
        assert_eq!(facts(&odd, Ecosystem::PyPi, python::lock), [("plain".to_owned(), String::new())], "{odd}");
    }
}

#[test]
fn package_json() {
    let text = r#"{"dependencies": {"@acme/mcp": "1.4.2", "plain": "^1.0.0", "alias": "npm:real@2.0.1", "git": "a/git"},
        "devDependencies": {"deep": "=1.0.0", "linked": "file:../linked", "odd": 1}}"#;
    let expected = pairs(&[("@acme/mcp", "1.4.2"), ("deep", "1.0.0"), ("real", "2.0.1")]);
    assert_eq!(says("package.json", text, WANTED), expected);
}

#[test]
fn pnpm() {
    let v9 = "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n\nimporters:\n\n  .:\n    dependencies:\n      '@acme/mcp':\n        specifier: ^1.0.0\n        version: 1.4.2(zod@3.23.8)\n      alias:\n        specifier: npm:real@^2.0.0\n        version: real@2.0.1\n      linked:\n        specifier: workspace:*\n        version: link:packages/linked\n      twice:\n        specifier: ^1.0.0\n        version: 1.0.0\n    devDependencies:\n      git:\n        specifier: github:a/git\n        version: https://codeload.github.com/a/git/tar.gz/0123\n\n  packages/linked:\n    dependencies:\n      plain:\n        specifier: 0.1.0\n        version: 0.1.0\n      twice:\n        specifier: ^2.0.0\n        version: 2.0.0\n\npackages:\n\n  'deep@1.0.0':\n    resolution: {integrity: sha512-x}\n\nsnapshots:\n\n  deep@1.0.0: {}\n";
    let expected = pairs(&[("@acme/mcp", "1.4.2"), ("plain", "0.1.0"), ("real", "2.0.1")]);
    assert_eq!(says("pnpm-lock.yaml", v9, WANTED), expected);
    let v6 = "lockfileVersion: '6.0'\n\ndependencies:\n  '@acme/mcp':\n    specifier: ^1.0.0\n    version: 1.4.2(zod@3.23.8)\n  alias:\n    specifier: npm:real@^2.0.0\n    version: /real@2.0.1\n\npackages:\n\n  /deep@1.0.0:\n    resolution: {integrity: sha512-x}\n";
    assert_eq!(says("pnpm-lock.yaml", v6, WANTED), pairs(&[("@acme/mcp", "1.4.2"), ("real", "2.0.1")]));
    assert_eq!(says("pnpm-lock.yaml", "importers: [", WANTED), []);
}

#[test]
fn yarn_classic_and_berry() {
    let classic = "# yarn lockfile v1\n\n\n\"@acme/mcp@^1.0.0\", \"@acme/mcp@^1.2.0\":\n  version \"1.4.2\"\n  resolved \"https://registry.yarnpkg.com/@acme/mcp/-/mcp-1.4.2.tgz#abc\"\n  integrity sha512-x\n  dependencies:\n    version \"9.9.9\"\n\nalias@npm:real@^2.0.0:\n  version \"2.0.1\"\n  resolved \"https://registry.yarnpkg.com/real/-/real-2.0.1.tgz\"\n\n\"git@github:a/git\":\n  version \"1.0.0\"\n  resolved \"https://codeload.github.com/a/git/tar.gz/0123\"\n\nmoved@a/moved:\n  version \"1.0.0\"\n  resolved \"https://codeload.github.com/a/moved/tar.gz/0123\"\n\nplain@0.1.0:\n  version \"0.1.0\"\n\ntwice@^1.0.0:\n  version \"1.0.0\"\n\ntwice@^2.0.0:\n  version \"2.0.0\"\n";
    let expected = pairs(&[("@acme/mcp", "1.4.2"), ("plain", "0.1.0"), ("real", "2.0.1")]);
    assert_eq!(says("yarn.lock", classic, WANTED), expected);
    let berry = "# This file is generated by running \"yarn install\".\n\n__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"@acme/mcp@npm:^1.0.0, @acme/mcp@npm:^1.2.0\":\n  version: 1.4.2\n  resolution: \"@acme/mcp@npm:1.4.2\"\n  dependencies:\n    deep: \"npm:^1.0.0\"\n  checksum: 10c0/x\n  languageName: node\n  linkType: hard\n\n\"alias@npm:real@^2.0.0\":\n  version: 2.0.1\n  resolution: \"real@npm:2.0.1\"\n\n\"git@github:a/git\":\n  version: 1.0.0\n  resolution: \"git@https://github.com/a/git.git#commit=0123\"\n\n\"linked@workspace:packages/linked\":\n  version: 0.0.0-use.local\n  resolution: \"linked@workspace:packages/linked\"\n";
    assert_eq!(says("yarn.lock", berry, WANTED), pairs(&[("@acme/mcp", "1.4.2"), ("real", "2.0.1")]));
    assert_eq!(
        says("yarn.lock", "a:\n b\n\u{e9}\n  version\n\"\":\n  version \"1.0.0\"\n", &["a", ""]),
        pairs(&[("", "1.0.0")])
    );
}

#[test]
fn bun() {
    let text = r#"{
  "lockfileVersion": 1,
  "workspaces": {"": {"name": "p", "dependencies": {"@acme/mcp": "^1.0.0",},},},
  "packages": {
    "@acme/mcp": ["@acme/mcp@1.4.2", "", {"dependencies": {"deep": "1"}}, "sha512-x"],
    "@acme/mcp/deep": ["deep@1.0.0", "", {}, "sha512-x"],
    "alias": ["real@2.0.1", "", {}, "sha512-x"],
    "git": ["git@github:a/git#0123", {}, "a-git-0123"],
    "linked": ["linked@workspace:packages/linked"],
  }
}"#;
    assert_eq!(says("bun.lock", text, WANTED), pairs(&[("@acme/mcp", "1.4.2"), ("real", "2.0.1")]));
}

const PYTHON: &[&str] = &["acme-mcp", "plain", "git", "folder", "twice", "local"];

#[test]
fn locks_of_python() {
    let uv = "version = 1\nrequires-python = \">=3.11\"\n\n[[package]]\nname = \"Acme_MCP\"\nversion = \"1.4.2\"\nsource = { registry = \"https://pypi.org/simple\" }\nsdist = { url = \"https://x\", hash = \"sha256:0\" }\n\n[[package]]\nname = \"folder\"\nversion = \"0.1.0\"\nsource = { editable = \".\" }\n\n[[package]]\nname = \"git\"\nversion = \"0.1.0\"\nsource = { git = \"https://github.com/a/git?rev=0#0\" }\n\n[[package]]\nname = \"local\"\nversion = \"1.0+cu118\"\nsource = { registry = \"https://x.test/simple\" }\n\n[[package]]\nname = \"twice\"\nversion = \"1.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n\n[[package]]\nname = \"twice\"\nversion = \"2.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n";
    assert_eq!(says("uv.lock", uv, PYTHON), pairs(&[("acme-mcp", "1.4.2")]));
    let poetry = "[[package]]\nname = \"acme-mcp\"\nversion = \"1.4.2\"\ndescription = \"\"\nfiles = []\n\n[[package]]\nname = \"plain\"\nversion = \"2.0\"\n[package.source]\ntype = \"legacy\"\nurl = \"https://x.test/simple\"\n\n[[package]]\nname = \"git\"\nversion = \"0.1.0\"\n\n[package.source]\ntype = \"git\"\nurl = \"https://github.com/a/git\"\n\n[metadata]\nlock-version = \"2.0\"\n";
    assert_eq!(says("poetry.lock", poetry, PYTHON), pairs(&[("acme-mcp", "1.4.2"), ("plain", "2.0")]));
    let pdm = "[metadata]\ngroups = [\"default\"]\n\n[[package]]\nname = \"acme-mcp\"\nversion = \"1.4.2\"\n\n[[package]]\nname = \"git\"\nversion = \"1.0\"\ngit = \"https://github.com/a/git\"\n\n[[package]]\nname = \"folder\"\nversion = \"1.0\"\npath = \"./folder\"\n";
    assert_eq!(says("pdm.lock", pdm, PYTHON), pairs(&[("acme-mcp", "1.4.2")]));
    let pipfile = r#"{"_meta": {}, "default": {"acme-mcp": {"hashes": ["sha256:0"], "index": "pypi", "version": "==1.4.2"}, "git": {"git": "https://x", "ref": "0"}},
        "develop": {"plain": {"version": "==2.0"}}}"#;
    assert_eq!(says("Pipfile.lock", pipfile, PYTHON), pairs(&[("acme-mcp", "1.4.2"), ("plain", "2.0")]));
    assert_eq!(says("uv.lock", "[[package]]\nname = 1\n", PYTHON), []);
}

#[test]
fn requirements_and_pyproject() {
    let text = "# plain==9\n-r other.txt\n--index-url https://x\nacme_mcp[cli]==1.4.2 ; python_version > '3' # note\nplain == 2.0 \\\n    --hash=sha256:0\ngit @ git+https://x\ntwice==1.*\nfolder>=1\n";
    assert_eq!(says("requirements-dev.txt", text, PYTHON), pairs(&[("acme-mcp", "1.4.2"), ("plain", "2.0")]));
    let text = "[project]\nname = \"p\"\ndependencies = [\"acme-mcp[cli]==1.4.2\", \"folder>=1\"]\n[project.optional-dependencies]\nx = [\"plain===2.0\"]\n[dependency-groups]\ndev = [\"twice==3\", {include-group = \"y\"}]\n[tool.poetry.dependencies]\npython = \"^3.11\"\nlocal = \"1.0.0\"\ngit = {git = \"https://x\"}\n";
    let expected = pairs(&[("acme-mcp", "1.4.2"), ("local", "1.0.0"), ("plain", "2.0"), ("twice", "3")]);
    assert_eq!(says("pyproject.toml", text, PYTHON), expected);
}

#[test]
fn the_project_around_a_config() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("repo/.git")).unwrap();
    let file = |path: &str, given: Option<&str>| {
        let file = ConfigFile::named(root.join(path), String::new(), String::new());
        let file = ConfigFile { root: given.map(|given| root.join(given)), ..file };
        project_folder(&file).map(Path::to_owned)
    };
    assert_eq!(file("repo/.cursor/mcp.json", None), Some(root.join("repo")));
    assert_eq!(file("repo/a/.idea/x/mcp.xml", None), Some(root.join("repo/a")));
    assert_eq!(file("repo/a/mcp.json", None), Some(root.join("repo/a")));
    assert_eq!(file("other/.vscode/mcp.json", None), Some(root.join("other")));
    assert_eq!(file(".hidden/p/.vscode/mcp.json", Some(".hidden/p")), Some(root.join(".hidden/p")));
}

#[test]
fn the_nearest_folder_decides() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("a/package.json", r#"{"dependencies": {"plain": "3.0.0", "deep": "3.0.0"}}"#);
    write("a/yarn.lock", "plain@^1.0.0:\n  version \"1.0.0\"\n");
    let wanted: Names = ["plain", "deep"].map(|name| (Ecosystem::Npm, name.to_owned())).into();
    let said = said(&folder.path().join("a"), &wanted);
    let get =
        |name: &str| said.get(&(Ecosystem::Npm, name.to_owned())).map(|found| (found.version.as_str(), &found.said));
    assert_eq!(get("plain"), Some(("1.0.0", &Said::Project("yarn.lock".to_owned()))));
    assert_eq!(get("deep"), Some(("3.0.0", &Said::Project("package.json".to_owned()))));
}

#[test]
fn what_was_fetched_last() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(folder.path().to_owned(), discover::Os::Linux, HashMap::new());
    let write = |path: &str, version: &str, seconds: u64| {
        let path = folder.path().join(path).join("package-lock.json");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = format!(
            r#"{{"packages": {{"": {{"dependencies": {{"plain": "^1.0.0"}}}}, "node_modules/plain": {{"version": "{version}"}}}}}}"#
        );
        std::fs::write(&path, text).unwrap();
        let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    };
    write(".npm/_npx/aa", "1.0.0", 1_000);
    write(".npm/_npx/bb", "1.2.0", 3_000);
    write(".npm/_npx/cc", "1.1.0", 2_000);
    let tool = ".local/share/uv/tools/acme-mcp/lib/python3.12/site-packages/acme_mcp-1.4.2.dist-info";
    std::fs::create_dir_all(folder.path().join(tool)).unwrap();
    let wanted: Names = [(Ecosystem::Npm, "plain"), (Ecosystem::PyPi, "acme-mcp"), (Ecosystem::PyPi, "../x")]
        .map(|(ecosystem, name)| (ecosystem, name.to_owned()))
        .into();
    let found = last::versions(&home, &wanted);
    let get = |ecosystem, name: &str| found.get(&(ecosystem, name.to_owned())).cloned();
    let in_use = |version: &str, said| Some(InUse { version: version.to_owned(), said, integrity: None });
    assert_eq!(get(Ecosystem::Npm, "plain"), in_use("1.2.0", Said::Npx));
    assert_eq!(get(Ecosystem::PyPi, "acme-mcp"), in_use("1.4.2", Said::UvTools));
    assert_eq!(found.len(), 2);
}
