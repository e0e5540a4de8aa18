//! Who may register: everybody, nobody, the invited, some domains; and who accepted the terms.

use chrono::Duration;
use portcullis::access::{group, store as groups};
use portcullis::accounts::invitation::{self, NewInvitation};
use portcullis::accounts::{EmailAddress, store};
use portcullis::audit::Scene;
use portcullis::kernel::Conn;
use portcullis::kernel::fault::Fault;
use portcullis::kernel::ids::{InvitationId, UserId};
use reqwest::StatusCode;

use super::{House, OWLS, address_of, enter_code};

#[tokio::test]
async fn where_registration_is_closed_nobody_gets_in() {
    let house = House::open_with(&[("registration.mode", "closed")]);
    let browser = house.server.browser();
    let page = browser.get("/register").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(!page.body.contains("<form method=\"post\" action=\"/register\""));
    assert!(!browser.get("/login").await.body.contains("href=\"/register"));
    let form = browser.get("/login").await;
    let fields = [("username", "ada"), ("email", "ada@example.test"), ("new-password", OWLS)];
    assert_eq!(browser.submit(&form, "/register", &fields).await.status, StatusCode::FORBIDDEN);
    assert_eq!((house.users(), house.server.count("mail_outbox")), (0, 0));
}

fn invited() -> House {
    House::open_with(&[("registration.mode", "invite")])
}

/// An invitation and the path of its link.
fn invite(house: &House, address: Option<&str>, names: &[&str]) -> (InvitationId, String) {
    let address = address.map(|address| EmailAddress::parse(address).unwrap());
    invite_by(house, address, names, None)
}

fn invite_by(
    house: &House,
    address: Option<EmailAddress>,
    names: &[&str],
    inviter: Option<UserId>,
) -> (InvitationId, String) {
    let (id, secret) = house.server.write(|conn, scene| {
        let mut found = Vec::new();
        for name in names {
            found.extend(groups::find_group(conn, name)?.map(|group| (group.id, group.name)));
        }
        let new = NewInvitation { address, groups: found, inviter, life: Duration::days(7) };
        invitation::invite(conn, &new, scene)
    });
    (id, format!("/register?invitation={}", secret.expose()))
}

