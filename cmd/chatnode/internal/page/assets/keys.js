// <fb-keys>: the registry: its keys by state, the bad ones with class and age,
// and who watches. Values are hostile: they go in as text, and cut.

import { el, ended, put, say } from "./dom.js";
import { count, glyph, plural, span, tone } from "./words.js";

const STATES = ["live", "quarantined", "limbo", "held"];
const SHOWN = 4; // bad keys in the panel; the rest is a click away

export class Keys extends HTMLElement {
  #bar = el("div", { class: "parts", "aria-hidden": "true" }, STATES.map((s) => el("span", { "data-tone": tone(s) })));
  #counts = el("ul", { class: "states" }, STATES.map((s) => el("li", { "data-tone": tone(s) })));
  #facts = el("p", { class: "facts" });
  #bad = el("ul", { class: "bad" });
  #drawn = "";

  begin() {
    put(this, this.#bar, this.#counts, this.#bad, this.#facts);
  }

  /** show takes a frame's registry. */
  show(registry) {
    const all = STATES.reduce((sum, s) => sum + (registry[s] || 0), 0);
    STATES.forEach((s, i) => {
      this.#bar.children[i].style.flexGrow = all ? registry[s] || 0 : 0;
      say(this.#counts.children[i], `${glyph(s)} ${count(registry[s] || 0)} ${s}`);
    });
    say(this.#facts, `etcd: index ${count(registry.index)}, ${plural(registry.watchers, "watcher")}`);
    this.#showBad(registry);
  }

  #showBad(registry) {
    const bad = registry.bad ?? [];
    const total = Math.max(registry.bad_total ?? 0, bad.length);
    const which = JSON.stringify(bad.slice(0, SHOWN).map((b) => [b.key, b.class, b.preview])) + total;
    if (which !== this.#drawn) {
      this.#drawn = which;
      const more = total > SHOWN ? el("li", {}, el("a", { href: "#keys", class: "more" }, `and ${count(total - SHOWN)} more`)) : null;
      put(this.#bad, bad.length ? bad.slice(0, SHOWN).map(badItem) : el("li", { class: "none" }, "Every key holds a value that decodes."), more);
    }
    bad.slice(0, SHOWN).forEach((b, i) => say(this.#bad.children[i].querySelector(".age"), span(b.since_ms)));
  }
}

/** badItem is one bad key: where it leads, why it is bad, for how long, and what it holds. */
export function badItem(bad) {
  return el("li", {},
    el("a", { href: "#key/" + encodeURIComponent(bad.key), title: bad.key },
      el("span", { class: "sign", "data-tone": "warn", "aria-hidden": "true" }, glyph("quarantined")),
      el("span", { class: "name" }, ended(bad.key))),
    el("span", { class: "why" }, el("b", {}, bad.class), " for ", el("span", { class: "age" }, span(bad.since_ms))),
    el("code", {}, shown(bad.preview)));
}

/** shown writes a value for people: an empty one is said. */
export function shown(value) {
  return value ? value : "(empty)";
}

customElements.define("fb-keys", Keys);
