// The event stream, and how the connection stands. The browser asks again by
// itself and says which event it had last; only a stream that was refused is
// opened anew from here.

const QUIET = 5000; // ms without an event after which the page says so
const RETRY_MIN = 500, RETRY_MAX = 8000; // ms before a refused stream is opened again

/** Stream follows an address. tell gets (kind, data), state gets one of connecting, live, quiet, lost and a text. */
export class Stream {
  #address;
  #tell;
  #state;
  #source = null;
  #retry = RETRY_MIN;
  #quiet = 0;

  constructor(address, tell, state) {
    this.#address = address;
    this.#tell = tell;
    this.#state = state;
  }

  open() {
    this.#state("connecting", "connecting");
    const source = new EventSource(this.#address);
    this.#source = source;
    source.onopen = () => this.#heard();
    source.onerror = () => this.#failed(source);
    for (const kind of ["frame", "act", "result"]) {
      source.addEventListener(kind, (event) => this.#take(kind, event.data));
    }
  }

  #take(kind, text) {
    this.#heard();
    let data;
    try {
      data = JSON.parse(text);
    } catch {
      return; // half an event is none; the next whole one puts it right
    }
    this.#tell(kind, data);
  }

  #heard() {
    this.#retry = RETRY_MIN;
    this.#state("live", "live");
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#state("quiet", "nothing new"), QUIET);
  }

  #failed(source) {
    clearTimeout(this.#quiet);
    if (source.readyState !== EventSource.CLOSED) {
      this.#state("connecting", "connection lost, asking again");
      return;
    }
    const wait = this.#retry * (0.5 + Math.random() / 2);
    this.#retry = Math.min(RETRY_MAX, this.#retry * 2);
    this.#state("lost", "connection refused, asking again");
    setTimeout(() => this.open(), wait);
  }
}

/** ask reads one JSON document. An answer that is none is an error with the server's words. */
export async function ask(address, options = {}) {
  const response = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(8000), ...options });
  const text = await response.text();
  let document = null;
  try {
    document = JSON.parse(text);
  } catch {
    // What the server says in plain text is shown as it is.
  }
  if (response.ok && document !== null) return document;
  throw new Error((document?.text ?? document?.error ?? text.slice(0, 200)) || `the server answered ${response.status}`);
}
