// Place: none. A headless Chromium for the page's test, driven over two pipes; no other software is needed.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Name of an installed Chromium, or null. */
export function installed() {
  const named = [process.env.FUIN_CHROMIUM, "chromium", "chromium-browser", "google-chrome"].filter(Boolean);
  return named.find((name) => spawnSync(name, ["--version"]).status === 0) ?? null;
}

/** A page, opened. Messages that are no answers (console, errors of the page) are in `said`. */
export class Page {
  said = [];
  #child; #profile; #session; #next = 1; #waiting = new Map();

  static async open(program, address) {
    const page = new Page();
    page.#profile = mkdtempSync(join(tmpdir(), "fuin-chromium-"));
    // A browser inside a container or for root has no sandbox of its own; it opens only our page.
    page.#child = spawn(program, ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
      `--user-data-dir=${page.#profile}`, "--remote-debugging-pipe", "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    let rest = "";
    page.#child.stdio[4].setEncoding("utf8").on("data", (piece) => {
      const messages = (rest + piece).split("\0");
      rest = messages.pop();
      for (const message of messages) page.#take(JSON.parse(message));
    });
    const { targetInfos } = await page.#send("Target.getTargets");
    const { targetId } = targetInfos.find((one) => one.type === "page");
    page.#session = (await page.#send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
    for (const part of ["Page", "Runtime", "DOM", "Log"]) await page.#send(`${part}.enable`);
    await page.#send("Emulation.setDeviceMetricsOverride", { width: 1000, height: 1400, deviceScaleFactor: 1, mobile: false });
    await page.#send("Page.navigate", { url: address });
    await page.until("document.readyState === 'complete'");
    return page;
  }

  #take({ id, result, error, method, params }) {
    if (id) {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) reject(new Error(error.message)); else resolve(result);
    } else if (["Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"].includes(method)) {
      this.said.push(JSON.stringify(params));
    }
  }

  #send(method, params = {}) {
    const id = this.#next++;
    const message = { id, method, params };
    if (this.#session) message.sessionId = this.#session;
    this.#child.stdio[3].write(`${JSON.stringify(message)}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** Value of an expression in the page. */
  async value(expression) {
    const { result, exceptionDetails } = await this.#send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression is true; gives up after many looks. */
  async until(expression) {
    for (let look = 0; look < 600; look++) {
      if (await this.value(expression)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`never true: ${expression}`);
  }

  /** Chooses files as a person does. */
  async choose(selector, files) {
    const { root } = await this.#send("DOM.getDocument");
    const { nodeId } = await this.#send("DOM.querySelector", { nodeId: root.nodeId, selector });
    await this.#send("DOM.setFileInputFiles", { nodeId, files });
  }

  /** The whole page as PNG. */
  async picture() {
    const { data } = await this.#send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
    return Buffer.from(data, "base64");
  }

  async close() {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#session = undefined;
    this.#send("Browser.close").catch(() => {});
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
