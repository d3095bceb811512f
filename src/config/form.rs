//! Which spelling a reference has.

use crate::discover::Form;

/// The spelling of a reference, whole as [`super::parts`] cuts it out.
pub fn form(reference: &str) -> Form {
    let inner = reference.strip_prefix("${");
    let scheme = |name: &str| inner.is_some_and(|inner| inner.starts_with(name));
    match reference.as_bytes() {
        [b'$', b'{', b'{', ..] => Form::Workflow,
        [b'$', b'{', ..] if scheme("env:") => Form::BracesEnv,
        [b'$', b'{', ..] if scheme("input:") => Form::Input,
        [b'$', b'{', ..] if scheme("file:") => Form::BracesFile,
        [b'$', b'{', ..] if ["workspaceFolder", "userHome", "pathSeparator}", "/}"].iter().any(|name| scheme(name)) => {
            Form::Folder
        }
        [b'$', b'{', ..] => {
            let name =
                inner.map_or(0, |inner| inner.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count());
            match inner.and_then(|inner| inner.as_bytes().get(name)) {
                Some(b'}') if name > 0 => Form::Braces,
                Some(b':') if inner.is_some_and(|inner| inner[name..].starts_with(":-")) => Form::Default,
                _ => Form::Scheme,
            }
        }
        [b'$', b'(', ..] => Form::Command,
        _ if reference.starts_with("$env:") => Form::DollarEnv,
        [b'$', ..] => Form::Dollar,
        [b'%', ..] => Form::Percent,
        [b'{', b'{', ..] => Form::Template,
        _ if reference.starts_with("{env:") => Form::CurlyEnv,
        _ if reference.starts_with("{file:") => Form::CurlyFile,
        _ => Form::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for (reference, expected) in [
            ("${API_KEY}", Form::Braces),
            ("${API_KEY:-x}", Form::Default),
            ("$API_KEY", Form::Dollar),
            ("%API_KEY%", Form::Percent),
            ("${env:API_KEY}", Form::BracesEnv),
            ("$env:API_KEY", Form::DollarEnv),
            ("{env:API_KEY}", Form::CurlyEnv),
            ("{file:~/.key}", Form::CurlyFile),
            ("${file:/key}", Form::BracesFile),
            ("${input:key}", Form::Input),
            ("${workspaceFolderBasename}", Form::Folder),
            ("${/}", Form::Folder),
            ("${command:x}", Form::Scheme),
            ("${user_config.key}", Form::Scheme),
            ("${}", Form::Scheme),
            ("${{ secrets.KEY }}", Form::Workflow),
            ("{{KEY}}", Form::Template),
            ("$(pass show key)", Form::Command),
            ("op://vault/key", Form::Other),
        ] {
            assert_eq!(form(reference), expected, "{reference}");
        }
    }
}
