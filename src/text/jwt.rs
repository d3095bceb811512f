//! What a signed token says of itself.

use serde_json::Value;

use super::from_base64;

/// A signed token whose header is one.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// Null where only who holds the key can read it.
    claims: Value,
}

impl Jwt {
    /// Reads `header.claims.signature`; `None` if the header names no algorithm, so that it is something else.
    pub fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let json = |part: &str| serde_json::from_slice::<Value>(&from_base64(part)?).ok();
        let header = json(parts.next()?)?;
        header.get("alg")?.as_str()?;
        Some(Self { claims: parts.next().and_then(json).unwrap_or_default() })
    }

    /// A claim that is text.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// Whether it is no longer good at `now`, in seconds of Unix.
    pub fn expired(&self, now: u64) -> bool {
        self.claims.get("exp").and_then(Value::as_f64).is_some_and(|end| end < now as f64)
    }

    /// The one that documentation shows.
    pub fn is_sample(&self) -> bool {
        self.claim("sub") == Some("1234567890") || self.claim("name") == Some("John Doe")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read() {
        let read = |token: &str| Jwt::read(token);
        // {"alg":"none"} and {"exp":5,"role":"anon"}
        let jwt = read("eyJhbGciOiJub25lIn0.eyJleHAiOjUsInJvbGUiOiJhbm9uIn0.x").unwrap();
        assert!(jwt.expired(6) && !jwt.expired(4) && !jwt.is_sample());
        assert_eq!(jwt.claim("role"), Some("anon"));
        assert!(!read("eyJhbGciOiJub25lIn0.not-json.x").unwrap().expired(6));
        assert!(read("eyJleHAiOjV9.eyJleHAiOjV9.x").is_none(), "names no algorithm");
        assert!(read("eyJ.eyJ.x").is_none());
    }
}
