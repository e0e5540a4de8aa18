// Draws the sign-ins of the last days. The same numbers stand in the table.
const holder = document.querySelector(".chart");
const data = JSON.parse(document.getElementById("sign-ins-data").textContent);
const style = getComputedStyle(document.body);
const color = (name) => style.getPropertyValue(name).trim();
holder.hidden = false;
Chart.defaults.font.family = style.fontFamily;
Chart.defaults.color = color("--pc-muted");
new Chart(document.getElementById("sign-ins-chart"), {
  type: "bar",
  data: {
    labels: data.map((day) => day.date.slice(5)),
    datasets: [
      { label: "Sign-ins", data: data.map((day) => day.done), backgroundColor: color("--pc-chart-ok") },
      { label: "Refused", data: data.map((day) => day.failed), backgroundColor: color("--pc-chart-fail"), borderColor: color("--pc-text"), borderWidth: { top: 2 } },
    ],
  },
  options: {
    animation: false,
    maintainAspectRatio: false,
    scales: {
      x: { stacked: true, grid: { display: false } },
      y: { stacked: true, beginAtZero: true, ticks: { precision: 0 }, grid: { color: color("--pc-line") } },
    },
  },
});
