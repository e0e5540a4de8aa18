// "Show" next to a password. Before the form leaves, the field hides again, so that browsers treat it as a password.
for (const button of document.querySelectorAll("[data-show-password]")) {
  const field = document.getElementById(button.dataset.showPassword);
  const turn = (type) => {
    field.type = type;
    for (const word of button.querySelectorAll("span:not(.visually-hidden)")) word.hidden = !word.hidden;
  };
  button.hidden = false;
  button.addEventListener("click", () => turn(field.type === "password" ? "text" : "password"));
  field.form?.addEventListener("submit", () => field.type === "text" && turn("password"));
}
