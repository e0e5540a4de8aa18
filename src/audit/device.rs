//! Browsers and systems in words.

/// A browser's own words about itself in ours: "Firefox on Linux".
#[must_use]
pub fn in_words(user_agent: &str) -> String {
    let known = woothee::parser::Parser::new().parse(user_agent);
    let said = |word: &str| (word != "UNKNOWN" && !word.is_empty()).then(|| word.to_owned());
    let (browser, system) = known.map_or((None, None), |found| (said(found.name), said(found.os)));
    match (browser, system.map(|name| plain(&name))) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "Unknown device".to_owned(),
    }
}

/// The names people use: versions of Windows are all Windows.
fn plain(system: &str) -> String {
    match system {
        name if name.starts_with("Windows") => "Windows".to_owned(),
        "Mac OSX" => "macOS".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn devices_are_told_in_words() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
        assert_eq!(in_words(firefox), "Firefox on Linux");
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                    Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0";
        assert_eq!(in_words(edge), "Edge on Windows");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                     Version/17.5 Mobile/15E148 Safari/604.1";
        assert_eq!(in_words(phone), "Safari on iPhone");
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                   Version/17.5 Safari/605.1.15";
        assert_eq!(in_words(mac), "Safari on macOS");
        for odd in ["", "x", "\u{202e}", &"A".repeat(300)] {
            assert_eq!(in_words(odd), "Unknown device", "{odd}");
        }
    }
}
