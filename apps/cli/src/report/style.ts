/** The page's only style sheet. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fdfdfc; --text: #1d1d1f; --quiet: #5c5f66; --line: #dcdde0; --panel: #f3f4f5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b; --text: #e8e8ea; --quiet: #a3a7ae; --line: #34373c; --panel: #1f2226;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: clamp(1rem, 4vw, 3rem); max-width: 84rem;
  background: var(--page); color: var(--text);
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1, h2, h3 { line-height: 1.25; text-wrap: balance; }
h1 { margin: 0; font-size: clamp(1.6rem, 4vw, 2.4rem); }
h2 { margin: 3rem 0 0.5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { margin: 2rem 0 0.5rem; font-size: 1.1rem; }
p, .notes { max-width: 44rem; }
.device { color: var(--quiet); font-size: 0.95rem; overflow-wrap: anywhere; }
.row {
  display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr));
}
@media (max-width: 40rem) {
  .row { gap: 0.5rem; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
}
figure { margin: 0; padding: 0.5rem; border-radius: 0.5rem; background: var(--panel); }
img { display: block; width: 100%; height: auto; border-radius: 0.25rem; }
figcaption { padding: 0.5rem 0.25rem 0.25rem; color: var(--quiet); font-size: 0.9rem; line-height: 1.4; }
.drawing { margin: 1rem 0; }
.drawing .scroll { margin: 0; }
.drawing svg { display: block; min-width: 48rem; width: 100%; height: auto; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 0.95rem; }
caption { padding-bottom: 0.5rem; text-align: left; color: var(--quiet); }
th, td { padding: 0.35rem 1rem 0.35rem 0; border-bottom: 1px solid var(--line); text-align: left; }
th { font-weight: 600; }
.number { padding-left: 1rem; text-align: right; font-variant-numeric: tabular-nums; }
.notes, footer { color: var(--quiet); font-size: 0.95rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; } figure, tr { break-inside: avoid; } }
`;
