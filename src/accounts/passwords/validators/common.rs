//! What is guessed first: words, names, dates, keyboard rows, repetitions and known passwords, as
//! zxcvbn estimates them.

use super::{Context, parts};
use crate::accounts::passwords::password::Password;

/// Fewer guesses than this are refused: as many as somebody makes who has no throttle to fear, by
/// zxcvbn's reckoning (its scores 0 to 2).
const LEAST_GUESSES: u64 = 100_000_000;

/// The estimate takes time by the square of the length, so that long passwords are judged in pieces
/// of this length…
const PIECE: usize = 32;
/// …of which so many count.
const PIECES: usize = 3;

/// Marks that stand for letters in disguised words. The estimate tries every reading of every mark:
/// above this many kinds it would take seconds, and no list has such words.
const DISGUISES: &str = "@({[<|!$+%";
const MOST_DISGUISES: usize = 6;

/// Refuses a password of which no piece takes many guesses.
pub(in crate::accounts::passwords) fn refusal(password: &Password, own: &[&str], context: &Context) -> Option<String> {
    let known: Vec<String> = own.iter().flat_map(|text| parts(text)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).chain(context.words()).collect();
    let letters: Vec<char> = password.expose().chars().collect();
    let is_strong = letters.chunks(PIECE).take(PIECES).any(|piece| is_strong(piece, &known));
    (!is_strong).then(|| {
        "This is among the passwords that are guessed first. Use a few unrelated words, or let a password manager make one."
            .into()
    })
}

fn is_strong(piece: &[char], known: &[&str]) -> bool {
    let disguises = DISGUISES.chars().filter(|mark| piece.contains(mark)).count();
    let piece: String = piece.iter().collect();
    disguises > MOST_DISGUISES || zxcvbn::zxcvbn(&piece, known).guesses() >= LEAST_GUESSES
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::{Context, Password, refusal};
    use crate::kernel::clock::Clock;

    fn is_refused(text: &str) -> bool {
        let own = ["ada", "ada.lovelace@example.test"];
        let context = Context::of(["analytical.example"].into_iter());
        refusal(&Password::parse(text).unwrap(), &own, &context).is_some()
    }

    #[test]
    fn what_is_guessed_first_is_refused_however_long() {
        for bad in [
            "",
            "passwordpassword1",
            "qwertyuiop12345",
            "iloveyouiloveyou",
            "P4ssw0rdP4ssw0rd",
            "abcdefghijklmnopqrstuvwxyz",
            "aaaaaaaaaaaaaaaaaaaa",
            "lovelacelovelace",
            "portcullis12345",
            "!@#$%^&*()!@#$%^&*()",
            &"a".repeat(256),
            &"password".repeat(32),
        ] {
            assert!(is_refused(bad), "{bad}");
        }
    }

    #[test]
    fn a_few_words_or_a_random_string_are_good() {
        for good in [
            "correct horse battery staple",
            "another good password",
            "tennis lamp orange",
            "xkqzvbnwtr",
            "пароль-密码-ñandú",
            &format!("{}correct horse battery staple", "a".repeat(64)),
        ] {
            assert!(!is_refused(good), "{good}");
        }
    }

    #[test]
    fn the_dearest_password_takes_no_long_time() {
        for dear in ["4@8({[</369&#!1/|0$5+7%2", "0123456789!@$%(+", "p4ssw0rd$1ll1@!", "1qaz@WSX3edc$RFV"] {
            let dear: String = dear.chars().cycle().take(256).collect();
            let begin = Clock::System.now();
            is_refused(&dear);
            let took = Clock::System.now() - begin;
            // Unoptimized and beside other tests; optimized it is a twentieth.
            assert!(took < Duration::seconds(3), "{dear}: {took}");
        }
    }
}
