// Place: none. Every vector through the module, compared to the octet with what the command line prints.
//
//     scripts/build-wasm && cargo build -p fuin-verify && node --test attestation/wasm/test.mjs
import test from "node:test";
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Page, installed } from "./page/browser.mjs";
import { load } from "../../target/wasm/out/fuin-verify.mjs";

const top = fileURLToPath(new URL("../../", import.meta.url));
const programs = process.env.CARGO_TARGET_DIR ?? join(top, "target");
const cli = process.env.FUIN_VERIFY ?? join(programs, "debug", "fuin-verify");
assert.ok(existsSync(cli), `${cli} is missing: cargo build -p fuin-verify`);
const module = readFileSync(join(top, "target/wasm/out/fuin_verify.wasm"));
const verifier = await load();
const documents = join(top, "tests/vectors/attestation");
const bundles = join(top, "tests/vectors/bundles");

const json = (path) => JSON.parse(readFileSync(path, "utf8"));

/** Flags of the command line for the same options; `root` is a path here. */
function flags(options, root) {
  const list = root ? ["--root", root] : [];
  for (const [name, value] of Object.entries(options)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one === true) list.push(`--${name}`);
      else if (one !== false) list.push(`--${name}`, String(one));
    }
  }
  return list;
}

/** What the command line says, and its status. */
function commandLine(file, options, root) {
  const { kind, ...rest } = options;
  const done = spawnSync(cli, [...(kind === "key" ? ["key"] : []), file, "--json", ...flags(rest, root)], { encoding: "utf8" });
  assert.ifError(done.error);
  return { text: done.stdout, status: done.status };
}

/** The module's answer, which must be that of the command line. */
function same(file, options, root) {
  const ours = verifier.verifyToJson(readFileSync(file), root ? { ...options, root: readFileSync(root, "utf8") } : options);
  const { text, status } = commandLine(file, options, root);
  assert.equal(ours, text);
  const report = JSON.parse(ours);
  assert.equal(status, report.accepted ? 0 : 1);
  return report;
}

const vectors = ["real", "tampered", "synthetic"].flatMap((kind) =>
  readdirSync(join(documents, kind)).filter((name) => name.endsWith(".json")).map((name) => `${kind}/${name.slice(0, -5)}`));

test("the module imports nothing and exports what it must", async () => {
  const compiled = await WebAssembly.compile(module);
  assert.deepEqual(WebAssembly.Module.imports(compiled), []);
  const names = WebAssembly.Module.exports(compiled).map((one) => one.name).filter((name) => !name.startsWith("__")).sort();
  assert.deepEqual(names, ["fuin_answer", "fuin_judge", "fuin_room", "memory"]);
});

test("there are vectors", () => assert.ok(vectors.length >= 60, `only ${vectors.length}`));

for (const name of vectors) {
  test(`document ${name}`, () => {
    const vector = json(join(documents, `${name}.json`));
    const file = join(documents, `${name}.bin`);
    const root = vector.root ? join(documents, vector.root) : undefined;
    const options = { at: vector.verify_at_unix ?? "archive", "authentic-only": true, "allow-debug": true };
    if (vector.verify_with_nonce) options.nonce = vector.verify_with_nonce;
    assert.equal(same(file, options, root).accepted, vector.expect === "ok");
    // With what is required by default missing, nothing is accepted; and with the other size profile both still agree.
    assert.equal(same(file, { at: "archive" }, root).accepted, false);
    same(file, { ...options, profile: "observed" }, root);
  });
}

for (const one of json(join(bundles, "cases.json"))) {
  test(`bundle: ${one.name}`, () => {
    const report = same(join(bundles, one.file), one.options, one.root ? join(bundles, one.root) : undefined);
    assert.equal(report.step, one.step);
    assert.equal(report.accepted, one.step === null);
  });
}

const good = () => {
  const { file, root, options } = json(join(bundles, "cases.json"))[0];
  return { evidence: readFileSync(join(bundles, file)), options: { ...options, root: readFileSync(join(bundles, root), "utf8") } };
};

test("options have JavaScript's spelling too", () => {
  const { evidence, options } = good();
  const camel = { ...options, minRelease: options["min-release"], allowDevelopment: true, nonce: Buffer.from(options.nonce, "hex"), at: new Date(options.at * 1000) };
  delete camel["min-release"];
  delete camel["allow-development"];
  assert.equal(verifier.verifyToJson(evidence, camel), verifier.verifyToJson(evidence, options));
});

test("a release.json as text or as object is the same as registers", () => {
  const { evidence, options } = good();
  const pcrs = Object.fromEntries(options.pcr.map((one) => one.split("=")));
  for (const release of [{ pcrs }, JSON.stringify({ pcrs })]) {
    assert.equal(verifier.verify(evidence, { ...options, pcr: [], release }).accepted, true);
  }
  const wrong = { pcrs: { ...pcrs, 0: "99".repeat(48) } };
  assert.equal(verifier.verify(evidence, { ...options, pcr: [], release: wrong }).step, 22);
});

