//! Place: none. Tests of the shim as the kernel sees it, and as a hostile caller would use it.

use super::*;
use proptest::prelude::*;

const NSM_IOCTL: u32 = 0xC020_0A00;

struct Echo {
    asked: Vec<Vec<u8>>,
    answer: Result<Vec<u8>, Errno>,
}

impl NsmLink for Echo {
    fn exchange(&mut self, request: &[u8]) -> Result<Vec<u8>, Errno> {
        self.asked.push(request.to_vec());
        self.answer.clone()
    }
}

fn shim(answer: Result<Vec<u8>, Errno>) -> Shim<Echo> {
    Shim::new(Echo { asked: Vec::new(), answer })
}

fn message(opcode: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&(40 + body.len() as u32).to_le_bytes());
    out.extend_from_slice(&opcode.to_le_bytes());
    out.extend_from_slice(&77u64.to_le_bytes());
    out.extend_from_slice(&[0; 24]);
    out.extend_from_slice(body);
    out
}

fn ioctl(command: u32, data: &[u8], out_size: u32) -> Vec<u8> {
    let mut body = vec![0; 8];
    body.extend_from_slice(&0u32.to_le_bytes());
    body.extend_from_slice(&command.to_le_bytes());
    body.extend_from_slice(&0x7000u64.to_le_bytes());
    body.extend_from_slice(&(data.len() as u32).to_le_bytes());
    body.extend_from_slice(&out_size.to_le_bytes());
    body.extend_from_slice(data);
    message(wire::FUSE_IOCTL, &body)
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn error_of(reply: &[u8]) -> i32 {
    assert_eq!(u32::from_le_bytes(reply[..4].try_into().unwrap()) as usize, reply.len());
    assert_eq!(reply[8..16], 77u64.to_le_bytes());
    -i32::from_le_bytes(reply[4..8].try_into().unwrap())
}

#[test]
fn init_names_the_device_and_asks_for_unrestricted_ioctls() {
    let body: Vec<u8> = [7u32, 38, 0, 1].iter().flat_map(|word| word.to_le_bytes()).collect();
    let reply = shim(Ok(vec![1])).answer(&message(wire::CUSE_INIT, &body)).unwrap();
    assert_eq!(error_of(&reply), 0);
    assert_eq!(reply.len(), 16 + 72 + 12);
    assert_eq!(reply[16..32], [7, 0, 0, 0, 31, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    assert!(reply.ends_with(b"DEVNAME=nsm\0"));
}

#[test]
fn an_older_or_other_protocol_is_refused() {
    for version in [[7u32, 30], [8, 31]] {
        let body: Vec<u8> = version.iter().flat_map(|word| word.to_le_bytes()).collect();
        let reply = shim(Ok(vec![1])).answer(&message(wire::CUSE_INIT, &body)).unwrap();
        assert_eq!(error_of(&reply), Errno::EPROTO as i32);
    }
}

#[test]
fn a_call_takes_three_rounds() {
    let mut shim = shim(Ok(vec![9; 5]));
    let first = shim.answer(&ioctl(NSM_IOCTL, &[], 0)).unwrap();
    assert_eq!(first[16..32], [0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(first[32..], words(&[0x7000, 32]));

    let argument = words(&[0x1000, 3, 0x2000, 0x3000]);
    let second = shim.answer(&ioctl(NSM_IOCTL, &argument, 0)).unwrap();
    assert_eq!(second[16..32], [0, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(second[32..], words(&[0x7000, 32, 0x1000, 3, 0x7000, 32, 0x2000, 0x3000]));

    let third = shim.answer(&ioctl(NSM_IOCTL, &[&argument[..], b"ask"].concat(), 32 + 0x3000)).unwrap();
    assert_eq!(shim.link.asked, [b"ask"]);
    assert_eq!(error_of(&third), 0);
    assert_eq!(third[16..32], [0; 16]);
    assert_eq!(third[32..64], words(&[0x1000, 3, 0x2000, 5]));
    assert_eq!(third[64..], [9; 5]);
}

#[test]
fn a_short_buffer_gets_a_truncated_response() {
    let data = [&words(&[0x1000, 3, 0x2000, 2])[..], b"ask"].concat();
    let reply = shim(Ok(vec![9; 5])).answer(&ioctl(NSM_IOCTL, &data, 34)).unwrap();
    assert_eq!(reply[32..64], words(&[0x1000, 3, 0x2000, 2]));
    assert_eq!(reply[64..], [9; 2]);
}

#[test]
fn a_request_above_the_limit_is_emsgsize_in_every_round() {
    let argument = words(&[0x1000, 0x1001, 0x2000, 0x3000]);
    for out_size in [0, 32 + 0x3000] {
        let reply = shim(Ok(vec![1])).answer(&ioctl(NSM_IOCTL, &argument, out_size)).unwrap();
        assert_eq!(error_of(&reply), Errno::EMSGSIZE as i32);
    }
}

#[test]
fn another_command_an_empty_buffer_and_a_changed_argument_are_einval() {
    let full = |argument: &[u64], request: &[u8], room| {
        ioctl(NSM_IOCTL, &[&words(argument)[..], request].concat(), room)
    };
    let calls = [
        ioctl(0xC020_0A01, &[], 0),
        full(&[1, 0, 2, 9], b"", 0),
        full(&[1, 3, 2, 0], b"", 0),
        full(&[1, 4, 2, 9], b"ask", 41),
        full(&[1, 3, 2, 10], b"ask", 41),
        ioctl(NSM_IOCTL, &[0; 31], 0),
    ];
    for call in calls {
        let mut shim = shim(Ok(vec![1]));
        assert_eq!(error_of(&shim.answer(&call).unwrap()), Errno::EINVAL as i32);
        assert!(shim.link.asked.is_empty());
    }
}

#[test]
fn a_failing_link_reaches_the_caller() {
    let data = [&words(&[1, 3, 2, 9])[..], b"ask"].concat();
    let reply = shim(Err(Errno::ETIMEDOUT)).answer(&ioctl(NSM_IOCTL, &data, 41)).unwrap();
    assert_eq!(error_of(&reply), Errno::ETIMEDOUT as i32);
}

#[test]
fn open_release_interrupt_and_the_rest() {
    let mut shim = shim(Ok(vec![1]));
    assert_eq!(shim.answer(&message(wire::FUSE_OPEN, &[0; 8])).unwrap().len(), 32);
    assert_eq!(shim.answer(&message(wire::FUSE_RELEASE, &[0; 24])).unwrap().len(), 16);
    assert!(shim.answer(&message(wire::FUSE_INTERRUPT, &[0; 8])).is_none());
    assert_eq!(error_of(&shim.answer(&message(15, &[0; 40])).unwrap()), Errno::ENOSYS as i32);
}

proptest! {
    #[test]
    fn no_message_makes_it_panic(message in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = shim(Ok(vec![1])).answer(&message);
    }

    #[test]
    fn no_ioctl_body_makes_it_panic(data in proptest::collection::vec(any::<u8>(), 0..100), room in any::<u32>()) {
        let _ = shim(Ok(vec![1])).answer(&ioctl(NSM_IOCTL, &data, room));
    }
}
