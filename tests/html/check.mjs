// Opens HTML reports in Chromium and checks what only a browser can tell: nothing is requested, nothing is written to
// the console, no text of a log becomes a script or an element, and the page works wide, narrow, light and dark, with
// scripts and without.
//
//   node tests/html/check.mjs DIRECTORY REPORT.html…
//
// Screenshots go to DIRECTORY. CHROMIUM names the browser. Nothing but Node is needed: the browser is driven through
// the pipe of its DevTools protocol.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [directory, ...reports] = process.argv.slice(2);
if (!reports.length) {
  console.error("usage: node check.mjs DIRECTORY REPORT.html…");
  process.exit(2);
}
mkdirSync(directory, { recursive: true });
const profile = mkdtempSync(join(tmpdir(), "loggrep-html-"));
const browser = spawn(
  process.env.CHROMIUM || "chromium",
  ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars",
    `--user-data-dir=${profile}`, "--remote-debugging-pipe", "about:blank"],
  { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
);

let last = 0;
const waiting = new Map();
const listeners = [];
let buffer = "";
browser.stdio[4].on("data", data => {
  buffer += data;
  for (let end = buffer.indexOf("\0"); end >= 0; end = buffer.indexOf("\0")) {
    const message = JSON.parse(buffer.slice(0, end));
    buffer = buffer.slice(end + 1);
    if (message.id) {
      const { done, fail } = waiting.get(message.id);
      waiting.delete(message.id);
      message.error ? fail(new Error(message.error.message)) : done(message.result);
    } else {
      listeners.forEach(listener => listener(message));
    }
  }
});
const send = (method, params = {}, sessionId = undefined) => new Promise((done, fail) => {
  const id = ++last;
  waiting.set(id, { done, fail });
  browser.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
});

/** Milliseconds that no step may take: a tenth of it on a machine of its own, and room for one that ten others use. */
const SLOW = 10000;
let slowest = 0;
const failures = [];
const check = (holds, what) => { if (!holds) { failures.push(what); console.log(`FAILED  ${what}`); } };

