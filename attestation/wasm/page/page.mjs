// Place: none. The page: reads files and fields, asks the verifier, shows its report. Text from evidence is only ever set as text.
import { load } from "../fuin-verify.mjs";

const at = (id) => document.getElementById(id);
const verifier = await load();
let evidence = null;

const drop = at("drop");
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take(event.dataTransfer.files[0]);
});
at("file").addEventListener("change", (event) => take(event.target.files[0]));
at("form").addEventListener("submit", (event) => { event.preventDefault(); judge(); });

at("kind").addEventListener("change", (event) => { at("spki-label").hidden = event.target.value !== "key"; judge(); });

function take(file) {
  if (!file) return;
  evidence = file;
  at("name").textContent = `${file.name}, ${file.size} octets`;
  judge();
}

async function options() {
  const kind = at("kind").value;
  const chosen = { kind, at: at("at").value };
  for (const id of ["nonce", "service", "min-release", ...(kind === "key" ? ["spki"] : [])]) {
    const value = at(id).value.trim();
    if (value) chosen[id] = value;
  }
  for (const id of ["authentic-only", "allow-debug", "allow-development"]) {
    if (at(id).checked) chosen[id] = true;
  }
  const [release, root] = ["release", "root"].map((id) => at(id).files[0]);
  if (release) chosen.release = await release.text();
  if (root) chosen.root = await root.text();
  return chosen;
}

async function judge() {
  if (!evidence) return;
  let report;
  try {
    report = verifier.verify(await evidence.arrayBuffer(), await options());
  } catch (error) {
    report = { accepted: false, error: String(error.message ?? error), checked: [], not_checked: [], warnings: [] };
  }
  show(report);
}

function element(name, text, parent, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  parent?.append(made);
  return made;
}

function facts(parent, title, pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (known.length === 0) return;
  element("h2", title, parent);
  const list = element("dl", undefined, parent);
  for (const [name, value] of known) {
    element("dt", name, list);
    element("dd", String(value), list);
  }
}

function lines(parent, title, texts) {
  if (texts.length === 0) return;
  element("h2", title, parent);
  const list = element("ul", undefined, parent);
  for (const text of texts) element("li", text, list);
}

function show(report) {
  const result = at("result");
  result.replaceChildren();
  result.hidden = false;
  const verdict = element("p", report.accepted ? "Evidence accepted" : "Evidence refused", result, `verdict ${report.accepted ? "good" : "bad"}`);
  if (report.accepted && report.authentic_only) element("small", "Only authenticity was asked for: this says that such an enclave existed at that time, and no more.", verdict);
  if (report.error) element("small", report.error, verdict);
  lines(result, "Warnings", report.warnings);
  const { claims, service, key } = report;
  if (key) {
    facts(result, "Which key", [
      ["key", key.id], ["public key, SHA-256", key.spki_sha256], ["algorithm", key.algorithm], ["sole control level", key.scal], ["purpose", key.purpose],
      ["lives in", key.crypto_module], ["means", key.means], ["identity, keyed hash", key.eid_ref], ["authority", key.authority],
      ["stated", new Date(key.time * 1000).toISOString()],
      ["in the ledger", key.ledger && `${key.ledger.origin}, entry ${key.ledger.index} of ${key.ledger.size}: ${key.ledger.event}`],
    ]);
  }
  if (service) {
    facts(result, "Which service", [
      ["service id", service.service_id], ["name", service.name],
      ["kind", service.development ? "DEVELOPMENT: protects nobody's keys" : "production"],
      ["phase", service.phase], ["results leave", service.release],
      ["manifest", service.manifest && `version ${service.manifest.version}, ${service.manifest.hash}`],
      ["instance", service.instance?.id], ["root commitment", service.root_commitment],
      ["ledger", service.ledger?.origin], ["witness policy", service.witness_policy ?? "NO WITNESSES"],
    ]);
  }
  if (claims) {
    facts(result, "Who signed, and when", [
      ["platform", claims.anchor === "production" ? `AWS Nitro enclave, partition ${claims.partition}` : "EMULATION OR TEST: a development root was named"],
      ["root", claims.root_sha256], ["module", claims.module_id], ["made", claims.made],
      ["certificate", `${claims.certificate.not_before} to ${claims.certificate.not_after}`],
    ]);
    facts(result, "Which code", [
      ...Object.entries(claims.pcrs).filter(([, value]) => /[^0]/.test(value)).map(([index, value]) => [`PCR${index}`, value]),
      ["debug mode", claims.debug === false ? "no" : claims.debug ? "YES: measurements are zero, the parent reads the console" : "UNKNOWN"],
    ]);
    facts(result, "What the enclave put in", [["nonce", claims.nonce], ["user data", claims.user_data], ["public key", claims.public_key]]);
  }
  lines(result, "Checked", (report.accepted ? report.checked : []).filter((check) => check.step > 17).map((check) => `${check.step} ${check.name}: ${check.found}`));
  lines(result, "Not checked", report.not_checked.map((omission) => `${omission.what}: ${omission.why}`));
}
