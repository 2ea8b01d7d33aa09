// Elements are made here and nowhere else. Text goes in as text nodes, so a
// registry value cannot become markup whatever it holds.

const SVG = "http://www.w3.org/2000/svg";

/** el makes an HTML element: el("td", {class: "num"}, "12"). A child that is null is left out. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** svg makes an SVG element in the same way. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** ended writes a name so that its end stays when it is cut: names differ there. */
export function ended(name) {
  const split = Math.max(0, name.length - 10);
  return el("span", { class: "ended" }, el("span", {}, name.slice(0, split)), el("span", {}, name.slice(split)));
}

/** put replaces what an element holds. */
export function put(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/** say sets an element's text, and touches the page only when it differs. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** mark sets an attribute, or removes it for null, only when it differs. */
export function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/** table makes a table of text: head is a row of titles, rows are rows of texts, and numeric says which columns are figures. */
export function table(caption, head, rows, numeric = []) {
  const cell = (tag, text, i) => el(tag, { class: numeric[i] ? "num" : null, scope: tag === "th" ? "col" : null }, text);
  return el("table", {},
    el("caption", { class: "hidden" }, caption),
    el("thead", {}, el("tr", {}, head.map((text, i) => cell("th", text, i)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((text, i) => cell("td", text, i))))));
}

/** theme reads the page's colours, for what is drawn on a canvas. */
export function theme() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue("--" + name).trim();
}
