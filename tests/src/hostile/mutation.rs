//! Place: none. Changes of a message: one value somewhere in its structure, so that most of what comes out is still a message.

use ciborium::Value;
use fuin_shared::codec;

/// Numbers that look random and can be had again (splitmix64).
pub struct Random(pub u64);

impl Random {
    /// The next one.
    #[allow(clippy::should_implement_trait, reason = "it has no end")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Whether one of `n` equally likely cases came about.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of these, which must not be none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Below `end`, which is not zero.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
}

/// The message as a structure.
#[must_use]
pub fn structure<T: serde::Serialize>(message: &T) -> Value {
    ciborium::from_reader(&codec::encode(message)[..]).unwrap()
}

/// The octets of a structure.
#[must_use]
pub fn octets(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    ciborium::into_writer(value, &mut out).unwrap();
    out
}

/// Changes one value in `message`; values of `other` may take its place.
pub fn mutate(message: &mut Value, other: &Value, random: &mut Random) {
    let count = leaves(message);
    let wanted = random.below(count.max(1));
    let donor = nth(other, random.below(leaves(other).max(1))).cloned();
    if let Some(leaf) = nth_mut(message, wanted) {
        change(leaf, donor, random);
    }
}

/// Values that can be changed: everything but maps and their keys.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Map(entries) => entries.iter().map(|(_, v)| leaves(v)).sum(),
        Value::Array(items) => 1 + items.iter().map(leaves).sum::<usize>(),
        _ => 1,
    }
}

fn nth(value: &Value, mut n: usize) -> Option<&Value> {
    let parts: Vec<&Value> = match value {
        Value::Map(entries) => entries.iter().map(|(_, v)| v).collect(),
        Value::Array(_) if n == 0 => return Some(value),
        Value::Array(items) => {
            n -= 1;
            items.iter().collect()
        }
        _ => return (n == 0).then_some(value),
    };
    for part in parts {
        let count = leaves(part);
        if n < count {
            return nth(part, n);
        }
        n -= count;
    }
    None
}

fn nth_mut(value: &mut Value, mut n: usize) -> Option<&mut Value> {
    if n == 0 && !matches!(value, Value::Map(_)) {
        return Some(value);
    }
    let parts: Vec<&mut Value> = match value {
        Value::Map(entries) => entries.iter_mut().map(|(_, v)| v).collect(),
        Value::Array(items) => {
            n -= 1;
            items.iter_mut().collect()
        }
        _ => return None,
    };
    for part in parts {
        let count = leaves(part);
        if n < count {
            return nth_mut(part, n);
        }
        n -= count;
    }
    None
}

fn change(leaf: &mut Value, donor: Option<Value>, random: &mut Random) {
    if random.below(8) == 0
        && let Some(donor) = donor
    {
        *leaf = donor;
        return;
    }
    match leaf {
        Value::Bytes(octets) => change_inside(octets, random),
        Value::Text(text) => {
            let mut octets = text.clone().into_bytes();
            change_octets(&mut octets, random);
            *text = String::from_utf8_lossy(&octets).into_owned();
        }
        Value::Integer(number) => {
            let number_now = i128::from(*number);
            let next = match random.below(4) {
                0 => number_now + 1,
                1 => (number_now - 1).max(0),
                2 => 0,
                _ => i128::from(random.next() >> 1),
            };
            *leaf = Value::Integer(u64::try_from(next).unwrap_or(u64::MAX).into());
        }
        Value::Array(items) if !items.is_empty() => {
            let (a, b) = (random.below(items.len()), random.below(items.len()));
            match random.below(3) {
                0 => items.swap(a, b),
                1 => drop(items.remove(a)),
                _ => items.insert(a, items[b].clone()),
            }
        }
        Value::Null => *leaf = Value::Bytes(vec![0; random.below(64)]),
        _ => *leaf = Value::Null,
    }
}

/// Octets that are a message themselves are sometimes changed as such.
fn change_inside(octets: &mut Vec<u8>, random: &mut Random) {
    if random.one_in(2)
        && let Ok(mut inner @ (Value::Map(_) | Value::Array(_))) =
            ciborium::from_reader::<Value, _>(&octets[..])
    {
        let other = inner.clone();
        mutate(&mut inner, &other, random);
        *octets = self::octets(&inner);
    } else {
        change_octets(octets, random);
    }
}

fn change_octets(octets: &mut Vec<u8>, random: &mut Random) {
    let length = octets.len();
    match random.below(6) {
        _ if length == 0 => octets.push(random.next() as u8),
        0..=2 => octets[random.below(length)] ^= 1 << random.below(8),
        3 => octets.truncate(random.below(length)),
        4 => octets.insert(random.below(length), random.next() as u8),
        _ => drop(octets.remove(random.below(length))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutations_reach_every_value_and_can_be_had_again() {
        use fuin_shared::message::{Command, GetEvidence, InstallManifest};
        let command = Command::InstallManifest(InstallManifest {
            first: vec![1; 9].into(),
            current: vec![2; 9].into(),
        });
        let other = structure(&Command::GetEvidence(GetEvidence { nonce: None }));
        let run = |seed| {
            let mut random = Random(seed);
            let mut found = std::collections::BTreeSet::new();
            for _ in 0..200 {
                let mut message = structure(&command);
                mutate(&mut message, &other, &mut random);
                found.insert(octets(&message));
            }
            found
        };
        assert_eq!(run(1), run(1));
        let decoded: Vec<Command> = run(1).iter().filter_map(|o| codec::decode(o).ok()).collect();
        let changed = |pick: fn(&InstallManifest) -> bool| {
            decoded.iter().any(|c| matches!(c, Command::InstallManifest(m) if pick(m)))
        };
        assert!(changed(|m| m.first.0 != [1; 9]) && changed(|m| m.current.0 != [2; 9]));
    }
}
