//! Place: SAM. SEAL-02: orders under a mandate, and what no SCA and no host gets.

use super::*;

#[test]
fn seal_02_no_seal_without_a_mandate() {
    let (mut world, organization, mandate) = granted();
    let mut order = world.order(mandate, 1, vec![hash(1)]);
    order.mandate = MandateId([9; 16]);
    let mut request =
        world.seal_request(&organization, &world.order(mandate, 1, vec![hash(1)]), &organization.sca);
    let octets = codec::encode(&order);
    let signature =
        organization.sca.sign(&fuin_shared::statement::SignedStatement::message::<SealOrder>(&octets));
    request.order = codec::encode(&fuin_shared::seal::SignedOrder { order: octets.into(), signature }).into();
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::MandateUnknown));
}

#[test]
fn seal_02_over_count_is_refused_and_spends_nothing() {
    let (mut world, organization, mandate) = granted_as(|t| t.rate = Rate { seals: 100, seconds: 1 });
    world.seal(&organization, mandate, 1, vec![hash(1), hash(2), hash(3)]).unwrap();
    // All or nothing: three do not fit, and not two of them either.
    assert_eq!(
        world.seal(&organization, mandate, 2, vec![hash(4), hash(5), hash(6)]),
        Err(Fault::MandateSpent)
    );
    world.seal(&organization, mandate, 2, vec![hash(4), hash(5)]).unwrap();
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(6)]), Err(Fault::MandateSpent));
}

#[test]
fn seal_02_late_and_early_are_refused() {
    let (mut world, organization, mandate) = granted_as(|t| t.not_before += 100);
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::MandateWindow));
    world.advance(100);
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
    world.advance(3499);
    world.seal(&organization, mandate, 2, vec![hash(2)]).unwrap();
    world.advance(1);
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(3)]), Err(Fault::MandateWindow));
}

#[test]
fn seal_02_wrong_sca_key_is_refused() {
    let (mut world, organization, mandate) = granted();
    let order = world.order(mandate, 1, vec![hash(1)]);
    for stranger in [Person::new("sca", 66), Person::new("officer", 11)] {
        let request = world.seal_request(&organization, &order, &stranger);
        assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderSignature));
    }
    // Nor does it hold for anything but what was signed.
    let request = world.seal_request(&organization, &order, &organization.sca);
    let signed: fuin_shared::seal::SignedOrder = codec::decode(request.order.as_slice()).unwrap();
    let changes: [fn(&mut SealOrder); 4] =
        [|o| o.hashes = vec![hash(9)], |o| o.number = 2, |o| o.expires += 1, |o| o.hashes.push(hash(2))];
    for change in changes {
        let mut changed = order.clone();
        change(&mut changed);
        let octets = codec::encode(&changed);
        let altered =
            fuin_shared::seal::SignedOrder { order: octets.into(), signature: signed.signature.clone() };
        let mut request = request.clone();
        request.order = codec::encode(&altered).into();
        assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderSignature));
    }
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
}

#[test]
fn seal_02_too_fast_is_refused_for_the_interval_and_no_longer() {
    let (mut world, organization, mandate) = granted();
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
    world.advance(30);
    world.seal(&organization, mandate, 2, vec![hash(2)]).unwrap();
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(3)]), Err(Fault::MandateRate));
    world.advance(29);
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(3)]), Err(Fault::MandateRate));
    world.advance(1);
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(3), hash(4)]), Err(Fault::MandateRate));
    world.seal(&organization, mandate, 3, vec![hash(3)]).unwrap();
    assert_eq!(world.seal(&organization, mandate, 4, vec![hash(4)]), Err(Fault::MandateRate));
}

#[test]
fn seal_02_replayed_and_skipped_numbers_are_refused() {
    let (mut world, organization, mandate) = granted();
    for number in [0, 2, u64::MAX] {
        assert_eq!(world.seal(&organization, mandate, number, vec![hash(1)]), Err(Fault::OrderNumber));
    }
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    world.call(Command::Seal(request.clone())).unwrap();
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderNumber));
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(2)]), Err(Fault::OrderNumber));
    world.seal(&organization, mandate, 2, vec![hash(2)]).unwrap();
}

