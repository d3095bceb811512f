//! What of this machine a container is handed: the grammar of `--volume`, `--mount` and `--publish`.

use std::ops::Range;

use super::{Image, is_own_address};
use crate::config::{Part, Spanned, parts};

/// A file or folder of this machine that is put into a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// Its path as written.
    pub source: Spanned,
    /// Whether the container can only read it.
    pub read_only: bool,
}

impl Image {
    /// Everything of this machine that is put into the container. Volumes that the runtime keeps itself are not.
    pub fn binds(&self) -> Vec<Bind> {
        self.values("--volume").filter_map(volume).chain(self.values("--mount").filter_map(mount)).collect()
    }

    /// The ports that are opened on more than this machine's own addresses.
    pub fn open_ports(&self) -> Vec<&Spanned> {
        let open = |port: &&Spanned| match fields(&port.text).as_slice() {
            [] => false,
            // `[address:]host:container`. An address that a variable decides is not known to be open.
            [address, _, _] => {
                let address = port.text[address.clone()].trim_matches(['[', ']']);
                !is_own_address(address) && !has_reference(address)
            }
            _ => true,
        };
        self.values("--publish").filter(open).collect()
    }
}

/// `source:target[:options]`.
fn volume(value: &Spanned) -> Option<Bind> {
    let parts = fields(&value.text);
    let (source, options) = match parts.as_slice() {
        [source, _] => (source.clone(), ""),
        [source, _, options] => (source.clone(), &value.text[options.clone()]),
        // A path alone is a folder inside the container.
        _ => return None,
    };
    let read_only = options.split(',').any(|option| matches!(option, "ro" | "readonly"));
    let source = Spanned { span: value.part(source.start, source.end), text: value.text[source].to_owned() };
    is_path(&source.text).then_some(Bind { source, read_only })
}

/// `type=bind,source=…,target=…,readonly`.
fn mount(value: &Spanned) -> Option<Bind> {
    let mut kind = None;
    let mut source = None;
    let mut device = None;
    let mut read_only = false;
    let mut start = 0;
    for field in value.text.split(',') {
        let bare = field.trim().trim_matches('"');
        let (key, given) = bare.split_once('=').unwrap_or((bare, ""));
        let at = start + field.find(given).unwrap_or(0);
        let here = Spanned { span: value.part(at, at + given.len()), text: given.to_owned() };
        match key.to_ascii_lowercase().as_str() {
            "type" => kind = Some(given.to_ascii_lowercase()),
            "src" | "source" => source = Some(here),
            "ro" | "readonly" => read_only = !matches!(given, "false" | "0"),
            // A volume can be told to be a folder of this machine.
            "volume-opt" => {
                if let Some(path) = given.strip_prefix("device=") {
                    device = Some(Spanned { text: path.to_owned(), ..here });
                }
            }
            _ => {}
        }
        start += field.len() + 1;
    }
    let source = match kind.as_deref() {
        Some("bind" | "npipe") => source,
        // The runtime's default is a volume, and it refuses a path as its name.
        None => source.filter(|source| is_path(&source.text)),
        Some("volume") => device.filter(|device| is_path(&device.text)),
        Some(_) => None,
    }?;
    (!source.text.is_empty()).then_some(Bind { source, read_only })
}

/// The parts between colons; those in references, behind a drive's letter and in brackets separate nothing.
fn fields(text: &str) -> Vec<Range<usize>> {
    let mut fields = Vec::new();
    let mut start = 0;
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' | '(' | '[' | '<' => depth += 1,
            '}' | ')' | ']' | '>' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                let before = &text[start..at];
                // The runtimes take a single letter for a drive too: volumes have longer names.
                let drive = before.len() == 1
                    && before.starts_with(|c: char| c.is_ascii_alphabetic())
                    && text[at + 1..].starts_with(['/', '\\']);
                if !drive && before != "$env" {
                    fields.push(start..at);
                    start = at + 1;
                }
            }
            _ => {}
        }
    }
    if !text.is_empty() {
        fields.push(start..text.len());
    }
    fields
}

