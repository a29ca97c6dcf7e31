// What an analytics vendor's script does: it numbers the visitor, keeps the number, and reports the page.
(() => {
  const host = new URL(document.currentScript.src).origin;
  const visitor = document.cookie.match(/\bdemo_visitor=(\w+)/)?.[1] ?? Math.random().toString(36).slice(2, 10);
  document.cookie = `demo_visitor=${visitor};path=/;max-age=34128000;samesite=lax`;
  localStorage.setItem('demo_analytics', JSON.stringify({visitor, pages: 1}));
  fetch(`${host}/hit`, {
    method: 'POST',
    mode: 'no-cors',
    credentials: 'omit',
    keepalive: true,
    body: JSON.stringify({page: location.pathname, visitor}),
  });
})();