#[test]
fn seal_02_orders_that_are_expired_foreign_or_malformed_are_refused() {
    let (mut world, organization, mandate) = granted();
    let refused = |world: &mut World, fault, change: &dyn Fn(&mut SealOrder)| {
        let mut order = world.order(mandate, 1, vec![hash(1)]);
        change(&mut order);
        assert_eq!(world.seal_order(&organization, &order).unwrap_err(), fault);
    };
    let now = world.seconds();
    refused(&mut world, Fault::OrderExpired, &|o| o.expires = now);
    refused(&mut world, Fault::OrderExpired, &|o| o.expires = now + 301);
    refused(&mut world, Fault::OrderMalformed, &|o| o.service = ServiceId([0; 32]));
    refused(&mut world, Fault::OrderMalformed, &|o| o.version = 2);
    refused(&mut world, Fault::NoHashes, &|o| o.hashes.clear());
    refused(&mut world, Fault::HashLength, &|o| o.hashes = vec![vec![0; 31].into()]);
    refused(&mut world, Fault::SadTooMany, &|o| o.hashes = vec![hash(1); 101]);
    refused(&mut world, Fault::AlgorithmNotAllowed, &|o| {
        o.signature_algorithm = SignatureAlgorithm::EcdsaSha384
    });
    refused(&mut world, Fault::AlgorithmNotAllowed, &|o| o.hash_algorithm = HashAlgorithm::Sha384);
    let order = world.order(mandate, 1, vec![hash(1)]);
    let mut request = world.seal_request(&organization, &order, &organization.sca);
    request.order.0.push(0);
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderMalformed));
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
}

#[test]
fn seal_02_a_mandates_record_is_the_one_that_was_sealed() {
    let (mut world, organization, mandate) = granted();
    let terms = world.terms(&organization);
    let other = world.grant(&organization, &terms).unwrap();
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    let mut foreign = request.clone();
    foreign.mandate = world.store.records[&mandate_record(&other)].clone();
    assert_eq!(world.call(Command::Seal(foreign.clone())), Err(Fault::RecordMissing));
    // Renamed, altered, and the record of a credential under its name.
    foreign.mandate.id = mandate_record(&mandate);
    assert_eq!(world.call(Command::Seal(foreign)), Err(Fault::RecordForeign));
    let mut altered = request.clone();
    altered.mandate.body.0[40] ^= 1;
    assert_eq!(world.call(Command::Seal(altered)), Err(Fault::RecordForeign));
    let mut credential = request.clone();
    credential.mandate = world.store.records[&organization.id].clone();
    credential.mandate.id = mandate_record(&mandate);
    assert_eq!(world.call(Command::Seal(credential)), Err(Fault::RecordForeign));
    world.call(Command::Seal(request)).unwrap();
}

#[test]
fn seal_02_a_mandate_is_of_one_credential() {
    let (mut world, organization, mandate) = granted();
    let other = world.organization();
    let order = world.order(mandate, 1, vec![hash(1)]);
    let mut request = world.seal_request(&organization, &order, &organization.sca);
    request.credential = other.id.clone();
    request.record = world.store.records[&other.id].clone();
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::MandateUnknown));
}

#[test]
fn seal_02_counters_numbers_and_rate_survive_a_restart() {
    let (mut world, organization, mandate) = granted();
    let order = world.order(mandate, 1, vec![hash(1), hash(2)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    world.call(Command::Seal(request.clone())).unwrap();
    world.reboot();
    world.provide().unwrap();
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderNumber));
    assert_eq!(world.seal(&organization, mandate, 2, vec![hash(3)]), Err(Fault::MandateRate));
    world.advance(60);
    world.seal(&organization, mandate, 2, vec![hash(3), hash(4)]).unwrap();
    world.advance(60);
    assert_eq!(world.seal(&organization, mandate, 3, vec![hash(5), hash(6)]), Err(Fault::MandateSpent));
    world.seal(&organization, mandate, 3, vec![hash(5)]).unwrap();
}

#[test]
fn seal_02_what_was_spent_is_never_given_back() {
    // The commit lands, the answer and the seal are lost with the boot.
    let (mut world, organization, mandate) = granted();
    world.sink = Sink::Silent;
    let order = world.order(mandate, 1, vec![hash(1), hash(2)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    assert_eq!(world.call(Command::Seal(request.clone())), Err(Fault::Busy));
    // In memory at once, durable or not.
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::OrderNumber));
    assert_eq!(world.seal(&organization, mandate, 2, vec![hash(3)]), Err(Fault::MandateRate));
}

#[test]
fn seal_02_the_key_is_not_used_before_the_event_is_durable() {
    let (mut world, organization, mandate) = granted();
    world.sink = Sink::Silent;
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    let effects = world.machine.handle(
        Input::Command { ticket: Ticket(9_000), command: Command::Seal(request) },
        world.now,
        &mut world.rng,
    );
    let text = format!("{effects:?}");
    assert!(text.contains("Commit") && !text.contains("Sign("), "{text}");
}

