//! The simulated AWS, tried with a tiny raw client: it must be as strict as its users rely on.

mod client;
mod ec2;
mod faults;
mod limits;
mod route53;
mod s3;
mod sts;

use super::*;
use client::Client;

const BACKEND: &str = "999999999999";

/// Two customers, a bucket, and whatever else is asked.
async fn sim(change: impl FnOnce(&mut World)) -> Sim {
    let mut world = World::new(BACKEND);
    world.add_customers(2, &Account::default());
    world.bucket("results");
    change(&mut world);
    Sim::start(world).await
}
