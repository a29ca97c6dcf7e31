/**
 * The one style sheet, of the widget and of its placeholders. The page cannot reach what is inside the shadow tree, and an
 * important rule on the host wins over the page's.
 * Lengths are in em of the reader's own font size. The build minifies the text.
 */
export const css = `
.banner, .preferences, .reopen, .status, .placeholder {
  --radius: 14px; --inner: max(0px, calc(var(--radius) - 5px));
  --accent-light: #2446c0; --on-light: #fff; --accent-dark: #a9bcff; --on-dark: #10131a;
  --ground: #fff; --ink: #16191d; --soft: #59626e; --line: #dde1e7; --fill: #f5f6f8; --edge: #79828e;
  --accent: var(--accent-light); --on: var(--on-light);
  color-scheme: light dark; color: var(--ink); line-height: 1.45;
}
@media (prefers-color-scheme: dark) {
  .banner, .preferences, .reopen, .status, .placeholder {
    --ground: #1b1e23; --ink: #f2f4f6; --soft: #aab2bd; --line: #383e47; --fill: #24282f; --edge: #87909d;
    --accent: var(--accent-dark); --on: var(--on-dark);
  }
}
:host(consent-server) {
  all: initial !important; font-family: inherit !important; display: block !important;
  position: fixed !important; inset: auto 0 0 !important; z-index: 2147483647 !important; -webkit-text-size-adjust: 100%;
}
:host(consent-placeholder) { display: block; max-width: 100%; box-sizing: border-box; }
* { box-sizing: border-box; }
h2, h3, p, ul, dl, dd { margin: 0; padding: 0; }
ul { list-style: none; }
h2 { font-size: 1.125em; line-height: 1.3; font-weight: 600; }
h3 { font-size: 1em; font-weight: 600; }
h2:focus { outline: none; }
a { color: var(--accent); text-underline-offset: .15em; }
code { overflow-wrap: anywhere; }
[hidden] { display: none !important; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }

.banner, .preferences {
  display: flex; flex-direction: column; background: var(--ground);
  border: 1px solid var(--line); border-radius: var(--radius);
  box-shadow: 0 1px 2px #0a0e1614, 0 12px 40px #0a0e1638;
}
.banner {
  position: fixed; inset: auto .5em .5em; overflow: hidden;
  max-height: min(calc(100dvh - 1em), max(72dvh, 17em));
}
.scroll { overflow: auto; overscroll-behavior: contain; padding: 1.25em 1.25em .75em; min-height: 0; display: grid; gap: .7em; align-content: start; }
.banner .scroll { font-size: .9375em; }
.purposes { display: grid; gap: .35em; }
.purposes li { color: var(--soft); }
.purposes strong { font-weight: 600; color: var(--ink); }
.mark { border: 1px solid var(--edge); border-radius: 1em; padding: 0 .5em; font-size: .875em; font-weight: 400; color: var(--ink); white-space: nowrap; }
.fine { color: var(--soft); font-size: .9em; }
.actions { display: grid; grid-template-columns: 1fr 1fr; gap: .5em; padding: .75em 1.25em 1em; border-top: 1px solid var(--line); }
.more { grid-column: 1 / -1; display: flex; gap: .5em; }
.more > * { flex: 1; }
button { font: inherit; cursor: pointer; touch-action: manipulation; }
.answer, .plain {
  min-height: 2.75em; padding: .5em .75em; border-radius: var(--inner); border: 1.5px solid var(--accent);
  font-weight: 600; line-height: 1.2; overflow-wrap: anywhere; hyphens: auto;
}
.answer { background: var(--accent); color: var(--on); }
.answer:hover { filter: brightness(1.1); }
.plain { background: none; color: var(--accent); border-color: transparent; }
.plain:hover { background: var(--fill); }
.choose { border-color: var(--edge); }
.list { font-weight: 400; font-size: .9375em; text-decoration: underline; text-underline-offset: .15em; }

.preferences { position: fixed; inset: 0; margin: auto; padding: 0; width: min(42em, calc(100vw - 1em)); height: fit-content; max-height: min(calc(100dvh - 1em), 52em); overflow: hidden; }
.preferences:not([open]) { display: none; }
.preferences::backdrop { background: #0a0e1680; }
.head { display: flex; align-items: center; justify-content: space-between; gap: 1em; padding: .75em 1.25em; padding-inline-end: .75em; border-bottom: 1px solid var(--line); }
.close { flex: none; width: 1.6em; height: 1.6em; border: 0; border-radius: 50%; background: none; color: inherit; font-size: 1.75em; line-height: 1; }
.close:hover { background: var(--fill); }
.preferences .actions { grid-template-columns: repeat(3, 1fr); }
.preferences .actions .plain { grid-column: 1 / -1; border-color: var(--edge); }
.preferences .answer { background: none; color: var(--accent); border-color: var(--accent); }
.preferences .save { background: var(--accent); color: var(--on); }
.card { border: 1px solid var(--line); border-radius: var(--inner); padding: .3em 1em .6em; }
.row { display: flex; align-items: center; justify-content: space-between; gap: 1em; min-height: 2.75em; }
.card p { font-size: .9375em; }
.always { color: var(--soft); font-size: .875em; }
.switch { flex: none; display: grid; place-items: center end; min-width: 3.25em; min-height: 2.75em; cursor: pointer; }
.switch input {
  appearance: none; margin: 0; width: 3em; height: 1.7em; border-radius: 1em; cursor: pointer; position: relative;
  background: var(--fill); border: 2px solid var(--edge); font-size: 1em;
}
.switch input::before { content: ""; position: absolute; inset-block: .15em; inset-inline-start: .15em; aspect-ratio: 1; border-radius: 50%; background: var(--edge); }
.switch input:checked { background: var(--accent); border-color: var(--accent); }
.switch input:checked::before { inset-inline: auto .15em; background: var(--on); }
summary { cursor: pointer; min-height: 2.75em; align-content: center; color: var(--accent); font-weight: 600; font-size: .9375em; }
.service { border-top: 1px solid var(--line); padding: .4em 0 .7em; font-size: .9375em; }
.service .name { font-weight: 600; }
dl { display: grid; grid-template-columns: minmax(7em, 2fr) 5fr; gap: .3em 1em; font-size: .9375em; overflow-wrap: anywhere; }
dt { color: var(--soft); }
.about { background: var(--fill); padding-top: .9em; display: grid; gap: .7em; font-size: .9375em; border-color: transparent; }

.reopen, .status { position: fixed; background: var(--ground); border: 1px solid var(--line); box-shadow: 0 1px 2px #0a0e1614, 0 12px 40px #0a0e1638; }
.reopen { inset-block-end: .75em; inset-inline-start: .75em; min-height: 2.75em; padding: .5em .75em; border-radius: 2em; font-size: .9375em; font-weight: 600; display: flex; align-items: center; gap: .55em; }
.reopen::before { content: ""; width: 1.5em; height: .85em; border-radius: 2em; border: 1.5px solid; background: radial-gradient(circle at calc(100% - .36em) 50%, currentcolor .21em, #0000 .24em); }
.reopen:hover { background: var(--fill); }
.status { inset-block-end: 4.5em; inset-inline-start: .75em; max-width: min(26em, calc(100vw - 1.5em)); padding: .75em 1em; border-radius: var(--inner); font-size: .9375em; background: var(--ink); color: var(--ground); border: 0; }
.status:empty { padding: 0; box-shadow: none; }
.status.above { inset-block: .75em auto; }

.placeholder { display: grid; place-content: center; justify-items: center; gap: .5em; height: 100%; min-height: inherit; padding: 1em; text-align: center; background: var(--fill); border: 1px dashed var(--edge); border-radius: var(--radius); }
.placeholder .plain { border-color: var(--edge); background: var(--ground); }

@media (min-width: 40em) {
  .banner.box { inset: auto auto 1em; inset-inline: 1em auto; width: 29em; max-height: min(calc(100dvh - 2em), max(80dvh, 17em)); }
}
@media (min-width: 60em) {
  .banner.bar { inset: auto 0 0; border-radius: 0; border-width: 1px 0 0; display: grid; grid-template-columns: 1fr 24em; gap: 0 1em; max-height: 50vh; padding-inline: max(0px, calc(50vw - 40em)); }
  .banner.bar .purposes { grid-template-columns: 1fr 1fr; gap: .35em 2em; }
  .banner.bar .actions { border: 0; align-content: center; padding-block: 1.25em; }
}
@media (max-width: 30em) {
  .preferences .actions { grid-template-columns: 1fr 1fr; }
  .preferences .save { grid-column: 1 / -1; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd + dt { margin-top: .4em; }
}
@media (max-height: 26em) {
  .scroll { padding: .7em .8em .4em; gap: .4em; }
  .actions { padding: .4em .8em .5em; gap: .3em; }
  .head { padding-block: 0; }
  .preferences .actions { grid-template-columns: repeat(3, 1fr); }
  .preferences .save { grid-column: auto; }
}
@media (prefers-reduced-motion: no-preference) {
  .banner, .preferences[open], .status:not(:empty) { animation: rise .22s ease-out; }
  .switch input::before, .switch input { transition: background-color .15s, inset .15s; }
  @keyframes rise { from { opacity: 0; transform: translateY(.75em); } }
}
@media (forced-colors: active) {
  .switch input { appearance: auto; width: 1.4em; height: 1.4em; }
  .switch input::before { content: none; }
  .answer, .plain, .reopen { border-color: ButtonText !important; }
}
@media print { :host(consent-server) { display: none !important; } }
`;
