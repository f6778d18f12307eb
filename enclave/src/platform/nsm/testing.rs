//! Place: none. A security module in software for unit tests: registers, locks and randomness, no signed documents.

use super::Nsm;
use aws_nitro_enclaves_nsm_api::api::{Digest, ErrorCode, Request, Response};
use fuin_shared::bytes::Blob;
use fuin_shared::codec;
use sha2::{Digest as _, Sha384};
use std::sync::Mutex;

struct Registers {
    values: Vec<Vec<u8>>,
    locked: Vec<bool>,
    counter: u64,
}

/// See the module.
pub(crate) struct SoftwareNsm(Mutex<Registers>);

impl SoftwareNsm {
    pub(crate) fn new() -> Self {
        let locked = (0..32).map(|index| index < 16).collect();
        Self(Mutex::new(Registers { values: vec![vec![0; 48]; 32], locked, counter: 0 }))
    }
}

impl Nsm for SoftwareNsm {
    fn process(&self, request: Request) -> Response {
        let mut registers = self.0.lock().unwrap();
        let known = |index: u16| usize::from(index) < 32;
        match request {
            Request::DescribeNSM => Response::DescribeNSM {
                version_major: 1,
                version_minor: 0,
                version_patch: 0,
                module_id: "i-test-enc0".into(),
                max_pcrs: 32,
                locked_pcrs: (0..32).filter(|i| registers.locked[usize::from(*i)]).collect(),
                digest: Digest::SHA384,
            },
            Request::DescribePCR { index } if known(index) => Response::DescribePCR {
                lock: registers.locked[usize::from(index)],
                data: registers.values[usize::from(index)].clone(),
            },
            Request::ExtendPCR { index, .. } | Request::LockPCR { index }
                if known(index) && registers.locked[usize::from(index)] =>
            {
                Response::Error(ErrorCode::ReadOnlyIndex)
            }
            Request::ExtendPCR { index, data } if known(index) => {
                let value = &mut registers.values[usize::from(index)];
                *value = Sha384::new().chain_update(&value).chain_update(data).finalize().to_vec();
                Response::ExtendPCR { data: value.clone() }
            }
            Request::LockPCR { index } if known(index) => {
                registers.locked[usize::from(index)] = true;
                Response::LockPCR
            }
            Request::Attestation { user_data, nonce, .. } => {
                let blob = |octets: Option<serde_bytes::ByteBuf>| octets.map(|o| Blob(o.into_vec()));
                Response::Attestation { document: codec::encode(&(blob(user_data), blob(nonce))) }
            }
            Request::GetRandom => {
                registers.counter += 1;
                let block = |i: u8| {
                    Sha384::new().chain_update(registers.counter.to_be_bytes()).chain_update([i]).finalize()
                };
                let random: Vec<u8> = (0..6).flat_map(|i| block(i).to_vec()).take(256).collect();
                Response::GetRandom { random }
            }
            _ => Response::Error(ErrorCode::InvalidIndex),
        }
    }
}
