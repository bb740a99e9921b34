use super::client::encode;
use super::*;
use std::time::{Duration, Instant};

const VPCS: &str = "DescribeVpcs";

#[tokio::test]
async fn faults_change_the_response() {
    let sim = sim(|_| {}).await;
    let client = Client::root(&sim, &account_id(0));
    let whole = client.ec2(VPCS, "").body.len();
    let strike = |what: FaultKind| {
        sim.clear_faults();
        sim.add_fault(Fault::new(what));
        client.try_ec2(VPCS, "")
    };
    let code = |what: FaultKind| strike(what).map(|answer| (answer.status, answer.code())).expect("an answer");
    assert_eq!(code(FaultKind::Throttle), (503, "RequestLimitExceeded".to_owned()));
    assert_eq!(code(FaultKind::Denied), (403, "UnauthorizedOperation".to_owned()));
    let scp = strike(FaultKind::ScpDenied).expect("an answer");
    assert!(scp.text().contains("with an explicit deny in a service control policy"));
    let error = FaultKind::Error { status: 500, code: "InternalError".to_owned(), message: "oh & no".to_owned() };
    assert_eq!(code(error), (500, "InternalError".to_owned()));
    assert!(strike(FaultKind::Reset).is_err());
    assert!(strike(FaultKind::ResetAfter).is_err());
    let cut = strike(FaultKind::Cut).expect("half an answer");
    assert_eq!((cut.content_length(), cut.body.len()), (Some(whole), whole / 2));
    let cut = strike(FaultKind::CutWithoutLength).expect("half an answer");
    assert_eq!((cut.status, cut.content_length(), cut.body.len()), (200, None, whole / 2));
    let garbage = strike(FaultKind::Garbage).expect("an answer");
    assert!(garbage.status == 200 && garbage.body.contains(&0xff));
    let empty = strike(FaultKind::Empty200).expect("an answer");
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let began = Instant::now();
    assert_eq!(strike(FaultKind::Latency(Duration::from_millis(80))).expect("an answer").body.len(), whole);
    assert!(began.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn hang_and_drip_delay_only_their_own_calls() {
    let sim = sim(|_| {}).await;
    let client = Client::root(&sim, &account_id(0));
    let hang = sim.add_fault(Fault::new(FaultKind::Hang).operation(VPCS));
    sim.add_fault(Fault::new(FaultKind::Drip(Duration::from_millis(1))).service(Service::Iam));
    let hung = std::thread::spawn({
        let client = client.clone();
        move || client.try_ec2(VPCS, "")
    });
    while sim.fired(hang) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let drip = client.query("iam", "2010-05-08", "ListAccountAliases", "").expect("an answer");
    assert!(drip.status == 200 && drip.text().ends_with("</ListAccountAliasesResponse>"));
    assert!(!hung.is_finished());
    assert!(sim.counts().peak_in_flight >= 2);
    drop(sim);
    assert!(hung.join().expect("no panic").is_err());
}

#[tokio::test]
async fn held_calls_wait_until_the_fault_is_lifted() {
    let sim = sim(|_| {}).await;
    let (one, two) = (Client::root(&sim, &account_id(0)), Client::root(&sim, &account_id(1)));
    let first = sim.add_fault(Fault::new(FaultKind::Held).account(&account_id(0)).operation(VPCS));
    let second = sim.add_fault(Fault::new(FaultKind::Held).account(&account_id(0)).parameter("MaxResults"));
    let held = std::thread::spawn({
        let client = one.clone();
        move || client.ec2(VPCS, "MaxResults=5").status
    });
    while sim.fired(second) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!((two.ec2(VPCS, "MaxResults=5").status, one.ec2("DescribeSubnets", "").status), (200, 200));
    sim.lift(first);
    assert_eq!(one.ec2(VPCS, "").status, 200);
    assert!(!held.is_finished(), "the other fault still holds it");
    sim.lift(second);
    assert_eq!(held.join().expect("no panic"), 200);
    assert_eq!((sim.fired(first), sim.fired(second)), (1, 1));
}

#[tokio::test]
async fn faults_match_calls_and_fire_n_times() {
    let sim = sim(|_| {}).await;
    let (one, two) = (Client::root(&sim, &account_id(0)), Client::root(&sim, &account_id(1)));
    let first = Fault::error(500, "InternalError").account(&account_id(0)).region("us-east-1").operation(VPCS);
    let id = sim.add_fault(first.times(Times::First(2)));
    let statuses = |client: &Client, n| (0..n).map(|_| client.ec2(VPCS, "").status).collect::<Vec<_>>();
    assert_eq!(statuses(&two, 1), [200]);
    assert_eq!(statuses(&one.region("eu-west-1"), 1), [200]);
    assert_eq!(statuses(&one, 3), [500, 500, 200]);
    assert_eq!(sim.fired(id), 2);
    sim.clear_faults();
    sim.add_fault(Fault::error(503, "Unavailable").service(Service::Ec2).times(Times::After(1)));
    assert_eq!(statuses(&one, 3), [200, 503, 503]);
    sim.clear_faults();
    sim.add_fault(Fault::error(503, "Unavailable").service(Service::Ec2).times(Times::Only(2)));
    assert_eq!(statuses(&one, 3), [200, 503, 200]);
    let seeded = || {
        sim.clear_faults();
        sim.add_fault(Fault::error(500, "InternalError").times(Times::Seeded { seed: 7, probability: 0.5 }));
        statuses(&one, 40)
    };
    let (run, again) = (seeded(), seeded());
    assert_eq!(run, again);
    assert!((8..32).contains(&run.iter().filter(|s| **s == 500).count()));
    let backend = Client::root(&sim, BACKEND);
    sim.clear_faults();
    sim.add_fault(Fault::new(FaultKind::Throttle).account(&account_id(1)).operation("AssumeRole"));
    assert_eq!((backend.assume(&account_id(0), "").status, backend.assume(&account_id(1), "").status), (200, 400));
}

#[tokio::test]
async fn faults_expire_sessions_repeat_tokens_and_delete_zones() {
    let sim = sim(|world| world.account(&account_id(0)).items = 12).await;
    let backend = Client::root(&sim, BACKEND);
    let session = backend.session(&account_id(0), "");
    sim.add_fault(Fault::new(FaultKind::ExpiredSession).account(&account_id(0)).operation(VPCS).times(Times::First(1)));
    assert_eq!(session.ec2("DescribeSubnets", "").status, 200);
    assert_eq!(session.ec2(VPCS, "").code(), "RequestExpired");
    assert_eq!(session.ec2("DescribeSubnets", "").code(), "RequestExpired");
    let client = backend.session(&account_id(0), "");
    assert_eq!(client.ec2(VPCS, "").status, 200);
    sim.add_fault(Fault::new(FaultKind::RepeatToken));
    let first = client.ec2(VPCS, "MaxResults=5").element("nextToken").expect("a token");
    let form = format!("MaxResults=5&NextToken={}", encode(&first));
    for _ in 0..3 {
        assert_eq!(client.ec2(VPCS, &form).element("nextToken"), Some(first.clone()));
    }
    let zone = zone_id(&account_id(0), 0);
    let path = format!("/2013-04-01/hostedzone/{zone}/rrset");
    let page = client.get("route53", &path);
    assert_eq!(page.element("NextRecordType").as_deref(), Some("NS"));
    sim.clear_faults();
    sim.add_fault(Fault::new(FaultKind::DeletedZone).times(Times::First(1)));
    assert_eq!(client.get("route53", &path).code(), "NoSuchHostedZone");
    assert_eq!(client.get("route53", &path).status, 404);
    assert_eq!(client.get("route53", "/2013-04-01/hostedzone").all("CallerReference").len(), 1);
}
