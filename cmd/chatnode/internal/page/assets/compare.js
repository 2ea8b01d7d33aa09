// <fb-compare>: the acts one above the other on one time axis, each with what it
// showed at the second at which the cursor stands.

import "./plot.js";
import { mark } from "./dom.js";

const ACTS = 2;

export class Compare extends HTMLElement {
  #plots = [];

  begin(timeline) {
    for (let i = 0; i < ACTS; i++) {
      const plot = document.createElement("fb-plot");
      this.append(plot);
      plot.begin(timeline, { title: `sessions of act ${i + 1}`, lane: false, axis: i === ACTS - 1, area: true });
      this.#plots.push(plot);
    }
  }

  /** show takes the acts as plots take them. */
  show(acts) {
    this.#plots.forEach((plot, i) => {
      mark(plot, "data-empty", acts[i] ? null : "");
      if (acts[i]) plot.show(acts[i]);
    });
  }
}

customElements.define("fb-compare", Compare);
