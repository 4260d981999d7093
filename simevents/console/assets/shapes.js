// The shapes of the picture: the same as in the reports of simevents.picture.

const CHECK = "M-2.6 .2L-.8 2.2L2.8-2.2";
const CROSS = "M-2.2-2.2L2.2 2.2M2.2-2.2L-2.2 2.2";
const box = (r) => `M${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}Z`;
const disc = (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;

// Each part: path, name of the colour of the fill, of the stroke, width of the stroke, dashes.
const on = (path) => [path, null, "paper", 1.6];

export const DUE = [["M-4-5h8l-4 5Z", "ink", null], ["M0-3V15", null, "ink", 1.5]];

export const END_SHAPES = {
  Executed: [[disc(6.5), "ink", null], on(CHECK)],
  Avoided: [["M0-7.4L7.4 0L0 7.4L-7.4 0Z", "green", null]],
  Canceled: [[disc(5.6), "paper", "grey", 1.8], ["M-3.6 3.6L3.6-3.6", null, "grey", 1.8]],
  Failed: [["M0-7.2L7.4 5.8H-7.4Z", "vermilion", null], on("M0-2.6V1.2M0 3.4V3.5")],
};

export const MARK_SHAPES = {
  "call-read": [[disc(3.6), "paper", "ink", 1.8]],
  "call-change": [["M0-6L5.6 4.4H-5.6Z", "blue", null]],
  "call-failed": [[disc(5.8), "vermilion", null], on(CROSS)],
  "call-unexpected": [
    ["M-3.2-5.8H3.2L6.4 0L3.2 5.8H-3.2L-6.4 0Z", "purple", null],
    on("M-1.9-1.4A1.9 1.9 0 1 1 0 .6V1.2M0 3.4V3.5"),
  ],
  "delivery-acknowledged": [[box(5.5), "green", null], on(CHECK)],
  "delivery-sent": [[box(4.6), "paper", "green", 1.8]],
  "delivery-waiting": [[box(4.6), "paper", "grey", 1.5, [2, 1.5]]],
  "delivery-failed": [[box(5.5), "vermilion", null], on(CROSS)],
};

export function drawn(shape, x, y, colours, scale = 1) {
  return {
    type: "group",
    x,
    y,
    scaleX: scale,
    scaleY: scale,
    children: shape.map(([pathData, fill, stroke, lineWidth = 1, lineDash = null]) => ({
      type: "path",
      shape: { pathData },
      style: {
        fill: fill ? colours[fill] : "none",
        stroke: stroke ? colours[stroke] : "none",
        lineWidth,
        lineDash,
      },
    })),
  };
}

// How a bar is filled, by status: colours, and besides them hatching and dots.
export function patterns(colours) {
  return {
    Scheduled: colours.sky,
    Executing: pattern(7, colours.orange, (pen) => {
      pen.strokeStyle = `${colours.ink}aa`;
      pen.lineWidth = 1.2;
      pen.beginPath();
      pen.moveTo(0, 7);
      pen.lineTo(7, 0);
      pen.stroke();
    }),
    Inquiring: pattern(5, colours.grid, (pen) => {
      pen.fillStyle = colours.faint;
      pen.beginPath();
      pen.arc(2.5, 2.5, 1, 0, 7);
      pen.fill();
    }),
  };
}

function pattern(size, back, draw) {
  const image = document.createElement("canvas");
  image.width = image.height = size;
  const pen = image.getContext("2d");
  pen.fillStyle = back;
  pen.fillRect(0, 0, size, size);
  draw(pen);
  return { image, repeat: "repeat" };
}
