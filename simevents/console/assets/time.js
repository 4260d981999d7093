// The cloud's time. It runs in the page: nothing is sent while it does.

// At the end of the year 9999 the clock of a fake stops.
export const LATEST = 253402300799;

export default {
  data: () => ({ text: "", pace: "" }),
  methods: {
    turn(epoch, rate) {
      this.epoch = epoch;
      this.rate = rate;
      this.at = performance.now();
      this.pace = rate === 0 ? "frozen" : rate === 1 ? "running" : `running ×${rate}`;
      clearTimeout(this.timer);
      this.tick();
    },
    tick() {
      const passed = ((performance.now() - this.at) / 1000) * this.rate;
      const now = Math.min(this.epoch + passed, LATEST);
      this.text = new Date(now * 1000).toISOString().replace("T", " ").slice(0, 19);
      if (this.rate) this.timer = setTimeout(() => this.tick(), this.rate > 1 ? 250 : 1000);
    },
  },
  beforeUnmount() {
    clearTimeout(this.timer);
  },
  render() {
    return Vue.h("div", { class: "time", role: "timer", "aria-label": "Time in the cloud" }, [
      Vue.h("time", {}, this.text),
      Vue.h("span", { class: "pace" }, this.text ? `UTC, ${this.pace}` : ""),
    ]);
  },
};
