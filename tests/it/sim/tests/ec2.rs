use super::client::encode;
use super::*;

#[tokio::test]
async fn every_type_is_listed_in_pages() {
    let sim = sim(|world| {
        world.account(&account_id(0)).set_count(None, None, 13).set_count(Some("eu-west-1"), Some(Kind::Vpcs), 0);
        world.empty_pages = true;
        world.future_members = true;
    })
    .await;
    let client = Client::root(&sim, &account_id(0)).region("eu-central-1");
    for kind in Kind::ALL {
        let expected: Vec<String> = (0..13).map(|i| kind.id(&account_id(0), "eu-central-1", i)).collect();
        let (mut seen, mut sizes, mut token) = (String::new(), Vec::new(), String::new());
        let sized = if kind.max_page_size().is_some() { "MaxResults=6&" } else { "" };
        loop {
            let page = client.ec2(kind.operation(), &format!("{sized}{token}"));
            assert_eq!(page.status, 200, "{}", page.text());
            sizes.push(page.text().matches("<simFutureMember>").count());
            seen.push_str(&page.text());
            match page.element("nextToken") {
                Some(next) => token = format!("NextToken={}", encode(&next)),
                None => break,
            }
        }
        assert!(expected.iter().all(|id| seen.contains(&format!(">{id}<"))), "{kind:?}");
        let paged = kind.max_page_size().is_some();
        assert_eq!(sizes, if paged { vec![6, 0, 6, 1] } else { vec![13] }, "{kind:?}");
    }
    let empty = client.region("eu-west-1").ec2("DescribeVpcs", "MaxResults=1000");
    assert!(empty.text().contains("<vpcSet/>"));
}

#[tokio::test]
async fn invalid_parameters_and_tokens_are_refused() {
    let sim = sim(|world| {
        world.account(&account_id(0)).items = 9;
    })
    .await;
    let client = Client::root(&sim, &account_id(0));
    for (operation, size) in [("DescribeVpcs", 4), ("DescribeVpcs", 1001), ("DescribeRouteTables", 101)] {
        assert_eq!(client.ec2(operation, &format!("MaxResults={size}")).code(), "InvalidParameterValue");
    }
    assert_eq!(client.ec2("DescribeVpcs", "MaxResults=many").code(), "InvalidParameterValue");
    assert_eq!(client.ec2("DescribeAddresses", "MaxResults=5").code(), "UnknownParameter");
    assert_eq!(client.ec2("TerminateInstances", "").code(), "InvalidAction");
    let token = client.ec2("DescribeVpcs", "MaxResults=5").element("nextToken").expect("a token");
    let form = format!("MaxResults=5&NextToken={}", encode(&token));
    assert_eq!(client.ec2("DescribeVpcs", &form).all("vpcId").len(), 4);
    let other = Client::root(&sim, &account_id(1));
    for answer in [
        client.ec2("DescribeSubnets", &form),
        client.region("eu-west-1").ec2("DescribeVpcs", &form),
        other.ec2("DescribeVpcs", &form),
        client.ec2("DescribeVpcs", "MaxResults=5&NextToken=eyJ/1%2B%C3%A9%C3%A9=="),
    ] {
        assert_eq!((answer.status, answer.code().as_str()), (400, "InvalidPaginationToken"));
    }
}

#[tokio::test]
async fn bodies_are_padded_and_chunked() {
    let sim = sim(|world| {
        world.account(&account_id(0)).items = 1000;
        world.padding = 4096;
    })
    .await;
    let client = Client::root(&sim, &account_id(0));
    let page = client.ec2("DescribeInstances", "MaxResults=1000");
    assert!(page.body.len() > 4 << 20, "{}", page.body.len());
    assert_eq!(page.content_length(), Some(page.body.len()));
    assert_eq!(page.text().matches("<reservationId>").count(), 500);
    sim.change(|world| world.chunked = true);
    let page = client.ec2("DescribeVpcs", "MaxResults=5");
    assert!(page.head.contains("transfer-encoding: chunked") && page.body.ends_with(b"0\r\n\r\n"));
}
