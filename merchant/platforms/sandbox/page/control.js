// Reads the sandbox's state every second and draws what changed; every verb is one POST of JSON.
const language = document.documentElement.lang === "en" ? "en" : "zh";
const words = await (await fetch(`/words/${language}.json`)).json();
const $ = (id) => document.getElementById(id);
const yuan = (fen) => `¥${(fen / 100).toFixed(2)}`;
const fen = (text) => Math.round(parseFloat(text) * 100);
const clock = (ms) => new Date(ms).toLocaleTimeString(language === "zh" ? "zh-CN" : "en-GB", { hour12: false, timeZone: "Asia/Shanghai" });
const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const FAULTS = ["rate_5xx", "lost", "garbage", "slow", "slow_s", "throttle", "duplicate", "disorder", "lose_push", "withdraw", "edit", "platform_pay", "pay_delay_s", "abnormal", "short", "by_hand"];
const VERBS = ["withdraw", "edit", "platform_pay", "intervene", "close"];
const CHIPS = { 10: "wait", 11: "wait", 12: "fail", 20: "rule", 21: "rule", 22: "run", 30: "run", 40: "run", 45: "run", 50: "run", 55: "fail", 60: "done", 70: "shut" };
const PUSH_CHIPS = { waiting: "wait", delivered: "done", given_up: "fail", lost: "shut" };
const PAY_CHIPS = { PROCESSING: "run", SUCCESS: "done", CLOSED: "shut", ABNORMAL: "fail" };

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== ""));
  return element;
}

const chip = (kind, text) => make("span", { class: `chip ${kind}` }, text);
const second = (text) => make("span", { class: "line2" }, text);

async function post(path, values = {}) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values) });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

async function act(note, work) {
  try {
    note.textContent = (await work()) ?? "";
    note.className = "note sm ok";
  } catch (error) {
    note.textContent = error.message;
    note.className = "note sm bad";
  }
  await refresh();
}

function caseRow(row) {
  const who = row.closed_by ? words[`by_${row.closed_by}`] : row.cause ? words[`by_${row.cause}`] : "";
  const plan = row.is_open && row.plan[0]
    ? fill(words.will, { s: Math.max(0, Math.round((row.plan[0].at - Date.now()) / 1000)), verb: words[row.plan[0].verb] }) : "";
  const acts = make("div", { class: "acts" });
  if (row.is_open) for (const verb of VERBS) acts.append(make("button", { class: "btn", type: "button", onclick: () => decide(row, verb) }, words[verb]));
  return make("tr", {},
    make("td", {}, row.refund_id, second(`${words[row.platform]} · ${row.oid}`)),
    make("td", {}, row.title || "–", second([words[`way_${row.handling_way}`], row.waybill].filter(Boolean).join("·"))),
    make("td", { class: "num" }, yuan(row.refund_fee), second(yuan(row.total_fee))),
    make("td", {}, chip(CHIPS[row.status] ?? "shut", words[`status_${row.status}`] ?? row.status), second([who, plan, row.asked > 1 ? fill(words.asked_times, { n: row.asked }) : ""].filter(Boolean).join("·"))),
    make("td", {}, clock(row.update_time)),
    make("td", {}, acts));
}

function decide(row, verb) {
  const values = {};
  if (verb === "edit") {
    const amount = prompt(words.edit_ask, (row.refund_fee / 100).toFixed(2));
    if (amount === null) return;
    values.refund_fee = fen(amount);
  }
  act($("case-note"), async () => { await post(`/control/refunds/${row.refund_id}/${verb}`, values); return `${words[verb]} · ${row.refund_id}`; });
}

function pushRow(row) {
  return make("tr", {},
    make("td", {}, row.event.replace("kwaishop_", ""), second(`${row.bizId} · ${clock(row.createTime)}`)),
    make("td", {}, chip(PUSH_CHIPS[row.state], words[`push_${row.state}`]), row.error ? second(row.error) : ""),
    make("td", { class: "num" }, String(row.attempts)),
    make("td", { class: "num" }, make("button", { class: "btn again", type: "button", onclick: () => act($("case-note"), async () => { await post(`/control/pushes/${row.key}/again`); }) }, words.again)));
}

const wechatRow = (row) => make("tr", {},
  make("td", {}, row.number, second(row.out_trade_no)),
  make("td", { class: "num" }, yuan(row.fen)),
  make("td", {}, chip(PAY_CHIPS[row.status], words[`pay_${row.status}`])));