async function open(file, { scripts, width, dark }) {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const page = (method, params) => send(method, params, sessionId);
  const said = [];
  const requests = [];
  let loaded;
  const load = new Promise(done => { loaded = done; });
  listeners.push(({ method, params, sessionId: of }) => {
    if (of !== sessionId) return;
    if (method === "Runtime.consoleAPICalled") said.push(params.args.map(it => it.value).join(" "));
    if (method === "Runtime.exceptionThrown") said.push(params.exceptionDetails.text);
    if (method === "Log.entryAdded") said.push(params.entry.text);
    if (method === "Page.javascriptDialogOpening") said.push(`dialog: ${params.message}`);
    if (method === "Network.requestWillBeSent") requests.push(params.request.url);
    if (method === "Page.loadEventFired") loaded();
  });
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await page(`${domain}.enable`);
  await page("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
  await page("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
  await page("Emulation.setScriptExecutionDisabled", { value: !scripts });
  const url = pathToFileURL(resolve(file)).href;
  await page("Page.navigate", { url });
  await load;
  const ask = async expression => {
    const { result, exceptionDetails } = await page("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  };
  const picture = async name => {
    const { data } = await page("Page.captureScreenshot", { format: "png" });
    writeFileSync(join(directory, name), Buffer.from(data, "base64"));
  };
  const close = () => send("Target.closeTarget", { targetId });
  const others = () => requests.filter(it => it !== url && !it.startsWith("data:"));
  return { ask, picture, close, said, others };
}

async function checkReport(file) {
  const name = basename(file, ".html");
  for (const [form, options] of Object.entries({
    wide: { scripts: true, width: 1280, dark: false },
    narrow: { scripts: true, width: 390, dark: false },
    dark: { scripts: true, width: 1280, dark: true },
    plain: { scripts: false, width: 1280, dark: false },
  })) {
    const what = `${name}, ${form}`;
    const page = await open(file, options);
    check(await page.ask("document.querySelectorAll('script').length") === 1, `${what}: one script, the page's own`);
    check(await page.ask("document.querySelectorAll('img, iframe, object, embed, form[action], base').length") === 0,
      `${what}: no element that loads or sends`);
    check(await page.ask("Array.from(document.querySelectorAll('*')).every(it => it.getAttributeNames().every(name => !name.startsWith('on')))"),
      `${what}: no attribute that is a script`);
    check(await page.ask("Array.from(document.querySelectorAll('a')).every(it => /^(https:|#)/.test(it.getAttribute('href')))"),
      `${what}: links lead to https or into the page`);
    check(await page.ask("document.documentElement.scrollWidth <= window.innerWidth"), `${what}: nothing is wider than the window`);
    check(await page.ask("document.querySelectorAll('article.finding').length > 0"), `${what}: there are findings`);
    check(await page.ask(overlaps) === "", `${what}: times on the axis do not overlap: ${await page.ask(overlaps)}`);
    if (options.scripts) await use(page, what);
    await page.picture(`${name}-${form}.png`);
    check(page.said.length === 0, `${what}: the console is empty: ${page.said.join(" | ")}`);
    check(page.others().length === 0, `${what}: nothing is requested: ${page.others().join(" ")}`);
    await page.close();
  }
}

/** The times of the axis that reach into the next one. */
const overlaps = `(() => {
  const boxes = Array.from(document.querySelectorAll("#chart text.time")).map(it => [it.textContent, it.getBoundingClientRect()]);
  return boxes.slice(1).filter(([, box], i) => box.left < boxes[i][1].right + 4).map(([text]) => text).join(", ");
})()`;

/** How long a step takes until the page is drawn anew, in milliseconds. */
const took = step => `(async () => {
  const start = performance.now();
  ${step};
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
})()`;

/** Search, language, zoom and copy do what they say. */
async function use(page, what) {
  const shown = "document.querySelectorAll('article.finding:not([hidden])').length";
  const search = text => page.ask(`(() => { const it = document.getElementById("search"); it.value = ${JSON.stringify(text)};
    it.dispatchEvent(new Event("input", { bubbles: true })); return ${shown}; })()`);
  const all = await page.ask(shown);
  check(await search("no text has these words") === 0, `${what}: a search leaves out what does not fit`);
  check(await search("") === all, `${what}: an empty search shows all`);
  const type = text => `const it = document.getElementById("search"); it.value = "${text}"; it.dispatchEvent(new Event("input", { bubbles: true }))`;
  for (const [name, step] of [["a search", type("fail")], ["its end", type("")], ["open all", "document.getElementById('open-all').click()"],
    ["close all", "document.getElementById('close-all').click()"]]) {
    const time = await page.ask(took(step));
    check(time < SLOW, `${what}: ${name} takes ${Math.round(time)} ms`);
    slowest = Math.max(slowest, time);
  }
  const width = await page.ask("document.getElementById('chart')?.getBoundingClientRect().width ?? 0");
  if (width > 0) {
    const zoomed = await page.ask("(() => { document.getElementById('zoom-in').click(); return document.getElementById('chart').getBoundingClientRect().width; })()");
    check(zoomed > width * 1.2, `${what}: the timeline is zoomed`);
    await page.ask("document.getElementById('zoom-out').click()");
  }
  if (await page.ask("document.getElementById('language-ko') !== null")) {
    const heading = "document.querySelector('h1').innerText";
    const english = await page.ask(heading);
    await page.ask("document.getElementById('language-ko').click()");
    check(await page.ask(heading) !== english, `${what}: the language changes`);
    await page.ask("document.getElementById('language-en').click()");
  }
}

try {
  for (const report of reports) await checkReport(report);
} finally {
  const ended = new Promise(done => browser.once("exit", done));
  await send("Browser.close").catch(() => browser.kill());
  await ended;
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
console.log(failures.length ? `${failures.length} checks failed` : `${reports.length} reports are well in the browser; the slowest step took ${Math.round(slowest)} ms`);
process.exitCode = failures.length ? 1 : 0;
