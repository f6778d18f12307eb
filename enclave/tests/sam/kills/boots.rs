//! Place: SAM. The power is cut after every effect of a boot.

use super::{COMMANDS, EFFECTS, Life, STEPS, Step};

/// A life whose boots fail after so many effects of this command of theirs. Answers whether that of the founding failed, and
/// whether a later one did.
fn boots_cut(witnesses: u8, command: usize, effect: usize) -> (bool, bool) {
    let cut = command * EFFECTS + effect;
    let mut life = Life::new(witnesses);
    let founding = life.bring_up(&[cut])[0];
    assert_eq!(life.take(Step::GenerateKey), Ok(()));
    // The boots after it, the second of which fails a little later.
    let later = life.bring_up(&[cut, cut + 1])[0];
    for step in &STEPS[1..] {
        assert_eq!(life.take(*step), Ok(()), "{step:?}");
    }
    (founding, later)
}

#[test]
fn power_cut_after_any_effect_of_a_boot_recovers() {
    for witnesses in [0, 3] {
        let mut effects = [[0; 2]; COMMANDS + 1];
        for (command, counts) in effects.iter_mut().enumerate() {
            for effect in 0..EFFECTS {
                let (founding, later) = boots_cut(witnesses, command, effect);
                for (count, felled) in counts.iter_mut().zip([founding, later]) {
                    // Once there is no effect left, there is none further on.
                    assert!(!felled || *count == effect, "{command}: {effect}");
                    *count += usize::from(felled);
                }
            }
        }
        assert!(
            effects.as_flattened().iter().all(|count| *count < EFFECTS),
            "EFFECTS is too low: {effects:?}"
        );
        let commands = [0, 1].map(|boot| effects.iter().filter(|counts| counts[boot] > 0).count());
        assert_eq!(commands, [COMMANDS, COMMANDS - 1], "a founding and a later boot: {effects:?}");
    }
}
