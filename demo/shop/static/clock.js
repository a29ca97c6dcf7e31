// The demo's clock. Loaded before everything else, it moves Date by the offset that the service uses as well.
{
  const offset = 1000 * Number(document.currentScript.dataset.offset);
  const RealDate = Date;
  const now = () => RealDate.now() + offset;
  if (offset) {
    window.Date = new Proxy(RealDate, {
      construct: (target, values, made) => Reflect.construct(target, values.length ? values : [now()], made),
      apply: () => new RealDate(now()).toString(),
      get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
    });
  }
}
