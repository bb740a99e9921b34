use super::client::Answer;
use super::*;
use crate::sim::xml::texts;

fn put(client: &Client, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    client.send("s3", "PUT", path, headers, body).expect("an answer")
}

#[tokio::test]
async fn conditional_writes_and_owners_are_checked() {
    let sim = sim(|_| {}).await;
    let client = Client::root(&sim, BACKEND);
    let create = [("if-none-match", "*")];
    assert_eq!(put(&client, "/results/a%20b/c?x-id=PutObject", &create, b"one").status, 200);
    let second = put(&client, "/results/a%20b/c", &create, b"two");
    assert_eq!((second.status, second.code().as_str()), (412, "PreconditionFailed"));
    let got = client.get("s3", "/results/a%20b/c");
    assert_eq!(got.body, b"one");
    let tag = got.head.lines().find_map(|l| l.strip_prefix("etag: ")).expect("an etag").to_owned();
    assert_eq!(put(&client, "/results/a%20b/c", &[("if-match", "\"0\"")], b"x").status, 412);
    assert_eq!(put(&client, "/results/a%20b/c", &[("if-match", &tag)], b"three").status, 200);
    assert_eq!(put(&client, "/results/none", &[("if-match", &tag)], b"x").code(), "NoSuchKey");
    assert_eq!(sim.objects("results")["a b/c"], &b"three"[..]);
    let missing = client.get("s3", "/results/none");
    assert_eq!((missing.status, missing.code().as_str()), (404, "NoSuchKey"));
    assert_eq!(client.get("s3", "/elsewhere/none").code(), "NoSuchBucket");
    let list = client.get("s3", "/results?list-type=2&prefix=a");
    assert_eq!(list.all("Key"), ["a b/c"]);
    let stranger = Client::root(&sim, &account_id(0));
    assert_eq!(stranger.get("s3", "/results/a%20b/c").code(), "AccessDenied");
    sim.change(|world| {
        world.account(&account_id(1)).deny("s3:*", true);
    });
    assert_eq!(Client::root(&sim, &account_id(1)).get("s3", "/results/x").status, 403);
    assert_eq!(sim.foreign_s3_calls(), 2);
    assert_eq!(put(&client, "/results/x", &[("x-amz-expected-bucket-owner", "1")], b"").code(), "AccessDenied");
    sim.change(|world| {
        world.account(BACKEND).deny("s3:ListBucket", false);
    });
    assert_eq!(client.get("s3", "/results/none").status, 403);
}

#[tokio::test]
async fn chunked_bodies_and_checksums_are_verified() {
    let sim = sim(|_| {}).await;
    let client = Client::root(&sim, BACKEND);
    let headers = [
        ("content-encoding", "aws-chunked"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
        ("x-amz-decoded-content-length", "9"),
    ];
    let body = b"9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
    let stored = put(&client, "/results/k", &headers, body);
    assert!(stored.status == 200 && stored.head.contains("x-amz-checksum-crc32: y/Q5Jg=="));
    assert_eq!(sim.objects("results")["k"], &b"123456789"[..]);
    let wrong = b"9\r\n123456780\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
    assert_eq!(put(&client, "/results/k", &headers, wrong).code(), "BadDigest");
    assert_eq!(put(&client, "/results/k", &headers, b"9\r\n1234").code(), "IncompleteBody");
}

#[tokio::test]
async fn multipart_uploads_are_completed_or_aborted() {
    let sim = sim(|_| {}).await;
    let client = Client::root(&sim, BACKEND);
    let post = |path: &str, headers: &[(&str, &str)], body: &str| {
        client.send("s3", "POST", path, headers, body.as_bytes()).expect("an answer")
    };
    let begin = || {
        let begun = post("/results/big?uploads", &[], "");
        texts(&begun.text(), "UploadId").remove(0)
    };
    let part = |id: &str, number: usize, bytes: usize| {
        let path = format!("/results/big?partNumber={number}&uploadId={id}");
        let answer = put(&client, &path, &[], &vec![number as u8; bytes]);
        answer.head.lines().find_map(|l| l.strip_prefix("etag: ")).expect("an etag").to_owned()
    };
    let complete = |id: &str, headers: &[(&str, &str)], parts: &[(usize, &str)]| {
        let one = |(n, tag): &(usize, &str)| format!("<Part><ETag>{tag}</ETag><PartNumber>{n}</PartNumber></Part>");
        let body: String = parts.iter().map(one).collect();
        let path = format!("/results/big?uploadId={id}");
        post(&path, headers, &format!("<CompleteMultipartUpload>{body}</CompleteMultipartUpload>"))
    };
    let id = begin();
    let (one, two) = (part(&id, 1, 5 << 20), part(&id, 2, 10));
    assert_eq!(sim.open_uploads(), [("results".to_owned(), "big".to_owned())]);
    assert_eq!(complete(&id, &[], &[(2, &two), (1, &one)]).code(), "InvalidPartOrder");
    assert_eq!(complete(&id, &[], &[(1, "x"), (2, &two)]).code(), "InvalidPart");
    let create = [("if-none-match", "*")];
    assert_eq!(complete(&id, &create, &[(1, &one), (2, &two)]).status, 200);
    assert_eq!(sim.objects("results")["big"].len(), (5 << 20) + 10);
    assert!(sim.open_uploads().is_empty());
    let id = begin();
    let (one, two) = (part(&id, 1, 100), part(&id, 2, 10));
    assert_eq!(complete(&id, &[], &[(1, &one), (2, &two)]).code(), "EntityTooSmall");
    assert_eq!(complete(&id, &create, &[(1, &one)]).code(), "PreconditionFailed");
    assert_eq!(sim.open_uploads().len(), 1);
    let abort = |id: &str| client.send("s3", "DELETE", &format!("/results/big?uploadId={id}"), &[], b"");
    assert_eq!(abort(&id).expect("an answer").status, 204);
    assert_eq!(abort(&id).expect("an answer").code(), "NoSuchUpload");
    assert!(sim.open_uploads().is_empty());
}

#[tokio::test]
async fn a_range_of_an_object_is_read() {
    let sim = sim(|_| {}).await;
    sim.put_object("results", "k", "0123456789");
    let client = Client::root(&sim, BACKEND);
    let read = |range: &str| client.send("s3", "GET", "/results/k", &[("range", range)], b"").expect("an answer");
    let middle = read("bytes=2-4");
    assert_eq!((middle.status, middle.body.as_slice()), (206, &b"234"[..]));
    assert!(middle.head.contains("content-range: bytes 2-4/10"), "{}", middle.head);
    let end = read("bytes=8-99");
    assert_eq!((end.status, end.body.as_slice()), (206, &b"89"[..]));
    assert_eq!((read("bytes=10-11").status, read("bytes=10-11").code().as_str()), (416, "InvalidRange"));
    assert_eq!(read("bytes=-5").status, 501);
}
