// Everything that could make one of two buttons stand out.
(element) => {
  const names = [
    'display', 'visibility', 'opacity', 'color', 'background-color', 'background-image', 'border-top-width',
    'border-top-style', 'border-top-color', 'border-top-left-radius', 'box-shadow', 'padding-top', 'padding-left',
    'padding-right', 'padding-bottom', 'margin-top', 'font-family', 'font-size', 'font-weight', 'font-style', 'line-height',
    'letter-spacing', 'text-decoration-line', 'text-transform', 'text-align', 'cursor', 'filter', 'transform', 'animation-name',
    'transition-duration', 'outline-style', 'outline-width', 'pointer-events',
  ];
  const style = getComputedStyle(element);
  const {width, height} = element.getBoundingClientRect();
  return {
    ...Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name)])),
    element: element.localName,
    width: `${Math.round(width)}px`,
    height: `${Math.round(height)}px`,
  };
}
