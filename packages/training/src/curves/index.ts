export { escapeXml, type LineChart, lineChart, type Series } from "./line-chart.ts";
export { linearTicks, logTicks } from "./ticks.ts";