/// Whether a source is a path of this machine, and not the name of a volume.
fn is_path(source: &str) -> bool {
    let lower = source.to_ascii_lowercase();
    let slashes = source.contains(['/', '\\']) || source.starts_with(['.', '~']);
    if source.is_empty() || slashes {
        return !source.is_empty();
    }
    // A placeholder or a variable that says it is a volume; or a variable as a part of a plain name.
    if lower.contains("volume") {
        return false;
    }
    match parts(source).as_slice() {
        [Part::Variable { .. } | Part::Reference(_)] => true,
        [Part::Literal(_)] => !source.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)),
        _ => false,
    }
}

fn has_reference(text: &str) -> bool {
    parts(text).iter().any(|part| !matches!(part, Part::Literal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Span;

    fn spanned(text: &str) -> Spanned {
        Spanned { text: text.to_owned(), span: Span::new(0, text.len() + 2) }
    }

    #[test]
    fn volumes() {
        let read = |text: &str| volume(&spanned(text)).map(|bind| (bind.source.text, bind.read_only));
        for (text, source, read_only) in [
            ("/a:/b", "/a", false),
            ("/a:/b:ro", "/a", true),
            ("/a:/b:z,ro", "/a", true),
            ("./a:/b", "./a", false),
            ("~/.ssh:/root/.ssh:ro", "~/.ssh", true),
            (r"C:\Users\x:/data", r"C:\Users\x", false),
            (r"C:\Users\x:C:\data:ro", r"C:\Users\x", true),
            ("c:/x:/data", "c:/x", false),
            ("${HOME}/x:/data", "${HOME}/x", false),
            ("${env:HOME}:/data:ro", "${env:HOME}", true),
            ("${DIR:-/srv}:/data", "${DIR:-/srv}", false),
            ("$(pwd):/data", "$(pwd)", false),
            ("%USERPROFILE%\\x:/data", "%USERPROFILE%\\x", false),
            (r"$env:USERPROFILE\.aws:/aws", r"$env:USERPROFILE\.aws", false),
            ("${workspaceFolder}:/data", "${workspaceFolder}", false),
            ("<path to data>:/data", "<path to data>", false),
            ("//./pipe/docker_engine://./pipe/docker_engine", "//./pipe/docker_engine", false),
        ] {
            assert_eq!(read(text), Some((source.to_owned(), read_only)), "{text}");
        }
        for text in ["data:/b", "my-data_1.0:/b:ro", "/only/inside", "${DATA_VOLUME}:/b", "${NAME}_data:/b", "", ":/b"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn mounts() {
        let read = |text: &str| mount(&spanned(text)).map(|bind| (bind.source.text, bind.read_only));
        let found = |source: &str, read_only| Some((source.to_owned(), read_only));
        assert_eq!(read("type=bind,src=/a,dst=/b"), found("/a", false));
        assert_eq!(read("type=bind,source=/a,target=/b,readonly"), found("/a", true));
        assert_eq!(read("readonly=false, source=C:\\a ,type=BIND"), found("C:\\a", false));
        assert_eq!(
            read("type=npipe,source=\\\\.\\pipe\\docker_engine,target=x"),
            found("\\\\.\\pipe\\docker_engine", false)
        );
        assert_eq!(read("src=/a,dst=/b,ro"), found("/a", true));
        assert_eq!(
            read("type=volume,dst=/b,volume-opt=type=none,volume-opt=device=/a,volume-opt=o=bind"),
            found("/a", false)
        );
        for text in ["type=volume,src=data,dst=/b", "src=data,dst=/b", "type=tmpfs,dst=/b", "type=bind,dst=/b", ""] {
            assert_eq!(read(text), None, "{text}");
        }
        let bind = mount(&spanned("type=bind,src=/a,dst=/b")).unwrap();
        assert_eq!(bind.source.span, Span::new(15, 17), "the place is the path");
    }

    #[test]
    fn colons_separate_outside_of_references() {
        let read = |text: &str| fields(text).into_iter().map(|range| text[range].to_owned()).collect::<Vec<_>>();
        assert_eq!(read("[::1]:80:8080"), ["[::1]", "80", "8080"]);
        assert_eq!(read("${A:-1}:80"), ["${A:-1}", "80"]);
        assert_eq!(read("}}:80"), ["}}", "80"]);
        assert_eq!(read("8080"), ["8080"]);
    }
}
