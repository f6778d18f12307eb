//! Place: none. A real enclave behind a host that the test controls; see `fuin_tests::hostile`.

mod campaign;
mod commits;
mod frames;
mod issued_means;
mod manifests;
mod named;
mod oracle;
mod roots;
mod shares;
mod tokens;
mod witnesses;
