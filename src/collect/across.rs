//! Types that have no region, and are listed for each of the resources that all regions hold: the zones that an
//! account's VPCs see.
//!
//! The regions' listings go on by themselves and hand over what they found; nothing here asks for it twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Context;
use super::cell::{Cell, Trouble};
use crate::catalogue::Table;
use crate::record::Record;

/// What one region found.
#[derive(Debug)]
struct Found {
    region: Arc<str>,
    records: Vec<Record>,
    trouble: Option<Trouble>,
}

/// The ways from regions to those who wait for what they find, by the place of the parents' table.
#[derive(Debug, Default)]
pub struct Handover {
    senders: Mutex<HashMap<(usize, String), Feeds>>,
    receivers: Mutex<HashMap<usize, UnboundedReceiver<Found>>>,
}

/// The way of one region. It ends when it is dropped, however its job has ended.
#[derive(Debug)]
pub struct Feeds(UnboundedSender<Found>);

impl Handover {
    /// Ways from each of these regions for each of these tables.
    pub fn new(tables: &[usize], regions: &[String]) -> Self {
        let handover = Self::default();
        for table in tables {
            let (sender, receiver) = unbounded_channel();
            lock(&handover.receivers).insert(*table, receiver);
            for region in regions {
                lock(&handover.senders).insert((*table, region.clone()), Feeds(sender.clone()));
            }
        }
        handover
    }

    /// The way from a region, once.
    pub fn sender(&self, table: usize, region: &str) -> Option<Feeds> {
        lock(&self.senders).remove(&(table, region.to_owned()))
    }
}

impl Feeds {
    /// Hands over what was found; whoever waited may have been ended by then.
    pub fn found(self, region: Arc<str>, records: &[Record], trouble: Option<Trouble>) {
        let _ = self.0.send(Found { region, records: records.to_vec(), trouble });
    }
}

impl Context {
    /// Lists types for each of the resources that the regions hand over.
    pub(super) async fn collect_across(&self, parents: &'static Table, children: &mut [Cell]) {
        let Some(mut regions) = lock(&self.handover.receivers).remove(&parents.index) else { return };
        loop {
            let found = tokio::select! {
                biased;
                cause = self.stop.ended() => {
                    children.iter_mut().for_each(|child| child.failed(cause.clone()));
                    return;
                }
                found = regions.recv() => found,
            };
            let Some(found) = found else { return };
            for child in children.iter_mut() {
                self.collect_child(child, parents, &found.region, &found.records).await;
                child.suffers_from(found.trouble.clone().map(|trouble| trouble.in_region(&found.region)));
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