#[test]
fn seal_02_a_seal_waits_for_the_witnesses() {
    let mut world = World::cosigned(32, 3);
    let organization = world.organization();
    let terms = world.terms(&organization);
    let mandate = world.grant(&organization, &terms).unwrap();
    world.witnessing = super::super::world::Witnessing::Holds;
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::Busy));
    let asked = world.asked.clone().unwrap();
    let lines = world.lines(&asked);
    let answers = world.answer(Ok(lines));
    assert!(matches!(&answers[..], [(_, Ok(Answer::Signatures { .. }))]), "{answers:?}");
}

#[test]
fn seal_02_no_seal_with_a_destroyed_key() {
    let (mut world, organization, mandate) = granted();
    world.delete_seal_key(&organization, &[0]).unwrap_err();
    let order = world.order(mandate, 1, vec![hash(1)]);
    let request = world.seal_request(&organization, &order, &organization.sca);
    world.delete_seal_key(&organization, &[0, 1]).unwrap();
    assert_eq!(world.call(Command::Seal(request)), Err(Fault::UnknownCredential));
    // The mandate's record went with the key.
    assert!(!world.store.records.contains_key(&mandate_record(&mandate)));
}

#[test]
fn seal_02_no_seal_while_the_time_is_in_doubt_and_its_end_goes_on() {
    let (mut world, organization, mandate) = granted();
    world.step(3_600_000);
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::ClockDoubt));
    let terms = world.terms(&organization);
    assert_eq!(world.grant(&organization, &terms), Err(Fault::ClockDoubt));
    let by = world.ended_by_approver(&organization, &organization.approvers[0], mandate);
    world.end(&organization, mandate, by).unwrap();
    world.step(-3_600_000);
    assert_eq!(world.seal(&organization, mandate, 1, vec![hash(1)]), Err(Fault::MandateEnded));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Orders, repeated, altered and skipped ones, pauses and boots in any order: never more than count and rate allow.
    #[test]
    fn seal_02_never_more_seals_than_the_mandate_allows(
        steps in proptest::collection::vec((0u8..9, any::<u16>()), 1..30),
    ) {
        let (mut world, organization, mandate) = granted_as(|t| t.rate = Rate { seals: 3, seconds: 60 });
        let (mut next, mut made, mut requests) = (1, Vec::<(u64, usize)>::new(), Vec::<Seal>::new());
        for (step, at) in steps {
            let at = usize::from(at);
            let number = if step == 8 { next + 1 } else { next };
            let order = world.order(mandate, number, vec![hash(at as u8); 1 + at % 3]);
            let mut request = world.seal_request(&organization, &order, &organization.sca);
            match step {
                0..4 | 8 => {}
                4 if requests.is_empty() => continue,
                4 => request = requests[at % requests.len()].clone(),
                5 => {
                    let length = request.order.0.len();
                    request.order.0[at % length] ^= 1 << (at % 8);
                }
                6 => {
                    world.advance(at as u64 % 90);
                    continue;
                }
                _ => {
                    world.reboot();
                    world.provide().unwrap();
                    continue;
                }
            }
            let answer = world.call(Command::Seal(request.clone()));
            if step < 4 {
                requests.push(request);
            }
            if let Ok(Answer::Signatures { signatures, .. }) = answer {
                // A repeated request may be one that was refused when it came first.
                prop_assert!(step <= 4);
                made.push((world.seconds(), signatures.len()));
                next += 1;
            }
        }
        prop_assert!(made.iter().map(|(_, n)| n).sum::<usize>() <= 5);
        for (then, _) in &made {
            let within = made.iter().filter(|(other, _)| other >= then && other - then < 60);
            prop_assert!(within.map(|(_, n)| n).sum::<usize>() <= 3);
        }
    }
}

#[test]
fn seal_02_no_seal_under_an_expired_certificate() {
    let mut world = World::operational(31);
    let organization = world.generate_seal_key(SEAL_SUBJECT).unwrap();
    world.enrol_approvers(&organization, 2).unwrap();
    let end = world.seconds() + 1800;
    let certificate = world.ca.certify_until(&organization.spki, SEAL_SUBJECT, 77, end);
    let certificates = vec![certificate.into(), world.ca.root.clone().into()];
    let statement = world.manage(ManageAction::LinkCert { certificates }, Some(&organization.id));
    world.call(Command::LinkCert(world.signed_manage(&statement, None))).unwrap();
    let terms = world.terms(&organization);
    let mandate = world.grant(&organization, &terms).unwrap();
    world.advance(1799);
    world.seal(&organization, mandate, 1, vec![hash(1)]).unwrap();
    world.advance(1);
    assert_eq!(world.seal(&organization, mandate, 2, vec![hash(2)]), Err(Fault::CertificateExpired));
    let terms = world.terms(&organization);
    assert_eq!(world.grant(&organization, &terms), Err(Fault::CertificateExpired));
}
