//! Every kind of one-time secret: of many threads that use one at once, one gets it.

use std::sync::{Arc, Barrier};
use std::thread;

use portcullis::accounts::confirmation::{self, Asker, Order, Purpose};
use portcullis::kernel::db::transaction;
use portcullis::kernel::fault::Fault;

use super::House;

const THREADS: usize = 8;

#[test]
fn of_many_threads_with_one_secret_of_any_kind_one_gets_it() {
    let house = House::open();
    let user = house.server.user("ada");
    let codes = house.server.first.app.courier.codes.clone();
    for purpose in Purpose::ALL {
        for by_code in [false, true] {
            let order = Order {
                purpose: *purpose,
                user_id: user,
                target: "ada@example.test".into(),
                next: "/account".into(),
                browser: None,
                life: chrono::Duration::minutes(10),
            };
            let made = house.server.write(|conn, scene| confirmation::make(conn, &codes, &order, scene));
            let (link, code) = (made.link.expose().clone(), made.code.expose().clone());
            let barrier = Arc::new(Barrier::new(THREADS));
            let winners: Vec<bool> = thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS)
                    .map(|_| {
                        let (barrier, mut conn, scene) =
                            (Arc::clone(&barrier), house.server.conn(), house.server.scene());
                        let (codes, link, code) = (&codes, &link, &code);
                        scope.spawn(move || {
                            barrier.wait();
                            let got = transaction::<_, Fault>(&mut conn, |conn| {
                                let asker = Asker::User(user);
                                if by_code {
                                    confirmation::redeem_code(conn, codes, (*purpose, &asker), code, &scene)
                                } else {
                                    confirmation::redeem_link(conn, *purpose, link, &scene)
                                }
                            });
                            got.expect("no fault").is_some()
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
            assert_eq!(winners.iter().filter(|won| **won).count(), 1, "{purpose} by code: {by_code}");
            assert_eq!(
                house.server.write(|conn, scene| confirmation::redeem_link(conn, *purpose, &link, scene)).map(|_| ()),
                None
            );
        }
    }
}
