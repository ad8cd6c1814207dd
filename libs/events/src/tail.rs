//! The newest events of a feed, in memory: all who follow it ask for the same few, again and again.

use std::collections::VecDeque;

use contracts::common::Event;

use crate::feed::Filter;

/// Events that are kept at most.
pub(crate) const TAIL_EVENTS: usize = 1_000;

/// Bytes of event data that are kept at most.
const TAIL_BYTES: usize = 4 << 20;

/// Every event of the feed behind `after` and up to `to`.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    after: i64,
    to: i64,
    events: VecDeque<Event>,
    bytes: usize,
}

impl Tail {
    /// Takes in what the feed has between where the tail ends and `to`.
    pub(crate) fn extend(&mut self, events: Vec<Event>, to: i64) {
        self.bytes += events.iter().map(size).sum::<usize>();
        self.events.extend(events);
        self.to = to;
        while self.events.len() > TAIL_EVENTS || self.bytes > TAIL_BYTES {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.bytes -= size(&oldest);
            self.after = oldest.position;
        }
    }

    /// Forgets all and starts at `to`.
    pub(crate) fn restart(&mut self, to: i64) {
        *self = Self {
            after: to,
            to,
            ..Self::default()
        };
    }

    /// Up to `limit` events behind `after` and up to `head` that `filter` lets through; none where
    /// the tail does not hold all of that.
    pub(crate) fn read(
        &self,
        after: i64,
        head: i64,
        filter: &Filter,
        limit: usize,
    ) -> Option<Vec<Event>> {
        if after < self.after || head > self.to {
            return None;
        }
        let first = self.events.partition_point(|event| event.position <= after);
        let tenant = filter.tenant.map(|tenant| tenant.to_string());
        let wanted = |event: &&Event| {
            tenant
                .as_ref()
                .is_none_or(|tenant| *tenant == event.tenant_id)
                && (filter.types.is_empty() || filter.types.contains(&event.r#type))
        };
        let behind = self.events.range(first..);
        let until = behind.take_while(|event| event.position <= head);
        Some(until.filter(wanted).take(limit).cloned().collect())
    }
}

fn size(event: &Event) -> usize {
    event.data.as_ref().map_or(0, |data| data.value.len())
}
