//! A letter as its reader sees it (RFC 5322, RFC 2045).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A letter, decoded.
#[derive(Clone)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The message as it went over the wire.
    pub raw: String,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.subject, self.to)
    }
}

impl Letter {
    /// Reads a message of two alternatives: plain text and HTML.
    pub fn read(raw: &str) -> Self {
        let (head, body) = halves(raw);
        let boundary = header(&head, "content-type")
            .split("boundary=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_else(|| panic!("no boundary: {head}"))
            .to_owned();
        let parts: Vec<(String, String)> = body.split(&format!("--{boundary}")).filter_map(part).collect();
        let of_kind = |kind: &str| parts.iter().find(|(is, _)| is.starts_with(kind)).map(|(_, text)| text.clone());
        Self {
            to: header(&head, "to"),
            subject: words(&header(&head, "subject")),
            text: of_kind("text/plain").expect("a text part"),
            html: of_kind("text/html").expect("an HTML part"),
            raw: raw.to_owned(),
        }
    }

    /// The first link.
    pub fn link(&self) -> String {
        self.links().into_iter().next().unwrap_or_else(|| panic!("no link: {}", self.text))
    }

    /// The first link without the issuer, which must stand before it.
    pub fn path(&self, issuer: &str) -> String {
        let link = self.link();
        link.strip_prefix(issuer).unwrap_or_else(|| panic!("{link} is not of {issuer}")).to_owned()
    }

    /// The one-time secret of the first link.
    pub fn token(&self) -> String {
        self.link().split_once("token=").expect("a token").1.to_owned()
    }

    /// Every link of the text part.
    pub fn links(&self) -> Vec<String> {
        let lines = self.text.lines().map(str::trim);
        lines.filter(|line| line.starts_with("http")).map(str::to_owned).collect()
    }

    /// The code to type; it stands on a line of its own.
    pub fn code(&self) -> String {
        let digits = |line: &str| line.chars().filter(char::is_ascii_digit).collect::<String>();
        let is_code = |line: &&str| {
            line.starts_with("    ")
                && line.trim().chars().all(|c| c.is_ascii_digit() || c == ' ')
                && digits(line).len() == 6
        };
        digits(self.text.lines().find(is_code).unwrap_or_else(|| panic!("no code: {}", self.text)))
    }

    /// A header, unfolded.
    pub fn header(&self, name: &str) -> String {
        header(&halves(&self.raw).0, name)
    }

    /// Names of all headers, in lower case.
    pub fn header_names(&self) -> Vec<String> {
        let (head, _) = halves(&self.raw);
        head.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.to_lowercase()).collect()
    }
}

/// Head, unfolded, and body.
fn halves(raw: &str) -> (String, &str) {
    let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
    (head.replace("\r\n ", " ").replace("\r\n\t", " "), body)
}

fn header(head: &str, name: &str) -> String {
    let named = |line: &&str| line.split_once(':').is_some_and(|(is, _)| is.eq_ignore_ascii_case(name));
    head.lines()
        .find(named)
        .and_then(|line| line.split_once(':'))
        .map_or_else(String::new, |(_, v)| v.trim().to_owned())
}

fn part(text: &str) -> Option<(String, String)> {
    let (head, body) = halves(text.strip_prefix("\r\n")?);
    let body = match header(&head, "content-transfer-encoding").as_str() {
        "quoted-printable" => quoted_printable(body),
        "base64" => {
            let packed: String = body.split_whitespace().collect();
            String::from_utf8(STANDARD.decode(packed).expect("base64")).expect("UTF-8")
        }
        _ => body.to_owned(),
    };
    Some((header(&head, "content-type"), body.replace("\r\n", "\n")))
}

/// RFC 2045 section 6.7.
fn quoted_printable(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut pieces = joined.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(hex, 16).expect("two hex digits"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// Encoded words of a header (RFC 2047), base64 only.
fn words(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, encoded)) = rest.split_once("=?utf-8?b?") {
        plain.push_str(if before.trim().is_empty() { "" } else { before });
        let (packed, after) = encoded.split_once("?=").expect("an end of the encoded word");
        plain.push_str(&String::from_utf8(STANDARD.decode(packed).expect("base64")).expect("UTF-8"));
        rest = after;
    }
    plain + rest
}
