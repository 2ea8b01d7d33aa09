// The panel of commands: found by typing, run by Enter. A dangerous one is asked
// for twice. What it did comes back as a flag on the time axis, from the server.

import { el, mark, put, say } from "./dom.js";
import { ask } from "./stream.js";

export class Commands {
  #dialog;
  #commands = [];
  #token = null; // an input, where a token is needed; what is typed is kept nowhere else
  #search = el("input", { type: "search", id: "command-search", placeholder: "Type to find a command", autocomplete: "off", spellcheck: "false" });
  #list = el("ul", { class: "commands" });
  #form = el("div", { class: "command" });
  #answer = el("p", { class: "answer", role: "status" });

  constructor(dialog) {
    this.#dialog = dialog;
    put(dialog,
      el("div", { class: "sheethead" }, el("h2", {}, "Do something"), el("button", { type: "button", class: "small", onclick: () => dialog.close() }, "Close")),
      el("label", { for: "command-search", class: "hidden" }, "Find a command"), this.#search, this.#list, this.#form, this.#answer);
    this.#search.addEventListener("input", () => this.#fill());
    this.#search.addEventListener("keydown", (event) => this.#searchKey(event));
    this.#list.addEventListener("keydown", (event) => this.#listKey(event));
    // A key that is held down gives no command twice, and answers no question.
    dialog.addEventListener("keydown", (event) => event.repeat && event.key === "Enter" && event.preventDefault(), true);
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  /** offer takes the run's commands, and whether they need a token. */
  offer(commands, token) {
    this.#commands = commands ?? [];
    if (token && !this.#token) {
      this.#token = el("input", { type: "password", id: "command-token", autocomplete: "off" });
      this.#search.after(el("label", { for: "command-token" }, "Token"), this.#token);
    }
    this.#fill();
  }

  open() {
    if (this.#dialog.open) return;
    put(this.#form);
    say(this.#answer, "");
    this.#list.hidden = false;
    this.#search.value = "";
    this.#fill();
    this.#dialog.showModal();
    this.#search.focus();
  }

  #fill() {
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.#commands.filter((c) => words.every((w) => `${c.label} ${c.name}`.toLowerCase().includes(w)));
    put(this.#list, found.map((c) => el("li", {}, el("button", { type: "button", "data-danger": c.danger ? "" : null, onclick: () => this.#choose(c) }, c.label))));
    if (!found.length) put(this.#list, el("li", { class: "none" }, this.#commands.length ? "No command has that name." : "This run takes no commands."));
    this.#list.hidden = false;
  }

  #searchKey(event) {
    const first = this.#list.querySelector("button");
    if (event.key === "ArrowDown") first?.focus();
    else if (event.key === "Enter") first?.click();
    else return;
    event.preventDefault();
  }

  #listKey(event) {
    const buttons = [...this.#list.querySelectorAll("button")];
    const to = buttons.indexOf(event.target) + { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (Number.isNaN(to)) return;
    event.preventDefault();
    (buttons[to] ?? this.#search).focus();
  }

  #choose(command) {
    const inputs = (command.args ?? []).map((arg, i) => input(arg, `argument-${i}`));
    const go = el("button", { type: "submit", class: "primary" }, command.danger ? `${command.label} …` : command.label);
    const form = el("form", {}, el("h3", {}, command.label),
      inputs.map((field) => el("p", {}, el("label", { for: field.id }, field.name), field)),
      el("p", { class: "buttons" }, go, el("button", { type: "button", class: "small", onclick: () => this.#back() }, "Back")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (command.danger && !go.dataset.sure) {
        go.dataset.sure = "yes";
        say(go, `Really: ${command.label}`);
        return;
      }
      delete go.dataset.sure;
      say(go, command.danger ? `${command.label} …` : command.label);
      this.#run(command, Object.fromEntries(inputs.filter((f) => f.value !== "").map((f) => [f.name, f.value])), go);
    });
    this.#list.hidden = true;
    put(this.#form, form);
    say(this.#answer, "");
    (inputs[0] ?? go).focus();
  }

  #back() {
    put(this.#form);
    this.#list.hidden = false;
    this.#search.focus();
  }

  async #run(command, args, button) {
    button.disabled = true;
    say(this.#answer, "asked …");
    mark(this.#answer, "data-tone", null);
    const headers = { "Content-Type": "application/json" };
    if (this.#token?.value) headers.Authorization = `Bearer ${this.#token.value}`;
    try {
      const answer = await ask("/api/command", { method: "POST", headers, body: JSON.stringify({ name: command.name, args }) });
      say(this.#answer, `${answer.ok ? "✓" : "✕"} ${answer.text || (answer.ok ? "done" : "refused")}`);
      mark(this.#answer, "data-tone", answer.ok ? "good" : "bad");
    } catch (error) {
      say(this.#answer, `✕ ${error.message}`);
      mark(this.#answer, "data-tone", "bad");
    }
    button.disabled = false;
    button.focus();
  }
}

function input(arg, id) {
  const required = !arg.optional;
  if (arg.choices?.length) return el("select", { id, name: arg.name, required }, arg.choices.map((c) => el("option", { value: c, selected: c === arg.value }, c)));
  return el("input", { id, name: arg.name, type: arg.type === "number" ? "number" : "text", step: "any", required, value: arg.value ?? null, autocomplete: "off" });
}
