// A form that is on its way is not sent a second time. Whoever comes back to the page may send it again.
let sent = new WeakSet();
document.addEventListener("submit", (event) => {
  if (sent.has(event.target)) event.preventDefault();
  else sent.add(event.target);
});
addEventListener("pageshow", () => (sent = new WeakSet()));
