//! Wait times by account and operation, kept only for `--timings`.

use std::collections::HashMap;
use std::ops::AddAssign;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The wait times of the calls of one operation in one account. Calls are concurrent, so the sum may exceed the duration of
/// the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitTimes {
    /// Requests sent, retries included.
    pub calls: u64,
    /// Waiting for the rate limiter.
    pub limiter: Duration,
    /// Waiting for concurrency permits.
    pub slot: Duration,
    /// Waiting for memory to read the response into.
    pub memory: Duration,
    /// Waiting before a retry of a call.
    pub backoff: Duration,
    /// Waiting for AWS: from the request to the last byte of its response.
    pub aws: Duration,
}

impl AddAssign for WaitTimes {
    fn add_assign(&mut self, more: Self) {
        self.calls += more.calls;
        self.limiter += more.limiter;
        self.slot += more.slot;
        self.memory += more.memory;
        self.backoff += more.backoff;
        self.aws += more.aws;
    }
}

/// An account and an operation, such as `ec2:DescribeVpcs`.
type TimingKey = (Arc<str>, &'static str);

/// The wait times of all calls.
#[derive(Debug, Default)]
pub struct Timings(Mutex<HashMap<TimingKey, WaitTimes>>);

impl Timings {
    /// Adds the wait times of an attempt.
    pub fn add(&self, account_id: &Arc<str>, operation: &'static str, spent: WaitTimes) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *all.entry((account_id.clone(), operation)).or_default() += spent;
    }

    /// Formats all wait times as CSV, in milliseconds, the longest of each account first.
    pub fn csv(&self) -> String {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<(&TimingKey, &WaitTimes)> = all.iter().collect();
        rows.sort_by_key(|((account_id, operation), spent)| {
            let whole = spent.limiter + spent.slot + spent.memory + spent.backoff + spent.aws;
            (account_id.clone(), std::cmp::Reverse(whole), *operation)
        });
        let mut text = String::from("account_id,operation,calls,limiter_ms,slot_ms,memory_ms,backoff_ms,aws_ms\n");
        for ((account_id, operation), spent) in rows {
            let ms = |time: Duration| time.as_millis();
            text.push_str(&format!(
                "{account_id},{operation},{},{},{},{},{},{}\n",
                spent.calls,
                ms(spent.limiter),
                ms(spent.slot),
                ms(spent.memory),
                ms(spent.backoff),
                ms(spent.aws)
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_of_an_account_first() {
        let timings = Timings::default();
        let (one, two): (Arc<str>, Arc<str>) = ("111122223333".into(), "444455556666".into());
        let aws = |ms| WaitTimes { calls: 1, aws: Duration::from_millis(ms), ..WaitTimes::default() };
        timings.add(&two, "ec2:DescribeVpcs", aws(5));
        timings.add(&one, "ec2:DescribeVpcs", aws(30));
        timings.add(&one, "ec2:DescribeVpcs", WaitTimes { limiter: Duration::from_millis(7), ..aws(1) });
        timings.add(&one, "route53:ListHostedZones", aws(50));
        let lines: Vec<String> = timings.csv().lines().map(str::to_owned).collect();
        assert_eq!(
            lines,
            [
                "account_id,operation,calls,limiter_ms,slot_ms,memory_ms,backoff_ms,aws_ms",
                "111122223333,route53:ListHostedZones,1,0,0,0,0,50",
                "111122223333,ec2:DescribeVpcs,2,7,0,0,0,31",
                "444455556666,ec2:DescribeVpcs,1,0,0,0,0,5",
            ]
        );
    }
}
