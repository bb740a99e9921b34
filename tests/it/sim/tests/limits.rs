use super::*;
use std::io::{Read, Write};
use std::net::TcpStream;

#[tokio::test]
async fn token_buckets_throttle_like_aws() {
    // The bursts of AWS without refill, so that the speed of the calls does not matter.
    let once = |rate: Option<Rate>| rate.map(|rate| Rate { refill: 0.0, ..rate });
    let Buckets { ec2, ec2_unpaginated, route53, resolver, sts, account } = Buckets::aws();
    let buckets = Buckets {
        ec2: once(ec2),
        ec2_unpaginated: once(ec2_unpaginated),
        route53: once(route53),
        resolver: once(resolver),
        sts: once(sts),
        account: once(account),
    };
    let sim = sim(|world| world.buckets = buckets).await;
    let (one, two) = (Client::root(&sim, &account_id(0)), Client::root(&sim, &account_id(1)));
    let zones =
        |client: &Client, n| (0..n).filter(|_| client.get("route53", "/2013-04-01/healthcheck").status == 200).count();
    assert_eq!(zones(&one, 70), 50);
    assert_eq!(zones(&two, 10), 10);
    assert_eq!(sim.counts().throttled, 20);
    let seen = |e: &LogEntry| e.service == Service::Route53 && e.account == account_id(0);
    assert_eq!(sim.peak_within(std::time::Duration::from_secs(60), seen), 70);
    assert!(sim.peak_within(std::time::Duration::ZERO, seen) < 70);
    assert_eq!(sim.counts().of(&account_id(0), Service::Route53, "ListHealthChecks"), 70);
    let unpaginated = (0..60).filter(|_| one.ec2("DescribeVolumes", "").status == 200).count();
    let paginated = (0..60).filter(|_| one.ec2("DescribeVolumes", "MaxResults=5").status == 200).count();
    assert_eq!((unpaginated, paginated), (50, 60));
}

#[tokio::test]
async fn denied_actions_and_skewed_clocks_are_refused() {
    let sim = sim(|world| {
        world.account(&account_id(0)).deny("ec2:DescribeVpcs", false).deny("route53:*", true);
    })
    .await;
    let client = Client::root(&sim, &account_id(0));
    let plain = client.ec2("DescribeVpcs", "");
    assert!(plain.code() == "UnauthorizedOperation" && !plain.text().contains("service control policy"));
    assert!(client.get("route53", "/2013-04-01/hostedzone").text().contains("service control policy"));
    sim.set_clock_skew(3600);
    let dated = |date: &str| client.send("iam", "POST", "/", &[("x-amz-date", date)], b"Action=X").expect("an answer");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs() as i64;
    let stamp = |at: i64| clock::iso(at).replace(['-', ':'], "");
    assert_eq!(dated(&stamp(now)).code(), "RequestTimeTooSkewed");
    assert_eq!(dated(&stamp(now + 3600)).code(), "InvalidAction");
}

#[tokio::test]
async fn malformed_requests_get_400_and_connections_stay_open() {
    let sim = sim(|_| {}).await;
    let address = sim.endpoint().replace("http://", "");
    let say = |text: &[u8]| {
        let mut stream = TcpStream::connect(&address).expect("a connection");
        stream.write_all(text).expect("written");
        let mut out = Vec::new();
        stream.read_to_end(&mut out).expect("an answer");
        String::from_utf8_lossy(&out).into_owned()
    };
    for bad in [&b"nonsense\r\n\r\n"[..], b"GET / HTTP/1.1\r\ncontent-length: many\r\n\r\n", b"\x00\xff\x00\r\n\r\n"] {
        assert!(say(bad).starts_with("HTTP/1.1 400"));
    }
    assert!(say(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n").starts_with("HTTP/1.1 411"));
    assert!(say(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n").contains("MissingAuthenticationToken"));
    let client = Client::root(&sim, &account_id(0));
    for (service, method, path) in [
        ("ec2", "POST", "/"),
        ("route53", "GET", "/%zz/%ff"),
        ("route53", "GET", "/2013-04-01/tags//"),
        ("s3", "PUT", "//"),
        ("s3", "PUT", "/b"),
        ("account", "POST", "/listRegions?"),
        ("nowhere", "GET", "/"),
        ("sts", "POST", "/"),
    ] {
        let answer = client.send(service, method, path, &[], b"\xff%&=%%%4").expect("an answer");
        assert!((400..500).contains(&answer.status), "{service} {path}: {}", answer.status);
    }
    // Two pipelined calls on one connection.
    let before = sim.counts().connections;
    let mut stream = TcpStream::connect(&address).expect("a connection");
    let one = "GET /2013-04-01/hostedzone HTTP/1.1\r\nauthorization: AWS4-HMAC-SHA256 \
               Credential=200000000000/1/us-east-1/route53/aws4_request, Signature=0\r\n";
    stream.write_all(format!("{one}\r\n{one}connection: close\r\n\r\n").as_bytes()).expect("written");
    let mut out = String::new();
    stream.read_to_string(&mut out).expect("answers");
    assert_eq!((out.matches("HTTP/1.1 200 OK").count(), sim.counts().connections), (2, before + 1));
}
