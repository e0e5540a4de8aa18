//! Every template is rendered; an operator's folder replaces, and what does not parse is refused.

use std::collections::BTreeSet;
use std::fs;

use portcullis::admin::http::apis::ApisPage;
use portcullis::admin::http::audit::AuditPage;
use portcullis::admin::http::audit_event::EventPage;
use portcullis::admin::http::bulk::{BulkDonePage, BulkPage};
use portcullis::admin::http::bundle::BundlePage;
use portcullis::admin::http::client::{ClientPage, ClientSecretPage};
use portcullis::admin::http::client_form::EditClientPage;
use portcullis::admin::http::client_test::RehearsalPage;
use portcullis::admin::http::clients::{AddClientPage, ClientMadePage, ClientsPage, GalleryPage};
use portcullis::admin::http::dashboard::DashboardPage;
use portcullis::admin::http::frame::Framed as Console;
use portcullis::admin::http::group::GroupPage;
use portcullis::admin::http::groups::GroupsPage;
use portcullis::admin::http::imports::{ImportFormPage, ImportPage};
use portcullis::admin::http::invitations::{InvitationMadePage, InvitationsPage};
use portcullis::admin::http::keys::{KeysPage, RetirePage};
use portcullis::admin::http::mail::{LetterPage, MailPage};
use portcullis::admin::http::overview::OverviewPage;
use portcullis::admin::http::permission::PermissionPage;
use portcullis::admin::http::permissions::PermissionsPage;
use portcullis::admin::http::settings::SettingsPage;
use portcullis::admin::http::traces::{TracePage, TracesPage};
use portcullis::admin::http::user::UserPage;
use portcullis::admin::http::user_deeds::{KeyMadePage, RecoveryPage};
use portcullis::admin::http::user_form::{AddUserPage, EditUserPage, SetPasswordPage};
use portcullis::admin::http::users::UsersPage;
use portcullis::api::http::docs::DocsPage;
use portcullis::login::http::choose::ChooseAccountPage;
use portcullis::login::http::holds::{ChangeRequiredPage, ChooseUsernamePage, DeletionPendingPage};
use portcullis::login::http::link::{ConfirmLinkPage, LinkDeadPage, LinkElsewherePage};
use portcullis::login::http::login::LoginPage;
use portcullis::login::http::magic::{MagicConfirmPage, MagicRequestPage, MagicSentPage};
use portcullis::login::http::register::{RegisterClosedPage, RegisterPage};
use portcullis::login::http::reset::{DeadPage, RequestPage, ResetPage, SentPage};
use portcullis::login::http::setup::{SetupDonePage, SetupPage};
use portcullis::login::http::verify_email::VerifyEmailPage;
use portcullis::oidc::http::authorize::FormPostPage;
use portcullis::oidc::http::consent::ConsentPage;
use portcullis::portal::http::activity::ActivityPage;
use portcullis::portal::http::addresses::{AddressesPage, VerifyAddressPage};
use portcullis::portal::http::api_keys::{ApiKeyMadePage, ApiKeyNewPage};
use portcullis::portal::http::apps::AppsPage;
use portcullis::portal::http::data::DataPage;
use portcullis::portal::http::frame::Framed;
use portcullis::portal::http::home::HomePage;
use portcullis::portal::http::not_me::NotMePage;
use portcullis::portal::http::password::PasswordPage;
use portcullis::portal::http::profile::ProfilePage;
use portcullis::portal::http::security::SecurityPage;
use portcullis::portal::http::sessions::SessionsPage;
use portcullis::sessions::http::logout_pages::{LoggedOutPage, LogoutPage};
use portcullis::web::onward::ContinuePage;
use portcullis::web::{Page, PageError, Pages};
use reqwest::StatusCode;
use serde::Serialize;

use crate::support::TestServer;

/// The gallery of components, which no handler serves.
#[derive(Serialize)]
struct Gallery {}

impl Page for Gallery {
    const TEMPLATE: &'static str = "dev/components.html";

    fn title(&self) -> String {
        "Components".into()
    }

    fn sample() -> Self {
        Self {}
    }
}

fn rendered<P: Page>(pages: &Pages) -> (&'static str, String) {
    let page = P::sample();
    let html = pages.render(&page, "the-request-id").unwrap_or_else(|problem| panic!("{}: {problem}", P::TEMPLATE));
    assert!(html.contains(&page.title().replace('\'', "&#39;")), "{}: {html}", P::TEMPLATE);
    (P::TEMPLATE, html)
}

