//! Paths of fields, written out only where there is a text: most of what is walked through has none.

/// Where a walk is.
#[derive(Clone, Copy, Debug)]
pub(super) enum At<'p> {
    /// A field of an item.
    Field(&'p str),
    /// A key of a map.
    Key(&'p At<'p>, &'p str),
    /// An element of a list, from 0.
    Index(&'p At<'p>, usize),
}

impl At<'_> {
    /// `inputSchema.properties.path.enum[0]`.
    pub(super) fn written(&self) -> String {
        let mut text = String::with_capacity(self.length());
        self.write(&mut text);
        text
    }

    fn length(&self) -> usize {
        match self {
            Self::Field(name) => name.len(),
            Self::Key(outer, key) => outer.length() + 1 + key.len(),
            Self::Index(outer, _) => outer.length() + 4,
        }
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Field(name) => text.push_str(name),
            Self::Key(outer, key) => {
                outer.write(text);
                text.push('.');
                text.push_str(key);
            }
            Self::Index(outer, index) => {
                outer.write(text);
                text.push('[');
                text.push_str(&index.to_string());
                text.push(']');
            }
        }
    }
}
