//! Apps that we know how to set up: `config/clients/<id>.toml`, and what their operators paste.

use config::{File, FileFormat};
use rust_embed::RustEmbed;
use serde::{Deserialize, Serialize};
use url::Url;

use super::client::Kind;
use super::metadata::Draft;
use crate::kernel::secret::Secret;
use crate::spec::{AuthMethod, GrantType};

#[derive(RustEmbed)]
#[folder = "config/clients"]
#[include = "*.toml"]
struct Files;

/// An app that we know how to set up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The file's name.
    #[serde(skip)]
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is for, in a few words.
    pub about: String,
    /// Where it lives on the web.
    pub homepage: String,
    /// Confidential, public or native.
    #[serde(rename = "type")]
    pub kind: Kind,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    grant_types: Vec<GrantType>,
    scope: String,
    #[serde(default)]
    auth_method: Option<AuthMethod>,
    require_pkce: bool,
    #[serde(default)]
    claims_in_id_token: bool,
    /// What to know before.
    pub note: String,
    config: Vec<Block>,
}

/// Text for the app's own configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Where it goes.
    pub label: String,
    /// What goes there.
    pub text: String,
}

/// Every template, by name; the general ones last.
///
/// # Errors
/// In words, when a file of ours does not parse.
pub fn load() -> Result<Vec<Template>, String> {
    let mut all = Files::iter().map(|name| read(&name)).collect::<Result<Vec<_>, _>>()?;
    all.sort_by_key(|template| (template.is_general(), template.name.to_lowercase()));
    Ok(all)
}

fn read(name: &str) -> Result<Template, String> {
    let file = Files::get(name).ok_or_else(|| format!("{name} is not there"))?;
    let text = String::from_utf8_lossy(&file.data);
    let source = config::Config::builder().add_source(File::from_str(&text, FileFormat::Toml)).build();
    let parsed: Result<Template, _> = source.and_then(config::Config::try_deserialize);
    let id = name.trim_end_matches(".toml").to_owned();
    parsed.map(|template| Template { id, ..template }).map_err(|error| format!("{name}: {error}"))
}

impl Template {
    /// Whether it is for any app of its kind.
    #[must_use]
    pub fn is_general(&self) -> bool {
        ["web-app", "single-page-app", "native-app", "service"].contains(&self.id.as_str())
    }

    /// Whether it has to be told where the app is.
    #[must_use]
    pub fn needs_url(&self) -> bool {
        let all = self.redirect_uris.iter().chain(&self.post_logout_redirect_uris);
        all.chain(self.config.iter().map(|block| &block.text)).any(|text| text.contains("{url}"))
    }

    /// The client that it makes. `url` is where people reach the app.
    ///
    /// # Errors
    /// In words, when the address is none.
    pub fn draft(&self, client_id: String, url: Option<&str>) -> Result<Draft, String> {
        let url = self.base(url)?;
        let fill = |uris: &[String]| uris.iter().map(|uri| uri.replace("{url}", &url)).collect();
        Ok(Draft {
            name: self.name.clone(),
            auth_method: self.auth_method,
            redirect_uris: fill(&self.redirect_uris),
            post_logout_redirect_uris: fill(&self.post_logout_redirect_uris),
            grant_types: self.grant_types.clone(),
            scope: self.scope.clone(),
            require_pkce: self.require_pkce,
            claims_in_id_token: self.claims_in_id_token,
            client_uri: Some(url).filter(|url| !url.is_empty()),
            ..Draft::new(client_id, self.kind)
        })
    }

    fn base(&self, url: Option<&str>) -> Result<String, String> {
        let typed = url.unwrap_or_default().trim().trim_end_matches('/');
        if typed.is_empty() && !self.needs_url() {
            return Ok(String::new());
        }
        let sound = Url::parse(typed).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        let plain = typed.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'`<>\\{}|^$".contains(&byte));
        if sound && plain {
            Ok(typed.to_owned())
        } else {
            Err("Enter where the app is, like https://app.example.org.".into())
        }
    }

    /// What goes into the app's own configuration.
    #[must_use]
    pub fn blocks(&self, issuer: &str, client_id: &str, secret: Option<&Secret<String>>, url: &str) -> Vec<Block> {
        let secret = secret.map_or("", |secret| secret.expose());
        let fill = |text: &str| {
            let text = text.replace("{issuer}", issuer.trim_end_matches('/')).replace("{client_id}", client_id);
            text.replace("{client_secret}", secret).replace("{url}", url.trim().trim_end_matches('/'))
        };
        self.config.iter().map(|block| Block { label: block.label.clone(), text: fill(&block.text) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::load;
    use crate::clients::metadata::validate;
    use crate::kernel::secret::Secret;

    #[test]
    fn every_template_makes_a_sound_client_and_blocks_without_gaps() {
        let all = load().unwrap();
        assert!(all.len() >= 25, "{}", all.len());
        for template in &all {
            let draft = template.draft("my-app".into(), Some("https://app.example.org/")).unwrap();
            let new = validate(draft).unwrap_or_else(|problems| panic!("{}: {problems:?}", template.id));
            let secret = Secret::new("s3cret".to_owned());
            let secret = new.needs_secret().then_some(&secret);
            let blocks = template.blocks("https://id.example.org", "my-app", secret, "https://app.example.org/");
            assert!(!blocks.is_empty(), "{}", template.id);
            for block in &blocks {
                for gap in ["{issuer}", "{client_id}", "{client_secret}", "{url}", "org//"] {
                    assert!(!block.text.contains(gap), "{}: {gap} in {}", template.id, block.text);
                }
            }
            let needs = blocks.iter().any(|block| block.text.contains("s3cret"));
            assert_eq!(needs, new.needs_secret(), "{}: the secret", template.id);
            assert!(template.homepage.starts_with("https://") && !template.about.is_empty(), "{}", template.id);
            assert_eq!(template.draft("my-app".into(), None).is_err(), template.needs_url(), "{}", template.id);
        }
    }

    #[test]
    fn an_address_is_one() {
        let all = load().unwrap();
        let miniflux = all.iter().find(|template| template.id == "miniflux").unwrap();
        for url in [
            "",
            "app",
            "javascript:alert(1)",
            "https://a.example/\"",
            "https://a.example/?x",
            "https://a b",
            "https://a.example/$(x)",
        ] {
            assert!(miniflux.draft("my-app".into(), Some(url)).is_err(), "{url}");
        }
        let draft = miniflux.draft("my-app".into(), Some("http://localhost:8081")).unwrap();
        assert_eq!(draft.redirect_uris, ["http://localhost:8081/oauth2/oidc/callback"]);
    }
}
