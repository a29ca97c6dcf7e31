// The buttons of the widget that carry one of these texts; in the dialog of the second layer, or outside it.
({texts, inDialog}) => {
  const root = document.querySelector('consent-server')?.shadowRoot;
  return Array.from(root?.querySelectorAll('button') ?? []).filter(
    (button) => texts.includes(button.textContent.trim()) && !!button.closest('dialog') === inDialog && !button.hidden,
  );
}
