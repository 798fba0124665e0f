// Everything shown here was written by strangers: it becomes text nodes, never markup.

const SHOWN_REQUESTS = 200;
const SHOWN_WRITES = 50;

const byId = (id) => document.getElementById(id);

/** An element; strings among the children become text, null is left out. */
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 19);
const moment = (iso) => (iso ?? "").slice(0, 16).replace("T", " ");
const person = (someone) => someone?.name || someone?.email || "nobody";
const size = (bytes) =>
  bytes == null ? "" : bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** Put the newest on top and let go of the oldest. */
function prepend(list, items, limit) {
  list.prepend(...items);
  while (list.children.length > limit) list.lastElementChild.remove();
}

// Account and budget

function showAccount({ domain, tables }) {
  byId("domain").textContent = `${domain}.gorgias.com`;
  byId("account").replaceChildren(
    ...Object.entries(tables).map(([name, count]) =>
      el("div", {}, el("dt", {}, name), el("dd", { "data-table": name }, count.toLocaleString("en"))),
    ),
  );
}

function showBudget({ used, limit, window }) {
  const gauge = byId("gauge");
  gauge.hidden = limit === null;
  if (limit === null) {
    byId("budget-text").textContent = "no limit";
    return;
  }
  const share = Math.min(1, used / limit);
  gauge.setAttribute("aria-valuemax", limit);
  gauge.setAttribute("aria-valuenow", used);
  gauge.dataset.level = share < 0.6 ? "calm" : share < 0.9 ? "busy" : "full";
  gauge.firstElementChild.style.width = `${share * 100}%`;
  byId("budget-text").textContent = `${Math.ceil(used)} of ${limit} in ${window} s`;
}

// Tickets and the chosen one as a conversation

let chosen = null;
let shown = "";

function showTickets(tickets) {
  const focused = document.activeElement?.dataset.ticket;
  byId("tickets").replaceChildren(...tickets.map(ticketItem));
  byId("tickets").querySelector(`[data-ticket="${focused}"]`)?.focus();
  if (chosen === null && tickets.length) choose(tickets[0].id);
}

function ticketItem(ticket) {
  const button = el(
    "button",
    { type: "button", "data-ticket": ticket.id, "aria-current": ticket.id === chosen ? "true" : null },
    el("strong", {}, ticket.subject || "(no subject)"),
    el(
      "span",
      {},
      badge(ticket),
      el("span", { class: "who" }, person(ticket.customer)),
      el("small", {}, moment(ticket.updated_datetime).slice(5)),
    ),
  );
  button.addEventListener("click", () => choose(ticket.id));
  return el("li", {}, button);
}

function badge(ticket) {
  const state = ticket.trashed_datetime ? "trashed" : ticket.status;
  return el("span", { class: "badge", "data-state": state }, state);
}

