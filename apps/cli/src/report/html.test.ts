import { expect, test } from "vitest";
import { escapeHtml, renderReport } from "./html.ts";
import type { Report } from "./report.ts";

const HOSTILE = `<script>alert("x")</script> & 'y'`;
const ESCAPED = "&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62; &#38; &#39;y&#39;";

const image = {
  bytes: new Uint8Array([1, 2, 250]),
  type: "image/png",
  width: 256,
  height: 128,
  alt: "a cat",
  caption: "the image",
} as const;

const empty: Report = { title: "T", device: "D", intro: [], sections: [] };

test("escapes what could end text or an attribute", () => {
  expect(escapeHtml(HOSTILE)).toBe(ESCAPED);
  expect(escapeHtml("π ≤ 4, 猫")).toBe("π ≤ 4, 猫");
});

test("escapes text in every place that takes it", () => {
  const page = renderReport({
    title: HOSTILE,
    device: HOSTILE,
    intro: [HOSTILE],
    sections: [
      {
        title: HOSTILE,
        paragraphs: [HOSTILE],
        rows: [{ title: HOSTILE, images: [{ ...image, alt: HOSTILE, caption: HOSTILE }] }],
        tables: [{ caption: HOSTILE, columns: [HOSTILE], rows: [[HOSTILE]] }],
        notes: [HOSTILE],
      },
    ],
    footer: [HOSTILE],
  });
  expect(page).not.toContain("<script");
  expect(page).not.toContain("'y'");
  // Title twice, device, intro, section, paragraph, row, alt, caption, table x 3, note, footer.
  expect(page.split(ESCAPED)).toHaveLength(15);
});

test("embeds images with their size and what they show", () => {
  const sections = [{ title: "S", rows: [{ images: [image] }] }];
  expect(renderReport({ ...empty, sections })).toContain(
    `<div class="row">
<figure>
<img src="data:image/png;base64,AQL6" width="256" height="128" alt="a cat">
<figcaption>the image</figcaption>
</figure>
</div>`,
  );
});

test("loads nothing and runs nothing", () => {
  const page = renderReport({ ...empty, sections: [{ title: "S", rows: [{ images: [image] }] }] });
  expect(page).toContain("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
  expect(page).not.toMatch(/<(script|link|iframe|object)|url\(|@import|https?:/);
});

test("aligns columns of numbers to the right, and leaves out what is empty", () => {
  const tables = [
    {
      columns: ["name", "ms"],
      rows: [
        ["conv", 1.5],
        ["pool", 20],
      ],
    },
  ];
  const page = renderReport({ ...empty, sections: [{ title: "S", tables }] });
  expect(page).toContain(`<th scope="col">name</th><th scope="col" class="number">ms</th>`);
  expect(page).toContain(`<tr><td>conv</td><td class="number">1.5</td></tr>`);
  expect(page).not.toMatch(/<caption>|<ul|<h3>|<footer>/);
});

test("refuses a row that does not fit its table", () => {
  const tables = [{ columns: ["a", "b"], rows: [[1]] }];
  expect(() => renderReport({ ...empty, sections: [{ title: "S", tables }] })).toThrow(
    `renderReport: a row of 1 cells in a table of 2 columns
  columns  a | b
  row      1
Give every row one cell per column.`,
  );
});

test("a chart is part of the page, its names escaped", () => {
  const page = renderReport({
    title: "t",
    device: "d",
    intro: [],
    sections: [
      {
        title: "s",
        charts: [
          { title: "a <b>", x: "epoch", y: "loss", series: [{ name: "n", points: [[1, 2]] }] },
        ],
      },
    ],
  });
  expect(page).toContain("<svg ");
  expect(page).toContain("<title>a &lt;b&gt;</title>");
});

test("a drawing stands as it is, its caption escaped", () => {
  const drawings = [{ svg: "<svg><title>t</title></svg>", caption: HOSTILE }];
  const page = renderReport({ ...empty, sections: [{ title: "S", drawings }] });
  expect(page).toContain(`<div class="scroll"><svg><title>t</title></svg></div>
<figcaption>${ESCAPED}</figcaption>`);
});
