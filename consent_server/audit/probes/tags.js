// Every element of the document that may load something or is marked, with its attributes.
(names) => Array.from(document.querySelectorAll(names), (element) => ({
  name: element.localName,
  attributes: Object.fromEntries(Array.from(element.attributes, ({name, value}) => [name, value])),
}))
