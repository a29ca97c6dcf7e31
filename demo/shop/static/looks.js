// Asks at every visit of this page, whatever was chosen before: it is here to be looked at.
window.ConsentServer ||= [];
window.ConsentServer.push((api) => api.show());
document.getElementById('ask').addEventListener('click', () => {
  window.ConsentServer.push((api) => api.show());
});
