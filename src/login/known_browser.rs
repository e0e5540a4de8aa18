//! Marks of browsers that have signed in to an account before: signed, nothing stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::kernel::crypto::Mac;
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::random::Random;

/// Makes and reads marks. A mark lets a browser past a throttle that strangers have filled; it proves
/// nothing else.
#[derive(Clone, Debug)]
pub struct KnownBrowsers {
    mac: Mac,
    /// Cookie that holds the marks.
    pub cookie_name: &'static str,
    /// Whether it is sent by https only.
    pub secure: bool,
}

/// Accounts one browser is known for at most.
const MAX_MARKS: usize = 5;

impl KnownBrowsers {
    /// `secure`: the public URL is https.
    #[must_use]
    pub const fn new(mac: Mac, secure: bool) -> Self {
        let cookie_name = if secure { "__Host-portcullis-known" } else { "portcullis-known" };
        Self { mac, cookie_name, secure }
    }

    /// The mark of `user` in a cookie's value.
    #[must_use]
    pub fn find(&self, cookie: &str, user: UserId) -> Option<String> {
        cookie.split('.').take(MAX_MARKS).find(|mark| self.is_of(mark, user)).map(str::to_owned)
    }

    /// The cookie's value with a mark of `user` in front: the one it has, or a new one.
    ///
    /// # Errors
    /// [`Fault`] without randomness.
    pub fn with(&self, cookie: Option<&str>, user: UserId, random: &Random) -> Result<String, Fault> {
        let cookie = cookie.unwrap_or_default();
        let own = match self.find(cookie, user) {
            Some(mark) => mark,
            None => self.make(user, random)?,
        };
        let others = cookie.split('.').filter(|mark| !mark.is_empty() && *mark != own);
        Ok(std::iter::once(own.as_str()).chain(others).take(MAX_MARKS).collect::<Vec<_>>().join("."))
    }

    fn make(&self, user: UserId, random: &Random) -> Result<String, Fault> {
        let nonce = random.bytes::<16>()?;
        let tag = self.mac.tag(&[user.0.as_bytes(), &nonce]);
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &tag].concat()))
    }

    fn is_of(&self, mark: &str, user: UserId) -> bool {
        let bytes = URL_SAFE_NO_PAD.decode(mark).unwrap_or_default();
        let Some((nonce, tag)) = bytes.split_at_checked(16) else { return false };
        self.mac.verify(&[user.0.as_bytes(), nonce], tag)
    }
}

#[cfg(test)]
mod tests {
    use super::KnownBrowsers;
    use crate::kernel::crypto::{MasterKey, Purpose};
    use crate::kernel::ids::UserId;
    use crate::kernel::random::Random;

    #[test]
    fn a_mark_is_good_for_its_user_only() {
        let browsers = KnownBrowsers::new(MasterKey::new([1; 32]).mac(Purpose::KnownBrowser).unwrap(), true);
        let random = Random::seeded(1);
        let [ada, bob] = [1, 2].map(|number| UserId(uuid::Uuid::from_u128(number)));
        let cookie = browsers.with(None, ada, &random).unwrap();
        assert!(browsers.find(&cookie, ada).is_some());
        assert!(browsers.find(&cookie, bob).is_none());
        assert_eq!(browsers.with(Some(&cookie), ada, &random).unwrap(), cookie);
        let both = browsers.with(Some(&cookie), bob, &random).unwrap();
        assert!(browsers.find(&both, ada).is_some() && browsers.find(&both, bob).is_some());
        assert!(browsers.find("", ada).is_none() && browsers.find("AAAA.x", ada).is_none());
    }
}
