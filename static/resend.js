// "Send again" sleeps until the wait is over; without this script the words say when to come back.
for (const button of document.querySelectorAll("[data-wait-secs]")) {
  button.hidden = false;
  setTimeout(() => {
    button.disabled = false;
    button.form.querySelector("p").hidden = true;
  }, Number(button.dataset.waitSecs) * 1000);
}
