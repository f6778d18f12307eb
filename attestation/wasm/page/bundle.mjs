// Place: none. Makes one file of the page: styles, scripts and the module inside, so that it needs no server and can be kept.
//
//     node bundle.mjs fuin_verify.wasm verify.html
import { readFile, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";

const [wasm, out] = process.argv.slice(2);
if (!out) {
  console.error("usage: node bundle.mjs fuin_verify.wasm verify.html");
  process.exit(2);
}
const text = (name) => readFile(new URL(name, import.meta.url), "utf8");
const [page, style, script, verifier, module] = await Promise.all([
  text("index.html"), text("page.css"), text("page.mjs"), text("../fuin-verify.mjs"), readFile(wasm),
]);

// Each replacement must find its place, and what is put in must not end the element it stands in.
function replace(where, what, by) {
  if (where.split(what).length !== 2) throw new Error(`${JSON.stringify(what)} must be there once`);
  return where.replace(what, () => by);
}
function within(element, content) {
  if (content.toLowerCase().includes(`</${element}`)) throw new Error(`content would end <${element}>`);
  return content;
}

const inlined = [
  `const WASM = ${JSON.stringify(module.toString("base64"))};`,
  verifier.replaceAll("export ", ""),
  replace(
    replace(script, 'import { load } from "../fuin-verify.mjs";\n', ""),
    "await load()",
    "await load(Uint8Array.from(atob(WASM), (c) => c.charCodeAt(0)))",
  ),
].join("\n");

let html = replace(page, '<link rel="stylesheet" href="page.css">', `<style>${within("style", style)}</style>`);
html = replace(html, '<script type="module" src="page.mjs"></script>', `<script type="module">${within("script", inlined)}</script>`);
// Exactly this script may run, and nothing may be sent or fetched.
const digest = (content) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
const policy = `default-src 'none'; script-src ${digest(inlined)} 'wasm-unsafe-eval'; style-src ${digest(style)}; base-uri 'none'; form-action 'none'`;
html = replace(html, '<meta charset="utf-8">', `<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${policy}">`);
html = replace(html, "{{MODULE}}", createHash("sha256").update(module).digest("hex"));
await writeFile(out, html);
