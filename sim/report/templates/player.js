/* Plays one run: tracks on the plan, camera pictures beside it, and what the store concluded, on one clock. */
(function () {
  "use strict";
  const root = document.currentScript.closest(".player");
  const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const plan = root.querySelector("svg.plan");
  const layer = plan.querySelector(".moving");
  const slider = root.querySelector(".time");
  const clock = root.querySelector(".clock");
  const button = root.querySelector(".play");
  const feed = root.querySelector(".feed");
  const speed = root.querySelector(".speed");
  const truthToggle = root.querySelector(".show-truth");
  const conesToggle = root.querySelector(".show-cones");
  const videos = Array.from(root.querySelectorAll("video"));
  const stills = Array.from(root.querySelectorAll("img[data-camera]"));
  const SVG = "http://www.w3.org/2000/svg";
  const TRAIL_S = 6, LONGEST_GAP_S = 1.0, DRIFT_S = 0.12, FLASH_S = 1.6;
  let now = 0, playing = false, last = 0;

  const X = (x) => (x * data.scale).toFixed(1);
  const Y = (y) => ((data.depth - y) * data.scale).toFixed(1);

  function element(name, attributes, parent) {
    const made = document.createElementNS(SVG, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    parent.appendChild(made);
    return made;
  }

  function indexBefore(times, t) {
    let low = 0, high = times.length;
    while (low < high) { const middle = (low + high) >> 1; if (times[middle] <= t) low = middle + 1; else high = middle; }
    return low - 1;
  }

  function placeAt(path, t) {
    const i = indexBefore(path.t, t);
    if (i < 0) return null;
    const j = Math.min(i + 1, path.t.length - 1);
    const gap = path.t[j] - path.t[i];
    if (t - path.t[i] > LONGEST_GAP_S || (j > i && gap > LONGEST_GAP_S && t - path.t[i] > 0.3)) return null;
    const share = j > i && gap <= LONGEST_GAP_S ? (t - path.t[i]) / gap : 0;
    return [path.x[i] + share * (path.x[j] - path.x[i]), path.y[i] + share * (path.y[j] - path.y[i]), i];
  }

  const shadows = data.truth.map((path) => ({
    path, ring: element("circle", { r: 17, class: "truth-ring" }, layer),
  }));
  const walkers = data.tracks.map((path) => {
    const group = element("g", { class: "walker" }, layer);
    const trail = element("polyline", { class: "trail", stroke: path.colour }, group);
    const dot = element("circle", { r: 11, fill: path.colour, class: "dot" }, group);
    const label = element("text", { class: "walker-label" }, group);
    label.textContent = path.label;
    const title = element("title", {}, group);
    title.textContent = path.title;
    return { path, group, trail, dot, label };
  });
  const flash = data.moments.filter((m) => m.x !== null).map((m) => ({
    moment: m, ring: element("circle", { cx: X(m.x), cy: Y(m.y), r: 14, class: "flash " + m.kind }, layer),
  }));

  function drawPlan() {
    for (const { path, ring } of shadows) {
      const place = truthToggle.checked ? placeAt(path, now) : null;
      ring.style.display = place ? "" : "none";
      if (place) { ring.setAttribute("cx", X(place[0])); ring.setAttribute("cy", Y(place[1])); }
    }
    for (const walker of walkers) {
      const place = placeAt(walker.path, now);
      walker.group.style.display = place ? "" : "none";
      if (!place) continue;
      const [x, y, i] = place;
      walker.dot.setAttribute("cx", X(x)); walker.dot.setAttribute("cy", Y(y));
      walker.label.setAttribute("x", Number(X(x)) + 16); walker.label.setAttribute("y", Number(Y(y)) + 6);
      const points = [];
      for (let k = i; k >= 0 && now - walker.path.t[k] < TRAIL_S; k--) {
        if (k < i && walker.path.t[k + 1] - walker.path.t[k] > LONGEST_GAP_S) break;
        points.unshift(X(walker.path.x[k]) + "," + Y(walker.path.y[k]));
      }
      points.push(X(x) + "," + Y(y));
      walker.trail.setAttribute("points", points.join(" "));
    }
    for (const { moment, ring } of flash) {
      const age = now - moment.t;
      ring.style.display = age >= 0 && age < FLASH_S ? "" : "none";
      if (age >= 0 && age < FLASH_S) { ring.setAttribute("r", 12 + 20 * age); ring.style.opacity = 1 - age / FLASH_S; }
    }
  }

  function drawFeed() {
    const i = indexBefore(data.moments.map((m) => m.t), now);
    const shown = data.moments.slice(Math.max(0, i - 5), i + 1).reverse();
    const key = shown.map((m) => m.t + m.text).join("|");
    if (feed.dataset.key === key) return;
    feed.dataset.key = key;
    feed.replaceChildren(...shown.map((m) => {
      const line = document.createElement("li");
      const time = document.createElement("span");
      time.className = "when"; time.textContent = format(m.t);
      const mark = document.createElement("span");
      mark.className = "mark " + m.kind;
      line.append(time, mark, document.createTextNode(m.text));
      return line;
    }));
    if (!shown.length) {
      const line = document.createElement("li");
      line.className = "quiet"; line.textContent = "Nothing yet: the store has just opened.";
      feed.replaceChildren(line);
    }
  }

  function drawStills() {
    for (const picture of stills) {
      const camera = data.cameras[Number(picture.dataset.camera)];
      if (!camera.stills.length) continue;
      const i = Math.max(0, indexBefore(camera.stills.map((s) => s.t), now));
      if (picture.dataset.shown !== String(i)) { picture.src = camera.stills[i].src; picture.dataset.shown = String(i); }
    }
  }

  function steerVideos(exact) {
    for (const video of videos) {
      if (!video.duration) continue;
      const wanted = Math.min(now, video.duration - 0.05);
      if (exact || Math.abs(video.currentTime - wanted) > DRIFT_S * Math.max(1, Number(speed.value))) {
        video.currentTime = wanted;
      }
      video.playbackRate = Number(speed.value);
      if (playing && now < video.duration && video.paused) video.play().catch(() => {});
      if (!playing && !video.paused) video.pause();
    }
  }

  function format(t) {
    const s = Math.max(0, t);
    return Math.floor(s / 60) + ":" + String(Math.floor(s % 60)).padStart(2, "0");
  }

  function draw() {
    slider.value = now;
    slider.style.setProperty("--done", (100 * now / data.seconds) + "%");
    clock.textContent = format(now) + " / " + format(data.seconds);
    root.dataset.now = now.toFixed(2);
    drawPlan(); drawFeed(); drawStills();
  }

  function tick(stamp) {
    if (!playing) return;
    now = Math.min(data.seconds, now + Number(speed.value) * Math.min(0.5, (stamp - last) / 1000));
    last = stamp;
    if (now >= data.seconds) setPlaying(false);
    steerVideos(false); draw();
    if (playing) requestAnimationFrame(tick);
  }

  function setPlaying(wanted) {
    if (wanted && now >= data.seconds) now = 0;
    playing = wanted;
    button.textContent = playing ? "Pause" : "Play";
    button.setAttribute("aria-pressed", String(playing));
    steerVideos(!playing);
    if (playing) { last = performance.now(); requestAnimationFrame(tick); }
  }

  function seek(t) { now = Math.max(0, Math.min(data.seconds, t)); steerVideos(true); draw(); }

  button.addEventListener("click", () => setPlaying(!playing));
  slider.addEventListener("input", () => seek(Number(slider.value)));
  truthToggle.addEventListener("change", draw);
  conesToggle.addEventListener("change", () => plan.classList.toggle("no-cones", !conesToggle.checked));
  for (const video of videos) video.addEventListener("loadedmetadata", () => steerVideos(true));
  root.querySelectorAll(".moment-tick").forEach((mark) =>
    mark.addEventListener("click", () => seek(Number(mark.dataset.t))));
  seek(data.start);
  root.dataset.ready = "yes";
})();
