use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::vocabulary::{FOLLOWERS, KEYBOARD, WORDS};
use super::*;
use crate::customers::registry::random_external_id;

const ACCOUNT: &str = "111122223333";
const NAMES: &[&str] = &["Umbrella Logistik (prod)", "Hawkins & Søn GmbH"];

fn reason(external_id: &str) -> Option<GuessReason> {
    guessable(external_id, ACCOUNT, NAMES)
}

#[test]
fn what_vendors_and_customers_write_is_found_with_its_reason() {
    let mut all = String::new();
    for id in [
        // Short ones.
        "ab",
        "12345",
        "12345ABC",
        "x7Kq9",
        "dev-prod-1",
        // The account's number, in its forms, and another one.
        "111122223333",
        "1111-2222-3333",
        "acme-111122223333",
        "ext_111122223333_x9",
        "3333.1111-2222-3333",
        "444455556666",
        "scan:444455556666:v2",
        // Names.
        "umbrella-logistik",
        "UmbrellaLogistik2024",
        "umbre11a_l0gistik!",
        "Hawkins-GmbH-42",
        "prod-hawkins-7f3a",
        // Words.
        "vendor-default",
        "rolecall-external-id",
        "changeme-changeme",
        "datadog-integration-prod",
        "p4ssw0rd-s3cr3t",
        "SnowflakeStorageIntegration",
        "acme-2024-production",
        "correct-horse-battery-staple",
        "correcthorsebatterystaple",
        "an-external-id-1",
        "another-external-id",
        "given-by-hand-0001",
        "inventory.rolecall-services.com",
        "deadbeefcafebabe",
        "loremipsumdolorsitamet",
        "identifiant-externe-client-2024",
        "zewnetrzny-identyfikator",
        "identificador_externo_cliente",
        // Dates and times.
        "2024-01-31T12:00",
        "20240131-20240201",
        "31.12.2024-01.01.2025",
        "tenant-1700000000",
        "acme-2024-01-31T12:34:56.789012Z",
        "acme1700000000123",
        // Sequences and repetitions.
        "abcdefghijklmnop",
        "1234567890123456",
        "zyxwvutsrqponml9876",
        "qwertyuiopasdfghjkl",
        "1qaz2wsx3edc4rfv",
        "a1b2c3d4e5f6g7h8",
        "a1a2a3a4a5a6a7a8",
        "x01x02x03x04x05x06",
        "aabbccddeeff00112233445566778899",
        "0123456789abcdef0123456789abcdef",
        "fedcba9876543210",
        "aaaaaaaaaaaaaaaaaaaa",
        "abababababababababab",
        "xk4xk4xk4xk4xk4xk4",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-4fff-bfff-ffffffffffff",
        "11111111-2222-4333-8444-555555555555",
        "12345678-1234-4234-8234-123456789012",
        "deadbeef-dead-4bad-8bad-deadbeefdead",
        "00000000-0000-4000-8000-111122223333",
        // UUIDs that are not random.
        "01ee8f04-7d5a-11ef-9f3b-0242ac130003",
        "1ef7d5a0-1ee8-6f04-9f3b-0242ac130003",
        "6fa459ea-ee8a-3ca4-894e-db77e160355e",
        "886313e1-3b8a-5372-9b90-0c9aee199e5d",
        // Examples.
        "550e8400-e29b-41d4-a716-446655440000",
        "550E8400E29B41D4A716446655440000",
        "ExampleUniqueId",
        "Unique-ID-Assigned-by-Example-Corp",
        "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
        "7cQf92mPzL4x-EXAMPLE",
        // Numbers, addresses, and other spellings.
        "7391846205938",
        "arn:aws:iam::444455556666:role/x9Kq72mPzL4xWv81",
        "x9Kq72mPzL4x@mail.umbrella.org",
        "MTExMTIyMjIzMzMz",
        "dW1icmVsbGEtbG9naXN0aWs=",
        "313131313232323233333333",
        "1d2b0d9a5b",
    ] {
        let found = reason(id).map_or_else(|| "NOT GUESSABLE".to_owned(), |reason| reason.to_string());
        all.push_str(&format!("{id}: {found}\n"));
        assert!(!found.contains(id), "{found}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_hash_of_what_everybody_knows_is_found() {
    use sha2::{Digest, Sha256};
    for text in [ACCOUNT, NAMES[0], "umbrella logistik (prod)"] {
        let hash = hex::encode(Sha256::digest(text.as_bytes()));
        for id in [&hash[..], &hash[..32], &hash.to_uppercase()] {
            assert_eq!(reason(id), Some(GuessReason::Encoding), "{text}");
        }
    }
    assert_eq!(reason(&hex::encode(Sha256::digest(b"444455556666"))), None, "the number of somebody else");
}

#[test]
fn random_ids_of_usual_generators_are_not_guessable() {
    for id in [
        "2c5ea4c0-4067-41e9-8bad-9b1deb4d3b7d",
        "{6F1AC7BD-0F2F-4D3B-93E8-7C1D9B2E54A0}",
        "01890a5d-ac96-774b-bcce-b302099a8057",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "0ujtsYcgvSTl8PAuAdqWYSMnLOv",
        "V1StGXR8_Z5jdHi6B-myT",
        "9f86d081884c7d65",
        "acme-9f86d081884c7d65b1",
        "rolecall:hR7tQz2LmX9vKp4w",
        "tR4-kW9_zP2:mX7/qL5@vN8",
    ] {
        assert_eq!(reason(id), None, "{id}");
    }
}

#[test]
fn what_rolecall_makes_is_never_guessable() {
    for _ in 0..10_000 {
        let id = random_external_id().unwrap();
        assert_eq!(reason(id.expose_secret()), None, "{}", id.expose_secret());
    }
}

/// Random characters by a fixed seed, so that the measured rates do not change.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[(self.next() % letters.len() as u64) as usize]).collect()
    }
}

