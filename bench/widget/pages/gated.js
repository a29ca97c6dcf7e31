/** One vendor's script that is held back: a fixed piece of work, about 2 ms on an unthrottled laptop. */
{
  let sum = 0;
  for (let step = 0; step < 400000; step++) {
    sum = (sum * 31 + step) % 65521;
  }
  window.ran = [...(window.ran ?? []), performance.now()];
}
