/* What happens elsewhere, at once: a city's pages listen to the stream of events; an emergency that nobody has rings.

   data-stream    address of the stream; on «changed» the lists of the page ask again
   data-sound     starts the sound for this browser (browsers demand a click), and asks for notices of the browser
   data-mute      silence for five minutes; taking the emergency over ends it anyway */
(() => {
  "use strict";
  const place = document.querySelector("[data-live]");
  const say = place.dataset;
  const sound = place.querySelector("[data-sound]");
  const mute = place.querySelector("[data-mute]");
  const told = place.querySelector("[data-ringing]");
  const Audio = window.AudioContext || window.webkitAudioContext;

  if (say.stream && window.EventSource) {
    const stream = new EventSource(say.stream);
    const ask = () => document.dispatchEvent(new Event("ask"));
    stream.addEventListener("changed", ask);
    stream.onerror = () => {
      if (stream.readyState === EventSource.CLOSED) setInterval(ask, 5000);
    };
    addEventListener("pagehide", () => stream.close());
  }
  if (!Audio) return;

  let audio = null;
  let ringing = false;
  const isOn = () => localStorage.getItem("sound") === "on";
  const mutedUntil = () => Number(localStorage.getItem("muted")) || 0;

  function tone(high, after) {
    const voice = audio.createOscillator();
    const loud = audio.createGain();
    voice.frequency.value = high;
    loud.gain.value = 0.25;
    voice.connect(loud).connect(audio.destination);
    voice.start(audio.currentTime + after);
    voice.stop(audio.currentTime + after + 0.3);
  }

  function ring() {
    if (!isOn() || Date.now() < mutedUntil()) return;
    audio ||= new Audio();
    audio.resume?.();
    tone(880, 0);
    tone(660, 0.35);
    navigator.vibrate?.([300, 150, 300]);
    document.dispatchEvent(new Event("rang"));
  }

  /* Looked at after every renewal of a list: rings when something begins to ring, and on every 20 s. */
  function look() {
    const now = document.querySelector(".is-ringing") !== null;
    if (now && !ringing) {
      told.textContent = say.sayRing;
      if (isOn() && document.hidden && window.Notification?.permission === "granted") {
        new Notification(say.sayRing, { tag: "visitflow" });
      }
      ring();
    }
    if (!now) told.textContent = "";
    ringing = now;
    show();
  }

  function show() {
    const silent = Date.now() < mutedUntil();
    sound.hidden = false;
    sound.setAttribute("aria-pressed", String(isOn()));
    mute.hidden = !(ringing && isOn());
    mute.disabled = silent;
    const until = new Date(mutedUntil()).toTimeString().slice(0, 5);
    mute.textContent = silent ? say.sayMuted.replace("{time}", until) : say.sayMute;
    for (const list of document.querySelectorAll("[data-poll]")) list.toggleAttribute("data-always", isOn());
  }

  sound.addEventListener("click", () => {
    localStorage.setItem("sound", isOn() ? "off" : "on");
    if (isOn()) window.Notification?.requestPermission?.();
    if (ringing) ring();
    show();
  });
  mute.addEventListener("click", () => {
    localStorage.setItem("muted", String(Date.now() + 300000));
    show();
  });
  document.addEventListener("renewed", look);
  setInterval(() => { if (ringing) ring(); show(); }, 20000);
  look();
})();
