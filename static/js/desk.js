// The desk: everything here is a convenience over plain forms, which work without it.
import { $, changed, judge, kind } from "./desk/dom.js";
import * as draft from "./desk/draft.js";
import * as flags from "./desk/flags.js";
import { menu, panel, tabs, toast } from "./desk/frame.js";
import { listen } from "./desk/keys.js";
import * as sending from "./desk/submit.js";

const restored = draft.restore();
const page = (await import(`./desk/${kind}.js`)).start();
const guidelines = panel();

flags.watch();
toast();
tabs();
draft.watch();
sending.watch(page);
if (restored) changed();

listen({
  ...page.actions,
  sheet: () => $("#keys").showModal(),
  guidelines,
  comment: () => menu(".comment"),
  flag: () => flags.toggle(page.current()),
  submit: () => judge.requestSubmit(),
  "submit-text": () => judge.requestSubmit(),
  save: () => { draft.save(); },
  undo: () => { const form = $("#undo"); return form ? form.requestSubmit() : false; },
  skip: () => menu(".skip-menu"),
});

if (document.activeElement === document.body) $("#title").focus({ preventScroll: true });
document.documentElement.dataset.ready = "";
