//! Tests of the simulated AWS with a minimal raw client: it must be as strict as its users assume.

mod client;
mod ec2;
mod faults;
mod limits;
mod resolver;
mod route53;
mod s3;
mod sts;

use super::*;
use client::Client;

const BACKEND: &str = "999999999999";

/// Starts a server with two customers, a bucket and the changes of `change`.
async fn sim(change: impl FnOnce(&mut World)) -> Sim {
    let mut world = World::new(BACKEND);
    world.add_customers(2, &Account::default());
    world.bucket("results");
    change(&mut world);
    Sim::start(world).await
}