const DIGITS: &str = "0123456789";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";

/// How many of 2,000 random IDs are refused by mistake.
#[test]
fn few_random_ids_are_refused_by_mistake() {
    let hexadecimal = "0123456789abcdef";
    let lower = format!("{LOWER}{DIGITS}");
    let all = format!("{LOWER}{}{DIGITS}", LOWER.to_uppercase());
    let mut random = Random(1);
    let mut measured = String::new();
    for (name, alphabet, length) in [
        ("hexadecimal", hexadecimal, 16),
        ("hexadecimal", hexadecimal, 20),
        ("hexadecimal", hexadecimal, 32),
        ("lower case and digits", &lower, 16),
        ("lower case and digits", &lower, 20),
        ("letters and digits", &all, 16),
        ("letters and digits", &all, 20),
        ("letters and digits", &all, 32),
        ("digits", DIGITS, 24),
    ] {
        let refused = (0..2_000).filter(|_| is_guessable(&random.text(alphabet, length), ACCOUNT)).count();
        measured.push_str(&format!("{length} {name}: {refused}\n"));
    }
    insta::assert_snapshot!(measured);
}

#[test]
fn the_lists_are_as_they_are_looked_up() {
    for (index, words) in WORDS.iter().enumerate() {
        let listed: Vec<&str> = words.split_ascii_whitespace().collect();
        for word in &listed {
            assert_eq!(usize::from(word.as_bytes()[0] - b'a'), index, "{word}");
            assert!(word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        }
        assert!(listed.windows(2).all(|pair| pair[0] != pair[1]), "{words}");
    }
    assert!(FOLLOWERS.iter().all(|letters| letters.bytes().all(|byte| byte.is_ascii_lowercase())));
    assert_eq!(FOLLOWERS.iter().map(|letters| letters.len()).sum::<usize>(), 180);
    assert!(KEYBOARD.iter().all(|row| row.len() >= 7));
}

fn any_word() -> impl Strategy<Value = &'static str> {
    let words: Vec<&str> = WORDS.iter().flat_map(|words| words.split_ascii_whitespace()).collect();
    proptest::sample::select(words)
}

/// Writes letters as digits that look like them.
fn in_leetspeak(word: &str) -> String {
    word.chars()
        .map(|c| {
            "o0l1e3a4s5t7"
                .split_once(c)
                .and_then(|(_, rest)| rest.chars().next())
                .filter(char::is_ascii_digit)
                .unwrap_or(c)
        })
        .collect()
}

proptest! {
    #[test]
    fn a_known_word_with_digits_is_guessable(word in any_word(), separator in "[-_.:/]?", digits in "[0-9]{0,11}", first: bool, shape in 0..4_u8) {
        let word = match shape {
            0 => word.to_owned(),
            1 => word.to_uppercase(),
            2 => in_leetspeak(word),
            _ => word.chars().next().unwrap().to_uppercase().chain(word.chars().skip(1)).collect(),
        };
        let id = if first { format!("{word}{separator}{digits}") } else { format!("{digits}{separator}{word}") };
        prop_assert!(is_guessable(&id, ACCOUNT), "{id}");
    }

    #[test]
    fn few_known_words_are_guessable(words in proptest::collection::vec(any_word(), 1..9), separator in "[-_]?", year in 2000..2040_u32) {
        let id = format!("{}{separator}{year}", words.join(&separator));
        prop_assert!(is_guessable(&id, ACCOUNT), "{id}");
    }

    #[test]
    fn every_account_number_and_date_is_guessable(account in "[0-9]{12}", year in 1970..2040_u32, month in 1..13_u32, day in 1..29_u32) {
        let dashed = format!("{}-{}-{}", &account[..4], &account[4..8], &account[8..]);
        let day = format!("{year}{month:02}{day:02}");
        for id in [account.clone(), dashed, format!("aws-{account}"), format!("{account}{account}"), format!("{account}-{day}"), format!("role{day}{day}")] {
            prop_assert!(is_guessable(&id, ACCOUNT), "{id}");
            prop_assert!(is_guessable(&id, &account), "{id}");
        }
    }

    /// A name alone, or with a few characters around it, whatever its characters are.
    #[test]
    fn a_name_is_guessable(name in "[a-z0-9]{3,30}", around in "[a-z0-9]{0,7}", upper: bool) {
        let id = format!("{name}-{around}");
        let id = if upper { id.to_uppercase() } else { id };
        prop_assert!(guessable(&id, ACCOUNT, &[&name]).is_some(), "{id}");
    }

    #[test]
    fn a_group_again_and_again_is_guessable(group in "[A-Za-z0-9]{1,6}", times in 2..200_usize) {
        prop_assert!(is_guessable(&group.repeat(times), ACCOUNT));
    }

    /// Nothing is too long or too odd, and no message shows the ID.
    #[test]
    fn every_text_is_judged(text in any::<String>(), account in any::<String>(), name in any::<String>()) {
        let found = guessable(&text, &account, &[&name]);
        let long = text.repeat(1224 / text.len().max(1));
        guessable(&long, &account, &[&name, &text]);
        prop_assert!(found.is_some() || text.chars().count() >= MINIMUM_CHARACTERS);
    }

    /// More random characters never make an ID easier to guess.
    #[test]
    fn what_is_random_stays_random(random in "[A-Za-z0-9]{32}", word in any_word()) {
        prop_assert!(!is_guessable(&random, ACCOUNT));
        let id = format!("{word}-{random}");
        prop_assert!(!is_guessable(&id, ACCOUNT));
    }
}
