(() => {
  const html = JSON.parse(document.getElementById('consent-frame').textContent);
  const fit = (box) => {
    const frame = box.firstElementChild;
    const scale = Math.min(1, box.clientWidth / frame.width);
    frame.style.transform = `scale(${scale})`;
    box.style.height = `${Math.ceil(frame.height * scale)}px`;
    box.style.maxWidth = `${frame.width}px`;
  };
  // What opens in a frame takes the focus with it; it stays with the reader, who has touched nothing yet.
  window.addEventListener('blur', () => setTimeout(() => {
    if (document.activeElement.localName === 'iframe' && !navigator.userActivation?.hasBeenActive) {
      document.activeElement.blur();
    }
  }));
  for (const frame of document.querySelectorAll('iframe')) {
    frame.srcdoc = html.replaceAll('__consent_layer__', frame.dataset.layer);
    fit(frame.parentElement);
    new ResizeObserver(() => fit(frame.parentElement)).observe(frame.parentElement.parentElement);
  }
})();
