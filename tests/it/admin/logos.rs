//! The picture of an app.

use std::io::Cursor;

use portcullis::accounts::profile::ProfileChanges;
use reqwest::{Method, StatusCode};

use super::clients::edit;
use super::{staff, superuser};
use crate::support::{Browser, Page, RelyingParty, TestServer};

fn png(side: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let plain = image::RgbaImage::from_pixel(side, side, image::Rgba([0, 90, 200, 128]));
    image::DynamicImage::ImageRgba8(plain).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

async fn send(browser: &Browser, id: &str, (token, file): (&str, &[u8])) -> Page {
    let head = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n{token}\r\n--cut\r\n\
         Content-Disposition: form-data; name=\"logo\"; filename=\"logo.png\"\r\nContent-Type: image/png\r\n\r\n"
    );
    let body = [head.as_bytes(), file, b"\r\n--cut--\r\n"].concat();
    let request = browser.request(Method::POST, &format!("/admin/clients/{id}/logo"));
    let request = request.header("content-type", "multipart/form-data; boundary=cut").body(body);
    Page::read(request.send().await.unwrap()).await
}

/// Sets some picture.
pub async fn set(browser: &Browser, id: &str) {
    let token = browser.get(&format!("/admin/clients/{id}")).await.field("csrf_token");
    let done = send(browser, id, (&token, &png(32))).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{done:?}");
}

const PAGE: &str = "/admin/clients/grafana";

async fn upload(browser: &Browser, file: &[u8]) -> Page {
    let token = browser.get(PAGE).await.field("csrf_token");
    send(browser, "grafana", (&token, file)).await
}

/// Where the picture on this page is.
fn logo_on(page: &Page) -> Option<String> {
    let body = page.body.replace("&#x2F;", "/");
    let (_, rest) = body.split_once("src=\"/logos/")?;
    rest.split('"').next().map(|id| format!("/logos/{id}"))
}

#[tokio::test]
async fn people_see_the_picture_of_an_app_wherever_they_meet_it() {
    let server = TestServer::start();
    let app = RelyingParty::register(&server, "grafana", |draft| draft.skip_consent = false);
    staff(&server, "ada", &["view_client", "change_client"]);
    server.user("bob");
    let (ada, bob) = (server.signed_in("ada").await, server.signed_in("bob").await);
    assert_eq!(logo_on(&ada.get(PAGE).await), None);
    assert_eq!(upload(&ada, &png(600)).await.location(), format!("{PAGE}?done=logo"));
    let path = logo_on(&ada.get(PAGE).await).expect("a picture");
    let here = |page: &Page| logo_on(page).as_deref() == Some(path.as_str());
    assert!(here(&ada.get("/admin/clients").await));

    let stranger = server.browser();
    let answer = stranger.request(Method::GET, &path).send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((answer.status(), header("content-type")), (StatusCode::OK, "image/png".into()));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("cache-control").contains("immutable"));
    let kept = image::load_from_memory(&answer.bytes().await.unwrap()).unwrap().to_rgba8();
    assert_eq!((kept.width(), kept.height(), kept.get_pixel(9, 9).0[3]), (256, 256, 128));

    let asked = stranger.get(&app.authorize_path(&[])).await;
    assert!(here(&stranger.get(asked.location()).await), "the sign-in page");
    let asked = bob.get(&app.authorize_path(&[])).await;
    let consent = bob.get(asked.location()).await;
    assert!(here(&consent), "the consent page: {consent:?}");
    let next = consent.field("next");
    bob.submit(&consent, "/consent", &[("next", &next), ("decision", "allow")]).await;
    app.tokens(&bob).await;
    assert!(here(&bob.get("/account/apps").await) && here(&bob.get("/account").await), "the account");

    // Another one has another address; the old one is gone.
    upload(&ada, &png(64)).await;
    assert!(!here(&ada.get(PAGE).await));
    assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!((server.count("logos"), server.count("audit_events WHERE event = 'client.logo_changed'")), (1, 2));
    // A change of the rest leaves it.
    assert_eq!(edit(&ada, "grafana", &[]).await.status, StatusCode::SEE_OTHER);
    assert!(logo_on(&ada.get(PAGE).await).is_some());

    let page = ada.get(PAGE).await;
    assert_eq!(
        ada.submit(&page, &format!("{PAGE}/remove-logo"), &[]).await.location(),
        format!("{PAGE}?done=logo-removed")
    );
    assert_eq!(logo_on(&ada.get(PAGE).await), None);
    let again = ada.submit(&page, &format!("{PAGE}/remove-logo"), &[]).await;
    assert_eq!((again.status, server.count("logos")), (StatusCode::NOT_FOUND, 0));
}

#[tokio::test]
async fn what_is_no_picture_or_not_theirs_changes_nothing() {
    let server = TestServer::start();
    RelyingParty::register(&server, "grafana", |_| {});
    superuser(&server, "root");
    staff(&server, "looks", &["view_client"]);
    let (root, looks) = (server.signed_in("root").await, server.signed_in("looks").await);
    upload(&root, &png(32)).await;
    let stands = logo_on(&root.get(PAGE).await).expect("a picture");
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    for (file, says) in [
        (svg, "not a picture"),
        (vec![], "Choose a picture first."),
        (vec![0; 2 * 1024 * 1024 + 1], "too large"),
        (png(32)[..60].to_vec(), "damaged"),
    ] {
        let refused = upload(&root, &file).await;
        assert!(refused.body.contains(says), "{says}: {}", refused.status);
        assert!(refused.body.contains("aria-invalid=\"true\""), "{says}: the field says so");
    }
    let theirs = root.get(PAGE).await.field("csrf_token");
    for (browser, token, code) in [(&looks, theirs.as_str(), "access_denied"), (&root, "made-up", "form_expired")] {
        assert_eq!(send(browser, "grafana", (token, &png(16))).await.error_code(), code);
    }
    // Whoever may not change the app may not change how it looks: it tells people where they are.
    let profile = ProfileChanges { is_staff: Some(true), ..ProfileChanges::default() };
    server.user_with("bare", profile);
    assert_eq!(
        send(&server.signed_in("bare").await, "grafana", (&theirs, &png(16))).await.error_code(),
        "access_denied"
    );
    assert_eq!(logo_on(&root.get(PAGE).await), Some(stands.clone()));
    // It goes with the app.
    let page = root.get(PAGE).await;
    root.submit(&page, &format!("{PAGE}/delete"), &[("delete-id", "grafana")]).await;
    assert_eq!((root.get(&stands).await.status, server.count("logos")), (StatusCode::NOT_FOUND, 0));
    assert_eq!(root.get("/logos/nothing").await.status, StatusCode::NOT_FOUND);
}
