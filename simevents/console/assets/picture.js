// The live picture: lanes of instances on the cloud's time axis, drawn with the ECharts of NiceGUI.
// All texts go to the canvas or into text nodes; nothing here is markup.
import { echarts } from "nicegui-echart";
import { Lanes } from "simevents-console/lanes.js";
import { DUE, END_SHAPES, MARK_SHAPES, drawn, patterns } from "simevents-console/shapes.js";
import { LATEST } from "simevents-console/time.js";

const LANE = 46;
// From the middle of a lane, in pixels.
const BARS = -19;
const CALLS = 5;
const DELIVERIES = 16;
const TOP = 20;
const BELOW = 66;
const MOST = { wide: 12, narrow: 8 };
const STILL = 1000;
const FAST = 250;

const clock = (seconds) => new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);

export default {
  props: { light: Object, dark: Object },
  emits: ["choose"],
  render() {
    const button = (text, label, act, off) =>
      Vue.h("button", { type: "button", "aria-label": label, disabled: off, onClick: act }, text);
    const last = Math.min(this.first + this.shown, this.total);
    return Vue.h("div", { class: "picture" }, [
      Vue.h("div", { class: "picture-tools", role: "group", "aria-label": "View of the picture" }, [
        button("+", "Zoom in", () => this.zoom(0.5)),
        button("−", "Zoom out", () => this.zoom(2)),
        button("‹", "Earlier", () => this.pan(-0.25)),
        button("›", "Later", () => this.pan(0.25)),
        button("Whole", "Show the whole time", () => this.whole()),
        Vue.h("span", { class: "gap" }),
        button("↑", "Lanes above", () => this.scroll(-1), this.first === 0),
        button("↓", "Lanes below", () => this.scroll(1), last >= this.total),
        Vue.h(
          "span",
          { class: "lane-count" },
          this.total ? `Lanes ${this.first + 1} to ${last} of ${this.total}` : "No lanes yet",
        ),
        Vue.h("label", { class: "fold" }, [
          Vue.h("input", {
            type: "checkbox",
            checked: this.isFolding,
            onChange: (e) => this.fold(e.target.checked),
          }),
          "Fold instances with the same story",
        ]),
      ]),
      Vue.h("div", {
        ref: "chart",
        class: "chart",
        role: "img",
        "aria-label":
          `Picture of ${this.total} lanes with ${this.barCount} events and ${this.markCount} ` +
          "marks in view. The list of events below has the same.",
        "data-bars": this.barCount,
        "data-marks": this.markCount,
      }),
      Vue.h("div", { ref: "now", class: "now-line", "aria-hidden": "true" }, [
        Vue.h("span", {}, "now"),
      ]),
    ]);
  },
  data() {
    return {
      first: 0, shown: 0, total: 0, barCount: 0, markCount: 0, isFolding: true,
    };
  },
  created() {
    // Not reactive: thousands of entries.
    this.lanes = new Lanes();
    this.bars = [];
    this.points = [];
    this.time = { epoch: Date.now() / 1000, rate: 0, at: performance.now() };
    this.isZoomed = false;
  },
  mounted() {
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.onScheme = () => this.restyle();
    this.scheme.addEventListener("change", this.onScheme);
    this.chart = echarts.init(this.$refs.chart, null, { renderer: "canvas" });
    this.chart.on("click", (p) => this.clicked(p));
    this.chart.on("datazoom", () => {
      const { start, end } = this.chart.getOption().dataZoom[0];
      this.isZoomed = end - start < 99.5;
      this.drawNow();
    });
    this.resizer = new ResizeObserver(() => this.resized());
    this.resizer.observe(this.$refs.chart);
    this.restyle();
    this.tick();
  },
  beforeUnmount() {
    clearTimeout(this.timer);
    this.resizer.disconnect();
    this.scheme.removeEventListener("change", this.onScheme);
    this.chart.dispose();
  },
  methods: {
    apply(news) {
      if (news.reset) {
        this.lanes.clear();
        this.first = 0;
      }
      if (news.clock) this.time = { ...news.clock, at: performance.now() };
      this.lanes.take(news);
      this.arrange();
    },
    filter(wanted) {
      this.lanes.wanted = wanted;
      this.first = 0;
      this.arrange();
    },
    fold(isFolding) {
      this.isFolding = isFolding;
      this.first = 0;
      this.arrange();
    },
    now() {
      const passed = ((performance.now() - this.time.at) / 1000) * this.time.rate;
      return Math.min(this.time.epoch + passed, LATEST);
    },
    // Which lanes are in view, and what is in them.
    arrange() {
      const rows = this.lanes.rows(this.isFolding);
      this.total = rows.length;
      const most = this.$refs.chart.offsetWidth < 600 ? MOST.narrow : MOST.wide;
      this.first = Math.max(0, Math.min(this.first, this.total - most));
      this.inView = rows.slice(this.first, this.first + most);
      this.shown = this.inView.length;
      this.draw();
    },
    scroll(direction) {
      this.first += direction * Math.max(this.shown - 1, 1);
      this.arrange();
    },
    range() {
      const now = this.now();
      let [from, to] = this.lanes.range(now);
      const pad = Math.max((to - from) * 0.04, 60);
      return [from - pad, to + pad];
    },
    draw() {
      const now = this.now();
      this.bars = [];
      this.points = [];
      this.isOpen = false;
      this.inView.forEach((lane, row) => {
        const place = (event) => this.bars.push({ event, row, ...this.lanes.place(event, lane) });
        lane.events.forEach(place);
        lane.marks.forEach(([at, kind, text, event]) =>
          this.points.push({ at, kind, text, event, row }),
        );
      });
      this.barCount = this.bars.length;
      this.markCount = this.points.length;
      this.limits = this.range();
      const height = TOP + BELOW + LANE * Math.max(this.shown, 1);
      this.$refs.chart.style.height = `${height}px`;
      this.chart.resize({ silent: true });
      this.chart.setOption(
        {
          yAxis: { data: this.inView.map((lane) => lane.id) },
          xAxis: { min: this.limits[0] * 1000, max: this.limits[1] * 1000 },
          series: [
            {
              id: "bars",
              data: this.bars.map(({ event, row }) => [
                event.at * 1000,
                this.lanes.end(event, now) * 1000,
                row,
              ]),
            },
            { id: "marks", data: this.points.map(({ at, row }) => [at * 1000, row]) },
          ],
        },
        { lazyUpdate: false },
      );
      this.isOpen = this.bars.some(({ event }) => !this.lanes.isFinal(event));
      this.drawNow();
    },
    restyle() {
      const colours = this.scheme.matches ? this.dark : this.light;
      this.colours = colours;
      this.fills = patterns(colours);
      const narrow = this.$refs.chart.offsetWidth < 600;
      const text = { color: colours.faint, fontSize: 11 };
      const line = { lineStyle: { color: colours.grid } };
      this.left = narrow ? 92 : 190;
      this.chart.setOption({
        useUTC: true,
        animation: false,
        grid: { left: this.left, right: 16, top: TOP, bottom: BELOW },
        tooltip: {
          renderMode: "richText",
          confine: true,
          backgroundColor: colours.paper,
          borderColor: colours.grid,
          textStyle: { color: colours.ink, fontSize: 12 },
          formatter: (p) => this.words(p),
        },
        xAxis: {
          type: "time",
          splitLine: { show: true, ...line },
          axisLine: line,
          axisTick: line,
          axisLabel: { ...text, hideOverlap: true },
          splitNumber: narrow ? 3 : 7,
        },
        yAxis: {
          type: "category",
          inverse: true,
          axisLine: { show: false },
          axisTick: { show: false },
          splitLine: { show: true, interval: 0, ...line },
          axisLabel: {
            interval: 0,
            width: this.left - 12,
            overflow: "truncate",
            color: colours.ink,
            fontFamily: "ui-monospace, Menlo, DejaVu Sans Mono, monospace",
            fontSize: 11,
            formatter: (id) => this.label(id),
          },
          triggerEvent: true,
        },
        dataZoom: [
          { type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false },
          {
            type: "slider",
            filterMode: "none",
            height: 18,
            bottom: 8,
            showDataShadow: false,
            showDetail: false,
            brushSelect: false,
            borderColor: colours.grid,
            backgroundColor: colours.band,
            fillerColor: `${colours.sky}33`,
            handleStyle: { color: colours.paper, borderColor: colours.faint },
            moveHandleStyle: { color: colours.grid },
          },
        ],
        series: [
          {
            id: "bars",
            type: "custom",
            clip: true,
            encode: { x: [0, 1], y: 2 },
            renderItem: (params, api) => this.bar(params, api),
            data: [],
          },
          {
            id: "marks",
            type: "custom",
            clip: true,
            encode: { x: 0, y: 1 },
            renderItem: (params, api) => this.mark(params, api),
            data: [],
            z: 5,
          },
        ],
      });
      this.arrange();
    },
    label(id) {
      const lane = this.lanes.lane(id);
      const name = id || "(no instance)";
      const words = this.left < 150 && name.length > 13 ? `…${name.slice(-9)}` : name;
      return lane && lane.alike ? `${words} +${lane.alike}` : words;
    },
    bar(params, api) {
      const item = this.bars[params.dataIndex];
      if (!item) return undefined;
      const { event, row, slot, slots } = item;
      const x = (seconds) => api.coord([seconds * 1000, row])[0];
      const middle = api.coord([0, row])[1];
      const height = slots > 1 ? 18 / slots : 12;
      const top = middle + BARS + (slots > 1 ? slot * height : 4);
      const now = this.now();
      const children = [];
      const rect = (from, to, style) =>
        children.push({
          type: "rect",
          shape: { x: from, y: top, width: Math.max(to - from, 3), height: height - (slots > 1 ? 1 : 0) },
          style,
        });
      const isFinal = this.lanes.isFinal(event);
      event.steps.forEach(([at, status], i) => {
        const next = event.steps[i + 1];
        if (isFinal && !next) return;
        const to = next ? next[0] : Math.max(now, at);
        rect(x(at), x(to), { fill: this.fills[status] || this.colours.grid, stroke: this.colours.faint });
      });
      const end = this.lanes.end(event, now);
      const last = event.steps[event.steps.length - 1][0];
      if (!isFinal && end > now)
        rect(x(Math.max(now, last)), x(end), {
          fill: `${this.colours.sky}2e`,
          stroke: this.colours.faint,
          lineDash: [3, 3],
        });
      if (event.due > event.at)
        children.push(drawn(DUE, x(event.due), top, this.colours));
      if (isFinal) {
        const shape = END_SHAPES[event.steps[event.steps.length - 1][1]];
        if (shape) children.push(drawn(shape, x(last), top + height / 2, this.colours, slots > 1 ? 0.75 : 1));
      }
      return { type: "group", children };
    },
    mark(params, api) {
      const item = this.points[params.dataIndex];
      if (!item) return undefined;
      const [x, y] = api.coord([item.at * 1000, item.row]);
      const below = item.kind.startsWith("delivery") ? DELIVERIES : CALLS;
      return drawn(MARK_SHAPES[item.kind] || MARK_SHAPES["call-read"], x, y + below, this.colours, 0.85);
    },
    // In plain text: the tooltip is drawn on the canvas. Braces would choose a style.
    words(p) {
      const plain = (text) => String(text).replace(/[{}|]/g, " ").slice(0, 160);
      if (p.seriesId === "marks") {
        const point = this.points[p.dataIndex];
        return point ? `${clock(point.at)}\n${this.wrapped(plain(point.text))}` : "";
      }
      const item = this.bars[p.dataIndex];
      if (!item) return "";
      const { event } = item;
      const steps = event.steps.map(([at, status]) => `${clock(at)}  ${plain(status)}`);
      const reason = event.reason ? [this.wrapped(plain(event.reason))] : [];
      return [
        `${plain(event.type)} on ${plain(event.lane)}`,
        plain(event.id),
        `due ${clock(event.due)}`,
        ...steps,
        ...reason,
      ].join("\n");
    },
    wrapped: (text) => text.match(/.{1,60}/gs)?.join("\n") ?? "",
    clicked(p) {
      if (p.componentType === "yAxis") this.$emit("choose", { instance: p.value });
      else if (p.seriesId === "marks") {
        const event = this.points[p.dataIndex]?.event;
        if (event) this.$emit("choose", { event });
      } else if (p.seriesId === "bars") {
        const item = this.bars[p.dataIndex];
        if (item) this.$emit("choose", { event: item.event.id });
      }
    },
    view() {
      const { start, end } = this.chart.getOption().dataZoom[0];
      return [start, end];
    },
    look(start, end) {
      const width = Math.min(Math.max(end - start, 0.05), 100);
      const from = Math.min(Math.max(start, 0), 100 - width);
      this.chart.dispatchAction({ type: "dataZoom", start: from, end: from + width });
    },
    zoom(factor) {
      const [start, end] = this.view();
      const middle = (start + end) / 2;
      const half = ((end - start) * factor) / 2;
      this.look(middle - half, middle + half);
    },
    pan(part) {
      const [start, end] = this.view();
      this.look(start + (end - start) * part, end + (end - start) * part);
    },
    whole() {
      this.look(0, 100);
    },
    resized() {
      const width = this.$refs.chart.offsetWidth;
      if (width === this.width) return;
      this.width = width;
      this.restyle();
    },
    tick() {
      const pace = this.time.rate > 1 ? FAST : STILL;
      this.timer = setTimeout(() => this.tick(), pace);
      if (document.hidden || this.time.rate === 0 || !this.limits) return;
      // A redraw is needed only where a bar ends at now, or now has left the picture.
      this.ticks = (this.ticks || 0) + 1;
      if (this.now() > this.limits[1] || (this.isOpen && this.ticks % 5 === 0)) this.draw();
      else this.drawNow();
    },
    drawNow() {
      const line = this.$refs.now;
      const box = this.$refs.chart;
      const x = this.chart.convertToPixel({ xAxisIndex: 0 }, this.now() * 1000);
      const isIn = Number.isFinite(x) && x >= this.left && x <= box.offsetWidth - 16;
      line.style.display = isIn ? "block" : "none";
      line.style.transform = `translateX(${Math.round(x * 2) / 2}px)`;
      line.style.top = `${box.offsetTop + TOP}px`;
      line.style.height = `${box.offsetHeight - TOP - BELOW}px`;
    },
  },
};
