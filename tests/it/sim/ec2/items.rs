//! EC2 items, derived from account, region, type and index, so that they are the same in every run. This module has the
//! tags and ids, and `shapes` the members of each type.

use super::super::dispatch::Job;
use super::super::names::mix;
use super::super::xml::Xml;
use super::{Kind, shapes};

/// One in so many items has another name on every night but the first.
const RENAMED: u64 = 50;

/// The values that all items of one response share.
pub(super) struct Items<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub partition: &'a str,
    kind: Kind,
    future_members: bool,
    padding: String,
    night: usize,
}

impl<'a> Items<'a> {
    pub(super) fn new(job: &'a Job, kind: Kind) -> Self {
        Self {
            account: &job.caller.account,
            region: &job.call.region,
            partition: &job.world.partition,
            kind,
            future_members: job.world.future_members,
            padding: padding(job.world.padding),
            night: job.world.night,
        }
    }

    /// Writes one item. Instances have reservations of two, which the end of a page may split.
    pub(super) fn write(&self, xml: &mut Xml, index: usize, from: usize, to: usize) {
        if self.kind != Kind::Instances {
            return self.item(xml, index);
        }
        if index == from || index.is_multiple_of(2) {
            xml.open("item").text("reservationId", &self.fake("r", index / 2)).text("ownerId", self.account);
            if index / 2 % 3 == 2 {
                xml.text("requesterId", "940372691376");
            }
            xml.empty("groupSet").open("instancesSet");
        }
        self.item(xml, index);
        if index + 1 == to || !index.is_multiple_of(2) {
            xml.close("instancesSet").close("item");
        }
    }

    /// Writes one item without its neighbours. An instance has its part of a reservation.
    pub(super) fn write_alone(&self, xml: &mut Xml, index: usize) {
        self.write(xml, index, index, index + 1);
    }

    fn item(&self, xml: &mut Xml, index: usize) {
        xml.open("item");
        match self.kind {
            Kind::Vpcs => shapes::vpc(self, xml, index),
            Kind::Subnets => shapes::subnet(self, xml, index),
            Kind::RouteTables => shapes::route_table(self, xml, index),
            Kind::SecurityGroups => shapes::security_group(self, xml, index),
            Kind::NetworkInterfaces => shapes::network_interface(self, xml, index),
            Kind::InternetGateways => shapes::internet_gateway(self, xml, index),
            Kind::NatGateways => shapes::nat_gateway(self, xml, index),
            Kind::Instances => shapes::instance(self, xml, index),
            Kind::Volumes => shapes::volume(self, xml, index),
            Kind::Addresses => shapes::address(self, xml, index),
        }
        self.tags(xml, index);
        if self.future_members {
            xml.text("simFutureMember", "not in any model yet");
        }
        xml.close("item");
    }

    /// Returns the id of another item in this account and region.
    pub(super) fn id(&self, kind: Kind, index: usize) -> String {
        kind.id(self.account, self.region, index)
    }

    /// Returns an id of a type that is not simulated.
    pub(super) fn fake(&self, prefix: &str, index: usize) -> String {
        super::resource_id(prefix, self.account, self.region, index)
    }

    pub(super) fn arn(&self, resource: &str, id: &str) -> String {
        format!("arn:{}:ec2:{}:{}:{resource}/{id}", self.partition, self.region, self.account)
    }

    /// Returns a private IP address.
    pub(super) fn ip(&self, index: usize) -> String {
        let bits = mix(&[self.account, self.region, "ip"], index as u64);
        format!("10.{}.{}.{}", bits & 255, (bits >> 8) & 255, (bits >> 16) & 255)
    }

    /// Writes the tags. Every seventh item has none; the others have a name and one unusual tag.
    fn tags(&self, xml: &mut Xml, index: usize) {
        const ODD: [(&str, &str); 5] = [
            ("cost center", "R&D <\"ops\">'"),
            ("sn\u{2603}wman", "na\u{ef}ve \u{1f600} \u{65e5}\u{672c}"),
            ("empty", ""),
            ("aws:cloudformation:stack-name", " leads and trails "),
            ("lines", "a\nb\tc"),
        ];
        if index % 7 == 3 && self.padding.is_empty() {
            xml.empty("tagSet");
            return;
        }
        xml.open("tagSet");
        let (key, value) = ODD[index % ODD.len()];
        let mut name = format!("{}-{index}", self.kind.words().2);
        if self.night > 0
            && mix(&[self.account, self.region, self.kind.words().2], index as u64).is_multiple_of(RENAMED)
        {
            name.push_str(&format!(" of night {}", self.night));
        }
        for (key, value) in [("Name", name.as_str()), (key, value)] {
            xml.open("item").text("key", key).text("value", value).close("item");
        }
        xml.raw(&self.padding).close("tagSet");
    }
}

/// Returns tags of about `bytes` bytes in total.
fn padding(bytes: usize) -> String {
    let one = |n: usize| format!("<item><key>pad-{n}</key><value>{}</value></item>", "x".repeat(200));
    (0..bytes.div_ceil(246)).map(one).collect()
}
