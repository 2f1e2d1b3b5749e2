// Looks at pages of the web page with a real browser, for test_ui_browser.py: browse.js MODULES CHROMIUM ORIGIN PATHS [TOKEN]
// Prints, as JSON, what is wrong: [{page, what}]. With a token it only logs in and out. clarion.test is this machine.
"use strict";

const fs = require("fs");
const path = require("path");
const [modules, chromium, origin, paths, token] = process.argv.slice(2);
const playwright = require(path.join(modules, "playwright-core"));
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP clarion.test 127.0.0.1"];
const wrong = [];

// A page of a context of its own, with everything noted that it should not do.
async function open(browser, where, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const note = (what) => wrong.push({ page: where + " " + JSON.stringify(options), what });
  page.on("console", (message) => {
    // By plain http a browser says that this header means nothing there.
    if (!message.text().startsWith("The Cross-Origin-Opener-Policy header has been ignored")) note("console: " + message.text());
  });
  page.on("pageerror", (error) => note("error: " + error));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin + "/") && !request.url().startsWith("data:")) note("request: " + request.url());
  });
  // What is still on its way when a form leads elsewhere is broken off by the browser itself.
  page.on("requestfailed", (request) => {
    const why = request.failure() && request.failure().errorText;
    if (why !== "net::ERR_ABORTED") note("failed: " + request.url() + ": " + why);
  });
  page.on("dialog", (dialog) => {
    note("dialog: " + dialog.message());
    dialog.dismiss();
  });
  await page.goto(origin + where);
  return { context, page, note };
}

// Light and wide, then dark and narrow; without transitions, in the middle of which colours are neither.
async function accessible(browser, where) {
  const { context, page, note } = await open(browser, where, { colorScheme: "light", reducedMotion: "reduce", viewport: { width: 1400, height: 900 } });
  // The policy of the page keeps out scripts that are put into it; what the debugger runs is not the page's.
  await page.evaluate(axe);
  for (const look of ["light", "dark"]) {
    if (look === "dark") {
      await page.emulateMedia({ colorScheme: "dark" });
      await page.setViewportSize({ width: 390, height: 900 });
    }
    const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
    for (const rule of found.violations)
      note(look + ", axe: " + rule.id + " (" + rule.impact + "): " + rule.nodes.slice(0, 3).map((n) => n.html + " " + n.failureSummary).join(" | "));
    if (await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)) note(look + ": the page is wider than the window");
  }
  await context.close();
}

// By the keyboard alone: the skip link, the search, a table that scrolls, the switch of the colours, which is remembered.
async function keyboard(browser, where) {
  const { context, page, note } = await open(browser, where, { viewport: { width: 1000, height: 700 }, colorScheme: "light" });
  const focused = () => page.evaluate(() => {
    const e = document.activeElement;
    return [e.tagName.toLowerCase(), e.id || e.className || e.textContent].join(" ");
  });
  await page.keyboard.press("Tab");
  if ((await focused()) !== "a skip") note("the first stop is " + (await focused()));
  const visible = await page.evaluate(() => document.activeElement.getBoundingClientRect().left >= 0 &&
    getComputedStyle(document.activeElement).outlineStyle !== "none");
  if (!visible) note("the skip link, or that it has the focus, cannot be seen");
  await page.keyboard.press("Enter");
  if ((await focused()) !== "main content") note("the skip link leads to " + (await focused()));
  const stops = new Set();
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    stops.add(await focused());
  }
  if (![...stops].some((s) => s.startsWith("div scroll"))) note("no table can be reached to be scrolled: " + [...stops].join(", "));
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("/");
  if ((await focused()) !== "input q") note("\"/\" leads to " + (await focused()));
  await page.keyboard.type("openssl/x");
  if ((await page.inputValue("#q")) !== "openssl/x") note("the search has " + (await page.inputValue("#q")));
  await page.fill("#q", "openssl");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/search?q=openssl");
  const dark = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await dark();
  await page.focus("#theme");
  await page.keyboard.press("Enter");
  const after = await dark();
  if (before === after) note("the switch changes nothing");
  await page.reload();
  if ((await dark()) !== after) note("the switch is forgotten");
  await context.close();
}

// Without any script all that is to be read is there, and the forms work.
async function plain(browser, where) {
  const { context, page, note } = await open(browser, where, { javaScriptEnabled: false });
  if (await page.locator("#theme").isVisible()) note("a switch that cannot work is shown");
  await page.fill("#q", "openssl");
  await page.press("#q", "Enter");
  await page.waitForURL("**/search?q=openssl");
  if ((await page.locator("main table tbody tr").count()) === 0) note("the search finds nothing");
  await context.close();
}

// From a page that wants a session to the form, with the token to that page, and out again.
async function session(browser, where) {
  const { context, page, note } = await open(browser, where, { viewport: { width: 1000, height: 700 } });
  const at = () => page.url().slice(origin.length);
  if (!at().startsWith("/login?next=")) note("it leads to " + at());
  await page.keyboard.type(token); // the field has the focus
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  if (decodeURIComponent(at()) !== where) note("the login leads to " + at() + ": " + (await page.textContent("main")));
  if ((await context.cookies()).some((c) => !c.httpOnly || c.sameSite !== "Strict")) note("a cookie is open to scripts or to other sites");
  await Promise.all([page.waitForEvent("load"), page.click("text=Log out")]);
  if (at() !== "/login") note("logging out leads to " + at());
  await page.goto(origin + where);
  if (!at().startsWith("/login")) note("after logging out " + at() + " is shown");
  await context.close();
}

(async () => {
  const browser = await playwright.chromium.launch({ executablePath: chromium, args: FLAGS });
  const all = JSON.parse(paths);
  if (token) await session(browser, all[0]);
  for (const where of token ? [] : all) await accessible(browser, where);
  if (!token) {
    await keyboard(browser, all.find((p) => p.startsWith("/images/")));
    await plain(browser, "/");
  }
  await browser.close();
  console.log(JSON.stringify(wrong));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