fn gallery(pages: &Pages) -> Vec<(&'static str, String)> {
    vec![
        rendered::<Console<AuditPage>>(pages),
        rendered::<Console<EventPage>>(pages),
        rendered::<Console<OverviewPage>>(pages),
        rendered::<Console<GroupPage>>(pages),
        rendered::<Console<GroupsPage>>(pages),
        rendered::<Console<AddUserPage>>(pages),
        rendered::<Console<AddClientPage>>(pages),
        rendered::<Console<ClientMadePage>>(pages),
        rendered::<Console<ClientPage>>(pages),
        rendered::<Console<ClientSecretPage>>(pages),
        rendered::<Console<ClientsPage>>(pages),
        rendered::<Console<EditClientPage>>(pages),
        rendered::<Console<GalleryPage>>(pages),
        rendered::<Console<EditUserPage>>(pages),
        rendered::<Console<InvitationMadePage>>(pages),
        rendered::<Console<InvitationsPage>>(pages),
        rendered::<Console<KeysPage>>(pages),
        rendered::<Console<RetirePage>>(pages),
        rendered::<Console<LetterPage>>(pages),
        rendered::<Console<MailPage>>(pages),
        rendered::<Console<SettingsPage>>(pages),
        rendered::<Console<DashboardPage>>(pages),
        rendered::<Console<TracePage>>(pages),
        rendered::<Console<TracesPage>>(pages),
        rendered::<Console<PermissionPage>>(pages),
        rendered::<Console<PermissionsPage>>(pages),
        rendered::<Console<KeyMadePage>>(pages),
        rendered::<Console<RecoveryPage>>(pages),
        rendered::<Console<SetPasswordPage>>(pages),
        rendered::<Console<UserPage>>(pages),
        rendered::<Console<UsersPage>>(pages),
        rendered::<Console<ApisPage>>(pages),
        rendered::<Console<BulkDonePage>>(pages),
        rendered::<Console<BulkPage>>(pages),
        rendered::<Console<BundlePage>>(pages),
        rendered::<Console<ImportFormPage>>(pages),
        rendered::<Console<ImportPage>>(pages),
        rendered::<Console<RehearsalPage>>(pages),
        rendered::<DocsPage>(pages),
        rendered::<Framed<HomePage>>(pages),
        rendered::<Framed<ActivityPage>>(pages),
        rendered::<Framed<AddressesPage>>(pages),
        rendered::<Framed<ApiKeyMadePage>>(pages),
        rendered::<Framed<ApiKeyNewPage>>(pages),
        rendered::<Framed<AppsPage>>(pages),
        rendered::<ChangeRequiredPage>(pages),
        rendered::<ChooseUsernamePage>(pages),
        rendered::<ConfirmLinkPage>(pages),
        rendered::<Framed<DataPage>>(pages),
        rendered::<DeadPage>(pages),
        rendered::<DeletionPendingPage>(pages),
        rendered::<LinkDeadPage>(pages),
        rendered::<LinkElsewherePage>(pages),
        rendered::<MagicConfirmPage>(pages),
        rendered::<MagicRequestPage>(pages),
        rendered::<MagicSentPage>(pages),
        rendered::<Framed<NotMePage>>(pages),
        rendered::<Framed<PasswordPage>>(pages),
        rendered::<Framed<ProfilePage>>(pages),
        rendered::<RegisterClosedPage>(pages),
        rendered::<RegisterPage>(pages),
        rendered::<RequestPage>(pages),
        rendered::<ResetPage>(pages),
        rendered::<Framed<SecurityPage>>(pages),
        rendered::<SentPage>(pages),
        rendered::<Framed<SessionsPage>>(pages),
        rendered::<Framed<VerifyAddressPage>>(pages),
        rendered::<VerifyEmailPage>(pages),
        rendered::<ChooseAccountPage>(pages),
        rendered::<ConsentPage>(pages),
        rendered::<ContinuePage>(pages),
        rendered::<FormPostPage>(pages),
        rendered::<Gallery>(pages),
        rendered::<LoggedOutPage>(pages),
        rendered::<LoginPage>(pages),
        rendered::<LogoutPage>(pages),
        rendered::<PageError>(pages),
        rendered::<SetupDonePage>(pages),
        rendered::<SetupPage>(pages),
    ]
}

#[test]
fn every_template_renders_its_sample() {
    let pages = Pages::load(None).unwrap();
    let shown = gallery(&pages);
    let names: BTreeSet<_> = shown.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, pages.names().into_iter().collect(), "each has a sample here");
    for (name, html) in shown {
        assert!(html.contains("<html lang=\"en\"") && html.contains("name=\"viewport\""), "{name}");
        // The policy allows no script and no style in the page (rules for every page, 2).
        for forbidden in [" style=\"", "<style", "javascript:", " onclick=", " onload="] {
            assert!(!html.contains(forbidden), "{name}: {forbidden}");
        }
        // Data is not run.
        let is_ours = |tag: &str| tag.contains("src=\"/assets/") || tag.contains("type=\"application/json\"");
        let inline = html.split("<script").skip(1).any(|tag| !is_ours(tag.split('>').next().unwrap()));
        assert!(!inline, "{name}: a script in the page");
    }
}

#[test]
fn one_page_is_the_same_text_each_time() {
    for _ in 0..8 {
        let (one, other) = (Pages::load(None).unwrap(), Pages::load(None).unwrap());
        for ((name, one), (_, other)) in gallery(&one).iter().zip(&gallery(&other)) {
            assert!(one == other, "{name} differs from itself");
        }
    }
}

#[test]
fn what_people_typed_is_escaped() {
    let (_, html) = rendered::<FormPostPage>(&Pages::load(None).unwrap());
    assert!(!html.contains("\"><script>") && html.contains("&quot;&gt;&lt;script&gt;"), "{html}");
}

#[tokio::test]
async fn a_file_in_the_operators_folder_replaces_the_page_of_its_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("login")).unwrap();
    fs::write(folder.path().join("login/logged_out.html"), "<p>Auf Wiedersehen, {{ title }}</p>").unwrap();
    let server = TestServer::start_with(&[("templates.dir", &folder.path().display().to_string())]);
    let page = server.browser().get("/logged-out").await;
    assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, "<p>Auf Wiedersehen, Signed out</p>"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert!(server.browser().get("/login").await.body.contains("login-submit"), "the others stay");
}

#[test]
fn a_broken_template_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("login")).unwrap();
    let file = folder.path().join("login/login.html");
    for broken in ["{{ unclosed", "{% extends \"nowhere.html\" %}", "{% if %}"] {
        fs::write(&file, broken).unwrap();
        let refusal = Pages::load(Some(folder.path())).unwrap_err();
        assert!(refusal.contains("login.html"), "{broken}: {refusal}");
    }
    fs::write(&file, "fine").unwrap();
    assert!(Pages::load(Some(folder.path())).is_ok());
    // A folder that is not there replaces nothing.
    assert!(Pages::load(Some(&folder.path().join("none"))).is_ok());
}