// The merchant's applications, once and beside the rest: their values, and where each one's messages go.
async function showKeys() {
  for (const app of await (await fetch("/keys")).json()) {
    const list = make("dl", {});
    const values = app.platform === "wechat_pay" ? app.secrets : { app_key: app.app_key, ...app.secrets };
    for (const [name, value] of Object.entries(values)) list.append(make("dt", {}, name), make("dd", {}, make("code", {}, String(value))));
    const box = make("details", { id: `keys-${app.platform}` }, make("summary", {}, words[app.platform]), list);
    if (app.platform !== "wechat_pay") {
      const input = make("input", { class: "input", id: `push-${app.platform}`, "aria-label": words.push_address, placeholder: words.push_address });
      const note = make("span", { class: "note sm", role: "status" });
      const save = async () => { await post("/control/push_targets", { app_key: app.app_key, push_url: input.value.trim() }); return words.saved; };
      box.append(make("p", {}, input, make("button", { class: "btn", type: "button", onclick: () => act(note, save) }, words.save), note));
    }
    $("keys").append(box);
  }
}
showKeys();

let drawn = "";
function draw(state, ledger) {
  for (const [name, value] of Object.entries(state.counts)) {
    const figure = $(`n-${name}`);
    if (figure) figure.textContent = name === "paid_fen" ? yuan(value) : value;
  }
  $("scale").textContent = `×${state.scale}`;
  const isGood = ledger.totals.paid_twice.length + ledger.totals.over_paid_orders.length === 0;
  $("proof").className = `chip ${isGood ? "done" : "fail"}`;
  $("proof").textContent = isGood ? words.proof_good : words.proof_bad;
  $("balance").textContent = state.balance_fen === null ? words.balance_unlimited : yuan(state.balance_fen);
  const targets = Object.values(state.targets);
  $("door").replaceChildren(...(targets.length ? targets.map((door) => make("span", { class: "door-url" }, `${words.door} ${new URL(door.url).host} `, door.isPaused ? chip("late", words.door_paused) : "")) : [words.door_none]));
  // Rows are drawn again only when something in them moved: a button must not vanish under the finger.
  const now = JSON.stringify([state.refunds, state.pushes, state.wechat_refunds]) + (state.refunds.some((row) => row.plan.length) ? Math.floor(Date.now() / 1000) : "");
  if (now === drawn) return;
  drawn = now;
  for (const [id, rows, row] of [["cases", state.refunds, caseRow], ["pushes", state.pushes, pushRow], ["wechat", state.wechat_refunds, wechatRow]]) {
    if (rows.length) $(id).replaceChildren(...rows.map(row));
  }
}

function drawFaults(faults) {
  const form = $("faults");
  if (form.contains(document.activeElement)) return;
  form.replaceChildren(...FAULTS.map((name) => make("label", {}, words[`fault_${name}`], make("input", { class: "input", name, inputmode: "decimal", value: faults[name] }))),
    make("div", { class: "row" }, make("button", { class: "btn", type: "submit" }, words.apply), make("button", { class: "btn", type: "button", onclick: calm }, words.calm), make("span", { id: "faults-note", class: "note sm", role: "status" })));
}

const setFaults = (values) => act($("faults-note"), async () => { drawFaults(await post("/control/faults", values)); return words.applied; });
function calm() {
  document.activeElement.blur();
  setFaults(Object.fromEntries(FAULTS.filter((name) => !name.endsWith("_s")).map((name) => [name, 0])));
}

$("faults").addEventListener("submit", (event) => {
  event.preventDefault();
  setFaults(Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, Number(value)])));
});

$("new-case").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = Object.fromEntries(new FormData(event.target));
  act($("new-note"), async () => {
    const values = { handling_way: Number(form.way), reason: form.reason };
    if (form.refund) values.refund_fee = fen(form.refund);
    if (form.oid) values.oid = form.oid;
    else values.order = { app_key: form.platform, total_fee: fen(form.total), courier: form.courier, waybill: form.waybill || `DEMO${Date.now()}`, push: true };
    const row = await post("/control/refunds", values);
    return `${words.created} · ${row.refundId}`;
  });
});

$("balance-empty").addEventListener("click", () => act($("case-note"), async () => { await post("/control/purse", { balance_fen: 0 }); }));
$("balance-fill").addEventListener("click", () => act($("case-note"), async () => { await post("/control/purse", { balance_fen: null }); }));

async function refresh() {
  try {
    const [state, ledger] = await Promise.all(["/control/state", "/control/ledger"].map(async (path) => (await fetch(path)).json()));
    draw(state, ledger);
    if (!$("faults").children.length) drawFaults(state.faults);
    $("live").className = "chip done";
    $("live").textContent = words.live;
  } catch {
    $("live").className = "chip fail";
    $("live").textContent = words.offline;
  }
}

await refresh();
setInterval(refresh, 1000);