function choose(id) {
  chosen = id;
  shown = "";
  for (const button of byId("tickets").querySelectorAll("button")) {
    if (button.dataset.ticket === String(id)) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  showConversation();
}

async function showConversation() {
  const id = chosen;
  if (id === null) return;
  const answer = await fetch(`/_sandbox/tickets/${id}`).catch(() => null);
  const text = answer?.ok ? await answer.text() : "";
  if (answer === null || id !== chosen || (text && text === shown)) return;
  const first = shown === "";
  shown = text;
  const page = byId("conversation");
  if (!text) {
    page.dataset.hint = `Ticket ${id} was deleted.`;
    page.replaceChildren();
    return;
  }
  const old = page.querySelector(".messages");
  const atEnd = first || !old || old.scrollTop + old.clientHeight >= old.scrollHeight - 8;
  const place = old?.scrollTop;
  page.replaceChildren(...conversation(JSON.parse(text)));
  const messages = page.querySelector(".messages");
  messages.scrollTop = atEnd ? messages.scrollHeight : place;
}

function conversation(ticket) {
  const facts = [
    ["customer", person(ticket.customer), ticket.customer?.email],
    ["assignee", ticket.assignee_user && person(ticket.assignee_user)],
    ["team", ticket.assignee_team?.name],
    ["priority", ticket.priority],
    ["channel", ticket.channel],
    ["external id", ticket.external_id],
    ...ticket.custom_fields.map(({ label, value }) => [label, String(value)]),
  ];
  const tags = ticket.tags.map(({ name }) => el("li", {}, name));
  return [
    el("h2", {}, el("span", {}, ticket.subject || "(no subject)"), badge(ticket), el("small", {}, `#${ticket.id}`)),
    el(
      "dl",
      { class: "facts" },
      ...facts
        .filter(([, value]) => value)
        .map(([name, value, title]) => el("div", {}, el("dt", {}, name), el("dd", { title }, value))),
    ),
    tags.length ? el("ul", { class: "tags", "aria-label": "Tags" }, ...tags) : null,
    el("ol", { class: "messages", tabindex: "0" }, ...ticket.messages.map(messageItem)),
  ].filter((part) => part !== null);
}

function messageItem(message) {
  const kind = message.public === false ? "note" : message.from_agent ? "agent" : "customer";
  const files = (message.attachments ?? []).map(({ name, content_type: type, size: bytes }) =>
    el("li", {}, [name || "file", type, size(bytes)].filter(Boolean).join(" · ")),
  );
  const told = [moment(message.created_datetime), kind === "note" ? "internal note" : message.channel];
  if (message.failed_datetime) told.push("failed");
  return el(
    "li",
    { class: "message", "data-kind": kind },
    el("header", {}, el("b", { title: message.sender?.email }, person(message.sender)), ` ${told.join(" · ")}`),
    el("div", { class: "body" }, message.body_text || message.stripped_text || message.body_html || "(empty)"),
    files.length ? el("ul", { class: "files", "aria-label": "Attachments" }, ...files) : null,
  );
}

// Requests

let waiting = null; // while paused: what arrived since, newest first

function showRequests(requests) {
  if (waiting === null) {
    prepend(byId("requests"), requests.map(requestItem), SHOWN_REQUESTS);
  } else {
    waiting = [...requests, ...waiting].slice(0, SHOWN_REQUESTS);
    byId("pause").textContent = `Resume (${waiting.length})`;
  }
}

function requestItem({ time, method, path, query, status, ms, auth }) {
  const address = query ? `${path}?${query}` : path;
  return el(
    "li",
    { "data-class": Math.floor(status / 100) },
    el("time", {}, clock(time)),
    el("span", { class: "method" }, method),
    el("span", { class: "address", title: address }, path, query ? el("span", {}, `?${query}`) : null),
    el("span", { class: "status" }, status ? String(status) : "dropped"),
    el("span", { class: "ms" }, `${ms.toFixed(1)} ms`),
    el("span", { class: "auth" }, { basic: "API key", bearer: "OAuth2" }[auth] ?? "none"),
  );
}

byId("pause").addEventListener("click", ({ target }) => {
  const arrived = waiting;
  waiting = arrived === null ? [] : null;
  target.setAttribute("aria-pressed", String(arrived === null));
  target.textContent = arrived === null ? "Resume" : "Pause";
  if (arrived?.length) showRequests(arrived);
});

// Writes

function showWrites(writes) {
  if (writes.length) prepend(byId("writes"), writes.map(writeItem), SHOWN_WRITES);
  showConversation();
}

function writeItem({ cause, time, objects, more }) {
  return el(
    "li",
    {},
    el("header", {}, el("b", {}, cause), el("time", {}, clock(time))),
    ...objects.map(changedObject),
    more ? el("p", {}, `and ${more} more`) : null,
  );
}

function changedObject({ table, id, title, what, fields }) {
  const summary = [
    el("span", { class: "what", "data-what": what }, what),
    ` ${table} `,
    el("code", {}, String(id)),
    title ? el("span", { class: "title" }, ` ${title}`) : null,
  ];
  const list = el("ul", {}, ...fields.map((field) => changedField(field, what)));
  return what === "updated"
    ? el("div", { class: "object" }, el("p", {}, ...summary), list)
    : el("details", { class: "object" }, el("summary", {}, ...summary), list);
}

/** A value on one line; moments to the millisecond. */
const value = (text) =>
  (text ?? "null").replace(/^(\d{4}-\d\d-\d\d)T([\d:]{8}(\.\d{3})?)[\d+:]*$/, "$1 $2");

function changedField({ name, before, after }, what) {
  return el(
    "li",
    {},
    el("span", { class: "name" }, name),
    " ",
    what === "created" ? null : el("del", {}, value(before)),
    what === "updated" ? " → " : null,
    what === "deleted" ? null : el("ins", {}, value(after)),
  );
}

// The stream; it opens again by itself, and then tells everything anew

function connect() {
  const source = new EventSource("/_sandbox/live");
  const status = byId("connection");
  const listen = (name, show) => source.addEventListener(name, ({ data }) => show(JSON.parse(data)));
  source.addEventListener("open", () => {
    status.textContent = status.dataset.state = "live";
    waiting = waiting && [];
    byId("requests").replaceChildren();
    byId("writes").replaceChildren();
  });
  source.addEventListener("error", () => {
    status.dataset.state = "lost";
    status.textContent = "no connection";
  });
  listen("account", showAccount);
  listen("budget", showBudget);
  listen("tickets", showTickets);
  listen("requests", showRequests);
  listen("writes", showWrites);
}

connect();
