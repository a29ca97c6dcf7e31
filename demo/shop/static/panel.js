// The panel "What happened". It shows what the shop's back end and this page know, and moves the demo's clock.
const texts = JSON.parse(document.getElementById('panel-texts').textContent);
const moment = new Intl.DateTimeFormat(texts.locale, {dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC'});
const EVENTS = ['ready', 'decided', 'changed', 'withdrawn', 'error'];
const POLL_MS = 1000;
const replays = new Map();
let shown = '';

/** Builds an element; children may be texts. */
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

function put(id, ...children) {
  document.getElementById(id).replaceChildren(...children);
}

const note = (slot) => make('p', 'soft', texts[slot]);
const mark = (isGranted) => make('span', isGranted ? 'mark yes' : 'mark no', texts[isGranted ? 'granted' : 'denied']);
const json = (value) => make('pre', '', JSON.stringify(value, null, 2));

function list(pairs) {
  return make('dl', '', ...pairs.flatMap(([term, value]) => [make('dt', '', term), make('dd', '', value)]));
}

/** Cookies of this page: name → value. */
function cookies() {
  const pairs = document.cookie.split('; ').filter(Boolean);
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

function decodePart(part) {
  const bytes = Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

function showReceived(received) {
  const lines = received.map(({at, what, ...details}) => {
    const said = texts[`received_${what}`].replace(/\{(\w+)\}/g, (_, name) => details[name]);
    return make('li', '', make('code', '', at.slice(11, 19)), ` ${said}`);
  });
  put('received', lines.length ? make('ul', 'lines', ...lines) : note('received_nothing'));
}

function showRecord(record, isOwn) {
  if (!record) {
    put('record', note('record_none'));
    return;
  }
  const rows = Object.entries(record.categories).map(([id, choice]) =>
    make(
      'tr',
      '',
      make('td', '', id),
      make('td', '', mark(choice.granted)),
      make('td', '', choice.decided_at.slice(0, 10)),
      make('td', '', choice.expires_at.slice(0, 10)),
    ),
  );
  const heads = ['category', 'answer', 'decided', 'expires_at'].map((slot) => make('th', '', texts[slot]));
  put(
    'record',
    isOwn ? '' : note('record_refused'),
    list([
      [texts.record_id, make('code', '', record.record_id)],
      [texts.event, make('strong', 'event', record.event)],
      [texts.recorded_at, moment.format(new Date(record.recorded_at))],
      [texts.expires_at, moment.format(new Date(record.expires_at))],
    ]),
    make('table', '', make('thead', '', make('tr', '', ...heads)), make('tbody', '', ...rows)),
  );
}

function showToken(token) {
  if (!token) {
    put('token', note('token_none'));
    return;
  }
  const [header, claims] = token.split('.').slice(0, 2).map(decodePart);
  put('token', make('p', 'token', token), json(header), json(claims));
}

/** The answer of the check API in one line, as a program would read it. */
function verdict(check) {
  return make('p', 'verdict', `granted: ${check.granted}, reason: ${check.categories.analytics.reason}`);
}

function showCheck(check) {
  put('check', note('check_question'), verdict(check), make('details', '', make('summary', '', 'JSON'), json(check)));
}

function showReplay(recordIds) {
  const lines = recordIds.map((id) => {
    const button = make('button', '', texts.replay_ask);
    button.addEventListener('click', () => replay(id));
    return make('li', '', make('code', '', id), button, replays.has(id) ? verdict(replays.get(id)) : '');
  });
  put('replay', note('replay_intro'), lines.length ? make('ul', 'lines', ...lines) : note('replay_none'));
}

function showDevice() {
  const kept = [
    ...[...cookies()].map(([name, value]) => [name, texts.cookie, value]),
    ...Object.entries(localStorage).map(([name, value]) => [name, texts.local_storage, value]),
  ];
  const lines = kept.map(([name, kind, value]) =>
    make('li', '', make('strong', '', name), ` ${kind} `, make('code', 'value', decodeURIComponent(value))),
  );
  put('device', lines.length ? make('ul', 'lines', ...lines) : note('device_nothing'));
}

function showLog(records) {
  const lines = records.map(({recorded_at, event, method}) =>
    make('li', '', make('code', '', moment.format(new Date(recorded_at))), ' ', make('strong', 'event', event), ` ${method ?? ''}`),
  );
  put('log', lines.length ? make('ol', 'lines', ...lines) : note('log_none'));
}

async function refresh() {
  const answer = await fetch('/demo/happened').catch(() => undefined);
  document.getElementById('problem').hidden = answer?.ok === true;
  showDevice();
  const token = cookies().get('consent_token');
  showToken(token);
  if (!answer?.ok) {
    return;
  }
  const happened = await answer.json();
  const text = JSON.stringify([happened, [...replays]]);
  if (text === shown) {
    return;
  }
  shown = text;
  showReceived(happened.received);
  showRecord(happened.record, happened.check.record_id !== null);
  showCheck(happened.check);
  showReplay(happened.old_tokens);
  showLog(happened.log);
}

function ask(path, body) {
  return fetch(path, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)});
}

async function replay(recordId) {
  const answer = await ask('/demo/replay', {record_id: recordId});
  replays.set(recordId, await answer.json());
  await refresh();
}

async function moveClock(button) {
  button.disabled = true;
  await ask('/demo/clock', {step: button.dataset.step});
  if (button.dataset.step === 'now') {
    for (const name of cookies().keys()) {
      document.cookie = `${name}=;path=/;max-age=0;secure`;
    }
    localStorage.clear();
  }
  location.reload();
}

for (const button of document.querySelectorAll('[data-step]')) {
  button.addEventListener('click', () => moveClock(button));
}
for (const name of EVENTS) {
  document.addEventListener(`consent:${name}`, refresh);
}
const ahead = document.querySelector('[data-step="now"]').disabled ? texts.clock_now : texts.clock_ahead;
const tick = () => put('clock', `${moment.format(new Date())} UTC, ${ahead}`);
setInterval(tick, 1000);
setInterval(() => document.visibilityState === 'visible' && refresh(), POLL_MS);
tick();
refresh();
