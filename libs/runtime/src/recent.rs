//! A small memory of what was computed lately, bounded without bookkeeping for
//! each use. Must not be the only holder of anything: it forgets at will.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Two generations of entries. A full young generation becomes the old one, and
/// the old one is forgotten; a hit in the old one moves up. So what is in use
/// stays, and memory is bounded by twice the capacity.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    capacity: usize,
    generations: Mutex<Generations<K, V>>,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq + Clone, V: Clone> Recent<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        let generations = Generations {
            young: HashMap::new(),
            old: HashMap::new(),
        };
        Self {
            capacity,
            generations: Mutex::new(generations),
        }
    }

    pub(crate) fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = generations.old.remove_entry(key)?;
        generations.insert(key, value.clone(), self.capacity);
        Some(value)
    }

    pub(crate) fn put(&self, key: K, value: V) {
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        generations.insert(key, value, self.capacity);
    }
}

impl<K: Hash + Eq, V> Generations<K, V> {
    fn insert(&mut self, key: K, value: V, capacity: usize) {
        if self.young.len() >= capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p33_what_is_in_use_stays_and_the_rest_is_forgotten() {
        let recent = Recent::new(10);
        recent.put(0, 0);
        for key in 1..1000 {
            recent.put(key, key);
            assert_eq!(recent.get(&0), Some(0), "used all the time");
        }
        assert_eq!(recent.get(&500), None);
        assert_eq!(recent.get(&999), Some(999));
        let kept = (0..1000).filter(|key| recent.get(key).is_some()).count();
        assert!(kept <= 20, "{kept}");
    }
}
