// A table whose rows are patched; all texts are text nodes.
export default {
  props: { caption: String, columns: Array, empty: String },
  emits: ["act"],
  data: () => ({ order: [] }),
  created() {
    this.rows = new Map();
  },
  methods: {
    patch(order, changed) {
      for (const row of changed) this.rows.set(row.key, row);
      const kept = new Set(order);
      for (const key of this.rows.keys()) if (!kept.has(key)) this.rows.delete(key);
      this.order = order;
      this.$forceUpdate();
    },
    cell(row, cell, position) {
      const parts = Array.isArray(cell) ? cell : [cell];
      const content = parts.map((part) =>
        typeof part === "string"
          ? part
          : part.action
            ? Vue.h(
                "button",
                {
                  type: "button",
                  class: part.link ? "link" : undefined,
                  "aria-label": part.label,
                  onClick: () => this.$emit("act", { key: row.key, action: part.action }),
                },
                part.text,
              )
            : Vue.h("span", { class: `tone ${part.tone}` }, part.text),
      );
      return position === 0
        ? Vue.h("th", { scope: "row", "data-label": this.columns[position] }, content)
        : Vue.h("td", { "data-label": this.columns[position] }, content);
    },
  },
  render() {
    const head = this.columns.map((text) => Vue.h("th", { scope: "col" }, text));
    const body = this.order.map((key) => {
      const row = this.rows.get(key);
      return Vue.h("tr", { key, class: row.tone }, row.cells.map((c, i) => this.cell(row, c, i)));
    });
    if (!body.length)
      body.push(Vue.h("tr", { key: "" }, [Vue.h("td", { colspan: head.length, class: "empty" }, this.empty)]));
    return Vue.h("div", { class: "rows", tabindex: 0, role: "region", "aria-label": this.caption }, [
      Vue.h("table", {}, [
        Vue.h("caption", { class: "unseen" }, this.caption),
        Vue.h("thead", {}, [Vue.h("tr", {}, head)]),
        Vue.h("tbody", {}, body),
      ]),
    ]);
  },
};
