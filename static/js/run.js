// The log follows its end only while the reader is there; open details stay open when the panel is swapped.
const END = 24;
let kept = null;

function toEnd(log) {
  log.scrollTop = log.scrollHeight;
}

document.addEventListener("htmx:beforeSwap", () => {
  const log = document.getElementById("run-log");
  const more = document.getElementById("more-curves");
  kept = {
    top: log.scrollTop,
    following: log.scrollHeight - log.scrollTop - log.clientHeight < END,
    focused: document.activeElement === log,
    more: more !== null && more.open,
  };
});

document.addEventListener("htmx:afterSwap", () => {
  const log = document.getElementById("run-log");
  const more = document.getElementById("more-curves");
  if (more) more.open = kept.more;
  if (kept.focused) log.focus({ preventScroll: true });
  if (kept.following) toEnd(log);
  else log.scrollTop = kept.top;
});

toEnd(document.getElementById("run-log"));
