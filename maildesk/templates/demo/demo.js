// Checks for new mail and updates the lists, but not the open mail or form. Optional.
"use strict";

const EVERY = 2000;

function refit(frame) {
  const page = frame.contentDocument && frame.contentDocument.documentElement;
  if (!page) return;
  frame.style.height = "0"; // otherwise the frame never shrinks
  frame.style.height = `${page.scrollHeight + 2}px`; // plus the border
}

function replace(id, news) {
  const here = document.getElementById(id);
  const there = news.getElementById(id);
  if (!here || !there || here.innerHTML === there.innerHTML) return false;
  const focused = here.contains(document.activeElement) ? document.activeElement.id : "";
  here.innerHTML = there.innerHTML;
  if (focused) document.getElementById(focused)?.focus();
  return true;
}

function announce(before) {
  const more = document.querySelectorAll("#mails .new").length - before;
  if (more > 0) {
    document.getElementById("announce").textContent = more === 1 ? "One new mail" : `${more} new mails`;
  }
}

async function look() {
  if (document.hidden) return;
  const answer = await fetch(document.body.dataset.news, { cache: "no-store" });
  if (!answer.ok) return;
  const news = new DOMParser().parseFromString(await answer.text(), "text/html");
  const before = document.querySelectorAll("#mails .new").length;
  replace("people", news);
  if (replace("mails", news)) announce(before);
}

for (const frame of document.querySelectorAll("iframe.body")) {
  frame.addEventListener("load", () => refit(frame));
  window.addEventListener("resize", () => refit(frame));
  if (frame.contentDocument?.readyState === "complete") refit(frame);
}

if (document.body.dataset.news) {
  document.body.classList.add("live");
  const again = () => look().catch(() => {}).finally(() => setTimeout(again, EVERY));
  setTimeout(again, EVERY);
}
