//! Place: none. The verifier of evidence for browsers and Node.
//!
//! One WebAssembly module that imports nothing: no clock, no randomness, no network. Octets and options go in, the JSON that `fuin-verify --json` prints
//! comes out. `fuin-verify.mjs` wraps it for JavaScript; `index.html` is a page over that.
//!
//! | module | what it holds |
//! |---|---|
//! | [`desk`] | what is put in and what comes out |
//! | `abi` | the functions that the module exports |

mod abi;
pub mod desk;
