// Place: none. The verifier of evidence for JavaScript, over the WebAssembly module beside it. Browsers and Node 18 or newer; no dependencies.
//
//     import { load } from "./fuin-verify.mjs";
//     const verifier = await load();
//     const report = verifier.verify(evidence, { nonce, release, service });
//     if (!report.accepted) throw new Error(report.error);
//
// The report is what `fuin-verify --json` prints (schema fuin-verify/1).

const EVIDENCE = 0;
const OPTIONS = 1;

/** The verifier: one module, loaded once, used as often as you like. */
export class Verifier {
  #module;
  #instance = null;

  /** @param {WebAssembly.Module} module must import nothing: what cannot call out cannot ask anybody else for its answer. */
  constructor(module) {
    const imports = WebAssembly.Module.imports(module);
    if (imports.length > 0) throw new TypeError("this module wants imports, so it is not the verifier");
    this.#module = module;
  }

  /**
   * Judges evidence.
   *
   * @param {Uint8Array | ArrayBuffer} evidence a service's evidence bundle, an attestation document by itself, or a key statement
   * @param {object} [options] names of fuin-verify's flags, in JavaScript's spelling or with hyphens:
   *   kind ("evidence", the default, or "key" for a statement about a signer's key, then also spki), root (PEM text), at (Unix seconds, a Date, "archive" or "now", which is the default), nonce (hex or octets), profile, pcr (["0=HEX"]),
   *   release (the object or text of a release.json), maxAge, service, minRelease, allowDebug, allowDevelopment, authenticOnly
   * @returns {object} the report: accepted, step, error, claims, service, key, checked, not_checked, warnings
   */
  verify(evidence, options = {}) {
    return JSON.parse(this.verifyToJson(evidence, options));
  }

  /** The same as text, to the octet what the command line prints. */
  verifyToJson(evidence, options = {}) {
    const octets = evidence instanceof Uint8Array ? evidence : new Uint8Array(evidence);
    const text = new TextEncoder().encode(JSON.stringify(plain(options)));
    this.#instance ??= new WebAssembly.Instance(this.#module);
    const { memory, fuin_judge, fuin_answer } = this.#instance.exports;
    try {
      this.#put(EVIDENCE, octets);
      this.#put(OPTIONS, text);
      const length = fuin_judge() >>> 0;
      return new TextDecoder().decode(new Uint8Array(memory.buffer, fuin_answer() >>> 0, length));
    } catch (error) {
      // After a trap the instance is in no known state; the next call gets a new one.
      this.#instance = null;
      throw error;
    }
  }

  #put(slot, octets) {
    const { memory, fuin_room } = this.#instance.exports;
    const address = fuin_room(slot, octets.length) >>> 0;
    if (address === 0) throw new RangeError(`${octets.length} octets are more than ${slot === EVIDENCE ? "evidence" : "options"} may have`);
    // Only now: making room may have moved the memory.
    new Uint8Array(memory.buffer, address, octets.length).set(octets);
  }
}

/**
 * Loads the verifier.
 *
 * @param {string | URL | BufferSource | WebAssembly.Module} [source] where the module is, or the module; fuin_verify.wasm beside this file otherwise
 * @returns {Promise<Verifier>}
 */
export async function load(source = new URL("fuin_verify.wasm", import.meta.url)) {
  if (source instanceof WebAssembly.Module) return new Verifier(source);
  const octets = typeof source === "string" || source instanceof URL ? await read(source) : source;
  return new Verifier(await WebAssembly.compile(octets));
}

async function read(address) {
  if (globalThis.process?.versions?.node && String(address).startsWith("file:")) {
    const { readFile } = await import("node:fs/promises");
    return readFile(new URL(address));
  }
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: HTTP status ${response.status}`);
  return response.arrayBuffer();
}

/** Options as the module reads them. What it does not know it refuses, so that no slip of the pen leaves a check out. */
function plain(options) {
  const result = { at: "now" };
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null) continue;
    result[name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)] = value;
  }
  if (result.at === "now") result.at = Math.floor(Date.now() / 1000);
  else if (result.at instanceof Date) result.at = Math.floor(result.at.getTime() / 1000);
  if (result.nonce instanceof Uint8Array) result.nonce = hex(result.nonce);
  if (typeof result.release === "string") result.release = JSON.parse(result.release);
  return result;
}

const hex = (octets) => Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
