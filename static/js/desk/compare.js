// Two answers: which, and how much better.
import { $, $$, changed, controls, recall, remember, say } from "./dom.js";
import { doubtOf, readOn, scrolled } from "./reading.js";

const value = (name) => controls(name).find((control) => control.checked)?.value ?? "";
const strength = $("#strength");

function choose(name, wanted) {
  const control = controls(name).find((each) => each.value === wanted);
  if (!control || control.disabled || strength.disabled && name === "strength") return false;
  control.checked = true;
  control.focus({ preventScroll: true });
  changed();
}

/** How much better has no meaning without a better one. */
function settle() {
  strength.disabled = ["tie", "bad"].includes(value("side"));
}

function nudge(step) {
  const now = Number(value("strength")) || 0;
  return choose("strength", String(Math.min(4, Math.max(1, now + step))));
}

function switches() {
  for (const name of ["diff", "together"]) {
    const box = $(`#${name}`);
    box?.addEventListener("change", () => remember(name, box.checked));
  }
}

/** Both texts move by the same share of their length. */
function together() {
  const texts = $$(".pair .prose");
  let leader = null;
  for (const text of texts) {
    for (const type of ["pointerenter", "focus", "touchstart"]) text.addEventListener(type, () => { leader = text; }, { passive: true });
    text.addEventListener("scroll", () => {
      if (!$("#together").checked || (leader && leader !== text)) return;
      const share = text.scrollTop / Math.max(1, text.scrollHeight - text.clientHeight);
      for (const other of texts) if (other !== text) other.scrollTop = share * (other.scrollHeight - other.clientHeight);
    }, { passive: true });
  }
}

const toggle = (name) => () => { $(`#${name}`)?.click(); };

export function start() {
  if (recall("together") === "off") $("#together").checked = false;
  switches();
  together();
  settle();
  document.addEventListener("change", settle);
  const unread = scrolled();
  return {
    actions: {
      "side-a": () => choose("side", "a"),
      "side-b": () => choose("side", "b"),
      "side-tie": () => choose("side", "tie"),
      "side-bad": () => choose("side", "bad"),
      strength: (event) => choose("strength", event.code.at(-1)),
      weaker: () => nudge(-1),
      stronger: () => nudge(1),
      differences: toggle("diff"),
      together: toggle("together"),
      more: readOn,
    },
    current: () => document.activeElement.closest?.(".answer") ?? $(`.answer[data-side="${value("side") === "b" ? "b" : "a"}"]`),
    missing: () => {
      if (!value("side")) return { text: say("choose_side"), focus: $("#side-a") };
      if (!strength.disabled && !value("strength")) return { text: say("choose_strength"), focus: $("input", strength) };
      return null;
    },
    doubt: () => doubtOf(unread),
  };
}
