// Submit: say what is missing, ask once where the answer looks hasty, send, and keep the answer until it arrived.
import { $, $$, csrf, judge, say } from "./dom.js";
import { forget, keep, link, state, stop } from "./draft.js";

const IDLE = 120_000; // ms; thirty seconds would punish careful reading
const FASTEST = 20; // words or characters a second that nobody reads
const SHORT = 40; // shorter texts are read at a glance
const AGAIN = 10_000;
const box = $("#problem");
const clock = `seconds:${judge.dataset.token}`;

let active = Number(sessionStorage.getItem(clock) ?? 0), last = performance.now(), moved = last;
let asked = false, sending = false;

/** Counts seconds in which the page was seen and used. */
function tick() {
  const now = performance.now();
  if (!document.hidden && now - moved < IDLE) active += (now - last) / 1000;
  last = now;
  sessionStorage.setItem(clock, active.toFixed(1));
}

function show(text, { asks = false } = {}) {
  $(".what", box).textContent = text;
  $(".acts", box).hidden = !asks;
  box.hidden = false;
  if (asks) $("#anyway").focus();
}

export const hide = () => { box.hidden = true; };

/** The texts on the page, their length, and whether it is counted in characters. */
function length() {
  const answers = $$("[data-count]");
  return { n: answers.reduce((sum, answer) => sum + Number(answer.dataset.count), 0), signs: answers.some((answer) => answer.dataset.signs) };
}

function doubt(page) {
  const own = page.doubt?.();
  if (own) return own;
  const { n, signs } = length();
  if (n < SHORT || active >= n / FASTEST) return "";
  return say(signs ? "fast_signs" : "fast_words", { seconds: Math.max(1, Math.round(active)), n });
}

async function send() {
  if (sending) return;
  sending = true;
  tick();
  $("input[name=seconds]", judge).value = active.toFixed(1);
  const body = new URLSearchParams(new FormData(judge));
  body.set("sure", "1");
  try {
    await told(await fetch(judge.action, {
      method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": csrf() },
    }));
  } catch {
    keep();
    state("offline", say("kept"));
    setTimeout(retry, AGAIN);
  } finally {
    sending = false;
  }
}

/** The token makes a repeated sending harmless. */
function retry() {
  if ($("#save").dataset.state !== "offline") return;
  state("saving", say("sending"));
  send();
}

async function told(answer) {
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) {
    stop();
    forget();
    sessionStorage.removeItem(clock);
    location.assign(said.next);
  } else if (answer.status === 401) {
    keep();
    state("error", say("signed_out"), link(say("sign_in"), `/login/?next=${encodeURIComponent(location.pathname)}`));
  } else if (answer.status >= 500) {
    throw new Error("the server is away");
  } else {
    show(said.message ?? say("not_saved"));
  }
}

export function submit(page) {
  const missing = page.missing?.();
  if (missing) {
    show(missing.text);
    missing.focus?.focus();
    return;
  }
  const why = asked ? "" : doubt(page);
  if (why) {
    asked = true;
    show(why, { asks: true });
    return;
  }
  hide();
  send();
}

export function watch(page) {
  judge.noValidate = true;
  judge.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(page);
  });
  $("#anyway").addEventListener("click", () => { hide(); send(); });
  $("#look").addEventListener("click", look);
  box.addEventListener("keydown", (event) => { if (event.key === "Escape") look(); });
  document.addEventListener("change", hide);
  for (const type of ["pointermove", "keydown", "scroll", "pointerdown"]) {
    addEventListener(type, () => { moved = performance.now(); }, { passive: true, capture: true });
  }
  setInterval(tick, 1000);
  addEventListener("online", retry);
}

function look() {
  hide();
  $("#title").focus();
}