#[tokio::test]
async fn without_an_invitation_that_serves_nobody_registers() {
    let house = invited();
    let (withdrawn, withdrawn_path) = invite(&house, None, &[]);
    assert!(house.server.write(|conn, scene| invitation::withdraw(conn, withdrawn, scene)));
    let (_, expired) = invite(&house, None, &[]);
    house.later(Duration::days(8));
    let unknown = format!("/register?invitation={}", "A".repeat(43));
    for path in ["/register", &unknown, &withdrawn_path, &expired, "/register?invitation=nonsense"] {
        let browser = house.server.browser();
        assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        let form = browser.get("/login").await;
        let secret = path.split_once('=').map_or("", |(_, secret)| secret);
        let fields =
            [("invitation", secret), ("username", "ada"), ("email", "ada@example.test"), ("new-password", OWLS)];
        assert_eq!(browser.submit(&form, "/register", &fields).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(house.users(), 0);
}

#[tokio::test]
async fn an_invitation_is_used_up_by_the_proof_and_its_groups_are_joined_then() {
    let house = invited();
    house.server.write(|conn, scene| group::create(conn, "staff", scene));
    house.server.write(|conn, scene| group::create(conn, "deleted since", scene));
    let (_, path) = invite(&house, None, &["staff", "deleted since"]);
    house.server.write(|conn, scene| {
        let gone = groups::find_group(conn, "deleted since")?.expect("the group");
        group::delete(conn, &gone, scene)?;
        // Whatever is called so from now on is another group.
        group::create(conn, "deleted since", scene)
    });
    let browser = house.server.browser();
    assert_eq!(house.register_at(&browser, &path, "ada").await.location(), "/verify-email");
    assert_eq!(house.server.count("invitations WHERE used_at IS NULL"), 1);
    let groups_of_ada = || {
        let ada = store::find_named(&mut house.server.conn(), "ada").unwrap().unwrap();
        groups::own_groups_of(&mut house.server.conn(), ada.id).unwrap()
    };
    assert!(groups_of_ada().is_empty(), "nothing before the proof");
    let done = enter_code(&browser, &house.letter_to("ada").await.code()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(groups_of_ada(), ["staff"]);
    assert_eq!(house.server.count("invitations WHERE used_by IS NOT NULL"), 1);
    assert_eq!(house.server.browser().get(&path).await.status, StatusCode::FORBIDDEN, "used");
}

#[test]
fn an_invitation_for_one_address_is_used_up_by_the_proof_of_no_other() {
    let house = invited();
    let (id, _) = invite(&house, Some("ada@example.test"), &[]);
    let user = house.server.user("ada");
    let redeem =
        |key: &str| house.server.write(|conn, scene| store::invitations::redeem(conn, id, (user, key), scene.now));
    assert!(redeem("eve@example.test").is_none());
    assert_eq!(house.server.count("invitations WHERE used_at IS NULL"), 1, "and it still serves");
    assert!(redeem("ada@example.test").is_some());
    assert!(redeem("ada@example.test").is_none(), "once");
}

#[tokio::test]
async fn whoever_may_not_fill_a_group_any_more_fills_it_by_no_invitation() {
    let house = invited();
    for name in ["kept", "lost", "managed", "ruling"] {
        house.server.write(|conn, scene| group::create(conn, name, scene));
    }
    let mia = crate::admin::staff(&house.server, "mia", &["change_group"]);
    let change = |rule: &dyn Fn(&mut Conn, &groups::Group, &Scene) -> Result<(), Fault>, name: &str| {
        house.server.write(|conn, scene| {
            let group = groups::find_group(conn, name)?.expect("the group");
            rule(conn, &group, scene)
        });
    };
    for name in ["kept", "lost"] {
        change(&|conn, group, scene| group::add_member(conn, group, mia, scene), name);
    }
    for name in ["managed", "ruling"] {
        change(&|conn, group, scene| group::appoint(conn, group, mia, scene), name);
    }
    let names = ["kept", "lost", "managed", "ruling"];
    let (_, path) = invite_by(&house, None, &names, Some(mia));
    let (_, later) = invite_by(&house, None, &names, Some(mia));
    change(&|conn, group, scene| group::remove_member(conn, group, mia, scene), "lost");
    change(&|conn, group, scene| group::rename(conn, group, "kept on", scene).map(|_| ()), "kept");
    let ruling = house.server.write(|conn, _| Ok(groups::find_group(conn, "ruling")?.expect("the group")));
    crate::access::grant_to_group(&house.server, "portcullis.view_user", None, &ruling);
    let browser = house.server.browser();
    house.register_at(&browser, &path, "ada").await;
    assert_eq!(enter_code(&browser, &house.letter_to("ada").await.code()).await.status, StatusCode::SEE_OTHER);
    let groups_of = |name: &str| {
        let user = store::find_named(&mut house.server.conn(), name).unwrap().unwrap();
        groups::own_groups_of(&mut house.server.conn(), user.id).unwrap()
    };
    assert_eq!(groups_of("ada"), ["kept on", "managed"]);
    let told = house
        .server
        .count("audit_events WHERE event = 'invitation.used' AND details->>'groups_left_out' LIKE '%lost%'");
    assert_eq!(told, 1, "the log says which were left out");
    // Who is disabled, or gone, fills none.
    house.server.write(|conn, scene| portcullis::login::departure::disable(conn, mia, scene));
    let browser = house.server.browser();
    house.register_at(&browser, &later, "bob").await;
    assert_eq!(enter_code(&browser, &house.letter_to("bob").await.code()).await.status, StatusCode::SEE_OTHER);
    assert_eq!(groups_of("bob"), Vec::<String>::new());
}

#[tokio::test]
async fn of_two_registrations_with_one_invitation_one_gets_in() {
    let house = invited();
    let (_, path) = invite(&house, None, &[]);
    let (first, second) = (house.server.browser(), house.server.browser());
    house.register_at(&first, &path, "ada").await;
    house.register_at(&second, &path, "bob").await;
    assert_eq!(enter_code(&first, &house.letter_to("ada").await.code()).await.status, StatusCode::SEE_OTHER);
    let refused = enter_code(&second, &house.letter_to("bob").await.code()).await;
    assert_eq!(refused.status, StatusCode::GONE);
    assert!(refused.body.contains("invitation is no longer good"));
    assert!(first.is_signed_in().await && !second.is_signed_in().await);
    assert_eq!(house.server.count("users WHERE awaits_proof_since IS NULL"), 1);
    assert_eq!(house.server.count("emails WHERE verified_at IS NOT NULL"), 1);
}

#[tokio::test]
async fn an_invitation_withdrawn_after_registration_lets_nobody_in() {
    let house = invited();
    let (id, path) = invite(&house, None, &[]);
    let browser = house.server.browser();
    house.register_at(&browser, &path, "ada").await;
    house.server.write(|conn, scene| invitation::withdraw(conn, id, scene));
    let refused = enter_code(&browser, &house.letter_to("ada").await.code()).await;
    assert_eq!(refused.status, StatusCode::GONE);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn an_invitation_for_an_address_serves_that_address_whatever_is_typed() {
    let house = invited();
    let (_, path) = invite(&house, Some("ada@example.test"), &[]);
    let browser = house.server.browser();
    assert_eq!(browser.get(&path).await.field("email"), "ada@example.test");
    house.register_as(&browser, &path, ("mallory", &address_of("mallory"))).await;
    let letter = house.letter_to("ada").await;
    assert_eq!(house.server.count("mail_outbox WHERE recipient <> 'ada@example.test'"), 0);
    assert_eq!(enter_code(&browser, &letter.code()).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn only_addresses_of_the_named_domains_register() {
    let house = House::open_with(&[("registration.mode", "domains"), ("registration.domains", "example.test")]);
    let refused = ["ada@evil.test", "ada@example.test.evil.test", "ada@sub.example.test", "ada@notexample.test"];
    for address in refused {
        let page = house.register_as(&house.server.browser(), "/register", ("ada", address)).await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        assert!(page.body.contains("Use an address at example.test."), "{address}");
    }
    assert_eq!(house.users(), 0);
    for (name, address) in [("ada", "ada@example.test"), ("bob", "bob@EXAMPLE.test")] {
        let answer = house.register_as(&house.server.browser(), "/register", (name, address)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{address}");
    }
}

#[tokio::test]
async fn terms_must_be_accepted_where_there_are_some() {
    let house = House::open_with(&[("registration.terms_url", "https://example.test/terms")]);
    let browser = house.server.browser();
    let page = house.register_at(&browser, "/register", "ada").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Accept the terms") && page.body.contains("https://example.test/terms"));
    assert_eq!(house.users(), 0);
    let fields = [("username", "ada"), ("email", "ada@example.test"), ("new-password", OWLS), ("terms", "on")];
    assert_eq!(browser.submit(&page, "/register", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.server.count("users WHERE terms_accepted_at IS NOT NULL"), 1);
}
