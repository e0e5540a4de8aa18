//! `prompt` (OIDC Core section 3.1.2.1).

super::words! {
    /// One value of `prompt`.
    Prompt {
        /// Show no page.
        None = "none",
        /// Ask for credentials again.
        Login = "login",
        /// Ask for consent again.
        Consent = "consent",
        /// Let the person choose an account.
        SelectAccount = "select_account",
    }
}

/// The set of prompts asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of four words")]
pub struct Prompts {
    /// Show no page; alone when set.
    pub none: bool,
    /// Ask for credentials again.
    pub login: bool,
    /// Ask for consent again.
    pub consent: bool,
    /// Let the person choose.
    pub select_account: bool,
}

impl Prompts {
    /// Reads the space-separated list.
    ///
    /// # Errors
    /// In words: an unknown value, or `none` beside others (OIDC Core section 3.1.2.1).
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut out = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            match word.parse::<Prompt>()? {
                Prompt::None => out.none = true,
                Prompt::Login => out.login = true,
                Prompt::Consent => out.consent = true,
                Prompt::SelectAccount => out.select_account = true,
            }
        }
        if out.none && (out.login || out.consent || out.select_account) {
            return Err("none stands beside other values".into());
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::Prompts;

    #[test]
    fn none_stands_alone_and_the_rest_combine() {
        assert!(Prompts::parse("none").unwrap().none);
        let both = Prompts::parse("consent login").unwrap();
        assert!(both.login && both.consent && !both.select_account);
        assert_eq!(Prompts::parse("login consent").unwrap(), both);
        assert!(Prompts::parse("none login").is_err());
        assert!(Prompts::parse("create").is_err());
        assert_eq!(Prompts::parse("").unwrap(), Prompts::default());
    }
}