test("an option that the verifier does not know refuses", () => {
  const { evidence, options } = good();
  const report = verifier.verify(evidence, { ...options, nonse: "00" });
  assert.equal(report.accepted, false);
  assert.match(report.error, /nonse/);
});

test("evidence of another time is judged by the clock unless a time is given", () => {
  const { evidence, options } = good();
  const { at, ...rest } = options;
  assert.equal(verifier.verify(evidence, rest).accepted, false);
  assert.equal(verifier.verify(evidence, { ...rest, at: "now" }).accepted, false);
});

test("too much is refused before it is read, and the verifier goes on", () => {
  const { evidence, options } = good();
  assert.throws(() => verifier.verify(new Uint8Array((1 << 20) + 1), options), RangeError);
  assert.equal(verifier.verify(new Uint8Array(1 << 20), options).step, 1);
  assert.equal(verifier.verify(evidence, options).accepted, true);
});

test("a thousand hostile inputs trap nothing and pass nowhere", async () => {
  const { evidence, options } = good();
  const fresh = await load(module);
  let state = 1;
  const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8;
  for (let round = 0; round < 1000; round++) {
    const changed = Uint8Array.from(evidence.subarray(0, round % 3 ? evidence.length : random() % evidence.length));
    for (let i = 0; i < 1 + (round % 4); i++) changed[random() % changed.length] ^= 1 << random() % 8;
    // Few reach the signatures, so this stays quick.
    const at = random() % 2 ? options.at : 0;
    const { accepted } = fresh.verify(changed, { ...options, at });
    assert.ok(!accepted || Buffer.compare(changed, evidence) === 0);
  }
});

test("the page is one file that may send nothing", () => {
  const page = readFileSync(join(top, "target/wasm/out/verify.html"), "utf8");
  assert.match(page, /Content-Security-Policy" content="default-src 'none';/);
  assert.doesNotMatch(page, /connect-src|src="|<link/);
  assert.ok(page.includes(module.toString("base64")));
});

test("the bundler refuses a page it does not understand", () => {
  const folder = mkdtempSync(join(tmpdir(), "fuin-"));
  try {
    writeFileSync(join(folder, "m.wasm"), "x");
    const bundler = join(top, "attestation/wasm/page/bundle.mjs");
    execFileSync(process.execPath, [bundler, join(folder, "m.wasm"), join(folder, "a.html")]);
    assert.notEqual(readFileSync(join(folder, "a.html"), "utf8").indexOf(Buffer.from("x").toString("base64")), -1);
    assert.equal(spawnSync(process.execPath, [bundler]).status, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const chromium = installed();
test("the page in a browser, from file://", { skip: chromium ? false : "SKIPPED: no Chromium here" }, async () => {
  const { evidence, options } = good();
  const [case0] = json(join(bundles, "cases.json"));
  const folder = mkdtempSync(join(tmpdir(), "fuin-"));
  const page = await Page.open(chromium, pathToFileURL(join(top, "target/wasm/out/verify.html")).href);
  try {
    const release = join(folder, "release.json");
    writeFileSync(release, JSON.stringify({ pcrs: Object.fromEntries(options.pcr.map((one) => one.split("="))) }));
    const file = join(bundles, case0.file);
    await page.choose("#file", [file]);
    await page.until("!document.querySelector('#result').hidden");
    assert.match(await page.value("document.querySelector('.verdict').textContent"), /Evidence refused.*step 10/s);

    // The page judges by the clock of its machine; the vector is of 2023.
    await page.value(`Date.now = () => ${options.at} * 1000`);
    await page.choose("#root", [join(bundles, case0.root)]);
    await page.choose("#release", [release]);
    await page.value(`for (const [id, value] of ${JSON.stringify([["nonce", options.nonce], ["service", options.service], ["min-release", "durable"]])}) document.getElementById(id).value = value;
      document.getElementById("allow-development").checked = true; document.querySelector("#result").replaceChildren(); document.querySelector("button").click()`);
    await page.until("document.querySelector('.verdict')");
    const verdict = await page.value("document.querySelector('.verdict').textContent");
    if (process.env.FUIN_PICTURE) writeFileSync(process.env.FUIN_PICTURE, await page.picture());
    assert.equal(verdict, "Evidence accepted");
    const shown = await page.value("document.querySelector('#result').innerText");
    for (const part of [options.service, "DEVELOPMENT", "NO WITNESSES", verifier.verify(evidence, options).claims.root_sha256]) assert.ok(shown.includes(part), part);
    await page.choose("#file", [join(bundles, "key.cbor")]);
    await page.value(`const kind = document.getElementById("kind"); kind.value = "key"; document.getElementById("spki").value = "${"5a".repeat(32)}"; kind.dispatchEvent(new Event("change"))`);
    await page.until("document.querySelector('#result').innerText.includes('Which key')");
    assert.equal(await page.value("document.querySelector('.verdict').textContent"), "Evidence accepted");
    // The policy lets nothing out.
    await assert.rejects(page.value("fetch('data:text/plain,x')"), /fetch/i);
    assert.deepEqual(page.said.filter((text) => !/Content Security Policy|data:text/.test(text)), []);
  } finally {
    await page.close();
    rmSync(folder, { recursive: true });
  }
});
